# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the parameters of New- and Set-NetFirewallRule become in a rule's string.

How the cmdlets call the keywords, and what the registry calls them, differs: RPCEPMap and RPC-EPMap, Internet and IntErnet [M].
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from windows_estate.machine import Machine
from windows_estate.world.behaviours.firewall import errors
from windows_estate.world.behaviours.firewall.addresses import OLD_KEYWORDS, Span, span
from windows_estate.world.knowledge.firewall_cmdlets import WORDS
from windows_estate.world.rule_text import RuleText, in_order

STANDARD: Final = "root\\StandardCimv2"
Field = tuple[str, str]
Guids = Callable[[str], list[str]]

# Which fields a parameter says; setting it takes the old ones away.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "Action": ("Action",),
    "Enabled": ("Active",),
    "Direction": ("Dir",),
    "Protocol": ("Protocol",),
    "Profile": ("Profile",),
    "LocalPort": ("LPort", "LPort2_10", "LPort2_20", "LPort2_24", "LPort2_29"),
    "RemotePort": ("RPort", "RPort2_10", "RPort2_28"),
    "IcmpType": ("ICMP4", "ICMP6"),
    "LocalAddress": ("LA4", "LA6"),
    "RemoteAddress": ("RA4", "RA6", "RA42", "RA62"),
    "InterfaceAlias": ("IF",),
    "InterfaceType": ("IFType",),
    "Program": ("App",),
    "Service": ("Svc",),
    "DisplayName": ("Name",),
    "Description": ("Desc",),
    "Group": ("EmbedCtxt",),
    "EdgeTraversalPolicy": ("Edge", "Defer"),
    "LooseSourceMapping": ("LSM",),
    "LocalOnlyMapping": ("LOM",),
    "Owner": ("LUOwn",),
    "Package": ("AppPkgId",),
    "LocalUser": ("LUAuth",),
    "RemoteUser": ("RUAuth",),
    "RemoteMachine": ("RMauth",),
    "Platform": ("Platform", "Platform2"),
    "DynamicTarget": ("TTK", "TTK2_22", "TTK2_27", "TTK2_28"),
    "Authentication": ("Security", "Security2_9"),
    "Encryption": ("Security2",),
}
DEFAULTS: Final = {"Action": "Allow", "Enabled": "True", "Direction": "Inbound"}
_PROTOCOLS: Final = {"tcp": "6", "udp": "17", "icmpv4": "1", "icmpv6": "58"}
_PORT_WORDS: Final[dict[str, tuple[str, tuple[Field, ...]]]] = {
    "rpc": ("6", (("LPort", "RPC"),)),
    "rpcepmap": ("6", (("LPort", "RPC-EPMap"),)),
    "iphttpsin": ("6", (("LPort2_10", "IPTLSIn"), ("LPort2_10", "IPHTTPSIn"))),
    "teredo": ("17", (("LPort", "Teredo"),)),
    "playtodiscovery": ("17", (("LPort2_20", "Ply2Disc"),)),
}
_ADDRESS_WORDS: Final = {
    **{word.lower(): word for word in OLD_KEYWORDS},
    "internet": "IntErnet",
    "intranet": "IntrAnet",
    "intranetremoteaccess": "RmtIntrAnet",
    "playtodevice": "Ply2Renders",
    "captiveportal": "CaptivePortal",
}
_TARGETS: Final = {
    "ProximityApps": ("TTK", "Proximity"),
    "ProximitySharing": ("TTK", "ProxSharing"),
    "WifiDirectPrinting": ("TTK2_22", "WFDPrint"),
    "WifiDirectDisplay": ("TTK2_22", "WFDDisplay"),
    "WifiDirectDevices": ("TTK2_22", "WFDDevices"),
}
_PROGRAM: Final = re.compile(r"(System|([A-Za-z]:|%[^%|]+%)\\[^/*?\"<>|]+)", re.IGNORECASE)


def changed(rule: RuleText, parameters: Mapping[str, Any], guids: Guids) -> RuleText:
    """The rule with what the parameters say; `guids`: the interfaces of an alias. Raises HostError where Windows would refuse it."""
    given = {name: value for name, value in parameters.items() if name in FIELDS and value is not None}
    gone = {field for name in given for field in FIELDS[name]}
    fields = [field for field in rule.fields if field[0] not in gone]
    protocol = next((value for name, value in fields if name == "Protocol"), "")
    if "Protocol" in given:
        protocol = _protocol(given.pop("Protocol"))
        fields += [("Protocol", protocol)] if protocol else []
    for name, value in given.items():
        fields += _fields(name, value, protocol, guids)
    if parameters.get("OverrideBlockRules"):
        fields = [("Action", "ByPass") if field == ("Action", "Allow") else field for field in fields]
    result = RuleText(rule.version, in_order(fields))
    _check(result, protocol)
    return result


