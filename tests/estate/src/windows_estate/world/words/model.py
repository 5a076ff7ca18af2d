# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estate as its file describes it: frozen data, checked, with the defaults filled in."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Final

from windows_estate.world.behaviours.smb import SmbOptions
from windows_estate.world.behaviours.volumes import Volume
from windows_estate.world.knowledge.languages import Language
from windows_estate.world.knowledge.roles import Role
from windows_estate.world.knowledge.systems import System
from windows_estate.world.network import Address, Network
from windows_estate.world.preg import PolicyEntry
from windows_estate.world.words.firewall import Firewall
from windows_estate.world.words.points import DistributionPointWords, MigrationPointWords
from windows_estate.world.words.security import SecurityWords, UserRightsWords
from windows_estate.world.words.site import SiteWords

CONTROLLER_ADDRESS: Final = ipaddress.IPv4Address("10.20.0.5")
RemoteTools = dict[str, Any]
"""Properties of CCM_RemoteToolsConfig."""


@dataclass(frozen=True)
class Account:
    """An account or a group of the domain; `members` are names of the same domain."""

    name: str
    rid: int
    is_group: bool
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Domain:
    """`name` is the DNS name, `accounts` are those of the file and those that every domain has."""

    name: str
    netbios: str
    sid: str
    accounts: tuple[Account, ...] = ()

    @property
    def distinguished_name(self) -> str:
        return ",".join(f"DC={part}" for part in self.name.split("."))


@dataclass(frozen=True)
class Gpo:
    """A Group Policy object: its machine part; registry policy, user rights, local groups.

    `guid` in braces; `version` counts the changes; `link` is the distinguished name of the site, domain or unit it is linked to.
    `applies_to` and `filtered_for`: names of hosts and inventory groups; a filtered host caches the object and does not apply it.
    """

    name: str
    guid: str
    version: int
    link: str
    applies_to: tuple[str, ...]
    filtered_for: tuple[str, ...]
    entries: tuple[PolicyEntry, ...]
    security: SecurityWords = field(default_factory=SecurityWords)


@dataclass(frozen=True)
class ClientSettings:
    """Client settings of the ConfigMgr site; of two that set the same thing, the lower priority number wins."""

    name: str
    priority: int
    applies_to: tuple[str, ...]
    remote_tools: RemoteTools


@dataclass(frozen=True)
class ConfigMgr:
    """`sites`: the sites that are simulated themselves, the clients' own first; without any there are clients only."""

    site_code: str
    refresh_minutes: int
    client_settings: tuple[ClientSettings, ...]
    sites: tuple[SiteWords, ...] = ()


@dataclass(frozen=True)
class Controller:
    """The account with which the controller connects, and from where."""

    account: str
    password: str = field(repr=False)
    elevated: bool = True
    address: Address = CONTROLLER_ADDRESS
    """From where it connects, as the hosts see it."""
    port: int = 5985
    """To which port of theirs: what they see, whatever the estate listens on."""
    delegation: bool = False
    """Its connections bring credentials with which a process can go on to other machines (Kerberos delegation, CredSSP)."""


@dataclass(frozen=True)
class RawValue:
    """A registry value; `key` with its hive."""

    key: str
    name: str
    kind: str
    data: Any


@dataclass(frozen=True)
class RemoteAssistance:
    """`control_panel`: values of the local key, or None for no such key. `entries`: written straight into the policies' key, by nobody that
    could be seen. `helpers_group`: members of the local group from the start, or None. `task`: ready, disabled or absent."""

    control_panel: tuple[tuple[str, int], ...] | None
    entries: tuple[PolicyEntry, ...]
    helpers_group: tuple[str, ...] | None
    task: str


@dataclass(frozen=True)
class LocalPolicy:
    """The local Group Policy object; None in a host means that it was never edited."""

    entries: tuple[PolicyEntry, ...]
    version: int


@dataclass(frozen=True)
class Host:
    name: str
    role_word: str
    role: Role
    os_word: str
    system: System
    language: Language
    description: str
    inventory_groups: tuple[str, ...]
    variables: dict[str, Any]
    controller: Controller
    local_groups: tuple[tuple[str, tuple[str, ...]], ...]
    local_users: tuple[str, ...]
    features: tuple[str, ...]
    remote_assistance: RemoteAssistance
    rsop: str
    policy_cache: bool
    local_policy: LocalPolicy | None
    configmgr_client: bool
    client_settings: RemoteTools | None
    registry: tuple[RawValue, ...]
    faults: tuple[Any, ...]
    answers_as: str
    powershell: str
    language_mode: str
    network: Network
    firewall: Firewall
    user_rights: UserRightsWords = ()
    distribution_point: DistributionPointWords | None = None
    migration_point: MigrationPointWords | None = None
    volumes: tuple[Volume, ...] = ()
    smb: SmbOptions = field(default_factory=SmbOptions)

    @property
    def groups(self) -> tuple[str, ...]:
        """Its inventory groups, from the narrowest on."""
        own = (self.role.group, "servers") if self.role.is_server else (self.role.group,)
        return tuple(dict.fromkeys([*self.inventory_groups, *own]))

    def is_among(self, names: tuple[str, ...]) -> bool:
        """Whether a list of hosts and groups names it."""
        mine = {name.lower() for name in (self.name, "all", *self.groups)}
        return any(name.lower() in mine for name in names)


@dataclass(frozen=True)
class EstateWords:
    domain: Domain
    gpos: tuple[Gpo, ...]
    gp_refresh_minutes: int
    configmgr: ConfigMgr | None
    hosts: tuple[Host, ...]
    variables: dict[str, Any]
