# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a distribution point itself shows of its PXE: adapters, services, what WDS is told, and where it listens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_adapter import Adapter, adapter_reads, read_adapters
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.udp_endpoint import UdpEndpoint, endpoint_read, read_endpoints
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.wds import READ_WDS, WdsBinding, interfaces_of, read_wds
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.windows_service import Service, read_services, service_read
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.mac import colons

WDS, RESPONDER = "WDSServer", "SccmPxe"
SERVICES = (WDS, RESPONDER)
SERVICE_OF: Mapping[str, str] = {"wds": WDS, "configmgr": RESPONDER}
PORTS = (67, 69, 4011)
_DP_KEY = "HKLM\\SOFTWARE\\Microsoft\\SMS\\DP"
_DP_VALUES = ["PxeInstalled", "IsPXE", "SiteCode", "DoNotListenOnDhcpPort"]
_READ_DP = Operation.of("registry.read", key=_DP_KEY, names=_DP_VALUES)

COPY_UNPROVEN = "whether Configuration Manager copies the list to WDS is not documented, and WDS has none"
FILTER_UNPROVEN = (
    "the PXE responder listens on all addresses, and whether it then leaves out interfaces that are not listed cannot be seen from outside"
)


class MalformedReadingsError(ValueError):
    """The readings are none that a distribution point's play returns."""


