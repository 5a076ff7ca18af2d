# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who decides the members of Administrators and the rights that deny logons, from files and answers as they may be."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import (
    Answer,
    Answers,
    Failure,
    HostFacts,
    Json,
    Operation,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import Principals
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.security_owner import Decided, SecurityOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import DENY_INTERACTIVE
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import GERMAN, WORKSTATION

RING1, RING2 = "CORP\\push-ring1", "CORP\\push-ring2"
SIDS = {RING1: "S-1-5-21-9-9-9-1301", RING2: "S-1-5-21-9-9-9-1302"}
OWNER = SecurityOwner(Principals((RING1,), (RING2,)), (DENY_INTERACTIVE,))
GUID = "{11111111-2222-3333-4444-555555555555}"
SECURITY, GROUPS, REGISTRY = "{827D319E", "{17D89FEC", "{35378EAC"
POLICIES = f"C:\\Windows\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\corp.example\\Policies\\{GUID}\\Machine"
TEMPLATE = f"{POLICIES}\\Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf"
PREFERENCES = f"C:\\ProgramData\\Microsoft\\Group Policy\\History\\{GUID}\\Machine\\Preferences\\Groups\\Groups.xml"
BY = 'the Group Policy object "Push"'


def history() -> Json:
    values = {name: {"type": "sz", "data": data} for name, data in (("GPOName", GUID), ("DisplayName", "Push"), ("DSPath", "LDAP://x"))}
    return {"exists": True, "values": {}, "subkeys": {"0": {"values": values, "subkeys": {}}}}


def answered(
    *,
    files: Mapping[str, bytes] | None = None,
    lists: tuple[str, ...] = (),
    rows: Mapping[str, list[dict[str, Json]]] | None = None,
    host: HostFacts = WORKSTATION,
    group: str = "Administrators",
    denied: str | None = None,
) -> Decided:
    """What the owner makes of it. C(rows): RSoP by class; without any, nothing was logged. C(lists): extensions that have the object."""

    def answer(read: Operation) -> Answer:
        fields = read.fields
        if denied and denied in read.body:
            return Answer(failure=Failure("access_denied", "Access is denied."))
        if read.op == "registry.read":
            there = any(one in fields["key"] for one in lists)
            return Answer(history() if there else {"exists": False, "values": {}, "subkeys": {}})
        if read.op == "file.read":
            end = fields["path"].rpartition("\\")[2]
            here = "ProgramData" in fields["path"]
            found = [
                {"path": path, "size": len(content), "modified": "", "base64": base64.b64encode(content).decode()}
                for path, content in (files or {}).items()
                if path.endswith(end) and ("ProgramData" in path) == here
            ]
            return Answer({"files": found, "truncated": False})
        if read.op == "group.read":
            return Answer({"groups": [{"sid": "S-1-5-32-544", "name": group, "members": []}]})
        if read.op == "account.resolve":
            return Answer({"accounts": {name: {"sid": sid, "name": name} for name, sid in SIDS.items()}})
        name = fields["query"].rpartition(" ")[2]
        if name == "RSOP_Session":
            return Answer({"rows": [] if rows is None else [{"id": "Session1"}]})
        return Answer({"rows": [] if rows is None else rows.get(name, [])})

    observation = OWNER.interpret(Answers(host, {read: answer(read) for read in OWNER.reads()}))
    decided: Decided = observation.value
    return decided


def told(decided: Decided) -> set[tuple[str, frozenset[str]]]:
    return {(entry.kind, entry.names) for entry in decided.entries}


def template(content: str) -> bytes:
    return f'[Unicode]\r\nUnicode=yes\r\n[Version]\r\nsignature="$CHICAGO$"\r\nRevision=1\r\n{content}\r\n'.encode("utf-16")


def preferences(properties: str, members: str = "", attributes: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Groups clsid="{{1}}"><!-- by hand --><Group name="x"{attributes}>'
        f"<Properties {properties}><Members>{members}</Members></Properties></Group></Groups>"
    ).encode()


def row(**properties: Json) -> dict[str, Json]:
    return {"GPOID": "CN=Push", "precedence": 1, **properties}


GPO = {"RSOP_GPO": [{"id": "cn=push", "name": "Push"}]}


