# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wrong options of the firewall: a whole sentence each, nothing is sent to the host, and every other host of the play is served."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain

PORTS = "allowed are 1 to 65535, ranges such as 5000-5010, and for tcp rpc and rpc-epmap."
ADDRESSES = "addresses, ranges a-b, networks a/n, LocalSubnet, DNS, DHCP, WINS, DefaultGateway, Intranet, Internet, any."
PROGRAMS = "is no absolute path of a program; allowed is one such as C:\\Tools\\agent.exe or %ProgramFiles%\\Tools\\agent.exe, or System."
SERVICES = (
    "client_push, remote_control, remote_assistance_offer, remote_assistance_solicited, remote_desktop, pxe, multicast, state_migration,"
    " management_point, distribution_point, software_update_point, client_notification, peer_cache, wake_up_proxy, smb, winrm, winrm_https,"
    " winrm_compatibility, ssh, wmi, remote_event_log, remote_service_management, remote_scheduled_tasks, remote_shutdown"
)
CONSOLES = ["10.20.5.0/24"]
GOOD: Json = {"exceptions": [{"service": "remote_control", "from": CONSOLES}]}
HOST_BITS = f"'10.20.5.7/24' has bits set beyond its prefix; the network is 10.20.5.0/24; allowed are {ADDRESSES}"


@dataclass(frozen=True)
class Case:
    """C(said): the whole message, which begins with the exception that it is about unless C(whole). C(baseline): of that module."""

    given: Json
    said: str
    whole: bool = False
    baseline: bool = False

    @property
    def message(self) -> str:
        return self.said if self.whole else f"exceptions[0]{self.said}"


def one(**exception: object) -> Json:
    return {"exceptions": [exception]}


def service(**more: object) -> Json:
    return one(**{"service": "remote_control", "from": CONSOLES, **more})


def own(**more: object) -> Json:
    return one(**{"name": "agent", "protocol": "tcp", "ports": ["5666"], "from": CONSOLES, **more})


def ping(**more: object) -> Json:
    return one(**{"name": "ping", "protocol": "icmpv4", "from": CONSOLES, **more})


