# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the whole library against one simulated site server, in this process and in simulated time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from reviewing import TODAY

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import demands_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours.configmgr_site import Console, Push, SiteOptions, attach
from windows_estate.world.behaviours.configmgr_site.items import DISCOVERY

AREA = "client_push_site"
OPEN = Push(automatic=True, computer_types=("workstations", "servers", "domain_controllers"), site_systems=True, ntlm_fallback=True)
CODE = "P01"
CONSOLE = Console()


class SiteServer:
    """A provider host and its site; C(between) is called between two executions, as whatever happens meanwhile."""

    def __init__(self, push: Push = OPEN, *, console: Console | None = CONSOLE, user: dict[str, Any] | None = None, **options: Any) -> None:
        host = {"name": "CM01", "domain_role": 3, "product_type": 3, **({"user": user} if user else {})}
        self.machine = Machine({"host": host}, clock=SimulatedClock())
        self.site = attach(self.machine, options=SiteOptions(push=push, **options), console=console)
        self.requests: list[Mapping[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.between: Callable[[SiteServer], None] = lambda _server: None

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if self.requests:
            self.between(self)
        self.requests.append(arguments)
        self.replies.append(self.machine.execute(dict(arguments)))
        return self.replies[-1]

    def _run(self, options: Mapping[str, Any], *, check: bool) -> Outcome:
        demands = demands_of({AREA: read_options(AREA, options)})
        return run(demands, self.execute, context(), check=check, run_id="run-test")

    def verify(self, **options: Any) -> Outcome:
        return self._run(options, check=True)

    def apply(self, **options: Any) -> Outcome:
        return self._run(options, check=False)

    def rollback(self, name: str) -> Outcome:
        """What the module rollback does with a snapshot's name."""
        read = snapshots.read_snapshots(name)
        request = build_request([Step(read)])
        (file,) = read_reply(request, self.execute(request.arguments))[read].data["files"]
        parsed = snapshots.parse(base64.b64decode(file["base64"]).decode("utf-8"))
        return run([snapshots.demands(parsed)], self.execute, context(), check=False, run_id="rollback-test")

    def number(self, name: str) -> int:
        """The number of a property, as the site has it."""
        found = self.site.component_property(DISCOVERY, name)
        assert found is not None
        return int(found["Value"])

    def text(self, name: str) -> str:
        found = self.site.component_property(DISCOVERY, name)
        assert found is not None
        return str(found["Value1"])

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The cmdlets that have run."""
        return [call for call in self.machine.calls if "command" in call]

    @property
    def pushing(self) -> list[dict[str, Any]]:
        return [call["parameters"] for call in self.calls if call["command"] == "Set-CMClientPushInstallation"]


def context() -> Context:
    return Context("CM01", load(), TODAY)


def failures(outcome: Outcome) -> dict[str, str | None]:
    """What the failed changes say."""
    return {change.describe(): change.message for change in outcome.changes if change.state.value == "failed"}


def made(outcome: Outcome) -> set[str]:
    return {change.describe() for change in outcome.changes if change.state.value == "made"}
