# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds of a profile's options when every store has its say: the merge laws of MS-FASP 2.2.38, option by option.

The specification knows the local store and Group Policy's. How MDM's values join is not told by it: they count as policy here, behind
Group Policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Profile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Options, OptionValue, Store, StoreState


class Law(str, Enum):
    """Who wins where several stores say something."""

    POLICY_FIRST = "policy_first"
    ON_WINS = "on_wins"
    # A local value is inert.
    POLICY_ONLY = "policy_only"


class Option(NamedTuple):
    """An option's law, and what Windows takes where no store says anything (MS-FASP 2.2.43 note 13)."""

    law: Law
    default: OptionValue


OPTIONS: Mapping[str, Option] = {
    "EnableFirewall": Option(Law.POLICY_FIRST, 1),
    "DisableStealthMode": Option(Law.POLICY_FIRST, 0),
    "DisableStealthModeIPsecSecuredPacketExemption": Option(Law.POLICY_FIRST, 1),
    "DoNotAllowExceptions": Option(Law.ON_WINS, 0),
    "DisableUnicastResponsesToMulticastBroadcast": Option(Law.POLICY_FIRST, 0),
    "LogDroppedPackets": Option(Law.ON_WINS, 0),
    "LogSuccessfulConnections": Option(Law.ON_WINS, 0),
    "LogIgnoredRules": Option(Law.ON_WINS, 1),
    "LogFileSize": Option(Law.POLICY_FIRST, 1024),
    # A text, as a tuple of one; an empty tuple for the path that Windows takes by itself.
    "LogFilePath": Option(Law.POLICY_FIRST, ()),
    "DisableNotifications": Option(Law.POLICY_FIRST, 0),
    "AuthorizedApplicationsAllowUserPrefMerge": Option(Law.POLICY_FIRST, 1),
    "GloballyOpenPortsAllowUserPrefMerge": Option(Law.POLICY_FIRST, 1),
    "AllowLocalPolicyMerge": Option(Law.POLICY_ONLY, 1),
    "AllowLocalIPsecPolicyMerge": Option(Law.POLICY_ONLY, 1),
    "DisabledInterfaces": Option(Law.POLICY_FIRST, ()),
    "DefaultOutboundAction": Option(Law.POLICY_FIRST, 0),
    "DefaultInboundAction": Option(Law.POLICY_FIRST, 1),
}

# The order in which they are asked.
_STORES: tuple[Store, ...] = ("group_policy", "mdm", "local")


def options_of(store: StoreState, profile: Profile) -> Options:
    """What a store says of a profile. Its StandardProfile stands for private and public unless either has a key (MS-GPFAS 2.2.3)."""
    if profile != "domain" and store.standard is not None and not {"private", "public"} & store.profiles.keys():
        return store.standard
    return store.profiles.get(profile, {})


class Settings:
    """The options of all profiles on a host."""

    def __init__(self, stores: Mapping[Store, StoreState]) -> None:
        self._stores = stores
        self._decided: dict[tuple[Profile, str], tuple[OptionValue, Store | None]] = {}

    def value(self, profile: Profile, option: str) -> OptionValue:
        """What is in force; a KeyError for an option that is none of OPTIONS."""
        return self._decision(profile, option)[0]

    def origin(self, profile: Profile, option: str) -> Store | None:
        """The store that decides it; None where none says anything, so that Windows' default holds."""
        return self._decision(profile, option)[1]

    def _decision(self, profile: Profile, option: str) -> tuple[OptionValue, Store | None]:
        known = self._decided.get((profile, option))
        if known is None:
            known = self._decided[profile, option] = _decide(self._stores, profile, option)
        return known


def _decide(stores: Mapping[Store, StoreState], profile: Profile, option: str) -> tuple[OptionValue, Store | None]:
    law, default = OPTIONS[option]
    said = [(value, store) for store, value in _said(stores, profile, option) if law is not Law.POLICY_ONLY or store != "local"]
    if not said:
        return default, None
    if law is Law.ON_WINS:
        return next((each for each in said if each[0]), said[0])
    return said[0]


def _said(stores: Mapping[Store, StoreState], profile: Profile, option: str) -> Iterator[tuple[Store, OptionValue]]:
    for name in _STORES:
        store = stores.get(name)
        if store is not None:
            options = options_of(store, profile)
            if option in options:
                yield name, options[option]
