# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A folder of a state migration point as the site keeps it: a text of fields, read and written back exactly.

C(Directory=D:\\UserState;MaxClients=100;MinDiskSpace=10;MinDiskSpaceUnit=2;) (develop/osd/how-to-add-a-state-migration-point-folder).
Fields that are not known here stay as they are, and so do their order, their case, and a semicolon that is or is not at the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

UNITS: Mapping[int, str] = {1: "MB", 2: "GB", 3: "percent"}
"""MinDiskSpaceUnit by its number."""
_DIRECTORY, _CLIENTS, _SPACE, _UNIT = "Directory", "MaxClients", "MinDiskSpace", "MinDiskSpaceUnit"
_NUMBER = re.compile(r"\d{1,10}\Z", re.ASCII)
_BYTES: Mapping[str, int] = {"MB": 1024**2, "GB": 1024**3}


class MalformedFolderError(ValueError):
    """The text is no folder of a state migration point; the message says why."""


@dataclass(frozen=True)
class Space:
    """An amount of free space. C(unit): MB, GB, or percent of the volume."""

    value: int
    unit: str

    def bytes_of(self, size: int) -> int:
        """In bytes, on a volume of a size in bytes."""
        if self.unit == "percent":
            return size * self.value // 100
        return self.value * _BYTES[self.unit]

    def same_as(self, other: Space) -> bool:
        """Percent are the same as nothing but percent; 1 GB is 1024 MB."""
        if "percent" in (self.unit, other.unit):
            return self == other
        return self.bytes_of(0) == other.bytes_of(0)

    def __str__(self) -> str:
        return f"{self.value} {self.unit}"


@dataclass(frozen=True)
class Limits:
    """C(clients): how many may store at most; C(space): what has to stay free."""

    clients: int
    space: Space

    def __str__(self) -> str:
        return f"at most {self.clients} clients, {self.space} free"


@dataclass(frozen=True)
class StorageFolder:
    """The fields in their order, as they are spelled. C(closed): whether a semicolon follows the last one."""

    fields: tuple[tuple[str, str], ...]
    closed: bool = True

    def __str__(self) -> str:
        return ";".join(f"{name}={value}" for name, value in self.fields) + (";" if self.closed else "")

    @property
    def path(self) -> str:
        return self._get(_DIRECTORY) or ""

    @property
    def place(self) -> str:
        return place(self.path)

    @property
    def clients(self) -> int | None:
        """None where there is no such limit."""
        return _number(self._get(_CLIENTS))

    @property
    def space(self) -> Space | None:
        """None where there is no such limit."""
        value, unit = _number(self._get(_SPACE)), _number(self._get(_UNIT))
        return None if value is None or unit is None else Space(value, UNITS[unit])

    def limited(self, limits: Limits) -> StorageFolder:
        """The same folder with other limits; what stands for the same limits already is not touched."""
        wanted = {_CLIENTS: limits.clients} if self.clients != limits.clients else {}
        if self.space is None or not self.space.same_as(limits.space):
            wanted |= {_SPACE: limits.space.value, _UNIT: _unit_number(limits.space.unit)}
        fields = list(self.fields)
        for name, value in wanted.items():
            at = next((index for index, (known, _value) in enumerate(fields) if _same(known, name)), None)
            if at is None:
                fields.append((name, str(value)))
            else:
                fields[at] = (fields[at][0], str(value))
        return replace(self, fields=tuple(fields))

    def _get(self, name: str) -> str | None:
        return next((value for known, value in self.fields if _same(known, name)), None)


def parse(text: str) -> StorageFolder:
    """Take a text apart. MalformedFolderError: it cannot be understood as a whole, so nothing of it is relied on."""
    closed = text.endswith(";")
    fields = []
    for part in (text[:-1] if closed else text).split(";"):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise MalformedFolderError(f"'{text}' has '{part}', which is no field")
        fields.append((name, value))
    folder = StorageFolder(tuple(fields), closed)
    names = [name.strip().casefold() for name, _value in fields]
    for name in (_DIRECTORY, _CLIENTS, _SPACE, _UNIT):
        if names.count(name.casefold()) > 1:
            raise MalformedFolderError(f"'{text}' has {name} more than once")
    if not folder.path.strip():
        raise MalformedFolderError(f"'{text}' names no folder")
    for name in (_CLIENTS, _SPACE, _UNIT):
        given = folder._get(name)  # noqa: SLF001 this makes it
        if given is not None and _number(given) is None:
            raise MalformedFolderError(f"'{text}' has {name} '{given}', which is no number")
    unit = _number(folder._get(_UNIT))  # noqa: SLF001
    if unit is not None and unit not in UNITS:
        raise MalformedFolderError(f"'{text}' has {_UNIT} {unit}, which no documentation explains")
    if unit is None and (_number(folder._get(_SPACE)) or 0) > 0:  # noqa: SLF001
        raise MalformedFolderError(f"'{text}' says no unit of {_SPACE}")
    return folder


def new(path: str, limits: Limits) -> StorageFolder:
    """A folder as the console writes it."""
    space = limits.space
    values = ((_DIRECTORY, path), (_CLIENTS, limits.clients), (_SPACE, space.value), (_UNIT, _unit_number(space.unit)))
    return StorageFolder(tuple((name, str(value)) for name, value in values))


def place(path: str) -> str:
    """What tells paths of folders apart: neither case nor a backslash at the end does."""
    return path.strip().replace("/", "\\").rstrip("\\").casefold()


def within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it; a name that begins alike is another folder."""
    return f"{place(path)}\\".startswith(f"{place(folder)}\\")


def _same(known: str, name: str) -> bool:
    return known.strip().casefold() == name.casefold()


def _number(text: str | None) -> int | None:
    return int(text.strip()) if text is not None and _NUMBER.match(text.strip()) else None


def _unit_number(unit: str) -> int:
    return next(number for number, name in UNITS.items() if name == unit)
