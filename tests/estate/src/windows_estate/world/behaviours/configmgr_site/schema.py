# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMS Provider's classes: properties, keys, and what a query leaves empty.

Names and types follow Microsoft's class pages [H]; SMS_SCI_Reserved and the flat SMS_SCI_SCProperty and SMS_SCI_SCPropertyList have none,
theirs are what published scripts use [M]. That the embedded arrays are lazy is a decision of the simulation: the pages do not mark them,
administrators' scripts report them empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

PROPERTY: Final = "SMS_EmbeddedProperty"
LIST: Final = "SMS_EmbeddedPropertyList"

COMPONENT: Final = "SMS_SCI_Component"
CLIENT_COMPONENT: Final = "SMS_SCI_ClientComp"
ROLE: Final = "SMS_SCI_SysResUse"
DEFINITION: Final = "SMS_SCI_SiteDefinition"
RESERVED: Final = "SMS_SCI_Reserved"
TASK: Final = "SMS_SCI_SQLTask"
SITE: Final = "SMS_Site"
UPDATE: Final = "SMS_CM_UpdatePackages"
POINT_INFO: Final = "SMS_DistributionPointInfo"
STATE_MIGRATION: Final = "SMS_StateMigration"
USER_NAMES: Final = "SMS_StateMigrationUserNames"
IDENTIFICATION: Final = "SMS_Identification"
FLAT_PROPERTY: Final = "SMS_SCI_SCProperty"
FLAT_LIST: Final = "SMS_SCI_SCPropertyList"
LOCATION: Final = "SMS_ProviderLocation"


@dataclass(frozen=True)
class ClassSchema:
    """`writable`: a put is taken; `lazy`: null in a query's rows until one instance is asked for; `methods` in the form of a state."""

    properties: dict[str, str]
    key: tuple[str, ...]
    lazy: tuple[str, ...] = ()
    writable: bool = False
    methods: dict[str, Any] = field(default_factory=dict)


_ITEM: Final = {"FileType": "uint32", "ItemName": "string", "ItemType": "string", "SiteCode": "string"}
_ITEM_KEY: Final = ("FileType", "ItemName", "ItemType", "SiteCode")
_EMBEDDED: Final = {"Props": "object[]", "PropLists": "object[]"}
_LAZY: Final = ("Props", "PropLists")
_COMPUTER: Final = ("LastLogonUserDomain", "LastLogonUserName", "MACAddresses", "Name")

