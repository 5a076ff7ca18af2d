# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The services that an exception can name; services.yml is their source, and says what each field means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import PROTOCOLS, Endpoint
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import IcmpType
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.groups import normalise
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import ANY_PORT, PortSet

# An action runs in a fresh process for each host, and JSON loads many times faster than YAML.
GENERATED = Path(__file__).with_name("services.json")


@dataclass(frozen=True)
class Service:
    """A named service. C(controls): those that its being closed is evidence for."""

    name: str
    title: str
    endpoints: tuple[Endpoint, ...]
    controls: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


@cache
def services() -> Mapping[str, Service]:
    """All of them by name, in the source's order."""
    rows: Mapping[str, Mapping[str, Any]] = json.loads(GENERATED.read_text(encoding="utf-8"))
    return MappingProxyType({name: _service(name, row) for name, row in rows.items()})


def _service(name: str, row: Mapping[str, Any]) -> Service:
    return Service(
        name,
        row["title"],
        tuple(_endpoint(endpoint) for endpoint in row["endpoints"]),
        tuple(row.get("controls", ())),
        tuple(row.get("caveats", ())),
    )


def _endpoint(row: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        protocol=PROTOCOLS[row["protocol"]],
        ports=ports_of(row["ports"]) if "ports" in row else ANY_PORT,
        icmp=tuple(icmp_type(text) for text in row.get("icmp", ())),
        program=row.get("program"),
        service=row.get("service"),
        rules=frozenset(rule.casefold() for rule in row.get("rules", ())),
        groups=frozenset(normalise(group) for group in row.get("groups", ())),
    )


def ports_of(texts: list[str]) -> PortSet:
    """Ports, ranges and keywords together; a PortError where one is none of these."""
    ports = PortSet()
    for text in texts:
        ports = ports.union(PortSet.parse(text))
    return ports


def icmp_type(text: str) -> IcmpType:
    """C(8) or C(8:0); a ValueError for anything else."""
    kind, colon, code = text.partition(":")
    numbers = [kind, code] if colon else [kind]
    if not all(number.isascii() and number.isdigit() and len(number) <= 3 and int(number) <= 255 for number in numbers):
        raise ValueError(text)
    return IcmpType(int(kind), int(code) if colon else None)
