# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""User rights: secedit, whom they keep out, and Group Policy's hand in them and in local groups."""

from __future__ import annotations

import base64
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from world_support import DOMAIN_SID, answer, ask, client, make, rows

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.winrm import Become
from windows_estate.world import Estate
from windows_estate.world.behaviours import user_rights
from windows_estate.world.words.reader import WordsError

ADMINISTRATORS = "S-1-5-32-544"
HELPDESK = f"{DOMAIN_SID}-1201"
ANSIBLE = f"{DOMAIN_SID}-1105"
MEYER = f"{DOMAIN_SID}-1110"
ORPHAN = f"{DOMAIN_SID}-9999"
RING: dict[str, Any] = {"Deny log on locally": ["CORP\\Helpdesk"]}
CACHED = "%SystemRoot%\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\*\\Policies\\*\\Machine"
TEMPLATE = f"{CACHED}\\Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf"
EXPORT = ["/export", "/cfg", "{cfg}", "/areas", "USER_RIGHTS"]
CONFIGURE = ["/configure", "/db", "{db}", "/cfg", "{cfg}", "/areas", "USER_RIGHTS"]


def export(machine: Machine, *arguments: str) -> str:
    data = ask(
        machine,
        "program.run",
        program="secedit",
        arguments=list(arguments or EXPORT),
        files={"cfg": {"text": None, "encoding": "utf-16le"}},
    )
    text: str = data["files"]["cfg"]
    return text


def rights(machine: Machine) -> dict[str, str]:
    lines = export(machine).partition("[Privilege Rights]")[2].partition("[Version]")[0].splitlines()
    return {name: value for name, _, value in (line.partition(" = ") for line in lines if line)}


def configure(machine: Machine, *lines: str, arguments: list[str] | None = None, signature: bool = True) -> dict[str, Any]:
    template = ["[Unicode]", "Unicode=yes", "[Privilege Rights]", *lines]
    if signature:
        template += ["[Version]", 'signature="$CHICAGO$"', "Revision=1"]
    return answer(
        machine,
        "program.run",
        program="secedit",
        mutates=True,
        arguments=arguments or CONFIGURE,
        files={"cfg": {"text": "\r\n".join(template) + "\r\n", "encoding": "utf-16le"}, "db": {"text": None, "encoding": "utf-8"}},
    )


def admins(machine: Machine) -> set[str]:
    (group,) = ask(machine, "group.read", sid=ADMINISTRATORS)["groups"]
    return {member["sid"] for member in group["members"]}


def gpo(**words: Any) -> dict[str, Any]:
    return {"objects": [{"name": "Security", "guid": "{7A3F1C52-5B0E-4D8B-9C61-2E6F0B7D4A11}", **words}]}


