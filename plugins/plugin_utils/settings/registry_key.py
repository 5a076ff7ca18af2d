# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry key that is to go again once nothing is left in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status


@dataclass(frozen=True)
class Leaving:
    """What will be gone from the key by then: names of values and of subkeys, case-folded."""

    values: frozenset[str]
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
        return Operation.of("registry.read", key=self.registry_key, depth=1)

    def reads(self) -> tuple[Operation, ...]:
        return (self._read(),)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[self._read()]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, self.registry_key))
        return Observation(value=answer.data)

    def assess(self, observation: Observation, wanted: Leaving) -> Assessment:
        expected = f"no key {self.registry_key}, unless something else is in it"
        data = observation.value
        if not data["exists"]:
            return Assessment(Status.COMPLIANT, expected, "there is no such key")
        others = {name.casefold() for name in data["values"]} - wanted.values
        others |= {name.casefold() for name in data["subkeys"]} - wanted.subkeys
        if others:
            return Assessment(Status.COMPLIANT, expected, f"the key holds {', '.join(sorted(others))}, so it stays")
        difference = Difference(
            key=self.key,
            label=f"key {self.registry_key}",
            before="present",
            after="absent",
            writes=(Operation.of("registry.remove", key=self.registry_key),),
        )
        return Assessment(Status.DRIFT, expected, "the key is there", (difference,))
