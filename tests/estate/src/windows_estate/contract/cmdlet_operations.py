# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cmdlet.invoke, cmdlet.describe."""

from __future__ import annotations

import re
from typing import Any, Final

from windows_estate.contract.context import Fields, Operation, Run
from windows_estate.contract.fields import Field, checked, optional
from windows_estate.machine.cmdlets import Inner, Row, parse_time, shown
from windows_estate.machine.errors import HostError, invalid
from windows_estate.machine.names import NameDict, fold

_MODULE: Final = re.compile(r"\w[\w.-]*")
_COMMAND: Final = re.compile(r"[A-Za-z]+-[A-Za-z0-9]+")
_SITE: Final = re.compile(r"[A-Za-z0-9]{3}")
_INNER: Final = {"name": Field("text"), "parameters": optional("object", {})}


def _check_name(pattern: re.Pattern[str], name: str, what: str) -> None:
    if not pattern.fullmatch(name):
        raise invalid(f"{name!r} is no {what}.")


class _Call:
    """One cmdlet.invoke: its module, mark and location hold for the calls inside as well."""

    def __init__(self, run: Run, module: str, mutates: bool, site: str | None) -> None:
        self._cmdlets = run.machine.cmdlets
        self._module = module
        self._mutates = mutates
        self._site = site
        self._location: str | None = None

    def check(self, name: str) -> None:
        _check_name(_COMMAND, name, "name of a cmdlet")
        if not self._mutates and not fold(name).startswith(("get-", "test-")):
            raise invalid(f"{name!r} is neither Get nor Test and not marked as a write.")

    def enter(self) -> None:
        if not self._cmdlets.has_module(self._module):
            raise HostError("unsupported", f"The module {self._module} is not installed.")
        if self._site is not None:
            self._location = self._cmdlets.enter_site(self._site)

    def run(self, name: str, parameters: dict[str, Any]) -> list[Row]:
        command = self._cmdlets.find(self._module, name)
        if command is None:
            raise HostError("unsupported", f"The module {self._module} has no {name}.")
        given = {parameter: self._argument(value) for parameter, value in parameters.items()}
        return self._cmdlets.run(name, command, given, self._location)

    def _argument(self, value: Any) -> Any:
        """A parameter's value: plain, or one of the four forms of objects."""
        if isinstance(value, list):
            return [self._argument(item) for item in value]
        if not isinstance(value, dict):
            return value
        form, content = next(iter(value.items())) if len(value) == 1 else ("", None)
        if form == "secure" and isinstance(content, str):
            return {"secure": content}
        if form == "switch" and isinstance(content, bool):
            return {"switch": content}
        if form == "datetime" and isinstance(content, str):
            if parse_time(content) is None:
                raise invalid("The text of a datetime is no date.")
            return {"datetime": content}
        if form == "invoke" and isinstance(content, dict):
            inner = checked(content, _INNER)
            self.check(inner["name"])
            return Inner([{name: shown(item) for name, item in row.items()} for row in self.run(inner["name"], inner["parameters"])])
        raise invalid("A parameter is an object that is none of secure, datetime, switch and invoke.")


def invoke(run: Run, fields: Fields) -> dict[str, Any]:
    _check_name(_MODULE, fields["module"], "name of a module")
    if fields["site"] is not None:
        _check_name(_SITE, fields["site"], "site code")
    call = _Call(run, fields["module"], fields["mutates"], fields["site"])
    call.check(fields["name"])
    call.enter()
    rows = call.run(fields["name"], fields["parameters"])
    if fields["mutates"]:
        run.changed = True
    if fields["select"] is None:
        return {"rows": []}
    return {"rows": [_selected(NameDict(row), fields["select"]) for row in rows]}


def _selected(row: NameDict, names: list[str]) -> Row:
    return {name: shown(row[name]) for name in names if name in row}


def describe(run: Run, fields: Fields) -> dict[str, Any]:
    _check_name(_MODULE, fields["module"], "name of a module")
    for name in fields["names"]:
        _check_name(_COMMAND, name, "name of a cmdlet")
    described: dict[str, Any] = {}
    for name in fields["names"]:
        command = run.machine.cmdlets.find(fields["module"], name)
        described[name] = None
        if command is not None:
            described[name] = {"version": command.version, "parameters": sorted(command.parameters, key=fold)}
    return {"commands": described}


OPERATIONS: Final = {
    "cmdlet.invoke": Operation(
        invoke,
        {
            "module": Field("text"),
            "name": Field("text"),
            "parameters": optional("object", {}),
            "select": optional("texts"),
            "site": optional("text"),
        },
    ),
    "cmdlet.describe": Operation(describe, {"module": Field("text"), "names": Field("texts")}),
}
