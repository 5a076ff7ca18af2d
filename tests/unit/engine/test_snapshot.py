# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What apply leaves on the host, and how that is read again."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import (
    MalformedSnapshotError,
    Run,
    Snapshot,
    demands,
    is_name,
    is_run_id,
    parse,
    path_of,
    read_snapshots,
    take,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import GroupMember, MadeGroup, MadeWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place, Stored
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_key import EmptyRegistryKey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import RegistryValue
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.server_feature import ServerFeature
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import ELSEWHERE, KEY, LIST, difference
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION, Registry, answers_to

ABOVE = KEY.rpartition("\\")[0]
TASK = "\\Microsoft\\Windows\\RemoteAssistance\\"
RUN = Run("run-1")
DESK, GROUP = "S-1-5-21-9-9-9-1200", "S-1-5-21-1-2-3-1010"


def value(name: str, before: Json, key: str = KEY, *, policy: bool = False) -> dict[str, Json]:
    return {"kind": "registry_value", "key": key, "name": name, "policy": policy, "before": before}


def key(path: str) -> dict[str, Json]:
    return {"kind": "registry_key", "key": path}


def dword(data: Json) -> dict[str, Json]:
    return {"type": "dword", "data": data}


ENTRIES: list[dict[str, Json]] = [
    value("LoggingEnabled", dword(1)),
    value("ViewMessage", None),
    value("CORP\\Desk", {"type": "sz", "data": "CORP\\Desk"}, LIST),
    key(LIST),
    {"kind": "group_member", "sid": GROUP, "member": DESK, "before": True},
    {"kind": "made_group", "name": "Helpers", "others": [GROUP], "members": [DESK]},
    {"kind": "scheduled_task", "path": TASK, "name": "RemoteAssistanceTask", "before": False},
    {"kind": "server_feature", "name": "Remote-Assistance", "before": True},
]


def snapshot(*entries: Json) -> Snapshot:
    return Snapshot("run-1-2026", "apply", "CL01", "2026-01-02T03:04:05Z", ("area",), entries or tuple(ENTRIES))


def text(of: Snapshot, **changes: Json) -> str:
    content: dict[str, Json] = json.loads(of.write().fields["text"])
    return json.dumps({name: part for name, part in (content | changes).items() if part is not ...})


def changed(area: str, *restore: Json) -> Change:
    return Change(area, (), replace(difference("x"), restore=restore))


def malformed(of: str) -> str:
    with pytest.raises(MalformedSnapshotError) as caught:
        parse(of)
    return str(caught.value)


# ---------------------------------------------------------------- leaving one


def test_it_is_a_file_of_our_folder() -> None:
    write = snapshot().write()

    assert (write.op, write.fields["path"]) == ("file.write", "snapshots\\run-1-2026.json")
    assert read_snapshots().fields["path"] == "%ProgramData%\\configmgr.hardening\\snapshots\\*.json"
    assert read_snapshots("run-1").fields["path"].endswith(path_of("run-1"))


def test_each_thing_is_kept_once_as_it_was_first() -> None:
    taken = take(RUN, WORKSTATION, [changed("one", value("A", dword(1)), value("A", dword(2))), changed("two", value("A", None))])

    assert taken.settings == (value("A", dword(1)),)
    assert taken.areas == ("one", "two")
    assert (taken.host, taken.time, taken.action) == (WORKSTATION.name, WORKSTATION.time, "apply")


def test_values_come_before_keys_and_the_deepest_keys_first() -> None:
    task = ENTRIES[6]
    entries = [task, key(ABOVE), key(LIST), value("A", None), key(KEY)]

    assert take(RUN, WORKSTATION, [changed("area", *entries)]).settings == (value("A", None), key(LIST), key(KEY), key(ABOVE), task)


def test_what_others_move_because_of_it_is_kept_too() -> None:
    taken = take(RUN, WORKSTATION, [changed("area", value("A", None))], [ENTRIES[4], value("A", dword(5))])

    assert taken.settings == (value("A", None), ENTRIES[4])


