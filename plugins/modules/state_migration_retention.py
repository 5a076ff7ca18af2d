#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: state_migration_retention
short_description: Bring state migration points to the hardening baseline, or verify them
version_added: 0.2.0
description:
  - Says how long a Configuration Manager site keeps the user state that was released, within which limits clients store it, what is left
    of it, and how it travels.
  - Two kinds of hosts have a part in that. A host of the SMS Provider is given O(state_migration_points) and O(associations); a state
    migration point is given O(this_state_migration_point) in a play of its own, which goes first and returns readings.
  - Each is read in one execution. What differs is changed in a second one, after leaving a snapshot that M(configmgr.hardening.rollback)
    can restore, and read again.
  - Nothing that holds user data is deleted unless asked for. A computer association is deleted only when it is completed and its store is
    known to be released; a share only when the site's readings show no unreleased store in it. Files are never deleted. Neither can be
    brought back, and check mode says so of each.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  site_code:
    description:
      - The three characters of the site. A secondary site is judged on the provider of its primary site.
      - Left out, it is the site of the provider on this host.
    type: str
  state_migration_points:
    description:
      - The site's state migration points; the list may be empty. Others are looked at as well, and never changed.
      - Given on a host of the SMS Provider.
    type: list
    elements: dict
    suboptions:
      name:
        description: The server, as the site names it; case does not matter.
        type: str
        required: true
      retention:
        description:
          - How long user state is kept once it is released, at least. A site that keeps it longer is left alone.
          - Left out, a day or longer is asked for, which is what the product does by itself.
        type: dict
        suboptions:
          value:
            description: How many.
            type: int
            required: true
          unit:
            description: Of what.
            type: str
            choices: [hours, days]
            required: true
      deletion_cycle:
        description:
          - How often the point looks for what to delete, exactly.
          - Left out, it is only judged not to be 0, which deletes at once.
        type: dict
        suboptions:
          value:
            description: How many.
            type: int
            required: true
          unit:
            description: Of what.
            type: str
            choices: [hours, days]
            required: true
      never_immediate:
        description: Whether deleting at once is mended. V(false) leaves it, which is against the baseline and reported as drift.
        type: bool
        default: true
      restore_only:
        description: Whether the point takes nothing new. Left out, that is not judged.
        type: bool
      folders:
        description:
          - Folders with exactly these limits. One that is missing is added; others stay, and have to be limited as well.
        type: list
        elements: dict
        suboptions:
          path:
            description: The folder on the server, with its drive.
            type: str
            required: true
          max_clients:
            description: How many clients may store in it, at most.
            type: int
            required: true
          min_free_space:
            description: What has to stay free on its volume.
            type: dict
            required: true
            suboptions:
              value:
                description: How much.
                type: int
                required: true
              unit:
                description: Of what.
                type: str
                choices: [MB, GB, percent]
                required: true
      stale_after:
        description: When a store that is still there is a finding. Such a store is never deleted here.
        type: dict
        suboptions:
          released:
            description: How much longer than the point's deletion delay and cycle a released store may be there; 0 unless given.
            type: dict
            suboptions:
              value:
                description: How many.
                type: int
                required: true
              unit:
                description: Of what.
                type: str
                choices: [hours, days]
                required: true
          never_released:
            description: How old a store may be that was never released. Left out, such stores are not judged.
            type: dict
            suboptions:
              value:
                description: How many.
                type: int
                required: true
              unit:
                description: Of what.
                type: str
                choices: [hours, days]
                required: true
      host:
        description:
          - The host in O(readings) that is this point. It is an error when there is none of that name.
          - Left out, it is the one of the point's name, with or without its domain, if it is there.
        type: str
  associations:
    description: Computer associations that are done with.
    type: dict
    suboptions:
      completed_older_than_days:
        description: How many days ago the store of a completed association may have been released; older ones are drift.
        type: int
      delete:
        description: Associations that are to be deleted, by the names of their computers.
        type: list
        elements: dict
        suboptions:
          source:
            description: The name of the source computer.
            type: str
            required: true
          destination:
            description: The name of the destination computer.
            type: str
            required: true
      delete_older_than_days:
        description: How many days ago the store of a completed association may have been released; older ones are to be deleted.
        type: int
      delete_associations:
        description:
          - Whether associations may be deleted, those of O(associations.delete) and O(associations.delete_older_than_days). Without it they
            are only reported.
          - One that is not completed, or whose store is not known to be released, is never deleted.
          - It cannot be brought back, and the key that its store was encrypted with goes with it.
        type: bool
        default: false
  this_state_migration_point:
    description: What this host itself is like. Given on a state migration point.
    type: dict
    suboptions:
      folders:
        description: The folders that are in use.
        type: list
        elements: str
      former_folders:
        description: Folders that were in use once. A share in one of them, or the folder itself, is drift.
        type: list
        elements: str
      smb_signing:
        description:
          - Whether a server that does not require signed connections is brought to do so. V(false) leaves it, which is reported as drift.
        type: bool
        default: true
      smb_encryption:
        description:
          - Whether the shares of O(this_state_migration_point.folders) have to be encrypted. V(false) leaves that unjudged.
          - Clients without SMB 3, and old versions of Windows PE, cannot use them then.
        type: bool
        default: false
      orphaned_shares:
        description:
          - Whether shares in O(this_state_migration_point.former_folders) are only reported, or removed. Their files stay.
          - Removing one takes the readings of the site's play in O(readings), which say where user state is that was not released.
        type: str
        choices: [report, remove]
        default: report
  readings:
    description:
      - What the plays of other hosts returned as readings, by the hosts' names in the inventory.
      - The site's play takes those of the state migration points; without them, the space on their volumes is not known. A state
        migration point takes those of the site's play before it removes a share.
    type: dict
  wait_seconds:
    description: How long to wait for the site to show a change, from 1 to 3600 seconds.
    type: int
    default: 120
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
notes:
  - On a host of the SMS Provider the process needs a way past the second hop. With C(become) and the method C(runas) it is SYSTEM, where
    the provider is on the site server, or an account with rights in the site; or the connection delegates.
  - It needs the permissions Read on Site and on Computer Association, and to change something Modify and Delete.
