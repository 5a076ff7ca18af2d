# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real ansible-playbook runs against simulated hosts.

They use the ansible-playbook beside this Python; ESTATE_CORE_VENVS names others in its place, separated by colons.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from winrm_support import MODULE, SCRIPT, Controller, host

from windows_estate.winrm import Fault, Faults, ModuleCall, ModuleRun, Server
from windows_estate.winrm.wsman import DEFAULT_MAX_ENVELOPE

pytestmark = pytest.mark.slow

THROUGH_ACTION = "acme.demo.through_action"
_NEW_CREDENTIALS = "logon_type=new_credentials logon_flags=netcredentials_only"

_PROGRAMS = [path for path in os.environ.get("ESTATE_CORE_VENVS", "").split(os.pathsep) if path] or [
    str(Path(sys.executable).with_name("ansible-playbook"))
]


@pytest.fixture(params=_PROGRAMS)
def program(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def controller(program: Path, tmp_path: Path) -> Controller:
    return Controller(tmp_path, program)


def test_a_module_of_an_action_plugin_is_one_execution_over_one_shell(controller: Controller) -> None:
    endpoint = host()
    arguments = {"text": "grüße €😀 {{ '{{' }}", "list": [1, 2.5, None, True, ["x"]], "deep": {"a": {"b": "c"}}, "empty": ""}
    with Server({endpoint.name: endpoint}):
        (result,) = controller.run([endpoint], [{THROUGH_ACTION: arguments, "environment": {"LANG_TEST": "ä"}}])

    assert result.status == "ok", controller.output
    assert result.result["echo"] == {**arguments, "text": "grüße €😀 {{"}
    assert result.result["script"] == SCRIPT
    assert result.result["check"] is False
    assert result.result["user"] == endpoint.username
    assert result.result["environment"] == {"LANG_TEST": "ä"}

    counters = endpoint.counters
    assert counters.requests == {"Create": 1, "Command": 1, "Send": 1, "Receive": 1, "Signal": 1, "Delete": 1}
    assert (counters.connections, counters.denied_requests, counters.executions) == (1, 0, 1)
    (execution,) = counters.log
    assert (execution.module, execution.exit_code, execution.become_user) == (MODULE, 0, None)
    assert execution.script_bytes == len(SCRIPT.encode())
    assert counters.payload_bytes == execution.script_bytes + execution.arguments_bytes
    assert counters.payload_bytes < execution.stdin_bytes == counters.stdin_bytes < counters.bytes_in


def test_eighty_kilobytes_of_our_own_still_fit_one_send(program: Path, tmp_path: Path) -> None:
    script = SCRIPT + "# filler, a line of it\n" * 2_200
    controller = Controller(tmp_path, program, script)
    endpoint = host()
    with Server({endpoint.name: endpoint}):
        (result,) = controller.run([endpoint], [{THROUGH_ACTION: {"operations": ["x" * 100] * 280}}])

    assert result.status == "ok", controller.output
    assert 78_000 < endpoint.counters.payload_bytes < 82_000
    assert endpoint.counters.stdin_bytes < 200_000
    assert endpoint.counters.total_requests == 6


def test_check_mode_reaches_the_module(controller: Controller) -> None:
    endpoint = host()
    with Server({endpoint.name: endpoint}):
        (result,) = controller.run([endpoint], [{THROUGH_ACTION: {"a": 1}}], "--check", "--diff")
    assert result.result["check"] is True
    assert endpoint.counters.log[0].check_mode
    assert endpoint.counters.log[0].arguments["_ansible_diff"] is True


def test_become_carries_the_user_and_the_password(controller: Controller) -> None:
    endpoint = host(become_accounts={"CORP\\svc-site": "sécret:1"})
    with Server({endpoint.name: endpoint}):
        results = controller.run(
            [endpoint],
            [
                _runas("right", "corp\\svc-site", ansible_become_password="sécret:1"),
                _runas("system", "SYSTEM"),
                _runas("flags", "any", ansible_become_password="x", ansible_become_flags=_NEW_CREDENTIALS),
                {**_runas("wrong", "corp\\svc-site", ansible_become_password="no"), "ignore_errors": True},
            ],
        )
    by_task = {result.task: result for result in results}
    assert {name: result.status for name, result in by_task.items()} == {"right": "ok", "system": "ok", "flags": "ok", "wrong": "failed"}
    assert by_task["right"].result["become"] == "corp\\svc-site"
    assert by_task["right"].result["become_password"] == "sécret:1"
    assert by_task["system"].result["become"] == "SYSTEM"
    assert "1326" in by_task["wrong"].result["msg"]
    # What become fails to start is no execution.
    assert [execution.become_user for execution in endpoint.counters.log] == ["corp\\svc-site", "SYSTEM", "any"]


def test_become_flags_have_one_spelling(controller: Controller) -> None:
    calls: list[ModuleCall] = []

    def keep(call: ModuleCall) -> ModuleRun:
        calls.append(call)
        return ModuleRun('{"changed": false}')

    endpoint = host(handler=keep)
    with Server({endpoint.name: endpoint}):
        controller.run([endpoint], [_runas("flags", "any", ansible_become_password="x", ansible_become_flags=_NEW_CREDENTIALS)])
    (call,) = calls
    assert call.become is not None
    assert (call.become.logon_type, call.become.logon_flags) == ("new_credentials", ("netcredentials_only",))
    assert "x" not in repr(call.become)


def test_a_large_reply_comes_in_as_many_pieces_as_it_needs(controller: Controller) -> None:
    endpoint = host()
    with Server({endpoint.name: endpoint}):
        (result,) = controller.run([endpoint], [{THROUGH_ACTION: {"reply": 200_000}}])
    assert result.status == "ok", controller.output
    assert result.result["text"] == "é" * 200_000
    sent = endpoint.counters.log[0].stdout_bytes
    assert sent > 400_000
    # Base64 makes four characters of three bytes, and every answer has an envelope around it.
    assert endpoint.counters.requests["Receive"] == sent * 4 // 3 // (DEFAULT_MAX_ENVELOPE - 2_000) + 1


def test_a_slow_module_outlives_the_operation_timeout(controller: Controller) -> None:
    endpoint = host()
    timeouts = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 4}
    with Server({endpoint.name: endpoint}):
        (result,) = controller.run([endpoint], [{THROUGH_ACTION: {"seconds": 2.5}}], variables=timeouts)
    assert result.status == "ok", controller.output
    assert endpoint.counters.requests["Receive"] == 3
    assert 2.5 <= endpoint.counters.log[0].seconds < 4


