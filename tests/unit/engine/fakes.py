# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the engine works with, made to measure: settings, verdicts, controls, and a host that holds registry values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.observe import reads_of, settings_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.verdict import Verdict, decide
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Control, Evidence
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation, Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION

KEY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
LIST = f"{KEY}\\RAUnsolicit"
ELSEWHERE = "HKLM\\SOFTWARE\\Policies\\Vendor\\Product"
TODAY = date(2026, 6, 1)

HOST: Json = {
    "name": "CL01",
    "domain": "corp.example",
    "domain_role": 1,
    "product_type": 1,
    "build": "10.0.19045.4170",
    "powershell": "5.1.19041.4170",
    "language": "en-US",
    "architecture": "AMD64",
    "time": "2026-01-02T03:04:05.0000000Z",
    "language_mode": "FullLanguage",
    "user": {"name": "CORP\\svc", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544"]},
}


@dataclass(frozen=True)
class Fake(Setting):
    """A setting that is assessed as the requirement says: C(wanted) is the assessment."""

    kind: ClassVar[str] = "fake"
    name: str
    problem: Problem | None = None
    started: tuple[Operation, ...] = ()
    decided: tuple[tuple[str, str], ...] = ()
    wrong_options: tuple[str, ...] = ()
    runs: bool = True

    @property
    def key(self) -> str:
        return f"fake:{self.name}"

    def reads(self) -> tuple[Operation, ...]:
        return (read(self.name),)

    def interpret(self, answers: Answers) -> Observation:
        evidence, caveats = (f"{self.name} was read",), (f"{self.name} is unproven",)
        return Observation(answers[read(self.name)].data, evidence, self.problem, caveats, self.wrong_options)

    def assess(self, observation: Observation, wanted: Assessment) -> Assessment:
        return wanted

    def decides(self, observation: Observation, difference: Difference) -> str | None:
        return dict(self.decided).get(difference.place or "")

    def trigger(self, observation: Observation, *, mended: bool) -> tuple[Operation, ...]:
        return self.started if self.runs or mended else ()


def read(name: str) -> Operation:
    return Operation.of("registry.read", key=f"{KEY}\\{name}")


def write(name: str = "ViewMessage", data: str = "new", key: str = KEY) -> Operation:
    """By itself one that cannot cut a connection."""
    return Operation.of("registry.write", key=key, name=name, type="sz", data=data)


def difference(name: str, *writes: Operation, place: str | None = None) -> Difference:
    """Writes a value of its own, unless the test says what."""
    return Difference(name, name, "old", "new", writes or (write(data=name),), place=place)


def good(expected: str = "right", actual: str = "as it is") -> Assessment:
    return Assessment(Status.COMPLIANT, expected, actual)


def bad(*differences: Difference, expected: str = "right", actual: str = "wrong") -> Assessment:
    return Assessment(Status.DRIFT, expected, actual, differences)


def doubtful(*differences: Difference) -> Assessment:
    return Assessment(Status.INDETERMINATE, "right", "unknown", differences, code=Code.DEFAULT_UNKNOWN)


def requirement(name: str, assessment: Assessment, controls: Sequence[str] = ("A-1",), **more: Any) -> Requirement:
    return Requirement(Fake(name), assessment, tuple(controls), **more)


def answers_of(requirements: Sequence[Requirement]) -> Answers:
    """Every setting of the requirements answered with nothing."""
    return Answers(WORKSTATION, {each: Answer() for each in reads_of(settings_of(requirements))})


def observed(requirements: Sequence[Requirement]) -> dict[Setting, Observation]:
    answers = answers_of(requirements)
    return {setting: setting.interpret(answers) for setting in settings_of(requirements)}


def verdicts_of(requirements: Sequence[Requirement], area: str = "area") -> list[Verdict]:
    observations = observed(requirements)
    return [decide(area, each, observations, WORKSTATION) for each in requirements]


def control(number: str, severity: Severity = Severity.MEDIUM, evidence: Evidence = Evidence.VERIFY) -> Control:
    return Control(number, f"Title of {number}", "why", "001", "heading", ("client",), evidence, "area", severity)


CATALOG = {each.id: each for each in (control("A-1"), control("A-2", Severity.HIGH), control("A-3", Severity.LOW), control("B-1"))}


def context(*decisions: Waiver | Attestation, today: date = TODAY) -> Context:
    waivers = tuple(each for each in decisions if isinstance(each, Waiver))
    attestations = tuple(each for each in decisions if isinstance(each, Attestation))
    return Context("CL01", CATALOG, today, waivers, attestations)


@dataclass
class FakeHost:
    """Registry values by key and name, in small letters, as (type, data). C(fails): the kind of error of an operation, or None."""

    values: dict[tuple[str, str], tuple[str, Json]] = field(default_factory=dict)
    accounts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    fails: Callable[[dict[str, Any]], str | None] = lambda operation: None
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def execute(self, arguments: Mapping[str, Json]) -> Mapping[str, Json]:
        self.requests.append(arguments["operations"])
        answers: dict[str, Json] = {}
        for operation in arguments["operations"]:
            answers[operation["id"]] = self._answer(operation, answers)
        return {"contract": 1, "changed": False, "host": HOST, "answers": answers}

    def _answer(self, operation: dict[str, Any], answers: Mapping[str, Json]) -> Json:
        kind = self.fails(operation)
        if any(not answers[need]["ok"] for need in operation.get("needs", ())):
            kind = "dependency"
        if kind:
            return {"ok": False, "error": {"kind": kind, "message": f"The host says {kind}.", "code": None}}
        return {"ok": True, "data": self._data(operation)}

    def _data(self, operation: dict[str, Any]) -> Json:
        key = str(operation.get("key", "")).casefold()
        name = str(operation.get("name", "")).casefold()
        match operation["op"]:
            case "registry.read":
                exists = any(f"{known}\\".startswith(f"{key}\\") for known, _name in self.values)
                values = {one: {"type": kind, "data": data} for (known, one), (kind, data) in self.values.items() if known == key}
                wanted = operation.get("names")
                kept = values if wanted is None else {one: values[one.casefold()] for one in wanted if one.casefold() in values}
                return {"exists": exists, "values": kept, "subkeys": {}}
            case "registry.write":
                self.values[key, name] = (operation["type"], operation["data"])
            case "registry.remove":
                self.values.pop((key, name), None)
            case "file.write":
                self.files[operation["path"]] = operation["text"]
            case "account.resolve":
                known = {asked: self.accounts.get(asked) for asked in operation["accounts"]}
                return {"accounts": {asked: one and {"sid": one[0], "name": one[1]} for asked, one in known.items()}}
            case "cmdlet.invoke":
                return {"rows": [{"Success": True, "RestartNeeded": "Yes"}]}
        return None
