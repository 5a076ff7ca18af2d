# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated machine beyond what the contract vectors show: WQL, behaviours, time, the fingerprint."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows_estate.machine import Command, HostError, Machine, PathDict, ProgramResult, SimulatedClock, wmi_error

VENDOR = "HKLM\\SOFTWARE\\Vendor"
CIMV2 = "root\\cimv2"


def make(state: dict[str, Any] | None = None) -> Machine:
    return Machine(state or {}, clock=SimulatedClock())


def reply_to(machine: Machine, *operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return machine.execute({"contract": 1, "operations": [{"id": f"o{n}", **one} for n, one in enumerate(operations)], **more})


def ask(machine: Machine, **operation: Any) -> Any:
    """The data of one operation that has to succeed."""
    answer = reply_to(machine, operation)["answers"]["o0"]
    assert answer["ok"], answer
    return answer["data"]


def refusal(machine: Machine, **operation: Any) -> str:
    """The kind of error of one operation that has to fail."""
    answer = reply_to(machine, operation)["answers"]["o0"]
    assert not answer["ok"], answer
    return str(answer["error"]["kind"])


# WQL


def services() -> Machine:
    machine = make()
    machine.wmi.define(CIMV2, "Win32_Service", {"Name": "string", "Started": "boolean", "ProcessId": "uint32", "Path": "string"})
    for name, started, process, path in (
        ("TermService", True, 900, "C:\\Windows\\svchost.exe"),
        ("RemoteRegistry", False, 0, None),
        ("CcmExec", True, 1200, "C:\\Windows\\CCM\\CcmExec.exe"),
        ("100%_sure", False, 7, "[x]"),
    ):
        machine.wmi.add(CIMV2, "Win32_Service", {"Name": name, "Started": started, "ProcessId": process, "Path": path})
    return machine


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Name = 'ccmexec' OR Name = 'TERMSERVICE'", ["TermService", "CcmExec"]),
        ("Name <> 'CcmExec' AND Started = TRUE", ["TermService"]),
        ("Name != 'CcmExec' AND NOT Started = TRUE", ["RemoteRegistry", "100%_sure"]),
        ("Started = TRUE AND ProcessId = 900 OR ProcessId = 7", ["TermService", "100%_sure"]),
        ("Started = TRUE AND (ProcessId = 1200 OR ProcessId = 7)", ["CcmExec"]),
        ("ProcessId > 7 AND ProcessId <= 1200", ["TermService", "CcmExec"]),
        ("7 < ProcessId", ["TermService", "CcmExec"]),
        ("ProcessId = '900'", ["TermService"]),
        ("Started = 'true'", ["TermService", "CcmExec"]),
        ("Name LIKE 'r%'", ["RemoteRegistry"]),
        ("Name LIKE '%e%' AND NOT Name LIKE '%service'", ["RemoteRegistry", "CcmExec", "100%_sure"]),
        ("Name NOT LIKE '%e%'", []),
        ("Name LIKE '[r-t]%'", ["TermService", "RemoteRegistry"]),
        ("Name LIKE '[^rt]%'", ["CcmExec", "100%_sure"]),
        ("Name LIKE '___[%][_]sure'", ["100%_sure"]),
        ("Name LIKE 'CcmExe_'", ["CcmExec"]),
        ("Path LIKE 'C:\\\\Windows\\\\%'", ["TermService", "CcmExec"]),
        ("Path IS NULL", ["RemoteRegistry"]),
        ("Path IS NOT NULL", ["TermService", "CcmExec", "100%_sure"]),
        ("Path = NULL", ["RemoteRegistry"]),
        ("Path <> 'x'", ["TermService", "CcmExec", "100%_sure"]),
        ("NOT Path = 'x'", ["TermService", "CcmExec", "100%_sure"]),
        ("NOT (Path = 'x' AND ProcessId = 7)", ["TermService", "RemoteRegistry", "CcmExec", "100%_sure"]),
        ("NOT (Path = 'x' AND ProcessId = 0)", ["TermService", "CcmExec", "100%_sure"]),
        ("Path = 'x' OR Name = 'RemoteRegistry'", ["RemoteRegistry"]),
        ("__CLASS = 'Win32_Service' AND ProcessId = 7", ["100%_sure"]),
        ("((Name='CcmExec'))", ["CcmExec"]),
    ],
)
def test_conditions(condition: str, names: list[str]) -> None:
    query = f"SELECT Name FROM Win32_Service WHERE {condition}"  # noqa: S608 - no database
    rows = ask(services(), op="cim.query", namespace=CIMV2, query=query)["rows"]
    assert [row["Name"] for row in rows] == names


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM Win32_Service WHERE",
        "SELECT * FROM Win32_Service WHERE Name",
        "SELECT * FROM Win32_Service WHERE Name = ",
        "SELECT * FROM Win32_Service WHERE Name = 'a",
        "SELECT * FROM Win32_Service WHERE Name = 'a' OR",
        "SELECT * FROM Win32_Service WHERE (Name = 'a'",
        "SELECT * FROM Win32_Service WHERE Name = 'a')",
        "SELECT * FROM Win32_Service WHERE Name = 'a' Name = 'b'",
        "SELECT * FROM Win32_Service WHERE Name = bare",
        "SELECT * FROM Win32_Service WHERE Name LIKE 5",
        "SELECT * FROM Win32_Service WHERE Missing = 1",
        "SELECT Missing FROM Win32_Service",
        "SELECT Name, FROM Win32_Service",
        "SELECT Name FROM Win32_Service ORDER BY Name",
        "SELECT * FROM Win32_Service; SELECT * FROM Win32_Service",
        "ASSOCIATORS OF {Win32_Service.Name='x'}",
        "",
    ],
)
def test_queries_that_are_none(query: str) -> None:
    assert refusal(services(), op="cim.query", namespace=CIMV2, query=query) == "invalid"


