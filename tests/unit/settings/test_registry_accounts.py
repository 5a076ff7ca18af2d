# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A policy list of accounts."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_accounts import ListWanted, RegistryAccounts
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import answers_to

KEY = "HKLM\\SOFTWARE\\Policies\\Vendor\\Product\\List"
DESK, ANNA = "S-1-5-21-9-9-9-1200", "S-1-5-21-9-9-9-2001"
ACCOUNTS = {"corp\\desk": (DESK, "CORP\\Desk"), "anna@corp.example": (ANNA, "CORP\\Anna")}
LIST = RegistryAccounts("list of helpers", KEY, "helpers", ("corp\\desk", "anna@corp.example"))


def listed(*entries: tuple[str, str]) -> dict[str, dict[str, tuple[str, str]]]:
    return {KEY: {name: ("sz", data) for name, data in entries}}


@pytest.mark.parametrize("spelling", ["corp\\desk", "CORP\\DESK", DESK, DESK.lower()])
def test_any_spelling_of_an_account_stands_for_it(spelling: str) -> None:
    registry = listed((spelling, spelling), ("CORP\\Anna", "CORP\\Anna"))
    assessment = LIST.assess(LIST.interpret(answers_to(LIST, registry=registry, accounts=ACCOUNTS)), ListWanted())

    assert (assessment.status, assessment.differences) == (Status.COMPLIANT, ())


def test_the_data_counts_and_the_name_where_there_is_none() -> None:
    registry = listed(("1", "CORP\\Desk"), ("CORP\\Anna", ""))
    assert LIST.assess(LIST.interpret(answers_to(LIST, registry=registry, accounts=ACCOUNTS)), ListWanted()).status is Status.COMPLIANT


def test_who_is_missing_is_added_before_who_is_too_much_goes() -> None:
    registry = listed(("CORP\\Desk", "CORP\\Desk"), ("Everyone", "Everyone"))
    observation = LIST.interpret(answers_to(LIST, registry=registry, accounts=ACCOUNTS))
    assessment = LIST.assess(observation, ListWanted())

    assert observation.evidence == (f"{KEY}: CORP\\Desk, Everyone",)
    assert assessment.expected == "list of helpers: CORP\\Desk, CORP\\Anna"
    assert [difference.describe() for difference in assessment.differences] == ["helpers list: + CORP\\Anna", "helpers list: - Everyone"]
    assert [write.fields for difference in assessment.differences for write in difference.writes] == [
        {"key": KEY, "name": "CORP\\Anna", "type": "sz", "data": "CORP\\Anna"},
        {"key": KEY, "name": "Everyone"},
    ]
    assert [difference.place for difference in assessment.differences] == [Place(KEY, "CORP\\Anna").id, Place(KEY, "Everyone").id]
    assert [difference.target for difference in assessment.differences] == [{"type": "sz", "data": "CORP\\Anna"}, None]


def test_the_same_account_twice_is_once_too_much() -> None:
    registry = listed(("1", "CORP\\Desk"), ("2", DESK), ("3", "CORP\\Anna"))
    assessment = LIST.assess(LIST.interpret(answers_to(LIST, registry=registry, accounts=ACCOUNTS)), ListWanted())

    assert [difference.describe() for difference in assessment.differences] == [f"helpers list: - {DESK}"]


def test_two_names_of_one_account_are_one_entry() -> None:
    twice = RegistryAccounts("list of helpers", KEY, "helpers", ("corp\\desk", DESK))
    known = {"corp\\desk": (DESK, "CORP\\Desk"), DESK: (DESK, "CORP\\Desk")}
    assessment = twice.assess(twice.interpret(answers_to(twice, accounts=known)), ListWanted())

    assert [difference.describe() for difference in assessment.differences] == ["helpers list: + CORP\\Desk"]


def test_a_list_that_has_to_be_empty_loses_everything_where_it_is_written() -> None:
    empty = RegistryAccounts("list of helpers", KEY, "helpers")
    observation = empty.interpret(answers_to(empty, registry=listed(("CORP\\Desk", "CORP\\Desk"))))

    written = empty.assess(observation, ListWanted(empty=True))
    assert (written.status, written.expected) == (Status.DRIFT, "list of helpers: nobody")
    assert [difference.describe() for difference in written.differences] == ["helpers list: - CORP\\Desk"]
    # What is left of it has no effect while offers are off.
    assert empty.assess(observation, ListWanted(empty=True, layers=False)).status is Status.COMPLIANT


def test_entries_too_many_are_drift_for_whoever_only_looks_on() -> None:
    registry = listed(("CORP\\Desk", "CORP\\Desk"), ("CORP\\Anna", "CORP\\Anna"), ("Everyone", "Everyone"))
    observation = LIST.interpret(answers_to(LIST, registry=registry, accounts=ACCOUNTS))

    assert LIST.assess(observation, ListWanted(layers=False)).status is Status.DRIFT


def test_trouble_with_the_accounts_and_with_the_key() -> None:
    assert len(LIST.interpret(answers_to(LIST)).wrong_options) == 2
    problem = LIST.interpret(answers_to(LIST, accounts=ACCOUNTS, denied=KEY)).problem
    assert problem is not None
    assert problem.message == f"{KEY} could not be read (access_denied): Access is denied."
