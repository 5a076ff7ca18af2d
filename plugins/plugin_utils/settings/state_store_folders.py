# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The folders of a state migration point: how many clients each takes, and how much space it leaves."""

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
    DIRECTORIES,
    Point,
    Points,
    directories_reached,
    point_reads,
    put_directories,
    read_points,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_reading import Reading
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import (
    Limits,
    MalformedFolderError,
    StorageFolder,
    new,
    parse,
    place,
)

_REVERTED = "Find out in sitecomp.log and SMSProv.log on the site server who sets it back, then apply again."
_STAYS = "its folder and share are made by the site; a rollback takes it out of the list unless user state was stored on the point since"


@dataclass(frozen=True)
class DeclaredFolder:
    """A folder with exactly these limits."""

    path: str
    limits: Limits


@dataclass(frozen=True)
class ReadFolders:
    """C(texts): as they are; None where there is no such list. C(folders): those that can be understood, with their places in it."""

    points: Points
    point: Point
    texts: tuple[str, ...] | None
    folders: tuple[tuple[int, StorageFolder], ...]
    malformed: tuple[str, ...]

    def find(self, path: str) -> list[tuple[int, StorageFolder]]:
        return [(index, folder) for index, folder in self.folders if folder.place == place(path)]


def read_folders(site: Site, server: str, answers: Answers) -> ReadFolders | Observation:
    """The folders of the point on a server."""
    points = read_points(site, answers)
    if isinstance(points, Observation):
        return points
    point = points.find(server)
    if isinstance(point, Problem):
        return Observation(problem=point)
    read = folders_of(points, point)
    return Observation(problem=read) if isinstance(read, Problem) else read


def folders_of(points: Points, point: Point) -> ReadFolders | Problem:
    """The folders of a point."""
    texts = point.directories()
    if isinstance(texts, Problem):
        return texts
    folders, malformed = [], []
    for index, text in enumerate(texts or ()):
        try:
            folders.append((index, parse(text)))
        except MalformedFolderError as error:
            malformed.append(str(error))
    return ReadFolders(points, point, texts, tuple(folders), tuple(malformed))


def unlimited(folder: StorageFolder) -> str | None:
    """What a folder does not limit, in words; None where it limits all."""
    lacking = [] if folder.clients else ["the number of clients"]
    if folder.space is None or not folder.space.value:
        lacking.append("the space that stays free")
    return " and ".join(lacking) or None


def limits_of(folder: StorageFolder) -> str:
    """A folder's limits in words."""
    clients = f"at most {folder.clients} clients" if folder.clients else "any number of clients"
    return f"{clients}, {folder.space} free" if folder.space and folder.space.value else f"{clients}, no space has to stay free"


