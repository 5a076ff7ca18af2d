# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The members of a local group."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import HostFacts, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.local_group import LocalGroup, MembersWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import ADMINISTRATORS
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import CONTROLLER, GERMAN, WORKSTATION, answers_to

GROUP = "S-1-5-21-1-2-3-1010"
DESK, ANNA = "S-1-5-21-9-9-9-1200", "S-1-5-21-9-9-9-2001"
ACCOUNTS = {"CORP\\desk": (DESK, "CORP\\Desk"), "CORP\\anna": (ANNA, "CORP\\Anna")}
TASK = ScheduledTask("\\Vendor\\", "Maker")
HELPERS = LocalGroup("helpers group", "helpers", name="Helpers", accounts=("CORP\\desk", "CORP\\anna"))
EMPTY = LocalGroup("helpers group", "helpers", name="Helpers")
MADE = LocalGroup("helpers group", "helpers", name="Helpers", accounts=("CORP\\desk",), maker=TASK)
ADMINS = LocalGroup("Administrators", "helpers", sid=ADMINISTRATORS, accounts=("CORP\\desk",))

Groups = list[tuple[str, str, Mapping[str, str | None]]]


def test_whoever_is_missing_comes_before_whoever_is_too_much_goes() -> None:
    observation = HELPERS.interpret(
        answers_to(HELPERS, accounts=ACCOUNTS, groups=[(GROUP, "HELPERS", {DESK: "CORP\\Desk", "S-1-5-21-9-9-9-9": None})])
    )
    assessment = HELPERS.assess(observation, MembersWanted())

    assert assessment.status is Status.DRIFT
    assert assessment.expected == "helpers group: CORP\\Desk, CORP\\Anna"
    assert assessment.actual == "helpers group: CORP\\Desk, S-1-5-21-9-9-9-9"
    assert [difference.describe() for difference in assessment.differences] == [
        f"helpers group: + {ANNA}",
        "helpers group: - S-1-5-21-9-9-9-9",
    ]
    assert [difference.note for difference in assessment.differences] == ["CORP\\Anna", None]
    assert [write for difference in assessment.differences for write in difference.writes] == [
        Operation.of("group.add", sid=GROUP, members=[ANNA]),
        Operation.of("group.remove", sid=GROUP, members=["S-1-5-21-9-9-9-9"]),
    ]
    # Only who moves: whom others add meanwhile is theirs.
    assert [entry for difference in assessment.differences for entry in difference.restore] == [
        {"kind": "group_member", "sid": GROUP, "member": ANNA, "before": False},
        {"kind": "group_member", "sid": GROUP, "member": "S-1-5-21-9-9-9-9", "before": True},
    ]


def test_exactly_the_wanted_members_are_right() -> None:
    members = {ANNA: "CORP\\Anna", DESK: "CORP\\Desk"}
    assessment = HELPERS.assess(
        HELPERS.interpret(answers_to(HELPERS, accounts=ACCOUNTS, groups=[(GROUP, "Helpers", members)])), MembersWanted()
    )

    assert (assessment.status, assessment.differences) == (Status.COMPLIANT, ())


def test_a_group_that_has_to_be_empty_loses_everybody() -> None:
    observation = EMPTY.interpret(answers_to(EMPTY, groups=[(GROUP, "Helpers", {DESK: "CORP\\Desk"})]))
    assessment = EMPTY.assess(observation, MembersWanted(empty=True))

    assert (assessment.status, assessment.expected) == (Status.DRIFT, "helpers group: nobody")
    assert [difference.describe() for difference in assessment.differences] == [f"helpers group: - {DESK}"]


def test_a_group_of_another_name_is_recognised_by_its_members() -> None:
    members = {DESK: "CORP\\Desk", ANNA: "CORP\\Anna"}
    observation = HELPERS.interpret(answers_to(HELPERS, host=GERMAN, accounts=ACCOUNTS, groups=[(GROUP, "Helfer", members)]))

    assert observation.caveats == ("the group was recognised by its members, as its name in this language is not known",)
    assert HELPERS.assess(observation, MembersWanted()).status is Status.COMPLIANT


