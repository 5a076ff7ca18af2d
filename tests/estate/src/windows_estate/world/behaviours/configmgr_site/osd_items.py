# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rows of distribution points, multicast points, state migration points and associations, as a site has them at first.

Names of roles, properties and lists: Microsoft's samples and published scripts [H]; those of multicast: one script [M]; values of multicast
that nobody judges are examples.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, Final

from windows_estate.machine import NameDict, fold
from windows_estate.world.behaviours.configmgr_site import items, schema
from windows_estate.world.behaviours.configmgr_site.items import Row, embedded, embedded_list
from windows_estate.world.behaviours.configmgr_site.options import SiteOptions
from windows_estate.world.behaviours.configmgr_site.osd_options import (
    AFFINITIES,
    CONFIGMGR,
    Association,
    DistributionPoint,
    StateMigrationPoint,
    StorageFolder,
)

DISTRIBUTION_POINT: Final = "SMS Distribution Point"
MULTICAST_POINT: Final = "SMS Multicast Service Point"
MIGRATION_POINT: Final = "SMS State Migration Point"

PXE: Final = "IsPXE"
ACTIVE: Final = "IsActive"
UNKNOWN_COMPUTERS: Final = "SupportUnknownMachines"
BIND_POLICY: Final = "BindPolicy"
BIND_LIST: Final = "BindExcept"
RESPONSE_DELAY: Final = "ResponseDelay"
AFFINITY: Final = "UdaSetting"
MULTICAST: Final = "IsMulticast"
ANONYMOUS: Final = "IsAnonymousEnabled"
PASSWORD: Final = "PXEPassword"
DELAY: Final = "SMPStoreDeletionDelayTimeInMinutes"
CYCLE: Final = "SMPStoreDeletionCycleTimeInMinutes"
RESTORE_ONLY: Final = "SMPQuiesceState"
FOLDERS: Final = "Directories"
NETWORK_ACCESS: Final = "Network Access User Names"

# The share of resource ids that the estate gives away.
_FIRST_RESOURCE: Final = 16777220


def distribution_point(options: SiteOptions, point: DistributionPoint, code: str) -> Row:
    spelt = _Speller(options)
    props = [
        embedded(spelt(PXE), int(point.pxe)),
        embedded(spelt(ACTIVE), int(point.pxe if point.answer_requests is None else point.answer_requests)),
        embedded(spelt(UNKNOWN_COMPUTERS), int(point.unknown_computers)),
        embedded(spelt(BIND_POLICY), point.policy),
        embedded(spelt(RESPONSE_DELAY), point.response_delay),
        embedded(spelt(AFFINITY), AFFINITIES.index(point.user_device_affinity)),
        embedded(spelt(MULTICAST), int(point.multicast)),
        embedded(spelt(ANONYMOUS), int(point.anonymous)),
        embedded(spelt(PASSWORD), value1=blob(point.server, "as the estate began") if point.password else ""),
    ]
    if options.osd.responder_property:
        props.append(embedded(options.osd.responder_property, int(point.responder == CONFIGMGR)))
    lacks = {fold(name) for name in point.lacks}
    row = items.role(DISTRIBUTION_POINT, point.server, code)
    row["Props"] = [one for one in (*props, *row["Props"]) if fold(one["PropertyName"]) not in lacks]
    row["PropLists"] = [embedded_list(spelt(BIND_LIST), list(point.bind or ()))] if fold(BIND_LIST) not in lacks else []
    return row


def multicast_point(server: str, code: str) -> Row:
    row = items.role(MULTICAST_POINT, server, code)
    row["Props"] = [
        embedded("AuthType", 0),
        embedded("UserName"),
        embedded("IpAddressSource", 1),
        embedded("StartIpAddress", value1="239.0.0.1"),
        embedded("EndIpAddress", value1="239.0.0.254"),
        embedded("StartPort", 63000),
        embedded("EndPort", 64000),
        embedded("Multicast Max Clients", 100),
        embedded("Multicast Session Schedule Cast", 0),
        embedded("Multicast Session Start Delay", 15),
        embedded("Multicast Session Minimum Size", 20),
        *row["Props"],
    ]
    return row


