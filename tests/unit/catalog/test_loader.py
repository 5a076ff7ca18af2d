# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The catalogue as it is shipped."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog import loader, source
from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.schema import AREAS, ATTESTED_AREA, from_data, to_data
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Control, Evidence
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity


def test_a_control_comes_back_as_it_was_written() -> None:
    control = loader.load()["002-31"]

    assert control.guidance == "002"
    assert control.evidence is Evidence.APPLY
    assert control.severity is Severity.HIGH
    assert control.area == "remote_assistance_policy"
    assert "domain" in control.applies_to
    assert ("windows_docs", "MS-RAI") in [(reference.kind, reference.id) for reference in control.references]


def test_the_generated_form_holds_what_the_sources_say() -> None:
    assert list(loader.load().values()) == [control for document in source.read() for control in document.controls]


def test_it_is_read_once_and_cannot_be_changed() -> None:
    catalog = loader.load()

    assert loader.load() is catalog
    with pytest.raises(TypeError):
        catalog["000-01"] = catalog["000-02"]  # type: ignore[index]


def test_loading_needs_no_yaml() -> None:
    program = f"import sys; from {loader.__name__} import load; load(); sys.exit('yaml' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_controls_are_in_order_and_stand_in_every_guidance_document() -> None:
    ids = list(loader.load())

    assert ids == sorted(ids)
    assert {identifier[:3] for identifier in ids} == {"000", "001", "002", "003", "004"}


@pytest.mark.parametrize("field", ["title", "why"])
def test_no_two_controls_say_the_same(field: str) -> None:
    texts = [getattr(control, field).casefold() for control in loader.load().values()]

    assert [text for text in texts if texts.count(text) > 1] == []


def test_every_area_has_a_control() -> None:
    assert {control.area for control in loader.load().values()} == set(AREAS)


@pytest.mark.parametrize(
    ("control", "area"),
    [
        ("000-09", "remote_assistance_policy"),
        ("002-02", "remote_session_policy"),
        ("002-08", "remote_assistance_policy"),
        ("002-14", "remote_assistance_policy"),
        ("002-15", "remote_assistance_policy"),
        ("002-16", "remote_assistance_policy"),
        ("002-18", "remote_assistance_policy"),
        ("002-21", "remote_assistance_policy"),
        ("002-22", "remote_session_policy"),
        ("002-32", "remote_assistance_policy"),
        ("002-53", "remote_assistance_policy"),
        ("002-54", "remote_assistance_policy"),
        ("002-55", "organization"),
    ],
)
def test_areas_share_the_remote_assistance_guidance(control: str, area: str) -> None:
    assert loader.load()[control].area == area


def test_not_covered_is_what_no_named_area_judges() -> None:
    catalog = loader.load()

    missing = loader.not_covered(catalog, {"firewall_exception", ATTESTED_AREA})

    assert {control.area for control in missing} == set(AREAS) - {"firewall_exception", ATTESTED_AREA}
    assert len(missing) + sum(control.area in ("firewall_exception", ATTESTED_AREA) for control in catalog.values()) == len(catalog)


def test_nothing_is_missing_when_all_areas_are_covered() -> None:
    assert loader.not_covered(loader.load(), AREAS) == ()


def test_everything_is_missing_when_no_area_is_covered() -> None:
    assert loader.not_covered(loader.load(), ()) == tuple(loader.load().values())


def test_a_control_without_extras_survives_the_way_to_json_and_back() -> None:
    control = Control("002-99", "Do it", "Or else.", "002", "Somewhere", ("client",), Evidence.VERIFY, "audit_trail", Severity.LOW)

    assert from_data(to_data(control)) == control
    assert not {"references", "evidence_note", "deviation"} & to_data(control).keys()
