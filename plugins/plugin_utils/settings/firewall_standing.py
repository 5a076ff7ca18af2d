# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is looked at whatever is declared: who gets to the ports of remote access, and what listens on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import rule_key
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import (
    FirewallSetting,
    assess_surplus,
    titles,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_plan import plan_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import NOBODY, Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import listening_read
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_shortfall import Surplus, surplus, undeclared
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import reaches, rule_name, several
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import PROFILES, Declaration, Endpoint
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Doubt, RuleKey


def _inside() -> AddressSet:
    """RFC 1918, RFC 3927, RFC 4193, RFC 4291 2.5.3 and 2.5.6, and the loopback; the shared space of RFC 6598 is not among them."""
    inside = NOBODY
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "::1", "fc00::/7", "fe80::/10"):
        inside = inside.union(AddressSet.parse(network))
    return inside


_REMEDY = "Declare who is to reach it, with exclusive and the module baseline, or declare it absent."

OUTSIDE = ANY_ADDRESS.difference(_inside())


@dataclass(frozen=True)
class _Ports(FirewallSetting):
    """Some endpoints by a name. Wanted: None."""

    name: str
    endpoints: tuple[Endpoint, ...]

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}"

    def evidence(self, reach: Reach) -> Iterable[str]:
        for endpoint in self.endpoints:
            for query in reach.queries(endpoint):
                for place in reach.everywhere(query):
                    yield reaches(endpoint.title, place, reach)


@dataclass(frozen=True)
class NotFromOutside(_Ports):
    """That nobody gets to them from an address outside private networks, on any profile."""

    kind: ClassVar[str] = "firewall_not_from_outside"
    declaration: Declaration

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        reach: Reach = observation.value
        expected = f"{self.name}: nobody outside private networks reaches {titles(self.endpoints)}"
        found = list(_surplus(reach, self.endpoints, None))
        return assess_surplus(reach, expected, found, _mending(reach, self.declaration, found), _REMEDY)


@dataclass(frozen=True)
class OnlyDeclared(_Ports):
    """That nobody gets to them but whom an exception names; where none speaks of them, that nobody does from outside."""

    kind: ClassVar[str] = "firewall_only_declared"
    declaration: Declaration

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the declaration says it
        reach: Reach = observation.value
        declared = any(
            reach.is_of(one, query)
            for exception in self.declaration.present
            for one in exception.endpoints
            for endpoint in self.endpoints
            for query in reach.queries(endpoint)
        )
        whom = "nobody but those who are declared" if declared else "nobody outside private networks"
        expected = f"{self.name}: {whom} reaches {titles(self.endpoints)}"
        found = list(_surplus(reach, self.endpoints, self.declaration if declared else None))
        return assess_surplus(reach, expected, found, _mending(reach, self.declaration, found), _REMEDY)


@dataclass(frozen=True)
class OnProfilesOnly(_Ports):
    """That nobody gets to them on another profile than those named."""

    kind: ClassVar[str] = "firewall_on_profiles_only"
    profiles: frozenset[Profile]

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the setting says it
        reach: Reach = observation.value
        where = " and ".join(profile for profile in PROFILES if profile in self.profiles)
        expected = f"{self.name}: {titles(self.endpoints)} admits on the profile {where} only"
        found = [
            each
            for endpoint in self.endpoints
            for query in reach.queries(endpoint)
            for place in reach.everywhere(query)
            if place.profile not in self.profiles
            for each in surplus(endpoint, place, ANY_ADDRESS, NOBODY)
        ]
        remedy = "Disable or narrow the rules that admit on other profiles; the module baseline does it with exclusive."
        return assess_surplus(reach, expected, found, (), remedy)


def _mending(reach: Reach, declaration: Declaration, found: Iterable[Surplus]) -> tuple[Difference, ...]:
    """What exceptions want anyway that takes away what was found, with what takes its place. A check by itself wants nothing."""
    rules = {rule_key(key.rule_id) for each in found for key in each.by if key.store == "local"}
    differences: dict[str, Difference] = {}
    for wishes in plan_of(reach, declaration).differences.values():
        if rules & {difference.key for difference in wishes}:
            differences |= {difference.key: difference for difference in wishes}
    return tuple(differences.values())


