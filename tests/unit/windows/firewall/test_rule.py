# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rule strings, made up from the grammar: what each field means, and what is no rule."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import FILTER_FIELDS, IcmpType, Platform
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import (
    ALL_PROFILES,
    Field,
    Rule,
    Unparsed,
    parse,
    parse_all,
)

GUID = "{0f0e0d0c-0b0a-0908-0706-050403020100}"
PACKAGE = "S-1-15-2-1-2-3-4-5-6-7"


def rule(fields: str, *, action: str = "Allow", direction: str = "In", version: str = "v2.30") -> Rule:
    """A rule with these fields after those that every rule has."""
    text = f"{version}|Action={action}|Active=TRUE|Dir={direction}|{fields}Name=Made up|"
    parsed = parse("Made-Up", text)
    assert isinstance(parsed, Rule), parsed
    assert parsed.text() == text
    return parsed


def reason(text: str) -> str:
    """Why a string is no rule."""
    parsed = parse("Made-Up", text)
    assert isinstance(parsed, Unparsed), parsed
    assert (parsed.rule_id, parsed.text) == ("Made-Up", text)
    return parsed.reason


def test_a_rule_that_says_little_matches_everything() -> None:
    least = rule("")
    assert (least.version, least.action, least.direction, least.active, least.name) == ((2, 30), "allow", "in", True, "Made up")
    assert least.profiles == ALL_PROFILES == {"domain", "private", "public"}
    assert least.protocol is None and least.icmp_types is None
    assert least.local_ports.is_any and least.remote_ports.is_any
    assert least.local_addresses.is_any and least.remote_addresses.is_any
    assert not least.interfaces and not least.interface_types
    assert least.application is None and least.service is None and least.group is None
    assert least.edge_traversal == "block" and least.security == "none" and not least.authenticated
    assert least.unknown_fields == () and least.applies_to(10, 0)


