# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the area client_push_site does to a simulated site, and what it leaves behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from reviewing import finding, statuses
from site_reviewing import CODE, OPEN, SiteServer, failures, made

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from windows_estate.world.behaviours.configmgr_site import Administrator, Push, Revert, Secondary, StoredAccount
from windows_estate.world.behaviours.configmgr_site.items import CLIENT_CONFIG, DISCOVERY

A, B, C, OLD = "CORP\\a", "CORP\\b", "CORP\\c", "CORP\\old"
USER = {"name": "CORP\\svc-ansible", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544"]}
EVERYTHING: dict[str, Any] = {
    "computer_types": ["workstations"],
    "site_systems": False,
    "clear_install_flag_task": False,
    "accounts": [A, C],
    "passwords": {C: "x"},
    "installation_properties": {"must_contain": ["SMSSITECODE=P01", "/UsePKICert"]},
}
ALL_CHANGES = {
    "ntlm fallback: on -> off",
    "computer types: workstations, servers, domain controllers -> workstations",
    "site systems: on -> off",
    "automatic push: on -> off",
    "clear install flag: on -> off",
    f"account store: + {C}",
    f"push accounts: + {C}",
    f"push accounts: - {OLD}",
    'installation properties: "SMSSITECODE=P01" -> "SMSSITECODE=P01 /UsePKICert"',
}


def wide_open(**options: Any) -> SiteServer:
    push = Push(
        automatic=True,
        computer_types=("workstations", "servers", "domain_controllers"),
        site_systems=True,
        ntlm_fallback=True,
        accounts=(A, OLD),
    )
    return SiteServer(push, clear_install_flag=True, **options)


class TestAutomaticPush:
    def test_it_is_turned_off_in_the_second_execution(self) -> None:
        server = SiteServer(OPEN)
        outcome = server.apply()

        assert len(server.requests) == 2
        assert server.text("SETTINGS") == "INACTIVE"
        assert {"EnableAutomaticClientPushInstallation": False, "SiteCode": CODE} in server.pushing
        assert statuses(outcome, "001-08") == ["compliant", "compliant"]

    def test_once_it_is_off_nothing_is_written(self) -> None:
        server = SiteServer(OPEN)
        server.apply()
        written = list(server.calls)
        outcome = server.apply()

        assert (len(server.requests), outcome.changes, outcome.snapshot) == (3, (), None)
        assert server.calls == written

    def test_a_rollback_turns_it_on_again(self) -> None:
        server = SiteServer(OPEN)
        outcome = server.apply()
        assert outcome.snapshot is not None
        server.rollback(outcome.snapshot)

        assert server.text("SETTINGS").upper() == "ACTIVE"
        assert server.number("ENABLEKERBEROSCHECK") == 3


def test_everything_at_once() -> None:
    server = wide_open()
    outcome = server.apply(**EVERYTHING)

    assert failures(outcome) == {}
    assert made(outcome) == ALL_CHANGES
    assert len(server.requests) == 2
    assert (server.number("FILTERS"), server.number("ENABLEKERBEROSCHECK"), server.number("AutoInstallSiteSystem")) == (6, 2, 0)
    assert server.site.push_accounts() == [A, C]
    assert OLD in server.site.stored_accounts()
    assert not server.apply(**EVERYTHING).changed


@pytest.mark.parametrize("how", [{}, {"spelling": (("SETTINGS", "Settings"), ("FILTERS", "Filters"))}, {"registry_typed": ("SETTINGS",)}])
def test_check_mode_says_what_apply_does(how: dict[str, Any]) -> None:
    server = wide_open(**how)
    before = server.machine.fingerprint()
    planned = server.verify(**EVERYTHING)

    assert {change.describe() for change in planned.changes} == ALL_CHANGES
    assert server.machine.fingerprint() == before
    assert server.calls == []
    assert made(server.apply(**EVERYTHING)) == ALL_CHANGES


def test_a_rollback_restores_all_but_the_store() -> None:
    server = wide_open()
    outcome = server.apply(**EVERYTHING)
    assert outcome.snapshot is not None
    back = server.rollback(outcome.snapshot)

    assert failures(back) == {}
    assert (server.number("FILTERS"), server.number("ENABLEKERBEROSCHECK"), server.number("AutoInstallSiteSystem")) == (0, 3, 1)
    assert sorted(server.site.push_accounts()) == [A, OLD]
    assert C in server.site.stored_accounts()
    line = server.site.component_property(CLIENT_CONFIG, "Advanced Client Command Line")
    assert line is not None and line["Value1"] == "SMSSITECODE=P01"
    assert not server.rollback(outcome.snapshot).changed


def test_an_order_is_made_in_one_call_and_restored() -> None:
    server = SiteServer(Push(accounts=(B, A)))
    options = {"accounts": [A, B, C], "enforce_order": True, "passwords": {C: "x"}}
    outcome = server.apply(**options)

    assert server.site.push_accounts() == [A, B, C]
    assert len(server.pushing) == 1
    assert not server.apply(**options).changed
    assert outcome.snapshot is not None
    server.rollback(outcome.snapshot)
    assert server.site.push_accounts() == [B, A]


def test_accounts_come_before_others_go() -> None:
    server = SiteServer(Push(accounts=(OLD,)), store=(StoredAccount(OLD, ("Software Distribution",)),))
    outcome = server.apply(accounts=[A, B], passwords={A: "x", B: "y"})

    assert [set(call) for call in server.pushing] == [{"AddAccount", "SiteCode"}, {"RemoveAccount", "SiteCode"}]
    assert [call["command"] for call in server.calls][:2] == ["New-CMAccount", "New-CMAccount"]
    assert server.site.push_accounts() == [A, B]
    gone = next(change for change in outcome.changes if change.difference.item == OLD)
    assert gone.difference.note is not None and "Software Distribution" in gone.difference.note


def test_an_account_that_cannot_be_made_keeps_others_from_going() -> None:
    server = SiteServer(Push(accounts=(OLD,)))
    server.machine.commands.pop(("configurationmanager", "new-cmaccount"))
    with pytest.raises(OptionError, match="New-CMAccount"):
        server.apply(accounts=[A], passwords={A: "x"})
    assert server.site.push_accounts() == [OLD]


class TestInBetween:
    def test_what_somebody_else_has_changed_stays(self) -> None:
        server = SiteServer(OPEN)
        server.between = lambda other: other.site.set_property(DISCOVERY, "ENABLEKERBEROSCHECK", value=5)
        outcome = server.apply()

        assert server.number("ENABLEKERBEROSCHECK") == 5
        assert "changed by somebody else in between" in (failures(outcome)["ntlm fallback: on -> off"] or "")
        assert finding(outcome, "001-10").status.value == "error"
        assert "automatic push: on -> off" in made(outcome)

    def test_so_does_what_is_put(self) -> None:
        server = SiteServer(OPEN, console=None)
        server.between = lambda other: other.site.set_property(DISCOVERY, "ENABLEKERBEROSCHECK", value=5)
        outcome = server.apply()

        assert server.number("ENABLEKERBEROSCHECK") == 5
        assert "changed by somebody else in between" in (failures(outcome)["ntlm fallback: on -> off"] or "")

    def test_so_does_a_list(self) -> None:
        server = SiteServer(Push(accounts=(OLD,)), store=(StoredAccount(A), StoredAccount(B)))
        server.between = lambda other: other.site.set_push_accounts([B])
        outcome = server.apply(accounts=[A])

        assert server.site.push_accounts() == [B]
        assert "changed by somebody else in between" in (failures(outcome)[f"push accounts: + {A}"] or "")
        assert finding(outcome, "001-15").status.value == "error"

    def test_what_is_right_by_then_is_no_error(self) -> None:
        server = SiteServer(OPEN)
        server.between = lambda other: other.site.set_ntlm_fallback(False)
        outcome = server.apply()

        assert failures(outcome) == {}
        assert statuses(outcome, "001-10") == ["compliant"]


class TestTime:
    def test_what_comes_too_late_is_an_error_that_says_so(self) -> None:
        server = SiteServer(OPEN, apply_seconds=500)
        outcome = server.apply(wait_seconds=30)

        assert "not seen as off within 30 seconds" in (failures(outcome)["automatic push: on -> off"] or "")
        assert statuses(outcome, "001-10") == ["error"]
        assert len(server.requests) == 2

    def test_what_a_component_reverts_is_told(self) -> None:
        server = SiteServer(OPEN, reverts=(Revert(DISCOVERY, "ENABLEKERBEROSCHECK", seconds=2),))
        outcome = server.apply()

        assert server.number("ENABLEKERBEROSCHECK") == 3
        found = finding(outcome, "001-10")
        assert found.status.value == "drift"
        assert "reverted by a site component" in found.actual


class TestOtherWays:
    def test_without_the_console_properties_are_put(self) -> None:
        server = SiteServer(OPEN, console=None, clear_install_flag=True)
        wanted = {
            name: EVERYTHING[name] for name in ("computer_types", "site_systems", "clear_install_flag_task", "installation_properties")
        }
        outcome = server.apply(**wanted)

        assert failures(outcome) == {}
        assert server.calls == []
        assert server.text("SETTINGS") == "INACTIVE"
        assert not server.apply(**wanted).changed
        assert outcome.snapshot is not None
        server.rollback(outcome.snapshot)
        assert (server.text("SETTINGS"), server.number("FILTERS")) == ("ACTIVE", 0)

    def test_without_the_console_accounts_are_refused_before_anything_is_written(self) -> None:
        server = wide_open(console=None)
        before = server.machine.fingerprint()
        with pytest.raises(OptionError, match="console"):
            server.apply(accounts=[A])
        assert len(server.requests) == 1
        assert server.machine.fingerprint() == before

    @pytest.mark.parametrize("parameter", ["AllowNTLMFallback", ""])
    def test_a_module_that_spells_it_otherwise_or_lacks_it(self, parameter: str) -> None:
        server = SiteServer(OPEN, ntlm_parameter=parameter)

        assert failures(server.apply()) == {}
        assert server.number("ENABLEKERBEROSCHECK") == 2

    @pytest.mark.parametrize("automatic", [True, False])
    def test_a_cmdlet_that_takes_types_while_push_is_on_only(self, automatic: bool) -> None:
        push = Push(automatic=automatic, computer_types=("domain_controllers",), site_systems=True)
        server = SiteServer(push, types_need_automatic=True)
        outcome = server.apply(computer_types=["workstations"], site_systems=False)

        assert failures(outcome) == {}
        assert (server.number("FILTERS"), server.number("AutoInstallSiteSystem"), server.text("SETTINGS")) == (6, 0, "INACTIVE")

    def test_a_secondary_site_is_set_by_its_primary(self) -> None:
        server = SiteServer(Push(), secondaries=(Secondary("S01", "Branch", "SEC01.corp.example", push=OPEN),))
        server.apply(site_code="S01")

        assert {call["SiteCode"] for call in server.pushing} == {"S01"}
        secondary = server.site.component_property(DISCOVERY, "SETTINGS", "S01")
        assert secondary is not None and secondary["Value1"] == "INACTIVE"

    def test_a_value_nobody_documents_is_mended(self) -> None:
        server = SiteServer(Push(ntlm_fallback="absent"))
        assert statuses(server.verify(), "001-10") == ["indeterminate"]
        server.apply()
        assert statuses(server.verify(), "001-10") == ["compliant"]


class TestRights:
    def test_what_may_not_be_read_says_what_to_grant(self) -> None:
        server = SiteServer(
            OPEN, user=USER, administrators=(Administrator("CORP\\svc-ansible", "Read-only Analyst", ("SMS_SCI_Component",)),)
        )
        found = finding(server.verify(), "001-10")

        assert (found.status.value, found.code.value) == ("indeterminate", "no_rows")
        assert "Read on Site" in found.actual

    def test_what_may_not_be_written_says_what_to_configure(self) -> None:
        server = SiteServer(OPEN, user=USER, administrators=(Administrator("CORP\\svc-ansible", "Read-only Analyst"),))
        outcome = server.apply()

        assert "become" in (failures(outcome)["automatic push: on -> off"] or "")
        assert server.text("SETTINGS") == "ACTIVE"


@pytest.mark.parametrize(
    ("release", "hotfix", "status"),
    [("2103", "absent", "drift"), ("2207", "downloaded", "drift"), ("2207", "installed", "compliant"), ("2309", "absent", "compliant")],
)
def test_the_switch_is_set_and_the_update_is_asked_for(release: str, hotfix: str, status: str) -> None:
    server = SiteServer(OPEN, release=release, hotfix=hotfix)
    outcome = server.apply()

    assert server.number("ENABLEKERBEROSCHECK") == 2
    assert statuses(outcome, "001-10") == [status]
    assert not server.verify().changed


@pytest.mark.parametrize("password", ["Tr0ub4dor&3", "a${b}c$${d}", 'quote"back\\slash', "ünïcødé–👍", "x" * 38])
def test_a_password_is_seen_by_the_cmdlet_and_nobody_else(password: str) -> None:
    server = SiteServer(Push(accounts=(OLD,)))
    outcome = server.apply(accounts=[A], passwords={A: password})

    (made_account,) = [call for call in server.calls if call["command"] == "New-CMAccount"]
    assert made_account["parameters"]["Password"] == {"secure": password}
    told = [finding.to_data() for finding in outcome.findings] + [change.to_data() for change in outcome.changes]
    files = [str(entry) for entry in server.machine.state["files"].values()]
    for text in (json.dumps(told, ensure_ascii=False), repr(outcome), str(server.replies), "".join(files)):
        assert password not in text
        assert json.dumps(password, ensure_ascii=False)[1:-1] not in text
    sent = [operation for request in server.requests for operation in request["operations"] if "secure" in json.dumps(operation)]
    assert [operation["name"] for operation in sent] == ["New-CMAccount"]
