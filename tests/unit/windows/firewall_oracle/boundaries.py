# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remote addresses at which a verdict can change.

Between two neighbours of the list nothing that a state says begins or ends, so one packet from each decides for all: the comparison is
complete, not a sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_interface

from tests.unit.windows.firewall_oracle.oracle import Json, bounds, rules_of

EVERYWHERE = ("0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")  # noqa: S104  addresses, not sockets
WORLD = ("198.51.100.7", "2001:db8:ffff::7")


def texts_of(state: Json) -> Iterator[str]:
    for rule in rules_of(state):
        yield from rule.all("RA4", "RA6")
    for interface in state["interfaces"]:
        yield from (str(ip_interface(address).network) for address in interface.get("addresses", []))
        for part in ("gateways", "dns", "dhcp", "wins"):
            yield from interface.get(part, [])


def around(text: str) -> Iterator[str]:
    """First and last address and the ones outside of them. Nothing for what is no address: keywords, malformed rules."""
    try:
        low, high = bounds(text)
    except ValueError:
        return
    kind = IPv4Address if low.version == 4 else IPv6Address
    for number in (int(low) - 1, int(low), int(high), int(high) + 1):
        if 0 <= number < 2**low.max_prefixlen:
            yield str(kind(number))


def remote_addresses(state: Json, texts: Iterable[str] = ()) -> list[str]:
    """For a state, and sets of addresses besides."""
    found = {address for text in (*texts_of(state), *texts) for address in around(text)}
    return sorted(found | set(EVERYWHERE) | set(WORLD))