@pytest.mark.parametrize(
    "groups",
    [
        [("S-1-5-32-555", "Verwaltung", {DESK: "CORP\\Desk", ANNA: "CORP\\Anna"})],
        [("S-1-5-21-1-2-3-1", "A", {DESK: None, ANNA: None}), ("S-1-5-21-1-2-3-2", "B", {DESK: None, ANNA: None})],
        [("S-1-5-21-1-2-3-1", "A", {DESK: None, ANNA: None, "S-1-5-21-9-9-9-7": None})],
    ],
    ids=["one of Windows", "two alike", "others as well"],
)
def test_a_group_is_not_guessed(groups: Groups) -> None:
    observation = HELPERS.interpret(answers_to(HELPERS, host=GERMAN, accounts=ACCOUNTS, groups=groups))
    assessment = HELPERS.assess(observation, MembersWanted())

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.GROUP_NAME_LOCALISED)
    assert assessment.differences == ()


@pytest.mark.parametrize(
    ("host", "groups", "status", "code"),
    [
        (WORKSTATION, [], Status.COMPLIANT, None),
        (WORKSTATION, [(GROUP, "Others", {DESK: None})], Status.COMPLIANT, None),
        (GERMAN, [], Status.COMPLIANT, None),
        (GERMAN, [("S-1-5-32-544", "Administratoren", {DESK: None}), (GROUP, "Leer", {})], Status.COMPLIANT, None),
        (GERMAN, [(GROUP, "Andere", {DESK: None})], Status.INDETERMINATE, Code.GROUP_NAME_LOCALISED),
    ],
)
def test_a_group_that_is_not_there_is_empty_unless_it_may_go_by_another_name(
    host: HostFacts, groups: Groups, status: Status, code: Code | None
) -> None:
    assessment = EMPTY.assess(EMPTY.interpret(answers_to(EMPTY, host=host, groups=groups)), MembersWanted(empty=True))

    assert (assessment.status, assessment.code) == (status, code)


def test_where_there_is_no_group_yet_its_maker_is_started() -> None:
    observation = MADE.interpret(answers_to(MADE, accounts=ACCOUNTS, rows=[{"State": "Ready"}]))
    assessment = MADE.assess(observation, MembersWanted())

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.GROUP_NOT_FOUND)
    assert assessment.expected == "helpers group: CORP\\Desk"
    (start,) = assessment.differences
    assert start.describe() == "task: start"
    assert start.writes == TASK.trigger(TASK.interpret(answers_to(TASK, rows=[{"State": "Ready"}])), mended=True)
    assert start.restore == ()
    assert start.consequence


def test_where_there_is_no_maker_nothing_is_started() -> None:
    assessment = MADE.assess(MADE.interpret(answers_to(MADE, accounts=ACCOUNTS)), MembersWanted())

    assert (assessment.status, assessment.code, assessment.differences) == (Status.INDETERMINATE, Code.GROUP_NOT_FOUND, ())


def test_a_controller_has_no_local_groups() -> None:
    assessment = HELPERS.assess(HELPERS.interpret(answers_to(HELPERS, host=CONTROLLER, accounts=ACCOUNTS)), MembersWanted())

    assert assessment.status is Status.NOT_APPLICABLE


def test_denied_groups_are_a_problem() -> None:
    problem = HELPERS.interpret(answers_to(HELPERS, accounts=ACCOUNTS, denied="group.read")).problem

    assert problem is not None
    assert problem.message == "helpers group could not be read (access_denied): Access is denied."


def test_an_account_that_does_not_resolve_is_a_wrong_option() -> None:
    assert len(HELPERS.interpret(answers_to(HELPERS, accounts={"CORP\\desk": ACCOUNTS["CORP\\desk"]})).wrong_options) == 1


@pytest.mark.parametrize(
    ("members", "status", "actual"),
    [
        ({DESK: "CORP\\Desk", ANNA: "CORP\\Anna"}, Status.DRIFT, "Administrators: CORP\\Desk as well"),
        ({ANNA: "CORP\\Anna"}, Status.COMPLIANT, "Administrators: none of them"),
    ],
)
def test_accounts_that_must_not_be_members(members: dict[str, str | None], status: Status, actual: str) -> None:
    observation = ADMINS.interpret(answers_to(ADMINS, accounts=ACCOUNTS, groups=[(ADMINISTRATORS, "Administratoren", members)]))
    assessment = ADMINS.assess(observation, MembersWanted(without=True))

    assert (assessment.status, assessment.actual, assessment.differences) == (status, actual, ())
    assert observation.caveats == ()


