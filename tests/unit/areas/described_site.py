# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the state of an SMS Provider host out of a short description.

The state has the form in which contract vectors describe a host. The head of `client_push_site_situations.yml` explains the description.
This module knows Configuration Manager and the tables, never the code that is judged by them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from push_situations import TableError

SITE_FIELDS = frozenset(
    {
        "type", "version", "discovery", "client_config", "accounts", "list_name", "other_lists", "store", "clear_install_flag", "updates",
        "staged", "hidden", "recovered",
    }
)  # fmt: skip
HOST_FIELDS = SITE_FIELDS | {"site_code", "providers", "more_sites", "secondary", "module", "denied", "broken", "without_class", "like"}

BLOB = base64.b64encode(b"SECRET-BLOB-0123456789").decode("ascii")
"""What the store keeps in place of a password: must never leave the host."""
PUSH_USAGE = "SMS_CLIENT_CONFIG_MANAGER"

VERSIONS = {
    "2010": "5.00.9040.1000",
    "2103": "5.00.9049.1000",
    "2107": "5.00.9058.1000",
    "2111": "5.00.9068.1000",
    "2203": "5.00.9078.1000",
    "2207": "5.00.9088.1000",
    "2211": "5.00.9096.1000",
    "2309": "5.00.9122.1000",
    "2403": "5.00.9128.1000",
}
INSTALLED, OFFERED = 196612, 262146
_TYPES = {"secondary": 1, "primary": 2, "central": 4}
_LAST = "20260102030405.000000+000"


