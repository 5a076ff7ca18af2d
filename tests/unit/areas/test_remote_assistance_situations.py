# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library against the tables: every situation on a simulated host, verified in this process.

The tables and the library were written apart from each other. Where a test fails, one of the two is wrong: find out which before
changing either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from situations import (
    NO_FINDING,
    STATUSES,
    AnswerFile,
    ControlRow,
    Expected,
    RefusedOptions,
    Situation,
    load_answer_files,
    load_controls,
    load_refused_options,
    load_situations,
)

from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import verify
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.machine import Machine

AREA = "remote_assistance_policy"
CODES = frozenset(
    {
        "read_failed", "access_denied", "ownership_not_visible", "default_unknown", "unsupported_here", "group_not_found", "task_not_found",
        "malformed_value", "not_looked_into", "group_name_localised", "firewall_in_doubt",
    }
)  # fmt: skip

SITUATIONS = load_situations()
CONTROLS = load_controls()
ANSWER_FILES = load_answer_files()
BARE = next(situation for situation in SITUATIONS if situation.options.keys() == {"managed_by", "mode", "firewall"})


def run(options: dict[str, Any], state: dict[str, Any]) -> tuple[Any, list[dict[str, Any]], bool]:
    """The outcome, the requests that the host got, and whether the host is as it was."""
    outcome, host = run_or_refuse(options, state)
    if isinstance(outcome, OptionError):
        raise outcome
    return outcome, host.requests, host.untouched