def test_a_rule_that_does_not_say_that_it_is_active_is_not() -> None:
    parsed = parse("Made-Up", "v2.30|Action=Allow|Dir=In|")
    assert isinstance(parsed, Rule) and not parsed.active


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        ("Profile=Domain|", "profiles", {"domain"}),
        ("Profile=Private|Profile=Public|", "profiles", {"private", "public"}),
        ("Protocol=0|", "protocol", 0),
        ("Protocol=255|", "protocol", 255),
        ("Protocol=006|", "protocol", 6),
        ("Protocol=6|LPort=2701|", "local_ports", PortSet.of(2701)),
        ("Protocol=6|LPort=80|LPort=443|LPort2_10=63000-64000|", "local_ports", PortSet.of(80, 443, (63000, 64000))),
        ("Protocol=6|LPort=RPC|", "local_ports", PortSet.of(keywords=["RPC"])),
        ("Protocol=6|LPort=RPC-EPMap|", "local_ports", PortSet.of(keywords=["RPC-EPMap"])),
        ("Protocol=17|LPort=Teredo|", "local_ports", PortSet.of(keywords=["Teredo"])),
        ("Protocol=6|LPort2_10=IPTLSIn|LPort2_10=IPHTTPSIn|", "local_ports", PortSet.of(keywords=["IPTLSIn", "IPHTTPSIn"])),
        ("Protocol=17|LPort2_20=Ply2Disc|LPort2_20=DHCP|", "local_ports", PortSet.of(keywords=["Ply2Disc", "DHCP"])),
        ("Protocol=17|LPort2_24=mDNS|", "local_ports", PortSet.of(keywords=["mDNS"])),
        ("Protocol=6|LPort2_29=TcpCDPSvc|", "local_ports", PortSet.of(keywords=["TcpCDPSvc"])),
        ("Protocol=17|RPort=53|RPort2_10=5000-5010|", "remote_ports", PortSet.of(53, (5000, 5010))),
        ("Protocol=6|RPort2_10=IPTLSOut|RPort2_10=IPHTTPSOut|", "remote_ports", PortSet.of(keywords=["IPTLSOut", "IPHTTPSOut"])),
        ("Protocol=6|RPort2_28=CortanaOut|", "remote_ports", PortSet.of(keywords=["CortanaOut"])),
        ("Protocol=1|ICMP4=8:*|ICMP4=3:4|", "icmp_types", {IcmpType(8, None), IcmpType(3, 4)}),
        ("Protocol=58|ICMP6=128:*|", "icmp_types", {IcmpType(128, None)}),
        ("App=System|", "application", "System"),
        (r"App=%SystemRoot%\system32\msra.exe|", "application", r"%SystemRoot%\system32\msra.exe"),
        ("Svc=termservice|", "service", "termservice"),
        ("Svc=*|", "service", "*"),
        (
            "IF=" + GUID + "|IF=" + GUID[1:-1].upper().replace("0F", "AF") + "|",
            "interfaces",
            {GUID.upper(), GUID.upper().replace("0F", "AF")},
        ),
        ("IFType=Lan|", "interface_types", {"lan"}),
        ("IFType=Wireless|IFType=RemoteAccess|", "interface_types", {"wireless", "remote_access"}),
        ("Edge=TRUE|", "edge_traversal", "allow"),
        ("Edge=FALSE|", "edge_traversal", "block"),
        ("Edge=TRUE|Defer=App|", "edge_traversal", "defer_app"),
        ("Defer=User|", "edge_traversal", "defer_user"),
        ("LSM=TRUE|", "loose_source_mapped", True),
        ("LOM=TRUE|", "local_only_mapped", True),
        ("LOM=FALSE|", "local_only_mapped", False),
        ("PCross=TRUE|", "profile_crossing", True),
        ("AuthByPassOut=TRUE|", "bypass_outbound", True),
        ("Security=Authenticate|", "security", "authenticate"),
        ("Security=AuthenticateEncrypt|", "security", "authenticate_encrypt"),
        ("Security2_9=An-NoEncap|", "without_encapsulation", True),
        ("Security2=AnE-Nego|", "negotiates_encryption", True),
        ("RMauth=O:LSD:(A;;CC;;;AU)|", "remote_machines", "O:LSD:(A;;CC;;;AU)"),
        ("RUAuth=O:LSD:(A;;CC;;;BA)|", "remote_users", "O:LSD:(A;;CC;;;BA)"),
        ("LUAuth=O:LSD:(A;;CC;;;AA)|", "local_users", "O:LSD:(A;;CC;;;AA)"),
        ("LUAuth2_24=TzpMU0Q6|", "local_users_encoded", "TzpMU0Q6"),
        ("NNm=Y29ycA==|", "network_names", "Y29ycA=="),
        ("SecurityRealmId=S-1-5-21-1-2-3-4|", "security_realm", "S-1-5-21-1-2-3-4"),
        ("SkipVer=2.10|", "skip_version", (2, 10)),
        ("Platform=2:6:1|Platform=2:6:2|Platform2=GTEQ|", "platforms", (Platform(2, 6, 1), Platform(2, 6, 2, or_later=True))),
        ("LUOwn=S-1-5-21-1-2-3-1001|", "owner", "S-1-5-21-1-2-3-1001"),
        (f"AppPkgId={PACKAGE}|", "package_sid", PACKAGE),
        ("PFN=Made.Up_0123456789abc|", "package_family", "Made.Up_0123456789abc"),
        (
            "TTK=ProxSharing|TTK2_22=WFDPrint|TTK2_27=UPnP|TTK2_28=WFDCDPSvc|",
            "trust_tuples",
            {"ProxSharing", "WFDPrint", "UPnP", "WFDCDPSvc"},
        ),
        (r"EmbedCtxt=@%SystemRoot%\system32\FirewallAPI.dll,-33002|", "group", "@firewallapi.dll,-33002"),
        ("EmbedCtxt=By hand|", "group", "By hand"),
        ("EmbedCtxt=|", "group", None),
        ("Desc=a=b, c|", "description", "a=b, c"),
        ("Desc=|", "description", ""),
    ],
)
def test_each_field_says_what_it_says(fields: str, attribute: str, value: Any) -> None:
    parsed = rule(fields)
    assert getattr(parsed, attribute) == value
    assert parsed.unknown_fields == ()


def test_every_field_of_the_grammar_is_tried_above() -> None:
    tried = {text.partition("=")[0] for text in _tried().split("|") if text}
    assert set(FILTER_FIELDS) - tried == {"Action", "Active", "Dir", "Name", "LA4", "LA6", "RA4", "RA6", "RA42", "RA62"}


