# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PXE in the engine: what the guard lets pass, and what a snapshot may bring back."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import MalformedSnapshotError, Snapshot, demands, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet
from ansible_collections.configmgr.hardening.tests.unit.settings.site_answers import item, listed, prop, site_answers

SERVER = "DP01.corp.example"
MAC, OTHER = "00:15:5D:01:0A:01", "00-15-5D-01-0A-02"
ROLE = "SELECT * FROM SMS_SCI_SysResUse WHERE RoleName = 'SMS Distribution Point'"


def edit(property_: str, name: str, value: Json) -> dict[str, Json]:
    field, key = ("Value", "PropertyName") if property_ == "Props" else ("Values", "PropertyListName")
    return {"property": property_, "key": key, "name": name, "class": "x", "set": {field: value}}


def put(*edits: dict[str, Json], **more: Json) -> Operation:
    return Operation.of("cim.put", namespace="root\\SMS\\site_P01", query=ROLE, embedded=list(edits), **more)


def restart(**parameters: Json) -> Operation:
    return Operation.of(
        "cmdlet.invoke", module="Microsoft.PowerShell.Management", name="Restart-Service", parameters=parameters, mutates=True
    )


@pytest.mark.parametrize(
    "operation",
    [
        put(edit("Props", "IsPXE", 1)),
        put(edit("Props", "SupportUnknownMachines", 0), edit("Props", "responsedelay", 3)),
        put(edit("Props", "BindPolicy", 1), edit("PropLists", "BindExcept", [MAC])),
        put(edit("Props", "bindpolicy", 0)),
        put(edit("Props", "BindPolicy", 0), edit("PropLists", "BindExcept", [])),
        cmdlet("ConfigurationManager", "Set-CMDistributionPoint", {"SiteCode": "P01"}, mutates=True, site="P01"),
        restart(Name="WDSServer"),
        restart(Name="sccmpxe"),
    ],
)
def test_what_is_written_of_pxe_cuts_no_connection(operation: Operation) -> None:
    assert refusal(operation) is None


@pytest.mark.parametrize(
    "operation",
    [
        put(edit("Props", "BindPolicy", 1)),
        put(edit("Props", "BindPolicy", 1), edit("PropLists", "BindExcept", [])),
        put(edit("Props", "BindPolicy", None), edit("PropLists", "BindExcept", [])),
        put(edit("PropLists", "BindExcept", [])),
        put(edit("PropLists", "BindExcept", [MAC])),
        put(edit("PropLists", "BindPolicy", 0)),
        put(edit("Props", "SslState", 0)),
        put(edit("Props", "IsPXE", 1), set={"SslState": 0}),
        restart(Name="WinRM"),
        restart(Name="WDSServer", Force={"switch": True}),
        restart(),
    ],
)
def test_anything_else_is_refused(operation: Operation) -> None:
    assert refusal(operation) is not None


# ---------------------------------------------------------------------- going back


def snapshot(*settings: dict[str, Json]) -> Snapshot:
    text = Snapshot("run-1", "apply", "CM01", "2026-01-02T03:04:05.0Z", ("pxe_interface_binding",), settings).write().fields["text"]
    return parse(text)


def binding(policy: Json, *entries: str, **more: Json) -> dict[str, Json]:
    return {"kind": "pxe_binding", "site": "P01", "server": SERVER, "before": {"policy": policy, "interfaces": list(entries)}, **more}


def switch(before: Json, property_: str = "pxe", **more: Json) -> dict[str, Json]:
    return {"kind": "site_role_property", "site": "P01", "server": SERVER, "property": property_, "before": before, **more}


def role(pxe: int, policy: int, *entries: str) -> dict[str, Any]:
    props = (prop("IsPXE", pxe), prop("BindPolicy", policy), prop("ResponseDelay", 0))
    return {"NetworkOSPath": f"\\\\{SERVER}", **item(*props, lists=[listed(*entries, name="BindExcept")])}


def restored(requirement: Requirement, row: dict[str, Any]) -> Assessment:
    console = {"Set-CMDistributionPoint": ("SiteCode", "SiteSystemServerName", "EnablePxe", "PxeServerResponseDelaySec", "Force")}
    answers: Answers = site_answers(requirement.setting, rows={"SMS_SCI_SysResUse": [row]}, commands=console)
    return requirement.setting.assess(requirement.setting.interpret(answers), requirement.wanted)


@pytest.mark.parametrize(
    "entry",
    [
        binding(1, MAC, site="P012"),
        binding("1", MAC),
        binding(1, server=7),
        {**binding(1), "before": {"policy": 1, "interfaces": MAC}},
        {**binding(1), "before": {"policy": True, "interfaces": []}},
        switch("1"),
        switch(1, "ssl_state"),
        switch(1, "pxe_password"),
    ],
)
def test_a_snapshot_that_no_apply_has_left(entry: dict[str, Json]) -> None:
    with pytest.raises(MalformedSnapshotError):
        snapshot(entry)


def test_policy_and_list_come_back_together_as_they_were_spelled() -> None:
    (requirement,) = demands(snapshot(binding(1, MAC, OTHER))).requirements
    assessed = restored(requirement, role(1, 0))
    put = next(write for write in assessed.differences[0].writes if write.op == "cim.put")
    assert [one["set"] for one in put.fields["embedded"]] == [{"Value": 1}, {"Values": [MAC, OTHER]}]
    assert [one["expect"] for one in put.fields["embedded"]] == [{"Value": 0}, {"Values": []}]


@pytest.mark.parametrize("before", [binding(1), binding(1, "nonsense"), binding(2), binding(None)])
def test_what_answers_nobody_or_is_not_documented_does_not_come_back(before: dict[str, Json]) -> None:
    (requirement,) = demands(snapshot(before)).requirements
    assessed = restored(requirement, role(1, 0))
    assert assessed.status is Status.DRIFT and assessed.differences == ()


def test_pxe_comes_back_only_while_it_is_bound_to_something() -> None:
    (requirement,) = demands(snapshot(switch(1))).requirements
    assert restored(requirement, role(0, 1)).differences == ()
    (difference,) = restored(requirement, role(0, 1, MAC)).differences
    (put,) = [write for write in difference.writes if write.op == "cim.put"]
    assert [(one["name"], one["set"], one["expect"]) for one in put.fields["embedded"]] == [
        ("IsPXE", {"Value": 1}, {"Value": 0}),
        ("BindPolicy", {"Value": 1}, {"Value": 1}),
        ("BindExcept", {"Values": [MAC]}, {"Values": [MAC]}),
    ]


def test_pxe_comes_back_after_its_binding() -> None:
    requirements = demands(snapshot(switch(1), binding(1, OTHER))).requirements
    of = {requirement.setting.kind: requirement for requirement in requirements}
    assert of["pxe_switch"].after == (of["pxe_binding"].setting.key,)
    (difference,) = restored(of["pxe_switch"], role(0, 1, MAC)).differences
    (put,) = [write for write in difference.writes if write.op == "cim.put"]
    assert put.fields["embedded"][2]["expect"] == {"Values": [OTHER]}


def test_turning_it_off_asks_nobody() -> None:
    (requirement,) = demands(snapshot(switch(0))).requirements
    (difference,) = restored(requirement, role(1, 1)).differences
    assert requirement.after == () and not any("BindExcept" in write.body for write in difference.writes if write.op == "wait")
