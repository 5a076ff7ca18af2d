# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the answers say about a setting."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Failure, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code

_CODES = {"access_denied": Code.ACCESS_DENIED, "unsupported": Code.UNSUPPORTED_HERE}


@dataclass(frozen=True)
class Problem:
    """Why a setting could not be told."""

    code: Code
    message: str

    @staticmethod
    def from_failure(failure: Failure, what: str) -> Problem:
        """A read that failed; the host's own words follow what was to be read."""
        return Problem(_CODES.get(failure.kind, Code.READ_FAILED), f"{what} could not be read ({failure.kind}): {failure.message}")


@dataclass(frozen=True)
class Observation:
    """A setting as it was found.

    C(value) is in the setting's own words; C(evidence) says where it was read; C(caveats) what of it is unproven on real Windows.
    C(wrong_options) are sentences for options that only the host could show to be wrong.
    """

    value: Json = None
    evidence: tuple[str, ...] = ()
    problem: Problem | None = None
    caveats: tuple[str, ...] = ()
    wrong_options: tuple[str, ...] = field(default=())
