# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words for networks and firewalls in an estate file: what they make, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from firewall_support import LOCAL_RULES, estate, rule
from world_support import client, make

from windows_estate.world.behaviours.firewall.places import LOCAL, MDM, POLICY
from windows_estate.world.words.reader import WordsError


def test_windows_own_rules_are_switched_by_id_title_and_resource() -> None:
    host = estate({"on": ["Remote Desktop", "fps-smb-in-tcp-noscope"], "off": ["@FirewallAPI.dll,-33002"]}).machines["CL01"]
    texts = {name: str(value["data"]) for name, value in host.registry.values(LOCAL_RULES).items()}
    on = {name for name, text in texts.items() if "Active=TRUE" in text and "-25000|" not in text}
    assert on == {
        *("RemoteDesktop-UserMode-In-TCP", "RemoteDesktop-UserMode-In-UDP", "RemoteDesktop-Shadow-In-TCP"),
        *("FPS-SMB-In-TCP-NoScope", "WINRM-HTTP-In-TCP-NoScope"),
    }


def test_clients_and_servers_differ_as_they_are_installed() -> None:
    fleet = make({"CL01": {"role": "client"}, "S1": {"role": "member_server"}})
    client_host, server = fleet.machines["CL01"], fleet.machines["S1"]
    for name, on_client, on_server in (
        ("RemoteAssistance-RAServer-In-TCP-NoScope-Active", "TRUE", "FALSE"),
        ("RemoteAssistance-In-TCP-EdgeScope", "FALSE", "FALSE"),
        ("CoreNet-DHCP-In", "TRUE", "TRUE"),
    ):
        assert f"Active={on_client}" in str(rule(client_host, name))
        assert f"Active={on_server}" in str(rule(server, name))
    # The same id, and another rule.
    assert "Profile=Public|LPort=5985|RA4=LocalSubnet" in str(rule(client_host, "WINRM-HTTP-In-TCP"))
    assert "Profile=Domain|Profile=Private|LPort=5985|App=System" in str(rule(server, "WINRM-HTTP-In-TCP"))
    assert rule(client_host, "FPS-SMB-In-TCP-V2") is not None
    assert rule(server, "FPS-SMB-In-TCP-V2") is None


def test_a_copy_is_the_rule_for_other_profiles_under_a_guid() -> None:
    copy: dict[str, Any] = {"of": "RemoteDesktop-UserMode-In-TCP", "id": "{0F6B4C9E-1111-4000-8000-000000000001}", "profiles": ["public"]}
    host = estate({"copies": [copy]}).machines["CL01"]
    assert rule(host, copy["id"]) == (
        "v2.33|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|"
        "Name=@FirewallAPI.dll,-28775|Desc=@FirewallAPI.dll,-28756|EmbedCtxt=@FirewallAPI.dll,-28752|"
    )


def test_every_store_has_its_keys() -> None:
    words = {"rules": [{"id": "R", "name": "R"}], "profiles": {"private": {"enabled": False, "log_size_kb": 8192}}}
    host = estate({**words, "mdm": words}, words).machines["CL01"]
    for root, profile, version in (
        (LOCAL, "StandardProfile", "v2.33"),
        (MDM, "StandardProfile", "v2.33"),
        (POLICY, "PrivateProfile", "v2.26"),
    ):
        assert host.registry.data(f"{root}\\FirewallRules", "R") == f"{version}|Action=Allow|Active=TRUE|Dir=In|Name=R|"
        assert host.registry.data(f"{root}\\{profile}", "EnableFirewall") == 0
        assert host.registry.data(f"{root}\\{profile}\\Logging", "LogFileSize") == 8192


def test_a_host_with_many_rules_decides_quickly_all_the_same() -> None:
    fleet = estate({"more_rules": 1000})
    assert len(fleet.machines["CL01"].registry.values(LOCAL_RULES)) > 1080
    assert fleet.built["CL01"].firewall.admits_controller()


def test_the_same_words_give_the_same_machine() -> None:
    words = {"rules": [{"name": "R"}], "copies": [{"of": "FPS-SMB-In-TCP"}], "more_rules": 10}
    cards = [{"alias": "A"}, {"alias": "B", "addresses": "10.0.0.1/24"}]
    assert estate(words, network=cards).fingerprints() == estate(words, network=cards).fingerprints()


def test_hosts_have_addresses_of_their_own() -> None:
    fleet = make({f"CL{number:02}": {"role": "client"} for number in range(1, 20)})
    found = [built.firewall.network.interfaces[0] for built in fleet.built.values()]
    assert len({one.addresses for one in found}) == len({one.guid for one in found}) == len(found)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"firewall": {"on": ["Remote Desk"]}}, "on has 'Remote Desk'; allowed: ids of Windows' own rules, titles of their groups"),
        ({"firewall": {"rules": [{"protocol": "tcp"}]}}, "name is missing: it is what people see"),
        ({"firewall": {"rules": [{"name": "R", "protocol": "tcp", "ports": [70000]}]}}, "cannot be: The port is invalid."),
        ({"firewall": {"rules": [{"name": "R", "from": ["10.0.0.1/8"]}]}}, "cannot be: The address is invalid."),
        ({"firewall": {"rules": [{"name": "R", "interfaces": ["Wi-Fi"]}]}}, "there is no interface Wi-Fi; allowed: Ethernet."),
        ({"firewall": {"rules": [{"name": "R", "profiles": ["work"]}]}}, "profiles cannot be 'work'; allowed: domain, private, public."),
        ({"firewall": {"rules": [{"rule": "v2.0|Action=Allow|Dir=In|"}]}}, "id is missing"),
        ({"firewall": {"profiles": {"work": {}}}}, "profiles cannot be 'work'"),
        ({"firewall": {"profiles": {"domain": {"log_size_kb": 0}}}}, "log_size_kb must be a whole number from 1 to 32767"),
        ({"firewall": {"copies": [{"of": "Nothing"}]}}, "of has 'Nothing'"),
        ({"firewall": {"copies": [{"of": "FPS-SMB-In-TCP-V2"}]}, "os": "windows_10_22h2"}, "a rule that this Windows does not have"),
        ({"firewall": {"service": "asleep"}}, "service cannot be 'asleep'; allowed: running, stopped."),
        ({"network": [{"alias": "A", "profile": "work"}]}, "profile cannot be 'work'; allowed: domain, private, public."),
        ({"network": [{"alias": "A", "addresses": "10.0.0.1"}]}, "an address with its prefix, such as 10.20.8.11/24"),
        ({"network": [{"alias": "A"}, {"alias": "B"}]}, "addresses is missing"),
        ({"network": [{"alias": "A"}, {"alias": "a", "addresses": "10.0.0.1/24"}]}, "network has two interfaces 'a'"),
        ({"network": [{"guid": "x"}]}, "guid cannot be 'X'"),
        ({"listens": [{"protocol": "tcp"}]}, "port is missing"),
        ({"controller": {"address": "here"}}, "address cannot be 'here'"),
        ({"controller": {"port": 80}}, "port cannot be 80; allowed: 5985, 5986."),
    ],
)
def test_wrong_words_get_a_sentence(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WordsError) as caught:
        make(client(**words))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("host CL01")


def test_a_policy_object_knows_no_interfaces() -> None:
    with pytest.raises(WordsError, match="cannot have interfaces: a policy object knows none"):
        estate(policy={"rules": [{"name": "R", "interfaces": ["Ethernet"]}]})
