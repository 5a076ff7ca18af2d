# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever operators declare, other administrators edit and the site delays: no write of ours makes a point answer on nothing, sets
immediate deletion, or takes away the key of a store that is not released.

What an administrator does after our write was handed in and before the site gets round to it is not ours to prevent: while the site is
slow, others act between plays and between a play's two executions only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import asked_host as asked
import described_osd as d
import osd_situations as o
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.machine import Machine, SimulatedClock, fold
from windows_estate.world.behaviours.configmgr_site import (
    Association,
    Console,
    DistributionPoint,
    OsdOptions,
    Site,
    SiteOptions,
    StateMigrationPoint,
    attach,
    wmi_date,
)
from windows_estate.world.behaviours.configmgr_site.osd_items import CYCLE, DELAY, PXE

PXE_AREA, MIGRATION_AREA = "pxe_interface_binding", "state_migration_retention"
MACS = ("00:15:5D:01:0A:01", "00:15:5D:01:0A:02", "00:15:5D:01:0A:03")
POINT, SMP = "DP01.corp.example", "SMP01.corp.example"
ADAPTERS = [
    {"name": "Clients", "mac": MACS[0], "addresses": ["10.20.1.5/24"]},
    {"name": "Management", "mac": MACS[1], "addresses": ["10.99.0.5/24"]},
    {"name": "Lab", "mac": MACS[2], "addresses": ["192.168.50.5/24"]},
]
START = datetime(2026, 3, 10, 12, 0, tzinfo=timezone.utc)
DIRECTORIES = ("Directory=D:\\UserState;MaxClients=100;MinDiskSpace=10;MinDiskSpaceUnit=2;",)
NAMESPACE = fold("root\\SMS\\site_P01")
_READINGS: dict[str, dict[str, Any]] = {}

notations = st.sampled_from([":", "-", ""])
mac_lists = st.lists(st.sampled_from(MACS), unique=True, max_size=3)
words = st.lists(
    st.sampled_from(["Clients", "10.99.0.0/16", "192.168.50.5", MACS[1].replace(":", "-")]), unique=True, min_size=1, max_size=3
)
sometimes = st.sampled_from([True, False, None])


def readings(area: str) -> dict[str, Any]:
    """Read once: what servers say does not change here."""
    if area not in _READINGS:
        own = {PXE_AREA: "this_distribution_point", MIGRATION_AREA: "this_state_migration_point"}[area]
        dp = {
            "adapters": ADAPTERS,
            "services": {"WDSServer": "Running"},
            "dp": {"IsPXE": 1},
            "listens": [{"by": "WDSServer", "at": ["10.20.1.5"]}],
        }
        smp = {"name": "SMP01", "volumes": {"C:": {"size": 100, "free": 60}, "D:": {"size": 500, "free": 300}}, "smb": {"signing": True}}
        _READINGS[area] = o.readings_of(area, own, {"DP01": dp} if area == PXE_AREA else {"SMP01": smp})
    return _READINGS[area]


SITES = {
    "seconds": st.sampled_from([0.0, 5.0, 40.0, 400.0]),
    "console": st.booleans(),
    "sets_policy": st.booleans(),
    "notation": st.sampled_from(["colons", "dashes", "bare", "as_given"]),
    "hours_cycle_daily": st.booleans(),
    "undo": st.booleans(),
    "pxe": st.booleans(),
    "bound": mac_lists,
}
"""How a site starts, and all that nobody has published."""


