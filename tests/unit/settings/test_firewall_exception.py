# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exceptions of the firewall: what is wrong with a host, what would be written, and that this is all that ever will be."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import OpenException
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState
from ansible_collections.configmgr.hardening.tests.unit.settings.firewall_generators import some_areas, some_host
from ansible_collections.configmgr.hardening.tests.unit.settings.firewall_hosts import (
    CONSOLES,
    CONTROL,
    DESKTOP,
    LAN,
    asked,
    host,
    judged,
    lined_up,
    rule,
    states,
)

OWN = "ConfigMgrHardening-Firewall-remote_control-1"
PROGRAM = CONTROL.partition("Svc=")[0]
OWN_RULE = rule(f"Protocol=6|Profile=Domain|LPort=2701|RA4={CONSOLES}|{PROGRAM}EmbedCtxt=configmgr.hardening|")
HAND = rule(f"Protocol=6|Profile=Domain|LPort=2701|RA4={CONSOLES}|")
WIDE = rule("Protocol=6|LPort=2701|")
BLOCK = rule("Protocol=6|LPort=2701|", action="Block")
RDP = {
    "RemoteDesktop-UserMode-In-TCP": rule(f"Protocol=6|LPort=3389|{DESKTOP}EmbedCtxt=@FirewallAPI.dll,-28752|"),
    "RemoteDesktop-UserMode-In-UDP": rule(f"Protocol=17|LPort=3389|{DESKTOP}EmbedCtxt=@FirewallAPI.dll,-28752|"),
}
REMOTE_CONTROL = {"service": "remote_control", "from": [CONSOLES]}
EDITOR = "Windows Defender Firewall with Advanced Security"


class Ran:
    """Verdicts by kind and object, and what would be written."""

    def __init__(self, state: FirewallState, *exceptions: dict[str, Any], baseline: bool = False, **options: Any) -> None:
        areas = {"firewall_exception": {"exceptions": list(exceptions), **options}}
        self.requirements = asked(areas, whole_host=baseline)
        self.verdicts = judged(state, self.requirements)
        self.differences = lined_up(self.verdicts)
        self.after = [state, *states(state, self.differences)][-1]

    def on(self, label: str, kind: str = "firewall_exception") -> Assessment:
        (found,) = [a for requirement, a in self.verdicts if (requirement.setting.kind, requirement.object) == (kind, label)]
        return found

    @property
    def said(self) -> list[str]:
        return [difference.describe() for difference in self.differences]

    def again(self) -> list[Difference]:
        return lined_up(judged(self.after, self.requirements))


def test_nothing_admits_and_a_rule_is_put_up() -> None:
    ran = Ran(host(), REMOTE_CONTROL)
    verdict = ran.on("remote_control")
    assert verdict.status is Status.DRIFT
    assert verdict.actual == f"TCP 2701 at lan (domain) does not admit {CONSOLES}: no rule admits them"
    assert ran.said == [f"firewall rules: + {OWN}"]
    (difference,) = ran.differences
    assert difference.restore == ({"kind": "firewall_rule", "id": OWN, "before": None},)
    assert difference.note == f"allow TCP 2701 from {CONSOLES} on domain, program %windir%\\CCM\\RemCtrl\\CmRcService.exe"
    assert ran.again() == []
    assert Ran(ran.after, REMOTE_CONTROL).on("remote_control").status is Status.COMPLIANT


@pytest.mark.parametrize("rules", [{OWN: OWN_RULE}, {"Console": HAND}, {"Open": WIDE}])
def test_they_get_in_by_whatever_rule(rules: dict[str, str]) -> None:
    ran = Ran(host(rules), REMOTE_CONTROL)
    assert ran.on("remote_control").status is Status.COMPLIANT
    assert next(iter(rules)) in ran.on("remote_control").actual
    assert ran.differences == []


def test_an_own_rule_that_says_something_else_is_brought_in_line() -> None:
    ran = Ran(host({OWN: OWN_RULE.replace(CONSOLES, "10.1.0.0/16")}), REMOTE_CONTROL)
    assert ran.on("remote_control").status is Status.DRIFT
    (difference,) = ran.differences
    assert difference.before.startswith("allow TCP 2701 from 10.1.0.0/16 on domain")
    assert difference.after.startswith(f"allow TCP 2701 from {CONSOLES} on domain")
    assert difference.restore[0]["before"].startswith("v2.30|Action=Allow|")
    assert ran.again() == []


