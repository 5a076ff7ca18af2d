# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verdicts -> the changes of a host, and the operations of the execution that makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.firewall_guard import FirewallGuard
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.lineup import Unit, comes, goes, line_up, phase
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.observe import Observations, reads_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.verdict import Verdict
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Failure, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import is_firewall_write


@dataclass(frozen=True)
class Plan:
    """C(changes): each difference once, refused ones included. C(verdict_changes): which of them each verdict asked for, by its index.

    C(guarded): by the difference's key, the writes that it needs besides so that the connection stays.
    """

    changes: tuple[Change, ...]
    verdict_changes: Mapping[int, tuple[str, ...]]
    guarded: Mapping[str, tuple[Operation, ...]] = field(default_factory=dict)

    def keys_of(self, index: int) -> tuple[str, ...]:
        """The keys of the differences that a verdict asked for."""
        return self.verdict_changes.get(index, ())

    def asks(self, index: int) -> bool:
        """Whether a verdict asked for a change that is planned."""
        return any(key in self.planned_by_key for key in self.keys_of(index))

    @property
    def planned(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.state is ChangeState.PLANNED)

    @cached_property
    def planned_by_key(self) -> Mapping[str, Change]:
        """The planned changes by the keys of their differences."""
        return {change.difference.key: change for change in self.planned}


def plan(verdicts: Sequence[Verdict], waived: frozenset[str] = frozenset(), guard: FirewallGuard | None = None) -> Plan:
    """Collect the changes of all verdicts. What is waived is left alone; what waits for something that will not come is refused.

    C(guard) judges firewall writes; without it none is planned.
    """
    guard = guard or FirewallGuard(None, None)
    refused: dict[str, str] = {}
    while True:
        asked = [_without(verdict, refused) for verdict in verdicts]
        the_plan = _collected(asked, waived)
        judgement = guard.judge(_firewall_writes(_lined_up(the_plan, asked)))
        gone = {**_displaced(the_plan, asked), **judgement.refused}
        if not gone:
            return replace(the_plan, guarded=judgement.needs)
        # What is refused may be what others wait for, or what others were judged by.
        refused |= gone


def _without(verdict: Verdict, refused: Mapping[str, str]) -> Verdict:
    """A verdict with some of its changes refused."""
    changes = tuple(
        replace(change, state=ChangeState.REFUSED, message=refused[change.difference.key])
        if change.state is ChangeState.PLANNED and change.difference.key in refused
        else change
        for change in verdict.changes
    )
    return verdict if changes == verdict.changes else replace(verdict, changes=changes)


def _firewall_writes(units: Iterable[Unit]) -> list[tuple[str, list[Operation]]]:
    found = [(unit.difference.key, [write for write in unit.difference.writes if is_firewall_write(write)]) for unit in units]
    return [(key, writes) for key, writes in found if writes]


def _displaced(the_plan: Plan, verdicts: Sequence[Verdict]) -> dict[str, str]:
    """What takes something away from the firewall whose replacement, in the same requirement, was refused."""
    found = {}
    for verdict in verdicts:
        missing = [change for change in verdict.changes if change.state is ChangeState.REFUSED and comes(change.difference)]
        for change in verdict.changes:
            key = change.difference.key
            if missing and key in the_plan.planned_by_key and phase(change.difference) and goes(change.difference):
                found[key] = f"Not made, as what is to take its place is not made: {missing[0].message}"
    return found


def _collected(verdicts: Sequence[Verdict], waived: frozenset[str]) -> Plan:
    blocked = {
        verdict.requirement.setting.key: verdict
        for verdict in verdicts
        if verdict.status in (Status.CONFLICT, Status.INDETERMINATE) or any(c.state is ChangeState.REFUSED for c in verdict.changes)
    }
    for index in _ordered(verdicts):
        requirement = verdicts[index].requirement
        # Whatever waits in vain does not come either.
        if verdicts[index].changes and not _left_alone(requirement, waived) and not blocked.keys().isdisjoint(requirement.after):
            blocked.setdefault(requirement.setting.key, verdicts[index])
    changes: dict[str, Change] = {}
    by_verdict: dict[int, tuple[str, ...]] = {}
    for index, verdict in enumerate(verdicts):
        if _left_alone(verdict.requirement, waived):
            continue
        waits = [blocked[key] for key in verdict.requirement.after if key in blocked]
        for change in verdict.changes:
            key = change.difference.key
            changes[key] = _together(changes.get(key), _waiting(change, waits))
        by_verdict[index] = tuple(change.difference.key for change in verdict.changes)
    return Plan(tuple(changes.values()), by_verdict)


def _left_alone(requirement: Requirement, waived: frozenset[str]) -> bool:
    return not waived.isdisjoint(requirement.controls)


def _waiting(change: Change, waits: Sequence[Verdict]) -> Change:
    if not waits or change.state is not ChangeState.PLANNED:
        return change
    return replace(change, state=ChangeState.REFUSED, message=f"Not made, as this has to come first: {waits[0].expected}.")


