# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A state migration point's own host, in words and on a machine: shares, the SMB server, volumes, and what the site brings."""

from __future__ import annotations

from typing import Any

import pytest
from osd_support import SMP, kind, run
from world_support import answer, ask, make, rows

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world import Estate
from windows_estate.world.behaviours import migration_point, volumes
from windows_estate.world.behaviours.configmgr_site import OsdOptions, SiteOptions, StateMigrationPoint, StorageFolder
from windows_estate.world.behaviours.configmgr_site import attach as attach_site
from windows_estate.world.behaviours.migration_point import MigrationHostOptions, share_name
from windows_estate.world.behaviours.smb import PARAMETERS, SmbOptions
from windows_estate.world.behaviours.volumes import GB, Volume
from windows_estate.world.words.reader import WordsError

SMB = "root\\Microsoft\\Windows\\SMB"
FORCE = {"switch": True}


def host(state: dict[str, Any] | None = None, **options: Any) -> Machine:
    machine = Machine(state or {"host": {"name": "SMP01", "product_type": 3}}, clock=SimulatedClock())
    point = StateMigrationPoint(SMP, folders=(StorageFolder("D:\\UserState"), "Directory=E:\\Odd;MaxClients=0"))
    migration_point.attach(machine, point=point, options=MigrationHostOptions(**options))
    return machine


def shares(machine: Machine) -> dict[str, str]:
    return {row["Path"]: row["Name"] for row in rows(machine, "SELECT * FROM MSFT_SmbShare WHERE Special=FALSE", SMB)}


def invoke(machine: Machine, name: str, **parameters: Any) -> dict[str, Any]:
    return answer(machine, "cmdlet.invoke", module="SmbShare", name=name, mutates=True, select=["Name"], parameters=parameters)


