# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall's three stores in the registry: what is read of them, and what that says (MS-GPFAS 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule, Unparsed, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    LegacyLists,
    Options,
    OptionValue,
    Store,
    StoreState,
)

LOCAL_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
RULES_KEY = f"{LOCAL_KEY}\\FirewallRules"
POLICY_KEY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
MDM_KEY = f"{LOCAL_KEY}\\Mdm"
RESTRICTED_KEY = f"{LOCAL_KEY}\\RestrictedServices"

# The local store calls the private profile StandardProfile (MS-GPFAS 2.2.3).
LOCAL_PROFILES: Mapping[Profile, str] = {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"}
_OTHER_PROFILES: Mapping[Profile, str] = {"domain": "DomainProfile", "private": "PrivateProfile", "public": "PublicProfile"}

LOCAL_RULES_READ = Operation.of("registry.read", key=RULES_KEY)
_PROFILE_READS: Mapping[Profile, Operation] = {
    profile: Operation.of("registry.read", key=f"{LOCAL_KEY}\\{name}", depth=2) for profile, name in LOCAL_PROFILES.items()
}
_POLICY_READ = Operation.of("registry.read", key=POLICY_KEY, depth=3)
_MDM_READ = Operation.of("registry.read", key=MDM_KEY, depth=2)
_RESTRICTED_READ = Operation.of("registry.read", key=RESTRICTED_KEY, names=[], depth=2)

# By the key below the profile that they stand in; the registry ignores case.
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "": (
        "EnableFirewall",
        "DefaultInboundAction",
        "DefaultOutboundAction",
        "DoNotAllowExceptions",
        "DisableNotifications",
        "DisableStealthMode",
        "DisableStealthModeIPsecSecuredPacketExemption",
        "DisableUnicastResponsesToMulticastBroadcast",
        "AllowLocalPolicyMerge",
        "AllowLocalIPsecPolicyMerge",
    ),
    "logging": ("LogDroppedPackets", "LogSuccessfulConnections", "LogIgnoredRules", "LogFileSize"),
}
_USER_MERGE = {
    "authorizedapplications": "AuthorizedApplicationsAllowUserPrefMerge",
    "globallyopenports": "GloballyOpenPortsAllowUserPrefMerge",
}
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Stores:
    """What the registry says; C(restricted): the keys with rules of service hardening and of app containers, which are not merged."""

    stores: Mapping[Store, StoreState]
    restricted: tuple[str, ...]


class _Malformed(Exception):
    """A value that decides something is of another type than it has to be; the text is a sentence without its full stop."""


def store_reads() -> tuple[Operation, ...]:
    """The reads that tell all stores."""
    return (LOCAL_RULES_READ, *_PROFILE_READS.values(), _POLICY_READ, _MDM_READ, _RESTRICTED_READ)


def read_stores(answers: Answers) -> Stores | Problem:
    """All stores. What could not be read is a problem: it is not the same as no rules."""
    for operation in store_reads():
        failure = answers[operation].failure
        if failure:
            return Problem.from_failure(failure, str(operation.fields["key"]))
    try:
        local = StoreState(
            rules=_rules(answers[LOCAL_RULES_READ].data["values"]),
            profiles={
                profile: _options(answers[read].data, str(read.fields["key"]))
                for profile, read in _PROFILE_READS.items()
                if answers[read].data["exists"]
            },
            legacy={profile: lists for profile, read in _PROFILE_READS.items() if (lists := _legacy(answers[read].data)) is not None},
        )
        policy = _store(answers[_POLICY_READ].data, POLICY_KEY)
        mdm = _store(answers[_MDM_READ].data, MDM_KEY)
    except _Malformed as error:
        return Problem(Code.MALFORMED_VALUE, f"{error}.")
    return Stores({"local": local, "group_policy": policy, "mdm": mdm}, tuple(_leaves(answers[_RESTRICTED_READ].data["subkeys"])))


def _store(data: Json, key: str) -> StoreState:
    subkeys = _folded(data["subkeys"])
    rules = subkeys.get("firewallrules")
    named = {profile: subkeys[name.casefold()] for profile, name in _OTHER_PROFILES.items() if name.casefold() in subkeys}
    standard = subkeys.get("standardprofile")
    return StoreState(
        rules=_rules(rules["values"]) if rules else (),
        profiles={profile: _options(content, f"{key}\\{_OTHER_PROFILES[profile]}") for profile, content in named.items()},
        standard=None if standard is None else _options(standard, f"{key}\\StandardProfile"),
        legacy={profile: lists for profile, content in named.items() if (lists := _legacy(content)) is not None},
    )


def _rules(values: Json) -> tuple[Rule | Unparsed, ...]:
    return tuple(
        parse(rule_id, value["data"])
        if value["type"] in ("sz", "expand_sz")
        else Unparsed(rule_id, "", f"The value is of the type {value['type']} and not a text.")
        for rule_id, value in values.items()
    )


def _options(content: Json, key: str) -> Options:
    found: dict[str, OptionValue] = {}
    subkeys = _folded(content["subkeys"])
    for below, names in _NUMBERS.items():
        values = _folded(subkeys[below]["values"] if below in subkeys else {}) if below else _folded(content["values"])
        found.update({name: _number(values[name.casefold()], f"{key}\\{name}") for name in names if name.casefold() in values})
    for below, name in _USER_MERGE.items():
        merge = _folded(subkeys[below]["values"]).get("allowuserprefmerge") if below in subkeys else None
        if merge is not None:
            found[name] = _number(merge, f"{key}\\{name}")
    path = _folded(subkeys["logging"]["values"]).get("logfilepath") if "logging" in subkeys else None
    if path is not None and isinstance(path["data"], str):
        found["LogFilePath"] = (path["data"],)
    disabled = _folded(content["values"]).get("disabledinterfaces")
    if disabled is not None:
        found["DisabledInterfaces"] = _guids(disabled, f"{key}\\DisabledInterfaces")
    return found


def _number(value: Json, place: str) -> int:
    if value["type"] != "dword":
        raise _Malformed(f"{place} is of the type {value['type']} and not a number")
    return int(value["data"])


def _guids(value: Json, place: str) -> tuple[str, ...]:
    if value["type"] not in ("sz", "expand_sz", "multi_sz"):
        raise _Malformed(f"{place} is of the type {value['type']} and not a text")
    text = value["data"] if isinstance(value["data"], str) else " ".join(value["data"])
    return tuple(f"{{{guid.upper()}}}" for guid in _GUID.findall(text))


def _legacy(content: Json) -> LegacyLists | None:
    """The XP-style lists of a profile; None when there are none."""
    ports, programs = (_list_names(content, name) for name in ("globallyopenports", "authorizedapplications"))
    return LegacyLists(ports, programs) if ports or programs else None


def _list_names(content: Json, name: str) -> tuple[str, ...]:
    above = _folded(content["subkeys"]).get(name)
    listed = _folded(above["subkeys"]).get("list") if above else None
    return tuple(listed["values"]) if listed else ()


def _leaves(subkeys: Json, path: str = "") -> list[str]:
    found = []
    for name, content in subkeys.items():
        here = f"{path}\\{name}" if path else name
        found += _leaves(content["subkeys"], here) or [here]
    return found


def _folded(names: Mapping[str, Json]) -> dict[str, Json]:
    return {name.casefold(): content for name, content in names.items()}
