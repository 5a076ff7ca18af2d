# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet as a Markdown report. Text that came from hosts is data: it can neither make markup nor break a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.counts import total
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import Cause, Fleet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.push_rings import PushRings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import StoredResult

_SPECIAL = re.compile(r"([\\`*_\[\]<|~&#])")
# What would begin a list or a quotation, or underline a heading, where the text begins a line.
_FIRST = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=>]))")
# Renderers look for addresses in what is shown, so a backslash keeps none from becoming a link.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_NO_WIDTH = "&#8203;"
_WORDS = {
    Status.ERROR: "error",
    Status.CONFLICT: "conflict",
    Status.DRIFT: "drift",
    Status.INDETERMINATE: "indeter&shy;minate",
    Status.UNATTESTED: "unattested",
    Status.WAIVED: "waived",
    Status.ATTESTED: "attested",
    Status.COMPLIANT: "compliant",
    Status.NOT_APPLICABLE: "n/a",
}
_SECTIONS = (
    (Status.ERROR, "Errors", "The host or an operation failed: nothing is known, or a change was not made."),
    (
        Status.CONFLICT,
        "Conflicts",
        "Somebody else decides these settings. Apply leaves them alone; they have to be solved where they are decided.",
    ),
    (Status.DRIFT, "Drift", "These settings are not as declared."),
    (Status.INDETERMINATE, "Indeterminate", "These could not be told, so they do not count as compliant."),
    (Status.UNATTESTED, "Waiting for people", "No machine can see these; somebody has to vouch for them."),
    (Status.WAIVED, "Waived", "Accepted deviations."),
)


def markdown(fleet: Fleet, title: str, now: datetime) -> str:
    """The whole report."""
    lines = [f"# {escape(title)}", "", f"Made {now:%Y-%m-%d %H:%M} UTC from the results of {len(fleet.results)} hosts.", ""]
    lines += _caution()
    lines += _hosts(fleet)
    lines += _gaps(fleet)
    lines += _rings(fleet.rings)
    for status, heading, explanation in _SECTIONS:
        lines += _section(heading, explanation, [cause for cause in fleet.causes if cause.status is status])
    lines += _changes(fleet.results.values())
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, anywhere on a line; addresses in it are parted by spaces of no width."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    marked = _FIRST.sub(r"\1\\", _SPECIAL.sub(r"\\\1", " ".join(shown.split())))
    return _ADDRESS.sub(_NO_WIDTH, marked)


def _caution() -> list[str]:
    return [
        "Each number counts controls. A control has the worst status of all that was found about it; doubt never counts as compliant.",
        "",
    ]


def _hosts(fleet: Fleet) -> list[str]:
    lines = ["## Hosts", "", "| host | area | " + " | ".join(_WORDS.values()) + " |", "|---|---|" + "--:|" * len(_WORDS)]
    for host, areas in fleet.counts.items():
        for area, counts in areas.items():
            numbers = " | ".join(_number(status, counts[status.value]) for status in _WORDS)
            lines.append(f"| {escape(host)} | {escape(area)} | {numbers} |")
    sums = total(counts for areas in fleet.counts.values() for counts in areas.values())
    lines.append("| **all** | | " + " | ".join(_number(status, sums[status.value]) for status in _WORDS) + " |")
    return [*lines, ""]


def _number(status: Status, number: int) -> str:
    if not number:
        return "·"
    return f"**{number}**" if status in (Status.ERROR, Status.CONFLICT, Status.DRIFT) else str(number)


def _gaps(fleet: Fleet) -> list[str]:
    lines = []
    if fleet.not_heard_from:
        lines += ["## Not heard from", "", *(f"- {escape(host)}" for host in fleet.not_heard_from), ""]
    if fleet.old:
        lines += ["## Old results", ""]
        aged = [(host, area, time) for host, areas in fleet.old.items() for area, time in areas.items()]
        lines += [f"- {escape(host)}, {escape(area)}: {time:%Y-%m-%d %H:%M} UTC" for host, area, time in aged] + [""]
    if fleet.unreadable:
        lines += ["## Files that are no results", "", *(f"- {escape(sentence)}" for sentence in fleet.unreadable), ""]
    return lines


def _rings(rings: PushRings) -> list[str]:
    """Which push account reaches what; an account in two rings, or two accounts on a computer, are among the drift as well."""
    if not rings.declared:
        return []
    lines = ["## Rings of client push", "", "Push accounts that are direct members of Administrators, by the ring of the computers.", ""]
    lines += ["| ring | computers | push accounts |", "|---|--:|---|"]
    for ring, hosts in rings.rings.items():
        accounts = [
            f"{escape(account)} ({len(reached)})" + (" **in several rings**" if account in rings.across else "")
            for (of, account), reached in rings.reach.items()
            if of == ring
        ]
        lines.append(f"| {escape(ring)} | {len(hosts)} | {', '.join(accounts) or '**none**'} |")
    if rings.untold:
        lines += ["", f"Not known of: {', '.join(f'{escape(host)} ({escape(reason)})' for host, reason in rings.untold.items())}"]
    if rings.old:
        lines += ["", f"From old results: {', '.join(map(escape, rings.old))}"]
    if rings.elsewhere:
        lines += ["", f"Admitted by no computer that was heard from: {', '.join(map(escape, rings.elsewhere))}"]
    if rings.unjudged:
        lines += ["", f"Client push was not judged on: {', '.join(map(escape, rings.unjudged))}"]
    return [*lines, ""]


def _section(heading: str, explanation: str, causes: Sequence[Cause]) -> list[str]:
    """The same words on several hosts are said once."""
    if not causes:
        return []
    lines = [f"## {heading}", "", explanation, ""]
    groups: dict[tuple[str, str, str], list[Cause]] = {}
    for cause in causes:
        groups.setdefault((cause.actual, cause.expected, cause.remedy), []).append(cause)
    for (actual, expected, remedy), group in groups.items():
        hosts = ", ".join(escape(host) for host in dict.fromkeys(cause.subject for cause in group))
        controls = sorted({control for cause in group for control in cause.controls})
        severity = min((cause.severity for cause in group), key=["high", "medium", "low"].index)
        lines.append(f"- **{hosts}** ({severity}): {escape(actual)}")
        if controls:
            lines.append(f"  - controls: {escape(', '.join(controls))}: {escape(group[0].title)}")
        if expected:
            lines.append(f"  - expected: {escape(expected)}")
        if remedy:
            lines.append(f"  - what to do: {escape(remedy)}")
        lines.extend(f"  - caveat: {escape(caveat)}" for caveat in dict.fromkeys(c for cause in group for c in cause.caveats))
    return [*lines, ""]


def _changes(results: Iterable[StoredResult]) -> list[str]:
    rows = [(result, change) for result in results for change in result.changes]
    if not rows:
        return []
    lines = ["## Changes", "", "| host | setting | before | after | state |", "|---|---|---|---|---|"]
    for result, change in rows:
        setting = f"{change['setting']} {change.get('item') or ''}".strip()
        said = change["state"] + (f": {change['message']}" if change.get("message") else "")
        cells = (result.subject, setting, str(change["before"]), str(change["after"]), said)
        lines.append("| " + " | ".join(escape(cell) for cell in cells) + " |")
    snapshots = {result.subject: result.snapshot for result in results if result.snapshot}
    if snapshots:
        lines += ["", "Snapshots to roll back to: " + ", ".join(f"{escape(host)} {escape(name)}" for host, name in snapshots.items())]
    return [*lines, ""]
