# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether somebody may become another account, and how ansible-core's wrapper says that it failed."""

from __future__ import annotations

from collections.abc import Mapping

from windows_estate.winrm.calls import Become

# Become works for these from any administrator's session, and they have no password to give.
SERVICE_ACCOUNTS = frozenset({"system", "local service", "localservice", "network service", "networkservice"})


def failure(become: Become, accounts: Mapping[str, str] | None) -> str | None:
    """Why this cannot be done on a host with these accounts and passwords, in the words of a failed LogonUser; None when it can.

    None for `accounts` means that every account and password is right.
    """
    if accounts is None or _bare(become.user) in SERVICE_ACCOUNTS:
        return None
    if become.logon_type == "new_credentials":
        # Windows does not look at these before they are used on the network.
        return None
    known = {name.lower(): password for name, password in accounts.items()}
    wanted = known.get(become.user.lower())
    if wanted is None:
        return _logon_failed(become.user, "The user name or password is incorrect", 1326)
    if become.password is None:
        # Without a password ansible-core borrows the token of a session of that account, and a simulated host has none to lend.
        return f"Failed to find a logon token for user '{become.user}'"
    if become.password != wanted:
        return _logon_failed(become.user, "The user name or password is incorrect", 1326)
    return None


def not_granted(user: str) -> str:
    """What it says when user rights forbid this kind of logon."""
    return _logon_failed(user, "Logon failure: the user has not been granted the requested logon type at this computer", 1385)


def _bare(user: str) -> str:
    return user.lower().rpartition("\\")[2]


def _logon_failed(user: str, reason: str, code: int) -> str:
    error = f"Failed to logon {user} ({reason}, Win32ErrorCode {code} - 0x{code:08X})"
    return f'Exception calling "CreateProcessAsUser" with "9" argument(s): "{error}"'
