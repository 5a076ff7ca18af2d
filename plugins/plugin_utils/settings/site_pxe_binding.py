# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""On which interfaces a distribution point answers PXE: BindPolicy and the list BindExcept, which are written together.

BindPolicy 0 answers on all interfaces, 1 on those of the list only. 1 with an empty list answers nobody, and is never written. With 0
the list means nothing. The server's own side is held against it where it is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_adapter import Adapter
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_server import PxeServer, Says, says_off, says_on
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import ReadItem, SiteItem, read_item, until
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site, changed_meanwhile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import ReadProperty
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_pxe import POINT, PXE, RESPONDER, RESPONDERS, number_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_role import RoleProperty, item_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.mac import colons, digits, spelled

_POLICY, _LIST = "BindPolicy", "BindExcept"
ALL, LISTED = 0, 1
_POLICY_PATH, _LIST_PATH = f"Props.PropertyName={_POLICY}.Value", f"PropLists.PropertyListName={_LIST}.Values"
NOTATION_UNPROVEN = "in which notation the console keeps hardware addresses is unproven, so that they are compared by their digits"


@dataclass(frozen=True)
class Binding:
    """C(entries): hardware addresses as they are written; they only mean something with the policy LISTED."""

    policy: Json
    entries: tuple[str, ...] = ()

    @property
    def macs(self) -> frozenset[str]:
        """By their digits; what is no hardware address stays as it is."""
        return frozenset(digits(entry) or entry.strip().casefold() for entry in self.entries)

    @property
    def nothing(self) -> bool:
        """Whether nobody would be answered."""
        return self.policy != ALL and not any(digits(entry) for entry in self.entries)

    @property
    def words(self) -> str:
        if self.policy == ALL:
            return "all interfaces"
        if self.policy == LISTED:
            return (
                ", ".join(colons(mac) if (mac := digits(entry)) else f"'{entry}'" for entry in self.entries) or "no interface, so to nobody"
            )
        return f"{_POLICY} = {'not there' if self.policy is None else self.policy}"

    def equals(self, other: Binding) -> bool:
        """Whether both answer on the same interfaces."""
        return self.policy == other.policy and (self.policy != LISTED or self.macs == other.macs)


@dataclass(frozen=True)
class ReadBinding:
    """C(listed): the list as it is stored, None where there is none."""

    item: ReadItem
    binding: Binding
    listed: tuple[str, ...] | None


def read_binding(server: str, site: Site, answers: Answers) -> ReadBinding | Observation:
    item = read_item(item_of(POINT, server), site, answers)
    return item if isinstance(item, Observation) else binding_of(item)


def binding_of(item: ReadItem) -> ReadBinding | Observation:
    """The binding in an item that has been read."""
    policies = [element.get("Value") for element in item.embedded("Props", "PropertyName", _POLICY)]
    lists = list(dict.fromkeys(tuple(element.get("Values") or ()) for element in item.embedded("PropLists", "PropertyListName", _LIST)))
    for name, found in ((_POLICY, dict.fromkeys(policies)), (_LIST, lists)):
        if len(found) > 1:
            said = f"{_POLICY} and {_LIST} of the site {item.located.code} cannot be told, as {name} is there more than once, and differs."
            return Observation(problem=Problem(Code.MALFORMED_VALUE, said))
    listed = tuple(str(entry) for entry in lists[0]) if lists else None
    return ReadBinding(item, Binding(policies[0] if policies else None, listed or ()), listed)


@dataclass(frozen=True)
class Aside:
    """The server's own side. C(adapters): the declared ones, None where they are not known or PXE may answer everywhere.

    C(server): None where it has not been heard from, which C(missing) explains.
    """

    server: PxeServer | None = None
    adapters: tuple[Adapter, ...] | None = None
    responder: str | None = None
    missing: str = ""


