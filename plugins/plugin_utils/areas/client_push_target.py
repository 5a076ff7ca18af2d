# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Client push on the computers that it installs: which push principal is an administrator, and who may not log on there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.client_push_target_options import (
    ClientPushTargetOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.push_principals import PrincipalKind, PushPrincipal, PushReach
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.security_owner import SecurityOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.user_right import DeniedLogon, title_of

AREA = "client_push_target"

_EDITOR = "Computer Configuration, Windows Settings, Security Settings"
_GROUPS = "In Computer Management, Local Users and Groups, Administrators,"


def demands(given: Mapping[str, Any]) -> Demands:
    """The whole area for one computer, from checked options; broken rules between them are an OptionError."""
    builder = _Builder(read_options(given))
    return Demands(AREA, (*builder.ownership(), *builder.denials(), *builder.admitted(), *builder.foreign(), *builder.reach()))


class _Builder:
    """Requirements from options, group by group."""

    def __init__(self, options: ClientPushTargetOptions) -> None:
        self.options = options
        self.principals = options.principals
        self.owner = SecurityOwner(options.principals, options.denied)

    def ownership(self) -> Iterator[Requirement]:
        """What is right now and will be undone is no better than what is wrong."""
        yield Requirement(self.owner, None, ("001-12",), object="Group Policy", writable=False)

    def denials(self) -> Iterator[Requirement]:
        for right in self.options.denied:
            yield Requirement(self.owner, right, ("001-12",), object=right, writable=False)
            yield Requirement(
                DeniedLogon(right, self.principals),
                None,
                ("001-12",),
                object=right,
                authority=self.owner,
                remedy=f"In {_EDITOR}, Local Policies, User Rights Assignment, '{title_of(right)}': add all push principals.",
            )

    def admitted(self) -> Iterator[Requirement]:
        for account in self.principals.admitted:
            yield Requirement(
                PushPrincipal(account, self.principals),
                True,
                ("001-12",),
                object=account,
                authority=self.owner,
                remedy=f"{_GROUPS} add {account}.",
            )
            yield Requirement(
                PrincipalKind(account, self.principals),
                None,
                ("001-14",),
                object=account,
                writable=False,
                remedy="Make a global group for the ring, put its push account into it, and admit the group.",
            )

    def foreign(self) -> Iterator[Requirement]:
        """Whoever is admitted comes first, so that the computer is never without."""
        first = tuple(PushPrincipal(account, self.principals).key for account in self.principals.admitted)
        for account in self.principals.known:
            yield Requirement(
                PushPrincipal(account, self.principals),
                False,
                ("001-12",),
                object=account,
                authority=self.owner,
                after=first,
                remedy=f"{_GROUPS} remove {account}.",
            )

    def reach(self) -> Iterator[Requirement]:
        yield Requirement(
            PushReach(self.principals, self.options.ring),
            None,
            ("001-15",),
            writable=False,
            remedy="Take the push principals of other rings out of Administrators; apply does so for 001-12.",
        )
