# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firewalls for tests, as states and not as answers, and what comes of a plan on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.lineup import line_up
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import demands_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import applied
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    FirewallState,
    Interface,
    Options,
    StoreState,
)

Rules = Mapping[str, str]
CONSOLES = "10.1.5.0/24"
LAN = Interface(
    "{11111111-1111-1111-1111-111111111111}",
    "lan",
    "lan",
    "domain",
    ("10.1.2.3/24", "fd00:1:2::3/64"),
    ("10.1.2.1",),
    ("10.1.0.10",),
    (),
    (),
)
CONTROL = "App=%SystemRoot%\\CCM\\RemCtrl\\CmRcService.exe|Svc=CmRcService|"
DESKTOP = "App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|"


def rule(fields: str, *, active: bool = True, action: str = "Allow") -> str:
    """An inbound rule's string from what it says besides."""
    return f"v2.30|Action={action}|Active={'TRUE' if active else 'FALSE'}|Dir=In|{fields}Name=A rule|"


def host(
    local: Rules | None = None,
    *,
    policy: Rules | None = None,
    mdm: Rules | None = None,
    profiles: Mapping[Any, Options] | None = None,
    policy_profiles: Mapping[Any, Options] | None = None,
    interfaces: Sequence[Interface] = (LAN,),
    **more: Any,
) -> FirewallState:
    """A host with one interface, on the domain."""
    stores = {
        "local": StoreState(_parsed(local), profiles or {}),
        "group_policy": StoreState(_parsed(policy), policy_profiles or {}),
        "mdm": StoreState(_parsed(mdm)),
    }
    adapters = {interface.alias: interface.guid for interface in interfaces}
    return FirewallState(stores, tuple(interfaces), adapters=adapters, **more)  # type: ignore[arg-type]


def _parsed(rules: Rules | None) -> tuple[Any, ...]:
    return tuple(parse(rule_id, text) for rule_id, text in (rules or {}).items())


def asked(areas: Mapping[str, Mapping[str, Any]], *, whole_host: bool = False) -> tuple[Requirement, ...]:
    """What areas ask of the firewall, by their options as an operator writes them."""
    checked = {area: read_options(area, options) for area, options in areas.items()}
    return tuple(
        requirement
        for demands in demands_of(checked, whole_host=whole_host)
        for requirement in demands.requirements
        if requirement.setting.kind.startswith("firewall")
    )


def judged(state: FirewallState, requirements: Iterable[Requirement]) -> list[tuple[Requirement, Assessment]]:
    """Every requirement on a host on which nothing listens."""
    reach = Reach(Firewall(state))
    found = []
    for requirement in requirements:
        value: Any = (reach, ()) if requirement.setting.kind == "firewall_listening" else reach
        found.append((requirement, requirement.setting.assess(Observation(value=value), requirement.wanted)))
    return found


def lined_up(verdicts: Iterable[tuple[Requirement, Assessment]]) -> list[Difference]:
    """What would be written, in the order in which it would be."""
    wanted = [(assessment.differences, ()) for requirement, assessment in verdicts if requirement.writable]
    return [unit.difference for unit in line_up(wanted)]


def states(state: FirewallState, differences: Iterable[Difference]) -> list[FirewallState]:
    """The firewall after each write."""
    found = []
    for difference in differences:
        for write in difference.writes:
            after = applied(state, write)
            assert after is not None, f"{write} is no firewall write"
            state = after
            found.append(state)
    return found
