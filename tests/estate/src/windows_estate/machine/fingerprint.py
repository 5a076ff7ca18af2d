# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A machine's state in one comparable form, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from windows_estate.machine.names import fold
from windows_estate.machine.paths import parent_of

_OWN_FOLDER: Final = "\\configmgr.hardening"
# Records of what happened, and drives that a session made for itself.
_NOT_CONFIGURATION: Final = ("calls", "drives")


@dataclass
class Volatile:
    """What a machine's behaviours change by themselves as time goes by; all folded.

    keys: registry keys, with all below; values: (key, value name); properties: (namespace, class, property); classes: (namespace, class).
    """

    keys: set[str] = field(default_factory=set)
    values: set[tuple[str, str]] = field(default_factory=set)
    properties: set[tuple[str, str, str]] = field(default_factory=set)
    classes: set[tuple[str, str]] = field(default_factory=set)


def comparable(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state as plain data in one form: names folded, what lies above an entry made explicit, nulls and times of files left out."""
    plain = {name: value for name, value in state.items() if value not in (None, [], {})}
    plain["registry"] = _registry(state.get("registry") or {})
    plain["files"] = {fold(path): _file(entry) for path, entry in (state.get("files") or {}).items()}
    plain["folders"] = _folders(state)
    plain["wmi"] = {fold(name): _namespace(data) for name, data in (state.get("wmi") or {}).items()}
    groups = state.get("groups") or ()
    plain["groups"] = [{**group, "members": [member["sid"] for member in group.get("members") or ()]} for group in groups]
    return plain


def fingerprint(state: Mapping[str, Any], program_data: str, volatile: Volatile, also: Mapping[str, str] | None = None) -> str:
    """SHA-256 over the canonical JSON of the configuration: not over times, counters, records and the hardening collection's own folder.

    `also`: what belongs to the configuration and is not in the state.
    """
    plain = comparable({name: value for name, value in state.items() if name not in _NOT_CONFIGURATION})
    if also:
        plain["also"] = dict(also)
    own = fold(program_data + _OWN_FOLDER)
    for field_name in ("files", "folders"):
        plain[field_name] = {path: entry for path, entry in plain[field_name].items() if not _in_tree(path, {own})}
    plain["folders"] = {path: entry for path, entry in plain["folders"].items() if entry or not _is_above(path, own)}
    keys = {key: entry for key, entry in plain["registry"].items() if not _in_tree(key, volatile.keys)}
    plain["registry"] = {key: _steady_key(key, entry, volatile) for key, entry in keys.items()}
    for namespace, data in plain["wmi"].items():
        data["instances"] = [
            _steady_instance(namespace, instance, volatile)
            for instance in data["instances"]
            if (namespace, fold(instance["class"])) not in volatile.classes
        ]
    for group in plain["groups"]:
        group["members"] = sorted(group["members"])
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def _is_above(path: str, other: str) -> bool:
    return other.startswith(path + "\\")


def _in_tree(key: str, roots: set[str]) -> bool:
    return any(key == root or key.startswith(root + "\\") for root in roots)


def _registry(keys: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, entry in keys.items():
        values = {fold(name): value for name, value in (entry.get("values") or {}).items()}
        found[fold(key)] = {"values": values, "denied": entry.get("denied")}
        above = parent_of(fold(key))
        while above and above not in found:
            found[above] = {"values": {}, "denied": None}
            above = parent_of(above)
    return found


def _file(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "modified"}


def _folders(state: Mapping[str, Any]) -> dict[str, Any]:
    folders = {fold(path): dict(entry or {}) for path, entry in (state.get("folders") or {}).items()}
    for path in [*folders, *(fold(path) for path in state.get("files") or {})]:
        above = parent_of(path)
        while "\\" in above and above not in folders:
            folders[above] = {}
            above = parent_of(above)
    return folders


def _namespace(data: Mapping[str, Any]) -> dict[str, Any]:
    instances = []
    for instance in data.get("instances") or ():
        properties = {fold(name): value for name, value in instance["properties"].items() if value is not None}
        instances.append({**instance, "properties": properties})
    return {"instances": instances, "throws": data.get("throws")}


def _steady_key(key: str, entry: dict[str, Any], volatile: Volatile) -> dict[str, Any]:
    return {**entry, "values": {name: value for name, value in entry["values"].items() if (key, name) not in volatile.values}}


def _steady_instance(namespace: str, instance: dict[str, Any], volatile: Volatile) -> dict[str, Any]:
    class_name = fold(instance["class"])
    properties = {name: value for name, value in instance["properties"].items() if (namespace, class_name, name) not in volatile.properties}
    return {**{name: value for name, value in instance.items() if name != "puts"}, "properties": properties}
