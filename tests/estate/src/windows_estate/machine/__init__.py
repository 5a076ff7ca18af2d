# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Windows computer as data and behaviours."""

from __future__ import annotations

from windows_estate.machine.clock import Clock, SimulatedClock, SystemClock
from windows_estate.machine.cmdlets import Command
from windows_estate.machine.errors import WMI_STATUS, HostError
from windows_estate.machine.fingerprint import Volatile, comparable
from windows_estate.machine.machine import Machine
from windows_estate.machine.names import NameDict, fold
from windows_estate.machine.paths import PathDict
from windows_estate.machine.programs import ProgramResult
from windows_estate.machine.wmi import wmi_error

__all__ = [
    "WMI_STATUS",
    "Clock",
    "Command",
    "HostError",
    "Machine",
    "NameDict",
    "PathDict",
    "ProgramResult",
    "SimulatedClock",
    "SystemClock",
    "Volatile",
    "comparable",
    "fold",
    "wmi_error",
]
