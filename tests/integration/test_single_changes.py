# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""For each kind of setting: one property of a hardened host is changed from outside, and apply changes just that one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Core, Run
from tests.integration.fleet import Fleet, Json, demo_domain, is_write, moved
from windows_estate.machine import Machine
from windows_estate.world.build import Built

POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
LIST = f"{POLICY}\\RAUnsolicit"
PANEL = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance"
UAC = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
TASK = "\\Microsoft\\Windows\\RemoteAssistance\\RemoteAssistanceTask"
FORMER = "S-1-5-21-1004336348-1177238915-682003330-1202"
HELPDESK = "S-1-5-21-1004336348-1177238915-682003330-1201"

OPTIONS: Json = {
    "managed_by": "this_collection",
    "mode": "solicited_and_offer",
    "control": "view_only",
    "helpers": ["CORP\\Helpdesk"],
    "ticket_life": {"value": 2, "unit": "hours"},
    "invitation_method": "mailto",
    "warning_messages": {"before_view": "Jemand will zusehen.", "before_control": "Jemand will steuern."},
    "manage_feature": True,
    "uac_prompt_visible_to_helper": True,
}


@dataclass(frozen=True)
class Case:
    """What somebody else does to a host, and what apply has to say: (setting, item, before, after). C(write): operation and its fields."""

    do: Callable[[Built], None]
    change: tuple[str, str | None, str, str]
    write: Json
    role: str = "client"
    starts_task: bool = False


def put(key: str, name: str, kind: str, data: Any) -> Callable[[Built], None]:
    return lambda built: built.machine.registry.set(key, name, kind, data)


def drop(key: str, name: str) -> Callable[[Built], None]:
    return lambda built: built.machine.registry.delete(key, name)


def written(key: str, name: str, kind: str, data: Any) -> Json:
    return {"op": "registry.write", "key": key, "name": name, "type": kind, "data": data}


def helpers(machine: Machine) -> Json:
    found: Json = next(group for group in machine.accounts.groups if group["name"] == "Offer Remote Assistance Helpers")
    return found


def take_out(built: Built) -> None:
    helpers(built.machine)["members"] = []


def bring_in(built: Built) -> None:
    helpers(built.machine)["members"].append({"sid": FORMER, "class": "Group"})


def remove_feature(built: Built) -> None:
    assert built.server_manager is not None
    built.server_manager.set_installed(built.machine, "Remote-Assistance", False)


CASES = {
    "POLICY": Case(
        put(POLICY, "LoggingEnabled", "dword", 0),
        ("policy LoggingEnabled", None, "0", "1"),
        written(POLICY, "LoggingEnabled", "dword", 1),
    ),
    "POLICYGONE": Case(
        drop(POLICY, "fAllowUnsolicitedFullControl"),
        ("policy fAllowUnsolicitedFullControl", None, "absent", "0"),
        written(POLICY, "fAllowUnsolicitedFullControl", "dword", 0),
    ),
    "POLICYTYPE": Case(
        put(POLICY, "CreateEncryptedOnlyTickets", "sz", "1"),
        ("policy CreateEncryptedOnlyTickets", None, '"1"', "1"),
        written(POLICY, "CreateEncryptedOnlyTickets", "dword", 1),
    ),
    "POLICYTEXT": Case(
        put(POLICY, "ViewMessage", "sz", "Alles in Ordnung."),
        ("policy ViewMessage", None, '"Alles in Ordnung."', '"Jemand will zusehen."'),
        written(POLICY, "ViewMessage", "sz", "Jemand will zusehen."),
    ),
    "PANEL": Case(
        put(PANEL, "CreateEncryptedOnlyTickets", "dword", 0),
        ("control panel CreateEncryptedOnlyTickets", None, "0", "1"),
        written(PANEL, "CreateEncryptedOnlyTickets", "dword", 1),
    ),
    "PANELGONE": Case(
        drop(PANEL, "fAllowToGetHelp"),
        ("control panel fAllowToGetHelp", None, "absent", "1"),
        written(PANEL, "fAllowToGetHelp", "dword", 1),
    ),
    "LISTMISSING": Case(
        drop(LIST, "CORP\\Helpdesk"),
        ("helpers list", "CORP\\Helpdesk", "absent", "present"),
        written(LIST, "CORP\\Helpdesk", "sz", "CORP\\Helpdesk"),
        starts_task=True,
    ),
    "LISTEXTRA": Case(
        put(LIST, "CORP\\Former Helpdesk", "sz", "CORP\\Former Helpdesk"),
        ("helpers list", "CORP\\Former Helpdesk", "present", "absent"),
        {"op": "registry.remove", "key": LIST, "name": "CORP\\Former Helpdesk"},
        starts_task=True,
    ),
    "GROUPMISSING": Case(
        take_out,
        ("helpers group", HELPDESK, "absent", "present"),
        {"op": "group.add", "members": [HELPDESK]},
    ),
    "GROUPEXTRA": Case(
        bring_in,
        ("helpers group", FORMER, "present", "absent"),
        {"op": "group.remove", "members": [FORMER]},
    ),
    "TASK": Case(
        lambda built: built.tasks.set_enabled(built.machine, TASK, False),
        ("task", None, "disabled", "enabled"),
        {"op": "cmdlet.invoke", "name": "Enable-ScheduledTask"},
    ),
    "FEATURE": Case(
        remove_feature,
        ("feature", None, "not installed", "installed"),
        {"op": "cmdlet.invoke", "name": "Install-WindowsFeature"},
        role="distribution_point",
    ),
    "UAC": Case(
        put(UAC, "EnableUIADesktopToggle", "dword", 0),
        ("uac EnableUIADesktopToggle", None, "0", "1"),
        written(UAC, "EnableUIADesktopToggle", "dword", 1),
    ),
    "LIFEUNIT": Case(
        put(POLICY, "MaxTicketExpiryUnits", "dword", 2),
        ("policy MaxTicketExpiryUnits", None, "2", "1"),
        written(POLICY, "MaxTicketExpiryUnits", "dword", 1),
    ),
    "LIFECOUNT": Case(
        put(PANEL, "MaxTicketExpiry", "dword", 90),
        ("control panel MaxTicketExpiry", None, "90", "2"),
        written(PANEL, "MaxTicketExpiry", "dword", 2),
    ),
}


