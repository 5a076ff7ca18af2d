# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where Windows Firewall keeps its rules and settings.

Confidence: local and Group Policy's keys [H] (MS-GPFAS, exports); the MDM key [M]. That its profiles lie beside its rules is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from windows_estate.machine import Machine
from windows_estate.world.rule_text import RuleText, parse

LOCAL: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
POLICY: Final = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
MDM: Final = f"{LOCAL}\\Mdm"
STORES: Final = {"local": LOCAL, "group_policy": POLICY, "mdm": MDM}
RULES: Final = "FirewallRules"

# The local key of the private profile has the name that it had when there was one profile beside the domain's.
PROFILE_KEYS: Final = {
    "local": {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"},
    "group_policy": {"domain": "DomainProfile", "private": "PrivateProfile", "public": "PublicProfile"},
    "mdm": {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"},
}


def rules_key(store: str) -> str:
    return f"{STORES[store]}\\{RULES}"


def profile_key(machine: Machine, store: str, profile: str) -> str:
    """The key that counts for a profile. In Group Policy the old StandardProfile does while there is neither of the two that replaced it
    (MS-GPFAS 2.2.3)."""
    root, name = STORES[store], PROFILE_KEYS[store][profile]
    if store == "group_policy" and profile != "domain":
        newer = (f"{root}\\PrivateProfile", f"{root}\\PublicProfile")
        if not any(machine.registry.exists(key) for key in newer):
            return f"{root}\\StandardProfile"
    return f"{root}\\{name}"


def rules(machine: Machine, store: str) -> Iterator[tuple[str, RuleText]]:
    """The rules of a store with their ids; values that are no rules are passed over."""
    for name, value in machine.registry.values(rules_key(store)).items():
        if value.get("type") == "sz" and isinstance(value.get("data"), str):
            rule = parse(value["data"])
            if rule is not None:
                yield name, rule