def test_what_an_own_rule_carried_by_the_way_gets_a_rule_of_its_own_first() -> None:
    """An own rule that was too wide is narrowed, and another exception had lived on it."""
    wide = OWN_RULE.replace(f"RA4={CONSOLES}|", "").replace(PROGRAM, "").replace("LPort=2701", "LPort=2701|LPort=9000")
    other = {"name": "app", "protocol": "tcp", "ports": [9000], "program": "C:\\app.exe", "from": ["10.9.0.1"]}
    ran = Ran(host({OWN: wide}), REMOTE_CONTROL, other)
    assert ran.on("app").status is Status.COMPLIANT
    assert [difference.key for difference in ran.differences] == [
        "firewall_rule:configmgrhardening-firewall-app-1",
        f"firewall_rule:{OWN.casefold()}",
    ]
    assert ran.again() == []


def test_windows_own_rule_is_enabled_where_it_grants_just_that() -> None:
    rules = {name: text.replace("Active=TRUE", "Active=FALSE") for name, text in RDP.items()}
    ran = Ran(host(rules), {"service": "remote_desktop", "from": ["any"], "profiles": ["domain", "private", "public"]})
    assert sorted(ran.said) == [f"firewall rule {name}: disabled -> enabled" for name in sorted(RDP)]
    assert ran.again() == []


@pytest.mark.parametrize(
    ("exception", "change"),
    [
        ({"from": [CONSOLES], "profiles": ["domain", "private", "public"]}, ""),
        ({"from": ["any"]}, ""),
        ({"from": ["any"], "profiles": ["domain", "private", "public"]}, "Edge=TRUE|"),
        ({"from": ["any"], "profiles": ["domain", "private", "public"]}, "RPort=4000|"),
        ({"from": ["any"], "profiles": ["domain", "private", "public"]}, "IF={11111111-1111-1111-1111-111111111111}|"),
    ],
)
def test_windows_own_rule_is_left_off_where_it_grants_more_or_less(exception: dict[str, Any], change: str) -> None:
    rules = {name: text.replace("Active=TRUE", "Active=FALSE") + change for name, text in RDP.items()}
    ran = Ran(host(rules), {"service": "remote_desktop", **exception})
    assert sorted(ran.said) == [f"firewall rules: + ConfigMgrHardening-Firewall-remote_desktop-{number}" for number in (1, 2)]


def test_a_rule_somebody_else_blocks_with_is_reported_and_stays() -> None:
    ran = Ran(host({"Console": HAND, "Stop": BLOCK}), REMOTE_CONTROL)
    verdict = ran.on("remote_control")
    assert verdict.status is Status.DRIFT
    assert "blocked by the local rule 'A rule' (Stop)" in verdict.actual
    assert verdict.remedy is not None
    assert "'A rule' (Stop)" in verdict.remedy
    assert ran.differences == []


def test_a_rule_is_put_up_beside_one_that_blocks_if_there_is_none() -> None:
    ran = Ran(host({"Stop": BLOCK}), REMOTE_CONTROL)
    assert ran.said == [f"firewall rules: + {OWN}"]
    assert ran.again() == []


def test_the_baseline_disables_what_blocks_if_it_is_exclusive() -> None:
    ran = Ran(host({"Console": HAND, "Stop": BLOCK}), REMOTE_CONTROL, baseline=True, exclusive=True)
    assert ran.said == ["firewall rule Stop: enabled -> disabled"]
    assert Ran(host({"Console": HAND, "Stop": BLOCK}), REMOTE_CONTROL, baseline=True).said == []


def test_what_blocks_stays_where_everybody_would_get_in_without_it() -> None:
    state = host({"Stop": BLOCK}, profiles={"domain": {"DefaultInboundAction": 0}})
    ran = Ran(state, REMOTE_CONTROL, baseline=True, exclusive=True)
    assert not any("Stop" in said for said in ran.said)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (host({OWN: OWN_RULE}, policy={"Stop": BLOCK}), ["Stop", f"{EDITOR} > Inbound Rules"]),
        (host({OWN: OWN_RULE}, mdm={"Stop": BLOCK}), ["Stop", "device management (MDM)"]),
        (
            host({OWN: OWN_RULE}, policy_profiles={"domain": {"AllowLocalPolicyMerge": 0}}),
            ["local rules are not merged", "Apply local firewall rules", "Yes", "Domain Profile"],
        ),
        (
            host({OWN: OWN_RULE}, policy_profiles={"domain": {"DoNotAllowExceptions": 1}}),
            ["all exceptions are switched off", "Block (default)", "Do not allow exceptions"],
        ),
    ],
)
def test_what_a_policy_decides_is_a_conflict(state: FirewallState, words: list[str]) -> None:
    ran = Ran(state, REMOTE_CONTROL)
    verdict = ran.on("remote_control")
    assert verdict.status is Status.CONFLICT
    for word in words:
        assert word in f"{verdict.actual} {verdict.remedy}"
    assert ran.differences == []


