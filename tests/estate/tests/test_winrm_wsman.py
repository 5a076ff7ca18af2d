# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The protocol, asked by a real client (pywinrm) and by hand."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator

import pytest
from winrm import Protocol
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WSManFaultError
from winrm_support import PASSWORD, USER, client, host, payload_2_16, payload_2_19

from windows_estate.winrm import HostEndpoint, ModuleRun, Server, wsman
from windows_estate.winrm.wsman import WsmanFault


@pytest.fixture
def endpoint() -> Iterator[HostEndpoint]:
    served = host()
    with Server({served.name: served}):
        yield served


def run(protocol: Protocol, stdin: bytes, piece: int = 200_000) -> tuple[bytes, bytes, int]:
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "powershell", ["-EncodedCommand", "AAAA"], console_mode_stdin=False)
    for start in range(0, len(stdin), piece):
        protocol.send_command_input(shell, command, stdin[start : start + piece], end=start + piece >= len(stdin))
    output = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell)
    return output


@pytest.mark.parametrize("build", [payload_2_16, payload_2_19])
def test_a_whole_run(endpoint: HostEndpoint, build: Callable[..., bytes]) -> None:
    stdout, stderr, code = run(client(endpoint), build({"a": "€"}), piece=100)
    assert json.loads(stdout)["echo"] == {"a": "€"}
    assert (stderr, code) == (b"", 0)
    requests = endpoint.counters.requests
    assert requests.pop("Send") > 1
    assert requests == {"Create": 1, "Command": 1, "Receive": 1, "Signal": 1, "Delete": 1}


def test_a_connection_is_kept_and_answers_do_not_wait_for_each_other(endpoint: HostEndpoint) -> None:
    protocol = client(endpoint)
    started = time.monotonic()
    for _ in range(10):
        shell = protocol.open_shell()
        protocol.close_shell(shell, close_session=False)
    # A delayed acknowledgement costs 40 ms a request; twenty requests would show it.
    assert time.monotonic() - started < 0.4
    assert endpoint.counters.connections == 1


def test_the_wrong_password_is_refused_and_counted(endpoint: HostEndpoint) -> None:
    with pytest.raises(InvalidCredentialsError):
        client(endpoint, password="wrong").open_shell()
    assert endpoint.counters.denied_requests == 1
    assert endpoint.counters.total_requests == 0


def test_the_name_of_a_user_has_no_case() -> None:
    endpoint = host()
    assert endpoint.admits(USER.upper(), PASSWORD)
    assert not endpoint.admits(USER, PASSWORD.upper())


def test_no_answer_is_larger_than_the_envelope_that_was_asked_for(endpoint: HostEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "é\\" * 100_000
    endpoint.handler = lambda call: ModuleRun(text, stderr="trouble " * 5_000)
    sizes: list[int] = []
    protocol = client(endpoint)
    send = protocol.transport.send_message

    def measured(message: str | bytes) -> bytes:
        answer = send(message)
        sizes.append(len(answer))
        return answer

    monkeypatch.setattr(protocol.transport, "send_message", measured)
    stdout, stderr, _ = run(protocol, payload_2_19({}))
    assert stdout.decode() == text + "\r\n"
    assert len(stderr) > 40_000
    assert max(sizes) <= wsman.DEFAULT_MAX_ENVELOPE
    # Full envelopes: no more answers than the size asks for.
    assert sum(size > 100_000 for size in sizes) >= 2
    # 340,131 bytes are 453,508 characters of Base64: three full envelopes less what is around the data.
    assert endpoint.counters.requests["Receive"] == 3


def test_receive_times_out_after_the_operation_timeout_and_can_be_asked_again(endpoint: HostEndpoint) -> None:
    protocol = client(endpoint, operation_timeout=1)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "powershell", console_mode_stdin=False)
    started = time.monotonic()
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    assert 0.9 < time.monotonic() - started < 1.8
    protocol.send_command_input(shell, command, payload_2_19({}), end=True)
    *_, code, is_done = protocol.get_command_output_raw(shell, command)
    assert (code, is_done) == (0, True)


