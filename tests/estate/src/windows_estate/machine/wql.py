# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WQL: SELECT from one class with a condition. Joins, associators and schema queries are not spoken here."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from windows_estate.machine.errors import WMI_STATUS, HostError

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?)(?![\w.])
      | (?P<name>[A-Za-z_]\w*)
      | (?P<symbol><>|!=|<=|>=|[=<>(),*])
    )""",
    re.VERBOSE | re.DOTALL,
)
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

Literal = str | int | float | bool | None
Lookup = Callable[[str], Any]
Condition = Callable[[Lookup], bool | None]
"""True, False, or None where a null makes it unknown; only True selects a row."""


@dataclass(frozen=True)
class Query:
    """names: the columns, None for all; used: the properties in the condition; matches: the condition, None for no condition."""

    names: tuple[str, ...] | None
    class_name: str
    used: frozenset[str]
    condition: Condition | None

    def matches(self, lookup: Lookup) -> bool:
        return self.condition is None or self.condition(lookup) is True


def invalid_query(why: str) -> HostError:
    return HostError("invalid", f"Invalid query: {why}.", WMI_STATUS["InvalidQuery"])


def parse(text: str) -> Query:
    """The meaning of a query; invalid with WBEM_E_INVALID_QUERY when it has none."""
    return _Parser(_tokens(text)).query()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise invalid_query(f"it cannot be read from {text[position : position + 20]!r}")
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0
        self._used: set[str] = set()

    def query(self) -> Query:
        self._expect("SELECT")
        names: tuple[str, ...] | None = None
        if not self._take("*"):
            listed = [self._name()]
            while self._take(","):
                listed.append(self._name())
            names = tuple(listed)
        self._expect("FROM")
        class_name = self._name()
        condition = self._either() if self._take("WHERE") else None
        if self._next < len(self._tokens):
            raise invalid_query(f"nothing may follow before {self._tokens[self._next][1]!r}")
        return Query(names, class_name, frozenset(self._used), condition)

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else _any(parts)

    def _both(self) -> Condition:
        parts = [self._negation()]
        while self._take("AND"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else _all(parts)

    def _negation(self) -> Condition:
        if self._take("NOT"):
            return _not(self._negation())
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        if self._kind() != "name" or self._is_constant():
            value = self._literal()
            sign = self._symbol()
            turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(sign, sign)
            return _compared(self._property(), turned, value)
        name = self._property()
        if self._take("IS"):
            negated = self._take("NOT")
            self._expect("NULL")
            return _is_null(name, negated)
        if self._take("NOT"):
            self._expect("LIKE")
            return _not(_like(name, self._literal()))
        if self._take("LIKE"):
            return _like(name, self._literal())
        sign = self._symbol()
        return _compared(name, sign, self._literal())

    def _kind(self) -> str | None:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else None

    def _is_constant(self) -> bool:
        return self._tokens[self._next][1].upper() in ("TRUE", "FALSE", "NULL")

    def _take(self, word: str) -> bool:
        if self._kind() in ("name", "symbol") and self._tokens[self._next][1].upper() == word:
            self._next += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise invalid_query(f"{word} is missing")

    def _name(self) -> str:
        if self._kind() != "name":
            raise invalid_query("a name is missing")
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _property(self) -> str:
        name = self._name()
        self._used.add(name)
        return name

    def _symbol(self) -> str:
        if self._kind() != "symbol" or self._tokens[self._next][1] not in _COMPARE:
            raise invalid_query("a comparison is missing")
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _literal(self) -> Literal:
        kind = self._kind()
        if kind is None:
            raise invalid_query("a value is missing")
        text = self._tokens[self._next][1]
        self._next += 1
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        if kind == "number":
            return float(text) if "." in text else int(text)
        constants: dict[str, Literal] = {"TRUE": True, "FALSE": False, "NULL": None}
        if text.upper() not in constants:
            raise invalid_query(f"{text!r} is no value")
        return constants[text.upper()]


def _any(parts: list[Condition]) -> Condition:
    def condition(lookup: Lookup) -> bool | None:
        results = [part(lookup) for part in parts]
        return True if True in results else None if None in results else False

    return condition


def _all(parts: list[Condition]) -> Condition:
    def condition(lookup: Lookup) -> bool | None:
        results = [part(lookup) for part in parts]
        return False if False in results else None if None in results else True

    return condition


def _not(part: Condition) -> Condition:
    def condition(lookup: Lookup) -> bool | None:
        result = part(lookup)
        return None if result is None else not result

    return condition


def _is_null(name: str, negated: bool) -> Condition:
    return lambda lookup: (lookup(name) is None) != negated


def _like(name: str, pattern: Literal) -> Condition:
    if not isinstance(pattern, str):
        raise invalid_query("LIKE needs a text")
    compiled = re.compile(_like_expression(pattern), re.IGNORECASE | re.DOTALL)

    def condition(lookup: Lookup) -> bool | None:
        value = lookup(name)
        return compiled.fullmatch(value) is not None if isinstance(value, str) else None

    return condition


def _like_expression(pattern: str) -> str:
    expression = ""
    for part in re.findall(r"\[\^?[^\]]+\]|.", pattern, flags=re.DOTALL):
        if len(part) > 1:
            inverted = part.startswith("[^")
            characters = part[2 if inverted else 1 : -1].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            expression += f"[{'^' if inverted else ''}{characters}]"
        else:
            expression += {"%": ".*", "_": "."}.get(part, re.escape(part))
    return expression


def _compared(name: str, sign: str, literal: Literal) -> Condition:
    compare = _COMPARE[sign]

    def condition(lookup: Lookup) -> bool | None:
        value = lookup(name)
        if literal is None:
            # "= NULL" is WMI's older spelling of IS NULL.
            return compare(value is None, True) if sign in ("=", "<>", "!=") else None
        pair = _comparable(value, literal)
        return None if pair is None else compare(*pair)

    return condition


def _comparable(value: Any, literal: str | float | bool) -> tuple[Any, Any] | None:
    """A property's value and a literal in one type, by the type of the property; None where they cannot be compared."""
    if isinstance(value, bool):
        if isinstance(literal, str):
            return (value, literal.lower() == "true") if literal.lower() in ("true", "false") else None
        return value, bool(literal)
    if isinstance(value, (int, float)):
        if isinstance(literal, str):
            try:
                return value, int(literal)
            except ValueError:
                return None
        return value, literal
    if isinstance(value, str):
        return value.lower(), str(literal).lower()
    return None
