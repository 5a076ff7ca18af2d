# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Windows Firewall does with one inbound packet, decided rule by rule and slowly.

It shares no code with the collection's evaluator and knows nothing of sets of addresses: it is asked about one packet at a time, so that
the two can disagree. The form of a state is told at the top of ``situations.yml``.

Sources: MS-GPFAS 2.2.2 (rule strings), 2.2.3 (profile settings); MS-FASP 2.2.14 and 2.2.21 (keywords), 2.2.29 (platforms), 2.2.34
(precedence), 2.2.35 (flags), 2.2.37 (conditions), 2.2.38 (profile settings and their merge laws), 2.2.43 note 13 (what Windows takes where
nothing is configured).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from typing import Any, Literal

Json = Mapping[str, Any]
Verdict = Literal["allowed", "blocked", "unknown"]
Enforcement = Literal["full", "firewall_off", "service_stopped", "disabled_interface", "shielded", "other_firewall"]
Address = IPv4Address | IPv6Address

# How well a condition matches: None is no, an empty set is yes, otherwise perhaps, and the codes say what it hangs on.
Match = frozenset[str] | None
YES: frozenset[str] = frozenset()

# MS-FASP 2.2.34: the earlier wins.
TIERS: tuple[tuple[str, Verdict], ...] = (("ByPass", "allowed"), ("Block", "blocked"), ("Allow", "allowed"))

TCP, UDP = 6, 17
# Where Windows takes RPC's ports from unless `netsh int ipv4 set dynamicport` has moved them.
DYNAMIC_PORTS = range(49152, 65536)
# A numbered port that may turn out to be what the keyword stands for. RPC-EPMap is not here: it is 135 and nothing else.
PORTS_OF_KEYWORDS: dict[str, Sequence[int]] = {
    "RPC": DYNAMIC_PORTS,
    "Teredo": DYNAMIC_PORTS,
    "Ply2Disc": DYNAMIC_PORTS,
    "IPTLSIn": (443,),
    "IPHTTPSIn": (443,),
    "DHCP": (68, 546),
    "mDNS": (5353,),
    "TcpCDPSvc": (5040,),
}
PORT_FIELDS = ("LPort", "LPort2_10", "LPort2_20", "LPort2_24", "LPort2_25", "LPort2_29")
REMOTE_PORT_FIELDS = ("RPort", "RPort2_10", "RPort2_28")
# Conditions that Windows knows and a query does not speak of.
UNRESOLVED_FIELDS = ("LUAuth", "LUAuth2_24", "LUOwn", "TTK", "TTK2_22", "TTK2_27", "TTK2_28", "NNm", "SecurityRealmId", "SkipVer")
REPEATED = {"Profile", "Platform", "IF", "ICMP4", "ICMP6", "LA4", "LA6", "RA4", "RA6", "RA42", "RA62", *PORT_FIELDS, *REMOTE_PORT_FIELDS}
REPEATED |= {"TTK", "TTK2_22", "TTK2_27", "TTK2_28"}
SINGLE = {
    "Action",
    "Active",
    "Dir",
    "Protocol",
    "App",
    "Svc",
    "Name",
    "Desc",
    "EmbedCtxt",
    "Edge",
    "Defer",
    "LSM",
    "LOM",
    "PCross",
    "IFType",
}
SINGLE |= {"AuthByPassOut", "Security", "Security2", "Security2_9", "RMauth", "RMAuth", "RUAuth", "Platform2", "AppPkgId", "PFN"}
KNOWN = REPEATED | SINGLE | set(UNRESOLVED_FIELDS)
WORDS = {
    "Action": {"Allow", "Block", "ByPass"},
    "Dir": {"In", "Out"},
    "Profile": {"Domain", "Private", "Public"},
    "Active": {"TRUE", "FALSE"},
    "LOM": {"TRUE", "FALSE"},
    "Platform2": {"GTEQ"},
}
ENVIRONMENT = {
    "systemroot": "C:\\Windows",
    "windir": "C:\\Windows",
    "systemdrive": "C:",
    "programfiles": "C:\\Program Files",
    "programfiles(x86)": "C:\\Program Files (x86)",
    "programdata": "C:\\ProgramData",
}

