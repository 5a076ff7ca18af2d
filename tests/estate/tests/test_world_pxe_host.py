# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A distribution point's own host: services, values, who listens, and what it takes until a change has arrived there."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from osd_support import DP, kind, run
from world_support import answer, ask

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours import event_log, pxe_point
from windows_estate.world.behaviours.configmgr_site import DistributionPoint, OsdOptions, Site, SiteOptions
from windows_estate.world.behaviours.configmgr_site import attach as attach_site
from windows_estate.world.behaviours.pxe_point import PxeHostOptions, PxePoint
from windows_estate.world.network import Interface, Network

MACS = {"Clients": "00:15:5D:0A:14:01", "Staging": "00:15:5D:0A:14:02", "Management": "00:15:5D:0A:14:03"}
ADDRESSES = {"Clients": "10.20.1.21", "Staging": "10.30.0.21", "Management": "10.99.0.21"}
EVERYWHERE = set(ADDRESSES.values())
PORTS = {67, 69, 4011}
WDSPXE = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\WDSServer\\Providers\\WDSPXE"


def three_cards() -> Network:
    return Network(
        tuple(
            Interface(
                alias,
                f"{{{number:08X}-0000-4000-8000-000000000001}}",
                4 + number,
                "domain",
                (ipaddress.ip_interface(f"{ADDRESSES[alias]}/24"),),
                mac=mac.replace(":", "-"),
            )
            for number, (alias, mac) in enumerate(MACS.items())
        )
    )


def host(state: dict[str, Any] | None = None, network: Network | None = None, **more: Any) -> tuple[Machine, PxePoint]:
    """A distribution point without a site; `more`: of the point, and of its host."""
    mine = {name: value for name, value in more.items() if name in DistributionPoint.__dataclass_fields__}
    options = PxeHostOptions(**{name: value for name, value in more.items() if name not in mine})
    machine = Machine(state or {"host": {"name": "DP01", "product_type": 3}}, clock=SimulatedClock())
    point = DistributionPoint(DP, **{"pxe": True, **mine})
    return machine, pxe_point.attach(machine, point=point, network=network or three_cards(), options=options)


def followed(bind: tuple[str, ...] | None = None, responder: str = "wds", **options: Any) -> tuple[Machine, Machine, Site, PxePoint]:
    """A site server, a distribution point of its site, and both on one clock."""
    clock = SimulatedClock()
    server = Machine({"host": {"name": "CM01"}}, clock=clock)
    osd = OsdOptions(distribution_points=(DistributionPoint(DP, pxe=True, bind=bind, responder=responder),))
    site = attach_site(server, options=SiteOptions(osd=osd))
    machine = Machine({"host": {"name": "DP01", "product_type": 3}}, clock=clock)
    point = pxe_point.attach(machine, site, server=DP, network=three_cards(), options=PxeHostOptions(**options))
    return server, machine, site, point


def endpoints(machine: Machine) -> set[tuple[str, int]]:
    query = "SELECT LocalAddress, LocalPort, OwningProcess FROM MSFT_NetUDPEndpoint WHERE LocalPort=67 OR LocalPort=69 OR LocalPort=4011"
    found = ask(machine, "cim.query", namespace="root\\StandardCimv2", query=query)["rows"]
    running = {row["ProcessId"] for row in services(machine).values() if row["State"] == "Running"}
    assert {row["OwningProcess"] for row in found} <= running
    return {(row["LocalAddress"], row["LocalPort"]) for row in found}


def services(machine: Machine) -> dict[str, dict[str, Any]]:
    query = "SELECT Name, State, StartMode, ProcessId FROM Win32_Service WHERE Name='WDSServer' OR Name='SccmPxe'"
    return {row["Name"]: row for row in ask(machine, "cim.query", namespace="root\\cimv2", query=query)["rows"]}


def states(machine: Machine) -> dict[str, str]:
    return {name: row["State"] for name, row in services(machine).items()}


def values(machine: Machine, key: str = WDSPXE) -> dict[str, Any]:
    return {name: value["data"] for name, value in ask(machine, "registry.read", key=key)["values"].items()}


