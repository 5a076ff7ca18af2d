# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sites of the tables of operating system deployment that live: the estate's site in place of rows, so that what is written can be seen.

Not every description has such a site: `living` gives None for those.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import described_osd as d

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours.configmgr_site import (
    Association,
    Console,
    DistributionPoint,
    OsdOptions,
    Site,
    SiteOptions,
    StateMigrationPoint,
    StoredAccount,
    attach,
)

USER = {"name": "CORP\\svc-ansible", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544"]}
RESPONDER_PROPERTY = "SccmPXE"
_NOT_LIVING = frozenset({"secondary", "denied", "broken", "hidden", "without_class", "site_code", "software_distribution"})
_POINT_NOT_LIVING = frozenset({"site", "props", "lists", "list_name", "staged", "denied"})
_SWITCHES = ("pxe", "answers", "unknown", "multicast", "anonymous")
_AFFINITIES = ("none", "manual", "automatic")


def living(
    described: Mapping[str, Any], now: datetime, *, osd: Mapping[str, Any] | None = None, **more: Any
) -> tuple[Machine, Site] | None:
    """A provider host with the site that is described, or None when the estate's sites cannot be like that. `osd`: more of OsdOptions;
    `more`: of SiteOptions."""
    options = osd_options(described)
    if options is None:
        return None
    machine = Machine({"host": {"name": "CM01", "product_type": 3, "domain_role": 3, "user": USER}}, clock=SimulatedClock(now))
    given = described.get("stored_accounts")
    accounts = described.get("access_accounts") or [] if given is None else given
    named: list[dict[str, Any]] = [{"name": one, "usage": ["Software Distribution"]} if isinstance(one, str) else one for one in accounts]
    store = tuple(StoredAccount(one["name"], tuple(use for use in one["usage"] if use != "SMS_CLIENT_CONFIG_MANAGER")) for one in named)
    # A put or a cmdlet takes its time here as everywhere.
    site_options = SiteOptions(osd=OsdOptions(**{**options, **(osd or {})}), store=store, **more)
    console = None if described.get("module") == "none" else Console()
    return machine, attach(machine, options=site_options, console=console)


def osd_options(described: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the estate calls the same."""
    if _NOT_LIVING & set(described) or described.get("module") == "old" or described.get("access_accounts", []) is None:
        return None
    points = [_distribution_point(label, point) for label, point in described.get("points", {}).items()]
    migration = [_migration_point(label, point) for label, point in described.get("migration_points", {}).items()]
    multicast = {label for label, point in described.get("points", {}).items() if point.get("multicast")}
    if None in points or None in migration or multicast != set(described.get("multicast_points", [])):
        return None
    associations = []
    for one in described.get("associations", []):
        if {"ids", "id", "site", "type", "behavior"} & set(one) or None in one.values():
            return None
        dates = {name: one.get(name, d.UNSET) for name in ("created", "released", "deleted")}
        associations.append(Association(one["source"], one["destination"], one.get("path", ""), **dates, status=one.get("status", 2)))
    tells = any("responder" in point for point in described.get("points", {}).values())
    return {
        "distribution_points": tuple(points),
        "migration_points": tuple(migration),
        "associations": tuple(associations),
        "network_access_accounts": tuple(described.get("access_accounts", [])),
        "responder_property": RESPONDER_PROPERTY if tells else "",
    }


def _server(label: str, point: Mapping[str, Any]) -> str:
    return str(point.get("server", f"{label}.corp.example"))


def _distribution_point(label: str, point: Mapping[str, Any]) -> DistributionPoint | None:
    values = [point.get(name, 0) for name in (*_SWITCHES, "responder")]
    if _POINT_NOT_LIVING & set(point) or not {*values} <= {0, 1} or point.get("password", "none") not in ("set", "none", "missing"):
        return None
    lacks = [
        name
        for field, name in (("policy", "BindPolicy"), ("list", "BindExcept"), ("password", "PXEPassword"))
        if point.get(field) == "missing"
    ]
    macs, policy = point.get("list", []), point.get("policy", 0)
    return DistributionPoint(
        _server(label, point),
        pxe=bool(point.get("pxe", 0)),
        answer_requests=bool(point.get("answers", 0)),
        unknown_computers=bool(point.get("unknown", 0)),
        password=point.get("password", "none") == "set",
        bind=tuple(macs) if macs != "missing" and macs else None,
        bind_policy=policy if policy != "missing" else 0,
        response_delay=point.get("delay", 0),
        user_device_affinity=_AFFINITIES[point.get("affinity", 0)],
        responder="configmgr" if point.get("responder") else "wds",
        multicast=bool(point.get("multicast", 0)),
        anonymous=bool(point.get("anonymous", 0)),
        lacks=tuple(lacks),
    )


def _migration_point(label: str, point: Mapping[str, Any]) -> StateMigrationPoint | None:
    numbers = [point.get(name, default) for name, default in (("delay", 1440), ("cycle", 1440), ("restore_only", 0))]
    if {"site", "props", "lists", "list_name", "staged"} & set(point) or "missing" in numbers or numbers[2] not in (0, 1):
        return None
    delay, cycle, restore_only = numbers
    return StateMigrationPoint(_server(label, point), delay, cycle, bool(restore_only), tuple(point.get("folders", [])))


def rows_as_state(site: Site, machine: Machine) -> dict[str, Any]:
    """What the site has, in the form of a state, for whoever works out what that is."""
    now = machine.clock.now()
    names = ("SMS_SCI_SysResUse", "SMS_StateMigration")
    rows = [{"class": name, "properties": _plain(row)} for name in names for row in site.rows(name, now)]
    return {"wmi": {"root\\SMS\\site_P01": {"instances": rows}}}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
