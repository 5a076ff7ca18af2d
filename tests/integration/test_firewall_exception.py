# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exceptions of the firewall: verified, checked, applied, applied again, rolled back, alone and with everything that is declared.

Who gets in afterwards is what the simulated hosts themselves say, packet by packet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain, moved
from windows_estate.winrm import Handler, ModuleCall, ModuleRun
from windows_estate.world.words.packets import read_packet

RULES = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
OWN = "ConfigMgrHardening-Firewall"
GUID = "{0D6E7C52-93B4-4B0E-8B3D-1C6C5B0F7A01}"
COPY = "{7B0B8D1A-5B1F-4C38-9E0B-64D1E25C5A02}"
CONSOLE, OTHER, OUTSIDE, GUEST = "10.20.5.7", "10.20.9.7", "203.0.113.9", "192.168.7.9"
CONSOLES = ["10.20.5.0/24"]
REMOTE_CONTROL: Json = {"exceptions": [{"service": "remote_control", "from": CONSOLES}]}
NO_DESKTOP: Json = {"exceptions": [{"service": "remote_desktop", "state": "absent"}]}
OWN_RULE: Json = {
    "id": f"{OWN}-remote_control-1",
    "name": "Remote control",
    "group": "configmgr.hardening",
    "protocol": "tcp",
    "ports": [2701],
    "profiles": ["domain"],
    "from": ["10.20.0.0/16"],
    "program": "%windir%\\CCM\\RemCtrl\\CmRcService.exe",
}
TEST: Json = {"id": GUID, "name": "TEST please delete"}
WINRM: Json = {"service": "winrm", "from": ["10.20.0.0/24"]}
AGENT: Json = {
    "name": "agent",
    "protocol": "tcp",
    "ports": ["5666"],
    "program": "%ProgramFiles%\\Agent\\agent.exe",
    "from": ["10.20.0.20-10.20.0.29", "fd00:20::/64"],
    "profiles": ["domain", "private"],
}
GUESTS: Json = {"alias": "Guests", "profile": "public", "addresses": "192.168.7.3/24"}


@dataclass(frozen=True)
class Host:
    """C(given): options; C(words): of the host in the estate; C(changes): what an apply makes of each place."""

    given: Json
    words: Json = field(default_factory=dict)
    changes: Json = field(default_factory=dict)