def test_a_rule_of_a_policy_that_admits_is_as_good() -> None:
    state = host(policy={"Console": HAND}, policy_profiles={"domain": {"AllowLocalPolicyMerge": 0}})
    assert Ran(state, REMOTE_CONTROL).on("remote_control").status is Status.COMPLIANT


def test_no_interface_is_on_the_profile() -> None:
    state = host({OWN: OWN_RULE}, interfaces=[replace(LAN, profile="public")])
    ran = Ran(state, REMOTE_CONTROL)
    assert ran.on("remote_control").status is Status.DRIFT
    assert ran.on("remote_control").actual == "no interface is on the profile domain"
    assert ran.differences == []
    missing = Ran(host(interfaces=[replace(LAN, profile="public")]), REMOTE_CONTROL)
    assert missing.said == [f"firewall rules: + {OWN}"]
    assert missing.again() == []


def test_an_interface_of_which_the_network_is_not_known() -> None:
    ran = Ran(host({OWN: OWN_RULE}, interfaces=[replace(LAN, profile=None)]), REMOTE_CONTROL)
    assert ran.on("remote_control").status is Status.INDETERMINATE
    assert ran.on("remote_control").code is Code.FIREWALL_IN_DOUBT


def test_doubt_is_told_and_ended_where_a_rule_ends_it() -> None:
    unknown = HAND.replace("|Name=", "|Strange=1|Name=")
    ran = Ran(host({"Console": unknown}), REMOTE_CONTROL)
    verdict = ran.on("remote_control")
    assert (verdict.status, verdict.code) == (Status.INDETERMINATE, Code.FIREWALL_IN_DOUBT)
    assert "a field that is not known" in verdict.actual
    assert "Console" in verdict.actual
    assert ran.said == [f"firewall rules: + {OWN}"]
    assert Ran(ran.after, REMOTE_CONTROL).on("remote_control").status is Status.COMPLIANT


def test_doubt_that_no_rule_ends() -> None:
    ran = Ran(host({OWN: OWN_RULE}, other_firewall=True), REMOTE_CONTROL)
    assert ran.on("remote_control").code is Code.FIREWALL_IN_DOUBT
    assert ran.differences == []


def test_while_the_service_does_not_run_everybody_gets_in_and_nothing_can_be_written() -> None:
    ran = Ran(host(service_running=False), REMOTE_CONTROL, profiles_on={"domain": {"log_dropped": True}})
    assert ran.on("remote_control").status is Status.COMPLIANT
    assert any("not running" in caveat for caveat in ran.on("remote_control").caveats)
    assert ran.on("firewall service", "firewall_service").status is Status.DRIFT
    assert ran.differences == []


def test_a_keyword_is_met_by_the_same_keyword_whatever_it_is() -> None:
    exception = {**REMOTE_CONTROL, "from": ["Intranet"]}
    ran = Ran(host(), exception)
    assert ran.said == [f"firewall rules: + {OWN}"]
    assert ran.again() == []
    assert Ran(ran.after, exception, exclusive=True).on("remote_control").status is Status.COMPLIANT


def test_what_is_to_be_turned_on_is_seen_as_if_it_were() -> None:
    state = host(profiles={"domain": {"EnableFirewall": 0}})
    assert Ran(state, REMOTE_CONTROL).on("remote_control").status is Status.COMPLIANT
    ran = Ran(state, REMOTE_CONTROL, profiles_on={"domain": {}})
    assert ran.on("remote_control").status is Status.DRIFT
    assert ran.said == [f"firewall rules: + {OWN}", "firewall profile domain: firewall: off -> on"]
    assert ran.again() == []


# ------------------------------------------------------------------ absent


