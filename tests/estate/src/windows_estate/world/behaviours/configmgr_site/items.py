# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rows of the site control classes, as a site has them before anybody changes something.

Names of components, properties and tasks: Microsoft's class pages and published scripts [H]; values that no area judges are examples.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from windows_estate.machine import NameDict
from windows_estate.world.behaviours.configmgr_site import schema
from windows_estate.world.behaviours.configmgr_site.options import Push, SiteOptions

DISCOVERY: Final = "SMS_DISCOVERY_DATA_MANAGER"
CLIENT_CONFIG: Final = "SMS_CLIENT_CONFIG_MANAGER"
FOREST_DISCOVERY: Final = "SMS_AD_FOREST_DISCOVERY_MANAGER"
SOFTWARE_DISTRIBUTION: Final = "Software Distribution"

SETTINGS: Final = "SETTINGS"
FILTERS: Final = "FILTERS"
SITE_SYSTEMS: Final = "AutoInstallSiteSystem"
KERBEROS: Final = "ENABLEKERBEROSCHECK"
COMMAND_LINE: Final = "Advanced Client Command Line"
PUSH_ACCOUNTS: Final = "Reserved2"
CLEAR_INSTALL_FLAG: Final = "Clear Undiscovered Clients"

KERBEROS_ONLY: Final = 2
NTLM_ALLOWED: Final = 3
# FileType of what is in force.
ACTIVE: Final = 2
PRIMARY: Final = 2
SECONDARY: Final = 1
_SERVER: Final = "SMS Site Server"
_NEVER: Final = "00000000000000.000000+***"
REG_SZ: Final = "REG_SZ"

# Task -> (TaskType, enabled, days).
_TASKS: Final[dict[str, tuple[int, bool, int]]] = {
    "Backup SMS Site Server": (1, False, 0),
    "Delete Aged Discovery Data": (3, True, 90),
    "Delete Aged Log Data": (3, True, 30),
    "Delete Inactive Client Discovery Data": (3, False, 90),
    "Monitor Keys": (2, True, 0),
    "Rebuild Indexes": (2, False, 0),
}

Row = NameDict


def embedded(name: str, value: int = 0, value1: str = "", value2: str = "") -> NameDict:
    return NameDict({"__class": schema.PROPERTY, "PropertyName": name, "Value": value, "Value1": value1, "Value2": value2})


def embedded_list(name: str, values: list[str]) -> NameDict:
    return NameDict({"__class": schema.LIST, "PropertyListName": name, "Values": values})


def text_of(element: NameDict) -> str:
    """A property's text: in Value1, or in Value2 where Value1 names a registry type."""
    return str(element.get("Value2" if element.get("Value1") == REG_SZ else "Value1") or "")


def _item(item: str, kind: str, site_code: str, **more: Any) -> Row:
    return NameDict({"FileType": ACTIVE, "ItemName": item, "ItemType": kind, "SiteCode": site_code, **more})


def component(name: str, site_code: str, props: list[NameDict], lists: list[NameDict] | None = None) -> Row:
    return _item(
        f"{name}|{_SERVER}", "Component", site_code, ComponentName=name, Flag=6, Name=_SERVER, Props=props, PropLists=list(lists or [])
    )


def components(options: SiteOptions, code: str, push: Push) -> list[Row]:
    """The server components of a site. One of them has a list of the same name as that of the push accounts."""
    names = NameDict(options.spelling)

    def spelt(name: str) -> str:
        return str(names.get(name, name))

    discovery = [
        embedded(spelt(SETTINGS), value1="ACTIVE" if push.automatic else "INACTIVE"),
        embedded(spelt(FILTERS), push.mask),
        embedded(spelt(SITE_SYSTEMS), int(push.site_systems)),
    ]
    check = _kerberos_check(options, push)
    if check is not None:
        discovery.append(embedded(spelt(KERBEROS), check))
    line = f"SMSSITECODE={code}" if push.installation_properties is None else push.installation_properties
    typed = COMMAND_LINE in options.registry_typed
    command_line = embedded(spelt(COMMAND_LINE), value1=REG_SZ if typed else line, value2=line if typed else "")
    return [
        component(DISCOVERY, code, discovery),
        component(
            CLIENT_CONFIG,
            code,
            [command_line, embedded("Startup Schedule"), embedded("Account Cleanup Interval", 60)],
            [embedded_list(spelt(PUSH_ACCOUNTS), list(push.accounts))],
        ),
        component(
            FOREST_DISCOVERY,
            code,
            [embedded(spelt(SETTINGS), value1="ACTIVE"), embedded("Enable AD Site Boundary Creation", 0)],
            [embedded_list("Reserved2", [f"{options.domain.partition('.')[0].upper()}\\svc-discovery"])],
        ),
        component("SMS_SITE_COMPONENT_MANAGER", code, [embedded("IISSSLState", 1248), embedded("Number of Threads", 4)]),
    ]


