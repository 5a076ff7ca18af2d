# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Simulated Windows hosts: a model of Windows, the contracts that reach it, and WinRM endpoints on loopback."""

from __future__ import annotations

__version__ = "0.1.0"
