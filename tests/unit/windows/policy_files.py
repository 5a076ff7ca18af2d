# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry policy files, written from MS-GPREG 2.2.1 and 2.2.1.1."""

from __future__ import annotations

import struct
from collections.abc import Iterable

TYPES = {"none": 0, "sz": 1, "expand_sz": 2, "binary": 3, "dword": 4, "multi_sz": 7, "qword": 11}

Entry = tuple[str, str, int, bytes]
"""Key, name, type number, data."""


def text(value: str) -> bytes:
    """UTF-16LE with a null character at the end."""
    return f"{value}\0".encode("utf-16-le")


def dword(number: int) -> bytes:
    return struct.pack("<I", number)


def entry(key: str, name: str, kind: int, data: bytes) -> bytes:
    """The body of one instruction: [key;value;type;size;data]."""
    marks = {mark: mark.encode("utf-16-le") for mark in "[;]"}
    return b"".join(
        (
            marks["["],
            text(key),
            marks[";"],
            text(name),
            marks[";"],
            dword(kind),
            marks[";"],
            dword(len(data)),
            marks[";"],
            data,
            marks["]"],
        )
    )


def policy_file(entries: Iterable[Entry]) -> bytes:
    """Signature 0x67655250 ("PReg"), version 1, the entries."""
    return struct.pack("<II", 0x67655250, 1) + b"".join(entry(*each) for each in entries)