# MS-FASP 2.2.38: who wins; 2.2.43 note 13: what holds where no store says anything.
POLICY_FIRST, ON_WINS, POLICY_ONLY = "policy first", "on wins", "policy only"
LAWS: dict[str, tuple[str, Any]] = {
    "EnableFirewall": (POLICY_FIRST, 1),
    "DisableStealthMode": (POLICY_FIRST, 0),
    "DisableStealthModeIPsecSecuredPacketExemption": (POLICY_FIRST, None),
    "DoNotAllowExceptions": (ON_WINS, 0),
    "DisableUnicastResponsesToMulticastBroadcast": (POLICY_FIRST, 0),
    "LogDroppedPackets": (ON_WINS, 0),
    "LogSuccessfulConnections": (ON_WINS, 0),
    "LogIgnoredRules": (ON_WINS, 1),
    "LogFileSize": (POLICY_FIRST, 1024),
    "LogFilePath": (POLICY_FIRST, ""),
    "DisableNotifications": (POLICY_FIRST, 0),
    "AuthorizedApplicationsAllowUserPrefMerge": (POLICY_FIRST, 1),
    "GloballyOpenPortsAllowUserPrefMerge": (POLICY_FIRST, 1),
    "AllowLocalPolicyMerge": (POLICY_ONLY, 1),
    "AllowLocalIPsecPolicyMerge": (POLICY_ONLY, 1),
    "DisabledInterfaces": (POLICY_FIRST, ()),
    "DefaultOutboundAction": (POLICY_FIRST, 0),
    "DefaultInboundAction": (POLICY_FIRST, 1),
}


@dataclass(frozen=True)
class Packet:
    """The first packet of an inbound connection. `local` None: the interface has no address of that family, as far as is known."""

    interface: str
    remote: str
    local: str | None
    protocol: int
    port: int | None = None
    keyword: str | None = None
    icmp: str | None = None
    program: str | None = None
    service: str | None = None
    authenticated: bool = False


@dataclass(frozen=True)
class Decision:
    """`rules`: all that decide alike, as store/id; none where a switch or the default action decides, or nothing does."""

    verdict: Verdict
    rules: tuple[str, ...] = ()
    doubts: frozenset[str] = frozenset()
    enforcement: Enforcement = "full"


@dataclass(frozen=True)
class Rule:
    """A rule string, taken apart. `unparsed`: it is no sentence of the grammar, whatever could be read of it."""

    name: str
    fields: tuple[tuple[str, str], ...]
    unparsed: bool

    def all(self, *fields: str) -> list[str]:
        return [value for field, value in self.fields if field in fields]

    def one(self, *fields: str) -> str | None:
        return next(iter(self.all(*fields)), None)

    @property
    def store(self) -> str:
        return self.name.partition("/")[0]


def all_of(matches: Iterable[Match]) -> Match:
    codes: frozenset[str] = YES
    for match in matches:
        if match is None:
            return None
        codes |= match
    return codes


def any_of(matches: Iterable[Match]) -> Match:
    result: Match = None
    for match in matches:
        if match == YES:
            return YES
        if match is not None:
            result = match | (result or YES)
    return result


def perhaps(code: str) -> Match:
    return frozenset({code})


def surely(condition: bool) -> Match:
    return YES if condition else None


# Rule strings


@cache
def parse(name: str, text: str) -> Rule:
    """MS-GPFAS 2.2.2.19. Nothing is raised."""
    pieces = [piece.partition("=") for piece in text.split("|")[1:] if piece]
    fields = tuple((field, value) for field, _equals, value in pieces)
    rule = Rule(name, fields, unparsed=False)
    frame = re.fullmatch(r"v(\d{1,3})\.(\d{1,3})(\|[^|=]+=[^|]*)+\|", text)
    sound = frame is not None and int(frame[1]) <= 255 and int(frame[2]) <= 255 and sound_values(rule)
    return Rule(name, fields, unparsed=not sound)


