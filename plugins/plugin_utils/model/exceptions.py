# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What people decide about controls: accepted deviations and statements of what no machine can see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Waiver:
    """An accepted deviation from one control. C(subject) is a host's name or C(*) for all; it holds until the end of C(expires)."""

    control: str
    subject: str
    reason: str
    owner: str
    expires: date

    def covers(self, control: str | None, subject: str) -> bool:
        return self.control == control and self.subject.casefold() in ("*", subject.casefold())


@dataclass(frozen=True)
class Attestation:
    """A person's dated statement that a control is met; it holds until the end of C(valid_until)."""

    control: str
    by: str
    on: date
    valid_until: date
    proof: str
