# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks for a secret: in texts, in files, and in the processes of this computer while something runs."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROCESSES = Path("/proc")


def shapes(secret: str) -> frozenset[bytes]:
    """How a secret may stand in bytes: plain in both encodings, and in Base64 of both, wherever in a longer text it is."""
    found = set()
    for encoding in ("utf-8", "utf-16-le"):
        raw = secret.encode(encoding)
        found.add(raw)
        for before in range(3):
            # Characters at both ends also depend on what stands beside it.
            encoded = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
            found.add(encoded[-(-before * 8 // 6) : -1])
    return frozenset(found)


def shows(content: bytes | str, secret: str) -> bool:
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    return any(shape in data for shape in shapes(secret))


def files_that_show(folder: Path, secret: str) -> list[str]:
    """All files below a folder, hidden ones too."""
    return sorted(str(path) for path in folder.rglob("*") if path.is_file() and shows(path.read_bytes(), secret))


class Processes:
    """What the list of processes has shown: command lines, and those that had a secret in them or in their environment."""

    def __init__(self, secret: str) -> None:
        self._shapes = shapes(secret)
        self.seen: set[bytes] = set()
        self.showing: set[bytes] = set()

    def look(self) -> None:
        for process in _PROCESSES.iterdir():
            if not process.name.isdigit():
                continue
            try:
                line = (process / "cmdline").read_bytes()
                environment = (process / "environ").read_bytes()
            except OSError:
                # It has ended meanwhile, or is somebody else's.
                continue
            self.seen.add(line)
            if any(shape in line or shape in environment for shape in self._shapes):
                self.showing.add(line)


@contextmanager
def watched_processes(secret: str) -> Iterator[Processes]:
    """Looks at all processes again and again while the context lasts."""
    processes = Processes(secret)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            processes.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield processes
    finally:
        ended.set()
        thread.join()