@dataclass(frozen=True)
class Told:
    """Hardened hosts, one property changed on each, verified and applied."""

    fleet: Fleet
    hardened: dict[str, str]
    states: dict[str, Json]
    check: Run
    apply: Run
    writes: dict[str, list[Json]]
    executions: dict[str, int]
    after: dict[str, str]


@pytest.fixture(scope="module")
def told(core: Core, start_shared: Start) -> Told:
    hosts = {name: {"role": case.role} for name, case in CASES.items()}
    hosts["FEATURE"]["features"] = "Remote-Assistance"
    fleet = start_shared({**demo_domain(), "hosts": hosts}, core)
    hardening = fleet.module("remote_assistance_policy", OPTIONS)
    assert hardening.with_status("ok") == set(CASES), hardening.end
    again = fleet.module("remote_assistance_policy", OPTIONS)
    assert again.changed() == set(), [(told.host, told.result["changes"]) for told in again.every() if told.result["changed"]]
    hardened, states = fleet.fingerprints(), fleet.states()
    for name, case in CASES.items():
        case.do(fleet.estate.built[name])
        assert fleet.machine(name).fingerprint() != hardened[name], f"{name}: nothing was changed"
    check = fleet.module("remote_assistance_policy", OPTIONS, "--check", "--diff")
    apply = fleet.module("remote_assistance_policy", OPTIONS, "--diff")
    writes = {name: fleet.writes(name) for name in CASES}
    executions = {name: fleet.counters(name).executions for name in CASES}
    return Told(fleet, hardened, states, check, apply, writes, executions, fleet.fingerprints())


@pytest.fixture(params=sorted(CASES))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_just_that_change_is_planned_and_made(told: Told, name: str) -> None:
    planned, made = told.check.of(name).result, told.apply.of(name).result
    assert [(change["setting"], change["item"], change["before"], change["after"], change["state"]) for change in made["changes"]] == [
        (*CASES[name].change, "made")
    ]
    assert [{**change, "state": "made"} for change in planned["changes"]] == made["changes"]
    assert planned["diff"] == made["diff"]
    assert told.executions[name] == 2


def test_just_that_write_is_sent(told: Told, name: str) -> None:
    snapshot, *writes = told.writes[name]
    assert (snapshot["op"], snapshot["path"]) == ("file.write", f"snapshots\\{told.apply.of(name).result['snapshot']}.json")
    started = [write for write in writes if write.get("name") == "Start-ScheduledTask"]
    assert len(started) == int(CASES[name].starts_task)
    (write,) = [write for write in writes if write not in started]
    wanted = CASES[name].write
    assert {field: write.get(field) for field in wanted} == wanted
    assert all(is_write(one) for one in writes)


def test_the_host_is_as_it_was_when_hardened(told: Told, name: str) -> None:
    assert told.after[name] == told.hardened[name], moved(told.states[name], told.fleet.machine(name).state)
