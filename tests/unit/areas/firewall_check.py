# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the library against the firewall's tables: the one place that knows its doors."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from described_host import TableError
from firewall_table import Expected, Task, Wish, differences, planned

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import run as restore
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import enforce
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from windows_estate.machine import Machine
from windows_estate.world.behaviours.firewall import cmdlets

TODAY = date(2026, 1, 2)
STANDING = frozenset({"000-06", "001-21", "004-19", "004-21", "004-22", "004-26", "004-27", "004-33", "004-34", "004-47", "004-58"})
"""Controls that are judged whatever is declared; an exception may be evidence for some of them besides."""
RANKS = ("error", "conflict", "drift", "indeterminate", "unattested", "waived", "attested", "compliant", "not_applicable")


@dataclass(frozen=True)
class Run:
    """What came of a run, the requests that the host got, and whether it is as it was."""

    findings: tuple[Any, ...]
    changes: tuple[Any, ...]
    requests: tuple[Mapping[str, Any], ...]
    untouched: bool

    def operations(self, state: str = "planned") -> list[Any]:
        """The writes that would be sent; `made`: those that were."""
        return [write for change in self.changes if change.state.value == state for write in change.difference.writes]


class Host:
    """A simulated host with the cmdlets of NetSecurity, reached over WinRM."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.machine = Machine(state)
        cmdlets.install(self.machine)

    def run(self, areas: Mapping[str, Mapping[str, Any]], *, everything: bool = False, check: bool = True) -> Run | OptionError:
        """Verify or apply some areas. `everything`: as the baseline does, which knows all that is declared."""
        before = self.machine.fingerprint()
        requests: list[Mapping[str, Any]] = []

        def execute(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            requests.append(dict(arguments))
            return self.machine.execute(dict(arguments))

        try:
            checked = {area: read_options(area, options) for area, options in areas.items()}
            outcome = enforce(
                checked, execute, subject="CL01", check=check, today=TODAY, connection=Connection("winrm", 5985), whole_host=everything
            )
        except OptionError as error:
            if self.machine.fingerprint() != before:
                raise AssertionError("options were refused after the host was written to") from error
            error.requests = len(requests)  # type: ignore[attr-defined]
            return error
        return Run(outcome.findings, outcome.changes, tuple(requests), self.machine.fingerprint() == before)

    def roll_back(self) -> Run:
        """Restore what the one apply has left."""
        requests: list[Mapping[str, Any]] = []

        def execute(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            requests.append(dict(arguments))
            return self.machine.execute(dict(arguments))

        reading = snapshots.read_snapshots()
        request = build_request([Step(reading)])
        (file,) = read_reply(request, execute(request.arguments))[reading].data["files"]
        snapshot = snapshots.parse(base64.b64decode(file["base64"]).decode("utf-8"))
        before = self.machine.fingerprint()
        context = Context("CL01", load(), TODAY, connection=Connection("winrm", 5985))
        outcome = restore((snapshots.demands(snapshot),), execute, context, check=False, run_id="rollback-1", action="rollback")
        return Run(outcome.findings, outcome.changes, tuple(requests), self.machine.fingerprint() == before)

    def firewall_keys(self) -> dict[str, Any]:
        """All that the registry holds of the firewall."""
        return {
            key: values for key, values in self.machine.snapshot()["registry"].items() if "firewall" in key.casefold() and values["values"]
        }


def run(areas: Mapping[str, Mapping[str, Any]], state: dict[str, Any], *, everything: bool = False) -> Run | OptionError:
    """Verify some areas on a host of its own."""
    return Host(state).run(areas, everything=everything)


def chosen(findings: Sequence[Any], wanted: Expected, others: Collection[str] = ()) -> list[Any]:
    """The findings that decide a row's expectation. `others`: what else the row speaks of."""
    what = wanted.what
    control = re.fullmatch(r"(\d{3}-\d\d)(?: (\S+))?", what)
    if control:
        return [f for f in findings if f.control == control[1] and (control[2] is None or _same(f.object, control[2]))]
    if what.startswith("exception "):
        return _of_exception(findings, wanted, others)
    if what in ("own rules", "firewall service") or what.startswith("profile "):
        return [finding for finding in findings if finding.control is None and _same(finding.object, what)]
    raise TableError(f"{what}: nothing that a verdict can be on")


