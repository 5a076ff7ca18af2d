# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demo's fleet holds what the demo wants to show."""

from __future__ import annotations

from pathlib import Path

import pytest
from world_support import TS, members, rows, values

from windows_estate.machine import SimulatedClock
from windows_estate.world import Estate

FILE = Path(__file__).parents[3] / "inventories" / "demo" / "estate.yml"
HISTORY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History\\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}"


@pytest.fixture
def fleet() -> Estate:
    return Estate.load(FILE, clock=SimulatedClock())


def test_the_fleet_is_as_large_and_as_mixed_as_promised(fleet: Estate) -> None:
    hosts = {host.name: host for host in fleet.words.hosts}
    assert len(hosts) >= 14
    assert {host.role_word for host in hosts.values()} == {
        "domain_controller",
        "site_server",
        "distribution_point",
        "state_migration_point",
        "client",
    }
    assert {host.language.tag for host in hosts.values()} == {"en-US", "de-DE", "fr-FR"}
    assert [fault.kind for fault in hosts["CL09"].faults] == ["refuse"]
    assert not fleet.built["CL11"].may_log_on


def test_one_is_managed_twice_one_by_each_and_the_rest_by_nobody(fleet: Estate) -> None:
    by_gpo, by_site = set(), set()
    for name, machine in fleet.machines.items():
        set_by = {
            row["GPOID"]
            for row in rows(machine, "SELECT GPOID, registryKey FROM RSOP_RegistryPolicySetting")
            if "Terminal" in row["registryKey"]
        }
        if set_by - {"LocalGPO"}:
            by_gpo.add(name)
        if fleet.built[name].configmgr_client and rows(
            machine, "SELECT * FROM CCM_RemoteToolsConfig WHERE ManageRA = TRUE", "root\\ccm\\policy\\machine\\ActualConfig"
        ):
            by_site.add(name)
    assert by_gpo == {"CL04", "CL07"}
    assert by_site == {"CL04", "CL08"}


def test_on_one_nobody_can_see_the_owner(fleet: Estate) -> None:
    machine = fleet.machines["CL05"]
    assert rows(machine, "SELECT * FROM RSOP_Session") == []
    assert [path for path in machine.files.files if path.endswith("Registry.pol")] == []
    assert machine.registry.subkeys(HISTORY) == ["0"]


def test_on_one_an_old_local_policy_lies_in_wait(fleet: Estate) -> None:
    machine = fleet.machines["CL06"]
    machine.registry.set(TS, "fAllowToGetHelp", "dword", 0)
    fleet.built["CL06"].group_policy.process(machine, force=True)
    assert values(machine)["fAllowToGetHelp"] == 1


def test_on_one_everybody_may_help(fleet: Estate) -> None:
    found = members(fleet.machines["CL10"], "Fournisseurs d’assistance à distance")
    assert found is not None
    assert "S-1-1-0" in found


def test_the_fleet_starts_at_rest(fleet: Estate) -> None:
    before = fleet.fingerprints()
    fleet.advance(24 * 60)
    assert fleet.fingerprints() == before
