# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a write to Administrators or to a user right could shut out the account that the connection came in with.

A logon over the network, which is what WinRM, PSRP and SSH make, needs membership of Administrators and no right that denies it. The
rights that deny local logons do not touch it, but become logs on locally, so nobody who is at work here gets one either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import CameIn, Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, HostFacts, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import resolve
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.group_members import GroupMember
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import PushPrincipal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import (
    CONFIGURE,
    EXPORT_RIGHTS,
    WRITTEN_RIGHTS,
    DeniedLogon,
    StoredRight,
    read_rights,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.security_template import (
    MalformedTemplateError,
    parse,
    sid_of,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import ADMINISTRATORS, is_made

_RIGHTS = {right.casefold(): right for right in WRITTEN_RIGHTS}
_DENY_NETWORK = "SeDenyNetworkLogonRight"
_SECTIONS = frozenset({"unicode", "version", "privilege rights"})
# A SID in its canonical form: no leading zeros, nothing hexadecimal.
_CANONICAL = re.compile(r"S-1-[0-9]+(-(0|[1-9][0-9]*))+\Z")


def _moves_accounts(setting: Setting) -> bool:
    return isinstance(setting, (PushPrincipal, DeniedLogon, StoredRight)) or (
        isinstance(setting, GroupMember) and setting.group == ADMINISTRATORS
    )


def account_reads(connection: Connection | None, requirements: Iterable[Requirement]) -> tuple[Operation, ...]:
    """What tells the account that came in, where the one at work is another and something may be written that it stands on."""
    if connection is None or not connection.account or not any(_moves_accounts(requirement.setting) for requirement in requirements):
        return ()
    return (resolve((connection.account,)),)


def came_in(connection: Connection | None, answers: Answers) -> CameIn:
    """The account that came in, from the answers to the reads. Without a connection it is taken for the one at work."""
    rights = read_rights(answers) if EXPORT_RIGHTS in answers else {}
    told = () if isinstance(rights, Problem) else tuple((right, frozenset(holders)) for right, holders in rights.items())
    own = replace(answers.host.connection, denied=told)
    asked = connection.account if connection else None
    if asked is None:
        return own
    operation = resolve((asked,))
    known = answers[operation].data["accounts"].get(asked) if operation in answers and answers[operation].ok else None
    sid = known["sid"].upper() if known else None
    if sid == own.worker:
        return own
    members = [
        member
        for read, answer in answers.items()
        if read.op == "group.read" and answer.ok
        for group in answer.data["groups"]
        if group["sid"] == ADMINISTRATORS
        for member in group["members"]
    ]
    carriers = frozenset(member["sid"].upper() for member in members if member["kind"] != "user")
    return replace(own, name=asked or "an account that is not known here", sid=sid, seen=False, carriers=carriers)


def administrators_refusal(operation: Operation, host: HostFacts | None) -> str | None:
    """None when a move of members of Administrators is safe, else the sentence that says why it is not made."""
    fields = operation.fields
    members: Sequence[str] = fields["members"]
    if host is None or not all(_CANONICAL.match(member) and is_made(member) for member in members):
        return f"Members of the group {fields['sid']} may be what lets the connection in, so they are not changed."
    if operation.op == "group.add":
        return None
    return next((reason for member in members if (reason := _removal_refusal(member, host.connection))), None)


def _removal_refusal(member: str, connection: CameIn) -> str | None:
    if member == connection.sid:
        return f"{connection.name} ({member}) is the account that the connection came in with, so it stays in Administrators."
    if member == connection.worker:
        return f"{member} is the account that is at work here, so it stays in Administrators."
    if member in connection.groups:
        whose = connection.name if connection.seen else "the account at work here"
        return f"{whose} belongs to {member}, which may be what makes it an administrator, so that stays in Administrators."
    if connection.seen:
        return None
    if connection.sid is None:
        return f"Who the connection came in as ({connection.name}) is not known to the host, so {member} stays in Administrators."
    if member in connection.carriers:
        return (
            f"Whether {connection.name}, which the connection came in with, belongs to {member} cannot be seen by the account at work"
            " here, so that stays in Administrators; run this without become."
        )
    return None


def rights_refusal(operation: Operation, host: HostFacts | None) -> str | None:
    """The same for a security template; one that does anything but set the holders of known rights is refused."""
    fields = operation.fields
    unknown = f"{operation.op} is not known to leave the connection alone, so it is not run."
    if fields.get("program") != "secedit" or tuple(fields.get("arguments", ())) != CONFIGURE or not fields.get("mutates"):
        return unknown
    files = fields.get("files", {})
    if set(files) != {"cfg", "db"} or files["db"].get("text") is not None:
        return unknown
    try:
        template = parse(str(files["cfg"].get("text")))
    except MalformedTemplateError:
        return unknown
    if not template.rights or template.memberships or not template.sections <= _SECTIONS:
        return unknown
    for right, holders in template.rights.items():
        if right == _DENY_NETWORK.casefold():
            return f"{_DENY_NETWORK} is what could keep out the connection itself, which logs on over the network, so it is not written."
        if right not in _RIGHTS:
            return f"{right} is not known to leave the connection alone, so it is not written."
        reason = _denial_refusal(_RIGHTS[right], right, holders, host)
        if reason:
            return reason
    return None


def _denial_refusal(right: str, folded: str, holders: Iterable[str], host: HostFacts | None) -> str | None:
    """Why some are not to be denied a kind of logon who are not denied it yet."""
    if host is None:
        return None
    connection = host.connection
    already = dict(connection.denied).get(folded, frozenset())
    for holder in holders:
        if holder in already:
            continue
        sid = sid_of(holder)
        if sid is None or not is_made(sid):
            return f"{right} would be denied to {holder}, of whom it cannot be told whether the connection stands on it."
        if sid in (connection.sid, connection.worker):
            return f"{connection.name if sid == connection.sid else sid} is the account at work here, so {right} is not given to it."
        if connection.is_own(sid):
            return f"{sid} is a group of the account at work here, so {right} is not given to it."
    return None
