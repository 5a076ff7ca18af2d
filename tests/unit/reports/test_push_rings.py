# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rings of client push over a fleet, from results of several runs, slices and folders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import Fleet, survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.markdown import markdown
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.push_rings import PushRings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import StoredResult, load_all, store
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.text import rings_table, worst
from ansible_collections.configmgr.hardening.tests.unit.reports.samples import NASTY, NOW, change, finding, result

AREA = "client_push_target"
MONTH = timedelta(days=30)
NAMES = {number: f"CORP\\push-ring{number}" for number in (1, 2, 3)}
SIDS = {name: f"S-1-5-21-9-9-9-130{number}" for number, name in NAMES.items()}
RING1, RING2, RING3 = NAMES.values()
ADMINISTRATOR = "S-1-5-21-1-2-3-500"


def told(name: str) -> dict[str, Any]:
    return {"sid": SIDS[name], "name": name}


def reading(
    admitted: Sequence[str], members: Sequence[str], ring: str | None, known: Sequence[str] = (RING1, RING2, RING3)
) -> dict[str, Any]:
    return {
        "ring": ring,
        "admitted": [told(name) for name in admitted],
        "known": [told(name) for name in dict.fromkeys((*admitted, *known))],
        "administrators": [
            {"sid": ADMINISTRATOR, "name": "X\\Administrator", "kind": "user"},
            *({**told(name), "kind": "group"} for name in members),
        ],
    }


def host(
    subject: str, ring: str | None, admitted: str, *members: str, known: Sequence[str] = (RING1, RING2, RING3), **more: Any
) -> StoredResult:
    """A computer of a ring with the push principals that are its administrators: the admitted one, where nothing else is said."""
    told_of = {AREA: reading([admitted], members or (admitted,), ring, known)}
    return result(finding(Status.COMPLIANT, area=AREA, subject=subject), subject=subject, areas=[AREA], readings=told_of, **more)


OFFICE = [host(f"CL0{number}", "office", RING1) for number in (1, 2)]
SERVERS = [host("SV01", "servers", RING2)]
FINE = [*OFFICE, *SERVERS]


def fleet_of(results: Sequence[StoredResult], expected: Sequence[str] = (), now: datetime = NOW) -> Fleet:
    return survey(results, expected, now, MONTH)


def rings_of(results: Sequence[StoredResult], expected: Sequence[str] = (), now: datetime = NOW) -> PushRings:
    return fleet_of(results, expected, now).rings


def verdicts(rings: PushRings) -> dict[str | None, str]:
    return {one.object: one.status.value for one in rings.findings()}


def about(rings: PushRings, what: str | None) -> Finding:
    (one,) = (each for each in rings.findings() if each.object == what)
    return one