def test_its_name_is_that_of_the_run_with_the_hosts_time() -> None:
    first = take(RUN, WORKSTATION, [])
    second = take(RUN, replace(WORKSTATION, time="2026-01-02T03:04:06.0000000Z"), [])

    assert first.name == "run-1-20260102030405000"
    assert second.name != first.name and is_name(first.name)


@pytest.mark.parametrize("name", ["a", "A-1_b", "0", "x" * 100])
def test_names(name: str) -> None:
    assert is_name(name)
    assert is_run_id(name) is (len(name) <= 73)


@pytest.mark.parametrize("name", ["", "-a", "_a", "a b", "a.b", "a/b", "a\\b", "..", "a\n", "é", "x" * 101])
def test_what_is_no_name(name: str) -> None:
    assert not is_name(name) and not is_run_id(name)


def test_the_longest_run_leaves_room_for_the_time() -> None:
    assert is_name(take(Run("x" * 73), WORKSTATION, []).name)
    assert is_name(take(Run(f"rollback-{'x' * 73}", "rollback"), WORKSTATION, []).name)


# ---------------------------------------------------------------- reading one


def test_what_was_left_is_read() -> None:
    assert parse(text(snapshot())) == snapshot()


STORED = st.one_of(
    st.none(),
    st.builds(lambda data: {"type": "sz", "data": data}, st.text(max_size=5)),
    st.builds(dword, st.integers(0, 2**32 - 1)),
    st.builds(lambda data: {"type": "multi_sz", "data": data}, st.lists(st.text(max_size=3), max_size=3)),
    st.just({"type": "binary", "data": "AAE="}),
)
KEPT = st.builds(value, st.sampled_from(["ViewMessage", "LoggingEnabled"]), STORED, policy=st.booleans()) | st.builds(
    value, st.text(max_size=5), STORED, st.just(LIST), policy=st.booleans()
)


@given(st.lists(KEPT, max_size=4))
def test_whatever_is_taken_can_be_read_and_restored(entries: list[dict[str, Json]]) -> None:
    taken = take(RUN, WORKSTATION, [changed("area", *entries)])
    read = parse(taken.write().fields["text"])

    assert read == taken
    found = {each.setting.place.id: each.wanted for each in demands(read).requirements if isinstance(each.setting, RegistryValue)}
    assert found == {
        Place(entry["key"], entry["name"]).id: entry["before"] and Stored(entry["before"]["type"], entry["before"]["data"])
        for entry in taken.settings
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"collection": "other"}, "it is not one of configmgr.hardening but of other"),
        ({"schema": 2}, "it is of schema 2, and this version reads schema 1"),
        ({"name": "../x"}, "its name has characters that no snapshot's name has"),
        ({"time": 5}, "a name in it is no text"),
        ({"settings": [{"kind": "firewall_store"}]}, "it has a setting of the unknown kind 'firewall_store'"),
        ({"settings": [value("ViewMessage", {"type": "dword", "data": "1"})]}, "a value of the type dword has other data"),
        ({"settings": [value("ViewMessage", {"type": "dword", "data": True})]}, "a value of the type dword has other data"),
        ({"settings": [value("ViewMessage", {"type": "dword", "data": -1})]}, "a value of the type dword has other data"),
        ({"settings": [value("ViewMessage", {"type": "sz", "data": 1})]}, "a value of the type sz has other data"),
        ({"settings": [value("ViewMessage", {"type": "multi_sz", "data": ["a", 1]})]}, "a value of the type multi_sz has other data"),
        ({"settings": [value("ViewMessage", {"type": "multi_sz", "data": "a"})]}, "a value of the type multi_sz has other data"),
        ({"settings": [value("ViewMessage", {"type": "binary", "data": "?"})]}, "a value of the type binary has other data"),
        ({"settings": [{**value("ViewMessage", None), "name": 5}]}, "a name in it is no text"),
        ({"settings": [{**value("ViewMessage", None), "key": None}]}, "a name in it is no text"),
        ({"settings": [{**value("ViewMessage", None), "policy": 1}]}, "a flag in it is neither true nor false"),
        ({"settings": [key(5)]}, "a name in it is no text"),  # type: ignore[arg-type]
        ({"settings": [{**ENTRIES[4], "sid": "BA"}]}, "a group or a member in it is no SID"),
        ({"settings": [{**ENTRIES[4], "member": "CORP\\Desk"}]}, "a group or a member in it is no SID"),
        ({"settings": [{**ENTRIES[4], "member": [DESK]}]}, "a group or a member in it is no SID"),
        ({"settings": [{**ENTRIES[4], "before": 1}]}, "a flag in it is neither true nor false"),
        ({"settings": [{**ENTRIES[5], "members": ["x"]}]}, "a group or a member in it is no SID"),
        ({"settings": [{**ENTRIES[5], "others": GROUP}]}, "a group or a member in it is no SID"),
        ({"settings": [{**ENTRIES[6], "before": "false"}]}, "a flag in it is neither true nor false"),
        ({"settings": [{**ENTRIES[7], "name": ["Remote-Assistance"]}]}, "a name in it is no text"),
    ],
)
def test_what_this_version_would_not_have_written(changes: dict[str, Json], sentence: str) -> None:
    assert malformed(text(snapshot(), **changes)) == sentence


