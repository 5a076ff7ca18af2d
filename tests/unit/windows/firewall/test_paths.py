# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs in rules."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths

PATHS = Paths({"SYSTEMROOT": "C:\\Windows", "PROGRAMFILES(X86)": "C:\\Program Files (x86)"})


@pytest.mark.parametrize(
    ("rule", "program", "expected"),
    [
        ("C:\\Windows\\a.exe", "c:\\windows\\A.EXE", True),
        ("%SystemRoot%\\a.exe", "C:\\Windows\\a.exe", True),
        ("%systemroot%\\a.exe", "%SYSTEMROOT%\\a.exe", True),
        ("%ProgramFiles(x86)%\\a.exe", "C:\\Program Files (x86)\\a.exe", True),
        ("System", "SYSTEM", True),
        ("System", "C:\\System", False),
        ("C:\\Windows\\a.exe", "C:\\Windows\\b.exe", False),
        ("%SystemRoot%\\a.exe", "D:\\Windows\\a.exe", False),
        ("%CCM%\\a.exe", "C:\\Windows\\CCM\\a.exe", None),
        ("%CCM%\\a.exe", "C:\\Windows\\CCM\\b.exe", False),
        ("C:\\%X%\\bin\\%Y%.exe", "C:\\one\\bin\\two.exe", None),
        ("C:\\%X%\\bin\\%Y%.exe", "C:\\one\\lib\\two.exe", False),
        ("C:\\Windows\\a.exe", "%CCM%\\a.exe", None),
        ("%CCM%\\a.exe", "%CCM%\\a.exe", True),
        ("%CCM%\\a.exe", "%CMS%\\b.exe", None),
        ("C:\\100%.exe", "C:\\100%.exe", True),
        ("C:\\100%.exe", "C:\\100.exe", False),
    ],
)
def test_same(rule: str, program: str, expected: bool | None) -> None:
    assert PATHS.same(rule, program) is expected
    assert PATHS.same(program, rule) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("C:\\a\\B.exe", "b.exe"), ("System", "system"), ("%CCM%\\a.exe", "a.exe"), ("%SystemRoot%", "windows"), ("C:\\%X%.exe", None)],
)
def test_file_name(path: str, expected: str | None) -> None:
    assert PATHS.file_name(path) == expected
