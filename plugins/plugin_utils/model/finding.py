# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verdict on a control for one subject and object."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status


@dataclass(frozen=True)
class Part:
    """One setting's say in a finding, where several settings are evidence for the same control."""

    expected: str
    actual: str
    remedy: str = ""
    caveats: tuple[str, ...] = ()

    def to_data(self) -> dict[str, Json]:
        return {"expected": self.expected, "actual": self.actual, "remedy": self.remedy, "caveats": list(self.caveats)}

    @staticmethod
    def from_data(data: dict[str, Json]) -> Part:
        return Part(data["expected"], data["actual"], data["remedy"], tuple(data["caveats"]))


@dataclass(frozen=True)
class Finding:
    """Keyed by control, area, subject and object.

    C(control) is None for an operator's own wish that no control covers. C(code) is set when indeterminate, and only then.
    C(underlying) is the status that a waiver covers. C(parts) are the single settings that make the status
    what it is.
    """

    control: str | None
    area: str
    subject: str
    status: Status
    severity: Severity
    expected: str
    actual: str
    object: str | None = None
    title: str = ""
    evidence: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    remedy: str = ""
    code: Code | None = None
    underlying: Status | None = None
    parts: tuple[Part, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.control or "", self.area, self.subject, self.object or "")

    def to_data(self) -> dict[str, Json]:
        """Plain values for results and return values."""
        return {
            "control": self.control,
            "title": self.title,
            "area": self.area,
            "subject": self.subject,
            "object": self.object,
            "status": self.status.value,
            "severity": self.severity.value,
            "expected": self.expected,
            "actual": self.actual,
            "evidence": list(self.evidence),
            "caveats": list(self.caveats),
            "remedy": self.remedy,
            "code": self.code.value if self.code else None,
            "underlying": self.underlying.value if self.underlying else None,
            "parts": [part.to_data() for part in self.parts],
        }

    @staticmethod
    def from_data(data: dict[str, Json]) -> Finding:
        """The inverse of to_data; a missing or unknown field is a KeyError or ValueError."""
        return Finding(
            control=data["control"],
            title=data["title"],
            area=data["area"],
            subject=data["subject"],
            object=data["object"],
            status=Status(data["status"]),
            severity=Severity(data["severity"]),
            expected=data["expected"],
            actual=data["actual"],
            evidence=tuple(data["evidence"]),
            caveats=tuple(data["caveats"]),
            remedy=data["remedy"],
            code=Code(data["code"]) if data["code"] else None,
            underlying=Status(data["underlying"]) if data["underlying"] else None,
            parts=tuple(Part.from_data(part) for part in data["parts"]),
        )
