# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Events that behaviours write: Win32_NTLogEvent. They are a record and no part of a host's configuration."""

from __future__ import annotations

from typing import Final

from windows_estate.machine import Machine, fold

CIMV2: Final = "root\\cimv2"
CLASS: Final = "Win32_NTLogEvent"
ERROR: Final = 1
INFORMATION: Final = 3
_PROPERTIES: Final = {
    **dict.fromkeys(("ComputerName", "Logfile", "Message", "SourceName", "Type", "User"), "string"),
    **dict.fromkeys(("EventIdentifier", "RecordNumber"), "uint32"),
    **dict.fromkeys(("Category", "EventCode"), "uint16"),
    **dict.fromkeys(("TimeGenerated", "TimeWritten"), "datetime"),
    "EventType": "uint8",
    "InsertionStrings": "string[]",
}
_WORDS: Final = {ERROR: "Error", INFORMATION: "Information"}


def install(machine: Machine) -> None:
    """The class, with no events yet."""
    machine.wmi.define(CIMV2, CLASS, _PROPERTIES, key=("RecordNumber", "Logfile"))
    machine.volatile.classes.add((fold(CIMV2), fold(CLASS)))


def write(machine: Machine, source: str, message: str, *, kind: int = ERROR, log: str = "Application", code: int = 0) -> None:
    """One more event. Numbers of events are made up where no source has them."""
    now = machine.clock.now().strftime("%Y%m%d%H%M%S.000000+000")
    machine.wmi.add(
        CIMV2,
        CLASS,
        {
            "ComputerName": machine.name,
            "Logfile": log,
            "SourceName": source,
            "Message": message,
            "EventType": kind,
            "Type": _WORDS[kind],
            "EventCode": code,
            "EventIdentifier": code,
            "RecordNumber": len(machine.wmi.find(CIMV2, CLASS)) + 1,
            "TimeGenerated": now,
            "TimeWritten": now,
        },
    )


def messages(machine: Machine, source: str) -> list[str]:
    """What a source wrote, the oldest first."""
    return [str(one["Message"]) for one in machine.wmi.find(CIMV2, CLASS) if one.get("SourceName") == source]
