# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes that fail: told with the host's own words, other writes are made; and nothing is written where no snapshot can be left."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain, moved

DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}
OFFER: Json = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}
PANEL = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance"
LIST = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\\RAUnsolicit"
FOLDER = "C:\\ProgramData\\configmgr.hardening"
STRANGER = "S-1-5-21-1004336348-1177238915-682003330-1110"


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    before: dict[str, str]
    states: dict[str, Json]
    run: Run
    after: dict[str, str]


@pytest.fixture(scope="module")
def told(start_shared: Start) -> Told:
    names = ("PANEL", "LIST", "OWNED", "LINK", "FILE", "GROUP", "GOOD")
    hosts: Json = {name: {"role": "client", "vars": {"given": DISABLED}} for name in names}
    hosts["LIST"]["vars"]["given"] = hosts["GROUP"]["vars"]["given"] = OFFER
    hosts["GROUP"]["remote_assistance"] = {"helpers_group": ["CORP\\Former Helpdesk"]}
    hosts["LIST"]["remote_assistance"] = {"policies": {"Configure Offer Remote Assistance": {"helpers": ["CORP\\Former Helpdesk"]}}}
    fleet = start_shared({**demo_domain(), "hosts": hosts})
    fleet.machine("PANEL").registry.keys[PANEL]["denied"] = "write"
    fleet.machine("LIST").registry.set(LIST.rpartition("\\")[0], "fAllowUnsolicited", "dword", 0)
    fleet.machine("LIST").registry.keys[LIST]["denied"] = "write"
    fleet.machine("OWNED").state["folders"][FOLDER] = {"owner": STRANGER}
    fleet.machine("LINK").state["folders"][FOLDER] = {"link": True}
    fleet.machine("FILE").files.files[FOLDER] = {"text": "in the way"}
    group = next(group for group in fleet.machine("GROUP").accounts.groups if group["name"] == "Offer Remote Assistance Helpers")
    group["denied"] = "write"
    before, states = fleet.fingerprints(), fleet.states()
    arguments = {"remote_assistance_policy": "{{ given }}", "results": str(fleet.results), "run_id": "job-1"}
    run = fleet.module("baseline", arguments)
    return Told(fleet, before, states, run, fleet.fingerprints())


def stored(told: Told, host: str) -> Json:
    content: Json = json.loads((told.fleet.results / "job-1" / f"{host}.json").read_text(encoding="utf-8"))
    return content


def test_the_task_fails_with_the_hosts_words(told: Told) -> None:
    one = told.run.of("PANEL")
    assert one.status == "failed"
    failed = [change for change in one.result["changes"] if change["state"] == "failed"]
    assert [(change["setting"], change["before"], change["after"]) for change in failed] == [
        ("control panel fAllowToGetHelp", "1", "0"),
        ("control panel CreateEncryptedOnlyTickets", "0", "1"),
    ]
    assert one.message == " ".join(
        f"{change['setting']}: {change['before']} -> {change['after']} failed: {change['message']}" for change in failed
    )
    assert {change["message"] for change in failed} == {f"Access to the key {PANEL} is denied."}


def test_the_other_writes_are_made(told: Told) -> None:
    result = told.run.of("PANEL").result
    made = [change for change in result["changes"] if change["state"] == "made"]
    assert made
    assert {change["setting"].partition(" ")[0] for change in made} == {"policy", "firewall"}
    paths = moved(told.states["PANEL"], told.fleet.machine("PANEL").state)
    rules = {path for path in paths if "\\firewallrules/values/" in path}
    assert {path for path in paths if path.startswith("/registry/hklm\\system")} == rules
    assert len(rules) == len([change for change in made if change["setting"].startswith("firewall ")])
    assert len([path for path in paths if "terminal services/values" in path]) >= len(made) - len(rules)
    assert result["changed"] is True
    assert result["snapshot"]


def test_the_finding_is_an_error_and_stored(told: Told) -> None:
    result = told.run.of("PANEL").result
    errors = [finding for finding in result["findings"] if finding["status"] == "error"]
    assert errors
    assert all(PANEL in finding["actual"] and "failed: " in finding["actual"] for finding in errors)
    assert all(finding["remedy"] == "Mend what the host says and apply again." for finding in errors)
    content = stored(told, "PANEL")
    assert content["findings"] == result["findings"]
    assert content["changes"] == result["changes"]
    assert (content["action"], content["snapshot"]) == ("apply", result["snapshot"])


def test_what_waits_for_a_failed_write_is_not_tried(told: Told) -> None:
    """Offering is turned on after the list of helpers is right: else those on the old list would get in."""
    result = told.run.of("LIST").result
    changes = {(change["setting"], change["item"]): change for change in result["changes"]}
    switch = changes["policy fAllowUnsolicited", None]
    failed = changes["helpers list", "CORP\\Helpdesk"]
    assert failed["state"] == "failed"
    assert LIST in failed["message"]
    assert changes["helpers list", "CORP\\Former Helpdesk"]["state"] == "failed"
    assert switch["state"] == "failed"
    assert switch["message"].startswith("It was not tried, as what has to come first failed. ")
    assert told.fleet.machine("LIST").registry.data(LIST.rpartition("\\")[0], "fAllowUnsolicited") == 0
    assert changes["policy LoggingEnabled", None]["state"] == "made"


def test_a_group_that_cannot_be_edited_is_told(told: Told) -> None:
    one = told.run.of("GROUP")
    assert one.status == "failed"
    failed = [change for change in one.result["changes"] if change["state"] == "failed"]
    assert {change["setting"] for change in failed} == {"helpers group"}
    assert all(change["message"] in one.message for change in failed)


@pytest.mark.parametrize("name", ["OWNED", "LINK", "FILE"])
def test_without_a_snapshot_nothing_is_written(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert one.status == "failed"
    assert told.after[name] == told.before[name]
    assert one.result["snapshot"] is None
    assert one.result["changed"] is False
    assert {change["state"] for change in one.result["changes"]} == {"failed"}
    assert {finding["status"] for finding in stored(told, name)["findings"]} >= {"error"}


def test_why_there_can_be_no_snapshot_is_said(told: Told) -> None:
    reasons = {
        "OWNED": f"{FOLDER} belongs to {STRANGER} and not to Administrators or SYSTEM.",
        "LINK": f"{FOLDER} is a file or a link and not a folder of ours.",
        "FILE": f"{FOLDER} is a file or a link and not a folder of ours.",
    }
    for host, reason in reasons.items():
        one = told.run.of(host)
        assert {change["message"] for change in one.result["changes"]} == {f"It was not tried, as no snapshot could be left: {reason}"}
        assert one.message == " ".join(
            f"{change['setting']}: {change['before']} -> {change['after']} failed: {change['message']}" for change in one.result["changes"]
        )


def test_a_snapshot_in_a_folder_of_somebody_else_is_not_restored(start: Start) -> None:
    """Whoever owns the folder can put anything there."""
    fleet = start({**demo_domain(), "hosts": {"CL01": {"role": "client"}}})
    fleet.module("remote_assistance_policy", DISABLED)
    fleet.machine("CL01").state["folders"][FOLDER] = {"owner": STRANGER}
    before = fleet.fingerprints()
    run = fleet.playbook("rollback")
    one = run.of("CL01")
    assert one.status == "failed"
    assert f"{FOLDER} belongs to {STRANGER} and not to Administrators or SYSTEM." in one.message
    assert one.result["changed"] is False
    assert fleet.fingerprints() == before


def test_other_hosts_are_served(told: Told) -> None:
    one = told.run.of("GOOD")
    assert (one.status, one.result["changed"]) == ("ok", True)
