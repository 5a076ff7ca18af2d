# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rings of client push over the whole fleet: which push principal reaches which computers.

What a single computer shows is judged there. That no account reaches two rings shows only when all of them are put together, so this works
on the stored results, whatever run, slice or folder they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import ROLLBACK, StoredResult

AREA = "client_push_target"
FLEET = "fleet"
"""The subject of findings on no single host."""
_CONTROL = "001-15"
_TITLE = "Use several push accounts, each for its own set of computers"
_NESTED = "nested membership is not looked into: only direct members of Administrators are counted"
# The place of a change to a member of Administrators.
_GROUP_PLACE = "local_group:s-1-5-32-544|"


class UnreadableReadingError(ValueError):
    """A reading is not of the form that the area stores."""


@dataclass(frozen=True)
class Reading:
    """What a computer told. C(ring): the name given, or one made of the admitted principals. C(principals): names by SID, of all rings.

    C(reaches): the SIDs of push principals that are direct members of Administrators; C(members): those of all members.
    """

    host: str
    ring: str
    admitted: frozenset[str]
    principals: Mapping[str, str]
    members: Mapping[str, str]


@dataclass(frozen=True)
class PushRings:
    """C(reach): by ring and account, the hosts that it reaches. C(rings): the hosts of each ring. All names are for people.

    C(across): accounts that reach hosts of several rings, with the hosts by ring. C(shared): hosts that several accounts reach.
    C(without): rings of which no host admits any push principal. C(untold): hosts that should have told and did not, with the reason.
    C(old): hosts whose result is past its time. C(elsewhere): accounts that are known and that no host that was heard from admits.
    C(unjudged): hosts that were heard from, and not on client push: whom they admit nobody has looked at.
    """

    rings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reach: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    across: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    old: Mapping[str, datetime] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()

    @property
    def declared(self) -> bool:
        """Whether any host was judged by the area at all."""
        return bool(self.rings or self.untold)

    def findings(self) -> tuple[Finding, ...]:
        """What is to be said of the fleet; nothing where the area is not in use."""
        if not self.declared:
            return ()
        drifts = [*map(self._across, self.across), *map(self._shared, self.shared), *map(self._without, self.without)]
        return tuple([*drifts, *self._doubts()] or [self._good()])

    def _across(self, account: str) -> Finding:
        rings = self.across[account]
        said = "; ".join(f"{ring}: {_some(hosts)}" for ring, hosts in rings.items())
        return _finding(
            Status.DRIFT,
            f"{account} reaches the computers of {len(rings)} rings: {said}",
            "each push account reaches the computers of one ring only",
            account,
            remedy="Admit it in one ring only, name it in known_push_principals of the others, and apply there.",
        )

    def _shared(self, host: str) -> Finding:
        return _finding(
            Status.DRIFT,
            f"{host} is reached by {len(self.shared[host])} push accounts: {', '.join(self.shared[host])}",
            "each computer is reached by one push account only",
            host,
            remedy="Admit one of them, name the others in known_push_principals, and apply.",
        )

    def _without(self, ring: str) -> Finding:
        return _finding(
            Status.DRIFT,
            f"no push account reaches any computer of the ring {ring}: {_some(self.rings[ring])}",
            "each ring has a push account",
            f"ring {ring}",
            remedy="Apply, which admits the principal that is declared, or take the option off computers that are not pushed to.",
        )

    def _doubts(self) -> Iterable[Finding]:
        expected = "all computers were heard from lately"
        if self.untold:
            said = "; ".join(f"{host} ({reason})" for host, reason in list(self.untold.items())[:_MOST])
            more = f" and {len(self.untold) - _MOST} more" if len(self.untold) > _MOST else ""
            text = f"which push accounts reach {len(self.untold)} computers is not known: {said}{more}"
            yield _finding(Status.INDETERMINATE, text, expected, "not heard from", remedy="Run verify there.", code=Code.READ_FAILED)
        if self.old:
            text = f"the results of {len(self.old)} computers are old: {_some(tuple(self.old))}"
            yield _finding(Status.INDETERMINATE, text, expected, "old results", remedy="Run verify there.", code=Code.READ_FAILED)

    def _good(self) -> Finding:
        if len(self.rings) > 1:
            said = f"{len(self.rings)} rings of {sum(map(len, self.rings.values()))} computers, and no push account in two of them"
            return _finding(Status.COMPLIANT, said, "no push account reaches two rings", None, caveats=self._not_looked_at())
        expected = "several rings, each with a push account of its own"
        only = f"all computers that were heard from are one ring: {next(iter(self.rings))}"
        if self.elsewhere:
            said = f"{only}; nothing was heard from those of {_some(self.elsewhere)}"
            return _finding(Status.INDETERMINATE, said, expected, None, remedy="Run verify on the other rings.", code=Code.READ_FAILED)
        return _finding(Status.DRIFT, only, expected, None, remedy="Make rings of computers, each with a push account of its own.")

    def _not_looked_at(self) -> tuple[str, ...]:
        """Whether it is a ring that was not heard from, or an account that no ring admits any more, no result tells."""
        elsewhere = f"no computer that was heard from admits {_some(self.elsewhere)}: computers of its ring, if it has one, are not counted"
        unjudged = f"client push was not judged on {_some(self.unjudged)}, so whom they admit is not known"
        return (*((elsewhere,) if self.elsewhere else ()), *((unjudged,) if self.unjudged else ()))


