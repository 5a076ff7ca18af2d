# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A ConfigMgr site in an estate file: its words, who can do what from where, and another administrator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from world_support import answer, ask, make

from windows_estate.machine import Machine
from windows_estate.winrm import Become, ModuleCall
from windows_estate.world import Estate
from windows_estate.world.cli import main
from windows_estate.world.client import ControlClient
from windows_estate.world.handler import handler_for
from windows_estate.world.words.reader import WordsError

HOSTS: dict[str, Any] = {"CM01": {"role": "site_server"}, "CL01": {"role": "client"}}


def estate(hosts: dict[str, Any] | None = None, other_sites: dict[str, Any] | None = None, **site: Any) -> Estate:
    words: dict[str, Any] = {"site_code": "P01", "site": {"name": "Headquarters", **site}}
    if other_sites:
        words["other_sites"] = other_sites
    return make(hosts or HOSTS, configmgr=words)


def query(machine: Machine, text: str, code: str = "P01", **fields: Any) -> dict[str, Any]:
    return answer(machine, "cim.query", namespace=f"root\\SMS\\site_{code}", query=text, **fields)


def props(machine: Machine) -> dict[str, dict[str, Any]]:
    text = "SELECT * FROM SMS_SCI_Component WHERE ComponentName='SMS_DISCOVERY_DATA_MANAGER' AND SiteCode='P01'"
    (row,) = query(machine, text, lazy=True)["data"]["rows"]
    return {one["PropertyName"]: one for one in row["Props"]}


def through_winrm(estate: Estate, host: str, become: Become | None, *operations: dict[str, Any]) -> dict[str, Any]:
    """What the endpoint's handler answers, for an account that came over the network."""
    arguments = {"contract": 1, "operations": [{"id": f"o{number}", **one} for number, one in enumerate(operations)]}
    built = estate.built[host]
    run = handler_for(built)(ModuleCall("host_state", arguments, "", built.host.controller.account, become))
    assert run is not None
    answers: dict[str, Any] = json.loads(run.stdout)["answers"]
    return answers


CHANGE: dict[str, Any] = {
    "op": "cmdlet.invoke",
    "module": "ConfigurationManager",
    "name": "Set-CMClientPushInstallation",
    "site": "P01",
    "mutates": True,
    "parameters": {"SiteCode": "P01", "EnableAutomaticClientPushInstallation": True},
}


