# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the tables of situations of PXE and of state migration, and runs a row.

The tables and the library are written apart from each other. A row is about a site or about one of its servers; what a site's judgement
needs of servers is not in the table: it comes from running those servers' own plays.
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import described_osd as d
import push_situations as p
import yaml
from asked_host import Host

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load as load_catalog
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import run as apply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import enforce
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from windows_estate.machine import Machine, SimulatedClock

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=timezone.utc)
"""What the hosts' clocks say unless a row says otherwise."""

_ROW_FIELDS = frozenset(
    {
        "name", "source", "options", "site", "server", "readings", "now", "expect", "changes", "never", "writes", "no_writes", "refused",
        "or_refused", "restarts",
    }
)  # fmt: skip
_EXPECTATION_FIELDS = frozenset({"status", "code", "object", "mentions", "caveats", "tells"})


@dataclass(frozen=True)
class Situation:
    """One row. `changes` and `restarts` None: not said; empty: nothing. `or_refused`: refusing the options is as right as the verdicts.
    `readings`: descriptions of servers, or of sites where the row is about a server, by inventory name; None: that host has not been
    heard from."""

    name: str
    source: str
    options: dict[str, Any]
    described: dict[str, Any]
    about_site: bool
    readings: dict[str, dict[str, Any] | None]
    now: datetime
    expected: tuple[p.Expected, ...]
    changes: tuple[str, ...] | None
    never: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    no_writes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    or_refused: tuple[str, ...] = ()
    restarts: tuple[str, ...] | None = None

    @property
    def state(self) -> dict[str, Any]:
        return d.site_state(self.described, self.name) if self.about_site else d.server_state(self.described, self.name)


@dataclass(frozen=True)
class Table:
    """A whole table. `readings_options`: the options of a server's own play when it is run for its readings."""

    aspects: Mapping[str, p.Aspect]
    situations: tuple[Situation, ...]
    refused_options: tuple[p.RefusedOptions, ...]
    codes: frozenset[str]

    def named(self, name: str) -> Situation:
        return next(one for one in self.situations if one.name == name)


