# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""User rights and memberships in words: of a host, and in Group Policy objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from windows_estate.world.knowledge.user_rights import TITLES, find
from windows_estate.world.words.reader import Fields, WordsError, shown

_ACTIONS: Final = {"update": "U", "replace": "R", "create": "C", "delete": "D"}

UserRightsWords = tuple[tuple[str, tuple[str, ...]], ...]
"""Right -> accounts, as the file names them."""


@dataclass(frozen=True)
class RestrictedGroup:
    """`members`: the only ones, or None where the object does not say; `member_of`: groups that get this one as a member."""

    group: str
    members: tuple[str, ...] | None
    member_of: tuple[str, ...]


@dataclass(frozen=True)
class PreferredGroup:
    """An item of the preference extension for local groups. `action`: U, R, C or D, as Groups.xml has it."""

    group: str
    action: str
    add: tuple[str, ...]
    remove: tuple[str, ...]
    delete_all_users: bool
    delete_all_groups: bool


@dataclass(frozen=True)
class SecurityWords:
    """What a Group Policy object sets beside registry values. `by_name`: its template names accounts instead of giving SIDs."""

    user_rights: UserRightsWords = ()
    restricted_groups: tuple[RestrictedGroup, ...] = ()
    preferred_groups: tuple[PreferredGroup, ...] = ()
    by_name: bool = False

    @property
    def has_template(self) -> bool:
        return bool(self.user_rights or self.restricted_groups)


def read_user_rights(fields: Fields) -> UserRightsWords:
    """`user_rights`: names or titles of rights with accounts. Raises WordsError."""
    found = []
    for word, accounts in fields.items("user_rights"):
        right = find(word)
        if right is None:
            raise WordsError(f"{fields.where}: there is no user right {shown(word)}; allowed: {', '.join(TITLES)}, or their titles.")
        found.append((right, Fields({right: accounts}, f"{fields.where}, user_rights").texts(right)))
    return tuple(found)


def read_security(fields: Fields) -> SecurityWords:
    """`user_rights`, `restricted_groups`, `local_groups` and `by_name` of a Group Policy object. Raises WordsError."""
    return SecurityWords(
        user_rights=read_user_rights(fields),
        restricted_groups=tuple(_restricted(name, value, fields.where) for name, value in fields.items("restricted_groups")),
        preferred_groups=tuple(_preferred(name, value, fields.where) for name, value in fields.items("local_groups")),
        by_name=fields.flag("by_name", False),
    )


def _restricted(name: str, value: object, where: str) -> RestrictedGroup:
    fields = Fields(value, f"{where}, restricted_groups, {name}")
    # An empty list is not the same as none.
    members = fields.texts("members") if fields.raw("members") is not None else None
    group = RestrictedGroup(name, members, fields.texts("member_of"))
    fields.done()
    if members is None and not group.member_of:
        raise WordsError(f"{fields.where}: members or member_of is missing.")
    return group


def _preferred(name: str, value: object, where: str) -> PreferredGroup:
    fields = Fields(value, f"{where}, local_groups, {name}")
    group = PreferredGroup(
        name,
        _ACTIONS[fields.text("action", "update", one_of=_ACTIONS)],
        fields.texts("add"),
        fields.texts("remove"),
        fields.flag("delete_all_users", False),
        fields.flag("delete_all_groups", False),
    )
    fields.done()
    return group
