# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WMI: namespaces, classes, instances and methods, from the state and from providers that answer at query time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from windows_estate.machine import wql
from windows_estate.machine.cim_types import convert, plain_text
from windows_estate.machine.errors import WMI_STATUS, HostError, invalid
from windows_estate.machine.names import NameDict, fold, name_dict

if TYPE_CHECKING:
    from windows_estate.machine.machine import Machine

Properties = dict[str, Any]
Provider = Callable[["Machine"], list[Properties]]
Method = Callable[["Machine", "Properties | None", Properties], Properties]
PutHook = Callable[["Machine", Properties, Properties], None]

_SYSTEM_TYPES = dict.fromkeys(("__CLASS", "__PATH", "__RELPATH", "__NAMESPACE", "__SERVER"), "string")
_CHILDREN = {"name": "__NAMESPACE", "properties": {"Name": "string"}, "key": ["Name"]}


def wmi_error(status: str, message: str) -> HostError:
    kinds = {
        "AccessDenied": "access_denied",
        "NotFound": "not_found",
        "ProviderLoadFailure": "unsupported",
        "ProviderNotCapable": "unsupported",
        "InvalidNamespace": "unsupported",
        "InvalidClass": "unsupported",
        "InvalidQuery": "invalid",
        "InvalidMethod": "invalid",
        "InvalidParameter": "invalid",
        "TypeMismatch": "invalid",
        "Timedout": "timeout",
    }
    return HostError(kinds.get(status, "failed"), message, WMI_STATUS.get(status, WMI_STATUS["Failed"]))


class ClassDefinition:
    """A class as the state describes it, with its names looked up ignoring case."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.properties = name_dict(data, "properties")
        self.methods = name_dict(data, "methods") if data.get("methods") else NameDict()
        self.lazy = frozenset(fold(lazy) for lazy in data.get("lazy") or ())
        self.slow = float(data.get("slow") or 0)
        self.key: list[str] = data.get("key") or list(self.properties)[:1]


class Instance:
    """One instance as a query returned it: `columns` are shown; lazy ones are null until `load`."""

    def __init__(self, wmi: Wmi, namespace: str, definition: ClassDefinition, source: dict[str, Any]) -> None:
        self.wmi = wmi
        self.namespace = namespace
        self.definition = definition
        self.source = source
        self.stored = name_dict(source, "properties")
        self.columns = list(definition.properties)
        self.loaded = False

    def load(self) -> None:
        """Get the whole instance: every property, the lazy ones too."""
        self.columns = list(self.definition.properties)
        self.loaded = True

    def property(self, name: str) -> tuple[str, Any] | None:
        """Type and value of a property or a system property; None where the instance has none of that name."""
        for column in self.columns:
            if fold(column) == fold(name):
                return self.definition.properties[column], self.value(column)
        system = name.upper()
        return (_SYSTEM_TYPES[system], self._system(system)) if system in _SYSTEM_TYPES else None

    def value(self, name: str) -> Any:
        if not self.loaded and fold(name) in self.definition.lazy:
            return None
        return convert(self.definition.properties[name], self.stored.get(name))

    def lookup(self, name: str) -> Any:
        """A property's value for a condition."""
        return self.value(name) if name in self.definition.properties else self._system(name.upper())

    def _system(self, name: str) -> str:
        if name == "__CLASS":
            return self.definition.name
        if name == "__NAMESPACE":
            return self.namespace
        server = self.wmi.machine.name
        if name == "__SERVER":
            return server
        keys = ",".join(f'{key}="{self._key_text(key)}"' for key in self.definition.key)
        path = self.source.get("path") or f"\\\\{server}\\{self.namespace}:{self.definition.name}.{keys}"
        return str(path) if name == "__PATH" else str(path).partition(":")[2]

    def _key_text(self, key: str) -> str:
        value = self.stored.get(key)
        return "" if value is None else plain_text(value).replace("\\", "\\\\").replace('"', '\\"')


