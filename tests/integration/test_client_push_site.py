# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Client push of a site, from the provider's host: verified, checked, applied, applied again, rolled back; and what can go wrong.

Each host is the server of a site of its own. Whoever waits on a host makes the estate's time jump, so no test waits for a site.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain
from windows_estate.world.behaviours.configmgr_site.items import CLIENT_CONFIG, DISCOVERY

SERVERS, OFFICE, OLD = "CORP\\push-servers", "CORP\\push-office", "CORP\\push-old"
SYSTEM = {"ansible_become": True, "ansible_become_method": "ansible.builtin.runas", "ansible_become_user": "SYSTEM"}
OFF: Json = {"automatic_push": False}
EVERYTHING: Json = {
    "computer_types": ["workstations", "servers"],
    "site_systems": False,
    "clear_install_flag_task": False,
    "accounts": [SERVERS, OFFICE],
    "passwords": {OFFICE: "Tr0ub4dor.and.3"},
    "enforce_order": True,
    "installation_properties": {"must_contain": ["SMSSITECODE=A01", "/UsePKICert"]},
}
OPEN: Json = {
    "automatic": True,
    "computer_types": ["workstations", "servers", "domain_controllers"],
    "site_systems": True,
    "ntlm_fallback": True,
}
GRANT = (
    "Run the task with become and the method runas: as SYSTEM where the SMS Provider is on the site server, else as an account with rights"
    " in the site (become_flags: logon_type=interactive logon_flags=with_profile); or let the connection delegate"
    " (ansible_winrm_kerberos_delegation). In the console, Administration, Security, that account needs a security role with the permission"
    " Read on Site (Read-only Analyst should have it), and to change something also Modify."
)

# By site code: its words; the host CMxx is its server.
SITES: dict[str, Json] = {
    # Everything is wrong, and another component uses an account that has to leave the list.
    "A01": {
        "upgraded": True,
        "client_push": {**OPEN, "accounts": [OLD, SERVERS]},
        "stored_accounts": {OLD: ["Software Distribution"]},
        "clear_install_flag": True,
    },
    # Without a console everything goes through the provider itself.
    "B01": {"upgraded": True, "client_push": OPEN, "consoles": []},
    # As it should be.
    "C01": {},
    # The switch is right, and not honoured.
    "D01": {"release": "2207", "client_push": {"ntlm_fallback": False}},
    # A component puts the switch back, another administrator was faster, the site takes its time.
    "E01": {"upgraded": True, "client_push": OPEN, "reverts": [{"property": "ENABLEKERBEROSCHECK", "after_reads": 1}]},
    "F01": {"upgraded": True, "client_push": OPEN},
    "G01": {"upgraded": True, "client_push": OPEN, "apply_seconds": 500},
    # Without become the provider lets nobody in; with a delegated connection it does; an analyst sees all and may change nothing.
    "H01": {"upgraded": True, "client_push": OPEN},
    "I01": {"upgraded": True, "client_push": OPEN},
    "J01": {"upgraded": True, "client_push": OPEN, "administrators": {"CORP\\svc-ansible": "Read-only Analyst"}},
    # An administrator of the site, of whom become gets a process that can go on to the provider.
    "L01": {"upgraded": True, "client_push": OPEN, "administrators": {"CORP\\n.weber": "Full Administrator"}},
    # Somebody else's site.
    "K01": {"upgraded": True, "client_push": OPEN, "administrators": {"CORP\\n.weber": "Full Administrator"}},
}
PLAIN = {"H01", "I01", "J01", "K01"}
CHANGED = set(SITES) - {"C01", "D01", "K01"}
# Those of which every change is made.
MADE = {"A01", "B01", "I01", "L01"}


def host_of(code: str) -> str:
    return f"CM-{code}"


def sites(words: dict[str, Json]) -> Json:
    """The words of ConfigMgr for sites of which each has a server of its own."""
    first, *others = words
    return {
        "site_code": first,
        "site": {"name": first, "server": host_of(first), **words[first]},
        "other_sites": {code: {"server": host_of(code), **words[code]} for code in others},
    }


@dataclass(frozen=True)
class Chapter:
    """One run, and what the hosts counted."""

    run: Run
    executions: dict[str, int]
    requests: dict[str, int]
    writes: dict[str, list[Json]]
    fingerprints: dict[str, str]

    def result(self, code: str) -> dict[str, Any]:
        return self.run.of(host_of(code)).result

    def changes(self, code: str) -> dict[str, str | None]:
        """What each change came to: its state, or what is said of it."""
        return {
            f"{change['setting']} {change['item'] or ''}".strip(): change["message"] or change["state"]
            for change in self.result(code)["changes"]
        }

    def finding(self, code: str, control: str, *, of: str | None = None) -> Json:
        found = [each for each in self.result(code)["findings"] if each["control"] == control and each["object"] == of]
        assert len(found) == 1, found
        one: Json = found[0]
        return one


