# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must not happen to the account that the connection came in with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.account_guard import account_reads, came_in
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, HostFacts, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import resolve
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import GroupMember
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import (
    READ_ADMINISTRATORS,
    Principals,
    PushPrincipal,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import (
    CONFIGURE,
    EXPORT_RIGHTS,
    WRITTEN_RIGHTS,
    set_holders,
)
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION

ADMINISTRATORS = "S-1-5-32-544"
OWN, HELD, OTHER, THIRD = (f"S-1-5-21-9-9-9-{rid}" for rid in (1105, 1106, 1301, 1302))
SYSTEM = "S-1-5-18"
DENY = "SeDenyInteractiveLogonRight"
HOST = replace(WORKSTATION, groups=(ADMINISTRATORS, "S-1-5-11", HELD))
AT_WORK = replace(WORKSTATION, user_name="NT AUTHORITY\\SYSTEM", user_sid=SYSTEM, groups=(ADMINISTRATORS, "S-1-5-11"))
ASKED = Connection("winrm", account="CORP\\svc-ansible")


def remove(member: str, host: HostFacts | None = HOST) -> str | None:
    return refusal(Operation.of("group.remove", sid=ADMINISTRATORS, members=[member]), host)


def add(member: str, host: HostFacts | None = HOST) -> str | None:
    return refusal(Operation.of("group.add", sid=ADMINISTRATORS, members=[member]), host)


def template(rights: str) -> str:
    return f'[Unicode]\r\nUnicode=yes\r\n[Version]\r\nsignature="$CHICAGO$"\r\n{rights}\r\n'


def knowing(host: HostFacts, *, denied: str = "", members: tuple[tuple[str, str], ...] = (), connection: Connection | None = None,
            account: str | None = None) -> HostFacts:  # fmt: skip
    """The facts as the engine makes them from the answers of the first execution."""
    found: dict[Operation, Json] = {
        READ_ADMINISTRATORS: {"groups": [{"sid": ADMINISTRATORS, "name": "Administratoren",
                                          "members": [{"sid": sid, "name": None, "kind": kind} for sid, kind in members]}]},
        EXPORT_RIGHTS: {"exit_code": 0, "stdout": "", "stderr": "", "files": {"cfg": template(f"[Privilege Rights]\r\n{DENY} = {denied}")}},
    }  # fmt: skip
    if connection and connection.account:
        known = {"sid": account, "name": connection.account} if account else None
        found[resolve((connection.account,))] = {"accounts": {connection.account: known}}
    answers = Answers(host, {operation: Answer(data) for operation, data in found.items()})
    return replace(host, came_in=came_in(connection, answers))


class TestAdministrators:
    def test_somebody_else_comes_and_goes(self) -> None:
        assert (add(OTHER), remove(OTHER)) == (None, None)

    def test_the_account_itself_may_come(self) -> None:
        assert add(OWN) is None

    def test_the_account_itself_stays(self) -> None:
        assert remove(OWN) == f"CORP\\svc-ansible ({OWN}) is the account that the connection came in with, so it stays in Administrators."

    def test_a_group_of_its_token_stays(self) -> None:
        assert remove(HELD) == (
            f"CORP\\svc-ansible belongs to {HELD}, which may be what makes it an administrator, so that stays in Administrators."
        )

    @pytest.mark.parametrize(
        "member",
        [
            "S-1-5-21-9-9-9-500",
            "S-1-5-11",
            "S-1-5-18",
            "S-1-5-32-545",
            f"{OTHER} ",
            f"0{OTHER}",
            OTHER.lower(),
            "S-1-5-21-9-9-9-01301",
            "CORP\\x",
            "",
        ],
    )
    def test_what_no_push_principal_can_be_neither_comes_nor_goes(self, member: str) -> None:
        sentence = f"Members of the group {ADMINISTRATORS} may be what lets the connection in, so they are not changed."

        assert (add(member), remove(member)) == (sentence, sentence)

    def test_without_facts_of_the_host_nobody_moves(self) -> None:
        assert add(OTHER, None) is not None
        assert remove(OTHER, None) is not None

    def test_one_of_several_is_enough(self) -> None:
        operation = Operation.of("group.remove", sid=ADMINISTRATORS, members=[OTHER, OWN])

        assert refusal(operation, HOST) is not None

    @pytest.mark.parametrize("group", ["S-1-5-32-555", "s-1-5-32-544", "S-1-5-32-0544"])
    def test_no_other_group_of_windows(self, group: str) -> None:
        assert refusal(Operation.of("group.add", sid=group, members=[OTHER]), HOST) is not None


class TestBecome:
    """The token at work is not that of the account that came in."""

    members = ((OTHER, "user"), (THIRD, "group"), (HELD, "unknown"))

    def test_that_one_is_asked_for(self) -> None:
        moving = [Requirement(PushPrincipal("CORP\\a", Principals(("CORP\\a",))), True, ())]

        assert account_reads(ASKED, moving) == (resolve(("CORP\\svc-ansible",)),)
        assert account_reads(ASKED, [Requirement(GroupMember(ADMINISTRATORS, OTHER), True, ())]) == account_reads(ASKED, moving)
        assert account_reads(ASKED, [Requirement(GroupMember("S-1-5-21-1-2-3-1010", OTHER), True, ())]) == ()
        assert account_reads(Connection("winrm"), moving) == account_reads(None, moving) == ()

    def test_the_account_that_came_in_stays_and_other_users_go(self) -> None:
        host = knowing(AT_WORK, members=(*self.members, (OWN, "user")), connection=ASKED, account=OWN)

        assert (
            remove(OWN, host)
            == f"CORP\\svc-ansible ({OWN}) is the account that the connection came in with, so it stays in Administrators."
        )
        assert remove(OTHER, host) is None

    @pytest.mark.parametrize("member", [THIRD, HELD])
    def test_a_group_that_may_carry_it_stays(self, member: str) -> None:
        host = knowing(AT_WORK, members=self.members, connection=ASKED, account=OWN)

        assert remove(member, host) == (
            f"Whether CORP\\svc-ansible, which the connection came in with, belongs to {member} cannot be seen by the account at work here,"
            " so that stays in Administrators; run this without become."
        )

    @pytest.mark.parametrize("connection", [ASKED, Connection("winrm", account="")])
    def test_where_it_is_not_known_nobody_goes(self, connection: Connection) -> None:
        host = knowing(AT_WORK, members=self.members, connection=connection)
        name = connection.account or "an account that is not known here"

        assert (
            remove(OTHER, host) == f"Who the connection came in as ({name}) is not known to the host, so {OTHER} stays in Administrators."
        )
        assert add(OTHER, host) is None

    def test_becoming_oneself_is_no_becoming(self) -> None:
        host = knowing(HOST, members=self.members, connection=ASKED, account=OWN)

        assert remove(THIRD, host) is None
        assert remove(HELD, host) is not None

    def test_the_account_at_work_stays_too(self) -> None:
        worker = replace(AT_WORK, user_sid=THIRD)

        assert (
            remove(THIRD, knowing(worker, connection=ASKED, account=OWN))
            == f"{THIRD} is the account that is at work here, so it stays in Administrators."
        )


class TestRights:
    @pytest.mark.parametrize("right", sorted(WRITTEN_RIGHTS))
    def test_somebody_else_is_denied(self, right: str) -> None:
        assert refusal(set_holders(right, [f"*{OTHER}", f"*{THIRD}"]), knowing(HOST)) is None

    def test_nobody_is_denied_any_more(self) -> None:
        assert refusal(set_holders(DENY, []), knowing(HOST, denied=f"*{OTHER}")) is None

    def test_the_account_itself_is_not(self) -> None:
        sentence = f"CORP\\svc-ansible is the account at work here, so {DENY} is not given to it."

        assert refusal(set_holders(DENY, [f"*{OTHER}", f"*{OWN}"]), knowing(HOST)) == sentence

    def test_a_group_of_its_token_is_not(self) -> None:
        assert (
            refusal(set_holders(DENY, [f"*{HELD}"]), knowing(HOST))
            == f"{HELD} is a group of the account at work here, so {DENY} is not given to it."
        )

    def test_the_account_that_came_in_is_not_either(self) -> None:
        host = knowing(AT_WORK, connection=ASKED, account=OWN)

        assert (
            refusal(set_holders(DENY, [f"*{OWN}"]), host) == f"CORP\\svc-ansible is the account at work here, so {DENY} is not given to it."
        )

    def test_who_is_denied_already_stays_denied(self) -> None:
        host = knowing(HOST, denied=f"Gast,*S-1-5-113,*{OWN}")

        assert refusal(set_holders(DENY, ["Gast", "*S-1-5-113", f"*{OWN}", f"*{OTHER}"]), host) is None

    @pytest.mark.parametrize("holder", ["Gast", "*S-1-1-0", "*S-1-5-11", "*S-1-5-32-544", "*S-1-5-113", "*S-1-5-21-9-9-9-513", "*x"])
    def test_crowds_and_names_are_not(self, holder: str) -> None:
        assert refusal(set_holders(DENY, [holder]), knowing(HOST)) == (
            f"{DENY} would be denied to {holder}, of whom it cannot be told whether the connection stands on it."
        )

    def test_no_logon_over_the_network_is_denied(self) -> None:
        assert refusal(set_holders("SeDenyNetworkLogonRight", [f"*{OTHER}"]), knowing(HOST)) == (
            "SeDenyNetworkLogonRight is what could keep out the connection itself, which logs on over the network, so it is not written."
        )

    @pytest.mark.parametrize("right", ["SeNetworkLogonRight", "SeInteractiveLogonRight", "SeDenyServiceLogonRight", "SeDebugPrivilege"])
    def test_no_other_right_is_written(self, right: str) -> None:
        sentence = f"{right.casefold()} is not known to leave the connection alone, so it is not written."

        assert refusal(set_holders(right, []), knowing(HOST)) == sentence

    @pytest.mark.parametrize(
        "changed",
        [
            {"program": "gpupdate"},
            {"arguments": ["/configure", "/db", "{db}", "/cfg", "{cfg}"]},
            {"arguments": [*CONFIGURE, "/overwrite"]},
            {"arguments": ["/export", "/cfg", "{cfg}"]},
            {"mutates": None},
            {"files": {"cfg": {"text": template(f"[Privilege Rights]\r\n{DENY} =")}}},
            {"files": {"cfg": {"text": template(f"[Privilege Rights]\r\n{DENY} =")}, "db": {"text": "x"}}},
            {"files": {"cfg": {"text": None}, "db": {"text": None}}},
            {"files": {"cfg": {"text": f"[Privilege Rights]\r\n{DENY} ="}, "db": {"text": None}}},
            {"files": {"cfg": {"text": template("[Privilege Rights]")}, "db": {"text": None}}},
            {"files": {"cfg": {"text": template(f"[Privilege Rights]\r\n{DENY} =\r\n[System Access]\r\nLockoutBadCount = 1")}, "db": {}}},
            {"files": {"cfg": {"text": template(f"[Privilege Rights]\r\n{DENY} =\r\n[Group Membership]\r\nx__Members =")}, "db": {}}},
            {"files": {"cfg": {"text": template(f"[Privilege Rights]\r\n{DENY} =")}, "db": {}, "log": {}}},
        ],
    )
    def test_nothing_else_of_secedit_is_run(self, changed: dict[str, Any]) -> None:
        fields = {**set_holders(DENY, []).fields, **changed}

        assert refusal(Operation.of("program.run", **fields), knowing(HOST)) == (
            "program.run is not known to leave the connection alone, so it is not run."
        )