class TestDisjoint:
    def test_rings_that_share_nothing(self) -> None:
        rings = rings_of(FINE)

        assert rings.rings == {"office": ("CL01", "CL02"), "servers": ("SV01",)}
        assert rings.reach == {("office", RING1): ("CL01", "CL02"), ("servers", RING2): ("SV01",)}
        (only,) = rings.findings()
        assert (only.control, only.subject, only.status) == ("001-15", "fleet", Status.COMPLIANT)
        assert only.actual == "2 rings of 3 computers, and no push account in two of them"
        assert only.caveats == (
            "nested membership is not looked into: only direct members of Administrators are counted",
            f"no computer that was heard from admits {RING3}: computers of its ring, if it has one, are not counted",
        )

    def test_nothing_is_said_where_nobody_declares_it(self) -> None:
        rings = rings_of([result(finding())], ["CL01", "CL02"])

        assert (rings.findings(), rings.declared, rings_table(rings)) == ((), False, [])
        assert "Rings" not in markdown(fleet_of([result(finding())]), "Title", NOW)

    def test_an_account_that_reaches_two_rings(self) -> None:
        rings = rings_of([*FINE, host("SV02", "servers", RING2, RING2, RING1)])

        assert rings.across == {RING1: {"office": ("CL01", "CL02"), "servers": ("SV02",)}}
        assert verdicts(rings) == {RING1: "drift", "SV02": "drift"}
        assert about(rings, RING1).actual == "CORP\\push-ring1 reaches the computers of 2 rings: office: CL01, CL02; servers: SV02"

    def test_an_account_that_two_rings_admit(self) -> None:
        """Each of the computers is as it was declared; only together they show it."""
        assert verdicts(rings_of([*FINE, host("KI01", "kiosks", RING1)])) == {RING1: "drift"}

    def test_a_computer_that_two_accounts_reach(self) -> None:
        rings = rings_of([*FINE, host("CL03", "office", RING1, RING1, RING3)])

        assert rings.shared == {"CL03": (RING1, RING3)}
        assert about(rings, "CL03").actual == "CL03 is reached by 2 push accounts: CORP\\push-ring1, CORP\\push-ring3"
        assert verdicts(rings) == {"CL03": "drift"}

    def test_a_ring_without_an_account(self) -> None:
        bare = host("KI01", "kiosks", RING3)
        bare.readings[AREA]["administrators"] = []  # type: ignore[index]
        rings = rings_of([*FINE, bare])

        assert rings.without == ("kiosks",)
        assert verdicts(rings) == {"ring kiosks": "drift"}

    def test_a_ring_with_an_account_on_one_of_its_computers_has_one(self) -> None:
        bare = host("CL03", "office", RING1)
        bare.readings[AREA]["administrators"] = []  # type: ignore[index]

        assert rings_of([*FINE, bare]).without == ()

    def test_whom_one_host_knows_is_known_on_all(self) -> None:
        """A host whose list of known ones was forgotten does not hide a principal of another ring."""
        forgetful = host("CL03", "office", RING1, RING1, RING2, known=())

        assert verdicts(rings_of([*FINE, forgetful])) == {RING2: "drift", "CL03": "drift"}

    def test_other_administrators_do_not_count(self) -> None:
        assert all("Administrator" not in str(account) for _ring, account in rings_of(FINE).reach)

    def test_rings_without_names_are_told_apart_by_whom_they_admit(self) -> None:
        rings = rings_of([host("CL01", None, RING1), host("CL02", None, RING1), host("SV01", None, RING2)])

        assert rings.rings == {f"of {RING1}": ("CL01", "CL02"), f"of {RING2}": ("SV01",)}
        assert verdicts(rings) == {None: "compliant"}

    def test_a_single_ring_is_no_ring(self) -> None:
        rings = rings_of([host("CL01", "all", RING1, known=())])

        assert verdicts(rings) == {None: "drift"}

    def test_a_single_ring_of_several_is_not_all(self) -> None:
        rings = rings_of(OFFICE)

        assert verdicts(rings) == {None: "indeterminate"}
        assert "nothing was heard from those of CORP\\push-ring2, CORP\\push-ring3" in about(rings, None).actual


