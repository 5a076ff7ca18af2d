# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security templates (.inf), as secedit and GptTmpl.inf have them: sections of `name = values`.

Form: MS-GPSB 2.2 [H]. Names and sections ignore case; a line that begins with a semicolon is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from windows_estate.machine import NameDict

PRIVILEGES = "Privilege Rights"
GROUPS = "Group Membership"
_HEAD = ("[Unicode]", "Unicode=yes")
_FOOT = ("[Version]", 'signature="$CHICAGO$"', "Revision=1")
_GROUP = re.compile(r"(?P<group>.+)__(?P<kind>Members|Memberof)", re.IGNORECASE)


class NoTemplate(ValueError):
    """The text is none."""


def parse(text: str) -> NameDict:
    """Section -> name -> the text behind the equals sign. Raises NoTemplate for what has no signature."""
    sections = NameDict()
    section: NameDict | None = None
    for raw in text.lstrip("\ufeff").splitlines():
        line = raw.strip()
        if not line or line.startswith(";"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = sections.setdefault(line[1:-1].strip(), NameDict())
        elif section is not None:
            name, _, value = line.partition("=")
            section[name.strip().strip('"')] = value.strip()
    version = sections.get("Version") or NameDict()
    if "signature" not in version or "$chicago$" not in str(version["signature"]).lower():
        raise NoTemplate("The text has no signature of a security template.")
    return sections


def values(text: str) -> list[str]:
    """The parts of a value, in order."""
    return [part.strip().strip('"') for part in text.split(",") if part.strip()]


def group_of(name: str) -> tuple[str, str] | None:
    """`*S-1-5-32-544__Members` -> the group and "members" or "memberof"; None for another name."""
    match = _GROUP.fullmatch(name)
    return None if match is None else (match["group"], match["kind"].lower())


def write(sections: Mapping[str, Iterable[tuple[str, str]]]) -> str:
    """The text of a template with these sections."""
    lines = [*_HEAD]
    for section, entries in sections.items():
        lines += [f"[{section}]", *(f"{name} = {value}".rstrip() for name, value in entries)]
    return "".join(f"{line}\r\n" for line in (*lines, *_FOOT))
