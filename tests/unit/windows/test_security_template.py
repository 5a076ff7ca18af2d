# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security templates as secedit and Group Policy write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.security_template import (
    MalformedTemplateError,
    Membership,
    decode,
    parse,
    sid_of,
    write_rights,
)

VERSION = '[Version]\r\nsignature="$CHICAGO$"\r\nRevision=1\r\n'
DENY = "SeDenyInteractiveLogonRight"


def test_an_export() -> None:
    text = (
        "[Unicode]\r\nUnicode=yes\r\n[Privilege Rights]\r\n"
        "SeNetworkLogonRight = *S-1-1-0,*S-1-5-32-544\r\nseDenyInteractiveLogonRight = Gast , *S-1-5-21-1-2-3-4,NT SERVICE\\x\r\n"
        "SeDenyBatchLogonRight =\r\n" + VERSION
    )

    assert parse(text).rights == {
        "senetworklogonright": ("*S-1-1-0", "*S-1-5-32-544"),
        "sedenyinteractivelogonright": ("Gast", "*S-1-5-21-1-2-3-4", "NT SERVICE\\x"),
        "sedenybatchlogonright": (),
    }


def test_what_a_group_policy_object_says() -> None:
    text = (
        "[Unicode]\nUnicode=yes\n; a comment\n[System Access]\nMinimumPasswordAge = 1\n[Registry Values]\nMACHINE\\A\\B=4,1\n"
        '[File Security]\n"%SystemRoot%\\x",0,"D:AR(A;;FA;;;BA)"\n'
        "[Group Membership]\n*S-1-5-32-544__Memberof =\n*S-1-5-32-544__Members = *S-1-5-21-1-2-3-4,CORP\\x\n"
        "*S-1-5-21-1-2-3-9__Memberof = *S-1-5-32-544\n*S-1-5-21-1-2-3-9__Members =\nHelpers__Members =\n" + VERSION
    )

    assert parse(text).memberships == (
        Membership("*S-1-5-32-544", ("*S-1-5-21-1-2-3-4", "CORP\\x")),
        Membership("*S-1-5-21-1-2-3-9", None, ("*S-1-5-32-544",)),
        Membership("Helpers", ()),
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it has no signature"),
        ("[Privilege Rights]\r\nSeX = *S-1-1-0\r\n", "it has no signature"),
        ('[Version]\r\nsignature="$WINDOWS$"\r\n', "it has no signature"),
        ("[Privilege Rights\r\n", "the heading '[Privilege Rights' does not end"),
        ("SeX = y\r\n" + VERSION, "'SeX = y' stands before any heading"),
        ("[Privilege Rights]\r\nSeX\r\n" + VERSION, "'SeX' gives nothing a value"),
        ("[Privilege Rights]\r\n= y\r\n" + VERSION, "'= y' gives nothing a value"),
        ("[Privilege Rights]\r\nSeX = a\r\nsex = b\r\n" + VERSION, "it says twice what 'sex' is"),
        ("[Group Membership]\r\nX = a\r\n" + VERSION, "'X = a' is neither the members of a group nor the groups that it belongs to"),
    ],
)
def test_what_is_no_template(text: str, why: str) -> None:
    with pytest.raises(MalformedTemplateError) as caught:
        parse(text)

    assert str(caught.value) == why


@given(st.integers(min_value=0))
def test_a_template_that_is_cut_off_is_none(length: int) -> None:
    """The signature comes last in what secedit writes."""
    text = f'[Unicode]\r\nUnicode=yes\r\n[Privilege Rights]\r\n{DENY} = *S-1-1-0,*S-1-5-7\r\n[Version]\r\nsignature="$CHICAGO$"\r\n'
    cut = text[: length % (len(text) - len('"\r\n'))]

    with pytest.raises(MalformedTemplateError):
        parse(cut)


def test_what_is_written() -> None:
    assert write_rights({DENY: ["Gast", "*S-1-5-21-1-2-3-4"], "SeDenyBatchLogonRight": []}) == (
        '[Unicode]\r\nUnicode=yes\r\n[Version]\r\nsignature="$CHICAGO$"\r\nRevision=1\r\n[Privilege Rights]\r\n'
        "SeDenyInteractiveLogonRight = Gast,*S-1-5-21-1-2-3-4\r\nSeDenyBatchLogonRight =\r\n"
    )


@given(
    st.lists(
        st.from_regex(r"\*S-1-5-21(-[0-9]{1,5}){4}|[A-Za-z][A-Za-z0-9$ \\_-]{0,10}[A-Za-z0-9$]", fullmatch=True), max_size=5, unique=True
    )
)
def test_what_is_written_reads_the_same(holders: list[str]) -> None:
    assert parse(write_rights({DENY: holders})).rights == {DENY.casefold(): tuple(holders)}


@pytest.mark.parametrize("right", ["", "SeX = y", "SeX\r\nSeY", "Backup", "se x"])
def test_only_a_right_is_written(right: str) -> None:
    with pytest.raises(ValueError, match="is no user right"):
        write_rights({right: []})


@pytest.mark.parametrize("holder", ["a,b", "a\r\nSeTcbPrivilege = b", "a\u2028b"])
def test_a_holder_is_one(holder: str) -> None:
    with pytest.raises(ValueError, match="would be several"):
        write_rights({DENY: [holder]})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-8-sig", "ascii"])
def test_the_bytes_of_a_file(encoding: str) -> None:
    assert parse(decode(VERSION.encode(encoding))).rights == {}


@pytest.mark.parametrize("content", [b"\xff\xfe[", b"\xff\xfe\x00\xd8", b"[\xff]"])
def test_bytes_that_are_no_text(content: bytes) -> None:
    with pytest.raises(MalformedTemplateError, match="its bytes are no text"):
        decode(content)


def test_the_sid_of_a_holder() -> None:
    assert (sid_of("*s-1-5-7"), sid_of("Gast")) == ("S-1-5-7", None)
