# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A folder that an apply has added goes again only while no user state can be in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_restoring import StoredFolders
from ansible_collections.configmgr.hardening.tests.unit.settings.site_answers import Row, item, listed, site_answers

OLD = "Directory=D:\\A;MaxClients=1;MinDiskSpace=2;MinDiskSpaceUnit=2;"
NOW = "Directory=D:\\A;MaxClients=9;MinDiskSpace=2;MinDiskSpaceUnit=2;"
ADDED = "Directory=E:\\B;MaxClients=1;MinDiskSpace=2;MinDiskSpaceUnit=2;"
OTHER = "Directory=F:\\C;MaxClients=1;MinDiskSpace=2;MinDiskSpaceUnit=2"
UNSET = "00000000000000.000000+***"
SETTING = StoredFolders(Site("P01"), "SMP01.corp.example", "2026-03-01T12:00:00.0000000Z")
WANTED = (("D:\\A", OLD), ("e:\\b\\", None))


def store(created: str, *, deleted: str = UNSET, path: str = "\\\\SMP01\\S$\\1") -> Row:
    row = {"SourceClientResourceID": 1, "RestoreClientResourceID": 2, "SourceName": "OLD01", "RestoreName": "NEW01", "MigrationStatus": 2}
    return {**row, "StorePath": path, "StoreCreationDate": created, "StoreReleaseDate": UNSET, "StoreDeletionDate": deleted}


def assess(texts: Sequence[str], stores: Sequence[Row] = ()) -> Assessment:
    point = item(lists=[listed(*texts, name="Directories")], NetworkOSPath="\\\\SMP01.corp.example")
    answers = site_answers(SETTING, rows={"SMS_SCI_SysResUse": [point], "SMS_StateMigration": list(stores)})
    answers = Answers(replace(answers.host, time="2026-03-10T12:00:00.0000000Z"), dict(answers))
    observation = SETTING.interpret(answers)
    assert observation.problem is None
    return SETTING.assess(observation, WANTED)


def left(assessment: Assessment) -> Json:
    (put,) = {write for difference in assessment.differences for write in difference.writes if write.op == "cim.put"}
    return put.fields["embedded"][0]["set"]["Values"]


def test_limits_come_back_and_what_was_added_goes() -> None:
    assessment = assess([OTHER, NOW, ADDED])

    assert assessment.status is Status.DRIFT
    assert left(assessment) == [OTHER, OLD]
    assert [difference.describe() for difference in assessment.differences] == [
        f"folder D:\\A of SMP01.corp.example: {NOW} -> {OLD}",
        "folders of SMP01.corp.example: - E:\\B",
    ]


@pytest.mark.parametrize("created", ["20260301120000.000000+000", "20260302080000.000000+000", "20260301120000.000000+***", UNSET, "?"])
def test_it_stays_where_user_state_may_have_come_since(created: str) -> None:
    assessment = assess([OTHER, NOW, ADDED], [store(created)])

    assert left(assessment) == [OTHER, OLD, ADDED]
    assert "E:\\B stays" in assessment.actual
    assert "OLD01 -> NEW01" in assessment.actual


@pytest.mark.parametrize(
    "stored",
    [
        store("20260301115959.000000+000"),
        store("20260302080000.000000+000", deleted="20260303080000.000000+000"),
        store("20260302080000.000000+000", path="\\\\SMP02\\S$\\1"),
        store("20260302080000.000000+000", path=""),
    ],
)
def test_other_stores_do_not_keep_it(stored: Row) -> None:
    assert left(assess([OTHER, NOW, ADDED], [stored])) == [OTHER, OLD]


def test_what_somebody_took_out_does_not_come_back() -> None:
    assert assess([OTHER]).status is Status.COMPLIANT
