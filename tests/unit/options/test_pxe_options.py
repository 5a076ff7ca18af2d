# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules between the options of PXE, and words that the readings of a distribution point explain."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.pxe_interface_binding import demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.pxe_interface_binding_options import PxeOptions, read_options
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options import read

DP = "DP01.corp.example"
MAC = "00:15:5D:01:0A:01"
SECRET = "correct horse battery staple"
POINT = "distribution_points[0]"


def adapter(name: str, mac: str, *addresses: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "mac": mac, "addresses": list(addresses), "down": None, "team": None, **more}


def reading(*adapters: dict[str, Any], computer: str = "DP01") -> dict[str, Any]:
    parts = {"computer": computer, "domain": "corp.example", "adapters": list(adapters), "services": [], "listening": [], "dp": {}}
    return {"pxe_interface_binding": {**parts, "wds": {"policy": None, "interfaces": None}}}


HEARD = {"dp01": reading(adapter("Clients", "00155D010A01", "10.20.1.5/24"), adapter("Lab", "00155D010A03", down="disconnected"))}


def said(**given: Any) -> PxeOptions:
    return read_options(read.read_options("pxe_interface_binding", given))


def point(**given: Any) -> dict[str, Any]:
    return {"distribution_points": [{"name": DP, **given}], "readings": HEARD}


def refused(**given: Any) -> tuple[str, ...]:
    with pytest.raises(OptionError) as caught:
        said(**given)
    return caught.value.sentences


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {},
            "pxe_interface_binding: says nothing; give distribution_points on a host of the SMS Provider, or this_distribution_point on one"
            " of them.",
        ),
        ({"distribution_points": [], "site_code": "P0"}, "site_code: 'P0' is no site code; allowed are three letters or digits."),
        ({"distribution_points": [], "wait_seconds": 0}, "wait_seconds: 0 is out of range; allowed are whole numbers from 1 to 3600."),
        (point(name="DP 01"), f"{POINT}.name: 'DP 01' is no name of a server; allowed is one such as DP01.corp.example."),
        (
            point(pxe=True),
            f"{POINT}.interfaces: missing; PXE of {DP} is to be on, so name the interfaces that may answer, or say respond_on_all: true.",
        ),
        (
            point(interfaces=[]),
            f"{POINT}.interfaces: is empty for {DP}, and bound to nothing PXE answers nobody; name interfaces, or say pxe: false.",
        ),
        (
            point(interfaces=[MAC], respond_on_all=True),
            f"{POINT}.respond_on_all: cannot be given together with interfaces; leave one of them out.",
        ),
        (
            point(pxe=False, password=SECRET),
            f"{POINT}.password: cannot be given together with pxe: false, which answers nobody; leave one of them out.",
        ),
        (point(response_delay=33), f"{POINT}.response_delay: 33 is out of range; allowed are whole seconds from 0 to 32."),
        (
            point(responder="configmgr", multicast=True),
            f"{POINT}.multicast: needs WDS, which responder: configmgr takes the place of; leave one of them out.",
        ),
        (point(password=" "), f"{POINT}.password: is empty; give a password, or leave it out."),
        (
            point(interfaces=["00:15:5D:01:0A:0"]),
            f"{POINT}.interfaces[0]: '00:15:5D:01:0A:0' is no MAC address, as it has 11 digits; allowed are 12, such as"
            " 00:11:22:33:44:55, 00-11-22-33-44-55 or 001122334455.",
        ),
        (
            point(interfaces=["10.20.1.0/16"]),
            f"{POINT}.interfaces[0]: '10.20.1.0/16' is no network; allowed is one such as 10.20.0.0/16, with zeros where hosts are"
            " counted.",
        ),
        (
            point(interfaces=[{"network": "10.20.1.5", "all": True}]),
            f"{POINT}.interfaces[0]: '10.20.1.5' is no network; allowed is one such as 10.20.0.0/16.",
        ),
        (
            point(interfaces=[{"name": "Lab"}]),
            f"{POINT}.interfaces[0]: is no network; allowed is a dictionary of network, such as 10.20.0.0/16, and all, true or false.",
        ),
        (point(interfaces=[7]), f"{POINT}.interfaces[0]: 7 is no text; put a network, address, name or MAC address in quotes."),
        (
            point(interfaces=["Office"]),
            f"{POINT}.interfaces: 'Office' is no interface of {DP}; there are Clients (00:15:5D:01:0A:01, 10.20.1.5/24); Lab"
            " (00:15:5D:01:0A:03, no address, disconnected).",
        ),
        (
            {**point(interfaces=["Clients", MAC]), "readings": {}},
            f"{POINT}.interfaces: which interfaces Clients is can only be told by those of {DP}, and there are no readings of DP01; run the"
            " play of that distribution point first, say in host which one it is, or name MAC addresses.",
        ),
        (
            {"distribution_points": [], "readings": {"dp01": {"pxe_interface_binding": {"adapters": []}}}},
            "readings: those of dp01 are not what the play of a distribution point returns (KeyError 'computer'); run it again.",
        ),
        (
            {"this_distribution_point": {"pxe": False, "interfaces": [MAC]}},
            "this_distribution_point.interfaces: cannot be given together with pxe: false, which answers nobody; leave one of them out.",
        ),
    ],
)
def test_what_is_wrong_is_a_whole_sentence(given: dict[str, Any], sentence: str) -> None:
    assert refused(**given) == (sentence,)


