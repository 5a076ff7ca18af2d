# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the YAML that the catalogue is written in. Strict, since a slip here would judge hosts by a wrong rule for years."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.schema import (
    AREAS,
    ATTESTED_AREA,
    CONTROL_ID,
    LONGEST_TEXT,
    REFERENCE_ID,
    SUBJECTS,
    CatalogError,
    from_data,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Control, Evidence
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity

FOLDER = Path(__file__).with_name("controls")

_FILE_NAME = re.compile(r"(\d{3})_[a-z0-9_]+\.yml")
_FILE_FIELDS = ("guidance", "title", "controls")
_REQUIRED = ("id", "title", "why", "heading", "applies_to", "evidence", "area", "severity")
_OPTIONAL = ("references", "evidence_note", "deviation")
_LIMITED = ("title", "why", "evidence_note", "deviation")
_REFERENCE_REQUIRED = ("kind", "id")
_REFERENCE_OPTIONAL = ("url",)


@dataclass(frozen=True)
class Document:
    """A guidance document and its controls, in the order in which they are written."""

    guidance: str
    title: str
    controls: tuple[Control, ...]


def read(folder: Path = FOLDER) -> tuple[Document, ...]:
    """All documents in a folder, by file name. Everything that is wrong is reported at once, as one CatalogError."""
    faults: list[str] = []
    seen: dict[str, str] = {}
    documents = []
    for path in sorted(folder.glob("*.yml")):
        document = _document(path, seen, faults)
        if document is not None:
            documents.append(document)
    if not documents and not faults:
        faults.append(f"{folder} holds no .yml file with controls.")
    if faults:
        raise CatalogError(faults)
    return tuple(documents)


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice, where PyYAML would keep the last one without a word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    keys = [loader.construct_object(key) for key, _value in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"the field {key!r} is given twice", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _document(path: Path, seen: dict[str, str], faults: list[str]) -> Document | None:
    name = _FILE_NAME.fullmatch(path.name)
    if name is None:
        faults.append(f"{path.name}: the file's name must be the guidance's number and words, such as 002_remote_assistance.yml.")
        return None
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        faults.append(f"{path.name}: this is not the YAML it should be: {error}.")
        return None
    before = len(faults)
    if not isinstance(data, dict):
        faults.append(f"{path.name}: the file must be a mapping with the fields {', '.join(_FILE_FIELDS)}.")
        return None
    _check_fields(path.name, data, _FILE_FIELDS, (), faults)
    guidance = name.group(1)
    if data.get("guidance", guidance) != guidance:
        faults.append(f'{path.name}: the field guidance is {data["guidance"]!r}, but by the file\'s name it must be "{guidance}".')
    if "title" in data:
        _check_text(path.name, "title", data["title"], faults)
    rows = data.get("controls", [])
    if not isinstance(rows, list) or ("controls" in data and not rows):
        faults.append(f"{path.name}: the field controls must be a list with at least one control.")
        return None
    controls = [_control(path.name, number, row, guidance, seen, faults) for number, row in enumerate(rows, start=1)]
    if len(faults) > before:
        return None
    return Document(guidance, data["title"], tuple(control for control in controls if control is not None))


def _control(file: str, number: int, row: object, guidance: str, seen: dict[str, str], faults: list[str]) -> Control | None:
    if not isinstance(row, dict):
        faults.append(f"{file}: control number {number} must be a mapping of fields.")
        return None
    where = f"{file}, {row.get('id', f'control number {number}')}"
    before = len(faults)
    _check_fields(where, row, _REQUIRED, _OPTIONAL, faults)
    for field in ("id", "title", "why", "heading", "evidence_note", "deviation"):
        if field in row:
            _check_text(where, field, row[field], faults)
    if "id" in row:
        _check_id(where, file, row["id"], guidance, seen, faults)
    for field, kind in (("evidence", Evidence), ("severity", Severity)):
        if field in row:
            _check_word(where, field, row[field], _words(kind), faults)
    if "area" in row:
        _check_word(where, "area", row["area"], AREAS, faults)
        if (row["area"] == ATTESTED_AREA) != (row.get("evidence") == Evidence.ATTEST.value):
            faults.append(f"{where}: area {ATTESTED_AREA} and evidence {Evidence.ATTEST.value} go together, but only one of them is given.")
    if "applies_to" in row:
        _check_subjects(where, row["applies_to"], faults)
    references = _references(where, row.get("references", []), faults)
    return None if len(faults) > before else from_data({**row, "guidance": guidance, "references": references})


def _check_fields(where: str, row: Mapping[Any, Any], required: Collection[str], optional: Collection[str], faults: list[str]) -> None:
    allowed = (*required, *optional)
    faults.extend(f"{where}: the field {field} is missing." for field in required if field not in row)
    faults.extend(f"{where}: the field {field!r} is unknown; it can be {', '.join(allowed)}." for field in row if field not in allowed)


def _check_text(where: str, field: str, value: object, faults: list[str]) -> None:
    if not isinstance(value, str) or not value.strip():
        faults.append(f"{where}: the field {field} must be text, not {value!r}.")
    elif field in _LIMITED and len(value) > LONGEST_TEXT:
        faults.append(f"{where}: the field {field} has {len(value)} characters; {LONGEST_TEXT} are allowed.")
    elif value != " ".join(value.split()):
        faults.append(f"{where}: the field {field} must be one line, with single spaces.")


def _check_id(where: str, file: str, value: object, guidance: str, seen: dict[str, str], faults: list[str]) -> None:
    if not isinstance(value, str) or not CONTROL_ID.fullmatch(value):
        faults.append(f"{where}: the field id must look like {guidance}-01 or {guidance}-01a, not {value!r}.")
    elif not value.startswith(guidance):
        faults.append(f"{where}: the field id must begin with {guidance}, the guidance of its file.")
    elif value in seen:
        faults.append(f"{where}: the field id is not unique; {seen[value]} has it too.")
    else:
        seen[value] = file


def _check_word(where: str, field: str, value: object, words: Collection[str], faults: list[str]) -> None:
    if value not in words:
        faults.append(f"{where}: the field {field} is {value!r}, but must be one of {', '.join(words)}.")


def _check_subjects(where: str, value: object, faults: list[str]) -> None:
    if not isinstance(value, list) or not value:
        faults.append(f"{where}: the field applies_to must be a list with at least one of {', '.join(SUBJECTS)}.")
        return
    for word in value:
        _check_word(where, "applies_to", word, SUBJECTS, faults)
        if value.count(word) > 1:
            faults.append(f"{where}: the field applies_to names {word!r} twice.")


def _references(where: str, value: object, faults: list[str]) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        faults.append(f"{where}: the field references must be a list of mappings with the fields kind, id and perhaps url.")
        return []
    return [_reference(where, item, faults) for item in value]


def _reference(where: str, item: dict[str, Any], faults: list[str]) -> dict[str, Any]:
    where = f"{where}, references"
    before = len(faults)
    _check_fields(where, item, _REFERENCE_REQUIRED, _REFERENCE_OPTIONAL, faults)
    for field, value in item.items():
        _check_text(where, field, value, faults)
    if "kind" in item:
        _check_word(where, "kind", item["kind"], tuple(REFERENCE_ID), faults)
    if len(faults) > before:
        return item
    if not REFERENCE_ID[item["kind"]].fullmatch(item["id"]):
        faults.append(f"{where}: the field id {item['id']!r} does not look like one of {item['kind']}.")
    if not item.get("url", "https://").startswith("https://"):
        faults.append(f"{where}: the field url must begin with https://, not {item['url']!r}.")
    return {"url": _url(item["kind"], item["id"]), **item}


def _url(kind: str, identifier: str) -> str | None:
    """Where a reference without an address of its own is found, if its id tells."""
    if kind == "prevent":
        page = f"{identifier}/{identifier.lower()}_description.md"
        return f"https://github.com/subat0mik/Misconfiguration-Manager/blob/main/defense-techniques/PREVENT/{page}"
    if kind == "configmgr_docs" and "/" in identifier:
        return f"https://learn.microsoft.com/intune/configmgr/{identifier}"
    if kind == "configmgr_docs":
        return f"https://learn.microsoft.com/powershell/module/configurationmanager/{identifier.lower()}"
    return None


def _words(kind: type[Enum]) -> list[str]:
    return [member.value for member in kind]
