# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry values and policy settings in words."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from windows_estate.world.knowledge.policies import entries_of
from windows_estate.world.preg import REG_TYPES, PolicyEntry
from windows_estate.world.words.firewall import policy_entries
from windows_estate.world.words.model import RawValue
from windows_estate.world.words.reader import Fields, WordsError, shown

_HIVES: Final = {"hklm": "HKLM", "hkey_local_machine": "HKLM", "hku": "HKU", "hkey_users": "HKU"}
_LIMITS: Final = {"dword": 2**32 - 1, "qword": 2**64 - 1}


def read_entries(fields: Fields, *, with_firewall: bool = True) -> tuple[PolicyEntry, ...]:
    """What `policies`, `firewall` and `registry` of a policy object put into its Registry.pol. Raises WordsError."""
    entries: list[PolicyEntry] = []
    for word, setting in fields.items("policies"):
        entries += entries_of(word, setting, fields.where)
    if with_firewall and fields.has("firewall"):
        entries += policy_entries(fields.fields("firewall"))
    for item in fields.entries("registry"):
        value = read_value(item, f"{fields.where}, registry", hive_needed=False)
        key = value.key.removeprefix("HKLM\\")
        if value.name.startswith("**"):
            data = value.data if isinstance(value.data, str) and value.data else " "
            entries.append(PolicyEntry.make(key, value.name, value.kind if value.kind != "none" else "sz", data))
        else:
            entries.append(PolicyEntry.make(key, value.name, value.kind, value.data))
    return tuple(entries)


def read_value(item: Any, where: str, *, hive_needed: bool = True) -> RawValue:
    """One value of a list: `{key, name, type, data}`. Without a hive a policy's key is below HKLM. Raises WordsError."""
    fields = Fields(item, where)
    key = fields.text("key").strip("\\")
    hive, _, rest = key.partition("\\")
    if hive.lower() in _HIVES:
        key = f"{_HIVES[hive.lower()]}\\{rest}"
    elif hive_needed:
        raise WordsError(f"{where}: key cannot be {shown(key)}; it begins with HKLM\\ or HKU\\.")
    else:
        key = f"HKLM\\{key}"
    name = fields.text("name", "")
    kind = fields.text("type", "sz", one_of=REG_TYPES)
    data = checked_data(kind, fields.raw("data", "" if kind in ("sz", "expand_sz", "binary", "none") else None), f"{where}, {name or key}")
    fields.done()
    return RawValue(key, name, kind, data)


def checked_data(kind: str, data: Any, where: str) -> Any:
    """Data that fits its type, in the form in which a state holds it. Numbers may be texts, as on a command line. Raises WordsError."""
    if kind in _LIMITS:
        if isinstance(data, bool):
            return int(data)
        try:
            number = int(data, 0) if isinstance(data, str) else data
        except ValueError:
            number = None
        if not isinstance(number, int) or not 0 <= number <= _LIMITS[kind]:
            raise WordsError(f"{where}: data of a {kind} cannot be {shown(data)}; it is a whole number from 0 to {_LIMITS[kind]}.")
        return number
    if kind == "multi_sz":
        items = data if isinstance(data, list) else [] if data is None else [data]
        return [str(item) for item in items]
    if isinstance(data, (dict, list)):
        raise WordsError(f"{where}: data of the type {kind} is text, not {shown(data)}.")
    if kind in ("binary", "none"):
        try:
            base64.b64decode(str(data), validate=True)
        except binascii.Error as error:
            raise WordsError(f"{where}: data of the type {kind} is Base64, and {shown(data)} is none.") from error
    return str(data)
