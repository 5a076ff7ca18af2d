# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security identifiers."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import crowd, is_builtin, is_sid


@pytest.mark.parametrize("text", ["S-1-1-0", "s-1-5-32-544", "S-1-5-21-1-2-3-1105", "S-1-16-4096"])
def test_texts_that_are_sids(text: str) -> None:
    assert is_sid(text)


@pytest.mark.parametrize(
    "text", ["", "S-1", "S-1-5", "S-1-5-", "S-2-5-32", "S-1-5-32-544\n", " S-1-5-32-544", "S-1-5-32-x", "S-1-5-٣٢", "BA"]
)
def test_texts_that_are_none(text: str) -> None:
    assert not is_sid(text)


@pytest.mark.parametrize(
    ("sid", "name"),
    [
        ("S-1-1-0", "Everyone"),
        ("s-1-5-11", "Authenticated Users"),
        ("S-1-5-32-545", "the local Users group"),
        ("S-1-5-21-1-2-3-513", "Domain Users"),
        ("S-1-5-21-1-2-3-514", "Domain Guests"),
        ("S-1-5-21-1-2-3-515", "Domain Computers"),
        ("S-1-5-21-1-2-3-512", None),
        ("S-1-5-21-1-2-513-1105", None),
        ("S-1-5-32-544", None),
        ("S-1-5-32-513", None),
    ],
)
def test_crowds(sid: str, name: str | None) -> None:
    assert crowd(sid) == name


def test_aliases_of_windows() -> None:
    assert is_builtin("S-1-5-32-544") and is_builtin("s-1-5-32-580")
    assert not is_builtin("S-1-5-21-1-2-3-544") and not is_builtin("S-1-5-3-2")
