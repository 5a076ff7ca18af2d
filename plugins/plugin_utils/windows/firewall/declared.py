# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator declares of a host's firewall: who is to reach what, as plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import ICMP4, ICMP6, TCP, UDP, IcmpType
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import ANY_PORT, PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import ALL_PROFILES, Profile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import SymbolicSet

PROTOCOLS: Mapping[str, int] = {"tcp": TCP, "udp": UDP, "icmpv4": ICMP4, "icmpv6": ICMP6}
PROTOCOL_NAMES: Mapping[int, str] = {TCP: "TCP", UDP: "UDP", ICMP4: "ICMPv4", ICMP6: "ICMPv6"}
PROFILES: tuple[Profile, ...] = ("domain", "private", "public")

OWN_PREFIX = "ConfigMgrHardening-"
# The words of all areas that make rules.
AREA_WORDS = ("Firewall", "RemoteAssistance")
"""What the ids of the rules that this collection makes begin with; then area, label and number."""

_ECHO = {ICMP4: 8, ICMP6: 128}
_NUMBER = re.compile(r"[1-9][0-9]{0,3}\Z", re.ASCII)


@dataclass(frozen=True)
class Endpoint:
    """One thing on a host that waits for others: a protocol with its ports or ICMP types, and the program and service that own them.

    C(icmp) empty: every type. C(program): a path that may have variables, or C(System). C(rules): ids, in lower case, of the predefined
    rules that are this endpoint's own; C(groups): the groups, as groups.normalise spells them, in which copies of them are recognised.
    """

    protocol: int
    ports: PortSet = ANY_PORT
    icmp: tuple[IcmpType, ...] = ()
    program: str | None = None
    service: str | None = None
    rules: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """In words, such as C(TCP 445)."""
        name = PROTOCOL_NAMES[self.protocol]
        if self.protocol in _ECHO:
            if self.icmp in ((IcmpType(_ECHO[self.protocol], None),), (IcmpType(_ECHO[self.protocol], 0),)):
                return f"{name} echo request"
            return f"{name} {', '.join(str(t.type) if t.code is None else f'{t.type}:{t.code}' for t in self.icmp) or 'of every type'}"
        if self.ports.is_any:
            return f"{name} of {program_name(self.program) or self.service or 'every port'}"
        return f"{name} {self.ports}"

    def remote_part(self, addresses: AddressSet) -> AddressSet:
        """Those of some addresses that can reach it at all: ICMP belongs to one family of addresses."""
        if self.protocol == ICMP4:
            return AddressSet(v4=addresses.v4)
        if self.protocol == ICMP6:
            return AddressSet(v6=addresses.v6)
        return addresses

    def rule_part(self, addresses: AddressSet) -> AddressSet:
        """The same as a rule can name it: a keyword stands for both families."""
        if self.protocol not in _ECHO or addresses.is_any:
            return addresses
        v4, v6 = addresses.v4, addresses.v6
        if self.protocol == ICMP4:
            return AddressSet(v4, SymbolicSet(v6.top, (), v6.keywords))
        return AddressSet(SymbolicSet(v4.top, (), v4.keywords), v6)


@dataclass(frozen=True)
class FirewallException:
    """Who is to reach some endpoints, or, where it is not C(present), who is not.

    C(area) is the word for the area in ids of rules, C(label) the exception's name in that area. C(interfaces) are aliases; they and
    C(local) (own addresses) narrow it down, and one of them at most is given. C(service): the named service that it is of.
    C(exclusive): whether anything wider is against what is declared; C(writable): whether anything may be written for it.
    """

    area: str
    label: str
    endpoints: tuple[Endpoint, ...]
    remote: AddressSet = ANY_ADDRESS
    profiles: frozenset[Profile] = ALL_PROFILES
    interfaces: tuple[str, ...] = ()
    local: AddressSet | None = None
    present: bool = True
    service: str | None = None
    exclusive: bool = False
    writable: bool = True

    @property
    def narrowed(self) -> bool:
        """Whether it is for some interfaces or own addresses only."""
        return bool(self.interfaces) or self.local is not None

    def meets(self, other: FirewallException) -> bool:
        """Whether some of the same addresses may come to both, on a profile, an interface and an own address of both."""
        return self.remote.overlaps(other.remote) and bool(self.profiles & other.profiles) and not self._is_apart_from(other)

    def _is_apart_from(self, other: FirewallException) -> bool:
        if self.interfaces and other.interfaces:
            return not {alias.casefold() for alias in self.interfaces} & {alias.casefold() for alias in other.interfaces}
        return self.local is not None and other.local is not None and not self.local.overlaps(other.local)

    def remote_part(self, addresses: AddressSet) -> AddressSet:
        """Those of some addresses that can come to it: an own address is reached by its own family only."""
        if self.local is None:
            return addresses
        return AddressSet(
            SymbolicSet(addresses.v4.top) if self.local.v4.is_empty else addresses.v4,
            SymbolicSet(addresses.v6.top) if self.local.v6.is_empty else addresses.v6,
        )

    def rule_id(self, number: int) -> str:
        """The id of the rule for an endpoint, by its number from 1."""
        return f"{rule_prefix(self.area, self.label)}{number}"

    def owns(self, rule_id: str) -> bool:
        """Whether a rule is one of this exception's, by its id."""
        prefix = rule_prefix(self.area, self.label).casefold()
        folded = rule_id.casefold()
        return folded.startswith(prefix) and _NUMBER.match(folded[len(prefix) :]) is not None

    def says(self) -> str:
        """Who and where, in words: C(10.1.5.0/24 on domain)."""
        where = " and ".join(profile for profile in PROFILES if profile in self.profiles)
        if self.interfaces:
            where += f", interface {', '.join(self.interfaces)}"
        if self.local is not None:
            where += f", to {self.local}"
        return f"{self.remote if not self.remote.is_any else 'any address'} on {where}"


