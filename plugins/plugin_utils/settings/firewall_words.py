# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sentences about a firewall: rules by the names that people know, reasons, and where Group Policy is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Place, Reach, plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Admission,
    Doubt,
    Enforcement,
    RuleKey,
    Store,
    Void,
)

STORES: Mapping[Store, str] = {"local": "local", "group_policy": "Group Policy", "mdm": "device management (MDM)"}

_EDITOR = (
    "Computer Configuration > Policies > Windows Settings > Security Settings > Windows Defender Firewall with Advanced Security"
    " > Windows Defender Firewall with Advanced Security"
)
_LEGACY_EDITOR = "Computer Configuration > Policies > Administrative Templates > Network > Network Connections > Windows Defender Firewall"
_MDM = "the firewall policy of device management (MDM)"

ENFORCEMENT: Mapping[Enforcement, str] = {
    Enforcement.OTHER_FIREWALL: "another firewall is registered, and what it does is not known",
    Enforcement.SERVICE_STOPPED: "the firewall service is not running, so that nothing is enforced",
    Enforcement.FIREWALL_OFF: "the firewall is off",
    Enforcement.DISABLED_INTERFACE: "the firewall is off for this interface",
    Enforcement.SHIELDED: "all exceptions are switched off (block all connections)",
}

DOUBTS: Mapping[Doubt, str] = {
    Doubt.OTHER_FIREWALL: "another firewall is registered, or whether one is could not be told",
    Doubt.SERVICE_STOPPED: "whether the firewall service runs could not be told",
    Doubt.UNPARSED_RULE: "a rule cannot be read",
    Doubt.AUTHENTICATED_ONLY: "a rule admits only peers that IPsec has authenticated",
    Doubt.UNKNOWN_FIELD: "a rule has a field that is not known",
    Doubt.UNRESOLVED_CONDITION: "a rule has a condition that cannot be told from here",
    Doubt.UNRESOLVED_KEYWORD: "a rule names addresses or ports by a word that only the host can resolve",
    Doubt.UNKNOWN_PROGRAM: "a rule is for a program, and which one listens is not known",
    Doubt.REMOTE_PORT: "a rule names ports of the other side",
    Doubt.LOCAL_ADDRESS: "a rule is for some of the host's own addresses only",
    Doubt.LEGACY_LIST: "a list of exceptions of old may admit it",
    Doubt.SHIELDED_DISABLED_INTERFACE: "the firewall is off for an interface and at the same time blocks all connections",
}

_VOIDS: Mapping[Void, str] = {
    Void.DISABLED: "is disabled",
    Void.PLATFORM: "is for another version of Windows",
    Void.PROFILE_INACTIVE: "is for profiles that no interface is on",
    Void.LOCAL_MERGE_OFF: "is local, and local rules are not merged",
    Void.USER_MERGE_OFF: "is an exception of old, and these are not merged",
    Void.INTERFACE: "is for an interface that is not there",
    Void.SHIELDED: "does nothing while all exceptions are switched off",
}

_MOST = 6


def several(texts: Iterable[str], between: str = "; ") -> str:
    """Each text once, and not more than a reader bears."""
    unique = list(dict.fromkeys(texts))
    more = [f"and {len(unique) - _MOST} more"] if len(unique) > _MOST else []
    return between.join((*unique[:_MOST], *more))


def addresses(some: AddressSet) -> str:
    """Addresses in words."""
    if some.is_any:
        return "any address"
    texts = some.texts()
    return several(texts, ", ") if texts else "nobody"


def rule_name(key: RuleKey, rule: Rule | None) -> str:
    """A rule by the name that Windows shows, as far as it stands in the rule, and its id."""
    shown = plain(rule.name) if rule and rule.name and not rule.name.startswith("@") else None
    rule_id = plain(key.rule_id)
    said = f"'{shown}' ({rule_id})" if shown and shown != rule_id else f"'{rule_id}'"
    return f"the {STORES[key.store]} rule {said}"


def reaches(title: str, place: Place, reach: Reach) -> str:
    """Who gets in at a place now, and by what."""
    admission = place.admission
    by = [f"{addresses(found)} by {rule_name(key, reach.rules.get(key))}" for key, found in admission.by.items()]
    if admission.enforcement is not Enforcement.FULL:
        by = [ENFORCEMENT[admission.enforcement]]
    elif not by and admission.admitted.is_any:
        by = ["the default action"]
    who = addresses(admission.admitted)
    unknown = f"; not known of {addresses(admission.unknown)}" if not admission.unknown.is_empty else ""
    return f"{title} at {place.title}: {who}{f' ({several(by)})' if by else ''}{unknown}"


