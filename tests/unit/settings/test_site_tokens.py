# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The installation properties of client push."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import SiteProperty
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_push import INSTALLATION_PROPERTIES
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_tokens import CommandLine, LineWanted, matches, tokens
from ansible_collections.configmgr.hardening.tests.unit.settings.site_answers import item, parameters, prop, site_answers


def assess(line: str | None, contain: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Assessment:
    setting = CommandLine(SiteProperty(Site("P01"), INSTALLATION_PROPERTIES))
    row = item() if line is None else item(prop("Advanced Client Command Line", text=line))
    observation = setting.interpret(site_answers(setting, rows={"SMS_CLIENT_CONFIG_MANAGER": [row]}))
    return setting.assess(observation, LineWanted(contain, without))


@pytest.mark.parametrize(
    ("line", "contain", "without", "after"),
    [
        ("SMSSITECODE=P01", ("SMSSITECODE=P01",), (), None),
        ('SMSSITECODE="P01" /usepkicert', ("smssitecode=P01", "/UsePKICert"), (), None),
        ("SMSSITECODE=AUTO FSP=F1", ("SMSSITECODE=P01",), (), "FSP=F1 SMSSITECODE=P01"),
        ("SMSSITECODE=P01", ("SMSSITECODE=P01", "/UsePKICert"), (), "SMSSITECODE=P01 /UsePKICert"),
        ("SMSSITECODE=P01 /NoCRLCheck X=1", (), ("/nocrlcheck",), "SMSSITECODE=P01 X=1"),
        ("SMSSITECODE=P01 FSP=a", (), ("FSP",), "SMSSITECODE=P01"),
        ("SMSSITECODE=P01 FSP=a", (), ("FSP=b",), None),
        ('A="x y" B=1', (), ("B",), 'A="x y"'),
        ("", ("SMSSITECODE=P01",), (), "SMSSITECODE=P01"),
        (None, ("SMSSITECODE=P01",), (), "SMSSITECODE=P01"),
        ("/mp:a /mp:b", ("/mp:a",), (), "/mp:a"),
        ("A=1", ("SMSROOTKEYPATH=C:\\${k}",), (), "A=1 SMSROOTKEYPATH=C:\\$${k}"),
    ],
)
def test_what_becomes_of_a_line(line: str | None, contain: tuple[str, ...], without: tuple[str, ...], after: str | None) -> None:
    assessment = assess(line, contain, without)

    if after is None:
        assert assessment.status is Status.COMPLIANT
        return
    (difference,) = assessment.differences
    assert assessment.status is Status.DRIFT
    assert parameters(difference.writes[1]) == {"InstallationProperty": after, "SiteCode": "P01"}


def test_a_name_without_a_value_cannot_be_added() -> None:
    assessment = assess("A=1", ("SMSSIGNCERT",))

    assert assessment.status is Status.DRIFT
    assert assessment.differences == ()
    assert "which value" in (assessment.remedy or "")
    assert assess("A=1 smssigncert=C:\\c.cer", ("SMSSIGNCERT",)).status is Status.COMPLIANT


WORDS = st.lists(st.from_regex(r"/?[A-Z]{1,3}(=([a-z]{1,3}|\"[a-z ]{0,4}\"))?", fullmatch=True), max_size=5)


@given(WORDS, WORDS, WORDS)
def test_a_mended_line_is_as_wanted_and_the_rest_stays(line: list[str], contain: list[str], without: list[str]) -> None:
    names = [word.split("=")[0] for word in contain]
    wanted = LineWanted(tuple(contain), tuple(without))
    if len(set(names)) < len(names) or any(matches(word, unwanted) for word in contain for unwanted in without):
        return
    mended = wanted.mended(line)
    if mended is None:
        return
    assert wanted.missing(mended) == () and wanted.surplus(mended) == ()
    assert tokens(" ".join(mended)) == mended
    kept = [word for word in line if word not in wanted.surplus(line)]
    assert mended[: len(kept)] == kept
