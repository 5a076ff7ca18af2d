# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verdicts of the table against the packet-by-packet oracle, which knows Windows' firewall and nothing of exceptions.

What is judged here is the table: where the two disagree, a row says something that Windows would not do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import described_firewall as d
import firewall_table as t
import pytest

from tests.unit.windows.firewall_oracle.boundaries import EVERYWHERE, WORLD, around, remote_addresses
from tests.unit.windows.firewall_oracle.oracle import bounds, decide
from tests.unit.windows.firewall_oracle.situations import DEFAULT_STATE, packet_of, text_contains

SITUATIONS = [one for one in t.load(t.HERE / "firewall_situations.yml") if not one.refused]
PROFILES = ("domain", "private", "public")
SVCHOST = "C:\\Windows\\system32\\svchost.exe"
SERVICES: Mapping[str, list[dict[str, Any]]] = {
    "remote_control": [{"protocol": 6, "port": 2701, "program": "C:\\Windows\\CCM\\RemCtrl\\CmRcService.exe", "service": "CmRcService"}],
    "remote_desktop": [{"protocol": number, "port": 3389, "program": SVCHOST, "service": "TermService"} for number in (6, 17)],
    "smb": [{"protocol": 6, "port": 445, "program": "System"}],
    "winrm": [{"protocol": 6, "port": 5985, "program": "System"}],
    "winrm_https": [{"protocol": 6, "port": 5986, "program": "System"}],
    "ssh": [{"protocol": 6, "port": 22, "program": "C:\\Windows\\system32\\OpenSSH\\sshd.exe", "service": "sshd"}],
}
STANDING = {
    "004-19 remote_desktop": "remote_desktop", "004-21 remote_desktop": "remote_desktop", "004-22 ssh": "ssh",
    "004-27 remote_control": "remote_control", "004-27 remote_desktop": "remote_desktop", "004-27 smb": "smb", "004-27 winrm": "winrm",
    "004-27 winrm_https": "winrm_https",
}  # fmt: skip
INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128")
# What the firewall does is not the whole of these verdicts.
NOT_BY_PACKETS = ("chosen 2", "chosen 3", "chosen 4", "chosen 16", "doubt", "must not be read", "read", "malformed")


def by_packets(situation: t.Situation) -> bool:
    return not any(word in f"{situation.name} {situation.source}" for word in NOT_BY_PACKETS)


def oracle_state(situation: t.Situation) -> dict[str, Any]:
    """The host in the oracle's form, with an interface for each profile that no interface is on."""
    described = situation.firewall
    interfaces = [
        {
            "guid": one["guid"],
            "alias": one["alias"],
            "type": one.get("type", "Lan"),
            "profile": one["profile"],
            "addresses": one["addresses"],
            "gateways": one["gateways"],
            "dns": one["dns"],
        }
        for one in d.interfaces_of(described)
        if one.get("up", True)
    ]
    addresses = [address for one in interfaces for address in one["addresses"]]
    for number, profile in enumerate(PROFILES):
        if profile not in {one["profile"] for one in interfaces}:
            guid = f"{{0000000{number}-2222-2222-2222-222222222222}}"
            imagined = {"guid": guid, "alias": f"({profile})", "type": "Lan", "profile": profile, "addresses": addresses, "imagined": True}
            interfaces.append({**imagined, "gateways": [], "dns": []})
    registry = situation.state["registry"]

    def rules(key: str) -> dict[str, str]:
        return {rule_id: value["data"] for rule_id, value in registry.get(key, {"values": {}})["values"].items()}

    legacy = {
        store: {
            profile: {"globally_open_ports": lists.get("ports", []), "authorized_applications": lists.get("programs", [])}
            for profile, lists in profiles.items()
        }
        for store, profiles in described.get("legacy", {}).items()
    }
    local = {name: {k: v for k, v in options.items() if v is not None} for name, options in described.get("profiles", {}).items()}
    return {
        **DEFAULT_STATE,
        "local": {"rules": rules(d.LOCAL_KEY + "\\FirewallRules"), "profiles": local},
        "group_policy": {"rules": rules(d.POLICY_KEY + "\\FirewallRules"), "profiles": described.get("policy_profiles", {})},
        "mdm": {"rules": rules(d.LOCAL_KEY + "\\Mdm\\FirewallRules")},
        "service": described.get("service", "Running").lower(),
        "other_firewall": isinstance(described.get("other_firewalls"), list) and bool(described["other_firewalls"]),
        "interfaces": interfaces,
        "legacy_lists": legacy,
    }