def _tried() -> str:
    (mark,) = (mark for mark in test_each_field_says_what_it_says.pytestmark if mark.name == "parametrize")
    return "".join(case[0] for case in mark.args[1])


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ("RA4=192.0.2.1|", ("192.0.2.1",)),
        ("RA4=192.0.2.1-192.0.2.9|RA4=198.51.100.0/24|", ("192.0.2.1-192.0.2.9", "198.51.100.0/24")),
        ("RA4=198.51.100.0/255.255.255.0|RA6=2001:db8::/32|", ("198.51.100.0/24", "2001:db8::/32")),
        ("RA6=2001:db8::1-2001:db8::2|", ("2001:db8::1-2001:db8::2",)),
        ("RA4=LocalSubnet|RA6=LocalSubnet|", ("LocalSubnet",)),
        ("RA4=LocalSubnet|", ("LocalSubnet (IPv4)",)),
        (
            "RA4=DNS|RA6=DNS|RA4=DHCP|RA6=DHCP|RA4=WINS|RA6=WINS|RA4=DefaultGateway|RA6=DefaultGateway|",
            ("DHCP", "DNS", "DefaultGateway", "WINS"),
        ),
        ("RA42=IntErnet|RA62=IntErnet|RA42=IntrAnet|RA62=IntrAnet|", ("Internet", "Intranet")),
        ("RA42=RmtIntrAnet|RA62=RmtIntrAnet|RA42=Ply2Renders|RA62=Ply2Renders|", ("Ply2Renders", "RmtIntrAnet")),
        ("RA42=CaptivePortal|RA62=CaptivePortal|RA4=192.0.2.1|", ("192.0.2.1", "CaptivePortal")),
        ("RA4=192.0.2.77/24|", ("192.0.2.0/24",)),
    ],
)
def test_remote_addresses_of_all_fields_come_together(fields: str, texts: tuple[str, ...]) -> None:
    assert rule(fields).remote_addresses.texts() == texts
    assert rule(fields).local_addresses.is_any


def test_addresses_of_one_family_leave_nothing_of_the_other() -> None:
    parsed = rule("LA4=192.0.2.1|LA4=192.0.2.2|")
    assert parsed.local_addresses == AddressSet.parse("192.0.2.1-192.0.2.2")
    assert not parsed.local_addresses.may_contain("2001:db8::1")
    assert rule("LA6=2001:db8::/64|").local_addresses.texts() == ("2001:db8::/64",)


@pytest.mark.parametrize(
    ("fields", "action", "authenticated"),
    [
        ("Security=Authenticate|", "Allow", True),
        ("Security=AuthenticateEncrypt|Security2=AnE-Nego|", "Allow", True),
        ("Security=Authenticate|Security2_9=An-NoEncap|", "Allow", True),
        ("RMauth=O:LSD:(A;;CC;;;AU)|", "Allow", True),
        ("RUAuth=O:LSD:(A;;CC;;;AU)|", "Allow", True),
        ("LUAuth=O:LSD:(A;;CC;;;AU)|", "Allow", False),
        ("", "ByPass", True),
        ("", "Block", False),
    ],
)
def test_which_rules_admit_authenticated_peers_only(fields: str, action: str, *, authenticated: bool) -> None:
    assert rule(fields, action=action).authenticated is authenticated


@pytest.mark.parametrize(
    ("fields", "host", "applies"),
    [
        ("Platform=2:6:2|Platform2=GTEQ|", (10, 0), True),
        ("Platform=2:6:2|Platform2=GTEQ|", (6, 2), True),
        ("Platform=2:6:2|Platform2=GTEQ|", (6, 1), False),
        ("Platform=2:6:2|", (10, 0), False),
        ("Platform=2:6:2|", (6, 2), True),
        ("Platform=2:6:2|Platform=2:10:0|", (10, 0), True),
        ("Platform=1:6:2|", (6, 2), False),
        # The operator is the last one's only.
        ("Platform=2:6:1|Platform=2:11:0|Platform2=GTEQ|", (10, 0), False),
    ],
)
def test_which_versions_of_windows_a_rule_is_for(fields: str, host: tuple[int, int], *, applies: bool) -> None:
    assert rule(fields).applies_to(*host) is applies


def test_a_rule_may_be_left_out_by_older_firewalls() -> None:
    assert rule("SkipVer=2.10|").is_skipped_by((2, 10)) and rule("SkipVer=2.10|").is_skipped_by((2, 9))
    assert not rule("SkipVer=2.10|").is_skipped_by((2, 20)) and not rule("").is_skipped_by((2, 0))


def test_unknown_fields_survive_and_are_known_as_such() -> None:
    parsed = rule("Protocol=6|Fresh2_40=one|LPort=22|Fresh2_40=two|Empty=|active=FALSE|")
    assert parsed.unknown_fields == (Field("Fresh2_40", "one"), Field("Fresh2_40", "two"), Field("Empty", ""), Field("active", "FALSE"))
    assert parsed.values("Fresh2_40") == ("one", "two") and parsed.values("LPort") == ("22",) and parsed.values("RPort") == ()
    assert parsed.active and parsed.local_ports == PortSet.of(22)


