# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Snapshots on hosts: by name, missing, out of the way, and such as somebody has laid hands on, which are data and trusted in nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Core, Run
from tests.integration.fleet import SNAPSHOTS, Fleet, Json, demo_domain

DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}
POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
ADMINISTRATORS = "S-1-5-32-544"
DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
HELPDESK = f"{DOMAIN}-1201"
OWN_GROUP = "S-1-5-21-1-2-3-1001"
RUN_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run"


def path_of(name: str) -> str:
    return f"{SNAPSHOTS}\\{name}.json"


def content_of(fleet: Fleet, host: str, name: str) -> Json:
    stored = fleet.machine(host).files.files[path_of(name)]
    content: Json = json.loads(stored["text"])
    return content


def store(fleet: Fleet, host: str, name: str, text: str, **more: Any) -> None:
    fleet.machine(host).files.files[path_of(name)] = {"text": text, **more}


@dataclass(frozen=True)
class Tampering:
    """C(change): what is done to the snapshot's content, or what its text becomes. C(said): the sentence about the file, after its path."""

    change: Callable[[Json], Any]
    said: str
    raw: bool = False


def add(**entry: Any) -> Callable[[Json], Json]:
    """One setting more, in front of those that are right."""
    return lambda content: {**content, "settings": [entry, *content["settings"]]}


def value(**fields: Any) -> Callable[[Json], Json]:
    return add(
        **{
            "kind": "registry_value",
            "key": POLICY,
            "name": "LoggingEnabled",
            "policy": True,
            "before": {"type": "dword", "data": 0},
            **fields,
        }
    )


def head(**fields: Any) -> Callable[[Json], Json]:
    return lambda content: {**content, **fields}


def without(field: str) -> Callable[[Json], Json]:
    return lambda content: {name: content[name] for name in content if name != field}


_STAY = "Members of the group S-1-5-32-544 may be what lets the connection in, so they are not changed"
_NOT_ALONE = "is not known to leave the connection alone, so it is not written"

