# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Imports point one way (pyproject.toml has the contracts), and only files that begin with an underscore know Ansible."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

COLLECTION = "ansible_collections.configmgr.hardening"
LICENCE = "# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)"


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of every import, wherever in the file it stands; a relative one begins with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def belongs_to(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def faults(file: Path, source: str) -> list[str]:
    """What a file, by its path within the checkout, imports and should not."""
    found = [f"{file}:{line}: {name} is relative" for line, name in imported(source) if name.startswith(".")]
    parts = file.parts
    if parts[:2] == ("plugins", "plugin_utils") and not any(part.startswith("_") and part != "__init__.py" for part in parts):
        found += [f"{file}:{line}: the library does not know {name}" for line, name in imported(source) if belongs_to(name, "ansible")]
    if parts[:2] == ("tests", "estate"):
        found += [
            f"{file}:{line}: the estate does not know {name}" for line, name in imported(source) if belongs_to(name, "ansible_collections")
        ]
    return found


def test_the_contracts_on_imports_are_kept(root: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_contract_is_seen(root: Path, tmp_path: Path) -> None:
    """A copy of the library in which the lowest package imports the highest."""
    copy = tmp_path / "ansible_collections" / "configmgr" / "hardening" / "plugins"
    shutil.copytree(root / "plugins" / "plugin_utils", copy / "plugin_utils", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "tests" / "estate" / "src" / "windows_estate", tmp_path / "windows_estate")
    (copy / "plugin_utils" / "model" / "wrong.py").write_text(f"import {COLLECTION}.plugins.plugin_utils.engine\n", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--config", root / "pyproject.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "model.wrong" in done.stdout


def test_every_file_imports_what_it_may(root: Path, files: tuple[Path, ...]) -> None:
    sources = [file for file in files if file.suffix == ".py"]
    assert len(sources) > 50
    assert [fault for file in sources for fault in faults(file.relative_to(root), file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("plugins/plugin_utils/engine/a.py", "from ansible.errors import AnsibleError"),
        ("plugins/plugin_utils/a.py", "def f():\n    import ansible.utils.vars"),
        ("plugins/plugin_utils/engine/a.py", "from . import b"),
        ("plugins/action/a.py", "from ..plugin_utils import b"),
        ("tests/estate/src/windows_estate/a.py", f"from {COLLECTION}.plugins import plugin_utils"),
    ],
)
def test_a_wrong_import_is_seen(file: str, source: str) -> None:
    assert len(faults(Path(file), source)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("plugins/plugin_utils/_action.py", "from ansible.errors import AnsibleError"),
        ("plugins/plugin_utils/engine/a.py", f"from {COLLECTION}.plugins.plugin_utils.model import status"),
        ("plugins/action/a.py", "import ansible.plugins.action"),
    ],
)
def test_a_right_import_passes(file: str, source: str) -> None:
    assert faults(Path(file), source) == []


def test_every_python_file_begins_with_the_licence(root: Path, files: tuple[Path, ...]) -> None:
    without = [
        str(file.relative_to(root))
        for file in files
        if file.suffix == ".py" and LICENCE not in file.read_text(encoding="utf-8").splitlines()[:2]
    ]
    assert without == []
