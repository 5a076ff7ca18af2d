# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A distribution point's PXE as its own play judges it: services, what WDS is told, where it listens, and whom the firewall admits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Place, Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads, read_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import DOUBTS, reaches, several
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_adapter import Adapter, Resolved, Word, resolve
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_server import (
    PORTS,
    PxeServer,
    Says,
    read_server,
    says_off,
    says_on,
    server_reads,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.windows_service import restart
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import Endpoint
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.mac import colons

_OPTION = "this_distribution_point.interfaces"


@dataclass(frozen=True)
class OwnWanted:
    """C(pxe): None where nobody has said. C(words): the declared interfaces, none where nobody has said or all are meant."""

    pxe: bool | None = None
    words: tuple[Word, ...] = ()
    responder: str | None = None
    restart: bool = False

    @property
    def nothing(self) -> bool:
        return self.pxe is None and not self.words and self.responder is None


@dataclass(frozen=True)
class ReadOwn:
    """C(adapters): the declared ones; None where none is declared, or they could not be read."""

    server: PxeServer
    adapters: tuple[Adapter, ...] | None


@dataclass(frozen=True)
class _Own(Setting):
    """Wanted: None, as what is wanted stands in the setting: only the host shows whether its words mean anything."""

    wanted: OwnWanted

    @property
    def key(self) -> str:
        return self.kind

    def reads(self) -> tuple[Operation, ...]:
        return server_reads()

    def interpret(self, answers: Answers) -> Observation:
        server = read_server(answers)
        if isinstance(server.adapters, Problem):
            problem = server.adapters if self.wanted.words else None
            return Observation(ReadOwn(server, None), server.evidence(), problem=problem)
        found = resolve(self.wanted.words, server.adapters, server.computer) if self.wanted.words else Resolved(())
        wrong = tuple(f"{_OPTION}: {sentence}" for sentence in found.wrong)
        declared = found.adapters if self.wanted.words else None
        evidence = (*server.evidence(), *(f"{server.computer}: adapter {adapter.title}" for adapter in server.adapters))
        return Observation(ReadOwn(server, declared), evidence, wrong_options=wrong)


@dataclass(frozen=True)
class OwnPxe(_Own):
    """That PXE is served by one service, where it is declared, and on the declared interfaces only."""

    kind: ClassVar[str] = "own_pxe"

    def reading(self, observation: Observation) -> Mapping[str, Json]:
        read: ReadOwn | None = observation.value
        return read.server.to_data() if read else {}

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        read: ReadOwn = observation.value
        server, words = read.server, self.wanted
        if words.nothing:
            return Assessment(Status.NOT_APPLICABLE, "nothing is declared of this distribution point", _state(server))
        if words.pxe is False:
            says, expected = says_off(server), "no PXE service runs"
        elif words.pxe is None and not isinstance(server.services, Problem) and not server.running:
            return Assessment(Status.NOT_APPLICABLE, self._expected(read), "no PXE service runs, and nobody has declared that one should")
        else:
            says, expected = says_on(server, read.adapters, words.responder), self._expected(read)
        assessed = self._judged(says, expected, server)
        if not says.against or says.restart is None:
            return assessed
        if not self.wanted.restart:
            remedy = f"Restart the service {says.restart}, or let apply do so with restart_service. {assessed.remedy or ''}".strip()
            return replace(assessed, remedy=remedy, restarts=(says.restart,))
        return replace(assessed, differences=(_restarted(says.restart),))

    def _expected(self, read: ReadOwn) -> str:
        by = {None: "one service", "wds": "WDS", "configmgr": "the PXE responder"}[self.wanted.responder]
        if read.adapters is None:
            return f"PXE is served by {by}"
        named = ", ".join(f"{one.name} ({colons(one.mac)})" for one in read.adapters)
        return f"PXE is served by {by}, on {named} only"

    @staticmethod
    def _judged(says: Says, expected: str, server: PxeServer) -> Assessment:
        if says.against:
            remedy = (
                "See that the site's settings are right and that SMSPXE.log tells of them; start the service that is to answer, and stop"
                " what is too much."
            )
            return Assessment(Status.DRIFT, expected, "; ".join(says.against), caveats=says.caveats, remedy=remedy)
        if says.doubts:
            told = "; ".join(message for _code, message in says.doubts)
            remedy = "The site's own settings decide: verify them on the host of the SMS Provider."
            return Assessment(Status.INDETERMINATE, expected, told, code=says.doubts[0][0], caveats=says.caveats, remedy=remedy)
        return Assessment(Status.COMPLIANT, expected, _state(server), caveats=says.caveats)


def _state(server: PxeServer) -> str:
    if isinstance(server.services, Problem):
        return server.services.message
    running = " and ".join(one.name for one in server.running) or "no PXE service"
    addresses = ", ".join(dict.fromkeys(one.address for one in server.own_endpoints))
    return f"{running} runs{f', on {addresses}' if addresses else ''}"


def _restarted(service: str) -> Difference:
    # Nothing for the snapshot: a restart cannot be taken back.
    return Difference(
        key=f"pxe_restart|{service}".casefold(),
        label=f"service {service}",
        before="started before the change",
        after="restarted",
        verb="restarted",
        writes=restart(service),
    )


@dataclass(frozen=True)
class OwnFirewall(_Own):
    """That somebody is let in to PXE where it is to be answered: else nobody boots, and the next one opens too much.

    C(endpoints): those of the named service, by the Windows service that owns them.
    """

    kind: ClassVar[str] = "own_pxe_firewall"
    endpoints: tuple[Endpoint, ...]

    def reads(self) -> tuple[Operation, ...]:
        return (*server_reads(), *firewall_reads())

    def interpret(self, answers: Answers) -> Observation:
        observation = super().interpret(answers)
        firewall = read_firewall(answers)
        if observation.problem or firewall.firewall is None:
            return replace(observation, problem=observation.problem or firewall.problem)
        read: ReadOwn = observation.value
        reach = Reach(firewall.firewall)
        evidence = tuple(line for _port, place, line in self._places(reach, read) if place is not None)
        return replace(observation, value=(read, reach), evidence=(*firewall.evidence, *evidence), caveats=firewall.caveats)

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        read, reach = observation.value
        expected = f"the firewall lets somebody in to UDP {', '.join(map(str, PORTS))} where PXE answers"
        if not read.server.running and self.wanted.pxe is not True:
            return Assessment(Status.NOT_APPLICABLE, expected, "no PXE service runs")
        closed: list[tuple[int, list[Place]]] = []
        doubtful: list[tuple[int, list[Place]]] = []
        for port in PORTS:
            places = [place for number, place, _line in self._places(reach, read) if number == port and place is not None]
            if any(not place.admission.admitted.is_empty for place in places):
                continue
            unknown = [place for place in places if not place.admission.unknown.is_empty]
            (doubtful if unknown else closed).append((port, unknown))
        remedy = "Declare the exception pxe in firewall_exception, with the networks that boot and these interfaces."
        if closed:
            ports = ", ".join(str(port) for port, _places in closed)
            return Assessment(Status.DRIFT, expected, f"PXE is on, and the firewall lets nobody in to UDP {ports}", remedy=remedy)
        if doubtful:
            why = several(DOUBTS[doubt] for _port, places in doubtful for place in places for doubt in sorted(place.admission.doubts))
            said = f"whether the firewall lets anybody in to UDP {', '.join(str(port) for port, _places in doubtful)} is in doubt: {why}"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.FIREWALL_IN_DOUBT, remedy=remedy)
        return Assessment(Status.COMPLIANT, expected, f"the firewall lets somebody in to UDP {', '.join(map(str, PORTS))}")

    def _places(self, reach: Reach, read: ReadOwn) -> Iterator[tuple[int, Place | None, str]]:
        """For each port, where PXE answers and who gets in there, with a line of evidence."""
        running = {one.name.casefold(): one for one in read.server.running}
        named = [(endpoint, (endpoint.service or "").casefold()) for endpoint in self.endpoints]
        # Where the responder's program lies is told by its service alone.
        owned = [
            replace(endpoint, program=endpoint.program or running[name].program) if name in running else endpoint
            for endpoint, name in named
            if not running or name in running
        ]
        names = None if read.adapters is None else {one.name.casefold() for one in read.adapters}
        for endpoint in owned:
            for query in reach.queries(endpoint):
                for place in reach.everywhere(query):
                    if query.port in PORTS and not place.imagined and (names is None or place.admission.interface.casefold() in names):
                        yield query.port, place, reaches(f"UDP {query.port} ({endpoint.service})", place, reach)
