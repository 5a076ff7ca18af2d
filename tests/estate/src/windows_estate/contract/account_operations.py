# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""group.read, group.add, group.remove, account.resolve."""

from __future__ import annotations

from typing import Any, Final

from windows_estate.contract.context import Fields, Operation, Run
from windows_estate.contract.fields import Field, optional
from windows_estate.machine.accounts import is_sid
from windows_estate.machine.errors import HostError, invalid
from windows_estate.machine.names import fold


def _check_sid(text: str) -> None:
    if not is_sid(text):
        raise invalid(f"{text!r} is no SID.")


def _member(run: Run, member: dict[str, Any]) -> dict[str, Any]:
    account = run.machine.accounts.resolve(member["sid"])
    if account is None:
        return {"sid": member["sid"], "name": None, "kind": "unknown"}
    kind = fold(member.get("class") or "User")
    return {"sid": member["sid"], "name": account["name"], "kind": kind if kind in ("user", "group") else "unknown"}


def read(run: Run, fields: Fields) -> dict[str, Any]:
    if fields["sid"] is not None:
        _check_sid(fields["sid"])
    accounts = run.machine.accounts
    groups = [group for group in accounts.local_groups() if fields["sid"] in (None, group["sid"])]
    return {
        "groups": [
            {"sid": group["sid"], "name": group["name"], "members": [_member(run, member) for member in accounts.members(group)]}
            for group in groups
        ]
    }


def _edit(run: Run, fields: Fields, *, add: bool) -> None:
    for text in (*fields["members"], fields["sid"]):
        _check_sid(text)
    accounts = run.machine.accounts
    group = next((one for one in accounts.local_groups() if one["sid"] == fields["sid"]), None)
    if group is None:
        raise HostError("not_found", f"There is no local group {fields['sid']}.")
    present = {member["sid"] for member in accounts.members(group)}
    for sid in dict.fromkeys(fields["members"]):
        if (sid in present) != add:
            (accounts.add_member if add else accounts.remove_member)(group, sid)
            run.changed = True


def add(run: Run, fields: Fields) -> None:
    _edit(run, fields, add=True)


def remove(run: Run, fields: Fields) -> None:
    _edit(run, fields, add=False)


def resolve(run: Run, fields: Fields) -> dict[str, Any]:
    found = {text: run.machine.accounts.resolve(text) for text in fields["accounts"]}
    return {"accounts": {text: account and {"sid": account["sid"], "name": account["name"]} for text, account in found.items()}}


_MEMBERS: Final = {"sid": Field("text"), "members": Field("texts")}
OPERATIONS: Final = {
    "group.read": Operation(read, {"sid": optional("text")}),
    "group.add": Operation(add, _MEMBERS, writes=True),
    "group.remove": Operation(remove, _MEMBERS, writes=True),
    "account.resolve": Operation(resolve, {"accounts": Field("texts")}),
}
