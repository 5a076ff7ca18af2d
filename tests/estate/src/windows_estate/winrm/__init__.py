# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WinRM endpoints on loopback: enough of WS-Management for ansible-core's winrm connection, over hosts that are Python functions."""

from __future__ import annotations

from windows_estate.winrm.calls import Become, Handler, ModuleCall, ModuleRun
from windows_estate.winrm.control import ControlError, ControlRequest, Route
from windows_estate.winrm.counters import Counters, Execution
from windows_estate.winrm.endpoint import HostEndpoint
from windows_estate.winrm.faults import Fault, Faults
from windows_estate.winrm.server import Server

__all__ = [
    "Become",
    "ControlError",
    "ControlRequest",
    "Counters",
    "Execution",
    "Fault",
    "Faults",
    "Handler",
    "HostEndpoint",
    "ModuleCall",
    "ModuleRun",
    "Route",
    "Server",
]
