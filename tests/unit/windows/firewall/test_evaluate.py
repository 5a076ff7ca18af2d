# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who gets in, beyond what firewall_oracle/situations.yml tells: what is not known of the whole, imagined interfaces, and the details."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.resolution import keywords, own_addresses
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, parse_all
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Admission,
    Doubt,
    Enforcement,
    FirewallState,
    Interface,
    LegacyLists,
    Options,
    Query,
    RuleKey,
    StoreState,
    Void,
)
from tests.unit.windows.firewall_oracle.adapter import query_for, state_for
from tests.unit.windows.firewall_oracle.generators import Question, questions

LAN = Interface("{11111111-1111-1111-1111-111111111111}", "lan", "lan", "domain", ("10.1.2.3/24", "fd00:1:2::3/64"), (), (), (), ())
WIFI = Interface("{22222222-2222-2222-2222-222222222222}", "wifi", "wireless", "public", ("192.168.7.3/24",), (), (), (), ())
QUERY = Query(6, 2701, program="C:\\Windows\\CCM\\RemCtrl\\CmRcService.exe", service="CmRcService")


def rule(text: str = "", action: str = "Allow") -> str:
    return f"v2.30|Action={action}|Active=TRUE|Dir=In|Protocol=6|LPort=2701|{text}Name=x|"


def state(*interfaces: Interface, options: dict[Profile, Options] | None = None, rules: dict[str, str], **more: Any) -> FirewallState:
    return FirewallState({"local": StoreState(parse_all(rules.items()), profiles=options or {})}, interfaces or (LAN,), **more)


def key(rule_id: str) -> RuleKey:
    return RuleKey("local", rule_id)


def texts(addresses: AddressSet) -> str:
    return str(addresses)


def codes(answer: Admission) -> set[Doubt]:
    return set(answer.doubts)


def one(answers: tuple[Admission, ...]) -> Admission:
    (answer,) = answers
    return answer


class TestWhatIsNotKnownOfTheWhole:
    def test_the_service(self) -> None:
        answer = one(Firewall(state(rules={"a": rule("RA4=10.0.0.0/8|")}, service_running=None)).admissions(QUERY))
        assert texts(answer.admitted) == "10.0.0.0/8"
        assert texts(answer.unknown) == "0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255, ::/0"
        assert (codes(answer), answer.enforcement, set(answer.by)) == ({Doubt.SERVICE_STOPPED}, Enforcement.FULL, {key("a")})

    def test_the_service_does_not_matter_where_everybody_gets_in(self) -> None:
        answer = one(Firewall(state(rules={"a": rule()}, service_running=None)).admissions(QUERY))
        assert (texts(answer.admitted), texts(answer.unknown), codes(answer)) == ("any", "none", set())

    def test_another_firewall(self) -> None:
        answer = one(Firewall(state(rules={"a": rule()}, other_firewall=None)).admissions(QUERY))
        assert (texts(answer.admitted), texts(answer.unknown), texts(answer.unknown_authenticated)) == ("none", "any", "any")
        assert (codes(answer), answer.enforcement) == ({Doubt.OTHER_FIREWALL}, Enforcement.FULL)

    def test_another_firewall_while_the_service_is_stopped(self) -> None:
        answer = one(Firewall(state(rules={}, other_firewall=None, service_running=False)).admissions(QUERY))
        assert (texts(answer.unknown), answer.enforcement) == ("any", Enforcement.SERVICE_STOPPED)
        assert answer.doubts == {Doubt.OTHER_FIREWALL, Doubt.SERVICE_STOPPED}

    def test_an_interface_without_profile_is_not_spoken_of(self) -> None:
        answers = Firewall(state(LAN, replace(WIFI, profile=None), rules={"a": rule()})).admissions(QUERY)
        assert [answer.interface for answer in answers] == ["lan"]

    def test_an_interface_of_unknown_type(self) -> None:
        answer = one(Firewall(state(replace(LAN, type=None), rules={"a": rule("IFType=Wireless|")})).admissions(QUERY))
        assert (texts(answer.unknown), codes(answer)) == ("any", {Doubt.UNRESOLVED_CONDITION})
        assert not answer.voided
        assert answer.doubtful == {key("a"): {Doubt.UNRESOLVED_CONDITION}}