CLASSES: Final[dict[str, ClassSchema]] = {
    PROPERTY: ClassSchema(
        {"ItemType": "string", "PropertyName": "string", "Value": "uint32", "Value1": "string", "Value2": "string"}, ("PropertyName",)
    ),
    LIST: ClassSchema({"ItemType": "string", "PropertyListName": "string", "Values": "string[]"}, ("PropertyListName",)),
    COMPONENT: ClassSchema(
        {**_ITEM, "ComponentName": "string", "Flag": "uint32", "Name": "string", **_EMBEDDED}, _ITEM_KEY, _LAZY, writable=True
    ),
    CLIENT_COMPONENT: ClassSchema(
        {**_ITEM, "ClientComponentName": "string", "Flags": "uint32", **_EMBEDDED}, _ITEM_KEY, _LAZY, writable=True
    ),
    ROLE: ClassSchema(
        {
            **_ITEM,
            "NALPath": "string",
            "NALType": "string",
            "NetworkOSPath": "string",
            "RoleCount": "uint32",
            "RoleName": "string",
            "SslState": "uint32",
            "Type": "uint32",
            **_EMBEDDED,
        },
        _ITEM_KEY,
        _LAZY,
        writable=True,
    ),
    DEFINITION: ClassSchema(
        {
            **_ITEM,
            "InstallDirectory": "string",
            "ParentSiteCode": "string",
            "SiteName": "string",
            "SiteServerDomain": "string",
            "SiteServerName": "string",
            "SiteServerPlatform": "string",
            "SiteType": "uint32",
            "SQLDatabaseName": "string",
            "SQLServerName": "string",
            **_EMBEDDED,
        },
        _ITEM_KEY,
        _LAZY,
        writable=True,
    ),
    RESERVED: ClassSchema(
        {**_ITEM, "UserName": "string", "Reserved1": "string", "Reserved2": "uint8[]", "AccountUsage": "string[]"},
        _ITEM_KEY,
    ),
    TASK: ClassSchema(
        {
            **_ITEM,
            "BeginTime": "datetime",
            "DaysOfWeek": "uint32",
            "DeleteOlderThan": "uint32",
            "DeviceName": "string",
            "Enabled": "boolean",
            "LatestBeginTime": "datetime",
            "NumRefreshDays": "uint32",
            "TaskName": "string",
            "TaskType": "uint32",
        },
        _ITEM_KEY,
        writable=True,
    ),
    SITE: ClassSchema(
        {
            "BuildNumber": "uint32",
            "InstallDir": "string",
            "Mode": "uint32",
            "ReportingSiteCode": "string",
            "RequestedStatus": "uint32",
            "SecondarySiteCMUpdateStatus": "uint32",
            "ServerName": "string",
            "SiteCode": "string",
            "SiteName": "string",
            "Status": "uint32",
            "TimeZoneInfo": "string",
            "Type": "uint32",
            "Version": "string",
        },
        ("SiteCode",),
    ),
    UPDATE: ClassSchema(
        {
            "PackageGuid": "string",
            "Name": "string",
            "Description": "string",
            "FullVersion": "string",
            "ClientVersion": "string",
            "State": "sint32",
            "UpdateType": "sint32",
            "Impact": "sint32",
            "DateCreated": "datetime",
            "DateReleased": "datetime",
            "LastUpdateTime": "datetime",
            "MoreInfoLink": "string",
            "EULA": "string",
        },
        ("PackageGuid",),
        ("EULA",),
    ),
    IDENTIFICATION: ClassSchema(
        {
            "ThisSiteCode": "string",
            "ThisSiteName": "string",
            "SMSVersion": "string",
            "SMSBuildNumber": "uint32",
            "SMSProviderServer": "string",
            "SMSSiteServer": "string",
            "MonthlyReleaseVersion": "uint32",
        },
        ("ThisSiteCode",),
    ),
    POINT_INFO: ClassSchema(
        {
            **dict.fromkeys(("BindPolicy", "BitsEnabled", "IsActive", "IsMulticast", "IsPXE", "IsPullDP"), "boolean"),
            # Not on the class's page; published scripts read it [M].
            "SccmPXE": "boolean",
            "SupportUnknownMachines": "boolean",
            **dict.fromkeys(("BindExcept", "Description", "NALPath", "Name", "PXEPassword"), "string"),
            **dict.fromkeys(("ResourceType", "ServerName", "SiteCode", "SiteName"), "string"),
            **dict.fromkeys(("Communication", "ID", "Priority", "ResponseDelay", "UdaSetting"), "uint32"),
        },
        ("NALPath", "ResourceType", "SiteCode"),
    ),
    USER_NAMES: ClassSchema({"LocaleID": "uint32", "UserName": "string"}, ("UserName",)),
    STATE_MIGRATION: ClassSchema(
        {
            **dict.fromkeys(("MigrationBehavior", "MigrationStatus", "MigrationType"), "uint32"),
            **dict.fromkeys(("RestoreClientResourceID", "SourceClientResourceID"), "uint32"),
            **dict.fromkeys(("MigrationID", "SiteCode", "StorePath"), "string"),
            **{f"{end}{name}": "string" for end in ("Restore", "Source") for name in _COMPUTER},
            **dict.fromkeys(("StoreCreationDate", "StoreDeletionDate", "StoreReleaseDate"), "datetime"),
            "UserNames": "object[]",
        },
        ("RestoreClientResourceID", "SourceClientResourceID"),
        ("UserNames",),
        methods={
            "DeleteAssociation": {
                "in": {"SourceClientResourceID": "uint32", "RestoreClientResourceID": "uint32"},
                "out": {"ReturnValue": {"type": "sint32", "value": 0}},
            }
        },
    ),
    FLAT_PROPERTY: ClassSchema(
        {
            "ID": "uint32",
            "SiteCode": "string",
            "ItemType": "string",
            "PropertyName": "string",
            "Value": "uint32",
            "Value1": "string",
            "Value2": "string",
        },
        ("ID", "PropertyName"),
    ),
    FLAT_LIST: ClassSchema(
        {"ID": "uint32", "SiteCode": "string", "ItemType": "string", "PropertyListName": "string", "Values": "string[]"},
        ("ID", "PropertyListName"),
    ),
}
LOCATION_SCHEMA: Final = ClassSchema(
    {"Machine": "string", "NamespacePath": "string", "ProviderForLocalSite": "boolean", "SiteCode": "string"}, ("SiteCode",)
)
