# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measure what a verification costs: the library by itself, and real ansible-playbook over a simulated fleet.

    python tools/bench.py [--hosts 50] [--forks 10] [--rounds 200]

Prints medians. The simulated hosts answer at once, so the numbers are the controller's side and the wire's; what Windows itself needs
is not in them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import verify
from windows_estate.world import Estate

ROOT = Path(__file__).resolve().parents[1]
AREA = "remote_assistance_policy"
OPTIONS: Mapping[str, Any] = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="What a verification costs.")
    parser.add_argument("--hosts", type=int, default=50, help="hosts of the fleet")
    parser.add_argument("--forks", type=int, default=10, help="forks of ansible-playbook")
    parser.add_argument("--rounds", type=int, default=200, help="how often the library judges one host")
    options = parser.parse_args(arguments)
    library(options.rounds)
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
