# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows of the target's table on living clients: brought to what is declared, and left alone after that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import described_push_target as d
import push_situations as p
import pytest
from asked_host import planned
from test_client_push_target_situations import AREA, BY_NAME, JUDGED, TABLE, in_words

from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import enforce
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours import user_rights

RIGHTS = ("SeDenyInteractiveLogonRight", "SeDenyRemoteInteractiveLogonRight")
WRITTEN = [one for one in JUDGED if one.changes and one.described.get("secedit", "works") == "works"]
DENIED = BY_NAME["the group may be read and not changed"]


class Client:
    """A client whose secedit really sets rights."""

    def __init__(self, situation: p.Situation) -> None:
        self.situation = situation
        state = {**situation.state, "programs": []}
        self.machine = Machine(state, clock=SimulatedClock())
        given = situation.described.get("rights", {})
        german = {"Gast": "Guest"}
        holders = {right: [d.sid_of(german.get(one.strip("'"), one.strip("'"))) for one in accounts] for right, accounts in given.items()}
        user_rights.install(self.machine, {**{right: [] for right in RIGHTS}, **holders})
        self.requests: list[dict[str, Any]] = []
        self.before_second: Callable[[], None] = lambda: None

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if len(self.requests) == 1:
            self.before_second()
        self.requests.append(dict(arguments))
        return self.machine.execute(dict(arguments))

    def apply(self) -> Any:
        options = read_options(AREA, self.situation.options)
        return enforce({AREA: options}, self.execute, subject="CL01", check=False, today=date(2026, 1, 2))

    @property
    def members(self) -> list[str]:
        (group,) = (one for one in self.machine.state["groups"] if one["sid"] == d.ADMINISTRATORS)
        return [member["sid"] for member in group["members"]]

    def rights(self) -> dict[str, list[str]]:
        return {right: sorted(user_rights.holders_of(self.machine, right)) for right in self.machine.state["rights"]}


@pytest.mark.parametrize("situation", [one for one in WRITTEN if one is not DENIED], ids=lambda situation: situation.name)
def test_applied_once_and_right(situation: p.Situation) -> None:
    client = Client(situation)
    members, rights = client.members, client.rights()
    for change in situation.changes or ():
        what, sign, sid = change.rsplit(" ", 2)
        if what == "admins:":
            members = [*members, sid] if sign == "+" else [one for one in members if one != sid]
        else:
            right = what.removeprefix("right ").removesuffix(":")
            rights[right] = sorted([*rights.get(right, []), sid])
    outcome = client.apply()
    made = [change for change in outcome.changes if change.state.value == "made"]
    assert sorted(map(in_words, made)) == sorted(situation.changes or ()), p.told(outcome.findings)
    assert len(client.requests) == 2
    assert client.members == members
    assert {right: who for right, who in client.rights().items() if who} == {right: who for right, who in rights.items() if who}
    client.requests.clear()
    again = client.apply()
    assert planned(again) == [] and not again.changed
    assert len(client.requests) == 1


@pytest.mark.parametrize("situation", [one for one in JUDGED if one.changes == ()], ids=lambda situation: situation.name)
def test_nothing_to_do_is_one_execution_that_writes_nothing(situation: p.Situation) -> None:
    client = Client(situation)
    if situation.described.get("secedit", "works") != "works":
        client.machine.state["programs"] = situation.state["programs"]
        client.machine.programs.pop("secedit")
    before = client.machine.fingerprint()
    outcome = client.apply()
    assert not outcome.changed
    assert len(client.requests) == 1
    assert client.machine.fingerprint() == before


def test_who_is_missing_comes_before_who_is_foreign_goes() -> None:
    client = Client(BY_NAME["two other rings' groups in place of this one's"])
    client.apply()
    writes = [one["op"] for one in client.requests[1]["operations"] if one["op"].startswith("group.") and one["op"] != "group.read"]
    assert writes == sorted(writes) and writes[0] == "group.add"


def test_a_group_that_cannot_be_changed_is_an_error() -> None:
    client = Client(DENIED)
    members = client.members
    outcome = client.apply()
    found = p.findings_about(outcome.findings, "members", TABLE.aspects)
    assert p.status_of(found) == "error", p.told(found)
    assert client.members == members


def test_when_the_admitted_one_cannot_be_added_the_foreign_ones_stay() -> None:
    """Otherwise nobody could push there any more (nothing is removed before what replaces it stands)."""
    client = Client(BY_NAME["two other rings' groups in place of this one's"])

    def vanish() -> None:
        accounts = client.machine.state["accounts"]
        accounts[:] = [one for one in accounts if one["name"] != "CORP\\push-ring1"]

    client.before_second = vanish
    members = client.members
    outcome = client.apply()
    assert p.status_of(p.findings_about(outcome.findings, "members", TABLE.aspects)) == "error"
    assert client.members == members


def test_who_got_a_right_in_between_keeps_it() -> None:
    """A template's list replaces the holders: who was added since the reading must not be lost, or the change is an error."""
    client = Client(BY_NAME["one is not denied and others are there already"])
    helpdesk = d.sid_of("CORP\\Helpdesk")

    def somebody_else() -> None:
        held = user_rights.holders_of(client.machine, RIGHTS[0])
        user_rights.set_holders(client.machine, RIGHTS[0], [*held, helpdesk])

    client.before_second = somebody_else
    client.apply()
    assert helpdesk in user_rights.holders_of(client.machine, RIGHTS[0])


def test_no_right_is_touched_that_was_not_asked_for() -> None:
    client = Client(BY_NAME["nobody is denied to log on"])
    before = {right: who for right, who in client.rights().items() if right not in RIGHTS}
    client.apply()
    assert {right: who for right, who in client.rights().items() if right not in RIGHTS} == before
    templates = [
        file["text"]
        for one in client.requests[1]["operations"]
        if one.get("mutates") and one["op"] == "program.run"
        for file in one["files"].values()
        if file["text"]
    ]
    assert templates
    for line in "\n".join(templates).splitlines():
        if line.strip().startswith("Se"):
            assert line.split("=")[0].strip() in RIGHTS
