# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the control interface can do with an estate, beside the endpoints' own counters and faults."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from windows_estate.machine import Machine
from windows_estate.winrm import ControlRequest, Route
from windows_estate.world.behaviours import event_log, services, user_rights, volumes, wds
from windows_estate.world.directory import as_member
from windows_estate.world.knowledge.user_rights import find as find_right
from windows_estate.world.network import PROFILES
from windows_estate.world.sites import edit, summary
from windows_estate.world.words.packets import read_packet
from windows_estate.world.words.reader import Fields, WordsError
from windows_estate.world.words.site import read_edit
from windows_estate.world.words.values import checked_data, read_value

if TYPE_CHECKING:
    from windows_estate.world.build import Built
    from windows_estate.world.estate import Estate


def routes(estate: Estate, ports: Callable[[], dict[str, int]]) -> dict[str, Route]:
    """The routes, by method and path. `ports`: of all hosts, once everything listens."""

    def built(request: ControlRequest) -> Built:
        name = request.parameters["host"]
        if name not in estate.built:
            raise LookupError(f"There is no host {name}; there are {', '.join(estate.built)}.")
        return estate.built[name]

    def advance(request: ControlRequest) -> Any:
        minutes = (request.body or {}).get("minutes")
        if isinstance(minutes, bool) or not isinstance(minutes, (int, float)) or not 0 <= minutes <= 60 * 24 * 366:
            raise ValueError("minutes must be a number from 0 to a year.")
        estate.advance(minutes)
        return {"now": estate.clock.now().isoformat()}

    return {
        "GET /estate": lambda request: {"pid": os.getpid(), "ports": ports(), "now": estate.clock.now().isoformat()},
        "GET /fingerprints": lambda request: estate.fingerprints(),
        "POST /advance": advance,
        "GET /hosts/{host}/fingerprint": lambda request: built(request).machine.fingerprint(),
        "GET /hosts/{host}/state": lambda request: built(request).machine.snapshot(),
        "GET /sites": lambda request: {code: summary(site, estate.clock) for code, site in estate.sites.items()},
        "POST /sites/{site}": lambda request: _edit_site(estate, request),
        "POST /hosts/{host}/right": lambda request: _set_right(built(request).machine, request.body),
        "POST /hosts/{host}/registry": lambda request: _set_value(built(request).machine, request.body),
        "POST /hosts/{host}/registry/remove": lambda request: _remove_value(built(request).machine, request.body),
        "POST /hosts/{host}/group": lambda request: _set_group(built(request).machine, request.body),
        "POST /hosts/{host}/task": lambda request: _set_task(built(request), request.body),
        "POST /hosts/{host}/feature": lambda request: _set_feature(built(request), request.body),
        "GET /hosts/{host}/pxe": lambda request: _pxe(estate, built(request)),
        "POST /hosts/{host}/volume": lambda request: _set_volume(built(request).machine, request.body),
        "POST /hosts/{host}/connects": lambda request: _connects(built(request), request.body),
        "POST /hosts/{host}/interface": lambda request: _set_interface(built(request), request.body),
        "POST /hosts/{host}/service": lambda request: _set_service(built(request).machine, request.body),
        "POST /hosts/{host}/policy": lambda request: {"applied": _refresh(built(request), request.body)},
    }


def _edit_site(estate: Estate, request: ControlRequest) -> Any:
    """What another administrator does: words of `another_administrator`."""
    code = request.parameters["site"].upper()
    site = next((one for one in estate.sites.values() if code in one.codes), None)
    if site is None:
        raise LookupError(f"There is no site {code}; there are {', '.join(estate.sites) or 'none'}.")
    edit(site, read_edit({"site_code": code, **(request.body or {})}, f"site {code}"))
    return {}


def _set_right(machine: Machine, body: Any) -> Any:
    """`{"right": name or title, "accounts": [accounts]}`: who has it from now on."""
    fields = Fields(body, f"host {machine.name}, right")
    word, accounts = fields.text("right"), fields.texts("accounts")
    fields.done()
    right = find_right(word)
    if right is None:
        raise LookupError(f"There is no user right {word}.")
    user_rights.set_holders(machine, right, [_member(machine, name)["sid"] for name in accounts])
    return {}


def _set_value(machine: Machine, body: Any) -> Any:
    value = read_value(body, f"host {machine.name}, registry")
    checked_data(value.kind, value.data, value.name)
    machine.registry.set(value.key, value.name, value.kind, value.data)
    return {}


def _remove_value(machine: Machine, body: Any) -> Any:
    fields = Fields(body, f"host {machine.name}, registry")
    key, name = fields.text("key").strip("\\"), fields.text("name", None)
    fields.done()
    machine.registry.delete(key, name)
    return {}


