# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Group Policy: what applies, where it can be seen, and what comes back."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from world_support import OFFER, RSOP, TS, answer, ask, client, make, program, rows, values

from windows_estate.machine import Machine
from windows_estate.world import Estate, preg
from windows_estate.world.knowledge.policies import TERMINAL_SERVICES, entries_of
from windows_estate.world.preg import PolicyEntry

HISTORY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History\\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}"
PROCESSING = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\Group Policy\\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}"
LOCAL_POL = "C:\\Windows\\System32\\GroupPolicy\\Machine\\Registry.pol"
CACHE = "%SystemRoot%\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\corp.example\\Policies\\*\\Machine\\Registry.pol"
GUID = "{7A3F1C52-5B0E-4D8B-9C61-2E6F0B7D4A11}"
SOLICITED_OFF = {"Configure Solicited Remote Assistance": "disabled"}


def gpo(name: str = "Workstations", policies: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "policies": policies or SOLICITED_OFF, **more}


def with_gpo(*objects: dict[str, Any], hosts: dict[str, Any] | None = None, **more: Any) -> Estate:
    return make(hosts, group_policy={"objects": list(objects) or [gpo(guid=GUID)], **more})


def files(machine: Machine, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(machine, "file.read", path=path)["files"]
    return found


def set_by_hand(machine: Machine, name: str, number: int, key: str = TS) -> None:
    ask(machine, "registry.write", key=key, name=name, type="dword", data=number)


def test_policies_are_applied_when_the_estate_starts() -> None:
    assert values(with_gpo(gpo(policies=OFFER)).machines["CL01"]) == {"fAllowUnsolicited": 1, "fAllowUnsolicitedFullControl": 0}


def test_a_disabled_policy_takes_its_sub_values_away() -> None:
    first = gpo("First", {"Configure Offer Remote Assistance": {"control": "full", "helpers": ["CORP\\Helpdesk"]}})
    second = gpo("Second", {"Configure Offer Remote Assistance": "disabled"})
    machine = with_gpo(first, second).machines["CL01"]
    assert values(machine) == {"fAllowUnsolicited": 0}
    assert values(machine, f"{TS}\\RAUnsolicit") == {}


def test_the_last_list_of_helpers_replaces_the_others() -> None:
    first = gpo("First", {"RA_Unsolicit": {"helpers": ["CORP\\Helpdesk"]}})
    second = gpo("Second", {"RA_Unsolicit": {"helpers": ["CORP\\New Helpdesk"]}})
    machine = with_gpo(first, second).machines["CL01"]
    assert values(machine, f"{TS}\\RAUnsolicit") == {"CORP\\New Helpdesk": "CORP\\New Helpdesk"}


def test_the_copy_on_a_client_is_a_registry_pol_with_the_objects_settings() -> None:
    found = files(with_gpo().machines["CL01"], CACHE)
    assert [file["path"].split("\\")[-3] for file in found] == [GUID]
    entries = preg.decode(base64.b64decode(found[0]["base64"]))
    assert (entries[0].key, entries[0].name, entries[0].value) == (TERMINAL_SERVICES, "fAllowToGetHelp", 0)
    assert "**del.fAllowFullControl" in [entry.name for entry in entries]


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ({"role": "client"}, 1),
        ({"role": "member_server"}, 0),
        ({"role": "member_server", "policy_cache": "present"}, 1),
        ({"role": "client", "policy_cache": "absent"}, 0),
    ],
)
def test_clients_keep_copies_and_servers_do_not(host: dict[str, Any], kept: int) -> None:
    machine = with_gpo(hosts={"H1": host}).machines["H1"]
    assert len(files(machine, CACHE)) == kept
    assert values(machine) == {"fAllowToGetHelp": 0}


def test_a_filtered_object_lies_among_the_copies_and_applies_nothing() -> None:
    machine = with_gpo(gpo(filtered_for="CL01")).machines["CL01"]
    assert len(files(machine, CACHE)) == 1
    assert values(machine) == {}
    assert ask(machine, "registry.read", key=HISTORY)["exists"] is False