@dataclass(frozen=True)
class PxeServer:
    """A part that is a Problem could not be read. C(dp): values of the registry. C(domain): the computer's."""

    computer: str
    adapters: tuple[Adapter, ...] | Problem
    services: tuple[Service, ...] | Problem
    wds: WdsBinding | Problem
    listening: tuple[UdpEndpoint, ...] | Problem
    dp: tuple[tuple[str, Json], ...] = ()
    domain: str | None = None

    @property
    def installed(self) -> tuple[Service, ...]:
        """Services that could start."""
        return () if isinstance(self.services, Problem) else tuple(one for one in self.services if not one.disabled)

    @property
    def running(self) -> tuple[Service, ...]:
        return () if isinstance(self.services, Problem) else tuple(one for one in self.services if one.running)

    @property
    def own_endpoints(self) -> tuple[UdpEndpoint, ...]:
        """Where PXE listens; a server for DHCP may share the computer."""
        if isinstance(self.listening, Problem):
            return ()
        processes = {one.process for one in self.running}
        if None in processes:
            return self.listening
        return tuple(one for one in self.listening if one.process is None or one.process in processes)

    def to_data(self) -> dict[str, Json]:
        """Plain values for readings."""
        return {
            "computer": self.computer,
            "domain": self.domain,
            "adapters": _list(self.adapters),
            "services": _list(self.services),
            "wds": _problem(self.wds) if isinstance(self.wds, Problem) else self.wds.to_data(),
            "listening": _list(self.listening),
            "dp": dict(self.dp),
        }

    @staticmethod
    def from_data(data: Json) -> PxeServer:
        """The inverse of to_data; MalformedReadingsError for anything else."""
        try:
            return PxeServer(
                str(data["computer"]),
                _read(data["adapters"]) or tuple(Adapter.from_data(one) for one in data["adapters"]),
                _read(data["services"]) or tuple(Service.from_data(one) for one in data["services"]),
                _read(data["wds"]) or WdsBinding.from_data(data["wds"]),
                _read(data["listening"]) or tuple(UdpEndpoint.from_data(one) for one in data["listening"]),
                tuple(data["dp"].items()),
                None if data["domain"] is None else str(data["domain"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise MalformedReadingsError(f"{type(error).__name__} {error}") from error

    def evidence(self) -> tuple[str, ...]:
        """A line for each thing that was read."""
        return tuple(f"{self.computer}: {line}" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        if isinstance(self.services, Problem):
            yield self.services.message
        else:
            by_name = {one.name.casefold(): one for one in self.services}
            for name in SERVICES:
                one = by_name.get(name.casefold())
                yield f"service {name} {f'is {one.state} ({one.start_mode})' if one else 'is not there'}"
        yield self.wds.message if isinstance(self.wds, Problem) else f"WDS has {self.wds.words}"
        if isinstance(self.listening, Problem):
            yield self.listening.message
        else:
            own = self.own_endpoints
            yield f"PXE listens on {_endpoints(own)}"
            others = tuple(one for one in self.listening if one not in own)
            if others:
                yield f"other programs listen on {_endpoints(others)}"
        if self.dp:
            yield f"{_DP_KEY}: {', '.join(f'{name} = {value}' for name, value in self.dp)}"


def _endpoints(endpoints: Sequence[UdpEndpoint]) -> str:
    ports: dict[str, list[str]] = {}
    for one in endpoints:
        ports.setdefault(one.address, []).append(str(one.port))
    return "; ".join(f"{address} UDP {', '.join(dict.fromkeys(found))}" for address, found in ports.items()) or "no address"


def _problem(problem: Problem) -> dict[str, Json]:
    return {"code": problem.code.value, "problem": problem.message}


def _list(part: Sequence[Adapter] | Sequence[Service] | Sequence[UdpEndpoint] | Problem) -> Json:
    return _problem(part) if isinstance(part, Problem) else [one.to_data() for one in part]


def _read(data: Json) -> Problem | None:
    """The problem that a part is."""
    if isinstance(data, Mapping) and "problem" in data:
        return Problem(Code(data["code"]), str(data["problem"]))
    return None


def server_reads() -> tuple[Operation, ...]:
    return (*adapter_reads(), service_read(SERVICES), READ_WDS, _READ_DP, endpoint_read(PORTS))


def read_server(answers: Answers) -> PxeServer:
    """What the answers tell; worked out once for the same answers."""
    return answers.once(_from_answers)


def _from_answers(answers: Answers) -> PxeServer:
    dp = answers[_READ_DP]
    values = {} if dp.failure else dp.data["values"]
    return PxeServer(
        answers.host.name,
        read_adapters(answers),
        read_services(SERVICES, answers),
        read_wds(answers),
        read_endpoints(PORTS, answers),
        tuple((name, values[name]["data"]) for name in _DP_VALUES if name in values),
        answers.host.domain,
    )


# ---------------------------------------------------------------------- judging


@dataclass(frozen=True)
class Says:
    """What a server shows of what is declared: C(against) it, what leaves C(doubts), asides, and the service that a C(restart) may mend."""

    against: tuple[str, ...] = ()
    doubts: tuple[tuple[Code, str], ...] = ()
    caveats: tuple[str, ...] = ()
    restart: str | None = None


def says_off(server: PxeServer) -> Says:
    """Whether a server without PXE has none."""
    if isinstance(server.services, Problem):
        return Says(doubts=((server.services.code, server.services.message),))
    return Says(against=tuple(f"{one.name} runs" for one in server.running))


def says_on(server: PxeServer, declared: Sequence[Adapter] | None, responder: str | None) -> Says:
    """Whether a server answers PXE on the declared adapters only; None: on all of them, or nobody has said."""
    if isinstance(server.services, Problem):
        return Says(doubts=((server.services.code, server.services.message),))
    against = list(_services(server, responder))
    running = server.running
    if declared is None or len(running) != 1:
        return Says(tuple(against))
    service = running[0].name
    doubts: list[tuple[Code, str]] = []
    caveats: list[str] = []
    configured = _configured(server, declared, doubts) if service == WDS else None
    listening = _listening(server, declared, service, configured, doubts, caveats)
    if not listening and all(message == COPY_UNPROVEN for _code, message in doubts):
        # Where it listens tells by itself.
        caveats += (message for _code, message in doubts)
        doubts = []
    against += (*(configured or ()), *listening)
    # What WDS is told is right, so that only a start is missing.
    restart = service if listening and not configured else None
    return Says(tuple(against), tuple(doubts), tuple(caveats), restart)


def _services(server: PxeServer, responder: str | None) -> Iterator[str]:
    running = server.running
    if not running:
        yield f"neither {WDS} nor {RESPONDER} runs, so that nobody answers PXE"
    if len(running) > 1:
        yield f"{WDS} and {RESPONDER} both run, and one of them has to go"
    elif len(server.installed) > 1:
        yield f"{WDS} and {RESPONDER} are both installed, and one of them has to go"
    if responder is not None and len(running) == 1 and running[0].name.casefold() != SERVICE_OF[responder].casefold():
        yield f"{running[0].name} runs and not {SERVICE_OF[responder]}"


def _configured(server: PxeServer, declared: Sequence[Adapter], doubts: list[tuple[Code, str]]) -> list[str] | None:
    """What WDS is told against what is declared; None where that does not decide."""
    if isinstance(server.wds, Problem):
        doubts.append((server.wds.code, server.wds.message))
        return None
    if not server.wds.said:
        doubts.append((Code.DEFAULT_UNKNOWN, COPY_UNPROVEN))
        return None
    if isinstance(server.adapters, Problem):
        doubts.append((server.adapters.code, server.adapters.message))
        return None
    found = interfaces_of(server.wds, server.adapters)
    if found is None:
        doubts.append((Code.UNDOCUMENTED_VALUE, f"WDS has a BindPolicy of {server.wds.policy!r}, which no documentation explains"))
        return None
    wanted, there = {one.mac for one in declared}, {one.mac for one in found.adapters}
    told = []
    if found.unknown:
        told.append(f"WDS is told of {', '.join(found.unknown)}, which no adapter has, and stops for it")
    if there != wanted:
        told.append(f"WDS is told to answer on {', '.join(_named(one) for one in found.adapters) or 'no interface'}")
    return told


def _listening(
    server: PxeServer,
    declared: Sequence[Adapter],
    service: str,
    configured: list[str] | None,
    doubts: list[tuple[Code, str]],
    caveats: list[str],
) -> list[str]:
    if isinstance(server.listening, Problem):
        doubts.append((server.listening.code, server.listening.message))
        return []
    own = server.own_endpoints
    if not own:
        return [f"{service} runs and listens on none of UDP {', '.join(map(str, PORTS))}"]
    specific = {one.address for one in own if not one.everywhere}
    strange = sorted(address for address in specific if not _is_loopback(address) and not any(one.has(address) for one in declared))
    told = (
        [f"{service} listens on {_with_names(server, strange)}, which {'is' if len(strange) == 1 else 'are'} not declared"]
        if strange
        else []
    )
    if any(one.everywhere for one in own):
        if service == WDS and configured is not None:
            caveats.append("WDS listens on all addresses, and that it leaves out interfaces as it is told is documented and unproven")
        else:
            doubts.append((Code.NOT_LOOKED_INTO, FILTER_UNPROVEN if service == RESPONDER else "WDS listens on all addresses"))
        return told
    silent = [one for one in declared if not any(one.has(address) for address in specific)]
    if silent:
        told.append(f"{service} does not listen on {', '.join(_named(one) for one in silent)}")
    return told


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


def _with_names(server: PxeServer, addresses: Sequence[str]) -> str:
    adapters = () if isinstance(server.adapters, Problem) else server.adapters
    named = {address: next((one.name for one in adapters if one.has(address)), None) for address in addresses}
    return ", ".join(f"{address} ({name})" if name else address for address, name in named.items())


def _named(adapter: Adapter) -> str:
    return f"{adapter.name} ({colons(adapter.mac)})"
