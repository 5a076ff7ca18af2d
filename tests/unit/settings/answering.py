# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers as a host gives them, from the few values that a test cares about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import (
    Answer,
    Answers,
    Failure,
    HostFacts,
    Json,
    Operation,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting

WORKSTATION = HostFacts(
    name="CL01",
    domain="corp.example",
    domain_role=1,
    product_type=1,
    build="10.0.19045.4170",
    powershell="5.1.19041.4170",
    language="en-US",
    time="2026-01-02T03:04:05.0000000Z",
    user_name="CORP\\svc-ansible",
    user_sid="S-1-5-21-9-9-9-1105",
    elevated=True,
    groups=("S-1-5-32-544",),
)
SERVER = replace(WORKSTATION, name="SV01", domain_role=3, product_type=3)
CONTROLLER = replace(WORKSTATION, name="DC01", domain_role=5, product_type=2)
GERMAN = replace(WORKSTATION, language="de-DE")
DENIED = Failure("access_denied", "Access is denied.", -2147024891)

Registry = Mapping[str, Mapping[str, tuple[str, Json]]]
"""Values by key and name, as (type, data). The keys above a key exist, and no others."""


def answers_to(
    settings: Setting | Iterable[Setting],
    *,
    host: HostFacts = WORKSTATION,
    registry: Registry | None = None,
    accounts: Mapping[str, tuple[str, str] | None] | None = None,
    groups: Sequence[tuple[str, str, Mapping[str, str | None]]] = (),
    rows: Sequence[Mapping[str, Json]] = (),
    given: Mapping[Operation, Json | Failure] | None = None,
    denied: str | None = None,
) -> Answers:
    """An answer to every read of the settings.

    C(accounts): SID and name by what is asked. C(groups): SID, name, and names of members by SID. C(rows): those of every query and
    cmdlet. C(given) are answers that a test words itself; reads whose operation or key is C(denied) are denied.
    """
    found: dict[Operation, Answer] = {}
    for setting in (settings,) if isinstance(settings, Setting) else settings:
        for read in setting.reads():
            fields = read.fields
            if given is not None and read in given:
                data = given[read]
            elif denied in (read.op, fields.get("key", "")):
                data = DENIED
            elif read.op == "registry.read":
                data = read_registry(registry or {}, fields["key"], fields.get("names"), fields.get("depth", 0))
            elif read.op == "account.resolve":
                data = {"accounts": {asked: _account((accounts or {}).get(asked)) for asked in fields["accounts"]}}
            elif read.op == "group.read":
                data = {"groups": [_group(*group) for group in groups]}
            elif read.op == "file.read":
                data = {"files": [], "truncated": False}
            else:
                data = {"rows": [dict(row) for row in rows]}
            found[read] = Answer(failure=data) if isinstance(data, Failure) else Answer(data)
    return Answers(host, found)


def read_registry(registry: Registry, key: str, names: Sequence[str] | None, depth: int) -> dict[str, Any]:
    """The data of a registry.read."""
    below = [path for path in registry if f"{path}\\".casefold().startswith(f"{key}\\".casefold())]
    own = next((content for path, content in registry.items() if path.casefold() == key.casefold()), {})
    wanted = None if names is None else {name.casefold() for name in names}
    values = {name: {"type": kind, "data": data} for name, (kind, data) in own.items() if wanted is None or name.casefold() in wanted}
    subkeys = {}
    if depth:
        for child in dict.fromkeys(path[len(key) + 1 :].partition("\\")[0] for path in below if len(path) > len(key)):
            content = read_registry(registry, f"{key}\\{child}", names, depth - 1)
            subkeys[child] = {"values": content["values"], "subkeys": content["subkeys"]}
    return {"exists": bool(below), "values": values, "subkeys": subkeys}


def _account(known: tuple[str, str] | None) -> Json:
    return None if known is None else {"sid": known[0], "name": known[1]}


def _group(sid: str, name: str, members: Mapping[str, str | None]) -> Json:
    return {"sid": sid, "name": name, "members": [{"sid": one, "name": called, "kind": "group"} for one, called in members.items()]}
