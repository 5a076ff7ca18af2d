# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's volumes: where they are mounted, how large they are, and what is free."""

from __future__ import annotations

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import rows_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_reading import Volume

_CIMV2 = "root\\cimv2"
_VOLUMES = rows_of(_CIMV2, "Win32_Volume", ("Name", "Capacity", "FreeSpace"))
_DISKS = rows_of(_CIMV2, "Win32_LogicalDisk", ("DeviceID", "Size", "FreeSpace"), "DriveType = 3")
# A volume that is mounted nowhere has its own name for one.
_UNMOUNTED = "\\\\?\\"

VOLUME_READS: tuple[Operation, ...] = (_VOLUMES, _DISKS)


def read_volumes(answers: Answers) -> tuple[Volume, ...] | Problem:
    """All volumes that are mounted; the drives alone where Windows does not tell of volumes."""
    for operation, name, size in ((_VOLUMES, "Name", "Capacity"), (_DISKS, "DeviceID", "Size")):
        answer = answers[operation]
        found = () if answer.failure else answer.data["rows"]
        volumes = tuple(
            Volume(str(row[name]), int(row[size]), int(row["FreeSpace"]))
            for row in found
            if row.get(name) and not str(row[name]).startswith(_UNMOUNTED) and row.get(size) and row.get("FreeSpace") is not None
        )
        if volumes:
            return volumes
    failure = answers[_VOLUMES].failure or answers[_DISKS].failure
    return Problem.from_failure(failure, "The host's volumes") if failure else ()