def test_absent_disables_the_services_own_rules_and_removes_ours() -> None:
    copy = {"{0E5B0A4C-7C0E-4A8B-9F0B-0C7D6B8B8B11}": RDP["RemoteDesktop-UserMode-In-TCP"]}
    own = {"ConfigMgrHardening-Firewall-remote_desktop-1": rule(f"Protocol=6|LPort=3389|{DESKTOP}")}
    ran = Ran(host({**RDP, **copy, **own}), {"service": "remote_desktop", "state": "absent"})
    assert ran.on("remote_desktop", "firewall_absence").status is Status.DRIFT
    assert sorted(ran.said) == [
        *(f"firewall rule {name}: enabled -> disabled" for name in sorted([*RDP, *copy])),
        "firewall rules: - ConfigMgrHardening-Firewall-remote_desktop-1",
    ]
    assert ran.again() == []


def test_absent_only_reports_the_rules_of_others() -> None:
    state = host({"Mine": rule("Protocol=6|LPort=3389|")})
    ran = Ran(state, {"service": "remote_desktop", "state": "absent"})
    assert ran.on("remote_desktop", "firewall_absence").status is Status.DRIFT
    assert ran.differences == []
    assert Ran(state, {"service": "remote_desktop", "state": "absent"}, baseline=True).differences == []
    acting = Ran(state, {"service": "remote_desktop", "state": "absent"}, baseline=True, exclusive=True)
    assert acting.said == ["firewall rule Mine: enabled -> disabled"]


def test_absent_leaves_in_whom_another_exception_names() -> None:
    rules = {"FPS-SMB-In-TCP-NoScope": rule("Protocol=6|Profile=Domain|LPort=445|App=System|EmbedCtxt=@FirewallAPI.dll,-28502|")}
    absent = {"service": "smb", "state": "absent"}
    sharing = {"name": "sharing", "protocol": "tcp", "ports": [445], "program": "System", "from": ["10.1.0.10"]}
    ran = Ran(host(rules), absent, sharing)
    assert ran.on("sharing").status is Status.COMPLIANT
    assert ran.said == [
        "firewall rules: + ConfigMgrHardening-Firewall-sharing-1",
        "firewall rule FPS-SMB-In-TCP-NoScope: enabled -> disabled",
    ]
    assert ran.again() == []
    assert Ran(ran.after, absent, sharing).on("smb", "firewall_absence").status is Status.COMPLIANT


def test_absent_where_a_policy_admits_is_a_conflict() -> None:
    ran = Ran(host(policy=RDP), {"service": "remote_desktop", "state": "absent"})
    assert ran.on("remote_desktop", "firewall_absence").status is Status.CONFLICT
    assert ran.differences == []


# ------------------------------------------------------------------ exclusive


def test_exclusive_alone_reports_and_the_baseline_acts() -> None:
    state = host({"Open": WIDE})
    alone = Ran(state, REMOTE_CONTROL, exclusive=True)
    verdict = alone.on("remote_control", "firewall_exclusive")
    assert verdict.status is Status.DRIFT
    assert "any address by the local rule 'A rule' (Open)" in verdict.actual
    assert alone.differences == []
    acting = Ran(state, REMOTE_CONTROL, exclusive=True, baseline=True)
    assert acting.said == [f"firewall rules: + {OWN}", "firewall rule Open: enabled -> disabled"]
    assert acting.again() == []
    assert Ran(acting.after, REMOTE_CONTROL, exclusive=True, baseline=True).on("remote_control", "firewall_exclusive").status is (
        Status.COMPLIANT
    )


def test_what_takes_the_place_of_a_rule_stands_in_the_same_requirement() -> None:
    ran = Ran(host({"Open": WIDE}), REMOTE_CONTROL, exclusive=True, baseline=True)
    verdict = ran.on("remote_control", "firewall_exclusive")
    assert {difference.key for difference in verdict.differences} == {f"firewall_rule:{OWN.casefold()}", "firewall_rule:open"}


def test_a_rule_for_another_program_is_no_matter() -> None:
    state = host({OWN: OWN_RULE, "Other": rule("Protocol=6|LPort=2701|App=C:\\other.exe|")})
    ran = Ran(state, REMOTE_CONTROL, exclusive=True, baseline=True)
    assert ran.on("remote_control", "firewall_exclusive").status is Status.COMPLIANT
    assert ran.differences == []


