# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an endpoint asks of a host, and what it gets back: a module to run, and the output of that run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Become:
    """The account that a run is to have: `runas`, the one method that ansible-core knows on Windows.

    `logon_type` and `logon_flags` have the spelling of become_flags: `new_credentials`, `netcredentials_only`.
    """

    user: str
    password: str | None = field(default=None, repr=False)
    logon_type: str = "interactive"
    logon_flags: tuple[str, ...] = ("with_profile",)


@dataclass(frozen=True)
class ModuleCall:
    """One module to run.

    `module` is the fully qualified name where ansible-core sends one, else the name as the task wrote it. `arguments` is all of
    $complex_args, the `_ansible_` ones too. `user` is the account that logged on over WinRM; `become` the one that the run has instead.
    `generation` is the first ansible-core release whose form of payload this was: "2.16" or "2.19".
    """

    module: str
    arguments: dict[str, Any]
    script: str
    user: str
    become: Become | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    generation: str = ""

    @property
    def own_arguments(self) -> dict[str, Any]:
        """The arguments without those that ansible-core adds to every module's."""
        return {name: value for name, value in self.arguments.items() if not name.startswith("_ansible_")}

    @property
    def check_mode(self) -> bool:
        return bool(self.arguments.get("_ansible_check_mode", False))

    @property
    def become_user(self) -> str | None:
        return self.become.user if self.become else None

    @property
    def script_bytes(self) -> int:
        return len(self.script.encode("utf-8", "surrogatepass"))

    @property
    def arguments_bytes(self) -> int:
        """The size of the module's own arguments as the JSON that ansible-core writes, ASCII only."""
        return len(json.dumps(self.own_arguments))


@dataclass(frozen=True)
class ModuleRun:
    """What a run left behind. `seconds`: how long it takes at least, for the client; `stderr`: what PowerShell writes as errors."""

    stdout: str
    exit_code: int = 0
    seconds: float = 0.0
    stderr: str = ""


Handler = Callable[[ModuleCall], "ModuleRun | None"]
"""Runs a module; None when it does not know that module."""