class TestWhatIsMissing:
    def test_hosts_not_heard_from_are_named(self) -> None:
        rings = rings_of(FINE, ["CL01", "CL02", "SV01", "SV09"])

        assert rings.untold == {"SV09": "not heard from"}
        assert about(rings, "not heard from").actual == "which push accounts reach 1 computers is not known: SV09 (not heard from)"
        assert verdicts(rings) == {"not heard from": "indeterminate"}

    def test_a_host_without_the_area_is_none_of_any_ring(self) -> None:
        assert rings_of([*FINE, result(finding(subject="DP01"), subject="DP01")], ["DP01"]).untold == {}

    def test_a_host_that_could_not_be_judged_is_not_known(self) -> None:
        failed = result(finding(Status.ERROR, area=AREA, subject="CL03"), subject="CL03", areas=[AREA], action="failed")

        assert rings_of([*FINE, failed]).untold == {"CL03": "could not be judged"}

    def test_a_later_failure_takes_away_what_was_known(self) -> None:
        later = result(finding(Status.ERROR, area=AREA, subject="SV01"), subject="SV01", areas=[AREA], action="failed", run_id="run-2",
                       time=NOW + timedelta(hours=1))  # fmt: skip

        assert rings_of([*FINE, later]).untold == {"SV01": "could not be judged"}

    def test_drift_is_told_in_spite_of_what_is_missing(self) -> None:
        rings = rings_of([*FINE, host("SV02", "servers", RING2, RING1)], ["SV09"])

        assert verdicts(rings) == {RING1: "drift", "not heard from": "indeterminate"}

    def test_old_results_count_and_are_named(self) -> None:
        aged = [host("SV01", "servers", RING2, time=NOW - 2 * MONTH), *OFFICE]
        rings = rings_of(aged)

        assert list(rings.old) == ["SV01"]
        assert verdicts(rings) == {"old results": "indeterminate"}
        assert rings.rings["servers"] == ("SV01",)

    def test_a_host_that_was_rolled_back_is_not_known(self) -> None:
        moved = change("rollback", place=f"local_group:S-1-5-32-544|{SIDS[RING3]}")
        back = result(subject="SV01", areas=["rollback"], action="rollback", changes=(moved,), run_id="rollback-1",
                      time=NOW + timedelta(hours=1))  # fmt: skip

        assert rings_of([*FINE, back]).untold == {"SV01": "rolled back since it was judged"}
        again = host("SV01", "servers", RING2, run_id="run-3", time=NOW + timedelta(hours=2))
        assert rings_of([*FINE, back, again]).untold == {}

    def test_a_rollback_of_something_else_takes_nothing_away(self) -> None:
        back = result(subject="SV01", areas=["rollback"], action="rollback", changes=(change("rollback"),), run_id="rollback-1",
                      time=NOW + timedelta(hours=1))  # fmt: skip

        assert rings_of([*FINE, back]).untold == {}

    @pytest.mark.parametrize("content", [None, [], {}, "x", {"ring": None}, {**reading([RING1], [RING1], "x"), "known": None},
                                         {**reading([RING1], [RING1], "x"), "administrators": [5]}])  # fmt: skip
    def test_a_reading_of_another_form_is_not_known(self, content: Any) -> None:
        strange = result(subject="SV02", areas=[AREA], readings={AREA: content})

        assert list(rings_of([*FINE, strange]).untold) == ["SV02"]


class TestRunsAndFolders:
    """However the fleet was gone through, the same is said of it."""

    def stored(self, tmp_path: Path, slices: Mapping[str, Sequence[StoredResult]], *folders: str) -> PushRings:
        for folder, results in slices.items():
            for one in results:
                store(tmp_path / folder, one)
        results, unreadable = load_all([tmp_path / folder for folder in folders or slices])
        assert unreadable == ()
        return rings_of(results)

    def test_in_one_go(self, tmp_path: Path) -> None:
        assert verdicts(self.stored(tmp_path, {"a": FINE})) == {None: "compliant"}

    def test_serial(self, tmp_path: Path) -> None:
        """Batches of one run file into the same folder of the run, one after the other."""
        for one in [*FINE, host("SV02", "servers", RING2, RING2, RING1)]:
            store(tmp_path, one)
        results, _unreadable = load_all([tmp_path])

        assert verdicts(rings_of(results)) == {RING1: "drift", "SV02": "drift"}

    def test_limit(self, tmp_path: Path) -> None:
        """A run of a part lays its news over the earlier runs of all: what was mended there is mended, the rest stays known."""
        wrong = host("SV02", "servers", RING2, RING2, RING1, run_id="all")
        mended = host("SV02", "servers", RING2, run_id="part", time=NOW + timedelta(hours=1))

        assert verdicts(self.stored(tmp_path, {"a": [*FINE, wrong, mended]})) == {None: "compliant"}

    def test_an_older_run_that_is_read_later_changes_nothing(self, tmp_path: Path) -> None:
        wrong = host("SV02", "servers", RING2, RING2, RING1, run_id="z-old", time=NOW - timedelta(hours=1))
        mended = host("SV02", "servers", RING2, run_id="a-new")

        assert verdicts(self.stored(tmp_path, {"a": [*FINE, mended], "b": [wrong]})) == {None: "compliant"}

    def test_several_folders(self, tmp_path: Path) -> None:
        slices = {"headquarters": OFFICE, "plant": [*SERVERS, host("SV02", "servers", RING2, RING1)]}

        assert verdicts(self.stored(tmp_path, slices)) == {RING1: "drift"}
        assert verdicts(self.stored(tmp_path, slices, "headquarters")) == {None: "indeterminate"}

    def test_another_area_of_a_later_run_keeps_the_reading(self, tmp_path: Path) -> None:
        other = result(finding(subject="SV01"), subject="SV01", run_id="run-2", time=NOW + timedelta(hours=1))

        assert verdicts(self.stored(tmp_path, {"a": [*FINE, other]})) == {None: "compliant"}

    def test_another_area_of_the_same_run_keeps_the_reading(self, tmp_path: Path) -> None:
        other = result(finding(subject="SV01"), subject="SV01", time=NOW + timedelta(minutes=1))

        assert verdicts(self.stored(tmp_path, {"a": [*FINE, other]})) == {None: "compliant"}

    def test_a_failure_of_the_same_run_takes_the_reading(self, tmp_path: Path) -> None:
        failed = result(finding(Status.ERROR, area=AREA, subject="SV01"), subject="SV01", areas=[AREA], action="failed",
                        time=NOW + timedelta(minutes=1))  # fmt: skip

        assert self.stored(tmp_path, {"a": [*FINE, failed]}).untold == {"SV01": "could not be judged"}


