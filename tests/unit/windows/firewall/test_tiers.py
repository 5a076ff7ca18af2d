# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The algebra of precedence against every world that the doubts leave possible, in a family of sixteen addresses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Doubt, RuleKey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import SymbolicSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.tiers import Answer, Applied, Part, decide

TOP = 15
DOUBTS = (Doubt.UNKNOWN_FIELD, Doubt.REMOTE_PORT, Doubt.UNRESOLVED_KEYWORD)

ranges = st.lists(st.tuples(st.integers(0, TOP), st.integers(0, TOP)).map(lambda ends: (min(ends), max(ends))), max_size=2).map(tuple)
sets = ranges.map(lambda some: SymbolicSet(TOP, some))


@st.composite
def applied(draw: st.DrawFn) -> list[Applied]:
    rules = []
    for number in range(draw(st.integers(1, 4))):
        sure = draw(sets)
        maybe = draw(sets).difference(sure)
        perhaps = () if maybe.is_empty else (Part(maybe, frozenset((draw(st.sampled_from(DOUBTS)),))),)
        rules.append(Applied(RuleKey("local", str(number)), draw(st.sampled_from(("bypass", "block", "allow", "secure"))), sure, perhaps))
    return rules


# What a rule turns out to do with a peer: nothing, or what its tier says; one that is secure may refuse who is not authenticated.
Acting = tuple[bool, ...]


def passes(rules: list[Applied], acting: Acting, *, authenticated: bool, default_allows: bool) -> bool:
    tiers = [rule.tier for rule, acts in zip(rules, acting, strict=True) if acts]
    if authenticated and "bypass" in tiers:
        return True
    if "block" in tiers or (not authenticated and "secure" in tiers):
        return False
    return default_allows or "allow" in tiers or (authenticated and "secure" in tiers)


def is_open(rule: Applied, address: int, *, authenticated: bool) -> bool:
    refusing = rule.tier == "secure" and not authenticated and rule.sure.contains(address)
    return refusing or any(part.addresses.contains(address) for part in rule.perhaps)


def worlds(rules: list[Applied], address: int, *, authenticated: bool) -> Iterator[Acting]:
    yield from product(
        *((False, True) if is_open(rule, address, authenticated=authenticated) else (rule.sure.contains(address),) for rule in rules)
    )


def everywhere(answer: Answer) -> Iterator[tuple[int, bool, SymbolicSet, SymbolicSet]]:
    for address in range(TOP + 1):
        yield address, False, answer.admitted, answer.unknown
        yield address, True, answer.admitted_authenticated, answer.unknown_authenticated


@given(applied(), st.booleans())
def test_it_says_what_holds_in_every_world(rules: list[Applied], default_allows: bool) -> None:
    answer = decide(rules, TOP, default_allows=default_allows)
    for address, authenticated, admitted, unknown in everywhere(answer):
        possible = {
            passes(rules, acting, authenticated=authenticated, default_allows=default_allows)
            for acting in worlds(rules, address, authenticated=authenticated)
        }
        assert (admitted.contains(address), unknown.contains(address)) == (possible == {True}, possible == {True, False})


EVERYBODY = SymbolicSet(TOP, ((0, TOP),))
NOBODY = SymbolicSet(TOP)
# The block would make a difference to authenticated peers, were they not past it already.
BYPASSED = [
    Applied(RuleKey("local", "0"), "bypass", EVERYBODY),
    Applied(RuleKey("local", "1"), "block", NOBODY, (Part(EVERYBODY, frozenset((Doubt.UNKNOWN_FIELD,))),)),
    Applied(RuleKey("local", "2"), "secure", EVERYBODY),
]


@settings(max_examples=400, deadline=None)
@example(BYPASSED, False)
@given(applied(), st.booleans())
def test_a_doubt_is_told_just_where_it_makes_a_difference(rules: list[Applied], default_allows: bool) -> None:
    answer = decide(rules, TOP, default_allows=default_allows)
    expected: dict[RuleKey, set[Doubt]] = {}
    for address, authenticated, _admitted, _unknown in everywhere(answer):
        possible = list(worlds(rules, address, authenticated=authenticated))
        for number, rule in enumerate(rules):
            turned = {acting: (*acting[:number], not acting[number], *acting[number + 1 :]) for acting in possible}
            differs = any(
                other in turned
                and passes(rules, acting, authenticated=authenticated, default_allows=default_allows)
                != passes(rules, other, authenticated=authenticated, default_allows=default_allows)
                for acting, other in turned.items()
            )
            if differs:
                codes = {code for part in rule.perhaps if part.addresses.contains(address) for code in part.doubts}
                if rule.tier == "secure" and not authenticated:
                    codes.add(Doubt.AUTHENTICATED_ONLY)
                expected.setdefault(rule.key or RuleKey("local", ""), set()).update(codes)
    assert {key: set(codes) for key, codes in answer.doubtful.items()} == expected
    assert answer.doubts == {code for codes in expected.values() for code in codes}


@given(applied(), st.booleans())
def test_who_decides(rules: list[Applied], default_allows: bool) -> None:
    answer = decide(rules, TOP, default_allows=default_allows)
    blocked = [rule for rule in rules if rule.tier == "block"]
    assert answer.blocked_by == {rule.key for rule in blocked if not rule.sure.is_empty}
    bypassed = {address for rule in rules if rule.tier == "bypass" for address in range(TOP + 1) if rule.sure.contains(address)}
    for rule in rules:
        sure = {address for address in range(TOP + 1) if rule.sure.contains(address)}
        deciding = {
            "bypass": sure,
            "block": set(),
            "allow": {
                address
                for address in sure
                if answer.admitted.contains(address) or (answer.admitted_authenticated.contains(address) and address not in bypassed)
            },
            "secure": {address for address in sure - bypassed if answer.admitted_authenticated.contains(address)},
        }[rule.tier]
        assert rule.key is not None
        assert (rule.key in answer.by) == bool(deciding)
        if deciding:
            named = sure | {address for part in rule.perhaps for address in range(TOP + 1) if part.addresses.contains(address)}
            if rule.tier != "bypass":
                named -= {address for block in blocked for address in range(TOP + 1) if block.sure.contains(address)}
            assert {address for address in range(TOP + 1) if answer.by[rule.key].contains(address)} == named


def test_a_legacy_list_has_no_name() -> None:
    answer = decide([Applied(None, "allow", NOBODY, (Part(EVERYBODY, frozenset((Doubt.LEGACY_LIST,))),))], TOP, default_allows=False)
    assert (answer.unknown, set(answer.doubts)) == (EVERYBODY, {Doubt.LEGACY_LIST})
    assert not answer.doubtful
    assert not answer.by
