# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle and the table agree, at every address where a verdict can change."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from tests.unit.windows.firewall_oracle.boundaries import remote_addresses
from tests.unit.windows.firewall_oracle.generators import Question, questions
from tests.unit.windows.firewall_oracle.oracle import (
    LAWS,
    TIERS,
    Decision,
    Packet,
    decide,
    effective,
    enforcement,
    interface_of,
    notes,
    parse,
    rules_of,
    voided,
)
from tests.unit.windows.firewall_oracle.situations import Expectation, Situation, contains, load, packet_of, packets

SITUATIONS = load()
CASES = [(situation, expected) for situation in SITUATIONS for expected in situation.expect]


def decisions(situation: Situation, expected: Expectation) -> list[tuple[Packet, Decision]]:
    texts = (*expected.admitted, *expected.unknown, *expected.admitted_authenticated, *expected.unknown_authenticated)
    interface = interface_of(situation.state, expected.interface)
    sent = packets(situation.state, situation.query, interface, remote_addresses(situation.state, texts), expected.local)
    return [(packet, decide(situation.state, packet)) for packet in sent]


def expected_verdict(situation: Situation, expected: Expectation, packet: Packet) -> str:
    admitted = expected.admitted_authenticated if packet.authenticated else expected.admitted
    unknown = expected.unknown_authenticated if packet.authenticated else expected.unknown
    inside, doubtful = contains(situation.state, admitted, packet.remote), contains(situation.state, unknown, packet.remote)
    assert not (inside and doubtful), f"the table says both of {packet.remote}"
    return "allowed" if inside else "unknown" if doubtful else "blocked"


@pytest.mark.parametrize(("situation", "expected"), [pytest.param(*case, id=f"{case[0].name} [{case[1].interface}]") for case in CASES])
class TestSituation:
    def test_who_is_admitted(self, situation: Situation, expected: Expectation) -> None:
        found = decisions(situation, expected)
        wrong = [
            f"{packet.remote} -> {packet.local}, authenticated {packet.authenticated}: {decision}"
            for packet, decision in found
            if decision.verdict != expected_verdict(situation, expected, packet)
        ]
        assert len(found) > 0
        assert not wrong

    def test_by_whom(self, situation: Situation, expected: Expectation) -> None:
        found = [decision for _packet, decision in decisions(situation, expected)]
        assert {rule for decision in found if decision.verdict == "allowed" for rule in decision.rules} == expected.by
        assert {rule for decision in found if decision.verdict == "blocked" for rule in decision.rules} == expected.blocked_by

    def test_what_else_is_said(self, situation: Situation, expected: Expectation) -> None:
        codes = {code for _packet, decision in decisions(situation, expected) for code in decision.doubts}
        asymmetric = {"authenticated_only"} if expected.admitted != expected.admitted_authenticated else set()
        assert codes | notes(situation.state, expected.interface) | asymmetric == expected.doubt
        assert enforcement(situation.state, expected.interface) == expected.enforcement
        assert voided(situation.state, packet_of(situation.query, expected.interface)) == dict(expected.voided)


@pytest.mark.parametrize("situation", [pytest.param(each, id=each.name) for each in SITUATIONS if each.settings])
def test_settings_are_merged(situation: Situation) -> None:
    for profile, options in situation.settings.items():
        assert {option: effective(situation.state, profile, option) for option in options} == dict(options)


def test_every_situation_says_something_and_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(each.name for each in SITUATIONS).items() if count > 1] == []
    assert [each.name for each in SITUATIONS if not each.expect and not each.settings] == []
    assert [each.name for each in SITUATIONS if not each.source] == []
    assert len(SITUATIONS) >= 80


def test_every_interface_of_a_situation_is_spoken_of() -> None:
    silent = [
        each.name
        for each in SITUATIONS
        if each.expect and {found.interface for found in each.expect} != {interface["alias"] for interface in each.state["interfaces"]}
    ]
    assert silent == []


def test_every_option_has_a_situation_for_its_merge_law() -> None:
    told = {option for each in SITUATIONS for options in each.settings.values() for option in options}
    assert told == set(LAWS)


def test_every_code_has_a_situation() -> None:
    doubts = {code for _situation, expected in CASES for code in expected.doubt}
    whys = {why for _situation, expected in CASES for why in expected.voided.values()}
    assert doubts == {
        "authenticated_only",
        "legacy_list",
        "local_address",
        "other_firewall",
        "remote_port",
        "service_stopped",
        "shielded_disabled_interface",
        "unknown_field",
        "unknown_program",
        "unparsed_rule",
        "unresolved_condition",
        "unresolved_keyword",
    }
    assert whys == {"disabled", "platform", "profile_inactive", "local_merge_off", "user_merge_off", "interface", "shielded"}


@settings(max_examples=150, deadline=None)
@given(question=questions())
def test_what_holds_of_every_answer(question: Question) -> None:
    """A doubt has its reason, a rule that decides exists and is of the action that it decides by, and the order of rules does not count."""
    state = question.state
    actions = {rule.name: rule.one("Action") for rule in rules_of(state)}
    verdict_of = dict(TIERS)
    turned = {
        **state,
        **{
            store: {**state[store], "rules": dict(reversed(state[store].get("rules", {}).items()))}
            for store in ("local", "group_policy", "mdm")
        },
    }
    for packet in question.packets():
        decision = decide(state, packet)
        assert (decision.verdict == "unknown") == bool(decision.doubts)
        assert {verdict_of[str(actions[rule])] for rule in decision.rules} <= {decision.verdict}
        other = decide(turned, packet)
        assert (other.verdict, set(other.rules), other.doubts) == (decision.verdict, set(decision.rules), decision.doubts)


@settings(max_examples=150, deadline=None)
@given(question=questions())
def test_an_enabled_block_of_everything_closes_to_all_but_bypass(question: Question) -> None:
    state = question.state
    rules = {**state["group_policy"].get("rules", {}), "everything": "v2.30|Action=Block|Active=TRUE|Dir=In|Name=everything|"}
    closed = {**state, "group_policy": {**state["group_policy"], "rules": rules}}
    for packet in question.packets():
        decision = decide(closed, packet)
        if decision.enforcement == "full" and not packet.authenticated:
            assert decision.verdict == "blocked"
        if decision.enforcement == "full" and decision.verdict == "allowed":
            assert {parse(rule, closed[rule.split("/")[0]]["rules"][rule.split("/", 1)[1]]).one("Action") for rule in decision.rules} == {
                "ByPass"
            }
