# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Predefined groups, in all the spellings that hosts use."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.groups import GROUPS, named, normalise, predefined


@pytest.mark.parametrize(
    "context",
    [
        "@FirewallAPI.dll,-33002",
        "@firewallapi.dll,-33002",
        r"@%SystemRoot%\system32\firewallapi.dll,-33002",
        r"@%systemroot%\System32\FIREWALLAPI.DLL,-33002",
        "@C:/Windows/System32/FirewallAPI.dll,-33002",
    ],
)
def test_all_spellings_of_a_group_are_one(context: str) -> None:
    assert normalise(context) == "@firewallapi.dll,-33002"
    assert predefined(context) is named("remote_assistance")


@pytest.mark.parametrize(
    "context",
    [
        "",
        "Remote Assistance",
        "@{Made.Up_1.0_x64__abc?ms-resource://Made.Up/resources/Name}",
        "@firewallapi.dll,33002",
        "@firewallapi.dll,-",
        "@,-1",
    ],
)
def test_other_texts_stay_as_they_are(context: str) -> None:
    assert normalise(context) == context
    assert predefined(context) is None


def test_the_same_number_of_another_library_is_another_group() -> None:
    assert normalise(r"@%windir%\Other.DLL,-33002") == "@other.dll,-33002"
    assert predefined("@other.dll,-33002") is None and predefined(None) is None


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("remote_assistance", 33002),
        ("remote_desktop", 28752),
        ("file_and_printer_sharing", 28502),
        ("file_and_printer_sharing_restrictive", 28672),
        ("windows_management_instrumentation", 34251),
        ("windows_remote_management", 30267),
        ("windows_remote_management_compatibility", 30252),
        ("remote_event_log_management", 29252),
        ("remote_service_management", 29502),
        ("remote_scheduled_tasks_management", 33252),
        ("remote_administration", 29752),
        ("remote_firewall_management", 30002),
    ],
)
def test_the_groups_that_matter(name: str, number: int) -> None:
    assert named(name).number == number
    assert predefined(named(name).context) is named(name)


def test_names_and_numbers_are_unique() -> None:
    assert len({group.number for group in GROUPS}) == len({group.name for group in GROUPS}) == len(GROUPS)
    with pytest.raises(KeyError):
        named("nothing")
