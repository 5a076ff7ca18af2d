# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a write could cut the connection that it travels on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_values import LIST_KEY, LOCAL_KEY, VALUES
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import NO_PROMPT, cmdlet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION

POLICIES = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT"
RDS = f"{POLICIES}\\Terminal Services"
UAC = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
WINRM = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WinRM\\Service"
FIREWALL = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\DomainProfile"
TASK = ScheduledTask("\\Microsoft\\Windows\\RemoteAssistance\\", "RemoteAssistanceTask")


def set_value(key: str, name: str) -> Operation:
    return Operation.of("registry.write", key=key, name=name, type="dword", data=0)


def remove_value(key: str, name: str) -> Operation:
    return Operation.of("registry.remove", key=key, name=name)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *((value.key, value.name) for value in VALUES),
        *((LOCAL_KEY, value.name) for value in VALUES if value.local),
        (LIST_KEY, "CORP\\Helpdesk"),
        (UAC, "EnableUIADesktopToggle"),
        (RDS.upper(), "FALLOWTOGETHELP"),
    ],
)
def test_values_that_only_remote_assistance_reads_may_move(key: str, name: str) -> None:
    assert refusal(set_value(key, name)) is None
    assert refusal(remove_value(key, name)) is None


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (RDS, "fDenyTSConnections"),
        (RDS, "Shadow"),
        (RDS, "UserAuthentication"),
        (RDS, "fAllowToGetHelp "),
        (f"{RDS}\\", "fAllowToGetHelp"),
        (f"{RDS}\\Client", "fAllowToGetHelp"),
        (RDS.replace("HKLM", "HKEY_LOCAL_MACHINE"), "fAllowToGetHelp"),
        (RDS.replace("HKLM", "HKU"), "fAllowToGetHelp"),
        (RDS.replace("\\", "/"), "fAllowToGetHelp"),
        (POLICIES, "fAllowToGetHelp"),
        ("HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server", "fDenyTSConnections"),
        (UAC, "LocalAccountTokenFilterPolicy"),
        (UAC, "EnableLUA"),
        (WINRM, "AllowAutoConfig"),
        (WINRM, "AllowUnencryptedTraffic"),
        (FIREWALL, "EnableFirewall"),
        ("HKLM\\SYSTEM\\CurrentControlSet\\Services\\WinRM", "Start"),
        ("HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa", "LmCompatibilityLevel"),
        (RDS, ""),
    ],
)
def test_any_other_value_is_refused(key: str, name: str) -> None:
    sentence = f"{key} is not known to leave the connection alone, so it is not written."

    assert refusal(set_value(key, name)) == sentence
    assert refusal(remove_value(key, name)) == sentence


@pytest.mark.parametrize("key", [POLICIES, RDS, f"{RDS}\\RAUnsolicit", LOCAL_KEY])
def test_keys_that_a_rollback_may_remove(key: str) -> None:
    assert refusal(Operation.of("registry.remove", key=key)) is None


@pytest.mark.parametrize(
    "key",
    [
        "HKLM\\SOFTWARE",
        "HKLM\\SOFTWARE\\Policies",
        "HKLM\\SOFTWARE\\Policies\\Microsoft",
        UAC,
        WINRM,
        FIREWALL,
        "HKLM\\SYSTEM\\CurrentControlSet\\Control",
        "HKLM",
        "",
    ],
)
def test_any_other_key_stays(key: str) -> None:
    assert refusal(Operation.of("registry.remove", key=key)) == f"{key} is not known to leave the connection alone, so it is not written."


@pytest.mark.parametrize("op", ["group.add", "group.remove"])
@pytest.mark.parametrize(
    "sid",
    [
        "S-1-5-32-544",
        "s-1-5-32-544",
        "S-1-5-32-555",
        "S-1-5-32-580",
        "S-1-5-032-544",
        "S-1-5-0x20-544",
        "S-1-1-0",
        "S-1-5-21-1-2-3-512x",
        "S-1-5-21-1-2-3",
        "S-1-5-21-1-2-3-1000-5",
        "S-1-5-21-1-2-3-544",
        "S-1-5-21-1-2-3-1010 ",
        "BA",
        "Administrators",
        "",
    ],
)
def test_members_of_groups_that_windows_knows_stay(op: str, sid: str) -> None:
    sentence = f"Members of the group {sid} may be what lets the connection in, so they are not changed."

    assert refusal(Operation.of(op, sid=sid, members=["S-1-5-21-9-9-9-1200"])) == sentence


