# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estate in a test: made of a few words, asked through host_state's contract."""

from __future__ import annotations

from typing import Any

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world import Estate

TS = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
RA_TASK = "\\Microsoft\\Windows\\RemoteAssistance\\RemoteAssistanceTask"
RSOP = "root\\rsop\\computer"
HELPERS = "Offer Remote Assistance Helpers"
DOMAIN_SID = "S-1-5-21-1-2-3"
HELPDESK = f"{DOMAIN_SID}-1201"
NEW_HELPDESK = f"{DOMAIN_SID}-1202"
OFFER: dict[str, Any] = {"Configure Offer Remote Assistance": {"control": "view_only", "helpers": ["CORP\\Helpdesk"]}}
DOMAIN: dict[str, Any] = {
    "name": "corp.example",
    "netbios": "CORP",
    "sid": DOMAIN_SID,
    "users": {"svc-ansible": 1105, "a.meyer": 1110},
    "groups": {"Helpdesk": {"rid": 1201, "members": ["a.meyer"]}, "New Helpdesk": 1202},
}


def make(hosts: dict[str, Any] | None = None, **words: Any) -> Estate:
    """An estate whose clock stands still unless it is moved; one client CL01 unless hosts are given."""
    return Estate.load({"domain": DOMAIN, "hosts": hosts or {"CL01": {"role": "client"}}, **words}, clock=SimulatedClock())


def client(**words: Any) -> dict[str, Any]:
    """One client CL01 with these words."""
    return {"CL01": {"role": "client", **words}}


def answer(machine: Machine, op: str, **fields: Any) -> dict[str, Any]:
    """The answer to one operation."""
    reply = machine.execute({"contract": 1, "operations": [{"id": "a", "op": op, **fields}]})
    found: dict[str, Any] = reply["answers"]["a"]
    return found


def ask(machine: Machine, op: str, **fields: Any) -> Any:
    """The data of one operation that has to succeed."""
    found = answer(machine, op, **fields)
    assert found["ok"], found
    return found["data"]


def values(machine: Machine, key: str = TS) -> dict[str, Any]:
    """A key's values: name -> data."""
    return {name: value["data"] for name, value in ask(machine, "registry.read", key=key)["values"].items()}


def rows(machine: Machine, query: str, namespace: str = RSOP) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(machine, "cim.query", namespace=namespace, query=query)["rows"]
    return found


def cmdlet(machine: Machine, module: str, name: str, select: list[str] | None = None, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(
        machine, "cmdlet.invoke", module=module, name=name, mutates=True, parameters=parameters, select=select or []
    )["rows"]
    return found


def program(machine: Machine, name: str, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = ask(machine, "program.run", program=name, arguments=list(arguments), mutates=True)
    return found


def members(machine: Machine, name: str = HELPERS) -> list[str] | None:
    """SIDs of a local group's members, sorted; None when there is no such group."""
    groups = ask(machine, "group.read", sid=None)["groups"]
    return next((sorted(member["sid"] for member in group["members"]) for group in groups if group["name"] == name), None)
