# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The roles of an estate's hosts, and the inventory groups that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Role:
    """`group`: its inventory group; `domain_role` as in Win32_ComputerSystem; `product_type` as in Win32_OperatingSystem."""

    title: str
    group: str
    is_server: bool
    domain_role: int
    product_type: int
    default_os: str
    features: tuple[str, ...] = ()


ROLES: Final[dict[str, Role]] = {
    "client": Role("client", "clients", False, 1, 1, "windows_11_24h2"),
    "member_server": Role("member server", "member_servers", True, 3, 3, "server_2022"),
    "domain_controller": Role(
        "domain controller", "domain_controllers", True, 5, 2, "server_2022", ("AD-Domain-Services", "DNS", "RSAT-AD-Tools")
    ),
    "site_server": Role("site server", "site_servers", True, 3, 3, "server_2022", ("Web-Server", "BITS", "RDC")),
    "distribution_point": Role("distribution point", "distribution_points", True, 3, 3, "server_2022", ("Web-Server", "BITS", "RDC")),
    "state_migration_point": Role("state migration point", "state_migration_points", True, 3, 3, "server_2019", ("Web-Server", "BITS")),
}

# Groups of groups: every host is in one of the two.
CLIENTS: Final = "clients"
SERVERS: Final = "servers"
GROUPS: Final = tuple(dict.fromkeys([*(role.group for role in ROLES.values()), SERVERS, "all"]))
