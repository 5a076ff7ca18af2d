# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the areas of a run declare of the firewall together."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.registry import AREAS, JOINING, demands_together
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import demands_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import OpenException
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import Declaration

FIREWALL = {"exceptions": [{"service": "client_push", "from": ["10.1.0.10"]}], "exclusive": True, "profiles_on": {"domain": {}}}
ASSISTANCE = {"managed_by": "this_collection", "mode": "solicited", "firewall": {"from": ["10.1.5.0/24"]}}


def read(**areas: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {area: read_options(area, options) for area, options in areas.items()}


def declarations(demands: Demands) -> set[Declaration]:
    return {each.setting.declaration for each in demands.requirements if isinstance(each.setting, OpenException)}


def test_alone_an_area_knows_what_it_declares_itself() -> None:
    (firewall,) = demands_of(read(firewall_exception=FIREWALL))
    (declared,) = declarations(firewall)
    assert [exception.label for exception in declared.exceptions] == ["client_push"]
    assert (declared.areas, declared.acts, declared.exclusive, declared.turned_on) == (
        frozenset({"Firewall"}),
        False,
        True,
        frozenset({"domain"}),
    )
    (assistance,) = demands_of(read(remote_assistance_policy=ASSISTANCE))
    (declared,) = declarations(assistance)
    assert [exception.label for exception in declared.exceptions] == ["remote_assistance_solicited"]
    assert (declared.areas, declared.acts, declared.exclusive) == (frozenset({"RemoteAssistance"}), False, False)


@pytest.mark.parametrize("whole_host", [False, True])
def test_together_each_knows_what_all_declare(whole_host: bool) -> None:
    both = demands_of(read(firewall_exception=FIREWALL, remote_assistance_policy=ASSISTANCE), whole_host=whole_host)
    (declared,) = set().union(*map(declarations, both))
    assert {exception.label for exception in declared.exceptions} == {"client_push", "remote_assistance_solicited"}
    assert declared.areas == {"Firewall", "RemoteAssistance"}
    assert (declared.acts, declared.exclusive) == (whole_host, True)
    objects = [requirement.object for demands in both for requirement in demands.requirements]
    assert objects.count("own rules") == 1


def test_what_is_wrong_with_one_area_is_said_of_that_area_alone() -> None:
    wrong = {**FIREWALL, "exceptions": [{"service": "smb"}]}
    found = demands_together(read(firewall_exception=wrong, remote_assistance_policy=ASSISTANCE))
    assert isinstance(found["firewall_exception"], OptionError)
    assert isinstance(found["remote_assistance_policy"], Demands)
    with pytest.raises(OptionError, match=r"exceptions\[0\].from"):
        demands_of(read(firewall_exception=wrong, remote_assistance_policy=ASSISTANCE))


def test_whoever_declares_something_is_an_area() -> None:
    assert JOINING.keys() <= AREAS.keys()


DISABLED = {"managed_by": "this_collection", "mode": "disabled"}
OFFERED = {"managed_by": "this_collection", "mode": "offer_only", "helpers": ["CORP\\Helpdesk"], "firewall": {"from": ["10.1.5.0/24"]}}
CONTRADICTIONS = [
    (
        {"service": "remote_assistance_offer", "from": ["10.1.5.0/24"]},
        DISABLED,
        "exceptions: remote_assistance_offer is to be present, and remote_assistance_policy allows no Remote Assistance; take the exception"
        " out, or choose another mode there.",
    ),
    (
        {"service": "remote_assistance_offer", "state": "absent"},
        OFFERED,
        "exceptions: remote_assistance_offer is to be absent for any address on domain and private and public, and remote_assistance_policy"
        " needs it for 10.1.5.0/24 on domain; let them differ in addresses or profiles.",
    ),
]


@pytest.mark.parametrize(("exception", "assistance", "sentence"), CONTRADICTIONS)
def test_what_two_areas_declare_against_each_other_is_refused(exception: dict[str, Any], assistance: dict[str, Any], sentence: str) -> None:
    found = demands_together(read(firewall_exception={"exceptions": [exception]}, remote_assistance_policy=assistance))
    refused = found["firewall_exception"]
    assert isinstance(refused, OptionError) and refused.sentences == (sentence,)
    assert isinstance(found["remote_assistance_policy"], Demands)


@pytest.mark.parametrize(
    "exception",
    [
        {"service": "remote_assistance_offer", "from": ["10.1.6.0/24"]},
        {"service": "remote_assistance_offer", "state": "absent", "profiles": ["private", "public"]},
    ],
)
def test_what_two_areas_declare_beside_each_other_is_not_refused(exception: dict[str, Any]) -> None:
    found = demands_together(read(firewall_exception={"exceptions": [exception]}, remote_assistance_policy=OFFERED))
    assert all(isinstance(each, Demands) for each in found.values())
