# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs that write the firewall: what is read, in which order what is written, what the findings say, and the way back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import ChangeState, Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import (
    own_rule_change,
    profile_change,
    removed_rule_change,
    switched_rule_change,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads, read_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import TODAY, context, good, requirement
from ansible_collections.configmgr.hardening.tests.unit.engine.firewall_host import RDP, WINRM, FirewallHost, connection

WINRM_ID, RDP_ID = "WINRM-HTTP-In-TCP-NoScope", "RemoteDesktop-UserMode-In-TCP"
OVER = Connection("winrm", 5985)
Wish = tuple[str, ...] | OwnRule


def own(ports: int, remote: str = "10.1.5.0/24", label: str = "winrm") -> OwnRule:
    rule_id = f"ConfigMgrHardening-Firewall-{label}-1"
    return OwnRule(rule_id, label, "what it is for", 6, PortSet.of(ports), remote=AddressSet.parse(remote), profiles=frozenset({"domain"}))


@dataclass(frozen=True)
class Wishes(Setting):
    """Wanted: own rules, and C(("off", id)), C(("on", id)), C(("gone", id)), C((profile, option, value))."""

    kind: ClassVar[str] = "wishes"
    name: str = "wishes"

    @property
    def key(self) -> str:
        return self.name

    def reads(self) -> tuple[Operation, ...]:
        return firewall_reads()

    def interpret(self, answers: Answers) -> Observation:
        reading = read_firewall(answers)
        return Observation(reading.state, problem=reading.problem)

    def assess(self, observation: Observation, wanted: Sequence[Wish]) -> Assessment:
        found = [difference for wish in wanted if (difference := self._difference(wish, observation.value)) is not None]
        return Assessment(Status.DRIFT if found else Status.COMPLIANT, f"{self.name} as declared", "as it is", tuple(found))

    def _difference(self, wish: Wish, state: FirewallState) -> Difference | None:
        if isinstance(wish, OwnRule):
            return own_rule_change(wish, state)
        match wish:
            case ("gone", rule_id):
                return removed_rule_change(rule_id, state)
            case (("on" | "off") as verb, rule_id):
                return switched_rule_change(rule_id, state, enabled=verb == "on")
            case (profile, option, value):
                return profile_change(profile, option, int(value), state)  # type: ignore[arg-type]
        raise AssertionError(wish)


def wants(*wishes: Wish, name: str = "wishes", **more: object) -> Requirement:
    return Requirement(Wishes(name), wishes, ("A-1",), remedy="Do it.", **more)  # type: ignore[arg-type]


def ran(
    host: FirewallHost, *requirements: Requirement, check: bool = False, over: Connection | None = OVER, action: str = "apply"
) -> Outcome:
    demands = [Demands("area", requirements)]
    return run(demands, host.execute, replace(context(), connection=over), check=check, run_id="run", action=action)


def sent(host: FirewallHost, number: int = -1) -> Mapping[str, Mapping[str, object]]:
    """The writes of an execution by what they do, with what they need by that as well."""
    operations = [each for each in host.requests[number] if each["op"] in ("file.write", "cmdlet.invoke", "registry.remove")]
    names = {each["id"]: "snapshot" if each["op"] == "file.write" else _named(each) for each in operations}
    return {names[each["id"]]: {"needs": sorted(names[need] for need in each.get("needs", ()))} for each in operations}


def _named(operation: dict[str, object]) -> str:
    parameters: dict[str, object] = operation.get("parameters", {})  # type: ignore[assignment]
    more = (
        [str(value) for name, value in parameters.items() if name in ("Enabled", "DefaultInboundAction")]
        if "Profile" in str(operation["name"])
        else []
    )
    return " ".join((str(operation["name"]).partition("-")[0], str(parameters.get("Name", "")), *more)).strip()


# ---------------------------------------------------------------- reads


def asked(host: FirewallHost, number: int = 0) -> str:
    return json.dumps(host.requests[number])


def test_the_connection_is_read_along_with_what_may_lead_to_firewall_writes() -> None:
    host = FirewallHost()

    outcome = ran(host, wants(("on", WINRM_ID)), check=True)

    assert len(host.requests) == 1
    assert "MSFT_NetTCPConnection" in asked(host)
    assert "WSMAN" in asked(host)
    assert [finding.status for finding in outcome.findings] == [Status.COMPLIANT]


