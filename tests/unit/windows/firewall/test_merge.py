# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who decides an option; the laws themselves are in firewall_oracle/situations.yml."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.merge import OPTIONS, Settings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import OptionValue, Store, StoreState


@pytest.mark.parametrize(
    ("option", "stores", "expected"),
    [
        ("EnableFirewall", {}, (1, None)),
        ("EnableFirewall", {"local": 0}, (0, "local")),
        ("EnableFirewall", {"local": 0, "group_policy": 1}, (1, "group_policy")),
        ("EnableFirewall", {"local": 0, "mdm": 1}, (1, "mdm")),
        ("EnableFirewall", {"mdm": 0, "group_policy": 1}, (1, "group_policy")),
        ("DoNotAllowExceptions", {"local": 1, "group_policy": 0}, (1, "local")),
        ("DoNotAllowExceptions", {"local": 1, "group_policy": 1}, (1, "group_policy")),
        ("DoNotAllowExceptions", {"local": 0, "mdm": 1, "group_policy": 0}, (1, "mdm")),
        ("DoNotAllowExceptions", {"local": 0, "group_policy": 0}, (0, "group_policy")),
        ("LogIgnoredRules", {"local": 0}, (0, "local")),
        ("AllowLocalPolicyMerge", {"local": 0}, (1, None)),
        ("AllowLocalPolicyMerge", {"local": 1, "mdm": 0}, (0, "mdm")),
        ("AllowLocalIPsecPolicyMerge", {"local": 0, "group_policy": 0}, (0, "group_policy")),
        ("DisabledInterfaces", {"local": ("{A}",), "group_policy": ()}, ((), "group_policy")),
        ("LogFilePath", {"local": ("C:\\a.log",)}, (("C:\\a.log",), "local")),
    ],
)
def test_value_and_origin(option: str, stores: dict[str, OptionValue], expected: tuple[OptionValue, Store | None]) -> None:
    said: dict[Any, StoreState] = {store: StoreState(profiles={"domain": {option: value}}) for store, value in stores.items()}
    settings = Settings(said)
    assert (settings.value("domain", option), settings.origin("domain", option)) == expected


@pytest.mark.parametrize("option", OPTIONS)
def test_another_profile_says_nothing(option: str) -> None:
    settings = Settings({"group_policy": StoreState(profiles={"public": {option: 7}})})
    assert (settings.value("domain", option), settings.origin("domain", option)) == (OPTIONS[option].default, None)
    assert (settings.value("public", option), settings.origin("public", option)) == (7, "group_policy")


def test_the_legacy_profile_stands_for_private_and_public_alone() -> None:
    settings = Settings({"group_policy": StoreState(standard={"EnableFirewall": 0})})
    assert [settings.value(profile, "EnableFirewall") for profile in ("domain", "private", "public")] == [1, 0, 0]
    settings = Settings({"group_policy": StoreState(standard={"EnableFirewall": 0}, profiles={"domain": {}, "public": {}})})
    assert [settings.value(profile, "EnableFirewall") for profile in ("domain", "private", "public")] == [1, 1, 1]


def test_an_option_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        Settings({}).value("domain", "EnableFirewal")
