# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Windows Firewall does with one packet that comes in: whether it gets through, and which rule or setting says so.

One packet, one answer: there is no "perhaps" on a real host. Bypass before block before allow before the default action, rules of all
stores together, local ones only where Group Policy merges them: MS-FASP 2.2.34, 2.2.38, 3.1.3 [H]. Decisions, because no source says:
a stopped service lets everything in, and so does Windows Firewall where another product is registered; packaged programs and rules of a
user never concern services; fields that the grammar does not have are passed over.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from windows_estate.machine import Machine
from windows_estate.world.behaviours.firewall import places, settings
from windows_estate.world.behaviours.firewall.addresses import NEW_KEYWORDS, OLD_KEYWORDS, in_keyword, span
from windows_estate.world.knowledge.services import KNOWN_LISTENERS
from windows_estate.world.network import Address, Interface, Network
from windows_estate.world.rule_text import RuleText

TCP: Final = 6
UDP: Final = 17
ICMP: Final = {1: "ICMP4", 58: "ICMP6"}
_DYNAMIC: Final = range(49152, 65536)
_KEYWORD_PORTS: Final = {"RPC-EPMap": {135}, "IPTLSIn": {443}, "IPHTTPSIn": {443}, "DHCP": {68, 546}, "mDNS": {5353}, "TcpCDPSvc": {5040}}
# What only a program of the kind that the field names can fulfil: a service of Windows never does.
_FOREIGN: Final = (
    *("AppPkgId", "PFN", "LUOwn", "LUAuth", "LUAuth2_24", "TTK", "TTK2_22", "TTK2_27", "TTK2_28", "NNm", "SecurityRealmId"),
    *("RMauth", "RUAuth"),
)
_TYPES: Final = {"wired": "Lan", "wireless": "Wireless", "remote_access": "RemoteAccess"}


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection, or one of a protocol without any.

    `port` and `remote_port` for TCP and UDP, `icmp` (type, code) for ICMP; `program` and `service`: who waits for it, where nothing is
    given whoever waits on the port; `interface`: an alias, by default the one on which packets from there come in; `to`: the computer's
    own address; `rpc`: RPC gave out the port; `authenticated`: IPsec vouches for the peer.
    """

    source: Address
    protocol: int = TCP
    port: int | None = None
    remote_port: int | None = None
    icmp: tuple[int, int] | None = None
    program: str | None = None
    service: str | None = None
    interface: str | None = None
    to: Address | None = None
    rpc: bool = False
    authenticated: bool = False


@dataclass(frozen=True)
class Decision:
    """`reason`: no_interface, service_stopped, other_firewall, firewall_off, disabled_interface, shielded, rule, legacy_list, default.
    `rule`: store and id of the rule that decided."""

    allowed: bool
    reason: str
    rule: tuple[str, str] | None = None

    def __bool__(self) -> bool:
        return self.allowed


class Filter:
    """Decides for one host. `products`: other firewalls that are registered."""

    def __init__(self, machine: Machine, network: Network, products: tuple[str, ...] = ()) -> None:
        self._machine = machine
        self._network = network
        self._products = products

    def decide(self, packet: Packet) -> Decision:
        interface = self._interface(packet)
        if interface is None or not interface.up:
            return Decision(False, "no_interface")
        if not is_running(self._machine):
            return Decision(True, "service_stopped")
        if self._products:
            return Decision(True, "other_firewall")
        machine, profile = self._machine, interface.profile
        if settings.effective(machine, profile, "EnableFirewall") == 0:
            return Decision(True, "firewall_off")
        if interface.guid.lower() in settings.disabled_interfaces(machine, profile):
            return Decision(True, "disabled_interface")
        if settings.effective(machine, profile, "DoNotAllowExceptions") == 1:
            return Decision(False, "shielded")
        return self._by_rules(self._completed(packet, interface), interface)

    def _interface(self, packet: Packet) -> Interface | None:
        if packet.interface is not None:
            return self._network.interface(packet.interface)
        return self._network.toward(packet.source)

    def _completed(self, packet: Packet, interface: Interface) -> _Seen:
        listener = None if packet.port is None else self._network.listener(packet.protocol, packet.port)
        if listener is None and packet.protocol == TCP and packet.port is not None:
            # Nobody listens now; who would is known of some ports.
            listener = KNOWN_LISTENERS.get(packet.port)
        program, service, rpc = packet.program, packet.service, packet.rpc
        if program is None and service is None:
            program = "System" if listener is None else listener.program
            service = None if listener is None else listener.service
        rpc = rpc or (listener is not None and listener.rpc)
        to = packet.to
        if to is None:
            same = [own.ip for own in interface.all_addresses if own.version == packet.source.version]
            to = same[0] if same else None
        expanded = None if program is None else self._machine.expand(program).lower()
        return _Seen(packet, interface, to, expanded, None if service is None else service.lower(), rpc)

    def _by_rules(self, seen: _Seen, interface: Interface) -> Decision:
        matching = [(store, name, rule) for store, name, rule in self._rules(interface.profile) if self._matches(rule, seen)]
        for action in ("ByPass", "Block", "Allow"):
            for store, name, rule in matching:
                secured = bool(rule.all("Security", "Security2_9", "Security2"))
                if rule.one("Action") != action or (
                    (action == "ByPass" or secured) and action != "Block" and not seen.packet.authenticated
                ):
                    continue
                return Decision(action != "Block", "rule", (store, name))
            if action == "Block" and self._in_legacy_list(seen, interface.profile):
                return Decision(True, "legacy_list")
        return Decision(settings.effective(self._machine, interface.profile, "DefaultInboundAction") == 0, "default")

    def _rules(self, profile: str) -> Iterator[tuple[str, str, RuleText]]:
        stores = ["group_policy", "mdm"]
        if settings.effective(self._machine, profile, "AllowLocalPolicyMerge") != 0:
            stores.append("local")
        for store in stores:
            for name, rule in places.rules(self._machine, store):
                yield store, name, rule

    def _matches(self, rule: RuleText, seen: _Seen) -> bool:
        return (
            rule.one("Active") == "TRUE"
            and rule.one("Dir") == "In"
            and _profile_fits(rule, seen.interface.profile)
            and _traffic_fits(rule, seen)
            and _listener_fits(rule, seen, self._machine)
            and self._interface_fits(rule, seen.interface)
            and self._addresses_fit(rule, seen)
            and self._platform_fits(rule)
        )

    def _interface_fits(self, rule: RuleText, interface: Interface) -> bool:
        guids, kind = rule.all("IF"), rule.one("IFType")
        if guids and interface.guid.lower() not in {guid.lower() for guid in guids}:
            return False
        return not kind or kind == _TYPES[interface.kind]

    def _addresses_fit(self, rule: RuleText, seen: _Seen) -> bool:
        source, to = seen.packet.source, seen.to
        local = rule.all("LA4", "LA6")
        if local and not (to is not None and any(_names(text, to) for text in local)):
            return False
        if not rule.all("RA4", "RA6", "RA42", "RA62"):
            return True
        for text in rule.all(f"RA{source.version}", f"RA{source.version}2"):
            is_keyword = text in OLD_KEYWORDS or text in NEW_KEYWORDS
            if in_keyword(text, source, self._network) if is_keyword else _names(text, source):
                return True
        return False

    def _platform_fits(self, rule: RuleText) -> bool:
        """MS-FASP 2.2.30: of the platforms one has to be this one; with GTEQ the last one may be older."""
        listed = rule.all("Platform")
        if not listed:
            return True
        mine = tuple(int(part) for part in self._machine.build.split(".")[:2])
        wanted = [tuple(int(part) for part in text.split(":")[1:]) for text in listed]
        return mine in wanted or (rule.one("Platform2") == "GTEQ" and mine >= wanted[-1])

    def _in_legacy_list(self, seen: _Seen, profile: str) -> bool:
        """The lists of Windows XP's firewall: a port, or a program, with the addresses it is open to."""
        packet = seen.packet
        if packet.protocol not in (TCP, UDP):
            return False
        for store in ("group_policy", "local"):
            key = places.profile_key(self._machine, store, profile)
            for kind in ("GloballyOpenPorts", "AuthorizedApplications"):
                if store == "local" and settings.effective(self._machine, profile, f"{kind}\\AllowUserPrefMerge") == 0:
                    continue
                for value in self._machine.registry.values(f"{key}\\{kind}\\List").values():
                    if self._listed(kind, str(value.get("data") or ""), seen):
                        return True
        return False

    def _listed(self, kind: str, text: str, seen: _Seen) -> bool:
        if kind == "GloballyOpenPorts":
            parts = text.split(":")
            protocol = "TCP" if seen.packet.protocol == TCP else "UDP"
            if len(parts) < 4 or (parts[0], parts[1].upper()) != (str(seen.packet.port), protocol):
                return False
            scope, state = parts[2], parts[3]
        else:
            # A path begins with a drive, whose colon is none of the separators.
            head, _, rest = text.partition(":*:") if ":*:" in text else text.partition(":LocalSubNet:")
            if self._machine.expand(head).lower() != (seen.program or ""):
                return False
            scope, state = ("*" if ":*:" in text else "LocalSubNet"), rest.partition(":")[0]
        inside = scope == "*" or in_keyword("LocalSubnet", seen.packet.source, self._network)
        return inside and state.lower() == "enabled"


