# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads one host of an estate file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from windows_estate.winrm.faults import KINDS, REFUSE, Fault
from windows_estate.world.knowledge.features import FEATURES, REMOTE_ASSISTANCE
from windows_estate.world.knowledge.languages import LANGUAGES
from windows_estate.world.knowledge.roles import ROLES, Role
from windows_estate.world.knowledge.systems import SYSTEMS, System
from windows_estate.world.words import remote_tools
from windows_estate.world.words.firewall import read_firewall
from windows_estate.world.words.model import Controller, Domain, Host, LocalPolicy, RemoteAssistance
from windows_estate.world.words.network import Place, read_address, read_network
from windows_estate.world.words.points import read_distribution_point, read_migration_point, read_smb, read_volumes
from windows_estate.world.words.reader import Fields, WordsError, shown
from windows_estate.world.words.security import read_user_rights
from windows_estate.world.words.values import read_entries, read_value

T = TypeVar("T")

# A NetBIOS name.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,14}")
_GROUP: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+){1,3}")

# Words of this file for faults, beside the endpoint's own.
_FAULT_WORDS: Final = {"unreachable": REFUSE, "wrong_password": "unauthorized"}
_NOT_WINDOWS: Final = "not_windows"
_OLD_POWERSHELL: Final = "powershell_too_old"
_CONSTRAINED: Final = "constrained_language"

# Control Panel, System, Remote: what a client has out of the box, and a server. The facts disagree on fAllowToGetHelp of a client (1 in
# benchmarks, false in the answer file's reference) and are silent about servers: 1 and 0 here are decisions of the simulation.
_CONTROL_PANEL: Final = {
    "fAllowToGetHelp": 1,
    "fAllowFullControl": 1,
    "MaxTicketExpiry": 6,
    "MaxTicketExpiryUnits": 1,
    "CreateEncryptedOnlyTickets": 0,
    "fEnableChatControl": 1,
}
_UNITS: Final = {"minutes": 0, "hours": 1, "days": 2}


@dataclass(frozen=True)
class HostDefaults:
    """What a host has unless it says otherwise."""

    domain: Domain
    controller: Controller
    has_site: bool


def read_host(name: str, value: Any, defaults: HostDefaults, number: int = 1) -> Host:
    """`number`: its place in the file, from 1 on. Raises WordsError."""
    where = f"host {name}"
    if not _NAME.fullmatch(name):
        raise WordsError(f"{where}: the name must be 1 to 15 letters, digits and hyphens.")
    fields = Fields(value, where)
    role_word = fields.text("role", one_of=ROLES)
    role = ROLES[role_word]
    os_word = fields.text("os", role.default_os, one_of=SYSTEMS)
    system = SYSTEMS[os_word]
    if system.is_server != role.is_server:
        fitting = ", ".join(word for word, one in SYSTEMS.items() if one.is_server == role.is_server)
        raise WordsError(f"{where}: os cannot be {os_word} for the role {role_word}; allowed: {fitting}.")
    features = _features(fields, role)
    faults, special = _faults(fields)
    controller = _controller(fields, defaults.controller)
    place = Place(name, number, role.is_server, defaults.domain.name)
    network = read_network(fields, place, controller.address, controller.port)
    host = Host(
        name=name,
        role_word=role_word,
        role=role,
        os_word=os_word,
        system=system,
        language=LANGUAGES[fields.text("language", "en-US", one_of=LANGUAGES)],
        description=fields.text("description", ""),
        inventory_groups=_inventory_groups(fields),
        variables=dict(fields.items("vars")),
        controller=controller,
        local_groups=_local_groups(fields, role_word),
        local_users=fields.texts("local_users"),
        features=features,
        remote_assistance=_remote_assistance(fields.fields("remote_assistance"), role, features, role_word),
        rsop=fields.text("rsop", "on", one_of=("on", "off", "stale")),
        # Servers keep no copies of the domain's policies by default.
        policy_cache=fields.text("policy_cache", "absent" if role.is_server else "present", one_of=("present", "absent")) == "present",
        local_policy=_local_policy(fields),
        configmgr_client=_client(fields, role_word, defaults),
        client_settings=_client_settings(fields, where),
        registry=tuple(read_value(item, f"{where}, registry") for item in fields.entries("registry")),
        faults=faults,
        answers_as=_NOT_WINDOWS if _NOT_WINDOWS in special else "windows",
        powershell=_powershell(fields, system, special),
        language_mode="constrained" if _CONSTRAINED in special else fields.text("language_mode", "full", one_of=("full", "constrained")),
        network=network,
        firewall=read_firewall(fields.fields("firewall")),
        user_rights=read_user_rights(fields),
        distribution_point=_points(fields, role_word, "distribution_point", lambda inner: read_distribution_point(inner, network)),
        migration_point=_points(fields, role_word, "state_migration_point", read_migration_point),
        volumes=read_volumes(fields),
        smb=read_smb(fields.fields("smb")),
    )
    fields.done()
    return host


