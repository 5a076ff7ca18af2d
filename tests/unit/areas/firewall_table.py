# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the tables about the firewall, whose heads tell the form, and brings planned changes into one form to compare.

A planned change is compared by what it means on the host: its cmdlets are read here without help of the code that made them.
"""

from __future__ import annotations

import copy
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from described_host import TableError, host_state

HERE = Path(__file__).resolve().parent
STATUSES = ("error", "conflict", "drift", "indeterminate", "unattested", "waived", "attested", "compliant", "not_applicable", "none")
OWN = re.compile(r"ConfigMgrHardening-(?P<area>[A-Za-z]+)-(?P<label>.+)-(?P<number>[1-9]\d*)", re.IGNORECASE)


@dataclass(frozen=True)
class Expected:
    """What one verdict has to be; `statuses`: one of these. `exclusive`: of an exception, nobody else may get in."""

    what: str
    statuses: tuple[str, ...]
    codes: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    exclusive: bool = False


@dataclass(frozen=True)
class Planned:
    """An operation on the host's firewall. `doing`: put, remove, enable, disable or profile.

    What a put means is in `rule`; `place` is the area and label of its id, else the rule's id or the profile, ignoring case.
    """

    doing: str
    place: str
    rule: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.doing, self.place, *(f"{name}={value}" for name, value in self.rule)])


@dataclass(frozen=True)
class Wish:
    """An expected operation: one of `alternatives`; optional where it may be left out."""

    alternatives: tuple[Planned, ...]
    optional: bool = False


@dataclass(frozen=True)
class Task:
    """What a run has to say and plan. `changes` is None where the table does not say."""

    expected: tuple[Expected, ...]
    changes: tuple[Wish, ...] | None
    refuses: tuple[str, ...]


@dataclass(frozen=True)
class Situation:
    name: str
    source: str
    options: dict[str, Any]
    state: dict[str, Any]
    alone: Task
    firewall: dict[str, Any]
    """The firewall as the table describes it."""
    baseline: Task | None = None
    others: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Options of further areas in the run of everything."""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    name: str
    options: dict[str, Any]
    refused: tuple[str, ...]


def load(path: Path, *, hosts: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None) -> list[Situation]:
    """The situations of a table. `hosts` and `options` of other tables can be named in it as well."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    area = "RemoteAssistance" if "remote_assistance" in path.name else "Firewall"
    return [
        _situation(row, {**(hosts or {}), **table["hosts"]}, {**(options or {}), **table["options"]}, area) for row in table["situations"]
    ]


def load_refused(path: Path, *, options: Mapping[str, Any] | None = None) -> list[Refused]:
    """Options that no host is needed for to see that they are wrong."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    named = {**(options or {}), **table["options"]}
    return [Refused(row["name"], laid_over(row["options"], named), tuple(row["refused"])) for row in table["refused_options"]]


def _situation(row: Mapping[str, Any], hosts: Mapping[str, Any], options: Mapping[str, Any], area: str) -> Situation:
    name = row["name"]
    unknown = set(row) - {"name", "source", "options", "host", "machine", "expect", "refused", "changes", "refuses", "baseline"}
    if unknown:
        raise TableError(f"{name}: unknown fields {sorted(unknown)}")
    if ("refused" in row) == ("expect" in row) or ("refused" in row and "changes" in row):
        raise TableError(f"{name}: either refused, or expect and changes")
    machine = laid_over(row.get("machine", {}), hosts)
    firewall = laid_over(row["host"], hosts)
    given = laid_over(row["options"], options)
    situation = Situation(
        name=name,
        source=row["source"],
        options=given,
        state=host_state({**machine, "firewall": firewall}, name),
        alone=_task(name, row, area, exclusive=_exclusive([given])),
        firewall=firewall,
        refused=tuple(row.get("refused", [])),
    )
    if "baseline" not in row:
        return situation
    of_all = row["baseline"]
    unknown = set(of_all) - {"changes", "expect", "refuses", "with"}
    if unknown:
        raise TableError(f"{name}: unknown fields of baseline {sorted(unknown)}")
    others = {other: laid_over(given, options) for other, given in of_all.get("with", {}).items()}
    return replace(
        situation,
        baseline=_task(name, of_all, area, exclusive=_exclusive(others.values()) or _exclusive([situation.options])),
        others=tuple(others.items()),
    )