@dataclass(frozen=True)
class PxeBinding(Setting):
    """What is wanted stands in the setting. C(macs): twelve digits each, None for all interfaces. Wanted: a Binding, or None for these."""

    kind: ClassVar[str] = "pxe_binding"
    site: Site
    server: str
    macs: tuple[str, ...] | None
    aside: Aside = Aside()

    @property
    def key(self) -> str:
        return f"pxe_binding:{self.site.code or ''}|{self.server}".casefold()

    @property
    def item(self) -> SiteItem:
        return item_of(POINT, self.server)

    def reads(self) -> tuple[Operation, ...]:
        return self.item.reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        read = read_binding(self.server, self.site, answers)
        if isinstance(read, Observation):
            return read
        listed = "missing" if read.listed is None else f"[{', '.join(read.listed)}]"
        policy = "missing" if read.binding.policy is None else read.binding.policy
        line = f"site {read.item.located.code}: {self.item.title}, {_POLICY} = {policy}, {_LIST} = {listed}"
        return Observation(read, (line, *(self.aside.server.evidence() if self.aside.server else ())))

    def wanted(self, listed: Sequence[str]) -> Binding:
        """What is wanted, each address written as it is there already, or in the notation of the others."""
        if self.macs is None:
            return Binding(ALL, tuple(listed))
        known = {mac: entry for entry in reversed(listed) if (mac := digits(entry))}
        return Binding(LISTED, tuple(known.get(mac) or spelled(mac, listed) for mac in self.macs))

    def assess(self, observation: Observation, wanted: Binding | None) -> Assessment:
        read: ReadBinding = observation.value
        goal = self.wanted(read.binding.entries) if wanted is None else wanted
        expected = f"PXE of {self.server} answers on {goal.words}"
        actual = f"PXE of {self.server} answers on {read.binding.words}"
        caveats = self._caveats(read)
        # What a snapshot holds is brought back with a list that means nothing for now.
        whole = wanted is not None
        if goal.equals(read.binding) and not (whole and goal.macs != read.binding.macs):
            return self._held_against_the_server(read, Assessment(Status.COMPLIANT, expected, actual, caveats=caveats))
        if goal.nothing or goal.policy not in (ALL, LISTED):
            remedy = "Not written, as it would answer nobody, or is not documented; choose the interfaces in the console."
            return Assessment(Status.DRIFT, expected, actual, remedy=remedy, caveats=caveats)
        differences = self._differences(read, goal, whole=whole or goal.policy == LISTED)
        if self._until(read, goal, whole=False)[0] in read.item.seen:
            actual += "; it was set, and reverted by a site component"
        if read.binding.policy not in (ALL, LISTED):
            found = "is missing" if read.binding.policy is None else f"is {read.binding.policy!r}"
            said = f"PXE of {self.server}: {_POLICY} {found}, which no documentation explains"
            return Assessment(Status.INDETERMINATE, expected, said, differences, code=Code.UNDOCUMENTED_VALUE, caveats=caveats)
        return Assessment(Status.DRIFT, expected, actual, differences, caveats=caveats)

    def _caveats(self, read: ReadBinding) -> tuple[str, ...]:
        seen: dict[str, int] = {}
        for entry in read.binding.entries:
            mac = digits(entry)
            if mac:
                seen[mac] = seen.get(mac, 0) + 1
        twice = tuple(f"{colons(mac)} is listed {count} times" for mac, count in seen.items() if count > 1)
        odd = tuple(f"'{entry}' on the list is no hardware address" for entry in read.binding.entries if not digits(entry))
        return (*twice, *odd)

    def _held_against_the_server(self, read: ReadBinding, assessed: Assessment) -> Assessment:
        """The site's values decide; that the server shows something else is a conflict, and what it leaves open is a caveat."""
        aside = self.aside
        caveats = (*assessed.caveats, *((NOTATION_UNPROVEN,) if self.macs else ()))
        if aside.server is None:
            return replace(assessed, caveats=(*caveats, aside.missing) if aside.missing else caveats)
        if any(operation in read.item.seen for operation in self._until(read, self.wanted(read.binding.entries), whole=True)):
            late = f"what {aside.server.computer} does was read before the change; run its play again, after a restart of its PXE service"
            return replace(assessed, caveats=(*caveats, late))
        if number_of(read.item, PXE) != 1:
            return replace(assessed, caveats=caveats)
        says = says_on(aside.server, aside.adapters, self._responder(read))
        if says.against:
            told = f"{assessed.actual} by the site's word, but on {aside.server.computer} {'; '.join(says.against)}"
            remedy = "Restart the PXE service there, and look into SMSPXE.log and distmgr.log why it does not follow the site."
            return replace(assessed, status=Status.CONFLICT, actual=told, remedy=remedy, caveats=(*caveats, *says.caveats))
        return replace(assessed, caveats=(*caveats, *(message for _code, message in says.doubts), *says.caveats))

    def _responder(self, read: ReadBinding) -> str | None:
        """Who should answer: as declared, or as the site says; None where neither is known."""
        flag = number_of(read.item, RESPONDER)
        return self.aside.responder or (RESPONDERS[flag] if flag in (0, 1) else None)

    # ------------------------------------------------------------------ writing

    def _differences(self, read: ReadBinding, goal: Binding, *, whole: bool) -> tuple[Difference, ...]:
        """The policy and, for people, each interface that comes or goes; all of them are the same one put. C(whole): with the list."""
        item, code = read.item, read.item.located.code
        query = self.item.query(self.site)
        edits = _edits(goal, read.binding, whole=whole, listed=read.listed is not None)
        put = Operation.of("cim.put", namespace=item.located.namespace, query=query.text(item.located), embedded=edits)
        after = self._until(read, goal, whole=whole)
        what = f"PXE binding of {self.server} in the site {code}"
        told = (
            (put, "stale", changed_meanwhile(what)),
            (put, "access_denied", f"{what}: the write was denied. {item.advice}"),
            *(
                (wait, "timeout", f"{what}: written, and not seen as {goal.words} within {wait.fields['timeout']} seconds.")
                for wait in after
            ),
        )
        before = {"policy": read.binding.policy, "interfaces": list(read.binding.entries)}
        model = Difference(
            key=f"pxe_binding:{code}|{self.server}".casefold(),
            label=f"{self.server}, PXE bind policy",
            before=_policy_words(read.binding.policy),
            after=_policy_words(goal.policy),
            writes=(put, *after),
            told=told,
            restore=({"kind": PxeBinding.kind, "site": code, "server": self.server, "before": before},),
            restarts=(f"the PXE service of {self.server}",),
        )
        found = [model] if read.binding.policy != goal.policy else []
        if whole:
            there, wanted = _by_mac(read.binding.entries), _by_mac(goal.entries)
            found += [_interface(model, mac, comes=True) for mac in wanted if mac not in there]
            found += [_interface(model, mac, comes=False) for mac in there if mac not in wanted]
        return tuple(found)

    def _until(self, read: ReadBinding, goal: Binding, *, whole: bool) -> tuple[Operation, ...]:
        """The waits for what is written: the policy and, if C(whole), the list."""
        query, located = self.item.query(self.site), read.item.located
        policy = until(query, located, _POLICY_PATH, [goal.policy])
        listed: list[Json] = [list(goal.entries), *([] if goal.entries else [None])]
        return (policy, until(query, located, _LIST_PATH, listed)) if whole else (policy,)


