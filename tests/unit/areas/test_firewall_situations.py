# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library against the tables about the firewall: every situation on a simulated host, verified in this process.

The tables and the library were written apart from each other. Where a test fails, one of the two is wrong: find out which before
changing either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml
from firewall_check import Run, changes_wrong, disagreements, refusals_wrong, run, told
from firewall_table import HERE, OWN, Situation, Task, load, load_refused

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code

REMOTE_ASSISTANCE = yaml.safe_load((HERE / "remote_assistance_situations.yml").read_text(encoding="utf-8"))
TABLES = {
    "firewall_exception": HERE / "firewall_situations.yml",
    "remote_assistance_policy": HERE / "remote_assistance_firewall_situations.yml",
}


@dataclass(frozen=True)
class Case:
    """One run: of one area alone, or of everything that is declared."""

    area: str
    situation: Situation
    everything: bool = False

    @property
    def task(self) -> Task:
        baseline = self.situation.baseline
        return baseline if self.everything and baseline is not None else self.situation.alone

    def __str__(self) -> str:
        return f"{self.situation.name}{' (baseline)' if self.everything else ''}"


def _cases() -> list[Case]:
    named = {"hosts": REMOTE_ASSISTANCE["hosts"], "options": REMOTE_ASSISTANCE["options"]}
    found = []
    for area, path in TABLES.items():
        for situation in load(path, **(named if area == "remote_assistance_policy" else {})):
            found.append(Case(area, situation))
            if situation.baseline is not None:
                found.append(Case(area, situation, everything=True))
    return found


CASES = _cases()
JUDGED = [case for case in CASES if not case.situation.refused]


@pytest.fixture(scope="module")
def runs() -> Callable[[Case], Run]:
    """Each case runs once, however many tests look at it."""
    kept: dict[tuple[str, str], Run] = {}

    def run_of(case: Case) -> Run:
        key = (case.area, str(case))
        if key not in kept:
            areas = {case.area: case.situation.options, **(dict(case.situation.others) if case.everything else {})}
            came = run(areas, case.situation.state, everything=case.everything)
            if isinstance(came, OptionError):
                raise came
            kept[key] = came
        return kept[key]

    return run_of


@pytest.mark.parametrize("case", JUDGED, ids=str)
class TestSituation:
    def test_verdicts(self, case: Case, runs: Callable[[Case], Run]) -> None:
        wrong = disagreements(runs(case), case.task)
        assert not wrong, "\n".join(wrong)

    def test_changes(self, case: Case, runs: Callable[[Case], Run]) -> None:
        wrong = changes_wrong(runs(case), case.task.changes)
        assert not wrong, "\n".join(wrong)

    def test_what_would_cut_the_connection_is_refused(self, case: Case, runs: Callable[[Case], Run]) -> None:
        assert not refusals_wrong(runs(case), case.task.refuses)
        if not case.task.refuses and case.task.changes is not None:
            assert [change.message for change in runs(case).changes if change.state.value == "refused"] == []

    def test_one_execution_that_writes_nothing(self, case: Case, runs: Callable[[Case], Run]) -> None:
        assert len(runs(case).requests) == 1
        assert runs(case).untouched

    def test_doubt_has_a_code_from_the_closed_list(self, case: Case, runs: Callable[[Case], Run]) -> None:
        for finding in runs(case).findings:
            assert (finding.status.value == "indeterminate") == (finding.code is not None), told([finding])
            assert finding.code is None or finding.code in Code

    def test_whoever_reads_it_learns_what_to_do(self, case: Case, runs: Callable[[Case], Run]) -> None:
        silent = [finding for finding in runs(case).findings if finding.status.value in ("drift", "conflict") and not finding.remedy]
        assert not silent, told(silent)

    def test_an_own_rule_has_the_name_of_its_exception(self, case: Case, runs: Callable[[Case], Run]) -> None:
        for operation in runs(case).operations():
            if operation.op == "cmdlet.invoke" and operation.fields["name"] in ("New-NetFirewallRule", "Set-NetFirewallRule"):
                given = operation.fields["parameters"]
                assert OWN.fullmatch(given["Name"] if isinstance(given["Name"], str) else given["Name"][0])
                assert operation.fields["name"] == "Set-NetFirewallRule" or given["Group"] == "configmgr.hardening"


@pytest.mark.parametrize("case", [case for case in CASES if case.situation.refused and not case.everything], ids=str)
def test_what_the_host_shows_to_be_wrong(case: Case) -> None:
    came = run({case.area: case.situation.options}, case.situation.state)
    refused_with(came, case.situation.refused)
    assert came.requests == 1  # type: ignore[union-attr]


REFUSED = [
    (area, row)
    for area, path in TABLES.items()
    for row in load_refused(path, options=REMOTE_ASSISTANCE["options"] if area == "remote_assistance_policy" else {})
]


@pytest.mark.parametrize(("area", "row"), REFUSED, ids=[f"{area} {row.name}" for area, row in REFUSED])
def test_what_is_wrong_before_any_host_is_touched(area: str, row: object) -> None:
    came = run({area: row.options}, JUDGED[0].situation.state)  # type: ignore[attr-defined]
    refused_with(came, row.refused)  # type: ignore[attr-defined]
    assert came.requests == 0  # type: ignore[union-attr]


def refused_with(came: object, words: tuple[str, ...]) -> None:
    assert isinstance(came, OptionError), "the options were not refused"
    for word in words:
        assert any(part.casefold() in str(came).casefold() for part in word.split("|")), f"nothing mentions {word}: {came}"
