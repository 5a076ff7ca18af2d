# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may connect to a simulated host, by its rules and settings and by those of Group Policy and MDM."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from firewall_support import CONTROLLER, LOCAL_RULES, connects, estate
from world_support import make

from windows_estate.world.behaviours.firewall.places import LOCAL, POLICY

RC: dict[str, Any] = {"name": "Remote control", "protocol": "tcp", "ports": [2701]}
CONSOLES: dict[str, Any] = {**RC, "from": ["10.20.5.0/24"]}
RDP = "Remote Desktop"
TWO_CARDS: list[dict[str, Any]] = [
    {
        "alias": "Ethernet",
        "addresses": ["10.20.8.11/24", "fd00:20:8::11/64"],
        "gateway": "10.20.8.1",
        "dns": "10.20.0.10",
        "wins": "10.20.0.12",
    },
    {
        "alias": "Guest",
        "type": "wireless",
        "profile": "public",
        "addresses": "192.168.7.3/24",
        "gateway": "192.168.7.1",
        "dhcp": "192.168.7.2",
    },
]


def of(*rules: dict[str, Any], **words: Any) -> dict[str, Any]:
    return {"rules": list(rules), **words}


def text(fields: str) -> dict[str, Any]:
    """A rule as its string."""
    return {"id": "T", "rule": f"v2.30|Action=Allow|Active=TRUE|Dir=In|{fields}Name=T|"}


