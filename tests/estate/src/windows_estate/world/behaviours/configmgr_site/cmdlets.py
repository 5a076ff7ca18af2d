# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ConfigurationManager module: what of it the site understands.

Parameters are those of the cmdlets' pages [H]. They run on the site's drive only, validate what they get, and change the site later
[H]. Which error each mistake gives is nowhere documented: that nothing is found is ObjectNotFound, every other refusal is an error of no
particular kind. Decisions of the simulation as well: -ChosenAccount adds, as -AddAccount does (an option makes it replace); clearing
comes before removing, removing before adding; embedded objects come out of a cmdlet as text.
"""

from __future__ import annotations

from typing import Any, Final

from windows_estate.machine import Command, HostError, Machine, NameDict, fold
from windows_estate.machine.cmdlets import CONSOLE_MODULE, Parameters
from windows_estate.machine.cmdlets import Row as Output
from windows_estate.world.behaviours.configmgr_site import cmdlet_parts as parts
from windows_estate.world.behaviours.configmgr_site import items, migration_cmdlets, pxe_cmdlets, schema
from windows_estate.world.behaviours.configmgr_site.site import Change, Site

LONGEST_PASSWORD: Final = 38


def install(machine: Machine, site_of: parts.SiteOf, version: str, ntlm_parameter: str | None) -> None:
    """Make the module's commands known. `site_of`: the site of a location, or HostError."""
    ntlm = {ntlm_parameter: "flag"} if ntlm_parameter else {}

    def set_push(machine: Machine, site: Site, given: Parameters) -> list[Output]:
        return _set_push(machine, site, given, given.get(ntlm_parameter) if ntlm_parameter else None)

    commands: parts.Declared = {
        "Get-CMClientPushInstallation": (
            {**parts.WILDCARDS, "SiteCode": "text", "SiteSystemServerName": "text"},
            _get_push,
            (),
        ),
        "Set-CMClientPushInstallation": (
            {
                **parts.CHANGING,
                **parts.TARGET,
                **ntlm,
                "AddAccount": "texts",
                "ChosenAccount": "texts",
                "ClearAccount": "switch",
                "EnableAutomaticClientPushInstallation": "flag",
                "EnableSystemTypeConfigurationManager": "flag",
                "EnableSystemTypeServer": "flag",
                "EnableSystemTypeWorkstation": "flag",
                "InstallationProperty": "text",
                "InstallClientToDomainController": "flag",
                "Name": "text",
                "RemoveAccount": "texts",
            },
            set_push,
            (),
        ),
        "Get-CMAccount": ({**parts.WILDCARDS, "SiteCode": "text", "UserName": "text"}, _get_account, ()),
        "New-CMAccount": (
            {**parts.CHANGING, "Password": "secure", "SiteCode": "text", "UserName": "text"},
            _new_account,
            ("Password", "UserName"),
        ),
        "Set-CMAccount": ({**parts.CHANGING, **parts.TARGET, "Password": "secure", "UserName": "text"}, _set_account, ()),
        "Remove-CMAccount": ({**parts.CHANGING, "Force": "switch", "InputObject": "any", "UserName": "text"}, _remove_account, ()),
        "Get-CMSiteMaintenanceTask": ({**parts.WILDCARDS, "Name": "text", "SiteCode": "text"}, _get_task, ()),
        "Set-CMSiteMaintenanceTask": (
            {
                **parts.CHANGING,
                **parts.TARGET,
                "BeginTime": "datetime",
                "DaysOfWeek": "texts",
                "DeleteOlderThanDays": "number",
                "DeviceName": "text",
                "EnableAlert": "flag",
                "Enabled": "flag",
                "FixedRun": "switch",
                "LatestBeginTime": "datetime",
                "MaintenanceTask": "text",
                "Name": "text",
                "PassThru": "switch",
                "RunIntervalMins": "number",
                "RunNow": "switch",
                "SiteBackupPath": "text",
                "SqlBackupPath": "text",
                "SummaryTask": "text",
            },
            _set_task,
            (),
        ),
        "Get-CMSite": ({**parts.WILDCARDS, "Name": "text", "SiteCode": "text"}, _get_site, ()),
        "Get-CMSiteComponent": (
            {**parts.WILDCARDS, "ComponentName": "text", "SiteCode": "text", "SiteSystemServerName": "text"},
            _get_component,
            (),
        ),
        "Get-CMSiteDefinition": ({**parts.WILDCARDS, "SiteCode": "text"}, _get_definition, ()),
        "Get-CMSiteRole": (
            {
                **parts.WILDCARDS,
                **parts.TARGET,
                "AllSite": "switch",
                "RoleName": "text",
                "SiteSystemServerName": "text",
            },
            _get_role,
            (),
        ),
        "Get-CMSiteUpdate": ({**parts.WILDCARDS, "Fast": "switch", "Name": "text"}, _get_update, ()),
    }
    commands |= pxe_cmdlets.COMMANDS | migration_cmdlets.COMMANDS
    for name, (parameters, run, mandatory) in commands.items():
        command = Command(version, parameters, parts.on_drive(site_of, run), mandatory=mandatory, name=name)
        machine.commands[(CONSOLE_MODULE, fold(name))] = command


