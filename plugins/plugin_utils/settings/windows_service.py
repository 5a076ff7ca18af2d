# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows services: which are there, which run, and restarting one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import rows_of

_CIMV2 = "root\\cimv2"
_COLUMNS = ("Name", "State", "StartMode", "ProcessId", "PathName")
_PROGRAM = re.compile(r"\s*(?:\"([^\"]+)\"|(.+?\.exe)(?=\s|\Z))", re.IGNORECASE)
_LONGEST_START = 60


@dataclass(frozen=True)
class Service:
    """C(state), C(start_mode) as in Win32_Service; C(process): None where nothing runs. C(program): its path."""

    name: str
    state: str
    start_mode: str
    process: int | None = None
    program: str | None = None

    @property
    def running(self) -> bool:
        return self.state not in ("Stopped", "")

    @property
    def disabled(self) -> bool:
        return self.start_mode == "Disabled"

    def to_data(self) -> dict[str, Json]:
        return {"name": self.name, "state": self.state, "start_mode": self.start_mode, "process": self.process}

    @staticmethod
    def from_data(data: Mapping[str, Json]) -> Service:
        process = data["process"]
        return Service(str(data["name"]), str(data["state"]), str(data["start_mode"]), None if process is None else int(process))


def service_read(names: Sequence[str]) -> Operation:
    """The read of some services; one that is not there has no row."""
    return rows_of(_CIMV2, "Win32_Service", _COLUMNS, " OR ".join(f"Name = '{name}'" for name in names))


def read_services(names: Sequence[str], answers: Answers) -> tuple[Service, ...] | Problem:
    answer = answers[service_read(names)]
    if answer.failure:
        return Problem.from_failure(answer.failure, f"The services {' and '.join(names)}")
    return tuple(_service(row) for row in answer.data["rows"])


def _service(row: Mapping[str, Json]) -> Service:
    match = _PROGRAM.match(str(row.get("PathName") or ""))
    program = (match[1] or match[2]) if match else None
    return Service(str(row["Name"]), str(row.get("State") or ""), str(row.get("StartMode") or ""), row.get("ProcessId") or None, program)


def restart(name: str) -> tuple[Operation, ...]:
    """The restart, and that the service runs again."""
    write = cmdlet("Microsoft.PowerShell.Management", "Restart-Service", {"Name": name}, mutates=True)
    read = service_read((name,))
    running = Operation.of(
        "wait", until={"path": "rows.0.State", "equals": "Running"}, read={"op": read.op, **read.fields}, timeout=_LONGEST_START, every=1
    )
    return (write, running)
