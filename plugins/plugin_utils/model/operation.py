# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Windows boundary as types: what is asked of a host and what it answers (docs/contract.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import CameIn

Json = Any
"""A value that JSON can carry."""

CONTRACT = 1
# A secure value in a canonical body.
_SECURE = re.compile(r'\{"secure":"(?:[^"\\]|\\.)*"\}')
_HIDDEN = '{"secure":"(hidden)"}'

_Made = TypeVar("_Made")


def literal(value: Json) -> Json:
    """The same value with nothing in its texts that the host would take for a reference to another operation's answer."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, list):
        return [literal(item) for item in value]
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    return value


@dataclass(frozen=True)
class Operation:
    """One primitive read or write. Equal operations compare equal, so that they can be sent once.

    C(body) is the canonical JSON text of the fields. C(id) is only given where another operation refers to this one's answer.
    """

    op: str
    body: str
    id: str | None = None

    def __repr__(self) -> str:
        """Without passwords: an operation may end up in a traceback."""
        return f"Operation(op={self.op!r}, body={_SECURE.sub(_HIDDEN, self.body)!r}, id={self.id!r})"

    @staticmethod
    def of(op: str, /, **fields: Json) -> Operation:
        """Make an operation; fields that are None are left out, as the contract treats null as absent."""
        given = {name: value for name, value in fields.items() if value is not None}
        return Operation(op, json.dumps(given, sort_keys=True, ensure_ascii=False, separators=(",", ":")))

    @property
    def fields(self) -> dict[str, Json]:
        """A fresh copy of the fields."""
        loaded: dict[str, Json] = json.loads(self.body)
        return loaded


@dataclass(frozen=True)
class Failure:
    """Why an operation failed: C(kind) of the contract's list, the host's own words, a code or None."""

    kind: str
    message: str
    code: int | None = None


@dataclass(frozen=True)
class Answer:
    """What came back for one operation: C(data) when C(failure) is None."""

    data: Json = None
    failure: Failure | None = None
    skipped: bool = False

    @property
    def ok(self) -> bool:
        return self.failure is None


@dataclass(frozen=True)
class HostFacts:
    """What every reply tells of its host. C(domain_role) and C(product_type) as in Win32_ComputerSystem and Win32_OperatingSystem.

    C(came_in): what else is known of the account that the connection came in with, where it was asked for.
    """

    name: str
    domain: str | None
    domain_role: int | None
    product_type: int | None
    build: str
    powershell: str
    language: str
    time: str
    user_name: str
    user_sid: str
    elevated: bool
    groups: tuple[str, ...]
    came_in: CameIn | None = None

    @property
    def connection(self) -> CameIn:
        """The account that the connection came in with; the one at work where nothing else is known."""
        own = self.user_sid.upper()
        return self.came_in or CameIn(self.user_name, own, own, frozenset(group.upper() for group in self.groups))

    @property
    def is_domain_controller(self) -> bool:
        return self.product_type == 2

    @property
    def is_server(self) -> bool:
        return self.product_type in (2, 3)

    @property
    def is_domain_member(self) -> bool | None:
        """None when WMI did not answer. DomainRole: 0 and 2 stand alone, 1 and 3 are members, 4 and 5 controllers."""
        return None if self.domain_role is None else self.domain_role in (1, 3, 4, 5)


class Answers(Mapping[Operation, Answer]):
    """The answers of one execution by the operation that asked, with the host's facts."""

    def __init__(self, host: HostFacts, answers: Mapping[Operation, Answer], *, changed: bool = False) -> None:
        self.host = host
        self.changed = changed
        self._answers = dict(answers)
        self._made: dict[Callable[[Answers], Any], Any] = {}

    def __getitem__(self, operation: Operation) -> Answer:
        return self._answers[operation]

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._answers)

    def __len__(self) -> int:
        return len(self._answers)

    def once(self, make: Callable[[Answers], _Made]) -> _Made:
        """What a pure function makes of these answers, worked out the first time that it is asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        made: _Made = self._made[make]
        return made

    def of(self, host: HostFacts) -> Answers:
        """The same answers with other facts of their host."""
        return Answers(host, self._answers, changed=self.changed)

    def updated(self, later: Answers) -> Answers:
        """These answers with those of a later execution laid over them."""
        return Answers(later.host, {**self._answers, **later._answers}, changed=later.changed)
