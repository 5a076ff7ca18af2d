# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One registry value, and one that a policy value overrides."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import (
    KeyContent,
    Place,
    Stored,
    key_reads,
    value_difference,
    words,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import Layer, LayeredValue, RegistryValue, Wanted
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import Registry, answers_to

POLICY = "HKLM\\SOFTWARE\\Policies\\Vendor\\Product"
LOCAL = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Product"
ONE = RegistryValue(Place(POLICY, "Switch"))
SWITCH = LayeredValue("the switch", Place(POLICY, "Switch"), Place(LOCAL, "Switch"), default=1, meaning={"0": "off", "1": "on"})
BARE = LayeredValue("the switch", Place(POLICY, "Switch"))


def test_every_key_on_the_way_is_asked_for_below_what_every_windows_has() -> None:
    assert [(read.fields["key"], read.fields.get("names")) for read in key_reads("HKLM\\A\\B\\C\\D\\E", ("x",))] == [
        ("HKLM\\A\\B\\C\\D", []),
        ("HKLM\\A\\B\\C\\D\\E", ["x"]),
    ]
    assert "names" not in key_reads(POLICY)[-1].fields


def test_places_ignore_case() -> None:
    assert Place(POLICY.upper(), "SWITCH").id == Place(POLICY, "Switch").id


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (None, "absent"),
        (Stored("dword", 7), "7"),
        (Stored("sz", 'a "b"\n'), '"a \\"b\\"\\n"'),
        (Stored("multi_sz", ["a", "é"]), '["a", "é"]'),
        (Stored("unknown", None), "null"),
    ],
)
def test_values_in_words(stored: Stored | None, text: str) -> None:
    assert words(stored) == text


def test_a_value_that_is_there_already_differs_in_nothing() -> None:
    content = KeyContent(exists=True, values={"switch": ("SWITCH", Stored("dword", 1))})

    assert value_difference("x", Place(POLICY, "Switch"), content, Stored("dword", 1)) is None
    assert value_difference("x", Place(POLICY, "Other"), content, None) is None


@pytest.mark.parametrize("wanted", [Stored("dword", 0), Stored("qword", 1), Stored("sz", "1")])
def test_another_number_or_type_is_written(wanted: Stored) -> None:
    content = KeyContent(exists=True, values={"switch": ("Switch", Stored("dword", 1))})
    difference = value_difference("value", Place(POLICY, "Switch"), content, wanted, policy=True)

    assert difference is not None
    assert difference.writes == (Operation.of("registry.write", key=POLICY, name="Switch", type=wanted.type, data=wanted.data),)
    assert difference.restore == (
        {"kind": "registry_value", "key": POLICY, "name": "Switch", "policy": True, "before": {"type": "dword", "data": 1}},
    )
    assert difference.place == Place(POLICY, "Switch").id
    assert difference.target == {"type": wanted.type, "data": wanted.data}
    assert difference.describe() == f"value: 1 -> {words(wanted)}"


def test_what_has_to_go_is_removed() -> None:
    content = KeyContent(exists=True, values={"switch": ("Switch", Stored("dword", 1))})
    difference = value_difference("value", Place(POLICY, "Switch"), content, None)

    assert difference is not None
    assert difference.writes == (Operation.of("registry.remove", key=POLICY, name="Switch"),)
    assert difference.describe() == "value: 1 -> absent"
    assert difference.place is None and difference.target is None


def test_keys_that_are_made_on_the_way_are_kept_for_going_back() -> None:
    observation = ONE.interpret(answers_to(ONE, registry={"HKLM\\SOFTWARE\\Policies\\Vendor": {}}))
    (difference,) = ONE.assess(observation, Stored("dword", 1)).differences

    assert difference.restore == (
        {"kind": "registry_value", "key": POLICY, "name": "Switch", "policy": False, "before": None},
        {"kind": "registry_key", "key": POLICY},
    )


def test_a_denied_key_is_a_problem_with_its_reason() -> None:
    problem = ONE.interpret(answers_to(ONE, denied=POLICY)).problem

    assert problem is not None
    assert problem.code is Code.ACCESS_DENIED
    assert problem.message == f"{POLICY} could not be read (access_denied): Access is denied."


