# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Group Policy client: which objects apply here, their copies on disk, the registry extension, its history, and the refresh.

Confidence of what it imitates:
* paths of Registry.pol and of its copies below DataStore, the History list and its fields, later object wins: [H]
* an unchanged list of objects is not applied again unless forced or NoGPOListChanges is 0: [H] (GroupPolicy.admx)
* objects that are filtered out lie among the copies all the same: [H]
* servers keep no copies: [K]
* what a policy set below a Policies key is taken away before the extension applies again, other keys keep what they got; the archive of
  what was set is C:\\ProgramData\\ntuser.pol: [K]
* 90 minutes between refreshes, 5 on a domain controller, no random part: the numbers [K], the missing random part a decision of the
  simulation
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from windows_estate.machine import Machine, ProgramResult
from windows_estate.world import preg
from windows_estate.world.behaviours import local_policy, rsop
from windows_estate.world.behaviours.security_policy import SECURITY_EXTENSION, SecurityPolicy
from windows_estate.world.knowledge.policies import REGISTRY_EXTENSION, REGISTRY_PROCESSING, SYSTEM_POLICIES
from windows_estate.world.preg import PolicyEntry
from windows_estate.world.words.model import Domain, Gpo, Host

DATA_STORE: Final = f"{local_policy.FOLDER}\\DataStore\\0\\sysvol"
_HISTORIES: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History"
HISTORY: Final = f"{_HISTORIES}\\{REGISTRY_EXTENSION}"
ARCHIVE: Final = "C:\\ProgramData\\ntuser.pol"
LOCAL_GPO: Final = "LocalGPO"
LOCAL_NAME: Final = "Local Group Policy"
_DOMAIN_CONTROLLER_MINUTES: Final = 5
# Below these keys a value goes when its policy goes (Group Policy's "true policies").
_POLICY_ROOTS: Final = ("software\\policies\\", "software\\microsoft\\windows\\currentversion\\policies\\")


@dataclass(frozen=True)
class AppliedObject:
    """An object as the extension gets it. `path` is its distinguished name, or LocalGPO; `link` where it is linked."""

    name: str
    guid: str
    version: int
    path: str
    folder: str
    link: str
    entries: tuple[PolicyEntry, ...]