class TestImagined:
    def test_a_profile_that_nothing_is_on(self) -> None:
        firewall = Firewall(state(rules={"a": rule("Profile=Public|RA4=LocalSubnet|"), "b": rule("Profile=Domain|")}))
        answer = one(firewall.admissions(QUERY, profile="public"))
        assert (answer.interface, answer.profile, texts(answer.admitted), set(answer.by)) == ("", "public", "10.1.2.0/24", {key("a")})
        assert answer.voided == {}
        assert one(firewall.admissions(QUERY)).voided == {key("a"): Void.PROFILE_INACTIVE}

    def test_a_rule_for_profiles_that_are_neither_asked_nor_in_force(self) -> None:
        answer = one(Firewall(state(rules={"a": rule("Profile=Private|")})).admissions(QUERY, profile="public"))
        assert answer.voided == {key("a"): Void.PROFILE_INACTIVE}

    @pytest.mark.parametrize(
        ("condition", "doubt"),
        [
            ("IF={11111111-1111-1111-1111-111111111111}|", Doubt.UNRESOLVED_CONDITION),
            ("IF={99999999-9999-9999-9999-999999999999}|", Doubt.UNRESOLVED_CONDITION),
            ("IFType=Wireless|", Doubt.UNRESOLVED_CONDITION),
            ("LA4=10.9.9.9|", Doubt.LOCAL_ADDRESS),
        ],
    )
    def test_conditions_on_an_interface_that_is_not_there(self, condition: str, doubt: Doubt) -> None:
        answer = one(Firewall(state(rules={"a": rule(f"RA4=10.0.0.0/8|{condition}")})).admissions(QUERY, profile="public"))
        assert (texts(answer.admitted), texts(answer.unknown), codes(answer)) == ("none", "10.0.0.0/8", {doubt})

    @pytest.mark.parametrize(
        ("condition", "admitted", "unknown"),
        [
            ("IF={11111111-1111-1111-1111-111111111111}|", "any", "none"),
            ("IFType=Lan|", "any", "none"),
            ("IFType=Wireless|", "none", "none"),
            ("LA4=10.1.2.0/24|", "0.0.0.0/0", "none"),
            ("LA4=10.9.9.9|", "none", "none"),
        ],
    )
    def test_conditions_on_the_interface_that_is_there(self, condition: str, admitted: str, unknown: str) -> None:
        answer = one(Firewall(state(LAN, WIFI, rules={"a": rule(condition)})).admissions(QUERY, profile="domain"))
        assert (texts(answer.admitted), texts(answer.unknown)) == (admitted, unknown)

    @pytest.mark.parametrize("condition", ["IF={22222222-2222-2222-2222-222222222222}|", "IFType=Wireless|", "LA4=192.168.7.3|"])
    def test_two_real_ones_of_which_one_meets_the_condition(self, condition: str) -> None:
        answer = one(
            Firewall(state(LAN, replace(WIFI, profile="domain"), rules={"a": rule(condition)})).admissions(QUERY, profile="domain")
        )
        assert texts(answer.admitted) == "none"
        assert texts(AddressSet(answer.unknown.v4)) == "0.0.0.0/0"

    def test_an_interface_that_the_host_lacks(self) -> None:
        text = rule("IF={99999999-9999-9999-9999-999999999999}|")
        assert one(Firewall(state(rules={"a": text})).admissions(QUERY, profile="domain")).voided == {key("a"): Void.INTERFACE}

    @pytest.mark.parametrize(
        ("guids", "shielded", "admitted", "unknown", "enforcement"),
        [
            ((), 0, "none", "none", Enforcement.FULL),
            ((LAN.guid,), 0, "none", "any", Enforcement.FULL),
            ((LAN.guid,), 1, "none", "any", Enforcement.SHIELDED),
            ((LAN.guid, WIFI.guid), 0, "any", "none", Enforcement.DISABLED_INTERFACE),
            ((LAN.guid, WIFI.guid), 1, "none", "any", Enforcement.DISABLED_INTERFACE),
        ],
    )
    def test_interfaces_on_which_the_firewall_is_off(
        self, guids: tuple[str, ...], shielded: int, admitted: str, unknown: str, enforcement: Enforcement
    ) -> None:
        options: dict[Profile, Options] = {"domain": {"DisabledInterfaces": guids, "DoNotAllowExceptions": shielded}}
        firewall = Firewall(state(LAN, replace(WIFI, profile="domain"), options=options, rules={}))
        answer = one(firewall.admissions(QUERY, profile="domain"))
        assert (texts(answer.admitted), texts(answer.unknown), answer.enforcement) == (admitted, unknown, enforcement)
        assert (answer.doubts == frozenset()) == (unknown == "none")

    def test_switches_are_those_of_the_profile(self) -> None:
        options: dict[Profile, Options] = {"public": {"EnableFirewall": 0}, "private": {"DoNotAllowExceptions": 1}}
        firewall = Firewall(state(options=options, rules={"a": rule()}))
        said = {profile: one(firewall.admissions(QUERY, profile=profile)).enforcement.value for profile in ("domain", "private", "public")}
        assert said == {"domain": "full", "private": "shielded", "public": "firewall_off"}


