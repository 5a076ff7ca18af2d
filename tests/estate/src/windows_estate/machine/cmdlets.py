# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PowerShell modules and their commands: from the state, and as behaviours; the ConfigMgr console and its site drives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from windows_estate.machine.cim_types import plain_text
from windows_estate.machine.errors import E_ACCESSDENIED, HostError, invalid
from windows_estate.machine.files import iso_time
from windows_estate.machine.names import NameDict, fold, name_dict

if TYPE_CHECKING:
    from windows_estate.machine.machine import Machine

CONSOLE_MODULE: Final = "configurationmanager"
_CONNECTION: Final = "HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\ConfigMgr10\\AdminUI\\Connection"
# about_CommonParameters; WhatIf and Confirm are the command's own.
_COMMON: Final = frozenset(
    {
        *("debug", "erroraction", "errorvariable", "informationaction", "informationvariable", "outbuffer", "outvariable"),
        *("pipelinevariable", "progressaction", "verbose", "warningaction", "warningvariable"),
    }
)
_THROWN: Final[dict[str, tuple[str, int | None]]] = {
    "unauthorized": ("access_denied", E_ACCESSDENIED),
    "security": ("access_denied", -2146233078),
    "file_not_found": ("not_found", -2147024894),
    "timeout": ("timeout", -2146233083),
    "cim_denied": ("access_denied", 2),
    "cim_not_found": ("not_found", 6),
    "cim_failed": ("failed", 1),
    "win32_denied": ("access_denied", 5),
    "unknown": ("failed", -2146233088),
}
_CATEGORIES: Final = {"ObjectNotFound": "not_found", "PermissionDenied": "access_denied"}

Parameters = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A command with a behaviour.

    parameters: name -> text, texts, number, flag, switch, secure, datetime or any. `run(machine, parameters, location)` gets the
    parameters that were given, by their declared names, in the forms of a request ({"switch": true}, {"secure": text}, {"datetime": ISO
    text}; a call inside as its row or rows), and the location ("P01:\\") or None; it returns rows or raises HostError.
    recorded: appended to the state's calls; by default, when the verb is not Get or Test.
    """

    version: str
    parameters: Mapping[str, str]
    run: Callable[[Machine, Parameters, str | None], list[Row]]
    mandatory: tuple[str, ...] = ()
    recorded: bool | None = None
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Inner:
    """The rows of a call that is a parameter of another."""

    rows: list[Row]


class Cmdlets:
    """`state["modules"]`, `state["drives"]` and the machine's commands."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def has_module(self, module: str) -> bool:
        """Whether the module can be imported: the console's is found through the console only."""
        if fold(module) == CONSOLE_MODULE and not self._machine.state.get("console"):
            return False
        declared = module in name_dict(self._machine.state, "modules")
        return declared or any(place[0] == fold(module) for place in self._machine.commands)

    def find(self, module: str, name: str) -> Command | None:
        """The command that a module exports."""
        if not self.has_module(module):
            return None
        behaviour = self._machine.commands.get((fold(module), fold(name)))
        if behaviour is not None:
            return behaviour
        data = name_dict(self._machine.state, "modules").get(module)
        if data is None:
            return None
        commands = name_dict(data, "commands")
        actual = commands.actual(name)
        return None if actual is None else _declared(actual, str(data.get("version") or "1.0"), commands[actual] or {})

    def enter_site(self, site: str) -> str:
        """The location of a site drive, which is made if need be."""
        if not self._machine.state.get("console"):
            raise HostError("unsupported", "The Configuration Manager console is not installed.")
        if self._machine.site_gate is not None:
            self._machine.site_gate(self._machine, site)
        drives: list[str] = self._machine.state.setdefault("drives", [])
        if fold(site) not in map(fold, drives):
            root = self._machine.registry.data(_CONNECTION, "Server") or self._machine.name
            drives.append(site)
            self._machine.calls.append({"drive": site, "root": root})
        return f"{site}:\\"

    def run(self, name: str, command: Command, parameters: Mapping[str, Any], location: str | None) -> list[Row]:
        """Bind the parameters and run the command; its rows, in the form of a state's output."""
        bound = _bind(name, command, parameters)
        recorded = command.recorded
        if recorded is None:
            recorded = not fold(name).startswith(("get-", "test-"))
        if recorded:
            call: dict[str, Any] = {"command": command.name or name, "parameters": bound}
            if location is not None:
                call["location"] = location
            self._machine.calls.append(call)
        return command.run(self._machine, NameDict(bound), location)


