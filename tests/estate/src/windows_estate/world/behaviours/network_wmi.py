# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What WMI tells of a computer's network: root\\StandardCimv2 and Win32_NetworkAdapterConfiguration, computed from one description.

Names and types of properties: the classes' documentation [H]; that a link-local address comes with its zone, that loopback has addresses
and no adapter, and that there are hidden adapters: [K].
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

from windows_estate.machine import Machine
from windows_estate.machine.wmi import Properties
from windows_estate.world.network import AddressWithNetwork, Interface, Network, mac_of

STANDARD: Final = "root\\StandardCimv2"
CIMV2: Final = "root\\cimv2"
LOOPBACK: Final = "Loopback Pseudo-Interface 1"
_ESTABLISHED: Final = 5
_LISTENING: Final = 2
# What a listener's own address reads that listens on all of them.
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - nothing is bound here
_CATEGORIES: Final = {"public": 0, "private": 1, "domain": 2}
_HIDDEN_GUID: Final = "{2CAA64ED-BAA3-4473-B637-DEC65A14C8AA}"
# 802.3, native 802.11, unspecified; and the interface types of IANA.
_MEDIA: Final = {
    "wired": (14, 6, "Intel(R) 82574L Gigabit Network Connection"),
    "wireless": (9, 71, "Intel(R) Wi-Fi 6 AX201 160MHz"),
    "team": (0, 6, "Microsoft Network Adapter Multiplexor Driver"),
}
_REMOTE_MEDIA: Final = (0, 23, "WAN Miniport (IKEv2)")
_WORKSTATION: Final = 1
# NetBIOS binds to each address of IPv4, everybody else to all addresses at once.
_NETBIOS: Final = (137, 138)
_CONNECTED: Final = 2
_DISCONNECTED: Final = 7

