# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the whole library against one simulated host, in this process."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from described_host import host_state

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import demands_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from windows_estate.machine import Machine

AREA = "remote_assistance_policy"
TODAY = date(2026, 1, 2)
OFFER = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}
DISABLED = {"managed_by": "this_collection", "mode": "disabled"}
HELPDESK = "S-1-5-21-9-9-9-1200"
ANNA = "S-1-5-21-9-9-9-2001"


class Host:
    """A simulated host, and what it was asked."""

    def __init__(self, **described: Any) -> None:
        self.machine = Machine(host_state(described))
        self.requests: list[Mapping[str, Any]] = []
        self.after_request: Callable[[int, dict[str, Any]], dict[str, Any]] = lambda _number, reply: reply

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append(arguments)
        return self.after_request(len(self.requests), self.machine.execute(dict(arguments)))

    def _run(self, options: Mapping[str, Any], *, check: bool, run_id: str = "run-test") -> Outcome:
        demands = demands_of({AREA: read_options(AREA, options)})
        return run(demands, self.execute, context(), check=check, run_id=run_id)

    def verify(self, options: Mapping[str, Any]) -> Outcome:
        return self._run(options, check=True)

    def apply(self, options: Mapping[str, Any], run_id: str = "run-test") -> Outcome:
        return self._run(options, check=False, run_id=run_id)

    def rollback(self, name: str) -> Outcome:
        """What the module rollback does with a snapshot's name."""
        read = snapshots.read_snapshots(name)
        request = build_request([Step(read)])
        (file,) = read_reply(request, self.execute(request.arguments))[read].data["files"]
        parsed = snapshots.parse(base64.b64decode(file["base64"]).decode("utf-8"))
        return run([snapshots.demands(parsed)], self.execute, context(), check=False, run_id="rollback-test")

    def group(self, name: str) -> list[str]:
        """SIDs of a local group's members."""
        found = next(group for group in self.machine.state["groups"] if group["name"] == name)
        return [member["sid"] for member in found["members"]]

    def make_group(self, rid: int, name: str, *sids: str) -> None:
        members = [{"sid": sid, "class": "Group"} for sid in sids]
        self.machine.state["groups"].append({"sid": f"S-1-5-21-1-2-3-{rid}", "name": name, "members": members})


def context() -> Context:
    return Context("CL01", load(), TODAY)


def finding(outcome: Outcome, control: str) -> Any:
    return next(one for one in outcome.findings if one.control == control)


def statuses(outcome: Outcome, control: str) -> list[str]:
    return [one.status.value for one in outcome.findings if one.control == control]
