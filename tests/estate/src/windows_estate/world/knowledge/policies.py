# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The administrative templates that an estate file can name, and what each setting puts into a Registry.pol.

Keys, names and numbers are those of RemoteAssistance.admx and GroupPolicy.admx, checked in a test against the reference data where it is
at hand. Every key is below HKLM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from windows_estate.world.preg import PolicyEntry
from windows_estate.world.words.reader import Fields, WordsError, shown

TERMINAL_SERVICES: Final = "Software\\policies\\Microsoft\\Windows NT\\Terminal Services"
SYSTEM_POLICIES: Final = "Software\\Policies\\Microsoft\\Windows\\System"
REGISTRY_EXTENSION: Final = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}"
REGISTRY_PROCESSING: Final = f"Software\\Policies\\Microsoft\\Windows\\Group Policy\\{REGISTRY_EXTENSION}"


@dataclass(frozen=True)
class Option:
    """One field of an enabled setting. `choices`: word -> number; `numbers`: lowest and highest; neither: text."""

    word: str
    name: str
    choices: tuple[tuple[str, int], ...] = ()
    numbers: tuple[int, int] | None = None


@dataclass(frozen=True)
class Policy:
    """`switch`: the value that says whether the setting is on, with its data when enabled and when disabled."""

    id: str
    title: str
    key: str
    switch: tuple[str, int, int] | None = None
    options: tuple[Option, ...] = ()
    list_word: str | None = None
    list_key: str = ""


_CONTROL: Final = (("view_only", 0), ("full", 1))
_YES_NO: Final = (("yes", 1), ("no", 0))

POLICIES: Final[tuple[Policy, ...]] = (
    Policy(
        "RA_Solicit",
        "Configure Solicited Remote Assistance",
        TERMINAL_SERVICES,
        ("fAllowToGetHelp", 1, 0),
        (
            Option("control", "fAllowFullControl", _CONTROL),
            Option("ticket_life", "MaxTicketExpiry", numbers=(1, 99)),
            Option("ticket_life_unit", "MaxTicketExpiryUnits", (("minutes", 0), ("hours", 1), ("days", 2))),
            Option("invitation_method", "fUseMailto", (("simple_mapi", 0), ("mailto", 1))),
        ),
    ),
    Policy(
        "RA_Unsolicit",
        "Configure Offer Remote Assistance",
        TERMINAL_SERVICES,
        ("fAllowUnsolicited", 1, 0),
        (Option("control", "fAllowUnsolicitedFullControl", _CONTROL),),
        "helpers",
        f"{TERMINAL_SERVICES}\\RAUnsolicit",
    ),
    Policy(
        "RA_EncryptedTicketOnly", "Allow only Windows Vista or later connections", TERMINAL_SERVICES, ("CreateEncryptedOnlyTickets", 1, 0)
    ),
    Policy(
        "RA_Options",
        "Customize warning messages",
        TERMINAL_SERVICES,
        ("UseCustomMessages", 1, 0),
        (Option("before_control", "ShareControlMessage"), Option("before_view", "ViewMessage")),
    ),
    Policy("RA_Logging", "Turn on session logging", TERMINAL_SERVICES, ("LoggingEnabled", 1, 0)),
    Policy(
        "RA_Optimize_Bandwidth",
        "Turn on bandwidth optimization",
        TERMINAL_SERVICES,
        ("UseBandwidthOptimization", 1, 0),
        (Option("level", "OptimizeBandwidth", (("none", 14), ("no_full_window_drag", 12), ("no_background", 8), ("full", 0))),),
    ),
    Policy(
        "CSE_Registry",
        "Configure registry policy processing",
        REGISTRY_PROCESSING,
        None,
        (
            # The template's box is inverted: ticked is 0.
            Option("process_even_if_unchanged", "NoGPOListChanges", (("yes", 0), ("no", 1))),
            Option("not_in_background", "NoBackgroundPolicy", _YES_NO),
        ),
    ),
    Policy("RSoPLogging", "Turn off Resultant Set of Policy logging", SYSTEM_POLICIES, ("RSoPLogging", 0, 1)),
    Policy("DisableLGPOProcessing", "Turn off Local Group Policy Objects processing", SYSTEM_POLICIES, ("DisableLGPOProcessing", 1, 0)),
    Policy(
        "GroupPolicyRefreshRate",
        "Set Group Policy refresh interval for computers",
        SYSTEM_POLICIES,
        None,
        (
            Option("minutes", "GroupPolicyRefreshTime", numbers=(0, 44640)),
            Option("offset", "GroupPolicyRefreshTimeOffset", numbers=(0, 1440)),
        ),
    ),
)

_BY_WORD: Final = {word.lower(): policy for policy in POLICIES for word in (policy.id, policy.title)}


def find(word: str) -> Policy | None:
    """A policy by its id in the template or by its title in the editor."""
    return _BY_WORD.get(word.lower())


def entries_of(word: str, setting: Any, where: str) -> list[PolicyEntry]:
    """What a setting puts into a Registry.pol.

    `setting`: enabled, disabled, not_configured, or the options of an enabled one. Disabling takes the options' values away: that is what
    the editor writes. Raises WordsError.
    """
    policy = find(word)
    if policy is None:
        known = ", ".join(sorted(one.title for one in POLICIES))
        raise WordsError(
            f"{where}: there is no policy {shown(word)}; allowed: {known}, their names in the template, or raw values under registry."
        )
    place = f"{where}, {policy.title}"
    if isinstance(setting, dict):
        return _enabled(policy, Fields(setting, place))
    state = Fields({"state": setting}, place).text("state", one_of=("enabled", "disabled", "not_configured"))
    if state == "not_configured":
        return []
    return _enabled(policy, Fields({}, place)) if state == "enabled" else _disabled(policy)


def _enabled(policy: Policy, fields: Fields) -> list[PolicyEntry]:
    entries: list[PolicyEntry] = []
    if policy.switch:
        entries.append(PolicyEntry.make(policy.key, policy.switch[0], "dword", policy.switch[1]))
    for option in policy.options:
        if not fields.has(option.word):
            continue
        if option.choices:
            number: int = dict(option.choices)[fields.text(option.word, one_of=[word for word, _ in option.choices])]
            entries.append(PolicyEntry.make(policy.key, option.name, "dword", number))
        elif option.numbers:
            low, high = option.numbers
            entries.append(PolicyEntry.make(policy.key, option.name, "dword", fields.number(option.word, low=low, high=high)))
        else:
            entries.append(PolicyEntry.make(policy.key, option.name, "sz", fields.text(option.word)))
    if policy.list_word:
        # The template's list is not additive: what was there before goes first.
        entries.append(PolicyEntry.instruction(policy.list_key, "**delvals."))
        entries += [PolicyEntry.make(policy.list_key, item, "sz", item) for item in fields.texts(policy.list_word)]
    fields.done()
    return entries


def _disabled(policy: Policy) -> list[PolicyEntry]:
    entries: list[PolicyEntry] = []
    if policy.switch:
        entries.append(PolicyEntry.make(policy.key, policy.switch[0], "dword", policy.switch[2]))
    entries += [PolicyEntry.instruction(policy.key, f"**del.{option.name}") for option in policy.options]
    if policy.list_word:
        entries.append(PolicyEntry.instruction(policy.list_key, "**delvals."))
    return entries
