# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows of the table of state migration on living sites and on servers that do what cmdlets say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import asked_host as asked
import described_osd as d
import living_osd
import osd_situations as o
import push_situations as p
import pytest
from test_state_migration_situations import AREA, BY_NAME, JUDGED, OWN_PLAY, TABLE, pairs, switches, translate

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation
from windows_estate.machine import Command, Machine
from windows_estate.world.behaviours.configmgr_site import Administrator, Site
from windows_estate.world.behaviours.configmgr_site.osd_items import FOLDERS

LIVING = [one for one in JUDGED if one.about_site and living_osd.living(one.described, one.now) is not None]
WRITTEN = [one for one in LIVING if one.changes]
OWN = [one for one in JUDGED if not one.about_site and one.changes]
SERVER = "SMP01.corp.example"


class Provider(asked.Host):
    """A provider host with a living site."""

    def __init__(self, situation: o.Situation, **more: Any) -> None:
        found = living_osd.living(situation.described, situation.now, **more)
        assert found is not None
        super().__init__(found[0])
        self.site: Site = found[1]
        self.situation = situation
        self.readings = o.readings_of(AREA, OWN_PLAY, situation.readings, situation.now)

    def judge(self, *, check: bool, **more: Any) -> Any:
        return o.judge(AREA, {**self.situation.options, "readings": self.readings, **more}, self, check=check)

    def has(self) -> dict[str, Any]:
        """What the points have, in the words of the table."""
        state = living_osd.rows_as_state(self.site, self.machine)
        folders = {
            f"{server.partition('.')[0]} folders": self.site.osd.migration_point(server).values(FOLDERS)
            for server in self.site.osd.servers(d.STATE_MIGRATION_POINT)
        }
        return {**switches(state), **folders, "associations": [one[:2] for one in pairs(state)]}


def wanted(situation: o.Situation, had: Mapping[str, Any]) -> dict[str, Any]:
    """What the site has to have after the changes of the table, but for folders."""
    result = dict(had)
    for change in situation.changes or ():
        if match := re.fullmatch(r"(SMP\d\d (?:delay|cycle|restore only)): (.*) -> (.*)", change):
            result[match[1]] = match[3]
        elif match := re.fullmatch(r"association (\S+) -> (\S+): -", change):
            result["associations"] = [one for one in result["associations"] if one != (match[1], match[2])]
    return result


def fields(text: str) -> dict[str, str]:
    """A folder's text, field by field."""
    return {name.casefold(): value for name, _, value in (part.partition("=") for part in text.split(";") if part)}


@pytest.mark.parametrize("situation", LIVING, ids=lambda situation: situation.name)
def test_a_living_site_is_judged_as_its_description(situation: o.Situation) -> None:
    provider = Provider(situation)
    had, before = provider.has(), provider.machine.fingerprint()
    outcome = provider.judge(check=True)
    wrong = p.complaints(outcome.findings, situation.expected, TABLE.aspects)
    assert not wrong, "\n".join(wrong)
    if situation.changes is not None:
        assert o.in_words(asked.planned(outcome), translate) == sorted(situation.changes)
    assert len(provider.requests) == 1
    assert provider.machine.fingerprint() == before and provider.has() == had


@pytest.mark.parametrize(
    "unverified",
    [{}, {"hours_cycle_daily": False, "undo_restores_cycle": False}],
    ids=["as documented", "hours are the cycle, and nothing is undone"],
)
@pytest.mark.parametrize("situation", WRITTEN, ids=lambda situation: situation.name)
def test_applied_once_and_right(situation: o.Situation, unverified: dict[str, Any]) -> None:
    provider = Provider(situation, osd=unverified)
    had = provider.has()
    outcome = provider.judge(check=False)
    made = [change for change in outcome.changes if change.state.value == "made"]
    assert o.in_words(made, translate) == sorted(situation.changes or ()), p.told(outcome.findings)
    assert len(provider.requests) == 2
    has, should = provider.has(), wanted(situation, had)
    for what, how in should.items():
        if not what.endswith("folders") and not (what.endswith("cycle") and unverified):
            assert has[what] == how, what
    for name in {what.partition(" ")[0] for what in has if what.startswith("SMP")}:
        # Whatever the cmdlet makes of the cycle, it does not end with immediate deletion.
        if f"{name} delay" in str(situation.changes) or f"{name} cycle" in str(situation.changes):
            assert int(has[f"{name} delay"]) and int(has[f"{name} cycle"])
    assert provider.site.osd.removed_unreleased == []
    # The second time nothing is left to do.
    provider.requests.clear()
    again = provider.judge(check=False)
    assert asked.planned(again) == [] and not again.changed, [change.describe() for change in again.changes]
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    "situation",
    [one for one in WRITTEN if not any("association" in change for change in one.changes or ())],
    ids=lambda situation: situation.name,
)
def test_rolled_back_it_is_as_before_but_for_immediate_deletion(situation: o.Situation) -> None:
    provider = Provider(situation)
    had = provider.has()
    outcome = provider.judge(check=False)
    assert outcome.snapshot is not None
    provider.requests.clear()
    o.rollback(provider, outcome.snapshot)
    has = provider.has()
    for what, how in had.items():
        if how == "0" and what.endswith(("delay", "cycle")):
            # Whether immediate deletion is brought back is not said here, only that nothing else becomes it.
            continue
        same = sorted(how) == sorted(has[what]) if what.endswith("folders") else how == has[what]
        assert same, (what, how, has[what])