ADDED = {f"firewall rules {OWN}-remote_control-1": "absent -> present"}
AS_DECLARED = "allow TCP 2701 from 10.20.5.0/24 on domain, program %windir%\\CCM\\RemCtrl\\CmRcService.exe"
DESKTOP_OFF = {f"firewall rule RemoteDesktop-UserMode-In-{protocol}": "enabled -> disabled" for protocol in ("TCP", "UDP")}
HOSTS: dict[str, Host] = {
    "BARE": Host(REMOTE_CONTROL, changes=ADDED),
    "GERMAN": Host(REMOTE_CONTROL, {"language": "de-DE", "os": "windows_10_22h2"}, ADDED),
    "OLD": Host(REMOTE_CONTROL, {"role": "member_server", "os": "server_2016"}, ADDED),
    "GROWN": Host(REMOTE_CONTROL, {"firewall": {"more_rules": 1020}}, ADDED),
    "SETTLED": Host(REMOTE_CONTROL, {"firewall": {"rules": [{**OWN_RULE, "from": CONSOLES}]}}),
    "OWNWRONG": Host(
        REMOTE_CONTROL,
        {"firewall": {"rules": [OWN_RULE]}},
        {f"firewall rule {OWN}-remote_control-1": f"{AS_DECLARED.replace('10.20.5.0/24', '10.20.0.0/16')} -> {AS_DECLARED}"},
    ),
    "PREDEFINED": Host(
        {"exceptions": [{"service": "remote_desktop", "from": ["any"], "profiles": ["domain", "private", "public"]}]},
        changes=dict.fromkeys(DESKTOP_OFF, "disabled -> enabled"),
    ),
    "COPY": Host(
        NO_DESKTOP,
        {
            "role": "member_server",
            "firewall": {
                "on": ["Remote Desktop"],
                "copies": [{"of": "RemoteDesktop-UserMode-In-TCP", "id": COPY, "profiles": ["public"]}],
            },
        },
        {**DESKTOP_OFF, f"firewall rule {COPY}": "enabled -> disabled"},
    ),
    "SEVERAL": Host(
        {
            "exceptions": [AGENT, {"name": "ping", "protocol": "icmpv4", "icmp_types": ["8:0"], "from": ["LocalSubnet"]}],
            "profiles_on": {"domain": {"log_dropped": True, "log_size_kb": 16384}, "private": {}, "public": {"log_successful": False}},
        },
        {"firewall": {"profiles": {"private": {"enabled": False}, "public": {"inbound": "allow"}}}},
        {
            f"firewall rules {OWN}-agent-1": "absent -> present",
            f"firewall rules {OWN}-ping-1": "absent -> present",
            "firewall profile domain: log of dropped packets": "off -> on",
            "firewall profile domain: size of the log in KB": "4096 -> 16384",
            "firewall profile private: firewall": "off -> on",
            "firewall profile public: inbound connections that no rule admits": "allowed -> blocked",
        },
    ),
    "TWO": Host(
        {
            "exceptions": [
                {"service": "remote_desktop", "from": CONSOLES, "interfaces": ["Ethernet"]},
                {"service": "remote_desktop", "state": "absent", "profiles": ["private", "public"]},
            ]
        },
        {"role": "member_server", "network": [{"alias": "Ethernet"}, GUESTS], "listens": [3389], "firewall": {"on": ["Remote Desktop"]}},
        {**DESKTOP_OFF, **{f"firewall rules {OWN}-remote_desktop-{number}": "absent -> present" for number in (1, 2)}},
    ),
    # Somebody else's rules are left by this module, whatever they do.
    "WIDE": Host({**REMOTE_CONTROL, "exclusive": True}, {"firewall": {"rules": [TEST]}}),
    "BLOCKED": Host(
        REMOTE_CONTROL,
        {"firewall": {"rules": [{"id": GUID, "name": "Nobody", "action": "block", "protocol": "tcp", "ports": [2701]}]}},
        ADDED,
    ),
    "STALE": Host({}, {"firewall": {"rules": [OWN_RULE]}}),
    # Others decide.
    "INERT": Host(REMOTE_CONTROL, {"firewall": {"profiles": {"domain": {"local_rules": False}}}}, ADDED),
    "POLICY": Host(REMOTE_CONTROL),
    "MDM": Host(
        REMOTE_CONTROL,
        {
            "firewall": {
                "mdm": {
                    "rules": [
                        {"id": "Consoles", "name": "Remote control", "protocol": "tcp", "ports": [2701], "from": CONSOLES},
                        {"id": "Quarantine", "name": "Quarantine", "action": "block", "protocol": "tcp", "from": "10.20.5.66"},
                    ]
                }
            }
        },
    ),
    "STOPPED": Host(REMOTE_CONTROL, {"firewall": {"service": "stopped"}}),
}
CHANGED = {name for name, host in HOSTS.items() if host.changes}
# With everything that is declared for the host known, what is too much goes.
WHOLE: dict[str, Host] = {
    "WIDE": Host(
        {"firewall_exception": {"exceptions": [*REMOTE_CONTROL["exceptions"], WINRM], "exclusive": True}},
        {"firewall": {"rules": [TEST]}},
        {
            **ADDED,
            f"firewall rules {OWN}-winrm-1": "absent -> present",
            f"firewall rule {GUID}": "enabled -> disabled",
            "firewall rule WINRM-HTTP-In-TCP-NoScope": "enabled -> disabled",
        },
    ),
    "STALE": Host(
        {"firewall_exception": {"exceptions": [WINRM]}},
        {"firewall": {"rules": [OWN_RULE]}},
        {f"firewall rules {OWN}-remote_control-1": "present -> absent"},
    ),
    # What another area of the same run needs is not too much.
    "OFFERS": Host(
        {
            "firewall_exception": {"exceptions": [*REMOTE_CONTROL["exceptions"]], "exclusive": True},
            "remote_assistance_policy": {
                "managed_by": "this_collection",
                "mode": "offer_only",
                "helpers": ["CORP\\Helpdesk"],
                "firewall": {"from": CONSOLES},
            },
        },
        # A group of helpers that Windows' task makes would stay.
        {"firewall": {"rules": [TEST]}, "remote_assistance": {"helpers_group": []}},
    ),
}
POLICIES: Json = {
    "objects": [
        {
            "name": "Workstations - firewall",
            "guid": "{4C1B8A37-2D66-4F0E-9A55-0B7E3D9C1F22}",
            "version": 4,
            "applies_to": "POLICY",
            "firewall": {
                "profiles": {"domain": {"local_rules": False}},
                "rules": [
                    {"id": "Management", "name": "WinRM", "protocol": "tcp", "ports": [5985], "program": "System", "from": "10.20.0.5"}
                ],
            },
        }
    ]
}


