# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How firewall rules and profiles are written: the collection's own rules whole, any other rule on or off, profiles option by option.

All of it goes to the computer's own store, by the cmdlets of the module NetSecurity, and rules are named by their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import (
    Unsayable,
    parameters_of,
    quoted,
    rule_of,
    same_meaning,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS, AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import ICMP4, ICMP6, TCP, UDP, IcmpType
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import ANY_PORT, PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import ALL_PROFILES, Profile, Rule, Unparsed
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState

MODULE = "NetSecurity"
GROUP = "configmgr.hardening"

_PROTOCOLS = {TCP: "TCP", UDP: "UDP", ICMP4: "ICMPv4", ICMP6: "ICMPv6"}
_PORT_WORDS = {"RPC": "RPC", "RPC-EPMap": "RPCEPMap"}
_ADDRESS_WORDS = {"RmtIntrAnet": "IntranetRemoteAccess", "Ply2Renders": "PlayToDevice"}
_PROFILES: tuple[Profile, ...] = ("domain", "private", "public")
# What Set-NetFirewallRule is given besides what the rule says, so that nothing stays of what was there before.
_RESET: Mapping[str, Json] = {
    "LocalAddress": "Any",
    "RemoteAddress": "Any",
    "Program": "Any",
    "Service": "Any",
    "InterfaceAlias": "Any",
    "InterfaceType": "Any",
    "Profile": "Any",
}

_GPO_BOOLEAN: Mapping[int, str] = {0: "False", 1: "True"}
# By the registry's name: the parameter of Set-NetFirewallProfile, and how its values are said; a number is said as it is.
PROFILE_OPTIONS: Mapping[str, tuple[str, Mapping[int, str] | None]] = {
    "EnableFirewall": ("Enabled", _GPO_BOOLEAN),
    "DefaultInboundAction": ("DefaultInboundAction", {0: "Allow", 1: "Block"}),
    "LogDroppedPackets": ("LogBlocked", _GPO_BOOLEAN),
    "LogSuccessfulConnections": ("LogAllowed", _GPO_BOOLEAN),
    "LogFileSize": ("LogMaxSizeKilobytes", None),
}


@dataclass(frozen=True)
class OwnRule:
    """A rule of the collection's own: it allows, inbound, without edge traversal.

    C(rule_id) begins with declared.OWN_PREFIX. C(name) and C(description) are for people. C(protocol) is that of TCP, UDP, ICMPv4 or
    ICMPv6; C(ports) for the first two, C(icmp_types) for the others (empty: all). C(program): a path, which may have variables, or System;
    C(service): a short name. C(interfaces): aliases (empty: all).
    """

    rule_id: str
    name: str
    description: str
    protocol: int
    ports: PortSet = ANY_PORT
    icmp_types: tuple[IcmpType, ...] = ()
    remote: AddressSet = ANY_ADDRESS
    local: AddressSet = ANY_ADDRESS
    program: str | None = None
    service: str | None = None
    interfaces: tuple[str, ...] = ()
    profiles: frozenset[Profile] = ALL_PROFILES

    def parameters(self) -> dict[str, Json]:
        """As New-NetFirewallRule takes them, conditions that there are none of left out."""
        said: dict[str, Json] = {
            "Name": self.rule_id,
            "DisplayName": self.name,
            "Group": GROUP,
            "Direction": "Inbound",
            "Action": "Allow",
            "Enabled": "True",
            "Protocol": _PROTOCOLS[self.protocol],
            "EdgeTraversalPolicy": "Block",
        }
        if self.description:
            said["Description"] = self.description
        if self.profiles != ALL_PROFILES:
            said["Profile"] = [profile.capitalize() for profile in _PROFILES if profile in self.profiles]
        if self.protocol in (TCP, UDP) and not self.ports.is_any:
            said["LocalPort"] = [_PORT_WORDS.get(text, text) for text in self.ports.texts()]
        if self.icmp_types:
            said["IcmpType"] = [str(kind.type) if kind.code is None else f"{kind.type}:{kind.code}" for kind in self.icmp_types]
        for name, addresses in (("LocalAddress", self.local), ("RemoteAddress", self.remote)):
            if not addresses.is_any:
                said[name] = _addresses(addresses)
        said |= {name: text for name, text in (("Program", self.program), ("Service", self.service)) if text is not None}
        if self.interfaces:
            said["InterfaceAlias"] = [quoted(alias) for alias in self.interfaces]
        return said

    def create(self) -> Operation:
        """Make it; fails on the host when there is a rule of that id."""
        return cmdlet(MODULE, "New-NetFirewallRule", self.parameters(), mutates=True)

    def update(self) -> Operation:
        """Change the rule of that id, of the same protocol, in place, so that there is never a moment without one."""
        return update(self.parameters())

    def remove(self) -> Operation:
        """Remove it."""
        return remove(self.rule_id)

    def is_met_by(self, found: Rule, state: FirewallState) -> bool:
        """Whether a rule does the same, whatever it is called."""
        try:
            return same_meaning(found, self.as_rule(state), state.variables)
        except Unsayable:
            return False

    def as_rule(self, state: FirewallState) -> Rule:
        """The rule that comes of it on a host; an interface that is not there is an Unsayable."""
        return rule_of(self.parameters(), state.adapters)

    def mend(self, state: FirewallState) -> tuple[Operation, ...]:
        """The writes that bring the host from what it has under that id to this rule; none when it has it."""
        found = local_rule(state, self.rule_id)
        return () if isinstance(found, Rule) and self.is_met_by(found, state) else rule_writes(self.parameters(), state)


