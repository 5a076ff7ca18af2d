# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole of it for one host: one execution to verify, a second one to apply what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.account_guard import account_reads, came_in
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.connection import connection_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.firewall_guard import guard_of, may_write_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context, judge, waived_controls
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.observe import (
    Observations,
    interpreted,
    observe,
    reads_of,
    settings_of,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.plan import Plan, apply_steps, outcome_of, plan, trigger_needs
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.verdict import APPLY, Verdict, decide
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, HostFacts, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status

Announce = Callable[[str], None]
Execute = Callable[[Mapping[str, Json]], Mapping[str, Json]]
"""Runs one execution: the arguments of host_state in, its reply out."""


@dataclass(frozen=True)
class Outcome:
    """C(changes) are planned in a verification and made, failed or refused after an apply. C(snapshot): its name, when one was left.

    C(readings): by area, what the judgement of other hosts or of the fleet needs of this one, as it is in the end. C(restart_required):
    services that somebody has to start anew, in a verification also those that an apply would leave so.
    """

    host: HostFacts
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    snapshot: str | None = None
    reboot_required: bool = False
    readings: Mapping[str, Json] = field(default_factory=dict)
    restart_required: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether something was changed, or, in a verification, would be."""
        return any(change.counts for change in self.changes)


def run(
    demands: Sequence[Demands],
    execute: Execute,
    context: Context,
    *,
    check: bool,
    run_id: str,
    action: str = "apply",
    announce: Announce = lambda _name: None,
) -> Outcome:
    """Verify, and apply unless C(check).

    C(action), apply or rollback, is noted in the snapshot. C(announce) is called with the snapshot's name right before anything is
    written: should the answer be lost, that is what is left.
    HostError, ContractError: the host could not be judged. OptionError: it shows an option to be wrong; nothing was written.
    """
    requirements = [requirement for demand in demands for requirement in demand.requirements]
    guarded = context.connection if may_write_firewall(requirements) else None
    reads = (
        *reads_of(settings_of(requirements)),
        *(connection_reads(guarded) if guarded else ()),
        *account_reads(context.connection, requirements),
    )
    request = build_request([Step(read) for read in reads])
    answers = read_reply(request, execute(request.arguments))
    answers = answers.of(replace(answers.host, came_in=came_in(context.connection, answers)))
    observations = observe(demands, answers)
    verdicts = _decide(demands, observations, answers.host)
    the_plan = plan(verdicts, waived_controls(context), guard_of(guarded, answers) if guarded else None)
    if check or not the_plan.planned:
        findings = judge(demands, _refused(verdicts, the_plan.changes, the_plan), context)
        return Outcome(
            answers.host,
            findings,
            the_plan.changes,
            readings=_readings(demands, observations),
            restart_required=_restart_required(verdicts, the_plan.changes),
        )
    taken = _snapshot(the_plan, verdicts, observations, answers.host, snapshots.Run(run_id, action))
    steps, again = apply_steps(the_plan, verdicts, observations, taken.write())
    request = build_request(steps)
    announce(taken.name)
    later = read_reply(request, execute(request.arguments))
    later = later.of(replace(later.host, came_in=answers.host.came_in))
    changes = tuple(
        outcome_of(change, later, taken.write()) if change.state is ChangeState.PLANNED else change for change in the_plan.changes
    )
    now = answers.updated(later)
    after = {**observations, **{setting: _told(interpreted(setting, now)) for setting in again}}
    judged = _failed(
        _decide(demands, after, later.host), the_plan, changes, _failed_triggers(verdicts, the_plan, observations, later, taken)
    )
    return Outcome(
        host=later.host,
        findings=judge(demands, _refused(judged, changes, the_plan), context),
        changes=changes,
        snapshot=taken.name if later[taken.write()].ok else None,
        reboot_required=_reboot_required(changes, later),
        readings=_readings(demands, after),
        restart_required=_restart_required(judged, changes),
    )


def _told(observation: Observation) -> Observation:
    """What shows an option to be wrong only after something was written is a problem like any other."""
    if observation.problem or not observation.wrong_options:
        return observation
    return replace(observation, problem=Problem(Code.READ_FAILED, " ".join(observation.wrong_options)))


def _readings(demands: Sequence[Demands], observations: Observations) -> dict[str, Json]:
    found: dict[str, dict[str, Json]] = {}
    for demand in demands:
        for requirement in demand.requirements:
            reading = requirement.setting.reading(observations[requirement.setting])
            if reading:
                found.setdefault(demand.area, {}).update(reading)
    return dict(found)


def _snapshot(
    the_plan: Plan, verdicts: Sequence[Verdict], observations: Observations, host: HostFacts, run: snapshots.Run
) -> snapshots.Snapshot:
    moved = {setting: None for index, verdict in enumerate(verdicts) if the_plan.asks(index) for setting in verdict.requirement.affects}
    consequences = [entry for setting in moved for entry in setting.keep(observations[setting])]
    return snapshots.take(run, host, the_plan.planned, consequences)


def _decide(demands: Sequence[Demands], observations: Observations, host: HostFacts) -> list[Verdict]:
    return [decide(demand.area, requirement, observations, host) for demand in demands for requirement in demand.requirements]


def _failed_triggers(
    verdicts: Sequence[Verdict], the_plan: Plan, observations: Observations, answers: Answers, taken: snapshots.Snapshot
) -> Mapping[int, str]:
    """For each verdict whose changes should have been put into effect and were not: what the host said."""
    failed: dict[int, str] = {}
    for index, verdict in enumerate(verdicts):
        if not the_plan.asks(index):
            continue
        for operation, _needs in trigger_needs([verdict.requirement], the_plan.planned_by_key, observations, taken.write()):
            failure = answers[operation].failure
            if failure is None:
                continue
            # A feature that was removed before has taken its task along.
            if failure.kind != "not_found":
                failed[index] = f"what puts it into effect failed: {failure.message}"
            break
    return failed


def _failed(now: Sequence[Verdict], the_plan: Plan, changes: Sequence[Change], triggers: Mapping[int, str]) -> list[Verdict]:
    """A write that failed, or did not come into effect, is an error, whatever the setting reads like."""
    failed = {change.difference.key: change for change in changes if change.state is ChangeState.FAILED}
    judged = []
    for index, verdict in enumerate(now):
        mine = [failed[key] for key in the_plan.keys_of(index) if key in failed]
        texts = [f"{change.describe()} failed: {change.message}" for change in mine] or ([triggers[index]] if index in triggers else [])
        judged.append(_error(verdict, "; ".join(texts)) if texts else verdict)
    return judged


def _error(verdict: Verdict, text: str) -> Verdict:
    return replace(verdict, status=Status.ERROR, actual=text, code=None, remedy="Mend what the host says and apply again.")


def _refused(verdicts: Sequence[Verdict], changes: Sequence[Change], the_plan: Plan) -> list[Verdict]:
    """Say in the finding why a change was not made."""
    refused = {change.difference.key: change for change in changes if change.state is ChangeState.REFUSED}
    said = []
    for index, verdict in enumerate(verdicts):
        reasons = " ".join(dict.fromkeys(refused[key].message or "" for key in the_plan.keys_of(index) if key in refused))
        remedy = verdict.remedy if the_plan.asks(index) else verdict.remedy.removeprefix(APPLY)
        said.append(replace(verdict, remedy=f"{reasons} {remedy}".strip()) if reasons else verdict)
    return said


def _restart_required(verdicts: Sequence[Verdict], changes: Sequence[Change]) -> tuple[str, ...]:
    found = [service for verdict in verdicts for service in verdict.restarts]
    return tuple(dict.fromkeys((*found, *(service for change in changes if change.counts for service in change.difference.restarts))))


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
