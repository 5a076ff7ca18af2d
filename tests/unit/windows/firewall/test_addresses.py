# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of addresses, and the sets of numbers and keywords below them, against brute force."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import (
    KEYWORDS,
    TOP4,
    TOP6,
    AddressError,
    AddressSet,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import SymbolicSet, normalised

TOP = 15
NUMBERS = range(TOP + 1)
NAMES = ("A", "B", "C")

ranges = st.lists(st.tuples(st.integers(0, TOP), st.integers(0, TOP)).map(lambda ends: (min(ends), max(ends))), max_size=4).map(tuple)
plain_sets = ranges.map(lambda some: SymbolicSet(TOP, some))
symbolic_sets = st.builds(lambda some, names: SymbolicSet(TOP, some, names), ranges, st.frozensets(st.sampled_from(NAMES)))
# What the host says that the keywords are.
meanings = st.fixed_dictionaries({name: st.frozensets(st.integers(0, TOP)) for name in NAMES})


def members(some: SymbolicSet, meaning: dict[str, frozenset[int]] | None = None) -> set[int]:
    numbers = {number for first, last in some.ranges for number in range(first, last + 1)}
    return numbers.union(*((meaning or {})[name] for name in some.keywords))


@given(plain_sets, plain_sets)
def test_without_keywords_everything_is_exact(left: SymbolicSet, right: SymbolicSet) -> None:
    assert members(left.union(right)) == members(left) | members(right)
    for both in (left.intersection(right), left.certain_intersection(right)):
        assert members(both) == members(left) & members(right)
    for rest in (left.difference(right), left.certain_difference(right)):
        assert members(rest) == members(left) - members(right)
    assert left.covers(right) == (members(left) >= members(right))
    assert left.overlaps(right) == bool(members(left) & members(right))
    assert left.is_empty == (not members(left)) and left.is_full == (members(left) == set(NUMBERS))
    assert [number for number in NUMBERS if left.contains(number)] == sorted(members(left))


@given(ranges)
def test_equal_sets_are_equal_objects(some: tuple[tuple[int, int], ...]) -> None:
    one_by_one = tuple((number, number) for number in sorted(members(SymbolicSet(TOP, some)), reverse=True))
    assert SymbolicSet(TOP, one_by_one) == SymbolicSet(TOP, some)
    assert hash(SymbolicSet(TOP, one_by_one)) == hash(SymbolicSet(TOP, some))


@given(symbolic_sets, symbolic_sets, meanings)
def test_with_keywords_both_forms_enclose_the_truth(left: SymbolicSet, right: SymbolicSet, meaning: dict[str, frozenset[int]]) -> None:
    here, there = members(left, meaning), members(right, meaning)
    assert members(left.union(right), meaning) == here | there
    assert members(left.certain_intersection(right), meaning) <= here & there <= members(left.intersection(right), meaning)
    assert members(left.certain_difference(right), meaning) <= here - there <= members(left.difference(right), meaning)
    if left.covers(right):
        assert here >= there
    if here & there:
        assert left.overlaps(right)
    for number in NUMBERS:
        assert left.contains(number) <= (number in here) <= left.may_contain(number)


@given(symbolic_sets, meanings)
def test_resolving_gives_what_the_keywords_mean(some: SymbolicSet, meaning: dict[str, frozenset[int]]) -> None:
    values = {name: SymbolicSet(TOP, tuple((number, number) for number in numbers)) for name, numbers in meaning.items()}
    assert not some.resolved(values).keywords
    assert members(some.resolved(values)) == members(some, meaning)
    assert members(some.resolved({"A": values["A"]}), meaning) == members(some, meaning)


@given(symbolic_sets)
def test_a_set_covers_itself_and_nothing_is_left_of_it(some: SymbolicSet) -> None:
    assert some.covers(some)
    assert some.difference(some).is_empty and some.certain_difference(some).is_empty
    assert some.intersection(some) == some.certain_intersection(some) == some
    assert not some.may_contain(-1) and not some.may_contain(TOP + 1)


def test_everything_makes_keywords_superfluous() -> None:
    assert SymbolicSet(TOP, ((0, TOP),), frozenset({"A"})) == SymbolicSet(TOP, ((0, TOP),))


def test_impossible_ranges_and_mixed_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="ends"):
        normalised([(2, 1)])
    with pytest.raises(ValueError, match="beyond"):
        SymbolicSet(TOP, ((0, TOP + 1),))
    with pytest.raises(ValueError, match="same kind"):
        SymbolicSet(TOP).union(SymbolicSet(TOP + 1))


