# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demonstration's fleet, through the playbooks: verified, checked, applied, applied again, rolled back, and that undone as well.

The runs are made once for each ansible-core; the tests look at what the hosts counted, logged and looked like after each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Core, Run
from tests.integration.fleet import (
    DEMO,
    HELPER_GROUPS,
    Fleet,
    Json,
    demo_words,
    fingerprint_of,
    is_write,
    moved,
    without_empty_helper_group,
)

# CL09 is switched off, and CL11 refuses the account.
SILENT = {"CL09", "CL11"}
GOOD = {"CL02", "CL07", "CL08", "DC01"}
JUDGED = set(demo_words()["hosts"]) - SILENT
DRIFTED = JUDGED - GOOD
# No group of helpers before, and helpers that are to offer help: Windows' task makes the group.
GROUP_MADE = {"CL01", "CL03", "CL05", "CL06"}
# What else may be left of an apply and its rollback, as it is no configuration: the console's drive of the site, and an empty key that
# every Windows has and a simulated one only after something was in it.
REMAINS = {
    "CM01": {"/drives"},
    "SMP01": {
        "/registry/hklm\\system\\currentcontrolset\\services\\lanmanserver",
        "/registry/hklm\\system\\currentcontrolset\\services\\lanmanserver\\parameters",
    },
}
# Everybody belongs to its group of helpers again after the rollback, the controller's account too, so the guard leaves that group alone.
REFUSED = {"CL10"}
# On CM01 become takes more than one Send.
BECOMING = {"CM01"}


@dataclass(frozen=True)
class Chapter:
    """One run of a playbook, and the fleet as it was afterwards. By host: executions, WS-Man requests, operations of each execution."""

    run: Run
    executions: dict[str, int]
    requests: dict[str, int]
    sends: dict[str, int]
    operations: dict[str, list[list[Json]]]
    payloads: dict[str, list[int]]
    check_modes: dict[str, set[bool]]
    states: dict[str, Json]
    fingerprints: dict[str, str]

    def writes(self, host: str) -> list[Json]:
        return [operation for operations in self.operations[host] for operation in operations if is_write(operation)]

    def result(self, host: str) -> dict[str, Any]:
        return self.run.of(host).result


@dataclass
class Story:
    fleet: Fleet
    states: dict[str, Json]
    fingerprints: dict[str, str]
    chapters: dict[str, Chapter] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Chapter:
        return self.chapters[name]

    def tell(self, name: str, playbook: str, *options: str, **variables: Any) -> Chapter:
        fleet = self.fleet
        run = fleet.playbook(playbook, *options, **variables)
        # What was changed is seen by the site after a while, and by its distribution points when they look the next time.
        fleet.estate.advance(1)
        fleet.estate.advance(1)
        hosts = sorted(JUDGED | {"CL11"})
        self.chapters[name] = Chapter(
            run=run,
            executions={host: fleet.counters(host).executions for host in hosts},
            requests={host: fleet.counters(host).total_requests for host in hosts},
            sends={host: fleet.counters(host).requests.get("Send", 0) for host in hosts},
            operations={host: fleet.executed(host) for host in hosts},
            payloads={
                host: [execution.script_bytes + execution.arguments_bytes for execution in fleet.counters(host).log] for host in hosts
            },
            check_modes={host: {execution.check_mode for execution in fleet.counters(host).log} for host in hosts},
            states=fleet.states(),
            fingerprints=fleet.fingerprints(),
        )
        return self.chapters[name]


@pytest.fixture(scope="module")
def story(core: Core, start_shared: Start) -> Story:
    fleet = start_shared(demo_words(), core, group_vars=DEMO / "group_vars")
    story = Story(fleet, fleet.states(), fleet.fingerprints())
    story.tell("verify", "verify", "--diff")
    story.tell("check", "apply", "--check", "--diff")
    story.tell("apply", "apply", "--diff")
    story.tell("again", "apply", "--diff")
    story.tell("rollback check", "rollback", "--check", "--diff")
    rolled_back = story.tell("rollback", "rollback", "--diff")
    # Every host has a name of its own for it.
    left = {host: rolled_back.result(host)["snapshot"] for host in DRIFTED}
    story.tell("undone", "rollback", "--diff", configmgr_hardening_snapshot="{{ left[inventory_hostname] | default('latest') }}", left=left)
    return story


