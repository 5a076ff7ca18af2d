# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be written so that a host's firewall admits what is declared: worked out for all that is declared at once.

Each write is laid over what is known of the host, and the outcome is judged again until nothing is left to do. So what a later run would
find is what this one has seen, and a rule that is taken away leaves nothing behind that it had hidden or carried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import applied
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import (
    own_rule_change,
    removed_rule_change,
    switched_rule_change,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import Unsayable
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rules import (
    belongs,
    describe,
    grants,
    is_loose,
    own_rule,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_shortfall import (
    Shortfall,
    absent_surplus,
    endpoint_shortfalls,
    exclusive_surplus,
    shortfalls,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import blocking, merges
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule, local_rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    Declaration,
    Endpoint,
    FirewallException,
    is_own,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, Unparsed
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Enforcement,
    FirewallState,
    RuleKey,
    StoreState,
)

_ROUNDS = 8

OWN_RULES = "own rules"


def opening(exception: FirewallException) -> str:
    """The wish that an exception holds."""
    return f"exception {exception.area}/{exception.label}/{'present' if exception.present else 'absent'}"


def closing(exception: FirewallException) -> str:
    """The wish that nothing wider than an exception is there."""
    return f"exclusive {exception.area}/{exception.label}"


def group_wish(group: str) -> str:
    """The wish that a predefined group admits nobody but whom exceptions name."""
    return f"group {group}"


@dataclass(frozen=True)
class HostPlan:
    """C(differences) by wish, what comes before what goes. C(state): the firewall once all of it is written."""

    differences: Mapping[str, tuple[Difference, ...]]
    state: FirewallState

    def of(self, wish: str) -> tuple[Difference, ...]:
        return self.differences.get(wish, ())


def then(reach: Reach, declaration: Declaration) -> Reach:
    """Who gets in once the profiles are on that are declared to be; the same where nothing is to be turned on."""
    known = reach.later.get(declaration.turned_on)
    if known is None:
        state = turned_on(reach.state, declaration)
        known = reach if state is reach.state else Reach(Firewall(state))
        reach.later[declaration.turned_on] = known
    return known


def plan_of(reach: Reach, declaration: Declaration) -> HostPlan:
    """The plan for one host; the same for the same declaration, however many settings ask."""
    known: HostPlan | None = reach.plans.get(declaration)
    if known is None:
        known = _Planner(reach, declaration).run()
        reach.plans[declaration] = known
    return known


def turned_on(state: FirewallState, declaration: Declaration) -> FirewallState:
    """The firewall once the profiles are on that are declared to be."""
    local = state.stores["local"]
    profiles = dict(local.profiles)
    for profile in declaration.turned_on:
        profiles[profile] = {**profiles.get(profile, {}), "EnableFirewall": 1, "DefaultInboundAction": 1}
    if profiles == dict(local.profiles):
        return state
    return replace(state, stores={**state.stores, "local": replace(local, profiles=profiles)})


def is_policy_conflict(reach: Reach, shortfall: Shortfall) -> bool:
    """Whether a policy keeps somebody out, so that no local rule could let them in."""
    place = shortfall.place
    if shortfall.missing.is_empty:
        return False
    if place.admission.enforcement is Enforcement.SHIELDED:
        return reach.firewall.origin(place.profile, "DoNotAllowExceptions") != "local"
    if not merges(reach, place.profile):
        return True
    return any(key.store != "local" for key in blocking(place.admission, reach, shortfall.missing))


def in_conflict(reach: Reach, exception: FirewallException) -> bool:
    """Whether a policy keeps an exception from holding."""
    return any(is_policy_conflict(reach, each) for each in shortfalls(reach, exception))


def missing_interfaces(reach: Reach, exception: FirewallException) -> tuple[str, ...]:
    """The declared interfaces that the host does not have."""
    known = {alias.casefold() for alias in (*reach.state.adapters, *(each.alias for each in reach.state.interfaces))}
    return tuple(alias for alias in exception.interfaces if alias.casefold() not in known)


@dataclass
class _Planner:
    """C(wishes): the keys of differences by wish. C(carried): rules that were taken away, and what they had carried."""

    start: Reach
    declaration: Declaration
    differences: dict[str, Difference] = field(default_factory=dict)
    wishes: dict[str, dict[str, None]] = field(default_factory=dict)
    # By the key of a difference that takes away: exceptions with the number of an endpoint that the rule admitted to.
    carried: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    # By exception and number: the differences that put the endpoint's rule up.
    grants: dict[tuple[str, int], dict[str, None]] = field(default_factory=dict)
    # The keys of differences after which what a rule had carried is still to be looked at.
    taken: list[str] = field(default_factory=list)
    held_up: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self.start.state
        self._reach: Reach | None = then(self.start, self.declaration)
        self.state = self._reach.state
        self.exceptions = {opening(exception): exception for exception in self.declaration.present}

    @property
    def reach(self) -> Reach:
        """Who gets in once all is written that is planned so far."""
        if self._reach is None:
            self._reach = Reach(Firewall(self.state))
        return self._reach

    def run(self) -> HostPlan:
        if self.before.service_running is False:
            # The cmdlets talk to the service, and fail without it.
            return HostPlan({}, self.before)
        # All are seen on the firewall as it is, so that none counts on a rule that is only there for another one.
        now = self.reach
        for exception in self.declaration.present:
            if exception.writable and not self._is_held_up(exception):
                self._open(exception, opening(exception), now)
        # Where a doubt is that no rule would have ended, it may go with what goes.
        doubtful = [
            exception
            for exception in self.declaration.present
            if exception.writable and not self._is_held_up(exception) and self._is_left(exception, now)
        ]
        self._carry_on()
        for _round in range(_ROUNDS):
            known = len(self.differences)
            self._close()
            self._carry_on()
            for exception in doubtful if self.state is not now.state else ():
                self._open(exception, opening(exception), self.reach)
            if len(self.differences) == known:
                break
        return HostPlan({wish: self._ordered(wish) for wish in self.wishes}, self.state)

    def _ordered(self, wish: str) -> tuple[Difference, ...]:
        """With what a rule that goes has carried."""
        keys = dict(self.wishes[wish])
        for key in self.wishes[wish]:
            for grant in sorted(self.carried.get(key, ())):
                keys |= self.grants.get(grant, {})
        return tuple(self.differences[key] for key in keys)

    def _is_held_up(self, exception: FirewallException) -> bool:
        """Whether no rule of the host's own could make it hold. Nothing that is planned changes that."""
        key = opening(exception)
        if key not in self.held_up:
            later = then(self.start, self.declaration)
            self.held_up[key] = (
                bool(missing_interfaces(self.start, exception))
                or in_conflict(self.start, exception)
                or (later is not self.start and in_conflict(later, exception))
            )
        return self.held_up[key]

    def _is_left(self, exception: FirewallException, now: Reach) -> bool:
        """Whether some of it does not hold, and nothing was planned for it."""
        return any((opening(exception), shortfall.number) not in self.grants for shortfall in shortfalls(now, exception))

    def _make(self, wish: str, difference: Difference) -> bool:
        """Whether it is a new one and can be done."""
        wished = self.wishes.setdefault(wish, {})
        if difference.key in self.differences:
            wished[difference.key] = None
            return False
        try:
            state = _after(self.state, difference.writes)
        except Unsayable:
            return False
        self.state, self._reach = state, None
        self.differences[difference.key] = difference
        wished[difference.key] = None
        return True

    # ------------------------------------------------------------------ what comes

    def _open(self, exception: FirewallException, wish: str, reach: Reach) -> None:
        """Own rules that say something else are brought in line; where nothing lets somebody in, Windows' own rule is, or one is made."""
        cleared = _cleared(reach, exception)
        for number, endpoint in enumerate(exception.endpoints, 1):
            own = own_rule(exception, number)
            if own is None:
                continue
            found = local_rule(self.state, own.rule_id)
            if found is not None:
                if not (isinstance(found, Rule) and own.is_met_by(found, self.state)):
                    self._grant(exception, number, wish, self._own_difference(own), replaces=RuleKey("local", found.rule_id))
                continue
            lacks = list(endpoint_shortfalls(cleared, exception, number, endpoint))
            if not lacks and (cleared_places(cleared, exception, endpoint) or not exception.narrowed):
                continue
            difference = self._predefined(exception, endpoint, reach) or self._own_difference(own)
            if not lacks or any(not lack.missing.is_empty for lack in lacks) or _would_do(reach, exception, number, difference):
                self._grant(exception, number, wish, difference)

    def _grant(
        self, exception: FirewallException, number: int, wish: str, difference: Difference | None, replaces: RuleKey | None = None
    ) -> None:
        if difference is None:
            return
        if self._make(wish, difference) and replaces is not None:
            # What it had admitted besides may be what others count on.
            self.carried[difference.key] = self._carried_by(then(self.start, self.declaration), replaces) - {(opening(exception), number)}
            self.taken.append(difference.key)
        if difference.key in self.differences:
            self.grants.setdefault((opening(exception), number), {})[difference.key] = None

    def _predefined(self, exception: FirewallException, endpoint: Endpoint, reach: Reach) -> Difference | None:
        """Enabling a rule of Windows' own, if it grants just what is declared."""
        if exception.narrowed:
            return None
        for rule in self._local_rules():
            if not rule.active and belongs(rule, endpoint) and grants(reach, rule, endpoint, exception, all_of_it=True):
                return self._switched(rule, enabled=True)
        return None

    def _own_difference(self, own: OwnRule) -> Difference | None:
        try:
            difference = own_rule_change(own, self.state)
            said = own.as_rule(self.state)
        except Unsayable:
            return None
        if difference is None or difference.item is not None:
            return difference and replace(difference, note=describe(said))
        found = local_rule(self.state, own.rule_id)
        before = describe(found) if isinstance(found, Rule) else "cannot be read"
        return replace(difference, before=before, after=describe(said), verb=None, note=None)

    # ------------------------------------------------------------------ what goes

    def _close(self) -> None:
        before = self.reach
        for wish, key, rule in list(self._unwanted(before)):
            difference = self._removed(rule) if is_own(rule.rule_id) else self._switched(rule, enabled=False)
            if difference is None or self._carries_untouchable(before, key) or (rule.action == "block" and self._lets_in(difference)):
                continue
            if self._make(wish, difference):
                self.carried[difference.key] = self._carried_by(before, key)
                self.taken.append(difference.key)

    def _lets_in(self, difference: Difference) -> bool:
        """Whether without a rule that blocks somebody got in whom nothing on the host could keep out."""
        if difference.key in self.differences:
            return False
        try:
            after = Reach(Firewall(_after(self.state, difference.writes)))
        except Unsayable:
            return True
        return any(
            not surplus.surely.is_empty and all(key.store != "local" for key in surplus.by)
            for exception in self.declaration.present
            for surplus in exclusive_surplus(after, self.declaration, exception)
        )

    def _carry_on(self) -> None:
        """What rules that go or change had carried gets rules of its own, on behalf of whoever wants them gone or changed."""
        taken, self.taken = self.taken, []
        for key in taken:
            wish = next(wish for wish, keys in self.wishes.items() if key in keys)
            for name in sorted({name for name, _number in self.carried[key]}):
                exception = self.exceptions[name]
                if exception.writable and not self._is_held_up(exception):
                    self._open(exception, wish, self.reach)

    def _removed(self, rule: Rule) -> Difference | None:
        difference = removed_rule_change(rule.rule_id, self.before)
        return difference and replace(difference, note=describe(rule))

    def _switched(self, rule: Rule, *, enabled: bool) -> Difference | None:
        difference = switched_rule_change(rule.rule_id, self.before, enabled=enabled)
        return difference and replace(difference, note=describe(rule))

    def _unwanted(self, reach: Reach) -> Iterator[tuple[str, RuleKey, Rule]]:
        """Local rules that have to go, each with the wish that wants it gone."""
        declaration = self.declaration
        for exception in declaration.exceptions:
            if not exception.present and exception.writable:
                for key, rule in self._closed(reach, exception):
                    yield opening(exception), key, rule
        for closed in declaration.closed_groups:
            for rule in self._local_rules():
                if closed.writable and is_loose(reach, RuleKey("local", rule.rule_id), rule, closed, declaration):
                    yield group_wish(closed.group), RuleKey("local", rule.rule_id), rule
        if declaration.acts:
            for rule in self._local_rules():
                if is_own(rule.rule_id) and not declaration.declares_rule(rule.rule_id):
                    yield OWN_RULES, RuleKey("local", rule.rule_id), rule
        if declaration.acts and declaration.exclusive:
            yield from self._wider(reach)

    def _wider(self, reach: Reach) -> Iterator[tuple[str, RuleKey, Rule]]:
        """What stands in the way of a present exception, and what admits more than any declares."""
        declaration = self.declaration
        for exception in declaration.present:
            if not exception.writable:
                continue
            for shortfall in shortfalls(reach, exception):
                for key in _blockers(reach, shortfall) if not shortfall.missing.is_empty else ():
                    if key.store == "local":
                        yield opening(exception), key, reach.rules[key]
            for surplus in exclusive_surplus(reach, declaration, exception) if exception.exclusive else ():
                for key in surplus.by:
                    if key.store == "local" and not declaration.accounts_for(key.rule_id):
                        yield closing(exception), key, reach.rules[key]

    def _closed(self, reach: Reach, exception: FirewallException) -> Iterator[tuple[RuleKey, Rule]]:
        declaration = self.declaration
        for rule in self._local_rules():
            if exception.owns(rule.rule_id) and not any(present.owns(rule.rule_id) for present in declaration.present):
                yield RuleKey("local", rule.rule_id), rule
        for surplus in absent_surplus(reach, declaration, exception):
            for key in surplus.by:
                if key.store != "local" or declaration.accounts_for(key.rule_id):
                    continue
                rule = reach.rules[key]
                if belongs(rule, surplus.endpoint) or (declaration.acts and declaration.exclusive):
                    yield key, rule

    def _carried_by(self, reach: Reach, key: RuleKey) -> set[tuple[str, int]]:
        return {
            (name, number)
            for name, exception in self.exceptions.items()
            for number, endpoint in enumerate(exception.endpoints, 1)
            for query in reach.queries(endpoint)
            if any(key in place.admission.by for place in reach.places(exception, query))
        }

    def _carries_untouchable(self, reach: Reach, key: RuleKey) -> bool:
        """Whether an exception hangs on a rule for which nothing may be written in its stead."""
        return any(not self.exceptions[name].writable for name, _number in self._carried_by(reach, key))

    def _local_rules(self) -> Iterable[Rule]:
        return tuple(rule for rule in self.state.stores.get("local", StoreState()).rules if isinstance(rule, Rule))


def _would_do(reach: Reach, exception: FirewallException, number: int, difference: Difference | None) -> bool:
    """Whether a write takes away all doubt."""
    if difference is None:
        return False
    endpoint = exception.endpoints[number - 1]
    try:
        state = _after(_concerned(reach, (endpoint,)), difference.writes)
    except Unsayable:
        return False
    return not any(endpoint_shortfalls(Reach(Firewall(state)), exception, number, endpoint))


def _cleared(reach: Reach, exception: FirewallException) -> Reach:
    """The firewall without what blocks, to see what would be missing all the same."""
    found = list(shortfalls(reach, exception))
    blockers = {key for each in found for key in _blockers(reach, each)}
    shielded = {each.place.profile for each in found if each.place.admission.enforcement is Enforcement.SHIELDED}
    if not blockers and not shielded:
        return reach
    state = _concerned(reach, exception.endpoints)
    stores = {
        name: replace(
            store,
            rules=tuple(rule for rule in store.rules if RuleKey(name, rule.rule_id) not in blockers),
            profiles={
                profile: {**options, "DoNotAllowExceptions": 0} if profile in shielded and options else options
                for profile, options in store.profiles.items()
            },
            standard={**store.standard, "DoNotAllowExceptions": 0} if store.standard and shielded else store.standard,
        )
        for name, store in state.stores.items()
    }
    return Reach(Firewall(replace(state, stores=stores)))


def _concerned(reach: Reach, endpoints: Iterable[Endpoint]) -> FirewallState:
    """The firewall with those rules only that have to do with some endpoints, and those that cannot be read."""
    kept = {key for endpoint in endpoints for query in reach.queries(endpoint) for key in reach.firewall.matching(query)}
    kept |= {RuleKey("local", rule.rule_id) for rule in reach.local.values() if is_own(rule.rule_id) or not rule.active}
    stores = {
        name: replace(store, rules=tuple(rule for rule in store.rules if isinstance(rule, Unparsed) or RuleKey(name, rule.rule_id) in kept))
        for name, store in reach.state.stores.items()
    }
    return replace(reach.state, stores=stores)


def _blockers(reach: Reach, shortfall: Shortfall) -> tuple[RuleKey, ...]:
    admission = shortfall.place.admission
    perhaps = (key for key in admission.doubtful if (rule := reach.rules.get(key)) is not None and rule.action == "block")
    return (*blocking(admission, reach, shortfall.missing.union(shortfall.doubtful)), *perhaps)


def cleared_places(reach: Reach, exception: FirewallException, endpoint: Endpoint) -> bool:
    """Whether there is anywhere to look at whether an exception holds."""
    return any(True for query in reach.queries(endpoint) for _place in reach.places(exception, query))


def _after(state: FirewallState, writes: Iterable[Operation]) -> FirewallState:
    for write in writes:
        after = applied(state, write)
        if after is not None:
            state = after
    return state