class TestLocalAddresses:
    SERVER = replace(LAN, addresses=("10.1.2.3/24", "10.1.9.3/24", "fd00:1:2::3/64"))

    def test_only_the_family_that_differs_is_answered_by_address(self) -> None:
        answers = Firewall(state(self.SERVER, rules={"a": rule("LA4=10.1.9.0/24|"), "b": rule("RA6=fd00::/16|")})).admissions(QUERY)
        assert [(answer.local_address, texts(answer.scope), texts(answer.admitted)) for answer in answers] == [
            (None, "::/0", "fd00::/16"),
            ("10.1.2.3", "0.0.0.0/0", "none"),
            ("10.1.9.3", "0.0.0.0/0", "0.0.0.0/0"),
        ]

    def test_what_is_not_known_keeps_to_what_is_answered(self) -> None:
        answers = Firewall(state(self.SERVER, rules={"a": rule("LA4=10.1.9.0/24|")}, service_running=None)).admissions(QUERY)
        assert [(answer.local_address, texts(answer.unknown)) for answer in answers] == [
            (None, "::/0"),
            ("10.1.2.3", "0.0.0.0/0"),
            ("10.1.9.3", "none"),
        ]

    def test_one_answer_where_nothing_differs(self) -> None:
        answer = one(Firewall(state(self.SERVER, rules={"a": rule("LA4=10.1.0.0/16|")})).admissions(QUERY))
        assert (answer.local_address, texts(answer.scope), texts(answer.admitted)) == (None, "any", "0.0.0.0/0")


