# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demonstration: a simulated fleet is verified, brought to the baseline, and verified again, by real ansible-playbook over WinRM.

    python tools/demo/run.py [--keep]

The exit code is 0 when every exit code and every host's counts are what inventories/demo/expected.yml says. What is printed is for
somebody who sees it for the first time: what each host is there for, what is wrong with it, what was done, and what is left. The report
has the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.counts import total
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import Cause, Fleet, survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.markdown import markdown
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import load_all
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.text import rings_table, worst

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DEMO = ROOT / "inventories" / "demo"


@dataclass(frozen=True)
class Phase:
    """One run of a playbook; C(name) is also the id of the run."""

    name: str
    playbook: str
    words: str

    @property
    def applies(self) -> bool:
        return self.playbook == "apply"


@dataclass
class Played:
    """How a run ended, and which hosts Ansible calls changed (in a verification: that an apply would change)."""

    exit_code: int = 0
    changed: list[str] = field(default_factory=list)


PHASES = (
    Phase("1-verify", "verify", "How is the fleet? Nothing is changed, and each host is looked at in one execution."),
    Phase("2-apply", "apply", "Bring it to what is declared: what differs is changed in a second execution, and nothing else."),
    Phase("3-verify", "verify", "How is the fleet now?"),
)

# What the table counts, with what of it people call fine.
COLUMNS: Mapping[str, tuple[Status, ...]] = {
    "error": (Status.ERROR,),
    "conflict": (Status.CONFLICT,),
    "drift": (Status.DRIFT,),
    "in doubt": (Status.INDETERMINATE,),
    "waiting": (Status.UNATTESTED,),
    "waived": (Status.WAIVED,),
    "fine": (Status.COMPLIANT, Status.ATTESTED),
}
LEGEND = """\
The numbers count recommendations of the baseline, and what the hosts' operators declare besides. conflict: somebody else decides it; drift:
not as declared; in doubt: it could not be told, which never counts as fine; waiting: for a person to vouch for it; waived: accepted by
somebody, with a reason."""
WIDTH = 110


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
    words = yaml.safe_load((DEMO / "estate.yml").read_text(encoding="utf-8"))
    say(f"Starting {len(words['hosts'])} simulated Windows hosts on 127.0.0.1; nothing leaves this machine.")
    command = [str(BIN / "windows-estate"), "start", str(DEMO / "estate.yml"), "--inventory", str(workspace.hosts)]
    # What it says goes to a file, as a pipe would be kept open by the hosts in the background.
    with (workspace.folder / "estate.log").open("w", encoding="utf-8") as log:
        done = subprocess.run([*command, "--daemon", "--pid-file", str(workspace.pid_file)], check=False, stdout=log, stderr=log)
    if done.returncode:
        say((workspace.folder / "estate.log").read_text(encoding="utf-8"))
        done.check_returncode()


def stop_estate(workspace: Workspace) -> None:
    if workspace.pid_file.exists():
        subprocess.run([str(BIN / "windows-estate"), "stop", "--pid-file", str(workspace.pid_file)], check=True, stdout=subprocess.DEVNULL)


def run_phases(workspace: Workspace, expected: Mapping[str, Any]) -> list[str]:
    """Run all phases and say what is not as expected."""
    problems = []
    for number, phase in enumerate(PHASES, 1):
        say(f"\n=== {number}/{len(PHASES)}  {phase.words}\n")
        played = play(workspace, phase)
        fleet = survey_of(workspace, phase)
        for line in told(phase, fleet, expected[phase.name]):
            say(f"  {line}".rstrip())
        problems += compare(phase, played, fleet, expected[phase.name])
    say("")
    return problems


def descriptions() -> dict[str, str]:
    """What each host of the demonstration is there to show, in the words of the file that describes it."""
    words = yaml.safe_load((DEMO / "estate.yml").read_text(encoding="utf-8"))
    return {name: str(host.get("description", "")) for name, host in words["hosts"].items()}


def play(workspace: Workspace, phase: Phase) -> Played:
    """Run the playbook and name each host as it comes."""
    command = [str(BIN / "ansible-playbook"), f"configmgr.hardening.{phase.playbook}", "-i", str(workspace.inventory)]
    extra = {"configmgr_hardening_results": str(workspace.results), "configmgr_hardening_run_id": phase.name}
    # As JSON: name=value would be split where a path has a space.
    command += ["-e", json.dumps(extra)]
    say(f"$ ansible-playbook configmgr.hardening.{phase.playbook} -i {shown(workspace.inventory)}")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(workspace.configuration), "PYTHONUNBUFFERED": "1"}
    log = workspace.folder / f"{phase.name}.log"
    played = Played()
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=environment, cwd=workspace.folder
        ) as process,
        log.open("w", encoding="utf-8") as kept,
    ):
        print(" ", end="", flush=True)
        judging = False
        for line in process.stdout or ():
            kept.write(line)
            if line.startswith("TASK ["):
                judging = "Bring the host to the baseline" in line
            elif judging and line.startswith(("ok: [", "changed: [", "fatal: [")):
                state, _colon, rest = line.partition(": [")
                host = rest.partition("]")[0]
                played.changed += [host] if state == "changed" else []
                print(f" {host}{failure_word(state, line)}", end="", flush=True)
        played.exit_code = process.wait()
    say("\n")
    # 2: a host failed, 4: a host was unreachable. Everything else means that the playbook itself did not run.
    if played.exit_code not in (0, 2, 4):
        lines = log.read_text(encoding="utf-8").splitlines()
        say("\n".join(["  ansible-playbook could not run; the end of its output:", *(f"  | {line}" for line in lines[-15:])]))
    return played


