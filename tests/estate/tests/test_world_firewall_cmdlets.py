# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NetSecurity's cmdlets on a simulated host: what they write, and what they refuse."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from firewall_support import LOCAL_RULES, connects, done, estate, machine, refused, rule, run
from world_support import ask, make

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours.firewall import cmdlets
from windows_estate.world.behaviours.firewall.places import LOCAL
from windows_estate.world.knowledge.firewall_cmdlets import NEWER, OLDER
from windows_estate.world.knowledge.firewall_rules import of_windows
from windows_estate.world.rule_text import parse

REFERENCE = Path(os.environ.get("CONFIGMGR_HARDENING_REFERENCE_DATA", "/nonexistent"))
OWN: dict[str, Any] = {"Name": "Own-1", "DisplayName": "Own"}
DOMAIN_PROFILE = f"{LOCAL}\\DomainProfile"


@pytest.fixture
def host() -> Machine:
    return machine()


def fields(host: Machine, name: str = "Own-1") -> str:
    """A rule's string without what most of them have in common."""
    text = rule(host, name)
    assert text is not None
    return text.replace("v2.33|Action=Allow|Active=TRUE|Dir=In|", "").replace("Name=Own|", "")


def test_a_new_rule_is_a_string_as_windows_writes_it(host: Machine) -> None:
    rows = done(
        host,
        "New-NetFirewallRule",
        select=["Name", "Enabled"],
        **OWN,
        Group="a group",
        Description="a description",
        Direction="Inbound",
        Action="Allow",
        Profile=["Domain"],
        Protocol="TCP",
        LocalPort=["2701"],
        RemoteAddress=["10.0.0.0/24"],
        Program="%SystemRoot%\\CCM\\RemCtrl\\CmRcService.exe",
        Service="CmRcService",
        EdgeTraversalPolicy="Block",
    )
    assert rows == [{"Name": "Own-1", "Enabled": "True"}]
    assert rule(host, "own-1") == (
        "v2.33|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=2701|RA4=10.0.0.0/255.255.255.0|"
        "App=%SystemRoot%\\CCM\\RemCtrl\\CmRcService.exe|Svc=CmRcService|Name=Own|Desc=a description|EmbedCtxt=a group|"
    )


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({}, ""),
        ({"Protocol": "Any", "LocalPort": "Any", "RemoteAddress": "Any", "Program": "Any", "Profile": "Any"}, ""),
        ({"Profile": ["Private", "Domain"]}, "Profile=Domain|Profile=Private|"),
        ({"Profile": "Domain, Public"}, "Profile=Domain|Profile=Public|"),
        ({"Protocol": "17", "LocalPort": ["9", "5000-5010"]}, "Protocol=17|LPort=9|LPort2_10=5000-5010|"),
        ({"Protocol": "TCP", "LocalPort": [135, "RPC"], "RemotePort": "1024-2048"}, "Protocol=6|LPort=RPC|LPort=135|RPort2_10=1024-2048|"),
        ({"Protocol": "TCP", "LocalPort": "RPCEPMap"}, "Protocol=6|LPort=RPC-EPMap|"),
        ({"Protocol": "TCP", "LocalPort": "IPHTTPSIn"}, "Protocol=6|LPort2_10=IPTLSIn|LPort2_10=IPHTTPSIn|"),
        ({"Protocol": "UDP", "LocalPort": "PlayToDiscovery"}, "Protocol=17|LPort2_20=Ply2Disc|"),
        ({"Protocol": "ICMPv4", "IcmpType": ["8", "3:4"]}, "Protocol=1|ICMP4=8:*|ICMP4=3:4|"),
        ({"Protocol": "ICMPv6", "IcmpType": "128:0"}, "Protocol=58|ICMP6=128:0|"),
        ({"RemoteAddress": ["LocalSubnet", "DNS4"]}, "RA4=LocalSubnet|RA4=DNS|RA6=LocalSubnet|"),
        ({"RemoteAddress": ["Internet6", "Intranet4"]}, "RA42=IntrAnet|RA62=IntErnet|"),
        (
            {"RemoteAddress": ["10.0.0.9", "10.0.0.1-10.0.0.5", "10.1.0.0/255.255.0.0", "DefaultGateway4"]},
            "RA4=DefaultGateway|RA4=10.1.0.0/255.255.0.0|RA4=10.0.0.9|RA4=10.0.0.1-10.0.0.5|",
        ),
        ({"RemoteAddress": ["fd00::/8", "fd00::1"], "LocalAddress": "10.0.0.1"}, "LA4=10.0.0.1|RA6=fd00::/8|RA6=fd00::1|"),
        ({"Program": "system"}, "App=System|"),
        ({"Service": "*"}, "Svc=*|"),
        ({"InterfaceType": "Wired"}, "IFType=Lan|"),
        ({"EdgeTraversalPolicy": "DeferToApp"}, "Edge=TRUE|Defer=App|"),
        ({"EdgeTraversalPolicy": "Allow"}, "Edge=TRUE|"),
        ({"Platform": "6.2+"}, "Platform=2:6:2|Platform2=GTEQ|"),
        ({"Authentication": "Required"}, "Security=Authenticate|"),
    ],
)
def test_what_parameters_become(host: Machine, given: dict[str, Any], written: str) -> None:
    done(host, "New-NetFirewallRule", **OWN, **given)
    assert fields(host) == written


