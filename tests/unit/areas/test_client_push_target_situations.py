# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library against the table of a client that push installs to, and the table itself.

The table and the library were written apart from each other. Where a test fails, one of the two is wrong: find out which before changing
either.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import described_push_target as d
import push_situations as p
import pytest
from asked_host import Host, planned, run_or_refuse

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.machine import Machine

AREA, SUBJECT = "client_push_target", "CL01"
TABLE = p.load(Path(__file__).with_name("client_push_target_situations.yml"), d.host_state)
JUDGED = [one for one in TABLE.situations if not one.refused]
BY_NAME = {one.name: one for one in TABLE.situations}
CHANGE = re.compile(
    r"admins: [+-] (?P<member>S-1-[0-9-]+)|right (?P<right>SeDeny(?:Remote)?InteractiveLogonRight): \+ (?P<holder>S-1-[0-9-]+)"
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
        # A look at the rights right before they are written shows all of them, and writes none.
        operations = [operation for operation in p.planned_operations(planned(outcome)) if '"until":' not in operation]
        for pattern in situation.writes:
            assert any(re.search(pattern, operation) for operation in operations), f"nothing writes {pattern}: {operations}"
        for pattern in situation.no_writes:
            assert not any(re.search(pattern, operation) for operation in operations), f"something writes {pattern}: {operations}"

    def test_nobody_else_is_moved(self, situation: p.Situation) -> None:
        """Whatever the table says: only declared principals move, and never what carries the connection out of Administrators."""
        outcome, _host = judged(situation)
        options, user = situation.options, situation.state["host"]["user"]
        known = {d.sid_of(one) for one in [*options["admitted"], *options.get("known_push_principals", [])]}
        admitted = {d.sid_of(one) for one in options["admitted"]}
        for change in planned(outcome):
            match = CHANGE.fullmatch(in_words(change))
            assert match, in_words(change)
            sid = match["member"] or match["holder"]
            assert sid in known
            if match["member"] and "- " in in_words(change):
                assert sid not in admitted | {user["sid"], *user["groups"]}

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

    def test_a_conflict_plans_nothing_on_the_same_matter(self, situation: p.Situation) -> None:
        outcome, _host = judged(situation)
        changes = " ".join(map(in_words, planned(outcome)))
        for aspect, words in (("members", "admins:"), ("deny interactive", "SeDenyInteractive"), ("deny remote", "SeDenyRemote")):
            if p.status_of(p.findings_about(outcome.findings, aspect, TABLE.aspects)) in ("conflict", "indeterminate"):
                assert words not in changes


@pytest.mark.parametrize("situation", [one for one in TABLE.situations if one.refused], ids=lambda situation: situation.name)
def test_what_the_host_shows_to_be_wrong(situation: p.Situation) -> None:
    error, host = outcome_of(situation.name)
    refused_with(error, situation.refused)
    assert len(host.requests) == 1
    assert host.untouched


@pytest.mark.parametrize("row", TABLE.refused_options, ids=lambda row: row.name)
def test_what_is_wrong_before_any_host_is_touched(row: p.RefusedOptions) -> None:
    error, host = run_or_refuse(AREA, row.options, BY_NAME["the ring's group and nobody else's"].state, SUBJECT)
    refused_with(error, row.refused)
    assert host.requests == []


def refused_with(error: Any, words: tuple[str, ...]) -> None:
    assert isinstance(error, OptionError), f"the options were not refused: {[p.told(error.findings)]}"
    missing = p.missing_words(words, str(error))
    assert missing is None, f"nothing mentions {missing}: {error}"
    assert all(sentence.rstrip().endswith((".", "!", "?")) for sentence in error.sentences), error.sentences


# -- the table itself --------------------------------------------------------------------------------------------------------------------


def test_there_are_enough_and_no_two_have_the_same_name() -> None:
    assert len(TABLE.situations) >= 50
    names = Counter([row.name for row in TABLE.situations] + [row.name for row in TABLE.refused_options])
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("situation", TABLE.situations, ids=lambda situation: situation.name)
class TestRow:
    def test_changes_are_in_the_normal_form_and_move_something(self, situation: p.Situation) -> None:
        (administrators,) = (group for group in situation.state["groups"] if group["sid"] == d.ADMINISTRATORS)
        members = {member["sid"] for member in administrators["members"]}
        for change in situation.changes or ():
            match = CHANGE.fullmatch(change)
            assert match, change
            if match["member"]:
                assert (match["member"] in members) == ("- " in change), change
            elif situation.described.get("secedit", "works") == "works":
                assert match["holder"] not in right_of(situation, match["right"]), change

    def test_what_is_compliant_is_what_the_host_has(self, situation: p.Situation) -> None:
        rights = {"deny interactive": "SeDenyInteractiveLogonRight", "deny remote": "SeDenyRemoteInteractiveLogonRight"}
        known = {
            d.sid_of(one) for one in [*situation.options["admitted"], *situation.options.get("known_push_principals", [])] if resolves(one)
        }
        for expected in situation.expected:
            for subject in expected.subjects:
                if subject in rights and expected.statuses == ("compliant",):
                    assert known <= right_of(situation, rights[subject])
                if subject in rights and expected.statuses in (("drift",), ("conflict",)):
                    assert not known <= right_of(situation, rights[subject])

    def test_a_conflict_has_a_policy(self, situation: p.Situation) -> None:
        for expected in situation.expected:
            if expected.statuses == ("conflict",):
                assert expected.mentions == (situation.described["policies"][0]["gpo"],)


def resolves(account: str) -> bool:
    try:
        d.sid_of(account)
    except p.TableError:
        return False
    return True


def right_of(situation: p.Situation, right: str) -> set[str]:
    accounts = situation.described.get("rights", {}).get(right, [])
    return {d.sid_of(account.strip("'")) for account in accounts if account.strip("'") != "Gast"}


def test_every_aspect_is_both_met_and_missed() -> None:
    seen: dict[str, set[str]] = {}
    for situation in TABLE.situations:
        for expected in situation.expected:
            if len(expected.statuses) == len(expected.subjects) == 1:
                seen.setdefault(expected.subjects[0], set()).update(expected.statuses)
    for subject in ("members", "ring", "group", "deny interactive", "deny remote"):
        assert {"compliant", "drift"} <= seen[subject], subject
    for subject in ("members", "deny interactive"):
        assert {"conflict", "indeterminate"} <= seen[subject], subject


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(p.TableError, match="administratrs"):
        d.host_state({"administratrs": []})
    with pytest.raises(p.TableError, match="no such account"):
        d.host_state({"administrators": ["CORP\\nobody"]})
    with pytest.raises(p.TableError, match="secedit"):
        d.host_state({"secedit": "broken"})


def test_a_client_shows_what_is_written_here() -> None:
    policy = {
        "gpo": "P",
        "members": {"Administrators": ["CORP\\push-ring1"]},
        "memberof": {"CORP\\push-ring2": ["Administrators"]},
        "rights": {"SeDenyInteractiveLogonRight": ["CORP\\push-ring1"]},
        "preferences": [{"members": [{"name": "CORP\\CM01$"}]}],
    }
    administrators = ["CORP\\push-ring1", "S-1-5-21-7-7-7-1"]
    rights = {"SeDenyInteractiveLogonRight": ["'Guest", "CORP\\push-ring1"]}
    machine = Machine(d.host_state({"administrators": administrators, "rights": rights, "policies": [policy]}))
    cache = "%SystemRoot%\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\*\\Policies\\*\\Machine\\"
    operations = [
        {"id": "group", "op": "group.read", "sid": d.ADMINISTRATORS},
        {
            "id": "rights", "op": "program.run", "program": "secedit", "arguments": ["/export", "/cfg", "{out}", "/areas", "USER_RIGHTS"],
            "files": {"out": {"text": None, "encoding": "utf-16le"}},
        },
        {"id": "restricted", "op": "cim.query", "namespace": "root\\rsop\\computer", "query": "SELECT * FROM RSOP_RestrictedGroup"},
        {"id": "denied", "op": "cim.query", "namespace": "root\\rsop\\computer", "query": "SELECT * FROM RSOP_UserPrivilegeRight"},
        {"id": "template", "op": "file.read", "path": cache + "Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf"},
        {"id": "preferences", "op": "file.read", "path": cache + "Preferences\\Groups\\Groups.xml"},
    ]  # fmt: skip
    answers = machine.execute({"contract": 1, "operations": operations})["answers"]
    (group,) = answers["group"]["data"]["groups"]
    assert [(one["name"], one["kind"]) for one in group["members"]] == [("CORP\\push-ring1", "group"), (None, "unknown")]
    assert "SeDenyInteractiveLogonRight = Guest,*S-1-5-21-9-9-9-1301\r\n" in answers["rights"]["data"]["files"]["out"]
    (row,) = answers["restricted"]["data"]["rows"]
    assert (row["GroupName"], row["Members"]) == ("BUILTIN\\Administrators", ["CORP\\push-ring1"])
    assert {one["UserRight"] for one in answers["denied"]["data"]["rows"]} == {"SeBackupPrivilege", "SeDenyInteractiveLogonRight"}
    assert len(answers["template"]["data"]["files"]) == len(answers["preferences"]["data"]["files"]) == 1
