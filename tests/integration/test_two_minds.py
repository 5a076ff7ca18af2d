# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the simulated Windows and the library both decide something, each gets cases that it was not written with.

The simulation acts (its task fills the group, its Group Policy writes the values), the library reads what there is to read, and what the
library says has to be what happened. No Ansible and no WinRM: the library runs on the simulated machine itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Execute, Outcome
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import demands_of, enforce, verify
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from tests.integration.fleet import Json, demo_domain
from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world import Estate
from windows_estate.world.behaviours import local_policy
from windows_estate.world.preg import PolicyEntry

AREA = "remote_assistance_policy"
BARE = "SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
POLICY = f"HKLM\\{BARE}"
LIST = f"{POLICY}\\RAUnsolicit"
TASK = "\\Microsoft\\Windows\\RemoteAssistance\\RemoteAssistanceTask"
DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
HELPDESK = f"{DOMAIN}-1201"
FORMER = f"{DOMAIN}-1202"
TODAY = date(2026, 6, 1)
# What a host has in the policies' key where everything is off.
HARDENED = {"fAllowToGetHelp": 0, "fAllowUnsolicited": 0, "CreateEncryptedOnlyTickets": 1, "LoggingEnabled": 1}

OFFER: Json = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}
DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}


def estate_of(host: Json | None = None, **words: Any) -> Estate:
    return Estate.load({**demo_domain(), "hosts": {"CL01": {"role": "client", **(host or {})}}, **words}, clock=SimulatedClock())


def execution(machine: Machine) -> Execute:
    return lambda arguments: machine.execute(dict(arguments))


def judge(machine: Machine, options: Json) -> Outcome:
    return verify(AREA, options, execution(machine), subject="CL01", today=TODAY)


def apply(machine: Machine, options: Json) -> Outcome:
    checked = {AREA: read_options(AREA, options)}
    assert demands_of(checked)
    return enforce(checked, execution(machine), subject="CL01", check=False, today=TODAY)


def finding(outcome: Outcome, control: str) -> Finding:
    return next(finding for finding in outcome.findings if finding.control == control)


def members(machine: Machine) -> set[str]:
    group = next(group for group in machine.accounts.groups if group["name"] == "Offer Remote Assistance Helpers")
    return {member["sid"] for member in group["members"]}


def planned(outcome: Outcome, label: str) -> set[tuple[str, str]]:
    """The elements of a list that are to come (+) or go (-)."""
    return {
        ("+" if change.difference.after == "present" else "-", str(change.difference.item))
        for change in outcome.changes
        if change.difference.label == label
    }


# ---------------------------------------------------------------------------------------------------- who is a helper

# What somebody wrote into the list of helpers, and whom Windows' task then lets in; the data counts, and the name where there is none.
LISTS: dict[str, tuple[dict[str, str], set[str]]] = {
    "empty data": ({"CORP\\Helpdesk": ""}, {HELPDESK}),
    "number as name": ({"1": "CORP\\Helpdesk"}, {HELPDESK}),
    "sid": ({HELPDESK: HELPDESK}, {HELPDESK}),
    "sid as data": ({"CORP\\Former Helpdesk": HELPDESK}, {HELPDESK}),
    "other case": ({"corp\\HELPDESK": "corp\\HELPDESK"}, {HELPDESK}),
    "twice": ({"CORP\\Helpdesk": "CORP\\Helpdesk", "corp\\helpdesk ": "corp\\helpdesk", "3": HELPDESK}, {HELPDESK}),
    "principal name": ({"Helpdesk@corp.example": "Helpdesk@corp.example"}, {HELPDESK}),
    "name of one and data of another": ({"CORP\\Helpdesk": "CORP\\Former Helpdesk"}, {FORMER}),
    "nobody known": ({"CORP\\Helpdesk": "CORP\\Helpdesk", "CORP\\Gone": "CORP\\Gone"}, {HELPDESK}),
    "one more": ({"CORP\\Helpdesk": "CORP\\Helpdesk", "x": FORMER}, {HELPDESK, FORMER}),
    "nobody": ({}, set()),
}


