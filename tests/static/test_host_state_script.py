# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one script that runs on Windows: Windows PowerShell 5.1 syntax, nothing but listed cmdlets, programs and types, no code made of text.

The lists are written by hand: a new cmdlet or type is a decision, not a change that slips in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.static.powershell_rules import (
    GrammarGap,
    Script,
    code_from_text,
    dispatch_targets,
    hash_entries,
    newer_syntax,
    syntax_errors,
    unlisted_commands,
    unlisted_types,
    wrong_calls,
)

SCRIPT = Path(__file__).parents[2] / "plugins" / "modules" / "host_state.ps1"

GAPS = (
    GrammarGap("max_bytes = 1MB", "max_bytes = 111", "the multiplier of a number is taken for a part of a command's name"),
    GrammarGap("-gt 32KB", "-gt 3200", "the multiplier of a number after an operator"),
    GrammarGap("-gt 8MB", "-gt 800", "the multiplier of a number after an operator"),
    GrammarGap("Cmdlet, Function", "Cmdlet__Function", "a list of bare words as the value of a parameter"),
)

CMDLETS = {
    "Add-LocalGroupMember": frozenset({"SID", "Member", "ErrorAction"}),
    "ConvertTo-Json": frozenset({"InputObject", "Depth", "Compress"}),
    "ForEach-Object": frozenset[str](),
    "Get-Command": frozenset({"Name", "Module", "CommandType", "ErrorAction"}),
    "Get-LocalGroup": frozenset({"ErrorAction"}),
    "Get-PSDrive": frozenset({"Name", "PSProvider", "ErrorAction"}),
    "Import-Module": frozenset({"Name", "ErrorAction"}),
    "New-PSDrive": frozenset({"Name", "PSProvider", "Root", "Scope"}),
    "Pop-Location": frozenset[str](),
    "Push-Location": frozenset({"Path"}),
    "Remove-LocalGroupMember": frozenset({"SID", "Member", "ErrorAction"}),
    "Select-Object": frozenset({"First", "Skip", "Unique"}),
    "Set-StrictMode": frozenset({"Version"}),
    "Sort-Object": frozenset[str](),
    "Split-Path": frozenset({"Path", "Parent"}),
    "Start-Sleep": frozenset({"Milliseconds"}),
    "Where-Object": frozenset[str](),
    "Write-Debug": frozenset[str](),
}

# Two go through the table of operations; the third runs what Get-Command found by an exact name in one module.
DISPATCHES = frozenset({"& $read.run $read", "& $operation.run $operation", "& $command @splat"})

PROGRAMS = {"auditpol", "gpupdate", "schtasks", "secedit", "wecutil", "wevtutil"}

TYPES = frozenset(
    """
    ADSI array Array BitConverter bool byte[] char char[] Console Convert DateTime decimal Environment hashtable int long Math
    Microsoft.Win32.RegistryKey ordered regex string string[] StringComparer switch TimeSpan uint32 uint64 ValueType
    System.Collections.IDictionary System.Collections.IList
    System.Diagnostics.Process System.Diagnostics.ProcessStartInfo System.Diagnostics.Stopwatch
    System.Globalization.CultureInfo System.InvalidOperationException
    System.IO.BinaryReader System.IO.Compression.CompressionMode System.IO.Compression.GZipStream System.IO.Directory
    System.IO.DirectoryNotFoundException System.IO.File System.IO.FileAttributes System.IO.FileNotFoundException System.IO.IOException
    System.IO.MemoryStream System.IO.Path
    System.Management.Automation.Cmdlet System.Management.EnumerationOptions System.Management.ManagementClass
    System.Management.ManagementObjectSearcher System.Net.NetworkCredential
    System.Security.AccessControl.DirectorySecurity System.Security.AccessControl.FileSystemAccessRule
    System.Security.Principal.IdentityNotMappedException System.Security.Principal.NTAccount
    System.Security.Principal.SecurityIdentifier System.Security.Principal.WindowsBuiltInRole
    System.Security.Principal.WindowsIdentity System.Security.Principal.WindowsPrincipal
    System.Text.Encoding System.Text.StringBuilder System.Text.UTF8Encoding
    System.Threading.Tasks.Task System.Threading.Tasks.Task[]
    System.Xml.XmlConvert System.Xml.XmlDateTimeSerializationMode
    """.split()  # noqa: SIM905 - one name a line would fill the page
)

