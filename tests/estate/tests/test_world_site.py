# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ConfigMgr site on a machine: the provider's classes, the console's cmdlets, and changes that take time."""

from __future__ import annotations

from typing import Any

import pytest
from world_support import answer, ask

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours.configmgr_site import (
    Administrator,
    Console,
    Push,
    Revert,
    Secondary,
    Site,
    SiteOptions,
    StoredAccount,
    attach,
)
from windows_estate.world.behaviours.configmgr_site.items import CLIENT_CONFIG, DISCOVERY

MODULE = "ConfigurationManager"
SYSTEM = {"name": "NT AUTHORITY\\SYSTEM", "sid": "S-1-5-18", "elevated": True, "groups": ["S-1-5-32-544"]}


def provider(**options: Any) -> tuple[Machine, Site]:
    """A site server with a provider and the console."""
    machine = Machine({"host": {"name": "CM01"}}, clock=SimulatedClock())
    return machine, attach(machine, options=SiteOptions(**options))


def select(class_name: str, where: str = "") -> str:
    return " ".join(["SELECT * FROM", class_name, *(["WHERE", where] if where else [])])


def rows(machine: Machine, class_name: str, where: str = "", code: str = "P01", **fields: Any) -> list[dict[str, Any]]:
    query = select(class_name, where)
    found: list[dict[str, Any]] = ask(machine, "cim.query", namespace=f"root\\SMS\\site_{code}", query=query, **{"lazy": True, **fields})[
        "rows"
    ]
    return found


def component(machine: Machine, name: str, site_code: str = "P01", code: str = "P01") -> dict[str, Any]:
    (row,) = rows(machine, "SMS_SCI_Component", f"ComponentName='{name}' AND SiteCode='{site_code}'", code)
    return row


def prop(machine: Machine, name: str, where: str = DISCOVERY) -> dict[str, Any]:
    return next(one for one in component(machine, where)["Props"] if one["PropertyName"] == name)


def accounts(machine: Machine, site_code: str = "P01") -> list[str]:
    lists = component(machine, CLIENT_CONFIG, site_code)["PropLists"]
    found: list[str] = next(one["Values"] for one in lists if one["PropertyListName"] == "Reserved2")
    return found


def run(machine: Machine, name: str, *, site: str | None = "P01", select: list[str] | None = None, **parameters: Any) -> dict[str, Any]:
    return answer(
        machine, "cmdlet.invoke", module=MODULE, name=name, site=site, mutates=True, select=select or [], parameters=dict(parameters)
    )


def kind(found: dict[str, Any]) -> str | None:
    return None if found["ok"] else found["error"]["kind"]


