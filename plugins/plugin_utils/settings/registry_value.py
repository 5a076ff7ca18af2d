# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry values as settings: one by itself, and one that a policy value overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Failure, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import (
    KeyContent,
    Place,
    Stored,
    key_reads,
    read_key,
    value_difference,
    words,
)


@dataclass(frozen=True)
class RegistryValue(Setting):
    """One value; C(policy): one that a policy could decide. Wanted: a Stored, or None for absent."""

    kind: ClassVar[str] = "registry_value"
    place: Place
    label: str = ""
    policy: bool = False

    @property
    def key(self) -> str:
        return f"registry_value:{self.place.id}"

    def reads(self) -> tuple[Operation, ...]:
        return key_reads(self.place.key, self.place.read_names)

    def interpret(self, answers: Answers) -> Observation:
        content = read_key(answers, self.place.key, self.place.read_names)
        if isinstance(content, Failure):
            return Observation(problem=Problem.from_failure(content, self.place.key))
        return Observation(value=content, evidence=(f"{self.place.key}\\{self.place.name} = {words(content.get(self.place.name))}",))

    def assess(self, observation: Observation, wanted: Stored | None) -> Assessment:
        difference = value_difference(self.label or self.place.name, self.place, observation.value, wanted, policy=self.policy)
        return Assessment(
            Status.DRIFT if difference else Status.COMPLIANT,
            expected=words(wanted),
            actual=words(observation.value.get(self.place.name)),
            differences=(difference,) if difference else (),
        )


class Layer(str, Enum):
    """What of a layered value is judged."""

    EFFECTIVE = "effective"
    POLICY = "policy"
    LOCAL = "control panel"


@dataclass(frozen=True)
class Wanted:
    """What a layered value should be: C(value), or, with C(absent), not there.

    Whoever writes a layer wants the value to stand in just that layer; whoever only looks on wants it to be effective. C(other): data
    that is as good as C(value), so that nothing is wrong when it is effective.
    """

    value: Json = None
    layer: Layer = Layer.EFFECTIVE
    absent: bool = False
    other: tuple[Json, ...] = ()


