# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""file.read, file.write, file.remove."""

from __future__ import annotations

import base64
import re
import unicodedata
from typing import Any, Final

from windows_estate.contract.context import Fields, Operation, Run
from windows_estate.contract.fields import Field, optional
from windows_estate.machine.errors import HostError, invalid
from windows_estate.machine.files import ADMINISTRATORS, SYSTEM

_FULL_PATH: Final = re.compile(r"[A-Za-z]:(\\[^\\:/]+)+")
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
_MEBIBYTE: Final = 1024 * 1024


def read(run: Run, fields: Fields) -> dict[str, Any]:
    pattern = run.machine.expand(fields["path"])
    if not _FULL_PATH.fullmatch(pattern):
        raise invalid(f"{pattern!r} is no full path on a drive.")
    paths = [path for path in _matching(run, pattern) if run.machine.files.is_file(path)]
    asked = paths[: fields["max_files"]]
    return {"files": [_entry(run, path, fields["max_bytes"]) for path in asked], "truncated": len(asked) < len(paths)}


def _matching(run: Run, pattern: str) -> list[str]:
    drive, *parts = pattern.split("\\")
    paths = [drive]
    for part in parts:
        if "*" in part or "?" in part:
            expression = re.compile(re.escape(part).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE | re.DOTALL)
            paths = [f"{path}\\{name}" for path in paths for name in _names(run, path) if expression.fullmatch(name)]
        else:
            paths = [f"{path}\\{part}" for path in paths]
    return paths


def _names(run: Run, folder: str) -> list[str]:
    """What a wildcard sees in a folder: nothing in what is no folder, nor behind a link."""
    files = run.machine.files
    return files.list_folder(folder) if files.is_folder(folder) and not files.is_link(folder) else []


def _entry(run: Run, path: str, most: int) -> dict[str, Any]:
    info = run.machine.files.read(path)
    content = base64.b64encode(info.content).decode() if info.size <= most else None
    return {"path": path, "size": info.size, "modified": info.modified, "base64": content}


def _is_plain_name(part: str) -> bool:
    def is_letter_or_digit(character: str) -> bool:
        category = unicodedata.category(character)
        return category.startswith("L") or category == "Nd" or character == "_"

    return (
        part != ""
        and is_letter_or_digit(part[0])
        and all(is_letter_or_digit(character) or character in "-. " for character in part)
        and part[-1] not in ". "
        and not _DEVICE.fullmatch(part.partition(".")[0].rstrip(" "))
    )


def _own_path(run: Run, relative: str, *, make: bool) -> str | None:
    """The full path of a file of our own. None when our folder is absent and not to be made; failed when it is not ours."""
    if not all(_is_plain_name(part) for part in relative.split("\\")):
        raise invalid(f"{relative!r} is no relative path of plain names.")
    files = run.machine.files
    folder = run.machine.expand("%ProgramData%\\configmgr.hardening")
    if files.is_file(folder) or files.is_link(folder):
        raise HostError("failed", f"{folder} is a file or a link and not a folder of ours.")
    if not files.is_folder(folder):
        if not make:
            return None
        files.make_folder(folder, ADMINISTRATORS, [ADMINISTRATORS, SYSTEM])
        run.changed = True
    owner = files.owner(folder)
    if owner not in (ADMINISTRATORS, SYSTEM):
        raise HostError("failed", f"{folder} belongs to {owner} and not to Administrators or SYSTEM.")
    return f"{folder}\\{relative}"


def write(run: Run, fields: Fields) -> None:
    path = _own_path(run, fields["path"], make=True)
    assert path is not None
    content = fields["text"].encode()
    files = run.machine.files
    if files.is_file(path) and files.read(path).content == content:
        return
    files.write(path, content)
    run.changed = True


def remove(run: Run, fields: Fields) -> None:
    path = _own_path(run, fields["path"], make=False)
    files = run.machine.files
    if path is None or not (files.is_file(path) or files.is_folder(path)):
        return
    files.remove(path)
    run.changed = True


OPERATIONS: Final = {
    "file.read": Operation(read, {"path": Field("text"), "max_bytes": optional("count", _MEBIBYTE), "max_files": optional("count", 64)}),
    "file.write": Operation(write, {"path": Field("text"), "text": Field("text")}, writes=True),
    "file.remove": Operation(remove, {"path": Field("text")}, writes=True),
}
