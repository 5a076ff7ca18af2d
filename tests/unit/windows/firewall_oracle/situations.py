# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads ``situations.yml``, whose head tells the form, and turns its texts for sets of addresses into something to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Any

import yaml

from tests.unit.windows.firewall_oracle.oracle import Json, Packet, addresses_of_keyword, bounds

FILE = Path(__file__).with_name("situations.yml")
LAN = {
    "guid": "{11111111-1111-1111-1111-111111111111}",
    "alias": "lan",
    "type": "Lan",
    "profile": "domain",
    "addresses": ["10.1.2.3/24", "fd00:1:2::3/64"],
    "gateways": ["10.1.2.1"],
    "dns": ["10.1.0.10"],
}
DEFAULT_STATE: dict[str, Any] = {"interfaces": [LAN], "service": "running", "other_firewall": False, "windows": {"version": "10.0.19045"}}


@dataclass(frozen=True)
class Expectation:
    """Of one interface, and one of its addresses if `local` is given."""

    interface: str
    local: str | None
    admitted: tuple[str, ...]
    unknown: tuple[str, ...]
    admitted_authenticated: tuple[str, ...]
    unknown_authenticated: tuple[str, ...]
    by: frozenset[str]
    blocked_by: frozenset[str]
    voided: Mapping[str, str]
    doubt: frozenset[str]
    enforcement: str


@dataclass(frozen=True)
class Situation:
    name: str
    source: str
    state: Json
    query: Json
    expect: tuple[Expectation, ...]
    settings: Mapping[str, Mapping[str, Any]]


def expectation(key: str, given: Json) -> Expectation:
    interface, _at, local = key.partition("@")
    admitted, unknown = tuple(given.get("admitted", ())), tuple(given.get("unknown", ()))
    by_authentication = "admitted_authenticated" in given
    return Expectation(
        interface=interface,
        local=local or None,
        admitted=admitted,
        unknown=unknown,
        admitted_authenticated=tuple(given["admitted_authenticated"]) if by_authentication else admitted,
        unknown_authenticated=tuple(given.get("unknown_authenticated", () if by_authentication else unknown)),
        by=frozenset(given.get("by", ())),
        blocked_by=frozenset(given.get("blocked_by", ())),
        voided=given.get("voided", {}),
        doubt=frozenset(given.get("doubt", ())),
        enforcement=given.get("enforcement", "full"),
    )


KEYS = {"name", "source", "state", "query", "expect", "settings"}
EXPECT_KEYS = {
    "admitted",
    "unknown",
    "admitted_authenticated",
    "unknown_authenticated",
    "by",
    "blocked_by",
    "voided",
    "doubt",
    "enforcement",
}


def load() -> list[Situation]:
    """ValueError for a key that nobody reads, which would be an expectation that nobody checks."""
    situations = []
    for entry in yaml.safe_load(FILE.read_text(encoding="utf-8"))["situations"]:
        odd = (set(entry) - KEYS) | {key for given in entry.get("expect", {}).values() for key in set(given) - EXPECT_KEYS}
        if odd:
            raise ValueError(f"situations.yml: {entry.get('name')}: unknown keys: {', '.join(sorted(odd))}")
        situations.append(
            Situation(
                name=entry["name"],
                source=entry["source"],
                state={**DEFAULT_STATE, **entry.get("state", {})},
                query=entry.get("query", {}),
                expect=tuple(expectation(key, given) for key, given in entry.get("expect", {}).items()),
                settings=entry.get("settings", {}),
            )
        )
    return situations


def contains(state: Json, texts: tuple[str, ...], remote: str) -> bool:
    """Whether an address lies in a set written as in the table. ValueError for a text that is none."""
    return any(text_contains(state, text, remote) for text in texts)


def text_contains(state: Json, text: str, remote: str) -> bool:
    address = ip_address(remote)
    for word in ("any", "LocalSubnet", "DNS", "DefaultGateway", "DHCP", "WINS"):
        if text not in (word, f"{word}4", f"{word}6"):
            continue
        if text not in (word, f"{word}{address.version}"):
            return False
        if word == "any":
            return True
        return any(text_contains(state, part, remote) for part in addresses_of_keyword(state, word, address.version) or [])
    low, high = bounds(text)
    return low.version == address.version and int(low) <= int(address) <= int(high)


def packet_of(query: Json, interface: str) -> Packet:
    """The query as a packet, from and to nowhere yet."""
    asked = ("protocol", "port", "keyword", "icmp", "program", "service")
    return Packet(interface, "0.0.0.0", None, **{key: query[key] for key in asked if key in query})  # noqa: S104  the address is always replaced


def packets(state: Json, query: Json, interface: Json, remotes: list[str], local: str | None = None) -> Iterator[Packet]:
    """From each remote address, authenticated and not, to each address of the interface that it can be sent to, or to the one given."""
    own = [str(ip_interface(text).ip) for text in interface.get("addresses", [])]
    base = packet_of(query, interface["alias"])
    for remote in remotes:
        family = ip_address(remote).version
        addresses: list[str | None] = [address for address in own if ip_address(address).version == family and local in (None, address)]
        if not addresses and local is None:
            addresses = [None]
        for address in addresses:
            for authenticated in (False, True):
                yield replace(base, remote=remote, local=address, authenticated=authenticated)
