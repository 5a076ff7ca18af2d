# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demonstration: a simulated fleet is verified, brought to the baseline, and verified again, by real ansible-playbook over WinRM.

    python tools/demo/run.py [--keep]

The exit code is 0 when every exit code and every host's counts are what inventories/demo/expected.yml says.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import Fleet, survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.markdown import markdown
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import load_all
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.text import table, worst

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DEMO = ROOT / "inventories" / "demo"


@dataclass(frozen=True)
class Phase:
    """One run of a playbook; C(name) is also the id of the run."""

    name: str
    playbook: str
    words: str


PHASES = (
    Phase("1-verify", "verify", "How the fleet is: nothing is changed, one execution per host"),
    Phase("2-apply", "apply", "Bring it to the baseline: what differs is changed in a second execution, and nothing else"),
    Phase("3-verify", "verify", "How the fleet is now"),
)


@dataclass(frozen=True)
class Workspace:
    """Where this demonstration keeps its files; one of its own for each, so that two can run side by side."""

    folder: Path

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory"

    @property
    def hosts(self) -> Path:
        return self.inventory / "hosts.yml"

    @property
    def configuration(self) -> Path:
        return self.folder / "ansible.cfg"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def report(self) -> Path:
        return self.folder / "report.md"

    @property
    def pid_file(self) -> Path:
        return self.folder / "estate.pid"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="A simulated fleet verified, brought to the baseline, and verified again.")
    parser.add_argument("--keep", action="store_true", help="leave the fleet running and say how to play with it")
    parser.add_argument("--folder", type=Path, help="where to put inventory and results (default: build/demo-<time>)")
    options = parser.parse_args(arguments)
    folder = options.folder or ROOT / "build" / f"demo-{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{os.getpid()}"
    workspace = Workspace(folder.resolve())
    prepare(workspace)
    started = time.monotonic()
    kept = False
    try:
        start_estate(workspace)
        problems = run_phases(workspace, yaml.safe_load((DEMO / "expected.yml").read_text(encoding="utf-8")))
        kept = options.keep
    finally:
        if not kept:
            stop_estate(workspace)
    say(f"Results:  {shown(workspace.results)}")
    say(f"Report:   {shown(workspace.report)}")
    say(f"Time:     {time.monotonic() - started:.0f} s")
    if kept:
        say(playing(workspace))
    if problems:
        say("\nNOT AS EXPECTED (inventories/demo/expected.yml):")
        for problem in problems:
            say(f"  {problem}")
        return 1
    say("\nEverything is as inventories/demo/expected.yml says: exit codes, and each host's counts in each phase.")
    return 0


def prepare(workspace: Workspace) -> None:
    """An inventory folder of its own, with the demonstration's variables."""
    workspace.inventory.mkdir(parents=True)
    workspace.results.mkdir()
    # An empty configuration of its own: whatever the user has in ansible.cfg elsewhere is not part of the demonstration.
    workspace.configuration.write_text("[defaults]\nnocolor = true\nforks = 10\nlocalhost_warning = false\n", encoding="utf-8")
    for name in ("group_vars", "host_vars"):
        if (DEMO / name).is_dir():
            shutil.copytree(DEMO / name, workspace.inventory / name)


def start_estate(workspace: Workspace) -> None:
    say("Starting the simulated fleet on 127.0.0.1; nothing leaves this machine.\n")
    command = [str(BIN / "windows-estate"), "start", str(DEMO / "estate.yml"), "--inventory", str(workspace.hosts)]
    subprocess.run([*command, "--daemon", "--pid-file", str(workspace.pid_file)], check=True)


def stop_estate(workspace: Workspace) -> None:
    if workspace.pid_file.exists():
        subprocess.run([str(BIN / "windows-estate"), "stop", "--pid-file", str(workspace.pid_file)], check=True, stdout=subprocess.DEVNULL)


def run_phases(workspace: Workspace, expected: Mapping[str, Any]) -> list[str]:
    """Run all phases and say what is not as expected."""
    problems = []
    for number, phase in enumerate(PHASES, 1):
        say(f"\n=== {number}/{len(PHASES)}  {phase.words}\n")
        exit_code, changed = play(workspace, phase)
        fleet = survey_of(workspace, phase)
        say("")
        for line in (*table(fleet), "", *worst(fleet.causes, most=8)):
            say(f"  {line}")
        problems += compare(phase, (exit_code, changed), fleet, expected[phase.name])
    say("")
    return problems


