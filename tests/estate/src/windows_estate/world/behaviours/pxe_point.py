# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A distribution point on its own host: services, Windows Deployment Services' values, what ConfigMgr writes there, and who listens.

It follows the site: what distmgr brings arrives some seconds after it can be seen at the site, and reaches a listener when its service
starts the next time. Services, keys and ports [H] and [M]; what no source tells is an option, with these defaults: ConfigMgr copies the
binding into Windows Deployment Services' values, whose service binds to single addresses; its own responder binds to all addresses and
filters. That ConfigMgr never restarts a service for a new binding is the cautious reading of the advice to do so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from windows_estate.machine import Machine, fold
from windows_estate.world.behaviours import event_log, network_wmi, service_cmdlets, services, wds
from windows_estate.world.behaviours.configmgr_site import DistributionPoint, Site
from windows_estate.world.behaviours.configmgr_site import osd_items as names
from windows_estate.world.behaviours.configmgr_site.osd_options import CONFIGMGR, WDS
from windows_estate.world.behaviours.firewall import places
from windows_estate.world.knowledge.firewall_versions import rule_version
from windows_estate.world.knowledge.services import SVCHOST, Service
from windows_estate.world.network import Listener, Network, mac_of
from windows_estate.world.network_of_state import network_of

DP_KEY: Final = "HKLM\\SOFTWARE\\Microsoft\\SMS\\DP"
RESPONDER: Final = "SccmPxe"
PROGRAM: Final = "C:\\SMS_DP$\\sms\\bin\\SccmPxe.exe"
DHCP_PORT: Final = 67
PORTS: Final = (DHCP_PORT, 69, 4011)
_UDP: Final = 17
_EVERYWHERE: Final = ("0.0.0.0",)  # noqa: S104 - nothing is bound here
_SERVICES: Final = {
    WDS: wds.SERVER,
    CONFIGMGR: Service(RESPONDER, "ConfigMgr PXE Responder Service", f'"{PROGRAM}"', running=False),
}
_RULES: Final = {
    WDS: ("WDS-WdsServer-In-UDP", "Windows Deployment Services (UDP-In)", "App=%systemroot%\\system32\\svchost.exe|Svc=WDSServer"),
    CONFIGMGR: ("ConfigMgr-PXE-In-UDP", "ConfigMgr PXE Responder Service (UDP-In)", f"App={PROGRAM}|Svc={RESPONDER}"),
}


@dataclass(frozen=True)
class PxeHostOptions:
    """What a distribution point's host is like.

    wds_policy, wds_interfaces: what somebody wrote into Windows Deployment Services' values by hand, after ConfigMgr. started: whether the
    responder has been started since. other_responder: None, or "stopped" or "running": the one that is not in use is installed as well.
    dhcp_server: it is one too, so that the port of DHCP is not the responder's. firewall_open: a rule lets everybody in to the responder.
    follow_seconds: how long what the site has takes to arrive.
    copies_to_wds: ConfigMgr writes its binding into Windows Deployment Services' values; else its provider filters. responder_filters: the
    responder binds to all addresses and filters by MAC; else it binds to single addresses.
    """

    wds_policy: int | None = None
    wds_interfaces: tuple[str, ...] | None = None
    started: bool = True
    other_responder: str | None = None
    dhcp_server: bool = False
    firewall_open: bool = True
    follow_seconds: float = 10.0
    copies_to_wds: bool = True
    responder_filters: bool = True


@dataclass(frozen=True)
class _Wanted:
    """What the site wants of the host."""

    pxe: bool
    answers: bool
    responder: str
    policy: int
    macs: tuple[str, ...]
    anonymous: bool


@dataclass(frozen=True)
class _Started:
    """What a responder took over when its service started."""

    policy: int
    macs: tuple[str, ...]
    guids: tuple[str, ...]
    addresses: tuple[str, ...]


class HasNetwork(Protocol):
    """Who knows the host's network: Windows Firewall in an estate."""

    network: Network


@dataclass
class OwnNetwork:
    """The network of a machine without Windows Firewall."""

    network: Network


