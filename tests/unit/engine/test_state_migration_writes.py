# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""State migration points in the engine: what the guard lets pass, and what a snapshot may hold."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import MalformedSnapshotError, Snapshot, demands, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet

NAMESPACE = "root\\SMS\\site_P01"
POINT = "SELECT * FROM SMS_SCI_SysResUse WHERE FileType = 2 AND RoleName = 'SMS State Migration Point' AND NetworkOSPath = 'x'"
FORCE: Json = {"switch": True}


def put(**fields: Any) -> Operation:
    given = {"namespace": NAMESPACE, "query": POINT, "embedded": [edit("SMPQuiesceState")]} | fields
    return Operation.of("cim.put", **given)


def edit(name: str, property_: str = "Props") -> dict[str, Json]:
    return {"property": property_, "key": "PropertyName", "name": name, "class": "x", "set": {"Value": 1}}


def invoke(**fields: Any) -> Operation:
    given = {"namespace": NAMESPACE, "class": "SMS_StateMigration", "method": "DeleteAssociation", "arguments": {}} | fields
    return Operation.of("cim.invoke", mutates=True, **given)


def smb(name: str, parameters: dict[str, Json]) -> Operation:
    return cmdlet("SmbShare", name, parameters, mutates=True)


@pytest.mark.parametrize(
    "operation",
    [
        put(),
        put(embedded=[edit("SMPStoreDeletionDelayTimeInMinutes"), edit("smpstoredeletioncycletimeinminutes")]),
        put(embedded=[edit("Directories", "PropLists")]),
        invoke(),
        smb("Set-SmbServerConfiguration", {"RequireSecuritySignature": True, "Force": FORCE}),
        smb("Set-SmbShare", {"Name": "SMPSTORED_1$", "EncryptData": True, "Force": FORCE}),
        smb("Remove-SmbShare", {"Name": "SMPSTORED_1$", "Force": FORCE}),
    ],
)
def test_what_is_kept_of_user_state_cuts_no_connection(operation: Operation) -> None:
    assert refusal(operation) is None


@pytest.mark.parametrize(
    "operation",
    [
        put(namespace="root\\cimv2"),
        put(query="SELECT * FROM SMS_SCI_SysResUse WHERE RoleName = 'SMS Management Point'"),
        put(query=POINT.replace("SMS_SCI_SysResUse", "SMS_SCI_SiteDefinition")),
        put(embedded=[edit("SMPQuiesceState"), edit("IISSSLState")]),
        put(embedded=[edit("Directories")]),
        put(embedded=[edit("Other", "PropLists")]),
        put(set={"SslState": 0}),
        invoke(method="AddAssociation"),
        invoke(namespace="root\\cimv2"),
        invoke(**{"class": "SMS_Site"}),
        smb("Remove-SmbShare", {"Name": "ADMIN$", "Force": FORCE}),
        smb("Remove-SmbShare", {"Name": "c$", "Force": FORCE}),
        smb("Remove-SmbShare", {"Name": "S*", "Force": FORCE}),
        smb("Remove-SmbShare", {"Force": FORCE}),
        smb("Set-SmbShare", {"Name": "IPC$", "EncryptData": True}),
        Operation.of("cmdlet.invoke", module="SmbShare", name="Remove-SmbShare", parameters={"Name": "S$", "ScopeName": "*"}, mutates=True),
        Operation.of(
            "cmdlet.invoke", module="SmbShare", name="Set-SmbServerConfiguration", parameters={"EnableSMB2Protocol": False}, mutates=True
        ),
    ],
)
def test_nothing_else_of_it_is_written(operation: Operation) -> None:
    assert refusal(operation) is not None


TEXT = "Directory=D:\\A;MaxClients=1;MinDiskSpace=2;MinDiskSpaceUnit=2;"
NUMBER: dict[str, Json] = {"kind": "state_migration_number", "site": "P01", "point": "SMP01", "number": "delay", "before": 1440}
FOLDER: dict[str, Json] = {"kind": "state_migration_folder", "site": "P01", "point": "SMP01", "folder": "D:\\A", "before": TEXT}
NEW_FOLDER: dict[str, Json] = {**FOLDER, "folder": "E:\\B", "before": None}
SWITCH: dict[str, Json] = {"kind": "smb_server", "name": "RequireSecuritySignature", "before": False}
SHARE: dict[str, Json] = {"kind": "smb_share_encryption", "share": "S$", "before": False}


def text(*entries: Json, time: str = "2026-01-02T03:04:05Z") -> str:
    taken = Snapshot("run-1-2026", "apply", "CM01", time, ("state_migration_retention",), entries)
    written: str = taken.write().fields["text"]
    return written


def test_a_snapshot_says_what_to_restore() -> None:
    restored = demands(parse(text(NUMBER, FOLDER, NEW_FOLDER, SWITCH, SHARE))).requirements

    assert [requirement.setting.key for requirement in restored] == [
        "state_migration_number:p01|smp01|delay",
        "state_migration_folder:p01|smp01",
        "state_migration_folder:p01|smp01",
        "smb_server:requiresecuritysignature",
        "smb_share_encryption:s$",
    ]
    assert restored[0].wanted == 1440
    assert restored[1] == restored[2] or restored[1].wanted == restored[2].wanted == (("D:\\A", TEXT), ("E:\\B", None))


@pytest.mark.parametrize(
    "broken",
    [
        {**NUMBER, "site": "P01' OR 1=1"},
        {**NUMBER, "point": 3},
        {**NUMBER, "number": "ssl"},
        {**NUMBER, "before": -1},
        {**NUMBER, "before": None},
        {**NUMBER, "before": True},
        {**NUMBER, "before": 1 << 32},
        {**FOLDER, "before": "Directory=E:\\Other;"},
        {**FOLDER, "before": "no folder"},
        {**FOLDER, "folder": None},
        {**SWITCH, "name": "EnableSMB2Protocol"},
        {**SWITCH, "before": 0},
        {**SHARE, "share": None},
        {**SHARE, "before": "on"},
    ],
)
def test_what_no_apply_has_left_is_no_snapshot(broken: Json) -> None:
    with pytest.raises(MalformedSnapshotError):
        parse(text(broken))


def test_folders_come_back_only_where_it_is_known_since_when() -> None:
    with pytest.raises(MalformedSnapshotError):
        parse(text(FOLDER, time="some day"))
