# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Conversion of values to the types of WMI properties, as System.Management does it when a property is assigned."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from windows_estate.machine.errors import HostError, invalid

RANGES: Final[dict[str, tuple[int, int]]] = {
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{f"sint{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
}
TEXTS: Final = frozenset({"string", "datetime", "reference"})


def convert(cim_type: str, value: Any) -> Any:
    """A value in the form in which a state holds it, converted to a type such as "uint32" or "string[]"; invalid when it does not fit."""
    if value is None:
        return None
    if isinstance(value, dict) and set(value) == {"base64"}:
        value = list(_decoded(value["base64"]))
    scalar, is_list = cim_type.removesuffix("[]"), cim_type.endswith("[]")
    if is_list != isinstance(value, list):
        raise _misfit(cim_type, value)
    if not is_list:
        return _one(scalar, value)
    converted = [_one(scalar, item) for item in value]
    return {"base64": base64.b64encode(bytes(converted)).decode()} if scalar == "uint8" else converted


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise invalid("The value's bytes are no Base64.") from error


def _one(scalar: str, value: Any) -> Any:
    if scalar == "object":
        if isinstance(value, dict) and isinstance(value.get("__class"), str):
            return value
        raise _misfit(scalar, value)
    if value is None or isinstance(value, (dict, list)):
        raise _misfit(scalar, value)
    if scalar in TEXTS:
        return value if isinstance(value, str) else plain_text(value)
    if scalar == "boolean":
        return _truth(value)
    if scalar in RANGES:
        return _whole(scalar, value)
    if scalar in ("real32", "real64"):
        return _real(scalar, value)
    if scalar == "char16":
        if isinstance(value, str) and len(value) == 1:
            return value
        raise _misfit(scalar, value)
    raise ValueError(f"The CIM type {scalar!r} is unknown.")


def plain_text(value: bool | float | str) -> str:
    """A scalar as .NET's invariant culture writes it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _truth(value: Any) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in ("true", "false"):
            raise _misfit("boolean", value)
        return word == "true"
    return bool(value)


def _whole(scalar: str, value: Any) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
            raise _misfit(scalar, value)
        number = int(value)
    elif isinstance(value, float):
        if not value.is_integer():
            raise _misfit(scalar, value)
        number = int(value)
    else:
        number = int(value)
    low, high = RANGES[scalar]
    if not low <= number <= high:
        raise _misfit(scalar, value)
    return number


def _real(scalar: str, value: Any) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise _misfit(scalar, value) from error


def _misfit(cim_type: str, value: Any) -> HostError:
    return invalid(f"A value of the kind {type(value).__name__} does not fit the type {cim_type}.")
