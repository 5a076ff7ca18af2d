# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every reply tells of its host, as a setting that is only judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, HostFacts, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status

_VISTA = (6, 0)


@dataclass(frozen=True)
class HostFact(Setting):
    """C(fact): C(vista_or_later) (Windows NT 6.0 and up) or C(domain_member). Wanted: None."""

    kind: ClassVar[str] = "host_fact"
    fact: Literal["vista_or_later", "domain_member"]

    @property
    def key(self) -> str:
        return f"host_fact:{self.fact}"

    def reads(self) -> tuple[Operation, ...]:
        return ()

    def interpret(self, answers: Answers) -> Observation:
        host = answers.host
        return Observation(value=host, evidence=(f"Windows build {host.build}, domain role {host.domain_role}",))

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        host: HostFacts = observation.value
        if self.fact == "domain_member":
            expected = "the computer belongs to a domain"
            member = host.is_domain_member
            if member is None:
                return Assessment(Status.INDETERMINATE, expected, "WMI does not tell the domain role", code=Code.READ_FAILED)
            return Assessment(
                Status.COMPLIANT if member else Status.DRIFT, expected, f"domain: {host.domain}" if member else "it stands alone"
            )
        expected = "Windows Vista, Windows Server 2008 or later"
        try:
            version = tuple(int(part) for part in host.build.split(".")[:2])
        except ValueError:
            return Assessment(Status.INDETERMINATE, expected, f"build '{host.build}'", code=Code.MALFORMED_VALUE)
        return Assessment(Status.COMPLIANT if version >= _VISTA else Status.DRIFT, expected, f"build {host.build}")
