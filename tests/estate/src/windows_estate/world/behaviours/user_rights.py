# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""User rights of a machine: who has them, secedit.exe, and whom Windows lets log on.

Who has a right is in the state (`rights`: right -> SIDs). Confidence: that a template's list replaces the holders of a right and leaves
rights it does not name alone [H]; that exports name local accounts and give SIDs for all others, and leave out rights that nobody has [K];
texts and exit codes of secedit, and that what resolves is set when something else of the template does not, are decisions of the
simulation [U].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from windows_estate.machine import Machine, NameDict, ProgramResult, fold
from windows_estate.machine.accounts import is_sid
from windows_estate.machine.names import name_dict
from windows_estate.world import security_template
from windows_estate.world.directory import as_member
from windows_estate.world.knowledge.languages import ADMINISTRATORS
from windows_estate.world.knowledge.user_rights import DEFAULTS, GUEST, LOGONS
from windows_estate.world.security_template import GROUPS, PRIVILEGES

_SECONDS: Final = 2.0
_LOCAL_ACCOUNT: Final = "S-1-5-113"
_LOCAL_ADMINISTRATOR: Final = "S-1-5-114"
_NETWORK: Final = "S-1-5-2"
_USER_RIGHTS: Final = "user_rights"
_GROUP_AREA: Final = "group_mgmt"
_AREAS: Final = frozenset({"securitypolicy", _GROUP_AREA, _USER_RIGHTS, "regkeys", "filestore", "services"})
_SWITCHES: Final = frozenset({"/overwrite", "/quiet"})
_OPTIONS: Final = frozenset({"/cfg", "/db", "/log", "/mergedpolicy"})

_DONE: Final = {
    "en-US": "The task has completed successfully.",
    "de-DE": "Der Vorgang wurde erfolgreich abgeschlossen.",
    "fr-FR": "La tâche s’est terminée avec succès.",
}
_FAILED: Final = {
    "en-US": "The task is completed with an error.",
    "de-DE": "Der Vorgang wurde mit einem Fehler abgeschlossen.",
    "fr-FR": "La tâche s’est terminée avec une erreur.",
}
_LOG: Final = "%windir%\\security\\logs\\scesrv.log"


class SecurityError(Exception):
    """What secedit says instead of doing it."""


def install(machine: Machine, holders: Mapping[str, Sequence[str]] | None = None) -> None:
    """Give a machine user rights and secedit: those of an installation, with other holders (SIDs) for the rights that are named."""
    rights = name_dict(machine.state, "rights")
    for right, sids in DEFAULTS[machine.product_type or 1].items():
        if right not in rights:
            rights[right] = [sid for sid in (_own(machine, word) for word in sids) if sid is not None]
    for right, given in (holders or {}).items():
        rights[right] = list(given)
    machine.programs["secedit"] = secedit


def holders_of(machine: Machine, right: str) -> list[str]:
    """The SIDs that have a right."""
    found: list[str] = name_dict(machine.state, "rights").get(right) or []
    return list(found)


def set_holders(machine: Machine, right: str, sids: Iterable[str]) -> None:
    rights = name_dict(machine.state, "rights")
    wanted = list(dict.fromkeys(sids))
    if wanted:
        rights[right] = wanted
    else:
        rights.pop(right, None)


def may_log_on(machine: Machine, user: Mapping[str, Any], logon: str = "network") -> bool:
    """Whether Windows admits an account to a kind of logon. `user`: in the form of a state."""
    needed = LOGONS.get(logon, LOGONS["interactive"])
    if needed is None or "rights" not in machine.state:
        return True
    allowed, denied = needed
    mine = _identities(machine, user, logon)
    return not mine.isdisjoint(holders_of(machine, allowed)) and mine.isdisjoint(holders_of(machine, denied))


def _identities(machine: Machine, user: Mapping[str, Any], logon: str) -> set[str]:
    found = {user["sid"], *user["groups"]}
    if logon.startswith("network"):
        found.add(_NETWORK)
    if fold(str(user["name"])).startswith(fold(f"{machine.name}\\")):
        found.add(_LOCAL_ACCOUNT)
        if ADMINISTRATORS in found:
            found.add(_LOCAL_ADMINISTRATOR)
    return found


def _own(machine: Machine, word: str) -> str | None:
    """The SID of a default holder; the machine's Guest is found by its RID."""
    if word != GUEST:
        return word
    accounts = machine.state.get("accounts") or ()
    mine = fold(f"{machine.name}\\")
    return next((one["sid"] for one in accounts if one["sid"].endswith("-501") and fold(one["name"]).startswith(mine)), None)


# secedit.exe


def secedit(machine: Machine, arguments: list[str], _stdin: str | None, files: dict[str, str | None]) -> ProgramResult:
    """/export /cfg FILE and /configure /db FILE [/cfg FILE] [/overwrite], each with [/areas …] [/log FILE] [/quiet]."""
    tag = str(machine.state["host"].get("language") or "en-US")
    try:
        verb, options, areas = _parsed(arguments)
        if not machine.state["host"]["user"]["elevated"]:
            raise SecurityError("5")
        written = _export(machine, options, areas) if verb == "/export" else _configure(machine, options, areas, files)
    except SecurityError as error:
        said = _FAILED.get(tag, _FAILED["en-US"])
        return ProgramResult(stdout=f"{said}\r\n{error}\r\n{_LOG}\r\n", exit_code=1, seconds=_SECONDS)
    said = _DONE.get(tag, _DONE["en-US"])
    return ProgramResult(stdout=f"\r\n{said}\r\n{_LOG}\r\n", files=written, seconds=_SECONDS)