def test_fields_keep_their_order_and_the_version_its_digits() -> None:
    text = "v002.030|Name=x|Dir=Out|Action=Block|Active=FALSE|Profile=Public|Profile=Domain|Profile=Public|"
    parsed = parse("id with spaces\\and more", text)
    assert isinstance(parsed, Rule)
    assert parsed.text() == text and parsed.version == (2, 30) and parsed.direction == "out" and not parsed.active
    assert [field.name for field in parsed.fields] == ["Name", "Dir", "Action", "Active", "Profile", "Profile", "Profile"]


@pytest.mark.parametrize("action", ["Secure", "SecureServer", "Boundary", "DoNotSecure"])
def test_connection_security_rules_are_rules_without_a_direction(action: str) -> None:
    text = (
        f"v2.10|Action={action}|Active=TRUE|Profile=Private|Protocol=6|EP1Port=5357|EP2Port2_10=1-2|EP2_4=192.0.2.1|EP2_6=2001:db8::/32|"
        f"RTunnel6_2=2001:db8::2|Auth1Set={GUID}|SecureInClearOut=FALSE|FwdLifetime=90|Name=Made up|EmbedCtxt=|"
    )
    parsed = parse("Made-Up", text)
    assert isinstance(parsed, Rule) and parsed.text() == text
    assert parsed.is_connection_security and parsed.direction is None and parsed.profiles == {"private"} and not parsed.unknown_fields
    assert not rule("").is_connection_security


def test_fields_of_the_other_kind_of_rule_are_unknown() -> None:
    assert rule("EP2_4=192.0.2.1|").unknown_fields == (Field("EP2_4", "192.0.2.1"),)
    secure = parse("Made-Up", "v2.10|Action=Secure|Dir=In|")
    assert isinstance(secure, Rule) and secure.unknown_fields == (Field("Dir", "In"),) and secure.direction is None


