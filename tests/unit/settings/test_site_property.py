# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Properties of the site control file."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import (
    BitWanted,
    NotTogether,
    PropertyKind,
    SiteBit,
    SiteProperty,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_push import (
    AUTOMATIC_PUSH,
    CLEAR_INSTALL_FLAG,
    COMPUTER_TYPES,
    CONTROLLERS,
    NTLM_FALLBACK,
    SERVERS,
    SITE_SYSTEMS,
    WORKSTATIONS,
)
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED
from ansible_collections.configmgr.hardening.tests.unit.settings.site_answers import (
    CONSOLE,
    PUSH,
    PUSH_PARAMETERS,
    Row,
    item,
    parameters,
    prop,
    site_answers,
)

SITE = Site("P01", wait=90)
DISCOVERY = "SMS_DISCOVERY_DATA_MANAGER"


def assess(kind: PropertyKind, row: Row, wanted: Json, **answers: Any) -> Assessment:
    setting = SiteProperty(SITE, kind)
    rows = {"SMS_SCI_SQLTask" if kind is CLEAR_INSTALL_FLAG else DISCOVERY: [row]}
    return setting.assess(setting.interpret(site_answers(setting, rows=rows, **answers)), wanted)


def only(assessment: Assessment) -> Difference:
    (difference,) = assessment.differences
    return difference


@pytest.mark.parametrize("stored", ["ACTIVE", "Active", "active"])
@pytest.mark.parametrize("name", ["SETTINGS", "Settings"])
def test_names_and_texts_ignore_case(stored: str, name: str) -> None:
    assert assess(AUTOMATIC_PUSH, item(prop(name, text=stored)), "ACTIVE").status is Status.COMPLIANT
    assert assess(AUTOMATIC_PUSH, item(prop(name, text=stored)), "INACTIVE").status is Status.DRIFT


def test_a_text_may_stand_in_the_second_value() -> None:
    row = item(prop("SETTINGS", text="REG_SZ", second="INACTIVE"))

    assert assess(AUTOMATIC_PUSH, row, "INACTIVE").status is Status.COMPLIANT
    write = only(assess(AUTOMATIC_PUSH, row, "ACTIVE", commands={})).writes[1]
    assert write.fields["embedded"][0]["set"] == {"Value2": "ACTIVE"}


def test_the_switch_is_written_between_a_look_and_a_wait() -> None:
    difference = only(assess(AUTOMATIC_PUSH, item(prop("SETTINGS", text="Active")), "INACTIVE"))
    before, write, after = difference.writes

    assert difference.describe() == "automatic push: on -> off"
    assert before.op == after.op == "wait"
    assert before.fields["until"] == {
        "path": "rows.0.Props.PropertyName=SETTINGS.Value1",
        "one_of": ["Active", "INACTIVE", "inactive", "Inactive"],
    }
    assert before.fields["timeout"] < 1
    assert (write.fields["module"], write.fields["name"], write.fields["site"]) == ("ConfigurationManager", PUSH, "P01")
    assert parameters(write) == {"EnableAutomaticClientPushInstallation": False, "SiteCode": "P01"}
    assert after.fields["until"]["one_of"] == ["INACTIVE", "inactive", "Inactive"]
    assert after.fields["timeout"] == 90
    assert after.fields["read"]["namespace"] == "root\\SMS\\site_P01" and after.fields["read"]["lazy"] is True
    assert difference.restore == ({"kind": "site_property", "site": "P01", "property": "automatic_push", "before": "ACTIVE"},)


def test_what_a_failure_means_is_said() -> None:
    difference = only(assess(AUTOMATIC_PUSH, item(prop("SETTINGS", text="ACTIVE")), "INACTIVE"))
    before, write, after = difference.writes
    told = {(operation, kind): sentence for operation, kind, sentence in difference.told}

    assert "changed by somebody else in between" in told[before, "timeout"]
    assert "changed by somebody else in between" in told[write, "stale"]
    assert "become" in told[write, "access_denied"]
    assert "not seen as off within 90 seconds" in told[after, "timeout"]


