# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's firewall is changed over the connection that it lets in; a simulated host that shuts the controller out stops answering."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.integration.fleet import Fleet, Json, demo_domain

WINRM = "WINRM-HTTP-In-TCP-NoScope"
CONTROLLER = "10.20.0.5"
RULES = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
CUT = (
    f"Disabling the firewall rule {WINRM} would cut the connection in use, TCP 5985 from {CONTROLLER} on the profile domain: no rule would"
    f" let it in any more. It is not done. Declare an exception that lets {CONTROLLER} in on TCP 5985, or connect in another way."
)


@pytest.fixture(scope="module")
def fleet(start_shared: Start) -> Fleet:
    return start_shared({**demo_domain(), "hosts": {name: {"role": "client"} for name in ("CL01", "CL02", "CL03")}})


def narrowed(*networks: str) -> Json:
    """WinRM for some networks and for nobody else."""
    return {"exceptions": [{"service": "winrm", "from": list(networks)}], "exclusive": True}


def changes(result: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {f"{each['setting']} {each['item'] or ''}".strip(): (each["state"], each["message"]) for each in result["changes"]}


def rule(fleet: Fleet, host: str, name: str) -> str | None:
    text: str | None = fleet.machine(host).registry.data(RULES, name)
    return text


def test_what_would_shut_the_controller_out_is_refused_and_the_rest_is_made(fleet: Fleet) -> None:
    options = {"exceptions": [{"service": "winrm", "state": "absent"}, {"service": "remote_control", "from": ["10.20.5.0/24"]}]}

    told = fleet.module("firewall_exception", options, "--limit", "CL01").of("CL01")

    assert told.status == "ok"
    assert changes(told.result) == {
        f"firewall rule {WINRM}": ("refused", CUT),
        "firewall rules ConfigMgrHardening-Firewall-remote_control-1": ("made", None),
    }
    assert told.result["executions"] == 2
    assert any(CUT in finding["remedy"] for finding in told.result["findings"])
    assert fleet.module("firewall_exception", options, "--limit", "CL01").of("CL01").status == "ok"


def test_a_connection_is_narrowed_down_to_networks_that_the_controller_is_in(fleet: Fleet) -> None:
    before = fleet.fingerprints()["CL02"]

    told = fleet.module("baseline", {"firewall_exception": narrowed("10.20.0.0/24")}, "--limit", "CL02").of("CL02")

    assert told.status == "ok"
    made = "ConfigMgrHardening-Firewall-winrm-1"
    assert changes(told.result)[f"firewall rule {WINRM}"] == ("made", None)
    assert changes(told.result)[f"firewall rules {made}"] == ("made", None)
    operations = {
        f"{each['name'].partition('-')[0]} {each['parameters']['Name']}": each
        for each in fleet.executed("CL02")[1]
        if each["op"] == "cmdlet.invoke"
    }
    assert operations[f"New {made}"]["id"] in operations[f"Disable {WINRM}"]["needs"]
    assert "Active=FALSE" in (rule(fleet, "CL02", WINRM) or "")
    again = fleet.module("baseline", {"firewall_exception": narrowed("10.20.0.0/24")}, "--limit", "CL02").of("CL02")
    assert (again.status, again.result["changed"], again.result["executions"]) == ("ok", False, 1)

    back = fleet.module("rollback", {"snapshot": "latest"}, "--limit", "CL02").of("CL02")

    assert back.status == "ok"
    assert fleet.fingerprints()["CL02"] == before


def test_a_connection_is_not_narrowed_down_to_networks_that_the_controller_is_not_in(fleet: Fleet) -> None:
    told = fleet.module("baseline", {"firewall_exception": narrowed("10.99.0.0/16")}, "--limit", "CL03").of("CL03")

    assert told.status == "ok"
    assert changes(told.result)[f"firewall rule {WINRM}"] == ("refused", CUT)
    assert "Active=TRUE" in (rule(fleet, "CL03", WINRM) or "")
