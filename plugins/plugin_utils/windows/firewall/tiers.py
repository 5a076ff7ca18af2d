# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bypass before block before allow before the default action (MS-FASP 2.2.34, 2.2.38), computed for all addresses of a family at once.

All sets here are exact: keywords have been resolved, and what could not be resolved is a rule that perhaps matches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Doubt, RuleKey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import Range, SymbolicSet

Tier = Literal["bypass", "block", "allow", "secure"]
"""C(secure): allows peers that are authenticated and refuses the others (MS-FASP 2.2.35)."""


@dataclass(frozen=True)
class Part:
    """Addresses that a rule perhaps matches, and on what it hangs."""

    addresses: SymbolicSet
    doubts: frozenset[Doubt]


@dataclass(frozen=True)
class Applied:
    """A rule that is in force here: the addresses that it surely matches, and those that it perhaps does.

    C(key) is None for a legacy list.
    """

    key: RuleKey | None
    tier: Tier
    sure: SymbolicSet
    perhaps: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Who gets in, of one family; see state.Admission. C(doubtful): the rules that leave it open, and why."""

    admitted: SymbolicSet
    unknown: SymbolicSet
    admitted_authenticated: SymbolicSet
    unknown_authenticated: SymbolicSet
    by: Mapping[RuleKey, SymbolicSet] = field(default_factory=dict)
    blocked_by: frozenset[RuleKey] = frozenset()
    doubtful: Mapping[RuleKey, frozenset[Doubt]] = field(default_factory=dict)
    doubts: frozenset[Doubt] = frozenset()


def decide(rules: Sequence[Applied], top: int, *, default_allows: bool) -> Answer:
    """The answer for a family whose highest address is C(top)."""
    everybody, nobody = SymbolicSet(top, ((0, top),)), SymbolicSet(top)
    sure: dict[Tier, SymbolicSet] = {}
    maybe: dict[Tier, SymbolicSet] = {}
    for tier in ("bypass", "block", "allow", "secure"):
        members = [rule for rule in rules if rule.tier == tier]
        sure[tier] = _union(top, (rule.sure for rule in members))
        maybe[tier] = _union(top, (part.addresses for rule in members for part in rule.perhaps))

    default = everybody if default_allows else nobody
    allows = sure["allow"].union(default)
    may_pass = allows.union(maybe["allow"]).difference(sure["block"])
    refused = sure["secure"].union(maybe["secure"])
    admitted = allows.difference(sure["block"]).difference(maybe["block"]).difference(refused)
    plain = _Peers(admitted, may_pass, allows)

    allows = allows.union(sure["secure"])
    below = allows.union(maybe["allow"]).union(maybe["secure"]).difference(sure["block"])
    admitted = sure["bypass"].union(allows.difference(sure["block"]).difference(maybe["block"]))
    authenticated = _Peers(admitted, sure["bypass"].union(maybe["bypass"]).union(below), allows)

    doubtful = _doubtful(rules, sure, plain, authenticated, below.difference(sure["bypass"]))
    return Answer(
        admitted=plain.admitted,
        unknown=plain.unknown,
        admitted_authenticated=authenticated.admitted,
        unknown_authenticated=authenticated.unknown,
        by=_by(rules, sure, plain.admitted, authenticated.admitted.difference(sure["bypass"])),
        blocked_by=frozenset(rule.key for rule in rules if rule.tier == "block" and rule.key and not rule.sure.is_empty),
        doubtful={key: codes for key, codes in doubtful.items() if key is not None},
        doubts=frozenset(code for codes in doubtful.values() for code in codes),
    )


@dataclass(frozen=True)
class _Peers:
    """Without IPsec, or with: who surely gets in, who may, and whom the last two tiers surely allow."""

    admitted: SymbolicSet
    at_most: SymbolicSet
    allows: SymbolicSet

    @property
    def unknown(self) -> SymbolicSet:
        return self.at_most.difference(self.admitted)


def _union(top: int, sets: Iterable[SymbolicSet]) -> SymbolicSet:
    ranges: list[Range] = []
    for each in sets:
        ranges.extend(each.ranges)
    return SymbolicSet(top, tuple(ranges))


def _meet(left: SymbolicSet, right: SymbolicSet) -> bool:
    """Whether two sets share an address. One of them is mostly small, and there may be thousands of these: hence no walk over both."""
    small, large = sorted((left.ranges, right.ranges), key=len)
    for first, last in small:
        index = bisect_right(large, (last, left.top + 1)) - 1
        if index >= 0 and large[index][1] >= first:
            return True
    return False


def _without(addresses: SymbolicSet, others: SymbolicSet) -> SymbolicSet:
    """The difference; of the others only those are looked at that lie between the first address and the last."""
    if not _meet(addresses, others):
        return addresses
    begin = max(bisect_right(others.ranges, (addresses.ranges[0][0], others.top + 1)) - 1, 0)
    end = bisect_right(others.ranges, (addresses.ranges[-1][1], others.top + 1))
    return addresses.difference(SymbolicSet(others.top, others.ranges[begin:end]))


def _by(
    rules: Sequence[Applied], sure: Mapping[Tier, SymbolicSet], admitted: SymbolicSet, authenticated: SymbolicSet
) -> dict[RuleKey, SymbolicSet]:
    found = {}
    for rule in rules:
        if rule.key is None or rule.tier == "block" or rule.sure.is_empty:
            continue
        is_first = rule.tier == "bypass"
        if is_first or _meet(rule.sure, authenticated) or (rule.tier == "allow" and _meet(rule.sure, admitted)):
            reaches = _union(rule.sure.top, (rule.sure, *(part.addresses for part in rule.perhaps)))
            found[rule.key] = reaches if is_first else _without(reaches, sure["block"])
    return found


def _doubtful(
    rules: Sequence[Applied], sure: Mapping[Tier, SymbolicSet], plain: _Peers, authenticated: _Peers, below: SymbolicSet
) -> dict[RuleKey | None, frozenset[Doubt]]:
    """Which rules make a difference somewhere by matching or not.

    C(below): authenticated peers who may be admitted by what follows a block.
    """
    matters: dict[Tier, tuple[SymbolicSet, ...]] = {
        "bypass": (authenticated.unknown,),
        "block": (plain.at_most, below),
        "allow": (_undecided(plain, sure), _undecided(authenticated, sure)),
        "secure": (_undecided(authenticated, sure),),
    }
    found: dict[RuleKey | None, frozenset[Doubt]] = {}
    for rule in rules:
        codes = frozenset(
            code for part in rule.perhaps if any(_meet(part.addresses, region) for region in matters[rule.tier]) for code in part.doubts
        )
        if rule.tier == "secure":
            codes |= _refusal(rule, plain)
        if codes:
            found[rule.key] = found.get(rule.key, frozenset()) | codes
    return found


def _undecided(peers: _Peers, sure: Mapping[Tier, SymbolicSet]) -> SymbolicSet:
    """Where it hangs on a rule that allows."""
    return peers.unknown.difference(peers.allows).difference(sure["block"])


def _refusal(rule: Applied, plain: _Peers) -> frozenset[Doubt]:
    refused = frozenset((Doubt.AUTHENTICATED_ONLY,)) if _meet(rule.sure, plain.at_most) else frozenset()
    for part in rule.perhaps:
        if _meet(part.addresses, plain.at_most):
            refused |= part.doubts | {Doubt.AUTHENTICATED_ONLY}
    return refused
