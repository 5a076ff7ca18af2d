# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which firewall writes could cut the connection that they travel on, and what is said of them.

Each row: a host, the writes of one run in their order, and for each of them None where it may be made, or the sentence that refuses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.connection import connection_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.firewall_guard import FirewallGuard, Judgement, guard_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_applied import removed_option
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reads import firewall_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_writes import OwnRule, remove, set_profile, switch
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.ports import PortSet
from ansible_collections.configmgr.hardening.tests.unit.engine.firewall_host import (
    RDP,
    SSHD,
    WINRM,
    WINRM_PUBLIC,
    FirewallHost,
    adapter,
    connection,
)

WINRM_ID, PUBLIC_ID, RDP_ID, SSHD_ID = (
    "WINRM-HTTP-In-TCP-NoScope",
    "WINRM-HTTP-In-TCP",
    "RemoteDesktop-UserMode-In-TCP",
    "OpenSSH-Server-In-TCP",
)
HTTPS = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5986|Name=WinRM HTTPS|"
BLOCK = "v2.30|Action=Block|Active=FALSE|Dir=In|Protocol=6|LPort=5985|Name=No WinRM|"
BLOCK_ALL = "v2.30|Action=Block|Active=FALSE|Dir=In|RA4=10.1.0.0/255.255.0.0|Name=Nobody from there|"
SECURE = "v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=5985|Security=Authenticate|Name=WinRM with IPsec|"
STRANGE = "v2.99|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5985|Odd=1|Name=WinRM|"
STRANGE_BLOCK = "v2.99|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=5985|Odd=1|Name=Perhaps|"

OFF = {each: {"EnableFirewall": 0} for each in ("domain", "private", "public")}
OPEN = {each: {"EnableFirewall": 1, "DefaultInboundAction": 0} for each in ("domain", "private", "public")}
WINRM_OVER = Connection("winrm", 5985)
SSH_OVER = Connection("ssh", 22)
SSHD_SERVICE = {"Name": "sshd", "PathName": "C:\\Windows\\System32\\OpenSSH\\sshd.exe"}
SSHD_PROGRAM = "%SystemRoot%\\System32\\OpenSSH\\sshd.exe"
SERVICES = ({"Name": "MpsSvc", "State": "Running", "StartMode": "Auto"}, SSHD_SERVICE)


def own(ports: int | str, remote: str = "any", name: str = "winrm", **more: object) -> OwnRule:
    return OwnRule(
        f"ConfigMgrHardening-Firewall-{name}-1",
        name,
        "",
        6,
        PortSet.parse(str(ports)),
        remote=AddressSet.parse(remote),
        **more,  # type: ignore[arg-type]
    )


def off(rule_id: str) -> Operation:
    return switch(rule_id, enabled=False)


def on(rule_id: str) -> Operation:
    return switch(rule_id, enabled=True)


def no_rule(
    subject: str, peer: str = "TCP 5985 from 10.1.5.20", profile: str = "domain", why: str = "no rule would let it in any more"
) -> str:
    port, _, remote = peer.removeprefix("TCP ").partition(" from ")
    return (
        f"{subject} would cut the connection in use, {peer} on the profile {profile}: {why}. It is not done."
        f" Declare an exception that lets {remote} in on TCP {port}, or connect in another way."
    )


def nobody_there(subject: str, ports: str = "5985 and 5986") -> str:
    return (
        f"{subject} could cut the connection in use, and the host shows no connection from another computer to TCP {ports}"
        " that could be watched, so it is not done."
    )


def by_service(subject: str) -> str:
    return (
        f"{subject} could cut the connection in use, TCP 22 from 10.1.5.20, as only a rule for the service sshd would let it in, which has"
        " no effect where the service has no SID of its own (sc.exe qsidtype sshd), so it is not done. Let it in by a rule for the port or"
        " the program."
    )


@dataclass(frozen=True)
class Row:
    name: str
    writes: Sequence[Operation]
    refused: Sequence[str | None]
    host: FirewallHost = field(default_factory=FirewallHost)
    over: Connection = WINRM_OVER


def with_rules(**rules: str) -> dict[str, str]:
    names = {"winrm": WINRM_ID, "public": PUBLIC_ID, "rdp": RDP_ID, "sshd": SSHD_ID}
    return {names.get(name, name): text for name, text in rules.items()}