@pytest.mark.parametrize("spelling", ["AllownNTLMFallback", "AllowNTLMFallback"])
def test_either_spelling_of_the_parameter_will_do(spelling: str) -> None:
    known = [spelling if name == "AllownNTLMFallback" else name for name in PUSH_PARAMETERS]
    difference = only(assess(NTLM_FALLBACK, item(prop("ENABLEKERBEROSCHECK", 3)), 2, commands={**CONSOLE, PUSH: known}))

    assert parameters(difference.writes[1]) == {spelling: False, "SiteCode": "P01"}


@pytest.mark.parametrize(
    "commands",
    [{}, {PUSH: [name for name in PUSH_PARAMETERS if name != "AllownNTLMFallback"]}, Failure("failed", "The module is broken.")],
)
def test_without_the_parameter_it_is_put_with_what_is_expected(commands: Any) -> None:
    difference = only(assess(NTLM_FALLBACK, item(prop("EnableKerberosCheck", 3)), 2, commands=commands))
    write = difference.writes[1]

    assert write.op == "cim.put"
    assert write.fields["embedded"] == [
        {
            "property": "Props",
            "key": "PropertyName",
            "name": "ENABLEKERBEROSCHECK",
            "class": "SMS_EmbeddedProperty",
            "set": {"Value": 2},
            "expect": {"Value": 3},
        }
    ]
    assert write.fields["query"].endswith(
        "FileType = 2 AND ItemName = 'SMS_DISCOVERY_DATA_MANAGER|SMS Site Server' AND ItemType = 'Component' AND SiteCode = 'P01'"
    )


@pytest.mark.parametrize("row", [item(), item(prop("ENABLEKERBEROSCHECK", 0)), item(prop("ENABLEKERBEROSCHECK", 7))])
@pytest.mark.parametrize("wanted", [2, 3])
def test_what_nobody_documents_is_doubt_and_can_be_mended(row: Row, wanted: int) -> None:
    assessment = assess(NTLM_FALLBACK, row, wanted)

    assert (assessment.status, assessment.code) == (Status.INDETERMINATE, Code.UNDOCUMENTED_VALUE)
    assert only(assessment).after == ("off" if wanted == 2 else "on")


@pytest.mark.parametrize("mask", range(8))
@pytest.mark.parametrize("wanted", range(8))
def test_every_mask_of_computer_types(mask: int, wanted: int) -> None:
    row = item(prop("SETTINGS", text="ACTIVE"), prop("FILTERS", mask))
    whole = SiteProperty(SITE, COMPUTER_TYPES)
    observation = whole.interpret(site_answers(whole, rows={DISCOVERY: [row]}))
    found = {}
    for bit in (WORKSTATIONS, SERVERS, CONTROLLERS):
        setting = SiteBit(whole, bit, str(bit), ("on", "off"))
        assert setting.interpret(site_answers(setting, rows={DISCOVERY: [row]})).evidence == observation.evidence
        found[bit] = setting.assess(observation, BitWanted(bool(wanted & bit), wanted))
        assert (found[bit].status is Status.COMPLIANT) == (bool(mask & bit) == bool(wanted & bit))
    writes = {difference.writes[1] for assessment in found.values() for difference in assessment.differences}
    assert len(writes) == (mask != wanted)
    for write in writes:
        assert parameters(write) == {
            "EnableSystemTypeWorkstation": not wanted & WORKSTATIONS,
            "EnableSystemTypeServer": not wanted & SERVERS,
            "InstallClientToDomainController": not wanted & CONTROLLERS,
            "SiteCode": "P01",
        }


@pytest.mark.parametrize("mask", [8, 15, -1])
def test_a_mask_that_nobody_documents_is_doubt(mask: int) -> None:
    setting = SiteBit(SiteProperty(SITE, COMPUTER_TYPES), CONTROLLERS, "controllers", ("on", "off"))
    observation = setting.interpret(site_answers(setting, rows={DISCOVERY: [item(prop("FILTERS", mask))]}))

    assert setting.assess(observation, BitWanted(on=True)).code is Code.UNDOCUMENTED_VALUE