def local_rule(state: FirewallState, rule_id: str) -> Rule | Unparsed | None:
    """The rule of that id in the computer's own store; ids ignore case."""
    rules = state.stores["local"].rules
    # Nearly always it is spelled as it is there, and there may be thousands.
    found = next((rule for rule in rules if rule.rule_id == rule_id), None)
    if found is not None:
        return found
    wanted = rule_id.casefold()
    return next((rule for rule in rules if rule.rule_id.casefold() == wanted), None)


def rule_writes(parameters: Mapping[str, Json], state: FirewallState) -> tuple[Operation, ...]:
    """What makes the rule that New-NetFirewallRule would make of some parameters, whatever the host has under its id.

    In place where Set-NetFirewallRule is able to; else it is made anew, and for a moment there is none.
    """
    create = cmdlet(MODULE, "New-NetFirewallRule", parameters, mutates=True)
    found = local_rule(state, str(parameters["Name"]))
    if found is None:
        return (create,)
    try:
        before = parameters_of(found, state.adapters)
    except Unsayable:
        # Whatever these parameters do not say would stay.
        return (remove(found.rule_id), create)
    # A description can be changed there and not be taken away.
    alike = all(before.get(name) == parameters.get(name) for name in ("Group", "Protocol")) and (
        "Description" in parameters or "Description" not in before
    )
    return (update(parameters),) if alike else (remove(found.rule_id), create)


def update(parameters: Mapping[str, Json]) -> Operation:
    """Change a rule in place to what New-NetFirewallRule would make of the parameters; it stays in its group and has its protocol."""
    # Group is a condition there on which rules to change.
    said = {name: value for name, value in parameters.items() if name != "Group"}
    said["NewDisplayName"] = said.pop("DisplayName")
    protocol = said.get("Protocol")
    if protocol in ("TCP", "UDP"):
        said = {"LocalPort": "Any", "RemotePort": "Any", **said}
    elif protocol in ("ICMPv4", "ICMPv6"):
        said = {"IcmpType": "Any", **said}
    return cmdlet(MODULE, "Set-NetFirewallRule", {**_RESET, **said}, mutates=True)


def remove(rule_id: str) -> Operation:
    """Remove a rule; only for the collection's own."""
    return cmdlet(MODULE, "Remove-NetFirewallRule", {"Name": rule_id}, mutates=True)


def switch(rule_id: str, *, enabled: bool) -> Operation:
    """Enable or disable any rule of the computer's own store."""
    verb = "Enable" if enabled else "Disable"
    return cmdlet(MODULE, f"{verb}-NetFirewallRule", {"Name": rule_id}, mutates=True)


def set_profile(profile: Profile, option: str, value: int) -> Operation:
    """Set one option of PROFILE_OPTIONS in the computer's own store, by the registry's name and value (LogFileSize: kilobytes)."""
    parameter, words = PROFILE_OPTIONS[option]
    said = value if words is None else words[value]
    return cmdlet(MODULE, "Set-NetFirewallProfile", {"Name": profile.capitalize(), parameter: said}, mutates=True)


def _addresses(addresses: AddressSet) -> list[str]:
    if addresses.is_empty:
        raise Unsayable("a rule cannot name nobody")
    said = []
    for text in addresses.texts():
        # A network with an empty prefix is one of the things that Windows' own check of a rule does not let pass (MS-FASP 2.2.37).
        plain = {"0.0.0.0/0": "0.0.0.0-255.255.255.255", "::/0": "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}.get(text, text)
        if plain.endswith(")"):
            raise Unsayable(f"a keyword stands for both address families, not for {plain}")
        said.append(_ADDRESS_WORDS.get(plain, plain))
    return said
