# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read of a host's firewall, and the firewall that the answers tell of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, HostFacts, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_stores import Stores, read_stores, store_reads
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import (
    network_reads,
    read_network,
    rows_of,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.evaluate import Firewall
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Unparsed
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import FirewallState, Store

_SERVICE = rows_of("root\\cimv2", "Win32_Service", ("Name", "State", "StartMode"), "Name = 'MpsSvc'")
_PRODUCTS = rows_of("root\\SecurityCenter2", "FirewallProduct", ("displayName",))
_SYSTEM = Operation.of("registry.read", key="HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", names=["SystemRoot"])
_PROGRAMS = Operation.of(
    "registry.read", key="HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion", names=["ProgramFilesDir", "ProgramFilesDir (x86)"]
)

_STORE_WORDS: Mapping[Store, str] = {"local": "local store", "group_policy": "Group Policy", "mdm": "MDM"}


@dataclass(frozen=True)
class FirewallReading:
    """A host's firewall as it was read. Either C(state) or C(problem) is set.

    C(products): other firewalls that are registered. C(start_mode): how the firewall service starts, where that is known.
    """

    state: FirewallState | None
    problem: Problem | None = None
    evidence: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    start_mode: str | None = None

    @cached_property
    def firewall(self) -> Firewall | None:
        """What can be asked who gets in; None where there is a problem."""
        return None if self.state is None else Firewall(self.state)

    @property
    def adapters(self) -> Mapping[str, str]:
        """The GUID of every adapter by its alias, also of those that are down."""
        return {} if self.state is None else self.state.adapters


def firewall_reads() -> tuple[Operation, ...]:
    """All that has to be read to judge who gets in; a setting that judges or writes the firewall has these reads."""
    return (*store_reads(), *network_reads(), _SERVICE, _PRODUCTS, _SYSTEM, _PROGRAMS)


def listening_read() -> Operation:
    """Who waits for TCP connections: rows with LocalAddress and LocalPort."""
    return rows_of("root\\StandardCimv2", "MSFT_NetTCPConnection", ("LocalAddress", "LocalPort"), "State = 2")


def read_firewall(answers: Answers) -> FirewallReading:
    """The firewall that the answers tell of; worked out once for the same answers, however many settings ask."""
    return answers.once(_read)


def _read(answers: Answers) -> FirewallReading:
    stores, network = read_stores(answers), read_network(answers)
    if isinstance(stores, Problem):
        return FirewallReading(None, stores)
    if isinstance(network, Problem):
        return FirewallReading(None, network)
    for operation in (_SYSTEM, _PROGRAMS):
        failure = answers[operation].failure
        if failure:
            return FirewallReading(None, Problem.from_failure(failure, str(operation.fields["key"])))
    service = answers[_SERVICE]
    row = service.data["rows"][0] if service.ok and service.data["rows"] else {}
    products = answers[_PRODUCTS]
    names = tuple(str(product.get("displayName")) for product in products.data["rows"]) if products.ok else ()
    state = FirewallState(
        stores=stores.stores,
        interfaces=network.interfaces,
        service_running=row["State"] == "Running" if row.get("State") else None,
        other_firewall=bool(names) if products.ok else _unregistered(answers),
        version=_version(answers.host),
        variables=_variables(answers),
        adapters=network.adapters,
    )
    evidence = (*_evidence(stores), *network.evidence, f"the service MpsSvc is {row.get('State', 'not to be found')}", *_products(names))
    return FirewallReading(state, None, evidence, (*network.caveats, *_caveats(state)), names, row.get("StartMode"))


def _unregistered(answers: Answers) -> bool | None:
    """Servers have no Security Center and so no other product is registered there; on a client it is not known."""
    failure = answers[_PRODUCTS].failure
    absent = failure is not None and failure.kind in ("unsupported", "not_found")
    return False if absent and answers.host.is_server else None


def _version(host: HostFacts) -> tuple[int, int] | None:
    parts = host.build.split(".")
    return (int(parts[0]), int(parts[1])) if len(parts) >= 2 and parts[0].isdigit() and parts[1].isdigit() else None


def _variables(answers: Answers) -> dict[str, str]:
    """The variables that rules use; a host that does not say otherwise has Windows where Windows is by default."""
    system = answers[_SYSTEM].data["values"].get("SystemRoot", {}).get("data") or "C:\\Windows"
    programs = answers[_PROGRAMS].data["values"]
    drive = system[:2]
    return {
        "SYSTEMROOT": system,
        "WINDIR": system,
        "SYSTEMDRIVE": drive,
        "PROGRAMFILES": programs.get("ProgramFilesDir", {}).get("data") or f"{drive}\\Program Files",
        "PROGRAMFILES(X86)": programs.get("ProgramFilesDir (x86)", {}).get("data") or f"{drive}\\Program Files (x86)",
    }


def _evidence(stores: Stores) -> tuple[str, ...]:
    lines = []
    for store, state in stores.stores.items():
        broken = [rule for rule in state.rules if isinstance(rule, Unparsed)]
        more = f", of which {len(broken)} cannot be read" if broken else ""
        if state.rules or store == "local":
            lines.append(f"{_STORE_WORDS[store]}: {len(state.rules)} firewall rules{more}")
    if stores.restricted:
        lines.append(f"rules of service hardening and of app containers are not merged: {', '.join(stores.restricted)}")
    return tuple(lines)


def _products(names: tuple[str, ...]) -> tuple[str, ...]:
    return (f"another firewall is registered: {', '.join(names)}",) if names else ()


def _caveats(state: FirewallState) -> tuple[str, ...]:
    found = []
    local = state.stores["local"]
    if any("AllowLocalPolicyMerge" in options for options in local.profiles.values()):
        found.append("AllowLocalPolicyMerge in the local store has no effect, as only Group Policy's counts")
    mdm = state.stores["mdm"]
    if mdm.rules or mdm.profiles:
        found.append("where MDM keeps its firewall rules is not documented")
    if state.service_running is False:
        found.append("that nothing is enforced while the firewall service is stopped is documented and unproven")
    return tuple(found)