class TestWords:
    def test_everything_can_be_said(self) -> None:
        one = estate(
            release="2207",
            upgraded=True,
            hotfix="downloaded",
            client_push={
                "automatic": True,
                "computer_types": ["workstations"],
                "site_systems": True,
                "accounts": ["CORP\\a.meyer", "CORP\\a.meyer"],
                "installation_properties": "SMSSITECODE=P01 SMSMP=mp1",
            },
            stored_accounts={"CORP\\naa": "Software Distribution"},
            unknown_accounts=["CORP\\gone"],
            clear_install_flag=True,
            properties=[{"name": "FILTERS", "value": 5}, {"name": "AutoInstallSiteSystem"}],
        )
        machine = one.machines["CM01"]
        found = props(machine)
        assert (found["SETTINGS"]["Value1"], found["FILTERS"]["Value"], found["ENABLEKERBEROSCHECK"]["Value"]) == ("ACTIVE", 5, 3)
        assert "AutoInstallSiteSystem" not in found
        assert one.sites["P01"].push_accounts() == ["CORP\\a.meyer", "CORP\\a.meyer"]
        assert one.sites["P01"].stored_accounts() == ["CORP\\naa", "CORP\\a.meyer"]

    def test_roles_follow_from_the_hosts(self) -> None:
        one = estate({**HOSTS, "DP01": {"role": "distribution_point"}, "SMP01": {"role": "state_migration_point"}})
        rows = query(one.machines["CM01"], "SELECT RoleName, NetworkOSPath FROM SMS_SCI_SysResUse")["data"]["rows"]
        assert {"RoleName": "SMS Distribution Point", "NetworkOSPath": "\\\\DP01.corp.example"} in rows
        assert {"RoleName": "SMS State Migration Point", "NetworkOSPath": "\\\\SMP01.corp.example"} in rows

    def test_other_hosts_have_no_provider(self) -> None:
        one = estate()
        found = query(one.machines["CL01"], "SELECT * FROM SMS_Site")
        assert found["error"]["kind"] == "unsupported"

    def test_a_provider_on_another_host(self) -> None:
        hosts = {**HOSTS, "CM02": {"role": "member_server"}}
        one = estate(hosts, server="CM01", providers=["CM02"])
        assert query(one.machines["CM01"], "SELECT * FROM SMS_Site")["error"]["kind"] == "unsupported"
        assert query(one.machines["CM02"], "SELECT SiteCode FROM SMS_Site")["data"]["rows"] == [{"SiteCode": "P01"}]
        locations = ask(one.machines["CM01"], "cim.query", namespace="root\\SMS", query="SELECT Machine FROM SMS_ProviderLocation")
        assert locations["rows"] == [{"Machine": "CM02.corp.example"}]

    def test_no_console(self) -> None:
        one = estate(consoles=[])
        described = ask(one.machines["CM01"], "cmdlet.describe", module="ConfigurationManager", names=["Get-CMSite"])
        assert described["commands"] == {"Get-CMSite": None}

    def test_secondary_and_other_sites(self) -> None:
        hosts = {**HOSTS, "CM09": {"role": "member_server"}}
        one = estate(hosts, {"Q01": {"server": "CM09"}}, server="CM01", secondary_sites={"S01": {"server": "CM11"}})
        assert list(one.sites) == ["P01", "Q01"]
        rows = query(one.machines["CM01"], "SELECT SiteCode, ServerName FROM SMS_Site")["data"]["rows"]
        assert rows == [
            {"SiteCode": "P01", "ServerName": "CM01.corp.example"},
            {"SiteCode": "S01", "ServerName": "CM11.corp.example"},
        ]
        assert query(one.machines["CM09"], "SELECT SiteCode FROM SMS_Site", "Q01")["data"]["rows"] == [{"SiteCode": "Q01"}]

    @pytest.mark.parametrize(
        ("site", "said"),
        [
            ({"release": "1902"}, "release cannot be '1902'"),
            ({"hotfix": "maybe"}, "hotfix cannot be"),
            ({"client_push": {"computer_types": ["printers"]}}, "computer_types cannot be"),
            ({"client_push": {"ntlm_fallback": "sometimes"}}, "ntlm_fallback cannot be"),
            ({"administrators": {"CORP\\x": "Boss"}}, "role cannot be"),
            ({"reverts": [{"property": "FILTERS"}]}, "after_seconds and after_reads"),
            ({"consoles": ["NOBODY"]}, "NOBODY"),
            ({"secondary_sites": {"S01x": {"server": "CM11"}}}, "site_code"),
            ({"secondary_sites": {"P01": {"server": "CM11"}}}, "same site code"),
            ({"colour": "blue"}, "no field colour"),
        ],
    )
    def test_mistakes(self, site: dict[str, Any], said: str) -> None:
        with pytest.raises(WordsError, match=said):
            estate(**site)

    def test_it_needs_a_site_server(self) -> None:
        with pytest.raises(WordsError, match="server is missing"):
            estate({"CL01": {"role": "client"}})


