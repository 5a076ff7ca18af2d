# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The members of a local group, by SID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account, resolve, resolved
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import crowd, is_builtin

READ_GROUPS = Operation.of("group.read")
"""Every local group at once: the one in question may be known by its members only."""


@dataclass(frozen=True)
class MembersWanted:
    """Exactly the setting's accounts; none at all with C(empty); anybody but them with C(without); anybody but crowds with C(no_crowds)."""

    empty: bool = False
    without: bool = False
    no_crowds: bool = False
    layers: bool = True


@dataclass(frozen=True)
class LocalGroup(Setting):
    """Found by C(sid) where it is the same everywhere, else by C(name), which is only known for systems installed in English.

    C(accounts) are those of the operator's C(option). C(maker) is the task of Windows that makes the group where there is none.
    """

    kind: ClassVar[str] = "local_group"
    title: str
    option: str
    sid: str | None = None
    name: str | None = None
    accounts: tuple[str, ...] = ()
    maker: ScheduledTask | None = None

    @property
    def key(self) -> str:
        return f"local_group:{(self.sid or self.name or '').casefold()}"

    def reads(self) -> tuple[Operation, ...]:
        return (READ_GROUPS, *((resolve(self.accounts),) if self.accounts else ()), *(self.maker.reads() if self.maker else ()))

    def interpret(self, answers: Answers) -> Observation:
        known, trouble = resolved(answers, self.option, self.accounts)
        if trouble:
            return trouble
        if answers.host.is_domain_controller:
            return Observation(value=None, evidence=("a domain controller has no local groups of its own",))
        answer = answers[READ_GROUPS]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, self.title))
        group = self._find(answer.data["groups"], known)
        english = answers.host.language.split("-")[0].lower() == "en"
        filled = any(other["members"] for other in answer.data["groups"] if not is_builtin(other["sid"]))
        evidence: tuple[str, ...] = ()
        caveats: tuple[str, ...] = ()
        if group is not None:
            members = ", ".join(member["name"] or member["sid"] for member in group["members"]) or "nobody"
            evidence = (f"local group {group['name']} ({group['sid']}): {members}",)
            if self.sid is None and group["name"].casefold() != (self.name or "").casefold():
                caveats = ("the group was recognised by its members, as its name in this language is not known",)
        starts = self.maker.trigger(self.maker.interpret(answers)) if self.maker else ()
        own = tuple(other for other in answer.data["groups"] if not is_builtin(other["sid"]))
        return Observation(value=(group, known, english, filled, starts, own), evidence=evidence, caveats=caveats)

    def _find(self, groups: Sequence[Mapping[str, Json]], known: Mapping[str, Account]) -> Mapping[str, Any] | None:
        for group in groups:
            if self.sid is not None:
                if group["sid"] == self.sid:
                    return group
            elif group["name"].casefold() == (self.name or "").casefold():
                return group
        sids = {account.sid for account in known.values()}
        if self.sid is None and sids:
            alike = [g for g in groups if not is_builtin(g["sid"]) and {member["sid"] for member in g["members"]} == sids]
            if len(alike) == 1:
                return alike[0]
        return None

    def keep(self, observation: Observation) -> tuple[Json, ...]:
        """A started task edits the group by itself, and may make it: all groups that it could be, and which there are."""
        if observation.problem or observation.value is None or self.sid is not None:
            return ()
        group, known, _english, _filled, _starts, own = observation.value
        edited = [group] if group is not None else own
        groups = [{"kind": "local_group", "sid": one["sid"], "before": [member["sid"] for member in one["members"]]} for one in edited]
        if group is not None:
            return tuple(groups)
        made = {
            "kind": "made_group",
            "others": sorted(one["sid"] for one in own),
            "members": sorted(account.sid for account in known.values()),
        }
        return (*groups, made)

    def assess(self, observation: Observation, wanted: MembersWanted) -> Assessment:
        if observation.value is None:
            return Assessment(Status.NOT_APPLICABLE, f"{self.title}: as declared", "a domain controller has no local groups of its own")
        group, known, english, filled, starts, _own = observation.value
        accounts = {account.sid: account for account in known.values()}
        if wanted.without:
            return self._assess_without(group, accounts)
        if wanted.no_crowds:
            return self._assess_crowds(group)
        expected_names = "nobody" if wanted.empty else ", ".join(account.name for account in accounts.values())
        expected = f"{self.title}: {expected_names}"
        if group is None:
            return self._assess_missing(expected, english=english, surely_empty=wanted.empty and (english or not filled), starts=starts)
        target = set() if wanted.empty else set(accounts)
        members = {member["sid"]: member["name"] or member["sid"] for member in group["members"]}
        differences = [self._difference(group, sid, accounts[sid].name, add=True) for sid in accounts if sid in target - set(members)]
        differences += [self._difference(group, sid, name, add=False) for sid, name in members.items() if sid not in target]
        actual = f"{self.title}: {', '.join(members.values()) or 'nobody'}"
        return Assessment(Status.DRIFT if differences else Status.COMPLIANT, expected, actual, tuple(differences))

    def _assess_without(self, group: Mapping[str, Any] | None, accounts: Mapping[str, Account]) -> Assessment:
        members = {member["sid"] for member in group["members"]} if group else set()
        both = [account.name for sid, account in accounts.items() if sid in members]
        expected = f"{self.title}: none of {self.option}"
        actual = f"{self.title}: {', '.join(both)} as well" if both else f"{self.title}: none of them"
        return Assessment(Status.DRIFT if both else Status.COMPLIANT, expected, actual)

    def _assess_crowds(self, group: Mapping[str, Any] | None) -> Assessment:
        members = group["members"] if group else ()
        crowds = [f"{member['name'] or member['sid']} ({everybody})" for member in members if (everybody := crowd(member["sid"]))]
        expected = f"{self.title}: nobody by belonging to a crowd"
        actual = f"{self.title}: {', '.join(crowds)}" if crowds else f"{self.title}: no crowd is a member"
        return Assessment(Status.DRIFT if crowds else Status.COMPLIANT, expected, actual)

    def _assess_missing(self, expected: str, *, english: bool, surely_empty: bool, starts: tuple[Operation, ...]) -> Assessment:
        if surely_empty:
            return Assessment(Status.COMPLIANT, expected, f"{self.title}: there is no such group, so it has no members")
        if not english:
            message = f"{self.title}: what the group is called in this language is not known"
            return Assessment(Status.INDETERMINATE, expected, message, code=Code.GROUP_NAME_LOCALISED)
        return Assessment(
            Status.INDETERMINATE,
            expected,
            f"{self.title}: there is no such group yet; Windows makes it when it first puts the policy into effect",
            differences=(self._start(starts),) if starts else (),
            code=Code.GROUP_NOT_FOUND,
        )

    def _start(self, starts: tuple[Operation, ...]) -> Difference:
        return Difference(
            key=f"{self.maker.key if self.maker else self.key}|start",
            label="task",
            before="no group of helpers",
            after="started, so that it makes the group",
            verb="start",
            writes=starts,
        )

    def _difference(self, group: Mapping[str, Any], sid: str, name: str, *, add: bool) -> Difference:
        before, after = ("absent", "present") if add else ("present", "absent")
        members = [member["sid"] for member in group["members"]]
        return Difference(
            key=f"local_group:{group['sid']}|{sid}",
            label="helpers group",
            before=before,
            after=after,
            item=sid,
            note=name if name != sid else None,
            writes=(Operation.of("group.add" if add else "group.remove", sid=group["sid"], members=[sid]),),
            restore=({"kind": "local_group", "sid": group["sid"], "before": members},),
        )