CASES: dict[str, Case] = {
    # ------------------------------------------------------------ what is meant
    "NOSERVICE": Case(service(service="telnet"), f".service: 'telnet' is not allowed; allowed is one of {SERVICES}."),
    "BOTH": Case(
        service(name="agent"),
        ": service and name are both given; give service for one of the named services, or name and protocol for one of your own.",
    ),
    "NEITHER": Case(
        one(**{"from": CONSOLES}),
        ": service and name are both missing; give service for one of the named services, or name and protocol for one of your own.",
    ),
    "NAME": Case(
        own(name="my agent"),
        ".name: 'my agent' is no name that a rule's id can have; allowed are up to 64 letters, digits, '_', '.' and '-', the first one"
        " no sign.",
    ),
    "TAKENNAME": Case(own(name="smb"), ".name: 'smb' is the name of a service; give it as service, or choose another name."),
    "TWICE": Case(
        {"exceptions": [*own()["exceptions"], *own(ports=["5667"])["exceptions"]]},
        "exceptions[1]: 'agent' is declared already, by exceptions[0]; put the addresses together, or give one of them another name.",
        whole=True,
    ),
    "CONTRADICTION": Case(
        {"exceptions": [*service()["exceptions"], {"service": "remote_control", "state": "absent"}]},
        "exceptions[1]: the service remote_control is to be present and absent (exceptions[0]) for some of the same addresses on the"
        " profile domain; let them differ in addresses or profiles.",
        whole=True,
    ),
    # ------------------------------------------------------------ protocols, ports, programs
    "NOPROTOCOL": Case(
        one(name="agent", ports=["5666"], **{"from": CONSOLES}),
        ".protocol: missing; an exception with a name of its own needs one of tcp, udp, icmpv4, icmpv6.",
    ),
    "PROTOCOL": Case(own(protocol="sctp"), ".protocol: 'sctp' is not allowed; allowed is one of tcp, udp, icmpv4, icmpv6."),
    "PORT0": Case(own(ports=["0"]), f".ports: '0' is no port that something listens on; {PORTS}"),
    "PORT70000": Case(own(ports=["70000"]), f".ports: '70000' goes beyond 65535, the highest port; {PORTS}"),
    "BACKWARDS": Case(own(ports=["5-1"]), f".ports: '5-1' ends before it begins; {PORTS}"),
    "HALFPORT": Case(own(ports=["80.5"]), f".ports: '80.5' is neither a port number nor a range such as 5000-5010; {PORTS}"),
    "NOPORTS": Case(
        one(name="agent", protocol="tcp", **{"from": CONSOLES}),
        ".ports: missing; give ports (1 to 65535, ranges such as 5000-5010, and for tcp rpc and rpc-epmap), or the program or"
        " windows_service whose ports are meant.",
    ),
    "EMPTYPORTS": Case(own(ports=[]), f".ports: the list is empty; {PORTS}"),
    "RPCUDP": Case(own(protocol="udp", ports=["rpc"]), f".ports: 'rpc' is not allowed for udp; {PORTS}"),
    "OWNPORTS": Case(
        service(ports=["2702"]), ".ports: belongs to an exception with a name of its own; the service remote_control brings its own."
    ),
    "ICMPPORTS": Case(ping(ports=["8"]), ".ports: icmpv4 has no ports; leave ports out, or choose tcp or udp as the protocol."),
    "TCPTYPES": Case(own(icmp_types=["8"]), ".icmp_types: tcp has none; leave icmp_types out, or choose icmpv4 or icmpv6 as the protocol."),
    "NOTYPE": Case(
        ping(icmp_types=["echo"]),
        ".icmp_types: 'echo' is no ICMP type; allowed are types from 0 to 255, such as 8, or with a code, such as 8:0.",
    ),
    "RELATIVE": Case(own(program="agent.exe"), f".program: 'agent.exe' {PROGRAMS}"),
    "SUBFOLDER": Case(own(program="Tools\\agent.exe"), f".program: 'Tools\\agent.exe' {PROGRAMS}"),
    "FORWARD": Case(own(program="C:/Tools/agent.exe"), f".program: 'C:/Tools/agent.exe' {PROGRAMS}"),
    # ------------------------------------------------------------ addresses
    "NOFROM": Case(one(service="remote_control"), f".from: missing; say who is to be let in: {ADDRESSES}"),
    "EMPTYFROM": Case(service(**{"from": []}), f".from: the list is empty, so that nobody is meant; allowed are {ADDRESSES}"),
    "HOSTBITS": Case(service(**{"from": ["10.20.5.7/24"]}), f".from: {HOST_BITS}"),
    "MIXED": Case(
        service(**{"from": ["10.20.5.1-fd00::5"]}),
        f".from: '10.20.5.1-fd00::5' begins in one address family and ends in the other; allowed are {ADDRESSES}",
    ),
    "BADRANGE": Case(
        service(**{"from": ["10.20.5.9-10.20.5.1"]}), f".from: '10.20.5.9-10.20.5.1' ends before it begins; allowed are {ADDRESSES}"
    ),
    "NOADDRESS": Case(service(**{"from": ["console1"]}), f".from: 'console1' is no IPv4 address; allowed are {ADDRESSES}"),
    "FAMILY": Case(
        ping(protocol="icmpv6"), ".from: 10.20.5.0/24 are addresses of the other family than that of icmpv6; give some of its own."
    ),
    "OTHERFAMILY": Case(
        service(local_addresses=["fd00:20:8::11"]),
        ".local_addresses: nobody of 10.20.5.0/24 can come to fd00:20:8::11; give addresses of the same family.",
    ),
    # ------------------------------------------------------------ where
    "PROFILE": Case(service(profiles=["work"]), ".profiles[0]: 'work' is not allowed; allowed is one of domain, private, public."),
    "NOPROFILE": Case(service(profiles=[]), ".profiles: the list is empty; allowed are domain, private, public."),
    "TWOWAYS": Case(
        service(interfaces=["Ethernet"], local_addresses=["10.20.8.11"]),
        ": interfaces and local_addresses are both given; give one of them.",
    ),
    "LOG0": Case(
        {"profiles_on": {"domain": {"log_size_kb": 0}}},
        "profiles_on.domain.log_size_kb: 0 is out of range; allowed are whole numbers from 1 to 32767.",
        whole=True,
    ),
    "LOG32768": Case(
        {"profiles_on": {"public": {"log_size_kb": 32768}}},
        "profiles_on.public.log_size_kb: 32768 is out of range; allowed are whole numbers from 1 to 32767.",
        whole=True,
    ),
    # ------------------------------------------------------------ together
    "SEVERAL": Case(
        own(ports=["0"], program="agent.exe", **{"from": ["10.20.5.7/24"]}),
        f"exceptions[0].program: 'agent.exe' {PROGRAMS} exceptions[0].ports: '0' is no port that something listens on; {PORTS}"
        f" exceptions[0].from: {HOST_BITS}",
        whole=True,
    ),
    "INBASELINE": Case(
        {"firewall_exception": service(**{"from": ["10.20.5.7/24"]})},
        f"firewall_exception.exceptions[0].from: {HOST_BITS}",
        whole=True,
        baseline=True,
    ),
    "ASSISTANCE": Case(
        {"remote_assistance_policy": {"managed_by": "this_collection", "mode": "disabled", "firewall": {"from": ["10.20.5.7/24"]}}},
        f"remote_assistance_policy.firewall.from: {HOST_BITS}",
        whole=True,
        baseline=True,
    ),
}
# What only the host can show to be wrong.
NO_INTERFACE = service(interfaces=["Ethernet", "WLAN"])
SERVED = ("SERVED1", "SERVED2")


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    before: dict[str, str]
    run: Run


