# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry values: where one is stored, what was found there, and how it is moved to another value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Failure, Json, Operation

# What lies above these is part of every Windows and is never made or removed.
_ROOT_PARTS = 4

_DATA: Mapping[str, type] = {
    "none": str,
    "sz": str,
    "expand_sz": str,
    "multi_sz": list,
    "dword": int,
    "qword": int,
    "binary": str,
}


@dataclass(frozen=True)
class Place:
    """A value in the registry. C(read_names): the names to ask for when the key is not read whole."""

    key: str
    name: str
    read_names: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        """Names of keys and values ignore case."""
        return f"{self.key}|{self.name}".casefold()


@dataclass(frozen=True)
class Stored:
    """A value as it is stored; C(type) and C(data) as in the contract."""

    type: str
    data: Json

    def to_data(self) -> dict[str, Json]:
        return {"type": self.type, "data": self.data}

    def same_as(self, other: Stored | None) -> bool:
        return other is not None and self.type == other.type and self.data == other.data


def stored_of(value: Mapping[str, Json]) -> Stored:
    """A value as the contract gives it; data of another form than its type's is a TypeError."""
    kind, data = value["type"], value["data"]
    if kind == "unknown":
        return Stored(kind, None)
    texts = data if isinstance(data, list) else ()
    if not isinstance(data, _DATA[kind]) or isinstance(data, bool) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"a value of the type {kind} has other data")
    return Stored(kind, data)


@dataclass(frozen=True)
class KeyContent:
    """A key as read: its values by case-folded name, and which keys on the way down to it do not exist, the topmost first."""

    exists: bool
    values: Mapping[str, tuple[str, Stored]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def get(self, name: str) -> Stored | None:
        found = self.values.get(name.casefold())
        return found[1] if found else None


def key_reads(key: str, names: tuple[str, ...] | None = None) -> tuple[Operation, ...]:
    """The reads that tell a key's values and which of the keys above it exist."""
    return (
        *(Operation.of("registry.read", key=parent, names=[]) for parent in _ancestors(key)),
        Operation.of("registry.read", key=key, names=list(names) if names is not None else None),
    )


def read_key(answers: Answers, key: str, names: tuple[str, ...] | None = None) -> KeyContent | Failure:
    """What C(key_reads) brought; the failure when one of them failed."""
    *above, own = key_reads(key, names)
    for operation in (*above, own):
        answer = answers[operation]
        if answer.failure:
            return answer.failure
    missing = [parent.fields["key"] for parent in above if not answers[parent].data["exists"]]
    data = answers[own].data
    if not data["exists"]:
        missing.append(key)
    values = {name.casefold(): (name, stored_of(value)) for name, value in data["values"].items()}
    return KeyContent(data["exists"], values, tuple(missing))


def words(stored: Stored | None) -> str:
    """A stored value for people."""
    if stored is None:
        return "absent"
    if isinstance(stored.data, int):
        return str(stored.data)
    return json.dumps(stored.data, ensure_ascii=False)


def value_difference(label: str, place: Place, content: KeyContent, wanted: Stored | None, *, policy: bool = False) -> Difference | None:
    """What moves one value to where it should be; None when it is there already."""
    found = content.get(place.name)
    if (wanted is None and found is None) or (wanted is not None and wanted.same_as(found)):
        return None
    if wanted is None:
        write = Operation.of("registry.remove", key=place.key, name=place.name)
    else:
        write = Operation.of("registry.write", key=place.key, name=place.name, type=wanted.type, data=wanted.data)
    return Difference(
        key=place.id,
        label=label,
        before=words(found),
        after=words(wanted),
        writes=(write,),
        restore=restore_data(place, found, content, policy=policy),
        place=place.id if policy else None,
        target=wanted.to_data() if wanted else None,
    )


def restore_data(place: Place, found: Stored | None, content: KeyContent, *, policy: bool) -> tuple[Json, ...]:
    """What a snapshot keeps of a value: itself, and the keys that were not there and have to go again."""
    value = {
        "kind": "registry_value",
        "key": place.key,
        "name": place.name,
        "policy": policy,
        "before": found.to_data() if found else None,
    }
    keys = [{"kind": "registry_key", "key": key} for key in content.missing]
    return (value, *keys)


def _ancestors(key: str) -> list[str]:
    parts = key.split("\\")
    return ["\\".join(parts[:count]) for count in range(_ROOT_PARTS + 1, len(parts))]
