# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry.pol: the file in which registry policy travels (MS-GPREG 2.2.1), its instructions, and what applying it does to a registry."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

SIGNATURE: Final = b"PReg"
VERSION: Final = 1
MAX_DATA: Final = 65535

REG_TYPES: Final = {"none": 0, "sz": 1, "expand_sz": 2, "binary": 3, "dword": 4, "multi_sz": 7, "qword": 11}
TYPE_NAMES: Final = {number: name for name, number in REG_TYPES.items()}


class RegistryLike(Protocol):
    """What applying needs of a registry; keys with their hive, `HKLM\\...`."""

    def get(self, key: str, name: str) -> dict[str, Any] | None: ...
    def set(self, key: str, name: str, kind: str, data: Any) -> None: ...
    def delete(self, key: str, name: str | None = None) -> None: ...
    def values(self, key: str) -> Any: ...


@dataclass(frozen=True)
class PolicyEntry:
    """One `[key;value;type;size;data]`. `key` has no hive, `type` is the registry's number, `data` is as the registry stores it."""

    key: str
    name: str
    type: int
    data: bytes

    @classmethod
    def make(cls, key: str, name: str, kind: str, data: Any) -> PolicyEntry:
        """An entry that sets a value, from the forms in which a state holds values."""
        return cls(key, name, REG_TYPES[kind], pack(kind, data))

    @classmethod
    def instruction(cls, key: str, name: str) -> PolicyEntry:
        """An entry that is an instruction, such as `**del.Name`; the editor gives it one space as its data."""
        return cls(key, name, REG_TYPES["sz"], pack("sz", " "))

    @property
    def is_instruction(self) -> bool:
        return self.name.startswith("**")

    @property
    def kind(self) -> str:
        return TYPE_NAMES.get(self.type, "none")

    @property
    def value(self) -> Any:
        """The data in the form in which a state holds it."""
        return unpack(self.kind, self.data)


def pack(kind: str, data: Any) -> bytes:
    """A value's data as the registry stores it: little endian numbers, zero-terminated UTF-16LE texts."""
    if kind == "dword":
        return struct.pack("<I", data)
    if kind == "qword":
        return struct.pack("<Q", data)
    if kind in ("sz", "expand_sz"):
        return _text(data)
    if kind == "multi_sz":
        return b"".join(_text(item) for item in data) + b"\0\0"
    return base64.b64decode(data or "")


def unpack(kind: str, data: bytes) -> Any:
    """The reverse of pack; bytes of the wrong length come back as far as they go."""
    if kind == "dword":
        return int.from_bytes(data[:4], "little")
    if kind == "qword":
        return int.from_bytes(data[:8], "little")
    if kind in ("sz", "expand_sz"):
        return data.decode("utf-16-le", "replace").split("\0", 1)[0]
    if kind == "multi_sz":
        return [item for item in data.decode("utf-16-le", "replace").split("\0") if item]
    return base64.b64encode(data).decode()


def encode(entries: Iterable[PolicyEntry]) -> bytes:
    """The bytes of a Registry.pol."""
    parts = [SIGNATURE, struct.pack("<I", VERSION)]
    for entry in entries:
        if len(entry.data) > MAX_DATA:
            raise ValueError(f"The data of {entry.key}\\{entry.name} is larger than {MAX_DATA} bytes.")
        numbers = _char(";") + struct.pack("<I", entry.type) + _char(";") + struct.pack("<I", len(entry.data)) + _char(";")
        parts += [_char("["), _text(entry.key), _char(";"), _text(entry.name), numbers, entry.data, _char("]")]
    return b"".join(parts)


def decode(content: bytes) -> list[PolicyEntry]:
    """The entries of a Registry.pol, in order. Raises ValueError where it is none."""
    if content[:8] != SIGNATURE + struct.pack("<I", VERSION):
        raise ValueError("The file does not begin with the signature and version of a Registry.pol.")
    entries: list[PolicyEntry] = []
    at = 8
    while at < len(content):
        at = _expect(content, at, "[")
        key, at = _read_text(content, at)
        at = _expect(content, at, ";")
        name, at = _read_text(content, at)
        at = _expect(content, at, ";")
        kind, at = _read_number(content, at)
        at = _expect(content, at, ";")
        size, at = _read_number(content, at)
        at = _expect(content, at, ";")
        data = content[at : at + size]
        if len(data) != size:
            raise ValueError(f"The file ends in the data of {key}\\{name}.")
        at = _expect(content, at + size, "]")
        entries.append(PolicyEntry(key, name, kind, data))
    return entries


def apply(registry: RegistryLike, entries: Iterable[PolicyEntry]) -> None:
    """Do to HKLM what a Registry.pol says, in its order (MS-GPREG 3.2.5.1). Names of instructions ignore case."""
    for entry in entries:
        key = f"HKLM\\{entry.key}"
        word = entry.name.lower()
        if not entry.is_instruction:
            registry.set(key, entry.name, entry.kind, entry.value)
        elif word.startswith("**del."):
            registry.delete(key, entry.name[len("**del.") :])
        elif word.startswith("**delvals"):
            for name in list(registry.values(key)):
                registry.delete(key, name)
        elif word == "**deletevalues":
            for name in entry.value.split(";"):
                registry.delete(key, name)
        elif word == "**deletekeys":
            for name in entry.value.split(";"):
                registry.delete(f"{key}\\{name}")
        elif word.startswith("**soft."):
            name = entry.name[len("**soft.") :]
            if registry.get(key, name) is None:
                registry.set(key, name, entry.kind, entry.value)
        # **SecureKey sets permissions, which the simulated registry has none of.


def touched(entries: Iterable[PolicyEntry]) -> set[tuple[str, str]]:
    """The values that entries set, as (key, name) in lower case."""
    return {
        (entry.key.lower(), entry.name.removeprefix("**soft.").lower())
        for entry in entries
        if not entry.is_instruction or "**soft." in entry.name
    }


def _char(text: str) -> bytes:
    return text.encode("utf-16-le")


def _text(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass") + b"\0\0"


def _expect(content: bytes, at: int, mark: str) -> int:
    if content[at : at + 2] != _char(mark):
        raise ValueError(f"Byte {at} should be {mark!r}.")
    return at + 2


def _read_text(content: bytes, at: int) -> tuple[str, int]:
    end = at
    while content[end : end + 2] != b"\0\0":
        if end + 2 > len(content):
            raise ValueError(f"The text at byte {at} has no end.")
        end += 2
    return content[at:end].decode("utf-16-le", "surrogatepass"), end + 2


def _read_number(content: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(content):
        raise ValueError(f"The file ends in the number at byte {at}.")
    return int.from_bytes(content[at : at + 4], "little"), at + 4
