# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a firewall lacks of a declared exception, and what it admits beyond what is declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import NOBODY, Place, Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    Declaration,
    Endpoint,
    FirewallException,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Admission, Doubt, Query, RuleKey

# Doubts that are not about single rules, and leave nothing sure.
_IN_THE_WAY = {Doubt.OTHER_FIREWALL, Doubt.SHIELDED_DISABLED_INTERFACE}


@dataclass(frozen=True)
class Shortfall:
    """Of those who are to get in: C(missing) surely do not, and of C(doubtful) it cannot be said."""

    number: int
    endpoint: Endpoint
    place: Place
    missing: AddressSet
    doubtful: AddressSet


@dataclass(frozen=True)
class Surplus:
    """Of those who are not to get in: C(surely) do, and of C(perhaps) it cannot be said."""

    endpoint: Endpoint
    place: Place
    surely: AddressSet
    perhaps: AddressSet

    @property
    def by(self) -> tuple[RuleKey, ...]:
        """The rules that let them in; none where a switch or the default action does."""
        return tuple(key for key, found in self.place.admission.by.items() if found.overlaps(self.surely))


def shortfalls(reach: Reach, exception: FirewallException) -> Iterator[Shortfall]:
    """Where an exception does not hold, endpoint by endpoint."""
    for number, endpoint in enumerate(exception.endpoints, 1):
        yield from endpoint_shortfalls(reach, exception, number, endpoint)


def endpoint_shortfalls(reach: Reach, exception: FirewallException, number: int, endpoint: Endpoint) -> Iterator[Shortfall]:
    """The same for one of its endpoints."""
    needed = exception.remote_part(endpoint.remote_part(reach.resolved(exception.remote)))
    if needed.is_empty:
        return
    for query in reach.queries(endpoint):
        for place in reach.places(exception, query):
            admission = place.admission
            wanted = needed if admission.scope.is_any else needed.certain_intersection(admission.scope)
            short = wanted.difference(_admitted(reach, admission, wanted))
            if short.is_empty:
                continue
            # Whether they authenticate by IPsec is not seen from here.
            perhaps = admission.unknown.union(admission.admitted_authenticated).union(admission.unknown_authenticated)
            missing = wanted.certain_difference(admission.admitted.union(perhaps))
            yield Shortfall(number, endpoint, place, missing, short.difference(missing) if not missing.is_empty else short)


def _admitted(reach: Reach, admission: Admission, wanted: AddressSet) -> AddressSet:
    """Who surely gets in.

    Whatever a keyword stands for, a rule that names it admits it, if nothing else is in the way: also where it is not known what it is.
    """
    if not wanted.keywords or admission.blocked_by or admission.doubts & _IN_THE_WAY:
        return admission.admitted
    admitted = admission.admitted
    for key, why in admission.doubtful.items():
        rule = reach.rules.get(key)
        if rule is None or rule.action == "block" or rule.authenticated:
            return admission.admitted
        if why == {Doubt.UNRESOLVED_KEYWORD} and rule.action == "allow":
            named = rule.remote_addresses
            admitted = admitted.union(AddressSet.of(keywords4=named.v4.keywords, keywords6=named.v6.keywords))
    return admitted


def exclusive_surplus(reach: Reach, declaration: Declaration, exception: FirewallException) -> Iterator[Surplus]:
    """Who gets to an exception's endpoints and is declared by none, anywhere on the host."""
    for endpoint in exception.endpoints:
        for query in reach.queries(endpoint):
            for place in reach.everywhere(query):
                yield from undeclared(reach, declaration, endpoint, query, place, ANY_ADDRESS)


def absent_surplus(reach: Reach, declaration: Declaration, exception: FirewallException) -> Iterator[Surplus]:
    """Who gets to an exception's endpoints though they are not to; those whom another exception admits are left out."""
    unwanted = exception.remote_part(reach.resolved(exception.remote))
    for endpoint in exception.endpoints:
        for query in reach.queries(endpoint):
            for place in reach.places(exception, query):
                yield from undeclared(reach, declaration, endpoint, query, place, unwanted)


def undeclared(
    reach: Reach, declaration: Declaration, endpoint: Endpoint, query: Query, place: Place, unwanted: AddressSet
) -> Iterator[Surplus]:
    """Who of C(unwanted) gets to an endpoint at a place, and is declared by no exception."""
    allowed = reach.declared(declaration, query, place)
    for key, found in place.admission.by.items():
        # What an area declares that is no part of this run.
        if key.store == "local" and declaration.is_of_others(key.rule_id) and declaration.accounts_for(key.rule_id):
            allowed = allowed.union(found)
    for each in surplus(endpoint, place, unwanted, allowed):
        expected = _only_what_is_declared(reach, declaration, place.admission, allowed)
        perhaps = NOBODY if expected else each.perhaps
        if not each.surely.is_empty or not perhaps.is_empty:
            yield replace(each, perhaps=perhaps)


def surplus(endpoint: Endpoint, place: Place, unwanted: AddressSet, allowed: AddressSet) -> Iterator[Surplus]:
    """Who of C(unwanted) gets to an endpoint at a place, without those who are C(allowed)."""
    admission = place.admission
    admitted, unknown = endpoint.remote_part(admission.admitted), endpoint.remote_part(admission.unknown)
    surely = admitted.certain_intersection(unwanted).certain_difference(allowed)
    at_most = admitted.union(unknown).intersection(unwanted).difference(allowed)
    perhaps = at_most.difference(surely)
    if not surely.is_empty or not perhaps.is_empty:
        yield Surplus(endpoint, place, surely, perhaps)


def _only_what_is_declared(reach: Reach, declaration: Declaration, admission: Admission, allowed: AddressSet) -> bool:
    """Whether nothing is left open but what rules that are declared perhaps admit, be it by a keyword that is allowed whatever it is."""
    told: set[Doubt] = set()
    for key, why in admission.doubtful.items():
        rule = reach.rules.get(key)
        own = key.store == "local" and declaration.accounts_for(key.rule_id)
        same = rule is not None and bool(allowed.keywords) and why == {Doubt.UNRESOLVED_KEYWORD}
        if not own and not (same and rule is not None and allowed.covers(reach.resolved(rule.remote_addresses))):
            return False
        told |= why
    return bool(told) and admission.doubts <= told | {Doubt.UNPARSED_RULE, Doubt.AUTHENTICATED_ONLY}
