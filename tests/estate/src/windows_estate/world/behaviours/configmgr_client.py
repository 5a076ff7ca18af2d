# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ConfigMgr client's part of Remote Tools: policy in WMI, the registry values that follow, its hand in Remote Assistance.

Confidence: the namespace and class CCM_RemoteToolsConfig with key Type=1 [H], its property names [M]; the values under Client
Components\\Remote Control [H]; the methods of SMS_Client [H]. That Remote Assistance is set through the local Group Policy object is
said of SMS 2003 and of "the local security policy" [M]. Decisions of the simulation, because no source says: which values exactly
(below, `wanted`), that they are written into the live key as well at every evaluation, how often that is, that PolicySource reads
SMS:<site code>.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from windows_estate.machine import Machine, fold
from windows_estate.world import preg
from windows_estate.world.behaviours import local_policy
from windows_estate.world.behaviours.firewall import remote_control
from windows_estate.world.behaviours.remote_assistance import create_group
from windows_estate.world.directory import as_member
from windows_estate.world.knowledge.languages import Language
from windows_estate.world.knowledge.policies import TERMINAL_SERVICES
from windows_estate.world.preg import PolicyEntry
from windows_estate.world.words.model import RemoteTools
from windows_estate.world.words.remote_tools import PROPERTIES

CCM: Final = "root\\ccm"
ACTUAL: Final = "root\\ccm\\policy\\machine\\ActualConfig"
REQUESTED: Final = "root\\ccm\\policy\\machine\\RequestedConfig"
CLASS: Final = "CCM_RemoteToolsConfig"
COMPONENT: Final = "HKLM\\SOFTWARE\\Microsoft\\SMS\\Client\\Client Components\\Remote Control"
# Schedules that fetch and evaluate machine policy.
_SCHEDULES: Final = ("{00000000-0000-0000-0000-000000000021}", "{00000000-0000-0000-0000-000000000022}")
_TRIGGER_SECONDS: Final = 10.0
_RA_UNSOLICIT: Final = f"{TERMINAL_SERVICES}\\RAUnsolicit"


