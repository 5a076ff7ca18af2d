# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom computers admit to Administrators for client push: verified, checked, applied, applied again, rolled back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain, is_write, moved
from windows_estate.winrm import Handler, ModuleCall, ModuleRun
from windows_estate.world.behaviours import user_rights

DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
RING1, RING2, OLD = "CORP\\Push Ring 1", "CORP\\Push Ring 2", "CORP\\push-old"
SIDS = {RING1: f"{DOMAIN}-1311", RING2: f"{DOMAIN}-1312", OLD: f"{DOMAIN}-1303"}
ORPHAN, STRANGER = f"{DOMAIN}-1399", f"{DOMAIN}-1398"
ADMINISTRATORS = "S-1-5-32-544"
LOCALLY, REMOTELY = "SeDenyInteractiveLogonRight", "SeDenyRemoteInteractiveLogonRight"
OURS = [".\\Administrator", "CORP\\Domain Admins", "CORP\\svc-ansible"]
DENIED = {"Deny log on locally": [".\\Guest", RING1, RING2, OLD], "Deny log on through Remote Desktop Services": [RING1, RING2, OLD]}
SYSTEM = {"ansible_become": True, "ansible_become_method": "ansible.builtin.runas", "ansible_become_user": "SYSTEM"}
NO_RIGHTS = {"deny_interactive_logon": False, "deny_remote_interactive_logon": False}


def ring(**more: Any) -> Json:
    return {"ring": "one", "admitted": [RING1], "known_push_principals": [RING1, RING2, OLD], **more}


@dataclass(frozen=True)
class Host:
    """C(members): of Administrators besides ours. C(variables): of the inventory."""

    members: tuple[str, ...] = ()
    given: Json = field(default_factory=ring)
    words: Json = field(default_factory=dict)
    variables: Json = field(default_factory=dict)


HOSTS: dict[str, Host] = {
    "WRONG": Host((RING2, OLD, "CORP\\a.meyer", STRANGER)),
    "GERMAN": Host((RING2,), words={"language": "de-DE", "os": "windows_10_22h2"}),
    "SETTLED": Host((RING1, "CORP\\a.meyer"), words={"user_rights": DENIED}),
    "ORPHAN": Host((RING1, ORPHAN), ring(known_push_principals=[ORPHAN], **NO_RIGHTS)),
    # The account that connects, and groups that it belongs to.
    "SELF": Host((RING1, "CORP\\Workstation Admins"), ring(known_push_principals=["CORP\\svc-ansible", "CORP\\Workstation Admins"])),
    "BECOME": Host((RING1, RING2), ring(**NO_RIGHTS), variables=SYSTEM),
    # Group Policy decides.
    "RESTRICTED": Host((RING2,)),
    "PREFERENCES": Host((RING2,), ring(**NO_RIGHTS)),
    "RIGHTS": Host((RING1,)),
    # Somebody else is at work between the two executions.
    "BETWEEN": Host((RING1,)),
}
CHANGED = set(HOSTS) - {"SETTLED", "BECOME", "BETWEEN"}
POLICIES: Json = {
    "objects": [
        {
            "name": "Administrators of computers",
            "guid": "{6A1B8A37-2D66-4F0E-9A55-0B7E3D9C1F01}",
            "version": 1,
            "applies_to": "RESTRICTED",
            "restricted_groups": {"Administrators": {"members": [*OURS[1:], ".\\Administrator", RING2]}},
        },
        {
            "name": "Push preferences",
            "guid": "{6A1B8A37-2D66-4F0E-9A55-0B7E3D9C1F02}",
            "version": 1,
            "applies_to": "PREFERENCES",
            "local_groups": {"Administrators": {"add": [RING2]}},
        },
        {
            "name": "Rights of computers",
            "guid": "{6A1B8A37-2D66-4F0E-9A55-0B7E3D9C1F03}",
            "version": 1,
            "applies_to": "RIGHTS",
            "user_rights": {"Deny log on locally": [".\\Guest"]},
        },
    ]
}


@dataclass(frozen=True)
class Chapter:
    run: Run
    executions: dict[str, int]
    requests: dict[str, int]
    writes: dict[str, list[Json]]
    states: dict[str, Json]
    fingerprints: dict[str, str]

    def result(self, host: str) -> dict[str, Any]:
        return self.run.of(host).result

    def changes(self, host: str) -> dict[str, str]:
        return {f"{change['setting']} {change['item'] or ''}".strip(): str(change["state"]) for change in self.result(host)["changes"]}

    def statuses(self, host: str, control: str) -> dict[str | None, str]:
        return {each["object"]: each["status"] for each in self.result(host)["findings"] if each["control"] == control}


