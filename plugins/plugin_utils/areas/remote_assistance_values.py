# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy values of Remote Assistance, as RemoteAssistance.admx defines them, and where the Control Panel keeps its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

POLICY_KEY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services"
LIST_KEY = POLICY_KEY + "\\RAUnsolicit"
LOCAL_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance"
UAC_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
MDM_KEY = "HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\RemoteAssistance"
EDITOR_PATH = "Computer Configuration > Policies > Administrative Templates > System > Remote Assistance"


@dataclass(frozen=True)
class PolicyValue:
    """One value of one policy.

    A switch has C(enabled) and C(disabled) data; an element has C(choices) by number, or a range from C(minimum) to C(maximum), or,
    as a text, neither. C(display) is the policy's name in the editor, C(local) whether the Control Panel has the value as well, and
    C(default) what Windows does when neither is there (None: not documented).
    """

    name: str
    policy: str
    display: str
    title: str
    type: str = "dword"
    key: str = POLICY_KEY
    admx: str = "RemoteAssistance.admx"
    enabled: int | None = None
    disabled: int | None = None
    choices: Mapping[int, str] = field(default_factory=dict, compare=False)
    minimum: int | None = None
    maximum: int | None = None
    local: bool = False
    default: int | None = None

    @property
    def editor(self) -> str:
        """Where an administrator finds the policy."""
        return f"{EDITOR_PATH} > {self.display}"


_SOLICIT = "Configure Solicited Remote Assistance"
_OFFER = "Configure Offer Remote Assistance"
_LEVEL = {1: "helpers may take control", 0: "helpers may only view"}


def _switch(name: str, policy: str, display: str, title: str, *, local: bool = False, default: int | None = None) -> PolicyValue:
    return PolicyValue(name, policy, display, title, enabled=1, disabled=0, choices={1: "on", 0: "off"}, local=local, default=default)


SOLICITED = _switch("fAllowToGetHelp", "RA_Solicit", _SOLICIT, "Solicited Remote Assistance", local=True)
SOLICITED_LEVEL = PolicyValue(
    "fAllowFullControl", "RA_Solicit", _SOLICIT, "control in solicited sessions", choices=_LEVEL, local=True, default=1
)
TICKET_COUNT = PolicyValue("MaxTicketExpiry", "RA_Solicit", _SOLICIT, "life of an invitation", minimum=1, maximum=99, local=True, default=6)
TICKET_UNIT = PolicyValue(
    "MaxTicketExpiryUnits",
    "RA_Solicit",
    _SOLICIT,
    "unit of the life of an invitation",
    choices={0: "minutes", 1: "hours", 2: "days"},
    local=True,
    default=1,
)
MAIL_METHOD = PolicyValue("fUseMailto", "RA_Solicit", _SOLICIT, "method of sending invitations", choices={0: "Simple MAPI", 1: "Mailto"})
OFFER = _switch("fAllowUnsolicited", "RA_Unsolicit", _OFFER, "Offer Remote Assistance", default=0)
OFFER_LEVEL = PolicyValue("fAllowUnsolicitedFullControl", "RA_Unsolicit", _OFFER, "control in offered sessions", choices=_LEVEL)
ENCRYPTED_ONLY = _switch(
    "CreateEncryptedOnlyTickets",
    "RA_EncryptedTicketOnly",
    "Allow only Windows Vista or later connections",
    "encrypted invitations only",
    local=True,
    default=0,
)
LOGGING = _switch("LoggingEnabled", "RA_Logging", "Turn on session logging", "session logging")
MESSAGES = _switch("UseCustomMessages", "RA_Options", "Customize warning messages", "warning messages of one's own", default=0)
CONTROL_MESSAGE = PolicyValue(
    "ShareControlMessage", "RA_Options", "Customize warning messages", "message before control is shared", type="sz"
)
VIEW_MESSAGE = PolicyValue("ViewMessage", "RA_Options", "Customize warning messages", "message before connecting", type="sz")

VALUES: tuple[PolicyValue, ...] = (
    SOLICITED,
    SOLICITED_LEVEL,
    TICKET_COUNT,
    TICKET_UNIT,
    MAIL_METHOD,
    OFFER,
    OFFER_LEVEL,
    ENCRYPTED_ONLY,
    LOGGING,
    MESSAGES,
    CONTROL_MESSAGE,
    VIEW_MESSAGE,
)

HELPER_GROUP = "Offer Remote Assistance Helpers"
HELPER_TASK_PATH = "\\Microsoft\\Windows\\RemoteAssistance\\"
HELPER_TASK = "RemoteAssistanceTask"
FEATURE = "Remote-Assistance"