seealso:
  - module: configmgr.hardening.baseline
  - module: configmgr.hardening.rollback
"""

EXAMPLES = r"""
- name: What the state migration point is like
  configmgr.hardening.state_migration_retention:
    this_state_migration_point:
      folders:
        - D:\UserState
      former_folders:
        - E:\OldUserState
  register: smp

- name: Keep released user state for three days, and report old associations
  configmgr.hardening.state_migration_retention:
    state_migration_points:
      - name: SMP01.corp.example
        retention: {value: 3, unit: days}
        folders:
          - path: D:\UserState
            max_clients: 100
            min_free_space: {value: 10, unit: GB}
        stale_after:
          never_released: {value: 30, unit: days}
    associations:
      completed_older_than_days: 14
    readings:
      smp01: "{{ hostvars.smp01.smp.readings }}"
  become: true
  become_method: ansible.builtin.runas
  become_user: SYSTEM

- name: Delete one association that was verified
  configmgr.hardening.state_migration_retention:
    state_migration_points: []
    associations:
      delete:
        - {source: OLD01, destination: NEW01}
      delete_associations: true
"""

RETURN = r"""
findings:
  description: The verdict on each control, the worst first.
  returned: when the host could be judged
  type: list
  elements: dict
  sample:
    - control: 003-16
      title: Do not let user state be deleted the moment it is released
      area: state_migration_retention
      subject: cm01
      object: SMP01.corp.example
      status: drift
      severity: medium
      expected: SMP01.corp.example keeps released user state for 3 days or longer
      actual: "SMP01.corp.example deletes released user state immediately: the deletion delay is 0"
      evidence: ["site P01: SMP01.corp.example, SMPStoreDeletionDelayTimeInMinutes = 0, SMPStoreDeletionCycleTimeInMinutes = 1440"]
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
  description:
    - What the judgement of other hosts needs. Of a state migration point its volumes and shares, of a site where user state is that was
      not released.
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
