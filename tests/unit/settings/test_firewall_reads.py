# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the answers tell of a host's firewall: its stores, its interfaces, and what stands above them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import (
    FirewallReading,
    firewall_reads,
    listening_read,
    read_firewall,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_stores import LOCAL_RULES_READ
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, Unparsed
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    FirewallState,
    Interface,
    LegacyLists,
    Store,
)
from ansible_collections.configmgr.hardening.tests.unit.engine.firewall_host import (
    GUEST,
    LAN,
    LOCAL,
    POLICY,
    RDP,
    RULES,
    WINRM,
    FirewallHost,
    adapter,
)

SYSTEM = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
PROGRAMS = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion"


def reading(host: FirewallHost) -> FirewallReading:
    return read_firewall(host.answers(firewall_reads()))


def state(host: FirewallHost) -> FirewallState:
    found = reading(host).state
    assert found is not None
    return found


def denied(part: str, kind: str = "access_denied") -> FirewallHost:
    return FirewallHost(fails=lambda operation: kind if part in str(operation) else None)


# ---------------------------------------------------------------- the reads


def test_all_of_it_is_read_at_once_and_only_read() -> None:
    operations = firewall_reads()

    assert {operation.op for operation in operations} == {"registry.read", "cim.query"}
    assert not any("mutates" in operation.fields for operation in operations)
    assert len(set(operations)) == len(operations)
    assert LOCAL_RULES_READ in operations


def test_who_listens_is_a_read_of_its_own() -> None:
    assert listening_read() not in firewall_reads()
    assert listening_read().fields["query"].endswith("MSFT_NetTCPConnection WHERE State = 2")


def test_every_class_and_property_is_documented() -> None:
    folder = os.environ.get("CONFIGMGR_HARDENING_REFERENCE_DATA")
    if not folder:
        pytest.skip("reference data not found")
    rows = [line.split("\t") for line in (Path(folder) / "wmi_classes.tsv").read_text(encoding="utf-8").splitlines() if "\t" in line]
    documented = {(row[0].casefold(), row[1], row[4]) for row in rows if len(row) > 4}
    asked = [
        (operation.fields["namespace"].casefold(), operation.fields["query"].split(" FROM ")[1].split()[0], name)
        for operation in (*firewall_reads(), listening_read())
        if operation.op == "cim.query"
        for name in operation.fields["properties"]
    ]
    # The Security Center's classes are not part of the reference.
    assert [one for one in asked if one not in documented and one[1] != "FirewallProduct"] == []


# ---------------------------------------------------------------- the same answers


def test_it_is_worked_out_once_for_the_same_answers() -> None:
    answers = FirewallHost().answers(firewall_reads())

    assert read_firewall(answers) is read_firewall(answers)
    assert read_firewall(answers).firewall is read_firewall(answers).firewall


def test_it_is_worked_out_anew_for_others() -> None:
    host = FirewallHost()
    answers = host.answers(firewall_reads())
    before = read_firewall(answers)
    host.rules["rdp"] = RDP

    after = read_firewall(answers.updated(host.answers(firewall_reads())))

    assert after is not before
    assert after.state is not None
    assert [rule.rule_id for rule in after.state.stores["local"].rules] == ["WINRM-HTTP-In-TCP-NoScope", "rdp"]


# ---------------------------------------------------------------- the stores


def rules(host: FirewallHost, store: Store) -> list[str]:
    return [rule.rule_id for rule in state(host).stores[store].rules]


def test_rules_of_all_stores() -> None:
    host = FirewallHost({"one": WINRM}, policy_rules={"two": RDP}, registry={f"{LOCAL}\\Mdm\\FirewallRules": {"three": ("sz", RDP)}})

    assert [rules(host, store) for store in ("local", "group_policy", "mdm")] == [["one"], ["two"], ["three"]]
    assert "where MDM keeps its firewall rules is not documented" in reading(host).caveats


def test_a_host_without_any_of_the_keys() -> None:
    host = FirewallHost({}, profiles={})
    found = state(host)

    assert [len(found.stores[store].rules) for store in ("local", "group_policy", "mdm")] == [0, 0, 0]
    assert found.stores["group_policy"].profiles == {}
    assert found.stores["group_policy"].standard is None
    assert found.stores["local"].profiles == {}