class PxePoint:
    """One distribution point on its host."""

    def __init__(
        self, machine: Machine, holder: HasNetwork, options: PxeHostOptions, wanted: Callable[[], _Wanted | None], site_code: str
    ) -> None:
        self.machine = machine
        self.options = options
        self.on_feature: list[Callable[[str, bool], None]] = []
        """Who wants to know that a feature of the server has come or gone: name, and whether it is there."""
        self._holder = holder
        self._wanted = wanted
        self._site_code = site_code
        self._applied: _Wanted | None = None
        self._due: datetime | None = None
        self._started: dict[str, _Started] = {}

    def install(self) -> None:
        machine = self.machine
        for responder, service in _SERVICES.items():
            machine.on_service.setdefault(fold(service.name), []).append(self._follower(responder))
        self._apply(self._wanted(), at_first=True)
        machine.on_tick.append(lambda _machine, now: self.follow(now))

    # What it does

    def follow(self, now: datetime) -> None:
        """Take over what the site wants, when it has had the time to arrive."""
        wanted = self._wanted()
        if wanted == self._applied:
            self._due = None
        elif self._due is None:
            self._due = now + timedelta(seconds=self.options.follow_seconds)
        elif now >= self._due:
            self._due = None
            self._apply(wanted)

    def answers_on(self) -> list[str]:
        """Aliases of the interfaces on which a PXE request is answered now, whatever others say."""
        wanted = self._applied
        if wanted is None or not wanted.pxe or not wanted.answers:
            return []
        found = []
        for responder, started in self._started.items():
            for one in self._holder.network.interfaces:
                filtered = responder == CONFIGMGR or not self.options.copies_to_wds
                mine = not filtered or started.policy == 0 or _digits(mac_of(one)) in map(_digits, started.macs)
                if one.up and one.team is None and one.guid in started.guids and mine:
                    found.append(one.alias)
        return found

    # Inside

    def _apply(self, wanted: _Wanted | None, *, at_first: bool = False) -> None:
        """`at_first`: the host has had all the time it needed, and people have had their hands on it since."""
        before, self._applied = self._applied, wanted
        if wanted is None:
            self._remove(WDS)
            self._remove(CONFIGMGR)
            return
        self._registry(wanted)
        in_use = wanted.responder if wanted.pxe else None
        other = {WDS: CONFIGMGR, CONFIGMGR: WDS}.get(in_use or "")
        for responder in (WDS, CONFIGMGR):
            if responder == in_use:
                self._install(responder, wanted)
            elif not (at_first and responder == other and self.options.other_responder):
                self._remove(responder)
        newly = before is None or (before.pxe, before.responder) != (wanted.pxe, wanted.responder)
        rebound = newly or before is None or (before.policy, before.macs) != (wanted.policy, wanted.macs)
        if in_use == WDS and self.options.copies_to_wds and rebound:
            wds.write_binding(self.machine, int(wanted.policy == 1), [f"MAC:{_digits(mac)}" for mac in wanted.macs])
        if at_first:
            self._by_hand(other)
        if in_use is not None and newly and (not at_first or self.options.started):
            services.set_running(self.machine, _SERVICES[in_use].name, True)

    def _by_hand(self, other: str | None) -> None:
        options, machine = self.options, self.machine
        if options.wds_policy is not None:
            machine.registry.set(wds.PXE_KEY, "BindPolicy", "dword", options.wds_policy)
        if options.wds_interfaces is not None:
            machine.registry.set(wds.PXE_KEY, "BindInterfaces", "multi_sz", list(options.wds_interfaces))
        if other is not None and options.other_responder is not None:
            self._install(other, None)
            if options.other_responder == "running":
                services.set_running(machine, _SERVICES[other].name, True)

    def _install(self, responder: str, wanted: _Wanted | None) -> None:
        machine = self.machine
        service = _SERVICES[responder]
        if services.find(machine, service.name) is not None:
            return
        services.add(machine, service)
        if responder == WDS:
            wds.install(machine, uses_dhcp_ports=not self.options.dhcp_server)
            self._feature(True)
        elif self.options.dhcp_server:
            machine.registry.set(DP_KEY, "DoNotListenOnDhcpPort", "dword", 1)
        if self.options.firewall_open or wanted is None:
            rule, title, fields = _RULES[responder]
            major, minor = rule_version(machine.build)
            text = f"v{major}.{minor}|Action=Allow|Active=TRUE|Dir=In|Protocol=17|{fields}|Name={title}|"
            machine.registry.set(places.rules_key("local"), rule, "sz", text)

    def _remove(self, responder: str) -> None:
        service = _SERVICES[responder]
        if services.find(self.machine, service.name) is None:
            return
        services.remove(self.machine, service.name)
        self.machine.registry.delete(places.rules_key("local"), _RULES[responder][0])
        if responder == WDS:
            wds.remove(self.machine)
            self._feature(False)

    def _feature(self, present: bool) -> None:
        for follow in self.on_feature:
            follow("WDS", present)

    def _registry(self, wanted: _Wanted) -> None:
        """What ConfigMgr's setup of the role leaves on the host."""
        registry = self.machine.registry
        for name, number in (
            ("IsPXE", int(wanted.pxe)),
            ("PxeInstalled", int(wanted.pxe)),
            ("IsAnonymousAccessEnabled", int(wanted.anonymous)),
            ("RamDiskTFTPWindowSize", 1),
            ("RamDiskTFTPBlockSize", 4096),
        ):
            registry.set(DP_KEY, name, "dword", number)
        registry.set(DP_KEY, "SiteCode", "sz", self._site_code)
        registry.set(DP_KEY, "ContentLibraryPath", "sz", "D:\\SCCMContentLib")

    def _follower(self, responder: str) -> Callable[[Machine, bool], None]:
        def follow(_machine: Machine, running: bool) -> None:
            if running:
                self._has_started(responder)
            else:
                self._started.pop(responder, None)
            self._listen()

        return follow

    def _has_started(self, responder: str) -> None:
        wanted, network = self._applied, self._holder.network
        policy, macs = (wanted.policy, wanted.macs) if wanted is not None else (0, ())
        if responder == CONFIGMGR:
            listed = set(map(_digits, macs))
            mine = [one for one in network.interfaces if policy == 0 or _digits(mac_of(one)) in listed]
            single = tuple(str(own.ip) for one in mine for own in one.all_addresses if own.version == 4)
            addresses = _EVERYWHERE if self.options.responder_filters else single
            self._started[responder] = _Started(policy, macs, tuple(one.guid for one in network.interfaces), addresses)
            return
        try:
            found = wds.bound(self.machine, network)
        except wds.WrongAddress as error:
            message = f"The PXE provider cannot bind to {error}: no interface of this server has this address."
            event_log.write(self.machine, wds.SOURCE, message)
            # It has written its event, and ends.
            services.set_running(self.machine, wds.SERVICE, False)
            return
        guids = tuple(dict.fromkeys(one.guid for one, _ in found))
        self._started[responder] = _Started(policy, macs, guids, tuple(address for _, address in found))

    def _listen(self) -> None:
        """Tell the network who listens now."""
        mine = {wds.SERVICE, RESPONDER}
        others = [one for one in self._holder.network.listeners if one.service not in mine]
        found = [listener for responder, started in self._started.items() for listener in self._listeners(responder, started)]
        taken = {(one.protocol, one.port) for one in found}
        kept = tuple(one for one in others if (one.protocol, one.port) not in taken)
        self._holder.network = replace(self._holder.network, listeners=(*kept, *found))

    def _listeners(self, responder: str, started: _Started) -> list[Listener]:
        service = _SERVICES[responder].name
        found = services.find(self.machine, service)
        process = 0 if found is None else int(found.get("ProcessId") or 0)
        dhcp = wds.uses_dhcp_ports(self.machine) if responder == WDS else not self.options.dhcp_server
        program = SVCHOST if responder == WDS else PROGRAM
        ports = PORTS if dhcp else tuple(port for port in PORTS if port != DHCP_PORT)
        return [Listener(_UDP, port, program, service, process, addresses=started.addresses) for port in ports]


