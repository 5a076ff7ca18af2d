# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A property of the site control file that is a command line: what has to be in it, and what must not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import ReadProperty, SiteProperty

_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')


def tokens(line: str) -> list[str]:
    """The words of a command line; what is in quotes is not taken apart."""
    return _TOKEN.findall(line)


def name_of(token: str) -> str:
    """What it sets: the property before C(=), the switch before C(:), or the whole word; small letters."""
    return re.split("[=:]" if token.startswith("/") else "=", token, maxsplit=1)[0].casefold()


def matches(token: str, wanted: str) -> bool:
    """Whether a word is the wanted one; a name alone fits any value of it. Case and quotes do not matter."""
    if name_of(wanted) == wanted.casefold():
        return name_of(token) == wanted.casefold()
    return token.replace('"', "").casefold() == wanted.replace('"', "").casefold()


@dataclass(frozen=True)
class LineWanted:
    """C(contain): properties as NAME=value, or a name alone for any value. C(without): the same, which must not be there."""

    contain: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def missing(self, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(wanted for wanted in self.contain if not any(matches(word, wanted) for word in words))

    def surplus(self, words: Sequence[str]) -> tuple[str, ...]:
        """Words that must not be there, and other values of what has one that is wanted."""
        wrong = tuple(word for word in words if any(matches(word, unwanted) for unwanted in self.without))
        named = {name_of(wanted): wanted for wanted in self.contain}
        others = tuple(word for word in words if name_of(word) in named and not matches(word, named[name_of(word)]))
        return tuple(dict.fromkeys((*wrong, *others)))

    def mended(self, words: Sequence[str]) -> list[str] | None:
        """The words as they should be; None where a name is wanted whose value nobody has said."""
        missing = self.missing(words)
        if any(name_of(wanted) == wanted.casefold() and not wanted.startswith("/") for wanted in missing):
            return None
        going = set(self.surplus(words))
        return [*(word for word in words if word not in going), *missing]


@dataclass(frozen=True)
class CommandLine(Setting):
    """Wanted: LineWanted. What is neither wanted nor unwanted stays."""

    kind: ClassVar[str] = "site_command_line"
    of: SiteProperty

    @property
    def key(self) -> str:
        return f"site_command_line:{self.of.key}"

    def reads(self) -> tuple[Operation, ...]:
        return self.of.reads()

    def interpret(self, answers: Answers) -> Observation:
        return self.of.interpret(answers)

    def assess(self, observation: Observation, wanted: LineWanted) -> Assessment:
        read: ReadProperty = observation.value
        words = tokens(str(read.value or ""))
        title = self.of.what.title
        parts = [
            f"{word} {joined}" for word, joined in (("with", ", ".join(wanted.contain)), ("without", ", ".join(wanted.without))) if joined
        ]
        expected = f"{title}: {' and '.join(parts)}"
        actual = f"{title}: {read.value or 'none'}"
        if not wanted.missing(words) and not wanted.surplus(words):
            return Assessment(Status.COMPLIANT, expected, actual)
        mended = wanted.mended(words)
        if mended is None:
            return Assessment(Status.DRIFT, expected, actual, remedy="Say in must_contain which value the missing property should have.")
        whole = self.of.assess(observation, " ".join(mended))
        said = f"{actual}; it was set, and reverted by a site component" if whole.remedy else actual
        return Assessment(Status.DRIFT, expected, said, whole.differences, remedy=whole.remedy)
