# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A scheduled task of Windows."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED, answers_to

TASK = ScheduledTask("\\Vendor\\", "Maker")


@pytest.mark.parametrize("state", ["Ready", "Running", "Queued"])
def test_a_task_that_may_run_is_enabled(state: str) -> None:
    observation = TASK.interpret(answers_to(TASK, rows=[{"State": state}]))

    assert observation.evidence == (f"task \\Vendor\\Maker is {state}",)
    assert TASK.assess(observation, wanted=True).status is Status.COMPLIANT
    assessment = TASK.assess(observation, wanted=False)
    (difference,) = assessment.differences
    assert difference.describe() == "task: disable"
    assert [write.fields["name"] for write in difference.writes] == ["Disable-ScheduledTask"]
    assert difference.restore == ({"kind": "scheduled_task", "path": "\\Vendor\\", "name": "Maker", "before": True},)


def test_a_disabled_task_is_enabled() -> None:
    observation = TASK.interpret(answers_to(TASK, rows=[{"State": "Disabled"}]))

    assert TASK.assess(observation, wanted=False).status is Status.COMPLIANT
    assessment = TASK.assess(observation, wanted=True)
    assert (assessment.status, assessment.expected, assessment.actual) == (
        Status.DRIFT,
        "the task Maker is enabled",
        "the task Maker is Disabled",
    )
    (difference,) = assessment.differences
    assert difference.describe() == "task: enable"
    assert [write.fields for write in difference.writes] == [
        {
            "module": "ScheduledTasks",
            "name": "Enable-ScheduledTask",
            "parameters": {"TaskName": "Maker", "TaskPath": "\\Vendor\\"},
            "mutates": True,
        }
    ]


@pytest.mark.parametrize("answer", [{"rows": []}, Failure("not_found", "No such task.")])
def test_a_task_that_is_not_there_is_a_problem(answer: object) -> None:
    observation = TASK.interpret(answers_to(TASK, given={TASK.reads()[0]: answer}))

    assert observation.problem is not None
    assert (observation.problem.code, observation.problem.message) == (Code.TASK_NOT_FOUND, "There is no task \\Vendor\\Maker.")
    assert TASK.trigger(observation, mended=True) == ()


@pytest.mark.parametrize("row", [{}, {"State": None}, {"State": "Unknown"}])
def test_a_state_that_says_nothing_is_doubt(row: dict[str, str | None]) -> None:
    observation = TASK.interpret(answers_to(TASK, rows=[row]))

    assert observation.problem is not None
    assert observation.problem.code is Code.MALFORMED_VALUE


def test_a_denied_task_is_a_problem() -> None:
    problem = TASK.interpret(answers_to(TASK, given={TASK.reads()[0]: DENIED})).problem

    assert problem is not None
    assert problem.code is Code.ACCESS_DENIED


def test_starting_it_waits_until_it_has_run() -> None:
    start, done = TASK.trigger(TASK.interpret(answers_to(TASK, rows=[{"State": "Ready"}])), mended=False)

    assert (start.fields["name"], start.fields["mutates"]) == ("Start-ScheduledTask", True)
    assert done.op == "wait"
    assert done.fields["until"] == {"path": "rows.0.State", "one_of": ["Ready", "Disabled"]}
    assert done.fields["read"] == {"op": "cmdlet.invoke", **TASK.reads()[0].fields}
    assert done.fields["timeout"] == 60


def test_names_ignore_case() -> None:
    assert TASK.key == ScheduledTask("\\VENDOR\\", "MAKER").key


def test_a_disabled_task_is_started_only_where_it_is_enabled_before() -> None:
    observation = TASK.interpret(answers_to(TASK, rows=[{"State": "Disabled"}]))

    assert TASK.trigger(observation, mended=False) == ()
    assert len(TASK.trigger(observation, mended=True)) == 2
