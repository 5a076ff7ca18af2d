# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""RemoteAssistanceTask and the group of helpers; the ScheduledTasks module and schtasks."""

from __future__ import annotations

from typing import Any

import pytest
from world_support import (
    DOMAIN_SID,
    HELPDESK,
    HELPERS,
    NEW_HELPDESK,
    OFFER,
    RA_TASK,
    TS,
    answer,
    ask,
    client,
    cmdlet,
    make,
    members,
    program,
    values,
)

from windows_estate.machine import Machine

FOLDER = "\\Microsoft\\Windows\\RemoteAssistance\\"
LIST = f"{TS}\\RAUnsolicit"
SHOWN = ["TaskName", "TaskPath", "State"]


def offer(machine: Machine, *helpers: str, on: bool = True) -> None:
    """Write the policy by hand, as an apply does."""
    ask(machine, "registry.remove", key=LIST, name=None)
    ask(machine, "registry.write", key=TS, name="fAllowUnsolicited", type="dword", data=int(on))
    for helper in helpers:
        ask(machine, "registry.write", key=LIST, name=helper, type="sz", data=helper)


def run_task(machine: Machine) -> None:
    """Start the task, and wait until it is ready again as a request does."""
    read = {"op": "cmdlet.invoke", "module": "ScheduledTasks", "name": "Get-ScheduledTask", "select": ["State"]}
    operations = [
        {
            "id": "start",
            "op": "cmdlet.invoke",
            "module": "ScheduledTasks",
            "name": "Start-ScheduledTask",
            "parameters": {"TaskName": "RemoteAssistanceTask", "TaskPath": FOLDER},
            "mutates": True,
        },
        {
            "id": "wait",
            "op": "wait",
            "needs": ["start"],
            "timeout": 60,
            "read": {**read, "parameters": {"TaskName": "RemoteAssistanceTask"}},
            "until": {"path": "rows.0.State", "equals": "Ready"},
        },
    ]
    answers = machine.execute({"contract": 1, "operations": operations})["answers"]
    assert all(one["ok"] for one in answers.values()), answers


def task_state(machine: Machine) -> str:
    return str(cmdlet(machine, "ScheduledTasks", "Get-ScheduledTask", SHOWN, TaskName="RemoteAssistanceTask")[0]["State"])


def test_the_group_is_made_when_offering_is_first_enabled() -> None:
    machine = make().machines["CL01"]
    run_task(machine)
    assert members(machine) is None
    offer(machine, "CORP\\Helpdesk")
    assert members(machine) is None
    run_task(machine)
    assert members(machine) == [HELPDESK]
    group = next(one for one in ask(machine, "group.read", sid=None)["groups"] if one["name"] == HELPERS)
    assert int(group["sid"].rpartition("-")[2]) >= 1000
    assert not group["sid"].startswith(("S-1-5-32-", DOMAIN_SID + "-"))
    assert ask(machine, "account.resolve", accounts=[f"CL01\\{HELPERS}"])["accounts"][f"CL01\\{HELPERS}"]["sid"] == group["sid"]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("CORP\\Helpdesk", "CORP\\Helpdesk", [HELPDESK]),
        ("CORP\\Helpdesk", "", [HELPDESK]),
        ("anything", "CORP\\Helpdesk", [HELPDESK]),
        ("1", HELPDESK, [HELPDESK]),
        ("Helpdesk@corp.example", "Helpdesk@corp.example", [HELPDESK]),
        ("CORP\\nobody", "CORP\\nobody", []),
        ("S-1-nonsense", "S-1-nonsense", []),
        ("Everyone", "Everyone", ["S-1-1-0"]),
    ],
)
def test_who_becomes_a_member(name: str, data: str, expected: list[str]) -> None:
    machine = make().machines["CL01"]
    offer(machine)
    ask(machine, "registry.write", key=LIST, name=name, type="sz", data=data)
    run_task(machine)
    assert members(machine) == expected


def test_members_become_exactly_those_of_the_list() -> None:
    machine = make(client(remote_assistance={"policies": OFFER, "helpers_group": ["CORP\\Helpdesk", "CORP\\a.meyer"]})).machines["CL01"]
    assert members(machine) == sorted([HELPDESK, f"{DOMAIN_SID}-1110"])
    offer(machine, "CORP\\New Helpdesk")
    run_task(machine)
    assert members(machine) == [NEW_HELPDESK]


