# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cim.query, cim.put, cim.invoke."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from windows_estate.contract.context import Fields, Operation, Run
from windows_estate.contract.fields import Field, checked, optional
from windows_estate.contract.values import same
from windows_estate.machine.cim_types import convert, plain_text
from windows_estate.machine.errors import HostError, invalid
from windows_estate.machine.names import NameDict, fold
from windows_estate.machine.wmi import Instance, wmi_error

_READING_METHOD: Final = re.compile(r"(Get|Test)([A-Z0-9].*)?", re.DOTALL)
_EMBEDDED: Final = {
    "property": Field("text"),
    "key": Field("text"),
    "name": Field("text"),
    "class": Field("text"),
    "set": Field("object"),
    "expect": optional("object", {}),
}


class _View:
    """Values of a namespace as answers show them, with the names in the mask hidden."""

    def __init__(self, run: Run, namespace: str, mask: list[str] | None = None) -> None:
        self._run = run
        self._namespace = namespace
        self._mask = {fold(name) for name in mask or ()}

    def shown(self, name: str, cim_type: str, value: Any) -> Any:
        if fold(name) in self._mask:
            return _presence(value)
        if value is None or cim_type.removesuffix("[]") != "object":
            return list(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else value
        return [self.embedded(one) for one in value] if isinstance(value, list) else self.embedded(value)

    def embedded(self, element: Mapping[str, Any]) -> dict[str, Any]:
        """An embedded object with its class; in one that the mask names, its other texts and its lists are hidden."""
        row: dict[str, Any] = {"__class": element["__class"]}
        for name, cim_type in self.types(element).items():
            row[name] = self.shown(name, cim_type, convert(cim_type, NameDict(element).get(name)))
        if any(self._is_masked_name(value) for name, value in row.items() if name != "__class"):
            for name, value in row.items():
                if name != "__class" and isinstance(value, (str, list)) and not self._is_masked_name(value):
                    row[name] = _presence(value)
        return row

    def types(self, element: Mapping[str, Any]) -> Mapping[str, str]:
        return self._run.machine.wmi.class_definition(self._namespace, element["__class"]).properties

    def _is_masked_name(self, value: Any) -> bool:
        return isinstance(value, str) and fold(value) in self._mask


def _presence(value: Any) -> dict[str, bool]:
    return {"present": value is not None and value not in ("", [], {"base64": ""})}


def _row(view: _View, instance: Instance, names: list[str] | None) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in instance.columns if names is None else names:
        found = instance.property(name)
        if found is not None:
            row[name] = view.shown(name, *found)
    return row


def _one(run: Run, namespace: str, query: str, timeout: float) -> Instance:
    found = run.machine.wmi.query(namespace, query, timeout)
    if not found:
        raise HostError("not_found", "The query matches no instance.")
    if len(found) > 1:
        raise invalid(f"The query matches {len(found)} instances.")
    return found[0]


def query(run: Run, fields: Fields) -> dict[str, Any]:
    instances = run.machine.wmi.query(fields["namespace"], fields["query"], fields["timeout"])
    view = _View(run, fields["namespace"], fields["mask"])
    if fields["lazy"]:
        for instance in instances:
            instance.load()
    return {"rows": [_row(view, instance, fields["properties"]) for instance in instances]}


def put(run: Run, fields: Fields) -> None:
    namespace = fields["namespace"]
    edits = [checked(edit, _EMBEDDED) for edit in fields["embedded"]]
    instance = _one(run, namespace, fields["query"], fields["timeout"])
    instance.load()
    view = _View(run, namespace)
    types = instance.definition.properties
    before = {name: instance.value(name) for name in types}
    after = NameDict(copy.deepcopy(before))
    for name, value in fields["set"].items():
        _assign(after, types, name, value)
    for edit in edits:
        _edit(run, view, namespace, after, types, edit)
    if same(_shown(view, types, before), _shown(view, types, after)):
        return
    run.machine.wmi.put(instance, after)
    run.changed = True


def _shown(view: _View, types: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: view.shown(name, cim_type, values.get(name)) for name, cim_type in types.items()}


def _assign(target: NameDict, types: Mapping[str, str], name: str, value: Any) -> None:
    """Set a property, converted to its type."""
    if name not in types:
        raise invalid(f"There is no property {name!r}.")
    if isinstance(value, dict) and set(value) != {"base64"}:
        raise invalid(f"The value of {name!r} is an object that cannot be written.")
    target[name] = convert(types[name], value)


def _edit(run: Run, view: _View, namespace: str, after: NameDict, types: Mapping[str, str], edit: Fields) -> None:
    """Change, or make and append, one element of an embedded array."""
    place = edit["property"]
    if place not in types or types[place] != "object[]":
        raise invalid(f"There is no array {place!r} of embedded objects.")
    elements: list[dict[str, Any]] = list(after.get(place) or ())
    index = next((number for number, one in enumerate(elements) if _is_named(one, edit["key"], edit["name"])), None)
    if index is None:
        definition = run.machine.wmi.class_definition(namespace, edit["class"])
        element = NameDict({"__class": definition.name})
        _assign(element, definition.properties, edit["key"], edit["name"])
        old = NameDict()
    else:
        element = NameDict(elements[index])
        old = NameDict(view.embedded(element))
    for name, value in edit["set"].items():
        _assign(element, view.types(element), name, value)
    if index is not None and same(view.embedded(element), dict(old)):
        return
    for name, value in edit["expect"].items():
        if not same(old.get(name), value):
            raise HostError("stale", f"In {edit['name']!r} the property {name!r} is not what was expected.")
    stored = {name: value for name, value in element.items() if value is not None}
    if index is None:
        elements.append(stored)
    else:
        elements[index] = stored
    after[place] = elements


def _is_named(element: Mapping[str, Any], key: str, name: str) -> bool:
    value = NameDict(element).get(key)
    return value is not None and not isinstance(value, (dict, list)) and fold(plain_text(value)) == fold(name)


def invoke(run: Run, fields: Fields) -> dict[str, Any]:
    namespace, method = fields["namespace"], fields["method"]
    if not fields["mutates"] and not _READING_METHOD.fullmatch(method):
        raise invalid(f"The method {method!r} is neither Get nor Test and not marked as a write.")
    if (fields["class"] is None) == (fields["query"] is None):
        raise invalid("Exactly one of class and query is needed.")
    instance = None
    if fields["class"] is not None:
        definition = run.machine.wmi.class_definition(namespace, fields["class"])
    else:
        instance = _one(run, namespace, fields["query"], fields["timeout"])
        definition = instance.definition
    if method not in definition.methods:
        raise wmi_error("NotFound", f"{definition.name} has no method {method}.")
    for name, value in fields["arguments"].items():
        if isinstance(value, dict) and set(value) != {"base64"}:
            raise invalid(f"The argument {name!r} is an object that cannot be handed over.")
    results = run.machine.wmi.invoke(namespace, definition, method, instance, fields["arguments"])
    if fields["mutates"]:
        run.changed = True
    view = _View(run, namespace)
    output = {name: view.shown(name, cim_type, value) for name, cim_type, value in results}
    return {"return_value": output.pop("ReturnValue", None), "output": output}


_QUERY: Final = {"namespace": Field("text"), "query": Field("text")}
OPERATIONS: Final = {
    "cim.query": Operation(query, {**_QUERY, "properties": optional("texts"), "lazy": optional("flag", False), "mask": optional("texts")}),
    "cim.put": Operation(put, {**_QUERY, "set": optional("object", {}), "embedded": optional("objects", [])}, writes=True),
    "cim.invoke": Operation(
        invoke,
        {
            "namespace": Field("text"),
            "method": Field("text"),
            "class": optional("text"),
            "query": optional("text"),
            "arguments": optional("object", {}),
        },
    ),
}
