# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a host's state out of a short description.

The state has the form in which contract vectors describe a host, so that any simulated host can be made from it. The head of
`remote_assistance_situations.yml` explains the description. This module knows Windows and the tables, never the
code that is judged by them.
"""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import described_firewall

POLICY_PATH = "SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
POLICY_KEY = "HKLM\\" + POLICY_PATH
HELPERS_KEY = POLICY_KEY + "\\RAUnsolicit"
CONTROL_PANEL_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance"
UAC_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
HISTORY_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History\\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}"
LOCAL_POL = "C:\\Windows\\System32\\GroupPolicy\\Machine\\Registry.pol"
CACHED_POL = "C:\\Windows\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\corp.example\\Policies\\{guid}\\Machine\\Registry.pol"

MACHINE_SID = "S-1-5-21-1-2-3"
HELPERS_GROUP_SID = MACHINE_SID + "-1010"
HELPERS_GROUP_NAME = "Offer Remote Assistance Helpers"

_REG_SZ, _REG_DWORD = 1, 4

# SID, class, name by language (the first is what every other language sees), further spellings that resolve.
_ACCOUNTS: tuple[tuple[str, str, dict[str, str], tuple[str, ...]], ...] = (
    (MACHINE_SID + "-500", "User", {"en-US": "CL01\\Administrator"}, ()),
    ("S-1-5-21-9-9-9-512", "Group", {"en-US": "CORP\\Domain Admins", "de-DE": "CORP\\Domänen-Admins"}, ()),
    ("S-1-5-21-9-9-9-513", "Group", {"en-US": "CORP\\Domain Users", "de-DE": "CORP\\Domänen-Benutzer"}, ()),
    ("S-1-5-21-9-9-9-1105", "User", {"en-US": "CORP\\svc-ansible"}, ()),
    ("S-1-5-21-9-9-9-1200", "Group", {"en-US": "CORP\\Helpdesk"}, ("helpdesk@corp.example", "Helpdesk")),
    ("S-1-5-21-9-9-9-1201", "Group", {"en-US": "CORP\\Field Support"}, ()),
    ("S-1-5-21-9-9-9-2001", "User", {"en-US": "CORP\\anna"}, ("anna@corp.example",)),
    ("S-1-5-32-544", "Group", {"en-US": "BUILTIN\\Administrators", "de-DE": "VORDEFINIERT\\Administratoren"}, ("Administrators",)),
    ("S-1-5-32-545", "Group", {"en-US": "BUILTIN\\Users", "de-DE": "VORDEFINIERT\\Benutzer"}, ("Users",)),
    ("S-1-1-0", "Group", {"en-US": "Everyone", "de-DE": "Jeder"}, ()),
    (
        "S-1-5-11",
        "Group",
        {"en-US": "NT AUTHORITY\\Authenticated Users", "de-DE": "NT-AUTORITÄT\\Authentifizierte Benutzer"},
        ("Authenticated Users",),
    ),
    ("S-1-5-7", "User", {"en-US": "NT AUTHORITY\\ANONYMOUS LOGON", "de-DE": "NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG"}, ()),
    ("S-1-5-18", "User", {"en-US": "NT AUTHORITY\\SYSTEM", "de-DE": "NT-AUTORITÄT\\SYSTEM"}, ()),
)

HOST_FIELDS = frozenset(
    {
        "like", "policy", "helpers_list", "control_panel", "uia", "rsop", "gpo_names", "local_pol", "cached_pol", "configmgr", "group",
        "administrators", "task", "feature", "product_type", "domain_role", "build", "registry_denied", "language", "firewall",
    }
)  # fmt: skip


class TableError(ValueError):
    """A table is not what it should be; the message names the situation."""


def host_state(described: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The state of a host in the form of the contract vectors, from the short description that the table's head explains."""
    unknown = set(described) - HOST_FIELDS
    if unknown:
        raise TableError(f"{name}: unknown fields of a host {sorted(unknown)}")
    language = described.get("language", "en-US")
    product_type = described.get("product_type", 1)
    host: dict[str, Any] = {
        "name": "CL01",
        "domain": "corp.example" if described.get("domain_role", 1) not in (0, 2) else "WORKGROUP",
        "domain_role": described.get("domain_role", 1),
        "product_type": product_type,
        "build": described.get("build", "10.0.19045.4170" if product_type == 1 else "10.0.20348.2340"),
        "user": {
            "name": "CORP\\svc-ansible",
            "sid": "S-1-5-21-9-9-9-1105",
            "elevated": True,
            "groups": ["S-1-5-32-544", "S-1-5-11", "S-1-1-0"],
        },
    }
    if language != "en-US":
        host["language"] = language
    state: dict[str, Any] = {
        "host": host,
        "registry": _registry(described),
        "accounts": _accounts(language),
        "groups": _groups(described, language),
        "modules": {"ScheduledTasks": _scheduled_tasks(described.get("task", "Ready"))},
        "wmi": _wmi(described),
        "files": _policy_files(described),
    }
    feature = described.get("feature")
    if feature is not None:
        state["modules"]["ServerManager"] = _server_manager(feature)
    # Unless something else is said, the firewall is as Windows brings it: a client lets Remote Assistance in, a server does not.
    firewall = described.get("firewall", {"base": "client" if product_type == 1 else "server"})
    state["registry"].update(described_firewall.registry(firewall))
    state["wmi"].update(described_firewall.wmi(firewall, product_type))
    return state