def sound_values(rule: Rule) -> bool:
    names = [field for field, _value in rule.fields]
    once = all(names.count(field) <= 1 for field in names if field in KNOWN - REPEATED)
    words = all(value in WORDS[field] for field, value in rule.fields if field in WORDS)
    needed = rule.one("Action") is not None and rule.one("Dir") is not None
    return once and words and needed and sound_protocol(rule) and sound_addresses(rule)


def sound_protocol(rule: Rule) -> bool:
    protocol = rule.one("Protocol")
    if protocol is not None and not (re.fullmatch(r"\d{1,3}", protocol) and int(protocol) <= 255):
        return False
    seen = ""
    for field, value in rule.fields:
        if field == "Protocol":
            seen = value
        if field in PORT_FIELDS + REMOTE_PORT_FIELDS and (seen not in ("6", "17") or not sound_port(field, value)):
            return False
        if (field == "ICMP4" and seen != "1") or (field == "ICMP6" and seen != "58"):
            return False
        if field in ("ICMP4", "ICMP6") and not re.fullmatch(r"\d{1,3}:(\d{1,3}|\*)", value):
            return False
    return True


def sound_port(field: str, value: str) -> bool:
    if re.fullmatch(r"\d{1,5}", value):
        return field in ("LPort", "RPort") and int(value) <= 65535
    if ends := re.fullmatch(r"(\d{1,5})-(\d{1,5})", value):
        return field in ("LPort2_10", "RPort2_10") and int(ends[1]) <= int(ends[2]) <= 65535
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", value) is not None


def sound_addresses(rule: Rule) -> bool:
    for field, value in rule.fields:
        if field not in ("LA4", "LA6", "RA4", "RA6"):
            continue
        if field.startswith("RA") and re.fullmatch(r"[A-Z][A-Za-z]+", value):
            continue
        try:
            low, high = bounds(value)
        except ValueError:
            return False
        if not low.version == high.version == int(field[2]) or int(low) > int(high):
            return False
    return True


def bounds(text: str) -> tuple[Address, Address]:
    """First and last address of `a`, `a-b`, `net/prefix` or `net/mask`. ValueError for anything else."""
    if "-" in text:
        low, _dash, high = text.partition("-")
        return ip_address(low), ip_address(high)
    if "/" in text:
        network = ip_network(text, strict=False)
        return network[0], network[-1]
    return ip_address(text), ip_address(text)


def rules_of(state: Json) -> Iterator[Rule]:
    for store in ("local", "group_policy", "mdm"):
        for identifier, text in state.get(store, {}).get("rules", {}).items():
            yield parse(f"{store}/{identifier}", text)


# Profile settings


def policy_profile(state: Json, profile: str) -> Json:
    """MS-GPFAS 2.2.3: StandardProfile stands for both others, unless the key of one of them exists, be it empty."""
    profiles: Json = state.get("group_policy", {}).get("profiles", {})
    if profile != "domain" and "private" not in profiles and "public" not in profiles:
        profile = "standard"
    found: Json = profiles.get(profile, {})
    return found


def effective(state: Json, profile: str, option: str) -> Any:
    law, default = LAWS[option]
    policy = policy_profile(state, profile).get(option)
    local = state.get("local", {}).get("profiles", {}).get(profile, {}).get(option)
    if law == ON_WINS:
        configured = [value for value in (policy, local) if value is not None]
        return max(configured) if configured else default
    if policy is not None:
        return policy
    return local if law == POLICY_FIRST and local is not None else default


def plain_guid(text: str) -> str:
    return text.strip("{}").lower()


def interface_of(state: Json, alias: str) -> Json:
    found: Json = next(interface for interface in state["interfaces"] if interface["alias"] == alias)
    return found


