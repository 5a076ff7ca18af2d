# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator may say about PXE, as types, and the rules between the options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_adapter import Adapter, Word, resolve, word_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_own import OwnWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.pxe_server import MalformedReadingsError, PxeServer
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.mac import digits, looks_like

AREA = "pxe_interface_binding"

_SITE_CODE = re.compile(r"[A-Za-z0-9]{3}\Z")
_SERVER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z")
_NO_NAME = re.compile(r"[\\/:*?\"<>|]")
_LONGEST_DELAY = 32
_LONGEST_WAIT = 3600


@dataclass(frozen=True)
class PointOptions:
    """One distribution point. C(macs): where PXE may answer, None where nobody has said; C(everywhere): on all interfaces.

    C(reading): what its own play has returned, C(adapters) of it those that are meant; C(computer) is whom C(reading) is from.
    """

    name: str
    pxe: bool | None = None
    macs: tuple[str, ...] | None = None
    everywhere: bool = False
    adapters: tuple[Adapter, ...] | None = None
    reading: PxeServer | None = None
    host: str = ""
    answer_requests: bool | None = None
    unknown_computers: bool = False
    password: str | None = field(default=None, repr=False)
    password_required: bool = True
    response_delay: int | None = None
    affinity: str | None = None
    responder: str | None = None
    multicast: bool | None = None
    anonymous_content: bool = False


@dataclass(frozen=True)
class PxeOptions:
    """C(points) is None where the host is no provider host; C(own) is None where it is no distribution point."""

    points: tuple[PointOptions, ...] | None = None
    own: OwnWanted | None = None
    site_code: str | None = None
    wait_seconds: int = 120


def read_options(given: Mapping[str, Any]) -> PxeOptions:
    """Options whose types were checked already, with the rules between them. All broken rules are told at once (OptionError)."""
    wrong: list[str] = []
    points, own = given.get("distribution_points"), given.get("this_distribution_point")
    if points is None and own is None:
        wrong.append(
            f"{AREA}: says nothing; give distribution_points on a host of the SMS Provider, or this_distribution_point on one of them."
        )
    code = (given.get("site_code") or "").strip() or None
    if code and not _SITE_CODE.match(code):
        wrong.append(f"site_code: '{code}' is no site code; allowed are three letters or digits.")
    wait = 120 if given.get("wait_seconds") is None else given["wait_seconds"]
    if not 1 <= wait <= _LONGEST_WAIT:
        wrong.append(f"wait_seconds: {wait} is out of range; allowed are whole numbers from 1 to {_LONGEST_WAIT}.")
    readings = _readings(given.get("readings") or {}, wrong)
    read = None if points is None else _points(points, readings, wrong)
    wanted = None if own is None else _own(own, wrong)
    if wrong:
        raise OptionError(wrong)
    return PxeOptions(read, wanted, code, wait)


def _readings(given: Mapping[str, Any], wrong: list[str]) -> dict[str, PxeServer]:
    """By inventory name. Those of a host that is no distribution point have nothing of this area."""
    found = {}
    for host, content in given.items():
        # Empty where a play has failed.
        own = content.get(AREA, content) if isinstance(content, Mapping) else content
        if not own or (isinstance(own, Mapping) and "adapters" not in own):
            continue
        try:
            found[str(host)] = PxeServer.from_data(own)
        except MalformedReadingsError as error:
            wrong.append(f"readings: those of {host} are not what the play of a distribution point returns ({error}); run it again.")
    return found


def _points(given: Sequence[Mapping[str, Any]], readings: Mapping[str, PxeServer], wrong: list[str]) -> tuple[PointOptions, ...]:
    seen: set[str] = set()
    found = []
    for number, point in enumerate(given):
        option = f"distribution_points[{number}]"
        name = str(point.get("name") or "").strip().lstrip("\\")
        if not _SERVER.match(name):
            wrong.append(f"{option}.name: '{name}' is no name of a server; allowed is one such as DP01.corp.example.")
            continue
        if name.casefold() in seen:
            wrong.append(f"{option}.name: '{name}' is named twice; case does not matter. Name each one once.")
        seen.add(name.casefold())
        found.append(_point(name, point, readings, _candidates(name, given, readings), option, wrong))
    return tuple(found)


