# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who decides a set of policy values."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Failure, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.policy_owner import OwnerWanted, PolicyOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED, answers_to
from ansible_collections.configmgr.hardening.tests.unit.windows.policy_files import Entry, dword, policy_file, text

KEY = "HKLM\\SOFTWARE\\Policies\\Vendor\\Product"
BELOW = KEY.partition("\\")[2]
MDM = "HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Product"
OWNER = PolicyOwner("Product", KEY, ("Switch", "Level"), list_key=f"{KEY}\\List", mdm_key=MDM)
SWITCH, LEVEL, LISTED = Place(KEY, "Switch").id, Place(KEY, "Level").id, Place(f"{KEY}\\List", "CORP\\Desk").id
LIST_KEY = f"{KEY}\\List"
GPO = "{11111111-1111-1111-1111-111111111111}"
OTHER = "{22222222-2222-2222-2222-222222222222}"
BY_GPO = 'the Group Policy object "Desktops"'
BY_SITE = "Configuration Manager (client settings, Remote Tools, from CM1)"
SITE_ROWS = [{"ManageRA": True, "EnforceRAandTSSettings": True, "PolicySource": "CM1"}]
NO_CLIENT = Failure("unsupported", "Invalid namespace")
NOTHING: Json = {"exists": False, "values": {}, "subkeys": {}}


@dataclass(frozen=True)
class Host:
    """What a host tells about policy. C(history): GUID and name of each applied object, in order; None for no list."""

    session: bool = True
    logging: int | None = None
    rsop: Sequence[Mapping[str, Json]] = ()
    history: Sequence[tuple[str, str]] | None = None
    cache: Mapping[str, bytes] = field(default_factory=dict)
    truncated: bool = False
    local: bytes | None = None
    local_answer: Json | Failure = None
    configmgr: Sequence[Mapping[str, Json]] | Failure = NO_CLIENT
    mdm: Mapping[str, Json] = field(default_factory=dict)
    denied: str = ""

    def answers(self) -> Answers:
        return answers_to(
            OWNER, given={read: DENIED if self.denied and self.denied in read.body else self._answer(read.body) for read in OWNER.reads()}
        )

    def _answer(self, read: str) -> Json | Failure:
        if "RSOP_RegistryPolicySetting" in read:
            return {"rows": list(self.rsop)}
        if "RSOP_Session" in read:
            return {"rows": [{"id": "Session1"}] if self.session else []}
        if "RSOP_GPO" in read:
            return {"rows": [{"id": f"cn={GPO},cn=policies", "name": "Desktops"}]}
        if "RSoPLogging" in read:
            values = {} if self.logging is None else {"RSoPLogging": {"type": "dword", "data": self.logging}}
            return {"exists": True, "values": values, "subkeys": {}}
        if "History" in read:
            return NOTHING if self.history is None else {"exists": True, "values": {}, "subkeys": self._history(self.history)}
        if "CCM_RemoteToolsConfig" in read:
            return self.configmgr if isinstance(self.configmgr, Failure) else {"rows": list(self.configmgr)}
        if "DataStore" in read:
            files = [
                {"path": f"C:\\sysvol\\corp\\Policies\\{guid}\\Machine\\Registry.pol", "base64": base64.b64encode(content).decode()}
                for guid, content in self.cache.items()
            ]
            return {"files": files, "truncated": self.truncated}
        if "Registry.pol" in read:
            content = None if self.local is None else base64.b64encode(self.local).decode()
            files = [] if content is None else [{"path": "C:\\Registry.pol", "base64": content}]
            return self.local_answer or {"files": files, "truncated": False}
        assert "PolicyManager" in read
        return {"exists": bool(self.mdm), "values": dict(self.mdm), "subkeys": {}}

    @staticmethod
    def _history(objects: Sequence[tuple[str, str]]) -> dict[str, Json]:
        # As the registry lists keys: as texts.
        numbered = sorted((str(number), guid, name) for number, (guid, name) in enumerate(objects))
        return {
            number: {
                "values": {
                    "DisplayName": {"type": "sz", "data": name},
                    "GPOName": {"type": "sz", "data": guid},
                    "DSPath": {"type": "sz", "data": "LocalGPO" if guid == "Local Group Policy" else f"LDAP://CN={guid}"},
                },
                "subkeys": {},
            }
            for number, guid, name in numbered
        }


