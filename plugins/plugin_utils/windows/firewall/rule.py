# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firewall rules as the registry holds them: one string each, in the local store, in Group Policy's and in MDM's (MS-GPFAS 2.2.2.19)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import (
    FILTER_ACTIONS,
    FILTER_FIELDS,
    SECURITY_ACTIONS,
    SECURITY_FIELDS,
    FieldError,
    FieldKind,
    IcmpType,
    Platform,
    version,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.groups import normalise
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import ANY_PORT, PortSet

Action = Literal["allow", "block", "bypass", "secure", "secure_server", "boundary", "do_not_secure"]
Direction = Literal["in", "out"]
Profile = Literal["domain", "private", "public"]
InterfaceType = Literal["lan", "wireless", "remote_access"]
EdgeTraversal = Literal["block", "allow", "defer_user", "defer_app"]
Security = Literal["none", "authenticate", "authenticate_encrypt"]

ALL_PROFILES: frozenset[Profile] = frozenset({"domain", "private", "public"})

_NONE: frozenset[Any] = frozenset()


class Field(NamedTuple):
    """One field of a rule string, as it stands there."""

    name: str
    value: str


@dataclass(frozen=True)
class Unparsed:
    """A string that is no rule, and why, in a sentence. What Windows does with it is not known."""

    rule_id: str
    text: str
    reason: str


@dataclass(frozen=True)
class Rule:
    """A rule as it was written. Conditions that it does not name are met by everything.

    C(head) and C(fields) are the string itself. The other attributes say what it means as far as the fields are known; C(unknown_fields)
    may change that. What they leave open is told by C(checks.doubts).
    """

    rule_id: str
    head: str
    fields: tuple[Field, ...]
    version: tuple[int, int]
    action: Action
    # A connection security rule has none.
    direction: Direction | None
    active: bool = False
    profiles: frozenset[Profile] = ALL_PROFILES
    protocol: int | None = None
    local_ports: PortSet = ANY_PORT
    remote_ports: PortSet = ANY_PORT
    # None: all of them.
    icmp_types: frozenset[IcmpType] | None = None
    local_addresses: AddressSet = ANY_ADDRESS
    remote_addresses: AddressSet = ANY_ADDRESS
    # Empty: all of them. GUIDs in upper case and braces.
    interfaces: frozenset[str] = _NONE
    interface_types: frozenset[InterfaceType] = _NONE
    # The path with its variables, or System for the kernel.
    application: str | None = None
    # The short name, * for any service, None for any process.
    service: str | None = None
    package_sid: str | None = None
    package_family: str | None = None
    owner: str | None = None
    edge_traversal: EdgeTraversal = "block"
    security: Security = "none"
    without_encapsulation: bool = False
    negotiates_encryption: bool = False
    # Security descriptors in SDDL; the encoded one is base64.
    remote_machines: str | None = None
    remote_users: str | None = None
    local_users: str | None = None
    local_users_encoded: str | None = None
    # Remote addresses and ports are not looked at when it is set and the rule does not block (MS-FASP 2.2.35).
    local_only_mapped: bool = False
    loose_source_mapped: bool = False
    profile_crossing: bool = False
    # Outbound and authenticated: comes before the rules that block, like a bypass.
    bypass_outbound: bool = False
    platforms: tuple[Platform, ...] = ()
    skip_version: tuple[int, int] | None = None
    trust_tuples: frozenset[str] = _NONE
    network_names: str | None = None
    security_realm: str | None = None
    # As groups.normalise spells it.
    group: str | None = None
    name: str = ""
    description: str = ""
    unknown_fields: tuple[Field, ...] = ()

    def text(self) -> str:
        """The string that it was parsed from."""
        return "|".join((self.head, *(f"{field.name}={field.value}" for field in self.fields), ""))

    def values(self, name: str) -> tuple[str, ...]:
        """What the fields of that name say, in their order."""
        return tuple(field.value for field in self.fields if field.name == name)

    @property
    def is_connection_security(self) -> bool:
        """Whether it belongs to IPsec (MS-GPFAS 2.2.6) and admits or blocks nothing by itself."""
        return self.action in _SECURITY_ACTIONS

    @property
    def authenticated(self) -> bool:
        """Whether it admits only peers that IPsec has authenticated (MS-FASP 2.2.35). A bypass does so by definition (MS-FASP 2.2.34)."""
        return (
            self.action == "bypass"
            or self.security != "none"
            or self.without_encapsulation
            or self.negotiates_encryption
            or self.remote_machines is not None
            or self.remote_users is not None
        )

    def applies_to(self, major: int, minor: int, platform_type: int = 2) -> bool:
        """Whether it is for this version of Windows (10.0 for all since Windows 10): MS-FASP 2.2.29. Without a platform it is for all."""
        host = (platform_type, major, minor)
        return not self.platforms or any(host >= platform[:3] if platform.or_later else host == platform[:3] for platform in self.platforms)

    def is_skipped_by(self, host_version: tuple[int, int]) -> bool:
        """Whether a firewall that speaks at most this version of the format leaves the rule out (SkipVer)."""
        return self.skip_version is not None and host_version <= self.skip_version


_SECURITY_ACTIONS = frozenset(SECURITY_ACTIONS.values())

# Rule strings are at most a few kilobytes; a sentence about one has no need of more.
_LONGEST_REASON = 300


def parse(rule_id: str, text: str) -> Rule | Unparsed:
    """A rule of any store from its id (the registry value's name) and its string; never raises.

    Fields that are not in the grammar are kept, as later versions of Windows add some. An illegal value of a known field is not accepted.
    """
    try:
        return _rule(rule_id, text)
    except FieldError as error:
        reason = str(error)
        return Unparsed(rule_id, text, f"{reason[:_LONGEST_REASON]}{'...' if len(reason) > _LONGEST_REASON else ''}.")