def test_types_are_put_while_automatic_push_is_off() -> None:
    off = item(prop("SETTINGS", text="INACTIVE"), prop("FILTERS", 0), prop("AutoInstallSiteSystem", 1))

    assert only(assess(COMPUTER_TYPES, off, 6)).writes[1].op == "cim.put"
    assert only(assess(SITE_SYSTEMS, off, 0)).writes[1].op == "cim.put"


def test_a_maintenance_task() -> None:
    difference = only(assess(CLEAR_INSTALL_FLAG, {"Enabled": True}, False))

    assert difference.describe() == "clear install flag: on -> off"
    assert parameters(difference.writes[1]) == {"Enabled": False, "MaintenanceTask": "ClearUndiscoveredClients", "SiteCode": "P01"}
    put = only(assess(CLEAR_INSTALL_FLAG, {"Enabled": True}, False, commands={})).writes[1]
    assert put.op == "cim.put" and put.fields["set"] == {"Enabled": False}


def test_a_value_that_came_and_went_is_reverted() -> None:
    row = item(prop("SETTINGS", text="ACTIVE"))
    _before, _write, after = only(assess(AUTOMATIC_PUSH, row, "INACTIVE")).writes
    assessment = assess(AUTOMATIC_PUSH, row, "INACTIVE", ended=[after])

    assert assessment.status is Status.DRIFT
    assert "reverted by a site component" in assessment.actual
    assert "sitecomp.log" in (assessment.remedy or "")


def test_a_look_that_went_well_is_no_sign_of_a_reverted_value() -> None:
    row = item(prop("SETTINGS", text="ACTIVE"))
    before, _write, _after = only(assess(AUTOMATIC_PUSH, row, "INACTIVE")).writes

    assert "reverted" not in assess(AUTOMATIC_PUSH, row, "INACTIVE", ended=[before]).actual


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], Code.NO_ROWS),
        ([item(prop("SETTINGS", text="ACTIVE"))] * 2, Code.MALFORMED_VALUE),
        ([item(prop("SETTINGS", text="ACTIVE"), prop("Settings", text="INACTIVE"))], Code.MALFORMED_VALUE),
        (DENIED, Code.ACCESS_DENIED),
        (Failure("timeout", "Too slow."), Code.READ_FAILED),
    ],
)
def test_what_cannot_be_told_has_a_code(rows: Any, code: Code) -> None:
    setting = SiteProperty(SITE, AUTOMATIC_PUSH)
    problem = setting.interpret(site_answers(setting, rows={DISCOVERY: rows})).problem

    assert problem is not None
    assert problem.code is code


def test_a_property_that_is_there_twice_and_says_one_thing_is_told() -> None:
    assert (
        assess(AUTOMATIC_PUSH, item(prop("SETTINGS", text="ACTIVE"), prop("Settings", text="Active")), "ACTIVE").status is Status.COMPLIANT
    )


def test_what_was_not_there_cannot_be_taken_away() -> None:
    assessment = assess(NTLM_FALLBACK, item(prop("ENABLEKERBEROSCHECK", 2)), None)

    assert assessment.status is Status.DRIFT
    assert assessment.differences == ()


def test_two_switches_that_must_not_be_on_together() -> None:
    def both(push: Row, task: list[Row]) -> Assessment:
        setting = NotTogether(SiteProperty(SITE, AUTOMATIC_PUSH), "ACTIVE", SiteProperty(SITE, CLEAR_INSTALL_FLAG), True, "it loops")
        return setting.assess(setting.interpret(site_answers(setting, rows={DISCOVERY: [push], "SMS_SCI_SQLTask": task})), None)

    on, off, odd = (item(prop("SETTINGS", text=text)) for text in ("ACTIVE", "INACTIVE", "MAYBE"))
    assert both(on, [{"Enabled": True}]).status is Status.DRIFT
    assert both(on, [{"Enabled": False}]).status is Status.COMPLIANT
    assert both(off, [{"Enabled": True}]).status is Status.COMPLIANT
    assert both(off, []).status is Status.COMPLIANT
    assert both(odd, [{"Enabled": False}]).status is Status.COMPLIANT
    assert both(on, []).code is Code.NO_ROWS
    assert both(odd, [{"Enabled": True}]).code is Code.UNDOCUMENTED_VALUE
