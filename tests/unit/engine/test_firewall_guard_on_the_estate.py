# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The guard against somebody else's firewall: the simulated host decides by itself whether the controller still gets in.

Whatever of a run's writes succeeds, it does when it did before. What the guard refuses without need is not looked at here.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from firewall_support import CONTROLLER, LOCAL_RULES, connects, estate

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.connection import connection_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.firewall_guard import guard_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule, remove, set_profile, switch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from windows_estate.machine import Machine

OVER = Connection("winrm", 5985)
OWN = tuple(f"ConfigMgrHardening-Firewall-x-{number}" for number in range(1, 4))
WINRM = ("WINRM-HTTP-In-TCP-NoScope", "WINRM-HTTP-In-TCP", "RemoteDesktop-UserMode-In-TCP")
GUEST = {"alias": "Wi-Fi", "type": "wireless", "profile": "public", "addresses": ["192.168.7.3/24"]}
LAN = {"alias": "Ethernet", "profile": "domain", "addresses": ["10.20.8.11/24"], "gateway": "10.20.8.1"}


def some_rule(pick: random.Random) -> str:
    fields = [f"Action={pick.choice(['Allow', 'Allow', 'Block'])}", f"Active={pick.choice(['TRUE', 'FALSE'])}", "Dir=In"]
    fields += pick.choice([["Protocol=6"], ["Protocol=6", "LPort=5985"], ["Protocol=6", "LPort2_10=5000-6000"], ["Protocol=17"], []])
    fields += pick.choice([[], ["Profile=Domain"], ["Profile=Public"], ["Profile=Domain", "Profile=Private"]])
    fields += pick.choice([[], ["RA4=10.20.0.0/16"], ["RA4=10.20.0.5"], ["RA4=LocalSubnet", "RA6=LocalSubnet"], ["RA6=fd00::/8"]])
    fields += pick.choice([[], [], ["App=System"], ["App=C:\\other.exe"], ["IFType=Wireless"], ["LA4=10.20.8.11"]])
    return f"v2.30|{'|'.join(fields)}|Name=x|"


def some_write(pick: random.Random, names: list[str]) -> Operation:
    own = OwnRule(
        pick.choice(OWN),
        "x",
        "",
        6,
        PortSet.parse(pick.choice(["5985", "5985", "3389"])),
        remote=AddressSet.parse(pick.choice(["any", "10.20.0.0/16", "LocalSubnet", "DefaultGateway", "fd00::/8"])),
        interfaces=pick.choice([(), (), ("Ethernet",), ("Wi-Fi",)]),
    )
    option = pick.choice(["EnableFirewall", "DefaultInboundAction"])
    return pick.choice(
        [
            own.create(),
            own.update(),
            remove(pick.choice(names)),
            switch(pick.choice(names), enabled=True),
            switch(pick.choice(names), enabled=False),
            set_profile(pick.choice(["domain", "private", "public"]), option, pick.randint(0, 1)),
        ]
    )


def some_firewall(pick: random.Random) -> dict[str, Any]:
    """Words for the estate."""
    rules = [{"id": f"rule {number}", "rule": some_rule(pick)} for number in range(pick.randint(0, 4))]
    profiles = {
        profile: {"enabled": pick.random() < 0.8, "inbound": pick.choice(["block", "block", "allow"])}
        for profile in ("domain", "private", "public")
        if pick.random() < 0.7
    }
    off = pick.choice([[], [], ["Windows Remote Management"]])
    return {"rules": rules, "profiles": profiles, "off": off}


def read(host: Machine) -> Answers:
    request = build_request([Step(operation) for operation in (*firewall_reads(), *connection_reads(OVER))])
    return read_reply(request, host.execute(dict(request.arguments)))


@pytest.mark.parametrize("seed", range(60))
def test_the_controller_still_gets_in(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 nothing is kept secret by it
    policy = {"rules": [{"name": "WinRM", "protocol": "tcp", "ports": [5985]}]} if pick.random() < 0.2 else None
    network = pick.choice([[LAN], [LAN, GUEST], [{**LAN, "profile": "private"}, GUEST]])
    fleet = estate(some_firewall(pick), policy, network=network)
    host = fleet.machines["CL01"]
    names = [*WINRM, *OWN, *(name for name in host.registry.values(LOCAL_RULES) if name.startswith("rule "))]
    writes = list(dict.fromkeys(some_write(pick, names) for _ in range(pick.randint(3, 10))))
    judgement = guard_of(OVER, read(host)).judge((str(number), [write]) for number, write in enumerate(writes))
    before = connects(fleet, source=CONTROLLER, port=5985).allowed
    succeeded: set[Operation] = set()

    for number, write in enumerate(writes):
        key = str(number)
        if key in judgement.refused or not succeeded.issuperset(judgement.needs.get(key, ())) or pick.random() < 0.25:
            continue
        request = build_request([Step(write)])
        if read_reply(request, host.execute(dict(request.arguments)))[write].ok:
            succeeded.add(write)
        assert connects(fleet, source=CONTROLLER, port=5985).allowed or not before, f"{write} after {succeeded}"
