# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Console programs of System32: from the state, and as behaviours."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from windows_estate.machine.errors import HostError
from windows_estate.machine.names import fold

if TYPE_CHECKING:
    from windows_estate.machine.machine import Machine

UTF8: Final = "utf-8"
UTF16: Final = "utf-16le"
_TOKEN_AT_END: Final = re.compile(r"([^{]*)\{(\w+)\}", re.DOTALL)


@dataclass(frozen=True)
class ProgramResult:
    """What a program did.

    files: texts that it wrote, by token; seconds: how long it ran; encoding: of its streams, None for the OEM code page.
    """

    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    encoding: str | None = None


@dataclass(frozen=True)
class TokenFile:
    """A file that a request hands over by a token; text None: only its path."""

    text: str | None
    encoding: str


Program = Callable[["Machine", list[str], "str | None", "dict[str, str | None]"], ProgramResult]
"""fn(machine, arguments, stdin, files): arguments as in the request, with the tokens in braces; files: {token: text or None}."""


class Programs:
    """`state["programs"]` and the machine's programs."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        # The last run of every entry that records, by the entry's place; they become calls when the request ends.
        self._recorded: dict[int, dict[str, Any]] = {}

    def flush(self) -> None:
        """Append what was recorded to the calls, in the order of the state's entries."""
        for place in sorted(self._recorded):
            self._machine.calls.append(self._recorded[place])
        self._recorded.clear()

    def installed(self, program: str) -> bool:
        return fold(program) in self._machine.programs or any(fold(entry["program"]) == fold(program) for entry in self._entries)

    def run(
        self, program: str, arguments: list[str], stdin: str | None, files: Mapping[str, TokenFile], encoding: str | None, timeout: float
    ) -> dict[str, Any]:
        """exit_code, stdout, stderr and files as the request sees them; timeout when it runs longer than so many seconds."""
        result, seconds, written = self._start(program, arguments, stdin, files)
        if seconds > timeout:
            self._machine.sleep(timeout)
            raise HostError("timeout", f"{program} did not end within {timeout} seconds.")
        if seconds:
            self._machine.sleep(seconds)
        asked = self._codec(encoding)
        own = self._codec(result.encoding)
        return {
            "exit_code": result.exit_code,
            "stdout": _through(result.stdout, own, asked),
            "stderr": _through(result.stderr, own, asked),
            "files": {token: written.get(token, file.text) for token, file in files.items()},
        }

    @property
    def _entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._machine.state.setdefault("programs", [])
        return entries

    def _start(
        self, program: str, arguments: list[str], stdin: str | None, files: Mapping[str, TokenFile]
    ) -> tuple[ProgramResult, float, dict[str, str]]:
        """The result, how long it takes with all that holds its streams open, and the files it wrote by the request's tokens."""
        for place, entry in enumerate(self._entries):
            tokens = _matching_tokens(entry, program, arguments, files)
            if tokens is not None:
                return self._from_state(place, entry, tokens, stdin, files)
        behaviour = self._machine.programs.get(fold(program))
        if behaviour is not None:
            result = behaviour(self._machine, list(arguments), stdin, {token: file.text for token, file in files.items()})
            return result, result.seconds, dict(result.files)
        message = f"unexpected arguments: {' '.join(arguments)}\r\n"
        return ProgramResult(stderr=message, exit_code=99), 0.0, {}

    def _from_state(
        self, place: int, entry: dict[str, Any], tokens: dict[str, str], stdin: str | None, files: Mapping[str, TokenFile]
    ) -> tuple[ProgramResult, float, dict[str, str]]:
        declared = entry.get("files") or {}
        if entry.get("recorded"):
            call: dict[str, Any] = {"program": entry["program"], "arguments": list(entry.get("arguments") or ())}
            if stdin and not entry.get("ignores_stdin"):
                call["stdin"] = stdin
            handed = {own: files[asked] for own, asked in tokens.items()}
            given = {own: {"encoding": file.encoding, "text": file.text} for own, file in handed.items() if file.text is not None}
            if given:
                call["files"] = given
            self._recorded[place] = call
        written = {
            asked: _reread(declared[own]["text"], declared[own].get("encoding") or UTF8, files[asked].encoding)
            for own, asked in tokens.items()
            if declared[own].get("text") is not None
        }
        result = ProgramResult(
            stdout=entry.get("stdout") or "",
            stderr=entry.get("stderr") or "",
            exit_code=entry.get("exit_code") or 0,
            encoding=entry.get("encoding"),
        )
        return result, float(entry.get("seconds") or 0) + float(entry.get("lingers") or 0), written

    def _codec(self, encoding: str | None) -> str:
        """A Python codec; no encoding: the OEM code page that the registry names."""
        if encoding is not None:
            return {UTF8: "utf-8", UTF16: "utf-16-le"}[encoding]
        page = str(self._machine.registry.data(self._machine.CODE_PAGE_KEY, "OEMCP") or "437")
        name = "utf-8" if page == "65001" else f"cp{page}"
        codecs.lookup(name)
        return name


def _matching_tokens(entry: dict[str, Any], program: str, arguments: list[str], files: Mapping[str, TokenFile]) -> dict[str, str] | None:
    """The request's token for each token of the entry, or None when the arguments are others."""
    expected: list[str] = entry.get("arguments") or []
    if fold(entry["program"]) != fold(program) or len(expected) != len(arguments):
        return None
    declared = entry.get("files") or {}
    tokens: dict[str, str] = {}
    for own, asked in zip(expected, arguments, strict=True):
        mine, other = _TOKEN_AT_END.fullmatch(own), _TOKEN_AT_END.fullmatch(asked)
        if mine and mine[2] in declared:
            if other is None or other[1] != mine[1] or other[2] not in files:
                return None
            tokens[mine[2]] = other[2]
        elif own != asked:
            return None
    return tokens


def _through(text: str, written: str, read: str) -> str:
    """Text as it comes out of a stream that is written in one encoding and read in another."""
    return text.encode(written, errors="replace").decode(read, errors="replace")


def _reread(text: str, written: str, read: str) -> str:
    """Text as it comes out of a file: a byte order mark, which UTF-16 always has here, decides over what was asked."""
    if written == UTF16:
        return text
    return text if read == UTF8 else text.encode().decode("utf-16-le", errors="replace")