def _points(fields: Fields, role_word: str, name: str, read: Callable[[Fields], T]) -> T | None:
    """What a host with a role has for it; nothing without a word about it, but for the role's defaults."""
    if role_word != name:
        if fields.has(name):
            raise WordsError(f"{fields.where}: {name} is for hosts with that role, and this is a {role_word}.")
        return None
    return read(fields.fields(name))


def _powershell(fields: Fields, system: System, special: frozenset[str]) -> str:
    version: str = fields.text("powershell", "4.0" if _OLD_POWERSHELL in special else system.powershell)
    if not _VERSION.fullmatch(version):
        raise WordsError(f"{fields.where}: powershell cannot be {shown(version)}; it is a version such as 5.1.19041.4170.")
    return version


def _features(fields: Fields, role: Role) -> tuple[str, ...]:
    names = fields.texts("features")
    if names and not role.is_server:
        raise WordsError(f"{fields.where}: features are for servers; a client has none that can be installed this way.")
    by_name = {name.lower(): name for name in FEATURES}
    for name in names:
        if name.lower() not in by_name:
            raise WordsError(f"{fields.where}: there is no feature {shown(name)}; allowed: {', '.join(FEATURES)}.")
    return tuple(dict.fromkeys([*role.features, *(by_name[name.lower()] for name in names)])) if role.is_server else ()


def _inventory_groups(fields: Fields) -> tuple[str, ...]:
    groups = fields.texts("groups")
    for group in groups:
        if not _GROUP.fullmatch(group):
            raise WordsError(
                f"{fields.where}: groups has {shown(group)}; an inventory group is letters, digits and underscores, no digit first."
            )
    return groups


def _controller(fields: Fields, default: Controller) -> Controller:
    return read_controller(fields.fields("controller"), default)


def read_controller(fields: Fields, default: Controller) -> Controller:
    """Raises WordsError."""
    controller = Controller(
        fields.text("account", default.account),
        fields.text("password", default.password),
        fields.flag("elevated", default.elevated),
        read_address(fields, "address", str(default.address)),
        int(fields.text("port", str(default.port), one_of=("5985", "5986"))),
        fields.flag("delegation", default.delegation),
    )
    fields.done()
    return controller


