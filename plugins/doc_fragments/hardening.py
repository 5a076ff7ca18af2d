# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation that the modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of every module that judges a host."""

    DOCUMENTATION = r"""
options:
  waivers:
    description:
      - Deviations that are accepted.
      - A waiver covers one control; a deviation that it covers is reported as C(waived) and left alone.
      - After its last day the real status returns, and the finding says that the waiver has expired.
    type: list
    elements: dict
    default: []
    suboptions:
      control:
        description: The id of the control, such as V(002-21).
        type: str
        required: true
      subject:
        description: The host it is for, by its name in the inventory; V(*) for every host.
        type: str
        default: "*"
      reason:
        description: Why the deviation is accepted.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
      expires:
        description: The last day on which it holds, as V(2026-12-31).
        type: str
        required: true
  attestations:
    description: Statements of people about controls that no machine can see.
    type: list
    elements: dict
    default: []
    suboptions:
      control:
        description: The id of the control, such as V(002-55).
        type: str
        required: true
      by:
        description: Who states that the control is met.
        type: str
        required: true
      "on":
        description: The day of the statement, as V(2026-01-31).
        type: str
        required: true
      valid_until:
        description: The last day on which it holds, as V(2026-12-31).
        type: str
        required: true
      proof:
        description: Where the proof is, for example the number of a ticket.
        type: str
        required: true
  fail_on:
    description:
      - What makes the task fail, so that a job shows red.
      - A status fails the task when any finding has it.
      - A severity fails the task when any finding of that severity is neither compliant, waived, attested nor not applicable.
    type: list
    elements: str
    choices: [error, conflict, drift, indeterminate, unattested, high, medium, low]
    default: []
  results:
    description:
      - A folder on the controller that gets one JSON file per host and run, the source of every report.
      - Left out, nothing is stored.
    type: path
  run_id:
    description:
      - The name of the run under which results and the snapshot are filed.
      - Left out, one is made that is the same for all hosts of one C(ansible-playbook).
    type: str
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    description: Verifies, and says what an apply would change; nothing but reads is sent.
    support: full
  diff_mode:
    description: Shows each setting that differs, before and after.
    support: full
  platform:
    description: Where the module does its work.
    platforms: windows
    support: full
"""
