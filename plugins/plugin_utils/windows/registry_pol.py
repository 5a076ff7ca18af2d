# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry policy files (Registry.pol), as Group Policy's registry extension reads them: MS-GPREG 2.2.1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.registry_data import decode

_HEADER = b"PReg\x01\x00\x00\x00"
_OPEN, _CLOSE, _NEXT = "[".encode("utf-16-le"), "]".encode("utf-16-le"), ";".encode("utf-16-le")


class MalformedPolicyError(ValueError):
    """The bytes are no registry policy file of version 1."""


@dataclass(frozen=True)
class PolicyInstruction:
    """One entry: write a value, or, with a C(name) that begins with two asterisks, remove something. C(key) lies below HKLM."""

    key: str
    name: str
    type: str
    data: object

    @property
    def deletes(self) -> str | None:
        """The name of the value that it removes; the empty text for all values of the key; None when it writes."""
        lowered = self.name.casefold()
        if lowered.startswith("**del."):
            return self.name[len("**del.") :]
        if lowered.startswith(("**delvals", "**deletekeys", "**deletevalues")):
            return ""
        return None

    @property
    def removed_names(self) -> tuple[str, ...]:
        """The values that it removes from its key by name."""
        lowered = self.name.casefold()
        if lowered.startswith("**del."):
            return (self.name[len("**del.") :],)
        return self._listed() if lowered == "**deletevalues" else ()

    @property
    def cleared_keys(self) -> tuple[tuple[str, bool], ...]:
        """The keys of which it removes all values, and whether all below them goes as well."""
        lowered = self.name.casefold()
        if lowered.startswith("**delvals"):
            return ((self.key, False),)
        return tuple((f"{self.key}\\{name}", True) for name in self._listed()) if lowered == "**deletekeys" else ()

    @property
    def writes(self) -> bool:
        """Whether it writes a value; C(only_if_absent) may say when."""
        return self.only_if_absent or not self.name.startswith("**")

    @property
    def only_if_absent(self) -> bool:
        return self.name.casefold().startswith("**soft.")

    def _listed(self) -> tuple[str, ...]:
        """The data as names with semicolons between them."""
        return tuple(name.strip() for name in str(self.data or "").split(";") if name.strip())

    @property
    def written_name(self) -> str:
        """The value's name, without the mark of a value that is only written when it is absent."""
        return self.name[len("**soft.") :] if self.name.casefold().startswith("**soft.") else self.name


def parse(data: bytes) -> tuple[PolicyInstruction, ...]:
    """All entries in their order; anything that does not fit the grammar is a MalformedPolicyError that says where."""
    if data[: len(_HEADER)] != _HEADER:
        raise MalformedPolicyError("the file does not begin with the signature and version 1 of a registry policy file")
    return tuple(_entries(data, len(_HEADER)))


def _entries(data: bytes, position: int) -> Iterator[PolicyInstruction]:
    while position < len(data):
        position = _expect(data, position, _OPEN)
        key, position = _text(data, position)
        position = _expect(data, position, _NEXT)
        name, position = _text(data, position)
        position = _expect(data, position, _NEXT)
        kind, position = _number(data, position)
        position = _expect(data, position, _NEXT)
        size, position = _number(data, position)
        position = _expect(data, position, _NEXT)
        if position + size > len(data):
            raise MalformedPolicyError(f"the data at byte {position} is cut off")
        value_type, value = decode(kind, data[position : position + size])
        position = _expect(data, position + size, _CLOSE)
        yield PolicyInstruction(key.rstrip("\\"), name, value_type, value)


def _expect(data: bytes, position: int, mark: bytes) -> int:
    if data[position : position + 2] != mark:
        raise MalformedPolicyError(f"there is no '{mark.decode('utf-16-le')}' at byte {position}")
    return position + 2


def _text(data: bytes, position: int) -> tuple[str, int]:
    end = position
    while data[end : end + 2] != b"\x00\x00":
        if end + 2 > len(data):
            raise MalformedPolicyError(f"the text at byte {position} has no end")
        end += 2
    try:
        return data[position:end].decode("utf-16-le"), end + 2
    except UnicodeDecodeError as error:
        raise MalformedPolicyError(f"the text at byte {position} is no UTF-16") from error


def _number(data: bytes, position: int) -> tuple[int, int]:
    if position + 4 > len(data):
        raise MalformedPolicyError(f"the number at byte {position} is cut off")
    return int.from_bytes(data[position : position + 4], "little"), position + 4
