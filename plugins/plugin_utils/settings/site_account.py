# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An account in the site's store of credentials. Passwords cannot be read back, so all that is compared is whether it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import ReadItem, site_write, still, until
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_list import ListKind, ReadList, SiteList, read_list
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Located, Site, SiteQuery, second_hop

_CLASS = "SMS_SCI_Reserved"
_USERS = (("FileType", 2), ("ItemType", "User"))
_CREATE = "New-CMAccount"


def read_store(site: Site) -> SiteQuery:
    """The accounts of a site; the encrypted password stays on the host."""
    columns = ("UserName", "AccountUsage", "Reserved2")
    return SiteQuery(site, _CLASS, _USERS, properties=columns, lazy=True, mask=("Reserved2",))


@dataclass(frozen=True)
class ReadStore:
    """C(rows): None where they could not be read, which C(problem) explains."""

    listed: ReadList
    rows: tuple[Mapping[str, Json], ...] | None
    problem: Problem | None

    @property
    def item(self) -> ReadItem:
        return self.listed.item

    def find(self, account: str) -> Mapping[str, Json] | None:
        return next((row for row in self.rows or () if str(row.get("UserName") or "").casefold() == account.casefold()), None)

    def uses(self, account: str) -> tuple[str, ...]:
        """What an account serves for in the site, by the names of components."""
        return tuple(str(use) for use in (self.find(account) or {}).get("AccountUsage") or ())

    @property
    def hidden(self) -> bool:
        """Accounts are listed and none is in the store: the provider leaves out what may not be seen."""
        return self.rows == () and bool(self.listed.entries)


def read_stored(what: ListKind, site: Site, answers: Answers) -> ReadStore | Observation:
    """The store, and the list whose accounts it holds."""
    listed = read_list(what, site, answers)
    if isinstance(listed, Observation):
        return listed
    rows = read_store(site).rows(answers, listed.item.located, "the store of accounts")
    return ReadStore(listed, None, rows) if isinstance(rows, Problem) else ReadStore(listed, tuple(rows), None)


@dataclass(frozen=True)
class StoredAccount(Setting):
    """An account that is to be put on a list. C(password): for making it where it is not there. Wanted: None."""

    kind: ClassVar[str] = "site_account"
    site: Site
    what: ListKind
    account: str
    password: str | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        return f"site_account:{self.site.code or ''}|{self.account}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return (*self.what.item.reads(self.site), *read_store(self.site).operations())

    def interpret(self, answers: Answers) -> Observation:
        store = read_stored(self.what, self.site, answers)
        if isinstance(store, Observation):
            return store
        code = store.item.located.code
        if store.find(self.account):
            return Observation(store, (f"site {code}: {self.account} is in the store of accounts",))
        listed = store.listed.has(self.account)
        if listed and (store.problem or store.hidden):
            return Observation(store, caveats=(f"{self.account} is listed, and whether it is in the store of accounts is not visible",))
        if store.problem:
            return Observation(problem=store.problem)
        if store.hidden:
            said = f"The store of accounts of the site {code} shows nothing: it is empty, or there is no Read right on it."
            return Observation(problem=Problem(Code.NO_ROWS, f"{said} {second_hop(answers.host)}"))
        evidence = (f"site {code}: {self.account} is not in the store of accounts",)
        return Observation(store, evidence, wrong_options=self._wrong(store))

    def _wrong(self, store: ReadStore) -> tuple[str, ...]:
        """What keeps an account from being made, which only the host can show to be necessary."""
        code = store.item.located.code
        if self.password is None:
            return (f"passwords: '{self.account}' is not in the store of the site {code} yet, so its password has to be given.",)
        if not store.item.cmdlets.has(_CREATE, "UserName", "Password", "SiteCode"):
            return (f"accounts: '{self.account}' can only be made by {_CREATE}, but {store.item.cmdlets.missing(_CREATE)}.",)
        return ()

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        store: ReadStore = observation.value
        expected = f"{self.account} is in the store of accounts"
        listed = store.listed.has(self.account)
        if store.find(self.account) or (listed and (store.problem or store.hidden)):
            return Assessment(Status.COMPLIANT, expected, expected)
        actual = f"{self.account} is {'listed and ' if listed else ''}not in the store of accounts"
        return Assessment(Status.DRIFT, expected, actual, self._making(store))

    def _making(self, store: ReadStore) -> tuple[Difference, ...]:
        located = store.item.located
        parameters: dict[str, Json] = {"UserName": literal(self.account), "Password": {"secure": literal(self.password)}}
        write = store.item.cmdlets.call(located, _CREATE, parameters)
        if write is None or self.password is None:
            return ()
        query = SiteQuery(self.site, _CLASS, (*_USERS, ("UserName", self.account)), properties=("UserName", "SiteCode"))
        before = still(query, located, "SiteCode", [None])
        after = until(query, located, "SiteCode", _codes(located))
        what = f"{self.account} in the store of accounts of the site {located.code}"
        made = site_write(store.item, write, before, after, what=what, wanted="there")
        # Nothing for the snapshot: a rollback leaves the store alone, as nobody could give the password back.
        difference = Difference(
            key=f"site_account:{located.code}|{self.account}".casefold(),
            label="account store",
            before="absent",
            after="present",
            item=self.account,
            writes=made.operations,
            told=made.told,
        )
        return (difference,)


def _codes(located: Located) -> list[Json]:
    return list(dict.fromkeys((located.code, located.code.upper(), located.code.lower())))


@dataclass(frozen=True)
class AccountList(SiteList):
    """A list of accounts, with what the store knows of them. Who leaves the list stays in the store, as another component may need it."""

    kind: ClassVar[str] = "site_account_list"

    def reads(self) -> tuple[Operation, ...]:
        return (*super().reads(), *read_store(self.site).operations())

    def interpret(self, answers: Answers) -> Observation:
        observation = super().interpret(answers)
        store = read_stored(self.what, self.site, answers)
        if isinstance(store, Observation):
            return observation
        notes = tuple((entry, self._stays(store, entry)) for entry in dict.fromkeys(store.listed.entries) if store.find(entry))
        odd: tuple[str, ...] = ()
        if store.rows:
            unknown = [entry for entry in dict.fromkeys(store.listed.entries) if store.find(entry) is None]
            odd = tuple(f"{entry} is listed and not in the store of accounts, so the site cannot use it" for entry in unknown)
        return replace(observation, value=replace(store.listed, notes=notes, odd=odd))

    def _stays(self, store: ReadStore, entry: str) -> str:
        others = [use for use in store.uses(entry) if not self.what.item.title.casefold().startswith(use.casefold())]
        return f"stays in the store of accounts, where it also serves {', '.join(others)}" if others else "stays in the store of accounts"
