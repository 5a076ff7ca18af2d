# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What leaves open whether a rule works as it reads: fields that nobody knows, and Windows' own checks that it fails.

The checks are those of MS-FASP 2.2.37 that a string can fail. By the specification a rule that fails one is in error, but what a host does
with one that came from the registry is not documented: neither that it works nor that it does not may be taken for granted.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressError, address_range
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import FILTER_FIELDS, SECURITY_FIELDS, TCP, UDP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import RPC, RPC_ENDPOINT_MAPPER
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule

_LONGEST_ID = 511
_LONGEST_TEXT = 9999
_LONGEST_PATH = 259
_ADDRESS_FIELDS = {"LA4": 4, "RA4": 4, "LA6": 6, "RA6": 6}


def doubts(rule: Rule) -> tuple[str, ...]:
    """One sentence for each reason why the rule may not mean what it says. Connection security rules are checked for their fields only."""
    found = [f"The field {name} is not known." for name in dict.fromkeys(field.name for field in rule.unknown_fields)]
    found.extend(_versions(rule))
    if not rule.is_connection_security:
        for check in (_texts, _port_keywords, _address_forms, _direction, _authentication, _platforms):
            found.extend(check(rule))
    return tuple(found)


def _versions(rule: Rule) -> Iterator[str]:
    known = SECURITY_FIELDS if rule.is_connection_security else FILTER_FIELDS
    for name in dict.fromkeys(field.name for field in rule.fields):
        kind = known.get(name)
        if kind is not None and rule.version < kind.since:
            first, own = (".".join(map(str, version)) for version in (kind.since, rule.version))
            yield f"The field {name} came with version {first}, and the rule is of {own}."


def _texts(rule: Rule) -> Iterator[str]:
    if not 0 < len(rule.rule_id) <= _LONGEST_ID or "|" in rule.rule_id:
        yield f"The rule's id is empty, longer than {_LONGEST_ID} characters, or has a | in it."
    if not 0 < len(rule.name) <= _LONGEST_TEXT or rule.name.casefold() == "all":
        yield f"The rule has no name, one that is longer than {_LONGEST_TEXT} characters, or the reserved name 'all'."
    if rule.application is not None and (len(rule.application) > _LONGEST_PATH or any(sign in rule.application for sign in '/*?"<>')):
        yield f"The program is longer than {_LONGEST_PATH} characters or has a character that no path may have."
    if rule.service is not None and (len(rule.service) > _LONGEST_PATH or any(sign in rule.service for sign in "/\\")):
        yield f"The service is longer than {_LONGEST_PATH} characters or has a slash in its name."


def _port_keywords(rule: Rule) -> Iterator[str]:
    keywords = rule.local_ports.keywords
    if keywords and rule.direction == "out":
        yield "An outbound rule has a keyword for its local ports."
    if keywords & {RPC, RPC_ENDPOINT_MAPPER} and rule.protocol != TCP:
        yield "RPC's ports are those of TCP."
    if "Teredo" in keywords and rule.protocol != UDP:
        yield "Teredo's port is one of UDP."


def _address_forms(rule: Rule) -> Iterator[str]:
    for name, value in rule.fields:
        family = _ADDRESS_FIELDS.get(name)
        if family is None:
            continue
        try:
            (first, last), beyond = address_range(value, family)
        except AddressError:
            # A keyword; everything else was refused when the rule was parsed.
            continue
        if beyond:
            yield f"The network {value} in {name} has bits set beyond its prefix."
        if "/" in value and last - first + 1 == 2 ** (32 if family == 4 else 128):
            yield f"The network {value} in {name} has an empty prefix."
        elif family == 6 and first <= 1:
            yield f"The field {name} names the unspecified or the loopback address in {value}."


def _direction(rule: Rule) -> Iterator[str]:
    if rule.direction == "out" and rule.edge_traversal != "block":
        yield "An outbound rule allows edge traversal."
    if rule.loose_source_mapped and (rule.direction == "in" or rule.protocol == TCP or rule.security != "none"):
        yield "Loose source mapping stands in a rule that is inbound, of TCP, or authenticated."
    if rule.direction == "out" and rule.remote_machines is not None:
        yield "An outbound rule names the computers that it admits."


def _authentication(rule: Rule) -> Iterator[str]:
    if rule.action == "block" and rule.security != "none":
        yield "A rule that blocks asks for authentication."
    if rule.action == "bypass" and (rule.direction != "in" or rule.security == "none" or rule.remote_machines is None):
        yield "A bypass has to be inbound, authenticated, and limited to named computers."
    if rule.security == "none" and (rule.remote_machines is not None or rule.remote_users is not None):
        yield "The rule names computers or users that it admits and does not ask for authentication."
    if rule.without_encapsulation and rule.security != "authenticate":
        yield "The rule goes without encapsulation and does not ask for plain authentication."
    if rule.negotiates_encryption and (rule.security != "authenticate_encrypt" or rule.direction != "in"):
        yield "The rule negotiates encryption and is not an inbound one that asks for it."
    if rule.bypass_outbound and (rule.direction != "out" or rule.action != "allow" or rule.security == "none"):
        yield "Only an outbound rule that allows authenticated traffic may come before those that block."


def _platforms(rule: Rule) -> Iterator[str]:
    if rule.values("Platform2") and not rule.platforms:
        yield "The rule compares platforms and names none."