def why_not(place: Place, reach: Reach, missing: AddressSet) -> str:
    """Why some addresses do not get in at a place."""
    admission = place.admission
    if admission.enforcement is Enforcement.SHIELDED:
        origin = reach.firewall.origin(place.profile, "DoNotAllowExceptions")
        return f"{ENFORCEMENT[Enforcement.SHIELDED]} by {'the local policy' if origin == 'local' else STORES[origin or 'local']}"
    blockers = blocking(admission, reach, missing)
    if blockers:
        return f"blocked by {several((rule_name(key, reach.rules.get(key)) for key in blockers), ' and ')}"
    if not merges(reach, place.profile):
        return "local rules are not merged, and no rule of a policy admits them"
    voided = [(key, why) for key, why in admission.voided.items() if _would(reach, key, missing, place.profile)]
    if voided:
        return several((f"{rule_name(key, reach.rules.get(key))} {_VOIDS[why]}" for key, why in voided), " and ")
    return "no rule admits them"


def blocking(admission: Admission, reach: Reach, missing: AddressSet) -> tuple[RuleKey, ...]:
    """The blocking rules that some addresses run into."""
    found = []
    for key in sorted(admission.blocked_by):
        rule = reach.rules.get(key)
        if rule is None or reach.resolved(rule.remote_addresses).overlaps(missing):
            found.append(key)
    return tuple(found)


def merges(reach: Reach, profile: Profile) -> bool:
    """Whether local rules count on a profile."""
    return bool(reach.firewall.setting(profile, "AllowLocalPolicyMerge"))


def _would(reach: Reach, key: RuleKey, missing: AddressSet, profile: Profile) -> bool:
    rule = reach.rules.get(key)
    return rule is not None and profile in rule.profiles and reach.resolved(rule.remote_addresses).overlaps(missing)


def doubts(admission: Admission, reach: Reach) -> str:
    """Why it cannot be said of somebody whether they get in, with the rules that leave it open."""
    found = []
    told: set[Doubt] = set()
    for key, codes in admission.doubtful.items():
        told |= codes
        found.append(
            f"{several(DOUBTS[code] for code in sorted(codes, key=lambda code: code.value))}: {rule_name(key, reach.rules.get(key))}"
        )
    rest = sorted(admission.doubts - told - {Doubt.AUTHENTICATED_ONLY, Doubt.UNPARSED_RULE}, key=lambda code: code.value)
    return several([*found, *(DOUBTS[code] for code in rest)]) or several(
        DOUBTS[code] for code in sorted(admission.doubts, key=lambda code: code.value)
    )


def mend_shield(store: Store, profile: Profile) -> str:
    """Where a policy has switched all exceptions off, and what to choose there."""
    if store == "mdm":
        return f"In {_MDM}, take back that all inbound connections of the {profile} profile are blocked (Shielded: false)."
    return (
        f"In Group Policy, {_EDITOR} > Properties > {_tab(profile)}: set Inbound connections to 'Block (default)' instead of 'Block all"
        f" connections'; or {_LEGACY_EDITOR} > {_legacy_folder(profile)}: disable 'Do not allow exceptions'."
    )


def mend_merge(store: Store | None, profile: Profile) -> str:
    """Where a policy keeps local rules from being merged, and what to choose there."""
    if store == "mdm":
        return f"In {_MDM}, allow local rules of the {profile} profile (AllowLocalPolicyMerge: true), or put the exception there."
    return (
        f"In Group Policy, {_EDITOR} > Properties > {_tab(profile)} > Settings > Customize: set 'Apply local firewall rules' to Yes;"
        f" or put the exception into Group Policy, {_EDITOR} > Inbound Rules."
    )


def mend_rules(keys: Sequence[tuple[RuleKey, Rule | None]], what: str) -> str:
    """Where the rules of a policy are edited; C(what) is what to do with them."""
    texts = []
    names = several((rule_name(key, rule) for key, rule in keys if key.store == "group_policy"), " and ")
    if names:
        texts.append(f"In Group Policy, {_EDITOR} > Inbound Rules: {what} {names}.")
    names = several((rule_name(key, rule) for key, rule in keys if key.store == "mdm"), " and ")
    if names:
        texts.append(f"In {_MDM}: {what} {names}.")
    return " ".join(texts)


def mend_state(store: Store, profile: Profile, what: str) -> str:
    """Where a policy decides a profile's state, and what to choose there."""
    if store == "mdm":
        return f"In {_MDM}, profile {profile}: {what}."
    return f"In Group Policy, {_EDITOR} > Properties > {_tab(profile)}: {what}."


def _tab(profile: Profile) -> str:
    return f"{profile.capitalize()} Profile"


def _legacy_folder(profile: Profile) -> str:
    return "Domain Profile" if profile == "domain" else "Standard Profile"
