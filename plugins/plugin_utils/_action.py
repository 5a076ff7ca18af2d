# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one place that knows Ansible: its tasks, connections, check mode and results."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.configmgr.hardening.plugins.plugin_utils._plain import plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.loader import load, not_covered
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context, error_findings
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import is_run_id
from ansible_collections.configmgr.hardening.plugins.plugin_utils.hardening import demands_of, with_files
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Change, ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.connection import Connection, Transport
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError, HardeningError, HostError, OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.decisions import read_attestations, read_waivers
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.counts import count
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import (
    StoredResult,
    UnreadableResultError,
    require_storable,
    store,
)

HOST_STATE = "configmgr.hardening.host_state"
COMMON_OPTIONS = ("waivers", "attestations", "fail_on", "results", "run_id")
_GOOD = (Status.COMPLIANT, Status.WAIVED, Status.ATTESTED, Status.NOT_APPLICABLE)


_TRANSPORTS: Mapping[str, Transport] = {"winrm": "winrm", "psrp": "psrp", "ssh": "ssh", "paramiko": "ssh"}


def connection_of(plugin: Any) -> Connection | None:
    """Ansible's connection in the guard's words; None for one of which the guard does not know where it comes in."""
    transport = _TRANSPORTS.get(str(plugin.transport).rpartition(".")[2])
    if transport is None:
        return None
    account = _account_of(plugin)
    try:
        port = int(plugin.get_option("port"))
    except (KeyError, TypeError, ValueError):
        return Connection(transport, account=account)
    return Connection(transport, port, account)


def _account_of(plugin: Any) -> str | None:
    """Whom the connection is made with, where the work on the host is done as somebody else."""
    if getattr(plugin, "become", None) is None:
        return None
    try:
        return str(plugin.get_option("remote_user") or "")
    except KeyError:
        return ""


