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
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import can_return
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_restoring import (
    RuleSwitch,
    StoredProfileOption,
    StoredRule,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import has_wildcard
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_stores import LOCAL_PROFILES
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import PROFILE_OPTIONS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import (
    GroupMember,
    MadeGroup,
    MadeWanted,
    MovedGroup,
    MovedWanted,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.policy_owner import PolicyOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import Principals
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place, Stored
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_key import EmptyRegistryKey, Leaving
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import RegistryValue
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.security_owner import SecurityOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.server_feature import ServerFeature
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_list import ListWanted, SiteList
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import PropertyKind, SiteProperty
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_push import (
    AUTOMATIC_PUSH,
    LISTS,
    PROPERTIES,
    PUSHED_TO,
    once_off,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_pxe import PXE, PXE_PROPERTIES
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_pxe_binding import PxeBinding, PxeSwitch, stored_binding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_role import property_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.smb_server import TITLES as SMB_SWITCHES
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.smb_server import SmbSwitch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.smb_shares import ShareEncryption
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_associations import now_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_deletion import PointNumber
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_point import NUMBERS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_restoring import StoredFolders
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import HoldersWanted, StoredRight, set_holders
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import is_own
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import ADMINISTRATORS, is_made, is_sid
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import parse as parse_folder
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import place as folder_place

SCHEMA = 1
FOLDER = "snapshots"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
# A snapshot's name is that of its run, with a mark for rollbacks, and the time: 100 characters at most.
_LONGEST_RUN_ID = 73
_SITE_CODE = re.compile(r"[A-Za-z0-9]{3}\Z")


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
        # The host replaces references in every text that it is sent, and this is JSON's own way to spell the mark of one otherwise.
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("${", "\\u0024{")
        return Operation.of("file.write", path=path_of(self.name), text=text)


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
        decider = _security_authority(snapshot) if member.group == ADMINISTRATORS else None
        return Requirement(member, _flag(entry["before"]), (), object=member.key, authority=decider)
    if kind == "user_right":
        return _right_requirement(_text(entry["right"]), snapshot)
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
    if kind in _OF_SUBJECTS:
        return _OF_SUBJECTS[kind](entry, snapshot)
    raise MalformedSnapshotError(f"it has a setting of the unknown kind '{kind}'")


def _right_requirement(right: str, snapshot: Snapshot) -> Requirement:
    """All entries of a right together: a template sets who has it in one go."""
    entries = [entry for entry in snapshot.settings if entry["kind"] == "user_right" and entry["right"] == right]
    before = {sid: _flag(entry["before"]) for entry in entries for sid in _sids((entry["member"],))}
    if not all(map(is_made, before)):
        raise MalformedSnapshotError(f"{right} in it has a holder that no apply gives it to")
    setting = StoredRight(right, tuple(before))
    wanted = HoldersWanted(tuple(before.items()))
    return Requirement(setting, wanted, (), object=setting.key, authority=_security_authority(snapshot))


def _security_authority(snapshot: Snapshot) -> SecurityOwner:
    """Who else may decide by now who is in Administrators or has a right: what they set is left alone."""
    entries = [
        entry
        for entry in snapshot.settings
        if entry["kind"] == "user_right" or (entry["kind"] == "group_member" and entry["sid"] == ADMINISTRATORS)
    ]
    principals = Principals((), tuple(dict.fromkeys(_sids(entry["member"] for entry in entries))))
    return SecurityOwner(principals, tuple(dict.fromkeys(_text(entry["right"]) for entry in entries if "right" in entry)))


def _site_requirement(entry: Mapping[str, Json], snapshot: Snapshot) -> Requirement:
    """Something of a Configuration Manager site; only what this version knows of one can be named."""
    code = _text(entry["site"])
    if not _SITE_CODE.match(code):
        raise MalformedSnapshotError("a site in it has no site code")
    before = entry["before"]
    if entry["kind"] == "site_property":
        kind = PROPERTIES[_text(entry["property"])]
        if not kind.may_be(before):
            raise MalformedSnapshotError(f"the property {kind.name} in it has another type")
        kind, after = _in_pushing_order(kind, code, snapshot)
        setting = SiteProperty(Site(code), kind)
        return Requirement(setting, before, (), object=setting.key, after=after)
    if entry["kind"] == "site_list":
        wanted = ListWanted(tuple(_text(member) for member in _listed(before)), exact=True, ordered=True)
    else:
        there = {_text(member): _flag(present) for member, present in before.items()}
        members = tuple(member for member, present in there.items() if present)
        wanted = ListWanted(members, without=tuple(member for member, present in there.items() if not present))
    listed = SiteList(Site(code), LISTS[_text(entry["list"])], wanted)
    return Requirement(listed, None, (), object=listed.key)


def _in_pushing_order(kind: PropertyKind, code: str, snapshot: Snapshot) -> tuple[PropertyKind, tuple[str, ...]]:
    """What comes before a property of client push goes back: nothing may be pushed to too many on the way."""
    before = {one["property"]: one["before"] for one in snapshot.settings if one["kind"] == "site_property" and one["site"] == code}
    push = before.get(AUTOMATIC_PUSH.id)
    if kind is AUTOMATIC_PUSH and push == "ACTIVE":
        return kind, tuple(SiteProperty(Site(code), other).key for other in PUSHED_TO if other.id in before)
    if kind in PUSHED_TO and push == "INACTIVE":
        return once_off(kind), (SiteProperty(Site(code), AUTOMATIC_PUSH).key,)
    return kind, ()


def _state_migration_requirement(entry: Mapping[str, Json], snapshot: Snapshot) -> Requirement:
    """Something of a state migration point; all of its folders together, as they are one list."""
    code, point = _text(entry["site"]), _text(entry["point"])
    if not _SITE_CODE.match(code):
        raise MalformedSnapshotError("a site in it has no site code")
    if entry["kind"] == PointNumber.kind:
        if not _is_number(entry["before"]) or entry["before"] >= 1 << 32:
            raise MalformedSnapshotError(f"a number of the state migration point {point} in it is none")
        number = PointNumber(Site(code), point, NUMBERS[_text(entry["number"])])
        return Requirement(number, entry["before"], (), object=number.key)
    same = [one for one in snapshot.settings if one["kind"] == StoredFolders.kind and (one["site"], one["point"]) == (code, point)]
    before = tuple((_text(one["folder"]), None if one["before"] is None else _text(one["before"])) for one in same)
    for folder, text in before:
        if text is not None and parse_folder(text).place != folder_place(folder):
            raise MalformedSnapshotError(f"the folder {folder} in it is another one")
    now_of(snapshot.time)
    folders = StoredFolders(Site(code), point, snapshot.time)
    return Requirement(folders, before, (), object=folders.key)


def _point_requirement(entry: Mapping[str, Json], snapshot: Snapshot) -> Requirement:
    """Something of a distribution point; only what this version knows of one can be named."""
    code, server, before = _text(entry["site"]), _text(entry["server"]), entry["before"]
    if not _SITE_CODE.match(code):
        raise MalformedSnapshotError("a site in it has no site code")
    site = Site(code)
    if entry["kind"] == "pxe_binding":
        binding = PxeBinding(site, server, None)
        return Requirement(binding, stored_binding(before), (), object=binding.key)
    kind = PXE_PROPERTIES[_text(entry["property"])]
    if not kind.kind.may_be(before):
        raise MalformedSnapshotError(f"the property {kind.kind.name} in it has another type")
    if kind is not PXE:
        setting = property_of(kind, site, server)
        return Requirement(setting, before, (), object=setting.key)
    # What PXE will answer on is brought back first.
    goal = next(
        (
            stored_binding(other["before"])
            for other in snapshot.settings
            if other["kind"] == "pxe_binding" and (other["site"], other["server"]) == (code, server)
        ),
        None,
    )
    switch = PxeSwitch(site, PXE.of(server), PXE, server, goal=goal)
    after = () if goal is None or before != 1 else (PxeBinding(site, server, None).key,)
    return Requirement(switch, before, (), object=switch.key, after=after)


def _firewall_requirement(entry: Mapping[str, Json]) -> Requirement:
    """Something of the firewall. Whether bringing it back would cut the connection is judged on the host, with all that comes back."""
    if entry["kind"] == "firewall_profile":
        return _profile_requirement(entry)
    rule_id = _text(entry["id"])
    if not rule_id or has_wildcard(rule_id):
        raise MalformedSnapshotError(f"the firewall rule '{rule_id}' in it may stand for several")
    if entry["kind"] == "firewall_rule_enabled":
        switch = RuleSwitch(rule_id)
        return Requirement(switch, _flag(entry["before"]), (), object=switch.key)
    if not is_own(rule_id):
        raise MalformedSnapshotError(f"the firewall rule {rule_id} in it is not one that apply makes or removes")
    before = entry["before"] if entry["before"] is None else _text(entry["before"])
    if not can_return(entry):
        raise MalformedSnapshotError(f"the firewall rule {rule_id} in it could not be made again")
    rule = StoredRule(rule_id)
    return Requirement(rule, before, (), object=rule.key)


def _smb_requirement(entry: Mapping[str, Json]) -> Requirement:
    """Something of the host's SMB server."""
    if entry["kind"] == ShareEncryption.kind:
        share = ShareEncryption(_text(entry["share"]))
        return Requirement(share, _flag(entry["before"]), (), object=share.key)
    if entry["name"] not in SMB_SWITCHES:
        raise MalformedSnapshotError(f"it has the unknown switch '{entry['name']}' of the SMB server")
    switch = SmbSwitch(_text(entry["name"]))
    return Requirement(switch, _flag(entry["before"]), (), object=switch.key)


def _profile_requirement(entry: Mapping[str, Json]) -> Requirement:
    profile: Profile | None = next((known for known in LOCAL_PROFILES if known == entry["profile"]), None)
    option, before = _text(entry["option"]), entry["before"]
    if profile is None or option not in PROFILE_OPTIONS:
        raise MalformedSnapshotError(f"it has an unknown option of the firewall, {option} of the profile {entry['profile']}")
    words = PROFILE_OPTIONS[option][1]
    if before is not None and not (_is_number(before) and before < 1 << 32 and (words is None or before in words)):
        raise MalformedSnapshotError(f"the option {option} of the firewall in it has a value that it cannot have")
    setting = StoredProfileOption(profile, option)
    return Requirement(setting, before, (), object=setting.key)


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
    if kind == "group_member" and entry["sid"] == ADMINISTRATORS and is_made(entry["member"]):
        # Whether it is the connection's own account is known on the host only, and asked there.
        return ()
    if kind == "group_member":
        return (Operation.of("group.remove", sid=entry["sid"], members=[entry["member"]]),)
    if kind == "user_right":
        return (set_holders(entry["right"], (f"*{entry['member']}",)),)
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


_OF_SUBJECTS: Mapping[str, Callable[[Mapping[str, Json], Snapshot], Requirement]] = {
    **dict.fromkeys(("site_property", "site_list", "site_list_members"), _site_requirement),
    **dict.fromkeys(("site_role_property", "pxe_binding"), _point_requirement),
    **dict.fromkeys(("firewall_rule", "firewall_rule_enabled", "firewall_profile"), lambda entry, _snapshot: _firewall_requirement(entry)),
    **dict.fromkeys((PointNumber.kind, StoredFolders.kind), _state_migration_requirement),
    **dict.fromkeys((SmbSwitch.kind, ShareEncryption.kind), lambda entry, _snapshot: _smb_requirement(entry)),
}
"""What restoring an entry asks for, by its kind, where a subject has several."""