def test_namespaces_below_can_be_listed() -> None:
    machine = make({"wmi": {"root\\SMS": {}, "root\\SMS\\site_P01": {}, "root\\SMS\\site_P01\\x": {}}})
    assert ask(machine, op="cim.query", namespace="ROOT\\sms", query="SELECT Name FROM __NAMESPACE") == {"rows": [{"Name": "site_P01"}]}


# Behaviours


def test_a_command_with_a_behaviour() -> None:
    seen: list[tuple[dict[str, Any], str | None]] = []

    def set_rule(machine: Machine, parameters: dict[str, Any], location: str | None) -> list[dict[str, Any]]:
        seen.append((dict(parameters), location))
        machine.registry.set(VENDOR, parameters["name"], "sz", parameters.get("Action", "Block"))
        return [{"Name": parameters["Name"], "Enabled": {"kind": "enumeration", "name": "True"}}]

    machine = make()
    machine.commands[("netsecurity", "set-rule")] = Command(
        "2.0.0.0", {"Name": "text", "Action": "text", "Force": "switch", "Password": "secure"}, set_rule, mandatory=("Name",)
    )
    call = {"op": "cmdlet.invoke", "module": "NetSecurity", "name": "Set-Rule", "mutates": True}
    given = {"NAME": "R1", "Force": {"switch": True}, "Password": {"secure": "s"}, "ErrorAction": "Ignore"}

    reply = reply_to(machine, {**call, "parameters": given, "select": ["enabled", "Gone"]})

    assert reply["answers"]["o0"]["data"] == {"rows": [{"enabled": "True"}]}
    assert reply["changed"] is True
    assert seen == [({"Name": "R1", "Force": {"switch": True}, "Password": {"secure": "s"}}, None)]
    assert machine.registry.data(VENDOR, "r1") == "Block"
    assert [one["command"] for one in machine.calls] == ["Set-Rule"]
    assert refusal(machine, **call, parameters={"Action": "Allow"}) == "invalid"
    assert refusal(machine, **{**call, "name": "Set-Other"}) == "unsupported"
    assert ask(machine, op="cmdlet.describe", module="NetSecurity", names=["Set-Rule"]) == {
        "commands": {"Set-Rule": {"version": "2.0.0.0", "parameters": ["Action", "Force", "Name", "Password"]}}
    }


