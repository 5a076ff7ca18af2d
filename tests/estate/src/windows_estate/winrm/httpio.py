# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""As much of HTTP/1.1 as WinRM clients and the control interface need: requests with a Content-Length, answers, connections kept open."""

from __future__ import annotations

import contextlib
import http
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from windows_estate.winrm.listener import break_off

MAX_BODY = 64 * 1024 * 1024
_MAX_LINE = 64 * 1024
_MAX_HEADERS = 200


class HttpError(Exception):
    """A request that cannot be read; the connection ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(http.HTTPStatus(status).phrase)
        self.status = status


@dataclass(frozen=True)
class HttpRequest:
    """`headers` by their names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    """`cut`: the connection is reset after half of the body. `silent`: nothing is sent until the client goes away. `dropped`: it is
    reset without an answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    silent: bool = False
    dropped: bool = False


def serve(connection: socket.socket, respond: Callable[[HttpRequest], HttpResponse]) -> None:
    """Answer the requests of one connection until the client or a fault ends it."""
    with contextlib.suppress(OSError), connection.makefile("rb") as reader:
        # Without this every answer waits for the client's delayed acknowledgement, some 40 ms.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for request in _requests(reader):
                response = respond(request)
                if response.dropped:
                    break_off(connection)
                    return
                if response.silent:
                    while reader.read1():
                        pass
                    return
                data = _bytes(response)
                if response.cut:
                    connection.sendall(data[: len(data) - len(response.body) // 2])
                    break_off(connection)
                    return
                connection.sendall(data)
                if request.headers.get("connection", "").lower() == "close":
                    return
        except HttpError as error:
            connection.sendall(_bytes(HttpResponse(error.status, headers={"Connection": "close"})))


def _requests(reader: BinaryIO) -> Iterator[HttpRequest]:
    while line := reader.readline(_MAX_LINE):
        if not line.strip():
            continue
        parts = line.decode("latin-1").split()
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise HttpError(400)
        headers = _headers(reader)
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers:
            raise HttpError(411)
        if not length.isdigit():
            raise HttpError(400)
        if int(length) > MAX_BODY:
            raise HttpError(413)
        body = reader.read(int(length))
        if len(body) < int(length):
            return
        yield HttpRequest(parts[0].upper(), parts[1], headers, body)


def _headers(reader: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    while (line := reader.readline(_MAX_LINE)).strip():
        name, found, value = line.decode("latin-1").partition(":")
        if not found or len(headers) >= _MAX_HEADERS:
            raise HttpError(400)
        headers[name.strip().lower()] = value.strip()
    return headers


def _bytes(response: HttpResponse) -> bytes:
    headers = {"Server": "Microsoft-HTTPAPI/2.0", **response.headers, "Content-Length": str(len(response.body))}
    status = f"HTTP/1.1 {response.status} {http.HTTPStatus(response.status).phrase}"
    lines = [status, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body
