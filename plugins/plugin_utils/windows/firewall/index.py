# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inbound rules by protocol, port and program, so that a question looks at few of the thousands that a host may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import TCP, UDP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.matching import asked_port, asked_ranges, keyword_ranges
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, Unparsed
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Query, RuleKey, Store, StoreState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import Range

Entry = tuple[RuleKey, Rule]
_Numbered = tuple[int, Entry]


@dataclass
class _Ports:
    """Rules of one protocol, by what they say of local ports; one that says several things stands in several places."""

    numbers: dict[int, list[_Numbered]] = field(default_factory=dict)
    ranges: list[tuple[int, int, _Numbered]] = field(default_factory=list)
    keywords: dict[str, list[_Numbered]] = field(default_factory=dict)
    # Any port, by the file name of the program; None where no program is named, or where its file name is not known.
    any_port: dict[str | None, list[_Numbered]] = field(default_factory=dict)


class RuleIndex:
    """The inbound firewall rules of all stores, and what is no rule."""

    def __init__(self, stores: Mapping[Store, StoreState], paths: Paths) -> None:
        self._paths = paths
        self._protocols: dict[int | None, _Ports] = {}
        self.unparsed: list[tuple[RuleKey, Unparsed]] = []
        number = 0
        for store, content in stores.items():
            for rule in content.rules:
                if isinstance(rule, Unparsed):
                    self.unparsed.append((RuleKey(store, rule.rule_id), rule))
                elif rule.direction == "in" and not rule.is_connection_security:
                    number += 1
                    self._add((number, (RuleKey(store, rule.rule_id), rule)), rule)

    def _add(self, numbered: _Numbered, rule: Rule) -> None:
        bucket = self._protocols.get(rule.protocol)
        if bucket is None:
            bucket = self._protocols.setdefault(rule.protocol, _Ports())
        ports = rule.local_ports.members
        if ports.is_full:
            bucket.any_port.setdefault(self._program(rule), []).append(numbered)
            return
        for first, last in ports.ranges:
            if first == last:
                bucket.numbers.setdefault(first, []).append(numbered)
            else:
                bucket.ranges.append((first, last, numbered))
        for keyword in ports.keywords:
            bucket.keywords.setdefault(keyword, []).append(numbered)

    def _program(self, rule: Rule) -> str | None:
        return None if rule.application is None else self._paths.file_name(rule.application)

    def candidates(self, query: Query) -> Iterator[Entry]:
        """Every rule that may fit, and some that do not, in the order of the stores."""
        found: dict[int, Entry] = {}
        for protocol in (None, query.protocol):
            bucket = self._protocols.get(protocol)
            if bucket is not None:
                found.update(_of_program(bucket.any_port, query, self._paths))
                if query.protocol in (TCP, UDP):
                    found.update(_of_ports(bucket, query))
        return (found[number] for number in sorted(found))


def _of_program(rules: Mapping[str | None, list[_Numbered]], query: Query, paths: Paths) -> Iterator[_Numbered]:
    asked = None if query.program is None else paths.file_name(query.program)
    keys: Iterable[str | None] = rules if asked is None else (None, asked)
    for key in keys:
        yield from rules.get(key, ())


def _of_ports(bucket: _Ports, query: Query) -> Iterator[_Numbered]:
    asked = asked_ranges(query)
    if asked_port(query) is not None:
        yield from bucket.numbers.get(asked[0][0], ())
    else:
        for number, members in bucket.numbers.items():
            if _meet(asked, ((number, number),)):
                yield from members
    for first, last, member in bucket.ranges:
        if _meet(asked, ((first, last),)):
            yield member
    for keyword, members in bucket.keywords.items():
        if _meet(asked, keyword_ranges(keyword)):
            yield from members


def _meet(some: Iterable[Range], others: Iterable[Range]) -> bool:
    return any(first <= end and begin <= last for begin, end in some for first, last in others)
