# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The other versions of ansible-core: verify, apply, verify. (The oldest and the newest run the tests of requests, check mode, single
changes and snapshots in full.)"""

from __future__ import annotations

import pytest

from tests.integration.conftest import Start, available
from tests.integration.controller import Core, full_cores, other_cores, own_core, smoke_cores
from tests.integration.fleet import demo_domain

OPTIONS = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}


@pytest.mark.parametrize("core", smoke_cores(), ids=lambda core: f"core-{core.series}")
def test_three_hosts_are_verified_applied_and_verified(core: Core, start: Start) -> None:
    hosts = {
        "CL01": {"role": "client"},
        "CL02": {"role": "client", "language": "de-DE", "os": "windows_10_22h2"},
        "DC01": {"role": "domain_controller"},
    }
    words = {name: {**host, "vars": {"remote_assistance_policy_options": OPTIONS}} for name, host in hosts.items()}
    fleet = start({**demo_domain(), "hosts": words}, available(core))
    before = fleet.fingerprints()

    first = fleet.playbook("verify")
    assert (first.exit_code, first.with_status("ok"), first.changed()) == (0, set(hosts), set(hosts)), first.end
    assert {host: fleet.counters(host).executions for host in hosts} == dict.fromkeys(hosts, 1)
    assert max(fleet.counters(host).total_requests for host in hosts) <= 7
    assert fleet.fingerprints() == before

    apply = fleet.playbook("apply", "--diff")
    assert (apply.exit_code, apply.changed()) == (0, set(hosts)), apply.end
    assert {host: fleet.counters(host).executions for host in hosts} == dict.fromkeys(hosts, 2)
    assert {change["state"] for host in hosts for change in apply.of(host).result["changes"]} == {"made"}

    second = fleet.playbook("verify")
    assert (second.exit_code, second.changed()) == (0, set()), second.end
    assert (fleet.results / "report.md").read_text(encoding="utf-8").startswith("# ")


def test_every_listed_version_is_tested() -> None:
    assert {*full_cores(), *smoke_cores()} == {own_core(), *other_cores()}
    assert len(full_cores()) + len(smoke_cores()) == 1 + len(other_cores())
