# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts the sites of an estate on its hosts, and lets other administrators work in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from windows_estate.machine import Clock
from windows_estate.world.behaviours.configmgr_site import Administrator, Console, Site, SiteOptions, attach, osd_items, schema
from windows_estate.world.behaviours.configmgr_site.items import CLEAR_INSTALL_FLAG
from windows_estate.world.behaviours.configmgr_site.options import COMPUTER_TYPES
from windows_estate.world.behaviours.configmgr_site.role_settings import RoleSettings
from windows_estate.world.build import Built
from windows_estate.world.points import known_to
from windows_estate.world.words.model import EstateWords, Host
from windows_estate.world.words.reader import WordsError
from windows_estate.world.words.site import RawProperty, SiteEdit, SiteWords

_OF_ROLES: Final = frozenset({"binding", "deletion"})
"""Edits that wait for looks at the roles, not at the components."""


def attach_sites(words: EstateWords, built: Mapping[str, Built]) -> dict[str, Site]:
    """The sites by code, on the machines that have a part in them. Raises WordsError."""
    sites: dict[str, Site] = {}
    for one in words.configmgr.sites if words.configmgr else ():
        sites[one.code] = _attach(one, words, built)
    return sites


def edit(site: Site, wanted: SiteEdit) -> None:
    """Let another administrator do this: now, or when the components have been looked at so often."""
    code = wanted.site_code
    if code is not None and code not in site.codes:
        raise WordsError(f"site {site.code}: there is no site {code}; there are {', '.join(site.codes)}.")
    changes = [_EDITS[name](site, value, code) for name, value in wanted.settings]

    def change() -> None:
        for one in changes:
            one()

    if wanted.reads is None:
        change()
    else:
        is_about_roles = bool(_OF_ROLES.intersection(name for name, _ in wanted.settings))
        site.later(change, reads=wanted.reads, of=schema.ROLE if is_about_roles else schema.COMPONENT)


def summary(site: Site, clock: Clock) -> dict[str, Any]:
    """What a site is like, for people and tests: per site code its push settings, the store, who changed what."""
    site.settle(clock.now())
    pushes = {
        code: {
            "accounts": site.push_accounts(code),
            "properties": {
                str(element["PropertyName"]): {name: element.get(name) for name in ("Value", "Value1", "Value2")}
                for component in ("SMS_DISCOVERY_DATA_MANAGER", "SMS_CLIENT_CONFIG_MANAGER")
                for element in site.component_properties(component, code)
            },
        }
        for code in site.codes
    }
    store = {name: site.usage(name) for name in site.stored_accounts()}
    return {
        "release": site.options.release,
        "sites": pushes,
        "store": store,
        "distribution_points": {server: _settings(site.osd.point(server)) for server in site.osd.servers()},
        "state_migration_points": {
            server: _settings(site.osd.migration_point(server)) for server in site.osd.servers(osd_items.MIGRATION_POINT)
        },
        "removed_associations": [str(row["MigrationID"]) for row in site.osd.removed],
        "bound_to_nothing": site.osd.bound_to_nothing,
        "audit": [asdict(one) for one in site.audit],
    }


def _settings(role: RoleSettings) -> dict[str, Any]:
    """A role's properties and lists by name; of a password only whether there is one."""
    row = role.row
    found: dict[str, Any] = {str(one["PropertyName"]): one.get("Value1") or one.get("Value") for one in row["Props"]}
    if osd_items.PASSWORD in found:
        found[osd_items.PASSWORD] = bool(role.text(osd_items.PASSWORD))
    return found | {str(one["PropertyListName"]): list(one.get("Values") or ()) for one in row["PropLists"]}


