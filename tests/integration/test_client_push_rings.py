# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rings of client push over a fleet: verified in slices, one host after the other, in several runs, into several folders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain

RING1, RING2, OLD = "CORP\\Push Ring 1", "CORP\\Push Ring 2", "CORP\\push-old"
OF_RING = {"ring 1": RING1, "ring 2": RING2}


def computer(ring: str, *administrators: str, **more: Any) -> Json:
    members = ["Administrator", "CORP\\svc-ansible", *administrators]
    options = {"ring": ring, "admitted": [OF_RING[ring]], "known_push_principals": [RING1, RING2, OLD]}
    return {
        "role": "client",
        "groups": [ring.replace(" ", "")],
        "local_groups": {"Administrators": members},
        "vars": {"client_push_target_options": options},
        **more,
    }


# Ring 1's account is on a computer of ring 2 as well, and that one is reached by two; one computer is switched off.
HOSTS: Json = {
    "CL01": computer("ring 1", RING1),
    "CL02": computer("ring 1", RING1, language="de-DE"),
    "CL03": computer("ring 2", RING2),
    "CL04": computer("ring 2", RING2, RING1),
    "CL05": computer("ring 2", RING2, faults="unreachable"),
}


@pytest.fixture(scope="module")
def fleet(start_shared: Start) -> Fleet:
    return start_shared({**demo_domain(), "hosts": HOSTS})


def told(run: Run) -> dict[str, str]:
    """What the report says of the rings, by what it is about."""
    report = next(task.result for task in run.told if "rings_findings" in task.result)
    return {str(finding["object"]): f"{finding['status']}: {finding['actual']}" for finding in report["rings_findings"]}


WRONG = {
    RING1: f"drift: {RING1} reaches the computers of 2 rings: ring 1: CL01, CL02; ring 2: CL04",
    "CL04": f"drift: CL04 is reached by 2 push accounts: {RING1}, {RING2}",
}


def test_the_fleet(fleet: Fleet) -> None:
    whole = fleet.playbook("verify", configmgr_hardening_run_id="whole")
    findings = told(whole)
    assert {about: findings[about] for about in WRONG} == WRONG
    assert findings["not heard from"].startswith("indeterminate: which push accounts reach 1 computers is not known: CL05")
    for host in ("CL01", "CL02", "CL03", "CL04"):
        assert fleet.counters(host).executions == 1
        assert fleet.writes(host) == []
    report = (fleet.results / "report.md").read_text(encoding="utf-8")
    assert "in several rings" in report and "CL05" in report


@pytest.mark.parametrize("ring", ["ring1", "ring2"])
def test_a_limited_run_leaves_the_verdict_on_the_others(fleet: Fleet, ring: str) -> None:
    findings = told(fleet.playbook("verify", "--limit", ring, configmgr_hardening_run_id=f"only-{ring}"))
    assert {about: findings[about] for about in WRONG} == WRONG


def test_a_limited_run_alone_speaks_of_no_other_ring(fleet: Fleet) -> None:
    """Nothing is known of ring 2 then, so nothing is compliant."""
    folder = str(fleet.controller.folder / "alone")
    findings = told(fleet.playbook("verify", "--limit", "ring1", configmgr_hardening_results=folder))
    (only,) = findings.values()
    assert only.startswith("indeterminate: all computers that were heard from are one ring: ring 1")
    assert RING2 in only


def test_slices_in_several_folders_are_one_fleet(fleet: Fleet) -> None:
    """Two controllers, each with a ring and a folder of its own, one host after the other."""
    folders = [str(fleet.controller.folder / name) for name in ("berlin", "lyon")]
    role = {"ansible.builtin.import_role": {"name": "configmgr.hardening.client_push_scope", "tasks_from": "target"}}
    for ring, folder in zip(("ring1", "ring2"), folders, strict=True):
        fleet.tasks(
            [{**role, "vars": {"client_push_scope_results": folder, "client_push_scope_run_id": f"slice-{ring}"}}],
            "--check",
            "--limit",
            f"{ring}:!CL05",
            serial=1,
        )
    report = {"configmgr.hardening.report": {"results": folders, "hosts": list(HOSTS)}, "delegate_to": "localhost", "run_once": True}
    findings = told(fleet.tasks([report]))
    assert {about: findings[about] for about in WRONG} == WRONG
    assert "CL05 (not heard from)" in findings["not heard from"]


def test_an_old_result_is_named(fleet: Fleet) -> None:
    folder = fleet.controller.folder / "old"
    run = fleet.playbook("verify", "--limit", "CL01:CL03", configmgr_hardening_results=str(folder), configmgr_hardening_run_id="aged")
    assert told(run)["None"].startswith("compliant: 2 rings of 2 computers")
    path = folder / "aged" / "CL03.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    moved = content["time"].replace(content["time"][:4], str(int(content["time"][:4]) - 1), 1)
    path.write_text(json.dumps(content).replace(content["time"], moved), encoding="utf-8")
    report = {"configmgr.hardening.report": {"results": [str(folder)]}, "delegate_to": "localhost", "run_once": True}
    findings = told(fleet.tasks([report]))
    assert findings == {"old results": "indeterminate: the results of 1 computers are old: CL03"}


def test_an_apply_mends_it_with_two_executions(fleet: Fleet) -> None:
    run = fleet.playbook("client_push", configmgr_hardening_run_id="apply")
    assert {host: fleet.counters(host).executions for host in HOSTS} == {**dict.fromkeys(HOSTS, 2), "CL05": 0}
    findings = told(run)
    assert set(findings) == {"not heard from"}
    again = fleet.playbook("client_push", configmgr_hardening_run_id="again")
    assert again.changed() == set()
    assert {host: fleet.counters(host).executions for host in HOSTS} == {**dict.fromkeys(HOSTS, 1), "CL05": 0}
    assert all(fleet.writes(host) == [] for host in HOSTS)
