# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall as somebody sees it who has to rely on it: false assurance, sentences that do not help, text that the host chose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas import firewall_exception_options, remote_assistance_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.firewall_guard import doing
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import switched_rule_change
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import switch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import AREA_WORDS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState, Interface
from ansible_collections.configmgr.hardening.tests.unit.settings.firewall_hosts import (
    CONSOLES,
    CONTROL,
    LAN,
    Rules,
    asked,
    host,
    judged,
    lined_up,
    rule,
    states,
)

BACKUP = Interface(
    "{33333333-3333-3333-3333-333333333333}", "backup", "lan", "domain", ("10.30.0.3/24",), ("10.30.0.1",), ("10.1.0.10",), (), ()
)
PROGRAM = CONTROL.partition("Svc=")[0]
REMOTE_CONTROL = {"service": "remote_control", "from": [CONSOLES]}
OFF: dict[Any, Any] = {profile: {"EnableFirewall": 0} for profile in ("domain", "private", "public")}
OPEN: dict[Any, Any] = {profile: {"EnableFirewall": 1, "DefaultInboundAction": 0} for profile in ("domain", "private", "public")}


class Ran:
    """Verdicts by kind, and what would be written."""

    def __init__(self, state: FirewallState, *exceptions: dict[str, Any], baseline: bool = False, **options: Any) -> None:
        self.asked = asked({"firewall_exception": {"exceptions": list(exceptions), **options}}, whole_host=baseline)
        self.verdicts = judged(state, self.asked)
        self.differences = lined_up(self.verdicts)
        self.after = [state, *states(state, self.differences)][-1]

    def on(self, kind: str, label: str) -> Assessment:
        (found,) = [each for requirement, each in self.verdicts if (requirement.setting.kind, requirement.object) == (kind, label)]
        return found

    @property
    def said(self) -> list[str]:
        return [difference.describe() for difference in self.differences]

    def again(self) -> list[str]:
        return [difference.describe() for difference in lined_up(judged(self.after, self.asked))]


# ------------------------------------------------------------------ sentences that say what to do


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        (replace(host(), service_running=False), "Start the service MpsSvc, and judge again who gets in."),
        (
            host(profiles=OFF),
            "Turn the firewall on for the profile domain (profiles_on). Turn the firewall on for the profile private (profiles_on)."
            " Turn the firewall on for the profile public (profiles_on).",
        ),
        (
            host(profiles=OPEN),
            "Block what no rule admits on the profile domain (profiles_on). Block what no rule admits on the profile private (profiles_on)."
            " Block what no rule admits on the profile public (profiles_on).",
        ),
    ],
)
def test_where_a_switch_lets_everybody_in_the_switch_is_what_has_to_be_changed(state: FirewallState, remedy: str) -> None:
    ran = Ran(state, REMOTE_CONTROL, {"service": "ssh", "state": "absent"}, exclusive=True)
    for kind, label in (
        ("firewall_exclusive", "remote_control"),
        ("firewall_absence", "ssh"),
        ("firewall_not_from_outside", "remote_desktop"),
        ("firewall_listening", "vnc"),
    ):
        assert ran.on(kind, label).status is Status.DRIFT
        assert ran.on(kind, label).remedy == remedy


def test_where_a_rule_does_as_well_both_are_named() -> None:
    state = host({"Wide": rule("Protocol=6|LPort=2701|")}, profiles={"domain": {"EnableFirewall": 0}})
    remedy = Ran(state, REMOTE_CONTROL, exclusive=True).on("firewall_exclusive", "remote_control").remedy
    assert remedy == (
        "Turn the firewall on for the profile domain (profiles_on). Narrow or disable the rules that let them in; the module baseline"
        " does it, as it knows what else is declared."
    )


# ------------------------------------------------------------------ rules for services that have no SID


