# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connection that operations travel on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Transport = Literal["winrm", "psrp", "ssh"]


@dataclass(frozen=True)
class Connection:
    """C(port) is the one that the controller connects to, where it is known; the host's own may be another, behind a forwarder.

    C(account): whom it was made with, where the work on the host is done as somebody else (become); None where it is the same, and
    empty where Ansible does not know.
    """

    transport: Transport
    port: int | None = None
    account: str | None = None


@dataclass(frozen=True)
class CameIn:
    """The account that the connection came in with, and the one that the work is done as; all SIDs in upper case.

    C(sid): of the account that came in, None where the host cannot tell. C(groups): the groups of the token at work; C(seen): whether that
    is the token of the account that came in. C(carriers): members of Administrators that may carry it, so all that are no users.
    C(denied): by right, who it is denied to already, in a security template's words.
    """

    name: str
    sid: str | None
    worker: str
    groups: frozenset[str]
    seen: bool = True
    carriers: frozenset[str] = frozenset()
    denied: tuple[tuple[str, frozenset[str]], ...] = ()

    def is_own(self, sid: str) -> bool:
        """Whether a SID is that of the account that came in or of the one at work, or of one of its groups."""
        return sid.upper() in {self.sid, self.worker, *self.groups}