@pytest.mark.parametrize(
    ("members", "status", "actual"),
    [
        ({DESK: "CORP\\Desk"}, Status.COMPLIANT, "Administrators: no crowd is a member"),
        ({"S-1-5-11": "NT\\AU", DESK: "D"}, Status.DRIFT, "Administrators: NT\\AU (Authenticated Users)"),
        ({"S-1-5-21-9-9-9-513": None}, Status.DRIFT, "Administrators: S-1-5-21-9-9-9-513 (Domain Users)"),
    ],
)
def test_crowds_that_must_not_be_members(members: dict[str, str | None], status: Status, actual: str) -> None:
    observation = ADMINS.interpret(answers_to(ADMINS, accounts=ACCOUNTS, groups=[(ADMINISTRATORS, "Administrators", members)]))
    assessment = ADMINS.assess(observation, MembersWanted(no_crowds=True))

    assert (assessment.status, assessment.actual, assessment.differences) == (status, actual, ())


def test_in_english_another_name_is_another_group() -> None:
    members = {DESK: "CORP\\Desk", ANNA: "CORP\\Anna"}
    observation = HELPERS.interpret(answers_to(HELPERS, accounts=ACCOUNTS, groups=[(GROUP, "Others", members)]))

    assert HELPERS.assess(observation, MembersWanted()).code is Code.GROUP_NOT_FOUND


@pytest.mark.parametrize("wanted", [MembersWanted(without=True), MembersWanted(no_crowds=True)])
def test_a_group_of_windows_that_is_not_told_of_is_doubt(wanted: MembersWanted) -> None:
    assessment = ADMINS.assess(ADMINS.interpret(answers_to(ADMINS, accounts=ACCOUNTS)), wanted)

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.GROUP_NOT_FOUND)


# ---------------------------------------------------------------- what a snapshot keeps besides


def test_members_that_a_task_may_move_are_kept() -> None:
    members = {DESK: "CORP\\Desk", "S-1-5-21-9-9-9-9": None}
    observation = HELPERS.interpret(answers_to(HELPERS, accounts=ACCOUNTS, groups=[(GROUP, "Helpers", members)]))

    assert HELPERS.keep(observation) == (
        {"kind": "group_member", "sid": GROUP, "member": DESK, "before": True},
        {"kind": "group_member", "sid": GROUP, "member": "S-1-5-21-9-9-9-9", "before": True},
        {"kind": "group_member", "sid": GROUP, "member": ANNA, "before": False},
    )


def test_a_group_that_a_task_may_make_is_kept_as_one_that_was_not_there() -> None:
    groups: Groups = [("S-1-5-32-544", "Administrators", {DESK: None}), (GROUP, "Others", {})]
    observation = HELPERS.interpret(answers_to(HELPERS, accounts=ACCOUNTS, groups=groups))

    assert HELPERS.keep(observation) == ({"kind": "made_group", "name": "Helpers", "others": [GROUP], "members": [DESK, ANNA]},)


def test_in_another_language_all_groups_are_kept_as_the_task_may_move_any() -> None:
    groups: Groups = [(GROUP, "Helfer", {ANNA: None, "S-1-5-21-9-9-9-7": None}), ("S-1-5-21-1-2-3-1011", "Andere", {})]
    observation = HELPERS.interpret(answers_to(HELPERS, host=GERMAN, accounts=ACCOUNTS, groups=groups))

    before = {GROUP: [ANNA, "S-1-5-21-9-9-9-7"], "S-1-5-21-1-2-3-1011": []}
    assert HELPERS.keep(observation) == ({"kind": "moved_group", "before": before, "members": sorted((DESK, ANNA))},)


def test_nothing_is_kept_of_what_no_task_moves() -> None:
    admins = ADMINS.interpret(answers_to(ADMINS, accounts=ACCOUNTS, groups=[(ADMINISTRATORS, "Administrators", {DESK: None})]))

    assert ADMINS.keep(admins) == ()
    assert HELPERS.keep(HELPERS.interpret(answers_to(HELPERS, host=CONTROLLER, accounts=ACCOUNTS))) == ()
    assert HELPERS.keep(HELPERS.interpret(answers_to(HELPERS, accounts=ACCOUNTS, denied="group.read"))) == ()
