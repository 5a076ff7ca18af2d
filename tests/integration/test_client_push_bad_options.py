# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wrong options of client push: a whole sentence each; nothing is sent, or, where only the host shows it, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.integration.conftest import Start
from tests.integration.controller import Run
from tests.integration.fleet import Fleet, Json, demo_domain

RING1, RING2 = "CORP\\push-ring1", "CORP\\push-ring2"


@dataclass(frozen=True)
class Case:
    """C(said): the whole message. C(module): whose options are given."""

    given: Json
    said: str
    module: str = "client_push_site"


@dataclass(frozen=True)
class Shown:
    """What only the host shows. C(code): of the site whose server it is, C(site): its words; without one it is a client."""

    given: Json
    said: str
    code: str | None = None
    site: Json = field(default_factory=dict)


def target(**more: object) -> Json:
    return {"admitted": ["CORP\\Push Ring 1"], **more}


CASES: dict[str, Case] = {
    "SITECODE": Case({"site_code": "P0"}, "site_code: 'P0' is no site code; allowed are three letters or digits."),
    "TYPES": Case(
        {"computer_types": ["printers"]},
        "computer_types[0]: 'printers' is not allowed; allowed is one of workstations, servers, domain_controllers.",
    ),
    "TYPETWICE": Case(
        {"computer_types": ["servers", "servers"]}, "computer_types: 'servers' is named twice; case does not matter. Name each one once."
    ),
    "ACCOUNT": Case({"accounts": ["push-ring1"]}, "accounts: 'push-ring1' is no account as the site keeps them; allowed is DOMAIN\\name."),
    "TWICE": Case(
        {"accounts": [RING1, "corp\\PUSH-RING1"]}, "accounts: 'corp\\PUSH-RING1' is named twice; case does not matter. Name each one once."
    ),
    "INCLUDE": Case(
        {"accounts": [RING1], "accounts_include": [RING2]},
        "accounts: cannot be given together with accounts_include; accounts is the whole list, so leave one of them out.",
    ),
    "EXCLUDE": Case(
        {"accounts": [RING1], "accounts_exclude": [RING2]},
        "accounts: cannot be given together with accounts_exclude; accounts is the whole list, so leave one of them out.",
    ),
    "OVERLAP": Case(
        {"accounts_include": [RING1], "accounts_exclude": [RING1.upper()]},
        "accounts_exclude: 'CORP\\push-ring1' is in accounts_include as well; take it out of one of them.",
    ),
    "ORDER": Case(
        {"accounts_include": [RING1], "enforce_order": True},
        "enforce_order: needs accounts, which is the order to enforce; give accounts or leave enforce_order out.",
    ),
    "LONGPASSWORD": Case(
        {"accounts": [RING1], "passwords": {RING1: "x" * 39}},
        "passwords: that of 'CORP\\push-ring1' has 39 characters; Configuration Manager takes at most 38.",
    ),
    "NOPASSWORD": Case(
        {"accounts": [RING1], "passwords": {RING1: ""}}, "passwords: that of 'CORP\\push-ring1' is empty; give one of 1 to 38 characters."
    ),
    "NUMBER": Case(
        {"accounts": [RING1], "passwords": {RING1: 12345678}}, "passwords: that of 'CORP\\push-ring1' is no text; put it in quotes."
    ),
    "STRANGER": Case(
        {"accounts": [RING1], "passwords": {RING2: "x"}},
        "passwords: 'CORP\\push-ring2' is in neither accounts nor accounts_include; name it there or leave its password out.",
    ),
    "WAIT": Case({"wait_seconds": 0}, "wait_seconds: 0 is out of range; allowed are whole numbers from 1 to 3600."),
    "SAYSNOTHING": Case(
        {"installation_properties": {}}, "installation_properties: says nothing; give must_contain or must_not_contain, or leave it out."
    ),
    "BOTHWAYS": Case(
        {"installation_properties": {"must_contain": ["/UsePKICert"], "must_not_contain": ["/usepkicert"]}},
        "installation_properties.must_not_contain: '/UsePKICert' has to be contained as well; take it out of one of them.",
    ),
    "SEVERAL": Case(
        {"site_code": "P0", "enforce_order": True, "wait_seconds": 9999},
        "site_code: 'P0' is no site code; allowed are three letters or digits. enforce_order: needs accounts, which is the"
        " order to enforce; give accounts or leave enforce_order out. wait_seconds: 9999 is out of range; allowed are whole"
        " numbers from 1 to 3600.",
    ),
    "NORING": Case(
        {"admitted": []},
        "admitted: is empty; a ring needs at least one push principal, a group as DOMAIN\\name, or the site server's own"
        " account as DOMAIN\\name$.",
        "client_push_target",
    ),
    "RINGTWICE": Case(
        target(admitted=["CORP\\Push Ring 1", "corp\\push ring 1"]),
        "admitted: 'corp\\push ring 1' is named twice; case does not matter. Name each one once.",
        "client_push_target",
    ),
    "EVERYONE": Case(
        target(admitted=["S-1-1-0"]),
        "admitted: 'S-1-1-0' is Everyone, which nearly anybody belongs to; name a group or an account that is there for client push alone.",
        "client_push_target",
    ),
    "AMBIGUOUS": Case(
        target(known_push_principals=["push-ring1"]),
        "known_push_principals: 'push-ring1' may mean several accounts or none; allowed is DOMAIN\\name, name@domain or a SID.",
        "client_push_target",
    ),
    "NOADMITTED": Case(
        {"known_push_principals": [RING1]}, "admitted: missing; allowed is a list, each entry a text.", "client_push_target"
    ),
    "NOSID": Case(
        target(known_push_principals=["S-1-five"]),
        "known_push_principals: 'S-1-five' begins like a SID and is none; each entry is DOMAIN\\name, name@domain or a SID.",
        "client_push_target",
    ),
    "RINGNAME": Case(target(ring=" "), "ring: '' is no name for a ring; allowed are 1 to 60 characters on one line.", "client_push_target"),
}
SHOWN: dict[str, Shown] = {
    "UNKNOWNSITE": Shown({"site_code": "X99"}, "site_code: 'X99' is no site that UNKNOWNSITE knows; allowed are A01.", "A01"),
    "TWOSITES": Shown({}, "site_code: TWOSITES has providers for the sites B01, F01; say which of them is meant.", "B01"),
    "DOWN": Shown(
        {},
        "site_code: the SMS Provider on DOWN cannot be reached (failed: The SMS Provider does not answer.). See that the"
        " services of Windows Management Instrumentation and of the site run, then try again.",
        "D01",
        {"another_administrator": [{"down": True}]},
    ),
    "NOMODULE": Shown(
        {"accounts": [RING1]},
        "client push installation accounts of the site E01 can only be changed by Set-CMClientPushInstallation, but the Configuration"
        " Manager console, which brings the module ConfigurationManager, is not installed on NOMODULE.",
        "E01",
        {"consoles": [], "client_push": {"accounts": [RING2]}, "stored_accounts": {RING1: []}},
    ),
    "ELSEWHERE": Shown(
        {},
        "site_code: ELSEWHERE is no host of an SMS Provider (The namespace root\\SMS\\site_F01 does not exist.). As far as it"
        " knows, TWOSITES.corp.example is the provider of F01. Run this where one is.",
        "F01",
        {"providers": ["TWOSITES"]},
    ),
    "PASSWORDLESS": Shown(
        {"accounts": [RING1]},
        "passwords: 'CORP\\push-ring1' is not in the store of the site G01 yet, so its password has to be given.",
        "G01",
    ),
    "NOPROVIDER": Shown(
        {}, "site_code: NOPROVIDER is no host of an SMS Provider (The namespace root\\SMS does not exist.). Run this where one is."
    ),
    "UNRESOLVED": Shown(
        {"admitted": ["CORP\\Nobody"]},
        "admitted: 'CORP\\Nobody' is no account that UNRESOLVED can resolve; give DOMAIN\\name, name@domain or a SID with a name.",
    ),
}