@dataclass(frozen=True)
class ClosedGroup:
    """A predefined group of which no inbound rule is to be enabled but those that admit nobody but whom exceptions name.

    C(area) is the word for the area that wants it: its own rules go as well where it declares them no more.
    """

    group: str
    area: str
    writable: bool = True


@dataclass(frozen=True)
class Declaration:
    """All that the areas of a run declare for a host.

    C(areas): the words of the areas that are part of the run. C(acts): whether what is not declared may be taken away, which only a run
    over all of a host's areas can know. C(exclusive): whether anything wider than declared is to go. C(turned_on): the profiles
    that are to be on, with what is not admitted blocked. C(closed_groups): what is left of predefined groups.
    """

    exceptions: tuple[FirewallException, ...] = ()
    areas: frozenset[str] = frozenset()
    acts: bool = False
    exclusive: bool = False
    turned_on: frozenset[Profile] = frozenset()
    closed_groups: tuple[ClosedGroup, ...] = ()

    @property
    def present(self) -> tuple[FirewallException, ...]:
        return tuple(exception for exception in self.exceptions if exception.present)

    def together(self, other: Declaration) -> Declaration:
        """What two areas declare."""
        return Declaration(
            (*self.exceptions, *other.exceptions),
            self.areas | other.areas,
            self.acts or other.acts,
            self.exclusive or other.exclusive,
            self.turned_on | other.turned_on,
            (*self.closed_groups, *other.closed_groups),
        )

    def declares_own(self, rule_id: str) -> bool:
        """Whether a rule is an own one that stays."""
        return is_own(rule_id) and self.declares_rule(rule_id)

    def accounts_for(self, rule_id: str) -> bool:
        """Whether whom an own rule admits counts as declared, be it by an area that is no part of the run.

        An id alone is no proof: one of no known area is anybody's, and where the run knows all that is declared, nothing else is.
        """
        if is_own(rule_id) and self.is_of_others(rule_id):
            return not self.acts and any(rule_id.casefold().startswith(area_prefix(area).casefold()) for area in AREA_WORDS)
        return self.declares_own(rule_id)

    def is_of_others(self, rule_id: str) -> bool:
        """Whether a rule is none of the run's areas'."""
        return not any(rule_id.casefold().startswith(area_prefix(area).casefold()) for area in self.areas)

    def declares_rule(self, rule_id: str) -> bool:
        """Whether an own rule belongs to a present exception, or to an area that this run knows nothing of."""
        if self.is_of_others(rule_id):
            return True
        return any(exception.owns(rule_id) and int(rule_id.rpartition("-")[2]) <= len(exception.endpoints) for exception in self.present)


def area_prefix(area: str) -> str:
    """What the ids of an area's rules begin with."""
    return f"{OWN_PREFIX}{area}-"


def rule_prefix(area: str, label: str) -> str:
    """What the ids of an exception's rules begin with, before the number."""
    return f"{area_prefix(area)}{label}-"


def is_own(rule_id: str) -> bool:
    """Whether this collection made a rule, by its id; ids ignore case, as names of registry values do."""
    return rule_id.casefold().startswith(OWN_PREFIX.casefold())


def program_name(program: str | None) -> str | None:
    """The last part of a path."""
    return program.replace("/", "\\").rpartition("\\")[2] if program else None
