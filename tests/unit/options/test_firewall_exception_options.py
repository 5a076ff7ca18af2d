# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may not say about the firewall, in whole sentences, and what comes of what may be said."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.firewall_exception_options import (
    FirewallOptions,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.firewall_exception_options import (
    read_options as read_rules,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_policy import demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options, specifications
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_profile import ProfileWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import FirewallException
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet

ADDRESSES = "addresses, ranges a-b, networks a/n, LocalSubnet, DNS, DHCP, WINS, DefaultGateway, Intranet, Internet, any"
OWN_ADDRESSES = "addresses of the host, ranges a-b, networks a/n"
PORTS = "1 to 65535, ranges such as 5000-5010, and for tcp rpc and rpc-epmap"
CONSOLES = ["10.1.5.0/24"]


def said(**given: Any) -> FirewallOptions:
    """As the module reads them: first the types, then the rules between the options."""
    return read_rules(read_options("firewall_exception", given))


def one(**given: Any) -> FirewallException:
    """A single exception."""
    (found,) = said(exceptions=[given]).exceptions
    return found


def own(**given: Any) -> dict[str, Any]:
    """An exception with a name of its own, changed or lacking something (None)."""
    entry = {"name": "app", "protocol": "tcp", "ports": [9000], "from": CONSOLES, **given}
    return {name: value for name, value in entry.items() if value is not None}


def wrong(*entries: dict[str, Any], **given: Any) -> tuple[str, ...]:
    with pytest.raises(OptionError) as caught:
        said(exceptions=list(entries), **given)
    return caught.value.sentences


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {"service": "rdp", "from": CONSOLES},
            f"exceptions[0].service: 'rdp' is not allowed; allowed is one of {', '.join(services())}.",
        ),
        (
            {"service": "smb", "name": "app", "from": CONSOLES},
            "exceptions[0]: service and name are both given; give service for one of the named services, or name and protocol for one of"
            " your own.",
        ),
        (
            {"from": CONSOLES},
            "exceptions[0]: service and name are both missing; give service for one of the named services, or name and protocol for one of"
            " your own.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "ports": ["445"]},
            "exceptions[0].ports: belongs to an exception with a name of its own; the service smb brings its own.",
        ),
        (
            own(name="my app"),
            "exceptions[0].name: 'my app' is no name that a rule's id can have; allowed are up to 64 letters, digits, '_', '.' and '-', the"
            " first one no sign.",
        ),
        (own(name="smb"), "exceptions[0].name: 'smb' is the name of a service; give it as service, or choose another name."),
        (
            own(protocol=None),
            "exceptions[0].protocol: missing; an exception with a name of its own needs one of tcp, udp, icmpv4, icmpv6.",
        ),
        (own(protocol="gre"), "exceptions[0].protocol: 'gre' is not allowed; allowed is one of tcp, udp, icmpv4, icmpv6."),
        (own(ports=[0]), f"exceptions[0].ports: '0' is no port that something listens on; allowed are {PORTS}."),
        (own(ports=["0-80"]), f"exceptions[0].ports: '0-80' is no port that something listens on; allowed are {PORTS}."),
        (own(ports=["any"]), f"exceptions[0].ports: 'any' is no port that something listens on; allowed are {PORTS}."),
        (own(ports=[70000]), f"exceptions[0].ports: '70000' goes beyond 65535, the highest port; allowed are {PORTS}."),
        (own(ports=["5-1"]), f"exceptions[0].ports: '5-1' ends before it begins; allowed are {PORTS}."),
        (
            own(ports=["http"]),
            f"exceptions[0].ports: 'http' is neither a port number nor a range such as 5000-5010; allowed are {PORTS}.",
        ),
        (own(ports=[]), f"exceptions[0].ports: the list is empty; allowed are {PORTS}."),
        (own(ports=["teredo"]), f"exceptions[0].ports: 'teredo' is not allowed for tcp; allowed are {PORTS}."),
        (own(protocol="udp", ports=["rpc"]), f"exceptions[0].ports: 'rpc' is not allowed for udp; allowed are {PORTS}."),
        (
            own(ports=None),
            f"exceptions[0].ports: missing; give ports ({PORTS}), or the program or windows_service whose ports are meant.",
        ),
        (
            own(protocol="icmpv4"),
            "exceptions[0].ports: icmpv4 has no ports; leave ports out, or choose tcp or udp as the protocol.",
        ),
        (
            own(icmp_types=["8"]),
            "exceptions[0].icmp_types: tcp has none; leave icmp_types out, or choose icmpv4 or icmpv6 as the protocol.",
        ),
        (
            own(protocol="icmpv4", ports=None, icmp_types=["8:x"]),
            "exceptions[0].icmp_types: '8:x' is no ICMP type; allowed are types from 0 to 255, such as 8, or with a code, such as 8:0.",
        ),
        (
            own(protocol="icmpv4", ports=None, icmp_types=["256"]),
            "exceptions[0].icmp_types: '256' is no ICMP type; allowed are types from 0 to 255, such as 8, or with a code, such as 8:0.",
        ),
        (
            own(protocol="icmpv6", ports=None, icmp_types=["128"]),
            "exceptions[0].from: 10.1.5.0/24 are addresses of the other family than that of icmpv6; give some of its own.",
        ),
        (
            own(program="agent.exe"),
            "exceptions[0].program: 'agent.exe' is no absolute path of a program; allowed is one such as C:\\Tools\\agent.exe or"
            " %ProgramFiles%\\Tools\\agent.exe, or System.",
        ),
        (
            own(program="C:\\Tools\\*.exe"),
            "exceptions[0].program: 'C:\\Tools\\*.exe' is no absolute path of a program; allowed is one such as C:\\Tools\\agent.exe or"
            " %ProgramFiles%\\Tools\\agent.exe, or System.",
        ),
        (
            own(windows_service="a/b"),
            "exceptions[0].windows_service: 'a/b' is no short name of a service, such as CmRcService.",
        ),
        ({"service": "smb"}, f"exceptions[0].from: missing; say who is to be let in: {ADDRESSES}."),
        (
            {"service": "smb", "from": []},
            f"exceptions[0].from: the list is empty, so that nobody is meant; allowed are {ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": ["10.1.5.7/24"]},
            f"exceptions[0].from: '10.1.5.7/24' has bits set beyond its prefix; the network is 10.1.5.0/24; allowed are {ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": ["10.1.5.7-fd00::1"]},
            f"exceptions[0].from: '10.1.5.7-fd00::1' begins in one address family and ends in the other; allowed are {ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": ["10.1.5.9-10.1.5.7"]},
            f"exceptions[0].from: '10.1.5.9-10.1.5.7' ends before it begins; allowed are {ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": ["consoles"]},
            f"exceptions[0].from: 'consoles' is no IPv4 address; allowed are {ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": ["CaptivePortal"]},
            f"exceptions[0].from: 'CaptivePortal' is not allowed; allowed are {ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "profiles": []},
            "exceptions[0].profiles: the list is empty; allowed are domain, private, public.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "profiles": ["work"]},
            "exceptions[0].profiles[0]: 'work' is not allowed; allowed is one of domain, private, public.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "interfaces": ["lan"], "local_addresses": ["10.1.2.3"]},
            "exceptions[0]: interfaces and local_addresses are both given; give one of them.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "interfaces": []},
            "exceptions[0].interfaces: the list or an entry is empty; allowed are names of interfaces, such as Ethernet.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "local_addresses": []},
            f"exceptions[0].local_addresses: the list is empty; allowed are {OWN_ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "local_addresses": ["LocalSubnet"]},
            f"exceptions[0].local_addresses: 'LocalSubnet' is not allowed; allowed are {OWN_ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "local_addresses": ["any"]},
            f"exceptions[0].local_addresses: 'any' is not allowed; allowed are {OWN_ADDRESSES}.",
        ),
        (
            {"service": "smb", "from": CONSOLES, "local_addresses": ["fd00::1"]},
            "exceptions[0].local_addresses: nobody of 10.1.5.0/24 can come to fd00::1; give addresses of the same family.",
        ),
    ],
)
def test_one_thing_is_wrong(entry: dict[str, Any], sentence: str) -> None:
    assert wrong(entry) == (sentence,)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (own(), own(ports=[9001])),
        (own(), own(name="APP")),
        (own(), own(state="absent")),
        ({"service": "smb", "from": CONSOLES}, {"service": "smb", "from": ["10.9.0.1"], "profiles": ["private"]}),
        ({"service": "smb", "state": "absent"}, {"service": "smb", "state": "absent", "from": CONSOLES}),
    ],
)
def test_a_label_twice(first: dict[str, Any], second: dict[str, Any]) -> None:
    label = second.get("service") or second["name"]
    sentence = (
        f"exceptions[1]: '{label}' is declared already, by exceptions[0]; put the addresses together, or give one of them another name."
    )
    assert wrong(first, second) == (sentence,)


