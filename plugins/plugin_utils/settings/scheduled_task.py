# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A scheduled task of Windows: whether it may run, and starting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet

_MODULE = "ScheduledTasks"
# The task's states in the module ScheduledTasks, but for Unknown.
_STATES = ("Disabled", "Queued", "Ready", "Running")


@dataclass(frozen=True)
class ScheduledTask(Setting):
    """C(path) begins and ends with a backslash. C(brought_by): keys of settings that bring the task with them. Wanted: True for
    enabled, False for disabled."""

    kind: ClassVar[str] = "scheduled_task"
    path: str
    name: str
    start_timeout: int = 60
    brought_by: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"scheduled_task:{self.path}{self.name}".casefold()

    def _read(self) -> Operation:
        return cmdlet(_MODULE, "Get-ScheduledTask", {"TaskName": self.name, "TaskPath": self.path}, select=["State"])

    def reads(self) -> tuple[Operation, ...]:
        return (self._read(),)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[self._read()]
        if answer.failure and answer.failure.kind != "not_found":
            return Observation(problem=Problem.from_failure(answer.failure, f"the task {self.path}{self.name}"))
        rows = answer.data["rows"] if answer.ok else []
        if not rows:
            return Observation(problem=Problem(Code.TASK_NOT_FOUND, f"There is no task {self.path}{self.name}."))
        state = rows[0].get("State")
        if state not in _STATES:
            return Observation(problem=Problem(Code.MALFORMED_VALUE, f"The task {self.path}{self.name} is in the state {state}."))
        return Observation(value=state, evidence=(f"task {self.path}{self.name} is {state}",))

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        enabled = observation.value != "Disabled"
        expected = f"the task {self.name} is {'enabled' if wanted else 'disabled'}"
        actual = f"the task {self.name} is {observation.value}"
        if enabled == wanted:
            return Assessment(Status.COMPLIANT, expected, actual)
        verb = "Enable" if wanted else "Disable"
        difference = Difference(
            key=self.key,
            label="task",
            before="disabled" if wanted else "enabled",
            after="enabled" if wanted else "disabled",
            verb=verb.lower(),
            writes=self.switch(enabled=wanted),
            restore=({"kind": "scheduled_task", "path": self.path, "name": self.name, "before": not wanted},),
        )
        return Assessment(Status.DRIFT, expected, actual, (difference,))

    def switch(self, *, enabled: bool) -> tuple[Operation, ...]:
        """The write that enables or disables it."""
        verb = "Enable" if enabled else "Disable"
        return (cmdlet(_MODULE, f"{verb}-ScheduledTask", {"TaskName": self.name, "TaskPath": self.path}, mutates=True),)

    def trigger(self, observation: Observation, *, mended: bool) -> tuple[Operation, ...]:
        """Start it and wait until it has run; nothing where there is no such task and none comes, or where it may not run."""
        coming = mended and bool(self.brought_by) and observation.problem is not None and observation.problem.code is Code.TASK_NOT_FOUND
        if (observation.problem and not coming) or (observation.value == "Disabled" and not mended):
            return ()
        start = cmdlet(_MODULE, "Start-ScheduledTask", {"TaskName": self.name, "TaskPath": self.path}, mutates=True)
        done = Operation.of(
            "wait",
            until={"path": "rows.0.State", "one_of": ["Ready", "Disabled"]},
            read={"op": "cmdlet.invoke", **self._read().fields},
            timeout=self.start_timeout,
            every=1,
        )
        return (start, done)
