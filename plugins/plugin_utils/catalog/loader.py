# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The catalogue of controls as actions and reports use it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ansible_collections.configmgr.hardening.plugins.plugin_utils.catalog.schema import from_data
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.control import Control

# Every host's task starts a process that reads this: JSON takes 5 ms where the YAML sources would take 50 times as long.
GENERATED = Path(__file__).with_name("generated.json")


@cache
def load() -> Mapping[str, Control]:
    """All controls by id, in the order of the guidance documents; read once per process, and not to be changed."""
    rows = json.loads(GENERATED.read_text(encoding="utf-8"))
    return MappingProxyType({control.id: control for control in map(from_data, rows)})


def not_covered(catalog: Mapping[str, Control], covered_areas: Collection[str]) -> tuple[Control, ...]:
    """The controls that none of these areas judges, in the catalogue's order.

    Those that only people can vouch for belong to the area C(organization): it counts as covered if the caller names it.
    """
    return tuple(control for control in catalog.values() if control.area not in covered_areas)
