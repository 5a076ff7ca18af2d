# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Ansible inventory of a running estate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml

from windows_estate.world.knowledge.roles import ROLES, SERVERS
from windows_estate.world.words.model import EstateWords, Host

_HEAD: Final = """\
# Written by windows-estate when it started: the ports are those of that run.
# Variables of yours belong into group_vars or into the estate file.
---
"""


def inventory(words: EstateWords, ports: Mapping[str, int]) -> dict[str, Any]:
    """The inventory as data: connection variables, one group per role, `servers`, and the groups and variables that the file gives."""
    first = words.hosts[0].controller
    variables: dict[str, Any] = {
        "ansible_connection": "winrm",
        "ansible_winrm_transport": "basic",
        "ansible_winrm_scheme": "http",
        "ansible_host": "127.0.0.1",
        "ansible_user": first.account,
        "ansible_password": first.password,
        **words.variables,
    }
    hosts = {host.name: _host(host, ports[host.name], first) for host in words.hosts}
    return {"all": {"vars": variables, "hosts": hosts, "children": _groups(words.hosts)}}


def as_yaml(data: dict[str, Any]) -> str:
    """The text of an inventory file."""
    return _HEAD + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=140)


def _host(host: Host, port: int, usual: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"ansible_port": port}
    if host.controller.account != usual.account:
        found["ansible_user"] = host.controller.account
    if host.controller.password != usual.password:
        found["ansible_password"] = host.controller.password
    return found | host.variables


def _groups(hosts: Sequence[Host]) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    for role in ROLES.values():
        members = [host.name for host in hosts if host.role is role]
        if members:
            groups[role.group] = {"hosts": {name: {} for name in members}}
    servers = [role.group for role in ROLES.values() if role.is_server and role.group in groups]
    if servers:
        groups[SERVERS] = {"children": {name: {} for name in servers}}
    for host in hosts:
        for name in host.inventory_groups:
            groups.setdefault(name, {}).setdefault("hosts", {})[host.name] = {}
    return groups
