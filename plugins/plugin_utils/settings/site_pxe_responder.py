# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which service answers PXE requests of a distribution point: WDS, or the responder that Configuration Manager brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_server import RESPONDER as RESPONDER_SERVICE
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_server import WDS, PxeServer
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import ReadItem, read_item, still, until
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site, SiteQuery, changed_meanwhile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import ReadProperty
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_pxe import (
    POINT,
    RESPONDER,
    RESPONDERS,
    SET_POINT,
    number_of,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_role import RoleProperty, cmdlet_call, item_of, property_of

_INFO = "SMS_DistributionPointInfo"
_COLUMNS = ("ServerName", "SiteCode", "SccmPXE")
_UNPROVEN = "where a site keeps which responder a distribution point has is documented of the class SMS_DistributionPointInfo only"


@dataclass(frozen=True)
class ReadResponder:
    """C(value): 0 WDS, 1 Configuration Manager's; None where nobody tells. C(stored): the property that the role has, None for none.

    C(shown): what the class that shows distribution points says.
    """

    item: ReadItem
    value: int | None
    stored: Json
    told_by: str
    shown: bool | None = None


@dataclass(frozen=True)
class PxeResponder(Setting):
    """Wanted: the number. Asked are the role's own property, the class that shows distribution points, and the server, in this order."""

    kind: ClassVar[str] = "pxe_responder"
    site: Site
    server: str
    shown: PxeServer | None = None

    @property
    def key(self) -> str:
        return f"pxe_responder:{self.site.code or ''}|{self.server}".casefold()

    @property
    def _property(self) -> RoleProperty:
        return property_of(RESPONDER, self.site, self.server)

    @property
    def _info(self) -> SiteQuery:
        return SiteQuery(self.site, _INFO, properties=_COLUMNS)

    def reads(self) -> tuple[Operation, ...]:
        return (*self._property.reads(), *self._info.operations())

    def interpret(self, answers: Answers) -> Observation:
        item = read_item(item_of(POINT, self.server), self.site, answers)
        if isinstance(item, Observation):
            return item
        stored = number_of(item, RESPONDER)
        told = self._told(answers, item)
        evidence = [f"site {item.located.code}: {self._property.what.item.title}, SccmPXE = {'missing' if stored is None else stored}"]
        if told is not None:
            evidence.append(f"site {item.located.code}: SMS_DistributionPointInfo of {self.server}, SccmPXE = {told}")
        if stored is not None:
            read = ReadResponder(item, stored if stored in (0, 1) else None, stored, "the site")
        elif told is not None:
            read = ReadResponder(item, int(told), None, "the site", told)
        else:
            read = ReadResponder(item, self._running(), None, "the server")
        return Observation(read, (*evidence, *(self.shown.evidence() if self.shown else ())))

    def _told(self, answers: Answers, item: ReadItem) -> bool | None:
        rows = self._info.rows(answers, item.located, "SMS_DistributionPointInfo")
        if isinstance(rows, Problem):
            return None
        mine: list[Mapping[str, Json]] = [row for row in rows if str(row.get("ServerName") or "").casefold() == self.server.casefold()]
        value = mine[0].get("SccmPXE") if len(mine) == 1 else None
        return value if isinstance(value, bool) else None

    def _running(self) -> int | None:
        names = [one.name.casefold() for one in self.shown.running] if self.shown else []
        return {WDS.casefold(): 0, RESPONDER_SERVICE.casefold(): 1}.get(names[0]) if len(names) == 1 else None

    def assess(self, observation: Observation, wanted: int) -> Assessment:
        read: ReadResponder = observation.value
        expected = f"PXE responder of {self.server}: {RESPONDERS[wanted]}"
        if read.value is None:
            said = "which responder it has is shown neither by the site nor by the server"
            if read.stored is not None:
                said = f"the property SccmPXE is {read.stored!r}, which no documentation explains"
            return Assessment(Status.INDETERMINATE, expected, said, self._differences(read, wanted), code=Code.UNDOCUMENTED_VALUE)
        actual = f"PXE responder of {self.server}: {RESPONDERS[read.value]}, says {read.told_by}"
        caveats = () if read.stored is not None and read.told_by == "the site" else (_UNPROVEN,)
        if read.value == wanted:
            return Assessment(Status.COMPLIANT, expected, actual, caveats=(_UNPROVEN,))
        return Assessment(Status.DRIFT, expected, actual, self._differences(read, wanted), caveats=caveats)

    def _differences(self, read: ReadResponder, wanted: int) -> tuple[Difference, ...]:
        item, role = read.item, self._property
        if read.stored is not None:
            return role.differences(ReadProperty(item, read.stored, read.stored, "Value"), wanted)
        write = cmdlet_call(item, SET_POINT, self.server, RESPONDER.argument, wanted)
        if write is None:
            return ()
        query = SiteQuery(self.site, _INFO, (("ServerName", self.server),), properties=_COLUMNS)
        looked = [still(query, item.located, "SccmPXE", [read.shown, bool(wanted)])] if read.shown is not None else []
        waited = [until(query, item.located, "SccmPXE", [bool(wanted)])] if read.shown is not None else []
        what = f"{role.what.title} in the site {item.located.code}"
        told = (
            *((look, "timeout", changed_meanwhile(what)) for look in looked),
            (write, "access_denied", f"{what}: the write was denied. {item.advice}"),
            *((wait, "timeout", f"{what}: written, and not seen within {wait.fields['timeout']} seconds.") for wait in waited),
        )
        entry = {"kind": role.kind, "site": item.located.code, "server": self.server, "property": RESPONDER.id, "before": read.value}
        difference = Difference(
            key=f"{role.kind}:{item.located.code}|{self.server}|{RESPONDER.id}".casefold(),
            label=role.what.label,
            before="not known" if read.value is None else RESPONDERS[read.value],
            after=RESPONDERS[wanted],
            writes=(*looked, write, *waited),
            told=told,
            restore=() if read.value is None else (entry,),
        )
        return (difference,)
