# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site says of a distribution point's PXE: the properties, and which points have it or multicast at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_cmdlets import Argument
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import (
    ReadItem,
    SiteItem,
    read_item,
    site_write,
    still,
    until,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site, SiteQuery, second_hop
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import PropertyKind
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_role import (
    Role,
    RoleKind,
    cmdlet_call,
    item_of,
    server_of,
)

POINT = Role("SMS Distribution Point", "distribution point", secrets=("PXEPassword",))
MULTICAST_POINT = Role("SMS Multicast Service Point", "multicast service point")
SET_POINT = "Set-CMDistributionPoint"
_NO_ITEM = SiteItem("SMS_SCI_SysResUse", (), "")
_SWITCH = ((0, "off"), (1, "on"))


def _kind(
    name: str, title: str, stored: str, argument: Argument, words: tuple[tuple[Json, str], ...] = _SWITCH, *, put: bool = True
) -> RoleKind:
    """A property by the name that snapshots have for it; C(words) for each documented value."""
    return RoleKind(POINT, PropertyKind(name, title, _NO_ITEM, stored, title, words=words, put=put), SET_POINT, argument)


def _flag(name: str) -> Argument:
    return Argument((name,), ((1, True), (0, False)))


PXE = _kind("pxe", "PXE", "IsPXE", _flag("EnablePxe"))
ANSWERS = _kind("answer_requests", "answers to PXE requests", "IsActive", _flag("AllowPxeResponse"))
UNKNOWN_COMPUTERS = _kind(
    "unknown_computers", "support for unknown computers", "SupportUnknownMachines", _flag("EnableUnknownComputerSupport")
)
RESPONSE_DELAY = _kind("response_delay", "response delay in seconds", "ResponseDelay", Argument(("PxeServerResponseDelaySec",)), ())
AFFINITIES = ("none", "manual", "automatic")
AFFINITY = _kind(
    "user_device_affinity",
    "user device affinity",
    "UdaSetting",
    Argument(("UserDeviceAffinity",), ((0, "DoNotUse"), (1, "AllowWithManualApproval"), (2, "AllowWithAutomaticApproval"))),
    tuple(enumerate(AFFINITIES)),
)
MULTICAST = _kind("multicast", "multicast", "IsMulticast", _flag("EnableMulticast"))
ANONYMOUS = _kind("anonymous_content", "anonymous access to content", "IsAnonymousEnabled", _flag("EnableAnonymous"))
RESPONDERS = ("wds", "configmgr")
# Where a site keeps it is documented of the class that shows distribution points only, so only the cmdlet writes it.
RESPONDER = _kind("responder", "PXE responder", "SccmPXE", _flag("EnableNonWdsPxe"), tuple(enumerate(RESPONDERS)), put=False)
_PASSWORD = "PXEPassword"  # noqa: S105 the name of a property

PXE_PROPERTIES: Mapping[str, RoleKind] = {
    kind.id: kind for kind in (PXE, ANSWERS, UNKNOWN_COMPUTERS, RESPONSE_DELAY, AFFINITY, MULTICAST, ANONYMOUS, RESPONDER)
}
"""Every property that is written, by its id: a snapshot names no other."""


def number_of(item: ReadItem, kind: RoleKind) -> Json:
    """A property of an item whose row has been read; None where it is not there."""
    return next((element.get("Value") for element in item.embedded("Props", "PropertyName", kind.kind.name)), None)


@dataclass(frozen=True)
class WhilePxe(Setting):
    """Something of a point of which nobody has said whether it has PXE: judged only while it does. Wanted: as of C(of)."""

    kind: ClassVar[str] = "while_pxe"
    of: Setting
    title: str

    @property
    def key(self) -> str:
        return self.of.key

    def reads(self) -> tuple[Operation, ...]:
        return self.of.reads()

    def interpret(self, answers: Answers) -> Observation:
        return self.of.interpret(answers)

    def assess(self, observation: Observation, wanted: Any) -> Assessment:
        if number_of(observation.value.item, PXE) == 0:
            return Assessment(Status.NOT_APPLICABLE, f"{self.title}, while PXE is on", "PXE is off there")
        return self.of.assess(observation, wanted)


# ---------------------------------------------------------------------- the password


@dataclass(frozen=True)
class ReadPassword:
    item: ReadItem
    present: bool


@dataclass(frozen=True)
class PxePassword(Setting):
    """The password that a computer has to be given before it boots by PXE. It cannot be read back: only whether there is one.

    Wanted: None.
    """

    kind: ClassVar[str] = "pxe_password"
    site: Site
    server: str
    password: str | None = field(default=None, repr=False)
    required: bool = True

    @property
    def key(self) -> str:
        return f"pxe_password:{self.site.code or ''}|{self.server}".casefold()

    @property
    def _item(self) -> SiteItem:
        return item_of(POINT, self.server)

    def reads(self) -> tuple[Operation, ...]:
        return self._item.reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        item = read_item(self._item, self.site, answers)
        if isinstance(item, Observation):
            return item
        elements = item.embedded("Props", "PropertyName", _PASSWORD)
        found = {_is_there(element) for element in elements} or {False}
        if len(found) > 1:
            said = f"{self._item.title} of the site {item.located.code} has {_PASSWORD} more than once, with and without a text."
            return Observation(problem=Problem(Code.MALFORMED_VALUE, said))
        present = found.pop()
        evidence = (f"site {item.located.code}: {self._item.title}, {_PASSWORD} {'is set' if present else 'is empty'}",)
        return Observation(ReadPassword(item, present), evidence)

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        read: ReadPassword = observation.value
        expected = f"PXE password of {self.server}: set"
        if read.present:
            caveat = "whether the password is a strong one is for people to attest: it cannot be read back"
            return Assessment(Status.COMPLIANT, expected, expected, caveats=(caveat,))
        actual = f"PXE password of {self.server}: none{'' if self.required else ', and password_required: false is declared'}"
        differences = self._setting(read)
        if differences or self.password is not None:
            return Assessment(Status.DRIFT, expected, actual, differences)
        return Assessment(Status.DRIFT, expected, actual, remedy="Give one in password.")

    def _setting(self, read: ReadPassword) -> tuple[Difference, ...]:
        if self.password is None:
            return ()
        item, query = read.item, self._item.query(self.site)
        argument = Argument(("PxePassword",))
        write = cmdlet_call(item, SET_POINT, self.server, argument, {"secure": self.password})
        if write is None:
            return ()
        path = f"Props.PropertyName={_PASSWORD}.Value1.present"
        before = still(query, item.located, path, [False, None])
        what = f"PXE password of {self.server} in the site {item.located.code}"
        made = site_write(item, write, before, until(query, item.located, path, [True]), what=what, wanted="set")
        # Nothing for the snapshot: no cmdlet takes a password away.
        difference = Difference(
            key=f"pxe_password:{item.located.code}|{self.server}".casefold(),
            label=f"{self.server}, PXE password",
            before="none",
            after="set",
            writes=made.operations,
            told=made.told,
        )
        return (difference,)


def _is_there(element: Mapping[str, Json]) -> bool:
    """A masked text is {"present"}; one that is shown is a type of the registry, and the text is the second one then."""
    value = element.get("Value2") if isinstance(element.get("Value1"), str) and element["Value1"] else element.get("Value1")
    return bool(isinstance(value, Mapping) and value.get("present"))


# ---------------------------------------------------------------------- which points there are


@dataclass(frozen=True)
class _Points(Setting):
    """All distribution points of the site, which must be read. C(declared): names of servers; C(told): those judged for themselves."""

    site: Site
    declared: tuple[str, ...]
    told: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.site.code or ''}".casefold()

    def _queries(self) -> tuple[SiteQuery, ...]:
        return (POINT.query(self.site),)

    def reads(self) -> tuple[Operation, ...]:
        return (*self.site.reads(), *(operation for query in self._queries() for operation in query.operations()))

    def interpret(self, answers: Answers) -> Observation:
        located = self.site.locate(answers)
        if isinstance(located, Observation):
            return located
        rows = POINT.rows(self.site, answers, located)
        if isinstance(rows, Problem):
            return Observation(problem=rows)
        if not rows:
            said = f"The site {located.code} shows no distribution points: there are none, or there is no Read right on them."
            return Observation(problem=Problem(Code.NO_ROWS, f"{said} {second_hop(answers.host)}"))
        return self._seen(answers, rows, located.code)

    def _seen(self, answers: Answers, rows: Any, code: str) -> Observation:
        raise NotImplementedError

    def _undeclared(self, servers: Any) -> list[str]:
        known = {name.casefold() for name in (*self.declared, *self.told)}
        return list(dict.fromkeys(server for server in servers if server.casefold() not in known))


