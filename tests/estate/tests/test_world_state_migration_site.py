# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""State migration points and computer associations as a site shows them, and what its cmdlets do to them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from osd_support import MIGRATION, NAMESPACE, SMP, kind, listed, number, provider, put, role, rows, run
from world_support import answer

from windows_estate.machine import Machine
from windows_estate.world.behaviours.configmgr_site import NEVER, Association, Site, StateMigrationPoint, StorageFolder, wmi_date

FOLDER = "Directory=D:\\UserState;MaxClients=100;MinDiskSpace=10;MinDiskSpaceUnit=2;"
DELAY, CYCLE = "SMPStoreDeletionDelayTimeInMinutes", "SMPStoreDeletionCycleTimeInMinutes"


def one_point(
    delay: int = 1440, cycle: int = 1440, folders: tuple[StorageFolder | str, ...] | None = None, **osd: Any
) -> tuple[Machine, Site]:
    point = StateMigrationPoint(SMP, delay, cycle) if folders is None else StateMigrationPoint(SMP, delay, cycle, folders=folders)
    return provider(migration_points=(point,), **osd)


def change(machine: Machine, **parameters: Any) -> None:
    found = run(machine, "Set-CMStateMigrationPoint", SiteSystemServerName=SMP, **parameters)
    assert found["ok"], found
    machine.sleep(10)


def times(site: Site) -> tuple[int, int]:
    point = site.osd.migration_point(SMP)
    return point.number(DELAY), point.number(CYCLE)


def new_folder(path: str, **more: Any) -> dict[str, Any]:
    return {"invoke": {"name": "New-CMStorageFolder", "parameters": {"StorageFolderName": path, **more}}}


class TestPoint:
    def test_it_has_its_properties_and_its_folders(self) -> None:
        machine, _ = one_point()
        found = role(machine, MIGRATION)
        assert (found[DELAY], found[CYCLE], found["SMPQuiesceState"], found["Server Remote Name"]) == (1440, 1440, 0, SMP)
        assert found["Directories"] == [FOLDER]

    def test_a_folders_text_may_be_an_odd_one(self) -> None:
        odd = "Directory=E:\\Old;MaxClients=0;MinDiskSpace=0;MinDiskSpaceUnit=1;Share=Old$"
        machine, _ = one_point(folders=(odd, StorageFolder("F:\\New", unit="percent")))
        assert role(machine, MIGRATION)["Directories"] == [odd, "Directory=F:\\New;MaxClients=100;MinDiskSpace=10;MinDiskSpaceUnit=3;"]

    def test_a_put_changes_numbers_and_the_list(self) -> None:
        machine, site = one_point(0, 0)
        assert put(machine, MIGRATION, number(DELAY, 4320, Value=0), number(CYCLE, 1440), listed("Directories", FOLDER, "x"))["ok"]
        machine.sleep(10)
        assert times(site) == (4320, 1440)
        assert site.osd.migration_point("smp01").values("Directories") == [FOLDER, "x"]


