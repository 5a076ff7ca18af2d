# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Distribution points as a site shows them, and what its cmdlets and puts do to them."""

from __future__ import annotations

from typing import Any

import pytest
from osd_support import DP, POINT, kind, listed, number, provider, put, role, rows, run
from world_support import answer

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours.configmgr_site import DistributionPoint, OsdOptions, Revert, Site, SiteOptions, StoredAccount, attach
from windows_estate.world.behaviours.configmgr_site.osd_items import MULTICAST_POINT

MACS = ("00:15:5D:0A:14:01", "00:15:5D:0A:14:02")


def one_point(*, apply_seconds: float = 5.0, **more: Any) -> tuple[Machine, Site]:
    """A site with one point; `more`: of the point, and what is known of no source."""
    names = {"pxe", "bind", "bind_policy", "multicast", "responder", "password", "lacks", "user_device_affinity"}
    point = DistributionPoint(DP, **{name: value for name, value in more.items() if name in names})
    others = {name: value for name, value in more.items() if name not in names}
    return provider(apply_seconds=apply_seconds, distribution_points=(point,), **others)


def change(machine: Machine, **parameters: Any) -> None:
    """Set a point, and wait until it can be seen."""
    found = run(machine, "Set-CMDistributionPoint", SiteSystemServerName=DP, **parameters)
    assert found["ok"], found
    machine.sleep(10)


class TestReading:
    def test_a_point_has_the_properties_of_the_site_control_file(self) -> None:
        machine, _ = one_point(pxe=True, bind=MACS, password=True, user_device_affinity="automatic")
        (row,) = rows(machine, "SMS_SCI_SysResUse", f"RoleName='{POINT}'")
        assert row["NetworkOSPath"] == f"\\\\{DP}"
        assert row["ItemName"] == f'["Display=\\\\{DP}\\"]MSWNET:["SMS_SITE=P01"]\\\\{DP}\\,{POINT}'
        assert row["Props"][0]["__class"] == "SMS_EmbeddedProperty"
        found = role(machine, POINT)
        numbers = {"IsPXE": 1, "IsActive": 1, "SupportUnknownMachines": 0, "BindPolicy": 1, "UdaSetting": 2, "IsAnonymousEnabled": 0}
        assert found.items() >= numbers.items()
        assert found["BindExcept"] == list(MACS)
        assert len(found["PXEPassword"]) > 20

    def test_embedded_arrays_are_lazy(self) -> None:
        machine, _ = one_point()
        (row,) = rows(machine, "SMS_SCI_SysResUse", f"RoleName='{POINT}'", lazy=False)
        assert (row["Props"], row["PropLists"]) == (None, None)

    def test_the_password_is_masked_and_its_presence_told(self) -> None:
        for password in (True, False):
            machine, _ = one_point(password=password)
            (row,) = rows(machine, "SMS_SCI_SysResUse", f"RoleName='{POINT}'", mask=["PXEPassword"])
            found = next(one for one in row["Props"] if one["PropertyName"] == "PXEPassword")
            assert found["Value1"] == {"present": password}

    def test_a_point_may_lack_properties_and_spell_them_otherwise(self) -> None:
        machine, _ = provider(
            distribution_points=(DistributionPoint(DP, lacks=("UdaSetting", "BindExcept")),), spelling=(("IsPXE", "ISPXE"),)
        )
        found = role(machine, POINT)
        assert "ISPXE" in found
        assert not {"IsPXE", "UdaSetting", "BindExcept"} & set(found)

    def test_the_information_class_says_the_same_and_the_responder(self) -> None:
        machine, _ = one_point(pxe=True, bind=MACS, responder="configmgr")
        (row,) = rows(machine, "SMS_DistributionPointInfo")
        assert row["ServerName"] == DP
        assert (row["IsPXE"], row["BindPolicy"], row["BindExcept"], row["SccmPXE"]) == (True, True, ";".join(MACS), True)
        assert "SccmPXE" not in role(machine, POINT)
        found = run(machine, "Get-CMDistributionPointInfo", SiteSystemServerName=DP, select=["SccmPXE", "IsPXE"])["data"]["rows"]
        assert found == [{"SccmPXE": True, "IsPXE": True}]

    def test_a_site_may_keep_the_responder_among_the_properties(self) -> None:
        machine, _ = one_point(pxe=True, responder="configmgr", responder_property="SccmPXE")
        assert role(machine, POINT)["SccmPXE"] == 1
        assert put(machine, POINT, number("SccmPXE", 0))["ok"]
        machine.sleep(10)
        assert rows(machine, "SMS_DistributionPointInfo")[0]["SccmPXE"] is False

    def test_a_multicast_point_is_a_role_of_its_own(self) -> None:
        machine, site = one_point(multicast=True)
        assert site.osd.servers(MULTICAST_POINT) == [DP]
        assert role(machine, MULTICAST_POINT)["IpAddressSource"] == 1
        assert len(run(machine, "Get-CMMulticastServicePoint", select=["RoleName"])["data"]["rows"]) == 1

    def test_the_role_may_not_fit_the_property(self) -> None:
        for multicast in (True, False):
            point = DistributionPoint(DP, multicast=multicast, multicast_point=not multicast)
            machine, site = provider(distribution_points=(point,))
            assert role(machine, POINT)["IsMulticast"] == int(multicast)
            assert site.osd.servers(MULTICAST_POINT) == ([] if multicast else [DP])

    def test_the_get_cmdlet_finds_by_name_and_site(self) -> None:
        machine, _ = one_point()
        for parameters, count in (({"SiteSystemServerName": DP.upper()}, 1), ({"SiteSystemServerName": "dp02"}, 0), ({}, 1)):
            found = run(machine, "Get-CMDistributionPoint", select=["NetworkOSPath"], **parameters)["data"]["rows"]
            assert len(found) == count