def test_a_value_that_is_no_text_is_no_rule() -> None:
    host = FirewallHost(registry={RULES: {"odd": ("dword", 1), "good": ("sz", WINRM), "expand": ("expand_sz", WINRM)}})
    odd, good, expand = state(host).stores["local"].rules

    assert odd == Unparsed("odd", "", "The value is of the type dword and not a text.")
    assert isinstance(good, Rule)
    assert isinstance(expand, Rule)
    assert reading(host).evidence[0] == "local store: 3 firewall rules, of which 1 cannot be read"


def test_profiles_of_the_local_store_and_of_group_policy() -> None:
    host = FirewallHost(
        profiles={"domain": {"EnableFirewall": 1, "LogFileSize": 4096}, "private": {"DefaultInboundAction": 0}, "public": {}},
        policy={"private": {"AllowLocalPolicyMerge": 0}, "standard": {"EnableFirewall": 0}},
    )
    stores = state(host).stores

    assert stores["local"].profiles == {
        "domain": {"EnableFirewall": 1, "LogFileSize": 4096},
        "private": {"DefaultInboundAction": 0},
        "public": {},
    }
    assert stores["group_policy"].profiles == {"private": {"AllowLocalPolicyMerge": 0}}
    assert stores["group_policy"].standard == {"EnableFirewall": 0}


def test_names_of_keys_and_values_ignore_case() -> None:
    host = FirewallHost(
        registry={
            f"{POLICY}\\FIREWALLRULES": {"one": ("sz", WINRM)},
            f"{POLICY}\\domainprofile": {"enablefirewall": ("dword", 1)},
            f"{POLICY}\\domainprofile\\LOGGING": {"LOGFILESIZE": ("dword", 5)},
        }
    )
    found = state(host).stores["group_policy"]

    assert found.profiles == {"domain": {"EnableFirewall": 1, "LogFileSize": 5}}


def test_the_lists_of_old_and_what_else_is_no_plain_number() -> None:
    key = f"{LOCAL}\\StandardProfile"
    host = FirewallHost(
        registry={
            key: {"DisabledInterfaces": ("sz", f"{LAN.lower()},{GUEST}")},
            f"{key}\\GloballyOpenPorts": {"AllowUserPrefMerge": ("dword", 0)},
            f"{key}\\GloballyOpenPorts\\List": {"2701:TCP": ("sz", "2701:TCP:*:Enabled:Remote control")},
            f"{key}\\AuthorizedApplications\\List": {"C:\\a.exe": ("sz", "C:\\a.exe:*:Enabled:A")},
            f"{key}\\Logging": {"LogFilePath": ("expand_sz", "%systemroot%\\pfirewall.log")},
            f"{POLICY}\\DomainProfile\\AuthorizedApplications": {"AllowUserPrefMerge": ("dword", 1)},
        }
    )
    stores = state(host).stores

    assert stores["local"].profiles["private"] == {
        "DisabledInterfaces": (LAN, GUEST),
        "GloballyOpenPortsAllowUserPrefMerge": 0,
        "LogFilePath": ("%systemroot%\\pfirewall.log",),
    }
    assert stores["local"].legacy == {"private": LegacyLists(("2701:TCP",), ("C:\\a.exe",))}
    assert stores["group_policy"].profiles == {"domain": {"AuthorizedApplicationsAllowUserPrefMerge": 1}}
    assert stores["group_policy"].legacy == {}


@pytest.mark.parametrize(
    ("key", "name", "value", "sentence"),
    [
        (f"{LOCAL}\\DomainProfile", "EnableFirewall", ("sz", "1"), "EnableFirewall is of the type sz and not a number."),
        (f"{POLICY}\\PublicProfile", "DefaultInboundAction", ("qword", 1), "DefaultInboundAction is of the type qword and not a number."),
        (f"{POLICY}\\PublicProfile", "DisabledInterfaces", ("dword", 1), "DisabledInterfaces is of the type dword and not a text."),
    ],
)
def test_a_switch_of_another_type_is_not_guessed(key: str, name: str, value: tuple[str, Json], sentence: str) -> None:
    found = reading(FirewallHost(registry={key: {name: value}}))

    assert found.state is None
    assert found.firewall is None
    assert found.adapters == {}
    assert found.problem == Problem(Code.MALFORMED_VALUE, f"{key}\\{sentence}")


