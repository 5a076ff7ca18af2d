# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Adapters as a host tells of them, and the words that people call them by."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Failure
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_adapter import (
    Adapter,
    Word,
    adapter_reads,
    read_adapters,
    resolve,
    word_of,
)
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import SERVER

CLIENTS = Adapter("Clients", "00155D010A01", ("10.20.1.5/24", "fe80::1/64"))
SECOND = Adapter("Clients 2", "00155D010A04", ("10.20.2.5/24",))
MANAGEMENT = Adapter("Management", "00155D010A02", ("10.99.0.5/24",))
LAB = Adapter("Lab", "00155D010A03", (), "disconnected")
MEMBER = Adapter("Port 1", "00155D010A05", (), None, "Team")
TEAM = Adapter("Team", "00155D010A05", ("10.30.1.5/24",))
ALL = (CLIENTS, MANAGEMENT, LAB, MEMBER, TEAM)


def row(index: int, name: str, mac: str, **more: Any) -> dict[str, Any]:
    up = {"InterfaceOperationalStatus": 1, "InterfaceAdminStatus": 1, "MediaConnectState": 1}
    return {"InterfaceIndex": index, "Name": name, "NetworkAddresses": [mac], "PermanentAddress": mac, **up, **more}


def told(rows: list[dict[str, Any]], members: Any = (), addresses: Any = ()) -> Answers:
    adapters, ips, teams = adapter_reads()
    team = Answer(failure=members) if isinstance(members, Failure) else Answer({"rows": list(members)})
    return Answers(SERVER, {adapters: Answer({"rows": rows}), ips: Answer({"rows": list(addresses)}), teams: team})


def test_addresses_belong_to_their_adapter() -> None:
    addresses = [{"InterfaceIndex": 5, "InterfaceAlias": "A", "IPAddress": "fe80::1%5", "PrefixLength": 64}]
    assert read_adapters(told([row(5, "A", "00155D010A01")], addresses=addresses)) == (Adapter("A", "00155D010A01", ("fe80::1/64",)),)


def test_the_address_in_use_counts_and_not_the_one_that_is_burnt_in() -> None:
    rows = [row(5, "A", "00155D010A01", PermanentAddress="00155D0000FF")]
    assert read_adapters(told(rows)) == (Adapter("A", "00155D010A01"),)


@pytest.mark.parametrize(
    ("more", "down"),
    [
        ({"MediaConnectState": 2}, "disconnected"),
        ({"InterfaceOperationalStatus": 2}, "disconnected"),
        ({"InterfaceAdminStatus": 2, "InterfaceOperationalStatus": 2}, "disabled"),
    ],
)
def test_why_nothing_is_heard(more: dict[str, int], down: str) -> None:
    assert read_adapters(told([row(5, "A", "00155D010A01", **more)])) == (Adapter("A", "00155D010A01", (), down),)


def test_filters_and_what_has_no_hardware_address_are_left_out() -> None:
    filters = [row(7, "A-WFP Native MAC Layer LightWeight Filter-0000", "00155D010A01"), row(8, "B", "00155D010A01", Hidden=True)]
    assert read_adapters(told([*filters, row(9, "VPN", "")])) == ()


@pytest.mark.parametrize("members", [[{"Name": "port 1", "Team": "Team"}], Failure("unsupported", "Invalid class")])
def test_a_member_of_a_team_is_told_by_the_team_or_by_what_lies_above(members: Any) -> None:
    rows = [
        row(5, "Port 1", "00155D010A01"),
        row(6, "Team", "00155D010A01", IMFilter=True, LowerLayerInterfaceIndices=[5]),
    ]
    found = read_adapters(told(rows, members))
    assert not isinstance(found, Problem)
    assert [adapter.team for adapter in found] == ["Team", None]


def test_readings_bring_an_adapter_back_as_it_was() -> None:
    for adapter in ALL:
        assert Adapter.from_data(adapter.to_data()) == adapter
    with pytest.raises(ValueError, match="no hardware address"):
        Adapter.from_data({**CLIENTS.to_data(), "mac": "x"})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("10.20.0.0/16", "network"),
        ("fd00::/8", "network"),
        ("10.20.1.5", "address"),
        ("fe80::1", "address"),
        ("00-15-5d-01-0a-01", "mac"),
        ("Lab", "name"),
        ("10.20.1.5/16", "name"),
    ],
)
def test_what_a_word_is(text: str, kind: str) -> None:
    assert word_of(text) == Word(text, kind)


@pytest.mark.parametrize("text", ["10.20.0.0/16", "10.20.1.5", "fe80::1", "CLIENTS", "00:15:5d:01:0a:01", "00155D010A01"])
def test_every_word_finds_the_adapter(text: str) -> None:
    assert resolve([word_of(text)], ALL, "DP01").macs == ("00155D010A01",)


def test_the_address_of_a_team_is_the_team_and_not_its_member() -> None:
    assert resolve([word_of("00155D010A05")], ALL, "DP01").adapters == (TEAM,)


def test_a_virtual_switch_has_the_address_of_the_card_below_it() -> None:
    card, switch = Adapter("Port", "00155D010A06"), Adapter("vEthernet", "00155D010A06", ("10.40.1.5/24",))
    assert resolve([word_of("00155D010A06")], (card, switch), "DP01").adapters == (switch,)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Office", ["'Office' is no interface of DP01", "Clients (00:15:5D:01:0A:01, 10.20.1.5/24, fe80::1/64)", "Lab ("]),
        ("10.50.0.0/16", ["'10.50.0.0/16' is no interface of DP01", "Management"]),
        ("Lab", ["'Lab' is Lab (00:15:5D:01:0A:03, no address, disconnected)", "cannot answer"]),
        ("Port 1", ["a member of the team Team", "cannot answer"]),
    ],
)
def test_a_word_that_cannot_be_meant_lists_what_is_there(word: str, parts: list[str]) -> None:
    found = resolve([word_of(word)], ALL, "DP01")
    assert found.adapters == ()
    assert all(part in found.wrong[0] for part in parts)


def test_a_network_is_one_interface_unless_all_are_meant() -> None:
    both = (CLIENTS, SECOND, MANAGEMENT)
    (sentence,) = resolve([word_of("10.20.0.0/16")], both, "DP01").wrong
    assert sentence.startswith("'10.20.0.0/16' fits 2 interfaces of DP01, Clients (") and "all: true" in sentence
    assert resolve([word_of("10.20.0.0/16", every=True)], both, "DP01").adapters == (CLIENTS, SECOND)
