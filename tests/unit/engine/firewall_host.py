# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host with a firewall and with connections, as far as the engine's tests need one. It takes the writes as Windows documents them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Failure, Json, Operation
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import HOST
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import SERVER, WORKSTATION, read_registry

LOCAL = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
RULES = f"{LOCAL}\\FirewallRules"
POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
LISTENERS = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN\\Listener"
LAN, GUEST = "{11111111-1111-1111-1111-111111111111}", "{22222222-2222-2222-2222-222222222222}"
CONSOLE, SERVER_ADDRESS = "10.1.5.20", "10.1.2.3"

_ALLOW = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6"
_WINRM = "App=System|Name=WinRM|EmbedCtxt=@FirewallAPI.dll,-30267|"
WINRM = f"{_ALLOW}|Profile=Domain|Profile=Private|LPort=5985|{_WINRM}"
WINRM_PUBLIC = f"{_ALLOW}|Profile=Public|LPort=5985|RA4=LocalSubnet|RA6=LocalSubnet|{_WINRM}"
SSHD = f"{_ALLOW}|LPort=22|App=%SystemRoot%\\system32\\OpenSSH\\sshd.exe|Name=OpenSSH SSH Server (sshd)|EmbedCtxt=OpenSSH Server|"
RDP = f"{_ALLOW}|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|Name=Remote Desktop|"

_KEYS = {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"}
_POLICY_KEYS = {"domain": "DomainProfile", "private": "PrivateProfile", "public": "PublicProfile", "standard": "StandardProfile"}
_PARAMETERS = {
    "Enabled": ("EnableFirewall", {"True": 1, "False": 0}),
    "DefaultInboundAction": ("DefaultInboundAction", {"Block": 1, "Allow": 0}),
    "LogBlocked": ("LogDroppedPackets", {"True": 1, "False": 0}),
    "LogAllowed": ("LogSuccessfulConnections", {"True": 1, "False": 0}),
    "LogMaxSizeKilobytes": ("LogFileSize", {}),
}


def adapter(index: int, alias: str, guid: str, **more: Json) -> dict[str, Json]:
    row = {"InterfaceIndex": index, "Name": alias, "InterfaceGuid": guid, "InterfaceOperationalStatus": 1, "InterfaceType": 6}
    return {**row, "NdisPhysicalMedium": 14, **more}


def connection(port: int = 5985, remote: str = CONSOLE, local: str = SERVER_ADDRESS, state: int = 5) -> dict[str, Json]:
    return {"LocalAddress": local, "LocalPort": port, "RemoteAddress": remote, "RemotePort": 50123, "State": state}


@dataclass
class FirewallHost:
    """C(rules), C(policy_rules): strings by id. C(profiles), C(policy): options by profile and registry name.

    C(categories): NetworkCategory by interface. C(fails): the kind of error of an operation, or None.
    """

    rules: dict[str, str] = field(default_factory=lambda: {"WINRM-HTTP-In-TCP-NoScope": WINRM})
    policy_rules: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, dict[str, int]] = field(default_factory=lambda: {each: {"EnableFirewall": 1} for each in _KEYS})
    policy: dict[str, dict[str, int]] = field(default_factory=dict)
    connections: Sequence[Mapping[str, Json]] = (connection(),)
    listeners: Mapping[str, int] = field(default_factory=lambda: {"*+HTTP": 5985})
    adapters: Sequence[Mapping[str, Json]] = (adapter(7, "Ethernet", LAN), adapter(9, "Guest", GUEST))
    addresses: Sequence[tuple[int, str, int]] = ((7, "10.1.2.3", 24), (7, "fd00:1:2::3", 64), (9, "192.168.7.3", 24), (1, "127.0.0.1", 8))
    categories: Mapping[int, int] = field(default_factory=lambda: {7: 2, 9: 0})
    services: Sequence[Mapping[str, Json]] = ({"Name": "MpsSvc", "State": "Running", "StartMode": "Auto"},)
    products: Sequence[Mapping[str, Json]] | None = ()
    servers: Sequence[Mapping[str, Json]] = ()
    server: bool = False
    registry: dict[str, dict[str, tuple[str, Json]]] = field(default_factory=dict)
    fails: Callable[[dict[str, Any]], str | None] = lambda operation: None
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def answers(self, operations: Iterable[Operation]) -> Answers:
        """What it says to some reads."""
        found = {operation: self._answer({"op": operation.op, **operation.fields}) for operation in operations}
        told = {
            operation: Answer(failure=Failure(data, f"The host says {data}.")) if isinstance(data, str) else Answer(data)
            for operation, data in found.items()
        }
        return Answers(SERVER if self.server else WORKSTATION, told)

    def execute(self, arguments: Mapping[str, Json]) -> Mapping[str, Json]:
        """A run of host_state."""
        self.requests.append(arguments["operations"])
        answers: dict[str, Json] = {}
        for operation in arguments["operations"]:
            failed = any(not answers[need]["ok"] for need in operation.get("needs", ()))
            data = "dependency" if failed else self._answer(operation)
            error = {"kind": data, "message": f"The host says {data}.", "code": None}
            answers[operation["id"]] = {"ok": False, "error": error} if isinstance(data, str) else {"ok": True, "data": data}
        return {"contract": 1, "changed": False, "host": HOST, "answers": answers}

    @property
    def written(self) -> list[str]:
        """What the last run wrote to the firewall, in words."""
        cmdlets = [each for each in self.requests[-1] if each["op"] in ("cmdlet.invoke", "registry.remove")]
        return [
            each["op"] + " " + each["name"]
            if each["op"] == "registry.remove"
            else f"{each['name'].partition('-')[0]} {each['parameters']['Name']}"
            for each in cmdlets
        ]

    def _answer(self, operation: dict[str, Any]) -> Json:
        """Data, or the kind of an error."""
        kind = self.fails(operation)
        if kind:
            return kind
        match operation["op"]:
            case "registry.read":
                return read_registry(self._registry(), operation["key"], operation.get("names"), operation.get("depth", 0))
            case "cim.query":
                return self._rows(operation["query"])
            case "registry.remove":
                profile = next(name for name, key in _KEYS.items() if f"\\{key}" in operation["key"])
                self.profiles[profile].pop(operation["name"], None)
            case "cmdlet.invoke":
                return self._write(operation["name"], operation["parameters"])
            case "file.write":
                self.files[operation["path"]] = operation["text"]
        return None

    def _registry(self) -> dict[str, dict[str, tuple[str, Json]]]:
        found: dict[str, dict[str, tuple[str, Json]]] = {RULES: {name: ("sz", text) for name, text in self.rules.items()}, LISTENERS: {}}
        found |= {f"{LOCAL}\\{_KEYS[profile]}": _numbers(options, "") for profile, options in self.profiles.items()}
        found |= {f"{LOCAL}\\{_KEYS[profile]}\\Logging": _numbers(options, "Log") for profile, options in self.profiles.items()}
        found |= {f"{POLICY}\\{_POLICY_KEYS[profile]}": _numbers(options, "") for profile, options in self.policy.items()}
        found[f"{POLICY}\\FirewallRules"] = {name: ("sz", text) for name, text in self.policy_rules.items()}
        found |= {f"{LISTENERS}\\{name}": {"Port": ("dword", port)} for name, port in self.listeners.items()}
        return {**found, **self.registry}

    def _rows(self, query: str) -> Json:
        class_name = re.search(r"FROM (\w+)", query)[1]  # type: ignore[index]
        aliases = {row["InterfaceIndex"]: row["Name"] for row in self.adapters}
        rows: Sequence[Mapping[str, Json]]
        match class_name:
            case "MSFT_NetConnectionProfile":
                rows = [
                    {"InterfaceIndex": index, "InterfaceAlias": aliases.get(index), "NetworkCategory": kind}
                    for index, kind in self.categories.items()
                ]
            case "MSFT_NetIPAddress":
                rows = [{"InterfaceIndex": index, "IPAddress": text, "PrefixLength": length} for index, text, length in self.addresses]
            case "MSFT_NetAdapter":
                rows = self.adapters
            case "MSFT_NetTCPConnection":
                state = int(re.search(r"State = (\d+)", query)[1])  # type: ignore[index]
                rows = [row for row in self.connections if row["State"] == state]
            case "Win32_Service":
                name = re.search(r"Name = '(\w+)'", query)[1]  # type: ignore[index]
                rows = [row for row in self.services if row["Name"] == name]
            case "FirewallProduct":
                if self.products is None:
                    return "unsupported"
                rows = self.products
            case _:
                rows = self.servers
        return {"rows": [dict(row) for row in rows]}

    def _write(self, name: str, parameters: dict[str, Any]) -> Json:
        rule = str(parameters["Name"])
        known = {each.casefold(): each for each in self.rules}
        if name == "Set-NetFirewallProfile":
            for parameter, value in parameters.items():
                if parameter != "Name":
                    option, words = _PARAMETERS[parameter]
                    self.profiles[rule.lower()][option] = words.get(value, value)
        elif name == "New-NetFirewallRule":
            if rule.casefold() in known:
                return "failed"
            self.rules[rule] = rule_text(parameters)
        elif rule.casefold() not in known:
            return "not_found"
        elif name == "Remove-NetFirewallRule":
            del self.rules[known[rule.casefold()]]
        elif name == "Set-NetFirewallRule":
            group = re.search(r"EmbedCtxt=[^|]*", self.rules[known[rule.casefold()]])
            more = {"Group": group[0][10:]} if group else {}
            self.rules[known[rule.casefold()]] = rule_text({**parameters, **more, "DisplayName": parameters["NewDisplayName"]})
        else:
            active = "Active=TRUE" if name.startswith("Enable") else "Active=FALSE"
            self.rules[known[rule.casefold()]] = re.sub(r"Active=\w+", active, self.rules[known[rule.casefold()]])
        return {"rows": []}


