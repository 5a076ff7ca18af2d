#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Make one report of the stored results of a fleet
version_added: 0.1.0
description:
  - Reads the result files that the other modules stored, and writes a Markdown report of the whole fleet.
  - Names the hosts that nothing was heard from, and results that are old.
  - Judges the rings of client push over all computers that M(configmgr.hardening.client_push_target) has judged, in whatever runs and
    folders. It tells the accounts that reach the computers of two rings, the computers that two accounts reach, and rings without an
    account.
  - Runs on the controller and touches no host.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  results:
    description: Folders with results. Of several results of a host, the newest counts.
    type: list
    elements: path
    required: true
  run_id:
    description: Only the results of this run. Left out, those of all runs are taken.
    type: str
  hosts:
    description: The hosts that should have been heard from, by their names in the inventory.
    type: list
    elements: str
    default: []
  dest:
    description: The Markdown file to write. Left out, nothing is written and only the summary is returned.
    type: path
  stale_after_days:
    description: Results older than this are named as old.
    type: int
    default: 30
  title:
    description: The heading of the report.
    type: str
    default: Hardening baseline
attributes:
  check_mode:
    description: Writes no report, and says whether it would.
    support: full
  diff_mode:
    description: Not of use for a report.
    support: none
  platform:
    description: The controller.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: One report of the fleet
  configmgr.hardening.report:
    results: [results]
    hosts: "{{ groups['all'] }}"
    dest: results/report.md
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
table:
  description: Lines of a table of hosts and areas with the counts of each status.
  returned: success
  type: list
  elements: str
worst:
  description: The worst findings in words.
  returned: success
  type: list
  elements: str
counts:
  description: For each host and area, how many controls have each status.
  returned: success
  type: dict
rings:
  description: Lines of a table of the rings of client push, with the accounts that reach their computers; empty where there are none.
  returned: success
  type: list
  elements: str
rings_findings:
  description: The verdict on the rings of the whole fleet, in the form of the other modules' findings, with the subject C(fleet).
  returned: success
  type: list
  elements: dict
not_heard_from:
  description: Hosts without a result.
  returned: success
  type: list
  elements: str
old:
  description: Hosts with an area whose newest result is old.
  returned: success
  type: list
  elements: str
"""