def test_a_behaviour_stands_beside_the_commands_of_the_state_and_may_refuse() -> None:
    def refuse(_machine: Machine, _parameters: dict[str, Any], _location: str | None) -> list[dict[str, Any]]:
        raise HostError("access_denied", "No.", 5)

    machine = make({"modules": {"M": {"version": "1.0", "commands": {"Get-A": {"output": [{"X": 1}]}}}}})
    machine.commands[("m", "set-b")] = Command("1.0", {}, refuse)
    assert ask(machine, op="cmdlet.invoke", module="M", name="get-a", select=["X"]) == {"rows": [{"X": 1}]}
    reply = reply_to(machine, {"op": "cmdlet.invoke", "module": "m", "name": "Set-B", "mutates": True})
    assert reply["answers"]["o0"]["error"] == {"kind": "access_denied", "message": "No.", "code": 5}
    assert reply["changed"] is False


def test_a_site_command_knows_its_drive() -> None:
    where: list[str | None] = []

    def get_site(_machine: Machine, _parameters: dict[str, Any], location: str | None) -> list[dict[str, Any]]:
        where.append(location)
        return []

    machine = make({"console": "environment"})
    machine.commands[("configurationmanager", "get-cmsite")] = Command("5.0", {}, get_site)
    for site in ("P01", "p01", None):
        ask(machine, op="cmdlet.invoke", module="ConfigurationManager", name="Get-CMSite", site=site)
    assert where == ["P01:\\", "p01:\\", None]
    assert machine.state["drives"] == ["P01"]


def test_a_program_with_a_behaviour() -> None:
    def secedit(machine: Machine, arguments: list[str], stdin: str | None, files: dict[str, str | None]) -> ProgramResult:
        assert stdin is None
        if arguments[0] == "/export":
            assert arguments[2] == "{out}"
            return ProgramResult(stdout="fertig ä 日", files={"out": "[Unicode]\r\n"}, seconds=2)
        machine.registry.set(VENDOR, "Template", "sz", files["in"])
        return ProgramResult(exit_code=3, seconds=90)

    machine = make({"host": {"oem_code_page": "850"}})
    machine.programs["secedit"] = secedit
    export = {
        "op": "program.run",
        "program": "secedit",
        "arguments": ["/export", "/cfg", "{out}"],
        "files": {"out": {"encoding": "utf-16le"}},
    }
    begun = machine.clock.now()
    assert ask(machine, **export) == {"exit_code": 0, "stdout": "fertig ä ?", "stderr": "", "files": {"out": "[Unicode]\r\n"}}
    assert machine.clock.now() - begun == timedelta(seconds=2)
    # Read in another encoding than the program writes, its umlauts are lost.
    assert ask(machine, **export, encoding="utf-8")["stdout"] == "fertig \ufffd ?"

    configure = {"op": "program.run", "program": "SECEDIT", "arguments": ["/configure", "/cfg", "{in}"], "mutates": True}
    configure["files"] = {"in": {"text": "x", "encoding": "utf-16le"}}
    reply = reply_to(machine, configure, {**configure, "timeout": 120, "ok_exit_codes": [3]})
    assert reply["answers"]["o0"]["error"]["kind"] == "timeout"
    assert reply["answers"]["o0"]["ms"] == 60_000
    assert reply["answers"]["o1"]["data"]["files"] == {"in": "x"}
    assert machine.registry.data(VENDOR, "Template") == "x"
    assert refusal(machine, op="program.run", program="wevtutil", arguments=["el"]) == "unsupported"


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("secedit", ["/export", "/cfg", "{other}"]),
        ("secedit", ["/export", "/cfg {cfg}"]),
        ("secedit", ["/export", "/cfg", "{cfg}", "/areas"]),
        ("secedit", ["/export", "/cfg", "{cfg}", "/quiet", "/log", "x"]),
        ("secedit", ["/export", "/cfg", "{cfg}\n"]),
        ("auditpol", ["/backup", "/file:{other}"]),
        ("auditpol", ["/get"]),
        ("auditpol", ["/resourceSACL", "/set"]),
        ("schtasks", ["/query /create"]),
        ("wevtutil", []),
        ("wecutil", ["quick-config"]),
        ("gpupdate", ["/target:computer"]),
    ],
)
def test_programs_that_may_write_need_the_mark(program: str, arguments: list[str]) -> None:
    machine = make()
    machine.programs[program] = lambda *_: ProgramResult()
    run = {"op": "program.run", "program": program, "arguments": arguments, "files": {"cfg": {"encoding": "utf-8"}}}
    assert refusal(machine, **run) == "invalid"
    assert ask(machine, **run, mutates=True)["exit_code"] == 0


