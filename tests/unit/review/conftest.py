# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes this folder's helpers and the host descriptions of the areas' tests importable."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent

# pytest's importlib mode leaves sys.path alone.
for _folder in (_HERE, _HERE.parent / "areas"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