@pytest.mark.parametrize(
    "situation", [one for one in WRITTEN if any("folder" in change for change in one.changes or ())], ids=lambda situation: situation.name
)
def test_folders_come_out_as_declared_and_others_stay(situation: o.Situation) -> None:
    provider = Provider(situation)
    before = provider.has()["SMP01 folders"]
    provider.judge(check=False)
    after = provider.has()["SMP01 folders"]
    declared = {one["path"].casefold(): one for one in situation.options["state_migration_points"][0]["folders"]}
    units = {"MB": "1", "GB": "2", "percent": "3"}
    found = {fields(text)["directory"].rstrip("\\").casefold(): fields(text) for text in after}
    for path, one in declared.items():
        space = one["min_free_space"]
        expected = {"maxclients": str(one["max_clients"]), "mindiskspace": str(space["value"]), "mindiskspaceunit": units[space["unit"]]}
        assert expected.items() <= found[path].items()
    for text in before:
        if fields(text).get("directory", "").rstrip("\\").casefold() not in declared:
            assert text in after, "another folder's text is as it was"
    assert len(after) == len(found)


@pytest.mark.parametrize("situation", OWN, ids=lambda situation: situation.name)
def test_a_migration_point_is_brought_to_what_is_declared(situation: o.Situation) -> None:
    machine = migration_point(situation)
    host = asked.Host(machine)
    options = o.with_readings(AREA, OWN_PLAY, situation)
    outcome = o.judge(AREA, options, host, check=False)
    made = [change for change in outcome.changes if change.state.value == "made"]
    assert o.in_words(made, translate) == sorted(situation.changes or ()), p.told(outcome.findings)
    assert len(host.requests) == 2
    for finding in outcome.findings:
        # Files are left for people to delete, and that is said.
        left = finding.control == "003-15" and "the folder" in finding.actual
        assert left or finding.status.value not in ("drift", "error", "conflict"), p.told([finding])
    gone = [change.split()[1].rstrip(":") for change in situation.changes or () if change.startswith("share ")]
    assert not set(gone) & {row["Name"] for row in machine.state["modules"]["SmbShare"]["commands"]["Get-SmbShare"]["output"]}
    host.requests.clear()
    again = o.judge(AREA, options, host, check=False)
    assert asked.planned(again) == [] and not again.changed
    assert len(host.requests) == 1


def migration_point(situation: o.Situation) -> Machine:
    """A server whose SMB cmdlets do something."""
    machine = o.host_of(situation.state, situation.now).machine
    smb = machine.state["wmi"][d.SMB]["instances"]
    commands = machine.state["modules"]["SmbShare"]["commands"]
    shares = commands["Get-SmbShare"]["output"]

    def rows(class_name: str) -> list[dict[str, Any]]:
        return [row["properties"] for row in smb if row["class"] == class_name]

    def configure(_machine: Machine, given: dict[str, Any], _location: str | None) -> list[dict[str, Any]]:
        for row in (*rows("MSFT_SmbServerConfiguration"), *commands["Get-SmbServerConfiguration"]["output"]):
            row.update({name: bool(given[name]) for name in ("RequireSecuritySignature", "EncryptData") if name in given})
        if "RequireSecuritySignature" in given:
            values = machine.state["registry"][d.LANMAN_KEY]["values"]
            values["RequireSecuritySignature"] = {"type": "dword", "data": int(bool(given["RequireSecuritySignature"]))}
        return []

    def encrypt(_machine: Machine, given: dict[str, Any], _location: str | None) -> list[dict[str, Any]]:
        for row in (*rows("MSFT_SmbShare"), *shares):
            if row["Name"] in given["Name"]:
                row["EncryptData"] = bool(given["EncryptData"])
        return []

    def remove(_machine: Machine, given: dict[str, Any], _location: str | None) -> list[dict[str, Any]]:
        for instances in (smb, machine.state["wmi"][d.CIMV2]["instances"]):
            kept = [
                row
                for row in instances
                if row["class"] not in ("MSFT_SmbShare", "Win32_Share") or row["properties"]["Name"] not in given["Name"]
            ]
            instances[:] = kept
        shares[:] = [row for row in shares if row["Name"] not in given["Name"]]
        return []

    runs = {"Set-SmbServerConfiguration": configure, "Set-SmbShare": encrypt, "Remove-SmbShare": remove}
    for name, run in runs.items():
        machine.commands[("smbshare", name.casefold())] = Command("2.0.0.0", commands[name]["parameters"], run)
    return machine


