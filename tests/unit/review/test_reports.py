# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a report makes of stored results."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from acting import act
from reviewing import DISABLED, Host

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.markdown import escape
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import StoredResult, load_all

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
MONTH = timedelta(days=30)


def _result(run_id: str, area: str, days_ago: int) -> StoredResult:
    finding = Finding(None, area, "cl01", Status.COMPLIANT, Severity.LOW, "as declared", "as declared")
    return StoredResult(run_id, "cl01", NOW - timedelta(days=days_ago), "verify", (area,), (finding,))


def test_an_old_area_is_old_although_another_one_is_new() -> None:
    """Results of several runs are put together under the newest time: an area that was judged 200 days ago counts as fresh as soon as any
    other area of the host is judged."""
    fleet = survey([_result("a", "firewall_exception", 200), _result("b", "remote_assistance_policy", 0)], ["cl01"], NOW, MONTH)
    assert fleet.old


def test_addresses_do_not_become_links() -> None:
    """GitHub and others make links of bare addresses and of @names; text from a host may not make any."""
    shown = escape("go to https://evil.example/login or www.evil.example or ask @admins")
    assert "https://" not in shown
    assert "www." not in shown


def test_a_rollback_is_no_area_of_the_baseline(tmp_path: object) -> None:
    """A rollback's result is filed under an area "rollback" with findings of its own. No later run judges that area, so its row,
    its changes and its age stay in every report."""
    host = Host(rsop=[])
    common = {"results": str(tmp_path)}
    act("remote_assistance_policy", {**DISABLED, **common, "run_id": "one"}, host)
    act("rollback", common, host)
    act("remote_assistance_policy", {**DISABLED, **common, "run_id": "two"}, host)
    results, unreadable = load_all([tmp_path])  # type: ignore[list-item]
    assert not unreadable
    fleet = survey(results, ["cl01"], datetime.now(timezone.utc), MONTH)
    assert list(fleet.counts["cl01"]) == ["remote_assistance_policy"]
