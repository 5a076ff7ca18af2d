# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules that Windows brings along, as far as an estate has to do with them: ids, ports, programs, profiles, groups.

Confidence: all of that [H] (the same in exports of several versions). Which are on after an installation: Remote Assistance on clients and
not on servers; Remote Desktop, WinRM, File and Printer Sharing, WMI and the other remote groups off on clients [M]; WinRM on on servers,
with other ids than on clients [M]; core networking on [H]. Others, and much outbound, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from windows_estate.world.rule_text import RuleText, in_order

LIBRARY: Final = "@FirewallAPI.dll"
# Resources of the group of remote shutdown are spelled so.
_LOWER: Final = "36751"


@dataclass(frozen=True)
class Predefined:
    """One rule: `fields` as its string has them but for Active. `on_client`, `on_server`: whether an installation has it on; None: that
    kind of Windows does not have it. `since`: the first build that has it."""

    id: str
    group: str
    fields: tuple[tuple[str, str], ...]
    on_client: bool | None
    on_server: bool | None
    since: int = 0


# Title -> number of the group's resource.
GROUPS: Final[dict[str, str]] = {
    "Remote Assistance": "33002",
    "Remote Desktop": "28752",
    "Remote Desktop (WebSocket)": "28782",
    "File and Printer Sharing": "28502",
    "File and Printer Sharing (Restrictive)": "28672",
    "Windows Management Instrumentation (WMI)": "34251",
    "Windows Remote Management": "30267",
    "Windows Remote Management - Compatibility Mode (HTTP-In)": "30252",
    "Remote Event Log Management": "29252",
    "Remote Service Management": "29502",
    "Remote Scheduled Tasks Management": "33252",
    "Remote Shutdown": "36751",
    "Core Networking": "25000",
}