def _registry(described: Mapping[str, Any]) -> dict[str, Any]:
    registry: dict[str, Any] = {}
    for key, values in (
        (POLICY_KEY, described.get("policy")),
        (CONTROL_PANEL_KEY, described.get("control_panel")),
        (UAC_KEY, {"EnableLUA": 1, **({"EnableUIADesktopToggle": described["uia"]} if "uia" in described else {})}),
    ):
        if values is not None:
            registry[key] = {"values": {value: _typed(data) for value, data in values.items()}}
    if "helpers_list" in described:
        registry[HELPERS_KEY] = {"values": {value: _typed(data) for value, data in _helper_values(described["helpers_list"])}}
    keys = {"policy": POLICY_KEY, "helpers_list": HELPERS_KEY, "control_panel": CONTROL_PANEL_KEY, "uia": UAC_KEY}
    for which, how in described.get("registry_denied", {}).items():
        registry.setdefault(keys[which], {"values": {}})["denied"] = how
    for number, (dspath, display, guid) in enumerate(_history(described)):
        registry[f"{HISTORY_KEY}\\{number}"] = {
            "values": {
                "DisplayName": _typed(display),
                "GPOName": _typed(guid),
                "DSPath": _typed(dspath),
                "FileSysPath": _typed(
                    "C:\\Windows\\System32\\GroupPolicy\\Machine"
                    if dspath == "LocalGPO"
                    else f"\\\\corp.example\\sysvol\\corp.example\\Policies\\{guid}\\Machine"
                ),
                "Version": _typed(65537),
                "lParam": {"type": "binary", "data": ""},
            }
        }
    return registry


def _typed(data: Any) -> dict[str, Any]:
    if isinstance(data, Mapping):
        return dict(data)
    if isinstance(data, bool) or not isinstance(data, int | str):
        raise TableError(f"{data!r} is neither a number (DWORD) nor a text (SZ)")
    return {"type": "dword", "data": data} if isinstance(data, int) else {"type": "sz", "data": data}


def _helper_values(entries: Iterable[Any]) -> list[tuple[str, str]]:
    """A helper's value has the same name and data; ``{name: …, data: …}`` is one that has not."""
    return [(entry, entry) if isinstance(entry, str) else (entry["name"], entry["data"]) for entry in entries]


def _accounts(language: str) -> list[dict[str, Any]]:
    accounts: list[dict[str, Any]] = []
    for sid, _class, names, also in _ACCOUNTS:
        account: dict[str, Any] = {"sid": sid, "name": names.get(language, names["en-US"])}
        if (also and language == "en-US") or any("@" in spelling for spelling in also):
            account["also"] = [spelling for spelling in also if language == "en-US" or "@" in spelling]
        accounts.append(account)
    return accounts


