# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether firewall writes would cut the connection that they travel on: each is judged by the firewall as it stands after it.

A write passes when it cannot matter to the connection, when it only lets more in, or when the connection is surely let in after it.
Whatever else is refused. Writes before it in the same run may fail, so what lets the connection in and is made in this run counts only
because a write that takes something away needs it to have succeeded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.connection import Peer, Watched, watch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import CONTRACT, Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import applied, subjects_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import read_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import Unsayable
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_stores import LOCAL_RULES_READ
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import DOUBTS, several
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import local_rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import TCP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.merge import Settings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import ALL_PROFILES, Profile, Rule, Unparsed
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Admission,
    Enforcement,
    FirewallState,
    Interface,
    Query,
    StoreState,
)

# What a profile's option does to those who come in when it goes from the first value to the second.
_SWITCHES: Mapping[str, tuple[int, int]] = {"EnableFirewall": (0, 1), "DefaultInboundAction": (0, 1)}


class Effect(Enum):
    """What a write may do to the connections that are watched; C(BOTH): something is taken away and something given."""

    NONE = "none"
    GIVES = "gives"
    TAKES = "takes"
    BOTH = "both"


@dataclass(frozen=True)
class Judgement:
    """By the key of what is written: why it is refused; and what has to have succeeded before it for the connection's sake."""

    refused: Mapping[str, str]
    needs: Mapping[str, tuple[Operation, ...]]


@dataclass(frozen=True)
class FirewallGuard:
    """What there is to judge by: the firewall before any write, and what must not be cut.

    Either is None where it is not known; C(trouble) says why, as a sentence's part.
    """

    state: FirewallState | None
    watched: Watched | None
    trouble: str = "which connection that is was not told"

    def judge(self, lines: Iterable[tuple[str, Sequence[Operation]]]) -> Judgement:
        """Follow the writes in their order, those of one key together: where one of them is refused, none of them is made."""
        refused: dict[str, str] = {}
        needs: dict[str, tuple[Operation, ...]] = {}
        if self.state is None or self.watched is None:
            why = f"could cut the connection in use, and {self.trouble}, so it is not done."
            return Judgement({key: f"{doing(writes[0])} {why}" for key, writes in lines}, needs)
        # The connection is there, whatever another firewall does about it; and a service that is stopped will be started again.
        state = replace(self.state, service_running=True, other_firewall=False)
        case = _case(state, self.watched)
        giving: list[Operation] = []
        moved: dict[str, list[Operation]] = {}
        for key, writes in lines:
            try:
                followed = _follow(state, writes, case)
            except _Refused as refusal:
                refused[key] = str(refusal)
                continue
            state = followed.state
            # What a write does to a rule or a profile hangs on what those before it have made of that one.
            subjects = dict.fromkeys(subject.casefold() for write in writes for subject in subjects_of(write))
            needed = dict.fromkeys((*(giving if followed.takes else ()), *(one for each in subjects for one in moved.get(each, ()))))
            if needed:
                needs[key] = tuple(needed)
            giving += followed.giving
            for write in writes:
                for subject in subjects_of(write):
                    moved.setdefault(subject.casefold(), []).append(write)
        return Judgement(refused, needs)


def may_write_firewall(requirements: Iterable[Requirement]) -> bool:
    """Whether firewall writes may come of some requirements: who writes the firewall reads it."""
    return any(requirement.writable and LOCAL_RULES_READ in requirement.setting.reads() for requirement in requirements)


def guard_of(connection: Connection, answers: Answers) -> FirewallGuard:
    """The guard of a host, from the answers to the firewall's reads and the connection's."""
    try:
        reading, watched = read_firewall(answers), watch(connection, answers)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ContractError(
            f"The host's answers for the connection in use do not have the form of contract {CONTRACT}: {type(error).__name__} {error}."
        ) from error
    if reading.state is None:
        problem = reading.problem.message.rstrip(".") if reading.problem else "nothing was read"
        return FirewallGuard(None, watched, f"the firewall could not be read ({problem})")
    return FirewallGuard(reading.state, watched)


class _Refused(Exception):
    """Its text is the sentence that says why."""


@dataclass(frozen=True)
class _Case:
    """What no write of a run changes: C(ports) and C(profiles) that matter, and the interfaces that each connection comes in on."""

    watched: Watched
    ports: tuple[int, ...]
    profiles: frozenset[Profile]
    interfaces: Mapping[Peer, tuple[Interface, ...]]