# ADSI hands out late-bound COM objects, whose members can be reached by name only.
REFLECTED = frozenset(
    {
        "Invoke('Members')",
        "InvokeMember('objectSID', 'GetProperty', $null, $member, $null)",
        "InvokeMember('Class', 'GetProperty', $null, $member, $null)",
    }
)

Rule = Callable[[Script], list[str]]


def commands_rule(script: Script) -> list[str]:
    return unlisted_commands(script, CMDLETS, DISPATCHES)


def types_rule(script: Script) -> list[str]:
    return unlisted_types(script, TYPES)


def reflection_rule(script: Script) -> list[str]:
    return code_from_text(script, REFLECTED)


RULES: dict[str, Rule] = {
    "can be read": syntax_errors,
    "5.1 only": newer_syntax,
    "listed commands": commands_rule,
    "calls fit": wrong_calls,
    "listed types": types_rule,
    "no code of text": reflection_rule,
}


@pytest.fixture(scope="module")
def text() -> str:
    return SCRIPT.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script(text: str) -> Script:
    return Script.read(text, GAPS)


@pytest.mark.parametrize("rule", RULES)
def test_the_script_keeps_the_rule(rule: str, script: Script) -> None:
    assert RULES[rule](script) == []


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.text)
def test_a_gap_of_the_grammar_is_still_one(gap: GrammarGap, text: str) -> None:
    """Otherwise the entry is outdated: either the script does not hold that text any more or the grammar has learned it."""
    assert gap.text in text
    others = [other for other in GAPS if other is not gap]
    one_left = Script.read(text, others)
    assert syntax_errors(one_left) or commands_rule(one_left)


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        ("can be read", "function A { if ($x { 1 } }"),
        ("can be read", "$a = @{ b = 1"),
        ("5.1 only", "$a = $b ?? 1"),
        ("5.1 only", "$a ??= 1"),
        ("5.1 only", "$a = ${b}?.Length"),
        ("5.1 only", "$a = $b ? 1 : 2"),
        ("5.1 only", "Get-Command -Name a && Get-Command -Name b"),
        ("5.1 only", "Get-Command -Name a || Get-Command -Name b"),
        ("5.1 only", '$a = "`u{1F600}"'),
        ("5.1 only", "$a = $b | ConvertFrom-Json -AsHashtable"),
        ("5.1 only", "1..3 | ForEach-Object -Parallel { $_ }"),
        ("5.1 only", "class A { [int]$x }"),
        ("5.1 only", "enum A { B }"),
        ("5.1 only", "using namespace System.IO"),
        ("5.1 only", "function A {\n    begin { 1 }\n    clean { 2 }\n}"),
        ("5.1 only", "Get-Command -Name a > out.txt"),
        ("5.1 only", '"$(1 ?? 2)"'),
        ("listed commands", "Get-ChildItem -Path C:\\"),
        ("listed commands", "Invoke-Expression $text"),
        ("listed commands", "iex $text"),
        ("listed commands", "Add-Type -TypeDefinition $text"),
        ("listed commands", "Write-Host 'x'"),
        ("listed commands", "$x | % { $_ }"),
        ("listed commands", "$x | ? { $_ }"),
        ("listed commands", "$x | select a"),
        ("listed commands", "netsh advfirewall reset"),
        ("listed commands", "& $name 1"),
        ("listed commands", "& 'C:\\tool.exe' 1"),
        ("listed commands", ". 'C:\\other.ps1'"),
        ("listed commands", "& $read.run $operation"),
        ("listed commands", "Get-Command -Name a -All"),
        ("listed commands", '"$(Get-Date)"'),
        ("listed commands", "Invoke-Command -ScriptBlock { 1 }"),
        ("calls fit", "function A($One) { $One }\nA -Two 1"),
        ("calls fit", "function A($One) { $One }\nA 1 2"),
        ("calls fit", "function A($One, $Two = 1) { $One }\nA"),
        ("calls fit", "function A($One, $Two) { $One }\nA $x.Split('.')"),
        ("listed types", "[scriptblock]::Create('1')"),
        ("listed types", "$x = [System.Management.Automation.PowerShell]::Create()"),
        ("listed types", "$x = $y -as [System.Reflection.Assembly]"),
        ("no code of text", "$ExecutionContext.InvokeCommand.NewScriptBlock('1')"),
        ("no code of text", "Get-Thing $ExecutionContext.InvokeCommand.InvokeScript('1')"),
        ("no code of text", "$adsi.psbase.Invoke($method)"),
        ("no code of text", "$type.InvokeMember('Delete', 'InvokeMethod', $null, $x, $null)"),
        ("no code of text", "$x.$member()"),
        ("no code of text", "$x.'Delete'()"),
    ],
)
def test_the_rule_finds_what_it_forbids(rule: str, bad: str) -> None:
    assert RULES[rule](Script.read(bad))


