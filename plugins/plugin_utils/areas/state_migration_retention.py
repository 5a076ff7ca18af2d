# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""User state that moves from an old computer to a new one: how long it is kept, within which limits, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.state_migration_options import (
    AREA,
    OwnOptions,
    PointOptions,
    StateMigrationOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.smb_server import SIGNING, SmbSwitch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.smb_shares import FormerStores, StoreEncryption
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_access import SharedIdentity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_associations import (
    CompletedAssociations,
    StaleStores,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_deletion import (
    PointNumber,
    RetentionWanted,
    StoreDeletion,
    UndeclaredPoints,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_folders import FoldersToBackUp, StorageFolders
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_point import RESTORE_ONLY
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_times import DAY

__all__ = ["AREA", "demands"]

_ROLE = "In the console, Administration, Servers and Site System Roles, State migration point, Properties"
_ASSOCIATIONS = "In the console, Assets and Compliance, User State Migration"
_OTHERS = "other state migration points"


def demands(given: Mapping[str, Any]) -> Demands:
    """The whole area for one site, one state migration point, or both on one host; broken rules are an OptionError."""
    options = read_options(given)
    requirements: list[Requirement] = []
    attested: tuple[str, ...] = ()
    if options.points is not None:
        requirements += _of_site(options, options.points)
        attested = ("003-14", "003-18")
    if options.own is not None:
        requirements += _of_host(options.own)
    return Demands(AREA, tuple(requirements), attested=attested)


# -- the site ----------------------------------------------------------------------------------------------------------------------------


def _of_site(options: StateMigrationOptions, points: tuple[PointOptions, ...]) -> Iterator[Requirement]:
    site = Site(options.site_code, options.wait_seconds)
    declared = tuple(point.name for point in points)
    for point in points:
        yield from _of_point(site, point)
    yield Requirement(UndeclaredPoints(site, declared), None, ("003-16",), object=_OTHERS, writable=False)
    yield Requirement(
        StaleStores(site, None, declared=declared),
        None,
        ("003-15",),
        object=_OTHERS,
        writable=False,
        remedy="See what of that server is left, and delete the store's folder and share there by hand once nobody needs them.",
    )
    yield Requirement(
        SharedIdentity(site, declared),
        None,
        ("003-31",),
        writable=False,
        remedy=f"{_ROLE.replace('State migration point', 'Sites, Software Distribution')}, Network Access Account, remove it;"
        " clients reach content by Enhanced HTTP or certificates instead.",
    )
    yield Requirement(FoldersToBackUp(site), None, ("003-18",), writable=False)
    if options.associations:
        wanted = options.associations
        yield Requirement(
            CompletedAssociations(site, wanted.older, wanted.named, wanted.outdated, wanted.opted),
            None,
            ("003-17",),
            remedy=f"{_ASSOCIATIONS}, delete it once the restore is verified; or declare delete_associations: true.",
        )


def _of_point(site: Site, point: PointOptions) -> Iterator[Requirement]:
    yield Requirement(
        StoreDeletion(site, point.name),
        RetentionWanted(_retention(point), point.cycle, point.never_immediate),
        ("003-16",),
        object=point.name,
        remedy=f"{_ROLE}, Deletion policy.",
    )
    yield Requirement(
        StorageFolders(site, point.name, point.folders, point.told),
        None,
        ("003-32",),
        object=point.name,
        remedy=f"{_ROLE}, Folder details: give each folder limits, and its volume space.",
    )
    if point.restore_only is not None:
        yield Requirement(
            PointNumber(site, point.name, RESTORE_ONLY),
            int(point.restore_only),
            (),
            object=f"{point.name} restore-only mode",
            remedy=f"{_ROLE}, {'tick' if point.restore_only else 'untick'} 'Enable restore-only mode'.",
        )
    yield Requirement(
        StaleStores(site, point.name, point.stale, point.told),
        None,
        ("003-15",),
        object=point.name,
        writable=False,
        remedy="Find out in smpmgr.log why it is still there; delete a former store's share and folder on the point, by its own play"
        " or by hand, once nobody needs them.",
    )


def _retention(point: PointOptions) -> int | None:
    """Without a declaration at least what the product does by itself, unless deleting at once is allowed."""
    return DAY if point.retention is None and point.never_immediate else point.retention


# -- the state migration point itself ----------------------------------------------------------------------------------------------------


def _of_host(own: OwnOptions) -> Iterator[Requirement]:
    yield Requirement(
        SmbSwitch(SIGNING),
        True,
        ("003-13",),
        object="signing",
        writable=own.signing,
        remedy="Set-SmbServerConfiguration -RequireSecuritySignature $true, or the security option 'Microsoft network server: Digitally"
        " sign communications (always)' in a policy.",
    )
    if own.encryption:
        yield Requirement(
            StoreEncryption(own.folders),
            None,
            ("003-13",),
            object="encryption",
            remedy="Set-SmbShare -EncryptData $true for the shares of the stores; clients without SMB 3 cannot use them then.",
        )
    yield Requirement(
        FormerStores(own.folders, own.former, own.remove, own.unreleased),
        None,
        ("003-15",),
        remedy="Remove-SmbShare, or orphaned_shares: remove; then delete the folder by hand once nobody needs what is in it.",
    )