class Wmi:
    """Reads and writes `state["wmi"]`; asks the machine's providers for classes of theirs."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    # What behaviours use: nothing is denied here.

    @property
    def namespaces(self) -> NameDict:
        return name_dict(self.machine.state, "wmi")

    def add_namespace(self, namespace: str) -> dict[str, Any]:
        """The namespace's data, made if absent."""
        data: dict[str, Any] = self.namespaces.setdefault(namespace, {})
        name_dict(data, "classes")
        data.setdefault("instances", [])
        return data

    def define(
        self, namespace: str, name: str, properties: dict[str, str], *, lazy: tuple[str, ...] = (), key: tuple[str, ...] = (), **more: Any
    ) -> None:
        """Make or replace a class; `more`: methods, slow."""
        data: dict[str, Any] = {"properties": NameDict(properties), **more}
        if lazy:
            data["lazy"] = list(lazy)
        if key:
            data["key"] = list(key)
        self.add_namespace(namespace)["classes"][name] = data

    def add(self, namespace: str, class_name: str, properties: Properties, **more: Any) -> dict[str, Any]:
        """Append an instance and return it; `more`: path, denied."""
        instance = {"class": class_name, "properties": NameDict(properties), **more}
        self.add_namespace(namespace)["instances"].append(instance)
        return instance

    def find(self, namespace: str, class_name: str, **where: Any) -> list[NameDict]:
        """The properties, mutable, of the stored instances of a class; `where`: values that must be equal."""
        data = self.namespaces.get(namespace) or {}
        found = [name_dict(one, "properties") for one in data.get("instances") or () if fold(one["class"]) == fold(class_name)]
        return [properties for properties in found if all(properties.get(name) == value for name, value in where.items())]

    def delete(self, namespace: str, class_name: str, **where: Any) -> int:
        """Remove stored instances; how many."""
        doomed = {id(properties) for properties in self.find(namespace, class_name, **where)}
        data = self.namespaces.get(namespace) or {}
        kept = [one for one in data.get("instances") or () if id(one.get("properties")) not in doomed]
        data["instances"] = kept
        return len(doomed)

    # What requests use.

    def open(self, namespace: str) -> dict[str, Any]:
        """The namespace's data, or the error of connecting to it."""
        data = self.namespaces.get(namespace.replace("/", "\\"))
        if data is None:
            raise wmi_error("InvalidNamespace", f"The namespace {namespace} does not exist.")
        if data.get("throws"):
            raise wmi_error(data["throws"], f"The provider of {namespace} failed: {data['throws']}.")
        gate = self.machine.wmi_gates.get(fold(namespace.replace("/", "\\")))
        if gate is not None:
            gate(self.machine)
        assert isinstance(data, dict)
        return data

    def class_definition(self, namespace: str, name: str) -> ClassDefinition:
        classes = name_dict(self.open(namespace), "classes")
        data, actual = classes.get(name), classes.actual(name)
        if data is None:
            declared = self.machine.wmi_classes.get((fold(namespace), fold(name)))
            if declared is None and fold(name) == "__namespace":
                declared = _CHILDREN
            data, actual = declared, (declared or {}).get("name", name)
        if data is None or actual is None:
            raise wmi_error("InvalidClass", f"The class {name} does not exist in {namespace}.")
        return ClassDefinition(actual, data)

    def query(self, namespace: str, text: str, timeout: float) -> list[Instance]:
        """The instances that match; `timeout` in seconds."""
        query = wql.parse(text)
        definition = self.class_definition(namespace, query.class_name)
        for name in {*query.used, *(query.names or ())}:
            if name not in definition.properties and name.upper() not in _SYSTEM_TYPES:
                raise wql.invalid_query(f"{definition.name} has no property {name}")
        if definition.slow > timeout:
            raise wmi_error("Timedout", f"The query did not end within {timeout} seconds.")
        if definition.slow:
            self.machine.sleep(definition.slow)
        found = []
        for source in self._sources(namespace, definition):
            instance = Instance(self, namespace, definition, source)
            if query.matches(instance.lookup):
                if query.names is not None:
                    wanted = {fold(name) for name in query.names}
                    instance.columns = [name for name in definition.properties if fold(name) in wanted]
                found.append(instance)
        return found

    def put(self, instance: Instance, properties: Properties) -> None:
        """Commit a whole instance: what it had before is replaced."""
        if instance.source.get("denied") == "put":
            raise wmi_error("AccessDenied", f"Writing an instance of {instance.definition.name} is denied.")
        place = (fold(instance.namespace), fold(instance.definition.name))
        hook = self.machine.wmi_puts.get(place)
        if place in self.machine.wmi_providers and hook is None:
            raise wmi_error("ProviderNotCapable", f"The provider of {instance.definition.name} cannot write.")
        after = NameDict((name, value) for name, value in properties.items() if value is not None)
        before = NameDict(copy.deepcopy(dict(instance.stored)))
        if hook is not None:
            hook(self.machine, before, after)
        # In place: behaviours may hold on to the properties of an instance.
        instance.stored.clear()
        instance.stored.update(after)
        instance.source["puts"] = instance.source.get("puts", 0) + 1

    def invoke(
        self, namespace: str, definition: ClassDefinition, name: str, instance: Instance | None, arguments: Properties
    ) -> list[tuple[str, str, Any]]:
        """Call a method; its output parameters as name, type and value, the return value among them."""
        method = definition.methods.get(name)
        if method is None:
            raise wmi_error("NotFound", f"{definition.name} has no method {name}.")
        declared = NameDict(method.get("in") or {})
        converted: Properties = {}
        for parameter, value in arguments.items():
            if parameter not in declared:
                raise invalid(f"The method {name} has no parameter {parameter}.")
            if value is not None:
                converted[declared.actual(parameter) or parameter] = convert(declared[parameter], value)
        actual = definition.methods.actual(name)
        call = {"method": f"{definition.name}.{actual}", "static": instance is None, "arguments": converted}
        self.machine.calls.append(call)
        if method.get("throws"):
            raise wmi_error(method["throws"], f"The method {name} failed: {method['throws']}.")
        out = method.get("out") or {}
        values: Properties = {parameter: entry.get("value") for parameter, entry in out.items()}
        behaviour = self.machine.wmi_methods.get((fold(namespace), fold(definition.name), fold(name)))
        if behaviour is not None:
            values.update(behaviour(self.machine, None if instance is None else instance.stored, converted))
        return [(parameter, entry["type"], convert(entry["type"], values[parameter])) for parameter, entry in out.items()]

    def _sources(self, namespace: str, definition: ClassDefinition) -> Iterator[dict[str, Any]]:
        place = (fold(namespace), fold(definition.name))
        provider = self.machine.wmi_providers.get(place)
        if provider is not None:
            for properties in provider(self.machine):
                unknown = [name for name in properties if name not in definition.properties]
                if unknown:
                    raise ValueError(f"The provider of {definition.name} returned a property that the class lacks: {unknown[0]}.")
                yield {"class": definition.name, "properties": NameDict(properties)}
        for source in self.open(namespace).get("instances") or ():
            if fold(source["class"]) == place[1]:
                yield source
        if place[1] == "__namespace":
            for other in self.namespaces:
                above, _, name = other.rpartition("\\")
                if fold(above) == place[0]:
                    yield {"class": definition.name, "properties": {"Name": name}}