@dataclass
class Story:
    fleet: Fleet
    fingerprints: dict[str, str]
    chapters: dict[str, Chapter]
    applied: Json = field(default_factory=dict)

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
            fleet.fingerprints(),
        )

    def number(self, code: str, name: str) -> int:
        found = self.fleet.estate.sites[code].component_property(DISCOVERY, name)
        assert found is not None
        return int(found["Value"])

    def text(self, code: str, name: str, component: str = DISCOVERY) -> str:
        found = self.fleet.estate.sites[code].component_property(component, name)
        assert found is not None
        return str(found["Value1"])

    def all_of(self, code: str) -> Json:
        """A whole site as it is, without passwords."""
        site = self.fleet.estate.sites[code]
        return {
            "accounts": site.push_accounts(),
            "store": sorted(site.stored_accounts()),
            **{name: self.number(code, name) for name in ("ENABLEKERBEROSCHECK", "FILTERS", "AutoInstallSiteSystem")},
            "SETTINGS": self.text(code, "SETTINGS").upper(),
            "line": self.text(code, "Advanced Client Command Line", CLIENT_CONFIG),
        }


@pytest.fixture(scope="module")
def story(start_shared: Start) -> Story:
    words = demo_domain()
    words["domain"]["users"] |= {"push-servers": 1401, "push-office": 1402}
    words["configmgr"] = sites(SITES)
    words["hosts"] = {host_of(code): {"role": "site_server", "vars": {"given": OFF, **SYSTEM}} for code in SITES}
    hosts = words["hosts"]
    hosts[host_of("A01")]["vars"]["given"] = EVERYTHING
    hosts[host_of("A01")]["language"] = "de-DE"
    hosts[host_of("G01")]["vars"]["given"] = {**OFF, "wait_seconds": 30}
    weber = {"ansible_become_user": "CORP\\n.weber", "ansible_become_password": "x"}
    flags = {"ansible_become_flags": "logon_type=interactive logon_flags=with_profile"}
    hosts[host_of("L01")]["vars"] |= {**weber, **flags}
    hosts[host_of("L01")]["local_groups"] = {"Administrators": ["CORP\\svc-ansible", "CORP\\n.weber"]}
    for code in PLAIN:
        hosts[host_of(code)]["vars"] = {"given": OFF}
    for code in PLAIN - {"H01"}:
        hosts[host_of(code)]["controller"] = {"delegation": True}
    fleet = start_shared(words)
    story = Story(fleet, fleet.fingerprints(), {})
    arguments = "{{ given }}"
    story.tell("check", "client_push_site", arguments, "--check", "--diff")
    # Right after the site has been read in order to be changed.
    fleet.estate.sites["F01"].later(lambda: fleet.estate.sites["F01"].set_property(DISCOVERY, "ENABLEKERBEROSCHECK", value=5), reads=1)
    story.tell("apply", "client_push_site", arguments, "--diff")
    story.applied = story.all_of("A01")
    story.tell("again", "client_push_site", arguments)
    story.tell("rollback", "rollback", {"snapshot": "latest"}, "--limit", ",".join(host_of(code) for code in sorted(MADE)))
    return story


def test_a_verification_is_one_execution_and_writes_nothing(story: Story) -> None:
    chapter = story["check"]
    for code in SITES:
        host = host_of(code)
        assert (chapter.executions[host], chapter.writes[host]) == (1, []), host
        # What become needs is not ours, and may need a second Send.
        assert chapter.requests[host] == (6 if code in PLAIN else 7)
        assert chapter.run.of(host).status == "ok", chapter.run.of(host).message
    assert chapter.fingerprints == story.fingerprints
    assert chapter.run.changed() == {host_of(code) for code in CHANGED}


def test_an_apply_is_two_executions_and_nothing_is_polled(story: Story) -> None:
    chapter = story["apply"]
    for code in SITES:
        host = host_of(code)
        assert chapter.executions[host] == (2 if code in CHANGED else 1), host
        assert chapter.requests[host] <= (10 if code in PLAIN else 12)


def test_what_is_planned_is_what_is_done(story: Story) -> None:
    for code in SITES:
        planned, made = story["check"].result(code), story["apply"].result(code)
        shown = [{**change, "state": None, "message": None} for change in made["changes"]]
        assert [{**change, "state": None, "message": None} for change in planned["changes"]] == shown
        if code in MADE:
            assert {change["state"] for change in made["changes"]} == {"made"}
            assert planned["diff"] == made["diff"]


def test_everything_is_set_and_the_account_stays_in_the_store(story: Story) -> None:
    assert set(story["apply"].changes("A01")) == {
        "ntlm fallback",
        "computer types",
        "site systems",
        "automatic push",
        "clear install flag",
        f"account store {OFFICE}",
        "push accounts",
        "installation properties",
    }
    assert {each["status"] for each in story["apply"].result("A01")["findings"]} == {"compliant", "unattested"}
    assert story["apply"].finding("A01", "001-15")["status"] == "compliant"
    assert story.applied == {
        "accounts": [SERVERS, OFFICE],
        "store": sorted([SERVERS, OFFICE, OLD]),
        "ENABLEKERBEROSCHECK": 2,
        "FILTERS": 2,
        "AutoInstallSiteSystem": 0,
        "SETTINGS": "INACTIVE",
        "line": "SMSSITECODE=A01 /UsePKICert",
    }