def _case(state: FirewallState, watched: Watched) -> _Case:
    by_address: dict[str, list[Interface]] = {}
    for interface in state.interfaces:
        for address in interface.addresses:
            by_address.setdefault(address.partition("/")[0], []).append(interface)
    interfaces = {peer: tuple(by_address.get(peer.local, ())) for peer in watched.peers}
    ports = tuple(dict.fromkeys(peer.port for peer in watched.peers)) or watched.ports
    return _Case(watched, ports, _profiles(interfaces.values()), interfaces)


def _profiles(places: Iterable[tuple[Interface, ...]]) -> frozenset[Profile]:
    """The profiles that the connections come in on; all of them where that is not known of one, or where there is none."""
    found = {interface.profile for interfaces in places for interface in interfaces}
    known = frozenset(profile for profile in found if profile is not None)
    return known if known and None not in found and all(places) else ALL_PROFILES


@dataclass(frozen=True)
class _Followed:
    state: FirewallState
    takes: bool
    giving: tuple[Operation, ...]


def _follow(state: FirewallState, writes: Sequence[Operation], case: _Case) -> _Followed:
    takes = False
    giving = []
    for operation in writes:
        try:
            after = applied(state, operation)
        except Unsayable as error:
            raise _Refused(f"{doing(operation)} is not done, as {error}.") from error
        if after is None:
            raise ValueError(f"{operation.op} is no firewall write")
        effect = _effect(operation, state, after, case)
        if effect in (Effect.TAKES, Effect.BOTH):
            takes = True
            why = _cut(state, after, case)
            if why is not None:
                raise _Refused(f"{doing(operation)} {why}")
        if effect in (Effect.GIVES, Effect.BOTH):
            giving.append(operation)
        state = after
    return _Followed(state, takes, tuple(giving))


def doing(operation: Operation) -> str:
    """A firewall write as the subject of a sentence."""
    fields = operation.fields
    if operation.op == "registry.remove":
        return f"Taking {fields['name']} out of {fields['key']}"
    parameters = fields.get("parameters", {})
    verb, _, noun = str(fields["name"]).partition("-")
    name = plain(str(parameters.get("Name")))
    if noun == "NetFirewallRule":
        words = {"New": "Making", "Set": "Changing", "Remove": "Removing", "Enable": "Enabling", "Disable": "Disabling"}
        return f"{words[verb]} the firewall rule {name}"
    profile = str(name).lower()
    if parameters.get("Enabled") == "True":
        return f"Turning the firewall on for the profile {profile}"
    if parameters.get("DefaultInboundAction") == "Block":
        return f"Blocking what no rule admits on the profile {profile}"
    return f"Changing the firewall profile {profile}"


# ---------------------------------------------------------------- what a write may do to the connections


def _effect(operation: Operation, before: FirewallState, after: FirewallState, case: _Case) -> Effect:
    effects = {*_option_effects(before, after, case), *_rule_effects(operation, before, after, case)} - {Effect.NONE}
    if not effects:
        return Effect.NONE
    return effects.pop() if len(effects) == 1 else Effect.BOTH


def _option_effects(before: FirewallState, after: FirewallState, case: _Case) -> Iterator[Effect]:
    if before.stores["local"].profiles is after.stores["local"].profiles:
        return
    old, new = Settings(before.stores), Settings(after.stores)
    for profile in case.profiles:
        for option, (open_, closed) in _SWITCHES.items():
            was, now = old.value(profile, option), new.value(profile, option)
            if (was, now) == (open_, closed):
                yield Effect.TAKES
            elif was != now:
                yield Effect.GIVES


def _rule_effects(operation: Operation, before: FirewallState, after: FirewallState, case: _Case) -> Iterator[Effect]:
    for subject in subjects_of(operation):
        kind, _, rule_id = subject.partition("|")
        if kind == "rule":
            old, new = local_rule(before, rule_id), local_rule(after, rule_id)
            if old is not new:
                yield _rule_effect(_role(old, before, case), _role(new, after, case))


def _rule_effect(old: Effect, new: Effect) -> Effect:
    """From what a rule did to what it does."""
    if old is new:
        return Effect.NONE if old is Effect.NONE else Effect.BOTH
    if old is Effect.NONE:
        return new
    opposite = {Effect.GIVES: Effect.TAKES, Effect.TAKES: Effect.GIVES, Effect.BOTH: Effect.BOTH}
    return opposite[old] if new is Effect.NONE else Effect.BOTH


