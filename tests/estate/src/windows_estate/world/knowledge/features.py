# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles and features of Windows Server as ServerManager names them, with the number that Win32_ServerFeature gives each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Feature:
    """`restart`: whether taking it away is complete only after a restart. No public source says so: decisions of the simulation."""

    name: str
    title: str
    number: int
    parent: int = 0
    restart: bool = False


REMOTE_ASSISTANCE: Final = "Remote-Assistance"

FEATURES: Final[dict[str, Feature]] = {
    feature.name: feature
    for feature in (
        Feature("AD-Domain-Services", "Active Directory Domain Services", 10, restart=True),
        Feature("DNS", "DNS Server", 13, restart=True),
        Feature("WDS", "Windows Deployment Services", 19, restart=True),
        Feature("Web-Server", "Web Server (IIS)", 2, restart=True),
        Feature("FileAndStorage-Services", "File and Storage Services", 481),
        Feature("FS-SMB1", "SMB 1.0/CIFS File Sharing Support", 487, restart=True),
        Feature("BITS", "Background Intelligent Transfer Service (BITS)", 31),
        Feature("RDC", "Remote Differential Compression", 32),
        Feature(REMOTE_ASSISTANCE, "Remote Assistance", 38, restart=True),
        Feature("RSAT-AD-Tools", "AD DS and AD LDS Tools", 329),
        Feature("Telnet-Client", "Telnet Client", 44),
        Feature("PowerShell", "Windows PowerShell 5.1", 412),
        Feature("PowerShell-V2", "Windows PowerShell 2.0 Engine", 411),
        Feature("Windows-Defender", "Microsoft Defender Antivirus", 1051, restart=True),
    )
}

# What an installation of Windows Server starts with.
DEFAULT_FEATURES: Final = ("FileAndStorage-Services", "PowerShell", "Windows-Defender")

# Win32_OptionalFeature of a client: there is none that is Remote Assistance, whose package cannot be removed there.
CLIENT_OPTIONAL_FEATURES: Final[dict[str, tuple[str, bool]]] = {
    "SMB1Protocol": ("SMB 1.0/CIFS File Sharing Support", False),
    "TelnetClient": ("Telnet Client", False),
    "MicrosoftWindowsPowerShellV2": ("Windows PowerShell 2.0 Engine", True),
    "NetFx4-AdvSrvs": (".NET Framework 4.8 Advanced Services", True),
    "Printing-Foundation-Features": ("Print and Document Services", True),
}
