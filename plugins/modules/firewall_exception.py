#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the module; its action plugin does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_exception
short_description: Say who may reach which service through Windows Firewall, or verify it
version_added: 0.2.0
description:
  - Says which addresses may reach which service of a Windows host, on which networks, and that the firewall itself is on.
  - Reads all rules and settings of all stores (the computer's own, Group Policy, device management) and the network interfaces in one
    execution, and works out who really gets in. So a rule that stands and has no effect counts for nothing, and whose rule it is does not
    matter.
  - Changes only what differs, in a second execution, after leaving a snapshot that M(configmgr.hardening.rollback) can restore. Only rules
    of the collection's own are made, changed or removed; any other rule is at most enabled or disabled.
  - A write that could cut the connection that it travels on is refused.
  - Whatever is declared, it is looked at whether Remote Desktop and SSH are within reach of addresses outside private networks, whether
    management ports admit more than is declared, and what listens on the ports of remote access.
author:
  - configmgr.hardening contributors (@configmgr-hardening)
options:
  exceptions:
    description: Who may reach what, or who may not.
    type: list
    elements: dict
    default: []
    suboptions:
      service:
        description:
          - One of the named services, of which it is known what listens for them. The exception goes by this name in findings.
          - Either O(exceptions[].service) or O(exceptions[].name).
        type: str
        choices:
          - client_push
          - remote_control
          - remote_assistance_offer
          - remote_assistance_solicited
          - remote_desktop
          - pxe
          - multicast
          - state_migration
          - management_point
          - distribution_point
          - software_update_point
          - client_notification
          - peer_cache
          - wake_up_proxy
          - smb
          - winrm
          - winrm_https
          - winrm_compatibility
          - ssh
          - wmi
          - remote_event_log
          - remote_service_management
          - remote_scheduled_tasks
          - remote_shutdown
      name:
        description:
          - A name of your own for an exception, which then says by itself what listens.
          - Up to 64 letters, digits, underscores, dots and hyphens. It is part of the rule's id.
        type: str
      protocol:
        description: Of an exception with a name of its own.
        type: str
        choices: [tcp, udp, icmpv4, icmpv6]
      ports:
        description:
          - Of an exception with a name of its own, for V(tcp) and V(udp). Numbers, ranges such as V(5000-5010), and for V(tcp) C(rpc) (the
            ports that RPC assigns) and C(rpc-epmap) (the endpoint mapper).
          - May be left out where O(exceptions[].program) or O(exceptions[].windows_service) is given; then all of its ports are meant.
        type: list
        elements: str
      icmp_types:
        description: Of an exception with a name of its own, for ICMP. Types such as V(8), or with a code, such as V(8:0). Left out, all.
        type: list
        elements: str
      program:
        description:
          - Of an exception with a name of its own. The program that listens, by its absolute path, which may have variables such as
            C(%ProgramFiles%), or V(System).
          - Without it, programs of which a rule speaks leave open who gets in, as nobody knows which one listens.
        type: str
      windows_service:
        description: Of an exception with a name of its own. The short name of the service that listens.
        type: str
      from:
        description:
          - Who is meant. Addresses, ranges a-b, networks, C(LocalSubnet), C(DNS), C(DHCP), C(WINS), C(DefaultGateway), C(Intranet),
            C(Internet), V(any).
          - Required with O(exceptions[].state=present); V(any) unless given with O(exceptions[].state=absent).
        type: list
        elements: str
      profiles:
        description:
          - On which networks.
          - Unless given it is V([domain]) with O(exceptions[].state=present) and all three with O(exceptions[].state=absent).
          - A host of which no interface is on any of them is reported as drift.
        type: list
        elements: str
        choices: [domain, private, public]
      interfaces:
        description: For these interfaces only, by their names on the host. Not together with O(exceptions[].local_addresses).
        type: list
        elements: str
      local_addresses:
        description: For these addresses of the host only. Not together with O(exceptions[].interfaces).
        type: list
        elements: str
      state:
        description:
          - V(present) lets those in who are named.
          - With V(absent) nobody of them is to get in. The collection's own rules of that name are removed and the service's own rules are
            disabled; other rules are reported.
        type: str
        choices: [present, absent]
        default: present
  exclusive:
    description:
      - Whether anything that admits more to the declared services than all exceptions together is a drift.
      - Here it is only reported. The module M(configmgr.hardening.baseline), which knows what all areas declare, disables what is too much.
    type: bool
    default: false
  profiles_on:
    description: The profiles that are to be on, with inbound connections blocked that no rule allows. Of a profile's log what is given.
    type: dict
    suboptions:
      domain:
        description: The domain profile; V({}) for no wishes about its log.
        type: dict
        suboptions: &log
          log_dropped:
            description: Whether dropped packets are logged.
            type: bool
          log_successful:
            description: Whether successful connections are logged.
            type: bool
          log_size_kb:
            description: How large the log may grow at least, in kilobytes from 1 to 32767.
            type: int
      private:
        description: The private profile.
        type: dict
        suboptions: *log
      public:
        description: The public profile.
        type: dict
        suboptions: *log
  embedded:
    description: Whether the host is an embedded device with a write filter, of which all three profiles have to be on.
    type: bool
    default: false
extends_documentation_fragment:
  - configmgr.hardening.hardening
  - configmgr.hardening.hardening.attributes
seealso:
  - module: configmgr.hardening.baseline
  - module: configmgr.hardening.rollback
"""

EXAMPLES = r"""
- name: Only the consoles take over desktops, and nobody logs on by Remote Desktop
  configmgr.hardening.firewall_exception:
    exceptions:
      - service: remote_control
        from: [10.1.5.0/24]
      - service: remote_desktop
        state: absent
    profiles_on:
      domain: {log_dropped: true, log_size_kb: 16384}
      private: {}
      public: {}
    results: results

- name: An agent of one's own, for the monitoring servers
  configmgr.hardening.firewall_exception:
    exceptions:
      - name: monitoring
        protocol: tcp
        ports: [5666]
        program: '%ProgramFiles%\Monitoring\agent.exe'
        from: [10.1.0.20-10.1.0.29]
        profiles: [domain, private]

- name: Verify whether anybody else gets in
  configmgr.hardening.firewall_exception:
    exceptions:
      - service: client_push
        from: [10.1.0.10]
    exclusive: true
    fail_on: [conflict, drift]
  check_mode: true
"""

RETURN = r"""
findings:
  description: The verdict on each control and on each exception, the worst first. The object is the exception.
  returned: when the host could be judged
  type: list
  elements: dict
  sample:
    - control: null
      title: "client_push: 10.1.0.10 on domain reach TCP 445"
      area: firewall_exception
      subject: cl01
      object: client_push
      status: drift
      severity: low
      expected: "client_push: 10.1.0.10 on domain reach TCP 445"
      actual: "TCP 445 at Ethernet (domain) does not admit 10.1.0.10: no rule admits them"
      evidence: ["TCP 445 at Ethernet (domain): nobody"]
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
