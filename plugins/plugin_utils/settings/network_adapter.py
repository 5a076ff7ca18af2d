# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A server's network adapters with their hardware addresses, and the words that people call them by."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import plain_address, rows_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.mac import colons, digits

_STANDARD = "root\\StandardCimv2"
_COLUMNS = [
    "InterfaceIndex",
    "Name",
    "NetworkAddresses",
    "PermanentAddress",
    "InterfaceOperationalStatus",
    "InterfaceAdminStatus",
    "MediaConnectState",
    "Hidden",
    "IMFilter",
    "LowerLayerInterfaceIndices",
]
# All columns, of which the host returns those that its Windows has.
_ADAPTERS = Operation.of("cim.query", namespace=_STANDARD, query="SELECT * FROM MSFT_NetAdapter", properties=_COLUMNS)
_ADDRESSES = rows_of(_STANDARD, "MSFT_NetIPAddress", ("InterfaceIndex", "InterfaceAlias", "IPAddress", "PrefixLength"))
_MEMBERS = rows_of(_STANDARD, "MSFT_NetLbfoTeamMember", ("Name", "Team"))
# IF_OPER_STATUS: up. InterfaceAdminStatus: down. MediaConnectState: disconnected.
_UP, _DISABLED, _UNPLUGGED = 1, 2, 2
# Filters lie on every adapter, and each is an interface of its own with the adapter's hardware address.
_FILTER = re.compile(r"(Filter|Scheduler)-[0-9]{4}\Z")


@dataclass(frozen=True)
class Adapter:
    """C(mac): twelve digits in capitals. C(addresses): with prefix length. C(down): why it hears nothing; C(team): that it is part of."""

    name: str
    mac: str
    addresses: tuple[str, ...] = ()
    down: str | None = None
    team: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why PXE cannot answer on it."""
        return self.down or (f"a member of the team {self.team}" if self.team else None)

    @property
    def title(self) -> str:
        more = f", {self.trouble}" if self.trouble else ""
        return f"{self.name} ({colons(self.mac)}, {', '.join(self.addresses) or 'no address'}{more})"

    def has(self, address: str) -> bool:
        """Whether an address without prefix length is one of its own."""
        return address in {one.partition("/")[0] for one in self.addresses}

    def to_data(self) -> dict[str, Json]:
        return {"name": self.name, "mac": self.mac, "addresses": list(self.addresses), "down": self.down, "team": self.team}

    @staticmethod
    def from_data(data: Mapping[str, Json]) -> Adapter:
        """The inverse of to_data; a KeyError, TypeError or ValueError for anything else."""
        mac = digits(str(data["mac"]))
        if mac is None:
            raise ValueError(f"{data['mac']} is no hardware address")
        addresses = tuple(str(address) for address in data["addresses"])
        for address in addresses:
            ipaddress.ip_interface(address)
        down, team = data["down"], data["team"]
        return Adapter(str(data["name"]), mac, addresses, None if down is None else str(down), None if team is None else str(team))


def adapter_reads() -> tuple[Operation, ...]:
    """What tells all adapters."""
    return (_ADAPTERS, _ADDRESSES, _MEMBERS)


def read_adapters(answers: Answers) -> tuple[Adapter, ...] | Problem:
    """All adapters that have a hardware address. Where teams cannot be asked for, what is below a multiplexer is a member."""
    for operation, what in ((_ADAPTERS, "network adapters"), (_ADDRESSES, "IP addresses")):
        failure = answers[operation].failure
        if failure:
            return Problem.from_failure(failure, f"The host's {what}")
    rows = [row for row in answers[_ADAPTERS].data["rows"] if not _is_filter(row)]
    addresses: dict[int, list[str]] = {}
    for row in answers[_ADDRESSES].data["rows"]:
        addresses.setdefault(row["InterfaceIndex"], []).append(f"{plain_address(row['IPAddress'])}/{row['PrefixLength']}")
    teams = _teams(rows, answers)
    found = []
    for row in rows:
        mac = _mac(row)
        if mac is not None:
            own = tuple(addresses.get(row["InterfaceIndex"], ()))
            found.append(Adapter(str(row["Name"]), mac, own, _down(row), teams.get(str(row["Name"]).casefold())))
    return tuple(found)


def _is_filter(row: Mapping[str, Json]) -> bool:
    return bool(row.get("Hidden")) or _FILTER.search(str(row.get("Name") or "")) is not None


def _mac(row: Mapping[str, Json]) -> str | None:
    """The address in use before the one that is burnt in."""
    texts = (*(row.get("NetworkAddresses") or ()), row.get("PermanentAddress") or "")
    return next((mac for text in texts if (mac := digits(str(text)))), None)


def _down(row: Mapping[str, Json]) -> str | None:
    if row.get("InterfaceAdminStatus") == _DISABLED:
        return "disabled"
    up = row.get("InterfaceOperationalStatus", _UP) == _UP and row.get("MediaConnectState") != _UNPLUGGED
    return None if up else "disconnected"


def _teams(rows: Sequence[Mapping[str, Json]], answers: Answers) -> dict[str, str]:
    """The team of each member, by the member's name in small letters."""
    members = answers[_MEMBERS]
    found = {} if members.failure else {str(row["Name"]).casefold(): str(row["Team"]) for row in members.data["rows"]}
    names = {row["InterfaceIndex"]: str(row["Name"]) for row in rows}
    for row in rows:
        if row.get("IMFilter"):
            for index in row.get("LowerLayerInterfaceIndices") or ():
                if index in names:
                    found.setdefault(names[index].casefold(), str(row["Name"]))
    return found


