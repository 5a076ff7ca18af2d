# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules between the options of Remote Assistance."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_options import (
    RemoteAssistanceOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError

MESSAGES = {"before_view": "May we look?", "before_control": "May we take over?"}


def said(mode: str, **given: Any) -> RemoteAssistanceOptions:
    return read_options({"managed_by": "this_collection", "mode": mode, **given})


@pytest.mark.parametrize(
    ("mode", "given", "sentences"),
    [
        (
            "offer_only",
            {},
            ["helpers: mode 'offer_only' needs at least one account that may offer help, as DOMAIN\\name, name@domain or a SID."],
        ),
        (
            "solicited_and_offer",
            {"helpers": []},
            ["helpers: mode 'solicited_and_offer' needs at least one account that may offer help, as DOMAIN\\name, name@domain or a SID."],
        ),
        ("offer_only", {"helpers": ["CORP\\Desk", " "]}, ["helpers: an entry is empty; each one is DOMAIN\\name, name@domain or a SID."]),
        (
            "offer_only",
            {"helpers": ["s-1-5-x", "S-1-5-21-1-2-3-1105"]},
            ["helpers: 's-1-5-x' begins like a SID and is none; each entry is DOMAIN\\name, name@domain or a SID."],
        ),
        (
            "disabled",
            {"helpers": ["CORP\\Desk"]},
            ["helpers: mode 'disabled' lets nobody offer help; leave helpers out, or choose offer_only or solicited_and_offer."],
        ),
        (
            "solicited",
            {"helpers": ["CORP\\Desk"]},
            ["helpers: mode 'solicited' lets nobody offer help; leave helpers out, or choose offer_only or solicited_and_offer."],
        ),
        (
            "disabled",
            {"ticket_life": {"value": 6, "unit": "hours"}},
            ["ticket_life: mode 'disabled' has no invitations; leave ticket_life out, or choose solicited or solicited_and_offer."],
        ),
        (
            "offer_only",
            {"helpers": ["x"], "invitation_method": "mailto"},
            [
                "invitation_method: mode 'offer_only' has no invitations; leave invitation_method out,"
                " or choose solicited or solicited_and_offer."
            ],
        ),
        (
            "disabled",
            {"control": "view_only"},
            ["control: mode 'disabled' has no sessions; leave control out, or choose another mode."],
        ),
        (
            "solicited",
            {"ticket_life": {"value": 0, "unit": "hours"}},
            ["ticket_life.value: 0 is out of range; allowed are whole numbers from 1 to 99 (unit hours)."],
        ),
        (
            "solicited",
            {"ticket_life": {"value": 100, "unit": "minutes"}},
            ["ticket_life.value: 100 is out of range; allowed are whole numbers from 1 to 99 (unit minutes)."],
        ),
        (
            "solicited",
            {"ticket_life": {"value": -1, "unit": "days"}},
            ["ticket_life.value: -1 is out of range; allowed are whole numbers from 1 to 99 (unit days)."],
        ),
        (
            "solicited",
            {"warning_messages": {"before_view": " ", "before_control": ""}},
            [
                "warning_messages.before_view: 0 characters; allowed are 1 to 1000.",
                "warning_messages.before_control: 0 characters; allowed are 1 to 1000.",
            ],
        ),
        (
            "solicited",
            {"warning_messages": {**MESSAGES, "before_control": "x" * 1001}},
            ["warning_messages.before_control: 1001 characters; allowed are 1 to 1000."],
        ),
        (
            "disabled",
            {"helpers": ["x"], "control": "full", "invitation_method": "mailto"},
            [
                "helpers: mode 'disabled' lets nobody offer help; leave helpers out, or choose offer_only or solicited_and_offer.",
                "invitation_method: mode 'disabled' has no invitations; leave invitation_method out,"
                " or choose solicited or solicited_and_offer.",
                "control: mode 'disabled' has no sessions; leave control out, or choose another mode.",
            ],
        ),
    ],
)
def test_a_broken_rule_is_a_whole_sentence(mode: str, given: dict[str, Any], sentences: list[str]) -> None:
    with pytest.raises(OptionError) as caught:
        said(mode, **given)
    assert list(caught.value.sentences) == sentences


@pytest.mark.parametrize(("value", "unit", "stored"), [(1, "minutes", (1, 0)), (99, "hours", (99, 1)), (7, "days", (7, 2))])
def test_the_life_of_tickets_as_it_is_stored(value: int, unit: str, stored: tuple[int, int]) -> None:
    assert said("solicited", ticket_life={"value": value, "unit": unit}).ticket_life == stored


def test_what_is_left_out_has_the_recommended_value() -> None:
    options = said("solicited")

    assert options == RemoteAssistanceOptions("this_collection", "solicited")
    assert options.view_only and options.encrypted_only and options.session_logging
    assert options.ticket_life == (6, 1)
    assert options.messages is None and options.uac_prompt_visible is None and not options.manage_feature


def test_everything_said_is_taken() -> None:
    options = said(
        "solicited_and_offer",
        helpers=[" CORP\\Desk ", "CORP\\Desk", "corp\\desk"],
        control="full",
        invitation_method="mailto",
        encrypted_only=False,
        session_logging=False,
        warning_messages={**MESSAGES, "before_view": "x" * 1000},
        manage_feature=True,
        uac_prompt_visible_to_helper=False,
    )

    assert options.helpers == ("CORP\\Desk", "corp\\desk")
    assert not options.view_only and not options.encrypted_only and not options.session_logging
    assert options.messages == ("x" * 1000, "May we take over?")
    assert options.manage_feature and options.uac_prompt_visible is False and options.invitation_method == "mailto"


@pytest.mark.parametrize(
    ("mode", "solicits", "offers"),
    [("disabled", False, False), ("offer_only", False, True), ("solicited", True, False), ("solicited_and_offer", True, True)],
)
def test_what_a_mode_allows(mode: str, solicits: bool, offers: bool) -> None:
    options = said(mode, helpers=["x"] if offers else None)

    assert (options.solicits, options.offers, options.ours) == (solicits, offers, True)
    assert not read_options({"managed_by": "configmgr", "mode": mode, "helpers": ["x"] if offers else []}).ours
