# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demo's fleet holds what the demo wants to show."""

from __future__ import annotations

from pathlib import Path

import pytest
from world_support import TS, members, rows, values

from windows_estate.machine import SimulatedClock
from windows_estate.world import Estate
from windows_estate.world.behaviours.configmgr_site import NEVER
from windows_estate.world.behaviours.event_log import messages

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
        "member_server",
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


def test_the_site_has_an_account_too_many_and_a_ring_a_foreign_one(fleet: Estate) -> None:
    site = fleet.sites["P01"]
    assert site.push_accounts() == ["CORP\\push-ring1", "CORP\\push-old", "CORP\\push-ring2"]
    assert site.usage("CORP\\push-old") == ["Software Distribution", "SMS_CLIENT_CONFIG_MANAGER"]
    rings = {name: fleet.built[name].host.groups[0] for name in ("CL01", "CL02", "CL03", "CL06")}
    assert rings == {"CL01": "ring1", "CL02": "ring1", "CL03": "ring2", "CL06": "ring2"}
    first, second = (fleet.machines["CL02"].accounts.resolve(name) for name in ("CORP\\Push Ring 1", "CORP\\Push Ring 2"))
    assert first is not None
    assert second is not None
    admitted = {
        name: {first["sid"], second["sid"]}.intersection(
            members(fleet.machines[name], fleet.machines[name].accounts.groups[0]["name"]) or ()
        )
        for name in rings
    }
    assert admitted == {"CL01": set(), "CL02": {first["sid"]}, "CL03": {first["sid"], second["sid"]}, "CL06": {second["sid"]}}


def test_three_distribution_points_answer_everywhere_where_they_should_and_not_at_all(fleet: Estate) -> None:
    answers = {name: point.answers_on() for name, point in fleet.points.pxe.items()}
    assert answers == {"DP01": ["Ethernet", "Staging", "Management"], "DP02": ["Clients"], "DP03": []}
    osd = fleet.sites["P01"].osd
    assert osd.binding("DP01") == (0, [])
    assert osd.binding("DP02") == (1, ["00:15:5D:0A:14:11"])
    assert osd.bound_to_nothing == []
    (message,) = messages(fleet.machines["DP03"], "WDSPXE")
    assert "00155D0A0BAD" in message
    cards = rows(fleet.machines["DP02"], "SELECT Name, Team FROM MSFT_NetLbfoTeamMember", "root\\StandardCimv2")
    assert {(card["Name"], card["Team"]) for card in cards} == {("NIC 1", "Clients"), ("NIC 2", "Clients")}


def test_the_state_migration_point_deletes_at_once_and_has_left_things_lying_about(fleet: Estate) -> None:
    osd, machine = fleet.sites["P01"].osd, fleet.machines["SMP01"]
    point = osd.migration_point("SMP01")
    assert (point.number("SMPStoreDeletionDelayTimeInMinutes"), point.number("SMPStoreDeletionCycleTimeInMinutes")) == (0, 0)
    stores = {row["SourceName"]: row for row in osd.associations()}
    stale = [name for name, row in stores.items() if row["StoreReleaseDate"] != NEVER and row["StoreDeletionDate"] == NEVER]
    assert stale == ["OLD01", "OLD02"]
    assert (stores["OLD04"]["StoreCreationDate"], stores["OLD04"]["StoreReleaseDate"]) == (
        "20251026023000.000000+120",
        "20251026023000.000000+060",
    )
    paths = {row["Path"] for row in rows(machine, "SELECT Path FROM MSFT_SmbShare WHERE Special=FALSE", "root\\Microsoft\\Windows\\SMB")}
    folders = {"D:\\UserState", "E:\\UserState"}
    assert paths - folders == {"D:\\UserState2019"}
    disks = {row["DeviceID"]: int(row["FreeSpace"]) for row in rows(machine, "SELECT * FROM Win32_LogicalDisk", "root\\cimv2")}
    assert disks["E:"] < 10 * 1024**3 < disks["D:"]
    assert osd.network_access_accounts() == ["CORP\\push-old"]
