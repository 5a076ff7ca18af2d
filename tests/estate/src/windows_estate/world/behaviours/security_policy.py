# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Group Policy's hand in user rights and local groups: the security extension and the preference extension for local groups.

Confidence:
* GptTmpl.inf and Groups.xml, where they lie, the extensions' GUIDs: MS-GPSB, MS-GPPREF [H]
* Members replaces, Memberof adds; applied again after 16 hours though nothing changed [H]
* preferences are applied at every refresh; a right that no object sets any more gets its earlier holders back, memberships stay [K]
* RSOP_RestrictedGroup and RSOP_RestrictedGroupEx: names of properties [H]; that both name accounts as the host calls them, that groups
  with members are in the first and those with member-of in the second: decisions of the simulation [U]
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from windows_estate.machine import Machine
from windows_estate.world import security_template
from windows_estate.world.behaviours import user_rights
from windows_estate.world.directory import Names
from windows_estate.world.knowledge.languages import ADMINISTRATORS
from windows_estate.world.security_template import GROUPS, PRIVILEGES
from windows_estate.world.words.model import Gpo
from windows_estate.world.words.security import PreferredGroup

SECURITY_EXTENSION: Final = "{827D319E-6EAC-11D2-A4EA-00C04F79F83A}"
GROUPS_EXTENSION: Final = "{17D89FEC-5C44-4972-B12D-241CAEF74509}"
TEMPLATE: Final = "Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf"
PREFERENCES: Final = "Preferences\\Groups\\Groups.xml"
RIGHT_CLASS: Final = "RSOP_UserPrivilegeRight"
GROUP_CLASS: Final = "RSOP_RestrictedGroup"
GROUP_EX_CLASS: Final = "RSOP_RestrictedGroupEx"
# Of an item and of the collection, MS-GPPREF 2.2.1.11.
_ITEMS_CLASS: Final = "{3125E937-EB16-4b4c-9934-544FC6D24D26}"
_GROUP_ITEM_CLASS: Final = "{6D4A79E4-529C-4481-ABD0-F5BD7EA93BA7}"
_AGAIN: Final = timedelta(hours=16)
_NAMES: Final = uuid.UUID("8d3e9c1a-61a7-4c40-9d5f-3c2f0f7f1b52")


