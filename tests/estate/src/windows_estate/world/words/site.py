# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A ConfigMgr site in words: `site` below `configmgr`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from windows_estate.world.behaviours.configmgr_site.items import CLIENT_CONFIG, DISCOVERY
from windows_estate.world.behaviours.configmgr_site.options import (
    COMPUTER_TYPES,
    FULL,
    ROLES,
    Administrator,
    Push,
    Revert,
    Secondary,
    StoredAccount,
)
from windows_estate.world.behaviours.configmgr_site.osd_options import NOTATIONS, OsdOptions
from windows_estate.world.behaviours.configmgr_site.releases import NEWEST, RELEASES
from windows_estate.world.words.reader import Fields, WordsError, shown

_CODE: Final = re.compile("[A-Z0-9]{3}")


@dataclass(frozen=True)
class RawProperty:
    """A property that is to have these fields, or with no fields to be absent."""

    component: str
    name: str
    fields: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class SiteEdit:
    """What another administrator does: words of `read_edit`, and after how many looks at the components, or at once."""

    settings: tuple[tuple[str, Any], ...]
    reads: int | None
    site_code: str | None


@dataclass(frozen=True)
class SiteWords:
    """A site as the file describes it. Machines are names of hosts, or of machines that are no hosts of the estate."""

    code: str
    name: str
    server: str | None
    providers: tuple[str, ...]
    consoles: tuple[str, ...] | None
    console_release: str | None
    release: str
    options: tuple[tuple[str, Any], ...]
    """More fields of SiteOptions."""
    secondaries: tuple[Secondary, ...]
    properties: tuple[RawProperty, ...] = ()
    edits: tuple[SiteEdit, ...] = field(default=())


def read_site(fields: Fields, code: str) -> SiteWords:
    """Raises WordsError."""
    release = str(fields.raw("release", NEWEST))
    _known(fields, "release", release)
    console_release = fields.raw("console_release")
    if console_release is not None:
        console_release = str(console_release)
        _known(fields, "console_release", console_release)
    push = read_push(fields.fields("client_push"))
    options: dict[str, Any] = {
        "upgraded": fields.flag("upgraded", False),
        "hotfix": fields.text("hotfix", "absent", one_of=("absent", "downloaded", "installed")),
        "hotfix_name": fields.text("hotfix_name", None),
        "push": push,
        "store": _store(fields),
        "unknown": fields.texts("unknown_accounts"),
        "clear_install_flag": fields.flag("clear_install_flag", False),
        "apply_seconds": float(fields.number("apply_seconds", 5)),
        "administrators": _administrators(fields),
        "reverts": tuple(_revert(item, fields.where) for item in fields.entries("reverts")),
        "spelling": tuple((name, str(other)) for name, other in fields.items("spelling")),
        "registry_typed": fields.texts("registry_typed"),
        "chosen_replaces": fields.flag("chosen_replaces", False),
        "types_need_automatic": fields.flag("types_need_automatic", False),
        "ntlm_parameter": fields.text("ntlm_parameter", None),
        "osd": _osd(fields),
    }
    consoles = fields.texts("consoles") if fields.raw("consoles") is not None else None
    secondaries = tuple(_secondary(name, value, fields.where) for name, value in fields.items("secondary_sites"))
    words = SiteWords(
        code=code,
        name=fields.text("name", f"Site {code}"),
        server=fields.text("server", None),
        providers=fields.texts("providers"),
        consoles=consoles,
        console_release=console_release,
        release=release,
        options=tuple(options.items()),
        secondaries=secondaries,
        properties=tuple(_property(item, fields.where) for item in fields.entries("properties")),
        edits=tuple(read_edit(item, f"{fields.where}, another_administrator") for item in fields.entries("another_administrator")),
    )
    fields.done()
    codes = [code, *(one.code for one in secondaries)]
    if len(set(codes)) != len(codes):
        raise WordsError(f"{fields.where}: two sites have the same site code.")
    return words


def checked_code(text: str, where: str) -> str:
    """A site code. Raises WordsError."""
    code = text.upper()
    if not _CODE.fullmatch(code):
        raise WordsError(f"{where}: site_code cannot be {shown(text)}; it is three letters or digits.")
    return code


def read_push(fields: Fields) -> Push:
    """`client_push`. Raises WordsError."""
    ntlm = fields.raw("ntlm_fallback", "default")
    if not isinstance(ntlm, (bool, int)) and ntlm not in ("default", "absent"):
        raise WordsError(f"{fields.where}: ntlm_fallback cannot be {shown(ntlm)}; allowed: yes, no, absent, a number.")
    push = Push(
        automatic=fields.flag("automatic", False),
        computer_types=_computer_types(fields, ("workstations", "servers")),
        filters=fields.number("filters"),
        site_systems=fields.flag("site_systems", False),
        ntlm_fallback=ntlm,
        accounts=fields.texts("accounts"),
        installation_properties=fields.text("installation_properties", None),
    )
    fields.done()
    return push


