# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the widest options come to: still one execution to verify, two to apply, and few bytes and requests for each."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Core, Run
from tests.integration.fleet import Fleet, Json, demo_domain

HOSTS = ("BARE", "FULL")


def wide(people: list[str], text: str) -> Json:
    """Every option."""
    return {
        "managed_by": "this_collection",
        "mode": "solicited_and_offer",
        "control": "full",
        "helpers": [f"CORP\\{name}" for name in people],
        "ticket_life": {"value": 90, "unit": "minutes"},
        "invitation_method": "mailto",
        "warning_messages": {"before_view": text, "before_control": text},
        "manage_feature": True,
        "uac_prompt_visible_to_helper": True,
        "encrypted_only": True,
        "session_logging": True,
    }


def start_wide(start: Start, core: Core | None, people: list[str], text: str) -> Fleet:
    """One host with nothing, and one on which as much as possible has to be kept in the snapshot and taken away."""
    words = demo_domain()
    words["domain"]["users"] |= {name: 2000 + number for number, name in enumerate(people)}
    policies = {
        "Configure Solicited Remote Assistance": {"control": "view_only", "ticket_life": 99, "ticket_life_unit": "days"},
        "Configure Offer Remote Assistance": {"control": "view_only", "helpers": ["CORP\\Helpdesk", "CORP\\Former Helpdesk"]},
        "Customize warning messages": {"before_view": f"{text}!", "before_control": f"{text}?"},
    }
    full = {
        "features": "Remote-Assistance",
        "remote_assistance": {"policies": policies, "helpers_group": ["Everyone", "CORP\\Former Helpdesk"]},
    }
    words["hosts"] = {"BARE": {"role": "distribution_point"}, "FULL": {"role": "distribution_point", **full}}
    return start(words, core)


@pytest.mark.parametrize(
    ("helpers", "text"),
    [(3, "Somebody wants to look. " * 41), (5, "Jemand möchte zusehen, bitte wählen. " * 10)],
    ids=["english", "german"],
)
def test_the_widest_options_fit(core: Core, start: Start, helpers: int, text: str) -> None:
    people = [f"helper.with.a.long.name.{number:02}" for number in range(helpers)]
    fleet = start_wide(start, core, people, text)
    options = wide(people, text)

    verify = fleet.module("remote_assistance_policy", options, "--check")
    assert verify.with_status("ok") == set(HOSTS), verify.end
    for host in HOSTS:
        counters = fleet.counters(host)
        assert counters.executions == 1
        assert counters.requests == {"Create": 1, "Command": 1, "Send": 1, "Receive": 1, "Signal": 1, "Delete": 1}
        assert counters.payload_bytes < 80_000

    apply = fleet.module("remote_assistance_policy", options)
    assert apply.changed() == set(HOSTS), apply.end
    for host in HOSTS:
        log = fleet.counters(host).log
        sizes = [execution.script_bytes + execution.arguments_bytes for execution in log]
        assert len(log) == 2
        # With the snapshot, and what happens to the rules of the firewall. A little over 80,000 bytes are one Send all the same, below.
        assert sizes[0] < 80_000 and max(sizes) < 82_000, (host, sizes)
        # Over one shell.
        assert fleet.counters(host).requests == {"Create": 1, "Command": 2, "Send": 2, "Receive": 2, "Signal": 2, "Delete": 1}

    again = fleet.module("remote_assistance_policy", options)
    assert again.changed() == set()


def test_what_is_larger_costs_no_execution_more(start: Start) -> None:
    """Forty helpers, and the longest texts of letters that take six bytes each on their way."""
    people = [f"helper.with.a.long.name.{number:02}" for number in range(40)]
    fleet = start_wide(start, None, people, "ä" * 999)
    options = wide(people, "ä" * 1000)
    for host, run in ((host, run) for run in (fleet.module("remote_assistance_policy", options),) for host in HOSTS):
        assert run.of(host).status == "ok", run.end
        assert fleet.counters(host).executions == 2
        assert fleet.counters(host).total_requests <= 12
    assert fleet.module("remote_assistance_policy", options).changed() == set()


