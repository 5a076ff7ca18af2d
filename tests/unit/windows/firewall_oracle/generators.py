# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""States, queries and packets out of a small world, so that rules meet each other and the query often.

Left out on purpose, since no source says what Windows does: options under StandardProfile that are forbidden there, an AllowUserPrefMerge
that is set locally only, ByPass or a list of authorised computers without Security, Security on a blocking rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.unit.windows.firewall_oracle.boundaries import remote_addresses
from tests.unit.windows.firewall_oracle.oracle import Json, Packet
from tests.unit.windows.firewall_oracle.situations import LAN, packets

GUIDS = ("{11111111-1111-1111-1111-111111111111}", "{22222222-2222-2222-2222-222222222222}", "{33333333-3333-3333-3333-333333333333}")
PROGRAMS = ("C:\\Windows\\CCM\\RemCtrl\\CmRcService.exe", "C:\\Windows\\system32\\svchost.exe", "System")
PROGRAMS_IN_RULES = ("%SystemRoot%\\CCM\\RemCtrl\\CmRcService.exe", "c:\\windows\\system32\\SVCHOST.EXE", "System")
SERVICES = ("CmRcService", "TermService")
PORTS = ("135", "2701", "49200")
REMOTES = (
    "RA4=10.0.0.0/8",
    "RA4=10.1.2.0/255.255.255.0",
    "RA4=10.1.0.0-10.1.3.255",
    "RA4=10.1.2.40",
    "RA4=192.0.2.0/24",
    "RA6=fd00:1::/32",
    "RA6=fd00:1:2::40",
    "RA4=LocalSubnet",
    "RA6=LocalSubnet",
    "RA4=DNS",
    "RA4=DefaultGateway",
    "RA4=WINS",
    "RA42=IntrAnet",
)
LOCALS = ("LA4=10.1.2.3", "LA4=192.168.7.0/24", "LA6=fd00:1:2::/64")
ODD = ("Wobble=1", "LUAuth=O:LSD:(A;;CC;;;BA)", "RPort=1024", "LOM=TRUE", "AppPkgId=S-1-15-2-1", "Edge=TRUE", "Defer=App", "PFN=a_b")
PLATFORMS = ("Platform=2:6:1|Platform2=GTEQ", "Platform=2:6:1", "Platform=2:10:0")
MALFORMED = (
    "Freehand|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=2701|",
    "v2.10|Action=Allow|Active=TRUE|Dir=in|Protocol=6|LPort=2701|Name=lower case|",
    "v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=TCP|Name=a word|",
    "v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=2701|Name=open end",
    "v2.10|Action=Block|Active=FALSE|Dir=in|Name=disabled at that|",
)


@st.composite
def rule_strings(draw: st.DrawFn) -> str:
    def sometimes(strategy: st.SearchStrategy[Any], one_in: int) -> Any:
        return draw(strategy) if draw(st.integers(1, one_in)) == 1 else None

    if sometimes(st.just(1), 25):
        return draw(st.sampled_from(MALFORMED))
    action = draw(st.sampled_from(("Allow", "Allow", "Allow", "Block", "Block", "ByPass")))
    parts = [f"Action={action}", f"Active={draw(st.sampled_from(('TRUE', 'TRUE', 'TRUE', 'TRUE', 'FALSE')))}"]
    parts.append(f"Dir={draw(st.sampled_from(('In', 'In', 'In', 'In', 'Out')))}")
    protocol = draw(st.sampled_from((None, "6", "6", "6", "6", "6", "17", "1")))
    if protocol is not None:
        parts.append(f"Protocol={protocol}")
    parts += [
        f"Profile={profile}"
        for profile in sometimes(st.lists(st.sampled_from(("Domain", "Private", "Public")), max_size=2, unique=True), 3) or []
    ]
    if protocol in ("6", "17"):
        fields = [f"LPort={port}" for port in (*PORTS, *(("RPC", "RPC-EPMap") if protocol == "6" else ()))]
        fields += ["LPort2_10=2700-2710", "LPort2_10=49152-65535"]
        parts += draw(st.lists(st.sampled_from(fields), max_size=2, unique=True))
    if protocol == "1":
        parts += draw(st.lists(st.sampled_from(("ICMP4=8:*", "ICMP4=8:0", "ICMP4=3:1")), max_size=2, unique=True))
    parts += draw(st.lists(st.sampled_from(REMOTES), max_size=3, unique=True))
    parts += sometimes(st.lists(st.sampled_from(LOCALS), min_size=1, max_size=2, unique=True), 5) or []
    parts += [f"App={program}" for program in [sometimes(st.sampled_from(PROGRAMS_IN_RULES), 4)] if program]
    parts += [f"Svc={service}" for service in [sometimes(st.sampled_from((*SERVICES, "cmrcservice", "*")), 5)] if service]
    parts += [f"IF={guid}" for guid in [sometimes(st.sampled_from(GUIDS), 8)] if guid]
    parts += [f"IFType={kind}" for kind in [sometimes(st.sampled_from(("Lan", "Wireless", "RemoteAccess")), 8)] if kind]
    parts += [platform for platform in [sometimes(st.sampled_from(PLATFORMS), 8)] if platform]
    odd = sometimes(st.sampled_from(ODD), 6)
    if odd is not None and not (odd.startswith("RPort") and protocol not in ("6", "17")):
        parts.append(odd)
    if action == "ByPass" or (action == "Allow" and sometimes(st.just(1), 6)):
        parts += ["RMauth=O:LSD:(A;;CC;;;S-1-5-21-1-2-3-1000)", "Security=Authenticate"]
    return "|".join(["v2.30", *parts, "Name=generated", ""])


