# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JSON values: paths through them, and whether two are the same."""

from __future__ import annotations

import re
from typing import Any

from windows_estate.machine.cim_types import plain_text
from windows_estate.machine.names import fold


def follow(data: Any, path: list[str]) -> Any:
    """What a path leads to: objects by key, ignoring case, lists by number or `Field=text`. None when it leads nowhere."""
    for part in path:
        if isinstance(data, dict):
            data = _by_key(data, part)
        elif isinstance(data, list):
            data = _element(data, part)
        else:
            return None
    return data


def _by_key(data: dict[str, Any], name: str) -> Any:
    if name in data:
        return data[name]
    return next((value for key, value in data.items() if fold(key) == fold(name)), None)


def _element(data: list[Any], part: str) -> Any:
    if re.fullmatch("[0-9]+", part):
        index = int(part)
        return data[index] if index < len(data) else None
    name, equals, text = part.partition("=")
    if not equals:
        return None
    for element in data:
        value = _by_key(element, name) if isinstance(element, dict) else None
        if isinstance(value, (str, int, float)) and fold(plain_text(value)) == fold(text):
            return element
    return None


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is neither "1" nor true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(left, right) for left, right in zip(one, other, strict=True))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)
