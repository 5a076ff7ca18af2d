# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requests to a host and its replies: ids, references, packing, and the checks that a reply is what was asked for."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError, HostError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import (
    CONTRACT,
    Answer,
    Answers,
    Failure,
    HostFacts,
    Json,
    Operation,
)

_UNPACKED_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True)
class Step:
    """An operation in its turn; C(needs) are the operations that must have succeeded before."""

    operation: Operation
    needs: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Request:
    """The arguments of one execution, and which operation each id stands for."""

    arguments: Mapping[str, Json]
    operations: Mapping[str, Operation]


def build_request(steps: Iterable[Step], *, timeout: float = 60) -> Request:
    """Number the operations; equal ones are sent once, at the place of the first."""
    ids: dict[Operation, str] = {}
    sent = []
    for step in steps:
        if step.operation in ids:
            continue
        ids[step.operation] = step.operation.id or f"o{len(ids) + 1}"
        entry = {"id": ids[step.operation], "op": step.operation.op, **step.operation.fields}
        if step.needs:
            entry["needs"] = list(dict.fromkeys(ids[need] for need in step.needs))
        sent.append(entry)
    arguments = {"contract": CONTRACT, "timeout": timeout, "operations": sent}
    return Request(arguments, {number: operation for operation, number in ids.items()})


def read_reply(request: Request, reply: Mapping[str, Json]) -> Answers:
    """Check a reply and take it apart.

    HostError: the host could not run the operations (its own words). ContractError: the reply is not what contract 1 promises.
    """
    if "contract" not in reply:
        if reply.get("failed"):
            raise HostError(_first_line(str(reply.get("msg") or reply.get("module_stderr") or "the module failed without a message")))
        raise ContractError("The host's reply is not one of host_state: it names no contract.")
    if reply["contract"] != CONTRACT:
        raise ContractError(
            f"The host speaks contract {_shown(reply['contract'])} and this collection speaks contract {CONTRACT};"
            " use the same version of the collection on both sides."
        )
    if reply.get("error"):
        raise HostError(_whole_failure(reply["error"]))
    answers = _answers(reply)
    missing = [number for number in request.operations if number not in answers]
    if missing:
        raise ContractError(f"The host left {len(missing)} of {len(request.operations)} operations unanswered, the first is {missing[0]}.")
    try:
        host = _host(reply["host"])
        answered = {operation: _answer(answers[number]) for number, operation in request.operations.items()}
        return Answers(host, answered, changed=bool(reply["changed"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ContractError(f"The host's reply does not have the form of contract {CONTRACT}: {type(error).__name__} {error}.") from error


def _answers(reply: Mapping[str, Json]) -> Mapping[str, Json]:
    packed = reply.get("answers_gzip")
    if packed is None:
        answers = reply.get("answers")
    else:
        try:
            unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            text = unpacker.decompress(base64.b64decode(packed, validate=True), _UNPACKED_LIMIT)
            if unpacker.unconsumed_tail:
                raise ContractError(f"The host's answers are larger than {_UNPACKED_LIMIT} bytes.")
            answers = json.loads(text.decode("utf-8"))
        except (binascii.Error, zlib.error, gzip.BadGzipFile, UnicodeDecodeError, ValueError, TypeError, RecursionError) as error:
            raise ContractError(f"The host's packed answers cannot be unpacked: {error}.") from error
    if not isinstance(answers, Mapping):
        raise ContractError("The host's reply has no answers.")
    return answers


def _answer(raw: Mapping[str, Json]) -> Answer:
    if raw["ok"]:
        return Answer(data=raw["data"], skipped=bool(raw.get("skipped", False)))
    error = raw["error"]
    return Answer(data=raw.get("data"), failure=Failure(_text(error["kind"]), _first_line(_text(error["message"])), error.get("code")))


def _host(raw: Mapping[str, Json]) -> HostFacts:
    user = raw["user"]
    return HostFacts(
        name=_text(raw["name"]),
        domain=None if raw["domain"] is None else _text(raw["domain"]),
        domain_role=_number(raw["domain_role"]),
        product_type=_number(raw["product_type"]),
        build=_text(raw["build"]),
        powershell=_text(raw["powershell"]),
        language=_text(raw["language"]),
        time=_text(raw["time"]),
        user_name=_text(user["name"]),
        user_sid=_text(user["sid"]),
        elevated=bool(user["elevated"]),
        groups=tuple(_text(group) for group in _listed(user["groups"])),
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{_shown(value)} is no text")
    return value


def _number(value: Json) -> int | None:
    if value is not None and not isinstance(value, int):
        raise TypeError(f"{_shown(value)} is no number")
    return value


def _listed(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"{_shown(value)} is no list")
    return value


def _whole_failure(error: Json) -> str:
    """A top-level error in one line."""
    if not isinstance(error, Mapping):
        return _first_line(error) if isinstance(error, str) else _shown(error)
    return _first_line(f"{error.get('message', 'no message')} ({error.get('kind', 'failed')})")


def _shown(value: Json) -> str:
    """What a host sent where it should not, for a sentence."""
    return _first_line(json.dumps(value, ensure_ascii=False))[:100]


def _first_line(text: str) -> str:
    """A host's message without line breaks and control characters: it ends up in tables and terminals."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
