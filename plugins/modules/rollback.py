#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollback
short_description: Put a host back to how it was before an apply
version_added: 0.1.0
description:
  - Every apply leaves a snapshot on the host of all that it is about to change, with what was absent recorded as absent.
  - This module restores one of them. It leaves a snapshot of its own first, so that a rollback can be undone as well.
  - A local group that Windows itself made as a consequence of an apply stays, without the members that the apply gave it.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  snapshot:
    description:
      - The name of the snapshot, as RV(configmgr.hardening.remote_assistance_policy#module:snapshot) told it.
      - V(latest) is the newest one on the host that was not left by a rollback.
    type: str
    default: latest
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
seealso:
  - module: configmgr.hardening.baseline
"""

EXAMPLES = r"""
- name: Undo the last apply
  configmgr.hardening.rollback:

- name: Show what a certain rollback would change
  configmgr.hardening.rollback:
    snapshot: run-1f2e3d4c
  check_mode: true
  diff: true
"""

RETURN = r"""
changes:
  description: What was restored, or would be.
  returned: when the host could be judged
  type: list
  elements: dict
restored:
  description: The name of the snapshot that was restored.
  returned: when the host could be judged
  type: str
snapshot:
  description: The name of the snapshot that was left before restoring; null when nothing was written.
  returned: when the host could be judged
  type: str
"""
