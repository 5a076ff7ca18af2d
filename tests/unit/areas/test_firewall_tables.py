# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables about the firewall themselves: complete, consistent with their hosts, and expanded to hosts that can be read."""

from __future__ import annotations

from collections import Counter
from typing import Any

import described_firewall as d
import firewall_table as t
import pytest
import yaml
from described_host import host_state

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, parse
from windows_estate.machine import Machine

REMOTE_ASSISTANCE = yaml.safe_load((t.HERE / "remote_assistance_situations.yml").read_text(encoding="utf-8"))
FIREWALL = t.load(t.HERE / "firewall_situations.yml")
JOINED = t.load(
    t.HERE / "remote_assistance_firewall_situations.yml", hosts=REMOTE_ASSISTANCE["hosts"], options=REMOTE_ASSISTANCE["options"]
)
ALL = [*FIREWALL, *JOINED]
BY_NAME = {situation.name: situation for situation in ALL}
STORES = {
    "local": d.LOCAL_KEY + "\\FirewallRules",
    "group policy": d.POLICY_KEY + "\\FirewallRules",
    "mdm": d.LOCAL_KEY + "\\Mdm\\FirewallRules",
}


def rules_of(situation: t.Situation, store: str = "local") -> dict[str, Any]:
    key = situation.state["registry"].get(STORES[store], {"values": {}})
    return {rule_id.casefold(): parse(rule_id, value["data"]) for rule_id, value in key["values"].items()}


def test_there_are_enough_and_no_two_have_the_same_name() -> None:
    assert len(FIREWALL) >= 120
    assert len(JOINED) >= 35
    for names in ([one.name for one in FIREWALL], [one.name for one in JOINED]):
        assert [name for name, times in Counter(names).items() if times > 1] == []


@pytest.mark.parametrize("situation", ALL, ids=lambda situation: situation.name)
class TestSituation:
    def test_its_rules_are_rules(self, situation: t.Situation) -> None:
        for store in STORES:
            broken = {rule_id for rule_id, rule in rules_of(situation, store).items() if not isinstance(rule, Rule)}
            assert broken <= {"broken"}

    def test_changes_start_from_what_the_host_has(self, situation: t.Situation) -> None:
        rules = rules_of(situation)
        for task in filter(None, (situation.alone, situation.baseline)):
            for wish in task.changes or ():
                for one in wish.alternatives:
                    if one.doing == "enable":
                        assert not rules[one.place].active
                    elif one.doing == "disable":
                        assert rules[one.place].active
                        assert not t.OWN.fullmatch(one.place)
                    elif one.doing == "remove":
                        assert one.place in rules
                        assert t.OWN.fullmatch(one.place)

    def test_what_is_not_ours_to_mend_is_not_planned(self, situation: t.Situation) -> None:
        """A conflict on an exception and a plan for the same one would contradict each other."""
        if situation.alone.changes is None:
            return
        planned = {wish.alternatives[0].place.rpartition("/")[2] for wish in situation.alone.changes}
        in_conflict = {wanted.what.removeprefix("exception ") for wanted in situation.alone.expected if wanted.statuses == ("conflict",)}
        assert not planned & in_conflict

    def test_the_host_can_be_read(self, situation: t.Situation) -> None:
        """Every read answers, unless the situation is about one that does not."""
        queries = {
            "profiles": ("root\\StandardCimv2", "SELECT * FROM MSFT_NetConnectionProfile"),
            "addresses": ("root\\StandardCimv2", "SELECT * FROM MSFT_NetIPAddress"),
            "adapters": ("root\\StandardCimv2", "SELECT * FROM MSFT_NetAdapter"),
            "connections": ("root\\StandardCimv2", "SELECT * FROM MSFT_NetTCPConnection WHERE State = 5"),
            "cards": ("root\\cimv2", "SELECT * FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE"),
            "service": ("root\\cimv2", "SELECT * FROM Win32_Service WHERE Name = 'MpsSvc'"),
            "computer": ("root\\cimv2", "SELECT * FROM Win32_ComputerSystem"),
        }
        operations: list[dict[str, Any]] = [
            {"id": name, "op": "cim.query", "namespace": where, "query": query} for name, (where, query) in queries.items()
        ]
        operations.append({"id": "rules", "op": "registry.read", "key": STORES["local"], "depth": 0})
        answers = Machine(situation.state).execute({"contract": 1, "operations": operations})
        found = answers.get("answers") or {}
        failed = {name for name, answer in found.items() if not answer["ok"]}
        if "cannot be read" in situation.name:
            assert failed == {"profiles", "addresses", "adapters", "connections"}
        elif "rules must not be read" in situation.name:
            assert failed == {"rules"}
        else:
            assert failed == set()
            assert len(found["service"]["data"]["rows"]) == 1
            assert found["addresses"]["data"]["rows"]


def test_every_standing_check_is_both_met_and_missed() -> None:
    seen: dict[str, set[str]] = {}
    for situation in ALL:
        for wanted in situation.alone.expected:
            seen.setdefault(wanted.what, set()).update(wanted.statuses if len(wanted.statuses) == 1 else ())
    checks = {
        "000-06 remote_control", "001-21", "004-19 remote_desktop", "004-21 remote_desktop", "004-22 ssh", "004-47 ssh", "004-33",
        "004-27 remote_control", "004-27 smb", "004-27 winrm_https", "004-34 smb", "004-34 remote_control", "firewall service",
        "own rules", "profile domain", "002-08", "002-14", "002-15", "002-16", "002-18", "002-32",
    }  # fmt: skip
    both = {"004-58 remote_desktop": {"drift"}, "firewall service": {"drift"}, "own rules": {"drift"}, "004-27 winrm_https": {"drift"}}
    missing = {check: both.get(check, {"compliant", "drift"}) - seen.get(check, set()) for check in checks}
    assert {check: left for check, left in missing.items() if left} == {}