def _candidates(name: str, given: Sequence[Mapping[str, Any]], readings: Mapping[str, PxeServer]) -> dict[str, PxeServer]:
    """Readings that may be a server's where nobody has said which are, by inventory name.

    The full name is sure; the first label only while no other server has it, and the host does not tell of another domain.
    """
    label = _label(name).casefold()
    others = [str(point.get("name") or "").strip().lstrip("\\") for point in given]
    alone = sum(_label(other).casefold() == label for other in others) == 1
    exact = {key: reading for key, reading in readings.items() if key.casefold() == name.casefold()}
    if exact or not alone:
        return exact
    return {key: reading for key, reading in readings.items() if _label(key).casefold() == label and _may_be(name, reading)}


def _may_be(name: str, reading: PxeServer) -> bool:
    _first, _dot, domain = name.partition(".")
    return not domain or not reading.domain or domain.casefold() == reading.domain.casefold()


def _point(
    name: str,
    given: Mapping[str, Any],
    readings: Mapping[str, PxeServer],
    candidates: Mapping[str, PxeServer],
    option: str,
    wrong: list[str],
) -> PointOptions:
    _relations(name, given, option, wrong)
    host = str(given.get("host") or "").strip()
    key = _reading_of(name, host, readings if host else candidates)
    reading = readings[key] if key else None
    words = read_words(given.get("interfaces") or (), f"{option}.interfaces", wrong)
    adapters, macs = _resolved(words, name, host, reading, f"{option}.interfaces", wrong) if words else (None, None)
    return PointOptions(
        name=name,
        pxe=given.get("pxe"),
        macs=macs,
        everywhere=bool(given.get("respond_on_all")),
        adapters=adapters,
        reading=reading,
        host=key or host or _label(name),
        answer_requests=given.get("answer_requests"),
        unknown_computers=bool(given.get("unknown_computers")),
        password=given.get("password"),
        password_required=given.get("password_required") is not False,
        response_delay=given.get("response_delay"),
        affinity=given.get("user_device_affinity"),
        responder=given.get("responder"),
        multicast=given.get("multicast"),
        anonymous_content=bool(given.get("anonymous_content")),
    )


def _relations(name: str, given: Mapping[str, Any], option: str, wrong: list[str]) -> None:
    """What goes together, and what does not."""
    pxe, interfaces, everywhere = given.get("pxe"), given.get("interfaces"), bool(given.get("respond_on_all"))
    if interfaces is not None and not interfaces:
        wrong.append(
            f"{option}.interfaces: is empty for {name}, and bound to nothing PXE answers nobody; name interfaces, or say pxe: false."
        )
    elif pxe and not interfaces and not everywhere:
        wrong.append(
            f"{option}.interfaces: missing; PXE of {name} is to be on, so name the interfaces that may answer, or say respond_on_all: true."
        )
    if interfaces and everywhere:
        wrong.append(f"{option}.respond_on_all: cannot be given together with interfaces; leave one of them out.")
    if pxe is False:
        wrong.extend(
            f"{option}.{other}: cannot be given together with pxe: false, which answers nobody; leave one of them out."
            for other in ("interfaces", "respond_on_all", "answer_requests", "password")
            if given.get(other)
        )
    delay = given.get("response_delay")
    if delay is not None and not 0 <= delay <= _LONGEST_DELAY:
        wrong.append(f"{option}.response_delay: {delay} is out of range; allowed are whole seconds from 0 to {_LONGEST_DELAY}.")
    if given.get("responder") == "configmgr" and given.get("multicast"):
        wrong.append(f"{option}.multicast: needs WDS, which responder: configmgr takes the place of; leave one of them out.")
    password = given.get("password")
    if password is not None and not password.strip():
        wrong.append(f"{option}.password: is empty; give a password, or leave it out.")


