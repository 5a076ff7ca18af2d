# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""User rights: their names in security templates, their titles in the editor, and who has them after an installation.

Names: MS-LSAD 3.1.1.2.2 and the security templates [H]. Holders: what an installation exports, by role; examples where editions differ [K].
"""

from __future__ import annotations

from typing import Final

from windows_estate.world.knowledge.languages import (
    ADMINISTRATORS,
    AUTHENTICATED_USERS,
    BACKUP_OPERATORS,
    EVERYONE,
    PERFORMANCE_MONITOR_USERS,
    REMOTE_DESKTOP_USERS,
    USERS,
)

GUEST: Final = "guest"
"""Stands for the machine's own account with the RID 501."""

_LOCAL_SERVICE: Final = "S-1-5-19"
_NETWORK_SERVICE: Final = "S-1-5-20"
_SERVICE: Final = "S-1-5-6"
_ALL_SERVICES: Final = "S-1-5-80-0"
_PERFORMANCE_LOG_USERS: Final = "S-1-5-32-559"
_ACCOUNT_OPERATORS: Final = "S-1-5-32-548"
_SERVER_OPERATORS: Final = "S-1-5-32-549"
_PRINT_OPERATORS: Final = "S-1-5-32-550"
_DOMAIN_CONTROLLERS: Final = "S-1-5-9"
_OLD_ACCESS: Final = "S-1-5-32-554"

NETWORK: Final = "SeNetworkLogonRight"
INTERACTIVE: Final = "SeInteractiveLogonRight"
REMOTE: Final = "SeRemoteInteractiveLogonRight"
BATCH: Final = "SeBatchLogonRight"
SERVICE: Final = "SeServiceLogonRight"
DENY_NETWORK: Final = "SeDenyNetworkLogonRight"
DENY_INTERACTIVE: Final = "SeDenyInteractiveLogonRight"
DENY_REMOTE: Final = "SeDenyRemoteInteractiveLogonRight"
DENY_BATCH: Final = "SeDenyBatchLogonRight"
DENY_SERVICE: Final = "SeDenyServiceLogonRight"

TITLES: Final[dict[str, str]] = {
    NETWORK: "Access this computer from the network",
    INTERACTIVE: "Allow log on locally",
    REMOTE: "Allow log on through Remote Desktop Services",
    BATCH: "Log on as a batch job",
    SERVICE: "Log on as a service",
    DENY_NETWORK: "Deny access to this computer from the network",
    DENY_INTERACTIVE: "Deny log on locally",
    DENY_REMOTE: "Deny log on through Remote Desktop Services",
    DENY_BATCH: "Deny log on as a batch job",
    DENY_SERVICE: "Deny log on as a service",
    "SeBackupPrivilege": "Back up files and directories",
    "SeChangeNotifyPrivilege": "Bypass traverse checking",
    "SeCreateGlobalPrivilege": "Create global objects",
    "SeDebugPrivilege": "Debug programs",
    "SeImpersonatePrivilege": "Impersonate a client after authentication",
    "SeLoadDriverPrivilege": "Load and unload device drivers",
    "SeRemoteShutdownPrivilege": "Force shutdown from a remote system",
    "SeRestorePrivilege": "Restore files and directories",
    "SeSecurityPrivilege": "Manage auditing and security log",
    "SeShutdownPrivilege": "Shut down the system",
    "SeSystemtimePrivilege": "Change the system time",
    "SeTakeOwnershipPrivilege": "Take ownership of files or other objects",
}

# Kind of logon, as become spells it -> the right that is needed and the one that denies it. None: Windows looks at neither.
LOGONS: Final[dict[str, tuple[str, str] | None]] = {
    "network": (NETWORK, DENY_NETWORK),
    "network_cleartext": (NETWORK, DENY_NETWORK),
    "interactive": (INTERACTIVE, DENY_INTERACTIVE),
    "batch": (BATCH, DENY_BATCH),
    "service": (SERVICE, DENY_SERVICE),
    "new_credentials": None,
}

_EVERYWHERE: Final[dict[str, tuple[str, ...]]] = {
    SERVICE: (_ALL_SERVICES,),
    "SeBackupPrivilege": (ADMINISTRATORS, BACKUP_OPERATORS),
    "SeChangeNotifyPrivilege": (EVERYONE, _LOCAL_SERVICE, _NETWORK_SERVICE, ADMINISTRATORS, USERS, BACKUP_OPERATORS),
    "SeCreateGlobalPrivilege": (_LOCAL_SERVICE, _NETWORK_SERVICE, ADMINISTRATORS, _SERVICE),
    "SeDebugPrivilege": (ADMINISTRATORS,),
    "SeImpersonatePrivilege": (_LOCAL_SERVICE, _NETWORK_SERVICE, ADMINISTRATORS, _SERVICE),
    "SeLoadDriverPrivilege": (ADMINISTRATORS,),
    "SeRemoteShutdownPrivilege": (ADMINISTRATORS,),
    "SeRestorePrivilege": (ADMINISTRATORS, BACKUP_OPERATORS),
    "SeSecurityPrivilege": (ADMINISTRATORS,),
    "SeSystemtimePrivilege": (_LOCAL_SERVICE, ADMINISTRATORS),
    "SeTakeOwnershipPrivilege": (ADMINISTRATORS,),
}
_MEMBER: Final[dict[str, tuple[str, ...]]] = {
    NETWORK: (EVERYONE, ADMINISTRATORS, USERS, BACKUP_OPERATORS),
    REMOTE: (ADMINISTRATORS, REMOTE_DESKTOP_USERS),
    BATCH: (ADMINISTRATORS, BACKUP_OPERATORS, _PERFORMANCE_LOG_USERS),
}

# By Windows' product type: 1 a workstation, 2 a domain controller, 3 a server.
DEFAULTS: Final[dict[int, dict[str, tuple[str, ...]]]] = {
    1: {
        **_EVERYWHERE,
        **_MEMBER,
        INTERACTIVE: (GUEST, ADMINISTRATORS, USERS, BACKUP_OPERATORS),
        DENY_NETWORK: (GUEST,),
        DENY_INTERACTIVE: (GUEST,),
        "SeShutdownPrivilege": (ADMINISTRATORS, USERS, BACKUP_OPERATORS),
    },
    2: {
        **_EVERYWHERE,
        NETWORK: (EVERYONE, AUTHENTICATED_USERS, _DOMAIN_CONTROLLERS, ADMINISTRATORS, _OLD_ACCESS),
        INTERACTIVE: (_DOMAIN_CONTROLLERS, ADMINISTRATORS, BACKUP_OPERATORS, _ACCOUNT_OPERATORS, _SERVER_OPERATORS, _PRINT_OPERATORS),
        REMOTE: (ADMINISTRATORS,),
        BATCH: (ADMINISTRATORS, BACKUP_OPERATORS, PERFORMANCE_MONITOR_USERS, _PERFORMANCE_LOG_USERS),
        "SeShutdownPrivilege": (ADMINISTRATORS, BACKUP_OPERATORS, _SERVER_OPERATORS, _PRINT_OPERATORS),
    },
    3: {
        **_EVERYWHERE,
        **_MEMBER,
        INTERACTIVE: (ADMINISTRATORS, USERS, BACKUP_OPERATORS),
        "SeShutdownPrivilege": (ADMINISTRATORS, BACKUP_OPERATORS),
    },
}

_BY_WORD: Final = {word.lower(): name for name, title in TITLES.items() for word in (name, title)}


def find(word: str) -> str | None:
    """The name of a right by its name or its title."""
    return _BY_WORD.get(word.lower())
