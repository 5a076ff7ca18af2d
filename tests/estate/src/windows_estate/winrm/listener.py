# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Listening sockets on loopback, many of them in one thread, and the connections that came in through them."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Callable

ADDRESS = "127.0.0.1"

Serve = Callable[[socket.socket], None]
"""Serves one connection until it ends; runs in a thread of its own."""


class Port:
    """One port. Closed, it stays bound, so that connections are refused and nobody else gets it."""

    def __init__(self, port: int, serve: Serve) -> None:
        self._serve = serve
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self.socket = _bound(port)
        self.number: int = self.socket.getsockname()[1]
        self.is_open = False

    def open(self) -> socket.socket:
        self.socket.listen(128)
        self.socket.setblocking(False)
        self.is_open = True
        return self.socket

    def close(self) -> None:
        """Refuse connections from now on, and cut those that there are."""
        self.release()
        # A socket that is bound and does not listen refuses connections.
        self.socket = _bound(self.number)

    def release(self) -> None:
        """Give the port back, and cut every connection."""
        with self._lock:
            self.is_open = False
        self.socket.close()
        self.cut()

    def join(self) -> None:
        """Wait until no connection is served any more."""
        with self._lock:
            threads = tuple(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(10)

    def accept(self) -> None:
        try:
            connection, _ = self.socket.accept()
        except OSError:
            return
        connection.setblocking(True)
        thread = threading.Thread(target=self._run, args=(connection,), name=f"port-{self.number}", daemon=True)
        with self._lock:
            if not self.is_open:
                connection.close()
                return
            self._connections.add(connection)
            self._threads = {known for known in self._threads if known.is_alive()} | {thread}
            thread.start()

    def cut(self) -> None:
        """Break every connection; its thread notices at its next read or write."""
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            break_off(connection)

    def _run(self, connection: socket.socket) -> None:
        try:
            self._serve(connection)
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()


class Listener:
    """Accepts connections on any number of ports in one thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._ports: list[Port] = []
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, port: int, serve: Serve) -> Port:
        """Bind a port (0: any) and begin to listen. Raises OSError when it is taken."""
        new = Port(port, serve)
        with self._lock:
            self._ports.append(new)
        self.open(new)
        return new

    def open(self, port: Port) -> None:
        with self._lock:
            if not port.is_open and not self._stopping:
                self._selector.register(port.open(), selectors.EVENT_READ, port)
        self._wake()

    def close(self, port: Port) -> None:
        with self._lock:
            if port.is_open and not self._stopping:
                self._selector.unregister(port.socket)
                port.close()
        self._wake()

    def close_all(self) -> None:
        """Give all ports back, and cut every connection; for good."""
        with self._lock:
            self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(10)
        for port in self._ports:
            port.release()
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()

    def join(self) -> None:
        """Wait until no connection is served any more."""
        for port in self._ports:
            port.join()

    def _wake(self) -> None:
        # What does not fit any more is not needed: enough is there already to wake the thread.
        with contextlib.suppress(OSError):
            self._wake_write.send(b"\0")

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select():
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_read.recv(4096)
                else:
                    key.data.accept()


def break_off(connection: socket.socket) -> None:
    """End a connection at once, whatever is still on its way; closing it afterwards resets it."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _bound(port: int) -> socket.socket:
    new = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Connections of before may linger; that must not keep the port from being bound again.
    new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        new.bind((ADDRESS, port))
    except OSError:
        new.close()
        raise
    return new
