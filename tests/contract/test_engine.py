# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every contract vector, answered by the real script on a real PowerShell engine, where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import contract_vectors as vectors
import pytest

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "plugins" / "modules" / "host_state.ps1"
MOST_SECONDS = 1800


def test_the_script_answers_every_vector() -> None:
    engine = shutil.which("pwsh")
    if engine is None:
        pytest.skip("no PowerShell engine")
    command = [engine, "-NoProfile", "-NonInteractive", "-File", str(HERE / "run_vectors.ps1")]
    arguments = ["-Script", str(SCRIPT), "-Vectors", str(vectors.FOLDER)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    said = f"{done.stdout}\n{done.stderr}"
    counted = re.search(r"(\d+) passed, (\d+) failed", done.stdout)
    assert counted, said
    assert (int(counted[1]), int(counted[2])) == (len(list(vectors.load())), 0), said
    assert done.returncode == 0, said
