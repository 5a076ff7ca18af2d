# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the static tests share."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

REFERENCE_DATA = "CONFIGMGR_HARDENING_REFERENCE_DATA"


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder with tables taken from Microsoft's documentation, which are not part of the repository."""
    if REFERENCE_DATA not in os.environ:
        pytest.skip(f"no reference data: {REFERENCE_DATA} is not set")
    return Path(os.environ[REFERENCE_DATA])


@pytest.fixture(scope="session")
def files(root: Path) -> tuple[Path, ...]:
    """The files of the project: what git tracks or would, or, outside a repository, what .gitignore's folders leave."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0 and listed.stdout:
        return tuple(root / name for name in listed.stdout.split("\0") if name and (root / name).is_file())
    ignored = {line.strip("/") for line in (root / ".gitignore").read_text(encoding="utf-8").splitlines()} | {".git"}
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ignored and not name.endswith(".egg-info")]
        found += [Path(folder, name) for name in names]
    return tuple(found)
