# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A role that one of a site's servers has: distribution point, state migration point and the like, with its properties and lists.

All servers with a role are read by one query; what is written or waited for goes to the one server alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_cmdlets import READ_CMDLETS, Argument
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import ReadItem, SiteItem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Located, Site, SiteQuery, second_hop
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import PropertyKind, ReadProperty, SiteProperty

_CLASS = "SMS_SCI_SysResUse"
_ACTIVE = ("FileType", 2)
# That an element's first text is a type of the registry has to be seen, for the value stands in the second one then.
_TYPES = ("REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ", "REG_DWORD", "REG_BINARY")


@dataclass(frozen=True)
class Role:
    """C(name): RoleName. C(title) in sentences. C(secrets): properties whose texts never leave the host."""

    name: str
    title: str
    secrets: tuple[str, ...] = ()

    @property
    def _mask(self) -> tuple[str, ...]:
        return (*self.secrets, *_TYPES) if self.secrets else ()

    def query(self, site: Site, server: str | None = None) -> SiteQuery:
        """The rows of all servers, or that of one as the site writes it."""
        which: tuple[tuple[str, Json], ...] = () if server is None else (("NetworkOSPath", f"\\\\{server}"),)
        # Props and PropLists are lazy.
        return SiteQuery(site, _CLASS, (_ACTIVE, ("RoleName", self.name), *which), lazy=True, mask=self._mask)

    def rows(self, site: Site, answers: Answers, located: Located) -> Sequence[Mapping[str, Json]] | Problem:
        return self.query(site).rows(answers, located, f"The {self.title}s")


def server_of(row: Mapping[str, Json]) -> str:
    """The server's name as the site writes it; NetworkOSPath has backslashes before it."""
    return str(row.get("NetworkOSPath") or "").strip("\\")


@dataclass(frozen=True)
class RoleItem(SiteItem):
    """One server's. Made by item_of."""

    role: Role = Role("", "")
    server: str = ""

    def query(self, site: Site) -> SiteQuery:
        """What is written to and waited for."""
        return self.role.query(site, self.server)

    def reads(self, site: Site) -> tuple[Operation, ...]:
        return (*site.reads(), *self.role.query(site).operations(), READ_CMDLETS)

    def row(self, site: Site, answers: Answers, located: Located) -> Mapping[str, Json] | Problem:
        rows = self.role.rows(site, answers, located)
        if isinstance(rows, Problem):
            return rows
        found = [row for row in rows if server_of(row).casefold() == self.server.casefold()]
        if len(found) == 1:
            return found[0]
        what = f"The {self.role.title} {self.server} of the site {located.code}"
        if found:
            return Problem(Code.MALFORMED_VALUE, f"{what} is there {len(found)} times.")
        others = ", ".join(server_of(row) for row in rows) or "none"
        said = f"{what} has no rows: it is not there, or there is no Read right on it. Servers with this role that are shown: {others}."
        return Problem(Code.NO_ROWS, f"{said} {second_hop(answers.host)}")


def item_of(role: Role, server: str) -> RoleItem:
    return RoleItem(_CLASS, (), f"{role.title} {server}", role, server)


@dataclass(frozen=True)
class RoleKind:
    """A property of a role. C(kind) says what there is to know of it, but for the server; C(id) names it in snapshots.

    C(cmdlet) sets it by C(argument), or no cmdlet does.
    """

    role: Role
    kind: PropertyKind
    cmdlet: str
    argument: Argument

    @property
    def id(self) -> str:
        return self.kind.id

    def of(self, server: str) -> PropertyKind:
        item = item_of(self.role, server)
        return replace(self.kind, item=item, label=f"{server}, {self.kind.label}", title=f"{self.kind.title} of {server}")


@dataclass(frozen=True)
class RoleProperty(SiteProperty):
    """One property of one server's role. Made by property_of."""

    kind: ClassVar[str] = "site_role_property"
    of: RoleKind
    server: str

    @property
    def key(self) -> str:
        return f"site_role_property:{self.site.code or ''}|{self.server}|{self.of.id}".casefold()

    def differences(self, read: ReadProperty, wanted: Json) -> tuple[Difference, ...]:
        return tuple(replace(one, **self._about(read)) for one in super().differences(read, wanted))

    def _about(self, read: ReadProperty) -> dict[str, Json]:
        """What of a difference names the server as well."""
        code = read.item.located.code
        entry = {"kind": RoleProperty.kind, "site": code, "server": self.server, "property": self.of.id, "before": read.value}
        return {"key": f"site_role_property:{code}|{self.server}|{self.of.id}".casefold(), "restore": (entry,)}

    def _write(self, read: ReadProperty, wanted: Json) -> Operation | None:
        given = cmdlet_call(read.item, self.of.cmdlet, self.server, self.of.argument, wanted)
        if given is not None:
            return given
        return self.put(read, wanted) if self.what.put else None


def property_of(kind: RoleKind, site: Site, server: str) -> RoleProperty:
    return RoleProperty(site, kind.of(server), kind, server)


def cmdlet_call(item: ReadItem, name: str, server: str, argument: Argument, value: Json) -> Operation | None:
    """The call that sets one parameter for a server; None where this host's cmdlet cannot."""
    spelled = item.cmdlets.spelled(name, argument.names)
    if spelled is None:
        return None
    parameters: dict[str, Json] = {"SiteSystemServerName": literal(server), spelled: literal(argument.of(value))}
    # Nobody is there to answer its questions.
    if item.cmdlets.has(name, "Force"):
        parameters["Force"] = {"switch": True}
    return item.cmdlets.call(item.located, name, parameters)
