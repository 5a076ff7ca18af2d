# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library against the table of a site's client push, and the table itself.

The table and the library were written apart from each other. Where a test fails, one of the two is wrong: find out which before changing
either.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import described_site as d
import push_situations as p
import pytest
from asked_host import Host, planned, run_or_refuse

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.machine import Machine

AREA, SUBJECT = "client_push_site", "CM01"
TABLE = p.load(Path(__file__).with_name("client_push_site_situations.yml"), d.host_state)
JUDGED = [one for one in TABLE.situations if not one.refused]
BY_NAME = {one.name: one for one in TABLE.situations}

_SWITCH = r"(?:on|off) -> (?:on|off)"
_TYPES = r"(?:none|(?:workstations|servers|domain controllers)(?:, (?:servers|domain controllers))*)"
_ACCOUNT = r"[^\\ ,]+\\[^\\,]+"
_ACCOUNTS = rf"(?:none|{_ACCOUNT}(?:, {_ACCOUNT})*)"
CHANGE = re.compile(
    rf"(?:automatic push|ntlm fallback|site systems|clear install flag): {_SWITCH}"
    rf"|computer types: {_TYPES} -> {_TYPES}"
    rf"|push accounts: (?:[+-] {_ACCOUNT}|{_ACCOUNTS} -> {_ACCOUNTS})"
    rf"|account store: \+ {_ACCOUNT}"
    r'|installation properties: ".*" -> ".*"'
)


@cache
def outcome_of(name: str) -> tuple[Any, Host]:
    """Each situation runs once, however many tests look at it."""
    return run_or_refuse(AREA, BY_NAME[name].options, BY_NAME[name].state, SUBJECT)


def judged(situation: p.Situation) -> tuple[Any, Host]:
    outcome, host = outcome_of(situation.name)
    assert not isinstance(outcome, OptionError), f"the options were refused: {outcome}"
    return outcome, host


def in_words(change: Any) -> str:
    """A change in the words of the table."""
    text: str = change.describe()
    return text


@pytest.mark.parametrize("situation", JUDGED, ids=lambda situation: situation.name)
class TestSituation:
    def test_verdicts(self, situation: p.Situation) -> None:
        outcome, _host = judged(situation)
        wrong = p.complaints(outcome.findings, situation.expected, TABLE.aspects)
        assert not wrong, "\n".join(wrong)

    def test_changes(self, situation: p.Situation) -> None:
        outcome, _host = judged(situation)
        changes = sorted(map(in_words, planned(outcome)))
        if situation.changes is not None:
            assert changes == sorted(situation.changes)
        assert not set(situation.never) & set(changes)
        operations = p.planned_operations(planned(outcome))
        for pattern in situation.writes:
            assert any(re.search(pattern, operation) for operation in operations), f"nothing writes {pattern}: {operations}"
        for pattern in situation.no_writes:
            assert not any(re.search(pattern, operation) for operation in operations), f"something writes {pattern}: {operations}"

    def test_one_execution_that_writes_nothing(self, situation: p.Situation) -> None:
        _outcome, host = judged(situation)
        assert len(host.requests) == 1
        assert host.untouched

    def test_doubt_has_a_code_and_what_differs_has_a_remedy(self, situation: p.Situation) -> None:
        outcome, _host = judged(situation)
        for finding in outcome.findings:
            if finding.status.value == "indeterminate":
                assert finding.code is not None and finding.code.value in TABLE.codes, p.told([finding])
            if finding.status.value in ("drift", "conflict"):
                assert finding.remedy, p.told([finding])

    def test_what_people_do_is_theirs(self, situation: p.Situation) -> None:
        outcome, _host = judged(situation)
        assert p.status_of(p.findings_about(outcome.findings, "001-09", TABLE.aspects)) == "unattested"

    def test_no_secret_leaves_the_host_or_the_library(self, situation: p.Situation) -> None:
        outcome, host = judged(situation)
        said = json.dumps([finding.to_data() for finding in outcome.findings] + [change.to_data() for change in outcome.changes])
        heard = "".join(map(str, host.replies))
        asked = "".join(map(str, host.requests))
        for password in situation.options.get("passwords", {}).values():
            assert password not in said and password not in asked
        assert d.BLOB not in heard and d.BLOB not in said


@pytest.mark.parametrize("situation", [one for one in TABLE.situations if one.refused], ids=lambda situation: situation.name)
def test_what_the_host_shows_to_be_wrong(situation: p.Situation) -> None:
    error, host = outcome_of(situation.name)
    refused_with(error, situation.refused)
    assert len(host.requests) == 1
    assert host.untouched


@pytest.mark.parametrize("row", TABLE.refused_options, ids=lambda row: row.name)
def test_what_is_wrong_before_any_host_is_touched(row: p.RefusedOptions) -> None:
    error, host = run_or_refuse(AREA, row.options, BY_NAME["a hardened site and nothing is declared"].state, SUBJECT)
    refused_with(error, row.refused)
    assert host.requests == []
    assert not any(password in str(error) for password in row.options.get("passwords", {}).values())


