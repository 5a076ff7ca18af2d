# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Conditions of rules against queries, and that the index leaves out no rule that fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.matching import fits, keyword_ranges, unspoken
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import LOCAL_KEYWORDS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Doubt,
    FirewallState,
    Query,
    RuleKey,
    StoreState,
)
from tests.unit.windows.firewall_oracle.adapter import query_for, state_for
from tests.unit.windows.firewall_oracle.generators import Question, questions

SVCHOST = "C:\\Windows\\system32\\svchost.exe"
KEYWORD, PROGRAM, CONDITION = Doubt.UNRESOLVED_KEYWORD, Doubt.UNKNOWN_PROGRAM, Doubt.UNRESOLVED_CONDITION


def rule_of(text: str) -> Rule:
    rule = parse("rule", f"v2.30|Action=Allow|Active=TRUE|Dir=In|{text}|")
    assert isinstance(rule, Rule), rule
    return rule


def match(text: str, query: Query) -> set[Doubt] | None:
    found = fits(rule_of(text), query, Paths({"SYSTEMROOT": "C:\\Windows"}))
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Protocol=6|LPort=80", Query(6, 80), set()),
        ("Protocol=6|LPort=80", Query(17, 80), None),
        ("Protocol=6|LPort2_10=80-90", Query(6, 90), set()),
        ("Protocol=6|LPort2_10=80-90", Query(6, 91), None),
        ("Protocol=6|LPort2_10=0-65535", Query(6, keyword="RPC"), set()),
        ("Protocol=6|LPort=RPC-EPMap", Query(6, 135), set()),
        ("Protocol=17|LPort=RPC-EPMap", Query(17, 135), None),
        ("Protocol=6|LPort=135", Query(6, keyword="RPC-EPMap"), set()),
        ("Protocol=6|LPort=RPC", Query(6, keyword="RPC-EPMap"), None),
        ("Protocol=6|LPort=RPC", Query(6, 49152), {KEYWORD}),
        ("Protocol=6|LPort=RPC", Query(6, 49151), None),
        ("Protocol=6|LPort=RPC|LPort=50000", Query(6, 50000), set()),
        ("Protocol=6|LPort2_10=49152-60000|LPort2_10=60001-65535", Query(6, keyword="RPC"), set()),
        ("Protocol=6|LPort2_10=49152-60000", Query(6, keyword="RPC"), {KEYWORD}),
        ("Protocol=17|LPort2_24=mDNS", Query(17, 5353), {KEYWORD}),
        ("Protocol=17|LPort=5353", Query(17, keyword="mDNS"), {KEYWORD}),
        ("Protocol=17|LPort2_24=mDNS", Query(17, keyword="mDNS"), set()),
        ("Protocol=17|LPort2_20=DHCP", Query(17, 546), {KEYWORD}),
        ("Protocol=17|LPort2_20=DHCP", Query(17, 67), None),
        ("Protocol=6|LPort2_29=TcpCDPSvc", Query(6, 5040), {KEYWORD}),
        ("Protocol=6|LPort2_10=IPHTTPSIn", Query(6, 443), {KEYWORD}),
        # A port that nobody chose is a dynamic one.
        ("Protocol=6", Query(6, program="C:\\a.exe"), set()),
        ("Protocol=6|LPort=2701", Query(6, program="C:\\a.exe"), None),
        ("Protocol=6|LPort=50000", Query(6, program="C:\\a.exe"), {KEYWORD}),
        ("Protocol=6|LPort=RPC", Query(6, program="C:\\a.exe"), {KEYWORD}),
        ("Protocol=6|LPort2_10=1024-65535", Query(6, program="C:\\a.exe"), set()),
        ("Protocol=1|ICMP4=8:*", Query(1, icmp=(8, 0)), set()),
        ("Protocol=1|ICMP4=8:1", Query(1, icmp=(8, 0)), None),
        ("Protocol=1|ICMP4=8:*", Query(1), {CONDITION}),
        ("Protocol=1", Query(1), set()),
        ("Protocol=58|ICMP6=128:*", Query(1, icmp=(8, 0)), None),
        ("Protocol=47", Query(47), set()),
        ("Name=any protocol", Query(47), set()),
    ],
)
def test_ports_and_types(text: str, query: Query, expected: set[Doubt] | None) -> None:
    assert match(text, query) == expected


