# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Client push as a second reader of it tried to break it: orders that open too much on the way, and doubt that passes for compliant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from reviewing import statuses
from site_reviewing import SiteServer, failures

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.client_push_target_options import read_options as read_target
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.guard import refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import MalformedSnapshotError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import parse as parse_snapshot
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.markdown import markdown
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import Principals
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.security_owner import SecurityOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import set_holders
from ansible_collections.configmgr.hardening.tests.unit.reports.samples import NOW, result
from ansible_collections.configmgr.hardening.tests.unit.reports.test_push_rings import MONTH, RING1, RING2, RING3, host
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import WORKSTATION
from windows_estate.world.behaviours.configmgr_site import Administrator, Push
from windows_estate.world.behaviours.configmgr_site.items import DISCOVERY

ALL = ("workstations", "servers", "domain_controllers")


def wide_while_on(server: SiteServer, mask: int) -> list[tuple[str, int]]:
    """Watch a site: what it is at every look, if automatic push is on and pushes to more than the mask leaves out."""
    seen: list[tuple[str, int]] = []
    settle = server.site.settle

    def watch(now: Any) -> Any:
        done = settle(now)
        state = (server.text("SETTINGS").upper(), server.number("FILTERS"))
        if state[0] == "ACTIVE" and mask & ~state[1] and (not seen or seen[-1] != state):
            seen.append(state)
        return done

    server.site.settle = watch  # type: ignore[method-assign]
    return seen


class TestNothingIsPushedToTooManyOnTheWay:
    """Automatic push is off in the end, and whatever it may push to some day is more than today."""

    def test_of_an_apply(self) -> None:
        server = SiteServer(Push(automatic=True, computer_types=("workstations",)))
        wide = wide_while_on(server, 6)
        outcome = server.apply(computer_types=list(ALL), site_systems=True)

        assert failures(outcome) == {}
        assert (server.text("SETTINGS"), server.number("FILTERS"), server.number("AutoInstallSiteSystem")) == ("INACTIVE", 0, 1)
        assert wide == []

    def test_of_a_rollback(self) -> None:
        server = SiteServer(Push(automatic=False, computer_types=ALL))
        outcome = server.apply(automatic_push=True, computer_types=["workstations"])
        assert (server.text("SETTINGS"), server.number("FILTERS")) == ("ACTIVE", 6)
        assert outcome.snapshot is not None
        wide = wide_while_on(server, 6)
        server.rollback(outcome.snapshot)

        assert (server.text("SETTINGS"), server.number("FILTERS")) == ("INACTIVE", 0)
        assert wide == []

    def test_when_it_cannot_be_turned_off(self) -> None:
        """Somebody else is at the switch: what is pushed to stays as it is."""
        server = SiteServer(Push(automatic=True, computer_types=("workstations",)))
        server.between = lambda other: other.site.set_property(DISCOVERY, "SETTINGS", text="UNKNOWN")
        outcome = server.apply(computer_types=list(ALL), site_systems=True)

        assert len(failures(outcome)) >= 3
        assert (server.number("FILTERS"), server.number("AutoInstallSiteSystem")) == (6, 0)

    def test_turned_on_again_it_waits_for_what_it_pushes_to(self) -> None:
        server = SiteServer(Push(automatic=True, computer_types=("workstations",)))
        outcome = server.apply(computer_types=list(ALL))
        assert outcome.snapshot is not None
        wide = wide_while_on(server, 6)
        server.rollback(outcome.snapshot)

        assert (server.text("SETTINGS"), server.number("FILTERS")) == ("ACTIVE", 6)
        assert wide == []

    def test_a_cmdlet_that_takes_types_while_push_is_on_only_does_not_matter(self) -> None:
        server = SiteServer(Push(automatic=True, computer_types=("workstations",)), types_need_automatic=True)
        assert failures(server.apply(computer_types=list(ALL), site_systems=True)) == {}
        assert server.apply(computer_types=list(ALL), site_systems=True).changes == ()