@dataclass(frozen=True)
class GroupMembers(Setting):
    """A local group by SID whose members are to be exactly those that a snapshot names. Wanted: a tuple of SIDs."""

    kind: ClassVar[str] = "group_members"
    sid: str

    @property
    def key(self) -> str:
        return f"group_members:{self.sid}"

    def reads(self) -> tuple[Operation, ...]:
        return (READ_GROUPS,)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[READ_GROUPS]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, f"the local group {self.sid}"))
        group = next((group for group in answer.data["groups"] if group["sid"] == self.sid), None)
        return Observation(value=tuple(member["sid"] for member in group["members"]) if group else None)

    def assess(self, observation: Observation, wanted: tuple[str, ...]) -> Assessment:
        expected = f"members {', '.join(wanted) or 'nobody'}"
        if observation.value is None:
            return Assessment(Status.INDETERMINATE, expected, "the group is gone", code=Code.GROUP_NOT_FOUND)
        members: tuple[str, ...] = observation.value
        restore = ({"kind": "local_group", "sid": self.sid, "before": list(members)},)
        differences = [
            Difference(
                key=f"local_group:{self.sid}|{sid}",
                label=f"members of {self.sid}",
                before="absent" if add else "present",
                after="present" if add else "absent",
                item=sid,
                writes=(Operation.of("group.add" if add else "group.remove", sid=self.sid, members=[sid]),),
                restore=restore,
            )
            for add, sids in ((True, [s for s in wanted if s not in members]), (False, [s for s in members if s not in wanted]))
            for sid in sids
        ]
        actual = f"members {', '.join(members) or 'nobody'}"
        return Assessment(Status.DRIFT if differences else Status.COMPLIANT, expected, actual, tuple(differences))


@dataclass(frozen=True)
class MadeGroup(Setting):
    """A local group that Windows made as a consequence of an apply: it cannot be removed by this collection, but emptied.

    Known as one that was not there before and has no members but those that were declared then. Wanted: the SIDs of those, and of the
    groups that were there.
    """

    kind: ClassVar[str] = "made_group"

    @property
    def key(self) -> str:
        return "made_group"

    def reads(self) -> tuple[Operation, ...]:
        return (READ_GROUPS,)

    def interpret(self, answers: Answers) -> Observation:
        answer = answers[READ_GROUPS]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, "the local groups"))
        return Observation(value=tuple(group for group in answer.data["groups"] if not is_builtin(group["sid"])))

    def assess(self, observation: Observation, wanted: tuple[frozenset[str], frozenset[str]]) -> Assessment:
        declared, others = wanted
        members = [
            (group["sid"], member["sid"])
            for group in observation.value
            if group["sid"] not in others and {member["sid"] for member in group["members"]} <= declared
            for member in group["members"]
        ]
        differences = tuple(
            Difference(
                key=f"local_group:{group}|{sid}",
                label=f"members of {group}",
                before="present",
                after="absent",
                item=sid,
                writes=(Operation.of("group.remove", sid=group, members=[sid]),),
                restore=({"kind": "local_group", "sid": group, "before": [member for one, member in members if one == group]},),
            )
            for group, sid in members
        )
        expected = "no members in a group that was made since"
        actual = f"{len(members)} members" if members else "none"
        return Assessment(Status.DRIFT if members else Status.COMPLIANT, expected, actual, differences)