class SecurityPolicy:
    """Both extensions on one host. `names` finds SIDs; unknown names of an object raise WordsError when they are first applied."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._last: list[tuple[str, int]] | None = None
        self._due: datetime | None = None
        self._before: dict[str, list[str]] = {}

    def template(self, gpo: Gpo) -> str:
        """The text of an object's GptTmpl.inf."""
        sections: dict[str, list[tuple[str, str]]] = {}
        words = gpo.security
        if words.user_rights:
            sections[PRIVILEGES] = [(right, self._list(gpo, accounts)) for right, accounts in words.user_rights]
        if words.restricted_groups:
            lines: list[tuple[str, str]] = []
            for one in words.restricted_groups:
                group = self._word(gpo, one.group)
                lines.append((f"{group}__Memberof", self._list(gpo, one.member_of)))
                if one.members is not None:
                    lines.append((f"{group}__Members", self._list(gpo, one.members)))
            sections[GROUPS] = lines
        return security_template.write(sections)

    def preferences(self, gpo: Gpo) -> str:
        """The text of an object's Groups.xml."""
        items = "".join(self._item(gpo, number, one) for number, one in enumerate(gpo.security.preferred_groups))
        return f'<?xml version="1.0" encoding="utf-8"?>\r\n<Groups clsid="{_ITEMS_CLASS}">{items}</Groups>\r\n'

    def copy(self, machine: Machine, gpo: Gpo, folder: str) -> None:
        """Keep an object's files in the cache."""
        if gpo.security.has_template:
            machine.files.store(f"{folder}\\{TEMPLATE}", self.template(gpo).encode("utf-16"))
        if gpo.security.preferred_groups:
            machine.files.store(f"{folder}\\{PREFERENCES}", self.preferences(gpo).encode("utf-8"))

    def process(self, machine: Machine, gpos: Sequence[Gpo], *, force: bool) -> bool:
        """Apply what is to be applied now; whether the security extension worked."""
        now = machine.clock.now()
        objects = [gpo for gpo in gpos if gpo.security.has_template]
        state = [(gpo.guid, gpo.version) for gpo in objects]
        worked = force or state != (self._last or []) or (bool(objects) and self._due is not None and now >= self._due)
        if worked:
            self._last, self._due = state, now + _AGAIN
            self._apply(machine, objects)
        for gpo in gpos:
            for item in gpo.security.preferred_groups:
                self._prefer(machine, gpo, item)
        return worked

    def log(self, machine: Machine, namespace: str, gpos: Sequence[tuple[Gpo, str, str]]) -> None:
        """Log what is in effect. `gpos`: objects as they apply, each with its distinguished name and that of where it is linked."""
        for name in (RIGHT_CLASS, GROUP_CLASS, GROUP_EX_CLASS):
            machine.wmi.delete(namespace, name)
        seen: dict[tuple[str, str], int] = {}
        for gpo, path, link in reversed(gpos):
            for class_name, key, properties in self._rows(gpo):
                place = (class_name, key.lower())
                seen[place] = seen.get(place, 0) + 1
                common = {
                    "id": "{" + str(uuid.uuid5(_NAMES, "\n".join((path, *place)))) + "}",
                    "precedence": seen[place],
                    "GPOID": path,
                    "SOMID": link,
                }
                machine.wmi.add(namespace, class_name, {**common, **properties})

    def _rows(self, gpo: Gpo) -> list[tuple[str, str, dict[str, Any]]]:
        rows: list[tuple[str, str, dict[str, Any]]] = []
        for right, accounts in gpo.security.user_rights:
            rows.append((RIGHT_CLASS, right, {"UserRight": right, "AccountList": self._shown(gpo, accounts)}))
        for one in gpo.security.restricted_groups:
            (group,) = self._shown(gpo, (one.group,))
            if one.members is not None:
                rows.append((GROUP_CLASS, group, {"GroupName": group, "Members": self._shown(gpo, one.members)}))
            if one.member_of:
                belongs = {"GroupName": group, "Members": [], "MembersOf": self._shown(gpo, one.member_of)}
                rows.append((GROUP_EX_CLASS, group, belongs))
        return rows

    def _apply(self, machine: Machine, objects: Sequence[Gpo]) -> None:
        rights: dict[str, list[str]] = {}
        members: dict[str, list[str]] = {}
        belongs: list[tuple[str, str]] = []
        for gpo in objects:
            for right, accounts in gpo.security.user_rights:
                rights[right] = self._sids(gpo, accounts)
            for one in gpo.security.restricted_groups:
                (group,) = self._sids(gpo, (one.group,))
                if one.members is not None:
                    members[group] = self._sids(gpo, one.members)
                belongs += [(target, group) for target in self._sids(gpo, one.member_of)]
        for right in [right for right in self._before if right not in rights]:
            user_rights.set_holders(machine, right, self._before.pop(right))
        for right, sids in rights.items():
            self._before.setdefault(right, user_rights.holders_of(machine, right))
            user_rights.set_holders(machine, right, sids)
        for group, sids in members.items():
            user_rights.restrict(machine, group, "members", sids, [])
        for target, group in belongs:
            user_rights.add_member(machine, target, group)

    def _prefer(self, machine: Machine, gpo: Gpo, item: PreferredGroup) -> None:
        (sid,) = self._sids(gpo, (item.group,))
        group = next((one for one in machine.accounts.groups if one["sid"] == sid), None)
        if group is None or item.action in ("C", "D"):
            # A group that is there is not created, and a built-in one is not deleted.
            return
        kept = []
        removed = set(self._sids(gpo, item.remove))
        for member in group.get("members") or ():
            is_group = member.get("class") == "Group"
            clears = item.action == "R" or (item.delete_all_groups if is_group else item.delete_all_users)
            builtin = sid == ADMINISTRATORS and member["sid"].endswith("-500")
            if builtin or not (clears or member["sid"] in removed):
                kept.append(member)
        if len(kept) != len(group.get("members") or ()):
            group["members"] = kept
        for account in self._sids(gpo, item.add):
            user_rights.add_member(machine, sid, account)

    def _item(self, gpo: Gpo, number: int, item: PreferredGroup) -> str:
        (sid,) = self._sids(gpo, (item.group,))
        members = "".join(
            f"<Member name={quoteattr(word)} action={quoteattr(action)} sid={quoteattr(self._sids(gpo, (word,))[0])}/>"
            for action, words in (("ADD", item.add), ("REMOVE", item.remove))
            for word in words
        )
        name = f"{item.group} (built-in)" if sid.startswith("S-1-5-32-") else item.group
        uid = "{" + str(uuid.uuid5(_NAMES, f"{gpo.guid}\n{number}")).upper() + "}"
        return (
            f'<Group clsid="{_GROUP_ITEM_CLASS}" name={quoteattr(name)} image="2" changed="2026-01-02 03:04:05" uid="{uid}">'
            f'<Properties action="{item.action}" newName="" description="" deleteAllUsers="{int(item.delete_all_users)}" '
            f'deleteAllGroups="{int(item.delete_all_groups)}" removeAccounts="0" groupSid="{sid}" groupName={quoteattr(name)}>'
            f"<Members>{members}</Members></Properties></Group>"
        )

    def _sids(self, gpo: Gpo, words: Sequence[str]) -> list[str]:
        return [self._sid(gpo, word) for word in words]

    def _sid(self, gpo: Gpo, word: str) -> str:
        return self._names.sid(word, f"Group Policy object {gpo.name}")

    def _list(self, gpo: Gpo, words: Sequence[str]) -> str:
        return ",".join(self._word(gpo, word) for word in words)

    def _word(self, gpo: Gpo, word: str) -> str:
        return word if gpo.security.by_name else f"*{self._sid(gpo, word)}"

    def _shown(self, gpo: Gpo, words: Sequence[str]) -> list[str]:
        return [self._names.name(sid) for sid in self._sids(gpo, words)]
