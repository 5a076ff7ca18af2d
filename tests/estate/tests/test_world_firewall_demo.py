# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demo's fleet has the firewalls that the demo wants to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from windows_estate.machine import SimulatedClock
from windows_estate.world import Estate
from windows_estate.world.behaviours.firewall.places import LOCAL, MDM, POLICY, RULES
from windows_estate.world.words.packets import read_packet

FILE = Path(__file__).parents[3] / "inventories" / "demo" / "estate.yml"
CONSOLE, GUEST, OUTSIDE = "10.20.5.7", "192.168.7.9", "203.0.113.9"


@pytest.fixture(scope="module")
def fleet() -> Estate:
    return Estate.load(FILE, clock=SimulatedClock())


def reason(fleet: Estate, host: str, source: str, **more: Any) -> tuple[bool, str]:
    found = fleet.built[host].firewall.decide(read_packet({"from": source, **more}, host))
    return found.allowed, found.reason if found.rule is None else "/".join(found.rule)


def test_the_controller_gets_in_everywhere(fleet: Estate) -> None:
    assert [name for name, built in fleet.built.items() if not built.firewall.admits_controller()] == []


def test_on_one_policy_merges_no_local_rules(fleet: Estate) -> None:
    assert fleet.machines["CL12"].registry.data(f"{POLICY}\\DomainProfile", "AllowLocalPolicyMerge") == 0
    assert reason(fleet, "CL12", CONSOLE, port=135) == (False, "default")
    assert reason(fleet, "CL12", "10.20.0.5", port=5985) == (True, "group_policy/Management")


def test_on_one_the_same_value_is_inert_and_somebody_has_opened_everything(fleet: Estate) -> None:
    registry = fleet.machines["CL13"].registry
    assert registry.data(f"{LOCAL}\\DomainProfile", "AllowLocalPolicyMerge") == 0
    assert "7B0B8D1A-5B1F-4C38-9E0B-64D1E25C5A02" in "".join(registry.values(f"{LOCAL}\\{RULES}"))
    allowed, rule = reason(fleet, "CL13", OUTSIDE, port=9999)
    assert allowed and rule.startswith("local/{0D6E7C52")


def test_one_has_grown_over_the_years(fleet: Estate) -> None:
    assert len(fleet.machines["CL14"].registry.values(f"{LOCAL}\\{RULES}")) >= 1100


def test_one_has_rules_of_device_management(fleet: Estate) -> None:
    assert len(fleet.machines["CL15"].registry.values(f"{MDM}\\{RULES}")) == 2
    assert reason(fleet, "CL15", CONSOLE, port=2701) == (True, "mdm/Consoles")
    assert reason(fleet, "CL15", "10.20.5.66", port=2701) == (False, "mdm/Quarantine")


def test_on_one_the_service_does_not_run(fleet: Estate) -> None:
    assert reason(fleet, "SRV01", OUTSIDE, port=3389) == (True, "service_stopped")


def test_one_is_on_two_networks(fleet: Estate) -> None:
    assert [one.profile for one in fleet.built["SRV02"].firewall.network.interfaces] == ["domain", "public"]
    assert reason(fleet, "SRV02", GUEST, port=3389)[0]


def test_a_german_one_has_the_same_firewall_as_others(fleet: Estate) -> None:
    german = fleet.machines["CL03"].registry.values(f"{LOCAL}\\{RULES}")
    french = fleet.machines["CL10"].registry.values(f"{LOCAL}\\{RULES}")
    assert {name: value["data"] for name, value in german.items()} == {name: value["data"] for name, value in french.items()}


def test_configmgr_lets_consoles_in_where_it_is_told_to(fleet: Estate) -> None:
    assert reason(fleet, "CL04", CONSOLE, port=2701)[0]
    assert not reason(fleet, "CL05", CONSOLE, port=2701)[0]