def word(parameter: str, value: Any, allowed: tuple[str, ...] | None = None) -> str:
    """A word of an enumeration as Windows spells it. A truth value is none: PowerShell does not convert it."""
    names = allowed or WORDS[parameter]
    found = next((name for name in names if isinstance(value, str) and name.lower() == value.strip().lower()), None)
    if found is None:
        shown = f'"{value}" ({type(value).__name__})' if not isinstance(value, str) else f'"{value}"'
        raise errors.unbound(f"Cannot convert the value {shown} of the parameter {parameter}; possible are {', '.join(names)}.")
    return found


def words(parameter: str, value: Any, allowed: tuple[str, ...] | None = None) -> list[str]:
    """Several words of an enumeration, as a list or with commas between them."""
    parts = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else [value]
    return [word(parameter, part, allowed) for part in parts]


def _protocol(text: str) -> str:
    lowered = text.strip().lower()
    if lowered == "any":
        return ""
    number = _PROTOCOLS.get(lowered, lowered)
    if not number.isdigit() or int(number) > 255:
        raise errors.wrong(errors.PROTOCOL)
    return str(int(number))


def _fields(name: str, value: Any, protocol: str, guids: Guids) -> list[Field]:
    if name in ("LocalPort", "RemotePort"):
        return _ports(name, value, protocol)
    if name in ("LocalAddress", "RemoteAddress"):
        return _addresses(name, value)
    if name == "IcmpType":
        return _icmp(value, protocol)
    if name == "InterfaceAlias":
        return [("IF", guid) for alias in value if not _is_any(value) for guid in guids(alias)]
    return _SIMPLE[name](value)


def _is_any(values: list[str]) -> bool:
    return not values or [one.lower() for one in values] == ["any"]


def _ports(name: str, values: list[str], protocol: str) -> list[Field]:
    if _is_any(values):
        return []
    field = "LPort" if name == "LocalPort" else "RPort"
    keywords: list[Field] = []
    numbers: list[Field] = []
    for text in values:
        first, dash, last = text.partition("-")
        if first.isdigit():
            if dash and not last.isdigit():
                raise errors.wrong(errors.PORT)
            low, high = int(first), int(last or first)
            if not 0 <= low <= high <= 65535:
                raise errors.wrong(errors.PORT)
            numbers.append((f"{field}2_10", f"{low}-{high}") if dash else (field, str(low)))
            continue
        known = _PORT_WORDS.get(text.lower()) if field == "LPort" else None
        if known is None and text.lower() == "iphttpsout" and field == "RPort":
            known = ("6", (("RPort2_10", "IPTLSOut"), ("RPort2_10", "IPHTTPSOut")))
        if known is None or known[0] != protocol:
            raise errors.wrong(errors.PORT_KEYWORD)
        keywords += known[1]
    return keywords + numbers


def _addresses(name: str, values: list[str]) -> list[Field]:
    """Keywords first, then networks, then addresses and ranges: the order of FW_ADDRESSES (MS-FASP 2.2.22), as real strings have it."""
    if _is_any(values):
        return []
    side = "LA" if name == "LocalAddress" else "RA"
    keywords: list[Field] = []
    spans: list[Span] = []
    for text in values:
        found = span(text.strip())
        if found is not None:
            spans.append(found)
        else:
            keywords += _keyword(text.strip(), side)
    ordered = sorted(spans, key=lambda one: not one.is_network)
    written = [(f"{side}{one.first.version}", one.written()) for one in ordered]
    return list(dict.fromkeys([*keywords, *written]))


def _keyword(text: str, side: str) -> list[Field]:
    bare, family = (text[:-1], text[-1]) if text[-1:] in ("4", "6") else (text, "")
    known = _ADDRESS_WORDS.get(bare.lower())
    if known is None or side == "LA":
        raise errors.wrong(errors.ADDRESS)
    end = "" if known in OLD_KEYWORDS else "2"
    return [(f"RA{version}{end}", known) for version in ("4", "6") if family in ("", version)]


def _icmp(values: list[str], protocol: str) -> list[Field]:
    if _is_any(values):
        return []
    if protocol not in ("1", "58"):
        raise errors.wrong(errors.ICMP_PROTOCOL)
    fields = []
    for text in values:
        kind, colon, code = text.partition(":")
        numbers = [kind, code] if colon and code != "*" else [kind]
        if not all(number.isdigit() and int(number) <= 255 for number in numbers):
            raise errors.wrong(errors.ICMP)
        fields.append(("ICMP4" if protocol == "1" else "ICMP6", f"{int(kind)}:{int(code) if code.isdigit() else '*'}"))
    return fields


def guids_of(machine: Machine, alias: str) -> list[str]:
    """The interfaces of an alias, in which * and ? stand for anything, as the host's WMI knows them."""
    rows = machine.wmi.query(STANDARD, "SELECT * FROM MSFT_NetAdapter", 60)
    found = [str(row.value("InterfaceGuid")) for row in rows if fnmatch.fnmatchcase(str(row.value("Name")).lower(), alias.lower())]
    if not found:
        raise errors.wrong(f"No interface with the alias {alias} was found.")
    return found


