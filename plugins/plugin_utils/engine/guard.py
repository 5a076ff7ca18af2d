# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a write could cut the connection that it travels on.

For now this is a list of writes that cannot. Whatever is not on it is refused: a wrong guess here locks an administrator out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.account_guard import administrators_refusal, rights_refusal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import HostFacts, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import ADMINISTRATORS

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
# How a Configuration Manager site installs clients on others; nothing of it decides who gets in to this host.
_HARMLESS_SITE_CMDLETS = frozenset(
    {"set-cmclientpushinstallation", "new-cmaccount", "set-cmsitemaintenancetask", "set-cmdistributionpoint"}
)
# They answer network boot, and carry no connection.
_HARMLESS_SERVICES = frozenset({"wdsserver", "sccmpxe"})
_SITE_NAMESPACE = re.compile(r"root\\sms\\site_[a-z0-9]{3}\Z", re.IGNORECASE)
_SITE_CLASS = re.compile(r"SELECT \* FROM (\w+) WHERE ", re.IGNORECASE)
# By class: the plain properties, and the embedded ones.
_HARMLESS_SITE_PROPERTIES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "sms_sci_component": (
        frozenset(),
        frozenset({"settings", "filters", "autoinstallsitesystem", "enablekerberoscheck", "advanced client command line"}),
    ),
    "sms_sci_sqltask": (frozenset({"enabled"}), frozenset()),
    "sms_sci_sysresuse": (
        frozenset(),
        frozenset(
            {
                "isactive",
                "isanonymousenabled",
                "ismulticast",
                "ispxe",
                "responsedelay",
                "supportunknownmachines",
                "udasetting",
            }
        ),
    ),
}
_PXE_POLICY, _PXE_LIST = ("props", "bindpolicy"), ("proplists", "bindexcept")


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
    if operation.op in ("group.add", "group.remove") and fields["sid"] == ADMINISTRATORS:
        return administrators_refusal(operation, host)
    if operation.op in ("group.add", "group.remove"):
        if _MADE_HERE.match(str(fields["sid"])) and not _carries(host, str(fields["sid"]), fields["members"]):
            return None
        return f"Members of the group {fields['sid']} may be what lets the connection in, so they are not changed."
    if operation.op == "cmdlet.invoke" and fields.get("mutates"):
        return _cmdlet_refusal(str(fields["name"]), fields.get("parameters", {}))
    if operation.op == "cim.put" and (_harmless_put(fields) or _state_migration_put(fields)):
        return None
    if operation.op == "cim.invoke" and _state_migration_invoke(fields):
        return None
    if operation.op == "program.run":
        return rights_refusal(operation, host)
    if operation.op in ("file.write", "file.remove", "wait"):
        return None
    return f"{operation.op} is not known to leave the connection alone, so it is not run."


def _harmless_put(fields: Mapping[str, Any]) -> bool:
    """Whether all that is put are known properties of a site's control file."""
    match = _SITE_CLASS.match(str(fields.get("query", "")))
    if match is None or not _SITE_NAMESPACE.match(str(fields.get("namespace", ""))):
        return False
    plain, embedded = _HARMLESS_SITE_PROPERTIES.get(match[1].casefold(), (frozenset(), frozenset()))
    names = {str(name).casefold() for name in fields.get("set", {})}
    edits = _without_binding(fields.get("embedded", [])) if match[1].casefold() == "sms_sci_sysresuse" else fields.get("embedded", [])
    if edits is None:
        return False
    return names <= plain and all(edit["property"] == "Props" and str(edit["name"]).casefold() in embedded for edit in edits)


# How long a state migration point keeps what clients store there, and within which limits: SMB and HTTP, never what manages the host.
_STATE_MIGRATION_ROLE = "RoleName = 'SMS State Migration Point'"
_STATE_MIGRATION_EDITS = frozenset(
    {
        ("Props", "smpstoredeletiondelaytimeinminutes"),
        ("Props", "smpstoredeletioncycletimeinminutes"),
        ("Props", "smpquiescestate"),
        ("PropLists", "directories"),
    }
)
# What of the SMB server is switched, and shares of Windows' own, that others may come in by.
_SMB_PARAMETERS: Mapping[str, frozenset[str]] = {
    "set-smbserverconfiguration": frozenset({"RequireSecuritySignature", "EncryptData", "Force"}),
    "set-smbshare": frozenset({"Name", "EncryptData", "Force"}),
    "remove-smbshare": frozenset({"Name", "Force"}),
}
_OWN_SHARE = re.compile(r"(admin|ipc|print|[a-z])\$\Z|.*[*?\[\]]|\Z", re.IGNORECASE)


def _state_migration_put(fields: Mapping[str, Any]) -> bool:
    """Whether all that is put are a state migration point's times, its switch, and its folders."""
    query = str(fields.get("query", ""))
    match = _SITE_CLASS.match(query)
    if match is None or not _SITE_NAMESPACE.match(str(fields.get("namespace", ""))) or fields.get("set"):
        return False
    edits = [(edit["property"], str(edit["name"]).casefold()) for edit in fields.get("embedded", [])]
    return match[1].casefold() == "sms_sci_sysresuse" and _STATE_MIGRATION_ROLE in query and _STATE_MIGRATION_EDITS.issuperset(edits)


def _state_migration_invoke(fields: Mapping[str, Any]) -> bool:
    """Whether a computer association is deleted."""
    called = (str(fields.get("class", "")).casefold(), str(fields.get("method", "")).casefold())
    return _SITE_NAMESPACE.match(str(fields.get("namespace", ""))) is not None and called == ("sms_statemigration", "deleteassociation")


def _harmless_smb(name: str, parameters: Mapping[str, object]) -> bool:
    """No connection that work is done over comes by SMB."""
    known = _SMB_PARAMETERS.get(name.casefold())
    if known is None or not known.issuperset(parameters):
        return False
    return "Name" not in known or not _OWN_SHARE.match(str(parameters.get("Name", "")))


def _without_binding(edits: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]] | None:
    """Edits less those of a PXE binding; None where that would come to answer nobody: its list goes with the policy, and is not empty."""
    found = {(str(edit["property"]).casefold(), str(edit["name"]).casefold()): edit.get("set", {}) for edit in edits}
    policy, listed = found.get(_PXE_POLICY), found.get(_PXE_LIST)
    if policy is not None and policy.get("Value") != 0 and not (listed and listed.get("Values")):
        return None
    if listed is not None and policy is None:
        return None
    return [edit for edit in edits if (str(edit["property"]).casefold(), str(edit["name"]).casefold()) not in (_PXE_POLICY, _PXE_LIST)]


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
    elif name == "Restart-Service":
        harmless = str(parameters.get("Name")).casefold() in _HARMLESS_SERVICES and set(parameters) == {"Name"}
    elif name.casefold() in _HARMLESS_SITE_CMDLETS:
        harmless = True
    elif name.casefold() in _SMB_PARAMETERS:
        harmless = _harmless_smb(name, parameters)
    else:
        harmless = False
    return None if harmless else f"{name} with these parameters is not known to leave the connection alone, so it is not run."
