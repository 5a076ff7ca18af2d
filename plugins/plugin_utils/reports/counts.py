# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings -> how many controls have each status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status, worst_status


def control_statuses(findings: Iterable[Finding]) -> dict[tuple[str, str, str], Status]:
    """The status of each control by area, subject and id: the worst of its findings. What has no control counts by its object."""
    groups: dict[tuple[str, str, str], list[Status]] = {}
    for finding in findings:
        groups.setdefault((finding.area, finding.subject, finding.control or f"-{finding.object or ''}"), []).append(finding.status)
    return {key: worst_status(statuses) for key, statuses in groups.items()}


def count(findings: Iterable[Finding]) -> dict[str, int]:
    """How many controls have each status; every status is there, the worst first."""
    statuses = list(control_statuses(findings).values())
    return {status.value: statuses.count(status) for status in Status}


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of several counts."""
    every = list(counts)
    return {status.value: sum(one.get(status.value, 0) for one in every) for status in Status}