def _of_exception(findings: Sequence[Any], wanted: Expected, others: Collection[str]) -> list[Any]:
    """Where an exception is seen.

    That it is open is said without a control or for 000-06, that nobody else gets in for the controls of standing checks. A standing check
    may be harder than the exception and stand under the same control and object; then the row names that control besides.
    """
    label = wanted.what.removeprefix("exception ")
    mine = [finding for finding in findings if _same(finding.object, label)]
    rest = [finding for finding in mine if not _named(finding.control, label, others)]
    opened = [finding for finding in mine if finding.control not in STANDING] or [f for f in mine if f.control == "000-06"]
    if wanted.exclusive and worst(opened) == "compliant":
        return mine if "compliant" not in wanted.statuses else rest
    return opened or rest or mine


def _named(control: str | None, label: str, others: Collection[str]) -> bool:
    # These two ask the same of a host.
    twins = ("004-27", "004-34") if control in ("004-27", "004-34") else (str(control),)
    return any(twin in others or f"{twin} {label}" in others for twin in twins)


def _same(found: str | None, wanted: str) -> bool:
    return found is not None and found.casefold() == wanted.casefold()


def worst(findings: Sequence[Any]) -> str:
    return min((finding.status.value for finding in findings), key=RANKS.index, default="none")


def told(findings: Sequence[Any]) -> str:
    """Everything that is said, for a person who reads why a test failed."""
    return "\n".join(
        f"  {f.control} [{f.object}] {f.status.value} code={f.code.value if f.code else None}\n"
        f"    expected={f.expected!r}\n    actual={f.actual!r}\n    remedy={f.remedy!r}\n"
        f"    caveats={f.caveats!r}\n    evidence={f.evidence!r}"
        for f in findings
    )


def disagreement(findings: Sequence[Any], wanted: Expected, others: Collection[str] = ()) -> str | None:
    """What is wrong with one verdict, or None. `others`: what else its row speaks of."""
    mine = chosen(findings, wanted, others)
    status = worst(mine)
    if status not in wanted.statuses:
        label = wanted.what.removeprefix("exception ")
        if (
            label != wanted.what
            and "compliant" in wanted.statuses
            and mine
            and all(_named(finding.control, label, others) for finding in mine)
        ):
            # The row itself judges every finding that this exception can be seen in.
            return None
        return f"{wanted.what} is {status}, should be {' or '.join(wanted.statuses)}\n{told(mine)}"
    decisive = [finding for finding in mine if finding.status.value in wanted.statuses]
    if wanted.codes and status == "indeterminate" and not any(f.code and f.code.value in wanted.codes for f in decisive):
        return f"{wanted.what}: code should be one of {', '.join(wanted.codes)}\n{told(decisive)}"
    for words, text, where in (
        (wanted.mentions, " ".join(_everything(finding) for finding in decisive), "nothing"),
        (wanted.caveats, " ".join(str(finding.caveats) for finding in decisive), "no caveat"),
    ):
        for word in words:
            if not any(part.casefold() in text.casefold() for part in word.split("|")):
                return f"{wanted.what}: {where} mentions {word}\n{told(decisive)}"
    return None


def _everything(finding: Any) -> str:
    return " ".join([finding.expected, finding.actual, finding.remedy, *finding.evidence, *finding.caveats])


def disagreements(run_of: Run, task: Task) -> list[str]:
    """All that is wrong with the verdicts of a run."""
    others = {wanted.what for wanted in task.expected}
    return [wrong for wanted in task.expected if (wrong := disagreement(run_of.findings, wanted, others)) is not None]


def changes_wrong(run_of: Run, wishes: Sequence[Wish] | None) -> list[str]:
    """Where what is planned is not what the table wants; nothing where the table does not say."""
    operations = planned(run_of.operations())
    return [] if wishes is None else differences(wishes, operations)


def refusals_wrong(run_of: Run, words: Sequence[str]) -> list[str]:
    """What should have been refused for the sake of the connection, and was not, or not in these words."""
    said = " ".join(str(change.message) for change in run_of.changes if change.state.value == "refused")
    return [f"no refusal mentions {word}: {said!r}" for word in words if word.casefold() not in said.casefold()]
