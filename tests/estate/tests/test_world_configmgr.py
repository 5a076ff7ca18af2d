# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ConfigMgr client: what it got from its site, and what it does to Remote Assistance."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from world_support import HELPDESK, TS, answer, ask, client, make, members, program, rows, values

from windows_estate.machine import Machine
from windows_estate.world import Estate, preg

ACTUAL = "root\\ccm\\policy\\machine\\ActualConfig"
MANAGED = {
    "manage_unsolicited_remote_assistance": True,
    "manage_solicited_remote_assistance": True,
    "remote_assistance": "view_only",
    "permitted_viewers": ["CORP\\Helpdesk"],
}
VIEW_ONLY = {"fAllowUnsolicited": 1, "fAllowUnsolicitedFullControl": 0, "fAllowToGetHelp": 1, "fAllowFullControl": 0}


def with_site(*settings: dict[str, Any], hosts: dict[str, Any] | None = None, **more: Any) -> Estate:
    named = [{"name": f"Settings {number}", **one} for number, one in enumerate(settings, 1)]
    return make(hosts, configmgr={"site_code": "P01", "client_settings": named}, **more)


def managed(**remote_tools: Any) -> Estate:
    return with_site({"remote_tools": {**MANAGED, **remote_tools}})


def config(machine: Machine) -> dict[str, Any]:
    return rows(machine, "SELECT * FROM CCM_RemoteToolsConfig", ACTUAL)[0]


def test_without_a_site_there_is_no_client() -> None:
    error = answer(make().machines["CL01"], "cim.query", namespace=ACTUAL, query="SELECT * FROM CCM_RemoteToolsConfig")["error"]
    assert (error["kind"], error["code"]) == ("unsupported", -2147217394)


def test_clients_and_servers_have_a_client_and_domain_controllers_do_not() -> None:
    hosts = {
        "CL01": {"role": "client"},
        "S1": {"role": "site_server"},
        "DC01": {"role": "domain_controller"},
        "CL02": {"role": "client", "configmgr_client": False},
    }
    estate = with_site(hosts=hosts)
    assert {
        name
        for name, machine in estate.machines.items()
        if answer(machine, "cim.query", namespace="root\\ccm", query="SELECT * FROM SMS_Client")["ok"]
    } == {
        "CL01",
        "S1",
    }


def test_what_nobody_set_manages_nothing() -> None:
    machine = with_site().machines["CL01"]
    found = config(machine)
    assert (found["Type"], found["ManageRA"], found["EnforceRAandTSSettings"], found["PolicySource"]) == (1, False, False, "SMS:P01")
    assert values(machine) == {}


def test_the_lower_priority_number_wins_value_by_value() -> None:
    estate = with_site(
        {"priority": 10, "remote_tools": {"remote_assistance": "full", "prompt_user": False}},
        {"priority": 3, "applies_to": "CL01", "remote_tools": {"remote_assistance": "view_only"}},
        {"priority": 1, "applies_to": "servers", "remote_tools": {"remote_assistance": "none"}},
    )
    found = config(estate.machines["CL01"])
    assert (found["EnableRA"], found["AllowRAUnsolicitedView"], found["AllowRAUnsolicitedControl"]) == (True, True, False)
    assert found["PermissionRequired"] is False


def test_a_host_may_have_settings_of_its_own() -> None:
    machine = with_site({"remote_tools": MANAGED}, hosts=client(client_settings={"remote_assistance": "full"})).machines["CL01"]
    assert config(machine)["AllowRAUnsolicitedControl"] is True


@pytest.mark.parametrize(
    ("words", "mask"),
    [(False, 0), (True, 8), (["domain"], 12), (["domain", "private", "public"], 15)],
)
def test_the_firewall_profiles_are_a_mask(words: Any, mask: int) -> None:
    assert config(managed(remote_control=words).machines["CL01"])["FirewallExceptionProfiles"] == mask


def test_remote_control_makes_its_group_and_registry_values() -> None:
    machine = managed(remote_control=["domain"]).machines["CL01"]
    assert members(machine, "ConfigMgr Remote Control Users") == [HELPDESK]
    key = "HKLM\\SOFTWARE\\Microsoft\\SMS\\Client\\Client Components\\Remote Control"
    found = values(machine, key)
    assert (found["Enabled"], found["Access Level"], found["PermittedViewers"]) == (1, 2, ["CORP\\Helpdesk"])
    assert found["Remote Control Security Group SID"].endswith("-1001")


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("none", {"fAllowUnsolicited": 0, "fAllowUnsolicitedFullControl": 0, "fAllowToGetHelp": 0, "fAllowFullControl": 0}),
        ("view_only", VIEW_ONLY),
        ("full", {"fAllowUnsolicited": 1, "fAllowUnsolicitedFullControl": 1, "fAllowToGetHelp": 1, "fAllowFullControl": 1}),
    ],
)
def test_it_writes_remote_assistance_into_the_local_policy_and_the_live_key(level: str, expected: dict[str, int]) -> None:
    machine = managed(remote_assistance=level).machines["CL01"]
    assert values(machine) == expected
    file = ask(machine, "file.read", path="C:\\Windows\\System32\\GroupPolicy\\Machine\\Registry.pol")["files"][0]
    written = {entry.name: entry.value for entry in preg.decode(base64.b64decode(file["base64"])) if not entry.is_instruction}
    assert written == {**expected, "CORP\\Helpdesk": "CORP\\Helpdesk"}
    logged = rows(machine, "SELECT GPOID FROM RSOP_RegistryPolicySetting WHERE valueName = 'fAllowToGetHelp'")
    assert logged == [{"GPOID": "LocalGPO"}]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ({"manage_unsolicited_remote_assistance": False}, {"fAllowToGetHelp", "fAllowFullControl"}),
        ({"manage_solicited_remote_assistance": False}, {"fAllowUnsolicited", "fAllowUnsolicitedFullControl"}),
    ],
)
def test_it_touches_only_what_it_manages(words: dict[str, Any], names: set[str]) -> None:
    assert set(values(managed(**words).machines["CL01"])) == names


