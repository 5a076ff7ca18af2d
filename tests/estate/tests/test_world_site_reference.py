# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site's classes and cmdlets against Microsoft's documentation, where the reference data is at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from windows_estate.machine import Machine
from windows_estate.world.behaviours.configmgr_site import attach, schema
from windows_estate.world.behaviours.configmgr_site.releases import MISSPELT

# Classes without a page, and properties that only published scripts name.
UNDOCUMENTED_CLASSES = {schema.RESERVED, schema.FLAT_PROPERTY, schema.FLAT_LIST}
UNDOCUMENTED_PROPERTIES = {"SccmPXE"}
WILDCARDS = {"DisableWildcardHandling", "ForceWildcardHandling", "WhatIf", "Confirm"}


def lines_of(name: str) -> Iterator[list[str]]:
    place = os.environ.get("CONFIGMGR_HARDENING_REFERENCE_DATA")
    if not place:
        pytest.skip("reference data not found")
    for line in (Path(place) / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


@pytest.mark.parametrize("name", sorted({*schema.CLASSES, schema.LOCATION} - UNDOCUMENTED_CLASSES))
def test_a_class_has_documented_properties_of_the_documented_types(name: str) -> None:
    rows = [line for line in lines_of("wmi_classes.tsv") if line[0].startswith("root\\SMS") and line[1] == name and line[3] == "property"]
    documented = {row[4]: row[5].partition("(")[0] for row in rows}
    keys = {row[4] for row in rows if "key" in row[7].split(",")}
    mine = schema.LOCATION_SCHEMA if name == schema.LOCATION else schema.CLASSES[name]
    assert {one: kind for one, kind in mine.properties.items() if one not in UNDOCUMENTED_PROPERTIES}.items() <= documented.items()
    if name not in (schema.PROPERTY, schema.LIST, schema.USER_NAMES):
        assert set(mine.key) == keys


def test_the_cmdlets_have_the_documented_parameters() -> None:
    documented: dict[str, set[str]] = {}
    for line in lines_of("cmdlets.tsv"):
        if line[1] == "ConfigurationManager":
            documented.setdefault(line[2].lower(), set()).add(line[3])
    machine = Machine({})
    attach(machine)
    commands = {name: command for (module, name), command in machine.commands.items() if module == "configurationmanager"}
    assert len(commands) > 10
    for name, command in commands.items():
        assert set(command.parameters) - WILDCARDS == documented[name], name
    assert MISSPELT in commands["set-cmclientpushinstallation"].parameters