class TestReading:
    def test_the_provider_is_found(self) -> None:
        machine, _ = provider()
        (row,) = ask(machine, "cim.query", namespace="root\\SMS", query="SELECT * FROM SMS_ProviderLocation")["rows"]
        assert row == {
            "Machine": "CM01.corp.example",
            "NamespacePath": "\\\\CM01.corp.example\\root\\sms\\site_P01",
            "ProviderForLocalSite": True,
            "SiteCode": "P01",
        }
        key = ask(machine, "registry.read", key="HKLM\\SOFTWARE\\Microsoft\\SMS\\Identification")
        assert key["values"]["Site Code"]["data"] == "P01"

    def test_one_execution_goes_from_the_location_to_the_components(self) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\push",)))
        reply = machine.execute(
            {
                "contract": 1,
                "operations": [
                    {"id": "at", "op": "cim.query", "namespace": "root\\SMS", "query": "SELECT SiteCode FROM SMS_ProviderLocation"},
                    {
                        "id": "push",
                        "op": "cim.query",
                        "namespace": "root\\SMS\\site_${at.rows.0.SiteCode}",
                        "query": "SELECT * FROM SMS_SCI_Component WHERE SiteCode='${at.rows.0.SiteCode}'",
                        "lazy": True,
                    },
                ],
            }
        )
        assert {row["ComponentName"] for row in reply["answers"]["push"]["data"]["rows"]} >= {DISCOVERY, CLIENT_CONFIG}

    def test_embedded_arrays_are_lazy(self) -> None:
        machine, _ = provider()
        where = f"ComponentName='{DISCOVERY}'"
        (row,) = rows(machine, "SMS_SCI_Component", where, lazy=False)
        assert (row["Props"], row["PropLists"]) == (None, None)
        assert component(machine, DISCOVERY)["Props"][0]["__class"] == "SMS_EmbeddedProperty"

    def test_another_component_has_a_list_of_the_same_name(self) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\push",)))
        found = rows(machine, "SMS_SCI_SCPropertyList", "PropertyListName='Reserved2'")
        assert {row["ItemType"]: row["Values"] for row in found} == {
            CLIENT_CONFIG: ["CORP\\push"],
            "SMS_AD_FOREST_DISCOVERY_MANAGER": ["CORP\\svc-discovery"],
        }

    def test_the_store_tells_what_an_account_is_used_for_and_masks_the_blob(self) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\push",)), store=(StoredAccount("CORP\\naa", ("Software Distribution",)),))
        found = {row["UserName"]: row for row in rows(machine, "SMS_SCI_Reserved", mask=["Reserved2"])}
        assert found["CORP\\push"]["AccountUsage"] == ["SMS_CLIENT_CONFIG_MANAGER"]
        assert found["CORP\\naa"]["AccountUsage"] == ["Software Distribution"]
        assert found["CORP\\push"]["Reserved2"] == {"present": True}
        assert found["CORP\\push"]["ItemName"] == "CORP\\push| 0"

    @pytest.mark.parametrize(
        ("types", "mask"),
        [
            (("workstations", "servers", "domain_controllers"), 0),
            (("servers", "domain_controllers"), 1),
            (("workstations", "servers"), 2),
            (("servers",), 3),
            (("workstations", "domain_controllers"), 4),
            (("domain_controllers",), 5),
            (("workstations",), 6),
            ((), 7),
        ],
    )
    def test_the_mask_of_computer_types(self, types: tuple[str, ...], mask: int) -> None:
        machine, _ = provider(push=Push(computer_types=types))
        assert prop(machine, "FILTERS")["Value"] == mask

    def test_spelling_registry_types_and_missing_properties(self) -> None:
        machine, _ = provider(
            spelling=(("FILTERS", "Filters"),), registry_typed=("Advanced Client Command Line",), push=Push(ntlm_fallback="absent")
        )
        assert [one["PropertyName"] for one in component(machine, DISCOVERY)["Props"]] == ["SETTINGS", "Filters", "AutoInstallSiteSystem"]
        line = prop(machine, "Advanced Client Command Line", CLIENT_CONFIG)
        assert (line["Value1"], line["Value2"]) == ("REG_SZ", "SMSSITECODE=P01")
        assert run(machine, "Set-CMClientPushInstallation", SiteCode="P01", InstallationProperty="SMSSITECODE=P01 SMSMP=mp1")["ok"]
        machine.sleep(6)
        assert prop(machine, "Advanced Client Command Line", CLIENT_CONFIG)["Value2"] == "SMSSITECODE=P01 SMSMP=mp1"


class TestReleases:
    @pytest.mark.parametrize(
        ("release", "hotfix", "build", "updates"),
        [
            ("2103", "absent", 9049, {}),
            ("2207", "absent", 9088, {}),
            ("2207", "downloaded", 9088, {"KB15599094": 262146}),
            ("2207", "installed", 9088, {"KB15599094": 196612}),
            ("2309", "absent", 9122, {}),
            ("2403", "installed", 9128, {}),
        ],
    )
    def test_version_and_hotfix(self, release: str, hotfix: str, build: int, updates: dict[str, int]) -> None:
        machine, _ = provider(release=release, hotfix=hotfix)
        (site,) = rows(machine, "SMS_Site")
        assert (site["BuildNumber"], site["Version"]) == (build, f"5.00.{build}.1000")
        found = {row["Name"]: row["State"] for row in rows(machine, "SMS_CM_UpdatePackages", "UpdateType=2")}
        assert {name.partition("(")[2].rstrip(")"): state for name, state in found.items()} == updates

    @pytest.mark.parametrize(
        ("release", "upgraded", "value"), [("2103", False, 3), ("2207", False, 2), ("2403", True, 3), ("2403", False, 2)]
    )
    def test_what_a_new_site_says_about_kerberos(self, release: str, upgraded: bool, value: int) -> None:
        machine, _ = provider(release=release, upgraded=upgraded)
        assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == value

    @pytest.mark.parametrize(
        ("release", "console", "own", "names"),
        [
            ("2403", None, None, {"AllownNTLMFallback"}),
            ("2403", "2010", None, set()),
            ("2010", None, None, set()),
            ("2403", None, "AllowNTLMFallback", {"AllowNTLMFallback"}),
            ("2403", None, "", set()),
        ],
    )
    def test_the_parameter_for_ntlm(self, release: str, console: str | None, own: str | None, names: set[str]) -> None:
        machine = Machine({}, clock=SimulatedClock())
        attach(machine, options=SiteOptions(release=release, ntlm_parameter=own), console=Console(release=console))
        described = ask(machine, "cmdlet.describe", module=MODULE, names=["Set-CMClientPushInstallation"])["commands"]
        found = described["Set-CMClientPushInstallation"]
        assert {name for name in found["parameters"] if "NTLM" in name} == names
        assert found["version"].startswith(f"5.{console or release}.")
        for name in names:
            switch: dict[str, Any] = {name: True}
            assert run(machine, "Set-CMClientPushInstallation", SiteCode="P01", **switch)["ok"]
            machine.sleep(6)
            assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == 3


