# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WS-Management envelopes of the shell protocol: requests read, responses written (MS-WSMV, DSP0226).

Responses are put together as text: there are few of them, their size counts against the client's limit, and their namespaces are fixed.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
CMD_SHELL = f"{SHELL}/cmd"
ANONYMOUS = f"{ADDRESSING}/role/anonymous"

ACTIONS: Mapping[str, str] = {
    f"{TRANSFER}/Create": "Create",
    f"{TRANSFER}/Get": "Get",
    f"{TRANSFER}/Delete": "Delete",
    f"{SHELL}/Command": "Command",
    f"{SHELL}/Send": "Send",
    f"{SHELL}/Receive": "Receive",
    f"{SHELL}/Signal": "Signal",
}
_URIS = {name: uri for uri, name in ACTIONS.items()}

DEFAULT_MAX_ENVELOPE = 153_600
# Nothing below this is accepted (MS-WSMV 3.1.4.1, MaxEnvelopeSize).
LEAST_MAX_ENVELOPE = 8_192
DEFAULT_OPERATION_TIMEOUT = 60.0

# Codes of wsmerror.h.
TIMED_OUT = 2150858793
SHELL_NOT_FOUND = 2150858843
ENCODING_LIMIT = 2150858805
ACTION_NOT_SUPPORTED = 2150858771
SCHEMA_VALIDATION = 2150858817
# Codes of winerror.h.
ACCESS_DENIED = 5
PIPE_CLOSED = 232
OPERATION_ABORTED = 995
INTERNAL_ERROR = 1359


class WsmanFault(Exception):
    """A request that is answered with a fault. `sender`: it is the client's mistake."""

    def __init__(self, subcode: str, code: int, reason: str, *, sender: bool = True) -> None:
        super().__init__(reason)
        self.subcode = subcode
        self.code = code
        self.reason = reason
        self.sender = sender


@dataclass(frozen=True)
class Request:
    """An envelope, read. Sizes in bytes, times in seconds; `streams` are pieces of input, each with whether it is the last."""

    action: str
    message_id: str = ""
    resource_uri: str = ""
    shell_id: str = ""
    command_id: str = ""
    max_envelope: int = DEFAULT_MAX_ENVELOPE
    operation_timeout: float = DEFAULT_OPERATION_TIMEOUT
    options: Mapping[str, str] = field(default_factory=dict)
    command_line: str = ""
    streams: tuple[tuple[bytes, bool], ...] = ()
    signal: str = ""


def parse(body: bytes) -> Request:
    """Read a request. Raises WsmanFault for what is none."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - only who is on this machine and knows the password comes this far
    except ET.ParseError as error:
        raise WsmanFault("w:SchemaValidationError", SCHEMA_VALIDATION, f"The request is not XML: {error}") from error
    header = root.find(f"{{{SOAP}}}Header")
    content = root.find(f"{{{SOAP}}}Body")
    if header is None or content is None:
        header = ET.Element("Header") if header is None else header
        content = ET.Element("Body") if content is None else content
    if content.find(f"{{{IDENTITY}}}Identify") is not None:
        return Request("Identify")

    command_line, streams, signal, command_id = _body(content)
    envelope = _text(header, f"{{{WSMAN}}}MaxEnvelopeSize")
    timeout = _text(header, f"{{{WSMAN}}}OperationTimeout")
    return Request(
        action=ACTIONS.get(_text(header, f"{{{ADDRESSING}}}Action"), "Unknown"),
        message_id=_text(header, f"{{{ADDRESSING}}}MessageID"),
        resource_uri=_text(header, f"{{{WSMAN}}}ResourceURI"),
        shell_id=_named(header, "Selector").get("ShellId", ""),
        command_id=command_id,
        max_envelope=int(envelope) if envelope.isdigit() else DEFAULT_MAX_ENVELOPE,
        operation_timeout=seconds(timeout) if timeout else DEFAULT_OPERATION_TIMEOUT,
        options=_named(header, "Option"),
        command_line=command_line,
        streams=streams,
        signal=signal,
    )


def seconds(duration: str) -> float:
    """An xs:duration of days, hours, minutes and seconds (`PT20S`, `P0DT0H20M0.000S`). Raises WsmanFault."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", duration)
    if not match:
        raise WsmanFault("w:SchemaValidationError", SCHEMA_VALIDATION, f"{duration} is not a duration.")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def created(request: Request, shell_id: str, user: str) -> bytes:
    reference = (
        f"<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>{CMD_SHELL}</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
    )
    return _response(request, reference + _shell(shell_id, user))


