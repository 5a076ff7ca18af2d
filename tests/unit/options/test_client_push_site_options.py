# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules between the options of a site's client push."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.client_push_site import demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.client_push_site_options import ClientPushSiteOptions, read_options
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options import read

A, B = "CORP\\a", "CORP\\b"
SECRET = "correct horse battery staple 0123456789"


def said(**given: Any) -> ClientPushSiteOptions:
    return read_options(read.read_options("client_push_site", given))


def refused(**given: Any) -> tuple[str, ...]:
    with pytest.raises(OptionError) as caught:
        said(**given)
    return caught.value.sentences


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        ({"site_code": "P0"}, ["site_code: 'P0' is no site code; allowed are three letters or digits."]),
        (
            {"accounts": [A], "accounts_include": [B], "accounts_exclude": []},
            [
                "accounts: cannot be given together with accounts_include; accounts is the whole list, so leave one of them out.",
                "accounts: cannot be given together with accounts_exclude; accounts is the whole list, so leave one of them out.",
            ],
        ),
        ({"accounts": [A, "corp\\A"]}, ["accounts: 'corp\\A' is named twice; case does not matter. Name each one once."]),
        ({"accounts": ["a"]}, ["accounts: 'a' is no account as the site keeps them; allowed is DOMAIN\\name."]),
        ({"accounts": ["a@corp.example"]}, ["accounts: 'a@corp.example' is no account as the site keeps them; allowed is DOMAIN\\name."]),
        (
            {"accounts_include": [A], "accounts_exclude": ["Corp\\A"]},
            ["accounts_exclude: 'CORP\\a' is in accounts_include as well; take it out of one of them."],
        ),
        (
            {"enforce_order": True},
            ["enforce_order: needs accounts, which is the order to enforce; give accounts or leave enforce_order out."],
        ),
        (
            {"computer_types": ["servers", "servers"]},
            ["computer_types: 'servers' is named twice; case does not matter. Name each one once."],
        ),
        ({"wait_seconds": 0}, ["wait_seconds: 0 is out of range; allowed are whole numbers from 1 to 3600."]),
        (
            {"installation_properties": {}},
            ["installation_properties: says nothing; give must_contain or must_not_contain, or leave it out."],
        ),
        (
            {"installation_properties": {"must_contain": ["A=1 B=2"]}},
            [
                "installation_properties.must_contain: 'A=1 B=2' is not one property; allowed are NAME, NAME=value or /switch, with quotes"
                " around spaces."
            ],
        ),
        (
            {"installation_properties": {"must_contain": ["A=1", "a=2"], "must_not_contain": ["A"]}},
            [
                "installation_properties.must_contain: 'a=2' gives a property a second value; give each one once.",
                "installation_properties.must_not_contain: 'A=1' has to be contained as well; take it out of one of them.",
                "installation_properties.must_not_contain: 'a=2' has to be contained as well; take it out of one of them.",
            ],
        ),
    ],
)
def test_a_broken_rule_is_a_sentence(given: dict[str, Any], sentences: list[str]) -> None:
    assert refused(**given) == tuple(sentences)


@pytest.mark.parametrize(
    ("passwords", "sentence"),
    [
        ({A: SECRET}, f"passwords: that of '{A}' has 39 characters; Configuration Manager takes at most 38."),
        ({A: ""}, f"passwords: that of '{A}' is empty; give one of 1 to 38 characters."),
        ({A: [SECRET]}, f"passwords: that of '{A}' is no text; put it in quotes."),
        ({B: SECRET[:38]}, f"passwords: '{B}' is in neither accounts nor accounts_include; name it there or leave its password out."),
        ({A: "x", "corp\\A": "y"}, "passwords: 'corp\\A' is named twice; case does not matter. Name each one once."),
        (SECRET, "passwords: what is given is no dictionary."),
        ([SECRET], "passwords: what is given is no dictionary."),
    ],
)
def test_a_wrong_password_is_told_without_it(passwords: Any, sentence: str) -> None:
    assert refused(accounts=[A], passwords=passwords) == (sentence,)
    assert "horse" not in " ".join(refused(accounts=[A], passwords=passwords))


def test_everything_wrong_is_told_at_once() -> None:
    assert len(refused(site_code="?", accounts=["a"], passwords={"a": SECRET}, wait_seconds=-1)) == 4


def test_the_longest_password_will_do_and_is_not_shown() -> None:
    options = said(accounts=[A], passwords={"corp\\A": SECRET[:38]})

    assert options.password_of(A) == SECRET[:38]
    assert options.password_of(B) is None
    assert "horse" not in repr(options)


def test_what_is_not_given() -> None:
    assert said() == ClientPushSiteOptions()


def test_only_what_is_given_is_judged_but_for_the_defaults() -> None:
    keys = {requirement.setting.kind for requirement in demands(read.read_options("client_push_site", {})).requirements}
    assert keys == {"site_property", "site_update", "site_bit", "not_together"}


@pytest.mark.parametrize(
    ("given", "control"),
    [({"automatic_push": True}, "001-08"), ({"ntlm_fallback": True}, "001-10"), ({"accounts": [A]}, "001-15")],
)
def test_what_is_declared_against_the_baseline_is_drift(given: dict[str, Any], control: str) -> None:
    found = demands(read.read_options("client_push_site", given))

    assert [statement.control for statement in found.statements] == [control]
    assert found.attested == ("001-09",)


def test_an_empty_list_of_accounts_is_a_wish_too() -> None:
    found = demands(read.read_options("client_push_site", {"accounts": []}))

    (listed,) = (requirement for requirement in found.requirements if requirement.setting.kind == "site_account_list")
    assert listed.controls == ("001-08",)


def test_automatic_push_is_turned_on_last() -> None:
    given = {"automatic_push": True, "computer_types": ["servers"], "site_systems": True}
    requirements = demands(read.read_options("client_push_site", given)).requirements
    switch = next(requirement for requirement in requirements if requirement.object == "automatic push")

    waited = {requirement.setting.key for requirement in requirements if requirement.object in ("servers", "site systems", "workstations")}
    assert waited <= set(switch.after)
    assert all(requirement.after == () for requirement in demands(read.read_options("client_push_site", {})).requirements)
