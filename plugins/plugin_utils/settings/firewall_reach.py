# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who reaches what on a host, in the terms of what is declared: endpoints and the places where they are reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressError, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    PROFILES,
    Declaration,
    Endpoint,
    FirewallException,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import ICMP4, ICMP6, TCP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import RPC_ENDPOINT_MAPPER
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.resolution import keywords
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Admission,
    FirewallState,
    Interface,
    Query,
    RuleKey,
)

NOBODY = AddressSet()
SYSTEM = "System"
_MAPPER = 135


_LONGEST = 120


def plain(text: str) -> str:
    """A name that a host gives to something, for a sentence: in one line, and not too long."""
    shown = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


@dataclass(frozen=True)
class Place:
    """Where an endpoint is reached: an interface, or one of its addresses; or, C(imagined), a profile that no interface is on.

    An imagined place has the name of a real interface where an exception is for some interfaces only: that one, as if it were on it.
    """

    admission: Admission
    profile: Profile
    imagined: bool = False

    @property
    def title(self) -> str:
        if self.imagined and not self.admission.interface:
            return f"the profile {self.profile} (no interface is on it)"
        to = f" at {self.admission.local_address}" if self.admission.local_address else ""
        return f"{plain(self.admission.interface)}{to} ({'if it were on ' if self.imagined else ''}{self.profile})"


