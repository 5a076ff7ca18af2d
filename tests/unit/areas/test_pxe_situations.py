# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library against the table of distribution points that answer PXE, and the table itself.

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

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.machine import Machine

AREA, OWN_PLAY = "pxe_interface_binding", "this_distribution_point"
TABLE = o.load(Path(__file__).with_name("pxe_situations.yml"), "distribution_points", "points")
BY_NAME = {one.name: one for one in TABLE.situations}


@cache
def outcome_of(name: str) -> tuple[Any, asked.Host]:
    """Each situation runs once, however many tests look at it."""
    return o.run(AREA, OWN_PLAY, BY_NAME[name])


# Where refusing the options is as right as the verdicts, and is what happens.
REFUSED_AS_RIGHT = [one for one in TABLE.situations if one.or_refused and isinstance(outcome_of(one.name)[0], OptionError)]
JUDGED = [one for one in TABLE.situations if not one.refused and one not in REFUSED_AS_RIGHT]

_MAC = r"[0-9A-F]{12}"
_SWITCH = r"(?:on|off) -> (?:on|off)"
CHANGE = re.compile(
    rf"DP\d\d (?:(?:pxe|answers|unknown computers|multicast|anonymous): {_SWITCH}|password: none -> set|interfaces: [+-] {_MAC}"
    r"|bind policy: (?:all|listed) -> (?:all|listed)|delay: \d+ -> \d+|responder: (?:wds|configmgr) -> (?:wds|configmgr)"
    r"|affinity: (?:none|manual|automatic) -> (?:none|manual|automatic)|service: restart)"
)
# What a change is about, by words of its label; the first that fits.
_MATTERS: tuple[tuple[str, str], ...] = (
    ("password", "password"),
    ("unknown", "unknown computers"),
    ("anonymous", "anonymous"),
    ("multicast", "multicast"),
    ("delay", "delay"),
    ("affinity", "affinity"),
    (r"polic|which interfaces", "bind policy"),
    (r"interfaces|list|BindExcept|MAC", "interfaces"),
    (r"responder|without WDS", "responder"),
    (r"answer|respon", "answers"),
    (r"\bpxe\b", "pxe"),
)
_VALUES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "password": ((r"none|no password|absent|not set|missing|^$", "none"), ("", "set")),
    "bind policy": ((r"\b1\b|listed|only|declared|named", "listed"), (r"\b0\b|all|every", "all")),
    "responder": ((r"\b1\b|configmgr|configuration manager|without wds|SccmPxe|^(?:on|true|yes)$", "configmgr"), ("", "wds")),
    "affinity": ((r"auto|\b2\b", "automatic"), (r"manual|\b1\b", "manual"), (r"none|do not|not used|\b0\b", "none")),
}
_ON_OFF = ((r"^(?:on|1|true|yes|enabled|answers|admitted|allowed)\b", "on"), (r"", "off"))


def translate(label: str, item: str, before: str, after: str) -> Iterator[str]:
    """A change in the words of the table."""
    point = re.search(r"(?i)\bDP\d\d", label)
    name = point[0].upper() if point else "?"
    text = re.sub(r"(?i)(?:of |on )?DP\d\d(?:\.[\w.]+)?", "", label)
    matter = next((matter for pattern, matter in _MATTERS if re.search(pattern, text, re.IGNORECASE)), f"? {label}")
    if matter == "interfaces":
        old, new = (_macs(item), set()) if item and after == "absent" else (set(), _macs(item)) if item else (_macs(before), _macs(after))
        yield from (f"{name} interfaces: + {mac}" for mac in sorted(new - old))
        yield from (f"{name} interfaces: - {mac}" for mac in sorted(old - new))
        return
    if re.match("(?i)service", text):
        yield f"{name if point else 'DP01'} service: restart"
        return
    if matter == "delay":
        yield f"{name} delay: {re.sub('[^0-9]', '', before) or '?'} -> {re.sub('[^0-9]', '', after) or '?'}"
        return
    words = _VALUES.get(matter, _ON_OFF)
    yield f"{name} {matter}: {_value(before, words)} -> {_value(after, words)}"


def _macs(text: str) -> set[str]:
    return {re.sub("[^0-9A-F]", "", mac.upper()) for mac in re.findall(r"(?i)\b(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}\b", text)}


