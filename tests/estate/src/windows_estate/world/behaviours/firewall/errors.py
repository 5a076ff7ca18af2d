# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What NetSecurity's cmdlets say when they fail.

Confidence: the texts for a stopped service (Windows System Error 1753), an unknown rule (CmdletizationQuery_NotFound), an address, a port
keyword and a program are seen in public reports [H]. Other texts, and which kind of error an existing id and an unknown interface are, are
decisions. `code` of a CimException is its NativeErrorCode (MI_Result).
"""

from __future__ import annotations

from windows_estate.machine import HostError

FAILED = 1
ACCESS_DENIED = 2
INVALID_PARAMETER = 4
ALREADY_EXISTS = 11
# What a .NET exception of PowerShell's own has for an HRESULT.
SYSTEM_EXCEPTION = -2146233087


def service_stopped() -> HostError:
    return HostError("failed", "There are no more endpoints available from the endpoint mapper.", FAILED)


def access_denied() -> HostError:
    return HostError("access_denied", "Access is denied.", ACCESS_DENIED)


def exists() -> HostError:
    return HostError("failed", "Cannot create a file when that file already exists.", ALREADY_EXISTS)


def not_found(class_name: str, property_name: str, value: str) -> HostError:
    text = f"No {class_name} objects found with property '{property_name}' equal to '{value}'. Verify the value of the property and retry."
    return HostError("not_found", text, SYSTEM_EXCEPTION)


def wrong(text: str) -> HostError:
    """Windows refuses the values."""
    return HostError("invalid", text, INVALID_PARAMETER)


def unbound(text: str) -> HostError:
    """PowerShell cannot bind the parameters."""
    return HostError("invalid", text, SYSTEM_EXCEPTION)


ADDRESS = (
    "The address is invalid. Addresses may be specified as IP addresses, ranges, or subnets. Also, the following address keywords are "
    "allowed in certain places: LocalSubnet, DNS, DHCP, WINS, DefaultGateway, Internet, Intranet, IntranetRemoteAccess, PlayToDevice. "
    "Keywords can be restricted to IPv4 or IPv6 by appending a 4 or 6."
)
PORT = "The port is invalid."
PORT_KEYWORD = "One of the port keywords is invalid."
PORT_PROTOCOL = "Ports can be specified for the protocols TCP and UDP only."
ICMP = "The ICMP type is invalid."
ICMP_PROTOCOL = "ICMP types can be specified for the protocols ICMPv4 and ICMPv6 only."
PROTOCOL = "The protocol is invalid."
PROGRAM = "The application contains invalid characters, or is an invalid length."
NAME = "The name, the description or the group contains invalid characters, or is an invalid length."
EDGE = "Edge traversal can be allowed on inbound rules only."
ACTION = "The action is invalid."
