# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""References: `${id.path}` in the texts of an operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from windows_estate.contract.values import follow
from windows_estate.machine.cim_types import plain_text
from windows_estate.machine.errors import HostError
from windows_estate.machine.names import fold

_REFERENCE: Final = re.compile(r"(?P<literal>\$\$\{)|\$\{(?P<reference>[^}]*)\}")
_AS_THEY_STAND: Final = ("id", "op", "needs")

Answers = Mapping[str, Mapping[str, Any]]
"""Answers so far, by folded id."""


def dependency(message: str) -> HostError:
    return HostError("dependency", message)


def check_needs(needs: Any, answers: Answers) -> None:
    """Everything that an operation needs must have succeeded."""
    if needs is None:
        return
    if not isinstance(needs, list) or not all(isinstance(one, str) for one in needs):
        raise HostError("invalid", "The field 'needs' has to be a list of ids.")
    for one in needs:
        if not answers.get(fold(one), {}).get("ok"):
            raise dependency(f"The operation {one!r} has not succeeded.")


def resolved(operation: Mapping[str, Any], answers: Answers) -> dict[str, Any]:
    """The operation with its references replaced: escaped for WQL in a query, here and in the operation that a wait reads."""
    result: dict[str, Any] = {}
    for name, value in operation.items():
        if name in _AS_THEY_STAND:
            result[name] = value
        elif name == "read" and isinstance(value, dict):
            result[name] = resolved(value, answers)
        else:
            result[name] = _replaced(value, answers, wql=name == "query")
    return result


def _replaced(value: Any, answers: Answers, *, wql: bool) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, answers, wql=wql) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, answers, wql=wql) for inner in value]
    if not isinstance(value, str) or "${" not in value:
        return value

    def insert(match: re.Match[str]) -> str:
        if match["literal"]:
            return "${"
        text = _referred(match["reference"], answers)
        return re.sub(r"([\\'\"])", r"\\\1", text) if wql else text

    return _REFERENCE.sub(insert, value)


def _referred(reference: str, answers: Answers) -> str:
    name, *path = reference.split(".")
    answer = answers.get(fold(name), {})
    if not answer.get("ok"):
        raise dependency(f"The reference {reference!r} is to an operation that has not succeeded.")
    value = follow(answer["data"], path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return plain_text(value)
    raise dependency(f"The reference {reference!r} leads to no text, number or truth.")