def migration_point(options: SiteOptions, point: StateMigrationPoint, code: str) -> Row:
    spelt = _Speller(options)
    row = items.role(MIGRATION_POINT, point.server, code)
    row["Props"] = [
        embedded(spelt(DELAY), point.delay_minutes),
        embedded(spelt(CYCLE), point.cycle_minutes),
        embedded(spelt(RESTORE_ONLY), int(point.restore_only)),
        *row["Props"],
    ]
    texts = [one.text if isinstance(one, StorageFolder) else one for one in point.folders]
    row["PropLists"] = [embedded_list(spelt(FOLDERS), texts)]
    return row


def associations(found: Iterable[Association], code: str) -> list[Row]:
    """A computer has the same resource id in each."""
    ids: dict[str, int] = {}
    rows = []
    for number, one in enumerate(found, 1):
        source, destination = (ids.setdefault(fold(name), _FIRST_RESOURCE + len(ids)) for name in (one.source, one.destination))
        rows.append(_association(number, one, source, destination, code))
    return rows


def _association(number: int, one: Association, source: int, destination: int, code: str) -> Row:
    return NameDict(
        {
            "MigrationBehavior": 0,
            "MigrationID": f"{code}{number:05X}",
            "MigrationStatus": one.migration_status,
            "MigrationType": 2 if source == destination else 1,
            "RestoreClientResourceID": destination,
            "RestoreMACAddresses": _mac_of(one.destination),
            "RestoreName": one.destination,
            "SiteCode": code,
            "SourceClientResourceID": source,
            "SourceMACAddresses": _mac_of(one.source),
            "SourceName": one.source,
            "StoreCreationDate": one.created,
            "StoreDeletionDate": one.deleted,
            "StorePath": one.store,
            "StoreReleaseDate": one.released,
            "UserNames": [NameDict({"__class": schema.USER_NAMES, "LocaleID": 1033, "UserName": name}) for name in one.users],
        }
    )


def info(row: Row, site_name: str, number: int, *, responder: str) -> Row:
    """What SMS_DistributionPointInfo says of a point. That the list is one text with semicolons is a decision of the simulation."""
    numbers = {fold(one["PropertyName"]): one for one in row["Props"]}

    def value(name: str) -> int:
        found = numbers.get(fold(name))
        return 0 if found is None else int(found.get("Value") or 0)

    password = numbers.get(fold(PASSWORD))
    listed = next((one for one in row["PropLists"] if fold(one["PropertyListName"]) == fold(BIND_LIST)), None)
    server = str(row["NetworkOSPath"]).removeprefix("\\\\")
    return NameDict(
        {
            "BindExcept": ";".join((listed or {}).get("Values") or ()),
            "BindPolicy": bool(value(BIND_POLICY)),
            "BitsEnabled": True,
            "Communication": 0,
            "Description": "",
            "ID": number,
            "IsActive": bool(value(ACTIVE)),
            "IsMulticast": bool(value(MULTICAST)),
            "IsPullDP": False,
            "IsPXE": bool(value(PXE)),
            "NALPath": row["NALPath"],
            "Name": server,
            "PXEPassword": "" if password is None else items.text_of(password),
            "Priority": 200,
            "ResourceType": "Windows NT Server",
            "ResponseDelay": value(RESPONSE_DELAY),
            "SccmPXE": responder == CONFIGMGR,
            "ServerName": server,
            "SiteCode": row["SiteCode"],
            "SiteName": site_name,
            "SupportUnknownMachines": bool(value(UNKNOWN_COMPUTERS)),
            "UdaSetting": value(AFFINITY),
        }
    )


def blob(name: str, secret: str) -> str:
    """Stands for an encrypted password: an opaque text that is another one for another password."""
    return base64.b64encode(hashlib.sha256(f"{fold(name)}\0{secret}".encode()).digest()).decode()


def _mac_of(computer: str) -> str:
    digest: Any = hashlib.sha256(fold(computer).encode()).hexdigest()
    return "02:" + ":".join(digest[place : place + 2] for place in range(0, 10, 2)).upper()


class _Speller:
    def __init__(self, options: SiteOptions) -> None:
        self._names = NameDict(options.spelling)

    def __call__(self, name: str) -> str:
        return str(self._names.get(name, name))