class TestTimes:
    @pytest.mark.parametrize(("number_", "unit", "minutes"), [(3, "Days", 4320), (12, "hours", 720)])
    def test_they_are_kept_in_minutes(self, number_: int, unit: str, minutes: int) -> None:
        machine, site = one_point()
        change(machine, TimeDeleteAfter=number_, TimeUnit=unit)
        assert times(site) == (minutes, 1440)

    def test_elsewhere_the_cycle_of_hours_is_as_long_as_the_delay(self) -> None:
        machine, site = one_point(hours_cycle_daily=False)
        change(machine, TimeDeleteAfter=12, TimeUnit="Hours")
        assert times(site) == (720, 720)

    @pytest.mark.parametrize(("keeps", "now"), [(False, (0, 0)), (True, (0, 1440))])
    def test_immediately_is_one_of_two_forms(self, keeps: bool, now: tuple[int, int]) -> None:
        machine, site = one_point(immediate_keeps_cycle=keeps)
        change(machine, DeleteImmediately={"switch": True})
        assert times(site) == now

    @pytest.mark.parametrize(("restores", "now"), [(True, (2880, 1440)), (False, (2880, 0))])
    def test_what_was_immediate_becomes_a_time_again(self, restores: bool, now: tuple[int, int]) -> None:
        machine, site = one_point(0, 0, undo_restores_cycle=restores)
        change(machine, TimeDeleteAfter=2, TimeUnit="Days")
        assert times(site) == now

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"TimeDeleteAfter": 0, "TimeUnit": "Days"}, "failed"),
            ({"TimeDeleteAfter": -1, "TimeUnit": "Days"}, "failed"),
            ({"TimeDeleteAfter": 1}, "failed"),
            ({"TimeDeleteAfter": 1, "TimeUnit": "Months"}, "invalid"),
            ({"TimeDeleteAfter": "1 month", "TimeUnit": "Days"}, "invalid"),
            ({"TimeDeleteAfter": 1, "TimeUnit": "Days", "DeleteImmediately": {"switch": True}}, "failed"),
        ],
    )
    def test_what_is_wrong_changes_nothing(self, parameters: dict[str, Any], error: str) -> None:
        machine, site = one_point()
        assert kind(run(machine, "Set-CMStateMigrationPoint", SiteSystemServerName=SMP, **parameters)) == error
        machine.sleep(60)
        assert times(site) == (1440, 1440)

    def test_restoring_only(self) -> None:
        machine, _ = one_point()
        change(machine, EnableRestoreOnlyMode=True)
        assert role(machine, MIGRATION)["SMPQuiesceState"] == 1


class TestFolders:
    def test_folders_come_and_go(self) -> None:
        machine, site = one_point()
        change(
            machine,
            AddStorageFolder=[new_folder("E:\\A", MaximumClientNumber=5, MinimumFreeSpace=20, SpaceUnit="Percent"), new_folder("E:\\B")],
            RemoveStorageFolder=new_folder("d:\\userstate"),
        )
        assert site.osd.migration_point(SMP).values("Directories") == [
            "Directory=E:\\A;MaxClients=5;MinDiskSpace=20;MinDiskSpaceUnit=3;",
            "Directory=E:\\B;MaxClients=100;MinDiskSpace=100;MinDiskSpaceUnit=1;",
        ]

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"AddStorageFolder": new_folder("d:\\USERSTATE")}, "failed"),
            ({"AddStorageFolder": new_folder("E:\\A;MaxClients=9")}, "failed"),
            ({"AddStorageFolder": new_folder("UserState")}, "failed"),
            ({"AddStorageFolder": new_folder("E:\\A", MaximumClientNumber=0)}, "failed"),
            ({"AddStorageFolder": new_folder("E:\\A", MinimumFreeSpace=101, SpaceUnit="Percent")}, "failed"),
            ({"AddStorageFolder": new_folder("E:\\A", SpaceUnit="TB")}, "invalid"),
            ({"AddStorageFolder": "E:\\A"}, "invalid"),
            ({"RemoveStorageFolder": new_folder("E:\\A")}, "not_found"),
        ],
    )
    def test_what_is_wrong_changes_nothing(self, parameters: dict[str, Any], error: str) -> None:
        machine, site = one_point()
        assert kind(run(machine, "Set-CMStateMigrationPoint", SiteSystemServerName=SMP, **parameters)) == error
        machine.sleep(60)
        assert site.osd.migration_point(SMP).values("Directories") == [FOLDER]


class TestDates:
    def test_a_moment_is_written_with_its_distance_from_utc(self) -> None:
        summer = datetime(2025, 10, 26, 2, 30, tzinfo=timezone(timedelta(hours=2)))
        assert wmi_date(summer) == "20251026023000.000000+120"
        assert wmi_date(summer + timedelta(hours=1)) == "20251026033000.000000+120"
        assert wmi_date(summer.astimezone(timezone(timedelta(hours=-9, minutes=-30)))) == "20251025150000.000000-570"
        assert wmi_date(summer, offset=False) == "20251026003000.000000+***"


ASSOCIATIONS = (
    Association("OLD1", "NEW1", "\\\\SMP01\\S$\\1", "20250101120000.000000+000", "20250102120000.000000+000", users=("CORP\\a.meyer",)),
    Association("OLD2", "NEW2", "\\\\SMP01\\S$\\2", "20250101120000.000000+000"),
    Association("PC3", "PC3"),
)


