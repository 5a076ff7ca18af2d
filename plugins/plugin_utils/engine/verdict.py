# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One requirement held against its observation: what is to be said of it, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.observe import Observations
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState, Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import HostFacts
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import is_firewall_write
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import can_return

APPLY = "Apply. By hand: "
"""What stands before a remedy that apply has."""


@dataclass(frozen=True)
class Verdict:
    """C(changes) are those of this requirement alone; the same difference may come from several."""

    requirement: Requirement
    area: str
    status: Status
    expected: str
    actual: str
    evidence: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    remedy: str = ""
    code: Code | None = None
    severity: Severity | None = None
    changes: tuple[Change, ...] = ()
    restarts: tuple[str, ...] = ()


def decide(area: str, requirement: Requirement, observations: Observations, host: HostFacts) -> Verdict:
    """Judge one requirement. Pure: nothing is read or written."""
    observation = observations[requirement.setting]
    verdict = Verdict(
        requirement,
        area,
        Status.INDETERMINATE,
        expected="to be read",
        actual="",
        evidence=observation.evidence,
        caveats=(*observation.caveats, *requirement.caveats),
        remedy=requirement.remedy,
        severity=requirement.severity,
    )
    if observation.problem:
        return replace(verdict, actual=observation.problem.message, code=observation.problem.code)
    assessment = requirement.setting.assess(observation, requirement.wanted)
    verdict = replace(
        verdict,
        status=assessment.status,
        expected=assessment.expected,
        actual=assessment.actual,
        caveats=(*observation.caveats, *assessment.caveats, *requirement.caveats),
        remedy=assessment.remedy or requirement.remedy,
        code=assessment.code,
        restarts=assessment.restarts,
    )
    if assessment.status is not Status.DRIFT and not assessment.differences:
        return replace(verdict, remedy="" if assessment.status is Status.COMPLIANT else verdict.remedy)
    return _with_changes(verdict, assessment, observations, host)


def _with_changes(verdict: Verdict, assessment: Assessment, observations: Observations, host: HostFacts) -> Verdict:
    requirement = verdict.requirement
    changes = []
    deciders: dict[str, list[Difference]] = {}
    for difference in assessment.differences:
        by = _decider(requirement, difference, observations)
        if by:
            deciders.setdefault(by, []).append(difference)
        elif requirement.writable:
            # What the firewall's writes do together is judged when all of them are known.
            refusals = [refusal(write, host) for write in difference.writes if not is_firewall_write(write)]
            reasons = [reason for reason in (*refusals, _lasting(difference)) if reason]
            state = ChangeState.REFUSED if reasons else ChangeState.PLANNED
            changes.append(Change(verdict.area, requirement.controls, difference, state, reasons[0] if reasons else None))
    if not deciders:
        planned = any(change.state is ChangeState.PLANNED for change in changes)
        return replace(verdict, changes=tuple(changes), remedy=f"{APPLY}{verdict.remedy}" if planned else verdict.remedy)
    who = " and ".join(deciders)
    what = ", ".join(difference.describe() for differences in deciders.values() for difference in differences)
    return replace(
        verdict,
        status=Status.CONFLICT,
        code=None,
        actual=f"{verdict.actual}; decided by {who}",
        remedy=f"Decided elsewhere, so change it there ({what}){_or_declare(requirement)}. {requirement.remedy}".strip(),
        changes=tuple(changes),
    )


def _or_declare(requirement: Requirement) -> str:
    return ", or declare that owner in managed_by" if requirement.authority and requirement.authority.can_be_declared else ""


def _lasting(difference: Difference) -> str | None:
    """The contract can say that a value is of a type that it has no name for, and cannot write one; the cmdlets cannot say all rules."""
    if any((entry.get("before") or {}).get("type") == "unknown" for entry in difference.restore if entry["kind"] == "registry_value"):
        return "What is there now is of a type that could not be written back, so it is not replaced."
    if not all(can_return(entry) for entry in difference.restore if entry["kind"] == "firewall_rule"):
        return "What the rule says now could not be written back, so it is not replaced; remove it by hand."
    return None


def _decider(requirement: Requirement, difference: Difference, observations: Observations) -> str | None:
    authority = requirement.authority
    if authority is None or observations[authority].problem:
        return None
    return authority.decides(observations[authority], difference)
