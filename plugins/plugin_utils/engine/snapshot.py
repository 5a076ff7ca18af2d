# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What apply leaves on the host so that it can be undone, and how that is read again.

A snapshot holds values, never operations: what is read back from a host is data, and the writes are made anew from it here.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import HostFacts, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import (
    GroupMember,
    MadeGroup,
    MadeWanted,
    MovedGroup,
    MovedWanted,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.policy_owner import PolicyOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place, Stored
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_key import EmptyRegistryKey, Leaving
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import RegistryValue
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.server_feature import ServerFeature
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import is_sid

SCHEMA = 1
FOLDER = "snapshots"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
# A snapshot's name is that of its run, with a mark for rollbacks, and the time: 100 characters at most.
_LONGEST_RUN_ID = 73


def _is_text(data: Json) -> bool:
    return isinstance(data, str)


def _is_number(data: Json) -> bool:
    # A DWORD that is stored with eight bytes comes as a large one.
    return isinstance(data, int) and not isinstance(data, bool) and 0 <= data < 1 << 64


def _is_base64(data: Json) -> bool:
    try:
        return isinstance(data, str) and base64.b64decode(data, validate=True) is not None
    except (binascii.Error, ValueError):
        return False


_REGISTRY_TYPES: Mapping[str, Callable[[Json], bool]] = {
    "none": _is_base64,
    "sz": _is_text,
    "expand_sz": _is_text,
    "multi_sz": lambda data: isinstance(data, list) and all(isinstance(text, str) for text in data),
    "dword": _is_number,
    "qword": _is_number,
    "binary": _is_base64,
}


class MalformedSnapshotError(ValueError):
    """The text is no snapshot of this collection; the message says what is wrong with it."""


@dataclass(frozen=True)
class Run:
    """C(id): the name of the run; C(action): apply or rollback."""

    id: str
    action: str = "apply"


@dataclass(frozen=True)
class Snapshot:
    """C(name) is also its file's name on the host; C(action): apply or rollback, what left it; C(time) is the host's, in UTC.

    C(settings) are in the order of restoring.
    """

    name: str
    action: str
    host: str
    time: str
    areas: tuple[str, ...]
    settings: tuple[Mapping[str, Json], ...]

    def write(self) -> Operation:
        """The operation that leaves it on the host."""
        content = {
            "schema": SCHEMA,
            "collection": "configmgr.hardening",
            "name": self.name,
            "action": self.action,
            "host": self.host,
            "time": self.time,
            "areas": list(self.areas),
            "settings": list(self.settings),
        }
        return Operation.of("file.write", path=path_of(self.name), text=json.dumps(content, ensure_ascii=False, indent=1))


def is_run_id(text: str) -> bool:
    """Whether a text can be the name of a run: it leaves room for the time in a snapshot's name."""
    return is_name(text) and len(text) <= _LONGEST_RUN_ID


def is_name(text: str) -> bool:
    """Whether a text can be the name of a snapshot."""
    return _NAME.match(text) is not None


def path_of(name: str) -> str:
    return f"{FOLDER}\\{name}.json"


def read_snapshots(pattern: str = "*") -> Operation:
    """The read that brings snapshots from the host; C(pattern) is a name or has wildcards."""
    return Operation.of("file.read", path=f"%ProgramData%\\configmgr.hardening\\{path_of(pattern)}", max_files=1000)


def take(run: Run, host: HostFacts, changes: Sequence[Change], consequences: Iterable[Json] = ()) -> Snapshot:
    """What the changes are about to move, as it is now; each thing once. C(consequences): what others may move because of them.

    The name is that of the run with the host's time, so that several tasks of one run leave several snapshots.
    """
    kept: dict[str, Mapping[str, Json]] = {}
    for entry in (*(entry for change in changes for entry in change.difference.restore), *consequences):
        kept.setdefault(json.dumps({field: entry[field] for field in entry if field != "before"}, sort_keys=True), entry)
    order = {"registry_value": 0, "registry_key": 1}
    settings = sorted(kept.values(), key=lambda entry: (order.get(entry["kind"], 2), -str(entry.get("key", "")).count("\\")))
    moment = "".join(char for char in host.time if char.isdigit())[:17]
    areas = tuple(dict.fromkeys(change.area for change in changes))
    return Snapshot(f"{run.id}-{moment}", run.action, host.name, host.time, areas, tuple(settings))


def parse(text: str) -> Snapshot:
    """Read a snapshot's text; anything that this version would not have written is a MalformedSnapshotError.

    So a snapshot whose restoring the guard would refuse is malformed as a whole: no apply wrote what it could not have changed.
    """
    try:
        content = json.loads(text)
        _check_head(content)
        snapshot = Snapshot(
            content["name"],
            _text(content["action"]),
            _text(content["host"]),
            content["time"],
            tuple(_text(area) for area in _listed(content["areas"])),
            tuple(_listed(content["settings"])),
        )
        for entry in snapshot.settings:
            _requirement(entry, snapshot)
            reason = next((reason for reason in map(refusal, _restoring(entry)) if reason), None)
            if reason:
                raise MalformedSnapshotError(reason.rstrip("."))
    except MalformedSnapshotError:
        raise
    except RecursionError as error:
        raise MalformedSnapshotError("it is nested too deeply") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MalformedSnapshotError(f"it cannot be read: {type(error).__name__} {error}") from error
    return snapshot


def _check_head(content: Mapping[str, Json]) -> None:
    if content["collection"] != "configmgr.hardening":
        raise MalformedSnapshotError(f"it is not one of configmgr.hardening but of {content['collection']}")
    if content["schema"] != SCHEMA:
        raise MalformedSnapshotError(f"it is of schema {content['schema']}, and this version reads schema {SCHEMA}")
    if not is_name(content["name"]):
        raise MalformedSnapshotError("its name has characters that no snapshot's name has")
    if content["action"] not in ("apply", "rollback"):
        raise MalformedSnapshotError(f"it was left by '{content['action']}' and not by apply or rollback")
    for field in ("host", "time"):
        _text(content[field])


def demands(snapshot: Snapshot) -> Demands:
    """What restoring a snapshot asks of its host."""
    return Demands("rollback", tuple(_requirement(entry, snapshot) for entry in snapshot.settings))


def _requirement(entry: Mapping[str, Json], snapshot: Snapshot) -> Requirement:
    kind = entry["kind"]
    if kind == "registry_value":
        place = Place(_text(entry["key"]), _text(entry["name"]))
        policy = _flag(entry["policy"])
        authority = _authority(place.key, snapshot) if policy else None
        value = RegistryValue(place, f"{place.key}\\{place.name}", policy=policy)
        return Requirement(value, _stored(entry["before"]), (), object=place.id, authority=authority)
    if kind == "registry_key":
        return _key_requirement(_text(entry["key"]), snapshot)
    if kind == "group_member":
        member = GroupMember(*_sids((entry["sid"], entry["member"])))
        return Requirement(member, _flag(entry["before"]), (), object=member.key)
    if kind == "made_group":
        wanted = MadeWanted(frozenset(_sids(entry["members"])), frozenset(_sids(entry["others"])))
        made = MadeGroup(_text(entry["name"]))
        return Requirement(made, wanted, (), object=made.key)
    if kind == "moved_group":
        before = {sid: frozenset(_sids(members)) for sid, members in entry["before"].items()}
        _sids(before)
        moved = MovedGroup()
        return Requirement(moved, MovedWanted(frozenset(_sids(entry["members"])), before), (), object=moved.key)
    if kind == "scheduled_task":
        task = ScheduledTask(_text(entry["path"]), _text(entry["name"]))
        return Requirement(task, _flag(entry["before"]), (), object=task.key)
    if kind == "server_feature":
        feature = ServerFeature(_text(entry["name"]))
        return Requirement(feature, _flag(entry["before"]), (), object=feature.key)
    raise MalformedSnapshotError(f"it has a setting of the unknown kind '{kind}'")


def _authority(key: str, snapshot: Snapshot) -> PolicyOwner:
    """Who else may decide the policy values of a key by now: what they set is left alone."""
    names = (
        entry["name"] for entry in snapshot.settings if entry["kind"] == "registry_value" and entry["key"].casefold() == key.casefold()
    )
    return PolicyOwner("the values of the snapshot", key, tuple(sorted(names)))


def _sids(texts: Iterable[Json]) -> tuple[str, ...]:
    found = tuple(texts)
    if not all(isinstance(text, str) and is_sid(text) for text in found):
        raise MalformedSnapshotError("a group or a member in it is no SID")
    return found


def _restoring(entry: Mapping[str, Json]) -> tuple[Operation, ...]:
    """The writes that restoring a setting may come to, as far as the guard looks at them."""
    kind = entry["kind"]
    if kind == "registry_value":
        return (Operation.of("registry.remove", key=entry["key"], name=entry["name"]),)
    if kind == "registry_key":
        return (Operation.of("registry.remove", key=entry["key"]),)
    if kind == "group_member":
        return (Operation.of("group.remove", sid=entry["sid"], members=[entry["member"]]),)
    if kind == "scheduled_task":
        return ScheduledTask(entry["path"], entry["name"]).switch(enabled=entry["before"])
    if kind == "server_feature":
        return ServerFeature(entry["name"]).switch(installed=entry["before"])
    return ()


def _key_requirement(key: str, snapshot: Snapshot) -> Requirement:
    """The key goes after all values and keys that rollback takes out of it."""
    lowered = key.casefold()
    values = [
        Place(entry["key"], entry["name"])
        for entry in snapshot.settings
        if entry["kind"] == "registry_value" and f"{entry['key']}\\".casefold().startswith(f"{lowered}\\") and entry["before"] is None
    ]
    keys = [
        entry["key"]
        for entry in snapshot.settings
        if entry["kind"] == "registry_key" and entry["key"].casefold().startswith(f"{lowered}\\")
    ]
    skipped = len(lowered) + 1
    leaving = Leaving(
        frozenset((place.key.casefold()[skipped:], place.name.casefold()) for place in values),
        frozenset(name.casefold()[skipped:] for name in keys),
    )
    after = (*(RegistryValue(place).key for place in values), *(EmptyRegistryKey(name).key for name in keys))
    return Requirement(EmptyRegistryKey(key), leaving, (), object=lowered, after=after)


def _stored(data: Json) -> Stored | None:
    if data is None:
        return None
    if not _REGISTRY_TYPES[data["type"]](data["data"]):
        raise MalformedSnapshotError(f"a value of the type {data['type']} has other data")
    return Stored(data["type"], data["data"])


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise MalformedSnapshotError("a name in it is no text")
    return value


def _listed(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise MalformedSnapshotError("a list in it is none")
    return value


def _flag(value: Json) -> bool:
    if not isinstance(value, bool):
        raise MalformedSnapshotError("a flag in it is neither true nor false")
    return value
