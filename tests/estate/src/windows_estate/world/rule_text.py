# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firewall rules as the registry holds them (MS-GPFAS 2.2.2.19): reading a string, and writing one as Windows does.

The order in which Windows writes the fields, and that an IPv4 network is written with its mask, are seen in real strings [H]; where
interfaces stand in that order follows from the order of FW_RULE's members (MS-FASP 2.2.37) [M].
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

ORDER: Final = (
    *("Action", "Active", "Dir", "Protocol", "Profile", "LPort", "LPort2_10", "LPort2_20", "LPort2_24", "LPort2_29"),
    *("RPort", "RPort2_10", "RPort2_28", "ICMP4", "ICMP6", "LA4", "LA6", "RA4", "RA6", "RA42", "RA62", "IF", "IFType", "App", "Svc"),
    *("Name", "Desc", "LUAuth", "LUOwn", "AppPkgId", "EmbedCtxt", "RMauth", "RUAuth", "Platform", "Platform2", "TTK", "TTK2_22", "TTK2_27"),
    *("TTK2_28", "Edge", "Defer", "LSM", "LOM", "PCross", "AuthByPassOut", "Security", "Security2_9", "Security2"),
)
_PLACE: Final = {name: place for place, name in enumerate(ORDER)}
# Entries of one list of ports, whatever they are called, keep their order.
_SAME_LIST: Final = {"LPort2_10": "LPort", "LPort2_20": "LPort", "LPort2_24": "LPort", "LPort2_29": "LPort", "RPort2_10": "RPort"}
_MANY: Final = frozenset(
    {
        *("Profile", "LPort", "LPort2_10", "LPort2_20", "LPort2_24", "LPort2_29", "RPort", "RPort2_10", "RPort2_28", "ICMP4", "ICMP6"),
        *("LA4", "LA6", "RA4", "RA6", "RA42", "RA62", "IF", "Platform", "TTK", "TTK2_22", "TTK2_27", "TTK2_28"),
    }
)
_HEAD: Final = re.compile(r"v([0-9]{1,3})\.([0-9]{1,3})")
_PLATFORM: Final = re.compile(r"[0-7]:[0-9]{1,3}:[0-9]{1,3}")
_ICMP: Final = {"ICMP4": "1", "ICMP6": "58"}
_PORT: Final = re.compile(r"[0-9]{1,5}")
_WORDS: Final = {
    "Action": frozenset({"Allow", "Block", "ByPass"}),
    "Dir": frozenset({"In", "Out"}),
    "Profile": frozenset({"Domain", "Private", "Public"}),
    **dict.fromkeys(("Active", "Edge", "LSM", "LOM", "PCross", "AuthByPassOut"), frozenset({"TRUE", "FALSE"})),
    "Defer": frozenset({"App", "User"}),
    "IFType": frozenset({"Lan", "Wireless", "RemoteAccess"}),
    "Platform2": frozenset({"GTEQ"}),
}
LOCAL_PORT_WORDS: Final = {
    "LPort": frozenset({"RPC", "RPC-EPMap", "Teredo"}),
    "LPort2_10": frozenset({"IPTLSIn", "IPHTTPSIn"}),
    "LPort2_20": frozenset({"DHCP", "Ply2Disc"}),
    "LPort2_24": frozenset({"mDNS"}),
    "LPort2_29": frozenset({"TcpCDPSvc"}),
}


@dataclass(frozen=True)
class RuleText:
    """A rule: its version and its fields, in order."""

    version: tuple[int, int]
    fields: tuple[tuple[str, str], ...]

    def all(self, *names: str) -> tuple[str, ...]:
        return tuple(value for name, value in self.fields if name in names)

    def one(self, name: str, default: str = "") -> str:
        return next((value for field, value in self.fields if field == name), default)

    def having(self, **values: str) -> RuleText:
        """The same rule with other values for some of its fields; a field that it lacks is added where it belongs."""
        changed = self
        for name, value in values.items():
            if any(field == name for field, _ in changed.fields):
                fields = tuple((field, value if field == name else old) for field, old in changed.fields)
                changed = RuleText(changed.version, fields)
            else:
                changed = RuleText(changed.version, in_order([*changed.fields, (name, value)]))
        return changed

    def __str__(self) -> str:
        return f"v{self.version[0]}.{self.version[1]}|" + "".join(f"{name}={value}|" for name, value in self.fields)


def in_order(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Fields as Windows orders them; those that the grammar does not have come last."""
    return tuple(sorted(fields, key=lambda field: _PLACE.get(_SAME_LIST.get(field[0], field[0]), len(ORDER))))


@lru_cache(maxsize=20_000)
def parse(text: str) -> RuleText | None:
    """The rule in a string; None where the string is none: Windows passes such a value over (a decision, no source)."""
    parts = text.split("|")
    head = _HEAD.fullmatch(parts[0])
    if head is None or len(parts) < 3 or parts[-1]:
        return None
    fields: list[tuple[str, str]] = []
    for part in parts[1:-1]:
        name, equals, value = part.partition("=")
        if not equals or not name:
            return None
        fields.append((name, value))
    rule = RuleText((int(head[1]), int(head[2])), tuple(fields))
    return rule if _is_sound(rule) else None


def _is_sound(rule: RuleText) -> bool:
    """What the grammar demands of the fields that it has."""
    seen: set[str] = set()
    for name, value in rule.fields:
        if name in seen and name in _PLACE and name not in _MANY:
            return False
        if name in _WORDS and value not in _WORDS[name]:
            return False
        if name == "Protocol" and not (re.fullmatch("[0-9]{1,3}", value) and int(value) <= 255):
            return False
        protocol = rule.one("Protocol") if "Protocol" in seen else ""
        if name.startswith(("LPort", "RPort")) and (protocol not in ("6", "17") or not _is_port(name, value)):
            return False
        if name in _ICMP and protocol != _ICMP[name]:
            return False
        if name == "Platform" and not _PLATFORM.fullmatch(value):
            return False
        seen.add(name)
    return bool(rule.one("Action")) and bool(rule.one("Dir"))


def _is_port(name: str, value: str) -> bool:
    if value in LOCAL_PORT_WORDS.get(name, ()) or (name in ("RPort2_10", "RPort2_28") and value.isalpha()):
        return True
    numbers = value.split("-")
    if len(numbers) != (2 if name.endswith("2_10") else 1) or not all(_PORT.fullmatch(number) for number in numbers):
        return False
    return all(int(number) <= 65535 for number in numbers) and int(numbers[0]) <= int(numbers[-1])
