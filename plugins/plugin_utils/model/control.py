# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A recommendation of the baseline, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity


class Evidence(str, Enum):
    """Who can see whether a control is met."""

    APPLY = "apply"
    VERIFY = "verify"
    DOCUMENTED = "documented"
    ATTEST = "attest"


@dataclass(frozen=True)
class Reference:
    """Where else the subject is treated: C(kind) is one of configmgr_docs, windows_docs, prevent, cis, stig."""

    kind: str
    id: str
    url: str | None = None


@dataclass(frozen=True)
class Control:
    """One recommendation of a guidance document; C(area) names the module that judges it."""

    id: str
    title: str
    why: str
    guidance: str
    heading: str
    applies_to: tuple[str, ...]
    evidence: Evidence
    area: str
    severity: Severity
    references: tuple[Reference, ...] = ()
    evidence_note: str | None = None
    deviation: str | None = None
