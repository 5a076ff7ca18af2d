# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Results as they are stored and read again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import (
    SCHEMA,
    UnreadableResultError,
    file_of,
    load,
    load_all,
    newest,
    store,
)
from ansible_collections.configmgr.hardening.tests.unit.reports.samples import NASTY, NOW, change, finding, result


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    stored = result(
        finding(Status.INDETERMINATE, code=Code.READ_FAILED, caveats=("é",)),
        changes=(change(),),
        readings={"x": [1]},
        host={"name": "CL01"},
        snapshot="run-1-2026",
    )
    path = store(tmp_path, stored)

    assert path == tmp_path / "run-1" / "CL01.json"
    assert load(path) == stored
    assert [entry.name for entry in path.parent.iterdir()] == ["CL01.json"]


def test_times_are_stored_in_utc(tmp_path: Path) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=2)))
    path = store(tmp_path, result(time=there))

    assert json.loads(path.read_text(encoding="utf-8"))["time"] == "2026-06-01T12:00:00+00:00"
    assert load(path).time == there


def test_areas_of_one_run_are_put_together(tmp_path: Path) -> None:
    first = result(finding(area="one"), areas=["one"], changes=(change("one"),), host={"name": "old"}, readings={"a": 1}, snapshot="first")
    again = result(
        finding(Status.COMPLIANT, area="one"), finding(area="two"), areas=["one", "two"], changes=(change("two"),), readings={"b": 2}
    )
    store(tmp_path, first)
    store(tmp_path, result(finding(area="three"), areas=["three"], changes=(change("three"),)))
    both = load(store(tmp_path, again))

    assert both.areas == ("three", "one", "two")
    assert [(found.area, found.status) for found in both.findings] == [
        ("three", Status.DRIFT),
        ("one", Status.COMPLIANT),
        ("two", Status.DRIFT),
    ]
    assert [each["area"] for each in both.changes] == ["one", "three", "two"]
    assert (both.readings, both.host, both.snapshot) == ({"a": 1, "b": 2}, {"name": "old"}, "first")


def test_another_run_or_host_has_a_file_of_its_own(tmp_path: Path) -> None:
    paths = {store(tmp_path, each) for each in (result(), result(subject="CL02"), result(run_id="run-2"))}

    assert len(paths) == 3


HARMLESS = st.text(st.sampled_from("abcABC019._-"), min_size=1, max_size=8).filter(lambda text: not text.startswith("."))


@given(st.text(max_size=20) | st.sampled_from(["..", ".", "", "/etc/passwd", "../../x", "a/b", "a\\b", "C:\\x", "CON:", ".hidden", *NASTY]))
def test_no_name_leaves_the_folder(name: str) -> None:
    folder = Path("/results")
    for path in (file_of(folder, name, "CL01"), file_of(folder, "run", name)):
        assert path.parent.parent == folder
        assert path.suffix == ".json"
        assert ".." not in path.parts
        assert not any(part.startswith(".") for part in path.parts)
        assert all(part.isascii() and part.isprintable() and not set(part) & set('/\\:*?"<>|') for part in path.parts[2:])


@given(st.lists(st.text(max_size=6), unique=True, min_size=2, max_size=6))
def test_no_two_names_share_a_file(names: list[str]) -> None:
    assert len({file_of(Path("r"), "run", name) for name in names}) == len(names)


@given(HARMLESS)
def test_plain_names_stay_as_they_are(name: str) -> None:
    assert file_of(Path("r"), name, name) == Path("r") / name / f"{name}.json"


def unreadable(path: Path) -> str:
    with pytest.raises(UnreadableResultError) as caught:
        load(path)
    return str(caught.value)


def test_a_newer_schema_is_said(tmp_path: Path) -> None:
    path = store(tmp_path, result())
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "schema": SCHEMA + 1}), encoding="utf-8")

    assert unreadable(path) == f"{path} has schema {SCHEMA + 1}, and this version reads schema {SCHEMA}."


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", '"x"', "{}", '{"schema": 1}', "[" * 100_000])
def test_what_is_no_result(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")

    assert unreadable(path).startswith(f"{path} is no result of this collection (")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xff\xfe")

    assert unreadable(path).startswith(f"{path} is no result of this collection (UnicodeDecodeError")
    assert unreadable(tmp_path / "none.json").startswith(f"{tmp_path}/none.json is no result of this collection (FileNotFoundError")


@pytest.mark.parametrize(
    "broken",
    [
        {"time": "yesterday"},
        {"time": "2026-06-01T12:00:00"},
        {"time": 5},
        {"areas": None},
        {"findings": [{}]},
        {"findings": [5]},
        {"findings": None},
        {"changes": 5},
        {"changes": [5]},
        {"changes": [{"area": "area", "setting": "x", "before": "1", "after": "2"}]},
        {"times": {"area": "2026-06-01T12:00:00"}},
        {"times": 5},
        {"subject": 5},
        {"run_id": None},
    ],
)
def test_a_result_with_something_else_in_a_field(tmp_path: Path, broken: dict[str, Any]) -> None:
    path = store(tmp_path, result(finding()))
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | broken), encoding="utf-8")

    assert unreadable(path).startswith(f"{path} is no result of this collection (")


