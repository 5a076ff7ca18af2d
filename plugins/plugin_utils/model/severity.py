# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much a deviation matters."""

from __future__ import annotations

from enum import Enum


class Severity(str, Enum):
    """Of a control, or of one finding that is worse than its control usually is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


def worst_severity(severities: list[Severity]) -> Severity:
    """The worst of a list that is not empty."""
    return min(severities, key=lambda severity: severity.rank)