def _sid_of(member: str) -> tuple[str, str]:
    """SID and class of a member; every language's name is taken, because who writes a table may think in any."""
    for sid, kind, names, also in _ACCOUNTS:
        if member.casefold() in {spelling.casefold() for spelling in (sid, *names.values(), *also)}:
            return sid, kind
    if member.startswith("S-1-"):
        return member, "User"
    raise TableError(f"{member}: no such account; give an orphan by its SID")


def _members(members: Iterable[str]) -> list[dict[str, str]]:
    return [{"sid": sid, "class": kind} for sid, kind in map(_sid_of, members)]


def _groups(described: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    administrators = described.get("administrators", ["CL01\\Administrator", "CORP\\Domain Admins"])
    groups: list[dict[str, Any]] = [
        {"sid": "S-1-5-32-544", "name": {"de-DE": "Administratoren"}.get(language, "Administrators"), "members": _members(administrators)},
        {"sid": "S-1-5-32-545", "name": {"de-DE": "Benutzer"}.get(language, "Users"), "members": _members(["CORP\\Domain Users"])},
    ]
    helpers = described.get("group")
    if helpers is not None:
        group = {"sid": HELPERS_GROUP_SID, "name": helpers.get("name", HELPERS_GROUP_NAME), "members": _members(helpers["members"])}
        if "denied" in helpers:
            group["denied"] = helpers["denied"]
        groups.append(group)
    return groups


def _scheduled_tasks(task: str) -> dict[str, Any]:
    """The ScheduledTasks module with the one task (``TaskPath`` ends in a backslash, ``State`` is an enumeration), or without it."""
    by_name = {"TaskName": "texts", "TaskPath": "texts"}
    one_by_name = {"TaskName": "text", "TaskPath": "text"}
    row = {
        "TaskName": "RemoteAssistanceTask",
        "TaskPath": "\\Microsoft\\Windows\\RemoteAssistance\\",
        "State": {"kind": "enumeration", "name": task},
    }
    missing = {"error_category": "ObjectNotFound"}
    return {
        "version": "1.0.0.0",
        "commands": {
            "Get-ScheduledTask": {"parameters": by_name, **(missing if task == "absent" else {"output": [row]})},
            "Enable-ScheduledTask": {"parameters": one_by_name, **(missing if task == "absent" else {})},
            "Start-ScheduledTask": {"parameters": one_by_name, **(missing if task == "absent" else {})},
        },
    }


def _server_manager(feature: str) -> dict[str, Any]:
    row = {
        "Name": "Remote-Assistance",
        "Installed": feature == "Installed",
        "InstallState": {"kind": "enumeration", "name": feature},
        "FeatureType": "Feature",
    }
    done = {
        "Success": True,
        "RestartNeeded": {"kind": "enumeration", "name": "No"},
        "ExitCode": {"kind": "enumeration", "name": "Success"},
    }
    change = {"Name": "texts", "Restart": "switch", "Confirm": "switch"}
    return {
        "version": "2.0.0.0",
        "commands": {
            "Get-WindowsFeature": {"parameters": {"Name": "texts"}, "output": [row]},
            "Install-WindowsFeature": {"parameters": {**change, "IncludeAllSubFeature": "switch"}, "output": [done]},
            "Uninstall-WindowsFeature": {"parameters": {**change, "Remove": "switch"}, "output": [done]},
        },
    }


def _guid(gpo: str, described: Mapping[str, Any]) -> str:
    pinned = described.get("gpo_names", {})
    return pinned.get(gpo) or "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, gpo + ".corp.example")).upper() + "}"


def _gpo_id(gpo: str, described: Mapping[str, Any]) -> str:
    """The GPO's distinguished name, as RSoP and the History list hold it; the local one has a name of its own."""
    return "LocalGPO" if gpo == "LocalGPO" else f"CN={_guid(gpo, described)},CN=Policies,CN=System,DC=corp,DC=example"


