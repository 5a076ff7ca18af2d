# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may say about the push principals of a computer, and what is said where that is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.client_push_target import AREA
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.client_push_target_options import (
    ClientPushTargetOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options as checked

RING1, RING2 = "CORP\\push-ring1", "CORP\\push-ring2"


def options(**given: Any) -> ClientPushTargetOptions:
    return read_options(checked(AREA, {"admitted": [RING1], **given}))


def sentences(**given: Any) -> tuple[str, ...]:
    with pytest.raises(OptionError) as caught:
        options(**given)
    return caught.value.sentences


def test_what_is_left_out() -> None:
    read = options()

    assert (read.principals.admitted, read.principals.known) == ((RING1,), ())
    assert (read.denied, read.ring) == (("SeDenyInteractiveLogonRight", "SeDenyRemoteInteractiveLogonRight"), None)


def test_rights_that_are_not_asked_for() -> None:
    assert options(deny_interactive_logon=False).denied == ("SeDenyRemoteInteractiveLogonRight",)
    assert options(deny_remote_interactive_logon=False).denied == ("SeDenyInteractiveLogonRight",)
    assert options(deny_interactive_logon=False, deny_remote_interactive_logon=False).denied == ()


def test_the_admitted_ones_need_not_be_among_the_known_ones_and_may() -> None:
    assert options(known_push_principals=[RING2]).principals.known == (RING2,)
    assert options(known_push_principals=[RING1.upper(), RING2]).principals.known == (RING2,)


@pytest.mark.parametrize(
    "account",
    [RING1, "push-ring1@corp.example", "CORP\\CM01$", ".\\push", "corp.example\\push ring", "S-1-5-21-1-2-3-1301", "S-1-12-1-1-2-3-4"],
)
def test_an_account_in_any_of_its_forms(account: str) -> None:
    assert options(admitted=[f" {account} "]).principals.admitted == (account,)


NO_ACCOUNT = "may mean several accounts or none; allowed is DOMAIN\\name, name@domain or a SID."


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"admitted": []},
            ["admitted: is empty; a ring needs at least one push principal, a group as DOMAIN\\name, or the site server's own account as"
             " DOMAIN\\name$."],
        ),
        (
            {"admitted": [""]},
            ["admitted: an entry is empty; each one is DOMAIN\\name, name@domain or a SID."],
        ),
        ({"admitted": ["push"]}, [f"admitted: 'push' {NO_ACCOUNT}"]),
        ({"admitted": ["CORP\\a\\b"]}, [f"admitted: 'CORP\\a\\b' {NO_ACCOUNT}"]),
        ({"admitted": ["CORP\\*"]}, [f"admitted: 'CORP\\*' {NO_ACCOUNT}"]),
        ({"known_push_principals": ["push"]}, [f"known_push_principals: 'push' {NO_ACCOUNT}"]),
        (
            {"admitted": [RING1, RING1.upper()]},
            ["admitted: 'CORP\\PUSH-RING1' is named twice; case does not matter. Name each one once."],
        ),
        (
            {"known_push_principals": [RING2, RING2]},
            ["known_push_principals: 'CORP\\push-ring2' is named twice; case does not matter. Name each one once."],
        ),
        (
            {"admitted": ["S-1-5"]},
            ["admitted: 'S-1-5' begins like a SID and is none; each entry is DOMAIN\\name, name@domain or a SID."],
        ),
        (
            {"admitted": ["S-1-1-0"]},
            ["admitted: 'S-1-1-0' is Everyone, which nearly anybody belongs to; name a group or an account that is there for client push"
             " alone."],
        ),
        (
            {"known_push_principals": ["S-1-5-32-544"]},
            ["known_push_principals: 'S-1-5-32-544' is an account that comes with Windows; name a group or an account that is there for"
             " client push alone."],
        ),
        ({"ring": " "}, ["ring: '' is no name for a ring; allowed are 1 to 60 characters on one line."]),
        ({"ring": "a\nb"}, ["ring: 'a\nb' is no name for a ring; allowed are 1 to 60 characters on one line."]),
    ],
)  # fmt: skip
def test_what_is_wrong(given: dict[str, Any], expected: list[str]) -> None:
    assert list(sentences(**given)) == expected


def test_everything_wrong_is_told_at_once() -> None:
    assert len(sentences(admitted=["push", "S-1-5"], known_push_principals=[""], ring="x" * 61)) == 4


def test_without_admitted_nothing_can_be_judged() -> None:
    with pytest.raises(OptionError) as caught:
        checked(AREA, {"known_push_principals": [RING1]})

    assert str(caught.value) == "admitted: missing; allowed is a list, each entry a text."
