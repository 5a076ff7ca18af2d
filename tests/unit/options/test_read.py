# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator wrote -> checked plain values, or sentences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options import read

SPEC: dict[str, dict[str, Any]] = {
    "mode": {"type": "str", "required": True, "choices": ["off", "on"]},
    "count": {"type": "int", "default": 3},
    "flag": {"type": "bool", "default": False},
    "file": {"type": "path"},
    "names": {"type": "list", "elements": "str"},
    "numbers": {"type": "list", "elements": "int"},
    "fail_on": {"type": "list", "elements": "str", "choices": ["drift", "error"], "default": []},
    "needed": {"type": "list", "elements": "str", "required": True},
    "anything": {"type": "dict"},
    "life": {
        "type": "dict",
        "options": {"value": {"type": "int", "required": True}, "unit": {"type": "str", "required": True, "choices": ["hours", "days"]}},
    },
    "waivers": {
        "type": "list",
        "elements": "dict",
        "options": {"control": {"type": "str", "required": True}, "subject": {"type": "str", "default": "*"}},
    },
}
ALL = "anything, count, fail_on, file, flag, life, mode, names, needed, numbers, waivers"


@pytest.fixture(autouse=True)
def _specified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "specifications", lambda: {"example": SPEC})


def given_options(**given_here: Any) -> dict[str, Any]:
    return {"mode": "on", "needed": ["x"], **given_here}


def wrong(given_here: Any, prefix: str = "") -> list[str]:
    with pytest.raises(OptionError) as caught:
        read.read_options("example", given_here, prefix=prefix)
    return list(caught.value.sentences)


def test_defaults_take_the_place_of_what_is_left_out_or_null() -> None:
    assert read.read_options("example", given_options(flag=None)) == {
        "mode": "on",
        "count": 3,
        "flag": False,
        "file": None,
        "names": None,
        "numbers": None,
        "fail_on": [],
        "needed": ["x"],
        "anything": None,
        "life": None,
        "waivers": None,
    }


