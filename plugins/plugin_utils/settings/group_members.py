# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Single members of local groups: moving one, keeping one in a snapshot, and putting it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import is_builtin

READ_GROUPS = Operation.of("group.read")
"""Every local group at once: the one in question may be known by its members only."""


def kept_member(group: str, member: str, *, present: bool) -> Json:
    """What a snapshot keeps of one member. Only single ones: whom others add meanwhile is not this collection's to remove."""
    return {"kind": "group_member", "sid": group, "member": member, "before": present}


def member_difference(label: str, group: str, sid: str, name: str, *, add: bool) -> Difference:
    """What moves one member in or out; group and member are SIDs, the name is for people."""
    before, after = ("absent", "present") if add else ("present", "absent")
    return Difference(
        key=f"local_group:{group}|{sid}",
        label=label,
        before=before,
        after=after,
        item=sid,
        note=name if name != sid else None,
        writes=(Operation.of("group.add" if add else "group.remove", sid=group, members=[sid]),),
        restore=(kept_member(group, sid, present=not add),),
    )


@dataclass(frozen=True)
class GroupMember(Setting):
    """Whether somebody is a member of a group; both by SID. Wanted: True or False."""

    kind: ClassVar[str] = "group_member"
    group: str
    member: str

    @property
    def key(self) -> str:
        return f"group_member:{self.group}|{self.member}"

    def reads(self) -> tuple[Operation, ...]:
        return (READ_GROUPS,)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[READ_GROUPS]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, f"the local group {self.group}"))
        group = next((group for group in answer.data["groups"] if group["sid"] == self.group), None)
        return Observation(value=None if group is None else self.member in {member["sid"] for member in group["members"]})

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        expected = f"{self.member} is {'a' if wanted else 'no'} member of {self.group}"
        if observation.value is None:
            return Assessment(Status.INDETERMINATE, expected, f"there is no group {self.group} any more", code=Code.GROUP_NOT_FOUND)
        if observation.value == wanted:
            return Assessment(Status.COMPLIANT, expected, expected)
        actual = f"{self.member} is {'a' if observation.value else 'no'} member of {self.group}"
        difference = member_difference(f"members of {self.group}", self.group, self.member, self.member, add=wanted)
        return Assessment(Status.DRIFT, expected, actual, (difference,))


@dataclass(frozen=True)
class MadeWanted:
    """C(members): who was declared then. C(others): the groups that were there before."""

    members: frozenset[str]
    others: frozenset[str]


@dataclass(frozen=True)
class MadeGroup(Setting):
    """A local group that Windows made as a consequence of an apply: this collection cannot remove it, but empties it again.

    Known by its C(name), so only of use on systems installed in English.
    """

    kind: ClassVar[str] = "made_group"
    name: str

    @property
    def key(self) -> str:
        return f"made_group:{self.name.casefold()}"

    def reads(self) -> tuple[Operation, ...]:
        return (READ_GROUPS,)

    def interpret(self, answers: Answers) -> Observation:
        return _own_groups(answers)

    def assess(self, observation: Observation, wanted: MadeWanted) -> Assessment:
        named = [group for group in observation.value if group["name"].casefold() == self.name.casefold()]
        made = [group for group in named if group["sid"] not in wanted.others]
        return _restored(made, {group["sid"]: _sids(group) - wanted.members for group in made})


@dataclass(frozen=True)
class MovedWanted:
    """C(members): who was declared then, and so what the system task makes of its group. C(before): the members of each group before."""

    members: frozenset[str]
    before: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class MovedGroup(Setting):
    """The local group that Windows fills with helpers, where its name is not known.

    It is the only group that has changed since and has just those members now that the task gives it; a new one was empty before.
    """

    kind: ClassVar[str] = "moved_group"

    @property
    def key(self) -> str:
        return "moved_group"

    def reads(self) -> tuple[Operation, ...]:
        return (READ_GROUPS,)

    def interpret(self, answers: Answers) -> Observation:
        return _own_groups(answers)

    def assess(self, observation: Observation, wanted: MovedWanted) -> Assessment:
        before = {group["sid"]: wanted.before.get(group["sid"], frozenset()) for group in observation.value}
        moved = [group for group in observation.value if _sids(group) == wanted.members and _sids(group) != before[group["sid"]]]
        return _restored(moved, before)


def _own_groups(answers: Answers) -> Observation:
    """The groups that do not come with Windows."""
    answer = answers[READ_GROUPS]
    if answer.failure:
        return Observation(problem=Problem.from_failure(answer.failure, "the local groups"))
    return Observation(value=tuple(group for group in answer.data["groups"] if not is_builtin(group["sid"])))


def _sids(group: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(member["sid"] for member in group["members"])


def _restored(groups: Sequence[Mapping[str, Any]], wanted: Mapping[str, frozenset[str]]) -> Assessment:
    """The one group in question with the members it should have; several could be it: nothing is done."""
    expected = "the group that Windows fills with helpers is as it was"
    if not groups:
        return Assessment(Status.COMPLIANT, expected, expected)
    if len(groups) > 1:
        names = ", ".join(group["name"] for group in groups)
        return Assessment(Status.INDETERMINATE, expected, f"it could be any of {names}", code=Code.GROUP_NAME_LOCALISED)
    group = groups[0]
    now, then = _sids(group), wanted[group["sid"]]
    moves = [(sid, True) for sid in sorted(then - now)] + [(sid, False) for sid in sorted(now - then)]
    differences = tuple(member_difference(f"members of {group['sid']}", group["sid"], sid, sid, add=add) for sid, add in moves)
    status = Status.DRIFT if differences else Status.COMPLIANT
    return Assessment(status, expected, f"{group['name']} has {len(now)} members and had {len(then)}", differences)
