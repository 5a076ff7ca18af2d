# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wrong options: a whole sentence each, nothing is sent to the host, and every other host of the play is served.

Each host has one thing wrong. All hosts are as installed, so that an apply would write to each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.registry import AREAS
from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain

OFFER: Json = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"]}
SOLICITED: Json = {"managed_by": "this_collection", "mode": "solicited"}
DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled"}
WAIVER: Json = {"control": "002-21", "reason": "kept elsewhere", "owner": "N. Weber", "expires": "2036-12-31"}
ATTESTATION: Json = {"control": "002-55", "by": "N. Weber", "on": "2026-01-15", "valid_until": "2036-12-31", "proof": "CHG-4711"}

AREA_OPTIONS = (
    "answer_file, attestations, control, encrypted_only, fail_on, firewall, helpers, invitation_method, manage_feature, managed_by, mode,"
    " results, run_id, session_logging, ticket_life, uac_prompt_visible_to_helper, waivers, warning_messages"
)


@dataclass(frozen=True)
class Case:
    """C(said): the whole message. C(baseline): of that module in place of the area's own."""

    given: Json
    said: str
    baseline: bool = False


CASES = {
    "NOHELPERS": Case(
        {"managed_by": "this_collection", "mode": "offer_only"},
        "helpers: mode 'offer_only' needs at least one account that may offer help, as DOMAIN\\name, name@domain or a SID.",
    ),
    "EMPTYHELPERS": Case(
        {**OFFER, "helpers": []},
        "helpers: mode 'offer_only' needs at least one account that may offer help, as DOMAIN\\name, name@domain or a SID.",
    ),
    "EMPTYHELPER": Case(
        {**OFFER, "helpers": ["CORP\\Helpdesk", " "]}, "helpers: an entry is empty; each one is DOMAIN\\name, name@domain or a SID."
    ),
    "NOSID": Case(
        {**OFFER, "helpers": ["S-1-five"]},
        "helpers: 'S-1-five' begins like a SID and is none; each entry is DOMAIN\\name, name@domain or a SID.",
    ),
    "CONTRADICTION": Case(
        {**OFFER, "mode": "disabled"},
        "helpers: mode 'disabled' lets nobody offer help; leave helpers out, or choose offer_only or solicited_and_offer.",
    ),
    "SESSIONLESS": Case(
        {**DISABLED, "control": "full"}, "control: mode 'disabled' has no sessions; leave control out, or choose another mode."
    ),
    "LIFE0": Case(
        {**SOLICITED, "ticket_life": {"value": 0, "unit": "hours"}},
        "ticket_life.value: 0 is out of range; allowed are whole numbers from 1 to 99 (unit hours).",
    ),
    "LIFE100": Case(
        {**SOLICITED, "ticket_life": {"value": 100, "unit": "days"}},
        "ticket_life.value: 100 is out of range; allowed are whole numbers from 1 to 99 (unit days).",
    ),
    "LIFEHALF": Case(
        {**SOLICITED, "ticket_life": {"value": 1.5, "unit": "hours"}},
        "ticket_life.value: 1.5 is not a whole number; allowed is a whole number.",
    ),
    "LIFEUNIT": Case(
        {**SOLICITED, "ticket_life": {"value": 1, "unit": "weeks"}},
        "ticket_life.unit: 'weeks' is not allowed; allowed is one of minutes, hours, days.",
    ),
    "UNINVITED": Case(
        {**OFFER, "ticket_life": {"value": 1, "unit": "hours"}},
        "ticket_life: mode 'offer_only' has no invitations; leave ticket_life out, or choose solicited or solicited_and_offer.",
    ),
    "UNKNOWN": Case({**DISABLED, "helper": ["x"]}, f"helper: there is no such option; allowed are {AREA_OPTIONS}."),
    "WRONGTYPE": Case(
        {**OFFER, "helpers": {"name": "CORP\\Helpdesk"}},
        'helpers: {"name": "CORP\\\\Helpdesk"} is not a list; allowed is a list, each entry a text.',
    ),
    "WRONGFLAG": Case(
        {**DISABLED, "encrypted_only": "perhaps"}, "encrypted_only: 'perhaps' is not true or false; allowed is true or false."
    ),
    "NOOWNER": Case({"mode": "disabled"}, "managed_by: missing; allowed is one of this_collection, group_policy, configmgr."),
    "NOMODE": Case(
        {"managed_by": "this_collection", "mode": "off"},
        "mode: 'off' is not allowed; allowed is one of disabled, offer_only, solicited, solicited_and_offer.",
    ),
    "SEVERAL": Case(
        {"mode": "off", "encrypted_only": 2},
        "encrypted_only: 2 is not true or false; allowed is true or false."
        " managed_by: missing; allowed is one of this_collection, group_policy, configmgr."
        " mode: 'off' is not allowed; allowed is one of disabled, offer_only, solicited, solicited_and_offer.",
    ),
    "NOCONTROL": Case(
        {**DISABLED, "waivers": [{**WAIVER, "control": "002-99"}]},
        "waivers[0].control: '002-99' is no control of the catalogue; allowed are ids such as '002-21' (docs/controls.md lists all).",
    ),
    "NODATE": Case(
        {**DISABLED, "waivers": [WAIVER, {**WAIVER, "expires": "31.12.2036"}]},
        "waivers[1].expires: '31.12.2036' is no date; allowed is a date as 2026-12-31.",
    ),
    "NODAY": Case(
        {**DISABLED, "waivers": [{**WAIVER, "expires": "2036-02-30"}]},
        "waivers[0].expires: '2036-02-30' is no date; allowed is a date as 2026-12-31.",
    ),
    "NOREASON": Case(
        {**DISABLED, "waivers": [{**WAIVER, "reason": " "}]},
        "waivers[0].reason: it is empty; allowed is a text that says why the deviation is accepted.",
    ),
    "MEASURED": Case(
        {**DISABLED, "attestations": [{**ATTESTATION, "control": "002-21"}]},
        "attestations[0].control: '002-21' is measured on hosts, so it cannot be attested; a deviation needs a waiver.",
    ),
    "BACKWARDS": Case(
        {**DISABLED, "attestations": [{**ATTESTATION, "valid_until": "2026-01-14"}]},
        "attestations[0].valid_until: 2026-01-14 is before 2026-01-15; allowed is a day that is not before 'on'.",
    ),
    "FAILON": Case(
        {**DISABLED, "fail_on": ["drift", "worst"]},
        "fail_on[1]: 'worst' is not allowed; allowed is one of error, conflict, drift, indeterminate, unattested, high, medium, low.",
    ),
    "RUNID": Case(
        {**DISABLED, "run_id": "../nightly"},
        "run_id: '../nightly' is no name of a run; allowed are up to 73 letters, digits, '_' and '-', the first one no sign.",
    ),
    "ANSWERFILE": Case(
        {**DISABLED, "answer_file": "/nowhere/unattend.xml"},
        "answer_file: /nowhere/unattend.xml cannot be read (No such file or directory); give the path of a file on the controller.",
    ),
    "NOAREA": Case({}, f"baseline: no area is declared; give the options of at least one of {', '.join(AREAS)}.", baseline=True),
    "INSIDE": Case(
        {"remote_assistance_policy": {**DISABLED, "waivers": [WAIVER], "run_id": "x"}},
        "remote_assistance_policy.waivers: is given beside the areas, once for all of them."
        " remote_assistance_policy.run_id: is given beside the areas, once for all of them.",
        baseline=True,
    ),
    "AREANAME": Case(
        {"remote_assistance": DISABLED},
        "remote_assistance: there is no such option; allowed are"
        f" {', '.join(sorted([*AREAS, 'attestations', 'fail_on', 'results', 'run_id', 'waivers']))}.",
        baseline=True,
    ),
    "AREATYPE": Case({"remote_assistance_policy": "disabled"}, "remote_assistance_policy: 'disabled' is no dictionary.", baseline=True),
    "AREAWRONG": Case(
        {"remote_assistance_policy": {**DISABLED, "mode": "off"}},
        "remote_assistance_policy.mode: 'off' is not allowed; allowed is one of disabled, offer_only, solicited, solicited_and_offer.",
        baseline=True,
    ),
    "AREARULE": Case(
        {"remote_assistance_policy": {**OFFER, "helpers": []}},
        "remote_assistance_policy.helpers: mode 'offer_only' needs at least one account that may offer help,"
        " as DOMAIN\\name, name@domain or a SID.",
        baseline=True,
    ),
}
# What only the host can show to be wrong.
ACCOUNTS = {
    "BYNAME": Case(
        {**OFFER, "helpers": ["CORP\\Helpdesk", "CORP\\Nobody"]},
        "helpers: 'CORP\\Nobody' is no account that BYNAME can resolve; give DOMAIN\\name, name@domain or a SID with a name.",
    ),
    "BYSID": Case(
        {**OFFER, "helpers": ["S-1-5-21-1004336348-1177238915-682003330-9999"]},
        "helpers: 'S-1-5-21-1004336348-1177238915-682003330-9999' is no account that BYSID can resolve; give DOMAIN\\name, name@domain or a"
        " SID with a name.",
    ),
}
GOOD = ("GOOD1", "GOOD2")


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    before: dict[str, str]
    run: Run


