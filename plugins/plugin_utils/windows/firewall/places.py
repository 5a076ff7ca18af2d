# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where something arrives, and which of a rule's conditions hang on that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.matching import YES, Match, perhaps
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Doubt, Interface

OwnAddress = tuple[str, int]
"""An address of the host itself, as text and as number."""


@dataclass(frozen=True)
class Place:
    """One interface, or an imagined one of a profile together with the real ones that it may turn out to be.

    C(name) is the interface's alias, and empty for an imagined one.
    """

    name: str
    profile: Profile
    interfaces: tuple[Interface, ...]
    imagined: bool


def meets_interface(rule: Rule, place: Place) -> Match:
    """Whether the place is one of the interfaces that a rule is for."""
    if not rule.interfaces and not rule.interface_types:
        return YES
    return _of_all([is_for(rule, interface) for interface in place.interfaces], Doubt.UNRESOLVED_CONDITION)


def is_for(rule: Rule, interface: Interface) -> Match:
    """Whether a rule is for this interface, by GUID and type."""
    if rule.interfaces and interface.guid not in rule.interfaces:
        return None
    if not rule.interface_types or interface.type in rule.interface_types:
        return YES
    return perhaps(Doubt.UNRESOLVED_CONDITION) if interface.type is None else None


def meets_local_address(rule: Rule, family: int, own: Sequence[OwnAddress]) -> Match:
    """Whether a rule is for what is sent to these addresses of a family. A rule that names those of one family is for no other."""
    named = rule.local_addresses.v4 if family == 4 else rule.local_addresses.v6
    if named.is_full:
        return YES
    if named.is_empty:
        return None
    return _of_all([YES if named.contains(number) else None for _text, number in own], Doubt.LOCAL_ADDRESS)


def _of_all(matches: Sequence[Match], doubt: Doubt) -> Match:
    """What holds of all; where that differs, or there is nothing of which it could hold, it is not known."""
    if not matches or any(match != matches[0] for match in matches):
        return perhaps(doubt)
    return matches[0]
