# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is generated is current: option specifications, the roles' argument specs, the catalogue that actions load and its page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("generator", ["generate_specs", "generate_catalog"])
def test_what_is_generated_is_current(generator: str, root: Path) -> None:
    command = [sys.executable, str(root / "tools" / f"{generator}.py"), "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make generate\n{done.stdout}{done.stderr}"