class TestCmdlets:
    def test_a_change_can_be_seen_after_a_while_and_a_wait_waits_for_it(self) -> None:
        machine, site = provider(push=Push(automatic=True), apply_seconds=7)
        begun = machine.clock.now()
        assert run(machine, "Set-CMClientPushInstallation", SiteCode="P01", EnableAutomaticClientPushInstallation=False)["ok"]
        assert prop(machine, "SETTINGS")["Value1"] == "ACTIVE"
        data = ask(
            machine,
            "wait",
            until={"path": "rows.0.Props.PropertyName=SETTINGS.Value1", "equals": "INACTIVE"},
            read={
                "op": "cim.query",
                "namespace": "root\\SMS\\site_P01",
                "query": select("SMS_SCI_Component", f"ComponentName='{DISCOVERY}'"),
                "lazy": True,
            },
            timeout=60,
        )
        assert data["rows"]
        assert 7 <= (machine.clock.now() - begun).total_seconds() < 10
        assert [(one.who, one.how) for one in site.audit] == [("CORP\\svc-ansible", "cmdlet")]

    def test_a_wait_runs_out(self) -> None:
        machine, _ = provider(push=Push(automatic=True), apply_seconds=600)
        run(machine, "Set-CMClientPushInstallation", SiteCode="P01", EnableAutomaticClientPushInstallation=False)
        found = answer(
            machine,
            "wait",
            until={"path": "rows.0.Props.PropertyName=SETTINGS.Value1", "equals": "INACTIVE"},
            read={
                "op": "cim.query",
                "namespace": "root\\SMS\\site_P01",
                "query": select("SMS_SCI_Component", f"ComponentName='{DISCOVERY}'"),
                "lazy": True,
            },
            timeout=30,
        )
        assert kind(found) == "timeout"

    def test_types_of_computers_change_bit_by_bit(self) -> None:
        machine, _ = provider(push=Push(filters=5))
        assert run(machine, "Set-CMClientPushInstallation", SiteCode="P01", EnableSystemTypeServer=True)["ok"]
        machine.sleep(6)
        assert prop(machine, "FILTERS")["Value"] == 1
        run(
            machine,
            "Set-CMClientPushInstallation",
            SiteCode="P01",
            EnableSystemTypeWorkstation=True,
            InstallClientToDomainController=False,
            EnableSystemTypeConfigurationManager=True,
        )
        machine.sleep(6)
        assert (prop(machine, "FILTERS")["Value"], prop(machine, "AutoInstallSiteSystem")["Value"]) == (2, 1)

    def test_types_may_need_automatic_push(self) -> None:
        machine, _ = provider(types_need_automatic=True)
        assert kind(run(machine, "Set-CMClientPushInstallation", SiteCode="P01", EnableSystemTypeServer=True)) == "failed"
        both = run(
            machine, "Set-CMClientPushInstallation", SiteCode="P01", EnableSystemTypeServer=True, EnableAutomaticClientPushInstallation=True
        )
        assert both["ok"]

    def test_a_new_account_has_to_be_there_before_it_can_be_chosen(self) -> None:
        machine, site = provider(push=Push(accounts=("CORP\\old",)))
        choose: dict[str, Any] = {"SiteCode": "P01", "AddAccount": ["CORP\\new"]}
        assert kind(run(machine, "Set-CMClientPushInstallation", **choose)) == "not_found"
        password = "Not-a-secret-1"
        assert run(machine, "New-CMAccount", UserName="CORP\\new", Password={"secure": password}, SiteCode="P01")["ok"]
        assert kind(run(machine, "Set-CMClientPushInstallation", **choose)) == "not_found"
        machine.sleep(6)
        assert run(machine, "Set-CMClientPushInstallation", **choose)["ok"]
        machine.sleep(6)
        assert accounts(machine) == ["CORP\\old", "CORP\\new"]
        assert password not in str(vars(site)) + str(rows(machine, "SMS_SCI_Reserved"))

    @pytest.mark.parametrize(("length", "expected"), [(0, "failed"), (38, None), (39, "failed")])
    def test_the_length_of_a_password(self, length: int, expected: str | None) -> None:
        machine, _ = provider()
        assert kind(run(machine, "New-CMAccount", UserName="CORP\\new", Password={"secure": "x" * length})) == expected

    def test_clearing_and_adding_in_one_call_gives_an_order(self) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\a", "CORP\\b", "CORP\\c")))
        run(
            machine,
            "Set-CMClientPushInstallation",
            SiteCode="P01",
            ClearAccount={"switch": True},
            AddAccount=["CORP\\c", "CORP\\a"],
        )
        machine.sleep(6)
        assert accounts(machine) == ["CORP\\c", "CORP\\a"]

    @pytest.mark.parametrize(("replaces", "expected"), [(False, ["CORP\\a", "CORP\\b"]), (True, ["CORP\\b"])])
    def test_chosen_accounts(self, replaces: bool, expected: list[str]) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\a",)), store=(StoredAccount("CORP\\b"),), chosen_replaces=replaces)
        run(machine, "Set-CMClientPushInstallation", SiteCode="P01", ChosenAccount=["CORP\\b"])
        machine.sleep(6)
        assert accounts(machine) == expected

    def test_removing_ignores_case_and_duplicates_stay_possible(self) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\a", "corp\\A", "CORP\\b")))
        assert accounts(machine) == ["CORP\\a", "corp\\A", "CORP\\b"]
        run(machine, "Set-CMClientPushInstallation", SiteCode="P01", RemoveAccount=["CORP\\A"])
        machine.sleep(6)
        assert accounts(machine) == ["CORP\\b"]

    def test_an_account_leaves_the_store_only_when_it_is_confirmed(self) -> None:
        machine, site = provider(push=Push(accounts=("CORP\\a",)))
        assert kind(run(machine, "Remove-CMAccount", UserName="CORP\\a")) == "failed"
        assert run(machine, "Remove-CMAccount", UserName="CORP\\a", Force={"switch": True})["ok"]
        machine.sleep(6)
        assert site.stored_accounts() == []

    @pytest.mark.parametrize("word", [{"Name": "Clear Undiscovered Clients"}, {"MaintenanceTask": "ClearUndiscoveredClients"}])
    def test_a_maintenance_task(self, word: dict[str, Any]) -> None:
        machine, _ = provider(clear_install_flag=True)
        assert run(machine, "Set-CMSiteMaintenanceTask", SiteCode="P01", Enabled=False, **word)["ok"]
        machine.sleep(6)
        (row,) = rows(machine, "SMS_SCI_SQLTask", "ItemName='Clear Undiscovered Clients'")
        assert row["Enabled"] is False
        found = run(machine, "Get-CMSiteMaintenanceTask", SiteCode="P01", Name="Clear*", select=["ItemName", "Enabled"])
        assert found["data"]["rows"] == [{"ItemName": "Clear Undiscovered Clients", "Enabled": False}]

    def test_mistakes(self) -> None:
        machine, _ = provider()
        change: dict[str, Any] = {"EnableAutomaticClientPushInstallation": True}
        assert kind(run(machine, "Set-CMClientPushInstallation", SiteCode="X99", **change)) == "not_found"
        assert kind(run(machine, "Set-CMClientPushInstallation", site="X99", SiteCode="P01", **change)) == "failed"
        assert kind(run(machine, "Set-CMClientPushInstallation", site=None, SiteCode="P01", **change)) == "failed"
        assert kind(run(machine, "Set-CMClientPushInstallation", SiteCode="P01", AllowNTLMFallback=True)) == "invalid"
        assert kind(run(machine, "Set-CMNothing", SiteCode="P01")) == "unsupported"

    def test_without_the_console(self) -> None:
        machine = Machine({}, clock=SimulatedClock())
        attach(machine, console=None)
        assert kind(run(machine, "Get-CMSite")) == "unsupported"
        described = ask(machine, "cmdlet.describe", module=MODULE, names=["Get-CMSite"])["commands"]
        assert described == {"Get-CMSite": None}

    def test_reading_cmdlets(self) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\a",)))
        (row,) = run(machine, "Get-CMClientPushInstallation", SiteCode="P01", select=["ItemName", "Props"])["data"]["rows"]
        assert row["ItemName"] == "SMS_CLIENT_CONFIG_MANAGER|SMS Site Server"
        assert all(isinstance(one, str) for one in row["Props"])
        (row,) = run(machine, "Get-CMAccount", UserName="corp\\A", select=["UserName", "AccountUsage"])["data"]["rows"]
        assert row == {"UserName": "CORP\\a", "AccountUsage": ["SMS_CLIENT_CONFIG_MANAGER"]}
        assert run(machine, "Get-CMSite", select=["SiteCode", "Version"])["data"]["rows"] == [
            {"SiteCode": "P01", "Version": "5.00.9128.1000"}
        ]


