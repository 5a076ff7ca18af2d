# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cmdlets of NetSecurity that write and read rules and profiles.

They write the persistent store only, and find nothing of Group Policy's or MDM's there [H]. Switching a rule on or off changes that and
nothing else in its string; any other change writes the string anew, in the version of this Windows: decisions, because no source says.
"""

from __future__ import annotations

import fnmatch
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from windows_estate.machine import Command, HostError, Machine, fold
from windows_estate.machine.cmdlets import Parameters, Row
from windows_estate.world.behaviours.firewall import errors, places, rule_values
from windows_estate.world.behaviours.firewall.decision import is_running
from windows_estate.world.behaviours.firewall.profile_cmdlets import get_profiles, set_profiles
from windows_estate.world.knowledge.firewall_cmdlets import MANDATORY, MODULE, NEWER, NEWER_BUILD, OLDER, VERSION
from windows_estate.world.knowledge.firewall_versions import rule_version
from windows_estate.world.rule_text import RuleText, parse

_RULE_CLASS: Final = "MSFT_NetFirewallRule"
_STORES: Final = {"persistentstore": ("local",), "activestore": ("local", "group_policy", "mdm"), "rsop": ("group_policy",)}
_SOURCES: Final = {
    "local": ("PersistentStore", "Local"),
    "group_policy": ("GroupPolicy", "GroupPolicy"),
    "mdm": ("MDM", "MDM"),
}
_BY_QUERY: Final = (
    *("Description", "DisplayGroup", "Group", "Enabled", "Direction", "Action", "EdgeTraversalPolicy", "LooseSourceMapping"),
    *("LocalOnlyMapping", "Owner", "PrimaryStatus", "Status", "PolicyStoreSource", "PolicyStoreSourceType"),
)


def install(machine: Machine) -> None:
    """Give a machine the cmdlets, with the parameters of its edition."""
    newer = int(machine.build.split(".")[2] or 0) >= NEWER_BUILD
    runs: dict[str, Callable[[Machine, Parameters], list[Row]]] = {
        "New-NetFirewallRule": _new,
        "Set-NetFirewallRule": _set,
        "Remove-NetFirewallRule": _remove,
        "Enable-NetFirewallRule": partial(_switch, active="TRUE"),
        "Disable-NetFirewallRule": partial(_switch, active="FALSE"),
        "Get-NetFirewallRule": _get,
        "Set-NetFirewallProfile": set_profiles,
        "Get-NetFirewallProfile": get_profiles,
    }
    for name, run in runs.items():
        command = Command(VERSION, (NEWER if newer else OLDER)[name], _guarded(name, run), mandatory=MANDATORY.get(name, ()), name=name)
        machine.commands[(MODULE, fold(name))] = command


def _guarded(name: str, run: Callable[[Machine, Parameters], list[Row]]) -> Callable[[Machine, Parameters, str | None], list[Row]]:
    def guarded(machine: Machine, given: Parameters, _location: str | None) -> list[Row]:
        if not is_running(machine):
            raise errors.service_stopped()
        if not name.startswith("Get-"):
            if not machine.state["host"]["user"].get("elevated", True):
                raise errors.access_denied()
            _persistent_only(machine, given)
        return run(machine, given)

    return guarded


def _persistent_only(machine: Machine, given: Parameters) -> None:
    store = given.get("PolicyStore")
    if store is not None and store.lower() not in ("persistentstore", "localhost", machine.name.lower()):
        raise HostError("failed", f"The policy store {store} cannot be written here.", errors.FAILED)


def _is_trial(given: Parameters) -> bool:
    return bool((given.get("WhatIf") or {}).get("switch"))


def _new(machine: Machine, given: Parameters) -> list[Row]:
    key = places.rules_key("local")
    name = given.get("Name") or "{" + str(uuid.uuid4()).upper() + "}"
    if "|" in name or len(name) > 511:
        raise errors.wrong(errors.NAME)
    rule = rule_values.changed(
        RuleText(rule_version(machine.build), ()), {**rule_values.DEFAULTS, **given}, partial(rule_values.guids_of, machine)
    )
    if name in machine.registry.values(key):
        raise errors.exists()
    if not _is_trial(given):
        machine.registry.set(key, name, "sz", str(rule))
    return [_row(name, rule, "local")]


def _set(machine: Machine, given: Parameters) -> list[Row]:
    selectors = [name for name in ("Name", "DisplayName", "DisplayGroup", "Group", "InputObject") if given.get(name) is not None]
    if len(selectors) != 1:
        raise errors.unbound("Parameter set cannot be resolved using the specified named parameters.")
    found = _selected(machine, {selectors[0]: given[selectors[0]]}, ("local",))
    wanted = {name: value for name, value in given.items() if name not in selectors}
    if "NewDisplayName" in wanted:
        wanted["DisplayName"] = wanted.pop("NewDisplayName")
    only_switch = {name for name in wanted if name in rule_values.FIELDS} == {"Enabled"}
    guids = partial(rule_values.guids_of, machine)
    changed: list[tuple[str, RuleText]] = []
    for _, name, rule in found:
        start = rule if only_switch else RuleText(rule_version(machine.build), rule.fields)
        changed.append((name, rule_values.changed(start, wanted, guids) if not only_switch else _switched(rule, wanted["Enabled"])))
    return _store(machine, given, changed)


def _switched(rule: RuleText, value: Any) -> RuleText:
    return rule.having(Active=rule_values.word("Enabled", value).upper())


def _switch(machine: Machine, given: Parameters, active: str) -> list[Row]:
    found = _selected(machine, given, ("local",))
    return _store(machine, given, [(name, rule.having(Active=active)) for _, name, rule in found])


def _store(machine: Machine, given: Parameters, changed: list[tuple[str, RuleText]]) -> list[Row]:
    if not _is_trial(given):
        for name, rule in changed:
            machine.registry.set(places.rules_key("local"), name, "sz", str(rule))
    passed = bool((given.get("PassThru") or {}).get("switch"))
    return [_row(name, rule, "local") for name, rule in changed] if passed else []


def _remove(machine: Machine, given: Parameters) -> list[Row]:
    found = _selected(machine, given, ("local",))
    if not _is_trial(given):
        for _, name, _rule in found:
            machine.registry.delete(places.rules_key("local"), name)
    return []


def _get(machine: Machine, given: Parameters) -> list[Row]:
    store = (given.get("PolicyStore") or "PersistentStore").lower()
    stores = _STORES.get("persistentstore" if store in ("localhost", machine.name.lower()) else store)
    if stores is None:
        raise HostError("not_found", f"The policy store {given['PolicyStore']} was not found.", errors.FAILED)
    if not any(given.get(name) is not None for name in ("Name", "DisplayName", "All", *_BY_QUERY)):
        given["All"] = {"switch": True}
    return [_row(name, rule, place) for place, name, rule in _selected(machine, given, stores)]


def _selected(machine: Machine, given: Parameters, stores: tuple[str, ...]) -> list[tuple[str, str, RuleText]]:
    """The rules that the parameters name, in the order of the store. One that is named and not there is an error."""
    every = [(store, name, rule) for store in stores for name, rule in places.rules(machine, store)]
    query = [name for name in _BY_QUERY if given.get(name) is not None]
    kinds = [kind for kind, used in (("Name", given.get("Name")), ("DisplayName", given.get("DisplayName")), ("query", query)) if used]
    if given.get("InputObject") is not None:
        objects = given["InputObject"] if isinstance(given["InputObject"], list) else [given["InputObject"]]
        return _named(every, "Name", [str(one.get("Name") or one.get("InstanceID")) for one in objects])
    if (given.get("All") or {}).get("switch") and not kinds:
        return every
    if len(kinds) != 1:
        raise errors.unbound("Parameter set cannot be resolved using the specified named parameters.")
    if kinds != ["query"]:
        return _named(every, kinds[0], given[kinds[0]])
    for name in query:
        every = [one for one in every if _fits(name, given[name], one)]
    if not every:
        raise errors.not_found(_RULE_CLASS, query[0], str(given[query[0]]))
    return every


def _named(every: list[tuple[str, str, RuleText]], kind: str, wanted: list[str]) -> list[tuple[str, str, RuleText]]:
    found: list[tuple[str, str, RuleText]] = []
    for text in wanted:
        mine = [one for one in every if _is_like(one[1] if kind == "Name" else one[2].one("Name"), text)]
        if not mine and not any(mark in text for mark in "*?"):
            raise errors.not_found(_RULE_CLASS, "InstanceID" if kind == "Name" else kind, text)
        found += [one for one in mine if one not in found]
    return found


def _is_like(text: str, pattern: str) -> bool:
    if any(mark in pattern for mark in "*?"):
        return fnmatch.fnmatchcase(fold(text), fold(pattern).replace("[", "[[]"))
    return fold(text) == fold(pattern)


def _fits(parameter: str, value: Any, one: tuple[str, str, RuleText]) -> bool:
    row = _row(one[1], one[2], one[0])
    actual = row[parameter]
    shown = actual["name"] if isinstance(actual, dict) else str(actual)
    return any(_is_like(shown, str(wanted)) for wanted in (value if isinstance(value, list) else [value]))


def _row(name: str, rule: RuleText, store: str) -> Row:
    """A rule as the cmdlets show it. Texts that are resources stay as they are: Windows would show them in its language."""
    profiles = ", ".join(rule.all("Profile")) or "Any"
    edge = {"": "Block", "App": "DeferToApp", "User": "DeferToUser"}[rule.one("Defer")]
    if edge == "Block" and rule.one("Edge") == "TRUE":
        edge = "Allow"
    source, kind = _SOURCES[store]
    return {
        "Name": name,
        "ID": name,
        "InstanceID": name,
        "DisplayName": rule.one("Name"),
        "Description": rule.one("Desc"),
        "Group": rule.one("EmbedCtxt"),
        "RuleGroup": rule.one("EmbedCtxt"),
        "DisplayGroup": rule.one("EmbedCtxt"),
        "Owner": rule.one("LUOwn"),
        "Enabled": _shown("True" if rule.one("Active") == "TRUE" else "False"),
        "Profile": _shown(profiles),
        "Direction": _shown("Inbound" if rule.one("Dir") == "In" else "Outbound"),
        "Action": _shown("Allow" if rule.one("Action") != "Block" else "Block"),
        "EdgeTraversalPolicy": _shown(edge),
        "LooseSourceMapping": rule.one("LSM") == "TRUE",
        "LocalOnlyMapping": rule.one("LOM") == "TRUE",
        "PrimaryStatus": _shown("OK"),
        "Status": "The rule was parsed successfully from the store. (65536)",
        "PolicyStoreSource": source,
        "PolicyStoreSourceType": _shown(kind),
    }


def _shown(text: str) -> dict[str, str]:
    return {"kind": "enumeration", "name": text}


def rule_of(machine: Machine, name: str) -> RuleText | None:
    """A rule of the local store."""
    value = machine.registry.get(places.rules_key("local"), name)
    return None if value is None else parse(str(value["data"]))
