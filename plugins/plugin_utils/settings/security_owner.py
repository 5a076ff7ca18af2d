# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which Group Policy objects decide who is in Administrators, and who has some user rights.

Looked at are the resultant set of policy in WMI (RSOP_RestrictedGroup, RSOP_RestrictedGroupEx, RSOP_UserPrivilegeRight), the copies of
security templates (MS-GPSB) that Windows keeps of objects on its list of applied ones, and those of the preferences for local groups
(MS-GPPREF 2.2.1.11).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from xml.etree import ElementTree as ET

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.policy_owner import (
    READ_GPOS,
    READ_HISTORY,
    READ_LOGGING,
    READ_SESSION,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import READ_ADMINISTRATORS, Principals, once
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.security_template import (
    MalformedTemplateError,
    Template,
    decode,
    parse,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import ADMINISTRATORS, is_sid

_SECURITY_EXTENSION = "{827D319E-6EAC-11D2-A4EA-00C04F79F83A}"
_GROUPS_EXTENSION = "{17D89FEC-5C44-4972-B12D-241CAEF74509}"
_HISTORIES = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History\\"
_NAMES = ["DisplayName", "GPOName", "FileSysPath", "DSPath"]
_READ_SECURITY_HISTORY = Operation.of("registry.read", key=_HISTORIES + _SECURITY_EXTENSION, names=_NAMES, depth=1)
_READ_GROUPS_HISTORY = Operation.of("registry.read", key=_HISTORIES + _GROUPS_EXTENSION, names=_NAMES, depth=1)


def _rsop(name: str, *properties: str) -> Operation:
    return Operation.of(
        "cim.query",
        namespace="root\\RSOP\\Computer",
        query=f"SELECT * FROM {name}",  # noqa: S608 the class is a constant
        properties=["GPOID", "precedence", *properties],
    )


_READ_RESTRICTED = _rsop("RSOP_RestrictedGroup", "GroupName", "Members")
_READ_MEMBER_OF = _rsop("RSOP_RestrictedGroupEx", "GroupName", "MembersOf")
_READ_RIGHTS = _rsop("RSOP_UserPrivilegeRight", "UserRight", "AccountList")
_CACHE = "%SystemRoot%\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\*\\Policies\\*\\Machine\\"
_READ_TEMPLATES = Operation.of("file.read", path=_CACHE + "Microsoft\\Windows NT\\SecEdit\\GptTmpl.inf")
# Preferences keep copies of their own, on every kind of Windows.
_READ_PREFERENCES = (
    Operation.of("file.read", path=_CACHE + "Preferences\\Groups\\Groups.xml"),
    Operation.of("file.read", path="%ProgramData%\\Microsoft\\Group Policy\\History\\*\\Machine\\Preferences\\Groups\\Groups.xml"),
)
_GUID = re.compile(r"\{[0-9A-Fa-f-]{36}\}")
_PREFERRED = re.compile(r"(?P<name>.*?)\s*\(.*\)\Z")

Kind = Literal["only", "adds", "removes", "right"]


@dataclass(frozen=True)
class Entry:
    """What a policy says. C(by): whose, in words. C(only): these are the only members; C(adds), C(removes): of members; C(right): holders.

    C(names): accounts as the policy spells them, case-folded, SIDs without their asterisk. C(right): for that kind, case-folded.
    """

    by: str
    kind: Kind
    names: frozenset[str]
    right: str = ""

    def lists(self, account: Account) -> bool:
        """Whether it names an account. A name without its domain is taken for the account: doubt is on the side of the policy."""
        return not self.names.isdisjoint({*account.spellings, account.name.rpartition("\\")[2].casefold()})


@dataclass(frozen=True)
class Decided:
    """C(entries): what policies say of Administrators and the rights. C(hidden): why that may not be all, None where it is."""

    entries: tuple[Entry, ...]
    hidden: str | None
    accounts: Mapping[str, Account]
    admitted: frozenset[str]


@dataclass(frozen=True)
class SecurityOwner(Setting):
    """The authority for the push principals in Administrators and the C(rights) that deny them logons.

    Wanted: the right in question, None for the members of Administrators.
    """

    kind: ClassVar[str] = "security_owner"
    can_be_declared: ClassVar[bool] = False
    principals: Principals
    rights: tuple[str, ...]

    @property
    def key(self) -> str:
        return "security_owner"

    def reads(self) -> tuple[Operation, ...]:
        return (
            _READ_RESTRICTED,
            _READ_MEMBER_OF,
            _READ_RIGHTS,
            READ_SESSION,
            READ_GPOS,
            READ_LOGGING,
            _READ_SECURITY_HISTORY,
            _READ_GROUPS_HISTORY,
            READ_HISTORY,
            _READ_TEMPLATES,
            *_READ_PREFERENCES,
            READ_ADMINISTRATORS,
            *self.principals.reads(),
        )

    def interpret(self, answers: Answers) -> Observation:
        accounts, _trouble = self.principals.resolved(answers)
        named = _administrators(answers)
        entries: list[Entry] = []
        shown = _from_rsop(answers, named)
        entries += shown or ()
        kept, hidden = _from_templates(answers, named)
        entries += kept
        preferred, unseen = _from_preferences(answers, named)
        entries += preferred
        wanted = {right.casefold() for right in self.rights}
        found = _joined(entry for entry in entries if entry.kind != "right" or entry.right in wanted)
        admitted = frozenset(accounts[asked].sid for asked in self.principals.admitted) if accounts else frozenset()
        why = unseen or (None if shown is not None else hidden)
        caveats = (_NO_EX,) if any(entry.kind == "adds" for entry in shown or ()) else ()
        return Observation(Decided(found, why, accounts, admitted), tuple(map(_words, found)) + ((why,) if why else ()), caveats=caveats)

    def decides(self, observation: Observation, difference: Difference) -> str | None:
        decided: Decided = observation.value
        place, _bar, sid = difference.key.partition("|")
        account = next((account for account in decided.accounts.values() if account.sid == sid), None)
        if account is None:
            return None
        if place.startswith("user_right:"):
            right = place.removeprefix("user_right:")
            return _first(entry for entry in decided.entries if entry.kind == "right" and entry.right == right)
        against = "removes" if difference.after == "present" else "adds"
        return _first(entry for entry in decided.entries if entry.kind == "only" or (entry.kind == against and entry.lists(account)))

    def assess(self, observation: Observation, wanted: str | None) -> Assessment:
        decided: Decided = observation.value
        what = wanted or "the members of Administrators"
        expected = f"no Group Policy object decides {what} otherwise"
        entries = [entry for entry in decided.entries if entry.right == (wanted or "").casefold()]
        against = [said for entry in entries if (said := _contradiction(entry, decided))]
        if against:
            return Assessment(Status.CONFLICT, expected, "; ".join(against), remedy="Change that Group Policy object, or what is declared.")
        if decided.hidden:
            return Assessment(Status.INDETERMINATE, expected, decided.hidden, code=Code.OWNERSHIP_NOT_VISIBLE, remedy=_SHOW)
        names = ", ".join(sorted({entry.by for entry in entries}))
        return Assessment(Status.COMPLIANT, expected, f"{names} agrees" if names else f"no Group Policy object decides {what}")


_SHOW = "Turn RSoP logging on (policy 'Turn off Resultant Set of Policy logging' not enabled), update Group Policy, and verify again."
_NO_EX = "that RSOP_RestrictedGroupEx tells which groups a group is added to is unproven on a real host"


def _first(entries: Iterable[Entry]) -> str | None:
    return next((entry.by for entry in entries), None)


def _joined(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The same in two places is one: RSoP tells names of accounts, and the copies of files their SIDs."""
    found: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        key = (entry.by, entry.kind, entry.right)
        found[key] = replace(entry, names=found[key].names | entry.names) if key in found else entry
    return tuple(found.values())


def _words(entry: Entry) -> str:
    names = ", ".join(sorted(name for name in entry.names if not is_sid(name)) or sorted(entry.names)) or "nobody"
    said = {
        "only": f"makes the members of Administrators {names}",
        "adds": f"adds to Administrators {names}",
        "removes": f"removes from Administrators {names}",
        "right": f"gives {entry.right} to {names}",
    }[entry.kind]
    return f"{entry.by} {said}"


def _contradiction(entry: Entry, decided: Decided) -> str | None:
    """What a policy would undo of what is declared, in words."""
    accounts = once(decided.accounts.values())
    admitted = [account for account in accounts if account.sid in decided.admitted]
    foreign = [account for account in accounts if account.sid not in decided.admitted]
    wrong = {
        "only": [*(one for one in admitted if not entry.lists(one)), *(one for one in foreign if entry.lists(one))],
        "adds": [one for one in foreign if entry.lists(one)],
        "removes": [one for one in admitted if entry.lists(one)],
        "right": [one for one in accounts if not entry.lists(one)],
    }[entry.kind]
    return f"{_words(entry)}, against what is declared of {', '.join(one.name for one in wrong)}" if wrong else None


# ---------------------------------------------------------------- names


def _administrators(answers: Answers) -> frozenset[str]:
    """How the group may be called, case-folded: by its SID, in English, or as the host calls it."""
    names = {ADMINISTRATORS.casefold(), "administrators"}
    answer = answers[READ_ADMINISTRATORS]
    for group in answer.data["groups"] if answer.ok else ():
        names.add(str(group["name"]).casefold())
    return frozenset(names)


def _is_group(text: str, named: frozenset[str]) -> bool:
    bare = text.strip().removeprefix("*").rpartition("\\")[2].casefold()
    return bare in named


def _folded(names: Iterable[Json]) -> frozenset[str]:
    return frozenset(str(name).strip().removeprefix("*").casefold() for name in names)


# ---------------------------------------------------------------- resultant set of policy


def _from_rsop(answers: Answers, named: frozenset[str]) -> tuple[Entry, ...] | None:
    """What WMI tells; None where it does not tell all of it."""
    logging = answers[READ_LOGGING]
    off = logging.ok and (logging.data["values"].get("RSoPLogging") or {}).get("data") == 0
    session, gpos = answers[READ_SESSION], answers[READ_GPOS]
    restricted, rights = answers[_READ_RESTRICTED], answers[_READ_RIGHTS]
    if off or not (session.ok and gpos.ok and restricted.ok and rights.ok) or not session.data["rows"]:
        return None
    called = {str(row.get("id", "")).casefold(): str(row.get("name") or row.get("guidName") or row.get("id")) for row in gpos.data["rows"]}
    found: list[Entry] = []
    for row, by in _winners(restricted.data["rows"], called):
        if _is_group(str(row.get("GroupName") or ""), named):
            found.append(Entry(by, "only", _folded(row.get("Members") or ())))
    for row, by in _winners(rights.data["rows"], called):
        found.append(Entry(by, "right", _folded(row.get("AccountList") or ()), str(row.get("UserRight") or "").casefold()))
    # Windows has this class beside the other one; what is missing in it may be in the copies of templates.
    answer = answers[_READ_MEMBER_OF]
    for row, by in _winners(answer.data["rows"] if answer.ok else (), called):
        if any(_is_group(str(group), named) for group in row.get("MembersOf") or ()):
            found.append(Entry(by, "adds", _folded([row.get("GroupName") or ""])))
    return tuple(found)


def _winners(rows: Iterable[Mapping[str, Json]], called: Mapping[str, str]) -> Iterator[tuple[Mapping[str, Json], str]]:
    for row in rows:
        identity = str(row.get("GPOID") or "")
        if row.get("precedence") == 1 and identity.casefold() != "localgpo":
            yield row, _by(called.get(identity.casefold(), identity))


def _by(name: str) -> str:
    return f'the Group Policy object "{name}"'


# ---------------------------------------------------------------- copies of files


def _from_templates(answers: Answers, named: frozenset[str]) -> tuple[list[Entry], str | None]:
    """What the copies of security templates say, and why that may not be all."""
    listed = answers[_READ_SECURITY_HISTORY]
    applied = _applied(listed)
    # A member of a domain gets its password rules that way at least, so a list that is missing there hides something.
    if applied is None or (not listed.data["exists"] and answers.host.is_domain_member is not False):
        return [], "RSoP does not tell, and Windows keeps no list of applied Group Policy objects"
    if not applied:
        return [], None
    copies = answers[_READ_TEMPLATES]
    if not copies.ok:
        return [], "RSoP does not tell, and the copies of security templates cannot be read"
    files = {_guid(file["path"]): file["base64"] for file in copies.data["files"]}
    only: list[Entry] = []
    adds: list[Entry] = []
    rights: dict[str, Entry] = {}
    hidden = None
    for guid, name in applied:
        content = files.get(guid)
        if content is None:
            hidden = f"RSoP does not tell, and Windows keeps no copy of what {_by(name)} says of security"
            continue
        try:
            template = parse(decode(base64.b64decode(content)))
        except MalformedTemplateError as error:
            hidden = f"RSoP does not tell, and the copy of what {_by(name)} says of security cannot be parsed: {error}"
            continue
        # Of several lists of members, and of several lists for a right, that of the object that is applied last holds.
        rights |= {right: Entry(_by(name), "right", _folded(holders), right) for right, holders in template.rights.items()}
        stated, added = _memberships(template, _by(name), named)
        only = stated or only
        adds += added
    return [*only, *adds, *rights.values()], "RSoP does not tell" if copies.data["truncated"] else hidden


def _memberships(template: Template, by: str, named: frozenset[str]) -> tuple[list[Entry], list[Entry]]:
    only = [
        Entry(by, "only", _folded(entry.members))
        for entry in template.memberships
        if entry.members is not None and _is_group(entry.group, named)
    ]
    adds = [
        Entry(by, "adds", _folded([entry.group]))
        for entry in template.memberships
        if any(_is_group(group, named) for group in entry.member_of or ())
    ]
    return only, adds


def _from_preferences(answers: Answers, named: frozenset[str]) -> tuple[list[Entry], str | None]:
    """What the copies of preferences for local groups say, and why that may not be all."""
    # Without a list of its own, whatever other extensions applied is taken for applied here as well.
    lists = [_applied(answers[read]) or () for read in (_READ_GROUPS_HISTORY, READ_HISTORY, _READ_SECURITY_HISTORY)]
    names = dict(lists[0] or (*lists[1], *lists[2]))
    found: list[Entry] = []
    hidden = None
    for answer in (answers[read] for read in _READ_PREFERENCES):
        if answer.failure:
            hidden = f"the preferences for local groups cannot be read ({answer.failure.kind})"
            continue
        if answer.data["truncated"]:
            hidden = "Windows keeps more copies of preferences for local groups than were read"
        for file in answer.data["files"]:
            name = names.get(_guid(file["path"]))
            if name is None:
                continue
            try:
                found += _preferred(_xml(base64.b64decode(file["base64"] or "")), _by(name), named)
            except (ET.ParseError, MalformedTemplateError) as error:
                hidden = f"what {_by(name)} prefers for local groups cannot be parsed: {error}"
    return found, hidden


def _xml(content: bytes) -> ET.Element:
    """The document; one that declares entities, of which a small file can make a huge text, is refused."""
    text = decode(content)
    if "<!" in text.replace("<!--", ""):
        raise MalformedTemplateError("it declares something of its own")
    return ET.fromstring(text)  # noqa: S314 nothing is declared in it


def _preferred(root: ET.Element, by: str, named: frozenset[str]) -> Iterator[Entry]:
    """Items of Groups.xml about Administrators. A built-in group is neither made nor deleted; it is updated, or its members replaced."""
    for item in root.iter("Group"):
        properties = item.find("Properties")
        if properties is None or item.get("disabled") == "1" or not _is_preferred(properties, named):
            continue
        action = (properties.get("action") or "U").upper()
        if action in ("C", "D"):
            continue
        members = list(properties.iter("Member"))
        adds, removes = (
            _folded(
                text
                for member in members
                if (member.get("action") or "ADD").upper() == verb
                for text in (member.get("sid"), member.get("name"))
                if text
            )
            for verb in ("ADD", "REMOVE")
        )
        if action == "R" or "1" in (properties.get("deleteAllUsers"), properties.get("deleteAllGroups")):
            yield Entry(by, "only", adds)
            continue
        if adds:
            yield Entry(by, "adds", adds)
        if removes:
            yield Entry(by, "removes", removes)


def _is_preferred(properties: ET.Element, named: frozenset[str]) -> bool:
    sid = (properties.get("groupSid") or "").strip()
    if sid:
        return sid.upper() == ADMINISTRATORS
    name = (properties.get("groupName") or "").strip()
    match = _PREFERRED.match(name)
    return _is_group(match["name"] if match else name, named)


def _applied(answer: Answer) -> Sequence[tuple[str, str]] | None:
    """The objects of the domain that an extension applied, as (GUID, name) in their order; None where there is no list."""
    if not answer.ok:
        return None
    if not answer.data["exists"]:
        return ()
    # The keys' names are the numbers in the order of application, and ten of them sort before two as texts.
    numbered = sorted(answer.data["subkeys"].items(), key=lambda pair: (len(pair[0]), pair[0]))
    found = []
    for _number, entry in numbered:
        texts = {name: str(value["data"]) for name, value in entry["values"].items()}
        guid = _guid(texts.get("GPOName", "")) or _guid(texts.get("FileSysPath", ""))
        if texts.get("DSPath", "").casefold() != "localgpo" and guid:
            found.append((guid, texts.get("DisplayName") or guid))
    return found


def _guid(text: str) -> str:
    found = _GUID.findall(text)
    return found[-1].casefold() if found else ""