NEAR = "10.20.8.77"
FAR = "10.20.5.7"
OUTSIDE = "203.0.113.9"
COPY = {"of": "RemoteDesktop-UserMode-In-TCP", "profiles": ["public"]}
ON, OFF = {"enabled": True}, {"enabled": False}
SHUT = {"exceptions": False}
GUEST = {"source": "192.168.7.9"}
OTHER = {"source": FAR, "port": 9}
PING = {"source": FAR, "protocol": "icmpv4", "icmp": "8:0"}
ASK: dict[str, Any] = {"source": FAR, "port": 2701}
# What the host has, who asks, whether the packet gets in, and what says so.
TABLE: list[tuple[str, dict[str, Any], dict[str, Any], bool, str]] = [
    # As installed.
    ("as installed: nobody by remote control", {}, ASK, False, "default"),
    ("as installed: WinRM from elsewhere in the domain", {}, {"source": CONTROLLER, "port": 5985}, True, "rule"),
    ("as installed: no remote desktop", {}, {"source": FAR, "port": 3389}, False, "default"),
    ("as installed: offers of Remote Assistance", {}, {"source": FAR, "port": 135}, True, "rule"),
    ("as installed: another service's process on 135", {}, {"source": FAR, "port": 135, "program": "C:\\x.exe"}, False, "default"),
    ("as installed: no SMB", {}, {"source": NEAR, "port": 445}, False, "default"),
    ("as installed: no echo", {}, {"source": NEAR, "protocol": "icmpv4", "icmp": "8:0"}, False, "default"),
    ("as installed: neighbours of IPv6", {}, {"source": "fe80::1", "protocol": "icmpv6", "icmp": "135:0"}, True, "rule"),
    # Addresses.
    ("everybody", of(RC), {"source": OUTSIDE, "port": 2701}, True, "rule"),
    ("everybody, IPv6", of(RC), {"source": "2001:db8::5", "port": 2701, "interface": "Ethernet"}, True, "rule"),
    ("a network, inside", of(CONSOLES), ASK, True, "rule"),
    ("a network, outside", of(CONSOLES), {"source": OUTSIDE, "port": 2701}, False, "default"),
    ("a network of the other family", of(CONSOLES), {"source": "fd00::5", "port": 2701, "interface": "Ethernet"}, False, "default"),
    ("a network with its mask", of(text("Protocol=6|LPort=2701|RA4=10.20.4.0/255.255.254.0|")), ASK, True, "rule"),
    ("a range, its end", of({**RC, "from": ["10.20.5.1-10.20.5.7"]}), ASK, True, "rule"),
    ("a range, past it", of({**RC, "from": ["10.20.5.1-10.20.5.6"]}), ASK, False, "default"),
    ("the local subnet", of({**RC, "from": ["LocalSubnet"]}), {"source": NEAR, "port": 2701}, True, "rule"),
    ("not the local subnet", of({**RC, "from": ["LocalSubnet"]}), ASK, False, "default"),
    ("its name server", of({**RC, "from": ["DNS"]}), {"source": "10.20.0.10", "port": 2701}, True, "rule"),
    ("its gateway", of({**RC, "from": ["DefaultGateway"]}), {"source": "10.20.8.1", "port": 2701}, True, "rule"),
    ("the Internet", of({**RC, "from": ["Internet"]}), {"source": "8.8.8.8", "port": 2701}, True, "rule"),
    ("not the Internet", of({**RC, "from": ["Internet"]}), ASK, False, "default"),
    ("its own other address", of({**RC, "to": ["10.20.8.99"]}), ASK, False, "default"),
    ("its own address", of({**RC, "to": ["10.20.8.11"]}), ASK, True, "rule"),
    # Traffic.
    ("the other protocol", of(RC), {"source": FAR, "protocol": "udp", "port": 2701}, False, "default"),
    ("a range of ports", of({**RC, "ports": ["2700-2702"]}), {"source": FAR, "port": 2702}, True, "rule"),
    ("any protocol", of(text("RA4=10.20.5.7|")), OTHER, True, "rule"),
    ("dynamic RPC, given out", of({**RC, "ports": ["RPC"]}), {"source": FAR, "port": 49670}, True, "rule"),
    ("dynamic RPC, not given out", of({**RC, "ports": ["RPC"]}), {"source": FAR, "port": 50001}, False, "default"),
    ("RPC's mapper", of({**RC, "ports": ["RPCEPMap"]}, off=["Remote Assistance"]), {"source": FAR, "port": 135}, True, "rule"),
    ("a remote port", of({**RC, "remote_ports": [700]}), {**ASK, "remote_port": 701}, False, "default"),
    ("echo by type", of({"name": "Ping", "protocol": "icmpv4", "icmp_types": ["8"]}), PING, True, "rule"),
    ("another type", of({"name": "Ping", "protocol": "icmpv4", "icmp_types": ["8:1"]}), PING, False, "default"),
    # Who listens.
    (
        "the program's, wherever Windows is",
        of({**RC, "program": "%windir%\\CCM\\RemCtrl\\CmRcService.exe"}),
        {"source": FAR, "port": 2701, "program": "c:\\windows\\ccm\\remctrl\\cmrcservice.exe"},
        True,
        "rule",
    ),
    ("another program", of({**RC, "program": "C:\\a.exe"}), {**ASK, "program": "C:\\b.exe"}, False, "default"),
    ("another service", of({**RC, "service": "CmRcService"}), {**ASK, "program": "C:\\b.exe"}, False, "default"),
    ("a packaged program's rule", of(text("Protocol=6|LPort=2701|AppPkgId=S-1-15-2-1|")), ASK, False, "default"),
    # Conditions of the rule itself.
    ("a rule that is off", of({**RC, "enabled": False}), ASK, False, "default"),
    ("an outbound rule", of({**RC, "direction": "out"}), ASK, False, "default"),
    ("another profile", of({**RC, "profiles": ["private", "public"]}), ASK, False, "default"),
    ("the profile", of({**RC, "profiles": ["domain"]}), ASK, True, "rule"),
    ("an older Windows only", of(text("Protocol=6|LPort=2701|Platform=2:6:1|")), ASK, False, "default"),
    ("this Windows and later", of(text("Protocol=6|LPort=2701|Platform=2:6:2|Platform2=GTEQ|")), ASK, True, "rule"),
    ("a wired card", of(text("Protocol=6|LPort=2701|IFType=Wireless|")), ASK, False, "default"),
    ("a platform that is none", of(text("Protocol=6|LPort=2701|Platform=XP|")), ASK, False, "default"),
    ("a string that is no rule", of(text("Protocol=TCP|LPort=2701|")), ASK, False, "default"),
    ("IPsec demanded, none", of(text("Protocol=6|LPort=2701|Security=Authenticate|")), ASK, False, "default"),
    ("IPsec demanded, there", of(text("Protocol=6|LPort=2701|Security=Authenticate|")), {**ASK, "authenticated": True}, True, "rule"),
    # Rules against each other, and against the profile's settings.
    ("block before allow", of(RC, {**CONSOLES, "name": "No", "action": "block"}), ASK, False, "rule"),
    ("block of others", of(RC, {**CONSOLES, "name": "No", "action": "block"}), {"source": NEAR, "port": 2701}, True, "rule"),
    ("inbound allowed", of(profiles={"domain": {"inbound": "allow"}}), {"source": OUTSIDE, "port": 9}, True, "default"),
    ("off on another profile", of(profiles={"public": {"enabled": False}}), ASK, False, "default"),
    ("off", of(profiles={"domain": OFF}), {"source": OUTSIDE, "port": 2701}, True, "firewall_off"),
    ("no exceptions", of(RC, profiles={"domain": {"exceptions": False}}), ASK, False, "shielded"),
    ("off, and no exceptions", of(profiles={"domain": {"exceptions": False, "enabled": False}}), OTHER, True, "firewall_off"),
    ("off on this card", of(profiles={"domain": {"disabled_interfaces": "Ethernet"}}), OTHER, True, "disabled_interface"),
    ("the service does not run", of(service="stopped"), {"source": OUTSIDE, "port": 9}, True, "service_stopped"),
    ("another firewall", of(other_products=["Fence"]), {"source": OUTSIDE, "port": 9}, True, "other_firewall"),
    ("merging forbidden locally: inert", of(RC, profiles={"domain": {"local_rules": False}}), ASK, True, "rule"),
    ("a rule of MDM", of(mdm=of(RC)), ASK, True, "rule"),
    ("MDM blocks", of(RC, mdm=of({**RC, "action": "block"})), ASK, False, "rule"),
    ("the group, switched on", of(on=[RDP]), {"source": OUTSIDE, "port": 3389}, True, "rule"),
    ("a copy for other profiles", of(copies=[COPY]), {"source": FAR, "port": 3389}, False, "default"),
]  # fmt: skip


