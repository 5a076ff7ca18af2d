# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state migration points of a site: where they are found in its control file, and how one is put.

A point is a row of SMS_SCI_SysResUse. Its times, its switch and its folders are put as the product's own samples do it
(develop/osd/how-to-set-the-deletion-policy-for-a-state-migration-point), because what the console's cmdlet makes of hours is documented
nowhere. All of one write is one put that holds what was read against what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import ended_waits, until
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import (
    Located,
    Site,
    SiteQuery,
    changed_meanwhile,
    second_hop,
)

_CLASS = "SMS_SCI_SysResUse"
_WHERE: tuple[tuple[str, Json], ...] = (("FileType", 2), ("RoleName", "SMS State Migration Point"))
_TITLE = "The state migration points"
DIRECTORIES = "Directories"


@dataclass(frozen=True)
class Number:
    """A number of a point. C(id) names it in snapshots, C(name) in the site, C(title) in sentences."""

    id: str
    name: str
    title: str


DELAY = Number("delay", "SMPStoreDeletionDelayTimeInMinutes", "deletion delay")
CYCLE = Number("cycle", "SMPStoreDeletionCycleTimeInMinutes", "deletion cycle")
RESTORE_ONLY = Number("restore_only", "SMPQuiesceState", "restore-only mode")
NUMBERS: Mapping[str, Number] = {number.id: number for number in (DELAY, CYCLE, RESTORE_ONLY)}
"""By id: a snapshot names no other."""


def server_of(network_path: str) -> str:
    """The server of a path C(\\\\SERVER)."""
    return network_path.strip("\\")


def same_server(one: str, other: str) -> bool:
    """Whether two names are of one server; a name without its domain is as good as with it."""
    first, second = one.casefold().rstrip("."), other.casefold().rstrip(".")
    if "." in first and "." in second:
        return first == second
    return first.partition(".")[0] == second.partition(".")[0]


@dataclass(frozen=True)
class Point:
    """A point as found. C(path) is its NetworkOSPath, by which it is found again."""

    located: Located
    row: Mapping[str, Json]
    advice: str

    @property
    def path(self) -> str:
        return str(self.row.get("NetworkOSPath") or "")

    @property
    def server(self) -> str:
        return server_of(self.path)

    def number(self, number: Number) -> int | Problem | None:
        """Its value; None where it is missing, a problem where it is there with several values."""
        found = {element.get("Value") for element in self._embedded("Props", "PropertyName", number.name)}
        if len(found) > 1:
            told = " and ".join(sorted(map(str, found)))
            return Problem(Code.MALFORMED_VALUE, f"{self.server} has {number.name} more than once, as {told}.")
        value = next(iter(found), None)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def directories(self) -> tuple[str, ...] | Problem | None:
        """The texts of its folders; None where there is no such list, a problem where there are several."""
        found = {tuple(map(str, element.get("Values") or ())) for element in self._embedded("PropLists", "PropertyListName", DIRECTORIES)}
        if len(found) > 1:
            return Problem(Code.MALFORMED_VALUE, f"{self.server} has {len(found)} lists {DIRECTORIES}, which differ.")
        return next(iter(found), None)

    def _embedded(self, property_: str, key: str, name: str) -> list[Mapping[str, Json]]:
        return [element for element in self.row.get(property_) or () if str(element[key]).casefold() == name.casefold()]


@dataclass(frozen=True)
class Points:
    """All points of a site that are shown. C(seen): the waits that have ended well."""

    located: Located
    points: tuple[Point, ...]
    seen: frozenset[Operation]
    advice: str

    def find(self, server: str) -> Point | Problem:
        """The point on a server, or why it is not there."""
        exact = [point for point in self.points if point.server.casefold() == server.casefold().rstrip(".")]
        found = exact or [point for point in self.points if same_server(point.server, server)]
        if len(found) == 1:
            return found[0]
        if found:
            told = ", ".join(point.path for point in found)
            return Problem(Code.MALFORMED_VALUE, f"The site {self.located.code} has {len(found)} state migration points {server}: {told}.")
        shown = ", ".join(point.server for point in self.points) or "none"
        said = f"The site {self.located.code} shows no state migration point {server} (it shows {shown}): there is none, or no Read right"
        return Problem(Code.NO_ROWS, f"{said} on it. {self.advice}")


