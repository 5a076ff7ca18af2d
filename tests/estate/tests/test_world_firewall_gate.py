# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host whose firewall keeps the controller out stops answering: really, over WinRM. And how people ask and change it from outside."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from firewall_support import CONTROLLER, connects, done, estate
from winrm import Protocol
from winrm_support import Controller, payload_2_19
from world_support import ask

from windows_estate.machine import Machine
from windows_estate.world import cli
from windows_estate.world.client import ControlClient, ControlUnavailable
from windows_estate.world.estate import Served

MODULE = "acme.demo.host_state"
WINRM = "WINRM-HTTP-In-TCP-NoScope"
CLOSED = {"off": ["Windows Remote Management"]}


def client(served: Served) -> Protocol:
    address = f"http://127.0.0.1:{served.ports['CL01']}/wsman"
    return Protocol(
        address,
        "basic",
        "CORP\\svc-ansible",
        "not-a-secret",
        operation_timeout_sec=5,
        read_timeout_sec=10,
        server_cert_validation="ignore",
        proxy=None,
    )


def execute(session: Protocol, *operations: dict[str, Any]) -> bytes:
    """One execution of host_state; its standard output."""
    shell = session.open_shell()
    command = session.run_command(shell, "powershell", console_mode_stdin=False)
    payload = payload_2_19({"contract": 1, "operations": list(operations)}, module=MODULE)
    session.send_command_input(shell, command, payload, end=True)
    output: bytes = session.get_command_output(shell, command)[0]
    return output


def switch(name: str, rule: str) -> dict[str, Any]:
    return {"id": name, "op": "cmdlet.invoke", "module": "NetSecurity", "name": name, "parameters": {"Name": rule}, "mutates": True}


def test_the_host_answers_as_long_as_it_lets_the_controller_in() -> None:
    fleet = estate()
    machine = fleet.machines["CL01"]
    with fleet.serve() as served:
        session = client(served)
        assert b'"contract": 1' in execute(session)
        done(machine, "Disable-NetFirewallRule", Name=WINRM)
        with pytest.raises(requests.ConnectionError):
            execute(session)
        with pytest.raises(requests.ConnectionError):
            client(served).open_shell()
        before = served.counters("CL01")["requests"]
        with pytest.raises(requests.ConnectionError):
            client(served).open_shell()
        assert served.counters("CL01")["requests"] == before
        done(machine, "Enable-NetFirewallRule", Name=WINRM)
        assert b'"contract": 1' in execute(client(served))


def test_the_answer_of_the_execution_that_shuts_the_controller_out_never_comes() -> None:
    fleet = estate()
    with fleet.serve() as served:
        with pytest.raises(requests.ConnectionError):
            execute(client(served), switch("Disable-NetFirewallRule", WINRM))
        # It was done all the same.
        assert served.counters("CL01")["executions"] == 1
    assert not connects(fleet, source=CONTROLLER, port=5985)


def test_an_execution_that_shuts_out_and_lets_in_again_is_answered() -> None:
    fleet = estate()
    with fleet.serve() as served:
        output = execute(client(served), switch("Disable-NetFirewallRule", WINRM), switch("Enable-NetFirewallRule", WINRM))
    assert b'"changed": true' in output


def test_others_may_be_kept_out() -> None:
    fleet = estate(
        {**CLOSED, "rules": [{"name": "Ansible", "protocol": "tcp", "ports": [5985], "from": [CONTROLLER], "profiles": ["domain"]}]}
    )
    with fleet.serve() as served:
        assert b'"contract": 1' in execute(client(served))
    assert not connects(fleet, source="10.20.0.6", port=5985)


def test_group_policy_can_shut_the_controller_out_while_time_passes() -> None:
    fleet = estate(policy={})
    with fleet.serve() as served:
        assert b'"contract": 1' in execute(client(served))
        entries = estate(policy={"profiles": {"domain": {"local_rules": False}}}).gpos[0].entries
        fleet.edit_gpo("Firewall", entries)
        assert b'"contract": 1' in execute(client(served))
        fleet.advance(91)
        with pytest.raises(requests.ConnectionError):
            execute(client(served))


