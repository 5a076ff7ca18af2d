# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requests to a host and its replies."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import exchange
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Request, Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError, HostError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Failure, Json, Operation
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import HOST

FIRST, SECOND, THIRD = (Operation.of("registry.read", key=key) for key in ("a", "b", "c"))
TWO = build_request([Step(FIRST), Step(SECOND)])
GOOD: dict[str, Json] = {"o1": {"ok": True, "data": {"x": 1}, "ms": 3}, "o2": {"ok": True, "data": None}}
DENIED: Json = {"ok": False, "error": {"kind": "access_denied", "message": "No.", "code": 5}}


def reply(answers: Json = None, **more: Json) -> dict[str, Json]:
    return {"contract": 1, "changed": False, "host": HOST, "answers": GOOD if answers is None else answers} | more


def packed(answers: Json) -> dict[str, Json]:
    whole = {name: part for name, part in reply().items() if name != "answers"}
    return whole | {"answers_gzip": base64.b64encode(gzip.compress(json.dumps(answers).encode())).decode()}


def refused(of_reply: Mapping[str, Json], request: Request = TWO) -> str:
    with pytest.raises(ContractError) as caught:
        read_reply(request, of_reply)
    return str(caught.value)


# ---------------------------------------------------------------- requests


def test_operations_are_numbered_in_their_order() -> None:
    request = build_request([Step(FIRST), Step(SECOND, (FIRST,)), Step(THIRD, (FIRST, SECOND, FIRST))], timeout=5)

    assert request.arguments == {
        "contract": 1,
        "timeout": 5,
        "operations": [
            {"id": "o1", "op": "registry.read", "key": "a"},
            {"id": "o2", "op": "registry.read", "key": "b", "needs": ["o1"]},
            {"id": "o3", "op": "registry.read", "key": "c", "needs": ["o1", "o2"]},
        ],
    }
    assert request.operations == {"o1": FIRST, "o2": SECOND, "o3": THIRD}


def test_equal_operations_are_sent_once_at_the_first_ones_place() -> None:
    request = build_request([Step(FIRST), Step(SECOND), Step(Operation.of("registry.read", key="a"), (SECOND,))])

    assert [operation["id"] for operation in request.arguments["operations"]] == ["o1", "o2"]
    assert "needs" not in request.arguments["operations"][0]


def test_an_id_of_its_own_is_kept() -> None:
    named = Operation("registry.read", '{"key":"d"}', id="site")

    assert build_request([Step(FIRST), Step(named)]).operations == {"o1": FIRST, "site": named}


def test_a_need_that_was_not_sent_before_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        build_request([Step(FIRST, (SECOND,)), Step(SECOND)])


@given(st.lists(st.integers(0, 5)))
def test_each_operation_is_there_once_however_often_it_is_asked(numbers: list[int]) -> None:
    request = build_request([Step(Operation.of("x", number=number)) for number in numbers])

    assert [operation["number"] for operation in request.arguments["operations"]] == list(dict.fromkeys(numbers))
    assert len(request.operations) == len(set(numbers))


# ---------------------------------------------------------------- replies


def test_a_reply_is_taken_apart() -> None:
    answers = read_reply(TWO, reply({**GOOD, "o2": DENIED, "more": 5}, changed=True))

    assert answers[FIRST].data == {"x": 1} and answers[FIRST].ok and not answers[FIRST].skipped
    assert answers[SECOND].failure == Failure("access_denied", "No.", 5)
    assert answers.changed
    assert (answers.host.name, answers.host.domain_role, answers.host.user_sid) == ("CL01", 1, "S-1-5-21-9-9-9-1105")
    assert answers.host.groups == ("S-1-5-32-544",) and answers.host.elevated


def test_packed_answers_are_the_same() -> None:
    plain, unpacked = read_reply(TWO, reply()), read_reply(TWO, packed(GOOD))

    assert dict(plain) == dict(unpacked)


def test_a_skipped_write_and_the_data_of_a_failed_program() -> None:
    failed: Json = {"ok": False, "data": {"exit_code": 3}, "error": {"kind": "failed", "message": "3", "code": 3}}
    answers = read_reply(TWO, reply({"o1": {"ok": True, "skipped": True, "data": None}, "o2": failed}))

    assert answers[FIRST].skipped and not answers[SECOND].skipped
    assert answers[SECOND].data == {"exit_code": 3}


def test_a_message_is_one_line_without_control_characters() -> None:
    denied: Json = {"ok": False, "error": {"kind": "failed", "message": "a\r\n\tb\x1b[31m c\x9bd\u202e", "code": None}}

    failure = read_reply(TWO, reply({**GOOD, "o2": denied}))[SECOND].failure
    assert failure is not None
    assert failure.message == "a b [31m c d"


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ({"failed": True, "msg": "No route\nto host"}, "No route to host"),
        ({"failed": True, "msg": "", "module_stderr": "At line:1"}, "At line:1"),
        ({"failed": True}, "the module failed without a message"),
        (
            reply({}, error={"kind": "unsupported", "message": "Constrained\x1b[0m language"}, failed=True),
            "Constrained [0m language (unsupported)",
        ),
        (reply({}, error={"kind": 5}), "no message (5)"),
        (reply({}, error={}) | {"error": {"message": "x"}}, "x (failed)"),
        (reply({}, error="Broken\nmachine"), "Broken machine"),
        (reply({}, error=["x"]), '["x"]'),
    ],
)
def test_a_host_that_could_not_run_the_operations_says_why(module: dict[str, Json], sentence: str) -> None:
    with pytest.raises(HostError) as caught:
        read_reply(TWO, module)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("module", [{}, {"failed": False}, {"answers": GOOD, "host": HOST}])