def refused_with(error: Any, words: tuple[str, ...]) -> None:
    assert isinstance(error, OptionError), f"the options were not refused: {[p.told(error.findings)]}"
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
    def test_changes_are_in_the_normal_form_and_move_something(self, situation: p.Situation) -> None:
        for change in (*(situation.changes or ()), *situation.never):
            assert CHANGE.fullmatch(change), change
            if match := re.fullmatch(r"[^:]+: (.*) -> (.*)", change):
                assert match[1] != match[2], change

    def test_a_change_starts_from_what_the_site_has(self, situation: p.Situation) -> None:
        code = situation.options.get("site_code", "P01")
        has = switches(situation.state, code)
        for change in situation.changes or ():
            match = re.fullmatch(r"([^:]+): (.*) -> (.*)", change)
            if match and match[1] in has:
                assert has[match[1]] == match[2], change

    def test_writes_are_looked_for_only_where_something_is_written(self, situation: p.Situation) -> None:
        if situation.writes:
            assert situation.changes


def switches(state: Mapping[str, Any], code: str) -> dict[str, str]:
    """What a site has, in the words of the changes: worked out from the state, not from the table."""
    rows = [
        row["properties"]
        for name, namespace in state["wmi"].items()
        if name != "root\\SMS"
        for row in namespace.get("instances", [])
        if row["properties"].get("SiteCode") == code.upper() and row["properties"].get("FileType") == 2
    ]
    found: dict[str, str] = {}
    for row in rows:
        for prop in row.get("Props") or [] if row.get("ComponentName") == "SMS_DISCOVERY_DATA_MANAGER" else []:
            name = prop["PropertyName"].casefold()
            text = (prop["Value2"] if prop["Value1"] == "REG_SZ" else prop["Value1"]).casefold()
            if name == "settings":
                found["automatic push"] = {"active": "on", "inactive": "off"}.get(text, "?")
            elif name == "enablekerberoscheck":
                found["ntlm fallback"] = {2: "off", 3: "on"}.get(prop["Value"], "?")
            elif name == "autoinstallsitesystem":
                found["site systems"] = {0: "off", 1: "on"}.get(prop["Value"], "?")
            elif name == "filters":
                bits = ((1, "workstations"), (4, "servers"), (2, "domain controllers"))
                found["computer types"] = ", ".join(types for bit, types in bits if not prop["Value"] & bit) or "none"
        if row.get("TaskName") == "Clear Undiscovered Clients":
            found["clear install flag"] = "on" if row["Enabled"] else "off"
        if row.get("ComponentName") == "SMS_CLIENT_CONFIG_MANAGER":
            lists = [one["Values"] for one in row["PropLists"] if one["PropertyListName"].casefold() == "reserved2"]
            found["push accounts"] = ", ".join(lists[0]) if lists and lists[0] else "none"
    return found


def test_every_control_that_a_site_decides_is_both_met_and_missed() -> None:
    seen: dict[str, set[str]] = {}
    for situation in TABLE.situations:
        for expected in situation.expected:
            if len(expected.statuses) == 1:
                for subject in expected.subjects:
                    seen.setdefault(subject, set()).update(expected.statuses)
    for control in ("001-08", "001-10", "001-15"):
        assert {"compliant", "drift", "indeterminate"} <= seen[control], control


def test_every_value_of_the_filters_is_met_and_missed() -> None:
    for value in range(8):
        rows = [
            one
            for one in TABLE.situations
            if "computer_types" in one.options
            and isinstance(one.described["discovery"], dict)
            and one.described["discovery"].get("FILTERS") == value
        ]
        moves = [any(change.startswith("computer types") for change in one.changes or ()) for one in rows if one.changes is not None]
        assert {True, False} == set(moves), value


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(p.TableError, match="discovry"):
        d.host_state({"discovry": {}})
    with pytest.raises(p.TableError, match="module"):
        d.host_state({"module": "newest"})
    with pytest.raises(p.TableError, match="denied"):
        d.host_state({"denied": "all"})


def test_a_provider_host_shows_what_is_written_here() -> None:
    machine = Machine(BY_NAME["three accounts as declared"].state)
    operations = [
        {"id": "where", "op": "cim.query", "namespace": "root\\SMS", "query": "SELECT * FROM SMS_ProviderLocation"},
        {
            "id": "push", "op": "cim.query", "namespace": "root\\SMS\\site_${where.rows.0.SiteCode}", "lazy": True,
            "query": "SELECT * FROM SMS_SCI_Component WHERE FileType = 2 AND ComponentName = 'SMS_CLIENT_CONFIG_MANAGER'",
        },
        {
            "id": "store", "op": "cim.query", "namespace": "root\\SMS\\site_P01", "lazy": True, "mask": ["Reserved2"],
            "query": "SELECT UserName, AccountUsage, Reserved2 FROM SMS_SCI_Reserved",
        },
        {"id": "cmdlets", "op": "cmdlet.describe", "module": "ConfigurationManager", "names": ["Set-CMClientPushInstallation"]},
    ]  # fmt: skip
    answers = machine.execute({"contract": 1, "operations": operations})["answers"]
    assert [row["SiteCode"] for row in answers["where"]["data"]["rows"]] == ["P01"]
    (push,) = answers["push"]["data"]["rows"]
    assert [one["Values"] for one in push["PropLists"] if one["PropertyListName"] == "Reserved2"] == [
        ["CORP\\push-ring1", "CORP\\push-ring2", "CORP\\push-ring3"]
    ]
    assert next((row["UserName"], row["Reserved2"]) for row in answers["store"]["data"]["rows"]) == ("CORP\\push-ring1", {"present": True})
    described = answers["cmdlets"]["data"]["commands"]["Set-CMClientPushInstallation"]
    assert "AllownNTLMFallback" in described["parameters"] and "AllowNTLMFallback" not in described["parameters"]
