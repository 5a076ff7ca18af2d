# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts that resolve, and the local groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from windows_estate.machine.errors import HostError, denied, invalid
from windows_estate.machine.names import fold

if TYPE_CHECKING:
    from windows_estate.machine.machine import Machine

_SID: Final = re.compile(r"S-1-[0-9]+(-[0-9]+)+")
PRODUCT_TYPES: Final = {"winnt": 1, "lanmannt": 2, "servernt": 3}
_DOMAIN_CONTROLLER: Final = 2


def is_sid(text: str) -> bool:
    return _SID.fullmatch(text) is not None


class Accounts:
    """`state["accounts"]` and `state["groups"]`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def _known(self) -> list[dict[str, Any]]:
        known: list[dict[str, Any]] = self._machine.state.setdefault("accounts", [])
        return known

    @property
    def groups(self) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = self._machine.state.setdefault("groups", [])
        return groups

    def resolve(self, text: str) -> dict[str, Any] | None:
        """The account behind a SID or a name of any form; None when nobody knows it."""
        if text.startswith("S-1-") and not is_sid(text):
            raise invalid(f"{text!r} is no SID.")
        if text.startswith(".\\"):
            text = self._machine.name + text[1:]
        for account in self._known:
            if fold(text) in (fold(account["sid"]), fold(account["name"]), *map(fold, account.get("also") or ())):
                return account
        return None

    def local_groups(self) -> list[dict[str, Any]]:
        """The groups; unsupported on a domain controller, whose groups are the domain's."""
        if self._machine.product_type == _DOMAIN_CONTROLLER:
            raise HostError("unsupported", "A domain controller has no local groups.")
        return self.groups

    def members(self, group: dict[str, Any]) -> list[dict[str, Any]]:
        if group.get("denied") == "read":
            raise denied(f"the group {group['name']}")
        members: list[dict[str, Any]] = group.setdefault("members", [])
        return members

    def add_member(self, group: dict[str, Any], sid: str) -> None:
        self._check_writable(group)
        account = self.resolve(sid)
        if account is None:
            raise HostError("not_found", f"The principal {sid} was not found.")
        member = {"sid": sid, "class": account["class"]} if "class" in account else {"sid": sid}
        group["members"] = [*group.get("members", []), member]

    def remove_member(self, group: dict[str, Any], sid: str) -> None:
        self._check_writable(group)
        group["members"] = [member for member in group.get("members", []) if member["sid"] != sid]

    def _check_writable(self, group: dict[str, Any]) -> None:
        if group.get("denied") == "write":
            raise denied(f"the group {group['name']}", 5)