@dataclass
class Story:
    fleet: Fleet
    states: dict[str, Json]
    fingerprints: dict[str, str]
    chapters: dict[str, Chapter] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    rights: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Chapter:
        return self.chapters[name]

    def tell(self, name: str, module: str, arguments: Any, *options: str) -> None:
        fleet = self.fleet
        run = fleet.module(module, arguments, *options)
        self.chapters[name] = Chapter(
            run,
            {host: fleet.counters(host).executions for host in HOSTS},
            {host: fleet.counters(host).total_requests for host in HOSTS},
            {host: fleet.writes(host) for host in HOSTS},
            fleet.states(),
            fleet.fingerprints(),
        )

    def members_of(self, host: str) -> list[str]:
        groups = self.fleet.machine(host).accounts.groups
        group = next(group for group in groups if group["sid"] == ADMINISTRATORS)
        return [member["sid"] for member in group["members"]]

    def rights_of(self, host: str) -> dict[str, list[str]]:
        machine = self.fleet.machine(host)
        return {right: sorted(user_rights.holders_of(machine, right)) for right in (LOCALLY, REMOTELY)}


def disturbed(handler: Handler, do: Callable[[], None]) -> Handler:
    """Somebody does something right before each execution that writes."""

    def run(call: ModuleCall) -> ModuleRun | None:
        if any(is_write(operation) for operation in call.arguments["operations"]):
            do()
        return handler(call)

    return run


@pytest.fixture(scope="module")
def story(start_shared: Start) -> Story:
    words = demo_domain()
    words["group_policy"] = POLICIES
    words["hosts"] = {
        name: {
            "role": "client",
            "local_groups": {"Administrators": [*OURS, *host.members]},
            **host.words,
            "vars": {"given": host.given, **host.variables},
        }
        for name, host in HOSTS.items()
    }
    fleet = start_shared(words)
    story = Story(fleet, fleet.states(), fleet.fingerprints())
    endpoint = fleet.endpoint("BETWEEN")
    endpoint.handler = disturbed(endpoint.handler, lambda: user_rights.set_holders(fleet.machine("BETWEEN"), LOCALLY, [STRANGER]))
    arguments = "{{ given }}"
    story.tell("check", "client_push_target", arguments, "--check", "--diff")
    story.tell("apply", "client_push_target", arguments, "--diff")
    story.members = {host: story.members_of(host) for host in HOSTS}
    story.rights = {host: story.rights_of(host) for host in HOSTS}
    story.tell("again", "client_push_target", arguments)
    story.tell("rollback", "rollback", {"snapshot": "latest"}, "--limit", ",".join(sorted(CHANGED)))
    return story


def test_a_verification_is_one_execution_and_writes_nothing(story: Story) -> None:
    chapter = story["check"]
    assert chapter.run.with_status("ok") == set(HOSTS), chapter.run.end
    assert set(chapter.executions.values()) == {1}
    assert chapter.requests == {host: 7 if host == "BECOME" else 6 for host in HOSTS}
    assert {host for host in HOSTS if chapter.writes[host]} == set()
    assert chapter.fingerprints == story.fingerprints


def test_an_apply_is_two_executions_and_what_was_planned(story: Story) -> None:
    chapter = story["apply"]
    assert chapter.run.with_status("failed") == {"BETWEEN"}
    assert story["check"].run.changed() == CHANGED | {"BETWEEN"}
    assert chapter.executions == {host: 2 if host in CHANGED | {"BETWEEN"} else 1 for host in HOSTS}
    assert max(chapter.requests.values()) == 10
    for host in set(HOSTS) - {"BETWEEN"}:
        planned, made = story["check"].result(host), chapter.result(host)
        assert [{**change, "state": change["state"].replace("planned", "made")} for change in planned["changes"]] == made["changes"], host
        assert planned.get("diff") == made.get("diff")


def test_the_second_apply_changes_nothing(story: Story) -> None:
    chapter = story["again"]
    assert chapter.run.changed() == {"BETWEEN"}
    for host in set(HOSTS) - {"BETWEEN"}:
        assert (chapter.executions[host], chapter.writes[host]) == (1, [])
        assert chapter.fingerprints[host] == story["apply"].fingerprints[host]


@pytest.mark.parametrize("host", ["WRONG", "GERMAN"])
def test_the_ring_is_let_in_others_are_not_and_whoever_else_stays(story: Story, host: str) -> None:
    before = [member["sid"] for member in administrators(story.states[host])]
    gone = {SIDS[RING2], SIDS[OLD]}
    assert story.members[host] == [*(sid for sid in before if sid not in gone), SIDS[RING1]]
    assert set(story["apply"].statuses(host, "001-12").values()) == {"compliant"}
    assert story["apply"].statuses(host, "001-15") == {None: "compliant"}
    assert story["apply"].statuses(host, "001-14") == {RING1: "compliant"}
    # Who was denied a logon still is.
    assert set(story.rights[host][REMOTELY]) == set(SIDS.values())
    assert set(story.rights[host][LOCALLY]) > set(SIDS.values())
    names = [write["op"] for write in story["apply"].writes[host]]
    assert names.index("group.add") < names.index("group.remove")


