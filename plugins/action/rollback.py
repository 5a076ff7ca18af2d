# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module rollback: finds a snapshot on the host and demands what it holds."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils._action import HardeningAction
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine import snapshot as snapshots
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.exchange import Step, build_request, read_reply
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import HostError, OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands

_MARK = "rollback-"


class ActionModule(HardeningAction):
    MODULE = "rollback"
    ACTION = "rollback"
    WHAT_FAILED = "could not be rolled back"

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._restored: str | None = None
        result = super().run(tmp, task_vars)
        return {**result, "restored": self._restored}

    def run_id(self, options: dict[str, Any]) -> str:
        """Told apart from an apply's, so that the latest snapshot is not the one that the last rollback left."""
        return f"{_MARK}{super().run_id(options)}"

    def demands(self, options: dict[str, Any]) -> tuple[Demands, ...]:
        name = options["snapshot"]
        if not snapshots.is_name(name):
            raise OptionError([f"snapshot: '{name}' is no name of a snapshot; allowed are letters, digits, '_' and '-', or 'latest'."])
        read = snapshots.read_snapshots("*" if name == "latest" else name)
        request = build_request([Step(read)])
        answers = read_reply(request, self._execute(request.arguments))
        answer = answers[read]
        if answer.failure:
            raise HostError(f"the snapshots cannot be read ({answer.failure.kind}): {answer.failure.message}")
        if answer.data["truncated"]:
            raise HostError("there are more snapshots on the host than can be looked through; name one, or remove old ones.")
        parsed = [(_parsed(file), str(file["modified"])) for file in answer.data["files"]]
        found = [snapshot for snapshot, _modified in parsed if isinstance(snapshot, snapshots.Snapshot)]
        broken = [(sentence, modified) for sentence, modified in parsed if isinstance(sentence, str)]
        # A disk image carries the snapshots of the computer that it was made from.
        found = [snapshot for snapshot in found if snapshot.host.casefold() == answers.host.name.casefold()]
        if name == "latest":
            found = [snapshot for snapshot in found if snapshot.action != self.ACTION]
        if not found:
            what = "there is no snapshot of an apply on the host" if name == "latest" else f"there is no snapshot '{name}' on the host"
            raise HostError(" ".join([f"{what}.", *(sentence for sentence, _modified in broken)]))
        chosen = max(found, key=lambda snapshot: snapshot.time)
        # Of a file that cannot be read, the host's file system still tells when it was written.
        newer = [sentence for sentence, modified in broken if modified >= chosen.time]
        if newer:
            raise HostError(" ".join(["the newest snapshot cannot be read, so name the one to restore.", *newer]))
        self._restored = chosen.name
        return (snapshots.demands(chosen),)


def _parsed(file: dict[str, Any]) -> snapshots.Snapshot | str:
    """A snapshot, or the sentence that says why the file is none."""
    try:
        snapshot = snapshots.parse(base64.b64decode(file["base64"] or "").decode("utf-8"))
        if not file["path"].casefold().endswith(snapshots.path_of(snapshot.name).casefold()):
            return f"{file['path']}: it says that its name is {snapshot.name}, which is not that of its file."
        return snapshot
    except (snapshots.MalformedSnapshotError, binascii.Error, UnicodeDecodeError) as error:
        return f"{file['path']}: {error}."