class Reach:
    """A firewall with what is worked out of it, so that each thing is worked out once."""

    def __init__(self, firewall: Firewall) -> None:
        self.firewall = firewall
        self.state: FirewallState = firewall.state
        self.paths = Paths(self.state.variables)
        self._queries: dict[Endpoint, tuple[Query, ...]] = {}
        # What others have worked out of it: the plan of a declaration, and the firewall once some profiles are on.
        self.plans: dict[Declaration, Any] = {}
        self.later: dict[frozenset[Profile], Reach] = {}
        self._moved: dict[tuple[Profile, tuple[Interface, ...]], Firewall] = {}

    @cached_property
    def rules(self) -> Mapping[RuleKey, Rule]:
        """Every rule that can be read."""
        return {
            RuleKey(store, rule.rule_id): rule
            for store, content in self.state.stores.items()
            for rule in content.rules
            if isinstance(rule, Rule)
        }

    @cached_property
    def local(self) -> Mapping[str, Rule]:
        """The rules of the local store by their ids in lower case."""
        return {key.rule_id.casefold(): rule for key, rule in self.rules.items() if key.store == "local"}

    @cached_property
    def _known_keywords(self) -> Mapping[str, AddressSet]:
        return keywords(self.state.interfaces)

    def resolved(self, addresses: AddressSet) -> AddressSet:
        """Keywords replaced by what they stand for on this host, as far as it is known."""
        return addresses.resolved(self._known_keywords) if addresses.keywords else addresses

    # ------------------------------------------------------------------ places

    def interface_of(self, name: str) -> Interface | None:
        """By alias, as people write it, or GUID."""
        folded = name.casefold()
        return next((each for each in self.state.interfaces if folded in (each.alias.casefold(), each.guid.casefold())), None)

    def interfaces_of(self, exception: FirewallException) -> tuple[Interface, ...]:
        """The interfaces that an exception is for, whatever their profiles."""
        return tuple(interface for interface in self.state.interfaces if self._is_for(exception, interface))

    def _is_for(self, exception: FirewallException, interface: Interface) -> bool:
        if exception.interfaces:
            return interface.alias.casefold() in {alias.casefold() for alias in exception.interfaces}
        if exception.local is not None:
            return any(_contains(exception.local, address) for address in interface.addresses)
        return True

    def everywhere(self, query: Query) -> Iterator[Place]:
        """All interfaces as they are, and each profile that none is on as imagined.

        An interface on no known profile that a rule speaks of is looked at on each of them: no other place shows what that rule admits.
        """
        used = set()
        for admission in self.firewall.admissions(query):
            if admission.profile is not None:
                used.add(admission.profile)
                yield Place(admission, admission.profile)
        for profile in PROFILES:
            if profile not in used:
                for admission in self.firewall.admissions(query, profile=profile):
                    yield Place(admission, profile, imagined=True)
            for interface in self._without_profile:
                for admission in self._on(profile, (interface,)).admissions(query):
                    if admission.interface == interface.alias:
                        yield Place(admission, profile, imagined=True)

    @cached_property
    def _without_profile(self) -> tuple[Interface, ...]:
        rules = [rule for rule in self.rules.values() if rule.active and rule.direction == "in"]
        return tuple(
            interface
            for interface in self.state.interfaces
            if interface.profile is None
            and any(interface.guid.upper() in map(str.upper, rule.interfaces) or rule.interface_types for rule in rules)
        )

    def places(self, exception: FirewallException, query: Query) -> Iterator[Place]:
        """Where an exception is to hold. One that is for some interfaces only is judged at these also where no interface is."""
        yield from (place for place in self.everywhere(query) if self.declares(exception, place))
        meant = self.interfaces_of(exception) if exception.narrowed else ()
        for profile in PROFILES if meant else ():
            if profile in exception.profiles and all(interface.profile != profile for interface in self.state.interfaces):
                moved = (Place(admission, profile, imagined=True) for admission in self._on(profile, meant).admissions(query))
                yield from (place for place in moved if place.admission.profile == profile and self.declares(exception, place))

    def _on(self, profile: Profile, interfaces: tuple[Interface, ...]) -> Firewall:
        """The firewall as if some interfaces were on a profile: a rule may name these, and would not name an imagined one."""
        if (profile, interfaces) not in self._moved:
            moved = tuple(replace(each, profile=profile) if each in interfaces else each for each in self.state.interfaces)
            self._moved[profile, interfaces] = Firewall(replace(self.state, interfaces=moved))
        return self._moved[profile, interfaces]

    def declares(self, exception: FirewallException, place: Place) -> bool:
        """Whether an exception speaks of a place, its profile among what it names."""
        if place.profile not in exception.profiles:
            return False
        if not exception.narrowed:
            return True
        interface = self.interface_of(place.admission.interface)
        if interface is None or not self._is_for(exception, interface):
            return False
        address = place.admission.local_address
        return exception.local is None or address is None or _contains(exception.local, address)

    # ------------------------------------------------------------------ queries

    def queries(self, endpoint: Endpoint) -> tuple[Query, ...]:
        """Enough queries to know the answer for all ports or ICMP types of an endpoint: one for each stretch that no rule divides."""
        if endpoint not in self._queries:
            self._queries[endpoint] = tuple(self._all_queries(endpoint))
        return self._queries[endpoint]

    def _all_queries(self, endpoint: Endpoint) -> Iterator[Query]:
        protocol, program, service = endpoint.protocol, endpoint.program, endpoint.service
        if protocol in (ICMP4, ICMP6):
            # It is the kernel that answers.
            for icmp in self._icmp(endpoint):
                yield Query(protocol, icmp=icmp, program=program or SYSTEM, service=service)
            return
        if endpoint.ports.is_any and (program or service):
            yield Query(protocol, program=program, service=service)
            return
        for keyword in sorted(endpoint.ports.keywords):
            yield Query(protocol, keyword=keyword, program=program, service=service)
        for first, last in endpoint.ports.ranges:
            cuts = {first} if first == last else {first, *(cut for cut in self._cuts[protocol] if first < cut <= last)}
            for port in sorted(cuts):
                yield Query(protocol, port=port, program=program, service=service)

    @cached_property
    def _cuts(self) -> Mapping[int, frozenset[int]]:
        """By protocol, the ports at which some rule begins to match or ceases to."""
        found: dict[int, set[int]] = {6: set(), 17: set()}
        for rule in self.rules.values():
            for protocol in (rule.protocol,) if rule.protocol else ():
                if protocol in found and rule.direction == "in" and rule.active:
                    for first, last in rule.local_ports.ranges:
                        found[protocol] |= {first, last + 1}
        # Where the ports begin that keywords may stand for, and those that only the lists of old name.
        for cuts in found.values():
            cuts |= {68, 69, 443, 444, 546, 547, 5040, 5041, 5353, 5354, 49152}
        for store in self.state.stores.values():
            for lists in store.legacy.values():
                for entry in lists.open_ports:
                    number = entry.partition(":")[0]
                    if number.isascii() and number.isdigit():
                        for cuts in found.values():
                            cuts |= {int(number), int(number) + 1}
        return {protocol: frozenset(cuts) for protocol, cuts in found.items()}

    def _icmp(self, endpoint: Endpoint) -> Iterable[tuple[int, int]]:
        named = {
            (icmp.type, icmp.code)
            for rule in self.rules.values()
            if rule.protocol == endpoint.protocol and rule.icmp_types
            for icmp in rule.icmp_types
        }
        kinds = {icmp.type: icmp.code for icmp in endpoint.icmp} or dict.fromkeys({0, 255} | {kind for kind, _code in named})
        found = set()
        for kind, code in kinds.items():
            codes = {code} if code is not None else {0, 255} | {other for same, other in named if same == kind and other is not None}
            found |= {(kind, each) for each in codes}
        return sorted(found)

    # ------------------------------------------------------------------ what is declared

    def is_of(self, endpoint: Endpoint, query: Query) -> bool:
        """Whether what is asked for belongs to an endpoint. Where it is not known who listens, any listener may be the one."""
        if endpoint.protocol != query.protocol or not _same_port(endpoint, query) or not _same_icmp(endpoint, query):
            return False
        if query.program is None and query.service is None:
            return True
        if endpoint.service is not None and (query.service or "").casefold() != endpoint.service.casefold():
            return False
        if endpoint.program is None or query.program is None:
            return True
        return self.paths.same(endpoint.program, query.program) is True

    def declared(self, declaration: Declaration, query: Query, place: Place) -> AddressSet:
        """Who is to get in, by all present exceptions."""
        allowed = NOBODY
        for exception in declaration.present:
            if self.declares(exception, place) and any(self.is_of(endpoint, query) for endpoint in exception.endpoints):
                allowed = allowed.union(self._allowed(exception, place))
        return allowed

    def _allowed(self, exception: FirewallException, place: Place) -> AddressSet:
        """Whom an exception admits to all of a place: one that is for some own addresses does not to an interface that has others."""
        remote, local = self.resolved(exception.remote), exception.local
        if local is None or place.admission.local_address is not None:
            return exception.remote_part(remote)
        interface = self.interface_of(place.admission.interface)
        others = [address for address in (interface.addresses if interface else ()) if not _contains(local, address)]
        return AddressSet(
            NOBODY.v4 if local.v4.is_empty or any(":" not in address for address in others) else remote.v4,
            NOBODY.v6 if local.v6.is_empty or any(":" in address for address in others) else remote.v6,
        )


def _same_port(endpoint: Endpoint, query: Query) -> bool:
    if endpoint.protocol in (ICMP4, ICMP6) or endpoint.ports.is_any:
        return True
    if query.port is not None:
        mapper = query.port == _MAPPER and query.protocol == TCP and RPC_ENDPOINT_MAPPER in endpoint.ports.keywords
        return mapper or endpoint.ports.contains(query.port)
    if query.keyword is None:
        return False
    return endpoint.ports.contains(query.keyword) or (query.keyword == RPC_ENDPOINT_MAPPER and endpoint.ports.contains(_MAPPER))


def _same_icmp(endpoint: Endpoint, query: Query) -> bool:
    if query.icmp is None or not endpoint.icmp:
        return True
    kind, code = query.icmp
    return any(icmp.type == kind and icmp.code in (None, code) for icmp in endpoint.icmp)


def _contains(addresses: AddressSet, address: str) -> bool:
    """Of an own address, with or without its prefix length."""
    try:
        return addresses.contains(address.partition("/")[0].partition("%")[0])
    except AddressError:
        return False
