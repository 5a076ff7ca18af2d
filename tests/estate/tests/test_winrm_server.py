# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers: ports, threads, the control interface, and a process of their own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from winrm_support import client, host, payload_2_19

import windows_estate
from windows_estate.winrm import ControlError, ControlRequest, Fault, Server


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def control(server: Server, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    assert server.control_port is not None
    connection = http.client.HTTPConnection("127.0.0.1", server.control_port, timeout=10)
    connection.request(method, path, json.dumps(body) if body is not None else None)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def test_stopping_leaves_no_port_and_no_thread() -> None:
    before = set(threading.enumerate())
    endpoints = [host(f"CL{number}") for number in range(300)]
    server = Server({endpoint.name: endpoint for endpoint in endpoints})
    server.start()
    ports = [endpoint.port for endpoint in endpoints]
    assert len(set(ports)) == 300 and 0 not in ports
    assert all(listens(port) for port in ports)

    # One run that would take a minute, and one client that only holds its connection.
    session = client(endpoints[0])
    shell = session.open_shell()
    command = session.run_command(shell, "powershell", console_mode_stdin=False)
    session.send_command_input(shell, command, payload_2_19({"seconds": 60}), end=True)
    broken: list[OSError] = []

    def wait() -> None:
        try:
            session.get_command_output_raw(shell, command)
        except OSError as error:
            broken.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)

    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 2
    waiting.join(5)
    assert len(broken) == 1
    assert not any(listens(port) for port in ports)
    assert set(threading.enumerate()) <= before
    server.stop()


def test_a_server_can_be_started_again_on_the_same_ports() -> None:
    endpoint = host()
    server = Server({endpoint.name: endpoint})
    with server:
        port = endpoint.port
        client(endpoint).open_shell()
    with server:
        assert endpoint.port == port
        client(endpoint).open_shell()
        with pytest.raises(RuntimeError):
            server.start()


def test_a_port_that_is_taken_stops_everything() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first, second = host("CL01"), host("CL02", port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            Server({"CL01": first, "CL02": second}).start()
        assert not listens(first.port)


def test_refuse_closes_the_port_and_cuts_what_is_open() -> None:
    endpoint = host()
    with Server({endpoint.name: endpoint}):
        session = client(endpoint)
        shell = session.open_shell()
        fault = endpoint.faults.add("refuse")
        assert not listens(endpoint.port)
        with pytest.raises(Exception, match=r"(?i)connection|refused|aborted"):
            session.run_command(shell, "powershell")
        endpoint.faults.remove(fault)
        assert listens(endpoint.port)
        # The host itself was never away: what was there is there still.
        assert client(endpoint).run_command(shell, "powershell", console_mode_stdin=False)


def test_refused_from_the_start() -> None:
    endpoint = host()
    endpoint.faults.add("refuse")
    with Server({endpoint.name: endpoint}):
        assert endpoint.port and not listens(endpoint.port)
        endpoint.faults.clear()
        assert listens(endpoint.port)


def test_only_loopback() -> None:
    endpoint = host()
    with Server({endpoint.name: endpoint}), socket.socket() as probe:
        probe.settimeout(1)
        # All of 127/8 is this machine; a socket bound to every address would answer here.
        assert probe.connect_ex(("127.0.0.2", endpoint.port)) != 0


def test_the_control_interface() -> None:
    endpoint = host()

    def state(request: ControlRequest) -> Any:
        if request.body == "locked":
            raise ControlError(409, "it is locked")
        return {"host": request.parameters["host"], "body": request.body, "depth": request.query.get("depth")}

    routes = {"GET /hosts/{host}/state": state, "POST /hosts/{host}/state": state, "GET /broken": lambda request: 1 / 0}
    with Server({endpoint.name: endpoint}, routes=routes) as server:
        assert control(server, "GET", "/hosts") == (200, [endpoint.to_json()])
        client(endpoint).open_shell()
        status, counters = control(server, "GET", "/hosts/CL01/counters")
        assert (status, counters["requests"], counters["log"]) == (200, {"Create": 1}, [])
        assert control(server, "POST", "/hosts/CL01/reset") == (200, {})
        assert endpoint.counters.total_requests == 0

        status, faults = control(server, "POST", "/hosts/CL01/faults", ["slow", {"kind": "refuse"}])
        assert (status, [fault["kind"] for fault in faults]) == (200, ["slow", "refuse"])
        assert not listens(endpoint.port)
        assert control(server, "GET", "/hosts/CL01/faults")[1] == faults
        assert control(server, "POST", "/hosts/CL01/faults", [])[1] == []
        assert listens(endpoint.port)
        assert control(server, "POST", "/hosts/CL01/faults", [{"kind": "nonsense"}])[0] == 400
        assert not endpoint.faults.active
        control(server, "POST", "/hosts/CL01/faults", {"kind": "slow", "seconds": 1})
        assert endpoint.faults.active == (Fault("slow", seconds=1),)

        assert control(server, "GET", "/hosts/CL01/state?depth=2") == (200, {"host": "CL01", "body": None, "depth": "2"})
        assert control(server, "POST", "/hosts/CL01/state", {"a": 1})[1]["body"] == {"a": 1}
        assert control(server, "POST", "/hosts/CL01/state", "locked") == (409, {"error": "it is locked"})
        assert control(server, "GET", "/hosts/CL99/counters") == (404, {"error": "There is no host CL99."})
        assert control(server, "GET", "/nothing")[0] == 404
        assert control(server, "PUT", "/hosts")[0] == 405
        assert control(server, "GET", "/broken") == (500, {"error": "ZeroDivisionError: division by zero"})


def test_executions_can_be_read_over_the_control_interface() -> None:
    endpoint = host()
    with Server({endpoint.name: endpoint}) as server:
        session = client(endpoint)
        shell = session.open_shell()
        command = session.run_command(shell, "powershell", console_mode_stdin=False)
        stdin = payload_2_19({"a": [1], "_ansible_check_mode": True})
        session.send_command_input(shell, command, stdin, end=True)
        session.get_command_output(shell, command)
        counters = control(server, "GET", "/hosts/CL01/counters")[1]
    (entry,) = counters["log"]
    assert (entry["module"], entry["check_mode"], entry["arguments"]["a"]) == ("acme.demo.echo", True, [1])
    assert (counters["executions"], counters["stdin_bytes"]) == (1, len(stdin))
    assert counters["payload_bytes"] == entry["script_bytes"] + len('{"a": [1]}')


def test_without_a_control_interface() -> None:
    with Server({"CL01": host()}, control_port=None) as server:
        assert server.describe()["control_port"] is None


_PROGRAM = """
from windows_estate.winrm import HostEndpoint, ModuleRun, Server
host = HostEndpoint("CL01", lambda call: ModuleRun('{"changed": false}'), "ansible", "secret")
Server({host.name: host}).run()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_of_its_own_says_where_it_is_and_ends_when_told(number: signal.Signals) -> None:
    source = Path(windows_estate.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(source)}
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        assert listens(where["hosts"][0]["port"]) and listens(where["control_port"])
        process.send_signal(number)
        try:
            assert process.wait(10) == 0
        finally:
            process.kill()
    assert not listens(where["hosts"][0]["port"])