class TestSecedit:
    def test_the_export_of_a_client(self) -> None:
        machine = make().machines["CL01"]
        text = export(machine)
        assert text.startswith("[Unicode]\r\nUnicode=yes\r\n[Privilege Rights]\r\n")
        assert text.endswith('[Version]\r\nsignature="$CHICAGO$"\r\nRevision=1\r\n')
        found = rights(machine)
        assert found["SeDenyInteractiveLogonRight"] == "Guest"
        assert found["SeRemoteInteractiveLogonRight"] == "*S-1-5-32-544,*S-1-5-32-555"
        assert "SeDenyRemoteInteractiveLogonRight" not in found

    def test_a_german_guest(self) -> None:
        machine = make(client(language="de-DE")).machines["CL01"]
        assert rights(machine)["SeDenyInteractiveLogonRight"] == "Gast"

    def test_a_server_denies_nothing(self) -> None:
        machine = make({"S1": {"role": "member_server"}}).machines["S1"]
        assert not [right for right in rights(machine) if right.startswith("SeDeny")]

    def test_configuring_replaces_what_is_named_and_nothing_else(self) -> None:
        machine = make().machines["CL01"]
        before = rights(machine)
        assert configure(machine, f"SeDenyInteractiveLogonRight = Guest,*{HELPDESK},*{ORPHAN},CORP\\a.meyer")["ok"]
        after = rights(machine)
        assert after.pop("SeDenyInteractiveLogonRight") == f"Guest,*{HELPDESK},*{ORPHAN},*{MEYER}"
        before.pop("SeDenyInteractiveLogonRight")
        assert after == before

    def test_an_empty_list_takes_the_right_from_everybody(self) -> None:
        machine = make().machines["CL01"]
        assert configure(machine, "SeDenyInteractiveLogonRight =")["ok"]
        assert "SeDenyInteractiveLogonRight" not in rights(machine)

    def test_names_that_nobody_knows(self) -> None:
        machine = make().machines["CL01"]
        found = configure(machine, f"SeDenyRemoteInteractiveLogonRight = CORP\\nobody,*{HELPDESK}")
        assert (found["ok"], found["error"]["code"]) == (False, 1)
        assert rights(machine)["SeDenyRemoteInteractiveLogonRight"] == f"*{HELPDESK}"

    @pytest.mark.parametrize(
        "arguments",
        [
            ["/configure", "/cfg", "{cfg}"],
            ["/configure", "/db", "{db}", "/cfg", "{cfg}", "/areas", "NO_SUCH"],
            ["/import", "/db", "{db}", "/cfg", "{cfg}"],
        ],
    )
    def test_wrong_arguments(self, arguments: list[str]) -> None:
        machine = make().machines["CL01"]
        assert not configure(machine, f"SeDenyInteractiveLogonRight = *{HELPDESK}", arguments=arguments)["ok"]
        assert rights(machine)["SeDenyInteractiveLogonRight"] == "Guest"

    def test_no_template(self) -> None:
        machine = make().machines["CL01"]
        assert not configure(machine, f"SeDenyInteractiveLogonRight = *{HELPDESK}", signature=False)["ok"]
        assert rights(machine)["SeDenyInteractiveLogonRight"] == "Guest"

    def test_another_area_is_left_alone(self) -> None:
        machine = make().machines["CL01"]
        arguments = ["/configure", "/db", "{db}", "/cfg", "{cfg}", "/areas", "GROUP_MGMT"]
        assert configure(machine, f"SeDenyInteractiveLogonRight = *{HELPDESK}", arguments=arguments)["ok"]
        assert rights(machine)["SeDenyInteractiveLogonRight"] == "Guest"

    def test_groups_can_be_exported(self) -> None:
        machine = make().machines["CL01"]
        text = export(machine, "/export", "/cfg", "{cfg}", "/areas", "GROUP_MGMT", "/quiet")
        assert f"*{ADMINISTRATORS}__Members = " in text
        assert "[Privilege Rights]" not in text

    def test_who_is_not_elevated_gets_nothing(self) -> None:
        machine = make().machines["CL01"]
        machine.state["host"]["user"]["elevated"] = False
        assert not configure(machine, f"SeDenyInteractiveLogonRight = *{HELPDESK}")["ok"]

    def test_a_machine_of_a_vector(self) -> None:
        machine = Machine({"accounts": [{"sid": HELPDESK, "name": "CORP\\Helpdesk"}]}, clock=SimulatedClock())
        user_rights.install(machine, {"SeDenyInteractiveLogonRight": [HELPDESK]})
        before = machine.fingerprint()
        assert rights(machine)["SeDenyInteractiveLogonRight"] == f"*{HELPDESK}"
        assert machine.fingerprint() == before
        assert configure(machine, "SeDenyInteractiveLogonRight =")["ok"]
        assert machine.fingerprint() != before