def test_the_rule_for_a_named_service_with_a_program_of_its_own_does_not_hang_on_the_services_sid() -> None:
    ran = Ran(host(), REMOTE_CONTROL, {"service": "ssh", "from": [CONSOLES]}, {"service": "remote_desktop", "from": [CONSOLES]})
    notes = {str(difference.item).rpartition("Firewall-")[2]: difference.note or "" for difference in ran.differences}
    assert notes["remote_control-1"].endswith("program %windir%\\CCM\\RemCtrl\\CmRcService.exe")
    assert notes["ssh-1"].endswith("program %SystemRoot%\\System32\\OpenSSH\\sshd.exe")
    # What is hosted together with others is told apart by the service alone, and Windows' own rules name it.
    assert notes["remote_desktop-1"].endswith("program %SystemRoot%\\system32\\svchost.exe, service TermService")
    assert ran.again() == []


def test_an_operators_own_service_is_named_in_the_rule_as_it_was_declared() -> None:
    agent = {"name": "agent", "protocol": "tcp", "ports": [5666], "program": "C:\\a.exe", "windows_service": "agent", "from": [CONSOLES]}
    (difference,) = Ran(host(), agent).differences
    assert (difference.note or "").endswith("program C:\\a.exe, service agent")


def test_that_a_rule_for_a_service_has_an_effect_is_a_caveat() -> None:
    told = "the local rule 'A rule' (Console) is for the service CmRcService, and has no effect where that was installed without a SID"
    found = Ran(host({"Console": rule(f"Protocol=6|LPort=2701|{CONTROL}")}), REMOTE_CONTROL).on("firewall_exception", "remote_control")
    assert found.status is Status.COMPLIANT
    assert [caveat for caveat in found.caveats if caveat.startswith(told)]
    assert (
        Ran(host({"Console": rule(f"Protocol=6|LPort=2701|{PROGRAM}")}), REMOTE_CONTROL).on("firewall_exception", "remote_control").caveats
        == ()
    )


def test_an_own_rule_that_hung_on_the_service_is_brought_in_line() -> None:
    own = {
        "ConfigMgrHardening-Firewall-remote_control-1": rule(
            f"Protocol=6|Profile=Domain|LPort=2701|RA4={CONSOLES}|{CONTROL}EmbedCtxt=configmgr.hardening|"
        )
    }
    ran = Ran(host(own), REMOTE_CONTROL)
    (difference,) = ran.differences
    (write,) = difference.writes
    assert (write.fields["name"], write.fields["parameters"]["Service"]) == ("Set-NetFirewallRule", "Any")
    assert ran.again() == []


# ------------------------------------------------------------------ profiles that no interface is on


@pytest.mark.parametrize("narrowed", [{"local_addresses": ["10.1.2.3"]}, {"interfaces": ["lan"]}])
def test_an_exception_for_some_interfaces_is_judged_there_on_profiles_that_no_interface_is_on(narrowed: dict[str, Any]) -> None:
    declared = {**REMOTE_CONTROL, "profiles": ["domain", "private"], **narrowed}
    on_domain = {"Console": rule(f"Protocol=6|Profile=Domain|LPort=2701|RA4={CONSOLES}|")}
    ran = Ran(host(on_domain, interfaces=(LAN, BACKUP)), declared)
    found = ran.on("firewall_exception", "remote_control")
    assert found.status is Status.DRIFT
    assert found.actual == f"TCP 2701 at lan (if it were on private) does not admit {CONSOLES}: no rule admits them"
    assert ran.said == ["firewall rules: + ConfigMgrHardening-Firewall-remote_control-1"]
    assert ran.again() == []
    assert Ran(ran.after, declared).on("firewall_exception", "remote_control").status is Status.COMPLIANT


def test_nothing_is_imagined_of_a_profile_that_another_interface_is_on() -> None:
    interfaces = (LAN, replace(BACKUP, profile="private"))
    declared = {**REMOTE_CONTROL, "profiles": ["domain", "private"], "interfaces": ["lan"]}
    on_domain = {"Console": rule(f"Protocol=6|Profile=Domain|LPort=2701|RA4={CONSOLES}|")}
    assert Ran(host(on_domain, interfaces=interfaces), declared).on("firewall_exception", "remote_control").status is Status.COMPLIANT