def rules(at_least: int) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(("a", "b", "c", "d {x}y\\z.exe")), rule_strings(), min_size=at_least, max_size=4)


def profile_settings(*, policy: bool) -> st.SearchStrategy[dict[str, Any]]:
    mostly_on, mostly_off = st.sampled_from((1,) * 7 + (0,)), st.sampled_from((0,) * 7 + (1,))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "EnableFirewall": mostly_on,
        "DefaultInboundAction": mostly_on,
        "DoNotAllowExceptions": mostly_off,
        "AllowLocalPolicyMerge": st.sampled_from((0, 1)),
        "DisabledInterfaces": st.lists(st.sampled_from(GUIDS), max_size=1),
    }
    if policy:
        optional["AuthorizedApplicationsAllowUserPrefMerge"] = mostly_on
        optional["GloballyOpenPortsAllowUserPrefMerge"] = mostly_on
    return st.fixed_dictionaries({}, optional=optional)


def profiles(*, policy: bool) -> st.SearchStrategy[dict[str, Any]]:
    of_each = profile_settings(policy=policy)
    optional: dict[str, st.SearchStrategy[Any]] = {"domain": of_each, "private": of_each, "public": of_each}
    if policy:
        optional["standard"] = st.fixed_dictionaries(
            {}, optional={"EnableFirewall": st.sampled_from((0, 1)), "DoNotAllowExceptions": st.sampled_from((0, 0, 1))}
        )
    return st.fixed_dictionaries({}, optional=optional)


def legacy_lists() -> st.SearchStrategy[dict[str, Any]]:
    entries = st.fixed_dictionaries(
        {},
        optional={
            "globally_open_ports": st.lists(st.sampled_from(("2701:TCP", "2701:TCP", "2701:UDP", "80:TCP")), min_size=1, max_size=1),
            "authorized_applications": st.lists(st.sampled_from(PROGRAMS_IN_RULES), min_size=1, max_size=1),
        },
    )
    of_profiles = st.dictionaries(st.sampled_from(("domain", "domain", "private", "public")), entries, min_size=1, max_size=2)
    return st.one_of(st.just({}), st.dictionaries(st.sampled_from(("local", "group_policy")), of_profiles, min_size=1, max_size=1))


@st.composite
def interfaces(draw: st.DrawFn) -> list[dict[str, Any]]:
    first = {
        **LAN,
        "profile": draw(st.sampled_from(("domain", "domain", "private", "public"))),
        "wins": draw(st.sampled_from(([], ["192.0.2.9"]))),
    }
    second = {
        "guid": GUIDS[1],
        "alias": "other",
        "type": draw(st.sampled_from(("Lan", "Wireless", "RemoteAccess"))),
        "profile": draw(st.sampled_from(("domain", "private", "public"))),
        "addresses": draw(st.sampled_from((["192.168.7.3/24"], ["192.168.7.3/24", "10.1.3.3/25"], ["fe80::7/64"]))),
        "gateways": [],
        "dns": ["192.0.2.53"],
    }
    return [first, second] if draw(st.booleans()) else [first]


def states() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "local": st.fixed_dictionaries({"rules": rules(2), "profiles": profiles(policy=False)}),
            "group_policy": st.fixed_dictionaries({"rules": rules(0), "profiles": profiles(policy=True)}),
            "mdm": st.fixed_dictionaries({"rules": st.one_of(st.just({}), rules(1))}),
            "service": st.sampled_from(("running",) * 15 + ("stopped",)),
            "other_firewall": st.sampled_from((False,) * 15 + (True,)),
            "legacy_lists": legacy_lists(),
            "interfaces": interfaces(),
        },
        optional={"windows": st.sampled_from(({"version": "10.0.19045"}, {"version": "6.1.7601"}))},
    )


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    protocol = draw(st.sampled_from((6, 6, 6, 6, 6, 17, 1)))
    query: dict[str, Any] = {"protocol": protocol}
    if protocol == 1:
        query["icmp"] = draw(st.sampled_from(("8:0", "13:0")))
    elif protocol == 6 and draw(st.integers(1, 4)) == 1:
        query["keyword"] = draw(st.sampled_from(("RPC", "RPC-EPMap")))
    else:
        query["port"] = int(draw(st.sampled_from((*PORTS, "2701", "2701", "2701"))))
    if draw(st.integers(1, 4)) > 1:
        query["program"] = draw(st.sampled_from(PROGRAMS))
    if draw(st.integers(1, 3)) > 1:
        query["service"] = draw(st.sampled_from(SERVICES))
    return query


@dataclass(frozen=True)
class Question:
    state: Json
    query: Json

    def packets(self) -> Iterator[Packet]:
        """From every address where the verdict may change, to every address of every interface."""
        remotes = remote_addresses(self.state)
        for interface in self.state["interfaces"]:
            yield from packets(self.state, self.query, interface, remotes)


def questions() -> st.SearchStrategy[Question]:
    return st.builds(Question, states(), queries())
