# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables themselves: complete, consistent with each other, and expanded to hosts that are what they say."""

from __future__ import annotations

import base64
import re
import struct
from collections import Counter

import described_host as h
import firewall_table as f
import pytest
import situations as s
import yaml

SITUATIONS = s.load_situations()
CONTROLS = {row.control: row for row in s.load_controls()}
ANSWER_FILES = s.load_answer_files()

_VALUE = r'(?:absent|\d+|"(?:[^"\\]|\\.)*")'
_POLICY_VALUES = (
    "fAllowToGetHelp|fAllowFullControl|MaxTicketExpiry|MaxTicketExpiryUnits|fUseMailto|fAllowUnsolicited|fAllowUnsolicitedFullControl"
    "|CreateEncryptedOnlyTickets|LoggingEnabled|UseCustomMessages|ShareControlMessage|ViewMessage"
)
_LOCAL_VALUES = "fAllowToGetHelp|fAllowFullControl|MaxTicketExpiry|MaxTicketExpiryUnits|CreateEncryptedOnlyTickets"
CHANGE = re.compile(
    rf"policy (?:{_POLICY_VALUES}): {_VALUE} -> {_VALUE}"
    rf"|control panel (?:{_LOCAL_VALUES}): {_VALUE} -> {_VALUE}"
    rf"|uac EnableUIADesktopToggle: {_VALUE} -> {_VALUE}"
    r"|helpers list: [+-] \S.*|helpers group: [+-] S-1-\S+|task: (?:enable|start)|feature: (?:install|remove)"
)


def test_there_are_enough_and_no_two_have_the_same_name() -> None:
    assert len(SITUATIONS) >= 90
    assert len(ANSWER_FILES) >= 15
    assert len(CONTROLS) == 56
    names = Counter([row.name for row in SITUATIONS] + [row.name for row in ANSWER_FILES])
    assert [name for name, times in names.items() if times > 1] == []


def test_the_controls_are_all_of_the_guidance_and_the_one_about_owners() -> None:
    assert set(CONTROLS) == {"000-09", *(f"002-{number:02}" for number in range(1, 56))}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
class TestSituation:
    def test_changes_are_in_the_normal_form(self, situation: s.Situation) -> None:
        for change in situation.changes or ():
            assert CHANGE.fullmatch(change), change
            if match := re.fullmatch(r".*: (.*) -> (.*)", change):
                assert match[1] != match[2], change

    def test_a_change_starts_from_what_the_host_has(self, situation: s.Situation) -> None:
        keys = {"policy": h.POLICY_KEY, "control panel": h.CONTROL_PANEL_KEY, "uac": h.UAC_KEY}
        for change in situation.changes or ():
            if match := re.fullmatch(r"(policy|control panel|uac) (\w+): (.*) -> .*", change):
                key = situation.state["registry"].get(keys[match[1]], {"values": {}})
                values = {name.casefold(): value for name, value in key["values"].items()}
                value = values.get(match[2].casefold())
                shown = "absent" if value is None else str(value["data"]) if value["type"] == "dword" else f'"{value["data"]}"'
                assert shown == match[3]

    def test_nothing_is_written_for_another_owner(self, situation: s.Situation) -> None:
        if situation.options["managed_by"] != "this_collection":
            assert situation.changes == ()

    def test_verdicts_fit_the_table_of_controls(self, situation: s.Situation) -> None:
        mode = situation.options["mode"]
        for expected in situation.expected:
            for control in expected.controls:
                row = CONTROLS[control]
                if row.kind == "elsewhere":
                    assert expected.status == s.NO_FINDING, control
                elif expected.status != "not_applicable":
                    assert row.kind == "attested" or mode in row.applies_in | row.open_in, control
                elif not row.when and situation.state["host"]["product_type"] != 2:
                    assert mode not in row.applies_in, control

    def test_helpers_are_given_exactly_where_offers_are(self, situation: s.Situation) -> None:
        assert ("helpers" in situation.options) == (situation.options["mode"] in ("offer_only", "solicited_and_offer"))


def test_every_control_that_a_host_decides_is_both_met_and_missed() -> None:
    seen: dict[str, set[str]] = {}
    for situation in SITUATIONS:
        for expected in situation.expected:
            for control in expected.controls:
                seen.setdefault(control, set()).add(expected.status)
    for answer_file in ANSWER_FILES:
        for expected in answer_file.expected:
            for control in expected.controls:
                seen.setdefault(control, set()).add(expected.status)
    names = yaml.safe_load((s.HERE / "remote_assistance_situations.yml").read_text(encoding="utf-8"))
    for joined in f.load(s.HERE / "remote_assistance_firewall_situations.yml", hosts=names["hosts"], options=names["options"]):
        for verdict in joined.alone.expected:
            seen.setdefault(verdict.what, set()).update(verdict.statuses)
    # The helper's own computer is not seen from the host.
    judged = {control for control, row in CONTROLS.items() if row.kind == "value"} - {"002-13"}
    one_sided = {control: sorted(seen.get(control, ())) for control in judged if not {"compliant", "drift"} <= seen.get(control, set())}
    assert one_sided == {}


