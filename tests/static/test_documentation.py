# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible-doc knows every module, and the module defaults group holds what operators call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

NAME = "configmgr.hardening"
MODULES = sorted(
    {
        file.stem
        for file in (Path(__file__).resolve().parents[2] / "plugins" / "modules").iterdir()
        if file.suffix in (".py", ".ps1", ".yml") and not file.stem.startswith("_")
    }
)
# Part of the machinery: operators call the others, which run it on the host.
INTERNAL = {"host_state"}


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    """What ansible-doc says of each module."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-doc"), "--json", "-t", "module", *(f"{NAME}.{module}" for module in MODULES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_documented(module: str, documented: dict[str, Any]) -> None:
    entry = documented[f"{NAME}.{module}"]
    doc = entry["doc"]
    assert doc["short_description"]
    assert doc["description"]
    assert doc["options"]
    assert all(option.get("description") and option.get("type") for option in doc["options"].values())
    assert {"check_mode", "diff_mode", "platform"} <= set(doc["attributes"])
    assert all(attribute.get("support") and attribute.get("description") for attribute in doc["attributes"].values())
    assert entry["return"]


@pytest.mark.parametrize("module", sorted(set(MODULES) - INTERNAL))
def test_an_example_calls_the_module_by_its_full_name(module: str, documented: dict[str, Any]) -> None:
    examples = yaml.safe_load(documented[f"{NAME}.{module}"]["examples"])
    assert any(f"{NAME}.{module}" in task for task in examples)


def test_the_group_of_module_defaults_holds_what_operators_call(root: Path) -> None:
    runtime = yaml.safe_load((root / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert set(runtime["action_groups"]["hardening"]) == set(MODULES) - INTERNAL
    assert runtime["requires_ansible"] == ">=2.16.0"


def test_every_module_that_operators_call_has_an_action(root: Path) -> None:
    """Without one Ansible would copy the documentation file to the Windows host and try to run it there."""
    actions = {file.stem for file in (root / "plugins" / "action").glob("*.py")}
    assert actions >= set(MODULES) - INTERNAL
