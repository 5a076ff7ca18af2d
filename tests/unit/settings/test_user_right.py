# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who has a user right, and the template that gives it to more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import CameIn
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, HostFacts, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import Principals
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import (
    DENY_INTERACTIVE,
    EXPORT_RIGHTS,
    DeniedLogon,
    HoldersWanted,
    StoredRight,
    holds,
    read_rights,
)
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED, WORKSTATION

GROUP, LOCAL, OWN = "CORP\\push", "CL01\\pusher", "CORP\\svc-ansible"
SIDS = {GROUP: "S-1-5-21-9-9-9-1301", LOCAL: "S-1-5-21-1-2-3-1009", OWN: "S-1-5-21-9-9-9-1105"}
SETTING = DeniedLogon(DENY_INTERACTIVE, Principals((GROUP,), (LOCAL,)))
VERSION = '[Version]\r\nsignature="$CHICAGO$"\r\nRevision=1\r\n'


def exported(holders: str | None) -> str:
    line = "" if holders is None else f"{DENY_INTERACTIVE} = {holders}\r\n"
    return f"[Unicode]\r\nUnicode=yes\r\n[Privilege Rights]\r\nSeNetworkLogonRight = *S-1-1-0\r\n{line}{VERSION}"


def answers(text: Json, setting: Any = SETTING, host: HostFacts = WORKSTATION) -> Answers:
    found: dict[Operation, Answer] = {}
    for read in setting.reads():
        if read == EXPORT_RIGHTS:
            found[read] = Answer({"exit_code": 0, "stdout": "", "stderr": "", "files": {"cfg": text}})
        else:
            by_sid = {sid: name for name, sid in SIDS.items()}
            known = {one: SIDS.get(one) or (one if one in by_sid else None) for one in read.fields["accounts"]}
            found[read] = Answer({"accounts": {one: sid and {"sid": sid, "name": by_sid[sid]} for one, sid in known.items()}})
    return Answers(host, found)


def assessed(holders: str | None, host: HostFacts = WORKSTATION, setting: DeniedLogon = SETTING) -> Assessment:
    return setting.assess(setting.interpret(answers(exported(holders), setting, host)), None)


def written(found: Assessment) -> set[str]:
    """The lines of rights that each change would set."""
    return {
        line
        for difference in found.differences
        for write in difference.writes
        if write.op == "program.run"
        for line in write.fields["files"]["cfg"]["text"].splitlines()
        if line.startswith("Se")
    }


class TestReading:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            (None, Code.READ_FAILED),
            ("", Code.READ_FAILED),
            ("[Privilege Rights]\r\nSeX = a\r\n", Code.MALFORMED_VALUE),
            (VERSION, Code.MALFORMED_VALUE),
            (f"[Privilege Rights]\r\n{VERSION}", Code.MALFORMED_VALUE),
        ],
    )
    def test_no_evidence(self, text: Json, code: Code) -> None:
        rights = read_rights(answers(text))

        assert isinstance(rights, Problem) and rights.code is code
        assert SETTING.interpret(answers(text)) == Observation(problem=rights)

    def test_a_program_that_fails(self) -> None:
        denied = Answers(WORKSTATION, {**answers(""), EXPORT_RIGHTS: Answer(failure=DENIED)})

        assert SETTING.interpret(denied).problem == Problem(
            Code.ACCESS_DENIED, "the user rights could not be read (access_denied): Access is denied."
        )

    @pytest.mark.parametrize(
        ("holder", "name", "expected"),
        [
            (f"*{SIDS[GROUP]}", GROUP, True),
            (f"*{SIDS[GROUP].lower()}", GROUP, True),
            ("corp\\PUSH", GROUP, True),
            ("push", GROUP, False),
            ("Pusher", LOCAL, True),
            ("cl01\\pusher", LOCAL, True),
            (f"*{SIDS[LOCAL]}", GROUP, False),
            (SIDS[GROUP], GROUP, False),
        ],
    )
    def test_who_a_holder_is(self, holder: str, name: str, expected: bool) -> None:
        assert holds(holder, Account(name, SIDS[name], name), WORKSTATION) is expected