def _exclusive(options: Iterable[Mapping[str, Any]]) -> bool:
    return any(one.get("exclusive", False) for one in options)


def _task(name: str, row: Mapping[str, Any], area: str, *, exclusive: bool) -> Task:
    changes = row.get("changes")
    if changes == "none":
        changes = []
    elif changes is not None and (not isinstance(changes, list) or not changes):
        raise TableError(f"{name}: changes are a list that is not empty, or the word none")
    return Task(
        expected=tuple(
            replace(_expected(name, str(what), verdict), exclusive=exclusive) for what, verdict in row.get("expect", {}).items()
        ),
        changes=None if changes is None else tuple(_wish(change, area) for change in changes),
        refuses=tuple(row.get("refuses", [])),
    )


def _expected(name: str, what: str, verdict: Any) -> Expected:
    if not isinstance(verdict, Mapping):
        verdict = {"status": verdict}
    unknown = set(verdict) - {"status", "code", "mentions", "caveats"}
    statuses = _listed(verdict["status"])
    if unknown or not set(statuses) <= set(STATUSES):
        raise TableError(f"{name}: {what}: not understood {sorted(unknown)} {statuses}")
    mentions, caveats = (tuple(str(word) for word in verdict.get(field, [])) for field in ("mentions", "caveats"))
    return Expected(what, tuple(statuses), tuple(_listed(verdict.get("code", []))), mentions, caveats)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def laid_over(short: Mapping[str, Any] | str, named: Mapping[str, Any]) -> dict[str, Any]:
    """A description laid over the one that it is like: dictionaries are merged at every depth, null takes away."""
    if isinstance(short, str):
        short = {"like": short}
    under = laid_over(named[short["like"]], named) if "like" in short else {}
    return _merged(under, {key: value for key, value in short.items() if key != "like"})


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(dict(under))
    for key, value in over.items():
        if value is None and key in result:
            del result[key]
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = _merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


# -- planned changes ---------------------------------------------------------------------------------------------------------------------

_PROTOCOLS = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmpv4": "icmp4", "1": "icmp4", "icmpv6": "icmp6", "58": "icmp6"}


def _wish(change: Mapping[str, Any], area: str) -> Wish:
    ((doing, what),) = change.items()
    if doing == "any_of":
        return Wish(tuple(_wish(one, area).alternatives[0] for one in what))
    if doing == "maybe":
        return replace(_wish(what, area), optional=True)
    return Wish((_wished(doing, what, area),))


def _wished(doing: str, what: Any, area: str) -> Planned:
    if doing == "profile":
        ((profile, parameters),) = what.items()
        return Planned("profile", profile, tuple(sorted((name.casefold(), _plain(value)) for name, value in parameters.items())))
    if doing != "put":
        if doing not in ("remove", "enable", "disable"):
            raise TableError(f"no such change: {doing}")
        return Planned(doing, what.casefold())
    unknown = set(what) - {"label", "tcp", "udp", "icmp4", "icmp6", "from", "profiles", "program", "service", "interfaces", "to"}
    (protocol,) = set(what) & {"tcp", "udp", "icmp4", "icmp6"}
    if unknown:
        raise TableError(f"unknown fields of a put {sorted(unknown)}")
    rule: dict[str, Any] = {
        "protocol": protocol,
        "ports": _ports(what[protocol]),
        "from": _addresses(what.get("from", ["any"])),
        "to": _addresses(what.get("to", ["any"])),
        "profiles": tuple(sorted(what.get("profiles", ["domain"]))),
        "interfaces": tuple(sorted(alias.casefold() for alias in what.get("interfaces", []))),
    }
    rule.update({name: _path(what[name]) for name in ("program", "service") if name in what})
    return Planned("put", f"{area}/{what['label']}".casefold(), tuple(sorted(rule.items())))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("switch", value.get("text", value))
    return str(value).casefold()


