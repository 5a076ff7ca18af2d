# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verdicts, statements, waivers and attestations -> findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context, error_findings, judge, waived_controls
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.verdict import Verdict
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation, Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding, Part
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import TODAY, context, good, requirement


def verdict(status: Status, *controls: str, of: str = "a", object: str | None = None, **more: Any) -> Verdict:  # noqa: A002 as in the model
    defaults = {"expected": f"{of} right", "actual": f"{of} is {status.value}", "evidence": (f"{of} was read",)}
    return Verdict(requirement(of, good(), controls, object=object), "area", status, **{**defaults, **more})


def findings(*verdicts: Verdict, within: Context | None = None, demands: Demands | None = None) -> tuple[Finding, ...]:
    return judge([demands] if demands else [], verdicts, within or context())


def waiver(expires: date = TODAY, subject: str = "CL01", control: str = "A-1") -> Waiver:
    return Waiver(control, subject, "old printer", "Anna", expires)


def test_a_finding_says_all_that_the_verdict_does() -> None:
    (finding,) = findings(
        verdict(Status.INDETERMINATE, "A-2", code=Code.READ_FAILED, caveats=("unproven",), remedy="Do it.", object="thing")
    )

    assert finding == Finding(
        control="A-2",
        area="area",
        subject="CL01",
        status=Status.INDETERMINATE,
        severity=Severity.HIGH,
        expected="a right",
        actual="a is indeterminate",
        object="thing",
        title="Title of A-2",
        evidence=("a was read",),
        caveats=("unproven",),
        remedy="Do it.",
        code=Code.READ_FAILED,
        parts=(Part("a right", "a is indeterminate", "Do it.", ("unproven",)),),
    )


def test_each_control_of_a_requirement_has_a_finding() -> None:
    assert [(finding.control, finding.severity) for finding in findings(verdict(Status.DRIFT, "A-1", "A-2", "A-3"))] == [
        ("A-2", Severity.HIGH),
        ("A-1", Severity.MEDIUM),
        ("A-3", Severity.LOW),
    ]


def test_a_wish_that_no_control_covers_is_reported() -> None:
    (finding,) = findings(verdict(Status.DRIFT))

    assert (finding.control, finding.object, finding.title, finding.severity) == (None, "fake:a", "a right", Severity.LOW)
    assert findings(verdict(Status.DRIFT, object="thing"))[0].object == "thing"


def test_a_requirement_may_be_worse_than_its_control() -> None:
    assert findings(verdict(Status.DRIFT, "A-3", severity=Severity.HIGH))[0].severity is Severity.HIGH


# ---------------------------------------------------------------- several requirements


def test_the_worst_of_several_speaks_and_all_show_their_evidence() -> None:
    (finding,) = findings(
        verdict(Status.COMPLIANT, "A-1", of="a", caveats=("common",)),
        verdict(Status.DRIFT, "A-1", of="b", caveats=("common", "of b"), remedy="Do b."),
        verdict(Status.DRIFT, "A-1", of="c", severity=Severity.HIGH, remedy="Do b."),
        verdict(Status.INDETERMINATE, "A-1", of="d", code=Code.READ_FAILED),
    )

    assert (finding.status, finding.severity, finding.code) == (Status.DRIFT, Severity.HIGH, None)
    assert (finding.expected, finding.actual, finding.remedy) == ("b right; c right", "b is drift; c is drift", "Do b.")
    assert finding.evidence == ("a was read", "b was read", "c was read", "d was read")
    assert finding.caveats == ("common", "of b")
    assert finding.parts == (Part("b right", "b is drift", "Do b.", ("common", "of b")), Part("c right", "c is drift", "Do b."))


@pytest.mark.parametrize("worst", list(Status))
def test_the_worst_status_wins_in_any_order(worst: Status) -> None:
    better = [status for status in Status if status.rank >= worst.rank]
    for order in (better, better[::-1]):
        (finding,) = findings(*(verdict(status, "A-1", of=status.value) for status in order))
        assert finding.status is worst
        assert finding.actual == f"{worst.value} is {worst.value}"


