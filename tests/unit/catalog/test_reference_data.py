# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The catalogue against the list of recommendations that it was worked out from, where that list is at hand."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Evidence

FOLDER = "CONFIGMGR_HARDENING_REFERENCE_DATA"


@pytest.fixture(scope="module")
def rows() -> dict[str, str]:
    """What the list says about evidence, by control."""
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip("reference data not found")
    with (Path(folder) / "controls.csv").open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row["evidence"] for row in csv.DictReader(stream)}


def strongest(evidence: str) -> Evidence:
    """The strongest evidence of a machine that a row allows: A+V, V, D, or, without any of them, M."""
    letters = set(re.findall(r"\b[AVDM]\b", evidence))
    for letter, word in (("A", Evidence.APPLY), ("V", Evidence.VERIFY), ("D", Evidence.DOCUMENTED), ("M", Evidence.ATTEST)):
        if letter in letters:
            return word
    raise ValueError(f"No class of evidence in {evidence!r}.")


def test_no_recommendation_is_dropped_or_invented(rows: dict[str, str]) -> None:
    assert set(load()) == set(rows)


def test_evidence_is_that_of_the_list_or_the_deviation_has_a_reason(rows: dict[str, str]) -> None:
    different = {identifier for identifier, control in load().items() if control.evidence is not strongest(rows[identifier])}

    assert different == {identifier for identifier, control in load().items() if control.deviation is not None}


def test_only_what_no_machine_sees_is_attested(rows: dict[str, str]) -> None:
    attested = {identifier for identifier, control in load().items() if control.evidence is Evidence.ATTEST}

    assert attested == {identifier for identifier, evidence in rows.items() if strongest(evidence) is Evidence.ATTEST}


def test_what_people_have_to_add_stands_in_a_note(rows: dict[str, str]) -> None:
    mixed = {identifier for identifier, evidence in rows.items() if re.search(r"\bM\b", evidence) and evidence != "M"}

    assert mixed
    assert {identifier for identifier in mixed if load()[identifier].evidence_note is None} == set()


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        ("A+V opt-in / V", Evidence.APPLY),
        ("A (V UNVERIFIED)", Evidence.APPLY),
        ("M (V possible)", Evidence.VERIFY),
        ("D/V", Evidence.VERIFY),
        ("D", Evidence.DOCUMENTED),
        ("M", Evidence.ATTEST),
    ],
)
def test_the_strongest_evidence_counts(evidence: str, word: Evidence) -> None:
    assert strongest(evidence) is word
