# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads an estate file: the domain, its policies, the ConfigMgr site, the hosts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from windows_estate.world.directory import WELL_KNOWN_DOMAIN_ACCOUNTS
from windows_estate.world.knowledge.roles import GROUPS
from windows_estate.world.words import remote_tools
from windows_estate.world.words.host import HostDefaults, read_controller, read_host
from windows_estate.world.words.model import Account, ClientSettings, ConfigMgr, Controller, Domain, EstateWords, Gpo, Host
from windows_estate.world.words.reader import Fields, WordsError, shown
from windows_estate.world.words.security import read_security
from windows_estate.world.words.site import checked_code, read_site
from windows_estate.world.words.values import read_entries

DEFAULT_REFRESH: Final = 90
DEFAULT_CLIENT_REFRESH: Final = 60
_GUID: Final = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_DOMAIN_SID: Final = re.compile(r"S-1-5-21(-[0-9]+){3}")


class _Loader(yaml.SafeLoader):
    """YAML in which a name that stands twice is a mistake and not the loss of the first."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise WordsError(f"Line {key_node.start_mark.line + 1}: {key} stands here a second time.")
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_estate(source: str | Path | dict[str, Any]) -> EstateWords:
    """The estate of a file or of what such a file holds. Raises WordsError for what is wrong in it, OSError when it cannot be read."""
    fields = Fields(source if isinstance(source, dict) else _parsed(Path(source)), "the estate")
    domain = _domain(fields.fields("domain"))
    controller = _controller(fields.fields("controller"), domain)
    policy = fields.fields("group_policy")
    gpos = tuple(_gpo(item, number, domain) for number, item in enumerate(policy.entries("objects"), 1))
    refresh = policy.number("refresh_minutes", DEFAULT_REFRESH, low=1)
    policy.done()
    configmgr = _configmgr(fields.fields("configmgr")) if fields.has("configmgr") else None
    defaults = HostDefaults(domain, controller, configmgr is not None)
    hosts = tuple(read_host(name, value, defaults, number) for number, (name, value) in enumerate(fields.items("hosts"), 1))
    if not hosts:
        raise WordsError("the estate: hosts is missing: it holds one name per host, such as CL01, with the host's fields below it.")
    variables = dict(fields.items("vars"))
    fields.done()
    _unique(hosts, gpos)
    for thing, names in _references(gpos, configmgr):
        _check_names(thing, names, hosts)
    return EstateWords(domain, gpos, refresh, configmgr, hosts, variables)


def _parsed(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise WordsError(f"{path} is no YAML: {error}") from error


def _domain(fields: Fields) -> Domain:
    name = fields.text("name", "corp.example").lower()
    netbios = fields.text("netbios", name.partition(".")[0]).upper()
    sid = fields.text("sid", "S-1-5-21-1004336348-1177238915-682003330")
    if not _DOMAIN_SID.fullmatch(sid):
        raise WordsError(f"{fields.where}: sid cannot be {shown(sid)}; it is a domain's SID, such as S-1-5-21-1-2-3.")
    accounts = [*_accounts(fields, "users", False), *_accounts(fields, "groups", True)]
    fields.done()
    known = {account.rid: account for account in accounts}
    if len(known) != len(accounts):
        raise WordsError(f"{fields.where}: two accounts have the same RID.")
    mine = {account.name.lower() for account in accounts}
    builtin = [account for account in WELL_KNOWN_DOMAIN_ACCOUNTS if account.rid not in known and account.name.lower() not in mine]
    domain = Domain(name, netbios, sid, (*builtin, *accounts))
    names = {account.name.lower() for account in domain.accounts}
    for account in accounts:
        for member in account.members:
            if member.lower() not in names:
                raise WordsError(f"{fields.where}, group {account.name}: members has {shown(member)}, which is no account of the domain.")
    return domain


def _accounts(fields: Fields, name: str, is_group: bool) -> list[Account]:
    accounts = []
    for account, value in fields.items(name):
        one = value if isinstance(value, dict) else {"rid": value}
        inner = Fields(one, f"{fields.where}, {name}, {account}")
        rid = inner.number("rid", low=500, high=2**30)
        if rid is None:
            raise WordsError(f"{inner.where}: rid is missing; it is the last number of its SID, from 1000 on.")
        members = inner.texts("members") if is_group else ()
        inner.done()
        accounts.append(Account(account, rid, is_group, members))
    return accounts


def _controller(fields: Fields, domain: Domain) -> Controller:
    default = next((account.name for account in domain.accounts if account.name == "svc-ansible"), "Administrator")
    return read_controller(fields, Controller(f"{domain.netbios}\\{default}", "not-a-secret"))


def _gpo(value: Any, number: int, domain: Domain) -> Gpo:
    name = Fields(value, f"Group Policy object {number}").text("name")
    fields = Fields(value, f"Group Policy object {shown(name)}")
    fields.text("name")
    guid = fields.text("guid", f"{{{number:08X}-0000-4000-8000-{abs(hash_name(name)) % 16**12:012X}}}").upper()
    if not _GUID.fullmatch(guid):
        raise WordsError(f"{fields.where}: guid cannot be {shown(guid)}; it looks like {{31B2F340-016D-11D2-945F-00C04FB984F9}}.")
    gpo = Gpo(
        name=name,
        guid=guid,
        version=fields.number("version", 1, low=1),
        link=_link(fields.text("linked_to", ""), domain),
        applies_to=fields.texts("applies_to", ("all",)),
        filtered_for=fields.texts("filtered_for"),
        entries=read_entries(fields),
        security=read_security(fields),
    )
    fields.done()
    return gpo


def hash_name(text: str) -> int:
    """A number from a name, the same in every run."""
    number = 0
    for character in text:
        number = (number * 1_000_003 + ord(character)) % 2**61
    return number


def _link(text: str, domain: Domain) -> str:
    """`Workstations` -> the distinguished name of that unit; nothing -> the domain's."""
    if not text:
        return domain.distinguished_name
    if "=" in text:
        return text
    return f"OU={text},{domain.distinguished_name}"


