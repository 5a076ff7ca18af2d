# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What went over the wire of one host, and what was run on it."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any


@dataclass(frozen=True)
class Execution:
    """One module run. Sizes in bytes, before any transport encoding; `script_bytes` and `arguments_bytes` are the module's own part of
    the payload, `stdin_bytes` all that ansible-core sent to run it. `seconds` is how long the client had to wait for it."""

    time: datetime
    module: str
    arguments: dict[str, Any]
    check_mode: bool
    become_user: str | None
    seconds: float
    exit_code: int
    script_bytes: int
    arguments_bytes: int
    stdin_bytes: int
    stdout_bytes: int
    generation: str

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "time": self.time.isoformat()}


class Counters:
    """Counts, for all threads of a host. `log` keeps the last executions only."""

    def __init__(self, log_size: int = 200) -> None:
        self._lock = threading.Lock()
        self._log_size = log_size
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._requests: Counter[str] = Counter()
            self._connections = 0
            self._denied = 0
            self._bytes_in = 0
            self._bytes_out = 0
            self._executions = 0
            self._payload_bytes = 0
            self._stdin_bytes = 0
            self._log: deque[Execution] = deque(maxlen=self._log_size)
            self._since = datetime.now(timezone.utc)

    def connection(self) -> None:
        with self._lock:
            self._connections += 1

    def denied(self) -> None:
        """A request without the right credentials."""
        with self._lock:
            self._denied += 1

    def request(self, action: str) -> None:
        """A request that was let in: Create, Command, Send, Receive, Signal, Delete, Get, Identify or Unknown."""
        with self._lock:
            self._requests[action] += 1

    def body(self, *, received: int = 0, sent: int = 0) -> None:
        """Bytes of HTTP bodies."""
        with self._lock:
            self._bytes_in += received
            self._bytes_out += sent

    def execution(self, execution: Execution) -> None:
        with self._lock:
            self._executions += 1
            self._payload_bytes += execution.script_bytes + execution.arguments_bytes
            self._stdin_bytes += execution.stdin_bytes
            self._log.append(execution)

    @property
    def requests(self) -> dict[str, int]:
        with self._lock:
            return dict(self._requests)

    @property
    def total_requests(self) -> int:
        with self._lock:
            return sum(self._requests.values())

    @property
    def connections(self) -> int:
        return self._connections

    @property
    def denied_requests(self) -> int:
        return self._denied

    @property
    def bytes_in(self) -> int:
        return self._bytes_in

    @property
    def bytes_out(self) -> int:
        return self._bytes_out

    @property
    def executions(self) -> int:
        return self._executions

    @property
    def payload_bytes(self) -> int:
        """The modules' own part of what was sent: scripts and arguments, summed over all executions."""
        return self._payload_bytes

    @property
    def stdin_bytes(self) -> int:
        """All that was sent to run modules, summed over all executions."""
        return self._stdin_bytes

    @property
    def log(self) -> tuple[Execution, ...]:
        with self._lock:
            return tuple(self._log)

    def to_json(self) -> dict[str, Any]:
        """Everything at one moment."""
        with self._lock:
            return {
                "since": self._since.isoformat(),
                "requests": dict(self._requests),
                "total_requests": sum(self._requests.values()),
                "connections": self._connections,
                "denied_requests": self._denied,
                "bytes_in": self._bytes_in,
                "bytes_out": self._bytes_out,
                "executions": self._executions,
                "payload_bytes": self._payload_bytes,
                "stdin_bytes": self._stdin_bytes,
                "log": [execution.to_json() for execution in self._log],
            }