def keeping(handler: Handler, replies: list[str]) -> Handler:
    def run(call: ModuleCall) -> ModuleRun | None:
        done = handler(call)
        if done is not None:
            replies.append(done.stdout)
        return done

    return run


@dataclass(frozen=True)
class Chapter:
    run: Run
    executions: dict[str, int]
    requests: dict[str, int]
    writes: dict[str, list[Json]]
    largest_reply: dict[str, int]
    states: dict[str, Json]
    fingerprints: dict[str, str]

    def result(self, host: str) -> dict[str, Any]:
        return self.run.of(host).result

    def changes(self, host: str) -> dict[str, str]:
        return {
            f"{change['setting']} {change['item'] or ''}".strip(): f"{change['before']} -> {change['after']}"
            for change in self.result(host)["changes"]
        }

    def finding(self, host: str, what: str) -> Json:
        """The finding on an exception or the like: it has no control, or the one that is named."""
        found = [
            each for each in self.result(host)["findings"] if what in (each["object"] if each["control"] is None else None, each["control"])
        ]
        assert len(found) == 1, found
        one: Json = found[0]
        return one


@dataclass
class Story:
    fleet: Fleet
    states: dict[str, Json]
    fingerprints: dict[str, str]
    grown: list[str] = field(default_factory=list)
    admitted: dict[str, dict[str, bool]] = field(default_factory=dict)
    desktop: dict[str, list[bool]] = field(default_factory=dict)
    chapters: dict[str, Chapter] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Chapter:
        return self.chapters[name]

    def tell(self, name: str, module: str, arguments: Any, *options: str) -> None:
        fleet = self.fleet
        run = fleet.module(module, arguments, *options)
        hosts = list(fleet.estate.machines)
        self.chapters[name] = Chapter(
            run,
            {host: fleet.counters(host).executions for host in hosts},
            {host: fleet.counters(host).total_requests for host in hosts},
            {host: fleet.writes(host) for host in hosts},
            {host: max((execution.stdout_bytes for execution in fleet.counters(host).log), default=0) for host in hosts},
            fleet.states(),
            fleet.fingerprints(),
        )

    def gets_in(self, host: str, source: str, port: int = 2701, **more: Any) -> bool:
        words = {"from": source, "port": port, **more}
        return bool(self.fleet.estate.built[host].firewall.decide(read_packet(words, host)).allowed)


def start_story(start: Start, hosts: dict[str, Host]) -> Story:
    words = {name: {"role": "client", **host.words, "vars": {"given": host.given}} for name, host in hosts.items()}
    policies = POLICIES if "POLICY" in hosts else {"objects": []}
    fleet = start({**demo_domain(), "group_policy": policies, "hosts": words})
    return Story(fleet, fleet.states(), fleet.fingerprints())


@pytest.fixture(scope="module")
def story(start_shared: Start) -> Story:
    story = start_story(start_shared, HOSTS)
    endpoint = story.fleet.endpoint("GROWN")
    endpoint.handler = keeping(endpoint.handler, story.grown)
    arguments = "{{ given }}"
    story.tell("check", "firewall_exception", arguments, "--check", "--diff")
    story.tell("apply", "firewall_exception", arguments, "--diff")
    story.admitted = {host: {source: story.gets_in(host, source) for source in (CONSOLE, OTHER, OUTSIDE)} for host in HOSTS}
    story.desktop = {
        "COPY": [story.gets_in("COPY", source, 3389) for source in (CONSOLE, OUTSIDE)],
        "PREDEFINED": [story.gets_in("PREDEFINED", source, 3389) for source in (CONSOLE, OUTSIDE)],
        "TWO": [
            story.gets_in("TWO", source, 3389, interface=interface)
            for source, interface in ((CONSOLE, "Ethernet"), (OTHER, "Ethernet"), (CONSOLE, "Guests"), (GUEST, "Guests"))
        ],
    }
    story.tell("again", "firewall_exception", arguments)
    story.tell("rollback", "rollback", {"snapshot": "latest"}, "--limit", ",".join(sorted(CHANGED)))
    return story