PUT: dict[str, Any] = {
    "namespace": "root\\SMS\\site_P01",
    "query": select("SMS_SCI_Component", f"ComponentName='{DISCOVERY}' AND SiteCode='P01'"),
}


def edit(name: str, value: int, expect: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "property": "Props",
        "key": "PropertyName",
        "name": name,
        "class": "SMS_EmbeddedProperty",
        "set": {"Value": value},
        "expect": expect or {},
    }


class TestPuts:
    def test_a_put_takes_effect_later_and_is_audited(self) -> None:
        machine, site = provider(release="2103")
        assert answer(machine, "cim.put", **PUT, embedded=[edit("EnableKerberosCheck", 2, {"Value": 3})])["ok"]
        assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == 3
        machine.sleep(6)
        assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == 2
        assert prop(machine, "SETTINGS")["Value1"] == "INACTIVE"
        assert [one.how for one in site.audit] == ["wmi"]

    def test_a_missing_property_is_made(self) -> None:
        machine, _ = provider(push=Push(ntlm_fallback="absent"))
        assert answer(machine, "cim.put", **PUT, embedded=[edit("ENABLEKERBEROSCHECK", 2)])["ok"]
        machine.sleep(6)
        assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == 2

    def test_somebody_else_was_faster(self) -> None:
        machine, site = provider(push=Push(ntlm_fallback=True))
        site.set_ntlm_fallback(False)
        found = answer(machine, "cim.put", **PUT, embedded=[edit("ENABLEKERBEROSCHECK", 7, {"Value": 3})])
        assert kind(found) == "stale"

    def test_a_reserved_list_is_not_for_puts(self) -> None:
        machine, _ = provider(push=Push(accounts=("CORP\\a",)))
        found = answer(
            machine,
            "cim.put",
            namespace="root\\SMS\\site_P01",
            query=select("SMS_SCI_Component", f"ComponentName='{CLIENT_CONFIG}' AND SiteCode='P01'"),
            embedded=[
                {
                    "property": "PropLists",
                    "key": "PropertyListName",
                    "name": "Reserved2",
                    "class": "SMS_EmbeddedPropertyList",
                    "set": {"Values": ["CORP\\b"]},
                }
            ],
        )
        assert kind(found) == "failed"
        machine.sleep(60)
        assert accounts(machine) == ["CORP\\a"]

    def test_a_task_can_be_put(self) -> None:
        machine, _ = provider(clear_install_flag=True)
        query = "SELECT * FROM SMS_SCI_SQLTask WHERE ItemName='Clear Undiscovered Clients'"
        assert answer(machine, "cim.put", namespace="root\\SMS\\site_P01", query=query, set={"Enabled": False})["ok"]
        machine.sleep(6)
        (row,) = rows(machine, "SMS_SCI_SQLTask", "ItemName='Clear Undiscovered Clients'")
        assert row["Enabled"] is False

    def test_classes_that_cannot_be_put(self) -> None:
        machine, _ = provider()
        found = answer(machine, "cim.put", namespace="root\\SMS\\site_P01", query="SELECT * FROM SMS_Site", set={"SiteName": "x"})
        assert kind(found) == "unsupported"