def test_other_actions_directions_and_states(host: Machine) -> None:
    done(host, "New-NetFirewallRule", **OWN, Action="block", Direction="Outbound", Enabled="False")
    assert rule(host, "Own-1") == "v2.33|Action=Block|Active=FALSE|Dir=Out|Name=Own|"


def test_an_alias_becomes_the_guid_of_its_interface() -> None:
    cards = [{"alias": "Ethernet"}, {"alias": "Ethernet 2", "addresses": "10.9.0.1/24"}, {"alias": "Wi-Fi", "addresses": "10.8.0.1/24"}]
    host = machine(network=cards)
    adapters = {
        row["Name"]: row["InterfaceGuid"]
        for row in ask(host, "cim.query", namespace="root\\StandardCimv2", query="SELECT * FROM MSFT_NetAdapter")["rows"]
    }
    done(host, "New-NetFirewallRule", **OWN, InterfaceAlias=["wi-fi"])
    assert fields(host) == f"IF={adapters['Wi-Fi']}|"
    done(host, "Set-NetFirewallRule", Name="Own-1", InterfaceAlias="Ethernet*")
    assert fields(host) == f"IF={adapters['Ethernet']}|IF={adapters['Ethernet 2']}|"
    assert refused(host, "New-NetFirewallRule", Name="Own-2", DisplayName="Own", InterfaceAlias=["Ethernet 3"]) == "invalid"


@pytest.mark.parametrize(
    "given",
    [
        {"Protocol": "TCP", "LocalPort": ["70000"]},
        {"Protocol": "TCP", "LocalPort": ["5-1"]},
        {"Protocol": "TCP", "LocalPort": ["http"]},
        {"Protocol": "UDP", "LocalPort": ["RPC"]},
        {"LocalPort": ["80"]},
        {"Protocol": "ICMPv4", "LocalPort": ["80"]},
        {"Protocol": "TCP", "IcmpType": ["8"]},
        {"Protocol": "ICMPv4", "IcmpType": ["256"]},
        {"Protocol": "300"},
        {"Protocol": "SCTP"},
        {"RemoteAddress": ["10.0.0.1/24"]},
        {"RemoteAddress": ["10.0.0.9-10.0.0.1"]},
        {"RemoteAddress": ["server.corp.example"]},
        {"LocalAddress": ["LocalSubnet"]},
        {"Program": "..\\a.exe"},
        {"Program": "C:/a.exe"},
        {"Action": "NotConfigured"},
        {"Action": "Deny"},
        {"Enabled": True},
        {"Profile": "Work"},
        {"Direction": "Outbound", "EdgeTraversalPolicy": "Allow"},
        {"Description": "one|two"},
        {"NoSuchParameter": 1},
    ],
)
def test_values_that_windows_refuses(host: Machine, given: dict[str, Any]) -> None:
    assert refused(host, "New-NetFirewallRule", **OWN, **given) == "invalid"


def test_a_name_is_taken_once(host: Machine) -> None:
    done(host, "New-NetFirewallRule", **OWN)
    assert refused(host, "New-NetFirewallRule", Name="OWN-1", DisplayName="Other") == "failed"
    assert refused(host, "New-NetFirewallRule", Name="Own-2") == "invalid"


def test_without_a_name_a_rule_gets_a_guid(host: Machine) -> None:
    (row,) = done(host, "New-NetFirewallRule", ["Name"], DisplayName="Own")
    assert row["Name"].startswith("{")
    assert rule(host, row["Name"]) is not None


