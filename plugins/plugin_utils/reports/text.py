# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet as lines of text, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.counts import total
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import Cause, Fleet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.push_rings import PushRings

_COLUMNS = (
    (Status.ERROR, "error"),
    (Status.CONFLICT, "confl"),
    (Status.DRIFT, "drift"),
    (Status.INDETERMINATE, "indet"),
    (Status.UNATTESTED, "unatt"),
    (Status.WAIVED, "waivd"),
    (Status.ATTESTED, "attst"),
    (Status.COMPLIANT, "compl"),
    (Status.NOT_APPLICABLE, "n/a"),
)


def table(fleet: Fleet) -> list[str]:
    """Hosts and areas with the counts of each status; a dot stands for none."""
    rows = [
        (_plain(host), _plain(area), [counts[status.value] for status, _word in _COLUMNS])
        for host, areas in fleet.counts.items()
        for area, counts in areas.items()
    ]
    sums = total(counts for areas in fleet.counts.values() for counts in areas.values())
    silent = [_plain(host) for host in fleet.not_heard_from]
    width = max(len(host) for host in [*(host for host, _area, _numbers in rows), *silent, "host"])
    area_width = max([len(area) for _host, area, _numbers in rows] + [len("area")])
    header = f"{'host':<{width}}  {'area':<{area_width}} " + "".join(f"{word:>7}" for _status, word in _COLUMNS)
    lines = [header, "-" * len(header)]
    for host, area, numbers in rows:
        lines.append(f"{host:<{width}}  {area:<{area_width}} " + "".join(f"{number or '.':>7}" for number in numbers))
    lines.extend(f"{host:<{width}}  not heard from" for host in silent)
    lines.append("-" * len(header))
    lines.append(f"{'all':<{width}}  {'':<{area_width}} " + "".join(f"{sums[status.value] or '.':>7}" for status, _word in _COLUMNS))
    return lines


def rings_table(rings: PushRings) -> list[str]:
    """Rings of client push with the accounts that reach them; no lines where nobody declares any."""
    if not rings.declared:
        return []
    width = max([len(_plain(ring)) for ring in rings.rings] + [len("ring")])
    lines = [f"{'ring':<{width}}  computers  push accounts"]
    for ring, hosts in rings.rings.items():
        accounts = [
            f"{_plain(account)} ({len(reached)})" + (" [in several rings]" if account in rings.across else "")
            for (of, account), reached in rings.reach.items()
            if of == ring
        ]
        lines.append(f"{_plain(ring):<{width}}  {len(hosts):>9}  {', '.join(accounts) or 'none'}")
    lines.extend(f"{_plain(host)}: {_plain(reason)}" for host, reason in rings.untold.items())
    return lines


_WIDTH = 110
_INDENT = 14
_LONGEST = 280


def worst(causes: Sequence[Cause], most: int = 10) -> list[str]:
    """The worst causes, each on a line or wrapped; what people have to vouch for is left to the report."""
    shown = [cause for cause in causes if cause.status not in (Status.UNATTESTED, Status.WAIVED)]
    lines = [line for cause in shown[:most] for line in _wrapped(cause)]
    if len(shown) > most:
        lines.append(f"... and {len(shown) - most} more in the report")
    return lines


def _ids(controls: Sequence[str]) -> str:
    if not controls:
        return "no control"
    more = f" +{len(controls) - 4}" if len(controls) > 4 else ""
    return ", ".join(controls[:4]) + more


def _wrapped(cause: Cause) -> list[str]:
    text = f"{_plain(cause.subject)}: {_plain(cause.actual)} [{_ids(cause.controls)}]"
    first = f"{cause.status.value:<{_INDENT}}"
    return textwrap.wrap(text, width=_WIDTH, initial_indent=first, subsequent_indent=" " * _INDENT, break_on_hyphens=False)


def _plain(text: str) -> str:
    """Text from a host without what could move a terminal's cursor, and not longer than three lines or so."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1].rstrip() + "…"
