# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules held against what is declared: which rule an endpoint gets, which of Windows' own are for it, and what they grant."""

from __future__ import annotations

from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach, plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import addresses
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import ANY_ADDRESS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    ClosedGroup,
    Declaration,
    Endpoint,
    FirewallException,
    area_prefix,
    is_own,
    program_name,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import ICMP4, ICMP6
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import RuleKey

# Where Windows runs its own services; its own rules name these, so they have SIDs.
SERVICE_HOST = "svchost.exe"


def own_rule(exception: FirewallException, number: int) -> OwnRule | None:
    """The rule for an endpoint of an exception; None where nobody that is declared could reach it."""
    endpoint = exception.endpoints[number - 1]
    remote = endpoint.rule_part(exception.remote)
    if exception.remote_part(endpoint.remote_part(remote)).is_empty:
        return None
    return OwnRule(
        rule_id=exception.rule_id(number),
        name=f"{exception.label}: {endpoint.title} (configmgr.hardening)",
        description=f"Admits {addresses(exception.remote)} to {exception.label}. Declared in Ansible; changes made here are undone.",
        protocol=endpoint.protocol,
        ports=endpoint.ports,
        icmp_types=endpoint.icmp,
        remote=remote,
        local=exception.local if exception.local is not None else ANY_ADDRESS,
        program=endpoint.program,
        service=_service(exception, endpoint),
        interfaces=exception.interfaces,
        profiles=exception.profiles,
    )


def _service(exception: FirewallException, endpoint: Endpoint) -> str | None:
    """The service that a rule names beside the program.

    A rule for a service matches the service's SID, and a service that was installed without one (SERVICE_SID_TYPE_NONE, the default) has
    none in its token. A named service whose program runs nothing else is admitted by its program alone.
    """
    shared = endpoint.program is None or _is_service_host(endpoint.program)
    return endpoint.service if shared or exception.service is None else None


def names_other_service(rule: Rule) -> bool:
    """Whether a rule is for a service of which it is not known that it has a SID for the rule to match."""
    return rule.service not in (None, "*") and not _is_service_host(rule.application)


def _is_service_host(program: str | None) -> bool:
    return (program_name(program) or "").casefold() == SERVICE_HOST


def belongs(rule: Rule, endpoint: Endpoint) -> bool:
    """Whether it is one of Windows' own rules for an endpoint, or a copy of one: told by id, or by group and what it is for."""
    if rule.direction != "in" or rule.protocol != endpoint.protocol:
        return False
    return rule.rule_id.casefold() in endpoint.rules or (rule.group is not None and rule.group in endpoint.groups)


def is_open(rule: Rule, group: str) -> bool:
    """Whether an enabled inbound rule of a group lets somebody in."""
    return rule.active and rule.direction == "in" and rule.action != "block" and rule.group == group


def is_loose(reach: Reach, key: RuleKey, rule: Rule, closed: ClosedGroup, declaration: Declaration) -> bool:
    """Whether a rule has to go for a group to be closed."""
    if key.store == "local" and is_own(rule.rule_id):
        return rule.rule_id.casefold().startswith(area_prefix(closed.area).casefold()) and not declaration.declares_rule(rule.rule_id)
    if not is_open(rule, closed.group):
        return False
    return not any(
        belongs(rule, endpoint) and grants(reach, rule, endpoint, exception)
        for exception in declaration.present
        for endpoint in exception.endpoints
    )


def grants(reach: Reach, rule: Rule, endpoint: Endpoint, exception: FirewallException, *, all_of_it: bool = False) -> bool:
    """Whether a rule, when it is enabled, admits to an endpoint nobody but whom an exception names, and to nothing else.

    With C(all_of_it): and all of them.
    """
    if rule.action != "allow" or rule.authenticated or rule.unknown_fields or rule.edge_traversal != "block":
        return False
    if not rule.local_addresses.is_any or rule.interfaces or rule.interface_types:
        return False
    conditions = (rule.package_sid, rule.package_family, rule.owner, rule.local_users, rule.local_users_encoded, rule.network_names)
    if any(condition is not None for condition in conditions) or rule.trust_tuples or not rule.remote_ports.is_any:
        return False
    if reach.state.version is not None and not rule.applies_to(*reach.state.version):
        return False
    if not _same_listener(reach, rule, endpoint) or not _same_ports(rule, endpoint):
        return False
    named, wanted = reach.resolved(rule.remote_addresses), reach.resolved(endpoint.rule_part(exception.remote))
    within = rule.profiles <= exception.profiles and wanted.covers(named)
    return within and (not all_of_it or (rule.profiles == exception.profiles and named.covers(wanted)))


def _same_listener(reach: Reach, rule: Rule, endpoint: Endpoint) -> bool:
    if (rule.service or "").casefold() != (endpoint.service or "").casefold():
        return False
    if rule.application is None or endpoint.program is None:
        # Copies of rules for a service are seen without the program.
        return rule.application == endpoint.program or (rule.service is not None and rule.application is None)
    return reach.paths.same(rule.application, endpoint.program) is True


def _same_ports(rule: Rule, endpoint: Endpoint) -> bool:
    if endpoint.protocol in (ICMP4, ICMP6):
        kinds = {icmp.type for icmp in endpoint.icmp}
        return rule.icmp_types is not None and {icmp.type for icmp in rule.icmp_types} == kinds
    # A rule for one service without ports opens nothing but that service.
    return rule.local_ports.resolved() == endpoint.ports.resolved() or (rule.local_ports.is_any and rule.service is not None)


def describe(rule: Rule) -> str:
    """What a rule admits, in words."""
    where = "every profile" if len(rule.profiles) == 3 else " and ".join(sorted(rule.profiles))
    ports = "" if rule.local_ports.is_any else f" {rule.local_ports}"
    protocol = {None: "any protocol", 6: "TCP", 17: "UDP", 1: "ICMPv4", 58: "ICMPv6"}.get(rule.protocol, f"protocol {rule.protocol}")
    types = ""
    if rule.icmp_types:
        types = " " + ", ".join(f"{kind.type}:{'*' if kind.code is None else kind.code}" for kind in sorted(rule.icmp_types, key=str))
    program = f", program {plain(rule.application)}" if rule.application else ""
    service = f", service {plain(rule.service)}" if rule.service else ""
    to = "" if rule.local_addresses.is_any else f", to {rule.local_addresses}"
    cards = f", on {len(rule.interfaces)} of the interfaces" if rule.interfaces else ""
    edge = "" if rule.edge_traversal == "block" else ", with edge traversal"
    what = f"{'' if rule.active else 'disabled: '}{rule.action} {protocol}{ports}{types}"
    return f"{what} from {addresses(rule.remote_addresses)} on {where}{program}{service}{to}{cards}{edge}"
