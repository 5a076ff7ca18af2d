# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole of it for one host: one execution to verify, a second one to apply what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context, judge, waived_controls
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.observe import Observations, observe, reads_of, settings_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.plan import Plan, apply_steps, outcome_of, plan
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.verdict import Verdict, decide
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, HostFacts, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status

Execute = Callable[[Mapping[str, Json]], Mapping[str, Json]]
"""Runs one execution: the arguments of host_state in, its reply out."""


@dataclass(frozen=True)
class Outcome:
    """C(changes) are planned in a verification and made, failed or refused after an apply. C(snapshot): its name, when one was left."""

    host: HostFacts
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    executions: int
    applied: bool = False
    snapshot: str | None = None
    reboot_required: bool = False

    @property
    def changed(self) -> bool:
        """Whether something was changed, or, in a verification, would be."""
        return any(change.state in (ChangeState.PLANNED, ChangeState.MADE) for change in self.changes)

    @property
    def failed(self) -> bool:
        """Whether a write failed."""
        return any(change.state is ChangeState.FAILED for change in self.changes)


def run(demands: Sequence[Demands], execute: Execute, context: Context, *, check: bool, run_id: str) -> Outcome:
    """Verify, and apply unless C(check).

    HostError, ContractError: the host could not be judged. OptionError: it shows an option to be wrong; nothing was written.
    """
    requirements = [requirement for demand in demands for requirement in demand.requirements]
    request = build_request([Step(read) for read in reads_of(settings_of(requirements))])
    answers = read_reply(request, execute(request.arguments))
    observations = observe(demands, answers)
    verdicts = _decide(demands, observations)
    the_plan = plan(verdicts, waived_controls(context))
    if check or not the_plan.planned:
        return Outcome(
            answers.host, judge(demands, _refused(verdicts, the_plan), context), the_plan.changes, executions=1, applied=not check
        )
    return _apply(demands, verdicts, the_plan, observations, answers, execute, context, run_id)


def _apply(
    demands: Sequence[Demands],
    verdicts: Sequence[Verdict],
    the_plan: Plan,
    observations: Observations,
    answers: Answers,
    execute: Execute,
    context: Context,
    run_id: str,
) -> Outcome:
    moved = {setting: None for index, verdict in enumerate(verdicts) if the_plan.asks(index) for setting in verdict.requirement.affects}
    consequences = [entry for setting in moved for entry in setting.keep(observations[setting])]
    taken = snapshots.take(run_id, answers.host, the_plan.planned, consequences)
    steps, again = apply_steps(the_plan, verdicts, observations, taken.write())
    request = build_request(steps)
    later = read_reply(request, execute(request.arguments))
    changes = tuple(outcome_of(change, later) if change.state is ChangeState.PLANNED else change for change in the_plan.changes)
    now = answers.updated(later)
    after = {**observations, **{setting: setting.interpret(now) for setting in again}}
    judged = _refused(_failed(_decide(demands, after), the_plan, changes), the_plan)
    return Outcome(
        host=later.host,
        findings=judge(demands, judged, context),
        changes=changes,
        executions=2,
        applied=True,
        snapshot=taken.name if later[taken.write()].ok else None,
        reboot_required=_reboot_required(changes, later),
    )


def _decide(demands: Sequence[Demands], observations: Observations) -> list[Verdict]:
    return [decide(demand.area, requirement, observations) for demand in demands for requirement in demand.requirements]


def _failed(now: Sequence[Verdict], the_plan: Plan, changes: Sequence[Change]) -> list[Verdict]:
    """A write that failed is an error, whatever the setting reads like."""
    failed = {change.difference.key: change for change in changes if change.state is ChangeState.FAILED}
    return [_with_failures(verdict, [failed[key] for key in the_plan.keys_of(index) if key in failed]) for index, verdict in enumerate(now)]


def _with_failures(verdict: Verdict, failed: Sequence[Change]) -> Verdict:
    if not failed:
        return verdict
    text = "; ".join(f"{change.describe()} failed: {change.message}" for change in failed)
    return replace(verdict, status=Status.ERROR, actual=text, code=None, remedy="Mend what the host says and apply again.")


def _refused(verdicts: Sequence[Verdict], the_plan: Plan) -> list[Verdict]:
    """Say in the finding why a change was not made."""
    refused = {change.difference.key: change for change in the_plan.changes if change.state is ChangeState.REFUSED}
    said = []
    for index, verdict in enumerate(verdicts):
        reasons = " ".join(dict.fromkeys(refused[key].message or "" for key in the_plan.keys_of(index) if key in refused))
        said.append(replace(verdict, remedy=f"{reasons} {verdict.remedy}".strip()) if reasons else verdict)
    return said


def _reboot_required(changes: Sequence[Change], answers: Answers) -> bool:
    """Features tell it as RestartNeeded: Yes, No or Maybe (module ServerManager)."""
    rows = [
        row
        for change in changes
        for write in change.difference.writes
        if write in answers and answers[write].ok
        for row in (answers[write].data or {}).get("rows", ())
    ]
    return any(str(row.get("RestartNeeded", "No")) not in ("No", "False") for row in rows)
