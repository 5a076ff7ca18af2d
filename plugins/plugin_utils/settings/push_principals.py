# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The accounts that client push comes in with, and which of them are administrators of a computer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account, resolve
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import member_difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import ADMINISTRATORS, crowd, is_made, is_sid

READ_ADMINISTRATORS = Operation.of("group.read", sid=ADMINISTRATORS)

_FORMS = "give DOMAIN\\name, name@domain or a SID"


@dataclass(frozen=True)
class Principals:
    """C(admitted): those of the computer's own ring. C(known): those of all rings; either may name the same account in its own way."""

    admitted: tuple[str, ...]
    known: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """All of them as they were asked for, each once."""
        return tuple(dict.fromkeys((*self.admitted, *self.known)))

    def reads(self) -> tuple[Operation, ...]:
        return (resolve(self.named),)

    def resolved(self, answers: Answers) -> tuple[Mapping[str, Account], Observation | None]:
        """The accounts by what was asked, or the observation that says why there are none.

        A known one that is given as a SID may have no name any more: whoever is left of it in a group can still be told.
        """
        answer = answers[resolve(self.named)]
        if answer.failure:
            return {}, Observation(problem=Problem.from_failure(answer.failure, "the push principals"))
        found: dict[str, Account] = {}
        wrong = []
        for asked in self.named:
            option = "admitted" if asked in self.admitted else "known_push_principals"
            known = answer.data["accounts"].get(asked)
            if known is None and is_sid(asked) and asked not in self.admitted:
                known = {"sid": asked.upper(), "name": asked.upper()}
            if known is None:
                wrong.append(f"{option}: '{asked}' is no account that {answers.host.name} can resolve; {_FORMS} with a name.")
            elif not is_made(known["sid"]):
                broad = crowd(known["sid"])
                what = f"{broad}, which nearly anybody belongs to" if broad else "an account that comes with Windows"
                wrong.append(f"{option}: '{asked}' is {what}; name a group or an account that is there for client push alone.")
            else:
                found[asked] = Account(asked, known["sid"].upper(), known["name"])
        return ({}, Observation(wrong_options=tuple(wrong))) if wrong else (found, None)


def once(accounts: Iterable[Account]) -> tuple[Account, ...]:
    """Each account once, as it was named first, however often and in whatever way it was named."""
    found: dict[str, Account] = {}
    for account in accounts:
        found.setdefault(account.sid, account)
    return tuple(found.values())


@dataclass(frozen=True)
class Member:
    """A member of Administrators; C(name) is None for an orphan, C(kind) user, group or unknown."""

    sid: str
    name: str | None
    kind: str

    @property
    def shown(self) -> str:
        return self.name or self.sid


@dataclass(frozen=True)
class Standing:
    """The push principals of a computer, by what was asked, and the members of its Administrators by SID."""

    accounts: Mapping[str, Account]
    members: Mapping[str, Member]
    principals: Principals

    @property
    def admitted(self) -> frozenset[str]:
        """The SIDs of the admitted ones."""
        return frozenset(self.accounts[asked].sid for asked in self.principals.admitted)

    @property
    def foreign(self) -> tuple[Account, ...]:
        """Principals of other rings that are administrators here."""
        return tuple(account for account in self.accounts_once if account.sid not in self.admitted and account.sid in self.members)

    @property
    def accounts_once(self) -> tuple[Account, ...]:
        """Every principal once, in the order of the options."""
        return once(self.accounts.values())

    @property
    def nested(self) -> tuple[Member, ...]:
        """Groups among the members that are no push principals: whoever belongs to them is an administrator as well."""
        own = {account.sid for account in self.accounts.values()}
        return tuple(member for member in self.members.values() if member.kind == "group" and member.sid not in own)

    def caveats(self) -> tuple[str, ...]:
        groups = ", ".join(member.shown for member in self.nested)
        return (f"nested membership is not looked into: who belongs to {groups} is for the directory to tell",) if groups else ()


def standing(principals: Principals, answers: Answers) -> Standing | Observation:
    """How things stand, or the observation that says why that cannot be told."""
    accounts, trouble = principals.resolved(answers)
    if trouble:
        return trouble
    answer = answers[READ_ADMINISTRATORS]
    if answer.failure:
        return Observation(problem=Problem.from_failure(answer.failure, "the local group Administrators"))
    group = next((group for group in answer.data["groups"] if group["sid"] == ADMINISTRATORS), None)
    if group is None:
        return Observation(problem=Problem(Code.GROUP_NOT_FOUND, f"The host does not tell of a local group {ADMINISTRATORS}."))
    members = [Member(member["sid"].upper(), member["name"], member["kind"]) for member in group["members"]]
    return Standing(accounts, {member.sid: member for member in members}, principals)


