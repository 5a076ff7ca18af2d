# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who waits for UDP packets, by address, port and process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import plain_address, rows_of

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 what Windows calls all addresses; nothing is bound to them here


@dataclass(frozen=True, order=True)
class UdpEndpoint:
    """C(address) without its scope."""

    address: str
    port: int
    process: int | None

    @property
    def everywhere(self) -> bool:
        return self.address in _EVERYWHERE

    def to_data(self) -> dict[str, Json]:
        return {"address": self.address, "port": self.port, "process": self.process}

    @staticmethod
    def from_data(data: Mapping[str, Json]) -> UdpEndpoint:
        process = data["process"]
        return UdpEndpoint(plain_address(str(data["address"])), int(data["port"]), None if process is None else int(process))


def endpoint_read(ports: Sequence[int]) -> Operation:
    """The read of who waits at some ports (Get-NetUDPEndpoint)."""
    where = " OR ".join(f"LocalPort = {port}" for port in ports)
    return rows_of("root\\StandardCimv2", "MSFT_NetUDPEndpoint", ("LocalAddress", "LocalPort", "OwningProcess"), where)


def read_endpoints(ports: Sequence[int], answers: Answers) -> tuple[UdpEndpoint, ...] | Problem:
    answer = answers[endpoint_read(ports)]
    if answer.failure:
        return Problem.from_failure(answer.failure, f"Who listens on UDP {', '.join(map(str, ports))}")
    rows = answer.data["rows"]
    return tuple(sorted(UdpEndpoint(plain_address(row["LocalAddress"]), int(row["LocalPort"]), row.get("OwningProcess")) for row in rows))
