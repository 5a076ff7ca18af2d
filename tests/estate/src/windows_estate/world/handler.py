# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which modules a simulated host runs."""

from __future__ import annotations

import json
import threading
from typing import Any

from windows_estate.winrm import Handler, ModuleCall, ModuleRun
from windows_estate.world.build import Built


def handler_for(built: Built) -> Handler:
    """`host_state` of any collection by the contract; win_ping, for people who look whether a host is there. Others are unknown (None)."""
    machine = built.machine
    # Who the process is belongs to a run: two of different accounts must not meet.
    lock = threading.Lock()

    def execute(call: ModuleCall) -> dict[str, Any]:
        with lock:
            host = machine.state["host"]
            connected = host["user"]
            if call.become is None:
                host["user"] = built.connected()
            else:
                host["user"] = {**built.identity(call.become.user), "logon": call.become.logon_type}
            try:
                return machine.execute(call.arguments)
            finally:
                host["user"] = connected

    def run(call: ModuleCall) -> ModuleRun | None:
        name = call.module.rpartition(".")[2]
        if name == "host_state":
            return ModuleRun(json.dumps(execute(call), ensure_ascii=False))
        if name == "win_ping":
            return ModuleRun(json.dumps({"changed": False, "ping": call.own_arguments.get("data", "pong")}))
        return None

    return run