def test_present_and_absent_of_the_same_service_may_not_overlap() -> None:
    present, absent = {"service": "smb", "from": CONSOLES}, {"service": "smb", "state": "absent", "from": ["10.1.0.0/16"]}
    assert wrong(present, absent) == (
        "exceptions[1]: the service smb is to be present and absent (exceptions[0]) for some of the same addresses on the profile domain;"
        " let them differ in addresses or profiles.",
    )
    assert len(said(exceptions=[present, {**absent, "from": ["10.2.0.0/16"]}]).exceptions) == 2
    assert len(said(exceptions=[present, {**absent, "profiles": ["public"]}]).exceptions) == 2


@pytest.mark.parametrize("size", [0, 32768])
def test_the_size_of_a_log(size: int) -> None:
    sentence = f"profiles_on.public.log_size_kb: {size} is out of range; allowed are whole numbers from 1 to 32767."
    assert wrong(profiles_on={"public": {"log_size_kb": size}}) == (sentence,)


def test_everything_wrong_is_said_at_once() -> None:
    sentences = wrong({"service": "smb"}, own(ports=[0]), profiles_on={"domain": {"log_size_kb": 0}})
    assert [sentence.partition(":")[0] for sentence in sentences] == [
        "exceptions[0].from",
        "exceptions[1].ports",
        "profiles_on.domain.log_size_kb",
    ]


