# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated host that remembers what it was asked and what it answered, and what a run planned for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import verify
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.machine import Machine


@dataclass
class Host:
    """C(before_second) is what somebody else does right before the second execution."""

    machine: Machine
    requests: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    before_second: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.before = self.machine.fingerprint()

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if len(self.requests) == 1:
            self.before_second()
        self.requests.append(json.loads(json.dumps(dict(arguments))))
        self.replies.append(self.machine.execute(dict(arguments)))
        return self.replies[-1]

    @property
    def untouched(self) -> bool:
        return self.machine.fingerprint() == self.before and not self.machine.calls


def run_or_refuse(area: str, options: dict[str, Any], state: dict[str, Any], subject: str) -> tuple[Any, Host]:
    """The outcome, or the error with which the options were refused, and the host."""
    host = Host(Machine(state))
    try:
        return verify(area, options, host.execute, subject=subject), host
    except OptionError as error:
        return error, host


def planned(outcome: Any) -> list[Any]:
    return [change for change in outcome.changes if change.state.value == "planned"]
