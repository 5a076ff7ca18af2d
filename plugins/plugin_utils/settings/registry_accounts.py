# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A policy list of accounts: a key of whose values each names one (ADMX list, name equal to data)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Failure, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account, resolve, resolved
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import (
    KeyContent,
    Place,
    Stored,
    key_reads,
    read_key,
    value_difference,
)


@dataclass(frozen=True)
class ListWanted:
    """C(layers): this collection writes the list. C(empty): nobody; otherwise exactly the setting's accounts."""

    empty: bool = False
    layers: bool = True


@dataclass(frozen=True)
class RegistryAccounts(Setting):
    """C(option) names the operator's option in sentences; C(accounts) are those of that option, as written."""

    kind: ClassVar[str] = "registry_accounts"
    title: str
    registry_key: str
    option: str
    accounts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"registry_accounts:{self.registry_key.casefold()}"

    def reads(self) -> tuple[Operation, ...]:
        return (*key_reads(self.registry_key), *((resolve(self.accounts),) if self.accounts else ()))

    def interpret(self, answers: Answers) -> Observation:
        known, trouble = resolved(answers, self.option, self.accounts)
        if trouble:
            return trouble
        content = read_key(answers, self.registry_key)
        if isinstance(content, Failure):
            return Observation(problem=Problem.from_failure(content, self.registry_key))
        listed = ", ".join(sorted(_entry(name, stored) for name, stored in content.values.values())) or "empty"
        return Observation(value=(content, known), evidence=(f"{self.registry_key}: {listed}",))

    def assess(self, observation: Observation, wanted: ListWanted) -> Assessment:
        content: KeyContent = observation.value[0]
        known: Mapping[str, Account] = observation.value[1]
        accounts = [] if wanted.empty else list({account.sid: account for account in known.values()}.values())
        present = set()
        extra = []
        for name, stored in content.values.values():
            entry = _entry(name, stored)
            found = next((account for account in accounts if entry.casefold() in account.spellings), None)
            if found and found.sid not in present:
                present.add(found.sid)
            else:
                extra.append((name, entry))
        missing = [account for account in accounts if account.sid not in present]
        expected = f"{self.title}: {', '.join(account.name for account in accounts) or 'nobody'}"
        actual = f"{self.title}: {', '.join(sorted(_entry(*pair) for pair in content.values.values())) or 'nobody'}"
        if not missing and (not extra or (wanted.empty and not wanted.layers)):
            return Assessment(Status.COMPLIANT, expected, actual)
        # What is missing comes before what is too much goes: nobody who may help loses that in between.
        differences = [self._difference(content, account.name, account.name, Stored("sz", account.name)) for account in missing] + [
            self._difference(content, name, entry, None) for name, entry in sorted(extra)
        ]
        return Assessment(Status.DRIFT, expected, actual, tuple(difference for difference in differences if difference))

    def _difference(self, content: KeyContent, name: str, entry: str, wanted: Stored | None) -> Difference | None:
        place = Place(self.registry_key, name)
        difference = value_difference("helpers list", place, content, wanted, policy=True)
        if difference is None:
            return None
        before, after = ("absent", "present") if wanted else ("present", "absent")
        return Difference(
            key=difference.key,
            label="helpers list",
            before=before,
            after=after,
            item=entry,
            writes=difference.writes,
            restore=difference.restore,
            place=difference.place,
            target=difference.target,
        )


def _entry(name: str, stored: Stored) -> str:
    """Data is what counts; hand-made entries sometimes have none, then the name does."""
    return stored.data if isinstance(stored.data, str) and stored.data else name