def test_the_ssh_server_is_read_over_ssh() -> None:
    host = FirewallHost()

    ran(host, wants(("on", WINRM_ID)), check=True, over=Connection("ssh", 22))

    assert "sshd" in asked(host)
    assert "WSMAN" not in asked(host)


def test_the_connection_is_not_read_where_no_firewall_write_can_come() -> None:
    for requirements, over in (
        ((requirement("a", good()),), OVER),
        ((wants(("on", WINRM_ID), writable=False),), OVER),
        ((wants(("on", WINRM_ID)),), None),
    ):
        host = FirewallHost()

        ran(host, *requirements, check=True, over=over)

        assert "MSFT_NetTCPConnection" not in asked(host)


# ---------------------------------------------------------------- order


def test_what_comes_is_written_before_what_goes_over_all_requirements() -> None:
    first, second = own(5985), own(2701, label="remote_control")
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP, "old": RDP.replace("TRUE", "FALSE"), second.rule_id: RDP})
    host.rules[second.rule_id] = host.rules[second.rule_id].replace("Name=", "EmbedCtxt=configmgr.hardening|Name=")

    outcome = ran(
        host,
        wants(("off", WINRM_ID), name="a"),
        wants(("domain", "DefaultInboundAction", "1"), name="b"),
        wants(second, name="c"),
        wants(("on", "old"), first, name="d"),
    )

    winrm, remote = first.rule_id, second.rule_id
    assert list(sent(host)) == ["snapshot", "Enable old", f"New {winrm}", f"Set {remote}", "Set Domain Block", f"Disable {WINRM_ID}"]
    assert {change.state for change in outcome.changes} == {ChangeState.MADE}
    assert len(host.requests) == 2


def test_what_takes_away_needs_what_lets_the_connection_in_from_another_requirement() -> None:
    rule, other = own(5985), own(2701, label="remote_control")
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP})

    ran(host, wants(("off", WINRM_ID), ("off", RDP_ID), name="a"), wants(rule, other, name="b"))

    assert sent(host) == {
        "snapshot": {"needs": []},
        f"New {rule.rule_id}": {"needs": ["snapshot"]},
        f"New {other.rule_id}": {"needs": ["snapshot"]},
        f"Disable {WINRM_ID}": {"needs": [f"New {rule.rule_id}", "snapshot"]},
        f"Disable {RDP_ID}": {"needs": ["snapshot"]},
    }


def test_what_takes_away_needs_what_replaces_it_in_its_own_requirement() -> None:
    rule = own(3389, label="remote_desktop")
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP})

    ran(host, wants(("off", RDP_ID), rule))

    assert sent(host)[f"Disable {RDP_ID}"] == {"needs": [f"New {rule.rule_id}", "snapshot"]}


def test_a_rule_that_two_requirements_switch_off_waits_for_what_either_needs() -> None:
    one, two = own(3389, label="one"), own(3389, label="two")
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP})

    ran(host, wants(("off", RDP_ID), one, name="a"), wants(("off", RDP_ID), name="b", after=("c",)), wants(two, name="c"))

    assert sent(host)[f"Disable {RDP_ID}"] == {"needs": [f"New {one.rule_id}", f"New {two.rule_id}", "snapshot"]}


def test_requirements_that_come_after_others_still_do() -> None:
    rule = own(3389, label="remote_desktop")
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP})

    ran(host, wants(rule, name="a", after=("b",)), wants(("off", RDP_ID), name="b"))

    assert list(sent(host)) == ["snapshot", f"Disable {RDP_ID}", f"New {rule.rule_id}"]
    assert sent(host)[f"New {rule.rule_id}"] == {"needs": [f"Disable {RDP_ID}", "snapshot"]}


# ---------------------------------------------------------------- refusals


def test_a_refused_change_is_told_in_the_finding() -> None:
    host = FirewallHost()

    outcome = ran(host, wants(("off", WINRM_ID)))

    (change,) = outcome.changes
    sentence = (
        f"Disabling the firewall rule {WINRM_ID} would cut the connection in use, TCP 5985 from 10.1.5.20 on the profile domain: no rule"
        " would let it in any more. It is not done. Declare an exception that lets 10.1.5.20 in on TCP 5985, or connect in another way."
    )
    assert (change.state, change.message) == (ChangeState.REFUSED, sentence)
    assert outcome.findings[0].status is Status.DRIFT
    assert outcome.findings[0].remedy == f"{sentence} Do it."
    assert not outcome.changed
    assert len(host.requests) == 1


