# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Distribution points, multicast points and the network access account, as the module's cmdlets know them.

Parameters and their values: the cmdlets' pages [H]. Decisions of the simulation: a MAC is twelve hexadecimal digits with or without
separators, and everything else is refused; the list of -MacAddressForRespondingPxeRequest replaces the one that is there; answering on all
interfaces and a list exclude each other in one call; so do multicast and a responder without Windows Deployment Services, which has to
be there for multicast [H]. Whether the list's parameters touch the policy, and how they write MACs, are options of the site.
"""

from __future__ import annotations

from typing import Any, Final

from windows_estate.machine import HostError, Machine, NameDict, fold
from windows_estate.machine.cmdlets import Parameters
from windows_estate.machine.cmdlets import Row as Output
from windows_estate.world.behaviours.configmgr_site import access, osd_items, schema
from windows_estate.world.behaviours.configmgr_site import cmdlet_parts as parts
from windows_estate.world.behaviours.configmgr_site.items import Row
from windows_estate.world.behaviours.configmgr_site.osd_options import CONFIGMGR, WDS
from windows_estate.world.behaviours.configmgr_site.role_settings import RoleSettings
from windows_estate.world.behaviours.configmgr_site.site import Change, Site

_LONGEST_DELAY: Final = 32
_HEX_DIGITS: Final = 12
_SEPARATED: Final = {"colons": ":", "dashes": "-", "bare": ""}
_AFFINITIES: Final = ("DoNotUse", "AllowWithManualApproval", "AllowWithAutomaticApproval")
_LISTS: Final = ("MacAddressForRespondingPxeRequest", "AddMacAddressForRespondingPxeRequest", "RemoveMacAddressForRespondingPxeRequest")
_CLEAR: Final = "ClearMacAddressForRespondingPxeRequest"
_EVERYWHERE: Final = "RespondToAllNetwork"
_FLAGS: Final = {
    "EnablePxe": osd_items.PXE,
    "AllowPxeResponse": osd_items.ACTIVE,
    "EnableUnknownComputerSupport": osd_items.UNKNOWN_COMPUTERS,
    "EnableAnonymous": osd_items.ANONYMOUS,
}
_BY_NAME: Final = {**parts.WILDCARDS, "InputObject": "any", "SiteCode": "text", "SiteSystemServerName": "text"}


def role_target(machine: Machine, site: Site, given: Parameters, role: str) -> tuple[str, str]:
    """Server and site code that a command is about, which must have the role."""
    handed = given.get("InputObject")
    row = handed[0] if isinstance(handed, list) and handed else handed
    if isinstance(row, dict):
        named = NameDict(row)
        server, code = str(named.get("NetworkOSPath") or "").removeprefix("\\\\"), str(named.get("SiteCode") or "")
    else:
        server, code = str(given.get("SiteSystemServerName") or ""), parts.site_code(site, given)
    if not server:
        raise HostError("invalid", "Either SiteSystemServerName or InputObject is needed.")
    for one in site.rows(schema.ROLE, machine.clock.now()):
        if one["RoleName"] == role and fold(one["NetworkOSPath"]) == fold(f"\\\\{server}") and fold(one["SiteCode"]) == fold(code):
            return str(one["NetworkOSPath"]).removeprefix("\\\\"), str(one["SiteCode"])
    raise parts.nothing()


def role_rows(machine: Machine, site: Site, given: Parameters, role: str) -> list[Row]:
    """The rows that a Get cmdlet is asked for."""
    handed = given.get("InputObject")
    server = given.get("SiteSystemServerName")
    if isinstance(handed, dict):
        server = str(NameDict(handed).get("NetworkOSPath") or "").removeprefix("\\\\")
    where = {
        "RoleName": role,
        "SiteCode": None if parts.switch(given, "AllSite") else parts.site_code(site, given),
        "NetworkOSPath": f"\\\\{server}" if server else None,
    }
    return parts.rows(machine, site, schema.ROLE, where)


def _get_point(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    return [parts.shown(row) for row in role_rows(machine, site, given, osd_items.DISTRIBUTION_POINT)]


def _get_multicast_point(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    return [parts.shown(row) for row in role_rows(machine, site, given, osd_items.MULTICAST_POINT)]


def _get_info(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    server = given.get("SiteSystemServerName")
    handed = given.get("InputObject")
    if isinstance(handed, dict):
        server = str(NameDict(handed).get("NetworkOSPath") or "").removeprefix("\\\\")
    where = {"SiteCode": given.get("SiteCode"), "ServerName": server}
    return [parts.shown(row) for row in parts.rows(machine, site, schema.POINT_INFO, where)]


def _set_point(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    server, code = role_target(machine, site, given, osd_items.DISTRIBUTION_POINT)
    parts.may_write(site, machine)
    point = site.osd.point(server)
    changes = [*_numbers(point, given), *_password(point, given), *_responder(site, server, given), *_binding(site, point, given)]
    if changes and not parts.switch(given, "WhatIf"):
        what = f"Set-CMDistributionPoint {code} {server}: {parts.names(given)}"
        parts.submit(machine, site, what, lambda: [change() for change in changes])
    if parts.switch(given, "PassThru"):
        return _get_point(machine, site, NameDict({"SiteSystemServerName": server, "SiteCode": code}))
    return []


def _numbers(point: RoleSettings, given: Parameters) -> list[Change]:
    wanted = {prop: int(bool(given[parameter])) for parameter, prop in _FLAGS.items() if parameter in given}
    delay = given.get("PxeServerResponseDelaySec")
    if delay is not None:
        if not 0 <= delay <= _LONGEST_DELAY:
            raise parts.refused(f"Validation of input parameters failed: the delay is a number from 0 to {_LONGEST_DELAY}.")
        wanted[osd_items.RESPONSE_DELAY] = delay
    affinity = given.get("UserDeviceAffinity")
    if affinity is not None:
        wanted[osd_items.AFFINITY] = word_of("UserDeviceAffinity", affinity, _AFFINITIES)
    return [_number(point, name, value) for name, value in wanted.items()]


def _number(point: RoleSettings, name: str, value: int) -> Change:
    return lambda: point.set_number(name, value)


def _password(point: RoleSettings, given: Parameters) -> list[Change]:
    if "PxePassword" not in given:
        return []
    secret = str(given["PxePassword"]["secure"])
    if not secret:
        raise parts.refused("Validation of input parameters failed: the password is empty.")
    return [lambda: point.set_text(osd_items.PASSWORD, osd_items.blob(point.server, secret))]


def _responder(site: Site, server: str, given: Parameters) -> list[Change]:
    """The responder and multicast, which needs Windows Deployment Services."""
    own, multicast = given.get("EnableNonWdsPxe"), given.get("EnableMulticast")
    if own is None and multicast is None:
        return []
    site_has = site.osd.point(server).number(osd_items.MULTICAST)
    is_own = site.osd.responder(server) == CONFIGMGR if own is None else bool(own)
    if is_own and (site_has if multicast is None else multicast):
        raise parts.refused("Multicast needs Windows Deployment Services.")
    changes: list[Change] = []
    if own is not None:
        changes.append(lambda: site.osd.set_responder(server, CONFIGMGR if own else WDS))
    if multicast is not None:
        changes.append(lambda: site.osd.set_multicast(server, bool(multicast)))
    return changes


def _binding(site: Site, point: RoleSettings, given: Parameters) -> list[Change]:
    options = site.options.osd
    listed = {name: [_mac(text, options.mac_notation) for text in given[name]] for name in _LISTS if name in given}
    everywhere, clear = parts.switch(given, _EVERYWHERE), parts.switch(given, _CLEAR)
    if everywhere and (_LISTS[0] in listed or _LISTS[1] in listed):
        raise parts.refused("A distribution point answers on all interfaces, or on those of a list.")
    if not (listed or clear or everywhere):
        return []

    def change() -> None:
        macs = [] if clear else point.values(osd_items.BIND_LIST)
        if _LISTS[0] in listed:
            macs = listed[_LISTS[0]]
        removed = {_digits(mac) for mac in listed.get(_LISTS[2], ())}
        macs = [mac for mac in macs if _digits(mac) not in removed]
        for mac in listed.get(_LISTS[1], ()):
            if _digits(mac) not in map(_digits, macs):
                macs.append(mac)
        if listed or clear:
            point.set_values(osd_items.BIND_LIST, macs)
        if everywhere:
            point.set_number(osd_items.BIND_POLICY, 0)
        elif options.mac_sets_policy:
            point.set_number(osd_items.BIND_POLICY, int(bool(macs)))

    return [change]


def _mac(text: str, notation: str) -> str:
    digits = _digits(text)
    if len(digits) != _HEX_DIGITS or not set(digits) <= set("0123456789ABCDEF"):
        raise parts.refused(f"Validation of input parameters failed: {text} is no MAC address.")
    if notation == "as_given":
        return text
    return _SEPARATED[notation].join(digits[place : place + 2] for place in range(0, _HEX_DIGITS, 2))


def _digits(mac: str) -> str:
    return mac.replace(":", "").replace("-", "").replace(".", "").upper()


def word_of(parameter: str, text: Any, words: tuple[str, ...]) -> int:
    """The number of an enumeration's word, case ignored. Raises HostError."""
    found = next((number for number, word in enumerate(words) if fold(word) == fold(str(text))), None)
    if found is None:
        raise HostError("invalid", f"{parameter} cannot be {text}; the words are {', '.join(words)}.")
    return found