class TestSecondHop:
    def test_a_plain_connection_is_denied_at_the_drive_but_reads(self) -> None:
        one = estate()
        read = {"op": "cim.query", "namespace": "root\\SMS\\site_P01", "query": "SELECT SiteCode FROM SMS_Site"}
        found = through_winrm(one, "CM01", None, read, CHANGE)
        assert found["o0"]["data"]["rows"] == [{"SiteCode": "P01"}]
        assert found["o1"]["error"]["kind"] == "access_denied"

    @pytest.mark.parametrize("become", [Become("SYSTEM"), Become("CORP\\svc-ansible", "not-a-secret")])
    def test_become_gets_through(self, become: Become) -> None:
        one = estate()
        assert through_winrm(one, "CM01", become, CHANGE)["o0"]["ok"]
        assert len(one.sites["P01"].audit) == 1

    def test_delegation_gets_through(self) -> None:
        one = estate({**HOSTS, "CM01": {"role": "site_server", "controller": {"delegation": True}}})
        assert through_winrm(one, "CM01", None, CHANGE)["o0"]["ok"]

    def test_system_of_a_machine_outside_the_site_is_a_stranger(self) -> None:
        one = estate({**HOSTS, "ADM1": {"role": "member_server"}}, server="CM01", consoles=["ADM1"])
        assert through_winrm(one, "ADM1", Become("SYSTEM"), CHANGE)["o0"]["error"]["kind"] == "access_denied"
        assert through_winrm(one, "ADM1", Become("CORP\\svc-ansible", "x"), CHANGE)["o0"]["ok"]

    def test_a_stranger_is_denied_with_become_too(self) -> None:
        one = estate(administrators={"CORP\\svc-ansible": "Full Administrator"})
        assert through_winrm(one, "CM01", Become("CORP\\a.meyer", "x"), CHANGE)["o0"]["error"]["kind"] == "access_denied"


class TestOtherAdministrators:
    def test_in_the_file(self) -> None:
        one = estate(another_administrator=[{"after_reads": 1, "automatic": True, "computer_types": ["servers"]}])
        machine = one.machines["CM01"]
        assert props(machine)["SETTINGS"]["Value1"] == "INACTIVE"
        found = props(machine)
        assert (found["SETTINGS"]["Value1"], found["FILTERS"]["Value"]) == ("ACTIVE", 3)

    def test_through_the_control_interface(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        one = estate()
        with one.serve(tmp_path / "hosts.yml") as served:
            assert served.control is not None
            control = ["--control", served.control]
            assert main(["site", *control, "P01", "automatic=yes", "accounts=[CORP\\x]", "store=CORP\\x"]) == 0
            assert main(["site", *control, "X99", "automatic=yes"]) == 1
            assert main(["site", *control, "P01", "colour=blue"]) == 1
            capsys.readouterr()
            assert main(["site", *control]) == 0
            shown = json.loads(capsys.readouterr().out)["P01"]
            assert shown["sites"]["P01"]["accounts"] == ["CORP\\x"]
            assert shown["store"] == {"CORP\\x": ["SMS_CLIENT_CONFIG_MANAGER"]}
            assert shown["sites"]["P01"]["properties"]["SETTINGS"]["Value1"] == "ACTIVE"
            client = ControlClient(served.control)
            client.post("/sites/P01", {"down": True})
            assert query(one.machines["CM01"], "SELECT * FROM SMS_Site")["error"]["kind"] == "failed"

    def test_rights_through_the_control_interface(self, tmp_path: Path) -> None:
        one = estate()
        with one.serve(tmp_path / "hosts.yml") as served:
            assert served.control is not None
            right = "Deny access to this computer from the network"
            assert main(["set", "CL01", "right", "--control", served.control, right, "CORP\\svc-ansible"]) == 0
            assert not served.endpoint("CL01").admits("CORP\\svc-ansible", "not-a-secret")
            assert main(["set", "CL01", "right", "--control", served.control, "SeNothing", "CORP\\svc-ansible"]) == 1


def test_the_fingerprint_of_the_provider_shows_a_change() -> None:
    one = estate()
    before = one.fingerprints()
    through_winrm(one, "CM01", Become("SYSTEM"), CHANGE)
    one.advance(1)
    after = one.fingerprints()
    assert {name for name in before if before[name] != after[name]} == {"CM01"}


def test_the_readmes_site_can_be_loaded() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    block = readme.partition("### The ConfigMgr site\n")[2].partition("```yaml\n")[2].partition("```")[0]
    words = yaml.safe_load(block)
    assert set(words["site"]) | {"hotfix_name", "unknown_accounts"} == set(allowed_fields())
    assert estate(**words["site"]).sites["P01"].options.release == "2403"


def allowed_fields() -> list[str]:
    with pytest.raises(WordsError) as complaint:
        estate(nonsense=1)
    return str(complaint.value).partition("allowed: ")[2].partition(".")[0].split(", ")
