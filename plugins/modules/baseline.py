#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline
short_description: Bring a host to the whole hardening baseline, or verify it, in one go
version_added: 0.1.0
description:
  - All areas that are declared for a host, read in one execution and applied in a second one.
  - An area that is not declared is not judged; its controls are counted as not covered.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  client_push_site:
    version_added: 0.2.0
    description: The options of M(configmgr.hardening.client_push_site), except those that all modules share.
    type: dict
  client_push_target:
    version_added: 0.2.0
    description: The options of M(configmgr.hardening.client_push_target), except those that all modules share.
    type: dict
  firewall_exception:
    version_added: 0.2.0
    description:
      - The options of M(configmgr.hardening.firewall_exception), except those that all modules share.
      - With C(exclusive) whatever admits more than all areas declare is disabled.
    type: dict
  pxe_interface_binding:
    version_added: 0.2.0
    description: The options of M(configmgr.hardening.pxe_interface_binding), except those that all modules share.
    type: dict
  remote_assistance_policy:
    description: The options of M(configmgr.hardening.remote_assistance_policy), except those that all modules share.
    type: dict
  state_migration_retention:
    version_added: 0.2.0
    description: The options of M(configmgr.hardening.state_migration_retention), except those that all modules share.
    type: dict
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
seealso:
  - module: configmgr.hardening.client_push_site
  - module: configmgr.hardening.client_push_target
  - module: configmgr.hardening.firewall_exception
  - module: configmgr.hardening.pxe_interface_binding
  - module: configmgr.hardening.remote_assistance_policy
  - module: configmgr.hardening.rollback
  - module: configmgr.hardening.state_migration_retention
"""

EXAMPLES = r"""
- name: Bring the host to the baseline
  configmgr.hardening.baseline:
    remote_assistance_policy:
      managed_by: this_collection
      mode: offer_only
      helpers:
        - CORP\Helpdesk
    results: results
"""

RETURN = r"""
findings:
  description: As of M(configmgr.hardening.remote_assistance_policy), for all areas.
  returned: when the host could be judged
  type: list
  elements: dict
changes:
  description: As of M(configmgr.hardening.remote_assistance_policy), for all areas.
  returned: when the host could be judged
  type: list
  elements: dict
summary:
  description: How many controls have each status, and how many are not covered.
  returned: when the host could be judged
  type: dict
executions:
  description: How often something was run on the host.
  returned: when the host could be judged
  type: int
snapshot:
  description: The name of the snapshot that was left on the host; null when nothing was written.
  returned: when the host could be judged
  type: str
"""
