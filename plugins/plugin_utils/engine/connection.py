# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connection in use as the host sees it: only there are the controller's address and the host's own port what the firewall goes by."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import plain_address, rows_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import TCP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Query

_ESTABLISHED = rows_of(
    "root\\StandardCimv2", "MSFT_NetTCPConnection", ("LocalAddress", "LocalPort", "RemoteAddress", "RemotePort"), "State = 5"
)
# One key for each listener, such as *+HTTP, with its Port.
_LISTENERS = Operation.of(
    "registry.read", key="HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN\\Listener", names=["Port"], depth=1
)
_SSHD = rows_of("root\\cimv2", "Win32_Service", ("Name", "PathName"), "Name = 'sshd'")

_WINRM_PORTS = (5985, 5986)
_SSH_PORTS = (22,)


@dataclass(frozen=True, order=True)
class Peer:
    """One established connection to a management port; addresses without scopes, IPv4 as IPv4."""

    port: int
    remote: str
    local: str

    def __str__(self) -> str:
        return f"TCP {self.port} from {self.remote}"


@dataclass(frozen=True)
class Watched:
    """What must not be cut. C(ports): those that the connection may be on; C(program), C(service): who listens there, where known.

    C(peers): the connections there. C(trouble): why they could not be told, as a sentence's part; C(more_ports): it may be on any other
    port as well.
    """

    ports: tuple[int, ...]
    program: str | None
    service: str | None
    peers: tuple[Peer, ...] = ()
    trouble: str | None = None
    more_ports: bool = False

    def query(self, port: int) -> Query:
        """What the firewall is asked about a port."""
        return Query(TCP, port=port, program=self.program, service=self.service)

    def named_ports(self) -> str:
        """The ports in words."""
        *others, last = map(str, self.ports)
        return f"{', '.join(others)} and {last}" if others else last


def connection_reads(connection: Connection) -> tuple[Operation, ...]:
    """What tells the connection in use."""
    return (_ESTABLISHED, _SSHD if connection.transport == "ssh" else _LISTENERS)


def watch(connection: Connection, answers: Answers) -> Watched:
    """The connections that have to stay, from the answers to the reads.

    All connections to the ports in question: which of them is the one in use cannot be told, and nobody else's should be cut either.
    """
    own = (connection.port,) if connection.port is not None else ()
    if connection.transport == "ssh":
        program, trouble = _sshd(answers)
        watched = Watched(tuple(dict.fromkeys((*_SSH_PORTS, *own))), program, "sshd" if program else None, trouble=trouble)
    else:
        # WinRM has http.sys listen for it, which is part of the kernel.
        ports, trouble = _listeners(answers)
        every = tuple(dict.fromkeys((*_WINRM_PORTS, *ports, *own)))
        watched = Watched(every, "System", None, trouble=trouble, more_ports=trouble is not None)
    established = answers[_ESTABLISHED]
    if established.failure:
        return replace(watched, trouble=f"the host's connections could not be read: {established.failure.message.rstrip('.')}")
    return replace(watched, peers=tuple(sorted(set(_peers(established.data["rows"], watched.ports)))))


def _listeners(answers: Answers) -> tuple[tuple[int, ...], str | None]:
    answer = answers[_LISTENERS]
    if answer.failure:
        return (), f"the listeners of WinRM could not be read: {answer.failure.message.rstrip('.')}"
    values = [content["values"].get("Port") for content in answer.data["subkeys"].values()]
    return tuple(sorted(value["data"] for value in values if value and value["type"] == "dword")), None


def _sshd(answers: Answers) -> tuple[str | None, str | None]:
    """The program of the SSH server; without a service of that name another one listens, and which is not known."""
    answer = answers[_SSHD]
    if answer.failure:
        return None, f"the service of the SSH server could not be read: {answer.failure.message.rstrip('.')}"
    rows = answer.data["rows"]
    path = str(rows[0].get("PathName") or "") if rows else ""
    return (path.split('"')[1] if path.startswith('"') else path) or None, None


def _peers(rows: list[dict[str, object]], ports: tuple[int, ...]) -> Iterator[Peer]:
    """The connections to some ports. What a host says to itself passes no firewall."""
    for row in rows:
        port, local, remote = row["LocalPort"], plain_address(str(row["LocalAddress"])), plain_address(str(row["RemoteAddress"]))
        if isinstance(port, int) and port in ports and remote != local and not ipaddress.ip_address(remote).is_loopback:
            yield Peer(port, remote, local)
