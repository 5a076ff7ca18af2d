# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may say about state migration points, as a type, and the rules between the options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_associations import StaleAfter
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_folders import DeclaredFolder
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_point import same_server
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_reading import Reading
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_times import minutes
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import Limits, Space, place

AREA = "state_migration_retention"

_SITE_CODE = re.compile(r"[A-Za-z0-9]{3}\Z")
_SERVER = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_-]+)*\Z")
_FOLDER = re.compile(r"[A-Za-z]:\\[^\\/:*?\"<>|;\x00-\x1f]*(\\[^\\/:*?\"<>|;\x00-\x1f]+)*\\?\Z")
_LONGEST_WAIT = 3600
_MOST_DAYS = 3650
_MOST = 2**31 - 1
"""What the cmdlet's Int32 holds."""
_HUNDRED_PERCENT = 100


@dataclass(frozen=True)
class PointOptions:
    """One declared point. Times are in minutes; None is what is not declared. C(told): what its own play said, where that is known."""

    name: str
    retention: int | None = None
    cycle: int | None = None
    never_immediate: bool = True
    restore_only: bool | None = None
    folders: tuple[DeclaredFolder, ...] = ()
    stale: StaleAfter = field(default_factory=StaleAfter)
    told: Reading | None = None


@dataclass(frozen=True)
class AssociationOptions:
    """C(older) and C(outdated): days, or None; C(named): pairs of source and destination; C(opted): whether any may be deleted."""

    older: int | None
    named: tuple[tuple[str, str], ...]
    outdated: int | None
    opted: bool


@dataclass(frozen=True)
class OwnOptions:
    """The host's own play. C(unreleased): shares that hold user state that was not released, None where nobody told."""

    folders: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    signing: bool = True
    encryption: bool = False
    remove: bool = False
    unreleased: tuple[str, ...] | None = None


@dataclass(frozen=True)
class StateMigrationOptions:
    """Checked options. C(points): None where the site is not judged; C(own): None where the host is not judged as a point."""

    site_code: str | None = None
    wait_seconds: int = 120
    points: tuple[PointOptions, ...] | None = None
    associations: AssociationOptions | None = None
    own: OwnOptions | None = None


def read_options(given: Mapping[str, Any]) -> StateMigrationOptions:
    """Options whose types were checked already, with the rules between them. All broken rules are told at once (OptionError)."""
    wrong: list[str] = []
    code = (given.get("site_code") or "").strip() or None
    if code and not _SITE_CODE.match(code):
        wrong.append(f"site_code: '{code}' is no site code; allowed are three letters or digits.")
    wait = given.get("wait_seconds", 120)
    if not 1 <= wait <= _LONGEST_WAIT:
        wrong.append(f"wait_seconds: {wait} is out of range; allowed are whole numbers from 1 to {_LONGEST_WAIT}.")
    listed, associations, own = (given.get(name) for name in ("state_migration_points", "associations", "this_state_migration_point"))
    if listed is None and associations is None and own is None:
        wrong.append(
            "state_migration_points: missing; on a host of the SMS Provider give the site's points (the list may be empty),"
            " on a state migration point give this_state_migration_point."
        )
    readings = given.get("readings") or {}
    told = dict(_readings(readings, wrong))
    points = None if listed is None and associations is None else tuple(_points(listed or (), told, wrong))
    result = StateMigrationOptions(
        site_code=code,
        wait_seconds=wait,
        points=points,
        associations=None if associations is None else _associations(associations, wrong),
        own=None if own is None else _own(own, readings, wrong),
    )
    if wrong:
        raise OptionError(wrong)
    return result


# -- the site's points -------------------------------------------------------------------------------------------------------------------


