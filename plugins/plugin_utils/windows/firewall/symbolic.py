# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of numbers of which some are only known by a name: what port sets and address sets have in common.

Nobody but the host knows which addresses LocalSubnet is, or which ports RPC has been given. Such a keyword stands for an unknown set.
Without keywords all operations are exact. With them, intersection and difference come in two forms that enclose the truth, whatever the
keywords stand for: the plain one leaves nothing out ("at most"), the C(certain_) one claims nothing that might be wrong ("at least").
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Range = tuple[int, int]
_NOTHING: tuple[Range, ...] = ()
_NO_KEYWORDS: frozenset[str] = frozenset()


def normalised(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """In order, without overlap, neighbours joined. Both ends belong to a range; a range that ends before it begins is a ValueError."""
    joined: list[Range] = []
    for first, last in sorted(ranges):
        if last < first:
            raise ValueError(f"a range ends ({last}) before it begins ({first})")
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _common(left: tuple[Range, ...], right: tuple[Range, ...]) -> tuple[Range, ...]:
    found: list[Range] = []
    here = there = 0
    while here < len(left) and there < len(right):
        first, last = max(left[here][0], right[there][0]), min(left[here][1], right[there][1])
        if first <= last:
            found.append((first, last))
        if left[here][1] < right[there][1]:
            here += 1
        else:
            there += 1
    return tuple(found)


def _complement(ranges: tuple[Range, ...], top: int) -> tuple[Range, ...]:
    gaps: list[Range] = []
    begin = 0
    for first, last in ranges:
        if begin < first:
            gaps.append((begin, first - 1))
        begin = last + 1
    if begin <= top:
        gaps.append((begin, top))
    return tuple(gaps)


@dataclass(frozen=True)
class SymbolicSet:
    """Numbers from 0 to C(top), and keywords. Always in its canonical form: equal sets that have the same keywords are equal objects."""

    top: int
    ranges: tuple[Range, ...] = _NOTHING
    keywords: frozenset[str] = _NO_KEYWORDS

    def __post_init__(self) -> None:
        ranges = normalised(self.ranges)
        if ranges and (ranges[0][0] < 0 or ranges[-1][1] > self.top):
            raise ValueError(f"a range goes beyond 0 to {self.top}")
        object.__setattr__(self, "ranges", ranges)
        # A keyword adds nothing to everything.
        object.__setattr__(self, "keywords", _NO_KEYWORDS if ranges == ((0, self.top),) else frozenset(self.keywords))

    @property
    def is_empty(self) -> bool:
        """Whether it has neither a number nor a keyword."""
        return not self.ranges and not self.keywords

    @property
    def is_full(self) -> bool:
        """Whether it has every number."""
        return self.ranges == ((0, self.top),)

    def contains(self, number: int) -> bool:
        """Whether a number surely belongs to it."""
        index = bisect_right(self.ranges, (number, self.top + 1)) - 1
        return index >= 0 and self.ranges[index][0] <= number <= self.ranges[index][1]

    def may_contain(self, number: int) -> bool:
        """Whether a number belongs to it or may do so through a keyword."""
        return 0 <= number <= self.top and (bool(self.keywords) or self.contains(number))

    def union(self, other: SymbolicSet) -> SymbolicSet:
        """What belongs to either; exact."""
        self._check(other)
        return SymbolicSet(self.top, self.ranges + other.ranges, self.keywords | other.keywords)

    def intersection(self, other: SymbolicSet) -> SymbolicSet:
        """At most what belongs to both. Where a keyword meets numbers, the numbers are kept: they say more."""
        self._check(other)
        ranges = _common(self.ranges, other.ranges)
        keywords = self.keywords & other.keywords
        if self.is_full or other.is_full:
            return SymbolicSet(self.top, ranges, self.keywords | other.keywords)
        if self.keywords:
            ranges += other.ranges
        if other.keywords:
            ranges += self.ranges
        # Two different keywords may overlap as well; either of them is an upper bound.
        if other.keywords - keywords:
            keywords = self.keywords
        return SymbolicSet(self.top, ranges, keywords)

    def certain_intersection(self, other: SymbolicSet) -> SymbolicSet:
        """At least what belongs to both."""
        self._check(other)
        keywords = self.keywords & other.keywords
        if self.is_full or other.is_full:
            keywords = self.keywords | other.keywords
        return SymbolicSet(self.top, _common(self.ranges, other.ranges), keywords)

    def difference(self, other: SymbolicSet) -> SymbolicSet:
        """At most what belongs to this set and not to the other one."""
        self._check(other)
        if other.is_full:
            return SymbolicSet(self.top)
        return SymbolicSet(self.top, _common(self.ranges, _complement(other.ranges, self.top)), self.keywords - other.keywords)

    def certain_difference(self, other: SymbolicSet) -> SymbolicSet:
        """At least what belongs to this set and not to the other one."""
        self._check(other)
        if other.is_empty:
            return self
        if other.keywords:
            return SymbolicSet(self.top)
        return SymbolicSet(self.top, _common(self.ranges, _complement(other.ranges, self.top)))

    def covers(self, other: SymbolicSet) -> bool:
        """Whether all of the other one surely belongs to this set."""
        return other.difference(self).is_empty

    def overlaps(self, other: SymbolicSet) -> bool:
        """Whether something may belong to both."""
        return not self.intersection(other).is_empty

    def resolved(self, values: Mapping[str, SymbolicSet]) -> SymbolicSet:
        """The same with those keywords replaced whose values are known; the others stay."""
        known = self.keywords & values.keys()
        result = SymbolicSet(self.top, self.ranges, self.keywords - known)
        for keyword in known:
            result = result.union(values[keyword])
        return result

    def _check(self, other: SymbolicSet) -> None:
        if self.top != other.top:
            raise ValueError("the two sets are not of the same kind")
