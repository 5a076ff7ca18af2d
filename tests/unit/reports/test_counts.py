# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings -> how many controls have each status."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.counts import control_statuses, count, total
from ansible_collections.configmgr.hardening.tests.unit.reports.samples import finding

FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(Status),
        st.sampled_from([None, "A-1", "A-2"]),
        st.sampled_from(["one", "two"]),
        st.sampled_from(["CL01", "CL02"]),
        object=st.sampled_from([None, "x", "y"]),
    )
)


def test_a_control_counts_once_with_its_worst_status() -> None:
    counts = count([finding(Status.COMPLIANT, object="x"), finding(Status.DRIFT, object="y"), finding(Status.WAIVED, "A-2")])

    assert counts == {**{status.value: 0 for status in Status}, "drift": 1, "waived": 1}
    assert list(counts) == [status.value for status in Status]


def test_areas_and_subjects_count_apart() -> None:
    found = [finding(), finding(area="other"), finding(subject="CL02"), finding()]

    assert count(found)["drift"] == 3
    assert control_statuses(found)["area", "CL02", "A-1"] is Status.DRIFT


def test_what_has_no_control_counts_by_its_object() -> None:
    assert count([finding(control=None, object="x"), finding(control=None, object="y"), finding(control=None, object="y")])["drift"] == 2


def test_nothing_counts_nothing() -> None:
    assert set(count([]).values()) == {0}
    assert total([]) == count([])


def test_sums_go_without_what_is_not_there() -> None:
    assert total([{"drift": 1, "error": 2}, {"drift": 3}]) == {**{status.value: 0 for status in Status}, "drift": 4, "error": 2}


@given(FINDINGS)
def test_counts_are_of_controls_in_any_order(findings: list[Finding]) -> None:
    assert count(findings) == count(findings[::-1])
    assert sum(count(findings).values()) == len({(f.area, f.subject, f.control or f"-{f.object or ''}") for f in findings})