class TestWords:
    def test_titles_and_names(self) -> None:
        words = {"Deny log on locally": ["CORP\\Helpdesk"], "SeDenyRemoteInteractiveLogonRight": ORPHAN}
        found = rights(make(client(user_rights=words)).machines["CL01"])
        assert found["SeDenyInteractiveLogonRight"] == f"*{HELPDESK}"
        assert found["SeDenyRemoteInteractiveLogonRight"] == f"*{ORPHAN}"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ({"user_rights": {"SeNoSuchRight": []}}, "SeNoSuchRight"),
            ({"user_rights": {"SeDenyInteractiveLogonRight": ["CORP\\nobody"]}}, "nobody"),
        ],
    )
    def test_mistakes(self, words: dict[str, Any], said: str) -> None:
        with pytest.raises(WordsError, match=said):
            make(client(**words))

    def test_computers_of_the_estate_resolve_everywhere(self) -> None:
        estate = make({"CL01": {"role": "client"}, "CM01": {"role": "site_server"}})
        found = ask(estate.machines["CL01"], "account.resolve", accounts=["CORP\\CM01$", "CORP\\CM02$"])["accounts"]
        assert found["CORP\\CM01$"]["name"] == "CORP\\CM01$"
        assert found["CORP\\CM02$"] is None


class TestLogons:
    def test_everybody_who_was_admitted_before_is_admitted(self) -> None:
        estate = make({"CL01": {"role": "client"}, "S1": {"role": "member_server"}, "DC1": {"role": "domain_controller"}})
        assert all(built.may_log_on_now() and built.may_have_shell() for built in estate.built.values())

    @pytest.mark.parametrize("denied", ["CORP\\svc-ansible", ADMINISTRATORS, "S-1-1-0", "S-1-5-2"])
    def test_a_denied_account_is_kept_out(self, denied: str) -> None:
        estate = make()
        built = estate.built["CL01"]
        sid = denied if denied.startswith("S-") else ANSIBLE
        assert configure(built.machine, f"SeDenyNetworkLogonRight = Guest,*{sid}")["ok"]
        assert not built.may_log_on_now()

    def test_it_needs_the_right_too(self) -> None:
        built = make().built["CL01"]
        configure(built.machine, f"SeNetworkLogonRight = *{HELPDESK}")
        assert not built.may_log_on_now()

    def test_local_accounts(self) -> None:
        built = make(client(controller={"account": ".\\Administrator"})).built["CL01"]
        assert built.may_log_on_now()
        configure(built.machine, "SeDenyNetworkLogonRight = *S-1-5-113")
        assert not built.may_log_on_now()
        configure(built.machine, "SeDenyNetworkLogonRight = *S-1-5-114")
        assert not built.may_log_on_now()

    @pytest.mark.parametrize(
        ("right", "logon", "expected"),
        [
            ("SeDenyInteractiveLogonRight", "interactive", False),
            ("SeDenyInteractiveLogonRight", "batch", True),
            ("SeDenyInteractiveLogonRight", "new_credentials", True),
            ("SeDenyBatchLogonRight", "batch", False),
        ],
    )
    def test_become(self, right: str, logon: str, expected: bool) -> None:
        built = make().built["CL01"]
        configure(built.machine, f"{right} = *{ANSIBLE}")
        assert built.may_become(Become("CORP\\svc-ansible", "x", logon)) is expected
        assert built.may_become(Become("SYSTEM"))

    def test_who_leaves_administrators_gets_no_shell_any_more(self) -> None:
        built = make().built["CL01"]
        ask(built.machine, "group.remove", sid=ADMINISTRATORS, members=[ANSIBLE])
        assert not built.may_have_shell()


