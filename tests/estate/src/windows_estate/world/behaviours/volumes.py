# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Volumes of a host: Win32_LogicalDisk and Win32_Volume, in the state. Sizes are bytes; their free space changes as time goes by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from windows_estate.machine import Machine, fold

CIMV2: Final = "root\\cimv2"
GB: Final = 1024**3
MB: Final = 1024**2
_LOCAL_DISK: Final = 3
_DISK: Final = {
    **dict.fromkeys(
        ("Caption", "Description", "DeviceID", "FileSystem", "Name", "SystemName", "VolumeName", "VolumeSerialNumber"), "string"
    ),
    **dict.fromkeys(("FreeSpace", "Size"), "uint64"),
    **dict.fromkeys(("DriveType", "MediaType"), "uint32"),
}
_VOLUME: Final = {
    **dict.fromkeys(("Caption", "DeviceID", "DriveLetter", "FileSystem", "Label", "Name", "SystemName"), "string"),
    **dict.fromkeys(("BlockSize", "Capacity", "FreeSpace"), "uint64"),
    **dict.fromkeys(("BootVolume", "SystemVolume"), "boolean"),
    "DriveType": "uint32",
}


@dataclass(frozen=True)
class Volume:
    """`letter`: one, without a colon; `size` and `free` in bytes."""

    letter: str
    size: int
    free: int
    label: str = ""


SYSTEM: Final = Volume("C", 127 * GB, 80 * GB, "System")


def install(machine: Machine, volumes: tuple[Volume, ...] = ()) -> None:
    """The classes, and the volumes: the system's, unless there is one already or another is given, and these."""
    known = machine.wmi.add_namespace(CIMV2).get("classes") or {}
    for name, properties, key in (("Win32_LogicalDisk", _DISK, "DeviceID"), ("Win32_Volume", _VOLUME, "DeviceID")):
        if fold(name) not in map(fold, known):
            machine.wmi.define(CIMV2, name, properties, key=(key,))
        machine.volatile.properties.add((fold(CIMV2), fold(name), "freespace"))
    given = {one.letter.upper() for one in volumes}
    for volume in (*(() if "C" in given else (SYSTEM,)), *volumes):
        if not machine.wmi.find(CIMV2, "Win32_LogicalDisk", DeviceID=f"{volume.letter.upper()}:"):
            _add(machine, volume)


def set_free(machine: Machine, letter: str, free: int) -> None:
    """A volume fills or empties. Raises LookupError."""
    drive = f"{letter.upper()}:"
    rows = [
        *machine.wmi.find(CIMV2, "Win32_LogicalDisk", DeviceID=drive),
        *machine.wmi.find(CIMV2, "Win32_Volume", DriveLetter=drive),
    ]
    if not rows:
        raise LookupError(f"{machine.name} has no volume {drive}")
    for row in rows:
        row["FreeSpace"] = free


def _add(machine: Machine, volume: Volume) -> None:
    drive = f"{volume.letter.upper()}:"
    serial = hashlib.sha256(f"{machine.name}/{drive}".encode()).hexdigest()
    guid = f"{serial[:8]}-{serial[8:12]}-4{serial[13:16]}-8{serial[17:20]}-{serial[20:32]}"
    machine.wmi.add(
        CIMV2,
        "Win32_LogicalDisk",
        {
            "Caption": drive,
            "Description": "Local Fixed Disk",
            "DeviceID": drive,
            "DriveType": _LOCAL_DISK,
            "FileSystem": "NTFS",
            "FreeSpace": volume.free,
            "MediaType": 12,
            "Name": drive,
            "Size": volume.size,
            "SystemName": machine.name,
            "VolumeName": volume.label,
            "VolumeSerialNumber": serial[:8].upper(),
        },
    )
    machine.wmi.add(
        CIMV2,
        "Win32_Volume",
        {
            "BlockSize": 4096,
            "BootVolume": volume.letter.upper() == "C",
            "Capacity": volume.size,
            "Caption": f"{drive}\\",
            "DeviceID": f"\\\\?\\Volume{{{guid}}}\\",
            "DriveLetter": drive,
            "DriveType": _LOCAL_DISK,
            "FileSystem": "NTFS",
            "FreeSpace": volume.free,
            "Label": volume.label,
            "Name": f"{drive}\\",
            "SystemName": machine.name,
            "SystemVolume": False,
        },
    )
