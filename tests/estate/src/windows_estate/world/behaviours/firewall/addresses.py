# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses in rules and on command lines: single ones, ranges, networks, keywords."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

from windows_estate.world.network import Address, Network

# Keywords that LA4 and RA4 have, and those that have fields of their own since 2.20; in the order of their bits (MS-FASP 2.2.21).
OLD_KEYWORDS: Final = ("LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway")
NEW_KEYWORDS: Final = ("IntrAnet", "IntErnet", "Ply2Renders", "RmtIntrAnet", "CaptivePortal")


@dataclass(frozen=True)
class Span:
    """From `first` to `last`, both included, of one family. `is_network`: written as a network."""

    first: Address
    last: Address
    is_network: bool = False

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, (ipaddress.IPv4Address, ipaddress.IPv6Address)) or address.version != self.first.version:
            return False
        return int(self.first) <= int(address) <= int(self.last)

    def written(self) -> str:
        """As a rule string has it: an IPv4 network with its mask, an IPv6 network with its prefix."""
        if self.is_network and isinstance(self.last, ipaddress.IPv4Address):
            mask = ipaddress.IPv4Address(2**32 - 1 - (int(self.last) - int(self.first)))
            return f"{self.first}/{mask}"
        if self.is_network:
            return f"{self.first}/{128 - (int(self.last) - int(self.first)).bit_length()}"
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def span(text: str) -> Span | None:
    """An address, a range a-b, a network a/prefix or a/mask; None where it is none, such as one with host bits."""
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(part.strip()) for part in text.split("-"))
            return Span(first, last) if first.version == last.version and int(first) <= int(last) else None
        if "/" in text:
            network = ipaddress.ip_network(text)
            return Span(network.network_address, network.broadcast_address, True)
        one = ipaddress.ip_address(text)
        return Span(one, one)
    except ValueError:
        return None


def in_keyword(keyword: str, address: Address, network: Network) -> bool:
    """Whether an address is among those that a keyword stands for, over all interfaces of the computer.

    Intranet and Internet are told apart by whether an address is routed publicly; renderers, remote intranets and captive portals are
    nobody: decisions.
    """
    active = [one for one in network.interfaces if one.up]
    if keyword == "LocalSubnet":
        return any(one.holds(address) for one in active)
    if keyword == "DNS":
        return any(address in one.dns for one in active)
    if keyword == "DHCP":
        return any(address == one.dhcp for one in active)
    if keyword == "WINS":
        return any(address in one.wins for one in active)
    if keyword == "DefaultGateway":
        return any(address in one.gateways for one in active)
    if keyword == "IntErnet":
        return address.is_global
    return keyword == "IntrAnet" and not address.is_global
