# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords of push accounts: in the request to the host, and nowhere else, with everything shown that can be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Core, Run
from tests.integration.fleet import Fleet, Json, demo_domain
from tests.integration.secrets_seen import Processes, files_that_show, shows, watched_processes
from windows_estate.winrm.shell import Shells

PASSWORD = "Correct.Horse-Battery$taple9"
OLD, NEW = "CORP\\push-old", "CORP\\push-ring1"
SYSTEM = {"ansible_become": True, "ansible_become_method": "ansible.builtin.runas", "ansible_become_user": "SYSTEM"}
GIVEN: Json = {"accounts": [NEW], "passwords": {NEW: PASSWORD}}
ROLE = {"name": "configmgr.hardening.client_push_scope", "tasks_from": "site"}
# By host: how it is called, and the options.
HOSTS: dict[str, tuple[str, Json]] = {
    "MODULE": ("module", GIVEN),
    "BASELINE": ("baseline", GIVEN),
    "ROLE": ("role", GIVEN),
    # The account can be made, and what comes after is refused by the site; the answer is cut off; the password is too long, or no text.
    "DENIED": ("module", GIVEN),
    "LOST": ("module", GIVEN),
    "WRONG": ("module", {**GIVEN, "passwords": {NEW: PASSWORD + PASSWORD}}),
    "WRONGTYPE": ("module", {**GIVEN, "passwords": [PASSWORD]}),
    "WRONGROLE": ("role", {**GIVEN, "computer_types": ["printers"]}),
    "WRONGROLETYPE": ("role", {**GIVEN, "passwords": PASSWORD}),
}
SITES = {"MODULE": "A01", "BASELINE": "B01", "ROLE": "C01", "DENIED": "D01", "LOST": "E01"}
DONE = ("MODULE", "BASELINE", "ROLE")


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    run: Run
    processes: Processes
    command_lines: list[str]


@pytest.fixture(scope="module")
def told(core: Core, start_shared: Start) -> Told:
    words = demo_domain()
    hosts: Json = {}
    for name, (how, given) in HOSTS.items():
        hosts[name] = {"role": "site_server", "vars": {"how": how, "client_push_site_options": given, **SYSTEM}}
    hosts["DENIED"]["vars"] = {**hosts["DENIED"]["vars"], "ansible_become": False}
    hosts["LOST"]["faults"] = [{"kind": "half_answer", "skip": 1, "times": 1}]
    words["hosts"] = hosts
    site = {"upgraded": True, "client_push": {"accounts": [OLD]}}
    words["configmgr"] = {
        "site_code": "A01",
        "site": {"server": "MODULE", **site},
        "other_sites": {code: {"server": name, **site} for name, code in SITES.items() if name != "MODULE"},
    }
    fleet = start_shared(words, core)
    lines: list[str] = []
    started = Shells.command

    def noting(self: Shells, shell: Any, command_line: Any) -> Any:
        lines.append(repr(command_line))
        return started(self, shell, command_line)

    stored = {"results": str(fleet.results), "run_id": "secret"}
    with pytest.MonkeyPatch.context() as patch, watched_processes(PASSWORD) as processes:
        patch.setattr(Shells, "command", noting)
        run = fleet.tasks(
            [
                {
                    "configmgr.hardening.client_push_site": None,
                    "args": "{{ client_push_site_options | combine(stored) }}",
                    "when": "how == 'module'",
                },
                {
                    "configmgr.hardening.baseline": {"client_push_site": "{{ client_push_site_options }}", **stored},
                    "when": "how == 'baseline'",
                },
                {"ansible.builtin.include_role": ROLE, "when": "how == 'role'"},
            ],
            "-vvvvv",
            "--diff",
            vars={"stored": stored, "configmgr_hardening_results": stored["results"], "configmgr_hardening_run_id": stored["run_id"]},
        )
    return Told(fleet, run, processes, lines)


def test_the_accounts_are_made_with_these_passwords(told: Told) -> None:
    for name in DONE:
        assert told.run.of(name).status == "ok", told.run.of(name).message
        assert told.fleet.estate.sites[SITES[name]].push_accounts() == [NEW]
        # So the password was sent, and what follows can find it.
        assert shows(json.dumps(told.fleet.executed(name)[1]), PASSWORD)
    for name in set(HOSTS) - set(DONE):
        failed = [one for one in told.run.told if one.host == name and one.status == "failed"]
        assert len(failed) == 1, name


def test_it_is_not_in_what_ansible_shows(told: Told) -> None:
    assert "ESTABLISH WINRM CONNECTION" in told.run.output.upper(), "not everything was shown"
    assert not shows(told.run.output, PASSWORD), [line[:300] for line in told.run.output.splitlines() if shows(line, PASSWORD)]


def test_it_is_not_in_results(told: Told) -> None:
    assert [one.host for one in told.run.told if shows(json.dumps(one.result), PASSWORD)] == []
    assert {path.stem for path in (told.fleet.results / "secret").iterdir()} >= {*DONE, "DENIED", "LOST"}
    assert files_that_show(told.fleet.results, PASSWORD) == []


def test_it_is_in_no_file_on_the_controller_but_those_of_the_operator(told: Told) -> None:
    folder = told.fleet.controller.folder
    assert files_that_show(folder, PASSWORD) == [str(told.fleet.inventory / "hosts.yml")]


def test_it_is_nowhere_on_the_host(told: Told) -> None:
    for name in HOSTS:
        # The calls are the estate's own notes of what was asked of it.
        state = {part: content for part, content in told.fleet.machine(name).state.items() if part != "calls"}
        assert not shows(json.dumps(state, default=str), PASSWORD), name
    assert all(told.fleet.snapshots(name) for name in (*DONE, "DENIED", "LOST"))


def test_it_is_in_no_list_of_processes(told: Told) -> None:
    assert any(b"ansible-playbook" in line for line in told.processes.seen)
    assert told.processes.showing == set()
    assert any("powershell" in line.lower() for line in told.command_lines)
    assert [line for line in told.command_lines if shows(line, PASSWORD)] == []
