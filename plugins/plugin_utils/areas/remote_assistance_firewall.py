# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Remote Assistance needs of the firewall, and what it must not leave open there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.firewall_exception_options import read_from, read_profiles
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement, Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import OpenException
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_group import (
    GroupClosed,
    GroupOnProfiles,
    MapperForGroup,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_own_rules import OwnRules
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    ClosedGroup,
    Declaration,
    FirewallException,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.groups import named
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile

AREA_WORD = "RemoteAssistance"

_GROUP = named("remote_assistance")
_OFFER, _SOLICITED = _SERVICES = ("remote_assistance_offer", "remote_assistance_solicited")
_PERIMETER = "that the network's own firewall blocks Remote Assistance from outside is for people to tell"


@dataclass(frozen=True)
class FirewallWanted:
    """The option C(firewall) of Remote Assistance: whether rules are written, and who may connect on which networks."""

    manage: bool = True
    remote: AddressSet = ANY_ADDRESS
    profiles: frozenset[Profile] = frozenset({"domain"})


def read_firewall_option(given: Mapping[str, Any] | None, wrong: list[str]) -> FirewallWanted:
    """The option, checked; what is wrong is added to C(wrong)."""
    if given is None:
        return FirewallWanted()
    default = FirewallWanted()
    remote: Sequence[str] | None = given.get("from")
    profiles: Sequence[str] | None = given.get("profiles")
    manage = given.get("manage")
    return FirewallWanted(
        manage=default.manage if manage is None else bool(manage),
        remote=default.remote if remote is None else read_from(remote, "firewall", wrong),
        profiles=default.profiles if profiles is None else read_profiles(profiles, "firewall", wrong),
    )


def declaration_of(wanted: FirewallWanted, *, offers: bool, solicits: bool, ours: bool) -> Declaration:
    """What it declares of the firewall. An offer needs all that an invitation needs, so one exception is enough."""
    writable = ours and wanted.manage
    exceptions: tuple[FirewallException, ...] = ()
    if offers or solicits:
        name = _OFFER if offers else _SOLICITED
        exceptions = (
            FirewallException(
                area=AREA_WORD,
                label=name,
                endpoints=services()[name].endpoints,
                remote=wanted.remote,
                profiles=wanted.profiles,
                service=name,
                writable=writable,
            ),
        )
    return Declaration(exceptions, frozenset({AREA_WORD}), closed_groups=(ClosedGroup(_GROUP.context, AREA_WORD, writable),))


def contradictions(declaration: Declaration) -> list[str]:
    """Sentences for exceptions of other areas against what Remote Assistance is declared to be; none where it is not declared."""
    if AREA_WORD not in declaration.areas:
        return []
    needed = [exception for exception in declaration.present if exception.area == AREA_WORD]
    found = []
    for exception in declaration.exceptions:
        if exception.area == AREA_WORD or exception.service not in _SERVICES:
            continue
        if exception.present and not needed:
            found.append(
                f"exceptions: {exception.label} is to be present, and remote_assistance_policy allows no Remote Assistance; take the"
                " exception out, or choose another mode there."
            )
        found += [
            f"exceptions: {exception.label} is to be absent for {exception.says()}, and remote_assistance_policy needs it for"
            f" {need.says()}; let them differ in addresses or profiles."
            for need in needed
            if not exception.present and exception.meets(need)
        ]
    return found


def firewall_requirements(own: Declaration, declaration: Declaration, *, offers: bool) -> Iterator[Requirement]:
    """C(own): what Remote Assistance declares, C(declaration): what all areas of the run do."""
    closed = own.closed_groups[0]
    group = (_GROUP.title, closed, declaration)
    declared = frozenset(profile for exception in own.present for profile in exception.profiles)
    if declaration.acts and declaration.areas == own.areas:
        yield Requirement(OwnRules(declaration), None, (), object="own rules", writable=closed.writable)
    for exception in own.present:
        controls = ("002-16", "002-32") if offers else ("002-16",)
        yield Requirement(OpenException(exception, declaration, now=False), None, controls, writable=closed.writable)
        if offers:
            yield Requirement(OpenException(exception, declaration), None, ("002-18",), writable=closed.writable)
    yield Requirement(GroupClosed(*group), None, ("002-16",), writable=closed.writable)
    elsewhere: frozenset[Profile] = frozenset({"private", "public"})
    yield Requirement(GroupOnProfiles(*group, elsewhere - declared), None, ("002-14",), writable=closed.writable)
    yield Requirement(
        GroupOnProfiles(*group, frozenset({"public"}), edge=True), None, ("002-08",), writable=closed.writable, caveats=(_PERIMETER,)
    )
    if not any(exception.remote.is_any for exception in own.present) or not offers:
        yield Requirement(MapperForGroup(*group), None, ("002-15",), writable=closed.writable)


def firewall_statements(own: Declaration, *, offers: bool) -> Iterator[Statement]:
    """What the options themselves say."""
    if not offers:
        for control in ("002-18", "002-32"):
            yield Statement(control, Status.NOT_APPLICABLE, "nobody can offer help")
    elif any(exception.remote.is_any for exception in own.present):
        yield Statement(
            "002-15",
            Status.DRIFT,
            "offers are let in from any address, so that TCP 135 is open to everybody",
            "firewall.from names the addresses of helpers",
            "Give the addresses of helpers in firewall.from.",
        )