class HardeningAction(ActionBase):
    """What every module that judges a host does. A subclass names its module and says what it demands of the host."""

    MODULE: ClassVar[str]
    ACTION: ClassVar[str] = "apply"
    WHAT_FAILED: ClassVar[str] = "could not be judged"
    _supports_check_mode = True
    _supports_async = False

    def demands(self, options: dict[str, Any]) -> tuple[Demands, ...]:
        """From checked options. May run something on the host first (rollback does)."""
        raise NotImplementedError

    def areas(self, options: dict[str, Any]) -> tuple[str, ...]:  # noqa: ARG002 the module baseline needs them
        """The areas that the results are filed under."""
        return (self.MODULE,)

    def run_id(self, options: dict[str, Any]) -> str:
        """The name of the run; it is part of the snapshot's name, and so of a file's name on Windows."""
        given = options["run_id"]
        if given and not is_run_id(given):
            sentence = f"run_id: '{given}' is no name of a run; allowed are up to 73 letters, digits, '_' and '-', the first one no sign."
            raise OptionError([sentence])
        return given or self._process_id()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._variables = task_vars or {}
        self._executions = 0
        self._announced: str | None = None
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.pop("invocation", None)
        subject = str(self._variables.get("inventory_hostname", "localhost"))
        check = bool(self._task.check_mode)
        try:
            self._require_own_host(subject)
            options = read_options(self.MODULE, plain(self._task.args))
            catalog = load()
            context = Context(
                subject,
                catalog,
                _now().astimezone().date(),
                read_waivers(options["waivers"], catalog),
                read_attestations(options["attestations"], catalog),
                connection_of(self._connection),
            )
            run_id = self.run_id(options)
            self._require_results(options, run_id, subject)
            self._require_windows(subject)
        except OptionError as error:
            return {**result, "failed": True, "changed": False, "msg": str(error), "executions": self._executions}
        except HostError as error:
            return {**result, **self._not_judged(error, options, context, run_id)}
        try:
            demands = self.demands(options)
            outcome = run(demands, self._execute, context, check=check, run_id=run_id, action=self.ACTION, announce=self._announce)
        except AnsibleConnectionFailure:
            if self._announced:
                self._display.warning(
                    f"{subject}: the connection was lost after changes were sent; what they were is in the snapshot {self._announced}."
                )
            raise
        except OptionError as error:
            return {**result, **self._not_judged(error, options, context, run_id, msg=str(error))}
        except (HostError, ContractError) as error:
            return {**result, **self._not_judged(error, options, context, run_id)}
        return {**result, **self._judged(outcome, options, context, run_id, check)}

    # ------------------------------------------------------------------ the host

    def _announce(self, snapshot: str) -> None:
        self._announced = snapshot

    def _require_own_host(self, subject: str) -> None:
        """With delegate_to another host would be read and changed, and the result filed under this one."""
        if self._task.delegate_to:
            sentence = f"delegate_to: {self.MODULE} judges the host of the play, here {subject}; give the other host a play of its own."
            raise OptionError([sentence])

    def _execute(self, arguments: Mapping[str, Json]) -> Mapping[str, Json]:
        self._executions += 1
        reply: Mapping[str, Json] = self._execute_module(
            module_name=HOST_STATE, module_args=dict(arguments), task_vars=self._variables, wrap_async=False
        )
        return plain(reply)

    def _require_windows(self, subject: str) -> None:
        shell = self._connection._shell  # noqa: SLF001 Ansible has no public name for it
        if not getattr(shell, "_IS_WINDOWS", False):
            raise HostError(
                f"{subject} is no Windows host for Ansible: its connection '{self._connection.transport}' uses the shell"
                f" '{shell.SHELL_FAMILY}'. Use ansible_connection winrm or psrp, or ssh with ansible_shell_type powershell."
            )

    def _require_results(self, options: dict[str, Any], run_id: str, subject: str) -> None:
        """What is done to a host has to be told, so a result that could not be stored is known before."""
        if not options["results"]:
            return
        folder = self._folder(options)
        try:
            require_storable(folder, run_id, subject)
        except UnreadableResultError as error:
            raise OptionError([f"results: {error} Remove that file, or give another run_id."]) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise OptionError(
                [f"results: nothing can be stored in {folder} ({reason}); give a folder on the controller that can be written to."]
            ) from error

    def _process_id(self) -> str:
        """The same for all hosts and tasks of one ansible-playbook: ids of tasks begin with what is random once per process."""
        process = str(self._task._uuid).rpartition("-")[0]  # noqa: SLF001 Ansible has no public name for it
        return f"run-{hashlib.sha256(process.encode()).hexdigest()[:8]}"

    # ------------------------------------------------------------------ results

    def _judged(self, outcome: Outcome, options: dict[str, Any], context: Context, run_id: str, check: bool) -> dict[str, Any]:
        areas = self.areas(options)
        judged = {finding.control for finding in outcome.findings}
        missing = [control for control in not_covered(context.catalog, areas) if control.id not in judged]
        stored, trouble = self._store(options, run_id, context.subject, "verify" if check else self.ACTION, areas, outcome)
        reasons = [*_reasons(outcome.findings, options["fail_on"]), *_failures(outcome.changes), *trouble]
        result: dict[str, Any] = {
            "changed": outcome.changed,
            "findings": [finding.to_data() for finding in outcome.findings],
            "changes": [change.to_data() for change in outcome.changes],
            "readings": dict(outcome.readings),
            "summary": {**count(outcome.findings), "not_covered": len(missing)},
            "reboot_required": outcome.reboot_required,
            "restart_required": list(outcome.restart_required),
            "executions": self._executions,
            "snapshot": outcome.snapshot,
            "host": _host_data(outcome),
            "run_id": run_id,
            "results_file": stored,
        }
        if self._task.diff:
            result["diff"] = _diff(outcome.changes)
        if reasons:
            result |= {"failed": True, "msg": " ".join(reasons)}
        return result

    def _not_judged(
        self, error: HardeningError, options: dict[str, Any], context: Context, run_id: str, msg: str | None = None
    ) -> dict[str, Any]:
        """A host that could not be judged: the task fails, and the results say so as well."""
        areas = self.areas(options)
        message = msg or f"{context.subject} {self.WHAT_FAILED}: {error}"
        if self._announced:
            message += f" Changes were sent before; what they were is in the snapshot {self._announced}."
        findings = error_findings(areas, str(error), context)
        stored, trouble = self._write(options, StoredResult(run_id, context.subject, _now(), "failed", areas, findings))
        return {
            "failed": True,
            "changed": self._announced is not None,
            "msg": " ".join([message, *trouble]),
            "findings": [finding.to_data() for finding in findings],
            "changes": [],
            "executions": self._executions,
            "snapshot": self._announced,
            "run_id": run_id,
            "results_file": stored,
        }

    def _folder(self, options: dict[str, Any]) -> Path:
        return Path(self._loader.path_dwim(options["results"]))

    def _store(
        self, options: dict[str, Any], run_id: str, subject: str, action: str, areas: Sequence[str], outcome: Outcome
    ) -> tuple[str | None, list[str]]:
        changes = tuple(change.to_data() for change in outcome.changes)
        result = StoredResult(
            run_id,
            subject,
            _now(),
            action,
            tuple(areas),
            outcome.findings,
            changes,
            outcome.readings,
            _host_data(outcome),
            outcome.snapshot,
        )
        return self._write(options, result)

    def _write(self, options: dict[str, Any], result: StoredResult) -> tuple[str | None, list[str]]:
        if not options["results"]:
            return None, []
        folder = self._folder(options)
        try:
            return str(store(folder, result)), []
        except (OSError, ValueError) as error:
            return None, [f"results: the result could not be stored in {folder}: {error}."]


