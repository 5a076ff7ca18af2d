# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of ports. What they share with sets of addresses is tested there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import KEYWORDS, PortError, PortSet

port_sets = st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda ends: (min(ends), max(ends))), max_size=4).map(
    lambda ranges: PortSet.of(*ranges)
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2701", ("2701",)),
        ("0", ("0",)),
        ("63000-64000", ("63000-64000",)),
        ("80-80", ("80",)),
        ("0-65535", ("any",)),
        ("any", ("any",)),
        ("rpc", ("RPC",)),
        ("RPC-EPMap", ("RPC-EPMap",)),
        ("RPCEPMap", ("RPC-EPMap",)),
        ("PlayToDiscovery", ("Ply2Disc",)),
    ],
)
def test_texts_are_read_and_written_in_their_canonical_form(text: str, canonical: tuple[str, ...]) -> None:
    read = PortSet.parse(text)
    assert read.texts() == canonical
    assert PortSet.parse(canonical[0]) == read


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_every_keyword_is_read_and_stays_symbolic(keyword: str) -> None:
    read = PortSet.parse(keyword)
    assert read.keywords == {keyword} and read.ranges == ()
    assert read.contains(keyword) and not read.contains(135) and read.may_contain(135)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither a port number nor a range"),
        ("70000", "beyond 65535"),
        ("99999-1", "beyond 65535"),
        ("5-1", "ends before it begins"),
        ("80,443", "neither"),
        ("-80", "neither"),
        ("80-", "neither"),
        ("8o", "neither"),
        ("\u0661", "neither"),
        ("000080", "neither"),
        ("1-2-3", "neither"),
    ],
)
def test_wrong_texts_say_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(PortError, match=reason):
        PortSet.parse(text)


@given(st.text())
def test_no_text_does_more_than_being_wrong(text: str) -> None:
    try:
        read = PortSet.parse(text)
    except PortError:
        return
    assert not read.is_empty


@given(port_sets, port_sets, st.integers(0, 65535))
def test_the_algebra_holds_for_each_port(left: PortSet, right: PortSet, port: int) -> None:
    here, there = left.contains(port), right.contains(port)
    assert left.union(right).contains(port) == (here or there)
    assert left.intersection(right).contains(port) == left.certain_intersection(right).contains(port) == (here and there)
    assert left.difference(right).contains(port) == left.certain_difference(right).contains(port) == (here and not there)


@given(port_sets)
def test_canonical_texts_can_be_read_again(some: PortSet) -> None:
    again = PortSet()
    for text in some.texts():
        again = again.union(PortSet.parse(text))
    assert again == some


def test_the_endpoint_mapper_is_135_and_dynamic_ports_are_what_the_host_says() -> None:
    ports = PortSet.of(keywords=["RPC", "RPC-EPMap"])
    assert ports.resolved().texts() == ("135", "RPC")
    assert ports.resolved({"RPC": PortSet.of((49152, 65535))}).texts() == ("135", "49152-65535")
    assert PortSet.of(135).covers(PortSet.parse("RPC-EPMap").resolved())
    assert not PortSet.of(135).covers(PortSet.parse("RPC-EPMap"))


def test_any_port_is_every_port_and_every_keyword() -> None:
    assert PortSet.any().covers(PortSet.parse("RPC")) and PortSet.any().contains("RPC")
    assert PortSet.any().overlaps(PortSet.parse("Teredo")) and not PortSet().overlaps(PortSet.any())
    assert PortSet.any().is_any and PortSet().is_empty and str(PortSet()) == "none"
    assert str(PortSet.of(443, (80, 81), keywords=["RPC"])) == "80-81, 443, RPC"