_MOST = 20


def _some(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - _MOST} more" if len(hosts) > _MOST else ""
    return ", ".join(hosts[:_MOST]) + more


def _finding(
    status: Status,
    actual: str,
    expected: str,
    about: str | None,
    *,
    remedy: str = "",
    code: Code | None = None,
    caveats: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        control=_CONTROL,
        area=AREA,
        subject=FLEET,
        status=status,
        severity=Severity.MEDIUM,
        expected=expected,
        actual=actual,
        object=about,
        title=_TITLE,
        caveats=(_NESTED, *caveats),
        remedy=remedy,
        code=code,
    )


def push_rings(latest: Mapping[str, StoredResult], old: Mapping[str, Mapping[str, datetime]], expected: Sequence[str] = ()) -> PushRings:
    """Put together what the hosts told. C(latest): the newest result of each host; C(old): by host, areas past their time.

    C(expected): hosts that should have been heard from. Where nobody declares the area, nothing is expected of anybody.
    """
    readings: list[Reading] = []
    untold: dict[str, str] = {}
    for host, result in latest.items():
        if AREA not in result.areas:
            continue
        reason = _why_not(result)
        if reason is None:
            try:
                readings.append(_reading(host, (result.readings or {})[AREA]))
                continue
            except UnreadableReadingError as error:
                reason = str(error)
        untold[host] = reason
    if readings or untold:
        untold |= {host: "not heard from" for host in dict.fromkeys(expected) if host not in latest}
    aged = {host: areas[AREA] for host, areas in old.items() if AREA in areas and host not in untold}
    unjudged = tuple(sorted(host for host, result in latest.items() if AREA not in result.areas))
    return _together(readings, untold, aged, unjudged)


def _why_not(result: StoredResult) -> str | None:
    """Why a host that was judged tells nothing that holds."""
    if any(change["area"] == ROLLBACK and _GROUP_PLACE in str(change.get("place", "")).casefold() for change in result.changes):
        return "rolled back since it was judged"
    if not result.readings or AREA not in result.readings:
        return "could not be judged"
    return None


def _reading(host: str, content: Json) -> Reading:
    try:
        admitted = {str(one["sid"]): str(one["name"]) for one in content["admitted"]}
        known = {str(one["sid"]): str(one["name"]) for one in content["known"]}
        members = {str(one["sid"]): str(one["name"] or one["sid"]) for one in content["administrators"]}
        ring = content["ring"]
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableReadingError("its result is not of the form of this version") from error
    # Without a name, whoever admits the same principals is one ring.
    name = str(ring) if ring else f"of {', '.join(sorted(admitted.values()))}"
    return Reading(host, name, frozenset(admitted), {**known, **admitted}, members)


def _together(readings: Sequence[Reading], untold: Mapping[str, str], old: Mapping[str, datetime], unjudged: tuple[str, ...]) -> PushRings:
    names: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for reading in readings:
        names |= reading.principals
    rings: dict[str, list[str]] = {}
    reach: dict[str, dict[str, list[str]]] = {}
    shared: dict[str, tuple[str, ...]] = {}
    for reading in readings:
        # Two computers of one ring may have its name from different files.
        ring = spelled.setdefault(reading.ring.casefold(), reading.ring)
        rings.setdefault(ring, []).append(reading.host)
        # Whom some host knows as a push principal is one on all of them.
        here = sorted(sid for sid in reading.members if sid in names)
        for sid in here:
            reach.setdefault(sid, {}).setdefault(ring, []).append(reading.host)
        if len(here) > 1:
            shared[reading.host] = tuple(names[sid] for sid in here)
    admitted = {sid for reading in readings for sid in reading.admitted}
    served = {ring for by_ring in reach.values() for ring in by_ring}
    return PushRings(
        rings={ring: tuple(sorted(hosts)) for ring, hosts in sorted(rings.items())},
        reach={
            (ring, names[sid]): tuple(sorted(by_ring[ring]))
            for ring in sorted(served)
            for sid, by_ring in sorted(reach.items(), key=lambda pair: names[pair[0]])
            if ring in by_ring
        },
        across={
            names[sid]: {ring: tuple(sorted(hosts)) for ring, hosts in sorted(by_ring.items())}
            for sid, by_ring in sorted(reach.items(), key=lambda pair: names[pair[0]])
            if len(by_ring) > 1
        },
        shared=dict(sorted(shared.items())),
        without=tuple(ring for ring in sorted(rings) if ring not in served),
        untold=dict(sorted(untold.items())),
        old=dict(sorted(old.items())),
        elsewhere=tuple(sorted(name for sid, name in names.items() if sid not in admitted)),
        unjudged=unjudged,
    )