class TestPuts:
    def test_policy_and_list_travel_together(self) -> None:
        machine, site = one_point(pxe=True)
        found = put(machine, POINT, number("BindPolicy", 1, Value=0), listed("BindExcept", MACS[0], Values=[]))
        assert found["ok"], found
        assert site.osd.binding(DP) == (0, [])
        machine.sleep(10)
        assert site.osd.binding(DP) == (1, [MACS[0]])
        assert site.osd.bound_to_nothing == []
        assert site.audit[-1].how == "wmi"

    def test_a_stale_expectation_puts_nothing(self) -> None:
        machine, site = one_point(pxe=True)
        site.osd.set_binding("DP01", 1, MACS)
        assert kind(put(machine, POINT, number("BindPolicy", 1), listed("BindExcept", MACS[0], Values=[]))) == "stale"
        machine.sleep(10)
        assert site.osd.binding(DP) == (1, list(MACS))

    def test_whoever_leaves_a_point_answering_nothing_is_remembered(self) -> None:
        machine, site = one_point(pxe=True)
        assert put(machine, POINT, number("BindPolicy", 1))["ok"]
        assert site.osd.bound_to_nothing == []
        machine.sleep(10)
        (entry,) = site.osd.bound_to_nothing
        assert DP in entry
        assert "SMS_SCI_SysResUse" in entry

    def test_a_role_is_committed_whole(self) -> None:
        machine, site = one_point(pxe=True, bind=(MACS[0],), bind_policy=0)
        assert put(machine, POINT, number("BindPolicy", 1, Value=0))["ok"]
        site.osd.set_binding(DP, macs=[])
        machine.sleep(10)
        assert site.osd.binding(DP) == (1, [MACS[0]])
        assert site.osd.bound_to_nothing == []

    def test_a_component_may_put_a_property_back(self) -> None:
        machine = Machine({"host": {"name": "CM01"}}, clock=SimulatedClock())
        options = OsdOptions(distribution_points=(DistributionPoint(DP, pxe=True, bind=MACS),))
        site = attach(machine, options=SiteOptions(osd=options, reverts=(Revert(POINT, "BindPolicy", seconds=20),)))
        assert put(machine, POINT, number("BindPolicy", 0))["ok"]
        seen = []
        for _ in range(4):
            machine.sleep(8)
            seen.append(role(machine, POINT)["BindPolicy"])
        assert seen == [0, 0, 0, 1]
        assert site.audit[-1].how == "component"

    def test_another_administrator_comes_between(self) -> None:
        machine, site = one_point(pxe=True)
        site.later(lambda: site.osd.set_binding(DP, 1, [MACS[1]]), reads=1, of="SMS_SCI_SysResUse")
        assert [role(machine, POINT)["BindPolicy"] for _ in range(3)] == [0, 1, 1]