def _evidence(seen: Standing) -> tuple[str, ...]:
    return (f"local group {ADMINISTRATORS}: {', '.join(member.shown for member in seen.members.values()) or 'nobody'}",)


class _AmongAdministrators(Setting):
    """What is told by how push principals stand in Administrators."""

    principals: Principals

    def reads(self) -> tuple[Operation, ...]:
        return (READ_ADMINISTRATORS, *self.principals.reads())

    def interpret(self, answers: Answers) -> Observation:
        seen = standing(self.principals, answers)
        return seen if isinstance(seen, Observation) else Observation(seen, _evidence(seen))


@dataclass(frozen=True)
class PushPrincipal(_AmongAdministrators):
    """Whether a push principal, by what was C(asked), is a direct member of Administrators. Wanted: True or False."""

    kind: ClassVar[str] = "push_principal"
    asked: str
    principals: Principals

    @property
    def key(self) -> str:
        return f"push_principal:{self.asked.casefold()}"

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        seen: Standing = observation.value
        account = seen.accounts[self.asked]
        here = account.sid in seen.members
        named = f"{account.name} is {{}} of Administrators"
        if not wanted and account.sid in seen.admitted:
            return Assessment(Status.COMPLIANT, named.format("a member"), f"{account.name} is one of the admitted ones")
        expected, actual = (named.format("a member" if member else "no member") for member in (wanted, here))
        if here == wanted:
            return Assessment(Status.COMPLIANT, expected, actual, caveats=() if wanted else seen.caveats())
        difference = member_difference("admins", ADMINISTRATORS, account.sid, account.name, add=wanted)
        return Assessment(Status.DRIFT, expected, actual, (difference,), caveats=seen.caveats())


@dataclass(frozen=True)
class PrincipalKind(_AmongAdministrators):
    """Whether an admitted principal is a group. Windows tells what somebody is only of members. Wanted: None."""

    kind: ClassVar[str] = "push_principal_kind"
    asked: str
    principals: Principals

    @property
    def key(self) -> str:
        return f"push_principal_kind:{self.asked.casefold()}"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        seen: Standing = observation.value
        account = seen.accounts[self.asked]
        expected = f"{account.name} is a group"
        if account.name.endswith("$"):
            said = f"{account.name} is a computer's account, which is admitted by itself and not through a group"
            return Assessment(Status.DRIFT, expected, said, caveats=(_DIRECT,))
        member = seen.members.get(account.sid)
        if member is None or member.kind not in ("user", "group"):
            said = f"what kind of account {account.name} is shows once it is a member of Administrators"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.NOT_LOOKED_INTO)
        if member.kind == "group":
            return Assessment(Status.COMPLIANT, expected, expected, caveats=(_SCOPE,))
        return Assessment(Status.DRIFT, expected, f"{account.name} is a user, which is admitted by itself", caveats=(_DIRECT,))


_DIRECT = "an account that is admitted directly has to be taken out of each computer by itself once it is replaced"
_SCOPE = "whether the group is a global one, and who belongs to it, is for the directory to tell"


@dataclass(frozen=True)
class PushReach(_AmongAdministrators):
    """Whether no other ring's principal is an administrator: what a single computer can show of the rings. Wanted: None."""

    kind: ClassVar[str] = "push_reach"
    principals: Principals
    ring: str | None = None

    @property
    def key(self) -> str:
        return "push_reach"

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        seen: Standing = observation.value
        expected = "of all push principals only those of this ring are administrators"
        if seen.foreign:
            named = ", ".join(account.name for account in seen.foreign)
            return Assessment(Status.DRIFT, expected, f"{named} of another ring as well", caveats=seen.caveats())
        if all(account.sid in seen.admitted for account in seen.accounts.values()):
            said = "no push principal of another ring is declared, so none can be missed"
            remedy = "Name the push principals of all rings in known_push_principals."
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.NOT_LOOKED_INTO, remedy=remedy)
        return Assessment(Status.COMPLIANT, expected, "no push principal of another ring is", caveats=(*seen.caveats(), _FLEET))

    def reading(self, observation: Observation) -> Mapping[str, Json]:
        if observation.problem or observation.value is None:
            return {}
        seen: Standing = observation.value
        return {
            "ring": self.ring,
            "admitted": [_told(seen.accounts[asked]) for asked in self.principals.admitted],
            "known": [_told(account) for account in seen.accounts_once],
            "administrators": [{"sid": one.sid, "name": one.name, "kind": one.kind} for one in seen.members.values()],
        }


_FLEET = "that no account reaches two rings is judged over all hosts, by the report"


def _told(account: Account) -> dict[str, Any]:
    return {"sid": account.sid, "name": account.name}