class TestDoubtIsNotCompliant:
    def test_lists_that_were_not_loaded_are_no_empty_lists(self) -> None:
        """Properties and lists are lazy: without any, nothing is known of the accounts."""
        server = SiteServer(Push(accounts=("CORP\\a",)))
        execute = server.machine.execute

        def unloaded(arguments: dict[str, Any]) -> dict[str, Any]:
            reply = execute(arguments)
            for answer in reply["answers"].values():
                for row in (answer.get("data") or {}).get("rows", ()) if answer["ok"] and isinstance(answer.get("data"), dict) else ():
                    if "PropLists" in row:
                        row.update(Props=None, PropLists=None)
            return reply

        server.machine.execute = unloaded  # type: ignore[method-assign]
        outcome = server.verify(accounts=[])
        told = [finding for finding in outcome.findings if finding.control == "001-08" and finding.status is Status.COMPLIANT]

        assert not any("accounts" in finding.expected for finding in told)
        assert any("what is listed is not known" in finding.actual for finding in outcome.findings)

    @pytest.mark.parametrize("release", ["2103", "2203", "2207"])
    def test_updates_that_may_not_be_seen_are_not_called_missing(self, release: str) -> None:
        user = {"name": "CORP\\svc", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544"]}
        hidden = Administrator("CORP\\svc", "Read-only Analyst", ("SMS_CM_UpdatePackages",))
        server = SiteServer(Push(ntlm_fallback=False), release=release, user=user, administrators=(hidden,))
        outcome = server.verify()

        assert statuses(outcome, "001-10") == ["indeterminate"]
        (found,) = (one for one in outcome.findings if one.control == "001-10")
        assert found.code is not None and found.code.value == "no_rows"
        assert "Read" in found.actual and "CORP\\svc" in found.actual

    @pytest.mark.parametrize("rid", [512, 502, 516, 519, 520, 553])
    def test_what_comes_with_a_domain_is_nobodys_push_principal(self, rid: int) -> None:
        """Administrators of the domain would be taken out of Administrators everywhere, and denied to log on."""
        sid = f"S-1-5-21-9-9-9-{rid}"
        for options in ({"admitted": [sid]}, {"admitted": ["CORP\\a"], "known_push_principals": [sid]}):
            with pytest.raises(OptionError, match="comes with Windows"):
                read_target(options)
        principals = Principals(("CORP\\a",), ("CORP\\b",))
        known = {"CORP\\a": {"sid": "S-1-5-21-9-9-9-1301", "name": "CORP\\a"}, "CORP\\b": {"sid": sid, "name": "CORP\\Domain Admins"}}
        answers = Answers(WORKSTATION, {read: Answer({"accounts": known}) for read in principals.reads()})
        _accounts, trouble = principals.resolved(answers)
        assert trouble is not None
        assert trouble.wrong_options == (
            "known_push_principals: 'CORP\\b' is an account that comes with Windows; name a group or an account that is there for client"
            " push alone.",
        )


class TestTheFleet:
    RINGS = (host("CL01", "office", RING1), host("SV01", "servers", RING2))

    def test_a_ring_is_one_however_it_is_spelled(self) -> None:
        rings = survey([*self.RINGS, host("CL02", "Office", RING1)], [], NOW, MONTH).rings

        assert dict(rings.rings) == {"office": ("CL01", "CL02"), "servers": ("SV01",)}
        assert [finding.status for finding in rings.findings()] == [Status.COMPLIANT]

    def test_a_ring_that_nobody_has_asked_is_named(self) -> None:
        """Two of three rings were verified: that no account reaches two of them does not hold for the third."""
        fleet = survey(self.RINGS, ["CL01", "SV01"], NOW, MONTH)
        (finding,) = fleet.rings.findings()

        assert finding.status is Status.COMPLIANT
        assert any(RING3 in caveat and "not counted" in caveat for caveat in finding.caveats)
        assert "Admitted by no computer that was heard from: CORP\\\\push-ring3" in markdown(fleet, "Report", NOW)

    def test_computers_without_the_area_are_named(self) -> None:
        other = result(subject="CL09", areas=["remote_assistance_policy"])
        fleet = survey([*self.RINGS, other], ["CL01", "SV01", "CL09"], NOW, MONTH)
        (finding,) = fleet.rings.findings()

        assert any("not judged on CL09" in caveat for caveat in finding.caveats)
        assert "Client push was not judged on: CL09" in markdown(fleet, "Report", NOW)

    def test_nothing_of_that_where_nobody_pushes(self) -> None:
        fleet = survey([result(subject="CL09", areas=["remote_assistance_policy"])], ["CL09"], NOW, MONTH)

        assert fleet.rings.findings() == ()
        assert "not judged on" not in markdown(fleet, "Report", NOW)


TYPES = {1: "workstations", 2: "domain_controllers", 4: "servers"}


def types_of(mask: int) -> list[str]:
    """What a value of FILTERS lets in: its bits leave out."""
    return [name for bit, name in TYPES.items() if not mask & bit]


class TestEveryValue:
    @pytest.mark.parametrize("there", range(8))
    def test_every_filter_becomes_every_other(self, there: int) -> None:
        for wanted in range(8):
            for automatic in (False, True):
                server = SiteServer(Push(automatic=automatic, computer_types=tuple(types_of(there)), ntlm_fallback=False))
                options: dict[str, Any] = {"automatic_push": automatic, "computer_types": types_of(wanted)}
                planned = [change.describe() for change in server.verify(**options).changes]
                outcome = server.apply(**options)

                assert server.number("FILTERS") == wanted
                assert [change.describe() for change in outcome.changes] == planned
                assert bool(planned) == (there != wanted)
                said = "drift" if types_of(there).count("domain_controllers") else "compliant"
                if "domain_controllers" not in types_of(wanted):
                    assert said in statuses(SiteServer(Push(computer_types=tuple(types_of(there)))).verify(**options), "001-12")
                    assert statuses(outcome, "001-12") == ["compliant"]

    @pytest.mark.parametrize("there", ["absent", 0, 1, 2, 3, 4, 7, 4294967295])
    def test_the_switch_of_ntlm(self, there: int | str) -> None:
        """2 is Kerberos only and 3 the fallback; what anything else means nobody says."""
        judged = statuses(SiteServer(Push(ntlm_fallback=there)).verify(), "001-10")
        assert judged == [{2: "compliant", 3: "drift"}.get(there if isinstance(there, int) else -1, "indeterminate")]
        for wanted, number in ((False, 2), (True, 3)):
            server = SiteServer(Push(ntlm_fallback=there))
            server.apply(ntlm_fallback=wanted)
            assert server.number("ENABLEKERBEROSCHECK") == number
            assert server.apply(ntlm_fallback=wanted).changes == ()


class TestWhoDecidesTheGroup:
    def test_copies_that_were_not_all_read_are_doubt(self) -> None:
        """Of very many copies only some come: the one that adds somebody may be among the others."""

        def answer(read: Operation) -> Answer:
            if read.op == "file.read":
                return Answer({"files": [], "truncated": "Preferences" in read.fields["path"]})
            if read.op == "registry.read":
                return Answer({"exists": False, "values": {}, "subkeys": {}})
            if read.op == "group.read":
                return Answer({"groups": [{"sid": "S-1-5-32-544", "name": "Administrators", "members": []}]})
            if read.op == "account.resolve":
                return Answer({"accounts": {"CORP\\a": {"sid": "S-1-5-21-9-9-9-1301", "name": "CORP\\a"}}})
            return Answer({"rows": [{"id": "Session1"}] if "RSOP_Session" in read.fields["query"] else []})

        owner = SecurityOwner(Principals(("CORP\\a",)), ())
        observation = owner.interpret(Answers(WORKSTATION, {read: answer(read) for read in owner.reads()}))
        assessment = owner.assess(observation, None)

        assert assessment.status is Status.INDETERMINATE
        assert "preferences" in assessment.actual


class TestWhatIsNobodysToMove:
    """Domain Admins in Administrators: neither an apply nor a file that says it is a snapshot moves them."""

    DOMAIN_ADMINS = "S-1-5-21-9-9-9-512"

    def test_by_the_guard(self) -> None:
        for op in ("group.add", "group.remove"):
            assert refusal(Operation.of(op, sid="S-1-5-32-544", members=[self.DOMAIN_ADMINS]), WORKSTATION) is not None
        for right in ("SeDenyInteractiveLogonRight", "SeDenyRemoteInteractiveLogonRight"):
            assert refusal(set_holders(right, [f"*{self.DOMAIN_ADMINS}"]), WORKSTATION) is not None
            assert refusal(set_holders(right, ["*S-1-5-21-9-9-9-1301"]), WORKSTATION) is None

    @pytest.mark.parametrize(
        "entry",
        [
            {"kind": "group_member", "sid": "S-1-5-32-544", "member": DOMAIN_ADMINS, "before": False},
            {"kind": "user_right", "right": "SeDenyInteractiveLogonRight", "member": DOMAIN_ADMINS, "before": True},
        ],
    )
    def test_by_a_snapshot(self, entry: dict[str, Any]) -> None:
        def text(member: str) -> str:
            head = {"schema": 1, "collection": "configmgr.hardening", "name": "run-1", "action": "apply", "host": "X", "time": "t"}
            return json.dumps({**head, "areas": ["client_push_target"], "settings": [{**entry, "member": member}]})

        assert parse_snapshot(text("S-1-5-21-9-9-9-1301")).settings
        with pytest.raises(MalformedSnapshotError):
            parse_snapshot(text(self.DOMAIN_ADMINS))