TAMPERINGS = {
    "GARBAGE": Tampering(
        lambda _: "\x00}{ nothing like it", "it cannot be read: JSONDecodeError Expecting value: line 1 column 1 (char 0)", True
    ),
    "EMPTY": Tampering(lambda _: "", "it cannot be read: JSONDecodeError Expecting value: line 1 column 1 (char 0)", True),
    "DEEP": Tampering(lambda _: "[" * 100_000, "it is nested too deeply", True),
    "ALIST": Tampering(lambda _: [], "it cannot be read: TypeError list indices must be integers or slices, not str"),
    "NOTEXT": Tampering(lambda _: 7, "it cannot be read: TypeError 'int' object is not subscriptable"),
    "SCHEMA": Tampering(head(schema=2), "it is of schema 2, and this version reads schema 1"),
    "STRANGER": Tampering(head(collection="acme.hardening"), "it is not one of configmgr.hardening but of acme.hardening"),
    "NAMELESS": Tampering(without("name"), "it cannot be read: KeyError 'name'"),
    "OTHERNAME": Tampering(head(name="run-0"), "it says that its name is run-0, which is not that of its file"),
    "PATHNAME": Tampering(head(name="..\\..\\x"), "its name has characters that no snapshot's name has"),
    "NOTIME": Tampering(head(time=5), "a name in it is no text"),
    "NUMBERHOST": Tampering(head(host=5), "a name in it is no text"),
    "ACTION": Tampering(head(action="install"), "it was left by 'install' and not by apply or rollback"),
    "SETTINGS": Tampering(head(settings={"a": 1}), "a list in it is none"),
    "KIND": Tampering(add(kind="program", path="C:\\x.exe"), "it has a setting of the unknown kind 'program'"),
    "RUNKEY": Tampering(value(key=RUN_KEY, name="x", before={"type": "sz", "data": "C:\\x.exe"}), f"{RUN_KEY} {_NOT_ALONE}"),
    "RDP": Tampering(value(name="fDenyTSConnections"), f"{POLICY} {_NOT_ALONE}"),
    "WHOLEKEY": Tampering(add(kind="registry_key", key="HKLM\\SOFTWARE\\Policies"), f"HKLM\\SOFTWARE\\Policies {_NOT_ALONE}"),
    # A push principal may come back to Administrators; nobody else may.
    "ADMINS": Tampering(add(kind="group_member", sid=ADMINISTRATORS, member="S-1-1-0", before=True), _STAY),
    "DOMAINADMINS": Tampering(add(kind="group_member", sid=ADMINISTRATORS, member=f"{DOMAIN}-512", before=True), _STAY),
    "NETWORK": Tampering(
        add(kind="user_right", right="SeDenyNetworkLogonRight", member=HELPDESK, before=True),
        "SeDenyNetworkLogonRight is what could keep out the connection itself, which logs on over the network, so it is not written",
    ),
    "EVERYBODY": Tampering(
        add(kind="user_right", right="SeDenyInteractiveLogonRight", member="S-1-1-0", before=True),
        "SeDenyInteractiveLogonRight in it has a holder that no apply gives it to",
    ),
    "ARULE": Tampering(
        add(kind="firewall_rule", id="Open", before="v2.31|Action=Allow|Active=TRUE|Dir=In|Name=Open|"),
        "the firewall rule Open in it is not one that apply makes or removes",
    ),
    "NORULE": Tampering(
        add(kind="firewall_rule", id="ConfigMgrHardening-Firewall-x-1", before="anything"),
        "the firewall rule ConfigMgrHardening-Firewall-x-1 in it could not be made again",
    ),
    "PROFILE": Tampering(
        add(kind="firewall_profile", profile="domain", option="DefaultOutboundAction", before=1),
        "it has an unknown option of the firewall, DefaultOutboundAction of the profile domain",
    ),
    "RULEFLAG": Tampering(add(kind="firewall_rule_enabled", id="x", before="yes"), "a flag in it is neither true nor false"),
    "SITECODE": Tampering(add(kind="site_property", site="P'1", property="x", before=1), "a site in it has no site code"),
    "NOSID": Tampering(add(kind="group_member", sid="Administrators", member=HELPDESK, before=True), "a group or a member in it is no SID"),
    "NUMBERSID": Tampering(add(kind="group_member", sid=OWN_GROUP, member=7, before=True), "a group or a member in it is no SID"),
    "MEMBERFLAG": Tampering(add(kind="group_member", sid=OWN_GROUP, member=HELPDESK, before=1), "a flag in it is neither true nor false"),
    "MADE": Tampering(add(kind="made_group", name="x", others="S-1-5-32-544", members=[]), "a group or a member in it is no SID"),
    "ATASK": Tampering(
        add(kind="scheduled_task", path="\\Microsoft\\Windows\\Defrag\\", name="ScheduledDefrag", before=False),
        "Disable-ScheduledTask with these parameters is not known to leave the connection alone, so it is not run",
    ),
    "AFEATURE": Tampering(
        add(kind="server_feature", name="Web-Server", before=True),
        "Install-WindowsFeature with these parameters is not known to leave the connection alone, so it is not run",
    ),
    "YESFLAG": Tampering(
        add(kind="scheduled_task", path="\\Microsoft\\Windows\\RemoteAssistance\\", name="RemoteAssistanceTask", before="yes"),
        "a flag in it is neither true nor false",
    ),
    "TEXTNUMBER": Tampering(value(before={"type": "dword", "data": "1"}), "a value of the type dword has other data"),
    "TRUENUMBER": Tampering(value(before={"type": "dword", "data": True}), "a value of the type dword has other data"),
    "BIGNUMBER": Tampering(value(before={"type": "dword", "data": 18446744073709551616}), "a value of the type dword has other data"),
    "MINUS": Tampering(value(before={"type": "qword", "data": -1}), "a value of the type qword has other data"),
    "NUMBERS": Tampering(value(before={"type": "multi_sz", "data": [1]}), "a value of the type multi_sz has other data"),
    "BASE64": Tampering(value(before={"type": "binary", "data": "€"}), "a value of the type binary has other data"),
    "LINK": Tampering(value(before={"type": "link", "data": "x"}), "it cannot be read: KeyError 'link'"),
    "NOBEFORE": Tampering(
        add(kind="registry_value", key=POLICY, name="LoggingEnabled", policy=True), "it cannot be read: KeyError 'before'"
    ),
    "LISTKEY": Tampering(value(key=[POLICY]), "a name in it is no text"),
}


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    names: dict[str, str]
    applied: dict[str, str]
    rollback: Run
    writes: dict[str, list[Json]]
    executions: dict[str, int]


