# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet as a Markdown report."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.markdown import escape, markdown
from ansible_collections.configmgr.hardening.tests.unit.reports.samples import NASTY, NOW, change, finding, result

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MONTH = timedelta(days=30)
# Wherever a host's words end up, one character must not be lost and none may mean anything.
TEXT = st.text(max_size=30) | st.sampled_from(NASTY) | st.text("|`*_~<>[]()#+-=!&\\{}:.\n 1a", max_size=15)


def report(
    actual: str = "wrong", expected: str = "right", remedy: str = "", caveat: str = "unproven", name: str = "CL01", **more: str
) -> str:
    """A report in which every kind of text from a host stands."""
    every = [
        finding(status, f"A-{number}", actual=f"{actual} {number}", expected=expected, remedy=remedy, caveats=(caveat,), subject=name)
        for number, status in enumerate(Status)
    ]
    moved = change(before=more.get("before", "1"), after=more.get("after", "2"), item=more.get("item"), message=more.get("message"))
    stored = result(*every, subject=name, changes=(moved, change(state="planned")), snapshot="run-1")
    old = result(finding(subject="CL09"), subject="CL09", time=NOW - 2 * MONTH)
    fleet = survey([stored, old], [f"{name} two"], NOW, MONTH, [f"x {more.get('unreadable', '')}"])
    return markdown(fleet, more.get("title", "Title"), NOW)


def tokens(text: str) -> list[Token]:
    return [each for token in RENDERER.parse(text) for each in (token, *(token.children or ()))]


def shape(text: str) -> Counter[str]:
    """How many there are of each kind of markup; how text is split up is no markup."""
    return Counter(token.type for token in tokens(text) if token.type not in ("text", "text_special"))


def shown(text: str) -> str:
    """All text that a reader sees; the spaces of no width that part addresses are not seen."""
    seen = (token.content for token in tokens(text) if token.type in ("text", "text_special", "code_inline", "html_inline"))
    return "".join(seen).replace("\u200b", "")


def as_read(text: str) -> str:
    """On one line, without what cannot be seen."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


PLAIN = shape(report(remedy="Do it."))


def test_every_section_is_there() -> None:
    headings = [line for line in report().splitlines() if line.startswith("#")]

    assert headings == [
        "# Title",
        "## Hosts",
        "## Not heard from",
        "## Old results",
        "## Files that are no results",
        "## Errors",
        "## Conflicts",
        "## Drift",
        "## Indeterminate",
        "## Waiting for people",
        "## Waived",
        "## Changes",
    ]
    assert "Made 2026-06-01 12:00 UTC from the results of 2 hosts." in report()
    assert "- CL09, area: 2026-04-02 12:00 UTC" in report()


def test_hosts_are_counted_and_summed_up() -> None:
    rows = [line for line in report().splitlines() if line.startswith("| CL") or "**all**" in line]

    assert rows[0] == "| CL01 | area | **1** | **1** | **1** | 1 | 1 | 1 | 1 | 1 | 1 |"
    assert rows[1] == "| CL09 | area | · | · | **1** | · | · | · | · | · | · |"
    assert rows[2] == "| **all** | | **1** | **1** | **2** | 1 | 1 | 1 | 1 | 1 | 1 |"


def test_a_cause_is_said_once_for_all_its_hosts() -> None:
    found = [
        finding(subject=name, severity=severity, remedy="Do it.") for name, severity in (("CL01", Severity.LOW), ("CL02", Severity.HIGH))
    ]
    results = [result(each, subject=each.subject) for each in found]
    lines = markdown(survey(results, [], NOW, MONTH), "T", NOW).splitlines()
    at = lines.index("## Drift")

    assert lines[at + 4 : at + 8] == [
        "- **CL02, CL01** (high): wrong",
        "  - controls: A-1: Title of A-1",
        "  - expected: right",
        "  - what to do: Do it.",
    ]


def test_changes_are_a_table_with_the_snapshot_to_roll_back_to() -> None:
    lines = report(item="S-1-5-21", message="No.").splitlines()

    assert "| CL01 | value S-1-5-21 | 1 | 2 | made: No. |" in lines
    assert "| CL01 | value | 1 | 2 | planned |" in lines
    assert lines[-1] == "Snapshots to roll back to: CL01 run-1"


def test_where_all_is_well_there_is_nothing_to_do() -> None:
    text = markdown(survey([result(finding(Status.COMPLIANT))], [], NOW, MONTH), "T", NOW)

    assert [line for line in text.splitlines() if line.startswith("##")] == ["## Hosts"]


PLACES = ("actual", "expected", "remedy", "caveat", "name", "before", "after", "item", "message", "unreadable", "title")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", NASTY)
def test_a_hosts_text_makes_no_markup(place: str, text: str) -> None:
    words: dict[str, Any] = {"remedy": "Do it.", place: f"a {text} b"}
    made = report(**words)

    assert shape(made) == PLAIN
    assert f"a {as_read(text)} b" in shown(made)
    assert not any(character in made for character in "\x1b\x9b\x07\r\u202e\u2066")


@given(st.sampled_from(PLACES), TEXT)
def test_nor_does_any_other(place: str, text: str) -> None:
    words: dict[str, Any] = {"remedy": "Do it.", place: f"a{text}b"}

    assert shape(report(**words)) == PLAIN


@given(TEXT)
def test_a_reader_sees_the_text_as_it_is(text: str) -> None:
    assert shown(f"x{escape(text)}x") == f"x{as_read(text)}x"
    assert shown(f"| a |\n|---|\n| x{escape(text)}x |") == f"ax{as_read(text)}x"


@given(TEXT)
def test_text_that_begins_a_line_begins_no_block(text: str) -> None:
    assert shape(f"- {escape(f'{text}x')}") == shape("- x")
    assert shape(escape(f"{text}x")) == shape("x")


@pytest.mark.parametrize(
    "text", ["# x", "###### x", "#", "- x", "-", "---", "===", "+ x", "> x", "1. x", "12) x", "* x", "~~~", "```", "2."]
)
def test_nor_do_the_marks_of_blocks(text: str) -> None:
    assert shape(escape(text)) == shape("x")
    assert shape(f"- {escape(text)}") == shape("- x")
    assert shape(f"x\n{escape(text)}").keys() == shape("x\ny").keys()
    assert shown(escape(text)) == text


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://evil.example/x", "https://"),
        ("HTTP://evil.example", "HTTP://"),
        ("ftp://evil.example", "ftp://"),
        ("www.evil.example", "www."),
        ("WWW.evil.example", "WWW."),
        ("mailto:me@evil.example", "@evil"),
        ("me@evil.example", "@evil"),
        ("@admins", "@admins"),
    ],
)
def test_addresses_are_parted_also_in_what_is_shown(text: str, link: str) -> None:
    """Some renderers look for addresses after they have read entities and backslashes."""
    visible = "".join(token.content for token in tokens(escape(text)) if token.type in ("text", "text_special"))

    assert link in text and link not in visible
    assert shown(escape(text)) == text