def test_a_point_is_named_once() -> None:
    twice = [{"name": DP}, {"name": DP.lower()}]
    assert refused(distribution_points=twice) == (
        "distribution_points[1].name: 'dp01.corp.example' is named twice; case does not matter. Name each one once.",
    )


def test_two_interfaces_of_a_network_need_a_word_for_both() -> None:
    two = {"DP01": reading(adapter("A", "00155D010A01", "10.20.1.5/24"), adapter("B", "00155D010A02", "10.20.2.5/24"))}
    given = {**point(interfaces=["10.20.0.0/16"]), "readings": two}
    assert "fits 2 interfaces" in refused(**given)[0]
    both = {**point(interfaces=[{"network": "10.20.0.0/16", "all": True}]), "readings": two}
    (found,) = said(**both).points or ()
    assert found.macs == ("00155D010A01", "00155D010A02")


@pytest.mark.parametrize("key", ["dp01", "DP01", "DP01.corp.example", "dp01.elsewhere.example"])
def test_readings_are_found_by_the_server_s_name(key: str) -> None:
    (found,) = said(**{**point(interfaces=["clients"]), "readings": {key: HEARD["dp01"]}}).points or ()
    assert found.macs == ("00155D010A01",) and found.host == key


def test_readings_of_a_server_that_only_begins_alike_are_not_taken() -> None:
    alike = [{"name": DP, "interfaces": ["Clients"]}, {"name": "DP01.lab.example", "interfaces": [MAC]}]
    assert "no readings of DP01" in refused(distribution_points=alike, readings=HEARD)[0]
    (first, second) = said(distribution_points=[{**alike[0], "host": "dp01"}, alike[1]], readings=HEARD).points or ()
    assert first.reading is not None and second.reading is None
    assert "no readings of DP01" in refused(distribution_points=[{**alike[1], "interfaces": ["Clients"]}], readings=HEARD)[0]


def test_readings_of_another_host_are_found_by_its_name_only() -> None:
    (found,) = said(**{**point(interfaces=["clients"], host="boot-server"), "readings": {"Boot-Server": HEARD["dp01"]}}).points or ()
    assert found.macs == ("00155D010A01",)
    assert "no readings of boot-server" in refused(**point(interfaces=["clients"], host="boot-server"))[0]


def test_readings_of_other_areas_and_of_hosts_that_failed_are_passed_over() -> None:
    others: dict[str, Any] = {"cl01": {"client_push_target": {"admitted": []}}, "dp02": {}, "dp03": None}
    (found,) = said(**{**point(interfaces=[MAC.replace(":", "-")]), "readings": others}).points or ()
    assert found.macs == ("00155D010A01",) and found.reading is None


def test_a_password_is_told_nowhere() -> None:
    options = said(**point(pxe=True, interfaces=[MAC], password=SECRET))
    checked = read.read_options("pxe_interface_binding", point(pxe=True, interfaces=[MAC], password=SECRET))
    assert SECRET not in repr(options) and SECRET not in repr(demands(checked))
    with pytest.raises(OptionError) as caught:
        read.read_options("pxe_interface_binding", point(password=[SECRET]))
    assert SECRET not in str(caught.value)
