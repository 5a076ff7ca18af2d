# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the tables of situations of client push and holds an outcome against a row.

The tables and the library are written apart from each other. Of a row's verdicts only what the table says is looked at, and only in words
that do not depend on how the library puts its findings together: a control, or an aspect that the head of the table defines.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

STATUSES = ("error", "conflict", "drift", "indeterminate", "unattested", "waived", "attested", "compliant", "not_applicable")
"""Worst first: the status of a control is the worst of its findings'."""
NO_FINDING = "none"
OWN_WISH = "own"
"""In place of a control: findings on an operator's wish that no control covers."""

_ROW_FIELDS = frozenset({"name", "source", "options", "host", "expect", "changes", "never", "writes", "no_writes", "refused"})
_EXPECTATION_FIELDS = frozenset({"status", "code", "object", "mentions", "caveats", "tells"})


class TableError(ValueError):
    """A table is not what it should be; the message names the situation."""


@dataclass(frozen=True)
class Aspect:
    """Findings about one matter, whichever of some controls they are filed under: those in whose object, or in whose expected text
    if no object fits, the pattern is found (case ignored), without those in which the other pattern is. None among the controls: an
    operator's own wish."""

    controls: frozenset[str | None]
    words: re.Pattern[str]
    without: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Expected:
    """What the verdict has to be. Of several subjects (controls, aspects) at least one has to have it; of several statuses or codes
    each is right."""

    subjects: tuple[str, ...]
    statuses: tuple[str, ...]
    codes: tuple[str, ...] = ()
    object: str | None = None
    mentions: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """One row. `changes` is None where the table does not say; an empty tuple: nothing may be planned. `never`: must not be planned.
    `writes` and `no_writes`: patterns of which each is in some planned operation's JSON, or in none."""

    name: str
    source: str
    options: dict[str, Any]
    described: dict[str, Any]
    state: dict[str, Any]
    expected: tuple[Expected, ...]
    changes: tuple[str, ...] | None
    never: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    no_writes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusedOptions:
    """Options that are wrong before any host is touched, and words that the error has to have."""

    name: str
    source: str
    options: dict[str, Any]
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A whole table."""

    aspects: Mapping[str, Aspect]
    situations: tuple[Situation, ...]
    refused_options: tuple[RefusedOptions, ...]
    codes: frozenset[str]


def load(path: Path, host_state: Callable[[Mapping[str, Any], str], dict[str, Any]]) -> Table:
    """A table with its hosts made by `host_state`. Raises TableError for a row that says something this module does not understand."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    options, hosts = table["options"], table["hosts"]
    aspects = {
        name: Aspect(
            frozenset(None if control == OWN_WISH else control for control in aspect["controls"]),
            re.compile(aspect.get("words", ""), re.IGNORECASE),
            re.compile(aspect["without"], re.IGNORECASE) if "without" in aspect else None,
        )
        for name, aspect in table["aspects"].items()
    }
    return Table(
        aspects,
        tuple(_situation(row, options, hosts, host_state, aspects) for row in table["situations"]),
        tuple(
            RefusedOptions(row["name"], row["source"], laid_over(row["options"], options), tuple(row["refused"]))
            for row in table["refused_options"]
        ),
        frozenset(table["codes"]),
    )


def laid_over(short: Mapping[str, Any] | str, named: Mapping[str, Any]) -> dict[str, Any]:
    """A description laid over the one that it is like: dictionaries are merged, null takes away, everything else replaces."""
    if isinstance(short, str):
        short = {"like": short}
    result: dict[str, Any] = laid_over(named[short["like"]], named) if "like" in short else {}
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


def _situation(
    row: Mapping[str, Any],
    options: Mapping[str, Any],
    hosts: Mapping[str, Any],
    host_state: Callable[[Mapping[str, Any], str], dict[str, Any]],
    aspects: Mapping[str, Aspect],
) -> Situation:
    name = row["name"]
    if unknown := set(row) - _ROW_FIELDS:
        raise TableError(f"{name}: unknown fields {sorted(unknown)}")
    if ("refused" in row) == ("expect" in row) or ("refused" in row and "changes" in row):
        raise TableError(f"{name}: either refused, or expect and changes")
    changes = row.get("changes")
    if changes == "none":
        changes = []
    elif changes is not None and (not isinstance(changes, list) or not changes):
        raise TableError(f"{name}: changes are a list that is not empty, or the word none")
    described = laid_over(row["host"], hosts)
    return Situation(
        name=name,
        source=row["source"],
        options=laid_over(row["options"], options),
        described=described,
        state=host_state(described, name),
        expected=tuple(_expected(name, subject, verdict, aspects) for subject, verdict in row.get("expect", {}).items()),
        changes=None if changes is None else tuple(changes),
        never=tuple(row.get("never", [])),
        writes=tuple(row.get("writes", [])),
        no_writes=tuple(row.get("no_writes", [])),
        refused=tuple(row.get("refused", [])),
    )