def test_objects_apply_to_hosts_and_groups() -> None:
    hosts = {"CL01": {"role": "client"}, "S1": {"role": "member_server"}, "S2": {"role": "member_server", "groups": ["pilot"]}}
    for words, expected in (("clients", {"CL01"}), ("servers", {"S1", "S2"}), (["CL01", "pilot"], {"CL01", "S2"}), ("all", set(hosts))):
        estate = with_gpo(gpo(applies_to=words), hosts=hosts)
        assert {name for name, machine in estate.machines.items() if values(machine)} == expected


def test_the_history_names_the_objects_in_their_order() -> None:
    machine = with_gpo(gpo(guid=GUID, version=7, linked_to="Workstations"), hosts=client(local_policy={"policies": OFFER})).machines["CL01"]
    found = ask(machine, "registry.read", key=HISTORY, depth=1)["subkeys"]
    shown = {number: {name: value["data"] for name, value in one["values"].items()} for number, one in found.items()}
    assert list(shown) == ["0", "1"]
    assert shown["0"]["DSPath"] == "LocalGPO"
    assert shown["0"]["FileSysPath"] == "C:\\Windows\\System32\\GroupPolicy\\Machine"
    assert shown["1"] == {
        "Options": 0,
        "Version": 7,
        "DSPath": f"CN={GUID},CN=Policies,CN=System,DC=corp,DC=example",
        "FileSysPath": f"C:\\Windows\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\corp.example\\Policies\\{GUID}\\Machine",
        "DisplayName": "Workstations",
        "GPOName": GUID,
        "GPOLink": 4,
        "Link": "LDAP://OU=Workstations,DC=corp,DC=example",
        "Extensions": "[{35378EAC-683F-11D2-A89A-00C04FBBCFA2}]",
        "lParam": None,
    }
    assert found["1"]["values"]["lParam"]["type"] == "unknown"


def test_rsop_shows_who_wins() -> None:
    local = {"policies": {"Configure Solicited Remote Assistance": {"control": "full"}}}
    machine = with_gpo(gpo("First", {"RA_Solicit": "enabled"}), gpo("Last"), hosts=client(local_policy=local)).machines["CL01"]
    found = rows(machine, "SELECT precedence, GPOID, value, valueType FROM RSOP_RegistryPolicySetting WHERE valueName = 'fAllowToGetHelp'")
    names = {row["id"]: row["name"] for row in rows(machine, "SELECT id, name FROM RSOP_GPO")}
    assert [(row["precedence"], names[row["GPOID"]]) for row in sorted(found, key=lambda row: row["precedence"])] == [
        (1, "Last"),
        (2, "First"),
        (3, "Local Group Policy"),
    ]
    assert {row["precedence"]: row["value"] for row in found} == {
        1: {"base64": "AAAAAA=="},
        2: {"base64": "AQAAAA=="},
        3: {"base64": "AQAAAA=="},
    }
    assert {row["GPOID"] for row in found if row["precedence"] == 3} == {"LocalGPO"}


def test_rsop_has_texts_with_their_zero_and_instructions_as_deletions() -> None:
    machine = with_gpo(gpo(policies=OFFER)).machines["CL01"]
    key = TERMINAL_SERVICES.replace("\\", "\\\\") + "\\\\RAUnsolicit"
    found = rows(machine, "SELECT * FROM RSOP_RegistryPolicySetting WHERE registryKey = 'KEY'".replace("KEY", key))
    helper = next(row for row in found if row["valueName"] == "CORP\\Helpdesk")
    assert base64.b64decode(helper["value"]["base64"]) == "CORP\\Helpdesk\0".encode("utf-16-le")
    assert (helper["valueType"], helper["deleted"]) == (1, False)
    assert [(row["valueName"], row["command"]) for row in found if row["deleted"]] == [("", "**delvals.")]


def test_rsop_queries_need_doubled_backslashes() -> None:
    machine = with_gpo().machines["CL01"]
    query = "SELECT * FROM RSOP_RegistryPolicySetting WHERE registryKey = 'KEY'".replace("KEY", TERMINAL_SERVICES)
    assert rows(machine, query) == []
    assert rows(machine, query.replace("\\", "\\\\")) != []