def read_words(given: Sequence[Any], option: str, wrong: list[str]) -> tuple[Word, ...]:
    """Words for interfaces, checked as far as a word shows by itself what is wrong with it."""
    found: dict[Word, None] = {}
    for number, entry in enumerate(given):
        where = f"{option}[{number}]"
        every = False
        if isinstance(entry, Mapping):
            unknown = sorted(str(name) for name in entry if name not in ("network", "all"))
            if unknown or not isinstance(entry.get("network"), str) or not isinstance(entry.get("all", False), bool):
                wrong.append(f"{where}: is no network; allowed is a dictionary of network, such as 10.20.0.0/16, and all, true or false.")
                continue
            text, every = entry["network"], bool(entry.get("all", False))
        elif isinstance(entry, str):
            text = entry
        else:
            wrong.append(f"{where}: {entry} is no text; put a network, address, name or MAC address in quotes.")
            continue
        word = word_of(text, every=every)
        sentence = _wrong_word(word, needs_network=isinstance(entry, Mapping))
        if sentence:
            wrong.append(f"{where}: '{text}' {sentence}")
        else:
            found[word] = None
    return tuple(found)


def _wrong_word(word: Word, *, needs_network: bool) -> str | None:
    if needs_network and word.kind != "network":
        return "is no network; allowed is one such as 10.20.0.0/16."
    if word.kind != "name":
        return None
    if not word.text:
        return "names no interface; allowed are a network, an address, an interface's name, or a MAC address."
    if "/" in word.text:
        return "is no network; allowed is one such as 10.20.0.0/16, with zeros where hosts are counted."
    if looks_like(word.text):
        count = len(re.sub("[^0-9A-Fa-f]", "", word.text))
        return f"is no MAC address, as it has {count} digits; allowed are 12, such as 00:11:22:33:44:55, 00-11-22-33-44-55 or 001122334455."
    if _NO_NAME.search(word.text):
        return "is neither network, address nor MAC address, and no interface can have such a name."
    return None


def _label(name: str) -> str:
    return name.partition(".")[0]


def _reading_of(name: str, host: str, readings: Mapping[str, PxeServer]) -> str | None:
    """The inventory name whose readings are meant: as it is given, or the only one that may be the server's, or the one of its label."""
    wanted = [host] if host else [name, _label(name)]
    named = [key for text in wanted for key in readings if key.casefold() == text.casefold()]
    if named or host:
        return named[0] if named else None
    return next(iter(readings)) if len(readings) == 1 else None


def _resolved(
    words: Sequence[Word], name: str, host: str, reading: PxeServer | None, option: str, wrong: list[str]
) -> tuple[tuple[Adapter, ...] | None, tuple[str, ...]]:
    """The adapters and hardware addresses that words mean. Hardware addresses need nobody to explain them."""
    trouble = None
    if reading is None:
        trouble = f"there are no readings of {host or _label(name)}"
    elif isinstance(reading.adapters, Problem):
        trouble = f"its play could not read them ({reading.adapters.message})"
    else:
        found = resolve(words, reading.adapters, name)
        wrong.extend(f"{option}: {sentence}" for sentence in found.wrong)
        return found.adapters, found.macs
    others = [word.text for word in words if word.kind != "mac"]
    if others:
        wrong.append(
            f"{option}: which interfaces {', '.join(others)} {'is' if len(others) == 1 else 'are'} can only be told by those of {name}, and"
            f" {trouble}; run the play of that distribution point first, say in host which one it is, or name MAC addresses."
        )
    return None, tuple(dict.fromkeys(mac for word in words if (mac := digits(word.text))))


def _own(given: Mapping[str, Any], wrong: list[str]) -> OwnWanted:
    option = "this_distribution_point"
    pxe, interfaces = given.get("pxe"), given.get("interfaces")
    if pxe is False and interfaces:
        wrong.append(f"{option}.interfaces: cannot be given together with pxe: false, which answers nobody; leave one of them out.")
    if interfaces is not None and not interfaces:
        wrong.append(f"{option}.interfaces: is empty; name the interfaces that may answer, or leave it out.")
    words = read_words(interfaces or (), f"{option}.interfaces", wrong)
    return OwnWanted(pxe, words, given.get("responder"), bool(given.get("restart_service")))