class Site1(RuleBasedStateMachine):
    """One site with a distribution point and a state migration point, and what happens to it."""

    @initialize(site=st.fixed_dictionaries(SITES))
    def begin(self, site: dict[str, Any]) -> None:
        user = {"name": "CORP\\svc-ansible", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544"]}
        self.clock = SimulatedClock(START)
        state = {"host": {"name": "CM01", "product_type": 3, "domain_role": 3, "user": user}}
        self.machine = Machine(state, clock=self.clock)
        osd = OsdOptions(
            distribution_points=(DistributionPoint(POINT, pxe=site["pxe"], bind=tuple(site["bound"]) or None, password=True),),
            migration_points=(StateMigrationPoint(SMP, folders=DIRECTORIES),),
            mac_sets_policy=site["sets_policy"],
            mac_notation=site["notation"],
            hours_cycle_daily=site["hours_cycle_daily"],
            undo_restores_cycle=site["undo"],
        )
        options = SiteOptions(osd=osd, apply_seconds=site["seconds"])
        self.site: Site = attach(self.machine, options=options, console=Console() if site["console"] else None)
        self.quick = not site["seconds"]
        self.gate = self.machine.wmi_gates[NAMESPACE]
        self.snapshot: str | None = None
        self.names = 0
        self.immediate: list[str] = []

    # Other administrators

    @rule(policy=st.sampled_from([None, 0, 1]), macs=st.none() | mac_lists, notation=notations)
    def somebody_binds(self, policy: int | None, macs: list[str] | None, notation: str) -> None:
        self._bind(policy, macs, notation)

    def _bind(self, policy: int | None, macs: list[str] | None, notation: str) -> None:
        self._settle()
        listed = None if macs is None else [mac.replace(":", notation) for mac in macs]
        self.site.osd.set_binding(POINT, policy, listed)

    def _settle(self) -> None:
        """The site gets round to what was handed in."""
        if not self.quick:
            self.clock.advance(1000)
            self.machine.tick()

    @rule(on=st.booleans())
    def somebody_switches_pxe(self, on: bool) -> None:
        self._settle()
        point = self.site.osd.point(POINT)
        self.site.osd.watched(lambda: point.set_number(PXE, int(on)), "CORP\\somebody", "pxe")

    @rule(delay=st.sampled_from([0, 60, 1440, 10080]), cycle=st.sampled_from([0, 720, 1440]))
    def somebody_sets_times(self, delay: int, cycle: int) -> None:
        self._settle()
        point = self.site.osd.migration_point(SMP)
        point.set_number(DELAY, delay)
        point.set_number(CYCLE, cycle)

    @rule(hours=st.integers(1, 2000))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(hours * 3600)
        self.machine.tick()

    # What happens to stores

    @rule(released=st.booleans(), age=st.integers(1, 90), same=st.booleans())
    def a_store_comes(self, released: bool, age: int, same: bool) -> None:
        self.names += 0 if same and self.names else 1
        created = self.clock.now() - timedelta(days=age)
        self.site.osd.add_association(
            Association(
                f"OLD{self.names:02}",
                f"NEW{self.names:02}",
                f"\\\\{SMP}\\SMPSTORED_1$\\{self.names}",
                wmi_date(created),
                wmi_date(created + timedelta(hours=20)) if released else d.UNSET,
                status=2,
            )
        )

    @rule(which=st.integers(0, 20), release=st.booleans())
    def a_store_is_released_or_captured_anew(self, which: int, release: bool) -> None:
        self._release(which, release)

    def _release(self, which: int, release: bool) -> None:
        found = self.site.osd.associations()
        if found:
            row = found[which % len(found)]
            value = wmi_date(self.clock.now()) if release else d.UNSET
            self.site.osd.change_association(row["MigrationID"], StoreReleaseDate=value)

    # What we do

    @rule(
        wanted=st.fixed_dictionaries({"pxe": sometimes, "interfaces": words, "everywhere": st.booleans(), "answers": sometimes}),
        check=st.booleans(),
        wait=st.sampled_from([1, 30, 120]),
        meanwhile=st.none() | st.tuples(st.sampled_from([None, 0, 1]), st.none() | mac_lists, notations),
        moment=st.integers(0, 25),
        back=st.booleans(),
    )
    def the_binding_is_applied(self, wanted: dict[str, Any], check: bool, wait: int, meanwhile: Any, moment: int, back: bool) -> None:
        pxe, interfaces, answers = wanted["pxe"], wanted["interfaces"], wanted["answers"]
        point: dict[str, Any] = {"name": POINT}
        if pxe is not None:
            point["pxe"] = pxe
        if pxe is not False:
            point.update({"respond_on_all": True} if wanted["everywhere"] else {"interfaces": interfaces})
            point.update({} if answers is None else {"answer_requests": answers})
        options = {"distribution_points": [point], "wait_seconds": wait, "readings": readings(PXE_AREA)}
        self._play(PXE_AREA, options, check, lambda: self._bind(*meanwhile) if meanwhile else None, moment)
        if back:
            self._take_back()

    @rule(
        value=st.integers(1, 20),
        unit=st.sampled_from(["hours", "days"]),
        cycle=st.none() | st.integers(1, 3),
        older=st.integers(1, 60),
        named=st.booleans(),
        check=st.booleans(),
        meanwhile=st.none() | st.tuples(st.integers(0, 20), st.booleans()),
        moment=st.integers(0, 25),
    )
    def the_retention_is_applied(
        self, value: int, unit: str, cycle: int | None, older: int, named: bool, check: bool, meanwhile: Any, moment: int
    ) -> None:
        point: dict[str, Any] = {"name": SMP, "retention": {"value": value, "unit": unit}}
        if cycle is not None:
            point["deletion_cycle"] = {"value": cycle, "unit": "days"}
        associations: dict[str, Any] = {"delete_older_than_days": older, "delete_associations": True}
        if named:
            associations["delete"] = [
                {"source": f"OLD{number:02}", "destination": f"NEW{number:02}"} for number in range(1, self.names + 1)
            ]
        options = {"state_migration_points": [point], "associations": associations, "readings": readings(MIGRATION_AREA)}
        smp = self.site.osd.migration_point(SMP)
        before = (smp.number(DELAY), smp.number(CYCLE))
        self._play(MIGRATION_AREA, options, check, lambda: self._release(*meanwhile) if meanwhile else None, moment)
        after = (smp.number(DELAY), smp.number(CYCLE))
        # A slow site may be between the two; what was not immediate does not become so.
        if 0 not in before and 0 in after:
            self.immediate.append(f"{before} -> {after}")

    @rule(policy=st.none() | st.sampled_from([0, 1]), macs=st.none() | mac_lists)
    def the_last_is_taken_back(self, policy: int | None, macs: list[str] | None) -> None:
        """After others have been at work, or not."""
        self._bind(policy, macs, ":")
        self._take_back()

    def _take_back(self) -> None:
        if self.snapshot is not None:
            o.rollback(asked.Host(self.machine), self.snapshot)
            self.snapshot = None

    def _play(self, area: str, options: dict[str, Any], check: bool, meanwhile: Callable[[], None], moment: int) -> None:
        """`meanwhile` happens before the play's second execution, or, while the site is quick, when that opens the provider for the
        `moment`-th time."""
        host = asked.Host(self.machine)
        host.before_second = (lambda: self._at(moment, meanwhile)) if self.quick else meanwhile
        held = self.machine.fingerprint()
        try:
            outcome = o.judge(area, options, host, check=check)
        except OptionError:
            assert self.machine.fingerprint() == held, "options were refused and something was written"
            return
        finally:
            self.machine.wmi_gates[NAMESPACE] = self.gate
        assert len(host.requests) == 1 or (not check and len(host.requests) == 2)
        self.snapshot = outcome.snapshot or self.snapshot
        if check:
            assert self.machine.fingerprint() == held, "check mode has written"

    def _at(self, moment: int, meanwhile: Callable[[], None]) -> None:
        opened = iter(range(moment + 1))

        def gate(machine: Machine) -> None:
            if next(opened, None) == moment:
                meanwhile()
            self.gate(machine)

        self.machine.wmi_gates[NAMESPACE] = gate

    # What must never be

    @invariant()
    def no_write_of_ours_binds_to_nothing(self) -> None:
        if hasattr(self, "site"):
            assert [one for one in self.site.osd.bound_to_nothing if "svc-ansible" in one] == []

    @invariant()
    def no_store_lost_its_key_before_it_was_released(self) -> None:
        if hasattr(self, "site"):
            assert self.site.osd.removed_unreleased == []

    @invariant()
    def nothing_of_ours_deletes_at_once(self) -> None:
        if hasattr(self, "site"):
            assert self.immediate == []


Site1.TestCase.settings = settings(
    max_examples=60, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TestSite = Site1.TestCase
