# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is written, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from acting import act
from reviewing import AREA, DISABLED, HELPDESK, OFFER, TODAY, Host, finding

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import enforce
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options

_RA_GPO = {"gpo": "RA GPO", "name": "fAllowToGetHelp", "data": 1}
_LEVEL_GPO = {"gpo": "RA GPO", "name": "fAllowUnsolicitedFullControl", "data": 1}


def planned(outcome: Any) -> list[str]:
    return [change.describe() for change in outcome.changes if change.state.value == "planned"]


@pytest.mark.parametrize(
    "trouble", [{"configmgr": "denied"}, {"local_pol": {"LoggingEnabled": 1}}], ids=["client denied", "local file broken"]
)
def test_a_value_that_group_policy_visibly_owns_is_not_written(trouble: dict[str, Any]) -> None:
    """RSoP shows who owns the value. That something else about ownership cannot be read makes the authority a problem as a whole, and an
    authority with a problem decides nothing: the conflict is lost and the value of Group Policy is overwritten."""
    host = Host(rsop=[_RA_GPO], policy={"fAllowToGetHelp": 1}, **trouble)
    if "local_pol" in trouble:
        (path,) = [path for path in host.machine.state["files"] if path.endswith("Registry.pol")]
        host.machine.state["files"][path] = {"text": "broken"}
    assert not [line for line in planned(host.verify(DISABLED)) if line.startswith("policy fAllowToGetHelp")]


def test_nobody_becomes_a_helper_when_offering_could_not_be_limited() -> None:
    """The switch waits for the level (view only), which Group Policy decides otherwise, so it is refused. The group waits for the switch,
    but only conflicts of the verdicts themselves block, not changes that are refused because they wait: the member is added although
    helpers would have full control."""
    host = Host(rsop=[_LEVEL_GPO], policy={"fAllowUnsolicitedFullControl": 1}, group={"members": []})
    assert not [line for line in planned(host.verify(OFFER)) if line.startswith("helpers group")]


def test_a_task_that_could_not_be_started_is_told() -> None:
    """Starting the task as a consequence of a change belongs to no change, so its failure is in no finding, no change and no message."""
    host = Host(rsop=[], group={"members": []})
    host.machine.state["modules"]["ScheduledTasks"]["commands"]["Start-ScheduledTask"]["error_category"] = "PermissionDenied"
    outcome = host.apply(OFFER)
    said = [finding.actual for finding in outcome.findings] + [change.message for change in outcome.changes]
    assert any("Start-ScheduledTask" in str(line) or "RemoteAssistanceTask: start" in str(line) for line in said)


def test_starting_the_task_again_and_again_is_no_change() -> None:
    """Where the task does not make the group (no source proves that it does), apply starts it each time and says changed each time."""
    host = Host(rsop=[])
    host.apply(OFFER)
    assert not host.apply(OFFER).changed


def test_a_disabled_task_is_not_started() -> None:
    """Start-ScheduledTask refuses a disabled task; the observation says Disabled, and nothing enables it in this mode."""
    host = Host(rsop=[], task="Disabled", group={"members": ["CORP\\Helpdesk"]}, policy={"fAllowUnsolicited": 1})
    host.apply(DISABLED)
    assert not [sent for sent in host.requests[-1]["operations"] if sent.get("name") == "Start-ScheduledTask"]


def test_why_no_snapshot_could_be_left_is_told() -> None:
    """Every write depends on the snapshot. When the host refuses its folder (somebody else's), each change only says that o1 has not
    succeeded; the host's own words about the folder are dropped."""
    host = Host(rsop=[])
    host.machine.state.setdefault("folders", {})["C:\\ProgramData\\configmgr.hardening"] = {"owner": HELPDESK}
    snapshot_answers: list[Any] = []

    def keep(_number: int, reply: dict[str, Any]) -> dict[str, Any]:
        snapshot_answers.append(reply["answers"]["o1"])
        return reply

    host.after_request = keep
    outcome = host.apply(DISABLED)
    words = snapshot_answers[-1]["error"]["message"]
    said = [str(change.message) for change in outcome.changes] + [finding.actual for finding in outcome.findings]
    assert any(words in line for line in said)


