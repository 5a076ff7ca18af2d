# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may say about a site's client push installation, as a type, and the rules between the options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_tokens import name_of, tokens

_SITE_CODE = re.compile(r"[A-Za-z0-9]{3}\Z")
_ACCOUNT = re.compile(r"[^\\/@\"\[\]:;|=,+*?<>\s]+\\[^\\/\"\[\]:;|=,+*?<>]+\Z")
_LONGEST_PASSWORD = 38
"""Characters; Configuration Manager takes no longer one for an account (plan-design/hierarchy/accounts)."""
_LONGEST_WAIT = 3600


@dataclass(frozen=True)
class ClientPushSiteOptions:
    """Checked options; None is what is not judged. C(accounts): exactly these; C(passwords): pairs of account and password."""

    site_code: str | None = None
    automatic_push: bool = False
    ntlm_fallback: bool = False
    computer_types: tuple[str, ...] | None = None
    site_systems: bool | None = None
    accounts: tuple[str, ...] | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    enforce_order: bool = False
    passwords: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    clear_install_flag_task: bool | None = None
    wait_seconds: int = 120

    @property
    def wanted_accounts(self) -> tuple[str, ...]:
        """Accounts that have to be on the list."""
        return self.include if self.accounts is None else self.accounts

    def password_of(self, account: str) -> str | None:
        return next((password for name, password in self.passwords if name.casefold() == account.casefold()), None)


def read_options(given: Mapping[str, Any]) -> ClientPushSiteOptions:
    """Options whose types were checked already, with the rules between them. All broken rules are told at once (OptionError)."""
    wrong: list[str] = []
    code = (given.get("site_code") or "").strip() or None
    if code and not _SITE_CODE.match(code):
        wrong.append(f"site_code: '{code}' is no site code; allowed are three letters or digits.")
    types = given.get("computer_types")
    if types is not None:
        _check_twice(types, "computer_types", wrong)
    lists = {name: given.get(name) for name in ("accounts", "accounts_include", "accounts_exclude")}
    _check_accounts(lists, enforce_order=bool(given.get("enforce_order")), wrong=wrong)
    passwords = _passwords(given.get("passwords") or {}, [*(lists["accounts"] or ()), *(lists["accounts_include"] or ())], wrong)
    contain, without = _line(given.get("installation_properties"), wrong)
    wait = given.get("wait_seconds", 120)
    if not 1 <= wait <= _LONGEST_WAIT:
        wrong.append(f"wait_seconds: {wait} is out of range; allowed are whole numbers from 1 to {_LONGEST_WAIT}.")
    if wrong:
        raise OptionError(wrong)
    return ClientPushSiteOptions(
        site_code=code,
        automatic_push=bool(given.get("automatic_push")),
        ntlm_fallback=bool(given.get("ntlm_fallback")),
        computer_types=None if types is None else tuple(types),
        site_systems=given.get("site_systems"),
        accounts=None if lists["accounts"] is None else _plain(lists["accounts"]),
        include=_plain(lists["accounts_include"]),
        exclude=_plain(lists["accounts_exclude"]),
        enforce_order=bool(given.get("enforce_order")),
        passwords=passwords,
        must_contain=contain,
        must_not_contain=without,
        clear_install_flag_task=given.get("clear_install_flag_task"),
        wait_seconds=wait,
    )


def _plain(accounts: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(account.strip() for account in accounts or ())


def _check_twice(entries: Sequence[str], name: str, wrong: list[str]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.strip().casefold() in seen:
            wrong.append(f"{name}: '{entry}' is named twice; case does not matter. Name each one once.")
        seen.add(entry.strip().casefold())


def _check_accounts(lists: Mapping[str, Sequence[str] | None], *, enforce_order: bool, wrong: list[str]) -> None:
    for name, accounts in lists.items():
        bad = [account for account in accounts or () if not _ACCOUNT.match(account.strip())]
        wrong.extend(f"{name}: '{account}' is no account as the site keeps them; allowed is DOMAIN\\name." for account in bad)
        _check_twice(accounts or (), name, wrong)
    exact, include, exclude = lists["accounts"], lists["accounts_include"], lists["accounts_exclude"]
    if exact is not None:
        wrong.extend(
            f"accounts: cannot be given together with {name}; accounts is the whole list, so leave one of them out."
            for name in ("accounts_include", "accounts_exclude")
            if lists[name] is not None
        )
    excluded = {account.strip().casefold() for account in exclude or ()}
    wrong.extend(
        f"accounts_exclude: '{account}' is in accounts_include as well; take it out of one of them."
        for account in include or ()
        if account.strip().casefold() in excluded
    )
    if enforce_order and exact is None:
        wrong.append("enforce_order: needs accounts, which is the order to enforce; give accounts or leave enforce_order out.")


def _passwords(given: Mapping[str, Any], accounts: Sequence[str], wrong: list[str]) -> tuple[tuple[str, str], ...]:
    """No sentence here says anything of a password but its length."""
    wanted = {account.strip().casefold() for account in accounts}
    found: dict[str, tuple[str, str]] = {}
    for name, password in given.items():
        account = str(name).strip()
        if account.casefold() not in wanted:
            wrong.append(f"passwords: '{account}' is in neither accounts nor accounts_include; name it there or leave its password out.")
        if account.casefold() in found:
            wrong.append(f"passwords: '{account}' is named twice; case does not matter. Name each one once.")
        if not isinstance(password, str):
            wrong.append(f"passwords: that of '{account}' is no text; put it in quotes.")
            continue
        if not password:
            wrong.append(f"passwords: that of '{account}' is empty; give one of 1 to {_LONGEST_PASSWORD} characters.")
        elif len(password) > _LONGEST_PASSWORD:
            wrong.append(
                f"passwords: that of '{account}' has {len(password)} characters; Configuration Manager takes at most {_LONGEST_PASSWORD}."
            )
        found[account.casefold()] = (account, password)
    return tuple(found.values())


def _line(given: Mapping[str, Any] | None, wrong: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What has to be in the command line of the installation, and what must not."""
    if given is None:
        return (), ()
    contain, without = ([word.strip() for word in given.get(name) or ()] for name in ("must_contain", "must_not_contain"))
    for name, words in (("must_contain", contain), ("must_not_contain", without)):
        option = f"installation_properties.{name}"
        bad = [word for word in words if len(tokens(word)) != 1]
        wrong.extend(
            f"{option}: '{word}' is not one property; allowed are NAME, NAME=value or /switch, with quotes around spaces." for word in bad
        )
        _check_twice(words, option, wrong)
    names: set[str] = set()
    for word in contain:
        if name_of(word) in names and word:
            wrong.append(f"installation_properties.must_contain: '{word}' gives a property a second value; give each one once.")
        names.add(name_of(word))
    refused = {word.casefold() for word in without}
    wrong.extend(
        f"installation_properties.must_not_contain: '{word}' has to be contained as well; take it out of one of them."
        for word in contain
        if word.casefold() in refused or name_of(word) in refused
    )
    if not contain and not without:
        wrong.append("installation_properties: says nothing; give must_contain or must_not_contain, or leave it out.")
    return tuple(contain), tuple(without)
