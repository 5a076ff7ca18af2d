# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody else owns the settings: then nothing is ever written, whatever is declared wrong or differs, and who decides is named."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain, without_empty_helper_group
from windows_estate.world.preg import PolicyEntry

POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
PANEL = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance"
GPO = "Workstations - Remote Assistance"
SOLICITED = {"Configure Solicited Remote Assistance": {"control": "full", "ticket_life": 30, "ticket_life_unit": "days"}}
OFFER = {"Configure Offer Remote Assistance": {"control": "full", "helpers": ["CORP\\Former Helpdesk"]}}

DISABLED: Json = {"mode": "disabled"}
OFFERED: Json = {"mode": "offer_only", "helpers": ["CORP\\Helpdesk"], "manage_feature": True, "uac_prompt_visible_to_helper": True}
INVITED: Json = {"mode": "solicited", "ticket_life": {"value": 1, "unit": "hours"}}


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    before: dict[str, str]
    run: Run
    after: dict[str, str]


def statuses(run: Run, host: str) -> dict[str, str]:
    return {finding["control"]: finding["status"] for finding in run.of(host).result["findings"]}


@pytest.fixture(scope="module")
def told(start_shared: Start) -> Told:
    """Each mode and each foreign owner, on hosts where everything differs, with and without that owner's hand in it."""
    modes = {"DISABLED": DISABLED, "OFFERED": OFFERED, "INVITED": INVITED}
    hosts: Json = {}
    for word, managed_by in (("GPO", "group_policy"), ("SCCM", "configmgr")):
        for name, options in modes.items():
            given = {**options, "managed_by": managed_by}
            for suffix, role in (("C", "client"), ("S", "member_server")):
                policies = {"remote_assistance": {"policies": {**SOLICITED, **OFFER}}} if role == "client" else {}
                hosts[f"{word}-{name}-{suffix}"] = {"role": role, "vars": {"given": given}, **policies}
    group_policy = {
        "objects": [
            {"name": GPO, "applies_to": [name for name in hosts if name.startswith("GPO") and name.endswith("C")], "policies": SOLICITED}
        ]
    }
    settings = {
        "name": "Help desk",
        "applies_to": [name for name in hosts if name.startswith("SCCM") and name.endswith("C")],
        "remote_tools": {
            "manage_solicited_remote_assistance": True,
            "manage_unsolicited_remote_assistance": True,
            "remote_assistance": "full",
        },
    }
    words = {**demo_domain(), "group_policy": group_policy, "configmgr": {"client_settings": [settings]}, "hosts": hosts}
    fleet = start_shared(words)
    before = fleet.fingerprints()
    run = fleet.module("baseline", {"remote_assistance_policy": "{{ given }}"})
    return Told(fleet, before, run, fleet.fingerprints())


def test_nothing_is_written_for_another_owner(told: Told) -> None:
    hosts = set(told.before)
    assert told.run.with_status("ok") == hosts, told.run.end
    assert len(hosts) == 12
    assert {host: told.fleet.writes(host) for host in hosts} == {host: [] for host in hosts}
    assert {host: told.fleet.counters(host).executions for host in hosts} == dict.fromkeys(hosts, 1)
    assert told.after == told.before
    assert told.run.changed() == set()
    assert {host: told.run.of(host).result["changes"] for host in hosts} == {host: [] for host in hosts}


def test_the_drift_is_reported_all_the_same(told: Told) -> None:
    for host in told.before:
        found = set(statuses(told.run, host).values())
        assert found & {"drift", "conflict"}, host


def test_the_declared_owner_that_is_not_there_is_drift(told: Told) -> None:
    for host in told.before:
        found = statuses(told.run, host)["000-09"]
        assert found == ("compliant" if host.endswith("C") else "drift"), host


def test_what_group_policy_applies_again_is_a_conflict_that_names_it(start: Start) -> None:
    options = {"managed_by": "this_collection", "mode": "disabled"}
    words: Json = {
        **demo_domain(),
        "hosts": {"CL01": {"role": "client", "vars": {"remote_assistance_policy_options": options}}},
        "group_policy": {
            "refresh_minutes": 90,
            "objects": [{"name": GPO, "applies_to": "CL01", "policies": {"Turn on session logging": "enabled"}}],
        },
    }
    fleet = start(words)
    registry = fleet.machine("CL01").registry
    first = fleet.playbook("apply")
    assert registry.data(POLICY, "fAllowToGetHelp") == 0
    settled = fleet.fingerprints()
    assert first.changed() == {"CL01"}

    # An administrator edits the object; the host applies it at its next refresh.
    fleet.estate.edit_gpo(GPO, [PolicyEntry.make(POLICY.removeprefix("HKLM\\"), "fAllowToGetHelp", "dword", 1)])
    fleet.estate.advance(30)
    assert fleet.playbook("apply").changed() == set()
    fleet.estate.advance(90)
    assert registry.data(POLICY, "fAllowToGetHelp") == 1
    moved = fleet.fingerprints()
    assert moved != settled

    again = fleet.playbook("apply")
    found = next(finding for finding in again.of("CL01").result["findings"] if finding["control"] == "002-35")
    assert found["status"] == "conflict"
    assert f'the Group Policy object "{GPO}"' in found["actual"]
    assert "Computer Configuration > Policies > Administrative Templates" in found["remedy"]
    owner = next(finding for finding in again.of("CL01").result["findings"] if finding["control"] == "000-09")
    assert owner["status"] == "conflict"
    assert GPO in owner["actual"]
    # The policy value is left to its owner.
    assert registry.data(POLICY, "fAllowToGetHelp") == 1
    written = {(write["op"], write.get("key"), write.get("name")) for write in fleet.writes("CL01")}
    assert ("registry.write", POLICY, "fAllowToGetHelp") not in written
    # Nobody writes back and forth.
    fleet.estate.advance(200)
    settled = fleet.fingerprints()
    assert fleet.playbook("apply").changed() == set()
    assert fleet.fingerprints() == settled


