# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the state of a client out of a short description: who its administrators are, who has which right, and which policy says so.

The state has the form in which contract vectors describe a host. The head of `client_push_target_situations.yml` explains the description.
This module knows Windows and the tables, never the code that is judged by them.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from push_situations import TableError

DOMAIN = "S-1-5-21-9-9-9"
MACHINE = "S-1-5-21-1-2-3"
ADMINISTRATORS = "S-1-5-32-544"

# SID, class, name in English, name in German where it differs, further spellings that resolve.
ACCOUNTS: tuple[tuple[str, str, str, str | None, tuple[str, ...]], ...] = (
    (f"{MACHINE}-500", "User", "CL01\\Administrator", None, ("Administrator", ".\\Administrator")),
    (f"{MACHINE}-501", "User", "CL01\\Guest", "CL01\\Gast", ("Guest",)),
    (f"{MACHINE}-1002", "User", "CL01\\localpush", None, (".\\localpush", "localpush")),
    (f"{DOMAIN}-512", "Group", "CORP\\Domain Admins", "CORP\\Domänen-Admins", ()),
    (f"{DOMAIN}-513", "Group", "CORP\\Domain Users", "CORP\\Domänen-Benutzer", ()),
    (f"{DOMAIN}-1105", "User", "CORP\\svc-ansible", None, ()),
    (f"{DOMAIN}-1106", "Group", "CORP\\Automation", None, ()),
    (f"{DOMAIN}-1200", "Group", "CORP\\Helpdesk", None, ()),
    (f"{DOMAIN}-1301", "Group", "CORP\\push-ring1", None, ("push-ring1@corp.example",)),
    (f"{DOMAIN}-1302", "Group", "CORP\\push-ring2", None, ("push-ring2@corp.example",)),
    (f"{DOMAIN}-1303", "Group", "CORP\\push-ring3", None, ()),
    (f"{DOMAIN}-1311", "User", "CORP\\svc-push1", None, ("svc-push1@corp.example",)),
    (f"{DOMAIN}-1312", "User", "CORP\\svc-push2", None, ()),
    (f"{DOMAIN}-1321", "User", "CORP\\CM01$", None, ()),
    (f"{DOMAIN}-2001", "User", "CORP\\anna", None, ()),
    (ADMINISTRATORS, "Group", "BUILTIN\\Administrators", "VORDEFINIERT\\Administratoren", ("Administrators", "Administratoren")),
    ("S-1-5-32-545", "Group", "BUILTIN\\Users", "VORDEFINIERT\\Benutzer", ()),
    ("S-1-5-32-555", "Group", "BUILTIN\\Remote Desktop Users", "VORDEFINIERT\\Remotedesktopbenutzer", ()),
    ("S-1-1-0", "Group", "Everyone", "Jeder", ()),
    ("S-1-5-11", "Group", "NT AUTHORITY\\Authenticated Users", "NT-AUTORITÄT\\Authentifizierte Benutzer", ()),
    ("S-1-5-113", "Group", "NT AUTHORITY\\Local account", "NT-AUTORITÄT\\Lokales Konto", ()),
    ("S-1-5-18", "User", "NT AUTHORITY\\SYSTEM", "NT-AUTORITÄT\\SYSTEM", ()),
)

HOST_FIELDS = frozenset(
    {
        "like", "administrators", "group_denied", "rights", "secedit", "rsop", "policies", "connection", "token_groups", "language",
        "product_type", "domain_role", "unknown",
    }
)  # fmt: skip
_RIGHTS_EVERYBODY_HAS = {
    "SeNetworkLogonRight": "*S-1-1-0,*S-1-5-32-544,*S-1-5-32-545,*S-1-5-32-551",
    "SeInteractiveLogonRight": "Guest,*S-1-5-32-544,*S-1-5-32-545,*S-1-5-32-551",
    "SeRemoteInteractiveLogonRight": "*S-1-5-32-544,*S-1-5-32-555",
    "SeDenyNetworkLogonRight": "Guest",
}
_SYSVOL = "C:\\Windows\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\corp.example\\Policies"
_HISTORY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History"
_EXTENSIONS = ("{35378EAC-683F-11D2-A89A-00C04FBBCFA2}", "{827D319E-6EAC-11D2-A4EA-00C04F79F83A}", "{17D89FEC-5C44-4972-B12D-241CAEF74509}")


