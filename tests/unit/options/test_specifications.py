# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The specifications that are shipped."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options, specifications


@pytest.mark.parametrize("module", ["baseline", "remote_assistance_policy", "report", "rollback"])
def test_every_module_has_one(module: str) -> None:
    assert module in specifications()


@pytest.mark.parametrize(
    ("life", "sentence"),
    [
        ({"value": 6, "unit": "weeks"}, "ticket_life.unit: 'weeks' is not allowed; allowed is one of minutes, hours, days."),
        ({"value": "six", "unit": "hours"}, "ticket_life.value: 'six' is not a whole number; allowed is a whole number."),
        ({"value": 6}, "ticket_life.unit: missing; allowed is one of minutes, hours, days."),
        (6, "ticket_life: 6 is no dictionary; allowed are the options unit, value."),
    ],
)
def test_a_wrong_life_of_tickets_names_its_part(life: object, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_options("remote_assistance_policy", {"managed_by": "this_collection", "mode": "solicited", "ticket_life": life})
    assert caught.value.sentences == (sentence,)


def test_what_has_to_be_declared() -> None:
    with pytest.raises(OptionError) as caught:
        read_options("remote_assistance_policy", {})
    assert set(caught.value.sentences) == {
        "managed_by: missing; allowed is one of this_collection, group_policy, configmgr.",
        "mode: missing; allowed is one of disabled, offer_only, solicited, solicited_and_offer.",
    }


def test_defaults_of_the_area() -> None:
    checked = read_options("remote_assistance_policy", {"managed_by": "this_collection", "mode": "disabled"})

    assert checked["encrypted_only"] is True and checked["session_logging"] is True and checked["manage_feature"] is False
    assert checked["helpers"] is None and checked["ticket_life"] is None and checked["control"] is None
    assert checked["waivers"] == [] and checked["attestations"] == [] and checked["fail_on"] == []