class TestWhatUndoesAChange:
    def test_a_component_reverts_after_a_while(self) -> None:
        machine, site = provider(
            push=Push(ntlm_fallback=True), reverts=(Revert(DISCOVERY, "enablekerberoscheck", seconds=20),), apply_seconds=5
        )
        change: dict[str, Any] = {"SiteCode": "P01", "AllownNTLMFallback": False}
        run(machine, "Set-CMClientPushInstallation", **change)
        machine.sleep(10)
        assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == 2
        machine.sleep(20)
        assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == 3
        assert [one.how for one in site.audit] == ["cmdlet", "component"]
        run(machine, "Set-CMClientPushInstallation", **change)
        machine.sleep(100)
        assert prop(machine, "ENABLEKERBEROSCHECK")["Value"] == 2

    def test_a_component_reverts_after_one_look(self) -> None:
        machine, _ = provider(push=Push(ntlm_fallback=True), reverts=(Revert(DISCOVERY, "ENABLEKERBEROSCHECK", reads=1),))
        run(machine, "Set-CMClientPushInstallation", SiteCode="P01", AllownNTLMFallback=False)
        machine.sleep(6)
        assert [prop(machine, "ENABLEKERBEROSCHECK")["Value"] for _ in range(3)] == [2, 3, 3]

    def test_another_administrator_comes_in_between(self) -> None:
        machine, site = provider()
        site.later(lambda: site.set_automatic_push(True), reads=1)
        assert [prop(machine, "SETTINGS")["Value1"] for _ in range(3)] == ["INACTIVE", "ACTIVE", "ACTIVE"]


