# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verdicts -> changes, and the operations that make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.plan import Plan, apply_steps, outcome_of, plan
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState, Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Failure, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import (
    ELSEWHERE,
    Fake,
    bad,
    difference,
    doubtful,
    good,
    observed,
    read,
    requirement,
    verdicts_of,
    write,
)
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION

SNAPSHOT = Operation.of("file.write", path="snapshots\\x.json", text="{}")
START, *_ = ScheduledTask("\\Microsoft\\Windows\\RemoteAssistance\\", "RemoteAssistanceTask").trigger(Observation("Ready"), mended=False)
DONE = Operation.of("wait", until={"path": "x", "equals": 1}, read={"op": "registry.read", "key": "x"})
OWNER = Fake("owner", decided=(("theirs", "the other policy"),))


def planned(requirements: Sequence[Requirement], waived: frozenset[str] = frozenset()) -> Plan:
    return plan(verdicts_of(requirements), waived)


def states(of: Plan) -> dict[str, ChangeState]:
    return {change.difference.key: change.state for change in of.changes}


def steps(requirements: Sequence[Requirement], waived: frozenset[str] = frozenset()) -> tuple[list[Step], list[str]]:
    """Without the snapshot, which is always the first; and the settings that are new afterwards."""
    the_plan = planned(requirements, waived)
    first, *others = (found := apply_steps(the_plan, verdicts_of(requirements), observed(requirements), SNAPSHOT))[0]
    assert first == Step(SNAPSHOT)
    build_request([first, *others])
    return others, [setting.key for setting in found[1]]


# ---------------------------------------------------------------- what is planned


def test_a_difference_that_several_ask_for_is_planned_once() -> None:
    shared = difference("x")
    the_plan = planned([requirement("a", bad(shared), ("A-1",)), requirement("b", bad(shared, difference("y")), ("A-2", "A-1"))])

    assert [(change.difference.key, change.controls) for change in the_plan.changes] == [("x", ("A-1", "A-2")), ("y", ("A-2", "A-1"))]
    assert (the_plan.keys_of(0), the_plan.keys_of(1)) == (("x",), ("x", "y"))
    assert the_plan.asks(0) and the_plan.asks(1)


def test_one_refusal_is_enough() -> None:
    cutting = write(key=ELSEWHERE)
    for order in ([difference("x"), difference("x", cutting)], [difference("x", cutting), difference("x")]):
        the_plan = planned([requirement(name, bad(each)) for name, each in zip("ab", order, strict=True)])
        assert states(the_plan) == {"x": ChangeState.REFUSED}
        assert the_plan.planned == () and not the_plan.asks(0)


@pytest.mark.parametrize(
    ("controls", "waived", "left"),
    [
        (("A-1",), {"A-1"}, True),
        (("A-1", "A-2"), {"A-1", "A-2", "A-3"}, True),
        (("A-1", "A-2"), {"A-1"}, True),
        ((), {"A-1"}, False),
        (("A-1",), set(), False),
    ],
)
def test_what_is_waived_for_any_control_is_left_alone(controls: tuple[str, ...], waived: set[str], left: bool) -> None:
    the_plan = planned([requirement("a", bad(difference("x")), controls)], frozenset(waived))

    assert (the_plan.changes == ()) is left
    assert (the_plan.keys_of(0) == ()) is left


def test_what_is_waived_for_one_may_be_asked_for_by_another() -> None:
    shared = difference("x")
    the_plan = planned([requirement("a", bad(shared), ("A-1",)), requirement("b", bad(shared), ("A-2",))], frozenset({"A-1"}))

    assert [(change.difference.key, change.controls) for change in the_plan.changes] == [("x", ("A-2",))]


def test_what_waits_for_a_conflict_is_refused() -> None:
    first = requirement("a", bad(difference("x", place="theirs"), expected="the list is right"), authority=OWNER)
    the_plan = planned([first, requirement("b", bad(difference("y")), after=("fake:a",)), requirement("c", bad(difference("z")))])

    assert states(the_plan) == {"y": ChangeState.REFUSED, "z": ChangeState.PLANNED}
    assert the_plan.changes[0].message == "Not made, as this has to come first: the list is right."


@pytest.mark.parametrize(
    "first",
    [
        requirement("a", doubtful()),
        requirement("a", bad(difference("x", write(key=ELSEWHERE)))),
        Requirement(Fake("a", problem=Problem(Code.READ_FAILED, "no")), good(), ("A-1",)),
    ],
    ids=["doubt", "a refusal", "a problem"],
)
def test_so_is_what_waits_for_anything_that_will_not_come(first: Requirement) -> None:
    assert states(planned([first, requirement("b", bad(difference("y")), after=("fake:a",))]))["y"] is ChangeState.REFUSED


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_so_is_what_waits_for_something_that_waits_in_vain(order: tuple[int, ...]) -> None:
    chain = [
        requirement("a", bad(difference("w", write(key=ELSEWHERE)))),
        requirement("b", bad(difference("x")), after=("fake:a",)),
        requirement("c", bad(difference("y")), after=("fake:b",)),
        requirement("d", bad(difference("z")), after=("fake:c",)),
    ]

    assert set(states(planned([chain[index] for index in order])).values()) == {ChangeState.REFUSED}