def rsop(
    name: str, data: int, *, key: str = BELOW, precedence: int = 1, by: str = f"cn={GPO},cn=policies", **more: Json
) -> dict[str, Json]:
    """A row of RSOP_RegistryPolicySetting."""
    value = {"base64": base64.b64encode(dword(data)).decode()}
    return {
        "registryKey": key,
        "valueName": name,
        "valueType": 4,
        "value": value,
        "GPOID": by,
        "precedence": precedence,
        "deleted": False,
    } | more


def number(name: str, data: int) -> Entry:
    return (BELOW, name, 4, dword(data))


def judged(host: Host, managed_by: str = "this_collection", intended: Mapping[str, tuple[str, Json] | None] | None = None) -> Assessment:
    observation = OWNER.interpret(host.answers())
    assert observation.problem is None
    return OWNER.assess(observation, OwnerWanted(managed_by, intended or {SWITCH: ("dword", 1), LEVEL: None}))  # type: ignore[arg-type]


def decider(host: Host, place: str, target: Json = None, owner: PolicyOwner = OWNER) -> str | None:
    return owner.decides(owner.interpret(host.answers()), Difference("k", "l", "a", "b", place=place, target=target))


def test_the_query_asks_for_the_key_and_what_is_below_it() -> None:
    assert OWNER.reads()[0].fields["query"] == (
        "SELECT * FROM RSOP_RegistryPolicySetting WHERE registryKey LIKE 'SOFTWARE\\\\Policies\\\\Vendor\\\\Product%'"
    )


@pytest.mark.parametrize(
    ("managed_by", "host", "status", "actual"),
    [
        ("this_collection", Host(), Status.COMPLIANT, "Product: decided by this collection"),
        ("this_collection", Host(rsop=[rsop("Switch", 1)]), Status.CONFLICT, f"{BY_GPO} sets Remote Assistance"),
        ("this_collection", Host(configmgr=SITE_ROWS), Status.CONFLICT, f"{BY_SITE} sets Remote Assistance"),
        (
            "this_collection",
            Host(mdm={"Solicited": {"type": "sz", "data": "x"}}),
            Status.CONFLICT,
            "device management (MDM) sets Remote Assistance",
        ),
        ("group_policy", Host(rsop=[rsop("Switch", 1)]), Status.COMPLIANT, "Product: decided by Group Policy"),
        ("group_policy", Host(), Status.DRIFT, "nothing of it comes from Group Policy"),
        ("group_policy", Host(local=policy_file([number("Switch", 1)])), Status.COMPLIANT, "Product: decided by Group Policy"),
        ("group_policy", Host(configmgr=SITE_ROWS), Status.CONFLICT, f"{BY_SITE} sets Remote Assistance"),
        ("configmgr", Host(configmgr=SITE_ROWS), Status.COMPLIANT, "Product: decided by Configuration Manager"),
        ("configmgr", Host(), Status.DRIFT, "nothing of it comes from Configuration Manager"),
        ("configmgr", Host(configmgr=[{"ManageRA": False}]), Status.DRIFT, "nothing of it comes from Configuration Manager"),
        ("configmgr", Host(rsop=[rsop("Switch", 1)]), Status.CONFLICT, f"{BY_GPO} sets Remote Assistance"),
        (
            "configmgr",
            Host(rsop=[rsop("Switch", 1)], configmgr=SITE_ROWS),
            Status.CONFLICT,
            f"both {BY_GPO} and {BY_SITE} set Remote Assistance",
        ),
    ],
)
def test_the_owner_that_is_declared_is_held_against_those_that_are_found(managed_by: str, host: Host, status: Status, actual: str) -> None:
    assessment = judged(host, managed_by)

    assert (assessment.status, assessment.actual) == (status, actual)
    assert bool(assessment.remedy) is (status is not Status.COMPLIANT)


@pytest.mark.parametrize(
    "row",
    [
        rsop("Other", 1),
        rsop("Switch", 1, key=f"{BELOW}2"),
        rsop("Switch", 1, precedence=2),
        rsop("Switch", 1, by="LocalGPO"),
    ],
    ids=["another value", "another key", "not the winner", "the local policy"],
)
def test_rows_that_do_not_concern_it(row: dict[str, Json]) -> None:
    assert judged(Host(rsop=[row])).status is Status.COMPLIANT


