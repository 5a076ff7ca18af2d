# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site has for operating system deployment when the estate starts: distribution points, state migration points, associations.

What no public source tells is an option here, with the cautious reading as its default: whatever somebody expects to happen by itself
does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

NEVER: Final = "00000000000000.000000+***"
"""A WMI date that is not set."""

WDS: Final = "wds"
CONFIGMGR: Final = "configmgr"
RESPONDERS: Final = (WDS, CONFIGMGR)
AFFINITIES: Final = ("none", "manual", "automatic")
UNITS: Final = {"MB": 1, "GB": 2, "percent": 3}
"""Units of free space as the folders' texts number them [H]."""

NOTATIONS: Final = ("colons", "dashes", "bare", "as_given")


@dataclass(frozen=True)
class DistributionPoint:
    """A distribution point as the site knows it. `server`: FQDN.

    answer_requests: None means as `pxe`. bind: MACs in the list, in their notation, or None for an empty list; bind_policy: None means 1
    when there is a list. user_device_affinity: one of AFFINITIES. responder: one of RESPONDERS. multicast_point: whether there is the
    role as well, None means as `multicast`. lacks: names of properties that the row does not have.
    """

    server: str
    pxe: bool = False
    answer_requests: bool | None = None
    unknown_computers: bool = False
    password: bool = False
    bind: tuple[str, ...] | None = None
    bind_policy: int | None = None
    response_delay: int = 0
    user_device_affinity: str = "none"
    responder: str = WDS
    multicast: bool = False
    multicast_point: bool | None = None
    anonymous: bool = False
    lacks: tuple[str, ...] = ()

    @property
    def policy(self) -> int:
        return int(self.bind is not None) if self.bind_policy is None else self.bind_policy


@dataclass(frozen=True)
class StorageFolder:
    """A folder of a state migration point; `unit` is one of UNITS."""

    path: str
    max_clients: int = 100
    min_free: int = 10
    unit: str = "GB"

    @property
    def text(self) -> str:
        """How the site keeps it [H]."""
        return f"Directory={self.path};MaxClients={self.max_clients};MinDiskSpace={self.min_free};MinDiskSpaceUnit={UNITS[self.unit]};"


@dataclass(frozen=True)
class StateMigrationPoint:
    """A state migration point as the site knows it. `server`: FQDN; `folders`: folders, or their texts as the site is to keep them."""

    server: str
    delay_minutes: int = 1440
    cycle_minutes: int = 1440
    restore_only: bool = False
    folders: tuple[StorageFolder | str, ...] = (StorageFolder("D:\\UserState"),)


@dataclass(frozen=True)
class Association:
    """Two computers, or one that is set up again, and the store of what users had.

    The dates are WMI's texts. status: 0 not started, 1 in progress, 2 completed; None: what the dates say. store: its UNC path.
    """

    source: str
    destination: str
    store: str = ""
    created: str = NEVER
    released: str = NEVER
    deleted: str = NEVER
    status: int | None = None
    users: tuple[str, ...] = ()

    @property
    def migration_status(self) -> int:
        if self.status is not None:
            return self.status
        return 2 if self.released != NEVER else 1 if self.created != NEVER else 0


@dataclass(frozen=True)
class OsdOptions:
    """distribution_points, migration_points, associations; network_access_accounts: those of the software distribution component.

    What nobody has published:
    mac_notation: how the cmdlets for MACs store what they are given, one of NOTATIONS. mac_sets_policy: they write BindPolicy as well,
    1 with a list and 0 when it is cleared. responder_property: the name under which a point's embedded properties have the responder; ""
    for none, then only SMS_DistributionPointInfo shows it. hours_cycle_daily: the deletion cycle is a day also when the delay is given in
    hours; else it is as long as the delay. immediate_keeps_cycle: deleting immediately sets the delay alone to 0. undo_restores_cycle:
    giving a delay makes a cycle of 0 a day again.
    """

    distribution_points: tuple[DistributionPoint, ...] = ()
    migration_points: tuple[StateMigrationPoint, ...] = ()
    associations: tuple[Association, ...] = ()
    network_access_accounts: tuple[str, ...] = ()
    mac_notation: str = "colons"
    mac_sets_policy: bool = False
    responder_property: str = ""
    hours_cycle_daily: bool = True
    immediate_keeps_cycle: bool = False
    undo_restores_cycle: bool = True


def wmi_date(moment: datetime, *, offset: bool = True) -> str:
    """A moment as WMI writes it: local time with its distance from UTC in minutes, or UTC without one (`+***`).

    A moment without a zone is UTC.
    """
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if not offset:
        return zoned.astimezone(timezone.utc).strftime("%Y%m%d%H%M%S.000000+***")
    minutes = (zoned.utcoffset() or timedelta()) // timedelta(minutes=1)
    return zoned.strftime("%Y%m%d%H%M%S.000000") + f"{minutes:+04d}"