def enforcement(state: Json, alias: str) -> Enforcement:
    interface = interface_of(state, alias)
    profile = interface["profile"]
    disabled = {plain_guid(guid) for guid in effective(state, profile, "DisabledInterfaces")}
    if state.get("other_firewall", False):
        return "other_firewall"
    if state.get("service", "running") != "running":
        return "service_stopped"
    if effective(state, profile, "EnableFirewall") == 0:
        return "firewall_off"
    if plain_guid(interface["guid"]) in disabled:
        return "disabled_interface"
    if effective(state, profile, "DoNotAllowExceptions") == 1:
        return "shielded"
    return "full"


# Conditions of a rule


def match_protocol(rule: Rule, packet: Packet) -> Match:
    protocol = rule.one("Protocol")
    return surely(protocol is None or int(protocol) == packet.protocol)


def numbered_ports(rule: Rule) -> list[tuple[int, int]]:
    values = [value for value in rule.all("LPort", "LPort2_10") if value[0].isdigit()]
    return [(int(value.split("-")[0]), int(value.split("-")[-1])) for value in values]


def match_port(rule: Rule, packet: Packet) -> Match:
    values = rule.all(*PORT_FIELDS)
    if not values:
        return YES
    keywords = [value for value in values if not value[0].isdigit()]
    if packet.keyword is not None and packet.keyword != "RPC-EPMap":
        return match_keyword(rule, keywords, packet.keyword)
    port = 135 if packet.keyword == "RPC-EPMap" else packet.port
    if any(low <= (-1 if port is None else port) <= high for low, high in numbered_ports(rule)):
        return YES
    if port == 135 and packet.protocol == TCP and "RPC-EPMap" in keywords:
        return YES
    guesses = [keyword for keyword in keywords if port in PORTS_OF_KEYWORDS.get(keyword, ())]
    return perhaps("unresolved_keyword") if guesses else None


def match_keyword(rule: Rule, keywords: Sequence[str], asked: str) -> Match:
    if asked in keywords:
        return YES
    inside = {port for low, high in numbered_ports(rule) for port in range(low, high + 1) if port in PORTS_OF_KEYWORDS.get(asked, ())}
    if not inside:
        return None
    return surely(True) if asked == "RPC" and len(inside) == len(DYNAMIC_PORTS) else perhaps("unresolved_keyword")


def match_icmp(rule: Rule, packet: Packet) -> Match:
    wanted = rule.all("ICMP4", "ICMP6")
    if not wanted:
        return YES
    kind, _colon, _code = (packet.icmp or "").partition(":")
    return surely(packet.icmp in wanted or f"{kind}:*" in wanted)


def expand(path: str) -> str | None:
    """Lower case, variables filled in; None where one of them is not known."""
    filled = re.sub(r"%([^%]+)%", lambda found: ENVIRONMENT.get(found[1].lower(), found[0]), path)
    return None if "%" in filled else filled.lower()


def match_program(rule: Rule, packet: Packet) -> Match:
    wanted = rule.one("App")
    if wanted is None:
        return YES
    if packet.program is None:
        return perhaps("unknown_program")
    wanted_path, program = expand(wanted), expand(packet.program)
    if wanted_path is None or program is None:
        return perhaps("unresolved_condition")
    return surely(wanted_path == program)


def match_service(rule: Rule, packet: Packet) -> Match:
    wanted = rule.one("Svc")
    if wanted is None:
        return YES
    if packet.service is None:
        return perhaps("unknown_program") if packet.program is None else None
    return surely(wanted == "*" or wanted.lower() == packet.service.lower())


def match_package(rule: Rule, packet: Packet) -> Match:
    if not rule.all("AppPkgId", "PFN"):
        return YES
    return perhaps("unknown_program") if packet.program is None and packet.service is None else None