def _numbers(rows: Any, name: str) -> dict[str, Json]:
    """A property by server; None where it is not there."""
    found: dict[str, Json] = {}
    for row in rows:
        values = [element.get("Value") for element in row.get("Props") or () if str(element["PropertyName"]).casefold() == name.casefold()]
        found[server_of(row)] = values[0] if values else None
    return found


@dataclass(frozen=True)
class PxePoints(_Points):
    """That no point has PXE but those that are declared. Wanted: None."""

    kind: ClassVar[str] = "pxe_points"

    def _seen(self, answers: Answers, rows: Any, code: str) -> Observation:  # noqa: ARG002 of one form with others
        found = _numbers(rows, PXE.kind.name)
        words = ", ".join(f"{server} {'not there' if value is None else value}" for server, value in found.items())
        return Observation(found, (f"site {code}: {PXE.kind.name} of {words}",))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        found: Mapping[str, Json] = observation.value
        expected = f"no PXE but on {', '.join(self.declared) or 'no distribution point'}"
        others = {server: found[server] for server in self._undeclared(found)}
        on = [server for server, value in others.items() if value == 1]
        odd = [server for server, value in others.items() if value not in (0, 1)]
        if on:
            remedy = "Turn PXE off there, or declare these distribution points with the interfaces that they may answer on."
            return Assessment(Status.DRIFT, expected, f"PXE is on and not declared on {', '.join(on)}", remedy=remedy)
        if odd:
            said = f"whether PXE is on is not documented for the value of {PXE.kind.name}, or for none, on {', '.join(odd)}"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.UNDOCUMENTED_VALUE)
        return Assessment(Status.COMPLIANT, expected, "PXE is on nowhere else")


