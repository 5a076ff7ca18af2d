# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A setting, what is expected of it, and the controls that it is evidence for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status


@dataclass(frozen=True)
class Requirement:
    """C(wanted) is of the type that the setting's kind asks for.

    C(writable): the operator declared that this collection owns the setting. C(authority): the setting that tells whether somebody
    else decides it. C(after): keys of settings whose changes have to succeed before this one's are made. C(triggers): settings that
    are started once changes of this one are made, and C(affects): settings that those may move, to be read again.
    """

    setting: Setting
    wanted: Any
    controls: tuple[str, ...]
    object: str | None = None
    writable: bool = True
    authority: Setting | None = None
    after: tuple[str, ...] = ()
    triggers: tuple[Setting, ...] = ()
    affects: tuple[Setting, ...] = ()
    remedy: str = ""
    severity: Severity | None = None
    caveats: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Statement:
    """A verdict that needs no reading: not applicable in this mode, or a drift that the options themselves declare."""

    control: str
    status: Status
    actual: str
    expected: str = ""
    remedy: str = ""
    code: Code | None = None


@dataclass(frozen=True)
class Demands:
    """All that an area asks of one host. C(attested): controls that only people can vouch for."""

    area: str
    requirements: tuple[Requirement, ...]
    statements: tuple[Statement, ...] = ()
    attested: tuple[str, ...] = ()