def _role(rule: Rule | Unparsed | None, state: FirewallState, case: _Case) -> Effect:
    """What a rule does by being there: it admits, it blocks, or, where IPsec or the unknown is in play, either."""
    if rule is None:
        return Effect.NONE
    if isinstance(rule, Unparsed):
        return Effect.BOTH
    if not rule.active or rule.direction != "in" or not rule.profiles & case.profiles or not _fits(rule, state, case):
        return Effect.NONE
    if rule.authenticated or rule.action == "bypass":
        return Effect.BOTH
    return Effect.GIVES if rule.action == "allow" else Effect.TAKES


def _fits(rule: Rule, state: FirewallState, case: _Case) -> bool:
    """Whether a rule is about the connections, surely or perhaps."""
    if case.watched.more_ports and rule.protocol in (None, TCP):
        return True
    firewall = Firewall(replace(state, stores={"local": StoreState(rules=(rule,))}))
    return any(firewall.matching(case.watched.query(port)) for port in case.ports)


# ---------------------------------------------------------------- whether the connections are let in


def _cut(before: FirewallState, after: FirewallState, case: _Case) -> str | None:
    """None when all connections are surely let in afterwards; else what is to be feared, as the rest of a sentence."""
    watched = case.watched
    if watched.trouble is not None:
        return f"could cut the connection in use, and {watched.trouble}, so it is not done."
    if not watched.peers:
        return (
            "could cut the connection in use, and the host shows no connection from another computer to TCP"
            f" {watched.named_ports()} that could be watched, so it is not done."
        )
    firewall = Firewall(after)
    for peer in watched.peers:
        query = watched.query(peer.port)
        verdicts = _admissions(firewall, case, peer, query)
        if not verdicts or not all(verdict.admitted.contains(peer.remote) for verdict in verdicts):
            return _feared(before, case, peer, verdicts)
        # A rule for a service matches its SID, which a service has only where it was installed with one; that is not read.
        by_program = _admissions(firewall, case, peer, replace(query, service=None)) if query.program else verdicts
        if not all(verdict.admitted.contains(peer.remote) for verdict in by_program):
            return (
                f"could cut the connection in use, {peer}, as only a rule for the service {query.service} would let it in, which has no"
                f" effect where the service has no SID of its own (sc.exe qsidtype {query.service}), so it is not done."
                " Let it in by a rule for the port or the program."
            )
    return None


def _admissions(firewall: Firewall, case: _Case, peer: Peer, query: Query) -> tuple[Admission, ...]:
    """What the firewall says of a connection: where it comes in, or everywhere when that is not known. Nothing: it cannot be told."""
    interfaces = case.interfaces[peer]
    aliases = {one.alias for one in interfaces}
    if any(one.profile is None for one in interfaces or firewall.state.interfaces):
        return ()
    told = firewall.admissions(query)
    told = tuple(each for each in told if each.scope.contains(peer.remote))
    if not interfaces:
        return told
    return tuple(each for each in told if each.interface in aliases and each.local_address in (None, peer.local))


def _feared(before: FirewallState, case: _Case, peer: Peer, verdicts: tuple[Admission, ...]) -> str:
    if not verdicts:
        return f"could cut the connection in use, {peer}, as the profile that it comes in on is not known, so it is not done."
    now = _admissions(Firewall(before), case, peer, case.watched.query(peer.port))
    if not all(verdict.admitted.contains(peer.remote) for verdict in now):
        why = _doubts(now, peer) or "by what was read of the firewall it is not let in even now"
        return f"could cut the connection in use, {peer}, as it cannot be told what lets it in ({why}), so it is not done."
    worst = next((each for each in verdicts if not each.unknown.contains(peer.remote) and not each.admitted.contains(peer.remote)), None)
    if worst is None:
        doubts = _doubts(verdicts, peer)
        return f"could cut the connection in use, {peer}, as it would be in doubt whether that is let in ({doubts}), so it is not done."
    return (
        f"would cut the connection in use, {peer} on the profile {worst.profile}: {_reason(worst)}. It is not done."
        f" Declare an exception that lets {peer.remote} in on TCP {peer.port}, or connect in another way."
    )


def _doubts(verdicts: tuple[Admission, ...], peer: Peer) -> str:
    codes = {code for each in verdicts if each.unknown.may_contain(peer.remote) for code in each.doubts}
    return "; ".join(DOUBTS[code] for code in sorted(codes, key=lambda code: code.value))


def _reason(verdict: Admission) -> str:
    if verdict.enforcement is Enforcement.SHIELDED:
        return "all exceptions are switched off"
    if verdict.blocked_by:
        names = several((plain(rule_id) for rule_id in sorted(key.rule_id for key in verdict.blocked_by)), ", ")
        return f"the rule {names} would block it"
    return "no rule would let it in any more"
