# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is looked at whatever is declared: ports of remote access, own rules that nothing declares, and Remote Assistance's group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_standing import OUTSIDE, Listening
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import Endpoint
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState
from ansible_collections.configmgr.hardening.tests.unit.settings.firewall_hosts import (
    CONSOLES,
    DESKTOP,
    asked,
    host,
    judged,
    lined_up,
    rule,
    states,
)

VNC = (5900, 5901, 5902, 5903)
GROUP = "EmbedCtxt=@FirewallAPI.dll,-33002|"
MSRA = "App=%SystemRoot%\\system32\\msra.exe|"
SESSION = {"RemoteAssistance-In-TCP-EdgeScope-Active": rule(f"Protocol=6|Profile=Domain|Profile=Private|{MSRA}{GROUP}Edge=TRUE|Defer=App|")}
SERVER = {
    "RemoteAssistance-RAServer-In-TCP-NoScope-Active": rule(f"Protocol=6|Profile=Domain|App=%SystemRoot%\\system32\\raserver.exe|{GROUP}")
}
MAPPER = {
    "RemoteAssistance-DCOM-In-TCP-NoScope-Active": rule(
        f"Protocol=6|Profile=Domain|LPort=135|App=%SystemRoot%\\system32\\svchost.exe|Svc=rpcss|{GROUP}"
    )
}
OFFER = "ConfigMgrHardening-RemoteAssistance-remote_assistance_offer"


def verdict(
    state: FirewallState, control: str | None, what: str | None, options: Mapping[str, Any] | None = None, *, baseline: bool = False
) -> Assessment:
    """The verdict on a control for an object, or, without a control, on an object."""
    found = judged(state, asked({"firewall_exception": options or {}}, whole_host=baseline))
    (one,) = [a for r, a in found if r.object == what and (control in r.controls if control else not r.controls)]
    return one


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("10.255.255.255", False),
        ("172.16.0.1", False),
        ("172.32.0.0", True),
        ("192.168.1.1", False),
        ("169.254.9.9", False),
        ("127.0.0.1", False),
        ("100.64.0.1", True),
        ("8.8.8.8", True),
        ("fd00::1", False),
        ("fe80::1", False),
        ("::1", False),
        ("2001:db8::1", True),
    ],
)
def test_what_is_outside(address: str, outside: bool) -> None:
    assert OUTSIDE.contains(address) is outside


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("RA4=10.0.0.0/8|", Status.COMPLIANT),
        ("RA4=LocalSubnet|RA6=LocalSubnet|", Status.COMPLIANT),
        ("", Status.DRIFT),
        ("RA4=203.0.113.7|", Status.DRIFT),
        ("Profile=Public|", Status.DRIFT),
    ],
)
def test_remote_desktop_from_outside(fields: str, status: Status) -> None:
    state = host({"Desktop": rule(f"Protocol=6|LPort=3389|{DESKTOP}{fields}")})
    for control in ("004-19", "004-21", "004-47", "004-58"):
        found = verdict(state, control, "remote_desktop")
        assert found.status is status
        assert found.differences == ()


def test_what_a_policy_opens_to_the_outside_is_a_conflict() -> None:
    state = host(policy={"Ssh": rule("Protocol=6|LPort=22|")})
    found = verdict(state, "004-22", "ssh")
    assert found.status is Status.CONFLICT
    assert found.remedy is not None
    assert "Inbound Rules" in found.remedy


def test_a_management_port_admits_what_is_declared_and_nothing_else() -> None:
    state = host({"Sharing": rule("Protocol=6|Profile=Domain|LPort=445|App=System|RA4=10.1.0.0/16|")})
    assert verdict(state, "004-27", "smb").status is Status.COMPLIANT
    declared = {"exceptions": [{"service": "client_push", "from": ["10.1.0.10"]}]}
    assert verdict(state, "004-27", "smb", declared).status is Status.DRIFT
    declared = {"exceptions": [{"service": "client_push", "from": ["10.1.0.0/16"]}]}
    assert verdict(state, "004-27", "smb", declared).status is Status.COMPLIANT


def test_a_check_plans_what_an_exception_wants_anyway() -> None:
    state = host({"Open": rule("Protocol=6|LPort=2701|")})
    declared = {"exceptions": [{"service": "remote_control", "from": [CONSOLES]}], "exclusive": True}
    assert verdict(state, "004-27", "remote_control", declared).differences == ()
    acting = verdict(state, "004-27", "remote_control", declared, baseline=True)
    assert [difference.describe() for difference in acting.differences] == [
        "firewall rule Open: enabled -> disabled",
        "firewall rules: + ConfigMgrHardening-Firewall-remote_control-1",
    ]