ROWS = [
    # ---- rules
    Row("the rule that WinRM relies on is disabled", [off(WINRM_ID)], [no_rule(f"Disabling the firewall rule {WINRM_ID}")]),
    Row("a rule of another port is disabled", [off(RDP_ID)], [None], FirewallHost(with_rules(winrm=WINRM, rdp=RDP))),
    Row(
        "one of two rules that let the connection in is disabled, then the other",
        [off(WINRM_ID), off("second")],
        [None, no_rule("Disabling the firewall rule second")],
        FirewallHost(with_rules(winrm=WINRM, second=WINRM)),
    ),
    Row(
        "the second rule would do, but for other addresses",
        [off(WINRM_ID)],
        [no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(with_rules(winrm=WINRM, second=WINRM.replace("|App", "|RA4=10.9.0.0/255.255.0.0|App"))),
    ),
    Row(
        "the second rule would do, but on another profile",
        [off(WINRM_ID)],
        [no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(with_rules(winrm=WINRM, public=WINRM_PUBLIC)),
    ),
    Row(
        "the second rule would do, but for another program",
        [off(WINRM_ID)],
        [no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(with_rules(winrm=WINRM, second=WINRM.replace("App=System", "App=C:\\other.exe"))),
    ),
    Row(
        "the second rule would do, but is of the other port",
        [off(WINRM_ID)],
        [no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(with_rules(winrm=WINRM, https=HTTPS)),
    ),
    Row(
        "the same rule, while the connection is on the other port",
        [off(WINRM_ID), off("https")],
        [None, no_rule("Disabling the firewall rule https", "TCP 5986 from 10.1.5.20")],
        FirewallHost(with_rules(winrm=WINRM, https=HTTPS), connections=(connection(5986),)),
        Connection("winrm", 5986),
    ),
    Row(
        "the rule for another profile than the connection's is disabled",
        [off(PUBLIC_ID)],
        [None],
        FirewallHost(with_rules(winrm=WINRM, public=WINRM_PUBLIC)),
    ),
    Row(
        "the connection comes in on the public profile, by a rule for the local subnet",
        [off(WINRM_ID), off(PUBLIC_ID)],
        [None, no_rule(f"Disabling the firewall rule {PUBLIC_ID}", "TCP 5985 from 192.168.7.50", "public")],
        FirewallHost(with_rules(winrm=WINRM, public=WINRM_PUBLIC), connections=(connection(remote="192.168.7.50", local="192.168.7.3"),)),
    ),
    Row(
        "an own rule that lets the connection in is removed",
        [remove("ConfigMgrHardening-Firewall-winrm-1")],
        [no_rule("Removing the firewall rule ConfigMgrHardening-Firewall-winrm-1")],
        FirewallHost({"ConfigMgrHardening-Firewall-winrm-1": WINRM}),
    ),
    Row(
        "an own rule is narrowed to others",
        [own(5985, "10.1.6.0/24").update()],
        [no_rule("Changing the firewall rule ConfigMgrHardening-Firewall-winrm-1")],
        FirewallHost({"ConfigMgrHardening-Firewall-winrm-1": WINRM}),
    ),
    Row(
        "an own rule is narrowed to the controller and others",
        [own(5985, "10.1.5.0/24").update()],
        [None],
        FirewallHost({"ConfigMgrHardening-Firewall-winrm-1": WINRM}),
    ),
    Row(
        "an own rule is moved to another port",
        [own(2701).update()],
        [no_rule("Changing the firewall rule ConfigMgrHardening-Firewall-winrm-1")],
        FirewallHost({"ConfigMgrHardening-Firewall-winrm-1": WINRM}),
    ),
    Row("a rule is made that nothing can be said against", [own(5985, "10.9.0.0/16").create()], [None]),
    Row(
        "a blocking rule is enabled",
        [on("deny")],
        [no_rule("Enabling the firewall rule deny", why="the rule deny would block it")],
        FirewallHost(with_rules(winrm=WINRM, deny=BLOCK)),
    ),
    Row(
        "a blocking rule that names no port is enabled",
        [on("deny")],
        [no_rule("Enabling the firewall rule deny", why="the rule deny would block it")],
        FirewallHost(with_rules(winrm=WINRM, deny=BLOCK_ALL)),
    ),
    Row(
        "a blocking rule for other addresses is enabled",
        [on("deny")],
        [None],
        FirewallHost(with_rules(winrm=WINRM, deny=BLOCK_ALL.replace("10.1.0.0", "10.2.0.0"))),
    ),
    Row(
        "a blocking rule is disabled",
        [off("deny")],
        [None],
        FirewallHost(with_rules(winrm=WINRM, deny=BLOCK.replace("FALSE", "TRUE").replace("|Name", "|RA4=10.8.0.1|Name"))),
    ),
    Row(
        "an outbound rule is disabled",
        [off("out")],
        [None],
        FirewallHost(with_rules(winrm=WINRM, out=WINRM.replace("Dir=In", "Dir=Out").replace("LPort", "RPort"))),
    ),
    Row(
        "a rule that asks for IPsec is enabled beside the one that does not",
        [on("secure")],
        [
            "Enabling the firewall rule secure could cut the connection in use, TCP 5985 from 10.1.5.20, as it would be in doubt whether"
            " that is let in (a rule admits only peers that IPsec has authenticated), so it is not done."
        ],
        FirewallHost(with_rules(winrm=WINRM, secure=SECURE)),
    ),
    Row("a rule that is not there", [off("gone")], ["Disabling the firewall rule gone is not done, as there is no rule gone."]),
    Row("removing a rule that is not there", [remove("gone")], [None]),
    Row(
        "an id with characters that stand for others",
        [off("WINRM*")],
        ["Disabling the firewall rule WINRM* is not done, as the name 'WINRM*' may stand for several rules."],
    ),
    # ---- profiles
    Row(
        "the firewall is turned on where nothing lets the connection in",
        [set_profile("domain", "EnableFirewall", 1)],
        [no_rule("Turning the firewall on for the profile domain")],
        FirewallHost({}, profiles=OFF),
    ),
    Row(
        "the firewall is turned on where a rule lets the connection in",
        [set_profile("domain", "EnableFirewall", 1)],
        [None],
        FirewallHost(profiles=OFF),
    ),
    Row(
        "the firewall is turned on for profiles that the connection does not come in on",
        [set_profile("private", "EnableFirewall", 1), set_profile("public", "EnableFirewall", 1)],
        [None, None],
        FirewallHost({}, profiles=OFF),
    ),
    Row(
        "inbound goes from allow to block where nothing lets the connection in",
        [set_profile("domain", "DefaultInboundAction", 1)],
        [no_rule("Blocking what no rule admits on the profile domain")],
        FirewallHost({}, profiles=OPEN),
    ),
    Row(
        "inbound goes from allow to block while the firewall is off, which is then turned on",
        [set_profile("domain", "DefaultInboundAction", 1), set_profile("domain", "EnableFirewall", 1)],
        [None, no_rule("Turning the firewall on for the profile domain")],
        FirewallHost({}, profiles={"domain": {"EnableFirewall": 0, "DefaultInboundAction": 0}}),
    ),
    Row(
        "inbound goes from allow to block where a rule lets the connection in",
        [set_profile("domain", "DefaultInboundAction", 1)],
        [None],
        FirewallHost(profiles=OPEN),
    ),
    Row(
        "inbound goes back to what Windows does by itself, which is to block",
        [removed_option("domain", "DefaultInboundAction")],
        [
            no_rule(
                "Taking DefaultInboundAction out of HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
                "\\DomainProfile"
            )
        ],
        FirewallHost({}, profiles=OPEN),
    ),
    Row(
        "a rule is disabled while the firewall is off, which is then turned on",
        [off(WINRM_ID), set_profile("domain", "EnableFirewall", 1)],
        [None, no_rule("Turning the firewall on for the profile domain")],
        FirewallHost(profiles=OFF),
    ),
    Row("logs", [set_profile("domain", "LogDroppedPackets", 1), set_profile("domain", "LogFileSize", 16384)], [None, None]),
    Row("the firewall is turned off", [set_profile("domain", "EnableFirewall", 0)], [None]),
    Row(
        "the firewall is turned on where it lets nobody in at all",
        [set_profile("domain", "EnableFirewall", 1)],
        [no_rule("Turning the firewall on for the profile domain", why="all exceptions are switched off")],
        FirewallHost(profiles={"domain": {"EnableFirewall": 0, "DoNotAllowExceptions": 1}}),
    ),
    Row(
        "inbound goes from block to allow, and back",
        [set_profile("domain", "DefaultInboundAction", 0), off(WINRM_ID), set_profile("domain", "DefaultInboundAction", 1)],
        [None, None, no_rule("Blocking what no rule admits on the profile domain")],
    ),
    # ---- what else decides
    Row(
        "Group Policy has the firewall on already, so a local value changes nothing",
        [set_profile("domain", "EnableFirewall", 1)],
        [None],
        FirewallHost({"odd": STRANGE}, profiles=OFF, policy={"domain": {"EnableFirewall": 1}}),
    ),
    Row(
        "Group Policy lets the connection in, so the local rule is not needed",
        [off(WINRM_ID)],
        [None],
        FirewallHost(policy_rules={"gpo": WINRM}),
    ),
    Row(
        "Group Policy does not merge local rules, so by what was read the connection is not there",
        [off(WINRM_ID)],
        [
            f"Disabling the firewall rule {WINRM_ID} could cut the connection in use, TCP 5985 from 10.1.5.20, as it cannot be told what"
            " lets it in (by what was read of the firewall it is not let in even now), so it is not done."
        ],
        FirewallHost(policy={"domain": {"EnableFirewall": 1, "AllowLocalPolicyMerge": 0}}),
    ),
    Row(
        "a field that nobody knows stands in the rule that the connection relies on",
        [off("odd")],
        [
            "Disabling the firewall rule odd could cut the connection in use, TCP 5985 from 10.1.5.20, as it cannot be told what lets it in"
            " (a rule has a field that is not known), so it is not done."
        ],
        FirewallHost({"odd": STRANGE}),
    ),
    Row(
        "the same doubt, and a rule of another port",
        [off(RDP_ID)],
        [None],
        FirewallHost({"odd": STRANGE, RDP_ID: RDP}),
    ),
    Row(
        "a rule that perhaps blocks keeps other rules from being judged",
        [off("second")],
        [
            "Disabling the firewall rule second could cut the connection in use, TCP 5985 from 10.1.5.20, as it cannot be told what lets it"
            " in (a rule has a field that is not known), so it is not done."
        ],
        FirewallHost(with_rules(winrm=WINRM, second=WINRM, odd=STRANGE_BLOCK)),
    ),
    Row(
        "another firewall is registered: what Windows' own does must be enough",
        [off(RDP_ID), off(WINRM_ID)],
        [None, no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(with_rules(winrm=WINRM, rdp=RDP), products=({"displayName": "Vendor Firewall"},)),
    ),
    Row(
        "the firewall service is stopped, and will be started some day",
        [off(WINRM_ID)],
        [no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(services=({"Name": "MpsSvc", "State": "Stopped", "StartMode": "Disabled"},)),
    ),
    Row(
        "the firewall service is stopped, the firewall off, and to be turned on",
        [set_profile("domain", "EnableFirewall", 1)],
        [no_rule("Turning the firewall on for the profile domain")],
        FirewallHost({}, profiles=OFF, services=()),
    ),
    # ---- which connection
    Row(
        "no connection is to be seen",
        [off(WINRM_ID), off(RDP_ID), set_profile("domain", "EnableFirewall", 1), own(2701).create()],
        [nobody_there(f"Disabling the firewall rule {WINRM_ID}"), None, None, None],
        FirewallHost(with_rules(winrm=WINRM, rdp=RDP), connections=()),
    ),
    Row(
        "no connection is to be seen, and the firewall is to be turned on, or inbound to be blocked",
        [set_profile("public", "EnableFirewall", 1), set_profile("private", "DefaultInboundAction", 1)],
        [
            nobody_there("Turning the firewall on for the profile public"),
            nobody_there("Blocking what no rule admits on the profile private"),
        ],
        FirewallHost(
            profiles={"public": {"EnableFirewall": 0}, "private": {"EnableFirewall": 1, "DefaultInboundAction": 0}}, connections=()
        ),
    ),
    Row(
        "only the host itself is connected",
        [off(WINRM_ID)],
        [nobody_there(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(
            connections=(
                connection(remote="127.0.0.1", local="127.0.0.1"),
                connection(remote="10.1.2.3"),
                connection(remote="::1", local="::1"),
            )
        ),
    ),
    Row(
        "somebody waits on the port, and nobody is connected",
        [off(WINRM_ID)],
        [nobody_there(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(connections=(connection(remote="::", local="::", state=2),)),
    ),
    Row(
        "two controllers are connected, and one would be cut",
        [own(5985, "10.1.5.0/24").create(), off(WINRM_ID)],
        [None, no_rule(f"Disabling the firewall rule {WINRM_ID}", "TCP 5985 from 10.77.0.1")],
        FirewallHost(connections=(connection(), connection(remote="10.77.0.1"))),
    ),
    Row(
        "the controller is behind a translation of addresses: the host goes by what it sees",
        [own(5985, "10.1.5.0/24").create(), off(WINRM_ID)],
        [None, no_rule(f"Disabling the firewall rule {WINRM_ID}", "TCP 5985 from 203.0.113.9")],
        FirewallHost(connections=(connection(remote="203.0.113.9"),)),
    ),
    Row(
        "a listener on a port of its own",
        [off("custom")],
        [no_rule("Disabling the firewall rule custom", "TCP 15985 from 10.1.5.20")],
        FirewallHost({"custom": WINRM.replace("5985", "15985")}, connections=(connection(15985),), listeners={"*+HTTP": 15985}),
    ),
    Row(
        "the port that Ansible connects to is another one, behind a forwarder",
        [off(WINRM_ID)],
        [no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(),
        Connection("psrp", 40001),
    ),
    Row(
        "a connection over IPv6, with a scope",
        [own(5985, "10.1.0.0/16").create(), off(WINRM_ID)],
        [None, no_rule(f"Disabling the firewall rule {WINRM_ID}", "TCP 5985 from fd00:1:2::20")],
        FirewallHost(connections=(connection(remote="fd00:1:2::20%7", local="fd00:1:2::3%7"),)),
    ),
    Row(
        "a connection over IPv6 that a rule for its network lets in",
        [own(5985, "fd00:1:2::/64").create(), off(WINRM_ID)],
        [None, None],
        FirewallHost(connections=(connection(remote="fd00:1:2::20", local="fd00:1:2::3"),)),
    ),
    Row(
        "a connection over IPv4 that is written as one of IPv6",
        [own(5985, "10.1.5.20").create(), off(WINRM_ID)],
        [None, None],
        FirewallHost(connections=(connection(remote="::ffff:10.1.5.20", local="::ffff:10.1.2.3"),)),
    ),
    Row(
        "the address that the connection goes to is on no interface that was told of: it has to be let in everywhere",
        [off(PUBLIC_ID)],
        [
            f"Disabling the firewall rule {PUBLIC_ID} could cut the connection in use, TCP 5985 from 10.1.5.20, as it cannot be told what"
            " lets it in (by what was read of the firewall it is not let in even now), so it is not done."
        ],
        FirewallHost(with_rules(winrm=WINRM, public=WINRM_PUBLIC), connections=(connection(local="10.1.2.99"),)),
    ),
    Row(
        "the interface that the connection comes in on has no profile that is known",
        [off(WINRM_ID), off(RDP_ID)],
        [
            f"Disabling the firewall rule {WINRM_ID} could cut the connection in use, TCP 5985 from 10.1.5.20, as the profile that it comes"
            " in on is not known, so it is not done.",
            None,
        ],
        FirewallHost(with_rules(winrm=WINRM, rdp=RDP), categories={9: 0}),
    ),
    Row(
        "a new rule is for an interface that the connection does not come in on",
        [own(5985, interfaces=("Guest",)).create(), off(WINRM_ID)],
        [None, no_rule(f"Disabling the firewall rule {WINRM_ID}")],
    ),
    Row(
        "a new rule is for the interface that the connection comes in on",
        [own(5985, interfaces=("ethernet",)).create(), off(WINRM_ID)],
        [None, None],
    ),
    Row(
        "a new rule is for another of the host's own addresses",
        [own(5985, local=AddressSet.parse("192.168.7.3")).create(), off(WINRM_ID)],
        [None, no_rule(f"Disabling the firewall rule {WINRM_ID}")],
    ),
    Row(
        "a new rule is for the address that the connection goes to",
        [own(5985, local=AddressSet.parse("10.1.2.3")).create(), off(WINRM_ID)],
        [None, None],
    ),
    Row(
        "a new rule is for an interface that the host does not have",
        [own(5985, interfaces=("LAN 5",)).create(), off(WINRM_ID)],
        [
            "Making the firewall rule ConfigMgrHardening-Firewall-winrm-1 is not done, as the host has no interface 'LAN 5'.",
            no_rule(f"Disabling the firewall rule {WINRM_ID}"),
        ],
    ),
    Row(
        "a new rule is for an interface that is down",
        [own(5985, interfaces=("Spare",)).create(), off(WINRM_ID)],
        [None, no_rule(f"Disabling the firewall rule {WINRM_ID}")],
        FirewallHost(
            adapters=(
                adapter(7, "Ethernet", "{11111111-1111-1111-1111-111111111111}"),
                adapter(8, "Spare", "{33333333-3333-3333-3333-333333333333}", InterfaceOperationalStatus=2),
            )
        ),
    ),
    # ---- what cannot be read
    Row(
        "a rule that cannot be read is removed beside the one that lets the connection in",
        [remove("broken")],
        [None],
        FirewallHost(with_rules(winrm=WINRM, broken="no rule")),
    ),
    Row(
        "a rule that cannot be read is removed, and may have been what lets the connection in",
        [remove("broken")],
        [
            "Removing the firewall rule broken could cut the connection in use, TCP 5985 from 10.1.5.20, as it cannot be told what lets it"
            " in (by what was read of the firewall it is not let in even now), so it is not done."
        ],
        FirewallHost({"broken": "no rule"}),
    ),
    Row(
        "the listeners cannot be read, so the connection may be on any port",
        [off(RDP_ID), off("udp"), own(2701).create()],
        [
            f"Disabling the firewall rule {RDP_ID} could cut the connection in use, and the listeners of WinRM could not be read: The host"
            " says failed, so it is not done.",
            None,
            None,
        ],
        FirewallHost(
            with_rules(winrm=WINRM, rdp=RDP, udp=RDP.replace("Protocol=6", "Protocol=17")),
            fails=lambda operation: "failed" if "WSMAN" in str(operation.get("key")) else None,
        ),
    ),
    Row(
        "the connections cannot be read",
        [off(WINRM_ID), off(RDP_ID)],
        [
            f"Disabling the firewall rule {WINRM_ID} could cut the connection in use, and the host's connections could not be read:"
            " The host says access_denied, so it is not done.",
            None,
        ],
        FirewallHost(
            with_rules(winrm=WINRM, rdp=RDP),
            fails=lambda operation: "access_denied" if "TCPConnection" in str(operation.get("query")) else None,
        ),
    ),
    Row(
        "the firewall cannot be read",
        [off(RDP_ID), own(2701).create()],
        [
            f"{subject} could cut the connection in use, and the firewall could not be read"
            " (HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules could not be read"
            " (access_denied): The host says access_denied), so it is not done."
            for subject in (f"Disabling the firewall rule {RDP_ID}", "Making the firewall rule ConfigMgrHardening-Firewall-winrm-1")
        ],
        FirewallHost(fails=lambda operation: "access_denied" if str(operation.get("key")).endswith("\\FirewallRules") else None),
    ),
    # ---- SSH
    Row(
        "SSH: the rule of its server is disabled",
        [off(SSHD_ID)],
        [no_rule(f"Disabling the firewall rule {SSHD_ID}", "TCP 22 from 10.1.5.20")],
        FirewallHost(with_rules(sshd=SSHD), connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: WinRM's rule does not matter",
        [off(WINRM_ID)],
        [None],
        FirewallHost(with_rules(winrm=WINRM, sshd=SSHD), connections=(connection(22), connection()), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: narrowed to addresses that the controller is not among",
        [own(22, "10.9.0.0/16", name="ssh").create(), off(SSHD_ID)],
        [None, no_rule(f"Disabling the firewall rule {SSHD_ID}", "TCP 22 from 10.1.5.20")],
        FirewallHost(with_rules(sshd=SSHD), connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: another rule lets it in by the server's program",
        [own(22, "10.1.0.0/16", name="ssh", program=SSHD_PROGRAM).create(), off(SSHD_ID)],
        [None, None],
        FirewallHost(with_rules(sshd=SSHD), connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: another rule is for the server's service, and has no effect if that has no SID",
        [own(22, "10.1.0.0/16", name="ssh", service="sshd").create(), off(SSHD_ID)],
        [None, by_service(f"Disabling the firewall rule {SSHD_ID}")],
        FirewallHost(with_rules(sshd=SSHD), connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: the rule for the server's service may be what it relies on",
        [off("service")],
        [no_rule("Disabling the firewall rule service", "TCP 22 from 10.1.5.20")],
        FirewallHost({"service": SSHD.replace("Name=", "Svc=sshd|Name=")}, connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: a block for the server's service may be one",
        [on("deny")],
        [no_rule("Enabling the firewall rule deny", "TCP 22 from 10.1.5.20", why="the rule deny would block it")],
        FirewallHost(
            {**with_rules(sshd=SSHD), "deny": BLOCK.replace("LPort=5985", "Svc=sshd")}, connections=(connection(22),), services=SERVICES
        ),
        SSH_OVER,
    ),
    Row(
        "SSH: an own rule for its server is moved to another port",
        [own(2022, name="ssh").update()],
        [no_rule("Changing the firewall rule ConfigMgrHardening-Firewall-ssh-1", "TCP 22 from 10.1.5.20")],
        FirewallHost({"ConfigMgrHardening-Firewall-ssh-1": SSHD}, connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: an own rule for its server is moved to another profile",
        [own(22, name="ssh", profiles=frozenset({"public"})).update()],
        [no_rule("Changing the firewall rule ConfigMgrHardening-Firewall-ssh-1", "TCP 22 from 10.1.5.20")],
        FirewallHost({"ConfigMgrHardening-Firewall-ssh-1": SSHD}, connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: an own rule for its server is for an interface that it does not come in on",
        [own(22, name="ssh", interfaces=("Guest",)).update()],
        [no_rule("Changing the firewall rule ConfigMgrHardening-Firewall-ssh-1", "TCP 22 from 10.1.5.20")],
        FirewallHost({"ConfigMgrHardening-Firewall-ssh-1": SSHD}, connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: the own rule that lets it in is removed",
        [remove("ConfigMgrHardening-Firewall-ssh-1")],
        [no_rule("Removing the firewall rule ConfigMgrHardening-Firewall-ssh-1", "TCP 22 from 10.1.5.20")],
        FirewallHost({"ConfigMgrHardening-Firewall-ssh-1": SSHD}, connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: the firewall service is stopped, and will be started some day",
        [off(SSHD_ID)],
        [no_rule(f"Disabling the firewall rule {SSHD_ID}", "TCP 22 from 10.1.5.20")],
        FirewallHost(
            with_rules(sshd=SSHD),
            connections=(connection(22),),
            services=({"Name": "MpsSvc", "State": "Stopped", "StartMode": "Disabled"}, SSHD_SERVICE),
        ),
        SSH_OVER,
    ),
    Row(
        "SSH: on a profile where it is not let in otherwise, the firewall is turned on",
        [set_profile("domain", "EnableFirewall", 1), set_profile("public", "EnableFirewall", 1)],
        [no_rule("Turning the firewall on for the profile domain", "TCP 22 from 10.1.5.20"), None],
        FirewallHost(profiles=OFF, connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH: inbound goes from allow to block",
        [set_profile("domain", "DefaultInboundAction", 1)],
        [no_rule("Blocking what no rule admits on the profile domain", "TCP 22 from 10.1.5.20")],
        FirewallHost(profiles=OPEN, connections=(connection(22),), services=SERVICES),
        SSH_OVER,
    ),
    Row(
        "SSH on a port of its own",
        [off("custom")],
        [no_rule("Disabling the firewall rule custom", "TCP 2222 from 10.1.5.20")],
        FirewallHost({"custom": SSHD.replace("LPort=22", "LPort=2222")}, connections=(connection(2222),), services=SERVICES),
        Connection("ssh", 2222),
    ),
    Row(
        "SSH: a server that nobody knows the program of",
        [off(SSHD_ID), off("RemoteAssistance")],
        [
            f"Disabling the firewall rule {SSHD_ID} could cut the connection in use, TCP 22 from 10.1.5.20, as it cannot be told what lets"
            " it in (a rule is for a program, and which one listens is not known), so it is not done.",
            "Disabling the firewall rule RemoteAssistance could cut the connection in use, TCP 22 from 10.1.5.20, as it cannot be told what"
            " lets it in (a rule is for a program, and which one listens is not known), so it is not done.",
        ],
        FirewallHost({**with_rules(sshd=SSHD), "RemoteAssistance": SSHD.replace("LPort=22|", "")}, connections=(connection(22),)),
        SSH_OVER,
    ),
    Row(
        "SSH: no connection is to be seen",
        [off(SSHD_ID)],
        [nobody_there(f"Disabling the firewall rule {SSHD_ID}", "22")],
        FirewallHost(with_rules(sshd=SSHD), services=SERVICES),
        SSH_OVER,
    ),
]


def guard_for(host: FirewallHost, over: Connection) -> FirewallGuard:
    return guard_of(over, host.answers((*firewall_reads(), *connection_reads(over))))


def judged(guard: FirewallGuard, writes: Sequence[Operation]) -> Judgement:
    return guard.judge((str(number), [write]) for number, write in enumerate(writes))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_write_is_refused_when_it_could_cut_the_connection(row: Row) -> None:
    judgement = judged(guard_for(row.host, row.over), row.writes)

    assert [judgement.refused.get(str(number)) for number in range(len(row.writes))] == list(row.refused)


def test_row_names_are_unique() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_without_a_connection_no_write_is_safe() -> None:
    state = guard_for(FirewallHost(), WINRM_OVER).state
    sentence = "Making the firewall rule {} could cut the connection in use, and which connection that is was not told, so it is not done."
    rule = own(2701)

    for guard in (FirewallGuard(None, None), FirewallGuard(state, None)):
        assert judged(guard, [rule.create()]).refused == {"0": sentence.format(rule.rule_id)}


def test_without_a_connection_no_option_of_a_profile_is_safe() -> None:
    judgement = judged(FirewallGuard(None, None), [set_profile("domain", "LogDroppedPackets", 1)])

    assert judgement.refused["0"].startswith("Changing the firewall profile domain could cut the connection in use, and which connection")


def test_only_firewall_writes_are_judged() -> None:
    with pytest.raises(ValueError, match="is no firewall write"):
        judged(guard_for(FirewallHost(), WINRM_OVER), [Operation.of("file.write", path="x", text="y")])


def test_many_connections_are_watched_fast() -> None:
    """A host that collects events has one from each of its sources."""
    many = tuple(connection(remote=f"10.{1 + number // 65536}.{number // 256 % 256}.{number % 256}") for number in range(3000))
    rules = with_rules(winrm=WINRM, second=WINRM) | {f"rule {number}": RDP for number in range(200)}

    writes = [off(WINRM_ID), *(off(f"rule {number}") for number in range(200)), off("second")]
    judgement = judged(guard_for(FirewallHost(rules, connections=many), WINRM_OVER), writes)

    assert list(judgement.refused) == ["201"]


def test_what_takes_away_needs_what_lets_the_connection_in() -> None:
    new, other = own(5985, "10.1.5.0/24"), own(2701, name="remote_control")
    writes = [new.create(), other.create(), off(RDP_ID), off(WINRM_ID)]

    judgement = judged(guard_for(FirewallHost(with_rules(winrm=WINRM, rdp=RDP)), WINRM_OVER), writes)

    assert judgement == Judgement({}, {"3": (new.create(),)})


def test_a_profile_that_is_turned_on_needs_what_lets_the_connection_in() -> None:
    new = own(5985, "10.1.5.0/24")

    writes = [new.create(), set_profile("domain", "EnableFirewall", 1)]

    judgement = judged(guard_for(FirewallHost({}, profiles=OFF), WINRM_OVER), writes)

    assert judgement == Judgement({}, {"1": (new.create(),)})


def test_writes_of_one_key_are_made_together_or_not_at_all() -> None:
    rule = own(5985, "10.1.5.0/24")
    host = FirewallHost({rule.rule_id: WINRM})

    judgement = guard_for(host, WINRM_OVER).judge([("again", [rule.remove(), rule.create()]), ("switch", [off(rule.rule_id)])])

    assert judgement.refused == {
        "again": no_rule(f"Removing the firewall rule {rule.rule_id}"),
        "switch": no_rule(f"Disabling the firewall rule {rule.rule_id}"),
    }


def test_what_was_refused_is_not_counted_on() -> None:
    """The second rule stays the only one, as the first one's removal is refused for another reason."""
    host = FirewallHost(with_rules(winrm=WINRM, second=WINRM))

    judgement = judged(guard_for(host, WINRM_OVER), [off("gone"), off(WINRM_ID), off("second")])

    assert sorted(judgement.refused) == ["0", "2"]