def read_edit(value: Any, where: str) -> SiteEdit:
    """What somebody else changes: words of `client_push`, `clear_install_flag`, `store`, `forget`, `down`, and when. Raises WordsError."""
    fields = Fields(value, where)
    settings: dict[str, Any] = {}
    for name in ("automatic", "site_systems", "ntlm_fallback", "clear_install_flag", "down"):
        if fields.raw(name) is not None:
            settings[name] = fields.flag(name)
    if fields.raw("computer_types") is not None:
        settings["computer_types"] = _computer_types(fields, ())
    for name in ("accounts", "store", "forget"):
        if fields.raw(name) is not None:
            settings[name] = fields.texts(name)
    for name, read in (("binding", _binding), ("deletion", _deletion)):
        if fields.raw(name) is not None:
            settings[name] = read(fields.fields(name))
    if fields.raw("installation_properties") is not None:
        settings["installation_properties"] = fields.text("installation_properties")
    if fields.raw("property") is not None:
        settings["property"] = _property(fields.raw("property"), fields.where)
    code = fields.text("site_code", None)
    edit = SiteEdit(tuple(settings.items()), fields.number("after_reads"), None if code is None else checked_code(code, where))
    fields.done()
    return edit


def _osd(fields: Fields) -> OsdOptions:
    """`network_access_accounts`, and `osd`: what nobody has published."""
    inner = fields.fields("osd")
    flags = {
        name: inner.flag(name, getattr(OsdOptions(), name))
        for name in ("mac_sets_policy", "hours_cycle_daily", "immediate_keeps_cycle", "undo_restores_cycle")
    }
    found = OsdOptions(
        network_access_accounts=fields.texts("network_access_accounts"),
        mac_notation=inner.text("mac_notation", "colons", one_of=NOTATIONS),
        responder_property=inner.text("responder_property", ""),
        **flags,
    )
    inner.done()
    return found


def _binding(fields: Fields) -> dict[str, Any]:
    """`{server, policy, macs}`: of a distribution point."""
    found = {
        "server": fields.text("server"),
        "policy": fields.number("policy"),
        "macs": fields.texts("macs") if fields.has("macs") else None,
    }
    fields.done()
    return found


def _deletion(fields: Fields) -> dict[str, Any]:
    """`{server, delay_minutes, cycle_minutes, folders}`: of a state migration point."""
    found = {
        "server": fields.text("server"),
        "delay_minutes": fields.number("delay_minutes"),
        "cycle_minutes": fields.number("cycle_minutes"),
        "folders": fields.texts("folders") if fields.has("folders") else None,
    }
    fields.done()
    return found


def _known(fields: Fields, name: str, release: str) -> None:
    if release not in RELEASES:
        raise WordsError(f"{fields.where}: {name} cannot be {shown(release)}; allowed: {', '.join(RELEASES)}.")


def _computer_types(fields: Fields, default: tuple[str, ...]) -> tuple[str, ...]:
    types = fields.texts("computer_types", default)
    for word in types:
        fields.choice("computer_types", word, tuple(COMPUTER_TYPES))
    return types


def _store(fields: Fields) -> tuple[StoredAccount, ...]:
    """`stored_accounts`: names, or names with what each is used for."""
    value = fields.raw("stored_accounts")
    if isinstance(value, dict):
        pairs = fields.items("stored_accounts")
        return tuple(StoredAccount(name, Fields({name: usage}, fields.where).texts(name)) for name, usage in pairs)
    return tuple(StoredAccount(name) for name in fields.texts("stored_accounts"))


def _administrators(fields: Fields) -> tuple[Administrator, ...] | None:
    if fields.raw("administrators") is None:
        return None
    found = []
    for account, value in fields.items("administrators"):
        inner = Fields(value if isinstance(value, dict) else {"role": value}, f"{fields.where}, administrators, {account}")
        found.append(Administrator(account, inner.text("role", FULL, one_of=ROLES), inner.texts("hides")))
        inner.done()
    return tuple(found)


def _revert(value: Any, where: str) -> Revert:
    fields = Fields(value, f"{where}, reverts")
    name = fields.text("property")
    seconds, reads = fields.number("after_seconds"), fields.number("after_reads")
    if (seconds is None) == (reads is None):
        raise WordsError(f"{fields.where}: one of after_seconds and after_reads is needed.")
    component = fields.text("component", CLIENT_CONFIG if name == "Advanced Client Command Line" else DISCOVERY)
    revert = Revert(component, name, None if seconds is None else float(seconds), reads, fields.number("times", 1, low=1))
    fields.done()
    return revert


def _secondary(code: str, value: Any, where: str) -> Secondary:
    fields = Fields(value, f"{where}, secondary_sites, {code}")
    secondary = Secondary(
        checked_code(code, fields.where),
        fields.text("name", f"Site {code}"),
        fields.text("server"),
        read_push(fields.fields("client_push")),
        fields.flag("recovered", True),
    )
    fields.done()
    return secondary


def _property(value: Any, where: str) -> RawProperty:
    fields = Fields(value, f"{where}, properties")
    raw = {"Value": fields.number("value"), "Value1": fields.text("value1", None), "Value2": fields.text("value2", None)}
    found = RawProperty(
        fields.text("component", DISCOVERY), fields.text("name"), tuple((name, one) for name, one in raw.items() if one is not None)
    )
    fields.done()
    return found
