# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows Firewall of one host: its cmdlets, its network in WMI, and who gets through."""

from __future__ import annotations

from typing import Final

from windows_estate.machine import Machine
from windows_estate.world.behaviours import network_wmi
from windows_estate.world.behaviours.firewall import cmdlets, places
from windows_estate.world.behaviours.firewall.decision import TCP, Decision, Filter, Packet
from windows_estate.world.knowledge.firewall_rules import of_windows
from windows_estate.world.knowledge.firewall_versions import rule_version
from windows_estate.world.network import Network

SECURITY_CENTER: Final = "root\\SecurityCenter2"
_PRODUCT: Final = {
    **dict.fromkeys(("displayName", "instanceGuid", "pathToSignedProductExe", "pathToSignedReportingExe", "timestamp"), "string"),
    "productState": "uint32",
}
_LOG_FILE: Final = "%systemroot%\\system32\\LogFiles\\Firewall\\pfirewall.log"
_WORKSTATION: Final = 1


class WindowsFirewall:
    """`network` may be replaced while the host runs: WMI and decisions follow. `products`: other firewalls that are registered."""

    def __init__(self, machine: Machine, network: Network, products: tuple[str, ...] = ()) -> None:
        self.machine = machine
        self.network = network
        self.products = products

    def install(self, domain: str = "") -> None:
        """The cmdlets and what WMI tells. Security Center is on clients only."""
        cmdlets.install(self.machine)
        network_wmi.install(self.machine, lambda: self.network, domain)
        if self.machine.product_type == _WORKSTATION:
            self.machine.provide(SECURITY_CENTER, "FirewallProduct", _PRODUCT, lambda _: self._registered(), key=["instanceGuid"])

    def install_defaults(self) -> None:
        """The rules and settings of a fresh installation, as far as the estate knows them."""
        machine = self.machine
        registry, is_server = machine.registry, machine.product_type != _WORKSTATION
        version = rule_version(machine.build)
        registry.set(places.LOCAL, "PolicyVersion", "dword", version[0] * 256 + version[1])
        for name, rule in of_windows(is_server, int(machine.build.split(".")[2]), version).items():
            registry.set(places.rules_key("local"), name, "sz", str(rule))
        for name in places.PROFILE_KEYS["local"].values():
            key = f"{places.LOCAL}\\{name}"
            registry.set(key, "EnableFirewall", "dword", 1)
            registry.set(key, "DisableNotifications", "dword", int(is_server))
            for value, number in (("LogDroppedPackets", 0), ("LogSuccessfulConnections", 0), ("LogFileSize", 4096)):
                registry.set(f"{key}\\Logging", value, "dword", number)
            registry.set(f"{key}\\Logging", "LogFilePath", "sz", _LOG_FILE)

    def decide(self, packet: Packet) -> Decision:
        """What happens to one packet that comes in."""
        with self.machine.held():
            return Filter(self.machine, self.network, self.products).decide(packet)

    def admits_controller(self) -> bool:
        """Whether the controller may connect to the management port; http.sys listens there for WinRM, program System and no service."""
        if self.network.controller is None:
            return True
        return self.decide(Packet(self.network.controller, TCP, self.network.management_port, program="System")).allowed

    def _registered(self) -> list[dict[str, object]]:
        return [
            {"displayName": name, "instanceGuid": f"{{{number:08X}-5AFE-4B1D-9C0E-3D2F6A7B8C9D}}", "productState": 266256}
            for number, name in enumerate(self.products, 1)
        ]
