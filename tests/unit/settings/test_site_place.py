# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finding a site on a provider's host."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Located, Site, SiteQuery
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import SiteProperty
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_push import AUTOMATIC_PUSH
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import DENIED
from ansible_collections.configmgr.hardening.tests.unit.settings.site_answers import PROVIDER, SITE, Row, site_answers
from windows_estate.machine.wql import parse

OTHER: Row = {**PROVIDER, "SiteCode": "P02"}
AWAY: Row = {"SiteCode": "CAS", "ProviderForLocalSite": False, "Machine": "CAS01.corp.example"}
SECONDARY: Row = {**SITE, "SiteCode": "S01", "Type": 1, "SecondarySiteCMUpdateStatus": 1}
BROKEN = Failure("failed", "Provider load failure", -2147217389)


def locate(site: Site, **answers: Any) -> Located | Observation:
    setting = SiteProperty(site, AUTOMATIC_PUSH)
    return site.locate(site_answers(setting, **answers))


def found(site: Site, **answers: Any) -> Located:
    located = locate(site, **answers)
    assert isinstance(located, Located), located
    return located


def refused(site: Site, **answers: Any) -> str:
    located = locate(site, **answers)
    assert isinstance(located, Observation)
    (sentence,) = located.wrong_options
    return sentence


@pytest.mark.parametrize("code", [None, "P01", "p01"])
def test_the_site_of_the_provider_is_found(code: str | None) -> None:
    located = found(Site(code))

    assert (located.code, located.drive, located.namespace, located.version) == ("P01", "P01", "root\\SMS\\site_P01", "5.00.9128.1000")


def test_only_providers_of_the_local_site_count() -> None:
    assert found(Site(), providers=[AWAY, PROVIDER]).code == "P01"


def test_two_providers_of_one_site_are_one_site() -> None:
    assert found(Site(), providers=[PROVIDER, {**PROVIDER, "Machine": "CM02.corp.example"}]).code == "P01"


def test_of_two_sites_one_has_to_be_named() -> None:
    assert (
        refused(Site(), providers=[OTHER, PROVIDER]) == "site_code: SV01 has providers for the sites P01, P02; say which of them is meant."
    )
    assert found(Site("P02"), providers=[PROVIDER, OTHER], sites=[{**SITE, "SiteCode": "P02"}]).namespace == "root\\SMS\\site_P02"


def test_a_secondary_site_is_found_at_its_primary() -> None:
    located = found(Site("S01"), sites=[SITE, SECONDARY])

    assert (located.code, located.drive, located.type, located.update_status) == ("S01", "P01", 1, 1)


def test_an_unknown_code_lists_those_there() -> None:
    assert refused(Site("X99"), sites=[SITE, SECONDARY]) == "site_code: 'X99' is no site that SV01 knows; allowed are P01, S01."


def test_a_host_without_a_provider_says_where_one_is() -> None:
    unsupported = Failure("unsupported", "Invalid namespace.", -2147217394)

    assert "SV01 is no host of an SMS Provider" in refused(Site(), providers=unsupported)
    assert "CAS01.corp.example for CAS" in refused(Site(), providers=[AWAY])
    assert "CM01.corp.example is the provider of P01" in refused(Site(), sites=unsupported)


@pytest.mark.parametrize("answers", [{"providers": BROKEN}, {"sites": BROKEN}])
def test_a_provider_that_does_not_answer_is_a_sentence(answers: dict[str, Any]) -> None:
    assert "cannot be reached (failed: Provider load failure)" in refused(Site(), **answers)


@pytest.mark.parametrize(
    ("answers", "code"),
    [({"providers": DENIED}, Code.ACCESS_DENIED), ({"sites": DENIED}, Code.ACCESS_DENIED), ({"providers": []}, Code.NO_ROWS)],
)
def test_what_is_denied_or_hidden_says_what_to_configure(answers: dict[str, Any], code: Code) -> None:
    located = locate(Site(), **answers)

    assert isinstance(located, Observation)
    assert located.problem is not None
    assert located.problem.code is code
    assert "CORP\\svc-ansible" in located.problem.message
    assert "become" in located.problem.message and "Read on Site" in located.problem.message


def test_a_site_whose_own_row_is_hidden_is_still_its_provider_s() -> None:
    assert found(Site(), sites=[]).version is None
    hidden = locate(Site("S01"), sites=[])
    assert isinstance(hidden, Observation)
    assert hidden.problem is not None
    assert hidden.problem.code is Code.NO_ROWS


def test_without_a_code_a_query_is_sent_once_and_with_one_twice() -> None:
    assert len(SiteQuery(Site(), "SMS_SCI_Reserved").operations()) == 1
    own, parents = SiteQuery(Site("S01"), "SMS_SCI_Reserved", (("ItemType", "User"),)).operations()
    assert own.fields["namespace"] == "root\\SMS\\site_S01"
    assert parents.fields["namespace"] == "root\\SMS\\site_${site_provider_not_S01.rows.0.SiteCode}"
    assert own.fields["query"] == parents.fields["query"] == "SELECT * FROM SMS_SCI_Reserved WHERE ItemType = 'User' AND SiteCode = 'S01'"


def expanded(text: str) -> str:
    """What the host makes of a text (docs/contract.md); a reference is an error here."""

    def one(found: re.Match[str]) -> str:
        assert found[1] is None, f"{text} refers to {found[1]}"
        return "${"

    return re.sub(r"\$\$\{|\$\{([^}]*)\}", one, text)


@given(st.text(alphabet="ab\\'\"${}% ", max_size=12))
def test_a_value_in_a_query_stays_a_value(text: str) -> None:
    query = SiteQuery(Site(), "SMS_SCI_Reserved", (("UserName", text),)).text(Located("P01", "P01", 2, None, None, None))

    asked = parse(expanded(query))
    assert asked.matches({"UserName": text, "SiteCode": "P01"}.get)
    assert not asked.matches({"UserName": text + "x", "SiteCode": "P01"}.get)


@given(st.text(alphabet="a${}", max_size=10))
def test_a_literal_comes_back_as_it_was(text: str) -> None:
    assert expanded(literal(text)) == text


def test_nothing_in_a_value_is_a_reference() -> None:
    assert literal({"a": ["${x}", 1, None], "b": {"${k}": "$${y"}}) == {"a": ["$${x}", 1, None], "b": {"${k}": "$$${y"}}
