# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A ConfigMgr site: its data, the SMS Provider's classes, the console's cmdlets. `attach` gives one to a machine."""

from __future__ import annotations

from windows_estate.world.behaviours.configmgr_site.options import (
    Administrator,
    Push,
    Revert,
    Role,
    Secondary,
    SiteOptions,
    StoredAccount,
)
from windows_estate.world.behaviours.configmgr_site.osd_options import (
    NEVER,
    Association,
    DistributionPoint,
    OsdOptions,
    StateMigrationPoint,
    StorageFolder,
    wmi_date,
)
from windows_estate.world.behaviours.configmgr_site.provider import Console, attach, namespace_of
from windows_estate.world.behaviours.configmgr_site.site import Audited, Site

__all__ = [
    "NEVER",
    "Administrator",
    "Association",
    "Audited",
    "Console",
    "DistributionPoint",
    "OsdOptions",
    "Push",
    "Revert",
    "Role",
    "Secondary",
    "Site",
    "SiteOptions",
    "StateMigrationPoint",
    "StorageFolder",
    "StoredAccount",
    "attach",
    "namespace_of",
    "wmi_date",
]