def _value(text: str, words: tuple[tuple[str, str], ...]) -> str:
    return next((word for pattern, word in words if re.search(pattern, text, re.IGNORECASE)), f"? {text}")


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

    def test_services_that_have_to_be_restarted(self, situation: o.Situation) -> None:
        outcome, _host = judged(situation)
        if situation.restarts is not None:
            assert len(outcome.restart_required) == len(situation.restarts), outcome.restart_required
            for words, restart in zip(situation.restarts, outcome.restart_required, strict=True):
                assert p.missing_words([words], restart) is None, restart

    def test_no_planned_write_binds_to_nothing(self, situation: o.Situation) -> None:
        """Whatever becomes of the writes before and after it: none turns the policy on without a list that holds something."""
        outcome, _host = judged(situation)
        had = lists(situation.state) if situation.about_site else {}
        for change in asked.planned(outcome):
            for operation in change.difference.writes:
                assert "ClearMacAddressForRespondingPxeRequest" not in operation.fields.get("parameters", {})
                embedded = {str(one["name"]).casefold(): one["set"] for one in operation.fields.get("embedded", [])}
                if embedded.get("bindpolicy", {}).get("Value") == 1:
                    own = embedded.get("bindexcept", {}).get("Values")
                    assert own if own is not None else any(had.values()), operation.fields
                assert embedded.get("bindexcept", {}).get("Values") != [], operation.fields

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
        heard, asked = "".join(map(str, host.replies)), "".join(map(str, host.requests))
        for point in situation.options.get("distribution_points", []):
            if password := point.get("password"):
                assert password not in said and password not in asked
        assert d.BLOB not in heard and d.BLOB not in said


@pytest.mark.parametrize("situation", [one for one in TABLE.situations if one.refused], ids=lambda situation: situation.name)
def test_what_the_readings_or_the_host_show_to_be_wrong(situation: o.Situation) -> None:
    error, host = outcome_of(situation.name)
    refused_with(error, situation.refused)
    assert len(host.requests) <= 1
    assert host.untouched


@pytest.mark.parametrize("row", TABLE.refused_options, ids=lambda row: row.name)
def test_what_is_wrong_before_any_host_is_touched(row: p.RefusedOptions) -> None:
    host = o.host_of(BY_NAME["a hardened point"].state)
    with pytest.raises(OptionError) as caught:
        o.judge(AREA, row.options, host)
    refused_with(caught.value, row.refused)
    assert host.requests == []


def refused_with(error: Any, words: tuple[str, ...]) -> None:
    assert isinstance(error, OptionError), f"the options were not refused: {p.told(error.findings)}"
    missing = p.missing_words(words, str(error))
    assert missing is None, f"nothing mentions {missing}: {error}"
    assert all(sentence.rstrip().endswith((".", "!", "?")) for sentence in error.sentences), error.sentences


# -- the table itself --------------------------------------------------------------------------------------------------------------------


def test_there_are_enough_and_no_two_have_the_same_name() -> None:
    assert len(TABLE.situations) >= 70
    names = Counter([row.name for row in TABLE.situations] + [row.name for row in TABLE.refused_options])
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("situation", TABLE.situations, ids=lambda situation: situation.name)
class TestRow:
    def test_changes_are_in_the_normal_form_and_move_something(self, situation: o.Situation) -> None:
        for change in (*(situation.changes or ()), *situation.never):
            assert CHANGE.fullmatch(change), change
            if match := re.fullmatch(r"[^:]+: (.*) -> (.*)", change):
                assert match[1] != match[2], change

    def test_a_change_starts_from_what_the_site_has(self, situation: o.Situation) -> None:
        if not situation.about_site:
            assert not [change for change in situation.changes or () if "service: restart" not in change]
            return
        has, listed = switches(situation.state), lists(situation.state)
        for change in situation.changes or ():
            if match := re.fullmatch(r"([^:]+): (.*) -> (.*)", change):
                assert has[match[1]] == match[2], change
            elif match := re.fullmatch(r"(DP\d\d) interfaces: ([+-]) (.*)", change):
                assert (match[3] in listed[match[1]]) == (match[2] == "-"), change

    def test_the_table_itself_never_binds_to_nothing(self, situation: o.Situation) -> None:
        if not situation.changes:
            return
        after = {name: set(macs) for name, macs in lists(situation.state).items()}
        has = switches(situation.state)
        for change in situation.changes:
            if match := re.fullmatch(r"(DP\d\d) interfaces: ([+-]) (.*)", change):
                (after[match[1]].add if match[2] == "+" else after[match[1]].discard)(match[3])
            elif match := re.fullmatch(r"([^:]+): (.*) -> (.*)", change):
                has[match[1]] = match[3]
        for name, macs in after.items():
            touched = any(change.startswith(name) and ("interfaces" in change or "policy" in change) for change in situation.changes)
            assert not touched or macs or has[f"{name} bind policy"] == "all", name


