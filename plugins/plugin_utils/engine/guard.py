# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a write could cut the connection that it travels on.

For now this is a list of writes that cannot. Whatever is not on it is refused: a wrong guess here locks an administrator out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import HostFacts, Operation

_POLICIES = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT"
_RDS = _POLICIES + "\\Terminal Services"

# By key; the names of values, or None for any. Only Remote Assistance reads these (RemoteAssistance.admx, UIAccess prompts).
_HARMLESS_VALUES: Mapping[str, frozenset[str] | None] = {
    _RDS.casefold(): frozenset(
        name.casefold()
        for name in (
            "fAllowToGetHelp",
            "fAllowFullControl",
            "MaxTicketExpiry",
            "MaxTicketExpiryUnits",
            "fUseMailto",
            "fAllowUnsolicited",
            "fAllowUnsolicitedFullControl",
            "CreateEncryptedOnlyTickets",
            "LoggingEnabled",
            "UseCustomMessages",
            "ShareControlMessage",
            "ViewMessage",
        )
    ),
    f"{_RDS}\\RAUnsolicit".casefold(): None,
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance".casefold(): None,
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System".casefold(): frozenset({"enableuiadesktoptoggle"}),
}
# Keys that a rollback may remove once they are empty.
_HARMLESS_KEYS = frozenset(
    key.casefold() for key in (_POLICIES, _RDS, f"{_RDS}\\RAUnsolicit", "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Remote Assistance")
)
# Relative ids below 1000 are Windows' own (MS-SAMR 2.2.1.14), and other spellings of a SID might mean one of these.
_MADE_HERE = re.compile(r"S-1-5-21(-[0-9]+){3}-[1-9][0-9]{3,}\Z", re.IGNORECASE)
_HARMLESS_TASKS = frozenset({("\\microsoft\\windows\\remoteassistance\\", "remoteassistancetask")})
_HARMLESS_FEATURES = frozenset({"remote-assistance"})


def refusal(operation: Operation, host: HostFacts | None = None) -> str | None:
    """None when the write cannot cut a connection, else the sentence that says why it is not made.

    C(host) tells who the connection runs as; without it that is not looked at.
    """
    fields = operation.fields
    key = str(fields.get("key", "")).casefold()
    if operation.op in ("registry.write", "registry.remove"):
        if fields.get("name") is None:
            harmless = key in _HARMLESS_KEYS
        else:
            names = _HARMLESS_VALUES.get(key, frozenset())
            harmless = names is None or str(fields["name"]).casefold() in names
        return None if harmless else f"{fields['key']} is not known to leave the connection alone, so it is not written."
    if operation.op in ("group.add", "group.remove"):
        if _MADE_HERE.match(str(fields["sid"])) and not _carries(host, str(fields["sid"]), fields["members"]):
            return None
        return f"Members of the group {fields['sid']} may be what lets the connection in, so they are not changed."
    if operation.op == "cmdlet.invoke" and fields.get("mutates"):
        return _cmdlet_refusal(str(fields["name"]), fields.get("parameters", {}))
    if operation.op in ("file.write", "file.remove", "wait"):
        return None
    return f"{operation.op} is not known to leave the connection alone, so it is not run."


def _carries(host: HostFacts | None, group: str, members: Sequence[str]) -> bool:
    """Whether the account that is at work here belongs to the group, or is to be moved."""
    if host is None:
        return False
    own = {host.user_sid.upper(), *(sid.upper() for sid in host.groups)}
    return group.upper() in own or host.user_sid.upper() in {member.upper() for member in members}


def _cmdlet_refusal(name: str, parameters: Mapping[str, object]) -> str | None:
    if name in ("Enable-ScheduledTask", "Disable-ScheduledTask", "Start-ScheduledTask"):
        task = (str(parameters.get("TaskPath")).casefold(), str(parameters.get("TaskName")).casefold())
        harmless = task in _HARMLESS_TASKS
    elif name in ("Install-WindowsFeature", "Uninstall-WindowsFeature"):
        harmless = str(parameters.get("Name")).casefold() in _HARMLESS_FEATURES
    else:
        harmless = False
    return None if harmless else f"{name} with these parameters is not known to leave the connection alone, so it is not run."
