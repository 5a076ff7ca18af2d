# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions of sites that need an update for a switch to mean anything."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_push import NTLM_UPDATE
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_version import SiteUpdate
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED
from ansible_collections.configmgr.hardening.tests.unit.settings.site_answers import SITE, Row, site_answers

INSTALLED: Row = {"Name": "Configuration Manager 2207 Hotfix (KB15599094)", "State": 196612}
RELEASE: Row = {"Name": "Configuration Manager 2207", "State": 196612}
PACKAGES = "SMS_CM_UpdatePackages"


def assess(version: str, *updates: Row, code: str | None = None, **site: Any) -> Assessment:
    setting = SiteUpdate(Site(code), NTLM_UPDATE)
    row = {**SITE, "Version": version, **site}
    sites = [row] if code is None else [{**SITE, "Version": version}, row]
    observation = setting.interpret(site_answers(setting, rows={PACKAGES: [RELEASE, *updates]}, sites=sites))
    assert observation.problem is None
    return setting.assess(observation, None)


@pytest.mark.parametrize("build", [9049, 9058, 9068, 9078, 9088])
def test_these_need_the_update(build: int) -> None:
    without = assess(f"5.00.{build}.1000")

    assert without.status is Status.DRIFT
    assert without.differences == ()
    assert "KB15599094" in without.actual and "KB15599094" in (without.remedy or "")
    assert assess(f"5.00.{build}.1000", INSTALLED).status is Status.COMPLIANT


@pytest.mark.parametrize(
    "update",
    [
        {**INSTALLED, "State": 196607},
        {**INSTALLED, "State": None},
        {"Name": "Configuration Manager 2207 Hotfix (KB15498768)", "State": 196612},
        {"Name": None, "State": 196612},
    ],
)
def test_not_just_any_update_will_do(update: Row) -> None:
    assert assess("5.00.9088.1010", update).status is Status.DRIFT


def test_a_second_attempt_counts() -> None:
    assert assess("5.00.9088.1010", {**INSTALLED, "State": 196607}, INSTALLED).status is Status.COMPLIANT


@pytest.mark.parametrize("version", ["5.00.9096.1000", "5.00.9122.1000", "5.00.9128.1007", "5.00.10000.1"])
def test_later_ones_do_not(version: str) -> None:
    assert assess(version).status is Status.COMPLIANT


@pytest.mark.parametrize(
    ("version", "code"), [("5.00.9040.1000", Code.UNDOCUMENTED_VALUE), ("2207", Code.MALFORMED_VALUE), ("", Code.MALFORMED_VALUE)]
)
def test_what_says_nothing_is_doubt(version: str, code: Code) -> None:
    assessment = assess(version)

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, code)


def test_a_secondary_site_has_to_be_recovered_besides() -> None:
    def secondary(status: int | None, *updates: Row) -> Status:
        return assess("5.00.9088.1000", *updates, code="S01", SiteCode="S01", Type=1, SecondarySiteCMUpdateStatus=status).status

    assert secondary(1, INSTALLED) is Status.COMPLIANT
    assert secondary(0, INSTALLED) is Status.DRIFT
    assert secondary(None, INSTALLED) is Status.DRIFT
    assert secondary(1) is Status.DRIFT


@pytest.mark.parametrize(
    ("version", "packages", "status"),
    [
        ("5.00.9088.1000", DENIED, Status.INDETERMINATE),
        ("5.00.9088.1000", Failure("unsupported", "No such class."), Status.INDETERMINATE),
        ("5.00.9128.1000", DENIED, Status.COMPLIANT),
    ],
)
def test_updates_that_cannot_be_read_matter_where_they_are_needed(version: str, packages: Failure, status: Status) -> None:
    setting = SiteUpdate(Site(), NTLM_UPDATE)
    answers = site_answers(setting, rows={PACKAGES: packages}, sites=[{**SITE, "Version": version}])

    assert setting.assess(setting.interpret(answers), None).status is status


def test_a_version_that_is_not_shown_is_doubt() -> None:
    setting = SiteUpdate(Site(), NTLM_UPDATE)
    problem = setting.interpret(site_answers(setting, sites=[])).problem

    assert problem is not None
    assert problem.code is Code.NO_ROWS
