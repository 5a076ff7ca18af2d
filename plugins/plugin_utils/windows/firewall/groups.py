# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The predefined rule groups that matter for remote support, by resource number: what is shown for them follows the host's
language, the number does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_LIBRARY = "firewallapi.dll"
# An indirect string: @library,-number, the library with or without a path.
_RESOURCE = re.compile(r"@(?:[^,|]*[\\/])?([^\\/,|]+),-(\d{1,10})\Z", re.ASCII)


@dataclass(frozen=True)
class PredefinedGroup:
    """A group of rules that comes with Windows. C(name) is ours; C(title) is what English Windows shows."""

    number: int
    name: str
    title: str

    @property
    def context(self) -> str:
        """The group as C(normalise) spells it, and as the NetSecurity cmdlets take it."""
        return f"@{_LIBRARY},-{self.number}"


GROUPS = (
    PredefinedGroup(28502, "file_and_printer_sharing", "File and Printer Sharing"),
    # Windows 11 24H2 and Server 2025: without NetBIOS.
    PredefinedGroup(28672, "file_and_printer_sharing_restrictive", "File and Printer Sharing (Restrictive)"),
    PredefinedGroup(28752, "remote_desktop", "Remote Desktop"),
    PredefinedGroup(29252, "remote_event_log_management", "Remote Event Log Management"),
    PredefinedGroup(29502, "remote_service_management", "Remote Service Management"),
    PredefinedGroup(29752, "remote_administration", "Remote Administration"),
    PredefinedGroup(30002, "remote_firewall_management", "Windows Defender Firewall Remote Management"),
    PredefinedGroup(30252, "windows_remote_management_compatibility", "Windows Remote Management - Compatibility Mode (HTTP-In)"),
    PredefinedGroup(30267, "windows_remote_management", "Windows Remote Management"),
    PredefinedGroup(33002, "remote_assistance", "Remote Assistance"),
    PredefinedGroup(33252, "remote_scheduled_tasks_management", "Remote Scheduled Tasks Management"),
    PredefinedGroup(34251, "windows_management_instrumentation", "Windows Management Instrumentation (WMI)"),
    PredefinedGroup(34501, "remote_volume_management", "Remote Volume Management"),
    PredefinedGroup(34752, "performance_logs_and_alerts", "Performance Logs and Alerts"),
    PredefinedGroup(36751, "remote_shutdown", "Remote Shutdown"),
)
_BY_CONTEXT = {group.context: group for group in GROUPS}
_BY_NAME = {group.name: group for group in GROUPS}


@lru_cache(maxsize=1024)
def normalise(context: str) -> str:
    """One spelling for each group: the library's base name in lower case and the number, whatever path stood before it.

    Anything else than a resource of a library, such as a group that somebody named by hand, stays as it is.
    """
    match = _RESOURCE.match(context)
    return context if match is None else f"@{match[1].lower()},-{int(match[2])}"


def predefined(context: str | None) -> PredefinedGroup | None:
    """The predefined group that a rule's group names in any spelling; None for another group or none."""
    return None if context is None else _BY_CONTEXT.get(normalise(context))


def named(name: str) -> PredefinedGroup:
    """The predefined group of that name of ours; a KeyError when there is none."""
    return _BY_NAME[name]
