# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module client_push_site as a task: what it returns and stores, and that no password is in any of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from acting import act
from reviewing import Host
from site_reviewing import OPEN, SiteServer

from windows_estate.world.behaviours.configmgr_site import Push

PASSWORD = "Tr0ub4dor&3"
OPTIONS: dict[str, Any] = {"accounts": ["CORP\\a", "CORP\\b"], "passwords": {"CORP\\a": PASSWORD, "CORP\\b": PASSWORD}}


def task(module: str, args: dict[str, Any], server: SiteServer, **more: Any) -> dict[str, Any]:
    return act(module, args, cast(Host, server), **more)


def test_no_password_is_returned_or_stored(tmp_path: Path) -> None:
    server = SiteServer(Push(accounts=("CORP\\old",)))
    result = task("client_push_site", {**OPTIONS, "results": "results"}, server, folder=tmp_path)

    assert result["changed"] is True and result.get("failed") is not True
    assert server.site.push_accounts() == ["CORP\\a", "CORP\\b"]
    stored = "".join(file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.json"))
    assert "CORP\\\\a" in stored
    assert PASSWORD not in stored + json.dumps(result) + repr(result)


def test_no_password_is_in_what_is_said_of_wrong_options() -> None:
    server = SiteServer()
    for passwords in (PASSWORD, {"CORP\\x": PASSWORD}, {"CORP\\a": PASSWORD * 4}, {"CORP\\a": [PASSWORD]}):
        for module, args in (
            ("client_push_site", {"accounts": ["CORP\\a"], "passwords": passwords}),
            ("baseline", {"client_push_site": {"accounts": ["CORP\\a"], "passwords": passwords}}),
        ):
            result = task(module, args, server)
            assert result["failed"] is True
            assert "passwords" in result["msg"]
            assert PASSWORD not in repr(result)
    assert server.requests == []


def test_no_password_is_in_what_a_host_that_fails_leaves_behind() -> None:
    server = SiteServer(Push())
    server.between = lambda other: setattr(other.site, "down", True)
    result = task("client_push_site", OPTIONS, server)

    assert result["failed"] is True
    assert PASSWORD not in repr(result)


def test_check_mode_says_changed_and_writes_nothing() -> None:
    server = SiteServer(OPEN)
    result = task("client_push_site", {}, server, check=True)

    assert (result["changed"], result["executions"], server.calls) == (True, 1, [])
    assert task("client_push_site", {}, server)["executions"] == 2
    assert task("client_push_site", {}, server)["changed"] is False


def test_the_baseline_takes_the_area_in_the_same_execution() -> None:
    server = SiteServer(OPEN)
    areas = {
        "client_push_site": {"automatic_push": False},
        "remote_assistance_policy": {"managed_by": "this_collection", "mode": "disabled"},
    }
    result = task("baseline", areas, server, check=True)

    assert len(server.requests) == 1
    assert {finding["area"] for finding in result["findings"]} == {"client_push_site", "remote_assistance_policy"}


def test_what_the_host_shows_to_be_wrong_fails_the_task() -> None:
    server = SiteServer(OPEN)
    result = task("client_push_site", {"site_code": "X99"}, server)

    assert result["failed"] is True
    assert result["msg"] == "site_code: 'X99' is no site that CM01 knows; allowed are P01."
    assert server.calls == []
