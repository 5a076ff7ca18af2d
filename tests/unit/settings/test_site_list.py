# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The list of a site's push accounts, and the store that they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_account import AccountList, StoredAccount
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_list import ListWanted, SiteList
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_push import PUSH_ACCOUNTS
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED
from ansible_collections.configmgr.hardening.tests.unit.settings.site_answers import Row, item, listed, parameters, prop, site_answers

SITE = Site("P01")
CLIENTS = "SMS_CLIENT_CONFIG_MANAGER"
A, B, C, OLD = "CORP\\a", "CORP\\b", "CORP\\c", "CORP\\old"
SECRET = "Zq7 ${pw}\"'\\!"


def stored(*accounts: str, **usage: Sequence[str]) -> list[Row]:
    return [
        {"UserName": account, "AccountUsage": list(usage.get(account.rpartition("\\")[2], ())), "Reserved2": {"present": True}}
        for account in accounts
    ]


def observe(setting: Setting, accounts: Sequence[str], store: Any = (), **answers: Any) -> Observation:
    rows = {CLIENTS: [item(prop("Account Cleanup Interval", 60), lists=[listed(*accounts)] if accounts else [])], "SMS_SCI_Reserved": store}
    return setting.interpret(site_answers(setting, rows=rows, **answers))


def assess(accounts: Sequence[str], wanted: ListWanted, store: Any = (), **answers: Any) -> Assessment:
    setting = AccountList(SITE, PUSH_ACCOUNTS, wanted)
    return setting.assess(observe(setting, accounts, store, **answers), None)


def exactly(*accounts: str, ordered: bool = False) -> ListWanted:
    return ListWanted(accounts, exact=True, ordered=ordered)


@pytest.mark.parametrize(
    ("accounts", "wanted", "moves"),
    [
        ([A, B], exactly(A, B), []),
        ([B, A], exactly(A, B), []),
        (["corp\\A", B], exactly(A, B), []),
        ([A], exactly(A, B), [f"push accounts: + {B}"]),
        ([A, OLD], exactly(A, B), [f"push accounts: + {B}", f"push accounts: - {OLD}"]),
        ([A, OLD], exactly(), [f"push accounts: - {A}", f"push accounts: - {OLD}"]),
        ([], exactly(), []),
        ([], exactly(A), [f"push accounts: + {A}"]),
        ([OLD], ListWanted((A,)), [f"push accounts: + {A}"]),
        ([OLD, A], ListWanted((A,), without=("corp\\OLD",)), [f"push accounts: - {OLD}"]),
        ([A, B], exactly(A, B, ordered=True), []),
        ([B, A], exactly(A, B, ordered=True), [f"push accounts: {B}, {A} -> {A}, {B}"]),
        ([], exactly(A, ordered=True), [f"push accounts: none -> {A}"]),
        ([A, "corp\\A"], exactly(A, ordered=True), [f"push accounts: {A}, corp\\A -> {A}"]),
    ],
)
def test_what_moves(accounts: list[str], wanted: ListWanted, moves: list[str]) -> None:
    assessment = assess(accounts, wanted)

    assert [difference.describe() for difference in assessment.differences] == moves
    assert assessment.status is (Status.DRIFT if moves else Status.COMPLIANT)


def test_adding_comes_before_removing_and_each_is_one_call() -> None:
    first, second, gone = assess([A, OLD], exactly(A, B, C)).differences
    look, add, added = first.writes
    remove, removed = gone.writes

    assert first.writes == second.writes
    assert look.fields["until"]["one_of"] == [[A, OLD]]
    assert parameters(add) == {"AddAccount": [B, C], "SiteCode": "P01"}
    assert parameters(remove) == {"RemoveAccount": [OLD], "SiteCode": "P01"}
    assert added.fields["until"]["path"] == "rows.0.PropLists.PropertyListName=Reserved2.Values.3"
    assert set(added.fields["until"]["one_of"]) >= {A, B, C, OLD}
    assert removed.fields["until"] == {"path": "rows.0.PropLists.PropertyListName=Reserved2.Values.3", "one_of": [None]}
    assert first.restore == gone.restore
    assert first.restore[0]["before"] == {B: False, C: False, OLD: True}


def test_the_whole_list_goes_in_one_call() -> None:
    (difference,) = assess([B, A], exactly(A, B, C, ordered=True)).differences
    look, replace, reached = difference.writes

    assert parameters(replace) == {"ClearAccount": {"switch": True}, "AddAccount": [A, B, C], "SiteCode": "P01"}
    assert look.fields["until"]["one_of"] == [[B, A]]
    assert reached.fields["until"] == {"path": "rows.0.PropLists.PropertyListName=Reserved2.Values", "one_of": [[A, B, C]]}
    assert difference.restore == ({"kind": "site_list", "site": "P01", "list": "push_accounts", "before": [B, A]},)


def test_removing_alone_looks_at_the_list_first() -> None:
    (gone,) = assess([A, OLD], ListWanted(without=(OLD,))).differences

    assert gone.writes[0].fields["until"]["one_of"] == [[A, OLD]]
    assert len(gone.writes) == 3