def test_a_verification_is_one_execution_of_six_requests_and_writes_nothing(story: Story) -> None:
    for name in ("check", "again"):
        chapter = story[name]
        assert chapter.run.with_status("ok") == set(HOSTS), chapter.run.end
        assert set(chapter.executions.values()) == {1}
        assert set(chapter.requests.values()) == {6}
        assert {host for host in HOSTS if chapter.writes[host]} == set()
    assert story["check"].fingerprints == story.fingerprints


def test_a_thousand_rules_fit_as_they_come_back_packed(story: Story) -> None:
    grown = story.fleet.machine("GROWN").registry.values(RULES)
    assert len(grown) >= 1100
    plain = sum(len(value["data"]) for value in grown.values())
    # pywinrm asks for 153,600 bytes at a time.
    assert plain > 153_600 > 3 * max(len(reply) for reply in story.grown[:1])
    assert all('"answers_gzip"' in reply for reply in story.grown[:4])
    assert story["check"].requests["GROWN"] == 6


def test_an_apply_is_two_executions_of_ten_requests_where_something_changes(story: Story) -> None:
    chapter = story["apply"]
    assert chapter.run.with_status("ok") == set(HOSTS), chapter.run.end
    assert chapter.run.changed() == story["check"].run.changed() == CHANGED
    assert chapter.executions == {host: 2 if host in CHANGED else 1 for host in HOSTS}
    assert chapter.requests == {host: 10 if host in CHANGED else 6 for host in HOSTS}


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_what_check_mode_says_is_what_apply_does(story: Story, host: str) -> None:
    planned, made = story["check"].result(host), story["apply"].result(host)
    assert story["check"].changes(host) == HOSTS[host].changes
    assert [{**change, "state": "made"} for change in planned["changes"]] == made["changes"]
    assert planned.get("diff") == made.get("diff")


def test_writes_are_the_cmdlets_and_each_needs_the_snapshot(story: Story) -> None:
    for host in CHANGED:
        snapshot, *writes = story["apply"].writes[host]
        assert (snapshot["op"], {write["op"] for write in writes}) == ("file.write", {"cmdlet.invoke"})
        assert {write["module"] for write in writes} == {"NetSecurity"}
        assert all(snapshot["id"] in write["needs"] for write in writes)
    # Nobody else's rule is made, changed or removed.
    named = [(write["name"], write["parameters"]["Name"]) for host in CHANGED for write in story["apply"].writes[host][1:]]
    assert all(rule.startswith(OWN) for cmdlet, rule in named if cmdlet in ("New-NetFirewallRule", "Set-NetFirewallRule"))
    assert {cmdlet for cmdlet, _rule in named} == {
        "New-NetFirewallRule",
        "Set-NetFirewallRule",
        "Enable-NetFirewallRule",
        "Disable-NetFirewallRule",
        "Set-NetFirewallProfile",
    }


def test_the_second_apply_changes_nothing(story: Story) -> None:
    assert story["again"].run.changed() == set()
    assert {host for host in HOSTS if story["again"].result(host)["changes"]} == set()
    assert story["again"].fingerprints == story["apply"].fingerprints


@pytest.mark.parametrize("host", sorted(CHANGED))
def test_a_rollback_is_exact(story: Story, host: str) -> None:
    chapter = story["rollback"]
    assert {change["state"] for change in chapter.result(host)["changes"]} == {"made"}
    assert chapter.fingerprints[host] == story.fingerprints[host], moved(story.states[host], chapter.states[host])
    assert (chapter.executions[host], chapter.requests[host]) == (3, 14)


