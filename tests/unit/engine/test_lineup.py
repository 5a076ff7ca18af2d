# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which planned differences are written."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.lineup import Unit, comes, goes, line_up, phase
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import removed_option
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule, remove, set_profile, switch
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import difference, write

MADE = OwnRule("ConfigMgrHardening-Firewall-x-1", "x", "", 6)


def of_firewall(name: str, *writes: Operation) -> Difference:
    return Difference(name, name, "old", "new", writes)


NEW = of_firewall("new", MADE.create())
ENABLED = of_firewall("enabled", switch("a", enabled=True))
CHANGED = of_firewall("changed", MADE.update())
ANEW = of_firewall("anew", remove("b"), MADE.create())
PROFILE = of_firewall("profile", set_profile("domain", "EnableFirewall", 1))
TAKEN_OUT = of_firewall("taken out", set_profile("domain", "LogDroppedPackets", 0), removed_option("domain", "LogDroppedPackets"))
DISABLED = of_firewall("disabled", switch("c", enabled=False))
REMOVED = of_firewall("removed", remove("d"))
OTHER = difference("other")


def lined(*requirements: tuple[Sequence[Difference], Sequence[Operation]]) -> list[str]:
    return [unit.difference.key for unit in line_up(requirements)]


def needs(*requirements: tuple[Sequence[Difference], Sequence[Operation]]) -> dict[str, tuple[Operation, ...]]:
    return {unit.difference.key: unit.needs for unit in line_up(requirements)}


def test_phases() -> None:
    every = (OTHER, NEW, ENABLED, CHANGED, ANEW, PROFILE, TAKEN_OUT, DISABLED, REMOVED)

    assert [phase(each) for each in every] == [0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert [comes(each) for each in every] == [True, True, True, True, True, False, False, False, False]
    assert [goes(each) for each in every] == [False, False, False, False, False, True, True, True, True]


def test_what_is_no_matter_of_the_firewall_keeps_its_order() -> None:
    names = [difference(name) for name in "cab"]

    assert lined((names, ()), ([difference("z")], ())) == ["c", "a", "b", "z"]
    assert lined(([], ()), ([REMOVED, OTHER], ())) == ["other", "removed"]


def test_what_comes_is_before_what_changes_before_profiles_before_what_goes() -> None:
    every = [REMOVED, PROFILE, ANEW, ENABLED, DISABLED, CHANGED, NEW]

    assert lined(*(([each], ()) for each in every)) == ["enabled", "new", "anew", "changed", "profile", "removed", "disabled"]


def test_what_goes_needs_what_comes_in_its_requirement() -> None:
    assert needs(([REMOVED, NEW, CHANGED], ()), ([DISABLED], ())) == {
        "new": (),
        "changed": (),
        "removed": (*NEW.writes, *CHANGED.writes),
        "disabled": (),
    }


def test_elements_of_a_list_go_after_those_that_come() -> None:
    gone = Difference("gone", "list", "present", "absent", (write(data="gone"),), item="x")
    come = Difference("come", "list", "absent", "present", (write(data="come"),), item="y")

    assert line_up([([gone, come], [write(data="before")])]) == (
        Unit(come, (write(data="before"),)),
        Unit(gone, (write(data="before"), *come.writes)),
    )


def test_what_several_want_of_the_firewall_needs_what_any_of_them_needs() -> None:
    assert needs(([DISABLED], ()), ([DISABLED, NEW], ()), ([ENABLED], ()), ([DISABLED], ENABLED.writes))["disabled"] == (
        *NEW.writes,
        *ENABLED.writes,
    )


def test_what_comes_later_by_its_kind_is_moved_after_what_it_needs() -> None:
    assert lined(([NEW], DISABLED.writes), ([DISABLED], ())) == ["disabled", "new"]


def test_what_is_not_part_of_the_run_is_needed_all_the_same() -> None:
    snapshot = Operation.of("file.write", path="x", text="y")

    assert needs(([NEW], (snapshot,)))["new"] == (snapshot,)


def test_who_wait_for_each_other_do_not_wait_for_ever() -> None:
    found = line_up([([DISABLED], NEW.writes), ([NEW], DISABLED.writes)])

    assert [(unit.difference.key, unit.needs) for unit in found] == [("new", ()), ("disabled", NEW.writes)]


def test_many_are_lined_up_fast() -> None:
    every = [of_firewall(str(number), switch(str(number), enabled=number % 2 == 0)) for number in range(2000)]
    first = every[0].writes

    found = line_up([([each], first if number else ()) for number, each in enumerate(every)])

    assert [unit.difference.key for unit in found] == [*map(str, range(0, 2000, 2)), *map(str, range(1, 2000, 2))]
