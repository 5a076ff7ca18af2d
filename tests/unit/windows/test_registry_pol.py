# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry policy files."""

from __future__ import annotations

import base64
import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.registry_pol import (
    MalformedPolicyError,
    PolicyInstruction,
    parse,
)
from ansible_collections.configmgr.hardening.tests.unit.windows.policy_files import TYPES, Entry, dword, entry, policy_file, text

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
KEYS = WORDS.filter(lambda key: not key.endswith("\\"))
RAW = st.tuples(KEYS, WORDS, st.integers(0, 2**32 - 1), st.binary(max_size=24))


@st.composite
def written(draw: st.DrawFn) -> tuple[Entry, PolicyInstruction]:
    """An entry as it is encoded, and as it has to be read."""
    key, name, kind = draw(KEYS), draw(WORDS), draw(st.sampled_from(sorted(TYPES)))
    encoded: bytes
    value: Any
    if kind in ("dword", "qword"):
        length = 4 if kind == "dword" else 8
        value = draw(st.integers(0, 2 ** (8 * length) - 1))
        encoded = value.to_bytes(length, "little")
    elif kind in ("binary", "none"):
        encoded = draw(st.binary(max_size=12))
        value = base64.b64encode(encoded).decode("ascii")
    elif kind == "multi_sz":
        value = draw(st.lists(WORDS.filter(bool), max_size=3))
        encoded = b"".join(map(text, value)) + text("")
    else:
        value = draw(WORDS)
        encoded = text(value)
    return (key, name, TYPES[kind], encoded), PolicyInstruction(key, name, kind, value)


@given(st.lists(written(), max_size=5))
def test_what_was_written_is_read(pairs: list[tuple[Entry, PolicyInstruction]]) -> None:
    assert parse(policy_file(each for each, _read in pairs)) == tuple(read for _entry, read in pairs)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_policy_file_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedPolicyError):
        parse(data.removeprefix(b"PReg"))


@given(st.lists(RAW, max_size=3), st.data())
def test_a_damaged_file_is_read_or_malformed(entries: list[Entry], data: st.DataObject) -> None:
    whole = policy_file(entries)
    start, end = sorted((data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole)))))
    damaged = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    # Any other exception fails.
    with contextlib.suppress(MalformedPolicyError):
        assert all(isinstance(instruction, PolicyInstruction) for instruction in parse(damaged))


@given(st.lists(RAW, min_size=1, max_size=3), st.data())
def test_a_file_that_is_cut_off_within_an_entry_is_malformed(entries: list[Entry], data: st.DataObject) -> None:
    whole = policy_file(entries)
    last = len(entry(*entries[-1]))
    with pytest.raises(MalformedPolicyError):
        parse(whole[: len(whole) - data.draw(st.integers(1, last - 1))])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file does not begin with the signature and version 1 of a registry policy file"),
        (b"PReg\x02\0\0\0", "the file does not begin with the signature and version 1 of a registry policy file"),
        (b"PReg\x01\0\0\0x\0", "there is no '[' at byte 8"),
        (b"PReg\x01\0\0\0[\0a\0", "the text at byte 10 has no end"),
        (b"PReg\x01\0\0\0[\0a\0\0\0;\0\0\xd8\0\0", "the text at byte 16 is no UTF-16"),
        (policy_file([("a", "b", 4, dword(1))])[:24], "the number at byte 22 is cut off"),
        (policy_file([("a", "b", 4, dword(1))])[:-4], "the data at byte 34 is cut off"),
        (policy_file([("a", "b", 4, dword(1))])[:-2], "there is no ']' at byte 38"),
        (policy_file([("a", "b", 4, b"")])[:-6] + dword(2**32 - 1), "there is no ';' at byte 32"),
    ],
)
def test_what_is_wrong_says_where(data: bytes, sentence: str) -> None:
    with pytest.raises(MalformedPolicyError) as caught:
        parse(data)
    assert str(caught.value) == sentence


def test_a_size_beyond_the_file_takes_no_memory() -> None:
    data = policy_file([("a", "b", 3, b"")])
    huge = data[:-8] + dword(2**32 - 1) + data[-4:]
    with pytest.raises(MalformedPolicyError, match="is cut off"):
        parse(huge)


@pytest.mark.parametrize(
    ("name", "removed", "name_written"),
    [
        ("Value", None, "Value"),
        ("**del.Value", "Value", "**del.Value"),
        ("**DEL.Value", "Value", "**DEL.Value"),
        ("**delvals.", "", "**delvals."),
        ("**DeleteValues", "", "**DeleteValues"),
        ("**DeleteKeys", "", "**DeleteKeys"),
        ("**soft.Value", None, "Value"),
        ("**SecureKey", None, "**SecureKey"),
        ("*Value", None, "*Value"),
    ],
)
def test_marks_in_names(name: str, removed: str | None, name_written: str) -> None:
    (instruction,) = parse(policy_file([("Software\\Vendor\\", name, 1, text("x"))]))

    assert instruction.key == "Software\\Vendor"
    assert instruction.deletes == removed
    assert instruction.written_name == name_written
