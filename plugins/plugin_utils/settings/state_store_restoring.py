# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The folders of a state migration point as a snapshot has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_associations import (
    Associations,
    association_reads,
    now_of,
    read_associations,
    time_of,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_folders import ReadFolders, read_folders
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_point import (
    point_reads,
    put_directories,
    same_server,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.wmi_datetime import Moment


@dataclass(frozen=True)
class ReadStored:
    """C(used): whose stores on the point may have come since, so that none of its folders is sure to be empty."""

    folders: ReadFolders
    used: tuple[str, ...]


@dataclass(frozen=True)
class StoredFolders(Setting):
    """Those folders that are still in the list. C(since): when the snapshot was taken, by the host.

    Wanted: pairs of the path and the text; a folder without one was not there, and goes unless user state was stored since.
    """

    kind: ClassVar[str] = "state_migration_folder"
    site: Site
    server: str
    since: str

    @property
    def key(self) -> str:
        return f"state_migration_folder:{self.site.code or ''}|{self.server}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return (*point_reads(self.site), *association_reads(self.site))

    def interpret(self, answers: Answers) -> Observation:
        folders = read_folders(self.site, self.server, answers)
        if isinstance(folders, Observation):
            return folders
        associations = read_associations(self.site, answers)
        if isinstance(associations, Observation):
            return associations
        return Observation(ReadStored(folders, self._used(folders, associations)))

    def _used(self, folders: ReadFolders, associations: Associations) -> tuple[str, ...]:
        since = now_of(self.since)
        stored = [one for one in associations.rows if one.server and same_server(one.server, folders.point.server) and not one.is_deleted]
        times = [(one.names, time_of(one.created)) for one in stored]
        return tuple(names for names, created in times if not isinstance(created, Moment) or created.before(since) is not True)

    def assess(self, observation: Observation, wanted: tuple[tuple[str, str | None], ...]) -> Assessment:
        stored: ReadStored = observation.value
        read = stored.folders
        expected = f"folders of {read.point.server}: {'; '.join(text or f'no {path}' for path, text in wanted)}"
        actual = f"folders of {read.point.server}: {'; '.join(read.texts or ()) or 'none'}"
        texts: list[str | None] = list(read.texts or ())
        moved = []
        staying = []
        for path, text in wanted:
            for index, folder in read.find(path):
                if text is None and stored.used:
                    staying.append(f"{folder.path} stays, as user state may have been stored in it since: {', '.join(stored.used)}")
                elif str(folder) != text:
                    texts[index] = text
                    moved.append((folder, text))
        if not moved:
            if staying:
                return Assessment(Status.DRIFT, expected, "; ".join(staying))
            return Assessment(Status.COMPLIANT, expected, actual)
        code, server = read.point.located.code, read.point.server
        left = [text for text in texts if text is not None]
        made = put_directories(self.site, read.point, read.texts, left, what=f"the folders of the state migration point {server}")
        differences = tuple(
            Difference(
                key=f"state_migration_folder:{code}|{server}|{folder.place}".casefold(),
                label=f"folders of {server}" if text is None else f"folder {folder.path} of {server}",
                before="present" if text is None else str(folder),
                after="absent" if text is None else text,
                item=folder.path if text is None else None,
                note="the folder itself and its share stay on the server" if text is None else None,
                writes=made.operations,
                told=made.told,
                restore=()
                if text is None
                else ({"kind": self.kind, "site": code, "point": server, "folder": folder.path, "before": str(folder)},),
            )
            for folder, text in moved
        )
        return Assessment(Status.DRIFT, expected, "; ".join((actual, *staying)), differences)