@pytest.fixture(params=sorted(LISTS))
def listed(request: pytest.FixtureRequest) -> tuple[Machine, set[str]]:
    """A host whose list says so, and whose task has run since."""
    entries, expected = LISTS[request.param]
    policies = {"Configure Offer Remote Assistance": {"control": "view_only", "helpers": ["CORP\\Former Helpdesk"]}}
    estate = estate_of({"remote_assistance": {"policies": policies, "helpers_group": []}})
    built = estate.built["CL01"]
    built.machine.registry.delete(LIST)
    for name, data in entries.items():
        built.machine.registry.set(LIST, name, "sz", data)
    built.tasks.start(built.machine, TASK)
    built.machine.sleep(10)
    return built.machine, expected


def test_the_library_sees_in_the_group_who_got_in(listed: tuple[Machine, set[str]]) -> None:
    machine, expected = listed
    assert members(machine) == expected
    outcome = judge(machine, OFFER)
    changes = planned(outcome, "helpers group")
    assert changes == {*(("+", sid) for sid in {HELPDESK} - expected), *(("-", sid) for sid in expected - {HELPDESK})}


def test_a_list_that_the_library_calls_right_lets_in_just_the_helpers(listed: tuple[Machine, set[str]]) -> None:
    machine, expected = listed
    if not planned(judge(machine, OFFER), "helpers list"):
        assert expected == {HELPDESK}


def test_what_the_library_makes_of_the_list_lets_in_just_the_helpers(listed: tuple[Machine, set[str]]) -> None:
    machine, _expected = listed
    apply(machine, OFFER)
    assert members(machine) == {HELPDESK}
    # Windows' task, running once more, is of the same opinion.
    machine.execute({"contract": 1, "operations": [start_task()]})
    machine.sleep(10)
    assert members(machine) == {HELPDESK}
    assert not judge(machine, OFFER).changed


def start_task() -> Json:
    folder, _, name = TASK.rpartition("\\")
    parameters = {"TaskName": name, "TaskPath": f"{folder}\\"}
    return {
        "id": "a",
        "op": "cmdlet.invoke",
        "module": "ScheduledTasks",
        "name": "Start-ScheduledTask",
        "parameters": parameters,
        "mutates": True,
    }


# ---------------------------------------------------------------------------------------------------- whose policy wins


def gpo(name: str, data: int | str | None, number: int = 1) -> Json:
    """An object that sets fAllowToGetHelp, or, without data, takes it away, or (all) empties the key."""
    value: Json = {"name": "fAllowToGetHelp", "type": "dword", "data": data}
    if not isinstance(data, int):
        value = {"name": "**DelVals." if data == "all" else "**Del.fAllowToGetHelp", "type": "sz", "data": " "}
    return {"name": name, "guid": f"{{{number:08X}-0000-4000-8000-000000000000}}", "registry": [{"key": BARE, **value}]}


def owners(outcome: Outcome) -> str:
    """The finding that names who decides, in words."""
    return finding(outcome, "000-09").actual


@pytest.mark.parametrize("rsop", ["on", "off"])
@pytest.mark.parametrize(
    ("objects", "value", "winner"),
    [
        ((("First", 0), ("Second", 1)), 1, "Second"),
        ((("First", 1), ("Second", 0)), 0, "Second"),
        ((("First", 1), ("Second", 1)), 1, "Second"),
        ((("First", 1), ("Second", None)), None, "Second"),
        ((("First", None), ("Second", 1)), 1, "Second"),
        ((("First", 1), ("Second", "all")), None, "Second"),
        (tuple((f"Object {number}", number % 2) for number in range(12)), 1, "Object 11"),
    ],
    ids=["higher", "lower", "equal", "deletes", "deleted", "emptied", "twelve"],
)
def test_the_object_that_the_library_names_is_the_one_whose_value_stands(
    rsop: str, objects: tuple[tuple[str, int | str | None], ...], value: int | None, winner: str
) -> None:
    words = {"objects": [gpo(name, data, number) for number, (name, data) in enumerate(objects, 1)]}
    estate = estate_of({"rsop": rsop}, group_policy=words)
    machine = estate.machines["CL01"]
    # The simulated Group Policy has decided.
    assert machine.registry.data(POLICY, "fAllowToGetHelp") == value
    outcome = judge(machine, {**DISABLED, "mode": "solicited"} if value == 0 else DISABLED)
    solicited = finding(outcome, "002-09")
    assert solicited.status.value == "conflict"
    assert f'"{winner}"' in solicited.actual
    losers = [name for name, _data in objects if name != winner]
    assert not any(f'"{loser}"' in solicited.actual for loser in losers)
    assert f'"{winner}"' in owners(outcome)


