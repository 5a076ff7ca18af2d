# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who gets in through a host's firewall: all stores, switches and rules together, decided by MS-FASP 2.2.34 and 2.2.38.

Where something is not known, the answer says so for just those addresses for which it makes a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.admissions import (
    by_rules,
    by_switch,
    perhaps_open,
    perhaps_otherwise,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.force import Fitting, Force
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.index import RuleIndex
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.legacy import APPLICATIONS_MERGE, PORTS_MERGE, list_names
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.matching import fits, ignores_remote, unspoken
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.merge import Settings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.places import OwnAddress, Place, meets_local_address
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.resolution import EVERYBODY, keywords, own_addresses
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule, Unparsed
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Admission,
    Doubt,
    Enforcement,
    FirewallState,
    Interface,
    LegacyLists,
    OptionValue,
    Query,
    RuleKey,
    Store,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import SymbolicSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.tiers import Answer, Applied, Part, Tier, decide


class Firewall:
    """A host's firewall. Built once from what is known of it; each question is answered once."""

    def __init__(self, state: FirewallState) -> None:
        self.state = state
        self._settings = Settings(state.stores)
        self._force = Force(state, self._settings)
        self._paths = Paths(state.variables)
        self._index = RuleIndex(state.stores, self._paths)
        resolved = keywords(state.interfaces)
        self._keywords = {
            4: {keyword: addresses.v4 for keyword, addresses in resolved.items()},
            6: {keyword: addresses.v6 for keyword, addresses in resolved.items()},
        }
        self._answers: dict[tuple[Query, Profile | None], tuple[Admission, ...]] = {}
        self._fitting: dict[Query, tuple[Fitting, ...]] = {}

    def setting(self, profile: Profile, option: str) -> OptionValue:
        """The value in force by MS-FASP 2.2.38; LogFilePath as a tuple of one text. A KeyError for an option that merge.OPTIONS lacks."""
        return self._settings.value(profile, option)

    def origin(self, profile: Profile, option: str) -> Store | None:
        """The store that decides it; None where Windows' default holds."""
        return self._settings.origin(profile, option)

    def matching(self, query: Query) -> tuple[RuleKey, ...]:
        """The inbound rules whose protocol, port, ICMP type, program and service fit, surely or perhaps, whatever else they say."""
        return tuple(each.key for each in self._fits(query))

    def admissions(self, query: Query, *, profile: Profile | None = None) -> tuple[Admission, ...]:
        """Who gets in at each interface that has a profile; where that hangs on the address that is asked, at each of these.

        With a profile, at an imagined interface of it, which the answer calls by no name: conditions on interfaces and local addresses are
        those of the real interfaces of that profile, and met perhaps where these differ or there is none.
        """
        known = self._answers.get((query, profile))
        if known is None:
            places = self._places() if profile is None else (self._imagined(profile),)
            known = tuple(admission for place in places for admission in self._hedged(query, place))
            self._answers[query, profile] = known
        return known

    def _places(self) -> Iterator[Place]:
        for interface in self.state.interfaces:
            if interface.profile is not None:
                yield Place(interface.alias, interface.profile, (interface,), imagined=False)

    def _imagined(self, profile: Profile) -> Place:
        return Place("", profile, tuple(each for each in self.state.interfaces if each.profile == profile), imagined=True)

    def _fits(self, query: Query) -> tuple[Fitting, ...]:
        known = self._fitting.get(query)
        if known is None:
            known = tuple(self._fitted(query))
            self._fitting[query] = known
        return known

    def _fitted(self, query: Query) -> Iterator[Fitting]:
        for key, rule in self._index.candidates(query):
            match = fits(rule, query, self._paths)
            if match is not None:
                yield Fitting(key, rule, match | unspoken(rule, self.state.version))

    # What stands above all rules.

    def _hedged(self, query: Query, place: Place) -> tuple[Admission, ...]:
        """The answer, less what is not known of another firewall and of the service."""
        stopped = frozenset((Doubt.SERVICE_STOPPED,)) if self.state.service_running is False else frozenset()
        if self.state.other_firewall:
            return (by_switch(place, Enforcement.OTHER_FIREWALL, unknown=ANY_ADDRESS, doubts=stopped | {Doubt.OTHER_FIREWALL}),)
        if stopped:
            answers: tuple[Admission, ...] = (by_switch(place, Enforcement.SERVICE_STOPPED, admitted=ANY_ADDRESS, doubts=stopped),)
        else:
            answers = self._switched(query, place)
        if self.state.service_running is None:
            answers = tuple(perhaps_open(answer, Doubt.SERVICE_STOPPED) for answer in answers)
        if self.state.other_firewall is None:
            answers = tuple(perhaps_otherwise(answer, Doubt.OTHER_FIREWALL) for answer in answers)
        return answers

    def _switched(self, query: Query, place: Place) -> tuple[Admission, ...]:
        if not self.setting(place.profile, "EnableFirewall"):
            return (by_switch(place, Enforcement.FIREWALL_OFF, admitted=ANY_ADDRESS),)
        shielded = bool(self.setting(place.profile, "DoNotAllowExceptions"))
        disabled = [self._is_disabled(interface, place.profile) for interface in place.interfaces]
        if disabled and all(disabled):
            if shielded:
                doubts = frozenset((Doubt.SHIELDED_DISABLED_INTERFACE,))
                return (by_switch(place, Enforcement.DISABLED_INTERFACE, unknown=ANY_ADDRESS, doubts=doubts),)
            return (by_switch(place, Enforcement.DISABLED_INTERFACE, admitted=ANY_ADDRESS),)
        if shielded:
            voided = self._force.voided(self._fits(query), place, shielded=True)
            answers: tuple[Admission, ...] = (by_switch(place, Enforcement.SHIELDED, voided=voided),)
        else:
            answers = tuple(self._by_rules(query, place))
        if any(disabled):
            doubt = Doubt.SHIELDED_DISABLED_INTERFACE if shielded else Doubt.UNRESOLVED_CONDITION
            answers = tuple(perhaps_open(answer, doubt) for answer in answers)
        return answers

    def _is_disabled(self, interface: Interface, profile: Profile) -> bool:
        guids = self.setting(profile, "DisabledInterfaces")
        return isinstance(guids, tuple) and _plain(interface.guid) in map(_plain, guids)

    # Computing with addresses.

    def _by_rules(self, query: Query, place: Place) -> Iterator[Admission]:
        rules = tuple(self._force.in_force(self._fits(query), place))
        voided = self._force.voided(self._fits(query), place)
        notes = self._notes(place.profile)
        beside = self._beside(query, place.profile)
        default_allows = not self.setting(place.profile, "DefaultInboundAction")

        def answer(family: int, own: Sequence[OwnAddress]) -> Answer:
            applied = [each for rule in rules if (each := self._applied(rule, family, own)) is not None]
            return decide([*applied, *beside[family]], EVERYBODY[family].top, default_allows=default_allows)

        everywhere: dict[int, Answer] = {}
        by_address: list[Admission] = []
        by_local_address = not all(each.rule.local_addresses.is_any for each in rules)
        for family in EVERYBODY:
            own = [address for interface in place.interfaces for address in own_addresses(interface, family)]
            if place.imagined or not own or not by_local_address:
                everywhere[family] = answer(family, own)
                continue
            answers = [answer(family, [address]) for address in own]
            if all(each == answers[0] for each in answers):
                everywhere[family] = answers[0]
            else:
                by_address += [by_rules(place, text, {family: each}, voided, notes) for (text, _), each in zip(own, answers, strict=True)]
        if everywhere:
            yield by_rules(place, None, everywhere, voided, notes)
        yield from by_address

    def _applied(self, fitting: Fitting, family: int, own: Sequence[OwnAddress]) -> Applied | None:
        rule = fitting.rule
        local = meets_local_address(rule, family, own)
        if local is None:
            return None
        doubts = fitting.doubts | local
        everybody = EVERYBODY[family]
        addresses, unresolved = (everybody, False) if ignores_remote(rule) else self._remote(rule, family)
        parts = [Part(addresses, doubts)] if doubts and not addresses.is_empty else []
        if unresolved:
            parts.append(Part(everybody.difference(addresses), doubts | {Doubt.UNRESOLVED_KEYWORD}))
        elif addresses.is_empty:
            return None
        return Applied(fitting.key, _tier(rule), SymbolicSet(everybody.top) if doubts else addresses, tuple(parts))

    def _remote(self, rule: Rule, family: int) -> tuple[SymbolicSet, bool]:
        """The addresses that a rule names, and whether it names more that nobody knows."""
        named = rule.remote_addresses.v4 if family == 4 else rule.remote_addresses.v6
        if not named.keywords:
            return named, False
        named = named.resolved(self._keywords[family])
        return SymbolicSet(named.top, named.ranges), bool(named.keywords)

    # What is no rule.

    def _beside(self, query: Query, profile: Profile) -> dict[int, tuple[Applied, ...]]:
        """The XP-style lists: if one names what is asked, perhaps everybody gets in."""
        names = self._is_listed(query, profile)
        return {family: (_perhaps_everybody(family),) if names else () for family in EVERYBODY}

    def _is_listed(self, query: Query, profile: Profile) -> bool:
        for name, store in self.state.stores.items():
            if name == "local" and self._merge_is_off(profile):
                continue
            lists = store.legacy.get(profile, LegacyLists())
            ports = name != "local" or bool(self.setting(profile, PORTS_MERGE))
            applications = name != "local" or bool(self.setting(profile, APPLICATIONS_MERGE))
            if list_names(lists, query, self._paths, ports=ports, applications=applications):
                return True
        return False

    def _notes(self, profile: Profile) -> frozenset[Doubt]:
        """Whether there is a string of which nobody can say what Windows makes of it."""
        off = self._merge_is_off(profile)
        noted = any(_may_act(text) for key, text in self._index.unparsed if not (off and key.store == "local"))
        return frozenset((Doubt.UNPARSED_RULE,)) if noted else frozenset()

    def _merge_is_off(self, profile: Profile) -> bool:
        return not self.setting(profile, "AllowLocalPolicyMerge")


def _perhaps_everybody(family: int) -> Applied:
    everybody = EVERYBODY[family]
    return Applied(None, "allow", SymbolicSet(everybody.top), (Part(everybody, frozenset((Doubt.LEGACY_LIST,))),))


def _tier(rule: Rule) -> Tier:
    if rule.action == "bypass":
        return "bypass"
    if rule.action == "block":
        return "block"
    return "secure" if rule.authenticated else "allow"


def _plain(guid: str) -> str:
    return guid.strip("{}").upper()


def _may_act(rule: Unparsed) -> bool:
    fields = rule.text.split("|")
    return "Active=FALSE" not in fields and "Dir=Out" not in fields
