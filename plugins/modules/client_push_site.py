#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client_push_site
short_description: Bring a site's client push installation to the hardening baseline, or verify it
version_added: 0.2.0
description:
  - Says when a Configuration Manager site pushes clients, to which computers, with which accounts, and by which authentication.
  - Runs on a host of the SMS Provider, an ordinary host of the inventory, once for each site.
  - Reads the site's properties, its accounts, version and updates, and the console's cmdlets, in one execution. Passwords and their
    encrypted forms never leave the host.
  - Changes only what differs, in a second execution, after leaving a snapshot that M(configmgr.hardening.rollback) can restore. It writes
    by the console's cmdlets where they are, waits on the host until the site shows the change, and reads all of it again.
  - What somebody else changes in between is left as it is, and reported as an error.
  - Automatic push and the fallback to NTLM are always judged, as off unless declared otherwise. Other options are judged where given.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  site_code:
    description:
      - The three characters of the site. A secondary site is judged on the provider of its primary site.
      - Left out, it is the site of the provider on this host.
    type: str
  automatic_push:
    description:
      - Whether the site pushes clients to whatever it discovers. V(true) is against the baseline, and reported as drift.
    type: bool
    default: false
  ntlm_fallback:
    description:
      - Whether client push may fall back to NTLM where Kerberos fails. V(true) is against the baseline, and reported as drift.
      - Sites from 2103 to 2207 honour V(false) only with the update KB15599094, which is looked for and never installed.
    type: bool
    default: false
  computer_types:
    description:
      - The computers that automatic push installs, exactly these; the list may be empty.
    type: list
    elements: str
    choices: [workstations, servers, domain_controllers]
  site_systems:
    description: Whether automatic push installs site system servers.
    type: bool
  accounts:
    description:
      - The client push installation accounts, as C(DOMAIN\\name), exactly these. With V([]) only the site server's own account pushes.
      - Not together with O(accounts_include) and O(accounts_exclude).
    type: list
    elements: str
  accounts_include:
    description: Accounts that have to be among the client push installation accounts, as C(DOMAIN\\name).
    type: list
    elements: str
  accounts_exclude:
    description:
      - Accounts that must not be among the client push installation accounts, as C(DOMAIN\\name).
      - They stay in the site's store of accounts, as other parts of the site may need them.
    type: list
    elements: str
  enforce_order:
    description:
      - Whether O(accounts) have to be listed in their order, which is the one they are tried in.
      - A wrong order is mended in one call, so that there is no moment in which no account is listed.
    type: bool
    default: false
  passwords:
    description:
      - Passwords by account, for accounts of O(accounts) and O(accounts_include) that are not in the site's store of accounts yet.
      - At most 38 characters each. A password is never compared, as it cannot be read back; that of an account that is there is not used.
    type: dict
  installation_properties:
    description: What the installation properties of client push have to contain and must not contain.
    type: dict
    suboptions:
      must_contain:
        description:
          - Properties as C(NAME=value), which replace another value, or switches as C(/UsePKICert); a name alone fits any value.
        type: list
        elements: str
      must_not_contain:
        description: The same; a name alone fits any value.
        type: list
        elements: str
  clear_install_flag_task:
    description:
      - Whether the maintenance task Clear Install Flag is enabled. Together with automatic push it is drift in any case.
    type: bool
  wait_seconds:
    description: How long to wait for the site to show a change, from 1 to 3600 seconds.
    type: int
    default: 120
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
notes:
  - The process on the host needs a way past the second hop. With C(become) and the method C(runas) it is SYSTEM, where the provider
    is on the site server, or an account with rights in the site; or the connection delegates.
  - It needs the permission Read on Site (the role Read-only Analyst should have it), and to change something Modify.
seealso:
  - module: configmgr.hardening.baseline
  - module: configmgr.hardening.rollback
"""

EXAMPLES = r"""
- name: No automatic push, Kerberos only
  configmgr.hardening.client_push_site:
  become: true
  become_method: ansible.builtin.runas
  become_user: SYSTEM

- name: One account for each of three rings, tried in this order
  configmgr.hardening.client_push_site:
    site_code: P01
    accounts:
      - CORP\svc-push-servers
      - CORP\svc-push-office
      - CORP\svc-push-kiosks
    enforce_order: true
    passwords: "{{ vault_push_passwords }}"
    computer_types: [workstations, servers]
    site_systems: false
    clear_install_flag_task: false
    installation_properties:
      must_contain:
        - SMSSITECODE=P01
        - /UsePKICert
  become: true
  become_method: ansible.builtin.runas
  become_user: CORP\cm-admin
  vars:
    ansible_become_flags: logon_type=interactive logon_flags=with_profile

- name: Take an account out that is no longer used
  configmgr.hardening.client_push_site:
    accounts_exclude:
      - CORP\svc-push-old
"""

RETURN = r"""
findings:
  description: The verdict on each control, the worst first.
  returned: when the host could be judged
  type: list
  elements: dict
  sample:
    - control: 001-10
      title: Insist on Kerberos for client push, without falling back to NTLM
      area: client_push_site
      subject: cm01
      object: null
      status: drift
      severity: high
      expected: "authentication of client push: Kerberos only"
      actual: "authentication of client push: falls back to NTLM"
      evidence: ["site P01: SMS_DISCOVERY_DATA_MANAGER, ENABLEKERBEROSCHECK = 3"]
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
