# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Distribution points in an estate file: words, cards, and real hosts that follow a site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from world_support import ask, make, rows

from windows_estate.world import Estate
from windows_estate.world.client import ControlClient
from windows_estate.world.words.reader import WordsError

WDSPXE = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\WDSServer\\Providers\\WDSPXE"
STANDARD = "root\\StandardCimv2"
NETWORK = [
    {"alias": "Ethernet", "mac": "00155d0a1401"},
    {"alias": "Team", "type": "team", "addresses": "10.30.0.11/24"},
    {"alias": "NIC 1", "team": "Team", "mac": "00-15-5D-0A-14-11"},
    {"alias": "NIC 2", "team": "Team"},
    {"alias": "Spare", "up": False},
]


def estate(point: dict[str, Any] | None = None, site: dict[str, Any] | None = None, **host: Any) -> Estate:
    words = {"role": "distribution_point", "network": NETWORK, **({} if point is None else {"distribution_point": point}), **host}
    hosts = {"CM01": {"role": "site_server", "controller": {"delegation": True}}, "DP01": words}
    return make(hosts, configmgr={"site_code": "P01", "site": site or {}})


def test_without_a_word_pxe_is_off() -> None:
    one = estate()
    assert one.points.pxe["DP01"].answers_on() == []
    assert one.sites["P01"].osd.point("DP01").number("IsPXE") == 0


def test_interfaces_become_macs_and_macs_stay() -> None:
    one = estate({"pxe": {"respond_on": ["ethernet", "0015.5d0a.1402"], "responder": "configmgr", "user_device_affinity": "manual"}})
    osd = one.sites["P01"].osd
    assert osd.binding("DP01") == (1, ["00:15:5D:0A:14:01", "0015.5d0a.1402"])
    assert osd.responder("DP01") == "configmgr"
    assert osd.point("DP01").number("UdaSetting") == 1
    assert one.points.pxe["DP01"].answers_on() == ["Ethernet"]


def test_the_feature_comes_with_windows_deployment_services() -> None:
    for responder, installed in (("wds", [{"Name": "Windows Deployment Services"}]), ("configmgr", [])):
        one = estate({"pxe": {"responder": responder}})
        assert rows(one.machines["DP01"], "SELECT Name FROM Win32_ServerFeature WHERE ID=19", "root\\cimv2") == installed


def test_the_feature_alone_brings_a_service_that_does_not_run() -> None:
    one = make({"S1": {"role": "member_server", "features": "WDS"}, "S2": {"role": "member_server"}})
    query = "SELECT Name, State FROM Win32_Service WHERE Name='WDSServer'"
    assert rows(one.machines["S1"], query, "root\\cimv2") == [{"Name": "WDSServer", "State": "Stopped"}]
    for installed, count in ((True, 1), (False, 0)):
        manager = one.built["S2"].server_manager
        assert manager is not None
        manager.set_installed(one.machines["S2"], "WDS", installed)
        assert len(rows(one.machines["S2"], query, "root\\cimv2")) == count


def test_the_firewall_knows_who_listens() -> None:
    packet = {"from": "10.30.0.9", "protocol": "udp", "port": 4011}
    for words, allowed in (({}, True), ({"firewall": "closed"}, False), ({"service": "stopped"}, False)):
        one = estate({"pxe": True, **words})
        from windows_estate.world.words.packets import read_packet  # noqa: PLC0415 - beside what it is for

        assert one.built["DP01"].firewall.decide(read_packet(packet, "test")).allowed is allowed