def _parsed(arguments: list[str]) -> tuple[str, dict[str, str], set[str]]:
    """The verb, options with what follows each, and the areas, all of them when none is named."""
    if not arguments or fold(arguments[0]) not in ("/export", "/configure"):
        raise SecurityError(f"secedit: {' '.join(arguments[:1])}?")
    options: dict[str, str] = {}
    areas: set[str] = set()
    words = iter(arguments[1:])
    last = ""
    for word in words:
        folded = fold(word)
        if folded in _OPTIONS:
            options[folded] = next(words, "")
            last = folded
        elif folded in _SWITCHES or folded == "/areas":
            last = folded
        elif last == "/areas" and folded in _AREAS:
            areas.add(folded)
        else:
            raise SecurityError(f"secedit: {word}?")
    return fold(arguments[0]), options, areas or set(_AREAS)


def _token(options: Mapping[str, str], name: str) -> str:
    text = options.get(name, "")
    if not (text.startswith("{") and text.endswith("}")):
        raise SecurityError(f"secedit: {name}?")
    return text[1:-1]


def _export(machine: Machine, options: Mapping[str, str], areas: set[str]) -> dict[str, str]:
    sections: dict[str, list[tuple[str, str]]] = {}
    if "securitypolicy" in areas:
        sections["System Access"] = [("MinimumPasswordAge", "1"), ("LockoutBadCount", "10")]
    if _GROUP_AREA in areas:
        sections[GROUPS] = [
            (f"*{group['sid']}__Members", ",".join(f"*{member['sid']}" for member in group.get("members") or ()))
            for group in machine.accounts.groups
        ]
    if _USER_RIGHTS in areas:
        rights = name_dict(machine.state, "rights")
        sections[PRIVILEGES] = [
            (right, ",".join(_exported(machine, sid) for sid in sids)) for right, sids in sorted(rights.items()) if sids
        ]
    return {_token(options, "/cfg"): security_template.write(sections)}


def _exported(machine: Machine, sid: str) -> str:
    account = machine.accounts.resolve(sid)
    mine = f"{machine.name}\\"
    if account is not None and fold(account["name"]).startswith(fold(mine)):
        return str(account["name"][len(mine) :])
    return f"*{sid}"


def _configure(machine: Machine, options: Mapping[str, str], areas: set[str], files: Mapping[str, str | None]) -> dict[str, str]:
    if not options.get("/db"):
        raise SecurityError("secedit: /db?")
    text = files.get(_token(options, "/cfg"))
    try:
        template = security_template.parse(text or "")
    except security_template.NoTemplate as error:
        raise SecurityError(str(error)) from error
    unknown = apply(machine, template, rights=_USER_RIGHTS in areas, groups=_GROUP_AREA in areas)
    if unknown:
        raise SecurityError(f"1332: {', '.join(unknown)}")
    return {}


def apply(machine: Machine, template: Mapping[str, Any], *, rights: bool = True, groups: bool = True) -> list[str]:
    """Put a template into effect; the names in it that nobody knows."""
    unknown: list[str] = []
    if rights:
        for right, text in (template.get(PRIVILEGES) or NameDict()).items():
            set_holders(machine, right, _sids(machine, security_template.values(text), unknown))
    if groups:
        for name, text in (template.get(GROUPS) or NameDict()).items():
            parsed = security_template.group_of(name)
            if parsed is not None:
                restrict(machine, *parsed, _sids(machine, security_template.values(text), unknown), unknown)
    return unknown


def restrict(machine: Machine, group: str, kind: str, sids: list[str], unknown: list[str]) -> None:
    """Restricted Groups: `members` are then the only ones, but for the machine's own Administrator; `memberof` adds the group elsewhere."""
    own = next(iter(_sids(machine, [group], unknown)), None)
    if own is None:
        return
    if kind == "members":
        target = _group(machine, own)
        if target is not None:
            kept = [one for one in target.get("members") or () if own == ADMINISTRATORS and _is_builtin(machine, one["sid"])]
            wanted = [*kept, *(_member(machine, sid) for sid in sids if sid not in [one["sid"] for one in kept])]
            if {one["sid"] for one in wanted} != {one["sid"] for one in target.get("members") or ()}:
                target["members"] = wanted
        return
    for sid in sids:
        add_member(machine, sid, own)


def add_member(machine: Machine, group: str, sid: str) -> None:
    """Make an account a member of a local group, unless it is one or there is no such group."""
    target = _group(machine, group)
    if target is not None and all(one["sid"] != sid for one in target.get("members") or ()):
        target["members"] = [*(target.get("members") or ()), _member(machine, sid)]


def _group(machine: Machine, sid: str) -> dict[str, Any] | None:
    return next((one for one in machine.accounts.groups if one["sid"] == sid), None)


def _member(machine: Machine, sid: str) -> dict[str, Any]:
    account = machine.accounts.resolve(sid)
    return {"sid": sid} if account is None else as_member(account)


def _is_builtin(machine: Machine, sid: str) -> bool:
    account = machine.accounts.resolve(sid)
    return sid.endswith("-500") and account is not None and fold(account["name"]).startswith(fold(f"{machine.name}\\"))


def _sids(machine: Machine, words: Iterable[str], unknown: list[str]) -> list[str]:
    """The SIDs of a template's words: `*SID`, known or not, or a name; names that nobody knows go to `unknown`."""
    found: list[str] = []
    for word in words:
        bare = word.removeprefix("*")
        if is_sid(bare.upper()):
            found.append(bare.upper())
            continue
        account = machine.accounts.resolve(bare)
        # A local account stands without its machine.
        account = account or machine.accounts.resolve(f"{machine.name}\\{bare}")
        if account is None:
            unknown.append(word)
        else:
            found.append(account["sid"])
    return found
