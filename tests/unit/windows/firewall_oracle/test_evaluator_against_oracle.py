# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection's evaluator against the table and against the oracle."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.unit.windows.firewall_oracle.adapter import answer_of, ask, merged
from tests.unit.windows.firewall_oracle.boundaries import remote_addresses
from tests.unit.windows.firewall_oracle.generators import Question, questions
from tests.unit.windows.firewall_oracle.oracle import Decision, Json, Packet, decide, interface_of, notes, voided
from tests.unit.windows.firewall_oracle.situations import Expectation, Situation, contains, load, packet_of, packets

SITUATIONS = load()


def verdict(state: Json, answer: Expectation, packet: Packet) -> str:
    admitted = answer.admitted_authenticated if packet.authenticated else answer.admitted
    unknown = answer.unknown_authenticated if packet.authenticated else answer.unknown
    if contains(state, unknown, packet.remote):
        return "unknown"
    return "allowed" if contains(state, admitted, packet.remote) else "blocked"


def compare(state: Json, query: Json, interface: Json) -> list[str]:
    """Where evaluator and oracle differ over an interface, in words."""
    answers = ask(state, query)
    remotes = remote_addresses(state)
    sent = list(packets(state, query, interface, remotes))
    alias = interface["alias"]
    found: list[str] = []
    for local in {packet.local for packet in sent}:
        answer = answer_of(answers, alias, local)
        decided: list[tuple[Packet, Decision]] = [(packet, decide(state, packet)) for packet in sent if packet.local == local]
        for packet, decision in decided:
            said = verdict(state, answer, packet)
            if said != decision.verdict:
                found.append(
                    f"{alias}@{local} from {packet.remote}, authenticated {packet.authenticated}: evaluator {said}, oracle {decision}"
                )
        found += [f"{alias}@{local}: {problem}" for problem in beside(state, query, alias, answer, decided)]
    return found


def beside(state: Json, query: Json, alias: str, answer: Expectation, decided: list[tuple[Packet, Decision]]) -> list[str]:
    """The answer may speak for both families and all addresses at once, so it may name more than what one address shows, and not less."""
    by = {rule for _packet, decision in decided if decision.verdict == "allowed" for rule in decision.rules}
    blocked_by = {rule for _packet, decision in decided if decision.verdict == "blocked" for rule in decision.rules}
    codes = {code for _packet, decision in decided for code in decision.doubts} | notes(state, alias)
    problems = [f"by lacks {sorted(by - answer.by)}"] if by - answer.by else []
    problems += [f"blocked_by lacks {sorted(blocked_by - answer.blocked_by)}"] if blocked_by - answer.blocked_by else []
    problems += [f"doubt lacks {sorted(codes - answer.doubt)}"] if codes - answer.doubt else []
    void = voided(state, packet_of(query, alias))
    problems += [f"voided is {dict(answer.voided)}, oracle {void}"] if dict(answer.voided) != void else []
    return problems


@pytest.mark.parametrize("situation", [pytest.param(each, id=each.name) for each in SITUATIONS if each.expect])
def test_the_table(situation: Situation) -> None:
    answers = ask(situation.state, situation.query)
    for expected in situation.expect:
        answer = answer_of(answers, expected.interface, expected.local)
        texts = (*expected.admitted, *expected.unknown, *expected.admitted_authenticated, *expected.unknown_authenticated)
        interface = interface_of(situation.state, expected.interface)
        sent = packets(situation.state, situation.query, interface, remote_addresses(situation.state, texts), expected.local)
        assert [packet for packet in sent if verdict(situation.state, answer, packet) != verdict(situation.state, expected, packet)] == []
        said = (answer.by, answer.blocked_by, dict(answer.voided), answer.doubt, answer.enforcement)
        assert said == (expected.by, expected.blocked_by, dict(expected.voided), expected.doubt, expected.enforcement)


@pytest.mark.parametrize("situation", [pytest.param(each, id=each.name) for each in SITUATIONS if each.settings])
def test_settings_are_merged(situation: Situation) -> None:
    for profile, options in situation.settings.items():
        assert {option: merged(situation.state, profile, option) for option in options} == dict(options)


@settings(max_examples=300, deadline=None)
@given(question=questions())
def test_every_packet(question: Question) -> None:
    for interface in question.state["interfaces"]:
        assert compare(question.state, question.query, interface) == []
