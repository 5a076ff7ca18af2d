# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a fault strikes, and when it does not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from windows_estate.winrm import Fault, Faults


def kinds(faults: Faults) -> list[str]:
    return [fault.kind for fault in faults.active]


def test_a_fault_meets_the_requests_that_it_is_about() -> None:
    faults = Faults([Fault("drop"), Fault("http_500", actions=("Create", "Delete"))])
    hits = {action: faults.on_request(action) for action in ("Create", "Command", "Send", "Receive", "Delete")}
    assert {action: fault and fault.kind for action, fault in hits.items()} == {
        "Create": "http_500",
        "Command": None,
        "Send": None,
        "Receive": "drop",
        "Delete": "http_500",
    }
    assert faults.on_execution() == ()


def test_skip_and_times_count_occasions() -> None:
    faults = Faults()
    faults.add("access_denied", skip=2, times=2)
    assert [bool(faults.on_request("Send")) for _ in range(6)] == [False, False, True, True, False, False]
    assert kinds(faults) == []


def test_after_counts_seconds() -> None:
    faults = Faults([Fault("unauthorized", after=0.05)])
    assert faults.on_request("Create") is None
    time.sleep(0.06)
    assert faults.on_request("Create") is not None


def test_an_execution_meets_all_that_is_about_executions() -> None:
    faults = Faults([Fault("slow", seconds=2), Fault("garbage", text="<html>", times=1), Fault("drop")])
    assert [fault.kind for fault in faults.on_execution()] == ["slow", "garbage"]
    assert [fault.kind for fault in faults.on_execution()] == ["slow"]


def test_removing() -> None:
    faults = Faults([Fault("slow", seconds=1), Fault("slow", seconds=2), Fault("refuse")])
    assert faults.refused
    faults.remove(Fault("slow", seconds=1))
    assert kinds(faults) == ["slow", "refuse"]
    faults.remove("refuse")
    assert not faults.refused
    faults.clear()
    assert kinds(faults) == []


def test_listeners_hear_of_changes_until_they_leave() -> None:
    faults = Faults()
    heard: list[list[str]] = []
    leave = faults.subscribe(lambda: heard.append(kinds(faults)))
    faults.add("refuse")
    faults.remove("refuse")
    leave()
    faults.add("refuse")
    assert heard == [["refuse"], []]


def test_from_json_and_back() -> None:
    faults = Faults([Fault.from_json("refuse"), Fault.from_json({"kind": "drop", "actions": ["Send"], "times": 1})])
    assert [Fault.from_json(fault) for fault in faults.to_json()] == list(faults.active)
    assert faults.active[1] == Fault("drop", actions=("Send",), times=1)


@pytest.mark.parametrize(
    "data",
    ["explode", {}, {"kind": "slow", "minutes": 1}, 3, {"kind": "refuse", "times": 1}, {"kind": "slow", "actions": ["Send"]}],
)
def test_what_is_no_fault(data: Any) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault.from_json(data)
