# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The only way to build an operation that runs a cmdlet."""

from __future__ import annotations

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import CMDLETS, NO_PROMPT, cmdlet


def test_a_read_is_not_marked_as_a_write() -> None:
    operation = cmdlet("ServerManager", "Get-WindowsFeature", {"Name": "X"}, select=["InstallState"])

    assert operation.op == "cmdlet.invoke"
    assert operation.fields == {
        "module": "ServerManager",
        "name": "Get-WindowsFeature",
        "parameters": {"Name": "X"},
        "select": ["InstallState"],
    }


def test_a_write_is_marked() -> None:
    operation = cmdlet("ServerManager", "Install-WindowsFeature", {"Name": "X", "Confirm": NO_PROMPT}, mutates=True)

    assert operation.fields["mutates"] is True
    assert operation.fields["parameters"]["Confirm"] == {"switch": False}
    assert "select" not in operation.fields


@pytest.mark.parametrize(
    ("module", "name", "parameters"),
    [
        ("ServerManager", "Restart-Computer", {}),
        ("Other", "Get-WindowsFeature", {"Name": "X"}),
        ("ServerManager", "Get-WindowsFeature", {"Name": "X", "ComputerName": "other"}),
    ],
)
def test_what_is_not_on_the_list_cannot_be_built(module: str, name: str, parameters: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        cmdlet(module, name, parameters)


def test_what_may_ask_is_told_not_to() -> None:
    assert {name for (_module, name), parameters in CMDLETS.items() if "Confirm" in parameters} == {
        "Install-WindowsFeature",
        "Uninstall-WindowsFeature",
    }
