# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A firewall rule as the cmdlets of the module NetSecurity take it, and as the string that Windows stores for it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, Unparsed, parse

Parameters = Mapping[str, Json]
"""Those that New-NetFirewallRule takes. What is left out, or C(Any), is no condition."""

# The version of the strings that are made here; the format has had all of their fields since Windows 7 and 8.
_HEAD = "v2.30"

_ACTIONS = {"Allow": "Allow", "Block": "Block"}
_DIRECTIONS = {"Inbound": "In", "Outbound": "Out"}
_TRUTH = {"True": "TRUE", "False": "FALSE"}
_PROTOCOLS = {"TCP": "6", "UDP": "17", "ICMPv4": "1", "ICMPv6": "58"}
_ICMP = {"1": "ICMP4", "58": "ICMP6"}
_PORT_WORDS = {"RPC": "RPC", "RPCEPMap": "RPC-EPMap"}
_INTERFACE_TYPES = {"Wired": "Lan", "Wireless": "Wireless", "RemoteAccess": "RemoteAccess"}
_EDGE: Mapping[str, tuple[str, ...]] = {
    "Block": (),
    "Allow": ("Edge=TRUE",),
    "DeferToUser": ("Edge=TRUE", "Defer=User"),
    "DeferToApp": ("Edge=TRUE", "Defer=App"),
}
# By the cmdlets' word: the two fields, one for each family, and the word there.
_ADDRESS_WORDS: Mapping[str, tuple[str, str, str]] = {
    **{word: ("RA4", "RA6", word) for word in ("LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway")},
    "Internet": ("RA42", "RA62", "IntErnet"),
    "Intranet": ("RA42", "RA62", "IntrAnet"),
    "IntranetRemoteAccess": ("RA42", "RA62", "RmtIntrAnet"),
    "PlayToDevice": ("RA42", "RA62", "Ply2Renders"),
}
_ORDER = (
    "Action",
    "Active",
    "Dir",
    "Protocol",
    "Profile",
    "LPort",
    "LPort2_10",
    "RPort",
    "RPort2_10",
    "ICMP4",
    "ICMP6",
    "LA4",
    "LA6",
    "RA4",
    "RA42",
    "RA6",
    "RA62",
    "IF",
    "IFType",
    "App",
    "Svc",
    "Name",
    "Desc",
    "EmbedCtxt",
    "Edge",
    "Defer",
)
_WILD = re.compile(r"([`*?\[\]])")
_ESCAPED = re.compile(r"`(.)")
# What a rule is called and filed under, and how it was written.
_NO_MEANING = frozenset({"rule_id", "head", "fields", "version", "name", "description", "group"})


class Unsayable(ValueError):
    """A rule has something that these parameters do not say, or parameters say something that is not understood; a sentence's part."""


def rule_of(parameters: Parameters, adapters: Mapping[str, str]) -> Rule:
    """The rule that New-NetFirewallRule would make. C(adapters): GUIDs by alias."""
    known = set(_READERS) | {"Name", "EdgeTraversalPolicy", "InterfaceAlias", "Protocol", "IcmpType"}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise Unsayable(f"the parameter {unknown[0]} is not known")
    said = [f"Active={_TRUTH['True']}"] if "Enabled" not in parameters else []
    for name, value in parameters.items():
        reader = _READERS.get(name)
        if reader is not None:
            said += reader(value)
    said += _protocol(parameters)
    said += [f"IF={_guid(alias, adapters)}" for alias in _several(parameters.get("InterfaceAlias"))]
    said += _EDGE[_word(_EDGE, parameters.get("EdgeTraversalPolicy", "Block"))]
    # A stable sort: several values of one field keep their order.
    said.sort(key=lambda field: _ORDER.index(field.partition("=")[0]))
    rule = parse(str(parameters["Name"]), f"{_HEAD}|{'|'.join(said)}|")
    if isinstance(rule, Unparsed):
        raise Unsayable(rule.reason.rstrip("."))
    return rule