def test_a_run_id_that_cannot_name_a_snapshot_is_a_wrong_option() -> None:
    """The name of the run is part of the snapshot's file name; one with a slash is only refused on the host, change by change, in
    words that do not mention run_id. Options are to be checked before any host is touched."""
    host = Host(rsop=[])
    result = act("remote_assistance_policy", {**DISABLED, "run_id": "2026/01 nightly"}, host)
    assert "run_id" in result.get("msg", "")
    assert not host.requests


@pytest.mark.parametrize("lost", [{"failed": True, "msg": "garbled"}, {"contract": 1, "changed": True, "answers_gzip": "AAAA"}])
def test_an_apply_whose_answer_is_lost_does_not_say_unchanged(lost: dict[str, Any]) -> None:
    """The second execution has written. When its reply cannot be understood, the task says changed: false, names no change and no snapshot,
    although the snapshot lies on the host."""
    host = Host(rsop=[])
    host.after_request = lambda number, reply: lost if number == 2 else reply
    result = act("remote_assistance_policy", DISABLED, host)
    assert result["failed"]
    assert result["changed"]
    assert result.get("snapshot")


def test_the_guard_refuses_to_take_out_a_group_that_the_connection_may_rest_on() -> None:
    """WinRM access is often granted by a group that is not built in, and a snapshot can name any. Whom the connection runs as is known
    from the host: neither a group that this account is in nor the account itself is moved."""
    host = Host(rsop=[])
    reply = host.machine.execute({"contract": 1, "operations": []})
    facts = read_reply(Request({}, {}), reply).host
    own_group = replace(facts, groups=(*facts.groups, "S-1-5-21-1-2-3-1001"))
    assert refusal(Operation.of("group.remove", sid="S-1-5-21-1-2-3-1001", members=["S-1-5-21-9-9-9-1105"]), own_group) is not None
    assert refusal(Operation.of("group.remove", sid="S-1-5-21-1-2-3-1002", members=[facts.user_sid]), facts) is not None
    assert refusal(Operation.of("group.remove", sid="S-1-5-21-1-2-3-1002", members=["S-1-5-21-9-9-9-1200"]), own_group) is None


def test_device_management_that_decides_is_not_written_over() -> None:
    """The ownership is a conflict with MDM, and yet all values are planned: decides() does not know MDM. Either is wrong: another authority
    decides, so writing is no use."""
    host = Host(rsop=[])
    key = "HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\RemoteAssistance"
    host.machine.state["registry"][key] = {"values": {"SolicitedRemoteAssistance": {"type": "sz", "data": "<enabled/>"}}}
    assert not [line for line in planned(host.verify(DISABLED)) if line.startswith("policy fAllowToGetHelp")]


def test_a_delegated_task_does_not_judge_the_wrong_host() -> None:
    """Delegated, the connection is the other host's, while findings, waivers and the results file are the inventory host's."""
    host = Host(rsop=[])
    result = act("remote_assistance_policy", DISABLED, host, check=True, delegate_to="cl02")
    assert result.get("failed")
    assert not host.requests


def test_what_is_reported_as_waived_is_left_alone() -> None:
    """The documentation of waivers says: reported as waived and left alone. The change is only left out when every control of the
    requirement is waived, so the finding says waived while its deviation is planned, and apply makes the change."""
    host = Host(rsop=[])
    waiver = Waiver("002-28", "*", "support needs invitations this year", "service owner", TODAY)
    checked = read_options(AREA, DISABLED)
    outcome = enforce({AREA: checked}, host.execute, subject="CL01", check=True, today=TODAY, waivers=[waiver])
    about = [change for change in outcome.changes if "002-28" in change.controls and change.state.value == "planned"]
    assert not (finding(outcome, "002-28").status.value == "waived" and about)
