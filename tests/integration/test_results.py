# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Results and reports: one file for each host and run, whatever the order, the number of hosts at a time, and who was left out."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import NAMESPACE, Run
from tests.integration.fleet import Fleet, Json, demo_domain

DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}


def clients(*names: str, **words: object) -> Json:
    return {**demo_domain(), "hosts": {name: {"role": "client", **words} for name in names}}


def inventory_clients(*names: str) -> Json:
    return clients(*names, vars={"remote_assistance_policy_options": DISABLED})


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def read(path: Path) -> Json:
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content


def reported(run: Run) -> Json:
    found = [told for told in run.told if told.action == f"{NAMESPACE}.report"]
    assert len(found) == 1, run.end
    return found[0].result


def test_a_run_has_one_id_for_all_hosts_and_the_next_run_another(start: Start) -> None:
    fleet = start(inventory_clients("CL01", "CL02", "CL03"))
    first = fleet.playbook("verify")
    ids = {told.result["run_id"] for told in first.every()}
    (run_id,) = ids
    assert {path for path in files(fleet.results) if path != "report.md"} == {f"{run_id}/{host}.json" for host in ("CL01", "CL02", "CL03")}
    for host in ("CL01", "CL02", "CL03"):
        content = read(fleet.results / run_id / f"{host}.json")
        told = first.of(host).result
        assert (content["schema"], content["run_id"], content["subject"], content["action"]) == (1, run_id, host, "verify")
        assert content["areas"] == ["remote_assistance_policy"]
        assert content["findings"] == told["findings"]
        assert content["changes"] == told["changes"]
        assert content["host"]["name"] == host
        assert told["results_file"] == str(fleet.results / run_id / f"{host}.json")
    # Hosts one after the other are the same run still; another ansible-playbook is another one.
    tasks = [{"configmgr.hardening.remote_assistance_policy": DISABLED, "check_mode": True}]
    second = fleet.tasks(tasks, serial=1)
    other = {told.result["run_id"] for told in second.every()}
    assert len(second.every()) == 3
    assert len(other) == 1
    assert other != ids


def test_serial_and_limit_leave_the_other_hosts_results_alone(start: Start) -> None:
    fleet = start(inventory_clients("CL01", "CL02", "CL03"))
    arguments = {"remote_assistance_policy": DISABLED, "results": str(fleet.results), "run_id": "job-1"}
    serial = fleet.tasks([{"configmgr.hardening.baseline": arguments}], serial=1)
    assert serial.changed() == {"CL01", "CL02", "CL03"}
    assert files(fleet.results) == {"job-1/CL01.json", "job-1/CL02.json", "job-1/CL03.json"}
    before = (fleet.results / "job-1" / "CL01.json").read_text(encoding="utf-8")
    limited = fleet.playbook("verify", "--limit", "CL02", configmgr_hardening_run_id="job-2")
    assert {told.host for told in limited.every()} == {"CL02"}
    assert files(fleet.results) == {"job-1/CL01.json", "job-1/CL02.json", "job-1/CL03.json", "job-2/CL02.json", "report.md"}
    assert (fleet.results / "job-1" / "CL01.json").read_text(encoding="utf-8") == before
    assert fleet.counters("CL01").total_requests == 0
    # The report of a limited run names nobody as missing who was not asked.
    report = reported(limited)
    assert report["not_heard_from"] == []
    assert set(report["counts"]) == {"CL01", "CL02", "CL03"}


def test_two_tasks_of_one_run_share_the_file_and_the_last_word_on_an_area_counts(start: Start) -> None:
    fleet = start(clients("CL01"))
    other = {"area": "another_area", "status": "drift"}
    common = {"results": str(fleet.results), "run_id": "job-1"}
    first = fleet.module("remote_assistance_policy", {**DISABLED, **common}, "--check")
    path = fleet.results / "job-1" / "CL01.json"
    # What a second area's task of the same run would have left.
    content = read(path)
    template = content["findings"][0]
    content["areas"].append("another_area")
    content["findings"].append({**template, **other})
    content["readings"] = {"another_area": {"port": 443}}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert first.of("CL01").result["summary"]["drift"] > 0

    fleet.module("remote_assistance_policy", {**DISABLED, **common})
    merged = read(path)
    assert sorted(merged["areas"]) == ["another_area", "remote_assistance_policy"]
    assert merged["action"] == "apply"
    assert [finding for finding in merged["findings"] if finding["area"] == "another_area"] == [{**template, **other}]
    assert merged["readings"] == {"another_area": {"port": 443}}
    statuses = {finding["status"] for finding in merged["findings"] if finding["area"] == "remote_assistance_policy"}
    assert "drift" not in statuses


def test_two_tasks_of_one_playbook_are_one_run(start: Start) -> None:
    fleet = start(clients("CL01"))
    task = {"configmgr.hardening.remote_assistance_policy": {**DISABLED, "results": str(fleet.results)}}
    run = fleet.tasks([task, {**task, "check_mode": True}])
    first, second = run.every()
    assert first.result["run_id"] == second.result["run_id"]
    assert first.result["results_file"] == second.result["results_file"]
    assert (first.result["changed"], second.result["changed"]) == (True, False)


