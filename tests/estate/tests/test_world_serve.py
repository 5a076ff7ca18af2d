# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A served estate: ports, inventory, control interface; the console command; nothing left behind."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import winrm
import yaml
from world_support import DOMAIN, HELPDESK, TS, client, make, members, values

from windows_estate.winrm import Become, ModuleCall
from windows_estate.world import cli, daemon
from windows_estate.world.client import ControlClient, ControlUnavailable
from windows_estate.world.handler import handler_for

HOSTS: dict[str, Any] = {
    "CL01": {"role": "client", "groups": ["pilot"], "vars": {"answer": {"to": ["everything", 42]}}},
    "CL02": {"role": "client", "faults": "unreachable", "controller": {"account": "CORP\\a.meyer", "password": "other"}},
    "S1": {"role": "member_server", "language": "de-DE"},
    "X1": {"role": "client", "faults": "not_windows"},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "estate.yml"
    path.write_text(yaml.safe_dump({"domain": DOMAIN, "hosts": HOSTS}), encoding="utf-8")
    return path


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "windows_estate.world.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_inventory_says_how_to_reach_every_host(tmp_path: Path) -> None:
    estate = make(HOSTS, vars={"site": "P01"})
    with estate.serve(tmp_path) as served:
        assert served.inventory == tmp_path / "hosts.yml"
        found = yaml.safe_load(served.inventory.read_text(encoding="utf-8"))["all"]
        ports = served.ports
    assert found["vars"] == {
        "ansible_connection": "winrm",
        "ansible_winrm_transport": "basic",
        "ansible_winrm_scheme": "http",
        "ansible_host": "127.0.0.1",
        "ansible_user": "CORP\\svc-ansible",
        "ansible_password": "not-a-secret",
        "site": "P01",
    }
    assert found["hosts"] == {
        "CL01": {"ansible_port": ports["CL01"], "answer": {"to": ["everything", 42]}},
        "CL02": {"ansible_port": ports["CL02"], "ansible_user": "CORP\\a.meyer", "ansible_password": "other"},
        "S1": {"ansible_port": ports["S1"]},
        "X1": {"ansible_port": ports["X1"]},
    }
    assert found["children"] == {
        "clients": {"hosts": {"CL01": {}, "CL02": {}, "X1": {}}},
        "member_servers": {"hosts": {"S1": {}}},
        "servers": {"children": {"member_servers": {}}},
        "pilot": {"hosts": {"CL01": {}}},
    }


def test_every_host_listens_on_loopback_while_it_is_served_and_the_unreachable_does_not() -> None:
    with make(HOSTS).serve() as served:
        assert {name: listens(port) for name, port in served.ports.items()} == {"CL01": True, "CL02": False, "S1": True, "X1": True}
        ports = served.ports
    assert not any(listens(port) for port in ports.values())


def test_two_estates_run_side_by_side() -> None:
    with make(HOSTS).serve() as one, make(HOSTS).serve() as other:
        assert not set(one.ports.values()) & set(other.ports.values())


def test_what_is_no_windows_does_not_speak_winrm() -> None:
    with make(HOSTS).serve() as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.ports["X1"], timeout=10)
        connection.request("POST", "/wsman", b"<s:Envelope/>", {"Content-Type": "application/soap+xml"})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Type")) == (404, "text/html")
        assert b"404 Not Found" in answer.read()
        connection.close()


def test_an_account_without_rights_is_denied() -> None:
    with make(client(local_groups={"Administrators": []})).serve() as served:
        address = f"http://127.0.0.1:{served.ports['CL01']}/wsman"
        protocol = winrm.Protocol(address, "basic", "CORP\\svc-ansible", "not-a-secret", server_cert_validation="ignore", proxy=None)
        with pytest.raises(winrm.exceptions.WinRMError, match="Access is denied"):
            protocol.open_shell()


def test_old_powershell_and_constrained_language_are_words() -> None:
    estate = make(
        {"CL01": {"role": "client", "faults": ["powershell_too_old"]}, "CL02": {"role": "client", "faults": "constrained_language"}}
    )
    with estate.serve() as served:
        assert served.endpoint("CL01").powershell_version == "4.0"
    reply = estate.machines["CL02"].execute({"contract": 1, "operations": []})
    assert (reply["error"]["kind"], reply["host"]["language_mode"]) == ("unsupported", "ConstrainedLanguage")


def call(module: str, **more: Any) -> ModuleCall:
    return ModuleCall(module, {"contract": 1, "operations": [], **more.pop("arguments", {})}, "", "CORP\\svc-ansible", **more)


