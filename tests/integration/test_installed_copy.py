# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection as others get it: built, installed into an empty path, and used from a playbook that knows nothing of the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.controller import COLLECTIONS, ROOT, Controller, Core, own_core
from tests.integration.fleet import Fleet, demo_domain, running

OPTIONS = {"managed_by": "this_collection", "mode": "disabled"}

# A program of ansible-core's that does without the site module: so the file that shows the checkout to this environment's Python, and to
# Ansible with it, is not looked at.
_PROGRAM = """#!{python} -S
import sys
sys.path.append({packages!r})
from ansible.cli.{module} import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Copy:
    archive: Path
    controller: Controller

    @property
    def collection(self) -> Path:
        return self.controller.collections / "ansible_collections" / "configmgr" / "hardening"

    def run(self, program: str, *arguments: str) -> str:
        return call(self.controller, program, *arguments)


def call(controller: Controller, program: str, *arguments: str) -> str:
    """What a program says on its standard output; it has to succeed."""
    done = subprocess.run(
        [str(controller.core.programs / program), *arguments],
        cwd=controller.folder,
        env=controller.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=180,
        check=False,
    )
    output = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, (output + done.stderr.decode("utf-8", "replace"))[-3000:]
    return output


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """This environment's ansible-core, which does not see the checkout."""
    programs = tmp_path_factory.mktemp("programs")
    packages = sysconfig.get_path("purelib")
    for name in ("playbook", "doc", "galaxy"):
        file = programs / f"ansible-{name}"
        file.write_text(_PROGRAM.format(python=sys.executable, packages=packages, module=name), encoding="utf-8")
        file.chmod(0o755)
    return Core(own_core().series, programs)


@pytest.fixture(scope="module")
def copy(isolated: Core, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("copy")
    controller = Controller(isolated, folder / "controller", folder / "collections")
    call(controller, "ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(folder / "dist"))
    (archive,) = (folder / "dist").glob("configmgr-hardening-*.tar.gz")
    call(controller, "ansible-galaxy", "collection", "install", "--offline", "-p", str(controller.collections), str(archive))
    return Copy(archive, controller)


def test_what_is_of_use_only_in_a_checkout_is_left_out(copy: Copy) -> None:
    with tarfile.open(copy.archive) as archive:
        names = archive.getnames()
    top = {name.split("/")[0] for name in names}
    assert {"plugins", "roles", "playbooks", "meta", "README.md", "MANIFEST.json"} <= top
    assert top.isdisjoint({"tests", "tools", ".venv", ".venv-cores", ".git", ".ci", "molecule", "Makefile", "build", "results"})
    assert not [name for name in names if name.endswith((".pyc", ".log", ".orig"))]
    assert "plugins/modules/host_state.ps1" in names
    assert "plugins/plugin_utils/options/generated.json" in names
    assert "plugins/plugin_utils/catalog/generated.json" in names


def test_every_module_is_documented_in_the_copy(copy: Copy) -> None:
    listed = json.loads(copy.run("ansible-doc", "--list", "--json", "configmgr.hardening"))
    modules = {
        f"configmgr.hardening.{path.stem}" for path in (copy.collection / "plugins" / "modules").glob("*.*") if path.suffix != ".pyc"
    }
    modules -= {"configmgr.hardening.__init__"}
    assert set(listed) == modules
    assert {"baseline", "remote_assistance_policy", "rollback", "report", "host_state"} <= {name.rpartition(".")[2] for name in modules}
    documented = json.loads(copy.run("ansible-doc", "--json", *sorted(modules)))
    for name in sorted(modules):
        doc = documented[name]["doc"]
        assert doc["short_description"]
        assert str(copy.collection) in doc["filename"]
        assert documented[name]["examples"]
        copy.run("ansible-doc", name)


def test_every_role_is_documented_in_the_copy(copy: Copy) -> None:
    listed = json.loads(copy.run("ansible-doc", "--type", "role", "--list", "--json", "configmgr.hardening"))
    assert {name.rpartition(".")[2] for name in listed} == {path.name for path in (copy.collection / "roles").iterdir()}


@pytest.fixture
def fleet(copy: Copy, tmp_path: Path) -> Iterator[Fleet]:
    """Hosts, and a controller outside the repository that finds the collection in the copy only."""
    controller = Controller(copy.controller.core, tmp_path / "elsewhere", copy.controller.collections)
    hosts = {name: {"role": "client", "vars": {"remote_assistance_policy_options": OPTIONS}} for name in ("CL01", "CL02")}
    with running({**demo_domain(), "hosts": hosts}, controller) as found:
        yield found


@pytest.mark.parametrize("role", ["baseline", "remote_assistance_policy"])
def test_a_role_of_the_copy_is_used_by_its_full_name(fleet: Fleet, copy: Copy, role: str) -> None:
    run = fleet.tasks([], "-v", roles=[f"configmgr.hardening.{role}"], vars={"configmgr_hardening_results": str(fleet.results)})
    assert (run.exit_code, run.changed()) == (0, {"CL01", "CL02"}), run.end
    assert fleet.counters("CL01").executions == 2
    stored = Path(run.of("CL01").result["results_file"])
    assert stored.is_relative_to(fleet.results)
    # Nothing came from the checkout: what was sent is the copy's script.
    script = (copy.collection / "plugins" / "modules" / "host_state.ps1").read_bytes()
    assert {execution.script_bytes for execution in fleet.counters("CL01").log} == {len(script)}


def test_the_playbooks_of_the_copy_run_by_their_names(fleet: Fleet, copy: Copy) -> None:
    verify = fleet.playbook("verify", "-vv")
    assert verify.changed() == {"CL01", "CL02"}
    assert str(copy.collection / "playbooks") in verify.output
    assert str(ROOT / "playbooks") not in verify.output
    assert str(COLLECTIONS) not in verify.output
    assert fleet.playbook("apply").changed() == {"CL01", "CL02"}
    before = fleet.fingerprints()
    assert fleet.playbook("verify").changed() == set()
    assert fleet.fingerprints() == before
    assert fleet.playbook("rollback").changed() == {"CL01", "CL02"}
    assert (fleet.results / "report.md").exists()


def test_the_modules_can_be_named_short_where_the_collection_is_declared(fleet: Fleet) -> None:
    run = fleet.tasks([{"remote_assistance_policy": OPTIONS}], "--check", collections=["configmgr.hardening"])
    assert run.exit_code == 0, run.end
    assert run.recap["CL01"]["changed"] == 1