def _together(known: Change | None, change: Change) -> Change:
    """The same difference asked for twice: one refusal is enough."""
    if known is None:
        return change
    worse = change if change.state is ChangeState.REFUSED else known
    controls = tuple(dict.fromkeys((*known.controls, *change.controls)))
    return replace(known, controls=controls, state=worse.state, message=worse.message)


def apply_steps(
    the_plan: Plan, verdicts: Sequence[Verdict], observations: Observations, snapshot: Operation
) -> tuple[tuple[Step, ...], tuple[Setting, ...]]:
    """The snapshot, then the writes in an order in which each finds what it needs, what has to be started, and the re-reads.

    Also the settings whose observations are new afterwards.
    """
    planned = the_plan.planned_by_key
    steps = [Step(snapshot)]
    for unit in _lined_up(the_plan, verdicts):
        needs = [snapshot, *unit.needs, *the_plan.guarded.get(unit.difference.key, ())]
        for operation in (*unit.difference.conditions, *unit.difference.writes):
            steps.append(Step(operation, tuple(dict.fromkeys(needs))))
            needs.append(operation)
    touched = [verdict.requirement for index, verdict in enumerate(verdicts) if the_plan.asks(index)]
    steps += [Step(operation, needs) for operation, needs in trigger_needs(touched, planned, observations, snapshot)]
    moved = dict.fromkeys(setting for requirement in touched for setting in (requirement.setting, *requirement.affects))
    rereads = set(reads_of(moved))
    again = tuple(setting for setting in observations if rereads.intersection(setting.reads()))
    steps += [Step(read) for read in reads_of(again) if read in rereads]
    return tuple(steps), again


def _lined_up(the_plan: Plan, verdicts: Sequence[Verdict]) -> tuple[Unit, ...]:
    """What is planned, in the order in which it is written."""
    planned = the_plan.planned_by_key
    differences = {index: [planned[key].difference for key in the_plan.keys_of(index) if key in planned] for index in range(len(verdicts))}
    writes_of: dict[str, list[Operation]] = {}
    for index, verdict in enumerate(verdicts):
        writes = [write for difference in differences[index] for write in difference.writes]
        writes_of.setdefault(verdict.requirement.setting.key, []).extend(writes)
    return line_up(
        (differences[index], [write for key in verdicts[index].requirement.after for write in writes_of.get(key, ())])
        for index in _ordered(verdicts)
    )


def trigger_needs(
    requirements: Iterable[Requirement], planned: Mapping[str, Change], observations: Observations, snapshot: Operation
) -> list[tuple[Operation, tuple[Operation, ...]]]:
    """What has to be started once the changes of some requirements are made, each operation after the one before it."""
    found: list[tuple[Operation, tuple[Operation, ...]]] = []
    for trigger in dict.fromkeys(trigger for requirement in requirements for trigger in requirement.triggers):
        observation = observations[trigger]
        # What is not there yet may come with another change.
        keys = (trigger.key, *(trigger.brought_by if observation.problem else ()))
        mending = [planned[key] for key in keys if key in planned]
        needs: tuple[Operation, ...] = (snapshot, *(write for change in mending for write in change.difference.writes))
        for operation in trigger.trigger(observation, mended=bool(mending)):
            if refusal(operation) is None:
                found.append((operation, needs))
                needs = (operation,)
    return found


def outcome_of(change: Change, answers: Answers, snapshot: Operation) -> Change:
    """What became of a planned change."""
    for condition in change.difference.conditions:
        failure = answers[condition].failure
        if failure and failure.kind == "timeout":
            return replace(change, state=ChangeState.REFUSED, message="Somebody else has begun to use it meanwhile, so it stays.")
    for write in change.difference.writes:
        failure = answers[write].failure
        if failure:
            told = {(operation, kind): sentence for operation, kind, sentence in change.difference.told}
            message = told.get((write, failure.kind)) or _why(failure, answers[snapshot].failure)
            return replace(change, state=ChangeState.FAILED, message=message)
    return replace(change, state=ChangeState.MADE)


def _why(failure: Failure, snapshot: Failure | None) -> str:
    if failure.kind != "dependency":
        return failure.message
    if snapshot:
        return f"It was not tried, as no snapshot could be left: {snapshot.message}"
    return f"It was not tried, as what has to come first failed. {failure.message}"


def _ordered(verdicts: Sequence[Verdict]) -> Iterable[int]:
    """Indexes so that whatever a requirement comes after stands before it; otherwise in the given order."""
    by_key: dict[str, list[int]] = {}
    for index, verdict in enumerate(verdicts):
        by_key.setdefault(verdict.requirement.setting.key, []).append(index)
    done: dict[int, None] = {}

    def visit(index: int, path: tuple[int, ...]) -> None:
        if index in done:
            return
        if index in path:
            raise ValueError(f"requirements wait for each other: {verdicts[index].requirement.setting.key}")
        for key in verdicts[index].requirement.after:
            for earlier in by_key.get(key, ()):
                visit(earlier, (*path, index))
        done[index] = None

    for index in range(len(verdicts)):
        visit(index, ())
    return tuple(done)
