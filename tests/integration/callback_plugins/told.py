# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every task came to, one JSON object a line, in the file that TOLD_FILE names.

What ansible-core itself shows changes with its version.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "told"
    CALLBACK_NEEDS_ENABLED = True

    def _tell(self, **record: Any) -> None:
        with Path(os.environ["TOLD_FILE"]).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, default=str) + "\n")

    def _tell_result(self, status: str, result: Any) -> None:
        task = result._task
        self._tell(status=status, host=result._host.get_name(), task=task.get_name(), action=str(task.action), result=result._result)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._tell_result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._tell_result("failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._tell_result("unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._tell(recap={host: stats.summarize(host) for host in stats.processed})
