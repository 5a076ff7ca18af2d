# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB server of a host: whether it requires signing, and whether it encrypts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet

NAMESPACE = "root\\Microsoft\\Windows\\SMB"
MODULE = "SmbShare"
SIGNING, ENCRYPTION = "RequireSecuritySignature", "EncryptData"
TITLES: Mapping[str, str] = {SIGNING: "signing of SMB", ENCRYPTION: "encryption of SMB"}
"""The switches that are written, by their names: a snapshot names no other."""
_COLUMNS = [SIGNING, ENCRYPTION, "RejectUnencryptedAccess"]
_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanManServer\\Parameters"
_ROWS = Operation.of("cim.query", namespace=NAMESPACE, query="SELECT * FROM MSFT_SmbServerConfiguration", properties=_COLUMNS)
# Nothing promises that an enumeration of the class shows the one row; the class has a method for it besides.
_METHOD = Operation.of(
    "cim.invoke", namespace=NAMESPACE, method="GetConfiguration", arguments={}, **{"class": "MSFT_SmbServerConfiguration"}
)
_REGISTERED = Operation.of("registry.read", key=_KEY, names=[SIGNING])
_POLICY = "a policy's security option may set it back; where the value comes from cannot be seen"

SERVER_READS: tuple[Operation, ...] = (_ROWS, _METHOD, _REGISTERED)


@dataclass(frozen=True)
class ReadServer:
    """What is in effect, by property, and RequireSecuritySignature in the registry (None: not there, or not read)."""

    values: Mapping[str, bool]
    registered: int | None


def read_server(answers: Answers) -> ReadServer | Problem:
    """What is in effect; what Windows does by itself differs from version to version and is never assumed."""
    registry = answers[_REGISTERED]
    stored = None if registry.failure else registry.data["values"].get(SIGNING)
    registered = stored["data"] if stored and isinstance(stored["data"], int) else None
    listed, told = answers[_ROWS], answers[_METHOD]
    rows = [] if listed.failure else list(listed.data["rows"])
    if not rows and told.ok and isinstance(told.data["output"].get("Output"), Mapping):
        rows = [told.data["output"]["Output"]]
    if len(rows) == 1:
        return ReadServer({name: rows[0][name] for name in _COLUMNS if isinstance(rows[0].get(name), bool)}, registered)
    failure = listed.failure or told.failure
    if failure:
        return Problem.from_failure(failure, "The configuration of the SMB server")
    return Problem(Code.READ_FAILED, "The configuration of the SMB server shows nothing.")


@dataclass(frozen=True)
class SmbSwitch(Setting):
    """One switch of the SMB server, as it is in effect. Wanted: whether it is on."""

    kind: ClassVar[str] = "smb_server"
    name: str

    @property
    def key(self) -> str:
        return f"smb_server:{self.name}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return SERVER_READS

    def interpret(self, answers: Answers) -> Observation:
        read = read_server(answers)
        if isinstance(read, Problem):
            return Observation(problem=read)
        value = read.values.get(self.name)
        if value is None:
            return Observation(problem=Problem(Code.READ_FAILED, f"The configuration of the SMB server does not show {self.name}."))
        evidence = [f"SMB server: {self.name} = {_shown(value)}"]
        if self.name == SIGNING:
            evidence.append(f"{_KEY}\\{SIGNING} = {'absent' if read.registered is None else read.registered}")
        return Observation(read, tuple(evidence))

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        read: ReadServer = observation.value
        value, title = read.values[self.name], TITLES[self.name]
        expected, actual = f"{title}: {_required(wanted)}", f"{title}: {_required(value)}"
        caveats = self._caveats(read, value)
        if value == wanted:
            return Assessment(Status.COMPLIANT, expected, actual, caveats=caveats)
        difference = Difference(
            key=self.key,
            label=title.replace("of SMB", "of the SMB server"),
            before=_switched(value),
            after=_switched(wanted),
            writes=(cmdlet(MODULE, "Set-SmbServerConfiguration", {self.name: wanted, "Force": {"switch": True}}, mutates=True),),
            restore=({"kind": self.kind, "name": self.name, "before": value},),
        )
        return Assessment(Status.DRIFT, expected, actual, (difference,), caveats=(*caveats, _POLICY))

    def _caveats(self, read: ReadServer, value: bool) -> tuple[str, ...]:
        if self.name != SIGNING or read.registered is None or bool(read.registered) == value:
            return ()
        return (f"the registry says {read.registered}, which is not in effect, and may be after a restart of the service",)


def _required(on: Json) -> str:
    return "required" if on else "not required"


def _switched(on: Json) -> str:
    return "on" if on else "off"


def _shown(on: Json) -> str:
    return "true" if on else "false"
