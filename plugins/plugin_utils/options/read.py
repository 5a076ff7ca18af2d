# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator wrote -> checked plain values, by the generated specification of the module's options.

Ansible's own validator says much the same in words that differ from version to version and stops at the first thing wrong; here every
sentence names the option, the value and what is allowed, and all of them come at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError

Spec = Mapping[str, Mapping[str, Any]]

_TRUE = {"true", "yes", "on", "y", "t", "1"}
_FALSE = {"false", "no", "off", "n", "f", "0"}
_TYPE_WORDS = {
    "str": "a text",
    "path": "a path",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a dictionary",
    "raw": "a text or a dictionary",
}


@lru_cache(maxsize=1)
def specifications() -> Mapping[str, Spec]:
    """The options of every module, by module; generated from their documentation."""
    text = (Path(__file__).parent / "generated.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Spec] = json.loads(text)
    return loaded


def read_options(module: str, given: Any, *, prefix: str = "") -> dict[str, Any]:
    """Check a module's options. C(prefix) is put before the names in sentences, for options that stand inside another one."""
    wrong: list[str] = []
    checked = _dict(specifications()[module], given, prefix, wrong, owner=prefix.rstrip(".") or module)
    if wrong:
        raise OptionError(wrong)
    return checked


def _dict(spec: Spec, given: Any, prefix: str, wrong: list[str], *, owner: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        wrong.append(f"{owner}: {_show(given)} is no dictionary; allowed are the options {', '.join(sorted(spec))}.")
        return {}
    unknown = sorted(str(name) for name in given if name not in spec)
    wrong.extend(f"{prefix}{name}: there is no such option; allowed are {', '.join(sorted(spec))}." for name in unknown)
    checked: dict[str, Any] = {}
    for name, option in spec.items():
        value = given.get(name)
        if value is None:
            if option.get("required"):
                wrong.append(f"{prefix}{name}: missing; allowed is {_allowed(option)}.")
            else:
                checked[name] = option.get("default")
            continue
        checked[name] = _value(option, value, f"{prefix}{name}", wrong)
    return checked


def _value(option: Mapping[str, Any], value: Any, name: str, wrong: list[str]) -> Any:
    kind = option["type"]
    if kind == "list":
        return _list(option, value, name, wrong)
    if kind == "dict":
        if "options" in option:
            return _dict(option["options"], value, f"{name}.", wrong, owner=name)
        if isinstance(value, Mapping):
            return dict(value)
        wrong.append(f"{name}: {'what is given' if option.get('no_log') else _show(value)} is no dictionary.")
        return {}
    if kind == "raw":
        return value
    converted = _scalar(kind, value)
    if converted is None:
        shown = "what is given" if option.get("no_log") else _show(value)
        wrong.append(f"{name}: {shown} is not {_TYPE_WORDS[kind]}; allowed is {_allowed(option)}.")
    elif "choices" in option and converted not in option["choices"]:
        wrong.append(f"{name}: {_show(value)} is not allowed; allowed is {_allowed(option)}.")
    return converted


def _list(option: Mapping[str, Any], value: Any, name: str, wrong: list[str]) -> list[Any]:
    if isinstance(value, str):
        # As Ansible itself does with text from the command line or a survey.
        value = [part.strip() for part in value.split(",")] if value.strip() else []
    if not isinstance(value, Sequence):
        wrong.append(f"{name}: {_show(value)} is not a list; allowed is {_allowed(option)}.")
        return []
    element = {**option, "type": option.get("elements", "str")}
    return [_value(element, item, f"{name}[{index}]", wrong) for index, item in enumerate(value)]


def _scalar(kind: str, value: Any) -> Any:
    """None when the value does not convert."""
    if kind == "bool":
        lowered = str(value).strip().lower()
        return True if lowered in _TRUE else False if lowered in _FALSE else None
    if kind == "int":
        if isinstance(value, bool):
            return None
        try:
            return int(str(value).strip())
        except ValueError:
            return None
    # A number is taken for a text, as YAML reads an unquoted one so; a list or a dictionary never.
    return str(value) if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)) else None


def _allowed(option: Mapping[str, Any]) -> str:
    if option["type"] == "list":
        return f"a list, each entry {_allowed({**option, 'type': option.get('elements', 'str')})}"
    if "choices" in option:
        return f"one of {', '.join(str(choice) for choice in option['choices'])}"
    if option["type"] == "dict" and "options" in option:
        return f"a dictionary of {', '.join(sorted(option['options']))}"
    return _TYPE_WORDS[option["type"]]


def _show(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)
