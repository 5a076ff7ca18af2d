# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Minutes inside, hours and days outside."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_times import DAY, MINUTES, minutes, words


@pytest.mark.parametrize(("value", "unit", "expected"), [(1, "hours", 60), (1, "days", 1440), (36, "hours", 2160), (3, "days", 4320)])
def test_hours_and_days_in_minutes(value: int, unit: str, expected: int) -> None:
    assert minutes(value, unit) == expected


@given(st.integers(0, 3650))
def test_days_are_24_hours(value: int) -> None:
    assert minutes(value, "days") == minutes(24 * value, "hours") == DAY * value


@given(st.integers(1, 10**7))
def test_words_say_exactly_as_many_minutes(time: int) -> None:
    match = re.fullmatch(r"(\d+) (minute|hour|day)(s?)", words(time))

    assert match is not None
    assert int(match[1]) * {"minute": 1, **{unit.rstrip("s"): size for unit, size in MINUTES.items()}}[match[2]] == time
    assert (match[1] == "1") is (match[3] == "")


def test_what_has_no_number() -> None:
    assert words(0) == "0, which is immediately"
    assert words(None) == "not there"


def test_months_are_no_unit() -> None:
    with pytest.raises(KeyError):
        minutes(1, "months")