def test_a_registry_pol_reads_back() -> None:
    content = h.registry_pol({"fAllowToGetHelp": 0, "RAUnsolicit": ["CORP\\Helpdesk"], "SOFTWARE\\Policies\\X\\Name": "täxt"})
    assert content[:8] == b"PReg\x01\x00\x00\x00"
    entries = []
    rest = content[8:]
    while rest:
        assert rest[:2] == b"[\0"
        parts = []
        at = 2
        for _part in range(2):
            end = at
            while rest[end : end + 2] != b"\0\0":
                end += 2
            parts.append(rest[at:end].decode("utf-16-le"))
            at = end + 4
        kind, size = struct.unpack("<I2xI", rest[at : at + 10])
        at += 12
        entries.append((*parts, kind, rest[at : at + size]))
        assert rest[at + size : at + size + 2] == b"]\0"
        rest = rest[at + size + 2 :]
    helpers = h.POLICY_PATH + "\\RAUnsolicit"
    assert entries == [
        (h.POLICY_PATH, "fAllowToGetHelp", 4, b"\0\0\0\0"),
        (helpers, "**delvals.", 1, " \0".encode("utf-16-le")),
        (helpers, "CORP\\Helpdesk", 1, "CORP\\Helpdesk\0".encode("utf-16-le")),
        ("SOFTWARE\\Policies\\X", "Name", 1, "täxt\0".encode("utf-16-le")),
    ]


def test_a_host_has_what_its_description_says() -> None:
    state = h.host_state(
        {
            "policy": {"fAllowToGetHelp": 1, "ViewMessage": "x"},
            "helpers_list": ["CORP\\Helpdesk", {"name": "CORP\\anna", "data": ""}],
            "rsop": [{"gpo": "A", "name": "fAllowToGetHelp", "data": 1}],
            "gpo_names": {"A": "{00000000-0000-0000-0000-000000000001}"},
            "cached_pol": [{"gpo": "B", "applied": False, "values": {}}],
            "group": {"members": ["corp\\HELPDESK", "S-1-5-21-7-7-7-1"]},
            "configmgr": {"ManageRA": True},
            "task": "absent",
        }
    )
    registry = state["registry"]
    assert registry[h.POLICY_KEY]["values"] == {"fAllowToGetHelp": {"type": "dword", "data": 1}, "ViewMessage": {"type": "sz", "data": "x"}}
    assert registry[h.HELPERS_KEY]["values"]["CORP\\anna"] == {"type": "sz", "data": ""}
    assert [group["members"] for group in state["groups"] if group["sid"] == h.HELPERS_GROUP_SID] == [
        [{"sid": "S-1-5-21-9-9-9-1200", "class": "Group"}, {"sid": "S-1-5-21-7-7-7-1", "class": "User"}]
    ]
    rows = [one["properties"] for one in state["wmi"]["root\\rsop\\computer"]["instances"] if one["class"] == "RSOP_RegistryPolicySetting"]
    assert [(row["valueName"], base64.b64decode(row["value"]["base64"])) for row in rows][-1] == ("fAllowToGetHelp", b"\1\0\0\0")
    assert rows[-1]["GPOID"].startswith("CN={00000000-0000-0000-0000-000000000001},")
    # B is in the cache and not in the History list, A the other way round.
    assert [registry[key]["values"]["DisplayName"]["data"] for key in registry if "History" in key] == ["A"]
    assert len(state["files"]) == 1
    (tools,) = state["wmi"]["root\\ccm\\policy\\machine\\ActualConfig"]["instances"]
    assert tools["properties"]["ManageRA"] is True and tools["properties"]["EnforceRAandTSSettings"] is False
    assert state["modules"]["ScheduledTasks"]["commands"]["Get-ScheduledTask"]["error_category"] == "ObjectNotFound"
    assert "ServerManager" not in state["modules"]


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(h.TableError, match="polcy"):
        h.host_state({"polcy": {}})
    with pytest.raises(h.TableError, match="no such account"):
        h.host_state({"group": {"members": ["CORP\\nobody"]}})
