# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services in PowerShell: Microsoft.PowerShell.Management of Windows PowerShell 5.1.

Parameters: the cmdlets' pages [H]. Starting what runs and stopping what is stopped is no error, and Restart-Service starts a stopped one
[H]; a service that is not there is ObjectNotFound, one that is disabled cannot be started [K].
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any, Final

from windows_estate.machine import Command, HostError, Machine, fold
from windows_estate.machine.cmdlets import Parameters, Row
from windows_estate.machine.names import NameDict
from windows_estate.world.behaviours import services

MODULE: Final = "Microsoft.PowerShell.Management"
_VERSION: Final = "3.1.0.0"
_FINDING: Final = {**dict.fromkeys(("DisplayName", "Exclude", "Include", "Name"), "texts"), "InputObject": "any"}
_CHANGING: Final = {**dict.fromkeys(("Confirm", "PassThru", "WhatIf"), "switch"), **_FINDING}


def install(machine: Machine) -> None:
    """Make the cmdlets known."""
    commands: dict[str, tuple[dict[str, str], Callable[[Machine, Parameters], list[Row]]]] = {
        "Get-Service": ({**_FINDING, "ComputerName": "texts", "DependentServices": "switch", "RequiredServices": "switch"}, _get),
        "Start-Service": (dict(_CHANGING), lambda machine, given: _move(machine, given, stop=False, start=True)),
        "Stop-Service": ({**_CHANGING, "Force": "switch", "NoWait": "switch"}, lambda machine, given: _move(machine, given, stop=True)),
        "Restart-Service": ({**_CHANGING, "Force": "switch"}, lambda machine, given: _move(machine, given, stop=True, start=True)),
        "Set-Service": (
            {
                **dict.fromkeys(("Confirm", "PassThru", "WhatIf"), "switch"),
                **dict.fromkeys(("Description", "DisplayName", "Name", "StartupType", "Status"), "text"),
                "ComputerName": "texts",
                "InputObject": "any",
            },
            _set,
        ),
    }
    for name, (parameters, run) in commands.items():
        machine.commands[(fold(MODULE), fold(name))] = Command(_VERSION, parameters, _ignoring_location(run), name=name)


def _ignoring_location(run: Callable[[Machine, Parameters], list[Row]]) -> Callable[[Machine, Parameters, str | None], list[Row]]:
    return lambda machine, given, _location: run(machine, given)


def _get(machine: Machine, given: Parameters) -> list[Row]:
    if not _names(given):
        return [_shown(one) for one in machine.wmi.find(services.CIMV2, services.CLASS)]
    return [_shown(one) for one in _found(machine, given)]


def _move(machine: Machine, given: Parameters, *, stop: bool = False, start: bool = False) -> list[Row]:
    found = _found(machine, given)
    if not _names(given):
        raise HostError("invalid", "Name, DisplayName or InputObject is needed.")
    if _is_on(given, "WhatIf"):
        return []
    for service in found:
        name = str(service["Name"])
        if start and service.get("StartMode") == "Disabled":
            raise HostError("failed", f"The service {name} cannot be started: it is disabled.", -2146233079)
        if stop and service.get("State") == "Running":
            services.set_running(machine, name, False)
        if start and service.get("State") != "Running":
            services.set_running(machine, name, True)
    return [_shown(one) for one in found] if _is_on(given, "PassThru") else []


def _set(machine: Machine, given: Parameters) -> list[Row]:
    found = _found(machine, {"Name": [given["Name"]]} if "Name" in given else given)
    if len(found) != 1:
        raise HostError("invalid", "Name or InputObject is needed.")
    (service,) = found
    name = str(service["Name"])
    status = fold(str(given.get("Status", "")))
    if status not in ("", "running", "stopped"):
        raise HostError("invalid", f"Status cannot be {given['Status']}; it is Running, Stopped or Paused.")
    if "StartupType" in given and not _is_on(given, "WhatIf") and not services.set_start_mode(machine, name, str(given["StartupType"])):
        raise HostError("invalid", f"StartupType cannot be {given['StartupType']}; it is Automatic, Manual or Disabled.")
    if status and not _is_on(given, "WhatIf"):
        services.set_running(machine, name, status == "running")
    return [_shown(service)] if _is_on(given, "PassThru") else []


def _names(given: Parameters) -> list[str]:
    handed = given.get("InputObject")
    objects = [NameDict(one) for one in (handed if isinstance(handed, list) else [handed]) if isinstance(one, dict)]
    return [*(given.get("Name") or ()), *(given.get("DisplayName") or ()), *(str(one.get("Name")) for one in objects)]


def _found(machine: Machine, given: Parameters) -> list[NameDict]:
    """The services that are named, wildcards included. Raises HostError where a name is nobody's."""
    known = machine.wmi.find(services.CIMV2, services.CLASS)
    found: list[NameDict] = []
    for name in _names(given):
        fitting = [
            one
            for one in known
            if any(fnmatch.fnmatchcase(fold(str(one.get(field) or "")), fold(name)) for field in ("Name", "DisplayName"))
        ]
        if not fitting and not any(letter in name for letter in "*?["):
            raise HostError("not_found", f"Cannot find any service with service name '{name}'.", -2146233087)
        found += [one for one in fitting if one not in found]
    return found


def _shown(service: NameDict) -> dict[str, Any]:
    modes = {"Auto": "Automatic"}
    mode = str(service.get("StartMode") or "")
    return {
        "Name": service.get("Name"),
        "ServiceName": service.get("Name"),
        "DisplayName": service.get("DisplayName"),
        "Status": {"kind": "enumeration", "name": str(service.get("State")), "number": 4 if service.get("State") == "Running" else 1},
        "StartType": {"kind": "enumeration", "name": modes.get(mode, mode), "number": 2},
    }


def _is_on(given: Parameters, name: str) -> bool:
    return bool((given.get(name) or {}).get("switch"))