def test_a_class_whose_rows_are_computed() -> None:
    machine = make()

    def connections(asked: Machine) -> list[dict[str, Any]]:
        return [{"localport": port, "State": "5"} for port in asked.registry.data(VENDOR, "Ports", [])]

    machine.provide(
        "root\\StandardCimv2", "MSFT_NetTCPConnection", {"LocalPort": "uint16", "State": "uint8", "Owner": "string"}, connections
    )
    before = machine.fingerprint()
    query = {"op": "cim.query", "namespace": "root\\standardcimv2", "query": "SELECT * FROM msft_nettcpconnection WHERE LocalPort > 5000"}
    assert ask(machine, **query) == {"rows": []}
    assert machine.fingerprint() == before
    machine.registry.set(VENDOR, "Ports", "multi_sz", ["135", "5985"])
    assert ask(machine, **query) == {"rows": [{"LocalPort": 5985, "State": 5, "Owner": None}]}
    assert ask(machine, **query, properties=["__CLASS"]) == {"rows": [{"__CLASS": "MSFT_NetTCPConnection"}]}
    put = {"op": "cim.put", "namespace": "root\\standardcimv2", "query": "SELECT * FROM MSFT_NetTCPConnection WHERE LocalPort = 5985"}
    assert refusal(machine, **put, set={"State": 2}) == "unsupported"
    written: list[dict[str, Any]] = []
    machine.wmi_puts[("root\\standardcimv2", "msft_nettcpconnection")] = lambda _machine, _before, after: written.append(dict(after))
    assert reply_to(machine, {**put, "set": {"State": 2}})["changed"] is True
    assert written == [{"LocalPort": 5985, "State": 2}]


def test_a_put_may_be_watched_and_refused() -> None:
    machine = services()
    service = machine.wmi.find(CIMV2, "win32_service", Name="TermService")[0]

    def watch(_machine: Machine, before: dict[str, Any], after: dict[str, Any]) -> None:
        if after["ProcessId"] == 13:
            raise wmi_error("AccessDenied", "Not this one.")
        after["Path"] = f"{before['ProcessId']} -> {after['ProcessId']}"

    machine.wmi_puts[(CIMV2, "win32_service")] = watch
    put = {"op": "cim.put", "namespace": CIMV2, "query": "SELECT * FROM Win32_Service WHERE Name = 'TermService'"}
    assert ask(machine, **put, set={"ProcessId": 901}) is None
    assert service["path"] == "900 -> 901"
    assert refusal(machine, **put, set={"ProcessId": 13}) == "access_denied"
    assert service["ProcessId"] == 901


def test_a_method_with_a_behaviour() -> None:
    machine = make()
    out = {"ReturnValue": {"type": "uint32", "value": 0}, "Was": {"type": "string"}}
    machine.wmi.define(CIMV2, "Win32_Service", {"Name": "string"}, methods={"Rename": {"in": {"To": "string"}, "out": out}})
    machine.wmi.add(CIMV2, "Win32_Service", {"Name": "a"})

    def rename(_machine: Machine, instance: dict[str, Any] | None, arguments: dict[str, Any]) -> dict[str, Any]:
        assert instance is not None
        was, instance["Name"] = instance["Name"], arguments["To"]
        return {"Was": was}

    machine.wmi_methods[(CIMV2, "win32_service", "rename")] = rename
    call = {"op": "cim.invoke", "namespace": CIMV2, "query": "SELECT * FROM Win32_Service", "method": "Rename", "mutates": True}
    assert ask(machine, **call, arguments={"To": 5}) == {"return_value": 0, "output": {"Was": "a"}}
    assert machine.wmi.find(CIMV2, "Win32_Service") == [{"Name": "5"}]


# Time