def test_remote_control_on_the_domain_only() -> None:
    declared = {"exceptions": [{"service": "remote_control", "from": [CONSOLES]}]}
    console = f"Protocol=6|LPort=2701|RA4={CONSOLES}|"
    assert verdict(host({"Console": rule(f"{console}Profile=Domain|")}), "000-06", "remote_control", declared).status is Status.COMPLIANT
    assert verdict(host({"Console": rule(console)}), "000-06", "remote_control", declared).status is Status.DRIFT


# ------------------------------------------------------------------ what listens


def listening(state: FirewallState, *found: tuple[int, str], wanted: bool = True) -> Assessment:
    setting = Listening("vnc", VNC, (Endpoint(6, PortSet.of((5900, 5903))),))
    return setting.assess(Observation(value=(Reach(Firewall(state)), found)), wanted)


def test_vnc_is_not_there() -> None:
    assert listening(host()).status is Status.COMPLIANT


def test_vnc_listens() -> None:
    found = listening(host(), (5900, "0.0.0.0"))  # noqa: S104 that is what it says
    assert found.status is Status.DRIFT
    assert "TCP 5900 at 0.0.0.0" in found.actual


@pytest.mark.parametrize("fields", ["Protocol=6|LPort=5901|", "Protocol=6|LPort=5900|App=C:\\vnc.exe|", "Protocol=6|"])
def test_vnc_does_not_listen_and_is_let_in(fields: str) -> None:
    assert listening(host({"Vnc": rule(fields)})).status is Status.DRIFT


def test_a_rule_for_a_program_says_nothing_where_nothing_listens() -> None:
    assert listening(host({"App": rule("Protocol=6|App=C:\\app.exe|")})).status is Status.COMPLIANT


def test_whether_vnc_is_let_in_is_in_doubt() -> None:
    found = listening(host(other_firewall=True))
    assert (found.status, found.code) == (Status.INDETERMINATE, Code.FIREWALL_IN_DOUBT)


def test_what_is_only_told_is_no_drift() -> None:
    found = listening(host(), (5900, "10.1.2.3"), wanted=False)
    assert found.status is Status.COMPLIANT
    assert "TCP 5900 at 10.1.2.3" in found.actual


# ------------------------------------------------------------------ own rules


def own(name: str) -> dict[str, str]:
    return {name: rule("Protocol=6|LPort=2701|EmbedCtxt=configmgr.hardening|")}


def test_an_own_rule_that_nothing_declares() -> None:
    state = host(own("ConfigMgrHardening-Firewall-old-1"))
    assert verdict(state, None, "own rules").status is Status.DRIFT
    assert verdict(state, None, "own rules").differences == ()
    acting = verdict(state, None, "own rules", baseline=True)
    assert [difference.describe() for difference in acting.differences] == ["firewall rules: - ConfigMgrHardening-Firewall-old-1"]


@pytest.mark.parametrize(
    "name",
    [
        "ConfigMgrHardening-Firewall-remote_control-1",
        "configmgrhardening-firewall-REMOTE_CONTROL-1",
        "ConfigMgrHardening-Other-old-1",
        "Mine",
    ],
)
def test_rules_that_are_declared_or_of_others(name: str) -> None:
    declared = {"exceptions": [{"service": "remote_control", "from": [CONSOLES]}]}
    assert verdict(host(own(name)), None, "own rules", declared).status is Status.COMPLIANT


def test_a_rule_with_a_number_that_the_exception_does_not_have() -> None:
    declared = {"exceptions": [{"service": "remote_control", "from": [CONSOLES]}]}
    state = host(own("ConfigMgrHardening-Firewall-remote_control-2"))
    assert verdict(state, None, "own rules", declared).status is Status.DRIFT


# ------------------------------------------------------------------ Remote Assistance


class Assistance:
    """Its side of the firewall: verdicts by control, and what would be written."""

    def __init__(
        self, state: FirewallState, mode: str, firewall: Mapping[str, Any] | None = None, *, managed_by: str = "this_collection"
    ) -> None:
        helpers = {"helpers": ["CORP\\Helpdesk"]} if "offer" in mode else {}
        options = {"managed_by": managed_by, "mode": mode, "firewall": firewall, **helpers}
        self.requirements = asked({"remote_assistance_policy": options})
        self.verdicts = judged(state, self.requirements)
        self.said = sorted(difference.describe() for difference in lined_up(self.verdicts))
        self.after = [state, *states(state, lined_up(self.verdicts))][-1]

    def on(self, control: str) -> Status:
        found = [assessment.status for requirement, assessment in self.verdicts if control in requirement.controls]
        return min(found, key=lambda status: status.rank)

    def again(self) -> list[str]:
        return [difference.describe() for difference in lined_up(judged(self.after, self.requirements))]


