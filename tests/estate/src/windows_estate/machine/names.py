# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dictionaries whose keys are Windows names: they keep the case in which they were made and ignore it when looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def fold(name: str) -> str:
    """A name in the form in which names are compared."""
    return name.lower()


class NameDict(dict[str, Any]):
    """A plain dict to JSON and to `for`; lookups ignore case, and replacing a value keeps the name as it was first written."""

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        self._names: dict[str, str] = {}
        self.update(items)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (), None, None, iter(self.items())

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(self._names.setdefault(fold(name), name), value)

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(self._names[fold(name)])

    def __delitem__(self, name: str) -> None:
        super().__delitem__(self._names.pop(fold(name)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and fold(name) in self._names

    def get(self, name: str, default: Any = None) -> Any:
        actual = self._names.get(fold(name))
        return default if actual is None else super().__getitem__(actual)

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: str, *default: Any) -> Any:
        if name not in self:
            if default:
                return default[0]
            raise KeyError(name)
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        name = next(reversed(self))
        return name, self.pop(name)

    def update(self, *others: Any, **more: Any) -> None:
        for name, value in dict(*others, **more).items():
            self[name] = value

    def clear(self) -> None:
        super().clear()
        self._names.clear()

    def copy(self) -> NameDict:
        return type(self)(self)

    def actual(self, name: str) -> str | None:
        """The name as it was first written, or None."""
        return self._names.get(fold(name))


def name_dict(owner: dict[str, Any], field: str) -> NameDict:
    """The NameDict at `owner[field]`; a plain dict there is turned into one in place, an absent one is made."""
    value = owner.get(field)
    if not isinstance(value, NameDict):
        value = NameDict(value or {})
        owner[field] = value
    return value
