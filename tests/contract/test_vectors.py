# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every contract vector, answered by the estate's machine."""

from __future__ import annotations

import base64
import json
from typing import Any

import contract_vectors as vectors
import pytest

from windows_estate.machine import Machine, SimulatedClock, comparable

# What a vector's state says of these never changes, and defaults fill them in.
_NOT_COMPARED = ("host", "modules", "programs", "accounts", "console", "environment", "language_mode")

VECTORS = [pytest.param(vector, id=name) for name, vector in vectors.load() if vector.get("only") != "powershell"]


def _state(state: dict[str, Any]) -> dict[str, Any]:
    """What is compared of a state."""
    plain = comparable(state)
    for entry in plain["files"].values():
        if "text" in entry:
            entry["base64"] = base64.b64encode(entry.pop("text").encode()).decode()
    for name in _NOT_COMPARED:
        plain.pop(name, None)
    return plain


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 250


@pytest.mark.parametrize("vector", VECTORS)
def test_vector(vector: dict[str, Any]) -> None:
    vector = vectors.expanded(vector)
    machine = Machine(vector["state"], clock=SimulatedClock())
    before = _state(Machine(vector["state"]).state)
    request = json.dumps(vector["request"])

    reply = json.loads(json.dumps(machine.execute(vector["request"])))

    found = list(vectors.reply_differences(vector, reply))
    if json.dumps(vector["request"]) != request:
        found.append("the arguments were changed")
    after = before
    if vector.get("state_after") is not None:
        after = _state(Machine({**vector["state"], **vector["state_after"]}).state)
        if after == before:
            found.append("state_after is given although the state does not change")
    found += vectors.differences(after, _state(machine.state), "state_after")
    assert not found, "\n".join(found)
