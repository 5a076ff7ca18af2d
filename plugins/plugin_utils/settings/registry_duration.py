# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A length of time that is stored as a count and a unit, each with a policy and a local layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Stored, value_difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import Layer, LayeredValue

UNIT_NAMES = ("minutes", "hours", "days")
"""By the number that stands for the unit in the registry (RemoteAssistance.admx, MaxTicketExpiryUnits)."""

UNIT_MINUTES = (1, 60, 1440)


@dataclass(frozen=True)
class DurationWanted:
    """At most this long; with C(layers) each layer has to hold a count and a unit that say so. C(unit) indexes UNIT_NAMES."""

    count: int
    unit: int
    layers: bool = True

    @property
    def minutes(self) -> int:
        return self.count * UNIT_MINUTES[self.unit]


@dataclass(frozen=True)
class RegistryDuration(Setting):
    """The count and the unit are looked up each by itself: a policy may give one and the local layer the other."""

    kind: ClassVar[str] = "registry_duration"
    title: str
    count: LayeredValue
    unit: LayeredValue

    @property
    def key(self) -> str:
        return f"registry_duration:{self.count.policy.id}"

    def reads(self) -> tuple[Operation, ...]:
        return (*self.count.reads(), *self.unit.reads())

    def interpret(self, answers: Answers) -> Observation:
        count, unit = self.count.interpret(answers), self.unit.interpret(answers)
        layers = (Layer.POLICY, Layer.LOCAL) if self.count.local else (Layer.POLICY,)
        problems = [self.count.unreadable(count, layer) for layer in layers]
        problem = next((problem for problem in problems if problem), None)
        return Observation(value=(count, unit), evidence=(*count.evidence, *unit.evidence), problem=problem)

    def assess(self, observation: Observation, wanted: DurationWanted) -> Assessment:
        count_seen, unit_seen = observation.value
        count, count_layer = self.count.effective(count_seen)
        unit, unit_layer = self.unit.effective(unit_seen)
        expected = f"{self.title}: at most {_words(wanted.count, wanted.unit)}"
        layers = " and ".join(dict.fromkeys((count_layer, unit_layer)))
        actual = f"{self.title}: {_stored_words(count, unit)} ({layers})"
        differences: list[Difference] = []
        for layer_index, layer_name in enumerate(("policy", "control panel")):
            differences += self._layer_differences((count_seen, unit_seen), layer_index, layer_name, wanted)
        if wanted.layers:
            return Assessment(Status.DRIFT if differences else Status.COMPLIANT, expected, actual, tuple(differences))
        effective = _minutes(count, unit)
        if effective is None:
            return Assessment(Status.INDETERMINATE, expected, actual, code=Code.MALFORMED_VALUE)
        if effective <= wanted.minutes:
            return Assessment(Status.COMPLIANT, expected, actual)
        return Assessment(Status.DRIFT, expected, actual, tuple(difference for difference in differences if difference.place))

    def _layer_differences(
        self, seen: tuple[Observation, Observation], index: int, name: str, wanted: DurationWanted
    ) -> tuple[Difference, ...]:
        """What makes one layer say the wanted length; nothing when it says that or less, or when there is no such layer."""
        pairs = []
        for part, observation in zip((self.count, self.unit), seen, strict=True):
            place = part.policy if index == 0 else part.local
            if place is None:
                return ()
            pairs.append((place, observation.value[index]))
        minutes = _minutes(*(content.get(place.name) for place, content in pairs))
        if minutes is not None and minutes <= wanted.minutes:
            return ()
        differences = (
            value_difference(f"{name} {place.name}", place, content, Stored("dword", data), policy=index == 0)
            for (place, content), data in zip(pairs, (wanted.count, wanted.unit), strict=True)
        )
        return tuple(difference for difference in differences if difference)


def _minutes(count: Stored | None, unit: Stored | None) -> int | None:
    """None when it is not a length of time that Windows' own editor could have written."""
    if count is None or unit is None or count.type != "dword" or unit.type != "dword":
        return None
    if not 1 <= count.data <= 99 or unit.data not in range(len(UNIT_MINUTES)):
        return None
    return int(count.data) * UNIT_MINUTES[unit.data]


def _words(count: int, unit: int) -> str:
    return f"{count} {UNIT_NAMES[unit] if count != 1 else UNIT_NAMES[unit][:-1]}"


def _stored_words(count: Stored | None, unit: Stored | None) -> str:
    if count is not None and unit is not None and _minutes(count, unit) is not None:
        return _words(count.data, unit.data)
    return f"count {count.data if count else 'absent'}, unit {unit.data if unit else 'absent'}"