def play(workspace: Workspace, phase: Phase) -> tuple[int, list[str]]:
    """Run the playbook and show a line for each host as it comes. The exit code, and the hosts that Ansible says are changed."""
    changed = []
    command = [str(BIN / "ansible-playbook"), f"configmgr.hardening.{phase.playbook}", "-i", str(workspace.inventory)]
    extra = {"configmgr_hardening_results": str(workspace.results), "configmgr_hardening_run_id": phase.name}
    # As JSON: name=value would be split where a path has a space.
    command += ["-e", json.dumps(extra)]
    say(f"$ ansible-playbook configmgr.hardening.{phase.playbook} -i {shown(workspace.inventory)}")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(workspace.configuration), "PYTHONUNBUFFERED": "1"}
    log = workspace.folder / f"{phase.name}.log"
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=environment, cwd=workspace.folder
        ) as process,
        log.open("w", encoding="utf-8") as kept,
    ):
        judging = False
        for line in process.stdout or ():
            kept.write(line)
            if line.startswith("TASK ["):
                judging = "Bring the host to the baseline" in line
            elif judging and line.startswith(("ok: [", "changed: [", "fatal: [")):
                state, _colon, rest = line.partition(": [")
                host = rest.partition("]")[0]
                changed += [host] if state == "changed" else []
                say(f"  {host:<8} {host_words(state, line, phase)}")
        exit_code = process.wait()
    # 2: a host failed, 4: a host was unreachable. Everything else means that the playbook itself did not run.
    if exit_code not in (0, 2, 4):
        lines = log.read_text(encoding="utf-8").splitlines()
        say("\n".join(["  ansible-playbook could not run; the end of its output:", *(f"  | {line}" for line in lines[-15:])]))
    return exit_code, sorted(changed)


def host_words(state: str, line: str, phase: Phase) -> str:
    """What a line of ansible-playbook says of a host."""
    if state == "changed":
        return "changed" if phase.playbook == "apply" else "judged, would be changed"
    if state == "ok":
        return "judged, nothing to change"
    return "unreachable" if "UNREACHABLE" in line else "failed: its finding says why"


def survey_of(workspace: Workspace, phase: Phase) -> Fleet:
    """The fleet as this phase found it; the report always shows the newest."""
    now = datetime.now(timezone.utc)
    hosts = host_names(workspace)
    results, unreadable = load_all([workspace.results], phase.name)
    fleet = survey(results, hosts, now, timedelta(days=1), unreadable)
    every, unreadable = load_all([workspace.results])
    whole = survey(every, hosts, now, timedelta(days=1), unreadable)
    workspace.report.write_text(markdown(whole, "Hardening baseline of the demonstration fleet", now), encoding="utf-8")
    return fleet


def host_names(workspace: Workspace) -> list[str]:
    """All hosts of the inventory that the estate wrote."""
    names: dict[str, None] = {}

    def collect(group: Mapping[str, Any]) -> None:
        names.update(dict.fromkeys(group.get("hosts") or {}))
        for child in (group.get("children") or {}).values():
            collect(child or {})

    for group in yaml.safe_load(workspace.hosts.read_text(encoding="utf-8")).values():
        collect(group)
    return sorted(names)


def compare(phase: Phase, ended: tuple[int, list[str]], fleet: Fleet, expected: Mapping[str, Any]) -> list[str]:
    """Sentences for everything that is not as expected."""
    exit_code, changed = ended
    problems = []
    if changed != sorted(expected["changed"]):
        problems.append(f"{phase.name}: changed are {changed} instead of {expected['changed']}")
    if exit_code != expected["exit_code"]:
        problems.append(f"{phase.name}: the exit code is {exit_code} instead of {expected['exit_code']}")
    if sorted(fleet.not_heard_from) != sorted(expected["not_heard_from"]):
        problems.append(f"{phase.name}: not heard from are {list(fleet.not_heard_from)} instead of {expected['not_heard_from']}")
    found = {host: {area: {s: n for s, n in counts.items() if n} for area, counts in areas.items()} for host, areas in fleet.counts.items()}
    hosts = sorted({*found, *expected["hosts"]})
    differing = [host for host in hosts if found.get(host) != expected["hosts"].get(host)]
    return problems + [f"{phase.name}: {host} has {found.get(host)} instead of {expected['hosts'].get(host)}" for host in differing]


def playing(workspace: Workspace) -> str:
    """How to go on with a fleet that is left running."""
    inventory = shown(workspace.inventory)
    return f"""
The fleet is still running. To play with it:

  . {shown(BIN / "activate")}
  ansible-playbook configmgr.hardening.verify -i {inventory} --limit CL01
  ansible-playbook configmgr.hardening.rollback -i {inventory} --check --diff
  ansible-playbook configmgr.hardening.rollback -i {inventory}
  ansible-playbook configmgr.hardening.apply -i {inventory} --diff
  windows-estate --help

To stop it:

  windows-estate stop --pid-file {shown(workspace.pid_file)}"""


def shown(path: Path) -> str:
    """A path as short as it can be typed from the checkout."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
