# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times as WMI writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.wmi_datetime import MalformedDatetimeError, Moment, parse

UTC = timezone.utc
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


def written(moment: datetime, distance: int | None) -> str:
    """A moment of UTC, as a clock that far from it writes it."""
    local = moment + timedelta(minutes=distance or 0)
    return f"{local:%Y%m%d%H%M%S}.{local:%f}{'+***' if distance is None else f'{distance:+04d}'}"


@given(moments, st.integers(-720, 840))
def test_wherever_the_clock_is_it_is_the_same_moment(moment: datetime, distance: int) -> None:
    assert parse(written(moment, distance)) == Moment(moment, moment)


@given(moments, st.integers(-720, 840))
def test_without_a_zone_the_moment_is_among_those_that_it_may_be(moment: datetime, distance: int) -> None:
    text = written(moment, distance)[:-4] + "+***"
    found = parse(text)

    assert found is not None
    assert not found.exact
    assert found.earliest <= moment <= found.latest


@pytest.mark.parametrize("text", ["00000000000000.000000+***", "00000000000000.000000+000", "**************.******+***", "", " ", None])
def test_a_time_that_was_never_set(text: str | None) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "20261301000000.000000+000",
        "20260230000000.000000+000",
        "20260101240000.000000+000",
        "2026-03-10T12:00:00Z",
        "00000003000000.000000:000",
        "20260101000000.000000+00",
        "20260101000000.000000+0000",
        "00010101000000.000000+***",
        "yesterday",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(MalformedDatetimeError, match="no time as WMI writes them"):
        parse(text)


def test_hours_that_pass_do_not_ask_for_daylight_saving() -> None:
    """Europe's clocks were put forward on 29 March 2026 at 1:00 UTC: half an hour before and after are an hour apart."""
    before, after = parse("20260329013000.000000+060"), parse("20260329033000.000000+120")

    assert before is not None
    assert after is not None
    assert after.latest - before.earliest == timedelta(hours=1)


def test_before_a_limit() -> None:
    limit = datetime(2026, 3, 10, 12, tzinfo=UTC)
    exact = parse("20260310115959.999999+000")
    same = parse("20260310120000.000000+000")
    vague = parse("20260310120000.000000+***")
    old = parse("20260309090000.000000+***")

    told = [moment.before(limit) for moment in (exact, same, vague, old) if moment]
    assert told == [True, False, None, True]


def test_in_words() -> None:
    assert str(parse("20260310120000.000000+060")) == "2026-03-10 11:00 UTC"
    assert str(parse("20260310120000.000000+***")) == "2026-03-10 12:00 in an unknown time zone"
