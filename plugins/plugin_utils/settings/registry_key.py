# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry key that is to go again once nothing is left in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status


@dataclass(frozen=True)
class Leaving:
    """What will be gone from the key by then, all case-folded and as paths below it.

    C(values): the path of the key that a value lies in, empty for the key itself, and its name. C(subkeys): paths.
    """

    values: frozenset[tuple[str, str]]
    subkeys: frozenset[str]


@dataclass(frozen=True)
class EmptyRegistryKey(Setting):
    """It is removed only when nothing else is in it. Wanted: a Leaving."""

    kind: ClassVar[str] = "registry_key"
    registry_key: str

    @property
    def key(self) -> str:
        return f"registry_key:{self.registry_key.casefold()}"

    def _read(self) -> Operation:
        # Removing takes all that is below, so all of it has to be looked at; the contract's greatest depth.
        return Operation.of("registry.read", key=self.registry_key, depth=32)

    def reads(self) -> tuple[Operation, ...]:
        return (self._read(),)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[self._read()]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, self.registry_key))
        return Observation(value=answer.data)

    def _still(self, part: str) -> Operation:
        """That nothing is in the key at the moment of removing it: what was read an execution ago may not hold any more."""
        read = {"op": "registry.read", "key": self.registry_key, "depth": 1}
        return Operation.of("wait", until={"path": part, "equals": {}}, read=read, timeout=0.1, every=0.1)

    def assess(self, observation: Observation, wanted: Leaving) -> Assessment:
        expected = f"no key {self.registry_key}, unless something else is in it"
        data = observation.value
        if not data["exists"]:
            return Assessment(Status.COMPLIANT, expected, "there is no such key")
        others = sorted(_others(data, wanted, ""))
        if others:
            return Assessment(Status.COMPLIANT, expected, f"the key holds {', '.join(others)}, so it stays")
        difference = Difference(
            key=self.key,
            label=f"key {self.registry_key}",
            before="present",
            after="absent",
            writes=(Operation.of("registry.remove", key=self.registry_key),),
            conditions=tuple(self._still(part) for part in ("values", "subkeys")),
        )
        return Assessment(Status.DRIFT, expected, "the key is there", (difference,))


def _others(data: Json, wanted: Leaving, path: str) -> Iterator[str]:
    """What is at or below a key and will not be gone."""
    prefix = f"{path}\\" if path else ""
    for name in data["values"]:
        if (path, name.casefold()) not in wanted.values:
            yield f"{prefix}{name.casefold() or '(default)'}"
    for name, content in data["subkeys"].items():
        below = f"{prefix}{name.casefold()}"
        if below not in wanted.subkeys:
            yield below
        yield from _others(content, wanted, below)
