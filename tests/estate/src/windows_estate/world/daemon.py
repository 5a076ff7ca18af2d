# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estate in a process of its own: started, found again by its pid file, ended.

The pid file is JSON: `{"pid", "control", "inventory", "log"}`. A stale one is recognised: nothing is ended
that does not say it is an estate.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from windows_estate.world.client import ControlClient, ControlUnavailable

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Running:
    """What a pid file says. `log`: where the process writes what it has to say."""

    pid: int
    control: str | None
    inventory: str | None
    log: str | None = None


class DaemonError(Exception):
    """Starting or stopping failed; the text says why and what to do."""


def write_pid_file(path: Path, running: Running) -> None:
    """Write it whole or not at all: whoever waits for it reads it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(asdict(running)) + "\n", encoding="utf-8")
    unfinished.replace(path)


def read_pid_file(path: Path) -> Running | None:
    """None when there is none. Raises DaemonError when it is something else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Running(int(data["pid"]), data.get("control"), data.get("inventory"), data.get("log"))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise DaemonError(f"{path} is no pid file of windows-estate: {error}.") from error


def start(arguments: list[str], pid_file: Path) -> Running:
    """Start `windows-estate start` with these arguments in the background; back when every port listens."""
    old = read_pid_file(pid_file)
    if old is not None and is_estate(old):
        raise DaemonError(f"An estate runs already (process {old.pid}): end it with windows-estate stop --pid-file {pid_file}.")
    pid_file.unlink(missing_ok=True)
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    log = pid_file.with_name(f"{pid_file.name}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "windows_estate.world.cli", "start", *arguments, "--pid-file", str(pid_file), "--log", str(log)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        running = read_pid_file(pid_file)
        if running is not None and running.pid == process.pid:
            return running
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8", errors="replace").strip()
            raise DaemonError(said or f"The estate ended with {process.returncode} while it started.")
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise DaemonError(f"The estate did not listen within {_START_SECONDS:.0f} seconds; it said: {log.read_text(errors='replace').strip()}")


def stop(pid_file: Path) -> str:
    """End the estate of a pid file; a sentence about what was done. Raises DaemonError when it will not end."""
    running = read_pid_file(pid_file)
    if running is None or not is_estate(running):
        pid_file.unlink(missing_ok=True)
        return "No estate was running."
    os.kill(running.pid, signal.SIGTERM)
    until = time.monotonic() + _STOP_SECONDS
    while _alive(running.pid):
        if time.monotonic() > until:
            os.kill(running.pid, signal.SIGKILL)
            until += _STOP_SECONDS
            if time.monotonic() > until:
                raise DaemonError(f"The process {running.pid} cannot be ended.")
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)
    if running.log is not None:
        Path(running.log).unlink(missing_ok=True)
    return f"The estate was stopped (process {running.pid})."


def is_estate(running: Running) -> bool:
    """Whether that process is there and is an estate, by its command line where the system shows it, else by its control interface."""
    if not _alive(running.pid):
        return False
    try:
        return b"windows_estate" in Path(f"/proc/{running.pid}/cmdline").read_bytes() or _is_console_script(running.pid)
    except OSError:
        return running.control is not None and _answers(running)


def _is_console_script(pid: int) -> bool:
    return b"windows-estate" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _answers(running: Running) -> bool:
    try:
        return bool(ControlClient(running.control or "").get("/estate")["pid"] == running.pid)
    except ControlUnavailable:
        return False


def _alive(pid: int) -> bool:
    # A child that has ended stays a process until it is waited for.
    with contextlib.suppress(OSError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
