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
        answer = read_reply(request, self._execute(request.arguments))[read]
        if answer.failure:
            raise HostError(f"the snapshots cannot be read ({answer.failure.kind}): {answer.failure.message}")
        parsed = [_parsed(file) for file in answer.data["files"]]
        found = [snapshot for snapshot in parsed if isinstance(snapshot, snapshots.Snapshot)]
        broken = [sentence for sentence in parsed if isinstance(sentence, str)]
        if name == "latest":
            found = [snapshot for snapshot in found if not snapshot.name.startswith(_MARK)]
        if not found:
            what = "there is no snapshot of an apply on the host" if name == "latest" else f"there is no snapshot '{name}' on the host"
            raise HostError(" ".join([f"{what}.", *broken]))
        chosen = max(found, key=lambda snapshot: snapshot.time)
        self._restored = chosen.name
        return (snapshots.demands(chosen),)


def _parsed(file: dict[str, Any]) -> snapshots.Snapshot | str:
    """A snapshot, or the sentence that says why the file is none."""
    try:
        return snapshots.parse(base64.b64decode(file["base64"] or "").decode("utf-8"))
    except (snapshots.MalformedSnapshotError, binascii.Error, UnicodeDecodeError) as error:
        return f"{file['path']}: {error}."