@dataclass(frozen=True)
class Told:
    fleet: Fleet
    before: dict[str, str]
    run: Run


@pytest.fixture(scope="module")
def told(start_shared: Start) -> Told:
    system = {"ansible_become": True, "ansible_become_method": "ansible.builtin.runas", "ansible_become_user": "SYSTEM"}
    hosts: Json = {name: {"role": "client", "vars": {"given": case.given, "module": case.module}} for name, case in CASES.items()}
    for name, shown in SHOWN.items():
        module = "client_push_target" if "admitted" in shown.given else "client_push_site"
        role, way = ("site_server", system) if shown.code else ("client", {})
        hosts[name] = {"role": role, "vars": {"given": shown.given, "module": module, **way}}
    (first, server), *others = [(shown.code, name) for name, shown in SHOWN.items() if shown.code]
    words = {
        "site_code": first,
        "site": {"server": server, **SHOWN[server].site},
        "other_sites": {code: {"server": name, **SHOWN[name].site} for code, name in others},
    }
    fleet = start_shared({**demo_domain(), "configmgr": words, "hosts": hosts})
    before = fleet.fingerprints()
    modules = ("client_push_site", "client_push_target")
    run = fleet.tasks([{f"configmgr.hardening.{name}": None, "args": "{{ given }}", "when": f"module == '{name}'"} for name in modules])
    return Told(fleet, before, run)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_wrong_option_is_told_and_nothing_is_sent_to_the_host(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert (one.status, one.message) == ("failed", CASES[name].said)
    assert (one.result["changed"], one.result["executions"]) == (False, 0)
    assert told.fleet.counters(name).total_requests == 0


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_what_the_host_shows_to_be_wrong_is_told_and_nothing_is_written(told: Told, name: str) -> None:
    one = told.run.of(name)
    assert (one.status, one.message) == ("failed", SHOWN[name].said)
    assert (one.result["changed"], told.fleet.counters(name).executions) == (False, 1)
    assert told.fleet.writes(name) == []
    assert told.fleet.machine(name).fingerprint() == told.before[name]