def test_what_is_odd_is_told() -> None:
    caveats = assess([A, "CORP\\A", B], exactly(A, B), stored(A)).caveats

    assert "corp\\a is listed 2 times" in caveats
    assert f"CORP\\A is spelled {A} in the options; case does not matter" in caveats
    assert f"{B} is listed and not in the store of accounts, so the site cannot use it" in caveats


def test_who_leaves_the_list_stays_in_the_store() -> None:
    assessment = assess([A, OLD], exactly(A), stored(A, OLD, old=(CLIENTS, "Software Distribution")))
    (gone,) = assessment.differences

    assert gone.note == "stays in the store of accounts, where it also serves Software Distribution"
    assert f"{OLD} {gone.note}" in assessment.caveats
    assert not any("Remove-CMAccount" in operation.body for operation in gone.writes)


def test_nothing_but_the_cmdlet_writes_the_list() -> None:
    setting = SiteList(SITE, PUSH_ACCOUNTS, exactly(A))

    assert observe(setting, [A], commands={}).wrong_options == ()
    (sentence,) = observe(setting, [OLD], commands={}).wrong_options
    assert sentence == (
        "client push installation accounts of the site P01 can only be changed by Set-CMClientPushInstallation, but the Configuration"
        " Manager console, which brings the module ConfigurationManager, is not installed on SV01."
    )
    (sentence,) = observe(setting, [OLD], commands=Failure("failed", "It is broken.")).wrong_options
    assert "cannot be looked at (It is broken.)" in sentence


def test_lists_of_the_same_name_that_differ_are_doubt() -> None:
    setting = SiteList(SITE, PUSH_ACCOUNTS, exactly(A))
    rows = {CLIENTS: [item(lists=[listed(A), listed(B, name="RESERVED2")])]}
    problem = setting.interpret(site_answers(setting, rows=rows)).problem

    assert problem is not None
    assert problem.code is Code.MALFORMED_VALUE


def test_a_list_that_came_and_went_is_reverted() -> None:
    *_writes, reached = assess([A], exactly(A, B)).differences[0].writes

    assert "reverted by a site component" in assess([A], exactly(A, B), ended=[reached]).actual
    look = assess([A], exactly(A, B)).differences[0].writes[0]
    assert "reverted" not in assess([A], exactly(A, B), ended=[look]).actual


class TestStore:
    def observe(self, accounts: Sequence[str], store: Any, password: str | None = None, **answers: Any) -> Observation:
        return observe(StoredAccount(SITE, PUSH_ACCOUNTS, A, password), accounts, store, **answers)

    def test_the_blob_stays_on_the_host(self) -> None:
        read = next(read for read in StoredAccount(SITE, PUSH_ACCOUNTS, A).reads() if "SMS_SCI_Reserved" in read.body)

        assert read.fields["mask"] == ["Reserved2"]
        assert "Password" not in read.fields["properties"]

    def test_presence_is_all_that_is_compared(self) -> None:
        setting = StoredAccount(SITE, PUSH_ACCOUNTS, A, SECRET)

        assert setting.assess(self.observe([], stored("corp\\A"), SECRET), None).status is Status.COMPLIANT

    def test_a_missing_account_is_made_and_waited_for(self) -> None:
        setting = StoredAccount(SITE, PUSH_ACCOUNTS, A, SECRET)
        observation = self.observe([], stored(B), SECRET)
        assessment = setting.assess(observation, None)
        (difference,) = assessment.differences
        look, make, made = difference.writes

        assert difference.describe() == f"account store: + {A}"
        assert look.fields["until"]["one_of"] == [None]
        assert parameters(make) == {"UserName": A, "Password": {"secure": SECRET.replace("${", "$${")}, "SiteCode": "P01"}
        assert "UserName = 'CORP\\\\a'" in made.fields["read"]["query"]
        assert difference.restore == ()
        assert SECRET not in repr((setting, observation, assessment)) and "Zq7" not in repr((setting, observation, assessment))

    def test_a_missing_account_needs_a_password(self) -> None:
        for accounts in ([], [A]):
            (sentence,) = self.observe(accounts, stored(B)).wrong_options
            assert sentence == f"passwords: '{A}' is not in the store of the site P01 yet, so its password has to be given."

    def test_a_missing_account_needs_the_cmdlet(self) -> None:
        (sentence,) = self.observe([], [], SECRET, commands={}).wrong_options

        assert "can only be made by New-CMAccount" in sentence and "Zq7" not in sentence

    def test_a_hidden_store_is_doubt_unless_the_account_is_listed(self) -> None:
        setting = StoredAccount(SITE, PUSH_ACCOUNTS, A)
        hidden = self.observe([B], []).problem
        denied = self.observe([B], DENIED).problem

        assert hidden is not None and hidden.code is Code.NO_ROWS
        assert denied is not None and denied.code is Code.ACCESS_DENIED
        unseen: tuple[Any, ...] = ([], DENIED)
        for store in unseen:
            observation = self.observe([A], store)
            assert setting.assess(observation, None).status is Status.COMPLIANT
            assert observation.caveats == (f"{A} is listed, and whether it is in the store of accounts is not visible",)
