# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Between the collection's evaluator and the checks here: the one place that knows the evaluator's types.

The checks speak the form of ``situations.yml``. `ask` hands `evaluate.admission` a state with its defaults filled in and a query, both in
that form, and takes its answer for an interface as a mapping in the form of ``expect`` there. An evaluator with types of its own is
joined on here, by `state_for`, `query_for` and `answer_of`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tests.unit.windows.firewall_oracle.oracle import Json
from tests.unit.windows.firewall_oracle.situations import Expectation, expectation

EVALUATOR = "ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate"


def state_for(state: Json) -> Any:
    """The state as the evaluator takes it."""
    return state


def query_for(query: Json) -> Any:
    """The query as the evaluator takes it."""
    return query


def answer_of(answers: Any, interface: str, local: str | None) -> Expectation:
    """Of all that was answered, what holds for one interface and for what is sent to one of its addresses."""
    by_interface: Mapping[str, Json] = answers
    key = f"{interface}@{local}" if f"{interface}@{local}" in by_interface else interface
    return expectation(key, by_interface[key])


def ask(state: Json, query: Json) -> Any:
    """All answers of the evaluator: asked once, read with `answer_of` for each interface and address."""
    return import_module(EVALUATOR).admission(state_for(state), query_for(query))


def merged(state: Json, profile: str, option: str) -> Any:
    """The effective value of a profile's option, named as in ``situations.yml``."""
    return import_module(EVALUATOR).setting(state_for(state), profile, option)
