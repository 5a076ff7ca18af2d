# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A setting that is to move from one value to another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation


class ChangeState(str, Enum):
    """How far a change has come."""

    PLANNED = "planned"
    MADE = "made"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True)
class Difference:
    """One property of one setting that differs from what is wanted, and the writes that would mend it.

    C(key) identifies the property on the host. C(before) and C(after) are words for people; where C(item) is set they are
    C(absent) and C(present), and the item is an element of the list that C(label) names. C(place) is the policy value that an
    authority may decide, and C(target) what it should hold ({"type", "data"}, or None for absent). C(restore) is what a snapshot
    keeps: the property as it was. C(note) is more about the item, for people; C(verb)
    what is done, where that says it better than before and after.

    C(conditions) are looked at on the host right before the writes; one that does not hold keeps them from being made. A
    C(consequence) puts other settings into effect and is no change by itself. C(told): what it means that a write fails in a certain
    way (the write, the kind of failure, a sentence), where that can be said better than in the host's own words. C(restarts): services
    that have to be started anew by somebody else before it takes effect.
    """

    key: str
    label: str
    before: str
    after: str
    writes: tuple[Operation, ...] = ()
    restore: tuple[Json, ...] = ()
    item: str | None = None
    note: str | None = None
    verb: str | None = None
    place: str | None = None
    target: Json = None
    conditions: tuple[Operation, ...] = ()
    consequence: bool = False
    told: tuple[tuple[Operation, str, str], ...] = ()
    restarts: tuple[str, ...] = ()

    def describe(self) -> str:
        """One line: what, from, to; or which element comes or goes."""
        if self.item is not None:
            return f"{self.label}: {'+' if self.after == 'present' else '-'} {self.item}"
        if self.verb is not None:
            return f"{self.label}: {self.verb}"
        return f"{self.label}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Change:
    """A difference that apply mends, or would."""

    area: str
    controls: tuple[str, ...]
    difference: Difference
    state: ChangeState = ChangeState.PLANNED
    message: str | None = None

    @property
    def counts(self) -> bool:
        """Whether Ansible should say that something changed, or would."""
        return self.state in (ChangeState.PLANNED, ChangeState.MADE) and not self.difference.consequence

    def describe(self) -> str:
        return self.difference.describe()

    def to_data(self) -> dict[str, Json]:
        """Plain values for results and return values."""
        difference = self.difference
        return {
            "area": self.area,
            "controls": list(self.controls),
            "setting": difference.label,
            "place": difference.key,
            "item": difference.item,
            "note": difference.note,
            "before": difference.before,
            "after": difference.after,
            "state": self.state.value,
            "message": self.message,
        }