def test_the_handler_knows_host_state_of_any_collection_and_nothing_else() -> None:
    run_module = handler_for(make().built["CL01"])
    for name in ("host_state", "configmgr.hardening.host_state", "other.place.host_state"):
        done = run_module(call(name))
        assert done is not None
        assert json.loads(done.stdout)["host"]["name"] == "CL01"
    assert run_module(call("ansible.windows.win_shell")) is None
    ping = run_module(call("ansible.windows.win_ping"))
    assert ping is not None
    assert json.loads(ping.stdout)["ping"] == "pong"


def test_become_changes_who_the_process_is_for_that_run_only() -> None:
    run_module = handler_for(make(client(language="fr-FR")).built["CL01"])
    users = []
    for become in (Become("SYSTEM"), Become("CORP\\a.meyer"), None):
        done = run_module(call("host_state", become=become))
        assert done is not None
        users.append(json.loads(done.stdout)["host"]["user"])
    assert (users[0]["name"], users[0]["sid"]) == ("AUTORITE NT\\Système", "S-1-5-18")
    assert (users[1]["name"], users[1]["elevated"], HELPDESK in users[1]["groups"]) == ("CORP\\a.meyer", False, True)
    assert users[2]["name"] == "CORP\\svc-ansible"


def test_the_control_interface_moves_time_and_changes_hosts() -> None:
    estate = make(client(remote_assistance={"helpers_group": []}))
    machine = estate.machines["CL01"]
    with estate.serve() as served:
        assert served.control is not None
        control = ControlClient(served.control)
        assert control.get("/estate")["ports"] == served.ports
        before = control.get("/fingerprints")
        assert before == estate.fingerprints()
        control.post("/hosts/CL01/registry", {"key": TS, "name": "fAllowToGetHelp", "type": "dword", "data": 1})
        assert values(machine) == {"fAllowToGetHelp": 1}
        control.post("/hosts/CL01/registry/remove", {"key": TS, "name": "fAllowToGetHelp"})
        control.post("/hosts/CL01/group", {"group": "Offer Remote Assistance Helpers", "add": ["CORP\\Helpdesk"]})
        assert members(machine) == [HELPDESK]
        control.post("/hosts/CL01/group", {"group": "Offer Remote Assistance Helpers", "remove": [HELPDESK]})
        task = "\\Microsoft\\Windows\\RemoteAssistance\\RemoteAssistanceTask"
        control.post("/hosts/CL01/task", {"path": task, "enabled": False})
        assert control.get("/fingerprints") != before
        control.post("/hosts/CL01/task", {"path": task, "enabled": True})
        assert control.get("/hosts/CL01/state")["host"]["name"] == "CL01"
        start = estate.clock.now()
        control.post("/advance", {"minutes": 30})
        assert (estate.clock.now() - start).total_seconds() == 1800
        assert control.post("/hosts/CL01/policy", {"force": True}) == {"applied": True}
    assert estate.fingerprints() == {**before}


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/hosts/CL09/registry", {}, "There is no host CL09; there are CL01."),
        ("/hosts/CL01/registry", {"key": TS, "name": "x", "type": "dword", "data": "many"}, "it is a whole number from 0 to 4294967295"),
        ("/hosts/CL01/group", {"group": "Nobody"}, "CL01 has no local group Nobody; there are Administrators"),
        ("/hosts/CL01/group", {"group": "Users", "add": ["CORP\\nobody"]}, "CL01 knows no account CORP\\nobody."),
        ("/hosts/CL01/task", {"path": "\\No", "enabled": True}, "CL01 has no task \\No."),
        ("/hosts/CL01/feature", {"name": "DNS"}, "CL01 is a client"),
        ("/advance", {"minutes": "many"}, "minutes must be a number"),
    ],
)
def test_the_control_interface_says_what_is_wrong(path: str, body: Any, sentence: str) -> None:
    with make().serve() as served:
        assert served.control is not None
        with pytest.raises(ControlUnavailable) as caught:
            ControlClient(served.control).post(path, body)
    assert sentence in str(caught.value)