class TestRights:
    def test_nobody_sees_rows_without_the_right(self) -> None:
        machine, _ = provider(administrators=(Administrator("CORP\\svc-ansible", "none"),))
        assert rows(machine, "SMS_SCI_Component") == []
        assert rows(machine, "SMS_Site") == []

    def test_one_class_can_be_hidden(self) -> None:
        machine, _ = provider(
            push=Push(accounts=("CORP\\a",)),
            administrators=(Administrator("CORP\\svc-ansible", "Read-only Analyst", ("SMS_SCI_Reserved",)),),
        )
        assert rows(machine, "SMS_SCI_Reserved") == []
        assert rows(machine, "SMS_SCI_Component")

    def test_a_reader_cannot_write(self) -> None:
        machine, site = provider(administrators=(Administrator("CORP\\svc-ansible", "Read-only Analyst"),))
        change: dict[str, Any] = {"SiteCode": "P01", "EnableAutomaticClientPushInstallation": True}
        assert kind(run(machine, "Set-CMClientPushInstallation", **change)) == "access_denied"
        put = answer(machine, "cim.put", **PUT, embedded=[edit("FILTERS", 1)])
        assert kind(put) == "access_denied"
        assert site.audit == []

    def test_strangers_are_denied_at_the_namespace(self) -> None:
        machine, _ = provider(administrators=(Administrator("CORP\\somebody.else"),))
        found = answer(machine, "cim.query", namespace="root\\SMS\\site_P01", query="SELECT * FROM SMS_Site")
        assert kind(found) == "access_denied"
        assert kind(run(machine, "Get-CMSite")) == "access_denied"

    def test_system_may_do_everything(self) -> None:
        machine, _ = provider(administrators=())
        machine.state["host"]["user"] = dict(SYSTEM)
        assert rows(machine, "SMS_Site")
        assert run(machine, "Set-CMClientPushInstallation", SiteCode="P01", EnableAutomaticClientPushInstallation=True)["ok"]

    def test_groups_count(self) -> None:
        group = "S-1-5-21-1-2-3-1300"
        machine = Machine(
            {
                "accounts": [{"sid": group, "name": "CORP\\Site Admins", "class": "Group"}],
                "host": {"user": {"name": "CORP\\x", "sid": "S-1-5-21-1-2-3-1", "elevated": True, "groups": [group]}},
            },
            clock=SimulatedClock(),
        )
        attach(machine, options=SiteOptions(administrators=(Administrator("CORP\\Site Admins"),)))
        assert rows(machine, "SMS_Site")

    def test_the_provider_does_not_answer(self) -> None:
        machine, site = provider()
        site.down = True
        found = answer(machine, "cim.query", namespace="root\\SMS\\site_P01", query="SELECT * FROM SMS_Site")
        assert kind(found) == "failed"
        assert kind(run(machine, "Get-CMSite")) == "failed"


