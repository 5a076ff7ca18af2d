# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rollback undoes what the apply did, and nothing that others have done."""

from __future__ import annotations

from typing import Any

from acting import act
from reviewing import ANNA, DISABLED, HELPDESK, OFFER, Host, finding

_KEY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"


def test_other_local_groups_keep_their_members() -> None:
    """On a host without a helpers group every local group that is not built in goes into the snapshot, and rollback makes each of them
    what it was then: a member that somebody has put into an unrelated group since loses that, and maybe the way into the host."""
    host = Host(rsop=[])
    host.make_group(1001, "WinRMRemoteWMIUsers__")
    applied = host.apply(OFFER)
    host.machine.state["groups"][-1]["members"].append({"sid": ANNA, "class": "User"})
    host.rollback(applied.snapshot or "")
    assert host.group("WinRMRemoteWMIUsers__") == [ANNA]


def test_a_group_that_an_administrator_made_since_is_left_alone() -> None:
    """Rollback empties whatever local group is new and has none but the helpers in it; one that an administrator made for the
    same people fits that as well. In English the name of the group that Windows makes is known."""
    host = Host(rsop=[])
    applied = host.apply(OFFER)
    host.make_group(1002, "Support Tools", HELPDESK)
    host.rollback(applied.snapshot or "")
    assert host.group("Support Tools") == [HELPDESK]


def test_only_members_that_the_apply_moved_are_moved_back() -> None:
    """The snapshot keeps the whole membership, so rollback also takes out whom somebody else has put in since."""
    host = Host(rsop=[], group={"members": []})
    applied = host.apply(OFFER)
    group = next(group for group in host.machine.state["groups"] if group["name"].startswith("Offer"))
    group["members"].append({"sid": ANNA, "class": "User"})
    host.rollback(applied.snapshot or "")
    assert host.group("Offer Remote Assistance Helpers") == [ANNA]


def test_what_group_policy_owns_since_is_a_conflict() -> None:
    """Restoring has no authority to ask: with a Group Policy object that sets the value since, rollback overwrites it until the next
    refresh and calls itself done, where every other module reports a conflict and writes nothing."""
    host = Host(rsop=[], policy={"fAllowToGetHelp": 1})
    applied = host.apply(DISABLED)
    host.machine.state["wmi"] = Host(rsop=[{"gpo": "RA GPO", "name": "fAllowToGetHelp", "data": 0}]).machine.state["wmi"]
    restored = host.rollback(applied.snapshot or "")
    assert not [
        change for change in restored.changes if change.describe().startswith(f"{_KEY}\\fAllowToGetHelp:") and change.state.value == "made"
    ]


def test_one_value_of_a_foreign_type_does_not_spoil_the_snapshot() -> None:
    """A value whose registry type the contract calls unknown is kept as such, and then the whole snapshot counts as malformed: nothing of
    that apply can be undone. Such a value has to be refused before it is overwritten, or left out of an otherwise good snapshot."""
    host = Host(rsop=[], policy={"LoggingEnabled": {"type": "unknown", "data": None}, "fAllowToGetHelp": 1})
    applied = host.apply(DISABLED)
    host.rollback(applied.snapshot or "")
    assert host.machine.registry.data(_KEY, "fAllowToGetHelp") == 1


def test_latest_is_never_what_a_rollback_left() -> None:
    """With run_id given, the snapshot that a rollback leaves is not marked as one, so the next rollback to the latest undoes the rollback:
    it brings back what the operator has just taken away."""
    host = Host(rsop=[])
    first = act("remote_assistance_policy", {**DISABLED, "run_id": "nightly"}, host)
    act("rollback", {"run_id": "nightly"}, host)
    again = act("rollback", {"run_id": "nightly"}, host)
    assert again["restored"] == first["snapshot"]


def test_an_apply_that_happens_to_be_called_rollback_can_be_undone() -> None:
    """Whether a snapshot is a rollback's is told by the name, which the operator chooses: an apply with such a run_id is never found."""
    host = Host(rsop=[])
    first = act("remote_assistance_policy", {**DISABLED, "run_id": "rollback-drill"}, host)
    result = act("rollback", {}, host)
    assert result.get("restored") == first["snapshot"]


def test_a_key_that_others_have_begun_to_use_meanwhile_stays() -> None:
    """That a key is empty was read one execution earlier, and removing a key takes everything below it. What Group Policy writes into it
    between the two executions (here: whether Remote Desktop is let in) is destroyed."""
    host = Host(rsop=[])
    applied = host.apply(DISABLED)
    asked = len(host.requests)

    def policy_refresh(number: int, reply: dict[str, Any]) -> dict[str, Any]:
        # The first request of the rollback reads the snapshot, the second one judges, the third one writes.
        if number == asked + 2:
            values = host.machine.state["registry"].setdefault(_KEY, {"values": {}})["values"]
            values["fDenyTSConnections"] = {"type": "dword", "data": 0}
        return reply

    host.after_request = policy_refresh
    host.rollback(applied.snapshot or "")
    assert host.machine.registry.data(_KEY, "fDenyTSConnections") == 0


def test_a_recognised_group_is_judged_by_its_name_where_that_is_known() -> None:
    """In English the group's name is known; any other group that happens to have the same members must not stand for it."""
    host = Host(rsop=[])
    host.make_group(1001, "Ops", HELPDESK)
    outcome = host.apply(OFFER)
    assert finding(outcome, "002-31").status.value == "indeterminate"
