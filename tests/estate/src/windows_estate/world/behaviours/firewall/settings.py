# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A profile's settings, each merged from the stores by its own law (MS-FASP 2.2.38) [H]. What MDM's store decides is treated like Group
Policy's, which has the last word where both speak: a decision."""

from __future__ import annotations

from typing import Any, Final

from windows_estate.machine import Machine
from windows_estate.world.behaviours.firewall.places import profile_key

EITHER: Final = frozenset(
    {"DoNotAllowExceptions", "Logging\\LogDroppedPackets", "Logging\\LogSuccessfulConnections", "Logging\\LogIgnoredRules"}
)
POLICY_ONLY: Final = frozenset({"AllowLocalPolicyMerge", "AllowLocalIPsecPolicyMerge"})
DEFAULTS: Final[dict[str, Any]] = {
    "EnableFirewall": 1,
    "DefaultInboundAction": 1,
    "DefaultOutboundAction": 0,
    "DoNotAllowExceptions": 0,
    "AllowLocalPolicyMerge": 1,
    "AllowLocalIPsecPolicyMerge": 1,
    "AuthorizedApplications\\AllowUserPrefMerge": 1,
    "GloballyOpenPorts\\AllowUserPrefMerge": 1,
    "Logging\\LogFileSize": 4096,
    "DisabledInterfaces": "",
}


def stored(machine: Machine, store: str, profile: str, option: str) -> Any:
    """What one store says, or None. `option`: a value's name, with the key below the profile's before it."""
    below, _, name = option.rpartition("\\")
    key = profile_key(machine, store, profile) + (f"\\{below}" if below else "")
    value = machine.registry.get(key, name)
    return None if value is None else value["data"]


def effective(machine: Machine, profile: str, option: str) -> Any:
    """What counts, defaults included."""
    policy = stored(machine, "group_policy", profile, option)
    if policy is None:
        policy = stored(machine, "mdm", profile, option)
    local = stored(machine, "local", profile, option)
    if option in EITHER:
        return int(bool(policy) or bool(local))
    if policy is not None:
        return policy
    if local is not None and option not in POLICY_ONLY:
        return local
    return DEFAULTS.get(option, 0)


def disabled_interfaces(machine: Machine, profile: str) -> frozenset[str]:
    """GUIDs, in braces and lower case, of the interfaces on which the profile does nothing."""
    text = str(effective(machine, profile, "DisabledInterfaces") or "")
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())
