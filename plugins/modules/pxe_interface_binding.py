#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pxe_interface_binding
short_description: Bring PXE of distribution points to the hardening baseline, or verify it
version_added: 0.2.0
description:
  - Says which interfaces of a distribution point answer PXE requests, in words that survive a new network card, and how it answers.
  - Runs on two kinds of hosts. On a distribution point (O(this_distribution_point)) it reads adapters, services, what WDS is told, and
    where PXE listens, judges them, and returns them as RV(readings). On a host of the SMS Provider (O(distribution_points)) it judges
    and writes what the site says, with those readings.
  - One execution verifies, a second one applies. Policy and list of a point are written together, and read back; a point is never bound to
    nothing, and PXE is turned on only after all that makes it safe.
  - What somebody else changes in between is left as it is, and reported as an error.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  distribution_points:
    description:
      - The distribution points of the site that may have PXE. Given on a host of the SMS Provider.
      - PXE on any other point of the site is reported as drift, and left alone.
    type: list
    elements: dict
    suboptions:
      name:
        description: The server's name as the site has it, such as V(DP01.corp.example); case does not matter.
        type: str
        required: true
      interfaces:
        description:
          - The interfaces that answer, exactly these. Each is a network such as V(10.20.0.0/16), an address, an interface's name, or a MAC
            address in any notation of 12 hexadecimal digits.
          - Each word stands for one interface. A dictionary of C(network) and C(all=true) stands for all interfaces of a network.
          - Networks, addresses and names are explained by O(readings). MAC addresses need none.
          - Required with O(distribution_points[].pxe=true), unless O(distribution_points[].respond_on_all=true).
        type: list
        elements: raw
      respond_on_all:
        description: Whether PXE answers on all interfaces. V(true) is against the baseline, and reported as drift.
        type: bool
        default: false
      host:
        description:
          - The host of the inventory whose readings are meant.
          - Left out, the host with the server's name or its first label; case does not matter.
        type: str
      pxe:
        description:
          - Whether the point has PXE. Turning it on installs WDS or the responder, turning it off removes it, as in the console.
          - Left out, it stays as it is, and the rest is judged only while it is on.
        type: bool
      answer_requests:
        description: Whether the point answers PXE requests now.
        type: bool
      unknown_computers:
        description: Whether computers that the site does not know may boot.
        type: bool
        default: false
      password:
        description:
          - The password that a computer has to be given before it boots. It is set only where there is none.
          - It cannot be read back, so it is never compared, and no cmdlet takes it away again.
        type: str
      password_required:
        description: Whether having no password is accepted. It is reported as drift all the same, and says that it was declared.
        type: bool
        default: true
      response_delay:
        description: Seconds before the point answers, from 0 to 32.
        type: int
      user_device_affinity:
        description: How a user of a computer is made its primary one.
        type: str
        choices: [none, manual, automatic]
      responder:
        description:
          - Which service answers, WDS or the responder that Configuration Manager brings.
          - V(configmgr) excludes O(distribution_points[].multicast=true).
        type: str
        choices: [wds, configmgr]
      multicast:
        description: Whether the point sends by multicast. Multicast that is not declared is drift in any case.
        type: bool
      anonymous_content:
        description: Whether clients may fetch content without an account.
        type: bool
        default: false
  this_distribution_point:
    description: What is declared of the distribution point that the module runs on; V({}) only returns RV(readings).
    type: dict
    suboptions:
      pxe:
        description: Whether PXE is to be served here.
        type: bool
      interfaces:
        description: As in O(distribution_points[].interfaces). The host itself explains the words.
        type: list
        elements: raw
      responder:
        description: Which service has to run.
        type: str
        choices: [wds, configmgr]
      restart_service:
        description:
          - Whether apply restarts the PXE service where it listens otherwise than it is told. Nobody boots meanwhile.
          - Otherwise the service is named in RV(restart_required).
        type: bool
        default: false
  readings:
    description:
      - What the plays of distribution points have returned as RV(readings), by the hosts' names in the inventory.
      - The role C(pxe_interface_binding) collects them by itself.
    type: dict
  site_code:
    description:
      - The three characters of the site. A secondary site is judged on the provider of its primary site.
      - Left out, it is the site of the provider on this host.
    type: str
  wait_seconds:
    description: How long to wait for the site to show a change, from 1 to 3600 seconds.
    type: int
    default: 120
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
notes:
  - On a host of the SMS Provider the process needs a way past the second hop, and the permission Read on Site, to change something also
    Modify; see M(configmgr.hardening.client_push_site).
  - On a distribution point it needs an administrator, and changes nothing unless O(this_distribution_point.restart_service=true).
seealso:
  - module: configmgr.hardening.baseline
  - module: configmgr.hardening.firewall_exception
  - module: configmgr.hardening.rollback
"""

EXAMPLES = r"""
- name: What the distribution point itself shows
  configmgr.hardening.pxe_interface_binding:
    this_distribution_point:
      pxe: true
      interfaces: [10.20.0.0/16]
      responder: wds
  register: distribution_point

- name: PXE on the network of the clients only, and nowhere else
  configmgr.hardening.pxe_interface_binding:
    distribution_points:
      - name: DP01.corp.example
        pxe: true
        interfaces: [10.20.0.0/16]
        password: "{{ vault_pxe_password }}"
    readings:
      dp01: "{{ hostvars.dp01.distribution_point.readings }}"
  become: true
  become_method: ansible.builtin.runas
  become_user: SYSTEM

- name: No PXE at all
  configmgr.hardening.pxe_interface_binding:
    distribution_points: []
"""

RETURN = r"""
findings:
  description: The verdict on each control, the worst first.
  returned: when the host could be judged
  type: list
  elements: dict
  sample:
    - control: 003-09
      title: Bind PXE to named network interfaces
      area: pxe_interface_binding
      subject: cm01
      object: DP01.corp.example
      status: drift
      severity: high
      expected: PXE of DP01.corp.example answers on 00:15:5D:01:0A:01
      actual: PXE of DP01.corp.example answers on all interfaces
      evidence: ["site P01: distribution point DP01.corp.example, BindPolicy = 0, BindExcept = []"]
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
  description: Adapters, services, WDS values and listening addresses of a distribution point, which the site's judgement needs.
  returned: when the host could be judged
  type: dict
restart_required:
  description: The services that have to be restarted before a change takes effect; in check mode those that an apply would leave so.
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
