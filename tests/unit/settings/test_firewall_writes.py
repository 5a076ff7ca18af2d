# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How rules and profiles are written, and what a write makes of a firewall."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import CMDLETS, cmdlet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import (
    applied,
    is_firewall_write,
    removed_option,
    subjects_of,
    switched,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import (
    Unsayable,
    parameters_of,
    quoted,
    rule_of,
    same_meaning,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import (
    GROUP,
    PROFILE_OPTIONS,
    OwnRule,
    local_rule,
    remove,
    rule_writes,
    set_profile,
    switch,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import IcmpType
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule, Unparsed, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState, StoreState

LAN = "{11111111-1111-1111-1111-111111111111}"
ODD = "{22222222-2222-2222-2222-222222222222}"
ADAPTERS = {"Ethernet": LAN, "Local Area Connection* 1": ODD}
ID = "ConfigMgrHardening-Firewall-rc-1"
RC = OwnRule(
    ID, "Remote control", "for the help desk", 6, PortSet.of(2701), remote=AddressSet.parse("10.1.5.0/24"), profiles=frozenset({"domain"})
)
BODY = "Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=2701"
RC_TEXT = f"v2.30|{BODY}|RA4=10.1.5.0/24|Name=Remote control|Desc=for the help desk|EmbedCtxt={GROUP}|"


def state(profiles: dict[Profile, dict[str, int]] | None = None, /, **rules: str) -> FirewallState:
    known = tuple(parse(ID if rule_id == "own" else rule_id, text) for rule_id, text in rules.items())
    stores: Any = {"local": StoreState(known, profiles or {}), "group_policy": StoreState(), "mdm": StoreState()}
    return FirewallState(stores, (), adapters=ADAPTERS)


def rule(text: str, rule_id: str = "x") -> Rule:
    parsed = parse(rule_id, text)
    assert isinstance(parsed, Rule), parsed
    return parsed


def texts(found: FirewallState | None) -> dict[str, str]:
    assert found is not None
    return {each.rule_id: each.text() if isinstance(each, Rule) else each.text for each in found.stores["local"].rules}


# ---------------------------------------------------------------- what is sent


def test_an_own_rule_is_made_whole() -> None:
    assert RC.create().fields == {
        "module": "NetSecurity",
        "name": "New-NetFirewallRule",
        "mutates": True,
        "parameters": {
            "Name": ID,
            "DisplayName": "Remote control",
            "Description": "for the help desk",
            "Group": GROUP,
            "Direction": "Inbound",
            "Action": "Allow",
            "Enabled": "True",
            "EdgeTraversalPolicy": "Block",
            "Protocol": "TCP",
            "LocalPort": ["2701"],
            "RemoteAddress": ["10.1.5.0/24"],
            "Profile": ["Domain"],
        },
    }


def test_an_own_rule_is_changed_whole_and_stays_in_its_group() -> None:
    assert RC.update().fields == {
        "module": "NetSecurity",
        "name": "Set-NetFirewallRule",
        "mutates": True,
        "parameters": {
            "Name": ID,
            "NewDisplayName": "Remote control",
            "Description": "for the help desk",
            "Direction": "Inbound",
            "Action": "Allow",
            "Enabled": "True",
            "EdgeTraversalPolicy": "Block",
            "Protocol": "TCP",
            "LocalPort": ["2701"],
            "RemotePort": "Any",
            "RemoteAddress": ["10.1.5.0/24"],
            "LocalAddress": "Any",
            "Program": "Any",
            "Service": "Any",
            "InterfaceAlias": "Any",
            "InterfaceType": "Any",
            "Profile": ["Domain"],
        },
    }


def test_rules_are_removed_and_switched_by_their_id() -> None:
    assert RC.remove() == remove(ID)
    assert [
        (each.fields["name"], each.fields["parameters"]) for each in (remove(ID), switch("a b", enabled=True), switch("a b", enabled=False))
    ] == [
        ("Remove-NetFirewallRule", {"Name": ID}),
        ("Enable-NetFirewallRule", {"Name": "a b"}),
        ("Disable-NetFirewallRule", {"Name": "a b"}),
    ]


@pytest.mark.parametrize(
    ("option", "value", "parameters"),
    [
        ("EnableFirewall", 1, {"Enabled": "True"}),
        ("EnableFirewall", 0, {"Enabled": "False"}),
        ("DefaultInboundAction", 1, {"DefaultInboundAction": "Block"}),
        ("DefaultInboundAction", 0, {"DefaultInboundAction": "Allow"}),
        ("LogDroppedPackets", 1, {"LogBlocked": "True"}),
        ("LogSuccessfulConnections", 0, {"LogAllowed": "False"}),
        ("LogFileSize", 16384, {"LogMaxSizeKilobytes": 16384}),
    ],
)
def test_profiles_are_set_option_by_option(option: str, value: int, parameters: dict[str, Json]) -> None:
    write = set_profile("private", option, value)

    assert write.fields["name"] == "Set-NetFirewallProfile"
    assert write.fields["parameters"] == {"Name": "Private", **parameters}
    after = applied(state(), write)
    assert after is not None
    assert after.stores["local"].profiles == {"private": {option: value}}


def test_every_edition_of_windows_has_the_parameters() -> None:
    folder = os.environ.get("CONFIGMGR_HARDENING_REFERENCE_DATA")
    if not folder:
        pytest.skip("reference data not found")
    rows = [line.split("\t") for line in (Path(folder) / "cmdlets.tsv").read_text(encoding="utf-8").splitlines() if "\t" in line]
    editions = {row[0] for row in rows if row[1] == "NetSecurity"}
    documented = {tuple(row[:4]) for row in rows}
    sent = [(name, parameter) for (module, name), parameters in CMDLETS.items() if module == "NetSecurity" for parameter in parameters]

    assert len(editions) > 1
    assert [(edition, *each) for edition in editions for each in sent if (edition, "NetSecurity", *each) not in documented] == []


# ---------------------------------------------------------------- what comes of it

SHAPES: list[tuple[OwnRule, str]] = [
    (RC, f"{BODY}|RA4=10.1.5.0/24"),
    (replace(RC, profiles=frozenset({"domain", "private", "public"}), remote=AddressSet.any()), BODY.replace("|Profile=Domain", "")),
    (replace(RC, ports=PortSet.any()), f"{BODY.replace('|LPort=2701', '')}|RA4=10.1.5.0/24"),
    (
        replace(RC, ports=PortSet.of(80, (5000, 5010), keywords=["RPC", "RPC-EPMap"])),
        f"{BODY.replace('=2701', '=80')}|LPort2_10=5000-5010|LPort=RPC|LPort=RPC-EPMap|RA4=10.1.5.0/24",
    ),
    (
        replace(
            RC,
            protocol=17,
            remote=AddressSet.parse("10.0.0.1-10.0.0.9").union(AddressSet.parse("fd00::/8")).union(AddressSet.parse("LocalSubnet")),
        ),
        f"{BODY.replace('Protocol=6', 'Protocol=17')}|RA4=10.0.0.1-10.0.0.9|RA6=fd00::/8|RA4=LocalSubnet|RA6=LocalSubnet",
    ),
    (
        replace(RC, remote=AddressSet.parse("Intranet").union(AddressSet.parse("Internet")).union(AddressSet.parse("DNS"))),
        f"{BODY}|RA42=IntrAnet|RA62=IntrAnet|RA42=IntErnet|RA62=IntErnet|RA4=DNS|RA6=DNS",
    ),
    (replace(RC, remote=AddressSet(v4=AddressSet.any().v4)), f"{BODY}|RA4=0.0.0.0-255.255.255.255"),
    (replace(RC, local=AddressSet.parse("10.1.2.3"), remote=AddressSet.any()), f"{BODY}|LA4=10.1.2.3"),
    (replace(RC, program="System", remote=AddressSet.any()), f"{BODY}|App=System"),
    (
        replace(RC, program="%SystemRoot%\\CCM\\RemCtrl\\CmRcService.exe", service="CmRcService", remote=AddressSet.any()),
        f"{BODY}|App=%SystemRoot%\\CCM\\RemCtrl\\CmRcService.exe|Svc=CmRcService",
    ),
    (replace(RC, interfaces=("Ethernet", "Local Area Connection* 1"), remote=AddressSet.any()), f"{BODY}|IF={LAN}|IF={ODD}"),
    (
        OwnRule(ID, "Ping", "", 1, icmp_types=(IcmpType(8, None), IcmpType(3, 4)), profiles=frozenset({"private", "public"})),
        "Action=Allow|Active=TRUE|Dir=In|Protocol=1|Profile=Private|Profile=Public|ICMP4=8:*|ICMP4=3:4",
    ),
    (OwnRule(ID, "Ping", "", 58), "Action=Allow|Active=TRUE|Dir=In|Protocol=58"),
]


@pytest.mark.parametrize(("own", "body"), SHAPES, ids=range(len(SHAPES)))
def test_a_rule_means_what_is_declared_however_it_is_made(own: OwnRule, body: str) -> None:
    wanted = rule(f"v2.30|{body}|Name=Other|", ID)
    made = applied(state(), own.create())
    assert made is not None
    found = local_rule(made, ID)

    assert isinstance(found, Rule)
    assert same_meaning(found, wanted)
    assert found.group == GROUP
    assert own.is_met_by(wanted, state())
    assert own.mend(made) == ()
    # Whatever was there before, nothing of it stays.
    before = state(
        own=f"v2.26|Action=Block|Active=FALSE|Dir=In|Protocol={own.protocol}|IFType=Lan|RA4=1.2.3.4|App=C:\\x.exe|Svc=x|Edge=TRUE|Name=x|EmbedCtxt={GROUP}|"
    )
    assert own.mend(before) == (own.update(),)
    after = applied(before, own.update())
    assert after is not None
    changed = local_rule(after, ID)
    assert isinstance(changed, Rule)
    assert same_meaning(changed, wanted)
    assert (changed.name, changed.group) == (own.name, GROUP)


@pytest.mark.parametrize(
    ("found", "writes"),
    [
        (RC_TEXT, []),
        (
            RC_TEXT.replace("v2.30", "v2.26").replace("10.1.5.0/24", "10.1.5.0/255.255.255.0").replace("Name=Remote control", "Name=Else"),
            [],
        ),
        (RC_TEXT.replace("|Profile=Domain", "").replace("LPort", "Profile=Domain|LPort"), []),
        (RC_TEXT.replace("Active=TRUE", "Active=FALSE"), ["Set"]),
        (RC_TEXT.replace("2701", "2702"), ["Set"]),
        (RC_TEXT.replace("Action=Allow", "Action=Block"), ["Set"]),
        (RC_TEXT.replace("|Name", "|Edge=TRUE|Name"), ["Set"]),
        (RC_TEXT.replace("Protocol=6", "Protocol=17"), ["Remove", "New"]),
        (RC_TEXT.replace(f"EmbedCtxt={GROUP}", "EmbedCtxt=Other").replace("2701", "2702"), ["Remove", "New"]),
        (RC_TEXT.replace("|Name", "|LUOwn=S-1-5-18|Name"), ["Remove", "New"]),
        (RC_TEXT.replace("|Name", "|Odd=1|Name"), ["Remove", "New"]),
        ("no rule", ["Remove", "New"]),
    ],
)
def test_a_rule_is_compared_by_its_meaning_and_mended_in_place_where_that_is_possible(found: str, writes: list[str]) -> None:
    assert [write.fields["name"].partition("-")[0] for write in RC.mend(state(own=found))] == writes


def test_paths_are_compared_as_windows_does() -> None:
    own = replace(RC, program="%SystemRoot%\\System32\\x.exe", service="Svc")
    found = rule(f"v2.30|{BODY}|RA4=10.1.5.0/24|App=c:\\WINDOWS\\system32\\X.EXE|Svc=sVC|Name=x|")

    assert own.is_met_by(found, state())
    assert not own.is_met_by(found, replace(state(), variables={"SYSTEMROOT": "D:\\Windows"}))


def test_a_rule_that_is_missing_is_made() -> None:
    assert RC.mend(state()) == (RC.create(),)


def test_ids_ignore_case() -> None:
    assert RC.mend(state(**{ID.upper(): RC_TEXT})) == ()
    assert local_rule(state(**{ID.upper(): RC_TEXT}), ID.lower()) is not None
    assert texts(applied(state(**{ID.upper(): RC_TEXT}), RC.remove())) == {}


def test_what_a_host_cannot_have() -> None:
    with pytest.raises(Unsayable, match="the host has no interface 'LAN 9'"):
        replace(RC, interfaces=("LAN 9",)).as_rule(state())
    assert not replace(RC, interfaces=("LAN 9",)).is_met_by(rule(RC_TEXT), state())
    with pytest.raises(Unsayable, match="nobody"):
        replace(RC, remote=AddressSet()).parameters()
    with pytest.raises(Unsayable, match="both address families"):
        replace(RC, remote=AddressSet.of(keywords4=["LocalSubnet"])).parameters()


def test_an_interface_is_named_even_if_its_alias_looks_like_several() -> None:
    assert quoted("Local Area Connection* 1") == "Local Area Connection`* 1"
    assert replace(RC, interfaces=("a[1]?",)).parameters()["InterfaceAlias"] == ["a`[1`]`?"]


def test_a_rule_without_a_description_is_changed_in_place_only_where_there_is_none() -> None:
    plain = replace(RC, description="")

    assert "Description" not in plain.parameters()
    assert [each.fields["name"] for each in rule_writes(plain.parameters(), state(own=RC_TEXT.replace("|Desc=for the help desk", "")))] == [
        "Set-NetFirewallRule"
    ]
    assert [each.fields["name"] for each in rule_writes(plain.parameters(), state(own=RC_TEXT))] == [
        "Remove-NetFirewallRule",
        "New-NetFirewallRule",
    ]


# ---------------------------------------------------------------- rules of others, there and back


@pytest.mark.parametrize(
    "text",
    [
        RC_TEXT,
        "v2.30|Action=Block|Active=FALSE|Dir=Out|Protocol=17|RPort=53|RPort2_10=5000-5010|LPort=RPC|Name=x|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|RA4=LocalSubnet|RA6=LocalSubnet|RA42=IntErnet|RA62=IntErnet|IFType=Wireless|Name=@x.dll,-1|",
        "v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Edge=TRUE|Defer=App|App=%SystemRoot%\\x.exe|Name=x|Desc=y|EmbedCtxt=z|",
        f"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|ICMP4=3:4|IF={ODD}|LA4=10.0.0.1|Name=x|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=47|Edge=TRUE|Name=x|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|RA4=10.0.0.0/255.0.0.0|RA6=fd00::/8|Name=x|",
    ],
)
def test_parameters_say_a_rule_again(text: str) -> None:
    found = rule(text)
    again = rule_of(parameters_of(found, ADAPTERS), ADAPTERS)

    assert same_meaning(found, again)
    assert sorted(found.fields) == sorted(again.fields)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("v2.30|Action=Allow|Dir=In|PFN=x|Name=x|", "it has the field PFN"),
        ("v2.30|Action=Allow|Dir=In|Odd=1|Name=x|", "it has the field Odd"),
        ("v2.30|Action=ByPass|Dir=In|Name=x|", "'ByPass' cannot be said to the cmdlets"),
        ("v2.30|Action=Allow|Dir=In|RA4=LocalSubnet|Name=x|", "it says something that cannot be said to the cmdlets"),
        ("v2.30|Action=Allow|Dir=In|Protocol=17|LPort=Teredo|Name=x|", "'Teredo' cannot be said to the cmdlets"),
        ("v2.30|Action=Allow|Dir=In|IF={33333333-3333-3333-3333-333333333333}|Name=x|", "the host has no interface"),
        ("v2.30|Action=Allow|Dir=In|RMauth=O:LSD:|Name=x|", "it has the field RMauth"),
        ("v2.30|Action=Allow|Dir=In|Name=x", "does not end with"),
    ],
)
def test_a_rule_that_parameters_do_not_say(text: str, sentence: str) -> None:
    with pytest.raises(Unsayable, match=sentence):
        parameters_of(parse("x", text), ADAPTERS)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"Odd": "x"}, "the parameter Odd is not known"),
        ({"Action": "Bypass"}, "'Bypass' is none of Allow, Block"),
        ({"Profile": ["Home"]}, "'Home' is none of Domain, Private, Public"),
        ({"Protocol": "TCP", "LocalPort": ["Teredo"]}, "'Teredo' is none of RPC, RPCEPMap"),
        ({"RemoteAddress": ["Everywhere"]}, "'Everywhere' is none of LocalSubnet"),
        ({"LocalAddress": ["LocalSubnet"]}, "'LocalSubnet' is no local address"),
        ({"Protocol": "TCP", "IcmpType": ["8"]}, "the protocol has no ICMP types"),
        ({"LocalPort": ["80"]}, "no protocol before it"),
        ({"Program": "C:\\a|b.exe"}, "has a | in it"),
        ({"Enabled": True}, "'True' is none of True, False"),
    ],
)
def test_parameters_that_are_not_understood(parameters: dict[str, Json], sentence: str) -> None:
    with pytest.raises(Unsayable) as caught:
        rule_of({"Name": "x", "DisplayName": "x", "Direction": "Inbound", "Action": "Allow", **parameters}, ADAPTERS)

    assert sentence in str(caught.value)