_PROFILE: Final = {
    **dict.fromkeys(("Caption", "Description", "ElementName", "InstanceID", "InterfaceAlias", "Name"), "string"),
    **dict.fromkeys(("DomainAuthenticationKind", "InterfaceIndex", "IPv4Connectivity", "IPv6Connectivity", "NetworkCategory"), "uint32"),
}
_ADDRESS: Final = {
    **dict.fromkeys(("InstanceID", "Caption", "ElementName", "Description", "Name", "Status", "IPv4Address", "IPv6Address"), "string"),
    **dict.fromkeys(("Address", "SubnetMask", "InterfaceAlias", "IPAddress"), "string"),
    **dict.fromkeys(("AddressType", "IPVersionSupport", "AddressOrigin", "AddressFamily", "ProtocolIFType"), "uint16"),
    **dict.fromkeys(("PrefixOrigin", "SuffixOrigin", "AddressState"), "uint16"),
    **dict.fromkeys(("PrefixLength", "Type", "Store"), "uint8"),
    "InterfaceIndex": "uint32",
    "SkipAsSource": "boolean",
}
_ADAPTER: Final = {
    **dict.fromkeys(("Caption", "Description", "Name", "Status", "DeviceID", "PermanentAddress", "InterfaceDescription"), "string"),
    **dict.fromkeys(("InterfaceName", "InterfaceGuid", "DeviceName", "PnPDeviceID", "DriverName", "InstanceID", "ElementName"), "string"),
    **dict.fromkeys(("Speed", "MaxSpeed", "NetLuid", "TransmitLinkSpeed", "ReceiveLinkSpeed"), "uint64"),
    **dict.fromkeys(("InterfaceIndex", "NetLuidIndex", "InterfaceType", "State", "NdisMedium", "NdisPhysicalMedium"), "uint32"),
    **dict.fromkeys(("InterfaceOperationalStatus", "InterfaceAdminStatus", "MediaConnectState", "MtuSize"), "uint32"),
    **dict.fromkeys(("Virtual", "Hidden", "HardwareInterface", "EndPointInterface", "ConnectorPresent", "FullDuplex"), "boolean"),
    **dict.fromkeys(("LowerLayerInterfaceIndices", "HigherLayerInterfaceIndices"), "uint32[]"),
    "NetworkAddresses": "string[]",
    "Availability": "uint16",
    "EnabledState": "uint16",
    "VlanID": "uint16",
}
_CONNECTION: Final = {
    **dict.fromkeys(("InstanceID", "Caption", "Description", "ElementName", "Name", "LocalAddress", "RemoteAddress"), "string"),
    **dict.fromkeys(("LocalPort", "RemotePort", "EnabledState", "RequestedState"), "uint16"),
    **dict.fromkeys(("State", "AppliedSetting", "OffloadState"), "uint8"),
    "OwningProcess": "uint32",
    "CreationTime": "datetime",
}
_ENDPOINT: Final = {
    **dict.fromkeys(("InstanceID", "Caption", "Description", "ElementName", "Name", "LocalAddress", "CreationTime"), "string"),
    **dict.fromkeys(("LocalPort", "EnabledState", "RequestedState"), "uint16"),
    "OwningProcess": "uint32",
}
_CARD: Final = {
    **dict.fromkeys(
        ("AdapterType", "Caption", "CreationClassName", "Description", "DeviceID", "GUID", "MACAddress", "Manufacturer"), "string"
    ),
    **dict.fromkeys(("Name", "NetConnectionID", "PermanentAddress", "PNPDeviceID", "ProductName", "ServiceName"), "string"),
    **dict.fromkeys(("Status", "SystemCreationClassName", "SystemName"), "string"),
    **dict.fromkeys(("AdapterTypeID", "Availability", "NetConnectionStatus"), "uint16"),
    **dict.fromkeys(("ConfigManagerErrorCode", "Index", "InterfaceIndex"), "uint32"),
    **dict.fromkeys(("Installed", "NetEnabled", "PhysicalAdapter"), "boolean"),
    **dict.fromkeys(("MaxSpeed", "Speed"), "uint64"),
    "NetworkAddresses": "string[]",
}
# Teams of Windows Server; the classes have no page, their properties are what published scripts read [M].
_TEAM: Final = {
    **dict.fromkeys(("InstanceID", "Name"), "string"),
    **dict.fromkeys(("Members", "TeamNics"), "string[]"),
    **dict.fromkeys(("LacpTimer", "LoadBalancingAlgorithm", "Status", "TeamingMode"), "uint32"),
}
_MEMBER: Final = {
    **dict.fromkeys(("InstanceID", "InterfaceDescription", "Name", "Team"), "string"),
    **dict.fromkeys(("AdministrativeMode", "FailureReason", "OperationalMode"), "uint32"),
    **dict.fromkeys(("ReceiveLinkSpeed", "TransmitLinkSpeed"), "uint64"),
}
_TEAM_CARD: Final = {
    **dict.fromkeys(("InstanceID", "InterfaceDescription", "Name", "Team"), "string"),
    **dict.fromkeys(("Primary", "Default"), "boolean"),
    "VlanID": "uint32",
}
_CONFIGURATION: Final = {
    **dict.fromkeys(
        ("Caption", "Description", "SettingID", "DHCPServer", "DNSDomain", "DNSHostName", "MACAddress", "ServiceName"), "string"
    ),
    **dict.fromkeys(("WINSPrimaryServer", "WINSSecondaryServer", "WINSScopeID"), "string"),
    **dict.fromkeys(("DefaultIPGateway", "DNSServerSearchOrder", "DNSDomainSuffixSearchOrder", "IPAddress", "IPSubnet"), "string[]"),
    **dict.fromkeys(("DHCPEnabled", "IPEnabled", "WINSEnableLMHostsLookup", "FullDNSRegistrationEnabled"), "boolean"),
    **dict.fromkeys(("Index", "InterfaceIndex", "IPConnectionMetric", "TcpipNetbiosOptions"), "uint32"),
    "GatewayCostMetric": "uint16[]",
}


