# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules that this collection has made, and those of a predefined group that are enabled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import FirewallSetting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_plan import OWN_RULES, plan_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach, plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rules import describe
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import several
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import Declaration, is_own


@dataclass(frozen=True)
class OwnRules(FirewallSetting):
    """That there is no rule of this collection's that nothing declares any more. Wanted: None."""

    kind: ClassVar[str] = "firewall_own_rules"
    declaration: Declaration

    @property
    def key(self) -> str:
        return "firewall_own_rules"

    def evidence(self, reach: Reach) -> Iterable[str]:
        return (f"own rule '{plain(rule.rule_id)}': {describe(rule)}" for rule in reach.local.values() if is_own(rule.rule_id))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 the declaration says it
        reach: Reach = observation.value
        left = [
            f"'{plain(rule.rule_id)}' ({describe(rule)})"
            for rule in reach.local.values()
            if is_own(rule.rule_id) and not self.declaration.declares_rule(rule.rule_id) and not self._goes_with_absence(rule.rule_id)
        ]
        expected = "every rule that this collection has made is declared"
        if not left:
            return Assessment(Status.COMPLIANT, expected, expected)
        differences = plan_of(reach, self.declaration).of(OWN_RULES)
        remedy = "Remove what nothing declares any more" + ("." if self.declaration.acts else "; the module baseline does it.")
        return Assessment(Status.DRIFT, expected, f"no longer declared: {several(left)}", differences, remedy=remedy)

    def _goes_with_absence(self, rule_id: str) -> bool:
        """Whether an absent exception takes it away."""
        return any(exception.owns(rule_id) for exception in self.declaration.exceptions if not exception.present)
