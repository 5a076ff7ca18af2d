# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads `distribution_point` and `state_migration_point` of the hosts with that role, and `volumes` and `smb` of any host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from windows_estate.world.behaviours.configmgr_site.osd_options import (
    AFFINITIES,
    NEVER,
    RESPONDERS,
    UNITS,
    WDS,
    Association,
    StorageFolder,
    wmi_date,
)
from windows_estate.world.behaviours.migration_point import share_name
from windows_estate.world.behaviours.pxe_point import PxeHostOptions
from windows_estate.world.behaviours.smb import SmbOptions
from windows_estate.world.behaviours.volumes import GB, MB, Volume
from windows_estate.world.network import Network, mac_of
from windows_estate.world.words.reader import Fields, WordsError, shown

_SIZE: Final = re.compile(r"(\d+) ?(MB|GB|percent)")
_BYTES: Final = {"MB": MB, "GB": GB}
_DURATION: Final = re.compile(r"(\d+) (minutes?|hours?|days?)")
_MINUTES: Final = {"minute": 1, "hour": 60, "day": 1440}
_AGO: Final = re.compile(r"(\d+) (minutes?|hours?|days?) ago")
_WMI_DATE: Final = re.compile(r"\d{14}\.\d{6}([+-]\d{3}|\+\*{3})")
_MAC: Final = re.compile("[0-9A-Fa-f]{12}")
_POLICIES: Final = {"exclude": 0, "include": 1}
_STATUSES: Final = ("not_started", "in_progress", "completed")


@dataclass(frozen=True)
class DistributionPointWords:
    """`site`: its site code, None for the clients' own site. `options`: fields of DistributionPoint."""

    site: str | None
    options: tuple[tuple[str, Any], ...]
    host: PxeHostOptions


@dataclass(frozen=True)
class Store:
    """A computer association and its store; dates are texts of `read_date`. `folder`: None for the first one."""

    source: str
    destination: str
    folder: str | None
    path: str | None
    created: str
    released: str
    deleted: str
    status: int | None
    users: tuple[str, ...]
    offset: bool

    def association(self, folder_share: str, server: str, number: int, now: datetime) -> Association:
        """What the site knows of it; `folder_share`: the share of its folder."""
        created, released, deleted = (date_of(text, now, offset=self.offset) for text in (self.created, self.released, self.deleted))
        path = self.path
        if path is None:
            path = "" if created == NEVER else f"\\\\{server}\\{folder_share}\\{number:08X}"
        return Association(self.source, self.destination, path, created, released, deleted, self.status, self.users)


@dataclass(frozen=True)
class MigrationPointWords:
    """`folders`: as the site keeps them; `shares`, `no_share`, `former`: as its host has them."""

    site: str | None
    delay_minutes: int
    cycle_minutes: int
    restore_only: bool
    folders: tuple[StorageFolder | str, ...]
    shares: tuple[tuple[str, str], ...]
    no_share: tuple[str, ...]
    former: tuple[tuple[str, str], ...]
    stores: tuple[Store, ...]


def read_distribution_point(fields: Fields, network: Network) -> DistributionPointWords:
    """Raises WordsError."""
    pxe = fields.raw("pxe", False)
    inner = Fields({} if pxe is True else None if pxe is False else pxe, f"{fields.where}, pxe")
    options: dict[str, Any] = {
        "pxe": pxe is not False,
        "anonymous": fields.flag("anonymous_content", False),
        "multicast": fields.flag("multicast", False),
        "multicast_point": fields.flag("multicast_point"),
        "lacks": fields.texts("lacks"),
        "responder": inner.text("responder", WDS, one_of=RESPONDERS),
        "answer_requests": inner.flag("answer"),
        "unknown_computers": inner.flag("unknown_computers", False),
        "password": inner.flag("password", False),
        "bind": _bind(inner, network),
        "bind_policy": inner.number("bind_policy"),
        "response_delay": inner.number("response_delay", 0),
        "user_device_affinity": inner.text("user_device_affinity", "none", one_of=AFFINITIES),
    }
    inner.done()
    values = fields.fields("wds")
    policy = values.text("policy", None, one_of=_POLICIES) if values.has("policy") else None
    host = PxeHostOptions(
        wds_policy=None if policy is None else _POLICIES[policy],
        wds_interfaces=values.texts("interfaces") if values.has("interfaces") else None,
        started=fields.text("service", "running", one_of=("running", "stopped")) == "running",
        other_responder=fields.text("other_responder", None, one_of=("stopped", "running")) if fields.has("other_responder") else None,
        dhcp_server=fields.flag("dhcp_server", False),
        firewall_open=fields.text("firewall", "open", one_of=("open", "closed")) == "open",
        copies_to_wds=fields.flag("copies_to_wds", True),
        responder_filters=fields.flag("responder_filters", True),
    )
    values.done()
    found = DistributionPointWords(fields.text("site", None), tuple(options.items()), host)
    fields.done()
    return found


def _bind(fields: Fields, network: Network) -> tuple[str, ...] | None:
    """`respond_on`: `all`, or aliases of interfaces and MACs, which stay in their notation."""
    if not fields.has("respond_on") or fields.raw("respond_on") == "all":
        return None
    found = []
    for word in fields.texts("respond_on"):
        interface = network.interface(word)
        if interface is not None:
            found.append(mac_of(interface).replace("-", ":"))
        elif _MAC.fullmatch(re.sub("[:.-]", "", word)):
            found.append(word)
        else:
            aliases = ", ".join(one.alias for one in network.interfaces)
            raise WordsError(f"{fields.where}: respond_on has {shown(word)}; allowed: all, a MAC, or one of {aliases}.")
    return tuple(found)


