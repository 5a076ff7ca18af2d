# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulation's tables against Microsoft's administrative templates and cmdlets, where the reference data is at hand."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest
from world_support import make

from windows_estate.world.knowledge.policies import POLICIES, Policy
from windows_estate.world.words.remote_tools import PROPERTIES


@pytest.fixture(scope="module")
def folder() -> Path:
    place = os.environ.get("CONFIGMGR_HARDENING_REFERENCE_DATA")
    if not place:
        pytest.skip("reference data not found")
    return Path(place)


@pytest.fixture(scope="module")
def templates(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "admx_policies.csv").open(encoding="utf-8", newline="") as stream:
        return {row["policy"]: row for row in csv.DictReader(stream) if row["class"] == "Machine"}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_a_policy_is_that_of_the_template(policy: Policy, templates: dict[str, dict[str, str]]) -> None:
    row = templates[policy.id]
    assert (policy.title, policy.key.lower()) == (row["display_name"], row["key"].lower())
    switch = policy.switch or ("", "", "")
    assert tuple(map(str, switch)) == (row["value_name"], row["enabled_value"], row["disabled_value"])
    elements = row["elements"]
    for option in policy.options:
        assert re.search(rf":{option.name}(?![A-Za-z])", elements), option
        if option.numbers:
            low = str(option.numbers[0] or "")
            assert f"decimal:{option.name}[{low}..{option.numbers[1]}]" in elements
        for _, number in option.choices:
            assert re.search(rf":{option.name}\{{[^}}]*\b{number}\b", elements), (option, number)
    if policy.list_word:
        assert f"list:{policy.list_key}\\(".lower() in elements.lower()


def test_the_commands_have_the_documented_parameters(folder: Path) -> None:
    documented: dict[str, set[str]] = {}
    with (folder / "cmdlets.tsv").open(encoding="utf-8") as stream:
        for line in stream:
            fields = line.split("\t")
            if len(fields) > 3:
                documented.setdefault(fields[2].lower(), set()).add(fields[3])
    common = {"CimSession", "ThrottleLimit", "AsJob", "WhatIf", "Confirm"}
    machine = make({"S1": {"role": "member_server"}}).machines["S1"]
    assert machine.commands
    for (module, name), command in machine.commands.items():
        # The data has nothing of PowerShell's own modules, and no line of a cmdlet without parameters.
        if module != "microsoft.powershell.management" and command.parameters:
            assert set(command.parameters) - common <= documented[name], name


def test_the_clients_class_has_the_providers_properties(folder: Path) -> None:
    lines = (folder / "wmi_classes.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if "\tSMS_RemoteToolsAgentConfig\t" in line]
    documented = {row[4]: row[5] for row in rows if row[3] == "property"}
    own = {"Type", "PolicySource", "ClipboardAccessPermissionRequired"}
    assert {name: kind for name, kind in PROPERTIES.items() if name not in own} == {
        name: kind for name, kind in documented.items() if name != "AgentID"
    }