def _attach(words: SiteWords, estate: EstateWords, built: Mapping[str, Built]) -> Site:
    where = f"site {words.code}"
    server = words.server or _only_site_server(estate, where)
    providers = words.providers or (server,)
    usual = tuple(name for name in dict.fromkeys((server, *providers)) if name in built)
    consoles = usual if words.consoles is None else words.consoles
    for name in consoles:
        if name not in built:
            raise WordsError(f"{where}: consoles has {name}, which is no host of the estate.")
    given = dict(words.options)
    if given["administrators"] is None:
        accounts = {host.controller.account for host in estate.hosts if host.name in {server, *providers, *consoles}}
        given["administrators"] = tuple(Administrator(account) for account in sorted(accounts))

    def full(name: str) -> str:
        return name if "." in name else f"{name}.{estate.domain.name}"

    now = next(iter(built.values())).machine.clock.now()
    given["osd"] = known_to(estate, words.code, given["osd"], now)
    options = SiteOptions(
        code=words.code,
        name=words.name,
        server=full(server),
        domain=estate.domain.name,
        providers=tuple(full(name) for name in providers),
        release=words.release,
        secondaries=tuple(replace(one, server=full(one.server)) for one in words.secondaries),
        **given,
    )
    site = Site(options)
    for raw in words.properties:
        _set_raw(site, raw, None)
    for name, one in built.items():
        has_provider, is_server = name in providers, name == server
        console = Console(words.console_release, full(providers[0])) if name in consoles else None
        if console is not None or has_provider or is_server:
            delegation = one.host.controller.delegation
            attach(one.machine, site, provider=has_provider, site_server=is_server, console=console, delegation=delegation)
    for wanted in words.edits:
        edit(site, wanted)
    return site


def _only_site_server(estate: EstateWords, where: str) -> str:
    found = [host.name for host in _members(estate, ("site_server",))]
    if len(found) != 1:
        raise WordsError(f"{where}: server is missing; it names the host that is the site server, and the estate has {len(found)} of them.")
    return found[0]


def _members(estate: EstateWords, roles: Any) -> list[Host]:
    return [host for host in estate.hosts if host.role_word in roles]


def _set_raw(site: Site, raw: RawProperty, code: str | None) -> None:
    if raw.fields:
        site.set_property(raw.component, raw.name, raw=dict(raw.fields), site_code=code)
    else:
        site.remove_property(raw.component, raw.name, code)


Edit = Callable[[Site, Any, "str | None"], Callable[[], None]]


def _filters(site: Site, types: tuple[str, ...], code: str | None) -> Callable[[], None]:
    return lambda: site.admit_computers({kind: kind in types for kind in COMPUTER_TYPES}, code)


def _store(site: Site, accounts: tuple[str, ...], code: str | None) -> Callable[[], None]:
    def change() -> None:
        for account in accounts:
            site.store_account(account, site_code=code)

    return change


def _forget(site: Site, accounts: tuple[str, ...], _code: str | None) -> Callable[[], None]:
    def change() -> None:
        for account in accounts:
            site.forget_account(account)

    return change


def _down(site: Site, wanted: bool, _code: str | None) -> Callable[[], None]:
    return lambda: setattr(site, "down", wanted)


def _binding(site: Site, wanted: dict[str, Any], _code: str | None) -> Callable[[], None]:
    return lambda: site.osd.set_binding(wanted["server"], wanted["policy"], wanted["macs"])


def _deletion(site: Site, wanted: dict[str, Any], _code: str | None) -> Callable[[], None]:
    def change() -> None:
        point = site.osd.migration_point(wanted["server"])
        for name, word in ((osd_items.DELAY, "delay_minutes"), (osd_items.CYCLE, "cycle_minutes")):
            if wanted[word] is not None:
                point.set_number(name, wanted[word])
        if wanted["folders"] is not None:
            point.set_values(osd_items.FOLDERS, wanted["folders"])

    return change


_EDITS: Final[dict[str, Edit]] = {
    "binding": _binding,
    "deletion": _deletion,
    "automatic": lambda site, value, code: lambda: site.set_automatic_push(value, code),
    "site_systems": lambda site, value, code: lambda: site.set_site_systems(value, code),
    "ntlm_fallback": lambda site, value, code: lambda: site.set_ntlm_fallback(value, code),
    "clear_install_flag": lambda site, value, code: lambda: site.set_task(CLEAR_INSTALL_FLAG, site_code=code, Enabled=value),
    "computer_types": _filters,
    "accounts": lambda site, value, code: lambda: site.set_push_accounts(value, code),
    "installation_properties": lambda site, value, code: lambda: site.set_installation_properties(value, code),
    "property": lambda site, value, code: lambda: _set_raw(site, value, code),
    "store": _store,
    "forget": _forget,
    "down": _down,
}