def host_state(described: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The state of a provider host in the form of the contract vectors."""
    if unknown := set(described) - HOST_FIELDS:
        raise TableError(f"{name}: unknown fields of a host {sorted(unknown)}")
    code = described.get("site_code", "P01")
    sites: dict[str, Mapping[str, Any]] = {code: {key: described[key] for key in SITE_FIELDS & set(described)}}
    for other, differences in described.get("more_sites", {}).items():
        if unknown := set(differences) - SITE_FIELDS:
            raise TableError(f"{name}: unknown fields of the site {other} {sorted(unknown)}")
        sites[other] = {**sites[code], **differences}
    state: dict[str, Any] = {
        "host": {
            "name": "CM01",
            "domain": "corp.example",
            "domain_role": 3,
            "product_type": 3,
            "build": "10.0.20348.2340",
            "user": {"name": "CORP\\svc-ansible", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544", "S-1-1-0"]},
        },
        "registry": {
            "HKLM\\SOFTWARE\\Microsoft\\SMS\\Identification": {"values": {"Site Code": {"type": "sz", "data": code}}},
            "HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\ConfigMgr10\\AdminUI\\Connection": {
                "values": {"Server": {"type": "sz", "data": "CM01.corp.example"}}
            },
        },
        "accounts": [{"sid": "S-1-5-21-9-9-9-1105", "name": "CORP\\svc-ansible"}],
        "groups": [{"sid": "S-1-5-32-544", "name": "Administrators", "members": [{"sid": "S-1-5-21-9-9-9-1105"}]}],
        "modules": _modules(described.get("module", "current"), name),
        "wmi": _wmi(sites, described, name),
    }
    if described.get("module") != "none":
        state["console"] = "environment"
    return state


def _wmi(sites: Mapping[str, Mapping[str, Any]], described: Mapping[str, Any], name: str) -> dict[str, Any]:
    broken = described.get("broken")
    if broken == "no provider":
        return {}
    providers = described.get("providers") or [{"site": code} for code in sites]
    classes = {"SMS_ProviderLocation": {"properties": _LOCATION}}
    wmi: dict[str, Any] = {"root\\SMS": {"classes": classes, "instances": [_location(row) for row in providers]}}
    for code, site in sites.items():
        namespace = f"root\\SMS\\site_{code}"
        wmi[namespace] = {"classes": _classes(described.get("without_class", [])), "instances": _site_rows(code, site, name)}
        for secondary, differences in described.get("secondary", {}).items():
            # A secondary site has no provider: its parent's shows it.
            wmi[namespace]["instances"] += _site_rows(secondary, {**site, "type": "secondary", **differences}, name, parent=code)
        wmi[namespace]["instances"] = [row for row in wmi[namespace]["instances"] if row["class"] not in described.get("without_class", [])]
    denied = described.get("denied")
    if denied == "root":
        wmi["root\\SMS"] = {"throws": "AccessDenied"}
    elif denied == "site":
        for code in sites:
            wmi[f"root\\SMS\\site_{code}"] = {"throws": "AccessDenied"}
    elif denied is not None:
        raise TableError(f"{name}: denied is root or site, not {denied!r}")
    if broken == "root":
        wmi["root\\SMS"] = {"throws": "ProviderLoadFailure"}
    elif broken == "site":
        for code in sites:
            wmi[f"root\\SMS\\site_{code}"] = {"throws": "ProviderLoadFailure"}
    elif broken is not None:
        raise TableError(f"{name}: broken is no provider, root or site, not {broken!r}")
    return wmi


def _location(row: Mapping[str, Any]) -> dict[str, Any]:
    machine = row.get("machine", "CM01.corp.example")
    properties = {
        "SiteCode": row["site"],
        "Machine": machine,
        "NamespacePath": f"\\\\{machine}\\root\\sms\\site_{row['site']}",
        "ProviderForLocalSite": row.get("local", True),
    }
    return {"class": "SMS_ProviderLocation", "properties": properties}


def _site_rows(code: str, site: Mapping[str, Any], name: str, *, parent: str = "") -> list[dict[str, Any]]:
    version = str(site.get("version", "2403"))
    version = VERSIONS.get(version, version)
    server = "CM01.corp.example" if not parent else f"SEC-{code}.corp.example"
    build = re.fullmatch(r"\d+\.\d+\.(\d+)(\..*)?", version)
    kind = _TYPES[site.get("type", "primary")]
    common = {"FileType": 2, "SiteCode": code}
    rows: list[tuple[str, dict[str, Any]]] = [
        (
            "SMS_Site",
            {
                "SiteCode": code, "SiteName": f"Site {code}", "ServerName": server, "Type": kind, "Status": 1, "Version": version or None,
                "BuildNumber": int(build[1]) if build else None, "ReportingSiteCode": parent, "InstallDir": "E:\\SMS",
                "SecondarySiteCMUpdateStatus": {True: 1, False: 0}.get(site["recovered"]) if "recovered" in site else None,
            },
        ),
        (
            "SMS_SCI_SiteDefinition",
            {
                **common, "ItemName": "Site Definition", "ItemType": "Site Definition", "SiteName": f"Site {code}", "SiteType": kind,
                "SiteServerName": server, "ParentSiteCode": parent, "Props": [], "PropLists": [],
            },
        ),
    ]  # fmt: skip
    discovery = site.get("discovery", {})
    if discovery != "missing":
        rows.append(_component("SMS_DISCOVERY_DATA_MANAGER", code, _props(discovery, name), []))
        if "staged" in site:
            staged = _component("SMS_DISCOVERY_DATA_MANAGER", code, _props({**discovery, **site["staged"]}, name), [])
            staged[1]["FileType"] = 1
            rows.append(staged)
    client_config = site.get("client_config", {})
    if client_config != "missing":
        lists = [_list("Reserved1", ["SMSFSP"])]
        if site.get("accounts") is not None:
            lists.append(_list(site.get("list_name", "Reserved2"), site["accounts"]))
        rows.append(_component("SMS_CLIENT_CONFIG_MANAGER", code, _props(client_config, name), lists))
    others = site.get("other_lists", {})
    rows += [_component(component, code, [], [_list("Reserved2", values)]) for component, values in others.items()]
    rows.append(_component("SMS_SITE_COMPONENT_MANAGER", code, _props({"IISSSLState": 1216, "SETTINGS": "ACTIVE"}, name), []))
    for stored in _store(site):
        rows.append(
            (
                "SMS_SCI_Reserved",
                {
                    **common, "ItemName": f"{stored['name']}| 0", "ItemType": "User", "UserName": stored["name"],
                    "Reserved2": {"base64": BLOB}, "AccountUsage": stored["usage"],
                },
            )
        )  # fmt: skip
    task = site.get("clear_install_flag", False)
    for task_name, enabled, days in (("Clear Undiscovered Clients", task, 21), ("Delete Aged Discovery Data", True, 90)):
        if enabled != "missing":
            properties = {
                **common, "ItemName": task_name, "ItemType": "SQL Task", "TaskName": task_name, "Enabled": enabled, "DaysOfWeek": 64,
                "DeleteOlderThan": days,
            }  # fmt: skip
            rows.append(("SMS_SCI_SQLTask", properties))
    for number, given in enumerate(site.get("updates", [])):
        update = {"name": given} if isinstance(given, str) else given
        properties = {
            "PackageGuid": f"{number:08X}-0000-0000-0000-000000000000", "Name": update["name"], "State": update.get("state", INSTALLED),
            "FullVersion": version, "UpdateType": 0, "LastUpdateTime": _LAST, "EULA": "…",
        }  # fmt: skip
        rows.append(("SMS_CM_UpdatePackages", properties))
    hidden = site.get("hidden", [])
    return [{"class": kind_of, "properties": properties} for kind_of, properties in rows if kind_of not in hidden]


def _component(component: str, code: str, props: Sequence[Any], lists: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    properties = {
        "FileType": 2, "SiteCode": code, "ItemName": f"{component}|SMS Site Server", "ItemType": "Component", "ComponentName": component,
        "Name": "SMS Site Server", "Flag": 6, "Props": list(props), "PropLists": list(lists),
    }  # fmt: skip
    return "SMS_SCI_Component", properties


def _props(props: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    embedded = []
    for property_name, value in props.items():
        content: dict[str, Any] = {"Value": 0, "Value1": "", "Value2": ""}
        if isinstance(value, bool):
            raise TableError(f"{name}: {property_name} is a number or a text")
        if isinstance(value, Mapping):
            content.update(value)
        else:
            content["Value" if isinstance(value, int) else "Value1"] = value
        embedded.append({"__class": "SMS_EmbeddedProperty", "PropertyName": property_name, **content})
    return embedded


def _list(list_name: str, values: Sequence[str]) -> dict[str, Any]:
    return {"__class": "SMS_EmbeddedPropertyList", "PropertyListName": list_name, "Values": list(values)}


def _store(site: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Accounts that the site knows; unless said otherwise those that push uses, each once."""
    store = site.get("store")
    if store is None:
        store = list({account.casefold(): account for account in site.get("accounts") or []}.values())
    return [{"name": one, "usage": [PUSH_USAGE]} if isinstance(one, str) else {"usage": [PUSH_USAGE], **one} for one in store]


def _modules(module: str, name: str) -> dict[str, Any]:
    if module == "none":
        return {}
    push = {
        "AddAccount": "texts", "ChosenAccount": "texts", "ClearAccount": "switch", "EnableAutomaticClientPushInstallation": "flag",
        "EnableSystemTypeConfigurationManager": "flag", "EnableSystemTypeServer": "flag", "EnableSystemTypeWorkstation": "flag",
        "InputObject": "any", "InstallationProperty": "text", "InstallClientToDomainController": "flag", "Name": "text",
        "RemoveAccount": "texts", "SiteCode": "text", "WhatIf": "switch", "Confirm": "switch",
    }  # fmt: skip
    if module == "current":
        push["AllownNTLMFallback"] = "flag"
    elif module == "respelt":
        push["AllowNTLMFallback"] = "flag"
    elif module != "old":
        raise TableError(f"{name}: module is current, respelt, old or none, not {module!r}")
    task = {
        "BeginTime": "datetime", "DaysOfWeek": "texts", "DeleteOlderThanDays": "number", "DeviceName": "text", "EnableAlert": "flag",
        "Enabled": "flag", "InputObject": "any", "LatestBeginTime": "datetime", "MaintenanceTask": "text", "Name": "text",
        "PassThru": "switch", "SiteCode": "text", "WhatIf": "switch", "Confirm": "switch",
    }  # fmt: skip
    account = {"UserName": "text", "Password": "secure", "SiteCode": "text", "WhatIf": "switch", "Confirm": "switch"}
    commands = {
        "Set-CMClientPushInstallation": {"parameters": push, "recorded": True},
        "Get-CMClientPushInstallation": {"parameters": {"SiteCode": "text", "SiteSystemServerName": "text"}},
        "New-CMAccount": {"parameters": account, "recorded": True},
        "Get-CMAccount": {"parameters": {"UserName": "text", "SiteCode": "text"}},
        "Remove-CMAccount": {"parameters": {"UserName": "text", "Force": "switch"}, "recorded": True},
        "Set-CMSiteMaintenanceTask": {"parameters": task, "recorded": True},
        "Get-CMSiteMaintenanceTask": {"parameters": {"Name": "text", "SiteCode": "text"}},
    }
    return {"ConfigurationManager": {"version": "5.2010.1093.2600" if module == "old" else "5.2403.1153.1000", "commands": commands}}


_LOCATION = {"SiteCode": "string", "Machine": "string", "NamespacePath": "string", "ProviderForLocalSite": "boolean"}
_ITEM = {"FileType": "uint32", "ItemName": "string", "ItemType": "string", "SiteCode": "string"}
_EMBEDDED = {"Props": "object[]", "PropLists": "object[]"}
_CLASSES: Mapping[str, Mapping[str, Any]] = {
    "SMS_EmbeddedProperty": {
        "properties": {"ItemType": "string", "PropertyName": "string", "Value": "uint32", "Value1": "string", "Value2": "string"}
    },
    "SMS_EmbeddedPropertyList": {"properties": {"ItemType": "string", "PropertyListName": "string", "Values": "string[]"}},
    "SMS_Site": {
        "properties": {
            "SiteCode": "string", "SiteName": "string", "ServerName": "string", "Type": "uint32", "Status": "uint32", "Version": "string",
            "BuildNumber": "uint32", "ReportingSiteCode": "string", "InstallDir": "string", "SecondarySiteCMUpdateStatus": "uint32",
        }
    },
    "SMS_SCI_SiteDefinition": {
        "properties": {
            **_ITEM, "SiteName": "string", "SiteType": "uint32", "SiteServerName": "string", "ParentSiteCode": "string",
            "ServiceAccountPassword": "string", "SQLAccountPassword": "string", **_EMBEDDED,
        },
        "lazy": ["Props", "PropLists"],
    },
    "SMS_SCI_Component": {
        "properties": {**_ITEM, "ComponentName": "string", "Name": "string", "Flag": "uint32", **_EMBEDDED},
        "lazy": ["Props", "PropLists"],
    },
    "SMS_SCI_SQLTask": {
        "properties": {
            **_ITEM, "TaskName": "string", "TaskType": "uint32", "Enabled": "boolean", "DaysOfWeek": "uint32", "DeleteOlderThan": "uint32",
            "BeginTime": "datetime", "LatestBeginTime": "datetime", "DeviceName": "string", "NumRefreshDays": "uint32",
        }
    },
    "SMS_SCI_Reserved": {
        "properties": {
            **_ITEM, "AccountUsage": "string[]", "Reserved2": "uint8[]", "UserName": "string",
        },
        "lazy": ["AccountUsage"],
    },
    "SMS_CM_UpdatePackages": {
        "properties": {
            "PackageGuid": "string", "Name": "string", "State": "sint32", "FullVersion": "string", "UpdateType": "sint32",
            "ClientVersion": "string", "Description": "string", "MoreInfoLink": "string", "LastUpdateTime": "datetime", "EULA": "string",
        },
        "lazy": ["EULA"],
    },
}  # fmt: skip


def _classes(without: Sequence[str]) -> dict[str, Any]:
    return {class_name: dict(described) for class_name, described in _CLASSES.items() if class_name not in without}
