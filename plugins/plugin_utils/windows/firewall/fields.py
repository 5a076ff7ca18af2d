# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fields of a firewall rule string and what each may say: MS-GPFAS 2.2.2 for firewall rules, 2.2.6 for connection security rules.

Names and words are taken as they are spelled there, case included: nobody knows what Windows does with another case, and a rule read
wrongly is worse than one reported as unreadable.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import address_range
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import number_range
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import Range

TCP, UDP, ICMP4, ICMP6 = 6, 17, 1, 58
_WITH_PORTS = frozenset({TCP, UDP})

# Longer than any address or number; keeps what a host sends out of caches and messages.
_LONGEST = 100


class FieldError(ValueError):
    """A field's value is not one that the grammar allows; the message is a sentence without its full stop."""


class Platform(NamedTuple):
    """An operating system that a rule is for (MS-FASP 2.2.30): platform type (2 is Windows NT), version, and whether later ones count."""

    type: int
    major: int
    minor: int
    or_later: bool = False


class IcmpType(NamedTuple):
    """An ICMP message type and code; no code means all codes."""

    type: int
    code: int | None


Reader = Callable[[str], object]


@dataclass(frozen=True)
class FieldKind:
    """What is known about a field.

    C(attribute) groups fields that say something about the same thing. C(protocols) are those of which the rule
    must have named one before the field. C(since) is the first version of the format that has it.
    """

    attribute: str
    read: Reader
    repeats: bool = False
    protocols: frozenset[int] | None = None
    since: tuple[int, int] = (2, 0)


_NUMBER = re.compile(r"\d{1,3}\Z", re.ASCII)
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\Z", re.ASCII)
_PORT = re.compile(r"\d{1,5}\Z", re.ASCII)
_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?\Z", re.ASCII | re.IGNORECASE)


def version(text: str) -> tuple[int, int]:
    """Major and minor version, each at most 255."""
    match = _VERSION.match(text)
    if match is None or max(int(match[1]), int(match[2])) > 255:
        raise FieldError(f"'{text[:_LONGEST]}' is no version of two numbers up to 255")
    return int(match[1]), int(match[2])


def free_text(text: str) -> str:
    """Any text, also none."""
    return text


def some_text(text: str) -> str:
    """Any text but none."""
    if not text:
        raise FieldError("it is empty")
    return text


def word(words: Mapping[str, object]) -> Reader:
    """One of some words; the value is what the word stands for."""

    def read(text: str) -> object:
        try:
            return words[text]
        except KeyError:
            raise FieldError(f"'{text[:_LONGEST]}' is none of {', '.join(words)}") from None

    return read


def byte(text: str) -> int:
    """A decimal number from 0 to 255 of at most three digits."""
    if _NUMBER.match(text) is None or int(text) > 255:
        raise FieldError(f"'{text[:_LONGEST]}' is no number from 0 to 255")
    return int(text)