def test_many_hosts_at_once(controller: Controller) -> None:
    hosts = [host(f"CL{number:02}") for number in range(12)]
    with Server({endpoint.name: endpoint for endpoint in hosts}):
        results = controller.run(hosts, [{THROUGH_ACTION: {"mine": "{{ inventory_hostname }}"}}], "--forks", "6")
    assert {result.host: result.result["echo"]["mine"] for result in results} == {endpoint.name: endpoint.name for endpoint in hosts}
    assert {endpoint.counters.total_requests for endpoint in hosts} == {6}


def test_what_goes_wrong_is_told_as_for_a_real_host(controller: Controller) -> None:
    troubles: dict[str, tuple[dict[str, object], str]] = {
        "fine": ({}, "ok"),
        "closed": ({"faults": _faults("refuse")}, "unreachable"),
        "wrong-password": ({"authenticate": lambda user, password: False}, "unreachable"),
        "denied": ({"faults": _faults("access_denied")}, "unreachable"),
        "broken": ({"faults": _faults("http_500")}, "unreachable"),
        "mute": ({"faults": _faults("silent", actions=("Receive",))}, "unreachable"),
        "dropped": ({"faults": _faults("drop")}, "failed"),
        "half": ({"faults": _faults("half_answer")}, "failed"),
        "garbage": ({"faults": _faults("garbage")}, "failed"),
        "empty": ({"handler": lambda call: ModuleRun("")}, "failed"),
        "crash": ({"handler": _crash}, "failed"),
        "endless": ({"faults": _faults("timeout")}, "failed"),
        "old": ({"powershell_version": "4.0"}, "failed"),
        "slow": ({"faults": _faults("slow", seconds=1.2)}, "ok"),
    }
    hosts = [host(name, **options) for name, (options, _) in troubles.items()]
    timeouts = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 2}
    with Server({endpoint.name: endpoint for endpoint in hosts}):
        results = controller.run(hosts, [{THROUGH_ACTION: {}, "timeout": 4}], "--forks", "14", variables=timeouts)

    by_host = {result.host: result for result in results}
    assert {name: result.status for name, result in by_host.items()} == {name: status for name, (_, status) in troubles.items()}
    assert "credentials were rejected" in by_host["wrong-password"].result["msg"]
    assert "Access is denied" in by_host["denied"].result["msg"]
    assert by_host["half"].result["module_stdout"].startswith('{"changed": false, "echo"')
    assert "not the JSON" in by_host["garbage"].result["module_stdout"]
    assert "exploded" in by_host["crash"].result["msg"]
    assert "PowerShell" in by_host["old"].result["msg"]
    executed = {endpoint.name for endpoint in hosts if endpoint.counters.executions}
    # The request was run though its answer was lost: that is what makes a drop in Receive worse than one before.
    assert {"dropped", "half", "garbage", "empty", "crash"} <= executed
    assert executed.isdisjoint({"closed", "wrong-password", "denied", "broken", "old"})


