# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every policy value that the library knows is what Microsoft's administrative templates define: key, name, type, data, range."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_values import (
    LIST_KEY,
    POLICY_KEY,
    VALUES,
    PolicyValue,
)

Row = Mapping[str, str]


@dataclass(frozen=True)
class Element:
    """One element of a policy: C(decimal) with a range, C(enum) with its numbers, C(text), C(list) whose name is a key."""

    kind: str
    name: str
    numbers: frozenset[int] = frozenset()
    minimum: int | None = None
    maximum: int | None = None


def read_element(text: str) -> Element:
    """`decimal:Name[1..99]`, `enum:Name{0=Zero,1=One}`, `text:Name`, `list:Key\\(…)`."""
    kind, rest = text.strip().split(":", 1)
    if kind == "list":
        return Element(kind, rest.split("(", 1)[0].rstrip("\\"))
    name = re.split(r"[\[{(]", rest, maxsplit=1)[0]
    if kind == "decimal":
        bounds = re.search(r"\[(\d+)\.\.(\d+)\]", rest)
        return Element(kind, name, minimum=int(bounds[1]), maximum=int(bounds[2])) if bounds else Element(kind, name)
    return Element(kind, name, frozenset(int(number) for number in re.findall(r"[{,](\d+)=", rest)))


def elements_of(row: Row) -> tuple[Element, ...]:
    return tuple(read_element(text) for text in row["elements"].split(" ; ") if text.strip())


def without_hive(key: str) -> str:
    return key.removeprefix("HKLM\\").lower()


def faults(value: PolicyValue, rows: Sequence[Row]) -> list[str]:
    """What of one value is not as the templates have it."""
    policies = [row for row in rows if row["admx"].lower() == value.admx.lower() and row["policy"] == value.policy]
    if len(policies) != 1:
        return [f"{value.admx} has {len(policies)} policies {value.policy}"]
    row = policies[0]
    found = []
    if row["class"] not in ("Machine", "Both"):
        found.append(f"{value.policy} is a policy of users")
    if row["key"].lower() != without_hive(value.key):
        found.append(f"{value.policy} writes to {row['key']}")
    if row["display_name"] != value.display:
        found.append(f"{value.policy} is called {row['display_name']!r} in the editor")
    if row["value_name"].lower() == value.name.lower():
        if row["value_name"] != value.name:
            found.append(f"{value.policy} spells its value {row['value_name']}")
        return found + switch_faults(value, row)
    elements = [element for element in elements_of(row) if element.name == value.name]
    if len(elements) != 1:
        return [*found, f"{value.policy} has no element {value.name}"]
    return found + element_faults(value, elements[0])


def switch_faults(value: PolicyValue, row: Row) -> list[str]:
    found = []
    if value.type != "dword":
        found.append(f"{value.name} is a dword")
    if (str(value.enabled), str(value.disabled)) != (row["enabled_value"], row["disabled_value"]):
        found.append(f"{value.name} is {row['enabled_value']} when enabled and {row['disabled_value']} when disabled")
    return found


def element_faults(value: PolicyValue, element: Element) -> list[str]:
    found = []
    kind = {"text": "sz"}.get(element.kind, "dword")
    if value.type != kind:
        found.append(f"{value.name} is a {kind}")
    if (value.enabled, value.disabled) != (None, None):
        found.append(f"{value.name} is an element and no switch")
    if frozenset(value.choices) != element.numbers:
        found.append(f"{value.name} allows {sorted(element.numbers)}")
    if (value.minimum, value.maximum) != (element.minimum, element.maximum):
        found.append(f"{value.name} goes from {element.minimum} to {element.maximum}")
    return found


@pytest.fixture(scope="module")
def rows(reference_data: Path) -> list[Row]:
    with (reference_data / "admx_policies.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.name)
def test_a_policy_value_is_as_the_templates_define_it(value: PolicyValue, rows: list[Row]) -> None:
    assert faults(value, rows) == []


def test_the_list_of_helpers_is_where_the_templates_put_it(rows: list[Row]) -> None:
    offer = next(row for row in rows if row["admx"] == "RemoteAssistance.admx" and row["policy"] == "RA_Unsolicit")
    assert [element.name.lower() for element in elements_of(offer) if element.kind == "list"] == [without_hive(LIST_KEY)]


def test_no_value_of_these_policies_is_unknown_to_the_library(rows: list[Row]) -> None:
    policies = {value.policy for value in VALUES}
    defined = {
        name
        for row in rows
        if row["admx"] == "RemoteAssistance.admx" and row["policy"] in policies
        for name in (row["value_name"], *(element.name for element in elements_of(row) if element.kind != "list"))
    }
    assert defined - {value.name for value in VALUES} == set()


SWITCH = PolicyValue("Allow", "P", "Allow it", "", enabled=1, disabled=0, choices={1: "on", 0: "off"})
ROW = {
    "admx": "RemoteAssistance.admx",
    "policy": "P",
    "class": "Machine",
    "display_name": "Allow it",
    "key": without_hive(POLICY_KEY).upper(),
    "value_name": "Allow",
    "enabled_value": "1",
    "disabled_value": "0",
    "elements": "decimal:Life[1..99] ; enum:Unit{0=Minutes,1=Hours} ; text:Message ; list:Some\\Key\\(additive=None,valuePrefix=None)",
}
COUNT = PolicyValue("Life", "P", "Allow it", "", minimum=1, maximum=99)
UNIT = PolicyValue("Unit", "P", "Allow it", "", choices={0: "minutes", 1: "hours"})
MESSAGE = PolicyValue("Message", "P", "Allow it", "", type="sz")


@pytest.mark.parametrize("value", [SWITCH, COUNT, UNIT, MESSAGE], ids=lambda value: value.name)
def test_what_is_right_passes(value: PolicyValue) -> None:
    assert faults(value, [ROW]) == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (replace(SWITCH, policy="Q"), "RemoteAssistance.admx has 0 policies Q"),
        (replace(SWITCH, admx="Other.admx"), "Other.admx has 0 policies P"),
        (replace(SWITCH, key="HKLM\\Elsewhere"), f"P writes to {ROW['key']}"),
        (replace(SWITCH, display="Permit it"), "P is called 'Allow it' in the editor"),
        (replace(SWITCH, name="allow"), "P spells its value Allow"),
        (replace(SWITCH, type="sz"), "Allow is a dword"),
        (replace(SWITCH, enabled=2), "Allow is 1 when enabled and 0 when disabled"),
        (replace(COUNT, name="Age"), "P has no element Age"),
        (replace(COUNT, maximum=100), "Life goes from 1 to 99"),
        (replace(COUNT, type="sz"), "Life is a dword"),
        (replace(UNIT, choices={0: "minutes"}), "Unit allows [0, 1]"),
        (replace(UNIT, enabled=1, disabled=0), "Unit is an element and no switch"),
        (replace(MESSAGE, type="dword"), "Message is a sz"),
    ],
)
def test_what_is_wrong_is_seen(value: PolicyValue, sentence: str) -> None:
    assert faults(value, [ROW]) == [sentence]


def test_a_policy_of_users_is_seen() -> None:
    assert faults(SWITCH, [{**ROW, "class": "User"}]) == ["P is a policy of users"]
