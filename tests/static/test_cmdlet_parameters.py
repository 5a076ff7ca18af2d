# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every cmdlet that the library sends, and every parameter that it gives, is documented by Microsoft."""

from __future__ import annotations

import ast
import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import CMDLETS, cmdlet

Documented = Mapping[tuple[str, str], frozenset[str]]

# The reference leaves common parameters out. A cmdlet that changes something takes these two.
RISK_PARAMETERS = frozenset({"confirm", "whatif"})
READING_VERBS = ("get-", "test-")
# The reference has modules of Windows and Configuration Manager, not those of Windows PowerShell itself (its documentation, version 5.1).
BUILT_IN: Documented = {
    ("microsoft.powershell.management", "restart-service"): frozenset(
        {"displayname", "exclude", "force", "include", "inputobject", "name", "passthru"}
    ),
}


def read_documented(lines: Iterable[str]) -> Documented:
    """(module, cmdlet) -> parameters, all in small letters; a cmdlet's editions are joined."""
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        found[row["module"].lower(), row["cmdlet"].lower()].add(row["parameter"].lower())
    return {cmdlet: frozenset(parameters) for cmdlet, parameters in found.items()}


def faults(sent: Mapping[tuple[str, str], frozenset[str]], documented: Documented) -> list[str]:
    found = []
    for (module, name), parameters in sent.items():
        known = documented.get((module.lower(), name.lower()))
        if known is None:
            found.append(f"{module} has no {name}")
            continue
        common = frozenset() if name.lower().startswith(READING_VERBS) else RISK_PARAMETERS
        found += [f"{name} has no parameter -{parameter}" for parameter in sorted(parameters) if parameter.lower() not in known | common]
    return found


def test_every_cmdlet_and_parameter_is_documented(reference_data: Path) -> None:
    with (reference_data / "cmdlets.tsv").open(encoding="utf-8", newline="") as lines:
        documented = read_documented(lines)
    assert CMDLETS, "the library sends no cmdlet"
    assert faults(CMDLETS, {**BUILT_IN, **documented}) == []


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({("ScheduledTasks", "Get-Task"): frozenset({"TaskName"})}, "ScheduledTasks has no Get-Task"),
        ({("Other", "Get-ScheduledTask"): frozenset({"TaskName"})}, "Other has no Get-ScheduledTask"),
        ({("ScheduledTasks", "Get-ScheduledTask"): frozenset({"Name"})}, "Get-ScheduledTask has no parameter -Name"),
        ({("ScheduledTasks", "Get-ScheduledTask"): frozenset({"Confirm"})}, "Get-ScheduledTask has no parameter -Confirm"),
    ],
)
def test_what_is_not_documented_is_seen(sent: Mapping[tuple[str, str], frozenset[str]], sentence: str) -> None:
    table = (
        "# comment\nmodule\tcmdlet\tparameter\nScheduledTasks\tGet-ScheduledTask\tTaskName\nScheduledTasks\tSet-ScheduledTask\tTaskName\n"
    )
    documented = read_documented(table.splitlines(keepends=True))
    assert faults(sent, documented) == [sentence]
    assert faults({("scheduledtasks", "Set-ScheduledTask"): frozenset({"TaskName", "Confirm"})}, documented) == []


def test_an_unlisted_parameter_cannot_be_sent() -> None:
    (module, name), parameters = next(iter(CMDLETS.items()))
    operation = cmdlet(module, name, dict.fromkeys(parameters, "x"))
    assert operation.op == "cmdlet.invoke"
    assert set(operation.fields["parameters"]) == parameters
    with pytest.raises(KeyError):
        cmdlet(module, name, {"Unheard": "x"})
    with pytest.raises(KeyError):
        cmdlet(module, "Format-Volume", {})


def builds_one(source: str) -> bool:
    """Whether a file puts the fields of such an operation together; to wrap one that exists (`**operation.fields`) is no such thing."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == "cmdlet.invoke":
            return True
        if isinstance(node, ast.Dict):
            names = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            invokes = any(isinstance(value, ast.Constant) and value.value == "cmdlet.invoke" for value in node.values)
            if invokes and set(names) - {"op", None}:
                return True
    return False


def test_operations_with_cmdlets_are_built_in_one_place_only(root: Path) -> None:
    """Otherwise the list would say nothing about what is sent."""
    library = root / "plugins"
    builders = {file.relative_to(library).as_posix() for file in library.rglob("*.py") if builds_one(file.read_text(encoding="utf-8"))}
    assert builders == {"plugin_utils/settings/cmdlets.py"}


@pytest.mark.parametrize(
    ("source", "builds"),
    [
        ('Operation.of("cmdlet.invoke", module="M", name="Format-Volume")', True),
        ('{"op": "cmdlet.invoke", "module": "M", "name": "Format-Volume"}', True),
        ('{"op": "cmdlet.invoke", **read.fields}', False),
        ('operation.op == "cmdlet.invoke"', False),
    ],
)
def test_a_builder_elsewhere_is_seen(source: str, builds: bool) -> None:
    assert builds_one(source) == builds
