# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts and declarations by the dice: rules that are near each other, so that they get into each other's way."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState, Interface
from ansible_collections.configmgr.hardening.tests.unit.settings.firewall_hosts import CONTROL, DESKTOP, LAN, host, rule

_SVCHOST = "App=%SystemRoot%\\system32\\svchost.exe|"
_PREDEFINED = {
    "RemoteDesktop-UserMode-In-TCP": f"Protocol=6|LPort=3389|{DESKTOP}EmbedCtxt=@FirewallAPI.dll,-28752|",
    "RemoteDesktop-UserMode-In-UDP": f"Protocol=17|LPort=3389|{DESKTOP}EmbedCtxt=@FirewallAPI.dll,-28752|",
    "FPS-SMB-In-TCP-NoScope": "Protocol=6|Profile=Domain|LPort=445|App=System|EmbedCtxt=@FirewallAPI.dll,-28502|",
    "FPS-SMB-In-TCP": "Protocol=6|Profile=Private|Profile=Public|LPort=445|RA4=LocalSubnet|RA6=LocalSubnet|App=System"
    "|EmbedCtxt=@FirewallAPI.dll,-28502|",
    "WMI-RPCSS-In-TCP-NoScope": f"Protocol=6|Profile=Domain|LPort=135|{_SVCHOST}Svc=rpcss|EmbedCtxt=@FirewallAPI.dll,-34251|",
    "WMI-WINMGMT-In-TCP-NoScope": f"Protocol=6|Profile=Domain|{_SVCHOST}Svc=winmgmt|EmbedCtxt=@FirewallAPI.dll,-34251|",
    "RemoteAssistance-In-TCP-EdgeScope-Active": "Protocol=6|Profile=Domain|Profile=Private|App=%SystemRoot%\\system32\\msra.exe"
    "|EmbedCtxt=@FirewallAPI.dll,-33002|Edge=TRUE|Defer=App|",
    "RemoteAssistance-DCOM-In-TCP-NoScope-Active": f"Protocol=6|Profile=Domain|LPort=135|{_SVCHOST}Svc=rpcss"
    "|EmbedCtxt=@FirewallAPI.dll,-33002|",
    "RemoteAssistance-RAServer-In-TCP-NoScope-Active": "Protocol=6|Profile=Domain|App=%SystemRoot%\\system32\\raserver.exe"
    "|EmbedCtxt=@FirewallAPI.dll,-33002|",
}
_WHAT = (
    f"Protocol=6|LPort=2701|{CONTROL}",
    "Protocol=6|LPort=2701|",
    f"Protocol=6|LPort=3389|{DESKTOP}",
    "Protocol=6|LPort=3389|",
    "Protocol=6|LPort=445|App=System|",
    "Protocol=6|LPort=135|",
    "Protocol=6|LPort2_10=1-65535|",
    "Protocol=6|App=C:\\x.exe|",
    "Protocol=17|",
    "",
)
_FROM = (
    "",
    "",
    "RA4=10.1.5.0/24|",
    "RA4=10.1.0.0/16|",
    "RA4=10.1.5.7|",
    "RA4=LocalSubnet|RA6=LocalSubnet|",
    "RA4=10.9.0.0/16|RA6=fd00:1::/32|",
)
_MORE = (*[""] * 8, "LA4=10.1.2.3|", "IF={11111111-1111-1111-1111-111111111111}|", "Security=Authenticate|", "Strange=1|")
_OWN = ("remote_control-1", "remote_desktop-1", "remote_desktop-2", "old-1", "client_push-2")
_PROFILES: Sequence[list[str]] = (["domain"], ["private"], ["public"], ["domain", "private"], ["domain", "private", "public"])
_ADDRESSES = ("10.1.5.0/24", "10.1.5.7", "10.1.0.0/16", "any", "LocalSubnet", "fd00:1::/32", "10.9.0.0/16", "Intranet")
_SERVICES = ("remote_control", "remote_desktop", "client_push", "smb", "wmi", "remote_assistance_solicited")
_GUEST = Interface("{22222222-2222-2222-2222-222222222222}", "guest", "wireless", "public", ("192.168.7.3/24",))


