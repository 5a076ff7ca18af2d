# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Slips in the catalogue's YAML are told in sentences that name file, control and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog import source
from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.schema import CatalogError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Reference

FILE = "002_remote_assistance.yml"


def control(**changes: Any) -> dict[str, Any]:
    """A correct control with some fields changed; one that is changed to None is left out."""
    fields = {
        "id": "002-01",
        "title": "Leave it off",
        "why": "Otherwise it is on.",
        "heading": "Benefits",
        "applies_to": ["server"],
        "evidence": "apply",
        "area": "remote_assistance_policy",
        "severity": "medium",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def write(folder: Path, *controls: Any, name: str = FILE, guidance: str = "002") -> Path:
    data = {"guidance": guidance, "title": "A document", "controls": list(controls)}
    (folder / name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return folder


def faults(folder: Path) -> tuple[str, ...]:
    with pytest.raises(CatalogError) as caught:
        source.read(folder)
    return caught.value.sentences


def test_a_correct_file_is_read(tmp_path: Path) -> None:
    row = control(
        references=[{"kind": "prevent", "id": "PREVENT-5"}, {"kind": "stig", "id": "V-225062", "url": "https://example.org/stig"}],
        evidence_note="Only partly.",
        deviation="It cannot be set.",
    )

    (document,) = source.read(write(tmp_path, row, control(id="002-01a")))

    assert (document.guidance, document.title) == ("002", "A document")
    first, second = document.controls
    assert (first.guidance, first.evidence_note, first.deviation) == ("002", "Only partly.", "It cannot be set.")
    assert first.references[0].url is not None
    assert first.references[0].url.endswith("/PREVENT-5/prevent-5_description.md")
    assert first.references[1] == Reference("stig", "V-225062", "https://example.org/stig")
    assert (second.id, second.references, second.evidence_note) == ("002-01a", (), None)


@pytest.mark.parametrize(
    ("identifier", "url"),
    [
        ("core/plan-design/hierarchy/accounts", "https://learn.microsoft.com/intune/configmgr/core/plan-design/hierarchy/accounts"),
        ("Set-CMSite", "https://learn.microsoft.com/powershell/module/configurationmanager/set-cmsite"),
    ],
)
def test_pages_and_cmdlets_of_the_documentation_get_their_address(tmp_path: Path, identifier: str, url: str) -> None:
    (document,) = source.read(write(tmp_path, control(references=[{"kind": "configmgr_docs", "id": identifier}])))

    assert document.controls[0].references[0].url == url


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"severity": None}, "severity", "missing"),
        ({"id": None}, "id", "missing"),
        ({"colour": "red"}, "colour", "unknown"),
        ({"guidance": "002"}, "guidance", "unknown"),
        ({"severity": "huge"}, "severity", "high, medium, low"),
        ({"evidence": "A+V"}, "evidence", "apply, verify, documented, attest"),
        ({"evidence": ["apply"]}, "evidence", "apply, verify, documented, attest"),
        ({"area": "somewhere"}, "area", "site_security"),
        ({"area": "organization"}, "area", "attest"),
        ({"evidence": "attest"}, "area", "organization"),
        ({"applies_to": []}, "applies_to", "at least one"),
        ({"applies_to": "server"}, "applies_to", "at least one"),
        ({"applies_to": ["moon"]}, "applies_to", "admin_workstation"),
        ({"applies_to": ["server", "server"]}, "applies_to", "twice"),
        ({"id": "2-1"}, "id", "002-01a"),
        ({"id": 2}, "id", "002-01a"),
        ({"id": "001-01"}, "id", "guidance of its file"),
        ({"title": ""}, "title", "must be text"),
        ({"why": 5}, "why", "must be text"),
        ({"why": "x" * 301}, "why", "301 characters"),
        ({"title": "x" * 301}, "title", "301 characters"),
        ({"title": "two\nlines"}, "title", "one line"),
        ({"references": "PREVENT-1"}, "references", "list of mappings"),
        ({"references": ["PREVENT-1"]}, "references", "list of mappings"),
        ({"references": [{"kind": "prevent"}]}, "id", "missing"),
        ({"references": [{"kind": "rfc", "id": "2119"}]}, "kind", "configmgr_docs"),
        ({"references": [{"kind": ["cis"], "id": "1.2"}]}, "kind", "configmgr_docs"),
        ({"references": [{"kind": "prevent", "id": "PREVENT-5", "page": "1"}]}, "page", "unknown"),
        ({"references": [{"kind": "prevent", "id": "prevent 5"}]}, "id", "prevent 5"),
        ({"references": [{"kind": "cis", "id": "chapter 1"}]}, "id", "chapter 1"),
        ({"references": [{"kind": "stig", "id": "225062"}]}, "id", "225062"),
        ({"references": [{"kind": "configmgr_docs", "id": "accounts"}]}, "id", "accounts"),
        ({"references": [{"kind": "cis", "id": "1.2", "url": "http://example.org"}]}, "url", "https://"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, changes: dict[str, Any], field: str, words: str) -> None:
    row = control(**changes)
    sentences = faults(write(tmp_path, row, control(id="002-02")))

    where = f"{FILE}, {row.get('id', 'control number 1')}"
    assert any(sentence.startswith(where) and field in sentence and words in sentence for sentence in sentences), sentences
    assert not any("002-02" in sentence for sentence in sentences)


def test_an_id_may_be_used_once_only_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, control())
    write(tmp_path, control(), name="002_second.yml")

    assert faults(tmp_path) == (f"002_second.yml, 002-01: the field id is not unique; {FILE} has it too.",)


def test_a_field_given_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, control())
    path = tmp_path / FILE
    path.write_text(path.read_text(encoding="utf-8") + "  severity: low\n", encoding="utf-8")

    (sentence,) = faults(tmp_path)

    assert sentence.startswith(FILE)
    assert "'severity' is given twice" in sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a list\n", "must be a mapping"),
        ("guidance: '002'\ntitle: x\ncontrols: []\n", "at least one control"),
        ("guidance: '002'\ntitle: x\n", "controls is missing"),
        ("guidance: '001'\ntitle: x\ncontrols: [1]\n", 'must be "002"'),
        ("guidance: 002\ntitle: x\ncontrols: [1]\n", 'must be "002"'),
        ("guidance: '002'\ntitle: x\ncontrols: [1]\n", "control number 1 must be a mapping"),
        ("guidance: '002'\ntitle: 7\ncontrols: [1]\n", "title must be text"),
        ("guidance: '002'\ntitle: x\nmore: 1\ncontrols: [1]\n", "'more' is unknown"),
        ("{", "not the YAML"),
        ("? [a]\n: b\n", "not the YAML"),
    ],
)
def test_a_file_of_the_wrong_form_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")

    sentences = faults(tmp_path)

    assert all(sentence.startswith(FILE) for sentence in sentences)
    assert any(words in sentence for sentence in sentences), sentences


def test_a_file_name_without_the_guidance_is_refused(tmp_path: Path) -> None:
    (sentence,) = faults(write(tmp_path, control(), name="controls.yml"))

    assert sentence.startswith("controls.yml: the file's name")


def test_an_empty_folder_is_no_catalogue(tmp_path: Path) -> None:
    (sentence,) = faults(tmp_path)

    assert "no .yml file" in sentence


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, control(severity="huge"), control(id="002-02", area="somewhere"))
    write(tmp_path, control(id="003-01", why=None), name="003_os_deployment.yml", guidance="003")

    assert len(faults(tmp_path)) == 3
