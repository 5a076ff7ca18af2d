# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a rule's conditions fit what is asked: surely, perhaps and on what it hangs, or not.

The addresses are left out: they are sets, and evaluate.py computes with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import TCP, UDP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import RPC, RPC_ENDPOINT_MAPPER, PortSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Doubt, Query
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import Range

Match = frozenset[Doubt] | None
"""None: no. Empty: yes. Otherwise perhaps, and on what it hangs."""
YES: frozenset[Doubt] = frozenset()

# Where Windows takes ports from that nobody chose, unless netsh has moved them.
DYNAMIC_PORTS: Range = (49152, 65535)
_MAPPER_PORT = 135
# Among which numbers a keyword's port is; the endpoint mapper's is the only one that is fixed.
_KEYWORD_PORTS: Mapping[str, tuple[Range, ...]] = {
    RPC_ENDPOINT_MAPPER: ((_MAPPER_PORT, _MAPPER_PORT),),
    RPC: (DYNAMIC_PORTS,),
    "Teredo": (DYNAMIC_PORTS,),
    "Ply2Disc": (DYNAMIC_PORTS,),
    "IPTLSIn": ((443, 443),),
    "IPHTTPSIn": ((443, 443),),
    "DHCP": ((68, 68), (546, 546)),
    "mDNS": ((5353, 5353),),
    "TcpCDPSvc": ((5040, 5040),),
}


def perhaps(doubt: Doubt) -> Match:
    """It hangs on that."""
    return frozenset((doubt,))


def all_of(matches: Iterable[Match]) -> Match:
    """All conditions together."""
    doubts = YES
    for match in matches:
        if match is None:
            return None
        doubts |= match
    return doubts


def fits(rule: Rule, query: Query, paths: Paths) -> Match:
    """Whether protocol, port, ICMP type, program and service are those that are asked for."""
    if rule.protocol is not None and rule.protocol != query.protocol:
        return None
    listener = _listener(rule, query, paths)
    if listener is None:
        return None
    return all_of((listener, _port(rule.local_ports, query), _icmp(rule, query)))


def unspoken(rule: Rule, version: tuple[int, int] | None) -> frozenset[Doubt]:
    """On what a rule hangs of which no query speaks.

    C(version) is the host's Windows; where it is known, a rule for another one is void, and does not hang on anything.
    """
    doubts = set()
    if rule.unknown_fields:
        doubts.add(Doubt.UNKNOWN_FIELD)
    if (
        rule.local_users is not None
        or rule.local_users_encoded is not None
        or rule.owner is not None
        or rule.trust_tuples
        or rule.network_names is not None
        or rule.security_realm is not None
        or rule.skip_version is not None
        or (rule.platforms and version is None)
    ):
        doubts.add(Doubt.UNRESOLVED_CONDITION)
    if not rule.remote_ports.is_any and not ignores_remote(rule):
        doubts.add(Doubt.REMOTE_PORT)
    return frozenset(doubts)


def ignores_remote(rule: Rule) -> bool:
    """Whether its remote addresses and ports are not looked at (MS-FASP 2.2.35 LOCAL_ONLY_MAPPED)."""
    return rule.local_only_mapped and rule.action != "block"


def asked_port(query: Query) -> int | None:
    """The port's number, where it has one: the endpoint mapper's is fixed."""
    return _MAPPER_PORT if query.keyword == RPC_ENDPOINT_MAPPER and query.protocol == TCP else query.port


def asked_ranges(query: Query) -> tuple[Range, ...]:
    """The numbers among which the port is that is asked for. One that nobody chose, with neither number nor keyword, is a dynamic one."""
    if query.port is not None:
        return ((query.port, query.port),)
    return (DYNAMIC_PORTS,) if query.keyword is None else keyword_ranges(query.keyword)


def keyword_ranges(keyword: str) -> tuple[Range, ...]:
    """The numbers among which a keyword's ports are; none for one of which nothing is known."""
    return _KEYWORD_PORTS.get(keyword, ())


def _port(ports: PortSet, query: Query) -> Match:
    if ports.is_any or query.protocol not in (TCP, UDP):
        return YES
    number = asked_port(query)
    if number is not None:
        return _numbered(ports, number, query)
    if query.keyword is not None and query.keyword in ports.keywords:
        return YES
    asked, numbers = PortSet.of(*asked_ranges(query)), PortSet.of(*ports.ranges)
    if query.keyword in (RPC, None) and numbers.covers(asked):
        return YES
    if numbers.overlaps(asked) or (query.keyword is None and _may_be(ports.keywords, DYNAMIC_PORTS)):
        return perhaps(Doubt.UNRESOLVED_KEYWORD)
    return None


def _numbered(ports: PortSet, number: int, query: Query) -> Match:
    if ports.contains(number) or (number == _MAPPER_PORT and query.protocol == TCP and RPC_ENDPOINT_MAPPER in ports.keywords):
        return YES
    return perhaps(Doubt.UNRESOLVED_KEYWORD) if _may_be(ports.keywords, (number, number)) else None


def _may_be(keywords: Iterable[str], ports: Range) -> bool:
    return any(
        first <= ports[1] and ports[0] <= last
        for keyword in keywords
        if keyword != RPC_ENDPOINT_MAPPER
        for first, last in keyword_ranges(keyword)
    )


def _icmp(rule: Rule, query: Query) -> Match:
    if rule.icmp_types is None:
        return YES
    if query.icmp is None:
        return perhaps(Doubt.UNRESOLVED_CONDITION)
    kind, code = query.icmp
    return YES if any(each.type == kind and each.code in (None, code) for each in rule.icmp_types) else None


def _listener(rule: Rule, query: Query, paths: Paths) -> Match:
    packaged = rule.package_sid is not None or rule.package_family is not None
    if query.program is None and query.service is None:
        named = packaged or rule.application is not None or rule.service is not None
        return perhaps(Doubt.UNKNOWN_PROGRAM) if named else YES
    if packaged:
        return None
    if rule.service is not None and (
        query.service is None or (rule.service != "*" and rule.service.casefold() != query.service.casefold())
    ):
        return None
    if rule.application is None:
        return YES
    if query.program is None:
        return perhaps(Doubt.UNKNOWN_PROGRAM)
    same = paths.same(rule.application, query.program)
    if same is None:
        return perhaps(Doubt.UNRESOLVED_CONDITION)
    return YES if same else None
