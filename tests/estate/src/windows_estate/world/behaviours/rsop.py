# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Resultant Set of Policy in WMI: what Group Policy logs about the registry settings that it applied.

Confidence: classes, properties, winner = 1 [H]; identifiers (distinguished name of an object in GPOID and RSOP_GPO.id, "LocalGPO") [H];
how instructions such as **del. are logged is found in no public source: as rows with `deleted` true and the instruction in `command` is
a decision of the simulation. Whether the rows of before stay when logging is turned off is not said either: a host has none, or keeps
them (`rsop: stale`).
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from windows_estate.machine import Machine, fold
from windows_estate.world.preg import PolicyEntry
from windows_estate.world.words.model import Domain

if TYPE_CHECKING:
    from windows_estate.world.behaviours.group_policy import AppliedObject

NAMESPACE: Final = "root\\RSOP\\Computer"
_SETTING: Final = "RSOP_RegistryPolicySetting"
_LOGGED: Final = ("RSOP_Session", "RSOP_GPO", "RSOP_GPLink", "RSOP_SOM", _SETTING)
_LOCAL: Final = "LocalGPO"
_NAMES: Final = uuid.UUID("6f3c52a8-9f0e-4c55-8d65-0d7a2a4c6a11")

_CLASSES: Final[dict[str, tuple[dict[str, str], tuple[str, ...]]]] = {
    "RSOP_Session": (
        {
            "id": "string",
            "version": "uint32",
            "targetName": "string",
            "SOM": "string",
            "SecurityGroups": "string[]",
            "Site": "string",
            "flags": "uint32",
            "creationTime": "datetime",
            "ttlMinutes": "uint32",
            "slowLink": "boolean",
        },
        ("id",),
    ),
    "RSOP_GPO": (
        {
            "id": "string",
            "name": "string",
            "guidName": "string",
            "version": "uint32",
            "enabled": "boolean",
            "securityDescriptor": "uint8[]",
            "fileSystemPath": "string",
            "accessDenied": "boolean",
            "filterId": "string",
            "filterAllowed": "boolean",
            "extensionIds": "string[]",
        },
        ("id",),
    ),
    "RSOP_GPLink": (
        {
            "SOM": "reference",
            "GPO": "reference",
            "somOrder": "uint32",
            "linkOrder": "uint32",
            "appliedOrder": "uint32",
            "enabled": "boolean",
            "noOverride": "boolean",
        },
        ("SOM", "GPO"),
    ),
    "RSOP_SOM": (
        {"id": "string", "type": "uint32", "blocked": "boolean", "blocking": "boolean", "reason": "uint32", "SOMOrder": "uint32"},
        ("id", "reason"),
    ),
    _SETTING: (
        {
            "id": "string",
            "precedence": "uint32",
            "name": "string",
            "GPOID": "string",
            "SOMID": "string",
            "creationTime": "datetime",
            "registryKey": "string",
            "valueName": "string",
            "valueType": "uint32",
            "value": "uint8[]",
            "deleted": "boolean",
            "command": "string",
        },
        ("id", "precedence"),
    ),
    "RSOP_UserPrivilegeRight": (
        {
            "id": "string",
            "precedence": "uint32",
            "GPOID": "string",
            "SOMID": "string",
            "UserRight": "string",
            "AccountList": "string[]",
        },
        ("id", "precedence"),
    ),
    "RSOP_RestrictedGroup": (
        {"id": "string", "precedence": "uint32", "GPOID": "string", "SOMID": "string", "GroupName": "string", "Members": "string[]"},
        ("id", "precedence"),
    ),
    "RSOP_RestrictedGroupEx": (
        {
            "id": "string",
            "precedence": "uint32",
            "GPOID": "string",
            "SOMID": "string",
            "GroupName": "string",
            "Members": "string[]",
            "MembersOf": "string[]",
        },
        ("id", "precedence"),
    ),
}


