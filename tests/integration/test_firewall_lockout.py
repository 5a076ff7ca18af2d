# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every way in which options can cut the connection in use is refused in a sentence, and the simulated host answers afterwards.

A simulated host that does not let the controller in any more breaks its connections for real.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain

WINRM = "WINRM-HTTP-In-TCP-NoScope"
OWN = "ConfigMgrHardening-Firewall-management-1"
GUID = "{5B0E2D14-7C1A-4C39-8E55-2D9C4B1F7A03}"
# Windows' own rules for WinRM are off, so that something else has to let the controller in.
OFF = {"off": ["Windows Remote Management"]}
RULES = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
LAN = {"alias": "Ethernet"}
ELSEWHERE = ["10.99.0.0/16"]


def rule(**words: object) -> Json:
    return {"id": GUID, "name": "Management", "protocol": "tcp", "ports": [5985], **words}


def own(**words: object) -> Json:
    """A rule that this collection has made."""
    return rule(id=OWN, group="configmgr.hardening", program="System", profiles=["domain"], **words)


def winrm(*addresses: str, **more: object) -> Json:
    """WinRM for these and for nobody else."""
    return {"exceptions": [{"service": "winrm", "from": list(addresses), **more}], "exclusive": True}


def management(**more: object) -> Json:
    exception = {"name": "management", "protocol": "tcp", "ports": ["5985"], "program": "System", "from": ["any"], **more}
    return {"exceptions": [exception], "exclusive": True}


@dataclass(frozen=True)
class Case:
    """C(host): its words in the estate. C(doing): what is refused. C(why), C(peer), C(profile): of the sentence."""

    given: Json
    doing: str
    host: Json = field(default_factory=dict)
    why: str = "no rule would let it in any more"
    peer: tuple[int, str] = (5985, "10.20.0.5")
    profile: str = "domain"

    @property
    def sentence(self) -> str:
        port, remote = self.peer
        return (
            f"{self.doing} would cut the connection in use, TCP {port} from {remote} on the profile {self.profile}: {self.why}. It is not"
            f" done. Declare an exception that lets {remote} in on TCP {port}, or connect in another way."
        )


CASES = {
    # ------------------------------------------------------------ a predefined rule is disabled
    "ABSENT": Case({"exceptions": [{"service": "winrm", "state": "absent"}]}, f"Disabling the firewall rule {WINRM}"),
    "ABSENTHTTPS": Case(
        {"exceptions": [{"service": "winrm_https", "state": "absent"}], "exclusive": True},
        f"Disabling the firewall rule {GUID}",
        {"firewall": {**OFF, "rules": [rule(ports=[5986])]}, "controller": {"port": 5986}},
        peer=(5986, "10.20.0.5"),
    ),
    "COPY": Case(
        {"exceptions": [{"service": "winrm", "state": "absent"}]},
        f"Disabling the firewall rule {GUID}",
        {"firewall": {**OFF, "copies": [{"of": WINRM, "id": GUID, "profiles": ["domain"]}]}},
    ),
    # ------------------------------------------------------------ addresses
    "OTHERS": Case(winrm(*ELSEWHERE), f"Disabling the firewall rule {WINRM}"),
    "SUBNET": Case(winrm("LocalSubnet"), f"Disabling the firewall rule {WINRM}"),
    "BESIDE": Case(winrm("10.20.0.1-10.20.0.4", "10.20.0.6-10.20.0.255"), f"Disabling the firewall rule {WINRM}"),
    "IPV6": Case(winrm("fd00:20::/32"), f"Disabling the firewall rule {WINRM}"),
    "OWNNARROWED": Case(management(**{"from": ELSEWHERE}), f"Changing the firewall rule {OWN}", {"firewall": {**OFF, "rules": [own()]}}),
    "WIDEOPEN": Case(
        {"exceptions": [{"service": "remote_control", "from": ["10.20.5.0/24"]}], "exclusive": True},
        f"Disabling the firewall rule {GUID}",
        {"firewall": {**OFF, "rules": [{"id": GUID, "name": "TEST please delete"}]}},
    ),
    # ------------------------------------------------------------ ports
    "RANGE": Case(
        management(ports=["5000-6000"], **{"from": ELSEWHERE}),
        f"Disabling the firewall rule {WINRM}",
    ),
    "OTHERPORT": Case(management(ports=["5986"]), f"Changing the firewall rule {OWN}", {"firewall": {**OFF, "rules": [own()]}}),
    "GONE": Case(
        {"exceptions": [{"name": "agent", "protocol": "tcp", "ports": ["5666"], "from": ["any"]}]},
        f"Removing the firewall rule {OWN}",
        {"firewall": {**OFF, "rules": [own()]}},
    ),
    # ------------------------------------------------------------ profiles and interfaces
    "PROFILE": Case(winrm("any", profiles=["private"]), f"Disabling the firewall rule {WINRM}"),
    "OWNPROFILE": Case(management(profiles=["public"]), f"Changing the firewall rule {OWN}", {"firewall": {**OFF, "rules": [own()]}}),
    "INTERFACE": Case(
        winrm("any", interfaces=["Backup"]),
        f"Disabling the firewall rule {WINRM}",
        {"network": [LAN, {"alias": "Backup", "addresses": "10.30.0.12/24"}]},
    ),
    "OWNADDRESS": Case(
        winrm("any", local_addresses=["10.30.0.12"]),
        f"Disabling the firewall rule {WINRM}",
        {"network": [LAN, {"alias": "Backup", "addresses": "10.30.0.12/24"}]},
    ),
    "GUESTS": Case(
        winrm("any", profiles=["domain"]),
        f"Disabling the firewall rule {GUID}",
        {
            "network": [LAN, {"alias": "Guests", "profile": "public", "addresses": "192.168.7.3/24"}],
            "controller": {"address": "192.168.7.50"},
            "firewall": {**OFF, "rules": [rule(profiles=["public"])]},
        },
        peer=(5985, "192.168.7.50"),
        profile="public",
    ),
    # ------------------------------------------------------------ the firewall as such
    "INBOUND": Case(
        {"profiles_on": {"domain": {}}},
        "Blocking what no rule admits on the profile domain",
        {"firewall": {**OFF, "profiles": {"domain": {"inbound": "allow"}}}},
    ),
    "TURNEDOFF": Case(
        {"profiles_on": {"domain": {}, "private": {}}},
        "Turning the firewall on for the profile domain",
        {"firewall": {**OFF, "profiles": {"domain": {"enabled": False}}}},
    ),
}
# The firewall's service does not run, so nothing is written: the service has to be started first, and then it is judged again.
STOPPED: dict[str, tuple[Json, Json]] = {
    "STOPPED": ({"exceptions": [{"service": "winrm", "state": "absent"}], "exclusive": True}, {}),
    "STOPPEDOFF": ({"profiles_on": {"domain": {}}}, {"profiles": {"domain": {"enabled": False}}}),
    "STOPPEDINBOUND": ({"profiles_on": {"domain": {}}}, {"profiles": {"domain": {"inbound": "allow"}}}),
}
# An own rule is made, and when everything else that lets the controller in is gone, a rollback would take it away.
BACK: Json = {"exceptions": management()["exceptions"]}
BACK_HOST: Json = {"firewall": {**OFF, "rules": [rule(**{"from": "10.20.0.0/24"})]}}


