# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network that a machine's state describes: its MSFT_NetAdapter and MSFT_NetIPAddress."""

from __future__ import annotations

import ipaddress
from typing import Final

from windows_estate.machine import Machine
from windows_estate.world.network import AddressWithNetwork, Interface, Network

_STANDARD: Final = "root\\StandardCimv2"
_UP: Final = 1


def network_of(machine: Machine) -> Network:
    """Interfaces in the order of the adapters; those without a MAC are none."""
    addresses = machine.wmi.find(_STANDARD, "MSFT_NetIPAddress")
    found = []
    for adapter in machine.wmi.find(_STANDARD, "MSFT_NetAdapter"):
        digits = "".join(letter for letter in str(adapter.get("PermanentAddress") or "") if letter.isalnum()).upper()
        if len(digits) != 12:
            continue
        alias, index = str(adapter.get("Name") or ""), int(adapter.get("InterfaceIndex") or 0)
        own = [row for row in addresses if row.get("InterfaceIndex") == index or str(row.get("InterfaceAlias")).lower() == alias.lower()]
        found.append(
            Interface(
                alias=alias,
                guid=str(adapter.get("InterfaceGuid") or adapter.get("DeviceID") or alias),
                index=index,
                profile="domain",
                addresses=tuple(_address(str(row.get("IPAddress")), row.get("PrefixLength")) for row in own),
                up=adapter.get("InterfaceOperationalStatus", _UP) == _UP and adapter.get("MediaConnectState", _UP) == _UP,
                mac="-".join(digits[place : place + 2] for place in range(0, 12, 2)),
            )
        )
    return Network(tuple(found))


def _address(text: str, prefix: object) -> AddressWithNetwork:
    plain = text.partition("%")[0]
    length = prefix if isinstance(prefix, int) else 128 if ":" in plain else 24
    return ipaddress.ip_interface(f"{plain}/{length}")