# id, direction, protocol, profiles (D P U, * all), local ports or ICMP types, remote ports, from (L: local subnet), program, service,
# numbers of name and description, mark (E: edge with the decision left to the program, e: edge), on (c clients, s servers, - neither; C, S:
# there only), and the first build that has it.
_TABLE: Final = r"""
33002
RemoteAssistance-In-TCP-EdgeScope-Active In 6 DP * * * msra.exe * 33003 33006 E c
RemoteAssistance-In-TCP-EdgeScope In 6 U * * * msra.exe * 33003 33006 E -
RemoteAssistance-Out-TCP-Active Out 6 DP * * * msra.exe * 33007 33010 . c
RemoteAssistance-Out-TCP Out 6 U * * * msra.exe * 33007 33010 . -
RemoteAssistance-RAServer-In-TCP-NoScope-Active In 6 D * * * raserver.exe * 33011 33014 . c
RemoteAssistance-RAServer-Out-TCP-NoScope-Active Out 6 D * * * raserver.exe * 33015 33018 . c
RemoteAssistance-DCOM-In-TCP-NoScope-Active In 6 D 135 * * svchost.exe rpcss 33035 33036 . c
RemoteAssistance-SSDPSrv-In-UDP-Active In 17 DP 1900 * L svchost.exe Ssdpsrv 33019 33022 . c
RemoteAssistance-SSDPSrv-Out-UDP-Active Out 17 DP * 1900 L svchost.exe Ssdpsrv 33023 33026 . c
RemoteAssistance-SSDPSrv-In-TCP-Active In 6 DP 2869 * L System * 33027 33030 . c
RemoteAssistance-SSDPSrv-Out-TCP-Active Out 6 DP * * L System * 33031 33034 . c
RemoteAssistance-PnrpSvc-UDP-In-EdgeScope-Active In 17 DP 3540 * * %systemroot%\system32\svchost.exe pnrpsvc 33039 33040 E c
RemoteAssistance-PnrpSvc-UDP-In-EdgeScope In 17 U 3540 * * %systemroot%\system32\svchost.exe pnrpsvc 33039 33040 E -
RemoteAssistance-PnrpSvc-UDP-OUT-Active Out 17 DP * * * %systemroot%\system32\svchost.exe pnrpsvc 33037 33038 . c
RemoteAssistance-PnrpSvc-UDP-OUT Out 17 U * * * %systemroot%\system32\svchost.exe pnrpsvc 33037 33038 . -
28752
RemoteDesktop-UserMode-In-TCP In 6 * 3389 * * svchost.exe termservice 28775 28756 . -
RemoteDesktop-UserMode-In-UDP In 17 * 3389 * * svchost.exe termservice 28776 28777 . -
RemoteDesktop-Shadow-In-TCP In 6 * * * * RdpSa.exe * 28778 28779 E -
28782
RemoteDesktop-In-TCP-WS In 6 * 3387 * * System * 28780 28781 . - 18362
RemoteDesktop-In-TCP-WSS In 6 * 3392 * * System * 28783 28784 . - 18362
28502
FPS-SMB-In-TCP-NoScope In 6 D 445 * * System * 28511 28514 . -
FPS-SMB-In-TCP In 6 PU 445 * L System * 28511 28514 . -
FPS-NB_Session-In-TCP-NoScope In 6 D 139 * * System * 28503 28506 . -
FPS-NB_Session-In-TCP In 6 PU 139 * L System * 28503 28506 . -
FPS-NB_Name-In-UDP-NoScope In 17 D 137 * * System * 28519 28522 . -
FPS-NB_Name-In-UDP In 17 PU 137 * L System * 28519 28522 . -
FPS-NB_Datagram-In-UDP-NoScope In 17 D 138 * * System * 28527 28530 . -
FPS-NB_Datagram-In-UDP In 17 PU 138 * L System * 28527 28530 . -
FPS-SpoolSvc-In-TCP-NoScope In 6 D RPC * * spoolsv.exe Spooler 28535 28538 . -
FPS-SpoolSvc-In-TCP In 6 PU RPC * L spoolsv.exe Spooler 28535 28538 . -
FPS-RPCSS-In-TCP-NoScope In 6 D RPC-EPMap * * svchost.exe Rpcss 28539 28542 . -
FPS-RPCSS-In-TCP In 6 PU RPC-EPMap * L svchost.exe Rpcss 28539 28542 . -
FPS-ICMP4-ERQ-In-NoScope In 1 D 8:* * * System * 28543 28547 . -
FPS-ICMP4-ERQ-In In 1 PU 8:* * L System * 28543 28547 . -
FPS-ICMP6-ERQ-In-NoScope In 58 D 128:* * * System * 28545 28547 . -
FPS-ICMP6-ERQ-In In 58 PU 128:* * L System * 28545 28547 . -
FPS-LLMNR-In-UDP In 17 * 5355 * L svchost.exe dnscache 28548 28549 . -
FPS-SMB-Out-TCP-NoScope Out 6 D * 445 * System * 28515 28518 . -
FPS-SMB-Out-TCP Out 6 PU * 445 L System * 28515 28518 . -
28672
FPS-SMB-In-TCP-V2 In 6 * 445 * * System * 28673 28674 . - 26100
FPS-RPCSS-In-TCP-V2 In 6 * RPC-EPMap * * svchost.exe Rpcss 28679 28680 . - 26100
FPS-SpoolSvc-In-TCP-V2 In 6 * RPC * * spoolsv.exe Spooler 28677 28678 . - 26100
FPS-ICMP4-ERQ-In-V2 In 1 * 8:* * * System * 28681 28685 . - 26100
FPS-ICMP6-ERQ-In-V2 In 58 * 128:* * * System * 28683 28685 . - 26100
FPS-LLMNR-In-UDP-V2 In 17 * 5355 * L svchost.exe dnscache 28686 28687 . - 26100
34251
WMI-RPCSS-In-TCP-NoScope In 6 D 135 * * svchost.exe rpcss 34252 34253 . -
WMI-RPCSS-In-TCP In 6 PU 135 * L svchost.exe rpcss 34252 34253 . -
WMI-WINMGMT-In-TCP-NoScope In 6 D * * * svchost.exe winmgmt 34254 34255 . -
WMI-WINMGMT-In-TCP In 6 PU * * L svchost.exe winmgmt 34254 34255 . -
WMI-ASYNC-In-TCP-NoScope In 6 D * * * %systemroot%\system32\wbem\unsecapp.exe * 34256 34257 . -
WMI-ASYNC-In-TCP In 6 PU * * L %systemroot%\system32\wbem\unsecapp.exe * 34256 34257 . -
WMI-WINMGMT-Out-TCP-NoScope Out 6 D * * * svchost.exe winmgmt 34258 34259 . -
WMI-WINMGMT-Out-TCP Out 6 PU * * L svchost.exe winmgmt 34258 34259 . -
30267
WINRM-HTTP-In-TCP-NoScope In 6 DP 5985 * * System * 30253 30256 . C-
WINRM-HTTP-In-TCP In 6 U 5985 * L System * 30253 30256 . C-
WINRM-HTTP-In-TCP In 6 DP 5985 * * System * 30253 30256 . Ss
WINRM-HTTP-In-TCP-PUBLIC In 6 U 5985 * L System * 30253 30256 . Ss
30252
WINRM-HTTP-Compat-In-TCP-NoScope In 6 D 80 * * System * 35001 35002 . -
WINRM-HTTP-Compat-In-TCP In 6 PU 80 * L System * 35001 35002 . -
29252
RemoteEventLogSvc-In-TCP-NoScope In 6 D RPC * * svchost.exe Eventlog 29253 29256 . -
RemoteEventLogSvc-In-TCP In 6 PU RPC * L svchost.exe Eventlog 29253 29256 . -
RemoteEventLogSvc-NP-In-TCP-NoScope In 6 D 445 * * System * 29257 29260 . -
RemoteEventLogSvc-NP-In-TCP In 6 PU 445 * L System * 29257 29260 . -
RemoteEventLogSvc-RPCSS-In-TCP-NoScope In 6 D RPC-EPMap * * svchost.exe RPCSS 29265 29268 . -
RemoteEventLogSvc-RPCSS-In-TCP In 6 PU RPC-EPMap * L svchost.exe RPCSS 29265 29268 . -
29502
RemoteSvcAdmin-In-TCP-NoScope In 6 D RPC * * services.exe * 29503 29506 . -
RemoteSvcAdmin-In-TCP In 6 PU RPC * L services.exe * 29503 29506 . -
RemoteSvcAdmin-NP-In-TCP-NoScope In 6 D 445 * * System * 29507 29510 . -
RemoteSvcAdmin-NP-In-TCP In 6 PU 445 * L System * 29507 29510 . -
RemoteSvcAdmin-RPCSS-In-TCP-NoScope In 6 D RPC-EPMap * * svchost.exe RPCSS 29515 29518 . -
RemoteSvcAdmin-RPCSS-In-TCP In 6 PU RPC-EPMap * L svchost.exe RPCSS 29515 29518 . -
33252
RemoteTask-In-TCP-NoScope In 6 D RPC * * svchost.exe schedule 33253 33256 . -
RemoteTask-In-TCP In 6 PU RPC * L svchost.exe schedule 33253 33256 . -
RemoteTask-RPCSS-In-TCP-NoScope In 6 D RPC-EPMap * * svchost.exe RPCSS 33257 33260 . -
RemoteTask-RPCSS-In-TCP In 6 PU RPC-EPMap * L svchost.exe RPCSS 33257 33260 . -
36751
Wininit-Shutdown-In-Rule-TCP-RPC In 6 * RPC * * %systemroot%\system32\wininit.exe * 36753 36754 . -
Wininit-Shutdown-In-Rule-TCP-RPC-EPMapper In 6 * RPC-EPMap * * %systemroot%\system32\wininit.exe * 36755 36756 . -
25000
CoreNet-DHCP-In In 17 * 68 67 * svchost.exe dhcp 25301 25303 . cs
CoreNet-DHCPV6-In In 17 * 546 547 * svchost.exe dhcp 25304 25306 . cs
CoreNet-ICMP6-NDS-In In 58 * 135:* * * System * 25019 25025 e cs
CoreNet-ICMP6-NDA-In In 58 * 136:* * * System * 25026 25032 e cs
CoreNet-ICMP6-PTB-In In 58 * 2:* * * System * 25001 25007 e cs
CoreNet-ICMP4-DUFRAG-In In 1 * 3:4 * * System * 25251 25257 . cs
CoreNet-IGMP-In In 2 * * * * System * 25376 25382 . cs
CoreNet-Teredo-In In 17 * Teredo * * svchost.exe iphlpsvc 25326 25332 . cs
CoreNet-DNS-Out-UDP Out 17 * * 53 * svchost.exe dnscache 25405 25406 . cs
CoreNet-GP-Out-TCP Out 6 D * * * svchost.exe gpsvc 25403 25404 . cs
"""
_PROFILES: Final = {"D": "Domain", "P": "Private", "U": "Public"}