def test_a_value_that_a_policy_removes_is_set_by_it() -> None:
    assert decider(Host(rsop=[rsop("Switch", 1, deleted=True)]), SWITCH) == BY_GPO


def test_data_as_a_list_of_numbers_is_read_too() -> None:
    observation = OWNER.interpret(Host(rsop=[rsop("Switch", 0, value=[7, 0, 0, 0])]).answers())

    assert observation.evidence == (f"{BY_GPO} sets Switch = 7",)


NO_RSOP = Host(session=False)


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (NO_RSOP, "RSoP holds nothing and Windows keeps no list of applied Group Policy objects"),
        (replace(NO_RSOP, logging=0), "RSoP logging is off and Windows keeps no list of applied Group Policy objects"),
        (Host(logging=0), "RSoP logging is off and Windows keeps no list of applied Group Policy objects"),
        (
            replace(NO_RSOP, history=[(GPO, "Desktops")]),
            'RSoP holds nothing and Windows keeps no copy of the Group Policy object "Desktops"',
        ),
        (
            replace(NO_RSOP, history=[(GPO, "Desktops")], cache={GPO: b"junk"}),
            'RSoP holds nothing and the copy of the Group Policy object "Desktops" cannot be parsed',
        ),
        (
            replace(NO_RSOP, history=[(GPO, "Desktops")], truncated=True),
            "RSoP holds nothing and the copies of policy files cannot be read",
        ),
        (
            replace(NO_RSOP, history=[(GPO, "Desktops")], denied="DataStore"),
            "RSoP holds nothing and the copies of policy files cannot be read",
        ),
    ],
)
def test_what_cannot_be_seen_is_no_owner_that_is_not_there(host: Host, why: str) -> None:
    assessment = judged(host)

    assert (assessment.status, assessment.code, assessment.actual) == (Status.INDETERMINATE, Code.OWNERSHIP_NOT_VISIBLE, why)


@pytest.mark.parametrize("denied", ["RSOP_RegistryPolicySetting", "RSOP_Session", "RSOP_GPO"])
def test_a_denied_read_of_rsop_is_not_an_empty_one(denied: str) -> None:
    assessment = judged(Host(denied=denied))

    assert assessment.status is Status.INDETERMINATE
    assert assessment.actual == "RSoP cannot be read and Windows keeps no list of applied Group Policy objects"


def test_without_rsop_the_copies_of_policy_files_tell() -> None:
    host = replace(NO_RSOP, history=[("Local Group Policy", "Local"), (GPO, "Desktops")], cache={GPO: policy_file([number("Switch", 1)])})

    assert judged(host, "group_policy").status is Status.COMPLIANT
    assert decider(host, SWITCH) == BY_GPO
    assert decider(host, LEVEL) is None


def test_where_only_the_local_policy_was_applied_nobody_else_decides() -> None:
    assert judged(replace(NO_RSOP, history=[("Local Group Policy", "Local")])).status is Status.COMPLIANT


def test_the_object_that_was_applied_last_wins_also_among_more_than_ten() -> None:
    guids = [f"{{00000000-0000-0000-0000-{number:012}}}" for number in range(12)]
    cache = {guid: policy_file([number_entry]) for guid, number_entry in zip(guids, (number("Switch", n) for n in range(12)), strict=True)}
    host = replace(NO_RSOP, history=[(guid, f"Object {n}") for n, guid in enumerate(guids)], cache=cache)

    assert OWNER.interpret(host.answers()).evidence == ('the Group Policy object "Object 11" sets Switch = 11',)


def test_a_stale_local_policy_is_a_conflict() -> None:
    local = policy_file(
        [number("Switch", 0), number("Level", 2), (BELOW, "Other", 4, dword(9)), (f"{BELOW}\\List", "CORP\\Desk", 1, text("CORP\\Desk"))]
    )
    assessment = judged(Host(local=local), intended={SWITCH: ("dword", 1), LEVEL: ("dword", 2), Place(f"{KEY}\\List", "").id: None})

    assert assessment.status is Status.CONFLICT
    assert assessment.actual == "the local Group Policy (Registry.pol) would write back Switch = 0, CORP\\Desk = CORP\\Desk"