def got(request: Request, shell_id: str, user: str) -> bytes:
    return _response(request, _shell(shell_id, user))


def commanded(request: Request, command_id: str) -> bytes:
    return _response(request, f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>")


def acknowledged(request: Request) -> bytes:
    """The empty answers: to Send, Signal and Delete."""
    return _response(request, "" if request.action == "Delete" else f"<rsp:{request.action}Response/>")


def received(request: Request, stdout: bytes, stderr: bytes, exit_code: int | None) -> bytes:
    """A piece of output; `exit_code` comes with the last one."""
    command = quoteattr(request.command_id)
    streams = "".join(
        f'<rsp:Stream Name="{name}" CommandId={command}>{base64.b64encode(data).decode("ascii")}</rsp:Stream>'
        for name, data in (("stdout", stdout), ("stderr", stderr))
        if data
    )
    state = f'<rsp:CommandState CommandId={command} State="{SHELL}/CommandState/Running"/>'
    if exit_code is not None:
        streams += "".join(f'<rsp:Stream Name="{name}" CommandId={command} End="true"></rsp:Stream>' for name in ("stdout", "stderr"))
        code = f"<rsp:ExitCode>{exit_code}</rsp:ExitCode>"
        state = f'<rsp:CommandState CommandId={command} State="{SHELL}/CommandState/Done">{code}</rsp:CommandState>'
    return _response(request, f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>")


def room(request: Request) -> int:
    """How many bytes of output one answer to this Receive may carry and stay within the envelope that the client asked for."""
    # The exit code has up to ten digits and a sign, and each of the two streams its own padding of up to four characters.
    frame = len(received(request, b"\0", b"\0", -2_147_483_648))
    return max(0, (request.max_envelope - frame - 8) // 4 * 3)


def identified() -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid="{IDENTITY}">'
        f"<wsmid:ProtocolVersion>{WSMAN}</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        "<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()


def faulted(request: Request | None, fault: WsmanFault) -> bytes:
    relates = escape(request.message_id) if request else ""
    return _envelope(
        f"{WSMAN.rpartition('/')[0]}/fault",
        relates,
        f"<s:Fault><s:Code><s:Value>s:{'Sender' if fault.sender else 'Receiver'}</s:Value>"
        f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(fault.reason)}</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="{FAULT}" '
        f'Code="{fault.code}" Machine="127.0.0.1"><f:Message>{escape(fault.reason)}</f:Message></f:WSManFault></s:Detail></s:Fault>',
    )


def _body(content: ET.Element) -> tuple[str, tuple[tuple[bytes, bool], ...], str, str]:
    command_line, signal, command_id = "", "", ""
    streams: list[tuple[bytes, bool]] = []
    for element in content.iter():
        name = element.tag.rpartition("}")[2]
        command_id = element.get("CommandId") or command_id
        if name in ("Command", "Arguments"):
            command_line = f"{command_line} {element.text or ''}".strip()
        elif name == "Stream":
            try:
                data = base64.b64decode(element.text or "", validate=True)
            except ValueError as error:
                raise WsmanFault("w:SchemaValidationError", SCHEMA_VALIDATION, f"A stream is not Base64: {error}") from error
            streams.append((data, element.get("End", "").lower() == "true"))
        elif name == "Code":
            signal = element.text or ""
    return command_line, tuple(streams), signal, command_id


def _text(header: ET.Element, tag: str) -> str:
    return (header.findtext(tag) or "").strip()


def _named(header: ET.Element, tag: str) -> dict[str, str]:
    return {element.get("Name", ""): element.text or "" for element in header.iter(f"{{{WSMAN}}}{tag}")}


def _shell(shell_id: str, user: str) -> str:
    return (
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{CMD_SHELL}</rsp:ResourceUri><rsp:Owner>{escape(user)}</rsp:Owner>"
        "<rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
    )


def _response(request: Request, content: str) -> bytes:
    return _envelope(f"{_URIS[request.action]}Response", escape(request.message_id), content)


def _envelope(action: str, relates_to: str, content: str) -> bytes:
    related = f"<a:RelatesTo>{relates_to}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" xmlns:w="{WSMAN}" xmlns:rsp="{SHELL}">'
        f"<s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ANONYMOUS}</a:To>{related}"
        f"</s:Header><s:Body>{content}</s:Body></s:Envelope>"
    ).encode()
