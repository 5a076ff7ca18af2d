# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site with points for operating system deployment in a test, asked through host_state's contract."""

from __future__ import annotations

from typing import Any

from world_support import answer, ask

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours.configmgr_site import OsdOptions, Site, SiteOptions, attach

NAMESPACE = "root\\SMS\\site_P01"
DP = "DP01.corp.example"
SMP = "SMP01.corp.example"
POINT = "SMS Distribution Point"
MIGRATION = "SMS State Migration Point"


def provider(*, apply_seconds: float = 5.0, spelling: tuple[tuple[str, str], ...] = (), **osd: Any) -> tuple[Machine, Site]:
    """A site server with a provider and the console; `osd`: options of the site for operating system deployment."""
    machine = Machine({"host": {"name": "CM01"}}, clock=SimulatedClock())
    options = SiteOptions(apply_seconds=apply_seconds, spelling=spelling, osd=OsdOptions(**osd))
    return machine, attach(machine, options=options)


def rows(machine: Machine, class_name: str, where: str = "", *, lazy: bool = True, **fields: Any) -> list[dict[str, Any]]:
    query = " ".join(["SELECT * FROM", class_name, *(["WHERE", where] if where else [])])
    found: list[dict[str, Any]] = ask(machine, "cim.query", namespace=NAMESPACE, query=query, lazy=lazy, **fields)["rows"]
    return found


def role(machine: Machine, name: str) -> dict[str, Any]:
    """The one row of a role: its numbers and texts by name, and its lists by name."""
    (row,) = rows(machine, "SMS_SCI_SysResUse", f"RoleName='{name}'")
    return {one["PropertyName"]: one["Value1"] or one["Value"] for one in row["Props"]} | {
        one["PropertyListName"]: one["Values"] for one in row["PropLists"]
    }


def put(machine: Machine, role_name: str, *edits: dict[str, Any]) -> dict[str, Any]:
    return answer(
        machine,
        "cim.put",
        namespace=NAMESPACE,
        query=" ".join(["SELECT * FROM SMS_SCI_SysResUse WHERE", f"RoleName='{role_name}'"]),
        embedded=list(edits),
    )


def number(name: str, value: int, **expect: Any) -> dict[str, Any]:
    """An edit of one property's number."""
    found = {"property": "Props", "key": "PropertyName", "name": name, "class": "SMS_EmbeddedProperty", "set": {"Value": value}}
    return found | ({"expect": expect} if expect else {})


def listed(name: str, *values: str, **expect: Any) -> dict[str, Any]:
    """An edit of one list."""
    found = {"property": "PropLists", "key": "PropertyListName", "name": name, "class": "SMS_EmbeddedPropertyList"}
    return {**found, "set": {"Values": list(values)}} | ({"expect": expect} if expect else {})


def run(machine: Machine, name: str, *, select: list[str] | None = None, **parameters: Any) -> dict[str, Any]:
    return answer(
        machine,
        "cmdlet.invoke",
        module="ConfigurationManager",
        name=name,
        site="P01",
        mutates=True,
        select=select or [],
        parameters=dict(parameters),
    )


def kind(found: dict[str, Any]) -> str | None:
    """The kind of an answer's error, or None."""
    return None if found["ok"] else found["error"]["kind"]
