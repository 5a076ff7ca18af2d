#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client_push_target
short_description: Admit only the push principal of its ring to a computer, or verify that
version_added: 0.2.0
description:
  - Says which account or group client push comes in with on a computer, and keeps those of other rings out of its Administrators.
  - Configuration Manager tries every push account on every computer. Rings of computers are made on the computers, by whom they admit.
  - Reads the group Administrators by its SID, the user rights, and what Group Policy says of both, in one execution.
  - Changes only what differs, in a second execution, after leaving a snapshot that M(configmgr.hardening.rollback) can restore. The
    admitted principal is added before others are removed. Members that are no push principals are never touched, and whoever has a
    user right keeps it.
  - Where Restricted Groups or preferences of Group Policy decide the group or a right, nothing of it is written, and the finding names the
    Group Policy object.
  - The account that the connection came in with, and groups that may make it an administrator, are never removed, nor denied a logon.
  - Only direct members are looked at. Who belongs to a group is for the directory to tell.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  admitted:
    description:
      - The push principals of the computer's ring, as C(DOMAIN\\name), C(name@domain) or a SID. They have to be members of Administrators.
      - Best a single global group that has the ring's push account. The site server's own account, C(DOMAIN\\name$), is possible.
    type: list
    elements: str
    required: true
  known_push_principals:
    description:
      - The push principals of all rings. Those that are not admitted here must not be members of Administrators.
      - The admitted ones need not be repeated. A SID without a name is taken as well, to find what is left of a removed account.
      - Only whoever is named is found. Where groups are admitted, name their push accounts as well, which may be members by themselves.
      - Accounts and groups that come with Windows, such as Domain Admins, are refused.
    type: list
    elements: str
    default: []
  deny_interactive_logon:
    description:
      - Whether all push principals have to be denied to log on locally. V(false) leaves that unjudged.
      - Whoever belongs to one of these groups cannot log on any more, so no person may.
      - The right is C(SeDenyInteractiveLogonRight).
    type: bool
    default: true
  deny_remote_interactive_logon:
    description:
      - Whether all push principals have to be denied to log on through Remote Desktop Services. V(false) leaves that unjudged.
      - The right is C(SeDenyRemoteInteractiveLogonRight).
    type: bool
    default: true
  ring:
    description:
      - The name of the computer's ring. The report tells by it which accounts reach the computers of two rings.
      - Left out, computers that admit the same principals are taken for a ring.
    type: str
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
seealso:
  - module: configmgr.hardening.baseline
  - module: configmgr.hardening.client_push_site
  - module: configmgr.hardening.report
  - module: configmgr.hardening.rollback
"""

EXAMPLES = r"""
- name: Only the group of its ring may push to an office computer
  configmgr.hardening.client_push_target:
    ring: office
    admitted:
      - CORP\push-office
    known_push_principals:
      - CORP\push-servers
      - CORP\push-office
      - CORP\push-kiosks

- name: The site server's own account pushes to this ring
  configmgr.hardening.client_push_target:
    ring: kiosks
    admitted:
      - CORP\CM01$
    known_push_principals: "{{ push_principals }}"
"""

RETURN = r"""
findings:
  description: The verdict on each control, the worst first.
  returned: when the host could be judged
  type: list
  elements: dict
  sample:
    - control: 001-12
      title: Admit the push account to Administrators only on machines that it installs
      area: client_push_target
      subject: cl01
      object: CORP\push-servers
      status: drift
      severity: high
      expected: CORP\push-servers is no member of Administrators
      actual: CORP\push-servers is a member of Administrators
      evidence: ["local group S-1-5-32-544: CL01\\Administrator, CORP\\push-office, CORP\\push-servers"]
      caveats: []
      remedy: "Apply. By hand: In Computer Management, Local Users and Groups, Administrators, remove CORP\\push-servers."
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
  description:
    - What the report needs of this computer to judge the rings of the whole fleet, below C(client_push_target).
    - The ring, the admitted and the known push principals, and the members of Administrators.
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
host:
  description: What the host says of itself.
  returned: when the host could be judged
  type: dict
results_file:
  description: Where on the controller the result was stored; null when it was not.
  returned: always
  type: str
"""
