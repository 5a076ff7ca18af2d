# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which connection Ansible says that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils._action import connection_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection


@dataclass
class Plugin:
    """A connection plugin of Ansible's, as far as it is asked."""

    transport: str
    port: Any = None

    def get_option(self, name: str) -> Any:
        if self.port is KeyError:
            raise KeyError(name)
        return {"port": self.port}[name]


@pytest.mark.parametrize(
    ("plugin", "connection"),
    [
        (Plugin("winrm", 5985), Connection("winrm", 5985)),
        (Plugin("ansible.builtin.winrm", "5986"), Connection("winrm", 5986)),
        (Plugin("psrp", 5986), Connection("psrp", 5986)),
        (Plugin("ssh", 22), Connection("ssh", 22)),
        (Plugin("paramiko", None), Connection("ssh")),
        (Plugin("winrm", "somewhere"), Connection("winrm")),
        (Plugin("winrm", KeyError), Connection("winrm")),
        (Plugin("community.aws.aws_ssm", 1), None),
        (Plugin("local"), None),
    ],
)
def test_connections(plugin: Plugin, connection: Connection | None) -> None:
    assert connection_of(plugin) == connection
