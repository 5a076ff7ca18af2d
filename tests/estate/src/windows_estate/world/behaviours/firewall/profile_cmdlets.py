# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Set-NetFirewallProfile and Get-NetFirewallProfile. What is NotConfigured has no value in the registry."""

from __future__ import annotations

from typing import Any, Final

from windows_estate.machine import HostError, Machine
from windows_estate.machine.cmdlets import Parameters, Row
from windows_estate.world.behaviours.firewall import errors, settings
from windows_estate.world.behaviours.firewall.places import PROFILE_KEYS, STORES
from windows_estate.world.behaviours.firewall.rule_values import STANDARD, word, words
from windows_estate.world.knowledge.firewall_cmdlets import GPO_BOOLEAN, PROFILE_NAMES, WORDS

# Parameter -> the value's name, and whether the registry says the opposite.
_FLAGS: Final[dict[str, tuple[str, bool]]] = {
    "Enabled": ("EnableFirewall", False),
    "AllowInboundRules": ("DoNotAllowExceptions", True),
    "AllowLocalFirewallRules": ("AllowLocalPolicyMerge", False),
    "AllowLocalIPsecRules": ("AllowLocalIPsecPolicyMerge", False),
    "AllowUserApps": ("AuthorizedApplications\\AllowUserPrefMerge", False),
    "AllowUserPorts": ("GloballyOpenPorts\\AllowUserPrefMerge", False),
    "AllowUnicastResponseToMulticast": ("DisableUnicastResponsesToMulticastBroadcast", True),
    "NotifyOnListen": ("DisableNotifications", True),
    "EnableStealthModeForIPsec": ("DisableStealthModeIPsecSecuredPacketExemption", True),
    "LogAllowed": ("Logging\\LogSuccessfulConnections", False),
    "LogBlocked": ("Logging\\LogDroppedPackets", False),
    "LogIgnored": ("Logging\\LogIgnoredRules", False),
}
_ACTIONS: Final = {"DefaultInboundAction": "DefaultInboundAction", "DefaultOutboundAction": "DefaultOutboundAction"}
_NOT_CONFIGURED_SIZE: Final = 2**64 - 1
_LARGEST_LOG: Final = 32767


def set_profiles(machine: Machine, given: Parameters) -> list[Row]:
    names = _names(given)
    wanted: dict[str, tuple[str, Any] | None] = {}
    for parameter, (option, opposite) in _FLAGS.items():
        if given.get(parameter) is not None:
            found = word(parameter, given[parameter], GPO_BOOLEAN)
            wanted[option] = None if found == "NotConfigured" else ("dword", int((found == "True") != opposite))
    for parameter, option in _ACTIONS.items():
        if given.get(parameter) is not None:
            found = word(parameter, given[parameter], WORDS["Action"])
            wanted[option] = None if found == "NotConfigured" else ("dword", int(found == "Block"))
    wanted |= _log(given)
    if given.get("DisabledInterfaceAliases") is not None:
        wanted["DisabledInterfaces"] = _interfaces(machine, given["DisabledInterfaceAliases"])
    if (given.get("WhatIf") or {}).get("switch"):
        return []
    for name in names:
        for option, value in wanted.items():
            _store(machine, name, option, value)
    return [_row(machine, name, "local") for name in names] if (given.get("PassThru") or {}).get("switch") else []


def get_profiles(machine: Machine, given: Parameters) -> list[Row]:
    store = (given.get("PolicyStore") or "PersistentStore").lower()
    if store not in ("persistentstore", "activestore", "rsop"):
        raise HostError("not_found", f"The policy store {given['PolicyStore']} was not found.", errors.FAILED)
    place = {"persistentstore": "local", "activestore": "", "rsop": "group_policy"}[store]
    names = _names(given) if given.get("Name") else list(PROFILE_NAMES)
    return [_row(machine, name, place) for name in names]


def _names(given: Parameters) -> list[str]:
    if given.get("Name"):
        return words("Name", given["Name"], PROFILE_NAMES)
    if (given.get("All") or {}).get("switch"):
        return list(PROFILE_NAMES)
    raise errors.unbound("Parameter set cannot be resolved using the specified named parameters.")


def _log(given: Parameters) -> dict[str, tuple[str, Any] | None]:
    wanted: dict[str, tuple[str, Any] | None] = {}
    size = given.get("LogMaxSizeKilobytes")
    if size is not None:
        if size != _NOT_CONFIGURED_SIZE and not 1 <= size <= _LARGEST_LOG:
            raise errors.wrong(f"The size of the log has to be from 1 to {_LARGEST_LOG} kilobytes.")
        wanted["Logging\\LogFileSize"] = None if size == _NOT_CONFIGURED_SIZE else ("dword", size)
    name = given.get("LogFileName")
    if name is not None:
        wanted["Logging\\LogFilePath"] = None if name.lower() == "notconfigured" else ("sz", name)
    return wanted


def _interfaces(machine: Machine, aliases: list[str]) -> tuple[str, Any] | None:
    if [alias.lower() for alias in aliases] == ["notconfigured"]:
        return None
    rows = machine.wmi.query(STANDARD, "SELECT * FROM MSFT_NetAdapter", 60)
    by_alias = {str(row.value("Name")).lower(): str(row.value("InterfaceGuid")) for row in rows}
    for alias in aliases:
        if alias.lower() not in by_alias:
            raise errors.wrong(f"No interface with the alias {alias} was found.")
    return "sz", ",".join(by_alias[alias.lower()] for alias in aliases)


def _store(machine: Machine, profile: str, option: str, value: tuple[str, Any] | None) -> None:
    below, _, name = option.rpartition("\\")
    key = f"{STORES['local']}\\{PROFILE_KEYS['local'][profile.lower()]}" + (f"\\{below}" if below else "")
    if value is None:
        machine.registry.delete(key, name)
    else:
        machine.registry.set(key, name, *value)


def _row(machine: Machine, name: str, store: str) -> Row:
    """`store`: one of STORES, or "" for what counts."""

    def read(option: str) -> Any:
        profile = name.lower()
        return settings.effective(machine, profile, option) if not store else settings.stored(machine, store, profile, option)

    row: Row = {"Name": name, "Profile": name, "InstanceID": name}
    for parameter, (option, opposite) in _FLAGS.items():
        number = read(option)
        row[parameter] = _shown("NotConfigured" if number is None else str((number != 0) != opposite))
    for parameter, option in _ACTIONS.items():
        number = read(option)
        row[parameter] = _shown("NotConfigured" if number is None else "Block" if number else "Allow")
    size, path = read("Logging\\LogFileSize"), read("Logging\\LogFilePath")
    row["LogMaxSizeKilobytes"] = _NOT_CONFIGURED_SIZE if size is None else size
    row["LogFileName"] = path or "NotConfigured"
    disabled = str(read("DisabledInterfaces") or "")
    row["DisabledInterfaceAliases"] = [part for part in disabled.split(",") if part] or ["NotConfigured"]
    return row


def _shown(text: str) -> dict[str, str]:
    return {"kind": "enumeration", "name": text}
