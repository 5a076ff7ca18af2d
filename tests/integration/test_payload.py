# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the widest options come to: still one execution to verify, two to apply, and few bytes and requests for each."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Core
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
        assert max(sizes) < 80_000, (host, sizes)
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