def test_setting_replaces_what_is_given_and_leaves_the_rest(host: Machine) -> None:
    done(host, "New-NetFirewallRule", **OWN, Protocol="TCP", LocalPort="1", RemoteAddress="10.0.0.1", Profile="Domain", Group="g")
    done(host, "Set-NetFirewallRule", Name="Own-1", LocalPort=["2", "3"], RemoteAddress="Any", NewDisplayName="Own")
    assert fields(host) == "Protocol=6|Profile=Domain|LPort=2|LPort=3|EmbedCtxt=g|"
    assert refused(host, "Set-NetFirewallRule", Name="Own-1", Protocol="ICMPv4") == "invalid"
    done(host, "Set-NetFirewallRule", Name="Own-1", Protocol="ICMPv4", LocalPort="Any", IcmpType="8")
    assert fields(host) == "Protocol=1|Profile=Domain|ICMP4=8:*|EmbedCtxt=g|"
    assert refused(host, "Set-NetFirewallRule", Name="Own-1", Group="other", Protocol="TCP") == "invalid"


def test_unknown_fields_survive_a_change() -> None:
    host = machine({"rules": [{"id": "Own-1", "rule": "v2.10|Action=Allow|Active=TRUE|Dir=In|Name=Own|Wish=1|"}]})
    done(host, "Set-NetFirewallRule", Name="Own-1", Profile="Domain")
    assert fields(host) == "Profile=Domain|Wish=1|"


def test_switching_changes_nothing_else() -> None:
    text = (
        "v2.10|Action=Allow|Active=TRUE|Dir=In|Profile=Domain|Protocol=6|LPort=445|Name=@x.dll,-1|EmbedCtxt=@FirewallAPI.dll,-28502|Wish=1|"
    )
    host = machine({"rules": [{"id": "Odd", "rule": text}]})
    done(host, "Disable-NetFirewallRule", Name=["odd"])
    assert rule(host, "Odd") == text.replace("TRUE", "FALSE")
    done(host, "Set-NetFirewallRule", Name="Odd", Enabled="True")
    assert rule(host, "Odd") == text
    done(host, "Disable-NetFirewallRule", Name="Odd")
    done(host, "Enable-NetFirewallRule", Name="Odd")
    assert rule(host, "Odd") == text


def test_a_group_can_be_switched_at_once(host: Machine) -> None:
    done(host, "Disable-NetFirewallRule", Group="@FirewallAPI.dll,-33002")
    rows = done(host, "Get-NetFirewallRule", ["Enabled"], Group="@FirewallAPI.dll,-33002")
    assert len(rows) == 15
    assert {row["Enabled"] for row in rows} == {"False"}


@pytest.mark.parametrize(
    "name", ["Enable-NetFirewallRule", "Disable-NetFirewallRule", "Remove-NetFirewallRule", "Set-NetFirewallRule", "Get-NetFirewallRule"]
)
def test_a_rule_that_is_not_there_is_not_found(host: Machine, name: str) -> None:
    assert refused(host, name, Name="No such rule") == "not_found"
    assert refused(host, name, Name=["RemoteDesktop-UserMode-In-TCP", "No such rule"]) == "not_found"


def test_rules_of_policies_are_not_found_by_cmdlets_that_write() -> None:
    fleet = estate({"mdm": {"rules": [{"id": "M", "name": "M"}]}}, {"rules": [{"id": "G", "name": "G"}]})
    host = fleet.machines["CL01"]
    for name in ("G", "M"):
        for command in ("Disable-NetFirewallRule", "Remove-NetFirewallRule", "Set-NetFirewallRule", "Get-NetFirewallRule"):
            assert refused(host, command, Name=name) == "not_found"
    assert [
        row["PolicyStoreSourceType"] for row in done(host, "Get-NetFirewallRule", ["PolicyStoreSourceType"], Name="G", PolicyStore="RSOP")
    ] == ["GroupPolicy"]
    assert len(done(host, "Get-NetFirewallRule", PolicyStore="ActiveStore")) == len(done(host, "Get-NetFirewallRule")) + 2
    assert refused(host, "Disable-NetFirewallRule", Name="RemoteDesktop-UserMode-In-TCP", PolicyStore="ActiveStore") == "failed"


def test_removing(host: Machine) -> None:
    before = host.fingerprint()
    done(host, "New-NetFirewallRule", **OWN)
    done(host, "Remove-NetFirewallRule", Name="Own-1")
    assert host.fingerprint() == before


