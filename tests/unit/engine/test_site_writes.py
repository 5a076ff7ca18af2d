# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sites of Configuration Manager in the engine: what the guard lets pass, what a snapshot may hold, and what a failure is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.plan import outcome_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import MalformedSnapshotError, Snapshot, demands, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Failure, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import difference, write
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION

NAMESPACE = "root\\SMS\\site_P01"
COMPONENT = "SELECT * FROM SMS_SCI_Component WHERE ItemName = 'SMS_DISCOVERY_DATA_MANAGER|SMS Site Server'"


def put(**fields: Any) -> Operation:
    given = {"namespace": NAMESPACE, "query": COMPONENT, "embedded": [edit("SETTINGS")]} | fields
    return Operation.of("cim.put", **given)


def edit(name: str, property_: str = "Props") -> dict[str, Json]:
    return {"property": property_, "key": "PropertyName", "name": name, "class": "SMS_EmbeddedProperty", "set": {"Value1": "x"}}


@pytest.mark.parametrize(
    "operation",
    [
        cmdlet("ConfigurationManager", "Set-CMClientPushInstallation", {"SiteCode": "P01"}, mutates=True, site="P01"),
        cmdlet("ConfigurationManager", "New-CMAccount", {"SiteCode": "P01"}, mutates=True, site="P01"),
        cmdlet("ConfigurationManager", "Set-CMSiteMaintenanceTask", {"SiteCode": "P01"}, mutates=True, site="P01"),
        put(),
        put(embedded=[edit("Settings"), edit("FILTERS"), edit("EnableKerberosCheck")]),
        put(query="SELECT * FROM SMS_SCI_SQLTask WHERE ItemName = 'x'", embedded=None, set={"Enabled": True}),
    ],
)
def test_what_a_site_pushes_cuts_no_connection(operation: Operation) -> None:
    assert refusal(operation) is None


@pytest.mark.parametrize(
    "operation",
    [
        put(namespace="root\\cimv2"),
        put(namespace="root\\SMS\\site_P01\\x"),
        put(query="SELECT * FROM SMS_SCI_SysResUse WHERE RoleName = 'SMS Distribution Point'"),
        put(query="SELECT * FROM SMS_SCI_Component"),
        put(embedded=[edit("SETTINGS"), edit("IISSSLState")]),
        put(embedded=[edit("SETTINGS", "PropLists")]),
        put(set={"Flag": 1}),
        put(query="SELECT * FROM SMS_SCI_SQLTask WHERE ItemName = 'x'", embedded=None, set={"Enabled": True, "DeviceName": "x"}),
        Operation.of("cim.put"),
        Operation.of("cmdlet.invoke", module="ConfigurationManager", name="Remove-CMAccount", mutates=True),
    ],
)
def test_nothing_else_of_a_site_is_written(operation: Operation) -> None:
    assert refusal(operation) is not None


def entry(kind: str = "site_property", **more: Json) -> dict[str, Json]:
    return {"kind": kind, "site": "P01", **more}


PROPERTY = entry(property="automatic_push", before="ACTIVE")
MEMBERS = entry("site_list_members", list="push_accounts", before={"CORP\\a": True, "CORP\\b": False})
ORDER = entry("site_list", list="push_accounts", before=["CORP\\a", "CORP\\b"])


def text(*entries: Json) -> str:
    taken = Snapshot("run-1-2026", "apply", "CM01", "2026-01-02T03:04:05Z", ("client_push_site",), entries)
    written: str = taken.write().fields["text"]
    return written


def test_a_snapshot_of_a_site_says_what_to_restore() -> None:
    restored = demands(parse(text(PROPERTY, MEMBERS, ORDER))).requirements

    assert [requirement.setting.kind for requirement in restored] == ["site_property", "site_list", "site_list"]
    assert restored[0].wanted == "ACTIVE"
    assert {requirement.setting.key for requirement in restored} == {"site_property:p01|automatic_push", "site_list:p01|push_accounts"}


@pytest.mark.parametrize(
    "broken",
    [
        {**PROPERTY, "site": "P01' OR 1=1"},
        {**PROPERTY, "site": 1},
        {**PROPERTY, "property": "IISSSLState"},
        {**PROPERTY, "before": 3},
        {**PROPERTY, "property": "computer_types", "before": "6"},
        {**PROPERTY, "property": "computer_types", "before": True},
        {**PROPERTY, "property": "clear_install_flag_task", "before": 1},
        {**MEMBERS, "list": "Reserved2"},
        {**MEMBERS, "before": {"CORP\\a": "yes"}},
        {**MEMBERS, "before": ["CORP\\a"]},
        {**ORDER, "before": "CORP\\a"},
        {**ORDER, "before": [1]},
        entry("site_account", account="CORP\\a"),
    ],
)
def test_what_no_apply_has_left_is_no_snapshot(broken: Json) -> None:
    with pytest.raises(MalformedSnapshotError):
        parse(text(broken))


def test_a_snapshot_holds_nothing_that_the_host_would_take_for_a_reference() -> None:
    written = text({**MEMBERS, "before": {"CORP\\${x}": True}})

    assert "${" not in written
    assert parse(written).settings[0]["before"] == {"CORP\\${x}": True}


@pytest.mark.parametrize(
    ("kind", "message"), [("timeout", "It never came."), ("stale", "Somebody else was at it."), ("failed", "As the host says.")]
)
def test_a_failure_is_called_what_it_means(kind: str, message: str) -> None:
    first, second, taken = write(data="first"), write(data="second"), write(data="snapshot")
    told = ((second, "timeout", "It never came."), (second, "stale", "Somebody else was at it."), (first, "failed", "Not this one."))
    change = Change("area", (), replace(difference("x", first, second), told=told))
    answers = Answers(WORKSTATION, {taken: Answer(), first: Answer(), second: Answer(failure=Failure(kind, "As the host says."))})

    outcome = outcome_of(change, answers, taken)
    assert (outcome.state, outcome.message) == (ChangeState.FAILED, message)
