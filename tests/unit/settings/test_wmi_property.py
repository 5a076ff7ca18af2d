# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One property of one WMI instance."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.wmi_property import WmiProperty
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED, answers_to

READ = Operation.of("cim.query", namespace="root\\vendor", query="SELECT * FROM Vendor")
ASKS = WmiProperty("remote control", READ, "Asks", absent="there is no such client", meaning={"True": "asks", "False": "does not ask"})


@pytest.mark.parametrize(
    ("found", "status", "actual"),
    [
        (True, Status.COMPLIANT, "remote control: asks"),
        (False, Status.DRIFT, "remote control: does not ask"),
        ("yes", Status.DRIFT, "remote control: yes"),
    ],
)
def test_the_value_is_held_against_what_is_wanted(found: object, status: Status, actual: str) -> None:
    assessment = ASKS.assess(ASKS.interpret(answers_to(ASKS, rows=[{"Asks": found}])), wanted=True)

    assert (assessment.status, assessment.expected, assessment.actual) == (status, "remote control: asks", actual)
    assert assessment.differences == ()


@pytest.mark.parametrize("answer", [{"rows": []}, Failure("unsupported", "no such class")])
def test_no_instance_has_its_meaning(answer: object) -> None:
    observation = ASKS.interpret(answers_to(ASKS, given={READ: answer}))

    assert observation.evidence == ("there is no such client",)
    assert ASKS.assess(observation, wanted=True).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("row", [{}, {"Asks": None}])
def test_a_property_that_is_not_there_is_doubt(row: dict[str, None]) -> None:
    assessment = ASKS.assess(ASKS.interpret(answers_to(ASKS, rows=[row])), wanted=True)

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.DEFAULT_UNKNOWN)


def test_a_denied_query_is_a_problem() -> None:
    problem = ASKS.interpret(answers_to(ASKS, given={READ: DENIED})).problem

    assert problem is not None
    assert problem.message == "remote control could not be read (access_denied): Access is denied."