# Reading


def _get_push(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    where = {"SiteCode": parts.site_code(site, given)}
    server = given.get("SiteSystemServerName")
    if server and fold(server) != fold(site.options.server):
        return []
    rows = parts.rows(machine, site, schema.COMPONENT, where)
    return [parts.shown(row) for row in rows if row["ComponentName"] == items.CLIENT_CONFIG]


def _get_account(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    return [
        parts.shown(row)
        for row in parts.rows(machine, site, schema.RESERVED, {"SiteCode": given.get("SiteCode"), "UserName": given.get("UserName")})
    ]


def _get_task(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    where = {"SiteCode": given.get("SiteCode"), "ItemName": given.get("Name")}
    return [parts.shown(row) for row in parts.rows(machine, site, schema.TASK, where)]


def _get_site(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    where = {"SiteCode": given.get("SiteCode"), "SiteName": given.get("Name")}
    return [parts.shown(row) for row in parts.rows(machine, site, schema.SITE, where)]


def _get_component(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    where = {"SiteCode": given.get("SiteCode"), "ComponentName": given.get("ComponentName")}
    return [parts.shown(row) for row in parts.rows(machine, site, schema.COMPONENT, where)]


def _get_definition(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    return [parts.shown(row) for row in parts.rows(machine, site, schema.DEFINITION, {"SiteCode": given.get("SiteCode")})]


def _get_role(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    server = given.get("SiteSystemServerName")
    where = {
        "SiteCode": None if parts.switch(given, "AllSite") else parts.site_code(site, given),
        "RoleName": given.get("RoleName"),
        "NetworkOSPath": f"\\\\{server}" if server else None,
    }
    return [parts.shown(row) for row in parts.rows(machine, site, schema.ROLE, where)]


def _get_update(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    return [parts.shown(row) for row in parts.rows(machine, site, schema.UPDATE, {"Name": given.get("Name")})]


# Changing


def _set_push(machine: Machine, site: Site, given: Parameters, ntlm: bool | None) -> list[Output]:
    code = parts.target(site, given)
    parts.may_write(site, machine)
    types = {
        "workstations": given.get("EnableSystemTypeWorkstation"),
        "servers": given.get("EnableSystemTypeServer"),
        "domain_controllers": given.get("InstallClientToDomainController"),
    }
    admitted = {kind: bool(wanted) for kind, wanted in types.items() if wanted is not None}
    automatic = given.get("EnableAutomaticClientPushInstallation")
    site_systems = given.get("EnableSystemTypeConfigurationManager")
    _check_types(machine, site, code, automatic, site_systems is not None or bool({"workstations", "servers"} & admitted.keys()))
    added = [*(given.get("AddAccount") or ()), *(given.get("ChosenAccount") or ())]
    for account in added:
        if not site.is_stored(account):
            raise parts.nothing()
    if parts.switch(given, "WhatIf"):
        return []
    changes: list[Change] = []
    if automatic is not None:
        changes.append(lambda: site.set_automatic_push(bool(automatic), code))
    if admitted:
        changes.append(lambda: site.admit_computers(admitted, code))
    if site_systems is not None:
        changes.append(lambda: site.set_site_systems(bool(site_systems), code))
    if ntlm is not None:
        changes.append(lambda: site.set_ntlm_fallback(bool(ntlm), code))
    if "InstallationProperty" in given:
        changes.append(lambda: site.set_installation_properties(str(given["InstallationProperty"]), code))
    if any(name in given for name in ("AddAccount", "ChosenAccount", "RemoveAccount", "ClearAccount")):
        replaces = site.options.chosen_replaces and bool(given.get("ChosenAccount"))
        clear = parts.switch(given, "ClearAccount") or replaces
        removed = {fold(account) for account in given.get("RemoveAccount") or ()}
        changes.append(lambda: _change_accounts(site, code, clear, removed, added))
    if changes:
        parts.submit(machine, site, f"Set-CMClientPushInstallation {code}: {parts.names(given)}", lambda: [change() for change in changes])
    return []


def _check_types(machine: Machine, site: Site, code: str, automatic: bool | None, given: bool) -> None:
    if not site.options.types_need_automatic or not given:
        return
    site.settle(machine.clock.now())
    now = site.component_property(items.DISCOVERY, items.SETTINGS, code)
    on = automatic if automatic is not None else now is not None and fold(items.text_of(now)) == "active"
    if not on:
        raise HostError("failed", "Types of systems can be set while automatic client push is enabled only.")


def _change_accounts(site: Site, code: str, clear: bool, removed: set[str], added: list[str]) -> None:
    accounts = [] if clear else [account for account in site.push_accounts(code) if fold(account) not in removed]
    for account in added:
        if fold(account) not in map(fold, accounts):
            accounts.append(account)
    site.set_push_accounts(accounts, code)


def _new_account(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    code = parts.site_code(site, given)
    parts.may_write(site, machine)
    name, password = str(given["UserName"]), _password(given)
    if "\\" not in name and "@" not in name:
        raise parts.refused("The name of an account needs its domain.")
    if site.is_stored(name):
        raise parts.refused("An object of this name exists already.")
    if not parts.switch(given, "WhatIf"):
        parts.submit(machine, site, f"New-CMAccount {name}", lambda: site.store_account(name, password, site_code=code))
    return [{"UserName": name, "SiteCode": code, "ItemName": f"{name}| 0", "ItemType": "User", "AccountUsage": []}]


def _set_account(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    name = _account_named(site, given)
    parts.may_write(site, machine)
    if "Password" in given:
        password = _password(given)
        if not parts.switch(given, "WhatIf"):
            parts.submit(machine, site, f"Set-CMAccount {name}", lambda: site.store_account(name, password))
    return []


def _remove_account(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    name = _account_named(site, given)
    parts.may_write(site, machine)
    confirmed = parts.switch(given, "Force") or (given.get("Confirm") or {}).get("switch") is False
    if parts.switch(given, "WhatIf"):
        return []
    if not confirmed:
        raise parts.refused("The command asks for confirmation, and nobody is there to answer.")
    parts.submit(machine, site, f"Remove-CMAccount {name}", lambda: site.forget_account(name))
    return []


def _set_task(machine: Machine, site: Site, given: Parameters) -> list[Output]:
    code = parts.target(site, given)
    name = _task_named(site, machine, given, code)
    parts.may_write(site, machine)
    properties: dict[str, Any] = {}
    if "Enabled" in given:
        properties["Enabled"] = bool(given["Enabled"])
    if "DeleteOlderThanDays" in given:
        properties["DeleteOlderThan"] = int(given["DeleteOlderThanDays"])
    if properties and not parts.switch(given, "WhatIf"):
        what = f"Set-CMSiteMaintenanceTask {code} {name}: {parts.names(given)}"
        parts.submit(machine, site, what, lambda: site.set_task(name, site_code=code, **properties))
    return _get_task(machine, site, NameDict({"Name": name, "SiteCode": code})) if parts.switch(given, "PassThru") else []


# Parts


def _account_named(site: Site, given: Parameters) -> str:
    handed = given.get("InputObject")
    name = NameDict(handed).get("UserName") if isinstance(handed, dict) else given.get("UserName")
    if not name:
        raise HostError("invalid", "Either UserName or InputObject is needed.")
    found = next((one for one in site.stored_accounts() if fold(one) == fold(name)), None)
    if found is None:
        raise parts.nothing()
    return found


def _task_named(site: Site, machine: Machine, given: Parameters, code: str) -> str:
    """The task by its name, or by the word of the enumeration, which is the name without blanks."""
    handed = given.get("InputObject")
    name = NameDict(handed).get("ItemName") if isinstance(handed, dict) else given.get("Name") or given.get("MaintenanceTask")
    if not name:
        raise HostError("invalid", "One of Name, MaintenanceTask and InputObject is needed.")
    for row in site.rows(schema.TASK, machine.clock.now()):
        if row["SiteCode"] == code and fold(name) in (fold(row["ItemName"]), fold(row["ItemName"].replace(" ", ""))):
            return str(row["ItemName"])
    raise parts.nothing()


def _password(given: Parameters) -> str:
    password = str(given["Password"]["secure"])
    if not password or len(password) > LONGEST_PASSWORD:
        raise parts.refused("Validation of input parameters failed: the password is empty or too long.")
    return password
