# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rule strings of real hosts, where a collection of them is at hand: a table of rule id, store, source and string."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.checks import doubts
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.groups import named, predefined
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, Unparsed, parse

REFERENCE_DATA = "CONFIGMGR_HARDENING_REFERENCE_DATA"

# By rule id and the beginning of the string, as an id may belong to a sound rule of another host as well.
MALFORMED = {
    ("{2765E0F4-2918-4A46-B9C9-43CDD8FCBA2B}", "BlockCortana|"): "does not begin with a version",
    ("WSLSSHAllow", "v2.0|"): "The field RA4 has an illegal value: '0' is no IPv4 address",
    ("Example-In-TCP", "v2.0|"): "does not end with |",
    ("Block_WindowsUpdate1", "v2.30|"): "does not end with |",
    ("WINRM-HTTP-In-TCP", "v2.29|"): "The field Profile has an illegal value: 'Private,Domain'",
}


class Sample(NamedTuple):
    """One row of the table."""

    rule_id: str
    store: str
    source: str
    text: str


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """All rows."""
    folder = os.environ.get(REFERENCE_DATA)
    if not folder:
        pytest.skip(f"no reference data: {REFERENCE_DATA} is not set")
    lines = (Path(folder) / "firewall_rule_samples.tsv").read_bytes().decode("utf-8").split("\n")
    return [Sample(*line.split("\t")) for line in lines if line and not line.startswith("#")]


def test_every_string_is_written_again_to_the_byte(samples: list[Sample]) -> None:
    parsed = [(sample, parse(sample.rule_id, sample.text)) for sample in samples]
    assert [rule.text() for _sample, rule in parsed if isinstance(rule, Rule)] == [
        sample.text for sample, rule in parsed if isinstance(rule, Rule)
    ]
    assert len(parsed) > 1000


def test_only_the_malformed_ones_are_unparsed_each_for_its_reason(samples: list[Sample]) -> None:
    parsed = [parse(sample.rule_id, sample.text) for sample in samples]
    unparsed = {(one.rule_id, one.text.partition("|")[0] + "|"): one.reason for one in parsed if isinstance(one, Unparsed)}
    assert unparsed.keys() == MALFORMED.keys()
    assert sum(isinstance(one, Unparsed) for one in parsed) == len(MALFORMED)
    assert all(MALFORMED[key] in reason for key, reason in unparsed.items())


def test_no_sound_string_has_an_unknown_field(samples: list[Sample]) -> None:
    parsed = [parse(sample.rule_id, sample.text) for sample in samples]
    assert {field.name for rule in parsed if isinstance(rule, Rule) for field in rule.unknown_fields} == set()


def test_connection_security_rules_are_those_of_their_store(samples: list[Sample]) -> None:
    for sample in samples:
        rule = parse(sample.rule_id, sample.text)
        if isinstance(rule, Rule):
            assert rule.is_connection_security == sample.store.endswith("ConSecRules") == (rule.direction is None)


def test_what_windows_itself_wrote_leaves_hardly_a_doubt(samples: list[Sample]) -> None:
    found = Counter(doubt for sample in samples if isinstance(rule := parse(sample.rule_id, sample.text), Rule) for doubt in doubts(rule))
    # A rule that somebody made by hand.
    assert found == {"An outbound rule names the computers that it admits.": 1}


def test_predefined_groups_are_recognised_under_any_rule_id(samples: list[Sample]) -> None:
    groups = Counter(
        group.name
        for sample in samples
        if isinstance(rule := parse(sample.rule_id, sample.text), Rule) and (group := predefined(rule.group)) is not None
    )
    assert groups["remote_assistance"] >= 15 and groups["file_and_printer_sharing"] >= 30
    copies = [sample for sample in samples if sample.rule_id.startswith("{") and "FirewallAPI.dll,-28502|" in sample.text]
    assert len(copies) > 10
    for copy in copies:
        rule = parse(copy.rule_id, copy.text)
        assert isinstance(rule, Rule)
        assert predefined(rule.group) is named("file_and_printer_sharing")
