# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the firewall of a host out of a short description: registry keys with rule strings, and what WMI tells of networks and services.

The form is that of the contract vectors. The head of `firewall_situations.yml` explains the description. Rule strings have the grammar of
MS-GPFAS 2.2.2; subnets stand with a mask, as Windows stores them. This module knows Windows, never the code that is judged by it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

LOCAL_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
POLICY_KEY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
LISTENER_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN\\Listener"

LOCAL_PROFILES = {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"}
POLICY_PROFILES = {"domain": "DomainProfile", "private": "PrivateProfile", "public": "PublicProfile", "standard": "StandardProfile"}
_LOGGING = frozenset({"LogFilePath", "LogFileSize", "LogDroppedPackets", "LogSuccessfulConnections", "LogIgnoredRules"})

CONTROLLER = "10.1.0.5"
"""Where the management connection comes from, as the host sees it."""

SVCHOST = "%SystemRoot%\\system32\\svchost.exe"
_MSRA = "%SystemRoot%\\system32\\msra.exe"
_RASERVER = "%SystemRoot%\\system32\\raserver.exe"
_SUBNET = ["LocalSubnet"]
_BOTH = ["domain", "private"]
_OTHERS = ["private", "public"]

FIREWALL_FIELDS = frozenset(
    {
        "like", "base", "rules", "switched_on", "switched_off", "policy_rules", "mdm_rules", "app_rules", "profiles", "policy_profiles",
        "legacy", "interfaces", "service", "other_firewalls", "connections", "listening", "denied", "fails", "policy_version",
    }
)  # fmt: skip
RULE_FIELDS = frozenset(
    {
        "tcp", "udp", "icmp4", "icmp6", "protocol", "from", "to", "profiles", "program", "service", "interface", "interface_type", "block",
        "bypass", "out", "disabled", "edge", "group", "name", "version", "extra",
    }
)  # fmt: skip


class FirewallError(ValueError):
    """A description is not what it should be."""


def rule_string(rule: Mapping[str, Any] | str, interfaces: Iterable[Mapping[str, Any]] = ()) -> str:
    """A rule as Windows keeps it (MS-GPFAS 2.2.2.19); a text is taken as it is."""
    if isinstance(rule, str):
        return rule
    unknown = set(rule) - RULE_FIELDS
    if unknown:
        raise FirewallError(f"unknown fields of a rule {sorted(unknown)}")
    action = "Block" if rule.get("block") else "ByPass" if rule.get("bypass") else "Allow"
    fields = [("Action", action), ("Active", "FALSE" if rule.get("disabled") else "TRUE"), ("Dir", "Out" if rule.get("out") else "In")]
    fields += _traffic(rule)
    fields += [("Profile", profile.capitalize()) for profile in rule.get("profiles", [])]
    fields += _ports(rule)
    fields += [_address("LA", address) for address in _list(rule.get("to", []))]
    for address in _list(rule.get("from", [])):
        fields += _remote(address)
    guids = {interface["alias"]: interface["guid"] for interface in interfaces}
    fields += [("IF", guids.get(name, name)) for name in _list(rule.get("interface", []))]
    fields += [("IFType", kind) for kind in _list(rule.get("interface_type", []))]
    fields += [(name, rule[key]) for name, key in (("App", "program"), ("Svc", "service")) if key in rule]
    fields.append(("Name", rule.get("name", "A rule")))
    if "group" in rule:
        fields.append(("EmbedCtxt", rule["group"]))
    fields += [("Edge", "TRUE"), ("Defer", "App")] if rule.get("edge") == "app" else [("Edge", "TRUE")] if rule.get("edge") else []
    text = "".join(f"{name}={value}|" for name, value in fields)
    return f"v{rule.get('version', '2.30')}|{text}{rule.get('extra', '')}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _traffic(rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    numbers = [number for key, number in (("tcp", "6"), ("udp", "17"), ("icmp4", "1"), ("icmp6", "58")) if key in rule]
    numbers += [str(rule["protocol"])] if "protocol" in rule else []
    if len(numbers) > 1:
        raise FirewallError("a rule has one protocol")
    # "Protocol" comes before the profile in what Windows writes.
    return [("Protocol", number) for number in numbers]


def _ports(rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key in ("tcp", "udp"):
        ports = [str(port) for port in _list(rule.get(key, [])) if port != "any"]
        found += [("LPort2_10" if "-" in port and port[0].isdigit() else "LPort", port) for port in ports]
    for key, name in (("icmp4", "ICMP4"), ("icmp6", "ICMP6")):
        found += [(name, str(kind)) for kind in _list(rule.get(key, [])) if kind != "any"]
    return found


def _address(prefix: str, address: str) -> tuple[str, str]:
    if "/" not in address:
        return (prefix + ("6" if ":" in address else "4"), address)
    network = ipaddress.ip_network(address)
    if network.version == 6:
        return (prefix + "6", address)
    return (prefix + "4", f"{network.network_address}/{network.netmask}")


def _remote(address: str) -> list[tuple[str, str]]:
    if address in ("LocalSubnet", "DNS", "DHCP", "WINS", "DefaultGateway"):
        return [("RA4", address), ("RA6", address)]
    # The rule strings spell these two with capitals of their own (MS-GPFAS 2.2.2.13).
    odd = {"Intranet": "IntrAnet", "Internet": "IntErnet"}.get(address)
    return [("RA42", odd), ("RA62", odd)] if odd else [_address("RA", address)]


def _group(resource: int) -> str:
    return f"@FirewallAPI.dll,-{resource}"


def _predefined() -> dict[str, dict[str, Any]]:
    """Rules that Windows brings, by id, all of them off."""
    ra, rdp, fps, wmi, winrm, ssh = _group(33002), _group(28752), _group(28502), _group(34251), _group(30267), "OpenSSH Server"
    msra = {"tcp": "any", "program": _MSRA, "edge": "app", "group": ra}
    ssdp = {"from": _SUBNET, "profiles": _BOTH, "group": ra}
    pnrp = {"udp": 3540, "program": SVCHOST, "service": "pnrpsvc", "edge": "app", "group": ra}
    smb = {"tcp": 445, "program": "System", "group": fps}
    rules: dict[str, dict[str, Any]] = {
        "RemoteAssistance-In-TCP-EdgeScope-Active": {**msra, "profiles": _BOTH},
        "RemoteAssistance-In-TCP-EdgeScope": {**msra, "profiles": ["public"]},
        "RemoteAssistance-Out-TCP-Active": {"tcp": "any", "out": True, "profiles": _BOTH, "program": _MSRA, "group": ra},
        "RemoteAssistance-Out-TCP": {"tcp": "any", "out": True, "profiles": ["public"], "program": _MSRA, "group": ra},
        "RemoteAssistance-RAServer-In-TCP-NoScope-Active": {"tcp": "any", "profiles": ["domain"], "program": _RASERVER, "group": ra},
        "RemoteAssistance-RAServer-Out-TCP-NoScope-Active": {
            "tcp": "any", "out": True, "profiles": ["domain"], "program": _RASERVER, "group": ra,
        },
        "RemoteAssistance-DCOM-In-TCP-NoScope-Active": {
            "tcp": 135, "profiles": ["domain"], "program": SVCHOST, "service": "rpcss", "group": ra,
        },
        "RemoteAssistance-SSDPSrv-In-UDP-Active": {"udp": 1900, "program": SVCHOST, "service": "Ssdpsrv", **ssdp},
        "RemoteAssistance-SSDPSrv-In-TCP-Active": {"tcp": 2869, "program": "System", **ssdp},
        "RemoteAssistance-SSDPSrv-Out-TCP-Active": {"tcp": "any", "out": True, "program": "System", **ssdp},
        "RemoteAssistance-SSDPSrv-Out-UDP-Active": {"udp": "any", "out": True, "program": SVCHOST, "service": "Ssdpsrv", **ssdp},
        "RemoteAssistance-PnrpSvc-UDP-OUT-Active": {
            "udp": "any", "out": True, "profiles": _BOTH, "program": SVCHOST, "service": "pnrpsvc", "group": ra,
        },
        "RemoteAssistance-PnrpSvc-UDP-OUT": {
            "udp": "any", "out": True, "profiles": ["public"], "program": SVCHOST, "service": "pnrpsvc", "group": ra,
        },
        "RemoteAssistance-PnrpSvc-UDP-In-EdgeScope-Active": {**pnrp, "profiles": _BOTH},
        "RemoteAssistance-PnrpSvc-UDP-In-EdgeScope": {**pnrp, "profiles": ["public"]},
        "RemoteDesktop-UserMode-In-TCP": {"tcp": 3389, "program": SVCHOST, "service": "termservice", "group": rdp},
        "RemoteDesktop-UserMode-In-UDP": {"udp": 3389, "program": SVCHOST, "service": "termservice", "group": rdp},
        "RemoteDesktop-Shadow-In-TCP": {"tcp": "any", "program": "%SystemRoot%\\system32\\RdpSa.exe", "edge": "app", "group": rdp},
        "FPS-SMB-In-TCP": {**smb, "profiles": _OTHERS, "from": _SUBNET},
        "FPS-SMB-In-TCP-NoScope": {**smb, "profiles": ["domain"]},
        "FPS-ICMP4-ERQ-In": {"icmp4": "8:*", "program": "System", "profiles": _OTHERS, "from": _SUBNET, "group": fps},
        "FPS-ICMP4-ERQ-In-NoScope": {"icmp4": "8:*", "program": "System", "profiles": ["domain"], "group": fps},
        "FPS-RPCSS-In-TCP-NoScope": {"tcp": "RPC-EPMap", "program": SVCHOST, "service": "Rpcss", "profiles": ["domain"], "group": fps},
        "FPS-NB_Session-In-TCP-NoScope": {"tcp": 139, "program": "System", "profiles": ["domain"], "group": fps},
        "WMI-RPCSS-In-TCP-NoScope": {"tcp": 135, "program": SVCHOST, "service": "rpcss", "profiles": ["domain"], "group": wmi},
        "WMI-WINMGMT-In-TCP": {
            "tcp": "any", "program": SVCHOST, "service": "winmgmt", "profiles": _OTHERS, "from": _SUBNET, "group": wmi,
        },
        "WMI-WINMGMT-In-TCP-NoScope": {"tcp": "any", "program": SVCHOST, "service": "winmgmt", "profiles": ["domain"], "group": wmi},
        "WINRM-HTTP-In-TCP": {"tcp": 5985, "program": "System", "profiles": ["public"], "from": _SUBNET, "group": winrm},
        "WINRM-HTTP-In-TCP-NoScope": {"tcp": 5985, "program": "System", "profiles": _BOTH, "group": winrm},
        "OpenSSH-Server-In-TCP": {"tcp": 22, "program": "%SystemRoot%\\system32\\OpenSSH\\sshd.exe", "group": ssh},
    }  # fmt: skip
    return {rule_id: {**rule, "disabled": True} for rule_id, rule in rules.items()}


PREDEFINED: Mapping[str, Mapping[str, Any]] = _predefined()

# A packaged app that came with Windows: no program, no port, and of no consequence for services.
_APP = "v2.30|Action=Allow|Active=TRUE|Dir=In|Name=App|LUOwn=S-1-5-21-1-2-3-1001|AppPkgId=S-1-15-2-1-2-3-4-5-6-7|"
_REMOTE_ASSISTANCE_ON = tuple(rule_id for rule_id in PREDEFINED if rule_id.startswith("RemoteAssistance-") and rule_id.endswith("-Active"))

ETHERNET: dict[str, Any] = {
    "alias": "Ethernet",
    "index": 12,
    "guid": "{11111111-1111-1111-1111-111111111111}",
    "profile": "domain",
    "addresses": ["10.1.2.3/24", "fd00:1:2::3/64", "fe80::1c2b:3d4e:5f60:7182/64"],
    "gateways": ["10.1.2.1"],
    "dns": ["10.1.0.10"],
    "dhcp": "10.1.0.11",
}


def base_rules(base: str) -> dict[str, Any]:
    """``client``: as Windows 10 comes, with WinRM open to the company's network; ``server``: the same without Remote Assistance.
    ``bare``: WinRM only. ``none``: nothing."""
    if base == "none":
        return {}
    # Who made WinRM reach this host said from where.
    winrm = {**PREDEFINED["WINRM-HTTP-In-TCP-NoScope"], "disabled": False, "from": ["10.1.0.0/16"]}
    if base == "bare":
        return {"WINRM-HTTP-In-TCP-NoScope": winrm}
    rules: dict[str, Any] = {rule_id: dict(rule) for rule_id, rule in PREDEFINED.items() if rule_id != "OpenSSH-Server-In-TCP"}
    rules["WINRM-HTTP-In-TCP-NoScope"] = winrm
    if base == "client":
        rules["{5B1B0C7E-6B6C-4C0B-8E6A-0D6C8F5B7A11}"] = _APP
        for rule_id in _REMOTE_ASSISTANCE_ON:
            rules[rule_id]["disabled"] = False
    elif base != "server":
        raise FirewallError(f"base is client, server, bare or none, not {base}")
    return rules


def all_rules(described: Mapping[str, Any]) -> dict[str, str]:
    """The local store's rules by id."""
    rules = base_rules(described.get("base", "client"))
    for ids, off in ((described.get("switched_on", []), False), (described.get("switched_off", []), True)):
        for rule_id in ids:
            rules[rule_id] = {**(rules.get(rule_id) or PREDEFINED[rule_id]), "disabled": off}
    for rule_id, rule in described.get("rules", {}).items():
        if rule is None:
            rules.pop(rule_id, None)
        elif isinstance(rule, Mapping) and rule_id in rules and isinstance(rules[rule_id], Mapping):
            rules[rule_id] = {key: value for key, value in {**rules[rule_id], **rule}.items() if value is not None}
        else:
            rules[rule_id] = rule
    return _strings(rules, described)


def _strings(rules: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, str]:
    return {rule_id: rule_string(rule, interfaces_of(described)) for rule_id, rule in rules.items()}


def interfaces_of(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The network interfaces with everything filled in."""
    given = described.get("interfaces")
    if given is None:
        return [dict(ETHERNET)]
    filled = []
    for number, interface in enumerate(given):
        own = {"index": 12 + number, "guid": f"{{{str(number + 1) * 8}-1111-1111-1111-111111111111}}", "type": "Lan", "up": True}
        filled.append({**own, "gateways": [], "dns": [], **interface})
    return filled


def registry(described: Mapping[str, Any]) -> dict[str, Any]:
    """The firewall's registry keys."""
    unknown = set(described) - FIREWALL_FIELDS
    if unknown:
        raise FirewallError(f"unknown fields of a firewall {sorted(unknown)}")
    keys: dict[str, Any] = {
        LOCAL_KEY: _values({"PolicyVersion": 542}),
        LOCAL_KEY + "\\FirewallRules": _values(all_rules(described)),
        LISTENER_KEY + "\\*+HTTP": _values({"Port": 5985, "uriprefix": "wsman"}),
    }
    local = described.get("profiles", {})
    for profile, key in LOCAL_PROFILES.items():
        keys.update(_profile(f"{LOCAL_KEY}\\{key}", {"EnableFirewall": 1, "DisableNotifications": 0, **(local.get(profile) or {})}))
    for profile, options in described.get("policy_profiles", {}).items():
        keys.update(_profile(f"{POLICY_KEY}\\{POLICY_PROFILES[profile]}", options))
    for place, rules in (
        (POLICY_KEY + "\\FirewallRules", described.get("policy_rules")),
        (LOCAL_KEY + "\\Mdm\\FirewallRules", described.get("mdm_rules")),
        (LOCAL_KEY + "\\RestrictedServices\\AppIso\\FirewallRules", described.get("app_rules")),
    ):
        if rules is not None:
            keys[place] = _values(_strings(rules, described))
    if any(key.startswith(POLICY_KEY) for key in keys):
        keys[POLICY_KEY] = _values({"PolicyVersion": described.get("policy_version", 542)})
    for store, profiles in described.get("legacy", {}).items():
        root, names = (LOCAL_KEY, LOCAL_PROFILES) if store == "local" else (POLICY_KEY, POLICY_PROFILES)
        for profile, lists in profiles.items():
            keys.update(_legacy(f"{root}\\{names[profile]}", lists))
    denied = {"rules": LOCAL_KEY + "\\FirewallRules", "policy": POLICY_KEY, "mdm": LOCAL_KEY + "\\Mdm"}
    for name, how in described.get("denied", {}).items():
        keys.setdefault(denied[name], {"values": {}})["denied"] = how
    return keys


def _profile(key: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The key of a profile, and the one below it that holds what is logged. Options that are null are not there."""
    given = {name: value for name, value in options.items() if value is not None}
    keys = {key: _values({name: value for name, value in given.items() if name not in _LOGGING})}
    logging = {name: value for name, value in given.items() if name in _LOGGING}
    if logging:
        keys[key + "\\Logging"] = _values(logging)
    return keys


def _legacy(key: str, lists: Mapping[str, list[str]]) -> dict[str, Any]:
    """XP's lists: the value's name says what is open, its data from where and whether (``2701:TCP:*:Enabled:Name``)."""
    ports = {port: f"{port}:*:Enabled:Open" for port in lists.get("ports", [])}
    programs = {path: f"{path}:*:Enabled:Open" for path in lists.get("programs", [])}
    keys = {key + "\\GloballyOpenPorts\\List": ports, key + "\\AuthorizedApplications\\List": programs}
    return {name: _values(values) for name, values in keys.items() if values}


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "values": {
            name: dict(data) if isinstance(data, Mapping) else {"type": "dword" if isinstance(data, int) else "sz", "data": data}
            for name, data in values.items()
        }
    }


_CATEGORIES = {"public": 0, "private": 1, "domain": 2}
_NET_PROPERTIES: dict[str, dict[str, str]] = {
    "MSFT_NetConnectionProfile": {
        "InstanceID": "string", "Name": "string", "InterfaceAlias": "string", "InterfaceIndex": "uint32", "NetworkCategory": "uint32",
        "IPv4Connectivity": "uint32", "IPv6Connectivity": "uint32", "DomainAuthenticationKind": "uint32",
    },
    "MSFT_NetIPAddress": {
        "InstanceID": "string", "IPAddress": "string", "IPv4Address": "string", "IPv6Address": "string", "InterfaceIndex": "uint32",
        "InterfaceAlias": "string", "AddressFamily": "uint16", "PrefixLength": "uint8", "Type": "uint8", "AddressState": "uint16",
        "Store": "uint8", "PrefixOrigin": "uint16", "SuffixOrigin": "uint16", "SkipAsSource": "boolean",
    },
    "MSFT_NetAdapter": {
        "InstanceID": "string", "Name": "string", "DeviceID": "string", "InterfaceGuid": "string", "InterfaceIndex": "uint32",
        "InterfaceDescription": "string", "InterfaceType": "uint32", "InterfaceOperationalStatus": "uint32",
        "InterfaceAdminStatus": "uint32", "MediaConnectState": "uint32", "NdisMedium": "uint32", "NdisPhysicalMedium": "uint32",
        "State": "uint32", "Status": "string",
        "Virtual": "boolean", "Hidden": "boolean",
    },
    "MSFT_NetTCPConnection": {
        "InstanceID": "string", "LocalAddress": "string", "LocalPort": "uint16", "RemoteAddress": "string", "RemotePort": "uint16",
        "State": "uint8", "OwningProcess": "uint32",
    },
}  # fmt: skip
_CONFIGURATION_PROPERTIES = {
    "Index": "uint32", "InterfaceIndex": "uint32", "SettingID": "string", "Description": "string", "IPEnabled": "boolean",
    "IPAddress": "string[]", "IPSubnet": "string[]", "DefaultIPGateway": "string[]", "DNSServerSearchOrder": "string[]",
    "DHCPEnabled": "boolean", "DHCPServer": "string", "WINSPrimaryServer": "string", "WINSSecondaryServer": "string",
}  # fmt: skip
_SERVICE_PROPERTIES = {
    "Name": "string", "DisplayName": "string", "State": "string", "StartMode": "string", "StartName": "string", "Started": "boolean",
    "PathName": "string", "Status": "string", "ProcessId": "uint32",
}  # fmt: skip
_PRODUCT_PROPERTIES = {
    "displayName": "string", "instanceGuid": "string", "pathToSignedProductExe": "string", "pathToSignedReportingExe": "string",
    "productState": "uint32", "timestamp": "string",
}  # fmt: skip
# ifType of RFC 7224, and NDIS' physical medium of MSFT_NetAdapter.
_KINDS = {"Lan": (6, 14), "Wireless": (71, 9), "RemoteAccess": (23, 0)}
_ETHERNET_MEDIUM, _WAN_MEDIUM = 0, 3


def wmi(described: Mapping[str, Any], product_type: int) -> dict[str, Any]:
    """What WMI tells of interfaces, addresses, connections, the firewall's service and other firewalls."""
    interfaces = interfaces_of(described)
    net = "root\\StandardCimv2"
    namespaces: dict[str, Any] = {
        net: {
            "classes": {name: {"properties": properties} for name, properties in _NET_PROPERTIES.items()},
            "instances": [
                *(row for interface in interfaces for row in _profile_rows(interface)),
                *_address_rows(interfaces),
                *(_adapter_row(interface) for interface in interfaces),
                *_connection_rows(described, interfaces),
            ],
        },
        "root\\cimv2": {
            "classes": {
                "Win32_NetworkAdapterConfiguration": {"properties": _CONFIGURATION_PROPERTIES},
                "Win32_Service": {"properties": _SERVICE_PROPERTIES},
            },
            "instances": [
                *(_configuration_row(interface) for interface in interfaces),
                *_service_rows(described.get("service", "Running")),
            ],
        },
    }
    others = described.get("other_firewalls", [] if product_type == 1 else "missing")
    if others == "denied":
        namespaces["root\\SecurityCenter2"] = {"throws": "AccessDenied"}
    elif others != "missing":
        namespaces["root\\SecurityCenter2"] = {
            "classes": {"FirewallProduct": {"properties": _PRODUCT_PROPERTIES}},
            "instances": [_row("FirewallProduct", displayName=name, productState=266240) for name in others],
        }
    for name, why in described.get("fails", {}).items():
        namespaces[{"network": net}[name]] = {"throws": why}
    return namespaces


def _row(class_name: str, /, **properties: Any) -> dict[str, Any]:
    return {"class": class_name, "properties": {name: value for name, value in properties.items() if value is not None}}


def _profile_rows(interface: Mapping[str, Any]) -> list[dict[str, Any]]:
    profile = interface.get("profile")
    if profile is None or not interface.get("up", True):
        return []
    return [
        _row(
            "MSFT_NetConnectionProfile",
            InstanceID=interface["guid"],
            Name={"domain": "corp.example", "private": "Home", "public": "Guest"}[profile],
            InterfaceAlias=interface["alias"],
            InterfaceIndex=interface["index"],
            NetworkCategory=_CATEGORIES[profile],
            IPv4Connectivity=4,
            IPv6Connectivity=1,
        )
    ]


def _address_rows(interfaces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    loopback = {"alias": "Loopback Pseudo-Interface 1", "index": 1, "addresses": ["127.0.0.1/8", "::1/128"]}
    rows = []
    for interface in (*interfaces, loopback):
        for text in interface["addresses"]:
            address, _, prefix = text.partition("/")
            # Windows tells the scope of an address that is only good on its link.
            shown = f"{address}%{interface['index']}" if address.startswith("fe80:") else address
            six = ":" in address
            rows.append(
                _row(
                    "MSFT_NetIPAddress",
                    InstanceID=f"{shown};{interface['index']}",
                    IPAddress=shown,
                    IPv4Address=None if six else shown,
                    IPv6Address=shown if six else None,
                    InterfaceIndex=interface["index"],
                    InterfaceAlias=interface["alias"],
                    AddressFamily=23 if six else 2,
                    PrefixLength=int(prefix),
                    Type=1,
                    AddressState=4,
                    Store=1,
                )
            )
    return rows


def _adapter_row(interface: Mapping[str, Any]) -> dict[str, Any]:
    up = interface.get("up", True)
    kind, medium = _KINDS[interface.get("type", "Lan")]
    return _row(
        "MSFT_NetAdapter",
        InstanceID=interface["guid"],
        Name=interface["alias"],
        DeviceID=interface["guid"],
        InterfaceGuid=interface["guid"],
        InterfaceIndex=interface["index"],
        InterfaceDescription="Network adapter",
        InterfaceType=kind,
        InterfaceOperationalStatus=1 if up else 2,
        InterfaceAdminStatus=1,
        MediaConnectState=1 if up else 2,
        NdisMedium=_WAN_MEDIUM if interface.get("type") == "RemoteAccess" else _ETHERNET_MEDIUM,
        NdisPhysicalMedium=medium,
        State=2,
        Virtual=False,
        Hidden=False,
    )


def _configuration_row(interface: Mapping[str, Any]) -> dict[str, Any]:
    addresses = [text.partition("/") for text in interface["addresses"]]
    return _row(
        "Win32_NetworkAdapterConfiguration",
        Index=interface["index"] - 10,
        InterfaceIndex=interface["index"],
        SettingID=interface["guid"],
        Description="Network adapter",
        IPEnabled=bool(interface.get("up", True)),
        IPAddress=[address for address, _, _prefix in addresses],
        IPSubnet=[prefix if ":" in address else str(ipaddress.ip_network(f"0.0.0.0/{prefix}").netmask) for address, _, prefix in addresses],
        DefaultIPGateway=list(interface["gateways"]) or None,
        DNSServerSearchOrder=list(interface["dns"]) or None,
        DHCPEnabled="dhcp" in interface,
        DHCPServer=interface.get("dhcp"),
        WINSPrimaryServer=interface.get("wins"),
    )


def _service_rows(state: str) -> list[dict[str, Any]]:
    if state == "missing":
        return []
    return [
        _row(
            "Win32_Service",
            Name="MpsSvc",
            DisplayName="Windows Defender Firewall",
            State=state,
            StartMode="Auto" if state == "Running" else "Disabled",
            StartName="NT Authority\\LocalService",
            Started=state == "Running",
            Status="OK",
        )
    ]


def _connection_rows(described: Mapping[str, Any], interfaces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    own = next((text.partition("/")[0] for interface in interfaces for text in interface["addresses"] if ":" not in text), "::1")
    given = described.get("connections", [{"local": own, "port": 5985, "remote": CONTROLLER}])
    rows = [
        _row(
            "MSFT_NetTCPConnection",
            InstanceID=f"{one['remote']};{number}",
            LocalAddress=one["local"],
            LocalPort=one["port"],
            RemoteAddress=one["remote"],
            RemotePort=50000 + number,
            State=5,
            OwningProcess=4,
        )
        for number, one in enumerate(given)
    ]
    listening = [
        _row(
            "MSFT_NetTCPConnection",
            InstanceID=f"listen;{port}",
            LocalAddress="::",
            LocalPort=port,
            RemoteAddress="::",
            RemotePort=0,
            State=2,
            OwningProcess=4,
        )
        for port in (135, 445, 5985, *described.get("listening", []))
    ]
    return rows + listening
