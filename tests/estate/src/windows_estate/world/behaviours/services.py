# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services that own ports or filter them: Win32_Service. They are part of the state; whoever stops one changes its State there.

Behaviours that have to do with a service say so in `machine.on_service`. Return values of the methods: the class's pages [H].
"""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

from windows_estate.machine import Machine, fold
from windows_estate.machine.names import NameDict
from windows_estate.world.knowledge.services import SERVICES, Service

CIMV2: Final = "root\\cimv2"
CLASS: Final = "Win32_Service"
_PROPERTIES: Final = {
    **dict.fromkeys(("Caption", "CreationClassName", "Description", "DisplayName", "ErrorControl", "Name", "PathName"), "string"),
    **dict.fromkeys(("ServiceType", "StartMode", "StartName", "State", "Status", "SystemName"), "string"),
    **dict.fromkeys(("AcceptPause", "AcceptStop", "DelayedAutoStart", "DesktopInteract", "Started"), "boolean"),
    **dict.fromkeys(("ExitCode", "ProcessId", "TagId"), "uint32"),
}
_SUCCESS: Final = 0
_CANNOT_NOW: Final = 5
_RUNS_ALREADY: Final = 10
_DISABLED: Final = 14
_NO_SUCH_MODE: Final = 21
_MODES: Final = {"automatic": "Auto", "auto": "Auto", "manual": "Manual", "disabled": "Disabled"}
_RESULT: Final = {"ReturnValue": {"type": "uint32", "value": _SUCCESS}}
_METHODS: Final = {
    "StartService": {"out": _RESULT},
    "StopService": {"out": _RESULT},
    "ChangeStartMode": {"in": {"StartMode": "string"}, "out": _RESULT},
}
_FIRST_NEW_PROCESS: Final = 7000
_PROCESSES: Final[WeakKeyDictionary[Machine, int]] = WeakKeyDictionary()
"""The process that was made last on each machine."""


def install(machine: Machine, extra: tuple[Service, ...] = ()) -> None:
    """The services of every Windows, and more of this host."""
    machine.wmi.define(CIMV2, CLASS, _PROPERTIES, key=("Name",), methods=_METHODS)
    _provide_methods(machine)
    for service in (*SERVICES, *extra):
        add(machine, service)


def ensure(machine: Machine) -> None:
    """The class and its methods on a machine that may have them already, with services of its own."""
    classes = NameDict(machine.wmi.add_namespace(CIMV2).get("classes") or {})
    known = classes.get(CLASS) or {}
    properties = {**_PROPERTIES, **(known.get("properties") or {})}
    machine.wmi.define(CIMV2, CLASS, properties, key=("Name",), methods={**_METHODS, **(known.get("methods") or {})})
    _provide_methods(machine)


def _provide_methods(machine: Machine) -> None:
    # A process's number says nothing about how a host is configured.
    machine.volatile.properties.add((fold(CIMV2), fold(CLASS), "processid"))
    for name, method in (("startservice", _start), ("stopservice", _stop), ("changestartmode", _change_start_mode)):
        machine.wmi_methods[(fold(CIMV2), fold(CLASS), name)] = method


def add(machine: Machine, service: Service) -> NameDict:
    """A service that is installed; one that was there stays as it is."""
    found = find(machine, service.name)
    if found is not None:
        return found
    running = service.running
    machine.wmi.add(
        CIMV2,
        CLASS,
        {
            "Name": service.name,
            "DisplayName": service.display_name,
            "PathName": service.path,
            "StartMode": service.start_mode,
            "State": "Running" if running else "Stopped",
            "Started": running,
            "ProcessId": service.process if running else 0,
            "StartName": service.account,
            "ServiceType": "Share Process" if "svchost" in service.path else "Own Process",
            "Status": "OK",
            "SystemName": machine.name,
        },
    )
    added = find(machine, service.name)
    assert added is not None
    return added


def remove(machine: Machine, name: str) -> None:
    """Stop a service and take it away, if it is there."""
    found = find(machine, name)
    if found is not None:
        set_running(machine, name, False)
        machine.wmi.delete(CIMV2, CLASS, Name=found["Name"])


def find(machine: Machine, name: str) -> NameDict | None:
    return next((one for one in machine.wmi.find(CIMV2, CLASS) if str(one.get("Name")).lower() == name.lower()), None)


def is_running(machine: Machine, name: str) -> bool:
    found = find(machine, name)
    return found is not None and found.get("State") == "Running"


def set_running(machine: Machine, name: str, running: bool) -> None:
    """Start or stop a service; one that starts gets a new process, and may stop by itself at once. Raises LookupError."""
    service = find(machine, name)
    if service is None:
        raise LookupError(f"{machine.name} has no service {name}.")
    was = service.get("State") == "Running"
    service["State"] = "Running" if running else "Stopped"
    service["Started"] = running
    if running and not was:
        service["ProcessId"] = _PROCESSES[machine] = _PROCESSES.get(machine, _FIRST_NEW_PROCESS) + 4
    elif not running:
        service["ProcessId"] = 0
    if running != was:
        for follow in machine.on_service.get(fold(name), ()):
            follow(machine, running)


def set_start_mode(machine: Machine, name: str, mode: str) -> bool:
    """Auto, Manual or Disabled, also as the cmdlets call them; whether there is such a mode. Raises LookupError."""
    service = find(machine, name)
    if service is None:
        raise LookupError(f"{machine.name} has no service {name}.")
    if fold(mode) not in _MODES:
        return False
    service["StartMode"] = _MODES[fold(mode)]
    return True


def _start(machine: Machine, instance: dict[str, Any] | None, _arguments: dict[str, Any]) -> dict[str, Any]:
    service = NameDict(instance or {})
    if service.get("StartMode") == "Disabled":
        return {"ReturnValue": _DISABLED}
    if service.get("State") == "Running":
        return {"ReturnValue": _RUNS_ALREADY}
    set_running(machine, str(service["Name"]), True)
    return {"ReturnValue": _SUCCESS}


def _stop(machine: Machine, instance: dict[str, Any] | None, _arguments: dict[str, Any]) -> dict[str, Any]:
    service = NameDict(instance or {})
    if service.get("State") != "Running":
        return {"ReturnValue": _CANNOT_NOW}
    set_running(machine, str(service["Name"]), False)
    return {"ReturnValue": _SUCCESS}


def _change_start_mode(machine: Machine, instance: dict[str, Any] | None, arguments: dict[str, Any]) -> dict[str, Any]:
    service, mode = NameDict(instance or {}), str(NameDict(arguments).get("StartMode"))
    # The method knows the words of the enumeration, which are not those of the property.
    known = fold(mode) in ("automatic", "manual", "disabled") and set_start_mode(machine, str(service["Name"]), mode)
    return {"ReturnValue": _SUCCESS if known else _NO_SUCH_MODE}
