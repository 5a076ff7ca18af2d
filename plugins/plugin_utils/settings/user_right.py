# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who has a user right, read and written as a security template: the one form that needs no name in the host's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, HostFacts, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account, resolve
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import Principals, once
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.security_template import (
    MalformedTemplateError,
    parse,
    sid_of,
    write_rights,
)

EXPORT_RIGHTS = Operation.of(
    "program.run",
    program="secedit",
    arguments=["/export", "/cfg", "{cfg}", "/areas", "USER_RIGHTS"],
    files={"cfg": {"encoding": "utf-16le"}},
)
"""The read that tells of all rights."""
CONFIGURE = ("/configure", "/db", "{db}", "/cfg", "{cfg}", "/areas", "USER_RIGHTS", "/quiet")
"""The arguments of the write; its database is one of its own, so that nothing of an earlier template is applied again."""

DENY_INTERACTIVE = "SeDenyInteractiveLogonRight"
DENY_REMOTE_INTERACTIVE = "SeDenyRemoteInteractiveLogonRight"
WRITTEN_RIGHTS = frozenset({DENY_INTERACTIVE, DENY_REMOTE_INTERACTIVE})
"""What this collection writes. The right that denies logons over the network is none of them: WinRM logs on so."""

_TITLES = {
    DENY_INTERACTIVE: "Deny log on locally",
    DENY_REMOTE_INTERACTIVE: "Deny log on through Remote Desktop Services",
}


def title_of(right: str) -> str:
    """What the policy editor calls a right."""
    return _TITLES.get(right, right)


def read_rights(answers: Answers) -> Mapping[str, tuple[str, ...]] | Problem:
    """Who has each right, by its name case-folded, in a template's words; a right that nobody has is left out."""
    answer = answers[EXPORT_RIGHTS]
    if answer.failure:
        return Problem.from_failure(answer.failure, "the user rights")
    text = answer.data["files"]["cfg"]
    if not text:
        return Problem(Code.READ_FAILED, "The user rights could not be read: secedit wrote nothing.")
    try:
        template = parse(text)
    except MalformedTemplateError as error:
        return Problem(Code.MALFORMED_VALUE, f"The user rights cannot be parsed: {error}.")
    if not template.rights:
        # No Windows is without any: whoever has one would be lost with what is written after such a reading.
        return Problem(Code.MALFORMED_VALUE, "The user rights cannot be told: secedit named none at all.")
    return template.rights


def _exported(answers: Answers) -> str:
    return str(answers[EXPORT_RIGHTS].data["files"]["cfg"])


def set_holders(right: str, holders: Iterable[str]) -> Operation:
    """The write that makes somebody, in a template's words, the only holders of a right, and leaves all other rights alone."""
    text = literal(write_rights({right: tuple(holders)}))
    files = {"cfg": {"text": text, "encoding": "utf-16le"}, "db": {"text": None, "encoding": "utf-16le"}}
    return Operation.of("program.run", program="secedit", arguments=list(CONFIGURE), files=files, mutates=True)


def _unchanged(exported: str) -> Operation:
    """A template replaces who has a right, so right before the first one the host looks whether all rights are as they were read."""
    read = {"op": EXPORT_RIGHTS.op, **EXPORT_RIGHTS.fields, "timeout": _SLOW}
    return Operation.of("wait", until={"path": "files.cfg", "equals": literal(exported)}, read=read, timeout=1, every=1)


_SLOW = 60
"""Seconds that secedit may take: on a host with many accounts to look up it is slow."""
_IN_BETWEEN = "The user rights were changed by somebody else in between, so nothing of them was overwritten; apply again."


def holds(holder: str, account: Account, host: HostFacts) -> bool:
    """Whether a holder, in a template's words, is an account. Accounts of the computer itself stand there by their bare names."""
    sid = sid_of(holder)
    if sid is not None:
        return sid == account.sid
    domain, _separator, name = account.name.rpartition("\\")
    own = domain.casefold() == host.name.casefold()
    return holder.casefold() in {account.name.casefold(), *((name.casefold(),) if own else ())}


def right_difference(right: str, account: Account, write: Operation, exported: str, *, add: bool) -> Difference:
    """One account that gets a right or loses it; C(exported): all rights as they were read."""
    check = _unchanged(exported)
    before, after = ("absent", "present") if add else ("present", "absent")
    return Difference(
        key=f"user_right:{right.casefold()}|{account.sid}",
        label=f"right {right}",
        before=before,
        after=after,
        item=account.sid,
        note=account.name if account.name != account.sid else None,
        writes=(check, write),
        told=((check, "timeout", _IN_BETWEEN),),
        restore=({"kind": "user_right", "right": right, "member": account.sid, "before": not add},),
    )