@pytest.mark.parametrize(
    ("text", "program", "service", "expected"),
    [
        ("Name=any", None, None, set()),
        ("App=C:\\a.exe", None, None, {PROGRAM}),
        ("Svc=a", None, None, {PROGRAM}),
        ("AppPkgId=S-1-15-2-1", None, None, {PROGRAM}),
        ("AppPkgId=S-1-15-2-1", "C:\\a.exe", None, None),
        ("PFN=a_b", None, "a", None),
        ("App=%SystemRoot%\\system32\\svchost.exe", SVCHOST, "a", set()),
        ("App=%SystemRoot%\\system32\\svchost.exe|Svc=A", SVCHOST, "a", set()),
        ("App=%SystemRoot%\\system32\\svchost.exe|Svc=b", SVCHOST, "a", None),
        ("App=%SystemRoot%\\system32\\svchost.exe", None, "a", {PROGRAM}),
        ("App=%SystemRoot%\\system32\\svchost.exe|Svc=b", None, "a", None),
        ("App=%WHO%\\svchost.exe", SVCHOST, "a", {CONDITION}),
        ("Svc=*", SVCHOST, "a", set()),
        ("Svc=*", SVCHOST, None, None),
        ("Svc=a", None, "A", set()),
    ],
)
def test_who_listens(text: str, program: str | None, service: str | None, expected: set[Doubt] | None) -> None:
    assert match(text, Query(6, 80, program=program, service=service)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name=plain|EmbedCtxt=x|Edge=TRUE|Defer=App", set()),
        ("Moon=Full", {Doubt.UNKNOWN_FIELD}),
        ("LUAuth=O:LSD:(A;;CC;;;BA)", {CONDITION}),
        ("LUAuth2_24=TzpMU0Q6", {CONDITION}),
        ("LUOwn=S-1-5-21-1-2-3-1001", {CONDITION}),
        ("TTK2_22=WFDPrint", {CONDITION}),
        ("NNm=x", {CONDITION}),
        ("SecurityRealmId=x", {CONDITION}),
        ("SkipVer=2.20", {CONDITION}),
        ("Protocol=6|RPort=1024", {Doubt.REMOTE_PORT}),
        ("Protocol=6|RPort=1024|LOM=TRUE", set()),
        ("Platform=2:6:1", set()),
    ],
)
def test_what_no_query_speaks_of(text: str, expected: set[Doubt]) -> None:
    assert unspoken(rule_of(text), (10, 0)) == expected


def test_a_platform_is_a_doubt_where_no_version_is_known() -> None:
    assert unspoken(rule_of("Platform=2:6:1"), None) == {CONDITION}
    assert unspoken(rule_of("Name=x"), None) == set()


def test_of_every_keyword_it_is_known_where_its_ports_are() -> None:
    assert [keyword for keyword in LOCAL_KEYWORDS if not keyword_ranges(keyword)] == []


@given(questions())
def test_the_index_leaves_out_no_rule_that_fits(question: Question) -> None:
    state, query = state_for(question.state), query_for(question.query)
    paths = Paths(state.variables)
    expected = [
        RuleKey(store, rule.rule_id)
        for store, content in state.stores.items()
        for rule in content.rules
        if isinstance(rule, Rule) and rule.direction == "in" and fits(rule, query, paths) is not None
    ]
    assert list(Firewall(state).matching(query)) == expected


PORT_FIELDS = (
    "LPort=135",
    "LPort=50000",
    "LPort=443",
    "LPort=RPC",
    "LPort=RPC-EPMap",
    "LPort2_10=440-450",
    "LPort2_10=IPHTTPSIn",
    "LPort2_24=mDNS",
)
PROGRAMS = ("App=%SystemRoot%\\a.exe", "App=%WHO%\\a.exe", "App=C:\\%WHO%.exe", "App=C:\\b.exe", "Svc=a")
ASKED = (Query(6), *(Query(6, port) for port in (135, 443, 5353, 50000)), *(Query(6, keyword=word) for word in sorted(LOCAL_KEYWORDS)))
rules_of_ports = st.tuples(
    st.sampled_from(("6", "17")), st.lists(st.sampled_from(PORT_FIELDS), max_size=3, unique=True), st.sampled_from(PROGRAMS)
)


@given(
    st.lists(rules_of_ports),
    st.sampled_from((6, 17)),
    st.sampled_from(ASKED),
    st.sampled_from((None, "C:\\Windows\\A.EXE", "C:\\c\\a.exe", "%WHO%\\a.exe", "C:\\d.exe")),
)
def test_neither_for_ports_and_programs_of_every_kind(
    rules: list[tuple[str, list[str], str]], protocol: int, asked: Query, program: str | None
) -> None:
    texts = ["|".join((f"Protocol={number}", *ports, owner)) for number, ports, owner in rules]
    parsed = tuple(parse(str(number), f"v2.30|Action=Allow|Active=TRUE|Dir=In|{text}|") for number, text in enumerate(texts))
    query = replace(asked, protocol=protocol, program=program)
    state = FirewallState({"local": StoreState(parsed)}, ())
    paths = Paths(state.variables)
    expected = [rule.rule_id for rule in parsed if isinstance(rule, Rule) and fits(rule, query, paths) is not None]
    assert [key.rule_id for key in Firewall(state).matching(query)] == expected
