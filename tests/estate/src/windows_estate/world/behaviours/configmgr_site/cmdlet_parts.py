# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the module's cmdlets have in common: whom they are about, who may run them, what they say when they refuse."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any, Final

from windows_estate.machine import HostError, Machine, NameDict, fold
from windows_estate.machine.cmdlets import Parameters
from windows_estate.machine.cmdlets import Row as Output
from windows_estate.machine.errors import E_ACCESSDENIED
from windows_estate.world.behaviours.configmgr_site import access
from windows_estate.world.behaviours.configmgr_site.items import Row
from windows_estate.world.behaviours.configmgr_site.site import Site

WILDCARDS: Final = {"DisableWildcardHandling": "switch", "ForceWildcardHandling": "switch"}
CHANGING: Final = {**WILDCARDS, "WhatIf": "switch", "Confirm": "switch"}
TARGET: Final = {"SiteCode": "text", "InputObject": "any"}

SiteOf = Callable[["str | None"], Site]
Run = Callable[[Machine, Site, Parameters], "list[Output]"]
Declared = dict[str, tuple[dict[str, str], Run, tuple[str, ...]]]
"""Name of a cmdlet -> its parameters, what it does, the mandatory ones."""


def rows(machine: Machine, site: Site, class_name: str, where: dict[str, Any]) -> list[Row]:
    """Rows that the caller may see and that match; texts may have wildcards."""
    if not access.may_read(site, machine, class_name):
        return []
    return [
        row
        for row in site.rows(class_name, machine.clock.now())
        if all(wanted is None or like(str(row.get(name) or ""), str(wanted)) for name, wanted in where.items())
    ]


def like(text: str, pattern: str) -> bool:
    # Brackets are wildcards to PowerShell as well, and names of accounts have none.
    return fnmatch.fnmatchcase(fold(text), fold(pattern).replace("[", "[[]"))


def shown(row: Row) -> Output:
    return {name: output(value) for name, value in row.items()}


def output(value: Any) -> Any:
    if isinstance(value, list):
        return [output(one) for one in value]
    if isinstance(value, dict) and "__class" in value:
        return {"kind": "text", "text": f"instance of {value['__class']}"}
    if isinstance(value, dict) and "base64" in value:
        return {"kind": "bytes", "base64": value["base64"]}
    return value


def site_code(site: Site, given: Parameters) -> str:
    """The site that a command is about: the one given, else the drive's own."""
    wanted = given.get("SiteCode")
    if not wanted:
        return site.code
    found = next((code for code in site.codes if fold(code) == fold(wanted)), None)
    if found is None:
        raise nothing()
    return found


def target(site: Site, given: Parameters) -> str:
    """The same for commands that take an object or a site's name as well."""
    handed = given.get("InputObject")
    if handed is not None:
        row = NameDict(handed[0] if isinstance(handed, list) and handed else handed) if isinstance(handed, (dict, list)) else NameDict()
        return site_code(site, row)
    return site_code(site, given)


def switch(given: Parameters, name: str) -> bool:
    return bool((given.get(name) or {}).get("switch"))


def names(given: Parameters) -> str:
    return ", ".join(sorted(name for name in given if name not in ("SiteCode", "InputObject")))


def may_write(site: Site, machine: Machine) -> None:
    if not access.may_write(site, machine):
        raise HostError("access_denied", f"{access.caller(machine)['name']} may not change this object.", E_ACCESSDENIED)


def submit(machine: Machine, site: Site, what: str, change: Callable[[], object]) -> None:
    def run() -> None:
        change()

    site.submit(machine.clock.now(), access.caller(machine)["name"], "cmdlet", what, run)


def nothing() -> HostError:
    return HostError("not_found", "No object corresponds to the specified parameters.", -2146233088)


def refused(message: str) -> HostError:
    return HostError("failed", message, -2146233088)


def on_drive(site_of: SiteOf, run: Run) -> Callable[[Machine, Parameters, str | None], list[Output]]:
    return lambda machine, given, location: run(machine, site_of(location), given)