def match_interface(rule: Rule, interface: Json) -> Match:
    guids, kind = [plain_guid(value) for value in rule.all("IF")], rule.one("IFType")
    by_guid = surely(not guids or plain_guid(interface["guid"]) in guids)
    by_kind = (
        perhaps("unresolved_condition") if kind is not None and "type" not in interface else surely(kind in (None, interface.get("type")))
    )
    return all_of([by_guid, by_kind])


def within(address: Address, texts: Iterable[str]) -> Match:
    for text in texts:
        low, high = bounds(text)
        if low.version == address.version and int(low) <= int(address) <= int(high):
            return YES
    return None


def match_local_address(rule: Rule, packet: Packet) -> Match:
    if not rule.all("LA4", "LA6"):
        return YES
    family = ip_address(packet.remote).version
    wanted = rule.all(f"LA{family}")
    if not wanted:
        return None
    return perhaps("local_address") if packet.local is None else within(ip_address(packet.local), wanted)


def addresses_of_keyword(state: Json, keyword: str, family: int) -> list[str] | None:
    """None: not known. Keywords are resolved for the whole computer, not for one interface (MS-FASP 2.2.21)."""
    if keyword == "LocalSubnet":
        subnets = [str(ip_interface(address).network) for interface in state["interfaces"] for address in interface.get("addresses", [])]
        return [subnet for subnet in subnets if ip_network(subnet).version == family] or None
    part = {"DNS": "dns", "DHCP": "dhcp", "WINS": "wins", "DefaultGateway": "gateways"}.get(keyword)
    if part is None or any(part not in interface for interface in state["interfaces"]):
        return None
    return [address for interface in state["interfaces"] for address in interface[part]]


def match_remote_address(state: Json, rule: Rule, packet: Packet) -> Match:
    if rule.one("LOM") == "TRUE" and rule.one("Action") != "Block":
        return YES
    if not rule.all("RA4", "RA6", "RA42", "RA62"):
        return YES
    remote = ip_address(packet.remote)

    def match(value: str) -> Match:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", value) or ":" in value:
            return within(remote, [value])
        addresses = addresses_of_keyword(state, value, remote.version)
        return perhaps("unresolved_keyword") if addresses is None else within(remote, addresses)

    return any_of(match(value) for value in rule.all(f"RA{remote.version}", f"RA{remote.version}2"))


def match_remote_port(rule: Rule) -> Match:
    ignored = rule.one("LOM") == "TRUE" and rule.one("Action") != "Block"
    return YES if ignored or not rule.all(*REMOTE_PORT_FIELDS) else perhaps("remote_port")


def match_platform(state: Json, rule: Rule) -> Match:
    wanted = [tuple(int(part) for part in value.split(":")) for value in rule.all("Platform")]
    if not wanted:
        return YES
    version = state.get("windows", {}).get("version")
    if version is None:
        return perhaps("unresolved_condition")
    host = (2, *(int(part) for part in version.split(".")[:2]))
    at_least = rule.one("Platform2") == "GTEQ" and host >= wanted[-1]
    return surely(host in wanted or at_least)


def match_unspoken(rule: Rule) -> Match:
    unresolved = perhaps("unresolved_condition") if rule.all(*UNRESOLVED_FIELDS) else YES
    unknown = perhaps("unknown_field") if any(field not in KNOWN for field, _value in rule.fields) else YES
    return all_of([unresolved, unknown])


def match_service_asked(rule: Rule, packet: Packet) -> Match:
    """The conditions that speak of what listens, not of who calls or where."""
    asked = (match_protocol, match_port, match_icmp, match_program, match_service, match_package)
    return all_of(condition(rule, packet) for condition in asked)


def void(state: Json, rule: Rule, profile: str) -> str | None:
    """Why a rule has no effect in a profile, or None."""
    if rule.one("Active") != "TRUE":
        return "disabled"
    if match_platform(state, rule) is None:
        return "platform"
    if rule.store == "local" and effective(state, profile, "AllowLocalPolicyMerge") == 0:
        return "local_merge_off"
    return "user_merge_off" if rule.store == "local" and user_merge_off(state, rule, profile) else None