# ---------------------------------------------------------------- what a write makes of a firewall


@pytest.mark.parametrize(
    ("text", "enabled", "after"),
    [
        (RC_TEXT, False, RC_TEXT.replace("TRUE", "FALSE")),
        ("v2.99|Action=Allow|Active=FALSE|Dir=In|PFN=x|Odd=y|Name=z|", True, "v2.99|Action=Allow|Active=TRUE|Dir=In|PFN=x|Odd=y|Name=z|"),
        ("v2.30|Action=Allow|Dir=In|Name=z|", True, "v2.30|Action=Allow|Active=TRUE|Dir=In|Name=z|"),
    ],
)
def test_switching_changes_nothing_else(text: str, enabled: bool, after: str) -> None:
    assert texts(applied(state(x=text), switch("X", enabled=enabled))) == {"x": after}
    assert switched(rule(text), enabled=enabled).text() == after


def test_other_rules_stay_as_they_are() -> None:
    before = state(a=RC_TEXT, b="no rule", c=RC_TEXT)

    after = applied(before, remove("b"))
    assert after is not None
    assert [each.rule_id for each in after.stores["local"].rules] == ["a", "c"]
    assert after.stores["local"].rules[0] is before.stores["local"].rules[0]
    assert after.stores["group_policy"] is before.stores["group_policy"]
    assert applied(before, remove("gone")) is before