def read_migration_point(fields: Fields) -> MigrationPointWords:
    """Raises WordsError."""
    folders: list[StorageFolder | str] = []
    shares, no_share = [], []
    items = fields.entries("folders") if fields.has("folders") else [{"path": "D:\\UserState"}]
    for item in items:
        if isinstance(item, str):
            folders.append(item)
            continue
        inner = Fields(item, f"{fields.where}, folders")
        path = inner.text("path")
        space, unit = _size(inner, "free", "10 GB", tuple(UNITS))
        folders.append(StorageFolder(path, inner.number("clients", 100), space, unit))
        share = inner.raw("share")
        if share is False or share == "absent":
            no_share.append(path)
        elif share is not None:
            shares.append((path, inner.text("share")))
        inner.done()
    former = []
    for item in fields.entries("former_folders"):
        inner = Fields(item if isinstance(item, dict) else {"path": item}, f"{fields.where}, former_folders")
        path = inner.text("path")
        former.append((path, inner.text("share", share_name(path))))
        inner.done()
    found = MigrationPointWords(
        site=fields.text("site", None),
        delay_minutes=_duration(fields, "delete_after", "1 day"),
        cycle_minutes=_duration(fields, "cycle", "0 days" if fields.raw("delete_after") == "immediately" else "1 day"),
        restore_only=fields.flag("restore_only", False),
        folders=tuple(folders),
        shares=tuple(shares),
        no_share=tuple(no_share),
        former=tuple(former),
        stores=tuple(_store(item, fields.where) for item in fields.entries("stores")),
    )
    fields.done()
    return found


def _store(item: Any, where: str) -> Store:
    fields = Fields(item, f"{where}, stores")
    source = fields.text("source")
    status = fields.text("status", None, one_of=_STATUSES) if fields.has("status") else None
    found = Store(
        source=source,
        destination=fields.text("destination", source),
        folder=fields.text("folder", None),
        path=fields.text("store", None),
        created=_date(fields, "created"),
        released=_date(fields, "released"),
        deleted=_date(fields, "deleted"),
        status=None if status is None else _STATUSES.index(status),
        users=fields.texts("users"),
        offset=fields.flag("offset", True),
    )
    fields.done()
    return found


def _date(fields: Fields, name: str) -> str:
    value = fields.raw(name, "never")
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    try:
        date_of(text, datetime(2026, 1, 1, tzinfo=timezone.utc))
    except ValueError as error:
        allowed = "3 days ago, never, 2025-10-26T02:30+02:00, or WMI's own text"
        raise WordsError(f"{fields.where}: {name} cannot be {shown(value)}; it looks like {allowed}.") from error
    return text


def date_of(text: str, now: datetime, *, offset: bool = True) -> str:
    """A date in words as WMI writes it. Raises ValueError."""
    if text == "never":
        return NEVER
    if _WMI_DATE.fullmatch(text):
        return text
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return wmi_date(now - timedelta(minutes=int(ago[1]) * _MINUTES[ago[2].rstrip("s")]), offset=offset)
    return wmi_date(datetime.fromisoformat(text.replace("Z", "+00:00")), offset=offset)


def _duration(fields: Fields, name: str, default: str) -> int:
    """Minutes."""
    text = fields.text(name, default)
    if text == "immediately" and name == "delete_after":
        return 0
    match = _DURATION.fullmatch(text)
    if match is None:
        raise WordsError(f"{fields.where}: {name} cannot be {shown(text)}; it looks like 3 days, 12 hours, 90 minutes.")
    return int(match[1]) * _MINUTES[match[2].rstrip("s")]


def _size(fields: Fields, name: str, default: str, units: tuple[str, ...]) -> tuple[int, str]:
    text = fields.text(name, default)
    match = _SIZE.fullmatch(text)
    if match is None or match[2] not in units:
        raise WordsError(f"{fields.where}: {name} cannot be {shown(text)}; it looks like 10 GB; units: {', '.join(units)}.")
    return int(match[1]), match[2]


def read_volumes(fields: Fields) -> tuple[Volume, ...]:
    """`volumes`: letters with `size`, `free` and `label`. Raises WordsError."""
    found = []
    for letter, value in fields.items("volumes"):
        inner = Fields(value, f"{fields.where}, volumes, {letter}")
        if not re.fullmatch("[A-Za-z]", letter):
            raise WordsError(f"{inner.where}: a volume is a letter.")
        size, size_unit = _size(inner, "size", "500 GB", tuple(_BYTES))
        free, free_unit = _size(inner, "free", f"{size} {size_unit}", tuple(_BYTES))
        found.append(Volume(letter.upper(), size * _BYTES[size_unit], free * _BYTES[free_unit], inner.text("label", "")))
        inner.done()
    return tuple(found)


def read_smb(fields: Fields) -> SmbOptions:
    """`smb`. Raises WordsError."""
    shares = []
    for name, value in fields.items("shares"):
        inner = Fields(value if isinstance(value, dict) else {"path": value}, f"{fields.where}, shares, {name}")
        shares.append((name, inner.text("path"), inner.flag("encrypt", False)))
        inner.done()
    found = SmbOptions(
        require_signing=fields.flag("require_signing"),
        encrypt=fields.flag("encrypt"),
        reject_unencrypted=fields.flag("reject_unencrypted"),
        smb1=fields.flag("smb1"),
        shares=tuple(shares),
    )
    fields.done()
    return found
