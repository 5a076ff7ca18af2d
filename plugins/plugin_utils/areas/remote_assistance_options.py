# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may say about Remote Assistance, as a type, and the rules between the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_firewall import (
    FirewallWanted,
    read_firewall_option,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.policy_owner import ManagedBy
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_duration import UNIT_NAMES
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import is_sid

Mode = Literal["disabled", "offer_only", "solicited", "solicited_and_offer"]

_DEFAULT_LIFE = (6, 1)
_LONGEST_MESSAGE = 1000


@dataclass(frozen=True)
class RemoteAssistanceOptions:
    """Checked options. C(ticket_life) is (count, index into UNIT_NAMES); C(messages) is (before view, before control)."""

    managed_by: ManagedBy
    mode: Mode
    view_only: bool = True
    helpers: tuple[str, ...] = ()
    ticket_life: tuple[int, int] = _DEFAULT_LIFE
    invitation_method: str | None = None
    encrypted_only: bool = True
    session_logging: bool = True
    messages: tuple[str, str] | None = None
    manage_feature: bool = False
    uac_prompt_visible: bool | None = None
    firewall: FirewallWanted = field(default_factory=FirewallWanted)

    @property
    def solicits(self) -> bool:
        return self.mode in ("solicited", "solicited_and_offer")

    @property
    def offers(self) -> bool:
        return self.mode in ("offer_only", "solicited_and_offer")

    @property
    def ours(self) -> bool:
        return self.managed_by == "this_collection"


def read_options(given: Mapping[str, Any]) -> RemoteAssistanceOptions:
    """Options whose types were checked already, with the rules between them. All broken rules are told at once (OptionError)."""
    mode = cast(Mode, given["mode"])
    offers = mode in ("offer_only", "solicited_and_offer")
    solicits = mode in ("solicited", "solicited_and_offer")
    helpers = [helper.strip() for helper in given.get("helpers") or []]
    wrong: list[str] = []
    if offers and not helpers:
        wrong.append(f"helpers: mode '{mode}' needs at least one account that may offer help, as DOMAIN\\name, name@domain or a SID.")
    if not offers and helpers:
        wrong.append(f"helpers: mode '{mode}' lets nobody offer help; leave helpers out, or choose offer_only or solicited_and_offer.")
    if any(not helper for helper in helpers):
        wrong.append("helpers: an entry is empty; each one is DOMAIN\\name, name@domain or a SID.")
    wrong.extend(
        f"helpers: '{helper}' begins like a SID and is none; each entry is DOMAIN\\name, name@domain or a SID."
        for helper in helpers
        if helper.upper().startswith("S-1-") and not is_sid(helper)
    )
    wrong.extend(
        f"{option}: mode '{mode}' has no invitations; leave {option} out, or choose solicited or solicited_and_offer."
        for option in ("ticket_life", "invitation_method")
        if given.get(option) is not None and not solicits
    )
    if given.get("control") is not None and mode == "disabled":
        wrong.append("control: mode 'disabled' has no sessions; leave control out, or choose another mode.")
    life = _life(given.get("ticket_life"), wrong)
    messages = _messages(given.get("warning_messages"), wrong)
    firewall = read_firewall_option(given.get("firewall"), wrong)
    if wrong:
        raise OptionError(wrong)
    return RemoteAssistanceOptions(
        managed_by=given["managed_by"],
        mode=mode,
        view_only=(given.get("control") or "view_only") == "view_only",
        helpers=tuple(dict.fromkeys(helpers)),
        ticket_life=life,
        invitation_method=given.get("invitation_method"),
        encrypted_only=given.get("encrypted_only", True),
        session_logging=given.get("session_logging", True),
        messages=messages,
        manage_feature=given.get("manage_feature", False),
        uac_prompt_visible=given.get("uac_prompt_visible_to_helper"),
        firewall=firewall,
    )


def _life(given: Mapping[str, Any] | None, wrong: list[str]) -> tuple[int, int]:
    if given is None:
        return _DEFAULT_LIFE
    value, unit = given["value"], given["unit"]
    if not 1 <= value <= 99:
        wrong.append(f"ticket_life.value: {value} is out of range; allowed are whole numbers from 1 to 99 (unit {unit}).")
    return value, UNIT_NAMES.index(unit)


def _messages(given: Mapping[str, Any] | None, wrong: list[str]) -> tuple[str, str] | None:
    if given is None:
        return None
    for name in ("before_view", "before_control"):
        length = len(given[name].strip())
        if not 1 <= length <= _LONGEST_MESSAGE:
            wrong.append(f"warning_messages.{name}: {length} characters; allowed are 1 to {_LONGEST_MESSAGE}.")
    return given["before_view"], given["before_control"]
