# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times as WMI writes them: CIM datetimes of 25 characters, C(yyyymmddHHMMSS.mmmmmmsUUU) (DSP0004, DMTF's CIM infrastructure, 5.2.4).

C(sUUU) is the distance from UTC in minutes, east of it positive; asterisks stand for what is not known. Configuration Manager writes a time
that was never set as zeros with an unknown distance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6}|\*{6})([+-])(\d{3}|\*{3})\Z", re.ASCII)
_UNSET = re.compile(r"(0{14}\.(0{6}|\*{6})|\*{14}\.\*{6})[+-](\d{3}|\*{3})\Z", re.ASCII)
# Clocks of the world are at most so far from UTC, to the east and to the west.
_EAST, _WEST = timedelta(hours=14), timedelta(hours=12)


class MalformedDatetimeError(ValueError):
    """The text is no time; the message says which text."""


@dataclass(frozen=True)
class Moment:
    """A time as exactly as it is known: the earliest and the latest that it may be, both in UTC."""

    earliest: datetime
    latest: datetime

    @property
    def exact(self) -> bool:
        return self.earliest == self.latest

    def before(self, limit: datetime) -> bool | None:
        """Whether it was before a time (in UTC); None where that cannot be told."""
        if self.latest < limit:
            return True
        return None if self.earliest < limit else False

    def __str__(self) -> str:
        shown = f"{self.earliest:%Y-%m-%d %H:%M}"
        return f"{shown} UTC" if self.exact else f"{self.earliest + _EAST:%Y-%m-%d %H:%M} in an unknown time zone"


def parse(text: str | None) -> Moment | None:
    """A time, or None for one that was never set. MalformedDatetimeError: the text is neither."""
    if text is None or not text.strip() or _UNSET.match(text.strip()):
        return None
    match = _MOMENT.match(text.strip())
    if match is None:
        raise MalformedDatetimeError(f"'{text}' is no time as WMI writes them")
    *parts, fraction, sign, distance = match.groups()
    try:
        year, month, day, hour, minute, second = map(int, parts)
        small = 0 if "*" in fraction else int(fraction)
        shown = datetime(year, month, day, hour, minute, second, small, tzinfo=timezone.utc)
        if "*" in distance:
            return Moment(shown - _EAST, shown + _WEST)
        east = timedelta(minutes=int(distance) if sign == "+" else -int(distance))
        return Moment(shown - east, shown - east)
    except (ValueError, OverflowError) as error:
        raise MalformedDatetimeError(f"'{text}' is no time as WMI writes them") from error
