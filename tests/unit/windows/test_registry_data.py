# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry data as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.registry_data import decode


@pytest.mark.parametrize(
    ("number", "data", "expected"),
    [
        (0, b"\x01", ("none", "AQ==")),
        (1, "a\0".encode("utf-16-le"), ("sz", "a")),
        (1, "a".encode("utf-16-le"), ("sz", "a")),
        (1, "a\0rest\0".encode("utf-16-le"), ("sz", "a")),
        (1, b"", ("sz", "")),
        (2, "%x%\0".encode("utf-16-le"), ("expand_sz", "%x%")),
        (3, b"\x00\xff", ("binary", "AP8=")),
        (4, b"\x01\x00\x00\x80", ("dword", 0x80000001)),
        (7, "a\0b\0\0".encode("utf-16-le"), ("multi_sz", ["a", "b"])),
        (7, b"", ("multi_sz", [])),
        (11, b"\x01\x00\x00\x00\x00\x00\x00\x80", ("qword", 0x8000000000000001)),
        (5, b"\x00\x00\x00\x01", ("unknown", None)),
        (99, b"", ("unknown", None)),
        (4, b"\x01\x00", ("malformed", "AQA=")),
        (4, b"\x01\x00\x00\x00\x00", ("malformed", "AQAAAAA=")),
        (11, b"\x01\x00\x00\x00", ("malformed", "AQAAAA==")),
        (1, b"a", ("malformed", "YQ==")),
        (1, b"\x00\xd8", ("malformed", "ANg=")),
    ],
)
def test_every_type(number: int, data: bytes, expected: tuple[str, object]) -> None:
    assert decode(number, data) == expected


@given(st.integers(0, 2**32 - 1), st.binary(max_size=32))
def test_any_bytes_have_a_type(number: int, data: bytes) -> None:
    kind, value = decode(number, data)

    assert (value is None) is (kind == "unknown")
