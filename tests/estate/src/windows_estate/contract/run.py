# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One request: checked, run operation by operation, answered."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from windows_estate.contract.context import Run
from windows_estate.contract.fields import Field, checked, is_seconds, optional
from windows_estate.contract.host_facts import FULL_LANGUAGE, few_facts, host_facts, language_mode
from windows_estate.contract.operations import OPERATIONS
from windows_estate.contract.references import check_needs, resolved
from windows_estate.machine import HostError, Machine
from windows_estate.machine.errors import invalid
from windows_estate.machine.names import fold

CONTRACT: Final = 1
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_DEFAULT_TIMEOUT: Final = 60
_MOST_PLAIN: Final = 32 * 1024
_MOST_PACKED: Final = 8 * 1024 * 1024

Answer = dict[str, Any]


def answer(machine: Machine, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to the module's arguments."""
    reply: dict[str, Any] = {"contract": CONTRACT, "changed": False, "host": None, "answers": {}}
    if language_mode(machine) != FULL_LANGUAGE:
        message = "PowerShell runs in constrained language here: the script has to be allowed or signed first."
        return _failed({**reply, "host": few_facts(machine)}, HostError("unsupported", message))
    run = Run(machine)
    try:
        reply["host"] = host_facts(machine)
        _check(arguments)
        reply = _packed({**reply, "answers": _answers(run, arguments)})
    except HostError as error:
        reply = _failed(reply, error)
    finally:
        machine.system32.flush()
    reply["changed"] = run.changed
    return reply


def _check(arguments: Mapping[str, Any]) -> None:
    """Refuse a request whose answers could not be addressed."""
    contract, operations, timeout = arguments.get("contract"), arguments.get("operations"), arguments.get("timeout")
    if isinstance(contract, bool) or contract != CONTRACT:
        raise HostError("unsupported", f"This host speaks contract {CONTRACT} only.")
    if not isinstance(operations, list):
        raise invalid("There is no list of operations.")
    if timeout is not None and not is_seconds(timeout):
        raise invalid("The timeout is no number of seconds.")
    seen: set[str] = set()
    for operation in operations:
        if not isinstance(operation, dict):
            raise invalid("An operation is no object.")
        name = operation.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name):
            raise invalid("An operation has no valid id.")
        if fold(name) in seen:
            raise invalid(f"The id {name!r} is there twice.")
        seen.add(fold(name))


def _answers(run: Run, arguments: Mapping[str, Any]) -> dict[str, Answer]:
    timeout = arguments.get("timeout") or _DEFAULT_TIMEOUT
    check_mode = bool(arguments.get("_ansible_check_mode"))
    answers: dict[str, Answer] = {}
    by_folded_id: dict[str, Answer] = {}
    clock = run.machine.clock
    for operation in arguments["operations"]:
        begun = clock.now()
        try:
            one = _answer(run, operation, by_folded_id, timeout, check_mode)
        except HostError as error:
            one = _error(error)
        one["ms"] = max(0, int((clock.now() - begun).total_seconds() * 1000))
        answers[operation["id"]] = by_folded_id[fold(operation["id"])] = one
    return answers


def _answer(run: Run, given: Mapping[str, Any], answers: Mapping[str, Answer], timeout: float, check_mode: bool) -> Answer:
    check_needs(given.get("needs"), answers)
    expanded = resolved(given, answers)
    name = expanded.get("op")
    operation = OPERATIONS.get(name) if isinstance(name, str) else None
    if operation is None:
        raise invalid(f"There is no operation {name!r}.")
    common = {
        "id": Field("text"),
        "op": Field("text"),
        "needs": optional("texts"),
        "mutates": optional("flag", False),
        "timeout": optional("seconds", timeout),
    }
    fields = checked(expanded, {**common, **operation.fields})
    if check_mode and (operation.writes or fields["mutates"]):
        return {"ok": True, "skipped": True, "data": None}
    return {"ok": True, "data": operation.run(run, fields)}


def _error(error: HostError) -> Answer:
    shown = {"kind": error.kind, "message": error.message, "code": error.code}
    if "last" in error.details:
        shown["last"] = error.details["last"]
    one: Answer = {"ok": False, "error": shown}
    if "data" in error.details:
        one["data"] = error.details["data"]
    return one


def _packed(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply with answers as they are, or compressed when they are many."""
    text = json.dumps(reply["answers"], ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
    if len(text) <= _MOST_PLAIN:
        return reply
    packed = gzip.compress(text, compresslevel=6, mtime=0)
    if len(packed) > _MOST_PACKED:
        raise HostError("too_large", "The answers are over 8 MB, compressed.")
    rest = {name: value for name, value in reply.items() if name != "answers"}
    return {**rest, "answers_gzip": base64.b64encode(packed).decode()}


def _failed(reply: dict[str, Any], error: HostError) -> dict[str, Any]:
    shown = _error(error)["error"]
    return {**reply, "answers": {}, "error": shown, "failed": True, "msg": error.message}
