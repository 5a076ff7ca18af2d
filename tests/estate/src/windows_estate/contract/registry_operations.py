# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""registry.read, registry.write, registry.remove."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from windows_estate.contract.context import Fields, Operation, Run
from windows_estate.contract.fields import Field, is_texts, optional
from windows_estate.contract.values import same
from windows_estate.machine.errors import invalid

_KEY: Final = re.compile(r"(HKLM|HKU)(\\[^\\]+)+", re.IGNORECASE)
_MOST_DEPTH: Final = 32
_WIDTH: Final = {"dword": 32, "qword": 64}


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise invalid(f"The key {text!r} is not HKLM\\... or HKU\\... with a name in every part.")
    return text


def _data(kind: str, data: Any) -> Any:
    """The data of a value to write, checked against its type."""
    if kind in ("sz", "expand_sz"):
        if isinstance(data, str):
            return data
    elif kind == "multi_sz":
        if is_texts(data):
            return data
    elif kind in ("binary", "none"):
        if isinstance(data, str):
            return _base64(data)
    elif kind in _WIDTH:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, int) and not isinstance(data, bool) and 0 <= data < 2 ** _WIDTH[kind]:
            return data
    else:
        raise invalid(f"There is no type {kind!r} of registry values.")
    raise invalid(f"The data does not fit the type {kind!r}.")


def _base64(text: str) -> str:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("The data is no Base64.") from error


def _contents(run: Run, key: str, names: list[str] | None, depth: int) -> dict[str, Any]:
    registry = run.machine.registry
    registry.open_for_reading(key)
    below = registry.subkeys(key) if depth else []
    return {
        "values": registry.read(key, names),
        "subkeys": {name: _contents(run, f"{key}\\{name}", names, depth - 1) for name in below},
    }


def read(run: Run, fields: Fields) -> dict[str, Any]:
    key = _key(fields["key"])
    if fields["depth"] > _MOST_DEPTH:
        raise invalid(f"The depth is {_MOST_DEPTH} at most.")
    if not run.machine.registry.open_for_reading(key):
        return {"exists": False, "values": {}, "subkeys": {}}
    return {"exists": True, **_contents(run, key, fields["names"], fields["depth"])}


def write(run: Run, fields: Fields) -> None:
    key, name, kind = _key(fields["key"]), fields["name"], fields["type"]
    wanted = {"type": kind, "data": _data(kind, fields["data"])}
    registry = run.machine.registry
    there = registry.get(key, name) if registry.open_for_reading(key) else None
    if there is not None and same(there, wanted):
        return
    registry.write(key, name, kind, wanted["data"])
    run.changed = True


def remove(run: Run, fields: Fields) -> None:
    key, name = _key(fields["key"]), fields["name"]
    registry = run.machine.registry
    if not registry.open_for_reading(key) or (name is not None and registry.get(key, name) is None):
        return
    registry.remove(key, name)
    run.changed = True


OPERATIONS: Final = {
    "registry.read": Operation(read, {"key": Field("text"), "names": optional("texts"), "depth": optional("count", 0)}),
    "registry.write": Operation(
        write, {"key": Field("text"), "name": Field("text"), "type": Field("text"), "data": Field("any")}, writes=True
    ),
    "registry.remove": Operation(remove, {"key": Field("text"), "name": optional("text")}, writes=True),
}
