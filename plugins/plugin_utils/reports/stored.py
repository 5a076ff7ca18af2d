# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The result of one host and run, as it is stored and read again: the one source of every report."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding

SCHEMA = 1
ROLLBACK = "rollback"
"""The action of a rollback, and what its result is filed under, which is no area of the baseline."""
_DONE = (ChangeState.MADE.value, ChangeState.FAILED.value)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class UnreadableResultError(ValueError):
    """A file in a results folder that is no result of this schema; the message says what is wrong."""


@dataclass(frozen=True)
class StoredResult:
    """C(time) is the controller's, in UTC. C(changes), C(readings) and C(host) are plain values.

    C(action): verify, apply, rollback, or failed, when the host could not be judged.
    C(times) are those of the areas that were judged at another time than C(time).
    """

    run_id: str
    subject: str
    time: datetime
    action: str
    areas: tuple[str, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Mapping[str, Any], ...] = ()
    readings: Mapping[str, Any] | None = None
    host: Mapping[str, Any] | None = None
    snapshot: str | None = None
    times: Mapping[str, datetime] = field(default_factory=dict)

    def time_of(self, area: str) -> datetime:
        """When an area was judged."""
        return self.times.get(area, self.time)

    def to_text(self) -> str:
        """The JSON text of the file."""
        content = {
            "schema": SCHEMA,
            "run_id": self.run_id,
            "subject": self.subject,
            "time": _time_text(self.time),
            "times": {area: _time_text(time) for area, time in self.times.items()},
            "action": self.action,
            "areas": list(self.areas),
            "host": self.host,
            "snapshot": self.snapshot,
            "findings": [finding.to_data() for finding in self.findings],
            "changes": list(self.changes),
            "readings": self.readings or {},
        }
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    def merged(self, other: StoredResult) -> StoredResult:
        """This result with those areas of an earlier one of the same run that it does not judge itself.

        What the earlier one changed or failed to change has happened, however the area is judged now; so that is kept as well.
        """
        kept = tuple(area for area in other.areas if area not in self.areas)
        changes = [change for change in other.changes if change["area"] in kept or change["state"] in _DONE]
        return replace(
            self,
            areas=(*kept, *self.areas),
            findings=(*(finding for finding in other.findings if finding.area in kept), *self.findings),
            changes=(*(change for change in changes if change not in self.changes), *self.changes),
            readings={
                **{area: reading for area, reading in (other.readings or {}).items() if area not in self.areas},
                **(self.readings or {}),
            },
            host=self.host or other.host,
            snapshot=self.snapshot or other.snapshot,
            times={**{area: other.time_of(area) for area in kept}, **self.times},
        )


def _time_text(time: datetime) -> str:
    return time.astimezone(timezone.utc).isoformat()


def file_of(folder: Path, run_id: str, subject: str) -> Path:
    """Where a result lies. A name that is no plain file name gets a digest: no two hosts share a file, and none leaves the folder."""
    return folder / _file_name(run_id) / f"{_file_name(subject)}.json"


def _file_name(text: str) -> str:
    plain = _UNSAFE.sub("_", text).lstrip(".") or "_"
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def store(folder: Path, result: StoredResult) -> Path:
    """Write a result, together with what the same run stored of this host before. OSError when the folder cannot be written."""
    path = file_of(folder, result.run_id, result.subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        result = result.merged(load(path))
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(result.to_text(), encoding="utf-8")
    temporary.replace(path)
    return path


def require_storable(folder: Path, run_id: str, subject: str) -> None:
    """Asked before a host is touched: OSError or UnreadableResultError when no result of it could be stored afterwards."""
    path = file_of(folder, run_id, subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        load(path)
    # Rights alone do not tell: a file system may be read-only, or full.
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text("{}\n", encoding="utf-8")
    temporary.unlink()


def load(path: Path) -> StoredResult:
    """Read one result; UnreadableResultError when it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise UnreadableResultError(f"{path} has schema {content['schema']}, and this version reads schema {SCHEMA}.")
        return StoredResult(
            run_id=_text(content["run_id"]),
            subject=_text(content["subject"]),
            time=_moment(content["time"]),
            action=content["action"],
            areas=tuple(content["areas"]),
            findings=tuple(Finding.from_data(finding) for finding in content["findings"]),
            changes=tuple(_change(change) for change in content["changes"]),
            readings=content["readings"],
            host=content["host"],
            snapshot=content["snapshot"],
            times={area: _moment(time) for area, time in content.get("times", {}).items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, UnreadableResultError):
            raise
        raise UnreadableResultError(f"{path} is no result of this collection ({type(error).__name__}: {error}).") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _change(value: Mapping[str, Any]) -> Mapping[str, Any]:
    missing = sorted({"area", "setting", "before", "after", "state"} - value.keys())
    if missing:
        raise ValueError(f"a change has no {missing[0]}")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value} names no time zone")
    return moment


def load_all(folders: Iterable[Path], run_id: str | None = None) -> tuple[tuple[StoredResult, ...], tuple[str, ...]]:
    """All results in some folders, and a sentence for each file that could not be read."""
    found: list[StoredResult] = []
    unreadable: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*/*.json")):
            try:
                result = load(path)
            except UnreadableResultError as error:
                unreadable.append(str(error))
                continue
            if run_id is None or result.run_id == run_id:
                found.append(result)
    return tuple(found), tuple(unreadable)


def newest(results: Sequence[StoredResult]) -> dict[str, StoredResult]:
    """For each host the newest result of each area, put together; hosts in alphabetical order.

    What a rollback changed is told as long as nothing newer is known of its host. A host with nothing but rollbacks has no result.
    """
    by_host: dict[str, list[StoredResult]] = {}
    for result in sorted(results, key=lambda result: result.time):
        by_host.setdefault(result.subject, []).append(result)
    together = {host: _together(every) for host, every in sorted(by_host.items())}
    return {host: result for host, result in together.items() if result}


def _together(results: Sequence[StoredResult]) -> StoredResult | None:
    """One result of all those of a host, the oldest of which comes first."""
    judging = [result for result in results if set(result.areas) != {ROLLBACK}]
    if not judging:
        return None
    of_area: dict[str, StoredResult] = {}
    for result in judging:
        for area in result.areas:
            if area != ROLLBACK and (area not in of_area or result.time_of(area) >= of_area[area].time_of(area)):
                of_area[area] = result
    changes = [change for area, result in of_area.items() for change in result.changes if change["area"] == area]
    if results[-1].action == ROLLBACK:
        changes.extend(results[-1].changes)
    return replace(
        judging[-1],
        areas=tuple(of_area),
        findings=tuple(finding for area, result in of_area.items() for finding in result.findings if finding.area == area),
        changes=tuple(changes),
        readings={area: result.readings[area] for area, result in of_area.items() if result.readings and area in result.readings},
        host=next((result.host for result in reversed(judging) if result.host), None),
        snapshot=next((result.snapshot for result in reversed(judging) if result.snapshot), None),
        times={area: result.time_of(area) for area, result in of_area.items()},
    )
