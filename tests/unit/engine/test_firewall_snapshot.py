# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a snapshot keeps of the firewall, and how that is read again."""

from __future__ import annotations

import json

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import (
    MalformedSnapshotError,
    Run,
    Snapshot,
    demands,
    parse,
    take,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import (
    can_return,
    own_rule_change,
    profile_change,
    removed_rule_change,
    switched_rule_change,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_restoring import (
    RuleSwitch,
    StoredProfileOption,
    StoredRule,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState
from ansible_collections.configmgr.hardening.tests.unit.engine.firewall_host import RDP, WINRM, FirewallHost
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION

ID = "ConfigMgrHardening-Firewall-rc-1"
OWN = OwnRule(ID, "rc", "", 6, PortSet.of(2701))
TEXT = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=2701|Name=rc|EmbedCtxt=configmgr.hardening|"


def rule(before: Json = TEXT, rule_id: Json = ID) -> dict[str, Json]:
    return {"kind": "firewall_rule", "id": rule_id, "before": before}


def switched(before: Json = True, rule_id: Json = "RemoteDesktop-UserMode-In-TCP") -> dict[str, Json]:
    return {"kind": "firewall_rule_enabled", "id": rule_id, "before": before}


def option(before: Json = 1, name: Json = "EnableFirewall", profile: Json = "domain") -> dict[str, Json]:
    return {"kind": "firewall_profile", "profile": profile, "option": name, "before": before}


def text(*settings: dict[str, Json]) -> str:
    taken = Snapshot("run-1", "apply", "CL01", "2026-01-02T03:04:05Z", ("firewall_exception",), settings)
    content: str = taken.write().fields["text"]
    return content


ENTRIES = [
    rule(),
    rule(None),
    rule(TEXT.replace("Allow", "Block")),
    rule(TEXT.replace("|Name", "|IF={11111111-1111-1111-1111-111111111111}|Name")),
    switched(),
    switched(False, "TCP Query User{0}C:\\program files\\x.exe"),
    option(),
    option(0, "DefaultInboundAction", "public"),
    option(None, "LogDroppedPackets", "private"),
    option(16384, "LogFileSize"),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=json.dumps)
def test_what_was_kept_is_what_is_wanted(entry: dict[str, Json]) -> None:
    read = parse(text(entry))
    (requirement,) = demands(read).requirements

    assert requirement.wanted == entry["before"]
    assert requirement.setting.reads() == firewall_reads()
    match requirement.setting:
        case StoredRule(rule_id) | RuleSwitch(rule_id):
            assert rule_id == entry["id"]
        case StoredProfileOption(profile, name):
            assert (profile, name) == (entry["profile"], entry["option"])
        case _:
            pytest.fail(str(requirement.setting))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (rule(rule_id="WINRM-HTTP-In-TCP"), "the firewall rule WINRM-HTTP-In-TCP in it is not one that apply makes or removes"),
        (rule(rule_id="ConfigMgrHardening-*"), "the firewall rule 'ConfigMgrHardening-*' in it may stand for several"),
        (switched(rule_id="*"), "the firewall rule '*' in it may stand for several"),
        (switched(rule_id=""), "the firewall rule '' in it may stand for several"),
        (switched(rule_id=["a"]), "a name in it is no text"),
        (rule(before=5), "a name in it is no text"),
        (rule(before="no rule"), f"the firewall rule {ID} in it could not be made again"),
        (rule(before=TEXT.replace("|Name", "|PFN=x|Name")), f"the firewall rule {ID} in it could not be made again"),
        (switched(before=None), "a flag in it is neither true nor false"),
        (option(profile="home"), "it has an unknown option of the firewall, EnableFirewall of the profile home"),
        (option(name="DoNotAllowExceptions"), "it has an unknown option of the firewall, DoNotAllowExceptions of the profile domain"),
        (option(before=2), "the option EnableFirewall of the firewall in it has a value that it cannot have"),
        (option(before=True), "the option EnableFirewall of the firewall in it has a value that it cannot have"),
        (option(before="1"), "the option EnableFirewall of the firewall in it has a value that it cannot have"),
        (option(before=-1, name="LogFileSize"), "the option LogFileSize of the firewall in it has a value that it cannot have"),
        (option(before=1 << 32, name="LogFileSize"), "the option LogFileSize of the firewall in it has a value that it cannot have"),
    ],
)
def test_what_no_apply_has_kept(entry: dict[str, Json], sentence: str) -> None:
    with pytest.raises(MalformedSnapshotError) as caught:
        parse(text(entry))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("missing", ["id", "before", "profile", "option"])
@pytest.mark.parametrize("entry", [rule(), switched(), option()], ids=lambda entry: entry["kind"])
def test_an_entry_that_lacks_something(entry: dict[str, Json], missing: str) -> None:
    if missing not in entry:
        return
    with pytest.raises(MalformedSnapshotError, match="it cannot be read"):
        parse(text({name: value for name, value in entry.items() if name != missing}))


# ---------------------------------------------------------------- what changes leave to a snapshot


def state_of(host: FirewallHost) -> FirewallState:
    state: FirewallState = StoredRule(ID).interpret(host.answers(firewall_reads())).value
    return state


def test_every_change_keeps_what_it_moves() -> None:
    host = FirewallHost({ID: TEXT, "rdp": RDP}, profiles={"domain": {"EnableFirewall": 0}})
    state = state_of(host)
    found = [
        own_rule_change(OwnRule("ConfigMgrHardening-Firewall-new-1", "new", "", 6), state),
        own_rule_change(OwnRule(ID, "rc", "", 17), state),
        switched_rule_change("RDP", state, enabled=False),
        profile_change("domain", "EnableFirewall", 1, state),
        profile_change("domain", "LogFileSize", 16384, state),
    ]
    changes = [Change("area", (), difference) for difference in found if difference is not None]

    taken = take(Run("run"), WORKSTATION, changes)

    assert len(changes) == 5
    assert taken.settings == (
        rule(None, "ConfigMgrHardening-Firewall-new-1"),
        rule(),
        switched(True, "rdp"),
        option(0),
        option(None, "LogFileSize"),
    )
    assert parse(taken.write().fields["text"]) == taken


def test_a_rule_that_goes_is_kept() -> None:
    difference = removed_rule_change(ID.upper(), state_of(FirewallHost({ID: TEXT})))

    assert difference is not None
    assert difference.restore == (rule(),)
    assert difference.describe() == f"firewall rules: - {ID}"


def test_what_is_as_it_should_be_is_no_change() -> None:
    state = state_of(FirewallHost({ID: TEXT, "rdp": RDP, "broken": "no rule"}))

    assert own_rule_change(OWN, state) is None
    assert removed_rule_change("gone", state) is None
    assert [switched_rule_change(name, state, enabled=True) for name in ("rdp", "gone", "broken")] == [None] * 3
    assert profile_change("domain", "EnableFirewall", 1, state) is None
    assert profile_change("domain", "LogDroppedPackets", None, state) is None


def test_changes_in_words() -> None:
    state = state_of(FirewallHost({ID: TEXT.replace("2701", "2702"), "rdp": RDP}, profiles={"domain": {"LogFileSize": 4096}}))
    found = [
        own_rule_change(OwnRule("ConfigMgrHardening-Firewall-new-1", "new", "", 6), state),
        own_rule_change(OWN, state),
        switched_rule_change("rdp", state, enabled=False),
        profile_change("public", "EnableFirewall", 1, state),
        profile_change("private", "DefaultInboundAction", 1, state),
        profile_change("domain", "LogFileSize", 16384, state),
        profile_change("domain", "LogFileSize", None, state),
    ]

    assert [difference and difference.describe() for difference in found] == [
        "firewall rules: + ConfigMgrHardening-Firewall-new-1",
        f"firewall rule {ID}: change",
        "firewall rule rdp: enabled -> disabled",
        "firewall profile public: firewall: not configured -> on",
        "firewall profile private: inbound connections that no rule admits: not configured -> blocked",
        "firewall profile domain: size of the log in KB: 4096 -> 16384",
        "firewall profile domain: size of the log in KB: 4096 -> not configured",
    ]
    assert len({difference.key for difference in found if difference}) == 6


@pytest.mark.parametrize(
    ("before", "able"),
    [(None, True), (TEXT, True), (WINRM, True), (TEXT.replace("|Name", "|LUOwn=S-1-5-18|Name"), False), ("", False)],
)
def test_whether_a_rule_could_be_made_again(before: str | None, able: bool) -> None:
    assert can_return(rule(before)) is able


# ---------------------------------------------------------------- held against what a host has


@pytest.mark.parametrize(
    ("host", "wanted", "status", "writes"),
    [
        ({ID: TEXT}, TEXT, Status.COMPLIANT, []),
        ({}, None, Status.COMPLIANT, []),
        (
            {ID: TEXT.replace("v2.30", "v2.33").replace("Protocol=6|LPort=2701", "Protocol=6|Edge=FALSE|LPort=2701")},
            TEXT,
            Status.COMPLIANT,
            [],
        ),
        ({ID: TEXT}, None, Status.DRIFT, ["Remove-NetFirewallRule"]),
        ({}, TEXT, Status.DRIFT, ["New-NetFirewallRule"]),
        ({ID: TEXT.replace("Name=rc", "Name=other")}, TEXT, Status.DRIFT, ["Set-NetFirewallRule"]),
        ({ID: TEXT}, TEXT.replace("TRUE", "FALSE"), Status.DRIFT, ["Set-NetFirewallRule"]),
        ({ID: TEXT.replace("Protocol=6", "Protocol=17")}, TEXT, Status.DRIFT, ["Remove-NetFirewallRule", "New-NetFirewallRule"]),
        ({ID: "no rule"}, TEXT, Status.DRIFT, ["Remove-NetFirewallRule", "New-NetFirewallRule"]),
        ({ID: TEXT}, TEXT.replace("|Name", "|IF={99999999-1111-1111-1111-111111111111}|Name"), Status.DRIFT, []),
    ],
)
def test_a_rule_held_against_what_it_was(host: dict[str, str], wanted: str | None, status: Status, writes: list[str]) -> None:
    setting = StoredRule(ID)
    observation = setting.interpret(FirewallHost(host).answers(firewall_reads()))

    assessment = setting.assess(observation, wanted)

    assert assessment.status is status
    assert [write.fields["name"] for difference in assessment.differences for write in difference.writes] == writes


@pytest.mark.parametrize(
    ("host", "wanted", "status", "actual", "writes"),
    [
        ({"rdp": RDP}, True, Status.COMPLIANT, "the rule RDP is enabled", []),
        ({"rdp": RDP}, False, Status.DRIFT, "the rule RDP is enabled", ["Disable-NetFirewallRule"]),
        ({}, False, Status.COMPLIANT, "there is no rule RDP any more", []),
        ({}, True, Status.DRIFT, "there is no rule RDP any more", []),
        ({"rdp": "no rule"}, True, Status.DRIFT, "the rule RDP cannot be read: The string has no field at all.", []),
    ],
)
def test_a_switch_held_against_what_it_was(host: dict[str, str], wanted: bool, status: Status, actual: str, writes: list[str]) -> None:
    setting = RuleSwitch("RDP")
    observation = setting.interpret(FirewallHost(host).answers(firewall_reads()))

    assessment = setting.assess(observation, wanted)

    assert assessment.status is status
    assert assessment.actual.startswith(actual)
    assert [write.fields["name"] for difference in assessment.differences for write in difference.writes] == writes


def test_a_firewall_that_cannot_be_read_is_not_restored() -> None:
    host = FirewallHost(fails=lambda operation: "access_denied" if operation["op"] == "registry.read" else None)

    for setting in (StoredRule(ID), RuleSwitch("rdp"), StoredProfileOption("domain", "EnableFirewall")):
        assert setting.interpret(host.answers(firewall_reads())).problem is not None
