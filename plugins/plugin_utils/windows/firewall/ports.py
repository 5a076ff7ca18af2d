# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of TCP or UDP ports: numbers, ranges, and the keywords of MS-GPFAS 2.2.2.3, which Windows resolves while it runs (MS-FASP
2.2.14).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import Range, SymbolicSet

TOP = 65535

RPC = "RPC"
RPC_ENDPOINT_MAPPER = "RPC-EPMap"
LOCAL_KEYWORDS = frozenset({RPC, RPC_ENDPOINT_MAPPER, "Teredo", "IPTLSIn", "IPHTTPSIn", "DHCP", "Ply2Disc", "mDNS", "TcpCDPSvc"})
REMOTE_KEYWORDS = frozenset({"IPTLSOut", "IPHTTPSOut", "CortanaOut"})
KEYWORDS = LOCAL_KEYWORDS | REMOTE_KEYWORDS

# The NetSecurity cmdlets spell some of them differently.
_SPELLINGS = {keyword.casefold(): keyword for keyword in KEYWORDS} | {"rpcepmap": RPC_ENDPOINT_MAPPER, "playtodiscovery": "Ply2Disc"}
_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?\Z", re.ASCII)


_NONE = SymbolicSet(TOP)


class PortError(ValueError):
    """A text names no ports; the message is a sentence."""


def number_range(text: str) -> Range:
    """C(a) or C(a-b) as a range of port numbers from 0 to 65535; anything else is a PortError."""
    match = _RANGE.match(text)
    if match is None:
        raise PortError(f"'{text}' is neither a port number nor a range such as 5000-5010")
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    if max(first, last) > TOP:
        raise PortError(f"'{text}' goes beyond {TOP}, the highest port")
    if last < first:
        raise PortError(f"'{text}' ends before it begins")
    return first, last


@dataclass(frozen=True)
class PortSet:
    """Some ports; see SymbolicSet for what its operations promise about keywords."""

    members: SymbolicSet = _NONE

    @classmethod
    def of(cls, *ports: int | Range, keywords: Iterable[str] = ()) -> PortSet:
        """The given numbers and ranges, and keywords in the spelling of MS-GPFAS."""
        ranges = tuple((port, port) if isinstance(port, int) else port for port in ports)
        return cls(SymbolicSet(TOP, ranges, frozenset(keywords)))

    @classmethod
    def any(cls) -> PortSet:
        """Every port."""
        return ANY_PORT

    @classmethod
    def parse(cls, text: str) -> PortSet:
        """One port, range or keyword, or C(any), in any case, also as the NetSecurity cmdlets spell it; anything else is a PortError."""
        folded = text.strip().casefold()
        if folded == "any":
            return cls.any()
        if folded in _SPELLINGS:
            return cls.of(keywords=[_SPELLINGS[folded]])
        return cls.of(number_range(folded))

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The numbers as ranges, both ends included."""
        return self.members.ranges

    @property
    def keywords(self) -> frozenset[str]:
        """The keywords, as MS-GPFAS spells them."""
        return self.members.keywords

    @property
    def is_empty(self) -> bool:
        """Whether there is no port in it."""
        return self.members.is_empty

    @property
    def is_any(self) -> bool:
        """Whether every port is in it."""
        return self.members.is_full

    def contains(self, port: int | str) -> bool:
        """Whether a port, or a keyword's ports, surely belong to it."""
        return (port in self.keywords or self.is_any) if isinstance(port, str) else self.members.contains(port)

    def may_contain(self, port: int) -> bool:
        """Whether a port belongs to it or may do so through a keyword."""
        return self.members.may_contain(port)

    def union(self, other: PortSet) -> PortSet:
        """What belongs to either; exact."""
        return PortSet(self.members.union(other.members))

    def intersection(self, other: PortSet) -> PortSet:
        """At most what belongs to both."""
        return PortSet(self.members.intersection(other.members))

    def certain_intersection(self, other: PortSet) -> PortSet:
        """At least what belongs to both."""
        return PortSet(self.members.certain_intersection(other.members))

    def difference(self, other: PortSet) -> PortSet:
        """At most what belongs to this set and not to the other one."""
        return PortSet(self.members.difference(other.members))

    def certain_difference(self, other: PortSet) -> PortSet:
        """At least what belongs to this set and not to the other one."""
        return PortSet(self.members.certain_difference(other.members))

    def covers(self, other: PortSet) -> bool:
        """Whether all of the other one surely belongs to this set."""
        return self.members.covers(other.members)

    def overlaps(self, other: PortSet) -> bool:
        """Whether something may belong to both."""
        return self.members.overlaps(other.members)

    def resolved(self, values: Mapping[str, PortSet] | None = None) -> PortSet:
        """The same with known keywords replaced: the endpoint mapper's port is 135 everywhere, the others where C(values) knows them."""
        known = {RPC_ENDPOINT_MAPPER: PortSet.of(135), **(values or {})}
        return PortSet(self.members.resolved({keyword: ports.members for keyword, ports in known.items()}))

    def texts(self) -> tuple[str, ...]:
        """The canonical form, one element for each range and keyword, each of which C(parse) understands; C(any) for every port."""
        if self.is_any:
            return ("any",)
        return (*(str(first) if first == last else f"{first}-{last}" for first, last in self.ranges), *sorted(self.keywords))

    def __str__(self) -> str:
        return ", ".join(self.texts()) or "none"


ANY_PORT = PortSet(SymbolicSet(TOP, ((0, TOP),)))
