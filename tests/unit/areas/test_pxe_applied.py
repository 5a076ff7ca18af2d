# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows of the table of PXE on living sites: judged as the table says, brought to what is declared, and left alone after that."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import asked_host as asked
import living_osd
import osd_situations as o
import push_situations as p
import pytest
from test_pxe_situations import AREA, BY_NAME, JUDGED, OWN_PLAY, TABLE, lists, switches, translate

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation
from windows_estate.world.behaviours.configmgr_site import Administrator, Site
from windows_estate.world.behaviours.configmgr_site.osd_items import BIND_LIST, BIND_POLICY, UNKNOWN_COMPUTERS

LIVING = [one for one in JUDGED if one.about_site and living_osd.living(one.described, one.now) is not None]
WRITTEN = [one for one in LIVING if one.changes]
SERVER = "DP01.corp.example"


class Provider(asked.Host):
    """A provider host with a living site."""

    def __init__(self, situation: o.Situation, **more: Any) -> None:
        found = living_osd.living(situation.described, situation.now, **more)
        assert found is not None
        super().__init__(found[0])
        self.site: Site = found[1]
        self.situation = situation
        self.readings = o.readings_of(AREA, OWN_PLAY, situation.readings, situation.now)

    def judge(self, *, check: bool, **more: Any) -> Any:
        return o.judge(AREA, {**self.situation.options, "readings": self.readings, **more}, self, check=check)

    def has(self) -> dict[str, Any]:
        """What the points have, in the words of the table."""
        state = living_osd.rows_as_state(self.site, self.machine)
        own = {f"{name} responder": self.site.osd.responder(f"{name}.corp.example") for name in lists(state)}
        return {**own, **switches(state), **{f"{name} interfaces": macs for name, macs in lists(state).items()}}

    @property
    def ours_bound_to_nothing(self) -> list[str]:
        return [one for one in self.site.osd.bound_to_nothing if "svc-ansible" in one]


def wanted(situation: o.Situation, had: Mapping[str, Any]) -> dict[str, Any]:
    """What the points have to have after the changes of the table."""
    result = dict(had)
    for change in situation.changes or ():
        if match := re.fullmatch(r"(DP\d\d interfaces): ([+-]) (.*)", change):
            result[match[1]] = result[match[1]] | {match[3]} if match[2] == "+" else result[match[1]] - {match[3]}
        elif match := re.fullmatch(r"([^:]+): (.*) -> (.*)", change):
            result[match[1]] = match[3]
    return result


@pytest.mark.parametrize("situation", LIVING, ids=lambda situation: situation.name)
def test_a_living_site_is_judged_as_its_description(situation: o.Situation) -> None:
    provider = Provider(situation)
    had, before = provider.has(), provider.machine.fingerprint()
    outcome = provider.judge(check=True)
    wrong = p.complaints(outcome.findings, situation.expected, TABLE.aspects)
    assert not wrong, "\n".join(wrong)
    if situation.changes is not None:
        assert o.in_words(asked.planned(outcome), translate) == sorted(situation.changes)
    assert len(provider.requests) == 1
    assert provider.machine.fingerprint() == before and provider.has() == had


@pytest.mark.parametrize("unverified", [{}, {"mac_sets_policy": True, "mac_notation": "bare"}], ids=["list only", "list sets policy, bare"])
@pytest.mark.parametrize("situation", WRITTEN, ids=lambda situation: situation.name)
def test_applied_once_and_right(situation: o.Situation, unverified: dict[str, Any]) -> None:
    provider = Provider(situation, osd=unverified)
    had = provider.has()
    outcome = provider.judge(check=False)
    made = [change for change in outcome.changes if change.state.value == "made"]
    assert o.in_words(made, translate) == sorted(situation.changes or ()), p.told(outcome.findings)
    assert len(provider.requests) == 2
    has, should = provider.has(), wanted(situation, had)
    assert has == should
    assert provider.ours_bound_to_nothing == []
    # The second time nothing is left to do.
    provider.requests.clear()
    again = provider.judge(check=False)
    assert asked.planned(again) == [] and not again.changed, [change.describe() for change in again.changes]
    assert len(provider.requests) == 1


