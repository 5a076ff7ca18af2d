# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One value of an item of the site control file: an embedded property, or a plain one of the item itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_cmdlets import CmdletWrite
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import (
    ReadItem,
    SiteItem,
    read_item,
    site_write,
    still,
    until,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site

_ELEMENT = "SMS_EmbeddedProperty"
# A text stands in Value1, or in Value2 where Value1 names a type of the registry.
_REGISTRY_TYPES = frozenset({"REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ", "REG_DWORD", "REG_BINARY"})
_REVERTED = "Find out in sitecomp.log and SMSProv.log on the site server who sets it back, then apply again."


@dataclass(frozen=True)
class PropertyKind:
    """What there is to know of a property, whatever the site.

    C(id) names it in snapshots, C(label) in changes, C(title) in findings. C(text): it is a text, not a number; C(plain): the item's own
    property, not an embedded one. C(words): every documented value, with words for people; without them any value is one. C(write):
    the cmdlet that sets it, C(only_while) another property of the item has a text. C(put): whether it may be put where no cmdlet can.
    """

    id: str
    label: str
    item: SiteItem
    name: str
    title: str
    text: bool = False
    plain: bool = False
    words: tuple[tuple[Json, str], ...] = ()
    write: CmdletWrite | None = None
    only_while: tuple[str, str] | None = None
    put: bool = True

    def say(self, value: Json) -> str:
        """A value in words."""
        if value is None:
            return "not there"
        return next((words for known, words in self.words if known == value), str(value) or "empty")

    def change(self, value: Json) -> str:
        """A value in the words of a change; a free text in quotes."""
        return f'"{value or ""}"' if self.text and not self.words else self.say(value)

    def known(self, raw: Json) -> Json:
        """The documented value that a stored one is, or the stored one itself."""
        if self.text and isinstance(raw, str):
            return next((known for known, _words in self.words if str(known).casefold() == raw.casefold()), raw)
        return raw

    def documented(self, value: Json) -> bool:
        """Whether a value that is there means something known; a missing one never does."""
        if value is None:
            return False
        return not self.words or any(known == value and type(known) is type(value) for known, _words in self.words)

    def may_be(self, value: Json) -> bool:
        """Whether a value is of the property's type; None is that of a missing one."""
        if self.plain:
            return value is None or isinstance(value, bool)
        return value is None or (isinstance(value, str if self.text else int) and not isinstance(value, bool))

    def spellings(self, value: Json) -> list[Json]:
        """How a value may be stored: the site writes texts in any case."""
        if not self.text or not self.words:
            return [value]
        return list(dict.fromkeys((value, str(value).upper(), str(value).lower(), str(value).capitalize())))


@dataclass(frozen=True)
class ReadProperty:
    """C(value): as documented, None for missing; C(raw): as stored; C(field): where it is stored."""

    item: ReadItem
    value: Json
    raw: Json
    field: str


@dataclass(frozen=True)
class SiteProperty(Setting):
    """Wanted: the value, as documented; None for not there, which only a snapshot knows and nothing can bring back."""

    kind: ClassVar[str] = "site_property"
    site: Site
    what: PropertyKind

    @property
    def key(self) -> str:
        return f"site_property:{self.site.code or ''}|{self.what.id}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return self.what.item.reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        item = read_item(self.what.item, self.site, answers)
        if isinstance(item, Observation):
            return item
        stored = list(dict.fromkeys(self._stored(item)))
        if len({self.what.known(raw) for raw, _field in stored}) > 1:
            told = " and ".join(self.what.say(raw) for raw, _field in stored)
            said = f"{self.what.item.title} of the site {item.located.code} has {self.what.name} more than once, as {told}."
            return Observation(problem=Problem(Code.MALFORMED_VALUE, said))
        raw, field = stored[0]
        shown = "missing" if raw is None else repr(raw) if isinstance(raw, str) else str(raw)
        evidence = (f"site {item.located.code}: {self.what.item.title}, {self.what.name} = {shown}",)
        return Observation(ReadProperty(item, self.what.known(raw), raw, field), evidence)

    def _stored(self, item: ReadItem) -> list[tuple[Json, str]]:
        """The value and the field that it stands in; a damaged file has several."""
        if self.what.plain:
            return [(item.row.get(self.what.name), self.what.name)]
        found = [self._field(element) for element in item.embedded("Props", "PropertyName", self.what.name)]
        return found or [(None, "Value1" if self.what.text else "Value")]

    def _field(self, element: Mapping[str, Json]) -> tuple[Json, str]:
        if not self.what.text:
            return element.get("Value"), "Value"
        field = "Value2" if str(element.get("Value1") or "").upper() in _REGISTRY_TYPES else "Value1"
        return element.get(field), field

    def assess(self, observation: Observation, wanted: Json) -> Assessment:
        read: ReadProperty = observation.value
        expected = f"{self.what.title}: {self.what.say(wanted)}"
        actual = f"{self.what.title}: {self.what.say(read.value)}"
        if read.value == wanted and type(read.value) is type(wanted):
            return Assessment(Status.COMPLIANT, expected, actual)
        differences = self.differences(read, wanted)
        if not self.what.documented(read.value):
            found = "is missing" if read.value is None else f"is {read.value!r}"
            said = f"{self.what.title}: the property {self.what.name} {found}, which no documentation explains"
            return Assessment(Status.INDETERMINATE, expected, said, differences, code=Code.UNDOCUMENTED_VALUE)
        if wanted is not None and self._until(read, wanted) in read.item.seen:
            return Assessment(
                Status.DRIFT, expected, f"{actual}; it was set, and reverted by a site component", differences, remedy=_REVERTED
            )
        return Assessment(Status.DRIFT, expected, actual, differences)

    def differences(self, read: ReadProperty, wanted: Json) -> tuple[Difference, ...]:
        """What makes the value another one; nothing where this host has no way to."""
        write = None if wanted is None else self._write(read, wanted)
        if write is None:
            return ()
        located = read.item.located
        what = f"{self.what.title} of the site {located.code}"
        accepted = [read.raw, *self.what.spellings(wanted)]
        before = still(self.what.item.query(self.site), located, self._path(read), accepted)
        made = site_write(read.item, write, before, self._until(read, wanted), what=what, wanted=self.what.say(wanted))
        difference = Difference(
            key=f"site_property:{located.code}|{self.what.id}".casefold(),
            label=self.what.label,
            before=self.what.change(read.value),
            after=self.what.change(wanted),
            writes=made.operations,
            told=made.told,
            restore=({"kind": self.kind, "site": located.code, "property": self.what.id, "before": read.value},),
        )
        return (difference,)

    def _write(self, read: ReadProperty, wanted: Json) -> Operation | None:
        """By the cmdlet where this host's one can, else by one put."""
        item = read.item
        allowed = self.what.only_while is None or self._holds(item, *self.what.only_while)
        if allowed and self.what.write and (call := item.cmdlets.write(item.located, self.what.write, wanted)):
            return call
        return self.put(read, wanted) if self.what.put else None

    @staticmethod
    def _holds(item: ReadItem, name: str, text: str) -> bool:
        elements = item.embedded("Props", "PropertyName", name)
        return any(str(element.get(field) or "").casefold() == text.casefold() for element in elements for field in ("Value1", "Value2"))

    def put(self, read: ReadProperty, wanted: Json) -> Operation:
        """The write without a cmdlet; the element that is there keeps its name."""
        query = self.what.item.query(self.site)
        fields: dict[str, Json] = {"namespace": read.item.located.namespace, "query": query.text(read.item.located)}
        if self.what.plain:
            return Operation.of("cim.put", **fields, set={self.what.name: literal(wanted)})
        edit = {
            "property": "Props",
            "key": "PropertyName",
            "name": self.what.name,
            "class": _ELEMENT,
            "set": {read.field: literal(wanted)},
            "expect": {read.field: literal(read.raw)},
        }
        return Operation.of("cim.put", **fields, embedded=[edit])

    def _path(self, read: ReadProperty) -> str:
        return read.field if self.what.plain else f"Props.PropertyName={self.what.name}.{read.field}"

    def _until(self, read: ReadProperty, wanted: Json) -> Operation:
        return until(self.what.item.query(self.site), read.item.located, self._path(read), self.what.spellings(wanted))


@dataclass(frozen=True)
class BitWanted:
    """C(on): whether the bit is to be set; C(whole): what the value is to be, with all its bits, where that is declared."""

    on: bool
    whole: int | None = None


@dataclass(frozen=True)
class SiteBit(Setting):
    """One bit of a number, judged for itself; the number is written as a whole. C(words): what not set and set mean."""

    kind: ClassVar[str] = "site_bit"
    of: SiteProperty
    bit: int
    title: str
    words: tuple[str, str]

    @property
    def key(self) -> str:
        return f"site_bit:{self.bit}|{self.of.key}"

    def reads(self) -> tuple[Operation, ...]:
        return self.of.reads()

    def interpret(self, answers: Answers) -> Observation:
        return self.of.interpret(answers)

    def assess(self, observation: Observation, wanted: BitWanted) -> Assessment:
        whole = self.of.assess(observation, self._whole(observation.value, wanted))
        expected = f"{self.title}: {self.words[wanted.on]}"
        if whole.status is Status.INDETERMINATE:
            return Assessment(whole.status, expected, whole.actual, whole.differences, code=whole.code)
        on = bool(observation.value.value & self.bit)
        reverted = "; it was set, and reverted by a site component" if on != wanted.on and whole.remedy else ""
        actual = f"{self.title}: {self.words[on]}{reverted}"
        if on == wanted.on:
            return Assessment(Status.COMPLIANT, expected, actual)
        return Assessment(Status.DRIFT, expected, actual, whole.differences, remedy=whole.remedy)

    def _whole(self, read: ReadProperty, wanted: BitWanted) -> int:
        if wanted.whole is not None:
            return wanted.whole
        value = read.value if self.of.what.documented(read.value) else 0
        return int(value | self.bit if wanted.on else value & ~self.bit)


@dataclass(frozen=True)
class NotTogether(Setting):
    """Two switches that must not both be on. Nothing is written by it: each is a setting of its own. Wanted: None."""

    kind: ClassVar[str] = "not_together"
    first: SiteProperty
    first_on: Json
    second: SiteProperty
    second_on: Json
    why: str

    @property
    def key(self) -> str:
        return f"not_together:{self.first.key}|{self.second.key}"

    def reads(self) -> tuple[Operation, ...]:
        return (*self.first.reads(), *self.second.reads())

    def interpret(self, answers: Answers) -> Observation:
        """A second switch that cannot be told does not matter while the first one is off."""
        first, second = self.first.interpret(answers), self.second.interpret(answers)
        wrong = tuple(dict.fromkeys((*first.wrong_options, *second.wrong_options)))
        return Observation((first, second), (*first.evidence, *second.evidence), wrong_options=wrong)

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        first, second = observation.value
        expected = f"{self.first.what.title} and {self.second.what.title} are not both on"
        pairs = ((self.first, first, self.first_on), (self.second, second, self.second_on))
        doubts = []
        for setting, seen, on in pairs:
            if seen.problem:
                doubts.append((seen.problem.code, seen.problem.message))
            elif not setting.what.documented(seen.value.value):
                doubts.append((Code.UNDOCUMENTED_VALUE, f"{setting.what.name} is {seen.value.raw!r}, which no documentation explains"))
            elif seen.value.value != on:
                return Assessment(Status.COMPLIANT, expected, f"{setting.what.title}: {setting.what.say(seen.value.value)}")
        if doubts:
            return Assessment(
                Status.INDETERMINATE, expected, "; ".join(dict.fromkeys(message for _code, message in doubts)), code=doubts[0][0]
            )
        together = f"{self.first.what.title} and {self.second.what.title} are both on"
        return Assessment(Status.DRIFT, expected, f"{together}: {self.why}")