def test_without_logging_there_are_classes_and_no_rows() -> None:
    machine = with_gpo(hosts=client(rsop="off")).machines["CL01"]
    assert rows(machine, "SELECT * FROM RSOP_RegistryPolicySetting") == []
    assert rows(machine, "SELECT * FROM RSOP_Session") == []
    assert values(machine) == {"fAllowToGetHelp": 0}
    assert values(machine, "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\System") == {"RSoPLogging": 0}


def test_stale_logging_does_not_see_what_came_later() -> None:
    estate = with_gpo(hosts=client(rsop="stale"))
    machine = estate.machines["CL01"]
    estate.edit_gpo("Workstations", entries_of("RA_Logging", "enabled", "test"))
    program(machine, "gpupdate")
    assert values(machine) == {"LoggingEnabled": 1}
    assert {row["valueName"] for row in rows(machine, "SELECT valueName FROM RSOP_RegistryPolicySetting")} >= {"fAllowToGetHelp"}
    assert rows(machine, "SELECT * FROM RSOP_RegistryPolicySetting WHERE valueName = 'LoggingEnabled'") == []


def test_an_unchanged_object_is_not_applied_again() -> None:
    estate = with_gpo()
    machine = estate.machines["CL01"]
    set_by_hand(machine, "fAllowToGetHelp", 1)
    estate.advance(24 * 60)
    program(machine, "gpupdate", "/target:computer")
    assert values(machine) == {"fAllowToGetHelp": 1}


@pytest.mark.parametrize("arguments", [("/force",), ("/target:computer", "/force", "/wait:0")])
def test_force_applies_it_again(arguments: tuple[str, ...]) -> None:
    machine = with_gpo().machines["CL01"]
    set_by_hand(machine, "fAllowToGetHelp", 1)
    assert program(machine, "gpupdate", *arguments)["exit_code"] == 0
    assert values(machine) == {"fAllowToGetHelp": 0}


def test_processing_even_if_unchanged_applies_it_at_every_refresh() -> None:
    always = {**SOLICITED_OFF, "Configure registry policy processing": {"process_even_if_unchanged": True}}
    estate = with_gpo(gpo(policies=always), refresh_minutes=90)
    machine = estate.machines["CL01"]
    assert values(machine, PROCESSING) == {"NoGPOListChanges": 0}
    set_by_hand(machine, "fAllowToGetHelp", 1)
    estate.advance(89)
    assert values(machine) == {"fAllowToGetHelp": 1}
    estate.advance(2)
    assert values(machine) == {"fAllowToGetHelp": 0}


def test_not_in_the_background_waits_for_gpupdate() -> None:
    settings = {**SOLICITED_OFF, "CSE_Registry": {"process_even_if_unchanged": True, "not_in_background": True}}
    estate = with_gpo(gpo(policies=settings))
    set_by_hand(estate.machines["CL01"], "fAllowToGetHelp", 1)
    estate.advance(200)
    assert values(estate.machines["CL01"]) == {"fAllowToGetHelp": 1}


def test_a_changed_object_applies_at_the_next_refresh_and_its_old_values_go() -> None:
    estate = with_gpo()
    machine = estate.machines["CL01"]
    estate.edit_gpo(
        "Workstations", [*entries_of("RA_Logging", "enabled", "test"), PolicyEntry.make("Software\\Vendor", "Tattoo", "dword", 1)]
    )
    assert values(machine) == {"fAllowToGetHelp": 0}
    estate.advance(91)
    assert values(machine) == {"LoggingEnabled": 1}
    estate.edit_gpo("Workstations", [])
    estate.advance(91)
    assert values(machine) == {}
    # Outside the Policies keys nothing takes a value back.
    assert values(machine, "HKLM\\SOFTWARE\\Vendor") == {"Tattoo": 1}


def test_the_refresh_interval_is_a_policy_too() -> None:
    settings = {**SOLICITED_OFF, "GroupPolicyRefreshRate": {"minutes": 10}, "CSE_Registry": {"process_even_if_unchanged": True}}
    estate = with_gpo(gpo(policies=settings))
    machine = estate.machines["CL01"]
    # The first refresh is still the old one.
    estate.advance(91)
    set_by_hand(machine, "fAllowToGetHelp", 1)
    estate.advance(11)
    assert values(machine) == {"fAllowToGetHelp": 0}


