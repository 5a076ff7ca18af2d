# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings, changes and stored results, from the few words that a test cares about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import StoredResult

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)

# What breaks tables, makes markup, moves cursors, or is run by templates.
NASTY = (
    "a|b||c",
    "`code` ``",
    "<script>alert(1)</script><img src=x onerror=y>",
    "&lt;b&gt; &amp; &#42;",
    "one\ntwo\r\n\r\n# three\n- four\n| five |",
    "\x1b[31mred\x1b[0m\x1b]8;;https://x\x07link\x9b2J",
    "{{ lookup('pipe', 'id') }} {% raw %}",
    "**bold** _under_ ~~gone~~ [text](https://x) ![image](y) <https://x>",
    "\\| \\\\| \\",
    "\u202egnp.exe\u2066",
    "[ref]: https://x",
    "$x$ `a|b`",
)


def finding(status: Status = Status.DRIFT, control: str | None = "A-1", area: str = "area", subject: str = "CL01", **more: Any) -> Finding:
    fields: dict[str, Any] = {"severity": Severity.MEDIUM, "expected": "right", "actual": "wrong", "title": f"Title of {control}", **more}
    return Finding(control=control, area=area, subject=subject, status=status, **fields)


def change(area: str = "area", **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "area": area,
        "controls": [],
        "setting": "value",
        "place": "p",
        "item": None,
        "note": None,
        "before": "1",
        "after": "2",
    }
    return {**plain, "state": "made", "message": None, **more}


def result(*findings: Finding, subject: str = "CL01", areas: Sequence[str] = ("area",), **more: Any) -> StoredResult:
    fields: dict[str, Any] = {"run_id": "run-1", "time": NOW, "action": "verify", **more}
    return StoredResult(subject=subject, areas=tuple(areas), findings=findings, **fields)