class TestDeniedLogon:
    @pytest.mark.parametrize("holders", [f"*{SIDS[GROUP]},pusher", f"Guest,*{SIDS[LOCAL]},*{SIDS[GROUP]}"])
    def test_all_are_there(self, holders: str) -> None:
        assert assessed(holders).status is Status.COMPLIANT

    def test_whoever_is_there_stays(self) -> None:
        found = assessed(f"Gast,*S-1-5-32-546,*{SIDS[GROUP]}")

        assert [difference.describe() for difference in found.differences] == [f"right {DENY_INTERACTIVE}: + {SIDS[LOCAL]}"]
        assert written(found) == {f"{DENY_INTERACTIVE} = Gast,*S-1-5-32-546,*{SIDS[GROUP]},*{SIDS[LOCAL]}"}

    def test_nobody_is_there(self) -> None:
        found = assessed(None)

        assert written(found) == {f"{DENY_INTERACTIVE} = *{SIDS[GROUP]},*{SIDS[LOCAL]}"}
        assert found.differences[0].restore == ({"kind": "user_right", "right": DENY_INTERACTIVE, "member": SIDS[GROUP], "before": False},)

    def test_a_look_comes_first(self) -> None:
        (look, write), *_others = [difference.writes for difference in assessed("Gast").differences]

        assert (look.op, write.op) == ("wait", "program.run")
        assert look.fields["until"] == {"path": "files.cfg", "equals": exported("Gast")}
        assert {look} == {difference.writes[0] for difference in assessed("Gast").differences}

    def test_nothing_in_a_template_is_taken_for_a_reference(self) -> None:
        (difference, *_others) = assessed("${x}").differences

        assert "$${x}" in difference.writes[0].fields["until"]["equals"]
        assert "$${x}" in difference.writes[1].fields["files"]["cfg"]["text"]

    def test_the_account_at_work_stands_in_a_template_of_its_own(self) -> None:
        setting = DeniedLogon(DENY_INTERACTIVE, Principals((GROUP,), (OWN,)))
        found = assessed("Gast", setting=setting)

        assert written(found) == {
            f"{DENY_INTERACTIVE} = Gast,*{SIDS[GROUP]}",
            f"{DENY_INTERACTIVE} = Gast,*{SIDS[OWN]}",
        }

    def test_the_account_that_came_in_as_well(self) -> None:
        host = replace(WORKSTATION, came_in=CameIn(OWN, SIDS[GROUP], "S-1-5-18", frozenset(), seen=False))

        assert written(assessed("Gast", host)) == {
            f"{DENY_INTERACTIVE} = Gast,*{SIDS[GROUP]}",
            f"{DENY_INTERACTIVE} = Gast,*{SIDS[LOCAL]}",
        }


class TestStoredRight:
    def of(self, holders: str, *before: tuple[str, bool]) -> Assessment:
        setting = StoredRight(DENY_INTERACTIVE, tuple(sid for sid, _was in before))
        return setting.assess(setting.interpret(answers(exported(holders), setting)), HoldersWanted(before))

    def test_as_it_was(self) -> None:
        assert self.of("Gast", (SIDS[GROUP], False), (SIDS[LOCAL], False)).status is Status.COMPLIANT

    def test_some_go_and_others_stay(self) -> None:
        found = self.of(f"Gast,*{SIDS[GROUP]},pusher,*S-1-5-21-9-9-9-9", (SIDS[GROUP], False), (SIDS[LOCAL], False))

        assert written(found) == {f"{DENY_INTERACTIVE} = Gast,*S-1-5-21-9-9-9-9"}
        assert len(found.differences) == 2

    def test_the_last_one_goes(self) -> None:
        assert written(self.of(f"*{SIDS[GROUP]}", (SIDS[GROUP], False))) == {f"{DENY_INTERACTIVE} ="}

    def test_one_comes_back(self) -> None:
        assert written(self.of("Gast", (SIDS[GROUP], True))) == {f"{DENY_INTERACTIVE} = Gast,*{SIDS[GROUP]}"}

    def test_an_account_without_a_name(self) -> None:
        assert written(self.of("Gast,*S-1-5-21-9-9-9-7", ("S-1-5-21-9-9-9-7", False))) == {f"{DENY_INTERACTIVE} = Gast"}