@dataclass(frozen=True)
class StorageFolders(Setting):
    """What is wanted stands in the setting, with what the point itself C(told). Wanted: None.

    Every folder has to be limited; those declared exactly as declared. None is ever taken from the list.
    """

    kind: ClassVar[str] = "state_migration_folders"
    site: Site
    server: str
    declared: tuple[DeclaredFolder, ...] = ()
    told: Reading | None = None

    @property
    def key(self) -> str:
        return f"state_migration_folders:{self.site.code or ''}|{self.server}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return point_reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        read = read_folders(self.site, self.server, answers)
        return read if isinstance(read, Observation) else Observation(read, (*self._evidence(read), *self._volumes(read)))

    def _evidence(self, read: ReadFolders) -> tuple[str, ...]:
        listed = read.texts or ("missing" if read.texts is None else "empty",)
        return tuple(f"site {read.point.located.code}: {read.point.server}, {DIRECTORIES}: {text}" for text in listed)

    def _volumes(self, read: ReadFolders) -> tuple[str, ...]:
        if self.told is None:
            return ()
        volumes = {volume: None for _index, folder in read.folders if (volume := self.told.volume_of(folder.path))}
        return tuple(f"{self.told.host} at {self.told.time}: {one.path} has {one.free} of {one.size} bytes free" for one in volumes)

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        read: ReadFolders = observation.value
        expected = f"every folder of {read.point.server} limits how many clients store in it and what space stays free"
        if self.declared:
            declared = "; ".join(f"{one.path}: {one.limits}" for one in self.declared)
            expected += f" ({declared})"
        trouble = [*self._limits(read), *self._space(read)]
        differences = self._differences(read)
        if trouble:
            said = "; ".join((*trouble, *read.malformed))
            if self._reverted(read):
                return Assessment(
                    Status.DRIFT, expected, f"{said}; it was set, and reverted by a site component", differences, remedy=_REVERTED
                )
            return Assessment(Status.DRIFT, expected, said, differences)
        if read.malformed:
            return Assessment(Status.INDETERMINATE, expected, "; ".join(read.malformed), code=Code.MALFORMED_VALUE)
        if not read.texts:
            said = f"{read.point.server}: the list {DIRECTORIES} is {'missing' if read.texts is None else 'empty'}"
            said += ", and no state migration point does without a folder"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.UNDOCUMENTED_VALUE)
        actual = "; ".join(f"{folder.path}: {limits_of(folder)}" for _index, folder in read.folders)
        return Assessment(Status.COMPLIANT, expected, actual, caveats=self._caveats(read))

    def _limits(self, read: ReadFolders) -> list[str]:
        """What is wrong with the limits."""
        said = []
        for path, folders in _by_place(read).items():
            shown = folders[0].path
            limits = next((one.limits for one in self.declared if place(one.path) == path), None)
            if len(folders) > 1:
                said.append(f"{shown} is listed {len(folders)} times")
            for folder in folders:
                lacking = unlimited(folder)
                if lacking:
                    said.append(f"{shown} does not limit {lacking}")
                elif limits is not None and folder.limited(limits) != folder:
                    said.append(f"{shown}: {limits_of(folder)}")
        return said + [f"{one.path} is not among the folders" for one in self.declared if not read.find(one.path)]

    def _space(self, read: ReadFolders) -> list[str]:
        """What is wrong with the volumes, as far as the point has told of them."""
        said: list[str] = []
        if self.told is None or self.told.volumes is None:
            return said
        for _index, folder in read.folders:
            volume = self.told.volume_of(folder.path)
            if volume is None:
                said.append(f"{folder.path} is on no volume that {self.told.host} has")
            elif folder.space and volume.free < folder.space.bytes_of(volume.size):
                free = f"{volume.free / 1024**3:.1f} GB of {volume.size / 1024**3:.1f} GB"
                said.append(f"{folder.path}: its volume {volume.path} has {free} free, which is less than {folder.space}")
        return said

    def _caveats(self, read: ReadFolders) -> tuple[str, ...]:
        if self.told is not None and self.told.volumes is not None:
            return ()
        return (f"how much space the volumes of {read.point.server} have is not known here: it takes the readings of its own play",)

    # ------------------------------------------------------------------ writing

    def _differences(self, read: ReadFolders) -> tuple[Difference, ...]:
        """All of them are one put of the whole list, in which everything else stays as it is."""
        texts = list(read.texts or ())
        moved: list[tuple[DeclaredFolder, StorageFolder | None]] = []
        for one in self.declared:
            found = read.find(one.path)
            if not found:
                texts.append(str(new(one.path, one.limits)))
                moved.append((one, None))
            elif len(found) == 1 and (limited := found[0][1].limited(one.limits)) != found[0][1]:
                texts[found[0][0]] = str(limited)
                moved.append((one, found[0][1]))
        if not moved:
            return ()
        point = read.point
        what = f"the folders of the state migration point {point.server}"
        made = put_directories(self.site, point, read.texts, texts, what=what)
        code = point.located.code
        return tuple(
            Difference(
                key=f"state_migration_folder:{code}|{point.server}|{place(one.path)}".casefold(),
                label=f"folders of {point.server}" if old is None else f"folder {one.path} of {point.server}",
                before="absent" if old is None else limits_of(old),
                after="present" if old is None else str(one.limits),
                item=one.path if old is None else None,
                note=f"{one.limits}; {_STAYS}" if old is None else None,
                writes=made.operations,
                told=made.told,
                restore=(_kept(code, point.server, one.path, old),),
            )
            for one, old in moved
        )

    def _reverted(self, read: ReadFolders) -> bool:
        """Whether a list was seen as put and is another by now."""
        waits = [wait for wait in read.points.seen if wait == directories_reached(self.site, read.point, _values(wait))]
        return bool(waits) and bool(self._differences(read))


def _values(wait: Operation) -> list[str]:
    accepted = wait.fields["until"].get("one_of") or [[]]
    return [str(text) for text in accepted[0]] if isinstance(accepted[0], list) else []


def _by_place(read: ReadFolders) -> Mapping[str, list[StorageFolder]]:
    found: dict[str, list[StorageFolder]] = {}
    for _index, folder in read.folders:
        found.setdefault(folder.place, []).append(folder)
    return found


def _kept(code: str, server: str, path: str, folder: StorageFolder | None) -> Mapping[str, Json]:
    return {"kind": "state_migration_folder", "site": code, "point": server, "folder": path, "before": str(folder) if folder else None}


@dataclass(frozen=True)
class FoldersToBackUp(Setting):
    """All folders of a site's points, for those who have to vouch for their backup. Wanted: None."""

    kind: ClassVar[str] = "state_migration_backup"
    site: Site

    @property
    def key(self) -> str:
        return f"state_migration_backup:{self.site.code or ''}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return point_reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        """A person decides, so that nothing can be read is no verdict."""
        points = read_points(self.site, answers)
        if isinstance(points, Observation):
            return Observation((), ("which folders a backup has to cover could not be read",), wrong_options=points.wrong_options)
        found = [(point.server, folders_of(points, point)) for point in points.points]
        lines = [
            f"to be backed up on {server}: {folder.path}"
            for server, read in found
            if not isinstance(read, Problem)
            for _index, folder in read.folders
        ]
        return Observation(tuple(lines), tuple(lines))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        return Assessment(Status.COMPLIANT, "which folders have to be backed up is known", "; ".join(observation.value) or "none is known")
