# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers and attestations as an operator writes them."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Evidence
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation, Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.decisions import read_attestations, read_waivers

CATALOG = load()
ATTESTED = next(control.id for control in CATALOG.values() if control.evidence is Evidence.ATTEST)
UNKNOWN = "is no control of the catalogue; allowed are ids such as '002-21' (docs/controls.md lists all)."
WAIVER = {"control": "002-21", "subject": "CL01", "reason": "old printer", "owner": "Anna", "expires": "2026-12-31"}
ATTESTATION = {"control": ATTESTED, "by": "Anna", "on": "2026-01-01", "valid_until": "2026-12-31", "proof": "ticket 7"}


def test_waivers_come_checked() -> None:
    assert read_waivers([WAIVER], CATALOG) == (Waiver("002-21", "CL01", "old printer", "Anna", date(2026, 12, 31)),)
    assert read_waivers([], CATALOG) == ()


def test_attestations_come_checked() -> None:
    assert read_attestations([ATTESTATION], CATALOG) == (Attestation(ATTESTED, "Anna", date(2026, 1, 1), date(2026, 12, 31), "ticket 7"),)
    assert len(read_attestations([{**ATTESTATION, "valid_until": "2026-01-01"}], CATALOG)) == 1


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            {"control": "999-99"},
            [f"waivers[1].control: '999-99' {UNKNOWN}"],
        ),
        ({"expires": "soon"}, ["waivers[1].expires: 'soon' is no date; allowed is a date as 2026-12-31."]),
        ({"expires": "2026-02-30"}, ["waivers[1].expires: '2026-02-30' is no date; allowed is a date as 2026-12-31."]),
        ({"expires": "2026-12-31T10:00:00"}, ["waivers[1].expires: '2026-12-31T10:00:00' is no date; allowed is a date as 2026-12-31."]),
        ({"expires": "20261231"}, ["waivers[1].expires: '20261231' is no date; allowed is a date as 2026-12-31."]),
        ({"reason": " "}, ["waivers[1].reason: it is empty; allowed is a text that says why the deviation is accepted."]),
        ({"owner": ""}, ["waivers[1].owner: it is empty; allowed is a text that says who answers for it."]),
        (
            {"control": "x", "owner": "", "expires": ""},
            [
                f"waivers[1].control: 'x' {UNKNOWN}",
                "waivers[1].owner: it is empty; allowed is a text that says who answers for it.",
                "waivers[1].expires: '' is no date; allowed is a date as 2026-12-31.",
            ],
        ),
    ],
)
def test_a_wrong_waiver(change: dict[str, str], sentences: list[str]) -> None:
    with pytest.raises(OptionError) as caught:
        read_waivers([WAIVER, WAIVER | change], CATALOG)
    assert list(caught.value.sentences) == sentences


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            {"control": "999-99"},
            [f"attestations[0].control: '999-99' {UNKNOWN}"],
        ),
        (
            {"control": "002-21"},
            ["attestations[0].control: '002-21' is measured on hosts, so it cannot be attested; a deviation needs a waiver."],
        ),
        ({"on": "today"}, ["attestations[0].on: 'today' is no date; allowed is a date as 2026-12-31."]),
        ({"valid_until": "never"}, ["attestations[0].valid_until: 'never' is no date; allowed is a date as 2026-12-31."]),
        (
            {"valid_until": "2025-12-31"},
            ["attestations[0].valid_until: 2025-12-31 is before 2026-01-01; allowed is a day that is not before 'on'."],
        ),
        ({"by": " "}, ["attestations[0].by: it is empty; allowed is a text that says who vouches for it."]),
        ({"proof": ""}, ["attestations[0].proof: it is empty; allowed is a text that says where the proof is."]),
    ],
)
def test_a_wrong_attestation(change: dict[str, str], sentences: list[str]) -> None:
    with pytest.raises(OptionError) as caught:
        read_attestations([ATTESTATION | change], CATALOG)
    assert list(caught.value.sentences) == sentences
