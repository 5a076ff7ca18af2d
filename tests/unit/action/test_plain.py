# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible's values -> plain ones."""

from __future__ import annotations

from collections import OrderedDict, UserDict
from collections.abc import Sequence
from datetime import date, datetime, timezone
from enum import Enum, IntEnum, IntFlag
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils._plain import plain


class Tagged(str):
    """Like the texts that Ansible marks with where they come from."""

    __slots__ = ("origin",)

    def __str__(self) -> str:
        return "not what it says"


class Word(str, Enum):
    ON = "on"


class Number(IntEnum):
    TWO = 2


class Flag(IntFlag):
    A = 1
    B = 2


class Whole(int):
    def __str__(self) -> str:
        return "not a number"


class Real(float):
    """Like a number with a mark."""


class Vaulted(Sequence[str]):
    """Like the vaulted texts of ansible-core up to 2.18: a sequence of what str() decrypts."""

    __ENCRYPTED__ = True

    def __getitem__(self, index: Any) -> Any:
        return "secret"[index]

    def __len__(self) -> int:
        return len("secret")

    def __str__(self) -> str:
        return "secret"


def types_of(value: Any) -> set[type]:
    """All types within a value."""
    if isinstance(value, dict):
        return {type(value)}.union(*(types_of(part) for pair in value.items() for part in pair))
    if isinstance(value, (list, tuple, set)):
        return {type(value)}.union(*map(types_of, value))
    return {type(value)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (False, False),
        (7, 7),
        (1.5, 1.5),
        (Whole(7), 7),
        (Real(1.5), 1.5),
        (Number.TWO, 2),
        (Flag.A | Flag.B, 3),
        ("text", "text"),
        (Tagged("text"), "text"),
        (Tagged("x"), "x"),
        (Tagged(""), ""),
        (Word.ON, "on"),
        (date(2026, 12, 31), "2026-12-31"),
        (datetime(2026, 12, 31, 1, 2, 3, tzinfo=timezone.utc), "2026-12-31T01:02:03+00:00"),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        ({Tagged("a"): {"b": (Number.TWO, None)}}, {"a": {"b": [2, None]}}),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict({"a": UserDict({"b": Tagged("c")})}), {"a": {"b": "c"}}),
        (MappingProxyType({"a": True}), {"a": True}),
        ({5}, [5]),
        (frozenset({Number.TWO}), [2]),
        (Vaulted(), "secret"),
        ([Vaulted()], ["secret"]),
    ],
)
def test_values_become_plain(value: Any, expected: Any) -> None:
    found = plain(value)

    assert found == expected
    assert types_of(found) == types_of(expected)
    assert types_of(found) <= {dict, list, str, int, float, bool, type(None)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_plain_values_stay_as_they_are(value: Any) -> None:
    assert plain(value) == value
    assert types_of(plain(value)) == types_of(value)
