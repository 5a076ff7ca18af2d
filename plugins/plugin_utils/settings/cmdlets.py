# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cmdlets that may be sent, with the parameters that may be given: the only way to build such an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation

_FIREWALL_RULE = frozenset(
    {
        "Name",
        "Description",
        "Direction",
        "Action",
        "Enabled",
        "Profile",
        "Protocol",
        "LocalPort",
        "RemotePort",
        "IcmpType",
        "LocalAddress",
        "RemoteAddress",
        "Program",
        "Service",
        "InterfaceAlias",
        "InterfaceType",
        "EdgeTraversalPolicy",
    }
)

CMDLETS: Mapping[tuple[str, str], frozenset[str]] = {
    ("NetSecurity", "New-NetFirewallRule"): _FIREWALL_RULE | {"DisplayName", "Group"},
    ("NetSecurity", "Set-NetFirewallRule"): _FIREWALL_RULE | {"NewDisplayName"},
    ("NetSecurity", "Remove-NetFirewallRule"): frozenset({"Name"}),
    ("NetSecurity", "Enable-NetFirewallRule"): frozenset({"Name"}),
    ("NetSecurity", "Disable-NetFirewallRule"): frozenset({"Name"}),
    ("NetSecurity", "Set-NetFirewallProfile"): frozenset(
        {"Name", "Enabled", "DefaultInboundAction", "LogBlocked", "LogAllowed", "LogMaxSizeKilobytes"}
    ),
    ("ScheduledTasks", "Get-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ScheduledTasks", "Enable-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ScheduledTasks", "Disable-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ScheduledTasks", "Start-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ServerManager", "Get-WindowsFeature"): frozenset({"Name"}),
    ("ServerManager", "Install-WindowsFeature"): frozenset({"Name", "Confirm"}),
    ("ServerManager", "Uninstall-WindowsFeature"): frozenset({"Name", "Confirm"}),
    ("ConfigurationManager", "New-CMAccount"): frozenset({"UserName", "Password", "SiteCode"}),
    ("ConfigurationManager", "Set-CMClientPushInstallation"): frozenset(
        {
            "AddAccount",
            "AllownNTLMFallback",
            "ClearAccount",
            "EnableAutomaticClientPushInstallation",
            "EnableSystemTypeConfigurationManager",
            "EnableSystemTypeServer",
            "EnableSystemTypeWorkstation",
            "InstallationProperty",
            "InstallClientToDomainController",
            "RemoveAccount",
            "SiteCode",
        }
    ),
    ("ConfigurationManager", "Set-CMDistributionPoint"): frozenset(
        {
            "AllowPxeResponse",
            "EnableAnonymous",
            "EnableMulticast",
            "EnableNonWdsPxe",
            "EnablePxe",
            "EnableUnknownComputerSupport",
            "Force",
            "PxePassword",
            "PxeServerResponseDelaySec",
            "SiteCode",
            "SiteSystemServerName",
            "UserDeviceAffinity",
        }
    ),
    ("ConfigurationManager", "Set-CMSiteMaintenanceTask"): frozenset({"Enabled", "MaintenanceTask", "SiteCode"}),
    ("Microsoft.PowerShell.Management", "Restart-Service"): frozenset({"Name"}),
    ("SmbShare", "Remove-SmbShare"): frozenset({"Name", "Force"}),
    ("SmbShare", "Set-SmbServerConfiguration"): frozenset({"EncryptData", "RequireSecuritySignature", "Force"}),
    ("SmbShare", "Set-SmbShare"): frozenset({"Name", "EncryptData", "Force"}),
}

NOT_DOCUMENTED: Mapping[tuple[str, str], frozenset[str]] = {
    # The documented name is misspelt; a module that mends it has this one. Sent only where the host says that it is there.
    ("ConfigurationManager", "Set-CMClientPushInstallation"): frozenset({"AllowNTLMFallback"}),
}

NO_PROMPT: Json = {"switch": False}
"""For the Confirm parameter: a prompt would fail, since nobody is there to answer it."""


def cmdlet(
    module: str,
    name: str,
    parameters: Mapping[str, Json],
    *,
    select: Sequence[str] | None = None,
    mutates: bool = False,
    site: str | None = None,
) -> Operation:
    """An operation that runs a cmdlet; one that is not on the list, or a parameter that is not, is a programming error (KeyError).

    C(site): the code of the Configuration Manager site on whose drive it runs.
    """
    unknown = set(parameters) - CMDLETS[module, name] - NOT_DOCUMENTED.get((module, name), frozenset())
    if unknown:
        raise KeyError(f"{name} is not sent with {', '.join(sorted(unknown))}")
    return Operation.of(
        "cmdlet.invoke",
        module=module,
        name=name,
        parameters=dict(parameters),
        select=list(select) if select is not None else None,
        mutates=True if mutates else None,
        site=site,
    )


def describe_cmdlets(module: str) -> Operation:
    """The read that tells which of the listed cmdlets of a module a host has, and with which parameters; the same for whoever asks."""
    return Operation.of("cmdlet.describe", module=module, names=sorted(name for known, name in CMDLETS if known == module))
