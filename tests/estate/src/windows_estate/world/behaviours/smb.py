# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMB server of a host: its configuration, which is in the registry, and its shares, which are in the state.

Classes and properties: their pages [H]. What an installation requires differs by Windows: domain controllers and Windows 11 from 24H2 on
require signing of whoever connects, others do not [H]. That a value of the registry counts at once is a decision of the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from windows_estate.machine import Machine, NameDict, fold
from windows_estate.machine.wmi import Properties

NAMESPACE: Final = "root\\Microsoft\\Windows\\SMB"
CONFIGURATION: Final = "MSFT_SmbServerConfiguration"
SHARE: Final = "MSFT_SmbShare"
PARAMETERS: Final = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanManServer\\Parameters"
REQUIRE_SIGNING: Final = "RequireSecuritySignature"
# Property -> value of the registry, where the server's configuration is kept.
VALUES: Final = {
    REQUIRE_SIGNING: REQUIRE_SIGNING,
    "EnableSecuritySignature": "EnableSecuritySignature",
    "EncryptData": "EncryptData",
    "RejectUnencryptedAccess": "RejectUnencryptedAccess",
    "EnableSMB1Protocol": "SMB1",
    "EnableSMB2Protocol": "SMB2",
    "AutoShareServer": "AutoShareServer",
    "AutoShareWorkstation": "AutoShareWks",
}
_OTHERS: Final = {"AnnounceServer": False, "EnableLeasing": True, "EnableMultiChannel": True, "ServerHidden": True}
_SHARE: Final = {
    **dict.fromkeys(("Name", "ScopeName", "Path", "Volume", "Description", "SecurityDescriptor"), "string"),
    **dict.fromkeys(("Scoped", "Special", "Temporary", "ShadowCopy", "EncryptData", "ContinuouslyAvailable"), "boolean"),
    **dict.fromkeys(("ShareType", "ConcurrentUserLimit", "CurrentUsers", "FolderEnumerationMode", "CachingMode", "CATimeout"), "uint32"),
    **dict.fromkeys(("ShareState", "SmbInstance", "AvailabilityType"), "uint32"),
}
_ONLINE: Final = 1
_WORKSTATION: Final = 1
_DOMAIN_CONTROLLER: Final = 2
_SIGNS: Final = 26100
_SERVER_2019: Final = 17763


@dataclass(frozen=True)
class SmbOptions:
    """What of the server's configuration is set, None for what Windows has; and more shares: name, path, whether they encrypt."""

    require_signing: bool | None = None
    encrypt: bool | None = None
    reject_unencrypted: bool | None = None
    smb1: bool | None = None
    shares: tuple[tuple[str, str, bool], ...] = ()

    @property
    def values(self) -> dict[str, bool]:
        found = {
            REQUIRE_SIGNING: self.require_signing,
            "EncryptData": self.encrypt,
            "RejectUnencryptedAccess": self.reject_unencrypted,
            "EnableSMB1Protocol": self.smb1,
        }
        return {name: value for name, value in found.items() if value is not None}


def install(machine: Machine, options: SmbOptions | None = None) -> None:
    """The classes, the shares of every Windows unless the state has shares, and what the options say."""
    options = options or SmbOptions()
    machine.wmi.add_namespace(NAMESPACE)
    properties = dict.fromkeys((*VALUES, *_OTHERS), "boolean")
    machine.provide(NAMESPACE, CONFIGURATION, properties, lambda asked: [configuration(asked)], key=[REQUIRE_SIGNING])
    known = NameDict((machine.wmi.namespaces.get(NAMESPACE) or {}).get("classes") or {})
    if SHARE not in known:
        machine.wmi.define(NAMESPACE, SHARE, _SHARE, key=("Name", "ScopeName"))
    if not machine.wmi.find(NAMESPACE, SHARE):
        for name, path, kind in (("ADMIN$", "C:\\Windows", 0), ("C$", "C:\\", 0), ("IPC$", "", 3)):
            add_share(machine, name, path, special=True, kind=kind)
    if machine.product_type == _DOMAIN_CONTROLLER:
        machine.registry.set(PARAMETERS, REQUIRE_SIGNING, "dword", 1)
    for name, value in options.values.items():
        set_value(machine, name, value)
    for name, path, encrypts in options.shares:
        add_share(machine, name, path, encrypt=encrypts)


def configuration(machine: Machine) -> Properties:
    """The server's configuration as it is in effect."""
    found: Properties = dict(_OTHERS)
    usual = _defaults(machine)
    for name, value in VALUES.items():
        stored = machine.registry.data(PARAMETERS, value)
        found[name] = usual[name] if stored is None else bool(stored)
    return found


def set_value(machine: Machine, name: str, value: bool) -> None:
    """One property of the configuration, by its name in the class."""
    machine.registry.set(PARAMETERS, VALUES[name], "dword", int(value))


def add_share(machine: Machine, name: str, path: str, *, special: bool = False, kind: int = 0, encrypt: bool = False) -> None:
    """A share, and its folder; one that is there stays."""
    if share(machine, name) is not None:
        return
    if path and not path.endswith(":\\"):
        machine.state.setdefault("folders", {}).setdefault(path, {})
    row: dict[str, Any] = {
        "Name": name,
        "ScopeName": "*",
        "Path": path,
        "Description": "",
        "Scoped": False,
        "Special": special,
        "Temporary": False,
        "ShadowCopy": False,
        "EncryptData": encrypt,
        "ContinuouslyAvailable": False,
        "ShareType": kind,
        "ConcurrentUserLimit": 0,
        "CurrentUsers": 0,
        "FolderEnumerationMode": 1,
        "CachingMode": 1,
        "CATimeout": 0,
        "ShareState": _ONLINE,
        "SmbInstance": 0,
        "AvailabilityType": 0,
    }
    machine.wmi.add(NAMESPACE, SHARE, row)


def shares(machine: Machine) -> list[NameDict]:
    return machine.wmi.find(NAMESPACE, SHARE)


def share(machine: Machine, name: str) -> NameDict | None:
    return next((one for one in shares(machine) if fold(str(one.get("Name"))) == fold(name)), None)


def remove_share(machine: Machine, name: str) -> None:
    """The folder stays."""
    machine.wmi.delete(NAMESPACE, SHARE, Name=name)


def _defaults(machine: Machine) -> dict[str, bool]:
    parts = machine.build.split(".")
    build = int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else 0
    client = machine.product_type == _WORKSTATION
    return {
        REQUIRE_SIGNING: client and build >= _SIGNS,
        "EnableSecuritySignature": False,
        "EncryptData": False,
        "RejectUnencryptedAccess": True,
        "EnableSMB1Protocol": not client and 0 < build < _SERVER_2019,
        "EnableSMB2Protocol": True,
        "AutoShareServer": True,
        "AutoShareWorkstation": True,
    }