@pytest.mark.parametrize("situation", WRITTEN, ids=lambda situation: situation.name)
def test_rolled_back_it_is_as_before_and_never_bound_to_nothing(situation: o.Situation) -> None:
    provider = Provider(situation)
    had = provider.has()
    outcome = provider.judge(check=False)
    assert outcome.snapshot is not None
    provider.requests.clear()
    o.rollback(provider, outcome.snapshot)
    has = provider.has()
    for name in ("DP01", "DP02"):
        if had.get(f"{name} bind policy") == "listed" and not had[f"{name} interfaces"]:
            # What answered nothing is not brought back to that.
            for thing in ("bind policy", "interfaces"):
                has.pop(f"{name} {thing}"), had.pop(f"{name} {thing}")
        # Nobody can take a password away or put one back.
        has.pop(f"{name} password", None), had.pop(f"{name} password", None)
    assert has == had
    assert provider.ours_bound_to_nothing == []


@pytest.mark.parametrize("situation", WRITTEN, ids=lambda situation: situation.name)
def test_properties_keep_their_names_and_neighbours(situation: o.Situation) -> None:
    """Never rename, never drop another property or list (a write replaces the whole array)."""
    provider = Provider(situation)

    def names() -> set[tuple[str, str, str]]:
        found = provider.site.rows("SMS_SCI_SysResUse", provider.machine.clock.now())
        return {
            (str(row["ItemName"]), str(row["RoleName"]), str(one[key]))
            for row in found
            for kind, key in (("Props", "PropertyName"), ("PropLists", "PropertyListName"))
            for one in row[kind] or ()
        }

    before = names()
    provider.judge(check=False)
    multicast = any("multicast" in change for change in situation.changes or ())
    assert multicast or before <= names()


def test_most_rows_live() -> None:
    assert len(LIVING) >= 60
    assert len(WRITTEN) >= 20


# -- what goes wrong on the way ------------------------------------------------------------------------------------------------------------

OPEN = BY_NAME["everything is open"]
POLICY = BY_NAME["the list is right and the policy is not"]
EMPTY = BY_NAME["policy 1 with an empty list answers nothing"]
PASSWORD = BY_NAME["there is no password and one is given"]


def about(outcome: Any, control: str) -> tuple[str, str]:
    found = p.findings_about(outcome.findings, control, TABLE.aspects)
    return p.status_of(found), p.told(found).casefold()


def test_a_site_that_takes_longer_than_the_wait() -> None:
    provider = Provider(OPEN, apply_seconds=600.0)
    outcome = provider.judge(check=False, wait_seconds=30)
    status, said = about(outcome, "DP01 binding")
    assert status in ("error", "drift") and any(word in said for word in ("not seen", "in time", "30 s", "within")), said
    assert len(provider.requests) == 2
    provider.machine.sleep(1200)
    assert provider.ours_bound_to_nothing == []


@pytest.mark.parametrize("situation", [OPEN, POLICY], ids=lambda situation: situation.name)
def test_somebody_else_empties_the_list_in_between(situation: o.Situation) -> None:
    provider = Provider(situation)
    provider.before_second = lambda: provider.site.osd.set_binding(SERVER, macs=[])
    provider.judge(check=False)
    assert provider.ours_bound_to_nothing == []


def test_somebody_else_changes_the_list_in_between() -> None:
    """What was read is no longer there, so nothing is overwritten."""
    provider = Provider(BY_NAME["another interface"])
    provider.before_second = lambda: provider.site.osd.set_binding(SERVER, macs=["00:15:5D:01:0A:03"])
    outcome = provider.judge(check=False)
    status, said = about(outcome, "DP01 binding")
    assert status == "error" and "somebody else" in said, said
    assert provider.site.osd.binding(SERVER) == (1, ["00:15:5D:01:0A:03"])