def _local_groups(fields: Fields, role_word: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for group, members in fields.items("local_groups"):
        if role_word == "domain_controller":
            raise WordsError(f"{fields.where}: local_groups cannot be given: a domain controller has no local groups.")
        found.append((group, Fields({group: members}, f"{fields.where}, local_groups").texts(group)))
    return tuple(found)


def _remote_assistance(fields: Fields, role: Role, features: tuple[str, ...], role_word: str) -> RemoteAssistance:
    here = not role.is_server or REMOTE_ASSISTANCE in features
    task = fields.text("task", "ready" if here else "absent", one_of=("ready", "disabled", "absent"))
    group: tuple[str, ...] | None = None
    if fields.has("helpers_group") and fields.raw("helpers_group") not in ("absent", False):
        if role_word == "domain_controller":
            raise WordsError(f"{fields.where}: helpers_group cannot be given: a domain controller has no local groups.")
        group = fields.texts("helpers_group")
    found = RemoteAssistance(_control_panel(fields, role.is_server), read_entries(fields, with_firewall=False), group, task)
    fields.done()
    return found


def _control_panel(fields: Fields, is_server: bool) -> tuple[tuple[str, int], ...] | None:
    value = fields.raw("control_panel")
    if value is False or value == "absent":
        return None
    panel = fields.fields("control_panel")
    found = dict(_CONTROL_PANEL, fAllowToGetHelp=0 if is_server else 1)
    words = {
        "allow_connections": "fAllowToGetHelp",
        "allow_control": "fAllowFullControl",
        "encrypted_only": "CreateEncryptedOnlyTickets",
        "chat": "fEnableChatControl",
    }
    for word, name in words.items():
        flag = panel.flag(word)
        if flag is not None:
            found[name] = int(flag)
    if panel.has("ticket_life"):
        text = panel.text("ticket_life")
        number, _, unit = text.partition(" ")
        if not number.isdigit() or not 1 <= int(number) <= 99 or unit not in _UNITS:
            raise WordsError(f"{panel.where}: ticket_life cannot be {shown(text)}; it looks like 6 hours: 1 to 99 {', '.join(_UNITS)}.")
        found |= {"MaxTicketExpiry": int(number), "MaxTicketExpiryUnits": _UNITS[unit]}
    panel.done()
    return tuple(found.items())


def _local_policy(fields: Fields) -> LocalPolicy | None:
    if not fields.has("local_policy"):
        return None
    inner = fields.fields("local_policy")
    policy = LocalPolicy(read_entries(inner), inner.number("version", 1, low=1, high=65535))
    inner.done()
    return policy


def _client(fields: Fields, role_word: str, defaults: HostDefaults) -> bool:
    wanted = fields.flag("configmgr_client")
    if wanted and not defaults.has_site:
        raise WordsError(f"{fields.where}: configmgr_client cannot be yes: the estate has no configmgr.")
    if wanted is None:
        return defaults.has_site and role_word != "domain_controller"
    return bool(wanted)


def _client_settings(fields: Fields, where: str) -> dict[str, Any] | None:
    if not fields.has("client_settings"):
        return None
    return remote_tools.read(fields.raw("client_settings"), f"{where}, client_settings")


def _faults(fields: Fields) -> tuple[tuple[Fault, ...], frozenset[str]]:
    """The endpoint's faults, and those that the host itself shows."""
    value = fields.raw("faults")
    items = [] if value is None else value if isinstance(value, list) else [value]
    allowed = sorted((KINDS - {REFUSE, "unauthorized"}) | {*_FAULT_WORDS, "unauthorized", _NOT_WINDOWS, _OLD_POWERSHELL, _CONSTRAINED})
    faults: list[Fault] = []
    special: set[str] = set()
    for item in items:
        word = item.get("kind") if isinstance(item, dict) else item
        if word not in allowed:
            raise WordsError(f"{fields.where}: faults cannot be {shown(word)}; allowed: {', '.join(allowed)}.")
        if word in (_NOT_WINDOWS, _OLD_POWERSHELL, _CONSTRAINED):
            special.add(word)
            continue
        given = item if isinstance(item, dict) else {}
        try:
            faults.append(Fault.from_json({**given, "kind": _FAULT_WORDS.get(word, word)}))
        except (ValueError, TypeError) as error:
            raise WordsError(f"{fields.where}: faults: {error}") from error
    return tuple(faults), frozenset(special)