def _policy_words(policy: Json) -> str:
    return {ALL: "all interfaces", LISTED: "listed interfaces"}.get(policy, "not there" if policy is None else str(policy))


def _by_mac(entries: Sequence[str]) -> tuple[str, ...]:
    """Each hardware address once, as people read it; what is none as it is."""
    return tuple(dict.fromkeys(colons(mac) if (mac := digits(entry)) else entry for entry in entries))


def _interface(model: Difference, name: str, *, comes: bool) -> Difference:
    return replace(
        model,
        key=f"{model.key}|{name}".casefold(),
        label=model.label.replace("PXE bind policy", "interfaces that answer PXE"),
        item=name,
        before="absent" if comes else "present",
        after="present" if comes else "absent",
    )


def _edits(goal: Binding, old: Binding, *, whole: bool | None = None, listed: bool = True) -> list[Json]:
    """The parts of a put that make one binding another. C(whole): with the list; C(listed): whether there is one yet."""
    edits: list[Json] = [_edit("Props", "PropertyName", _POLICY, "SMS_EmbeddedProperty", "Value", goal.policy, old.policy)]
    if goal.policy == LISTED if whole is None else whole:
        stored = list(old.entries) if listed else None
        edits.append(_edit("PropLists", "PropertyListName", _LIST, "SMS_EmbeddedPropertyList", "Values", list(goal.entries), stored))
    return edits


def _edit(property_: str, key: str, name: str, wmi_class: str, field: str, value: Json, old: Json) -> dict[str, Json]:
    return {
        "property": property_,
        "key": key,
        "name": name,
        "class": wmi_class,
        "set": {field: literal(value)},
        "expect": {field: literal(old)},
    }


@dataclass(frozen=True)
class PxeIsBound(PxeBinding):
    """That PXE answers on some interfaces that somebody has chosen, where nobody declares which. Only judged. Wanted: None."""

    kind: ClassVar[str] = "pxe_is_bound"

    def assess(self, observation: Observation, wanted: Binding | None) -> Assessment:  # noqa: ARG002 there is one good state only
        read: ReadBinding = observation.value
        expected = f"PXE of {self.server} answers on declared interfaces only"
        actual = f"PXE of {self.server} answers on {read.binding.words}"
        remedy = "Declare in interfaces where it may answer."
        if read.binding.policy not in (ALL, LISTED):
            said = f"{actual}, which no documentation explains"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.UNDOCUMENTED_VALUE, remedy=remedy)
        if read.binding.policy == ALL or read.binding.nothing:
            return Assessment(Status.DRIFT, expected, actual, remedy=remedy)
        caveat = "nobody has declared which interfaces are meant"
        return self._held_against_the_server(read, Assessment(Status.COMPLIANT, expected, actual, caveats=(*self._caveats(read), caveat)))


