# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of a host's firewall, and what can be asked of it: plain values, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import InterfaceType, Profile, Rule, Unparsed

Store = Literal["local", "group_policy", "mdm"]
OptionValue = int | tuple[str, ...]
"""A number as the registry has it, the GUIDs of DisabledInterfaces, or the text of LogFilePath as a tuple of one."""
Options = Mapping[str, OptionValue]
"""One profile's options in one store, by the registry's names; those under Logging by their own names, and the two values
AllowUserPrefMerge as AuthorizedApplicationsAllowUserPrefMerge and GloballyOpenPortsAllowUserPrefMerge.
What is not configured is left out."""


class RuleKey(NamedTuple):
    """Which rule: its store, and its id as the store spells it."""

    store: Store
    rule_id: str

    def __str__(self) -> str:
        return f"{self.store}/{self.rule_id}"


@dataclass(frozen=True)
class LegacyLists:
    """An XP-style list of a profile: the value names of GloballyOpenPorts\\List (2701:TCP) and AuthorizedApplications\\List (paths)."""

    open_ports: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreState:
    """One store. A profile that is there and empty is a key that exists and holds no values.

    C(standard): the legacy StandardProfile of Group Policy; the local store's key of that name is its private profile (MS-GPFAS 2.2.3).
    """

    rules: tuple[Rule | Unparsed, ...] = ()
    profiles: Mapping[Profile, Options] = field(default_factory=dict)
    standard: Options | None = None
    legacy: Mapping[Profile, LegacyLists] = field(default_factory=dict)


@dataclass(frozen=True)
class Interface:
    """A network interface that is up. C(guid) in upper case and braces; C(addresses) with prefix length; a list that is None is not known.

    C(profile) is None where no network profile is told of it, C(type) where its kind is not known.
    """

    guid: str
    alias: str
    type: InterfaceType | None
    profile: Profile | None
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] | None = None
    dns: tuple[str, ...] | None = None
    dhcp: tuple[str, ...] | None = None
    wins: tuple[str, ...] | None = None


@dataclass(frozen=True)
class FirewallState:
    """Everything that decides who gets in. C(service_running) and C(other_firewall) are None where they could not be told.

    C(version): Windows' major and minor version. C(variables): environment variables of the system by upper-case name, for paths in rules.
    C(adapters): the GUID of every adapter by its alias, also of those that are down; rules may name them.
    """

    stores: Mapping[Store, StoreState]
    interfaces: tuple[Interface, ...]
    service_running: bool | None = True
    other_firewall: bool | None = False
    version: tuple[int, int] | None = (10, 0)
    variables: Mapping[str, str] = field(default_factory=lambda: {"SYSTEMROOT": "C:\\Windows", "WINDIR": "C:\\Windows"})
    adapters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Query:
    """What is asked: who reaches this, inbound. Either C(port) or C(keyword) for TCP and UDP, C(icmp) (type, code) for 1 and 58.

    With neither port nor keyword it is a dynamic port, as a program gets that chooses none.

    C(program) (a path, or System) and C(service) (a short name) own the port; with neither it is not known who listens, with a program
    alone it is not run as a service, with a service alone its program is not known.
    """

    protocol: int
    port: int | None = None
    keyword: str | None = None
    icmp: tuple[int, int] | None = None
    program: str | None = None
    service: str | None = None


class Void(str, Enum):
    """Why a rule that would admit does nothing here: the first of these that holds."""

    DISABLED = "disabled"
    PLATFORM = "platform"
    PROFILE_INACTIVE = "profile_inactive"
    LOCAL_MERGE_OFF = "local_merge_off"
    USER_MERGE_OFF = "user_merge_off"
    INTERFACE = "interface"
    SHIELDED = "shielded"


class Enforcement(str, Enum):
    """What stands above all rules: the first of these that holds."""

    OTHER_FIREWALL = "other_firewall"
    SERVICE_STOPPED = "service_stopped"
    FIREWALL_OFF = "firewall_off"
    DISABLED_INTERFACE = "disabled_interface"
    SHIELDED = "shielded"
    FULL = "full"


class Doubt(str, Enum):
    """Why it cannot be said of some addresses whether they get in: a closed list."""

    OTHER_FIREWALL = "other_firewall"
    SERVICE_STOPPED = "service_stopped"
    UNPARSED_RULE = "unparsed_rule"
    AUTHENTICATED_ONLY = "authenticated_only"
    UNKNOWN_FIELD = "unknown_field"
    UNRESOLVED_CONDITION = "unresolved_condition"
    UNRESOLVED_KEYWORD = "unresolved_keyword"
    UNKNOWN_PROGRAM = "unknown_program"
    REMOTE_PORT = "remote_port"
    LOCAL_ADDRESS = "local_address"
    LEGACY_LIST = "legacy_list"
    SHIELDED_DISABLED_INTERFACE = "shielded_disabled_interface"


@dataclass(frozen=True)
class Admission:
    """Who gets in, for one interface, or for what is sent to one of its addresses where C(local_address) is set.

    C(admitted): without IPsec. C(unknown): those of whom it cannot be said, for C(doubts). Whoever is in neither is blocked. The two
    C(_authenticated) are the same for peers that meet every authentication that a rule demands. C(by): the rules that admit, each with
    what it admits at most here; C(blocked_by): rules that block; C(voided): rules that would admit and do nothing, and why.

    C(scope): the addresses of which it speaks, all or those of one family; nothing is said of the others. C(doubtful): the rules that
    leave it open whether C(unknown) get in, and on what each of them hangs; a doubt that no single rule raises is in C(doubts) only.
    """

    interface: str
    profile: Profile | None
    local_address: str | None
    admitted: AddressSet
    unknown: AddressSet
    admitted_authenticated: AddressSet
    unknown_authenticated: AddressSet
    by: Mapping[RuleKey, AddressSet]
    blocked_by: frozenset[RuleKey]
    voided: Mapping[RuleKey, Void]
    enforcement: Enforcement
    doubts: frozenset[Doubt]
    scope: AddressSet = ANY_ADDRESS
    doubtful: Mapping[RuleKey, frozenset[Doubt]] = field(default_factory=dict)