def host_state(described: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The state of a client in the form of the contract vectors."""
    if unknown := set(described) - HOST_FIELDS:
        raise TableError(f"{name}: unknown fields of a host {sorted(unknown)}")
    language = described.get("language", "en-US")
    product_type = described.get("product_type", 1)
    connection = sid_of(described.get("connection", "CORP\\svc-ansible"), name)
    host: dict[str, Any] = {
        "name": "CL01",
        "domain": "corp.example",
        "domain_role": described.get("domain_role", {1: 1, 2: 5, 3: 3}[product_type]),
        "product_type": product_type,
        "build": "10.0.19045.4170" if product_type == 1 else "10.0.20348.2340",
        "user": {
            "name": described.get("connection", "CORP\\svc-ansible"),
            "sid": connection,
            "elevated": True,
            "groups": [ADMINISTRATORS, "S-1-5-11", "S-1-1-0", *(sid_of(one, name) for one in described.get("token_groups", []))],
        },
    }
    if language != "en-US":
        host["language"] = language
    state: dict[str, Any] = {
        "host": host,
        "accounts": _accounts(language, described.get("unknown", [])),
        "groups": _groups(described, language, name),
        "registry": _history(described),
        "files": _files(described, name),
        "wmi": _rsop(described, language, name),
        "programs": _secedit(described, name),
    }
    return state


def sid_of(account: str, name: str = "") -> str:
    """The SID of an account that is given by any of its names, or by a SID."""
    for sid, _kind, english, german, also in ACCOUNTS:
        if account.casefold() in {one.casefold() for one in (sid, english, german or english, *also)}:
            return sid
    if account.startswith("S-1-"):
        return account
    raise TableError(f"{name}: {account}: no such account; give an orphan by its SID")


def _kind(sid: str) -> str:
    return next((kind for one, kind, *_rest in ACCOUNTS if one == sid), "User")


def _named(sid: str, language: str) -> str:
    for one, _kind_of, english, german, _also in ACCOUNTS:
        if one == sid:
            return (german or english) if language == "de-DE" else english
    return sid


def _accounts(language: str, unknown: Sequence[str]) -> list[dict[str, Any]]:
    accounts: list[dict[str, Any]] = []
    for sid, _kind_of, english, _german, also in ACCOUNTS:
        if english not in unknown:
            accounts.append({"sid": sid, "name": _named(sid, language), **({"also": list(also)} if also else {})})
    return accounts


def _groups(described: Mapping[str, Any], language: str, name: str) -> list[dict[str, Any]]:
    members = described.get("administrators", ["CL01\\Administrator", "CORP\\Domain Admins"])
    administrators: dict[str, Any] = {
        "sid": ADMINISTRATORS,
        "name": "Administratoren" if language == "de-DE" else "Administrators",
        "members": [{"sid": sid, "class": _kind(sid)} for sid in (sid_of(member, name) for member in members)],
    }
    if "group_denied" in described:
        administrators["denied"] = described["group_denied"]
    users = {"sid": "S-1-5-32-545", "name": "Users", "members": [{"sid": f"{DOMAIN}-513", "class": "Group"}]}
    # Somebody's group of the same name as push principals have: it is not Administrators, so nobody looks at it.
    other = {"sid": f"{MACHINE}-1010", "name": "push-ring2", "members": [{"sid": f"{DOMAIN}-1302", "class": "Group"}]}
    return [administrators, users, other]


# -- user rights -------------------------------------------------------------------------------------------------------------------------


def _template(rights: Mapping[str, str]) -> str:
    lines = ["[Unicode]", "Unicode=yes", "[Privilege Rights]", *(f"{right} = {who}" for right, who in rights.items())]
    return "\r\n".join([*lines, "[Version]", 'signature="$CHICAGO$"', "Revision=1", ""])


def who_has(accounts: Iterable[str], name: str = "") -> str:
    """Accounts as a security template lists them: SIDs with an asterisk; a name in single quotes stands as a plain name."""
    return ",".join(account.strip("'") if account.startswith("'") else "*" + sid_of(account, name) for account in accounts)


def _secedit(described: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    how = described.get("secedit", "works")
    if how == "missing":
        return []
    rights = dict(_RIGHTS_EVERYBODY_HAS)
    for right, accounts in described.get("rights", {}).items():
        rights[right] = who_has(accounts, name)
    text = _template(rights)
    exported: dict[str, Any] = {"files": {"cfg": {"text": text, "encoding": "utf-16le"}}, "stdout": "The task has completed successfully."}
    if how == "fails":
        exported = {"files": {"cfg": {}}, "stdout": "An extended error has occurred.", "exit_code": 1}
    elif how == "denied":
        exported = {"files": {"cfg": {}}, "stdout": "Access is denied.", "exit_code": 5}
    elif how == "garbage":
        exported["files"] = {"cfg": {"text": "[Privilege Rights\r\n= *\r\n", "encoding": "utf-16le"}}
    elif how == "empty":
        exported["files"] = {"cfg": {"text": _template({}), "encoding": "utf-16le"}}
    elif how != "works":
        raise TableError(f"{name}: secedit works, fails, is denied, garbage, empty or missing, not {how!r}")
    ways = (
        ["/export", "/cfg", "{cfg}", "/areas", "USER_RIGHTS"],
        ["/export", "/cfg", "{cfg}", "/areas", "USER_RIGHTS", "/quiet"],
        ["/export", "/cfg", "{cfg}", "/quiet", "/areas", "USER_RIGHTS"],
        ["/export", "/quiet", "/cfg", "{cfg}", "/areas", "USER_RIGHTS"],
    )
    return [{"program": "secedit", "arguments": way, **exported} for way in ways]


# -- policy ------------------------------------------------------------------------------------------------------------------------------
#
# A policy is {gpo, applied, cached, shown, corrupt, members, memberof, rights, preferences}: what it holds is in the copy on the disk
# (cached) and in RSoP (shown), each unless said otherwise.


def _policies(described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(described.get("policies", []))


def guid(gpo: str) -> str:
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, gpo + ".corp.example")).upper() + "}"


def _dn(gpo: str) -> str:
    return f"CN={guid(gpo)},CN=Policies,CN=System,DC=corp,DC=example"


def _history(described: Mapping[str, Any]) -> dict[str, Any]:
    registry: dict[str, Any] = {}
    applied = [one["gpo"] for one in _policies(described) if one.get("applied", True)]
    for extension in _EXTENSIONS:
        for number, gpo in enumerate(["Default Domain Policy", *applied]):
            registry[f"{_HISTORY}\\{extension}\\{number}"] = {
                "values": {
                    "DisplayName": {"type": "sz", "data": gpo},
                    "GPOName": {"type": "sz", "data": guid(gpo)},
                    "DSPath": {"type": "sz", "data": f"LDAP://{_dn(gpo)}"},
                    "FileSysPath": {"type": "sz", "data": f"\\\\corp.example\\sysvol\\corp.example\\Policies\\{guid(gpo)}\\Machine"},
                    "Version": {"type": "dword", "data": 65537},
                    "lParam": {"type": "binary", "data": ""},
                }
            }
    return registry


def _files(described: Mapping[str, Any], name: str) -> dict[str, Any]:
    files: dict[str, Any] = {}
    for policy in _policies(described):
        if not policy.get("cached", True):
            continue
        machine = f"{_SYSVOL}\\{guid(policy['gpo'])}\\Machine"
        if {"members", "memberof", "rights"} & set(policy):
            content = _gpt_tmpl(policy, name).encode("utf-16")
            if policy.get("corrupt"):
                content = content[:21]
            files[f"{machine}\\Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf"] = {"base64": base64.b64encode(content).decode("ascii")}
        if "preferences" in policy:
            xml = _groups_xml(policy["preferences"], name)
            if policy.get("corrupt"):
                xml = xml[: len(xml) // 2]
            # Preferences keep their own copies apart from the policy cache.
            for folder in (machine, f"C:\\ProgramData\\Microsoft\\Group Policy\\History\\{guid(policy['gpo'])}\\Machine"):
                files[f"{folder}\\Preferences\\Groups\\Groups.xml"] = {"text": xml}
    return files


def _gpt_tmpl(policy: Mapping[str, Any], name: str) -> str:
    lines = ["[Unicode]", "Unicode=yes", "[Version]", 'signature="$CHICAGO$"', "Revision=1"]
    if "rights" in policy:
        lines += ["[Privilege Rights]", *(f"{right} = {who_has(who, name)}" for right, who in policy["rights"].items())]
    membership = []
    for group, members in policy.get("members", {}).items():
        key = "*" + sid_of(group, name) if not group.startswith("'") else group.strip("'")
        membership += [f"{key}__Memberof =", f"{key}__Members = {who_has(members, name)}"]
    for principal, groups in policy.get("memberof", {}).items():
        key = "*" + sid_of(principal, name)
        membership += [f"{key}__Memberof = {who_has(groups, name)}", f"{key}__Members ="]
    if membership:
        lines += ["[Group Membership]", *membership]
    return "\r\n".join([*lines, ""])


def _groups_xml(items: Sequence[Mapping[str, Any]], name: str) -> str:
    """[MS-GPPREF] 2.2.1.10: local groups."""
    groups = []
    for item in items:
        sid = sid_of(item.get("group", "Administrators"), name)
        members = "".join(
            f"<Member name={quoteattr(member['name'])} action={quoteattr(member.get('action', 'ADD'))} "
            + (f"sid={quoteattr(sid_of(member['name'], name))}" if member.get("by_sid", True) else 'sid=""')
            + "/>"
            for member in item.get("members", [])
        )
        wipe_users, wipe_groups = int(item.get("delete_all_users", False)), int(item.get("delete_all_groups", False))
        group_name = item.get("group_name", "Administrators (built-in)" if sid == ADMINISTRATORS else _named(sid, "en-US").split("\\")[-1])
        disabled = ' disabled="1"' if item.get("disabled") else ""
        groups.append(
            f'<Group clsid="{{6D4A79E4-529C-4481-ABD0-F5BD7EA93BA7}}" name={quoteattr(group_name)} image="2" '
            f'changed="2026-01-02 03:04:05" uid="{{11111111-2222-3333-4444-555555555555}}"{disabled}>'
            f'<Properties action={quoteattr(item.get("action", "U"))} newName="" description="" deleteAllUsers="{wipe_users}" '
            f'deleteAllGroups="{wipe_groups}" removeAccounts="0" groupSid="{sid}" groupName={quoteattr(group_name)}>'
            f"<Members>{members}</Members></Properties></Group>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\r\n<Groups clsid="{3125E937-EB16-4b4c-9934-544FC6D24D26}">' + "".join(groups) + "</Groups>"
    )


def _rsop(described: Mapping[str, Any], language: str, name: str) -> dict[str, Any]:
    """Resultant policy: names of groups as the editor stored them, members and accounts as names; without rows where logging is off."""
    how = described.get("rsop", "on")
    namespace = "root\\rsop\\computer"
    if how == "missing":
        return {}
    if how == "denied":
        return {namespace: {"throws": "AccessDenied"}}
    if how not in ("on", "off"):
        raise TableError(f"{name}: rsop is on, off, missing or denied, not {how!r}")
    rows: list[tuple[str, dict[str, Any]]] = []
    if how == "on":
        rows.append(("RSOP_Session", {"id": "Session1", "version": 65537, "creationTime": "20260102030405.000000+000"}))
        shown = [{"gpo": "Default Domain Policy", "rights": {"SeBackupPrivilege": [ADMINISTRATORS]}}, *_policies(described)]
        for policy in shown:
            if policy.get("applied", True) and policy.get("shown", True):
                rows += _rsop_rows(policy, language, name)
    return {
        namespace: {
            "classes": {class_name: {"properties": properties} for class_name, properties in _RSOP_CLASSES.items()},
            "instances": [{"class": class_name, "properties": properties} for class_name, properties in rows],
        }
    }


def _rsop_rows(policy: Mapping[str, Any], language: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    def common(what: str) -> dict[str, Any]:
        return {
            "id": what,
            "precedence": policy.get("precedence", 1),
            "GPOID": _dn(policy["gpo"]),
            "SOMID": "OU=Clients,DC=corp,DC=example",
            "ErrorCode": 0,
            "Status": 1,
        }

    def names(accounts: Iterable[str]) -> list[str]:
        return [account.strip("'") if account.startswith("'") else _named(sid_of(account, name), language) for account in accounts]

    rows: list[tuple[str, dict[str, Any]]] = [
        (
            "RSOP_GPO",
            {
                "id": _dn(policy["gpo"]), "name": policy["gpo"], "guidName": guid(policy["gpo"]), "version": 65537, "enabled": True,
                "accessDenied": False, "filterAllowed": True,
                "fileSystemPath": f"\\\\corp.example\\sysvol\\corp.example\\Policies\\{guid(policy['gpo'])}\\Machine",
            },
        )
    ]  # fmt: skip
    for group, members in policy.get("members", {}).items():
        shown = group.strip("'") if group.startswith("'") else _named(sid_of(group, name), language)
        rows.append(("RSOP_RestrictedGroup", {**common(f"group {group}"), "GroupName": shown, "Members": names(members)}))
    for right, accounts in policy.get("rights", {}).items():
        rows.append(("RSOP_UserPrivilegeRight", {**common(f"right {right}"), "UserRight": right, "AccountList": names(accounts)}))
    return rows


_RSOP_SETTING = {
    "id": "string", "precedence": "uint32", "GPOID": "string", "SOMID": "string", "name": "string", "creationTime": "datetime",
    "ErrorCode": "uint32", "Status": "uint32",
}  # fmt: skip
_RSOP_CLASSES = {
    "RSOP_Session": {"id": "string", "version": "uint32", "targetName": "string", "SOM": "string", "creationTime": "datetime"},
    "RSOP_GPO": {
        "id": "string", "name": "string", "guidName": "string", "version": "uint32", "enabled": "boolean", "fileSystemPath": "string",
        "accessDenied": "boolean", "filterAllowed": "boolean", "filterId": "string", "extensionIds": "string[]",
    },
    "RSOP_RegistryPolicySetting": {
        **_RSOP_SETTING, "registryKey": "string", "valueName": "string", "valueType": "uint32", "value": "uint8[]", "deleted": "boolean",
        "command": "string",
    },
    "RSOP_RestrictedGroup": {**_RSOP_SETTING, "GroupName": "string", "Members": "string[]"},
    "RSOP_UserPrivilegeRight": {**_RSOP_SETTING, "UserRight": "string", "AccountList": "string[]"},
}  # fmt: skip
