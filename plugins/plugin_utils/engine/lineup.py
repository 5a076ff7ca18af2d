# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which planned differences are written: each after what it needs, and nothing taken away before what replaces it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import is_firewall_write

# Of firewall writes: what comes, what changes, what the profiles do, what goes. Other writes need not wait for any of them.
_COMES, _CHANGES, _PROFILES, _GOES = 1, 2, 3, 4
_PHASES: Mapping[str, int] = {
    "New-NetFirewallRule": _COMES,
    "Enable-NetFirewallRule": _COMES,
    "Set-NetFirewallRule": _CHANGES,
    "Set-NetFirewallProfile": _PROFILES,
    "Disable-NetFirewallRule": _GOES,
    "Remove-NetFirewallRule": _GOES,
}


@dataclass(frozen=True)
class Unit:
    """A difference in its turn; C(needs): writes that must have succeeded before its own."""

    difference: Difference
    needs: tuple[Operation, ...]


def phase(difference: Difference) -> int:
    """0 for what is no matter of the firewall; else the later it has to be written, the higher."""
    phases = [
        _PHASES.get(str(write.fields.get("name")), _PROFILES) if write.op == "cmdlet.invoke" else _PROFILES
        for write in difference.writes
        if is_firewall_write(write)
    ]
    # A rule that is made anew goes only to come back.
    return _CHANGES if min(phases, default=0) == _COMES and max(phases) > _COMES else max(phases, default=0)


def comes(difference: Difference) -> bool:
    """Whether others of the same requirement, that take something away, have to wait for it."""
    turn = phase(difference)
    return turn < _PROFILES if turn else difference.after != "absent"


def goes(difference: Difference) -> bool:
    """Whether it takes something away that others of the same requirement replace."""
    turn = phase(difference)
    return turn >= _PROFILES if turn else difference.item is not None and difference.after == "absent"


def line_up(requirements: Iterable[tuple[Sequence[Difference], Sequence[Operation]]]) -> tuple[Unit, ...]:
    """From the differences of each requirement, with the writes that it comes after, in an order in which those stand before it.

    What several requirements want of the firewall is written once, when all that any of them needs has been.
    """
    units: dict[str, Unit] = {}
    for differences, before in requirements:
        coming = [write for difference in differences if comes(difference) for write in difference.writes]
        for difference in sorted(differences, key=goes):
            needs = tuple(dict.fromkeys((*before, *(coming if goes(difference) else ()))))
            known = units.get(difference.key)
            if known is None:
                units[difference.key] = Unit(difference, needs)
            elif phase(difference):
                units[difference.key] = replace(known, needs=tuple(dict.fromkeys((*known.needs, *needs))))
    return _ordered(list(units.values()))


def _ordered(units: list[Unit]) -> tuple[Unit, ...]:
    """By phase, and otherwise as they are, but never before what they need; who wait for each other wait in vain for the later one."""
    maker = {write: number for number, unit in enumerate(units) for write in unit.difference.writes}
    waiting = [{maker[need] for need in unit.needs if need in maker and maker[need] != number} for number, unit in enumerate(units)]
    followers: dict[int, list[int]] = {}
    for number, others in enumerate(waiting):
        for other in others:
            followers.setdefault(other, []).append(number)
    rank: Callable[[int], tuple[int, int]] = lambda number: (phase(units[number].difference), number)  # noqa: E731
    ready = [rank(number) for number, others in enumerate(waiting) if not others]
    heapify(ready)
    left = set(range(len(units)))
    done: list[Unit] = []
    written: set[Operation] = set()
    while left:
        number = heappop(ready)[1] if ready else min(left, key=rank)
        left.discard(number)
        unit = units[number]
        done.append(replace(unit, needs=tuple(need for need in unit.needs if need not in maker or need in written)))
        written.update(unit.difference.writes)
        for follower in followers.get(number, ()):
            waiting[follower].discard(number)
            if not waiting[follower] and follower in left:
                heappush(ready, rank(follower))
    return _one_put_after_another(done)


def _one_put_after_another(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """A put commits the whole instance as it was read, so it waits until the one before it can be seen, which it would undo otherwise."""
    latest: dict[tuple[str, str], tuple[Operation, ...]] = {}
    done: list[Unit] = []
    for unit in units:
        writes = unit.difference.writes
        instances = {(str(write.fields["namespace"]), str(write.fields["query"])) for write in writes if write.op == "cim.put"}
        before = [write for instance in sorted(instances) for write in latest.get(instance, ()) if write not in writes]
        done.append(replace(unit, needs=tuple(dict.fromkeys((*unit.needs, *before)))))
        latest.update(dict.fromkeys(instances, writes))
    return tuple(done)