def _read(table: str) -> tuple[Predefined, ...]:
    found = []
    group = ""
    for line in table.split("\n"):
        columns = line.split()
        if len(columns) == 1:
            group = columns[0]
        elif columns:
            found.append(_rule(group, columns))
    return tuple(found)


def _rule(group: str, columns: list[str]) -> Predefined:
    name, direction, protocol, profiles, local, remote, source, program, service, title, description, mark, on = columns[:13]
    icmp = {"1": "ICMP4", "58": "ICMP6"}.get(protocol)
    families = {"1": ("4",), "58": ("6",)}.get(protocol, ("4", "6"))
    fields = [("Action", "Allow"), ("Dir", direction), ("Protocol", protocol)]
    fields += [("Profile", _PROFILES[letter]) for letter in profiles if letter != "*"]
    fields += [(icmp or "LPort", local)] if local != "*" else []
    fields += [("RPort", remote)] if remote != "*" else []
    fields += [(f"RA{family}", "LocalSubnet") for family in families if source == "L"]
    fields.append(("App", program if program == "System" or "\\" in program else f"%SystemRoot%\\system32\\{program}"))
    fields += [("Svc", service)] if service != "*" else []
    library = LIBRARY.lower() if group == _LOWER else LIBRARY
    fields += [("Name", f"{library},-{title}"), ("Desc", f"{library},-{description}"), ("EmbedCtxt", f"{library},-{group}")]
    fields += [("Edge", "TRUE")] if mark in "Ee" else []
    fields += [("Defer", "App")] if mark == "E" else []
    return Predefined(
        id=name,
        group=group,
        fields=in_order(fields),
        on_client=None if on.startswith("S") else "c" in on,
        on_server=None if on.startswith("C") else "s" in on,
        since=int(columns[13]) if len(columns) > 13 else 0,
    )


PREDEFINED: Final = _read(_TABLE)


def of_windows(is_server: bool, build: int, version: tuple[int, int]) -> dict[str, RuleText]:
    """The rules that an installation has, by id."""
    found = {}
    for rule in PREDEFINED:
        on = rule.on_server if is_server else rule.on_client
        if on is not None and build >= rule.since:
            found[rule.id] = RuleText(version, in_order([*rule.fields, ("Active", "TRUE" if on else "FALSE")]))
    return found


def group_number(text: str) -> str | None:
    """The number of a group by its English title or its resource string; None where it is none of these."""
    by_title = {title.lower(): number for title, number in GROUPS.items()}
    number = text.rpartition(",-")[2]
    return by_title.get(text.lower()) or (number if number in GROUPS.values() else None)