@dataclass(frozen=True)
class _Seen:
    """C(holders): of the right in question, in a template's words. C(accounts): each principal once. C(exported): all rights."""

    holders: tuple[str, ...]
    accounts: tuple[Account, ...]
    host: HostFacts
    exported: str


@dataclass(frozen=True)
class DeniedLogon(Setting):
    """Whether a right that denies a kind of logon has all push principals among its holders. Wanted: None."""

    kind: ClassVar[str] = "denied_logon"
    right: str
    principals: Principals

    @property
    def key(self) -> str:
        return f"user_right:{self.right.casefold()}"

    def reads(self) -> tuple[Operation, ...]:
        return (EXPORT_RIGHTS, *self.principals.reads())

    def interpret(self, answers: Answers) -> Observation:
        known, trouble = self.principals.resolved(answers)
        if trouble:
            return trouble
        rights = read_rights(answers)
        if isinstance(rights, Problem):
            return Observation(problem=rights)
        holders = rights.get(self.right.casefold(), ())
        evidence = (f"secedit: {self.right} = {', '.join(holders) or 'nobody'}",)
        return Observation(_Seen(holders, once(known.values()), answers.host, _exported(answers)), evidence)

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        seen: _Seen = observation.value
        expected = f"{title_of(self.right)} ({self.right}): {', '.join(account.name for account in seen.accounts)}"
        missing = [account for account in seen.accounts if not any(holds(holder, account, seen.host) for holder in seen.holders)]
        if not missing:
            return Assessment(Status.COMPLIANT, expected, f"{self.right}: all push principals are among them")
        # Whom the guard keeps out stands in no template but one of its own, which is refused, and the others come in without.
        together = [account for account in missing if not seen.host.connection.is_own(account.sid)]
        differences = []
        for account in missing:
            coming = together if account in together else [account]
            write = set_holders(self.right, (*seen.holders, *(f"*{one.sid}" for one in coming)))
            differences.append(right_difference(self.right, account, write, seen.exported, add=True))
        said = f"{self.right}: {', '.join(account.name for account in missing)} missing"
        return Assessment(Status.DRIFT, expected, said, tuple(differences))


@dataclass(frozen=True)
class HoldersWanted:
    """By SID, whether somebody had the right."""

    before: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class StoredRight(Setting):
    """A right of which some holders are to be as they were, by their SIDs; whoever else has it meanwhile is left alone.

    Wanted: HoldersWanted.
    """

    kind: ClassVar[str] = "user_right"
    right: str
    members: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"user_right:{self.right.casefold()}"

    def reads(self) -> tuple[Operation, ...]:
        return (EXPORT_RIGHTS, resolve(self.members))

    def interpret(self, answers: Answers) -> Observation:
        rights = read_rights(answers)
        if isinstance(rights, Problem):
            return Observation(problem=rights)
        names = answers[resolve(self.members)]
        if names.failure:
            return Observation(problem=Problem.from_failure(names.failure, "the accounts of the snapshot"))
        known: Mapping[str, Json] = names.data["accounts"]
        accounts = tuple(Account(sid, sid.upper(), (known.get(sid) or {"name": sid})["name"]) for sid in self.members)
        return Observation(_Seen(rights.get(self.right.casefold(), ()), accounts, answers.host, _exported(answers)))

    def assess(self, observation: Observation, wanted: HoldersWanted) -> Assessment:
        seen: _Seen = observation.value
        before = dict(wanted.before)
        there = {account: any(holds(holder, account, seen.host) for holder in seen.holders) for account in seen.accounts}
        moving = [account for account in seen.accounts if there[account] != before[account.asked]]
        expected = f"{self.right} as it was"
        if not moving:
            return Assessment(Status.COMPLIANT, expected, expected)
        # Denying it again to whoever is at work here is refused; the others go back nevertheless.
        kept_out = [account for account in moving if before[account.asked] and seen.host.connection.is_own(account.sid)]
        differences = []
        for account in moving:
            with_it = [account] if account in kept_out else [one for one in moving if one not in kept_out]
            gone = [one for one in with_it if not before[one.asked]]
            kept = [holder for holder in seen.holders if not any(holds(holder, one, seen.host) for one in gone)]
            write = set_holders(self.right, (*kept, *(f"*{one.sid}" for one in with_it if before[one.asked])))
            differences.append(right_difference(self.right, account, write, seen.exported, add=before[account.asked]))
        return Assessment(Status.DRIFT, expected, f"{self.right}: {len(moving)} holders are other than before", tuple(differences))
