# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts that an operator names, resolved on the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import crowd


@dataclass(frozen=True)
class Account:
    """As asked for, and as the host knows it."""

    asked: str
    sid: str
    name: str

    @property
    def spellings(self) -> frozenset[str]:
        """All texts that mean it, case-folded."""
        return frozenset(text.casefold() for text in (self.asked, self.sid, self.name))


def resolve(accounts: tuple[str, ...]) -> Operation:
    """One read for all accounts of an option, so that it is sent once."""
    return Operation.of("account.resolve", accounts=list(accounts))


def resolved(answers: Answers, option: str, accounts: tuple[str, ...]) -> tuple[Mapping[str, Account], Observation | None]:
    """The accounts by what was asked, or the observation that says why there are none."""
    if not accounts:
        return {}, None
    answer = answers[resolve(accounts)]
    if answer.failure:
        return {}, Observation(problem=Problem.from_failure(answer.failure, f"the accounts of {option}"))
    known = answer.data["accounts"]
    wrong = tuple(
        f"{option}: '{asked}' is no account that {answers.host.name} can resolve; give DOMAIN\\name, name@domain or a SID with a name."
        for asked in accounts
        if known.get(asked) is None
    )
    if wrong:
        return {}, Observation(wrong_options=wrong)
    return {asked: Account(asked, known[asked]["sid"], known[asked]["name"]) for asked in accounts}, None


@dataclass(frozen=True)
class AccountBreadth(Setting):
    """Whether a named account is a crowd. Nothing on the host is changed by it. Wanted: None."""

    kind: ClassVar[str] = "account_breadth"
    option: str
    account: str
    accounts: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"account_breadth:{self.account.casefold()}"

    def reads(self) -> tuple[Operation, ...]:
        return (resolve(self.accounts),)

    def interpret(self, answers: Answers) -> Observation:
        known, trouble = resolved(answers, self.option, self.accounts)
        if trouble:
            return trouble
        account = known[self.account]
        return Observation(value=account, evidence=(f"{account.asked} is {account.name} ({account.sid})",))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        account: Account = observation.value
        everybody = crowd(account.sid)
        return Assessment(
            Status.DRIFT if everybody else Status.COMPLIANT,
            expected=f"{self.option} names people or groups of support staff",
            actual=f"{account.name} is {everybody}, which nearly anybody belongs to" if everybody else f"{account.name} is no crowd",
        )