def _points(listed: Sequence[Mapping[str, Any]], told: Mapping[str, Reading | None], wrong: list[str]) -> Iterator[PointOptions]:
    seen: list[str] = []
    for index, given in enumerate(listed):
        at = f"state_migration_points[{index}]"
        name = str(given.get("name") or "").strip().strip("\\")
        if not _SERVER.match(name):
            wrong.append(f"{at}.name: '{given.get('name')}' is no name of a server, such as SMP01.corp.example.")
        elif any(same_server(name, other) for other in seen):
            wrong.append(f"{at}.name: '{name}' is declared twice; case does not matter. Declare each point once.")
        seen.append(name)
        stale = given.get("stale_after") or {}
        yield PointOptions(
            name=name,
            retention=_time(given.get("retention"), f"{at}.retention", wrong),
            cycle=_time(given.get("deletion_cycle"), f"{at}.deletion_cycle", wrong),
            never_immediate=given.get("never_immediate") is not False,
            restore_only=given.get("restore_only"),
            folders=tuple(_folders(given.get("folders") or (), f"{at}.folders", wrong)),
            stale=StaleAfter(
                _time(stale.get("released"), f"{at}.stale_after.released", wrong, least=0) or 0,
                _time(stale.get("never_released"), f"{at}.stale_after.never_released", wrong),
            ),
            told=_told(given.get("host"), name, told, at, wrong),
        )


def _time(given: Mapping[str, Any] | None, name: str, wrong: list[str], *, least: int = 1) -> int | None:
    """A time in minutes."""
    if given is None:
        return None
    value, unit = given["value"], given["unit"]
    most = minutes(_MOST_DAYS, "days") // minutes(1, unit)
    if not least <= value <= most:
        wrong.append(f"{name}: {value} {unit} is out of range; allowed are whole numbers of {unit} from {least} to {most}.")
    return minutes(value, unit)


def _folders(listed: Sequence[Mapping[str, Any]], name: str, wrong: list[str]) -> Iterator[DeclaredFolder]:
    _check_paths([str(given["path"]) for given in listed], name, wrong, ".path")
    for index, given in enumerate(listed):
        at = f"{name}[{index}]"
        clients, space = given["max_clients"], given["min_free_space"]
        if not 1 <= clients <= _MOST:
            wrong.append(f"{at}.max_clients: {clients} is out of range; allowed are whole numbers from 1 to {_MOST}.")
        value, unit = space["value"], space["unit"]
        most = _HUNDRED_PERCENT if unit == "percent" else _MOST
        if not 1 <= value <= most:
            wrong.append(f"{at}.min_free_space: {value} {unit} is out of range; allowed are whole numbers from 1 to {most}.")
        yield DeclaredFolder(str(given["path"]).strip(), Limits(clients, Space(value, unit)))


def _check_paths(paths: Sequence[str], name: str, wrong: list[str], field: str = "") -> None:
    seen: set[str] = set()
    for index, path in enumerate(paths):
        at = f"{name}[{index}]{field}"
        if ";" in path:
            wrong.append(f"{at}: '{path}' has a semicolon, which ends a field where the site keeps the path; name another folder.")
        elif not _FOLDER.match(path.strip()) or any(set(part) <= {"."} and part for part in path.strip().split("\\")):
            wrong.append(f"{at}: '{path}' is no folder of the server itself; allowed are full paths with a drive, such as D:\\UserState.")
        if place(path) in seen:
            wrong.append(f"{at}: '{path}' is named twice; neither case nor a backslash at the end matters. Name each folder once.")
        seen.add(place(path))


# -- associations ------------------------------------------------------------------------------------------------------------------------


def _associations(given: Mapping[str, Any], wrong: list[str]) -> AssociationOptions:
    older, outdated = given.get("completed_older_than_days"), given.get("delete_older_than_days")
    for name, least in (("completed_older_than_days", 0), ("delete_older_than_days", 1)):
        days = given.get(name)
        if days is not None and not least <= days <= _MOST_DAYS:
            wrong.append(f"associations.{name}: {days} is out of range; allowed are whole numbers from {least} to {_MOST_DAYS}.")
    named = tuple((str(one["source"]).strip(), str(one["destination"]).strip()) for one in given.get("delete") or ())
    for index, pair in enumerate(named):
        for name, text in zip(("source", "destination"), pair, strict=True):
            if not text:
                wrong.append(f"associations.delete[{index}].{name}: is empty; give the name of a computer.")
    opted = bool(given.get("delete_associations"))
    if opted and outdated is None and not named:
        wrong.append("associations.delete_associations: does not say which; name them in delete, or give delete_older_than_days.")
    elif older is None and outdated is None and not named:
        wrong.append("associations: says nothing; give completed_older_than_days, delete or delete_older_than_days, or leave it out.")
    return AssociationOptions(older, named, outdated, opted)


