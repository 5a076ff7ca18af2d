# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall's profiles and its service."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_profile import (
    FirewallProfile,
    FirewallService,
    ProfileWanted,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState
from ansible_collections.configmgr.hardening.tests.unit.settings.firewall_hosts import host, states

ON = ProfileWanted()


def assess(state: FirewallState, wanted: ProfileWanted = ON) -> Assessment:
    return FirewallProfile("domain").assess(Observation(value=Reach(Firewall(state))), wanted)


def local(**options: Any) -> FirewallState:
    return host(profiles={"domain": options})


def policy(**options: Any) -> FirewallState:
    return host(policy_profiles={"domain": options})


@pytest.mark.parametrize("state", [host(), local(EnableFirewall=1, DefaultInboundAction=1), policy(EnableFirewall=1)])
def test_on_is_on(state: FirewallState) -> None:
    assert assess(state).status is Status.COMPLIANT


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("EnableFirewall", 0, "firewall: off -> on"),
        ("DefaultInboundAction", 0, "inbound connections that no rule admits: allowed -> blocked"),
    ],
)
def test_what_is_off_is_turned_on(option: str, value: int, said: str) -> None:
    state = local(**{option: value})
    found = assess(state)
    assert found.status is Status.DRIFT
    (difference,) = found.differences
    assert difference.describe() == f"firewall profile domain: {said}"
    assert difference.restore == ({"kind": "firewall_profile", "profile": "domain", "option": option, "before": value},)
    assert assess(states(state, found.differences)[-1]).status is Status.COMPLIANT


@pytest.mark.parametrize(
    ("options", "wanted", "status"),
    [
        ({"LogDroppedPackets": 1}, ProfileWanted(log_dropped=True), Status.COMPLIANT),
        ({}, ProfileWanted(log_dropped=True), Status.DRIFT),
        ({}, ProfileWanted(log_dropped=False), Status.COMPLIANT),
        ({"LogSuccessfulConnections": 1}, ProfileWanted(log_successful=False), Status.DRIFT),
        ({"LogFileSize": 16384}, ProfileWanted(log_size_kb=16384), Status.COMPLIANT),
        ({"LogFileSize": 32767}, ProfileWanted(log_size_kb=16384), Status.COMPLIANT),
        ({}, ProfileWanted(log_size_kb=1024), Status.COMPLIANT),
        ({}, ProfileWanted(log_size_kb=16384), Status.DRIFT),
    ],
)
def test_the_log_is_judged_where_it_is_given(options: dict[str, int], wanted: ProfileWanted, status: Status) -> None:
    state = local(**options)
    found = assess(state, wanted)
    assert found.status is status
    if status is Status.DRIFT:
        assert assess(states(state, found.differences)[-1], wanted).status is Status.COMPLIANT


@pytest.mark.parametrize(
    ("options", "wanted", "words"),
    [
        ({"EnableFirewall": 0}, ON, ["off (Group Policy)", "Domain Profile: set Firewall state to On"]),
        ({"DefaultInboundAction": 0}, ON, ["allowed (Group Policy)", "set Inbound connections to Block (default)"]),
        ({"LogDroppedPackets": 1}, ProfileWanted(log_dropped=False), ["log of dropped packets to No"]),
        ({"LogFileSize": 100}, ProfileWanted(log_size_kb=16384), ["100 KB (Group Policy)", "16384"]),
    ],
)
def test_what_group_policy_decides_is_a_conflict(options: dict[str, int], wanted: ProfileWanted, words: list[str]) -> None:
    found = assess(policy(**options), wanted)
    assert found.status is Status.CONFLICT
    assert found.differences == ()
    assert all(word in f"{found.actual} {found.remedy}" for word in words)


def test_what_group_policy_does_not_decide_is_mended_all_the_same() -> None:
    state = host(profiles={"domain": {"DefaultInboundAction": 0}}, policy_profiles={"domain": {"EnableFirewall": 0}})
    found = assess(state)
    assert found.status is Status.CONFLICT
    assert [difference.label for difference in found.differences] == ["firewall profile domain: inbound connections that no rule admits"]


def test_nothing_is_written_while_the_service_does_not_run() -> None:
    found = assess(host(profiles={"domain": {"EnableFirewall": 0}}, service_running=False))
    assert found.status is Status.DRIFT
    assert found.differences == ()


@pytest.mark.parametrize(
    ("running", "status", "code"),
    [(True, Status.COMPLIANT, None), (False, Status.DRIFT, None), (None, Status.INDETERMINATE, Code.FIREWALL_IN_DOUBT)],
)
def test_the_service(running: bool | None, status: Status, code: Code | None) -> None:
    found = FirewallService().assess(Observation(value=Reach(Firewall(host(service_running=running)))), None)
    assert (found.status, found.code) == (status, code)
    assert found.differences == ()


def test_the_evidence_names_the_store_that_decides() -> None:
    reach = Reach(Firewall(host(profiles={"domain": {"EnableFirewall": 0}}, policy_profiles={"domain": {"LogFileSize": 100}})))
    lines = list(FirewallProfile("domain").evidence(reach))
    assert "profile domain: EnableFirewall = 0 (local store)" in lines
    assert "profile domain: LogFileSize = 100 (Group Policy store)" in lines
    assert "profile domain: LogDroppedPackets = 0 (default)" in lines
