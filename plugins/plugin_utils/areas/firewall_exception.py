# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall: who may reach which service, on which networks, and that the firewall itself is on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.firewall_exception_options import FirewallOptions, read_options
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement, Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import (
    ClosedException,
    ExclusiveException,
    OpenException,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_own_rules import OwnRules
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_profile import FirewallProfile, FirewallService
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_standing import (
    Listening,
    NotFromOutside,
    OnlyDeclared,
    OnProfilesOnly,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    PROFILES,
    Declaration,
    Endpoint,
    FirewallException,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import TCP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet

AREA = "firewall_exception"

_MANAGED = ("remote_control", "remote_desktop", "winrm", "winrm_https", "smb")
_VNC = (5900, 5901, 5902, 5903)
# Ports on which a session is taken over or logged on to.
_SESSIONS = (22, 2701, 3389, *_VNC)


def declares(given: Mapping[str, Any]) -> Declaration:
    """What the area declares of the firewall, for all areas of a host to be judged together (OptionError)."""
    return read_options(given).declaration()


def demands(given: Mapping[str, Any], declaration: Declaration | None = None) -> Demands:
    """The whole area for one host, from checked options; broken rules between them are an OptionError.

    C(declaration): all that the areas of the run declare, where there are several.
    """
    options = read_options(given)
    declared = options.declaration() if declaration is None else declaration
    requirements = (
        *_exceptions(options, declared),
        *_profiles(options),
        Requirement(FirewallService(), None, (), object="firewall service", writable=False, severity=Severity.HIGH),
        Requirement(OwnRules(declared), None, (), object="own rules"),
        *_standing(declared),
    )
    return Demands(AREA, requirements, tuple(_statements(options)))


def exception_requirements(exception: FirewallException, declaration: Declaration) -> Iterator[Requirement]:
    """What one exception asks for. What the standing checks say of controls is said there, also where an exception is exclusive."""
    service = services().get(exception.service) if exception.service else None
    caveats = service.caveats if service else ()
    common: dict[str, Any] = {"object": exception.label, "writable": exception.writable, "caveats": caveats}
    if not exception.present:
        yield Requirement(ClosedException(exception, declaration), None, service.controls if service else (), **common)
        return
    # No control lends these its severity: a service that cannot be reached is a nuisance, one that is open to others is a hole.
    yield Requirement(OpenException(exception, declaration), None, (), severity=Severity.MEDIUM, **common)
    if exception.exclusive:
        yield Requirement(ExclusiveException(exception, declaration), None, (), severity=Severity.HIGH, **common)


def _exceptions(options: FirewallOptions, declaration: Declaration) -> Iterator[Requirement]:
    for exception in options.exceptions:
        yield from exception_requirements(exception, declaration)
        if exception.present and exception.service == "remote_control":
            yield Requirement(
                OnProfilesOnly("remote_control", exception.endpoints, frozenset({"domain"})),
                None,
                ("000-06",),
                object=exception.label,
                writable=False,
                caveats=("the rule that Configuration Manager itself makes for it is not documented",),
            )


def _profiles(options: FirewallOptions) -> Iterator[Requirement]:
    for profile, wanted in (options.profiles_on or {}).items():
        yield Requirement(FirewallProfile(profile), wanted, (), object=f"profile {profile}", severity=Severity.HIGH)
        if _is_embedded(options):
            yield Requirement(FirewallProfile(profile), wanted, ("001-21",))


def _is_embedded(options: FirewallOptions) -> bool:
    return options.embedded and set(options.profiles_on or ()) == set(PROFILES)


def _standing(declaration: Declaration) -> Iterator[Requirement]:
    known = services()
    desktop, ssh = known["remote_desktop"].endpoints, known["ssh"].endpoints
    for name, endpoints, controls in (
        ("remote_desktop", desktop, ("004-19", "004-21", "004-47", "004-58")),
        ("ssh", ssh, ("004-22", "004-47")),
    ):
        yield Requirement(NotFromOutside(name, endpoints, declaration), None, controls, object=name)
    for name in _MANAGED:
        setting = OnlyDeclared(name, known[name].endpoints, declaration)
        yield Requirement(setting, None, ("004-27", "004-34"), object=name)
    vnc = (Endpoint(TCP, PortSet.of((_VNC[0], _VNC[-1]))),)
    yield Requirement(Listening("vnc", _VNC, vnc), True, ("004-33",), object="vnc", writable=False)
    yield Requirement(Listening("remote_desktop", (3389,)), False, ("004-33",), object="remote_desktop", writable=False)
    yield Requirement(Listening("ssh", (22,)), False, ("004-33",), object="ssh", writable=False)
    yield Requirement(
        Listening("remote support", _SESSIONS),
        True,
        ("004-26",),
        writable=False,
        remedy="Use a tool that connects outward to a broker, or waive this control for hosts that are supported within the network.",
        caveats=("how a broker is used is for people to tell",),
    )


def _statements(options: FirewallOptions) -> Iterator[Statement]:
    if not options.embedded:
        yield Statement("001-21", Status.NOT_APPLICABLE, "the host is not declared to be an embedded device (embedded: true)")
    elif not _is_embedded(options):
        left = ", ".join(profile for profile in PROFILES if profile not in (options.profiles_on or {}))
        yield Statement(
            "001-21",
            Status.DRIFT,
            f"profiles_on does not name {left}",
            "profiles_on names all three profiles",
            "Declare all three profiles in profiles_on.",
        )