def _declared(name: str, version: str, data: dict[str, Any]) -> Command:
    def run(_machine: Machine, _parameters: Parameters, _location: str | None) -> list[Row]:
        if data.get("throws"):
            kind, code = _THROWN[data["throws"]]
            raise HostError(kind, f"{name} failed: {data['throws']}.", code)
        category = data.get("error_category") or data.get("writes_error")
        if category:
            raise HostError(_CATEGORIES.get(category, "failed"), f"{name} failed: {category}.", -2146233088)
        return list(data.get("output") or ())

    return Command(version, data.get("parameters") or {}, run, recorded=data.get("recorded"), name=name)


def _bind(name: str, command: Command, given: Mapping[str, Any]) -> Parameters:
    declared = NameDict(command.parameters)
    bound: Parameters = {}
    for parameter, value in given.items():
        actual = declared.actual(parameter)
        if actual is not None:
            bound[actual] = _converted(actual, declared[actual], value)
        elif fold(parameter) not in _COMMON:
            raise invalid(f"{name} has no parameter {parameter}.")
    missing = [parameter for parameter in command.mandatory if parameter not in bound]
    if missing:
        raise invalid(f"{name} needs the parameter {missing[0]}.")
    return bound


def _converted(parameter: str, kind: str, value: Any) -> Any:
    """A parameter's value as the command sees it, in the form of a request. Secrets are named in no message."""
    if kind == "any":
        return _unwrapped(value)
    converted = _CONVERTERS[kind](value)
    if converted is None:
        raise invalid(f"The value of the parameter {parameter} does not convert to {kind}.")
    return converted


def _unwrapped(value: Any) -> Any:
    if isinstance(value, Inner):
        return value.rows[0] if len(value.rows) == 1 else value.rows
    if isinstance(value, list):
        return [row for item in value for row in (item.rows if isinstance(item, Inner) else [item])]
    return value


def _has_form(value: Any, form: str) -> bool:
    return isinstance(value, dict) and form in value


def _to_secure(value: Any) -> dict[str, Any] | None:
    return value if _has_form(value, "secure") else None


def _to_switch(value: Any) -> dict[str, Any] | None:
    if isinstance(value, bool):
        return {"switch": value}
    return value if _has_form(value, "switch") else None


def _to_datetime(value: Any) -> dict[str, Any] | None:
    moment = parse_time(value["datetime"]) if _has_form(value, "datetime") else None
    return None if moment is None else {"datetime": moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _to_text(value: Any) -> str | None:
    if value is None:
        return ""
    return None if isinstance(value, (dict, list, Inner)) else plain_text(value)


def _to_texts(value: Any) -> list[str] | None:
    """A list; PowerShell makes one of a single text."""
    if value is None:
        return None
    texts = [_to_text(item) for item in (value if isinstance(value, list) else [value])]
    return [text for text in texts if text is not None] if None not in texts else None


def _to_flag(value: Any) -> bool | None:
    return bool(value) if isinstance(value, (bool, int)) else None


def _to_number(value: Any) -> int | None:
    whole = isinstance(value, (int, bool)) or (isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]+\s*", value))
    return int(value) if whole else None


# None where a value does not convert.
_CONVERTERS: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _to_text,
    "texts": _to_texts,
    "number": _to_number,
    "flag": _to_flag,
    "switch": _to_switch,
    "secure": _to_secure,
    "datetime": _to_datetime,
}


def parse_time(text: str) -> datetime | None:
    """An ISO date and time; without a zone it is UTC here. None when it is none."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?)?(\.\d+)?(Z|[+-]\d\d:\d\d)?", text)
    if match is None:
        return None
    day, time, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(day + (time or "") + ("" if zone in (None, "Z") else zone or ""))
    except ValueError:
        return None
    if fraction:
        moment = moment.replace(microsecond=int(fraction[1:7].ljust(6, "0")))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def shown(value: Any) -> Any:
    """A value of a command's output as it leaves the host: enumerations as text, dates in UTC, CIM objects as objects."""
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, datetime):
        return iso_time(value)
    if not isinstance(value, dict):
        return value
    kind = value.get("kind")
    if kind == "enumeration":
        return value["name"]
    if kind == "datetime":
        moment = parse_time(value["utc"])
        return value["utc"] if moment is None else iso_time(moment)
    if kind == "bytes":
        return {"base64": value["base64"]}
    if kind in ("text", "version", "char"):
        return value["text"]
    if kind == "cim":
        return {"__class": value["class"], **{name: shown(inner) for name, inner in value["properties"].items()}}
    raise ValueError(f"The output kind {kind!r} is unknown.")