def _kerberos_check(options: SiteOptions, push: Push) -> int | None:
    """The value of ENABLEKERBEROSCHECK; None where the property is absent."""
    given = push.ntlm_fallback
    if isinstance(given, bool):
        return NTLM_ALLOWED if given else KERBEROS_ONLY
    if isinstance(given, int):
        return given
    if given == "absent":
        return None
    strict = options.release_data.kerberos_only_when_new and not options.upgraded
    return KERBEROS_ONLY if strict else NTLM_ALLOWED


def client_components(code: str, network_access: Iterable[str] = ()) -> list[Row]:
    return [
        _item(
            f"{SOFTWARE_DISTRIBUTION}|Client Component",
            "Client Component",
            code,
            ClientComponentName=SOFTWARE_DISTRIBUTION,
            Flags=1,
            Props=[embedded("Run Before User Logon", 0)],
            PropLists=[embedded_list("Network Access User Names", list(network_access))],
        )
    ]


def definition(options: SiteOptions, code: str, name: str, server: str, parent: str = "") -> Row:
    return _item(
        "Site Definition",
        "Site Definition",
        code,
        InstallDirectory="D:\\Program Files\\Microsoft Configuration Manager",
        ParentSiteCode=parent,
        SiteName=name,
        SiteServerDomain=options.domain,
        SiteServerName=server,
        SiteServerPlatform="AMD64",
        SiteType=SECONDARY if parent else PRIMARY,
        SQLDatabaseName=f"CM_{code}",
        SQLServerName=server,
        Props=[embedded("FullyQualifiedDomainName", value1=server)],
        PropLists=[],
    )


def task(name: str, code: str, kind: int, enabled: bool, days: int) -> Row:
    return _item(
        name,
        "SQL Task",
        code,
        BeginTime="20200101000000.000000+***",
        DaysOfWeek=64,
        DeleteOlderThan=days,
        DeviceName="",
        Enabled=enabled,
        LatestBeginTime="20200101050000.000000+***",
        NumRefreshDays=0,
        TaskName=name,
        TaskType=kind,
    )


def tasks(options: SiteOptions, code: str) -> list[Row]:
    flag = task(CLEAR_INSTALL_FLAG, code, 3, options.clear_install_flag, 21)
    return [flag, *(task(name, code, *numbers) for name, numbers in _TASKS.items())]


def role(name: str, server: str, code: str) -> Row:
    """A role on a site system, with the property that every kind has."""
    nal = f'["Display=\\\\{server}\\"]MSWNET:["SMS_SITE={code}"]\\\\{server}\\'
    return _item(
        f"{nal},{name}",
        "System Resource Usage",
        code,
        NALPath=nal,
        NALType="Windows NT Server",
        NetworkOSPath=f"\\\\{server}",
        RoleCount=1,
        RoleName=name,
        SslState=0,
        Type=2 if name == _SERVER else 8,
        Props=[embedded("Server Remote Name", value1=server)],
        PropLists=[],
    )


def site(options: SiteOptions, code: str, name: str, server: str, parent: str = "", *, recovered: bool = True) -> Row:
    release = options.release_data
    return NameDict(
        {
            "BuildNumber": release.build,
            "InstallDir": "D:\\Program Files\\Microsoft Configuration Manager",
            "Mode": 0,
            "ReportingSiteCode": parent,
            "RequestedStatus": 110,
            "SecondarySiteCMUpdateStatus": int(recovered) if parent else 0,
            "ServerName": server,
            "SiteCode": code,
            "SiteName": name,
            "Status": 1,
            "TimeZoneInfo": "000",
            "Type": SECONDARY if parent else PRIMARY,
            "Version": release.version,
        }
    )


def update(number: int, name: str, version: str, state: int, kind: int) -> Row:
    """`kind`: 0 an update to a release, 2 a hotfix."""
    return NameDict(
        {
            "PackageGuid": f"{number:08X}-0000-4000-8000-000000000000",
            "Name": name,
            "Description": name,
            "FullVersion": version,
            "ClientVersion": version,
            "State": state,
            "UpdateType": kind,
            "Impact": 31 if kind == 0 else 17,
            "DateCreated": _NEVER,
            "DateReleased": _NEVER,
            "LastUpdateTime": _NEVER,
            "MoreInfoLink": "https://learn.microsoft.com/mem/configmgr/",
            "EULA": "Terms",
        }
    )
