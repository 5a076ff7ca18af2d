# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a reply says of the host."""

from __future__ import annotations

from typing import Any, Final

from windows_estate.machine import HostError, Machine
from windows_estate.machine.files import iso_time

FULL_LANGUAGE: Final = "FullLanguage"
_DOMAIN_QUERY: Final = "SELECT Domain, DomainRole FROM Win32_ComputerSystem"


def language_mode(machine: Machine) -> str:
    return str(machine.state.get("language_mode") or FULL_LANGUAGE)


def few_facts(machine: Machine) -> dict[str, Any]:
    """All that constrained language can tell."""
    return {"name": machine.name, "powershell": _powershell(machine), "language_mode": language_mode(machine)}


def host_facts(machine: Machine) -> dict[str, Any]:
    host = machine.state["host"]
    user = host["user"]
    domain, domain_role = _domain(machine)
    return {
        "name": machine.name,
        "domain": domain,
        "domain_role": domain_role,
        "product_type": machine.product_type,
        "build": machine.build,
        "powershell": _powershell(machine),
        "language": host.get("language") or "en-US",
        "architecture": machine.environment["PROCESSOR_ARCHITECTURE"],
        "time": iso_time(machine.clock.now()),
        "language_mode": language_mode(machine),
        "user": {"name": user["name"], "sid": user["sid"], "elevated": user["elevated"], "groups": list(user["groups"])},
    }


def _powershell(machine: Machine) -> str:
    """Windows PowerShell 5.1 carries the build and revision of its Windows."""
    return str(machine.state["host"].get("powershell") or "5.1." + ".".join(machine.build.split(".")[2:]))


def _domain(machine: Machine) -> tuple[str | None, int | None]:
    try:
        (system,) = machine.wmi.query("root\\cimv2", _DOMAIN_QUERY, 60)
        return system.value("Domain"), system.value("DomainRole")
    except (HostError, ValueError):
        return None, None
