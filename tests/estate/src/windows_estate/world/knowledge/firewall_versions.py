# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The version in which a Windows writes firewall rules. Up to 2.30 MS-GPFAS says it; what later ones have is seen in exports only, and
which of them has which is a decision of the simulation."""

from __future__ import annotations

from typing import Final

_FROM_BUILD: Final = ((26100, 33), (22000, 32), (19044, 31), (18362, 30), (17763, 29), (17134, 28), (15063, 27), (14393, 26), (0, 25))


def rule_version(build: str) -> tuple[int, int]:
    """By the four numbers of a build: 2.29 for Server 2019."""
    number = int((*build.split("."), "0", "0", "0")[2] or 0)
    return 2, next(minor for first, minor in _FROM_BUILD if number >= first)