def test_ticks_come_before_and_after_an_execution_and_while_it_waits() -> None:
    machine = make()
    due = machine.clock.now() + timedelta(minutes=7)
    ticks: list[datetime] = []

    def behaviour(ticking: Machine, now: datetime) -> None:
        ticks.append(now)
        if now >= due:
            ticking.registry.set(VENDOR, "Done", "dword", 1)

    machine.on_tick.append(behaviour)
    read = {"op": "registry.read", "key": VENDOR}
    wait = {"op": "wait", "until": {"path": "values.Done.data", "equals": 1}, "read": read, "timeout": 600, "every": 60}
    real = time.monotonic()
    answer = reply_to(machine, wait)["answers"]["o0"]
    assert time.monotonic() - real < 5
    assert answer == {"ok": True, "data": {"exists": True, "values": {"Done": {"type": "dword", "data": 1}}, "subkeys": {}}, "ms": 420_000}
    assert len(ticks) == 2 + 7
    machine.tick()
    assert len(ticks) == 10


def test_a_wait_that_is_not_reached_ends_on_time() -> None:
    machine = make()
    begun = machine.clock.now()
    read = {"op": "registry.read", "key": VENDOR}
    wait = {"op": "wait", "until": {"path": "exists", "equals": True}, "read": read, "timeout": 100, "every": 30}
    assert refusal(machine, **wait) == "timeout"
    assert machine.clock.now() - begun == timedelta(seconds=100)
    assert refusal(machine, **{**wait, "timeout": 0.00001, "every": 1e-9}) == "timeout"


@pytest.mark.parametrize(("value", "wanted"), [(1, True), (True, 1), (0, False), ("1", 1), (None, False), ([1], [True])])
def test_a_wait_compares_as_json_does(value: Any, wanted: Any) -> None:
    machine = make({"modules": {"M": {"commands": {"Get-A": {"output": [{"X": value}]}}}}})
    read = {"op": "cmdlet.invoke", "module": "M", "name": "Get-A", "select": ["X"]}
    wait = {"op": "wait", "read": read, "timeout": 1}
    assert refusal(machine, **wait, until={"path": "rows.0.X", "equals": wanted}) == "timeout"
    assert ask(machine, **wait, until={"path": "rows.0.X", "equals": value}) == {"rows": [{"X": value}]}


def test_others_get_in_while_one_waits() -> None:
    machine = Machine({})
    read = {"op": "registry.read", "key": VENDOR}
    wait = {"op": "wait", "until": {"path": "exists", "equals": True}, "read": read, "timeout": 30, "every": 0.01}
    waiting = threading.Thread(target=lambda: answers.append(reply_to(machine, wait)["answers"]["o0"]))
    answers: list[dict[str, Any]] = []
    waiting.start()
    ask(machine, op="registry.write", key=VENDOR, name="A", type="sz", data="1")
    waiting.join(timeout=20)
    assert [answer["ok"] for answer in answers] == [True]


# State


def test_the_state_that_is_given_is_copied_and_defaults_are_put_in() -> None:
    given_state = {"registry": {VENDOR: {"values": {"A": {"type": "sz", "data": "1"}}}}}
    before = json.dumps(given_state)
    machine = make(given_state)
    reply = reply_to(machine, {"op": "registry.write", "key": VENDOR, "name": "A", "type": "sz", "data": "2"})
    assert json.dumps(given_state) == before
    assert (reply["host"]["name"], reply["host"]["build"], reply["host"]["product_type"]) == ("CL01", "10.0.19045.4170", 1)
    assert (reply["host"]["domain"], reply["host"]["domain_role"]) == ("corp.example", 1)
    again = make(machine.snapshot())
    assert again.state == machine.state
    assert again.fingerprint() == machine.fingerprint()


def test_what_is_put_into_the_state_by_hand_is_seen() -> None:
    machine = make()
    machine.state["registry"][f"{VENDOR}\\One"] = {"values": {"A": {"type": "sz", "data": "1"}}}
    assert ask(machine, op="registry.read", key=VENDOR.upper(), depth=1)["subkeys"] == {
        "One": {"values": {"A": {"type": "sz", "data": "1"}}, "subkeys": {}}
    }
    machine.state["registry"] = {VENDOR: {"values": {"B": {"type": "dword", "data": 2}}}}
    assert ask(machine, op="registry.read", key=VENDOR, names=["b"])["values"] == {"b": {"type": "dword", "data": 2}}
    machine.state["files"] = {"C:\\A\\x.txt": {"text": "x"}}
    assert ask(machine, op="file.read", path="c:\\a\\*")["files"][0]["path"] == "c:\\a\\x.txt"


