# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the play of a state migration point tells the site's play: its volumes and shares, as plain values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import within


@dataclass(frozen=True)
class Volume:
    """C(path): the drive or the folder that it is mounted at; C(size) and C(free) in bytes."""

    path: str
    size: int
    free: int


@dataclass(frozen=True)
class Share:
    """C(name) and the folder behind it. C(special): one of Windows' own."""

    name: str
    path: str
    special: bool = False


@dataclass(frozen=True)
class Reading:
    """What one state migration point said of itself, and when by its own clock. What could not be read is None."""

    host: str
    time: str
    volumes: tuple[Volume, ...] | None
    shares: tuple[Share, ...] | None

    def volume_of(self, path: str) -> Volume | None:
        """The volume that a folder is on: the one mounted deepest above it."""
        above = [volume for volume in self.volumes or () if within(path, volume.path)]
        return max(above, key=lambda volume: len(volume.path.rstrip("\\")), default=None)

    def share(self, name: str) -> Share | None:
        return next((share for share in self.shares or () if share.name.casefold() == name.casefold()), None)

    def to_data(self) -> dict[str, Json]:
        return {
            "host": self.host,
            "time": self.time,
            "volumes": None if self.volumes is None else [{"path": one.path, "size": one.size, "free": one.free} for one in self.volumes],
            "shares": None
            if self.shares is None
            else [{"name": one.name, "path": one.path, "special": one.special} for one in self.shares],
        }

    @staticmethod
    def from_data(data: Mapping[str, Json]) -> Reading:
        """The inverse; ValueError, KeyError or TypeError: the data is of another form."""
        volumes, shares = data["volumes"], data["shares"]
        return Reading(
            str(data["host"]),
            str(data["time"]),
            None if volumes is None else tuple(Volume(str(one["path"]), int(one["size"]), int(one["free"])) for one in volumes),
            None if shares is None else tuple(Share(str(one["name"]), str(one["path"]), bool(one["special"])) for one in shares),
        )
