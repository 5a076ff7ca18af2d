# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Releases of Configuration Manager: what differs between them here.

Confidence: builds of 2103 and 2207, the release that brought the parameter and its misspelling, where KB15599094 applies [H]; the other
builds, the module's version numbers and how the hotfix is called in the list of updates are common knowledge [K].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MISSPELT: Final = "AllownNTLMFallback"
CORRECTED: Final = "AllowNTLMFallback"
HOTFIX: Final = "KB15599094"
# State of an update (SMS_CM_UpdatePackages.State).
INSTALLED: Final = 196612
DOWNLOADED: Final = 262146


@dataclass(frozen=True)
class Release:
    """`build`: the third number of a site's version. `takes_hotfix`: one that does not honour the switch for NTLM without KB15599094."""

    name: str
    build: int
    ntlm_parameter: str | None
    takes_hotfix: bool = False
    kerberos_only_when_new: bool = False

    @property
    def version(self) -> str:
        """As SMS_Site.Version has it."""
        return f"5.00.{self.build}.1000"

    @property
    def module_version(self) -> str:
        return f"5.{self.name}.{self.build}.1000"

    @property
    def hotfix_name(self) -> str:
        return f"Configuration Manager {self.name} Hotfix ({HOTFIX})"


_ALL: Final = (
    Release("2010", 9040, None),
    Release("2103", 9049, MISSPELT, takes_hotfix=True),
    Release("2107", 9058, MISSPELT, takes_hotfix=True),
    Release("2111", 9068, MISSPELT, takes_hotfix=True),
    Release("2203", 9078, MISSPELT, takes_hotfix=True),
    Release("2207", 9088, MISSPELT, takes_hotfix=True, kerberos_only_when_new=True),
    Release("2211", 9096, MISSPELT, kerberos_only_when_new=True),
    Release("2303", 9106, MISSPELT, kerberos_only_when_new=True),
    Release("2309", 9122, MISSPELT, kerberos_only_when_new=True),
    Release("2403", 9128, MISSPELT, kerberos_only_when_new=True),
)
RELEASES: Final[dict[str, Release]] = {release.name: release for release in _ALL}
NEWEST: Final = _ALL[-1].name
