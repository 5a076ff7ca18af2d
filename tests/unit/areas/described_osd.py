# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the states of provider hosts, distribution points and state migration points out of short descriptions.

The states have the form in which contract vectors describe a host. The heads of `pxe_situations.yml` and `state_migration_situations.yml`
explain the descriptions. This module knows Configuration Manager, WDS and Windows, never the code that is judged by the tables.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import described_firewall as fw
import described_site as site
from push_situations import TableError

SITE_FIELDS = frozenset(
    {
        "site_code", "secondary", "points", "migration_points", "multicast_points", "associations", "access_accounts", "stored_accounts",
        "module", "denied", "broken", "hidden", "without_class", "software_distribution",
    }
)  # fmt: skip
POINT_FIELDS = frozenset(
    {
        "server", "site", "pxe", "answers", "unknown", "policy", "list", "password", "delay", "affinity", "multicast", "anonymous",
        "responder", "props", "list_name", "lists", "staged", "denied",
    }
)  # fmt: skip
MIGRATION_FIELDS = frozenset({"server", "site", "delay", "cycle", "restore_only", "folders", "props", "list_name", "lists", "staged"})
ASSOCIATION_FIELDS = frozenset(
    {"source", "destination", "ids", "status", "type", "path", "created", "released", "deleted", "site", "id", "behavior"}
)
SERVER_FIELDS = frozenset(
    {
        "name", "adapters", "services", "wds", "dp", "listens", "firewall", "shares", "volumes", "smb", "denied", "broken", "without_class",
        "domain_role", "directories",
    }
)  # fmt: skip
ADAPTER_FIELDS = frozenset({"name", "mac", "addresses", "up", "team", "profile", "disabled", "virtual"})

BLOB = base64.b64encode(b"PXE-SECRET-BLOB-987654").decode("ascii")
"""What the site keeps in place of a PXE password: must never leave the host."""
UNSET = "00000000000000.000000+***"
PXE_PORTS = (67, 69, 4011)
DISTRIBUTION_POINT, STATE_MIGRATION_POINT = "SMS Distribution Point", "SMS State Migration Point"
MULTICAST_POINT = "SMS Multicast Service Point"
WDS_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\WDSServer\\Providers\\WDSPXE"
DP_KEY = "HKLM\\SOFTWARE\\Microsoft\\SMS\\DP"
LANMAN_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanManServer\\Parameters"
SMB = "root\\Microsoft\\Windows\\SMB"
STANDARD = "root\\StandardCimv2"
CIMV2 = "root\\cimv2"
GIB = 1024**3


# -- the provider host -------------------------------------------------------------------------------------------------------------------


