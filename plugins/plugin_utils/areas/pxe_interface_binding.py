# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PXE of distribution points: on which interfaces it answers, whom, and whether the servers do what the site says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.pxe_interface_binding_options import (
    AREA,
    PointOptions,
    PxeOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement, Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_own import OwnFirewall, OwnPxe
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_pxe import (
    AFFINITIES,
    AFFINITY,
    ANONYMOUS,
    ANSWERS,
    MULTICAST,
    PXE,
    RESPONDERS,
    RESPONSE_DELAY,
    UNKNOWN_COMPUTERS,
    MulticastPoints,
    PxePassword,
    PxePoints,
    WhilePxe,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_pxe_binding import (
    Aside,
    PxeBinding,
    PxeIsBound,
    PxeOff,
    PxeSwitch,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_pxe_responder import PxeResponder
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_role import RoleKind, property_of

__all__ = ["AREA", "demands"]

_WINDOW = "In the console, Administration, Distribution Points, Properties"
_TAB = f"{_WINDOW}, PXE,"
_SEGMENTS = "what the network segments of these interfaces are like is for people to attest"
_ACCESS = "that somebody controls who connects to the network is for people to attest"
MULTICAST_ENCRYPTED = "003-23"


def demands(given: Mapping[str, Any]) -> Demands:
    """The whole area for a site, a distribution point or both, from checked options; broken rules between them are an OptionError."""
    options = read_options(given)
    requirements: list[Requirement] = []
    statements: list[Statement] = []
    attested: tuple[str, ...] = ()
    if options.own is not None:
        requirements.append(Requirement(OwnPxe(options.own), None, ("003-09",)))
        if not options.own.nothing:
            firewall = OwnFirewall(options.own, services()["pxe"].endpoints)
            requirements.append(Requirement(firewall, None, (), object="PXE and the firewall", writable=False))
    if options.points is not None:
        builder = _Builder(options, options.points)
        requirements += builder.requirements()
        statements += builder.declared_drift()
        attested = (MULTICAST_ENCRYPTED,)
    return Demands(AREA, tuple(requirements), tuple(statements), attested)


class _Builder:
    """Requirements of a site, point by point."""

    def __init__(self, options: PxeOptions, points: tuple[PointOptions, ...]) -> None:
        self.points = points
        self.site = Site(options.site_code, options.wait_seconds)

    def requirements(self) -> Iterator[Requirement]:
        pxe = tuple(point.name for point in self.points if point.pxe is not False)
        multicast = tuple(point.name for point in self.points if point.multicast)
        for point in self.points:
            yield from self._point(point)
        off = tuple(point.name for point in self.points if point.pxe is False)
        yield Requirement(PxePoints(self.site, pxe, off), None, ("003-08",), writable=False, caveats=(_SEGMENTS,))
        off = tuple(point.name for point in self.points if point.multicast is False)
        yield Requirement(MulticastPoints(self.site, multicast, off), None, ("003-24",), writable=False)

    def _point(self, point: PointOptions) -> Iterator[Requirement]:
        before: list[str] = []
        for requirement in (*self._access(point), *self._values(point), *self._binding(point)):
            yield requirement
            if requirement.writable:
                before.append(requirement.setting.key)
        yield from self._switch(point, tuple(before))

    def _of(self, point: PointOptions, setting: Setting, title: str) -> Setting:
        """While nobody has said whether a point has PXE, it is judged only if it has."""
        return WhilePxe(setting, title) if point.pxe is None else setting

    def _property(self, point: PointOptions, kind: RoleKind) -> Setting:
        return self._of(point, property_of(kind, self.site, point.name), f"{kind.kind.title} of {point.name}")

    def _access(self, point: PointOptions) -> Iterator[Requirement]:
        """Who is served."""
        if point.pxe is False:
            return
        wanted = point.unknown_computers
        yield Requirement(
            self._property(point, UNKNOWN_COMPUTERS),
            int(wanted),
            ("003-22",),
            object=point.name,
            remedy=f"{_TAB} {'tick' if wanted else 'untick'} 'Enable unknown computer support'.",
            caveats=(_ACCESS,) if wanted else (),
        )
        password = PxePassword(self.site, point.name, point.password, point.password_required)
        remedy = f"{_TAB} tick 'Require a password when computers use PXE' and give one."
        setting = self._of(point, password, f"PXE password of {point.name}")
        yield Requirement(setting, None, ("003-10",), object=point.name, remedy=remedy)

    def _values(self, point: PointOptions) -> Iterator[Requirement]:
        """What no control speaks of, but that of multicast."""
        anonymous = point.anonymous_content
        named = {
            ANONYMOUS: (
                int(anonymous),
                f"{_WINDOW}, Communication, {'tick' if anonymous else 'untick'} 'Allow clients to connect anonymously'.",
            ),
            RESPONSE_DELAY: (point.response_delay, f"{_TAB} set the response delay to {point.response_delay} seconds."),
            AFFINITY: (
                None if point.affinity is None else AFFINITIES.index(point.affinity),
                f"{_TAB} choose the user device affinity '{point.affinity}'.",
            ),
        }
        for kind, (wanted, remedy) in named.items():
            if wanted is not None:
                yield Requirement(self._property(point, kind), wanted, (), object=f"{point.name}, {kind.kind.label}", remedy=remedy)
        if point.responder is not None:
            setting = PxeResponder(self.site, point.name, point.reading)
            yield Requirement(
                self._of(point, setting, f"PXE responder of {point.name}"),
                RESPONDERS.index(point.responder),
                (),
                object=f"{point.name}, PXE responder",
                remedy=f"{_TAB} {'tick' if point.responder == 'configmgr' else 'untick'} 'Enable a PXE responder without WDS'.",
            )
        if point.multicast is not None:
            yield Requirement(
                self._property(point, MULTICAST),
                int(point.multicast),
                ("003-24",),
                object=point.name,
                remedy=f"{_WINDOW}, Multicast, {'tick' if point.multicast else 'untick'} 'Enable multicast'.",
            )

    def _aside(self, point: PointOptions) -> Aside:
        missing = "" if point.reading else f"{point.host} has not been heard from, so that only the site's own values were looked at"
        return Aside(point.reading, point.adapters, point.responder, missing)

    def _binding(self, point: PointOptions) -> Iterator[Requirement]:
        if point.pxe is False:
            return
        remedy = f"{_TAB} choose the network interfaces that respond."
        aside = self._aside(point)
        title = f"interfaces that answer PXE of {point.name}"
        if point.macs is None and not point.everywhere:
            bound = PxeIsBound(self.site, point.name, None, aside)
            yield Requirement(self._of(point, bound, title), None, ("003-09",), object=point.name, writable=False)
            return
        binding = PxeBinding(self.site, point.name, point.macs, aside)
        yield Requirement(self._of(point, binding, title), None, ("003-09",), object=point.name, remedy=remedy, caveats=self._doubt(point))

    @staticmethod
    def _doubt(point: PointOptions) -> tuple[str, ...]:
        """Where readings may be somebody else's."""
        reading = point.reading
        if reading is None or reading.computer.casefold() == point.name.partition(".")[0][:15].casefold():
            return ()
        return (f"the readings of {point.host} are those of a computer that calls itself {reading.computer}",)

    def _switch(self, point: PointOptions, before: tuple[str, ...]) -> Iterator[Requirement]:
        """PXE goes on after all that makes it safe, and answers after that."""
        if point.pxe is False and point.reading is not None:
            yield Requirement(PxeOff(self.site, point.name, point.reading), None, ("003-09",), object=point.name, writable=False)
        if point.pxe is not None:
            bound = PxeBinding(self.site, point.name, point.macs) if point.pxe else None
            switch = PxeSwitch(self.site, PXE.of(point.name), PXE, point.name, bound)
            yield Requirement(
                switch,
                int(point.pxe),
                ("003-08",),
                object=point.name,
                after=before if point.pxe else (),
                remedy=f"{_TAB} {'tick' if point.pxe else 'untick'} 'Enable PXE support for clients'.",
            )
            before = (*before, switch.key)
        if point.answer_requests is not None:
            yield Requirement(
                self._property(point, ANSWERS),
                int(point.answer_requests),
                (),
                object=f"{point.name}, {ANSWERS.kind.label}",
                after=before if point.answer_requests else (),
                remedy=f"{_TAB} {'tick' if point.answer_requests else 'untick'} 'Allow this distribution point to respond'.",
            )

    def declared_drift(self) -> Iterator[Statement]:
        """What the operator wants against the baseline."""
        for point in self.points:
            if point.everywhere:
                expected, remedy = f"interfaces of {point.name} are named", "Name the interfaces that may answer, in interfaces."
                yield Statement("003-09", Status.DRIFT, f"respond_on_all: true is declared for {point.name}", expected, remedy)
