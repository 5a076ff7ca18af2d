# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""wait: a reading operation, again and again, until its data is what was waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windows_estate.contract.context import Fields, Operation, Run
from windows_estate.contract.fields import Field, checked, optional
from windows_estate.contract.values import follow, same
from windows_estate.machine.errors import HostError, invalid

_UNTIL: Final = {"path": Field("text"), "equals": optional("any"), "one_of": optional("list")}


def waiting(readers: Mapping[str, Operation]) -> Operation:
    """The operation; `readers`: every operation there is, but this one."""

    def run_wait(run: Run, fields: Fields) -> Any:
        until = checked(fields["until"], _UNTIL)
        if ("equals" in fields["until"]) == (until["one_of"] is not None):
            raise invalid("Exactly one of equals and one_of is needed.")
        accepted = [until["equals"]] if until["one_of"] is None else until["one_of"]
        operation, inner = _reader(fields["read"], fields["timeout"], readers)
        clock = run.machine.clock
        begun = clock.now()
        while True:
            data = operation.run(run, inner)
            value = follow(data, until["path"].split("."))
            if any(same(value, one) for one in accepted):
                return data
            left = round(fields["timeout"] - (clock.now() - begun).total_seconds(), 6)
            if left <= 0:
                raise HostError("timeout", f"Not reached within {fields['timeout']} seconds.", last=data)
            run.machine.sleep(min(left, fields["every"]))

    return Operation(run_wait, {"until": Field("object"), "read": Field("object"), "every": optional("seconds", 2)})


def _reader(given: dict[str, Any], timeout: float, readers: Mapping[str, Operation]) -> tuple[Operation, Fields]:
    name = given.get("op")
    operation = readers.get(name) if isinstance(name, str) else None
    if operation is None or operation.writes:
        raise invalid(f"{name!r} is no operation that can be waited for.")
    common = {"op": Field("text"), "mutates": optional("flag", False), "timeout": optional("seconds", timeout)}
    inner = checked(given, {**common, **operation.fields})
    if inner["mutates"]:
        raise invalid("What is marked as a write cannot be waited for.")
    return operation, inner
