# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Any number of simulated hosts in one process, each on a port of its own on loopback, and the control interface beside them."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from windows_estate.winrm import httpio
from windows_estate.winrm.control import Control, Route
from windows_estate.winrm.endpoint import HostEndpoint
from windows_estate.winrm.gate import Gate
from windows_estate.winrm.listener import Listener

if TYPE_CHECKING:
    from typing import Self


class Server:
    """Serves `hosts` from start() to stop(), or as a context manager.

    Every execution runs in a thread of its own, several of one host at the same time where clients ask for it: a handler that cannot bear
    that takes a lock. A handler that never returns is left behind by stop() after ten seconds; one that only takes long says so in
    ModuleRun.seconds instead of sleeping.

    `control_port`: of the control interface; 0 lets the operating system choose, None is without one. `routes`: more of the control
    interface, such as `{"GET /hosts/{host}/fingerprint": function}`; see control.Route.
    """

    def __init__(self, hosts: Mapping[str, HostEndpoint], control_port: int | None = 0, routes: Mapping[str, Route] | None = None) -> None:
        self.hosts = dict(hosts)
        self.control_port = control_port
        self._control = Control(self.hosts, routes or {})
        self._listener: Listener | None = None
        self._gates: list[Gate] = []
        self._unsubscribe: list[Callable[[], None]] = []

    def start(self) -> None:
        """Listen. Afterwards every `port` and `control_port` says where. Raises OSError when a port is taken; nothing listens then."""
        if self._listener is not None:
            raise RuntimeError("The server runs already.")
        self._listener = listener = Listener()
        try:
            for endpoint in self.hosts.values():
                self._open(listener, endpoint)
            if self.control_port is not None:
                control = listener.add(self.control_port, lambda connection: httpio.serve(connection, self._control.respond))
                self.control_port = control.number
            listener.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close every port, end every process, and wait for all threads. A server that does not run is left alone."""
        if self._listener is None:
            return
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._listener.close_all()
        for gate in self._gates:
            gate.service.shells.close()
        self._listener.join()
        self._listener = None
        self._gates = []
        self._unsubscribe = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def describe(self) -> dict[str, Any]:
        """Where everything is, as JSON: `{"control_port", "hosts": [{"name", "address", "port", "username", "password"}]}`."""
        return {"control_port": self.control_port, "hosts": [host.to_json() for host in self.hosts.values()]}

    def run(self, announce: TextIO | None = None) -> None:
        """Serve until SIGINT or SIGTERM; for a process of its own. describe() is written as one line first, once everything listens."""
        ends = {signal.SIGINT, signal.SIGTERM}
        # Blocked and waited for: a handler that sets an Event can strike while the Event holds its own lock, and hang for ever.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        try:
            with self:
                print(json.dumps(self.describe()), file=announce or sys.stdout, flush=True)
                signal.sigwait(ends)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _open(self, listener: Listener, endpoint: HostEndpoint) -> None:
        gate = Gate(endpoint)
        port = listener.add(endpoint.port, gate.serve)
        endpoint.port = port.number
        self._gates.append(gate)

        turn = threading.Lock()

        def follow() -> None:
            # One after the other, so that the last change decides.
            with turn:
                if endpoint.faults.refused:
                    listener.close(port)
                else:
                    listener.open(port)

        self._unsubscribe.append(endpoint.faults.subscribe(follow))
        follow()
