# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can be wrong with a host or with the way to it, switched on and off while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

REFUSE = "refuse"
UNAUTHORIZED = "unauthorized"
ACCESS_DENIED = "access_denied"
HTTP_500 = "http_500"
SILENT = "silent"
DROP = "drop"
SLOW = "slow"
TIMEOUT = "timeout"
HALF_ANSWER = "half_answer"
GARBAGE = "garbage"

ON_REQUEST = frozenset({UNAUTHORIZED, ACCESS_DENIED, HTTP_500, SILENT, DROP})
ON_EXECUTION = frozenset({SLOW, TIMEOUT, HALF_ANSWER, GARBAGE})
KINDS = ON_REQUEST | ON_EXECUTION | {REFUSE}

_DEFAULT_ACTIONS: Mapping[str, tuple[str, ...]] = {DROP: ("Receive",)}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    `kind`, the whole host:
      * `refuse`: the port is closed and every connection cut at once, until the fault is removed.
    `kind`, on a request:
      * `unauthorized`: HTTP 401, as for a wrong password; `access_denied`: WSMan fault 5; `http_500`: WSMan fault of an internal error;
      * `silent`: no answer at all, until the client gives up; `drop`: the connection breaks in the middle of the answer.
    `kind`, on an execution:
      * `slow`: it takes `seconds` more; `timeout`: it never ends, every Receive times out;
      * `half_answer`: standard output is cut in the middle; `garbage`: it is replaced by `text`, or by bytes that are no JSON.

    `actions`: the requests that it meets (default: every one; `drop`: Receive). `after`: seconds from now until it begins. `skip`: how many
    occasions pass unharmed first. `times`: how many are hit before the fault is gone (None: it stays).
    """

    kind: str
    seconds: float = 0.0
    after: float = 0.0
    skip: int = 0
    times: int | None = None
    actions: tuple[str, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind!r}: it is one of {', '.join(sorted(KINDS))}.")
        if self.kind == REFUSE and (self.after or self.skip or self.times is not None or self.actions):
            raise ValueError("The fault 'refuse' closes the port as long as it is set: it has no after, skip, times or actions.")
        if self.kind in ON_EXECUTION and self.actions:
            raise ValueError(f"The fault {self.kind!r} is about executions: it has no actions.")

    @classmethod
    def from_json(cls, data: Any) -> Fault:
        """A fault from its name or from an object with the fields above. Raises ValueError."""
        if isinstance(data, str):
            return cls(data)
        if not isinstance(data, Mapping) or "kind" not in data:
            raise ValueError(f"A fault is a name or an object with a kind, not {data!r}.")
        known = {field.name for field in fields(cls)}
        if unknown := set(data) - known:
            raise ValueError(f"A fault has no {', '.join(sorted(map(str, unknown)))}: it has {', '.join(sorted(known))}.")
        return cls(**{**data, "actions": tuple(data.get("actions") or ())})

    def meets(self, action: str) -> bool:
        actions = self.actions or _DEFAULT_ACTIONS.get(self.kind, ())
        return not actions or action in actions


@dataclass
class _Active:
    fault: Fault
    since: float
    seen: int = 0
    hits: int = 0

    def occasion(self, now: float) -> bool:
        if now - self.since < self.fault.after:
            return False
        self.seen += 1
        if self.seen <= self.fault.skip:
            return False
        self.hits += 1
        return True

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.hits >= self.fault.times


class Faults:
    """The faults of one host, for all its threads. Nobody is told about a change but those who subscribed."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._active: list[_Active] = []
        self._listeners: list[Callable[[], None]] = []
        self.replace(faults)

    def add(self, fault: Fault | str, **options: Any) -> Fault:
        """Let this go wrong from now on: `faults.add("slow", seconds=3, times=1)`."""
        new = fault if isinstance(fault, Fault) else Fault(fault, **options)
        with self._lock:
            self._active.append(_Active(new, time.monotonic()))
        self._tell()
        return new

    def remove(self, fault: Fault | str) -> None:
        """Mend this one, or all of this kind."""
        with self._lock:
            self._active = [active for active in self._active if fault not in (active.fault, active.fault.kind)]
        self._tell()

    def replace(self, faults: Iterable[Fault]) -> None:
        """Have these and no others."""
        now = time.monotonic()
        with self._lock:
            self._active = [_Active(fault, now) for fault in faults]
        self._tell()

    def clear(self) -> None:
        self.replace(())

    @property
    def active(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(active.fault for active in self._active)

    @property
    def refused(self) -> bool:
        return any(fault.kind == REFUSE for fault in self.active)

    def on_request(self, action: str) -> Fault | None:
        """What this request meets, if anything; it counts as an occasion."""
        return next(iter(self._hits(lambda fault: fault.kind in ON_REQUEST and fault.meets(action), first=True)), None)

    def on_execution(self) -> tuple[Fault, ...]:
        """Everything that this execution meets; it counts as an occasion."""
        return tuple(self._hits(lambda fault: fault.kind in ON_EXECUTION, first=False))

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` called after every change; what comes back ends it."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return unsubscribe

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.active]

    def _hits(self, concerns: Callable[[Fault], bool], *, first: bool) -> list[Fault]:
        now = time.monotonic()
        hits: list[Fault] = []
        with self._lock:
            for active in self._active:
                if concerns(active.fault) and active.occasion(now):
                    hits.append(active.fault)
                    if first:
                        break
            self._active = [active for active in self._active if not active.spent]
        return hits

    def _tell(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