class GroupPolicy:
    """Group Policy of one host. `objects` gives the domain's objects in the order in which they apply: the last one wins."""

    def __init__(
        self, host: Host, domain: Domain, objects: Callable[[], Sequence[Gpo]], refresh_minutes: int, security: SecurityPolicy | None = None
    ) -> None:
        self._host = host
        self._domain = domain
        self._objects = objects
        self._security = security
        self._minutes = refresh_minutes if host.role_word != "domain_controller" else min(refresh_minutes, _DOMAIN_CONTROLLER_MINUTES)
        self._due: datetime | None = None
        self.after_change: list[Callable[[Machine], None]] = []
        """Called after the extension has applied policies."""

    def install(self, machine: Machine) -> None:
        rsop.define(machine)
        self._due = machine.clock.now() + self._interval(machine)
        machine.programs["gpupdate"] = self.gpupdate
        machine.on_tick.append(self.tick)

    def tick(self, machine: Machine, now: datetime) -> None:
        """Refresh in the background when it is time."""
        if self._due is None or now < self._due:
            return
        self._due = now + self._interval(machine)
        # NoBackgroundPolicy 1: this extension works at start-up only.
        if machine.registry.data(f"HKLM\\{REGISTRY_PROCESSING}", "NoBackgroundPolicy") != 1:
            self.process(machine)

    def process(self, machine: Machine, *, force: bool = False) -> bool:
        """Apply the policies; whether the registry extension had anything to do."""
        objects = self._domain_objects()
        self._copy(machine)
        self._process_security(machine, objects, force)
        local = self._local_object(machine)
        applied = [*([local] if local else []), *(self._applied(gpo) for gpo in objects)]
        changed = [(one.path.lower(), one.version) for one in applied] != _history(machine)
        always = machine.registry.data(f"HKLM\\{REGISTRY_PROCESSING}", "NoGPOListChanges") == 0
        if not (changed or force or always):
            return False
        self._apply(machine, applied)
        _write_history(machine, applied)
        if machine.registry.data(f"HKLM\\{SYSTEM_POLICIES}", "RSoPLogging") != 0:
            rsop.log(machine, applied, self._domain)
        for listener in self.after_change:
            listener(machine)
        return True

    def _process_security(self, machine: Machine, objects: Sequence[Gpo], force: bool) -> None:
        security = self._security
        if security is None or not security.process(machine, objects, force=force):
            return
        applied = [self._applied(gpo) for gpo in objects if gpo.security.has_template]
        _write_history(machine, applied, SECURITY_EXTENSION)
        if machine.registry.data(f"HKLM\\{SYSTEM_POLICIES}", "RSoPLogging") != 0:
            logged = [(gpo, self._applied(gpo).path, gpo.link) for gpo in objects if gpo.security.has_template]
            security.log(machine, rsop.NAMESPACE, logged)

    def gpupdate(self, machine: Machine, arguments: list[str], _stdin: str | None, _files: dict[str, str | None]) -> ProgramResult:
        """gpupdate.exe: /force applies what is unchanged as well; /target:user leaves the computer alone. Takes a few seconds."""
        words = [argument.lower() for argument in arguments]
        known = ("/force", "/target:", "/wait:", "/logoff", "/boot", "/sync")
        if any(not word.startswith(known) for word in words):
            return ProgramResult(stdout=f"gpupdate: {' '.join(arguments)}?\r\n", exit_code=1)
        if "/target:user" not in words:
            self.process(machine, force="/force" in words)
        begin, end = self._host.language.gpupdate
        return ProgramResult(stdout=f"{begin}\r\n\r\n{end}\r\n\r\n", seconds=4.0)

    def _interval(self, machine: Machine) -> timedelta:
        name = "GroupPolicyRefreshTimeDC" if self._host.role_word == "domain_controller" else "GroupPolicyRefreshTime"
        minutes = machine.registry.data(f"HKLM\\{SYSTEM_POLICIES}", name)
        # Zero means every seven seconds; a minute is close enough here.
        return timedelta(minutes=max(1, minutes if isinstance(minutes, int) else self._minutes))

    def _domain_objects(self) -> list[Gpo]:
        return [gpo for gpo in self._objects() if self._host.is_among(gpo.applies_to) and not self._host.is_among(gpo.filtered_for)]

    def _folder(self, gpo: Gpo) -> str:
        if self._host.policy_cache:
            return f"{DATA_STORE}\\{self._domain.name}\\Policies\\{gpo.guid}\\Machine"
        return f"\\\\{self._domain.name}\\SysVol\\{self._domain.name}\\Policies\\{gpo.guid}\\Machine"

    def _copy(self, machine: Machine) -> None:
        """Keep the copies in step with the domain, where there are any."""
        if not self._host.policy_cache:
            return
        for gpo in self._objects():
            if not (self._host.is_among(gpo.applies_to) or self._host.is_among(gpo.filtered_for)):
                continue
            if gpo.entries:
                local_policy.write_pol(machine, f"{self._folder(gpo)}\\Registry.pol", gpo.entries)
            if self._security is not None:
                self._security.copy(machine, gpo, self._folder(gpo))

    def _applied(self, gpo: Gpo) -> AppliedObject:
        path = f"CN={gpo.guid},CN=Policies,CN=System,{self._domain.distinguished_name}"
        return AppliedObject(gpo.name, gpo.guid, gpo.version, path, self._folder(gpo), f"LDAP://{gpo.link}", gpo.entries)

    @staticmethod
    def _local_object(machine: Machine) -> AppliedObject | None:
        entries = local_policy.entries(machine)
        if entries is None or machine.registry.data(f"HKLM\\{SYSTEM_POLICIES}", "DisableLGPOProcessing") == 1:
            return None
        number = local_policy.version(machine)
        return AppliedObject(LOCAL_NAME, LOCAL_NAME, number, LOCAL_GPO, local_policy.MACHINE_FOLDER, "Local", tuple(entries))

    @staticmethod
    def _apply(machine: Machine, applied: Sequence[AppliedObject]) -> None:
        registry = machine.registry
        for key, name in sorted(preg.touched(local_policy.read_pol(machine, ARCHIVE) or ())):
            if (key + "\\").startswith(_POLICY_ROOTS):
                registry.delete(f"HKLM\\{key}", name)
        entries = [entry for one in applied for entry in one.entries]
        preg.apply(registry, entries)
        if entries or ARCHIVE in machine.files.files:
            local_policy.write_pol(machine, ARCHIVE, _settled(entries))


def _settled(entries: Sequence[PolicyEntry]) -> list[PolicyEntry]:
    """The values that are left when all entries have been applied in order: what the archive keeps."""
    last: dict[tuple[str, str], PolicyEntry] = {}
    for entry in entries:
        if not entry.is_instruction:
            last[(entry.key.lower(), entry.name.lower())] = entry
    return list(last.values())


def _history(machine: Machine) -> list[tuple[str, int]]:
    """The objects of last time, as (path in lower case, version)."""
    numbers = sorted((name for name in machine.registry.subkeys(HISTORY) if name.isdigit()), key=int)
    keys = [f"{HISTORY}\\{number}" for number in numbers]
    return [(str(machine.registry.data(key, "DSPath", "")).lower(), int(machine.registry.data(key, "Version", 0))) for key in keys]


def _write_history(machine: Machine, applied: Sequence[AppliedObject], extension: str = REGISTRY_EXTENSION) -> None:
    registry = machine.registry
    history = f"{_HISTORIES}\\{extension}"
    registry.delete(history)
    for number, one in enumerate(applied):
        is_local = one.path == LOCAL_GPO
        values: list[tuple[str, str, Any]] = [
            ("Options", "dword", 0),
            ("Version", "dword", one.version),
            ("DSPath", "sz", one.path),
            ("FileSysPath", "sz", one.folder),
            ("DisplayName", "sz", one.name),
            ("GPOName", "sz", one.guid),
            ("GPOLink", "dword", 1 if is_local else 4 if one.link.startswith("LDAP://OU=") else 3),
            ("Link", "sz", one.link),
            ("Extensions", "sz", f"[{extension}]"),
        ]
        for name, kind, data in values:
            registry.set(f"{history}\\{number}", name, kind, data)
        # A value whose type PowerShell's registry provider cannot convert.
        registry.set(f"{history}\\{number}", "lParam", "unknown", None)
