# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what in the site, and who can reach it from where.

The SMS Provider shows no rows of what an account may not read, and denies the namespace to an account that is no administrator of the
site [H]. A process of the site server's or a provider's own SYSTEM may do everything [K]. A process that came over the network cannot go
on to the provider with its account's credentials: the site drive does not mount and the cmdlets are denied [H]; that this holds for a
provider on the same machine too is what published automation works around [M].
"""

from __future__ import annotations

from typing import Any, Final

from windows_estate.machine import HostError, Machine, fold
from windows_estate.machine.errors import E_ACCESSDENIED, WMI_STATUS
from windows_estate.world.behaviours.configmgr_site.options import FULL, NO_ROLE, Administrator
from windows_estate.world.behaviours.configmgr_site.site import Site

SYSTEM: Final = "S-1-5-18"
# Kinds of logon whose process has credentials to go on with. Without become a process has a network logon.
_GOES_ON: Final = frozenset({"interactive", "batch", "service", "network_cleartext", "new_credentials", "delegated"})


def caller(machine: Machine) -> dict[str, Any]:
    """The account of the process."""
    user: dict[str, Any] = machine.state["host"]["user"]
    return user


def role_of(site: Site, machine: Machine) -> Administrator | None:
    """The role of the process's account; None when it is no administrator of the site. Of two roles the better one counts."""
    user = caller(machine)
    listed = site.options.administrators
    if listed is None or (user["sid"] == SYSTEM and fold(machine.name) in site.own_machines):
        return Administrator(user["name"], FULL)
    found = [one for one in listed if _is(machine, one.account, user)]
    return min(found, key=lambda one: (one.role == NO_ROLE, one.role != FULL), default=None)


def may_read(site: Site, machine: Machine, class_name: str) -> bool:
    role = role_of(site, machine)
    return role is not None and role.role != NO_ROLE and fold(class_name) not in map(fold, role.hides)


def may_write(site: Site, machine: Machine) -> bool:
    role = role_of(site, machine)
    return role is not None and role.role == FULL


def open_namespace(site: Site, machine: Machine) -> None:
    """What connecting to the provider's namespace says. Raises HostError."""
    if site.down:
        raise HostError("failed", "The SMS Provider does not answer.", WMI_STATUS["Failed"])
    if role_of(site, machine) is None:
        raise HostError("access_denied", "Access to the namespace is denied.", WMI_STATUS["AccessDenied"])


def reach_provider(site: Site, machine: Machine, delegation: bool) -> None:
    """What mounting the site's drive says. `delegation`: connections to this machine bring credentials with which it can go on."""
    if site.down:
        raise HostError("failed", f"The SMS Provider of site {site.code} cannot be reached.")
    user = caller(machine)
    if not (delegation or user["sid"] == SYSTEM or user.get("logon") in _GOES_ON):
        raise HostError("access_denied", f"Access to the SMS Provider of site {site.code} is denied.", E_ACCESSDENIED)
    if role_of(site, machine) is None:
        raise HostError("access_denied", f"{user['name']} is no administrator of site {site.code}.", E_ACCESSDENIED)


def _is(machine: Machine, account: str, user: dict[str, Any]) -> bool:
    if fold(account) == fold(user["name"]):
        return True
    found = machine.accounts.resolve(account)
    return found is not None and found["sid"] in (user["sid"], *user["groups"])
