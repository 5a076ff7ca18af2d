# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may say about the firewall, as types, and the rules between the options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.services import icmp_type, services
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_profile import ProfileWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import (
    ANY_ADDRESS,
    AddressError,
    AddressSet,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import (
    PROFILES,
    PROTOCOLS,
    Declaration,
    Endpoint,
    FirewallException,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import TCP, IcmpType
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import (
    ANY_PORT,
    RPC,
    RPC_ENDPOINT_MAPPER,
    PortError,
    PortSet,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import ALL_PROFILES, Profile

AREA_WORD = "Firewall"

_KEYWORDS = ("LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway", "Intranet", "Internet")
_ADDRESSES = f"addresses, ranges a-b, networks a/n, {', '.join(_KEYWORDS)}, any"
_PORTS = f"1 to 65535, ranges such as 5000-5010, and for tcp {RPC.lower()} and {RPC_ENDPOINT_MAPPER.lower()}"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z", re.ASCII)
_NAMES = "up to 64 letters, digits, '_', '.' and '-', the first one no sign"
_ABSOLUTE = re.compile(r"(?:[A-Za-z]:\\|%[^%\\/]+%\\)[^\\]", re.ASCII)
_NOT_IN_PATHS = re.compile(r'[/*?"<>|\x00-\x1f]')
_LONGEST_PATH = 259
_OWN = ("protocol", "ports", "icmp_types", "program", "windows_service")
_LOG_SIZES = (1, 32767)


@dataclass(frozen=True)
class FirewallOptions:
    """Checked options. C(profiles_on): what is wanted of the profiles that are to be on."""

    exceptions: tuple[FirewallException, ...] = ()
    exclusive: bool = False
    profiles_on: Mapping[Profile, ProfileWanted] | None = None
    embedded: bool = False

    def declaration(self, *, acts: bool = False) -> Declaration:
        """The same among what all areas declare."""
        return Declaration(self.exceptions, frozenset({AREA_WORD}), acts, self.exclusive, frozenset(self.profiles_on or {}))


def read_options(given: Mapping[str, Any]) -> FirewallOptions:
    """Options whose types were checked already, with the rules between them. All broken rules are told at once (OptionError)."""
    wrong: list[str] = []
    exclusive = bool(given.get("exclusive", False))
    exceptions = [_exception(entry, f"exceptions[{index}]", exclusive, wrong) for index, entry in enumerate(given.get("exceptions") or [])]
    _check_together(exceptions, wrong)
    profiles_on = _profiles(given.get("profiles_on") or {}, wrong)
    if wrong:
        raise OptionError(wrong)
    return FirewallOptions(tuple(exceptions), exclusive, profiles_on, bool(given.get("embedded", False)))


# ------------------------------------------------------------------ one exception


def _exception(given: Mapping[str, Any], where: str, exclusive: bool, wrong: list[str]) -> FirewallException:
    present = given.get("state", "present") != "absent"
    label, endpoints = _what(given, where, wrong)
    interfaces, local = _narrowed(given, where, wrong)
    remote = _from(given.get("from"), where, present, wrong)
    _check_families(remote, local, where, wrong)
    if given.get("service") is None and endpoints and not remote.is_empty and all(e.remote_part(remote).is_empty for e in endpoints):
        wrong.append(
            f"{where}.from: {remote} are addresses of the other family than that of {given.get('protocol')}; give some of its own."
        )
    return FirewallException(
        area=AREA_WORD,
        label=label,
        endpoints=endpoints,
        remote=remote,
        profiles=_where(given.get("profiles"), where, present, wrong),
        interfaces=interfaces,
        local=local,
        present=present,
        service=given.get("service"),
        exclusive=exclusive and present,
    )


def _what(given: Mapping[str, Any], where: str, wrong: list[str]) -> tuple[str, tuple[Endpoint, ...]]:
    service, name = given.get("service"), given.get("name")
    if (service is None) == (name is None):
        both = "are both given" if service is not None else "are both missing"
        wrong.append(
            f"{where}: service and name {both}; give service for one of the named services, or name and protocol for one of your own."
        )
        return str(service or name or where), ()
    if service is not None:
        wrong.extend(
            f"{where}.{option}: belongs to an exception with a name of its own; the service {service} brings its own."
            for option in _OWN
            if given.get(option) is not None
        )
        known = services().get(service)
        if known is None:
            wrong.append(f"{where}.service: '{service}' is none of the named services; allowed are {', '.join(services())}.")
            return service, ()
        return service, known.endpoints
    if not _NAME.match(str(name)):
        wrong.append(f"{where}.name: '{name}' is no name that a rule's id can have; allowed are {_NAMES}.")
    if name in services():
        wrong.append(f"{where}.name: '{name}' is the name of a service; give it as service, or choose another name.")
    return str(name), _own_endpoint(given, where, wrong)


def _own_endpoint(given: Mapping[str, Any], where: str, wrong: list[str]) -> tuple[Endpoint, ...]:
    protocol = given.get("protocol")
    if protocol is None:
        wrong.append(f"{where}.protocol: missing; an exception with a name of its own needs one of {', '.join(PROTOCOLS)}.")
        return ()
    if protocol not in PROTOCOLS:
        wrong.append(f"{where}.protocol: '{protocol}' is not allowed; allowed is one of {', '.join(PROTOCOLS)}.")
        return ()
    program, service = given.get("program"), given.get("windows_service")
    _check_program(program, where, wrong)
    _check_service(service, where, wrong)
    ports, icmp = given.get("ports"), given.get("icmp_types")
    if protocol in ("icmpv4", "icmpv6"):
        if ports is not None:
            wrong.append(f"{where}.ports: {protocol} has no ports; leave ports out, or choose tcp or udp as the protocol.")
        return (Endpoint(PROTOCOLS[protocol], icmp=_icmp(icmp, where, wrong), program=program, service=service),)
    if icmp is not None:
        wrong.append(f"{where}.icmp_types: {protocol} has none; leave icmp_types out, or choose icmpv4 or icmpv6 as the protocol.")
    if ports is None and program is None and service is None:
        wrong.append(f"{where}.ports: missing; give ports ({_PORTS}), or the program or windows_service whose ports are meant.")
    return (Endpoint(PROTOCOLS[protocol], _ports(ports, protocol, where, wrong), program=program, service=service),)


def _ports(given: Sequence[str] | None, protocol: str, where: str, wrong: list[str]) -> PortSet:
    if given is None:
        return ANY_PORT
    if not given:
        wrong.append(f"{where}.ports: the list is empty; allowed are {_PORTS}.")
    found = PortSet()
    for text in given:
        try:
            ports = PortSet.parse(str(text))
        except PortError as error:
            wrong.append(f"{where}.ports: {error}; allowed are {_PORTS}.")
            continue
        if ports.members.contains(0) or ports.is_any:
            wrong.append(f"{where}.ports: '{text}' is no port that something listens on; allowed are {_PORTS}.")
        elif ports.keywords - {RPC, RPC_ENDPOINT_MAPPER} or (ports.keywords and PROTOCOLS[protocol] != TCP):
            wrong.append(f"{where}.ports: '{text}' is not allowed for {protocol}; allowed are {_PORTS}.")
        found = found.union(ports)
    return found


def _icmp(given: Sequence[str] | None, where: str, wrong: list[str]) -> tuple[IcmpType, ...]:
    allowed = "types from 0 to 255, such as 8, or with a code, such as 8:0"
    if given is not None and not given:
        wrong.append(f"{where}.icmp_types: the list is empty; leave it out for every type, or give {allowed}.")
    found = []
    for text in given or ():
        try:
            found.append(icmp_type(str(text)))
        except ValueError:
            wrong.append(f"{where}.icmp_types: '{text}' is no ICMP type; allowed are {allowed}.")
    return tuple(dict.fromkeys(found))


def _check_program(program: str | None, where: str, wrong: list[str]) -> None:
    if program is None or program.casefold() == "system":
        return
    if not _ABSOLUTE.match(program) or _NOT_IN_PATHS.search(program) or len(program) > _LONGEST_PATH:
        wrong.append(
            f"{where}.program: '{program}' is no absolute path of a program; allowed is one such as C:\\Tools\\agent.exe or"
            " %ProgramFiles%\\Tools\\agent.exe, or System."
        )


def _check_service(service: str | None, where: str, wrong: list[str]) -> None:
    if service is not None and (not service.strip() or any(sign in service for sign in "/\\|*") or len(service) > 256):
        wrong.append(f"{where}.windows_service: '{service}' is no short name of a service, such as CmRcService.")


def _from(given: Sequence[str] | None, where: str, present: bool, wrong: list[str]) -> AddressSet:
    if given is None:
        if present:
            wrong.append(f"{where}.from: missing; say who is to be let in: {_ADDRESSES}.")
        return ANY_ADDRESS
    return read_from(given, where, wrong)


def read_from(given: Sequence[str], where: str, wrong: list[str]) -> AddressSet:
    """Who is meant by a list of addresses; what is wrong with it is added to C(wrong)."""
    if not given:
        wrong.append(f"{where}.from: the list is empty, so that nobody is meant; allowed are {_ADDRESSES}.")
    return _addresses(given, f"{where}.from", (*_KEYWORDS, "any"), _ADDRESSES, wrong)


def _addresses(given: Sequence[str], where: str, words: Sequence[str], allowed: str, wrong: list[str]) -> AddressSet:
    found = AddressSet()
    folded = {word.casefold() for word in words}
    for text in given:
        try:
            addresses = AddressSet.parse(str(text))
        except AddressError as error:
            wrong.append(f"{where}: {error}; allowed are {allowed}.")
            continue
        if addresses.keywords - set(words) or (str(text).strip().casefold() == "any" and "any" not in folded):
            wrong.append(f"{where}: '{text}' is not allowed; allowed are {allowed}.")
            continue
        found = found.union(addresses)
    return found


def _where(given: Sequence[str] | None, where: str, present: bool, wrong: list[str]) -> frozenset[Profile]:
    if given is None:
        return frozenset({"domain"}) if present else ALL_PROFILES
    return read_profiles(given, where, wrong)


def read_profiles(given: Sequence[str], where: str, wrong: list[str]) -> frozenset[Profile]:
    """Which profiles are meant; what is wrong with them is added to C(wrong)."""
    if not given:
        wrong.append(f"{where}.profiles: the list is empty; allowed are {', '.join(PROFILES)}.")
    wrong.extend(
        f"{where}.profiles: '{profile}' is not allowed; allowed are {', '.join(PROFILES)}." for profile in given if profile not in PROFILES
    )
    return frozenset(profile for profile in PROFILES if profile in given)


def _narrowed(given: Mapping[str, Any], where: str, wrong: list[str]) -> tuple[tuple[str, ...], AddressSet | None]:
    interfaces, local = given.get("interfaces"), given.get("local_addresses")
    if interfaces is not None and local is not None:
        wrong.append(f"{where}: interfaces and local_addresses are both given; give one of them.")
    if interfaces is not None and (not interfaces or any(not str(alias).strip() for alias in interfaces)):
        wrong.append(f"{where}.interfaces: the list or an entry is empty; allowed are names of interfaces, such as Ethernet.")
    if local is None:
        return tuple(dict.fromkeys(interfaces or ())), None
    allowed = "addresses of the host, ranges a-b, networks a/n"
    if not local:
        wrong.append(f"{where}.local_addresses: the list is empty; allowed are {allowed}.")
    return (), _addresses(local, f"{where}.local_addresses", (), allowed, wrong)


# ------------------------------------------------------------------ all together


def _check_together(exceptions: Sequence[FirewallException], wrong: list[str]) -> None:
    for index, exception in enumerate(exceptions):
        for number, other in enumerate(exceptions[:index]):
            if exception.label.casefold() == other.label.casefold():
                _check_pair(index, exception, number, other, wrong)


def _check_pair(index: int, one: FirewallException, number: int, other: FirewallException, wrong: list[str]) -> None:
    where = f"exceptions[{index}]"
    if one.present == other.present or one.service is None or other.service is None:
        wrong.append(
            f"{where}: '{one.label}' is declared already, by exceptions[{number}]; put the addresses together, or give one of them another"
            " name."
        )
    elif one.meets(other):
        profiles = " and ".join(profile for profile in PROFILES if profile in one.profiles & other.profiles)
        wrong.append(
            f"{where}: the service {one.label} is to be present and absent (exceptions[{number}]) for some of the same addresses on the"
            f" profile {profiles}; let them differ in addresses or profiles."
        )


def _check_families(remote: AddressSet, local: AddressSet | None, where: str, wrong: list[str]) -> None:
    if local is None or local.is_empty or remote.is_empty or remote.keywords:
        return
    if (remote.v4.is_empty or local.v4.is_empty) and (remote.v6.is_empty or local.v6.is_empty):
        wrong.append(f"{where}.local_addresses: nobody of {remote} can come to {local}; give addresses of the same family.")


def _profiles(given: Mapping[str, Any], wrong: list[str]) -> Mapping[Profile, ProfileWanted]:
    found: dict[Profile, ProfileWanted] = {}
    for profile in PROFILES:
        wanted = given.get(profile)
        if wanted is None:
            continue
        size = wanted.get("log_size_kb")
        if size is not None and not _LOG_SIZES[0] <= size <= _LOG_SIZES[1]:
            first, last = _LOG_SIZES
            wrong.append(f"profiles_on.{profile}.log_size_kb: {size} is out of range; allowed are whole numbers from {first} to {last}.")
        found[profile] = ProfileWanted(wanted.get("log_dropped"), wanted.get("log_successful"), size)
    return found