class TestCards:
    def test_a_member_of_a_team_has_no_address_and_says_whose_it_is(self) -> None:
        machine = estate().machines["DP01"]
        cards = {row["Name"]: row for row in rows(machine, "SELECT * FROM MSFT_NetAdapter WHERE Hidden=FALSE", STANDARD)}
        assert cards["Team"]["PermanentAddress"] == cards["NIC 1"]["PermanentAddress"] == "00155D0A1411"
        assert cards["Team"]["LowerLayerInterfaceIndices"] == [cards["NIC 1"]["InterfaceIndex"], cards["NIC 2"]["InterfaceIndex"]]
        assert cards["NIC 2"]["HigherLayerInterfaceIndices"] == [cards["Team"]["InterfaceIndex"]]
        assert (cards["Team"]["Virtual"], cards["NIC 1"]["Virtual"]) == (True, False)
        with_address = {row["InterfaceAlias"] for row in rows(machine, "SELECT * FROM MSFT_NetIPAddress", STANDARD)}
        assert with_address == {"Ethernet", "Team", "Loopback Pseudo-Interface 1"}
        members = rows(machine, "SELECT Name, Team FROM MSFT_NetLbfoTeamMember", STANDARD)
        assert members == [{"Name": "NIC 1", "Team": "Team"}, {"Name": "NIC 2", "Team": "Team"}]
        assert rows(machine, "SELECT Name, Members FROM MSFT_NetLbfoTeam", STANDARD) == [{"Name": "Team", "Members": ["NIC 1", "NIC 2"]}]

    def test_a_card_without_a_cable_is_disconnected(self) -> None:
        machine = estate().machines["DP01"]
        (card,) = rows(machine, "SELECT * FROM MSFT_NetAdapter WHERE Name='Spare'", STANDARD)
        assert (card["InterfaceOperationalStatus"], card["MediaConnectState"]) == (2, 2)
        found = rows(machine, "SELECT NetConnectionID, NetConnectionStatus, MACAddress FROM Win32_NetworkAdapter", "root\\cimv2")
        assert {row["NetConnectionID"]: row["NetConnectionStatus"] for row in found} == {
            "Ethernet": 2,
            "Team": 2,
            "NIC 1": 2,
            "NIC 2": 2,
            "Spare": 7,
        }
        assert found[0]["MACAddress"] == "00:15:5D:0A:14:01"

    def test_netbios_listens_on_each_address(self) -> None:
        machine = estate().machines["DP01"]
        found = rows(machine, "SELECT LocalAddress FROM MSFT_NetUDPEndpoint WHERE LocalPort=137", STANDARD)
        own = [one["IPAddress"] for one in rows(machine, "SELECT * FROM MSFT_NetIPAddress WHERE AddressFamily=2", STANDARD)]
        assert sorted(row["LocalAddress"] for row in found) == sorted(set(own) - {"127.0.0.1"})

    def test_a_client_has_no_teams(self) -> None:
        machine = make().machines["CL01"]
        reply = machine.execute(
            {
                "contract": 1,
                "operations": [{"id": "a", "op": "cim.query", "namespace": STANDARD, "query": "SELECT * FROM MSFT_NetLbfoTeamMember"}],
            }
        )
        assert reply["answers"]["a"]["error"]["kind"] == "unsupported"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"pxe": {"respond_on": "Wi-Fi"}}, "respond_on has 'Wi-Fi'; allowed: all, a MAC, or one of Ethernet, Team, NIC 1, NIC 2, Spare"),
        ({"pxe": {"responder": "linux"}}, "responder cannot be 'linux'; allowed: wds, configmgr"),
        ({"pxe": {"delay": 1}}, "there is no field delay"),
        ({"wds": {"policy": "some"}}, "policy cannot be 'some'; allowed: exclude, include"),
        ({"site": "Q01"}, "there is no site Q01; there are P01"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WordsError) as complaint:
        estate(words)
    assert sentence in str(complaint.value)


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        ([{"alias": "A", "mac": "00:11:22:33:44:5"}], "mac cannot be '00:11:22:33:44:5'; it is 12 hexadecimal digits"),
        ([{"alias": "A"}, {"alias": "B", "team": "T"}], "there is no interface T of the type team"),
        ([{"alias": "A", "type": "team"}], "a team has members"),
        ([{"alias": "A"}, {"alias": "B", "team": "A", "addresses": "10.1.1.2/8"}], "it is a member of the team A, which has them"),
        ([{"alias": "A"}, {"alias": "B"}], "addresses is missing"),
    ],
)  # fmt: skip
def test_cards_that_cannot_be(network: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(WordsError) as complaint:
        make({"DP01": {"role": "member_server", "network": network}})
    assert sentence in str(complaint.value)


def test_a_role_it_does_not_have() -> None:
    with pytest.raises(WordsError, match="distribution_point is for hosts with that role, and this is a client"):
        make({"CL01": {"role": "client", "distribution_point": {"pxe": True}}})


def test_a_point_belongs_to_one_site() -> None:
    hosts = {"CM01": {"role": "site_server"}, "CM09": {"role": "site_server"}}
    points = {"DP01": {"role": "distribution_point"}, "DP02": {"role": "distribution_point", "distribution_point": {"site": "Q01"}}}
    one = make({**hosts, **points}, configmgr={"site": {"server": "CM01"}, "other_sites": {"Q01": {"server": "CM09"}}})
    assert {code: site.osd.servers() for code, site in one.sites.items()} == {"P01": ["DP01.corp.example"], "Q01": ["DP02.corp.example"]}


def test_without_a_site_a_host_is_what_its_words_say() -> None:
    one = make({"DP01": {"role": "distribution_point", "distribution_point": {"pxe": {"responder": "configmgr"}}}})
    assert one.points.pxe["DP01"].answers_on() == ["Ethernet"]


def test_another_administrator_binds_it() -> None:
    edits = [{"after_reads": 1, "binding": {"server": "DP01", "policy": 1, "macs": []}}]
    one = estate({"pxe": True}, site={"another_administrator": edits})
    machine, site = one.machines["CM01"], one.sites["P01"]
    machine.state["host"]["user"]["elevated"] = True
    query = "SELECT * FROM SMS_SCI_SysResUse"
    ask(machine, "cim.query", namespace="root\\SMS\\site_P01", query=query)
    assert site.osd.binding("DP01") == (0, [])
    ask(machine, "cim.query", namespace="root\\SMS\\site_P01", query=query)
    assert site.osd.binding("DP01") == (1, [])
    assert len(site.osd.bound_to_nothing) == 1


def test_the_readmes_points_can_be_loaded() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    for word, role in (("distribution_point", "distribution_point"), ("state_migration_point", "state_migration_point")):
        block = readme.partition(f"\n    {word}:\n")[2].partition("```")[0]
        words = yaml.safe_load(f"    {word}:\n{block}")[word]
        network = [{"alias": "Ethernet"}]
        one = make(
            {"CM01": {"role": "site_server"}, "H1": {"role": role, "network": network, word: words}},
            configmgr={"site_code": "P01", "site": {}},
        )
        assert set(one.points.pxe) | set(one.points.migration) == {"H1"}


def test_the_control_interface_tells_who_answers(tmp_path: Path) -> None:
    one = estate({"pxe": {"respond_on": "Ethernet"}, "wds": {"interfaces": ["IP:10.1.1.1"]}}, volumes={"D": {}})
    with one.serve(tmp_path / "hosts.yml") as served:
        assert served.control is not None
        client = ControlClient(served.control)
        found = client.get("/hosts/DP01/pxe")
        assert found["answers_on"] == []
        assert "10.1.1.1" in found["events"][0]
        client.post("/hosts/DP01/registry", {"key": WDSPXE, "name": "BindInterfaces", "type": "multi_sz", "data": []})
        client.post("/hosts/DP01/registry", {"key": WDSPXE, "name": "BindPolicy", "type": "dword", "data": 0})
        client.post("/hosts/DP01/service", {"name": "WDSServer", "running": True})
        assert client.get("/hosts/DP01/pxe")["answers_on"] == ["Ethernet", "Team"]
        client.post("/hosts/DP01/volume", {"letter": "D", "free": 5})
        (disk,) = rows(one.machines["DP01"], "SELECT FreeSpace FROM Win32_LogicalDisk WHERE DeviceID='D:'", "root\\cimv2")
        assert disk["FreeSpace"] == 5
        shown = client.get("/sites")["P01"]["distribution_points"]["DP01.corp.example"]
        assert (shown["BindPolicy"], shown["BindExcept"], shown["PXEPassword"]) == (1, ["00:15:5D:0A:14:01"], False)