class TestGroupPolicy:
    def test_rights_of_an_object_replace_and_come_back(self) -> None:
        estate = make(group_policy=gpo(user_rights=RING))
        machine = estate.machines["CL01"]
        assert rights(machine)["SeDenyInteractiveLogonRight"] == f"*{HELPDESK}"
        configure(machine, "SeDenyInteractiveLogonRight = Guest")
        estate.advance(120)
        assert rights(machine)["SeDenyInteractiveLogonRight"] == "Guest", "nothing changed, so nothing is applied"
        estate.advance(15 * 60)
        assert rights(machine)["SeDenyInteractiveLogonRight"] == f"*{HELPDESK}"

    def test_the_cache_has_the_template(self) -> None:
        estate = make(group_policy=gpo(user_rights=RING, restricted_groups={"Administrators": {"members": ["CORP\\svc-ansible"]}}))
        (file,) = ask(estate.machines["CL01"], "file.read", path=TEMPLATE)["files"]
        content = base64.b64decode(file["base64"])
        assert content.startswith(b"\xff\xfe")
        text = content.decode("utf-16")
        assert f"[Privilege Rights]\r\nSeDenyInteractiveLogonRight = *{HELPDESK}\r\n" in text
        assert f"*{ADMINISTRATORS}__Memberof =\r\n*{ADMINISTRATORS}__Members = *{ANSIBLE}\r\n" in text

    def test_a_template_by_names(self) -> None:
        estate = make(group_policy=gpo(user_rights=RING, by_name=True))
        (file,) = ask(estate.machines["CL01"], "file.read", path=TEMPLATE)["files"]
        assert "SeDenyInteractiveLogonRight = CORP\\Helpdesk" in base64.b64decode(file["base64"]).decode("utf-16")

    def test_members_replace_and_keep_the_built_in_administrator(self) -> None:
        words = {"Administrators": {"members": ["CORP\\svc-ansible", "CORP\\Helpdesk"]}}
        estate = make(
            client(local_groups={"Administrators": [".\\Administrator", "CORP\\a.meyer", ORPHAN]}),
            group_policy=gpo(restricted_groups=words),
        )
        machine = estate.machines["CL01"]
        builtin = next(sid for sid in admins(machine) if sid.endswith("-500"))
        assert admins(machine) == {builtin, ANSIBLE, HELPDESK}
        ask(machine, "group.add", sid=ADMINISTRATORS, members=[MEYER])
        estate.advance(60)
        assert MEYER in admins(machine)
        estate.advance(16 * 60)
        assert admins(machine) == {builtin, ANSIBLE, HELPDESK}

    def test_member_of_adds(self) -> None:
        estate = make(group_policy=gpo(restricted_groups={"CORP\\Helpdesk": {"member_of": ["Administrators"]}}))
        machine = estate.machines["CL01"]
        assert {ANSIBLE, HELPDESK} < admins(machine)
        assert rows(machine, "SELECT * FROM RSOP_RestrictedGroup") == []
        (row,) = rows(machine, "SELECT GroupName, MembersOf FROM RSOP_RestrictedGroupEx")
        assert row == {"GroupName": "CORP\\Helpdesk", "MembersOf": ["BUILTIN\\Administrators"]}

    def test_gpupdate_applies_at_once(self) -> None:
        estate = make(group_policy=gpo(user_rights=RING))
        machine = estate.machines["CL01"]
        configure(machine, "SeDenyInteractiveLogonRight = Guest")
        ask(machine, "program.run", program="gpupdate", arguments=["/force"], mutates=True)
        assert rights(machine)["SeDenyInteractiveLogonRight"] == f"*{HELPDESK}"

    def test_rsop_names_the_winner(self) -> None:
        first, second = (
            {"name": name, "guid": f"{{{number}A3F1C52-5B0E-4D8B-9C61-2E6F0B7D4A11}}", "user_rights": {"Deny log on locally": [account]}}
            for number, (name, account) in enumerate((("First", "CORP\\Helpdesk"), ("Second", "CORP\\a.meyer")))
        )
        estate = make(group_policy={"objects": [first, second]})
        machine = estate.machines["CL01"]
        found = rows(machine, "SELECT UserRight, AccountList, precedence FROM RSOP_UserPrivilegeRight")
        assert sorted((row["precedence"], row["AccountList"]) for row in found) == [(1, ["CORP\\a.meyer"]), (2, ["CORP\\Helpdesk"])]
        assert rights(machine)["SeDenyInteractiveLogonRight"] == f"*{MEYER}"
        winner = "SELECT GPOID FROM RSOP_UserPrivilegeRight WHERE precedence=1"
        (row,) = rows(machine, winner)
        (object_row,) = [one for one in rows(machine, "SELECT id, name FROM RSOP_GPO") if one["id"] == row["GPOID"]]
        assert object_row["name"] == "Second"

    def test_nothing_is_logged_with_rsop_off(self) -> None:
        words = gpo(user_rights=RING, restricted_groups={"Administrators": {"members": ["CORP\\svc-ansible"]}})
        machine = make(client(rsop="off"), group_policy=words).machines["CL01"]
        assert rows(machine, "SELECT * FROM RSOP_UserPrivilegeRight") == rows(machine, "SELECT * FROM RSOP_RestrictedGroup") == []

    def test_the_history_names_the_object(self) -> None:
        machine = make(group_policy=gpo(user_rights=RING)).machines["CL01"]
        key = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History\\{827D319E-6EAC-11D2-A4EA-00C04F79F83A}\\0"
        assert ask(machine, "registry.read", key=key)["values"]["DisplayName"]["data"] == "Security"

    def test_preferences_come_back_at_every_refresh(self) -> None:
        words = gpo(local_groups={"Administrators": {"add": ["CORP\\Helpdesk"], "remove": ["CORP\\a.meyer"]}})
        estate = make(client(local_groups={"Administrators": ["CORP\\svc-ansible", "CORP\\a.meyer"]}), group_policy=words)
        machine = estate.machines["CL01"]
        assert admins(machine) == {ANSIBLE, HELPDESK}
        ask(machine, "group.remove", sid=ADMINISTRATORS, members=[HELPDESK])
        estate.advance(100)
        assert admins(machine) == {ANSIBLE, HELPDESK}
        (file,) = ask(machine, "file.read", path=f"{CACHED}\\Preferences\\Groups\\Groups.xml")["files"]
        root = ET.fromstring(base64.b64decode(file["base64"]))  # noqa: S314 - our own text
        properties = root.find("Group/Properties")
        assert properties is not None
        assert (properties.get("action"), properties.get("groupSid")) == ("U", ADMINISTRATORS)
        assert [(one.get("action"), one.get("sid")) for one in properties.iter("Member")] == [("ADD", HELPDESK), ("REMOVE", MEYER)]

    def test_preferences_can_clear_the_group(self) -> None:
        words = gpo(local_groups={"Administrators": {"delete_all_users": True, "delete_all_groups": True, "add": ["CORP\\svc-ansible"]}})
        machine = make(client(local_groups={"Administrators": [".\\Administrator", "CORP\\Helpdesk", MEYER]}), group_policy=words).machines[
            "CL01"
        ]
        assert {sid.rpartition("-")[2] for sid in admins(machine)} == {"500", "1105"}

    def test_a_server_keeps_no_copy(self) -> None:
        estate = make({"S1": {"role": "member_server"}}, group_policy=gpo(user_rights=RING))
        machine = estate.machines["S1"]
        assert not [path for path in machine.files.files if "SecEdit" in path]
        assert rights(machine)["SeDenyInteractiveLogonRight"] == f"*{HELPDESK}"

    def test_unknown_names_in_an_object(self) -> None:
        with pytest.raises(WordsError, match="nobody"):
            make(group_policy=gpo(user_rights={"Deny log on locally": ["CORP\\nobody"]}))


def test_the_demo_of_a_kept_out_account_over_winrm() -> None:
    estate: Estate = make()
    with estate.serve() as served:
        endpoint = served.endpoint("CL01")
        assert endpoint.admits("CORP\\svc-ansible", "not-a-secret")
        user_rights.set_holders(estate.machines["CL01"], "SeDenyNetworkLogonRight", [ANSIBLE])
        assert not endpoint.admits("CORP\\svc-ansible", "not-a-secret")
