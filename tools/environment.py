# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make the virtual environments: `.venv` for everything, `.venv-cores/<version>` for other versions of ansible-core.

Needs nothing but the standard library, so that it runs before anything is installed: `python tools/environment.py (development|cores)`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CORES = ROOT / ".venv-cores"
COLLECTIONS = VENV / "collections"
REQUIREMENTS = ROOT / "requirements"
OLDEST_PYTHON = (3, 11)

Version = tuple[int, ...]


class EnvironmentProblem(Exception):
    """Something that the person at the keyboard has to mend; the text is a sentence that says what."""


@dataclass(frozen=True)
class Core:
    """One line of requirements/cores.txt: a version of ansible-core, the Pythons it runs under, pins of its own."""

    version: str
    pythons: str
    pins: tuple[str, ...]

    @property
    def series(self) -> str:
        return ".".join(self.version.split(".")[:2])

    def runs_under(self, python: Version) -> bool:
        """Whether a Python (major, minor) is within the range, written as `>=3.10,<3.13`."""
        bounds = re.findall(r"(>=|<)(\d+)\.(\d+)", self.pythons)
        return all((python >= (int(major), int(minor))) == (sign == ">=") for sign, major, minor in bounds)


def say(text: str) -> None:
    print(f"-- {text}", flush=True)


def read_cores(text: str) -> tuple[Core, ...]:
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return tuple(Core(version, pythons, tuple(pins)) for version, pythons, *pins in lines)


def package_of(pin: str) -> str:
    """The name in a pin such as `Jinja2==3.1.6`, in the one spelling that all its spellings share."""
    return re.sub(r"[-_.]+", "-", pin.partition("==")[0].strip()).lower()


def constraints_for(core: Core, constraints: str) -> str:
    """The common constraints with what this core needs otherwise in their place."""
    own = [f"ansible-core=={core.version}", *core.pins]
    replaced = {package_of(pin) for pin in own}
    kept = [line for line in constraints.splitlines() if not line.startswith("#") and package_of(line) not in replaced]
    return "\n".join([*kept, *own, ""])


def python_version(python: str) -> Version | None:
    """Major and minor of an interpreter that works and can make environments; None for one that does not."""
    code = "import ensurepip, sys, venv; print(*sys.version_info[:2])"
    try:
        found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(int(part) for part in found.stdout.split()) if found.returncode == 0 else None


def candidate_pythons() -> Iterator[str]:
    """Interpreters to try: this one first, then those on the PATH and those of pyenv, which need not be on the PATH."""
    yield sys.executable
    for minor in range(10, 20):
        on_path = shutil.which(f"python3.{minor}")
        if on_path:
            yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for python in sorted(pyenv.glob("versions/*/bin/python3.[0-9]*")):
        if re.fullmatch(r"python3\.\d+", python.name):
            yield str(python)


def find_pythons() -> dict[Version, str]:
    """One working interpreter for each (major, minor), the running one's first."""
    found: dict[Version, str] = {}
    for python in dict.fromkeys(candidate_pythons()):
        version = python_version(python)
        if version:
            found.setdefault(version, python)
    return found


def run(command: Sequence[str | Path]) -> None:
    """Run quietly; what it said is shown only when it fails."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentProblem(f"{done.stdout.strip()}\nThis failed with exit code {done.returncode}: {' '.join(map(str, command))}")


def make_venv(python: str, folder: Path) -> Path:
    """A new environment in place of whatever is there; its interpreter."""
    run([python, "-m", "venv", "--clear", folder])
    return folder / "bin" / "python"


def works(python: Path) -> bool:
    return python.exists() and python_version(str(python)) is not None


def pip_install(python: Path, *arguments: str | Path) -> None:
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *arguments])


def link_collection() -> None:
    """The path that Ansible's loader expects, whatever the checkout's own folder is called."""
    link = COLLECTIONS / "ansible_collections" / "configmgr" / "hardening"
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()
    # Relative, so that it stays right when the checkout is moved.
    link.symlink_to(os.path.relpath(ROOT, link.parent), target_is_directory=True)


def put_on_path(python: Path) -> None:
    """Let an environment's Python import ansible_collections.configmgr.hardening; Ansible looks along the same path."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    (Path(site_packages) / "configmgr_hardening.pth").write_text(f"{COLLECTIONS}\n", encoding="utf-8")


def make_development() -> None:
    started = time.monotonic()
    python = VENV / "bin" / "python"
    if not works(python) or not made_here(VENV):
        say(f"making .venv with Python {sys.version.split()[0]}")
        make_venv(sys.executable, VENV)
    say("installing the development requirements (the first time takes a minute)")
    pip_install(python, "-r", REQUIREMENTS / "development.txt")
    estate = ROOT / "tests" / "estate"
    if (estate / "pyproject.toml").exists():
        say("installing the estate of simulated hosts, editable")
        pip_install(python, "--no-build-isolation", "--constraint", REQUIREMENTS / "constraints.txt", "--editable", estate)
    say("linking the checkout as the collection configmgr.hardening")
    link_collection()
    put_on_path(python)
    say(f".venv is ready after {time.monotonic() - started:.0f} s")


def make_core(core: Core, python: str) -> None:
    folder = CORES / core.series
    interpreter = folder / "bin" / "python"
    constraints = constraints_for(core, (REQUIREMENTS / "constraints.txt").read_text(encoding="utf-8"))
    record = folder / "constraints.txt"
    if works(interpreter) and made_here(folder) and record.exists() and record.read_text(encoding="utf-8") == constraints:
        say(f"ansible-core {core.version}: there already")
        return
    version = ".".join(map(str, python_version(python) or ()))
    say(f"ansible-core {core.version}: making .venv-cores/{core.series} with Python {version}")
    make_venv(python, folder)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "constraints.txt"
        file.write_text(constraints, encoding="utf-8")
        pip_install(interpreter, "--constraint", file, "-r", ROOT / "requirements.txt")
    put_on_path(interpreter)
    # Last, so that an installation that was interrupted is done again.
    record.write_text(constraints, encoding="utf-8")


def make_cores() -> None:
    """Every listed core that some Python here can run: the running Python where it fits, else the oldest that does."""
    pythons = find_pythons()
    own = (sys.version_info.major, sys.version_info.minor)
    for core in read_cores((REQUIREMENTS / "cores.txt").read_text(encoding="utf-8")):
        fitting = sorted((version for version in pythons if core.runs_under(version)), key=lambda version: (version != own, version))
        if fitting:
            make_core(core, pythons[fitting[0]])
        else:
            say(f"ansible-core {core.version}: left out, since no Python {core.pythons} is on this machine")


def made_here(folder: Path) -> bool:
    """Whether an environment was made where it lies: its scripts name its folder, so after a move it is of no use."""
    record = folder / "pyvenv.cfg"
    return record.exists() and any(
        line.startswith("command = ") and line.endswith(f" {folder}") for line in record.read_text(encoding="utf-8").splitlines()
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["development", "cores"])
    what = parser.parse_args().what
    if sys.version_info < OLDEST_PYTHON:
        print(f"Python 3.11 or newer is needed and this is {sys.version.split()[0]}: make PYTHON=/path/to/python3.11", file=sys.stderr)
        return 1
    if python_version(sys.executable) is None:
        print(f"{sys.executable} cannot make virtual environments: install its venv module (Debian: python3-venv).", file=sys.stderr)
        return 1
    try:
        make_development() if what == "development" else make_cores()
    except EnvironmentProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
