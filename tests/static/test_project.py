# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The repository as a whole: versions that agree, pins in one place, nothing in it that only one machine has."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from tools.environment import Core, constraints_for, package_of, read_cores

# Put together so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(r"(?<![\w./>~\-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + r"me/\w+"]) + r")/")
REGISTRIES = re.compile(
    "|".join(
        re.escape(left + right)
        for left, right in [("pypi", ".org"), ("pythonhosted", ".org"), ("npmjs", ".org"), ("galaxy.ansible", ".com")]
    )
)


def local_traces(text: str) -> list[str]:
    """Lines that name a folder of one machine, or the host of a package registry."""
    return [line for line in text.splitlines() if MACHINE_PATHS.search(line) or REGISTRIES.search(line)]


def test_nothing_names_a_folder_of_one_machine_or_a_registry(root: Path, files: tuple[Path, ...]) -> None:
    found = {}
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if traces := local_traces(text):
            found[str(file.relative_to(root))] = traces
    assert found == {}


@pytest.mark.parametrize(
    "line",
    ["see /wo" + "rk/main/a.py", "'/ro" + "ot/.ssh'", "path=/ho" + "me/me/x", "--index-url https://pypi" + ".org/simple"],
)
def test_a_trace_is_seen(line: str) -> None:
    assert local_traces(f"first\n{line}\n") == [line]


@pytest.mark.parametrize("line", ["docs/wo" + "rk/a.md", "/ro" + "ots/x", "C:\\Wo" + "rk\\x", "the ro" + "ot/", "root/ cimv2"])
def test_an_innocent_line_passes(line: str) -> None:
    assert local_traces(line) == []


def test_the_changelog_is_at_the_version_of_the_collection(root: Path) -> None:
    version = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    releases = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    latest = max(releases, key=lambda release: tuple(int(part) for part in release.split(".")))
    assert latest == version
    assert f"v{version}\n" in (root / "CHANGELOG.rst").read_text(encoding="utf-8")


def test_requirements_have_no_versions_but_in_the_constraints(root: Path) -> None:
    names = set()
    for file in ("requirements/runtime.txt", "requirements/development.txt"):
        lines = [line.strip() for line in (root / file).read_text(encoding="utf-8").splitlines()]
        wanted = [line for line in lines if line and not line.startswith(("#", "-"))]
        assert [line for line in wanted if not re.fullmatch(r"[A-Za-z0-9_.-]+", line)] == []
        names |= {package_of(line) for line in wanted}
    pinned = {
        package_of(line)
        for line in (root / "requirements" / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line)
    }
    assert names - pinned == set()


def test_this_environment_has_the_pinned_versions(root: Path) -> None:
    """What is tested is what the file says."""
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--all", "--exclude-editable"], capture_output=True, text=True, check=True
    )
    installed = {package_of(line): line.partition("==")[2] for line in frozen.stdout.splitlines() if "==" in line}
    pinned = {
        package_of(line): line.partition("==")[2]
        for line in (root / "requirements" / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    tools_of_the_venv = {"pip", "wheel", "windows-estate"}
    differing = {name: version for name, version in installed.items() if name not in tools_of_the_venv and pinned.get(name) != version}
    assert differing == {}


def test_the_other_cores_are_listed_oldest_first_and_with_usable_ranges(root: Path) -> None:
    cores = read_cores((root / "requirements" / "cores.txt").read_text(encoding="utf-8"))
    versions = [tuple(int(part) for part in core.version.split(".")) for core in cores]
    assert versions == sorted(versions)
    assert versions[0][:2] == (2, 16)
    assert all(any(core.runs_under((3, minor)) for minor in range(10, 15)) for core in cores)


def test_a_core_replaces_its_own_pins_only() -> None:
    core = Core("2.16.19", ">=3.10,<3.13", ("resolvelib==1.0.1",))
    assert constraints_for(core, "# c\nansible-core==2.19.14\nResolveLib==1.2.1\npywinrm==0.5.0\n").split() == [
        "pywinrm==0.5.0",
        "ansible-core==2.16.19",
        "resolvelib==1.0.1",
    ]
    assert [core.runs_under(python) for python in ((3, 9), (3, 10), (3, 12), (3, 13))] == [False, True, True, False]


def test_the_archive_holds_the_collection_and_nothing_of_the_workshop(root: Path, tmp_path: Path) -> None:
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run([galaxy, "collection", "build", "--output-path", tmp_path, root], capture_output=True, text=True, check=True)
    (archive,) = tmp_path.glob("configmgr-hardening-*.tar.gz")
    with tarfile.open(archive) as content:
        names = {member.name for member in content.getmembers() if member.isfile()}
    top = {name.split("/")[0] for name in names}
    assert top <= {
        "CHANGELOG.rst",
        "COPYING",
        "FILES.json",
        "MANIFEST.json",
        "README.md",
        "changelogs",
        "docs",
        "inventories",
        "meta",
        "playbooks",
        "plugins",
        "requirements.txt",
        "roles",
    }
    assert {"plugins/modules/host_state.ps1", "meta/runtime.yml", "README.md", "COPYING", "requirements.txt"} <= names
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []
