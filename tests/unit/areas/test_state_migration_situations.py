# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library against the table of state migration points, and the table itself.

The table and the library were written apart from each other. Where a test fails, one of the two is wrong: find out which before changing
either.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import asked_host as asked
import described_osd as d
import osd_situations as o
import push_situations as p
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.machine import Machine

AREA, OWN_PLAY = "state_migration_retention", "this_state_migration_point"
TABLE = o.load(Path(__file__).with_name("state_migration_situations.yml"), "state_migration_points", "points")
BY_NAME = {one.name: one for one in TABLE.situations}


@cache
def outcome_of(name: str) -> tuple[Any, asked.Host]:
    """Each situation runs once, however many tests look at it."""
    return o.run(AREA, OWN_PLAY, BY_NAME[name])


# Where refusing the options is as right as the verdicts, and is what happens.
REFUSED_AS_RIGHT = [one for one in TABLE.situations if one.or_refused and isinstance(outcome_of(one.name)[0], OptionError)]
JUDGED = [one for one in TABLE.situations if not one.refused and one not in REFUSED_AS_RIGHT]

CHANGE = re.compile(
    r"SMP\d\d (?:(?:delay|cycle): \d+ -> \d+|restore only: (?:on|off) -> (?:on|off)|folder [A-Z]:\\[^;]*: [+~-])"
    r"|association \S+ -> \S+: -|smb (?:signing|encryption): off -> on|share \S+: -"
)
_MINUTES = {"minute": 1, "min": 1, "hour": 60, "h": 60, "day": 1440, "d": 1440}


def translate(label: str, item: str, before: str, after: str) -> Iterator[str]:
    """A change in the words of the table."""
    point = re.search(r"(?i)\bSMP\d\d", label)
    name = point[0].upper() if point else "?"
    everything = f"{label} {item} {before} {after}"
    if re.search(r"(?i)association", label):
        pair = re.search(r"(?i)\b(\S+?)\b,? (?:->|to|and|into) (\S+?)\b", f"{item or label} ")
        yield f"association {pair[1]} -> {pair[2]}: -".upper().replace("ASSOCIATION", "association") if pair else f"? {everything}"
    elif re.search(r"(?i)encrypt", label):
        yield "smb encryption: off -> on"
    elif re.search(r"(?i)sign", label):
        yield "smb signing: off -> on"
    elif re.search(r"(?i)\bshare\b|shares", label):
        yield f"share {item or re.findall(r'[^ ]*[$]', everything)[0]}: -"
    elif found := re.match(r"[A-Za-z]:\\.*", item) or re.search(r"[A-Za-z]:\\.*?(?=\"| of SMP|$)", label):
        yield f"{name} folder {found[0]}: {'+' if 'absent' in before else '-' if 'absent' in after else '~'}"
    elif re.search(r"(?i)restore", label):
        yield f"{name} restore only: {_on_off(before)} -> {_on_off(after)}"
    elif re.search(r"(?i)cycle|every|how often", label):
        yield f"{name} cycle: {_minutes(before)} -> {_minutes(after)}"
    elif re.search(r"(?i)delay|retention|delet|keep|kept", label):
        yield f"{name} delay: {_minutes(before)} -> {_minutes(after)}"
    else:
        yield f"? {everything}"


def _on_off(text: str) -> str:
    return "on" if re.match("(?i)on|1|true|yes", text) else "off"


def _minutes(text: str) -> str:
    if re.search(r"(?i)^immediate|^at once", text):
        return "0"
    found = re.findall(r"(\d+)\s*(minute|min|hour|h|day|d)?", text.casefold())
    if not found:
        return f"? {text}"
    # "2 days 3 hours" is a sum; "4320 minutes (3 days)" is not.
    first = re.split(r"[(=]", text.casefold())[0]
    return str(sum(int(number) * _MINUTES[unit or "minute"] for number, unit in re.findall(r"(\d+)\s*(minute|min|hour|h|day|d)?", first)))


def judged(situation: o.Situation) -> tuple[Any, asked.Host]:
    outcome, host = outcome_of(situation.name)
    assert not isinstance(outcome, OptionError), f"the options were refused: {outcome}"
    return outcome, host


@pytest.mark.parametrize("situation", REFUSED_AS_RIGHT, ids=lambda situation: situation.name)
def test_what_is_refused_as_right_says_why(situation: o.Situation) -> None:
    outcome, host = outcome_of(situation.name)
    missing = p.missing_words(situation.or_refused, str(outcome))
    assert missing is None, f"nothing mentions {missing}: {outcome}"
    assert host.untouched


@pytest.mark.parametrize("situation", JUDGED, ids=lambda situation: situation.name)
class TestSituation:
    def test_verdicts(self, situation: o.Situation) -> None:
        outcome, _host = judged(situation)
        wrong = p.complaints(outcome.findings, situation.expected, TABLE.aspects)
        assert not wrong, "\n".join(wrong)

    def test_changes(self, situation: o.Situation) -> None:
        outcome, _host = judged(situation)
        changes = o.in_words(asked.planned(outcome), translate)
        if situation.changes is not None:
            assert changes == sorted(situation.changes), [change.describe() for change in asked.planned(outcome)]
        assert not set(situation.never) & set(changes)
        operations = p.planned_operations(asked.planned(outcome))
        for pattern in situation.writes:
            assert any(re.search(pattern, operation) for operation in operations), f"nothing writes {pattern}: {operations}"
        for pattern in situation.no_writes:
            assert not any(re.search(pattern, operation) for operation in operations), f"something writes {pattern}: {operations}"

    def test_nothing_planned_deletes_at_once_or_a_store(self, situation: o.Situation) -> None:
        outcome, _host = judged(situation)
        for operation in p.planned_operations(asked.planned(outcome)):
            assert "DeleteImmediately" not in operation and "Remove-CMStateMigrationPoint" not in operation
            assert not re.search(r'"(?:\w:)?\\\\\\\\SMP\d\d', operation), "no path of a store is written to"

    def test_one_execution_that_writes_nothing(self, situation: o.Situation) -> None:
        _outcome, host = judged(situation)
        assert len(host.requests) == 1
        assert host.untouched

    def test_doubt_has_a_code_and_what_differs_has_a_remedy(self, situation: o.Situation) -> None:
        outcome, _host = judged(situation)
        for finding in outcome.findings:
            if finding.status.value == "indeterminate":
                assert finding.code is not None and finding.code.value in TABLE.codes, p.told([finding])
            if finding.status.value in ("drift", "conflict"):
                assert finding.remedy, p.told([finding])

    def test_no_secret_leaves_the_host_or_the_library(self, situation: o.Situation) -> None:
        outcome, host = judged(situation)
        said = json.dumps([finding.to_data() for finding in outcome.findings] + [change.to_data() for change in outcome.changes])
        assert d.BLOB not in "".join(map(str, host.replies)) and d.BLOB not in said


@pytest.mark.parametrize("row", TABLE.refused_options, ids=lambda row: row.name)
def test_what_is_wrong_before_any_host_is_touched(row: p.RefusedOptions) -> None:
    host = o.host_of(BY_NAME["a hardened point"].state)
    with pytest.raises(OptionError) as caught:
        o.judge(AREA, row.options, host)
    missing = p.missing_words(row.refused, str(caught.value))
    assert missing is None, f"nothing mentions {missing}: {caught.value}"
    assert all(sentence.rstrip().endswith((".", "!", "?")) for sentence in caught.value.sentences), caught.value.sentences
    assert host.requests == []


# -- units -------------------------------------------------------------------------------------------------------------------------------

_READINGS: dict[str, Any] = {}


@settings(max_examples=60, deadline=None)
@given(
    value=st.integers(1, 2000),
    unit=st.sampled_from(["hours", "days"]),
    stored=st.one_of(st.integers(0, 200_000), st.sampled_from([1440, 4320])),
)
def test_minutes_hours_and_days_are_never_mixed_up(value: int, unit: str, stored: int) -> None:
    """The site keeps minutes, the operator says hours or days: the verdict and what is written follow from plain arithmetic."""
    minutes = value * (60 if unit == "hours" else 1440)
    state = d.site_state({"migration_points": {"SMP01": {"delay": stored, "cycle": 1440}}})
    options = {"state_migration_points": [{"name": "SMP01.corp.example", "retention": {"value": value, "unit": unit}}]}
    outcome = o.judge(AREA, {**options, "readings": _readings()}, o.host_of(state))
    about = p.findings_about(outcome.findings, "003-16", TABLE.aspects)
    enough = stored >= minutes
    assert p.status_of(about) == ("compliant" if enough else "drift"), p.told(about)
    changes = o.in_words(asked.planned(outcome), translate)
    assert changes == ([] if enough else [f"SMP01 delay: {stored} -> {minutes}"])
    for operation in p.planned_operations(asked.planned(outcome)):
        if match := re.search(r'"TimeDeleteAfter": (\d+)', operation):
            said = re.search(r'"TimeUnit": "(Hours|Days)"', operation)
            assert said is not None and int(match[1]) * {"Hours": 60, "Days": 1440}[said[1]] == minutes, operation


def _readings() -> dict[str, Any]:
    if not _READINGS:
        _READINGS.update(o.readings_of(AREA, OWN_PLAY, BY_NAME["a hardened point"].readings))
    return _READINGS


# -- the table itself --------------------------------------------------------------------------------------------------------------------


