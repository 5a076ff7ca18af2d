# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shared by the tests of the WinRM endpoints: a host that echoes, payloads as ansible-core builds them, and real ansible-playbook runs."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winrm import Protocol

from windows_estate.winrm import HostEndpoint, ModuleCall, ModuleRun

MODULE = "acme.demo.echo"
USER, PASSWORD = "ansible", "p@ss:wörd"

SCRIPT = """#!powershell

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

#Requires -Version 5.1

# grüße
@{ changed = $false } | ConvertTo-Json
"""


def echo(call: ModuleCall) -> ModuleRun | None:
    """Answers with what it was asked; the argument `reply` adds a text of so many characters, `seconds` makes it slow."""
    if call.module != MODULE:
        return None
    arguments = call.own_arguments
    reply = {
        "changed": False,
        "echo": arguments,
        "check": call.check_mode,
        "user": call.user,
        "become": call.become_user,
        "become_password": call.become.password if call.become else None,
        "environment": dict(call.environment),
        "script": call.script,
    }
    if "reply" in arguments:
        reply["text"] = "é" * arguments["reply"]
    return ModuleRun(json.dumps(reply, ensure_ascii=False), seconds=arguments.get("seconds", 0))


def host(name: str = "CL01", **options: Any) -> HostEndpoint:
    return HostEndpoint(name, options.pop("handler", echo), USER, PASSWORD, **options)


def client(endpoint: HostEndpoint, password: str = PASSWORD, operation_timeout: int = 20) -> Protocol:
    """A client of this host; what the environment says about proxies and certificates is no business of a test's."""
    return Protocol(
        f"http://127.0.0.1:{endpoint.port}/wsman",
        transport="basic",
        username=USER,
        password=password,
        operation_timeout_sec=operation_timeout,
        read_timeout_sec=operation_timeout + 10,
        server_cert_validation="ignore",
        proxy=None,
    )


def payload_2_19(arguments: Mapping[str, Any], *actions: Mapping[str, Any], module: str = MODULE, script: str = SCRIPT) -> bytes:
    """Standard input as ansible-core 2.19 and later build it; `actions` come before the module's."""
    namespace, collection, name = module.split(".")
    path = f"ansible_collections.{namespace}.{collection}.plugins.modules.{name}.ps1"
    complex_args = {"_ansible_check_mode": False, "_ansible_module_name": module, **arguments}
    parameters = {
        "Script": path,
        "Environment": {},
        "Variables": [{"Name": "complex_args", "Value": complex_args, "Scope": "Global"}],
        "CSharpModules": [],
        "PowerShellModules": [],
        "ForModule": True,
    }
    action = {"name": "module_wrapper.ps1", "params": parameters, "secure_params": {}}
    manifest = {"scripts": {path: {"path": path, "script": _b64(script)}}, "actions": [*actions, action], "signed_hashlist": []}
    bootstrap = {"name": "exec_wrapper", "script": "begin {}", "params": {"MinOSVersion": None, "MinPSVersion": "5.1", "TempPath": None}}
    return f"{json.dumps(bootstrap)}\n\0\0\0\0\n{json.dumps(manifest)}".encode()


def payload_2_16(arguments: Mapping[str, Any], *, module: str = MODULE, script: str = SCRIPT, **more: Any) -> bytes:
    """Standard input as ansible-core 2.16 to 2.18 build it; `more` goes into the manifest."""
    manifest = {
        "module_entry": _b64(script),
        "powershell_modules": {},
        "csharp_utils": {},
        "csharp_utils_module": [],
        "module_args": {"_ansible_check_mode": False, "_ansible_module_name": module, **arguments},
        "actions": ["module_powershell_wrapper"],
        "environment": {},
        "encoded_output": False,
        "min_ps_version": "5.1",
        "min_os_version": None,
        **more,
    }
    return b"begin {\n}\n\n\0\0\0\0" + json.dumps(manifest).encode()


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_ACTION = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result.update(self._execute_module(module_name="acme.demo.echo", module_args=self._task.args, task_vars=task_vars))
        return result
"""

# What a task came to, one JSON object a line: core has no such callback of its own in every release.
_CALLBACK = """
import json
import os
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "lines"

    def _write(self, status, result):
        record = {"status": status, "host": result._host.get_name(), "task": result._task.get_name(), "result": result._result}
        with open(os.environ["RESULT_LINES"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, default=str) + "\\n")

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)
"""


@dataclass(frozen=True)
class TaskResult:
    status: str
    host: str
    task: str
    result: dict[str, Any]


class Controller:
    """A folder with a throwaway collection, and one ansible-playbook to run there."""

    def __init__(self, folder: Path, playbook_program: Path, script: str = SCRIPT) -> None:
        self.folder = folder
        self.program = playbook_program
        self.output = ""
        plugins = folder / "collections" / "ansible_collections" / "acme" / "demo" / "plugins"
        for path, text in {
            plugins / "modules" / "echo.ps1": script,
            plugins / "modules" / "stranger.ps1": SCRIPT,
            plugins / "action" / "through_action.py": _ACTION,
            folder / "callbacks" / "lines.py": _CALLBACK,
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def run(
        self,
        hosts: Sequence[HostEndpoint],
        tasks: Sequence[Mapping[str, Any]],
        *options: str,
        variables: Mapping[str, Any] | None = None,
        timeout: float = 120,
    ) -> list[TaskResult]:
        """Run these tasks on these hosts, in one play that gathers no facts."""
        inventory = {"all": {"hosts": {endpoint.name: self._variables(endpoint) for endpoint in hosts}, "vars": dict(variables or {})}}
        play = {"hosts": "all", "gather_facts": False, "tasks": [dict(task) for task in tasks]}
        lines = self.folder / "lines.json"
        lines.unlink(missing_ok=True)
        # JSON is YAML; Ansible picks its parser by the name.
        (self.folder / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
        (self.folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_CALLBACK_PLUGINS": str(self.folder / "callbacks"),
            "ANSIBLE_STDOUT_CALLBACK": "lines",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "RESULT_LINES": str(lines),
        }
        done = subprocess.run(
            [str(self.program), "-i", "inventory.yml", "play.yml", *options],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
        self.output = done.stdout.decode("utf-8", "replace")
        if not lines.exists():
            raise AssertionError(f"ansible-playbook told nothing:\n{self.output}")
        return [TaskResult(**json.loads(line)) for line in lines.read_text(encoding="utf-8").splitlines()]

    def _variables(self, endpoint: HostEndpoint) -> dict[str, Any]:
        return {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": endpoint.port,
            "ansible_user": endpoint.username,
            "ansible_password": endpoint.password,
            "ansible_winrm_transport": "basic",
            "ansible_winrm_scheme": "http",
        }