def install(machine: Machine, network: Callable[[], Network], domain: str) -> None:
    """Let WMI answer from the network as it is whenever it is asked."""
    providers: dict[tuple[str, str], tuple[dict[str, str], Callable[[Machine], list[Properties]], str]] = {
        (STANDARD, "MSFT_NetConnectionProfile"): (_PROFILE, lambda _: _profiles(network()), "InterfaceIndex"),
        (STANDARD, "MSFT_NetIPAddress"): (_ADDRESS, lambda _: _addresses(network()), "InstanceID"),
        (STANDARD, "MSFT_NetAdapter"): (_ADAPTER, lambda _: _adapters(network()), "DeviceID"),
        (STANDARD, "MSFT_NetTCPConnection"): (_CONNECTION, lambda _: _connections(network()), "InstanceID"),
        (CIMV2, "Win32_NetworkAdapterConfiguration"): (
            _CONFIGURATION,
            lambda machine: _configurations(network(), machine.name, domain),
            "Index",
        ),
        (STANDARD, "MSFT_NetUDPEndpoint"): (_ENDPOINT, lambda _: endpoints(network()), "InstanceID"),
        (CIMV2, "Win32_NetworkAdapter"): (_CARD, lambda machine: _cards(network(), machine.name), "DeviceID"),
    }
    if machine.product_type not in (None, _WORKSTATION):
        providers[(STANDARD, "MSFT_NetLbfoTeam")] = (_TEAM, lambda _: _team_rows(network()), "InstanceID")
        providers[(STANDARD, "MSFT_NetLbfoTeamMember")] = (_MEMBER, lambda _: _member_rows(network()), "InstanceID")
        providers[(STANDARD, "MSFT_NetLbfoTeamNic")] = (_TEAM_CARD, lambda _: _team_card_rows(network()), "InstanceID")
    for (namespace, name), (properties, rows, key) in providers.items():
        machine.provide(namespace, name, properties, rows, key=[key])


def install_endpoints(machine: Machine, network: Callable[[], Network]) -> None:
    """MSFT_NetUDPEndpoint alone, on a machine whose network is in its state."""
    machine.provide(STANDARD, "MSFT_NetUDPEndpoint", _ENDPOINT, lambda _: endpoints(network()), key=["InstanceID"])


def _profiles(network: Network) -> list[Properties]:
    return [
        {
            "Name": one.network_name,
            "InstanceID": one.guid,
            "InterfaceAlias": one.alias,
            "InterfaceIndex": one.index,
            "NetworkCategory": _CATEGORIES[one.profile],
            "IPv4Connectivity": 4,
            "IPv6Connectivity": 1,
            "DomainAuthenticationKind": 1 if one.profile == "domain" else 0,
        }
        for one in network.interfaces
        if one.up and one.team is None
    ]


def _addresses(network: Network) -> list[Properties]:
    rows: list[Properties] = []
    for one in network.interfaces:
        rows += [_address(own, one.alias, one.index, manual=one.dhcp is None) for own in one.all_addresses]
    for text in ("127.0.0.1/8", "::1/128"):
        rows.append(_address(ipaddress.ip_interface(text), LOOPBACK, 1, manual=False))
    return rows


def _address(own: AddressWithNetwork, alias: str, index: int, *, manual: bool) -> Properties:
    text = f"{own.ip}%{index}" if own.version == 6 and own.ip.is_link_local else str(own.ip)
    return {
        "InstanceID": f"{text};{index}",
        "InterfaceAlias": alias,
        "InterfaceIndex": index,
        "IPAddress": text,
        "IPv4Address": text if own.version == 4 else None,
        "IPv6Address": text if own.version == 6 else None,
        "PrefixLength": own.network.prefixlen,
        "AddressFamily": 2 if own.version == 4 else 23,
        "Type": 1,
        "Store": 1,
        "PrefixOrigin": 2 if own.ip.is_link_local or own.ip.is_loopback else 1 if manual else 3,
        "SuffixOrigin": 4 if own.ip.is_link_local else 1 if manual else 3,
        "AddressState": 4,
        "SkipAsSource": False,
    }


