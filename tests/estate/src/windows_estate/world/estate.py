# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estate: its machines in one process, with or without WinRM in front of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from windows_estate.machine import Clock, Machine
from windows_estate.winrm import Fault, Faults, HostEndpoint, Server
from windows_estate.world import inventory as inventories
from windows_estate.world.behaviours.configmgr_site import Site
from windows_estate.world.build import Built, build
from windows_estate.world.clock import EstateClock
from windows_estate.world.control import routes
from windows_estate.world.handler import handler_for
from windows_estate.world.not_windows import WebServer
from windows_estate.world.points import attach_points
from windows_estate.world.preg import PolicyEntry
from windows_estate.world.sites import attach_sites
from windows_estate.world.words.estate_file import read_estate
from windows_estate.world.words.model import EstateWords, Gpo

# Behaviours look at the clock at least this often when it jumps ahead.
_STEP: Final = 60.0


@dataclass(frozen=True)
class Served:
    """A running estate: `ports` by host, `inventory` where it was written, `control` the address of the control interface."""

    estate: Estate
    server: Server
    ports: dict[str, int]
    control: str | None
    inventory: Path | None

    def counters(self, host: str) -> dict[str, Any]:
        """What went over the wire of a host."""
        return self.server.hosts[host].counters.to_json()

    def endpoint(self, host: str) -> HostEndpoint:
        return self.server.hosts[host]


class Estate:
    """Machines by name, in `machines`; what they are made of in `built`; ConfigMgr sites in `sites`, their distribution points and state
    migration points in `points`; the file's words in `words`."""

    def __init__(self, words: EstateWords, clock: Clock | None = None) -> None:
        self.words = words
        self.clock: Clock = clock or EstateClock()
        self._gpos = list(words.gpos)
        self.built: dict[str, Built] = {host.name: build(host, words, lambda: self._gpos, self.clock) for host in words.hosts}
        self.machines: dict[str, Machine] = {name: built.machine for name, built in self.built.items()}
        self.sites: dict[str, Site] = attach_sites(words, self.built)
        self.points = attach_points(words, self.built, self.sites)

    @classmethod
    def load(cls, source: str | Path | dict[str, Any], *, clock: Clock | None = None) -> Estate:
        """An estate from a file, or from what such a file holds. Raises WordsError.

        Without a clock, time runs with the real one and jumps ahead instead of waiting.
        """
        return cls(read_estate(source), clock)

    @property
    def gpos(self) -> Sequence[Gpo]:
        return tuple(self._gpos)

    def edit_gpo(self, name: str, entries: Sequence[PolicyEntry]) -> None:
        """What an administrator does in the editor: other settings, and a higher version. Hosts see it at a refresh."""
        for place, gpo in enumerate(self._gpos):
            if gpo.name == name:
                self._gpos[place] = replace(gpo, entries=tuple(entries), version=gpo.version + 1)
                return
        raise LookupError(f"There is no Group Policy object {name}.")

    def advance(self, minutes: float) -> None:
        """Let time pass for all machines."""
        left = minutes * 60
        while left > 0:
            self.clock.sleep(min(left, _STEP))
            left -= _STEP
            self.tick()

    def tick(self) -> None:
        """Let happen what is due."""
        for machine in self.machines.values():
            machine.tick()

    def fingerprints(self) -> dict[str, str]:
        """A hash of every machine's configuration."""
        return {name: machine.fingerprint() for name, machine in self.machines.items()}

    def inventory(self, ports: dict[str, int]) -> dict[str, Any]:
        return inventories.inventory(self.words, ports)

    @contextmanager
    def serve(self, inventory: str | Path | None = None, *, control_port: int | None = 0, base_port: int = 0) -> Iterator[Served]:
        """Listen on loopback while the context lasts.

        `inventory`: a file to write, or a folder in which it is hosts.yml. `base_port`: of the first host, the others follow; 0 lets the
        operating system choose, as for `control_port`; a control port of None is none.
        """
        with self._listening(control_port, base_port) as (server, ports):
            path = None if inventory is None else write_inventory(inventory, self.inventory(ports))
            control = None if server.control_port is None else f"http://127.0.0.1:{server.control_port}"
            yield Served(self, server, ports, control, path)

    @contextmanager
    def _listening(self, control_port: int | None, base_port: int) -> Iterator[tuple[Server, dict[str, int]]]:
        endpoints: dict[str, HostEndpoint] = {}
        others: dict[str, WebServer] = {}
        try:
            for number, (name, built) in enumerate(self.built.items()):
                port = base_port + number if base_port else 0
                if built.host.answers_as == "windows":
                    endpoints[name] = _endpoint(built, port)
                else:
                    others[name] = WebServer(port)
                    others[name].start()
            listening: dict[str, HostEndpoint | WebServer] = {**endpoints, **others}

            def ports() -> dict[str, int]:
                return {name: listening[name].port for name in self.built}

            with Server(endpoints, control_port=control_port, routes=routes(self, ports)) as server:
                yield server, ports()
        finally:
            for other in others.values():
                other.stop()


def _endpoint(built: Built, port: int) -> HostEndpoint:
    host = built.host
    faults: list[Fault] = list(host.faults)
    if not built.may_log_on:
        faults.append(Fault("access_denied"))
    return HostEndpoint(
        name=host.name,
        handler=handler_for(built),
        username=host.controller.account,
        password=host.controller.password,
        port=port,
        faults=Faults(faults),
        powershell_version=host.powershell,
        reachable=built.firewall.admits_controller,
        logon=built.may_log_on_now,
        shell=built.may_have_shell if built.may_log_on else None,
        become_logon=built.may_become,
    )


def write_inventory(where: str | Path, data: dict[str, Any]) -> Path:
    """Write an inventory to a file, or to hosts.yml of a folder; where it is."""
    path = Path(where)
    if path.is_dir() or path.suffix not in (".yml", ".yaml"):
        path /= "hosts.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(inventories.as_yaml(data), encoding="utf-8")
    return path.resolve()
