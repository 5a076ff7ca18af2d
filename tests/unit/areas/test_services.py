# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The named services: what listens for them, and how Windows' own rules for it are recognised."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import GENERATED, icmp_type, services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rules import belongs
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import PROTOCOLS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import IcmpType
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.groups import predefined
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    FirewallState,
    Interface,
    Query,
    RuleKey,
    StoreState,
)

SOURCE = yaml.safe_load(GENERATED.with_suffix(".yml").read_text(encoding="utf-8"))
REFERENCE_DATA = "CONFIGMGR_HARDENING_REFERENCE_DATA"
FIELDS = {"protocol", "ports", "icmp", "program", "service", "rules", "groups", "source"}
# These come with the optional OpenSSH server or came with the Windows of long ago; of the last ones the strings are not at hand.
NOT_IN_EXPORTS = {"openssh-server-in-tcp", "remotedesktop-in-tcp", "winrm-http-in-tcp-public"}
NOT_IN_EXPORTS |= {"fps-smb-in-tcp-v2", "fps-icmp4-erq-in-v2", "fps-icmp6-erq-in-v2"}
# This rule is for the mapper's port and names a program that does not own it.
OTHER_PROGRAM = {"wininit-shutdown-in-rule-tcp-rpc-epmapper"}


def test_what_actions_load_is_the_source() -> None:
    assert json.loads(GENERATED.read_text(encoding="utf-8")) == SOURCE


@pytest.mark.parametrize("name", SOURCE)
def test_every_fact_has_a_source(name: str) -> None:
    assert SOURCE[name].keys() <= {"title", "controls", "caveats", "endpoints"}
    assert SOURCE[name]["title"]
    for endpoint in SOURCE[name]["endpoints"]:
        assert endpoint.keys() <= FIELDS
        assert endpoint["protocol"] in PROTOCOLS
        assert len(endpoint["source"]) > 10
        assert ("icmp" in endpoint) == endpoint["protocol"].startswith("icmp")
        assert "ports" in endpoint or "icmp" in endpoint or "program" in endpoint


def test_the_controls_are_in_the_catalogue() -> None:
    named = {control for service in services().values() for control in service.controls}
    assert named <= load().keys()
    assert {load()[control].area for control in named} == {"firewall_exception"}


def test_the_groups_are_known() -> None:
    groups = {group for service in services().values() for endpoint in service.endpoints for group in endpoint.groups}
    assert all(predefined(group) for group in groups)


def test_client_push_needs_what_the_site_server_comes_to() -> None:
    endpoints = services()["client_push"].endpoints
    assert [endpoint.title for endpoint in endpoints] == [
        "TCP 445",
        "TCP RPC-EPMap",
        "TCP RPC",
        "ICMPv4 echo request",
        "ICMPv6 echo request",
    ]
    assert [endpoint.service for endpoint in endpoints[:3]] == [None, "RpcSs", "Winmgmt"]


def test_remote_control_is_one_program() -> None:
    (endpoint,) = services()["remote_control"].endpoints
    assert endpoint.ports == PortSet.of(2701)
    assert (endpoint.program, endpoint.service) == ("%windir%\\CCM\\RemCtrl\\CmRcService.exe", "CmRcService")


@pytest.mark.parametrize("name", ["remote_desktop", "pxe", "multicast", "wake_up_proxy"])
def test_some_services_use_udp(name: str) -> None:
    assert any(endpoint.protocol == PROTOCOLS["udp"] for endpoint in services()[name].endpoints)


def test_icmp_types() -> None:
    assert icmp_type("8") == IcmpType(8, None)
    assert icmp_type("128:0") == IcmpType(128, 0)
    for text in ("", "8:", ":0", "300", "8:256", "-1", "8:*"):
        with pytest.raises(ValueError, match="^" + re.escape(text) + "$"):
            icmp_type(text)


# ------------------------------------------------------------------ held against rules of real hosts


@pytest.fixture(scope="module")
def windows_rules() -> dict[str, list[Rule]]:
    """Inbound rules by id in lower case, each as it was seen on one host or another."""
    folder = os.environ.get(REFERENCE_DATA)
    if not folder:
        pytest.skip(f"no reference data: {REFERENCE_DATA} is not set")
    found: dict[str, list[Rule]] = {}
    for line in (Path(folder) / "firewall_rule_samples.tsv").read_bytes().decode("utf-8").split("\n"):
        if line and not line.startswith("#"):
            rule_id, _store, _source, text = line.split("\t")
            rule = parse(rule_id, text)
            if isinstance(rule, Rule) and rule.direction == "in":
                found.setdefault(rule_id.casefold(), []).append(rule)
    return found


@pytest.mark.parametrize("name", SOURCE)
def test_windows_own_rules_are_recognised_and_admit_to_the_service(name: str, windows_rules: dict[str, list[Rule]]) -> None:
    lan = Interface("{11111111-1111-1111-1111-111111111111}", "lan", "lan", "domain", ("10.1.2.3/24",))
    for endpoint in services()[name].endpoints:
        if endpoint.rules:
            assert not endpoint.rules.isdisjoint(windows_rules) or endpoint.rules <= NOT_IN_EXPORTS
        assert endpoint.rules - NOT_IN_EXPORTS <= windows_rules.keys()
        for rule_id in endpoint.rules - NOT_IN_EXPORTS - OTHER_PROGRAM:
            for rule in windows_rules[rule_id]:
                assert belongs(rule, endpoint)
                firewall = Firewall(FirewallState({"local": StoreState((rule,))}, (lan,)))
                ports = endpoint.ports
                icmp = endpoint.icmp[0] if endpoint.icmp else None
                query = Query(
                    endpoint.protocol,
                    port=ports.ranges[0][0] if ports.ranges and not ports.is_any else None,
                    keyword=next(iter(ports.keywords), None),
                    icmp=(icmp.type, icmp.code or 0) if icmp else None,
                    program=endpoint.program,
                    service=endpoint.service,
                )
                assert firewall.matching(query) == (RuleKey("local", rule.rule_id),)


def test_no_other_rule_of_windows_is_taken_for_one(windows_rules: dict[str, list[Rule]]) -> None:
    known = {rule_id for service in services().values() for endpoint in service.endpoints for rule_id in endpoint.rules}
    strangers = {
        rule.rule_id
        for rules in windows_rules.values()
        for rule in rules
        for service in services().values()
        for endpoint in service.endpoints
        if belongs(rule, endpoint) and rule.rule_id.casefold() not in known and not rule.rule_id.startswith("{")
    }
    # Of these groups; whether one is for the endpoint is told by its port and program besides.
    assert all(rule_id.startswith(("FPS-", "RemoteDesktop-Shadow", "WMS-", "RemoteAssistance-", "RVM-")) for rule_id in strangers), (
        strangers
    )
