# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A role or feature of Windows Server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import NO_PROMPT, cmdlet

_MODULE = "ServerManager"
# InstallState of the module ServerManager.
_STATES = ("Available", "Installed", "InstallPending", "Removed", "UninstallPending")


@dataclass(frozen=True)
class ServerFeature(Setting):
    """By its name, which is the same in every language. Workstations have no such features. Wanted: True for installed."""

    kind: ClassVar[str] = "server_feature"
    name: str

    @property
    def key(self) -> str:
        return f"server_feature:{self.name.casefold()}"

    def _read(self) -> Operation:
        return cmdlet(_MODULE, "Get-WindowsFeature", {"Name": self.name}, select=["Name", "InstallState"])

    def reads(self) -> tuple[Operation, ...]:
        return (self._read(),)

    def interpret(self, answers: Answers) -> Observation:
        """The value is the state as ServerManager names it; None on a workstation; a caveat where the server knows no such feature."""
        if not answers.host.is_server:
            return Observation(value=None, evidence=("workstations have no server features",))
        answer = answers[self._read()]
        if answer.failure:
            return Observation(problem=Problem.from_failure(answer.failure, f"the feature {self.name}"))
        rows = answer.data["rows"]
        state = rows[0].get("InstallState") if rows else "Removed"
        if state not in _STATES:
            return Observation(problem=Problem(Code.MALFORMED_VALUE, f"The feature {self.name} is in the state {state}."))
        caveats = () if rows else (f"this server knows no feature {self.name}, so it counts as not installed",)
        return Observation(value=state, evidence=(f"feature {self.name} is {state}",), caveats=caveats)

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        expected = f"the feature {self.name} is {'installed' if wanted else 'not installed'}"
        if observation.value is None:
            return Assessment(Status.NOT_APPLICABLE, expected, "this is no server")
        if observation.value in ("InstallPending", "UninstallPending"):
            remedy = "Restart the host, then verify again."
            return Assessment(Status.DRIFT, expected, f"the feature {self.name} waits for a restart ({observation.value})", remedy=remedy)
        installed = observation.value == "Installed"
        actual = f"the feature {self.name} is {'installed' if installed else 'not installed'}"
        if installed == wanted:
            return Assessment(Status.COMPLIANT, expected, actual)
        difference = Difference(
            key=self.key,
            label="feature",
            before="installed" if installed else "not installed",
            after="installed" if wanted else "not installed",
            verb="install" if wanted else "remove",
            writes=self.switch(installed=wanted),
            restore=({"kind": "server_feature", "name": self.name, "before": installed},),
        )
        return Assessment(Status.DRIFT, expected, actual, (difference,))

    def switch(self, *, installed: bool) -> tuple[Operation, ...]:
        """The write that installs or removes it."""
        return (
            cmdlet(
                _MODULE,
                f"{'Install' if installed else 'Uninstall'}-WindowsFeature",
                {"Name": self.name, "Confirm": NO_PROMPT},
                select=["Success", "RestartNeeded", "ExitCode"],
                mutates=True,
            ),
        )