@pytest.mark.parametrize(
    ("entries", "intended"),
    [
        ([number("Switch", 1)], {SWITCH: ("dword", 1)}),
        ([(BELOW, "**del.Switch", 1, text(" "))], {SWITCH: None}),
        ([(BELOW, "**soft.Switch", 4, dword(1))], {SWITCH: ("dword", 1)}),
        ([(f"{BELOW}\\List", "corp\\desk", 1, text("corp\\desk"))], {LISTED: ("sz", "CORP\\Desk")}),
        ([(f"{BELOW}\\List", "**delvals.", 1, text(" "))], {SWITCH: ("dword", 1)}),
        ([number("Switch", 0), number("Switch", 1)], {SWITCH: ("dword", 1)}),
    ],
)
def test_a_local_policy_that_says_the_same_is_none(entries: list[Entry], intended: dict[str, Any]) -> None:
    assert judged(Host(local=policy_file(entries)), intended=intended).status is Status.COMPLIANT


@pytest.mark.parametrize(
    ("entries", "intended"),
    [
        ([number("Switch", 1)], {SWITCH: None}),
        ([(BELOW, "**del.Switch", 1, text(" "))], {SWITCH: ("dword", 1)}),
        ([(BELOW, "Switch", 1, text("1"))], {SWITCH: ("dword", 1)}),
    ],
)
def test_a_local_policy_that_says_otherwise_is_one(entries: list[Entry], intended: dict[str, Any]) -> None:
    assert judged(Host(local=policy_file(entries)), intended=intended).status is Status.CONFLICT


@pytest.mark.parametrize(
    ("host", "place", "target", "by"),
    [
        (Host(), SWITCH, None, None),
        (Host(rsop=[rsop("Switch", 1)]), SWITCH, None, BY_GPO),
        (Host(rsop=[rsop("Switch", 1)]), LEVEL, None, None),
        (Host(rsop=[rsop("CORP\\X", 1, key=f"{BELOW}\\List")]), LISTED, None, BY_GPO),
        (Host(configmgr=SITE_ROWS), LEVEL, None, BY_SITE),
        (Host(rsop=[rsop("Switch", 1)], configmgr=SITE_ROWS), SWITCH, None, f"{BY_GPO} and {BY_SITE}"),
        (Host(local=policy_file([number("Switch", 0)])), SWITCH, {"type": "dword", "data": 1}, "the local Group Policy"),
        (Host(local=policy_file([number("Switch", 1)])), SWITCH, {"type": "dword", "data": 1}, None),
        (Host(local=policy_file([number("Switch", 1)])), SWITCH, None, "the local Group Policy"),
    ],
)
def test_who_decides_a_place(host: Host, place: str, target: Json, by: str | None) -> None:
    assert decider(host, place, target) == by


def test_what_is_no_policy_value_is_decided_by_nobody() -> None:
    observation = OWNER.interpret(Host(rsop=[rsop("Switch", 1)], configmgr=SITE_ROWS).answers())

    assert OWNER.decides(observation, Difference("k", "l", "a", "b")) is None


def test_the_declared_owner_is_no_stranger() -> None:
    assert decider(Host(configmgr=SITE_ROWS), SWITCH, owner=replace(OWNER, declared="configmgr")) is None


@pytest.mark.parametrize(
    ("host", "code", "message"),
    [
        (
            Host(configmgr=DENIED),
            Code.ACCESS_DENIED,
            "the client's remote tools policy (CCM_RemoteToolsConfig) could not be read (access_denied): Access is denied.",
        ),
        (Host(local_answer=DENIED), Code.ACCESS_DENIED, "the local Registry.pol could not be read (access_denied): Access is denied."),
        (
            Host(local=b"junk"),
            Code.MALFORMED_VALUE,
            "The local Registry.pol cannot be parsed: the file does not begin with the signature and version 1 of a registry policy file.",
        ),
        (
            Host(local_answer={"files": [{"path": "x", "base64": None}], "truncated": False}),
            Code.MALFORMED_VALUE,
            "The local Registry.pol is larger than a policy file may be.",
        ),
    ],
)
def test_what_has_to_be_known_and_cannot_be_read_makes_the_owner_uncertain(host: Host, code: Code, message: str) -> None:
    observation = OWNER.interpret(host.answers())
    assessment = OWNER.assess(observation, OwnerWanted("this_collection", {}))

    assert (assessment.status, assessment.code, assessment.actual) == (Status.INDETERMINATE, code, message)