def configuration(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = rows(machine, "SELECT * FROM MSFT_SmbServerConfiguration", SMB)[0]
    return found


class TestShares:
    def test_folders_have_shares_and_former_ones_still_do(self) -> None:
        former = (("D:\\Old", "SMPSTOREOLD$"),)
        machine = host(former=former, shares=(("d:\\userstate", "Named$"),), no_share=("E:\\Odd",))
        assert shares(machine) == {"D:\\UserState": "Named$", "D:\\Old": "SMPSTOREOLD$"}
        assert "D:\\Old" in machine.state["folders"]

    def test_windows_has_its_own(self) -> None:
        found = {row["Name"]: row["Path"] for row in rows(host(), "SELECT * FROM MSFT_SmbShare WHERE Special=TRUE", SMB)}
        assert found == {"ADMIN$": "C:\\Windows", "C$": "C:\\", "IPC$": ""}

    def test_cmdlets_show_change_and_remove(self) -> None:
        machine = host()
        name = share_name("D:\\UserState")
        assert invoke(machine, "Get-SmbShare", Name="smpstored*")["data"]["rows"] == [{"Name": name}]
        assert kind(invoke(machine, "Set-SmbShare", Name=name, EncryptData=True)) == "failed"
        assert invoke(machine, "Set-SmbShare", Name=name, EncryptData=True, Force=FORCE)["ok"]
        assert [row["Name"] for row in rows(machine, "SELECT Name FROM MSFT_SmbShare WHERE EncryptData=TRUE", SMB)] == [name]
        assert kind(invoke(machine, "Remove-SmbShare", Name=name)) == "failed"
        assert kind(invoke(machine, "Remove-SmbShare", Name="C$", Force=FORCE)) == "access_denied"
        assert kind(invoke(machine, "Remove-SmbShare", Name="Nobody", Force=FORCE)) == "not_found"
        assert invoke(machine, "Remove-SmbShare", Name=name, Force=FORCE)["ok"]
        assert shares(machine) == {"E:\\Odd": share_name("E:\\Odd")}
        assert "D:\\UserState" in machine.state["folders"]

    def test_a_share_of_the_state_stays_the_only_one_of_its_kind(self) -> None:
        namespace = {
            "classes": {"MSFT_SmbShare": {"properties": {"Name": "string", "Path": "string", "Special": "boolean"}}},
            "instances": [{"class": "MSFT_SmbShare", "properties": {"Name": "Old$", "Path": "F:\\Old", "Special": False}}],
        }
        machine = Machine({"host": {"name": "SMP01"}, "wmi": {SMB: namespace}}, clock=SimulatedClock())
        migration_point.attach(machine, point=StateMigrationPoint(SMP, folders=()))
        assert shares(machine) == {"F:\\Old": "Old$"}


class TestServer:
    def test_signing_is_required_when_somebody_says_so(self) -> None:
        machine = host()
        assert configuration(machine)["RequireSecuritySignature"] is False
        assert kind(invoke(machine, "Set-SmbServerConfiguration", RequireSecuritySignature=True)) == "failed"
        assert invoke(machine, "Set-SmbServerConfiguration", RequireSecuritySignature=True, Confirm={"switch": False})["ok"]
        assert configuration(machine)["RequireSecuritySignature"] is True
        assert ask(machine, "registry.read", key=PARAMETERS)["values"]["RequireSecuritySignature"]["data"] == 1
        machine.registry.set(PARAMETERS, "RequireSecuritySignature", "dword", 0)
        assert configuration(machine)["RequireSecuritySignature"] is False

    def test_what_is_given_is_in_effect(self) -> None:
        found = configuration(host(smb=SmbOptions(require_signing=True, encrypt=True, reject_unencrypted=False, smb1=True)))
        assert [found[name] for name in ("RequireSecuritySignature", "EncryptData", "RejectUnencryptedAccess", "EnableSMB1Protocol")] == [
            True,
            True,
            False,
            True,
        ]

    @pytest.mark.parametrize(
        ("role", "os", "required"),
        [
            ("client", "windows_11_24h2", True),
            ("client", "windows_10_22h2", False),
            ("member_server", "server_2025", False),
            ("domain_controller", "server_2022", True),
        ],
    )
    def test_what_windows_requires_depends_on_which_it_is(self, role: str, os: str, required: bool) -> None:
        machine = make({"H1": {"role": role, "os": os}}).machines["H1"]
        assert configuration(machine)["RequireSecuritySignature"] is required


class TestVolumes:
    def test_they_are_in_both_classes(self) -> None:
        machine = host(volumes=(Volume("E", 200 * GB, 3 * GB, "User state"),))
        disks = {row["DeviceID"]: row["FreeSpace"] for row in rows(machine, "SELECT * FROM Win32_LogicalDisk", "root\\cimv2")}
        assert set(disks) == {"C:", "E:"}
        found = rows(machine, "SELECT * FROM Win32_Volume WHERE DriveLetter='E:'", "root\\cimv2")
        assert (found[0]["FreeSpace"], found[0]["Capacity"]) == (disks["E:"], 200 * GB)
        volumes.set_free(machine, "e", 0)
        assert rows(machine, "SELECT FreeSpace FROM Win32_LogicalDisk WHERE DeviceID='E:'", "root\\cimv2") == [{"FreeSpace": 0}]

    def test_free_space_is_no_configuration(self) -> None:
        machine = host()
        before = machine.fingerprint()
        volumes.set_free(machine, "C", 1)
        assert machine.fingerprint() == before


def test_folders_of_the_site_get_shares_and_keep_them() -> None:
    clock = SimulatedClock()
    server = Machine({"host": {"name": "CM01"}}, clock=clock)
    site = attach_site(server, options=SiteOptions(osd=OsdOptions(migration_points=(StateMigrationPoint(SMP),))))
    machine = Machine({"host": {"name": "SMP01"}}, clock=clock)
    migration_point.attach(machine, site, server=SMP)
    assert list(shares(machine)) == ["D:\\UserState"]
    folder = {"invoke": {"name": "New-CMStorageFolder", "parameters": {"StorageFolderName": "E:\\New"}}}
    old = {"invoke": {"name": "New-CMStorageFolder", "parameters": {"StorageFolderName": "D:\\UserState"}}}
    assert run(server, "Set-CMStateMigrationPoint", SiteSystemServerName=SMP, AddStorageFolder=folder, RemoveStorageFolder=old)["ok"]
    for _ in range(3):
        machine.sleep(10)
    assert set(shares(machine)) == {"D:\\UserState", "E:\\New"}


def words(**point: Any) -> Estate:
    smp = {"role": "state_migration_point", "volumes": {"D": {"size": "500 GB", "free": "500 MB"}}, "state_migration_point": point}
    return make({"CM01": {"role": "site_server"}, "SMP01": smp}, configmgr={"site_code": "P01", "site": {}})


class TestWords:
    def test_times_folders_and_volumes(self) -> None:
        one = words(delete_after="12 hours", cycle="90 minutes", folders=[{"path": "D:\\A", "clients": 5, "free": "20 percent"}, "Odd=1"])
        point = one.sites["P01"].osd.migration_point("SMP01")
        assert (point.number("SMPStoreDeletionDelayTimeInMinutes"), point.number("SMPStoreDeletionCycleTimeInMinutes")) == (720, 90)
        assert point.values("Directories") == ["Directory=D:\\A;MaxClients=5;MinDiskSpace=20;MinDiskSpaceUnit=3;", "Odd=1"]
        assert shares(one.machines["SMP01"]) == {"D:\\A": share_name("D:\\A")}
        (disk,) = rows(one.machines["SMP01"], "SELECT FreeSpace FROM Win32_LogicalDisk WHERE DeviceID='D:'", "root\\cimv2")
        assert disk["FreeSpace"] == 500 * 1024**2

    def test_immediately_is_both_at_zero(self) -> None:
        point = words(delete_after="immediately").sites["P01"].osd.migration_point("SMP01")
        assert (point.number("SMPStoreDeletionDelayTimeInMinutes"), point.number("SMPStoreDeletionCycleTimeInMinutes")) == (0, 0)

    def test_stores_are_on_shares_and_have_dates(self) -> None:
        one = words(
            former_folders=[{"path": "D:\\Old", "share": "Old$"}],
            stores=[
                {"source": "A", "destination": "B", "created": "2 days ago", "released": "1 hour ago"},
                {"source": "C", "folder": "d:\\old", "created": "2025-03-30T03:30+02:00", "offset": False},
                {"source": "E", "status": "completed"},
            ],
        )
        first, second, third = one.sites["P01"].osd.associations()
        assert first["StorePath"].startswith(f"\\\\SMP01.corp.example\\{share_name('D:' + chr(92) + 'UserState')}\\")
        assert first["StoreCreationDate"][:8] < first["StoreReleaseDate"][:8]
        assert (second["StorePath"][:26], second["StoreCreationDate"]) == ("\\\\SMP01.corp.example\\Old$\\", "20250330013000.000000+***")
        assert (third["MigrationStatus"], third["StorePath"]) == (2, "")

    @pytest.mark.parametrize(
        ("point", "sentence"),
        [
            ({"delete_after": "1 month"}, "delete_after cannot be '1 month'; it looks like 3 days, 12 hours"),
            ({"cycle": "immediately"}, "cycle cannot be 'immediately'"),
            ({"folders": [{"path": "D:\\A", "free": "10 TB"}]}, "free cannot be '10 TB'; it looks like 10 GB; units: MB, GB, percent"),
            ({"stores": [{"source": "A", "created": "yesterday"}]}, "created cannot be 'yesterday'"),
            ({"stores": [{"source": "A", "folder": "F:\\X", "created": "1 day ago"}]}, "there is no folder F:\\X"),
            ({"stores": [{"created": "1 day ago"}]}, "source is missing"),
        ],
    )
    def test_what_is_wrong_is_said_in_a_sentence(self, point: dict[str, Any], sentence: str) -> None:
        with pytest.raises(WordsError) as complaint:
            words(**point)
        assert sentence in str(complaint.value)