def _set_group(machine: Machine, body: Any) -> Any:
    """`{"group": name or SID, "add": [accounts], "remove": [accounts]}`; SIDs that resolve to nothing can be added as well."""
    fields = Fields(body, f"host {machine.name}, group")
    wanted = fields.text("group")
    group = next((one for one in machine.accounts.groups if wanted.lower() in (one["sid"].lower(), one["name"].lower())), None)
    if group is None:
        names = ", ".join(one["name"] for one in machine.accounts.groups)
        raise LookupError(f"{machine.name} has no local group {wanted}; there are {names}.")
    added = [_member(machine, name) for name in fields.texts("add")]
    removed = {_member(machine, name)["sid"] for name in fields.texts("remove")}
    fields.done()
    kept = [member for member in group["members"] if member["sid"] not in removed]
    present = {member["sid"] for member in kept}
    group["members"] = kept + [member for member in added if member["sid"] not in present]
    return {"members": [member["sid"] for member in group["members"]]}


def _member(machine: Machine, name: str) -> dict[str, Any]:
    account = machine.accounts.resolve(name)
    if account is None:
        if name.startswith("S-1-"):
            return {"sid": name}
        raise ValueError(f"{machine.name} knows no account {name}.")
    return as_member(account)


def _set_task(built: Built, body: Any) -> Any:
    fields = Fields(body, f"host {built.host.name}, task")
    path, enabled = fields.text("path"), fields.flag("enabled")
    fields.done()
    if not built.tasks.exists(built.machine, path):
        raise LookupError(f"{built.host.name} has no task {path}.")
    if enabled is None:
        raise WordsError(f"{fields.where}: enabled is missing; it is yes or no.")
    built.tasks.set_enabled(built.machine, path, enabled)
    return {}


def _set_feature(built: Built, body: Any) -> Any:
    fields = Fields(body, f"host {built.host.name}, feature")
    name, installed = fields.text("name"), fields.flag("installed", True)
    fields.done()
    if built.server_manager is None:
        raise ValueError(f"{built.host.name} is a client: it has no features of this kind.")
    built.server_manager.set_installed(built.machine, name, installed)
    return {}


def _connects(built: Built, body: Any) -> Any:
    """Whether a packet gets through: `{from, port, …}` or a list of those; `{allowed, reason, rule}` for each."""
    questions = body if isinstance(body, list) else [body]
    decisions = [built.firewall.decide(read_packet(question, f"host {built.host.name}, connects")) for question in questions]
    answers = [{"allowed": one.allowed, "reason": one.reason, "rule": one.rule and list(one.rule)} for one in decisions]
    return answers if isinstance(body, list) else answers[0]


def _pxe(estate: Estate, built: Built) -> Any:
    """On which interfaces a distribution point answers PXE requests now, and what its services have had to complain about."""
    point = estate.points.pxe.get(built.host.name)
    if point is None:
        raise LookupError(f"{built.host.name} is no distribution point; there are {', '.join(estate.points.pxe) or 'none'}.")
    with built.machine.held():
        return {"answers_on": point.answers_on(), "events": event_log.messages(built.machine, wds.SOURCE)}


def _set_volume(machine: Machine, body: Any) -> Any:
    """`{"letter", "free"}`: how much is free, in bytes."""
    fields = Fields(body, f"host {machine.name}, volume")
    letter, free = fields.text("letter"), fields.number("free", high=2**63)
    fields.done()
    if free is None:
        raise WordsError(f"{fields.where}: free is missing; it is a number of bytes.")
    volumes.set_free(machine, letter, free)
    return {}


def _set_interface(built: Built, body: Any) -> Any:
    """`{"alias", "profile", "up"}`: what the network was found to be, and whether there is one."""
    fields = Fields(body, f"host {built.host.name}, interface")
    alias, profile, up = fields.text("alias"), fields.text("profile", None, one_of=PROFILES), fields.flag("up")
    fields.done()
    network = built.firewall.network
    interface = network.interface(alias)
    if interface is None:
        raise LookupError(f"{built.host.name} has no interface {alias}; there are {', '.join(one.alias for one in network.interfaces)}.")
    changed = replace(interface, profile=profile or interface.profile, up=interface.up if up is None else up)
    built.firewall.network = replace(network, interfaces=tuple(changed if one is interface else one for one in network.interfaces))
    return {}


def _set_service(machine: Machine, body: Any) -> Any:
    fields = Fields(body, f"host {machine.name}, service")
    name, running = fields.text("name"), fields.flag("running", True)
    fields.done()
    services.set_running(machine, name, running)
    return {}


def _refresh(built: Built, body: Any) -> bool:
    return built.group_policy.process(built.machine, force=bool((body or {}).get("force")))