@dataclass(frozen=True)
class Told:
    """C(again): a verification after everything, for which each host has to let the controller in."""

    fleet: Fleet
    before: dict[str, str]
    run: Run
    rollback: Run
    again: Run


@pytest.fixture(scope="module")
def told(start_shared: Start) -> Told:
    hosts: Json = {name: {"role": "client", "vars": {"given": case.given}, **case.host} for name, case in CASES.items()}
    for name, (given, words) in STOPPED.items():
        hosts[name] = {"role": "client", "vars": {"given": given}, "firewall": {"service": "stopped", **words}}
    hosts["BACK"] = {"role": "client", "vars": {"given": BACK}, **BACK_HOST}
    fleet = start_shared({**demo_domain(), "hosts": hosts})
    before = fleet.fingerprints()
    arguments = {"firewall_exception": "{{ given }}"}
    run = fleet.module("baseline", arguments)
    registry = fleet.machine("BACK").registry
    registry.set(RULES, GUID, "sz", str(registry.data(RULES, GUID)).replace("Active=TRUE", "Active=FALSE"))
    rollback = fleet.module("rollback", {"snapshot": "latest"}, "--limit", "BACK")
    return Told(fleet, before, run, rollback, fleet.module("baseline", arguments, "--check"))


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_would_cut_the_connection_is_refused_in_a_sentence(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert one.status == "ok", one.message
    refused = [change["message"] for change in one.result["changes"] if change["state"] == "refused"]
    assert refused == [CASES[name].sentence]
    assert {change["state"] for change in one.result["changes"]} <= {"refused", "made"}
    assert any(CASES[name].sentence in finding["remedy"] for finding in one.result["findings"])


@pytest.mark.parametrize("name", sorted({*CASES, *STOPPED, "BACK"}))
def test_the_host_answers_afterwards(told: Told, name: str) -> None:
    assert told.fleet.estate.built[name].firewall.admits_controller()
    assert told.again.of(name).status == "ok", told.again.of(name).message
    # What was refused once is refused again, and nothing else is left to do.
    assert [change["state"] for change in told.again.of(name).result["changes"]] == (["refused"] if name in CASES else [])


@pytest.mark.parametrize("name", sorted(CASES))
def test_where_it_is_the_only_change_nothing_is_written(told: Told, name: str) -> None:
    result = told.run.of(name).result
    written = [change for change in result["changes"] if change["state"] == "made"]
    assert result["changed"] is bool(written)
    assert (told.fleet.machine(name).fingerprint() == told.before[name]) is not bool(written)


@pytest.mark.parametrize("name", sorted(STOPPED))
def test_nothing_is_written_while_the_service_does_not_run(told: Told, name: str) -> None:
    result = told.run.of(name).result
    assert (result["changed"], result["changes"]) == (False, [])
    assert told.fleet.machine(name).fingerprint() == told.before[name]
    (service,) = [finding for finding in result["findings"] if finding["object"] == "firewall service"]
    assert (service["status"], service["actual"]) == ("drift", "the firewall service MpsSvc is not running")


def test_a_rollback_that_would_cut_it_is_refused_as_well(told: Told) -> None:
    (made,) = told.run.of("BACK").result["changes"]
    assert (made["setting"], made["item"], made["state"]) == ("firewall rules", OWN, "made")
    one = told.rollback.of("BACK")
    (change,) = one.result["changes"]
    assert (change["state"], change["message"]) == ("refused", Case(BACK, f"Removing the firewall rule {OWN}").sentence)
    assert one.result["changed"] is False
    assert told.fleet.machine("BACK").registry.data(RULES, OWN) is not None