def test_disabled_closes_the_group() -> None:
    ran = Assistance(host({**SESSION, **SERVER, **MAPPER}), "disabled")
    assert [ran.on(control) for control in ("002-08", "002-14", "002-15", "002-16")] == [Status.DRIFT] * 4
    assert ran.said == sorted(f"firewall rule {name}: enabled -> disabled" for name in (*SESSION, *SERVER, *MAPPER))
    assert ran.again() == []
    assert Assistance(ran.after, "disabled").on("002-16") is Status.COMPLIANT


def test_offers_from_everywhere_keep_the_rules_of_windows_that_grant_just_that() -> None:
    ran = Assistance(host({**SESSION, **SERVER, **MAPPER}), "offer_only")
    assert ran.said == sorted([f"firewall rules: + {OFFER}-1", *(f"firewall rule {name}: enabled -> disabled" for name in SESSION)])
    assert ran.again() == []


def test_offers_from_the_consoles_take_own_rules() -> None:
    ran = Assistance(host({**SESSION, **SERVER, **MAPPER}), "offer_only", {"from": [CONSOLES]})
    expected = [f"firewall rules: + {OFFER}-{number}" for number in (1, 2, 3)]
    expected += [f"firewall rule {name}: enabled -> disabled" for name in (*SESSION, *SERVER, *MAPPER)]
    assert ran.said == sorted(expected)
    assert ran.on("002-15") is Status.DRIFT
    assert ran.again() == []
    after = Assistance(ran.after, "offer_only", {"from": [CONSOLES]})
    assert {after.on(control) for control in ("002-08", "002-14", "002-15", "002-16", "002-18", "002-32")} == {Status.COMPLIANT}


@pytest.mark.parametrize(("managed_by", "manage"), [("group_policy", True), ("configmgr", True), ("this_collection", False)])
def test_whoever_does_not_manage_it_writes_nothing(managed_by: str, manage: bool) -> None:
    ran = Assistance(host({**SESSION, **SERVER}), "offer_only", {"manage": manage}, managed_by=managed_by)
    assert ran.on("002-16") is Status.DRIFT
    assert ran.said == []


def test_an_own_rule_of_an_earlier_mode_goes() -> None:
    ran = Assistance(host({f"{OFFER}-1": rule(f"Protocol=6|Profile=Domain|{MSRA}EmbedCtxt=configmgr.hardening|")}), "disabled")
    assert ran.said == [f"firewall rules: - {OFFER}-1"]


def test_a_rule_of_the_group_in_a_policy_is_a_conflict() -> None:
    ran = Assistance(host(policy=SESSION), "disabled")
    assert {ran.on(control) for control in ("002-08", "002-14", "002-16")} == {Status.CONFLICT}
    assert ran.said == []


def test_the_firewall_knows_what_remote_assistance_declares() -> None:
    """The baseline closes the mapper for everybody but the site server and whoever offers help."""
    wide = {"Mapper": rule("Protocol=6|LPort=135|")}
    areas: dict[str, dict[str, Any]] = {
        "firewall_exception": {"exceptions": [{"service": "wmi", "from": ["10.1.0.10"]}], "exclusive": True},
        "remote_assistance_policy": {
            "managed_by": "this_collection",
            "mode": "offer_only",
            "helpers": ["CORP\\Helpdesk"],
            "firewall": {"from": [CONSOLES]},
        },
    }
    requirements = asked(areas, whole_host=True)
    state = host(wide)
    order = lined_up(judged(state, requirements))
    described = [difference.describe() for difference in order]
    assert described[-1] == "firewall rule Mapper: enabled -> disabled"
    assert {f"firewall rules: + {OFFER}-3", "firewall rules: + ConfigMgrHardening-Firewall-wmi-1"} <= set(described)
    assert lined_up(judged(states(state, order)[-1], requirements)) == []


def test_the_services_are_those_of_the_table() -> None:
    assert [endpoint.title for endpoint in services()["remote_assistance_offer"].endpoints] == [
        "TCP of msra.exe",
        "TCP of raserver.exe",
        "TCP 135",
    ]
