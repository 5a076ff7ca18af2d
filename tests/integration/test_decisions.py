# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers, attestations and fail_on, as an inventory says them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain

DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}
POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
TODAY = date.today()  # noqa: DTZ011 waivers end with the controller's day
YESTERDAY, TOMORROW = (TODAY + timedelta(days=days) for days in (-1, 1))


def waiver(expires: date, control: str = "002-21", **more: str) -> Json:
    return {
        "control": control,
        "reason": "logs are kept by the proxy",
        "owner": "N. Weber",
        "expires": expires.isoformat(),
        **more,
    }


def finding(run: Run, host: str, control: str = "002-21") -> Json:
    found: Json = next(finding for finding in run.of(host).result["findings"] if finding["control"] == control)
    return found


def logging(fleet: Fleet, host: str) -> Any:
    return fleet.machine(host).registry.data(POLICY, "LoggingEnabled")


@pytest.fixture(scope="module")
def waived(start_shared: Start) -> tuple[Fleet, Run]:
    waivers = {
        "VALID": [waiver(TOMORROW)],
        "TODAY": [waiver(TODAY)],
        "EXPIRED": [waiver(YESTERDAY)],
        "OTHER": [waiver(TOMORROW, subject="VALID")],
        "OWN": [waiver(TOMORROW, subject="own")],
        "NONE": [],
        "BOTH": [waiver(YESTERDAY), waiver(TOMORROW)],
    }
    hosts: Json = {
        name: {"role": "client", "vars": {"remote_assistance_policy_options": DISABLED, "configmgr_hardening_waivers": given}}
        for name, given in waivers.items()
    }
    fleet = start_shared({**demo_domain(), "hosts": hosts})
    return fleet, fleet.playbook("apply")


@pytest.mark.parametrize("host", ["VALID", "TODAY", "OWN", "BOTH"])
def test_what_is_waived_is_reported_and_not_applied(waived: tuple[Fleet, Run], host: str) -> None:
    fleet, run = waived
    found = finding(run, host)
    assert (found["status"], found["underlying"]) == ("waived", "drift")
    assert found["caveats"][-1].startswith("waived until ") and found["caveats"][-1].endswith("by N. Weber: logs are kept by the proxy")
    assert logging(fleet, host) is None
    # What else differs is mended.
    assert fleet.machine(host).registry.data(POLICY, "fAllowToGetHelp") == 0
    assert run.of(host).result["changed"] is True


@pytest.mark.parametrize("host", ["EXPIRED", "OTHER", "NONE"])
def test_what_is_not_waived_any_more_or_for_another_host_is_applied(waived: tuple[Fleet, Run], host: str) -> None:
    fleet, run = waived
    found = finding(run, host)
    assert (found["status"], found["underlying"]) == ("compliant", None)
    assert logging(fleet, host) == 1


def test_an_expired_waiver_is_told(start: Start) -> None:
    words = {"role": "client", "vars": {"remote_assistance_policy_options": DISABLED}}
    fleet = start({**demo_domain(), "hosts": {"CL01": words}})
    run = fleet.playbook("verify", configmgr_hardening_waivers=[waiver(YESTERDAY)])
    found = finding(run, "CL01")
    assert found["status"] == "drift"
    assert f"the waiver by N. Weber: logs are kept by the proxy expired on {YESTERDAY.isoformat()}" in found["caveats"]


@pytest.fixture(scope="module")
def failing(start_shared: Start) -> Run:
    """Hosts that are as installed (or, GOOD, hardened), each with something else that makes its task fail."""
    policies = {
        "Configure Solicited Remote Assistance": "disabled",
        "Configure Offer Remote Assistance": "disabled",
        "Allow only Windows Vista or later connections": "enabled",
        "Turn on session logging": "enabled",
    }
    assistance = {"policies": policies, "control_panel": {"allow_connections": False, "encrypted_only": True}}
    hardened = {"remote_assistance": assistance, "firewall": {"off": ["Remote Assistance"]}}
    given: dict[str, tuple[list[str], Json]] = {
        "NOTHING": ([], {}),
        "DRIFT": (["drift"], {}),
        "CONFLICT": (["conflict"], {}),
        "HIGH": (["high"], {}),
        "GOODDRIFT": (["drift", "conflict", "error", "indeterminate", "high", "medium"], hardened),
        "GOODATTEST": (["unattested"], hardened),
        "GOODATTESTED": (["unattested"], hardened),
    }
    hosts: Json = {name: {"role": "client", "vars": {"fail_on": fail_on}, **more} for name, (fail_on, more) in given.items()}
    attestation = {"control": "002-55", "by": "N. Weber", "on": "2026-01-15", "valid_until": "2036-12-31", "proof": "CHG-4711"}
    for name in ("GOODDRIFT", "GOODATTESTED"):
        hosts[name]["vars"]["attestations"] = [attestation]
    fleet = start_shared({**demo_domain(), "hosts": hosts})
    arguments = {**DISABLED, "fail_on": "{{ fail_on }}", "attestations": "{{ attestations | default([]) }}"}
    return fleet.module("remote_assistance_policy", arguments, "--check")


def test_fail_on_makes_a_task_fail_that_has_such_findings(failing: Run) -> None:
    assert failing.with_status("failed") == {"DRIFT", "HIGH", "GOODATTEST"}
    assert failing.with_status("ok") == {"NOTHING", "CONFLICT", "GOODDRIFT", "GOODATTESTED"}
    assert failing.exit_code == 2


def test_the_message_names_the_controls(failing: Run) -> None:
    said = failing.of("GOODATTEST").message
    assert said == "fail_on: 002-55 unattested."
    drift = failing.of("DRIFT")
    drifted = [finding["control"] for finding in drift.result["findings"] if finding["status"] == "drift"]
    listed = ", ".join(f"{control} drift" for control in drifted[:10])
    assert drift.message == f"fail_on: {listed} and {len(drifted) - 10} more."
    assert len(drifted) > 10


def test_what_fails_so_is_judged_all_the_same(failing: Run) -> None:
    for host in ("DRIFT", "HIGH"):
        result = failing.of(host).result
        assert result["changed"] is True
        assert result["summary"]["drift"] == failing.of("NOTHING").result["summary"]["drift"] > 0


def test_an_attestation_counts_until_its_last_day(start: Start) -> None:
    days = {"BEFORE": (TOMORROW, TOMORROW), "FROM": (TODAY, TODAY), "AFTER": (YESTERDAY, YESTERDAY), "NEVER": None}
    hosts: Json = {}
    for name, span in days.items():
        entry = {"control": "002-55", "by": "N. Weber", "proof": "CHG-4711"}
        given = [{**entry, "on": span[0].isoformat(), "valid_until": span[1].isoformat()}] if span else []
        hosts[name] = {
            "role": "client",
            "vars": {"remote_assistance_policy_options": DISABLED, "configmgr_hardening_attestations": given},
        }
    fleet = start({**demo_domain(), "hosts": hosts})
    run = fleet.playbook("verify")
    assert {host: finding(run, host, "002-55")["status"] for host in days} == {
        "BEFORE": "unattested",
        "FROM": "attested",
        "AFTER": "unattested",
        "NEVER": "unattested",
    }
    assert finding(run, "NEVER", "002-55")["actual"] == "nobody has attested it"
    assert finding(run, "FROM", "002-55")["actual"].endswith("proof: CHG-4711")
    assert YESTERDAY.isoformat() in finding(run, "AFTER", "002-55")["actual"]