def queries_of(exception: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an exception speaks of, as queries; one of several ports gives its first and last ones."""
    if "service" in exception:
        return SERVICES.get(exception["service"], [])
    owner = {
        key: exception[given].replace("%SystemRoot%", "C:\\Windows")
        for key, given in (("program", "program"), ("service", "windows_service"))
        if given in exception
    }
    kind = exception["protocol"]
    if kind.startswith("icmp"):
        number, types = (1, ["8:0", "3:4"]) if kind == "icmpv4" else (58, ["128:0"])
        types = [text if ":" in text else f"{text}:0" for text in exception.get("icmp_types", types)]
        return [{"protocol": number, "icmp": text, "program": "System"} for text in types]
    found: list[dict[str, Any]] = []
    for port in map(str, exception["ports"]):
        keyword = {"rpc": "RPC", "rpc-epmap": "RPC-EPMap"}.get(port)
        ends = [{"keyword": keyword}] if keyword else [{"port": int(end)} for end in dict.fromkeys(port.split("-"))]
        found += [{"protocol": 6 if kind == "tcp" else 17, **end, **owner} for end in ends]
    return found


def remotes_in(state: dict[str, Any], texts: Iterable[str]) -> list[str]:
    texts = list(texts)
    literal = [text for text in texts if text[0] in "0123456789f:"]
    return [address for address in remote_addresses(state, literal) if any(text_contains(state, text, address) for text in texts)]


def packets(
    state: dict[str, Any], query: dict[str, Any], interface: Mapping[str, Any], remotes: Iterable[str], local: list[str] | None
) -> Iterator[Any]:
    own = [str(ip_interface(text).ip) for text in interface["addresses"]]
    for remote in remotes:
        same = [
            address for address in own if ip_address(address).version == ip_address(remote).version and (local is None or address in local)
        ]
        unknown: list[str | None] = [None] if local is None else []
        for address in same or unknown:
            yield replace(packet_of(query, interface["alias"]), remote=remote, local=address)


def summed(verdicts: Collection[str]) -> set[str]:
    """What a status may be, by what happens to everybody who should get in."""
    if "blocked" in verdicts:
        return {"drift", "conflict"}
    return {"indeterminate"} if "unknown" in verdicts else {"compliant"}


def judged_interfaces(state: dict[str, Any], exception: Mapping[str, Any]) -> list[Any] | None:
    """Where an exception is judged; None: on no interface of the host."""
    profiles = exception.get("profiles", PROFILES if exception.get("state") == "absent" else ("domain",))
    only = exception.get("interfaces")
    found = [
        one for one in state["interfaces"] if one["profile"] in profiles and (only is None or one["alias"] in only or "imagined" in one)
    ]
    return found if any("imagined" not in one for one in found) else None


def of_exception(state: dict[str, Any], exception: Mapping[str, Any]) -> set[str]:
    interfaces = judged_interfaces(state, exception)
    absent = exception.get("state") == "absent"
    if interfaces is None and not absent:
        return {"drift", "conflict"}
    interfaces = interfaces or [one for one in state["interfaces"] if one["profile"] in exception["profiles"]]
    remotes = remotes_in(state, exception.get("from", ["any"]))
    verdicts = {
        decide(state, packet).verdict
        for query in queries_of(exception)
        for interface in interfaces
        for packet in packets(state, query, interface, remotes, exception.get("local_addresses"))
    }
    if not absent:
        return summed(verdicts)
    return summed({TURNED[verdict] for verdict in verdicts})


def wider(state: dict[str, Any], options: Mapping[str, Any], exception: Mapping[str, Any]) -> set[str]:
    """Whether anybody gets in whom no present exception of the same endpoint lets in, anywhere."""
    verdicts: set[str] = set()
    for query in queries_of(exception):
        same = [
            other
            for other in options["exceptions"]
            if other.get("state") != "absent" and any(_same(query, one) for one in queries_of(other))
        ]
        for interface in state["interfaces"]:
            for packet in packets(state, query, interface, remote_addresses(state, [*_literal(same)]), None):
                declared = any(_declares(state, other, interface, packet) for other in same)
                verdicts.add("allowed" if declared else TURNED[decide(state, packet).verdict])
    return summed(verdicts)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {key: str(value).casefold() for key, value in one.items()} == {key: str(value).casefold() for key, value in other.items()}


def _literal(exceptions: Iterable[Mapping[str, Any]]) -> list[str]:
    return [text for one in exceptions for text in one["from"] if text[0] in "0123456789f:"]


def _declares(state: dict[str, Any], exception: Mapping[str, Any], interface: Mapping[str, Any], packet: Any) -> bool:
    return (
        interface["profile"] in exception.get("profiles", ["domain"])
        and interface["alias"] in exception.get("interfaces", [interface["alias"]])
        and packet.local in exception.get("local_addresses", [packet.local])
        and any(text_contains(state, text, packet.remote) for text in exception["from"])
    )


def together(*sets: set[str]) -> set[str]:
    if any("drift" in one for one in sets):
        return {"drift", "conflict"}
    return {"indeterminate"} if any("indeterminate" in one for one in sets) else {"compliant"}


@pytest.mark.parametrize("situation", [one for one in SITUATIONS if by_packets(one)], ids=lambda one: one.name)
def test_exceptions(situation: t.Situation) -> None:
    state = oracle_state(situation)
    for exception in situation.options["exceptions"]:
        label = exception.get("name", exception.get("service"))
        wanted = [one for one in situation.alone.expected if one.what == f"exception {label}"]
        twice = sum(other.get("service") == label for other in situation.options["exceptions"]) > 1
        if not wanted or not queries_of(exception) or twice or any(text in ("Intranet", "Internet") for text in exception.get("from", [])):
            continue
        statuses = of_exception(state, exception)
        if situation.options.get("exclusive") and exception.get("state") != "absent":
            statuses = together(statuses, wider(state, situation.options, exception))
        assert statuses & set(wanted[0].statuses), f"{wanted[0].statuses}, but {statuses} by packets"


def _is_outside(address: str) -> bool:
    number = ip_address(address)
    return not any(low.version == number.version and int(low) <= int(number) <= int(high) for low, high in map(bounds, INSIDE))


_EDGES = {one for text in (*INSIDE, "100.64.0.0/10", "203.0.113.0/24", "2000::/3") for one in around(text)}
OUTSIDE = {address for address in (*_EDGES, *EVERYWHERE, *WORLD) if _is_outside(address)}
TURNED = {"allowed": "blocked", "blocked": "allowed", "unknown": "unknown"}


@pytest.mark.parametrize("situation", [one for one in SITUATIONS if by_packets(one)], ids=lambda one: one.name)
def test_standing_checks(situation: t.Situation) -> None:
    state = oracle_state(situation)
    for wanted in situation.alone.expected:
        service = STANDING.get(wanted.what)
        if service is None:
            continue
        mine = [one for one in situation.options["exceptions"] if one.get("service") == service and one.get("state") != "absent"]
        if mine and wanted.what.startswith("004-27"):
            statuses = wider(state, situation.options, mine[0])
        else:
            remotes = sorted(OUTSIDE | {one for one in remote_addresses(state) if _is_outside(one)})
            verdicts = {
                decide(state, packet).verdict
                for query in SERVICES[service]
                for interface in state["interfaces"]
                for packet in packets(state, query, interface, remotes, None)
            }
            statuses = summed({TURNED[verdict] for verdict in verdicts})
        assert statuses & set(wanted.statuses), f"{wanted.what}: {wanted.statuses}, but {statuses} by packets"
