# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers, problems and errors."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import HardeningError, OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code


@pytest.mark.parametrize(
    ("waived", "subject", "covered"),
    [
        ("CL01", "CL01", True),
        ("cl01", "CL01", True),
        ("*", "CL01", True),
        ("CL02", "CL01", False),
        ("CL*", "CL01", False),
        ("", "CL01", False),
    ],
)
def test_whom_a_waiver_covers(waived: str, subject: str, covered: bool) -> None:
    waiver = Waiver("002-21", waived, "reason", "owner", date(2026, 1, 1))

    assert waiver.covers("002-21", subject) is covered
    assert not waiver.covers("002-22", subject)
    assert not waiver.covers(None, subject)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("access_denied", Code.ACCESS_DENIED),
        ("unsupported", Code.UNSUPPORTED_HERE),
        ("failed", Code.READ_FAILED),
        ("timeout", Code.READ_FAILED),
        ("something new", Code.READ_FAILED),
    ],
)
def test_why_a_read_failed(kind: str, code: Code) -> None:
    assert Problem.from_failure(Failure(kind, "Because."), "it") == Problem(code, f"it could not be read ({kind}): Because.")


def test_an_error_of_options_says_every_sentence() -> None:
    error = OptionError(["a: wrong.", "b: wrong."])

    assert isinstance(error, HardeningError)
    assert error.sentences == ("a: wrong.", "b: wrong.")
    assert str(error) == "a: wrong. b: wrong."
