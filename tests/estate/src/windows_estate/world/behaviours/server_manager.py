# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles and features of Windows Server: the ServerManager module, and Win32_ServerFeature; Win32_OptionalFeature on every host.

Clients have no ServerManager module. What is installed is in the state (`features`). Confidence: the name Remote-Assistance, not
installed by default [H]; restarts and how long an installation takes are decisions of the simulation.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any, Final

from windows_estate.machine import Command, HostError, Machine, NameDict, fold
from windows_estate.machine.cmdlets import Parameters, Row
from windows_estate.machine.names import name_dict
from windows_estate.world.knowledge.features import CLIENT_OPTIONAL_FEATURES, FEATURES, Feature

MODULE: Final = "servermanager"
CIMV2: Final = "root\\cimv2"
_VERSION: Final = "2.0.0.0"
_SECONDS: Final = 20.0
_OPTIONAL: Final = {
    "Name": "string",
    "Caption": "string",
    "Description": "string",
    "InstallDate": "datetime",
    "InstallState": "uint32",
    "Status": "string",
}

Changed = Callable[[Machine, str, bool], None]


class ServerManager:
    """Features of one server. `changed(machine, name, installed)` is told of every change."""

    def __init__(self) -> None:
        self.changed: list[Changed] = []

    def install(self, machine: Machine) -> None:
        target = {"Name": "texts", "ComputerName": "text", "Credential": "any", "LogPath": "text", "Vhd": "text"}
        change = {**target, "Restart": "switch", "IncludeManagementTools": "switch", "WhatIf": "switch", "Confirm": "switch"}
        commands: dict[str, tuple[dict[str, str], Callable[[Machine, Parameters, str | None], list[Row]], tuple[str, ...]]] = {
            "Get-WindowsFeature": (target, self._get, ()),
            "Install-WindowsFeature": (
                {**change, "IncludeAllSubFeature": "switch", "Source": "texts", "ConfigurationFilePath": "text"},
                lambda machine, given, _: self._change(machine, given, True),
                ("Name",),
            ),
            "Uninstall-WindowsFeature": (
                {**change, "Remove": "switch"},
                lambda machine, given, _: self._change(machine, given, False),
                ("Name",),
            ),
        }
        for name, (parameters, run, mandatory) in commands.items():
            machine.commands[(MODULE, name.lower())] = Command(_VERSION, parameters, run, mandatory=mandatory, name=name)
        machine.wmi.define(CIMV2, "Win32_ServerFeature", {"ID": "uint32", "ParentID": "uint32", "Name": "string"}, key=("ID",))
        machine.wmi_providers[(fold(CIMV2), "win32_serverfeature")] = _server_features
        machine.wmi.define(CIMV2, "Win32_OptionalFeature", _OPTIONAL, key=("Name",))
        machine.wmi_providers[(fold(CIMV2), "win32_optionalfeature")] = _optional_features

    def set_installed(self, machine: Machine, name: str, installed: bool) -> None:
        features = _features(machine)
        features[name] = {**(features.get(name) or {}), "installed": installed}
        for listener in self.changed:
            listener(machine, features.actual(name) or name, installed)

    @staticmethod
    def _get(machine: Machine, given: Parameters, _location: str | None) -> list[Row]:
        patterns: list[str] = given.get("Name") or ["*"]
        chosen = [one for one in FEATURES.values() if any(fnmatch.fnmatchcase(fold(one.name), fold(pattern)) for pattern in patterns)]
        return [_row(machine, one) for one in chosen]

    def _change(self, machine: Machine, given: Parameters, wanted: bool) -> list[Row]:
        chosen = [_known(name) for name in given["Name"]]
        todo = [one for one in chosen if is_installed(machine, one.name) != wanted]
        trial = bool((given.get("WhatIf") or {}).get("switch"))
        restart = not wanted and any(one.restart for one in todo)
        if todo and not trial:
            machine.sleep(_SECONDS)
            for one in todo:
                self.set_installed(machine, one.name, wanted)
        code = "NoChangeNeeded" if not todo else "SuccessRestartRequired" if restart else "Success"
        return [
            {
                "Success": True,
                "RestartNeeded": {"kind": "enumeration", "name": "Yes" if restart else "No"},
                "ExitCode": {"kind": "enumeration", "name": code},
                "FeatureResult": [{"kind": "text", "text": one.title} for one in todo],
            }
        ]


def define_client_features(machine: Machine) -> None:
    """What a client answers about its optional features."""
    machine.wmi.define(CIMV2, "Win32_OptionalFeature", _OPTIONAL, key=("Name",))
    for name, (title, installed) in CLIENT_OPTIONAL_FEATURES.items():
        machine.wmi.add(CIMV2, "Win32_OptionalFeature", {"Name": name, "Caption": title, "InstallState": 1 if installed else 2})


def is_installed(machine: Machine, name: str) -> bool:
    return bool((_features(machine).get(name) or {}).get("installed"))


def _features(machine: Machine) -> NameDict:
    return name_dict(machine.state, "features")


def _known(name: str) -> Feature:
    found = next((one for one in FEATURES.values() if fold(one.name) == fold(name)), None)
    if found is None:
        raise HostError("invalid", f"The role, role service, or feature name is not valid: {name}.")
    return found


def _row(machine: Machine, one: Feature) -> Row:
    installed = is_installed(machine, one.name)
    removed = bool((_features(machine).get(one.name) or {}).get("removed"))
    state = "Installed" if installed else "Removed" if removed else "Available"
    return {
        "Name": one.name,
        "DisplayName": one.title,
        "Installed": installed,
        "InstallState": {"kind": "enumeration", "name": state},
        "FeatureType": "Feature",
        "Path": one.title,
        "Depth": 1,
        "SubFeatures": [],
    }


def _server_features(machine: Machine) -> list[dict[str, Any]]:
    # Only what is installed has an instance.
    return [{"ID": one.number, "ParentID": one.parent, "Name": one.title} for one in FEATURES.values() if is_installed(machine, one.name)]


def _optional_features(machine: Machine) -> list[dict[str, Any]]:
    # 1 enabled, 2 disabled, 3 absent.
    return [
        {"Name": one.name, "Caption": one.title, "InstallState": 1 if is_installed(machine, one.name) else 2} for one in FEATURES.values()
    ]
