# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firewall rules and profile options that are to move: the differences, with the writes and with what a snapshot keeps.

The same rule or option has the same key, whoever wants it moved.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import removed_option
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import Unsayable, parameters_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import (
    OwnRule,
    local_rule,
    remove,
    set_profile,
    switch,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.merge import OPTIONS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule, Unparsed, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState

_TITLES: Mapping[str, tuple[str, Mapping[int, str]]] = {
    "EnableFirewall": ("firewall", {0: "off", 1: "on"}),
    "DefaultInboundAction": ("inbound connections that no rule admits", {0: "allowed", 1: "blocked"}),
    "LogDroppedPackets": ("log of dropped packets", {0: "off", 1: "on"}),
    "LogSuccessfulConnections": ("log of connections", {0: "off", 1: "on"}),
    "LogFileSize": ("size of the log in KB", {}),
}


def rule_key(rule_id: str) -> str:
    """The key of all differences of a rule."""
    return f"firewall_rule:{rule_id.casefold()}"


def profile_key(profile: Profile, option: str) -> str:
    """The key of all differences of a profile's option."""
    return f"firewall_profile:{profile}|{option.casefold()}"


def own_rule_change(own: OwnRule, state: FirewallState) -> Difference | None:
    """What brings the host to an own rule; None when it has a rule of that id that does the same.

    Unsayable: the host cannot have it, as it has no such interface.
    """
    own.as_rule(state)
    return made_change(own.rule_id, own.mend(state), state, own.description)


def made_change(rule_id: str, writes: tuple[Operation, ...], state: FirewallState, note: str) -> Difference | None:
    """A rule that is made or brought to what it should be; None without writes."""
    if not writes:
        return None
    found = local_rule(state, rule_id)
    if found is None:
        return Difference(
            rule_key(rule_id), "firewall rules", "absent", "present", writes, (rule_entry(rule_id, None),), item=rule_id, note=note
        )
    return Difference(
        rule_key(rule_id),
        f"firewall rule {plain(rule_id)}",
        "other than it should be",
        "as it should be",
        writes,
        (rule_entry(rule_id, found),),
        note=note,
        verb="change",
    )


def removed_rule_change(rule_id: str, state: FirewallState) -> Difference | None:
    """An own rule that goes; None when there is none."""
    found = local_rule(state, rule_id)
    if found is None:
        return None
    entries = (rule_entry(found.rule_id, found),)
    return Difference(rule_key(rule_id), "firewall rules", "present", "absent", (remove(found.rule_id),), entries, item=found.rule_id)


def switched_rule_change(rule_id: str, state: FirewallState, *, enabled: bool) -> Difference | None:
    """Any rule of the computer's own store, enabled or disabled; None when it is already, is not there or cannot be read."""
    found = local_rule(state, rule_id)
    if not isinstance(found, Rule) or found.active == enabled:
        return None
    words = ("disabled", "enabled")
    return Difference(
        rule_key(rule_id),
        f"firewall rule {plain(found.rule_id)}",
        words[not enabled],
        words[enabled],
        (switch(found.rule_id, enabled=enabled),),
        ({"kind": "firewall_rule_enabled", "id": found.rule_id, "before": found.active},),
        note=plain(found.name or "") or None,
    )


def profile_change(profile: Profile, option: str, value: int | None, state: FirewallState) -> Difference | None:
    """An option of PROFILE_OPTIONS in the computer's own store; None when it holds that value. The value None: not configured."""
    found = stored_option(profile, option, state)
    if found == value:
        return None
    title, words = _TITLES[option]
    if value is None:
        # What is in force afterwards is the default, and a host that reads its registry again finds the same.
        default = OPTIONS[option].default
        set_default = () if found == default or not isinstance(default, int) else (set_profile(profile, option, default),)
        writes = (*set_default, removed_option(profile, option))
    else:
        writes = (set_profile(profile, option, value),)
    return Difference(
        profile_key(profile, option),
        f"firewall profile {profile}: {title}",
        "not configured" if found is None else words.get(found, str(found)),
        "not configured" if value is None else words.get(value, str(value)),
        writes,
        ({"kind": "firewall_profile", "profile": profile, "option": option, "before": found},),
    )


def stored_option(profile: Profile, option: str, state: FirewallState) -> int | None:
    """What the computer's own store says of an option; None where it says nothing."""
    value = state.stores["local"].profiles.get(profile, {}).get(option)
    return value if isinstance(value, int) else None


def rule_entry(rule_id: str, found: Rule | Unparsed | None) -> Json:
    """What a snapshot keeps of a rule."""
    text = found.text() if isinstance(found, Rule) else None if found is None else found.text
    return {"kind": "firewall_rule", "id": rule_id, "before": text}


def can_return(entry: Mapping[str, Json]) -> bool:
    """Whether a rule could be made again from what a snapshot keeps of it, as far as that can be told without a host."""
    if entry["before"] is None:
        return True
    rule = parse(str(entry["id"]), entry["before"])
    try:
        parameters_of(rule, {guid: guid for guid in rule.interfaces} if isinstance(rule, Rule) else {})
    except Unsayable:
        return False
    return True
