# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What leaves open whether a rule works as it reads."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.checks import doubts
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, parse

MACHINES = "RMauth=O:LSD:(A;;CC;;;AU)|"


def doubts_of(text: str, rule_id: str = "Made-Up") -> tuple[str, ...]:
    parsed = parse(rule_id, text)
    assert isinstance(parsed, Rule), parsed
    return doubts(parsed)


@pytest.mark.parametrize(
    "fields",
    [
        "Action=Allow|Dir=In|",
        "Action=Allow|Dir=In|Protocol=6|LPort=RPC|RA4=LocalSubnet|RA6=LocalSubnet|Edge=TRUE|Defer=App|",
        "Action=Allow|Dir=In|Protocol=17|LPort=Teredo|RA4=192.0.2.0/24|RA6=2001:db8::/32|RA42=IntErnet|",
        "Action=Allow|Dir=Out|Protocol=17|LSM=TRUE|RPort=53|",
        "Action=ByPass|Dir=In|Security=Authenticate|Security2_9=An-NoEncap|" + MACHINES,
        "Action=Allow|Dir=In|Security=AuthenticateEncrypt|Security2=AnE-Nego|RUAuth=O:LSD:(A;;CC;;;AU)|",
        "Action=Allow|Dir=Out|Security=Authenticate|AuthByPassOut=TRUE|",
        r"Action=Block|Dir=In|App=%SystemRoot%\system32\svchost.exe|Svc=*|Platform=2:6:2|Platform2=GTEQ|",
    ],
)
def test_sound_rules_leave_no_doubt(fields: str) -> None:
    assert doubts_of(f"v2.30|{fields}Name=Made up|") == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("Action=Allow|Dir=In|Fresh=1|Fresh=2|", ["The field Fresh is not known."]),
        ("Action=Allow|Dir=Out|Protocol=6|LPort=RPC|", ["An outbound rule has a keyword for its local ports."]),
        ("Action=Allow|Dir=In|Protocol=17|LPort=RPC-EPMap|", ["RPC's ports are those of TCP."]),
        ("Action=Allow|Dir=In|Protocol=6|LPort=Teredo|", ["Teredo's port is one of UDP."]),
        ("Action=Allow|Dir=In|RA4=192.0.2.9/24|", ["The network 192.0.2.9/24 in RA4 has bits set beyond its prefix."]),
        ("Action=Allow|Dir=In|RA4=0.0.0.0/0|", ["The network 0.0.0.0/0 in RA4 has an empty prefix."]),
        ("Action=Allow|Dir=In|LA6=::/0|", ["The network ::/0 in LA6 has an empty prefix."]),
        ("Action=Allow|Dir=In|LA6=::1|", ["The field LA6 names the unspecified or the loopback address in ::1."]),
        ("Action=Allow|Dir=Out|Edge=TRUE|", ["An outbound rule allows edge traversal."]),
        ("Action=Allow|Dir=In|LSM=TRUE|", ["Loose source mapping stands in a rule that is inbound, of TCP, or authenticated."]),
        ("Action=Allow|Dir=Out|Security=Authenticate|" + MACHINES, ["An outbound rule names the computers that it admits."]),
        ("Action=Block|Dir=In|Security=Authenticate|", ["A rule that blocks asks for authentication."]),
        ("Action=ByPass|Dir=In|Security=Authenticate|", ["A bypass has to be inbound, authenticated, and limited to named computers."]),
        ("Action=Allow|Dir=In|" + MACHINES, ["The rule names computers or users that it admits and does not ask for authentication."]),
        ("Action=Allow|Dir=In|Security2_9=An-NoEncap|", ["The rule goes without encapsulation and does not ask for plain authentication."]),
        ("Action=Allow|Dir=In|Security2=AnE-Nego|", ["The rule negotiates encryption and is not an inbound one that asks for it."]),
        (
            "Action=Allow|Dir=In|AuthByPassOut=TRUE|",
            ["Only an outbound rule that allows authenticated traffic may come before those that block."],
        ),
        ("Action=Allow|Dir=In|Platform2=GTEQ|", ["The rule compares platforms and names none."]),
        ("Action=Allow|Dir=In|App=C:\\what?.exe|", ["The program is longer than 259 characters or has a character that no path may have."]),
        ("Action=Allow|Dir=In|Svc=a/b|", ["The service is longer than 259 characters or has a slash in its name."]),
    ],
)
def test_each_doubt_is_a_sentence(fields: str, said: list[str]) -> None:
    assert list(doubts_of(f"v2.30|{fields}Name=Made up|")) == said


@pytest.mark.parametrize(
    ("version", "fields", "said"),
    [
        ("2.1", "Defer=App|", "The field Defer came with version 2.10, and the rule is of 2.1."),
        ("2.8", "Security=Authenticate|Security2_9=An-NoEncap|", "The field Security2_9 came with version 2.9, and the rule is of 2.8."),
        ("2.10", "RA42=IntErnet|", "The field RA42 came with version 2.20, and the rule is of 2.10."),
    ],
)
def test_a_field_that_is_newer_than_the_rule_is_a_doubt(version: str, fields: str, said: str) -> None:
    assert doubts_of(f"v{version}|Action=Allow|Dir=In|{fields}Name=Made up|") == (said,)


@pytest.mark.parametrize("name", ["", "Name=|", "Name=All|", "Name=" + "n" * 10_000 + "|"])
def test_a_rule_needs_a_name(name: str) -> None:
    (said,) = doubts_of(f"v2.30|Action=Allow|Dir=In|{name}")
    assert "name" in said


@pytest.mark.parametrize("rule_id", ["", "a|b", "i" * 512])
def test_a_rule_needs_an_id(rule_id: str) -> None:
    (said,) = doubts_of("v2.30|Action=Allow|Dir=In|Name=Made up|", rule_id)
    assert "id" in said


def test_of_connection_security_rules_only_the_fields_are_checked() -> None:
    assert doubts_of("v2.10|Action=Secure|Active=TRUE|") == ()
    assert doubts_of("v2.10|Action=Secure|Active=TRUE|Dir=In|") == ("The field Dir is not known.",)