def test_configuration_manager_writes_its_values_back_and_is_named(start: Start) -> None:
    settings = {
        "name": "Help desk",
        "applies_to": "CL01",
        "remote_tools": {
            "manage_solicited_remote_assistance": True,
            "manage_unsolicited_remote_assistance": True,
            "remote_assistance": "full",
        },
    }
    words: Json = {
        **demo_domain(),
        "configmgr": {"site_code": "P01", "refresh_minutes": 60, "client_settings": [settings]},
        "hosts": {
            "CL01": {"role": "client", "vars": {"remote_assistance_policy_options": {"managed_by": "this_collection", "mode": "disabled"}}}
        },
    }
    fleet = start(words)
    first = fleet.playbook("apply")
    found = {finding["control"]: finding for finding in first.of("CL01").result["findings"]}
    assert found["000-09"]["status"] == "conflict"
    assert "Configuration Manager (client settings, Remote Tools, from SMS:P01)" in found["000-09"]["actual"]
    assert found["002-38"]["status"] == "conflict"
    registry = fleet.machine("CL01").registry
    assert registry.data(POLICY, "fAllowUnsolicited") == 1
    settled = fleet.fingerprints()
    fleet.estate.advance(120)
    assert fleet.playbook("apply").changed() == set()
    assert fleet.fingerprints() == settled


def test_a_german_host_is_hardened_and_rolled_back(start: Start) -> None:
    """Nothing may rest on a name that is translated: built-in groups, the group of helpers, states of tasks, messages."""
    options = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}
    german = {"role": "client", "language": "de-DE", "os": "windows_10_22h2"}
    words: Json = {
        **demo_domain(),
        "hosts": {
            "WITHOUT": german,
            "WITH": {**german, "remote_assistance": {"helpers_group": ["CORP\\Helpdesk"]}},
            "SWITCHEDOFF": {**german, "remote_assistance": {"task": "disabled"}},
        },
    }
    fleet = start(words)
    before = fleet.fingerprints()
    run = fleet.module("remote_assistance_policy", options)
    assert run.changed() == {"WITHOUT", "WITH", "SWITCHEDOFF"}, run.end
    for host in ("WITHOUT", "WITH", "SWITCHEDOFF"):
        group = next(group for group in fleet.machine(host).accounts.groups if group["name"] == "Remoteunterstützungsanbieter")
        assert [member["sid"][-5:] for member in group["members"]] == ["-1201"], host
        assert run.of(host).result["host"]["language"] == "de-DE"
    assert fleet.module("remote_assistance_policy", options).changed() == set()
    back = fleet.playbook("rollback")
    assert back.changed() == {"WITHOUT", "WITH", "SWITCHEDOFF"}
    after = fleet.states()
    assert fleet.fingerprints()["WITH"] == before["WITH"]
    for host in ("WITHOUT", "SWITCHEDOFF"):
        assert without_empty_helper_group(fleet.machine(host), after[host]) == before[host], host


def test_a_domain_controller_is_hardened_and_rolled_back(start: Start) -> None:
    """It has no local groups, so nothing of them is read as missing."""
    fleet = start({**demo_domain(), "hosts": {"DC01": {"role": "domain_controller"}}})
    before = fleet.fingerprints()
    for options in ({"mode": "disabled"}, {"mode": "offer_only", "helpers": ["CORP\\Helpdesk"], "firewall": {"from": ["10.20.5.0/24"]}}):
        given = {"managed_by": "this_collection", **options}
        run = fleet.module("remote_assistance_policy", given)
        assert run.changed() == {"DC01"}, run.end
        found = run.of("DC01").result["findings"]
        # A server without the feature is one that cannot offer, and apply was not asked to install it.
        assert {finding["actual"] for finding in found if finding["status"] == "drift"} <= {
            "the feature Remote-Assistance is not installed"
        }
        assert {finding["status"] for finding in found} <= {"compliant", "not_applicable", "unattested", "drift", "indeterminate"}
        assert not [write for write in fleet.writes("DC01") if write["op"].startswith("group.")]
        assert fleet.module("remote_assistance_policy", given).changed() == set()
        assert fleet.playbook("rollback").changed() == {"DC01"}
        assert fleet.fingerprints() == before