def load(path: Path, points: str, more_points: str) -> Table:
    """`points`: the option that is a list of points; the table has them under `more_points`, by name, so that they can be laid over."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    aspects = {
        name: p.Aspect(
            frozenset(None if control == p.OWN_WISH else control for control in aspect["controls"]),
            re.compile(aspect.get("words", ""), re.IGNORECASE),
            re.compile(aspect["without"], re.IGNORECASE) if "without" in aspect else None,
        )
        for name, aspect in table["aspects"].items()
    }

    def options(given: Any) -> dict[str, Any]:
        laid = laid_over(given, table["options"])
        if more_points in laid:
            laid[points] = [{"name": name, **content} for name, content in laid.pop(more_points).items()]
        return laid

    situations = tuple(_situation(row, table, options, aspects) for row in table["situations"])
    refused = tuple(
        p.RefusedOptions(row["name"], row["source"], options(row["options"]), tuple(row["refused"])) for row in table["refused_options"]
    )
    return Table(aspects, situations, refused, frozenset(table["codes"]))


def laid_over(short: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    """A description laid over the one that it is like, at every depth; null takes away, everything but dictionaries replaces."""
    if isinstance(short, str):
        short = {"like": short}
    base: dict[str, Any] = laid_over(named[short["like"]], named) if "like" in short else {}
    own = {key: value for key, value in short.items() if key != "like"}
    result: dict[str, Any] = _merged(base, own)
    return result


def _merged(below: Any, above: Any) -> Any:
    if not isinstance(above, Mapping):
        return copy.deepcopy(above)
    under = below if isinstance(below, Mapping) else {}
    merged = {key: copy.deepcopy(value) for key, value in under.items()}
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def _situation(
    row: Mapping[str, Any], table: Mapping[str, Any], options: Callable[[Any], dict[str, Any]], aspects: Mapping[str, p.Aspect]
) -> Situation:
    name = row["name"]
    if unknown := set(row) - _ROW_FIELDS:
        raise p.TableError(f"{name}: unknown fields {sorted(unknown)}")
    if ("refused" in row) == ("expect" in row) or ("refused" in row and "changes" in row):
        raise p.TableError(f"{name}: either refused, or expect and changes")
    if ("site" in row) == ("server" in row):
        raise p.TableError(f"{name}: about a site or about a server")
    changes = row.get("changes")
    if changes == "none":
        changes = []
    elif changes is not None and (not isinstance(changes, list) or not changes):
        raise p.TableError(f"{name}: changes are a list that is not empty, or the word none")
    about_site = "site" in row
    described = laid_over(row["site"] if about_site else row["server"], table["sites"] if about_site else table["servers"])
    readings = row.get("readings", {} if not about_site else table["readings"])
    situation = Situation(
        name=name,
        source=row["source"],
        options=options(row["options"]),
        described=described,
        about_site=about_site,
        readings={
            host: None if one is None else laid_over(one, table["servers" if about_site else "sites"]) for host, one in readings.items()
        },
        now=datetime.fromisoformat(row["now"]) if "now" in row else NOW,
        expected=tuple(_expected(name, subject, verdict, aspects) for subject, verdict in row.get("expect", {}).items()),
        changes=None if changes is None else tuple(changes),
        never=tuple(row.get("never", [])),
        writes=tuple(row.get("writes", [])),
        no_writes=tuple(row.get("no_writes", [])),
        refused=tuple(row.get("refused", [])),
        or_refused=tuple(row.get("or_refused", [])),
        restarts=None if "restarts" not in row else () if row["restarts"] == "none" else tuple(row["restarts"]),
    )
    # Made once here so that a wrong description fails where it stands.
    assert situation.state
    return situation


def _expected(name: str, subjects: str, verdict: Any, aspects: Mapping[str, p.Aspect]) -> p.Expected:
    if isinstance(verdict, str | list):
        verdict = {"status": verdict}
    if unknown := set(verdict) - _EXPECTATION_FIELDS:
        raise p.TableError(f"{name}: unknown expectations {sorted(unknown)}")
    words = [*verdict.get("mentions", []), *verdict.get("caveats", []), *verdict.get("tells", [])]
    if not all(isinstance(word, str) for word in words):
        raise p.TableError(f"{name}: words are texts, not {words}")
    parts = tuple(part.strip() for part in subjects.split(" or "))
    for part in parts:
        if part != p.OWN_WISH and part not in aspects and not re.fullmatch(r"\d{3}-\d\d", part):
            raise p.TableError(f"{name}: {part} is no control and no aspect")
    statuses = _several(verdict["status"])
    if strange := set(statuses) - {*p.STATUSES, p.NO_FINDING}:
        raise p.TableError(f"{name}: unknown status {sorted(strange)}")
    return p.Expected(
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


# -- running a row -----------------------------------------------------------------------------------------------------------------------


def host_of(state: dict[str, Any], now: datetime = NOW) -> Host:
    return Host(Machine(state, clock=SimulatedClock(now)))


def judge(area: str, options: Mapping[str, Any], host: Host, *, check: bool = True, **more: Any) -> Any:
    """The outcome of one play on a host; wrong options are an OptionError."""
    checked = read_options(area, dict(options))
    return enforce({area: checked}, host.execute, subject=host.machine.name, check=check, today=date(2026, 3, 10), **more)


def readings_of(area: str, own_play: str, servers: Mapping[str, Mapping[str, Any] | None], now: datetime = NOW) -> dict[str, Any]:
    """What the plays of some servers return for others, by inventory name. Those not heard from are left out."""
    found: dict[str, Any] = {}
    for host_name, described in servers.items():
        if described is None:
            continue
        host = host_of(d.server_state(described, host_name), now)
        outcome = judge(area, {own_play: dict(_OWN_PLAY[own_play])}, host)
        assert host.untouched and len(host.requests) == 1, f"{host_name} was touched for its readings"
        assert outcome.readings, f"{host_name} returns no readings"
        # Readings travel as JSON: through host variables, or through a results folder.
        found[host_name] = json.loads(json.dumps(outcome.readings))
    return found


def readings_of_sites(area: str, sites: Mapping[str, Mapping[str, Any] | None], now: datetime = NOW) -> dict[str, Any]:
    """The same from the plays of sites, where nothing is declared."""
    found: dict[str, Any] = {}
    for host_name, described in sites.items():
        if described is not None:
            outcome = judge(area, {"state_migration_points": []}, host_of(d.site_state(described, host_name), now))
            found[host_name] = json.loads(json.dumps(outcome.readings))
    return found


_OWN_PLAY: Mapping[str, Mapping[str, Any]] = {"this_distribution_point": {}, "this_state_migration_point": {"smb_signing": True}}


def with_readings(area: str, own_play: str, situation: Situation) -> dict[str, Any]:
    """A row's options, and what other hosts' plays returned."""
    options = dict(situation.options)
    if situation.about_site:
        options["readings"] = readings_of(area, own_play, situation.readings, situation.now)
    elif situation.readings:
        options["readings"] = readings_of_sites(area, situation.readings, situation.now)
    return options


def run(area: str, own_play: str, situation: Situation) -> tuple[Any, Host]:
    """The outcome of a row, or the error with which its options were refused, and the host."""
    options = with_readings(area, own_play, situation)
    host = host_of(situation.state, situation.now)
    try:
        return judge(area, options, host), host
    except OptionError as error:
        return error, host


def rollback(host: Host, name: str) -> Any:
    """What the module rollback does with a snapshot's name: one more execution to read it."""
    read = snapshots.read_snapshots(name)
    request = build_request([Step(read)])
    (file,) = read_reply(request, host.execute(request.arguments))[read].data["files"]
    snapshot = snapshots.parse(base64.b64decode(file["base64"]).decode("utf-8"))
    context = Context(host.machine.name, load_catalog(), date(2026, 3, 10))
    return apply([snapshots.demands(snapshot)], host.execute, context, check=False, run_id="back")


def in_words(changes: Iterable[Any], translate: Callable[[str, str, str, str], Iterable[str]]) -> list[str]:
    """Changes in the words of a table. `translate`: label, item, before, after of one change -> words."""
    words: list[str] = []
    for change in changes:
        one = change.difference
        words += translate(one.label, one.item or "", str(one.before), str(one.after))
    return sorted(words)
