# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module baseline: every area that is declared, in one go."""

from __future__ import annotations

from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils._action import COMMON_OPTIONS, AreaAction
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.registry import AREAS, demands_together
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands
from ansible_collections.configmgr.hardening.plugins.plugin_utils.options.read import read_options


class ActionModule(AreaAction):
    MODULE = "baseline"

    def areas(self, options: dict[str, Any]) -> tuple[str, ...]:
        return tuple(area for area in AREAS if options.get(area) is not None)

    def demands(self, options: dict[str, Any]) -> tuple[Demands, ...]:
        areas = self.areas(options)
        if not areas:
            raise OptionError([f"baseline: no area is declared; give the options of at least one of {', '.join(AREAS)}."])
        checked = {area: self._area_options(area, options[area]) for area in areas}
        wrong = [sentence for error in checked.values() if isinstance(error, OptionError) for sentence in error.sentences]
        if wrong:
            raise OptionError(wrong)
        good = {area: read for area, read in checked.items() if not isinstance(read, OptionError)}
        # What is declared of the firewall has to be known of all areas before any of them is judged.
        found = demands_together(good, whole_host=True)
        wrong = [f"{area}.{said}" for area, error in found.items() if isinstance(error, OptionError) for said in error.sentences]
        if wrong:
            raise OptionError(wrong)
        return tuple(demands for demands in found.values() if isinstance(demands, Demands))

    def _area_options(self, area: str, given: dict[str, Any]) -> dict[str, Any] | OptionError:
        shared = [f"{area}.{name}: is given beside the areas, once for all of them." for name in COMMON_OPTIONS if name in given]
        try:
            if shared:
                raise OptionError(shared)
            read = read_options(area, given, prefix=f"{area}.")
            return self.with_files({name: value for name, value in read.items() if name not in COMMON_OPTIONS})
        except OptionError as error:
            return error