@pytest.mark.parametrize("op", ["group.add", "group.remove"])
def test_members_of_groups_that_were_made_on_the_host_may_move(op: str) -> None:
    assert refusal(Operation.of(op, sid="S-1-5-21-1-2-3-1010", members=["S-1-5-21-9-9-9-1200"])) is None


@pytest.mark.parametrize(
    ("group", "member"),
    [
        ("S-1-5-21-1-2-3-1010", "S-1-5-21-9-9-9-1200"),
        ("S-1-5-21-1-2-3-1010", "s-1-5-21-9-9-9-1105"),
        ("s-1-5-21-1-2-3-1099", "S-1-5-21-9-9-9-1200"),
    ],
    ids=["neither", "the account itself", "a group of the account"],
)
def test_groups_that_the_account_at_work_belongs_to_stay(group: str, member: str) -> None:
    host = replace(WORKSTATION, user_sid="S-1-5-21-9-9-9-1105", groups=("S-1-5-32-544", "S-1-5-21-1-2-3-1099"))
    allowed = refusal(Operation.of("group.remove", sid=group, members=[member]), host) is None

    assert allowed is (group == "S-1-5-21-1-2-3-1010" and member == "S-1-5-21-9-9-9-1200")


@pytest.mark.parametrize(
    "operation",
    [
        cmdlet("ScheduledTasks", "Enable-ScheduledTask", {"TaskName": TASK.name, "TaskPath": TASK.path}, mutates=True),
        cmdlet("ScheduledTasks", "Disable-ScheduledTask", {"TaskName": TASK.name, "TaskPath": TASK.path}, mutates=True),
        cmdlet("ScheduledTasks", "Start-ScheduledTask", {"TaskName": TASK.name.upper(), "TaskPath": TASK.path}, mutates=True),
        cmdlet("ServerManager", "Install-WindowsFeature", {"Name": "Remote-Assistance", "Confirm": NO_PROMPT}, mutates=True),
        cmdlet("ServerManager", "Uninstall-WindowsFeature", {"Name": "remote-assistance", "Confirm": NO_PROMPT}, mutates=True),
        Operation.of("file.write", path="snapshots\\x.json", text="{}"),
        Operation.of("file.remove", path="snapshots\\x.json"),
        Operation.of("wait", until={"path": "x", "equals": 1}, read={"op": "registry.read", "key": "x"}),
    ],
)
def test_other_writes_that_cannot_cut_a_connection(operation: Operation) -> None:
    assert refusal(operation) is None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Enable-ScheduledTask", {"TaskName": "RemoteAssistanceTask", "TaskPath": "\\"}),
        ("Start-ScheduledTask", {"TaskName": "*", "TaskPath": TASK.path}),
        ("Start-ScheduledTask", {"TaskName": TASK.name}),
        ("Disable-ScheduledTask", {}),
        ("Uninstall-WindowsFeature", {"Name": "RSAT"}),
        ("Uninstall-WindowsFeature", {"Name": ["Remote-Assistance", "Web-Server"]}),
        ("Install-WindowsFeature", {}),
        ("Stop-Service", {"Name": "WinRM"}),
        ("Set-NetFirewallProfile", {"Enabled": True}),
        ("Restart-Computer", {}),
        ("Get-ScheduledTask", {"TaskName": TASK.name, "TaskPath": TASK.path}),
    ],
)
def test_any_other_cmdlet_is_refused(name: str, parameters: dict[str, object]) -> None:
    operation = Operation.of("cmdlet.invoke", module="X", name=name, parameters=parameters, mutates=True)

    assert refusal(operation) == f"{name} with these parameters is not known to leave the connection alone, so it is not run."


@pytest.mark.parametrize("op", ["cim.put", "cim.invoke", "program.run", "registry.rename", "cmdlet.invoke", "group.read", ""])
def test_any_other_operation_is_refused(op: str) -> None:
    assert refusal(Operation.of(op, name="Restart-Computer")) == f"{op} is not known to leave the connection alone, so it is not run."


@given(st.text(max_size=30), st.text(max_size=10), st.sampled_from(["registry.write", "registry.remove"]))
def test_no_key_that_is_made_up_is_harmless(key: str, name: str, op: str) -> None:
    assert refusal(Operation.of(op, key=key, name=name)) is not None
