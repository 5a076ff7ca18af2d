# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The HTTP side of one host: who may come in, and the SOAP bodies in and out."""

from __future__ import annotations

import base64
import binascii
import socket

from windows_estate.winrm import httpio, wsman
from windows_estate.winrm.endpoint import HostEndpoint
from windows_estate.winrm.httpio import HttpRequest, HttpResponse
from windows_estate.winrm.listener import break_off
from windows_estate.winrm.service import Service

_SOAP = {"Content-Type": "application/soap+xml;charset=UTF-8"}
_DROPPED = HttpResponse(503, dropped=True)
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="WSMAN"'}


class Gate:
    """Lets requests with the right credentials through to the service, and counts what passes."""

    def __init__(self, endpoint: HostEndpoint) -> None:
        self.endpoint = endpoint
        self.service = Service(endpoint)

    def serve(self, connection: socket.socket) -> None:
        # As from a host that is not there: nothing that is said to it counts as a request.
        if not self.endpoint.lets_through():
            break_off(connection)
            return
        self.endpoint.counters.connection()
        httpio.serve(connection, self.respond)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """The answer, unless the host does not let the request in or, by what the request did, the answer out."""
        if not self.endpoint.lets_through():
            return _DROPPED
        response = self._answer(request)
        return response if self.endpoint.lets_through() else _DROPPED

    def _answer(self, request: HttpRequest) -> HttpResponse:
        counters = self.endpoint.counters
        counters.body(received=len(request.body))
        if request.method != "POST" or not request.path.lower().startswith("/wsman"):
            return HttpResponse(404)
        if request.headers.get("wsmanidentify", "").lower() == "unauthenticated":
            counters.request("Identify")
            return self._sent(HttpResponse(200, wsman.identified(), _SOAP))
        credentials = _basic(request.headers.get("authorization", ""))
        if credentials is None or not self.endpoint.admits(*credentials):
            counters.denied()
            return HttpResponse(401, headers=_CHALLENGE)
        answer = self.service.handle(request.body, credentials[0])
        if answer.status == 401:
            counters.denied()
            return HttpResponse(401, headers=_CHALLENGE)
        return self._sent(HttpResponse(answer.status, answer.body, _SOAP, cut=answer.cut, silent=answer.silent))

    def _sent(self, response: HttpResponse) -> HttpResponse:
        self.endpoint.counters.body(sent=len(response.body))
        return response


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return None
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        # requests encodes credentials as Latin-1 where it can.
        text = decoded.decode("latin-1")
    username, found, password = text.partition(":")
    return (username, password) if found else None