def test_what_is_not_merged_is_told() -> None:
    host = FirewallHost(
        registry={f"{LOCAL}\\RestrictedServices\\Static\\System": {}, f"{LOCAL}\\RestrictedServices\\AppIso\\FirewallRules": {}}
    )

    assert (
        "rules of service hardening and of app containers are not merged: Static\\System, AppIso\\FirewallRules" in reading(host).evidence
    )


def test_a_local_value_that_only_counts_in_group_policy_is_told() -> None:
    host = FirewallHost(profiles={"domain": {"AllowLocalPolicyMerge": 0}})

    assert reading(host).caveats == ("AllowLocalPolicyMerge in the local store has no effect, as only Group Policy's counts",)


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    "part",
    [
        "FirewallPolicy\\\\FirewallRules",
        "FirewallPolicy\\\\PublicProfile",
        "Policies\\\\Microsoft\\\\WindowsFirewall",
        "FirewallPolicy\\\\Mdm",
        "RestrictedServices",
        "MSFT_NetConnectionProfile",
        "MSFT_NetIPAddress",
        "MSFT_NetAdapter",
        "SystemRoot",
        "ProgramFilesDir",
    ],
)
def test_what_cannot_be_read_is_a_problem_and_not_nothing(part: str) -> None:
    for kind, code in (("access_denied", Code.ACCESS_DENIED), ("failed", Code.READ_FAILED), ("unsupported", Code.UNSUPPORTED_HERE)):
        found = reading(denied(part, kind))

        assert found.state is None
        assert found.problem is not None
        assert found.problem.code is code
        assert f"could not be read ({kind}): The host says {kind}." in found.problem.message


def test_servers_that_cannot_be_read_are_not_known() -> None:
    host = denied("Win32_NetworkAdapterConfiguration")

    assert state(host).interfaces[0].gateways is None
    assert reading(host).caveats == ("gateways and servers of the interfaces could not be read: The host says access_denied.",)


def test_a_service_that_cannot_be_read_may_run_or_not() -> None:
    assert state(denied("MpsSvc")).service_running is None
    assert state(FirewallHost(services=())).service_running is None
    assert "the service MpsSvc is not to be found" in reading(FirewallHost(services=())).evidence


# ---------------------------------------------------------------- what stands above


def test_the_firewall_service() -> None:
    stopped = FirewallHost(services=({"Name": "MpsSvc", "State": "Stopped", "StartMode": "Disabled"},))

    assert state(FirewallHost()).service_running is True
    assert reading(FirewallHost()).start_mode == "Auto"
    assert state(stopped).service_running is False
    assert reading(stopped).start_mode == "Disabled"
    assert "that nothing is enforced while the firewall service is stopped is documented and unproven" in reading(stopped).caveats


def test_another_firewall() -> None:
    host = FirewallHost(products=({"displayName": "Vendor Firewall"},))

    assert state(host).other_firewall is True
    assert reading(host).products == ("Vendor Firewall",)
    assert "another firewall is registered: Vendor Firewall" in reading(host).evidence
    assert state(FirewallHost()).other_firewall is False


@pytest.mark.parametrize(
    ("kind", "server", "known"),
    [("unsupported", True, False), ("not_found", True, False), ("access_denied", True, None), ("unsupported", False, None)],
)
def test_servers_have_no_security_center_and_clients_do(kind: str, server: bool, known: bool | None) -> None:
    assert state(replace(denied("SecurityCenter2", kind), server=server)).other_firewall is known


def test_where_windows_is() -> None:
    host = FirewallHost(
        registry={
            SYSTEM: {"SystemRoot": ("sz", "D:\\WINNT")},
            PROGRAMS: {"ProgramFilesDir": ("sz", "E:\\Apps"), "ProgramFilesDir (x86)": ("sz", "E:\\Apps32")},
        }
    )

    assert state(host).variables == {
        "SYSTEMROOT": "D:\\WINNT",
        "WINDIR": "D:\\WINNT",
        "SYSTEMDRIVE": "D:",
        "PROGRAMFILES": "E:\\Apps",
        "PROGRAMFILES(X86)": "E:\\Apps32",
    }
    assert state(FirewallHost()).variables["PROGRAMFILES(X86)"] == "C:\\Program Files (x86)"