def _path(text: str) -> str:
    return text.casefold().replace("%systemroot%", "c:\\windows").replace("%windir%", "c:\\windows")


def _ports(ports: Iterable[Any]) -> tuple[str, ...]:
    """Ports in one spelling: ranges with a dash, RPC's keywords without, echo's one code left out."""
    spelled = {"rpcepmap": "rpc-epmap", "135": "rpc-epmap"}
    found = set()
    for port in ports:
        text = str(port).casefold()
        text = re.sub(r"^(\d+):(?:0|\*)$", r"\1", text)
        first, _, last = text.partition("-")
        text = first if first == last else text
        found.add(spelled.get(text, text))
    return tuple(sorted(found)) if "any" not in found else ("any",)


def _addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """Addresses as keywords and as the fewest ranges."""
    keywords, ranges = set(), []
    for text in texts:
        if "any" in text.casefold():
            return ("any",)
        if re.fullmatch(r"[A-Za-z]+\d?", text):
            keywords.add(text.casefold())
        elif "-" in text:
            first, _, last = text.partition("-")
            ranges.append((ipaddress.ip_address(first), ipaddress.ip_address(last)))
        else:
            network = ipaddress.ip_network(text)
            ranges.append((network[0], network[-1]))
    joined: list[tuple[Any, Any]] = []
    for low, high in sorted(ranges, key=lambda pair: (pair[0].version, int(pair[0]))):
        if joined and joined[-1][0].version == low.version and int(low) <= int(joined[-1][1]) + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return (*sorted(keywords), *(f"{low}-{high}" for low, high in joined))


class NotAFirewallWrite(ValueError):
    """An operation that the table has no words for."""


def planned(operations: Iterable[Any]) -> list[Planned]:
    """What some operations (`op`, `fields`) do to the firewall; rules that differ in their ports only are one."""
    found: list[Planned] = []
    for operation in operations:
        found += _of_operation(operation.op, operation.fields)
    puts: dict[tuple[Any, ...], set[str]] = {}
    for one in found:
        if one.doing == "put":
            rest = (one.place, tuple(pair for pair in one.rule if pair[0] != "ports"))
            puts.setdefault(rest, set()).update(dict(one.rule)["ports"])
    # One operation may be planned for two exceptions; it is sent once.
    others = dict.fromkeys(one for one in found if one.doing not in ("put", "profile"))
    joined = [Planned("put", place, tuple(sorted([*rest, ("ports", _ports(ports))]))) for (place, rest), ports in puts.items()]
    return [*joined, *others, *_profiles(found)]


def _profiles(found: Iterable[Planned]) -> list[Planned]:
    by_profile: dict[str, dict[str, str]] = {}
    for one in found:
        if one.doing == "profile":
            by_profile.setdefault(one.place, {}).update(one.rule)
    return [Planned("profile", profile, tuple(sorted(parameters.items()))) for profile, parameters in by_profile.items()]