def _configmgr(fields: Fields) -> ConfigMgr:
    settings = []
    for number, value in enumerate(fields.entries("client_settings"), 1):
        inner = Fields(value, f"client settings {number}")
        name = inner.text("name", "Default Client Settings")
        inner.where = f"client settings {shown(name)}"
        # 10000 is the priority of the default settings.
        default = 10000 if name == "Default Client Settings" else number
        settings.append(
            ClientSettings(
                name=name,
                priority=inner.number("priority", default, low=1, high=10000),
                applies_to=inner.texts("applies_to", ("all",)),
                remote_tools=remote_tools.read(inner.raw("remote_tools"), f"{inner.where}, remote_tools"),
            )
        )
        inner.done()
    site_code = checked_code(fields.text("site_code", "P01"), fields.where)
    refresh = fields.number("refresh_minutes", DEFAULT_CLIENT_REFRESH, low=1)
    sites = [read_site(fields.fields("site"), site_code)] if fields.raw("site") is not None else []
    for code, value in fields.items("other_sites"):
        where = f"{fields.where}, other_sites, {code}"
        sites.append(read_site(Fields(value, where), checked_code(code, where)))
    fields.done()
    if len({site.code for site in sites}) != len(sites):
        raise WordsError(f"{fields.where}: two sites have the same site code.")
    return ConfigMgr(site_code, refresh, tuple(settings), tuple(sites))


def _unique(hosts: tuple[Host, ...], gpos: tuple[Gpo, ...]) -> None:
    folded = [host.name.lower() for host in hosts]
    for host in hosts:
        if folded.count(host.name.lower()) > 1:
            raise WordsError(f"host {host.name}: the name stands twice; names of computers ignore case.")
    for gpo in gpos:
        if [other.guid for other in gpos].count(gpo.guid) > 1:
            raise WordsError(f"Group Policy object {shown(gpo.name)}: guid {gpo.guid} belongs to another object as well.")


def _references(gpos: tuple[Gpo, ...], configmgr: ConfigMgr | None) -> list[tuple[str, tuple[str, ...]]]:
    found = [(f"Group Policy object {shown(gpo.name)}", (*gpo.applies_to, *gpo.filtered_for)) for gpo in gpos]
    if configmgr:
        found += [(f"client settings {shown(settings.name)}", settings.applies_to) for settings in configmgr.client_settings]
    return found


def _check_names(thing: str, names: tuple[str, ...], hosts: tuple[Host, ...]) -> None:
    groups = {*GROUPS, *(group for host in hosts for group in host.groups)}
    known = {name.lower() for name in (*groups, *(host.name for host in hosts))}
    for name in names:
        if name.lower() not in known:
            raise WordsError(
                f"{thing}: applies_to has {shown(name)}, which is neither a host nor a group; groups: {', '.join(sorted(groups))}."
            )