def _expected(name: str, subjects: str, verdict: Any, aspects: Mapping[str, Aspect]) -> Expected:
    if isinstance(verdict, str | list):
        verdict = {"status": verdict}
    if unknown := set(verdict) - _EXPECTATION_FIELDS:
        raise TableError(f"{name}: unknown expectations {sorted(unknown)}")
    parts = tuple(part.strip() for part in subjects.split(" or "))
    for part in parts:
        if part != OWN_WISH and part not in aspects and not re.fullmatch(r"\d{3}-\d\d", part):
            raise TableError(f"{name}: {part} is no control and no aspect")
    statuses = _several(verdict["status"])
    if strange := set(statuses) - {*STATUSES, NO_FINDING}:
        raise TableError(f"{name}: unknown status {sorted(strange)}")
    return Expected(
        subjects=parts,
        statuses=statuses,
        codes=_several(verdict.get("code", [])),
        object=verdict.get("object"),
        mentions=tuple(verdict.get("mentions", [])),
        caveats=tuple(verdict.get("caveats", [])),
        tells=tuple(verdict.get("tells", [])),
    )


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


# -- an outcome against a row ------------------------------------------------------------------------------------------------------------


def findings_about(findings: Sequence[Any], subject: str, aspects: Mapping[str, Aspect]) -> list[Any]:
    """The findings on a control or an aspect."""
    aspect = aspects.get(subject)
    if aspect is None:
        return [finding for finding in findings if finding.control == (None if subject == OWN_WISH else subject)]
    there = [
        finding
        for finding in findings
        if finding.control in aspect.controls and not (aspect.without and aspect.without.search(finding.object or finding.expected))
    ]
    by_object = [finding for finding in there if aspect.words.search(finding.object or "")]
    return by_object or [finding for finding in there if aspect.words.search(_all_text(finding.expected, finding.parts))]


def status_of(findings: Sequence[Any]) -> str:
    """The worst status of some findings."""
    return min((finding.status.value for finding in findings), key=STATUSES.index) if findings else NO_FINDING


def told(findings: Sequence[Any]) -> str:
    """Everything that findings say, for a person who reads why a test failed."""
    return "\n".join(
        f"  {finding.control} {finding.status.value} code={finding.code} object={finding.object} "
        f"expected={finding.expected!r} actual={finding.actual!r} remedy={finding.remedy!r} caveats={finding.caveats!r}"
        for finding in findings
    )


def _all_text(*things: Any) -> str:
    return " ".join(str(thing) for thing in things).casefold()


def _missing_word(words: Sequence[str], text: str) -> str | None:
    return next((word for word in words if not any(part.casefold() in text for part in word.split("|"))), None)


def disagreement(findings: Sequence[Any], subject: str, expected: Expected, aspects: Mapping[str, Aspect]) -> str | None:
    """Why the findings are not what is expected of a subject, or None."""
    about = findings_about(findings, subject, aspects)
    status = status_of(about)
    if status not in expected.statuses:
        return f"{subject}: {status}, expected {' or '.join(expected.statuses)}"
    decisive = [finding for finding in about if finding.status.value == status]
    if expected.object is not None:
        decisive = [finding for finding in decisive if expected.object.casefold() in (finding.object or "").casefold()]
        if not decisive:
            return f"{subject}: nothing with this status has the object {expected.object}"
    if expected.codes and not any(finding.code is not None and finding.code.value in expected.codes for finding in decisive):
        return f"{subject}: no code {' or '.join(expected.codes)}"
    said = _all_text(*((one.object, one.expected, one.actual, one.remedy, one.parts) for one in decisive)).replace("\\\\", "\\")
    caveats = _all_text(*(one.caveats for one in decisive)).replace("\\\\", "\\")
    if word := _missing_word(expected.mentions, said):
        return f"{subject}: nothing mentions {word}"
    if word := _missing_word(expected.caveats, caveats):
        return f"{subject}: no caveat mentions {word}"
    if word := _missing_word(expected.tells, said + " " + caveats):
        return f"{subject}: nothing tells of {word}"
    return None


def complaints(findings: Sequence[Any], expected: Sequence[Expected], aspects: Mapping[str, Aspect]) -> list[str]:
    """Every expectation that is not met, with what was found instead."""
    wrong: list[str] = []
    for one in expected:
        found = [disagreement(findings, subject, one, aspects) for subject in one.subjects]
        if all(found):
            about = [finding for subject in one.subjects for finding in findings_about(findings, subject, aspects)]
            wrong.append(" / ".join(str(complaint) for complaint in found) + "\n" + (told(about) or told(findings)))
    return wrong


def planned_operations(changes: Sequence[Any]) -> list[str]:
    """The writes of changes as JSON, one text each."""
    return [json.dumps(operation.fields, default=str, ensure_ascii=False) for change in changes for operation in change.difference.writes]


def missing_words(words: Sequence[str], text: str) -> str | None:
    """The first of the words that a text lacks (`a|b`: one of them, case ignored), or None."""
    return _missing_word(words, text.casefold().replace("\\\\", "\\"))
