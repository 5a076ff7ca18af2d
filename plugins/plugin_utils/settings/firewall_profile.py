# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state of the firewall itself: its service, and each of its profiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_changes import profile_change
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_exception import FirewallSetting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_reach import Reach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.firewall_words import STORES, mend_state, several
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile


@dataclass(frozen=True)
class ProfileWanted:
    """That a profile is on and blocks what no rule admits; of the log what is not None. The size of the log is the least that is enough."""

    log_dropped: bool | None = None
    log_successful: bool | None = None
    log_size_kb: int | None = None


@dataclass(frozen=True)
class _Option:
    """An option as the registry names it, with the value that is wanted and words for people."""

    name: str
    title: str
    wanted: int
    choice: str
    at_least: bool = False

    def is_met(self, value: object) -> bool:
        return isinstance(value, int) and (value >= self.wanted if self.at_least else value == self.wanted)


_WORDS = {
    "EnableFirewall": {0: "off", 1: "on"},
    "DefaultInboundAction": {0: "allowed", 1: "blocked"},
    "LogDroppedPackets": {0: "off", 1: "on"},
    "LogSuccessfulConnections": {0: "off", 1: "on"},
}


@dataclass(frozen=True)
class FirewallProfile(FirewallSetting):
    """One profile: what is in force of it. Wanted: a ProfileWanted."""

    kind: ClassVar[str] = "firewall_profile"
    profile: Profile

    @property
    def key(self) -> str:
        return f"firewall_profile:{self.profile}"

    def evidence(self, reach: Reach) -> Iterable[str]:
        for name in (*_WORDS, "LogFileSize"):
            origin = reach.firewall.origin(self.profile, name)
            where = f"{STORES[origin]} store" if origin else "default"
            yield f"profile {self.profile}: {name} = {reach.firewall.setting(self.profile, name)} ({where})"

    def assess(self, observation: Observation, wanted: ProfileWanted) -> Assessment:
        reach: Reach = observation.value
        options = list(_options(wanted))
        expected = f"profile {self.profile}: {several((f'{each.title} {_say(each.name, each.wanted)}' for each in options), ', ')}"
        wrong = [each for each in options if not each.is_met(reach.firewall.setting(self.profile, each.name))]
        if not wrong:
            return Assessment(Status.COMPLIANT, expected, expected)
        actual = several(
            f"profile {self.profile}: {each.title} {_say(each.name, reach.firewall.setting(self.profile, each.name))}"
            f"{_where(reach, self.profile, each.name)}"
            for each in wrong
        )
        decided = [each for each in wrong if reach.firewall.origin(self.profile, each.name) in ("group_policy", "mdm")]
        changes = [profile_change(self.profile, each.name, each.wanted, reach.state) for each in wrong if each not in decided]
        # The cmdlets talk to the service, and fail without it.
        writable = reach.state.service_running is not False
        differences = tuple(change for change in changes if change is not None and writable)
        if decided:
            remedy = " ".join(
                mend_state(reach.firewall.origin(self.profile, each.name) or "group_policy", self.profile, each.choice) for each in decided
            )
            return Assessment(Status.CONFLICT, expected, actual, differences, remedy=remedy)
        remedy = f"Windows Defender Firewall with Advanced Security > Properties: {several((each.choice for each in wrong), ', ')}."
        return Assessment(Status.DRIFT, expected, actual, differences, remedy=remedy)


def _options(wanted: ProfileWanted) -> Iterator[_Option]:
    yield _Option("EnableFirewall", "firewall", 1, "set Firewall state to On")
    yield _Option("DefaultInboundAction", "inbound connections that no rule allows", 1, "set Inbound connections to Block (default)")
    if wanted.log_dropped is not None:
        yield _log("LogDroppedPackets", "log of dropped packets", wanted.log_dropped)
    if wanted.log_successful is not None:
        yield _log("LogSuccessfulConnections", "log of successful connections", wanted.log_successful)
    if wanted.log_size_kb is not None:
        choice = f"set Logging > Customize > Size limit (KB) to {wanted.log_size_kb}"
        yield _Option("LogFileSize", "size of the log", wanted.log_size_kb, choice, at_least=True)


def _log(name: str, title: str, wanted: bool) -> _Option:
    return _Option(name, title, int(wanted), f"set Logging > Customize > {title} to {'Yes' if wanted else 'No'}")


def _say(name: str, value: object) -> str:
    if name == "LogFileSize":
        return f"{value} KB"
    return _WORDS[name].get(value, str(value)) if isinstance(value, int) else str(value)


def _where(reach: Reach, profile: Profile, name: str) -> str:
    origin = reach.firewall.origin(profile, name)
    return f" ({STORES[origin]})" if origin else " (Windows' default)"


@dataclass(frozen=True)
class FirewallService(FirewallSetting):
    """That the firewall's service runs: without it nothing is enforced. Only judged. Wanted: None."""

    kind: ClassVar[str] = "firewall_service"

    @property
    def key(self) -> str:
        return "firewall_service"

    def evidence(self, reach: Reach) -> Iterable[str]:  # noqa: ARG002 stands in what is read
        return ()

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 there is one good state only
        reach: Reach = observation.value
        running = reach.state.service_running
        expected = "the firewall service MpsSvc is running"
        if running is None:
            return Assessment(
                Status.INDETERMINATE, expected, "whether the firewall service runs could not be told", code=Code.FIREWALL_IN_DOUBT
            )
        if running:
            return Assessment(Status.COMPLIANT, expected, expected)
        remedy = "Start the service MpsSvc and set its start type to Automatic; find out who stopped it."
        return Assessment(Status.DRIFT, expected, "the firewall service MpsSvc is not running", remedy=remedy)
