# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stored results of many hosts -> what is to be said of the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding, Part
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.counts import count
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.push_rings import PushRings, push_rings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import StoredResult, newest

GOOD = (Status.COMPLIANT, Status.ATTESTED, Status.NOT_APPLICABLE)
"""What nothing has to be done about. A waiver is no deviation to mend either, but is always shown."""


@dataclass(frozen=True)
class Cause:
    """Findings of one host that say the same: several controls fail for one reason."""

    subject: str
    status: Status
    severity: str
    controls: tuple[str, ...]
    title: str
    expected: str
    actual: str
    remedy: str
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class Fleet:
    """C(counts) by host and area. C(not_heard_from): hosts that should be here and have no result.

    C(old): by host the areas whose newest result is past its time, with that time. C(rings): those of client push; what is wrong with them
    is among the causes, of the subject "fleet".
    """

    results: Mapping[str, StoredResult]
    counts: Mapping[str, Mapping[str, Mapping[str, int]]]
    causes: tuple[Cause, ...]
    not_heard_from: tuple[str, ...]
    old: Mapping[str, Mapping[str, datetime]]
    unreadable: tuple[str, ...] = ()
    rings: PushRings = field(default_factory=PushRings)


def survey(
    results: Sequence[StoredResult], expected_hosts: Sequence[str], now: datetime, stale_after: timedelta, unreadable: Sequence[str] = ()
) -> Fleet:
    """Put the newest results of each host together."""
    latest = newest(results)
    counts = {
        host: {area: count(finding for finding in result.findings if finding.area == area) for area in result.areas}
        for host, result in latest.items()
    }
    old = {
        host: {area: result.time_of(area) for area in result.areas if now - result.time_of(area) > stale_after}
        for host, result in latest.items()
    }
    aged = {host: areas for host, areas in old.items() if areas}
    rings = push_rings(latest, aged, expected_hosts)
    return Fleet(
        results=latest,
        counts=counts,
        causes=causes([*(finding for result in latest.values() for finding in result.findings), *rings.findings()]),
        not_heard_from=tuple(host for host in dict.fromkeys(expected_hosts) if host not in latest),
        old=aged,
        unreadable=tuple(unreadable),
        rings=rings,
    )


def causes(findings: Sequence[Finding]) -> tuple[Cause, ...]:
    """What is wrong, the worst first. One setting that is wrong is one cause, however many controls it is evidence for."""
    groups: dict[tuple[str, Status, str], list[tuple[Finding, Part]]] = {}
    for finding in findings:
        if finding.status in GOOD:
            continue
        for part in finding.parts or (Part(finding.expected, finding.actual, finding.remedy, finding.caveats),):
            # What nobody has vouched for reads alike for every control, and each is a thing to do of its own.
            actual = f"{finding.title}: {part.actual}" if finding.status is Status.UNATTESTED else part.actual
            groups.setdefault((finding.subject, finding.status, actual), []).append((finding, part))
    found = [_cause(actual, group) for (_subject, _status, actual), group in groups.items()]
    order = ["high", "medium", "low"]
    return tuple(sorted(found, key=lambda cause: (cause.status.rank, order.index(cause.severity), cause.subject, cause.controls)))


def _cause(actual: str, group: Sequence[tuple[Finding, Part]]) -> Cause:
    worst, part = min(group, key=lambda pair: pair[0].severity.rank)
    return Cause(
        subject=worst.subject,
        status=worst.status,
        severity=worst.severity.value,
        controls=tuple(sorted({finding.control for finding, _part in group if finding.control})),
        title=worst.title,
        expected=part.expected,
        actual=actual,
        remedy=part.remedy,
        caveats=tuple(dict.fromkeys(caveat for _finding, part in group for caveat in part.caveats)),
    )