def _roles(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for namespace in state["wmi"].values():
        for row in namespace.get("instances", []):
            properties = row["properties"]
            if row["class"] == "SMS_SCI_SysResUse" and properties["RoleName"] == d.DISTRIBUTION_POINT and properties["FileType"] == 2:
                yield properties["NetworkOSPath"].strip("\\").partition(".")[0], properties


def switches(state: Mapping[str, Any]) -> dict[str, str]:
    """What the points have, in the words of the changes: worked out from the state, not from the table."""
    on_off = {"ispxe": "pxe", "isactive": "answers", "supportunknownmachines": "unknown computers", "ismulticast": "multicast"}
    on_off["isanonymousenabled"] = "anonymous"
    found: dict[str, str] = {}
    for name, row in _roles(state):
        for one in row["Props"]:
            key, value = one["PropertyName"].casefold(), one["Value"]
            text = one["Value2"] if one["Value1"] == "REG_SZ" else one["Value1"]
            if key in on_off:
                found[f"{name} {on_off[key]}"] = {0: "off", 1: "on"}.get(value, "?")
            elif key == "bindpolicy":
                found[f"{name} bind policy"] = {0: "all", 1: "listed"}.get(value, "?")
            elif key == "responsedelay":
                found[f"{name} delay"] = str(value)
            elif key == "udasetting":
                found[f"{name} affinity"] = {0: "none", 1: "manual", 2: "automatic"}.get(value, "?")
            elif key == "pxepassword":
                found[f"{name} password"] = "set" if text else "none"
            elif key == "sccmpxe":
                found[f"{name} responder"] = "configmgr" if value else "wds"
    return found


def lists(state: Mapping[str, Any]) -> dict[str, set[str]]:
    """The MAC addresses that each point lists, twelve digits each."""
    return {
        name: set().union(
            *(_macs(" ".join(one["Values"])) for one in row["PropLists"] if one["PropertyListName"].casefold() == "bindexcept")
        )
        for name, row in _roles(state)
    }


def test_every_control_is_both_met_and_missed() -> None:
    seen: dict[str, set[str]] = {}
    for situation in TABLE.situations:
        for expected in situation.expected:
            if len(expected.statuses) == 1:
                for subject in expected.subjects:
                    aspect = TABLE.aspects.get(subject)
                    controls = aspect.controls if aspect else {subject}
                    if len(controls) == 1:
                        seen.setdefault(str(next(iter(controls))), set()).update(expected.statuses)
    for control in ("003-08", "003-09", "003-10", "003-22", "003-24"):
        assert {"compliant", "drift"} <= seen[control], (control, seen[control])
    assert seen["003-23"] == {"unattested"}


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(p.TableError, match="polcy"):
        d.site_state({"points": {"DP01": {"polcy": 1}}})
    with pytest.raises(p.TableError, match="adaptors"):
        d.server_state({"adaptors": []})
    with pytest.raises(p.TableError, match="no MAC"):
        d.server_state({"adapters": [{"name": "A", "mac": "0011"}]})


def test_hosts_show_what_is_written_here() -> None:
    machine = Machine(BY_NAME["a hardened point"].state)
    roles = "SELECT * FROM SMS_SCI_SysResUse WHERE FileType = 2 AND RoleName = 'SMS Distribution Point'"
    operations = [
        {"id": "roles", "op": "cim.query", "namespace": "root\\SMS\\site_P01", "lazy": True, "mask": ["PXEPassword"], "query": roles}
    ]
    rows = machine.execute({"contract": 1, "operations": operations})["answers"]["roles"]["data"]["rows"]
    assert [row["NetworkOSPath"] for row in rows] == ["\\\\DP01.corp.example", "\\\\DP02.corp.example"]
    assert [one["Values"] for one in rows[0]["PropLists"] if one["PropertyListName"] == "BindExcept"] == [["00:15:5D:01:0A:01"]]
    server = Machine(d.server_state(BY_NAME["WDS as declared"].described))
    queries = {"endpoints": "SELECT * FROM MSFT_NetUDPEndpoint", "adapters": "SELECT * FROM MSFT_NetAdapter"}
    operations = [{"id": name, "op": "cim.query", "namespace": d.STANDARD, "query": query} for name, query in queries.items()]
    answers = server.execute({"contract": 1, "operations": operations})["answers"]
    assert {row["LocalPort"] for row in answers["endpoints"]["data"]["rows"] if row["LocalAddress"] == "10.20.1.5"} == {67, 69, 4011}
    macs = [row["PermanentAddress"] for row in answers["adapters"]["data"]["rows"]]
    assert macs.count("00155D010A01") == 2, "the adapter and its filter"
