# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a finding says about a control."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Status(str, Enum):
    """In the order of rank: a control's status is the first of these that one of its findings has."""

    ERROR = "error"
    CONFLICT = "conflict"
    DRIFT = "drift"
    INDETERMINATE = "indeterminate"
    UNATTESTED = "unattested"
    WAIVED = "waived"
    ATTESTED = "attested"
    COMPLIANT = "compliant"
    NOT_APPLICABLE = "not_applicable"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Status).index(self)


def worst_status(statuses: Iterable[Status]) -> Status:
    """The worst of some statuses; nothing at all is not applicable."""
    return min(statuses, key=lambda status: status.rank, default=Status.NOT_APPLICABLE)


class Code(str, Enum):
    """Why a finding is indeterminate: the closed list."""

    READ_FAILED = "read_failed"
    ACCESS_DENIED = "access_denied"
    UNSUPPORTED_HERE = "unsupported_here"
    OWNERSHIP_NOT_VISIBLE = "ownership_not_visible"
    DEFAULT_UNKNOWN = "default_unknown"
    MALFORMED_VALUE = "malformed_value"
    GROUP_NOT_FOUND = "group_not_found"
    GROUP_NAME_LOCALISED = "group_name_localised"
    TASK_NOT_FOUND = "task_not_found"
    NOT_LOOKED_INTO = "not_looked_into"
    FIREWALL_IN_DOUBT = "firewall_in_doubt"
    NO_ROWS = "no_rows"
    UNDOCUMENTED_VALUE = "undocumented_value"
