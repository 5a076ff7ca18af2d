# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A state migration point on its own host: its folders, their shares, the volumes they are on.

It follows the site: a folder that is added there gets its share some seconds later; one that is taken out stays, with its share and all
that is in it [M]. How the shares are called is nowhere documented: SMPSTORE, the drive's letter and eight digits here. Nothing deletes
stores when their time has come: dates in associations stay what they are. ConfigMgr's own registry values have no source and are not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from windows_estate.machine import Machine, fold
from windows_estate.world.behaviours import service_cmdlets, services, smb, smb_cmdlets, volumes
from windows_estate.world.behaviours.configmgr_site import Site, StateMigrationPoint, StorageFolder
from windows_estate.world.behaviours.configmgr_site.migration_cmdlets import path_of
from windows_estate.world.behaviours.configmgr_site.osd_items import FOLDERS
from windows_estate.world.behaviours.volumes import Volume


@dataclass(frozen=True)
class MigrationHostOptions:
    """What a state migration point's host is like.

    former: folders that were stores once, with the names of their shares. shares: names of shares by path, where they are other ones;
    no_share: folders without one. smb, volumes: of a machine that has neither yet. follow_seconds: how long the site's changes take.
    """

    former: tuple[tuple[str, str], ...] = ()
    shares: tuple[tuple[str, str], ...] = ()
    no_share: tuple[str, ...] = ()
    smb: smb.SmbOptions = smb.SmbOptions()  # noqa: RUF009 - frozen
    volumes: tuple[Volume, ...] = ()
    follow_seconds: float = 10.0


class MigrationPoint:
    """One state migration point on its host."""

    def __init__(self, machine: Machine, options: MigrationHostOptions, folders: Callable[[datetime], tuple[str, ...]]) -> None:
        self.machine = machine
        self.options = options
        self._folders = folders
        self._applied: tuple[str, ...] = ()
        self._due: datetime | None = None

    def install(self) -> None:
        for path, name in self.options.former:
            smb.add_share(self.machine, name, path)
        self._apply(self._folders(self.machine.clock.now()))
        self.machine.on_tick.append(lambda _machine, now: self.follow(now))

    def share_of(self, path: str) -> str:
        """The name of a folder's share."""
        named = {fold(folder): name for folder, name in self.options.shares}
        return named.get(fold(path)) or share_name(path)

    def follow(self, now: datetime) -> None:
        wanted = self._folders(now)
        if wanted == self._applied:
            self._due = None
        elif self._due is None:
            self._due = now + timedelta(seconds=self.options.follow_seconds)
        elif now >= self._due:
            self._due = None
            self._apply(wanted)

    def _apply(self, wanted: tuple[str, ...]) -> None:
        self._applied = wanted
        for path in wanted:
            if path and fold(path) not in map(fold, self.options.no_share):
                smb.add_share(self.machine, self.share_of(path), path)


def share_name(path: str) -> str:
    """What a folder's share is called unless something else is said."""
    return f"SMPSTORE{path[:1].upper()}_{hashlib.sha256(fold(path).encode()).hexdigest()[:8].upper()}$"


def attach(
    machine: Machine,
    site: Site | None = None,
    *,
    server: str = "",
    point: StateMigrationPoint | None = None,
    options: MigrationHostOptions | None = None,
) -> MigrationPoint:
    """Make a machine the host of a state migration point.

    `site` and `server`: it follows this point of that site; `point`: it has these folders, without a site. Shares, volumes and services of
    the machine's state stay as they are.
    """
    options = options or MigrationHostOptions()
    if (fold(smb.NAMESPACE), fold(smb.CONFIGURATION)) not in machine.wmi_providers:
        smb.install(machine, options.smb)
        smb_cmdlets.install(machine)
        services.ensure(machine)
        service_cmdlets.install(machine)
    volumes.install(machine, options.volumes)
    if site is not None:
        found = MigrationPoint(machine, options, lambda now: _of_site(site, server, now))
    else:
        alone = _of_point(point or StateMigrationPoint(server or machine.name))
        found = MigrationPoint(machine, options, lambda _now: alone)
    found.install()
    return found


def _of_site(site: Site, server: str, now: datetime) -> tuple[str, ...]:
    site.settle(now)
    try:
        return tuple(path_of(text) for text in site.osd.migration_point(server).values(FOLDERS))
    except LookupError:
        return ()


def _of_point(point: StateMigrationPoint) -> tuple[str, ...]:
    return tuple(one.path if isinstance(one, StorageFolder) else path_of(one) for one in point.folders)
