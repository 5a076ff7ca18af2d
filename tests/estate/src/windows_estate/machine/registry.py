# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry: 64-bit view, keys as `HKLM\\...` and `HKU\\...`."""

from __future__ import annotations

import base64
import random
from typing import Any

from windows_estate.machine.errors import denied
from windows_estate.machine.names import NameDict, fold, name_dict
from windows_estate.machine.paths import PathDict, parent_of, path_dict

Value = dict[str, Any]
"""{"type": one of the contract's names, "data": ...}"""

HIVES = ("HKLM", "HKU")


class Registry:
    """Reads and writes `state["registry"]`.

    `open_for_reading`, `read`, `write` and `remove` are for the caller of a request; nothing is denied to the rest, Windows' own hand.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        # How often a value with "reads" was read: not part of the state.
        self._seen: dict[tuple[str, str], int] = {}

    @property
    def keys(self) -> PathDict:
        return path_dict(self._state, "registry")

    def exists(self, key: str) -> bool:
        return fold(key) in {fold(hive) for hive in HIVES} or self.keys.exists(key)

    def subkeys(self, key: str) -> list[str]:
        return self.keys.below(key)

    def values(self, key: str) -> NameDict:
        """The stored values of a key, to look at; empty when the key is absent."""
        entry = self.keys.get(key)
        return NameDict() if entry is None else name_dict(entry, "values")

    def get(self, key: str, name: str) -> Value | None:
        """A value as the contract shows it, or None."""
        stored = self.values(key).get(name)
        return None if stored is None else self._shown(key, name, stored)

    def data(self, key: str, name: str, default: Any = None) -> Any:
        value = self.get(key, name)
        return default if value is None else value["data"]

    def set(self, key: str, name: str, kind: str, data: Any) -> None:
        """Store a value, making the key and its parents."""
        self._entry(key)["values"][name] = {"type": kind, "data": data}
        self._seen.pop((fold(key), fold(name)), None)

    def delete(self, key: str, name: str | None = None) -> None:
        """Remove a value, or without a name the key with all below it. What is above stays."""
        keys = self.keys
        if name is not None:
            self.values(key).pop(name, None)
            return
        if not keys.exists(key):
            return
        above = parent_of(key)
        if above and "\\" in above:
            self._entry(above)
        for path in keys.tree(key):
            del keys[path]

    def open_for_reading(self, key: str) -> bool:
        """Whether the key exists; access_denied when it may not be opened."""
        entry = self.keys.get(key)
        if entry is not None and entry.get("denied") == "all":
            raise denied(f"the key {key}")
        return entry is not None or self.exists(key)

    def read(self, key: str, names: list[str] | None) -> dict[str, Value]:
        """Values by name, absent ones left out; a name that was asked for comes back as it was asked."""
        stored = self.values(key)
        wanted = list(stored) if names is None else [name for name in names if name in stored]
        return {name: self._shown(key, name, stored[name]) for name in wanted}

    def write(self, key: str, name: str, kind: str, data: Any) -> None:
        """Store a value as the caller of a request."""
        existing = key
        while not self.exists(existing):
            existing = parent_of(existing)
        entry = self.keys.get(existing)
        if entry is not None and entry.get("denied"):
            raise denied(f"the key {existing}")
        self.set(key, name, kind, data)

    def remove(self, key: str, name: str | None) -> None:
        """Remove a value or a key as the caller of a request."""
        for path in [key] if name is not None else self.keys.tree(key):
            entry = self.keys.get(path)
            if entry is not None and entry.get("denied"):
                raise denied(f"the key {path}")
        self.delete(key, name)

    def _entry(self, key: str) -> dict[str, Any]:
        keys = self.keys
        if key not in keys:
            keys[key] = {"values": NameDict()}
        entry: dict[str, Any] = keys[key]
        name_dict(entry, "values")
        return entry

    def _shown(self, key: str, name: str, stored: Value) -> Value:
        if stored["type"] == "unknown":
            return {"type": "unknown", "data": None}
        data = stored.get("data")
        if "reads" in stored:
            place = (fold(key), fold(name))
            seen = self._seen.get(place, 0)
            self._seen[place] = seen + 1
            data = stored["reads"][min(seen, len(stored["reads"]) - 1)]
        if isinstance(data, dict) and "random" in data:
            bytes_ = random.Random(1).randbytes(data["random"])  # noqa: S311 - nothing secret, and the same every time
            data = base64.b64encode(bytes_).decode()
        return {"type": stored["type"], "data": list(data) if isinstance(data, list) else data}