def test_a_damaged_result_is_told_before_the_host_is_touched(start: Start) -> None:
    fleet = start(clients("CL01", "CL02"))
    path = fleet.results / "job-1" / "CL01.json"
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    run = fleet.module("remote_assistance_policy", {**DISABLED, "results": str(fleet.results), "run_id": "job-1"})
    said = run.of("CL01").message
    assert said.startswith(f"results: {path} is no result of this collection (JSONDecodeError: ")
    assert said.endswith("). Remove that file, or give another run_id.")
    assert fleet.counters("CL01").total_requests == 0
    assert run.of("CL02").status == "ok"


def test_hosts_with_odd_names_have_files_of_their_own(start: Start) -> None:
    fleet = start(clients("CL01", "CL02"))
    ports = fleet.served.ports
    odd = {"../../evil": ports["CL01"], "a/b": ports["CL02"], "a_b": ports["CL02"]}
    hosts = {name: {"ansible_port": port} for name, port in odd.items()}
    variables = fleet.estate.inventory(ports)["all"]["vars"]
    file = fleet.controller.folder / "odd.yml"
    file.write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}), encoding="utf-8")
    task = {"configmgr.hardening.remote_assistance_policy": {**DISABLED, "results": str(fleet.results), "run_id": "job-1"}}
    run = fleet.controller.play(file, [task], "--check")
    assert run.with_status("ok") == set(odd), run.end
    found = {path.name: read(path)["subject"] for path in (fleet.results / "job-1").iterdir()}
    assert sorted(found.values()) == sorted(odd)
    assert files(fleet.results) == {f"job-1/{name}" for name in found}


@pytest.fixture
def fleet(start: Start) -> Fleet:
    return start(inventory_clients("CL01", "CL02", "CL03"))


def test_the_report_names_who_was_not_heard_from_what_is_old_and_what_is_unreadable(fleet: Fleet) -> None:
    fleet.playbook("verify", configmgr_hardening_run_id="job-1")
    folder = fleet.results / "job-1"
    old = read(folder / "CL02.json")
    old["time"] = (datetime.now(timezone.utc) - timedelta(days=40)).isoformat()
    (folder / "CL02.json").write_text(json.dumps(old), encoding="utf-8")
    (folder / "CL03.json").write_text("not a result", encoding="utf-8")
    (folder / "newer.json").write_text(json.dumps({"schema": 99}), encoding="utf-8")
    run = fleet.playbook("report")
    report = reported(run)
    assert fleet.counters("CL01").total_requests == 0
    assert report["not_heard_from"] == ["CL03"]
    assert report["old"] == ["CL02"]
    assert len(report["unreadable"]) == 2
    assert str(folder / "CL03.json") in report["unreadable"][0]
    assert report["unreadable"][1] == f"{folder / 'newer.json'} has schema 99, and this version reads schema 1."
    text = (fleet.results / "report.md").read_text(encoding="utf-8")
    for heading, line in (("## Not heard from", "- CL03"), ("## Old results", "- CL02, "), ("## Files that are no results", "newer.json")):
        section = text.partition(heading)[2].partition("\n## ")[0]
        assert line in section, heading
    assert any("CL03" in line and "not heard from" in line for line in report["table"])


def test_a_host_that_is_unreachable_is_not_heard_from(start: Start) -> None:
    words = inventory_clients("CL01", "CL02")
    words["hosts"]["CL02"]["faults"] = "unreachable"
    run = start(words).playbook("verify")
    assert reported(run)["not_heard_from"] == ["CL02"]
    assert set(reported(run)["counts"]) == {"CL01"}
    assert run.exit_code == 4


def test_the_newest_result_of_each_area_counts_over_several_folders(fleet: Fleet, tmp_path: Path) -> None:
    fleet.playbook("verify", configmgr_hardening_run_id="job-1")
    other = tmp_path / "other"
    fleet.playbook("apply", "--limit", "CL01", configmgr_hardening_run_id="job-2", configmgr_hardening_results=str(other))
    task: Json = {"configmgr.hardening.report": {"results": [str(fleet.results), str(other)], "hosts": ["CL01", "CL02", "CL09"]}}
    both = reported(fleet.tasks([{**task, "delegate_to": "localhost", "run_once": True}]))
    assert both["counts"]["CL01"]["remote_assistance_policy"]["drift"] == 0
    assert both["counts"]["CL02"]["remote_assistance_policy"]["drift"] > 0
    assert both["not_heard_from"] == ["CL09"]
    task["configmgr.hardening.report"]["run_id"] = "job-1"
    first = reported(fleet.tasks([{**task, "delegate_to": "localhost", "run_once": True}]))
    assert first["counts"]["CL01"]["remote_assistance_policy"]["drift"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"results": ["/nowhere"]}, "results: /nowhere is no folder; give one that the other modules stored into."),
        (
            {"results": ["/nowhere"], "stale_after_days": 0},
            "results: /nowhere is no folder; give one that the other modules stored into."
            " stale_after_days: 0 is out of range; allowed are whole numbers from 1.",
        ),
        ({}, "results: missing; allowed is a list, each entry a path."),
        ({"results": ["/tmp"], "dest": "/dev/null/a/report.md"}, "dest: /dev/null/a/report.md cannot be written (Not a directory)."),
    ],
    ids=["folder", "days", "missing", "dest"],
)
def test_what_is_wrong_with_a_report_is_told(start: Start, arguments: Json, said: str) -> None:
    fleet = start(clients("CL01"))
    run = fleet.tasks([{"configmgr.hardening.report": arguments, "delegate_to": "localhost"}])
    (told,) = [told for told in run.told if told.action == f"{NAMESPACE}.report"]
    assert (told.status, told.message) == ("failed", said)
