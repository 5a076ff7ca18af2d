# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A key that goes again once nothing is left in it."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_key import EmptyRegistryKey, Leaving
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import Registry, answers_to

KEY = "HKLM\\SOFTWARE\\Policies\\Vendor"
SETTING = EmptyRegistryKey(KEY)
OURS = Leaving(values=frozenset({("", "switch"), ("product", "level")}), subkeys=frozenset({"product"}))


@pytest.mark.parametrize(
    "registry",
    [
        {KEY: {}},
        {KEY: {"SWITCH": ("dword", 1)}},
        {KEY: {}, f"{KEY}\\Product": {}},
        {KEY: {"Switch": ("dword", 1)}, f"{KEY}\\PRODUCT": {"Level": ("dword", 1)}},
    ],
)
def test_a_key_that_holds_only_what_goes_anyway_is_removed(registry: Registry) -> None:
    assessment = SETTING.assess(SETTING.interpret(answers_to(SETTING, registry=registry)), OURS)

    assert assessment.status is Status.DRIFT
    (difference,) = assessment.differences
    assert difference.writes == (Operation.of("registry.remove", key=KEY),)
    # What was read an execution ago may not hold any more.
    assert [(condition.op, condition.fields["until"], condition.fields["read"]) for condition in difference.conditions] == [
        ("wait", {"path": part, "equals": {}}, {"op": "registry.read", "key": KEY, "depth": 1}) for part in ("values", "subkeys")
    ]
    assert difference.describe() == f"key {KEY}: present -> absent"


@pytest.mark.parametrize(
    ("registry", "left"),
    [
        ({KEY: {"Other": ("dword", 1)}}, "other"),
        ({KEY: {"": ("sz", "")}}, "(default)"),
        ({f"{KEY}\\Other": {}}, "other"),
        ({f"{KEY}\\Product": {"Switch": ("dword", 1)}}, "product\\switch"),
        ({f"{KEY}\\Product": {"Other": ("dword", 1), "Level": ("dword", 1)}}, "product\\other"),
        ({f"{KEY}\\Product\\Deeper": {}}, "product\\deeper"),
        ({f"{KEY}\\Other\\Product": {}}, "other, other\\product"),
    ],
)
def test_a_key_with_anything_else_at_any_depth_stays(registry: Registry, left: str) -> None:
    assessment = SETTING.assess(SETTING.interpret(answers_to(SETTING, registry=registry)), OURS)

    assert (assessment.status, assessment.differences) == (Status.COMPLIANT, ())
    assert assessment.actual == f"the key holds {left}, so it stays"


def test_a_key_that_is_not_there_is_right() -> None:
    assessment = SETTING.assess(SETTING.interpret(answers_to(SETTING)), OURS)

    assert (assessment.status, assessment.actual) == (Status.COMPLIANT, "there is no such key")


def test_a_denied_key_is_a_problem() -> None:
    assert SETTING.interpret(answers_to(SETTING, denied=KEY)).problem is not None
