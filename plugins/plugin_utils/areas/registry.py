# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which areas there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas import remote_assistance_policy
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands

AREAS: Mapping[str, Callable[[Mapping[str, Any]], Demands]] = {
    remote_assistance_policy.AREA: remote_assistance_policy.demands,
}
"""By name: checked options -> what the area asks of a host (OptionError when the options contradict each other)."""
