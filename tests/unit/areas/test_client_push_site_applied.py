# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows of the site's table on living sites: judged as the table says, brought to what is declared, and left alone after that."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import push_situations as p
import pytest
from asked_host import planned
from living_site import living
from test_client_push_site_situations import AREA, BY_NAME, JUDGED, TABLE, in_words, switches

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import enforce, verify
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from windows_estate.machine import Machine
from windows_estate.world.behaviours.configmgr_site import Administrator, Revert, Site
from windows_estate.world.behaviours.configmgr_site.items import CLIENT_CONFIG, DISCOVERY, KERBEROS, SETTINGS

LIVING = [one for one in JUDGED if living(one.described) is not None]
WRITTEN = [one for one in LIVING if one.changes]


class Provider:
    """A provider host with a living site."""

    def __init__(self, situation: p.Situation, *, delegation: bool = True, **more: Any) -> None:
        found = living(situation.described, delegation=delegation, **more)
        assert found is not None
        self.machine: Machine = found[0]
        self.site: Site = found[1]
        self.situation = situation
        self.requests: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.before_second: Callable[[], None] = lambda: None

    def execute(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if len(self.requests) == 1:
            self.before_second()
        self.requests.append(json.loads(json.dumps(dict(arguments))))
        self.replies.append(self.machine.execute(dict(arguments)))
        return self.replies[-1]

    def verify(self) -> Any:
        return verify(AREA, self.situation.options, self.execute, subject="CM01")

    def apply(self, **more: Any) -> Any:
        options = read_options(AREA, {**self.situation.options, **more})
        return enforce({AREA: options}, self.execute, subject="CM01", check=False, today=date(2026, 1, 2))

    def rollback(self, name: str) -> Any:
        """What the module rollback does with a snapshot's name."""
        read = snapshots.read_snapshots(name)
        request = build_request([Step(read)])
        (file,) = read_reply(request, self.execute(request.arguments))[read].data["files"]
        snapshot = snapshots.parse(base64.b64decode(file["base64"]).decode("utf-8"))
        context = Context("CM01", load(), date(2026, 1, 2))
        return run([snapshots.demands(snapshot)], self.execute, context, check=False, run_id="back")

    @property
    def code(self) -> str:
        return str(self.situation.options.get("site_code", "P01"))

    def has(self) -> dict[str, str]:
        """What the site has, in the words of the table."""
        now = self.machine.clock.now()
        names = ("SMS_SCI_Component", "SMS_SCI_SQLTask")
        rows = [{"class": name, "properties": _plain(row)} for name in names for row in self.site.rows(name, now)]
        return switches({"wmi": {"root\\SMS\\site_P01": {"instances": rows}}}, self.code)

    @property
    def properties(self) -> str:
        found = self.site.component_property(CLIENT_CONFIG, "Advanced Client Command Line", self.code)
        return "" if found is None else str(found.get("Value1") or "")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def wanted(situation: p.Situation, had: Mapping[str, str]) -> dict[str, str]:
    """What the site has to have after the changes of the table."""
    result = dict(had)
    accounts = [] if had["push accounts"] == "none" else had["push accounts"].split(", ")
    for change in situation.changes or ():
        what, _, how = change.partition(": ")
        if what == "push accounts" and " -> " not in how:
            sign, account = how.split(" ", 1)
            accounts = [*accounts, account] if sign == "+" else [one for one in accounts if one.casefold() != account.casefold()]
            result[what] = ", ".join(accounts) or "none"
        elif what in result:
            result[what] = how.split(" -> ")[1]
    return result


def sorted_accounts(has: Mapping[str, str], *, ordered: bool) -> dict[str, str]:
    """In order only where order is asked for."""
    return {**has, "push accounts": has["push accounts"] if ordered else ", ".join(sorted(has["push accounts"].split(", ")))}


@pytest.mark.parametrize("situation", LIVING, ids=lambda situation: situation.name)
def test_a_living_site_is_judged_as_its_description(situation: p.Situation) -> None:
    provider = Provider(situation)
    had = provider.has()
    before = provider.machine.fingerprint()
    outcome = provider.verify()
    wrong = p.complaints(outcome.findings, situation.expected, TABLE.aspects)
    assert not wrong, "\n".join(wrong)
    if situation.changes is not None:
        assert sorted(map(in_words, planned(outcome))) == sorted(situation.changes)
    assert len(provider.requests) == 1
    assert provider.machine.fingerprint() == before
    assert provider.has() == had


@pytest.mark.parametrize("replaces", [False, True], ids=["ChosenAccount adds", "ChosenAccount replaces"])
@pytest.mark.parametrize("situation", WRITTEN, ids=lambda situation: situation.name)
def test_applied_once_and_right(situation: p.Situation, replaces: bool) -> None:
    provider = Provider(situation, chosen_replaces=replaces)
    had, stored = provider.has(), provider.site.stored_accounts()
    outcome = provider.apply()
    made = [change for change in outcome.changes if change.state.value == "made"]
    assert sorted(map(in_words, made)) == sorted(situation.changes or ()), p.told(outcome.findings)
    assert len(provider.requests) == 2
    ordered = bool(situation.options.get("enforce_order"))
    assert sorted_accounts(provider.has(), ordered=ordered) == sorted_accounts(wanted(situation, had), ordered=ordered)
    new = [change.removeprefix("account store: + ") for change in situation.changes or () if change.startswith("account store")]
    assert provider.site.stored_accounts() == [*stored, *new]
    for change in situation.changes or ():
        if change.startswith("installation properties"):
            assert change.endswith(f' -> "{provider.properties}"')
    # The second time nothing is left to do.
    provider.requests.clear()
    again = provider.apply(passwords={})
    assert planned(again) == [] and not again.changed, list(map(in_words, again.changes))
    assert len(provider.requests) == 1


@pytest.mark.parametrize("situation", WRITTEN, ids=lambda situation: situation.name)
def test_rolled_back_it_is_as_before(situation: p.Situation) -> None:
    """All but the store: what is in it has a password that nobody can put back."""
    provider = Provider(situation)
    ordered = bool(situation.options.get("enforce_order"))
    had, properties = sorted_accounts(provider.has(), ordered=ordered), provider.properties
    outcome = provider.apply()
    assert outcome.snapshot is not None
    stored = provider.site.stored_accounts()
    provider.requests.clear()
    back = provider.rollback(outcome.snapshot)
    assert {change.state.value for change in back.changes} <= {"made"}, list(map(in_words, back.changes))
    has = sorted_accounts(provider.has(), ordered=ordered)
    # Only the cmdlet writes the list, and it lists nobody twice: an account that was there again does not come back a second time.
    had["push accounts"] = ", ".join(dict.fromkeys(had["push accounts"].casefold().split(", ")))
    assert {what: how.casefold() for what, how in has.items()} == {what: how.casefold() for what, how in had.items()}
    assert provider.properties == properties
    assert provider.site.stored_accounts() == stored


@pytest.mark.parametrize("situation", WRITTEN, ids=lambda situation: situation.name)
def test_properties_keep_their_names_and_neighbours(situation: p.Situation) -> None:
    """Never rename, never drop another property or list (a write replaces the whole array)."""
    provider = Provider(situation)

    def names() -> list[tuple[str, str, str]]:
        found = provider.site.rows("SMS_SCI_Component", provider.machine.clock.now())
        return sorted(
            (str(row["ComponentName"]), str(row["SiteCode"]), str(one[key]))
            for row in found
            for kind, key in (("Props", "PropertyName"), ("PropLists", "PropertyListName"))
            for one in row[kind] or ()
        )

    before = names()
    provider.apply()
    assert names() == before


@pytest.mark.parametrize("situation", [one for one in WRITTEN if "passwords" in one.options], ids=lambda situation: situation.name)
def test_a_password_travels_as_a_secret_and_never_back(situation: p.Situation) -> None:
    provider = Provider(situation)
    outcome = provider.apply()
    said = json.dumps([finding.to_data() for finding in outcome.findings] + [change.to_data() for change in outcome.changes])
    for password in situation.options["passwords"].values():
        assert password not in said + json.dumps(provider.replies) + repr(outcome)
        asked = json.dumps(provider.requests)
        assert asked.count(password) == len(re.findall(re.escape(json.dumps({"secure": password})), asked)) > 0
        assert password not in json.dumps(provider.machine.state["files"]), "in the snapshot"


def test_most_rows_live() -> None:
    assert len(LIVING) >= 90
    assert len(WRITTEN) >= 45


# -- what goes wrong on the way ------------------------------------------------------------------------------------------------------------

FALLBACK = BY_NAME["fallback is allowed"]
OPEN = BY_NAME["a site with everything open and nothing is declared"]


def apply_or_refusal(provider: Provider) -> str:
    """What is said of an apply: all findings, or the sentences with which it is refused."""
    try:
        return p.told(provider.apply().findings).casefold()
    except OptionError as error:
        return str(error).casefold()


def about(outcome: Any, control: str) -> tuple[str, str]:
    found = p.findings_about(outcome.findings, control, TABLE.aspects)
    return p.status_of(found), p.told(found).casefold()


def test_a_site_that_takes_longer_than_the_wait() -> None:
    provider = Provider(FALLBACK, apply_seconds=600.0)
    outcome = provider.apply(wait_seconds=30)
    status, said = about(outcome, "001-10")
    assert status in ("error", "drift") and any(word in said for word in ("not seen", "in time", "30 s", "within")), said
    assert len(provider.requests) == 2


def test_a_component_takes_the_change_back() -> None:
    provider = Provider(FALLBACK, reverts=(Revert(DISCOVERY, KERBEROS, reads=1, times=5),))
    outcome = provider.apply()
    status, said = about(outcome, "001-10")
    assert status in ("error", "drift") and "revert" in said, said
    assert provider.has()["ntlm fallback"] == "on"


def test_somebody_else_changes_it_in_between() -> None:
    """The switch is put (this module has no parameter): what was read is no longer there, so nothing is overwritten."""
    provider = Provider(BY_NAME["the cmdlet has neither"])
    provider.before_second = lambda: provider.site.set_property(DISCOVERY, KERBEROS, value=1, site_code="P01")
    outcome = provider.apply()
    status, said = about(outcome, "001-10")
    assert status == "error" and "somebody else" in said, said
    found = provider.site.component_property(DISCOVERY, KERBEROS, "P01")
    assert found is not None and found["Value"] == 1


def test_somebody_else_changes_what_the_cmdlet_would() -> None:
    provider = Provider(BY_NAME["filters 0 where only workstations are wanted"])
    provider.before_second = lambda: provider.site.set_filters(5, "P01")
    outcome = provider.apply()
    assert "error" in {finding.status.value for finding in outcome.findings}
    assert "somebody else" in p.told(outcome.findings).casefold()
    assert provider.has()["computer types"] == "domain controllers"


def test_somebody_else_adds_an_account_in_between() -> None:
    """Adding one account does not touch the others, and another's account stays whatever is said of it."""
    provider = Provider(BY_NAME["one account is missing and the site knows it"])
    accounts = ["CORP\\push-ring1", "CORP\\push-ring3", "CORP\\other-team"]
    provider.before_second = lambda: provider.site.set_push_accounts(accounts, "P01")
    provider.apply()
    assert "CORP\\other-team" in provider.site.push_accounts("P01")


def test_somebody_else_changes_the_list_whose_order_is_enforced() -> None:
    provider = Provider(BY_NAME["three accounts in another order where order is asked for"])
    accounts = ["CORP\\push-ring3", "CORP\\push-ring1"]
    provider.before_second = lambda: provider.site.set_push_accounts(accounts, "P01")
    outcome = provider.apply()
    status, said = about(outcome, "001-15")
    assert status == "error" and "somebody else" in said, said
    assert provider.site.push_accounts("P01") == accounts


def test_never_without_accounts_while_the_order_is_put_right() -> None:
    """In between the site server's own account would push (ConfigMgr documentation: accounts)."""
    provider = Provider(BY_NAME["three accounts in another order where order is asked for"])
    seen: list[list[str]] = []
    provider.machine.on_tick.append(lambda _machine, _now: seen.append(provider.site.push_accounts("P01")))
    provider.apply()
    writes = [one for one in provider.requests[1]["operations"] if one.get("name") == "Set-CMClientPushInstallation"]
    assert len(writes) == 1
    assert all(seen) and seen[-1] == ["CORP\\push-ring1", "CORP\\push-ring2", "CORP\\push-ring3"]


def test_read_only_administrators_learn_what_they_lack() -> None:
    provider = Provider(OPEN, administrators=(Administrator("CORP\\svc-ansible", "Read-only Analyst"),))
    had = provider.has()
    outcome = provider.apply()
    status, said = about(outcome, "001-10")
    assert status == "error" and any(word in said for word in ("modify", "become", "rights", "role")), said
    assert provider.has() == had


def test_without_a_way_past_the_second_hop() -> None:
    """The site drive does not mount in a plain network logon: what to configure is said, and nothing is half done."""
    provider = Provider(OPEN, delegation=False)
    had = provider.has()
    said = apply_or_refusal(provider)
    assert "become" in said and any(word in said for word in ("delegat", "runas")), said
    assert provider.has() == had


def test_somebody_else_changes_what_is_put_without_the_module() -> None:
    provider = Provider(BY_NAME["without the module the switch is put"])
    provider.before_second = lambda: provider.site.set_property(DISCOVERY, SETTINGS, text="SOMETHING", site_code="P01")
    outcome = provider.apply()
    status, said = about(outcome, "001-08")
    assert status == "error" and "somebody else" in said, said
    found = provider.site.component_property(DISCOVERY, SETTINGS, "P01")
    assert found is not None and found["Value1"] == "SOMETHING"


def test_a_site_that_goes_away_in_between() -> None:
    provider = Provider(OPEN)

    def away() -> None:
        provider.site.down = True

    provider.before_second = away
    outcome = provider.apply()
    assert {about(outcome, control)[0] for control in ("001-08", "001-10")} == {"error"}


def test_who_is_no_administrator_of_the_site_learns_it() -> None:
    provider = Provider(OPEN, administrators=(Administrator("CORP\\somebody-else"),))
    had = provider.has()
    said = apply_or_refusal(provider)
    assert any(word in said for word in ("become", "delegat")), said
    assert provider.has() == had


def test_setting_what_is_automatic_keeps_the_rest() -> None:
    provider = Provider(OPEN)
    had = provider.has()
    provider.apply()
    assert provider.has() == {**had, "automatic push": "off", "ntlm fallback": "off"}
    found = provider.site.component_property(DISCOVERY, SETTINGS, "P01")
    assert found is not None and str(found["Value1"]).casefold() == "inactive"
