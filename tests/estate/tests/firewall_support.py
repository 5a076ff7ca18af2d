# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One host with a firewall in a test: made of words, changed by cmdlets, asked who may connect."""

from __future__ import annotations

from typing import Any

from world_support import answer, make

from windows_estate.machine import Machine
from windows_estate.world import Estate
from windows_estate.world.behaviours.firewall.decision import Decision
from windows_estate.world.behaviours.firewall.places import LOCAL, RULES
from windows_estate.world.words.packets import read_packet

LOCAL_RULES = f"{LOCAL}\\{RULES}"
CONTROLLER = "10.20.0.5"


def estate(firewall: dict[str, Any] | None = None, policy: dict[str, Any] | None = None, **words: Any) -> Estate:
    """One client CL01; `firewall`: its words; `policy`: those of a Group Policy object."""
    more: dict[str, Any] = {}
    if policy is not None:
        more["group_policy"] = {"objects": [{"name": "Firewall", "firewall": policy}]}
    return make({"CL01": {"role": "client", "firewall": firewall or {}, **words}}, **more)


def machine(firewall: dict[str, Any] | None = None, **words: Any) -> Machine:
    return estate(firewall, **words).machines["CL01"]


def connects(fleet: Estate, **question: Any) -> Decision:
    """Whether a packet gets into CL01; `source` is the word `from`."""
    words = {("from" if name == "source" else name): value for name, value in question.items()}
    return fleet.built["CL01"].firewall.decide(read_packet(words, "test"))


def run(host: Machine, name: str, select: list[str] | None = None, **parameters: Any) -> dict[str, Any]:
    """The answer to one cmdlet of NetSecurity."""
    fields: dict[str, Any] = {"module": "NetSecurity", "name": name, "parameters": parameters, "select": select or []}
    return answer(host, "cmdlet.invoke", mutates=not name.startswith("Get-"), **fields)


def done(host: Machine, name: str, select: list[str] | None = None, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a cmdlet that has to succeed."""
    found = run(host, name, select, **parameters)
    assert found["ok"], found
    rows: list[dict[str, Any]] = found["data"]["rows"]
    return rows


def refused(host: Machine, name: str, **parameters: Any) -> str:
    """The kind of error of a cmdlet that has to fail, and that it changed nothing."""
    before = host.fingerprint()
    found = run(host, name, **parameters)
    assert not found["ok"], found
    assert host.fingerprint() == before
    kind: str = found["error"]["kind"]
    return kind


def rule(host: Machine, name: str) -> str | None:
    """A rule of the local store, as the registry has it."""
    text: str | None = host.registry.data(LOCAL_RULES, name)
    return text
