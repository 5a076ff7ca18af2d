# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library's front door, for callers that are not Ansible: areas and their options in, outcome out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.registry import AREAS
from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Execute, Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation, Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands


def demands_of(areas: Mapping[str, Mapping[str, Any]]) -> tuple[Demands, ...]:
    """What some areas ask of a host, from checked options; everything wrong with any of them in one OptionError."""
    found = [_demands_or_error(area, options) for area, options in areas.items()]
    wrong = [sentence for error in found if isinstance(error, OptionError) for sentence in error.sentences]
    if wrong:
        raise OptionError(wrong)
    return tuple(demands for demands in found if isinstance(demands, Demands))


def _demands_or_error(area: str, options: Mapping[str, Any]) -> Demands | OptionError:
    try:
        return AREAS[area](options)
    except OptionError as error:
        return error


def enforce(
    areas: Mapping[str, Mapping[str, Any]],
    execute: Execute,
    *,
    subject: str,
    check: bool,
    today: date,
    waivers: Sequence[Waiver] = (),
    attestations: Sequence[Attestation] = (),
    snapshot_name: str = "snapshot",
) -> Outcome:
    """Verify a host, and apply what differs unless C(check). C(subject) is the host's name in findings and waivers."""
    context = Context(subject, load(), today, tuple(waivers), tuple(attestations))
    return run(demands_of(areas), execute, context, check=check, snapshot_name=snapshot_name)