@dataclass(frozen=True)
class MulticastPoints(_Points):
    """That no point sends by multicast but those that are declared. Wanted: None."""

    kind: ClassVar[str] = "multicast_points"

    def _queries(self) -> tuple[SiteQuery, ...]:
        return (POINT.query(self.site), MULTICAST_POINT.query(self.site))

    def _seen(self, answers: Answers, rows: Any, code: str) -> Observation:
        located = self.site.locate(answers)
        if isinstance(located, Observation):
            return located
        services = MULTICAST_POINT.rows(self.site, answers, located)
        if isinstance(services, Problem):
            return Observation(problem=services)
        switched = _numbers(rows, MULTICAST.kind.name)
        serving = tuple(dict.fromkeys(server_of(row) for row in services))
        on = tuple(server for server, value in switched.items() if value == 1)
        odd = tuple(server for server, value in switched.items() if value not in (0, 1))
        evidence = (
            f"site {code}: {MULTICAST.kind.name} = 1 on {', '.join(on) or 'no distribution point'}",
            f"site {code}: multicast service points {', '.join(serving) or 'none'}",
        )
        caveat = "a server that poses as one of the site's is seen in the network, not here"
        return Observation((tuple(dict.fromkeys((*on, *serving))), odd), evidence, caveats=(caveat,))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        on, odd = observation.value
        expected = f"no multicast but on {', '.join(self.declared) or 'no distribution point'}"
        others, strange = self._undeclared(on), self._undeclared(odd)
        if others:
            remedy = "Turn multicast off there, or declare these distribution points with multicast: true."
            return Assessment(Status.DRIFT, expected, f"multicast is on and not declared on {', '.join(others)}", remedy=remedy)
        if strange:
            said = f"whether multicast is on is not documented for the value of {MULTICAST.kind.name}, or for none, on {', '.join(strange)}"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.UNDOCUMENTED_VALUE)
        return Assessment(Status.COMPLIANT, expected, "multicast is on nowhere else")
