# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shells and the commands in them: what a client creates, feeds, reads from and deletes.

A command's process runs in a thread of its own, so that a Receive can time out while it goes on, as it does on Windows.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from windows_estate.winrm.powershell import Outcome

Process = Callable[["Command"], Outcome]
"""Runs a command, whose input is complete, to its end."""


class Command:
    """One command line and the process that it started. `started`: when it had all its input."""

    def __init__(self, command_line: str, user: str) -> None:
        self.id = str(uuid.uuid4()).upper()
        self.command_line = command_line
        self.user = user
        self.stdin = bytearray()
        self.started = 0.0
        self._changed = threading.Condition()
        self._outcome: Outcome | None = None
        self._ended = False
        self._stdout_sent = 0
        self._stderr_sent = 0

    @property
    def ended(self) -> bool:
        """Whether it was terminated, or its shell or the whole host went away."""
        return self._ended

    def start(self, process: Process) -> threading.Thread:
        """Let the process run; call it once, when the input is complete."""
        self.started = time.monotonic()
        thread = threading.Thread(target=self._run, args=(process,), name=f"command-{self.id[:8]}", daemon=True)
        thread.start()
        return thread

    def sleep(self, seconds: float | None) -> None:
        """Let time pass for the process (None: without end), unless the command is ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def output(self, size: int, timeout: float) -> tuple[bytes, bytes, int | None] | None:
        """The next piece of standard output and error, `size` bytes together at most, and the exit code with the last piece.

        None when there is nothing within `timeout` seconds, or when the command was ended.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._outcome is not None or self._ended, timeout):
                return None
            outcome = self._outcome
            if outcome is None:
                return None
            stdout = outcome.stdout[self._stdout_sent : self._stdout_sent + size]
            self._stdout_sent += len(stdout)
            stderr = outcome.stderr[self._stderr_sent : self._stderr_sent + size - len(stdout)]
            self._stderr_sent += len(stderr)
            is_last = self._stdout_sent == len(outcome.stdout) and self._stderr_sent == len(outcome.stderr)
            return stdout, stderr, outcome.exit_code if is_last else None

    def _run(self, process: Process) -> None:
        outcome = process(self)
        with self._changed:
            self._outcome = outcome
            self._changed.notify_all()


class Shell:
    """A shell of one account."""

    def __init__(self, user: str) -> None:
        self.id = str(uuid.uuid4()).upper()
        self.user = user
        self.commands: dict[str, Command] = {}


class Shells:
    """All shells of one host, for all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}
        self._threads: set[threading.Thread] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._shells)

    def create(self, user: str) -> Shell:
        shell = Shell(user)
        with self._lock:
            self._shells[shell.id] = shell
        return shell

    def get(self, shell_id: str) -> Shell | None:
        with self._lock:
            return self._shells.get(shell_id.upper())

    def command(self, shell: Shell, command_line: str) -> Command:
        command = Command(command_line, shell.user)
        with self._lock:
            shell.commands[command.id] = command
        return command

    def find(self, shell: Shell, command_id: str) -> Command | None:
        with self._lock:
            return shell.commands.get(command_id.upper())

    def start(self, command: Command, process: Process) -> None:
        with self._lock:
            if self._closed:
                return
            thread = command.start(process)
            self._threads = {known for known in self._threads if known.is_alive()} | {thread}

    def terminate(self, shell: Shell, command: Command) -> None:
        command.end()
        with self._lock:
            shell.commands.pop(command.id, None)

    def delete(self, shell: Shell) -> None:
        with self._lock:
            self._shells.pop(shell.id, None)
        for command in tuple(shell.commands.values()):
            command.end()

    def close(self, timeout: float = 10.0) -> None:
        """Delete every shell and wait until no process runs any more."""
        with self._lock:
            self._closed = True
            shells, threads = tuple(self._shells.values()), tuple(self._threads)
        for shell in shells:
            self.delete(shell)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout)
