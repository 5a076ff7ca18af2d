# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A controller: one ansible-core, a folder of its own, and what a run of ansible-playbook told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".venv" / "collections"
CORES = ROOT / ".venv-cores"
NAMESPACE = "configmgr.hardening"
_LONGEST = 180


@dataclass(frozen=True)
class Core:
    """One ansible-core: C(series) such as 2.16, and the folder with its programs."""

    series: str
    programs: Path

    @property
    def exists(self) -> bool:
        return (self.programs / "ansible-playbook").exists()

    @property
    def generation(self) -> str:
        """The first release that sends modules to Windows as this one does."""
        return "2.16" if _number(self.series) < (2, 19) else "2.19"


def own_core() -> Core:
    """The one that the tests themselves run with."""
    version = metadata.version("ansible-core")
    return Core(".".join(version.split(".")[:2]), Path(sys.executable).parent)


def other_cores() -> tuple[Core, ...]:
    """Those that the project lists, oldest first, there or not."""
    text = (ROOT / "requirements" / "cores.txt").read_text(encoding="utf-8")
    listed = [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("#")]
    series = sorted({".".join(version.split(".")[:2]) for version in listed}, key=_number)
    return tuple(Core(one, CORES / one / "bin") for one in series if one != own_core().series)


def full_cores() -> tuple[Core, ...]:
    """Own, oldest, and newest: of the others the newest that is there, or, when none is, the newest that is listed."""
    others = other_cores()
    there = [core for core in others if core.exists] or list(others)
    newest = max((own_core(), *there), key=lambda core: _number(core.series))
    return tuple(dict.fromkeys((own_core(), min((own_core(), *others), key=lambda core: _number(core.series)), newest)))


def smoke_cores() -> tuple[Core, ...]:
    """All the others."""
    return tuple(core for core in other_cores() if core not in full_cores())


@dataclass(frozen=True)
class Told:
    """What became of one task on one host: C(status) is ok, failed or unreachable."""

    host: str
    task: str
    action: str
    status: str
    result: dict[str, Any]

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))


@dataclass(frozen=True)
class Run:
    """One ansible-playbook. C(recap) by host, as ansible-playbook counts."""

    exit_code: int
    output: str
    told: tuple[Told, ...]
    recap: Mapping[str, Mapping[str, int]]

    @property
    def end(self) -> str:
        """The end of what ansible-playbook showed, for messages of tests."""
        return self.output[-3000:]

    def of(self, host: str) -> Told:
        """What the one task of this collection came to on a host; the tasks of a report do not count."""
        found = [told for told in self.every() if told.host == host]
        assert len(found) == 1, f"{host} was told of {len(found)} times:\n{self.end}"
        return found[0]

    def every(self) -> list[Told]:
        return [told for told in self.told if told.action.startswith(NAMESPACE) and told.action != f"{NAMESPACE}.report"]

    def with_status(self, status: str) -> set[str]:
        return {told.host for told in self.every() if told.status == status}

    def changed(self) -> set[str]:
        """The hosts on which something is said to be changed."""
        return {told.host for told in self.every() if told.result.get("changed")}


class Controller:
    """Runs the ansible-playbook of a core in a folder of its own, with nothing of the user's configuration."""

    def __init__(self, core: Core, folder: Path, collections: Path = COLLECTIONS) -> None:
        self.core = core
        self.folder = folder
        self.collections = collections
        self._runs = 0
        folder.mkdir(parents=True, exist_ok=True)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.core.programs}{os.pathsep}{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_CONFIG": str(self._configuration()),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "told",
        }

    def run(self, inventory: Path, playbook: str | Path, *options: str, variables: Mapping[str, Any] | None = None) -> Run:
        """C(playbook): a file, or the name of one in a collection."""
        self._runs += 1
        lines = self.folder / f"told-{self._runs}.json"
        command = [self.core.programs / "ansible-playbook", "-i", inventory, playbook, *options]
        if variables:
            command += ["-e", json.dumps(variables)]
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env={**self.environment(), "TOLD_FILE": str(lines)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST,
            check=False,
        )
        output = done.stdout.decode("utf-8", "replace")
        assert lines.exists(), f"ansible-playbook told nothing:\n{output}"
        records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
        recap: dict[str, dict[str, int]] = next((record["recap"] for record in records if "recap" in record), {})
        return Run(done.returncode, output, tuple(Told(**record) for record in records if "recap" not in record), recap)

    def play(
        self,
        inventory: Path,
        tasks: Sequence[Mapping[str, Any]],
        *options: str,
        variables: Mapping[str, Any] | None = None,
        **keywords: Any,
    ) -> Run:
        """Run tasks in one play on all hosts, without gathering facts; C(keywords) are the play's own."""
        play = {"hosts": "all", "gather_facts": False, **keywords, "tasks": [dict(task) for task in tasks]}
        file = self.folder / f"play-{self._runs + 1}.yml"
        # JSON is YAML; Ansible picks its parser by the name.
        file.write_text(json.dumps([play]), encoding="utf-8")
        return self.run(inventory, file, *options, variables=variables)

    def _configuration(self) -> Path:
        file = self.folder / "ansible.cfg"
        if not file.exists():
            file.write_text(
                "[defaults]\nnocolor = true\nforks = 16\nlocalhost_warning = false\nretry_files_enabled = false\n", encoding="utf-8"
            )
        return file


def _number(series: str) -> tuple[int, ...]:
    return tuple(int(part) for part in series.split("."))