@pytest.fixture(scope="module")
def told(core: Core, start_shared: Start) -> Told:
    fleet = start_shared({**demo_domain(), "hosts": {name: {"role": "client"} for name in [*TAMPERINGS, "UNTOUCHED"]}}, core)
    apply = fleet.module("remote_assistance_policy", DISABLED)
    names = {one.host: one.result["snapshot"] for one in apply.every()}
    assert set(names) == {*TAMPERINGS, "UNTOUCHED"}, apply.end
    for host, tampering in TAMPERINGS.items():
        content = tampering.change(content_of(fleet, host, names[host]))
        store(fleet, host, names[host], content if tampering.raw else json.dumps(content))
    applied = fleet.fingerprints()
    rollback = fleet.playbook("rollback")
    writes = {host: fleet.writes(host) for host in names}
    executions = {host: fleet.counters(host).executions for host in names}
    return Told(fleet, names, applied, rollback, writes, executions)


@pytest.mark.parametrize("host", sorted(TAMPERINGS))
def test_what_somebody_tampered_with_is_refused_in_a_sentence_and_nothing_is_written(told: Told, host: str) -> None:
    one = told.rollback.of(host)
    assert one.status == "failed"
    assert one.message == (
        f"{host} could not be rolled back: there is no snapshot of an apply on the host."
        f" {path_of(told.names[host])}: {TAMPERINGS[host].said}."
    )
    assert told.writes[host] == []
    assert told.executions[host] == 1
    assert told.fleet.machine(host).fingerprint() == told.applied[host]


def test_other_hosts_are_rolled_back(told: Told) -> None:
    one = told.rollback.of("UNTOUCHED")
    assert (one.status, one.result["changed"], one.result["restored"]) == ("ok", True, told.names["UNTOUCHED"])


def test_a_name_is_taken_and_an_unknown_or_impossible_one_is_told(core: Core, start: Start) -> None:
    words = {**demo_domain(), "hosts": {name: {"role": "client"} for name in ("NAMED", "OLDER", "UNKNOWN", "WILD", "BROKEN")}}
    fleet = start(words, core)
    before = fleet.fingerprints()
    first = fleet.module("remote_assistance_policy", DISABLED, variables=None)
    disabled = fleet.fingerprints()
    second = fleet.module("remote_assistance_policy", {**DISABLED, "mode": "solicited"})
    solicited = fleet.fingerprints()
    assert second.changed() == set(before)
    last = second.of("BROKEN").result["snapshot"]
    store(fleet, "BROKEN", last, "{", modified=f"{fleet.estate.clock.now():%Y-%m-%dT%H:%M:%S.%f}0Z")
    names = {
        "NAMED": second.of("NAMED").result["snapshot"],
        "OLDER": first.of("OLDER").result["snapshot"],
        "UNKNOWN": "run-0",
        "WILD": "*",
        "BROKEN": "latest",
    }
    run = fleet.playbook("rollback", configmgr_hardening_snapshot="{{ names[inventory_hostname] }}", names=names)
    after = fleet.fingerprints()
    assert {host: run.of(host).status for host in names} == {
        "NAMED": "ok",
        "OLDER": "ok",
        "UNKNOWN": "failed",
        "WILD": "failed",
        "BROKEN": "failed",
    }
    assert (run.of("NAMED").result["restored"], after["NAMED"]) == (names["NAMED"], disabled["NAMED"])
    # What came between is undone as well, as far as the older apply moved it.
    assert run.of("OLDER").result["restored"] == names["OLDER"]
    assert after["OLDER"] not in (solicited["OLDER"], disabled["OLDER"])
    assert {name: fleet.writes(name) for name in ("UNKNOWN", "WILD", "BROKEN")} == {"UNKNOWN": [], "WILD": [], "BROKEN": []}
    assert run.of("UNKNOWN").message == "UNKNOWN could not be rolled back: there is no snapshot 'run-0' on the host."
    assert run.of("WILD").message == "snapshot: '*' is no name of a snapshot; allowed are letters, digits, '_' and '-', or 'latest'."
    assert fleet.counters("WILD").total_requests == 0
    # An older one is not restored in place of the newest.
    assert run.of("BROKEN").message == (
        f"BROKEN could not be rolled back: the newest snapshot cannot be read, so name the one to restore. {path_of(last)}: it cannot"
        " be read: JSONDecodeError Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."
    )
    assert after["BROKEN"] == solicited["BROKEN"]
