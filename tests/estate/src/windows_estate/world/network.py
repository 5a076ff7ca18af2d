# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network of one computer: its interfaces and who listens, from which WMI and Windows Firewall take what they say."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressWithNetwork = ipaddress.IPv4Interface | ipaddress.IPv6Interface

PROFILES: Final = ("domain", "private", "public")
TYPES: Final = ("wired", "wireless", "remote_access", "team")


@dataclass(frozen=True)
class Interface:
    """`guid` in braces; `index` as IP numbers it; `profile`: what the network it is on was found to be, one of PROFILES; `kind`: one of
    TYPES; `addresses` with their prefixes; the servers are those that it was told of; `mac`: None for one that is made up; `team`: alias
    of the team that it belongs to, whose addresses it has none of its own beside."""

    alias: str
    guid: str
    index: int
    profile: str
    addresses: tuple[AddressWithNetwork, ...]
    kind: str = "wired"
    up: bool = True
    gateways: tuple[Address, ...] = ()
    dns: tuple[Address, ...] = ()
    dhcp: Address | None = None
    wins: tuple[Address, ...] = ()
    network_name: str = "Network"
    mac: str | None = None
    team: str | None = None

    @property
    def link_local(self) -> AddressWithNetwork:
        """The IPv6 address that every interface gives itself; the same in every run."""
        digest = hashlib.sha256(self.guid.encode()).digest()
        return ipaddress.ip_interface((int(ipaddress.ip_address("fe80::")) + int.from_bytes(digest[:8], "big"), 64))

    @property
    def all_addresses(self) -> tuple[AddressWithNetwork, ...]:
        return (*self.addresses, self.link_local) if self.up and self.team is None else ()

    def holds(self, address: Address) -> bool:
        """Whether the address is on a subnet of this interface."""
        return any(address.version == own.version and address in own.network for own in self.all_addresses)


def mac_of(interface: Interface) -> str:
    """Its MAC with dashes: its own, or a locally administered one that is the same in every run."""
    if interface.mac is not None:
        return interface.mac
    digest = hashlib.sha256(interface.guid.encode()).digest()
    return "02-" + "-".join(f"{byte:02X}" for byte in digest[:5])


@dataclass(frozen=True)
class Listener:
    """Somebody who waits on a port. `protocol` 6 or 17; `program` a path or System; `service` a short name, or nothing; `rpc`: the port
    was given out by RPC, 135 not among those; `addresses`: on which of its own, None for all."""

    protocol: int
    port: int
    program: str = "System"
    service: str | None = None
    process: int = 4
    rpc: bool = False
    addresses: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Network:
    """`controller`: from where the controller connects, to `management_port`."""

    interfaces: tuple[Interface, ...]
    controller: Address | None = None
    management_port: int = 5985
    controller_port: int = 51234
    listeners: tuple[Listener, ...] = ()

    def interface(self, alias: str) -> Interface | None:
        return next((one for one in self.interfaces if one.alias.lower() == alias.lower()), None)

    def toward(self, remote: Address) -> Interface | None:
        """The interface on which packets from there come in: the one on its subnet, else the first with a gateway, else the first that is
        up. Of several on the same subnet, such as that of link-local addresses, the first."""
        able = [one for one in self.interfaces if one.up and any(own.version == remote.version for own in one.all_addresses)]
        near = [one for one in able if one.holds(remote)]
        routed = [one for one in able if any(gateway.version == remote.version for gateway in one.gateways)]
        return next(iter([*near, *routed, *able]), None)

    def listener(self, protocol: int, port: int) -> Listener | None:
        return next((one for one in self.listeners if (one.protocol, one.port) == (protocol, port)), None)
