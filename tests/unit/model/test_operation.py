# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Windows boundary as types."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Failure, Operation
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import CONTROLLER, SERVER, WORKSTATION


def test_equal_operations_are_equal_whatever_the_order_of_their_fields() -> None:
    assert Operation.of("registry.read", key="k", names=["a"]) == Operation.of("registry.read", names=["a"], key="k")
    assert Operation.of("registry.read", key="k") != Operation.of("registry.read", key="K")
    assert Operation.of("registry.read", key="k") != Operation.of("registry.remove", key="k")
    assert len({Operation.of("x", a=1, b=2), Operation.of("x", b=2, a=1)}) == 1


def test_what_is_null_is_left_out_and_what_is_false_is_not() -> None:
    assert Operation.of("x", a=None, b=False, c=0, d=[], e="").fields == {"b": False, "c": 0, "d": [], "e": ""}


def test_fields_are_a_copy() -> None:
    operation = Operation.of("x", names=["é\n"])
    operation.fields["names"].append("b")

    assert operation.fields == {"names": ["é\n"]}


def test_an_answer_is_good_unless_there_is_a_failure() -> None:
    assert Answer().ok
    assert not Answer(data={"exit_code": 1}, failure=Failure("failed", "x")).ok


def test_later_answers_lie_over_earlier_ones() -> None:
    first, second, third = (Operation.of("x", number=number) for number in range(3))
    earlier = Answers(WORKSTATION, {first: Answer(1), second: Answer(2)})
    later = Answers(SERVER, {second: Answer(20), third: Answer(30)}, changed=True)
    both = earlier.updated(later)

    assert {operation: answer.data for operation, answer in both.items()} == {first: 1, second: 20, third: 30}
    assert both.host is SERVER and both.changed
    assert len(earlier) == 2 and earlier[second].data == 2


def test_what_is_made_of_answers_is_made_once() -> None:
    operation = Operation.of("x")
    calls = []

    def count(answers: Answers) -> int:
        calls.append(answers)
        return len(answers)

    first = Answers(WORKSTATION, {operation: Answer(1)})

    assert [first.once(count), first.once(count), first.once(len)] == [1, 1, 1]
    assert len(calls) == 1
    assert first.updated(Answers(WORKSTATION, {})).once(count) == 1
    assert len(calls) == 2


@pytest.mark.parametrize(("role", "member"), [(0, False), (1, True), (2, False), (3, True), (4, True), (5, True), (None, None)])
def test_the_role_in_a_domain(role: int | None, member: bool | None) -> None:
    assert replace(WORKSTATION, domain_role=role).is_domain_member is member


def test_kinds_of_windows() -> None:
    kinds = [(host.is_server, host.is_domain_controller) for host in (WORKSTATION, SERVER, CONTROLLER)]

    assert kinds == [(False, False), (True, False), (True, True)]
