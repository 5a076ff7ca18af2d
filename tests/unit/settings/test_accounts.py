# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts that an operator names."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account, AccountBreadth, resolve, resolved
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import answers_to

HELPDESK = ("S-1-5-21-9-9-9-1200", "CORP\\Helpdesk")
BREADTH = AccountBreadth("helpers", "corp\\helpdesk", ("corp\\helpdesk", "nobody@corp.example"))


def test_all_spellings_of_an_account_ignore_case() -> None:
    assert Account("helpdesk@corp.example", *HELPDESK).spellings == {"helpdesk@corp.example", "s-1-5-21-9-9-9-1200", "corp\\helpdesk"}


def test_no_accounts_need_no_answer() -> None:
    assert resolved(answers_to(()), "helpers", ()) == ({}, None)


def test_each_account_that_does_not_resolve_is_a_sentence() -> None:
    answers = answers_to(BREADTH, accounts={"corp\\helpdesk": HELPDESK})
    known, trouble = resolved(answers, "helpers", BREADTH.accounts)

    assert known == {}
    assert trouble is not None
    assert trouble.wrong_options == (
        "helpers: 'nobody@corp.example' is no account that CL01 can resolve; give DOMAIN\\name, name@domain or a SID with a name.",
    )
    assert trouble.problem is None


def test_a_denied_look_up_is_a_problem() -> None:
    observation = BREADTH.interpret(answers_to(BREADTH, denied="account.resolve"))

    assert observation.problem is not None
    assert observation.problem.code is Code.ACCESS_DENIED
    assert observation.problem.message == "the accounts of helpers could not be read (access_denied): Access is denied."


def test_all_accounts_of_an_option_are_looked_up_by_one_read() -> None:
    assert BREADTH.reads() == (resolve(BREADTH.accounts),)


@pytest.mark.parametrize(
    ("sid", "name", "status", "actual"),
    [
        ("S-1-5-21-9-9-9-1200", "CORP\\Helpdesk", Status.COMPLIANT, "CORP\\Helpdesk is no crowd"),
        ("S-1-5-21-9-9-9-513", "CORP\\X", Status.DRIFT, "CORP\\X is Domain Users, which nearly anybody belongs to"),
        ("S-1-1-0", "Jeder", Status.DRIFT, "Jeder is Everyone, which nearly anybody belongs to"),
    ],
)
def test_a_crowd_is_told_by_its_sid(sid: str, name: str, status: Status, actual: str) -> None:
    setting = AccountBreadth("helpers", "x", ("x",))
    assessment = setting.assess(setting.interpret(answers_to(setting, accounts={"x": (sid, name)})), None)

    assert (assessment.status, assessment.actual, assessment.differences) == (status, actual, ())
    assert assessment.expected == "helpers names people or groups of support staff"
