# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles and features of servers."""

from __future__ import annotations

from typing import Any

import pytest
from world_support import RA_TASK, answer, ask, cmdlet, make, rows

from windows_estate.machine import Machine

MODULE = "ServerManager"
SHOWN = ["Name", "Installed", "InstallState"]
RESULT = ["Success", "RestartNeeded", "ExitCode", "FeatureResult"]


def server(**words: Any) -> Machine:
    return make({"S1": {"role": "member_server", **words}}).machines["S1"]


def state(machine: Machine) -> dict[str, Any]:
    return cmdlet(machine, MODULE, "Get-WindowsFeature", SHOWN, Name="Remote-Assistance")[0]


def test_remote_assistance_is_available_and_not_installed() -> None:
    assert state(server()) == {"Name": "Remote-Assistance", "Installed": False, "InstallState": "Available"}
    assert state(server(features="remote-assistance")) == {"Name": "Remote-Assistance", "Installed": True, "InstallState": "Installed"}


def test_a_client_has_no_server_manager() -> None:
    machine = make().machines["CL01"]
    assert answer(machine, "cmdlet.invoke", module=MODULE, name="Get-WindowsFeature")["error"]["kind"] == "unsupported"
    assert ask(machine, "cmdlet.describe", module=MODULE, names=["Get-WindowsFeature"])["commands"] == {"Get-WindowsFeature": None}
    assert (
        answer(machine, "cim.query", namespace="root\\cimv2", query="SELECT * FROM Win32_ServerFeature")["error"]["kind"] == "unsupported"
    )
    assert rows(machine, "SELECT InstallState FROM Win32_OptionalFeature WHERE Name = 'SMB1Protocol'", "root\\cimv2") == [
        {"InstallState": 2}
    ]


def test_installing_brings_the_task_and_removing_takes_it_away() -> None:
    machine = server()
    before = machine.fingerprint()
    assert RA_TASK not in machine.state.get("tasks", {})
    assert cmdlet(machine, MODULE, "Install-WindowsFeature", RESULT, Name="Remote-Assistance") == [
        {"Success": True, "RestartNeeded": "No", "ExitCode": "Success", "FeatureResult": ["Remote Assistance"]}
    ]
    assert state(machine)["Installed"] is True
    assert RA_TASK in machine.state["tasks"]
    assert cmdlet(machine, MODULE, "Uninstall-WindowsFeature", RESULT, Name=["Remote-Assistance"], Confirm={"switch": False}) == [
        {"Success": True, "RestartNeeded": "Yes", "ExitCode": "SuccessRestartRequired", "FeatureResult": ["Remote Assistance"]}
    ]
    assert machine.fingerprint() == before


def test_what_is_done_already_needs_nothing() -> None:
    machine = server(features="Remote-Assistance")
    done = cmdlet(machine, MODULE, "Install-WindowsFeature", RESULT, Name="Remote-Assistance")
    assert done == [{"Success": True, "RestartNeeded": "No", "ExitCode": "NoChangeNeeded", "FeatureResult": []}]


def test_what_if_changes_nothing() -> None:
    machine = server()
    cmdlet(machine, MODULE, "Install-WindowsFeature", Name="Remote-Assistance", WhatIf={"switch": True})
    assert state(machine)["Installed"] is False


def test_an_installation_takes_simulated_time() -> None:
    estate = make({"S1": {"role": "member_server"}})
    before = estate.clock.now()
    cmdlet(estate.machines["S1"], MODULE, "Install-WindowsFeature", Name="Remote-Assistance")
    assert (estate.clock.now() - before).total_seconds() == 20


@pytest.mark.parametrize(("names", "found"), [("remote-*", ["Remote-Assistance"]), ("No-Such", []), (["DNS", "WDS"], ["DNS", "WDS"])])
def test_names_are_patterns(names: Any, found: list[str]) -> None:
    assert [row["Name"] for row in cmdlet(server(), MODULE, "Get-WindowsFeature", ["Name"], Name=names)] == found


def test_an_unknown_feature_cannot_be_installed() -> None:
    machine = server()
    given = {"module": MODULE, "name": "Install-WindowsFeature", "mutates": True}
    assert answer(machine, "cmdlet.invoke", **given, parameters={"Name": "No-Such"})["error"]["kind"] == "invalid"
    assert answer(machine, "cmdlet.invoke", **given, parameters={})["error"]["kind"] == "invalid"


def test_wmi_lists_what_is_installed() -> None:
    machine = server(features="Remote-Assistance")
    query = "SELECT ID, Name FROM Win32_ServerFeature WHERE ID = 38"
    assert rows(machine, query, "root\\cimv2") == [{"ID": 38, "Name": "Remote Assistance"}]
    cmdlet(machine, MODULE, "Uninstall-WindowsFeature", Name="Remote-Assistance")
    assert rows(machine, query, "root\\cimv2") == []
    optional = "SELECT InstallState FROM Win32_OptionalFeature WHERE Name = 'Remote-Assistance'"
    assert rows(machine, optional, "root\\cimv2") == [{"InstallState": 2}]


def test_a_role_brings_its_features() -> None:
    machine = make({"DC01": {"role": "domain_controller"}}).machines["DC01"]
    assert cmdlet(machine, MODULE, "Get-WindowsFeature", ["Installed"], Name="AD-Domain-Services") == [{"Installed": True}]