def test_helpers_follow_the_permitted_viewers() -> None:
    machine = managed().machines["CL01"]
    assert values(machine, f"{TS}\\RAUnsolicit") == {"CORP\\Helpdesk": "CORP\\Helpdesk"}
    assert members(machine) == [HELPDESK]


def test_what_somebody_else_wrote_is_overwritten_at_the_next_evaluation() -> None:
    estate = managed()
    machine = estate.machines["CL01"]
    before = machine.fingerprint()
    ask(machine, "registry.write", key=TS, name="fAllowToGetHelp", type="dword", data=0)
    estate.advance(58)
    assert values(machine)["fAllowToGetHelp"] == 0
    estate.advance(3)
    assert values(machine) == VIEW_ONLY
    assert machine.fingerprint() == before


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("TriggerSchedule", {"sScheduleID": "{00000000-0000-0000-0000-000000000022}"}),
        ("EvaluateMachinePolicy", {}),
        ("RequestMachinePolicy", {"uFlags": 0}),
    ],
)
def test_evaluation_can_be_asked_for_and_happens_a_little_later(method: str, arguments: dict[str, Any]) -> None:
    estate = managed()
    machine = estate.machines["CL01"]
    ask(machine, "registry.write", key=TS, name="fAllowToGetHelp", type="dword", data=0)
    invoked = ask(machine, "cim.invoke", namespace="root\\ccm", **{"class": "SMS_Client"}, method=method, arguments=arguments, mutates=True)
    assert invoked["return_value"] == 0
    assert values(machine)["fAllowToGetHelp"] == 0
    estate.advance(0.2)
    assert values(machine) == VIEW_ONLY


def test_another_schedule_evaluates_nothing() -> None:
    estate = managed()
    machine = estate.machines["CL01"]
    ask(machine, "registry.write", key=TS, name="fAllowToGetHelp", type="dword", data=0)
    schedule = {"sScheduleID": "{00000000-0000-0000-0000-000000000001}"}
    ask(machine, "cim.invoke", namespace="root\\ccm", **{"class": "SMS_Client"}, method="TriggerSchedule", arguments=schedule, mutates=True)
    estate.advance(5)
    assert values(machine)["fAllowToGetHelp"] == 0


def test_tampering_with_its_policy_in_wmi_lasts_until_the_next_evaluation() -> None:
    estate = managed()
    machine = estate.machines["CL01"]
    query = "SELECT * FROM CCM_RemoteToolsConfig WHERE Type = 1"
    ask(machine, "cim.put", namespace=ACTUAL, query=query, set={"ManageRA": False, "PolicySource": "local"})
    assert config(machine)["PolicySource"] == "local"
    estate.advance(61)
    assert (config(machine)["ManageRA"], config(machine)["PolicySource"]) == (True, "SMS:P01")


def test_both_hands_on_the_same_values_take_turns() -> None:
    objects = [{"name": "G", "policies": {"Configure Solicited Remote Assistance": "disabled"}}]
    estate = make(configmgr={"client_settings": [{"remote_tools": MANAGED}]}, group_policy={"objects": objects})
    machine = estate.machines["CL01"]
    assert values(machine)["fAllowToGetHelp"] == 1
    program(machine, "gpupdate", "/force")
    assert values(machine)["fAllowToGetHelp"] == 0
    estate.advance(61)
    assert values(machine)["fAllowToGetHelp"] == 1


def test_it_keeps_what_others_have_in_the_local_policy() -> None:
    hosts = client(local_policy={"version": 4, "policies": {"Turn on session logging": "enabled", "RA_Solicit": {"control": "full"}}})
    machine = with_site({"remote_tools": MANAGED}, hosts=hosts).machines["CL01"]
    assert values(machine) == {**VIEW_ONLY, "LoggingEnabled": 1}
    assert "Version=5" in (machine.files.text("C:\\Windows\\System32\\GroupPolicy\\gpt.ini") or "")


def test_at_rest_nothing_changes_as_time_goes_by() -> None:
    estate = managed()
    before = estate.fingerprints()
    estate.advance(600)
    assert estate.fingerprints() == before