def test_what_another_area_has_declared_in_a_run_of_its_own_is_declared() -> None:
    others = rule(f"Protocol=6|Profile=Domain|LPort=2701|RA4=10.9.0.0/16|{CONTROL}")
    state = host({OWN: OWN_RULE, "ConfigMgrHardening-RemoteAssistance-help-1": others})
    assert Ran(state, REMOTE_CONTROL, exclusive=True).on("remote_control", "firewall_exclusive").status is Status.COMPLIANT
    state = host({OWN: OWN_RULE, "ConfigMgrHardening-Firewall-help-1": others})
    assert Ran(state, REMOTE_CONTROL, exclusive=True).on("remote_control", "firewall_exclusive").status is Status.DRIFT


def test_peers_that_authenticate_are_told() -> None:
    state = host({OWN: OWN_RULE}, policy={"IPsec": rule("Protocol=6|LPort=2701|Security=Authenticate|", action="ByPass")})
    verdict = Ran(state, REMOTE_CONTROL, exclusive=True).on("remote_control", "firewall_exclusive")
    assert verdict.status is Status.COMPLIANT
    assert verdict.caveats == ("peers that IPsec has authenticated get in by the Group Policy rule 'A rule' (IPsec)",)


def test_a_wide_rule_of_a_policy_is_a_conflict() -> None:
    ran = Ran(host({OWN: OWN_RULE}, policy={"Open": WIDE}), REMOTE_CONTROL, exclusive=True, baseline=True)
    verdict = ran.on("remote_control", "firewall_exclusive")
    assert verdict.status is Status.CONFLICT
    assert verdict.remedy is not None
    assert "the Group Policy rule 'A rule' (Open)" in verdict.remedy
    assert ran.differences == []


@pytest.mark.parametrize(
    "state",
    [
        host({OWN: OWN_RULE}, profiles={"domain": {"EnableFirewall": 0}}),
        host({OWN: OWN_RULE}, profiles={"domain": {"DefaultInboundAction": 0}}),
        host({OWN: OWN_RULE}, service_running=False),
    ],
)
def test_a_firewall_that_lets_everybody_in_is_wider_than_declared(state: FirewallState) -> None:
    ran = Ran(state, REMOTE_CONTROL, exclusive=True, baseline=True)
    assert ran.on("remote_control").status is Status.COMPLIANT
    assert ran.on("remote_control", "firewall_exclusive").status is Status.DRIFT
    assert ran.differences == []


# ------------------------------------------------------------------ what the host shows


def test_an_interface_that_is_not_there_is_a_wrong_option() -> None:
    (requirement, *_rest) = asked({"firewall_exception": {"exceptions": [{**REMOTE_CONTROL, "interfaces": ["wan"]}]}})
    assert isinstance(requirement.setting, OpenException)
    assert requirement.setting.wrong_options(Reach(Firewall(host()))) == (
        "exceptions: interfaces of remote_control: the host has no interface 'wan'; it has lan.",
    )


def test_the_evidence_says_who_gets_in_by_what() -> None:
    (requirement, *_rest) = asked({"firewall_exception": {"exceptions": [REMOTE_CONTROL]}})
    assert isinstance(requirement.setting, OpenException)
    reach = Reach(Firewall(host({"Console": HAND})))
    assert next(iter(requirement.setting.evidence(reach))) == (
        f"TCP 2701 at lan (domain): {CONSOLES} ({CONSOLES} by the local rule 'A rule' (Console))"
    )
    assert requirement.setting.assess(Observation(value=reach), None).status is Status.COMPLIANT


# ------------------------------------------------------------------ whatever host, whatever is declared


@pytest.mark.parametrize("seed", range(60))
def test_one_apply_is_enough_and_nobody_is_cut_off_meanwhile(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 the same hosts each time
    state, areas = some_host(dice), some_areas(dice)
    try:
        requirements = asked(areas, whole_host=dice.random() < 0.6)
    except OptionError:
        return
    verdicts = judged(state, requirements)
    order = lined_up(verdicts)
    steps = states(state, order)
    after = [state, *steps][-1]
    assert [difference.describe() for difference in lined_up(judged(after, requirements))] == []
    holding = [
        requirement
        for requirement, assessment in verdicts
        if isinstance(requirement.setting, OpenException) and requirement.writable and assessment.status is Status.COMPLIANT
    ]
    for step in steps:
        for requirement, assessment in judged(step, holding):
            # An own rule of the exception itself may be on its way to what it should be.
            assert assessment.status is Status.COMPLIANT or assessment.actual.startswith("they get in"), (
                requirement.object,
                assessment.actual,
            )