def test_removing_the_last_below_leaves_what_is_above() -> None:
    machine = make({"registry": {f"{VENDOR}\\A\\B": {"values": {}}}, "files": {"C:\\L\\M\\x": {"text": ""}}})
    ask(machine, op="registry.remove", key=f"{VENDOR}\\A\\B")
    assert ask(machine, op="registry.read", key=f"{VENDOR}\\A") == {"exists": True, "values": {}, "subkeys": {}}
    machine.files.delete("C:\\L\\M\\x")
    assert machine.files.is_folder("C:\\l\\m")


@pytest.mark.parametrize("path", ["nul .txt", "a\\LPT1.log", "com0", "a\\ b", "¹", "a.b.", "x\\aux"])
def test_names_that_windows_takes_for_something_else_are_refused(path: str) -> None:
    machine = make()
    assert refusal(machine, op="file.write", path=path, text="") == "invalid"
    assert not machine.files.is_folder("C:\\ProgramData\\configmgr.hardening")


def test_a_folder_that_was_made_is_a_change_whatever_comes_after() -> None:
    machine = make({"files": {"C:\\ProgramData\\configmgr.hardening\\a": {"text": "x"}}})
    assert reply_to(machine, {"op": "file.write", "path": "a\\b", "text": "y"})["changed"] is False
    machine = make()
    machine.files.write = lambda path, content: (_ for _ in ()).throw(HostError("failed", f"{path}, {len(content)}"))  # type: ignore[method-assign]
    reply = reply_to(machine, {"op": "file.write", "path": "a", "text": "y"})
    assert (reply["answers"]["o0"]["ok"], reply["changed"]) == (False, True)


def test_files_are_in_the_order_of_names_in_capitals() -> None:
    machine = make({"files": {f"C:\\L\\{name}": {"text": ""} for name in ("a_", "az", "B", "AY")}})
    found = ask(machine, op="file.read", path="C:\\L\\*")["files"]
    assert [one["path"] for one in found] == ["C:\\L\\AY", "C:\\L\\az", "C:\\L\\a_", "C:\\L\\B"]


def test_a_denied_key_below_keeps_a_tree_from_being_removed() -> None:
    machine = make({"registry": {f"{VENDOR}\\A": {"values": {}}, f"{VENDOR}\\A\\B": {"values": {}, "denied": "write"}}})
    assert refusal(machine, op="registry.remove", key=f"{VENDOR}\\A") == "access_denied"
    assert machine.registry.subkeys(f"{VENDOR}\\A") == ["B"]


def test_eleven_hundred_firewall_rules_are_read_quickly_and_travel_small() -> None:
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
    program = "%SystemRoot%\\system32\\svchost.exe"
    rule = "v2.32|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort={port}|App=" + program + "|Svc=x|Name=@FirewallAPI.dll,-{port}|"
    rules = {f"Rule-{{{port:08x}-0000}}": {"type": "sz", "data": rule.format(port=port)} for port in range(1100)}
    machine = make({"registry": {key: {"values": rules}}})
    begun = time.monotonic()
    reply = reply_to(machine, {"op": "registry.read", "key": key})
    assert time.monotonic() - begun < 1
    answers = json.loads(gzip.decompress(base64.b64decode(reply["answers_gzip"])))
    assert answers["o0"]["data"]["values"] == rules
    assert len(json.dumps(reply)) < 100_000


def test_constrained_language_runs_nothing() -> None:
    machine = make({"language_mode": "ConstrainedLanguage"})
    reply = reply_to(machine, {"op": "registry.write", "key": VENDOR, "name": "A", "type": "sz", "data": "1"})
    assert (reply["answers"], reply["changed"], reply["error"]["kind"]) == ({}, False, "unsupported")
    assert set(reply["host"]) == {"name", "powershell", "language_mode"}
    assert not machine.registry.exists(VENDOR)


# The fingerprint


