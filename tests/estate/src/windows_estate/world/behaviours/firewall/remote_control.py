# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The exception that ConfigMgr's client makes for remote control, on the profiles that its settings name.

That it makes one, for TCP 2701, is said [M]; its id, name and program are decisions of the simulation, as is that every evaluation of
policy puts it back.
"""

from __future__ import annotations

from typing import Final

from windows_estate.machine import Machine
from windows_estate.world.behaviours.firewall import places
from windows_estate.world.knowledge.firewall_versions import rule_version
from windows_estate.world.knowledge.services import REMOTE_CONTROL
from windows_estate.world.rule_text import RuleText

RULE_ID: Final = "{5A0F9D2B-6C3E-4F1A-8E57-7B2C90D1A4E6}"
_MASKS: Final = (("Domain", 4), ("Private", 2), ("Public", 1))


def enforce(machine: Machine, enabled: bool, mask: int) -> None:
    """`mask`: FirewallExceptionProfiles."""
    key = places.rules_key("local")
    profiles = [("Profile", name) for name, bit in _MASKS if mask & bit] if enabled else []
    if not profiles:
        machine.registry.delete(key, RULE_ID)
        return
    fields = (
        *(("Action", "Allow"), ("Active", "TRUE"), ("Dir", "In"), ("Protocol", "6"), *profiles, ("LPort", "2701")),
        *(("App", REMOTE_CONTROL), ("Name", "Configuration Manager Remote Control"), ("Desc", "Remote control by Configuration Manager")),
    )
    machine.registry.set(key, RULE_ID, "sz", str(RuleText(rule_version(machine.build), fields)))
