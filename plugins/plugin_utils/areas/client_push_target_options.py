# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may say about whom a computer admits for client push, as a type, and the rules between the options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import Principals
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import DENY_INTERACTIVE, DENY_REMOTE_INTERACTIVE
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import crowd, is_made, is_sid

_ACCOUNT = re.compile(r"[^\\/@\"\[\]:;|=,+*?<>]+\\[^\\/@\"\[\]:;|=,+*?<>]+\Z|[^\\/@\"\[\]:;|=,+*?<>\s]+@[^\\/@\"\s]+\Z")
_LONGEST_RING = 60


@dataclass(frozen=True)
class ClientPushTargetOptions:
    """Checked options. C(denied): the rights that shall name every push principal. C(ring): its name, for the fleet's judgement."""

    principals: Principals
    denied: tuple[str, ...] = (DENY_INTERACTIVE, DENY_REMOTE_INTERACTIVE)
    ring: str | None = None


def read_options(given: Mapping[str, Any]) -> ClientPushTargetOptions:
    """Options whose types were checked already, with the rules between them. All broken rules are told at once (OptionError)."""
    wrong: list[str] = []
    admitted = _accounts(given.get("admitted") or (), "admitted", wrong)
    known = _accounts(given.get("known_push_principals") or (), "known_push_principals", wrong)
    if not admitted:
        wrong.append(
            "admitted: is empty; a ring needs at least one push principal, a group as DOMAIN\\name, or the site server's own account as"
            " DOMAIN\\name$."
        )
    ring = given.get("ring")
    if ring is not None:
        ring = ring.strip()
        if not ring or not ring.isprintable() or len(ring) > _LONGEST_RING:
            wrong.append(f"ring: '{ring}' is no name for a ring; allowed are 1 to {_LONGEST_RING} characters on one line.")
    if wrong:
        raise OptionError(wrong)
    own = {account.casefold() for account in admitted}
    others = tuple(account for account in known if account.casefold() not in own)
    denied = (
        (DENY_INTERACTIVE, given.get("deny_interactive_logon", True)),
        (DENY_REMOTE_INTERACTIVE, given.get("deny_remote_interactive_logon", True)),
    )
    return ClientPushTargetOptions(Principals(admitted, others), tuple(right for right, wanted in denied if wanted), ring)


def _accounts(given: Sequence[str], option: str, wrong: list[str]) -> tuple[str, ...]:
    accounts = tuple(account.strip() for account in given)
    seen: set[str] = set()
    for account in accounts:
        if account.casefold() in seen:
            wrong.append(f"{option}: '{account}' is named twice; case does not matter. Name each one once.")
        seen.add(account.casefold())
        sentence = _wrong_account(account, option)
        if sentence:
            wrong.append(sentence)
    return accounts


def _wrong_account(account: str, option: str) -> str | None:
    if not account:
        return f"{option}: an entry is empty; each one is DOMAIN\\name, name@domain or a SID."
    if not account.upper().startswith("S-1-"):
        fine = _ACCOUNT.match(account) is not None
        return None if fine else f"{option}: '{account}' may mean several accounts or none; allowed is DOMAIN\\name, name@domain or a SID."
    if not is_sid(account):
        return f"{option}: '{account}' begins like a SID and is none; each entry is DOMAIN\\name, name@domain or a SID."
    if is_made(account):
        return None
    broad = crowd(account)
    what = f"{broad}, which nearly anybody belongs to" if broad else "an account that comes with Windows"
    return f"{option}: '{account}' is {what}; name a group or an account that is there for client push alone."