def test_what_is_not_there_is_a_fault(endpoint: HostEndpoint) -> None:
    protocol = client(endpoint)
    with pytest.raises(WSManFaultError) as fault:
        protocol.run_command("0E7B2F3A-0000-0000-0000-000000000000", "powershell")
    assert fault.value.wsman_fault_code == wsman.SHELL_NOT_FOUND
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "powershell", console_mode_stdin=False)
    protocol.cleanup_command(shell, command)
    with pytest.raises(WSManFaultError):
        protocol.get_command_output_raw(shell, command)
    protocol.close_shell(shell, close_session=False)
    with pytest.raises(WSManFaultError):
        protocol.run_command(shell, "powershell")


def test_input_after_the_end_is_a_fault(endpoint: HostEndpoint) -> None:
    protocol = client(endpoint)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "powershell", console_mode_stdin=False)
    protocol.send_command_input(shell, command, payload_2_19({}), end=True)
    with pytest.raises(WSManFaultError):
        protocol.send_command_input(shell, command, b"more", end=True)
    assert protocol.get_command_output(shell, command)[2] == 0
    assert endpoint.counters.executions == 1


def test_signal_ends_a_command_that_runs(endpoint: HostEndpoint) -> None:
    protocol = client(endpoint, operation_timeout=1)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "powershell", console_mode_stdin=False)
    protocol.send_command_input(shell, command, payload_2_19({"seconds": 60}), end=True)
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    protocol.cleanup_command(shell, command)
    deadline = time.monotonic() + 3
    while not endpoint.counters.executions and time.monotonic() < deadline:
        time.sleep(0.01)
    assert endpoint.counters.log[0].seconds < 10


def test_a_command_without_input_runs_at_once(endpoint: HostEndpoint) -> None:
    protocol = client(endpoint)
    shell = protocol.open_shell()
    stdout, stderr, code = protocol.get_command_output(shell, protocol.run_command(shell, "hostname"))
    assert (stdout, code) == (b"", 1)
    assert b"hostname" in stderr


def post(endpoint: HostEndpoint, body: bytes, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=10)
    connection.request("POST", "/wsman", body, headers)
    response = connection.getresponse()
    answer = response.status, response.read(), dict(response.getheaders())
    connection.close()
    return answer


def authorization() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def test_without_credentials_the_host_asks_for_them(endpoint: HostEndpoint) -> None:
    status, body, headers = post(endpoint, b"")
    assert (status, body) == (401, b"")
    assert headers["WWW-Authenticate"] == 'Basic realm="WSMAN"'
    assert post(endpoint, b"", Authorization="Basic %%%")[0] == 401
    assert post(endpoint, b"", Authorization="Negotiate abc")[0] == 401


def test_identify_needs_no_credentials(endpoint: HostEndpoint) -> None:
    status, body, _ = post(endpoint, b"<x/>", WSMANIDENTIFY="unauthenticated")
    assert status == 200
    assert b"<wsmid:ProductVendor>Microsoft Corporation<" in body


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no xml", wsman.SCHEMA_VALIDATION),
        (b"<x/>", wsman.ACTION_NOT_SUPPORTED),
        (b" " * 600_000 + b"<x/>", wsman.ENCODING_LIMIT),
    ],
)
def test_bodies_that_are_wrong(endpoint: HostEndpoint, body: bytes, code: int) -> None:
    status, answer, _ = post(endpoint, body, Authorization=authorization())
    assert status == 500
    assert f'Code="{code}"'.encode() in answer


@pytest.mark.parametrize(("text", "expected"), [("PT20S", 20), ("PT1.5S", 1.5), ("P0DT0H20M0.000S", 1200), ("PT1H", 3600), ("P1D", 86400)])
def test_durations(text: str, expected: float) -> None:
    assert wsman.seconds(text) == expected


def test_what_is_no_duration() -> None:
    with pytest.raises(WsmanFault):
        wsman.seconds("20")
