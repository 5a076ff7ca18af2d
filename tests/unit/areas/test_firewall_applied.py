# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tables want planned, applied to simulated hosts: it is made as it was planned, it mends what it should, and once is enough."""

from __future__ import annotations

import re
from typing import Any

import pytest
from described_firewall import LOCAL_KEY
from firewall_check import Host, Run, chosen, told, worst
from firewall_table import OWN, planned
from test_firewall_situations import CASES, Case

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError

MENDING = [case for case in CASES if not case.situation.refused and any(not wish.optional for wish in case.task.changes or ())]

# What stays a drift although all that could be written was.
REMAINS = (
    "no interface",
    "the declared interface is on another profile",
    "the firewall is off",
    "all that lets the controller in",
    "where the controller is not",
)


def outcome(host: Host, case: Case, *, check: bool) -> Run:
    areas = {case.area: case.situation.options, **(dict(case.situation.others) if case.everything else {})}
    came = host.run(areas, everything=case.everything, check=check)
    if isinstance(came, OptionError):
        raise came
    return came


@pytest.mark.parametrize("case", MENDING, ids=str)
def test_applied(case: Case) -> None:
    host = Host(case.situation.state)
    before = outcome(host, case, check=True)
    made = outcome(host, case, check=False)
    after = outcome(host, case, check=True)
    assert not [change.message for change in made.changes if change.state.value == "failed"]
    assert sorted(map(str, planned(made.operations("made")))) == sorted(map(str, planned(before.operations())))
    assert len(made.requests) == 2
    assert planned(after.operations()) == [], "applying once was not enough"
    assert [finding for finding in after.findings if finding.status.value == "error"] == []
    # The verdict that apply gives is the one that stands afterwards.
    assert [(*finding.key, finding.status) for finding in made.findings] == [(*finding.key, finding.status) for finding in after.findings]
    if not any(words in case.situation.name for words in REMAINS) and not case.task.refuses:
        others = {wanted.what for wanted in case.task.expected}
        for wanted in case.task.expected or case.situation.alone.expected:
            # The single task leaves to the baseline what is only wider than declared.
            if wanted.what.startswith("exception ") and set(wanted.statuses) & {"drift"} and (case.everything or not wanted.exclusive):
                now = chosen(after.findings, wanted, others)
                assert worst(now) == "compliant", told(now)


@pytest.mark.parametrize("case", MENDING, ids=str)
def test_nobody_elses_rule_is_changed_but_for_its_switch(case: Case) -> None:
    host = Host(case.situation.state)
    key = LOCAL_KEY + "\\FirewallRules"
    none: dict[str, Any] = {"values": {}}
    before = {name: value["data"] for name, value in host.firewall_keys().get(key, none)["values"].items()}
    outcome(host, case, check=False)
    after = {name: value["data"] for name, value in host.firewall_keys().get(key, none)["values"].items()}
    for name, text in before.items():
        if not OWN.fullmatch(name):
            assert after[name].replace("Active=TRUE", "Active=FALSE") == text.replace("Active=TRUE", "Active=FALSE")
    assert all(OWN.fullmatch(name) for name in after.keys() - before.keys())
    assert all(OWN.fullmatch(name) for name in before.keys() - after.keys())


@pytest.mark.parametrize("case", MENDING, ids=str)
def test_rolled_back(case: Case) -> None:
    host = Host(case.situation.state)
    before = without_versions(host)
    outcome(host, case, check=False)
    rolled = host.roll_back()
    assert not [change.message for change in rolled.changes if change.state.value != "made"]
    assert without_versions(host) == before


def without_versions(host: Host) -> dict[str, dict[str, str]]:
    """The firewall's values; Windows writes a rule anew in the version of its own."""
    return {
        key: {name: re.sub(r"^v\d+\.\d+\|", "", str(value["data"])) for name, value in content["values"].items()}
        for key, content in host.firewall_keys().items()
    }
