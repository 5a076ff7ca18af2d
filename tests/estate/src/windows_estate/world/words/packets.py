# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the question who may connect: `{from: 10.20.0.9, port: 2701}`."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from windows_estate.world.behaviours.firewall.decision import Packet
from windows_estate.world.network import Address
from windows_estate.world.words.reader import Fields, WordsError, shown

_PROTOCOLS: Final = {"tcp": 6, "udp": 17, "icmpv4": 1, "icmpv6": 58}


def read_packet(value: Any, where: str) -> Packet:
    """`from`, and `protocol` (tcp), `port`, `remote_port`, `icmp` ("8:0"), `program`, `service`, `interface`, `to`, `rpc`, `authenticated`.
    Raises WordsError."""
    fields = Fields(value, where)
    protocol = _PROTOCOLS[fields.text("protocol", "tcp", one_of=_PROTOCOLS)]
    port = fields.number("port", low=0, high=65535)
    if (port is None) == (protocol in (6, 17)):
        raise WordsError(f"{where}: port is for tcp and udp, and there it must be given.")
    packet = Packet(
        source=_address(fields, "from", fields.text("from")),
        protocol=protocol,
        port=port,
        remote_port=fields.number("remote_port", 50123, low=0, high=65535),
        icmp=_icmp(fields),
        program=fields.text("program", None),
        service=fields.text("service", None),
        interface=fields.text("interface", None),
        to=_address(fields, "to", fields.text("to")) if fields.has("to") else None,
        rpc=fields.flag("rpc", False),
        authenticated=fields.flag("authenticated", False),
    )
    fields.done()
    return packet


def _address(fields: Fields, name: str, text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise WordsError(f"{fields.where}: {name} cannot be {shown(text)}; it is an address such as 10.20.0.9.") from error


def _icmp(fields: Fields) -> tuple[int, int] | None:
    if not fields.has("icmp"):
        return None
    kind, _, code = str(fields.raw("icmp")).partition(":")
    if not kind.isdigit() or not (code or "0").isdigit():
        raise WordsError(f"{fields.where}: icmp cannot be {shown(fields.raw('icmp'))}; it looks like 8:0.")
    return int(kind), int(code or 0)
