# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What powershell.exe does with a command line and its standard input: ansible-core's wrapper around a module, imitated.

Nothing is interpreted. The module itself is the business of the host's handler; this is what stands around it: the checks that come first,
the way in which failures are told, line ends, streams and exit codes.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import traceback
from dataclasses import dataclass
from xml.sax.saxutils import escape

from windows_estate.winrm import become
from windows_estate.winrm.ansible_payload import JsonRefused, Payload, PayloadError, unpack
from windows_estate.winrm.calls import ModuleCall, ModuleRun
from windows_estate.winrm.endpoint import HostEndpoint

logger = logging.getLogger(__name__)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Outcome:
    """A process that has ended. `call` is the module that it ran; None when it came to none."""

    stdout: bytes
    stderr: bytes
    exit_code: int
    seconds: float = 0.0
    call: ModuleCall | None = None


def run(endpoint: HostEndpoint, user: str, command_line: str, stdin: bytes) -> Outcome:
    """Run what `user` asked for on this host. Every failure is an outcome; nothing is raised."""
    try:
        payload = unpack(stdin)
    except JsonRefused as refused:
        if refused.generation == "2.16":
            # That wrapper parses before it has anything that turns an error into a result.
            return Outcome(b"", clixml(str(refused)), 1)
        return _failed(f"failure during exec_wrapper: {refused}")
    except PayloadError as error:
        what = f"it is given {error}" if stdin else "it has no standard input"
        script = innermost(command_line)[:400]
        return Outcome(b"", clixml(f"The simulated host {endpoint.name} cannot run this command, {what}: {script}"), 1)

    call = ModuleCall(
        module=payload.module,
        arguments=payload.arguments,
        script=payload.script,
        user=user,
        become=payload.become,
        environment=payload.environment,
        generation=payload.generation,
    )
    return _refusal(endpoint, payload) or _run_module(endpoint, call)


def innermost(command_line: str) -> str:
    """The script of -EncodedCommand, through as many layers as there are; the command line itself where there is none."""
    match = re.search(r"-EncodedCommand\s+([A-Za-z0-9+/=]+)", command_line, re.IGNORECASE)
    if not match:
        return command_line
    try:
        return innermost(base64.b64decode(match[1], validate=True).decode("utf-16-le"))
    except (binascii.Error, UnicodeDecodeError):
        return command_line


def clixml(text: str) -> bytes:
    """Errors as powershell.exe writes them to standard error when it was started with -EncodedCommand."""
    lines = "".join(f'<S S="Error">{_CONTROL.sub(_escape_control, escape(line))}_x000D__x000A_</S>' for line in text.splitlines())
    objects = f'<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">{lines}</Objs>'
    return f"#< CLIXML\r\n{objects}".encode("utf-8", "replace")


def _escape_control(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"


def _refusal(endpoint: HostEndpoint, payload: Payload) -> Outcome | None:
    wanted = payload.requires_powershell
    actual = _version(endpoint.powershell_version)
    if payload.generation == "2.19" and actual < (5, 1):
        return _failed("Ansible requires PowerShell v5.1", payload)
    if wanted and actual < _version(wanted):
        return _failed(
            f'This module cannot run as it requires a minimum PowerShell version of {wanted}, actual was "{endpoint.powershell_version}"',
            payload,
        )
    if payload.is_async:
        return _failed(f"The simulated host {endpoint.name} does not run modules in the background (async).", payload)
    if payload.become and (reason := become.failure(payload.become, endpoint.become_accounts)):
        before = f"failed to become user '{payload.become.user}'" if payload.generation == "2.16" else "failure during exec_wrapper"
        return _failed(f"{before}: {reason}", payload)
    if payload.become and endpoint.become_logon is not None and not endpoint.become_logon(payload.become):
        before = f"failed to become user '{payload.become.user}'" if payload.generation == "2.16" else "failure during exec_wrapper"
        return _failed(f"{before}: {become.not_granted(payload.become.user)}", payload)
    return None


def _run_module(endpoint: HostEndpoint, call: ModuleCall) -> Outcome:
    try:
        done = endpoint.handler(call)
    except Exception as error:
        logger.exception("%s: the handler failed to run %s", endpoint.name, call.module)
        done = _result(f"Unhandled exception while executing module: {error}", exception=traceback.format_exc())
    if done is None:
        done = _result(f"The simulated host {endpoint.name} does not know the module {call.module}: it has no adapter for it.")
    # The wrapper writes what the module put out as one object; under become it prints what the inner process wrote as a line once more.
    stdout = done.stdout + "\r\n" if done.stdout else ""
    if call.become:
        stdout += "\r\n"
    return Outcome(stdout.encode("utf-8", "replace"), clixml(done.stderr) if done.stderr else b"", done.exit_code, done.seconds, call)


def _failed(message: str, payload: Payload | None = None) -> Outcome:
    # Only the older wrapper calls its own failures internal errors.
    prefix = "internal error: " if payload is not None and payload.generation == "2.16" else ""
    failed = _result(prefix + message)
    return Outcome(f"{failed.stdout}\r\n".encode("utf-8", "replace"), b"", failed.exit_code)


def _result(message: str, **more: str) -> ModuleRun:
    return ModuleRun(json.dumps({"failed": True, "msg": message, **more}), exit_code=1)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
