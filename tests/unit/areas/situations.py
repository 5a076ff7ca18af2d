# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the tables of situations.

A table (`*_situations.yml`) says in words what a Windows host is like, what the operator asked for and what the verdict has to be.
Here its rows become typed; `described_host` makes the host.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from described_host import TableError, host_state

HERE = Path(__file__).resolve().parent

EXPECTATION_FIELDS = frozenset({"status", "code", "severity", "object", "mentions", "caveats"})
STATUSES = ("error", "conflict", "drift", "indeterminate", "unattested", "waived", "attested", "compliant", "not_applicable")
"""Worst first: the status of a control is the worst of its findings'."""

NO_FINDING = "none"


@dataclass(frozen=True)
class Expected:
    """What the verdict on a control has to be. Of several controls at least one has to have it."""

    controls: tuple[str, ...]
    status: str
    codes: tuple[str, ...] = ()
    severity: str | None = None
    object: str | None = None
    mentions: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """One row of a table. `changes` is None where the table does not say; an empty tuple means that nothing may be planned.
    `refused`: words of the error with which the host shows the options to be wrong; then there is no verdict."""

    name: str
    source: str
    options: dict[str, Any]
    state: dict[str, Any]
    expected: tuple[Expected, ...]
    changes: tuple[str, ...] | None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusedOptions:
    """Options that are wrong before any host is touched, and words that the error has to have."""

    name: str
    source: str
    options: dict[str, Any]
    refused: tuple[str, ...]


@dataclass(frozen=True)
class ControlRow:
    """In which modes a control of this area means something. In ``open_in`` the guidance leaves it open: there both are right."""

    control: str
    kind: str  # value, documented, attested, elsewhere
    applies_in: frozenset[str]
    open_in: frozenset[str]
    when: tuple[str, ...]
    decided_by: str
    source: str


@dataclass(frozen=True)
class AnswerFile:
    """A small answer file, as bytes, and what it says about the two controls."""

    name: str
    source: str
    content: bytes
    options: dict[str, Any]
    expected: tuple[Expected, ...] = ()
    refused: tuple[str, ...] = ()


def load_situations(path: Path = HERE / "remote_assistance_situations.yml") -> list[Situation]:
    """All situations of a table. Raises TableError for a row that says something this module does not understand."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    hosts: Mapping[str, Any] = table["hosts"]
    options: Mapping[str, Any] = table["options"]
    return [_situation(row, hosts, options) for row in table["situations"]]


def load_refused_options(path: Path = HERE / "remote_assistance_situations.yml") -> list[RefusedOptions]:
    """Options that no host is needed for to see that they are wrong."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    options: Mapping[str, Any] = table["options"]
    return [
        RefusedOptions(row["name"], row["source"], _laid_over(row["options"], options), tuple(row["refused"]))
        for row in table["refused_options"]
    ]


def load_controls(path: Path = HERE / "remote_assistance_controls.yml") -> list[ControlRow]:
    """The table of the area's controls."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    modes = frozenset(table["modes"])
    return [
        ControlRow(
            control=row["control"],
            kind=row["kind"],
            applies_in=_modes(row.get("applies_in", []), modes),
            open_in=_modes(row.get("open_in", []), modes),
            when=tuple(row.get("when", [])),
            decided_by=row["decided_by"],
            source=row["source"],
        )
        for row in table["controls"]
    ]


def load_answer_files(path: Path = HERE / "answer_file_situations.yml") -> list[AnswerFile]:
    """The answer files of a table, encoded as each says."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    options: Mapping[str, Any] = table["options"]
    return [
        AnswerFile(
            name=row["name"],
            source=row["source"],
            content=_encoded(row["xml"], row.get("encoding", "utf-8"), table["pieces"]),
            options=_laid_over(row.get("options", {"like": "disabled"}), options),
            expected=_expectations(row),
            refused=tuple(row.get("refused", [])),
        )
        for row in table["answer_files"]
    ]


def _modes(names: Sequence[str] | str, all_modes: frozenset[str]) -> frozenset[str]:
    if names == "all":
        return all_modes
    unknown = set(names) - all_modes
    if unknown:
        raise TableError(f"unknown modes: {sorted(unknown)}")
    return frozenset(names)


def _encoded(xml: str, encoding: str, pieces: Mapping[str, str]) -> bytes:
    for name, text in pieces.items():
        xml = xml.replace("{" + name + "}", text.strip())
    return xml.strip().encode(encoding) if xml.strip() else b""


def _situation(row: Mapping[str, Any], hosts: Mapping[str, Any], options: Mapping[str, Any]) -> Situation:
    name = row["name"]
    unknown = set(row) - {"name", "source", "options", "host", "expect", "changes", "refused"}
    if unknown:
        raise TableError(f"{name}: unknown fields {sorted(unknown)}")
    described = _laid_over(row["host"], hosts)
    changes = row.get("changes")
    if changes == "none":
        changes = []
    elif changes is not None and (not isinstance(changes, list) or not changes):
        raise TableError(f"{name}: changes are a list that is not empty, or the word none")
    return Situation(
        name=name,
        source=row["source"],
        options=_laid_over(row["options"], options),
        state=host_state(described, name),
        expected=_expectations(row),
        changes=None if changes is None else tuple(changes),
        refused=tuple(row.get("refused", [])),
    )


def _expectations(row: Mapping[str, Any]) -> tuple[Expected, ...]:
    if ("refused" in row) == ("expect" in row) or ("refused" in row and "changes" in row):
        raise TableError(f"{row['name']}: either refused, or expect and changes")
    return tuple(_expected(row["name"], controls, verdict) for controls, verdict in row.get("expect", {}).items())


def _laid_over(short: Mapping[str, Any] | str, named: Mapping[str, Any]) -> dict[str, Any]:
    """A description laid over the one that it is like: dictionaries are merged, null takes away, everything else replaces."""
    if isinstance(short, str):
        short = {"like": short}
    result: dict[str, Any] = _laid_over(named[short["like"]], named) if "like" in short else {}
    for key, value in short.items():
        if key == "like":
            continue
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            merged = {**result[key], **value}
            result[key] = {inner: content for inner, content in merged.items() if content is not None}
        else:
            result[key] = copy.deepcopy(value)
    return result


def _expected(name: str, controls: str, verdict: Any) -> Expected:
    if isinstance(verdict, str):
        verdict = {"status": verdict}
    unknown = set(verdict) - EXPECTATION_FIELDS
    if unknown:
        raise TableError(f"{name}: unknown expectations {sorted(unknown)}")
    if verdict["status"] not in (*STATUSES, NO_FINDING):
        raise TableError(f"{name}: unknown status {verdict['status']}")
    codes = verdict.get("code", [])
    return Expected(
        controls=tuple(part.strip() for part in controls.split(" or ")),
        status=verdict["status"],
        codes=(codes,) if isinstance(codes, str) else tuple(codes),
        severity=verdict.get("severity"),
        object=verdict.get("object"),
        mentions=tuple(verdict.get("mentions", [])),
        caveats=tuple(verdict.get("caveats", [])),
    )
