# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs an action plugin as a task would, against a simulated host."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from reviewing import Host

PACKAGE = "ansible_collections.configmgr.hardening.plugins.action"


def act(
    module: str, args: Mapping[str, Any], host: Host, *, check: bool = False, delegate_to: str | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """The result of the task."""
    task = MagicMock(
        args=dict(args), check_mode=check, diff=False, async_val=0, action=f"configmgr.hardening.{module}", delegate_to=delegate_to
    )
    task._uuid = "525400-1234-5678-9abc-000000000001"
    shell = SimpleNamespace(_IS_WINDOWS=True, SHELL_FAMILY="powershell", tmpdir=None)
    connection = MagicMock(_shell=shell, transport="winrm")
    loader = MagicMock()
    loader.path_dwim.side_effect = lambda path: str((folder or Path.cwd()) / path)
    action = importlib.import_module(f"{PACKAGE}.{module}").ActionModule(
        task=task, connection=connection, play_context=MagicMock(), loader=loader, templar=MagicMock(), shared_loader_obj=MagicMock()
    )
    # What ansible-core itself does to reach a host is not what is looked at here.
    action._execute_module = lambda **call: host.execute({**call["module_args"], "_ansible_check_mode": check})
    result: dict[str, Any] = action.run(task_vars={"inventory_hostname": "cl01"})
    return result
