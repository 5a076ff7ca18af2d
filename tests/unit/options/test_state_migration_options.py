# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules between the options of state migration points, and their sentences."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.registry import AREAS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.state_migration_options import (
    AREA,
    StateMigrationOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options import read

GIB = 1024**3
POINT = "SMP01.corp.example"
FOLDER = {"path": "D:\\UserState", "max_clients": 100, "min_free_space": {"value": 10, "unit": "GB"}}
READING = {
    "host": "SMP01",
    "time": "2026-03-10T12:00:00.0000000Z",
    "volumes": [{"path": "D:\\", "size": 500 * GIB, "free": 300 * GIB}],
    "shares": [{"name": "S$", "path": "D:\\UserState", "special": False}],
}
AT = "state_migration_points[0]"
OWN = "this_state_migration_point"


def said(**given: Any) -> StateMigrationOptions:
    return read_options(read.read_options(AREA, given))


def refused(**given: Any) -> tuple[str, ...]:
    with pytest.raises(OptionError) as caught:
        said(**given)
    return caught.value.sentences


def point(**given: Any) -> dict[str, Any]:
    return {"state_migration_points": [{"name": POINT, **given}]}


def folder(**given: Any) -> dict[str, Any]:
    return point(folders=[{**FOLDER, **given}])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            point(retention={"value": 0, "unit": "days"}),
            f"{AT}.retention: 0 days is out of range; allowed are whole numbers of days from 1 to 3650.",
        ),
        (
            point(retention={"value": -2, "unit": "hours"}),
            f"{AT}.retention: -2 hours is out of range; allowed are whole numbers of hours from 1 to 87600.",
        ),
        (point(retention="1 month"), f"{AT}.retention: '1 month' is no dictionary; allowed are the options unit, value."),
        (
            point(retention={"value": 1, "unit": "months"}),
            f"{AT}.retention.unit: 'months' is not allowed; allowed is one of hours, days.",
        ),
        (point(retention={"value": 3}), f"{AT}.retention.unit: missing; allowed is one of hours, days."),
        (point(retention={"unit": "days"}), f"{AT}.retention.value: missing; allowed is a whole number."),
        (
            point(retention={"value": "1.5", "unit": "days"}),
            f"{AT}.retention.value: '1.5' is not a whole number; allowed is a whole number.",
        ),
        (
            point(deletion_cycle={"value": 0, "unit": "hours"}),
            f"{AT}.deletion_cycle: 0 hours is out of range; allowed are whole numbers of hours from 1 to 87600.",
        ),
        (
            folder(min_free_space={"value": 1, "unit": "TB"}),
            f"{AT}.folders[0].min_free_space.unit: 'TB' is not allowed; allowed is one of MB, GB, percent.",
        ),
        (
            folder(min_free_space={"value": 101, "unit": "percent"}),
            f"{AT}.folders[0].min_free_space: 101 percent is out of range; allowed are whole numbers from 1 to 100.",
        ),
        (
            folder(min_free_space={"value": 0, "unit": "MB"}),
            f"{AT}.folders[0].min_free_space: 0 MB is out of range; allowed are whole numbers from 1 to 2147483647.",
        ),
        (
            folder(max_clients=0),
            f"{AT}.folders[0].max_clients: 0 is out of range; allowed are whole numbers from 1 to 2147483647.",
        ),
        (
            folder(path="D:\\a;MaxClients=0"),
            f"{AT}.folders[0].path: 'D:\\a;MaxClients=0' has a semicolon, which ends a field where the site keeps the path;"
            " name another folder.",
        ),
        (
            folder(path="\\\\other\\share"),
            f"{AT}.folders[0].path: '\\\\other\\share' is no folder of the server itself; allowed are full paths with a drive, such as"
            " D:\\UserState.",
        ),
        (
            folder(path="D:\\a\\..\\b"),
            f"{AT}.folders[0].path: 'D:\\a\\..\\b' is no folder of the server itself; allowed are full paths with a drive, such as"
            " D:\\UserState.",
        ),
        (
            point(folders=[FOLDER, {**FOLDER, "path": "d:\\USERSTATE\\"}]),
            f"{AT}.folders[1].path: 'd:\\USERSTATE\\' is named twice; neither case nor a backslash at the end matters. Name each folder"
            " once.",
        ),
        (
            {"state_migration_points": [{"name": "x y"}]},
            f"{AT}.name: 'x y' is no name of a server, such as SMP01.corp.example.",
        ),
        (
            {"state_migration_points": [{"name": POINT}, {"name": "smp01"}]},
            "state_migration_points[1].name: 'smp01' is declared twice; case does not matter. Declare each point once.",
        ),
        (
            point(host="smp01"),
            f"{AT}.host: there are no readings of 'smp01', only of: none. Run the play of that state migration point first, and give what"
            " it returned in readings; or leave host out.",
        ),
        (
            {**point(), "readings": {"smp01": {"volumes": 3, "shares": None}}},
            "readings: those of 'smp01' are not what the play of a state migration point returns; give them as they came.",
        ),
        (
            {"associations": {}},
            "associations: says nothing; give completed_older_than_days, delete or delete_older_than_days, or leave it out.",
        ),
        (
            {"associations": {"completed_older_than_days": 14, "delete_associations": True}},
            "associations.delete_associations: does not say which; name them in delete, or give delete_older_than_days.",
        ),
        (
            {"associations": {"completed_older_than_days": -1}},
            "associations.completed_older_than_days: -1 is out of range; allowed are whole numbers from 0 to 3650.",
        ),
        (
            {"associations": {"delete_older_than_days": 0, "delete_associations": True}},
            "associations.delete_older_than_days: 0 is out of range; allowed are whole numbers from 1 to 3650.",
        ),
        (
            {"associations": {"delete": [{"source": "OLD01"}]}},
            "associations.delete[0].destination: missing; allowed is a text.",
        ),
        (
            {"associations": {"delete": [{"source": "OLD01", "destination": " "}]}},
            "associations.delete[0].destination: is empty; give the name of a computer.",
        ),
        (
            {OWN: {"folders": ["D:\\A"], "former_folders": ["d:\\a\\"]}},
            f"{OWN}.former_folders: 'd:\\a\\' is in folders as well; a folder is either in use or not.",
        ),
        (
            {OWN: {"orphaned_shares": "remove"}},
            f"{OWN}.orphaned_shares: remove needs former_folders, the folders whose shares may go; name them, or choose report.",
        ),
        (
            {OWN: {"orphaned_shares": "burn"}},
            f"{OWN}.orphaned_shares: 'burn' is not allowed; allowed is one of report, remove.",
        ),
        (
            {OWN: {"smb_encryption": True}},
            f"{OWN}.smb_encryption: needs folders, whose shares are to be encrypted; name them, or leave it out.",
        ),
        ({**point(), "site_code": "P'1"}, "site_code: 'P'1' is no site code; allowed are three letters or digits."),
        ({**point(), "wait_seconds": 0}, "wait_seconds: 0 is out of range; allowed are whole numbers from 1 to 3600."),
        (
            {},
            "state_migration_points: missing; on a host of the SMS Provider give the site's points (the list may be empty), on a state"
            " migration point give this_state_migration_point.",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(given: dict[str, Any], sentence: str) -> None:
    assert refused(**given) == (sentence,)


def test_everything_wrong_is_said_at_once() -> None:
    sentences = refused(
        site_code="?",
        **point(retention={"value": 0, "unit": "days"}, folders=[{**FOLDER, "max_clients": 0, "path": "x"}]),
        associations={"delete_associations": True},
    )

    assert len(sentences) == 5


def test_times_are_in_minutes() -> None:
    options = said(
        **point(
            retention={"value": 3, "unit": "days"},
            deletion_cycle={"value": 12, "unit": "hours"},
            stale_after={"released": {"value": 1, "unit": "hours"}, "never_released": {"value": 30, "unit": "days"}},
        )
    )

    assert options.points is not None
    (declared,) = options.points
    assert (declared.retention, declared.cycle) == (4320, 720)
    assert (declared.stale.released, declared.stale.never_released) == (60, 43200)


@pytest.mark.parametrize("host", ["smp01", "SMP01", POINT, POINT.upper()])
def test_readings_are_found_by_the_name_of_the_point(host: str) -> None:
    options = said(**point(), readings={host: {AREA: READING}, "other": {}})

    assert options.points is not None
    assert options.points[0].told is not None
    assert options.points[0].told.volumes is not None
    assert options.points[0].told.volumes[0].free == 300 * GIB


def test_readings_of_another_name_are_named() -> None:
    options = said(**point(host="store-1"), readings={"Store-1": READING})

    assert options.points is not None
    assert options.points[0].told is not None
    assert options.points[0].told.host == "SMP01"


def test_what_was_not_released_is_known_from_the_site() -> None:
    own = {OWN: {"former_folders": ["E:\\Old"], "orphaned_shares": "remove"}}
    site = {AREA: {"unreleased_stores": [{"server": "SMP01", "share": "Old$"}]}}

    nobody, somebody = said(**own), said(**own, readings={"cm01": site})
    assert nobody.own is not None
    assert nobody.own.unreleased is None
    assert somebody.own is not None
    assert somebody.own.unreleased == ("Old$",)


def test_the_area_is_one_of_the_areas() -> None:
    demands = AREAS[AREA](read.read_options(AREA, {OWN: {}}))

    assert demands.area == AREA
    assert {control for requirement in demands.requirements for control in requirement.controls} == {"003-13", "003-15"}
    assert demands.attested == ()