def test_what_is_absent_at_some_interfaces_is_absent_there_on_other_networks_as_well() -> None:
    profiles: tuple[Profile, ...] = ("private", "public")
    wide = {"Wide": rule("Protocol=6|Profile=Public|LPort=2701|")}
    declared = {"service": "remote_control", "state": "absent", "interfaces": ["lan"], "profiles": list(profiles)}
    found = Ran(host(wide, interfaces=(LAN, BACKUP)), declared).on("firewall_absence", "remote_control")
    assert found.status is Status.DRIFT
    assert "TCP 2701 at lan (if it were on public) admits any address by the local rule 'A rule' (Wide)" in found.actual


@pytest.mark.parametrize("bound", [f"IF={BACKUP.guid}|", "IFType=RemoteAccess|"])
def test_a_wide_rule_for_an_interface_that_no_network_is_told_of_is_seen(bound: str) -> None:
    """Every profile is in use by another interface, so that no imagined one shows what the rule admits."""
    used = tuple(replace(LAN, alias=profile, profile=profile) for profile in ("domain", "private", "public"))
    state = host(
        {"Wide": rule(f"Protocol=6|LPort=2701|LPort=3389|{bound}")},
        interfaces=(*used, replace(BACKUP, profile=None, type="remote_access")),
    )
    for kind, label in (("firewall_exclusive", "remote_control"), ("firewall_not_from_outside", "remote_desktop")):
        found = Ran(state, REMOTE_CONTROL, exclusive=True).on(kind, label)
        assert found.status is Status.DRIFT
        assert "backup (if it were on public) admits any address by the local rule 'A rule' (Wide)" in found.actual
    ran = Ran(state, REMOTE_CONTROL, exclusive=True, baseline=True)
    assert "firewall rule Wide: enabled -> disabled" in ran.said
    assert ran.again() == []


# ------------------------------------------------------------------ ids that only look like ours


def disguised(name: str) -> Rules:
    return {
        "ConfigMgrHardening-Firewall-remote_control-1": rule(f"Protocol=6|Profile=Domain|LPort=2701|RA4={CONSOLES}|{PROGRAM}"),
        name: rule("Protocol=6|LPort=2701|EmbedCtxt=configmgr.hardening|"),
    }


def test_the_words_of_the_areas_are_known() -> None:
    assert set(AREA_WORDS) == {firewall_exception_options.AREA_WORD, remote_assistance_firewall.AREA_WORD}


@pytest.mark.parametrize("name", ["ConfigMgrHardening-Trust-me-1", "ConfigMgrHardening-", "configmgrhardening-firewallx-1"])
@pytest.mark.parametrize("baseline", [False, True])
def test_a_wide_rule_is_not_declared_because_of_what_its_id_begins_with(name: str, baseline: bool) -> None:
    ran = Ran(host(disguised(name)), REMOTE_CONTROL, exclusive=True, baseline=baseline)
    found = ran.on("firewall_exclusive", "remote_control")
    assert found.status is Status.DRIFT
    assert name in found.actual
    assert ran.said == ([f"firewall rules: - {name}"] if baseline else [])
    assert ran.again() == []


def test_a_rule_of_an_area_that_is_not_part_of_the_run_counts_only_where_others_may_have_declared_it() -> None:
    state = host(disguised("ConfigMgrHardening-RemoteAssistance-remote_assistance_offer-1"))
    assert Ran(state, REMOTE_CONTROL, exclusive=True).on("firewall_exclusive", "remote_control").status is Status.COMPLIANT
    ran = Ran(state, REMOTE_CONTROL, exclusive=True, baseline=True)
    assert ran.on("firewall_exclusive", "remote_control").status is Status.DRIFT
    assert ran.again() == []


# ------------------------------------------------------------------ text that the host chose


def test_ids_and_names_of_rules_are_said_in_one_line() -> None:
    name = "x\x1b[31m\nfatal: [CL01]: \u202eFAILED!"
    state = host({name: rule("Protocol=6|LPort=2701|").replace("Name=A rule", "Name=\x1b]0;y\nz")})
    difference = switched_rule_change(name, state, enabled=False)
    assert difference is not None
    for text in (difference.describe(), difference.note or "", doing(switch(name, enabled=False))):
        assert text.isprintable(), repr(text)