def point_reads(site: Site) -> tuple[Operation, ...]:
    """What tells all points of a site."""
    return (*site.reads(), *_points(site).operations())


def read_points(site: Site, answers: Answers) -> Points | Observation:
    """All points, or the observation that says why they could not be read."""
    located = site.locate(answers)
    if isinstance(located, Observation):
        return located
    rows = _points(site).rows(answers, located, _TITLE)
    if isinstance(rows, Problem):
        return Observation(problem=rows)
    advice = second_hop(answers.host)
    found = tuple(Point(located, row, advice) for row in rows)
    return Points(located, found, ended_waits(answers), advice)


def _points(site: Site) -> SiteQuery:
    # Props and PropLists are lazy.
    return SiteQuery(site, _CLASS, _WHERE, lazy=True)


def _point(site: Site, point: Point) -> SiteQuery:
    return SiteQuery(site, _CLASS, (*_WHERE, ("NetworkOSPath", point.path)), lazy=True)


@dataclass(frozen=True)
class PointWrite:
    """The put and the waits for what should come of it, and what it means that one of them fails."""

    operations: tuple[Operation, ...]
    told: tuple[tuple[Operation, str, str], ...]


def number_reached(site: Site, point: Point, number: Number, value: int) -> Operation:
    """That a number has come to be what was put."""
    return until(_point(site, point), point.located, f"Props.PropertyName={number.name}.Value", [value])


def put_numbers(site: Site, point: Point, moved: Mapping[Number, tuple[int | None, int]], *, what: str) -> PointWrite:
    """Put some numbers, each from what was read to what it should be, in one go."""
    edits = [
        _edit("Props", "PropertyName", number.name, "SMS_EmbeddedProperty", "Value", before, after)
        for number, (before, after) in moved.items()
    ]
    waits = [number_reached(site, point, number, after) for number, (_before, after) in moved.items()]
    return _write(site, point, edits, waits, what)


def put_directories(site: Site, point: Point, before: Sequence[str] | None, after: Sequence[str], *, what: str) -> PointWrite:
    """Put the list of folders."""
    old = None if before is None else list(before)
    edit = _edit("PropLists", "PropertyListName", DIRECTORIES, "SMS_EmbeddedPropertyList", "Values", old, list(after))
    return _write(site, point, [edit], [directories_reached(site, point, after)], what)


def directories_reached(site: Site, point: Point, after: Sequence[str]) -> Operation:
    """That the list of folders has come to be what was put."""
    return until(_point(site, point), point.located, f"PropLists.PropertyListName={DIRECTORIES}.Values", [list(after)])


def _edit(property_: str, key: str, name: str, element: str, field: str, before: Json, after: Json) -> dict[str, Json]:
    return {
        "property": property_,
        "key": key,
        "name": name,
        "class": element,
        "set": {field: literal(after)},
        "expect": {field: literal(before)},
    }


def _write(site: Site, point: Point, edits: list[dict[str, Json]], waits: Sequence[Operation], what: str) -> PointWrite:
    query = _point(site, point)
    put = Operation.of("cim.put", namespace=point.located.namespace, query=query.text(point.located), embedded=edits)
    told = [(put, "stale", changed_meanwhile(what)), (put, "access_denied", f"{what}: the write was denied. {point.advice}")]
    told += [(put, "not_found", f"{what}: the state migration point is gone. Verify again.")]
    told += [(wait, "timeout", f"{what}: written, and not seen within {wait.fields['timeout']} seconds.") for wait in waits]
    return PointWrite((put, *waits), tuple(told))
