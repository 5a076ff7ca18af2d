# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Folders of a state migration point as the site writes them: nothing of the text is lost, and units are never mixed up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import (
    UNITS,
    Limits,
    MalformedFolderError,
    Space,
    new,
    parse,
    place,
    within,
)

SAMPLE = r"Directory=D:\UserState;MaxClients=100;MinDiskSpace=10;MinDiskSpaceUnit=2;"

names = st.text(st.characters(codec="utf-8", exclude_characters=";="), min_size=1, max_size=8).filter(
    lambda text: bool(text.strip()) and text.strip().casefold() not in {"directory", "maxclients", "mindiskspace", "mindiskspaceunit"}
)
values = st.text(st.characters(codec="utf-8", exclude_characters=";"), max_size=12)
paths = st.text("abcXYZ 0123_-.()", min_size=1, max_size=12).filter(lambda text: bool(text.strip())).map("D:\\{}".format)
limits = st.builds(Limits, st.integers(1, 2**31 - 1), st.builds(Space, st.integers(1, 2**31 - 1), st.sampled_from(sorted(UNITS.values()))))


def test_a_text_is_read() -> None:
    folder = parse(SAMPLE)

    assert folder.path == "D:\\UserState"
    assert folder.clients == 100
    assert folder.space == Space(10, "GB")
    assert str(folder) == SAMPLE


@pytest.mark.parametrize(("unit", "number"), [("MB", 1), ("GB", 2), ("percent", 3)])
def test_each_unit_has_its_number(unit: str, number: int) -> None:
    text = str(new("D:\\X", Limits(5, Space(7, unit))))

    assert text == f"Directory=D:\\X;MaxClients=5;MinDiskSpace=7;MinDiskSpaceUnit={number};"
    assert parse(text).space == Space(7, unit)


@given(st.lists(st.tuples(names, values), max_size=4), st.lists(st.tuples(names, values), max_size=4), st.booleans(), paths)
def test_what_is_not_known_comes_out_as_it_went_in(
    before: list[tuple[str, str]],
    after: list[tuple[str, str]],
    closed: bool,
    path: str,
) -> None:
    fields = [*before, ("Directory", path), ("MaxClients", "3"), ("MinDiskSpace", "4"), ("MinDiskSpaceUnit", "3"), *after]
    text = ";".join(f"{name}={value}" for name, value in fields) + (";" if closed else "")

    assert str(parse(text)) == text


@given(limits, limits, st.sampled_from(["", "Foreign=a b;"]), st.booleans())
def test_other_limits_leave_everything_else_alone(old: Limits, wanted: Limits, foreign: str, closed: bool) -> None:
    text = foreign + str(new("D:\\X", old))
    folder = parse(text if closed else text.rstrip(";"))
    limited = folder.limited(wanted)

    assert limited.clients == wanted.clients
    assert limited.space is not None
    assert limited.space.same_as(wanted.space)
    assert limited.path == folder.path
    assert limited.closed is closed
    assert [name for name, _value in limited.fields] == [name for name, _value in folder.fields]
    assert limited.limited(wanted) == limited
    assert parse(str(limited)) == limited


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_share_of_the_volume_is_no_amount(value: int, other: int) -> None:
    for unit in ("MB", "GB"):
        assert not Space(value, "percent").same_as(Space(other, unit))
        assert not Space(other, unit).same_as(Space(value, "percent"))
    assert Space(value, "GB").same_as(Space(other, "MB")) is (value * 1024 == other)


def test_amounts_in_bytes() -> None:
    assert Space(1, "MB").bytes_of(0) == 1024**2
    assert Space(1, "GB").bytes_of(0) == 1024**3
    assert Space(25, "percent").bytes_of(1000) == 250


def test_fields_are_found_in_any_case_and_keep_theirs() -> None:
    folder = parse(r"DIRECTORY=D:\X;maxclients=1;MINDISKSPACE=2;mindiskspaceunit=1").limited(Limits(9, Space(8, "GB")))

    assert str(folder) == r"DIRECTORY=D:\X;maxclients=9;MINDISKSPACE=8;mindiskspaceunit=2"


def test_a_limit_that_is_missing_is_added() -> None:
    folder = parse(r"Directory=D:\X;")

    assert (folder.clients, folder.space) == (None, None)
    assert str(folder.limited(Limits(9, Space(8, "percent")))) == r"Directory=D:\X;MaxClients=9;MinDiskSpace=8;MinDiskSpaceUnit=3;"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no field"),
        ("Directory", "no field"),
        (r"Directory=D:\a;b;MaxClients=1", "no field"),
        ("MaxClients=1;", "names no folder"),
        ("Directory= ;MaxClients=1;", "names no folder"),
        (r"Directory=D:\X;directory=D:\Y;", "more than once"),
        (r"Directory=D:\X;MaxClients=many;", "no number"),
        (r"Directory=D:\X;MaxClients=-1;", "no number"),
        (r"Directory=D:\X;MinDiskSpace=1;MinDiskSpaceUnit=4;", "no documentation"),
        (r"Directory=D:\X;MinDiskSpace=1;", "no unit"),
    ],
)
def test_what_cannot_be_understood_is_refused_whole(text: str, why: str) -> None:
    with pytest.raises(MalformedFolderError, match=why):
        parse(text)


def test_paths_differ_neither_by_case_nor_by_a_backslash_at_the_end() -> None:
    assert place("D:\\UserState\\") == place("d:\\userstate")
    assert within("D:\\a\\b", "d:\\A\\")
    assert within("D:\\a", "D:\\")
    assert not within("D:\\ab", "D:\\a")
    assert not within("D:\\a", "D:\\a\\b")