def test_what_is_left_of_a_removed_account_goes(story: Story) -> None:
    assert ORPHAN not in story.members["ORPHAN"]
    assert set(story["apply"].statuses("ORPHAN", "001-12").values()) == {"compliant"}


def test_nobody_shuts_himself_out(story: Story) -> None:
    refused = {change["message"] for change in story["apply"].result("SELF")["changes"] if change["state"] == "refused"}
    own, group = f"{DOMAIN}-1105", f"{DOMAIN}-1204"
    assert refused == {
        f"CORP\\svc-ansible ({own}) is the account that the connection came in with, so it stays in Administrators.",
        f"CORP\\svc-ansible belongs to {group}, which may be what makes it an administrator, so that stays in Administrators.",
        *(f"CORP\\svc-ansible is the account at work here, so {right} is not given to it." for right in (LOCALLY, REMOTELY)),
        *(f"{group} is a group of the account at work here, so {right} is not given to it." for right in (LOCALLY, REMOTELY)),
    }
    assert {own, group} <= set(story.members["SELF"])
    assert story["again"].run.of("SELF").status == "ok"
    remedies = " ".join(finding["remedy"] for finding in story["apply"].result("SELF")["findings"])
    assert all(message in remedies for message in refused)


def test_with_become_groups_stay_as_what_they_carry_cannot_be_seen(story: Story) -> None:
    (change,) = story["apply"].result("BECOME")["changes"]
    assert change["message"] == (
        f"Whether CORP\\svc-ansible, which the connection came in with, belongs to {SIDS[RING2]} cannot be seen by the account at work"
        " here, so that stays in Administrators; run this without become."
    )
    assert story["apply"].fingerprints["BECOME"] == story.fingerprints["BECOME"]


def test_what_a_restricted_group_decides_is_a_conflict_and_left(story: Story) -> None:
    statuses = story["apply"].statuses("RESTRICTED", "001-12")
    assert {statuses[about] for about in (RING1, RING2, "Group Policy")} == {"conflict"}
    assert all("Administrators of computers" in finding["actual"] for finding in conflicts(story, "RESTRICTED"))
    assert not [write for write in story["apply"].writes["RESTRICTED"] if write["op"].startswith("group.")]


def test_what_a_preference_decides_is_a_conflict_and_left(story: Story) -> None:
    assert story["apply"].statuses("PREFERENCES", "001-12")[RING2] == "conflict"
    assert all("Push preferences" in finding["actual"] for finding in conflicts(story, "PREFERENCES"))
    # It decides that member and no other.
    assert {SIDS[RING1], SIDS[RING2]} <= set(story.members["PREFERENCES"])


def test_a_right_that_a_policy_decides_is_a_conflict_and_left(story: Story) -> None:
    statuses = story["apply"].statuses("RIGHTS", "001-12")
    assert (statuses[LOCALLY], statuses[REMOTELY]) == ("conflict", "compliant")
    assert all("Rights of computers" in finding["actual"] for finding in conflicts(story, "RIGHTS"))
    assert set(story.rights["RIGHTS"][LOCALLY]).isdisjoint(SIDS.values())


def test_rights_that_somebody_else_changes_in_between_are_left(story: Story) -> None:
    one = story["apply"].run.of("BETWEEN")
    said = "The user rights were changed by somebody else in between, so nothing of them was overwritten; apply again."
    assert {change["message"] for change in one.result["changes"]} == {said}
    assert said in one.message
    assert story.rights["BETWEEN"] == {LOCALLY: [STRANGER], REMOTELY: []}
    assert set(story["again"].statuses("BETWEEN", "001-12").values()) == {"compliant"}


@pytest.mark.parametrize("host", sorted({"WRONG", "GERMAN", "SELF", "RESTRICTED", "PREFERENCES", "RIGHTS"}))
def test_a_rollback_is_exact(story: Story, host: str) -> None:
    chapter = story["rollback"]
    assert {change["state"] for change in chapter.result(host)["changes"]} == {"made"}
    assert chapter.fingerprints[host] == story.fingerprints[host], moved(story.states[host], chapter.states[host])


def test_an_account_that_does_not_exist_any_more_is_not_brought_back(story: Story) -> None:
    one = story["rollback"].run.of("ORPHAN")
    assert (one.status, one.message) == (
        "failed",
        f"members of {ADMINISTRATORS}: + {ORPHAN} failed: The principal {ORPHAN} was not found.",
    )


def administrators(state: Json) -> list[Json]:
    found: list[Json] = next(group for group in state["groups"] if group["sid"] == ADMINISTRATORS)["members"]
    return found


def conflicts(story: Story, host: str) -> list[Json]:
    found = [finding for finding in story["apply"].result(host)["findings"] if finding["status"] == "conflict"]
    assert found
    return found