# ---------------------------------------------------------------------- words


@dataclass(frozen=True)
class Word:
    """One interface, or C(every) interface of a network, as an operator says it. C(kind): network, address, mac or name."""

    text: str
    kind: str
    every: bool = False

    def fits(self, adapter: Adapter) -> bool:
        if self.kind == "mac":
            return adapter.mac == digits(self.text)
        if self.kind == "name":
            return adapter.name.casefold() == self.text.casefold()
        if self.kind == "address":
            return adapter.has(str(ipaddress.ip_address(self.text)))
        network = ipaddress.ip_network(self.text)
        return any(ipaddress.ip_interface(address).ip in network for address in adapter.addresses)


def word_of(text: str, *, every: bool = False) -> Word:
    """What kind of word a text is; whatever is neither a hardware address nor one of IP is a name."""
    stripped = text.strip()
    if digits(stripped):
        return Word(stripped, "mac", every)
    try:
        if "/" in stripped:
            ipaddress.ip_network(stripped)
            return Word(stripped, "network", every)
        ipaddress.ip_address(stripped)
    except ValueError:
        return Word(stripped, "name", every)
    return Word(stripped, "address", every)


@dataclass(frozen=True)
class Resolved:
    """C(wrong): what is wrong with words, each the end of a sentence about the option; then C(adapters) are not all."""

    adapters: tuple[Adapter, ...]
    wrong: tuple[str, ...] = ()

    @property
    def macs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(adapter.mac for adapter in self.adapters))


def resolve(words: Iterable[Word], adapters: Sequence[Adapter], server: str) -> Resolved:
    """The adapters that some words mean on a server."""
    found: dict[Adapter, None] = {}
    wrong = []
    there = "; ".join(adapter.title for adapter in adapters) or "no adapter at all"
    for word in words:
        fitting = [adapter for adapter in adapters if word.fits(adapter)]
        usable = [adapter for adapter in fitting if not adapter.trouble]
        if word.kind == "mac" and usable:
            # A team has the hardware address of one of its members, and a virtual switch that of the card below it.
            fitting = usable = [adapter for adapter in usable if adapter.addresses] or usable
        if not fitting:
            wrong.append(f"'{word.text}' is no interface of {server}; there are {there}.")
        elif (word.every or word.kind == "mac") and usable:
            found.update(dict.fromkeys(usable))
        elif len(fitting) > 1:
            several = ", ".join(adapter.title for adapter in fitting)
            every = "; write {network: ..., all: true} if all of them are meant" if word.kind == "network" else ""
            wrong.append(f"'{word.text}' fits {len(fitting)} interfaces of {server}, {several}; name the one that is meant{every}.")
        elif not usable:
            wrong.append(f"'{word.text}' is {fitting[0].title} on {server}, and PXE cannot answer there; there are {there}.")
        else:
            found[fitting[0]] = None
    return Resolved(tuple(found), tuple(wrong))
