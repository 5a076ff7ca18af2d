# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts that cannot be judged: each in a sentence, nothing but reads was sent, and every other host of the play is served."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Core, Run
from tests.integration.fleet import Fleet, Json, demo_domain
from windows_estate.winrm import Handler, ModuleCall, ModuleRun

DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}
GOOD = ("GOOD1", "GOOD2")


@dataclass(frozen=True)
class Case:
    """C(said): the message after "HOST could not be judged: ". C(words): of the host in the estate.

    C(reply): what becomes of its answers on their way. C(said_by_2_16): where the words are ansible-core's and were others before 2.19.
    ALL stands for how many operations were sent.
    """

    said: str = ""
    words: Json | None = None
    reply: Callable[[Json], object] | None = None
    executed: bool = True
    said_by_2_16: str | None = None

    def message(self, core: Core) -> str:
        older = core.generation == "2.16" and self.said_by_2_16 is not None
        return (self.said_by_2_16 or "") if older else self.said


def without(field: str) -> Callable[[Json], Json]:
    return lambda reply: {name: reply[name] for name in reply if name != field}


def no_answers(reply: Json) -> Json:
    return without("answers")(without("answers_gzip")(reply))


def empty_answers(reply: Json) -> Json:
    return {**no_answers(reply), "answers": {}}


NOT_WINDOWS = "Use ansible_connection winrm or psrp, or ssh with ansible_shell_type powershell."
# What there is for Ansible to read decides these words.
UNREADABLE = "Module result deserialization failed: No start of json char found"
UNREADABLE_2_16 = "MODULE FAILURE See stdout/stderr for the exact error"
NO_FORM = "The host's reply does not have the form of contract 1"

CASES = {
    "LOCAL": Case(
        f"LOCAL is no Windows host for Ansible: its connection 'local' uses the shell 'sh'. {NOT_WINDOWS}",
        {"vars": {"ansible_connection": "local"}},
        executed=False,
    ),
    "SSH": Case(
        f"SSH is no Windows host for Ansible: its connection 'ssh' uses the shell 'sh'. {NOT_WINDOWS}",
        {"vars": {"ansible_connection": "ssh"}},
        executed=False,
    ),
    "OLD": Case(
        "Ansible requires PowerShell v5.1",
        {"faults": "powershell_too_old"},
        executed=False,
        said_by_2_16='internal error: This module cannot run as it requires a minimum PowerShell version of 5.1, actual was "4.0"',
    ),
    "CONSTRAINED": Case(
        "PowerShell runs in constrained language here: the script has to be allowed or signed first. (unsupported)",
        {"faults": "constrained_language"},
    ),
    "GARBAGE": Case(UNREADABLE, {"faults": "garbage"}, said_by_2_16=UNREADABLE_2_16),
    "HALF": Case(UNREADABLE.replace("start", "end"), {"faults": "half_answer"}, said_by_2_16=UNREADABLE_2_16),
    "NEWER": Case(
        "The host speaks contract 2 and this collection speaks contract 1; use the same version of the collection on both sides.",
        reply=lambda reply: {**reply, "contract": 2},
    ),
    "STRANGER": Case(
        "The host's reply is not one of host_state: it names no contract.",
        reply=lambda reply: {"changed": False, "ping": "pong"},
    ),
    "MISSING": Case("The host left ALL of ALL operations unanswered, the first is o1.", reply=empty_answers),
    "NOANSWERS": Case("The host's reply has no answers.", reply=no_answers),
    "NOTPACKED": Case(
        "The host's packed answers cannot be unpacked: Expecting value: line 1 column 1 (char 0).",
        reply=lambda reply: {**reply, "answers_gzip": "H4sIAAAA"},
    ),
    "NOBASE64": Case(
        "The host's packed answers cannot be unpacked: string argument should contain only ASCII characters.",
        reply=lambda reply: {**reply, "answers_gzip": "€"},
    ),
    "NOHOST": Case(f"{NO_FORM}: KeyError 'host'.", reply=without("host")),
    "TEXTHOST": Case(f"{NO_FORM}: TypeError string indices must be integers, not 'str'.", reply=lambda reply: {**reply, "host": "NAME"}),
}
# Ansible itself says of these that they cannot be reached, in words of its own and of the libraries that it uses.
UNREACHABLE: dict[str, tuple[Json, str]] = {
    "CLOSED": ({"faults": "unreachable"}, "Connection refused"),
    "WEBSERVER": ({"faults": "not_windows"}, "basic: Bad HTTP response returned from server. Code 404"),
    "PASSWORD": ({"faults": "wrong_password"}, "basic: the specified credentials were rejected by the server"),
    "DENIED": ({"faults": "access_denied"}, "basic: Access is denied."),
    "NOWHERE": ({"vars": {"ansible_host": "127.0.0.1", "ansible_port": 1}}, "port=1): Failed to establish a new connection"),
}


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    core: Core
    before: dict[str, str]
    run: Run

    def message(self, name: str) -> str:
        sent = sum(len(operations) for operations in self.fleet.executed(name))
        return CASES[name].message(self.core).replace("ALL", str(sent))


