# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's network interfaces as WMI tells of them: adapters, networks, addresses, and the servers that they were told of."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import InterfaceType, Profile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Interface

_STANDARD = "root\\StandardCimv2"


def rows_of(namespace: str, class_name: str, properties: tuple[str, ...], where: str = "") -> Operation:
    """A query for some properties of a class."""
    condition = f" WHERE {where}" if where else ""
    query = f"SELECT {', '.join(properties)} FROM {class_name}{condition}"  # noqa: S608 it is WQL, and of our own words
    return Operation.of("cim.query", namespace=namespace, query=query, properties=list(properties))


_NETWORKS = rows_of(_STANDARD, "MSFT_NetConnectionProfile", ("InterfaceIndex", "InterfaceAlias", "Name", "NetworkCategory"))
_ADDRESSES = rows_of(_STANDARD, "MSFT_NetIPAddress", ("InterfaceIndex", "InterfaceAlias", "IPAddress", "PrefixLength"))
_ADAPTERS = rows_of(
    _STANDARD,
    "MSFT_NetAdapter",
    ("InterfaceIndex", "Name", "InterfaceGuid", "InterfaceOperationalStatus", "InterfaceType", "NdisPhysicalMedium"),
)
_SERVERS = rows_of(
    "root\\cimv2",
    "Win32_NetworkAdapterConfiguration",
    (
        "SettingID",
        "InterfaceIndex",
        "DefaultIPGateway",
        "DNSServerSearchOrder",
        "DHCPServer",
        "WINSPrimaryServer",
        "WINSSecondaryServer",
    ),
    "IPEnabled = TRUE",
)

# NetworkCategory counts as NLM_NETWORK_CATEGORY does.
_CATEGORIES: Mapping[int, Profile] = {0: "public", 1: "private", 2: "domain"}
_UP = 1
# InterfaceType is IANA's ifType: Ethernet, IEEE 802.11, PPP. NdisPhysicalMedium: wireless LAN, native 802.11, 802.3.
_TYPES: Mapping[int, InterfaceType] = {6: "lan", 71: "wireless", 23: "remote_access"}
_MEDIA: Mapping[int, InterfaceType] = {1: "wireless", 9: "wireless", 14: "lan"}


@dataclass(frozen=True)
class Network:
    """C(interfaces): those that are up. C(adapters): GUIDs by alias, of all. C(evidence): a line for each interface."""

    interfaces: tuple[Interface, ...]
    adapters: Mapping[str, str]
    evidence: tuple[str, ...]
    caveats: tuple[str, ...] = ()


def network_reads() -> tuple[Operation, ...]:
    """The reads that tell all interfaces."""
    return (_NETWORKS, _ADDRESSES, _ADAPTERS, _SERVERS)


def read_network(answers: Answers) -> Network | Problem:
    """All interfaces. Without the servers that they were told of they can still be judged, as far as no rule names those."""
    for operation, what in ((_NETWORKS, "network profiles"), (_ADDRESSES, "IP addresses"), (_ADAPTERS, "network adapters")):
        failure = answers[operation].failure
        if failure:
            return Problem.from_failure(failure, f"The host's {what}")
    networks = {row["InterfaceIndex"]: row for row in answers[_NETWORKS].data["rows"]}
    addresses = _addresses(answers[_ADDRESSES].data["rows"])
    adapters = {row["InterfaceIndex"]: row for row in answers[_ADAPTERS].data["rows"]}
    servers = answers[_SERVERS]
    told = {} if servers.failure else {row["InterfaceIndex"]: row for row in servers.data["rows"]}
    interfaces = tuple(
        Interface(
            guid=_guid(index, adapters, told),
            alias=_alias(index, adapters, networks, addresses),
            type=_type(adapters.get(index)),
            profile=_CATEGORIES.get(networks[index]["NetworkCategory"]) if index in networks else None,
            addresses=tuple(addresses.get(index, {}).get("addresses", ())),
            **_servers(told.get(index)),
        )
        for index in _up(networks, addresses, adapters)
    )
    failure = servers.failure
    caveats = (f"gateways and servers of the interfaces could not be read: {failure.message}",) if failure else ()
    evidence = tuple(
        f"interface {one.alias}: {one.profile or 'no profile'}, {', '.join(one.addresses) or 'no address'}" for one in interfaces
    )
    return Network(interfaces, {row["Name"]: _braced(row["InterfaceGuid"]) for row in adapters.values()}, evidence, caveats)


def plain_address(text: str) -> str:
    """An address without its scope; one of IPv4 that is written as IPv6 (::ffff:a.b.c.d) as what it is."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _addresses(rows: Json) -> dict[int, dict[str, Json]]:
    """Alias and addresses by interface; loopback is no interface of the firewall's."""
    found: dict[int, dict[str, Json]] = {}
    for row in rows:
        address = plain_address(row["IPAddress"])
        if not ipaddress.ip_address(address).is_loopback:
            entry = found.setdefault(row["InterfaceIndex"], {"alias": row.get("InterfaceAlias"), "addresses": []})
            entry["addresses"].append(f"{address}/{row['PrefixLength']}")
    return found


def _up(networks: Mapping[int, Json], addresses: Mapping[int, Json], adapters: Mapping[int, Json]) -> Iterator[int]:
    """Connections of remote access have no adapter, and the adapters of filters on the way have neither network nor address."""
    for index in dict.fromkeys((*adapters, *networks, *addresses)):
        there = index in networks or index in addresses
        if there and adapters.get(index, {}).get("InterfaceOperationalStatus", _UP) == _UP:
            yield index


def _alias(index: int, adapters: Mapping[int, Json], networks: Mapping[int, Json], addresses: Mapping[int, Json]) -> str:
    told = (adapters.get(index, {}).get("Name"), networks.get(index, {}).get("InterfaceAlias"), addresses.get(index, {}).get("alias"))
    return next((alias for alias in told if alias), f"interface {index}")


def _guid(index: int, adapters: Mapping[int, Json], told: Mapping[int, Json]) -> str:
    """Without one no rule can name the interface, so any text that is no GUID does."""
    guid = adapters.get(index, {}).get("InterfaceGuid") or told.get(index, {}).get("SettingID")
    return _braced(guid) if guid else f"{{{index}}}"


def _braced(guid: str) -> str:
    return f"{{{guid.strip('{}').upper()}}}"


def _type(adapter: Mapping[str, Json] | None) -> InterfaceType | None:
    if adapter is None:
        return None
    # Wireless adapters may give themselves out as Ethernet, so the medium comes first.
    return _MEDIA.get(adapter.get("NdisPhysicalMedium") or 0) or _TYPES.get(adapter.get("InterfaceType") or 0)


def _servers(row: Mapping[str, Json] | None) -> dict[str, tuple[str, ...] | None]:
    if row is None:
        return dict.fromkeys(("gateways", "dns", "dhcp", "wins"))
    return {
        "gateways": _listed(row.get("DefaultIPGateway")),
        "dns": _listed(row.get("DNSServerSearchOrder")),
        "dhcp": _listed(row.get("DHCPServer")),
        "wins": _listed(row.get("WINSPrimaryServer"), row.get("WINSSecondaryServer")),
    }


def _listed(*values: Json) -> tuple[str, ...]:
    flat = [text for value in values if value for text in (value if isinstance(value, list) else [value])]
    # 255.255.255.255 stands for no DHCP server.
    return tuple(plain_address(text) for text in flat if text != "255.255.255.255")
