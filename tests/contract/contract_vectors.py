# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The contract vectors: reading them, and comparing a reply with what a vector asks for."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"
MOST_PLAIN = 32 * 1024

Vector = dict[str, Any]


def load() -> Iterator[tuple[str, Vector]]:
    """Every vector with a name that is unique over all files."""
    for path in sorted(FOLDER.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8")):
            yield f"{path.stem}: {vector['name']}", vector


def expanded(value: Any) -> Any:
    """A copy in which {"repeat": text, "times": n} is that text n times."""
    if isinstance(value, dict):
        if value.keys() == {"repeat", "times"}:
            return value["repeat"] * value["times"]
        return {name: expanded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [expanded(inner) for inner in value]
    return value


def differences(expected: Any, actual: Any, where: str) -> Iterator[str]:
    """Where actual is not what is expected; {"any": true} fits everything."""
    if isinstance(expected, dict):
        if expected == {"any": True}:
            return
        if not isinstance(actual, Mapping):
            yield f"{where}: expected an object, found {_short(actual)}"
            return
        for name in expected.keys() - actual.keys():
            yield f"{where}.{name}: missing"
        for name in actual.keys() - expected.keys():
            yield f"{where}.{name}: not expected: {_short(actual[name])}"
        for name in expected.keys() & actual.keys():
            yield from differences(expected[name], actual[name], f"{where}.{name}")
    elif isinstance(expected, list):
        if not isinstance(actual, list) or len(expected) != len(actual):
            yield f"{where}: expected {len(expected)} elements, found {_short(actual)}"
            return
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(one, other, f"{where}.{index}")
    elif type(expected) is not type(actual) or expected != actual:
        yield f"{where}: expected {_short(expected)}, found {_short(actual)}"


def reply_differences(vector: Vector, reply: Mapping[str, Any]) -> Iterator[str]:
    """Where a reply, as it came out of JSON, is not what the vector asks for. The state afterwards is another matter."""
    answers = reply.get("answers", {})
    if "answers_gzip" in reply:
        if "answers" in reply:
            yield "both answers and answers_gzip"
        text = gzip.decompress(base64.b64decode(reply["answers_gzip"]))
        if len(text) <= MOST_PLAIN:
            yield "compressed although the answers have 32 KB at most"
        answers = json.loads(text)
    elif len(json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode()) > MOST_PLAIN:
        yield "not compressed although the answers have more than 32 KB"
    if bool(vector.get("gzip")) != ("answers_gzip" in reply):
        yield f"compressed: {'answers_gzip' in reply}"
    whole = json.dumps([reply, answers], ensure_ascii=False)
    for secret in vector.get("secrets") or ():
        if secret in whole:
            yield f"the reply tells the secret {secret!r}"
    if "error" not in vector and list(answers) != [one["id"] for one in vector["request"].get("operations") or ()]:
        yield f"answers out of order: {list(answers)}"
    if reply.get("contract") != 1:
        yield f"contract: {reply.get('contract')}"
    yield from differences(vector["changed"], reply.get("changed"), "changed")
    yield from _error_differences(vector.get("error"), reply.get("error"), "reply")
    if "error" in reply and (reply.get("failed") is not True or reply.get("msg") != reply["error"]["message"]):
        yield "a reply with an error needs failed and msg"
    for name, fact in (vector.get("host") or {}).items():
        yield from differences(fact, reply["host"].get(name), f"host.{name}")
    yield from _answers_differences(vector["answers"], answers)


def _answers_differences(expected: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[str]:
    for name in expected.keys() ^ answers.keys():
        yield f"{name}: {'no answer' if name in expected else 'an answer that was not expected'}"
    for name in expected.keys() & answers.keys():
        answer = dict(answers[name])
        ms = answer.pop("ms", None)
        if not isinstance(ms, int) or isinstance(ms, bool) or ms < 0:
            yield f"{name}.ms: {ms!r} is no number of milliseconds"
        wanted = expected[name]
        if wanted != {"any": True}:
            yield from _error_differences(wanted.get("error"), answer.pop("error", None), name)
            wanted = {field: value for field, value in wanted.items() if field != "error"}
        yield from differences(wanted, answer, name)


def _error_differences(expected: Mapping[str, Any] | None, actual: Mapping[str, Any] | None, where: str) -> Iterator[str]:
    """An error has kind, message and code always; message and code are compared where the vector gives them."""
    if expected is None or actual is None:
        if expected is not actual:
            yield f"{where}.error: expected {_short(expected)}, found {_short(actual)}"
        return
    if not actual.get("message"):
        yield f"{where}.error.message: empty"
    code = actual.get("code", "absent")
    if code is not None and (not isinstance(code, int) or isinstance(code, bool)):
        yield f"{where}.error.code: {code!r}"
    looked_at = {name: value for name, value in actual.items() if name not in ("message", "code") or name in expected}
    yield from differences(dict(expected), looked_at, f"{where}.error")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"