def test_what_waits_for_something_right_or_planned_is_planned() -> None:
    requirements = [
        requirement("a", good()),
        requirement("b", bad(difference("x")), after=("fake:a",)),
        requirement("c", bad(difference("y")), after=("fake:b", "fake:nobody")),
    ]

    assert set(states(planned(requirements)).values()) == {ChangeState.PLANNED}


def test_what_is_in_doubt_and_can_be_mended_is_planned() -> None:
    assert states(planned([requirement("a", doubtful(difference("x")))])) == {"x": ChangeState.PLANNED}


# ---------------------------------------------------------------- in which order


def test_each_write_needs_the_snapshot_and_the_writes_of_its_own_difference() -> None:
    found, _again = steps([requirement("a", bad(difference("x", write(data="x1"), write(data="x2")), difference("y")))])

    assert found == [
        Step(write(data="x1"), (SNAPSHOT,)),
        Step(write(data="x2"), (SNAPSHOT, write(data="x1"))),
        Step(write(data="y"), (SNAPSHOT,)),
        Step(read("a")),
    ]


def entry(name: str, after: str) -> Difference:
    """An element of a list."""
    return replace(difference(name), item=name, after=after)


def test_what_goes_from_a_list_waits_for_what_comes() -> None:
    found, _again = steps([requirement("a", bad(entry("old", "absent"), entry("new", "present"), entry("newer", "present")))])

    assert {step.operation.fields.get("data"): step.needs for step in found} == {
        "old": (SNAPSHOT, write(data="new"), write(data="newer")),
        "new": (SNAPSHOT,),
        "newer": (SNAPSHOT,),
        None: (),
    }


def test_conditions_are_looked_at_right_before_the_writes() -> None:
    still = Operation.of("wait", until={"path": "values", "equals": {}}, read={"op": "registry.read", "key": "x"})
    found, _again = steps([requirement("a", bad(replace(difference("x"), conditions=(still,))))])

    assert found[:2] == [Step(still, (SNAPSHOT,)), Step(write(data="x"), (SNAPSHOT, still))]


def test_what_comes_after_another_needs_its_writes_and_stands_behind_them() -> None:
    found, _again = steps(
        [
            requirement("b", bad(difference("y")), after=("fake:a",)),
            requirement("a", bad(difference("x"))),
            requirement("c", bad(difference("z")), after=("fake:b", "fake:a")),
        ]
    )

    assert found[:3] == [
        Step(write(data="x"), (SNAPSHOT,)),
        Step(write(data="y"), (SNAPSHOT, write(data="x"))),
        Step(write(data="z"), (SNAPSHOT, write(data="y"), write(data="x"))),
    ]


def test_several_verdicts_about_one_setting_are_all_waited_for() -> None:
    found, _again = steps(
        [
            requirement("b", bad(difference("z")), after=("fake:a",)),
            requirement("a", bad(difference("x"))),
            requirement("a", bad(difference("y"))),
        ]
    )

    assert [step.operation for step in found[:3]] == [write(data="x"), write(data="y"), write(data="z")]
    assert found[2].needs == (SNAPSHOT, write(data="x"), write(data="y"))


@given(
    st.integers(2, 7).flatmap(
        lambda n: st.tuples(st.just(n), st.permutations(range(n)), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))))
    )
)
def test_any_order_without_a_circle_is_kept(case: tuple[int, Sequence[int], set[tuple[int, int]]]) -> None:
    number, order, pairs = case
    afters = {later: [first for first, second in pairs if second == later and first < later] for later in range(number)}
    requirements = [
        requirement(str(index), bad(difference(str(index))), after=tuple(f"fake:{first}" for first in sorted(afters[index])))
        for index in order
    ]
    found = [step for step in steps(requirements)[0] if step.operation.op == "registry.write"]
    sent = [step.operation.fields["data"] for step in found]

    assert sorted(sent) == sorted(map(str, range(number)))
    for later, firsts in afters.items():
        assert all(sent.index(str(first)) < sent.index(str(later)) for first in firsts)
        assert set(found[sent.index(str(later))].needs) == {SNAPSHOT, *(write(data=str(first)) for first in firsts)}


@pytest.mark.parametrize(
    "requirements",
    [
        [requirement("a", bad(difference("x")), after=("fake:a",))],
        [requirement("a", bad(difference("x")), after=("fake:b",)), requirement("b", bad(difference("y")), after=("fake:a",))],
    ],
)
def test_a_circle_is_a_programming_error(requirements: list[Requirement]) -> None:
    with pytest.raises(ValueError, match="requirements wait for each other: fake:a"):
        steps(requirements)


