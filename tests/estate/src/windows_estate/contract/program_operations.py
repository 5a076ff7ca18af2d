# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""program.run."""

from __future__ import annotations

import re
from typing import Any, Final

from windows_estate.contract.context import Fields, Operation, Run
from windows_estate.contract.fields import Field, checked, optional
from windows_estate.contract.program_rules import RULES
from windows_estate.machine.errors import HostError, invalid
from windows_estate.machine.programs import UTF8, UTF16, TokenFile

_TOKEN: Final = re.compile(r"\w+")
_FILE: Final = {"text": optional("text"), "encoding": Field("text")}


def _encoding(name: str | None) -> str | None:
    if name not in (None, UTF8, UTF16):
        raise invalid(f"The encoding {name!r} is neither {UTF8} nor {UTF16}.")
    return name


def _files(given: dict[str, Any]) -> dict[str, TokenFile]:
    files: dict[str, TokenFile] = {}
    for token, value in given.items():
        if not _TOKEN.fullmatch(token) or not isinstance(value, dict):
            raise invalid(f"The file {token!r} is not described as a file.")
        file = checked(value, _FILE)
        files[token] = TokenFile(file["text"], _encoding(file["encoding"]) or UTF8)
    return files


def run_program(run: Run, fields: Fields) -> dict[str, Any]:
    program, arguments = fields["program"], fields["arguments"]
    rule = RULES.get(program.lower())
    if rule is None:
        raise invalid(f"The program {program!r} is not one that may run.")
    files = _files(fields["files"])
    encoding = _encoding(fields["encoding"])
    if not fields["mutates"] and not rule(arguments, files):
        raise invalid(f"These arguments of {program} may write and are not marked as a write.")
    programs = run.machine.system32
    if not programs.installed(program):
        raise HostError("unsupported", f"This host has no {program}.")
    if fields["mutates"]:
        run.changed = True
    data = programs.run(program, arguments, fields["stdin"], files, encoding, fields["timeout"])
    code = data["exit_code"]
    if code not in fields["ok_exit_codes"]:
        raise HostError("failed", f"{program} ended with exit code {code}. {data['stderr']}".strip(), code, data=data)
    return data


OPERATIONS: Final = {
    "program.run": Operation(
        run_program,
        {
            "program": Field("text"),
            "arguments": optional("texts", []),
            "stdin": optional("text"),
            "files": optional("object", {}),
            "ok_exit_codes": optional("list", [0]),
            "encoding": optional("text"),
        },
    )
}