def some_host(dice: random.Random) -> FirewallState:
    """A host with rules of Windows, of people, of policies, and of this collection."""
    local = {name: rule(text, active=dice.random() < 0.5) for name, text in _PREDEFINED.items() if dice.random() < 0.6}
    for number in range(dice.randint(0, 4)):
        local[f"R{number}"] = _rule(dice)
    for name in _OWN:
        if dice.random() < 0.25:
            local[f"ConfigMgrHardening-Firewall-{name}"] = rule(
                _fields(dice) + "EmbedCtxt=configmgr.hardening|", active=dice.random() < 0.9
            )
    interfaces = [LAN]
    if dice.random() < 0.3:
        interfaces.append(replace(_GUEST, profile=dice.choice(["public", "private", "domain"])))
    if dice.random() < 0.15:
        interfaces[0] = replace(LAN, profile=dice.choice(["public", "private", None]))
    return host(
        local,
        policy={f"G{number}": _rule(dice) for number in range(dice.choice([0, 0, 0, 1, 2]))},
        mdm={f"M{number}": _rule(dice) for number in range(dice.choice([0, 0, 0, 0, 1]))},
        profiles={profile: _options(dice) for profile in ("domain", "private", "public") if dice.random() < 0.5},
        policy_profiles={profile: _policy_options(dice) for profile in ("domain", "private", "public") if dice.random() < 0.15},
        interfaces=interfaces,
        service_running=dice.choice([*[True] * 12, False, None]),
        other_firewall=dice.choice([*[False] * 15, True, None]),
    )


def some_areas(dice: random.Random) -> dict[str, dict[str, Any]]:
    """Options of the firewall, and perhaps of Remote Assistance. They may contradict each other."""
    exceptions = [_exception(dice, service) for service in dice.sample(_SERVICES, dice.randint(0, 3))]
    if dice.random() < 0.3:
        ports = dice.choice(["2701", "440-450", "rpc"])
        exceptions.append({"name": "app", "protocol": "tcp", "ports": [ports], "from": dice.sample(_ADDRESSES, 1)})
    options: dict[str, Any] = {"exceptions": exceptions, "exclusive": dice.random() < 0.5}
    if dice.random() < 0.4:
        options["profiles_on"] = {profile: {} for profile in dice.sample(["domain", "private", "public"], dice.randint(1, 3))}
    areas = {"firewall_exception": options}
    if dice.random() < 0.4:
        mode = dice.choice(["disabled", "solicited", "offer_only"])
        assistance: dict[str, Any] = {"managed_by": dice.choice(["this_collection", "this_collection", "group_policy"]), "mode": mode}
        if mode == "offer_only":
            assistance["helpers"] = ["CORP\\Helpdesk"]
        if dice.random() < 0.5:
            assistance["firewall"] = {"from": ["10.1.5.0/24"]}
        areas["remote_assistance_policy"] = assistance
    return areas


def _exception(dice: random.Random, service: str) -> dict[str, Any]:
    if dice.random() < 0.25:
        absent: dict[str, Any] = {"service": service, "state": "absent"}
        if dice.random() < 0.4:
            absent["from"] = dice.sample(_ADDRESSES, dice.randint(1, 2))
        if dice.random() < 0.4:
            absent["profiles"] = dice.choice(_PROFILES)
        return absent
    present: dict[str, Any] = {"service": service, "from": dice.sample(_ADDRESSES, dice.randint(1, 2))}
    if dice.random() < 0.5:
        present["profiles"] = dice.choice(_PROFILES)
    if dice.random() < 0.1:
        present["interfaces"] = ["lan"]
    elif dice.random() < 0.1:
        present["local_addresses"] = ["10.1.2.3"]
    return present


def _rule(dice: random.Random) -> str:
    return rule(_fields(dice), active=dice.random() < 0.85, action="Block" if dice.random() < 0.2 else "Allow")


def _fields(dice: random.Random) -> str:
    profiles = dice.choice(_PROFILES)
    named = "".join(f"Profile={profile.capitalize()}|" for profile in profiles) if len(profiles) < 3 else ""
    return dice.choice(_WHAT) + named + dice.choice(_FROM) + dice.choice(_MORE)


def _options(dice: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if dice.random() < 0.2:
        options["EnableFirewall"] = dice.choice([0, 1])
    if dice.random() < 0.1:
        options["DefaultInboundAction"] = dice.choice([0, 1])
    if dice.random() < 0.07:
        options["DoNotAllowExceptions"] = 1
    return options


def _policy_options(dice: random.Random) -> dict[str, Any]:
    merge = {"AllowLocalPolicyMerge": 0} if dice.random() < 0.15 else {}
    return {**_options(dice), **merge}