class TestReport:
    results = (*FINE, host("SV02", "servers", RING2, RING2, RING1))

    def test_the_table(self) -> None:
        assert rings_table(rings_of(self.results, ["SV09"])) == [
            "ring     computers  push accounts",
            "office           2  CORP\\push-ring1 (2) [in several rings]",
            "servers          2  CORP\\push-ring1 (1) [in several rings], CORP\\push-ring2 (2)",
            "SV09: not heard from",
        ]

    def test_the_worst_are_shown_with_those_of_the_hosts(self) -> None:
        lines = worst(fleet_of(self.results).causes)

        assert lines[0].startswith("drift         fleet: CORP\\push-ring1 reaches the computers of 2 rings")
        assert any(line.startswith("drift         fleet: SV02 is reached by 2 push accounts") for line in lines)

    def test_the_markdown(self) -> None:
        text = markdown(fleet_of(self.results, ["SV09"]), "Title", NOW)

        assert "| office | 2 | CORP\\\\push-ring1 (2) **in several rings** |" in text
        assert "Not known of: SV09 (not heard from)" in text
        assert "- **fleet** (medium): CORP\\\\push-ring1 reaches the computers of 2 rings: office: CL01, CL02; servers: SV02" in text

    @pytest.mark.parametrize("text", NASTY)
    def test_names_from_hosts_are_data(self, text: str) -> None:
        strange = host("SV02", text, RING2)
        strange.readings[AREA]["known"].append({"sid": "S-1-5-21-9-9-9-7", "name": text})  # type: ignore[index]
        strange.readings[AREA]["administrators"].append({"sid": "S-1-5-21-9-9-9-7", "name": text, "kind": "group"})  # type: ignore[index]
        fleet = fleet_of([*FINE, strange])
        lines = [*rings_table(fleet.rings), *worst(fleet.causes)]

        assert all(line.isprintable() for line in lines)
        section = markdown(fleet, "Title", NOW).partition("## Rings of client push")[2].partition("\n##")[0]
        assert not re.search(r"(?<!\\)<script", section) and "\x1b" not in section
        rows = [line for line in section.splitlines() if line.startswith("|")]
        assert len(rows) == 2 + len(fleet.rings.rings)

    def test_a_large_fleet_is_cut_short(self) -> None:
        many = [host(f"CL{number:04}", "office", RING1) for number in range(500)]
        across = [host(f"SV{number:04}", "servers", RING1) for number in range(500)]

        assert about(rings_of([*many, *across]), RING1).actual.count("and 480 more") == 2
