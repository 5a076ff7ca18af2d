# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An exception of the firewall, as a setting: that those who are declared get in, that nobody does, and that nobody else does."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_plan import (
    closing,
    is_policy_conflict,
    missing_interfaces,
    opening,
    plan_of,
    then,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach, plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads, read_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rules import names_other_service
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_shortfall import (
    Shortfall,
    Surplus,
    absent_surplus,
    exclusive_surplus,
    shortfalls,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import (
    ENFORCEMENT,
    addresses,
    blocking,
    doubts,
    mend_merge,
    mend_rules,
    mend_shield,
    mend_state,
    merges,
    reaches,
    rule_name,
    several,
    why_not,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    PROFILES,
    Declaration,
    Endpoint,
    FirewallException,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Enforcement, RuleKey

_MOST_EVIDENCE = 24


def reach_of(answers: Answers) -> Reach:
    """The firewall that the answers tell of; only where it could be read."""
    firewall = read_firewall(answers).firewall
    if firewall is None:
        raise ValueError("the firewall could not be read")
    return Reach(firewall)


class FirewallSetting(Setting):
    """What is judged by who gets in: the value of an observation is a Reach."""

    def reads(self) -> tuple[Operation, ...]:
        return firewall_reads()

    def interpret(self, answers: Answers) -> Observation:
        reading = read_firewall(answers)
        if reading.problem:
            return Observation(problem=reading.problem, evidence=reading.evidence)
        reach = answers.once(reach_of)
        evidence = tuple(dict.fromkeys(self.evidence(reach)))
        more = (f"and {len(evidence) - _MOST_EVIDENCE} lines more",) if len(evidence) > _MOST_EVIDENCE else ()
        return Observation(
            value=reach,
            evidence=(*evidence[:_MOST_EVIDENCE], *more, *reading.evidence),
            caveats=reading.caveats,
            wrong_options=self.wrong_options(reach),
        )

    @abstractmethod
    def evidence(self, reach: Reach) -> Iterable[str]:
        """A line for each thing that was looked at."""

    def wrong_options(self, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002 for kinds that need it
        """Options that the host shows to be wrong."""
        return ()


@dataclass(frozen=True)
class _ExceptionSetting(FirewallSetting):
    """One exception among all that is declared. Wanted: None, as the exception says what is wanted."""

    exception: FirewallException
    declaration: Declaration

    @property
    def key(self) -> str:
        state = "present" if self.exception.present else "absent"
        return f"{self.kind}:{self.exception.area}:{self.exception.label}:{state}".casefold()

    def evidence(self, reach: Reach) -> Iterable[str]:
        for endpoint in self.exception.endpoints:
            for query in reach.queries(endpoint):
                for place in reach.everywhere(query):
                    yield reaches(endpoint.title, place, reach)

    def wrong_options(self, reach: Reach) -> tuple[str, ...]:
        known = ", ".join(sorted(map(plain, {*reach.state.adapters, *(each.alias for each in reach.state.interfaces)}))) or "none"
        return tuple(
            f"exceptions: interfaces of {self.exception.label}: the host has no interface '{alias}'; it has {known}."
            for alias in missing_interfaces(reach, self.exception)
        )

    @property
    def _titles(self) -> str:
        return several((endpoint.title for endpoint in self.exception.endpoints), ", ")


@dataclass(frozen=True)
class OpenException(_ExceptionSetting):
    """That everybody gets in whom a present exception names, everywhere where it is to hold.

    C(now): also that some interface is on one of its profiles, so that it has an effect.
    """

    kind: ClassVar[str] = "firewall_exception"
    now: bool = True

    @property
    def key(self) -> str:
        return super().key if self.now else f"{super().key}:stands"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the exception says it
        reach: Reach = observation.value
        exception = self.exception
        expected = f"{exception.label}: {exception.says()} reach {self._titles}"
        found = _now_and_then(reach, self.declaration, exception)
        differences = plan_of(reach, self.declaration).of(opening(exception))
        inactive, unknown = _without_interface(reach, exception) if self.now else ("", ())
        conflicts = [(at, each) for at, each in found if is_policy_conflict(at, each)]
        if conflicts:
            actual = several(_said(conflicts))
            return Assessment(Status.CONFLICT, expected, actual, remedy=_policy_remedy(conflicts), caveats=_caveats(reach, exception))
        missing = _said([(at, each) for at, each in found if not each.missing.is_empty])
        doubtful = _in_doubt([(at, each) for at, each in found if each.missing.is_empty])
        if inactive:
            missing = [f"no interface {inactive}", *missing]
        if missing:
            remedy = _remedy(exception, differences, [(at, each) for at, each in found if not each.missing.is_empty], inactive)
            return Assessment(Status.DRIFT, expected, several(missing), differences, remedy=remedy, caveats=_caveats(reach, exception))
        if doubtful or unknown:
            return Assessment(
                Status.INDETERMINATE,
                expected,
                several([*doubtful, *unknown]),
                differences,
                code=Code.FIREWALL_IN_DOUBT,
                remedy="Take away what leaves it open, or have the exception put up by a rule of its own.",
                caveats=_caveats(reach, exception),
            )
        if differences:
            actual = several(f"{difference.describe()}" for difference in differences)
            return Assessment(
                Status.DRIFT,
                expected,
                f"they get in, and the collection's own rules say something else than is declared: {actual}",
                differences,
                remedy="Bring the rules in line with what is declared.",
                caveats=_caveats(reach, exception),
            )
        return Assessment(Status.COMPLIANT, expected, self._compliant(reach), caveats=_caveats(reach, exception))

    def _compliant(self, reach: Reach) -> str:
        exception = self.exception
        by = []
        for endpoint in exception.endpoints:
            for query in reach.queries(endpoint):
                for place in reach.places(exception, query):
                    rules = several((rule_name(key, reach.rules.get(key)) for key in place.admission.by), " and ")
                    if not rules and place.admission.enforcement is not Enforcement.FULL:
                        rules = f"that {ENFORCEMENT[place.admission.enforcement]}"
                    by.append(f"{endpoint.title} at {place.title} by {rules or 'the default action'}")
        return f"{addresses(exception.remote)} get in: {several(by)}" if by else f"{addresses(exception.remote)} get in"


@dataclass(frozen=True)
class ClosedException(_ExceptionSetting):
    """That nobody gets in whom an absent exception names."""

    kind: ClassVar[str] = "firewall_absence"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the exception says it
        reach: Reach = observation.value
        exception = self.exception
        differences = plan_of(reach, self.declaration).of(opening(exception))
        found = list(absent_surplus(reach, self.declaration, exception))
        own = [
            f"the own rule '{plain(rule.rule_id)}' is there"
            for rule in reach.local.values()
            if exception.owns(rule.rule_id) and not self.declaration.declares_own(rule.rule_id)
        ]
        whom = "nobody reaches" if exception.remote.is_any else f"nobody of {addresses(exception.remote)} reaches"
        where = " and ".join(profile for profile in PROFILES if profile in exception.profiles)
        expected = f"{exception.label}: {whom} {self._titles} on {where}"
        remedy = "Disable the rules that let them in; apply disables those of the service itself, and others with baseline and exclusive."
        caveats = (*_caveats(reach, exception), *_authenticated(reach, exception))
        return assess_surplus(reach, expected, found, differences, remedy, caveats, own)


@dataclass(frozen=True)
class ExclusiveException(_ExceptionSetting):
    """That nobody gets to what a present exception is for but whom an exception names."""

    kind: ClassVar[str] = "firewall_exclusive"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the exception says it
        reach: Reach = observation.value
        exception = self.exception
        differences = plan_of(reach, self.declaration).of(closing(exception))
        found = list(exclusive_surplus(reach, self.declaration, exception))
        expected = f"{exception.label}: nobody reaches {self._titles} but those who are declared"
        remedy = (
            "Narrow or disable the rules that let them in."
            if self.declaration.acts
            else "Narrow or disable the rules that let them in; the module baseline does it, as it knows what else is declared."
        )
        return assess_surplus(reach, expected, found, differences, remedy, (*_caveats(reach, exception), *_authenticated(reach, exception)))


def assess_surplus(
    reach: Reach,
    expected: str,
    found: Sequence[Surplus],
    differences: tuple[Difference, ...],
    remedy: str,
    caveats: tuple[str, ...] = (),
    more: Sequence[str] = (),
) -> Assessment:
    """Who gets in and should not; C(more) are other reasons for a drift."""
    sure = [each for each in found if not each.surely.is_empty]
    policy = {key: None for each in sure for key in each.by if key.store != "local"}
    said = [*more, *_too_much(reach, sure)]
    remedy = _mend_surplus(sure, remedy, more)
    if policy:
        rules = [(key, reach.rules.get(key)) for key in policy]
        return Assessment(
            Status.CONFLICT, expected, several(said), differences, remedy=mend_rules(rules, "narrow or disable"), caveats=caveats
        )
    switches = _policy_switches(reach, sure)
    if switches:
        return Assessment(Status.CONFLICT, expected, several(said), differences, remedy=" ".join(switches), caveats=caveats)
    if said or (differences and not found):
        actual = several(said) or several(difference.describe() for difference in differences)
        return Assessment(Status.DRIFT, expected, actual, differences, remedy=remedy, caveats=caveats)
    if found:
        actual = several(_perhaps_too_much(reach, found))
        return Assessment(
            Status.INDETERMINATE,
            expected,
            actual,
            differences,
            code=Code.FIREWALL_IN_DOUBT,
            remedy="Take away what leaves it open.",
            caveats=caveats,
        )
    return Assessment(Status.COMPLIANT, expected, "nobody else gets in" if "but those" in expected else "nobody gets in", caveats=caveats)


def _mend_surplus(found: Sequence[Surplus], remedy: str, more: Sequence[str]) -> str:
    """What is to be done by hand: rules are no matter where a switch lets everybody in."""
    switches: dict[str, None] = {}
    for each in found:
        if not each.by:
            profile, enforcement = each.place.profile, each.place.admission.enforcement
            if enforcement is Enforcement.FULL:
                switches[f"Block what no rule admits on the profile {profile} (profiles_on)."] = None
            elif enforcement in _MEND_SWITCHES:
                switches[_MEND_SWITCHES[enforcement].format(profile=profile, interface=plain(each.place.admission.interface))] = None
    if not switches:
        return remedy
    rules = more or any(each.by for each in found)
    return " ".join((*switches, *((remedy,) if rules else ())))


_MEND_SWITCHES = {
    Enforcement.SERVICE_STOPPED: "Start the service MpsSvc, and judge again who gets in.",
    Enforcement.FIREWALL_OFF: "Turn the firewall on for the profile {profile} (profiles_on).",
    Enforcement.DISABLED_INTERFACE: (
        "Have the firewall on for the interface {interface} again: Set-NetFirewallProfile -Name {profile} -DisabledInterfaceAliases"
        " NotConfigured."
    ),
}


def _too_much(reach: Reach, found: Sequence[Surplus]) -> list[str]:
    return _grouped((each.endpoint.title, each.place.title, f"admits {several(_by(reach, each))}") for each in found)


def _perhaps_too_much(reach: Reach, found: Sequence[Surplus]) -> list[str]:
    return _grouped(
        (each.endpoint.title, f"{each.place.title}:", f"not known of {addresses(each.perhaps)}: {doubts(each.place.admission, reach)}")
        for each in found
    )


def _by(reach: Reach, surplus: Surplus) -> list[str]:
    admission = surplus.place.admission
    by = [f"{addresses(admission.by[key])} by {rule_name(key, reach.rules.get(key))}" for key in surplus.by]
    if by:
        return by
    full = admission.enforcement is Enforcement.FULL
    reason = "the default action admits what no rule blocks" if full else ENFORCEMENT[admission.enforcement]
    return [f"{addresses(admission.admitted)}, as {reason}"]


def _grouped(said: Iterable[tuple[str, str, str]]) -> list[str]:
    """Sentences of what, where and how, those that differ in the place alone put together."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for what, where, how in said:
        places.setdefault((what, how), {})[where] = None
    return [f"{what} at {several(where, ' and ')} {how}" for (what, how), where in places.items()]


def _policy_switches(reach: Reach, found: Sequence[Surplus]) -> tuple[str, ...]:
    """Where a policy has the firewall of a profile off, or admits what no rule blocks."""
    said = []
    for each in found:
        admission, profile = each.place.admission, each.place.profile
        if each.by:
            continue
        option, what = {
            Enforcement.FIREWALL_OFF: ("EnableFirewall", "set Firewall state to On"),
            Enforcement.FULL: ("DefaultInboundAction", "set Inbound connections to Block (default)"),
        }.get(admission.enforcement, (None, ""))
        store = reach.firewall.origin(profile, option) if option else None
        if store in ("group_policy", "mdm"):
            said.append(mend_state(store, profile, what))
    return tuple(dict.fromkeys(said))


def _now_and_then(reach: Reach, declaration: Declaration, exception: FirewallException) -> list[tuple[Reach, Shortfall]]:
    """What is lacking now, and what would be once the profiles are on that are declared to be."""
    found = [(reach, each) for each in shortfalls(reach, exception)]
    later = then(reach, declaration)
    if later is not reach:
        known = {(each.number, each.place.title) for _reach, each in found}
        found += [(later, each) for each in shortfalls(later, exception) if (each.number, each.place.title) not in known]
    return found


def _said(found: Sequence[tuple[Reach, Shortfall]]) -> list[str]:
    return _grouped(
        (each.endpoint.title, each.place.title, f"does not admit {addresses(each.missing)}: {why_not(each.place, reach, each.missing)}")
        for reach, each in found
    )


def _in_doubt(found: Sequence[tuple[Reach, Shortfall]]) -> list[str]:
    return _grouped(
        (each.endpoint.title, f"{each.place.title}:", f"not known of {addresses(each.doubtful)}: {doubts(each.place.admission, reach)}")
        for reach, each in found
    )


def _without_interface(reach: Reach, exception: FirewallException) -> tuple[str, tuple[str, ...]]:
    """Which profiles no interface is on, if it is none of all that are declared; and interfaces whose profile is not known."""
    meant = reach.interfaces_of(exception)
    if any(interface.profile in exception.profiles for interface in meant):
        return "", ()
    unknown = [plain(interface.alias) for interface in meant if interface.profile is None]
    where = " or ".join(profile for profile in PROFILES if profile in exception.profiles)
    if unknown:
        return "", (f"whether an interface is on the profile {where} is not known, as nothing tells the network of {', '.join(unknown)}",)
    of = ""
    if exception.interfaces:
        of = f"of {', '.join(exception.interfaces)} "
    elif exception.local is not None:
        of = f"with an address of {exception.local} "
    return f"{of}is on the profile {where}", ()


def _policy_remedy(conflicts: Sequence[tuple[Reach, Shortfall]]) -> str:
    said: dict[str, None] = {}
    rules: dict[RuleKey, None] = {}
    for reach, each in conflicts:
        profile = each.place.profile
        if each.place.admission.enforcement is Enforcement.SHIELDED:
            store = reach.firewall.origin(profile, "DoNotAllowExceptions") or "group_policy"
            said[mend_shield(store, profile)] = None
        else:
            rules |= dict.fromkeys(key for key in blocking(each.place.admission, reach, each.missing) if key.store != "local")
            if not merges(reach, profile):
                said[mend_merge(reach.firewall.origin(profile, "AllowLocalPolicyMerge"), profile)] = None
    reach = conflicts[0][0]
    texts = [mend_rules([(key, reach.rules.get(key)) for key in rules], "disable, or narrow,")] if rules else []
    return " ".join([*texts, *said])


def _remedy(
    exception: FirewallException,
    differences: Sequence[Difference],
    found: Sequence[tuple[Reach, Shortfall]],
    inactive: str,
) -> str:
    if differences:
        return f"Let {addresses(exception.remote)} in to {exception.label}: {several(difference.describe() for difference in differences)}."
    texts = []
    blockers = {
        key: reach.rules.get(key)
        for reach, each in found
        for key in blocking(each.place.admission, reach, each.missing)
        if key.store == "local"
    }
    if blockers:
        names = several((rule_name(key, rule) for key, rule in blockers.items()), " and ")
        texts.append(f"Disable {names}, or narrow it; the module baseline does so with exclusive.")
    if any(each.place.admission.enforcement is Enforcement.SHIELDED for _reach, each in found):
        texts.append("Allow exceptions again: Set-NetFirewallProfile -AllowInboundRules True.")
    if inactive and not texts:
        texts.append("Find out why the network is not recognised as what it should be, or declare the profile that it is on.")
    return " ".join(texts) or f"Let {exception.says()} in to {titles(exception.endpoints)} by inbound rules."


def _caveats(reach: Reach, exception: FirewallException) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_all_caveats(reach, exception)))


def _all_caveats(reach: Reach, exception: FirewallException) -> Iterator[str]:
    for endpoint in exception.endpoints:
        for query in reach.queries(endpoint):
            for place in reach.places(exception, query):
                enforcement = place.admission.enforcement
                if enforcement in (Enforcement.FIREWALL_OFF, Enforcement.SERVICE_STOPPED, Enforcement.DISABLED_INTERFACE):
                    yield f"everybody gets in at {place.title}: {ENFORCEMENT[enforcement]}"
                for key in place.admission.by:
                    rule = reach.rules.get(key)
                    if rule is not None and names_other_service(rule):
                        service = plain(rule.service or "")
                        yield (
                            f"{rule_name(key, rule)} is for the service {service}, and has no effect where that was installed without a SID"
                            " of its own, which is not read"
                        )


def _authenticated(reach: Reach, exception: FirewallException) -> tuple[str, ...]:
    """Who gets in only after IPsec has authenticated them is told, and no deviation."""
    rules = {
        key: None
        for endpoint in exception.endpoints
        for query in reach.queries(endpoint)
        for place in reach.everywhere(query)
        for key in place.admission.by
        if (rule := reach.rules.get(key)) is not None and rule.authenticated
    }
    names = several((rule_name(key, reach.rules.get(key)) for key in rules), " and ")
    return (f"peers that IPsec has authenticated get in by {names}",) if names else ()


def titles(endpoints: Iterable[Endpoint]) -> str:
    """Several endpoints in words."""
    return several((endpoint.title for endpoint in endpoints), ", ")