@pytest.mark.parametrize(
    "good",
    [
        "function A([string]$One, $Two = 1) { return $One }\nA 'x'\nA 'x' 2\nA -One 'x' -Two 2\nA $x.Split('.') 2",
        "$a = @{ class = 1; using = 2 }\n# what is $a ? or && or ??\n$b = 'a ?? b && c'",
        '$a = "is $b ? $([int]$c)"',
    ],
)
def test_the_rules_let_good_code_pass(good: str) -> None:
    script = Script.read(good)
    assert {name: rule(script) for name, rule in RULES.items() if rule(script)} == {}


def test_operations_are_dispatched_to_functions_of_the_script_only(script: Script) -> None:
    targets = dispatch_targets(script, "operationTable", "run")
    assert len(targets) >= 17
    assert {operation: target for operation, target in targets.items() if target.lower() not in script.functions} == {}
    assert all(target.startswith("Invoke-") for target in targets.values())


def test_a_dispatch_target_that_is_computed_or_missing_is_seen() -> None:
    script = Script.read("$t = @{ a = @{ run = $x }; b = @{ run = 'B' }; c = @{ need = 1 } }")
    assert dispatch_targets(script, "t", "run") == {"a": "", "b": "B", "c": ""}


def test_only_listed_programs_can_be_started(script: Script) -> None:
    assert set(hash_entries(script, "programTable")) == PROGRAMS
    # A process is started in one place, from the table's names under the system folder.
    assert script.code.count("[System.Diagnostics.Process]::Start(") == 1


def test_every_function_is_used(script: Script) -> None:
    """A function that nothing calls would be dead weight in every execution."""
    used = {call.name for call in script.calls} | {target.lower() for target in dispatch_targets(script, "operationTable", "run").values()}
    assert set(script.functions) - used == set()


def test_the_frame(text: str) -> None:
    lines = text.splitlines()
    assert lines[0] == "#!powershell"
    assert "#Requires -Version 5.1" in lines
    assert "#AnsibleRequires" not in text
    assert "Set-StrictMode -Version 2.0" in lines
    for name, value in {"ErrorActionPreference": "Stop", "ProgressPreference": "SilentlyContinue"}.items():
        assert f"${name} = '{value}'" in lines


def test_it_is_plain_ascii(text: str) -> None:
    """5.1 reads a file without byte order mark in the host's code page."""
    assert [line for line in text.splitlines() if not line.isascii()] == []


def test_it_leaves_room_for_the_operations_in_one_send(text: str) -> None:
    """Script and operations together stay under 80 KB before transport encoding."""
    assert len(text.encode()) < 64 * 1024


def test_json_is_never_made_through_the_pipe(script: Script) -> None:
    """Through the pipe a list of one element would lose its brackets."""
    assert not re.search(r"\|\s*ConvertTo-Json", script.code, re.IGNORECASE)
    assert all({"inputobject", "depth"} <= set(call.named) for call in script.calls if call.name == "convertto-json")
