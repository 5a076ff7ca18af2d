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
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import READ_GROUPS, kept_member, member_difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import crowd, is_builtin

Group = Mapping[str, Any]
"""A group as the contract answers it: sid, name, members."""


@dataclass(frozen=True)
class MembersWanted:
    """Exactly the setting's accounts; none at all with C(empty); anybody but them with C(without); anybody but crowds with C(no_crowds)."""

    empty: bool = False
    without: bool = False
    no_crowds: bool = False


@dataclass(frozen=True)
class _Seen:
    """C(group): the one in question, if it was found. C(own): all groups that do not come with Windows. C(starts): what makes the group."""

    group: Group | None
    known: Mapping[str, Account]
    english: bool
    own: tuple[Group, ...]
    starts: tuple[Operation, ...]


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
        groups: Sequence[Group] = answer.data["groups"]
        english = answers.host.language.split("-")[0].lower() == "en"
        own = tuple(group for group in groups if not is_builtin(group["sid"]))
        group = self._named(groups)
        caveats: tuple[str, ...] = ()
        if group is None and self.sid is None and not english:
            group = _with_members(own, {account.sid for account in known.values()})
            if group is not None:
                caveats = ("the group was recognised by its members, as its name in this language is not known",)
        evidence = () if group is None else (f"local group {group['name']} ({group['sid']}): {_names(group['members'])}",)
        starts = self._starts(answers)
        return Observation(value=_Seen(group, known, english, own, starts), evidence=evidence, caveats=caveats)

    def _starts(self, answers: Answers) -> tuple[Operation, ...]:
        """What makes Windows make the group, where the task for that is there already; whoever brings it starts it as well."""
        task = self.maker.interpret(answers) if self.maker else None
        return self.maker.trigger(task, mended=True) if self.maker and task and not task.problem else ()

    def _named(self, groups: Sequence[Group]) -> Group | None:
        if self.sid is not None:
            return next((group for group in groups if group["sid"] == self.sid), None)
        return next((group for group in groups if group["name"].casefold() == (self.name or "").casefold()), None)

    def keep(self, observation: Observation) -> tuple[Json, ...]:
        """What a started task may do by itself: move members in or out, and make the group where there is none."""
        if observation.problem or observation.value is None or self.sid is not None:
            return ()
        seen: _Seen = observation.value
        helpers = sorted(account.sid for account in seen.known.values())
        if not seen.english:
            before = {group["sid"]: [member["sid"] for member in group["members"]] for group in seen.own}
            return ({"kind": "moved_group", "before": before, "members": helpers},)
        if seen.group is None:
            others = sorted(other["sid"] for other in seen.own)
            return ({"kind": "made_group", "name": self.name, "others": others, "members": helpers},)
        members = [member["sid"] for member in seen.group["members"]]
        return tuple(kept_member(seen.group["sid"], sid, present=sid in members) for sid in dict.fromkeys((*members, *helpers)))

    def assess(self, observation: Observation, wanted: MembersWanted) -> Assessment:
        if observation.value is None:
            return Assessment(Status.NOT_APPLICABLE, f"{self.title}: as declared", "a domain controller has no local groups of its own")
        seen: _Seen = observation.value
        if seen.group is None:
            return self._assess_missing(seen, wanted)
        if wanted.without:
            return self._assess_without(seen.group, seen.known.values())
        if wanted.no_crowds:
            return self._assess_crowds(seen.group)
        accounts = {} if wanted.empty else {account.sid: account.name for account in seen.known.values()}
        members = {member["sid"]: member["name"] or member["sid"] for member in seen.group["members"]}
        sid = seen.group["sid"]
        coming = [(one, name, True) for one, name in accounts.items() if one not in members]
        going = [(one, name, False) for one, name in members.items() if one not in accounts]
        differences = [member_difference("helpers group", sid, one, name, add=add) for one, name, add in (*coming, *going)]
        return Assessment(
            Status.DRIFT if differences else Status.COMPLIANT,
            expected=f"{self.title}: {', '.join(accounts.values()) or 'nobody'}",
            actual=f"{self.title}: {_names(seen.group['members'])}",
            differences=tuple(differences),
        )

    def _assess_without(self, group: Group, accounts: Any) -> Assessment:
        members = {member["sid"] for member in group["members"]}
        both = [account.name for account in accounts if account.sid in members]
        expected = f"{self.title}: none of {self.option}"
        actual = f"{self.title}: {', '.join(both)} as well" if both else f"{self.title}: none of them"
        return Assessment(Status.DRIFT if both else Status.COMPLIANT, expected, actual)

    def _assess_crowds(self, group: Group) -> Assessment:
        crowds = [f"{member['name'] or member['sid']} ({all_})" for member in group["members"] if (all_ := crowd(member["sid"]))]
        expected = f"{self.title}: nobody by belonging to a crowd"
        actual = f"{self.title}: {', '.join(crowds)}" if crowds else f"{self.title}: no crowd is a member"
        return Assessment(Status.DRIFT if crowds else Status.COMPLIANT, expected, actual)

    def _assess_missing(self, seen: _Seen, wanted: MembersWanted) -> Assessment:
        expected = f"{self.title}: {'nobody' if wanted.empty else _account_names(seen)}"
        if self.sid is not None:
            message = f"{self.title}: the host does not tell of a group {self.sid}"
            return Assessment(Status.INDETERMINATE, expected, message, code=Code.GROUP_NOT_FOUND)
        if wanted.empty and (seen.english or not any(group["members"] for group in seen.own)):
            return Assessment(Status.COMPLIANT, expected, f"{self.title}: there is no such group, so it has no members")
        if not seen.english:
            message = f"{self.title}: what the group is called in this language is not known"
            return Assessment(Status.INDETERMINATE, expected, message, code=Code.GROUP_NAME_LOCALISED)
        message = f"{self.title}: there is no such group yet; Windows makes it when it first puts the policy into effect"
        start = (self._start(seen.starts),) if seen.starts else ()
        return Assessment(Status.INDETERMINATE, expected, message, start, code=Code.GROUP_NOT_FOUND)

    def _start(self, starts: tuple[Operation, ...]) -> Difference:
        """No change by itself: nothing says for sure that the task makes the group, so it may be started again and again."""
        return Difference(
            key=f"{self.maker.key if self.maker else self.key}|start",
            label="task",
            before="no group of helpers",
            after="started, so that it makes the group",
            verb="start",
            writes=starts,
            consequence=True,
        )


def _with_members(groups: Sequence[Group], sids: set[str]) -> Group | None:
    """The one group that has just these members; None when there is none, or more than one."""
    alike = [group for group in groups if sids and {member["sid"] for member in group["members"]} == sids]
    return alike[0] if len(alike) == 1 else None


def _names(members: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(member["name"] or member["sid"] for member in members) or "nobody"


def _account_names(seen: _Seen) -> str:
    return ", ".join(account.name for account in seen.known.values())