@pytest.fixture(scope="module")
def told(start_shared: Start) -> Told:
    hosts: Json = {name: {"role": "client", "vars": {"given": case.given, "baseline": case.baseline}} for name, case in CASES.items()}
    hosts["NOINTERFACE"] = {"role": "client", "vars": {"given": NO_INTERFACE, "baseline": False}}
    hosts |= {name: {"role": "client", "vars": {"given": GOOD, "baseline": False}} for name in SERVED}
    fleet = start_shared({**demo_domain(), "hosts": hosts})
    before = fleet.fingerprints()
    run = fleet.tasks(
        [
            {"configmgr.hardening.firewall_exception": None, "args": "{{ given }}", "when": "not baseline"},
            {"configmgr.hardening.baseline": None, "args": "{{ given }}", "when": "baseline"},
        ]
    )
    return Told(fleet, before, run)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_wrong_option_is_told_and_nothing_is_sent_to_the_host(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert (one.status, one.message) == ("failed", CASES[name].message)
    assert (one.result["changed"], one.result["executions"]) == (False, 0)
    assert told.fleet.counters(name).total_requests == 0


def test_an_interface_that_is_not_there_is_told_with_those_that_are_and_nothing_is_written(told: Told) -> None:
    one = told.run.of("NOINTERFACE")
    assert (one.status, one.message) == (
        "failed",
        "exceptions: interfaces of remote_control: the host has no interface 'WLAN'; it has Ethernet, Local Area Connection* 1.",
    )
    assert (one.result["changed"], told.fleet.counters("NOINTERFACE").executions) == (False, 1)
    assert told.fleet.writes("NOINTERFACE") == []
    assert told.fleet.machine("NOINTERFACE").fingerprint() == told.before["NOINTERFACE"]


def test_every_other_host_is_served(told: Told) -> None:
    assert told.run.with_status("ok") == set(SERVED), told.run.end
    for name in SERVED:
        assert {change["state"] for change in told.run.of(name).result["changes"]} == {"made"}
        assert told.fleet.counters(name).executions == 2