@pytest.mark.parametrize(("firewall", "packet", "allowed", "reason"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_who_may_connect(firewall: dict[str, Any], packet: dict[str, Any], allowed: bool, reason: str) -> None:
    found = connects(estate(firewall), **packet)
    assert (found.allowed, found.reason) == (allowed, reason)


GOOD = of(RC)
POLICY_TABLE: list[tuple[str, dict[str, Any], dict[str, Any], bool, str]] = [
    ("its rule", {}, of(RC), True, "rule"),
    ("its rule beside a local block", of({**RC, "action": "block"}), of(RC), False, "rule"),
    ("no local rules", GOOD, of(profiles={"domain": {"local_rules": False}}), False, "default"),
    ("no local rules on another profile", GOOD, of(profiles={"public": {"local_rules": False}}), True, "rule"),
    ("no local rules, but its own", GOOD, of(RC, profiles={"domain": {"local_rules": False}}), True, "rule"),
    ("not even a local block", of({**RC, "action": "block"}), of(RC, profiles={"domain": {"local_rules": False}}), True, "rule"),
    ("on, whatever is said here", of(profiles={"domain": OFF}), of(profiles={"domain": ON}), False, "default"),
    ("off, whatever is said here", of(profiles={"domain": ON}), of(profiles={"domain": OFF}), True, "firewall_off"),
    ("inbound blocked", of(profiles={"domain": {"inbound": "allow"}}), of(profiles={"domain": {"inbound": "block"}}), False, "default"),
    ("no exceptions", GOOD, of(profiles={"domain": SHUT}), False, "shielded"),
    ("no exceptions here, some there", of(profiles={"domain": SHUT}), of(RC, profiles={"domain": {"exceptions": True}}), False, "shielded"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("firewall", "policy", "allowed", "reason"), [row[1:] for row in POLICY_TABLE], ids=[row[0] for row in POLICY_TABLE]
)
def test_who_may_connect_with_group_policy(firewall: dict[str, Any], policy: dict[str, Any], allowed: bool, reason: str) -> None:
    found = connects(estate(firewall, policy), source=FAR, port=2701)
    assert (found.allowed, found.reason) == (allowed, reason)


CARDS_TABLE: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("both profiles, the domain's card", of(RC), {"source": FAR}, True),
    ("both profiles, the guests' card", of(RC), GUEST, True),
    ("the domain's profile, its card", of({**RC, "profiles": ["domain"]}), {"source": FAR}, True),
    ("the domain's profile, the guests' card", of({**RC, "profiles": ["domain"]}), GUEST, False),
    ("bound to a card, it", of({**RC, "interfaces": ["Guest"]}), GUEST, True),
    ("bound to a card, the other", of({**RC, "interfaces": ["Guest"]}), {"source": FAR}, False),
    ("wireless only, it", of(text("Protocol=6|LPort=2701|IFType=Wireless|")), GUEST, True),
    ("wireless only, the other", of(text("Protocol=6|LPort=2701|IFType=Wireless|")), {"source": FAR}, False),
    ("the other card's subnet is local as well", of({**RC, "from": ["LocalSubnet"]}), {**GUEST, "interface": "Ethernet"}, True),
    ("the other card's DHCP server", of({**RC, "from": ["DHCP"]}), {"source": "192.168.7.2"}, True),
    ("the WINS server", of({**RC, "from": ["WINS"]}), {"source": "10.20.0.12"}, True),
    ("IPv6 of its own subnet", of({**RC, "from": ["LocalSubnet"]}), {"source": "fd00:20:8::5"}, True),
    ("IPv6, keyword for IPv4 only", of({**RC, "from": ["LocalSubnet4"]}), {"source": "fd00:20:8::5"}, False),
    ("off for guests", of(RC, profiles={"public": {"exceptions": False}}), GUEST, False),
    ("off for guests, the domain's card", of(RC, profiles={"public": {"exceptions": False}}), {"source": FAR}, True),
]  # fmt: skip


@pytest.mark.parametrize(("firewall", "packet", "allowed"), [row[1:] for row in CARDS_TABLE], ids=[row[0] for row in CARDS_TABLE])
def test_who_may_connect_to_a_host_with_two_cards(firewall: dict[str, Any], packet: dict[str, Any], allowed: bool) -> None:
    assert connects(estate(firewall, network=TWO_CARDS), port=2701, **packet).allowed is allowed


def test_the_rule_that_decided_is_named() -> None:
    fleet = estate(of({**RC, "id": "RC-1"}))
    assert connects(fleet, source=FAR, port=2701).rule == ("local", "RC-1")


@pytest.mark.parametrize(
    ("scope", "state", "allowed"), [("*", "Enabled", True), ("LocalSubNet", "Enabled", False), ("*", "Disabled", False)]
)
def test_lists_of_windows_xp_still_open_ports_and_programs(scope: str, state: str, allowed: bool) -> None:
    for kind, name, question in (
        ("GloballyOpenPorts", "2701:TCP", {"port": 2701}),
        ("AuthorizedApplications", "C:\\old.exe", {"port": 9999, "program": "C:\\old.exe"}),
    ):
        fleet = estate()
        key = f"{LOCAL}\\DomainProfile\\{kind}\\List"
        fleet.machines["CL01"].registry.set(key, name, "sz", f"{name}:{scope}:{state}:Old")
        assert connects(fleet, source=FAR, **question).allowed is allowed
        fleet.machines["CL01"].registry.set(f"{POLICY}\\DomainProfile\\{kind}", "AllowUserPrefMerge", "dword", 0)
        assert not connects(fleet, source=FAR, **question).allowed


def test_the_old_profile_of_group_policy_counts_until_a_new_one_is_there() -> None:
    fleet = estate(network=[{"profile": "private"}])
    registry = fleet.machines["CL01"].registry
    registry.set(f"{POLICY}\\StandardProfile", "EnableFirewall", "dword", 0)
    assert connects(fleet, source=FAR, port=9).reason == "firewall_off"
    registry.set(f"{POLICY}\\PublicProfile", "LogFileSize", "dword", 4096)
    assert connects(fleet, source=FAR, port=9).reason == "default"


def test_a_network_that_is_found_to_be_another_changes_who_may_connect() -> None:
    fleet = estate(of({**RC, "profiles": ["domain"]}))
    built = fleet.built["CL01"].firewall
    assert connects(fleet, source=FAR, port=2701).allowed
    built.network = replace(built.network, interfaces=(replace(built.network.interfaces[0], profile="public"),))
    assert not connects(fleet, source=FAR, port=2701).allowed
    assert not built.admits_controller()


@pytest.mark.parametrize(
    "role", ["client", "member_server", "domain_controller", "site_server", "distribution_point", "state_migration_point"]
)
def test_every_kind_of_host_can_be_managed_from_the_start(role: str) -> None:
    for port in (5985, 5986):
        fleet = make({"H1": {"role": role, "controller": {"port": port}}})
        assert fleet.built["H1"].firewall.admits_controller()


def test_group_policy_puts_its_values_back() -> None:
    fleet = estate(of(RC), of(profiles={"domain": {"local_rules": False}}))
    machine = fleet.machines["CL01"]
    machine.registry.delete(f"{POLICY}\\DomainProfile", "AllowLocalPolicyMerge")
    assert connects(fleet, source=FAR, port=2701).allowed
    fleet.built["CL01"].group_policy.process(machine, force=True)
    assert not connects(fleet, source=FAR, port=2701).allowed


def test_what_a_policy_no_longer_says_is_gone_after_a_refresh() -> None:
    fleet = estate(of(), of(RC))
    assert connects(fleet, source=FAR, port=2701).allowed
    fleet.edit_gpo("Firewall", [])
    fleet.advance(91)
    assert not connects(fleet, source=FAR, port=2701).allowed
    assert fleet.machines["CL01"].registry.values(f"{POLICY}\\FirewallRules") == {}


def test_configmgr_opens_its_port_on_the_profiles_that_it_is_told() -> None:
    site = {"client_settings": [{"name": "Help desk", "remote_tools": {"remote_control": ["domain"]}}]}
    fleet = make({"CL01": {"role": "client"}}, configmgr=site)
    assert connects(fleet, source=FAR, port=2701).allowed
    machine = fleet.machines["CL01"]
    opened = connects(fleet, source=FAR, port=2701).rule
    assert opened is not None
    machine.registry.delete(LOCAL_RULES, opened[1])
    assert not connects(fleet, source=FAR, port=2701).allowed
    fleet.advance(61)
    assert connects(fleet, source=FAR, port=2701).allowed


def test_without_remote_control_configmgr_opens_nothing() -> None:
    fleet = make({"CL01": {"role": "client"}}, configmgr={"client_settings": [{"remote_tools": {"remote_control": True}}]})
    assert not connects(fleet, source=FAR, port=2701).allowed
