# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One item of a site's control file: a component, a role of a server, a maintenance task; its properties and lists.

Properties and lists are embedded objects (SMS_EmbeddedProperty, SMS_EmbeddedPropertyList). Their names are spelled in different cases
from site to site, so case is ignored, and what is written keeps the name that is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_cmdlets import READ_CMDLETS, Cmdlets, read_cmdlets
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import (
    Located,
    Site,
    SiteQuery,
    changed_meanwhile,
    second_hop,
)

_ACTIVE = 2
"""SMS_SiteControlItem.FileType: the copy that is in force."""
_AT_ONCE = 0.1
_OFTEN = 1


@dataclass(frozen=True)
class SiteItem:
    """C(where) tells it from others of its class: ItemName, or RoleName and NetworkOSPath. C(title) names it in sentences."""

    wmi_class: str
    where: tuple[tuple[str, Json], ...]
    title: str

    def query(self, site: Site) -> SiteQuery:
        # Props and PropLists are lazy.
        return SiteQuery(site, self.wmi_class, (("FileType", _ACTIVE), *self.where), lazy=True)

    def reads(self, site: Site) -> tuple[Operation, ...]:
        return (*site.reads(), *self.query(site).operations(), READ_CMDLETS)

    def row(self, site: Site, answers: Answers, located: Located) -> Mapping[str, Json] | Problem:
        """The item as it was read."""
        return self.query(site).row(answers, located, self.title)


@dataclass(frozen=True)
class ReadItem:
    """What was found.

    C(seen): the waits that have ended well, so that what went back afterwards can be told from what never came. C(advice): what to
    configure where access is denied.
    """

    located: Located
    row: Mapping[str, Json]
    cmdlets: Cmdlets
    seen: frozenset[Operation]
    advice: str

    def embedded(self, property_: str, key: str, name: str) -> list[Mapping[str, Json]]:
        """The elements of that name; there should be one at most."""
        return [element for element in self.row.get(property_) or () if str(element[key]).casefold() == name.casefold()]


def read_item(item: SiteItem, site: Site, answers: Answers) -> ReadItem | Observation:
    """The item, or the observation that says why it could not be read."""
    located = site.locate(answers)
    if isinstance(located, Observation):
        return located
    row = item.row(site, answers, located)
    if isinstance(row, Problem):
        return Observation(problem=row)
    return ReadItem(located, row, read_cmdlets(answers), ended_waits(answers), second_hop(answers.host))


def ended_waits(answers: Answers) -> frozenset[Operation]:
    """The waits for a change to come that have ended well."""
    return answers.once(_ended_waits)


def _ended_waits(answers: Answers) -> frozenset[Operation]:
    return frozenset(operation for operation, answer in answers.items() if operation.op == "wait" and answer.ok)


def still(query: SiteQuery, located: Located, path: str, accepted: Iterable[Json]) -> Operation:
    """That a value is what it was read as, right before it is written. A site component needs longer than this takes."""
    return _wait(query, located, path, accepted, _AT_ONCE, _AT_ONCE)


def until(query: SiteQuery, located: Located, path: str, accepted: Iterable[Json]) -> Operation:
    """That a value has come to be what was written, waited for on the host."""
    return _wait(query, located, path, accepted, query.site.wait, _OFTEN)


def _wait(query: SiteQuery, located: Located, path: str, accepted: Iterable[Json], timeout: float, every: float) -> Operation:
    reached = {"path": f"rows.0.{path}", "one_of": literal(list(accepted))}
    return Operation.of("wait", until=reached, read={"op": "cim.query", **query.located(located)}, timeout=timeout, every=every)


@dataclass(frozen=True)
class SiteWrite:
    """A write between the look at what is there and the wait for what should come, and what it means that one of them fails."""

    operations: tuple[Operation, ...]
    told: tuple[tuple[Operation, str, str], ...]


def site_write(item: ReadItem, write: Operation, before: Operation, after: Operation, *, what: str, wanted: str) -> SiteWrite:
    """C(what) is to become C(wanted), both in words; C(before) is made by still, C(after) by until."""
    changed = changed_meanwhile(what)
    told = (
        (before, "timeout", changed),
        (write, "stale", changed),
        (write, "access_denied", f"{what}: the write was denied. {item.advice}"),
        (after, "timeout", f"{what}: written, and not seen as {wanted} within {after.fields['timeout']} seconds."),
    )
    return SiteWrite((before, write, after), told)
