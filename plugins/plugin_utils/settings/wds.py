# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Windows Deployment Services is told about the interfaces that it answers PXE on.

BindPolicy 0 answers on all interfaces but those listed, 1 on those listed only; entries are MAC:<hardware address> or IP:<address>. One
that no adapter has makes the service start, log an event, and stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_adapter import Adapter
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import plain_address
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.mac import digits

_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\WDSServer\\Providers\\WDSPXE"
READ_WDS = Operation.of("registry.read", key=_KEY, names=["BindPolicy", "BindInterfaces"])
EXCLUDE, INCLUDE = 0, 1


@dataclass(frozen=True)
class WdsBinding:
    """Both are None where the value is not there; C(policy) is a text where it is no number."""

    policy: Json = None
    interfaces: tuple[str, ...] | None = None

    @property
    def said(self) -> bool:
        """Whether anything is said at all."""
        return self.policy is not None or bool(self.interfaces)

    @property
    def words(self) -> str:
        listed = "absent" if self.interfaces is None else f"[{', '.join(self.interfaces)}]"
        return f"BindPolicy = {'absent' if self.policy is None else self.policy}, BindInterfaces = {listed}"

    def to_data(self) -> dict[str, Json]:
        return {"policy": self.policy, "interfaces": None if self.interfaces is None else list(self.interfaces)}

    @staticmethod
    def from_data(data: Mapping[str, Json]) -> WdsBinding:
        interfaces = data["interfaces"]
        return WdsBinding(_policy(data["policy"]), None if interfaces is None else tuple(str(text) for text in interfaces))


def read_wds(answers: Answers) -> WdsBinding | Problem:
    answer = answers[READ_WDS]
    if answer.failure:
        return Problem.from_failure(answer.failure, _KEY)
    values = answer.data["values"]
    interfaces = values.get("BindInterfaces")
    listed = None if interfaces is None else interfaces["data"]
    if isinstance(listed, str):
        listed = [listed]
    return WdsBinding(_policy(values["BindPolicy"]["data"]) if "BindPolicy" in values else None, None if listed is None else tuple(listed))


def _policy(data: Json) -> Json:
    return data if data is None or isinstance(data, int) else str(data)


@dataclass(frozen=True)
class WdsInterfaces:
    """C(adapters): where WDS answers. C(unknown): entries that no adapter has."""

    adapters: tuple[Adapter, ...]
    unknown: tuple[str, ...]


def interfaces_of(binding: WdsBinding, adapters: Sequence[Adapter]) -> WdsInterfaces | None:
    """Where WDS answers; None where the policy is none that is documented."""
    policy = EXCLUDE if binding.policy is None else binding.policy
    if policy not in (EXCLUDE, INCLUDE) or isinstance(policy, bool):
        return None
    entries = {entry: [adapter for adapter in adapters if _names(entry, adapter)] for entry in binding.interfaces or ()}
    unknown = tuple(entry for entry, found in entries.items() if not found)
    named = {adapter.mac for found in entries.values() for adapter in found}
    usable = [adapter for adapter in adapters if not adapter.trouble]
    return WdsInterfaces(tuple(adapter for adapter in usable if (adapter.mac in named) == (policy == INCLUDE)), unknown)


def _names(entry: str, adapter: Adapter) -> bool:
    kind, _colon, rest = entry.partition(":")
    if kind.strip().casefold() == "mac":
        return digits(rest) == adapter.mac
    try:
        return kind.strip().casefold() == "ip" and adapter.has(plain_address(rest.strip()))
    except ValueError:
        return False