class TestSetting:
    def test_a_change_takes_a_while(self) -> None:
        machine, site = one_point(pxe=True)
        assert run(machine, "Set-CMDistributionPoint", SiteSystemServerName=DP, EnableUnknownComputerSupport=True)["ok"]
        assert site.osd.point(DP).number("SupportUnknownMachines") == 0
        machine.sleep(5)
        assert role(machine, POINT)["SupportUnknownMachines"] == 1

    @pytest.mark.parametrize(
        ("parameters", "changed"),
        [
            ({"EnablePxe": True}, {"IsPXE": 1}),
            ({"AllowPxeResponse": True}, {"IsActive": 1}),
            ({"EnableAnonymous": True}, {"IsAnonymousEnabled": 1}),
            ({"PxeServerResponseDelaySec": 32}, {"ResponseDelay": 32}),
            ({"UserDeviceAffinity": "allowwithautomaticapproval"}, {"UdaSetting": 2}),
            ({"EnableMulticast": True}, {"IsMulticast": 1}),
        ],
    )
    def test_each_parameter_has_its_property_and_no_other(self, parameters: dict[str, Any], changed: dict[str, int]) -> None:
        machine, _ = one_point()
        before = role(machine, POINT)
        change(machine, **parameters)
        assert role(machine, POINT) == before | changed

    @pytest.mark.parametrize(
        ("parameters", "error"),
        [
            ({"PxeServerResponseDelaySec": 33}, "failed"),
            ({"PxeServerResponseDelaySec": -1}, "failed"),
            ({"PxeServerResponseDelaySec": "soon"}, "invalid"),
            ({"UserDeviceAffinity": "Automatic"}, "invalid"),
            ({"MacAddressForRespondingPxeRequest": ["00:11:22:33:44:5"]}, "failed"),
            ({"AddMacAddressForRespondingPxeRequest": ["00:11:22:33:44:5G"]}, "failed"),
            ({"RespondToAllNetwork": {"switch": True}, "MacAddressForRespondingPxeRequest": [MACS[0]]}, "failed"),
            ({"PxePassword": {"secure": ""}}, "failed"),
            ({"PxePassword": "plain"}, "invalid"),
            ({"EnableNonWdsPxe": True, "EnableMulticast": True}, "failed"),
            ({"BindPolicy": 1}, "invalid"),
        ],
    )
    def test_what_is_wrong_changes_nothing(self, parameters: dict[str, Any], error: str) -> None:
        machine, site = one_point(pxe=True)
        before = site.fingerprint(machine.clock.now())
        assert kind(run(machine, "Set-CMDistributionPoint", SiteSystemServerName=DP, **parameters)) == error
        machine.sleep(60)
        assert site.fingerprint(machine.clock.now()) == before

    def test_there_is_no_such_point(self) -> None:
        machine, _ = one_point()
        assert kind(run(machine, "Set-CMDistributionPoint", SiteSystemServerName="DP01", EnablePxe=True)) == "not_found"
        assert kind(run(machine, "Set-CMDistributionPoint", EnablePxe=True)) == "invalid"

    def test_an_object_of_the_get_cmdlet_will_do(self) -> None:
        machine, _ = one_point()
        handed = {"invoke": {"name": "Get-CMDistributionPoint", "parameters": {"SiteSystemServerName": DP}}}
        assert run(machine, "Set-CMDistributionPoint", InputObject=handed, EnablePxe=True)["ok"]
        machine.sleep(10)
        assert role(machine, POINT)["IsPXE"] == 1

    def test_the_password_is_opaque_and_another_for_another_password(self) -> None:
        machine, site = one_point()
        found = []
        for password in ("first", "second", "second"):
            change(machine, PxePassword={"secure": password})
            found.append(site.osd.point(DP).text("PXEPassword"))
        assert found[0] != found[1] == found[2]
        assert "second" not in "".join(found)

    def test_multicast_needs_windows_deployment_services(self) -> None:
        machine, site = one_point(multicast=True)
        assert kind(run(machine, "Set-CMDistributionPoint", SiteSystemServerName=DP, EnableNonWdsPxe=True)) == "failed"
        change(machine, EnableNonWdsPxe=True, EnableMulticast=False)
        assert site.osd.responder(DP) == "configmgr"
        assert site.osd.servers(MULTICAST_POINT) == []