def test_refused_and_waived_changes_are_not_sent() -> None:
    found, again = steps(
        [
            requirement("a", bad(difference("w", write(key=ELSEWHERE)))),
            requirement("b", bad(difference("x")), ("A-2",)),
            requirement("c", bad(difference("y"))),
        ],
        frozenset({"A-2"}),
    )

    assert [step.operation for step in found] == [write(data="y"), read("c")]
    assert again == ["fake:c"]


# ---------------------------------------------------------------- triggers and re-reads


def test_triggers_come_after_all_writes_and_one_after_another() -> None:
    task = Fake("task", started=(START, DONE))
    found, again = steps(
        [
            requirement("a", bad(difference("x")), triggers=(task,), affects=(Fake("group"),)),
            requirement("b", bad(difference("y")), triggers=(task,)),
        ]
    )

    assert found == [
        Step(write(data="x"), (SNAPSHOT,)),
        Step(write(data="y"), (SNAPSHOT,)),
        Step(START, (SNAPSHOT,)),
        Step(DONE, (START,)),
        Step(read("a")),
        Step(read("group")),
        Step(read("b")),
    ]
    assert again == ["fake:a", "fake:group", "fake:b"]


def test_a_trigger_waits_for_what_lets_it_run() -> None:
    task = Fake("task", started=(START,), runs=False)
    enabled = Requirement(task, bad(difference("fake:task", write(data="enabled"))), ("A-1",))
    found, _again = steps([requirement("a", bad(difference("x")), triggers=(task,)), enabled])

    assert Step(START, (SNAPSHOT, write(data="enabled"))) in found
    assert START not in [step.operation for step in steps([requirement("a", bad(difference("x")), triggers=(task,))])[0]]


def test_a_trigger_that_could_cut_the_connection_is_not_started() -> None:
    other, *_ = ScheduledTask("\\", "Reboot").trigger(Observation("Ready"), mended=False)
    found, _again = steps([requirement("a", bad(difference("x")), triggers=(Fake("task", started=(other, START)),))])

    assert [step.operation for step in found] == [write(data="x"), START, read("a")]


def test_nothing_is_started_for_what_was_not_written() -> None:
    found, again = steps(
        [
            requirement("a", good(), triggers=(Fake("task", started=(START,)),), affects=(Fake("group"),)),
            requirement("b", bad(difference("y"))),
        ]
    )

    assert [step.operation for step in found] == [write(data="y"), read("b")]
    assert again == ["fake:b"]


def test_a_setting_that_shares_a_read_with_a_touched_one_is_new_too() -> None:
    touched = requirement("a", bad(difference("x")))
    sharing = Requirement(Fake("a", decided=(("p", "q"),)), good(), ("A-2",))
    found, again = steps([touched, sharing, requirement("b", good())])

    assert [step.operation for step in found] == [write(data="x"), read("a")]
    assert again == ["fake:a", "fake:a"]


# ---------------------------------------------------------------- what became of it


STILL = Operation.of("wait", until={"path": "values", "equals": {}}, read={"op": "registry.read", "key": "x"})


def outcome(*answers: Answer, snapshot: Answer | None = None, condition: Answer | None = None) -> Change:
    writes = tuple(write(data=str(number)) for number in range(len(answers)))
    given = {SNAPSHOT: snapshot or Answer(), STILL: condition or Answer(), **dict(zip(writes, answers, strict=True))}
    return outcome_of(Change("area", (), replace(difference("x", *writes), conditions=(STILL,))), Answers(WORKSTATION, given), SNAPSHOT)


def test_a_change_is_made_when_all_its_writes_are() -> None:
    assert outcome(Answer(), Answer()).state is ChangeState.MADE


def test_a_failed_write_says_what_the_host_said() -> None:
    failed = outcome(Answer(), Answer(failure=Failure("access_denied", "No.")), Answer(failure=Failure("dependency", "Later.")))

    assert (failed.state, failed.message) == (ChangeState.FAILED, "No.")


def test_a_write_that_was_not_tried_says_so() -> None:
    failed = outcome(Answer(failure=Failure("dependency", "Needs o1.")))

    assert (failed.state, failed.message) == (ChangeState.FAILED, "It was not tried, as what has to come first failed. Needs o1.")


def test_without_a_snapshot_nothing_was_tried() -> None:
    failed = outcome(
        Answer(failure=Failure("dependency", "Needs o1.")), snapshot=Answer(failure=Failure("failed", "The folder is not ours."))
    )

    assert failed.message == "It was not tried, as no snapshot could be left: The folder is not ours."


def test_what_somebody_else_uses_by_now_is_refused() -> None:
    refused = outcome(Answer(failure=Failure("dependency", "Needs o2.")), condition=Answer(failure=Failure("timeout", "Still there.")))

    assert (refused.state, refused.message) == (ChangeState.REFUSED, "Somebody else has begun to use it meanwhile, so it stays.")
