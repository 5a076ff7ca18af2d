# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cmdlets that may be sent, with the parameters that may be given: the only way to build such an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json, Operation

CMDLETS: Mapping[tuple[str, str], frozenset[str]] = {
    ("ScheduledTasks", "Get-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ScheduledTasks", "Enable-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ScheduledTasks", "Disable-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ScheduledTasks", "Start-ScheduledTask"): frozenset({"TaskName", "TaskPath"}),
    ("ServerManager", "Get-WindowsFeature"): frozenset({"Name"}),
    ("ServerManager", "Install-WindowsFeature"): frozenset({"Name", "Confirm"}),
    ("ServerManager", "Uninstall-WindowsFeature"): frozenset({"Name", "Confirm"}),
}

NO_PROMPT: Json = {"switch": False}
"""For the Confirm parameter: a prompt would fail, since nobody is there to answer it."""


def cmdlet(
    module: str, name: str, parameters: Mapping[str, Json], *, select: Sequence[str] | None = None, mutates: bool = False
) -> Operation:
    """An operation that runs a cmdlet; one that is not on the list, or a parameter that is not, is a programming error (KeyError)."""
    unknown = set(parameters) - CMDLETS[module, name]
    if unknown:
        raise KeyError(f"{name} is not sent with {', '.join(sorted(unknown))}")
    return Operation.of(
        "cmdlet.invoke",
        module=module,
        name=name,
        parameters=dict(parameters),
        select=list(select) if select is not None else None,
        mutates=True if mutates else None,
    )