def on(addresses: set[str]) -> set[tuple[str, int]]:
    return {(address, port) for address in addresses for port in PORTS}


def restart(machine: Machine, name: str = "WDSServer") -> dict[str, Any]:
    module = "Microsoft.PowerShell.Management"
    return answer(machine, "cmdlet.invoke", module=module, name="Restart-Service", mutates=True, select=[], parameters={"Name": name})


class TestWindowsDeploymentServices:
    def test_it_binds_to_the_addresses_of_the_interfaces(self) -> None:
        machine, point = host()
        assert states(machine) == {"WDSServer": "Running"}
        assert endpoints(machine) == on(EVERYWHERE)
        assert point.answers_on() == list(MACS)
        assert (values(machine)["BindPolicy"], values(machine)["BindInterfaces"]) == (0, [])

    def test_a_restricted_one_binds_to_its_own(self) -> None:
        machine, point = host(bind=(MACS["Clients"], MACS["Staging"].replace(":", "-").lower()))
        assert endpoints(machine) == on({ADDRESSES["Clients"], ADDRESSES["Staging"]})
        assert point.answers_on() == ["Clients", "Staging"]
        found = values(machine)
        assert (found["BindPolicy"], found["BindInterfaces"]) == (1, ["MAC:00155D0A1401", "MAC:00155D0A1402"])

    @pytest.mark.parametrize(
        ("policy", "entries", "alias"),
        [
            (1, ("MAC:00-15-5d-0a-14-03",), {"Management"}),
            (1, ("IP:10.30.0.21", "mac:00155D0A1401"), {"Staging", "Clients"}),
            (0, ("IP:10.99.0.21",), {"Clients", "Staging"}),
            (1, (), set()),
        ],
    )
    def test_its_own_values_count_when_it_starts(self, policy: int, entries: tuple[str, ...], alias: set[str]) -> None:
        machine, point = host(wds_policy=policy, wds_interfaces=entries)
        assert endpoints(machine) == on({ADDRESSES[one] for one in alias})
        assert set(point.answers_on()) == alias
        assert states(machine) == {"WDSServer": "Running"}

    @pytest.mark.parametrize("entry", ["MAC:00155D0A1409", "MAC:00155D0A140", "IP:10.20.1.99", "IP:here", "10.20.1.21"])
    def test_with_a_wrong_address_it_starts_writes_an_event_and_stops(self, entry: str) -> None:
        machine, point = host(wds_policy=1, wds_interfaces=("MAC:00155D0A1401", entry))
        assert states(machine) == {"WDSServer": "Stopped"}
        assert endpoints(machine) == set()
        assert point.answers_on() == []
        (message,) = event_log.messages(machine, "WDSPXE")
        assert entry in message
        query = "SELECT Message FROM Win32_NTLogEvent WHERE SourceName='WDSPXE' AND EventType=1"
        assert ask(machine, "cim.query", namespace="root\\cimv2", query=query)["rows"] == [{"Message": message}]
        assert restart(machine)["ok"]
        assert states(machine) == {"WDSServer": "Stopped"}
        assert len(event_log.messages(machine, "WDSPXE")) == 2

    def test_beside_a_dhcp_server_it_leaves_that_port_alone(self) -> None:
        machine, _ = host(dhcp_server=True)
        assert {port for _, port in endpoints(machine)} == {69, 4011}
        assert values(machine)["UseDhcpPorts"] == 0

    def test_where_its_values_are_not_configmgrs_the_provider_filters(self) -> None:
        machine, point = host(bind=(MACS["Clients"],), copies_to_wds=False)
        assert "BindPolicy" not in values(machine)
        assert endpoints(machine) == on(EVERYWHERE)
        assert point.answers_on() == ["Clients"]


