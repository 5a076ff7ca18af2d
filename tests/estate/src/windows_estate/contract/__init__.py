# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The `host_state` contract, version 1, answered by a simulated machine. Written from the contract's text, not from the script."""

from __future__ import annotations

from windows_estate.contract.run import answer

__all__ = ["answer"]