def parse_all(strings: Iterable[tuple[str, str]]) -> tuple[Rule | Unparsed, ...]:
    """Many of them, from pairs of id and string."""
    return tuple(parse(rule_id, text) for rule_id, text in strings)


def _rule(rule_id: str, text: str) -> Rule:
    head, fields = _split(text)
    try:
        if not head.startswith("v"):
            raise FieldError(f"'{head[:40]}' does not begin with v")
        format_version = version(head[1:])
    except FieldError as error:
        raise FieldError(f"The string does not begin with a version such as v2.30: {error}") from None
    known = _grammar(fields)
    values: dict[str, list[Any]] = {}
    unknown: list[Field] = []
    seen: set[str] = set()
    for field in fields:
        name, value = field
        kind = known.get(name)
        if kind is None:
            unknown.append(field)
            continue
        if name in seen and not kind.repeats:
            raise FieldError(f"The field {name} stands there more than once")
        seen.add(name)
        if kind.protocols is not None:
            _check_protocol(name, kind.protocols, values)
        try:
            values.setdefault(kind.attribute, []).append(kind.read(value))
        except FieldError as error:
            raise FieldError(f"The field {name} has an illegal value: {error}") from None
    if known is FILTER_FIELDS and "direction" not in values:
        raise FieldError("The field Dir is missing, so that the rule has no direction")
    return _build(rule_id, head, fields, format_version, values, tuple(unknown))


def _split(text: str) -> tuple[str, tuple[Field, ...]]:
    head, *pieces = text.split("|")
    if not pieces:
        raise FieldError("The string has no field at all")
    if pieces.pop():
        raise FieldError("The string does not end with |, so that its last field may be cut off")
    if not pieces:
        raise FieldError("The string has no field at all")
    fields = []
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not equals or not name:
            raise FieldError(f"'{piece[:40]}' is no field of the form name=value")
        fields.append(Field(name, value))
    return head, tuple(fields)


def _grammar(fields: tuple[Field, ...]) -> Mapping[str, FieldKind]:
    action = next((field.value for field in fields if field.name == "Action"), None)
    if action is None:
        raise FieldError("The field Action is missing")
    if action in SECURITY_ACTIONS:
        return SECURITY_FIELDS
    if action in FILTER_ACTIONS:
        return FILTER_FIELDS
    allowed = ", ".join((*FILTER_ACTIONS, *SECURITY_ACTIONS))
    raise FieldError(f"The field Action has an illegal value: '{action[:40]}' is none of {allowed}")


def _check_protocol(name: str, allowed: frozenset[int], values: dict[str, list[Any]]) -> None:
    if "protocol" not in values:
        raise FieldError(f"The field {name} stands there and no protocol before it")
    if values["protocol"][0] not in allowed:
        numbers = " or ".join(str(number) for number in sorted(allowed))
        raise FieldError(f"The field {name} belongs to protocol {numbers} and not to {values['protocol'][0]}")


# Attributes of Rule that are the one value of one field, or a set of values.
_SINGLE = tuple({kind.attribute for kind in FILTER_FIELDS.values() if not kind.repeats} - {"edge", "defer", "context", "platform_operator"})
_SETS = ("profiles", "icmp_types", "interfaces", "interface_types", "trust_tuples")


def _build(
    rule_id: str,
    head: str,
    fields: tuple[Field, ...],
    format_version: tuple[int, int],
    values: dict[str, list[Any]],
    unknown: tuple[Field, ...],
) -> Rule:
    said: dict[str, Any] = {name: values[name][0] for name in _SINGLE if name in values}
    said.update((name, frozenset(values[name])) for name in _SETS if name in values)
    said.update((name, _ports(tuple(values[name]))) for name in ("local_ports", "remote_ports") if name in values)
    for attribute, four, six in (("local_addresses", "local4", "local6"), ("remote_addresses", "remote4", "remote6")):
        if four in values or six in values:
            said[attribute] = _addresses(tuple(values.get(four, ())), tuple(values.get(six, ())))
    if "platforms" in values:
        *others, last = values["platforms"]
        # The operator is the last one's only (MS-GPFAS 2.2.2.18).
        said["platforms"] = (*others, last._replace(or_later="platform_operator" in values))
    if values.get("context", [""])[0]:
        said["group"] = normalise(values["context"][0])
    if "defer" in values:
        said["edge_traversal"] = values["defer"][0]
    elif values.get("edge", [False])[0]:
        said["edge_traversal"] = "allow"
    return Rule(
        rule_id=rule_id,
        head=head,
        fields=fields,
        version=format_version,
        direction=said.pop("direction", None),
        unknown_fields=unknown,
        **said,
    )


# The same few sets return in rule after rule; of the parts every one is short.
@lru_cache(maxsize=4096)
def _ports(parts: tuple[Any, ...]) -> PortSet:
    return PortSet.of(*(part for part in parts if not isinstance(part, str)), keywords=[part for part in parts if isinstance(part, str)])


@lru_cache(maxsize=4096)
def _addresses(four: tuple[Any, ...], six: tuple[Any, ...]) -> AddressSet:
    return AddressSet.of(
        v4=[part for part in four if not isinstance(part, str)],
        v6=[part for part in six if not isinstance(part, str)],
        keywords4=[part for part in four if isinstance(part, str)],
        keywords6=[part for part in six if isinstance(part, str)],
    )