class AreaAction(HardeningAction):
    """A module that is one area."""

    def demands(self, options: dict[str, Any]) -> tuple[Demands, ...]:
        return demands_of({self.MODULE: self.with_files({name: options[name] for name in options if name not in COMMON_OPTIONS})})

    def with_files(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options with the files that they name read; paths are relative to the playbook, as everywhere in Ansible."""
        path = options.get("answer_file")
        return with_files({**options, "answer_file": self._loader.path_dwim(path)} if path else options)


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _host_data(outcome: Outcome) -> dict[str, Json]:
    host = outcome.host
    return {
        "name": host.name,
        "domain": host.domain,
        "domain_role": host.domain_role,
        "product_type": host.product_type,
        "build": host.build,
        "powershell": host.powershell,
        "language": host.language,
        "time": host.time,
        "user": {"name": host.user_name, "sid": host.user_sid, "elevated": host.elevated},
    }


def _reasons(findings: Sequence[Finding], fail_on: Sequence[str]) -> list[str]:
    """Why the operator wants the task to fail: the findings in question by their controls."""
    bad = [
        finding
        for finding in findings
        if finding.status.value in fail_on or (finding.severity.value in fail_on and finding.status not in _GOOD)
    ]
    if not bad:
        return []
    listed = ", ".join(f"{finding.control or finding.object or finding.area} {finding.status.value}" for finding in bad[:10])
    more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
    return [f"fail_on: {listed}{more}."]


def _failures(changes: Sequence[Change]) -> list[str]:
    return [f"{change.describe()} failed: {change.message}" for change in changes if change.state is ChangeState.FAILED]


def _diff(changes: Sequence[Change]) -> list[dict[str, str]]:
    """Each property that differs on a line of its own, before and after."""
    moved = [change for change in changes if change.state in (ChangeState.PLANNED, ChangeState.MADE)]
    if not moved:
        return []
    lines = [(f"{c.difference.label} {c.difference.item or ''}".strip(), c.difference.before, c.difference.after) for c in moved]
    return [
        {
            "before_header": "as it is",
            "after_header": "as declared",
            "before": "".join(f"{label}: {before}\n" for label, before, _after in lines),
            "after": "".join(f"{label}: {after}\n" for label, _before, after in lines),
        }
    ]
