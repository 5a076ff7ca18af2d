# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several settings of which one has to be right: a recommendation that offers a choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status


@dataclass(frozen=True)
class AnyOf(Setting):
    """Only judged: what would mend an alternative is planned where that one is a requirement of its own. Wanted: one for each."""

    kind: ClassVar[str] = "any_of"
    alternatives: tuple[Setting, ...]

    @property
    def key(self) -> str:
        return f"any_of:{','.join(alternative.key for alternative in self.alternatives)}"

    def reads(self) -> tuple[Operation, ...]:
        return tuple(read for alternative in self.alternatives for read in alternative.reads())

    def interpret(self, answers: Answers) -> Observation:
        seen = tuple(alternative.interpret(answers) for alternative in self.alternatives)
        problem = next((observation.problem for observation in seen if observation.problem), None)
        evidence = tuple(line for observation in seen for line in observation.evidence)
        return Observation(value=seen, evidence=evidence, problem=problem)

    def assess(self, observation: Observation, wanted: tuple[Any, ...]) -> Assessment:
        triples = zip(self.alternatives, observation.value, wanted, strict=True)
        found = [alternative.assess(seen, what) for alternative, seen, what in triples]
        good = [assessment for assessment in found if assessment.status is Status.COMPLIANT]
        # One that cannot be told may be the right one.
        doubtful = [assessment for assessment in found if assessment.status is Status.INDETERMINATE]
        speaking = good[:1] or found
        return Assessment(
            status=(good[:1] or doubtful[:1] or found)[0].status,
            expected=" or ".join(assessment.expected for assessment in found),
            actual=", and ".join(assessment.actual for assessment in speaking),
            code=next((assessment.code for assessment in found if assessment.code and not good), None),
        )
