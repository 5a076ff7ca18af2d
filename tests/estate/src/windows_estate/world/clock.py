# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The estate's time: it runs with the real one, and jumps ahead when somebody waits or says so."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone


class EstateClock:
    """Real time plus all that was waited for: a wait of minutes takes none."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self._ahead

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Jump ahead by so many seconds."""
        if seconds > 0:
            with self._lock:
                self._ahead += timedelta(seconds=seconds)