class TestRules:
    def test_what_each_admits(self) -> None:
        rules = {
            "wide": rule("RA4=10.0.0.0/8|"),
            "narrow": rule("RA4=10.1.5.7|RA42=IntrAnet|"),
            "deny": rule("RA4=10.0.0.0/9|", "Block"),
            "covered": rule("RA4=10.2.0.0/16|"),
        }
        answer = one(Firewall(state(rules={**rules, "rest": rule("RA4=10.200.0.0/16|")})).admissions(QUERY))
        assert {str(name): texts(addresses) for name, addresses in answer.by.items()} == {
            "local/wide": "10.128.0.0/9",
            "local/rest": "10.200.0.0/16",
        }
        assert answer.blocked_by == {key("deny")}
        assert answer.doubtful == {key("narrow"): {Doubt.UNRESOLVED_KEYWORD}}

    def test_all_stores_are_asked_for_what_matches(self) -> None:
        rules = parse_all([("in", rule()), ("off", "v2.30|Action=Block|Dir=In|Name=x|"), ("out", "v2.30|Action=Allow|Dir=Out|Name=x|")])
        more = parse_all([("web", "v2.30|Action=Allow|Dir=In|Protocol=6|LPort=80|Name=x|"), ("none", "nonsense")])
        firewall = Firewall(FirewallState({"local": StoreState(rules), "mdm": StoreState((*rules[:1], *more))}, ()))
        assert [str(name) for name in firewall.matching(QUERY)] == ["local/in", "local/off", "mdm/in"]

    def test_connection_security_is_not_asked(self) -> None:
        text = "v2.30|Action=Secure|Active=TRUE|Name=x|"
        assert Firewall(state(rules={"a": text})).matching(QUERY) == ()

    @pytest.mark.parametrize("guid", [LAN.guid, LAN.guid.lower(), LAN.guid.strip("{}")])
    def test_a_disabled_interface_in_any_spelling(self, guid: str) -> None:
        options: dict[Profile, Options] = {"domain": {"DisabledInterfaces": (guid,)}}
        answer = one(Firewall(state(options=options, rules={})).admissions(QUERY))
        assert answer.enforcement is Enforcement.DISABLED_INTERFACE

    def test_what_a_keyword_adds_to_a_doubtful_rule_hangs_on_both(self) -> None:
        answer = one(Firewall(state(rules={"a": rule("RA4=10.1.5.7|RA42=IntrAnet|Moon=Full|")})).admissions(QUERY))
        assert (texts(answer.admitted), texts(answer.unknown)) == ("none", "0.0.0.0/0")
        assert codes(answer) == {Doubt.UNKNOWN_FIELD, Doubt.UNRESOLVED_KEYWORD}
        only = state(rules={"a": rule("RA4=10.1.5.7|RA42=IntrAnet|Moon=Full|"), "b": rule("RA4=10.1.5.7|", "Block")})
        assert codes(one(Firewall(only).admissions(QUERY))) == {Doubt.UNKNOWN_FIELD, Doubt.UNRESOLVED_KEYWORD}

    @pytest.mark.parametrize(
        ("text", "noted"),
        [
            ("v2.30|Action=Allow|Active=TRUE|Dir=in|", True),
            ("v2.30|Action=Allow|Dir=in|", True),
            ("v2.30|Action=Allow|Active=FALSE|Dir=in|", False),
            ("nonsense|Action=Allow|Active=TRUE|Dir=Out|", False),
        ],
    )
    def test_a_string_that_is_no_rule(self, text: str, noted: bool) -> None:
        policy = StoreState(profiles={"public": {"AllowLocalPolicyMerge": 0}})
        for store, at_wifi in (("local", False), ("mdm", noted)):
            stores: Any = {store: StoreState(parse_all([("a", text)])), "group_policy": policy}
            lan, wifi = Firewall(FirewallState(stores, (LAN, WIFI))).admissions(QUERY)
            assert (Doubt.UNPARSED_RULE in lan.doubts, Doubt.UNPARSED_RULE in wifi.doubts) == (noted, at_wifi)

    @pytest.mark.parametrize(
        ("text", "option"),
        [
            ("Protocol=6|LPort=2701", "GloballyOpenPortsAllowUserPrefMerge"),
            ("Protocol=6|LPort=2701|RA4=10.0.0.0/8", "GloballyOpenPortsAllowUserPrefMerge"),
            ("Protocol=6|LPort2_10=2700-2701", None),
            ("Protocol=6|LPort=2701|LPort=RPC", None),
            ("Protocol=6|LPort=2701|Svc=CmRcService", None),
            ("App=%WINDIR%\\CCM\\RemCtrl\\CmRcService.exe", "AuthorizedApplicationsAllowUserPrefMerge"),
            ("Protocol=6|App=%WINDIR%\\CCM\\RemCtrl\\CmRcService.exe|LPort=2701", None),
            ("App=%WINDIR%\\CCM\\RemCtrl\\CmRcService.exe|Svc=CmRcService", None),
            ("Protocol=6", None),
            ("Name=x", None),
        ],
    )
    def test_local_rules_that_a_user_might_have_made(self, text: str, option: str | None) -> None:
        rules = parse_all([("a", f"v2.30|Action=Allow|Active=TRUE|Dir=In|{text}|")])
        for tried in ("GloballyOpenPortsAllowUserPrefMerge", "AuthorizedApplicationsAllowUserPrefMerge"):
            policy = StoreState(profiles={"domain": {tried: 0}})
            answer = one(Firewall(FirewallState({"local": StoreState(rules), "group_policy": policy}, (LAN,))).admissions(QUERY))
            assert dict(answer.voided) == ({key("a"): Void.USER_MERGE_OFF} if tried == option else {})

    def test_an_answer_is_worked_out_once(self) -> None:
        firewall = Firewall(state(rules={"a": rule()}))
        assert firewall.admissions(QUERY) is firewall.admissions(Query(6, 2701, program=QUERY.program, service=QUERY.service))


