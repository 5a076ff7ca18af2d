# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The programs that may run, and what of each only reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final

_TOKEN: Final = re.compile(r"\{(\w+)\}")
_WORD: Final = re.compile(r"\w+")

Rule = Callable[[list[str], Collection[str]], bool]
"""fn(arguments, tokens): whether these arguments only read. Option names ignore case."""


def _first_is(*words: str) -> Rule:
    return lambda arguments, _tokens: bool(arguments) and arguments[0].lower() in words


def _is_token(text: str, tokens: Collection[str]) -> bool:
    match = _TOKEN.fullmatch(text)
    return match is not None and match[1] in tokens


def _auditpol(arguments: list[str], tokens: Collection[str]) -> bool:
    words = [argument.lower() for argument in arguments]
    if words[:1] == ["/backup"]:
        return len(words) == 2 and words[1].startswith("/file:") and _is_token(arguments[1][len("/file:") :], tokens)
    return len(words) > 1 and words[0] in ("/get", "/list")


def _secedit(arguments: list[str], tokens: Collection[str]) -> bool:
    words = [argument.lower() for argument in arguments]
    if words[:2] != ["/export", "/cfg"] or len(words) < 3 or not _is_token(arguments[2], tokens):
        return False
    rest = words[3:]
    if rest[-1:] == ["/quiet"]:
        rest.pop()
    return not rest or (rest[0] == "/areas" and len(rest) > 1 and all(_WORD.fullmatch(word) for word in rest[1:]))


def _nothing(_arguments: list[str], _tokens: Collection[str]) -> bool:
    return False


RULES: Final[dict[str, Rule]] = {
    "auditpol": _auditpol,
    "gpupdate": _nothing,
    "schtasks": _first_is("/query"),
    "secedit": _secedit,
    "wecutil": _first_is("es", "enum-subscription", "gs", "get-subscription", "gr", "get-subscriptionruntimestatus"),
    "wevtutil": _first_is(
        *("el", "enum-logs", "gl", "get-log", "gli", "get-loginfo"),
        *("ep", "enum-publishers", "gp", "get-publisher", "qe", "query-events"),
    ),
}
