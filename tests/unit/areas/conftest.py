# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the tables' loader importable for the tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

# pytest's importlib mode leaves sys.path alone.
sys.path.insert(0, str(Path(__file__).resolve().parent))