def test_the_same_is_refused_in_a_verification() -> None:
    changes = [ran(FirewallHost(), wants(("off", WINRM_ID)), check=check).changes for check in (True, False)]

    assert changes[0] == changes[1]


def test_without_a_connection_nothing_is_written() -> None:
    host = FirewallHost()

    outcome = ran(host, wants(own(2701)), over=None)

    assert outcome.findings[0].remedy == (
        "Making the firewall rule ConfigMgrHardening-Firewall-winrm-1 could cut the connection in use, and which connection that is was not"
        " told, so it is not done. Do it."
    )
    assert len(host.requests) == 1


def test_what_waits_for_a_refused_change_is_refused() -> None:
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP})

    outcome = ran(host, wants(("off", WINRM_ID), name="a"), wants(("off", RDP_ID), name="b", after=("a",)))

    assert [change.state for change in outcome.changes] == [ChangeState.REFUSED] * 2
    assert outcome.changes[1].message == "Not made, as this has to come first: a as declared."


def test_what_counted_on_a_refused_change_is_judged_again() -> None:
    """The own rule would let the connection in, but waits for what is refused."""
    host = FirewallHost({WINRM_ID: WINRM, "second": WINRM, "gone*": RDP})

    outcome = ran(
        host,
        wants(("off", WINRM_ID), ("off", "second"), name="a"),
        wants(own(5985), name="b", after=("c",)),
        wants(("off", "gone*"), name="c"),
    )

    states = {change.describe(): change.state for change in outcome.changes}
    assert states[f"firewall rule {WINRM_ID}: enabled -> disabled"] is ChangeState.MADE
    assert states["firewall rule second: enabled -> disabled"] is ChangeState.REFUSED
    assert states["firewall rules: + ConfigMgrHardening-Firewall-winrm-1"] is ChangeState.REFUSED


def test_what_is_waived_is_not_counted_on() -> None:
    host = FirewallHost()
    demands = [Demands("area", (wants(("off", WINRM_ID), name="a"), replace(wants(own(5985), name="b"), controls=("B-1",))))]
    waived = replace(context(Waiver("B-1", "*", "because", "somebody", TODAY)), connection=OVER)

    outcome = run(demands, host.execute, waived, check=True, run_id="run")

    assert [change.state for change in outcome.changes] == [ChangeState.REFUSED]


def test_what_is_to_replace_a_rule_and_cannot_be_made_keeps_the_rule() -> None:
    rule = own(3389, label="remote_desktop")
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP, rule.rule_id: "v2.30|Action=Allow|Dir=In|PFN=x|Name=Somebody's|"})

    outcome = ran(host, wants(("off", RDP_ID), rule))

    states = {change.difference.key: change for change in outcome.changes}
    assert {change.state for change in states.values()} == {ChangeState.REFUSED}
    lasting = "What the rule says now could not be written back, so it is not replaced; remove it by hand."
    assert states[f"firewall_rule:{rule.rule_id.casefold()}"].message == lasting
    assert states[f"firewall_rule:{RDP_ID.casefold()}"].message == f"Not made, as what is to take its place is not made: {lasting}"


# ---------------------------------------------------------------- writes that fail


def test_an_additive_write_that_fails_keeps_what_takes_away_from_being_made() -> None:
    host = FirewallHost(fails=lambda operation: "failed" if operation.get("name") == "New-NetFirewallRule" else None)

    outcome = ran(host, wants(("off", WINRM_ID), name="a"), wants(own(5985), name="b"))

    assert "Active=TRUE" in host.rules[WINRM_ID]
    assert [(change.state, change.message) for change in outcome.changes] == [
        (ChangeState.FAILED, "It was not tried, as what has to come first failed. The host says dependency."),
        (ChangeState.FAILED, "The host says failed."),
    ]
    assert outcome.findings[0].status is Status.ERROR


# ---------------------------------------------------------------- the way back


def restored(host: FirewallHost, over: Connection | None = OVER) -> Outcome:
    """A rollback of the only snapshot."""
    (text,) = host.files.values()
    demands = [snapshots.demands(snapshots.parse(text))]
    return run(demands, host.execute, replace(context(), connection=over), check=False, run_id="rollback", action="rollback")


@dataclass
class Before:
    """What a host's firewall was."""

    rules: dict[str, str] = field(default_factory=dict)
    profiles: dict[Profile, dict[str, int]] = field(default_factory=dict)


