# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two settings of Remote Assistance in an answer file for unattended installation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status

_COMPONENT = "Microsoft-Windows-RemoteAssistance-Exe"
# The pages on the component's settings name this pass for each of them, and no other.
_STAGE = "specialize"
_WANTED = {"002-53": ("CreateEncryptedOnlyTickets", True), "002-54": ("fAllowToGetHelp", False)}
# The words of an XML boolean; case matters there.
_WORDS = {"true": True, "false": False, "1": True, "0": False}
_LONGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class AnswerFile:
    """An answer file's name, for sentences, and its bytes."""

    name: str
    content: bytes


def answer_file_statements(file: AnswerFile | None, *, invitations: bool = False) -> tuple[Statement, ...]:
    """A verdict for each of the two controls; a file that is no answer file is an OptionError.

    Where C(invitations) are wanted, an answer file need not forbid them.
    """
    if file is None:
        return tuple(Statement(control, Status.NOT_APPLICABLE, "no answer_file is given") for control in _WANTED)
    root = _parse(file)
    verdicts = [_judge(file, root, control, name, wanted) for control, (name, wanted) in _WANTED.items()]
    if invitations:
        verdicts[1] = Statement("002-54", Status.NOT_APPLICABLE, "the mode allows invitations")
    return tuple(verdicts)


def _parse(file: AnswerFile) -> ET.Element:
    if len(file.content) > _LONGEST:
        raise OptionError([f"answer_file: {file.name} has {len(file.content)} bytes; an answer file has at most {_LONGEST}."])
    # An answer file needs no document type, and one could make a small file grow without end.
    if any(mark in file.content for mark in ("<!DOCTYPE".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))):
        raise OptionError([f"answer_file: {file.name} has a document type declaration, which an answer file does not need; remove it."])
    try:
        root = ET.fromstring(file.content)  # noqa: S314 document types, and so entities, are refused above
    except (ET.ParseError, LookupError, ValueError) as error:
        raise OptionError([f"answer_file: {file.name} is no well-formed XML ({error})."]) from error
    if _local(root) != "unattend":
        raise OptionError([f"answer_file: {file.name} begins with <{_local(root)}>; an answer file begins with <unattend>."])
    return root


def _judge(file: AnswerFile, root: ET.Element, control: str, name: str, wanted: bool) -> Statement:
    word = str(wanted).lower()
    expected = f"{name} is {word} in the pass {_STAGE} of {_COMPONENT}"
    found = [(where, architecture, text) for where, architecture, component in _components(root) for text in _texts(component, name)]
    right = [(architecture, text) for where, architecture, text in found if where == _STAGE]
    architectures = {architecture for where, architecture, _component in _components(root) if where == _STAGE}
    remedy = f"Put <{name}>{word}</{name}> into that component, for each processor architecture, and into no other pass."
    if not found:
        return Statement(control, Status.DRIFT, f"{file.name} does not set {name}", expected, remedy)
    if not right:
        passes = ", ".join(sorted({where or "no pass" for where, _architecture, _text in found}))
        return Statement(control, Status.DRIFT, f"{file.name} sets {name} in {passes}, where Windows ignores it", expected, remedy)
    wrong = sorted(f"{text} ({architecture})" for architecture, text in right if _WORDS.get(text) is not wanted)
    if any(_WORDS.get(text) is (not wanted) for _architecture, text in right):
        return Statement(control, Status.DRIFT, f"{file.name} sets {name} to {', '.join(wrong)}", expected, remedy)
    if wrong:
        said = f"{file.name} sets {name} to {', '.join(wrong)}; whether Setup takes that for a boolean is not documented"
        return Statement(control, Status.INDETERMINATE, said, expected, remedy, code=Code.MALFORMED_VALUE)
    without = sorted(architectures - {architecture for architecture, _text in right})
    if without:
        return Statement(control, Status.DRIFT, f"{file.name} does not set {name} for {', '.join(without)}", expected, remedy)
    return Statement(control, Status.COMPLIANT, f"{file.name} sets {name} to {word}", expected)


def _components(root: ET.Element) -> Iterator[tuple[str, str, ET.Element]]:
    """Pass, processor architecture and element of each component in question."""
    for settings in root:
        if _local(settings) != "settings":
            continue
        for component in settings:
            if _local(component) == "component" and component.get("name", "").casefold() == _COMPONENT.casefold():
                yield settings.get("pass", ""), component.get("processorArchitecture", "any architecture"), component


def _texts(component: ET.Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in component if _local(child) == name]


def _local(element: ET.Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]