def test_every_host_that_can_be_judged_is_judged(story: Story) -> None:
    for name in ("verify", "check", "apply", "again"):
        run = story[name].run
        assert run.with_status("ok") == JUDGED, run.end
        assert run.with_status("unreachable") == SILENT
        assert run.exit_code == 4


def test_a_verification_is_one_execution_and_at_most_seven_requests(story: Story) -> None:
    for name in ("verify", "check", "again"):
        chapter = story[name]
        assert {host: chapter.executions[host] for host in JUDGED} == dict.fromkeys(JUDGED, 1), name
        assert max(chapter.requests.values()) <= 7, chapter.requests
        assert {chapter.result(host)["executions"] for host in JUDGED} == {1}
    # What may not log on runs nothing.
    assert story["verify"].executions["CL11"] == 0


def test_an_apply_is_two_executions_where_something_changes_and_one_elsewhere(story: Story) -> None:
    chapter = story["apply"]
    assert {host: chapter.executions[host] for host in JUDGED} == {**dict.fromkeys(DRIFTED, 2), **dict.fromkeys(GOOD, 1)}
    assert {host: chapter.result(host)["executions"] for host in JUDGED} == {host: chapter.executions[host] for host in JUDGED}
    assert chapter.run.changed() == DRIFTED
    assert {host for host, counts in chapter.run.recap.items() if counts["changed"]} - {"localhost"} >= DRIFTED


def test_what_is_sent_stays_small(story: Story) -> None:
    verify, apply = ([size for sizes in story[name].payloads.values() for size in sizes] for name in ("verify", "apply"))
    assert max(verify) < 80_000
    # All areas together, with the snapshot: still one Send each, where become does not add its own.
    assert max(apply) < 90_000
    for name in ("verify", "apply"):
        for host in JUDGED - BECOMING:
            assert story[name].sends[host] == story[name].executions[host], host


def test_the_second_apply_changes_nothing(story: Story) -> None:
    chapter = story["again"]
    assert chapter.run.changed() == set()
    assert {host for host in JUDGED if chapter.writes(host)} == set()
    assert chapter.fingerprints == story["apply"].fingerprints
    assert {host: chapter.result(host)["snapshot"] for host in JUDGED} == dict.fromkeys(JUDGED)


@pytest.mark.parametrize("name", ["verify", "check"])
def test_no_write_is_sent_without_apply(story: Story, name: str) -> None:
    chapter = story[name]
    assert {host: chapter.writes(host) for host in JUDGED} == {host: [] for host in JUDGED}
    assert chapter.fingerprints == story.fingerprints
    # The host would not run one either.
    assert {host: chapter.check_modes[host] for host in JUDGED} == {host: {True} for host in JUDGED}


@pytest.mark.parametrize("name", ["verify", "check"])
def test_what_would_be_changed_is_what_apply_then_changes(story: Story, name: str) -> None:
    said, done = story[name], story["apply"]
    assert said.run.changed() == done.run.changed()
    for host in sorted(JUDGED):
        planned, made = said.result(host), done.result(host)
        assert [{**change, "state": "made"} for change in planned["changes"] if change["state"] == "planned"] == [
            change for change in made["changes"] if change["state"] == "made"
        ], host
        others = [[change for change in result["changes"] if change["state"] not in ("planned", "made")] for result in (planned, made)]
        assert others[0] == others[1]
        assert planned.get("diff") == made.get("diff"), host
        assert bool(planned.get("diff")) == (host in DRIFTED)


def test_every_planned_change_was_made(story: Story) -> None:
    states = {change["state"] for host in JUDGED for change in story["apply"].result(host)["changes"]}
    assert states == {"made"}