v4_addresses = st.integers(0, TOP4).map(lambda number: str(ip_address(number)))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.7", ("192.0.2.7",)),
        ("192.0.2.7/32", ("192.0.2.7",)),
        ("192.0.2.0/24", ("192.0.2.0/24",)),
        ("192.0.2.0/255.255.255.0", ("192.0.2.0/24",)),
        ("192.0.2.0-192.0.2.255", ("192.0.2.0/24",)),
        ("192.0.2.0-192.0.2.254", ("192.0.2.0-192.0.2.254",)),
        ("192.0.2.1-192.0.2.2", ("192.0.2.1-192.0.2.2",)),
        ("0.0.0.0/0", ("0.0.0.0/0",)),
        ("2001:DB8::1", ("2001:db8::1",)),
        ("2001:db8::/32", ("2001:db8::/32",)),
        ("2001:db8::-2001:db8::f", ("2001:db8::/124",)),
        ("2001:db8::1-2001:db8::f", ("2001:db8::1-2001:db8::f",)),
        ("localsubnet", ("LocalSubnet",)),
        (" DefaultGateway ", ("DefaultGateway",)),
        ("IntranetRemoteAccess", ("RmtIntrAnet",)),
        ("PlayToDevice", ("Ply2Renders",)),
        ("Any", ("any",)),
    ],
)
def test_texts_are_read_and_written_in_their_canonical_form(text: str, canonical: tuple[str, ...]) -> None:
    read = AddressSet.parse(text)
    assert read.texts() == canonical
    assert AddressSet.parse(canonical[0]) == read


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no IPv4 address"),
        ("somewhere", "is no IPv4 address"),
        ("192.0.2", "is no IPv4 address"),
        ("192.0.2.256", "is no IPv4 address"),
        ("192.0.2.010", "is no IPv4 address"),
        ("192.0.2.0/33", "no prefix length from 0 to 32"),
        ("192.0.2.0/", "no prefix length"),
        ("192.0.2.0/255.0.255.0", "is no network mask"),
        ("192.0.2.9/24", "has bits set beyond its prefix; the network is 192.0.2.0/24"),
        ("2001:db8::9/64", "has bits set beyond its prefix; the network is 2001:db8::/64"),
        ("192.0.2.9-192.0.2.1", "ends before it begins"),
        ("192.0.2.9-2001:db8::1", "begins in one address family and ends in the other"),
        ("2001:db8::1-192.0.2.9", "begins in one address family and ends in the other"),
        ("2001:db8::/129", "no prefix length from 0 to 128"),
        ("2001:db8::/ffff::", "no prefix length"),
        ("fe80::1%3", "has a scope"),
        ("192.0.2.1-192.0.2.2-192.0.2.3", "is no IPv4 address"),
    ],
)
def test_wrong_texts_say_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        AddressSet.parse(text)


def test_bits_beyond_the_prefix_are_dropped_when_they_do_not_matter() -> None:
    assert AddressSet.parse("192.0.2.9/24", strict=False).texts() == ("192.0.2.0/24",)


@given(st.integers(0, TOP4), st.integers(0, 32), v4_addresses)
def test_networks_are_those_of_the_standard_library(number: int, prefix: int, other: str) -> None:
    network = ip_network((number, prefix), strict=False)
    read = AddressSet.parse(str(network))
    assert read == AddressSet.parse(f"{network.network_address}/{network.netmask}")
    assert read.contains(network.network_address) and read.contains(str(network.broadcast_address))
    assert read.contains(other) == (ip_address(other) in network)
    assert not read.contains("2001:db8::1")


@given(st.lists(st.tuples(st.integers(0, TOP4), st.integers(0, TOP4)).map(lambda ends: (min(ends), max(ends))), max_size=5))
def test_canonical_texts_can_be_read_again(some: list[tuple[int, int]]) -> None:
    made = AddressSet.of(v4=some, v6=[(TOP6 - last, TOP6 - first) for first, last in some])
    again = AddressSet()
    for text in made.texts():
        again = again.union(AddressSet.parse(text))
    assert again == made


@given(st.text())
def test_no_text_does_more_than_being_wrong(text: str) -> None:
    try:
        read = AddressSet.parse(text)
    except AddressError:
        return
    assert not read.is_empty


def test_families_are_apart() -> None:
    four, six = AddressSet.parse("0.0.0.0/0"), AddressSet.parse("::/0")
    assert not four.is_any and not four.overlaps(six)
    assert four.union(six) == AddressSet.any()
    assert AddressSet.any().difference(four) == six
    assert AddressSet.any().covers(four) and not four.covers(AddressSet.any())


def test_a_keyword_may_be_any_address_until_it_is_resolved() -> None:
    subnet = AddressSet.parse("LocalSubnet")
    assert not subnet.is_empty and not subnet.contains("192.0.2.1") and subnet.may_contain("192.0.2.1")
    known = subnet.resolved({"LocalSubnet": AddressSet.parse("192.0.2.0/24")})
    assert known.texts() == ("192.0.2.0/24",)
    assert AddressSet.any().covers(subnet) and not known.covers(subnet)


def test_a_keyword_of_one_family_says_so() -> None:
    assert AddressSet.of(keywords4=["DNS"]).texts() == ("DNS (IPv4)",)
    assert AddressSet.of(keywords6=["DNS"]).texts() == ("DNS (IPv6)",)
    assert str(AddressSet.of(v4=[(0, TOP4)], keywords6=["DNS"])) == "0.0.0.0/0, DNS"
    assert str(AddressSet()) == "none"
    assert "LocalSubnet" in KEYWORDS