@pytest.fixture(scope="module")
def told(start_shared: Start, tmp_path_factory: pytest.TempPathFactory) -> Told:
    cases = {**CASES, **ACCOUNTS, "RESULTS": Case({**DISABLED, "results": f"{occupied(tmp_path_factory)}/results"}, "")}
    hosts = {name: {"role": "client", "vars": {"given": case.given, "baseline": case.baseline}} for name, case in cases.items()}
    hosts |= {name: {"role": "client", "vars": {"given": DISABLED, "baseline": False}} for name in GOOD}
    fleet = start_shared({**demo_domain(), "hosts": hosts})
    before = fleet.fingerprints()
    run = fleet.tasks(
        [
            {"configmgr.hardening.remote_assistance_policy": None, "args": "{{ given }}", "when": "not baseline"},
            {"configmgr.hardening.baseline": None, "args": "{{ given }}", "when": "baseline"},
        ]
    )
    return Told(fleet, before, run)


def occupied(factory: pytest.TempPathFactory) -> Path:
    """A file where a folder is wanted: nobody can store there, whatever rights they have."""
    file = factory.getbasetemp() / "occupied"
    file.write_text("", encoding="utf-8")
    return file


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_wrong_option_is_told_and_the_host_left_alone(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert (one.status, one.message) == ("failed", CASES[name].said)
    assert one.result["changed"] is False
    assert one.result["executions"] == 0
    assert told.fleet.counters(name).total_requests == 0


def test_a_folder_that_cannot_be_written_is_told_before_the_host_is_touched(told: Told, tmp_path_factory: pytest.TempPathFactory) -> None:
    one = told.run.of("RESULTS")
    folder = occupied(tmp_path_factory) / "results"
    assert one.message == (
        f"results: nothing can be stored in {folder} (Not a directory); give a folder on the controller that can be written to."
    )
    assert told.fleet.counters("RESULTS").total_requests == 0


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_an_account_that_the_host_does_not_know_is_told_before_anything_is_written(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert (one.status, one.message) == ("failed", ACCOUNTS[name].said)
    assert one.result["changed"] is False
    assert told.fleet.counters(name).executions == 1
    assert told.fleet.writes(name) == []
    assert told.fleet.machine(name).fingerprint() == told.before[name]


def test_every_other_host_is_served(told: Told) -> None:
    for name in GOOD:
        one = told.run.of(name)
        assert (one.status, one.result["changed"]) == ("ok", True)
        assert {change["state"] for change in one.result["changes"]} == {"made"}
    assert told.run.with_status("ok") == set(GOOD)


# ---------------------------------------------------------------- roles: what is wrong is refused there as well, maybe in Ansible's words

ROLE_CASES = sorted(name for name, case in CASES.items() if not case.baseline)
_COMMON = ("waivers", "attestations", "fail_on", "run_id")


@pytest.fixture(scope="module")
def roles(start_shared: Start) -> dict[str, tuple[Fleet, Run]]:
    found = {}
    for role in ("remote_assistance_policy", "baseline"):
        hosts: Json = {name: {"role": "client", "vars": role_variables(CASES[name].given)} for name in ROLE_CASES}
        hosts |= {name: {"role": "client", "vars": role_variables(DISABLED)} for name in GOOD}
        fleet = start_shared({**demo_domain(), "hosts": hosts})
        found[role] = (fleet, fleet.tasks([], roles=[f"configmgr.hardening.{role}"]))
    return found


def role_variables(given: Json) -> Json:
    """What an inventory says for the same."""
    own = {name: given[name] for name in given if name not in _COMMON}
    common = {f"configmgr_hardening_{name}": given[name] for name in _COMMON if name in given}
    return {"remote_assistance_policy_options": own, **common}


@pytest.mark.parametrize("name", ROLE_CASES)
@pytest.mark.parametrize("role", ["remote_assistance_policy", "baseline"])
def test_the_roles_refuse_it_too(roles: dict[str, tuple[Fleet, Run]], role: str, name: str) -> None:
    fleet, run = roles[role]
    failed = [one for one in run.told if one.host == name and one.status == "failed"]
    assert len(failed) == 1, run.end
    assert run.recap[name]["failures"] == 1
    assert fleet.counters(name).total_requests == 0
    if failed[0].action.startswith("configmgr.hardening"):
        said = CASES[name].said
        assert failed[0].message.replace("remote_assistance_policy.", "") == said


@pytest.mark.parametrize("role", ["remote_assistance_policy", "baseline"])
def test_the_roles_serve_every_other_host(roles: dict[str, tuple[Fleet, Run]], role: str) -> None:
    fleet, run = roles[role]
    assert run.with_status("ok") == set(GOOD), run.end
    assert all(fleet.writes(name) for name in GOOD)