@pytest.mark.slow
def test_to_ansible_such_a_host_is_unreachable(tmp_path: Path) -> None:
    controller = Controller(tmp_path, Path(sys.executable).with_name("ansible-playbook"))
    with estate(CLOSED).serve() as served:
        started = time.monotonic()
        (result,) = controller.run([served.endpoint("CL01")], [{"acme.demo.echo": {}}])
    assert result.status == "unreachable", controller.output
    assert time.monotonic() - started < 30


def rows(machine: Machine, name: str, namespace: str = "root\\StandardCimv2", where: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(machine, "cim.query", namespace=namespace, query=f"SELECT * FROM {name}{where}")["rows"]  # noqa: S608
    return found


def test_wmi_tells_the_network_and_the_connection_in_use() -> None:
    cards = [
        {
            "alias": "Ethernet",
            "addresses": ["10.20.8.11/24", "fd00:20:8::11/64"],
            "gateway": "10.20.8.1",
            "dns": ["10.20.0.10", "10.20.0.11"],
        },
        {
            "alias": "WLAN",
            "type": "wireless",
            "profile": "public",
            "addresses": "192.168.7.3/24",
            "dhcp": "192.168.7.2",
            "wins": "192.168.7.4",
        },
        {"alias": "Ethernet 3", "profile": "private", "addresses": "10.9.0.1/24", "up": False},
    ]
    fleet = estate(network=cards, listens=[5900])
    machine = fleet.machines["CL01"]
    profiles = rows(machine, "MSFT_NetConnectionProfile")
    assert [(row["InterfaceAlias"], row["NetworkCategory"], row["Name"]) for row in profiles] == [
        ("Ethernet", 2, "corp.example"),
        ("WLAN", 0, "Network 2"),
    ]
    adapters = {row["Name"]: row for row in rows(machine, "MSFT_NetAdapter")}
    assert [name for name, row in adapters.items() if not row["Hidden"]] == ["Ethernet", "WLAN", "Ethernet 3"]
    assert [adapters[name]["InterfaceOperationalStatus"] for name in ("Ethernet", "WLAN", "Ethernet 3")] == [1, 1, 2]
    assert [adapters[name]["NdisPhysicalMedium"] for name in ("Ethernet", "WLAN")] == [14, 9]
    addresses = rows(machine, "MSFT_NetIPAddress")
    ethernet = [(row["IPAddress"], row["PrefixLength"]) for row in addresses if row["InterfaceAlias"] == "Ethernet"]
    assert ethernet[:2] == [("10.20.8.11", 24), ("fd00:20:8::11", 64)]
    assert ethernet[2][0].startswith("fe80::") and ethernet[2][0].endswith(f"%{adapters['Ethernet']['InterfaceIndex']}")
    assert {row["InterfaceAlias"] for row in addresses} == {"Ethernet", "WLAN", "Loopback Pseudo-Interface 1"}
    first, second = rows(machine, "Win32_NetworkAdapterConfiguration", "root\\cimv2", " WHERE IPEnabled = TRUE")
    assert first["SettingID"] == adapters["Ethernet"]["InterfaceGuid"]
    assert (first["DefaultIPGateway"], first["DNSServerSearchOrder"], first["DHCPServer"]) == (
        ["10.20.8.1"],
        ["10.20.0.10", "10.20.0.11"],
        None,
    )
    assert (second["DefaultIPGateway"], second["DHCPServer"], second["WINSPrimaryServer"]) == (None, "192.168.7.2", "192.168.7.4")
    (established,) = rows(machine, "MSFT_NetTCPConnection", where=" WHERE State = 5")
    found = [established[name] for name in ("LocalAddress", "LocalPort", "RemoteAddress", "OwningProcess")]
    assert found == ["10.20.8.11", 5985, CONTROLLER, 4]
    listening = {row["LocalPort"] for row in rows(machine, "MSFT_NetTCPConnection", where=" WHERE State = 2")}
    assert {135, 445, 5900, 5985} <= listening
    assert 3389 not in listening


def test_wmi_follows_what_changes() -> None:
    fleet = estate()
    machine = fleet.machines["CL01"]
    with fleet.serve() as served:
        assert served.control is not None
        control = ControlClient(served.control)
        control.post("/hosts/CL01/interface", {"alias": "ethernet", "profile": "public"})
        assert rows(machine, "MSFT_NetConnectionProfile")[0]["NetworkCategory"] == 0
        assert not connects(fleet, source=CONTROLLER, port=5985)
        control.post("/hosts/CL01/service", {"name": "mpssvc", "running": False})
        assert rows(machine, "Win32_Service", "root\\cimv2", " WHERE Name = 'MpsSvc'")[0]["State"] == "Stopped"
        assert connects(fleet, source=CONTROLLER, port=5985).reason == "service_stopped"


def test_other_firewalls_are_registered_on_clients_only() -> None:
    fleet = estate({"other_products": ["Fence"]})
    assert [row["displayName"] for row in rows(fleet.machines["CL01"], "FirewallProduct", "root\\SecurityCenter2")] == ["Fence"]
    server = estate(role="member_server").machines["CL01"]
    reply = server.execute(
        {
            "contract": 1,
            "operations": [{"id": "a", "op": "cim.query", "namespace": "root\\SecurityCenter2", "query": "SELECT * FROM FirewallProduct"}],
        }
    )
    assert reply["answers"]["a"]["error"]["kind"] == "unsupported"


def test_people_ask_who_may_connect(capsys: pytest.CaptureFixture[str]) -> None:
    rule = {"id": "RC", "name": "Remote control", "protocol": "tcp", "ports": [2701], "from": ["10.20.5.0/24"]}
    with estate({"rules": [rule]}).serve() as served:
        assert served.control is not None
        where = ["--control", served.control]
        assert cli.main(["connects", "CL01", "--from", "10.20.5.7", "--port", "2701", *where]) == 0
        assert cli.main(["connects", "CL01", "--from", "10.20.6.7", "--port", "2701", *where]) == 0
        assert cli.main(["connects", "CL01", "--from", "10.20.6.7", "--protocol", "icmpv4", "--icmp", "8:0", *where]) == 0
        assert cli.main(["set", "CL01", "service", "MpsSvc", "stopped", *where]) == 0
        assert cli.main(["connects", "CL01", "--from", "10.20.6.7", "--port", "2701", *where]) == 0
        assert cli.main(["set", "CL01", "interface", "Ethernet", "down", *where]) == 0
        assert cli.main(["connects", "CL01", "--from", "10.20.6.7", "--port", "2701", *where]) == 0
        several = ControlClient(served.control).post("/hosts/CL01/connects", [{"from": "10.20.5.7", "port": 2701}])
        assert several == [{"allowed": False, "reason": "no_interface", "rule": None}]
    assert capsys.readouterr().out.splitlines() == [
        "yes (rule, local: RC)",
        "no (default)",
        "no (default)",
        "yes (service_stopped)",
        "no (no_interface)",
    ]


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("connects", {"port": 1}, "from is missing"),
        ("connects", {"from": "10.0.0.1"}, "port is for tcp and udp, and there it must be given"),
        ("connects", {"from": "here", "port": 1}, "from cannot be 'here'"),
        ("connects", {"from": "10.0.0.1", "protocol": "icmpv4", "icmp": "echo"}, "icmp cannot be 'echo'"),
        ("interface", {"alias": "Wi-Fi", "up": True}, "CL01 has no interface Wi-Fi; there are Ethernet."),
        ("service", {"name": "None", "running": True}, "CL01 has no service None."),
    ],
)
def test_wrong_questions_get_a_sentence(path: str, body: dict[str, Any], sentence: str) -> None:
    with estate().serve() as served:
        assert served.control is not None
        with pytest.raises(ControlUnavailable) as caught:
            ControlClient(served.control).post(f"/hosts/CL01/{path}", body)
    assert sentence in str(caught.value)
