# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A NameDict whose keys are paths: knows what lies directly below a path, and that a path with something below it exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from windows_estate.machine.names import NameDict, fold


def parent_of(path: str) -> str:
    """The path above, or '' at the top."""
    return path.rpartition("\\")[0]


class PathDict(NameDict):
    """Keys are paths with backslashes. The folders and keys above an entry need no entries of their own."""

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self._below: dict[str, dict[str, str]] = {}
        super().__init__(items)

    def __setitem__(self, path: str, value: Any) -> None:
        known = path in self
        super().__setitem__(path, value)
        while path and not known:
            above, _, name = path.rpartition("\\")
            siblings = self._below.setdefault(fold(above), {})
            known = fold(name) in siblings
            siblings.setdefault(fold(name), name)
            path = above

    def __delitem__(self, path: str) -> None:
        super().__delitem__(path)
        while path and path not in self and not self._below.get(fold(path)):
            above, _, name = path.rpartition("\\")
            self._below.pop(fold(path), None)
            self._below[fold(above)].pop(fold(name), None)
            path = above

    def clear(self) -> None:
        super().clear()
        self._below.clear()

    def exists(self, path: str) -> bool:
        """Whether there is an entry, or something below."""
        return path in self or bool(self._below.get(fold(path)))

    def below(self, path: str) -> list[str]:
        """The names directly below a path, in the order in which they were made."""
        return list(self._below.get(fold(path), {}).values())

    def tree(self, path: str) -> list[str]:
        """The paths of all entries at and below a path."""
        found = [path] if path in self else []
        for name in self.below(path):
            found += self.tree(f"{path}\\{name}")
        return found


def path_dict(owner: dict[str, Any], field: str) -> PathDict:
    """The PathDict at `owner[field]`; a plain dict there is turned into one in place, an absent one is made."""
    value = owner.get(field)
    if not isinstance(value, PathDict):
        value = PathDict(value or {})
        owner[field] = value
    return value
