# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""State migration points, their folders and computer associations, as the module's cmdlets know them.

Parameters and the limits of a folder (1 to 99999 clients and units of space, 1 to 100 percent): the cmdlets' pages [H]. What the deletion
times become is documented for days and for immediate deletion [H], not for hours: an option of the site. Decisions of the simulation:
-TimeDeleteAfter and -TimeUnit come together and are at least 1; a path is one on a drive; what is removed goes by its path alone;
removing an association asks unless -Force is given, and goes ahead whatever became of its store.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from windows_estate.machine import HostError, Machine, NameDict, fold
from windows_estate.machine.cmdlets import Parameters
from windows_estate.machine.cmdlets import Row as Output
from windows_estate.world.behaviours.configmgr_site import cmdlet_parts as parts
from windows_estate.world.behaviours.configmgr_site import osd_items, schema
from windows_estate.world.behaviours.configmgr_site.items import Row
from windows_estate.world.behaviours.configmgr_site.osd_options import StorageFolder
from windows_estate.world.behaviours.configmgr_site.pxe_cmdlets import role_rows, role_target, word_of
from windows_estate.world.behaviours.configmgr_site.role_settings import RoleSettings
from windows_estate.world.behaviours.configmgr_site.site import Change, Site

DAY: Final = 1440
_MINUTES: Final = {"hours": 60, "days": DAY}
_PATH: Final = re.compile(r"[A-Za-z]:\\[^;<>:\"/|?*]*")
_SPACE_UNITS: Final = ("Megabyte", "Gigabyte", "Percent")
_UNIT_WORDS: Final = ("MB", "GB", "percent")
_MOST: Final = 99999
_MOST_PERCENT: Final = 100