def user_merge_off(state: Json, rule: Rule, profile: str) -> bool:
    """MS-FASP 2.2.38: rules of the kind that Windows XP kept in two lists of its own."""
    ports = rule.all(*PORT_FIELDS)
    if rule.one("Svc") is not None or rule.one("Protocol") not in ("6", "17"):
        return False
    if rule.one("App") is not None:
        return not ports and effective(state, profile, "AuthorizedApplicationsAllowUserPrefMerge") == 0
    single = len(ports) == 1 and ports[0][0].isdigit()
    return single and effective(state, profile, "GloballyOpenPortsAllowUserPrefMerge") == 0


def covers_profile(rule: Rule, profile: str) -> bool:
    profiles = [value.lower() for value in rule.all("Profile")]
    return not profiles or profile in profiles


def match_rule(state: Json, rule: Rule, packet: Packet) -> Match:
    """Everything but authentication."""
    interface = interface_of(state, packet.interface)
    if rule.unparsed or rule.one("Dir") != "In" or void(state, rule, interface["profile"]) is not None:
        return None
    if not covers_profile(rule, interface["profile"]):
        return None
    return all_of(
        [
            match_service_asked(rule, packet),
            match_interface(rule, interface),
            match_local_address(rule, packet),
            match_remote_address(state, rule, packet),
            match_remote_port(rule),
            match_platform(state, rule),
            match_unspoken(rule),
        ]
    )


# The option that merges the local list of a kind (MS-FASP 2.2.38).
LIST_MERGE = {
    "globally_open_ports": "GloballyOpenPortsAllowUserPrefMerge",
    "authorized_applications": "AuthorizedApplicationsAllowUserPrefMerge",
}


def match_legacy(state: Json, packet: Packet) -> Match:
    """Lists of Windows XP's kind may admit; what they say of scope and state is not read."""
    profile = interface_of(state, packet.interface)["profile"]
    for store in ("local", "group_policy"):
        if store == "local" and effective(state, profile, "AllowLocalPolicyMerge") == 0:
            continue
        lists = state.get("legacy_lists", {}).get(store, {}).get(profile, {})
        if store == "local":
            lists = {kind: entries for kind, entries in lists.items() if effective(state, profile, LIST_MERGE[kind]) != 0}
        if packet.protocol in (TCP, UDP) and any(legacy_matters(packet, kind, entry) for kind in lists for entry in lists[kind]):
            return perhaps("legacy_list")
    return None


def legacy_matters(packet: Packet, kind: str, entry: str) -> bool:
    if kind == "globally_open_ports":
        port = 135 if packet.keyword == "RPC-EPMap" else packet.port
        name = "TCP" if packet.protocol == TCP else "UDP"
        return port is None or entry.upper() == f"{port}:{name}"
    return packet.program is None or None in (expand(entry), expand(packet.program)) or expand(entry) == expand(packet.program)


# The decision


def decide(state: Json, packet: Packet) -> Decision:
    """What becomes of the packet. Steps: the switches, bypass, block, allow, the default action."""
    switch = enforcement(state, packet.interface)
    if switch == "full":
        return decide_by_rules(state, packet)
    if switch == "other_firewall":
        return Decision("unknown", doubts=frozenset({"other_firewall"}), enforcement=switch)
    if switch == "disabled_interface" and effective(state, interface_of(state, packet.interface)["profile"], "DoNotAllowExceptions") == 1:
        # The specification says both: nothing is enforced there, and everything is blocked whatever else is set.
        return Decision("unknown", doubts=frozenset({"shielded_disabled_interface"}), enforcement=switch)
    return Decision("blocked" if switch == "shielded" else "allowed", enforcement=switch)


