# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""For every test: it is this checkout that is tested, and only the skips in allowed_skips.txt are let through where skips count.

CI_STRICT_SKIPS=1 says that they count, and that examples are not drawn at random.
TEST_COUNTS_FILE names a file to which each run appends "passed failed skipped".
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT_COLLECTIONS = Path(__file__).resolve().parents[1] / ".venv" / "collections"
ALLOWED_SKIPS = Path(__file__).with_name("allowed_skips.txt")
REASON_PREFIX = "Skipped: "


def read_allowed_skips(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs of patterns: test ids and reasons."""
    lines = [line.split("|") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for fields in lines:
        if len(fields) != 3 or not all(field.strip() for field in fields):
            raise ValueError(f"allowed_skips.txt: three fields are needed, separated by '|': {'|'.join(fields)}")
    return tuple((tests.strip(), reason.strip()) for tests, reason, _why in lines)


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What a skipped test says of itself."""
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix(REASON_PREFIX)


def refused_skips(config: pytest.Config) -> list[str]:
    """The skips of this run that no line allows, as sentences."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or os.environ.get("CI_STRICT_SKIPS") != "1":
        return []
    allowed = read_allowed_skips(ALLOWED_SKIPS.read_text(encoding="utf-8"))
    skips = [(report.nodeid, skip_reason(report)) for report in reporter.stats.get("skipped", [])]
    return [
        f"{test}: {reason}"
        for test, reason in skips
        if not any(fnmatchcase(test, tests) and fnmatchcase(reason, reasons) for tests, reasons in allowed)
    ]


def write_counts(config: pytest.Config, file: Path) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    count = {name: len(reporter.stats.get(name, [])) for name in ("passed", "xfailed", "failed", "error", "xpassed", "skipped")}
    passed, failed = count["passed"] + count["xfailed"], count["failed"] + count["error"] + count["xpassed"]
    with file.open("a", encoding="utf-8") as counts:
        counts.write(f"{passed} {failed} {count['skipped']}\n")


def pytest_configure() -> None:
    # What tests start finds this checkout, not a copy of the collection that was installed into the user's home.
    os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", str(CHECKOUT_COLLECTIONS))
    # A run that decides about a change is to depend on that change only; other runs look at new examples each time.
    settings.register_profile("decisive", derandomize=True)
    if os.environ.get("CI_STRICT_SKIPS") == "1":
        settings.load_profile("decisive")


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Of a run in several processes only the one that collects the results counts.
    if hasattr(session.config, "workerinput"):
        return
    if "TEST_COUNTS_FILE" in os.environ:
        write_counts(session.config, Path(os.environ["TEST_COUNTS_FILE"]))
    if refused_skips(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    refused = refused_skips(config)
    if refused:
        terminalreporter.section("skipped, and not in tests/allowed_skips.txt", red=True)
        for sentence in refused:
            terminalreporter.line(sentence)