class Host:
    """A simulated host that keeps what it was asked."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.machine = Machine(state)
        self.before = self.machine.fingerprint()
        self.requests: list[dict[str, Any]] = []

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append(dict(arguments))
        return self.machine.execute(dict(arguments))

    @property
    def untouched(self) -> bool:
        return self.machine.fingerprint() == self.before


def run_or_refuse(options: dict[str, Any], state: dict[str, Any]) -> tuple[Any, Host]:
    """The outcome, or the error with which the options were refused, and the host."""
    host = Host(state)
    try:
        return verify(AREA, options, host.execute, subject="CL01"), host
    except OptionError as error:
        return error, host


@pytest.fixture(scope="module")
def outcomes() -> Callable[[Situation], tuple[Any, list[dict[str, Any]], bool]]:
    """Each situation runs once, however many tests look at it."""
    kept: dict[str, tuple[Any, list[dict[str, Any]], bool]] = {}

    def outcome_of(situation: Situation) -> tuple[Any, list[dict[str, Any]], bool]:
        if situation.name not in kept:
            kept[situation.name] = run(situation.options, situation.state)
        return kept[situation.name]

    return outcome_of


def status_of(findings: Sequence[Any], control: str) -> str:
    statuses = [finding.status.value for finding in findings if finding.control == control]
    return min(statuses, key=STATUSES.index) if statuses else NO_FINDING


def told(findings: Sequence[Any], control: str) -> str:
    """Everything that is said about a control, for a person who reads why a test failed."""
    lines = [
        f"  {finding.control} {finding.status.value} code={finding.code} object={finding.object} severity={finding.severity.value} "
        f"expected={finding.expected!r} actual={finding.actual!r} remedy={finding.remedy!r} caveats={finding.caveats!r}"
        for finding in findings
        if finding.control == control
    ]
    return "\n".join(lines) or f"  {control}: no finding"


def disagreement(findings: Sequence[Any], control: str, expected: Expected) -> str | None:
    """What is wrong with the verdict on one control, or None."""
    status = status_of(findings, control)
    if status != expected.status:
        return f"{control} is {status}, should be {expected.status}"
    if status == NO_FINDING:
        return None
    decisive = [finding for finding in findings if finding.control == control and finding.status.value == status]
    if expected.object is not None:
        decisive = [finding for finding in decisive if str(finding.object).casefold() == expected.object.casefold()]
        if not decisive:
            return f"{control}: no finding of this status is about {expected.object}"
    if expected.codes and not any(finding.code in expected.codes for finding in decisive):
        return f"{control}: code should be one of {', '.join(expected.codes)}"
    if expected.severity is not None and not any(finding.severity.value == expected.severity for finding in decisive):
        return f"{control}: severity should be {expected.severity}"
    text = " ".join(f"{finding.expected} {finding.actual} {finding.remedy}" for finding in decisive).casefold()
    for word in expected.mentions:
        if not any(part.casefold() in text for part in word.split("|")):
            return f"{control}: nothing mentions {word}"
    caveats = " ".join(str(finding.caveats) for finding in decisive).casefold()
    for word in expected.caveats:
        if not any(part.casefold() in caveats for part in word.split("|")):
            return f"{control}: no caveat mentions {word}"
    return None


def check(findings: Sequence[Any], expected: Sequence[Expected]) -> None:
    wrong: list[str] = []
    for one in expected:
        complaints = [disagreement(findings, control, one) for control in one.controls]
        if all(complaints):
            wrong += [f"{complaint}\n{told(findings, control)}" for complaint, control in zip(complaints, one.controls, strict=True)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("situation", [one for one in SITUATIONS if not one.refused], ids=lambda situation: situation.name)
class TestSituation:
    def test_verdicts(self, situation: Situation, outcomes: Callable[[Situation], Any]) -> None:
        outcome, _requests, _untouched = outcomes(situation)
        check(outcome.findings, situation.expected)

    def test_changes(self, situation: Situation, outcomes: Callable[[Situation], Any]) -> None:
        outcome, _requests, _untouched = outcomes(situation)
        planned = sorted(change.describe() for change in outcome.changes)
        if situation.changes is not None:
            assert planned == sorted(situation.changes)
        if situation.options["managed_by"] != "this_collection":
            assert planned == []

    def test_controls_fit_the_mode(self, situation: Situation, outcomes: Callable[[Situation], Any]) -> None:
        outcome, _requests, _untouched = outcomes(situation)
        wrong = [complaint for row in CONTROLS if (complaint := misapplied(row, situation, outcome.findings))]
        strangers = {finding.control for finding in outcome.findings} - {row.control for row in CONTROLS} - {None}
        assert not wrong and not strangers, "\n".join([*wrong, *map(str, strangers)])

    def test_one_execution_that_writes_nothing(self, situation: Situation, outcomes: Callable[[Situation], Any]) -> None:
        _outcome, requests, untouched = outcomes(situation)
        assert len(requests) == 1
        assert untouched

    def test_doubt_has_a_code_from_the_closed_list(self, situation: Situation, outcomes: Callable[[Situation], Any]) -> None:
        outcome, _requests, _untouched = outcomes(situation)
        for finding in outcome.findings:
            if finding.status.value == "indeterminate":
                assert finding.code in CODES, told(outcome.findings, finding.control)

    def test_whoever_reads_it_learns_what_to_do(self, situation: Situation, outcomes: Callable[[Situation], Any]) -> None:
        outcome, _requests, _untouched = outcomes(situation)
        silent = {finding.control for finding in outcome.findings if finding.status.value in ("drift", "conflict") and not finding.remedy}
        assert not silent, "\n".join(told(outcome.findings, control) for control in sorted(silent))


@pytest.mark.parametrize("situation", [one for one in SITUATIONS if one.refused], ids=lambda situation: situation.name)
def test_what_the_host_shows_to_be_wrong(situation: Situation) -> None:
    error, host = run_or_refuse(situation.options, situation.state)
    refused_with(error, situation.refused)
    assert len(host.requests) == 1
    assert host.untouched


@pytest.mark.parametrize("row", load_refused_options(), ids=lambda row: row.name)
def test_what_is_wrong_before_any_host_is_touched(row: RefusedOptions) -> None:
    error, host = run_or_refuse(row.options, BARE.state)
    refused_with(error, row.refused)
    assert host.requests == []


def refused_with(error: Any, words: Sequence[str]) -> None:
    assert isinstance(error, OptionError), "the options were not refused"
    for word in words:
        assert any(part.casefold() in str(error).casefold() for part in word.split("|")), f"nothing mentions {word}: {error}"


def misapplied(row: ControlRow, situation: Situation, findings: Sequence[Any]) -> str | None:
    status = status_of(findings, row.control)
    mode = situation.options["mode"]
    if row.kind == "elsewhere":
        return None if status == NO_FINDING else f"{row.control} is another area's and is {status}"
    if row.kind == "attested":
        return None if status == "unattested" else f"{row.control} is {status}, should be unattested"
    # What only groups decide is not there on a domain controller, and that is a row of the table of its own.
    if mode in row.open_in or (row.control in ("002-19", "002-27", "002-48") and situation.state["host"]["product_type"] == 2):
        return f"{row.control} has no finding" if status == NO_FINDING else None
    applies = mode in row.applies_in and all(met(condition, situation) for condition in row.when)
    if applies and status in (NO_FINDING, "not_applicable"):
        return f"{row.control} is {status}, but means something here"
    if not applies and status != "not_applicable":
        return f"{row.control} is {status}, but means nothing here"
    if applies and row.kind == "documented":
        caveats = [caveat for finding in findings if finding.control == row.control for caveat in finding.caveats]
        if status != "compliant" or not caveats:
            return f"{row.control} is {status} with caveats {caveats}, should be compliant with a caveat"
    return None


def met(condition: str, situation: Situation) -> bool:
    options = situation.options
    conditions: dict[str, bool] = {
        "server": situation.state["host"]["product_type"] != 1,
        "messages": "warning_messages" in options,
        "method": "invitation_method" in options,
        "answer_file": "answer_file" in options,
        "view_only": options.get("control", "view_only") == "view_only",
    }
    return conditions[condition]


@pytest.mark.parametrize("answer_file", ANSWER_FILES, ids=lambda answer_file: answer_file.name)
def test_answer_file(answer_file: AnswerFile, tmp_path: Path) -> None:
    path = tmp_path / "unattend.xml"
    path.write_bytes(answer_file.content)
    started = time.monotonic()
    outcome, host = run_or_refuse({**answer_file.options, "answer_file": str(path)}, BARE.state)
    # An entity that grows to a gigabyte takes longer than this.
    assert time.monotonic() - started < 5
    if answer_file.refused:
        refused_with(outcome, answer_file.refused)
        assert host.requests == []
    else:
        check(outcome.findings, answer_file.expected)
        assert len(host.requests) == 1
        assert host.untouched
