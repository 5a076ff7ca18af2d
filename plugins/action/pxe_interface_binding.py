# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module pxe_interface_binding: names its area, nothing else."""

from __future__ import annotations

from ansible_collections.configmgr.hardening.plugins.plugin_utils._action import AreaAction


class ActionModule(AreaAction):
    MODULE = "pxe_interface_binding"
