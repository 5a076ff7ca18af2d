# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measure what a verification costs: the library by itself, a large firewall, and real ansible-playbook over a simulated fleet.

    python tools/bench.py [--hosts 50] [--forks 10] [--rounds 200] [--rules 10000]

Prints medians. The simulated hosts answer at once, so the numbers are the controller's side and the wire's; what Windows itself needs
is not in them.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import verify
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import parse_all
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState, Interface, Query, StoreState
from windows_estate.world import Estate

ROOT = Path(__file__).resolve().parents[1]
AREA = "remote_assistance_policy"
OPTIONS: Mapping[str, Any] = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="What a verification costs.")
    parser.add_argument("--hosts", type=int, default=50, help="hosts of the fleet")
    parser.add_argument("--forks", type=int, default=10, help="forks of ansible-playbook")
    parser.add_argument("--rounds", type=int, default=200, help="how often the library judges one host")
    parser.add_argument("--rules", type=int, default=10_000, help="firewall rules of the host whose firewall is judged")
    options = parser.parse_args(arguments)
    library(options.rounds)
    firewall(options.rules)
    fleet(options.hosts, options.forks)
    return 0


def library(rounds: int) -> None:
    """Judging one host from a reply that is at hand: no host, no Ansible."""
    machine = Estate.load(described(1)).machines["BENCH001"]
    requests: list[Mapping[str, Any]] = []
    outcome = verify(AREA, OPTIONS, recording(machine.execute, requests), subject="BENCH001")
    reply = machine.execute(dict(requests[0]))
    times = []
    for _round in range(rounds):
        started = time.perf_counter()
        outcome = verify(AREA, OPTIONS, lambda _arguments: reply, subject="BENCH001")
        times.append(time.perf_counter() - started)
    operations = len(requests[0]["operations"])
    found = len(outcome.findings)
    print(f"library: {operations} operations, {found} findings, {1000 * statistics.median(times):.1f} ms a host (median of {rounds})")


def firewall(count: int, rounds: int = 5) -> None:
    """Who gets in, of the rule strings of one host, for all that the named services listen on: one core, so its time is what counts."""
    strings = [(f"rule {number}", rule_text(number)) for number in range(count)]
    queries = service_queries()
    address = Interface("{11111111-1111-1111-1111-111111111111}", "lan", "lan", "domain", ("10.1.2.3/24", "fd00:1:2::3/64"), (), (), (), ())
    parsing, judging = [], []
    for _round in range(rounds):
        # Each host has a process of its own: nothing is left of another one's.
        gc.collect()
        started = time.process_time()
        rules = parse_all(strings)
        parsed = time.process_time()
        judged = Firewall(FirewallState({"local": StoreState(rules)}, (address,)))
        for query in queries:
            judged.admissions(query)
        parsing.append(parsed - started)
        judging.append(time.process_time() - parsed)
        del rules, judged
    both = statistics.median(map(sum, zip(parsing, judging, strict=True)))
    print(
        f"firewall: {count} rules parsed and {len(queries)} queries answered in {1000 * both:.0f} ms of one core, "
        f"{1000 * statistics.median(parsing):.0f} ms of them for parsing (median of {rounds})"
    )


def service_queries() -> list[Query]:
    """One for each thing that a named service listens on, of a range the first port."""
    found: dict[Query, None] = {}
    for endpoint in (endpoint for service in services().values() for endpoint in service.endpoints):
        whole = Query(endpoint.protocol, program=endpoint.program, service=endpoint.service)
        some = [replace(whole, icmp=(kind, code or 0)) for kind, code in endpoint.icmp]
        some += [replace(whole, keyword=keyword) for keyword in endpoint.ports.keywords]
        if not endpoint.ports.is_any:
            some += [replace(whole, port=port) for port, _last in endpoint.ports.ranges]
        found.update(dict.fromkeys(some or [whole]))
    return list(found)


