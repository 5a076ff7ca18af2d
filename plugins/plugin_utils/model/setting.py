# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One thing a host has that can be read and, mostly, written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status


@dataclass(frozen=True)
class Assessment:
    """An observation held against what is wanted.

    C(status) is compliant, drift, conflict or indeterminate (with C(code)). C(differences) would mend a drift, or
    what is indeterminate; without any, apply cannot solve it. C(remedy) overrides the requirement's own where the assessment knows better.
    C(restarts): services that have to be started anew by somebody.
    """

    status: Status
    expected: str
    actual: str
    differences: tuple[Difference, ...] = ()
    code: Code | None = None
    remedy: str | None = None
    caveats: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()


class Setting(ABC):
    """Its C(kind) says how it is read, interpreted, and written. All of it is pure: answers in, values out."""

    kind: ClassVar[str]
    can_be_declared: ClassVar[bool] = True
    """For an authority: whether the operator's options can name who decides."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Identifies the setting on a host."""

    @abstractmethod
    def reads(self) -> tuple[Operation, ...]:
        """What has to be read; equal operations of several settings are sent once."""

    @abstractmethod
    def interpret(self, answers: Answers) -> Observation:
        """What the answers to C(reads) say."""

    @abstractmethod
    def assess(self, observation: Observation, wanted: Any) -> Assessment:
        """Hold an observation without problem against what is wanted; the kind says what type C(wanted) has."""

    def decides(self, observation: Observation, difference: Difference) -> str | None:  # noqa: ARG002 for kinds that need them
        """For a setting that is an authority: in words, who decides a difference's place so that writing it is no use. Else None."""
        return None

    def keep(self, observation: Observation) -> tuple[Json, ...]:  # noqa: ARG002 for kinds that need it
        """For a setting that others may move as a consequence of a change: what a snapshot keeps of it besides."""
        return ()

    def reading(self, observation: Observation) -> Mapping[str, Json]:  # noqa: ARG002 for kinds that need it
        """What the judgement of other hosts, or of the fleet, needs of this one; filed under the area."""
        return {}

    @property
    def brought_by(self) -> tuple[str, ...]:
        """For a setting that can be started: the keys of settings that bring it with them."""
        return ()

    def trigger(self, observation: Observation, *, mended: bool) -> tuple[Operation, ...]:  # noqa: ARG002 for kinds that need it
        """For a setting that can be started: the operations that make it put other settings into effect.

        C(mended): a change of the setting itself comes before.
        """
        return ()