def test_all_areas_at_once_are_one_execution_to_verify_and_two_to_apply(start: Start) -> None:
    """A client with 1,100 rules, the same with become, and a site server whose connection delegates."""
    fleet = start(everything())
    arguments = {area: f"{{{{ given.{area} | default(omit) }}}}" for area in AREAS}

    verify = fleet.module("baseline", arguments, "--check")
    assert verify.with_status("ok") == set(EVERYTHING), verify.end
    for host in EVERYTHING:
        counters = fleet.counters(host)
        assert counters.executions == 1
        assert counters.payload_bytes < 80_000, (host, counters.payload_bytes)
        assert counters.requests["Send"] == (2 if host == "BECOME" else 1)
        assert counters.total_requests == (7 if host == "BECOME" else 6)
        assert counters.log[0].stdout_bytes < 153_600
    assert verify.changed() == set(EVERYTHING)
    assert {host: areas_of(verify, host) for host in EVERYTHING} == {host: set(given) for host, given in EVERYTHING.items()}

    apply = fleet.module("baseline", arguments)
    for host in EVERYTHING:
        result = apply.of(host).result
        assert {change["state"] for change in result["changes"]} <= {"made", "refused"}, apply.of(host).message
        refused = [change["message"] for change in result["changes"] if change["state"] == "refused"]
        # What a group of Administrators means to the account that came in cannot be seen with become.
        assert len(refused) == (1 if host == "BECOME" else 0)
        assert all(message.endswith("stays in Administrators; run this without become.") for message in refused)
        planned = [{**change, "state": "made"} for change in verify.of(host).result["changes"] if change["state"] == "planned"]
        assert planned == [change for change in result["changes"] if change["state"] == "made"]
        counters = fleet.counters(host)
        sizes = [execution.script_bytes + execution.arguments_bytes for execution in counters.log]
        # The snapshot and some sixty writes with their conditions come on top of the script: still one Send, of 200,000 bytes encoded.
        assert len(sizes) == 2 and sizes[1] < 100_000, (host, sizes)
        if host != "BECOME":
            assert max(execution.stdin_bytes for execution in counters.log) < 200_000
            assert counters.requests["Send"] == 2
        assert counters.total_requests <= (12 if host == "BECOME" else 10), (host, counters.requests)

    again = fleet.module("baseline", arguments)
    assert again.changed() == set()
    assert {fleet.counters(host).executions for host in EVERYTHING} == {1}


def areas_of(run: Run, host: str) -> set[str]:
    return {change["area"] for change in run.of(host).result["changes"]}


PEOPLE = [f"helper.with.a.long.name.{number:02}" for number in range(3)]
AREAS = ("remote_assistance_policy", "firewall_exception", "client_push_target", "client_push_site")
RINGS = ["CORP\\Push Ring 1", "CORP\\Push Ring 2", "CORP\\push-ring1", "CORP\\push-ring2", "CORP\\push-old"]
FIREWALL: Json = {
    "exceptions": [
        {"service": "winrm", "from": ["10.20.0.0/24"]},
        {"service": "remote_control", "from": ["10.20.5.0/24", "fd00:20:5::/64"]},
        {"service": "client_push", "from": ["10.20.1.12"]},
        {"service": "wmi", "from": ["10.20.1.12"]},
        {"service": "remote_desktop", "state": "absent"},
        {"name": "monitoring", "protocol": "tcp", "ports": ["5666", "5700-5710"], "program": "C:\\Tools\\agent.exe", "from": ["10.20.0.9"]},
    ],
    "exclusive": True,
    "profiles_on": {profile: {"log_dropped": True, "log_size_kb": 16384} for profile in ("domain", "private", "public")},
}
CLIENT: Json = {
    "remote_assistance_policy": {
        **{name: value for name, value in wide(PEOPLE, "Somebody wants to look. " * 20).items() if name != "manage_feature"},
        "firewall": {"from": ["10.20.5.0/24"]},
    },
    "firewall_exception": FIREWALL,
    "client_push_target": {"ring": "one", "admitted": [RINGS[0]], "known_push_principals": RINGS},
}
SITE: Json = {
    "remote_assistance_policy": {"managed_by": "this_collection", "mode": "disabled"},
    "firewall_exception": FIREWALL,
    "client_push_site": {
        "computer_types": ["workstations", "servers"],
        "site_systems": False,
        "clear_install_flag_task": False,
        "accounts": [RINGS[2], RINGS[3]],
        "passwords": {RINGS[3]: "only.for.this.test"},
        "installation_properties": {"must_contain": ["SMSSITECODE=P01", "/UsePKICert"]},
    },
}
EVERYTHING: dict[str, Json] = {"GROWN": CLIENT, "BECOME": CLIENT, "SITE": SITE}


def everything() -> Json:
    words = demo_domain()
    words["domain"]["users"] |= {name: 2000 + number for number, name in enumerate(PEOPLE)}
    client: Json = {
        "role": "client",
        "local_groups": {"Administrators": ["Administrator", "CORP\\svc-ansible", *RINGS[1:]]},
        "remote_assistance": {"helpers_group": []},
        "firewall": {
            "more_rules": 1020,
            "on": ["Remote Desktop"],
            "rules": [{"id": "Everything", "name": "TEST please delete"}],
            "profiles": {"public": {"enabled": False}},
        },
    }
    become = {"ansible_become": True, "ansible_become_method": "ansible.builtin.runas", "ansible_become_user": "SYSTEM"}
    push = {"automatic": True, "site_systems": True, "accounts": RINGS[2:5:2]}
    words["configmgr"] = {"site_code": "P01", "site": {"upgraded": True, "client_push": push, "clear_install_flag": True}}
    words["hosts"] = {
        "GROWN": {**client, "vars": {"given": CLIENT}},
        "BECOME": {**client, "vars": {"given": CLIENT, **become}},
        "SITE": {
            "role": "site_server",
            "controller": {"delegation": True},
            "vars": {"given": SITE},
            "firewall": {"on": ["Remote Desktop"]},
        },
    }
    return words