@pytest.mark.parametrize(
    ("denied", "layer", "registry", "said"),
    [
        (POLICY, Layer.POLICY, {}, f"{POLICY}\\Switch could not be read (access_denied): Access is denied."),
        (POLICY, Layer.EFFECTIVE, {}, f"{POLICY}\\Switch could not be read (access_denied): Access is denied."),
        (LOCAL, Layer.LOCAL, {}, f"{LOCAL}\\Switch could not be read (access_denied): Access is denied."),
        (LOCAL, Layer.EFFECTIVE, {}, f"{LOCAL}\\Switch could not be read (access_denied): Access is denied."),
    ],
)
def test_a_layer_that_cannot_be_read_is_doubt(denied: str, layer: Layer, registry: Registry, said: str) -> None:
    assessment = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH, denied=denied, registry=registry)), Wanted(0, layer))

    assert (assessment.status, assessment.code, assessment.differences) == (Status.INDETERMINATE, Code.ACCESS_DENIED, ())
    assert assessment.actual == said


@pytest.mark.parametrize(
    ("denied", "layer", "registry", "said"),
    [
        (POLICY, Layer.LOCAL, {LOCAL: {"Switch": ("dword", 0)}}, "the switch: off (control panel)"),
        (LOCAL, Layer.POLICY, {POLICY: {"Switch": ("dword", 0)}}, "the switch: off (policy)"),
        (LOCAL, Layer.EFFECTIVE, {POLICY: {"Switch": ("dword", 0)}}, "the switch: off (policy)"),
    ],
)
def test_the_trouble_of_one_layer_is_not_the_others(denied: str, layer: Layer, registry: Registry, said: str) -> None:
    assessment = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH, denied=denied, registry=registry)), Wanted(0, layer))

    assert (assessment.status, assessment.actual) == (Status.COMPLIANT, said)


def test_one_value_is_held_against_what_is_wanted() -> None:
    observation = ONE.interpret(answers_to(ONE, registry={POLICY: {"sWITCH": ("dword", 0)}}))

    assert observation.evidence == (f"{POLICY}\\Switch = 0",)
    assert ONE.assess(observation, Stored("dword", 0)).status is Status.COMPLIANT
    wrong = ONE.assess(observation, Stored("dword", 1))
    assert (wrong.status, wrong.expected, wrong.actual) == (Status.DRIFT, "1", "0")
    gone = ONE.assess(observation, None)
    assert (gone.status, gone.expected, gone.actual) == (Status.DRIFT, "absent", "0")


@pytest.mark.parametrize(
    ("registry", "status", "actual"),
    [
        ({POLICY: {"Switch": ("dword", 0)}, LOCAL: {"Switch": ("dword", 1)}}, Status.COMPLIANT, "the switch: off (policy)"),
        ({POLICY: {"Switch": ("dword", 1)}, LOCAL: {"Switch": ("dword", 0)}}, Status.DRIFT, "the switch: on (policy)"),
        ({LOCAL: {"Switch": ("dword", 0)}}, Status.COMPLIANT, "the switch: off (control panel)"),
        ({}, Status.DRIFT, "the switch: on (default)"),
    ],
)
def test_the_policy_wins_over_the_local_layer_and_that_over_the_default(registry: Registry, status: Status, actual: str) -> None:
    assessment = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH, registry=registry)), Wanted(0))

    assert (assessment.status, assessment.expected, assessment.actual) == (status, "the switch: off", actual)
    # So that whoever decides the policy value can be named.
    assert [difference.place for difference in assessment.differences] == ([SWITCH.policy.id] if status is Status.DRIFT else [])


def test_other_data_may_be_as_good() -> None:
    observation = BARE.interpret(answers_to(BARE, registry={POLICY: {"Switch": ("dword", 3)}}))

    assert BARE.assess(observation, Wanted(1, other=(0, 3))).status is Status.COMPLIANT
    assert BARE.assess(observation, Wanted(1, other=(0, 2))).status is Status.DRIFT


