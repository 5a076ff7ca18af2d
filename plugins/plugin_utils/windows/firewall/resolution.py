# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What address keywords stand for on a host: MS-FASP 2.2.21, over all interfaces of the computer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import (
    ANY_ADDRESS,
    LOCAL_SUBNET,
    AddressError,
    AddressSet,
    address_range,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Interface
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import Range, SymbolicSet

EVERYBODY: Mapping[int, SymbolicSet] = {4: ANY_ADDRESS.v4, 6: ANY_ADDRESS.v6}
"""All addresses of each family."""


def family_of(text: str) -> int:
    """4 or 6."""
    return 6 if ":" in text else 4


def own_addresses(interface: Interface, family: int) -> tuple[tuple[str, int], ...]:
    """The interface's addresses of a family, without prefix length, as text and number. Text that is no address is left out."""
    found = []
    for text in interface.addresses:
        address = text.partition("/")[0].partition("%")[0]
        if family_of(text) == family and (numbers := _range(address)) is not None:
            found.append((address, numbers[0]))
    return tuple(found)


def keywords(interfaces: tuple[Interface, ...]) -> Mapping[str, AddressSet]:
    """Those keywords that the host's own configuration explains: the ones for which no interface leaves its part open."""
    lists: dict[str, list[tuple[str, ...] | None]] = {
        "DefaultGateway": [interface.gateways for interface in interfaces],
        "DNS": [interface.dns for interface in interfaces],
        "DHCP": [interface.dhcp for interface in interfaces],
        "WINS": [interface.wins for interface in interfaces],
        # A computer of which no address is known tells nothing of its subnets.
        LOCAL_SUBNET: [interface.addresses for interface in interfaces if interface.addresses],
    }
    resolved = {name: _resolved(parts) for name, parts in lists.items()}
    return {name: addresses for name, addresses in resolved.items() if addresses is not None}


def _resolved(parts: Sequence[tuple[str, ...] | None]) -> AddressSet | None:
    found: dict[int, list[Range]] = {4: [], 6: []}
    for part in parts:
        for text in ("",) if part is None else part:
            numbers = _range(text)
            if numbers is None:
                return None
            found[family_of(text)].append(numbers)
    return AddressSet(_set(4, found[4]), _set(6, found[6])) if parts else None


def _set(family: int, ranges: list[Range]) -> SymbolicSet:
    return SymbolicSet(EVERYBODY[family].top, tuple(ranges))


def _range(text: str) -> Range | None:
    address, slash, prefix = text.partition("/")
    try:
        return address_range(address.partition("%")[0] + slash + prefix, family_of(text))[0]
    except AddressError:
        return None
