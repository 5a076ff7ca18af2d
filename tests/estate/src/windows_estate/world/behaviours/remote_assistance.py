# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""RemoteAssistanceTask, and the local group of those who may offer help.

Confidence: the task's path, program and description, that SYSTEM fills the group from policy, that the group is no built-in one [H];
that it is made when offering is first enabled, and has a RID from 1000 on [M]. Decisions of the simulation, because no source says: its
members become exactly those of the list; accounts that do not resolve are left out; SIDs are understood; with offering off the members
that the task had put there go and the group stays; the task runs by itself after policies were applied; the group's localised name
(knowledge/languages.py).
"""

from __future__ import annotations

from typing import Any, Final

from windows_estate.machine import HostError, Machine
from windows_estate.machine.names import fold
from windows_estate.world.behaviours.scheduled_tasks import ScheduledTasks, Work
from windows_estate.world.directory import as_member, new_group
from windows_estate.world.knowledge.languages import ENGLISH, Language
from windows_estate.world.knowledge.policies import TERMINAL_SERVICES

TASK: Final = "\\Microsoft\\Windows\\RemoteAssistance\\RemoteAssistanceTask"
POLICY: Final = f"HKLM\\{TERMINAL_SERVICES}"
HELPERS: Final = f"{POLICY}\\RAUnsolicit"
CONTROL_PANEL: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance"
_DOMAIN_CONTROLLER: Final = 2
_SECONDS: Final = 3.0


class RemoteAssistance:
    """Remote Assistance of one host. `machine_sid` is the SID of its own accounts."""

    def __init__(self, language: Language, machine_sid: str, tasks: ScheduledTasks) -> None:
        self._language = language
        self._machine_sid = machine_sid
        self._tasks = tasks
        # Whom the task has put into the group. Nobody can see it, so it is no part of the state.
        self._placed: frozenset[str] = frozenset()
        self.work = Work(
            run=self.update,
            seconds=_SECONDS,
            program="%windir%\\system32\\RAServer.exe",
            arguments="/offerraupdate",
            description="Checks group policy for changes relevant to Remote Assistance",
        )
        tasks.know(TASK, self.work)

    def after_policy(self, machine: Machine) -> None:
        """Policies were applied: the task notices, unless somebody has disabled it."""
        if self._tasks.is_enabled(machine, TASK):
            self.update(machine)

    def update(self, machine: Machine) -> None:
        """What RAServer.exe /offerraupdate does."""
        if machine.product_type == _DOMAIN_CONTROLLER:
            return
        group = self.group(machine)
        offered = machine.registry.data(POLICY, "fAllowUnsolicited") == 1
        if group is None and not offered:
            return
        if group is None:
            group = self.create_group(machine)
        members: list[dict[str, Any]] = group["members"]
        if offered:
            wanted = self.wanted(machine)
            kept = [member for member in members if member["sid"] in wanted]
            present = {member["sid"] for member in kept}
            group["members"] = kept + [member for sid, member in wanted.items() if sid not in present]
        else:
            group["members"] = [member for member in members if member["sid"] not in self._placed]
        self.adopt(machine, group)

    def adopt(self, machine: Machine, group: dict[str, Any]) -> None:
        """Take the members that policy wants for its own, as if the task had put them there."""
        wanted = self.wanted(machine) if machine.registry.data(POLICY, "fAllowUnsolicited") == 1 else {}
        self._placed = frozenset(member["sid"] for member in group["members"] if member["sid"] in wanted)

    def wanted(self, machine: Machine) -> dict[str, dict[str, Any]]:
        """The members that policy wants, by SID: each value's data, or its name where the data is empty."""
        found: dict[str, dict[str, Any]] = {}
        for name, value in machine.registry.values(HELPERS).items():
            data = value.get("data")
            text = data if isinstance(data, str) and data.strip() else name
            try:
                account = machine.accounts.resolve(text.strip())
            except HostError:
                # Text that begins like a SID and is none.
                account = None
            if account is not None:
                found[account["sid"]] = as_member(account)
        return found

    def group(self, machine: Machine) -> dict[str, Any] | None:
        """The group of helpers, known by its name."""
        names = {fold(ENGLISH.helpers_group), fold(self._language.helpers_group)}
        return next((group for group in machine.accounts.groups if fold(group["name"]) in names), None)

    def create_group(self, machine: Machine) -> dict[str, Any]:
        return create_group(machine, self._machine_sid, self._language.helpers_group)


def create_group(machine: Machine, machine_sid: str, name: str) -> dict[str, Any]:
    """A new local group, with the next free RID, which resolves from now on."""
    return new_group(machine.name, machine_sid, name, machine.accounts.groups, machine.state["accounts"])
