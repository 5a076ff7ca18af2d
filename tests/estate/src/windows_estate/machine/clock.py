# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clocks: the real one, and one that moves only when it is told to."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Protocol


class Clock(Protocol):
    """What a machine knows of time."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        ...


class SystemClock:
    """The clock of the computer that the estate runs on."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class SimulatedClock:
    """A clock that stands still until somebody sleeps on it or advances it: a wait of minutes takes no time."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
        if self._now.tzinfo is None:
            raise ValueError("A simulated clock starts at a time with a time zone.")
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds; a clock never goes back."""
        if seconds > 0:
            with self._lock:
                # A sleep too short for the clock's resolution still has to end some time.
                self._now += timedelta(seconds=seconds) or timedelta.resolution