@pytest.mark.parametrize(("build", "version"), [("10.0.19045.4170", (10, 0)), ("6.3.9600", (6, 3)), ("?", None), ("10.x.1", None)])
def test_the_version(build: str, version: tuple[int, int] | None) -> None:
    answers = FirewallHost().answers(firewall_reads())

    found = read_firewall(Answers(replace(answers.host, build=build), answers)).state

    assert found is not None
    assert found.version == version


# ---------------------------------------------------------------- interfaces


def test_interfaces_that_are_up() -> None:
    host = FirewallHost(
        servers=(
            {
                "SettingID": LAN,
                "InterfaceIndex": 7,
                "DefaultIPGateway": ["10.1.2.1", "fe80::1%7"],
                "DNSServerSearchOrder": ["10.1.0.10"],
                "DHCPServer": "255.255.255.255",
                "WINSPrimaryServer": "10.1.0.11",
                "WINSSecondaryServer": None,
            },
        )
    )

    assert state(host).interfaces == (
        Interface(
            LAN, "Ethernet", "lan", "domain", ("10.1.2.3/24", "fd00:1:2::3/64"), ("10.1.2.1", "fe80::1"), ("10.1.0.10",), (), ("10.1.0.11",)
        ),
        Interface(GUEST, "Guest", "lan", "public", ("192.168.7.3/24",)),
    )
    assert reading(host).adapters == {"Ethernet": LAN, "Guest": GUEST}
    assert "interface Ethernet: domain, 10.1.2.3/24, fd00:1:2::3/64" in reading(host).evidence


def test_an_adapter_that_is_down_can_still_be_named() -> None:
    host = FirewallHost(
        adapters=(adapter(7, "Ethernet", LAN.lower().strip("{}")), adapter(9, "Guest", GUEST, InterfaceOperationalStatus=2))
    )

    assert [each.alias for each in state(host).interfaces] == ["Ethernet"]
    assert reading(host).adapters == {"Ethernet": LAN, "Guest": GUEST}


@pytest.mark.parametrize(
    ("kind", "medium", "type_"),
    [
        (6, 14, "lan"),
        (6, 0, "lan"),
        (6, 9, "wireless"),
        (71, 0, "wireless"),
        (71, None, "wireless"),
        (23, 0, "remote_access"),
        (243, 8, None),
        (None, None, None),
    ],
)
def test_kinds_of_interfaces(kind: int | None, medium: int | None, type_: str | None) -> None:
    host = FirewallHost(adapters=(adapter(7, "x", LAN, InterfaceType=kind, NdisPhysicalMedium=medium),))

    assert state(host).interfaces[0].type == type_


def test_a_connection_of_remote_access_has_no_adapter() -> None:
    host = FirewallHost(addresses=((31, "10.200.0.5", 32),), categories={31: 2})
    (found,) = [each for each in state(host).interfaces if "10.200.0.5/32" in each.addresses]

    assert (found.alias, found.guid, found.type, found.profile) == ("interface 31", "{31}", None, "domain")


def test_an_interface_without_a_network_has_no_profile_that_is_known() -> None:
    assert [each.profile for each in state(FirewallHost(categories={9: 1})).interfaces] == [None, "private"]
    assert [each.profile for each in state(FirewallHost(categories={7: 5, 9: 1})).interfaces] == [None, "private"]


def test_loopback_is_no_interface() -> None:
    host = FirewallHost(addresses=((1, "127.0.0.1", 8), (1, "::1", 128)))

    assert [(each.alias, each.addresses) for each in state(host).interfaces] == [("Ethernet", ()), ("Guest", ())]


def test_what_has_neither_address_nor_network_is_no_interface() -> None:
    """Filters on the way show themselves as adapters too."""
    host = FirewallHost(adapters=(adapter(7, "Ethernet", LAN), adapter(8, "Ethernet-WFP Filter-0000", GUEST)), categories={7: 2})

    assert [each.alias for each in state(host).interfaces] == ["Ethernet", "interface 9"]
    assert reading(host).adapters == {"Ethernet": LAN, "Ethernet-WFP Filter-0000": GUEST}
