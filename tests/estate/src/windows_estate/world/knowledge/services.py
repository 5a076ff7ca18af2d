# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services of Windows that own ports or filter them, and who listens where. Process ids are made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from windows_estate.world.network import Listener

SVCHOST: Final = "%SystemRoot%\\system32\\svchost.exe"
SSHD: Final = "%SystemRoot%\\System32\\OpenSSH\\sshd.exe"
REMOTE_CONTROL: Final = "C:\\Windows\\CCM\\RemCtrl\\CmRcService.exe"


@dataclass(frozen=True)
class Service:
    name: str
    display_name: str
    path: str
    start_mode: str = "Auto"
    running: bool = True
    process: int = 0
    account: str = "LocalSystem"


def _shared(name: str, display_name: str, group: str, process: int, start_mode: str = "Auto", running: bool = True) -> Service:
    return Service(name, display_name, f"C:\\Windows\\system32\\svchost.exe -k {group}", start_mode, running, process)


SERVICES: Final = (
    _shared("MpsSvc", "Windows Defender Firewall", "LocalServiceNoNetworkFirewall -p", 1820),
    _shared("BFE", "Base Filtering Engine", "LocalServiceNoNetworkFirewall -p", 1820),
    _shared("RpcSs", "Remote Procedure Call (RPC)", "rpcss -p", 940),
    _shared("RpcEptMapper", "RPC Endpoint Mapper", "RPCSS -p", 940),
    _shared("DcomLaunch", "DCOM Server Process Launcher", "DcomLaunch -p", 880),
    _shared("Dnscache", "DNS Client", "NetworkService -p", 1500),
    _shared("Dhcp", "DHCP Client", "LocalServiceNetworkRestricted -p", 1240),
    _shared("EventLog", "Windows Event Log", "LocalServiceNetworkRestricted -p", 1252),
    _shared("Schedule", "Task Scheduler", "netsvcs -p", 1348),
    _shared("LanmanServer", "Server", "smbsvcs", 2260),
    _shared("Winmgmt", "Windows Management Instrumentation", "netsvcs -p", 1352),
    _shared("WinRM", "Windows Remote Management (WS-Management)", "NetworkService -p", 2410),
    _shared("TermService", "Remote Desktop Services", "NetworkService -s TermService", 1180, "Manual"),
    _shared("SessionEnv", "Remote Desktop Configuration", "netsvcs -p", 0, "Manual", False),
    Service("Spooler", "Print Spooler", "C:\\Windows\\System32\\spoolsv.exe", process=2100),
)
SSH_SERVER: Final = Service("sshd", "OpenSSH SSH Server", "C:\\Windows\\System32\\OpenSSH\\sshd.exe", process=3020)
REMOTE_CONTROL_SERVICE: Final = Service("CmRcService", "Configuration Manager Remote Control", REMOTE_CONTROL, process=4120)

# Who listens on every Windows. What RPC gave out begins at 49152.
LISTENERS: Final = (
    Listener(6, 135, SVCHOST, "RpcSs", 940),
    Listener(6, 139),
    Listener(6, 445),
    Listener(17, 137),
    Listener(17, 138),
    Listener(6, 47001),
    Listener(6, 49664, "%SystemRoot%\\system32\\lsass.exe", None, 720, rpc=True),
    Listener(6, 49665, "%SystemRoot%\\system32\\wininit.exe", None, 640, rpc=True),
    Listener(6, 49666, SVCHOST, "EventLog", 1252, rpc=True),
    Listener(6, 49667, SVCHOST, "Schedule", 1348, rpc=True),
    Listener(6, 49668, "%SystemRoot%\\system32\\spoolsv.exe", "Spooler", 2100, rpc=True),
    Listener(6, 49669, "%SystemRoot%\\system32\\services.exe", None, 700, rpc=True),
    Listener(6, 49670, SVCHOST, "Winmgmt", 1352, rpc=True),
)
# Who it is on some, where a file names only the port.
KNOWN_LISTENERS: Final = {
    22: Listener(6, 22, SSHD, "sshd", 3020),
    2701: Listener(6, 2701, REMOTE_CONTROL, "CmRcService", 4120),
    3389: Listener(6, 3389, SVCHOST, "TermService", 1180),
    5900: Listener(6, 5900, "C:\\Program Files\\TightVNC\\tvnserver.exe", "tvnserver", 5212),
}