def test_a_domain_controller_refreshes_every_five_minutes() -> None:
    always = {**SOLICITED_OFF, "CSE_Registry": {"process_even_if_unchanged": True}}
    estate = with_gpo(gpo(policies=always), hosts={"DC01": {"role": "domain_controller"}})
    set_by_hand(estate.machines["DC01"], "fAllowToGetHelp", 1)
    estate.advance(6)
    assert values(estate.machines["DC01"]) == {"fAllowToGetHelp": 0}


def test_a_stale_local_policy_writes_its_values_back() -> None:
    machine = make(client(local_policy={"version": 3, "policies": {"RA_Solicit": {"control": "full"}}})).machines["CL01"]
    assert values(machine) == {"fAllowToGetHelp": 1, "fAllowFullControl": 1}
    set_by_hand(machine, "fAllowToGetHelp", 0)
    program(machine, "gpupdate", "/force")
    assert values(machine) == {"fAllowToGetHelp": 1, "fAllowFullControl": 1}
    assert preg.decode(base64.b64decode(files(machine, LOCAL_POL)[0]["base64"]))[0].name == "fAllowToGetHelp"


def test_the_domain_wins_over_the_local_policy() -> None:
    machine = with_gpo(hosts=client(local_policy={"policies": {"RA_Solicit": "enabled"}})).machines["CL01"]
    assert values(machine)["fAllowToGetHelp"] == 0


def test_local_policy_that_is_not_processed_has_no_effect() -> None:
    words = client(
        local_policy={"policies": {"RA_Solicit": "enabled"}},
        registry=[
            {"key": "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\System", "name": "DisableLGPOProcessing", "type": "dword", "data": 1}
        ],
    )
    machine = make(words).machines["CL01"]
    assert values(machine) == {}
    assert len(files(machine, LOCAL_POL)) == 1


def test_a_broken_local_policy_file_sets_nothing() -> None:
    estate = make(client(local_policy={"policies": {"RA_Solicit": "enabled"}}))
    machine = estate.machines["CL01"]
    machine.files.store(LOCAL_POL, b"no PReg")
    program(machine, "gpupdate", "/force")
    assert values(machine) == {}


def test_gpupdate_speaks_the_hosts_language_and_refuses_what_it_does_not_know() -> None:
    machine = make(client(language="de-DE")).machines["CL01"]
    assert "Computerrichtlinie" in program(machine, "gpupdate", "/force")["stdout"]
    assert answer(machine, "program.run", program="gpupdate", arguments=["/nonsense"], mutates=True)["error"]["code"] == 1


def test_gpupdate_for_the_user_leaves_the_computer_alone() -> None:
    machine = with_gpo().machines["CL01"]
    set_by_hand(machine, "fAllowToGetHelp", 1)
    program(machine, "gpupdate", "/target:user", "/force")
    assert values(machine) == {"fAllowToGetHelp": 1}


def test_a_refresh_that_changes_nothing_leaves_the_fingerprint_alone() -> None:
    estate = with_gpo(hosts=client(local_policy={"policies": OFFER}))
    before = estate.fingerprints()
    estate.advance(500)
    program(estate.machines["CL01"], "gpupdate", "/force")
    assert estate.fingerprints() == before


def test_what_another_hand_wrote_is_not_taken_away() -> None:
    words = client(remote_assistance={"policies": {"Turn on session logging": "enabled"}})
    estate = with_gpo(hosts=words)
    estate.edit_gpo("Workstations", [])
    estate.advance(91)
    assert values(estate.machines["CL01"]) == {"LoggingEnabled": 1}


def test_the_rsop_namespace_has_a_session_of_this_computer() -> None:
    found = rows(with_gpo().machines["CL01"], "SELECT targetName, SOM FROM RSOP_Session", RSOP)
    assert found == [{"targetName": "CORP\\CL01", "SOM": "DC=corp,DC=example"}]
