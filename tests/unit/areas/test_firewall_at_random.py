# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts and exceptions at random: the library's verdicts against packets, and what apply makes of them.

The oracle decides packet by packet; it knows nothing of exceptions, and the library nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import described_firewall as d
from described_host import host_state
from firewall_check import Host, Run, told, worst
from firewall_table import Situation, Task, planned
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_firewall_tables_by_oracle import PROFILES, of_exception, oracle_state, together, wider

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from tests.unit.windows.firewall_oracle.oracle import Packet, decide

REMOTE_CONTROL = "%SystemRoot%\\CCM\\RemCtrl\\CmRcService.exe"
ADDRESSES = [
    "10.1.5.0/24", "10.1.5.0/25", "10.1.5.128-10.1.5.255", "10.0.0.0/8", "10.1.5.7", "192.168.0.0/16", "fd00:1:5::/64", "LocalSubnet",
    "203.0.113.0/24", "0.0.0.0-255.255.255.255",
]  # fmt: skip
SWITCHES = ["EnableFirewall", "DefaultInboundAction", "DoNotAllowExceptions", "AllowLocalPolicyMerge"]
QUIETLY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def some(random: Random, choices: list[Any]) -> list[Any]:
    return random.sample(choices, random.randint(1, min(3, len(choices))))


def sometimes(random: Random, share: float) -> bool:
    return random.random() < share


def a_rule(random: Random, ports: list[Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {}
    protocol = random.choice(["tcp", "tcp", "tcp", "tcp", "udp", None])
    if protocol:
        rule[protocol] = random.choice(ports)
    if sometimes(random, 0.7):
        rule["from"] = some(random, ADDRESSES)
    if sometimes(random, 0.7):
        rule["profiles"] = some(random, list(PROFILES))
    program = random.choice([None, None, None, REMOTE_CONTROL, "C:\\other.exe", "System"])
    if program:
        rule["program"] = program
    fields = (("service", "CmRcService", 0.2), ("block", True, 0.2), ("disabled", True, 0.15), ("out", True, 0.05))
    rule.update({field: value for field, value, share in fields if sometimes(random, share)})
    if sometimes(random, 0.04):
        rule["extra"] = "Frobnicate=1|"
    return rule


def switches(random: Random) -> dict[str, dict[str, int]]:
    names = random.sample(SWITCHES, random.randint(0, 2))
    return {profile: {name: random.choice([0, 1]) for name in names} for profile in some(random, list(PROFILES))}


def a_firewall(random: Random, ports: list[Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "base": random.choice(["none", "bare", "client"]),
        "rules": {f"r{number}": a_rule(random, ports) for number in range(random.randint(0, 4))},
    }
    if sometimes(random, 0.25):
        described["policy_rules"] = {"g": a_rule(random, ports)}
    if sometimes(random, 0.1):
        described["mdm_rules"] = {"m": a_rule(random, ports)}
    for store, share in (("profiles", 0.35), ("policy_profiles", 0.25)):
        if sometimes(random, share):
            described[store] = switches(random)
    if sometimes(random, 0.4):
        addresses = some(random, ["10.1.2.3/24", "10.1.9.3/24", "fd00:1:2::3/64"])
        described["interfaces"] = [{"alias": "Ethernet", "profile": random.choice(PROFILES), "addresses": addresses}]
        if sometimes(random, 0.7):
            guest = {"alias": "Guest", "profile": random.choice(PROFILES), "addresses": ["192.168.7.3/24"], "type": "Wireless"}
            described["interfaces"].append(guest)
    return described


def an_exception(random: Random, name: str, state: str) -> dict[str, Any]:
    exception = {"name": name, "protocol": "tcp", "ports": [2701], "program": REMOTE_CONTROL, "windows_service": "CmRcService"}
    profiles = some(random, list(PROFILES))
    return {**exception, "from": some(random, [*ADDRESSES, "any"]), "profiles": profiles, "state": state}


def ran(host: Host, options: Mapping[str, Any], *, everything: bool, check: bool) -> Run:
    came = host.run({"firewall_exception": options}, everything=everything, check=check)
    assert not isinstance(came, OptionError), came
    return came


@given(st.randoms(use_true_random=False))
@QUIETLY
def test_verdicts_are_what_packets_say(random: Random) -> None:
    described = a_firewall(random, [2701, 2701, "any", [135, 2701], "2700-2702", 3389])
    state = random.choice(["present", "present", "absent"])
    exceptions = [an_exception(random, name, state) for name in random.choice(["a", "ab"])]
    options = {"exceptions": exceptions, "exclusive": sometimes(random, 0.4)}
    everything = sometimes(random, 0.5)
    situation = Situation("random", "random", options, host_state({"firewall": described}), Task((), None, ()), described)
    by_packets = oracle_state(situation)
    host = Host(situation.state)
    run = ran(host, options, everything=everything, check=True)
    for exception in exceptions:
        wanted = of_exception(by_packets, exception)
        if options["exclusive"] and state == "present":
            wanted = together(wanted, wider(by_packets, options, exception))
        mine = [finding for finding in run.findings if finding.object == exception["name"]]
        assert worst(mine) in wanted, f"{wanted} by packets: {described} {options}\n{told(mine)}"
    made = ran(host, options, everything=everything, check=False)
    assert not [change.message for change in made.changes if change.state.value == "failed"]
    assert planned(ran(host, options, everything=everything, check=True).operations()) == [], "applying once was not enough"


def now(host: Host, described: Mapping[str, Any]) -> dict[str, Any]:
    """The host as it is by now, in the oracle's form."""
    registry = host.machine.snapshot()["registry"]
    situation = Situation("now", "now", {}, {"registry": registry}, Task((), None, ()), dict(described))
    state = oracle_state(situation)
    state["local"]["profiles"] = {
        profile: {name: value["data"] for name, value in registry[f"{d.LOCAL_KEY}\\{key}"]["values"].items() if name in SWITCHES}
        for profile, key in d.LOCAL_PROFILES.items()
    }
    return state


@given(st.randoms(use_true_random=False))
@QUIETLY
def test_the_connection_stays(random: Random) -> None:
    described = a_firewall(random, [5985, 5985, "any", [80, 5985], "5980-5990"])
    options: dict[str, Any] = {"exceptions": [], "exclusive": sometimes(random, 0.6)}
    choice = random.choice(["absent", "present", "present", "nothing"])
    if choice == "absent":
        options["exceptions"].append({"service": "winrm", "state": "absent"})
    elif choice == "present":
        winrm = {"service": "winrm", "from": some(random, ["10.1.0.0/16", "10.1.0.5", "LocalSubnet", "10.1.5.0/24"])}
        options["exceptions"].append({**winrm, "profiles": some(random, list(PROFILES))})
    if sometimes(random, 0.4):
        options["profiles_on"] = {profile: {} for profile in some(random, list(PROFILES))}
    host = Host(host_state({"firewall": described}))
    own = [
        (interface["alias"], address.partition("/")[0])
        for interface in d.interfaces_of(described)
        for address in interface["addresses"]
        if ":" not in address
    ]
    assume(own)
    alias, address = own[0]
    packet = Packet(alias, d.CONTROLLER, address, 6, port=5985, program="System")
    assume(decide(now(host, described), packet).verdict == "allowed")
    run = ran(host, options, everything=True, check=False)
    assert decide(now(host, described), packet).verdict == "allowed", f"{described} {options} {[c.describe() for c in run.changes]}"