class TestResponder:
    def test_it_binds_to_everything_and_filters(self) -> None:
        machine, point = host(responder="configmgr", bind=(MACS["Clients"],))
        assert states(machine) == {"SccmPxe": "Running"}
        assert endpoints(machine) == on({"0.0.0.0"})  # noqa: S104 - nothing is bound here
        assert point.answers_on() == ["Clients"]
        assert not ask(machine, "registry.read", key=WDSPXE)["exists"]

    def test_elsewhere_it_binds_to_single_addresses(self) -> None:
        machine, point = host(responder="configmgr", bind=(MACS["Clients"],), responder_filters=False)
        assert endpoints(machine) == on({ADDRESSES["Clients"]})
        assert point.answers_on() == ["Clients"]

    def test_beside_a_dhcp_server_it_leaves_that_port_alone(self) -> None:
        machine, _ = host(responder="configmgr", dhcp_server=True)
        assert {port for _, port in endpoints(machine)} == {69, 4011}
        assert values(machine, pxe_point.DP_KEY)["DoNotListenOnDhcpPort"] == 1


class TestRole:
    def test_the_role_leaves_values(self) -> None:
        machine, _ = host(anonymous=True)
        found = values(machine, pxe_point.DP_KEY)
        assert (found["IsPXE"], found["PxeInstalled"], found["IsAnonymousAccessEnabled"], found["SiteCode"]) == (1, 1, 1, "P01")

    def test_without_pxe_nobody_listens(self) -> None:
        machine, point = host(pxe=False)
        assert services(machine) == {}
        assert endpoints(machine) == set()
        assert point.answers_on() == []
        assert values(machine, pxe_point.DP_KEY)["IsPXE"] == 0

    @pytest.mark.parametrize(("other", "state"), [("stopped", "Stopped"), ("running", "Running")])
    def test_both_responders_may_be_installed(self, other: str, state: str) -> None:
        machine, _ = host(other_responder=other)
        assert states(machine) == {"WDSServer": "Running", "SccmPxe": state}

    def test_one_that_does_not_answer_listens_all_the_same(self) -> None:
        machine, point = host(answer_requests=False)
        assert endpoints(machine) == on(EVERYWHERE)
        assert point.answers_on() == []

    def test_one_that_was_not_started_does_nothing(self) -> None:
        machine, _ = host(started=False)
        assert states(machine) == {"WDSServer": "Stopped"}
        assert endpoints(machine) == set()

    def test_a_rule_of_the_firewall_comes_with_it_or_does_not(self) -> None:
        key = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
        for is_open in (True, False):
            machine, _ = host(firewall_open=is_open)
            assert ("WDS-WdsServer-In-UDP" in machine.registry.values(key)) is is_open

    def test_a_machine_whose_state_has_the_network(self) -> None:
        adapters = [
            {"Name": alias, "InterfaceIndex": 4 + number, "PermanentAddress": mac.replace(":", ""), "InterfaceOperationalStatus": 1}
            for number, (alias, mac) in enumerate(MACS.items())
        ]
        addresses = [{"InterfaceIndex": 4 + number, "IPAddress": own, "PrefixLength": 24} for number, own in enumerate(ADDRESSES.values())]
        namespace = {
            "classes": {
                "MSFT_NetAdapter": {"properties": {name: "uint32" if name.startswith("Interface") else "string" for name in adapters[0]}},
                "MSFT_NetIPAddress": {"properties": {name: "string" if name == "IPAddress" else "uint32" for name in addresses[0]}},
            },
            "instances": [
                *({"class": "MSFT_NetAdapter", "properties": one} for one in adapters),
                *({"class": "MSFT_NetIPAddress", "properties": one} for one in addresses),
            ],
        }
        machine = Machine({"host": {"name": "DP01"}, "wmi": {"root\\StandardCimv2": namespace}}, clock=SimulatedClock())
        pxe_point.attach(machine, point=DistributionPoint(DP, pxe=True, bind=(MACS["Staging"],)))
        assert endpoints(machine) == on({ADDRESSES["Staging"]})
        assert len(ask(machine, "cim.query", namespace="root\\StandardCimv2", query="SELECT * FROM MSFT_NetAdapter")["rows"]) == 3