@dataclass(frozen=True)
class PxeSwitch(RoleProperty):
    """Whether a point has PXE. It is turned on only while what it will then answer on is not nothing. C(binding): what is to be there then.

    Wanted: as of any property.
    """

    kind: ClassVar[str] = "pxe_switch"
    binding: PxeBinding | None = None
    goal: Binding | None = None

    @property
    def key(self) -> str:
        return f"pxe_switch:{self.site.code or ''}|{self.server}".casefold()

    def assess(self, observation: Observation, wanted: Json) -> Assessment:
        assessed = super().assess(observation, wanted)
        if wanted == 1 and assessed.status is not Status.COMPLIANT and not assessed.differences:
            remedy = "Bind PXE to interfaces first: turned on as it is bound now, it would answer nobody."
            return replace(assessed, remedy=remedy)
        return assessed

    def differences(self, read: ReadProperty, wanted: Json) -> tuple[Difference, ...]:
        return () if wanted == 1 and self._bound(read.item) is None else super().differences(read, wanted)

    def _write(self, read: ReadProperty, wanted: Json) -> Operation | None:
        """On by a put: between a look at the binding and a cmdlet somebody else might be at work."""
        return self.put(read, wanted) if wanted == 1 else super()._write(read, wanted)

    def put(self, read: ReadProperty, wanted: Json) -> Operation:
        """With the binding that is there by then: the provider refuses the whole of it where that is another one."""
        alone = super().put(read, wanted)
        bound = self._bound(read.item) if wanted == 1 else None
        if bound is None:
            return alone
        fields = alone.fields
        return Operation.of("cim.put", **{**fields, "embedded": [*fields["embedded"], *_edits(bound, bound)]})

    def _bound(self, item: ReadItem) -> Binding | None:
        """What PXE will answer on; None where that is nothing, or cannot be told."""
        read = binding_of(item)
        if isinstance(read, Observation):
            return None
        goal = self.goal or (self.binding.wanted(read.binding.entries) if self.binding else read.binding)
        if goal.nothing or goal.policy not in (ALL, LISTED):
            return None
        # What is wanted may be there already, in another notation.
        return read.binding if goal.equals(read.binding) else goal


@dataclass(frozen=True)
class PxeOff(Setting):
    """That a server runs no PXE service where the site says that it has no PXE. Only judged. Wanted: None."""

    kind: ClassVar[str] = "pxe_off"
    site: Site
    server: str
    shown: PxeServer

    @property
    def key(self) -> str:
        return f"pxe_off:{self.site.code or ''}|{self.server}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return item_of(POINT, self.server).reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        item = read_item(item_of(POINT, self.server), self.site, answers)
        return item if isinstance(item, Observation) else Observation(item, self.shown.evidence())

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        expected = f"no PXE service runs on {self.shown.computer}"
        says: Says = says_off(self.shown)
        if number_of(observation.value, PXE) != 0:
            return Assessment(Status.NOT_APPLICABLE, expected, "the site has not turned PXE off yet")
        if says.against:
            remedy = "Find out who uses the service. If it is nobody, remove it from the server."
            return Assessment(
                Status.CONFLICT, expected, f"the site says that there is no PXE, but {'; '.join(says.against)}", remedy=remedy
            )
        if says.doubts:
            return Assessment(Status.INDETERMINATE, expected, says.doubts[0][1], code=says.doubts[0][0])
        return Assessment(Status.COMPLIANT, expected, expected)


def stored_binding(before: Mapping[str, Json]) -> Binding:
    """A binding as a snapshot keeps it; a KeyError, TypeError or ValueError for anything else."""
    policy, interfaces = before["policy"], before["interfaces"]
    if not (policy is None or (isinstance(policy, int) and not isinstance(policy, bool))):
        raise ValueError("the policy of PXE in it is no number")
    if not isinstance(interfaces, list) or not all(isinstance(entry, str) for entry in interfaces):
        raise ValueError("the interfaces of PXE in it are no list of texts")
    return Binding(policy, tuple(interfaces))