class TestLegacyLists:
    @pytest.mark.parametrize(
        ("lists", "query", "option", "listed"),
        [
            (LegacyLists(open_ports=("2701:TCP",)), QUERY, "", True),
            (LegacyLists(open_ports=("2701:udp",)), Query(17, 2701), "", True),
            (LegacyLists(open_ports=("2701:TCP",)), QUERY, "GloballyOpenPortsAllowUserPrefMerge", False),
            (LegacyLists(open_ports=("2701:TCP",)), QUERY, "AuthorizedApplicationsAllowUserPrefMerge", True),
            (LegacyLists(applications=("%windir%\\CCM\\RemCtrl\\cmrcservice.exe",)), QUERY, "", True),
            (LegacyLists(applications=("C:\\other.exe",)), QUERY, "", False),
            (LegacyLists(applications=("C:\\other.exe",)), Query(6, 2701), "", True),
            (LegacyLists(applications=("%X%\\cmrcservice.exe",)), QUERY, "AuthorizedApplicationsAllowUserPrefMerge", False),
            (LegacyLists(applications=("%X%\\cmrcservice.exe",)), QUERY, "GloballyOpenPortsAllowUserPrefMerge", True),
            (LegacyLists(open_ports=("135:TCP",)), Query(6, keyword="RPC-EPMap"), "", True),
            (LegacyLists(open_ports=("2701:TCP",)), Query(6, keyword="RPC-EPMap"), "", False),
            (LegacyLists(applications=("System",)), Query(1, icmp=(8, 0), program="System"), "", False),
        ],
    )
    def test_local_ones(self, lists: LegacyLists, query: Query, option: str, listed: bool) -> None:
        policy = StoreState(profiles={"domain": {option: 0}} if option else {})
        host = FirewallState({"local": StoreState(legacy={"domain": lists}), "group_policy": policy}, (LAN,))
        answer = one(Firewall(host).admissions(query))
        assert texts(answer.unknown) == ("any" if listed else "none")
        assert codes(answer) == ({Doubt.LEGACY_LIST} if listed else set())

    def test_those_of_a_policy_are_not_the_users(self) -> None:
        options = {"GloballyOpenPortsAllowUserPrefMerge": 0, "AllowLocalPolicyMerge": 0}
        policy = StoreState(profiles={"domain": options}, legacy={"domain": LegacyLists(open_ports=("2701:TCP",))})
        assert one(Firewall(FirewallState({"group_policy": policy}, (LAN,))).admissions(QUERY)).doubts == {Doubt.LEGACY_LIST}


class TestKeywords:
    def test_one_list_that_is_not_known_leaves_all_of_it_open(self) -> None:
        found = keywords((replace(LAN, dns=("10.1.0.10", "fd00::10"), wins=None), replace(WIFI, dns=("192.168.7.1",), wins=("10.1.0.11",))))
        assert {name: texts(addresses) for name, addresses in found.items()} == {
            "DNS": "10.1.0.10, 192.168.7.1, fd00::10",
            "DHCP": "none",
            "DefaultGateway": "none",
            "LocalSubnet": "10.1.2.0/24, 192.168.7.0/24, fd00:1:2::/64",
        }

    def test_a_scope_is_left_out_of_an_address(self) -> None:
        link = replace(LAN, addresses=("fe80::3%12/64",), gateways=("fe80::1%12",))
        assert texts(keywords((link,))["LocalSubnet"]) == "fe80::/64"
        assert texts(keywords((link,))["DefaultGateway"]) == "fe80::1"
        assert [text for text, _number in own_addresses(link, 6)] == ["fe80::3"]

    def test_what_is_no_address_is_not_known(self) -> None:
        odd = replace(LAN, addresses=("10.1.2.3/24", "nonsense"), dns=("nonsense",))
        assert "DNS" not in keywords((odd,))
        assert "LocalSubnet" not in keywords((odd,))
        assert [text for text, _number in own_addresses(odd, 4)] == ["10.1.2.3"]

    def test_nothing_is_known_of_no_interfaces(self) -> None:
        assert keywords(()) == {}


@settings(max_examples=100, deadline=None)
@given(questions())
def test_what_holds_of_every_answer(question: Question) -> None:
    firewall = Firewall(state_for(question.state))
    query = query_for(question.query)
    imagined = [answer for profile in ("domain", "private", "public") for answer in firewall.admissions(query, profile=profile)]
    for answer in (*firewall.admissions(query), *imagined):
        assert answer.admitted.intersection(answer.unknown).is_empty
        assert answer.admitted_authenticated.intersection(answer.unknown_authenticated).is_empty
        assert answer.scope.covers(answer.admitted.union(answer.unknown_authenticated))
        assert not (answer.admitted.keywords or answer.unknown.keywords or answer.admitted_authenticated.keywords)
        assert bool(answer.doubts) >= (not answer.unknown.is_empty or not answer.unknown_authenticated.is_empty)
        assert set(answer.by) | set(answer.voided) | set(answer.doubtful) <= set(firewall.matching(query))
        assert not set(answer.voided) & (set(answer.by) | set(answer.doubtful))
        assert all(code in answer.doubts for codes in answer.doubtful.values() for code in codes)


@settings(max_examples=100, deadline=None)
@given(questions())
def test_the_only_interface_of_a_profile_answers_as_if_it_were_imagined(question: Question) -> None:
    firewall = Firewall(state_for(question.state))
    query = query_for(question.query)
    answers = firewall.admissions(query)
    for answer in answers:
        if answer.profile is not None and [other.profile for other in answers].count(answer.profile) == 1:
            assert replace(one(firewall.admissions(query, profile=answer.profile)), interface=answer.interface) == answer
