# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a host's network. Without a word a host has one wired interface in the domain's network."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from windows_estate.world.knowledge.services import KNOWN_LISTENERS, LISTENERS
from windows_estate.world.network import PROFILES, TYPES, Address, AddressWithNetwork, Interface, Listener, Network, mac_of
from windows_estate.world.words.reader import Fields, WordsError, shown

_GUID: Final = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_FIRST_INDEX: Final = 4
# The networks of the imagined company: servers, clients, everything else that is in the domain.
_SERVERS: Final = "10.20.1"
_CLIENTS: Final = "10.20.8"
_NAMESERVER: Final = ipaddress.ip_address("10.20.0.10")
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where a host stands: its number in the file, from 1 on."""

    host: str
    number: int
    is_server: bool
    domain: str


def read_network(fields: Fields, place: Place, controller: Address, port: int) -> Network:
    """The field `network` (a list of interfaces) and `listens`. Raises WordsError."""
    items = fields.entries("network")
    interfaces = tuple(_interface(item, place, number, fields.where) for number, item in enumerate(items)) if items else (_default(place),)
    interfaces = _teams(interfaces, fields.where)
    aliases = [one.alias.lower() for one in interfaces]
    for alias in aliases:
        if aliases.count(alias) > 1:
            raise WordsError(f"{fields.where}: network has two interfaces {shown(alias)}; aliases ignore case.")
    known = {(one.protocol, one.port): one for one in (*LISTENERS, Listener(6, port), *_listeners(fields))}
    return Network(interfaces, controller, port, listeners=tuple(known.values()))


def read_address(fields: Fields, name: str, default: str) -> Address:
    text = fields.text(name, default)
    return _parsed(ipaddress.ip_address, text, f"{fields.where}: {name}", "an address such as 10.20.0.5")


def _default(place: Place) -> Interface:
    net = _SERVERS if place.is_server else _CLIENTS
    own = ipaddress.ip_interface(f"{net}.{10 + place.number % 240}/24")
    gateway = ipaddress.ip_address(f"{net}.1")
    guid = _guid(place.host, "Ethernet")
    return Interface("Ethernet", guid, _FIRST_INDEX, "domain", (own,), gateways=(gateway,), dns=(_NAMESERVER,), network_name=place.domain)


def _interface(item: Any, place: Place, number: int, where: str) -> Interface:
    alias = Fields(item, f"{where}, network").text("alias", "Ethernet" if number == 0 else f"Ethernet {number + 1}")
    fields = Fields(item, f"{where}, network, {alias}")
    fields.text("alias", alias)
    usual = _default(place)
    guid = fields.text("guid", _guid(place.host, alias)).upper()
    if not _GUID.fullmatch(guid):
        raise WordsError(f"{fields.where}: guid cannot be {shown(guid)}; it looks like {{31B2F340-016D-11D2-945F-00C04FB984F9}}.")
    profile = fields.text("profile", "domain", one_of=PROFILES)
    addresses = tuple(
        _parsed(_with_prefix, text, f"{fields.where}: addresses", "an address with its prefix, such as 10.20.8.11/24")
        for text in fields.texts("addresses", tuple(str(own) for own in usual.addresses) if number == 0 else ())
    )
    up, team = fields.flag("up", True), fields.text("team", None)
    if team is not None:
        if fields.has("addresses"):
            raise WordsError(f"{fields.where}: addresses cannot be given: it is a member of the team {team}, which has them.")
        addresses = ()
    elif not addresses and up:
        raise WordsError(f"{fields.where}: addresses is missing; it is a list such as [192.168.7.3/24].")
    first = number == 0
    found = Interface(
        alias=alias,
        guid=guid,
        index=_FIRST_INDEX + number * 3,
        profile=profile,
        addresses=addresses,
        kind=fields.text("type", "wired", one_of=TYPES),
        up=up,
        gateways=_addresses(fields, "gateway", usual.gateways if first and not fields.has("addresses") else ()),
        dns=_addresses(fields, "dns", usual.dns if profile == "domain" else ()),
        dhcp=next(iter(_addresses(fields, "dhcp", ())), None),
        wins=_addresses(fields, "wins", ()),
        network_name=fields.text("name", place.domain if profile == "domain" else f"Network {number + 1}"),
        mac=_mac(fields),
        team=team,
    )
    fields.done()
    return found


def _mac(fields: Fields) -> str | None:
    """A MAC in any notation, as `02-00-00-00-00-01`."""
    text = fields.text("mac", None)
    if text is None:
        return None
    digits = re.sub("[:.-]", "", text).upper()
    if not re.fullmatch("[0-9A-F]{12}", digits):
        raise WordsError(f"{fields.where}: mac cannot be {shown(text)}; it is 12 hexadecimal digits such as 00:15:5D:0A:14:01.")
    return "-".join(digits[place : place + 2] for place in range(0, 12, 2))


def _teams(interfaces: tuple[Interface, ...], where: str) -> tuple[Interface, ...]:
    """Teams answer with the MAC of their first member, where they are given none."""
    found = []
    teams = {one.alias.lower() for one in interfaces if one.kind == "team"}
    for one in interfaces:
        if one.team is not None and one.team.lower() not in teams:
            raise WordsError(f"{where}, network, {one.alias}: there is no interface {one.team} of the type team.")
        if one.kind == "team":
            members = [other for other in interfaces if (other.team or "").lower() == one.alias.lower()]
            if not members:
                raise WordsError(f"{where}, network, {one.alias}: a team has members; an interface is one that says team: {one.alias}.")
            one = replace(one, mac=one.mac or mac_of(members[0]))  # noqa: PLW2901 - the same one, completed
        found.append(one)
    return tuple(found)


def _listeners(fields: Fields) -> list[Listener]:
    """A port by its number, or `{port, protocol, program, service}`."""
    found = []
    for item in fields.entries("listens"):
        if isinstance(item, int) and not isinstance(item, bool):
            found.append(KNOWN_LISTENERS.get(item, Listener(6, item, f"C:\\Program Files\\Listener\\listen{item}.exe", None, 6000 + item)))
            continue
        inner = Fields(item, f"{fields.where}, listens")
        protocol = {"tcp": 6, "udp": 17}[inner.text("protocol", "tcp", one_of=("tcp", "udp"))]
        port = inner.number("port", low=1, high=65535)
        if port is None:
            raise WordsError(f"{inner.where}: port is missing; it is a number from 1 to 65535.")
        service = inner.text("service", "")
        found.append(Listener(protocol, port, inner.text("program", "System"), service or None, 6000 + port))
        inner.done()
    return found


def _with_prefix(text: str) -> AddressWithNetwork:
    if "/" not in text:
        raise ValueError(text)
    return ipaddress.ip_interface(text)


def _addresses(fields: Fields, name: str, default: tuple[Address, ...]) -> tuple[Address, ...]:
    texts = fields.texts(name, tuple(str(one) for one in default))
    return tuple(_parsed(ipaddress.ip_address, text, f"{fields.where}: {name}", "an address such as 10.20.0.10") for text in texts)


def _parsed(parse: Callable[[str], T], text: str, what: str, allowed: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise WordsError(f"{what} cannot be {shown(text)}; it is {allowed}.") from error


def _guid(host: str, alias: str) -> str:
    """A GUID that is the same in every run."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{host}/{alias}")).upper() + "}"
