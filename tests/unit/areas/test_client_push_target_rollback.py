# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was written to a client is taken back, all of it and nothing else; and what a connection with become may do."""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Any

import described_push_target as d
import push_situations as p
import pytest
from test_client_push_target_applied import RIGHTS, WRITTEN, Client
from test_client_push_target_situations import AREA, BY_NAME, in_words

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import enforce
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from windows_estate.world.behaviours import user_rights

TODAY = date(2026, 1, 2)
DENIED = "the group may be read and not changed"
ORPHAN = "an orphan that was a push principal"
BARE = "nobody may push and no right is denied"
HELPDESK = d.sid_of("CORP\\Helpdesk")
RING1, RING2 = d.sid_of("CORP\\push-ring1"), d.sid_of("CORP\\push-ring2")


def snapshot_of(client: Client) -> snapshots.Snapshot:
    """The only snapshot that was left."""
    read = {"id": "a", "op": "file.read", "path": "%ProgramData%\\configmgr.hardening\\snapshots\\*.json"}
    (file,) = client.machine.execute({"contract": 1, "operations": [read]})["answers"]["a"]["data"]["files"]
    return snapshots.parse(base64.b64decode(file["base64"]).decode("utf-8"))


def rollback(client: Client, connection: Connection | None = None) -> Outcome:
    context = Context("CL01", load(), TODAY, connection=connection)
    return run([snapshots.demands(snapshot_of(client))], client.execute, context, check=False, run_id="rollback-1", action="rollback")


def moved(outcome: Outcome, state: str = "made") -> list[str]:
    return sorted(in_words(change) for change in outcome.changes if change.state.value == state)


@pytest.mark.parametrize("situation", [one for one in WRITTEN if one.name not in (DENIED, ORPHAN)], ids=lambda situation: situation.name)
def test_everything_is_as_it_was(situation: p.Situation) -> None:
    client = Client(situation)
    members, rights = sorted(client.members), client.rights()
    client.apply()
    outcome = rollback(client)

    assert {change.state.value for change in outcome.changes} <= {"made"}, outcome.changes
    assert sorted(client.members) == members
    assert {right: who for right, who in client.rights().items() if who} == {right: who for right, who in rights.items() if who}


def test_an_orphan_cannot_be_put_back() -> None:
    """Windows makes nobody a member whom it does not know; the rollback says so and does the rest."""
    client = Client(BY_NAME[ORPHAN])
    client.apply()
    outcome = rollback(client)

    assert outcome.findings[0].status.value == "error"
    assert "was not found" in outcome.findings[0].actual


def test_whom_somebody_else_added_since_stays() -> None:
    client = Client(BY_NAME[BARE])
    client.apply()
    user_rights.set_holders(client.machine, RIGHTS[0], [*user_rights.holders_of(client.machine, RIGHTS[0]), HELPDESK])
    (group,) = (one for one in client.machine.state["groups"] if one["sid"] == d.ADMINISTRATORS)
    group["members"].append({"sid": HELPDESK, "class": "Group"})
    rollback(client)

    assert user_rights.holders_of(client.machine, RIGHTS[0]) == [HELPDESK]
    assert user_rights.holders_of(client.machine, RIGHTS[1]) == []
    assert HELPDESK in client.members and RING1 not in client.members


def test_what_a_policy_decides_since_stays() -> None:
    client = Client(BY_NAME[BARE])
    client.apply()
    policies = [{"gpo": "Push", "members": {"Administrators": ["CORP\\push-ring1"]}, "rights": {RIGHTS[0]: ["CORP\\push-ring1"]}}]
    later = d.host_state({**client.situation.described, "policies": policies})
    client.machine.state["wmi"] = later["wmi"]
    outcome = rollback(client)

    assert RING1 in client.members
    assert RING1 in user_rights.holders_of(client.machine, RIGHTS[0])
    assert user_rights.holders_of(client.machine, RIGHTS[1]) == []
    assert {finding.status.value for finding in outcome.findings if "Push" in finding.actual} == {"conflict"}


def test_the_account_at_work_is_not_taken_out_again() -> None:
    """The snapshot of an apply by somebody else may say that the account at work was no member."""
    client = Client(BY_NAME[BARE])
    client.apply()
    client.machine.state["host"]["user"]["sid"] = RING1
    outcome = rollback(client)

    assert RING1 in client.members
    assert any("account that the connection came in with" in str(change.message) for change in outcome.changes)
    assert user_rights.holders_of(client.machine, RIGHTS[0]) == []


def test_the_snapshot_holds_values_and_no_operation() -> None:
    client = Client(BY_NAME[BARE])
    client.apply()

    assert {entry["kind"] for entry in snapshot_of(client).settings} == {"group_member", "user_right"}
    assert "secedit" not in json.dumps([dict(entry) for entry in snapshot_of(client).settings])


class TestBecome:
    """SYSTEM at work, CORP\\svc-ansible came in: its token is not seen."""

    def apply(self, client: Client, **options: Any) -> Outcome:
        client.machine.state["host"]["user"] = {
            "name": "NT AUTHORITY\\SYSTEM",
            "sid": "S-1-5-18",
            "elevated": True,
            "groups": [d.ADMINISTRATORS, "S-1-5-11"],
        }
        checked = read_options(AREA, {**client.situation.options, **options})
        connection = Connection("winrm", 5985, "CORP\\svc-ansible")
        return enforce({AREA: checked}, client.execute, subject="CL01", check=False, today=TODAY, connection=connection)

    def test_groups_stay_as_it_may_belong_to_them(self) -> None:
        client = Client(BY_NAME["another ring's group is there too"])
        outcome = self.apply(client)

        assert moved(outcome, "refused") == [f"admins: - {RING2}"]
        assert RING2 in client.members
        assert "run this without become" in str(
            next(finding for finding in outcome.findings if finding.object == "CORP\\push-ring2").remedy
        )
        assert outcome.findings[0].status.value == "drift"

    def test_users_go_but_for_itself(self) -> None:
        client = Client(BY_NAME[BARE])
        (group,) = (one for one in client.machine.state["groups"] if one["sid"] == d.ADMINISTRATORS)
        own, other = d.sid_of("CORP\\svc-ansible"), d.sid_of("CORP\\svc-push2")
        group["members"] += [{"sid": sid, "class": "User"} for sid in (own, other)]
        outcome = self.apply(client, known_push_principals=["CORP\\svc-ansible", "CORP\\svc-push2"])

        assert own in client.members and other not in client.members
        assert f"admins: - {own}" in moved(outcome, "refused")
        denied = user_rights.holders_of(client.machine, RIGHTS[0])
        assert other in denied and RING1 in denied and own not in denied

    def test_what_it_costs(self) -> None:
        client = Client(BY_NAME[BARE])
        self.apply(client)
        asked = [one["accounts"] for one in client.requests[0]["operations"] if one["op"] == "account.resolve"]

        assert ["CORP\\svc-ansible"] in asked
        assert len(client.requests) == 2


def test_readings_are_of_the_end() -> None:
    client = Client(BY_NAME[BARE])
    outcome = client.apply()
    reading = outcome.readings[AREA]

    assert reading["ring"] == "office"
    assert RING1 in {one["sid"] for one in reading["administrators"]}
    assert [one["name"] for one in reading["admitted"]] == ["CORP\\push-ring1"]
    json.dumps(reading)