def _surplus(reach: Reach, endpoints: Iterable[Endpoint], declaration: Declaration | None) -> Iterator[Surplus]:
    for endpoint in endpoints:
        for query in reach.queries(endpoint):
            for place in reach.everywhere(query):
                if declaration is None:
                    yield from surplus(endpoint, place, OUTSIDE, NOBODY)
                else:
                    yield from undeclared(reach, declaration, endpoint, query, place, ANY_ADDRESS)


@dataclass(frozen=True)
class Listening(FirewallSetting):
    """Which of some TCP ports are listened on. Wanted: whether nothing is to listen there; otherwise it is only told.

    C(endpoints): that the firewall admits nobody to them is judged as well.
    """

    kind: ClassVar[str] = "firewall_listening"
    name: str
    ports: tuple[int, ...]
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}"

    def reads(self) -> tuple[Operation, ...]:
        return (*super().reads(), listening_read())

    def evidence(self, reach: Reach) -> Iterable[str]:
        for endpoint in self.endpoints:
            for query in reach.queries(endpoint):
                for place in reach.everywhere(query):
                    yield reaches(endpoint.title, place, reach)

    def interpret(self, answers: Answers) -> Observation:
        """The value is the firewall and the pairs of address and port that are listened on."""
        observation = super().interpret(answers)
        answer = answers[listening_read()]
        if observation.problem:
            return observation
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, "what listens"), evidence=observation.evidence)
        rows = [(str(row.get("LocalAddress")), row.get("LocalPort")) for row in answer.data["rows"]]
        found = sorted({(port, address) for address, port in rows if port in self.ports and not _is_loopback(address)})
        lines = tuple(f"TCP {port} is listened on at {address}" for port, address in found)
        none = f"nothing listens on TCP {', '.join(str(port) for port in self.ports)}"
        return Observation((observation.value, tuple(found)), (*(lines or (none,)), *observation.evidence), None, observation.caveats)

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        reach, found = observation.value
        said = several((f"TCP {port} at {address}" for port, address in found), ", ")
        listens = f"listening: {said}" if found else "nothing listens there"
        ports = ", ".join(str(port) for port in self.ports)
        if not wanted:
            return Assessment(Status.COMPLIANT, f"{self.name}: what listens on TCP {ports} is known", listens)
        expected = f"{self.name}: nothing listens on TCP {ports}" + (", and nobody is admitted there" if self.endpoints else "")
        too_much = list(_admitted(reach, self.endpoints))
        sure = [each for each in too_much if not each.surely.is_empty]
        if found:
            return Assessment(Status.DRIFT, expected, listens, remedy="Find out what listens there, and remove it or waive this control.")
        if sure:
            return assess_surplus(reach, expected, sure, (), "Disable the rules that admit to these ports.")
        named = [rule_name(key, reach.rules[key]) for each in too_much for key in _named(reach, each)]
        if named:
            said = f"nothing listens there, and {several(named, ' and ')} opens it"
            return Assessment(Status.DRIFT, expected, said, remedy="Disable the rules that are for these ports.")
        doubtful = [each for each in too_much if not _is_for_programs(each)]
        if doubtful:
            assessment = assess_surplus(reach, expected, doubtful, (), "")
            return Assessment(Status.INDETERMINATE, expected, assessment.actual, code=Code.FIREWALL_IN_DOUBT, remedy=assessment.remedy)
        return Assessment(Status.COMPLIANT, expected, listens)


def _admitted(reach: Reach, endpoints: Iterable[Endpoint]) -> Iterator[Surplus]:
    for endpoint in endpoints:
        for query in reach.queries(endpoint):
            for place in reach.everywhere(query):
                yield from surplus(endpoint, place, ANY_ADDRESS, NOBODY)


def _named(reach: Reach, surplus: Surplus) -> Iterator[RuleKey]:
    """Rules for some program that are for just these ports: whoever the program is, they are there to be listened on."""
    for key, why in surplus.place.admission.doubtful.items():
        rule = reach.rules.get(key)
        if rule is not None and rule.action != "block" and Doubt.UNKNOWN_PROGRAM in why and not rule.local_ports.is_any:
            yield key


def _is_for_programs(surplus: Surplus) -> bool:
    """Whether all that is open is open to programs only: they admit nobody where no program listens."""
    admission = surplus.place.admission
    told = frozenset(code for why in admission.doubtful.values() for code in why)
    return admission.doubts <= told | {Doubt.UNPARSED_RULE, Doubt.AUTHENTICATED_ONLY} and all(
        Doubt.UNKNOWN_PROGRAM in why for why in admission.doubtful.values()
    )


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")
