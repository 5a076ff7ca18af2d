# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site's control file holds on client push installation, with the cmdlets that set it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_cmdlets import Argument, CmdletWrite
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_item import SiteItem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_list import ListKind
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import PropertyKind
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_version import Update


def _component(name: str) -> SiteItem:
    return SiteItem("SMS_SCI_Component", (("ItemName", f"{name}|SMS Site Server"), ("ItemType", "Component")), name)


_DISCOVERY = _component("SMS_DISCOVERY_DATA_MANAGER")
_CLIENTS = _component("SMS_CLIENT_CONFIG_MANAGER")
_TASK = "Clear Undiscovered Clients"
_CLEAR_TASK = SiteItem("SMS_SCI_SQLTask", (("ItemName", _TASK),), f"maintenance task {_TASK}")
_PUSH = "Set-CMClientPushInstallation"

# The console offers the kinds of computers only while automatic push is on, and others report the same of the cmdlet.
_WHILE_ON = ("SETTINGS", "ACTIVE")

WORKSTATIONS, CONTROLLERS, SERVERS = 1, 2, 4
"""Bits of FILTERS: what client push leaves out."""


def _switch(*names: str, on: int | str | bool, off: int | str | bool) -> Argument:
    return Argument(names, ((on, True), (off, False)))


def _admits(name: str, bit: int) -> Argument:
    return Argument((name,), tuple((mask, not mask & bit) for mask in range(8)))


def _without(mask: int) -> str:
    names = {WORKSTATIONS: "workstations", SERVERS: "servers", CONTROLLERS: "domain controllers"}
    return ", ".join(name for bit, name in names.items() if not mask & bit) or "none"


AUTOMATIC_PUSH = PropertyKind(
    "automatic_push",
    "automatic push",
    _DISCOVERY,
    "SETTINGS",
    "automatic site-wide client push",
    text=True,
    words=(("ACTIVE", "on"), ("INACTIVE", "off")),
    write=CmdletWrite(_PUSH, (_switch("EnableAutomaticClientPushInstallation", on="ACTIVE", off="INACTIVE"),)),
)
COMPUTER_TYPES = PropertyKind(
    "computer_types",
    "computer types",
    _DISCOVERY,
    "FILTERS",
    "computer types that client push installs",
    words=tuple((mask, _without(mask)) for mask in range(8)),
    write=CmdletWrite(
        _PUSH,
        (
            _admits("EnableSystemTypeWorkstation", WORKSTATIONS),
            _admits("EnableSystemTypeServer", SERVERS),
            _admits("InstallClientToDomainController", CONTROLLERS),
        ),
    ),
    only_while=_WHILE_ON,
)
SITE_SYSTEMS = PropertyKind(
    "site_systems",
    "site systems",
    _DISCOVERY,
    "AutoInstallSiteSystem",
    "client push to site systems",
    words=((0, "off"), (1, "on")),
    write=CmdletWrite(_PUSH, (_switch("EnableSystemTypeConfigurationManager", on=1, off=0),)),
    only_while=_WHILE_ON,
)
PUSHED_TO = (COMPUTER_TYPES, SITE_SYSTEMS)


def once_off(kind: PropertyKind) -> PropertyKind:
    """What is pushed to, as it is written after automatic push was turned off: what was read before does not tell that it is off."""
    return replace(kind, write=None)


KERBEROS_ONLY, NTLM_ALLOWED = 2, 3
NTLM_FALLBACK = PropertyKind(
    "ntlm_fallback",
    "ntlm fallback",
    _DISCOVERY,
    "ENABLEKERBEROSCHECK",
    "fallback of client push to NTLM",
    words=((KERBEROS_ONLY, "off"), (NTLM_ALLOWED, "on")),
    write=CmdletWrite(_PUSH, (_switch("AllowNTLMFallback", "AllownNTLMFallback", on=NTLM_ALLOWED, off=KERBEROS_ONLY),)),
)
INSTALLATION_PROPERTIES = PropertyKind(
    "installation_properties",
    "installation properties",
    _CLIENTS,
    "Advanced Client Command Line",
    "installation properties of client push",
    text=True,
    write=CmdletWrite(_PUSH, (Argument(("InstallationProperty",)),)),
)
CLEAR_INSTALL_FLAG = PropertyKind(
    "clear_install_flag_task",
    "clear install flag",
    _CLEAR_TASK,
    "Enabled",
    "maintenance task Clear Install Flag",
    plain=True,
    words=((True, "on"), (False, "off")),
    write=CmdletWrite("Set-CMSiteMaintenanceTask", (Argument(("Enabled",)),), (("MaintenanceTask", "ClearUndiscoveredClients"),)),
)
PUSH_ACCOUNTS = ListKind(
    "push_accounts",
    "push accounts",
    _CLIENTS,
    "Reserved2",
    "client push installation accounts",
    _PUSH,
    "AddAccount",
    "RemoveAccount",
    "ClearAccount",
    empty="none, so the site server's computer account pushes",
)
NTLM_UPDATE = Update("KB15599094", "honours the switch that forbids the fallback to NTLM", (9049, "2103"), (9088, "2207"))

PROPERTIES: Mapping[str, PropertyKind] = {
    kind.id: kind for kind in (AUTOMATIC_PUSH, COMPUTER_TYPES, SITE_SYSTEMS, NTLM_FALLBACK, INSTALLATION_PROPERTIES, CLEAR_INSTALL_FLAG)
}
"""Every property that is written, by its id: a snapshot names no other."""
LISTS: Mapping[str, ListKind] = {PUSH_ACCOUNTS.id: PUSH_ACCOUNTS}
