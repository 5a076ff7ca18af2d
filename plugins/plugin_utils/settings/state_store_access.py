# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network access account of a site that has a state migration point: whoever uses it is the same to the point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_account import read_store
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Located, Site, SiteQuery, second_hop
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_point import point_reads, read_points

_COMPONENT = "Software Distribution"
_LIST = "Network Access User Names"
_SHARED = "clients that use it are one identity to the state migration point, and each may take what another one stored"


@dataclass(frozen=True)
class SharedIdentity(Setting):
    """Only judged: what else needs the account is not known here. C(declared): the points that the options name. Wanted: None."""

    kind: ClassVar[str] = "state_migration_identity"
    site: Site
    declared: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"state_migration_identity:{self.site.code or ''}".casefold()

    @property
    def _component(self) -> SiteQuery:
        return SiteQuery(self.site, "SMS_SCI_ClientComp", (("FileType", 2),), lazy=True)

    def reads(self) -> tuple[Operation, ...]:
        return (*point_reads(self.site), *self._component.operations(), *read_store(self.site).operations())

    def interpret(self, answers: Answers) -> Observation:
        points = read_points(self.site, answers)
        if isinstance(points, Observation):
            return points
        if not points.points and not self.declared:
            return Observation((), (f"site {points.located.code}: no state migration point",))
        listed = self._listed(answers, points.located)
        used = self._used(answers, points.located)
        known = [account for found in (listed, used) if not isinstance(found, Problem) for account in found]
        accounts = tuple({account.casefold(): account for account in known}.values())
        if not accounts and isinstance(listed, Problem):
            return Observation(problem=listed)
        shown = ", ".join(accounts) or "none"
        caveats = (f"whom the store of accounts has for it is not known: {used.message}",) if isinstance(used, Problem) else ()
        return Observation(accounts, (f"site {points.located.code}: network access accounts: {shown}",), caveats=caveats)

    def _listed(self, answers: Answers, located: Located) -> list[str] | Problem:
        rows = self._component.rows(answers, located, "The client components")
        if isinstance(rows, Problem):
            return rows
        own = [row for row in rows if _is_component(row)]
        if not own:
            said = f"The component {_COMPONENT} of the site {located.code} is not shown: there is no Read right on it."
            return Problem(Code.NO_ROWS, f"{said} {second_hop(answers.host)}")
        lists = [one for row in own for one in row.get("PropLists") or () if str(one["PropertyListName"]).casefold() == _LIST.casefold()]
        return [str(name) for one in lists for name in one.get("Values") or () if str(name).strip()]

    def _used(self, answers: Answers, located: Located) -> list[str] | Problem:
        rows = read_store(self.site).rows(answers, located, "the store of accounts")
        if isinstance(rows, Problem):
            return rows
        uses = [(str(row.get("UserName") or ""), [str(use).casefold() for use in row.get("AccountUsage") or ()]) for row in rows]
        return [name for name, use in uses if name and _COMPONENT.casefold() in use]

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        accounts: tuple[str, ...] = observation.value
        expected = "no network access account, while the site has a state migration point"
        if accounts:
            return Assessment(Status.DRIFT, expected, f"{', '.join(accounts)}: {_SHARED}")
        return Assessment(Status.COMPLIANT, expected, "there is none")


def _is_component(row: Mapping[str, Json]) -> bool:
    """An item's name may have its type behind it."""
    names = (str(row.get("ItemName") or "").partition("|")[0], str(row.get("ClientComponentName") or ""))
    return _COMPONENT.casefold() in (name.casefold() for name in names)
