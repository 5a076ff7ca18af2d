# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers and attestations as an operator writes them -> checked ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Control, Evidence
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation, Waiver

_WAIVER_TEXTS = {"reason": "why the deviation is accepted", "owner": "who answers for it"}
_ATTESTATION_TEXTS = {"by": "who vouches for it", "proof": "where the proof is"}
# Of the forms of ISO 8601 each version of Python takes others.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def read_waivers(given: Sequence[Mapping[str, Any]], catalog: Mapping[str, Control]) -> tuple[Waiver, ...]:
    """Checked waivers; OptionError with a sentence for each thing wrong."""
    wrong: list[str] = []
    waivers = []
    for index, entry in enumerate(given):
        name = f"waivers[{index}]"
        _check_control(entry["control"], f"{name}.control", catalog, wrong)
        _check_texts(entry, _WAIVER_TEXTS, name, wrong)
        expires = _date(entry["expires"], f"{name}.expires", wrong)
        waivers.append(Waiver(entry["control"], entry["subject"], entry["reason"], entry["owner"], expires))
    if wrong:
        raise OptionError(wrong)
    return tuple(waivers)


def read_attestations(given: Sequence[Mapping[str, Any]], catalog: Mapping[str, Control]) -> tuple[Attestation, ...]:
    """Checked attestations; OptionError with a sentence for each thing wrong."""
    wrong: list[str] = []
    attestations = []
    for index, entry in enumerate(given):
        name = f"attestations[{index}]"
        if _check_control(entry["control"], f"{name}.control", catalog, wrong):
            control = catalog[entry["control"]]
            if control.evidence is not Evidence.ATTEST:
                wrong.append(f"{name}.control: '{control.id}' is measured on hosts, so it cannot be attested; a deviation needs a waiver.")
        _check_texts(entry, _ATTESTATION_TEXTS, name, wrong)
        on = _date(entry["on"], f"{name}.on", wrong)
        until = _date(entry["valid_until"], f"{name}.valid_until", wrong)
        if date.min < until < on:
            wrong.append(f"{name}.valid_until: {until.isoformat()} is before {on.isoformat()}; allowed is a day that is not before 'on'.")
        attestations.append(Attestation(entry["control"], entry["by"], on, until, entry["proof"]))
    if wrong:
        raise OptionError(wrong)
    return tuple(attestations)


def _check_control(control: str, name: str, catalog: Mapping[str, Control], wrong: list[str]) -> bool:
    if control in catalog:
        return True
    wrong.append(f"{name}: '{control}' is no control of the catalogue; allowed are ids such as '002-21' (docs/controls.md lists all).")
    return False


def _check_texts(entry: Mapping[str, Any], purposes: Mapping[str, str], name: str, wrong: list[str]) -> None:
    empty = [(field, what) for field, what in purposes.items() if not entry[field].strip()]
    wrong.extend(f"{name}.{field}: it is empty; allowed is a text that says {what}." for field, what in empty)


def _date(text: str, name: str, wrong: list[str]) -> date:
    """The first day of all where the text is no date, which is then among what is wrong."""
    try:
        if _DATE.match(text) is None:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        wrong.append(f"{name}: '{text}' is no date; allowed is a date as 2026-12-31.")
        return date.min
