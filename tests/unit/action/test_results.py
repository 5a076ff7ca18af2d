# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task says of an outcome: why it fails, and what differs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils import _action
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState, Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status

FINDING = Finding("002-21", "area", "CL01", Status.DRIFT, Severity.LOW, "right", "wrong")
HIGH = replace(FINDING, control="002-09", severity=Severity.HIGH)


def change(state: ChangeState, message: str | None = None) -> Change:
    return Change("area", (), Difference("k", "value", "1", "2"), state, message)


@pytest.mark.parametrize(
    ("fail_on", "reasons"),
    [
        ([], []),
        (["error", "conflict"], []),
        (["drift"], ["fail_on: 002-21 drift, 002-09 drift."]),
        (["high"], ["fail_on: 002-09 drift."]),
        (["high", "low"], ["fail_on: 002-21 drift, 002-09 drift."]),
        (["medium"], []),
    ],
)
def test_the_statuses_and_severities_that_make_a_task_fail(fail_on: list[str], reasons: list[str]) -> None:
    assert _action._reasons([FINDING, HIGH], fail_on) == reasons


@pytest.mark.parametrize("status", list(Status))
def test_a_severity_counts_only_where_something_is_wrong(status: Status) -> None:
    fine = (Status.COMPLIANT, Status.WAIVED, Status.ATTESTED, Status.NOT_APPLICABLE)

    assert bool(_action._reasons([replace(HIGH, status=status)], ["high"])) is (status not in fine)


def test_what_has_no_control_is_named_by_its_object_or_area() -> None:
    wish = replace(FINDING, control=None)

    assert _action._reasons([replace(wish, object="thing"), wish], ["drift"]) == ["fail_on: thing drift, area drift."]


def test_not_more_than_ten_are_named() -> None:
    (reason,) = _action._reasons([replace(FINDING, control=f"002-{number}") for number in range(10, 23)], ["drift"])

    assert reason.startswith("fail_on: 002-10 drift, ") and reason.endswith("002-19 drift and 3 more.")


def test_failed_changes_make_a_task_fail() -> None:
    states = [change(state, "No.") for state in ChangeState]

    assert _action._failures(states) == ["value: 1 -> 2 failed: No."]


def test_a_diff_shows_what_moved_or_would() -> None:
    item = Change("area", (), Difference("k", "list", "absent", "present", item="CORP\\Desk"))
    (diff,) = _action._diff([change(ChangeState.MADE), change(ChangeState.FAILED), change(ChangeState.REFUSED), item])

    assert diff["before"] == "value: 1\nlist CORP\\Desk: absent\n"
    assert diff["after"] == "value: 2\nlist CORP\\Desk: present\n"
    assert _action._diff([change(ChangeState.REFUSED)]) == []