class TestSecondHop:
    @pytest.mark.parametrize(
        ("delegation", "logon", "expected"),
        [
            (False, None, "access_denied"),
            (False, "network", "access_denied"),
            (False, "interactive", None),
            (False, "new_credentials", None),
            (True, None, None),
        ],
    )
    def test_the_drive(self, delegation: bool, logon: str | None, expected: str | None) -> None:
        machine = Machine({}, clock=SimulatedClock())
        attach(machine, delegation=delegation)
        if logon:
            machine.state["host"]["user"]["logon"] = logon
        assert kind(run(machine, "Get-CMSite", select=["SiteCode"])) == expected
        assert rows(machine, "SMS_Site"), "WMI on the machine itself needs no second hop"


class TestSeveralMachinesAndSites:
    def test_two_providers_show_the_same(self) -> None:
        clock = SimulatedClock()
        one, two = (Machine({"host": {"name": name}}, clock=clock) for name in ("CM01", "CM02"))
        options = SiteOptions(providers=("CM01.corp.example", "CM02.corp.example"))
        site = attach(one, options=options)
        attach(two, site, site_server=False)
        assert run(one, "Set-CMClientPushInstallation", SiteCode="P01", EnableAutomaticClientPushInstallation=True)["ok"]
        clock.sleep(6)
        assert prop(two, "SETTINGS")["Value1"] == "ACTIVE"
        locations = ask(two, "cim.query", namespace="root\\SMS", query="SELECT Machine FROM SMS_ProviderLocation")["rows"]
        assert [row["Machine"] for row in locations] == list(options.providers)

    def test_a_site_server_whose_provider_is_elsewhere(self) -> None:
        machine = Machine({}, clock=SimulatedClock())
        attach(machine, options=SiteOptions(providers=("CM02.corp.example",)), provider=False)
        (row,) = ask(machine, "cim.query", namespace="root\\SMS", query="SELECT * FROM SMS_ProviderLocation")["rows"]
        assert row["Machine"] == "CM02.corp.example"
        assert kind(answer(machine, "cim.query", namespace="root\\SMS\\site_P01", query="SELECT * FROM SMS_Site")) == "unsupported"
        assert run(machine, "Set-CMClientPushInstallation", SiteCode="P01", EnableAutomaticClientPushInstallation=True)["ok"]

    def test_a_secondary_site(self) -> None:
        secondary = Secondary("S01", "Branch", "CM11.corp.example", Push(accounts=("CORP\\branch",)), recovered=False)
        machine, _ = provider(secondaries=(secondary,), push=Push(automatic=True))
        found = {row["SiteCode"]: row for row in rows(machine, "SMS_Site")}
        assert (found["S01"]["Type"], found["S01"]["ReportingSiteCode"], found["S01"]["SecondarySiteCMUpdateStatus"]) == (1, "P01", 0)
        assert accounts(machine, "S01") == ["CORP\\branch"]
        assert run(machine, "Set-CMClientPushInstallation", SiteCode="S01", EnableAutomaticClientPushInstallation=True)["ok"]
        machine.sleep(6)
        assert component(machine, DISCOVERY, "S01")["Props"][0]["Value1"] == "ACTIVE"

    def test_two_sites_on_one_machine(self) -> None:
        machine, _ = provider()
        attach(machine, options=SiteOptions(code="Q01", push=Push(automatic=True)), site_server=False)
        locations = ask(machine, "cim.query", namespace="root\\SMS", query="SELECT SiteCode FROM SMS_ProviderLocation")["rows"]
        assert [row["SiteCode"] for row in locations] == ["P01", "Q01"]
        assert component(machine, DISCOVERY, "Q01", "Q01")["Props"][0]["Value1"] == "ACTIVE"
        assert run(machine, "Get-CMSite", site="Q01", select=["SiteCode"])["data"]["rows"] == [{"SiteCode": "Q01"}]
        assert run(machine, "Get-CMSite", site="P01", select=["SiteCode"])["data"]["rows"] == [{"SiteCode": "P01"}]


def test_the_fingerprint_covers_the_site() -> None:
    machine, site = provider()
    before = machine.fingerprint()
    rows(machine, "SMS_SCI_Component")
    assert machine.fingerprint() == before
    site.set_automatic_push(True)
    assert machine.fingerprint() != before
    site.set_automatic_push(False)
    assert machine.fingerprint() == before
