# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Between the collection's evaluator and the checks here: the one place that knows the evaluator's types.

The checks speak the form of ``situations.yml``. A state and a query of that form become the evaluator's, and its answer for an interface
becomes one of the form of ``expect`` there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import parse_all
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import (
    Admission,
    FirewallState,
    Interface,
    LegacyLists,
    Options,
    OptionValue,
    Query,
    StoreState,
)
from tests.unit.windows.firewall_oracle.oracle import ENVIRONMENT, Json
from tests.unit.windows.firewall_oracle.situations import Expectation, expectation

INTERFACE_TYPES: Any = {"Lan": "lan", "Wireless": "wireless", "RemoteAccess": "remote_access"}


def state_for(state: Json) -> FirewallState:
    """The state as the evaluator takes it."""
    version: Any = state.get("windows", {}).get("version")
    return FirewallState(
        stores={store: store_for(state, store) for store in ("local", "group_policy", "mdm")},
        interfaces=tuple(interface_for(interface) for interface in state["interfaces"]),
        service_running={"running": True, "stopped": False}[state["service"]],
        other_firewall=state["other_firewall"],
        version=version and version_for(version),
        variables={name.upper(): value for name, value in ENVIRONMENT.items()},
    )


def version_for(text: str) -> tuple[int, int]:
    major, minor, *_build = text.split(".")
    return int(major), int(minor)


def store_for(state: Json, name: str) -> StoreState:
    store = state.get(name, {})
    profiles = {profile: options_for(options) for profile, options in store.get("profiles", {}).items()}
    lists: Any = {
        profile: LegacyLists(tuple(entry.get("globally_open_ports", ())), tuple(entry.get("authorized_applications", ())))
        for profile, entry in state.get("legacy_lists", {}).get(name, {}).items()
    }
    return StoreState(
        rules=parse_all(store.get("rules", {}).items()),
        profiles={profile: options for profile, options in profiles.items() if profile != "standard"},
        standard=profiles.get("standard"),
        legacy=lists,
    )


def options_for(options: Json) -> Options:
    return {name: option_for(value) for name, value in options.items()}


def option_for(value: Any) -> OptionValue:
    if isinstance(value, int):
        return value
    return (value,) if isinstance(value, str) else tuple(value)


def interface_for(interface: Json) -> Interface:
    def addresses(name: str) -> tuple[str, ...] | None:
        return tuple(interface[name]) if name in interface else None

    return Interface(
        guid=interface["guid"],
        alias=interface["alias"],
        type=INTERFACE_TYPES[interface["type"]] if "type" in interface else None,
        profile=interface["profile"],
        addresses=tuple(interface.get("addresses", ())),
        gateways=addresses("gateways"),
        dns=addresses("dns"),
        dhcp=addresses("dhcp"),
        wins=addresses("wins"),
    )


def query_for(query: Json) -> Query:
    """The query as the evaluator takes it."""
    said = dict(query)
    if "icmp" in said:
        kind, code = said["icmp"].split(":")
        said["icmp"] = (int(kind), int(code))
    return Query(**said)


def answer_of(answers: tuple[Admission, ...], interface: str, local: str | None) -> Expectation:
    """Of all that was answered, what holds for one interface and for what is sent to one of its addresses."""
    own = [answer for answer in answers if answer.interface == interface]
    answer = next((answer for answer in own if local is not None and answer.local_address == local), None)
    if answer is None:
        (answer,) = (answer for answer in own if answer.local_address is None)
    said = {
        "admitted": texts(answer.admitted),
        "unknown": texts(answer.unknown),
        "admitted_authenticated": texts(answer.admitted_authenticated),
        "unknown_authenticated": texts(answer.unknown_authenticated),
        "by": map(str, answer.by),
        "blocked_by": map(str, answer.blocked_by),
        "voided": {str(rule): why.value for rule, why in answer.voided.items()},
        "doubt": (doubt.value for doubt in answer.doubts),
        "enforcement": answer.enforcement.value,
    }
    return expectation(interface if local is None else f"{interface}@{local}", said)


def texts(addresses: AddressSet) -> Iterable[str]:
    return addresses.texts()


def ask(state: Json, query: Json) -> tuple[Admission, ...]:
    """All answers of the evaluator: asked once, read with `answer_of` for each interface and address."""
    return Firewall(state_for(state)).admissions(query_for(query))


def merged(state: Json, profile: Any, option: str) -> Any:
    """The effective value of a profile's option, in the form of ``situations.yml``."""
    value = Firewall(state_for(state)).setting(profile, option)
    if option == "LogFilePath":
        return "".join(map(str, value)) if isinstance(value, tuple) else value
    return list(value) if isinstance(value, tuple) else value
