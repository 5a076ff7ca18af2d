# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever of a run's writes succeeds on the host: those that the guard has let pass never cut a connection that was let in before."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.connection import connection_reads, watch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.firewall_guard import guard_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads, read_firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule, remove, set_profile, switch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.tests.unit.engine.firewall_host import FirewallHost, connection

OVER = Connection("winrm", 5985)
PROFILES = ("domain", "private", "public")
PEERS = ("10.1.5.20", "10.1.9.9")


def some_rule(pick: random.Random) -> str:
    fields = [f"Action={pick.choice(['Allow', 'Allow', 'Allow', 'Block'])}", f"Active={pick.choice(['TRUE', 'TRUE', 'FALSE'])}", "Dir=In"]
    fields += pick.choice([["Protocol=6"], ["Protocol=6", "LPort=5985"], ["Protocol=6", "LPort=5985"], ["Protocol=6", "LPort=3389"], []])
    fields += pick.choice([[], ["Profile=Domain"], ["Profile=Public"]])
    fields += pick.choice([[], ["RA4=10.1.5.0/24"], ["RA4=10.1.9.9"], ["RA4=192.0.2.0/24"]])
    fields += pick.choice([[], [], ["App=System"], ["App=C:\\other.exe"], ["Odd=1"], ["Security=Authenticate"]])
    return f"v2.30|{'|'.join(fields)}|Name=x|"


def some_write(pick: random.Random, rules: Sequence[str]) -> Operation:
    own = OwnRule(
        f"ConfigMgrHardening-Firewall-x-{pick.randint(1, 3)}",
        "x",
        "",
        6,
        PortSet.parse(pick.choice(["5985", "3389"])),
        remote=AddressSet.parse(pick.choice(["any", "10.1.0.0/16", "10.1.5.20"])),
    )
    profile = pick.choice(PROFILES)
    return pick.choice(
        [
            own.create(),
            own.update(),
            remove(pick.choice(rules)),
            switch(pick.choice(rules), enabled=True),
            switch(pick.choice(rules), enabled=False),
            set_profile(profile, pick.choice(["EnableFirewall", "DefaultInboundAction"]), pick.randint(0, 1)),  # type: ignore[arg-type]
        ]
    )


def turn(write: Operation) -> int:
    """What comes before what goes, as the writes of a run are ordered."""
    verb = write.fields["name"].partition("-")[0]
    return {"New": 0, "Enable": 0, "Disable": 2, "Remove": 2}.get(verb, 1)


def some_host(pick: random.Random) -> FirewallHost:
    """Every other one with a single rule that lets everybody in, so that what comes to replace it matters."""
    if pick.random() < 0.5:
        one = {"rule 0": "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5985|App=System|Name=x|"}
        return FirewallHost(one, connections=[connection(remote=PEERS[0])])
    rules = {f"rule {number}": some_rule(pick) for number in range(pick.randint(1, 6))}
    profiles = {profile: {"EnableFirewall": pick.choice([1, 1, 0]), "DefaultInboundAction": pick.choice([1, 1, 0])} for profile in PROFILES}
    return FirewallHost(rules, profiles=profiles, connections=[connection(remote=peer) for peer in pick.sample(PEERS, pick.randint(1, 2))])


def let_in(host: FirewallHost) -> list[bool]:
    """Whether each connection surely is, by the host as it is now."""
    answers = host.answers((*firewall_reads(), *connection_reads(OVER)))
    firewall, watched = read_firewall(answers).firewall, watch(OVER, answers)
    assert firewall is not None
    found = []
    for peer in watched.peers:
        (verdict,) = [each for each in firewall.admissions(watched.query(peer.port)) if each.interface == "Ethernet"]
        found.append(verdict.admitted.contains(peer.remote))
    return found


@pytest.mark.parametrize("seed", range(150))
def test_what_passes_cuts_nobody_off(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 nothing is kept secret by it
    host = some_host(pick)
    names = [*host.rules, *(f"ConfigMgrHardening-Firewall-x-{number}" for number in range(1, 4))]
    drawn = [some_write(pick, names) for _ in range(pick.randint(4, 12))]
    if len(host.rules) == 1:
        drawn.append(switch("rule 0", enabled=False))
    writes = sorted(dict.fromkeys(drawn), key=pick.choice([turn, lambda write: 0]))
    judgement = guard_of(OVER, host.answers((*firewall_reads(), *connection_reads(OVER)))).judge(
        (str(number), [write]) for number, write in enumerate(writes)
    )
    before = let_in(host)
    succeeded: set[Operation] = set()

    for number, write in enumerate(writes):
        key = str(number)
        if key in judgement.refused or not succeeded.issuperset(judgement.needs.get(key, ())) or pick.random() < 0.4:
            continue
        reply = host.execute({"operations": [{"id": "write", "op": write.op, **write.fields}]})
        if reply["answers"]["write"]["ok"]:
            succeeded.add(write)
        assert all(now or not then for now, then in zip(let_in(host), before, strict=True)), f"{write} after {succeeded}"


def test_much_passes_and_much_does_not() -> None:
    """Else the test above would say nothing."""
    passed = refused = 0
    for seed in range(150):
        pick = random.Random(seed)  # noqa: S311 nothing is kept secret by it
        host = some_host(pick)
        writes = [some_write(pick, list(host.rules)) for _ in range(5)]
        answers = host.answers((*firewall_reads(), *connection_reads(OVER)))
        judgement = guard_of(OVER, answers).judge((str(number), [write]) for number, write in enumerate(writes))
        refused += sum("cut the connection" in sentence for sentence in judgement.refused.values())
        passed += len(writes) - len(judgement.refused)

    assert passed > 150
    assert refused > 50