def test_the_fingerprint_sees_what_is_configured() -> None:
    machine = services()
    machine.state["groups"] = [{"sid": "S-1-5-32-544", "name": "Administrators", "members": [{"sid": "S-1-5-21-1"}, {"sid": "S-1-5-21-2"}]}]
    seen = {machine.fingerprint()}

    def change() -> None:
        before = len(seen)
        seen.add(machine.fingerprint())
        assert len(seen) == before + 1

    machine.registry.set(VENDOR, "A", "sz", "1")
    change()
    machine.registry.set(VENDOR, "A", "expand_sz", "1")
    change()
    machine.registry.set(f"{VENDOR}\\Sub", "", "sz", "")
    change()
    machine.wmi.find(CIMV2, "Win32_Service", Name="CcmExec")[0]["Started"] = False
    change()
    machine.state["groups"][0]["members"].pop()
    change()
    machine.files.store("C:\\Logs\\x.log", "x")
    change()
    machine.state["host"]["name"] = "CL02"
    change()


def test_the_fingerprint_comes_back_with_the_configuration() -> None:
    machine = services()
    machine.state["groups"] = [{"sid": "S-1-5-32-544", "name": "Administrators", "members": [{"sid": "S-1-5-21-1"}, {"sid": "S-1-5-21-2"}]}]
    machine.registry.set(VENDOR, "A", "sz", "1")
    first = machine.fingerprint()
    machine.registry.set(f"{VENDOR}\\Sub", "B", "sz", "2")
    machine.registry.set(VENDOR, "A", "sz", "2")
    machine.state["groups"][0]["members"].reverse()
    service = machine.wmi.find(CIMV2, "Win32_Service", Name="CcmExec")[0]
    service["Started"] = False
    assert machine.fingerprint() != first
    machine.registry.delete(f"{VENDOR}\\SUB")
    machine.registry.delete(VENDOR, "a")
    machine.registry.set(VENDOR.upper(), "a", "sz", "1")
    service["started"] = True
    assert machine.fingerprint() == first


def test_the_fingerprint_leaves_out_times_records_and_our_own_folder() -> None:
    machine = services()
    machine.files.store("C:\\Logs\\x.log", "x")
    machine.volatile.values.add(("hklm\\software\\vendor", "lastrefresh"))
    machine.volatile.keys.add("hklm\\software\\history")
    machine.volatile.properties.add((CIMV2, "win32_service", "processid"))
    machine.registry.set(VENDOR, "Kept", "sz", "1")
    first = machine.fingerprint()
    ask(machine, op="file.write", path="snapshots\\a.json", text="{}")
    machine.calls.append({"program": "gpupdate", "arguments": []})
    machine.state["drives"] = ["P01"]
    machine.clock.sleep(3600)
    machine.files.store("C:\\Logs\\x.log", "x")
    machine.registry.set(VENDOR, "LastRefresh", "qword", 5)
    machine.registry.set("HKLM\\SOFTWARE\\History\\0", "x", "sz", "y")
    put = {"op": "cim.put", "namespace": CIMV2, "query": "SELECT * FROM Win32_Service WHERE Name = 'CcmExec'", "set": {"ProcessId": 3}}
    assert reply_to(machine, put)["changed"] is True
    assert machine.fingerprint() == first


# Paths


@given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from(["a", "A", "b", "C"]), min_size=1, max_size=3)), max_size=20))
def test_a_path_dict_knows_what_is_below(steps: list[tuple[bool, list[str]]]) -> None:
    paths = PathDict()
    model: set[str] = set()
    for add, parts in steps:
        path = "\\".join(parts)
        if add:
            paths[path] = path
            model.add(path.lower())
        elif path in paths:
            del paths[path]
            model.discard(path.lower())
    assert {path.lower() for path in paths} == model
    for path in ("a", "b", "c", "a\\b", "a\\a", "b\\c", "c\\a\\b"):
        below = {one[len(path) + 1 :].split("\\")[0] for one in model if one.startswith(path + "\\")}
        assert {name.lower() for name in paths.below(path.upper())} == below
        assert paths.exists(path.upper()) == (bool(below) or path in model)
        assert {one.lower() for one in paths.tree(path)} == {one for one in model if one == path or one.startswith(path + "\\")}