class ConfigMgrClient:
    """The client on one host. `settings` are the properties that the site gives it."""

    def __init__(self, site_code: str, settings: RemoteTools, minutes: int, language: Language, machine_sid: str) -> None:
        self._site_code = site_code
        self.settings = settings
        self._interval = timedelta(minutes=minutes)
        self._language = language
        self._machine_sid = machine_sid
        self._due: datetime | None = None

    def install(self, machine: Machine) -> None:
        wmi = machine.wmi
        for namespace in (CCM, "root\\ccm\\policy", "root\\ccm\\policy\\machine"):
            wmi.add_namespace(namespace)
        for namespace in (ACTUAL, REQUESTED):
            wmi.define(namespace, CLASS, PROPERTIES, key=("Type",))
        nothing: dict[str, Any] = {"out": {"ReturnValue": {"type": "uint32", "value": 0}}}
        methods = {
            "TriggerSchedule": {"in": {"sScheduleID": "string"}, **nothing},
            "EvaluateMachinePolicy": nothing,
            "RequestMachinePolicy": {"in": {"uFlags": "uint32"}, **nothing},
            "GetAssignedSite": {
                "out": {"ReturnValue": {"type": "uint32", "value": 0}, "sSiteCode": {"type": "string", "value": self._site_code}}
            },
        }
        properties = {
            "ClientVersion": "string",
            "ClientType": "uint32",
            "AllowLocalAdminOverride": "boolean",
            "EnableAutoAssignment": "boolean",
        }
        wmi.define(CCM, "SMS_Client", properties, methods=methods)
        wmi.add(
            CCM,
            "SMS_Client",
            {"ClientVersion": "5.00.9122.1000", "ClientType": 1, "AllowLocalAdminOverride": True, "EnableAutoAssignment": True},
        )
        for method in ("TriggerSchedule", "EvaluateMachinePolicy", "RequestMachinePolicy"):
            machine.wmi_methods[(fold(CCM), "sms_client", fold(method))] = self._triggered
        machine.on_tick.append(self.tick)
        self._due = machine.clock.now() + self._interval
        self.evaluate(machine)

    def tick(self, machine: Machine, now: datetime) -> None:
        if self._due is not None and now >= self._due:
            self._due = now + self._interval
            self.evaluate(machine)

    def evaluate(self, machine: Machine) -> None:
        """Download the policy and put it into effect."""
        row = {**self.settings, "PolicySource": f"SMS:{self._site_code}"}
        for namespace in (ACTUAL, REQUESTED):
            found = machine.wmi.find(namespace, CLASS, Type=1)
            if found:
                found[0].clear()
                found[0].update(row)
            else:
                machine.wmi.add(namespace, CLASS, row)
        self._write_component(machine)
        remote_control.enforce(machine, bool(self.settings["Enabled"]), int(self.settings["FirewallExceptionProfiles"]))
        entries = wanted(self.settings)
        if entries:
            _write_local_policy(machine, entries)
            preg.apply(machine.registry, entries)

    def _triggered(self, machine: Machine, _instance: dict[str, Any] | None, arguments: dict[str, Any]) -> dict[str, Any]:
        schedule = arguments.get("sScheduleID")
        if schedule is None or schedule.upper() in _SCHEDULES:
            # It happens a little later: whoever asked has to look for the result.
            soon = machine.clock.now() + timedelta(seconds=_TRIGGER_SECONDS)
            self._due = soon if self._due is None else min(self._due, soon)
        return {"ReturnValue": 0}

    def _write_component(self, machine: Machine) -> None:
        settings = self.settings
        numbers = {
            "Enabled": settings["Enabled"],
            "Access Level": settings["AccessLevel"],
            "Permission Required": settings["PermissionRequired"],
            "Allow Remote Control of an unattended computer": settings["AllowRemCtrlToUnattended"],
            "Allow Local Administrators to do Remote Control": settings["AllowLocalAdminToDoRemoteControl"],
            "Allow Client Change": settings["AllowClientChange"],
            "Audible Signal": settings["AudibleSignal"],
            "RemCtrl Taskbar Icon": settings["RemCtrlTaskbarIcon"],
            "RemCtrl Connection Bar": settings["RemCtrlConnectionBar"],
        }
        for name, number in numbers.items():
            machine.registry.set(COMPONENT, name, "dword", int(number))
        machine.registry.set(COMPONENT, "PermittedViewers", "multi_sz", list(settings["PermittedViewers"]))
        # A domain controller has no local groups.
        if settings["Enabled"] and machine.product_type != 2:
            self._fill_group(machine)

    def _fill_group(self, machine: Machine) -> None:
        name = self._language.remote_control_group
        group = next((one for one in machine.accounts.groups if fold(one["name"]) == fold(name)), None)
        if group is None:
            group = create_group(machine, self._machine_sid, name)
        viewers = (machine.accounts.resolve(viewer) for viewer in self.settings["PermittedViewers"])
        group["members"] = [as_member(account) for account in viewers if account is not None]
        machine.registry.set(COMPONENT, "Remote Control Security Group SID", "sz", group["sid"])


def wanted(settings: RemoteTools) -> list[PolicyEntry]:
    """The Remote Assistance values that these client settings ask for; nothing when they manage neither kind."""
    control = int(bool(settings["AllowRAUnsolicitedControl"]))
    allowed = int(bool(settings["EnableRA"]) and bool(settings["AllowRAUnsolicitedView"] or control))
    entries: list[PolicyEntry] = []
    if settings["ManageRA"]:
        entries += [
            PolicyEntry.make(TERMINAL_SERVICES, "fAllowUnsolicited", "dword", allowed),
            PolicyEntry.make(TERMINAL_SERVICES, "fAllowUnsolicitedFullControl", "dword", control),
            PolicyEntry.instruction(_RA_UNSOLICIT, "**delvals."),
            *(PolicyEntry.make(_RA_UNSOLICIT, viewer, "sz", viewer) for viewer in settings["PermittedViewers"]),
        ]
    if settings["EnforceRAandTSSettings"]:
        entries += [
            PolicyEntry.make(TERMINAL_SERVICES, "fAllowToGetHelp", "dword", allowed),
            PolicyEntry.make(TERMINAL_SERVICES, "fAllowFullControl", "dword", control),
        ]
    return entries


def _write_local_policy(machine: Machine, entries: list[PolicyEntry]) -> None:
    """Put the entries into the local object; what else is there stays, but for another list of helpers."""
    mine = {(entry.key.lower(), entry.name.lower()) for entry in entries}
    owns_list = any(entry.key == _RA_UNSOLICIT for entry in entries)
    others = [
        entry
        for entry in local_policy.entries(machine) or ()
        if (entry.key.lower(), entry.name.lower()) not in mine and not (owns_list and entry.key.lower() == _RA_UNSOLICIT.lower())
    ]
    local_policy.write(machine, [*others, *entries])
