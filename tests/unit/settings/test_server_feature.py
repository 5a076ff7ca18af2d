# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A role or feature of Windows Server."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.server_feature import ServerFeature
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import CONTROLLER, SERVER, WORKSTATION, answers_to

FEATURE = ServerFeature("Remote-Assistance")


@pytest.mark.parametrize("state", ["Available", "Removed"])
def test_a_feature_that_is_wanted_is_installed(state: str) -> None:
    assessment = FEATURE.assess(FEATURE.interpret(answers_to(FEATURE, host=SERVER, rows=[{"InstallState": state}])), wanted=True)

    assert (assessment.status, assessment.actual) == (Status.DRIFT, "the feature Remote-Assistance is not installed")
    (difference,) = assessment.differences
    assert difference.describe() == "feature: install"
    assert difference.restore == ({"kind": "server_feature", "name": "Remote-Assistance", "before": False},)
    (write,) = difference.writes
    assert write.fields["name"] == "Install-WindowsFeature"
    assert write.fields["parameters"] == {"Name": "Remote-Assistance", "Confirm": {"switch": False}}
    assert write.fields["mutates"] is True


def test_a_feature_that_is_not_wanted_is_removed() -> None:
    observation = FEATURE.interpret(answers_to(FEATURE, host=CONTROLLER, rows=[{"InstallState": "Installed"}]))
    (difference,) = FEATURE.assess(observation, wanted=False).differences

    assert FEATURE.assess(observation, wanted=True).status is Status.COMPLIANT
    assert difference.describe() == "feature: remove"
    assert [write.fields["name"] for write in difference.writes] == ["Uninstall-WindowsFeature"]


@pytest.mark.parametrize("state", ["InstallPending", "UninstallPending"])
@pytest.mark.parametrize("wanted", [True, False])
def test_a_feature_that_waits_for_a_restart_is_left_alone(state: str, wanted: bool) -> None:
    assessment = FEATURE.assess(FEATURE.interpret(answers_to(FEATURE, host=SERVER, rows=[{"InstallState": state}])), wanted)

    assert (assessment.status, assessment.differences) == (Status.DRIFT, ())
    assert assessment.remedy == "Restart the host, then verify again."


def test_workstations_have_no_features() -> None:
    assessment = FEATURE.assess(FEATURE.interpret(answers_to(FEATURE, host=WORKSTATION)), wanted=True)

    assert (assessment.status, assessment.actual) == (Status.NOT_APPLICABLE, "this is no server")


def test_a_feature_that_the_server_does_not_know_comes_with_a_caveat() -> None:
    observation = FEATURE.interpret(answers_to(FEATURE, host=SERVER))

    assert observation.value == "Removed"
    assert observation.caveats == ("this server knows no feature Remote-Assistance, so it counts as not installed",)


@pytest.mark.parametrize("row", [{}, {"InstallState": None}, {"InstallState": 7}])
def test_a_state_that_says_nothing_is_doubt(row: dict[str, int | None]) -> None:
    problem = FEATURE.interpret(answers_to(FEATURE, host=SERVER, rows=[row])).problem

    assert problem is not None
    assert problem.code is Code.MALFORMED_VALUE


def test_a_denied_feature_is_a_problem() -> None:
    assert FEATURE.interpret(answers_to(FEATURE, host=SERVER, denied="cmdlet.invoke")).problem is not None