def failure_word(state: str, line: str) -> str:
    """What a line of ansible-playbook says of a host that was not judged."""
    if state != "fatal":
        return ""
    return " (unreachable)" if "UNREACHABLE" in line else " (failed)"


def told(phase: Phase, fleet: Fleet, expected: Mapping[str, Any]) -> Iterator[str]:
    """What there is to say after a phase."""
    if phase.applies:
        yield from told_changes(fleet)
        return
    yield from told_hosts(fleet, descriptions())
    yield ""
    if "left" in expected:
        yield "What is left, and why apply leaves it alone:"
        yield from (line for host, why in expected["left"].items() for line in wrapped(f"{host:<8}{why}", indent=8))
    else:
        yield from wrapped(LEGEND)
        yield ""
        yield f"Some of the {len(fleet.causes)} things that are not fine; the report has all of them, with what to do:"
        yield from worst(outstanding(fleet.causes), most=_MOST_CAUSES)
    yield ""
    yield "Client push goes by rings of computers, and each push account belongs to one of them. Who is an administrator where:"
    yield from rings_table(fleet.rings)


def told_hosts(fleet: Fleet, about: Mapping[str, str]) -> Iterator[str]:
    """Each host with what it is there to show, and its counts."""
    sums = total(counts for areas in fleet.counts.values() for counts in areas.values())
    numbers = {host: total(areas.values()) for host, areas in fleet.counts.items()}
    columns = [word for word in COLUMNS if word != "error" or sums["error"]]
    room = WIDTH - 8 - sum(len(word) + 2 for word in columns)
    yield f"{'host':<8}{'':<{room}}" + "".join(f"  {word}" for word in columns)
    for host in about:
        first, *more = textwrap.wrap(about[host], room) or [""]
        said = counted(numbers[host], columns) if host in numbers else "  not heard from"
        yield f"{host:<8}{first:<{room}}{said}"
        yield from (f"{'':<8}{line}" for line in more)
    yield f"{'all':<8}{'':<{room}}{counted(sums, columns)}"


def wrapped(text: str, indent: int = 0) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def counted(numbers: Mapping[str, int], columns: Sequence[str]) -> str:
    """A row of numbers; a dot stands for none."""
    return "".join(f"  {sum(numbers[status.value] for status in COLUMNS[word]) or '.':>{len(word)}}" for word in columns)


_MOST_CAUSES = 12
_LONG = 160


def outstanding(causes: Sequence[Cause]) -> list[Cause]:
    """Causes to show: one of each host and of each recommendation, the worst, and rather one that is told in few words."""
    found: list[Cause] = []
    for cause in sorted(causes, key=lambda cause: (cause.status.rank, len(cause.actual) > _LONG)):
        if all(cause.subject != known.subject and cause.title != known.title for known in found):
            found.append(cause)
    return found[:_MOST_CAUSES]


def told_changes(fleet: Fleet) -> Iterator[str]:
    """How many changes there were, and some of every area."""
    changes = [(host, change) for host, result in fleet.results.items() for change in result.changes]
    states = [change["state"] for _host, change in changes]
    hosts = len({host for host, change in changes if change["state"] == "made"})
    refused = f", {states.count('refused')} refused" if "refused" in states else ""
    yield f"{states.count('made')} changes made on {hosts} hosts, {states.count('failed')} failed{refused}. Some of them:"
    yield ""
    for host, change in samples(changes):
        yield f"{host:<8}{textwrap.shorten(change_words(change), WIDTH - 8, placeholder=' …')}"
    yield ""
    yield "Each host keeps a snapshot of how it was, which the playbook configmgr.hardening.rollback restores."


_MOST_OF_AN_AREA = 5


def samples(changes: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A few changes of each area: of settings that differ, and of as many hosts as possible."""
    for area in dict.fromkeys(change["area"] for _host, change in changes):
        kinds: dict[str, tuple[str, Mapping[str, Any]]] = {}
        seen: set[str] = set()
        # Those of hosts that were not seen yet come first.
        for fresh in (True, False):
            for host, change in changes:
                kind = " ".join(str(change["setting"]).split()[:2]) + str(change["after"])
                if change["area"] == area and change["state"] == "made" and kind not in kinds and (host not in seen) is fresh:
                    kinds[kind] = (host, change)
                    seen.add(host)
        yield from list(kinds.values())[:_MOST_OF_AN_AREA]


def change_words(change: Mapping[str, Any]) -> str:
    """A change in a line."""
    if change["item"] is not None:
        # What an account is called says more than its SID; what a rule admits does not.
        named = change["note"] if str(change["item"]).startswith("S-1-") and change["note"] else change["item"]
        about = f" ({change['note']})" if change["note"] and change["note"] != named else ""
        return f"{change['setting']}: {'+' if change['after'] == 'present' else '-'} {named}{about}"
    about = f" ({change['note']})" if change["note"] else ""
    return f"{change['setting']}: {change['before']} -> {change['after']}{about}"


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


def compare(phase: Phase, played: Played, fleet: Fleet, expected: Mapping[str, Any]) -> list[str]:
    """Sentences for everything that is not as expected."""
    exit_code, changed = played.exit_code, sorted(played.changed)
    problems = []
    unfinished = sorted({cause.subject for cause in fleet.causes if cause.status is not Status.WAIVED})
    if "left" in expected and sorted(expected["left"]) != unfinished:
        problems.append(f"{phase.name}: something is left on {unfinished}, and explained is {sorted(expected['left'])}")
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