class TestMacCmdlets:
    def test_by_default_the_policy_stays(self) -> None:
        machine, site = one_point(pxe=True)
        change(machine, MacAddressForRespondingPxeRequest=["00155d0a1401"])
        assert site.osd.binding(DP) == (0, ["00:15:5D:0A:14:01"])
        change(machine, AddMacAddressForRespondingPxeRequest=["00-15-5D-0A-14-02", "00155D0A1401"])
        assert site.osd.binding(DP) == (0, list(MACS))
        change(machine, RemoveMacAddressForRespondingPxeRequest=["00155D0A1401"])
        assert site.osd.binding(DP) == (0, [MACS[1]])

    def test_clearing_a_restricted_point_leaves_it_answering_nothing(self) -> None:
        machine, site = one_point(pxe=True, bind=MACS)
        change(machine, ClearMacAddressForRespondingPxeRequest={"switch": True})
        assert site.osd.binding(DP) == (1, [])
        assert len(site.osd.bound_to_nothing) == 1

    def test_answering_everywhere_keeps_the_list(self) -> None:
        machine, site = one_point(pxe=True, bind=MACS)
        change(machine, RespondToAllNetwork={"switch": True})
        assert site.osd.binding(DP) == (0, list(MACS))

    def test_elsewhere_the_policy_follows_the_list(self) -> None:
        machine, site = one_point(pxe=True, mac_sets_policy=True)
        change(machine, MacAddressForRespondingPxeRequest=list(MACS))
        assert site.osd.binding(DP) == (1, list(MACS))
        change(machine, ClearMacAddressForRespondingPxeRequest={"switch": True})
        assert site.osd.binding(DP) == (0, [])

    @pytest.mark.parametrize(
        ("notation", "stored"),
        [("colons", "00:15:5D:0A:14:01"), ("dashes", "00-15-5D-0A-14-01"), ("bare", "00155D0A1401"), ("as_given", "0015.5d0a.1401")],
    )
    def test_macs_are_stored_as_the_site_does_it(self, notation: str, stored: str) -> None:
        machine, site = one_point(mac_notation=notation)
        change(machine, MacAddressForRespondingPxeRequest=["0015.5d0a.1401"])
        assert site.osd.binding(DP)[1] == [stored]


def test_the_network_access_account_is_in_the_component_and_in_the_store() -> None:
    machine, site = provider(network_access_accounts=("CORP\\naa",))
    site.store_account("CORP\\other")
    (row,) = rows(machine, "SMS_SCI_ClientComp")
    assert row["PropLists"][0]["Values"] == ["CORP\\naa"]
    usage = {row["UserName"]: row["AccountUsage"] for row in rows(machine, "SMS_SCI_Reserved")}
    assert usage == {"CORP\\naa": ["Software Distribution"], "CORP\\other": []}
    for parameters, accounts in (
        ({"AddNetworkAccessAccountName": ["CORP\\other"]}, ["CORP\\naa", "CORP\\other"]),
        ({"RemoveNetworkAccessAccountName": ["corp\\NAA"]}, ["CORP\\other"]),
        ({"ClientComputerAccount": {"switch": True}}, []),
    ):
        assert run(machine, "Set-CMSoftwareDistributionComponent", SiteCode="P01", **parameters)["ok"]
        machine.sleep(10)
        assert site.osd.network_access_accounts() == accounts
    assert {tuple(row["AccountUsage"]) for row in rows(machine, "SMS_SCI_Reserved")} == {()}


def test_an_account_of_the_store_that_is_used_for_it_is_one_of_the_component() -> None:
    site = Site(SiteOptions(store=(StoredAccount("CORP\\naa", ("Software Distribution",)),)))
    assert site.osd.network_access_accounts() == ["CORP\\naa"]
    assert site.usage("corp\\naa") == ["Software Distribution"]


def test_a_reader_changes_nothing() -> None:
    machine, _ = one_point()
    found = answer(
        machine, "cmdlet.invoke", module="ConfigurationManager", name="Set-CMDistributionPoint", site="P01", parameters={"EnablePxe": True}
    )
    assert kind(found) == "invalid"
