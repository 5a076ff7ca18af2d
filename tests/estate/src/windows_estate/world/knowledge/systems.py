# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The versions of Windows that a host can have. Builds are examples of each version's cumulative updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class System:
    """`build`: four numbers; `powershell`: of Windows PowerShell; `is_server` as Win32_OperatingSystem.ProductType tells it."""

    caption: str
    build: str
    powershell: str
    is_server: bool


SYSTEMS: Final[dict[str, System]] = {
    "windows_10_22h2": System("Microsoft Windows 10 Enterprise", "10.0.19045.4170", "5.1.19041.4170", False),
    "windows_11_24h2": System("Microsoft Windows 11 Enterprise", "10.0.26100.2454", "5.1.26100.2161", False),
    "server_2016": System("Microsoft Windows Server 2016 Standard", "10.0.14393.6796", "5.1.14393.6343", True),
    "server_2019": System("Microsoft Windows Server 2019 Standard", "10.0.17763.5576", "5.1.17763.5328", True),
    "server_2022": System("Microsoft Windows Server 2022 Standard", "10.0.20348.2402", "5.1.20348.2400", True),
    "server_2025": System("Microsoft Windows Server 2025 Standard", "10.0.26100.1742", "5.1.26100.1591", True),
}