def test_there_are_enough_and_no_two_have_the_same_name() -> None:
    assert len(TABLE.situations) >= 60
    names = Counter([row.name for row in TABLE.situations] + [row.name for row in TABLE.refused_options])
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("situation", TABLE.situations, ids=lambda situation: situation.name)
class TestRow:
    def test_changes_are_in_the_normal_form_and_move_something(self, situation: o.Situation) -> None:
        for change in (*(situation.changes or ()), *situation.never):
            assert CHANGE.fullmatch(change), change
            if match := re.fullmatch(r"[^:]+: (.*) -> (.*)", change):
                assert match[1] != match[2], change

    def test_a_change_starts_from_what_is_there(self, situation: o.Situation) -> None:
        has = switches(situation.state) if situation.about_site else {}
        for change in situation.changes or ():
            match = re.fullmatch(r"(SMP\d\d (?:delay|cycle|restore only)): (.*) -> (.*)", change)
            if match:
                assert has[match[1]] == match[2], change
            elif match := re.fullmatch(r"association (\S+) -> (\S+): -", change):
                assert (match[1], match[2]) in [pair[:2] for pair in pairs(situation.state)]

    def test_no_row_deletes_what_is_not_released(self, situation: o.Situation) -> None:
        for change in situation.changes or ():
            if match := re.fullmatch(r"association (\S+) -> (\S+): -", change):
                released = [pair[2] for pair in pairs(situation.state) if pair[:2] == (match[1], match[2])]
                assert released and all(date and not date.startswith("0000") for date in released)


def pairs(state: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    """Associations: source, destination, release."""
    rows = [row for namespace in state["wmi"].values() for row in namespace.get("instances", []) if row["class"] == "SMS_StateMigration"]
    return [(row["properties"]["SourceName"], row["properties"]["RestoreName"], row["properties"].get("StoreReleaseDate")) for row in rows]


def switches(state: Mapping[str, Any]) -> dict[str, str]:
    """What the points have, in the words of the changes: worked out from the state, not from the table."""
    found: dict[str, str] = {}
    for namespace in state["wmi"].values():
        for row in namespace.get("instances", []):
            properties = row["properties"]
            if row["class"] != "SMS_SCI_SysResUse" or properties["RoleName"] != d.STATE_MIGRATION_POINT or properties["FileType"] != 2:
                continue
            name = properties["NetworkOSPath"].strip("\\").partition(".")[0]
            for one in properties["Props"]:
                key = one["PropertyName"].casefold()
                if key == "smpstoredeletiondelaytimeinminutes":
                    found[f"{name} delay"] = str(one["Value"])
                elif key == "smpstoredeletioncycletimeinminutes":
                    found[f"{name} cycle"] = str(one["Value"])
                elif key == "smpquiescestate":
                    found[f"{name} restore only"] = "on" if one["Value"] else "off"
    return found


def test_every_control_is_both_met_and_missed() -> None:
    seen: dict[str, set[str]] = {}
    for situation in TABLE.situations:
        for expected in situation.expected:
            statuses = set(expected.statuses) - {p.NO_FINDING, "not_applicable", "indeterminate"}
            if len(statuses) == 1:
                for subject in expected.subjects:
                    aspect = TABLE.aspects.get(subject)
                    controls = aspect.controls if aspect else {subject}
                    if len(controls) == 1:
                        seen.setdefault(str(next(iter(controls))), set()).update(statuses)
    for control in ("003-13", "003-15", "003-16", "003-17", "003-31", "003-32"):
        assert {"compliant", "drift"} <= seen[control], (control, seen[control])
    for control in ("003-14", "003-18"):
        assert seen[control] == {"unattested"}


def test_hosts_show_what_is_written_here() -> None:
    machine = Machine(BY_NAME["two stores that should have been deleted"].state)
    operations = [
        {"id": "roles", "op": "cim.query", "namespace": "root\\SMS\\site_P01", "lazy": True,
         "query": "SELECT * FROM SMS_SCI_SysResUse WHERE RoleName = 'SMS State Migration Point'"},
        {"id": "stores", "op": "cim.query", "namespace": "root\\SMS\\site_P01", "query": "SELECT * FROM SMS_StateMigration"},
    ]  # fmt: skip
    answers = machine.execute({"contract": 1, "operations": operations})["answers"]
    (role,) = answers["roles"]["data"]["rows"]
    assert {one["PropertyName"]: one["Value"] for one in role["Props"]}["SMPStoreDeletionDelayTimeInMinutes"] == 4320
    assert [row["StoreDeletionDate"] for row in answers["stores"]["data"]["rows"]] == [d.UNSET, d.UNSET, "20260309120000.000000+000"]
    server = Machine(d.server_state(BY_NAME["the mounted volume is full and the drive is not"].readings["SMP01"] or {}))
    operations = [{"id": "volumes", "op": "cim.query", "namespace": d.CIMV2, "query": "SELECT Name, FreeSpace FROM Win32_Volume"}]
    rows = server.execute({"contract": 1, "operations": operations})["answers"]["volumes"]["data"]["rows"]
    assert {row["Name"]: row["FreeSpace"] // d.GIB for row in rows} == {"C:\\": 60, "D:\\": 300, "D:\\UserState\\": 2}
