# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts of the domain and of a host: what resolves there, and the SIDs of the names that an estate file uses."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from windows_estate.world.knowledge.languages import AUTHENTICATED_USERS, ENGLISH, EVERYONE, INTERACTIVE, Language
from windows_estate.world.words.model import Account, Domain, Host
from windows_estate.world.words.reader import WordsError, shown

WELL_KNOWN_DOMAIN_ACCOUNTS: Final[tuple[Account, ...]] = (
    Account("Administrator", 500, False),
    Account("Guest", 501, False),
    Account("krbtgt", 502, False),
    Account("Domain Admins", 512, True, ("Administrator",)),
    Account("Domain Users", 513, True),
    Account("Domain Guests", 514, True),
    Account("Domain Computers", 515, True),
    Account("Domain Controllers", 516, True),
    Account("Schema Admins", 518, True),
    Account("Enterprise Admins", 519, True),
)

_WELL_KNOWN_GROUPS: Final = (EVERYONE, INTERACTIVE, AUTHENTICATED_USERS)

# Local accounts and groups that a host gets later begin here.
FIRST_LOCAL_RID: Final = 1001


def domain_sid(domain: Domain, account: Account) -> str:
    return f"{domain.sid}-{account.rid}"


def machine_sid(domain: Domain, name: str) -> str:
    """The SID of a computer's own accounts; the same in every run."""
    digest = hashlib.sha256(f"{domain.name}\\{name.upper()}".encode()).digest()
    numbers = (int.from_bytes(digest[at : at + 4], "little") for at in (0, 4, 8))
    return "S-1-5-21-" + "-".join(map(str, numbers))


def computer_rid(name: str) -> int:
    """The RID of a computer's account in the domain."""
    return 100_000 + int.from_bytes(hashlib.sha256(name.upper().encode()).digest()[:3], "little")


def resolvable(domain: Domain, host: Host, computers: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The accounts that this host can resolve, in the form of a state; `computers`: others of the domain."""
    language = host.language
    accounts = [
        _account(sid, name, name.rpartition("\\")[2], kind="Group" if sid in _WELL_KNOWN_GROUPS else "User")
        for sid, name in language.well_known.items()
    ]
    accounts += [_account(sid, f"{language.builtin_domain}\\{name}", name, kind="Group") for sid, name in language.builtin_groups.items()]
    if host.role_word != "domain_controller":
        own = machine_sid(domain, host.name)
        users = [*language.local_users.items(), *enumerate(host.local_users, FIRST_LOCAL_RID)]
        accounts += [_account(f"{own}-{rid}", f"{host.name}\\{name}", name) for rid, name in users]
    for account in domain.accounts:
        kind = "Group" if account.is_group else "User"
        upn = f"{account.name}@{domain.name}"
        accounts.append(
            _account(domain_sid(domain, account), f"{domain.netbios}\\{account.name}", upn, f"{domain.name}\\{account.name}", kind=kind)
        )
    for computer in dict.fromkeys((host.name, *computers)):
        accounts.append(_account(f"{domain.sid}-{computer_rid(computer)}", f"{domain.netbios}\\{computer}$"))
    return accounts


def _account(sid: str, name: str, *also: str, kind: str = "User") -> dict[str, Any]:
    account: dict[str, Any] = {"sid": sid, "name": name, "also": [other for other in also if other != name]}
    if kind != "User":
        account["class"] = kind
    return account


def as_member(account: dict[str, Any]) -> dict[str, Any]:
    """An account of a state as the member of a group."""
    return {name: account[name] for name in ("sid", "class") if name in account}


def new_group(host: str, own_sid: str, name: str, groups: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> dict[str, Any]:
    """A local group with the next free RID, put into the state's groups and accounts."""
    taken = [int(account["sid"].rpartition("-")[2]) for account in accounts if account["sid"].startswith(f"{own_sid}-")]
    sid = f"{own_sid}-{max([FIRST_LOCAL_RID - 1, *taken]) + 1}"
    group: dict[str, Any] = {"sid": sid, "name": name, "members": []}
    groups.append(group)
    accounts.append({"sid": sid, "name": f"{host}\\{name}", "also": [name], "class": "Group"})
    return group


class Names:
    """Finds the SID of a name of the estate file, on one host. English names of built-in accounts are understood everywhere."""

    def __init__(self, accounts: list[dict[str, Any]], host: Host) -> None:
        self._where = f"host {host.name}"
        self._host = host.name
        self._sids: dict[str, str] = {}
        for language in (ENGLISH, host.language):
            self._add_language(language)
        self._kinds: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for account in accounts:
            self._names[account["sid"]] = account["name"]
            self._kinds[account["sid"]] = account.get("class", "User")
            for name in (account["name"], *account["also"]):
                self._sids.setdefault(name.lower(), account["sid"])

    def _add_language(self, language: Language) -> None:
        for sid, name in language.builtin_groups.items():
            for text in (name, f"{language.builtin_domain}\\{name}"):
                self._sids[text.lower()] = sid
        for sid, name in language.well_known.items():
            for text in (name, name.rpartition("\\")[2]):
                self._sids.setdefault(text.lower(), sid)
        self._sids.setdefault("everyone", EVERYONE)

    def sid(self, name: str, field: str) -> str:
        """The SID of a name, or of a SID itself, known or not. Raises WordsError."""
        if name.upper().startswith("S-1-"):
            return name.upper()
        text = f"{self._host}\\{name[2:]}" if name.startswith(".\\") else name
        sid = self._sids.get(text.lower())
        if sid is None:
            raise WordsError(
                f"{self._where}: {field} has {shown(name)}, which is no account; allowed: DOMAIN\\name, name@domain, .\\name, a SID."
            )
        return sid

    def name(self, sid: str) -> str:
        """What the host calls a SID; the SID itself when nobody knows it."""
        return self._names.get(sid, sid)

    def member(self, name: str, field: str) -> dict[str, Any]:
        """A member of a group, in the form of a state."""
        sid = self.sid(name, field)
        kind = self._kinds.get(sid, "User")
        return {"sid": sid} if kind == "User" else {"sid": sid, "class": kind}


def groups_of(domain: Domain, account_name: str) -> list[str]:
    """The SIDs of the domain's groups that an account is in, directly or through others, Domain Users included. Name without domain."""
    found: dict[str, Account] = {}
    waiting = [account_name.lower()]
    while waiting:
        name = waiting.pop()
        for account in domain.accounts:
            if account.is_group and account.name not in found and name in (member.lower() for member in account.members):
                found[account.name] = account
                waiting.append(account.name.lower())
    users = [f"{domain.sid}-513"]
    return users + [domain_sid(domain, account) for account in found.values()]
