# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The WS-Management service of one host: a request in, an answer out, with the faults that are switched on."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from windows_estate.winrm import faults, powershell, wsman
from windows_estate.winrm.counters import Execution
from windows_estate.winrm.endpoint import HostEndpoint
from windows_estate.winrm.faults import Fault
from windows_estate.winrm.powershell import Outcome
from windows_estate.winrm.shell import Command, Shell, Shells
from windows_estate.winrm.wsman import Request, WsmanFault

# What a service takes as one request at most: MaxEnvelopeSizekb, 500 since Windows 8 and Server 2012.
MAX_REQUEST = 512_000

_GARBAGE = b"\x00\xff\xfe<<< this is not the JSON that you are looking for >>>\r\n}{"


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP. `cut`: only half of it, then the connection breaks. `silent`: nothing, and the connection stays."""

    status: int
    body: bytes
    cut: bool = False
    silent: bool = False


class Service:
    """Answers the requests of clients whose credentials were found right."""

    def __init__(self, endpoint: HostEndpoint) -> None:
        self.endpoint = endpoint
        self.shells = Shells()

    def handle(self, body: bytes, user: str) -> Answer:
        request: Request | None = None
        try:
            request = wsman.parse(body)
            fault = self.endpoint.faults.on_request(request.action)
            if fault and fault.kind == faults.UNAUTHORIZED:
                return Answer(401, b"")
            self.endpoint.counters.request(request.action)
            if fault and fault.kind == faults.SILENT:
                return Answer(500, b"", silent=True)
            if fault and fault.kind in (faults.ACCESS_DENIED, faults.HTTP_500):
                raise _injected(fault)
            if len(body) > MAX_REQUEST:
                raise WsmanFault("w:EncodingLimit", wsman.ENCODING_LIMIT, f"The request is larger than {MAX_REQUEST} bytes.")
            if request.max_envelope < wsman.LEAST_MAX_ENVELOPE:
                raise WsmanFault("w:EncodingLimit", wsman.ENCODING_LIMIT, f"MaxEnvelopeSize is less than {wsman.LEAST_MAX_ENVELOPE}.")
            answer = Answer(200, self._answer(request, user))
            return replace(answer, cut=True) if fault and fault.kind == faults.DROP else answer
        except WsmanFault as fault_sent:
            return Answer(500, wsman.faulted(request, fault_sent))

    def _answer(self, request: Request, user: str) -> bytes:
        if request.action == "Identify":
            return wsman.identified()
        if request.action == "Unknown" or request.resource_uri.lower() != wsman.CMD_SHELL:
            raise WsmanFault("a:ActionNotSupported", wsman.ACTION_NOT_SUPPORTED, "The service has no such action for this resource.")
        if request.action == "Create":
            if self.endpoint.shell is not None and not self.endpoint.shell():
                raise WsmanFault("w:AccessDenied", wsman.ACCESS_DENIED, "Access is denied.")
            shell = self.shells.create(user)
            return wsman.created(request, shell.id, shell.user)
        shell = self._shell(request)
        if request.action == "Get":
            return wsman.got(request, shell.id, shell.user)
        if request.action == "Delete":
            self.shells.delete(shell)
            return wsman.acknowledged(request)
        if request.action == "Command":
            command = self.shells.command(shell, request.command_line)
            # Console mode means that nobody will send input: the process has all it gets, which is nothing.
            if request.options.get("WINRS_CONSOLEMODE_STDIN", "FALSE").upper() == "TRUE":
                self.shells.start(command, self._process)
            return wsman.commanded(request, command.id)
        return self._command_answer(request, shell, self._command(request, shell))

    def _command_answer(self, request: Request, shell: Shell, command: Command) -> bytes:
        if request.action == "Send":
            if command.started:
                raise WsmanFault("w:InternalError", wsman.PIPE_CLOSED, "Standard input of the command is closed.")
            for data, is_last in request.streams:
                command.stdin += data
                if is_last:
                    self.shells.start(command, self._process)
        elif request.action == "Receive":
            output = command.output(wsman.room(request), request.operation_timeout)
            if output is None and command.ended:
                raise WsmanFault("w:InternalError", wsman.OPERATION_ABORTED, "The command was ended.", sender=False)
            if output is None:
                reason = "The operation was not completed within the time that OperationTimeout allows."
                raise WsmanFault("w:TimedOut", wsman.TIMED_OUT, reason, sender=False)
            return wsman.received(request, *output)
        elif request.action == "Signal":
            self.shells.terminate(shell, command)
        return wsman.acknowledged(request)

    def _shell(self, request: Request) -> Shell:
        shell = self.shells.get(request.shell_id)
        if shell is None:
            raise WsmanFault("w:InvalidSelectors", wsman.SHELL_NOT_FOUND, f"There is no shell {request.shell_id} on this host.")
        return shell

    def _command(self, request: Request, shell: Shell) -> Command:
        command = self.shells.find(shell, request.command_id)
        if command is None:
            raise WsmanFault("w:InvalidSelectors", wsman.SHELL_NOT_FOUND, f"There is no command {request.command_id} in this shell.")
        return command

    def _process(self, command: Command) -> Outcome:
        stdin = bytes(command.stdin)
        outcome = powershell.run(self.endpoint, command.user, command.command_line, stdin)
        if outcome.call is None:
            return outcome
        hit = self.endpoint.faults.on_execution()
        outcome = _spoiled(outcome, hit)
        extra = sum(fault.seconds for fault in hit if fault.kind == faults.SLOW)
        forever = any(fault.kind == faults.TIMEOUT for fault in hit)
        command.sleep(None if forever else max(0.0, outcome.seconds - (time.monotonic() - command.started)) + extra)
        call = outcome.call
        assert call is not None
        self.endpoint.counters.execution(
            Execution(
                time=datetime.now(timezone.utc),
                module=call.module,
                arguments=call.arguments,
                check_mode=call.check_mode,
                become_user=call.become_user,
                seconds=round(time.monotonic() - command.started, 6),
                exit_code=outcome.exit_code,
                script_bytes=call.script_bytes,
                arguments_bytes=call.arguments_bytes,
                stdin_bytes=len(stdin),
                stdout_bytes=len(outcome.stdout),
                generation=call.generation,
            )
        )
        return outcome


def _injected(fault: Fault) -> WsmanFault:
    if fault.kind == faults.ACCESS_DENIED:
        return WsmanFault("w:AccessDenied", wsman.ACCESS_DENIED, fault.text or "Access is denied.")
    return WsmanFault("w:InternalError", wsman.INTERNAL_ERROR, fault.text or "An internal error occurred.", sender=False)


def _spoiled(outcome: Outcome, hit: tuple[Fault, ...]) -> Outcome:
    stdout = outcome.stdout
    for fault in hit:
        if fault.kind == faults.GARBAGE:
            stdout = fault.text.encode("utf-8", "replace") or _GARBAGE
        elif fault.kind == faults.HALF_ANSWER:
            stdout = stdout[: len(stdout) // 2]
    return replace(outcome, stdout=stdout)