def test_somebody_else_changes_a_switch_in_between() -> None:
    provider = Provider(BY_NAME["the delay is another"])
    provider.before_second = lambda: provider.site.osd.point(SERVER).set_number("ResponseDelay", 9)
    outcome = provider.judge(check=False)
    assert "somebody else" in p.told(outcome.findings).casefold()
    assert provider.site.osd.point(SERVER).number("ResponseDelay") == 9


def test_somebody_else_sets_a_password_in_between() -> None:
    provider = Provider(PASSWORD)
    provider.before_second = lambda: provider.site.osd.point(SERVER).set_text("PXEPassword", "another")
    provider.judge(check=False)
    assert provider.site.osd.point(SERVER).text("PXEPassword") == "another"


def test_read_only_administrators_learn_what_they_lack() -> None:
    provider = Provider(OPEN, administrators=(Administrator("CORP\\svc-ansible", "Read-only Analyst"),))
    had = provider.has()
    outcome = provider.judge(check=False)
    said = p.told(outcome.findings).casefold()
    assert about(outcome, "DP01 binding")[0] == "error" and any(word in said for word in ("modify", "become", "rights", "role")), said
    assert provider.has() == had


def test_a_password_travels_as_a_secret_and_never_back() -> None:
    provider = Provider(PASSWORD)
    outcome = provider.judge(check=False)
    password = PASSWORD.options["distribution_points"][0]["password"]
    said = json.dumps([finding.to_data() for finding in outcome.findings] + [change.to_data() for change in outcome.changes])
    assert password not in said + json.dumps(provider.replies) + repr(outcome)
    asked = json.dumps(provider.requests)
    assert asked.count(password) == len(re.findall(re.escape(json.dumps({"secure": password})), asked)) > 0
    assert password not in json.dumps(provider.machine.state.get("files", {})), "in the snapshot"
    assert about(outcome, "003-10")[0] == "compliant"


def test_an_empty_list_is_filled_before_anything_else() -> None:
    """A point that answers nothing is mended, and at no time does a write of ours leave it so."""
    provider = Provider(EMPTY)
    outcome = provider.judge(check=False)
    assert provider.site.osd.point(SERVER).number(BIND_POLICY) == 1
    assert len(provider.site.osd.point(SERVER).values(BIND_LIST)) == 1
    assert provider.ours_bound_to_nothing == []
    assert about(outcome, "DP01 binding")[0] == "compliant"


@pytest.mark.parametrize("answers", [True, False])
def test_a_slow_site_loses_none_of_our_writes_to_another(answers: bool) -> None:
    """A put commits a whole item: one that is read before the one before it can be seen would undo it."""
    row = BY_NAME["policy 1 with an empty list answers nothing"]
    options = copy.deepcopy(row.options)
    options["distribution_points"][0]["answer_requests"] = answers
    described = {**row.described, "module": "none", "points": {"DP01": {**row.described["points"]["DP01"], "answers": int(not answers)}}}
    provider = Provider(replace(row, options=options, described=described), apply_seconds=5.0)
    provider.judge(check=False, wait_seconds=1)
    provider.machine.sleep(100)
    assert provider.has()["DP01 interfaces"] == {"00155D010A01"}
    assert provider.ours_bound_to_nothing == []


def test_other_points_are_left_alone() -> None:
    provider = Provider(OPEN)
    before = provider.site.osd.point("DP02.corp.example").row
    provider.judge(check=False)
    assert provider.site.osd.point("DP02.corp.example").row == before
    assert provider.site.osd.point(SERVER).number(UNKNOWN_COMPUTERS) == 0


def test_what_people_vouch_for() -> None:
    provider = Provider(BY_NAME["a hardened point"])
    options = {**provider.situation.options, "readings": provider.readings}
    vouched = Attestation("003-23", "Ada", date(2026, 1, 1), date(2026, 12, 31), "https://wiki.corp.example/multicast")
    outcome = o.judge(AREA, options, provider, attestations=(vouched,))
    assert about(outcome, "003-23")[0] == "attested"