def test_the_diff_names_each_property_before_and_after(story: Story) -> None:
    (diff,) = story["check"].result("DP02")["diff"]
    assert (diff["before"], diff["after"]) == ("policy LoggingEnabled: absent\n", "policy LoggingEnabled: 1\n")


def test_the_host_reports_what_was_written_and_nothing_else_moved(story: Story) -> None:
    before, after = story.states["DP02"], story["apply"].states["DP02"]
    differences = [path for path in moved(before, after) if "configmgr.hardening" not in path and not path.startswith("/calls")]
    key = "hklm\\software\\policies\\microsoft\\windows nt\\terminal services"
    assert differences == [f"/registry/{key}/values/loggingenabled"]


def test_rollback_says_beforehand_what_it_does(story: Story) -> None:
    said, done = story["rollback check"], story["rollback"]
    assert said.fingerprints == story["again"].fingerprints
    assert {host for host in JUDGED if said.writes(host)} == set()
    assert said.run.changed() == done.run.changed() == DRIFTED
    for host in sorted(DRIFTED):
        planned, made = said.result(host), done.result(host)
        assert [{**change, "state": "made"} for change in planned["changes"]] == made["changes"], host
        assert planned["diff"] == made["diff"]


def test_rollback_takes_three_executions_at_most(story: Story) -> None:
    assert max(story["rollback"].executions[host] for host in JUDGED) <= 3
    assert max(story["rollback check"].executions[host] for host in JUDGED) <= 2


def test_rollback_returns_every_host_to_what_it_was(story: Story) -> None:
    chapter = story["rollback"]
    unequal = {host for host in JUDGED if chapter.fingerprints[host] != story.fingerprints[host]}
    left = {host: _left(story.states[host], chapter.states[host]) for host in unequal - GROUP_MADE}
    assert unequal >= GROUP_MADE
    assert {host: paths for host, paths in left.items() if not paths <= REMAINS.get(host, set())} == {}
    for host in GROUP_MADE:
        machine = story.fleet.machine(host)
        assert not any(group["name"] in HELPER_GROUPS for group in story.states[host]["groups"])
        assert without_empty_helper_group(machine, chapter.states[host]) == story.fingerprints[host]


def test_a_host_without_a_snapshot_says_so(story: Story) -> None:
    for host in GOOD:
        told = story["rollback"].run.of(host)
        assert told.status == "failed"
        assert told.message == f"{host} could not be rolled back: there is no snapshot of an apply on the host."
        assert story["rollback"].writes(host) == []


def test_a_rollback_can_be_rolled_back(story: Story) -> None:
    chapter = story["undone"]
    assert chapter.run.changed() == DRIFTED
    assert {host: chapter.result(host)["restored"] for host in DRIFTED} == {
        host: story["rollback"].result(host)["snapshot"] for host in DRIFTED
    }
    left = {host: _left(story["apply"].states[host], chapter.states[host]) for host in DRIFTED}
    unequal = {host for host in DRIFTED if chapter.fingerprints[host] != story["apply"].fingerprints[host]}
    assert {host: left[host] for host in unequal - REFUSED if not left[host] <= REMAINS.get(host, set())} == {}
    for host in REFUSED:
        refused = [change for change in chapter.result(host)["changes"] if change["state"] == "refused"]
        assert all(change["message"].startswith("Members of the group ") for change in refused) and refused
        assert left[host] == {"/groups"}


def test_the_fingerprint_of_a_state_is_that_of_the_machine(story: Story) -> None:
    machine = story.fleet.machine("CL01")
    assert fingerprint_of(machine, story.states["CL01"]) == story.fingerprints["CL01"]
    assert fingerprint_of(machine, story["apply"].states["CL01"]) != story.fingerprints["CL01"]


def _left(before: Json, after: Json) -> set[str]:
    """What differs between two states, but for our own folder and the estate's notes of what was called."""
    return {path for path in moved(before, after) if "configmgr.hardening" not in path and not path.startswith("/calls")}