def test_in_the_background_from_start_to_stop(file: Path, tmp_path: Path) -> None:
    pid_file, inventory = tmp_path / "run" / "estate.pid", tmp_path / "inventory.yml"
    started = run("start", file, "--inventory", inventory, "--daemon", "--pid-file", pid_file)
    try:
        assert started.returncode == 0, started.stderr
        assert f"Inventory:  {inventory}" in started.stdout
        ports = {name: host["ansible_port"] for name, host in yaml.safe_load(inventory.read_text())["all"]["hosts"].items()}
        assert f"S1    member server  server_2022      de-DE     {ports['S1']}" in started.stdout
        assert {name: listens(port) for name, port in ports.items()} == {"CL01": True, "CL02": False, "S1": True, "X1": True}
        again = run("start", file, "--daemon", "--pid-file", pid_file)
        assert (again.returncode, "An estate runs already" in again.stderr) == (1, True)

        before = run("fingerprints", "--pid-file", pid_file).stdout
        assert [line.split()[0] for line in before.splitlines()] == list(HOSTS)
        assert run("set", "CL01", "registry", TS, "fAllowToGetHelp", "dword", "1", "--pid-file", pid_file).returncode == 0
        after = run("fingerprints", "--pid-file", pid_file).stdout
        assert [old == new for old, new in zip(before.splitlines(), after.splitlines(), strict=True)] == [False, True, True, True]
        assert run("unset", "CL01", "registry", TS, "fAllowToGetHelp", "--pid-file", pid_file).returncode == 0
        assert run("fingerprints", "--pid-file", pid_file).stdout == before
        assert json.loads(run("counters", "S1", "--json", "--pid-file", pid_file).stdout)["S1"]["executions"] == 0
        assert run("advance", "90", "--pid-file", pid_file).returncode == 0
        assert run("faults", "CL02", "none", "--pid-file", pid_file).stdout == "none\n"
        assert listens(ports["CL02"])
        assert '"kind": "slow"' in run("faults", "S1", "{kind: slow, seconds: 2}", "--pid-file", pid_file).stdout
        wrong = run("faults", "S1", "explode", "--pid-file", pid_file)
        assert (wrong.returncode, "There is no fault" in wrong.stderr) == (1, True)
    finally:
        stopped = run("stop", "--pid-file", pid_file)
    assert "The estate was stopped" in stopped.stdout
    assert not any(listens(port) for port in ports.values())
    assert list(pid_file.parent.iterdir()) == []
    assert run("stop", "--pid-file", pid_file).stdout == "No estate was running.\n"


def test_in_the_foreground_until_a_signal(file: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "estate.pid"
    command = [sys.executable, "-m", "windows_estate.world.cli", "start", str(file), "--pid-file", str(pid_file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 30
        while daemon.read_pid_file(pid_file) is None and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert output.startswith("HOST  ROLE")
    assert not pid_file.exists()


def test_wrong_words_start_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "estate.yml"
    file.write_text("hosts:\n  CL01: {role: clint}\n")
    assert cli.main(["start", str(file), "--daemon", "--pid-file", str(tmp_path / "pid")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("windows-estate: host CL01: role cannot be 'clint'; allowed: client, ")
    assert said.endswith("Did you mean client?\n")
    assert list(tmp_path.iterdir()) == [file]


def test_a_port_that_is_taken_is_said_and_nothing_stays(file: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        started = run("start", file, "--base-port", str(port), "--daemon", "--pid-file", tmp_path / "pid")
    assert started.returncode == 1
    assert "in use" in started.stderr
    assert not (tmp_path / "pid").exists()


@pytest.mark.parametrize("content", ["not json", '{"pid": "x"}'])
def test_a_pid_file_of_somebody_else_is_left_alone(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(content)
    assert cli.main(["stop", "--pid-file", str(pid_file)]) == 1
    assert "is no pid file of windows-estate" in capsys.readouterr().err
    assert pid_file.exists()


def test_a_process_that_is_no_estate_is_never_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        pid_file = tmp_path / "pid"
        daemon.write_pid_file(pid_file, daemon.Running(process.pid, "http://127.0.0.1:1", None))
        assert cli.main(["stop", "--pid-file", str(pid_file)]) == 0
        assert capsys.readouterr().out == "No estate was running.\n"
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_nobody_at_the_control_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fingerprints", "--control", "http://127.0.0.1:1"]) == 1
    assert capsys.readouterr().err.startswith("windows-estate: No estate answers at http://127.0.0.1:1: ")
    assert cli.main(["fingerprints"]) == 1
    assert "Say which estate" in capsys.readouterr().err


def test_inventory_prints_without_starting_anything(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inventory", str(file), "--base-port", "5000"]) == 0
    hosts = yaml.safe_load(capsys.readouterr().out)["all"]["hosts"]
    assert [host["ansible_port"] for host in hosts.values()] == [5000, 5001, 5002, 5003]
