# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of IP addresses: IPv4 and IPv6 apart, as ranges and as the keywords of MS-GPFAS 2.2.2.13, which only the host can resolve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import Range, SymbolicSet

TOP4 = 2**32 - 1
TOP6 = 2**128 - 1

LOCAL_SUBNET = "LocalSubnet"
# Our names; the rule strings' own odd spellings of two of them stand in fields.py.
KEYWORDS = frozenset(
    {LOCAL_SUBNET, "DNS", "DHCP", "WINS", "DefaultGateway", "Internet", "Intranet", "RmtIntrAnet", "Ply2Renders", "CaptivePortal"}
)
# The NetSecurity cmdlets spell some of them differently.
_SPELLINGS = {keyword.casefold(): keyword for keyword in KEYWORDS} | {"intranetremoteaccess": "RmtIntrAnet", "playtodevice": "Ply2Renders"}


_NONE4 = SymbolicSet(TOP4)
_NONE6 = SymbolicSet(TOP6)


class AddressError(ValueError):
    """A text names no addresses; the message is a sentence."""


def _address(text: str, version: int) -> int:
    try:
        if version == 4:
            return int(IPv4Address(text))
        # A scope belongs to one host's numbering of its adapters, so it means nothing in a rule.
        if "%" in text:
            raise AddressError(f"'{text}' has a scope, which a rule cannot carry")
        return int(IPv6Address(text))
    except AddressValueError:
        raise AddressError(f"'{text}' is no IPv{version} address") from None


def _prefix(text: str, version: int) -> int:
    bits = 32 if version == 4 else 128
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= bits:
        return int(text)
    if version == 4 and "." in text:
        mask = _address(text, 4)
        prefix = mask.bit_count()
        if mask == TOP4 ^ (TOP4 >> prefix):
            return prefix
        raise AddressError(f"'{text}' is no network mask: its ones are not all at the front")
    raise AddressError(f"'{text}' is no prefix length from 0 to {bits}" + (" and no network mask" if version == 4 else ""))


@lru_cache(maxsize=4096)
def address_range(text: str, version: int) -> tuple[Range, bool]:
    """What C(a), C(a-b), C(net/prefix) or, for IPv4, C(net/mask) covers, and whether a network's address had bits set beyond its prefix.

    Both ends belong to the range. Such extra bits do not change the network. Anything else is an AddressError.
    """
    if "-" in text:
        begin, _, end = text.partition("-")
        first, last = _address(begin, version), _address(end, version)
        if last < first:
            raise AddressError(f"'{text}' ends before it begins")
        return (first, last), False
    if "/" in text:
        net, _, prefix = text.partition("/")
        address = _address(net, version)
        hosts = (TOP4 if version == 4 else TOP6) >> _prefix(prefix, version)
        return (address & ~hosts, address | hosts), bool(address & hosts)
    address = _address(text, version)
    return (address, address), False


