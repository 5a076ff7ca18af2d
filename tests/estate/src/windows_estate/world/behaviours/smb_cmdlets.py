# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB server in PowerShell: what of the module SmbShare has to do with signing, encryption and the removal of shares.

Parameters: the cmdlets' pages [H]. Those that change something ask first, unless -Force is given or -Confirm is off [H]; nobody is there to
answer. A share that is not there is ObjectNotFound, a special one cannot be removed [K].
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any, Final

from windows_estate.machine import Command, HostError, Machine, fold
from windows_estate.machine.cmdlets import Parameters, Row
from windows_estate.machine.names import NameDict
from windows_estate.world.behaviours import smb

MODULE: Final = "SmbShare"
_VERSION: Final = "2.0.0.0"
_ASKING: Final = dict.fromkeys(("Confirm", "Force", "WhatIf"), "switch")
_FLAGS: Final = tuple(smb.VALUES)
_SHARE_FLAGS: Final = ("ContinuouslyAvailable", "EncryptData")
_SHARE_NUMBERS: Final = ("CATimeout", "ConcurrentUserLimit")
_COMMON: Final = {**dict.fromkeys(("Name", "ScopeName"), "texts"), "SmbInstance": "text"}


def install(machine: Machine) -> None:
    """Make the cmdlets known."""
    commands: dict[str, tuple[dict[str, str], Callable[[Machine, Parameters], list[Row]]]] = {
        "Get-SmbServerConfiguration": ({}, lambda machine, _given: [smb.configuration(machine)]),
        "Set-SmbServerConfiguration": ({**_ASKING, **dict.fromkeys(_FLAGS, "flag")}, _set_configuration),
        "Get-SmbShare": ({**_COMMON, "IncludeHidden": "switch", "Special": "flag", "EncryptData": "flag"}, _get_share),
        "Set-SmbShare": (
            {
                **_ASKING,
                **_COMMON,
                **dict.fromkeys(_SHARE_FLAGS, "flag"),
                **dict.fromkeys(_SHARE_NUMBERS, "number"),
                "Description": "text",
                "InputObject": "any",
                "PassThru": "switch",
            },
            _set_share,
        ),
        "Remove-SmbShare": ({**_ASKING, **_COMMON, "InputObject": "any", "PassThru": "switch"}, _remove_share),
    }
    for name, (parameters, run) in commands.items():
        machine.commands[(fold(MODULE), fold(name))] = Command(_VERSION, parameters, _ignoring_location(run), name=name)


def _ignoring_location(run: Callable[[Machine, Parameters], list[Row]]) -> Callable[[Machine, Parameters, str | None], list[Row]]:
    return lambda machine, given, _location: run(machine, given)


def _set_configuration(machine: Machine, given: Parameters) -> list[Row]:
    wanted = {name: bool(given[name]) for name in _FLAGS if name in given}
    if _goes_ahead(given):
        for name, value in wanted.items():
            smb.set_value(machine, name, value)
    return []


def _get_share(machine: Machine, given: Parameters) -> list[Row]:
    names = given.get("Name")
    found = smb.shares(machine) if names is None else _found(machine, names)
    return [dict(one) for one in found if all(name not in given or one.get(name) == given[name] for name in ("Special", "EncryptData"))]


def _set_share(machine: Machine, given: Parameters) -> list[Row]:
    found = _found(machine, _names(given))
    if _goes_ahead(given):
        for one in found:
            for name in (*_SHARE_FLAGS, *_SHARE_NUMBERS, "Description"):
                if name in given:
                    one[name] = given[name]
    return [dict(one) for one in found] if _is_on(given, "PassThru") else []


def _remove_share(machine: Machine, given: Parameters) -> list[Row]:
    found = _found(machine, _names(given))
    if any(one.get("Special") for one in found):
        raise HostError("access_denied", "A share that Windows made for itself cannot be removed.", 5)
    if _goes_ahead(given):
        for one in found:
            smb.remove_share(machine, str(one["Name"]))
    return []


def _names(given: Parameters) -> list[str]:
    handed = given.get("InputObject")
    objects = [NameDict(one) for one in (handed if isinstance(handed, list) else [handed]) if isinstance(one, dict)]
    names = [*(given.get("Name") or ()), *(str(one.get("Name")) for one in objects)]
    if not names:
        raise HostError("invalid", "Name or InputObject is needed.")
    return names


def _found(machine: Machine, names: list[str]) -> list[NameDict]:
    found: list[NameDict] = []
    for name in names:
        fitting = [one for one in smb.shares(machine) if fnmatch.fnmatchcase(fold(str(one["Name"])), fold(name))]
        if not fitting and not any(letter in name for letter in "*?"):
            raise HostError("not_found", f"No MSFT_SMBShare objects found with property 'Name' equal to '{name}'.", 6)
        found += [one for one in fitting if one not in found]
    return found


def _goes_ahead(given: Parameters) -> bool:
    """Whether something is to happen. Raises HostError where somebody would be asked."""
    if _is_on(given, "WhatIf"):
        return False
    confirm: Any = (given.get("Confirm") or {}).get("switch")
    if not _is_on(given, "Force") and confirm is not False:
        raise HostError("failed", "The command asks for confirmation, and nobody is there to answer.", -2146233079)
    return True


def _is_on(given: Parameters, name: str) -> bool:
    return bool((given.get(name) or {}).get("switch"))
