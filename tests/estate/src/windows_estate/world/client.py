# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Talks to the control interface of a running estate."""

from __future__ import annotations

import http.client
import json
from typing import Any, Final
from urllib.parse import quote, urlsplit

_SECONDS: Final = 60.0


class ControlUnavailable(Exception):
    """Nobody answers, or the answer is an error; the text says which."""


class ControlClient:
    """`address` as windows-estate prints it: http://127.0.0.1:PORT."""

    def __init__(self, address: str) -> None:
        url = urlsplit(address if "://" in address else f"http://{address}")
        if not url.hostname or not url.port:
            raise ControlUnavailable(f"{address} is no address of a control interface; it looks like http://127.0.0.1:45678.")
        self._host, self._port = url.hostname, url.port

    def get(self, path: str) -> Any:
        return self._send("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        return self._send("POST", path, json.dumps(body).encode())

    @staticmethod
    def host(name: str, *rest: str) -> str:
        """The path of something of a host."""
        return "/hosts/" + "/".join([quote(name, safe=""), *rest])

    def _send(self, method: str, path: str, body: bytes | None) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            status, data = answer.status, json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlUnavailable(f"No estate answers at http://{self._host}:{self._port}: {error}.") from error
        finally:
            connection.close()
        if status != http.client.OK:
            reason = data.get("error") if isinstance(data, dict) else None
            raise ControlUnavailable(reason or f"The estate answered with HTTP {status}.")
        return data
