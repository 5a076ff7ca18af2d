# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows Deployment Services' own values: on which interfaces its PXE provider listens.

Names and types [H]; that 0 leaves the listed interfaces out and 1 takes them alone, that a missing policy is 0, and that a wrong address
makes the service start, write an event and stop: [M]. An address that no interface of the host has is a wrong one as well: a decision of
the simulation, as is that what is written counts from the next start of the service on (one source says at once, another asks for a
restart).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from windows_estate.machine import Machine
from windows_estate.world.knowledge.services import Service
from windows_estate.world.network import Interface, Network, mac_of

SERVICE: Final = "WDSServer"
SERVER: Final = Service(SERVICE, "Windows Deployment Services Server", "C:\\Windows\\system32\\svchost.exe -k WDSServer", running=False)
"""As the feature brings it."""
SOURCE: Final = "WDSPXE"
PXE_KEY: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\WDSServer\\Providers\\WDSPXE"
BINL_KEY: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\WDSServer\\Providers\\BINLSVC"
EXCLUDE: Final = 0
INCLUDE: Final = 1
_MAC: Final = re.compile("[0-9A-F]{12}")


class WrongAddress(ValueError):
    """An entry that the service cannot use; the text is the entry."""


def install(machine: Machine, *, uses_dhcp_ports: bool) -> None:
    """The values of a server on which ConfigMgr's provider has taken PXE over. The provider's name is believed to be so."""
    registry = machine.registry
    registry.set(PXE_KEY, "UseDhcpPorts", "dword", int(uses_dhcp_ports))
    registry.set(PXE_KEY, "DisableRogueDetection", "dword", 1)
    registry.set(PXE_KEY, "ProvidersOrder", "multi_sz", ["SMSPXE"])
    registry.set(BINL_KEY, "netbootAnswerRequests", "sz", "TRUE")


def remove(machine: Machine) -> None:
    for key in (PXE_KEY, BINL_KEY):
        machine.registry.delete(key)


def write_binding(machine: Machine, policy: int, entries: Iterable[str]) -> None:
    """`entries`: as the list has them, `MAC:…` or `IP:…`."""
    machine.registry.set(PXE_KEY, "BindPolicy", "dword", policy)
    machine.registry.set(PXE_KEY, "BindInterfaces", "multi_sz", list(entries))


def uses_dhcp_ports(machine: Machine) -> bool:
    return bool(machine.registry.data(PXE_KEY, "UseDhcpPorts", 1))


def bound(machine: Machine, network: Network) -> list[tuple[Interface, str]]:
    """The addresses of IPv4 on which the service is to listen. Raises WrongAddress."""
    policy = machine.registry.data(PXE_KEY, "BindPolicy", EXCLUDE)
    entries = machine.registry.data(PXE_KEY, "BindInterfaces", []) or []
    everywhere = [(one, str(own.ip)) for one in network.interfaces for own in one.all_addresses if own.version == 4]
    listed: set[tuple[str, str]] = set()
    for entry in entries:
        fitting = _fitting(str(entry), network, everywhere)
        if fitting is None:
            raise WrongAddress(str(entry))
        listed |= fitting
    return [(one, address) for one, address in everywhere if ((one.guid, address) in listed) == (policy == INCLUDE)]


def _fitting(entry: str, network: Network, everywhere: list[tuple[Interface, str]]) -> set[tuple[str, str]] | None:
    """GUIDs and addresses that an entry means; None where it is wrong."""
    kind, _, text = entry.partition(":")
    if kind.upper() == "MAC":
        digits = re.sub("[:-]", "", text).upper()
        if not _MAC.fullmatch(digits) or digits not in {mac_of(one).replace("-", "") for one in network.interfaces}:
            return None
        return {(one.guid, address) for one, address in everywhere if mac_of(one).replace("-", "") == digits}
    if kind.upper() == "IP":
        try:
            address = str(ipaddress.IPv4Address(text))
        except ValueError:
            return None
        return {(one.guid, own) for one, own in everywhere if own == address} or None
    return None
