# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a distribution point shows of its PXE, and what that says of what is declared."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_adapter import Adapter
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_server import (
    COPY_UNPROVEN,
    FILTER_UNPROVEN,
    PORTS,
    MalformedReadingsError,
    PxeServer,
    says_off,
    says_on,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.udp_endpoint import UdpEndpoint
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.wds import WdsBinding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.windows_service import Service

CLIENTS = Adapter("Clients", "00155D010A01", ("10.20.1.5/24",))
MANAGEMENT = Adapter("Management", "00155D010A02", ("10.99.0.5/24",))
WDS = Service("WDSServer", "Running", "Auto", 7)
RESPONDER = Service("SccmPxe", "Running", "Auto", 8)
DENIED = Problem(Code.ACCESS_DENIED, "denied")


def listening(*addresses: str, process: int = 7) -> tuple[UdpEndpoint, ...]:
    return tuple(UdpEndpoint(address, port, process) for address in addresses for port in PORTS)


GOOD = PxeServer("DP01", (CLIENTS, MANAGEMENT), (WDS,), WdsBinding(1, ("MAC:00155D010A01",)), listening("10.20.1.5"), (("IsPXE", 1),))


def test_a_server_that_does_what_is_declared() -> None:
    assert says_on(GOOD, (CLIENTS,), "wds") == says_on(GOOD, (CLIENTS,), None)
    assert not says_on(GOOD, (CLIENTS,), "wds").against and not says_on(GOOD, (CLIENTS,), "wds").doubts


@pytest.mark.parametrize(
    ("changes", "against"),
    [
        ({"services": ()}, ["neither WDSServer nor SccmPxe runs"]),
        ({"services": (replace(WDS, state="Stopped", process=None),)}, ["neither WDSServer nor SccmPxe runs"]),
        ({"services": (WDS, RESPONDER)}, ["WDSServer and SccmPxe both run"]),
        ({"services": (WDS, replace(RESPONDER, state="Stopped"))}, ["both installed"]),
        ({"services": (RESPONDER,), "listening": listening("10.20.1.5", process=8)}, ["SccmPxe runs and not WDSServer"]),
        ({"wds": WdsBinding(1, ("MAC:00155D010A02",))}, ["WDS is told to answer on Management"]),
        ({"wds": WdsBinding(0, ())}, ["WDS is told to answer on Clients (00:15:5D:01:0A:01), Management"]),
        ({"wds": WdsBinding(0, ("IP:10.20.1.5",))}, ["WDS is told to answer on Management"]),
        ({"wds": WdsBinding(1, ("MAC:00-15-5d-01-0a-01", "MAC:00155D0000FF"))}, ["MAC:00155D0000FF, which no adapter has"]),
        ({"listening": listening("10.20.1.5", "10.99.0.5")}, ["WDSServer listens on 10.99.0.5 (Management), which is not declared"]),
        ({"listening": listening("10.99.0.5")}, ["listens on 10.99.0.5", "does not listen on Clients"]),
        ({"listening": ()}, ["listens on none of UDP 67, 69, 4011"]),
    ],
)
def test_what_a_server_says_against_it(changes: dict[str, Any], against: list[str]) -> None:
    said = says_on(replace(GOOD, **changes), (CLIENTS,), "wds").against
    assert len(said) >= 1
    assert all(any(part in line for line in said) for part in against), said


@pytest.mark.parametrize(
    "changes",
    [
        {"wds": WdsBinding(None, ("IP:10.99.0.5",))},
        {"wds": WdsBinding(0, ("mac:00:15:5d:01:0a:02",))},
        {"wds": WdsBinding(1, ("IP:10.20.1.5",))},
        {"listening": (*listening("10.20.1.5"), UdpEndpoint("0.0.0.0", 67, 99))},  # noqa: S104 a DHCP server's
        {"listening": listening("10.20.1.5", "127.0.0.1")},
        {"services": (WDS, replace(RESPONDER, state="Stopped", start_mode="Disabled"))},
    ],
)
def test_what_is_the_same_said_otherwise(changes: dict[str, Any]) -> None:
    says = says_on(replace(GOOD, **changes), (CLIENTS,), "wds")
    assert says.against == () and says.doubts == ()


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"services": DENIED}, Code.ACCESS_DENIED, "denied"),
        ({"listening": DENIED}, Code.ACCESS_DENIED, "denied"),
        ({"wds": DENIED}, Code.ACCESS_DENIED, "denied"),
        ({"wds": WdsBinding(2, ())}, Code.UNDOCUMENTED_VALUE, "BindPolicy of 2"),
        ({"wds": WdsBinding(), "listening": listening("0.0.0.0")}, Code.DEFAULT_UNKNOWN, COPY_UNPROVEN),  # noqa: S104
        (
            {"services": (RESPONDER,), "listening": listening("0.0.0.0", process=8)},  # noqa: S104
            Code.NOT_LOOKED_INTO,
            FILTER_UNPROVEN,
        ),
    ],
)
def test_what_cannot_be_told(changes: dict[str, Any], code: Code, message: str) -> None:
    says = says_on(replace(GOOD, **changes), (CLIENTS,), None)
    assert says.against == ()
    assert says.doubts[0][0] is code and message in says.doubts[0][1]


def test_where_it_listens_decides_where_nobody_knows_whether_wds_gets_a_copy() -> None:
    says = says_on(replace(GOOD, wds=WdsBinding()), (CLIENTS,), None)
    assert (says.against, says.doubts, says.caveats) == ((), (), (COPY_UNPROVEN,))


def test_a_restart_mends_only_what_wds_is_told_rightly() -> None:
    late = replace(GOOD, listening=listening("10.99.0.5"))
    assert says_on(late, (CLIENTS,), None).restart == "WDSServer"
    assert says_on(replace(late, wds=WdsBinding(0, ())), (CLIENTS,), None).restart is None
    assert says_on(GOOD, (CLIENTS,), None).restart is None


def test_a_server_without_pxe() -> None:
    assert says_off(GOOD).against == ("WDSServer runs",)
    assert says_off(replace(GOOD, services=())).against == ()
    assert says_off(replace(GOOD, services=DENIED)).doubts == ((Code.ACCESS_DENIED, "denied"),)


@pytest.mark.parametrize("part", ["adapters", "services", "wds", "listening"])
def test_readings_bring_all_back(part: str) -> None:
    denied: dict[str, Any] = {part: DENIED}
    for server in (GOOD, replace(GOOD, **denied)):
        assert PxeServer.from_data(json.loads(json.dumps(server.to_data()))) == server


@pytest.mark.parametrize("data", [None, [], "x", {}, {**GOOD.to_data(), "adapters": [{}]}, {**GOOD.to_data(), "listening": [1]}])
def test_other_data_is_no_reading(data: Any) -> None:
    with pytest.raises(MalformedReadingsError):
        PxeServer.from_data(data)