def test_every_status_of_an_exception_occurs() -> None:
    statuses = Counter(
        status for one in FIREWALL for wanted in one.alone.expected if wanted.what.startswith("exception") for status in wanted.statuses
    )
    assert all(statuses[status] >= 10 for status in ("compliant", "drift", "conflict", "indeterminate")), statuses


def test_a_rule_in_short_is_the_string_that_windows_keeps() -> None:
    rule = {
        "tcp": [2701, "5000-5010"], "from": ["10.1.5.0/24", "LocalSubnet", "Intranet"], "to": ["10.1.2.3"], "profiles": ["domain"],
        "program": "C:\\x.exe", "service": "x", "interface": "Ethernet", "group": "g", "edge": "app", "name": "n",
    }  # fmt: skip
    assert d.rule_string(rule, [d.ETHERNET]) == (
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=2701|LPort2_10=5000-5010|LA4=10.1.2.3"
        "|RA4=10.1.5.0/255.255.255.0|RA4=LocalSubnet|RA6=LocalSubnet|RA42=IntrAnet|RA62=IntrAnet"
        "|IF={11111111-1111-1111-1111-111111111111}|App=C:\\x.exe|Svc=x|Name=n|EmbedCtxt=g|Edge=TRUE|Defer=App|"
    )
    assert d.rule_string({"icmp4": "8:*", "block": True, "disabled": True}).startswith(
        "v2.30|Action=Block|Active=FALSE|Dir=In|Protocol=1|ICMP4=8:*|"
    )
    with pytest.raises(d.FirewallError, match="prot"):
        d.rule_string({"prot": 6})


def test_windows_brings_remote_assistance_on_clients_and_not_on_servers() -> None:
    for base, count in (("client", 11), ("server", 0)):
        rules = d.all_rules({"base": base})
        assert sum("-33002|" in text for text in rules.values()) == 15
        assert sum("-33002|" in text and "Active=TRUE" in text for text in rules.values()) == count


def test_a_host_without_a_word_about_its_firewall_has_the_one_of_windows() -> None:
    keys = host_state({})["registry"]
    assert "RemoteAssistance-In-TCP-EdgeScope-Active" in keys[STORES["local"]]["values"]
    assert not any(key.startswith(d.POLICY_KEY) for key in keys)


class Operation:
    def __init__(self, name: str, **parameters: Any) -> None:
        self.op = "cmdlet.invoke"
        self.fields = {"module": "NetSecurity", "name": name, "parameters": parameters, "mutates": True}


def test_planned_cmdlets_are_told_in_the_tables_words() -> None:
    own = "ConfigMgrHardening-Firewall-app-"
    common: dict[str, Any] = {"Direction": "Inbound", "Action": "Allow", "Profile": ["Domain"], "Program": "C:\\app\\app.exe"}
    planned = t.planned(
        [
            Operation("New-NetFirewallRule", Name=own + "1", Protocol="TCP", LocalPort=["80"], RemoteAddress=["10.1.5.0/24"], **common),
            Operation(
                "Set-NetFirewallRule", Name=own + "2", Protocol="TCP", LocalPort="443", RemoteAddress="10.1.5.0-10.1.5.255", **common
            ),
            Operation("Disable-NetFirewallRule", Name="X"),
            Operation("Set-NetFirewallProfile", Name="Domain", Enabled="True"),
            Operation("Set-NetFirewallProfile", Name="Domain", LogBlocked="True"),
        ]
    )
    wishes = [
        t._wish(wish, "Firewall")
        for wish in yaml.safe_load(
            """
            - {put: {label: app, tcp: [80, 443], from: [10.1.5.0/24], program: 'C:\\app\\app.exe', service: none}}
            - {disable: x}
            - {profile: {domain: {Enabled: true, LogBlocked: true}}}
            """
        )
    ]
    assert t.differences(wishes, planned) == []
    assert t.differences(wishes[:1], planned) == ["too much: disable x", "too much: profile domain enabled=true logblocked=true"]
    assert t.differences(wishes, planned[1:])[0].startswith("missing: put firewall/app")
    narrower = t.planned(
        [Operation("New-NetFirewallRule", Name=own + "1", Protocol="TCP", LocalPort=["80"], RemoteAddress=["10.1.5.0/25"], **common)]
    )
    assert len(t.differences(wishes[:1], narrower)) == 2


def test_what_must_never_be_sent_is_noticed() -> None:
    for operation in (
        Operation("Remove-NetFirewallRule", Name="RemoteDesktop-UserMode-In-TCP"),
        Operation("Set-NetFirewallRule", Name="RemoteDesktop-UserMode-In-TCP", RemoteAddress="Any"),
        Operation("New-NetFirewallRule", Name="ConfigMgrHardening-Firewall-a-1", Action="Block"),
        Operation("New-NetFirewallRule", Name="ConfigMgrHardening-Firewall-a-1", EdgeTraversalPolicy="Allow"),
        Operation("Enable-NetFirewallRule", Group="@FirewallAPI.dll,-33002", Name="*", All=True),
        Operation("New-NetFirewallRule", Name="ConfigMgrHardening-Firewall-a-1", PolicyStore="corp.example\\GPO"),
    ):
        with pytest.raises(t.NotAFirewallWrite):
            t.planned([operation])
