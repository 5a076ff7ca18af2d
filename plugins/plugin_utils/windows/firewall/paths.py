# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs in rules: paths with environment variables, compared as Windows compares paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class Paths:
    """The system's variables, by upper-case name; MS-FASP 2.2.37 has Windows expand those of a rule."""

    variables: Mapping[str, str]
    _expanded: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def expanded(self, path: str) -> str:
        """The path in lower case; variables that are not known stay, with their percent signs."""
        known = self._expanded.get(path)
        if known is None:
            known = _VARIABLE.sub(lambda match: self.variables.get(match[1].upper(), match[0]), path).lower()
            self._expanded[path] = known
        return known

    def file_name(self, path: str) -> str | None:
        """The last part of the path in lower case; None where it hangs on a variable that is not known."""
        name = self.expanded(path).rpartition("\\")[2]
        return None if "%" in name else name

    def same(self, left: str, right: str) -> bool | None:
        """Whether both name one program; None where it hangs on a variable that is not known."""
        here, there = self.expanded(left), self.expanded(right)
        if here == there:
            return True
        if "%" not in here and "%" not in there:
            return False
        if _VARIABLE.search(here) and _VARIABLE.search(there):
            return None
        pattern, text = (here, there) if _VARIABLE.search(here) else (there, here)
        if not _VARIABLE.search(pattern):
            return False
        # Whatever the variable stands for, the rest of the path is as it is.
        wanted = ".+".join(re.escape(piece) for piece in _VARIABLE.split(pattern)[::2])
        return None if re.fullmatch(wanted, text, re.DOTALL) else False
