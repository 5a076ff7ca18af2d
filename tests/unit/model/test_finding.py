# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings and changes as plain values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState, Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding, Part
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity, worst_severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status, worst_status

TEXT = st.text(max_size=8)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
PARTS = st.lists(st.builds(Part, TEXT, TEXT, TEXT, TEXTS), max_size=2).map(tuple)
FINDINGS = st.builds(
    Finding,
    control=st.none() | TEXT,
    area=TEXT,
    subject=TEXT,
    status=st.sampled_from(Status),
    severity=st.sampled_from(Severity),
    expected=TEXT,
    actual=TEXT,
    object=st.none() | TEXT,
    title=TEXT,
    evidence=TEXTS,
    caveats=TEXTS,
    remedy=TEXT,
    code=st.none() | st.sampled_from(Code),
    underlying=st.none() | st.sampled_from(Status),
    parts=PARTS,
)


@given(FINDINGS)
def test_a_finding_comes_back_from_json_as_it_was(finding: Finding) -> None:
    assert Finding.from_data(json.loads(json.dumps(finding.to_data()))) == finding


@pytest.mark.parametrize("broken", [{"status": "fine"}, {"severity": "big"}, {"code": "because"}, {"underlying": "x"}])
def test_a_finding_with_an_unknown_word_is_refused(broken: dict[str, str]) -> None:
    good = Finding("002-21", "area", "CL01", Status.DRIFT, Severity.LOW, "a", "b").to_data()

    with pytest.raises(ValueError, match="is not a valid"):
        Finding.from_data(good | broken)


def test_a_finding_without_a_field_is_refused() -> None:
    good = Finding("002-21", "area", "CL01", Status.DRIFT, Severity.LOW, "a", "b").to_data()
    for name in good:
        with pytest.raises(KeyError):
            Finding.from_data({field: value for field, value in good.items() if field != name})


def test_findings_are_keyed_by_control_area_subject_and_object() -> None:
    finding = Finding(None, "area", "CL01", Status.DRIFT, Severity.LOW, "a", "b")

    assert finding.key == ("", "area", "CL01", "")


def test_the_worst_status() -> None:
    assert worst_status([Status.COMPLIANT, Status.WAIVED, Status.DRIFT, Status.INDETERMINATE]) is Status.DRIFT
    assert worst_status([Status.NOT_APPLICABLE, Status.COMPLIANT]) is Status.COMPLIANT
    assert worst_status([Status.CONFLICT, Status.ERROR]) is Status.ERROR
    assert worst_status([]) is Status.NOT_APPLICABLE
    assert [status.rank for status in Status] == list(range(9))


def test_the_worst_severity() -> None:
    assert worst_severity([Severity.LOW, Severity.HIGH, Severity.MEDIUM]) is Severity.HIGH


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        (Difference("k", "value", "1", "2"), "value: 1 -> 2"),
        (Difference("k", "list", "absent", "present", item="x"), "list: + x"),
        (Difference("k", "list", "present", "absent", item="x"), "list: - x"),
        (Difference("k", "task", "enabled", "disabled", verb="disable"), "task: disable"),
    ],
)
def test_a_difference_is_one_line(difference: Difference, line: str) -> None:
    assert difference.describe() == line
    assert Change("area", (), difference).describe() == line


def test_a_change_as_plain_values() -> None:
    change = Change("area", ("002-21",), Difference("place", "list", "absent", "present", item="x", note="X"), ChangeState.FAILED, "no")

    assert change.to_data() == {
        "area": "area",
        "controls": ["002-21"],
        "setting": "list",
        "place": "place",
        "item": "x",
        "note": "X",
        "before": "absent",
        "after": "present",
        "state": "failed",
        "message": "no",
    }
    assert Change("area", (), Difference("k", "l", "a", "b")).state is ChangeState.PLANNED
