# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Single members of local groups: moving one, keeping one in a snapshot, and putting it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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

    Known by its C(name) on systems installed in English. Elsewhere it has to be the only group that is new and has nobody in it but
    those who were declared.
    """

    kind: ClassVar[str] = "made_group"
    name: str

    @property
    def key(self) -> str:
        return f"made_group:{self.name.casefold()}"

    def reads(self) -> tuple[Operation, ...]:
        return (READ_GROUPS,)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[READ_GROUPS]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, "the local groups"))
        english = answers.host.language.split("-")[0].lower() == "en"
        groups = [group for group in answer.data["groups"] if not is_builtin(group["sid"])]
        if english:
            groups = [group for group in groups if group["name"].casefold() == self.name.casefold()]
        return Observation(value=tuple(groups))

    def assess(self, observation: Observation, wanted: MadeWanted) -> Assessment:
        expected = "nobody in a group that Windows made since"
        new = [group for group in observation.value if group["sid"] not in wanted.others]
        made = [group for group in new if {member["sid"] for member in group["members"]} <= wanted.members and group["members"]]
        if not made:
            return Assessment(Status.COMPLIANT, expected, "there is no such group, or it is empty")
        if len(made) > 1:
            names = ", ".join(group["name"] for group in made)
            return Assessment(Status.INDETERMINATE, expected, f"it could be any of {names}", code=Code.GROUP_NAME_LOCALISED)
        group = made[0]
        differences = tuple(
            member_difference(f"members of {group['sid']}", group["sid"], member["sid"], member["name"] or member["sid"], add=False)
            for member in group["members"]
        )
        return Assessment(Status.DRIFT, expected, f"{len(differences)} members in {group['name']}", differences)