class TestAssociations:
    def test_rows_have_dates_and_what_follows_from_them(self) -> None:
        machine, _ = provider(associations=ASSOCIATIONS)
        found = rows(machine, "SMS_StateMigration")
        assert [(row["MigrationStatus"], row["MigrationType"]) for row in found] == [(2, 1), (1, 1), (0, 2)]
        assert [row["StoreReleaseDate"] for row in found] == ["20250102120000.000000+000", NEVER, NEVER]
        assert found[2]["StoreCreationDate"] == NEVER
        assert found[2]["SourceClientResourceID"] == found[2]["RestoreClientResourceID"]
        assert len({row["MigrationID"] for row in found}) == 3
        assert found[0]["UserNames"] == [{"__class": "SMS_StateMigrationUserNames", "LocaleID": 1033, "UserName": "CORP\\a.meyer"}]
        assert rows(machine, "SMS_StateMigration", lazy=False)[0]["UserNames"] is None

    def test_the_get_cmdlet_finds_by_either_end_and_by_id(self) -> None:
        machine, _ = provider(associations=ASSOCIATIONS)
        for parameters, sources in (
            ({}, ["OLD1", "OLD2", "PC3"]),
            ({"SourceComputer": "old*"}, ["OLD1", "OLD2"]),
            ({"DestinationComputer": "NEW2"}, ["OLD2"]),
            ({"MigrationId": "P0100003"}, ["PC3"]),
        ):
            found = run(machine, "Get-CMComputerAssociation", select=["SourceName"], **parameters)["data"]["rows"]
            assert [row["SourceName"] for row in found] == sources

    def test_removing_asks_unless_it_is_forced(self) -> None:
        machine, site = provider(associations=ASSOCIATIONS)
        pair: dict[str, Any] = {"SourceComputer": "OLD1", "DestinationComputer": "NEW1"}
        assert kind(run(machine, "Remove-CMComputerAssociation", **pair)) == "failed"
        assert kind(run(machine, "Remove-CMComputerAssociation", SourceComputer="OLD1", Force={"switch": True})) == "invalid"
        assert run(machine, "Remove-CMComputerAssociation", **pair, Force={"switch": True})["ok"]
        assert len(site.osd.associations()) == 3
        machine.sleep(10)
        assert [row["SourceName"] for row in site.osd.associations()] == ["OLD2", "PC3"]
        assert [row["SourceName"] for row in site.osd.removed] == ["OLD1"]
        assert site.osd.removed_unreleased == []
        assert kind(run(machine, "Remove-CMComputerAssociation", **pair, Force={"switch": True})) == "not_found"

    def test_the_site_removes_what_was_never_released_and_it_is_remembered(self) -> None:
        machine, site = provider(associations=ASSOCIATIONS)
        assert run(machine, "Remove-CMComputerAssociation", MigrationId="P0100002", Force={"switch": True})["ok"]
        machine.sleep(10)
        assert [row["SourceName"] for row in site.osd.removed_unreleased] == ["OLD2"]

    def test_the_method_does_the_same(self) -> None:
        machine, site = provider(associations=ASSOCIATIONS)
        row = rows(machine, "SMS_StateMigration", "SourceName='OLD1'")[0]
        arguments = {name: row[name] for name in ("SourceClientResourceID", "RestoreClientResourceID")}
        fields: dict[str, Any] = {"namespace": NAMESPACE, "class": "SMS_StateMigration", "method": "DeleteAssociation", "mutates": True}
        found = answer(machine, "cim.invoke", **fields, arguments=arguments)
        assert found["data"]["return_value"] == 0
        machine.sleep(10)
        assert [row["SourceName"] for row in site.osd.removed] == ["OLD1"]
        assert kind(answer(machine, "cim.invoke", **fields, arguments=arguments)) == "not_found"

    def test_associations_come_while_the_site_runs(self) -> None:
        machine, site = provider(associations=ASSOCIATIONS)
        site.osd.add_association(Association("OLD9", "NEW9"))
        site.osd.change_association("P0100003", StoreCreationDate="20250301000000.000000+060")
        found = {row["SourceName"]: row["StoreCreationDate"] for row in rows(machine, "SMS_StateMigration")}
        assert found["OLD9"] == NEVER
        assert found["PC3"] == "20250301000000.000000+060"
        assert len({row["MigrationID"] for row in rows(machine, "SMS_StateMigration")}) == 4