def _history(described: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Applied GPOs (path in the directory, display name, GUID), lowest precedence first: the local one comes first, a later one wins."""
    seen: list[tuple[str, str, str]] = []
    if "local_pol" in described:
        seen.append(("LocalGPO", "Local Group Policy", "Local Group Policy"))
    names = [entry["gpo"] for entry in described.get("cached_pol", []) if entry.get("applied", True)]
    rsop = described.get("rsop", [])
    if isinstance(rsop, list):
        by_precedence = sorted(rsop, key=lambda row: -int(row.get("precedence", 1)))
        names += [row["gpo"] for row in by_precedence if row["gpo"] != "LocalGPO"]
    return seen + [(_gpo_id(gpo, described), gpo, _guid(gpo, described)) for gpo in dict.fromkeys(names)]


def _wmi(described: Mapping[str, Any]) -> dict[str, Any]:
    wmi: dict[str, Any] = {}
    rsop = described.get("rsop", [])
    if rsop == "denied":
        wmi["root\\rsop\\computer"] = {"throws": "AccessDenied"}
    elif rsop == "off":
        wmi["root\\rsop\\computer"] = {"classes": _rsop_classes(), "instances": []}
    elif rsop == "session only":
        wmi["root\\rsop\\computer"] = {"classes": _rsop_classes(), "instances": [_rsop_session()]}
    elif isinstance(rsop, list):
        wmi["root\\rsop\\computer"] = {"classes": _rsop_classes(), "instances": _rsop_instances(rsop, described)}
    elif rsop != "missing":
        raise TableError(f"rsop is a list, off, missing, denied or session only, not {rsop!r}")
    configmgr = described.get("configmgr")
    namespace = "root\\ccm\\policy\\machine\\ActualConfig"
    if configmgr == "denied":
        wmi[namespace] = {"throws": "AccessDenied"}
    elif configmgr is not None:
        wmi[namespace] = {
            "classes": {"CCM_RemoteToolsConfig": {"properties": _CONFIGMGR_PROPERTIES}},
            "instances": [{"class": "CCM_RemoteToolsConfig", "properties": {**_CONFIGMGR_DEFAULTS, **configmgr}}],
        }
    return wmi


_CONFIGMGR_PROPERTIES = {
    "Type": "uint32",
    "Enabled": "boolean",
    "AccessLevel": "uint32",
    "AllowClientChange": "boolean",
    "AllowRAUnsolicitedControl": "boolean",
    "AllowRAUnsolicitedView": "boolean",
    "EnableRA": "boolean",
    "EnforceRAandTSSettings": "boolean",
    "ManageRA": "boolean",
    "PermissionRequired": "boolean",
    "PermittedViewers": "string[]",
    "PolicySource": "string",
}
_CONFIGMGR_DEFAULTS = {
    "Type": 1,
    "Enabled": True,
    "EnableRA": False,
    "ManageRA": False,
    "EnforceRAandTSSettings": False,
    "AllowRAUnsolicitedView": False,
    "AllowRAUnsolicitedControl": False,
    "PermissionRequired": True,
    "PermittedViewers": [],
    "PolicySource": "SMS:P01",
}


def _rsop_classes() -> dict[str, Any]:
    setting = {
        "id": "string", "precedence": "uint32", "GPOID": "string", "SOMID": "string", "name": "string", "creationTime": "datetime",
        "registryKey": "string", "valueName": "string", "valueType": "uint32", "value": "uint8[]", "deleted": "boolean",
        "command": "string",
    }  # fmt: skip
    gpo = {
        "id": "string", "name": "string", "guidName": "string", "version": "uint32", "enabled": "boolean", "fileSystemPath": "string",
        "accessDenied": "boolean", "filterAllowed": "boolean", "filterId": "string", "extensionIds": "string[]",
    }  # fmt: skip
    session = {"id": "string", "version": "uint32", "targetName": "string", "SOM": "string", "Site": "string", "creationTime": "datetime"}
    return {
        "RSOP_RegistryPolicySetting": {"properties": setting},
        "RSOP_GPO": {"properties": gpo},
        "RSOP_Session": {"properties": session},
    }


def _rsop_session() -> dict[str, Any]:
    properties = {"id": "Session1", "version": 65537, "targetName": "CORP\\CL01$", "creationTime": "20260102030405.000000+000"}
    return {"class": "RSOP_Session", "properties": properties}


def _rsop_instances(rows: list[dict[str, Any]], described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows, the GPOs that they name, and one row of a subject of its own: a domain member always has some."""
    unrelated = {
        "gpo": "Default Domain Policy",
        "key": "SOFTWARE\\Policies\\Microsoft\\SystemCertificates\\EFS",
        "name": "EFSBlob",
        "data": "x",
    }
    instances = [_rsop_session()]
    for number, row in enumerate([unrelated, *rows]):
        data = row.get("data", 0)
        key = row.get("key", POLICY_PATH)
        instances.append(
            {
                "class": "RSOP_RegistryPolicySetting",
                "properties": {
                    "id": f"RegistryPolicySetting{number}",
                    "precedence": row.get("precedence", 1),
                    "GPOID": _gpo_id(row["gpo"], described),
                    "SOMID": "Local" if row["gpo"] == "LocalGPO" else "OU=Clients,DC=corp,DC=example",
                    "registryKey": f"{POLICY_PATH}\\{key}" if key == "RAUnsolicit" else key,
                    "valueName": row["name"],
                    "valueType": row.get("type", _REG_DWORD if isinstance(data, int) else _REG_SZ),
                    "value": {"base64": base64.b64encode(_bytes_of(data)).decode("ascii")},
                    "deleted": row.get("deleted", False),
                    "command": row.get("command", ""),
                },
            }
        )
    for gpo in dict.fromkeys(row["gpo"] for row in [unrelated, *rows]):
        local = gpo == "LocalGPO"
        instances.append(
            {
                "class": "RSOP_GPO",
                "properties": {
                    "id": _gpo_id(gpo, described),
                    "name": "Local Group Policy" if local else gpo,
                    "guidName": "Local Group Policy" if local else _guid(gpo, described),
                    "version": 65537,
                    "enabled": True,
                    "accessDenied": False,
                    "filterAllowed": True,
                    "fileSystemPath": "C:\\Windows\\System32\\GroupPolicy\\Machine"
                    if local
                    else f"\\\\corp.example\\sysvol\\corp.example\\Policies\\{_guid(gpo, described)}\\Machine",
                },
            }
        )
    return instances


def _bytes_of(data: int | str) -> bytes:
    return struct.pack("<I", data) if isinstance(data, int) else (data + "\0").encode("utf-16-le")


def _policy_files(described: Mapping[str, Any]) -> dict[str, Any]:
    files: dict[str, Any] = {}
    if "local_pol" in described:
        files[LOCAL_POL] = _pol_file(described["local_pol"])
    for entry in described.get("cached_pol", []):
        if entry.get("cached", True):
            files[CACHED_POL.format(guid=_guid(entry["gpo"], described))] = _pol_file(
                entry.get("values", {}), corrupt=entry.get("corrupt", False)
            )
    return files


def _pol_file(values: Mapping[str, Any], *, corrupt: bool = False) -> dict[str, str]:
    content = registry_pol(values)
    # Cut inside the last entry: the header still looks right.
    return {"base64": base64.b64encode(content[:-7] if corrupt else content).decode("ascii")}


def registry_pol(values: Mapping[str, Any]) -> bytes:
    """A Registry.pol file (MS-GPREG 2.2.1) with values of the Terminal Services policy key; ``RAUnsolicit`` is the list of helpers,
    a name that contains a backslash says its own key."""
    content = b"PReg" + struct.pack("<I", 1)
    for name, data in values.items():
        if name == "RAUnsolicit":
            for helper, text in [("**delvals.", " "), *_helper_values(data)]:
                content += _pol_entry(POLICY_PATH + "\\RAUnsolicit", helper, text)
        else:
            key, _, value = name.rpartition("\\")
            content += _pol_entry(key or POLICY_PATH, value, data)
    return content


def _pol_entry(key: str, value: str, data: int | str) -> bytes:
    def text(part: str) -> bytes:
        return part.encode("utf-16-le")

    raw = _bytes_of(data)
    kind = _REG_DWORD if isinstance(data, int) else _REG_SZ
    fields = (text(key + "\0"), text(value + "\0"), struct.pack("<I", kind), struct.pack("<I", len(raw)), raw)
    return text("[") + text(";").join(fields) + text("]")
