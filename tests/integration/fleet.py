# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet of simulated hosts in this process, a controller for it, and what the hosts themselves say was done to them."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.integration.controller import NAMESPACE, ROOT, Controller, Run
from windows_estate.machine import Machine, comparable
from windows_estate.winrm import Counters, HostEndpoint
from windows_estate.world import Estate, Served

DEMO = ROOT / "inventories" / "demo"
SNAPSHOTS = "C:\\ProgramData\\configmgr.hardening\\snapshots"
HELPER_GROUPS = ("Offer Remote Assistance Helpers", "Remoteunterstützungsanbieter", "Fournisseurs d’assistance à distance")

# By the contract these write whatever they are marked as.
_WRITING = frozenset({"registry.write", "registry.remove", "cim.put", "group.add", "group.remove", "file.write", "file.remove"})

Json = dict[str, Any]


def is_write(operation: Mapping[str, Any]) -> bool:
    return operation["op"] in _WRITING or operation.get("mutates") is True


def demo_words() -> Json:
    """The demonstration's fleet, to be changed at will."""
    words: Json = yaml.safe_load((DEMO / "estate.yml").read_text(encoding="utf-8"))
    return words


def demo_domain() -> Json:
    """The demonstration's domain and account, for fleets of other hosts."""
    words = demo_words()
    return {"domain": words["domain"], "controller": words["controller"]}


@dataclass
class Fleet:
    """Running hosts. C(results) is where playbooks store."""

    estate: Estate
    served: Served
    controller: Controller
    inventory: Path

    @property
    def results(self) -> Path:
        return self.controller.folder / "results"

    def machine(self, host: str) -> Machine:
        return self.estate.machines[host]

    def endpoint(self, host: str) -> HostEndpoint:
        return self.served.endpoint(host)

    # ------------------------------------------------------------------ running

    def playbook(self, name: str, *options: str, **variables: Any) -> Run:
        """A playbook of the collection; results go to C(results). What the hosts counted before is forgotten."""
        return self._counted_anew().controller.run(
            self.inventory, f"{NAMESPACE}.{name}", *options, variables={"configmgr_hardening_results": str(self.results), **variables}
        )

    def module(self, name: str, arguments: Any, *options: str, variables: Mapping[str, Any] | None = None, **keywords: Any) -> Run:
        """One task with a module of the collection; C(keywords) are the task's. What the hosts counted before is forgotten."""
        task = {"name": name, f"{NAMESPACE}.{name}": arguments, **keywords}
        return self.tasks([task], *options, variables=variables)

    def tasks(self, tasks: Sequence[Mapping[str, Any]], *options: str, variables: Mapping[str, Any] | None = None, **keywords: Any) -> Run:
        """Tasks in one play, C(keywords) are the play's. What the hosts counted before is forgotten."""
        return self._counted_anew().controller.play(self.inventory, tasks, *options, variables=variables, **keywords)

    def _counted_anew(self) -> Fleet:
        for endpoint in self.served.server.hosts.values():
            endpoint.counters.reset()
        return self

    # ------------------------------------------------------------------ what the hosts say

    def counters(self, host: str) -> Counters:
        return self.endpoint(host).counters

    def executed(self, host: str) -> list[list[Json]]:
        """The operations of each execution since the last run began."""
        return [execution.arguments["operations"] for execution in self.counters(host).log]

    def writes(self, host: str) -> list[Json]:
        return [operation for operations in self.executed(host) for operation in operations if is_write(operation)]

    def states(self) -> dict[str, Json]:
        return {host: copy.deepcopy(machine.state) for host, machine in self.estate.machines.items()}

    def fingerprints(self) -> dict[str, str]:
        return self.estate.fingerprints()

    def snapshots(self, host: str) -> list[str]:
        """The names of the snapshots on a host."""
        paths = self.machine(host).state.get("files") or {}
        below = SNAPSHOTS.lower() + "\\"
        return sorted(path[len(below) :].removesuffix(".json") for path in paths if path.lower().startswith(below))


@contextmanager
def running(words: Json, controller: Controller, *, group_vars: Path | None = None) -> Iterator[Fleet]:
    """A fleet while the context lasts; C(group_vars): a folder to lay beside its inventory."""
    estate = Estate.load(words)
    folder = controller.folder / "inventory"
    folder.mkdir()
    if group_vars is not None:
        shutil.copytree(group_vars, folder / "group_vars")
    with estate.serve(folder / "hosts.yml", control_port=None) as served:
        yield Fleet(estate, served, controller, folder)


def without_empty_helper_group(machine: Machine, state: Mapping[str, Any]) -> str:
    """The fingerprint that a state would have if the group of helpers, which has to be there and empty, had never been made."""
    changed = copy.deepcopy(dict(state))
    group = next(group for group in changed["groups"] if group["name"] in HELPER_GROUPS)
    assert group["members"] == []
    changed["groups"] = [other for other in changed["groups"] if other is not group]
    changed["accounts"] = [account for account in changed["accounts"] if account["sid"] != group["sid"]]
    return fingerprint_of(machine, changed)


def fingerprint_of(machine: Machine, state: Mapping[str, Any]) -> str:
    """The fingerprint that a machine has in another state."""
    now = machine.state.copy()
    try:
        machine.state.clear()
        machine.state.update(state)
        return machine.fingerprint()
    finally:
        machine.state.clear()
        machine.state.update(now)


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two states, as paths, for messages of tests."""
    return sorted(_paths(comparable(before), comparable(after), ""))


def _paths(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {*before, *after}:
            yield from _paths(before.get(name), after.get(name), f"{path}/{name}")
    elif before != after:
        yield path