def attach(
    machine: Machine,
    site: Site | None = None,
    *,
    server: str = "",
    point: DistributionPoint | None = None,
    network: Network | None = None,
    holder: HasNetwork | None = None,
    options: PxeHostOptions | None = None,
    on_feature: Callable[[str, bool], None] | None = None,
) -> PxePoint:
    """Make a machine the host of a distribution point.

    `site` and `server`: it follows this point of that site; `point`: it is like this, without a site. `holder`: who knows its network
    (Windows Firewall); `network`: what it has, shown in WMI; with neither, the MSFT_NetAdapter and MSFT_NetIPAddress of the machine's
    state say what it has. Win32_Service of the state stays as it is, but for the responders.
    """
    options = options or PxeHostOptions()
    if holder is None:
        holder = own = OwnNetwork(network or network_of(machine))
        services.ensure(machine)
        service_cmdlets.install(machine)
        if network is None:
            network_wmi.install_endpoints(machine, lambda: own.network)
        else:
            network_wmi.install(machine, lambda: own.network, "")
    event_log.install(machine)
    if site is not None:
        code = site.code
        found = PxePoint(machine, holder, options, lambda: _of_site(site, server, machine.clock.now()), code)
    else:
        alone = _of_point(point or DistributionPoint(server or machine.name, pxe=True))
        found = PxePoint(machine, holder, options, lambda: alone, "P01")
    if on_feature is not None:
        found.on_feature.append(on_feature)
    found.install()
    return found


def _of_site(site: Site, server: str, now: datetime) -> _Wanted | None:
    site.settle(now)
    point = site.osd.point(server)
    try:
        row = point.row
    except LookupError:
        return None
    numbers = {fold(one["PropertyName"]): int(one.get("Value") or 0) for one in row["Props"]}
    return _Wanted(
        pxe=bool(numbers.get(fold(names.PXE))),
        answers=bool(numbers.get(fold(names.ACTIVE), 1)),
        responder=site.osd.responder(server),
        policy=numbers.get(fold(names.BIND_POLICY), 0),
        macs=tuple(point.values(names.BIND_LIST)),
        anonymous=bool(numbers.get(fold(names.ANONYMOUS))),
    )


def _of_point(point: DistributionPoint) -> _Wanted:
    answers = point.pxe if point.answer_requests is None else point.answer_requests
    return _Wanted(point.pxe, answers, point.responder, point.policy, point.bind or (), point.anonymous)


def _digits(mac: str) -> str:
    return mac.replace(":", "").replace("-", "").replace(".", "").upper()