def test_what_the_library_leaves_to_the_object_is_what_the_object_would_write_again() -> None:
    estate = estate_of(group_policy={"refresh_minutes": 90, "objects": [gpo("First", 0, 1), gpo("Second", 1, 2)]})
    machine = estate.machines["CL01"]
    outcome = apply(machine, DISABLED)
    assert finding(outcome, "002-09").status.value == "conflict"
    assert machine.registry.data(POLICY, "fAllowToGetHelp") == 1
    # Somebody who writes it all the same loses it.
    machine.registry.set(POLICY, "fAllowToGetHelp", "dword", 0)
    estate.built["CL01"].group_policy.process(machine, force=True)
    assert machine.registry.data(POLICY, "fAllowToGetHelp") == 1


# ---------------------------------------------------------------------------------------------------- local policy


def sets(data: int, name: str = "fAllowToGetHelp") -> PolicyEntry:
    return PolicyEntry.make(BARE, name, "dword", data)


def does(name: str, data: str = " ", key: str = BARE) -> PolicyEntry:
    return PolicyEntry.make(key, name, "sz", data)


# What is in the local Registry.pol, and whether it would undo a fAllowToGetHelp that is 0.
LOCAL: dict[str, tuple[list[PolicyEntry], bool]] = {
    "deletes": ([does("**Del.fAllowToGetHelp")], True),
    "deletes in another case": ([does("**del.FALLOWTOGETHELP", key=BARE.upper())], True),
    "deletes after setting": ([sets(0), does("**Del.fAllowToGetHelp")], True),
    "sets after deleting": ([does("**Del.fAllowToGetHelp"), sets(0)], False),
    "sets it right": ([sets(0)], False),
    "sets it wrong": ([sets(1)], True),
    "sets another": ([sets(1, "fAllowToGetHelpX")], False),
    "empties the key": ([does("**DelVals.")], True),
    "empties the key and sets": ([does("**DelVals."), *(sets(data, name) for name, data in HARDENED.items())], False),
    "deletes by list": ([does("**DeleteValues", "Other;fAllowToGetHelp")], True),
    "deletes others by list": ([does("**DeleteValues", "Other;Another")], False),
    "deletes the key": ([does("**DeleteKeys", "Other;Terminal Services", BARE.rpartition("\\")[0])], True),
    "deletes a key above": ([does("**DeleteKeys", "Microsoft", "SOFTWARE\\Policies")], True),
    "deletes another key": ([does("**DeleteKeys", "Terminal", BARE.rpartition("\\")[0])], False),
    "secures the key": ([does("**SecureKey", "1")], False),
    "if there is none": ([PolicyEntry.make(BARE, "**soft.fAllowToGetHelp", "dword", 1)], False),
}


@pytest.mark.parametrize("case", sorted(LOCAL))
def test_a_local_policy_is_called_stale_just_when_it_would_undo_the_value(case: str) -> None:
    entries, undone = LOCAL[case]
    estate = estate_of()
    machine = estate.machines["CL01"]
    local_policy.write(machine, entries)
    estate.built["CL01"].group_policy.process(machine, force=True)
    outcome = judge(machine, DISABLED)
    # As if the library had written it, local policy or not; then local policy is applied once more.
    machine.registry.set(POLICY, "fAllowToGetHelp", "dword", 0)
    estate.built["CL01"].group_policy.process(machine, force=True)
    assert (machine.registry.data(POLICY, "fAllowToGetHelp") != 0) == undone
    stale = finding(outcome, "000-09")
    assert (stale.status.value == "conflict") == undone, stale.actual
    if undone:
        assert "local Group Policy" in stale.actual
