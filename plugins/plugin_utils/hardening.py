# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The library's front door, for callers that are not Ansible: areas and their options in, outcome out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.answer_file import AnswerFile
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.registry import demands_together
from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Execute, Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Attestation, Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options


def demands_of(areas: Mapping[str, Mapping[str, Any]], *, whole_host: bool = False) -> tuple[Demands, ...]:
    """What some areas ask of a host, from checked options; everything wrong with any of them in one OptionError.

    C(whole_host): these areas are all that is declared of the host, so that the firewall's exclusive exceptions act.
    """
    found = demands_together(areas, whole_host=whole_host)
    wrong = [sentence for error in found.values() if isinstance(error, OptionError) for sentence in error.sentences]
    if wrong:
        raise OptionError(wrong)
    return tuple(demands for demands in found.values() if isinstance(demands, Demands))


def enforce(  # noqa: PLR0913 all but two are given by name
    areas: Mapping[str, Mapping[str, Any]],
    execute: Execute,
    *,
    subject: str,
    check: bool,
    today: date,
    waivers: Sequence[Waiver] = (),
    attestations: Sequence[Attestation] = (),
    run_id: str = "run",
    connection: Connection | None = None,
    whole_host: bool = False,
) -> Outcome:
    """Verify a host, and apply what differs unless C(check). C(subject) is the host's name in findings and waivers.

    C(connection): what C(execute) goes through; without it no firewall write is safe, and so none is made. C(whole_host): see demands_of.
    """
    context = Context(subject, load(), today, tuple(waivers), tuple(attestations), connection)
    return run(demands_of(areas, whole_host=whole_host), execute, context, check=check, run_id=run_id)


def with_files(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with the files that they name read; one that cannot be read is an OptionError."""
    given = options.get("answer_file")
    if given is None:
        return dict(options)
    path = Path(given)
    try:
        return {**options, "answer_file": AnswerFile(path.name, path.read_bytes())}
    except OSError as error:
        sentence = f"answer_file: {path} cannot be read ({error.strerror}); give the path of a file on the controller."
        raise OptionError([sentence]) from error


def verify(area: str, options: Mapping[str, Any], execute: Execute, *, subject: str, today: date | None = None) -> Outcome:
    """Verify one area as its module would: options as an operator writes them, checked here (OptionError)."""
    checked = with_files(read_options(area, options))
    return enforce({area: checked}, execute, subject=subject, check=True, today=today or datetime.now(timezone.utc).date())
