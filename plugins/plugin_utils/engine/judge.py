# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verdicts, statements, waivers and attestations -> findings, one per control and object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.verdict import Verdict
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Control
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation, Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding, Part
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity, worst_severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status, worst_status

_WAIVABLE = (Status.CONFLICT, Status.DRIFT, Status.INDETERMINATE, Status.UNATTESTED)


@dataclass(frozen=True)
class Context:
    """What judging needs besides the host: C(subject) is the host's name in the inventory, C(today) the day that dates are held against.

    C(connection): the one in use, for the guard; without it no firewall write is planned.
    """

    subject: str
    catalog: Mapping[str, Control]
    today: date
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    connection: Connection | None = None


def judge(demands: Iterable[Demands], verdicts: Iterable[Verdict], context: Context) -> tuple[Finding, ...]:
    """All findings of a host, the worst first and then by control."""
    groups: dict[tuple[str, str | None, str | None], list[Finding]] = {}
    for finding in _raw(demands, verdicts, context):
        groups.setdefault((finding.area, finding.control, finding.object), []).append(finding)
    findings = [_waived(_merged(group), context) for group in groups.values()]
    return tuple(sorted(findings, key=lambda f: (f.status.rank, f.severity.rank, f.control or "~", f.object or "")))


def waived_controls(context: Context) -> frozenset[str]:
    """The controls that a waiver in force covers for this subject: their deviations are accepted, so they are left alone."""
    return frozenset(
        waiver.control for waiver in context.waivers if waiver.covers(waiver.control, context.subject) and waiver.expires >= context.today
    )


def error_findings(areas: Iterable[str], message: str, context: Context) -> tuple[Finding, ...]:
    """A host that could not be judged at all: one finding for each area."""
    return tuple(
        Finding(
            control=None,
            area=area,
            subject=context.subject,
            status=Status.ERROR,
            severity=Severity.HIGH,
            title="The host could not be judged",
            expected="an answer from the host",
            actual=message,
            remedy="Mend what the message says and run again.",
        )
        for area in areas
    )


def _raw(demands: Iterable[Demands], verdicts: Iterable[Verdict], context: Context) -> Iterable[Finding]:
    for verdict in verdicts:
        # A wish of the operator that no control covers still has to be reported.
        for control in verdict.requirement.controls or (None,):
            known = context.catalog.get(control) if control else None
            yield Finding(
                control=control,
                area=verdict.area,
                subject=context.subject,
                object=verdict.requirement.object if control else verdict.requirement.object or verdict.requirement.setting.key,
                title=known.title if known else verdict.expected,
                status=verdict.status,
                severity=verdict.severity or (known.severity if known else Severity.LOW),
                expected=verdict.expected,
                actual=verdict.actual,
                evidence=verdict.evidence,
                caveats=verdict.caveats,
                remedy=verdict.remedy,
                code=verdict.code,
            )
    for demand in demands:
        for statement in demand.statements:
            yield _stated(demand.area, statement, context)
        for control in demand.attested:
            yield _attested(demand.area, control, context)


def _stated(area: str, statement: Statement, context: Context) -> Finding:
    finding = _plain(area, statement.control, context, statement.status, statement.expected, statement.actual, statement.remedy)
    return replace(finding, code=statement.code)


def _plain(area: str, control: str, context: Context, status: Status, expected: str, actual: str, remedy: str) -> Finding:
    known = context.catalog[control]
    return Finding(control, area, context.subject, status, known.severity, expected, actual, title=known.title, remedy=remedy)


def _attested(area: str, control: str, context: Context) -> Finding:
    given = [attestation for attestation in context.attestations if attestation.control == control]
    valid = [attestation for attestation in given if attestation.on <= context.today <= attestation.valid_until]
    expected = "a person vouches for it, as no machine can see it"
    if valid:
        best = max(valid, key=lambda attestation: attestation.valid_until)
        text = f"attested by {best.by} on {best.on.isoformat()}, valid until {best.valid_until.isoformat()}; proof: {best.proof}"
        return _plain(area, control, context, Status.ATTESTED, expected, text, "")
    text = "nobody has attested it"
    if given:
        latest = max(given, key=lambda attestation: attestation.valid_until)
        text = f"the attestation by {latest.by} holds from {latest.on.isoformat()} until {latest.valid_until.isoformat()} only"
    return _plain(
        area, control, context, Status.UNATTESTED, expected, text, "Add an attestation: who, when, until when, and where the proof is."
    )


def _merged(group: Sequence[Finding]) -> Finding:
    """Several requirements for one control: the worst of them speaks, and all show their evidence."""
    status = worst_status(finding.status for finding in group)
    speaking = [finding for finding in group if finding.status is status]
    return replace(
        speaking[0],
        severity=worst_severity([finding.severity for finding in speaking]),
        expected=_joined(finding.expected for finding in speaking),
        actual=_joined(finding.actual for finding in speaking),
        remedy=_joined((finding.remedy for finding in speaking), " "),
        evidence=_unique(line for finding in group for line in finding.evidence),
        caveats=_unique(line for finding in group for line in finding.caveats),
        code=_first_code(speaking),
        parts=tuple(dict.fromkeys(Part(finding.expected, finding.actual, finding.remedy, finding.caveats) for finding in speaking)),
    )


def _waived(finding: Finding, context: Context) -> Finding:
    covering = [waiver for waiver in context.waivers if waiver.covers(finding.control, finding.subject)]
    if not covering or finding.status not in _WAIVABLE:
        return finding
    waiver = max(covering, key=lambda waiver: waiver.expires)
    by = f"{waiver.owner}: {waiver.reason}"
    if waiver.expires < context.today:
        return replace(finding, caveats=(*finding.caveats, f"the waiver by {by} expired on {waiver.expires.isoformat()}"))
    return replace(
        finding,
        status=Status.WAIVED,
        underlying=finding.status,
        code=None,
        caveats=(*finding.caveats, f"waived until {waiver.expires.isoformat()} by {by}"),
    )


def _joined(texts: Iterable[str], between: str = "; ") -> str:
    return between.join(_unique(text for text in texts if text))


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _first_code(findings: Sequence[Finding]) -> Code | None:
    return next((finding.code for finding in findings if finding.code), None)