class TestResultantSet:
    @pytest.mark.parametrize("name", ["Administrators", "BUILTIN\\Administrators", "S-1-5-32-544", "*S-1-5-32-544", "administrators"])
    def test_the_group_in_all_its_names(self, name: str) -> None:
        decided = answered(rows={**GPO, "RSOP_RestrictedGroup": [row(GroupName=name, Members=["CORP\\A", "S-1-5-21-1-2-3-4"])]})

        assert told(decided) == {("only", frozenset({"corp\\a", "s-1-5-21-1-2-3-4"}))}
        assert decided.entries[0].by == BY
        assert decided.hidden is None

    def test_the_group_in_german(self) -> None:
        rows = {**GPO, "RSOP_RestrictedGroup": [row(GroupName="VORDEFINIERT\\Administratoren", Members=[])]}

        assert told(answered(rows=rows, host=GERMAN, group="Administratoren")) == {("only", frozenset())}

    def test_other_groups_and_those_who_lost(self) -> None:
        rows = [row(GroupName="Users", Members=["x"]), row(GroupName="Administrators", Members=["x"], precedence=2)]

        assert told(answered(rows={**GPO, "RSOP_RestrictedGroup": rows})) == set()

    def test_who_is_added(self) -> None:
        rows = {**GPO, "RSOP_RestrictedGroupEx": [row(GroupName=RING2, MembersOf=["BUILTIN\\Administrators"])]}

        assert told(answered(rows=rows)) == {("adds", frozenset({"corp\\push-ring2"}))}

    def test_a_right_and_no_other(self) -> None:
        rows = [row(UserRight=DENY_INTERACTIVE.upper(), AccountList=[RING1]), row(UserRight="SeBackupPrivilege", AccountList=["x"])]

        assert told(answered(rows={**GPO, "RSOP_UserPrivilegeRight": rows})) == {("right", frozenset({"corp\\push-ring1"}))}

    def test_nothing_was_logged(self) -> None:
        assert answered().hidden == "RSoP does not tell, and Windows keeps no list of applied Group Policy objects"

    def test_a_computer_without_a_domain_needs_no_list(self) -> None:
        assert answered(host=replace(WORKSTATION, domain_role=0)).hidden is None


class TestTemplates:
    def test_members_and_rights(self) -> None:
        text = f"[Group Membership]\r\n*S-1-5-32-544__Members = {RING1}\r\n[Privilege Rights]\r\n{DENY_INTERACTIVE} = *{SIDS[RING2]}"
        decided = answered(files={TEMPLATE: template(text)}, lists=(SECURITY,))

        assert told(decided) == {("only", frozenset({"corp\\push-ring1"})), ("right", frozenset({SIDS[RING2].casefold()}))}
        assert decided.hidden is None

    def test_of_one_that_is_not_applied(self) -> None:
        text = "[Group Membership]\r\n*S-1-5-32-544__Members ="

        assert told(answered(files={TEMPLATE: template(text)}, rows=GPO)) == set()

    def test_no_copy_of_one_that_is_applied(self) -> None:
        assert BY in str(answered(lists=(SECURITY,)).hidden)
        assert answered(lists=(SECURITY,), rows=GPO).hidden is None

    def test_one_that_cannot_be_parsed(self) -> None:
        assert "cannot be parsed: it has no signature" in str(answered(files={TEMPLATE: b"[x]"}, lists=(SECURITY,)).hidden)

    def test_the_same_in_two_places_is_told_once(self) -> None:
        text = f"[Group Membership]\r\n*S-1-5-32-544__Members = *{SIDS[RING1]}"
        rows = {**GPO, "RSOP_RestrictedGroup": [row(GroupName="Administrators", Members=[RING1])]}

        assert len(answered(files={TEMPLATE: template(text)}, lists=(SECURITY,), rows=rows).entries) == 1


MEMBER = f'<Member name="{RING2}" action="ADD" sid=""/><Member name="CORP\\old" action="REMOVE" sid="S-1-5-21-9-9-9-7"/>'
ADDED, REMOVED = frozenset({"corp\\push-ring2"}), frozenset({"corp\\old", "s-1-5-21-9-9-9-7"})