def _of_operation(op: str, fields: Mapping[str, Any]) -> list[Planned]:
    if op != "cmdlet.invoke" or fields.get("module") != "NetSecurity" or fields.get("mutates") is not True:
        raise NotAFirewallWrite(f"{op} {fields}")
    given = dict(fields["parameters"])
    if "PolicyStore" in given and _plain(given.pop("PolicyStore")) != "persistentstore":
        raise NotAFirewallWrite(f"another store: {fields}")
    ids = [str(one) for one in _listed(given.pop("Name"))]
    name = fields["name"].casefold()
    if name == "set-netfirewallprofile":
        options = {option.casefold(): _plain(value) for option, value in given.items() if option != "Confirm"}
        return [Planned("profile", profile.casefold(), tuple(sorted(options.items()))) for profile in ids]
    if name in ("enable-netfirewallrule", "disable-netfirewallrule", "remove-netfirewallrule"):
        doing = name.partition("-")[0]
        if set(given) - {"Confirm"}:
            raise NotAFirewallWrite(f"more than a name: {fields}")
        if doing == "remove" and not all(OWN.fullmatch(one) for one in ids):
            raise NotAFirewallWrite(f"another's rule is removed: {fields}")
        return [Planned(doing, one.casefold()) for one in ids]
    if name in ("new-netfirewallrule", "set-netfirewallrule"):
        (rule_id,) = ids
        return [_put(rule_id, given)]
    raise NotAFirewallWrite(fields["name"])


def _put(rule_id: str, given: Mapping[str, Any]) -> Planned:
    """A whole own rule: what is not said of it is what Windows takes for it."""
    own = OWN.fullmatch(rule_id)
    if own is None:
        raise NotAFirewallWrite(f"another's rule is rewritten: {rule_id}")
    for parameter, needed in (("Direction", "inbound"), ("Action", "allow"), ("EdgeTraversalPolicy", "block"), ("Enabled", "true")):
        if _plain(given.get(parameter, needed)) != needed:
            raise NotAFirewallWrite(f"{rule_id}: {parameter} is {given[parameter]}")
    protocol = _PROTOCOLS.get(_plain(given.get("Protocol", "any")), "any")
    ports = given.get("IcmpType" if protocol.startswith("icmp") else "LocalPort", "Any")
    profiles = [part.strip() for text in _listed(given.get("Profile", "Any")) for part in str(text).casefold().split(",")]
    aliases = [str(alias).casefold() for alias in _listed(given.get("InterfaceAlias", []))]
    rule = {
        "protocol": protocol,
        "ports": _ports(_listed(ports)),
        "from": _addresses([str(one) for one in _listed(given.get("RemoteAddress", "Any"))]),
        "to": _addresses([str(one) for one in _listed(given.get("LocalAddress", "Any"))]),
        "profiles": ("domain", "private", "public") if "any" in profiles else tuple(sorted(profiles)),
        "interfaces": tuple(sorted(alias for alias in aliases if alias != "any")),
        "program": _none_for_any(_path(str(given.get("Program", "Any")))),
        "service": _none_for_any(_plain(given.get("Service", "Any"))),
    }
    return Planned("put", f"{own['area']}/{own['label']}".casefold(), tuple(sorted(rule.items())))


def _none_for_any(text: str) -> str:
    return "none" if text == "any" else text


def differences(wishes: Sequence[Wish], found: Sequence[Planned]) -> list[str]:
    """Where what is planned is not what the table wants."""
    left = list(found)
    wrong = []
    # What has to be is matched before what only may be.
    for wish in sorted(wishes, key=lambda wish: wish.optional):
        match = next((one for one in left for wanted in wish.alternatives if _fits(wanted, one)), None)
        if match is not None:
            left.remove(match)
        elif not wish.optional:
            wrong.append("missing: " + " or ".join(map(str, wish.alternatives)))
    return wrong + [f"too much: {one}" for one in left]


def _fits(wanted: Planned, found: Planned) -> bool:
    if (wanted.doing, wanted.place) != (found.doing, found.place) and not (
        wanted.doing == found.doing == "put" and wanted.place.endswith("/*") and wanted.place[:-1] == found.place.partition("/")[0] + "/"
    ):
        return False
    theirs = dict(found.rule)
    if found.doing == "profile":
        return dict(wanted.rule) == theirs
    return all(theirs.get(name) == value for name, value in wanted.rule)
