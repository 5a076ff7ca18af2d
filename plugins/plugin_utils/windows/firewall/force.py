# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rules are in force at a place, and why the others are not: MS-FASP 2.2.27 and 2.2.38."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.legacy import merge_option
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.matching import all_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.merge import Settings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.places import Place, is_for, meets_interface
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Doubt, FirewallState, RuleKey, Void


@dataclass(frozen=True)
class Fitting:
    """A rule that fits what is asked; C(doubts): on what it hangs that it does."""

    key: RuleKey
    rule: Rule
    doubts: frozenset[Doubt]


class Force:
    """What puts rules into force on a host, or out of it."""

    def __init__(self, state: FirewallState, settings: Settings) -> None:
        self._state = state
        self._settings = settings
        self._active: frozenset[Profile] = frozenset(each.profile for each in state.interfaces if each.profile is not None)

    def in_force(self, rules: Sequence[Fitting], place: Place) -> Iterator[Fitting]:
        """Those of them that act there, surely or perhaps."""
        for each in rules:
            if place.profile in each.rule.profiles and self._void(each, place) is None:
                doubts = all_of((each.doubts, meets_interface(each.rule, place)))
                if doubts is not None:
                    yield each if doubts == each.doubts else replace(each, doubts=doubts)

    def voided(self, rules: Sequence[Fitting], place: Place, *, shielded: bool = False) -> Mapping[RuleKey, Void]:
        """Those that would admit and do nothing there. A rule for the profile of another interface is not void, only elsewhere."""
        found = {}
        for each in rules:
            if each.rule.action != "block":
                why = self._void(each, place)
                if why is None and shielded and place.profile in each.rule.profiles:
                    why = Void.SHIELDED
                if why is not None:
                    found[each.key] = why
        return found

    def _void(self, fitting: Fitting, place: Place) -> Void | None:
        rule = fitting.rule
        if not rule.active:
            return Void.DISABLED
        if self._state.version is not None and not rule.applies_to(*self._state.version):
            return Void.PLATFORM
        if place.profile not in rule.profiles:
            return None if rule.profiles & self._active else Void.PROFILE_INACTIVE
        if fitting.key.store == "local":
            if not self._settings.value(place.profile, "AllowLocalPolicyMerge"):
                return Void.LOCAL_MERGE_OFF
            option = merge_option(rule)
            if option is not None and not self._settings.value(place.profile, option):
                return Void.USER_MERGE_OFF
        # An imagined interface may be one that is not up today.
        if place.interfaces and all(is_for(rule, interface) is None for interface in self._state.interfaces):
            return Void.INTERFACE
        return None
