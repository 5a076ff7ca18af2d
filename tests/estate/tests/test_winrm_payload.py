# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ansible-core sends, unpacked, and what powershell.exe makes of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from winrm_support import MODULE, SCRIPT, USER, host, payload_2_16, payload_2_19

from windows_estate.winrm import Become, ModuleRun
from windows_estate.winrm.ansible_payload import JsonRefused, PayloadError, canonical_name, unpack
from windows_estate.winrm.powershell import innermost, run

_BECOME_2_19 = {
    "name": "become_wrapper.ps1",
    "params": {"BecomeUser": "CORP\\svc", "LogonType": "NetworkCleartext", "LogonFlags": "WithProfile,NetCredentialsOnly"},
    "secure_params": {"BecomePassword": "geheim"},
}
_BECOME_2_16: dict[str, Any] = {
    "actions": ["become_wrapper", "module_powershell_wrapper"],
    "become_user": "CORP\\svc",
    "become_password": "geheim",
    "become_flags": "logon_type=network_cleartext logon_flags=with_profile,netcredentials_only",
}


@pytest.mark.parametrize(
    ("stdin", "generation"),
    [
        (payload_2_16({"a": "grüße"}), "2.16"),
        (payload_2_19({"a": "grüße"}), "2.19"),
        (payload_2_19({"a": "grüße"}) + b"\n\0\0\0\0\nmore", "2.19"),
    ],
)
def test_both_generations_say_the_same(stdin: bytes, generation: str) -> None:
    payload = unpack(stdin)
    assert payload.generation == generation
    assert payload.module == MODULE
    assert payload.script == SCRIPT
    assert payload.arguments == {"a": "grüße", "_ansible_check_mode": False, "_ansible_module_name": MODULE}
    assert payload.requires_powershell == "5.1"
    assert payload.become is None
    assert not payload.is_async


@pytest.mark.parametrize("stdin", [payload_2_16({}, **_BECOME_2_16), payload_2_19({}, _BECOME_2_19)])
def test_become_is_the_same_in_both(stdin: bytes) -> None:
    assert unpack(stdin).become == Become("CORP\\svc", "geheim", "network_cleartext", ("with_profile", "netcredentials_only"))


def test_become_without_flags_or_password() -> None:
    wanted = Become("SYSTEM", None, "interactive", ("with_profile",))
    bare = {**_BECOME_2_16, "become_user": "SYSTEM", "become_password": None, "become_flags": None}
    assert unpack(payload_2_16({}, **bare)).become == wanted
    assert unpack(payload_2_19({}, {**_BECOME_2_19, "params": {"BecomeUser": "SYSTEM"}, "secure_params": {}})).become == wanted


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("ansible_collections.acme.demo.plugins.modules.echo.ps1", "acme.demo.echo"),
        ("ansible_collections.acme.demo.plugins.modules.sub.echo.PS1", "acme.demo.sub.echo"),
        ("acme.demo.echo", "acme.demo.echo"),
        ("win_ping", "win_ping"),
        ("ansible.modules.win_ping.ps1", "ansible.modules.win_ping"),
    ],
)
def test_names(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical


@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"hostname",
        b"begin {}\n\0\0\0\0not json",
        b"begin {}\n\0\0\0\0[1]",
        b"begin {}\n\0\0\0\0{}",
        b"{}\n\0\0\0\0\n{}",
        payload_2_16({}, module_entry="%%%"),
        payload_2_19({}).replace(b"module_wrapper.ps1", b"powershell_mkdtemp.ps1"),
    ],
)
def test_anything_else_is_no_module(stdin: bytes) -> None:
    with pytest.raises(PayloadError):
        unpack(stdin)


@pytest.mark.parametrize("arguments", [{"a": {"Key": 1, "key": 2}}, {"a": [{"": 1}]}])
def test_json_that_windows_powershell_does_not_take(arguments: dict[str, Any]) -> None:
    for stdin, generation in ((payload_2_16(arguments), "2.16"), (payload_2_19(arguments), "2.19")):
        with pytest.raises(JsonRefused) as refused:
            unpack(stdin)
        assert refused.value.generation == generation


def test_the_wrapper_ends_the_output_with_a_line_end() -> None:
    endpoint = host(handler=lambda call: ModuleRun('{"text": "ü"}', exit_code=3, stderr="a <warning>\nand\tmore"))
    outcome = run(endpoint, USER, "powershell", payload_2_19({}))
    assert outcome.stdout == '{"text": "ü"}\r\n'.encode()
    assert outcome.exit_code == 3
    assert outcome.stderr.startswith(b"#< CLIXML\r\n<Objs ")
    assert b'<S S="Error">a &lt;warning&gt;_x000D__x000A_</S><S S="Error">and_x0009_more_x000D__x000A_</S>' in outcome.stderr


def test_no_output_is_no_output() -> None:
    assert run(host(handler=lambda call: ModuleRun("")), USER, "powershell", payload_2_16({})).stdout == b""


@pytest.mark.parametrize("stdin", [payload_2_16({}, **_BECOME_2_16), payload_2_19({}, _BECOME_2_19)])
def test_become_needs_the_right_password_where_the_host_knows_accounts(stdin: bytes) -> None:
    def outcome(accounts: dict[str, str] | None) -> dict[str, Any]:
        done = run(host(become_accounts=accounts), USER, "powershell", stdin)
        return dict(json.loads(done.stdout), exit_code=done.exit_code)

    assert outcome(None)["become"] == outcome({"corp\\SVC": "geheim"})["become"] == "CORP\\svc"
    for accounts in ({}, {"corp\\svc": "Geheim"}):
        failed = outcome(accounts)
        assert failed["failed"] and failed["exit_code"] == 1
        assert "CORP\\svc" in failed["msg"] and "1326" in failed["msg"]


def test_async_is_refused() -> None:
    outcome = run(host(), USER, "powershell", payload_2_16({}, actions=["async_wrapper", "async_watchdog", "module_powershell_wrapper"]))
    assert "async" in json.loads(outcome.stdout)["msg"]
    assert outcome.call is None


def test_a_command_that_is_no_module_is_named_in_the_failure() -> None:
    inner = "powershell -NoProfile -EncodedCommand " + base64.b64encode("Remove-Item 'C:\\Temp\\x'".encode("utf-16-le")).decode()
    outer = "PowerShell -EncodedCommand " + base64.b64encode(inner.encode("utf-16-le")).decode()
    assert innermost(outer) == "Remove-Item 'C:\\Temp\\x'"
    outcome = run(host(), USER, outer, b"")
    assert (outcome.exit_code, outcome.stdout) == (1, b"")
    assert b"Remove-Item" in outcome.stderr
