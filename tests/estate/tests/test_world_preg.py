# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry.pol: bytes, and what its instructions do."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows_estate.machine.registry import Registry
from windows_estate.world import preg
from windows_estate.world.preg import PolicyEntry

KEY = "Software\\Policies\\Vendor"
FULL = f"HKLM\\{KEY}"


def registry(**values: int) -> Registry:
    made = Registry({})
    for name, number in values.items():
        made.set(FULL, name, "dword", number)
    return made


def entry(name: str, kind: str = "dword", data: Any = 1) -> PolicyEntry:
    return PolicyEntry.make(KEY, name, kind, data)


def test_bytes_of_one_entry_are_those_of_the_specification() -> None:
    content = preg.encode([PolicyEntry.make("K", "V", "dword", 0x01020304)])
    assert content == (
        b"PReg\x01\x00\x00\x00[\x00K\x00\x00\x00;\x00V\x00\x00\x00;\x00\x04\x00\x00\x00;\x00\x04\x00\x00\x00;\x00\x04\x03\x02\x01]\x00"
    )


@pytest.mark.parametrize(
    ("kind", "data", "stored"),
    [
        ("dword", 1, b"\x01\x00\x00\x00"),
        ("qword", 2, b"\x02" + bytes(7)),
        ("sz", "Hä", "Hä".encode("utf-16-le") + b"\0\0"),
        ("multi_sz", ["a", "b"], "a\0b\0\0".encode("utf-16-le")),
        ("binary", "AAE=", b"\x00\x01"),
    ],
)
def test_values_are_stored_as_the_registry_stores_them(kind: str, data: Any, stored: bytes) -> None:
    one = entry("V", kind, data)
    assert one.data == stored
    assert preg.decode(preg.encode([one]))[0].value == data


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
ENTRIES = st.builds(PolicyEntry, TEXTS, TEXTS, st.sampled_from(sorted(preg.TYPE_NAMES)), st.binary(max_size=40))


@given(st.lists(ENTRIES, max_size=6))
def test_decoding_gives_back_what_was_encoded(entries: list[PolicyEntry]) -> None:
    assert preg.decode(preg.encode(entries)) == entries


@given(st.lists(ENTRIES, min_size=1, max_size=2), st.data())
def test_a_file_that_was_cut_off_is_no_registry_pol(entries: list[PolicyEntry], data: st.DataObject) -> None:
    whole = preg.encode(entries)
    ends = [len(preg.encode(entries[:count])) for count in range(len(entries) + 1)]
    length = data.draw(st.integers(0, len(whole) - 1).filter(lambda number: number not in ends))
    with pytest.raises(ValueError, match=r"."):
        preg.decode(whole[:length])


def test_del_removes_one_value() -> None:
    made = registry(A=1, B=2)
    preg.apply(made, [PolicyEntry.instruction(KEY, "**Del.a")])
    assert list(made.values(FULL)) == ["B"]


def test_delvals_removes_all_and_what_follows_stays() -> None:
    made = registry(A=1, B=2)
    preg.apply(made, [PolicyEntry.instruction(KEY, "**delvals."), entry("C")])
    assert list(made.values(FULL)) == ["C"]


def test_delete_values_and_keys_take_lists() -> None:
    made = registry(A=1, B=2, C=3)
    made.set(f"{FULL}\\Sub", "X", "sz", "1")
    preg.apply(made, [entry("**DeleteValues", "sz", "A;C"), entry("**DeleteKeys", "sz", "Sub")])
    assert list(made.values(FULL)) == ["B"]
    assert not made.exists(f"{FULL}\\Sub")


def test_soft_sets_only_what_is_absent() -> None:
    made = registry(A=1)
    preg.apply(made, [entry("**soft.A", data=9), entry("**soft.B", data=9)])
    assert (made.data(FULL, "A"), made.data(FULL, "B")) == (1, 9)


def test_an_unknown_instruction_is_no_value() -> None:
    made = registry()
    preg.apply(made, [entry("**SecureKey")])
    assert list(made.values(FULL)) == []


def test_data_above_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="65535"):
        preg.encode([entry("V", "binary", base64.b64encode(bytes(65536)).decode())])