def stored(host: FirewallHost) -> Before:
    return Before(dict(host.rules), {profile: dict(options) for profile, options in host.profiles.items()})  # type: ignore[misc]


def test_rollback_brings_back_rules_and_profiles_to_the_letter() -> None:
    changed, gone = own(2701, label="changed"), own(2702, label="gone")
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP, "old": RDP.replace("TRUE", "FALSE")})
    ran(host, wants(changed, gone))
    host.files.clear()
    host.profiles["domain"] = {"EnableFirewall": 0, "LogFileSize": 4096}
    before = stored(host)

    outcome = ran(
        host,
        wants(
            replace(changed, ports=PortSet.of(2703), program="System"),
            own(2704, label="new"),
            ("gone", gone.rule_id),
            ("off", RDP_ID),
            ("on", "old"),
            ("domain", "EnableFirewall", "1"),
            ("domain", "DefaultInboundAction", "1"),
            ("domain", "LogDroppedPackets", "1"),
            ("domain", "LogFileSize", "16384"),
        ),
    )
    assert {change.state for change in outcome.changes} == {ChangeState.MADE}
    assert stored(host) != before

    back = restored(host)

    assert {change.state for change in back.changes} == {ChangeState.MADE}
    assert stored(host) == before
    assert {finding.status for finding in back.findings} == {Status.COMPLIANT}


def test_a_rollback_of_nothing_takes_one_execution() -> None:
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP})
    ran(host, wants(("off", RDP_ID)))
    host.rules[RDP_ID] = RDP
    host.requests.clear()

    outcome = restored(host)

    assert not outcome.changed
    assert len(host.requests) == 1


def test_a_rollback_that_would_cut_the_connection_is_refused() -> None:
    """Meanwhile WinRM has come to hang on the rule that the rollback would remove."""
    rule = own(5985)
    host = FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP})
    ran(host, wants(rule, ("off", RDP_ID)))
    del host.rules[WINRM_ID]

    outcome = restored(host)

    (refused,) = [change for change in outcome.changes if change.state is ChangeState.REFUSED]
    assert refused.message is not None
    assert refused.message.startswith(f"Removing the firewall rule {rule.rule_id} would cut the connection in use, TCP 5985 from 10.1.5.20")
    assert "Active=TRUE" in host.rules[RDP_ID]
    assert rule.rule_id in host.rules


def test_a_rollback_opens_before_it_closes() -> None:
    rule = own(5985)
    host = FirewallHost()
    ran(host, wants(rule, ("off", WINRM_ID)))

    restored(host)

    assert sent(host) == {
        "snapshot": {"needs": []},
        f"Enable {WINRM_ID}": {"needs": ["snapshot"]},
        f"Remove {rule.rule_id}": {"needs": [f"Enable {WINRM_ID}", "snapshot"]},
    }
    assert host.rules == {WINRM_ID: WINRM}


def test_a_firewall_that_was_off_is_turned_off_again() -> None:
    host = FirewallHost(profiles={"domain": {"EnableFirewall": 0}, "private": {}, "public": {}}, connections=(connection(),))
    ran(host, wants(("domain", "EnableFirewall", "1")))

    restored(host)

    assert host.profiles["domain"] == {"EnableFirewall": 0}


def test_what_was_not_configured_is_set_to_its_default_and_taken_out_again() -> None:
    host = FirewallHost(profiles={"domain": {}, "private": {}, "public": {}})
    ran(host, wants(("domain", "LogDroppedPackets", "1")))

    restored(host)

    assert host.profiles["domain"] == {}
    writes = [each for each in host.requests[-1] if each["op"] in ("cmdlet.invoke", "registry.remove")]
    assert [each.get("parameters", each.get("key")) for each in writes] == [
        {"Name": "Domain", "LogBlocked": "False"},
        "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\DomainProfile\\Logging",
    ]


def test_a_finding_says_what_is_refused_and_that_apply_does_the_rest() -> None:
    outcome = ran(FirewallHost({WINRM_ID: WINRM, RDP_ID: RDP}), wants(("off", WINRM_ID), ("off", RDP_ID)), check=True)

    assert outcome.findings[0].remedy.startswith(f"Disabling the firewall rule {WINRM_ID} would cut the connection in use")
    assert outcome.findings[0].remedy.endswith("or connect in another way. Apply. By hand: Do it.")
    assert outcome.changed