def test_a_result_that_cannot_be_read_is_not_overwritten(tmp_path: Path) -> None:
    path = store(tmp_path, result())
    path.write_text("{", encoding="utf-8")
    with pytest.raises(UnreadableResultError):
        store(tmp_path, result())

    assert path.read_text(encoding="utf-8") == "{"


def test_all_results_of_some_folders(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    store(one, result())
    store(one, result(subject="CL02", run_id="run-2"))
    store(two, result(subject="CL03"))
    (one / "run-1" / "broken.json").write_text("{", encoding="utf-8")
    (one / "note.json").write_text("{", encoding="utf-8")
    (one / "run-1" / "note.txt").write_text("{", encoding="utf-8")
    found, troubles = load_all([one, two, tmp_path / "none"])

    assert [each.subject for each in found] == ["CL01", "CL02", "CL03"]
    assert len(troubles) == 1 and "broken.json is no result" in troubles[0]
    assert [each.subject for each in load_all([one, two], "run-1")[0]] == ["CL01", "CL03"]


def test_the_newest_of_each_area_counts_for_each_host() -> None:
    def at(day: int, *areas: str, subject: str = "CL01") -> Any:
        found = [finding(area=area, actual=f"day {day}", subject=subject) for area in areas]
        return result(*found, subject=subject, areas=areas, time=datetime(2026, 5, day, tzinfo=timezone.utc), run_id=f"run-{day}")

    latest = newest([at(3, "two"), at(1, "one", "two"), at(2, "one", subject="CL00"), at(2, "three")])

    assert list(latest) == ["CL00", "CL01"]
    assert {found.area: found.actual for found in latest["CL01"].findings} == {"one": "day 1", "two": "day 3", "three": "day 2"}
    assert set(latest["CL01"].areas) == {"one", "two", "three"}
    assert latest["CL01"].time == datetime(2026, 5, 3, tzinfo=timezone.utc)


def test_what_a_run_changed_stays_when_it_judges_again(tmp_path: Path) -> None:
    done = (change(place="a"), change(place="b", state="failed", message="No."))
    store(tmp_path, result(action="apply", changes=(*done, change(place="c", state="planned"), change(place="d", state="refused"))))
    planned = change(place="b", state="planned")
    again = load(store(tmp_path, result(finding(Status.COMPLIANT), changes=(planned,))))
    more = load(store(tmp_path, result(changes=(done[1],))))

    assert again.changes == (*done, planned)
    assert more.changes == done


def test_each_area_keeps_its_time(tmp_path: Path) -> None:
    early = NOW - timedelta(days=40)
    store(tmp_path, result(finding(area="one"), areas=["one"], time=early))
    both = load(store(tmp_path, result(finding(area="two"), areas=["two"])))
    later = result(finding(area="one", actual="between"), areas=["one"], time=NOW - timedelta(days=20), run_id="run-2")
    latest = newest([later, both])["CL01"]

    assert (both.time_of("one"), both.time_of("two")) == (early, NOW)
    assert (latest.time_of("one"), latest.time_of("two")) == (later.time, NOW)
    assert {found.area: found.actual for found in latest.findings} == {"one": "between", "two": "wrong"}


def test_changes_of_an_earlier_run_give_way_to_a_newer_result() -> None:
    applied = result(action="apply", changes=(change(),), snapshot="run-1-2026", time=NOW - timedelta(days=1))
    latest = newest([result(run_id="run-2"), applied])["CL01"]

    assert (latest.changes, latest.snapshot) == ((), "run-1-2026")


def rolled_back(days_ago: int, **more: Any) -> Any:
    back = change("rollback", before="2", after="1")
    fields = {"action": "rollback", "changes": (back,), "snapshot": "rollback-1", "run_id": f"rollback-{days_ago}", **more}
    return result(finding(area="rollback"), areas=["rollback"], time=NOW - timedelta(days=days_ago), **fields)


def test_a_rollback_is_told_until_something_newer_is_known() -> None:
    applied = result(finding(), action="apply", changes=(change(),), snapshot="run-1-2026", time=NOW - timedelta(days=3))
    after = newest([rolled_back(2), applied])["CL01"]
    judged = newest([rolled_back(2), applied, result(run_id="run-2")])["CL01"]
    tried = newest([rolled_back(2, action="verify"), applied])["CL01"]

    assert [each["after"] for each in after.changes] == ["2", "1"]
    assert (after.areas, after.snapshot, after.time) == (("area",), "run-1-2026", applied.time)
    assert {found.area for found in after.findings} == {"area"}
    assert judged.changes == ()
    assert tried.changes == applied.changes


def test_a_host_with_nothing_but_a_rollback_has_no_result() -> None:
    assert newest([rolled_back(1)]) == {}
