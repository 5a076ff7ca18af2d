# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A skip that nobody wrote down fails the run where skips count (tests/conftest.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.skip(reason="no PowerShell engine")
def test_engine(): ...

def test_other():
    if {skip}:
        pytest.skip("no such thing")

def test_good(): ...
"""


def run(folder: Path, *, skip: bool, strict: bool, processes: bool = False) -> tuple[int, str, str]:
    """Exit code, output and counts of a small run with the project's own conftest."""
    source = Path(__file__).resolve().parents[1] / "conftest.py"
    (folder / "conftest.py").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "allowed_skips.txt").write_text("# list\n* | *no PowerShell* | why\n", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_small.py").write_text(TESTS.replace("{skip}", str(skip)), encoding="utf-8")
    counts = folder / "counts"
    environment = {**os.environ, "CI_STRICT_SKIPS": "1" if strict else "0", "TEST_COUNTS_FILE": str(counts)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *(["-n", "2"] if processes else [])]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, counts.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("skip", "strict", "exit_code", "counts"),
    [(False, True, 0, "2 0 1\n"), (True, False, 0, "1 0 2\n"), (True, True, 1, "1 0 2\n")],
)
def test_only_an_unlisted_skip_fails_a_strict_run(skip: bool, strict: bool, exit_code: int, counts: str, tmp_path: Path) -> None:
    code, output, counted = run(tmp_path, skip=skip, strict=strict)
    assert (code, counted) == (exit_code, counts), output
    assert ("test_small.py::test_other: no such thing" in output) == (exit_code == 1)


def test_it_holds_in_a_run_of_several_processes(tmp_path: Path) -> None:
    code, output, counted = run(tmp_path, skip=True, strict=True, processes=True)
    assert (code, counted) == (1, "1 0 2\n"), output


def test_the_list_is_short_and_every_line_says_why(root: Path) -> None:
    lines = [
        line.split("|")
        for line in (root / "tests" / "allowed_skips.txt").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert len(lines) <= 3
    assert all(len(fields) == 3 and all(field.strip() for field in fields) for fields in lines)