def test_nothing_happens_for_a_trial(host: Machine) -> None:
    before = host.fingerprint()
    trial: dict[str, Any] = {"WhatIf": {"switch": True}}
    done(host, "New-NetFirewallRule", **OWN, **trial)
    done(host, "Remove-NetFirewallRule", Name="WINRM-HTTP-In-TCP-NoScope", **trial)
    done(host, "Set-NetFirewallProfile", Name="Domain", Enabled="False", **trial)
    assert host.fingerprint() == before


def test_with_the_service_stopped_everything_fails() -> None:
    host = machine({"service": "stopped"})
    for name in ("Get-NetFirewallRule", "Get-NetFirewallProfile"):
        assert run(host, name)["error"] == {
            "kind": "failed",
            "code": 1,
            "message": "There are no more endpoints available from the endpoint mapper.",
        }
    assert refused(host, "New-NetFirewallRule", **OWN) == "failed"
    assert refused(host, "Enable-NetFirewallRule", Name="No such rule") == "failed"
    assert refused(host, "Set-NetFirewallProfile", Name="Domain", Enabled="True") == "failed"


def test_only_administrators_write() -> None:
    host = machine(controller={"elevated": False})
    assert refused(host, "New-NetFirewallRule", **OWN) == "access_denied"
    assert done(host, "Get-NetFirewallProfile", ["Name"]) == [{"Name": "Domain"}, {"Name": "Private"}, {"Name": "Public"}]


def test_settings_of_a_profile(host: Machine) -> None:
    done(
        host,
        "Set-NetFirewallProfile",
        Name=["domain"],
        Enabled="True",
        DefaultInboundAction="Block",
        AllowInboundRules="False",
        AllowLocalFirewallRules="False",
        NotifyOnListen="False",
        LogBlocked="True",
        LogAllowed="False",
        LogMaxSizeKilobytes=16384,
        DisabledInterfaceAliases=["Ethernet"],
    )
    values = {name: value["data"] for name, value in ask(host, "registry.read", key=DOMAIN_PROFILE)["values"].items()}
    guid = values.pop("DisabledInterfaces")
    assert guid.startswith("{")
    assert values == {
        "EnableFirewall": 1,
        "DefaultInboundAction": 1,
        "DoNotAllowExceptions": 1,
        "AllowLocalPolicyMerge": 0,
        "DisableNotifications": 1,
    }
    log = {name: value["data"] for name, value in ask(host, "registry.read", key=f"{DOMAIN_PROFILE}\\Logging")["values"].items()}
    assert (log["LogDroppedPackets"], log["LogSuccessfulConnections"], log["LogFileSize"]) == (1, 0, 16384)
    (row,) = done(
        host, "Get-NetFirewallProfile", ["Enabled", "DefaultInboundAction", "AllowInboundRules", "LogMaxSizeKilobytes"], Name="Domain"
    )
    assert row == {"Enabled": "True", "DefaultInboundAction": "Block", "AllowInboundRules": "False", "LogMaxSizeKilobytes": 16384}


def test_not_configured_takes_a_value_away(host: Machine) -> None:
    before = host.fingerprint()
    done(host, "Set-NetFirewallProfile", Name="Public", DefaultInboundAction="Allow", AllowUserPorts="False")
    assert host.fingerprint() != before
    done(
        host,
        "Set-NetFirewallProfile",
        Name="Public",
        DefaultInboundAction="NotConfigured",
        AllowUserPorts="NotConfigured",
        DisabledInterfaceAliases="NotConfigured",
    )
    host.registry.delete(f"{LOCAL}\\PublicProfile\\GloballyOpenPorts")
    assert host.fingerprint() == before
    done(host, "Set-NetFirewallProfile", Name="Public", LogMaxSizeKilobytes=2**64 - 1, LogFileName="NotConfigured")
    assert "LogFileSize" not in host.registry.values(f"{LOCAL}\\PublicProfile\\Logging")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Name": "Standard", "Enabled": "True"},
        {"Name": "Domain", "Enabled": True},
        {"Name": "Domain", "DefaultInboundAction": "Drop"},
        {"Name": "Domain", "LogMaxSizeKilobytes": 0},
        {"Name": "Domain", "LogMaxSizeKilobytes": 32768},
        {"Name": "Domain", "DisabledInterfaceAliases": ["No such interface"]},
    ],
)
def test_settings_that_windows_refuses(host: Machine, given: dict[str, Any]) -> None:
    assert refused(host, "Set-NetFirewallProfile", **given) == "invalid"