def test_most_rows_live() -> None:
    assert len(LIVING) >= 60
    assert len(WRITTEN) >= 15
    assert len(OWN) >= 4


# -- what goes wrong on the way ------------------------------------------------------------------------------------------------------------

IMMEDIATE = BY_NAME["stores are deleted at once"]
NAMED = BY_NAME["a named association is deleted"]


def about(outcome: Any, control: str) -> tuple[str, str]:
    found = p.findings_about(outcome.findings, control, TABLE.aspects)
    return p.status_of(found), p.told(found).casefold()


def test_a_site_that_takes_longer_than_the_wait() -> None:
    provider = Provider(IMMEDIATE, apply_seconds=600.0)
    outcome = provider.judge(check=False, wait_seconds=30)
    status, said = about(outcome, "SMP01 retention")
    assert status in ("error", "drift") and any(word in said for word in ("not seen", "in time", "30 s", "within")), said
    assert len(provider.requests) == 2


def test_somebody_else_changes_the_delay_in_between() -> None:
    provider = Provider(IMMEDIATE)
    point = provider.site.osd.migration_point(SERVER)
    provider.before_second = lambda: point.set_number("SMPStoreDeletionDelayTimeInMinutes", 10080)
    outcome = provider.judge(check=False)
    assert "somebody else" in p.told(outcome.findings).casefold()
    assert point.number("SMPStoreDeletionDelayTimeInMinutes") == 10080


def test_somebody_else_takes_a_release_back_in_between() -> None:
    """The store is captured anew after it was looked at: it must not lose its key."""
    provider = Provider(NAMED)
    (first, _second) = provider.site.osd.associations()

    def captured_anew() -> None:
        provider.site.osd.change_association(first["MigrationID"], StoreReleaseDate=d.UNSET, MigrationStatus=1)

    provider.before_second = captured_anew
    outcome = provider.judge(check=False)
    assert provider.site.osd.removed == []
    assert about(outcome, "003-17")[0] in ("error", "drift", "indeterminate")


def test_somebody_else_deletes_it_in_between() -> None:
    """Already done counts as done, or is told; nothing else is taken instead."""
    provider = Provider(NAMED)
    (first, second) = provider.site.osd.associations()
    provider.before_second = lambda: provider.site.osd.remove_association(first["MigrationID"])
    provider.judge(check=False)
    assert [one["MigrationID"] for one in provider.site.osd.associations()] == [second["MigrationID"]]


def test_only_the_named_association_goes() -> None:
    provider = Provider(NAMED)
    (_first, second) = provider.site.osd.associations()
    provider.judge(check=False)
    assert [one["MigrationID"] for one in provider.site.osd.associations()] == [second["MigrationID"]]


def test_read_only_administrators_learn_what_they_lack() -> None:
    provider = Provider(IMMEDIATE, administrators=(Administrator("CORP\\svc-ansible", "Read-only Analyst"),))
    had = provider.has()
    outcome = provider.judge(check=False)
    status, said = about(outcome, "SMP01 retention")
    assert status == "error" and any(word in said for word in ("modify", "become", "rights", "role")), said
    assert provider.has() == had


def test_what_people_vouch_for() -> None:
    provider = Provider(BY_NAME["a hardened point"])
    options = {**provider.situation.options, "readings": provider.readings}
    vouched = [
        Attestation(control, "Ada", date(2026, 1, 1), date(2026, 12, 31), "https://wiki.corp.example/usmt")
        for control in ("003-14", "003-18")
    ]
    outcome = o.judge(AREA, options, provider, attestations=vouched)
    assert {about(outcome, control)[0] for control in ("003-14", "003-18")} == {"attested"}
