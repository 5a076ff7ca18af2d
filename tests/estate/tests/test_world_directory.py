# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts, groups, languages, and who the controller is."""

from __future__ import annotations

from typing import Any

import pytest
from world_support import DOMAIN_SID, HELPDESK, answer, ask, client, make, members


def resolve(machine: Any, *accounts: str) -> dict[str, Any]:
    found: dict[str, Any] = ask(machine, "account.resolve", accounts=list(accounts))["accounts"]
    return found


def test_a_domain_account_resolves_in_every_form() -> None:
    machine = make().machines["CL01"]
    forms = ["CORP\\Helpdesk", "corp\\HELPDESK", "Helpdesk@corp.example", "corp.example\\Helpdesk", HELPDESK]
    assert resolve(machine, *forms) == {form: {"sid": HELPDESK, "name": "CORP\\Helpdesk"} for form in forms}


def test_what_nobody_knows_is_null() -> None:
    assert set(resolve(make().machines["CL01"], "CORP\\nobody", f"{DOMAIN_SID}-9999", "FABRIKAM\\Helpdesk").values()) == {None}


@pytest.mark.parametrize(
    ("language", "administrators", "everyone", "system"),
    [
        ("en-US", "BUILTIN\\Administrators", "Everyone", "NT AUTHORITY\\SYSTEM"),
        ("de-DE", "VORDEFINIERT\\Administratoren", "Jeder", "NT-AUTORITÄT\\SYSTEM"),
        ("fr-FR", "BUILTIN\\Administrateurs", "Tout le monde", "AUTORITE NT\\Système"),
    ],
)
def test_names_are_the_languages_and_sids_are_not(language: str, administrators: str, everyone: str, system: str) -> None:
    machine = make(client(language=language)).machines["CL01"]
    found = resolve(machine, "S-1-5-32-544", "S-1-1-0", "S-1-5-18")
    assert [one["name"] for one in found.values()] == [administrators, everyone, system]
    group = ask(machine, "group.read", sid="S-1-5-32-544")["groups"][0]
    assert group["name"] == administrators.rpartition("\\")[2]
    assert f"{DOMAIN_SID}-512" in [member["sid"] for member in group["members"]]


def test_a_german_host_does_not_know_english_names() -> None:
    machine = make(client(language="de-DE")).machines["CL01"]
    assert resolve(machine, "BUILTIN\\Administrators", "Everyone") == {"BUILTIN\\Administrators": None, "Everyone": None}


def test_the_file_may_use_english_names_on_every_host() -> None:
    words = client(language="fr-FR", local_groups={"Administrators": ["CORP\\svc-ansible", "Everyone"]})
    assert members(make(words).machines["CL01"], "Administrateurs") == ["S-1-1-0", f"{DOMAIN_SID}-1105"]


def test_orphans_stay_members_without_a_name() -> None:
    orphan = f"{DOMAIN_SID}-4711"
    machine = make(client(local_groups={"Remote Desktop Users": [orphan]})).machines["CL01"]
    group = ask(machine, "group.read", sid="S-1-5-32-555")["groups"][0]
    assert group["members"] == [{"sid": orphan, "name": None, "kind": "unknown"}]


def test_local_groups_and_users_of_the_file_are_made() -> None:
    machine = make(client(local_users=["kiosk"], local_groups={"Night Shift": [".\\kiosk"]})).machines["CL01"]
    sid = resolve(machine, ".\\kiosk")[".\\kiosk"]["sid"]
    assert members(machine, "Night Shift") == [sid]
    assert resolve(machine, "CL01\\Night Shift")["CL01\\Night Shift"] is not None


def test_a_domain_controller_has_no_local_groups() -> None:
    machine = make({"DC01": {"role": "domain_controller"}}).machines["DC01"]
    assert answer(machine, "group.read", sid=None)["error"]["kind"] == "unsupported"


def test_the_controllers_groups_are_those_it_is_in_on_this_host() -> None:
    estate = make(
        {
            "CL01": {"role": "client"},
            "CL02": {
                "role": "client",
                "local_groups": {"Administrators": ["CORP\\Helpdesk"]},
                "controller": {"account": "a.meyer@corp.example"},
            },
            "CL03": {"role": "client", "local_groups": {"Administrators": ["CORP\\Domain Admins"]}},
        }
    )
    users = {name: machine.execute({"contract": 1, "operations": []})["host"]["user"] for name, machine in estate.machines.items()}
    assert users["CL01"]["name"] == "CORP\\svc-ansible"
    assert users["CL01"]["elevated"]
    assert "S-1-5-32-544" in users["CL01"]["groups"]
    # Through a group of the domain.
    assert users["CL02"]["name"] == "CORP\\a.meyer"
    assert {"S-1-5-32-544", HELPDESK, f"{DOMAIN_SID}-513"} <= set(users["CL02"]["groups"])
    assert not users["CL03"]["elevated"]
    assert [built.may_log_on for built in estate.built.values()] == [True, True, False]
