# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module report: reads stored results on the controller and writes one report of them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.configmgr.hardening.plugins.plugin_utils._plain import plain
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.fleet import survey
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.markdown import markdown
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.stored import load_all
from ansible_collections.configmgr.hardening.plugins.plugin_utils.reports.text import rings_table, table, worst


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.pop("invocation", None)
        try:
            options = read_options("report", plain(self._task.args))
        except OptionError as error:
            return {**result, "failed": True, "changed": False, "msg": str(error)}
        folders = [Path(self._loader.path_dwim(folder)) for folder in options["results"]]
        wrong = [
            f"results: {folder} is no folder; give one that the other modules stored into." for folder in folders if not folder.is_dir()
        ]
        if options["stale_after_days"] < 1:
            wrong.append(f"stale_after_days: {options['stale_after_days']} is out of range; allowed are whole numbers from 1.")
        if wrong:
            return {**result, "failed": True, "changed": False, "msg": " ".join(wrong)}
        results, unreadable = load_all(folders, options["run_id"])
        now = datetime.now(timezone.utc)
        fleet = survey(results, options["hosts"], now, timedelta(days=options["stale_after_days"]), unreadable)
        changed = False
        if options["dest"]:
            dest = Path(self._loader.path_dwim(options["dest"]))
            changed = True
            if not self._task.check_mode:
                try:
                    dest.parent.mkdir(parents=True, exist_ok=True)
                    dest.write_text(markdown(fleet, options["title"], now), encoding="utf-8")
                except OSError as error:
                    return {**result, "failed": True, "msg": f"dest: {dest} cannot be written ({error.strerror})."}
        return {
            **result,
            "changed": changed,
            "table": table(fleet),
            "worst": worst(fleet.causes),
            "counts": fleet.counts,
            "rings": rings_table(fleet.rings),
            "rings_findings": [finding.to_data() for finding in fleet.rings.findings()],
            "not_heard_from": list(fleet.not_heard_from),
            "old": list(fleet.old),
            "unreadable": list(fleet.unreadable),
        }
