# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small HTTP interface for tests and for people: look at the hosts and their counters, switch faults, and whatever else is hooked in.

JSON in, JSON out. A route is a method and a path, whose parts in braces are parameters: `GET /hosts/{host}/counters`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from windows_estate.winrm.endpoint import HostEndpoint
from windows_estate.winrm.faults import Fault
from windows_estate.winrm.httpio import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

_JSON = {"Content-Type": "application/json"}


class ControlError(Exception):
    """An answer other than 200. A LookupError becomes 404 and a ValueError 400 without it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class ControlRequest:
    """`parameters`: the parts in braces; `query`: what follows the question mark; `body`: the JSON that was sent, None without any."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


Route = Callable[[ControlRequest], Any]
"""Answers with something that is JSON. Raises LookupError, ValueError or ControlError for what is wrong with the request."""


class Control:
    """Finds the route of a request and runs it."""

    def __init__(self, hosts: Mapping[str, HostEndpoint], routes: Mapping[str, Route]) -> None:
        self._hosts = hosts
        own: dict[str, Route] = {
            "GET /hosts": lambda request: [host.to_json() for host in self._hosts.values()],
            "GET /hosts/{host}/counters": lambda request: self._host(request).counters.to_json(),
            "POST /hosts/{host}/reset": self._reset,
            "GET /hosts/{host}/faults": lambda request: self._host(request).faults.to_json(),
            "POST /hosts/{host}/faults": self._faults,
        }
        self._routes: list[tuple[str, str, Route]] = []
        for key, route in {**own, **routes}.items():
            method, _, pattern = key.partition(" ")
            self._routes.append((method, pattern, route))

    def respond(self, request: HttpRequest) -> HttpResponse:
        try:
            return _json(200, self._run(request))
        except ControlError as error:
            return _json(error.status, {"error": str(error)})
        except LookupError as error:
            return _json(404, {"error": str(error.args[0] if error.args else error)})
        except ValueError as error:
            return _json(400, {"error": str(error)})
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.path)
            return _json(500, {"error": f"{type(error).__name__}: {error}"})

    def _run(self, request: HttpRequest) -> Any:
        url = urlsplit(request.path)
        body = json.loads(request.body) if request.body.strip() else None
        allowed: set[str] = set()
        for method, pattern, route in self._routes:
            parameters = _match(pattern, url.path)
            if parameters is None:
                continue
            if method == request.method:
                return route(ControlRequest(parameters, dict(parse_qsl(url.query)), body))
            allowed.add(method)
        if allowed:
            raise ControlError(405, f"{url.path} takes {', '.join(sorted(allowed))} only.")
        raise LookupError(f"There is no {url.path} here.")

    def _host(self, request: ControlRequest) -> HostEndpoint:
        name = request.parameters["host"]
        if name not in self._hosts:
            raise LookupError(f"There is no host {name}.")
        return self._hosts[name]

    def _reset(self, request: ControlRequest) -> Any:
        host = self._host(request)
        host.counters.reset()
        return {}

    def _faults(self, request: ControlRequest) -> Any:
        # A list (or one fault) is what is wrong from now on; an empty list mends everything.
        host = self._host(request)
        wanted = request.body if isinstance(request.body, list) else [request.body]
        host.faults.replace([Fault.from_json(fault) for fault in wanted])
        return host.faults.to_json()


def _match(pattern: str, path: str) -> dict[str, str] | None:
    expected, actual = pattern.strip("/").split("/"), path.strip("/").split("/")
    if len(expected) != len(actual):
        return None
    parameters: dict[str, str] = {}
    for want, have in zip(expected, actual, strict=True):
        if want.startswith("{") and want.endswith("}"):
            parameters[want[1:-1]] = unquote(have)
        elif want != have:
            return None
    return parameters


def _json(status: int, value: Any) -> HttpResponse:
    return HttpResponse(status, json.dumps(value).encode(), _JSON)