def rule_text(number: int) -> str:
    """A rule such as programs, predefined groups and administrators leave on a host, every third one outbound."""
    port = (135, 445, 2701, 3389, 5985)[number // 70 % 5] if number % 10 == 0 else 1024 + number
    side = "R" if number % 3 == 0 else "L"
    service = ("Schedule", "Winmgmt", "Eventlog", "Spooler")[number // 7 % 4] if number % 3 == 1 else f"Service{number % 300}"
    what = (
        f"Protocol=6|{side}Port={port}|",
        f"Protocol={(6, 17)[number // 7 % 2]}|App=C:\\Program Files\\Vendor {number % 700}\\program.exe|Edge=TRUE|Defer=App|",
        f"Protocol=6|{'LPort=RPC|' if side == 'L' else ''}App=%SystemRoot%\\system32\\svchost.exe|Svc={service}|",
        f"Protocol=6|{side}Port={1024 + number}|",
        f"Protocol=17|{side}Port2_10={20000 + number}-{20010 + number}|App=System|",
        f"App=%ProgramFiles%\\Vendor {number % 700}\\service.exe|Svc=vendor{number % 700}|",
        f"Protocol=1|ICMP4={(3, 8, 11)[number % 3]}:*|",
    )[number % 7]
    profile = ("Profile=Domain|", "Profile=Domain|Profile=Private|", "", "Profile=Public|")[number // 3 % 4]
    network = f"10.{number % 200}.{number % 250}.0/24"
    remote = (f"RA4={network}|", "RA4=LocalSubnet|RA6=LocalSubnet|", "", f"RA6=fd00:{number % 9999}::/64|")[number // 5 % 4]
    action, active = "Block" if number % 11 == 0 else "Allow", "FALSE" if number % 5 == 0 else "TRUE"
    direction = "Out" if side == "R" else "In"
    names = f"Name=@FirewallAPI.dll,-{number}|EmbedCtxt=@FirewallAPI.dll,-{28000 + number % 40}|"
    return f"v2.30|Action={action}|Active={active}|Dir={direction}|{profile}{what}{remote}{names}"


def recording(
    execute: Callable[[dict[str, Any]], Mapping[str, Any]], kept: list[Mapping[str, Any]]
) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    def run(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        kept.append(arguments)
        return execute(dict(arguments))

    return run


def fleet(hosts: int, forks: int) -> None:
    """The playbook verify over a fleet, all of it through WinRM on loopback."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ansible.cfg").write_text(f"[defaults]\nforks = {forks}\nnocolor = true\n", encoding="utf-8")
        (folder / "inventory" / "group_vars").mkdir(parents=True)
        variables = {"remote_assistance_policy_options": dict(OPTIONS)}
        (folder / "inventory" / "group_vars" / "all.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
        with Estate.load(described(hosts)).serve(folder / "inventory") as served:
            command = [str(Path(sys.executable).parent / "ansible-playbook"), "configmgr.hardening.verify", "-i", str(folder / "inventory")]
            environment = {**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "PWD": str(folder)}
            started = time.perf_counter()
            subprocess.run(command, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - started
            counters = [served.counters(host) for host in served.ports]
    requests = sorted({sum(counter["requests"].values()) for counter in counters})
    sent = statistics.median(counter["bytes_in"] for counter in counters)
    received = statistics.median(counter["bytes_out"] for counter in counters)
    own = statistics.median(counter["payload_bytes"] for counter in counters)
    print(f"fleet: {hosts} hosts, {forks} forks: {seconds:.1f} s, {1000 * seconds / hosts:.0f} ms a host")
    print(
        f"wire: {requests} requests a host; {sent:.0f} bytes sent, {received:.0f} received; {own:.0f} of those sent are our own, unencoded"
    )


def described(hosts: int) -> dict[str, Any]:
    """A fleet of clients as installed."""
    return {
        "domain": {"name": "corp.example", "netbios": "CORP", "groups": {"Helpdesk": 1201}, "users": {"svc-ansible": 1105}},
        "controller": {"account": "CORP\\svc-ansible", "password": "bench-only-password"},
        "hosts": {f"BENCH{number:03}": {"role": "client", "os": "windows_11_24h2"} for number in range(1, hosts + 1)},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