def _program(value: str) -> list[Field]:
    if value.lower() == "any":
        return []
    if len(value) > 10_000 or not _PROGRAM.fullmatch(value):
        raise errors.wrong(errors.PROGRAM)
    return [("App", "System" if value.lower() == "system" else value)]


def _text(field: str) -> Callable[[str], list[Field]]:
    def fields(value: str) -> list[Field]:
        if "|" in value or len(value) > 10_000:
            raise errors.wrong(errors.NAME)
        return [(field, value)] if value else []

    return fields


def _unless_any(field: str) -> Callable[[str], list[Field]]:
    return lambda value: [] if value.lower() == "any" else _text(field)(value)


def _flag(field: str) -> Callable[[bool], list[Field]]:
    return lambda value: [(field, "TRUE")] if value else []


def _action(value: Any) -> list[Field]:
    found = word("Action", value)
    if found == "NotConfigured":
        raise errors.wrong(errors.ACTION)
    return [("Action", found)]


def _profiles(value: Any) -> list[Field]:
    found = words("Profile", value)
    if "Any" in found:
        return []
    if "NotApplicable" in found:
        raise errors.wrong("The profile is invalid.")
    return [("Profile", name) for name in ("Domain", "Private", "Public") if name in found]


def _edge(value: Any) -> list[Field]:
    found = word("EdgeTraversalPolicy", value)
    deferred = {"DeferToApp": "App", "DeferToUser": "User"}.get(found)
    return [] if found == "Block" else [("Edge", "TRUE")] + ([("Defer", deferred)] if deferred else [])


def _interface_type(value: Any) -> list[Field]:
    found = word("InterfaceType", value)
    return [] if found == "Any" else [("IFType", "Lan" if found == "Wired" else found)]


def _platforms(values: list[str]) -> list[Field]:
    fields: list[Field] = []
    for text in values:
        match = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})(\+?)", text)
        if match is None:
            raise errors.wrong("The platform is invalid.")
        fields.append(("Platform", f"2:{match[1]}:{match[2]}"))
        if match[3]:
            fields.append(("Platform2", "GTEQ"))
    return fields


def _authentication(value: Any) -> list[Field]:
    found = word("Authentication", value)
    security: list[Field] = [] if found == "NotRequired" else [("Security", "Authenticate")]
    return security + ([("Security2_9", "An-NoEncap")] if found == "NoEncap" else [])


def _encryption(value: Any) -> list[Field]:
    return [("Security2", "AnE-Nego")] if word("Encryption", value) != "NotRequired" else []


def _target(value: Any) -> list[Field]:
    found = word("DynamicTarget", value)
    return [] if found == "Any" else [_TARGETS[found]]


_SIMPLE: Final[dict[str, Callable[[Any], list[Field]]]] = {
    "Action": _action,
    "Enabled": lambda value: [("Active", word("Enabled", value).upper())],
    "Direction": lambda value: [("Dir", "In" if word("Direction", value) == "Inbound" else "Out")],
    "Profile": _profiles,
    "InterfaceType": _interface_type,
    "Program": _program,
    "Service": _unless_any("Svc"),
    "DisplayName": _text("Name"),
    "Description": _text("Desc"),
    "Group": _text("EmbedCtxt"),
    "EdgeTraversalPolicy": _edge,
    "LooseSourceMapping": _flag("LSM"),
    "LocalOnlyMapping": _flag("LOM"),
    "Owner": _unless_any("LUOwn"),
    "Package": _unless_any("AppPkgId"),
    "LocalUser": _unless_any("LUAuth"),
    "RemoteUser": _unless_any("RUAuth"),
    "RemoteMachine": _unless_any("RMauth"),
    "Platform": _platforms,
    "DynamicTarget": _target,
    "Authentication": _authentication,
    "Encryption": _encryption,
}


def _check(rule: RuleText, protocol: str) -> None:
    """What does not go together (MS-FASP 2.2.37, MS-GPFAS 2.2.2.19)."""
    if rule.all(*FIELDS["LocalPort"], *FIELDS["RemotePort"]) and protocol not in ("6", "17"):
        raise errors.wrong(errors.PORT_PROTOCOL)
    wanted = {"1": "ICMP4", "58": "ICMP6"}.get(protocol)
    if any(name in ("ICMP4", "ICMP6") and name != wanted for name, _ in rule.fields):
        raise errors.wrong(errors.ICMP_PROTOCOL)
    if rule.one("Dir") == "Out" and rule.one("Edge") == "TRUE":
        raise errors.wrong(errors.EDGE)
    if not rule.one("Name"):
        raise errors.wrong(errors.NAME)
    if rule.one("Action") == "ByPass" and not rule.one("Security"):
        raise errors.wrong("A rule that overrides block rules has to require authentication.")