def answering(handler: Handler, change: Callable[[Json], object]) -> Handler:
    """A handler whose replies are changed on their way."""

    def run(call: ModuleCall) -> ModuleRun | None:
        done = handler(call)
        return None if done is None else replace(done, stdout=json.dumps(change(json.loads(done.stdout))))

    return run


@pytest.fixture(scope="module")
def told(core: Core, start_shared: Start) -> Told:
    hosts: Json = {name: {"role": "client", **(case.words or {})} for name, case in CASES.items()}
    hosts |= {name: {"role": "client", **words} for name, (words, _said) in UNREACHABLE.items()}
    hosts |= {name: {"role": "client"} for name in GOOD}
    fleet = start_shared({**demo_domain(), "hosts": hosts}, core)
    for name, case in CASES.items():
        if case.reply is not None:
            endpoint = fleet.endpoint(name)
            endpoint.handler = answering(endpoint.handler, case.reply)
    before = fleet.fingerprints()
    run = fleet.module("remote_assistance_policy", {**DISABLED, "results": str(fleet.results), "run_id": "sick"})
    return Told(fleet, core, before, run)


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_is_told_in_a_sentence_and_only_reads_were_sent(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert one.status == "failed"
    assert one.message == f"{name} could not be judged: {told.message(name)}"
    assert one.result["changed"] is False
    assert told.fleet.counters(name).executions == int(CASES[name].executed)
    assert told.fleet.writes(name) == []
    assert told.fleet.machine(name).fingerprint() == told.before[name]


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_result_says_so_as_well(told: Told, name: str) -> None:
    stored = json.loads((told.fleet.results / "sick" / f"{name}.json").read_text(encoding="utf-8"))
    (finding,) = stored["findings"]
    assert stored["action"] == "failed"
    assert (finding["status"], finding["area"], finding["control"]) == ("error", "remote_assistance_policy", None)
    assert finding["actual"] == told.message(name)


@pytest.mark.parametrize("name", sorted(UNREACHABLE))
def test_who_cannot_be_reached_is_left_to_ansible(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert one.status == "unreachable"
    assert UNREACHABLE[name][1] in one.message
    assert not (told.fleet.results / "sick" / f"{name}.json").exists()
    assert told.fleet.machine(name).fingerprint() == told.before[name]


def test_every_other_host_is_served(told: Told) -> None:
    assert told.run.with_status("ok") == set(GOOD)
    assert {told.fleet.counters(name).executions for name in GOOD} == {2}
    assert told.run.exit_code == 4


def test_an_answer_that_is_lost_after_the_writes_is_told_and_nothing_else_is_lost(core: Core, start: Start) -> None:
    cut = {"faults": [{"kind": "half_answer", "skip": 1, "times": 1}]}
    fleet = start({**demo_domain(), "hosts": {"CL01": {"role": "client", **cut}, "CL02": {"role": "client"}}}, core)
    before = fleet.fingerprints()
    run = fleet.module("remote_assistance_policy", DISABLED)
    one, other = run.of("CL01"), run.of("CL02")
    assert (one.status, other.status) == ("failed", "ok")
    assert one.message.startswith("CL01 could not be judged: ")
    assert fleet.writes("CL01") and len(fleet.writes("CL01")) == len(fleet.writes("CL02"))
    # What is not known is not called unchanged.
    assert one.result["changed"] is True
    again = fleet.module("remote_assistance_policy", DISABLED)
    assert again.changed() == set()
    assert fleet.playbook("rollback").changed() == {"CL01", "CL02"}
    assert fleet.fingerprints() == before
