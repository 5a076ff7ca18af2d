# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads one mapping of the YAML, field by field; whatever is wrong becomes a sentence that names place, field and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Final


class WordsError(ValueError):
    """The estate file says something that cannot be understood. The text is a sentence for whoever wrote it."""


_REQUIRED: Final = object()


class Fields:
    """A mapping that is being read; `where` is how a sentence calls it, such as "host CL01"."""

    def __init__(self, value: Any, where: str) -> None:
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise WordsError(f"{where}: expected names with values below them, not {shown(value)}.")
        self.where = where
        self._values: dict[str, Any] = {str(name): item for name, item in value.items()}
        self._known: list[str] = []

    def has(self, name: str) -> bool:
        self._known.append(name)
        return self._values.get(name) is not None

    def raw(self, name: str, default: Any = None) -> Any:
        """Whatever stands there."""
        self._known.append(name)
        value = self._values.get(name)
        return default if value is None else value

    def text(self, name: str, default: Any = _REQUIRED, *, one_of: Iterable[str] | None = None) -> Any:
        """Text, or the default. With `one_of`, one of those words; `on` and `off` may be written as YAML reads them, as booleans."""
        value = self.raw(name)
        if value is None:
            if default is _REQUIRED:
                allowed = f"; allowed: {', '.join(one_of)}" if one_of else ""
                raise WordsError(f"{self.where}: {name} is missing{allowed}.")
            return default
        if one_of is not None:
            return self.choice(name, value, tuple(one_of))
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise WordsError(f"{self.where}: {name} must be text, not {shown(value)}.")
        return str(value)

    def choice(self, name: str, value: Any, allowed: tuple[str, ...]) -> str:
        if isinstance(value, bool):
            for word in ("on", "yes", "enabled") if value else ("off", "no", "disabled", "absent"):
                if word in allowed:
                    return word
        word = str(value)
        if word not in allowed:
            raise WordsError(f"{self.where}: {name} cannot be {shown(value)}; allowed: {', '.join(allowed)}.{_guess(word, allowed)}")
        return word

    def flag(self, name: str, default: bool | None = None) -> Any:
        value = self.raw(name, default)
        if value is not None and not isinstance(value, bool):
            raise WordsError(f"{self.where}: {name} must be yes or no, not {shown(value)}.")
        return value

    def number(self, name: str, default: int | None = None, *, low: int = 0, high: int = 2**32 - 1) -> Any:
        value = self.raw(name, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high):
            raise WordsError(f"{self.where}: {name} must be a whole number from {low} to {high}, not {shown(value)}.")
        return value

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts; a single text is a list of one."""
        value = self.raw(name)
        if value is None:
            return default
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, bool) or not isinstance(item, (str, int)):
                raise WordsError(f"{self.where}: {name} must be a list of texts, and {shown(item)} is none.")
        return tuple(str(item) for item in items)

    def fields(self, name: str, where: str | None = None) -> Fields:
        """The mapping below a name; empty when it is absent."""
        return Fields(self.raw(name), where or f"{self.where}, {name}")

    def items(self, name: str) -> list[tuple[str, Any]]:
        """The pairs of a mapping below a name, whose names are the file's own."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, dict):
            raise WordsError(f"{self.where}: {name} must be names with values below them, not {shown(value)}.")
        return [(str(key), item) for key, item in value.items()]

    def entries(self, name: str) -> list[Any]:
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise WordsError(f"{self.where}: {name} must be a list, not {shown(value)}.")
        return value

    def done(self) -> None:
        """Complain about a field that nobody asked for."""
        for name in self._values:
            if name not in self._known:
                allowed = ", ".join(dict.fromkeys(self._known))
                raise WordsError(f"{self.where}: there is no field {name}; allowed: {allowed}.{_guess(name, self._known)}")


def _guess(word: str, allowed: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(allowed), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def shown(value: Any) -> str:
    """A value for a sentence; long ones shortened."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "yes", False: "no"}[value]
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
