# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One requirement held against its observation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import ChangeState, Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import (
    ELSEWHERE,
    Fake,
    bad,
    difference,
    doubtful,
    good,
    requirement,
    verdicts_of,
    write,
)


def test_what_is_right_needs_no_remedy() -> None:
    (verdict,) = verdicts_of([requirement("a", good(), remedy="Do it.", caveats=("more",), severity=Severity.HIGH)])

    assert (verdict.status, verdict.remedy, verdict.changes) == (Status.COMPLIANT, "", ())
    assert verdict.evidence == ("a was read",)
    assert verdict.caveats == ("a is unproven", "more")
    assert verdict.severity is Severity.HIGH


def test_what_is_wrong_becomes_changes() -> None:
    (verdict,) = verdicts_of([requirement("a", bad(difference("x"), difference("y")), controls=("A-1", "A-2"), remedy="Do it.")])

    assert verdict.status is Status.DRIFT
    assert [(change.difference.key, change.state, change.controls) for change in verdict.changes] == [
        ("x", ChangeState.PLANNED, ("A-1", "A-2")),
        ("y", ChangeState.PLANNED, ("A-1", "A-2")),
    ]
    assert verdict.remedy == "Apply. By hand: Do it."


def test_what_is_not_ours_is_only_judged() -> None:
    (verdict,) = verdicts_of([requirement("a", bad(difference("x")), writable=False, remedy="Do it.")])

    assert (verdict.status, verdict.changes, verdict.remedy) == (Status.DRIFT, (), "Do it.")


def test_a_write_that_could_cut_the_connection_is_refused() -> None:
    (verdict,) = verdicts_of([requirement("a", bad(difference("x", write(), write(key=ELSEWHERE)), difference("y")))])

    assert [change.state for change in verdict.changes] == [ChangeState.REFUSED, ChangeState.PLANNED]
    assert verdict.changes[0].message == f"{ELSEWHERE} is not known to leave the connection alone, so it is not written."


def test_a_value_that_could_not_be_written_back_is_not_overwritten() -> None:
    unknown = {"kind": "registry_value", "key": "k", "name": "n", "before": {"type": "unknown", "data": None}}
    (verdict,) = verdicts_of([requirement("a", bad(replace(difference("x"), restore=(unknown,))))])

    assert [(change.state, change.message) for change in verdict.changes] == [
        (ChangeState.REFUSED, "What is there now is of a type that could not be written back, so it is not replaced.")
    ]


def test_a_problem_is_doubt_with_its_reason() -> None:
    setting = Fake("a", problem=Problem(Code.ACCESS_DENIED, "It is denied."))
    (verdict,) = verdicts_of([Requirement(setting, bad(difference("x")), ("A-1",), remedy="Do it.")])

    assert (verdict.status, verdict.code, verdict.actual, verdict.changes) == (
        Status.INDETERMINATE,
        Code.ACCESS_DENIED,
        "It is denied.",
        (),
    )


def test_doubt_may_be_mended_too() -> None:
    (verdict,) = verdicts_of([requirement("a", doubtful(difference("x")))])

    assert (verdict.status, verdict.code) == (Status.INDETERMINATE, Code.DEFAULT_UNKNOWN)
    assert [change.state for change in verdict.changes] == [ChangeState.PLANNED]


def test_the_assessment_may_know_a_better_remedy() -> None:
    (verdict,) = verdicts_of([requirement("a", replace(bad(), remedy="Better so."), remedy="Do it.")])

    assert verdict.remedy == "Better so."


OWNER = Fake("owner", decided=(("here", "the other policy"), ("there", "the site")))


def placed(*places: str | None) -> tuple[Difference, ...]:
    return tuple(difference(f"{place}{number}", place=place) for number, place in enumerate(places))


def test_what_somebody_else_decides_is_a_conflict_and_not_written() -> None:
    (verdict,) = verdicts_of([requirement("a", bad(*placed("here")), authority=OWNER, remedy="In the policy.")])

    assert (verdict.status, verdict.changes, verdict.code) == (Status.CONFLICT, (), None)
    assert verdict.actual == "wrong; decided by the other policy"
    assert verdict.remedy == (
        "Decided elsewhere, so change it there (here0: old -> new), or declare that owner in managed_by. In the policy."
    )


def test_what_of_it_is_ours_is_written_all_the_same() -> None:
    (verdict,) = verdicts_of([requirement("a", bad(*placed("here", None, "there", "free")), authority=OWNER)])

    assert verdict.status is Status.CONFLICT
    assert [change.difference.key for change in verdict.changes] == ["None1", "free3"]
    assert verdict.actual == "wrong; decided by the other policy and the site"


def test_it_is_a_conflict_for_whoever_only_looks_on_as_well() -> None:
    (verdict,) = verdicts_of([requirement("a", bad(*placed("here")), authority=OWNER, writable=False)])

    assert (verdict.status, verdict.changes) == (Status.CONFLICT, ())


def test_a_conflict_about_what_is_in_doubt_has_no_code() -> None:
    (verdict,) = verdicts_of([requirement("a", doubtful(*placed("here")), authority=OWNER)])

    assert (verdict.status, verdict.code) == (Status.CONFLICT, None)


@pytest.mark.parametrize("authority", [Fake("owner"), replace(OWNER, problem=Problem(Code.ACCESS_DENIED, "denied"))])
def test_an_authority_that_does_not_say_so_decides_nothing(authority: Fake) -> None:
    (verdict,) = verdicts_of([requirement("a", bad(*placed("here")), authority=authority)])

    assert verdict.status is Status.DRIFT
    assert [change.state for change in verdict.changes] == [ChangeState.PLANNED]