def digits(text: str) -> int:
    """A decimal number of at most ten digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise FieldError(f"'{text[:_LONGEST]}' is no decimal number")
    return int(text)


def port(*keywords: str) -> Reader:
    """A single port number or one of some keywords: a range (both ends included) or the keyword."""

    def read(text: str) -> Range | str:
        if text in keywords:
            return text
        if _PORT.match(text) is None or int(text) > 65535:
            raise FieldError(f"'{text[:_LONGEST]}' is no single port from 0 to 65535" + _or_word(keywords))
        return int(text), int(text)

    return read


def port_range(*keywords: str) -> Reader:
    """A range of port numbers or one of some keywords."""

    def read(text: str) -> Range | str:
        if text in keywords:
            return text
        if "-" not in text or len(text) > _LONGEST:
            raise FieldError(f"'{text[:_LONGEST]}' is no range of ports" + _or_word(keywords))
        return _said(number_range, text)

    return read


def _or_word(words: tuple[str, ...]) -> str:
    return "".join(f", nor {known}" for known in words)


def _said(read: Callable[[str], Range], text: str) -> Range:
    try:
        return read(text)
    except ValueError as error:
        raise FieldError(str(error)) from None


def addresses(family: int, keywords: Mapping[str, str]) -> Reader:
    """An address, a range or a network of one family as a range of numbers, or what a keyword stands for in C(addresses.KEYWORDS)."""

    def read(text: str) -> Range | str:
        if text in keywords:
            return keywords[text]
        if len(text) > _LONGEST:
            raise FieldError(f"'{text[:_LONGEST]}...' is no IPv{family} address")
        return _said(lambda said: address_range(said, family)[0], text)

    return read


def icmp_type(text: str) -> IcmpType:
    """C(type:code) or C(type:*)."""
    kind, colon, code = text.partition(":")
    if not colon:
        raise FieldError(f"'{text[:_LONGEST]}' is no ICMP type with a code such as 8:*")
    return IcmpType(byte(kind), None if code == "*" else byte(code))


def platform(text: str) -> Platform:
    """C(type:major:minor)."""
    parts = text.split(":")
    if len(parts) != 3 or len(text) > _LONGEST:
        raise FieldError(f"'{text[:_LONGEST]}' is no platform such as 2:6:2")
    kind, major, minor = (byte(part) for part in parts)
    if kind > 7:
        raise FieldError(f"the platform type {kind} is greater than 7")
    return Platform(kind, major, minor)


def guid(text: str) -> str:
    """A GUID, in upper case and braces."""
    match = _GUID.match(text)
    if match is None:
        raise FieldError(f"'{text[:_LONGEST]}' is no GUID")
    return f"{{{match[1].upper()}}}"


def encoded_text(text: str) -> str:
    """Base64, left as it is."""
    try:
        known = bool(base64.b64decode(text.encode("ascii"), validate=True))
    except (UnicodeEncodeError, binascii.Error):
        known = False
    if not known:
        raise FieldError(f"'{text[:_LONGEST]}' is no base64 text")
    return text


_TRUTH = word({"TRUE": True, "FALSE": False})
_PROFILE = word({"Domain": "domain", "Private": "private", "Public": "public"})
_INTERFACE_TYPE = word({"Lan": "lan", "Wireless": "wireless", "RemoteAccess": "remote_access"})
_ADDRESS_WORDS = {name: name for name in ("LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway")}
# The odd capitals are Windows' own.
_NETWORK_WORDS = {
    "IntrAnet": "Intranet",
    "IntErnet": "Internet",
    "RmtIntrAnet": "RmtIntrAnet",
    "Ply2Renders": "Ply2Renders",
    "CaptivePortal": "CaptivePortal",
}

FILTER_ACTIONS = {"Allow": "allow", "Block": "block", "ByPass": "bypass"}
SECURITY_ACTIONS = {"Secure": "secure", "SecureServer": "secure_server", "Boundary": "boundary", "DoNotSecure": "do_not_secure"}

_COMMON: dict[str, FieldKind] = {
    "Active": FieldKind("active", _TRUTH),
    "Profile": FieldKind("profiles", _PROFILE, repeats=True),
    "Protocol": FieldKind("protocol", byte),
    "IF": FieldKind("interfaces", guid, repeats=True),
    "IFType": FieldKind("interface_types", _INTERFACE_TYPE, repeats=True),
    "Name": FieldKind("name", free_text),
    "Desc": FieldKind("description", free_text),
    "EmbedCtxt": FieldKind("context", free_text),
    "Platform": FieldKind("platforms", platform, repeats=True),
    "Platform2": FieldKind("platform_operator", word({"GTEQ": True})),
    "SkipVer": FieldKind("skip_version", version),
}


def _local_port(*keywords: str, since: tuple[int, int]) -> FieldKind:
    return FieldKind("local_ports", word({name: name for name in keywords}), repeats=True, protocols=_WITH_PORTS, since=since)


def _trust(*keywords: str, since: tuple[int, int]) -> FieldKind:
    return FieldKind("trust_tuples", word({name: name for name in keywords}), repeats=True, since=since)


FILTER_FIELDS: Mapping[str, FieldKind] = _COMMON | {
    "Action": FieldKind("action", word(FILTER_ACTIONS)),
    "Dir": FieldKind("direction", word({"In": "in", "Out": "out"})),
    "LPort": FieldKind("local_ports", port("RPC", "RPC-EPMap", "Teredo"), repeats=True, protocols=_WITH_PORTS),
    "RPort": FieldKind("remote_ports", port(), repeats=True, protocols=_WITH_PORTS),
    "LPort2_10": FieldKind("local_ports", port_range("IPTLSIn", "IPHTTPSIn"), repeats=True, protocols=_WITH_PORTS, since=(2, 10)),
    "RPort2_10": FieldKind("remote_ports", port_range("IPTLSOut", "IPHTTPSOut"), repeats=True, protocols=_WITH_PORTS, since=(2, 10)),
    "LPort2_20": _local_port("Ply2Disc", "DHCP", since=(2, 20)),
    # Seen in exports; MS-GPFAS dates the keyword 2.25 and names no field for it.
    "LPort2_24": _local_port("mDNS", since=(2, 24)),
    "LPort2_29": _local_port("TcpCDPSvc", since=(2, 29)),
    "RPort2_28": FieldKind("remote_ports", word({"CortanaOut": "CortanaOut"}), repeats=True, protocols=_WITH_PORTS, since=(2, 28)),
    "ICMP4": FieldKind("icmp_types", icmp_type, repeats=True, protocols=frozenset({ICMP4})),
    "ICMP6": FieldKind("icmp_types", icmp_type, repeats=True, protocols=frozenset({ICMP6})),
    "App": FieldKind("application", some_text),
    "Svc": FieldKind("service", some_text),
    "LA4": FieldKind("local4", addresses(4, {}), repeats=True),
    "LA6": FieldKind("local6", addresses(6, {}), repeats=True),
    "RA4": FieldKind("remote4", addresses(4, _ADDRESS_WORDS), repeats=True),
    "RA6": FieldKind("remote6", addresses(6, _ADDRESS_WORDS), repeats=True),
    "RA42": FieldKind("remote4", word(_NETWORK_WORDS), repeats=True, since=(2, 20)),
    "RA62": FieldKind("remote6", word(_NETWORK_WORDS), repeats=True, since=(2, 20)),
    "Edge": FieldKind("edge", _TRUTH),
    "Defer": FieldKind("defer", word({"App": "defer_app", "User": "defer_user"}), since=(2, 10)),
    "LSM": FieldKind("loose_source_mapped", _TRUTH),
    "LOM": FieldKind("local_only_mapped", _TRUTH, since=(2, 20)),
    "PCross": FieldKind("profile_crossing", _TRUTH, since=(2, 20)),
    "AuthByPassOut": FieldKind("bypass_outbound", _TRUTH, since=(2, 10)),
    "Security": FieldKind("security", word({"Authenticate": "authenticate", "AuthenticateEncrypt": "authenticate_encrypt"})),
    "Security2_9": FieldKind("without_encapsulation", word({"An-NoEncap": True}), since=(2, 9)),
    "Security2": FieldKind("negotiates_encryption", word({"AnE-Nego": True}), since=(2, 10)),
    "RMauth": FieldKind("remote_machines", some_text),
    "RUAuth": FieldKind("remote_users", some_text),
    "LUAuth": FieldKind("local_users", some_text, since=(2, 20)),
    "LUAuth2_24": FieldKind("local_users_encoded", encoded_text, since=(2, 24)),
    "LUOwn": FieldKind("owner", some_text, since=(2, 20)),
    "AppPkgId": FieldKind("package_sid", some_text, since=(2, 20)),
    # Seen in exports of 2.31 and later; MS-FASP has the field and MS-GPFAS not yet.
    "PFN": FieldKind("package_family", some_text, since=(2, 20)),
    "TTK": _trust("Proximity", "ProxSharing", since=(2, 20)),
    "TTK2_22": _trust("WFDPrint", "WFDDisplay", "WFDDevices", since=(2, 22)),
    "TTK2_27": _trust("WFDKmDriver", "UPnP", since=(2, 27)),
    "TTK2_28": _trust("WFDCDPSvc", since=(2, 28)),
    "NNm": FieldKind("network_names", some_text, since=(2, 24)),
    "SecurityRealmId": FieldKind("security_realm", some_text, since=(2, 24)),
}

# Of these rules only the common part is of use; the rest is checked and kept.
SECURITY_FIELDS: Mapping[str, FieldKind] = (
    _COMMON
    | {"Action": FieldKind("action", word(SECURITY_ACTIONS))}
    | {name: FieldKind(name, port(), repeats=True, protocols=_WITH_PORTS) for name in ("EP1Port", "EP2Port")}
    | {name: FieldKind(name, port_range(), repeats=True, protocols=_WITH_PORTS) for name in ("EP1Port2_10", "EP2Port2_10")}
    | {name: FieldKind(name, addresses(4, _ADDRESS_WORDS), repeats=True) for name in ("EP1_4", "EP2_4", "RTunEndpts4")}
    | {name: FieldKind(name, addresses(6, _ADDRESS_WORDS), repeats=True) for name in ("EP1_6", "EP2_6", "RTunEndpts6")}
    | {name: FieldKind(name, addresses(4, {})) for name in ("RTunnel4", "LTunnel4", "RTunnel4_2", "LTunnel4_2")}
    | {name: FieldKind(name, addresses(6, {})) for name in ("RTunnel6", "LTunnel6", "RTunnel6_2", "LTunnel6_2")}
    | {
        name: FieldKind(name, _TRUTH)
        for name in ("SecureInClearOut", "ByPassTunnel", "Authz", "KeyManagerDictate", "KeyManagerNotify", "SecurityRealmEnabled")
    }
    | {
        name: FieldKind(name, some_text)
        for name in ("Auth1Set", "Auth2Set", "Crypto2Set", "RTunnelFqdn", "KeyMod", "TransportMachineAuthzSDDL", "TransportUserAuthzSDDL")
    }
    | {"FwdLifetime": FieldKind("FwdLifetime", digits)}
)
