# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verdicts -> the changes of a host, and the operations of the execution that makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.observe import Observations, reads_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.verdict import Verdict
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status


@dataclass(frozen=True)
class Plan:
    """C(changes): each difference once, refused ones included. C(verdict_changes): which of them each verdict asked for, by its index."""

    changes: tuple[Change, ...]
    verdict_changes: Mapping[int, tuple[str, ...]]

    def keys_of(self, index: int) -> tuple[str, ...]:
        """The keys of the differences that a verdict asked for."""
        return self.verdict_changes.get(index, ())

    def asks(self, index: int) -> bool:
        """Whether a verdict asked for a change that is planned."""
        planned = {change.difference.key for change in self.planned}
        return any(key in planned for key in self.keys_of(index))

    @property
    def planned(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.state is ChangeState.PLANNED)


def plan(verdicts: Sequence[Verdict], waived: frozenset[str] = frozenset()) -> Plan:
    """Collect the changes of all verdicts. What is waived is left alone; what waits for something that will not come is refused."""
    blocked = {
        verdict.requirement.setting.key: verdict
        for verdict in verdicts
        if verdict.status in (Status.CONFLICT, Status.INDETERMINATE) or any(c.state is ChangeState.REFUSED for c in verdict.changes)
    }
    changes: dict[str, Change] = {}
    by_verdict: dict[int, tuple[str, ...]] = {}
    for index, verdict in enumerate(verdicts):
        controls = verdict.requirement.controls
        if controls and waived.issuperset(controls):
            continue
        waits = [blocked[key] for key in verdict.requirement.after if key in blocked]
        for change in verdict.changes:
            key = change.difference.key
            changes[key] = _together(changes.get(key), _waiting(change, waits))
        by_verdict[index] = tuple(change.difference.key for change in verdict.changes)
    return Plan(tuple(changes.values()), by_verdict)


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
    planned = {change.difference.key: change for change in the_plan.planned}
    writes_of: dict[str, list[Operation]] = {}
    for index, verdict in enumerate(verdicts):
        mine = [write for key in the_plan.keys_of(index) if key in planned for write in planned[key].difference.writes]
        writes_of.setdefault(verdict.requirement.setting.key, []).extend(mine)
    steps = [Step(snapshot)]
    sent: set[Operation] = set()
    for index in _ordered(verdicts):
        requirement = verdicts[index].requirement
        before = [snapshot, *(write for key in requirement.after for write in writes_of.get(key, ()))]
        for key in the_plan.keys_of(index):
            for write in planned[key].difference.writes if key in planned else ():
                if write not in sent:
                    sent.add(write)
                    steps.append(Step(write, tuple(dict.fromkeys(before))))
                before.append(write)
    touched: dict[Setting, None] = {}
    triggers: dict[Operation, tuple[Operation, ...]] = {}
    for verdict in verdicts:
        requirement = verdict.requirement
        writes = writes_of[requirement.setting.key]
        if not writes:
            continue
        touched[requirement.setting] = None
        touched.update(dict.fromkeys(requirement.affects))
        for trigger in requirement.triggers:
            for operation in trigger.trigger(observations[trigger]):
                triggers[operation] = (snapshot,)
    previous: Operation | None = None
    for operation, needs in triggers.items():
        steps.append(Step(operation, needs if previous is None else (previous,)))
        previous = operation
    rereads = set(reads_of(touched))
    again = tuple(setting for setting in observations if rereads.intersection(setting.reads()))
    steps += [Step(read) for read in reads_of(again) if read in rereads]
    return tuple(steps), again


def outcome_of(change: Change, answers: Answers) -> Change:
    """What became of a planned change."""
    for write in change.difference.writes:
        answer = answers[write]
        if answer.failure:
            waited = " It was not tried, as what has to come first failed." if answer.failure.kind == "dependency" else ""
            return replace(change, state=ChangeState.FAILED, message=f"{answer.failure.message}{waited}")
    return replace(change, state=ChangeState.MADE)


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