# -- readings ----------------------------------------------------------------------------------------------------------------------------


def _readings(given: Mapping[str, Any], wrong: list[str]) -> Iterator[tuple[str, Reading | None]]:
    """What points have told, by the inventory's names; None for a host that has told nothing of this."""
    for host, content in given.items():
        data = _own_part(content)
        if data is None or "volumes" not in data:
            yield str(host), None
            continue
        try:
            yield str(host), Reading.from_data(data)
        except (KeyError, TypeError, ValueError, AttributeError):
            wrong.append(f"readings: those of '{host}' are not what the play of a state migration point returns; give them as they came.")


def _own_part(content: Any) -> Mapping[str, Any] | None:
    """The readings of this area: as a play returns them, by area, or those of the area alone."""
    if not isinstance(content, Mapping):
        return None
    part = content.get(AREA, content)
    return part if isinstance(part, Mapping) else None


def _told(host: str | None, name: str, told: Mapping[str, Reading | None], at: str, wrong: list[str]) -> Reading | None:
    by_name = {known.casefold(): reading for known, reading in told.items()}
    if host is None:
        label = name.partition(".")[0].casefold()
        return by_name.get(name.casefold()) or by_name.get(label)
    found = by_name.get(host.casefold())
    if found is None:
        there = ", ".join(sorted(known for known, reading in told.items() if reading)) or "none"
        wrong.append(
            f"{at}.host: there are no readings of '{host}', only of: {there}. Run the play of that state migration point first, and give"
            " what it returned in readings; or leave host out."
        )
    return found


# -- the host itself ---------------------------------------------------------------------------------------------------------------------


def _own(given: Mapping[str, Any], readings: Mapping[str, Any], wrong: list[str]) -> OwnOptions:
    name = "this_state_migration_point"
    folders, former = (tuple(str(path).strip() for path in given.get(field) or ()) for field in ("folders", "former_folders"))
    _check_paths(folders, f"{name}.folders", wrong)
    _check_paths(former, f"{name}.former_folders", wrong)
    for path in former:
        if place(path) in map(place, folders):
            wrong.append(f"{name}.former_folders: '{path}' is in folders as well; a folder is either in use or not.")  # noqa: PERF401
    remove = given.get("orphaned_shares") == "remove"
    if remove and not former:
        wrong.append(f"{name}.orphaned_shares: remove needs former_folders, the folders whose shares may go; name them, or choose report.")
    encryption = bool(given.get("smb_encryption"))
    if encryption and not folders:
        wrong.append(f"{name}.smb_encryption: needs folders, whose shares are to be encrypted; name them, or leave it out.")
    return OwnOptions(folders, former, given.get("smb_signing") is not False, encryption, remove, _unreleased(readings, wrong))


def _unreleased(readings: Mapping[str, Any], wrong: list[str]) -> tuple[str, ...] | None:
    """Shares with user state that was not released, as a site's play told; of any server, as a name too many does no harm."""
    found: list[str] | None = None
    for host, content in readings.items():
        part = _own_part(content)
        if part is None or "unreleased_stores" not in part:
            continue
        try:
            found = [*(found or ()), *(str(one["share"]) for one in part["unreleased_stores"])]
        except (KeyError, TypeError):
            wrong.append(f"readings: those of '{host}' are not what the play of a site returns; give them as they came.")
    return None if found is None else tuple(dict.fromkeys(found))
