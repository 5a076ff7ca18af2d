# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every reply tells of its host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.host_facts import HostFact
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION, answers_to

MEMBER = HostFact("domain_member")
VISTA = HostFact("vista_or_later")


@pytest.mark.parametrize(
    ("role", "status", "code", "actual"),
    [
        (0, Status.DRIFT, None, "it stands alone"),
        (1, Status.COMPLIANT, None, "domain: corp.example"),
        (2, Status.DRIFT, None, "it stands alone"),
        (3, Status.COMPLIANT, None, "domain: corp.example"),
        (4, Status.COMPLIANT, None, "domain: corp.example"),
        (5, Status.COMPLIANT, None, "domain: corp.example"),
        (None, Status.INDETERMINATE, Code.READ_FAILED, "WMI does not tell the domain role"),
    ],
)
def test_whether_it_belongs_to_a_domain(role: int | None, status: Status, code: Code | None, actual: str) -> None:
    answers = answers_to(MEMBER, host=replace(WORKSTATION, domain_role=role))
    assessment = MEMBER.assess(MEMBER.interpret(answers), None)

    assert (assessment.status, assessment.code, assessment.actual) == (status, code, actual)


@pytest.mark.parametrize(
    ("build", "status", "code"),
    [
        ("10.0.19045.4170", Status.COMPLIANT, None),
        ("6.0.6002", Status.COMPLIANT, None),
        ("6.0", Status.COMPLIANT, None),
        ("5.2.3790", Status.DRIFT, None),
        ("5.99", Status.DRIFT, None),
        ("", Status.INDETERMINATE, Code.MALFORMED_VALUE),
        ("ten", Status.INDETERMINATE, Code.MALFORMED_VALUE),
    ],
)
def test_the_version_of_windows(build: str, status: Status, code: Code | None) -> None:
    assessment = VISTA.assess(VISTA.interpret(answers_to(VISTA, host=replace(WORKSTATION, build=build))), None)

    assert (assessment.status, assessment.code) == (status, code)


def test_nothing_has_to_be_read() -> None:
    assert MEMBER.reads() == ()
    assert MEMBER.interpret(answers_to(MEMBER)).evidence == ("Windows build 10.0.19045.4170, domain role 1",)
    assert MEMBER.key != VISTA.key