def site_state(described: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The state of a provider host whose site has these points."""
    _known(described, SITE_FIELDS, name, "a site")
    code = described.get("site_code", "P01")
    passed = {key: described[key] for key in ("site_code", "secondary", "denied", "broken") if key in described}
    state = site.host_state({"accounts": [], "module": "none", **passed}, name)
    namespace = state["wmi"].get(f"root\\SMS\\site_{code}")
    if described.get("module", "current") != "none":
        state["console"] = "environment"
        state["modules"] = _console(described.get("module", "current"), name)
    if namespace is None or "throws" in namespace:
        return state
    without = described.get("without_class", [])
    hidden = described.get("hidden", [])
    namespace["classes"].update({name: dict(content) for name, content in _SITE_CLASSES.items() if name not in without})
    rows = [*_site_rows(described, code, name)]
    namespace["instances"] += [row for row in rows if row["class"] not in hidden and row["class"] not in without]
    return state


def _site_rows(described: Mapping[str, Any], code: str, name: str) -> Iterator[dict[str, Any]]:
    for label, point in described.get("points", {}).items():
        _known(point, POINT_FIELDS, name, label)
        yield from _distribution_point(label, point, code, name)
    for label, point in described.get("migration_points", {}).items():
        _known(point, MIGRATION_FIELDS, name, label)
        yield from _migration_point(label, point, code, name)
    for label in described.get("multicast_points", []):
        yield _role(_server(label, {}), code, MULTICAST_POINT, _props({"AuthType": 0, "IpAddressSource": 1}), [])
    for number, association in enumerate(described.get("associations", [])):
        _known(association, ASSOCIATION_FIELDS, name, f"association {number}")
        yield _association(association, number, code)
    if described.get("software_distribution", "there") != "missing":
        accounts = described.get("access_accounts", [])
        properties = {
            "FileType": 2, "SiteCode": code, "ItemName": "Software Distribution", "ItemType": "Client Component",
            "ClientComponentName": "Software Distribution", "Flags": 1, "Props": _props({"Network Access User Name": ""}),
            "PropLists": [_list("Network Access User Names", accounts)] if accounts is not None else [],
        }  # fmt: skip
        yield {"class": "SMS_SCI_ClientComp", "properties": properties}
    stored = described.get("stored_accounts")
    for account in described.get("access_accounts") or [] if stored is None else stored:
        given = {"name": account, "usage": ["Software Distribution"]} if isinstance(account, str) else account
        properties = {
            "FileType": 2, "SiteCode": code, "ItemName": f"{given['name']}| 0", "ItemType": "User", "UserName": given["name"],
            "Reserved2": {"base64": BLOB}, "AccountUsage": list(given["usage"]),
        }  # fmt: skip
        yield {"class": "SMS_SCI_Reserved", "properties": properties}


def _server(label: str, point: Mapping[str, Any]) -> str:
    return str(point.get("server", label if "." in label else f"{label}.corp.example"))


def _role(server: str, code: str, role: str, props: Sequence[Any], lists: Sequence[Any], *, file_type: int = 2) -> dict[str, Any]:
    nal = f'["Display=\\\\{server}\\"]MSWNET:["SMS_SITE={code}"]\\\\{server}\\'
    properties = {
        "FileType": file_type, "SiteCode": code, "ItemName": f"{nal},{role}", "ItemType": "System Resource Usage", "RoleName": role,
        "NALPath": nal, "NALType": "Windows NT Server", "NetworkOSPath": f"\\\\{server}", "SslState": 0, "RoleCount": 1,
        "Props": list(props), "PropLists": list(lists),
    }  # fmt: skip
    return {"class": "SMS_SCI_SysResUse", "properties": properties}


_NUMBERS = {
    "pxe": "IsPXE", "answers": "IsActive", "unknown": "SupportUnknownMachines", "policy": "BindPolicy", "delay": "ResponseDelay",
    "affinity": "UdaSetting", "multicast": "IsMulticast", "anonymous": "IsAnonymousEnabled",
}  # fmt: skip


def _distribution_point(label: str, point: Mapping[str, Any], code: str, name: str) -> Iterator[dict[str, Any]]:
    at = point.get("site", code)
    server = _server(label, point)
    numbers = {prop: point.get(field, 0) for field, prop in _NUMBERS.items() if point.get(field, 0) != "missing"}
    props: dict[str, Any] = {"Server Remote Name": server, **numbers}
    password = point.get("password", "none")
    if password != "missing":
        props["PXEPassword"] = _PASSWORDS.get(password, password)
    if "responder" in point:
        props["SccmPXE"] = point["responder"]
    props.update(point.get("props", {}))
    addresses = point.get("list", [])
    lists = [_list("Protected Boundary", [])]
    if addresses != "missing":
        lists.append(_list(point.get("list_name", "BindExcept"), addresses))
    lists += [_list(other, values) for other, values in point.get("lists", {}).items()]
    row = _role(server, at, DISTRIBUTION_POINT, _props(props), lists)
    if "denied" in point:
        row["denied"] = point["denied"]
    yield row
    if "staged" in point:
        staged = {prop: point["staged"].get(field, value) for field, prop in _NUMBERS.items() for value in [numbers.get(prop, 0)]}
        old = _list("BindExcept", point["staged"].get("list", addresses if addresses != "missing" else []))
        yield _role(server, at, DISTRIBUTION_POINT, _props({**props, **staged}), [old], file_type=1)
    shown = {
        "NALPath": row["properties"]["NALPath"], "ResourceType": "Windows NT Server", "ServerName": server, "SiteCode": at,
        "Name": server, "SiteName": f"Site {at}", "Communication": 0, "PXEPassword": BLOB if password == "set" else "",
        "BindExcept": ",".join(addresses) if addresses != "missing" else "", "SccmPXE": bool(point.get("responder", 0)),
    }  # fmt: skip
    for field, prop in _NUMBERS.items():
        value = point.get(field, 0)
        if prop in ("ResponseDelay", "UdaSetting"):
            shown[prop] = value if isinstance(value, int) else 0
        elif prop != "IsAnonymousEnabled":
            shown[prop] = bool(value) if isinstance(value, int) else False
    yield {"class": "SMS_DistributionPointInfo", "properties": shown}


_PASSWORDS: Mapping[str, Any] = {
    "set": BLOB,
    "none": "",
    "behind a type": {"Value1": "REG_SZ", "Value2": BLOB},
    "nothing behind a type": {"Value1": "REG_SZ", "Value2": ""},
}


def _migration_point(label: str, point: Mapping[str, Any], code: str, name: str) -> Iterator[dict[str, Any]]:
    at = point.get("site", code)
    server = _server(label, point)
    numbers = {
        "delay": "SMPStoreDeletionDelayTimeInMinutes",
        "cycle": "SMPStoreDeletionCycleTimeInMinutes",
        "restore_only": "SMPQuiesceState",
    }
    defaults = {"delay": 1440, "cycle": 1440, "restore_only": 0}
    found = {prop: point.get(field, defaults[field]) for field, prop in numbers.items() if point.get(field) != "missing"}
    props = {**found, "Server Remote Name": server, **point.get("props", {})}
    lists = [_list(other, values) for other, values in point.get("lists", {}).items()]
    folders = point.get("folders", [])
    if folders != "missing":
        lists.insert(0, _list(point.get("list_name", "Directories"), folders))
    yield _role(server, at, STATE_MIGRATION_POINT, _props(props), lists)
    if "staged" in point:
        staged = {prop: point["staged"].get(field, found.get(prop)) for field, prop in numbers.items()}
        yield _role(server, at, STATE_MIGRATION_POINT, _props({**props, **staged}), lists, file_type=1)


def _association(given: Mapping[str, Any], number: int, code: str) -> dict[str, Any]:
    source_id, restore_id = given.get("ids", [16777220 + 2 * number, 16777221 + 2 * number])
    properties = {
        "SourceClientResourceID": source_id, "RestoreClientResourceID": restore_id, "SourceName": given["source"],
        "RestoreName": given["destination"], "MigrationID": given.get("id", f"{{{number:08X}-0000-0000-0000-00000000A550}}"),
        "MigrationType": given.get("type", 1), "MigrationStatus": given.get("status", 2), "MigrationBehavior": given.get("behavior", 0),
        "StorePath": given.get("path", ""), "SiteCode": given.get("site", code),
        "StoreCreationDate": given.get("created", UNSET), "StoreReleaseDate": given.get("released", UNSET),
        "StoreDeletionDate": given.get("deleted", UNSET),
    }  # fmt: skip
    return {"class": "SMS_StateMigration", "properties": {key: value for key, value in properties.items() if value is not None}}


def _props(props: Mapping[str, Any]) -> list[dict[str, Any]]:
    embedded = []
    for name, value in props.items():
        if value is None:
            continue
        content: dict[str, Any] = {"Value": 0, "Value1": "", "Value2": ""}
        if isinstance(value, Mapping):
            content.update(value)
        else:
            content["Value" if isinstance(value, int) else "Value1"] = value
        embedded.append({"__class": "SMS_EmbeddedProperty", "PropertyName": name, **content})
    return embedded


def _list(name: str, values: Sequence[str]) -> dict[str, Any]:
    return {"__class": "SMS_EmbeddedPropertyList", "PropertyListName": name, "Values": list(values)}


def _known(given: Mapping[str, Any], fields: frozenset[str], name: str, what: str) -> None:
    if unknown := set(given) - fields:
        raise TableError(f"{name}: unknown fields of {what} {sorted(unknown)}")


def _console(module: str, name: str) -> dict[str, Any]:
    common = {
        "InputObject": "any",
        "SiteCode": "text",
        "SiteSystemServerName": "text",
        "PassThru": "switch",
        "WhatIf": "switch",
        "Confirm": "switch",
    }
    point = {
        **common, "AllowPxeResponse": "flag", "EnableAnonymous": "flag", "EnableMulticast": "flag", "EnableNonWdsPxe": "flag",
        "EnablePxe": "flag", "EnableUnknownComputerSupport": "flag", "KeepWds": "flag", "Force": "switch",
        "MacAddressForRespondingPxeRequest": "texts", "AddMacAddressForRespondingPxeRequest": "texts",
        "RemoveMacAddressForRespondingPxeRequest": "texts", "ClearMacAddressForRespondingPxeRequest": "switch",
        "RespondToAllNetwork": "switch", "PxePassword": "secure", "PxeServerResponseDelaySec": "number", "UserDeviceAffinity": "text",
    }  # fmt: skip
    migration = {
        **common, "AddStorageFolder": "any", "RemoveStorageFolder": "any", "DeleteImmediately": "switch", "EnableRestoreOnlyMode": "flag",
        "TimeDeleteAfter": "number", "TimeUnit": "text", "AllowFallbackSourceLocationForContent": "flag",
    }  # fmt: skip
    folder = {"StorageFolderName": "text", "MaximumClientNumber": "number", "MinimumFreeSpace": "number", "SpaceUnit": "text"}
    if module == "old":
        # Before the responder without WDS and the lists of MACs.
        for gone in [one for one in point if "Mac" in one or one in ("EnableNonWdsPxe", "RespondToAllNetwork", "AllowPxeResponse")]:
            del point[gone]
    elif module != "current":
        raise TableError(f"{name}: module is current, old or none, not {module!r}")
    association = {
        "SourceComputer": "text", "DestinationComputer": "text", "MigrationId": "text", "Force": "switch", "InputObject": "any",
        "WhatIf": "switch", "Confirm": "switch",
    }  # fmt: skip
    commands = {
        "Set-CMDistributionPoint": {"parameters": point, "recorded": True},
        "Get-CMDistributionPoint": {"parameters": {"SiteCode": "text", "SiteSystemServerName": "text"}},
        "Get-CMDistributionPointInfo": {"parameters": {"SiteCode": "text", "SiteSystemServerName": "text"}},
        "Get-CMMulticastServicePoint": {"parameters": {"SiteCode": "text", "SiteSystemServerName": "text"}},
        "Set-CMStateMigrationPoint": {"parameters": migration, "recorded": True},
        "Get-CMStateMigrationPoint": {"parameters": {"SiteCode": "text", "SiteSystemServerName": "text"}},
        "New-CMStorageFolder": {"parameters": folder, "recorded": True},
        "Remove-CMComputerAssociation": {"parameters": association, "recorded": True},
        "Get-CMComputerAssociation": {"parameters": {"SourceComputer": "text", "DestinationComputer": "text", "MigrationId": "text"}},
    }
    return {"ConfigurationManager": {"version": "5.2403.1153.1000", "commands": commands}}


_ITEM = {"FileType": "uint32", "ItemName": "string", "ItemType": "string", "SiteCode": "string"}
_EMBEDDED = {"Props": "object[]", "PropLists": "object[]"}
_SITE_CLASSES: Mapping[str, Mapping[str, Any]] = {
    "SMS_SCI_SysResUse": {
        "properties": {
            **_ITEM, "RoleName": "string", "NALPath": "string", "NALType": "string", "NetworkOSPath": "string", "SslState": "uint32",
            "RoleCount": "uint32", "Type": "uint32", "ServiceWindows": "object[]", **_EMBEDDED,
        },
        # That an enumeration shows the embedded arrays cannot be relied on.
        "lazy": ["Props", "PropLists", "ServiceWindows"],
    },
    "SMS_DistributionPointInfo": {
        "properties": {
            **dict.fromkeys(("NALPath", "ResourceType", "ServerName", "SiteCode", "Name", "SiteName"), "string"),
            **dict.fromkeys(("PXEPassword", "BindExcept"), "string"),
            **dict.fromkeys(("IsPXE", "IsActive", "SupportUnknownMachines", "IsMulticast", "BindPolicy", "SccmPXE"), "boolean"),
            **dict.fromkeys(("ResponseDelay", "UdaSetting", "Communication"), "uint32"),
        }
    },
    "SMS_StateMigration": {
        "properties": {
            **dict.fromkeys(("SourceClientResourceID", "RestoreClientResourceID"), "uint32"),
            **dict.fromkeys(("MigrationType", "MigrationStatus", "MigrationBehavior"), "uint32"),
            **dict.fromkeys(("MigrationID", "SourceName", "RestoreName", "StorePath", "SiteCode"), "string"),
            **dict.fromkeys(("StoreCreationDate", "StoreReleaseDate", "StoreDeletionDate"), "datetime"),
            "UserNames": "object[]",
        },
        "lazy": ["UserNames"],
        "methods": {
            "DeleteAssociation": {
                "in": {"SourceClientResourceID": "uint32", "RestoreClientResourceID": "uint32"},
                "out": {"ReturnValue": {"type": "sint32", "value": 0}},
            }
        },
    },
    "SMS_SCI_ClientComp": {
        "properties": {**_ITEM, "ClientComponentName": "string", "Flags": "uint32", **_EMBEDDED, "RegMultiStringLists": "object[]"},
        "lazy": ["Props", "PropLists", "RegMultiStringLists"],
    },
}  # fmt: skip


# -- a site system ---------------------------------------------------------------------------------------------------------------------


def server_state(described: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The state of a distribution point or a state migration point."""
    _known(described, SERVER_FIELDS, name, "a server")
    adapters = [_adapter(one, number, name) for number, one in enumerate(described.get("adapters", [_ONE]))]
    interfaces = [
        {
            "alias": one["name"], "index": one["index"], "guid": one["guid"], "up": one["up"], "type": "Lan",
            "profile": one.get("profile", "domain") if one["addresses"] else None, "addresses": one["addresses"],
            "gateways": ["10.20.1.1"] if number == 0 else [], "dns": ["10.20.0.10"] if number == 0 else [],
        }
        for number, one in enumerate(adapters)
    ]  # fmt: skip
    firewall = {"base": "server", "interfaces": interfaces, **described.get("firewall", {})}
    own = next((text.partition("/")[0] for one in adapters for text in one["addresses"] if ":" not in text), "127.0.0.1")
    firewall.setdefault("connections", [{"local": own, "port": 5985, "remote": fw.CONTROLLER}])
    wmi = fw.wmi(firewall, 3)
    _tell_of_adapters(wmi, adapters)
    _tell_of_services(wmi, described)
    _tell_of_endpoints(wmi, described)
    _tell_of_disks(wmi, described)
    wmi[SMB] = _smb_namespace(described)
    registry = {**fw.registry(firewall), **_role_keys(described)}
    host_name = described.get("name", "DP01")
    state: dict[str, Any] = {
        "host": {
            "name": host_name, "domain": "corp.example", "domain_role": described.get("domain_role", 3), "product_type": 3,
            "build": "10.0.20348.2340",
            "user": {"name": "CORP\\svc-ansible", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544", "S-1-1-0"]},
        },
        "registry": registry,
        "accounts": [{"sid": "S-1-5-21-9-9-9-1105", "name": "CORP\\svc-ansible"}],
        "groups": [{"sid": "S-1-5-32-544", "name": "Administrators", "members": [{"sid": "S-1-5-21-9-9-9-1105"}]}],
        "modules": _smb_module(described),
        "wmi": wmi,
    }  # fmt: skip
    for namespace in described.get("broken", []):
        wmi[namespace] = {"throws": "ProviderLoadFailure"}
    for namespace in described.get("denied", []):
        wmi[namespace] = {"throws": "AccessDenied"}
    for class_name in described.get("without_class", []):
        for content in wmi.values():
            content.get("classes", {}).pop(class_name, None)
            if "instances" in content:
                content["instances"] = [row for row in content["instances"] if row["class"] != class_name]
    return state


_ONE = {"name": "Ethernet", "mac": "00155D010A01", "addresses": ["10.20.1.5/24"]}


def _adapter(given: Mapping[str, Any], number: int, name: str) -> dict[str, Any]:
    _known(given, ADAPTER_FIELDS, name, "an adapter")
    digits = re.sub("[^0-9A-Fa-f]", "", given["mac"]).upper()
    if len(digits) != 12:
        raise TableError(f"{name}: {given['mac']} is no MAC address")
    return {
        "up": True, **given, "mac": digits, "index": 12 + number, "addresses": list(given.get("addresses", [])),
        "guid": f"{{{str(number + 1) * 8}-1111-1111-1111-111111111111}}",
    }  # fmt: skip


def _tell_of_adapters(wmi: dict[str, Any], adapters: Sequence[Mapping[str, Any]]) -> None:
    standard, cimv2 = wmi[STANDARD], wmi[CIMV2]
    standard["classes"]["MSFT_NetAdapter"] = {
        "properties": {
            **standard["classes"]["MSFT_NetAdapter"]["properties"], "PermanentAddress": "string", "NetworkAddresses": "string[]",
            "HardwareInterface": "boolean", "ConnectorPresent": "boolean", "IMFilter": "boolean", "EndPointInterface": "boolean",
            "LowerLayerInterfaceIndices": "uint32[]", "HigherLayerInterfaceIndices": "uint32[]", "DriverName": "string",
            "ComponentID": "string", "InterfaceName": "string", "DeviceName": "string", "PnPDeviceID": "string", "VlanID": "uint16",
        }
    }  # fmt: skip
    by_team = {one["name"]: one["index"] for one in adapters}
    members = {one["index"]: by_team[one["team"]] for one in adapters if "team" in one}
    for row in [row for row in standard["instances"] if row["class"] == "MSFT_NetAdapter"]:
        (adapter,) = [one for one in adapters if one["index"] == row["properties"]["InterfaceIndex"]]
        index = adapter["index"]
        below = [member for member, team in members.items() if team == index]
        row["properties"].update(
            PermanentAddress=adapter["mac"],
            NetworkAddresses=[adapter["mac"]],
            HardwareInterface=not below and not adapter.get("virtual", False),
            ConnectorPresent=not below,
            Virtual=bool(below) or adapter.get("virtual", False),
            IMFilter=bool(below),
            EndPointInterface=False,
            InterfaceDescription=_model(adapter, bool(below)),
            ComponentID="COMPOSITEBUS\\MS_IMPLAT_MP" if below else "PCI\\VEN_8086&DEV_1533",
            DriverName="NdisImPlatformMp.sys" if below else "e1r68x64.sys",
            InterfaceAdminStatus=2 if adapter.get("disabled") else 1,
            MediaConnectState=1 if adapter["up"] else 2,
            LowerLayerInterfaceIndices=below,
            # A filter of Windows lies on every adapter, and is an interface of its own with the adapter's address.
            HigherLayerInterfaceIndices=[*([members[index]] if index in members else []), 100 + index],
        )
    standard["instances"] += [
        {
            "class": "MSFT_NetAdapter",
            "properties": {
                "Name": f"{one['name']}-WFP Native MAC Layer LightWeight Filter-0000", "InterfaceIndex": 100 + one["index"],
                "InterfaceGuid": f"{{{str(one['index']) * 4}-2222-2222-2222-222222222222}}",
                "DeviceID": f"{{{str(one['index']) * 4}-2222-2222-2222-222222222222}}",
                "InterfaceDescription": f"{_model(one, one['index'] in members.values())}-WFP Native MAC Layer LightWeight Filter-0000",
                "InterfaceType": 6, "InterfaceOperationalStatus": 1 if one["up"] else 2, "InterfaceAdminStatus": 1, "MediaConnectState": 1,
                "NdisMedium": 0, "NdisPhysicalMedium": 14, "State": 2, "Virtual": False, "Hidden": True, "HardwareInterface": False,
                "ConnectorPresent": False, "PermanentAddress": one["mac"], "NetworkAddresses": [one["mac"]],
                "LowerLayerInterfaceIndices": [one["index"]],
            },
        }
        for one in adapters
    ]  # fmt: skip
    text = dict.fromkeys(("Name", "Team", "InterfaceDescription", "InstanceID", "ElementName", "Caption"), "string")
    standard["classes"]["MSFT_NetLbfoTeamMember"] = {"properties": {**text, "AdministrativeMode": "uint32", "OperationalStatus": "uint32"}}
    standard["classes"]["MSFT_NetLbfoTeamNic"] = {"properties": {**text, "Primary": "boolean", "VlanID": "uint16"}}
    standard["classes"]["MSFT_NetLbfoTeam"] = {
        "properties": {**text, "TeamingMode": "uint32", "Status": "uint32", "Members": "string[]", "TeamNics": "string[]"}
    }
    for team in sorted(set(members.values())):
        (nic,) = [one for one in adapters if one["index"] == team]
        inside = [one for one in adapters if members.get(one["index"]) == team]
        standard["instances"] += [
            {
                "class": "MSFT_NetLbfoTeam",
                "properties": {"Name": nic["name"], "Members": [one["name"] for one in inside], "TeamNics": [nic["name"]]},
            },
            {"class": "MSFT_NetLbfoTeamNic", "properties": {"Name": nic["name"], "Team": nic["name"], "Primary": True}},
            *(
                {
                    "class": "MSFT_NetLbfoTeamMember",
                    "properties": {"Name": one["name"], "Team": nic["name"], "InterfaceDescription": _model(one, False)},
                }
                for one in inside
            ),
        ]
    cimv2["classes"]["Win32_NetworkAdapter"] = {
        "properties": {
            **dict.fromkeys(("DeviceID", "Name", "Description", "GUID", "MACAddress", "NetConnectionID", "ServiceName"), "string"),
            **dict.fromkeys(("PNPDeviceID", "AdapterType", "ProductName", "PermanentAddress"), "string"),
            **dict.fromkeys(("Index", "InterfaceIndex"), "uint32"), "NetConnectionStatus": "uint16", "NetEnabled": "boolean",
            "PhysicalAdapter": "boolean",
        }
    }  # fmt: skip
    for one in adapters:
        is_team = one["index"] in members.values()
        properties = {
            "DeviceID": str(one["index"]), "Index": one["index"] - 10, "InterfaceIndex": one["index"], "Name": _model(one, is_team),
            "Description": _model(one, is_team), "GUID": one["guid"], "MACAddress": _colons(one["mac"]), "NetConnectionID": one["name"],
            "NetConnectionStatus": 2 if one["up"] else 7, "NetEnabled": one["up"], "PhysicalAdapter": not is_team,
            "AdapterType": "Ethernet 802.3", "ServiceName": "NdisImPlatformMp" if is_team else "e1rexpress",
        }  # fmt: skip
        cimv2["instances"].append({"class": "Win32_NetworkAdapter", "properties": properties})
    cimv2["classes"]["Win32_NetworkAdapterConfiguration"] = {
        "properties": {
            **cimv2["classes"]["Win32_NetworkAdapterConfiguration"]["properties"],
            "MACAddress": "string",
            "ServiceName": "string",
        }
    }
    for row in [row for row in cimv2["instances"] if row["class"] == "Win32_NetworkAdapterConfiguration"]:
        (adapter,) = [one for one in adapters if one["index"] == row["properties"]["InterfaceIndex"]]
        row["properties"].update(MACAddress=_colons(adapter["mac"]), IPEnabled=adapter["up"] and bool(adapter["addresses"]))


def _model(adapter: Mapping[str, Any], team: bool) -> str:
    number = f" #{adapter['index'] - 11}" if adapter["index"] > 12 else ""
    return f"Microsoft Network Adapter Multiplexor Driver{number}" if team else f"Intel(R) I210 Gigabit Network Connection{number}"


def _colons(mac: str) -> str:
    return ":".join(mac[at : at + 2] for at in range(0, 12, 2))


_SERVICE_NAMES = {
    "WDSServer": ("Windows Deployment Services Server", "%systemroot%\\system32\\svchost.exe -k WDSServer", 2104),
    "SccmPxe": ("ConfigMgr PXE Responder Service", '"C:\\Program Files\\SMS_DP$\\sms\\bin\\SCCMPXE.exe"', 3320),
}


def _tell_of_services(wmi: dict[str, Any], described: Mapping[str, Any]) -> None:
    for service, state in described.get("services", {}).items():
        if state == "absent":
            continue
        mode = "Disabled" if state == "Disabled" else "Auto"
        shown = "Running" if state == "Running" else "Stopped"
        display, program, process = _SERVICE_NAMES[service]
        properties = {
            "Name": service, "DisplayName": display, "State": shown, "StartMode": mode, "StartName": "LocalSystem", "PathName": program,
            "Started": shown == "Running", "Status": "OK", "ProcessId": process if shown == "Running" else 0,
        }  # fmt: skip
        wmi[CIMV2]["instances"].append({"class": "Win32_Service", "properties": properties})


def _tell_of_endpoints(wmi: dict[str, Any], described: Mapping[str, Any]) -> None:
    wmi[STANDARD]["classes"]["MSFT_NetUDPEndpoint"] = {
        "properties": {
            **dict.fromkeys(("InstanceID", "LocalAddress", "Name", "CreationTime", "Caption", "Description", "ElementName"), "string"),
            "LocalPort": "uint16", "OwningProcess": "uint32", "EnabledState": "uint16",
        }
    }  # fmt: skip
    everywhere = "0.0.0.0"  # noqa: S104 - nothing is bound here
    rows: list[tuple[str, int, int]] = [(everywhere, 123, 1100), ("::", 123, 1100), (everywhere, 5353, 1400)]
    for group in described.get("listens", []):
        process = _SERVICE_NAMES[group["by"]][2] if group["by"] in _SERVICE_NAMES else int(group["by"])
        rows += [(address, port, process) for address in group["at"] for port in group.get("ports", PXE_PORTS)]
    wmi[STANDARD]["instances"] += [
        {
            "class": "MSFT_NetUDPEndpoint",
            "properties": {"InstanceID": f"{address}++{port}", "LocalAddress": address, "LocalPort": port, "OwningProcess": process},
        }
        for address, port, process in rows
    ]


def _role_keys(described: Mapping[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    wds = described.get("wds")
    if wds is not None:
        values: dict[str, Any] = {"UseDhcpPorts": {"type": "dword", "data": 1}}
        if "policy" in wds:
            values["BindPolicy"] = wds["policy"] if isinstance(wds["policy"], Mapping) else {"type": "dword", "data": wds["policy"]}
        if "interfaces" in wds:
            values["BindInterfaces"] = {"type": "multi_sz", "data": list(wds["interfaces"])}
        keys[WDS_KEY] = {"values": values}
        if "denied" in wds:
            keys[WDS_KEY]["denied"] = wds["denied"]
    if described.get("dp") is not None:
        given = {"SiteCode": "P01", "SiteServer": "CM01.corp.example", **described["dp"]}
        keys[DP_KEY] = {
            "values": {name: {"type": "dword" if isinstance(data, int) else "sz", "data": data} for name, data in given.items()}
        }
    smb = {"signing": False, "encryption": False, **described.get("smb", {})}
    registered = smb.get("registered", int(bool(smb["signing"])))
    keys[LANMAN_KEY] = {"values": {"EnableSecuritySignature": {"type": "dword", "data": 1}}}
    if registered != "absent":
        keys[LANMAN_KEY]["values"]["RequireSecuritySignature"] = {"type": "dword", "data": registered}
    return keys


# -- disks and shares --------------------------------------------------------------------------------------------------------------------


def _tell_of_disks(wmi: dict[str, Any], described: Mapping[str, Any]) -> None:
    volumes = described.get("volumes", {"C:": {"size": 200, "free": 100}})
    wmi[CIMV2]["classes"]["Win32_LogicalDisk"] = {
        "properties": {
            **dict.fromkeys(("DeviceID", "Name", "FileSystem", "VolumeName", "ProviderName"), "string"),
            **dict.fromkeys(("Size", "FreeSpace"), "uint64"), "DriveType": "uint32",
        }
    }  # fmt: skip
    wmi[CIMV2]["classes"]["Win32_Volume"] = {
        "properties": {
            **dict.fromkeys(("DeviceID", "Name", "Caption", "DriveLetter", "FileSystem", "Label"), "string"),
            **dict.fromkeys(("Capacity", "FreeSpace", "BlockSize"), "uint64"), "DriveType": "uint32",
        }
    }  # fmt: skip
    wmi[CIMV2]["classes"]["Win32_Share"] = {
        "properties": {**dict.fromkeys(("Name", "Path", "Description", "Caption", "Status"), "string"), "Type": "uint32"}
    }
    rows = wmi[CIMV2]["instances"]
    wmi[CIMV2]["classes"]["Win32_Directory"] = {"properties": dict.fromkeys(("Name", "Path", "Drive", "FileName"), "string")}
    shared = [share["path"] for share in _shares(described).values() if re.fullmatch(r"[A-Z]:\\.+", share["path"])]
    for path in dict.fromkeys([*described.get("directories", []), *shared]):
        # WMI shows paths in small letters.
        rows.append({"class": "Win32_Directory", "properties": {"Name": path.lower(), "Drive": path[:2].lower()}})
    for number, (place, volume) in enumerate(volumes.items()):
        size, free = int(volume["size"] * GIB), int(volume["free"] * GIB)
        letter = place if re.fullmatch("[A-Z]:", place) else None
        if letter:
            disk = {"DeviceID": place, "Name": place, "FileSystem": "NTFS", "Size": size, "FreeSpace": free, "DriveType": 3}
            rows.append({"class": "Win32_LogicalDisk", "properties": disk})
        mounted = {
            "DeviceID": f"\\\\?\\Volume{{{number:08x}-0000-0000-0000-000000000000}}\\", "Name": f"{place.rstrip(chr(92))}\\",
            "Caption": f"{place.rstrip(chr(92))}\\", "FileSystem": "NTFS", "Capacity": size, "FreeSpace": free, "DriveType": 3,
        }  # fmt: skip
        rows.append({"class": "Win32_Volume", "properties": {**mounted, **({"DriveLetter": letter} if letter else {})}})
    for name, share in _shares(described).items():
        special = _special(name)
        rows.append(
            {
                "class": "Win32_Share",
                "properties": {"Name": name, "Path": share["path"], "Type": 2147483648 if special else 0, "Status": "OK"},
            }
        )


def _shares(described: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    given = described.get("shares", {})
    own: dict[str, Any] = {name: {"path": share} if isinstance(share, str) else dict(share) for name, share in given.items()}
    drives = {f"{place[0]}$": {"path": f"{place}\\"} for place in described.get("volumes", {"C:": {}}) if re.fullmatch("[A-Z]:", place)}
    return {"ADMIN$": {"path": "C:\\Windows"}, **drives, "IPC$": {"path": ""}, **own}


def _smb_namespace(described: Mapping[str, Any]) -> dict[str, Any]:
    smb = {"signing": False, "encryption": False, **described.get("smb", {})}
    boolean = ("RequireSecuritySignature", "EnableSecuritySignature", "EncryptData", "RejectUnencryptedAccess", "EnableSMB1Protocol")
    shares = [{"class": "MSFT_SmbShare", "properties": _share_row(name, share)} for name, share in _shares(described).items()]
    configuration = {
        "class": "MSFT_SmbServerConfiguration",
        "properties": _configuration_row(smb),
    }
    return {
        "classes": {
            "MSFT_SmbServerConfiguration": {"properties": {**dict.fromkeys(boolean, "boolean"), "EnableSMB2Protocol": "boolean"}},
            "MSFT_SmbShare": {
                "properties": {
                    **dict.fromkeys(("Name", "ScopeName", "Path", "Volume", "Description"), "string"),
                    **dict.fromkeys(("Special", "Temporary", "EncryptData", "Scoped"), "boolean"),
                    **dict.fromkeys(("ShareType", "ShareState"), "uint32"),
                }
            },
        },
        "instances": [configuration, *shares],
    }  # fmt: skip


def _configuration_row(smb: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "RequireSecuritySignature": bool(smb["signing"]), "EnableSecuritySignature": True, "EncryptData": bool(smb["encryption"]),
        "RejectUnencryptedAccess": bool(smb.get("reject", True)), "EnableSMB1Protocol": False, "EnableSMB2Protocol": True,
    }  # fmt: skip


def _special(name: str) -> bool:
    return re.fullmatch(r"[A-Z]\$|ADMIN\$|IPC\$", name) is not None


def _share_row(name: str, share: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Name": name, "ScopeName": "*", "Path": share["path"], "Special": _special(name),
        "Temporary": False, "EncryptData": bool(share.get("encrypted", False)), "ShareType": 3 if name == "IPC$" else 0, "ShareState": 1,
    }  # fmt: skip


def _smb_module(described: Mapping[str, Any]) -> dict[str, Any]:
    smb = {"signing": False, "encryption": False, **described.get("smb", {})}
    shares = [_share_row(name, share) for name, share in _shares(described).items()]
    return {
        "SmbShare": {
            "version": "2.0.0.0",
            "commands": {
                "Get-SmbServerConfiguration": {"parameters": {}, "output": [_configuration_row(smb)]},
                "Set-SmbServerConfiguration": {
                    "parameters": {
                        "RequireSecuritySignature": "flag", "EncryptData": "flag", "EnableSecuritySignature": "flag",
                        "RejectUnencryptedAccess": "flag", "Force": "switch", "Confirm": "switch",
                    },
                    "recorded": True,
                },
                "Get-SmbShare": {"parameters": {"Name": "texts", "Special": "flag", "IncludeHidden": "switch"}, "output": shares},
                "Set-SmbShare": {"parameters": {"Name": "texts", "EncryptData": "flag", "Force": "switch"}, "recorded": True},
                "Remove-SmbShare": {"parameters": {"Name": "texts", "ScopeName": "texts", "Force": "switch"}, "recorded": True},
            },
        }
    }  # fmt: skip
