# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A length of time as a count and a unit."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_duration import DurationWanted, RegistryDuration
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import LayeredValue
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import Registry, answers_to

POLICY = "HKLM\\SOFTWARE\\Policies\\Vendor\\Product"
LOCAL = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Product"
LIFE = RegistryDuration(
    "life",
    LayeredValue("count", Place(POLICY, "Count"), Place(LOCAL, "Count"), default=6),
    LayeredValue("unit", Place(POLICY, "Unit"), Place(LOCAL, "Unit"), default=1),
)
BARE = RegistryDuration("life", LayeredValue("count", Place(POLICY, "Count")), LayeredValue("unit", Place(POLICY, "Unit")))


def layer(count: int | None, unit: int | None) -> dict[str, tuple[str, int]]:
    return {name: ("dword", data) for name, data in (("Count", count), ("Unit", unit)) if data is not None}


@pytest.mark.parametrize(
    ("registry", "status", "actual"),
    [
        ({POLICY: layer(6, 1)}, Status.COMPLIANT, "life: 6 hours (policy)"),
        ({POLICY: layer(1, 1)}, Status.COMPLIANT, "life: 1 hour (policy)"),
        ({POLICY: layer(99, 0)}, Status.COMPLIANT, "life: 99 minutes (policy)"),
        ({POLICY: layer(7, 1)}, Status.DRIFT, "life: 7 hours (policy)"),
        ({POLICY: layer(1, 2)}, Status.DRIFT, "life: 1 day (policy)"),
        ({LOCAL: layer(3, 1)}, Status.COMPLIANT, "life: 3 hours (control panel)"),
        ({POLICY: layer(2, None), LOCAL: layer(9, 2)}, Status.DRIFT, "life: 2 days (policy and control panel)"),
        ({}, Status.COMPLIANT, "life: 6 hours (default)"),
    ],
)
def test_the_effective_length_is_what_whoever_looks_on_wants(registry: Registry, status: Status, actual: str) -> None:
    assessment = LIFE.assess(LIFE.interpret(answers_to(LIFE, registry=registry)), DurationWanted(6, 1, layers=False))

    assert (assessment.status, assessment.expected, assessment.actual) == (status, "life: at most 6 hours", actual)
    assert all(difference.place for difference in assessment.differences)
    assert bool(assessment.differences) is (status is Status.DRIFT)


@pytest.mark.parametrize(
    "registry",
    [{POLICY: layer(0, 1)}, {POLICY: layer(100, 0)}, {POLICY: layer(6, 3)}, {POLICY: {"Count": ("sz", "6")}}],
)
def test_what_no_editor_writes_is_doubt(registry: Registry) -> None:
    assessment = LIFE.assess(LIFE.interpret(answers_to(LIFE, registry=registry)), DurationWanted(6, 1, layers=False))

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.MALFORMED_VALUE)


def test_nothing_at_all_without_a_default_is_doubt() -> None:
    assessment = BARE.assess(BARE.interpret(answers_to(BARE)), DurationWanted(6, 1, layers=False))

    assert (assessment.status, assessment.actual) == (Status.INDETERMINATE, "life: count absent, unit absent (unknown)")


def test_each_layer_has_to_say_the_length_where_they_are_written() -> None:
    assessment = LIFE.assess(LIFE.interpret(answers_to(LIFE, registry={POLICY: layer(1, 1)})), DurationWanted(6, 1))

    assert assessment.status is Status.DRIFT
    assert [difference.describe() for difference in assessment.differences] == [
        "control panel Count: absent -> 6",
        "control panel Unit: absent -> 1",
    ]


def test_only_what_differs_is_written() -> None:
    registry = {POLICY: layer(9, 1), LOCAL: layer(6, 1)}
    assessment = LIFE.assess(LIFE.interpret(answers_to(LIFE, registry=registry)), DurationWanted(6, 1))

    assert [difference.describe() for difference in assessment.differences] == ["policy Count: 9 -> 6"]
    assert [write.fields["key"] for difference in assessment.differences for write in difference.writes] == [POLICY]


def test_a_length_without_a_local_layer() -> None:
    assessment = BARE.assess(BARE.interpret(answers_to(BARE, registry={POLICY: layer(6, 1)})), DurationWanted(6, 1))

    assert (assessment.status, assessment.differences) == (Status.COMPLIANT, ())


@pytest.mark.parametrize("denied", [POLICY, LOCAL])
def test_a_layer_that_is_denied_is_a_problem(denied: str) -> None:
    problem = LIFE.interpret(answers_to(LIFE, denied=denied)).problem

    assert problem is not None
    assert problem.code is Code.ACCESS_DENIED