def test_objects_and_areas_are_judged_apart() -> None:
    one, two = verdict(Status.DRIFT, "A-1", object="one"), verdict(Status.COMPLIANT, "A-1", object="two")
    elsewhere = replace(verdict(Status.COMPLIANT, "A-1", object="one"), area="other")

    assert [(finding.area, finding.object, finding.status) for finding in findings(one, two, elsewhere)] == [
        ("area", "one", Status.DRIFT),
        ("other", "one", Status.COMPLIANT),
        ("area", "two", Status.COMPLIANT),
    ]


def test_the_worst_come_first_and_then_by_control() -> None:
    found = findings(
        verdict(Status.COMPLIANT, "A-2"),
        verdict(Status.DRIFT),
        verdict(Status.DRIFT, "B-1"),
        verdict(Status.DRIFT, "A-1"),
        verdict(Status.ERROR, "A-3"),
    )

    assert [(finding.status, finding.control) for finding in found] == [
        (Status.ERROR, "A-3"),
        (Status.DRIFT, "A-1"),
        (Status.DRIFT, "B-1"),
        (Status.DRIFT, None),
        (Status.COMPLIANT, "A-2"),
    ]


# ---------------------------------------------------------------- statements


def test_statements_need_no_reading() -> None:
    demands = Demands(
        "area",
        (),
        (
            Statement("A-1", Status.NOT_APPLICABLE, "not in this mode"),
            Statement("A-2", Status.INDETERMINATE, "who knows", "true", "Say it.", Code.MALFORMED_VALUE),
        ),
    )
    two, one = findings(demands=demands)

    assert (one.control, one.status, one.actual, one.title, one.severity) == (
        "A-1",
        Status.NOT_APPLICABLE,
        "not in this mode",
        "Title of A-1",
        Severity.MEDIUM,
    )
    assert (two.expected, two.remedy, two.code) == ("true", "Say it.", Code.MALFORMED_VALUE)


def test_a_statement_is_merged_with_what_was_read() -> None:
    demands = Demands("area", (), (Statement("A-1", Status.DRIFT, "declared so"),))
    (finding,) = findings(verdict(Status.COMPLIANT, "A-1"), demands=demands)

    assert (finding.status, finding.actual, finding.evidence) == (Status.DRIFT, "declared so", ("a was read",))


# ---------------------------------------------------------------- waivers


@pytest.mark.parametrize("status", [Status.CONFLICT, Status.DRIFT, Status.INDETERMINATE, Status.UNATTESTED])
@pytest.mark.parametrize("subject", ["CL01", "cl01", "*"])
def test_a_waiver_in_force_covers_a_deviation(status: Status, subject: str) -> None:
    (finding,) = findings(verdict(status, "A-1", code=Code.READ_FAILED), within=context(waiver(subject=subject)))

    assert (finding.status, finding.underlying, finding.code) == (Status.WAIVED, status, None)
    assert finding.caveats == ("waived until 2026-06-01 by Anna: old printer",)
    assert finding.actual == f"a is {status.value}"


@pytest.mark.parametrize("status", [Status.ERROR, Status.COMPLIANT, Status.NOT_APPLICABLE, Status.ATTESTED])
def test_there_is_nothing_to_waive_in_anything_else(status: Status) -> None:
    (finding,) = findings(verdict(status, "A-1"), within=context(waiver()))

    assert (finding.status, finding.underlying, finding.caveats) == (status, None, ())


def test_an_expired_waiver_is_said_and_the_real_status_returns() -> None:
    (finding,) = findings(verdict(Status.DRIFT, "A-1"), within=context(waiver(date(2026, 5, 31))))

    assert (finding.status, finding.underlying) == (Status.DRIFT, None)
    assert finding.caveats == ("the waiver by Anna: old printer expired on 2026-05-31",)