def test_without_a_console_it_goes_through_the_provider(story: Story) -> None:
    _snapshot, *writes = story["apply"].writes[host_of("B01")]
    assert {write["op"] for write in writes} == {"cim.put"}
    assert story["apply"].finding("B01", "001-10")["status"] == "compliant"
    (controllers,) = [each for each in story["apply"].result("B01")["findings"] if each["control"] == "001-12"]
    assert (controllers["status"], controllers["object"]) == ("drift", "domain controllers")


def test_the_second_apply_changes_nothing(story: Story) -> None:
    for code in {*MADE, *set(SITES) - CHANGED} - {"K01"}:
        host = host_of(code)
        assert (story["again"].executions[host], story["again"].writes[host]) == (1, []), host
        assert story["again"].result(code)["changed"] is False


def test_a_site_that_does_not_honour_the_switch_is_told_and_not_changed(story: Story) -> None:
    found = story["apply"].finding("D01", "001-10")
    assert (found["status"], found["actual"]) == (
        "drift",
        "version 5.00.9088.1000 does so only with the update KB15599094, which is not installed",
    )
    assert story["apply"].result("D01")["changes"] == []


def test_what_a_site_component_reverts_is_told(story: Story) -> None:
    found = story["apply"].finding("E01", "001-10")
    assert (found["status"], found["actual"]) == (
        "drift",
        "fallback of client push to NTLM: on; it was set, and reverted by a site component",
    )
    assert story["apply"].finding("E01", "001-08")["status"] == "compliant"
    # It gave up when it was done to it once more.
    assert story["again"].finding("E01", "001-10")["status"] == "compliant"


def test_what_another_administrator_changed_in_between_is_left(story: Story) -> None:
    said = "fallback of client push to NTLM of the site F01: changed by somebody else in between, so nothing was overwritten. Verify again."
    one = story["apply"].run.of(host_of("F01"))
    assert (one.status, one.message) == ("failed", f"ntlm fallback: on -> off failed: {said}")
    assert story["apply"].changes("F01") == {"ntlm fallback": said, "automatic push": "made"}
    assert story["apply"].finding("F01", "001-10")["status"] == "error"
    assert [(change["before"], change["after"]) for change in story["again"].result("F01")["changes"]] == [("5", "off")]


def test_a_site_that_takes_too_long_is_told(story: Story) -> None:
    one = story["apply"].run.of(host_of("G01"))
    said = "automatic site-wide client push of the site G01: written, and not seen as off within 30 seconds."
    assert one.status == "failed" and said in one.message
    assert {story["apply"].finding("G01", control)["status"] for control in ("001-08", "001-10")} == {"error"}


@pytest.mark.parametrize("code", ["H01", "J01"])
def test_a_write_that_is_denied_says_what_to_configure(story: Story, code: str) -> None:
    host = host_of(code)
    denied = f"the write was denied. The process on {host} runs as CORP\\svc-ansible. {GRANT}"
    assert story["apply"].changes(code) == {
        "ntlm fallback": f"fallback of client push to NTLM of the site {code}: {denied}",
        "automatic push": f"automatic site-wide client push of the site {code}: {denied}",
    }
    assert story["apply"].run.of(host).status == "failed"
    assert story["apply"].finding(code, "001-10")["status"] == "error"
    assert (story.number(code, "ENABLEKERBEROSCHECK"), story.text(code, "SETTINGS").upper()) == (3, "ACTIVE")


def test_a_provider_that_denies_reading_says_what_to_configure(story: Story) -> None:
    host = host_of("K01")
    for control in ("001-08", "001-10"):
        found = story["check"].finding("K01", control)
        assert (found["status"], found["code"]) == ("indeterminate", "no_rows")
        assert found["actual"] == (
            f"{host} shows no SMS Provider: there is none, or no Read right on it. The process on {host} runs as CORP\\svc-ansible. {GRANT}"
        )
    assert story["apply"].result("K01")["changes"] == []


def test_a_rollback_restores_all_but_the_store(story: Story) -> None:
    chapter = story["rollback"]
    for code in MADE:
        host = host_of(code)
        assert {change["state"] for change in chapter.result(code)["changes"]} == {"made"}, chapter.run.of(host).message
        assert chapter.executions[host] == 3
        if code != "A01":
            assert chapter.fingerprints[host] == story.fingerprints[host]
    assert story.all_of("A01") == {
        "accounts": [OLD, SERVERS],
        "store": sorted([SERVERS, OFFICE, OLD]),
        "ENABLEKERBEROSCHECK": 3,
        "FILTERS": 0,
        "AutoInstallSiteSystem": 1,
        "SETTINGS": "ACTIVE",
        "line": "SMSSITECODE=A01",
    }
