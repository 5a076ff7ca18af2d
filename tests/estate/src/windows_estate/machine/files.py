# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files and folders on drives; full paths with backslashes, names in any case."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from windows_estate.machine.errors import HostError, denied
from windows_estate.machine.names import fold
from windows_estate.machine.paths import PathDict, parent_of, path_dict

if TYPE_CHECKING:
    from windows_estate.machine.machine import Machine

DEFAULT_MODIFIED: Final = "2026-01-02T03:04:05Z"
ADMINISTRATORS: Final = "S-1-5-32-544"
SYSTEM: Final = "S-1-5-18"


def iso_time(moment: datetime) -> str:
    """UTC as .NET's round-trip format writes it: seven decimals, Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


@dataclass(frozen=True)
class FileInfo:
    """size in bytes; modified as ISO text with seven decimals."""

    size: int
    modified: str
    content: bytes


class Files:
    """`state["files"]` and `state["folders"]`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def files(self) -> PathDict:
        return path_dict(self._machine.state, "files")

    @property
    def folders(self) -> PathDict:
        return path_dict(self._machine.state, "folders")

    # What behaviours use: nothing is denied here.

    def text(self, path: str) -> str | None:
        """A file's text (UTF-8), or None when it is not there."""
        entry = self.files.get(path)
        return None if entry is None else self._content(entry).decode()

    def store(self, path: str, content: str | bytes) -> None:
        """Write a file and the folders on the way."""
        above = parent_of(path)
        while "\\" in above and above not in self.folders:
            self.folders[above] = {}
            above = parent_of(above)
        data = {"text": content} if isinstance(content, str) else {"base64": base64.b64encode(content).decode()}
        self.files[path] = {**data, "modified": iso_time(self._machine.clock.now())}

    def delete(self, path: str) -> None:
        """Remove a file; its folder stays."""
        if path in self.files:
            above = parent_of(path)
            if "\\" in above:
                self.folders.setdefault(above, {})
            del self.files[path]

    # What requests use.

    def is_file(self, path: str) -> bool:
        return path in self.files

    def is_folder(self, path: str) -> bool:
        if len(path) == 2 and path.endswith(":"):
            return fold(path) == "c:" or self.files.exists(path) or self.folders.exists(path)
        return path not in self.files and (self.folders.exists(path) or self.files.exists(path))

    def is_link(self, path: str) -> bool:
        return bool((self.folders.get(path) or {}).get("link"))

    def owner(self, folder: str) -> str:
        return str((self.folders.get(folder) or {}).get("owner") or ADMINISTRATORS)

    def list_folder(self, folder: str) -> list[str]:
        """The names in a folder, ordered as ordinal comparison without case orders them."""
        if (self.folders.get(folder) or {}).get("denied"):
            raise denied(f"the folder {folder}")
        names = {fold(name): name for name in self.folders.below(folder) + self.files.below(folder)}
        return sorted(names.values(), key=str.upper)

    def read(self, path: str) -> FileInfo:
        entry = self.files.get(path)
        if entry is None or entry.get("denied"):
            raise denied(f"the file {path}")
        content = self._content(entry)
        return FileInfo(len(content), _seven_decimals(entry.get("modified") or DEFAULT_MODIFIED), content)

    def make_folder(self, path: str, owner: str, access: list[str]) -> None:
        self.folders[path] = {"owner": owner, "access": access}

    def write(self, path: str, content: bytes) -> None:
        if self.is_folder(path) or (self.files.get(path) or {}).get("denied"):
            raise denied(f"the file {path}")
        above = parent_of(path)
        while "\\" in above:
            if self.is_file(above):
                raise HostError("failed", f"{above} is a file and cannot hold {path}.", -2147024816)
            above = parent_of(above)
        try:
            self.store(path, content.decode())
        except UnicodeDecodeError:
            self.store(path, content)

    def remove(self, path: str) -> None:
        if self.is_folder(path) or (self.files.get(path) or {}).get("denied"):
            raise denied(f"the file {path}")
        self.delete(path)

    @staticmethod
    def _content(entry: dict[str, Any]) -> bytes:
        if "text" in entry:
            return str(entry["text"]).encode()
        if "base64" in entry:
            return base64.b64decode(entry["base64"])
        return bytes(int(entry.get("size") or 0))


def _seven_decimals(text: str) -> str:
    """An ISO time in UTC with its fraction filled up to seven digits."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction.ljust(7, '0')}Z"