def _set_distribution_component(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    parts.site_code(site, given)
    parts.may_write(site, machine)
    added = [*(given.get("AddNetworkAccessAccountName") or ()), *(given.get("NetworkAccessAccountName") or ())]
    for account in added:
        if not site.is_stored(account):
            raise parts.nothing()
    clear = parts.switch(given, "CleanNetworkAccessAccountName") or parts.switch(given, "ClientComputerAccount")
    clear = clear or "NetworkAccessAccountName" in given
    removed = {fold(account) for account in given.get("RemoveNetworkAccessAccountName") or ()}
    if parts.switch(given, "WhatIf") or not (added or clear or removed):
        return []

    def change() -> None:
        kept = [] if clear else [name for name in site.osd.network_access_accounts() if fold(name) not in removed]
        site.osd.set_network_access_accounts([*kept, *(name for name in added if fold(name) not in map(fold, kept))])

    what = f"Set-CMSoftwareDistributionComponent: {parts.names(given)}"
    site.submit(machine.clock.now(), access.caller(machine)["name"], "cmdlet", what, change)
    return []


COMMANDS: Final[parts.Declared] = {
    "Get-CMDistributionPoint": (
        {
            **_BY_NAME,
            "AllSite": "switch",
            "DistributionPointGroup": "any",
            "DistributionPointGroupId": "text",
            "DistributionPointGroupName": "text",
        },
        _get_point,
        (),
    ),
    "Get-CMDistributionPointInfo": (_BY_NAME, _get_info, ()),
    "Get-CMMulticastServicePoint": ({**_BY_NAME, "AllSite": "switch"}, _get_multicast_point, ()),
    "Set-CMDistributionPoint": (
        {
            **parts.CHANGING,
            **parts.TARGET,
            **dict.fromkeys((*_FLAGS, "EnableMulticast", "EnableNonWdsPxe", "KeepWds"), "flag"),
            **dict.fromkeys(("AgreeDoincLicense", "AllowFallbackForContent", "AllowPreStaging", "AllowProxyTraffic"), "flag"),
            **dict.fromkeys(("EnableBranchCache", "EnableContentValidation", "EnableDoinc", "EnableLedbat"), "flag"),
            **dict.fromkeys(("EnableMaintenanceMode", "EnablePullDP", "EnableScheduledMulticast", "RetainDoincCache"), "flag"),
            **dict.fromkeys((*_LISTS, "AddBoundaryGroupName", "RemoveBoundaryGroupName", "SourceDistributionPoint"), "texts"),
            **dict.fromkeys(
                (_CLEAR, _EVERYWHERE, "Force", "PassThru", "PreferredMPEnabled", "UseAnyRangeIP", "UseComputerAccount"), "switch"
            ),
            **dict.fromkeys(("CertificatePath", "ClientCommunicationType", "ClientConnectionType", "ClientTransferRate"), "text"),
            **dict.fromkeys(("ContentMonitoringPriority", "Description", "DiskSpaceUnit", "EndIPAddress", "InitialMPForLookup"), "text"),
            **dict.fromkeys(("LocalDriveDoinc", "ReassignSiteCode", "SiteSystemServerName", "StartIPAddress", "UserName"), "text"),
            **dict.fromkeys(("DiskSpaceDoinc", "EndUdpPort", "MinimumSessionSize", "MulticastMaximumClientCount"), "number"),
            **dict.fromkeys(("PxeServerResponseDelaySec", "SessionStartDelayMins", "StartUdpPort"), "number"),
            **dict.fromkeys(("CertificatePassword", "PxePassword"), "secure"),
            "CertificateExpirationTimeUtc": "datetime",
            "ContentValidationSchedule": "any",
            "SourceDPRank": "any",
            "UserDeviceAffinity": "text",
        },
        _set_point,
        (),
    ),
    "Set-CMSoftwareDistributionComponent": (
        {
            **parts.CHANGING,
            **dict.fromkeys(("AddNetworkAccessAccountName", "NetworkAccessAccountName", "RemoveNetworkAccessAccountName"), "texts"),
            **dict.fromkeys(("CleanNetworkAccessAccountName", "ClientComputerAccount"), "switch"),
            **dict.fromkeys(("DelayBeforeRetryingMins", "MaximumPackageCount", "MaximumThreadCountPerPackage"), "number"),
            **dict.fromkeys(("MulticastDelayBeforeRetryingMins", "MulticastRetryCount", "RetryCount"), "number"),
            "SiteCode": "text",
        },
        _set_distribution_component,
        (),
    ),
}