@pytest.mark.parametrize("decision", [waiver(subject="CL02"), waiver(control="A-2")])
def test_a_waiver_for_somebody_or_something_else_is_none(decision: Waiver) -> None:
    (finding,) = findings(verdict(Status.DRIFT, "A-1"), within=context(decision))

    assert (finding.status, finding.caveats) == (Status.DRIFT, ())


def test_of_several_waivers_the_one_that_lasts_longest_counts() -> None:
    within = context(waiver(date(2026, 5, 31)), waiver(date(2026, 12, 31), "*"), waiver())

    assert findings(verdict(Status.DRIFT, "A-1"), within=within)[0].caveats == ("waived until 2026-12-31 by Anna: old printer",)


def test_a_wish_without_control_is_not_waived() -> None:
    assert findings(verdict(Status.DRIFT), within=context(waiver()))[0].status is Status.DRIFT


def test_the_controls_that_are_left_alone() -> None:
    within = context(
        waiver(control="A-1"),
        waiver(date(2026, 5, 31), control="A-2"),
        waiver(subject="CL02", control="A-3"),
        waiver(date(2027, 1, 1), "*", "B-1"),
    )

    assert waived_controls(within) == {"A-1", "B-1"}


# ---------------------------------------------------------------- attestations


def attestation(on: date, until: date, by: str = "Anna") -> Attestation:
    return Attestation("A-1", by, on, until, "ticket 7")


ATTESTED = Demands("area", (), attested=("A-1",))


def test_nobody_has_attested() -> None:
    (finding,) = findings(demands=ATTESTED)

    assert (finding.status, finding.actual) == (Status.UNATTESTED, "nobody has attested it")
    assert finding.expected == "a person vouches for it, as no machine can see it"
    assert finding.remedy == "Add an attestation: who, when, until when, and where the proof is."


@pytest.mark.parametrize(
    ("on", "until"), [(TODAY, TODAY), (date(2026, 1, 1), TODAY), (TODAY, date(2026, 12, 31)), (date(2026, 1, 1), date(2026, 12, 31))]
)
def test_an_attestation_that_holds(on: date, until: date) -> None:
    (finding,) = findings(demands=ATTESTED, within=context(attestation(on, until)))

    assert (finding.status, finding.remedy) == (Status.ATTESTED, "")
    assert finding.actual == f"attested by Anna on {on.isoformat()}, valid until {until.isoformat()}; proof: ticket 7"


@pytest.mark.parametrize(("on", "until"), [(date(2026, 1, 1), date(2026, 5, 31)), (date(2026, 6, 2), date(2026, 12, 31))])
def test_an_attestation_of_the_past_or_the_future(on: date, until: date) -> None:
    (finding,) = findings(demands=ATTESTED, within=context(attestation(on, until)))

    assert finding.status is Status.UNATTESTED
    assert finding.actual == f"the attestation by Anna holds from {on.isoformat()} until {until.isoformat()} only"


def test_of_several_attestations_the_one_that_lasts_longest_counts() -> None:
    within = context(
        attestation(date(2026, 6, 2), date(2027, 12, 31), "Later"),
        attestation(date(2026, 1, 1), TODAY, "Short"),
        attestation(date(2026, 1, 1), date(2026, 12, 31), "Long"),
    )

    assert findings(demands=ATTESTED, within=within)[0].actual.startswith("attested by Long ")


def test_what_nobody_has_attested_can_be_waived() -> None:
    (finding,) = findings(demands=ATTESTED, within=context(waiver()))

    assert (finding.status, finding.underlying) == (Status.WAIVED, Status.UNATTESTED)


def test_a_host_that_could_not_be_judged_has_an_error_for_each_area() -> None:
    found = error_findings(["one", "two"], "no route", context())

    assert [(finding.area, finding.control, finding.status, finding.severity, finding.actual) for finding in found] == [
        ("one", None, Status.ERROR, Severity.HIGH, "no route"),
        ("two", None, Status.ERROR, Severity.HIGH, "no route"),
    ]
