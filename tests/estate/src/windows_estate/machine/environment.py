# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Environment variables of a request's process, and what follows from a host's description in registry and WMI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from windows_estate.machine.names import NameDict, name_dict
from windows_estate.machine.paths import path_dict
from windows_estate.machine.registry import Registry

VERSION_KEY: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
PRODUCT_KEY: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions"
CODE_PAGE_KEY: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage"
CONSOLE_KEY: Final = "HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\ConfigMgr10\\Setup"
_CONSOLE_FOLDER: Final = "C:\\Program Files (x86)\\Microsoft Configuration Manager\\AdminConsole"

_DEFAULT_HOST: Final[dict[str, Any]] = {
    "name": "CL01",
    "domain": "corp.example",
    "domain_role": 1,
    "product_type": 1,
    "build": "10.0.19045.4170",
    "oem_code_page": "850",
}
_DEFAULT_USER: Final[dict[str, Any]] = {
    "name": "CORP\\svc-ansible",
    "sid": "S-1-5-21-1-2-3-1105",
    "elevated": True,
    "groups": ["S-1-5-32-544", "S-1-1-0"],
}
_PRODUCT_NAMES: Final = {1: "WinNT", 2: "LanmanNT", 3: "ServerNT"}


def complete_host(state: dict[str, Any]) -> None:
    """Put the defaults into `state["host"]`, and what follows from it into registry and WMI, unless it is there."""
    host = {**_DEFAULT_HOST, **(state.get("host") or {})}
    host.setdefault("user", dict(_DEFAULT_USER))
    state["host"] = host
    registry = Registry(state)
    major, minor, build, revision = str(host["build"]).split(".")
    facts: list[tuple[str, str, str, Any]] = [
        (VERSION_KEY, "CurrentMajorVersionNumber", "dword", int(major)),
        (VERSION_KEY, "CurrentMinorVersionNumber", "dword", int(minor)),
        (VERSION_KEY, "CurrentBuildNumber", "sz", build),
        (VERSION_KEY, "UBR", "dword", int(revision)),
        (PRODUCT_KEY, "ProductType", "sz", _PRODUCT_NAMES[int(host["product_type"])]),
        (CODE_PAGE_KEY, "OEMCP", "sz", str(host["oem_code_page"])),
    ]
    if state.get("console") == "registry":
        facts.append((CONSOLE_KEY, "UI Installation Directory", "sz", _CONSOLE_FOLDER))
    for key, name, kind, data in facts:
        if registry.get(key, name) is None:
            registry.set(key, name, kind, data)
    path_dict(state, "folders").setdefault("C:\\ProgramData", {"owner": "S-1-5-18"})
    cimv2: dict[str, Any] = name_dict(state, "wmi").setdefault("root\\cimv2", {})
    classes = name_dict(cimv2, "classes")
    if "Win32_ComputerSystem" not in classes:
        classes["Win32_ComputerSystem"] = {"properties": {"Domain": "string", "DomainRole": "uint16"}}
        instances: list[dict[str, Any]] = cimv2.setdefault("instances", [])
        properties = {"Domain": host["domain"], "DomainRole": host["domain_role"]}
        instances.append({"class": "Win32_ComputerSystem", "properties": properties})


def environment(state: Mapping[str, Any]) -> NameDict:
    """The variables; `state["environment"]` adds to them."""
    variables = NameDict(
        {
            "SystemDrive": "C:",
            "SystemRoot": "C:\\Windows",
            "windir": "C:\\Windows",
            "ProgramData": "C:\\ProgramData",
            "ALLUSERSPROFILE": "C:\\ProgramData",
            "ProgramFiles": "C:\\Program Files",
            "ProgramFiles(x86)": "C:\\Program Files (x86)",
            "PUBLIC": "C:\\Users\\Public",
            "COMPUTERNAME": state["host"]["name"],
            "PROCESSOR_ARCHITECTURE": "AMD64",
        }
    )
    variables.update(state.get("environment") or {})
    return variables


def expand(text: str, variables: NameDict) -> str:
    """Replace %Name%; an unknown variable stays as it is."""
    return re.sub(r"%([^%]+)%", lambda match: str(variables.get(match[1], match[0])), text)