def test_a_module_that_closes_the_port_cuts_its_own_connection(controller: Controller) -> None:
    def shut(call: ModuleCall) -> ModuleRun:
        endpoint.faults.add("refuse")
        return ModuleRun('{"changed": true}')

    endpoint = host(handler=shut)
    with Server({endpoint.name: endpoint}):
        (first,) = controller.run([endpoint], [{THROUGH_ACTION: {}}])
        (second,) = controller.run([endpoint], [{THROUGH_ACTION: {}}])
        endpoint.faults.clear()
        endpoint.handler = lambda call: ModuleRun('{"changed": false}')
        (third,) = controller.run([endpoint], [{THROUGH_ACTION: {}}])
    assert (first.status, second.status, third.status) == ("failed", "unreachable", "ok")


def test_what_the_host_does_not_know_fails_and_says_so(controller: Controller) -> None:
    endpoint = host()
    with Server({endpoint.name: endpoint}):
        module, raw, twins = controller.run(
            [endpoint],
            [
                {"acme.demo.stranger": {}, "ignore_errors": True},
                {"ansible.builtin.raw": "hostname", "ignore_errors": True},
                # Windows PowerShell's JSON parser takes no keys that differ in case only.
                {THROUGH_ACTION: {"deep": {"a": 1, "A": 2}}, "ignore_errors": True},
            ],
        )
    assert (module.status, raw.status, twins.status) == ("failed", "failed", "failed")
    assert "acme.demo.stranger" in module.result["msg"]
    assert "hostname" in raw.result["stderr"]
    assert raw.result["rc"] == 1
    assert "duplicated keys 'a' and 'A'" in twins.result["msg"] + twins.result.get("module_stderr", "")


def _runas(name: str, user: str, **variables: str) -> dict[str, object]:
    return {"name": name, THROUGH_ACTION: {}, "become": True, "become_method": "runas", "become_user": user, "vars": variables}


def _faults(kind: str, **options: object) -> Faults:
    return Faults([Fault.from_json({"kind": kind, **options})])


def _crash(call: ModuleCall) -> ModuleRun:
    raise RuntimeError("exploded")
