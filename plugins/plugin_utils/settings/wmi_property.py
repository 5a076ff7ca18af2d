# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One property of one WMI instance, only judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status


@dataclass(frozen=True)
class WmiProperty(Setting):
    """C(absent) says in words what it means that the namespace or class is not there, or has no instance. Wanted: the value.

    The operation is handed over whole, so that several settings can share one read.
    """

    kind: ClassVar[str] = "wmi_property"
    title: str
    read: Operation
    name: str
    absent: str
    meaning: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> str:
        return f"wmi_property:{self.read.body}|{self.name}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return (self.read,)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[self.read]
        if answer.failure and answer.failure.kind != "unsupported":
            return Observation(problem=Problem.from_failure(answer.failure, self.title))
        rows = answer.data["rows"] if answer.ok else []
        if not rows:
            return Observation(value=None, evidence=(self.absent,))
        return Observation(value=rows[0], evidence=(f"{self.name} = {rows[0].get(self.name)}",))

    def assess(self, observation: Observation, wanted: Json) -> Assessment:
        expected = f"{self.title}: {self._say(wanted)}"
        row = observation.value
        if row is None:
            return Assessment(Status.NOT_APPLICABLE, expected, f"{self.title}: {self.absent}")
        if row.get(self.name) is None:
            message = f"{self.title}: the property {self.name} is not there"
            return Assessment(Status.INDETERMINATE, expected, message, code=Code.DEFAULT_UNKNOWN)
        found = row[self.name]
        return Assessment(Status.COMPLIANT if found == wanted else Status.DRIFT, expected, f"{self.title}: {self._say(found)}")

    def _say(self, value: Json) -> str:
        return self.meaning.get(str(value), str(value))
