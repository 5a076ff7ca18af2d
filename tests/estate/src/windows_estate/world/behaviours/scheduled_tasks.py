# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scheduled tasks: the ScheduledTasks module, schtasks.exe, and tasks that do something when they run.

A task starts when it is asked to, is Running for a few simulated seconds, and has done its work when it is Ready again. Whether a task is
there and enabled is in the state (`tasks`); when it last ran is not.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from windows_estate.machine import Command, HostError, Machine, NameDict, ProgramResult, fold
from windows_estate.machine.cmdlets import Parameters, Row
from windows_estate.machine.names import name_dict
from windows_estate.world.knowledge.languages import Language

MODULE: Final = "scheduledtasks"
_VERSION: Final = "1.0.0.0"
# SCHED_E_TASK_DISABLED, SCHED_S_TASK_HAS_NOT_RUN
_TASK_DISABLED: Final = -2147216602
_HAS_NOT_RUN: Final = 267011


@dataclass(frozen=True)
class Work:
    """What a task does, how long it takes in simulated seconds, and what it starts."""

    run: Callable[[Machine], None]
    seconds: float
    program: str
    arguments: str
    description: str


class ScheduledTasks:
    """The tasks of one machine, by full path such as \\Microsoft\\Windows\\RemoteAssistance\\RemoteAssistanceTask."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._works: dict[str, Work] = {}
        self._ends: dict[str, datetime] = {}
        self._last: dict[str, datetime] = {}

    def install(self, machine: Machine) -> None:
        machine.on_tick.append(lambda machine, now: self.settle(machine))
        one = {
            "TaskName": "text",
            "TaskPath": "text",
            "InputObject": "any",
            "CimSession": "any",
            "ThrottleLimit": "number",
            "AsJob": "switch",
        }
        many = {"TaskName": "texts", "TaskPath": "texts", "CimSession": "any", "ThrottleLimit": "number", "AsJob": "switch"}
        verbs: dict[str, tuple[dict[str, str], Callable[[Machine, Parameters, str | None], list[Row]]]] = {
            "Get-ScheduledTask": (many, self._get),
            "Get-ScheduledTaskInfo": (one, self._info),
            "Start-ScheduledTask": (one, self._start),
            "Stop-ScheduledTask": (one, self._stop),
            "Enable-ScheduledTask": (one, lambda machine, given, _: self._enable(machine, given, True)),
            "Disable-ScheduledTask": (one, lambda machine, given, _: self._enable(machine, given, False)),
        }
        for name, (parameters, run) in verbs.items():
            machine.commands[(MODULE, name.lower())] = Command(_VERSION, parameters, run, name=name)
        machine.programs["schtasks"] = self.schtasks

    def register(self, machine: Machine, path: str, work: Work, *, enabled: bool = True) -> None:
        """Let a task be there."""
        self._works[fold(path)] = work
        _tasks(machine)[path] = {"enabled": enabled}

    def know(self, path: str, work: Work) -> None:
        """What a task does, should it be there."""
        self._works[fold(path)] = work

    def remove(self, machine: Machine, path: str) -> None:
        _tasks(machine).pop(path, None)
        self._ends.pop(fold(path), None)

    def exists(self, machine: Machine, path: str) -> bool:
        return path in _tasks(machine)

    def is_enabled(self, machine: Machine, path: str) -> bool:
        return bool((_tasks(machine).get(path) or {}).get("enabled"))

    def set_enabled(self, machine: Machine, path: str, enabled: bool) -> None:
        _tasks(machine)[path] = {**_tasks(machine)[path], "enabled": enabled}

    def state(self, machine: Machine, path: str) -> str:
        """Ready, Running or Disabled."""
        self.settle(machine)
        if fold(path) in self._ends:
            return "Running"
        return "Ready" if self.is_enabled(machine, path) else "Disabled"

    def start(self, machine: Machine, path: str) -> None:
        """Begin a run. Raises HostError when the task is disabled; one that runs already goes on."""
        self.settle(machine)
        if not self.is_enabled(machine, path):
            raise HostError("failed", f"The task {path} is disabled.", _TASK_DISABLED)
        if fold(path) in self._ends:
            return
        work = self._works.get(fold(path))
        self._last[fold(path)] = machine.clock.now()
        self._ends[fold(path)] = machine.clock.now() + timedelta(seconds=work.seconds if work else 1.0)

    def settle(self, machine: Machine) -> None:
        """Finish the runs whose time is over."""
        now = machine.clock.now()
        for path, end in list(self._ends.items()):
            if end <= now:
                del self._ends[path]
                work = self._works.get(path)
                if work:
                    work.run(machine)

    # Cmdlets

    def _get(self, machine: Machine, given: Parameters, _location: str | None) -> list[Row]:
        names, paths = given.get("TaskName") or [], given.get("TaskPath") or []
        found = [path for path in _tasks(machine) if _matches(_leaf(path), names) and _matches(_folder(path), paths)]
        exact = [name for name in names if not _is_pattern(name) and fold(name) not in {fold(_leaf(path)) for path in found}]
        if exact:
            raise _missing(exact[0])
        return [self._row(machine, path) for path in sorted(found, key=fold)]

    def _info(self, machine: Machine, given: Parameters, _location: str | None) -> list[Row]:
        path = self._named(machine, given)
        self.settle(machine)
        last = self._last.get(fold(path))
        return [
            {
                "TaskName": _leaf(path),
                "TaskPath": _folder(path),
                "LastRunTime": {"kind": "datetime", "utc": last.strftime("%Y-%m-%dT%H:%M:%SZ")} if last else None,
                "LastTaskResult": 0 if last else _HAS_NOT_RUN,
                "NextRunTime": None,
                "NumberOfMissedRuns": 0,
            }
        ]

    def _start(self, machine: Machine, given: Parameters, _location: str | None) -> list[Row]:
        self.start(machine, self._named(machine, given))
        return []

    def _stop(self, machine: Machine, given: Parameters, _location: str | None) -> list[Row]:
        self._ends.pop(fold(self._named(machine, given)), None)
        return []

    def _enable(self, machine: Machine, given: Parameters, enabled: bool) -> list[Row]:
        path = self._named(machine, given)
        self.set_enabled(machine, path, enabled)
        return [self._row(machine, path)]

    def _named(self, machine: Machine, given: Parameters) -> str:
        """The one task that TaskName and TaskPath, or an InputObject, name; without a path the name has to be unique."""
        piped = given.get("InputObject")
        named = NameDict(piped if isinstance(piped, dict) else given)
        name, folder = named.get("TaskName"), named.get("TaskPath")
        if not name:
            raise HostError("invalid", "TaskName is missing.")
        found = [
            path for path in _tasks(machine) if fold(_leaf(path)) == fold(name) and (folder is None or fold(_folder(path)) == fold(folder))
        ]
        if not found:
            raise _missing(str(name))
        return found[0]

    def _row(self, machine: Machine, path: str) -> Row:
        work = self._works.get(fold(path))
        action: dict[str, Any] = {"Execute": work.program if work else None, "Arguments": work.arguments if work else None}
        return {
            "TaskName": _leaf(path),
            "TaskPath": _folder(path),
            "URI": path,
            "State": {"kind": "enumeration", "name": self.state(machine, path)},
            "Description": work.description if work else None,
            "Author": "Microsoft Corporation",
            "Actions": [{"kind": "cim", "class": "MSFT_TaskExecAction", "properties": action}],
            "Settings": {"kind": "cim", "class": "MSFT_TaskSettings3", "properties": {"Enabled": self.is_enabled(machine, path)}},
        }

    # schtasks.exe

    def schtasks(self, machine: Machine, arguments: list[str], _stdin: str | None, _files: dict[str, str | None]) -> ProgramResult:
        """/query [/tn PATH] [/fo TABLE|LIST|CSV] [/nh], /run /tn PATH, /end /tn PATH, /change /tn PATH /enable|/disable."""
        verb, options = _parsed(arguments)
        named = options.get("/tn")
        paths = sorted(_tasks(machine), key=fold)
        if named is not None:
            paths = [path for path in paths if fold(path) == fold(named if named.startswith("\\") else f"\\{named}")]
            if not paths:
                return ProgramResult(stderr=f"{self._language.task_not_found}\r\n", exit_code=1)
        if verb == "/query":
            return ProgramResult(stdout=self._listing(machine, paths, options))
        if named is None or verb not in ("/run", "/end", "/change"):
            return ProgramResult(stderr=f"schtasks: {' '.join(arguments)}?\r\n", exit_code=1)
        if verb == "/run":
            try:
                self.start(machine, paths[0])
            except HostError as error:
                return ProgramResult(stderr=f"{error.message}\r\n", exit_code=1)
            return ProgramResult(stdout=self._language.task_started.format(named) + "\r\n")
        if verb == "/end":
            self._ends.pop(fold(paths[0]), None)
        else:
            self.set_enabled(machine, paths[0], "/enable" in options)
        return ProgramResult(stdout=self._language.task_changed.format(named) + "\r\n")

    def _listing(self, machine: Machine, paths: list[str], options: dict[str, str]) -> str:
        rows = [(path, "N/A", self._language.task_states[self.state(machine, path)]) for path in paths]
        form = options.get("/fo", "table").lower()
        heads = [] if "/nh" in options else [self._language.task_columns]
        if form == "list":
            lines = [f"{head}: {value}" for row in rows for head, value in zip(self._language.task_columns, row, strict=True)]
        elif form == "csv":
            lines = [",".join(f'"{value}"' for value in row) for row in (*heads, *rows)]
        else:
            lines = ["{:<60} {:<24} {}".format(*row) for row in (*heads, *rows)]
        return "".join(f"{line}\r\n" for line in lines)


def _tasks(machine: Machine) -> NameDict:
    return name_dict(machine.state, "tasks")


def _leaf(path: str) -> str:
    return path.rpartition("\\")[2]


def _folder(path: str) -> str:
    return path[: len(path) - len(_leaf(path))]


def _is_pattern(text: str) -> bool:
    return any(mark in text for mark in "*?")


def _matches(text: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(fold(text), fold(pattern)) for pattern in patterns)


def _missing(name: str) -> HostError:
    # CIM's "object not found".
    return HostError("not_found", f"No MSFT_ScheduledTask objects found with property 'TaskName' equal to '{name}'.", 6)


def _parsed(arguments: list[str]) -> tuple[str, dict[str, str]]:
    """The first word, and the switches with what follows each."""
    verb = arguments[0].lower() if arguments else "/query"
    options: dict[str, str] = {}
    last = ""
    for word in arguments[1:]:
        if word.startswith("/"):
            last = word.lower()
            options[last] = ""
        else:
            options[last] = word
    return verb, options
