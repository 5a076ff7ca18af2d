# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A list of an item of the site control file: who or what has to be in it, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import (
    ReadItem,
    SiteItem,
    SiteWrite,
    read_item,
    site_write,
    still,
    until,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site

_NONE_LISTED = "nothing is listed"


@dataclass(frozen=True)
class ListKind:
    """What there is to know of a list, whatever the site.

    C(id) names it in snapshots, C(label) in changes, C(title) in findings; C(name) is that of the embedded list, which only the item's
    own query may look for: other components have lists of the same name. C(cmdlet) and its parameters add to it, take from it, and
    empty it. Entries differ regardless of case. C(empty): in words, what it means that nothing is listed.
    """

    id: str
    label: str
    item: SiteItem
    name: str
    title: str
    cmdlet: str
    add: str
    remove: str
    clear: str
    empty: str = _NONE_LISTED

    def say(self, entries: Sequence[str]) -> str:
        return ", ".join(entries) or self.empty


@dataclass(frozen=True)
class ListWanted:
    """C(members): these and, if C(exact), no others; in this order if C(ordered). C(without): none of these."""

    members: tuple[str, ...] = ()
    exact: bool = False
    ordered: bool = False
    without: tuple[str, ...] = ()

    def missing(self, entries: Sequence[str]) -> tuple[str, ...]:
        there = {entry.casefold() for entry in entries}
        return tuple(member for member in self.members if member.casefold() not in there)

    def surplus(self, entries: Sequence[str]) -> tuple[str, ...]:
        """What has to go, each once, as it is spelled there."""
        members = {member.casefold() for member in self.members}
        without = {member.casefold() for member in self.without}
        going = {
            entry.casefold(): entry for entry in entries if entry.casefold() in without or (self.exact and entry.casefold() not in members)
        }
        return tuple(going.values())


@dataclass(frozen=True)
class ReadList:
    """C(notes): what there is to say of an entry that goes; C(odd): what is odd about those that are there."""

    item: ReadItem
    entries: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()
    odd: tuple[str, ...] = ()

    def has(self, entry: str) -> bool:
        return entry.casefold() in {one.casefold() for one in self.entries}


def read_list(what: ListKind, site: Site, answers: Answers) -> ReadList | Observation:
    """The list; one that the item does not have is empty."""
    item = read_item(what.item, site, answers)
    if isinstance(item, Observation):
        return item
    found = list(dict.fromkeys(tuple(element.get("Values") or ()) for element in item.embedded("PropLists", "PropertyListName", what.name)))
    if not found and not item.row.get("Props") and not item.row.get("PropLists"):
        # Both are lazy, and a component always has some: what was not loaded is no empty list.
        said = f"{what.item.title} of the site {item.located.code} came without any property or list, so what is listed is not known."
        return Observation(problem=Problem(Code.READ_FAILED, f"{said} Verify again."))
    if len(found) > 1:
        said = f"{what.item.title} of the site {item.located.code} has {len(found)} lists {what.name}, which differ."
        return Observation(problem=Problem(Code.MALFORMED_VALUE, said))
    return ReadList(item, tuple(str(entry) for entry in (found[0] if found else ())))