@dataclass(frozen=True)
class _Seen:
    """A packet with what is known of its way: the program's path expanded, names in lower case."""

    packet: Packet
    interface: Interface
    to: Address | None
    program: str | None
    service: str | None
    rpc: bool


def is_running(machine: Machine) -> bool:
    """Whether Windows Firewall's service runs; a machine without any services is taken to have it."""
    found = machine.wmi.find("root\\cimv2", "Win32_Service", Name="MpsSvc")
    return not found or found[0].get("State") == "Running"


def address(text: str) -> Address:
    """Raises ValueError."""
    return ipaddress.ip_address(text)


def _profile_fits(rule: RuleText, profile: str) -> bool:
    listed = rule.all("Profile")
    return not listed or profile.capitalize() in listed


def _traffic_fits(rule: RuleText, seen: _Seen) -> bool:
    packet, protocol = seen.packet, rule.one("Protocol")
    if protocol and int(protocol) != packet.protocol:
        return False
    if packet.protocol in ICMP:
        listed = rule.all(ICMP[packet.protocol])
        kind, code = packet.icmp or (8 if packet.protocol == 1 else 128, 0)
        return not listed or f"{kind}:*" in listed or f"{kind}:{code}" in listed
    local = [(name, value) for name, value in rule.fields if name.startswith("LPort")]
    remote = rule.all("RPort", "RPort2_10")
    if local and not any(_port_fits(value, packet.port, seen.rpc) for _, value in local):
        return False
    return not remote or any(_port_fits(value, packet.remote_port, False) for value in remote)


def _port_fits(text: str, port: int | None, rpc: bool) -> bool:
    if port is None:
        return False
    if text == "RPC":
        return rpc and port in _DYNAMIC
    if text in _KEYWORD_PORTS:
        return port in _KEYWORD_PORTS[text]
    if not text[0].isdigit():
        return False
    first, _, last = text.partition("-")
    return int(first) <= port <= int(last or first)


def _listener_fits(rule: RuleText, seen: _Seen, machine: Machine) -> bool:
    if rule.all(*_FOREIGN):
        return False
    program, service = rule.one("App"), rule.one("Svc")
    if program and machine.expand(program).lower() != seen.program:
        return False
    if service == "*":
        return seen.service is not None
    return not service or service.lower() == seen.service


def _names(text: str, found: Address) -> bool:
    listed: Any = span(text)
    return listed is not None and found in listed
