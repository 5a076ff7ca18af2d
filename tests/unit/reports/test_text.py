# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet as lines of text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import causes, survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.text import table, worst
from ansible_collections.configmgr.hardening.tests.unit.reports.samples import NASTY, NOW, finding, result

MONTH = timedelta(days=30)


def test_a_table_has_a_line_for_each_host_and_area() -> None:
    one = result(finding(), finding(Status.COMPLIANT, "A-2"), finding(Status.COMPLIANT, "A-3"), areas=["area", "second"])
    lines = table(survey([one], ["CL01", "a-long-name"], NOW, MONTH))

    assert lines == [
        "host         area     error  confl  drift  indet  unatt  waivd  attst  compl    n/a",
        "-" * len(lines[0]),
        "CL01         area         .      .      1      .      .      .      .      2      .",
        "CL01         second       .      .      .      .      .      .      .      .      .",
        "a-long-name  not heard from",
        "-" * len(lines[0]),
        "all                       .      .      1      .      .      .      .      2      .",
    ]


def test_a_table_of_nothing() -> None:
    lines = table(survey([], [], NOW, MONTH))

    assert lines[-1].split() == ["all", *"........."]


def test_the_worst_are_told_with_their_controls() -> None:
    many = [finding(Status.CONFLICT, f"A-{number}", actual="many") for number in range(6)]
    lines = worst(
        causes([finding(), finding(Status.ERROR, None, actual="host gone"), *many, finding(Status.UNATTESTED), finding(Status.WAIVED)])
    )

    assert lines == [
        "error         CL01: host gone [no control]",
        "conflict      CL01: many [A-0, A-1, A-2, A-3 +2]",
        "drift         CL01: wrong [A-1]",
    ]


def test_not_more_than_asked_for() -> None:
    found = causes([finding(actual=f"number {number}") for number in range(5)])

    assert worst(found, 2)[-1] == "... and 3 more in the report"
    assert len(worst(found, 2)) == 3
    assert len(worst(found, 5)) == 5


@given(st.text(max_size=400) | st.sampled_from(NASTY), st.text(max_size=20) | st.sampled_from(NASTY))
def test_a_hosts_text_neither_breaks_a_line_nor_moves_a_cursor(actual: str, name: str) -> None:
    found = [finding(actual=actual, subject=name)]
    fleet = survey([result(*found, subject=name)], [f"{name}x"], NOW, MONTH)
    lines = [*worst(fleet.causes), *table(fleet)]

    assert all(line.isprintable() for line in lines)
    assert len(table(fleet)) == 6
    assert len(worst(fleet.causes)) <= 4


@pytest.mark.parametrize("length", [1, 279, 280, 281, 5000])
def test_long_text_is_shortened(length: int) -> None:
    told = " ".join(line.strip() for line in worst(causes([finding(actual="x" * length)])))

    assert told.count("x") == (length if length <= 280 else 279)
    assert ("…" in told) is (length > 280)
