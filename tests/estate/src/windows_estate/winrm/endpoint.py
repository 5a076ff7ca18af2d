# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One host as the server knows it: where it listens, who may log on, and what runs modules there."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from windows_estate.winrm.calls import Become, Handler
from windows_estate.winrm.counters import Counters
from windows_estate.winrm.faults import Faults


@dataclass
class HostEndpoint:
    """A host. `port` 0 is replaced by the one that the operating system chose when the server starts.

    `authenticate`, when given, decides in place of `username` and `password` who may log on. `become_accounts`, when given, are the only
    accounts, with their passwords, that runs may have instead. `powershell_version` is what #Requires -Version is held against.
    `reachable`, when given, says whether the host lets the client's packets through; it is asked before a request is served and before it
    is answered, and where it says no the connection breaks. Likewise, each asked whenever it matters: `logon`, whether the account may log
    on over the network (401); `shell`, whether it may have a shell (access denied); `become_logon`, whether another account may log on.
    """

    name: str
    handler: Handler
    username: str
    password: str = field(repr=False)
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    counters: Counters = field(default_factory=Counters)
    authenticate: Callable[[str, str], bool] | None = None
    become_accounts: Mapping[str, str] | None = field(default=None, repr=False)
    powershell_version: str = "5.1.20348.2400"
    reachable: Callable[[], bool] | None = None
    logon: Callable[[], bool] | None = None
    shell: Callable[[], bool] | None = None
    become_logon: Callable[[Become], bool] | None = None

    def lets_through(self) -> bool:
        """Whether packets of the client get in and out."""
        return self.reachable is None or self.reachable()

    def admits(self, username: str, password: str) -> bool:
        """Whether these credentials are right; Windows ignores the case of a user's name."""
        if self.authenticate is not None:
            return self.authenticate(username, password)
        same_user = hmac.compare_digest(username.lower().encode(), self.username.lower().encode())
        same_password = hmac.compare_digest(password.encode(), self.password.encode())
        return same_user and same_password and (self.logon is None or self.logon())

    def to_json(self) -> dict[str, Any]:
        """How to reach it, for whoever writes an inventory."""
        return {"name": self.name, "address": "127.0.0.1", "port": self.port, "username": self.username, "password": self.password}