@dataclass(frozen=True)
class AddressSet:
    """Some addresses; see SymbolicSet for what its operations promise about keywords. A keyword counts for each family on its own."""

    v4: SymbolicSet = _NONE4
    v6: SymbolicSet = _NONE6

    @classmethod
    def any(cls) -> AddressSet:
        """Every address."""
        return ANY_ADDRESS

    @classmethod
    def of(
        cls,
        v4: Iterable[Range] = (),
        v6: Iterable[Range] = (),
        keywords4: Iterable[str] = (),
        keywords6: Iterable[str] = (),
    ) -> AddressSet:
        """From ranges of addresses as numbers, and keywords as C(KEYWORDS) spells them."""
        return cls(SymbolicSet(TOP4, tuple(v4), frozenset(keywords4)), SymbolicSet(TOP6, tuple(v6), frozenset(keywords6)))

    @classmethod
    def parse(cls, text: str, *, strict: bool = True) -> AddressSet:
        """One address, range, network, keyword (for both families, in any case) or C(any); anything else is an AddressError.

        With C(strict), a network whose address has bits set beyond its prefix is one too, as it is more likely a slip than a wish.
        """
        text = text.strip()
        folded = text.casefold()
        if folded == "any":
            return cls.any()
        if folded in _SPELLINGS:
            return cls.of(keywords4=[_SPELLINGS[folded]], keywords6=[_SPELLINGS[folded]])
        begin, dash, end = text.partition("-")
        if dash and (":" in begin) != (":" in end):
            raise AddressError(f"'{text}' begins in one address family and ends in the other")
        version = 6 if ":" in text else 4
        found, beyond = address_range(text, version)
        if beyond and strict:
            (network,) = _texts4((found,)) if version == 4 else _texts6((found,))
            raise AddressError(f"'{text}' has bits set beyond its prefix; the network is {network}")
        return cls.of(v4=[found]) if version == 4 else cls.of(v6=[found])

    @property
    def keywords(self) -> frozenset[str]:
        """The keywords of either family."""
        return self.v4.keywords | self.v6.keywords

    @property
    def is_empty(self) -> bool:
        """Whether there is no address in it."""
        return self.v4.is_empty and self.v6.is_empty

    @property
    def is_any(self) -> bool:
        """Whether every address is in it."""
        return self.v4.is_full and self.v6.is_full

    def contains(self, address: str | IPv4Address | IPv6Address) -> bool:
        """Whether an address surely belongs to it; a text that is no address is an AddressError."""
        family, number = self._family(address)
        return family.contains(number)

    def may_contain(self, address: str | IPv4Address | IPv6Address) -> bool:
        """Whether an address belongs to it or may do so through a keyword."""
        family, number = self._family(address)
        return family.may_contain(number)

    def _family(self, address: str | IPv4Address | IPv6Address) -> tuple[SymbolicSet, int]:
        if isinstance(address, str):
            version = 6 if ":" in address else 4
            number = _address(address, version)
        else:
            version, number = address.version, int(address)
        return (self.v4 if version == 4 else self.v6), number

    def union(self, other: AddressSet) -> AddressSet:
        """What belongs to either; exact."""
        return AddressSet(self.v4.union(other.v4), self.v6.union(other.v6))

    def intersection(self, other: AddressSet) -> AddressSet:
        """At most what belongs to both."""
        return AddressSet(self.v4.intersection(other.v4), self.v6.intersection(other.v6))

    def certain_intersection(self, other: AddressSet) -> AddressSet:
        """At least what belongs to both."""
        return AddressSet(self.v4.certain_intersection(other.v4), self.v6.certain_intersection(other.v6))

    def difference(self, other: AddressSet) -> AddressSet:
        """At most what belongs to this set and not to the other one."""
        return AddressSet(self.v4.difference(other.v4), self.v6.difference(other.v6))

    def certain_difference(self, other: AddressSet) -> AddressSet:
        """At least what belongs to this set and not to the other one."""
        return AddressSet(self.v4.certain_difference(other.v4), self.v6.certain_difference(other.v6))

    def covers(self, other: AddressSet) -> bool:
        """Whether all of the other one surely belongs to this set."""
        return self.v4.covers(other.v4) and self.v6.covers(other.v6)

    def overlaps(self, other: AddressSet) -> bool:
        """Whether something may belong to both."""
        return self.v4.overlaps(other.v4) or self.v6.overlaps(other.v6)

    def resolved(self, values: Mapping[str, AddressSet]) -> AddressSet:
        """The same with those keywords replaced whose addresses are known; the others stay."""
        return AddressSet(
            self.v4.resolved({keyword: addresses.v4 for keyword, addresses in values.items()}),
            self.v6.resolved({keyword: addresses.v6 for keyword, addresses in values.items()}),
        )

    def texts(self) -> tuple[str, ...]:
        """The canonical form: IPv4, IPv6, keywords, each element one that C(parse) understands; C(any) for every address.

        A keyword that counts for one family only says so in brackets, and only such an element cannot be parsed again.
        """
        if self.is_any:
            return ("any",)
        keywords = [
            keyword + ("" if keyword in self.v4.keywords and keyword in self.v6.keywords else self._only(keyword))
            for keyword in sorted(self.keywords)
        ]
        return (*_texts4(self.v4.ranges), *_texts6(self.v6.ranges), *keywords)

    def _only(self, keyword: str) -> str:
        # A family that has every address has no keywords of its own.
        here, other = ("IPv4", self.v6) if keyword in self.v4.keywords else ("IPv6", self.v4)
        return "" if other.is_full else f" ({here})"

    def __str__(self) -> str:
        return ", ".join(self.texts()) or "none"


def _texts4(ranges: Iterable[Range]) -> list[str]:
    return [_text(IPv4Address(first), IPv4Address(last)) for first, last in ranges]


def _texts6(ranges: Iterable[Range]) -> list[str]:
    return [_text(IPv6Address(first), IPv6Address(last)) for first, last in ranges]


def _text(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> str:
    if first == last:
        return str(first)
    hosts = int(first) ^ int(last)
    is_network = hosts & (hosts + 1) == 0 and int(first) & hosts == 0
    if is_network:
        return f"{first}/{first.max_prefixlen - hosts.bit_length()}"
    return f"{first}-{last}"


ANY_ADDRESS = AddressSet(SymbolicSet(TOP4, ((0, TOP4),)), SymbolicSet(TOP6, ((0, TOP6),)))
