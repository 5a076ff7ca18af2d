# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Unpacks what ansible-core sends to powershell.exe's standard input in order to run a PowerShell module.

Two forms are known, both cut in pieces by lines of four NUL bytes:

* "2.16" (2.16 to 2.18): the text of exec_wrapper.ps1, then one JSON manifest that has everything by name;
* "2.19" (2.19 and later): a JSON object that starts exec_wrapper.ps1, then a JSON manifest of scripts and of the actions that use them.

The manifests are internal to ansible-core and may change in any release; this is the one file that reads them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from windows_estate.winrm.calls import Become

SEPARATOR = b"\0\0\0\0"


class PayloadError(ValueError):
    """Standard input is not a module in a form that is known here. The text says what it is instead."""


class JsonRefused(PayloadError):
    """Windows PowerShell 5.1's ConvertFrom-Json would not take this JSON, though it is valid."""

    generation = ""


@dataclass(frozen=True)
class Payload:
    """One module as it was sent. `requires_powershell` is its #Requires -Version."""

    module: str
    arguments: dict[str, Any]
    script: str
    generation: str
    become: Become | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    requires_powershell: str | None = None
    is_async: bool = False


def unpack(stdin: bytes) -> Payload:
    """The module that this input asks for. Raises PayloadError, and JsonRefused where Windows PowerShell would stumble."""
    first, found, rest = stdin.partition(SEPARATOR)
    if not found:
        raise PayloadError("no payload of ansible-core: its separator is missing")
    manifest_text, _, _ = rest.partition(SEPARATOR)
    generation = "2.19" if first.lstrip().startswith(b"{") else "2.16"
    try:
        manifest = _object(manifest_text)
        if generation == "2.16":
            return _unpack_2_16(manifest)
        return _unpack_2_19(_object(first), manifest)
    except JsonRefused as refused:
        refused.generation = generation
        raise
    except (KeyError, TypeError, AttributeError, binascii.Error, UnicodeDecodeError) as error:
        raise PayloadError(f"a payload of ansible-core in a form that is not known here: {error!r}") from error


def canonical_name(name: str) -> str:
    """`namespace.collection.module` for a module's import path or file name, else the name as it is."""
    bare = re.sub(r"\.(ps1|exe)$", "", name, flags=re.IGNORECASE)
    match = re.fullmatch(r"ansible_collections\.(\w+\.\w+)\.plugins\.modules\.(.+)", bare)
    return f"{match[1]}.{match[2]}" if match else bare


def _unpack_2_16(manifest: dict[str, Any]) -> Payload:
    actions = manifest["actions"]
    arguments = manifest["module_args"]
    become = None
    if "become_wrapper" in actions:
        flags = dict(flag.split("=", 1) for flag in (manifest["become_flags"] or "").split())
        become = _become(manifest["become_user"], manifest["become_password"], flags.get("logon_type"), flags.get("logon_flags"))
    return Payload(
        module=canonical_name(arguments["_ansible_module_name"]),
        arguments=arguments,
        script=_text(manifest["module_entry"]),
        generation="2.16",
        become=become,
        environment=manifest["environment"] or {},
        requires_powershell=manifest["min_ps_version"],
        is_async="async_wrapper" in actions,
    )


def _unpack_2_19(bootstrap: dict[str, Any], manifest: dict[str, Any]) -> Payload:
    actions = {action["name"]: action for action in manifest["actions"]}
    module = actions.get("module_wrapper.ps1")
    if module is None:
        raise PayloadError(f"ansible-core's own script {', '.join(actions)}, not a module")
    parameters = module["params"]
    variables = {variable["Name"]: variable["Value"] for variable in parameters.get("Variables", ())}
    become = None
    if "become_wrapper.ps1" in actions:
        action = actions["become_wrapper.ps1"]
        wanted = action["params"]
        password = action["secure_params"].get("BecomePassword")
        become = _become(wanted["BecomeUser"], password, wanted.get("LogonType"), wanted.get("LogonFlags"))
    return Payload(
        module=canonical_name(parameters["Script"]),
        arguments=variables.get("complex_args") or {},
        script=_text(manifest["scripts"][parameters["Script"]]["script"]),
        generation="2.19",
        become=become,
        environment=parameters["Environment"] or {},
        requires_powershell=bootstrap["params"]["MinPSVersion"],
        is_async="async_wrapper.ps1" in actions,
    )


def _become(user: str, password: str | None, logon_type: str | None, logon_flags: str | None) -> Become:
    become = Become(user=user, password=password)
    flags = become.logon_flags if logon_flags is None else tuple(_snake(flag.strip()) for flag in logon_flags.split(",") if flag.strip())
    return Become(user, password, _snake(logon_type) if logon_type else become.logon_type, flags)


def _snake(text: str) -> str:
    # 2.19 sends the names of the C# enumerations, earlier releases what the operator wrote.
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text.replace("NetCredentials", "Netcredentials")).lower()


def _text(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).decode("utf-8-sig")


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_windows_powershell_object)
    except PayloadError:
        raise
    except ValueError as error:
        raise PayloadError(f"a payload of ansible-core whose JSON does not parse: {error}") from error
    if not isinstance(value, dict):
        raise PayloadError("a payload of ansible-core whose JSON is not an object")
    return cast("dict[str, Any]", value)


def _windows_powershell_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # ConvertFrom-Json of 5.1 makes PSCustomObjects, whose property names ignore case and cannot be empty. What is valid JSON
    # and reads well everywhere else fails there as a whole, so a host must not swallow it.
    seen: dict[str, str] = {}
    for name, _value in pairs:
        if not name:
            raise JsonRefused('Cannot process argument because the value of argument "name" is not valid: a JSON key is empty.')
        known = seen.setdefault(name.lower(), name)
        if known != name:
            raise JsonRefused(f"Cannot convert the JSON string: it has the duplicated keys '{known}' and '{name}'.")
    return dict(pairs)