def define(machine: Machine) -> None:
    """The namespace and its classes, which every host has, whether or not anything was logged."""
    machine.wmi.add_namespace("root\\RSOP")
    for name, (properties, key) in _CLASSES.items():
        machine.wmi.define(NAMESPACE, name, properties, key=key)
    for name in ("RSOP_Session", _SETTING):
        machine.volatile.properties.add((fold(NAMESPACE), fold(name), "creationtime"))


def clear(machine: Machine) -> None:
    """Take away everything that was logged."""
    for name in _LOGGED:
        machine.wmi.delete(NAMESPACE, name)


def log(machine: Machine, applied: Sequence[AppliedObject], domain: Domain) -> None:
    """Replace what was logged. `applied`: in the order in which they were applied, so the last one has precedence 1."""
    clear(machine)
    now = _dmtf(machine.clock.now())
    machine.wmi.add(
        NAMESPACE,
        "RSOP_Session",
        {
            "id": "Session1",
            "version": 1,
            "targetName": f"{domain.netbios}\\{machine.name}",
            "SOM": domain.distinguished_name,
            "flags": 0,
            "creationTime": now,
            "ttlMinutes": 0,
            "slowLink": False,
        },
    )
    for order, one in enumerate(applied, 1):
        _log_object(machine, one, order)
    for properties in _settings(applied):
        machine.wmi.add(NAMESPACE, _SETTING, {**properties, "creationTime": now})


def _log_object(machine: Machine, one: AppliedObject, order: int) -> None:
    is_local = one.path == _LOCAL
    som = _som(one)
    machine.wmi.add(
        NAMESPACE,
        "RSOP_GPO",
        {
            "id": one.path,
            "name": one.name,
            "guidName": one.guid,
            "version": one.version,
            "enabled": True,
            "fileSystemPath": one.folder if is_local else one.folder.removesuffix("\\Machine"),
            "accessDenied": False,
            "filterAllowed": True,
            "extensionIds": [],
        },
    )
    if not machine.wmi.find(NAMESPACE, "RSOP_SOM", id=som):
        kind = 1 if is_local else 4 if som.upper().startswith("OU=") else 3
        machine.wmi.add(
            NAMESPACE, "RSOP_SOM", {"id": som, "type": kind, "blocked": False, "blocking": False, "reason": 1, "SOMOrder": order}
        )
    machine.wmi.add(
        NAMESPACE,
        "RSOP_GPLink",
        {
            "SOM": f'RSOP_SOM.id="{som}",reason=1',
            "GPO": f'RSOP_GPO.id="{one.path}"',
            "somOrder": 1,
            "linkOrder": order,
            "appliedOrder": order,
            "enabled": True,
            "noOverride": False,
        },
    )


def _settings(applied: Sequence[AppliedObject]) -> list[dict[str, Any]]:
    seen: dict[tuple[str, str], int] = {}
    rows: list[dict[str, Any]] = []
    for one in reversed(applied):
        for entry in one.entries:
            name, command = _subject(entry)
            place = (entry.key.lower(), name.lower() or command)
            seen[place] = seen.get(place, 0) + 1
            rows.append(
                {
                    "id": "{" + str(uuid.uuid5(_NAMES, "\n".join((one.path, *place)))) + "}",
                    "precedence": seen[place],
                    "name": name,
                    "GPOID": one.path,
                    "SOMID": _som(one),
                    "registryKey": entry.key,
                    "valueName": name,
                    "valueType": entry.type,
                    "value": {"base64": base64.b64encode(entry.data).decode()},
                    "deleted": bool(command),
                    "command": command,
                }
            )
    return rows


def _subject(entry: PolicyEntry) -> tuple[str, str]:
    """The value that an entry is about, and the instruction that it is, if it is one."""
    if not entry.is_instruction:
        return entry.name, ""
    if entry.name.lower().startswith("**soft."):
        return entry.name[len("**soft.") :], ""
    if entry.name.lower().startswith("**del."):
        return entry.name[len("**del.") :], entry.name
    return "", entry.name


def _som(one: AppliedObject) -> str:
    return one.link.removeprefix("LDAP://")


def _dmtf(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S.%f+000")
