# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firewall rules and settings in words: of a host, and of a Group Policy object.

A rule is a string as the registry has it, or words that become one in the way in which New-NetFirewallRule would make it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from windows_estate.machine import HostError
from windows_estate.world.behaviours.firewall import places, rule_values
from windows_estate.world.knowledge.firewall_rules import PREDEFINED, group_number
from windows_estate.world.network import PROFILES
from windows_estate.world.preg import PolicyEntry
from windows_estate.world.rule_text import RuleText
from windows_estate.world.words.reader import Fields, WordsError, shown

_VERSION: Final = re.compile(r"v[0-9]+\.[0-9]+\|")
# What a Group Policy object's rules are written in: every Windows of an estate understands it.
_POLICY_VERSION: Final = (2, 26)
_WORDS: Final = {
    "name": "DisplayName",
    "description": "Description",
    "group": "Group",
    "protocol": "Protocol",
    "program": "Program",
    "service": "Service",
}
_LISTS: Final = {
    "ports": "LocalPort",
    "remote_ports": "RemotePort",
    "icmp_types": "IcmpType",
    "from": "RemoteAddress",
    "to": "LocalAddress",
    "interfaces": "InterfaceAlias",
}
_EDGES: Final = {"block": "Block", "allow": "Allow", "app": "DeferToApp", "user": "DeferToUser"}
# Word -> value's name, and whether the word says the opposite.
_FLAGS: Final = {
    "enabled": ("EnableFirewall", False),
    "exceptions": ("DoNotAllowExceptions", True),
    "local_rules": ("AllowLocalPolicyMerge", False),
    "local_ipsec_rules": ("AllowLocalIPsecPolicyMerge", False),
    "notify": ("DisableNotifications", True),
    "log_dropped": ("Logging\\LogDroppedPackets", False),
    "log_successful": ("Logging\\LogSuccessfulConnections", False),
}


@dataclass(frozen=True)
class RuleWords:
    """A rule: its id, and either its string or the parameters that make it."""

    id: str
    text: str
    parameters: Mapping[str, Any]

    def written(self, version: tuple[int, int], guids: rule_values.Guids, where: str) -> str:
        """The rule's string. Raises WordsError."""
        if self.text:
            return self.text
        try:
            rule = rule_values.changed(RuleText(version, ()), {**rule_values.DEFAULTS, **self.parameters}, guids)
        except HostError as error:
            raise WordsError(f"{where}: the rule {self.id} cannot be: {error.message}") from error
        return str(rule)


@dataclass(frozen=True)
class Setting:
    """One value of a profile: `option` with the key below the profile's before it."""

    profile: str
    option: str
    kind: str
    data: Any


@dataclass(frozen=True)
class Store:
    """What one store holds."""

    rules: tuple[RuleWords, ...] = ()
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True)
class Copy:
    """A rule of Windows' own that somebody has split: the same for other profiles, under a GUID."""

    of: str
    id: str
    profiles: tuple[str, ...]
    enabled: bool


@dataclass(frozen=True)
class Firewall:
    """`on`, `off`: ids of Windows' own rules; `more`: how many rules of programs are there besides; `products`: other firewalls."""

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    copies: tuple[Copy, ...] = ()
    local: Store = Store()
    mdm: Store = Store()
    more: int = 0
    is_running: bool = True
    products: tuple[str, ...] = ()


def read_firewall(fields: Fields) -> Firewall:
    """The field `firewall` of a host. Raises WordsError."""
    found = Firewall(
        on=_ids(fields, "on"),
        off=_ids(fields, "off"),
        copies=tuple(_copy(item, fields.where) for item in fields.entries("copies")),
        local=_store(fields),
        mdm=_store_below(fields, "mdm"),
        more=fields.number("more_rules", 0, high=20_000),
        is_running=fields.text("service", "running", one_of=("running", "stopped")) == "running",
        products=fields.texts("other_products"),
    )
    fields.done()
    return found


def policy_entries(fields: Fields) -> list[PolicyEntry]:
    """What the field `firewall` of a policy object puts into its Registry.pol. Raises WordsError."""
    store = _store(fields)
    fields.done()
    root = places.POLICY.removeprefix("HKLM\\").replace("SOFTWARE", "Software", 1)
    entries = []
    for setting in store.settings:
        below, _, name = setting.option.rpartition("\\")
        key = f"{root}\\{places.PROFILE_KEYS['group_policy'][setting.profile]}" + (f"\\{below}" if below else "")
        entries.append(PolicyEntry.make(key, name, setting.kind, setting.data))
    for rule in store.rules:
        if "InterfaceAlias" in rule.parameters:
            raise WordsError(f"{fields.where}: the rule {rule.id} cannot have interfaces: a policy object knows none.")
        text = rule.written(_POLICY_VERSION, lambda alias: [], fields.where)
        entries.append(PolicyEntry.make(f"{root}\\{places.RULES}", rule.id, "sz", text))
    if entries:
        version = _POLICY_VERSION[0] * 256 + _POLICY_VERSION[1]
        entries.insert(0, PolicyEntry.make(root, "PolicyVersion", "dword", version))
    return entries