@dataclass(frozen=True)
class SiteList(Setting):
    """What is wanted stands in the setting, as only with it a host can show that a cmdlet is missing that has to write. Wanted: None."""

    kind: ClassVar[str] = "site_list"
    site: Site
    what: ListKind
    wanted: ListWanted

    @property
    def key(self) -> str:
        return f"site_list:{self.site.code or ''}|{self.what.id}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return self.what.item.reads(self.site)

    def interpret(self, answers: Answers) -> Observation:
        read = read_list(self.what, self.site, answers)
        if isinstance(read, Observation):
            return read
        evidence = (f"site {read.item.located.code}: {self.what.item.title}, {self.what.name} = {self.what.say(read.entries)}",)
        return Observation(read, evidence, wrong_options=self._without_cmdlet(read))

    def _without_cmdlet(self, read: ReadList) -> tuple[str, ...]:
        """There is no other way to write a list that belongs to the site itself."""
        if not self._differs(read.entries) or read.item.cmdlets.has(self.what.cmdlet, *self._parameters(read.entries), "SiteCode"):
            return ()
        why = read.item.cmdlets.missing(self.what.cmdlet)
        return (f"{self.what.title} of the site {read.item.located.code} can only be changed by {self.what.cmdlet}, but {why}.",)

    def _parameters(self, entries: Sequence[str]) -> tuple[str, ...]:
        if self.wanted.ordered:
            return (self.what.clear, self.what.add)
        adds = (self.what.add,) if self.wanted.missing(entries) else ()
        return (*adds, *((self.what.remove,) if self.wanted.surplus(entries) else ()))

    def _differs(self, entries: Sequence[str]) -> bool:
        if self.wanted.ordered:
            return [entry.casefold() for entry in entries] != [member.casefold() for member in self.wanted.members]
        return bool(self.wanted.missing(entries) or self.wanted.surplus(entries))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        read: ReadList = observation.value
        expected = f"{self.what.title}: {self._say()}"
        actual = f"{self.what.title}: {self.what.say(read.entries)}"
        caveats = self._caveats(read)
        if not self._differs(read.entries):
            return Assessment(Status.COMPLIANT, expected, actual, caveats=caveats)
        differences = self._replacing(read) if self.wanted.ordered else (*self._adding(read), *self._removing(read))
        if any(self._is_proof(read, operation) for operation in read.item.seen):
            actual += "; it was set, and reverted by a site component"
        return Assessment(Status.DRIFT, expected, actual, differences, caveats=caveats)

    def _say(self) -> str:
        wanted = self.wanted
        if wanted.exact:
            return f"{self.what.say(wanted.members)}{', in this order' if wanted.ordered else ''}"
        parts = [f"with {', '.join(wanted.members)}"] if wanted.members else []
        return " and ".join((*parts, *([f"without {', '.join(wanted.without)}"] if wanted.without else ())))

    def _caveats(self, read: ReadList) -> tuple[str, ...]:
        """What is odd about the list and changes nothing."""
        spelled = {member.casefold(): member for member in self.wanted.members}
        seen: dict[str, int] = {}
        for entry in read.entries:
            seen[entry.casefold()] = seen.get(entry.casefold(), 0) + 1
        twice = tuple(f"{entry} is listed {count} times" for entry, count in seen.items() if count > 1)
        case = tuple(
            f"{entry} is spelled {spelled[entry.casefold()]} in the options; case does not matter"
            for entry in read.entries
            if spelled.get(entry.casefold(), entry) != entry
        )
        leaving = tuple(f"{entry} {note}" for entry, note in read.notes if entry in self.wanted.surplus(read.entries))
        return (*twice, *case, *read.odd, *leaving)

    # ------------------------------------------------------------------ writing

    def _adding(self, read: ReadList) -> tuple[Difference, ...]:
        missing = self.wanted.missing(read.entries)
        if not missing:
            return ()
        after = (*read.entries, *missing)
        # Where in the list the site puts a new entry is not documented, so only its length tells.
        made = self._write(read, {self.what.add: list(missing)}, f".{len(after) - 1}", _spelled(after), f"with {', '.join(missing)}")
        return tuple(self._difference(read, entry, made, comes=True) for entry in missing)

    def _removing(self, read: ReadList) -> tuple[Difference, ...]:
        surplus = self.wanted.surplus(read.entries)
        if not surplus:
            return ()
        going = {entry.casefold() for entry in surplus}
        missing = self.wanted.missing(read.entries)
        left = sum(1 for entry in read.entries if entry.casefold() not in going) + len(missing)
        made = self._write(read, {self.what.remove: list(surplus)}, f".{left}", [None], f"without {', '.join(surplus)}")
        if missing:
            # What has been added right before has its own look at the list, and has changed it.
            made = SiteWrite(made.operations[1:], made.told[1:])
        return tuple(self._difference(read, entry, made, comes=False) for entry in surplus)

    def _replacing(self, read: ReadList) -> tuple[Difference, ...]:
        """In one call: in between nobody would be listed."""
        members = list(self.wanted.members)
        parameters: dict[str, Json] = {self.what.clear: {"switch": True}, **({self.what.add: members} if members else {})}
        made = self._write(read, parameters, "", [members] if members else [[], None], self.what.say(members))
        located = read.item.located
        difference = Difference(
            key=self._key(located.code),
            label=self.what.label,
            before=", ".join(read.entries) or "none",
            after=", ".join(members) or "none",
            writes=made.operations,
            told=made.told,
            restore=({"kind": "site_list", "site": located.code, "list": self.what.id, "before": _once(read.entries)},),
        )
        return (difference,)

    def _write(self, read: ReadList, parameters: dict[str, Json], path: str, reached: Sequence[Json], wanted: str) -> SiteWrite:
        located = read.item.located
        query = self.what.item.query(self.site)
        place = f"PropLists.PropertyListName={self.what.name}.Values"
        now: list[Json] = [list(read.entries)] if read.entries else [[], None]
        before = still(query, located, place, now)
        after = until(query, located, f"{place}{path}", reached)
        call = read.item.cmdlets.call(located, self.what.cmdlet, {name: literal(value) for name, value in parameters.items()})
        if call is None:
            return SiteWrite((), ())
        what = f"{self.what.title} of the site {located.code}"
        return site_write(read.item, call, before, after, what=what, wanted=wanted)

    def _difference(self, read: ReadList, entry: str, made: SiteWrite, *, comes: bool) -> Difference:
        code = read.item.located.code
        before = dict.fromkeys(self.wanted.missing(read.entries), False) | dict.fromkeys(self.wanted.surplus(read.entries), True)
        return Difference(
            key=f"{self._key(code)}|{entry}".casefold(),
            label=self.what.label,
            before="absent" if comes else "present",
            after="present" if comes else "absent",
            item=entry,
            note=dict(read.notes).get(entry),
            writes=made.operations,
            told=made.told,
            restore=({"kind": "site_list_members", "site": code, "list": self.what.id, "before": before},),
        )

    def _key(self, code: str) -> str:
        return f"site_list:{code}|{self.what.id}".casefold()

    def _is_proof(self, read: ReadList, operation: Operation) -> bool:
        """Whether a wait was for this list to have become what it should."""
        fields = operation.fields
        place = f"rows.0.PropLists.PropertyListName={self.what.name}.Values"
        query = {"op": "cim.query", **self.what.item.query(self.site).located(read.item.located)}
        return bool(fields["read"] == query and fields["until"]["path"].startswith(place) and fields["timeout"] == self.site.wait)


def _once(entries: Sequence[str]) -> list[str]:
    """Each entry where it stands first: no cmdlet lists one twice."""
    found: dict[str, str] = {}
    for entry in entries:
        found.setdefault(entry.casefold(), entry)
    return list(found.values())


def _spelled(entries: Sequence[str]) -> list[Json]:
    return list(dict.fromkeys(spelling for entry in entries for spelling in (entry, entry.lower(), entry.upper())))
