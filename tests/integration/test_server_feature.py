# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The server feature brings the task that fills the group of helpers, and takes it along when it goes: both within one apply."""

from __future__ import annotations

from tests.integration.conftest import Start
from tests.integration.fleet import Json, demo_domain, without_empty_helper_group

HELPDESK = "S-1-5-21-1004336348-1177238915-682003330-1201"
OFFER: Json = {
    "managed_by": "this_collection",
    "mode": "offer_only",
    "helpers": ["CORP\\Helpdesk"],
    "manage_feature": True,
    "firewall": {"from": ["10.20.5.0/24"]},
}
DISABLED: Json = {"managed_by": "this_collection", "mode": "disabled", "manage_feature": True}


def test_what_is_installed_and_offered_is_settled_after_one_apply(start: Start) -> None:
    fleet = start({**demo_domain(), "hosts": {"BARE": {"role": "member_server"}, "DC01": {"role": "domain_controller"}}})
    before = fleet.fingerprints()
    run = fleet.module("remote_assistance_policy", OFFER)
    assert run.changed() == {"BARE", "DC01"}, run.end
    for host in ("BARE", "DC01"):
        result = run.of(host).result
        assert {change["state"] for change in result["changes"]} == {"made"}
        assert {finding["status"] for finding in result["findings"]} <= {"compliant", "not_applicable", "unattested"}
        assert result["executions"] == 2
    group = next(group for group in fleet.machine("BARE").accounts.groups if group["name"] == "Offer Remote Assistance Helpers")
    assert [member["sid"] for member in group["members"]] == [HELPDESK]
    assert fleet.module("remote_assistance_policy", OFFER).changed() == set()

    back = fleet.playbook("rollback")
    assert back.changed() == {"BARE", "DC01"}, back.end
    assert fleet.fingerprints()["DC01"] == before["DC01"]
    assert without_empty_helper_group(fleet.machine("BARE"), fleet.states()["BARE"]) == before["BARE"]


def test_what_is_switched_off_and_removed_is_settled_after_one_apply(start: Start) -> None:
    fleet = start({**demo_domain(), "hosts": {"FULL": {"role": "member_server", "features": "Remote-Assistance"}}})
    before = fleet.fingerprints()
    run = fleet.module("remote_assistance_policy", DISABLED)
    result = run.of("FULL").result
    assert (run.of("FULL").status, result["changed"], result["reboot_required"]) == ("ok", True, True), run.end
    assert {change["state"] for change in result["changes"]} == {"made"}
    # The removal counts when the server has been restarted, which nothing here does.
    assert {finding["status"] for finding in result["findings"]} <= {"compliant", "not_applicable", "unattested", "drift"}
    again = fleet.module("remote_assistance_policy", DISABLED)
    assert (again.changed(), fleet.counters("FULL").executions) == (set(), 1)
    assert fleet.playbook("rollback").changed() == {"FULL"}
    assert fleet.fingerprints() == before


def test_the_feature_is_left_alone_unless_asked(start: Start) -> None:
    hosts = {"BARE": {"role": "member_server"}, "FULL": {"role": "member_server", "features": "Remote-Assistance"}}
    fleet = start({**demo_domain(), "hosts": hosts})
    for options in (OFFER, DISABLED):
        run = fleet.module("remote_assistance_policy", {name: options[name] for name in options if name != "manage_feature"})
        assert run.with_status("ok") == {"BARE", "FULL"}, run.end
        names = {write.get("name") for host in hosts for write in fleet.writes(host)}
        assert names.isdisjoint({"Install-WindowsFeature", "Uninstall-WindowsFeature"})
        wrong = "FULL" if options is DISABLED else "BARE"
        drift = [finding["actual"] for finding in run.of(wrong).result["findings"] if finding["status"] == "drift"]
        assert set(drift) == {f"the feature Remote-Assistance is {'installed' if wrong == 'FULL' else 'not installed'}"}
