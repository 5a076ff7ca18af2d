# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estate as people write it: YAML in, frozen dataclasses out, and a sentence for everything that is wrong."""

from __future__ import annotations