def rule_text(parameters: Mapping[str, Any]) -> str:
    """The string that Windows stores for a rule, for what these tests send."""

    def every(name: str) -> list[str]:
        value = parameters.get(name, "Any")
        return [] if value == "Any" else value if isinstance(value, list) else [value]

    fields = [f"Action={parameters['Action']}", f"Active={parameters['Enabled'].upper()}", f"Dir={parameters['Direction'][:-5]}"]
    fields += [f"Protocol={ {'TCP': 6, 'UDP': 17, 'ICMPv4': 1, 'ICMPv6': 58}[parameters['Protocol']] }"]
    fields += [f"Profile={each}" for each in every("Profile")]
    fields += [f"{'LPort2_10' if '-' in each else 'LPort'}={each}" for each in every("LocalPort")]
    fields += [f"RA{6 if ':' in each else 4}={each}" for each in every("RemoteAddress")]
    fields += [f"App={each}" for each in every("Program")] + [f"Svc={each}" for each in every("Service")]
    fields += [f"Name={parameters['DisplayName']}", *([f"Desc={parameters['Description']}"] if "Description" in parameters else [])]
    fields += [f"EmbedCtxt={parameters['Group']}"] if "Group" in parameters else []
    return f"v2.30|{'|'.join(fields)}|"


def _numbers(options: Mapping[str, int], prefix: str) -> dict[str, tuple[str, Json]]:
    return {name: ("dword", value) for name, value in options.items() if name.startswith("Log") == (prefix == "Log")}
