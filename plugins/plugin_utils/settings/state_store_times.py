# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a state migration point keeps things: minutes inside, hours and days for people."""

from __future__ import annotations

from collections.abc import Mapping

MINUTES: Mapping[str, int] = {"hours": 60, "days": 1440}
"""By the unit's word."""
DAY = MINUTES["days"]


def minutes(value: int, unit: str) -> int:
    """A time in the words of the options, in minutes."""
    return value * MINUTES[unit]


def words(time: int | None) -> str:
    """Minutes in the largest unit that they are a whole number of."""
    if time is None:
        return "not there"
    if time == 0:
        return "0, which is immediately"
    unit, size = next(((unit, size) for unit, size in (("day", DAY), ("hour", 60)) if time % size == 0), ("minute", 1))
    count = time // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