def parameters_of(rule: Rule | Unparsed, adapters: Mapping[str, str]) -> dict[str, Json]:
    """The parameters that make just this rule; a rule of which these are not able is an Unsayable."""
    if isinstance(rule, Unparsed):
        raise Unsayable(rule.reason.rstrip("."))
    aliases = {guid: alias for alias, guid in adapters.items()}
    found: dict[str, Json] = {"Name": rule.rule_id, "Enabled": "True" if rule.active else "False"}
    for field in rule.fields:
        _collect(found, field.name, field.value, aliases)
    found["EdgeTraversalPolicy"] = {"block": "Block", "allow": "Allow", "defer_user": "DeferToUser", "defer_app": "DeferToApp"}[
        rule.edge_traversal
    ]
    if not same_meaning(rule_of(found, adapters), rule) or _filing(rule_of(found, adapters)) != _filing(rule):
        raise Unsayable("it says something that cannot be said to the cmdlets")
    return found


def same_meaning(rule: Rule, other: Rule, variables: Mapping[str, str] | None = None) -> bool:
    """Whether two rules do the same, whatever they are called and however they were written."""
    paths = Paths(variables or {})
    return _meaning(rule, paths) == _meaning(other, paths)


def quoted(alias: str) -> str:
    """An alias of an interface for a parameter that takes wildcards."""
    return _WILD.sub(r"`\1", alias)


def has_wildcard(text: str) -> bool:
    """Whether a name may stand for other names where wildcards are taken."""
    return _WILD.search(text) is not None


def _meaning(rule: Rule, paths: Paths) -> tuple[object, ...]:
    plain = replace(
        rule,
        application=None if rule.application is None else paths.expanded(rule.application),
        service=None if rule.service is None else rule.service.casefold(),
    )
    return tuple(getattr(plain, field.name) for field in fields(Rule) if field.name not in _NO_MEANING)


def _filing(rule: Rule) -> tuple[str, str, str | None]:
    return (rule.name, rule.description, rule.group)


# ---------------------------------------------------------------- parameters -> fields


def _word(words: Iterable[str], value: Json) -> str:
    for word in words:
        if isinstance(value, str) and word.casefold() == value.casefold():
            return word
    raise Unsayable(f"'{value}' is none of {', '.join(words)}")


def _several(value: Json) -> list[str]:
    """The elements of a list; no condition is no element."""
    elements = value if isinstance(value, list) else [] if value is None else [value]
    texts = [str(element) for element in elements]
    return [] if [text.casefold() for text in texts] == ["any"] else texts


def _profiles(value: Json) -> list[str]:
    return [f"Profile={_word(('Domain', 'Private', 'Public'), profile)}" for profile in _several(value)]


def _ports(side: str, value: Json) -> list[str]:
    said = []
    for port in _several(value):
        if port.isdigit():
            said.append(f"{side}Port={port}")
        elif "-" in port and port[0].isdigit():
            said.append(f"{side}Port2_10={port}")
        else:
            said.append(f"{side}Port={_PORT_WORDS[_word(_PORT_WORDS, port)]}")
    return said


def _addresses(side: str, value: Json) -> list[str]:
    said: list[str] = []
    for text in _several(value):
        first = re.split("[-/]", text)[0]
        try:
            version = ipaddress.ip_address(first).version
        except ValueError:
            if side == "L":
                raise Unsayable(f"'{text}' is no local address") from None
            four, six, word = _ADDRESS_WORDS[_word(_ADDRESS_WORDS, text)]
            said += [f"{four}={word}", f"{six}={word}"]
        else:
            said.append(f"{side}A{version}={text}")
    return said


def _protocol(parameters: Parameters) -> list[str]:
    value = str(parameters.get("Protocol", "Any"))
    types = _several(parameters.get("IcmpType"))
    number = None if value.casefold() == "any" else value if value.isdigit() else _PROTOCOLS[_word(_PROTOCOLS, value)]
    if types and number not in _ICMP:
        raise Unsayable("the protocol has no ICMP types")
    said = [] if number is None else [f"Protocol={number}"]
    return said + [f"{_ICMP[number or '']}={kind if ':' in kind else f'{kind}:*'}" for kind in types]


def _guid(alias: str, adapters: Mapping[str, str]) -> str:
    plain = _ESCAPED.sub(r"\1", alias)
    for known, guid in adapters.items():
        if known.casefold() == plain.casefold():
            return guid
    raise Unsayable(f"the host has no interface '{plain}'")


