# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The local Group Policy object: `Registry.pol` and `gpt.ini` below System32, which editors and ConfigMgr's client write.

Paths and format: MS-GPREG 2.2.1 and what gpresult shows [H]. How the version is counted in gpt.ini: the machine's part is the low word [K].
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Final

from windows_estate.machine import Machine
from windows_estate.world import preg
from windows_estate.world.knowledge.policies import REGISTRY_EXTENSION
from windows_estate.world.preg import PolicyEntry

FOLDER: Final = "C:\\Windows\\System32\\GroupPolicy"
MACHINE_FOLDER: Final = f"{FOLDER}\\Machine"
REGISTRY_POL: Final = f"{MACHINE_FOLDER}\\Registry.pol"
GPT_INI: Final = f"{FOLDER}\\gpt.ini"
# The tool that made the entries, as gpt.ini names it beside the extension: administrative templates.
_TEMPLATES: Final = "{D02B1F72-3407-48AE-BA88-E8213C6761F1}"
_VERSION: Final = re.compile(r"^Version=([0-9]+)", re.MULTILINE | re.IGNORECASE)


def read_pol(machine: Machine, path: str) -> list[PolicyEntry] | None:
    """The entries of a Registry.pol; None when the file is not there, nothing when it cannot be read as one."""
    stored = machine.files.files.get(path)
    if stored is None:
        return None
    content = base64.b64decode(stored["base64"]) if "base64" in stored else str(stored.get("text", "")).encode()
    try:
        return preg.decode(content)
    except ValueError:
        return []


def write_pol(machine: Machine, path: str, entries: Iterable[PolicyEntry]) -> bool:
    """Write a Registry.pol; whether anything changed."""
    content = preg.encode(entries)
    stored = machine.files.files.get(path) or {}
    if stored.get("base64") == base64.b64encode(content).decode():
        return False
    machine.files.store(path, content)
    return True


def entries(machine: Machine) -> list[PolicyEntry] | None:
    """What the local object holds; None when it was never edited."""
    return read_pol(machine, REGISTRY_POL)


def version(machine: Machine) -> int:
    match = _VERSION.search(machine.files.text(GPT_INI) or "")
    return int(match[1]) & 0xFFFF if match else 0


def write(machine: Machine, wanted: Iterable[PolicyEntry], number: int | None = None) -> bool:
    """Make the local object hold exactly this, and count its version up (or set it); whether anything changed."""
    if not write_pol(machine, REGISTRY_POL, wanted):
        return False
    machine.files.store(GPT_INI, _gpt_ini(version(machine) + 1 if number is None else number))
    return True


def _gpt_ini(number: int) -> str:
    return f"[General]\r\ngPCMachineExtensionNames=[{REGISTRY_EXTENSION}{_TEMPLATES}]\r\nVersion={number}\r\n"
