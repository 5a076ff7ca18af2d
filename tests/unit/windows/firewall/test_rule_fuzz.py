# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No string crashes the parser: it is a rule that writes itself again, or it is unparsed with a sentence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.checks import doubts
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import FILTER_FIELDS, SECURITY_FIELDS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule, Unparsed, parse

SOUND = (
    "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=RPC|LPort2_10=1-2|RA4=192.0.2.0/24|RA6=LocalSubnet|"
    r"App=%SystemRoot%\x.exe|Svc=*|Name=Made up|EmbedCtxt=@FirewallAPI.dll,-33002|Security=Authenticate|"
    "Platform=2:6:2|Platform2=GTEQ|Edge=TRUE|"
)
WORDS = [
    "",
    *[
        "Allow",
        "Block",
        "ByPass",
        "Secure",
        "In",
        "Out",
        "TRUE",
        "FALSE",
        "6",
        "17",
        "1",
        "58",
        "256",
        "*",
        "RPC",
        "80",
        "1-2",
        "65536",
        "-",
        "192.0.2.1",
        "192.0.2.0/24",
        "2001:db8::/32",
        "::1",
        "/",
        "LocalSubnet",
        "IntErnet",
        "8:*",
        "2:6:2",
        "GTEQ",
        "Authenticate",
        "=",
        "Lan",
    ],
]

fields = st.tuples(st.sampled_from([*FILTER_FIELDS, *SECURITY_FIELDS, "Fresh", ""]), st.sampled_from(WORDS) | st.text(max_size=8)).map(
    "=".join
)
made = st.lists(fields, max_size=8).map(lambda some: "|".join(["v2.30", "Action=Allow", "Dir=In", "Protocol=6", *some, ""]))


def holds(rule_id: str, text: str) -> None:
    parsed = parse(rule_id, text)
    if isinstance(parsed, Rule):
        assert parsed.text() == text
        assert all(sentence.endswith(".") for sentence in doubts(parsed))
        assert parsed.authenticated in (True, False) and parsed.applies_to(10, 0) in (True, False)
        assert hash(parsed) == hash(parse(rule_id, text))
    else:
        assert parsed == Unparsed(rule_id, text, parsed.reason)
        assert parsed.reason.endswith(".")


@given(st.text(), st.text())
def test_any_text(rule_id: str, text: str) -> None:
    holds(rule_id, text)


@given(made)
def test_known_fields_with_any_value(text: str) -> None:
    holds("Made-Up", text)


@given(st.integers(0, len(SOUND)), st.integers(0, 12), st.text(max_size=4) | st.sampled_from(["|", "=", "|=", "||", "\0", "\ud800"]))
def test_a_sound_rule_with_something_changed(start: int, cut: int, put: str) -> None:
    holds("Made-Up", SOUND[:start] + put + SOUND[start + cut :])


def test_the_sound_rule_is_one() -> None:
    assert isinstance(parse("Made-Up", SOUND), Rule)


def test_very_long_strings_are_read_in_linear_time() -> None:
    for text in (
        "v2.30|" + "|" * 200_000,
        "v2.30|Action=Allow|Dir=In|" + "RA4=192.0.2.1|" * 100_000,
        "v2.30|Action=Allow|Dir=In|RA6=" + ":" * 10**6 + "|",
    ):
        holds("Made-Up", text)