def _text(name: str, value: Json) -> list[str]:
    text = str(value)
    if "|" in text:
        raise Unsayable(f"'{text}' has a | in it")
    return [] if not text or text.casefold() == "any" else [f"{name}={text}"]


def _label(name: str, value: Json) -> list[str]:
    return [f"{name}={value}"] if _text(name, value) or value == "Any" else []


_READERS: Mapping[str, Callable[[Json], list[str]]] = {
    "DisplayName": lambda value: _label("Name", value),
    "Description": lambda value: _label("Desc", value),
    "Group": lambda value: _label("EmbedCtxt", value),
    "Action": lambda value: [f"Action={_ACTIONS[_word(_ACTIONS, value)]}"],
    "Direction": lambda value: [f"Dir={_DIRECTIONS[_word(_DIRECTIONS, value)]}"],
    "Enabled": lambda value: [f"Active={_TRUTH[_word(_TRUTH, value)]}"],
    "Profile": _profiles,
    "LocalPort": lambda value: _ports("L", value),
    "RemotePort": lambda value: _ports("R", value),
    "LocalAddress": lambda value: _addresses("L", value),
    "RemoteAddress": lambda value: _addresses("R", value),
    "Program": lambda value: _text("App", value),
    "Service": lambda value: _text("Svc", value),
    "InterfaceType": lambda value: [f"IFType={_INTERFACE_TYPES[_word(_INTERFACE_TYPES, kind)]}" for kind in _several(value)],
}


# ---------------------------------------------------------------- fields -> parameters


def _back(words: Mapping[str, str], value: str) -> str:
    for word, stored in words.items():
        if stored == value:
            return word
    raise Unsayable(f"'{value}' cannot be said to the cmdlets")


def _collect(found: dict[str, Json], name: str, value: str, aliases: Mapping[str, str]) -> None:
    """Add what one field says; a keyword of addresses is said once for both families."""
    if name in ("Active", "Edge", "Defer"):
        return
    if name in ("RA4", "RA6", "RA42", "RA62"):
        _listed(found, "RemoteAddress", _address_word(name, value))
        return
    parameter, said = _parameter(name, value, aliases)
    if name in _LISTED:
        _listed(found, parameter, said)
    else:
        found[parameter] = said


_LISTED = frozenset(
    {"Profile", "LPort", "LPort2_10", "RPort", "RPort2_10", "ICMP4", "ICMP6", "LA4", "LA6", "IF"},
)
_PLAIN: Mapping[str, str] = {
    "Profile": "Profile",
    "LPort2_10": "LocalPort",
    "RPort": "RemotePort",
    "RPort2_10": "RemotePort",
    "LA4": "LocalAddress",
    "LA6": "LocalAddress",
    "App": "Program",
    "Svc": "Service",
    "Name": "DisplayName",
    "Desc": "Description",
    "EmbedCtxt": "Group",
}
_WORDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Action": ("Action", _ACTIONS),
    "Dir": ("Direction", _DIRECTIONS),
    "IFType": ("InterfaceType", _INTERFACE_TYPES),
}


def _parameter(name: str, value: str, aliases: Mapping[str, str]) -> tuple[str, Json]:
    if name in _PLAIN:
        return _PLAIN[name], value
    if name in _WORDS:
        parameter, words = _WORDS[name]
        return parameter, _back(words, value)
    if name == "Protocol":
        return "Protocol", next((word for word, number in _PROTOCOLS.items() if number == value), value)
    if name == "LPort":
        return "LocalPort", value if value.isdigit() else _back(_PORT_WORDS, value)
    if name in ("ICMP4", "ICMP6"):
        return "IcmpType", value.removesuffix(":*")
    if name == "IF":
        guid = f"{{{value.strip('{}').upper()}}}"
        if guid not in aliases:
            raise Unsayable(f"the host has no interface {guid}")
        return "InterfaceAlias", quoted(aliases[guid])
    raise Unsayable(f"it has the field {name}")


def _address_word(name: str, value: str) -> str:
    for word, (four, six, stored) in _ADDRESS_WORDS.items():
        if stored == value and name in (four, six):
            return word
    return value


def _listed(found: dict[str, Json], parameter: str, value: Json) -> None:
    elements: Sequence[Json] = found.get(parameter, [])
    if value not in elements:
        found[parameter] = [*elements, value]
