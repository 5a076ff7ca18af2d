# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a write makes of a firewall, from nothing but what is sent: so it is the write itself that is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_rule_parameters import (
    Unsayable,
    has_wildcard,
    parameters_of,
    rule_of,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_stores import LOCAL_KEY, LOCAL_PROFILES
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import MODULE, PROFILE_OPTIONS, local_rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile, Rule, Unparsed, parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState, Options, OptionValue

_Parameters = Mapping[str, Json]


def is_firewall_write(operation: Operation) -> bool:
    """Whether it is one of the writes that C(applied) knows of, well formed or not."""
    fields = operation.fields
    if operation.op == "cmdlet.invoke":
        return bool(fields.get("mutates")) and fields.get("module") == MODULE and fields.get("name") in _CMDLETS
    return operation.op == "registry.remove" and _profile_value(fields) is not None


def applied(state: FirewallState, operation: Operation) -> FirewallState | None:
    """The firewall after a write; None for an operation that is no firewall write.

    Unsayable: it is one, and what it does is not understood, or the host would not do it.
    """
    if not is_firewall_write(operation):
        return None
    fields = operation.fields
    if operation.op == "registry.remove":
        value = _profile_value(fields)
        return state if value is None else _with_option(state, *value, None)
    parameters = fields.get("parameters", {})
    name = str(fields["name"])
    if has_wildcard(str(parameters.get("Name", "*"))):
        raise Unsayable(f"the name '{parameters.get('Name')}' may stand for several rules")
    return _CMDLETS[name](state, parameters)


def subjects_of(operation: Operation) -> tuple[str, ...]:
    """What a firewall write moves: a rule, or options of a profile; texts that are equal, but for case, for the same thing."""
    fields = operation.fields
    value = _profile_value(fields)
    if value is not None:
        return ("|".join(value),)
    parameters = fields["parameters"]
    if fields["name"] != "Set-NetFirewallProfile":
        return (f"rule|{parameters['Name']}",)
    name = str(parameters["Name"]).casefold()
    names = {parameter: option for option, (parameter, _words) in PROFILE_OPTIONS.items()}
    return tuple(f"{name}|{names[parameter]}" for parameter in parameters if parameter in names)


def removed_option(profile: Profile, option: str) -> Operation:
    """Take an option out of the computer's own store; no cmdlet does that there. To be sent after its default has been set."""
    key = f"{LOCAL_KEY}\\{LOCAL_PROFILES[profile]}"
    return Operation.of("registry.remove", key=f"{key}\\Logging" if option.startswith("Log") else key, name=option)


def _profile_value(fields: Mapping[str, Json]) -> tuple[Profile, str] | None:
    for profile in LOCAL_PROFILES:
        for option in PROFILE_OPTIONS:
            known = removed_option(profile, option).fields
            if all(str(fields.get(name)).casefold() == str(known[name]).casefold() for name in ("key", "name")):
                return profile, option
    return None


def _new(state: FirewallState, parameters: _Parameters) -> FirewallState:
    if local_rule(state, str(parameters["Name"])) is not None:
        raise Unsayable(f"there is a rule {parameters['Name']} already")
    return _with_rules(state, (*state.stores["local"].rules, rule_of(parameters, state.adapters)))


def _set(state: FirewallState, parameters: _Parameters) -> FirewallState:
    found = _found(state, parameters)
    merged = {**parameters_of(found, state.adapters), **parameters}
    if "NewDisplayName" in merged:
        merged["DisplayName"] = merged.pop("NewDisplayName")
    merged["Name"] = found.rule_id
    return _replaced(state, found, rule_of(merged, state.adapters))


def _remove(state: FirewallState, parameters: _Parameters) -> FirewallState:
    found = local_rule(state, str(parameters["Name"]))
    return state if found is None else _replaced(state, found, None)


def _switch(state: FirewallState, parameters: _Parameters, *, enabled: bool) -> FirewallState:
    found = _found(state, parameters)
    if isinstance(found, Unparsed):
        raise Unsayable(f"the rule {found.rule_id} cannot be read")
    return _replaced(state, found, switched(found, enabled=enabled))


def switched(rule: Rule, *, enabled: bool) -> Rule:
    """The rule with nothing else changed."""
    others = [f"{field.name}={field.value}" for field in rule.fields if field.name != "Active"]
    place = next((number for number, field in enumerate(rule.fields) if field.name == "Active"), 1)
    others.insert(place, f"Active={'TRUE' if enabled else 'FALSE'}")
    made = parse(rule.rule_id, f"{rule.head}|{'|'.join(others)}|")
    if isinstance(made, Unparsed):
        raise Unsayable(made.reason.rstrip("."))
    return made


def _profile(state: FirewallState, parameters: _Parameters) -> FirewallState:
    profile = next((known for known in LOCAL_PROFILES if known == str(parameters["Name"]).casefold()), None)
    if profile is None:
        raise Unsayable(f"'{parameters['Name']}' is no profile")
    after = state
    for name, value in parameters.items():
        if name != "Name":
            after = _with_option(after, profile, *_option(name, value))
    return after


def _option(parameter: str, value: Json) -> tuple[str, OptionValue]:
    for option, (name, words) in PROFILE_OPTIONS.items():
        if name == parameter:
            if words is None:
                return option, int(value)
            number = next((number for number, word in words.items() if word == value), None)
            if number is not None:
                return option, number
    raise Unsayable(f"the parameter {parameter} with the value '{value}' is not known")


_CMDLETS: Mapping[str, Callable[[FirewallState, _Parameters], FirewallState]] = {
    "New-NetFirewallRule": _new,
    "Set-NetFirewallRule": _set,
    "Remove-NetFirewallRule": _remove,
    "Enable-NetFirewallRule": lambda state, parameters: _switch(state, parameters, enabled=True),
    "Disable-NetFirewallRule": lambda state, parameters: _switch(state, parameters, enabled=False),
    "Set-NetFirewallProfile": _profile,
}


def _found(state: FirewallState, parameters: _Parameters) -> Rule | Unparsed:
    found = local_rule(state, str(parameters["Name"]))
    if found is None:
        raise Unsayable(f"there is no rule {parameters['Name']}")
    return found


def _replaced(state: FirewallState, old: Rule | Unparsed, new: Rule | None) -> FirewallState:
    rules = state.stores["local"].rules
    place = next(number for number, rule in enumerate(rules) if rule is old)
    return _with_rules(state, (*rules[:place], *(() if new is None else (new,)), *rules[place + 1 :]))


def _with_rules(state: FirewallState, rules: tuple[Rule | Unparsed, ...]) -> FirewallState:
    return replace(state, stores={**state.stores, "local": replace(state.stores["local"], rules=rules)})


def _with_option(state: FirewallState, profile: Profile, option: str, value: OptionValue | None) -> FirewallState:
    local = state.stores["local"]
    options: Options = {name: known for name, known in local.profiles.get(profile, {}).items() if name != option}
    if value is not None:
        options = {**options, option: value}
    return replace(state, stores={**state.stores, "local": replace(local, profiles={**local.profiles, profile: options})})