class TestPreferences:
    def of(self, content: bytes, lists: tuple[str, ...] = (GROUPS,)) -> Decided:
        return answered(files={PREFERENCES: content}, lists=lists, rows=GPO)

    @pytest.mark.parametrize(
        "group",
        ['groupSid="S-1-5-32-544" groupName="x"', 'groupSid="" groupName="Administrators (built-in)"', 'groupName="Administrators"'],
    )
    @pytest.mark.parametrize("action", ['action="U"', ""])
    def test_an_update(self, group: str, action: str) -> None:
        assert told(self.of(preferences(f"{action} {group}", MEMBER))) == {("adds", ADDED), ("removes", REMOVED)}

    @pytest.mark.parametrize("how", ['action="R"', 'action="U" deleteAllUsers="1"', 'action="U" deleteAllGroups="1"'])
    def test_a_replacement(self, how: str) -> None:
        assert told(self.of(preferences(f'{how} groupSid="S-1-5-32-544"', MEMBER))) == {("only", ADDED)}

    @pytest.mark.parametrize(
        "content",
        [
            preferences('action="D" groupSid="S-1-5-32-544"', MEMBER),
            preferences('action="C" groupSid="S-1-5-32-544"', MEMBER),
            preferences('action="U" groupSid="S-1-5-32-545" groupName="Administrators"', MEMBER),
            preferences('action="U" groupName="Helpers (local)"', MEMBER),
            preferences('action="U" groupSid="S-1-5-32-544"', MEMBER, ' disabled="1"'),
            b"<Groups><Group/></Groups>",
        ],
    )
    def test_what_is_not_about_its_members(self, content: bytes) -> None:
        assert told(self.of(content)) == set()

    def test_without_a_list_of_their_own_that_of_other_extensions_counts(self) -> None:
        content = preferences('groupSid="S-1-5-32-544"', MEMBER)

        assert told(self.of(content, (REGISTRY,))) != set()
        assert told(self.of(content, ())) == set()

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_entities_are_not_expanded(self, encoding: str) -> None:
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Groups>&b;</Groups>'.encode(encoding)

        assert str(self.of(bomb).hidden).endswith("cannot be parsed: it declares something of its own")

    @pytest.mark.parametrize("content", [b"", b"<Groups>", b"\xff\xfe<", b"no xml"])
    def test_what_cannot_be_parsed_hides_something(self, content: bytes) -> None:
        assert "cannot be parsed" in str(self.of(content).hidden)

    def test_copies_that_cannot_be_read(self) -> None:
        assert answered(lists=(GROUPS,), rows=GPO, denied="ProgramData").hidden == (
            "the preferences for local groups cannot be read (access_denied)"
        )


class TestVerdict:
    def of(self, kind: str, *names: str) -> Assessment:
        classes: dict[str, list[dict[str, Json]]] = {
            "only": [row(GroupName="Administrators", Members=list(names))],
            "right": [row(UserRight=DENY_INTERACTIVE, AccountList=list(names))],
        }
        name = {"only": "RSOP_RestrictedGroup", "right": "RSOP_UserPrivilegeRight"}[kind]
        decided = answered(rows={**GPO, name: classes[kind]})
        observation = OWNER.interpret(Answers(WORKSTATION, {read: Answer(failure=Failure("failed", "")) for read in OWNER.reads()}))
        return OWNER.assess(replace(observation, value=decided), DENY_INTERACTIVE if kind == "right" else None)

    def test_a_policy_that_agrees(self) -> None:
        assert self.of("only", "CORP\\Domain Admins", RING1).actual == f"{BY} agrees"
        assert self.of("right", RING1, RING2).status is Status.COMPLIANT

    @pytest.mark.parametrize("names", [("CORP\\Domain Admins",), (RING1, RING2), ("push-ring1", "push-ring2"), ()])
    def test_a_policy_that_will_undo_it(self, names: tuple[str, ...]) -> None:
        assert self.of("only", *names).status is Status.CONFLICT

    def test_a_right_that_a_policy_gives_to_others(self) -> None:
        found = self.of("right", RING1)

        assert (found.status, found.actual) == (
            Status.CONFLICT,
            f"{BY} gives sedenyinteractivelogonright to corp\\push-ring1, against what is declared of {RING2}",
        )

    def test_nothing_is_read(self) -> None:
        answers = Answers(WORKSTATION, {read: Answer(failure=Failure("failed", "No.")) for read in OWNER.reads()})
        found = OWNER.assess(OWNER.interpret(answers), None)

        assert (found.status, found.code) == (Status.INDETERMINATE, Code.OWNERSHIP_NOT_VISIBLE)
