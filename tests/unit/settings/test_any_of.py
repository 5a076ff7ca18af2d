# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A recommendation that offers a choice."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.any_of import AnyOf
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import LayeredValue, Wanted
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import Registry, answers_to

KEY = "HKLM\\SOFTWARE\\Policies\\Vendor\\Product"
# The second one's default is not documented.
CHOICE = AnyOf((LayeredValue("first", Place(KEY, "First"), default=0), LayeredValue("second", Place(KEY, "Second"))))


def values(first: int | None, second: int | None) -> Registry:
    return {KEY: {name: ("dword", data) for name, data in (("First", first), ("Second", second)) if data is not None}}


@pytest.mark.parametrize(
    ("first", "second", "status", "actual", "code"),
    [
        (1, 0, Status.COMPLIANT, "first: 1 (policy)", None),
        (0, 1, Status.COMPLIANT, "second: 1 (policy)", None),
        (1, None, Status.COMPLIANT, "first: 1 (policy)", None),
        (0, 0, Status.DRIFT, "first: 0 (policy), and second: 0 (policy)", None),
    ],
)
def test_one_that_is_right_is_enough(first: int, second: int | None, status: Status, actual: str, code: Code | None) -> None:
    assessment = CHOICE.assess(CHOICE.interpret(answers_to(CHOICE, registry=values(first, second))), (Wanted(1), Wanted(1)))

    assert (assessment.status, assessment.actual, assessment.code) == (status, actual, code)
    assert assessment.expected == "first: 1 or second: 1"
    assert assessment.differences == ()


def test_where_one_is_wrong_and_the_other_unknown_the_choice_is_unknown() -> None:
    assessment = CHOICE.assess(CHOICE.interpret(answers_to(CHOICE, registry=values(0, None))), (Wanted(1), Wanted(1)))

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.DEFAULT_UNKNOWN)


def test_it_reads_what_the_alternatives_read() -> None:
    observation = CHOICE.interpret(answers_to(CHOICE, registry=values(1, None)))

    assert CHOICE.reads() == tuple(read for alternative in CHOICE.alternatives for read in alternative.reads())
    assert observation.evidence == (f"{KEY}\\First = 1", f"{KEY}\\Second = absent")
