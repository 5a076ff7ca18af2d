# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site has for operating system deployment, while it runs: its points, its associations, and what must never happen to them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from windows_estate.machine import fold
from windows_estate.world.behaviours.configmgr_site import items, osd_items, schema
from windows_estate.world.behaviours.configmgr_site.items import Row
from windows_estate.world.behaviours.configmgr_site.osd_items import BIND_LIST, BIND_POLICY, DISTRIBUTION_POINT, MIGRATION_POINT
from windows_estate.world.behaviours.configmgr_site.osd_options import CONFIGMGR, NEVER, WDS, Association, OsdOptions
from windows_estate.world.behaviours.configmgr_site.role_settings import RoleSettings

if TYPE_CHECKING:
    from windows_estate.world.behaviours.configmgr_site.site import Audited, Site

_SITE: Final = "somebody"


class Osd:
    """One part of a site; all of it is in effect at once, as an administrator's change is that has been carried out already."""

    def __init__(self, site: Site, options: OsdOptions) -> None:
        self._site = site
        self.options = options
        self.bound_to_nothing: list[str] = []
        """Who made a point answer PXE requests on no interface at all, whenever that was: `who: what`."""
        self.removed: list[Row] = []
        """The associations that were removed, as they were."""
        self._responders: dict[str, str] = {fold(one.server): one.responder for one in options.distribution_points}
        self._nothing = self._points_bound_to_nothing()

    # Rows at the start; the site asks for them.

    @staticmethod
    def first_rows(site: Site) -> dict[str, list[Row]]:
        options = site.options
        osd, code = options.osd, options.code
        roles = [osd_items.distribution_point(options, one, code) for one in osd.distribution_points]
        multicast = [one for one in osd.distribution_points if (one.multicast if one.multicast_point is None else one.multicast_point)]
        roles += [osd_items.multicast_point(one.server, code) for one in multicast]
        roles += [osd_items.migration_point(options, one, code) for one in osd.migration_points]
        return {schema.ROLE: roles, schema.STATE_MIGRATION: osd_items.associations(osd.associations, code)}

    def info_rows(self) -> list[Row]:
        """Rows of SMS_DistributionPointInfo."""
        found = self._site.find_rows(schema.ROLE, lambda row: row["RoleName"] == DISTRIBUTION_POINT)
        name = self._site.options.name
        return [
            osd_items.info(row, name, number, responder=self.responder(str(row["NetworkOSPath"]).removeprefix("\\\\")))
            for number, row in enumerate(found, 1)
        ]

    # Points

    def servers(self, role: str = DISTRIBUTION_POINT) -> list[str]:
        """The site systems with a role."""
        found = self._site.find_rows(schema.ROLE, lambda row: row["RoleName"] == role)
        return [str(row["NetworkOSPath"]).removeprefix("\\\\") for row in found]

    def point(self, server: str) -> RoleSettings:
        """A distribution point's settings."""
        return RoleSettings(self._site, DISTRIBUTION_POINT, server)

    def migration_point(self, server: str) -> RoleSettings:
        return RoleSettings(self._site, MIGRATION_POINT, server)

    def binding(self, server: str) -> tuple[int, list[str]]:
        """BindPolicy, and the list as it is written."""
        point = self.point(server)
        return point.number(BIND_POLICY), point.values(BIND_LIST)

    def set_binding(self, server: str, policy: int | None = None, macs: Iterable[str] | None = None) -> None:
        """What another administrator does: policy, list, or both at once."""

        def change() -> None:
            point = self.point(server)
            if macs is not None:
                point.set_values(BIND_LIST, macs)
            if policy is not None:
                point.set_number(BIND_POLICY, policy)

        self.watched(change, _SITE, f"binding of {server}")

    def responder(self, server: str) -> str:
        point = self.point(server)
        if self.options.responder_property:
            return CONFIGMGR if point.number(self.options.responder_property) else WDS
        return self._responders.get(fold(_full(point)), WDS)

    def set_responder(self, server: str, responder: str) -> None:
        point = self.point(server)
        if self.options.responder_property:
            point.set_number(self.options.responder_property, int(responder == CONFIGMGR))
        else:
            self._responders[fold(_full(point))] = responder

    def set_multicast(self, server: str, wanted: bool) -> None:
        """The point's property, and its multicast service point."""
        point = self.point(server)
        point.set_number(osd_items.MULTICAST, int(wanted))
        full = _full(point)
        row = osd_items.multicast_point(full, str(point.row["SiteCode"]))
        self._site.remove_rows(schema.ROLE, lambda one: one["ItemName"] == row["ItemName"])
        if wanted:
            self._site.add_row(schema.ROLE, row)

    def configuration(self) -> dict[str, Any]:
        """What is not in rows and belongs to the site's configuration."""
        return dict(sorted(self._responders.items()))

    # Network access accounts

    def network_access_accounts(self) -> list[str]:
        found = self._site.find_rows(schema.CLIENT_COMPONENT, _is_software_distribution)
        lists = [one for row in found for one in row["PropLists"] if one["PropertyListName"] == osd_items.NETWORK_ACCESS]
        return [str(name) for one in lists for name in one.get("Values") or ()]

    def set_network_access_accounts(self, accounts: Iterable[str]) -> None:
        listed = list(accounts)

        def change(row: Row) -> None:
            others = [one for one in row["PropLists"] if one["PropertyListName"] != osd_items.NETWORK_ACCESS]
            row["PropLists"] = [*others, items.embedded_list(osd_items.NETWORK_ACCESS, listed)]

        self._site.edit_rows(schema.CLIENT_COMPONENT, _is_software_distribution, change)

    # Associations

    def associations(self) -> list[Row]:
        return copy.deepcopy(self._site.find_rows(schema.STATE_MIGRATION, lambda row: True))

    def add_association(self, one: Association) -> None:
        """What another administrator does."""
        known = self._site.find_rows(schema.STATE_MIGRATION, lambda row: True)
        row = osd_items.associations([one], self._site.code)[0]
        number = len(known) + len(self.removed) + 1
        row["MigrationID"] = f"{self._site.code}{number:05X}"
        for name in ("SourceClientResourceID", "RestoreClientResourceID"):
            row[name] = int(row[name]) + 1000 * number
        self._site.add_row(schema.STATE_MIGRATION, row)

    def change_association(self, migration_id: str, **properties: Any) -> None:
        """Dates, status and the like: what happens to a store while the site runs."""
        self._site.edit_rows(schema.STATE_MIGRATION, lambda row: row["MigrationID"] == migration_id, lambda row: row.update(properties))

    def remove_association(self, migration_id: str) -> None:
        def wanted(row: Row) -> bool:
            return bool(row["MigrationID"] == migration_id)

        self.removed += copy.deepcopy(self._site.find_rows(schema.STATE_MIGRATION, wanted))
        self._site.remove_rows(schema.STATE_MIGRATION, wanted)

    @property
    def removed_unreleased(self) -> list[Row]:
        """Those among the removed ones whose store was captured and never released."""
        return [row for row in self.removed if row["StoreCreationDate"] != NEVER and row["StoreReleaseDate"] == NEVER]

    # Watching

    def watched(self, change: Callable[[], None], who: str, what: str) -> None:
        """Carry out a change, and note which points it left answering nothing."""
        self._nothing = self._points_bound_to_nothing()
        change()
        # A change may be made of others, which have noted theirs.
        before, self._nothing = self._nothing, self._points_bound_to_nothing()
        self.bound_to_nothing += [f"{who}: {what}: {server}" for server in sorted(self._nothing - before)]

    def carried_out(self, change: Callable[[], None], audited: Audited | None) -> None:
        """The same for what was handed in to the site."""
        self.watched(change, *((audited.who, audited.what) if audited else (_SITE, "")))

    def _points_bound_to_nothing(self) -> set[str]:
        found = set()
        for server in self.servers():
            point = self.point(server)
            if point.number(osd_items.PXE) and point.number(BIND_POLICY) == 1 and not point.values(BIND_LIST):
                found.add(server)
        return found


def _full(point: RoleSettings) -> str:
    return str(point.row["NetworkOSPath"]).removeprefix("\\\\")


def _is_software_distribution(row: Row) -> bool:
    return bool(row["ClientComponentName"] == items.SOFTWARE_DISTRIBUTION)