@pytest.mark.parametrize(
    "of",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        '"x"',
        "{}",
        *(text(snapshot(), **{field: ...}) for field in ("schema", "collection", "name", "action", "host", "time", "areas", "settings")),
        text(snapshot(), settings=5),
        text(snapshot(), settings=["x"]),
        text(snapshot(), settings=[{}]),
        text(snapshot(), settings=[{"kind": ["x"]}]),
        text(snapshot(), settings=[value("ViewMessage", {"type": "unknown", "data": None})]),
        text(snapshot(), settings=[value("ViewMessage", {"type": ["sz"], "data": ""})]),
        text(snapshot(), settings=[value("ViewMessage", {"data": ""})]),
        text(snapshot(), settings=[value("ViewMessage", "old")]),
        text(snapshot(), settings={"kind": "registry_key"}),
        text(snapshot(), areas="area"),
        text(snapshot(), areas=[5]),
        text(snapshot(), areas=None),
        text(snapshot(), host=5),
        text(snapshot(), action=["apply"]),
        text(snapshot(), name=None),
        "[" * 100_000,
    ],
)
def test_what_is_no_snapshot(of: str) -> None:
    assert malformed(of)


@pytest.mark.parametrize(
    "entry",
    [
        value("fDenyTSConnections", dword(1)),
        value("AllowAutoConfig", dword(0), "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WinRM\\Service"),
        key(ELSEWHERE),
        key("HKLM\\SOFTWARE"),
        {"kind": "group_member", "sid": "S-1-5-32-555", "member": DESK, "before": False},
        {"kind": "group_member", "sid": "S-1-5-32-544", "member": "S-1-5-21-9-9-9-500", "before": False},
        {"kind": "group_member", "sid": "S-1-5-32-544", "member": "S-1-5-11", "before": True},
        {"kind": "user_right", "right": "SeDenyNetworkLogonRight", "member": DESK, "before": True},
        {"kind": "user_right", "right": "SeDebugPrivilege", "member": DESK, "before": True},
        {"kind": "scheduled_task", "path": "\\", "name": "Backup", "before": False},
        {"kind": "server_feature", "name": "Web-Server", "before": False},
    ],
)
def test_what_no_apply_could_have_changed_is_no_snapshot(entry: Json) -> None:
    assert "connection" in malformed(text(snapshot(entry)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=3) | st.sampled_from([KEY, LIST, DESK, "sz", "dword"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "data", "kind", "key", "name"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(range(len(ENTRIES))), st.data())
def test_a_damaged_entry_is_read_or_malformed(index: int, data: st.DataObject) -> None:
    entry = ENTRIES[index]
    damaged = entry | {data.draw(st.sampled_from(sorted(entry))): data.draw(JSON)}
    others = [other for number, other in enumerate(ENTRIES) if number != index and data.draw(st.booleans())]
    with contextlib.suppress(MalformedSnapshotError):
        demands(parse(text(snapshot(*others, damaged))))


@given(st.dictionaries(st.sampled_from(["schema", "collection", "name", "action", "host", "time", "areas", "settings"]), JSON, min_size=1))
def test_a_damaged_snapshot_is_read_or_malformed(damage: dict[str, Any]) -> None:
    with contextlib.suppress(MalformedSnapshotError):
        read = parse(text(snapshot(), **damage))
        assert all(isinstance(word, str) for word in (read.name, read.action, read.host, read.time, *read.areas))
        demands(read)


# ---------------------------------------------------------------- restoring one


def restoring(*entries: Json) -> list[Requirement]:
    return list(demands(parse(text(snapshot(*entries)))).requirements)


def test_every_entry_becomes_a_requirement() -> None:
    found = {type(each.setting): each.wanted for each in restoring()}

    assert found[GroupMember] is True
    assert found[MadeGroup] == MadeWanted(frozenset({DESK}), frozenset({GROUP}))
    assert found[ScheduledTask] is False
    assert found[ServerFeature] is True
    assert len(restoring()) == len(ENTRIES)
    assert all(each.controls == () and each.writable for each in restoring())
    assert len({each.object for each in restoring()}) == len(ENTRIES)


def test_a_value_goes_back_to_what_it_was() -> None:
    one, two = restoring(value("LoggingEnabled", dword(1)), value("ViewMessage", None))

    assert (one.setting, one.wanted) == (RegistryValue(Place(KEY, "LoggingEnabled"), f"{KEY}\\LoggingEnabled"), Stored("dword", 1))
    assert two.wanted is None


def test_who_decides_policy_values_by_now_is_asked() -> None:
    (policy,) = restoring(value("LoggingEnabled", dword(1), policy=True))
    (local,) = restoring(value("LoggingEnabled", dword(1)))

    assert policy.authority is not None and local.authority is None


# ---------------------------------------------------------------- keys


VALUES = [value("LoggingEnabled", None), value("CORP\\Desk", None, LIST)]
MADE = [*VALUES, key(LIST), key(KEY), key(ABOVE)]
AS_LEFT: Registry = {KEY: {"LoggingEnabled": ("dword", 1)}, LIST: {"CORP\\Desk": ("sz", "CORP\\Desk")}}


def removed(registry: Registry, *entries: Json) -> list[str]:
    """The keys that go."""
    found = []
    for each in restoring(*(entries or MADE)):
        assessment = each.setting.assess(each.setting.interpret(answers_to(each.setting, registry=registry)), each.wanted)
        if isinstance(each.setting, EmptyRegistryKey) and assessment.status is Status.DRIFT:
            found.append(each.setting.registry_key)
    return found


def test_keys_that_were_made_go_again() -> None:
    assert removed(AS_LEFT) == [LIST, KEY, ABOVE]


def test_a_key_goes_after_everything_in_it() -> None:
    above = next(each for each in restoring(*MADE) if each.setting == EmptyRegistryKey(ABOVE))

    assert set(above.after) == {each.setting.key for each in restoring(*MADE)} - {above.setting.key}


@pytest.mark.parametrize(
    ("others", "gone"),
    [
        ({LIST: {**AS_LEFT[LIST], "CORP\\Other": ("sz", "x")}}, []),
        ({f"{LIST}\\Deeper": {}}, []),
        ({KEY: {**AS_LEFT[KEY], "fDenyTSConnections": ("dword", 1)}}, [LIST]),
        ({f"{KEY}\\Client": {"x": ("dword", 1)}}, [LIST]),
        ({f"{ABOVE}\\DNSClient": {}}, [LIST, KEY]),
    ],
)
def test_a_key_with_anything_else_below_it_stays(others: Registry, gone: list[str]) -> None:
    assert removed({**AS_LEFT, **others}) == gone


def test_a_value_that_comes_back_keeps_its_key() -> None:
    assert removed(AS_LEFT, value("LoggingEnabled", dword(0)), key(KEY)) == []
