# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a state migration point deletes what was released, and whether it takes anything new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_point import (
    CYCLE,
    DELAY,
    RESTORE_ONLY,
    Number,
    Point,
    Points,
    number_reached,
    point_reads,
    put_numbers,
    read_points,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_times import DAY, words

_UNPROVEN = "how the site keeps times that are no whole days is unproven on a real site"
_REVERTED = "Find out in sitecomp.log and SMSProv.log on the site server who sets it back, then apply again."
_SWITCH = {0: "off", 1: "on"}


@dataclass(frozen=True)
class ReadPoint:
    """A point, the site's points, and what was read of some of its numbers; None for what is missing."""

    points: Points
    point: Point
    numbers: Mapping[Number, int | None]


def read_numbers(site: Site, server: str, numbers: tuple[Number, ...], answers: Answers) -> ReadPoint | Observation:
    """Some numbers of the point on a server."""
    points = read_points(site, answers)
    if isinstance(points, Observation):
        return points
    point = points.find(server)
    if isinstance(point, Problem):
        return Observation(problem=point)
    found: dict[Number, int | None] = {}
    for number in numbers:
        value = point.number(number)
        if isinstance(value, Problem):
            return Observation(problem=value)
        found[number] = value
    return ReadPoint(points, point, found)


def say(number: Number, value: Json) -> str:
    """A number in words."""
    if number is RESTORE_ONLY:
        return "not there" if value is None else _SWITCH.get(value, str(value))
    return words(value)


def number_differences(site: Site, read: ReadPoint, wanted: Mapping[Number, int]) -> tuple[Difference, ...]:
    """What makes some numbers others; one put makes them all."""
    moved = {number: (read.numbers[number], value) for number, value in wanted.items() if read.numbers[number] != value}
    if not moved:
        return ()
    point = read.point
    what = f"{' and '.join(number.title for number in moved)} of the state migration point {point.server}"
    made = put_numbers(site, point, moved, what=what)
    code = point.located.code
    return tuple(
        Difference(
            key=f"state_migration_number:{code}|{point.server}|{number.id}".casefold(),
            label=f"{number.title} of {point.server}",
            before=say(number, before),
            after=say(number, after),
            writes=made.operations,
            told=made.told,
            # What was missing cannot be taken away again, so no snapshot promises it.
            restore=()
            if before is None
            else ({"kind": PointNumber.kind, "site": code, "point": point.server, "number": number.id, "before": before},),
        )
        for number, (before, after) in moved.items()
    )


def _reverted(site: Site, read: ReadPoint, wanted: Mapping[Number, int]) -> bool:
    """Whether something was seen as put and is not so any more."""
    return any(
        read.numbers[number] != value and number_reached(site, read.point, number, value) in read.points.seen
        for number, value in wanted.items()
    )


@dataclass(frozen=True)
class RetentionWanted:
    """In minutes. C(delay): at least so long; C(cycle): exactly that; None is not declared. C(never_immediate): what is 0 is mended."""

    delay: int | None
    cycle: int | None
    never_immediate: bool = True


@dataclass(frozen=True)
class StoreDeletion(Setting):
    """The delay and the cycle of deletion, put together. Wanted: RetentionWanted."""

    kind: ClassVar[str] = "state_migration_deletion"
    site: Site
    server: str

    @property
    def key(self) -> str:
        return f"state_migration_deletion:{self.site.code or ''}|{self.server}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return point_reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        read = read_numbers(self.site, self.server, (DELAY, CYCLE), answers)
        if isinstance(read, Observation):
            return read
        shown = ", ".join(f"{number.name} = {'missing' if value is None else value}" for number, value in read.numbers.items())
        return Observation(read, (f"site {read.point.located.code}: {read.point.server}, {shown}",))

    def assess(self, observation: Observation, wanted: RetentionWanted) -> Assessment:
        read: ReadPoint = observation.value
        delay, cycle = read.numbers[DELAY], read.numbers[CYCLE]
        expected = f"{read.point.server} keeps released user state for {_at_least(wanted)}"
        if wanted.cycle is not None:
            expected += f", and looks for what to delete every {words(wanted.cycle)}"
        target = self._target(delay, cycle, wanted)
        differences = number_differences(self.site, read, target)
        missing = [number for number in (DELAY, CYCLE) if read.numbers[number] is None]
        trouble = _trouble(read.point.server, delay, cycle, wanted)
        if not trouble and missing:
            said = f"{read.point.server}: {' and '.join(number.name for number in missing)} is missing, and no documentation explains that"
            return Assessment(Status.INDETERMINATE, expected, said, differences, code=Code.UNDOCUMENTED_VALUE)
        if not trouble:
            caveats = (_UNPROVEN,) if (delay or 0) % DAY or (cycle or 0) % DAY else ()
            said = f"{read.point.server}: deletion delay {words(delay)}, deletion cycle {words(cycle)}"
            return Assessment(Status.COMPLIANT, expected, said, caveats=caveats)
        if _reverted(self.site, read, target):
            said = f"{'; '.join(trouble)}; it was set, and reverted by a site component"
            return Assessment(Status.DRIFT, expected, said, differences, remedy=_REVERTED)
        return Assessment(Status.DRIFT, expected, "; ".join(trouble), differences)

    def _target(self, delay: int | None, cycle: int | None, wanted: RetentionWanted) -> dict[Number, int]:
        target = {}
        least = wanted.delay if wanted.delay is not None else DAY if wanted.never_immediate else None
        if least is not None and (delay is None or delay < least):
            target[DELAY] = least
        if wanted.cycle is not None:
            target[CYCLE] = wanted.cycle
        elif wanted.never_immediate and not cycle:
            target[CYCLE] = DAY
        return target


