# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hardware addresses in the notations that people and programs use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.mac import colons, digits, looks_like, spelled

MAC = "00155D010A0B"
any_mac = st.text("0123456789ABCDEF", min_size=12, max_size=12)


@pytest.mark.parametrize(
    "text", ["00155D010A0B", "00155d010a0b", "00:15:5D:01:0A:0B", "00-15-5d-01-0a-0b", "0015.5d01.0a0b", " 00:15:5D:01:0A:0B "]
)
def test_any_notation_is_the_same_address(text: str) -> None:
    assert digits(text) == MAC


@pytest.mark.parametrize(
    "text", ["", "00155D010A0", "00155D010A0BC", "00:15:5D:01:0A", "00:15-5D:01-0A:0B", "00155D010A0G", "0:15:5D:01:0A:0B", "Lab"]
)
def test_what_is_none(text: str) -> None:
    assert digits(text) is None


@pytest.mark.parametrize(("text", "meant"), [("00:15:5D:01:0A:0", True), ("00155D010A0", True), ("Clients", False), ("10.20.1.500", False)])
def test_whether_one_was_meant(text: str, meant: bool) -> None:
    assert looks_like(text) is meant


@pytest.mark.parametrize(
    ("like", "written"),
    [
        ((), "00:15:5D:01:0A:0B"),
        (("nonsense",), "00:15:5D:01:0A:0B"),
        (("00-11-22-33-44-5A",), "00-15-5D-01-0A-0B"),
        (("00112233445a",), "00155d010a0b"),
        (("0011.2233.445a",), "0015.5d01.0a0b"),
        (("nonsense", "00:11:22:33:44:5a"), "00:15:5d:01:0a:0b"),
    ],
)
def test_one_is_written_as_its_neighbours_are(like: tuple[str, ...], written: str) -> None:
    assert spelled(MAC, like) == written


@given(any_mac, st.lists(any_mac.map(colons) | any_mac | any_mac.map(lambda mac: colons(mac).replace(":", "-").lower())))
def test_whatever_is_written_is_the_same_address(mac: str, like: list[str]) -> None:
    assert digits(spelled(mac, like)) == mac