def test_with_offering_off_the_tasks_own_members_go_and_the_group_stays() -> None:
    machine = make(client(remote_assistance={"policies": OFFER, "helpers_group": ["CORP\\Helpdesk", "CORP\\a.meyer"]})).machines["CL01"]
    offer(machine, on=False)
    run_task(machine)
    assert members(machine) == [f"{DOMAIN_SID}-1110"]


def test_going_there_and_back_leaves_the_fingerprint_as_it_was() -> None:
    machine = make(client(remote_assistance={"policies": OFFER})).machines["CL01"]
    before = machine.fingerprint()
    offer(machine, "CORP\\New Helpdesk", "CORP\\Helpdesk")
    run_task(machine)
    assert machine.fingerprint() != before
    offer(machine, "CORP\\Helpdesk")
    run_task(machine)
    assert machine.fingerprint() == before


def test_policies_that_are_applied_fill_the_group_without_anybody_asking() -> None:
    objects = [{"name": "G", "policies": OFFER}]
    assert members(make(group_policy={"objects": objects}).machines["CL01"]) == [HELPDESK]
    disabled = client(remote_assistance={"task": "disabled"})
    assert members(make(disabled, group_policy={"objects": objects}).machines["CL01"]) is None


@pytest.mark.parametrize("language", ["de-DE", "fr-FR"])
def test_the_group_has_another_name_in_other_languages(language: str) -> None:
    estate = make(client(language=language, remote_assistance={"policies": OFFER}))
    machine = estate.machines["CL01"]
    assert members(machine, HELPERS) is None
    assert members(machine, estate.words.hosts[0].language.helpers_group) == [HELPDESK]


def test_on_a_domain_controller_the_task_does_nothing() -> None:
    machine = make({"DC01": {"role": "domain_controller", "remote_assistance": {"policies": OFFER, "task": "ready"}}}).machines["DC01"]
    run_task(machine)
    assert machine.accounts.groups == []


def test_a_run_takes_a_little_time() -> None:
    estate = make()
    machine = estate.machines["CL01"]
    offer(machine, "CORP\\Helpdesk")
    cmdlet(machine, "ScheduledTasks", "Start-ScheduledTask", TaskName="RemoteAssistanceTask")
    assert task_state(machine) == "Running"
    assert members(machine) is None
    estate.advance(0.1)
    assert task_state(machine) == "Ready"
    assert members(machine) == [HELPDESK]


def test_waiting_on_the_group_sees_the_task_finish() -> None:
    machine = make().machines["CL01"]
    offer(machine, "CORP\\Helpdesk")
    cmdlet(machine, "ScheduledTasks", "Start-ScheduledTask", TaskName="RemoteAssistanceTask")
    read = {"op": "account.resolve", "accounts": [f"CL01\\{HELPERS}"]}
    until = {"path": f"accounts.CL01\\{HELPERS}.name", "equals": f"CL01\\{HELPERS}"}
    assert ask(machine, "wait", read=read, until=until, timeout=30)


def test_a_disabled_task_does_not_start_and_can_be_enabled() -> None:
    machine = make(client(remote_assistance={"task": "disabled"})).machines["CL01"]
    assert task_state(machine) == "Disabled"
    start = {"module": "ScheduledTasks", "name": "Start-ScheduledTask", "parameters": {"TaskName": "RemoteAssistanceTask"}}
    error = answer(machine, "cmdlet.invoke", mutates=True, **start)["error"]
    assert (error["kind"], error["code"]) == ("failed", -2147216602)
    before = machine.fingerprint()
    assert cmdlet(machine, "ScheduledTasks", "Enable-ScheduledTask", SHOWN, TaskName="RemoteAssistanceTask", TaskPath=FOLDER) == [
        {"TaskName": "RemoteAssistanceTask", "TaskPath": FOLDER, "State": "Ready"}
    ]
    assert machine.fingerprint() != before
    cmdlet(machine, "ScheduledTasks", "Disable-ScheduledTask", TaskName="RemoteAssistanceTask")
    assert machine.fingerprint() == before


