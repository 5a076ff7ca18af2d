#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: remote_assistance_policy
short_description: Bring Remote Assistance to the hardening baseline, or verify it
version_added: 0.1.0
description:
  - Says who may start Remote Assistance on a Windows host, what a helper may do, and who owns these settings.
  - Reads the policy values, the Control Panel's values, the list and the local group of helpers, the scheduled task that puts them into
    effect, the server feature, and everything that tells who decides them (resultant set of policy, applied Group Policy objects, policy
    files, the client policy of Configuration Manager), in one execution.
  - Changes only what differs, in a second execution, after leaving a snapshot that M(configmgr.hardening.rollback) can restore.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  managed_by:
    description:
      - Who owns the settings of Remote Assistance on this host.
      - With V(this_collection) policy and Control Panel values are written.
      - With V(group_policy) or V(configmgr) nothing is ever written; the values and their owner are verified.
    type: str
    required: true
    choices: [this_collection, group_policy, configmgr]
  mode:
    description:
      - Which kinds of Remote Assistance are allowed.
      - V(disabled) allows none.
      - V(offer_only) allows the declared helpers to offer help, and nobody to ask for it.
      - V(solicited) allows users to invite a helper.
      - V(solicited_and_offer) allows both.
    type: str
    required: true
    choices: [disabled, offer_only, solicited, solicited_and_offer]
  control:
    description:
      - What a helper may do in a session of an allowed kind. V(view_only) unless given.
      - Not allowed with O(mode=disabled).
    type: str
    choices: [view_only, full]
  helpers:
    description:
      - Who may offer help, as C(DOMAIN\\name), C(name@domain) or a SID; the host resolves them.
      - Required with O(mode=offer_only) and O(mode=solicited_and_offer), not allowed otherwise.
      - An account that nearly anybody belongs to is reported with high severity.
    type: list
    elements: str
  ticket_life:
    description:
      - The longest time that an invitation may stay open; a shorter one on the host is good as well. Six hours unless given.
      - Only with O(mode=solicited) and O(mode=solicited_and_offer).
    type: dict
    suboptions:
      value:
        description: How many, from 1 to 99.
        type: int
        required: true
      unit:
        description: Of what.
        type: str
        required: true
        choices: [minutes, hours, days]
  invitation_method:
    description:
      - How an invitation is put into a mail. Not judged unless given.
      - Only with O(mode=solicited) and O(mode=solicited_and_offer).
    type: str
    choices: [simple_mapi, mailto]
  encrypted_only:
    description: Whether invitations carry the address of the computer in encrypted form only.
    type: bool
    default: true
  session_logging:
    description: Whether sessions are logged.
    type: bool
    default: true
  warning_messages:
    description: Texts that the user sees instead of Windows' own. Not judged unless given.
    type: dict
    suboptions:
      before_view:
        description: Shown before a helper connects.
        type: str
        required: true
      before_control:
        description: Shown before a helper takes control.
        type: str
        required: true
  manage_feature:
    description:
      - Whether apply installs or removes the server feature Remote-Assistance to fit O(mode). Workstations have no such feature.
      - Removing or installing it may need a restart, which RV(reboot_required) tells and nothing here does.
    type: bool
    default: false
  uac_prompt_visible_to_helper:
    description:
      - Whether elevation prompts appear outside the secure desktop, so that a helper can see them.
      - A trade-off that hardening guides are against. Unless given, it is verified to be off and never written.
    type: bool
  firewall:
    version_added: 0.2.0
    description:
      - What Windows Firewall lets through for the chosen O(mode), and who may connect.
      - What the mode needs is let through; every other inbound rule of the predefined group is disabled. As Windows' own rules for sessions
        allow edge traversal and more than domain networks, a rule of the collection's own takes their place.
    type: dict
    suboptions:
      manage:
        description: Whether rules are written at all. Without it, and unless O(managed_by=this_collection), the firewall is only judged.
        type: bool
        default: true
      from:
        description:
          - The addresses that helpers and experts connect from. Addresses, ranges a-b, networks, C(LocalSubnet), C(DNS), C(DHCP), C(WINS),
            C(DefaultGateway), C(Intranet), C(Internet), V(any).
          - Offers open TCP 135; from V(any), which is what holds unless given, that is reported as drift.
        type: list
        elements: str
      profiles:
        description: The networks on which they may connect. V([domain]) unless given.
        type: list
        elements: str
        choices: [domain, private, public]
  answer_file:
    description:
      - An answer file for unattended installation on the controller, whose two settings of Remote Assistance are judged as well.
    type: path
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
seealso:
  - module: configmgr.hardening.baseline
  - module: configmgr.hardening.rollback
"""

EXAMPLES = r"""
- name: Nobody gets Remote Assistance on servers
  configmgr.hardening.remote_assistance_policy:
    managed_by: this_collection
    mode: disabled

- name: Only the help desk may offer help, and only look
  configmgr.hardening.remote_assistance_policy:
    managed_by: this_collection
    mode: offer_only
    control: view_only
    helpers:
      - CORP\Helpdesk
    results: results

- name: Verify what Group Policy should have set, and show red when it has not
  configmgr.hardening.remote_assistance_policy:
    managed_by: group_policy
    mode: solicited
    ticket_life:
      value: 2
      unit: hours
    fail_on: [conflict, drift]
  check_mode: true
"""

RETURN = r"""
findings:
  description: The verdict on each control, the worst first.
  returned: when the host could be judged
  type: list
  elements: dict
  sample:
    - control: 002-21
      title: Keep logs of sessions
      area: remote_assistance_policy
      subject: cl01
      object: null
      status: drift
      severity: medium
      expected: "session logging: on"
      actual: "session logging: off (policy)"
      evidence: ["HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\\LoggingEnabled = 0"]
      caveats: []
      remedy: Apply.
      code: null
      underlying: null
changes:
  description: What was changed, or what an apply would change; also what was refused, with the reason.
  returned: when the host could be judged
  type: list
  elements: dict
summary:
  description: How many controls have each status, and how many are not covered by the areas of this task.
  returned: when the host could be judged
  type: dict
readings:
  description: Observations that other hosts' judgement needs.
  returned: when the host could be judged
  type: dict
reboot_required:
  description: Whether a change needs a restart of the host. Nothing restarts it.
  returned: when the host could be judged
  type: bool
restart_required:
  description: Services that have to be restarted for a change. Nothing restarts them.
  returned: when the host could be judged
  type: list
  elements: str
executions:
  description: How often something was run on the host.
  returned: when the host could be judged
  type: int
snapshot:
  description: The name of the snapshot that was left on the host; null when nothing was written.
  returned: when the host could be judged
  type: str
host:
  description: What the host says of itself.
  returned: when the host could be judged
  type: dict
results_file:
  description: Where on the controller the result was stored; null when it was not.
  returned: always
  type: str
"""
