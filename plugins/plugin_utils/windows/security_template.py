# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security templates: the INF text that secedit and Group Policy keep user rights and group memberships in (MS-GPSB 2.2)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_PRIVILEGES = "privilege rights"
_MEMBERSHIP = "group membership"
_MEMBERSHIP_NAME = re.compile(r"(?P<group>.+)__(?P<kind>members|memberof)\Z", re.IGNORECASE)
_RIGHT = re.compile(r"Se[A-Za-z]+\Z")
_HEAD = ("[Unicode]", "Unicode=yes", "[Version]", 'signature="$CHICAGO$"', "Revision=1")


class MalformedTemplateError(ValueError):
    """The text is no security template; the message says what is wrong with it."""


@dataclass(frozen=True)
class Membership:
    """An entry of Restricted Groups about one group. C(members): the only ones it shall have; C(member_of): groups it shall belong to.

    None where the template does not say. Groups and accounts stand as in the template: C(*SID) or a name.
    """

    group: str
    members: tuple[str, ...] | None = None
    member_of: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Template:
    """C(rights): who has a right, by its name case-folded, as in the template: C(*SID) or a name. C(memberships): Restricted Groups.

    C(sections): the names of all sections, case-folded.
    """

    rights: Mapping[str, tuple[str, ...]]
    memberships: tuple[Membership, ...] = ()
    sections: frozenset[str] = frozenset()


def decode(content: bytes) -> str:
    """The text of a template's file. Windows writes UTF-16 with a byte order mark; other editors do not."""
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedTemplateError(f"its bytes are no text ({error.reason})") from error


def parse(text: str) -> Template:
    """Read a template. One without its signature is refused: half a template would pass for one that names fewer accounts."""
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    for raw in text.lstrip("\ufeff").splitlines():
        line = raw.strip()
        if not line or line.startswith(";"):
            continue
        if line.startswith("["):
            if not line.endswith("]"):
                raise MalformedTemplateError(f"the heading '{line[:60]}' does not end")
            current = sections.setdefault(line[1:-1].strip().casefold(), [])
        elif current is None:
            raise MalformedTemplateError(f"'{line[:60]}' stands before any heading")
        else:
            current.append(line)
    version = dict(_pair(line) for line in sections.get("version", ()) if "=" in line)
    if version.get("signature", "").strip('"').casefold() != "$chicago$":
        raise MalformedTemplateError("it has no signature")
    rights = {name: _listed(value) for name, value in _unique(sections.get(_PRIVILEGES, ())).items()}
    return Template(rights, _memberships(sections.get(_MEMBERSHIP, ())), frozenset(sections))


def _pair(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not name.strip():
        raise MalformedTemplateError(f"'{line[:60]}' gives nothing a value")
    return name.strip().strip('"').casefold(), value.strip()


def _unique(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in map(_pair, lines):
        if name in found:
            raise MalformedTemplateError(f"it says twice what '{name}' is")
        found[name] = value
    return found


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _memberships(lines: Iterable[str]) -> tuple[Membership, ...]:
    members: dict[str, dict[str, tuple[str, ...]]] = {}
    names: dict[str, str] = {}
    for line in lines:
        match = _MEMBERSHIP_NAME.match(line.partition("=")[0].strip().strip('"'))
        if match is None:
            raise MalformedTemplateError(f"'{line[:60]}' is neither the members of a group nor the groups that it belongs to")
        _name, value = _pair(line)
        key = match["group"].casefold()
        names.setdefault(key, match["group"])
        members.setdefault(key, {})[match["kind"].lower()] = _listed(value)
    return tuple(
        Membership(names[key], _stated(kinds, "members", "memberof"), kinds.get("memberof") or None) for key, kinds in members.items()
    )


def _stated(kinds: Mapping[str, tuple[str, ...]], kind: str, other: str) -> tuple[str, ...] | None:
    """The editor writes both lines; an empty list of members beside groups to belong to says nothing of the members."""
    found = kinds.get(kind)
    return None if not found and kinds.get(other) else found


def write_rights(rights: Mapping[str, Sequence[str]]) -> str:
    """A template that sets who has some rights, and says nothing of others. An empty list takes the right from everybody."""
    lines = [*_HEAD, "[Privilege Rights]"]
    for right, holders in rights.items():
        if not _RIGHT.match(right):
            raise ValueError(f"{right} is no user right")
        if not all(holder.isprintable() and "," not in holder for holder in holders):
            raise ValueError(f"a holder of {right} would be several")
        lines.append(f"{right} = {','.join(holders)}".rstrip())
    return "".join(f"{line}\r\n" for line in lines)


def sid_of(holder: str) -> str | None:
    """The SID of a holder as a template lists it; None for a name."""
    return holder[1:].strip().upper() if holder.startswith("*") else None