def test_an_undocumented_default_is_doubt() -> None:
    assessment = BARE.assess(BARE.interpret(answers_to(BARE)), Wanted(0))

    assert (assessment.status, assessment.code, assessment.differences) == (Status.INDETERMINATE, Code.DEFAULT_UNKNOWN, ())
    assert assessment.actual == "the switch: neither a policy nor a local value is there, and what Windows does then is not documented"


def test_a_value_of_another_type_is_doubt() -> None:
    assessment = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH, registry={POLICY: {"Switch": ("sz", "0")}})), Wanted(0))

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.MALFORMED_VALUE)
    assert assessment.actual == "the switch: the policy value is of the type sz instead of dword"


def test_data_that_no_policy_can_have_is_doubt() -> None:
    assessment = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH, registry={POLICY: {"Switch": ("dword", 9)}})), Wanted(0))

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.MALFORMED_VALUE)
    assert assessment.actual == "the switch: the policy value is 9, which means nothing to Windows' own editor"


@pytest.mark.parametrize(
    ("layer", "registry", "status", "actual"),
    [
        (Layer.POLICY, {POLICY: {"Switch": ("dword", 0)}}, Status.COMPLIANT, "the switch: off (policy)"),
        (Layer.POLICY, {LOCAL: {"Switch": ("dword", 0)}}, Status.DRIFT, "the switch: no policy value, where the control panel decides"),
        (Layer.POLICY, {}, Status.DRIFT, "the switch: no policy value, where the default decides"),
        (Layer.LOCAL, {LOCAL: {"Switch": ("dword", 0)}}, Status.COMPLIANT, "the switch: off (control panel)"),
        (
            Layer.LOCAL,
            {POLICY: {"Switch": ("dword", 0)}, LOCAL: {"Switch": ("dword", 1)}},
            Status.DRIFT,
            "the switch: on (control panel, where the policy decides)",
        ),
        (Layer.POLICY, {POLICY: {"Switch": ("sz", "0")}}, Status.DRIFT, 'the switch: "0" (policy)'),
    ],
)
def test_whoever_writes_a_layer_wants_it_to_hold_the_value(layer: Layer, registry: Registry, status: Status, actual: str) -> None:
    assessment = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH, registry=registry)), Wanted(0, layer))

    assert (assessment.status, assessment.actual) == (status, actual)
    assert assessment.expected == f"the switch: off ({layer.value})"
    key = POLICY if layer is Layer.POLICY else LOCAL
    assert [write.fields for difference in assessment.differences for write in difference.writes] == (
        [{"key": key, "name": "Switch", "type": "dword", "data": 0}] if status is Status.DRIFT else []
    )
    assert [difference.place is not None for difference in assessment.differences] == (
        [layer is Layer.POLICY] if status is Status.DRIFT else []
    )


def test_the_words_of_a_change_name_the_layer_unless_there_is_a_label() -> None:
    labelled = LayeredValue("the switch", Place(POLICY, "Switch"), label="uac")
    for setting, layer, said in (
        (SWITCH, Layer.POLICY, "policy Switch: absent -> 0"),
        (SWITCH, Layer.LOCAL, "control panel Switch: absent -> 0"),
        (labelled, Layer.POLICY, "uac Switch: absent -> 0"),
    ):
        (difference,) = setting.assess(setting.interpret(answers_to(setting)), Wanted(0, layer)).differences
        assert difference.describe() == said


def test_a_leftover_is_removed() -> None:
    wanted = Wanted(layer=Layer.POLICY, absent=True)
    left = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH, registry={POLICY: {"Switch": ("dword", 1)}})), wanted)
    none = SWITCH.assess(SWITCH.interpret(answers_to(SWITCH)), wanted)

    assert (left.status, left.expected) == (Status.DRIFT, "the switch: no value (policy)")
    assert [write.op for write in left.differences[0].writes] == ["registry.remove"]
    assert (none.status, none.actual) == (Status.COMPLIANT, "the switch: no policy value, where the default decides")


def test_a_layer_that_is_not_there_cannot_be_wanted() -> None:
    with pytest.raises(ValueError, match="the switch has no control panel layer"):
        BARE.assess(BARE.interpret(answers_to(BARE)), Wanted(0, Layer.LOCAL))