def _get_point(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    return [parts.shown(row) for row in role_rows(machine, site, given, osd_items.MIGRATION_POINT)]


def _new_folder(_machine: Machine, _site: Site, given: Parameters) -> list[Output]:
    path = str(given["StorageFolderName"])
    if not _PATH.fullmatch(path):
        raise parts.refused("Validation of input parameters failed: StorageFolderName is no path on a drive.")
    unit = word_of("SpaceUnit", given.get("SpaceUnit", _SPACE_UNITS[0]), _SPACE_UNITS)
    clients, space = given.get("MaximumClientNumber", 100), given.get("MinimumFreeSpace", 100 if unit < 2 else 10)
    most = _MOST_PERCENT if _SPACE_UNITS[unit] == "Percent" else _MOST
    if not 1 <= clients <= _MOST or not 1 <= space <= most:
        raise parts.refused(f"Validation of input parameters failed: a number is not from 1 to {_MOST}, or a share not from 1 to 100.")
    return [{"StorageFolderName": path, "MaximumClientNumber": clients, "MinimumFreeSpace": space, "SpaceUnit": _SPACE_UNITS[unit]}]


def _set_point(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    server, code = role_target(machine, site, given, osd_items.MIGRATION_POINT)
    parts.may_write(site, machine)
    point = site.osd.migration_point(server)
    changes = [*_times(site, point, given), *_restore_only(point, given), *_folders(point, given)]
    if changes and not parts.switch(given, "WhatIf"):
        what = f"Set-CMStateMigrationPoint {code} {server}: {parts.names(given)}"
        parts.submit(machine, site, what, lambda: [change() for change in changes])
    if parts.switch(given, "PassThru"):
        return _get_point(machine, site, NameDict({"SiteSystemServerName": server, "SiteCode": code}))
    return []


def _times(site: Site, point: RoleSettings, given: Parameters) -> list[Change]:
    options = site.options.osd
    after, unit, immediately = given.get("TimeDeleteAfter"), given.get("TimeUnit"), parts.switch(given, "DeleteImmediately")
    if immediately:
        if after is not None or unit is not None:
            raise parts.refused("User state is deleted immediately, or after some time.")

        def at_once() -> None:
            point.set_number(osd_items.DELAY, 0)
            if not options.immediate_keeps_cycle:
                point.set_number(osd_items.CYCLE, 0)

        return [at_once]
    if after is None and unit is None:
        return []
    if after is None or unit is None:
        raise parts.refused("TimeDeleteAfter and TimeUnit belong together.")
    word = ("Hours", "Days")[word_of("TimeUnit", unit, ("Hours", "Days"))]
    if after < 1:
        raise parts.refused("Validation of input parameters failed: TimeDeleteAfter is at least 1.")
    minutes = after * _MINUTES[word.lower()]

    def later() -> None:
        point.set_number(osd_items.DELAY, minutes)
        if word == "Hours" and not options.hours_cycle_daily:
            point.set_number(osd_items.CYCLE, minutes)
        elif point.number(osd_items.CYCLE) or options.undo_restores_cycle:
            point.set_number(osd_items.CYCLE, DAY)

    return [later]


def _restore_only(point: RoleSettings, given: Parameters) -> list[Change]:
    wanted = given.get("EnableRestoreOnlyMode")
    return [] if wanted is None else [lambda: point.set_number(osd_items.RESTORE_ONLY, int(bool(wanted)))]


def _folders(point: RoleSettings, given: Parameters) -> list[Change]:
    added, removed = _handed(given, "AddStorageFolder"), _handed(given, "RemoveStorageFolder")
    present = {fold(path_of(text)) for text in point.values(osd_items.FOLDERS)}
    leaving = {fold(one.path) for one in removed}
    if any(fold(one.path) in present - leaving for one in added):
        raise parts.refused("The state migration point has this folder already.")
    if leaving - present:
        raise parts.nothing()
    if not added and not removed:
        return []

    def change() -> None:
        kept = [text for text in point.values(osd_items.FOLDERS) if fold(path_of(text)) not in leaving]
        point.set_values(osd_items.FOLDERS, [*kept, *(one.text for one in added)])

    return [change]


def _handed(given: Parameters, parameter: str) -> list[StorageFolder]:
    """Folders that New-CMStorageFolder made."""
    value = given.get(parameter)
    found = []
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        if not isinstance(item, dict) or "StorageFolderName" not in item:
            raise HostError("invalid", f"{parameter} takes what New-CMStorageFolder makes.")
        unit = _UNIT_WORDS[_SPACE_UNITS.index(item["SpaceUnit"])]
        found.append(StorageFolder(item["StorageFolderName"], item["MaximumClientNumber"], item["MinimumFreeSpace"], unit))
    return found


def path_of(text: str) -> str:
    """The path in a folder's text."""
    fields = dict(part.partition("=")[::2] for part in text.split(";") if part)
    return str(fields.get("Directory", ""))


def _get_association(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    where = {
        "SourceName": given.get("SourceComputer"),
        "RestoreName": given.get("DestinationComputer"),
        "MigrationID": given.get("MigrationId"),
    }
    return [parts.shown(row) for row in parts.rows(machine, site, schema.STATE_MIGRATION, where)]


def _remove_association(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    handed = given.get("InputObject")
    migration_id = NameDict(handed).get("MigrationID") if isinstance(handed, dict) else given.get("MigrationId")
    source, destination = given.get("SourceComputer"), given.get("DestinationComputer")
    if not migration_id and not (source and destination):
        raise HostError("invalid", "MigrationId, InputObject, or SourceComputer and DestinationComputer are needed.")
    parts.may_write(site, machine)
    where = {"SourceName": source, "RestoreName": destination, "MigrationID": migration_id}
    found = parts.rows(machine, site, schema.STATE_MIGRATION, where)
    if not found:
        raise parts.nothing()
    if parts.switch(given, "WhatIf"):
        return []
    if not parts.switch(given, "Force") and (given.get("Confirm") or {}).get("switch") is not False:
        raise parts.refused("The command asks for confirmation, and nobody is there to answer.")
    for row in found:
        what = f"Remove-CMComputerAssociation {row['SourceName']} {row['RestoreName']}"
        parts.submit(machine, site, what, _removal(site, row))
    return []


def _removal(site: Site, row: Row) -> Callable[[], None]:
    migration_id = str(row["MigrationID"])
    return lambda: site.osd.remove_association(migration_id)


def delete_association(site: Site, machine: Machine, arguments: dict[str, Any]) -> None:
    """The class's method DeleteAssociation. Raises HostError."""
    keys = ("SourceClientResourceID", "RestoreClientResourceID")
    for row in site.rows(schema.STATE_MIGRATION, machine.clock.now()):
        if all(arguments.get(key) == row[key] for key in keys):
            parts.may_write(site, machine)
            parts.submit(machine, site, f"DeleteAssociation {row['SourceName']} {row['RestoreName']}", _removal(site, row))
            return
    raise parts.nothing()


_BY_NAME: Final = {**parts.WILDCARDS, "InputObject": "any", "SiteCode": "text", "SiteSystemServerName": "text"}
COMMANDS: Final[parts.Declared] = {
    "Get-CMStateMigrationPoint": ({**_BY_NAME, "AllSite": "switch"}, _get_point, ()),
    "Set-CMStateMigrationPoint": (
        {
            **parts.CHANGING,
            **_BY_NAME,
            **dict.fromkeys(("AddBoundaryGroupName", "RemoveBoundaryGroupName"), "texts"),
            **dict.fromkeys(("AddStorageFolder", "RemoveStorageFolder"), "any"),
            **dict.fromkeys(("AllowFallbackSourceLocationForContent", "EnableRestoreOnlyMode"), "flag"),
            **dict.fromkeys(("DeleteImmediately", "PassThru"), "switch"),
            "TimeDeleteAfter": "number",
            "TimeUnit": "text",
        },
        _set_point,
        (),
    ),
    "New-CMStorageFolder": (
        {
            **parts.CHANGING,
            **dict.fromkeys(("MaximumClientNumber", "MinimumFreeSpace"), "number"),
            **dict.fromkeys(("SpaceUnit", "StorageFolderName"), "text"),
        },
        _new_folder,
        ("StorageFolderName",),
    ),
    "Get-CMComputerAssociation": (
        {**parts.WILDCARDS, **dict.fromkeys(("DestinationComputer", "MigrationId", "SourceComputer"), "text")},
        _get_association,
        (),
    ),
    "Remove-CMComputerAssociation": (
        {
            **parts.CHANGING,
            **dict.fromkeys(("DestinationComputer", "MigrationId", "SourceComputer"), "text"),
            "Force": "switch",
            "InputObject": "any",
        },
        _remove_association,
        (),
    ),
}