@dataclass(frozen=True)
class LayeredValue(Setting):
    """A value that exists as a policy and, mostly, as a local setting; the policy wins (windows administrative templates).

    C(default) is what Windows does when neither is there; None when no source says so. C(meaning) gives data a word for people;
    C(label) stands for C(policy) in the words of a change.
    """

    kind: ClassVar[str] = "layered_value"
    title: str
    policy: Place
    local: Place | None = None
    type: str = "dword"
    default: Json = None
    label: str = ""
    meaning: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> str:
        return f"layered_value:{self.policy.id}"

    def reads(self) -> tuple[Operation, ...]:
        local = key_reads(self.local.key, self.local.read_names) if self.local else ()
        return (*key_reads(self.policy.key, self.policy.read_names), *local)

    def interpret(self, answers: Answers) -> Observation:
        """The value is what each layer's key holds, or why it could not be read: one layer's trouble is not the other's."""
        places = (self.policy, self.local) if self.local else (self.policy,)
        contents = tuple(read_key(answers, place.key, place.read_names) for place in places)
        evidence = tuple(
            f"{place.key}\\{place.name} = {words(content.get(place.name))}"
            for place, content in zip(places, contents, strict=True)
            if not isinstance(content, Failure)
        )
        return Observation(value=contents, evidence=evidence)

    def effective(self, observation: Observation) -> tuple[Stored | None, str]:
        """The value that counts and the layer it comes from: policy, control panel, default; nothing known: (None, C(unknown)).

        Only for an observation of which C(unreadable) says that it can be told.
        """
        policy, *local = observation.value
        found: Stored | None = policy.get(self.policy.name)
        if found is not None:
            return found, "policy"
        if local and self.local and (found := local[0].get(self.local.name)) is not None:
            return found, "control panel"
        if self.default is not None:
            return Stored(self.type, self.default), "default"
        return None, "unknown"

    def unreadable(self, observation: Observation, layer: Layer) -> Problem | None:
        """Why a layer, or the effective value, cannot be told; a policy value that is there decides whatever the local layer holds."""
        policy, *local = observation.value
        asked = {Layer.POLICY: [policy], Layer.LOCAL: local}.get(layer, [policy])
        if layer is Layer.EFFECTIVE and not isinstance(policy, Failure) and policy.get(self.policy.name) is None:
            asked = [policy, *local]
        for content in asked:
            if isinstance(content, Failure):
                place = self.policy if content is policy or self.local is None else self.local
                return Problem.from_failure(content, f"{place.key}\\{place.name}")
        return None

    def assess(self, observation: Observation, wanted: Wanted) -> Assessment:
        problem = self.unreadable(observation, wanted.layer)
        if problem:
            return Assessment(Status.INDETERMINATE, f"{self.title}: {wanted.layer.value} value", problem.message, code=problem.code)
        if wanted.layer is Layer.EFFECTIVE:
            return self._assess_effective(observation, wanted)
        place = self.policy if wanted.layer is Layer.POLICY else self.local
        if place is None:
            raise ValueError(f"{self.title} has no {wanted.layer.value} layer")
        content = observation.value[0 if wanted.layer is Layer.POLICY else 1]
        target = None if wanted.absent else Stored(self.type, wanted.value)
        difference = self._difference(place, content, target)
        overrider = self._overrider(observation, wanted.layer)
        found = content.get(place.name)
        where = f"{wanted.layer.value}" if found else f"no {wanted.layer.value} value"
        overridden = f", where the {overrider} decides" if overrider else ""
        said = f"{self.title}: {self.say(found)} ({where}{overridden})" if found else f"{self.title}: {where}{overridden}"
        return Assessment(
            Status.DRIFT if difference else Status.COMPLIANT,
            expected=f"{self.title}: {self.say(target) if target else 'no value'} ({wanted.layer.value})",
            actual=said,
            differences=(difference,) if difference else (),
        )

    def _overrider(self, observation: Observation, layer: Layer) -> str | None:
        """What decides instead of a layer, where that is known."""
        if self.unreadable(observation, Layer.EFFECTIVE):
            return None
        _value, decides = self.effective(observation)
        return None if decides in (layer.value, "unknown") else decides

    def _assess_effective(self, observation: Observation, wanted: Wanted) -> Assessment:
        effective, layer = self.effective(observation)
        target = Stored(self.type, wanted.value)
        expected = f"{self.title}: {self.say(target)}"
        if effective is None:
            message = f"{self.title}: neither a policy nor a local value is there, and what Windows does then is not documented"
            return Assessment(Status.INDETERMINATE, expected, message, code=Code.DEFAULT_UNKNOWN)
        if effective.type != self.type:
            message = f"{self.title}: the {layer} value is of the type {effective.type} instead of {self.type}"
            return Assessment(Status.INDETERMINATE, expected, message, code=Code.MALFORMED_VALUE)
        if self.meaning and str(effective.data) not in self.meaning:
            message = f"{self.title}: the {layer} value is {words(effective)}, which means nothing to Windows' own editor"
            return Assessment(Status.INDETERMINATE, expected, message, code=Code.MALFORMED_VALUE)
        actual = f"{self.title}: {self.say(effective)} ({layer})"
        if any(data == effective.data and type(data) is type(effective.data) for data in (wanted.value, *wanted.other)):
            return Assessment(Status.COMPLIANT, expected, actual)
        # Not for writing: so that whoever decides the policy value can be named.
        difference = self._difference(self.policy, observation.value[0], target)
        return Assessment(Status.DRIFT, expected, actual, (difference,) if difference else ())

    def _difference(self, place: Place, content: KeyContent, target: Stored | None) -> Difference | None:
        name = self.label or ("policy" if place is self.policy else "control panel")
        return value_difference(f"{name} {place.name}", place, content, target, policy=place is self.policy)

    def say(self, stored: Stored | None) -> str:
        """A value in words."""
        if stored is None:
            return "not set, and what Windows does then is not documented"
        if stored.type != self.type:
            return words(stored)
        return self.meaning.get(str(stored.data), words(stored))