def test_what_counts_is_told_by_the_active_store() -> None:
    host = estate({"profiles": {"domain": {"enabled": False}}}, {"profiles": {"domain": {"enabled": True, "local_rules": False}}}).machines[
        "CL01"
    ]
    names = ["Enabled", "AllowLocalFirewallRules"]
    assert done(host, "Get-NetFirewallProfile", names, Name="Domain") == [{"Enabled": "False", "AllowLocalFirewallRules": "NotConfigured"}]
    assert done(host, "Get-NetFirewallProfile", names, Name="Domain", PolicyStore="ActiveStore") == [
        {"Enabled": "True", "AllowLocalFirewallRules": "False"}
    ]


def test_a_rule_takes_effect_at_once() -> None:
    fleet = estate()
    question = {"source": "10.20.5.7", "port": 2701}
    host = fleet.machines["CL01"]
    done(host, "New-NetFirewallRule", **OWN, Protocol="TCP", LocalPort="2701", Profile="Domain", RemoteAddress="10.20.5.0/24")
    assert connects(fleet, **question).rule == ("local", "Own-1")
    done(host, "Disable-NetFirewallRule", Name="Own-1")
    assert not connects(fleet, **question)


def test_any_machine_can_have_the_cmdlets() -> None:
    bare = Machine({}, clock=SimulatedClock())
    cmdlets.install(bare)
    done(bare, "New-NetFirewallRule", **OWN)
    assert list(bare.registry.values(LOCAL_RULES)) == ["Own-1"]


@pytest.mark.parametrize(("os", "version"), [("server_2016", "v2.26|"), ("server_2019", "v2.29|"), ("server_2025", "v2.33|")])
def test_rules_are_written_in_the_version_of_the_system(os: str, version: str) -> None:
    host = make({"S1": {"role": "member_server", "os": os}}).machines["S1"]
    done(host, "New-NetFirewallRule", **OWN)
    assert {str(value["data"])[:6] for value in host.registry.values(LOCAL_RULES).values()} == {version}


def test_editions_differ_in_what_can_be_asked_for() -> None:
    for system, present in (("server_2016", False), ("server_2025", True)):
        host = make({"S1": {"role": "member_server", "os": system}}).machines["S1"]
        described = ask(host, "cmdlet.describe", module="NetSecurity", names=["New-NetFirewallRule", "Copy-NetFirewallRule"])["commands"]
        assert ("RemoteDynamicKeywordAddresses" in described["New-NetFirewallRule"]["parameters"]) is present
        assert described["Copy-NetFirewallRule"] is None


def _reference(name: str) -> list[list[str]]:
    path = REFERENCE / name
    if not path.exists():
        pytest.skip("reference data not found")
    return [line.rstrip("\n").split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("edition", "declared"), [("winserver2016", OLDER), ("winserver2025", NEWER)])
def test_parameters_are_those_of_the_documentation(edition: str, declared: dict[str, dict[str, str]]) -> None:
    every = _reference("cmdlets.tsv")
    common = {"CimSession", "ThrottleLimit", "AsJob", "WhatIf", "Confirm"}
    for name, parameters in declared.items():
        documented = {row[3] for row in every if row[0] == edition and row[2] == name}
        assert set(parameters) - common == documented, name


def test_windows_own_rules_are_as_real_exports_have_them() -> None:
    real: dict[str, set[str]] = {}
    for row in _reference("firewall_rule_samples.tsv"):
        text = row[3].replace("Active=TRUE", "Active=FALSE")
        real.setdefault(row[0], set()).add(text[text.index("|") :])
    seen = 0
    for is_server in (False, True):
        for name, one in of_windows(is_server, 26100, (2, 30)).items():
            if name in real:
                seen += 1
                written = str(one.having(Active="FALSE"))
                assert written[written.index("|") :] in real[name]
    assert seen > 140


def test_real_rules_are_read_and_written_without_loss() -> None:
    texts = [row[3] for row in _reference("firewall_rule_samples.tsv")]
    read = [(text, parse(text)) for text in texts]
    assert [text for text, one in read if one is not None and str(one) != text] == []
    # Some in the wild are hand-made and wrong.
    assert sum(one is None for _, one in read) < 12
