# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Computer associations of a site: which are done with, which stores of theirs are late, and deleting what is named or old enough.

With an association goes the key that its store was encrypted with (SMS_StateMigration, GetEncryptDecryptKey), so one is deleted only when
it is completed and its store is known to be released.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import still, until
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import (
    Located,
    Site,
    SiteQuery,
    changed_meanwhile,
    second_hop,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_folders import folders_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_point import (
    CYCLE,
    DELAY,
    Point,
    Points,
    point_reads,
    read_points,
    same_server,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_reading import Reading
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_times import words
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import within
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.wmi_datetime import MalformedDatetimeError, Moment, parse

_CLASS = "SMS_StateMigration"
_COLUMNS = (
    "SourceClientResourceID",
    "RestoreClientResourceID",
    "MigrationID",
    "SourceName",
    "RestoreName",
    "MigrationStatus",
    "StorePath",
    "StoreCreationDate",
    "StoreReleaseDate",
    "StoreDeletionDate",
    "SiteCode",
)
_COMPLETED = 2
_STORE = re.compile(r"\\\\([^\\]+)\\([^\\]+)")
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")
_GONE_FOR_GOOD = "no rollback brings it back, and the key that its store was encrypted with goes with it"


@dataclass(frozen=True)
class Association:
    """A row as read. The three times are as stored."""

    ids: tuple[int, int]
    number: str
    source: str
    destination: str
    status: Json
    path: str
    created: str | None
    released: str | None
    deleted: str | None

    @property
    def names(self) -> str:
        return f"{self.source} -> {self.destination}"

    @property
    def server(self) -> str | None:
        """The server of the store; None while nothing is stored."""
        match = _STORE.match(self.path)
        return match[1] if match else None

    @property
    def share(self) -> str | None:
        match = _STORE.match(self.path)
        return match[2] if match else None

    @property
    def is_deleted(self) -> bool:
        return isinstance(time_of(self.deleted), Moment)

    def is_released(self, now: datetime) -> bool:
        """Whether it is known to be released by now; a time that cannot be understood, or may lie ahead, says nothing."""
        released = time_of(self.released)
        return isinstance(released, Moment) and released.latest <= now

    def is_named(self, names: Sequence[tuple[str, str]]) -> bool:
        own = (self.source.casefold(), self.destination.casefold())
        return any(own == (source.casefold(), destination.casefold()) for source, destination in names)


def time_of(text: str | None) -> Moment | Problem | None:
    """A stored time; None for one that was never set, a problem for one that is none."""
    try:
        return parse(text)
    except MalformedDatetimeError as error:
        return Problem(Code.MALFORMED_VALUE, str(error))


@dataclass(frozen=True)
class Associations:
    """All associations that a site shows, and the time by its provider's clock, in UTC."""

    located: Located
    rows: tuple[Association, ...]
    now: datetime
    advice: str


def association_reads(site: Site) -> tuple[Operation, ...]:
    return (*site.reads(), *_all(site).operations())


def read_associations(site: Site, answers: Answers) -> Associations | Observation:
    """All associations, or the observation that says why they could not be read."""
    located = site.locate(answers)
    if isinstance(located, Observation):
        return located
    rows = _all(site).rows(answers, located, "The computer associations")
    if isinstance(rows, Problem):
        return Observation(problem=rows)
    # On a central site the provider shows those of all sites.
    own = [row for row in rows if str(row.get("SiteCode") or located.code).casefold() == located.code.casefold()]
    return Associations(located, tuple(map(_association, own)), now_of(answers.host.time), second_hop(answers.host))


def now_of(text: str) -> datetime:
    """The time of a host in a reply, in UTC."""
    match = _ISO.match(text)
    if match is None:
        raise ValueError(f"'{text}' is no time of a host")
    return datetime.fromisoformat(match[1]).replace(tzinfo=timezone.utc)


def _all(site: Site) -> SiteQuery:
    return SiteQuery(site, _CLASS, properties=_COLUMNS, of_site=False)


def _one(site: Site, association: Association) -> SiteQuery:
    where = tuple(zip(_COLUMNS[:2], association.ids, strict=True))
    return SiteQuery(site, _CLASS, where, properties=_COLUMNS, of_site=False)


def _association(row: Mapping[str, Json]) -> Association:
    texts = {name: None if row.get(name) is None else str(row[name]) for name in _COLUMNS}
    return Association(
        (int(row["SourceClientResourceID"]), int(row["RestoreClientResourceID"])),
        texts["MigrationID"] or "",
        texts["SourceName"] or "",
        texts["RestoreName"] or "",
        row.get("MigrationStatus"),
        texts["StorePath"] or "",
        texts["StoreCreationDate"],
        texts["StoreReleaseDate"],
        texts["StoreDeletionDate"],
    )


@dataclass(frozen=True)
class Sorted:
    """Associations by what is to be done: C(going) are deleted, C(left) are told and stay, each with why; C(doubts) cannot be told."""

    going: tuple[Association, ...]
    left: tuple[tuple[Association, str], ...]
    doubts: tuple[str, ...]
    others: int


@dataclass(frozen=True)
class CompletedAssociations(Setting):
    """Completed associations that are C(older) than so many days, or to be deleted: those C(named), and those C(outdated) by days.

    C(opted): whether any may be deleted at all. Wanted: None.
    """

    kind: ClassVar[str] = "state_migration_associations"
    site: Site
    older: int | None = None
    named: tuple[tuple[str, str], ...] = ()
    outdated: int | None = None
    opted: bool = False

    @property
    def key(self) -> str:
        return f"state_migration_associations:{self.site.code or ''}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return association_reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        read = read_associations(self.site, answers)
        if isinstance(read, Observation):
            return read
        completed = sum(1 for one in read.rows if one.status == _COMPLETED)
        return Observation(read, (f"site {read.located.code}: {len(read.rows)} computer associations, {completed} of them completed",))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        read: Associations = observation.value
        expected = self._expected()
        sorted_ = self._sorted(read)
        differences = tuple(self._difference(read, one) for one in sorted_.going)
        told = [*(f"{one.names} is completed" for one in sorted_.going), *(f"{one.names} {why}" for one, why in sorted_.left)]
        if told:
            return Assessment(Status.DRIFT, expected, "; ".join((*told, *sorted_.doubts)), differences)
        if sorted_.doubts:
            return Assessment(Status.INDETERMINATE, expected, "; ".join(sorted_.doubts), code=Code.MALFORMED_VALUE)
        return Assessment(Status.COMPLIANT, expected, f"there is none among {sorted_.others}")

    def _expected(self) -> str:
        oldest = min((days for days in (self.older, self.outdated) if days is not None), default=None)
        parts = [] if oldest is None else [f"no completed computer association is older than {oldest} days"]
        if self.named:
            parts.append(f"none of {', '.join(f'{source} -> {destination}' for source, destination in self.named)} is left")
        return " and ".join(parts)

    def _sorted(self, read: Associations) -> Sorted:
        going: list[Association] = []
        left: list[tuple[Association, str]] = []
        doubts: list[str] = []
        for one in read.rows:
            named = one.is_named(self.named)
            old, outdated = (_is_old(one, days, read.now) for days in (self.older, self.outdated))
            doubts += [f"{one.names}: {doubt}" for doubt in dict.fromkeys((old, outdated)) if isinstance(doubt, str)]
            if not named and old is not True and outdated is not True:
                continue
            if one.status != _COMPLETED:
                left.append((one, "is not completed, so it is not deleted"))
            elif not one.is_released(read.now):
                left.append((one, "is completed, but its store is not known to be released, so it is not deleted"))
            elif self.opted and (named or outdated is True):
                going.append(one)
            else:
                why = "it is neither named in delete nor old enough" if self.opted else "delete_associations is not true"
                left.append((one, f"is completed, and stays as {why}"))
        return Sorted(tuple(going), tuple(left), tuple(doubts), len(read.rows))

    def _difference(self, read: Associations, one: Association) -> Difference:
        query, located = _one(self.site, one), read.located
        what = f"The computer association {one.names}"
        as_read = (
            still(query, located, "MigrationStatus", [_COMPLETED]),
            still(query, located, "StoreReleaseDate", [one.released]),
        )
        delete = Operation.of(
            "cim.invoke",
            namespace=located.namespace,
            **{"class": _CLASS},
            method="DeleteAssociation",
            arguments=dict(zip(_COLUMNS[:2], one.ids, strict=True)),
            mutates=True,
        )
        gone = until(query, located, "MigrationStatus", [None])
        told = (
            *((look, "timeout", changed_meanwhile(what)) for look in as_read),
            (delete, "access_denied", f"{what}: deleting it was denied. {read.advice}"),
            (gone, "timeout", f"{what}: deleted, and still shown {gone.fields['timeout']} seconds later."),
        )
        return Difference(
            key=f"state_migration_association:{located.code}|{one.ids[0]}|{one.ids[1]}".casefold(),
            label="computer associations",
            before="present",
            after="absent",
            item=one.names,
            note=f"resources {one.ids[0]} and {one.ids[1]}; {_GONE_FOR_GOOD}",
            writes=(*as_read, delete, gone),
            told=told,
        )


def _is_old(one: Association, days: int | None, now: datetime) -> bool | str:
    """Whether it is completed and older than so many days; a text says why that cannot be told."""
    if days is None or one.status != _COMPLETED:
        return False
    since = time_of(one.released)
    if since is None:
        since = time_of(one.created)
    if since is None:
        return "completed, and it is not shown since when"
    if isinstance(since, Problem):
        return since.message
    before = since.before(now - timedelta(days=days))
    return f"completed about {since}, which may or may not be {days} days ago" if before is None else before


# -- stores ------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StaleAfter:
    """In minutes. C(released): so much longer than delay and cycle; C(never_released): None where that is not declared."""

    released: int = 0
    never_released: int | None = None


@dataclass(frozen=True)
class ReadStores:
    """C(point): the one that the stores are of; None for those of no declared point."""

    read: Associations
    points: Points
    point: Point | None


@dataclass(frozen=True)
class StaleStores(Setting):
    """Stores of a point that should have been deleted, or released, and shares of former ones. Only told. Wanted: None.

    Without a C(server) it is about the stores of all points that are not C(declared). C(told): what the point has told of itself.
    """

    kind: ClassVar[str] = "state_migration_stores"
    site: Site
    server: str | None
    stale: StaleAfter = StaleAfter()
    told: Reading | None = None
    declared: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"state_migration_stores:{self.site.code or ''}|{self.server or ''}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return (*point_reads(self.site), *_all(self.site).operations())

    def interpret(self, answers: Answers) -> Observation:
        points = read_points(self.site, answers)
        if isinstance(points, Observation):
            return points
        read = read_associations(self.site, answers)
        if isinstance(read, Observation):
            return read
        point = points.find(self.server) if self.server else None
        if isinstance(point, Problem):
            return Observation(problem=point)
        if self.declared and not points.points:
            problem = points.find(self.declared[0])
            return Observation(problem=problem if isinstance(problem, Problem) else None)
        stores = ReadStores(read, points, point)
        return Observation(stores, tuple(_shown(one) for one in self._own(stores) if not one.is_deleted))

    def _own(self, stores: ReadStores) -> list[Association]:
        stored = [one for one in stores.read.rows if one.server]
        if stores.point:
            return [one for one in stored if same_server(one.server or "", stores.point.server)]
        declared = [point for point in map(stores.points.find, self.declared) if isinstance(point, Point)]
        return [one for one in stored if not any(same_server(one.server or "", point.server) for point in declared)]

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        stores: ReadStores = observation.value
        where = stores.point.server if stores.point else "other servers"
        expected = f"no store on {where} is left longer than it has to be"
        trouble: list[str] = []
        doubts: list[str] = []
        for one in self._own(stores):
            late = self._late(one, stores)
            if isinstance(late, Problem):
                doubts.append(late.message)
            elif late:
                trouble.append(late)
        trouble += self._orphans(stores)
        if trouble:
            return Assessment(Status.DRIFT, expected, "; ".join((*trouble, *doubts)))
        if doubts:
            return Assessment(Status.INDETERMINATE, expected, "; ".join(doubts), code=Code.MALFORMED_VALUE)
        return Assessment(Status.COMPLIANT, expected, "none is")

    def _late(self, one: Association, stores: ReadStores) -> str | Problem | None:
        """What is wrong with a store, in words; a problem where that cannot be told."""
        if one.is_deleted:
            return None
        point = stores.point or next((point for point in stores.points.points if same_server(one.server or "", point.server)), None)
        if point is None:
            return f"the store of {one.names} is on {one.server}, which is no state migration point of the site"
        released = time_of(one.released)
        if isinstance(released, Problem):
            return Problem(released.code, f"the store of {one.names}: {released.message}")
        if released is None:
            return self._unreleased(one, stores.read.now)
        delay, cycle = point.number(DELAY), point.number(CYCLE)
        if not isinstance(delay, int) or not isinstance(cycle, int):
            if released.earliest > stores.read.now:
                return None
            return Problem(Code.UNDOCUMENTED_VALUE, f"the store of {one.names} is released, and when {point.server} deletes cannot be told")
        longest = delay + cycle + self.stale.released
        late = released.before(stores.read.now - timedelta(minutes=longest))
        if late is None:
            return Problem(
                Code.MALFORMED_VALUE, f"the store of {one.names} was released {released}, so that it cannot be told if it is late"
            )
        when = f"after {words(longest)}" if longest else "at once"
        return f"the store of {one.names} was released {released}, and is not deleted {when}" if late else None

    def _unreleased(self, one: Association, now: datetime) -> str | Problem | None:
        limit = self.stale.never_released
        created = time_of(one.created)
        if limit is None or created is None:
            return None
        if isinstance(created, Problem):
            return Problem(created.code, f"the store of {one.names}: {created.message}")
        old = created.before(now - timedelta(minutes=limit))
        if old is None:
            return Problem(Code.MALFORMED_VALUE, f"the store of {one.names} was made {created}, so that it cannot be told if it is late")
        return f"the store of {one.names} was made {created}, and is not released after {words(limit)}" if old else None

    def _orphans(self, stores: ReadStores) -> list[str]:
        """Shares that stores once were in, and whose folders are no folders of the point any more."""
        if stores.point is None or self.told is None or self.told.shares is None:
            return []
        read = folders_of(stores.points, stores.point)
        if isinstance(read, Problem) or read.malformed or not read.texts:
            return []
        said = {}
        for one in self._own(stores):
            share = self.told.share(one.share or "")
            if share and share.path and not any(_overlap(share.path, folder.path) for _index, folder in read.folders):
                said[share.name] = f"the share {share.name} ({share.path}) of a former store is still there"
        return list(said.values())

    def reading(self, observation: Observation) -> Mapping[str, Json]:
        """Where user state is that was not released: no share of it may go."""
        if self.server is not None or observation.problem or observation.value is None:
            return {}
        read: Associations = observation.value.read
        kept = {(one.server, one.share): None for one in read.rows if one.server and not one.is_deleted and not one.is_released(read.now)}
        return {"unreleased_stores": [{"server": server, "share": share} for server, share in kept]}


def _overlap(one: str, other: str) -> bool:
    return within(one, other) or within(other, one)


def _shown(one: Association) -> str:
    return f"store of {one.names}: {one.path}, created {one.created}, released {one.released}"
