# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Distribution points and state migration points of an estate: what its sites know of them, and what is on their hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from windows_estate.machine import fold
from windows_estate.world.behaviours import migration_point, pxe_point
from windows_estate.world.behaviours.configmgr_site import DistributionPoint, OsdOptions, Site, StateMigrationPoint, StorageFolder
from windows_estate.world.behaviours.migration_point import MigrationHostOptions, MigrationPoint, share_name
from windows_estate.world.behaviours.pxe_point import PxePoint
from windows_estate.world.build import Built
from windows_estate.world.words.model import EstateWords, Host
from windows_estate.world.words.points import MigrationPointWords
from windows_estate.world.words.reader import WordsError

DISTRIBUTION_POINT = "distribution_point"
MIGRATION_POINT = "state_migration_point"


@dataclass
class Points:
    """The points of an estate, by the names of their hosts."""

    pxe: dict[str, PxePoint] = field(default_factory=dict)
    migration: dict[str, MigrationPoint] = field(default_factory=dict)


def known_to(words: EstateWords, code: str, options: OsdOptions, now: datetime) -> OsdOptions:
    """What a site has for operating system deployment, its hosts' points included."""
    points = [_point(host, _full(host, words)) for host in _hosts(words, DISTRIBUTION_POINT) if _site_of(host, words) == code]
    migration, associations = [], list(options.associations)
    for host in _hosts(words, MIGRATION_POINT):
        found = host.migration_point
        if found is None or _site_of(host, words) != code:
            continue
        server = _full(host, words)
        migration.append(StateMigrationPoint(server, found.delay_minutes, found.cycle_minutes, found.restore_only, found.folders))
        for store in found.stores:
            share = _share(found, store.folder, host)
            associations.append(store.association(share, server, len(associations) + 1, now))
    return replace(options, distribution_points=tuple(points), migration_points=tuple(migration), associations=tuple(associations))


def attach_points(words: EstateWords, built: Mapping[str, Built], sites: Mapping[str, Site]) -> Points:
    """Put the points on their hosts. Without a site there are only those that a host's words describe."""
    points = Points()
    for host in words.hosts:
        one, site = built[host.name], sites.get(_site_of(host, words) or "")
        server = _full(host, words)
        if host.role_word == DISTRIBUTION_POINT and host.distribution_point is not None:
            points.pxe[host.name] = pxe_point.attach(
                one.machine,
                site,
                server=server,
                point=_point(host, server),
                holder=one.firewall,
                options=host.distribution_point.host,
                on_feature=_feature(one),
            )
        if host.role_word == MIGRATION_POINT and host.migration_point is not None:
            found = host.migration_point
            options = MigrationHostOptions(former=found.former, shares=found.shares, no_share=found.no_share)
            point = StateMigrationPoint(server, folders=found.folders)
            points.migration[host.name] = migration_point.attach(one.machine, site, server=server, point=point, options=options)
    return points


def _feature(one: Built) -> Callable[[str, bool], None]:
    def follow(name: str, present: bool) -> None:
        if one.server_manager is not None:
            one.server_manager.set_installed(one.machine, name, present)

    return follow


def _point(host: Host, server: str) -> DistributionPoint:
    given = dict(host.distribution_point.options) if host.distribution_point is not None else {}
    return DistributionPoint(server, **given)


def _share(words: MigrationPointWords, folder: str | None, host: Host) -> str:
    paths = [one.path for one in words.folders if isinstance(one, StorageFolder)]
    names = {fold(path): share_name(path) for path in paths}
    names |= {fold(path): name for path, name in (*words.former, *words.shares)}
    wanted = folder if folder is not None else (paths or [""])[0]
    if folder is not None and fold(folder) not in names:
        raise WordsError(f"host {host.name}, state_migration_point, stores: there is no folder {folder}, and none was there before.")
    return names.get(fold(wanted), share_name(wanted))


def _site_of(host: Host, words: EstateWords) -> str | None:
    """The site code of a point: that of its words, else that of the clients' own site."""
    own = host.distribution_point if host.role_word == DISTRIBUTION_POINT else host.migration_point
    codes = [one.code for one in words.configmgr.sites] if words.configmgr else []
    wanted = own.site if own is not None else None
    if wanted is None:
        return codes[0] if codes else None
    if wanted not in codes:
        raise WordsError(f"host {host.name}: there is no site {wanted}; there are {', '.join(codes) or 'none'}.")
    return wanted


def _hosts(words: EstateWords, role: str) -> list[Host]:
    return [host for host in words.hosts if host.role_word == role]


def _full(host: Host, words: EstateWords) -> str:
    return f"{host.name}.{words.domain.name}"
