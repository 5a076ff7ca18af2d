# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verdicts that the observations do not bear out."""

from __future__ import annotations

from typing import Any

import pytest
from reviewing import DISABLED, HELPDESK, OFFER, Host, finding

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.answer_file import AnswerFile, answer_file_statements
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError, HostError, OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import crowd

_MDM = "HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\RemoteAssistance"


@pytest.mark.parametrize("spelling", [HELPDESK, "helpdesk@corp.example"])
def test_a_local_policy_that_lists_the_helper_by_name_is_not_stale(spelling: str) -> None:
    """The local file lists CORP\\Helpdesk, which is what the operator's SID or UPN resolves to and what apply itself writes. The
    comparison is with the option's text, so the same account in another spelling is a conflict (and the reverse is compliant by
    accident)."""
    host = Host(rsop=[], local_pol={"RAUnsolicit": ["CORP\\Helpdesk"]}, helpers_list=["CORP\\Helpdesk"], policy={"fAllowUnsolicited": 1})
    assert finding(host.verify({**OFFER, "helpers": [spelling]}), "000-09").status.value == "compliant"


@pytest.mark.parametrize("listed", [[], ["CORP\\Helpdesk"]], ids=["none", "one of two"])
def test_a_local_policy_that_clears_the_list_is_stale(listed: list[str]) -> None:
    """**DelVals. empties the list at every refresh and leaves only whom the same file names. It is skipped, so a helper whom the
    file does not name counts as lasting."""
    names = ["CORP\\Helpdesk", "CORP\\anna"]
    host = Host(rsop=[], local_pol={"RAUnsolicit": listed}, helpers_list=names, policy={"fAllowUnsolicited": 1})
    assert finding(host.verify({**OFFER, "helpers": names}), "000-09").status.value == "conflict"


def test_a_cached_policy_that_clears_the_list_decides_the_list() -> None:
    """The same from a Group Policy object of the domain with RSoP off: its only say about the list is to clear it, and each
    refresh undoes what apply adds."""
    host = Host(rsop="off", cached_pol=[{"gpo": "RA GPO", "values": {"RAUnsolicit": []}}], policy={"fAllowUnsolicited": 1})
    outcome = host.verify(OFFER)
    assert not [change.describe() for change in outcome.changes if change.describe().startswith("helpers list")]


def test_a_local_policy_that_is_stricter_than_the_ticket_life_is_no_conflict() -> None:
    """30 minutes are within "at most 6 hours": the control is compliant and apply would leave the values. The ownership finding wants
    exactly 6 and 1, so the same host is a conflict for ever."""
    life = {"MaxTicketExpiry": 30, "MaxTicketExpiryUnits": 0}
    host = Host(rsop=[], local_pol=life, policy={**life, "fAllowToGetHelp": 1}, control_panel=life)
    outcome = host.verify({"managed_by": "this_collection", "mode": "solicited"})
    assert finding(outcome, "002-06").status.value == "compliant"
    assert finding(outcome, "000-09").status.value == "compliant"


def test_device_management_that_cannot_be_read_is_not_none() -> None:
    """A denied read of the MDM key counts as no MDM: compliant where it is not known."""
    host = Host(rsop=[])
    host.machine.state["registry"][_MDM] = {"values": {}, "denied": "all"}
    assert finding(host.verify(DISABLED), "000-09").status.value == "indeterminate"


def test_an_administrators_group_that_is_not_answered_is_not_free_of_crowds() -> None:
    """Administrators exists on every workstation. An answer without it says nothing, and is judged as a group without members."""
    host = Host(
        rsop=[],
        policy={"fAllowToGetHelp": 0, "fAllowUnsolicited": 0},
        control_panel={"fAllowToGetHelp": 0},
    )
    host.machine.state["groups"] = []
    assert finding(host.verify(DISABLED), "002-27").status.value == "indeterminate"


@pytest.mark.parametrize("sid", ["S-1-5-15", "S-1-5-113", "S-1-2-0", "S-1-5-14", "S-1-5-3", "S-1-5-13"])
def test_more_well_known_crowds(sid: str) -> None:
    """This Organization, Local account, LOCAL, Remote Interactive Logon, Batch, Terminal Server Users: nearly anybody who logs on (MS-DTYP
    2.4.2.4). As a helper each is called no crowd."""
    assert crowd(sid) is not None


def _without_data(reply: dict[str, Any]) -> dict[str, Any]:
    for answer in reply.get("answers", {}).values():
        if answer["ok"] and "exists" in (answer.get("data") or {}):
            answer["data"] = None
    return reply


@pytest.mark.parametrize("garbled", [_without_data, lambda reply: {**reply, "error": "oops"}], ids=["data", "error"])
def test_answers_of_another_form_are_an_error_in_words(garbled: Any) -> None:
    """Only the frame of a reply is checked. Data of another form goes through to interpret() and ends as a TypeError or
    AttributeError, which Ansible shows as a traceback, and nothing is stored for the host."""
    host = Host(rsop=[])
    host.after_request = lambda _number, reply: garbled(reply)
    with pytest.raises((ContractError, HostError)):
        host.verify(DISABLED)


@pytest.mark.parametrize("encoding", ["foo", "shift_jis", "utf-7"])
def test_an_answer_file_in_an_unknown_encoding_is_a_wrong_option(encoding: str) -> None:
    """ElementTree raises LookupError and ValueError for encodings that it does not know, not ParseError: a traceback for the operator."""
    file = AnswerFile("unattend.xml", f'<?xml version="1.0" encoding="{encoding}"?><unattend/>'.encode())
    with pytest.raises(OptionError):
        answer_file_statements(file)