@pytest.mark.parametrize("host", ["BARE", "GERMAN", "OLD", "GROWN", "SETTLED", "OWNWRONG", "INERT"])
def test_those_who_are_declared_get_in_and_nobody_else(story: Story, host: str) -> None:
    assert story["apply"].finding(host, "remote_control")["status"] == "compliant"
    assert story.admitted[host] == {CONSOLE: True, OTHER: False, OUTSIDE: False}


def test_predefined_rules_and_copies_of_them_are_switched(story: Story) -> None:
    assert story["apply"].finding("PREDEFINED", "remote_desktop")["status"] == "compliant"
    assert story.desktop["PREDEFINED"] == [True, True]
    desktop = [
        each for each in story["apply"].result("COPY")["findings"] if each["object"] == "remote_desktop" and each["control"] == "004-21"
    ]
    assert {each["status"] for each in desktop} == {"compliant"}
    assert story.desktop["COPY"] == [False, False]


def test_an_exception_holds_for_the_interface_that_it_names(story: Story) -> None:
    assert story["apply"].finding("TWO", "remote_desktop")["status"] == "compliant"
    assert story.desktop["TWO"] == [True, False, False, False]


def test_profiles_are_turned_on_and_logged(story: Story) -> None:
    for profile in ("domain", "private", "public"):
        assert story["check"].finding("SEVERAL", f"profile {profile}")["status"] == "drift"
        assert story["apply"].finding("SEVERAL", f"profile {profile}")["status"] == "compliant"
    assert {story["apply"].finding("SEVERAL", name)["status"] for name in ("agent", "ping")} == {"compliant"}


def test_a_rule_that_is_wide_open_is_told_and_left(story: Story) -> None:
    found = story["apply"].finding("WIDE", "remote_control")
    assert found["status"] == "drift"
    assert f"admits any address by the local rule 'TEST please delete' ({GUID})" in found["actual"]
    assert "the module baseline does it" in found["remedy"]
    assert story["apply"].fingerprints["WIDE"] == story.fingerprints["WIDE"]
    assert story.admitted["WIDE"] == {CONSOLE: True, OTHER: True, OUTSIDE: True}


def test_a_rule_that_blocks_is_told_and_left(story: Story) -> None:
    found = story["apply"].finding("BLOCKED", "remote_control")
    assert (found["status"], found["actual"]) == (
        "drift",
        f"TCP 2701 at Ethernet (domain) does not admit 10.20.5.0/24: blocked by the local rule 'Nobody' ({GUID})",
    )
    assert story.admitted["BLOCKED"][CONSOLE] is False


def test_an_own_rule_that_nothing_declares_is_told_and_left(story: Story) -> None:
    found = story["apply"].finding("STALE", "own rules")
    assert found["status"] == "drift"
    assert found["actual"].startswith(f"no longer declared: '{OWN}-remote_control-1'")
    assert story["apply"].fingerprints["STALE"] == story.fingerprints["STALE"]


def test_where_policy_merges_no_local_rules_it_is_a_conflict(story: Story) -> None:
    found = story["apply"].finding("POLICY", "remote_control")
    assert (found["status"], found["actual"]) == (
        "conflict",
        "TCP 2701 at Ethernet (domain) does not admit 10.20.5.0/24: local rules are not merged, and no rule of a policy admits them",
    )
    assert "Computer Configuration > Policies > Windows Settings > Security Settings > Windows Defender Firewall" in found["remedy"]
    assert "Apply local firewall rules" in found["remedy"]
    assert story["apply"].fingerprints["POLICY"] == story.fingerprints["POLICY"]


def test_the_same_value_of_the_computer_itself_is_inert(story: Story) -> None:
    caveat = "AllowLocalPolicyMerge in the local store has no effect, as only Group Policy's counts"
    assert caveat in story["apply"].finding("INERT", "remote_control")["caveats"]


def test_a_rule_of_device_management_is_a_conflict(story: Story) -> None:
    found = story["apply"].finding("MDM", "remote_control")
    assert (found["status"], found["actual"]) == (
        "conflict",
        "TCP 2701 at Ethernet (domain) does not admit 10.20.5.66: blocked by the device management (MDM) rule 'Quarantine'",
    )
    assert story["apply"].fingerprints["MDM"] == story.fingerprints["MDM"]