def _adapters(network: Network) -> list[Properties]:
    rows = []
    for number, one in enumerate(network.interfaces, 1):
        medium, kind, description = _MEDIA.get(one.kind, _REMOTE_MEDIA)
        virtual = one.kind in ("remote_access", "team")
        rows.append(
            {
                "Name": one.alias,
                "DeviceID": one.guid,
                "InterfaceGuid": one.guid,
                "InterfaceIndex": one.index,
                "InterfaceDescription": _described(description, number),
                "InterfaceName": f"ethernet_{32768 + one.index}",
                "DeviceName": f"\\Device\\{one.guid}",
                "InterfaceType": kind,
                "NdisMedium": 0 if one.kind != "remote_access" else 3,
                "NdisPhysicalMedium": medium,
                "InterfaceOperationalStatus": 1 if one.up else 2,
                "InterfaceAdminStatus": 1,
                "MediaConnectState": 1 if one.up else 2,
                "State": 2,
                "MtuSize": 1500,
                "Virtual": virtual,
                "Hidden": False,
                "HardwareInterface": not virtual,
                "ConnectorPresent": not virtual,
                "LowerLayerInterfaceIndices": [other.index for other in network.interfaces if _is_in(other, one)] or None,
                "HigherLayerInterfaceIndices": [other.index for other in network.interfaces if _is_in(one, other)] or None,
                "PermanentAddress": mac_of(one).replace("-", ""),
                "NetworkAddresses": [mac_of(one).replace("-", "")],
            }
        )
    hidden: dict[str, Any] = {
        "Name": "Local Area Connection* 1",
        "DeviceID": _HIDDEN_GUID,
        "InterfaceGuid": _HIDDEN_GUID,
        "InterfaceIndex": 2,
        "InterfaceDescription": "WAN Miniport (SSTP)",
        "DeviceName": f"\\Device\\{_HIDDEN_GUID}",
        "InterfaceType": 131,
        "NdisMedium": 3,
        "NdisPhysicalMedium": 0,
        "InterfaceOperationalStatus": 2,
        "InterfaceAdminStatus": 1,
        "MediaConnectState": 0,
        "State": 2,
        "Virtual": False,
        "Hidden": True,
        "HardwareInterface": False,
        "ConnectorPresent": False,
    }
    return [*rows, hidden]


def _described(description: str, number: int) -> str:
    """Windows numbers cards of the same make."""
    return description if number == 1 else f"{description} #{number}"


def _is_in(member: Interface, team: Interface) -> bool:
    return member.team is not None and member.team.lower() == team.alias.lower()


def _cards(network: Network, host: str) -> list[Properties]:
    return [
        {
            "AdapterType": "Ethernet 802.3",
            "AdapterTypeID": 0,
            "CreationClassName": "Win32_NetworkAdapter",
            "Description": _MEDIA.get(one.kind, _REMOTE_MEDIA)[2],
            "DeviceID": str(number),
            "GUID": one.guid,
            "Index": number,
            "InterfaceIndex": one.index,
            "MACAddress": mac_of(one).replace("-", ":"),
            "Name": _described(_MEDIA.get(one.kind, _REMOTE_MEDIA)[2], number),
            "NetConnectionID": one.alias,
            "NetConnectionStatus": _CONNECTED if one.up else _DISCONNECTED,
            "NetEnabled": one.up,
            "PhysicalAdapter": one.kind not in ("remote_access", "team"),
            "SystemCreationClassName": "Win32_ComputerSystem",
            "SystemName": host,
        }
        for number, one in enumerate(network.interfaces, 1)
    ]


def _team_rows(network: Network) -> list[Properties]:
    return [
        {
            "InstanceID": team.guid,
            "Name": team.alias,
            "Members": [one.alias for one in network.interfaces if _is_in(one, team)],
            "TeamNics": [team.alias],
            "TeamingMode": 1,
            "LoadBalancingAlgorithm": 5,
            "Status": 0,
        }
        for team in network.interfaces
        if team.kind == "team"
    ]


