# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Single members of local groups, and groups that Windows made."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import HostFacts, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import (
    GroupMember,
    MadeGroup,
    MadeWanted,
    MovedGroup,
    MovedWanted,
)
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import GERMAN, WORKSTATION, answers_to

GROUP, OLD = "S-1-5-21-1-2-3-1010", "S-1-5-21-1-2-3-1001"
DESK, ANNA, BOB = "S-1-5-21-9-9-9-1200", "S-1-5-21-9-9-9-2001", "S-1-5-21-9-9-9-2002"
MEMBER = GroupMember(GROUP, DESK)
MADE = MadeGroup("Helpers")
WANTED = MadeWanted(frozenset({DESK, ANNA}), frozenset({OLD}))

Groups = list[tuple[str, str, Mapping[str, str | None]]]


@pytest.mark.parametrize(
    ("members", "wanted", "op"),
    [({ANNA: None}, True, "group.add"), ({ANNA: None, DESK: None}, False, "group.remove")],
)
def test_one_member_moves_and_the_others_do_not(members: dict[str, str | None], wanted: bool, op: str) -> None:
    assessment = MEMBER.assess(MEMBER.interpret(answers_to(MEMBER, groups=[(GROUP, "Helpers", members)])), wanted)

    assert assessment.status is Status.DRIFT
    assert assessment.expected == f"{DESK} is {'a' if wanted else 'no'} member of {GROUP}"
    (difference,) = assessment.differences
    assert difference.writes == (Operation.of(op, sid=GROUP, members=[DESK]),)
    assert difference.describe() == f"members of {GROUP}: {'+' if wanted else '-'} {DESK}"
    assert difference.restore == ({"kind": "group_member", "sid": GROUP, "member": DESK, "before": not wanted},)


def test_a_member_where_it_should_be() -> None:
    observation = MEMBER.interpret(answers_to(MEMBER, groups=[(OLD, "Others", {}), (GROUP, "Helpers", {DESK: None})]))

    assert MEMBER.assess(observation, wanted=True).status is Status.COMPLIANT
    assert MEMBER.assess(MEMBER.interpret(answers_to(MEMBER, groups=[(GROUP, "Helpers", {})])), wanted=False).status is Status.COMPLIANT


def test_a_group_that_is_gone_is_doubt() -> None:
    assessment = MEMBER.assess(MEMBER.interpret(answers_to(MEMBER, groups=[(OLD, "Others", {DESK: None})])), wanted=True)

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.GROUP_NOT_FOUND)


@pytest.mark.parametrize("setting", [MEMBER, MADE])
def test_denied_groups_are_a_problem(setting: GroupMember | MadeGroup) -> None:
    assert setting.interpret(answers_to(setting, denied="group.read")).problem is not None


@pytest.mark.parametrize(
    ("host", "groups"),
    [
        (WORKSTATION, []),
        (WORKSTATION, [(GROUP, "Helpers", {})]),
        (WORKSTATION, [(GROUP, "Others", {DESK: None})]),
        (WORKSTATION, [(OLD, "Helpers", {DESK: None})]),
        (WORKSTATION, [(GROUP, "Helpers", {BOB: None})]),
    ],
    ids=["none", "empty", "another name", "there before", "only somebody else"],
)
def test_groups_that_were_not_made_or_are_somebody_elses_by_now(host: HostFacts, groups: Groups) -> None:
    assessment = MADE.assess(MADE.interpret(answers_to(MADE, host=host, groups=groups)), WANTED)

    assert (assessment.status, assessment.differences) == (Status.COMPLIANT, ())


@pytest.mark.parametrize("others", [{}, {BOB: None}], ids=["nobody else", "somebody else, who stays"])
def test_a_group_that_was_made_loses_who_was_declared(others: dict[str, None]) -> None:
    groups: Groups = [(OLD, "Others", {DESK: None}), (GROUP, "HELPERS", {DESK: "CORP\\Desk", ANNA: None, **others})]
    assessment = MADE.assess(MADE.interpret(answers_to(MADE, groups=groups)), WANTED)

    assert assessment.status is Status.DRIFT
    assert [difference.describe() for difference in assessment.differences] == [
        f"members of {GROUP}: - {sid}" for sid in sorted((DESK, ANNA))
    ]


MOVED = MovedGroup()


@pytest.mark.parametrize(
    ("before", "members", "groups", "moves"),
    [
        ({GROUP: []}, [DESK], {GROUP: [DESK]}, [f"- {DESK}"]),
        ({GROUP: [BOB, DESK]}, [DESK], {GROUP: [DESK]}, [f"+ {BOB}"]),
        ({GROUP: [DESK]}, [], {GROUP: []}, [f"+ {DESK}"]),
        ({}, [DESK], {GROUP: [DESK]}, [f"- {DESK}"]),
        ({GROUP: [DESK]}, [DESK], {GROUP: [DESK]}, []),
        ({GROUP: [BOB]}, [DESK], {GROUP: [DESK, BOB]}, []),
        ({OLD: [BOB]}, [DESK], {OLD: [BOB, ANNA], GROUP: [DESK]}, [f"- {DESK}"]),
    ],
    ids=["filled", "narrowed", "emptied", "made", "as it was", "not what the task makes", "beside a group of somebody else"],
)
def test_the_group_that_the_task_has_moved_goes_back(
    before: dict[str, list[str]], members: list[str], groups: dict[str, list[str]], moves: list[str]
) -> None:
    now: Groups = [(sid, f"Gruppe {sid}", dict.fromkeys(there)) for sid, there in groups.items()]
    wanted = MovedWanted(frozenset(members), {sid: frozenset(there) for sid, there in before.items()})
    assessment = MOVED.assess(MOVED.interpret(answers_to(MOVED, host=GERMAN, groups=now)), wanted)

    assert [difference.describe() for difference in assessment.differences] == [f"members of {GROUP}: {move}" for move in moves]
    assert assessment.status is (Status.DRIFT if moves else Status.COMPLIANT)


def test_a_group_is_not_guessed() -> None:
    groups: Groups = [(GROUP, "Eins", {DESK: None}), ("S-1-5-21-1-2-3-1011", "Zwei", {DESK: None})]
    wanted = MovedWanted(frozenset({DESK}), {})
    assessment = MOVED.assess(MOVED.interpret(answers_to(MOVED, host=GERMAN, groups=groups)), wanted)

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.GROUP_NAME_LOCALISED)
    assert (assessment.actual, assessment.differences) == ("it could be any of Eins, Zwei", ())