IN = "v2.30|Action=Allow|Dir=In|"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no field at all"),
        ("v2.30", "no field at all"),
        ("v2.30|", "no field at all"),
        ("Allow|Action=Allow|Dir=In|", "does not begin with a version such as v2.30: 'Allow' does not begin with v"),
        ("v2|Action=Allow|Dir=In|", "is no version of two numbers"),
        ("v2.256|Action=Allow|Dir=In|", "is no version of two numbers up to 255"),
        ("v2.0001|Action=Allow|Dir=In|", "is no version"),
        ("V2.30|Action=Allow|Dir=In|", "does not begin with v"),
        ("v2.\u0663|Action=Allow|Dir=In|", "is no version"),
        ("v2.30|Action=Allow|Dir=In", "does not end with |"),
        (IN + "Name=cut off", "does not end with |"),
        (IN + "|", "'' is no field of the form name=value"),
        (IN + "Name|", "'Name' is no field"),
        (IN + "=x|", "'=x' is no field"),
        ("v2.30|Dir=In|", "The field Action is missing"),
        ("v2.30|Action=Allow|", "The field Dir is missing"),
        ("v2.30|Action=allow|Dir=In|", "The field Action has an illegal value: 'allow' is none of Allow, Block, ByPass"),
        ("v2.30|Action=Allow|Dir=in|", "The field Dir has an illegal value: 'in' is none of In, Out"),
        (IN + "Dir=In|", "The field Dir stands there more than once"),
        (IN + "Action=Block|", "The field Action stands there more than once"),
        (IN + "Active=True|", "The field Active has an illegal value: 'True' is none of TRUE, FALSE"),
        (IN + "Active=|", "The field Active has an illegal value"),
        (IN + "Profile=Domain,Private|", "The field Profile has an illegal value: 'Domain,Private' is none of Domain, Private, Public"),
        (IN + "Protocol=TCP|", "The field Protocol has an illegal value: 'TCP' is no number from 0 to 255"),
        (IN + "Protocol=256|", "The field Protocol has an illegal value"),
        (IN + "Protocol=0006|", "The field Protocol has an illegal value"),
        (IN + "Protocol=6|Protocol=17|", "The field Protocol stands there more than once"),
        (IN + "LPort=80|", "The field LPort stands there and no protocol before it"),
        (IN + "LPort=80|Protocol=6|", "The field LPort stands there and no protocol before it"),
        (IN + "Protocol=47|LPort=80|", "The field LPort belongs to protocol 6 or 17 and not to 47"),
        (IN + "Protocol=1|RPort2_10=1-2|", "The field RPort2_10 belongs to protocol 6 or 17 and not to 1"),
        (IN + "Protocol=6|ICMP4=8:*|", "The field ICMP4 belongs to protocol 1 and not to 6"),
        (IN + "Protocol=1|ICMP6=128:*|", "The field ICMP6 belongs to protocol 58 and not to 1"),
        (IN + "ICMP4=8:*|", "no protocol before it"),
        (IN + "Protocol=6|LPort=80,443|", "is no single port"),
        (IN + "Protocol=6|LPort=80-90|", "is no single port"),
        (IN + "Protocol=6|LPort=65536|", "is no single port"),
        (IN + "Protocol=6|LPort=|", "is no single port"),
        (IN + "Protocol=6|LPort=rpc|", "is no single port from 0 to 65535, nor RPC, nor RPC-EPMap, nor Teredo"),
        (IN + "Protocol=6|RPort=RPC|", "is no single port"),
        (IN + "Protocol=6|LPort2_10=80|", "is no range of ports"),
        (IN + "Protocol=6|LPort2_10=5-1|", "ends before it begins"),
        (IN + "Protocol=6|LPort2_10=1-70000|", "beyond 65535"),
        (IN + "Protocol=6|LPort2_10=1-2-3|", "neither a port number nor a range"),
        (IN + "Protocol=6|LPort2_20=mDNS|", "'mDNS' is none of Ply2Disc, DHCP"),
        (IN + "RA4=0|", "The field RA4 has an illegal value: '0' is no IPv4 address"),
        (IN + "RA4=2001:db8::1|", "is no IPv4 address"),
        (IN + "RA6=192.0.2.1|", "is no IPv6 address"),
        (IN + "RA4=localsubnet|", "is no IPv4 address"),
        (IN + "RA4=IntErnet|", "is no IPv4 address"),
        (IN + "LA4=LocalSubnet|", "is no IPv4 address"),
        (IN + "RA42=LocalSubnet|", "is none of IntrAnet, IntErnet"),
        (IN + "RA4=192.0.2.0/255.0.255.0|", "is no network mask"),
        (IN + "RA4=192.0.2.2-192.0.2.1|", "ends before it begins"),
        (IN + "RA4=192.0.2.1,192.0.2.2|", "is no IPv4 address"),
        (IN + "RA6=" + "f" * 500 + "|", "is no IPv6 address"),
        (IN + "RA6=fe80::1%4|", "has a scope"),
        (IN + "Protocol=1|ICMP4=8|", "is no ICMP type with a code"),
        (IN + "Protocol=1|ICMP4=8:|", "is no number from 0 to 255"),
        (IN + "Protocol=1|ICMP4=256:*|", "is no number from 0 to 255"),
        (IN + "IF=eth0|", "is no GUID"),
        (IN + "IFType=Ethernet|", "is none of Lan, Wireless, RemoteAccess"),
        (IN + "App=|", "The field App has an illegal value: it is empty"),
        (IN + "Svc=|", "The field Svc has an illegal value: it is empty"),
        (IN + "Defer=Both|", "is none of App, User"),
        (IN + "Security=Maybe|", "is none of Authenticate, AuthenticateEncrypt"),
        (IN + "LUAuth2_24=O:LSD:(A;;CC;;;AA)|", "is no base64 text"),
        (IN + "LUAuth2_24=\u00e9|", "is no base64 text"),
        (IN + "SkipVer=new|", "is no version"),
        (IN + "Platform=2:6|", "is no platform such as 2:6:2"),
        (IN + "Platform=8:6:2|", "the platform type 8 is greater than 7"),
        (IN + "Platform2=LT|", "'LT' is none of GTEQ"),
        (IN + "Name=a|Name=b|", "The field Name stands there more than once"),
        ("v2.10|Action=Secure|FwdLifetime=soon|", "is no decimal number"),
        ("v2.10|Action=Secure|EP1Port=1|", "no protocol before it"),
    ],
)
def test_what_is_no_rule_says_why(text: str, said: str) -> None:
    sentence = reason(text)
    assert said in sentence
    assert sentence.endswith(".") and len(sentence) < 310


def test_a_list_is_parsed_in_its_order() -> None:
    parsed = parse_all([("a", IN), ("b", "nothing"), ("c", IN)])
    assert [(type(one), one.rule_id) for one in parsed] == [(Rule, "a"), (Unparsed, "b"), (Rule, "c")]
