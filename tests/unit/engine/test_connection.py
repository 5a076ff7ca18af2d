# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connection in use as the host sees it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.connection import Peer, Watched, connection_reads, watch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.firewall_guard import guard_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Query
from ansible_collections.configmgr.hardening.tests.unit.engine.firewall_host import FirewallHost, connection

WINRM, SSH = Connection("winrm", 5985), Connection("ssh", 22)
SSHD = {"Name": "sshd", "PathName": "C:\\Windows\\System32\\OpenSSH\\sshd.exe"}


def watched(host: FirewallHost, over: Connection = WINRM) -> Watched:
    return watch(over, host.answers(connection_reads(over)))


def test_the_host_is_asked_and_nothing_is_written() -> None:
    for over in (WINRM, SSH, Connection("psrp")):
        assert {operation.op for operation in connection_reads(over)} <= {"cim.query", "registry.read"}
        assert len(connection_reads(over)) == 2


def test_every_class_and_property_is_documented() -> None:
    folder = os.environ.get("CONFIGMGR_HARDENING_REFERENCE_DATA")
    if not folder:
        pytest.skip("reference data not found")
    rows = [line.split("\t") for line in (Path(folder) / "wmi_classes.tsv").read_text(encoding="utf-8").splitlines() if "\t" in line]
    documented = {(row[0].casefold(), row[1], row[4]) for row in rows if len(row) > 4}
    asked = [
        (operation.fields["namespace"].casefold(), operation.fields["query"].split(" FROM ")[1].split()[0], name)
        for operation in (*connection_reads(WINRM), *connection_reads(SSH))
        if operation.op == "cim.query"
        for name in operation.fields["properties"]
    ]

    assert asked
    assert [one for one in asked if one not in documented] == []


@pytest.mark.parametrize(
    ("over", "listeners", "ports"),
    [
        (Connection("winrm", 5985), {"*+HTTP": 5985}, (5985, 5986)),
        (Connection("psrp"), {}, (5985, 5986)),
        (Connection("winrm", 40001), {"*+HTTP": 15985, "*+HTTPS": 5986}, (5985, 5986, 15985, 40001)),
        (Connection("ssh", 22), {"*+HTTP": 15985}, (22,)),
        (Connection("ssh", 2222), {}, (22, 2222)),
        (Connection("ssh"), {}, (22,)),
    ],
)
def test_ports(over: Connection, listeners: dict[str, int], ports: tuple[int, ...]) -> None:
    assert watched(FirewallHost(listeners=listeners), over).ports == ports


def test_who_listens() -> None:
    host = FirewallHost(services=(SSHD,))

    assert watched(host).query(5985) == Query(6, port=5985, program="System")
    assert watched(host, SSH).query(22) == Query(6, port=22, program="C:\\Windows\\System32\\OpenSSH\\sshd.exe", service="sshd")


@pytest.mark.parametrize(
    ("path", "program"),
    [
        ('"C:\\Program Files\\OpenSSH\\sshd.exe" -E log', "C:\\Program Files\\OpenSSH\\sshd.exe"),
        ("C:\\Windows\\System32\\OpenSSH\\sshd.exe", "C:\\Windows\\System32\\OpenSSH\\sshd.exe"),
        ("", None),
        (None, None),
    ],
)
def test_where_the_ssh_server_is(path: str | None, program: str | None) -> None:
    found = watched(FirewallHost(services=({"Name": "sshd", "PathName": path},)), SSH)

    assert (found.program, found.service) == (program, "sshd" if program else None)


def test_without_the_service_it_is_not_known_who_listens() -> None:
    assert watched(FirewallHost(services=()), SSH).query(22) == Query(6, port=22)


def test_peers() -> None:
    host = FirewallHost(
        connections=(
            connection(remote="10.1.5.20"),
            connection(remote="10.1.5.20"),
            connection(remote="::ffff:10.1.5.21", local="::ffff:10.1.2.3"),
            connection(remote="fe80::20%7", local="fe80::3%7"),
            connection(5986, remote="10.1.5.20"),
            connection(445, remote="10.1.5.99"),
            connection(remote="10.1.5.98", state=2),
            connection(remote="127.0.0.1", local="127.0.0.1"),
            connection(remote="::1", local="::1"),
            connection(remote="::ffff:127.0.0.1", local="::ffff:127.0.0.1"),
            connection(remote="10.1.2.3"),
        )
    )

    assert watched(host).peers == (
        Peer(5985, "10.1.5.20", "10.1.2.3"),
        Peer(5985, "10.1.5.21", "10.1.2.3"),
        Peer(5985, "fe80::20", "fe80::3"),
        Peer(5986, "10.1.5.20", "10.1.2.3"),
    )


def test_peers_over_ssh() -> None:
    assert watched(FirewallHost(connections=(connection(22), connection()), services=(SSHD,)), SSH).peers == (
        Peer(22, "10.1.5.20", "10.1.2.3"),
    )


@pytest.mark.parametrize(
    ("part", "over", "trouble"),
    [
        ("MSFT_NetTCPConnection", WINRM, "the host's connections could not be read: The host says failed"),
        ("WSMAN", WINRM, "the listeners of WinRM could not be read: The host says failed"),
        ("sshd", SSH, "the service of the SSH server could not be read: The host says failed"),
    ],
)
def test_what_cannot_be_read(part: str, over: Connection, trouble: str) -> None:
    found = watched(FirewallHost(fails=lambda operation: "failed" if part in str(operation) else None), over)

    assert found.trouble == trouble
    assert found.more_ports is (part == "WSMAN")


def test_answers_of_another_form_are_no_answers() -> None:
    host = FirewallHost(connections=({**connection(), "RemoteAddress": "nowhere"},))

    with pytest.raises(ContractError, match="The host's answers for the connection in use do not have the form of contract 1: ValueError"):
        guard_of(WINRM, host.answers((*firewall_reads(), *connection_reads(WINRM))))


def test_ports_in_words() -> None:
    found = watched(FirewallHost())

    assert found.named_ports() == "5985 and 5986"
    assert replace(found, ports=(22,)).named_ports() == "22"
    assert replace(found, ports=(1, 2, 3)).named_ports() == "1, 2 and 3"
