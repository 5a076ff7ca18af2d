# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A predefined group of rules, judged as a whole: which of its rules are enabled, on which networks, and how wide they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import rule_key
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import FirewallSetting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_plan import group_wish, plan_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rules import describe, is_loose, is_open
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import mend_rules, merges, rule_name, several
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import PROFILES, ClosedGroup, Declaration
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import RuleKey

_Rules = Iterator[tuple[RuleKey, Rule]]


@dataclass(frozen=True)
class _Group(FirewallSetting):
    """C(title): the group's name in English. Wanted: None."""

    title: str
    closed: ClosedGroup
    declaration: Declaration

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.closed.group}"

    def evidence(self, reach: Reach) -> Iterable[str]:
        for key, rule in reach.rules.items():
            if rule.group == self.closed.group and rule.direction == "in":
                yield f"{rule_name(key, rule)}: {describe(rule)}"

    def _in_force(self, reach: Reach) -> _Rules:
        """The rules that admit on some profile, unless their store does not count there."""
        for key, rule in reach.rules.items():
            if is_open(rule, self.closed.group) and _profiles(reach, key, rule):
                yield key, rule

    def _assess(self, reach: Reach, expected: str, found: dict[RuleKey, Rule], remedy: str) -> Assessment:
        if not found:
            return Assessment(Status.COMPLIANT, expected, "there is no such rule")
        said = several(f"{rule_name(key, rule)}: {describe(rule)}" for key, rule in found.items())
        mine = {rule_key(key.rule_id) for key in found if key.store == "local"}
        planned = plan_of(reach, self.declaration).of(group_wish(self.closed.group))
        going = {difference.key for difference in planned if difference.key in mine}
        # Whatever takes a rule's place comes with it.
        differences = tuple(each for each in planned if each.key in mine or each.after != "disabled") if going else ()
        policy = [(key, rule) for key, rule in found.items() if key.store != "local"]
        if policy:
            return Assessment(Status.CONFLICT, expected, said, differences, remedy=mend_rules(policy, "disable"))
        return Assessment(Status.DRIFT, expected, said, differences, remedy=remedy)


@dataclass(frozen=True)
class GroupClosed(_Group):
    """That none of a group's inbound rules is enabled but those that admit nobody but whom exceptions name."""

    kind: ClassVar[str] = "firewall_group"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the declaration says it
        reach: Reach = observation.value
        needed = any(endpoint.groups for exception in self.declaration.present for endpoint in exception.endpoints)
        expected = f"{self.title}: no inbound rule of the group is enabled" + (" but those that are needed" if needed else "")
        found = {key: rule for key, rule in reach.rules.items() if is_loose(reach, key, rule, self.closed, self.declaration)}
        return self._assess(reach, expected, found, f"Disable these rules of the group {self.title}.")


@dataclass(frozen=True)
class GroupOnProfiles(_Group):
    """That none of a group's rules admits on a profile, with C(edge) that none is for edge traversal either."""

    kind: ClassVar[str] = "firewall_group_profiles"
    profiles: frozenset[Profile]
    edge: bool = False

    @property
    def key(self) -> str:
        return f"{super().key}:{','.join(sorted(self.profiles))}:{self.edge}"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the setting says it
        reach: Reach = observation.value
        where = " or ".join(profile for profile in PROFILES if profile in self.profiles)
        expected = f"{self.title}: no rule of the group admits on {where or 'profiles that are not declared'}"
        expected += ", and none is for edge traversal" if self.edge else ""
        found = {
            key: rule
            for key, rule in self._in_force(reach)
            if _profiles(reach, key, rule) & self.profiles or (self.edge and rule.edge_traversal != "block")
        }
        return self._assess(reach, expected, found, f"Disable these rules of the group {self.title}.")


@dataclass(frozen=True)
class MapperForGroup(_Group):
    """That the group's rule for the endpoint mapper (TCP 135) lets not everybody in. Wanted: None."""

    kind: ClassVar[str] = "firewall_group_mapper"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        reach: Reach = observation.value
        expected = f"{self.title}: TCP 135 is not open to everybody for the group's sake"
        found = {
            key: rule
            for key, rule in self._in_force(reach)
            if rule.local_ports.resolved().contains(135) and not rule.local_ports.is_any and rule.remote_addresses.is_any
        }
        return self._assess(reach, expected, found, "Disable this rule, or narrow it to the addresses of helpers.")


def _profiles(reach: Reach, key: RuleKey, rule: Rule) -> frozenset[Profile]:
    """The profiles on which a rule counts."""
    return frozenset(profile for profile in rule.profiles if key.store != "local" or merges(reach, profile))
