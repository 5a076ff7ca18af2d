# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fields of operations and of the objects inside them: which there are, of which JSON type, and what they are when left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from windows_estate.machine.errors import invalid

MOST_SECONDS: Final = 86400
_MOST_COUNT: Final = 2**31 - 1


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_seconds(value: Any) -> bool:
    """More than none, a day at most, fractions allowed."""
    return _is_number(value) and 0 < value <= MOST_SECONDS


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "texts": is_texts,
    "flag": lambda value: isinstance(value, bool),
    "count": lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_COUNT,
    "seconds": is_seconds,
    "object": lambda value: isinstance(value, dict),
    "objects": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    "list": lambda value: isinstance(value, list),
    "any": lambda _value: True,
}


@dataclass(frozen=True)
class Field:
    """type: text, texts, flag, count, seconds, object, objects, list or any. An optional field that is null is as if left out."""

    type: str
    required: bool = True
    default: Any = None


def optional(kind: str, default: Any = None) -> Field:
    return Field(kind, required=False, default=default)


def checked(given: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Every field with its value or its default; invalid for what is missing, of another type or unknown."""
    unknown = [name for name in given if name not in fields]
    if unknown:
        raise invalid(f"There is no field {unknown[0]!r}.")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if field.required and name not in given:
            raise invalid(f"The field {name!r} is missing.")
        value = given.get(name)
        if value is None and not field.required:
            value = field.default
        elif not _TYPES[field.type](value):
            raise invalid(f"The field {name!r} has to be of the type {field.type!r}.")
        values[name] = value
    return values