def test_what_is_unproven_on_a_real_host_is_said() -> None:
    host = Host(configmgr=SITE_ROWS, mdm={"x": {"type": "sz", "data": "y"}})

    assert OWNER.interpret(host.answers()).caveats == (
        "the property names of CCM_RemoteToolsConfig are taken from the site's class and unproven on a client",
        "where device management keeps these values is unproven",
    )


# ---------------------------------------------------------------- lists that are cleared first

LIST_BELOW = f"{BELOW}\\List"
CLEAR: Entry = (LIST_BELOW, "**delvals.", 1, text(" "))
KNOWN = replace(OWNER, option="helpers", accounts=("desk@corp.example",))
ACCOUNTS = {"desk@corp.example": ("S-1-5-21-9-9-9-1200", "CORP\\Desk")}


def listing(name: str, data: str) -> Entry:
    return (LIST_BELOW, name, 1, text(data))


def seen(*entries: Entry) -> Observation:
    given = {read: Host(local=policy_file(entries))._answer(read.body) for read in OWNER.reads()}
    return KNOWN.interpret(answers_to(KNOWN, given=given, accounts=ACCOUNTS))


@pytest.mark.parametrize(
    ("entries", "by"),
    [
        ([CLEAR], "the local Group Policy"),
        ([CLEAR, listing("x", "CORP\\Other")], "the local Group Policy"),
        ([CLEAR, listing("1", "corp\\DESK")], None),
        ([CLEAR, listing("1", "S-1-5-21-9-9-9-1200")], None),
        ([CLEAR, listing("1", "desk@corp.example")], None),
        ([CLEAR, listing("S-1-5-21-9-9-9-1200", "")], None),
        ([listing("x", "CORP\\Other")], None),
        ([listing("CORP\\Desk", "CORP\\Desk"), CLEAR], "the local Group Policy"),
    ],
)
def test_whoever_a_list_that_is_cleared_first_does_not_name_would_go_again(entries: list[Entry], by: str | None) -> None:
    coming = Difference("k", "l", "absent", "present", place=LISTED, target={"type": "sz", "data": "CORP\\Desk"})
    going = Difference("k", "l", "present", "absent", place=Place(LIST_KEY, "CORP\\Old").id)

    assert KNOWN.decides(seen(*entries), coming) == by
    assert KNOWN.decides(seen(*entries), going) is None


@pytest.mark.parametrize(
    ("entries", "actual"),
    [
        ([CLEAR], "a list without CORP\\Desk"),
        ([CLEAR, listing("x", "CORP\\Other")], "x = CORP\\Other, a list without CORP\\Desk"),
        ([listing("x", "CORP\\Other")], "x = CORP\\Other"),
        ([CLEAR, listing("1", "S-1-5-21-9-9-9-1200")], None),
        ([listing("S-1-5-21-9-9-9-1200", "")], None),
    ],
)
def test_a_stale_list_is_told(entries: list[Entry], actual: str | None) -> None:
    wanted = OwnerWanted("this_collection", {LISTED: ("sz", "CORP\\Desk")})
    assessment = KNOWN.assess(seen(*entries), wanted)

    assert assessment.status is (Status.CONFLICT if actual else Status.COMPLIANT)
    if actual:
        assert assessment.actual == f"the local Group Policy (Registry.pol) would write back {actual}"


def test_a_copy_that_clears_the_list_replaces_what_came_before() -> None:
    cache = {
        GPO: policy_file([listing("CORP\\Desk", "CORP\\Desk")]),
        OTHER: policy_file([CLEAR, listing("CORP\\New", "CORP\\New")]),
    }
    host = replace(NO_RSOP, history=[(GPO, "First"), (OTHER, "Second")], cache=cache)
    by = {entry.by for entry in OWNER.interpret(host.answers()).value.domain}

    assert by == {'the Group Policy object "Second"'}
    assert decider(host, LISTED) == 'the Group Policy object "Second"'


def test_what_cannot_be_read_does_not_hide_what_can() -> None:
    assert judged(Host(rsop=[rsop("Switch", 1)], configmgr=DENIED)).status is Status.CONFLICT
    assert decider(Host(rsop=[rsop("Switch", 1)], local=b"junk"), SWITCH) == BY_GPO


def test_device_management_decides_everything_and_is_not_none_where_it_is_denied() -> None:
    assert decider(Host(mdm={"x": {"type": "sz", "data": "y"}}), SWITCH) == "device management (MDM)"
    assert judged(Host(denied="PolicyManager")).status is Status.INDETERMINATE
