# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation's function is given besides its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from windows_estate.contract.fields import Field
from windows_estate.machine import Machine


@dataclass
class Run:
    """One request at work. changed: a write has done something."""

    machine: Machine
    changed: bool = False


Fields = dict[str, Any]
"""The fields of one operation, complete; `timeout` in seconds and `mutates` among them."""

Function = Callable[[Run, Fields], Any]


@dataclass(frozen=True)
class Operation:
    """run: returns the data or raises HostError; writes: by nature."""

    run: Function
    fields: Mapping[str, Field]
    writes: bool = False