def test_the_defaults() -> None:
    assert said().exceptions == ()
    assert not said().exclusive
    assert not said().profiles_on
    present, absent = one(service="smb", **{"from": CONSOLES}), one(service="smb", state="absent")
    assert present.present
    assert present.profiles == {"domain"}
    assert not absent.present
    assert absent.profiles == {"domain", "private", "public"}
    assert absent.remote.is_any


def test_what_comes_of_an_exception_with_a_name_of_its_own() -> None:
    found = one(
        name="app",
        protocol="tcp",
        ports=[9000, "9100-9110", "RPC"],
        program="%ProgramFiles%\\App\\app.exe",
        windows_service="app",
        profiles=["private", "domain"],
        local_addresses=["10.1.2.3"],
        **{"from": ["10.1.5.1", "10.1.5.2", "LocalSubnet"]},
    )
    (endpoint,) = found.endpoints
    assert endpoint.ports == PortSet.of(9000, (9100, 9110), keywords=["RPC"])
    assert (endpoint.program, endpoint.service) == ("%ProgramFiles%\\App\\app.exe", "app")
    assert found.remote == AddressSet.parse("10.1.5.1-10.1.5.2").union(AddressSet.parse("LocalSubnet"))
    assert found.local == AddressSet.parse("10.1.2.3")
    assert found.profiles == {"domain", "private"}
    assert found.rule_id(1) == "ConfigMgrHardening-Firewall-app-1"


def test_exclusive_is_for_what_is_present() -> None:
    options = said(exceptions=[{"service": "smb", "from": CONSOLES}, {"service": "ssh", "state": "absent"}], exclusive=True)
    assert [exception.exclusive for exception in options.exceptions] == [True, False]
    assert options.declaration(acts=True).exclusive


def test_the_profiles_that_are_to_be_on() -> None:
    options = said(profiles_on={"domain": {"log_dropped": True, "log_size_kb": 16384}, "public": {}})
    assert options.profiles_on == {"domain": ProfileWanted(log_dropped=True, log_size_kb=16384), "public": ProfileWanted()}
    assert options.declaration().turned_on == {"domain", "public"}


def test_the_documentation_names_the_services_that_there_are() -> None:
    choices = specifications()["firewall_exception"]["exceptions"]["options"]["service"]["choices"]
    assert choices == list(services())


def ra(**firewall: Any) -> dict[str, Any]:
    return read_options("remote_assistance_policy", {"managed_by": "this_collection", "mode": "solicited", "firewall": firewall})


@pytest.mark.parametrize(
    ("firewall", "sentence"),
    [
        ({"from": []}, f"firewall.from: the list is empty, so that nobody is meant; allowed are {ADDRESSES}."),
        (
            {"from": ["10.1.5.7/24"]},
            f"firewall.from: '10.1.5.7/24' has bits set beyond its prefix; the network is 10.1.5.0/24; allowed are {ADDRESSES}.",
        ),
        ({"profiles": []}, "firewall.profiles: the list is empty; allowed are domain, private, public."),
    ],
)
def test_the_firewall_of_remote_assistance(firewall: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        demands(ra(**firewall))
    assert caught.value.sentences == (sentence,)