def test_an_absent_task_is_not_found() -> None:
    machine = make(client(remote_assistance={"task": "absent"})).machines["CL01"]
    get = {"module": "ScheduledTasks", "name": "Get-ScheduledTask"}
    assert answer(machine, "cmdlet.invoke", **get, parameters={"TaskName": "RemoteAssistanceTask"})["error"]["kind"] == "not_found"
    # By its folder alone it is an empty answer.
    assert cmdlet(machine, "ScheduledTasks", "Get-ScheduledTask", SHOWN, TaskPath=FOLDER) == []


@pytest.mark.parametrize(
    "given", [{"TaskName": "remoteassist*"}, {"TaskPath": FOLDER.upper()}, {"TaskName": ["X*", "RemoteAssistanceTask"]}]
)
def test_names_and_folders_are_patterns(given: dict[str, Any]) -> None:
    machine = make().machines["CL01"]
    found = cmdlet(machine, "ScheduledTasks", "Get-ScheduledTask", ["TaskName"], **given)
    assert found == [{"TaskName": "RemoteAssistanceTask"}]


def test_when_it_last_ran() -> None:
    machine = make().machines["CL01"]
    info = ["LastTaskResult", "LastRunTime"]
    assert cmdlet(machine, "ScheduledTasks", "Get-ScheduledTaskInfo", info, TaskName="RemoteAssistanceTask") == [
        {"LastTaskResult": 267011, "LastRunTime": None}
    ]
    run_task(machine)
    row = cmdlet(machine, "ScheduledTasks", "Get-ScheduledTaskInfo", info, TaskName="RemoteAssistanceTask")[0]
    assert row["LastTaskResult"] == 0
    assert row["LastRunTime"].startswith("2026-01-02T03:04:05")


def test_what_the_task_is() -> None:
    row = cmdlet(make().machines["CL01"], "ScheduledTasks", "Get-ScheduledTask", ["Actions", "URI"], TaskName="RemoteAssistanceTask")[0]
    assert row["URI"] == RA_TASK
    assert row["Actions"] == [
        {"__class": "MSFT_TaskExecAction", "Execute": "%windir%\\system32\\RAServer.exe", "Arguments": "/offerraupdate"}
    ]


def test_schtasks_lists_in_the_hosts_language() -> None:
    machine = make(client(language="de-DE")).machines["CL01"]
    assert program(machine, "schtasks", "/query", "/tn", RA_TASK, "/fo", "CSV", "/nh")["stdout"] == f'"{RA_TASK}","N/A","Bereit"\r\n'


def test_schtasks_runs_and_changes() -> None:
    estate = make()
    machine = estate.machines["CL01"]
    offer(machine, "CORP\\Helpdesk")
    assert program(machine, "schtasks", "/run", "/tn", RA_TASK)["exit_code"] == 0
    estate.advance(0.1)
    assert members(machine) == [HELPDESK]
    program(machine, "schtasks", "/change", "/tn", RA_TASK, "/disable")
    assert task_state(machine) == "Disabled"
    for arguments in (["/run", "/tn", RA_TASK], ["/query", "/tn", "\\No\\Such"]):
        assert answer(machine, "program.run", program="schtasks", arguments=arguments, mutates=True)["error"]["code"] == 1


def test_control_panel_values_of_clients_and_servers() -> None:
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance"
    estate = make(
        {
            "CL01": {"role": "client"},
            "CL02": {"role": "client", "remote_assistance": {"control_panel": {"allow_connections": False, "ticket_life": "2 days"}}},
            "CL03": {"role": "client", "remote_assistance": {"control_panel": "absent"}},
            "S1": {"role": "member_server"},
        }
    )
    assert values(estate.machines["CL01"], key) == {
        "fAllowToGetHelp": 1,
        "fAllowFullControl": 1,
        "MaxTicketExpiry": 6,
        "MaxTicketExpiryUnits": 1,
        "CreateEncryptedOnlyTickets": 0,
        "fEnableChatControl": 1,
    }
    assert values(estate.machines["CL02"], key)["fAllowToGetHelp"] == 0
    assert (values(estate.machines["CL02"], key)["MaxTicketExpiry"], values(estate.machines["CL02"], key)["MaxTicketExpiryUnits"]) == (2, 2)
    assert ask(estate.machines["CL03"], "registry.read", key=key)["exists"] is False
    assert values(estate.machines["S1"], key)["fAllowToGetHelp"] == 0
