# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stored results of many hosts -> what is to be said of the fleet."""

from __future__ import annotations

from datetime import timedelta

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Part
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import causes, survey
from ansible_collections.configmgr.hardening.tests.unit.reports.samples import NOW, finding, result

MONTH = timedelta(days=30)


def test_counts_are_by_host_and_area() -> None:
    one = result(finding(), finding(Status.COMPLIANT, "A-2"), finding(area="other"), areas=["area", "other", "empty"])
    fleet = survey([one, result(finding(Status.ERROR, subject="CL02"), subject="CL02")], [], NOW, MONTH)

    assert fleet.counts["CL01"]["area"]["drift"] == 1 and fleet.counts["CL01"]["area"]["compliant"] == 1
    assert fleet.counts["CL01"]["other"]["drift"] == 1
    assert set(fleet.counts["CL01"]["empty"].values()) == {0}
    assert fleet.counts["CL02"]["area"]["error"] == 1


def test_the_newest_result_of_an_area_counts() -> None:
    old = result(finding(Status.ERROR), finding(Status.DRIFT, area="other"), areas=["area", "other"], time=NOW - timedelta(days=1))
    fleet = survey([result(finding(Status.COMPLIANT)), old], [], NOW, MONTH)

    assert fleet.counts["CL01"]["area"]["compliant"] == 1 and fleet.counts["CL01"]["area"]["error"] == 0
    assert fleet.counts["CL01"]["other"]["drift"] == 1


def test_hosts_that_were_not_heard_from_are_named_once() -> None:
    assert survey([result()], ["CL03", "CL01", "CL02", "CL03"], NOW, MONTH).not_heard_from == ("CL03", "CL02")


def test_old_results_are_named() -> None:
    on_time = result(subject="CL01", time=NOW - MONTH)
    late = result(subject="CL02", time=NOW - MONTH - timedelta(seconds=1))

    assert survey([on_time, late], [], NOW, MONTH).old == {"CL02": {"area": late.time}}


def test_an_area_is_old_by_itself() -> None:
    one = result(finding(area="one"), areas=["one"], time=NOW - 2 * MONTH)
    two = result(finding(area="two"), areas=["two"], run_id="run-2")

    assert survey([two, one], [], NOW, MONTH).old == {"CL01": {"one": one.time}}


def test_a_rollback_is_neither_counted_nor_a_cause() -> None:
    back = result(finding(Status.ERROR, area="rollback"), areas=["rollback"], action="failed", time=NOW + timedelta(days=1))
    fleet = survey([result(finding(Status.COMPLIANT)), back, result(subject="CL02", areas=["rollback"])], ["CL02"], NOW, MONTH)

    assert {host: list(areas) for host, areas in fleet.counts.items()} == {"CL01": ["area"]}
    assert (fleet.causes, fleet.not_heard_from) == ((), ("CL02",))


def test_files_that_could_not_be_read_are_passed_on() -> None:
    assert survey([], [], NOW, MONTH, ["x is none."]).unreadable == ("x is none.",)


def test_one_setting_that_is_wrong_is_one_cause_for_all_its_controls() -> None:
    found = [
        finding(control="A-2", severity=Severity.LOW, title="Two", caveats=("b",)),
        finding(control="A-1", severity=Severity.HIGH, title="One", caveats=("a", "b")),
        finding(control="A-1", object="again"),
        finding(control=None),
    ]
    (cause,) = causes(found)

    assert (cause.subject, cause.status, cause.severity, cause.controls) == ("CL01", Status.DRIFT, "high", ("A-1", "A-2"))
    assert (cause.title, cause.expected, cause.actual, cause.caveats) == ("One", "right", "wrong", ("b", "a"))


def test_each_part_of_a_finding_is_a_cause() -> None:
    parts = (Part("one right", "one wrong", "Do one.", ("c",)), Part("two right", "two wrong"))
    other = finding(control="A-2", parts=parts[1:])
    found = causes([finding(parts=parts), other])

    assert [(cause.actual, cause.expected, cause.remedy, cause.caveats, cause.controls) for cause in found] == [
        ("one wrong", "one right", "Do one.", ("c",), ("A-1",)),
        ("two wrong", "two right", "", (), ("A-1", "A-2")),
    ]


def test_what_is_good_has_no_cause() -> None:
    found = causes([finding(status, f"A-{number}", actual=status.value) for number, status in enumerate(Status)])

    assert [cause.status for cause in found] == [
        Status.ERROR,
        Status.CONFLICT,
        Status.DRIFT,
        Status.INDETERMINATE,
        Status.UNATTESTED,
        Status.WAIVED,
    ]


def test_what_nobody_vouched_for_is_a_thing_to_do_for_each_control() -> None:
    found = causes([finding(Status.UNATTESTED, "A-1"), finding(Status.UNATTESTED, "A-2")])

    assert [cause.actual for cause in found] == ["Title of A-1: wrong", "Title of A-2: wrong"]


def test_the_worst_come_first_then_by_severity_and_host() -> None:
    found = causes(
        [
            finding(Status.DRIFT, subject="CL02", severity=Severity.HIGH),
            finding(Status.DRIFT, subject="CL01", severity=Severity.LOW),
            finding(Status.CONFLICT, subject="CL03", severity=Severity.LOW),
            finding(Status.DRIFT, subject="CL01", severity=Severity.HIGH, actual="other"),
        ]
    )

    assert [(cause.status, cause.severity, cause.subject) for cause in found] == [
        (Status.CONFLICT, "low", "CL03"),
        (Status.DRIFT, "high", "CL01"),
        (Status.DRIFT, "high", "CL02"),
        (Status.DRIFT, "low", "CL01"),
    ]