def test_a_reply_without_a_contract(module: dict[str, Json]) -> None:
    assert refused(module) == "The host's reply is not one of host_state: it names no contract."


@pytest.mark.parametrize(("contract", "shown"), [(2, "2"), (None, "null"), ("1", '"1"'), ("a\n\x1b[0m", r'"a\n\u001b[0m"'), ([1], "[1]")])
def test_another_contract(contract: Json, shown: str) -> None:
    assert refused(reply() | {"contract": contract}) == (
        f"The host speaks contract {shown} and this collection speaks contract 1; use the same version of the collection on both sides."
    )


def test_missing_answers() -> None:
    assert refused(reply({"o1": GOOD["o1"]})) == "The host left 1 of 2 operations unanswered, the first is o2."


@pytest.mark.parametrize("answers", [[], "x", 5, False])
def test_answers_that_are_none(answers: Json) -> None:
    assert refused(reply(answers)) == "The host's reply has no answers."


@pytest.mark.parametrize(
    "text",
    [
        "no Base64!",
        "",
        "AAAA",
        5,
        ["x"],
        base64.b64encode(gzip.compress(b"{")).decode(),
        base64.b64encode(gzip.compress(b"\xff")).decode(),
        base64.b64encode(gzip.compress(json.dumps(GOOD).encode())[:-12]).decode(),
        base64.b64encode(gzip.compress(b"[" * 200_000)).decode(),
        "é",
    ],
)
def test_packed_answers_that_cannot_be_unpacked(text: Json) -> None:
    assert refused(reply() | {"answers_gzip": text}).startswith("The host's packed answers cannot be unpacked: ")


def test_packed_answers_do_not_grow_without_end() -> None:
    bomb = base64.b64encode(gzip.compress(b" " * (exchange._UNPACKED_LIMIT + 1), 1)).decode()

    assert refused(reply() | {"answers_gzip": bomb}) == "The host's answers are larger than 67108864 bytes."


def test_packed_answers_of_another_form() -> None:
    assert refused(packed([1])) == "The host's reply has no answers."


@pytest.mark.parametrize(
    "broken",
    [
        {"answers": {**GOOD, "o2": None}},
        {"answers": {**GOOD, "o2": []}},
        {"answers": {**GOOD, "o2": "ok"}},
        {"answers": {**GOOD, "o2": {"data": 1}}},
        {"answers": {**GOOD, "o2": {"ok": True}}},
        {"answers": {**GOOD, "o2": {"ok": False}}},
        {"answers": {**GOOD, "o2": {"ok": False, "error": "x"}}},
        {"answers": {**GOOD, "o2": {"ok": False, "error": {"kind": ["x"], "message": "x"}}}},
        {"answers": {**GOOD, "o2": {"ok": False, "error": {"kind": "failed", "message": 5}}}},
        {"answers": {**GOOD, "o2": {"ok": False, "error": {"kind": "failed", "message": ["a", "b"]}}}},
        {"host": None},
        {"host": []},
        {"host": {}},
        {"host": {**HOST, "user": None}},
        {"host": {**HOST, "name": 5}},
        {"host": {**HOST, "build": 10}},
        {"host": {**HOST, "language": None}},
        {"host": {**HOST, "time": ["x"]}},
        {"host": {**HOST, "domain_role": "1"}},
        {"host": {**HOST, "product_type": [1]}},
        {"host": {**HOST, "user": {**HOST["user"], "groups": None}}},
        {"host": {**HOST, "user": {**HOST["user"], "groups": "S-1-5-32-544"}}},
        {"host": {**HOST, "user": {**HOST["user"], "groups": [5]}}},
        {"host": {**HOST, "user": {**HOST["user"], "sid": None}}},
    ],
)
def test_a_reply_of_another_form(broken: dict[str, Json]) -> None:
    assert refused(reply() | broken).startswith("The host's reply does not have the form of contract 1: ")


def test_what_wmi_did_not_tell_may_be_null() -> None:
    assert read_reply(TWO, reply() | {"host": {**HOST, "domain": None, "domain_role": None}}).host.domain is None


NAMES = [
    "contract",
    "changed",
    "host",
    "answers",
    "answers_gzip",
    "error",
    "failed",
    "msg",
    "o1",
    "o2",
    "ok",
    "data",
    "kind",
    "message",
    "user",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, *HOST]), inner, max_size=5),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_no_reply_does_anything_but_be_read_or_refused(of_reply: dict[str, Any]) -> None:
    with contextlib.suppress(ContractError, HostError):
        assert isinstance(read_reply(TWO, of_reply), Answers)


@given(st.dictionaries(st.sampled_from(["host", "answers", "changed", "error"]), JSON), st.data())
def test_nor_does_a_good_reply_with_a_damage(damage: dict[str, Any], data: st.DataObject) -> None:
    of_reply = reply({**GOOD, "o2": data.draw(JSON)}) | damage
    if isinstance(of_reply["host"], dict):
        of_reply["host"] = HOST | of_reply["host"]
    with contextlib.suppress(ContractError, HostError):
        answers = read_reply(TWO, of_reply)
        assert all(failure is None or isinstance(failure.kind, str) for failure in (answer.failure for answer in answers.values()))
        assert isinstance(answers.host.name, str)


@given(st.binary(max_size=60))
def test_nor_do_any_packed_bytes(junk: bytes) -> None:
    with contextlib.suppress(ContractError):
        read_reply(TWO, reply() | {"answers_gzip": base64.b64encode(gzip.compress(junk)).decode()})