class TestServices:
    def test_cmdlets_and_methods_start_and_stop(self) -> None:
        machine, point = host()
        first = services(machine)["WDSServer"]["ProcessId"]
        assert restart(machine)["ok"]
        assert services(machine)["WDSServer"]["ProcessId"] > first
        query = "SELECT * FROM Win32_Service WHERE Name='WDSServer'"
        for method, result, state in (("StopService", 0, "Stopped"), ("StopService", 5, "Stopped"), ("StartService", 0, "Running")):
            found = answer(machine, "cim.invoke", namespace="root\\cimv2", query=query, method=method, mutates=True)
            assert found["data"]["return_value"] == result
            assert states(machine)["WDSServer"] == state
            assert bool(point.answers_on()) is (state == "Running")

    def test_a_disabled_one_does_not_start(self) -> None:
        machine, _ = host(started=False)
        module = "Microsoft.PowerShell.Management"
        parameters = {"Name": "wdsserver", "StartupType": "Disabled"}
        found = answer(machine, "cmdlet.invoke", module=module, name="Set-Service", mutates=True, select=[], parameters=parameters)
        assert found["ok"], found
        assert kind(restart(machine)) == "failed"
        assert services(machine)["WDSServer"]["StartMode"] == "Disabled"
        assert kind(restart(machine, "SccmPxe")) == "not_found"


class TestFollowing:
    def test_a_change_arrives_and_reaches_the_listeners_with_a_restart(self) -> None:
        server, machine, site, point = followed()
        assert run(server, "Set-CMDistributionPoint", SiteSystemServerName=DP, AddMacAddressForRespondingPxeRequest=[MACS["Clients"]])["ok"]
        server.sleep(10)
        site.osd.set_binding(DP, policy=1)
        machine.sleep(1)
        assert values(machine)["BindPolicy"] == 0
        machine.sleep(10)
        assert (values(machine)["BindPolicy"], values(machine)["BindInterfaces"]) == (1, ["MAC:00155D0A1401"])
        assert endpoints(machine) == on(EVERYWHERE)
        assert point.answers_on() == list(MACS)
        assert restart(machine)["ok"]
        assert endpoints(machine) == on({ADDRESSES["Clients"]})
        assert point.answers_on() == ["Clients"]

    def test_the_responders_filter_changes_with_a_restart_too(self) -> None:
        _, machine, site, point = followed(responder="configmgr")
        site.osd.set_binding(DP, 1, [MACS["Staging"]])
        machine.sleep(1)
        machine.sleep(20)
        assert point.answers_on() == list(MACS)
        assert restart(machine, "SccmPxe")["ok"]
        assert point.answers_on() == ["Staging"]

    def test_pxe_goes_and_comes(self) -> None:
        server, machine, _, point = followed()
        for wanted, found in ((False, {}), (True, {"WDSServer": "Running"})):
            assert run(server, "Set-CMDistributionPoint", SiteSystemServerName=DP, EnablePxe=wanted)["ok"]
            for _ in range(3):
                machine.sleep(10)
            assert states(machine) == found
            assert bool(point.answers_on()) is wanted

    def test_one_responder_follows_the_other(self) -> None:
        server, machine, _, point = followed()
        seen: list[tuple[str, bool]] = []
        point.on_feature.append(lambda name, present: seen.append((name, present)))
        assert run(server, "Set-CMDistributionPoint", SiteSystemServerName=DP, EnableNonWdsPxe=True)["ok"]
        for _step in range(3):
            machine.sleep(10)
        assert states(machine) == {"SccmPxe": "Running"}
        assert seen == [("WDS", False)]
        assert endpoints(machine) == on({"0.0.0.0"})  # noqa: S104 - nothing is bound here

    def test_at_rest_nothing_changes(self) -> None:
        _, machine, _, _ = followed(bind=(MACS["Clients"],))
        before = machine.fingerprint()
        for _ in range(10):
            machine.sleep(600)
        assert machine.fingerprint() == before
        restart(machine)
        assert machine.fingerprint() == before