def _store_below(fields: Fields, name: str) -> Store:
    inner = fields.fields(name)
    store = _store(inner)
    inner.done()
    return store


def _store(fields: Fields) -> Store:
    rules = tuple(read_rule(item, fields.where) for item in fields.entries("rules"))
    settings: list[Setting] = []
    for name, item in fields.items("profiles"):
        profile = fields.choice("profiles", name, PROFILES)
        settings += _settings(Fields(item, f"{fields.where}, {profile}"), profile)
    return Store(rules, tuple(settings))


def _settings(fields: Fields, profile: str) -> list[Setting]:
    found = []
    for word, (option, opposite) in _FLAGS.items():
        flag = fields.flag(word)
        if flag is not None:
            found.append(Setting(profile, option, "dword", int(flag != opposite)))
    for word, option in (("inbound", "DefaultInboundAction"), ("outbound", "DefaultOutboundAction")):
        if fields.has(word):
            found.append(Setting(profile, option, "dword", int(fields.text(word, one_of=("allow", "block")) == "block")))
    if fields.has("log_size_kb"):
        found.append(Setting(profile, "Logging\\LogFileSize", "dword", fields.number("log_size_kb", low=1, high=32767)))
    if fields.has("disabled_interfaces"):
        found.append(Setting(profile, "DisabledInterfaces", "sz", ",".join(fields.texts("disabled_interfaces"))))
    fields.done()
    return found


def read_rule(item: Any, where: str) -> RuleWords:
    """A rule in words, or `{id, rule}` with its string. Raises WordsError."""
    fields = Fields(item, f"{where}, rules")
    if fields.has("rule"):
        text = fields.text("rule")
        found = RuleWords(fields.text("id"), text, {})
        fields.done()
        return found
    parameters: dict[str, Any] = {}
    for word, parameter in _WORDS.items():
        if fields.has(word):
            parameters[parameter] = fields.text(word)
    for word, parameter in _LISTS.items():
        if fields.has(word):
            parameters[parameter] = list(fields.texts(word))
    fields.where = f"{where}, rule {parameters.get('DisplayName', '')}".rstrip()
    if "DisplayName" not in parameters:
        raise WordsError(f"{fields.where}: name is missing: it is what people see.")
    if fields.has("profiles"):
        parameters["Profile"] = [fields.choice("profiles", word, PROFILES).capitalize() for word in fields.texts("profiles")]
    parameters["Direction"] = {"in": "Inbound", "out": "Outbound"}[fields.text("direction", "in", one_of=("in", "out"))]
    parameters["Action"] = fields.text("action", "allow", one_of=("allow", "block")).capitalize()
    parameters["Enabled"] = str(fields.flag("enabled", True))
    if fields.has("edge"):
        parameters["EdgeTraversalPolicy"] = _EDGES[fields.text("edge", one_of=_EDGES)]
    name = fields.text("id", "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{where}/{parameters['DisplayName']}")).upper() + "}")
    fields.done()
    return RuleWords(name, "", parameters)


def _copy(item: Any, where: str) -> Copy:
    fields = Fields(item, f"{where}, copies")
    of = _known_id(fields.text("of"), fields.where, "of")
    default = "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{where}/{of}")).upper() + "}"
    profiles = tuple(fields.choice("profiles", word, PROFILES) for word in fields.texts("profiles", PROFILES))
    found = Copy(of, fields.text("id", default), profiles, fields.flag("enabled", True))
    fields.done()
    return found


def _ids(fields: Fields, name: str) -> tuple[str, ...]:
    """Ids of Windows' own rules, those of groups included."""
    found: list[str] = []
    for text in fields.texts(name):
        number = group_number(text)
        found += [rule.id for rule in PREDEFINED if rule.group == number] if number else [_known_id(text, fields.where, name)]
    return tuple(dict.fromkeys(found))


def _known_id(text: str, where: str, field: str) -> str:
    for rule in PREDEFINED:
        if rule.id.lower() == text.lower():
            return rule.id
    raise WordsError(
        f"{where}: {field} has {shown(text)}; allowed: ids of Windows' own rules, titles of their groups, @FirewallAPI.dll,-number."
    )
