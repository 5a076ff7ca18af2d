# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cmdlets of NetSecurity that the estate has, with their parameters in two editions of Windows (docs of Windows Server 2016 and 2025).

Types in the machine's words: text, texts, number, flag, switch, any. An enumeration is `any`, so that a truth value, which PowerShell does
not convert to one, can be told from a word.
"""

from __future__ import annotations

from typing import Final

MODULE: Final = "netsecurity"
VERSION: Final = "2.0.0.0"
# The first build whose module is taken to be the newer edition's: where exactly it changed, no source says.
NEWER_BUILD: Final = 20348

_COMMON: Final = {"CimSession": "any", "ThrottleLimit": "number", "AsJob": "switch"}
_ACTING: Final = {**_COMMON, "WhatIf": "switch", "Confirm": "switch"}
_RULE: Final = {
    **dict.fromkeys(("Enabled", "Profile", "Direction", "Action", "EdgeTraversalPolicy", "DynamicTarget", "InterfaceType"), "any"),
    **dict.fromkeys(("Authentication", "Encryption"), "any"),
    **dict.fromkeys(
        ("Description", "Owner", "Protocol", "Program", "Package", "Service", "LocalUser", "RemoteUser", "RemoteMachine"), "text"
    ),
    **dict.fromkeys(("Platform", "LocalAddress", "RemoteAddress", "LocalPort", "RemotePort", "IcmpType", "InterfaceAlias"), "texts"),
    **dict.fromkeys(("LooseSourceMapping", "LocalOnlyMapping", "OverrideBlockRules"), "flag"),
    "PolicyStore": "text",
}
_ASSOCIATED: Final = dict.fromkeys(
    (
        *("AssociatedNetFirewallAddressFilter", "AssociatedNetFirewallApplicationFilter", "AssociatedNetFirewallInterfaceFilter"),
        *("AssociatedNetFirewallInterfaceTypeFilter", "AssociatedNetFirewallPortFilter", "AssociatedNetFirewallProfile"),
        *("AssociatedNetFirewallSecurityFilter", "AssociatedNetFirewallServiceFilter"),
    ),
    "any",
)
_FIND: Final = {
    **_ASSOCIATED,
    **dict.fromkeys(("Name", "DisplayName", "Description", "DisplayGroup", "Group", "Owner", "Status", "PolicyStoreSource"), "texts"),
    **dict.fromkeys(("Action", "Direction", "EdgeTraversalPolicy", "Enabled", "PolicyStoreSourceType", "PrimaryStatus"), "any"),
    **dict.fromkeys(("LocalOnlyMapping", "LooseSourceMapping"), "any"),
    "All": "switch",
    "PolicyStore": "text",
    "TracePolicyStore": "switch",
}
_PROFILE: Final = {
    **dict.fromkeys(
        (
            *("Enabled", "DefaultInboundAction", "DefaultOutboundAction", "AllowInboundRules", "AllowLocalFirewallRules"),
            *("AllowLocalIPsecRules", "AllowUserApps", "AllowUserPorts", "AllowUnicastResponseToMulticast", "NotifyOnListen"),
            *("EnableStealthModeForIPsec", "LogAllowed", "LogBlocked", "LogIgnored"),
        ),
        "any",
    ),
    "LogFileName": "text",
    "LogMaxSizeKilobytes": "number",
    "DisabledInterfaceAliases": "texts",
}

# As Windows Server 2025 has them.
NEWER: Final[dict[str, dict[str, str]]] = {
    "New-NetFirewallRule": {
        **_ACTING,
        **_RULE,
        **dict.fromkeys(("Name", "DisplayName", "Group", "GPOSession"), "text"),
        "RemoteDynamicKeywordAddresses": "texts",
    },
    "Set-NetFirewallRule": {
        **_ACTING,
        **_RULE,
        **dict.fromkeys(("Name", "DisplayName", "DisplayGroup", "Group"), "texts"),
        "NewDisplayName": "text",
        "InputObject": "any",
        "PassThru": "switch",
        "RemoteDynamicKeywordAddresses": "texts",
    },
    "Remove-NetFirewallRule": {**_ACTING, **_FIND, "InputObject": "any", "PassThru": "switch"},
    "Enable-NetFirewallRule": {**_ACTING, **_FIND, "InputObject": "any", "PassThru": "switch"},
    "Disable-NetFirewallRule": {**_ACTING, **_FIND, "InputObject": "any", "PassThru": "switch"},
    "Get-NetFirewallRule": {**_COMMON, **_FIND},
    "Set-NetFirewallProfile": {
        **_ACTING,
        **_PROFILE,
        "Name": "texts",
        "All": "switch",
        "InputObject": "any",
        "PassThru": "switch",
        "PolicyStore": "text",
        "GPOSession": "text",
    },
    "Get-NetFirewallProfile": {
        **_COMMON,
        "Name": "texts",
        "All": "switch",
        "PolicyStore": "text",
        "GPOSession": "text",
        **dict.fromkeys(("AssociatedNetFirewallRule", "AssociatedNetIPsecRule", "AssociatedNetIPsecMainModeRule"), "any"),
    },
}

MANDATORY: Final = {"New-NetFirewallRule": ("DisplayName",)}


def _older(parameters: dict[str, str]) -> dict[str, str]:
    return {**{name: kind for name, kind in parameters.items() if name != "RemoteDynamicKeywordAddresses"}, "GPOSession": "text"}


# As Windows Server 2016 has them.
OLDER: Final[dict[str, dict[str, str]]] = {name: _older(parameters) for name, parameters in NEWER.items()}

# Words of enumerations.
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "Action": ("NotConfigured", "Allow", "Block"),
    "Direction": ("Inbound", "Outbound"),
    "Enabled": ("True", "False"),
    "Profile": ("Any", "Domain", "Private", "Public", "NotApplicable"),
    "EdgeTraversalPolicy": ("Block", "Allow", "DeferToUser", "DeferToApp"),
    "InterfaceType": ("Any", "Wired", "Wireless", "RemoteAccess"),
    "Authentication": ("NotRequired", "Required", "NoEncap"),
    "Encryption": ("NotRequired", "Required", "Dynamic"),
    "DynamicTarget": ("Any", "ProximityApps", "ProximitySharing", "WifiDirectPrinting", "WifiDirectDisplay", "WifiDirectDevices"),
}
GPO_BOOLEAN: Final = ("False", "True", "NotConfigured")
PROFILE_NAMES: Final = ("Domain", "Private", "Public")