def _at_least(wanted: RetentionWanted) -> str:
    return f"{words(wanted.delay if wanted.delay is not None else DAY)} or longer"


def _trouble(server: str, delay: int | None, cycle: int | None, wanted: RetentionWanted) -> list[str]:
    """What is wrong with what is there; nothing of what is missing."""
    said = []
    least = wanted.delay if wanted.delay is not None else DAY
    if delay == 0:
        said.append(f"{server} deletes released user state immediately: the deletion delay is 0")
    elif delay is not None and delay < least and (wanted.never_immediate or wanted.delay is not None):
        said.append(f"{server} keeps released user state for {words(delay)} only")
    if cycle == 0:
        said.append(f"{server} deletes released user state immediately: the deletion cycle is 0")
    elif cycle is not None and wanted.cycle is not None and cycle != wanted.cycle:
        said.append(f"{server}: the deletion cycle is {words(cycle)}")
    return said


@dataclass(frozen=True)
class PointNumber(Setting):
    """One number of a point by itself, as a switch or for a rollback. Wanted: the number."""

    kind: ClassVar[str] = "state_migration_number"
    site: Site
    server: str
    number: Number

    @property
    def key(self) -> str:
        return f"state_migration_number:{self.site.code or ''}|{self.server}|{self.number.id}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return point_reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        read = read_numbers(self.site, self.server, (self.number,), answers)
        if isinstance(read, Observation):
            return read
        value = read.numbers[self.number]
        shown = "missing" if value is None else value
        return Observation(read, (f"site {read.point.located.code}: {read.point.server}, {self.number.name} = {shown}",))

    def assess(self, observation: Observation, wanted: int) -> Assessment:
        read: ReadPoint = observation.value
        value = read.numbers[self.number]
        title = f"{self.number.title} of {read.point.server}"
        expected, actual = f"{title}: {say(self.number, wanted)}", f"{title}: {say(self.number, value)}"
        if value == wanted:
            return Assessment(Status.COMPLIANT, expected, actual)
        differences = number_differences(self.site, read, {self.number: wanted})
        if value is None or (self.number is RESTORE_ONLY and value not in _SWITCH):
            said = f"{title}: {self.number.name} is {'missing' if value is None else value}, which no documentation explains"
            return Assessment(Status.INDETERMINATE, expected, said, differences, code=Code.UNDOCUMENTED_VALUE)
        if _reverted(self.site, read, {self.number: wanted}):
            return Assessment(
                Status.DRIFT, expected, f"{actual}; it was set, and reverted by a site component", differences, remedy=_REVERTED
            )
        return Assessment(Status.DRIFT, expected, actual, differences)


@dataclass(frozen=True)
class UndeclaredPoints(Setting):
    """Points that no options name: none of them may delete at once. Nothing is written to them. Wanted: None."""

    kind: ClassVar[str] = "state_migration_undeclared"
    site: Site
    declared: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"state_migration_undeclared:{self.site.code or ''}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return point_reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        points = read_points(self.site, answers)
        if isinstance(points, Observation):
            return points
        declared = {point.path for point in map(points.find, self.declared) if isinstance(point, Point)}
        if self.declared and not points.points:
            problem = points.find(self.declared[0])
            return Observation(problem=problem if isinstance(problem, Problem) else None)
        others = tuple(point for point in points.points if point.path not in declared)
        shown = ", ".join(point.server for point in others) or "none"
        return Observation(others, (f"site {points.located.code}: state migration points that are not declared: {shown}",))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        others: tuple[Point, ...] = observation.value
        expected = "no state migration point that is not declared deletes user state immediately"
        drift: list[str] = []
        doubts: list[str] = []
        for point in others:
            values = {number: point.number(number) for number in (DELAY, CYCLE)}
            drift += [f"{point.server} deletes immediately: the {number.title} is 0" for number, value in values.items() if value == 0]
            unknown = [number.name for number, value in values.items() if not isinstance(value, int)]
            doubts += [f"{point.server}: {name} cannot be told" for name in unknown]
        remedy = "Declare it in state_migration_points, or remove the role."
        if drift:
            return Assessment(Status.DRIFT, expected, "; ".join((*drift, *doubts)), remedy=remedy)
        if doubts:
            return Assessment(Status.INDETERMINATE, expected, "; ".join(doubts), code=Code.UNDOCUMENTED_VALUE, remedy=remedy)
        named = ", ".join(point.server for point in others)
        caveats = (f"{named}: not declared in state_migration_points",) if named else ()
        return Assessment(Status.COMPLIANT, expected, f"{named} do not" if named else "there is no other point", caveats=caveats)