def decide_by_rules(state: Json, packet: Packet) -> Decision:
    matching = [(rule, match) for rule in rules_of(state) if (match := match_rule(state, rule, packet)) is not None]
    # What may happen before anything surely does, the later only if the earlier does not.
    perhaps_first: list[tuple[Verdict, list[Match]]] = []
    for action, verdict in TIERS:
        sure: list[str] = []
        open_ones: list[Match] = []
        refusals: list[Match] = []
        for rule, match in matching:
            if rule.one("Action") != action:
                continue
            if rule.one("Security") is not None and not packet.authenticated:
                # Refused by this rule, says MS-FASP 2.2.35; whether another one may still admit it is not told.
                if action == "Allow":
                    refusals.append(match | {"authenticated_only"})
            elif match == YES:
                sure.append(rule.name)
            else:
                open_ones.append(match)
        if action == "Allow":
            open_ones.append(match_legacy(state, packet))
        perhaps_first += [("blocked", refusals), (verdict, open_ones)]
        if sure:
            return conclude(perhaps_first, verdict, sure)
    profile = interface_of(state, packet.interface)["profile"]
    return conclude(perhaps_first, "blocked" if effective(state, profile, "DefaultInboundAction") == 1 else "allowed", [])


def conclude(perhaps_first: list[tuple[Verdict, list[Match]]], verdict: Verdict, rules: Sequence[str]) -> Decision:
    """A doubt that changes nothing is none: neither of an answer, nor of a rule that only says what would happen without it."""
    possible = {verdict}
    codes: set[str] = set()
    for perhaps_verdict, matches in reversed(perhaps_first):
        given = [match for match in matches if match is not None]
        if possible - {perhaps_verdict}:
            codes.update(*given)
        if given:
            possible.add(perhaps_verdict)
    if len(possible) == 1:
        return Decision(verdict, tuple(rules))
    return Decision("unknown", doubts=frozenset(codes))


# What is said beside the verdict


def notes(state: Json, alias: str) -> frozenset[str]:
    """What a reader should know although it decides nothing: the service does not run, a string is no rule."""
    switch = enforcement(state, alias)
    if state.get("service", "running") != "running":
        return frozenset({"service_stopped"})
    if switch != "full":
        return frozenset()
    profile = interface_of(state, alias)["profile"]
    merged = effective(state, profile, "AllowLocalPolicyMerge") != 0
    odd = [rule for rule in rules_of(state) if rule.unparsed and (merged or rule.store != "local") and may_concern_inbound(rule)]
    return frozenset({"unparsed_rule"}) if odd else frozenset()


def may_concern_inbound(rule: Rule) -> bool:
    return (rule.one("Active") or "").upper() == "TRUE" and (rule.one("Dir") or "").upper() != "OUT"


def voided(state: Json, packet: Packet) -> dict[str, str]:
    """Rules that would admit what the packet asks for, from wherever, were they not made void; and by what. Its addresses do not count."""
    switch = enforcement(state, packet.interface)
    if switch not in ("full", "shielded"):
        return {}
    profile = interface_of(state, packet.interface)["profile"]
    found: dict[str, str] = {}
    for rule in rules_of(state):
        if rule.unparsed or rule.one("Dir") != "In" or rule.one("Action") == "Block" or match_service_asked(rule, packet) is None:
            continue
        why = why_void(state, rule, profile)
        if why is not None:
            found[rule.name] = why
    return found


def why_void(state: Json, rule: Rule, profile: str) -> str | None:
    """The first of: disabled, platform, profile_inactive, local_merge_off, user_merge_off, interface, shielded."""
    why = void(state, rule, profile)
    if why in ("disabled", "platform"):
        return why
    if not any(covers_profile(rule, interface["profile"]) for interface in state["interfaces"]):
        return "profile_inactive"
    if not covers_profile(rule, profile):
        return None
    if why is not None:
        return why
    if all(match_interface(rule, interface) is None for interface in state["interfaces"]):
        return "interface"
    return "shielded" if effective(state, profile, "DoNotAllowExceptions") == 1 else None
