# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which areas there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas import (
    client_push_site,
    client_push_target,
    firewall_exception,
    pxe_interface_binding,
    remote_assistance_policy,
    state_migration_retention,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_firewall import contradictions
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import Declaration

_Made = TypeVar("_Made")

AREAS: Mapping[str, Callable[[Mapping[str, Any]], Demands]] = {
    remote_assistance_policy.AREA: remote_assistance_policy.demands,
    client_push_site.AREA: client_push_site.demands,
    client_push_target.AREA: client_push_target.demands,
    firewall_exception.AREA: firewall_exception.demands,
    pxe_interface_binding.AREA: pxe_interface_binding.demands,
    state_migration_retention.AREA: state_migration_retention.demands,
}
"""By name: checked options -> what the area asks of a host (OptionError when the options contradict each other)."""


@dataclass(frozen=True)
class Joining:
    """An area that has a say about the firewall: C(declares) what, and C(demands) in the light of what all areas declare."""

    declares: Callable[[Mapping[str, Any]], Declaration]
    demands: Callable[[Mapping[str, Any], Declaration], Demands]


JOINING: Mapping[str, Joining] = {
    remote_assistance_policy.AREA: Joining(remote_assistance_policy.declares, remote_assistance_policy.demands),
    firewall_exception.AREA: Joining(firewall_exception.declares, firewall_exception.demands),
}


def demands_together(areas: Mapping[str, Mapping[str, Any]], *, whole_host: bool = False) -> dict[str, Demands | OptionError]:
    """What some areas ask of a host, from checked options, or what is wrong with these, by area.

    C(whole_host): they are all that the host's operator declares, so that what none of them declares may be taken away.
    """
    said = {name: _tried(JOINING[name].declares, options) for name, options in areas.items() if name in JOINING}
    joined = Declaration(acts=whole_host)
    for each in said.values():
        if not isinstance(each, OptionError):
            joined = joined.together(each)

    against = contradictions(joined)

    def demands(name: str, options: Mapping[str, Any]) -> Demands:
        if name == firewall_exception.AREA and against:
            raise OptionError(against)
        return JOINING[name].demands(options, joined) if name in JOINING else AREAS[name](options)

    return {name: _tried(partial(demands, name), options) for name, options in areas.items()}


def _tried(make: Callable[[Mapping[str, Any]], _Made], options: Mapping[str, Any]) -> _Made | OptionError:
    try:
        return make(options)
    except OptionError as error:
        return error