def test_without_the_service_everybody_gets_in_and_nothing_is_written(story: Story) -> None:
    assert story["apply"].finding("STOPPED", "firewall service")["status"] == "drift"
    assert story["apply"].finding("STOPPED", "remote_control")["status"] == "compliant"
    assert story["apply"].finding("STOPPED", "004-22")["status"] == "drift"
    assert story["apply"].fingerprints["STOPPED"] == story.fingerprints["STOPPED"]
    assert story.admitted["STOPPED"] == {CONSOLE: True, OTHER: True, OUTSIDE: True}


# ---------------------------------------------------------------- everything that is declared


@pytest.fixture(scope="module")
def whole(start_shared: Start) -> Story:
    story = start_story(start_shared, WHOLE)
    arguments = {area: f"{{{{ given.{area} | default(omit) }}}}" for area in ("firewall_exception", "remote_assistance_policy")}
    story.tell("check", "baseline", arguments, "--check", "--diff")
    story.tell("apply", "baseline", arguments, "--diff")
    story.admitted = {host: {source: story.gets_in(host, source) for source in (CONSOLE, OTHER, OUTSIDE)} for host in WHOLE}
    story.tell("again", "baseline", arguments)
    story.tell("rollback", "rollback", {"snapshot": "latest"})
    return story


@pytest.mark.parametrize("host", sorted(WHOLE))
def test_what_is_too_much_goes_when_all_is_known(whole: Story, host: str) -> None:
    planned, made = whole["check"].result(host), whole["apply"].result(host)
    if WHOLE[host].changes:
        assert whole["apply"].changes(host) == WHOLE[host].changes
    assert [{**change, "state": "made"} for change in planned["changes"]] == made["changes"]
    assert (whole["apply"].executions[host], whole["again"].executions[host]) == (2, 1)
    assert whole["again"].result(host)["changed"] is False
    assert whole["rollback"].fingerprints[host] == whole.fingerprints[host], moved(whole.states[host], whole["rollback"].states[host])


def test_then_nobody_else_gets_in(whole: Story) -> None:
    assert whole.admitted["WIDE"] == whole.admitted["OFFERS"] == {CONSOLE: True, OTHER: False, OUTSIDE: False}
    assert whole.admitted["STALE"] == {CONSOLE: False, OTHER: False, OUTSIDE: False}
    assert {each["status"] for each in whole["again"].result("WIDE")["findings"]} <= {"compliant", "not_applicable", "unattested"}


def test_what_takes_away_comes_after_what_replaces_it(whole: Story) -> None:
    names = [(write["name"], write["parameters"]["Name"]) for write in whole["apply"].writes["WIDE"][1:]]
    made = [index for index, (cmdlet, _name) in enumerate(names) if cmdlet == "New-NetFirewallRule"]
    gone = [index for index, (cmdlet, _name) in enumerate(names) if cmdlet == "Disable-NetFirewallRule"]
    assert max(made) < min(gone)


def test_what_another_area_needs_stays(whole: Story) -> None:
    rules = whole["apply"].changes("OFFERS")
    assert f"firewall rule {GUID}" in rules
    assert {rule for rule in rules if "RemoteAssistance-remote_assistance_offer" in rule}


def test_an_inventory_may_declare_this_area_alone(start: Start) -> None:
    words = {"role": "client", "vars": {"firewall_exception_options": REMOTE_CONTROL}}
    fleet = start({**demo_domain(), "hosts": {"CL01": words}})
    before = fleet.fingerprints()
    role = fleet.tasks([], "--check", roles=["configmgr.hardening.firewall_exception"])
    assert (role.of("CL01").status, fleet.counters("CL01").executions) == ("ok", 1), role.end
    whole = fleet.playbook("verify")
    assert (whole.exit_code, fleet.counters("CL01").executions) == (0, 1), whole.end
    for run in (role, whole):
        changes = run.of("CL01").result["changes"]
        assert [(change["area"], change["item"], change["state"]) for change in changes] == [
            ("firewall_exception", f"{OWN}-remote_control-1", "planned")
        ]
    assert "remote\\_control-1 | absent | present | planned" in (fleet.results / "report.md").read_text(encoding="utf-8")
    assert fleet.fingerprints() == before
