# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site is like when the estate starts, as frozen data with defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from windows_estate.world.behaviours.configmgr_site.osd_options import OsdOptions
from windows_estate.world.behaviours.configmgr_site.releases import NEWEST, RELEASES, Release

COMPUTER_TYPES: Final = {"workstations": 1, "domain_controllers": 2, "servers": 4}
"""Kind of computer -> the bit of FILTERS that leaves it out."""

FULL: Final = "Full Administrator"
READ_ONLY: Final = "Read-only Analyst"
NO_ROLE: Final = "none"
ROLES: Final = (FULL, READ_ONLY, NO_ROLE)


@dataclass(frozen=True)
class Push:
    """Client push of one site.

    ntlm_fallback: True, False, another number for the property, "absent" for no such property, or "default" for what the release has.
    filters: a number for FILTERS in place of `computer_types`. accounts: in order, as they stand in the list, whether or not the store
    has them. installation_properties: None for the default, SMSSITECODE.
    """

    automatic: bool = False
    computer_types: tuple[str, ...] = ("workstations", "servers")
    filters: int | None = None
    site_systems: bool = False
    ntlm_fallback: bool | int | str = "default"
    accounts: tuple[str, ...] = ()
    installation_properties: str | None = None

    @property
    def mask(self) -> int:
        if self.filters is not None:
            return self.filters
        return sum(bit for word, bit in COMPUTER_TYPES.items() if word not in self.computer_types)


@dataclass(frozen=True)
class StoredAccount:
    """An account in the site's store; `usage`: what it is used for besides client push, such as "Software Distribution"."""

    name: str
    usage: tuple[str, ...] = ()


@dataclass(frozen=True)
class Administrator:
    """An account or group with a role. `hides`: classes of which it sees no rows all the same; role "none": sees no rows at all."""

    account: str
    role: str = FULL
    hides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Revert:
    """A component that puts a property back to what it was, so many seconds after a change of it can be seen, or so many queries.

    `component` may be "SMS Distribution Point" or "SMS State Migration Point": then it is the first of the site's.
    """

    component: str
    property: str
    seconds: float | None = None
    reads: int | None = None
    times: int = 1


@dataclass(frozen=True)
class Secondary:
    """A secondary site below this one. `recovered`: it has the hotfix as well."""

    code: str
    name: str
    server: str
    push: Push = Push()
    recovered: bool = True


@dataclass(frozen=True)
class Role:
    """A site system role on a host, by its name in SMS_SCI_SysResUse."""

    name: str
    server: str


@dataclass(frozen=True)
class SiteOptions:
    """A primary site.

    server: the site server's FQDN; providers: FQDNs of the machines with an SMS Provider, none for the site server itself.
    upgraded: it was once older than the release in which Kerberos alone became the default. hotfix: "installed", "downloaded", "absent".
    store: accounts of the store besides those of client push; those of `unknown` are in the list but not in the store.
    administrators: None lets everybody do everything. apply_seconds: how long a change takes until it can be seen.
    spelling: property names that this site writes differently. registry_typed: texts that stand in Value2, with REG_SZ in Value1.
    chosen_replaces: -ChosenAccount replaces the list; by default it adds. types_need_automatic: the cmdlet refuses types of computers
    while automatic push is off. ntlm_parameter: another name than the module's release has, "" for none. osd: distribution points and
    state migration points with their settings; roles: further roles of no interest.
    """

    code: str = "P01"
    name: str = "Primary site"
    server: str = "CM01.corp.example"
    domain: str = "corp.example"
    providers: tuple[str, ...] = ()
    release: str = NEWEST
    upgraded: bool = False
    hotfix: str = "absent"
    hotfix_name: str | None = None
    push: Push = Push()
    store: tuple[StoredAccount, ...] = ()
    unknown: tuple[str, ...] = ()
    clear_install_flag: bool = False
    apply_seconds: float = 5.0
    secondaries: tuple[Secondary, ...] = ()
    administrators: tuple[Administrator, ...] | None = None
    reverts: tuple[Revert, ...] = ()
    roles: tuple[Role, ...] = ()
    spelling: tuple[tuple[str, str], ...] = ()
    registry_typed: tuple[str, ...] = ()
    chosen_replaces: bool = False
    types_need_automatic: bool = False
    ntlm_parameter: str | None = None
    osd: OsdOptions = field(default_factory=OsdOptions)

    @property
    def provider_machines(self) -> tuple[str, ...]:
        return self.providers or (self.server,)

    @property
    def release_data(self) -> Release:
        return RELEASES[self.release]
