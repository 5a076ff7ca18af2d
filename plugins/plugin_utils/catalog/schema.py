# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a control may say, and its form as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Control, Evidence, Reference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import HardeningError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity

SUBJECTS = ("client", "server", "domain", "site", "site_system", "admin_workstation", "network", "organization")
"""What a control can apply to. C(domain) stands for the directory and for settings that its Group Policy carries."""

ATTESTED_AREA = "organization"
"""The area of controls that no module judges, because only people can vouch for them."""

AREAS = (
    "audit_trail",
    "client_push_account",
    "client_push_site",
    "client_push_target",
    "firewall_exception",
    "pxe_interface_binding",
    "remote_assistance_policy",
    "remote_control_policy",
    "remote_session_policy",
    "site_security",
    "state_migration_retention",
    ATTESTED_AREA,
)

CONTROL_ID = re.compile(r"\d{3}-\d{2}[a-z]?")

REFERENCE_ID = {
    "configmgr_docs": re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)+|[A-Z][A-Za-z]+-CM[A-Za-z]+"),
    "windows_docs": re.compile(r"\S.*\S"),
    "prevent": re.compile(r"PREVENT-\d+"),
    "cis": re.compile(r"\d+(\.\d+)+"),
    "stig": re.compile(r"V-\d+|[A-Z0-9]+-[A-Z0-9]{2}-\d{6}"),
}
"""The kinds of references and the form of their ids. C(configmgr_docs) takes a page's path or a cmdlet's name."""

LONGEST_TEXT = 300
"""Characters that a title, a reason or a note may have, so that a report's table stays readable."""


class CatalogError(HardeningError):
    """The catalogue's source is wrong; C(sentences) name file, control and field."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(self.sentences))


def to_data(control: Control) -> dict[str, Any]:
    """Plain values for JSON; what a control does not have is left out."""
    data: dict[str, Any] = {
        "id": control.id,
        "title": control.title,
        "why": control.why,
        "guidance": control.guidance,
        "heading": control.heading,
        "applies_to": list(control.applies_to),
        "evidence": control.evidence.value,
        "area": control.area,
        "severity": control.severity.value,
    }
    if control.references:
        data["references"] = [_reference_data(reference) for reference in control.references]
    if control.evidence_note is not None:
        data["evidence_note"] = control.evidence_note
    if control.deviation is not None:
        data["deviation"] = control.deviation
    return data


def from_data(data: Mapping[str, Any]) -> Control:
    """The inverse of to_data; a missing field is a KeyError, an unknown word of an enumeration a ValueError."""
    return Control(
        id=data["id"],
        title=data["title"],
        why=data["why"],
        guidance=data["guidance"],
        heading=data["heading"],
        applies_to=tuple(data["applies_to"]),
        evidence=Evidence(data["evidence"]),
        area=data["area"],
        severity=Severity(data["severity"]),
        references=tuple(Reference(item["kind"], item["id"], item.get("url")) for item in data.get("references", ())),
        evidence_note=data.get("evidence_note"),
        deviation=data.get("deviation"),
    )


def _reference_data(reference: Reference) -> dict[str, str]:
    data = {"kind": reference.kind, "id": reference.id}
    return data if reference.url is None else {**data, "url": reference.url}
