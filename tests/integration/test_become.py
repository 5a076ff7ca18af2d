# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""become: the same executions and requests, by another account."""

from __future__ import annotations

from tests.integration.conftest import Start
from tests.integration.controller import Core
from tests.integration.fleet import Json, demo_domain

DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}


def test_become_changes_who_it_is_and_nothing_else(core: Core, start: Start) -> None:
    accounts = {"PLAIN": {}, "SYSTEM": {"ansible_become_user": "SYSTEM"}, "ACCOUNT": {"ansible_become_user": "CORP\\n.weber"}}
    hosts: Json = {name: {"role": "client", "vars": variables} for name, variables in accounts.items()}
    hosts["PLAIN"]["vars"]["ansible_become"] = False
    hosts["ACCOUNT"]["vars"]["ansible_become_password"] = "x"
    hosts["ACCOUNT"]["local_groups"] = {"Administrators": ["CORP\\svc-ansible", "CORP\\n.weber"]}
    fleet = start({**demo_domain(), "hosts": hosts}, core)
    before = fleet.fingerprints()
    variables = {"ansible_become_method": "runas"}
    task = {"configmgr.hardening.remote_assistance_policy": DISABLED}

    verify = fleet.tasks([task], "--check", variables=variables, become=True)
    assert verify.with_status("ok") == set(accounts), verify.end
    for host in accounts:
        counters = fleet.counters(host)
        assert counters.executions == 1
        assert counters.total_requests <= 7, host
        assert counters.payload_bytes < 80_000
        assert fleet.writes(host) == []
    assert fleet.fingerprints() == before
    assert {host: fleet.counters(host).log[0].become_user for host in accounts} == {
        "PLAIN": None,
        "SYSTEM": "SYSTEM",
        "ACCOUNT": "CORP\\n.weber",
    }
    assert {host: verify.of(host).result["host"]["user"]["sid"] for host in ("PLAIN", "SYSTEM", "ACCOUNT")} == {
        "PLAIN": "S-1-5-21-1004336348-1177238915-682003330-1105",
        "SYSTEM": "S-1-5-18",
        "ACCOUNT": "S-1-5-21-1004336348-1177238915-682003330-1110",
    }

    apply = fleet.tasks([task], variables=variables, become=True)
    assert apply.changed() == set(accounts), apply.end
    assert {host: fleet.counters(host).executions for host in accounts} == dict.fromkeys(accounts, 2)
    back = fleet.tasks([{"configmgr.hardening.rollback": {}}], variables=variables, become=True)
    assert back.changed() == set(accounts), back.end
    assert fleet.fingerprints() == before


def test_no_secret_of_become_is_told(start: Start) -> None:
    secret = "a secret that nobody may see"
    variables = {"ansible_become_method": "runas", "ansible_become_user": "CORP\\n.weber", "ansible_become_password": secret}
    administrators = {"Administrators": ["CORP\\svc-ansible", "CORP\\n.weber"]}
    fleet = start({**demo_domain(), "hosts": {"CL01": {"role": "client", "vars": variables, "local_groups": administrators}}})
    task = {"configmgr.hardening.remote_assistance_policy": {**DISABLED, "results": str(fleet.results)}}
    run = fleet.tasks([task], "-vvvv", become=True)
    assert run.of("CL01").status == "ok"
    assert secret not in str(run.told)
    assert secret not in run.output
    stored = [path.read_text(encoding="utf-8") for path in fleet.results.rglob("*.json")]
    assert stored
    assert not any(secret in text or "demo-only-password" in text for text in stored)