@pytest.mark.parametrize("option", PROFILE_OPTIONS)
def test_an_option_is_taken_out(option: str) -> None:
    before = state({"domain": {option: 1, "DisableNotifications": 1}})

    after = applied(before, removed_option("domain", option))

    assert after is not None
    assert after.stores["local"].profiles == {"domain": {"DisableNotifications": 1}}


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (RC.create(), "there is a rule ConfigMgrHardening-Firewall-rc-1 already"),
        (switch("gone", enabled=True), "there is no rule gone"),
        (cmdlet("NetSecurity", "Set-NetFirewallRule", {"Name": "gone", "Enabled": "False"}, mutates=True), "there is no rule gone"),
        (switch("broken", enabled=False), "the rule broken cannot be read"),
        (switch("a*", enabled=False), "the name 'a*' may stand for several rules"),
        (remove("a?"), "the name 'a?' may stand for several rules"),
        (
            Operation.of("cmdlet.invoke", module="NetSecurity", name="Remove-NetFirewallRule", parameters={}, mutates=True),
            "the name 'None' may",
        ),
        (cmdlet("NetSecurity", "Set-NetFirewallProfile", {"Name": "Any", "Enabled": "True"}, mutates=True), "'Any' is no profile"),
        (
            cmdlet("NetSecurity", "Set-NetFirewallProfile", {"Name": "Domain", "Enabled": "NotConfigured"}, mutates=True),
            "the parameter Enabled with the value 'NotConfigured' is not known",
        ),
        (
            Operation.of(
                "cmdlet.invoke",
                module="NetSecurity",
                name="Set-NetFirewallProfile",
                parameters={"Name": "Domain", "AllowInboundRules": "False"},
                mutates=True,
            ),
            "the parameter AllowInboundRules with the value 'False' is not known",
        ),
    ],
)
def test_a_write_that_the_host_would_not_do_or_that_is_not_understood(operation: Operation, sentence: str) -> None:
    assert is_firewall_write(operation)
    with pytest.raises(Unsayable) as caught:
        applied(state(own=RC_TEXT, broken="no rule"), operation)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "operation",
    [
        Operation.of("cmdlet.invoke", module="NetSecurity", name="Get-NetFirewallRule", parameters={}),
        Operation.of("cmdlet.invoke", module="NetSecurity", name="Remove-NetFirewallRule", parameters={"Name": "x"}),
        Operation.of("cmdlet.invoke", module="Other", name="Remove-NetFirewallRule", parameters={"Name": "x"}, mutates=True),
        Operation.of("cmdlet.invoke", module="NetSecurity", name="Reset-NetFirewallRule", parameters={"Name": "x"}, mutates=True),
        Operation.of("registry.remove", key="HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\DomainProfile", name="EnableFirewall"),
        Operation.of("registry.remove", key=removed_option("domain", "EnableFirewall").fields["key"], name="DisableNotifications"),
        Operation.of("registry.remove", key=removed_option("domain", "EnableFirewall").fields["key"]),
        Operation.of("registry.write", **removed_option("domain", "EnableFirewall").fields, type="dword", data=0),
        Operation.of("file.write", path="x", text="y"),
    ],
)
def test_what_is_no_firewall_write(operation: Operation) -> None:
    assert not is_firewall_write(operation)
    assert applied(state(), operation) is None


def test_what_a_write_moves() -> None:
    both = cmdlet("NetSecurity", "Set-NetFirewallProfile", {"Name": "Domain", "Enabled": "True", "LogBlocked": "True"}, mutates=True)

    assert subjects_of(RC.create()) == subjects_of(RC.update()) == subjects_of(RC.remove()) == subjects_of(switch(ID, enabled=True))
    assert subjects_of(both) == ("domain|EnableFirewall", "domain|LogDroppedPackets")
    assert subjects_of(removed_option("domain", "EnableFirewall")) == ("domain|EnableFirewall",)


def test_a_rule_that_cannot_be_read_is_found_by_its_id() -> None:
    assert isinstance(local_rule(state(own="no rule"), ID), Unparsed)