def _member_rows(network: Network) -> list[Properties]:
    return [
        {
            "InstanceID": one.guid,
            "Name": one.alias,
            "InterfaceDescription": _described(_MEDIA.get(one.kind, _REMOTE_MEDIA)[2], number),
            "Team": one.team,
            "AdministrativeMode": 0,
            "OperationalMode": 0,
            "FailureReason": 0 if one.up else 1,
        }
        for number, one in enumerate(network.interfaces, 1)
        if one.team is not None
    ]


def _team_card_rows(network: Network) -> list[Properties]:
    return [
        {
            "InstanceID": team.guid,
            "Name": team.alias,
            "InterfaceDescription": _described(_MEDIA["team"][2], number),
            "Team": team.alias,
            "Primary": True,
            "Default": True,
        }
        for number, team in enumerate(network.interfaces, 1)
        if team.kind == "team"
    ]


def endpoints(network: Network) -> list[Properties]:
    """Who waits on UDP ports, and where. A listener's address that is none of this host's any more is left out."""
    own = [str(address.ip) for one in network.interfaces for address in one.all_addresses]
    rows = []
    for listener in network.listeners:
        if listener.protocol != 17:
            continue
        if listener.addresses is not None:
            places = [one for one in listener.addresses if one in own or one in _EVERYWHERE]
        elif listener.port in _NETBIOS:
            places = [one for one in own if ":" not in one]
        else:
            places = list(_EVERYWHERE)
        rows += [_endpoint(place, listener.port, listener.process) for place in places]
    return rows


def _endpoint(address: str, port: int, process: int) -> Properties:
    return {"InstanceID": f"{address}++{port}", "LocalAddress": address, "LocalPort": port, "OwningProcess": process}


def _connections(network: Network) -> list[Properties]:
    rows = []
    for listener in network.listeners:
        if listener.protocol == 6:
            rows += [_connection((own, listener.port), (own, 0), _LISTENING, listener.process) for own in _EVERYWHERE]
    card = None if network.controller is None else network.toward(network.controller)
    if card is not None and network.controller is not None:
        to = next(str(address.ip) for address in card.addresses if address.version == network.controller.version)
        remote = (str(network.controller), network.controller_port)
        rows.append(_connection((to, network.management_port), remote, _ESTABLISHED, 4))
    return rows


def _connection(local: tuple[str, int], remote: tuple[str, int], state: int, process: int) -> Properties:
    return {
        "InstanceID": f"{local[0]}++{local[1]}++{remote[0]}++{remote[1]}",
        "LocalAddress": local[0],
        "LocalPort": local[1],
        "RemoteAddress": remote[0],
        "RemotePort": remote[1],
        "State": state,
        "OwningProcess": process,
    }


def _configurations(network: Network, host: str, domain: str) -> list[Properties]:
    rows: list[Properties] = [
        {"Index": 0, "Description": "WAN Miniport (SSTP)", "SettingID": _HIDDEN_GUID, "IPEnabled": False, "DHCPEnabled": False}
    ]
    for number, one in enumerate(network.interfaces, 1):
        row: Properties = {
            "Index": number,
            "InterfaceIndex": one.index,
            "SettingID": one.guid,
            "Description": _described(_MEDIA.get(one.kind, _REMOTE_MEDIA)[2], number),
            "DHCPEnabled": one.dhcp is not None,
            "IPEnabled": one.up and one.team is None,
            "MACAddress": mac_of(one).replace("-", ":"),
        }
        if one.up and one.team is None:
            own = one.all_addresses
            row |= {
                "DNSHostName": host,
                "DNSDomain": domain if one.profile == "domain" else None,
                "IPAddress": [str(address.ip) for address in own],
                "IPSubnet": [str(address.netmask) if address.version == 4 else str(address.network.prefixlen) for address in own],
                "DefaultIPGateway": [str(gateway) for gateway in one.gateways] or None,
                "DNSServerSearchOrder": [str(server) for server in one.dns] or None,
                "DHCPServer": None if one.dhcp is None else str(one.dhcp),
                "WINSPrimaryServer": str(one.wins[0]) if one.wins else None,
                "WINSSecondaryServer": str(one.wins[1]) if len(one.wins) > 1 else None,
            }
        rows.append(row)
    return rows
