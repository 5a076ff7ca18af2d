# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firewall rules and profile options as a snapshot keeps them, for bringing them back to just that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import (
    made_change,
    profile_change,
    profile_key,
    removed_rule_change,
    rule_key,
    stored_option,
    switched_rule_change,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads, read_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import (
    Unsayable,
    parameters_of,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import local_rule, rule_writes
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState


class _OfTheFirewall(Setting):
    """Read with the whole firewall, as what is written to it has to be judged by all of it. The observation's value is its state."""

    def reads(self) -> tuple[Operation, ...]:
        return firewall_reads()

    def interpret(self, answers: Answers) -> Observation:
        reading = read_firewall(answers)
        return Observation(value=reading.state, problem=reading.problem)


@dataclass(frozen=True)
class StoredRule(_OfTheFirewall):
    """A rule of the collection's own, whole. Wanted: the string that it was stored as, or None for absent."""

    kind: ClassVar[str] = "firewall_rule"
    rule_id: str

    @property
    def key(self) -> str:
        return rule_key(self.rule_id)

    def assess(self, observation: Observation, wanted: str | None) -> Assessment:
        state: FirewallState = observation.value
        found = local_rule(state, self.rule_id)
        text = found.text() if isinstance(found, Rule) else found and found.text
        expected = f"the rule {self.rule_id}: {wanted or 'absent'}"
        actual = f"the rule {self.rule_id}: {text or 'absent'}"
        if text == wanted:
            return Assessment(Status.COMPLIANT, expected, actual)
        try:
            difference = self._difference(state, wanted)
        except Unsayable as error:
            return Assessment(Status.DRIFT, expected, f"{actual}; it cannot be made again, as {error}")
        if difference is None:
            # Written in another way, and the same in all that it says.
            return Assessment(Status.COMPLIANT, expected, actual)
        return Assessment(Status.DRIFT, expected, actual, (difference,))

    def _difference(self, state: FirewallState, wanted: str | None) -> Difference | None:
        if wanted is None:
            return removed_rule_change(self.rule_id, state)
        parameters = parameters_of(parse(self.rule_id, wanted), state.adapters)
        found = local_rule(state, self.rule_id)
        try:
            same = found is not None and parameters_of(found, state.adapters) == parameters
        except Unsayable:
            same = False
        return None if same else made_change(self.rule_id, rule_writes(parameters, state), state, str(parameters["DisplayName"]))


@dataclass(frozen=True)
class RuleSwitch(_OfTheFirewall):
    """Whether a rule that is not of the collection's making is enabled. Wanted: True for enabled."""

    kind: ClassVar[str] = "firewall_rule_enabled"
    rule_id: str

    @property
    def key(self) -> str:
        return rule_key(self.rule_id)

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        state: FirewallState = observation.value
        expected = f"the rule {self.rule_id} is {'enabled' if wanted else 'disabled'}"
        found = local_rule(state, self.rule_id)
        if found is None:
            return Assessment(Status.DRIFT if wanted else Status.COMPLIANT, expected, f"there is no rule {self.rule_id} any more")
        if not isinstance(found, Rule):
            return Assessment(Status.DRIFT, expected, f"the rule {self.rule_id} cannot be read: {found.reason}")
        actual = f"the rule {self.rule_id} is {'enabled' if found.active else 'disabled'}"
        difference = switched_rule_change(self.rule_id, state, enabled=wanted)
        return Assessment(Status.DRIFT if difference else Status.COMPLIANT, expected, actual, (difference,) if difference else ())


@dataclass(frozen=True)
class StoredProfileOption(_OfTheFirewall):
    """An option of a profile in the computer's own store. Wanted: its value, or None for not configured."""

    kind: ClassVar[str] = "firewall_profile"
    profile: Profile
    option: str

    @property
    def key(self) -> str:
        return profile_key(self.profile, self.option)

    def assess(self, observation: Observation, wanted: int | None) -> Assessment:
        state: FirewallState = observation.value
        difference = profile_change(self.profile, self.option, wanted, state)
        found = stored_option(self.profile, self.option, state)
        expected, actual = (
            f"firewall profile {self.profile}, {self.option}: {'not configured' if value is None else value}" for value in (wanted, found)
        )
        return Assessment(Status.DRIFT if difference else Status.COMPLIANT, expected, actual, (difference,) if difference else ())