@pytest.mark.parametrize(
    ("option", "written", "checked"),
    [
        ("count", 7, 7),
        ("count", " 7 ", 7),
        ("count", "-7", -7),
        ("flag", "yes", True),
        ("flag", "Off", False),
        ("flag", 1, True),
        ("flag", "0", False),
        ("file", "a/b.xml", "a/b.xml"),
        ("names", ["a", 7, 1.5], ["a", "7", "1.5"]),
        ("names", "a, b", ["a", "b"]),
        ("names", "", []),
        ("names", [], []),
        ("names", ("a",), ["a"]),
        ("numbers", ["1", 2], [1, 2]),
        ("numbers", "1,2", [1, 2]),
        ("fail_on", "drift,error", ["drift", "error"]),
        ("anything", {"x": [1]}, {"x": [1]}),
        ("life", {"value": "5", "unit": "days"}, {"value": 5, "unit": "days"}),
        ("waivers", [{"control": 2}], [{"control": "2", "subject": "*"}]),
    ],
)
def test_values_are_converted(option: str, written: Any, checked: Any) -> None:
    assert read.read_options("example", given_options(**{option: written}))[option] == checked


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mood": 1}, f"mood: there is no such option; allowed are {ALL}."),
        ({"life": {"value": 1, "unit": "days", "units": 1}}, "life.units: there is no such option; allowed are unit, value."),
        ({"waivers": [{"control": "x", "sub": 1}]}, "waivers[0].sub: there is no such option; allowed are control, subject."),
        ({"mode": None}, "mode: missing; allowed is one of off, on."),
        ({"needed": None}, "needed: missing; allowed is a list, each entry a text."),
        ({"life": {"value": 1}}, "life.unit: missing; allowed is one of hours, days."),
        ({"life": {"unit": "days"}}, "life.value: missing; allowed is a whole number."),
        ({"waivers": [{"control": "x"}, {}]}, "waivers[1].control: missing; allowed is a text."),
        ({"mode": "of"}, "mode: 'of' is not allowed; allowed is one of off, on."),
        ({"mode": True}, "mode: true is not a text; allowed is one of off, on."),
        ({"mode": ["on"]}, 'mode: ["on"] is not a text; allowed is one of off, on.'),
        ({"life": {"value": 1, "unit": "weeks"}}, "life.unit: 'weeks' is not allowed; allowed is one of hours, days."),
        ({"count": True}, "count: true is not a whole number; allowed is a whole number."),
        ({"count": "many"}, "count: 'many' is not a whole number; allowed is a whole number."),
        ({"count": 1.5}, "count: 1.5 is not a whole number; allowed is a whole number."),
        ({"count": "1.0"}, "count: '1.0' is not a whole number; allowed is a whole number."),
        ({"count": "9" * 5000}, f"count: '{'9' * 5000}' is not a whole number; allowed is a whole number."),
        ({"count": [1]}, "count: [1] is not a whole number; allowed is a whole number."),
        ({"flag": "maybe"}, "flag: 'maybe' is not true or false; allowed is true or false."),
        ({"flag": 2}, "flag: 2 is not true or false; allowed is true or false."),
        ({"flag": []}, "flag: [] is not true or false; allowed is true or false."),
        ({"file": {"a": 1}}, 'file: {"a": 1} is not a path; allowed is a path.'),
        ({"names": 5}, "names: 5 is not a list; allowed is a list, each entry a text."),
        ({"names": {"a": 1}}, 'names: {"a": 1} is not a list; allowed is a list, each entry a text.'),
        ({"names": ["a", None]}, "names[1]: null is not a text; allowed is a text."),
        ({"names": ["a", ["b"]]}, 'names[1]: ["b"] is not a text; allowed is a text.'),
        ({"numbers": "1,x"}, "numbers[1]: 'x' is not a whole number; allowed is a whole number."),
        ({"fail_on": ["drift", "drifts"]}, "fail_on[1]: 'drifts' is not allowed; allowed is one of drift, error."),
        ({"fail_on": 5}, "fail_on: 5 is not a list; allowed is a list, each entry one of drift, error."),
        ({"anything": "x"}, "anything: 'x' is no dictionary."),
        ({"life": "5 days"}, "life: '5 days' is no dictionary; allowed are the options unit, value."),
        ({"waivers": "x"}, "waivers[0]: 'x' is no dictionary; allowed are the options control, subject."),
        (
            {"waivers": {"control": "x"}},
            'waivers: {"control": "x"} is not a list; allowed is a list, each entry a dictionary of control, subject.',
        ),
        ({"waivers": [None]}, "waivers[0]: null is no dictionary; allowed are the options control, subject."),
    ],
)
def test_what_is_wrong_is_a_whole_sentence(options: dict[str, Any], sentence: str) -> None:
    assert wrong(given_options(**options)) == [sentence]


def test_everything_wrong_is_said_at_once() -> None:
    assert wrong({"mood": 1, "count": "x", "life": {"value": "y"}}) == [
        f"mood: there is no such option; allowed are {ALL}.",
        "mode: missing; allowed is one of off, on.",
        "count: 'x' is not a whole number; allowed is a whole number.",
        "needed: missing; allowed is a list, each entry a text.",
        "life.value: 'y' is not a whole number; allowed is a whole number.",
        "life.unit: missing; allowed is one of hours, days.",
    ]


@pytest.mark.parametrize("options", [None, [], "mode=on", 5])
def test_options_that_are_no_dictionary(options: Any) -> None:
    shown = {"mode=on": "'mode=on'", None: "null", 5: "5"}.get(options, "[]") if not isinstance(options, list) else "[]"

    assert wrong(options) == [f"example: {shown} is no dictionary; allowed are the options {ALL}."]


def test_options_that_stand_inside_another_one_are_named_so() -> None:
    assert wrong({"mode": "x", "needed": ["x"], "mood": 1}, prefix="area.") == [
        f"area.mood: there is no such option; allowed are {ALL}.",
        "area.mode: 'x' is not allowed; allowed is one of off, on.",
    ]
    assert wrong([], prefix="area.") == [f"area: [] is no dictionary; allowed are the options {ALL}."]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "unit", "control", "x"]), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*SPEC, "x"]), JSON))
def test_any_plain_values_are_checked_or_refused(options: dict[str, Any]) -> None:
    try:
        checked = read.read_options("example", options)
    except OptionError as error:
        assert error.sentences  # noqa: PT017 what is not raised is looked at as well
    else:
        assert set(checked) == set(SPEC)
        assert isinstance(checked["count"], int) and checked["mode"] in ("off", "on")
        assert all(isinstance(name, str) for name in checked["names"] or ())
